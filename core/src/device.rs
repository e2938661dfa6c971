//! Names of devices.
//!
//! The graph only has to know *which* device a value belongs to, so that operations never mix
//! devices silently; what a device can do is the business of `lazuli-backends`.

use std::sync::LazyLock;

/// Which device an array lives on and is computed by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum DeviceId {
    /// The CPU through LLVM machine code (or the portable engine, in a build without LLVM).
    Cpu,
    /// The CPU through the portable interpreter: no compiler, any machine.
    Portable,
    /// An NVIDIA GPU, by its number among those that the driver shows.
    Cuda(u8),
    /// The kernels of GPUs, run on the CPU.
    CudaSimulator,
}

/// Names of all GPUs: [`DeviceId::name`] gives a `&'static str`.
static CUDA: LazyLock<Vec<String>> = LazyLock::new(|| (0..=u8::MAX).map(|n| format!("cuda:{n}")).collect());

impl DeviceId {
    /// Is it an engine of the host, on the host's memory?
    pub fn is_host(self) -> bool {
        matches!(self, DeviceId::Cpu | DeviceId::Portable)
    }

    /// The name that messages and plans use.
    pub fn name(self) -> &'static str {
        match self {
            DeviceId::Cpu => "cpu",
            DeviceId::Portable => "portable",
            DeviceId::Cuda(index) => &CUDA[usize::from(index)],
            DeviceId::CudaSimulator => "cuda simulator",
        }
    }
}
