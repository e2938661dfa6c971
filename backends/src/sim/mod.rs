//! The simulator: kernels made for a card, run on the CPU.
//!
//! A kernel is host machine code, made from the very module that becomes PTX. What a card gives it - its
//! place in the grid, barriers, shuffles, shared memory - it finds in the [`Thread`] record, whose
//! layout is the contract between generated code and this runtime. Tests write such kernels in Rust.
//!
//! ```text
//! mod.rs     launches: the exact and the checked mode
//! thread.rs  the record, and what machine code calls
//! block.rs   the threads of a block, taking turns
//! stacks.rs  coroutines and their stacks
//! shadow.rs  the checked memory; order.rs: what orders two accesses
//! fault.rs   what can be wrong; words.rs: and what is said of it
//! ```
//!
//! [`run`], the exact mode, gives the bits that a card would give: blocks go to several host threads, as
//! nothing orders them. [`run_checked`] takes code that announces each access, runs one block after the
//! other, and stops before the first access that is wrong.
//!
//! What it promises: a launch ends at its first fault, with no thread left behind and nothing lost, and
//! the next launch runs as if nothing had been. With several faults, the one of the lowest block is
//! told. What it relies on: kernels own nothing on their stacks and do not unwind; in the exact mode an
//! access out of bounds is as bad as in any machine code, and a kernel that loops for ever without
//! synchronising is not stopped.

mod block;
mod fault;
mod order;
mod shadow;
mod stacks;
mod thread;
mod words;

#[cfg(test)]
mod tests;

pub use fault::{Access, Does, Doing, Fault, Group, Place, Site, Wrong};
pub use shadow::Memory;
pub use thread::{ALIGNED, ATOMIC, ENDLESS, Kernel, SHARED, Thread, WRITE};
pub use words::{Array, Names, SHARED_MEMORY};

use crate::exec::threads::parallel;
use crate::portable::FpEnv;
use block::Worker;
use shadow::Checker;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

/// Threads of a warp.
pub const WARP: usize = 32;
/// The most threads of a block.
pub const MAX_BLOCK: u32 = 1024;
/// The most blocks of a grid.
pub const MAX_GRID: u32 = i32::MAX as u32;
/// The most shared memory of a block, in bytes.
pub const MAX_SHARED: u32 = 227 << 10;

/// A kernel and how many threads run it.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// The machine code.
    pub kernel: Kernel,
    /// Its parameters.
    pub words: &'a [u64],
    /// Number of blocks.
    pub grid: u32,
    /// Threads of a block.
    pub block: u32,
    /// Bytes of shared memory.
    pub shared: u32,
    /// Does the kernel use barriers or shuffles? If not, its threads are plain calls.
    pub cooperative: bool,
    /// Its operations, by number, for messages.
    pub sites: &'a [Site],
    /// How many barriers and shuffles a block may do, and in the checked mode as many accesses.
    pub limit: u64,
}

impl<'a> Launch<'a> {
    /// A launch without shared memory, synchronisation and names, and with a limit of 10^9.
    pub fn new(kernel: Kernel, words: &'a [u64], grid: u32, block: u32) -> Launch<'a> {
        Launch { kernel, words, grid, block, shared: 0, cooperative: false, sites: &[], limit: 1_000_000_000 }
    }

    fn site(&self, number: u32) -> Site {
        site(self.sites, number)
    }

    /// Could a card run this?
    fn validate(&self) -> Result<(), Fault> {
        let Launch { grid, block, shared, .. } = *self;
        let what = if block == 0 || block > MAX_BLOCK {
            format!("{block} threads a block, where 1 to {MAX_BLOCK} are possible")
        } else if grid > MAX_GRID {
            format!("{grid} blocks, where at most {MAX_GRID} are possible")
        } else if shared > MAX_SHARED {
            format!("{shared} bytes of shared memory, where at most {MAX_SHARED} are possible")
        } else {
            return Ok(());
        };
        Err(Fault::Launch(what))
    }
}

/// What the caller says about an operation.
fn site(sites: &[Site], number: u32) -> Site {
    let unnamed = || Site { what: format!("operation {number}"), at: None };
    sites.get(number as usize).cloned().unwrap_or_else(unnamed)
}

/// Runs a launch: the exact mode, with blocks on up to `workers` host threads.
///
/// # Safety
///
/// The kernel is code that any host thread may call with these words, this grid and this block, for
/// each thread of the launch, at the same time for several blocks. It touches only what it may, owns
/// nothing on its stack while it synchronises, needs less than 256 KiB of it, and does not unwind.
pub unsafe fn run(launch: &Launch, workers: usize) -> Result<(), Fault> {
    launch.validate()?;
    // Blocks go in runs: handing out single ones would cost more than running small ones.
    let grid = launch.grid as usize;
    let workers =
        if launch.cooperative { workers.min(stacks::MANY / launch.block as usize) } else { workers };
    let length = grid.div_ceil(workers.max(1) * 64).max(1);
    let fault: Mutex<Option<Fault>> = Mutex::new(None);
    // Blocks above one that has a fault need not run; those below may have one that is to be told.
    let lowest = AtomicU32::new(u32::MAX);
    parallel(workers, grid.div_ceil(length), &|_, piece| {
        let _environment = FpEnv::set();
        Worker::with(|worker| {
            for bid in piece * length..grid.min((piece + 1) * length) {
                let bid = bid as u32;
                if bid > lowest.load(Ordering::Relaxed) {
                    return;
                }
                // SAFETY: by the contract; there is no checker.
                if let Err(found) = unsafe { worker.run(launch, bid, std::ptr::null_mut()) } {
                    let mut fault = fault.lock().unwrap_or_else(PoisonError::into_inner);
                    if bid < lowest.fetch_min(bid, Ordering::Relaxed) {
                        *fault = Some(found);
                    }
                    return;
                }
            }
        });
    });
    fault.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// Runs a launch of a kernel that announces each access: the checked mode, one block after the other.
///
/// # Safety
///
/// As for [`run`], but that the kernel may try to touch what it may not: it calls [`Thread::check`]
/// before each access, and `memory` holds only what may be touched.
pub unsafe fn run_checked(launch: &Launch, memory: &Memory) -> Result<(), Fault> {
    launch.validate()?;
    memory.fits()?;
    let _environment = FpEnv::set();
    let mut written = memory.lock();
    let mut checker = Checker::new(launch, memory, &mut written);
    let pointer = &raw mut checker;
    let result = Worker::with(|worker| {
        // SAFETY: by the contract; the pointer is used by the worker alone.
        (0..launch.grid).try_for_each(|bid| unsafe { worker.run(launch, bid, pointer) })
    });
    checker.finish(&mut written);
    result
}
