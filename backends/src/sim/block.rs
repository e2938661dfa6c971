//! Running the threads of one block.
//!
//! Warp after warp, each thread runs until it waits or returns. When all lanes of a warp wait at the
//! same shuffle, their values are exchanged and they run on; when every thread of the block waits at
//! the same barrier, all do. Any other way to stand still is a divergence, and a fault: on a card
//! `.sync` operations must be reached by all. A block that ends leaves no thread behind, however it
//! ends, and the worker can run the next.
//!
//! A kernel without such operations needs no coroutines: its threads are plain calls, one after the
//! other. Under the checker each runs as a coroutine all the same, because a fault must be able to stop
//! it in the middle.

use super::fault::{Doing, Fault, Group, Place};
use super::shadow::Checker;
use super::stacks::{self, Fiber, Stacks};
use super::thread::{ENDLESS, State, Thread};
use super::{Launch, WARP};
use std::cell::Cell;
use std::ops::Range;

/// Shared memory of a block is made of these, for their alignment.
#[derive(Clone, Copy)]
#[repr(align(128))]
struct Line(#[expect(dead_code, reason = "kernels reach it by its address")] [u8; 128]);

/// What is in shared memory when a block begins: not-a-number in every float format, -1 in every
/// integer, so that reading what nobody wrote shows, and shows the same each time.
const FRESH: Line = Line([0xff; 128]);

/// What a host thread keeps to run blocks with. Fibers first: they must be gone before their stacks.
#[derive(Default)]
pub(super) struct Worker {
    fibers: Vec<Option<Fiber>>,
    stacks: Stacks,
    threads: Vec<Thread>,
    shared: Vec<Line>,
}

thread_local! {
    static WORKER: Cell<Option<Box<Worker>>> = const { Cell::new(None) };
}

impl Worker {
    /// Runs `f` with the worker of this host thread. A worker that panics is not used again.
    pub(super) fn with<R>(f: impl FnOnce(&mut Worker) -> R) -> R {
        let mut worker = WORKER.try_with(Cell::take).ok().flatten().unwrap_or_default();
        let result = f(&mut worker);
        // At the end of the host thread there is no place to keep it.
        if !stacks::are_many() {
            let _ = WORKER.try_with(|kept| kept.set(Some(worker)));
        }
        result
    }

    /// Runs one block to its end or first fault.
    ///
    /// # Safety
    ///
    /// The kernel may be called with the launch's words, grid and block, and `checker` is null or points
    /// to a checker that nothing else uses meanwhile.
    pub(super) unsafe fn run(
        &mut self,
        launch: &Launch,
        bid: u32,
        checker: *mut Checker,
    ) -> Result<(), Fault> {
        let lines = (launch.shared as usize).div_ceil(size_of::<Line>());
        self.shared.clear();
        self.shared.resize(lines, FRESH);
        let shared = self.shared.as_mut_ptr().cast();
        // SAFETY: by the contract.
        unsafe {
            match checker.as_mut() {
                Some(checker) => checker.begin_block(bid, shared),
                None if !launch.cooperative => return plain(launch, bid, shared),
                None => {}
            }
            let result = self.cooperate(launch, bid, shared, checker);
            // After a fault, threads are left in the middle of what they were doing.
            let Worker { fibers, stacks, .. } = self;
            fibers.drain(..).flatten().for_each(|fiber| stacks.put(fiber.into_span()));
            result
        }
    }

    /// Runs the threads as coroutines.
    ///
    /// # Safety
    ///
    /// As for [`Worker::run`].
    unsafe fn cooperate(
        &mut self,
        launch: &Launch,
        bid: u32,
        shared: *mut u8,
        checker: *mut Checker,
    ) -> Result<(), Fault> {
        let all = 0..launch.block as usize;
        self.threads.clear();
        let thread = |tid| Thread::new(tid, launch.block, bid, launch.grid, shared, checker);
        self.threads.extend((0..launch.block).map(thread));
        self.fibers.resize_with(all.end, || None);
        // From here on records are reached through this pointer alone, as the threads reach theirs.
        let threads = self.threads.as_mut_ptr();
        let mut block = Block {
            launch,
            bid,
            threads,
            checker,
            fibers: &mut self.fibers,
            stacks: &mut self.stacks,
            syncs: 0,
        };
        loop {
            for first in all.clone().step_by(WARP) {
                // SAFETY: by the contract.
                unsafe { block.warp(first..all.end.min(first + WARP))? };
            }
            // All threads are at barriers or have returned.
            let (state, site) = (block.thread(0).state, block.thread(0).site);
            let same = |i: usize| {
                let thread = block.thread(i);
                thread.state == state && (state == State::Done || thread.site == site)
            };
            if !all.clone().all(same) {
                return Err(block.divergence(all));
            }
            if state == State::Done {
                return Ok(());
            }
            block.count()?;
            for i in all.clone() {
                block.thread(i).state = State::Ready;
            }
            // SAFETY: by the contract; no thread is running.
            if let Some(checker) = unsafe { checker.as_mut() } {
                checker.barrier();
            }
        }
    }
}

/// Threads as plain calls.
///
/// # Safety
///
/// As for [`Worker::run`].
unsafe fn plain(launch: &Launch, bid: u32, shared: *mut u8) -> Result<(), Fault> {
    let mut record = Thread::new(0, launch.block, bid, launch.grid, shared, std::ptr::null_mut());
    let thread = &raw mut record;
    for tid in 0..launch.block {
        // SAFETY: the record is this call's own; the rest by the contract.
        unsafe {
            (*thread).tid = tid;
            (launch.kernel)(launch.words.as_ptr(), thread);
            if (*thread).state == State::Reported {
                return Err(reported(launch, bid, &*thread));
            }
            if (*thread).state != State::Ready {
                let site = launch.site((*thread).site);
                return Err(Fault::NotCooperative { at: Place { block: bid, thread: tid }, site });
            }
        }
    }
    Ok(())
}

/// The fault that a thread has reported.
fn reported(launch: &Launch, block: u32, thread: &Thread) -> Fault {
    let (at, site) = (Place { block, thread: thread.tid }, launch.site(thread.site));
    match (thread.index, thread.len) {
        (turns, ENDLESS) => Fault::Turns { at, turns: turns as u64, site },
        (index, len) => Fault::Index { at, index, len: len as u64, site },
    }
}

/// A block of coroutines on its way.
struct Block<'a> {
    launch: &'a Launch<'a>,
    bid: u32,
    threads: *mut Thread,
    checker: *mut Checker,
    fibers: &'a mut [Option<Fiber>],
    stacks: &'a mut Stacks,
    /// Barriers and shuffles completed.
    syncs: u64,
}

