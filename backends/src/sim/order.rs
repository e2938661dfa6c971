//! Which access comes before which: vector clocks for threads, barriers and atomics.
//!
//! The simulator runs one thread at a time, so each access happens at some time; but what it saw need
//! not be what a card would see. Two accesses are *ordered* only if
//!
//! * one thread does both;
//! * they are of one block, and a barrier lies between them;
//! * they are of two blocks, the first was *released* and the second has *acquired* it. Every atomic on
//!   a word of global memory does both: it acquires what earlier atomics on the same word released, and
//!   releases what comes before it in its thread, what a barrier put before it, and what was acquired.
//!
//! Within a block atomics and shuffles order nothing, however they happen to be executed.
//!
//! Time is a *stamp*, which grows at each barrier, each global atomic and each block. Blocks run one
//! after the other, so what is known of another block is a stamp up to which all of it is known, and
//! for some of its threads a later stamp: a thread that has released its own writes without a barrier
//! has not released those of the others.

use super::fault::{Does, Place};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// One access in the history of a byte: who, what, when and at which site, in one word of which zero
/// is no access, so that fresh memory is an empty history.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark(pub(super) u128);

/// The greatest number of a site that a mark can hold; greater ones become this.
const SITES: u32 = (1 << 20) - 1;

impl Mark {
    pub(super) fn new(at: Place, does: Does, site: u32, stamp: u64) -> Mark {
        let who = u128::from(at.block) << 32 | u128::from(at.thread) << 22;
        Mark(u128::from(stamp) << 64 | who | (does as u128) << 20 | u128::from(site.min(SITES)))
    }

    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }

    fn stamp(self) -> u64 {
        (self.0 >> 64) as u64
    }

    pub(super) fn at(self) -> Place {
        Place { block: (self.0 >> 32) as u32, thread: (self.0 >> 22) as u32 & 0x3ff }
    }

    pub(super) fn does(self) -> Does {
        match (self.0 >> 20) as u32 & 3 {
            0 => Does::Read,
            1 => Does::Write,
            _ => Does::Atomic,
        }
    }

    pub(super) fn site(self) -> u32 {
        self.0 as u32 & SITES
    }
}

/// What is known of other blocks.
#[derive(Clone, Default)]
struct Clock {
    /// For each block the stamp below which all its accesses are known.
    blocks: Vec<u64>,
    /// For threads of which more is known than of their block, by block and thread: the stamp up to
    /// which their own accesses are.
    threads: FxHashMap<(u32, u32), u64>,
}

impl Clock {
    fn covers(&self, mark: Mark) -> bool {
        let Place { block, thread } = mark.at();
        self.blocks.get(block as usize).is_some_and(|&stamp| mark.stamp() < stamp)
            || self.threads.get(&(block, thread)).is_some_and(|&stamp| mark.stamp() <= stamp)
    }

    fn join(&mut self, other: &Clock) {
        if self.blocks.len() < other.blocks.len() {
            self.blocks.resize(other.blocks.len(), 0);
        }
        for (mine, theirs) in self.blocks.iter_mut().zip(&other.blocks) {
            *mine = (*mine).max(*theirs);
        }
        for (&who, &theirs) in &other.threads {
            let mine = self.threads.entry(who).or_insert(0);
            *mine = (*mine).max(theirs);
        }
    }

    fn release(&mut self, Place { block, thread }: Place, phase: u64, stamp: u64) {
        let len = self.blocks.len().max(block as usize + 1);
        self.blocks.resize(len, 0);
        self.blocks[block as usize] = phase;
        self.threads.insert((block, thread), stamp);
    }
}

/// The order of the accesses of a launch.
#[derive(Default)]
pub(super) struct Order {
    block: u32,
    stamp: u64,
    /// The stamp of the block's last barrier, or of its begin.
    phase: u64,
    /// What all threads of the block know since then.
    known: Rc<Clock>,
    /// What threads know that did an atomic since then.
    own: FxHashMap<u32, Rc<Clock>>,
    /// What was released at words of global memory.
    words: FxHashMap<u64, Rc<Clock>>,
}

impl Order {
    pub(super) fn begin_block(&mut self, block: u32) {
        self.block = block;
        self.known = Rc::default();
        self.own.clear();
        self.next_phase();
    }

    pub(super) fn barrier(&mut self) {
        for clock in std::mem::take(&mut self.own).values() {
            if !Rc::ptr_eq(clock, &self.known) {
                Rc::make_mut(&mut self.known).join(clock);
            }
        }
        self.next_phase();
    }

    fn next_phase(&mut self) {
        self.stamp += 1;
        self.phase = self.stamp;
    }

    /// What an access of the running block leaves behind.
    pub(super) fn mark(&self, thread: u32, does: Does, site: u32) -> Mark {
        Mark::new(Place { block: self.block, thread }, does, site, self.stamp)
    }

    /// The first half of an atomic: its thread gets to know what was released at the word.
    pub(super) fn acquire(&mut self, thread: u32, address: u64) {
        if let Some(word) = self.words.get(&address) {
            let clock = self.own.entry(thread).or_insert_with(|| self.known.clone());
            if !Rc::ptr_eq(clock, word) {
                Rc::make_mut(clock).join(word);
            }
        }
    }

    /// The second half, after [`Order::acquire`]: the word gets to know what the thread knows.
    pub(super) fn release(&mut self, thread: u32, address: u64) {
        let at = Place { block: self.block, thread };
        // Of its own block a clock may say anything: it is not asked.
        let clock = self.own.entry(thread).or_insert_with(|| self.known.clone());
        Rc::make_mut(clock).release(at, self.phase, self.stamp);
        self.words.insert(address, clock.clone());
        self.stamp += 1;
    }

    /// Does `earlier` come before `now`, which is an access of the running block?
    pub(super) fn before(&self, earlier: Mark, now: Mark) -> bool {
        let (then, thread) = (earlier.at(), now.at().thread);
        if then.block == self.block {
            return then.thread == thread || earlier.stamp() < self.phase;
        }
        self.own.get(&thread).unwrap_or(&self.known).covers(earlier)
    }

    /// Are both of one block, with no barrier between them?
    pub(super) fn same_phase(&self, earlier: Mark, now: Mark) -> bool {
        earlier.at().block == now.at().block && earlier.stamp() >= self.phase
    }
}
