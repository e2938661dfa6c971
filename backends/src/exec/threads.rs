//! Parallel regions: one job on several threads, cut into pieces.
//!
//! The calling thread takes part, and helpers join if they are there in time: a region on one
//! thread costs nothing, and one whose helpers come late is finished without them. Pieces are
//! handed out by counters. Which thread runs a piece changes no bit of a result, because pieces
//! are cut only where NUMERICS.md allows.
//!
//! Helpers belong to this module and to no other pool of the program. After a region they watch
//! for the next one for [`WATCH`], then sleep: in a program of its own that measured just this (on
//! another 2-core machine), an awake helper joined in 0.3 microseconds and a sleeping one in 40 to
//! 90, while a region of `rayon`, used here before, took 27 even when it came all the time: more
//! than most kernels on arrays that fit into a cache. So
//! [`is_worth`] asks for much more work from sleeping helpers than from those that are awake.
//!
//! One region runs at a time. Another thread that comes meanwhile, or a region inside a region,
//! does its work alone: there would be no free cores for it.

use smallvec::SmallVec;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// How long helpers watch for the next region before they sleep.
const WATCH: Duration = Duration::from_micros(300);
/// A region pays above this much work, in nanoseconds of one thread, if helpers are awake...
const WORTH_AWAKE: f64 = 4_000.0;
/// ...and above this much if they sleep.
pub const WORTH_ASLEEP: f64 = 80_000.0;

static WANTED: AtomicUsize = AtomicUsize::new(0);
static CORES: LazyLock<usize> = LazyLock::new(|| std::thread::available_parallelism().map_or(1, |n| n.get()));
/// Held by whoever runs a region.
static TEAM: Mutex<Option<Team>> = Mutex::new(None);
/// Are helpers watching? Looked at without the lock.
static AWAKE: AtomicBool = AtomicBool::new(false);
/// When a region was last too small for sleeping helpers, in nanoseconds since [`start`].
static WISHED: AtomicU64 = AtomicU64::new(0);

/// The most threads that can be asked for.
const MOST: usize = 1024;

/// Sets how many threads kernels may use together with the calling one, up to 1,024; 0 means all
/// cores. No bit of a result depends on it.
pub fn set_num_threads(n: usize) {
    WANTED.store(n.min(MOST), Ordering::Relaxed);
}

/// How many threads a parallel region uses.
pub fn num_threads() -> usize {
    match WANTED.load(Ordering::Relaxed) {
        0 => *CORES,
        n => n,
    }
}

/// Is a region of `work` nanoseconds (of one thread) faster on several threads?
pub fn is_worth(work: f64) -> bool {
    if work < WORTH_AWAKE || num_threads() == 1 {
        return false;
    }
    if work >= WORTH_ASLEEP || AWAKE.load(Ordering::Relaxed) {
        return true;
    }
    // Many small regions one after the other are worth waking the helpers for.
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let now = START.elapsed().as_nanos() as u64;
    now.saturating_sub(WISHED.swap(now, Ordering::Relaxed)) < 100_000
}

/// Helpers and what they share with the caller of a region.
pub(super) struct Team {
    helpers: usize,
    shared: Arc<Shared>,
}

/// The state of a region in one word: its number, whether it is open for helpers to join, and how
/// many have joined and not left yet.
struct Shared {
    state: AtomicU64,
    /// The job of the open region.
    job: Mutex<Option<Job>>,
    sleepers: AtomicUsize,
    sleep: Mutex<()>,
    wake: Condvar,
    /// Are the helpers to end?
    over: AtomicBool,
    /// The first panic of a helper in this region.
    panic: Mutex<Option<Box<dyn std::any::Any + Send>>>,
}

const NUMBER: u64 = 1 << 32;
const OPEN: u64 = 1 << 31;

/// What every thread of a region runs, until there are no more pieces.
#[derive(Clone, Copy)]
struct Job(*const (dyn Fn() + Sync));

// SAFETY: the pointer is followed only between joining and leaving a region, during which the
// region's caller, who borrows the function, waits.
unsafe impl Send for Job {}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The team, locked: no region runs meanwhile.
pub(super) fn lock_team() -> MutexGuard<'static, Option<Team>> {
    lock(&TEAM)
}

/// Forgets the helpers, which this process does not have: the next region starts others.
pub(super) fn forget() {
    AWAKE.store(false, Ordering::Relaxed);
    std::mem::forget(lock_team().take());
}

impl Team {
    /// Starts as many helpers as can be had.
    fn start(wanted: usize) -> Team {
        let shared = Arc::new(Shared {
            state: AtomicU64::new(0),
            job: Mutex::new(None),
            sleepers: AtomicUsize::new(0),
            sleep: Mutex::new(()),
            wake: Condvar::new(),
            over: AtomicBool::new(false),
            panic: Mutex::new(None),
        });
        let started = |i: usize| {
            let shared = shared.clone();
            // More threads than cores must not watch: they would keep the others from working.
            let watch = if wanted < *CORES { WATCH } else { Duration::ZERO };
            std::thread::Builder::new().name(format!("lazuli-{i}")).spawn(move || shared.help(watch)).is_ok()
        };
        Team { helpers: (0..wanted).take_while(|&i| started(i)).count(), shared }
    }

