//! What only the threads of a grid do: reach memory, wait for each other, exchange values.
//!
//! A kernel at thread level is a [`Function`](super::Function) whose steps may have effects. Effects
//! happen in the order of the text, where structure leads to them. A kernel gives no results: it
//! writes to *slices*, arrays of the device's memory whose lengths it knows, and its block shares
//! arrays of its own.

use super::Val;
use crate::dtype::DType;
use smallvec::SmallVec;

/// An array that a kernel reaches.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Place {
    /// The slice of this number, in the memory of the device.
    Slice(u16),
    /// The shared array of this number, of the block.
    Shared(u16),
}

/// How an element is changed in one step that no other thread can come between.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Atomic {
    /// `old + value`; integers wrap.
    Add,
    /// The smaller of both.
    Min,
    /// The larger of both.
    Max,
    /// Bitwise and.
    And,
    /// Bitwise or.
    Or,
    /// Bitwise exclusive or.
    Xor,
    /// `value`.
    Exchange,
    /// `value` where the old one is the expected one, which is the operand before it.
    CompareExchange,
}

/// Whose value a thread of a warp asks for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Shuffle {
    /// That of the lane of this number.
    Lane,
    /// That of the lane whose number differs in these bits.
    Xor,
    /// That of the lane so many further up; its own where there is none.
    Down,
    /// That of the lane so many further down; its own where there is none.
    Up,
}

/// What a warp finds out together.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Vote {
    /// Is it true for any thread? Gives a bool.
    Any,
    /// Is it true for all threads? Gives a bool.
    All,
    /// For which lanes is it true? Gives an int64, a bit a lane.
    Ballot,
}

/// Something that a thread does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Effect {
    /// Reads the element at an index (int64).
    Load(Place),
    /// Writes a value to the element at an index: `(index, value)`.
    Store(Place),
    /// Changes the element at an index, and gives what it was: `(index, value)`, or `(index, expected,
    /// value)`.
    Atomic(Atomic, Place),
    /// Is an index along an axis of what a slice holds below the extent of that axis: `(index, extent)`, both
    /// int64? Gives a bool. Where it is not, this is a fault, and the thread is to end.
    Within(Place, u8),
    /// Waits until all threads of the block are here; what they wrote is then seen.
    Barrier,
    /// Gives another thread's value: `(value, which)`, the second an int64. All threads of the warp
    /// must be here.
    Shuffle(Shuffle),
    /// Finds out something about a bool. All threads of the warp must be here.
    Vote(Vote),
}

/// A number that a thread knows of the launch (an int64).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fact {
    /// Its index in its block, along an axis (0 is x).
    ThreadIndex(u8),
    /// The index of its block in the grid.
    BlockIndex(u8),
    /// The threads of a block.
    BlockExtent(u8),
    /// The blocks of the grid.
    GridExtent(u8),
    /// The elements of an array.
    Length(Place),
}

/// A slice: an argument that is an array in the memory of the device.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Slice {
    /// Type of the elements.
    pub dtype: DType,
    /// May the kernel write it?
    pub writable: bool,
    /// Its name in the program.
    pub name: &'static str,
}

/// An array that the threads of a block share.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Shared {
    /// Type of the elements.
    pub dtype: DType,
    /// Number of elements; `None`: as many as fit what the launch asks for beyond the others.
    pub len: Option<u32>,
    /// Its name in the program.
    pub name: &'static str,
}

/// What a kernel has that other functions do not.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Memory {
    /// Arrays of the device.
    pub slices: Vec<Slice>,
    /// Arrays of the block, the one without a length last.
    pub shared: Vec<Shared>,
    /// Arguments that the launch fills in: `(argument, what)`.
    pub facts: Vec<(u16, Fact)>,
}

impl Memory {
    /// Type of the elements of an array.
    pub fn dtype(&self, place: Place) -> DType {
        match place {
            Place::Slice(s) => self.slices[s as usize].dtype,
            Place::Shared(s) => self.shared[s as usize].dtype,
        }
    }

    /// The name of an array in the program.
    pub fn name(&self, place: Place) -> &'static str {
        match place {
            Place::Slice(s) => self.slices[s as usize].name,
            Place::Shared(s) => self.shared[s as usize].name,
        }
    }
}

/// An effect with its operands.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Act {
    /// What is done.
    pub effect: Effect,
    /// With which values.
    pub operands: SmallVec<[Val; 3]>,
    /// The value that it gives, if it gives one.
    pub result: Option<Val>,
    /// The line of the program.
    pub line: u32,
}
