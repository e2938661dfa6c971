//! Generalised functions: of inner arrays, with the other axes broadcast.
//!
//! A generalised function (NumPy's generalised ufunc) takes an inner array of each operand at each
//! *point* of the outer axes, and writes inner arrays of its results, which are zeros before. What it
//! does is known in two forms: as compiled code of the program ([`Generalized::run`]), which CPUs run, and
//! as what writes it down as a kernel of threads ([`Generalized::write`]), one thread a point, which grids
//! run. The scalar operations of both are Lazuli's, so both give the same bits.
//!
//! A kernel that was written down takes, after its slices (the operands, in order), these int64: the number
//! of points; the outer extents; the named extents; and for each operand the position of its first
//! element, its steps along the outer axes, and those along its own. [`Points::words`] has them.

use crate::dtype::DType;
use crate::error::ErrorKind;
use crate::function::Function;
use smallvec::SmallVec;
use std::ops::Range;
use std::panic::Location;
use std::sync::Arc;

/// The most dimensions that have names.
pub const NAMES: usize = 8;
/// The most operands.
pub const OPERANDS: usize = 12;

/// The extent of one axis of an inner array.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Dim {
    /// That of the dimension of this number, the same wherever it stands.
    Named(u8),
    /// This one.
    Fixed(u32),
}

/// What a generalised function takes or gives, for one point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Inner {
    /// Its name in the program.
    pub name: &'static str,
    /// Type of its elements.
    pub dtype: DType,
    /// Its axes; a scalar has none.
    pub dims: &'static [Dim],
}

/// A generalised function. There is one for each item of a program.
#[derive(Debug)]
pub struct Generalized {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub at: &'static Location<'static>,
    /// Its signature, as written.
    pub signature: &'static str,
    /// The names of its dimensions, at most [`NAMES`].
    pub names: &'static [&'static str],
    /// What it takes, and then what it gives.
    pub operands: Vec<Inner>,
    /// How many of these it takes.
    pub inputs: usize,
    /// Computes a range of points.
    pub run: Run,
    /// Writes it down for threads, one for each point of so many outer axes.
    pub write: fn(usize) -> Result<Arc<Function>, String>,
}

/// Computes a range of points, in order, up to the first that fails.
///
/// # Safety
/// The memory of the operands is there, and nobody else uses that of the results at these points.
pub type Run = unsafe fn(&Points<'_>, Range<usize>) -> Result<(), (usize, Fault)>;

impl Generalized {
    /// What it takes.
    pub fn inputs(&self) -> &[Inner] {
        &self.operands[..self.inputs]
    }

    /// What it gives.
    pub fn outputs(&self) -> &[Inner] {
        &self.operands[self.inputs..]
    }

    /// A number that no other function has.
    pub fn id(&'static self) -> u64 {
        std::ptr::from_ref(self) as u64
    }

    /// The extent of a dimension, where the named ones have these.
    pub fn extent(dim: Dim, named: &[usize]) -> usize {
        match dim {
            Dim::Named(n) => named[usize::from(n)],
            Dim::Fixed(n) => n as usize,
        }
    }

    /// The error of a point.
    pub fn error(&self, fault: Fault) -> ErrorKind {
        let (function, file) = (self.name, self.at.file());
        match fault {
            Fault::Index { array, axis, index, len, line } => {
                ErrorKind::InnerIndex { function, file, line, array, axis, index, len }
            }
            Fault::Turns { line, limited } => ErrorKind::LoopLimit { function, file, line, limited },
        }
    }
}

/// The item of a program: equal to itself alone.
#[derive(Clone, Copy, Debug)]
pub struct GeneralizedRef(pub &'static Generalized);

impl PartialEq for GeneralizedRef {
    fn eq(&self, other: &GeneralizedRef) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

/// Why a point failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// An index that an inner array does not have.
    Index {
        /// The array's name.
        array: &'static str,
        /// Its axis.
        axis: usize,
        /// The index.
        index: i64,
        /// The extent of the axis.
        len: i64,
        /// The line of the program.
        line: u32,
    },
    /// A loop that did not end.
    Turns {
        /// The line of the loop.
        line: u32,
        /// Does the function set a limit?
        limited: bool,
    },
}

/// The memory of an operand, in elements.
#[derive(Clone, Debug, Default)]
pub struct Strided {
    /// Position of the first element in the memory.
    pub start: isize,
    /// Steps along the outer axes.
    pub outer: SmallVec<[isize; 4]>,
    /// Steps along its own axes.
    pub inner: SmallVec<[isize; 4]>,
}

/// All points of a call.
#[derive(Clone, Copy)]
pub struct Points<'a> {
    /// Extents of the named dimensions.
    pub named: &'a [usize],
    /// Extents of the outer axes.
    pub outer: &'a [usize],
    /// Where the elements of each operand are.
    pub operands: &'a [Strided],
    /// Address of each operand's memory.
    pub bases: &'a [*mut u8],
    /// Is the code to be run that takes any steps, and that ends also where a loop does not?
    pub patient: bool,
}

impl Points<'_> {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.outer.iter().product()
    }

    /// The position of an operand's first element at a point, in the operand's memory.
    pub fn start(&self, operand: usize, point: usize) -> isize {
        let operand = &self.operands[operand];
        let (mut rest, mut at) = (point, operand.start);
        for (&n, &step) in self.outer.iter().zip(&operand.outer).rev() {
            at += (rest % n) as isize * step;
            rest /= n;
        }
        at
    }

    /// The int64 that a kernel of threads takes.
    pub fn words(&self) -> Vec<u64> {
        let mut words = vec![self.count() as u64];
        words.extend(self.outer.iter().chain(self.named).map(|&n| n as u64));
        for operand in self.operands {
            words.push(operand.start as u64);
            words.extend(operand.outer.iter().chain(&operand.inner).map(|&step| step as u64));
        }
        words
    }
}
