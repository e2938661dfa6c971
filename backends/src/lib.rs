//! The engines of Lazuli, and what runs plans on them.
//!
//! * [`exec`]: claims, caches, memory, threads, library calls - how a plan is run;
//! * [`math`]: the elementary functions, written once for all engines;
//! * [`portable`]: the interpreter - no compiler, any machine, the oracle of all tests;
//! * [`llvm`] (feature `llvm`): machine code for this CPU through LLVM.
//!
//! The promise that binds them: the same kernel gives the same bits on each, with any number of
//! threads.

pub mod exec;
#[cfg(feature = "llvm")]
pub mod llvm;
pub mod math;
pub mod portable;

pub use exec::memory;
pub use exec::stats::{Stats, stats, stats_scope};
pub use exec::threads::{num_threads, set_num_threads};
pub use exec::{devices, evaluate, explain, fusion_scope, verify};

/// Counts an evaluation that the recording limit set off.
pub fn count_flush() {
    tracing::debug!("the recording limit evaluates what is pending");
    exec::stats::count(&Stats { flushes: 1, ..Stats::default() });
}

/// Sets the most bytes that arrays may use together; `None` goes back to the default (nine
/// tenths of the machine's memory).
pub fn set_memory_limit(bytes: Option<usize>) {
    memory::set_limit(bytes);
}

/// Gives memory that is kept for reuse back to the system.
pub fn clear_memory() {
    memory::clear();
}
