//! The record that each thread of a kernel gets, and what machine code calls through it.
//!
//! A [`Thread`] stands for what the card keeps in special registers, and for the instructions that
//! need other threads. Generated code relies on its byte offsets, which the assertions below
//! fix; tests use the same record from Rust.
//!
//! The entry points run on the stack of the thread, below frames of machine code that no unwinder
//! can cross. So they do not panic (a panic would end the process), own nothing while they are
//! suspended, and never return after a fault: the scheduler discards the stack.

use super::shadow::Checker;
use corosensei::Yielder;
use std::mem::offset_of;

/// A kernel: its parameters as words, and the thread that runs it.
pub type Kernel = unsafe extern "C" fn(words: *const u64, thread: *mut Thread);

/// The access writes ([`Thread::check`]).
pub const WRITE: u32 = 1;
/// The access is to shared memory.
pub const SHARED: u32 = 2;
/// The access is atomic.
pub const ATOMIC: u32 = 4;
/// From this bit on, three bits say which alignment the access relies on: its logarithm, up to 7. 0,
/// one byte, asks for nothing.
pub const ALIGNED: u32 = 8;

/// In the place of a number of elements ([`Thread::report`]): it is a loop that does not end.
pub const ENDLESS: i64 = -1;

/// What a thread knows and can do.
#[derive(Debug)]
#[repr(C)]
pub struct Thread {
    /// Index in the block.
    pub tid: u32,
    /// Threads of a block.
    pub ntid: u32,
    /// Index of the block.
    pub bid: u32,
    /// Blocks of the grid.
    pub nbid: u32,
    /// The block's shared memory, at a multiple of 16.
    pub shared: *mut u8,
    /// Waits until all threads of the block are here. Called with the thread and the site.
    pub barrier: unsafe extern "C" fn(*mut Thread, u32),
    /// Called with the thread, a value, an xor and the site: waits until all threads of the warp
    /// are here, and returns the value of the lane whose number is this one's with the xor applied.
    pub shuffle: unsafe extern "C" fn(*mut Thread, u64, u32, u32) -> u64,
    /// Called before an access with the thread, the address, the bytes, the flags ([`WRITE`],
    /// [`SHARED`], [`ATOMIC`], [`ALIGNED`]) and the site: looks whether the access may be done. Does
    /// nothing in the exact mode.
    pub check: unsafe extern "C" fn(*mut Thread, u64, u32, u32, u32),
    /// Called with the thread, an index, a number of elements and the site when the one is not below
    /// the other; with the turns of a loop and [`ENDLESS`] when they are too many. A plain call goes on
    /// after it, and must not do what it was about to.
    pub report: unsafe extern "C" fn(*mut Thread, i64, i64, u32),

    // From here on it is the runtime's.
    /// Where to give the processor back; null if this thread is a plain call.
    pub(super) yielder: *const Yielder<(), ()>,
    /// What checks accesses; null in the exact mode.
    pub(super) checker: *mut Checker,
    /// What this thread offers to a shuffle, then what it gets.
    pub(super) value: u64,
    /// What it reports.
    pub(super) index: i64,
    pub(super) len: i64,
    pub(super) xor: u32,
    /// Where it waits.
    pub(super) site: u32,
    pub(super) state: State,
}

const _: () = {
    assert!(offset_of!(Thread, tid) == 0);
    assert!(offset_of!(Thread, ntid) == 4);
    assert!(offset_of!(Thread, bid) == 8);
    assert!(offset_of!(Thread, nbid) == 12);
    assert!(offset_of!(Thread, shared) == 16);
    assert!(offset_of!(Thread, barrier) == 24);
    assert!(offset_of!(Thread, shuffle) == 32);
    assert!(offset_of!(Thread, check) == 40);
    assert!(offset_of!(Thread, report) == 48);
    assert!(offset_of!(Thread, yielder) == 56);
};

/// What a thread is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum State {
    /// It can run, or has not begun.
    Ready,
    Barrier,
    Shuffle,
    /// It has returned.
    Done,
    /// It did what it must not, and will never go on. The checker holds the fault, or, if it is a
    /// plain call, the fault is that it synchronises.
    Faulted,
    /// It has reported a fault of its own.
    Reported,
}

impl Thread {
    /// A thread that has not begun.
    pub(super) fn new(
        tid: u32,
        ntid: u32,
        bid: u32,
        nbid: u32,
        shared: *mut u8,
        checker: *mut Checker,
    ) -> Thread {
        Thread {
            tid,
            ntid,
            bid,
            nbid,
            shared,
            barrier,
            shuffle,
            check,
            report,
            yielder: std::ptr::null(),
            checker,
            value: 0,
            index: 0,
            len: 0,
            xor: 0,
            site: 0,
            state: State::Ready,
        }
    }
}

unsafe extern "C" fn barrier(thread: *mut Thread, site: u32) {
    // SAFETY: kernels pass on the thread that they got.
    unsafe { wait(thread, State::Barrier, site) }
}

unsafe extern "C" fn shuffle(thread: *mut Thread, value: u64, xor: u32, site: u32) -> u64 {
    // SAFETY: kernels pass on the thread that they got; while this one runs, nobody else looks at
    // its record.
    unsafe {
        (*thread).value = value;
        (*thread).xor = xor;
        wait(thread, State::Shuffle, site);
        (*thread).value
    }
}

unsafe extern "C" fn check(thread: *mut Thread, address: u64, bytes: u32, flags: u32, site: u32) {
    // SAFETY: kernels pass on the thread that they got. The checker outlives the launch, and of
    // the threads that point to it one runs at a time, while the scheduler waits.
    unsafe {
        let checker = (*thread).checker;
        if checker.is_null() || (*checker).allows((*thread).tid, address, bytes, flags, site) {
            return;
        }
        wait(thread, State::Faulted, site);
    }
}

unsafe extern "C" fn report(thread: *mut Thread, index: i64, len: i64, site: u32) {
    // SAFETY: kernels pass on the thread that they got; nobody else looks at its record meanwhile.
    unsafe {
        if (*thread).state == State::Reported {
            return;
        }
        (*thread).index = index;
        (*thread).len = len;
        (*thread).site = site;
        (*thread).state = State::Reported;
        if let Some(yielder) = (*thread).yielder.as_ref() {
            yielder.suspend(());
        }
    }
}

/// Suspends the thread until the scheduler finds that what it waits for is there.
///
/// # Safety
///
/// `thread` is the record of the running thread.
#[inline]
unsafe fn wait(thread: *mut Thread, state: State, site: u32) {
    // SAFETY: by the contract nobody else looks at the record. A yielder that is not null is that
    // of the coroutine in which this runs.
    unsafe {
        (*thread).site = site;
        (*thread).state = state;
        match (*thread).yielder.as_ref() {
            Some(yielder) => yielder.suspend(()),
            // A plain call cannot wait. It is let go on, as it cannot be left either, and the
            // launch ends after it.
            None => (*thread).state = State::Faulted,
        }
    }
}
