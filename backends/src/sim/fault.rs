//! What can be wrong with a kernel, as a value.
//!
//! Each [`Fault`] says which thread did what, to which byte of which buffer, and at which operation of
//! the kernel: its name and the line of the program that recorded it. `words.rs` tells it.

use super::WARP;
use std::panic::Location;

/// An operation of a kernel: machine code knows its number, the caller its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// What it does, in words.
    pub what: String,
    /// Where it was recorded.
    pub at: Option<&'static Location<'static>>,
}

/// A thread of a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Index of the block.
    pub block: u32,
    /// Index of the thread in the block.
    pub thread: u32,
}

impl Place {
    /// Index of the thread in its warp.
    pub fn lane(&self) -> u32 {
        self.thread % WARP as u32
    }
}

/// What a thread is doing when threads diverge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It waits at a barrier.
    Barrier(Site),
    /// It waits at a shuffle.
    Shuffle(Site),
    /// It has returned.
    Returned,
}

/// Threads that stand at the same place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Where they stand.
    pub doing: Doing,
    /// Which they are, ascending.
    pub threads: Vec<u32>,
}

/// What an access does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// It reads.
    Read,
    /// It writes.
    Write,
    /// It does both in one step.
    Atomic,
}

/// What is wrong with an access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It does not lie within a buffer. The nearest is named, with its length.
    OutOfBounds {
        /// Bytes of the buffer.
        len: u64,
    },
    /// Its address is not the multiple that the code relies on, for which a card would stop.
    Misaligned {
        /// Of how many bytes.
        multiple: u64,
    },
    /// It changes a buffer that is read-only.
    ReadOnly,
    /// It reads a byte that nobody wrote.
    Unwritten {
        /// The first such byte of the buffer.
        byte: u64,
    },
    /// Another thread accesses the same byte, one of the two changes it, not both are atomic, and
    /// nothing says which comes first.
    Race {
        /// The first such byte of the buffer.
        byte: u64,
        /// The other thread.
        with: Place,
        /// What the other does.
        does: Does,
        /// The other's operation.
        site: Site,
    },
}

/// An access that must not be done, and was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// What is wrong with it.
    pub wrong: Wrong,
    /// Who wanted it.
    pub at: Place,
    /// What it does.
    pub does: Does,
    /// Its size.
    pub bytes: u32,
    /// Where it is in memory.
    pub address: u64,
    /// The buffer, or the nearest one; `None` if the launch has none.
    pub buffer: Option<String>,
    /// Where it is in the buffer.
    pub offset: i64,
    /// The operation.
    pub site: Site,
}

/// Why a launch did not run to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// No card could run it either.
    Launch(String),
    /// The system gives no memory for the runtime's own use.
    Memory(String),
    /// A thread synchronises in a launch that says that none does.
    NotCooperative {
        /// The thread.
        at: Place,
        /// The barrier or shuffle.
        site: Site,
    },
    /// A block did more than it may.
    Endless {
        /// The block.
        block: u32,
        /// How many barriers and shuffles, or checked accesses, it may do.
        limit: u64,
    },
    /// Threads that should meet are at different places.
    Divergence {
        /// Their block.
        block: u32,
        /// Where its threads are (for shuffles, those of the warp).
        groups: Vec<Group>,
    },
    /// A shuffle asks for the value of a lane that the warp does not have.
    MissingLane {
        /// Who asks.
        at: Place,
        /// For which lane.
        lane: u32,
        /// The shuffle.
        site: Site,
    },
    /// An access that must not be done.
    Access(Box<Access>),
    /// An index that an array does not have. The access was not done.
    Index {
        /// Who used it.
        at: Place,
        /// The index.
        index: i64,
        /// Elements of the array.
        len: u64,
        /// The access.
        site: Site,
    },
    /// A loop that does not end.
    Turns {
        /// Who is in it.
        at: Place,
        /// How often it went round.
        turns: u64,
        /// The loop.
        site: Site,
    },
}

impl std::error::Error for Fault {}
