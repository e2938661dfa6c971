//! Counters: what the process has compiled, launched and moved (promise P4).

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was done, for the process or within a scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Evaluations that had something to compute.
    pub evaluations: u64,
    /// Plans made anew (not found in the cache).
    pub plans_made: u64,
    /// Kernels given to the compiler, counted when they are enqueued.
    pub kernels_compiled: u64,
    /// Kernels found in the cache of compiled kernels.
    pub cache_hits: u64,
    /// Kernels whose machine code was read from disk.
    pub disk_hits: u64,
    /// Kernels run.
    pub kernels_run: u64,
    /// Those of them that were interpreted because their machine code was not there yet.
    pub kernels_interpreted: u64,
    /// Device launches and parallel regions.
    pub launches: u64,
    /// Bytes that kernels requested from memory.
    pub bytes_read: u64,
    /// Bytes that kernels wrote.
    pub bytes_written: u64,
    /// Bytes copied to pack elements for a reshape, or between host and device.
    pub bytes_copied: u64,
    /// Results computed in place, in the memory of an array that nobody needed any more.
    pub buffers_reused: u64,
    /// Evaluations that the recording limit set off.
    pub flushes: u64,
    /// Most bytes of array memory in use at once (of the process, also in a scope).
    pub peak_memory: u64,
}

impl Stats {
    const ZERO: Stats = Stats {
        evaluations: 0,
        plans_made: 0,
        kernels_compiled: 0,
        cache_hits: 0,
        disk_hits: 0,
        kernels_run: 0,
        kernels_interpreted: 0,
        launches: 0,
        bytes_read: 0,
        bytes_written: 0,
        bytes_copied: 0,
        buffers_reused: 0,
        flushes: 0,
        peak_memory: 0,
    };

    fn add(&mut self, o: &Stats) {
        self.evaluations += o.evaluations;
        self.plans_made += o.plans_made;
        self.kernels_compiled += o.kernels_compiled;
        self.cache_hits += o.cache_hits;
        self.disk_hits += o.disk_hits;
        self.kernels_run += o.kernels_run;
        self.kernels_interpreted += o.kernels_interpreted;
        self.launches += o.launches;
        self.bytes_read += o.bytes_read;
        self.bytes_written += o.bytes_written;
        self.bytes_copied += o.bytes_copied;
        self.buffers_reused += o.buffers_reused;
        self.flushes += o.flushes;
    }

    fn since(&self, o: &Stats) -> Stats {
        Stats {
            evaluations: self.evaluations - o.evaluations,
            plans_made: self.plans_made - o.plans_made,
            kernels_compiled: self.kernels_compiled - o.kernels_compiled,
            cache_hits: self.cache_hits - o.cache_hits,
            disk_hits: self.disk_hits - o.disk_hits,
            kernels_run: self.kernels_run - o.kernels_run,
            kernels_interpreted: self.kernels_interpreted - o.kernels_interpreted,
            launches: self.launches - o.launches,
            bytes_read: self.bytes_read - o.bytes_read,
            bytes_written: self.bytes_written - o.bytes_written,
            bytes_copied: self.bytes_copied - o.bytes_copied,
            buffers_reused: self.buffers_reused - o.buffers_reused,
            flushes: self.flushes - o.flushes,
            peak_memory: 0,
        }
    }
}

static PROCESS: Mutex<Stats> = Mutex::new(Stats::ZERO);

thread_local! {
    /// The same counters for this thread alone, so that scopes on other threads do not mix in.
    static MINE: Cell<Stats> = const { Cell::new(Stats::ZERO) };
}

pub(super) fn lock() -> MutexGuard<'static, Stats> {
    PROCESS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds to the counters of the process and of this thread.
pub fn count(change: &Stats) {
    lock().add(change);
    MINE.with(|mine| {
        let mut now = mine.get();
        now.add(change);
        mine.set(now);
    });
}

/// The counters of the process since it started.
pub fn stats() -> Stats {
    let mut now = *lock();
    now.peak_memory = super::memory::peak() as u64;
    now
}

/// Runs `f` and counts what this thread's evaluations did meanwhile.
pub fn stats_scope<R>(f: impl FnOnce() -> R) -> (R, Stats) {
    let before = MINE.with(Cell::get);
    let result = f();
    let mut change = MINE.with(Cell::get).since(&before);
    change.peak_memory = super::memory::peak() as u64;
    (result, change)
}