    /// Runs `job` here and on whichever helpers join before it is done.
    fn run(&self, job: &(dyn Fn() + Sync)) {
        let shared = &*self.shared;
        // SAFETY: only the lifetime changes; `Job` says why that is sound.
        let job: *const (dyn Fn() + Sync) = unsafe { std::mem::transmute(std::ptr::from_ref(job)) };
        *lock(&shared.job) = Some(Job(job));
        // SAFETY: it was a reference a line ago.
        let job = unsafe { &*job };
        shared.announce(OPEN);
        let mine = catch_unwind(AssertUnwindSafe(job));
        shared.state.fetch_and(!OPEN, Ordering::AcqRel);
        let mut turns = 0u32;
        while shared.state.load(Ordering::Acquire) as u32 != 0 {
            turns += 1;
            if turns < 10_000 { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
        if let Err(panic) = mine {
            resume_unwind(panic);
        }
        if let Some(panic) = lock(&shared.panic).take() {
            resume_unwind(panic);
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        self.shared.announce(0);
    }
}

impl Shared {
    /// Shows the helpers a state with a new number, and wakes them.
    fn announce(&self, state: u64) {
        let number = self.state.load(Ordering::Relaxed) / NUMBER;
        self.state.store((number + 1).wrapping_mul(NUMBER) | state, Ordering::SeqCst);
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            drop(lock(&self.sleep));
            self.wake.notify_all();
        }
    }

    /// The life of a helper.
    fn help(&self, watch: Duration) {
        let mut seen = 0;
        loop {
            let state = self.next(seen, watch);
            seen = state / NUMBER;
            if self.over.load(Ordering::Relaxed) {
                return;
            }
            if state & OPEN == 0 {
                continue;
            }
            let joined = self.state.compare_exchange(state, state + 1, Ordering::AcqRel, Ordering::Relaxed);
            if joined.is_err() {
                // Somebody else joined, or the region closed: look again.
                seen = seen.wrapping_sub(1);
                continue;
            }
            let job = lock(&self.job).expect("an open region has a job");
            // SAFETY: see `Job`; this thread has joined.
            let result = catch_unwind(AssertUnwindSafe(|| unsafe { (*job.0)() }));
            if let Err(panic) = result {
                lock(&self.panic).get_or_insert(panic);
            }
            self.state.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Waits for a region with another number than `seen`.
    fn next(&self, seen: u64, watch: Duration) -> u64 {
        AWAKE.store(!watch.is_zero(), Ordering::Relaxed);
        let start = Instant::now();
        loop {
            // The clock is dear: it is asked now and then.
            for _ in 0..200 {
                let state = self.state.load(Ordering::Acquire);
                if state / NUMBER != seen {
                    return state;
                }
                std::hint::spin_loop();
            }
            if start.elapsed() >= watch {
                break;
            }
        }
        AWAKE.store(false, Ordering::Relaxed);
        let mut guard = lock(&self.sleep);
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        // Counted first, then looked, as whoever opens a region does it the other way round: one
        // of the two sees the other.
        let state = loop {
            let state = self.state.load(Ordering::SeqCst);
            if state / NUMBER != seen {
                break state;
            }
            guard = self.wake.wait(guard).unwrap_or_else(PoisonError::into_inner);
        };
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
        state
    }
}

/// How many pieces of a range are taken, on a cache line of its own.
#[derive(Default)]
#[repr(align(64))]
struct Counter(AtomicUsize);

/// Runs `work(worker, piece)` for every piece below `pieces`, on up to `threads` threads.
/// `worker` is below that number, and no two calls of one worker run at once.
pub fn parallel(threads: usize, pieces: usize, work: &(impl Fn(usize, usize) + Sync)) {
    let threads = threads.min(pieces);
    if threads <= 1 {
        return (0..pieces).for_each(|piece| work(0, piece));
    }
    // Each worker has a range of its own, the same in every region, so that what a core has in its
    // cache from the one before is there for the next; who is done takes from the others.
    let range = pieces.div_ceil(threads);
    let taken: SmallVec<[Counter; 4]> = (0..threads).map(|_| Counter::default()).collect();
    let workers = AtomicUsize::new(0);
    let drain = || {
        let worker = workers.fetch_add(1, Ordering::Relaxed);
        if worker >= threads {
            return;
        }
        for owner in (worker..threads).chain(0..worker) {
            let end = range.min(pieces.saturating_sub(owner * range));
            loop {
                let piece = taken[owner].0.fetch_add(1, Ordering::Relaxed);
                if piece >= end {
                    break;
                }
                work(worker, owner * range + piece);
            }
        }
    };
    let mut team = match TEAM.try_lock() {
        Ok(team) => team,
        Err(TryLockError::Poisoned(team)) => team.into_inner(),
        Err(TryLockError::WouldBlock) => return drain(),
    };
    if team.as_ref().is_none_or(|team| team.helpers + 1 < threads) {
        *team = Some(Team::start(threads - 1));
    }
    match &*team {
        Some(team) if team.helpers > 0 => team.run(&drain),
        _ => drain(),
    }
}
