//! What a stream was given and may not have done yet.
//!
//! A GPU says that something went wrong when somebody waits for it, long after the launch, and does
//! not say what. So each stream keeps the notes of its pending launches, and the error names the
//! oldest of them. The list is bounded and costs no call of the driver for most launches: notes are
//! kept in two batches, with an event between them. When the newer batch is full and the event has
//! passed, the older batch is done with and the newer takes its place; while it has not passed,
//! further launches are only counted. What is named is therefore never done, but for at most a
//! batch that nobody has looked at since.

use super::event::Raw;
use smallvec::SmallVec;
use std::fmt::Write;
use std::panic::Location;

/// Notes of a batch.
const NAMED: usize = 32;

/// Who a launch is for: an operation, and the line of the program that recorded it.
#[derive(Clone, Copy, Debug)]
pub struct Note {
    /// The operation, by its public name.
    pub operation: &'static str,
    /// Where it was recorded.
    pub location: Option<&'static Location<'static>>,
}

impl Note {
    /// A note of the caller's line.
    #[track_caller]
    pub fn here(operation: &'static str) -> Note {
        Note { operation, location: Some(Location::caller()) }
    }
}

#[derive(Default)]
struct Batch {
    notes: SmallVec<[Note; NAMED]>,
    /// Launches after those named.
    more: u64,
}

/// The pending launches of one stream.
#[derive(Default)]
pub(super) struct Pending {
    older: Batch,
    /// Recorded behind the older batch, where there is one.
    mark: Option<Raw>,
    newer: Batch,
    /// Of all launches ever.
    launched: u64,
}

impl Pending {
    /// How many launches there were so far, for [`Pending::done`].
    pub fn launched(&self) -> u64 {
        self.launched
    }

    /// Remembers a launch that comes after all others. Says whether it wants a mark: an event
    /// recorded at any time from now on.
    pub fn push(&mut self, note: Note) -> bool {
        self.launched += 1;
        let turn = self.newer.notes.len() == NAMED;
        if turn {
            // Asked once in a batch: the question costs as much as a launch.
            let passed = || self.mark.as_ref().is_some_and(|mark| mark.is_done() == Ok(true));
            let asks = self.newer.more.is_multiple_of(NAMED as u64);
            if !(self.older.notes.is_empty() || asks && passed()) {
                self.newer.more += 1;
                return false;
            }
            self.older = std::mem::take(&mut self.newer);
            self.mark = None;
        }
        self.newer.notes.push(note);
        turn
    }

    /// The event that was wanted.
    pub fn mark(&mut self, mark: Raw) {
        self.mark = Some(mark);
    }

    /// The first `launched` launches are done.
    pub fn done(&mut self, launched: u64) {
        if launched == self.launched {
            (self.older, self.newer, self.mark) = (Batch::default(), Batch::default(), None);
        } else if launched + self.newer.notes.len() as u64 + self.newer.more >= self.launched {
            (self.older, self.mark) = (Batch::default(), None);
        }
    }

    /// The pending launches in words, the oldest first.
    pub fn words(&self) -> Option<String> {
        let mut notes = self.older.notes.iter().chain(&self.newer.notes);
        let mut words = name(notes.next()?);
        for note in notes.by_ref().take(2) {
            let _ = write!(words, ", {}", name(note));
        }
        match notes.count() as u64 + self.older.more + self.newer.more {
            0 => {}
            1 => words.push_str(" and one more launch"),
            more => {
                let _ = write!(words, " and {more} more launches");
            }
        }
        Some(words)
    }
}

fn name(note: &Note) -> String {
    match note.location {
        Some(at) => format!("`{}` ({}:{}:{})", note.operation, at.file(), at.line(), at.column()),
        None => format!("`{}`", note.operation),
    }
}
