//! Devices as wholes: what they are, and limits and use of their memory.
//!
//! Host devices and the simulator share the host's memory; each GPU has its own. A limit is one number
//! for each of these memories. Nothing here looks for a driver, but for what is asked of a GPU.

use crate::memory::{self, MemoryUse};
use lazuli_core::{DeviceId, ErrorKind};

/// The GPU number `index`, if there is one.
pub fn open_cuda(index: usize) -> Result<DeviceId, ErrorKind> {
    #[cfg(feature = "cuda")]
    return crate::cuda::device(index).map(|device| device.id());
    #[cfg(not(feature = "cuda"))]
    Err(ErrorKind::Device(format!("this build has no CUDA, and so no GPU number {index}")))
}

/// What the driver says of a GPU.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gpu {
    /// The maker's name.
    pub model: String,
    /// What it can do, as a version: major and minor.
    pub compute_capability: (u32, u32),
    /// How many multiprocessors it has.
    pub multiprocessors: usize,
    /// `f32` lanes of a multiprocessor, where they are known.
    pub cores_per_multiprocessor: Option<usize>,
    /// How many threads it runs at once.
    pub threads: usize,
    /// Bytes of its memory.
    pub memory_total: usize,
    /// Bytes of it that are free for all processes; unknown of a GPU that is lost.
    pub memory_free: Option<usize>,
    /// The newest CUDA that the driver knows: major and minor.
    pub driver_version: (u32, u32),
}

/// What is known of a device that is a GPU.
pub fn gpu(device: DeviceId) -> Option<Gpu> {
    match device {
        #[cfg(feature = "cuda")]
        DeviceId::Cuda(index) => {
            let gpu = crate::cuda::device(index.into()).ok()?;
            Some(Gpu {
                model: gpu.name().into(),
                compute_capability: gpu.compute_capability(),
                multiprocessors: gpu.multiprocessors(),
                cores_per_multiprocessor: gpu.cores_per_multiprocessor(),
                threads: gpu.multiprocessors() * gpu.max_threads_per_multiprocessor(),
                memory_total: gpu.memory_total(),
                memory_free: gpu.memory_info().ok().map(|(free, _)| free),
                driver_version: gpu.driver_version(),
            })
        }
        _ => None,
    }
}

/// What arrays take of a device's memory.
pub fn memory_use(device: DeviceId) -> MemoryUse {
    match device {
        #[cfg(feature = "cuda")]
        DeviceId::Cuda(index) => {
            crate::cuda::device(index.into()).map(|device| device.memory_use()).unwrap_or_default()
        }
        _ => MemoryUse { live: memory::live(), peak: memory::peak() },
    }
}

/// Sets the most bytes that arrays may take of one memory: of the host's, and of each GPU's. `None` goes
/// back to the defaults: nine tenths of the machine's memory, and all of a GPU's.
pub fn set_memory_limit(bytes: Option<usize>) {
    memory::set_limit(bytes);
    #[cfg(feature = "cuda")]
    crate::cuda::set_memory_limit(bytes);
}

/// Gives memory that is kept for reuse back to the system. Waits for GPUs.
pub fn clear_memory() {
    memory::clear();
    #[cfg(feature = "cuda")]
    crate::cuda::clear_memory();
}