impl Block<'_> {
    /// The record of a thread; none must be running.
    #[inline]
    #[allow(clippy::mut_from_ref)]
    fn thread(&self, i: usize) -> &mut Thread {
        debug_assert!(i < self.fibers.len());
        // SAFETY: there are as many records as fibers. Those who call this are methods of this file that
        // hold one record at a time, and none while a thread runs.
        unsafe { &mut *self.threads.add(i) }
    }

    /// Runs the lanes of a warp until all of them wait at barriers or have returned.
    ///
    /// # Safety
    ///
    /// As for [`Worker::run`].
    unsafe fn warp(&mut self, lanes: Range<usize>) -> Result<(), Fault> {
        loop {
            for i in lanes.clone() {
                // SAFETY: by the contract.
                unsafe { self.advance(i)? };
            }
            if !lanes.clone().any(|i| self.thread(i).state == State::Shuffle) {
                return Ok(());
            }
            self.exchange(lanes.clone())?;
        }
    }

    /// Runs a thread, if it can run, until it waits or returns.
    ///
    /// # Safety
    ///
    /// As for [`Worker::run`].
    #[inline]
    unsafe fn advance(&mut self, i: usize) -> Result<(), Fault> {
        if self.thread(i).state != State::Ready {
            return Ok(());
        }
        let fiber = match &mut self.fibers[i] {
            Some(fiber) => fiber,
            begins => {
                let why = |error| Fault::Memory(format!("the stack of a thread: {error}"));
                let span = self.stacks.take().map_err(why)?;
                let Launch { kernel, words, .. } = *self.launch;
                // SAFETY: the stack comes from the worker's pool, which outlives the fiber; records do not
                // move while the block runs; the rest by the contract.
                begins.insert(unsafe { Fiber::new(span, kernel, words.as_ptr(), self.threads.add(i)) })
            }
        };
        if fiber.resume() {
            self.thread(i).state = State::Done;
            self.stacks.put(self.fibers[i].take().expect("it ran a line ago").into_span());
        } else if self.thread(i).state == State::Reported {
            return Err(reported(self.launch, self.bid, self.thread(i)));
        } else if self.thread(i).state == State::Faulted {
            // SAFETY: by the contract; no thread is running.
            let fault = unsafe { self.checker.as_mut() }.and_then(Checker::take_fault);
            return Err(fault.expect("only the checker stops a coroutine"));
        } else if !self.launch.cooperative {
            let at = Place { block: self.bid, thread: i as u32 };
            return Err(Fault::NotCooperative { at, site: self.launch.site(self.thread(i).site) });
        }
        Ok(())
    }

    /// Completes a shuffle, if all lanes are at the same.
    fn exchange(&mut self, lanes: Range<usize>) -> Result<(), Fault> {
        let site = self.thread(lanes.start).site;
        let mut values = [0; WARP];
        for (lane, i) in lanes.clone().enumerate() {
            let thread = self.thread(i);
            if thread.state != State::Shuffle || thread.site != site {
                return Err(self.divergence(lanes));
            }
            values[lane] = thread.value;
        }
        self.count()?;
        for (lane, i) in lanes.clone().enumerate() {
            let thread = self.thread(i);
            let from = lane ^ thread.xor as usize;
            if from >= lanes.len() {
                let at = Place { block: self.bid, thread: i as u32 };
                return Err(Fault::MissingLane { at, lane: from as u32, site: self.launch.site(site) });
            }
            thread.value = values[from];
            thread.state = State::Ready;
        }
        Ok(())
    }

    /// Counts an operation against the limit.
    #[inline]
    fn count(&mut self) -> Result<(), Fault> {
        self.syncs += 1;
        if self.syncs > self.launch.limit {
            return Err(Fault::Endless { block: self.bid, limit: self.launch.limit });
        }
        Ok(())
    }

    /// Says where threads stand that should stand at one place.
    #[cold]
    fn divergence(&self, threads: Range<usize>) -> Fault {
        let mut groups: Vec<Group> = Vec::new();
        for i in threads {
            let thread = self.thread(i);
            let doing = match thread.state {
                State::Done => Doing::Returned,
                State::Shuffle => Doing::Shuffle(self.launch.site(thread.site)),
                _ => Doing::Barrier(self.launch.site(thread.site)),
            };
            match groups.iter_mut().find(|group| group.doing == doing) {
                Some(group) => group.threads.push(i as u32),
                None => groups.push(Group { doing, threads: vec![i as u32] }),
            }
        }
        Fault::Divergence { block: self.bid, groups }
    }
}
