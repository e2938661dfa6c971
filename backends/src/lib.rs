//! The engines of Lazuli, and what runs plans on them.
//!
//! * [`mod@devices`]: what devices are, and limits of their memory;
//! * [`exec`]: claims, caches, memory, threads, library calls - how a plan is run;
//! * [`math`]: the elementary functions, written once for all engines;
//! * [`portable`]: the interpreter - no compiler, any machine, the oracle of all tests;
//! * [`llvm`] (feature `llvm`): machine code for this CPU through LLVM;
//! * [`cuda`] (feature `cuda`): NVIDIA GPUs through their driver - memory, streams, copies, launches;
//! * [`grid`]: what kernels of a GPU need beside their code, and the simulator of one;
//! * [`sim`]: what runs kernels made for a card on the CPU;
//! * [`inspect`]: the code of a plan's kernels, to be read;
//! * [`raw`]: kernels that are not ours;
//! * [`threads`]: kernels that programs write at thread level.
//!
//! The promise that binds them: the same kernel gives the same bits on each, with any number of
//! threads.

#[cfg(feature = "cuda")]
pub mod cuda;
pub mod devices;
pub mod exec;
#[cfg(feature = "llvm")]
pub mod grid;
pub mod inspect;
#[cfg(feature = "llvm")]
pub mod llvm;
pub mod math;
pub mod portable;
pub mod raw;
pub mod sim;
pub mod threads;

pub use devices::{Gpu, clear_memory, gpu, memory_use, open_cuda, set_memory_limit};
pub use exec::buffers::{Copying, DeviceMemory, HostMemory, SliceArgument};
pub use exec::memory::{self, MemoryUse};
pub use exec::stats::{Stats, stats, stats_scope};
pub use exec::streams::{Event, Stream};
pub use exec::threads::{num_threads, set_num_threads};
pub use exec::transfer::{to_device, to_host};
pub use exec::{devices, evaluate, explain, fusion_scope, verify};

/// Counts an evaluation that the recording limit set off.
pub fn count_flush() {
    tracing::debug!("the recording limit evaluates what is pending");
    exec::stats::count(&Stats { flushes: 1, ..Stats::default() });
}

/// What is kept on disk of machine code.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct KernelCache {
    /// The folder; `None` if nothing is kept.
    pub folder: Option<std::path::PathBuf>,
    /// How many kernels there are.
    pub kernels: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Looks at what is kept on disk.
pub fn kernel_cache() -> KernelCache {
    #[cfg(feature = "llvm")]
    if let Some(folder) = llvm::disk::folder() {
        let (kernels, bytes) = llvm::disk::size();
        return KernelCache { folder: Some(folder.into()), kernels, bytes };
    }
    KernelCache::default()
}

/// Removes what is kept on disk.
pub fn clear_kernel_cache() -> std::io::Result<()> {
    #[cfg(feature = "llvm")]
    llvm::disk::clear()?;
    Ok(())
}

/// Switches compilation in the background on or off; see `llvm::kernels`.
pub fn set_background_compilation(on: bool) {
    #[cfg(feature = "llvm")]
    llvm::kernels::set_background_compilation(on);
    let _ = on;
}

/// Waits until nothing is being compiled in the background.
pub fn wait_for_compiler() {
    #[cfg(feature = "llvm")]
    llvm::kernels::wait_for_compiler();
}
