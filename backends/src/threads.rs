//! Kernels at thread level, as the front door sees them: [`ThreadKernel`], whose engine is in
//! `grid/thread_level.rs`. A build without LLVM has none, and says so.

#[cfg(not(feature = "llvm"))]
use {
    crate::{SliceArgument, Stream},
    lazuli_core::{ErrorKind, Function},
    std::sync::Arc,
};

#[cfg(feature = "llvm")]
pub use crate::grid::thread_level::ThreadKernel;

/// Are indices looked at before they are used?
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Bounds {
    /// Each is; what is out of bounds is told, and not done.
    Checked,
    /// The program promises that all are in bounds.
    Trusted,
}

impl Bounds {
    /// As generalised functions run on a device: they look at their indices themselves, and only on a card is
    /// there a record to note in what else goes wrong.
    #[cfg(feature = "llvm")]
    pub(crate) fn of_call(device: lazuli_core::DeviceId) -> Bounds {
        match device {
            lazuli_core::DeviceId::CudaSimulator => Bounds::Trusted,
            _ => Bounds::Checked,
        }
    }
}

/// How many threads run a kernel, and what their blocks share.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Blocks along x, y and z.
    pub grid: [u32; 3],
    /// Threads of a block along x, y and z.
    pub block: [u32; 3],
    /// Elements of the shared array whose length the launch gives.
    pub shared: usize,
}

/// What would be a kernel. There is none: [`ThreadKernel::new`] is an error.
#[cfg(not(feature = "llvm"))]
pub enum ThreadKernel {}

#[cfg(not(feature = "llvm"))]
impl ThreadKernel {
    /// An error.
    pub fn new(function: &Arc<Function>) -> Result<ThreadKernel, ErrorKind> {
        let name = function.name;
        let why = format!(
            "`{name}` is a kernel of threads, and this build has no LLVM to compile it: build with the feature `llvm`"
        );
        Err(ErrorKind::Compile(why))
    }

    /// Never called.
    ///
    /// # Safety
    /// Nothing is launched.
    pub unsafe fn launch(
        &self,
        _: &Stream,
        _: Shape,
        _: &[u64],
        _: &[SliceArgument<'_>],
        _: Bounds,
    ) -> Result<(), ErrorKind> {
        match *self {}
    }

    /// Never called.
    pub fn llvm_ir(&self) -> Result<String, ErrorKind> {
        match *self {}
    }

    /// Never called.
    pub fn asm(&self) -> Result<String, ErrorKind> {
        match *self {}
    }

    /// Never called.
    pub fn ptx(&self, _: (u32, u32)) -> Result<String, ErrorKind> {
        match *self {}
    }

    /// Never called.
    pub fn resources(&self, _: (u32, u32)) -> Result<Vec<crate::inspect::Resources>, ErrorKind> {
        match *self {}
    }
}
