//! Names of devices.
//!
//! The graph only has to know *which* device a value belongs to, so that operations never mix
//! devices silently; what a device can do is the business of `lazuli-backends`.

/// Which device an array lives on and is computed by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum DeviceId {
    /// The CPU through LLVM machine code (or the portable engine, in a build without LLVM).
    Cpu,
    /// The CPU through the portable interpreter: no compiler, any machine.
    Portable,
}

impl DeviceId {
    /// The name that messages and plans use.
    pub fn name(self) -> &'static str {
        match self {
            DeviceId::Cpu => "cpu",
            DeviceId::Portable => "portable",
        }
    }
}
