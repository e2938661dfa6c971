//! Parallel regions.
//!
//! A pool of our own (never rayon's global one, which belongs to the program). The calling
//! thread takes part, so a region on one thread costs nothing. Work is handed out in pieces by a
//! counter: which thread runs a piece changes no bit of the result, because pieces are cut only
//! where NUMERICS.md allows.

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

static WANTED: AtomicUsize = AtomicUsize::new(0);
static POOL: Mutex<Option<(usize, Arc<ThreadPool>)>> = Mutex::new(None);

/// Sets how many threads kernels may use together with the calling one; 0 means all cores.
pub fn set_num_threads(n: usize) {
    WANTED.store(n, Ordering::Relaxed);
}

/// How many threads a parallel region uses.
pub fn num_threads() -> usize {
    match WANTED.load(Ordering::Relaxed) {
        0 => {
            static CORES: std::sync::LazyLock<usize> =
                std::sync::LazyLock::new(|| std::thread::available_parallelism().map_or(1, |n| n.get()));
            *CORES
        }
        n => n,
    }
}

/// The pool, locked.
pub(super) fn lock() -> MutexGuard<'static, Option<(usize, Arc<ThreadPool>)>> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Forgets the helpers, which this process does not have: the next region starts others.
pub(super) fn forget() {
    std::mem::forget(lock().take());
}

/// Helpers beside the calling thread; `None` if threads cannot be had (then work runs alone).
fn pool(helpers: usize) -> Option<Arc<ThreadPool>> {
    let mut slot = lock();
    if let Some((n, pool)) = &*slot
        && *n >= helpers
    {
        return Some(pool.clone());
    }
    let pool = ThreadPoolBuilder::new()
        .num_threads(helpers)
        .thread_name(|i| format!("lazuli-{i}"))
        .build()
        .ok()
        .map(Arc::new)?;
    *slot = Some((helpers, pool.clone()));
    Some(pool)
}

/// Runs `work(worker, piece)` for every piece below `pieces`, on up to [`num_threads`] threads.
/// `worker` is below that number, and no two calls of one worker run at once.
pub fn parallel(pieces: usize, work: &(impl Fn(usize, usize) + Sync)) {
    let threads = num_threads().min(pieces);
    let next = AtomicUsize::new(0);
    let workers = AtomicUsize::new(0);
    let drain = || {
        let worker = workers.fetch_add(1, Ordering::Relaxed);
        loop {
            let piece = next.fetch_add(1, Ordering::Relaxed);
            if piece >= pieces {
                return;
            }
            work(worker, piece);
        }
    };
    if threads <= 1 {
        return drain();
    }
    match pool(threads - 1) {
        Some(pool) => pool.in_place_scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|_| drain());
            }
            drain();
        }),
        None => drain(),
    }
}
