//! What can go wrong, as a value.
//!
//! An [`Error`] names the operation, what was wrong with it (with the shapes), and the file and
//! line of the program that recorded it. It is cheap to clone, because a poisoned node hands its
//! error on to everything that is recorded on top of it.

use crate::DType;
use crate::function::loop_limit;
use crate::shape::Dims;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// `std::result::Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. `Display` gives the message without the operation and the place.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Operands of two shapes that do not broadcast together.
    #[error("shapes {left:?} and {right:?} cannot be broadcast together")]
    ShapeMismatch {
        /// Shape of the left operand.
        left: Dims,
        /// Shape of the right operand.
        right: Dims,
    },
    /// An array that cannot be stretched to a shape.
    #[error("cannot broadcast shape {from:?} to {to:?}")]
    Broadcast {
        /// Shape of the array.
        from: Dims,
        /// Shape that was asked for.
        to: Dims,
    },
    /// A reshape to another number of elements, or with more than one -1.
    #[error("cannot reshape {from:?} ({count} elements) to {to:?}")]
    Reshape {
        /// Shape of the array.
        from: Dims,
        /// Its number of elements.
        count: usize,
        /// Shape that was asked for, as written.
        to: Vec<isize>,
    },
    /// An axis that the array does not have.
    #[error("axis {axis} is out of range for an array of {ndim} dimensions")]
    AxisOutOfRange {
        /// The axis, as written: negative ones count from the end.
        axis: isize,
        /// Number of dimensions.
        ndim: usize,
    },
    /// One axis in a list twice, perhaps once counted from the end.
    #[error("axis {axis} is named twice")]
    AxisTwice {
        /// The second mention, as written.
        axis: isize,
    },
    /// A list of axes, or of parts of a slice, of the wrong length.
    #[error("{expected} axes are needed, {got} were given")]
    AxisCount {
        /// How many are needed.
        expected: usize,
        /// How many were given.
        got: usize,
    },
    /// An index beyond the end of an axis.
    #[error("index {index} is out of range for axis {axis} of length {len}")]
    IndexOutOfRange {
        /// The index, as written: negative ones count from the end.
        index: isize,
        /// The axis.
        axis: usize,
        /// Its length.
        len: usize,
    },
    /// A vector that does not fill a shape exactly.
    #[error("shape {shape:?} needs {expected} elements, the vector holds {got}")]
    LengthMismatch {
        /// The shape.
        shape: Dims,
        /// Its number of elements.
        expected: usize,
        /// Elements of the vector.
        got: usize,
    },
    /// An axis of a length other than 1 cannot be dropped.
    #[error("{size} elements cannot be squeezed from axis {axis} of shape {shape:?}")]
    Squeeze {
        /// Shape of the array.
        shape: Dims,
        /// The axis.
        axis: usize,
        /// Its length.
        size: usize,
    },
    /// More elements than an address space can hold.
    #[error("a shape of {shape:?} has more elements than memory can address")]
    ShapeOverflow {
        /// The shape, as written.
        shape: Vec<isize>,
    },
    /// The smallest or largest of no elements.
    #[error("no value to reduce: shape {shape:?} is empty along the reduced axes")]
    EmptyReduction {
        /// Shape of the array.
        shape: Dims,
    },
    /// A product whose summed axes differ in length.
    #[error("inner extents differ: {left:?} and {right:?}")]
    MatMul {
        /// Shape of the left operand.
        left: Dims,
        /// Shape of the right operand.
        right: Dims,
    },
    /// A matrix product with an array that has no axes.
    #[error("a matrix product needs axes on both sides: {left:?} and {right:?}")]
    MatMulScalar {
        /// Shape of the left operand.
        left: Dims,
        /// Shape of the right operand.
        right: Dims,
    },
    /// Stacks of matrices that do not broadcast together.
    #[error("the axes before the matrices do not broadcast: {left:?} and {right:?}")]
    MatMulBatch {
        /// Shape of the left operand.
        left: Dims,
        /// Shape of the right operand.
        right: Dims,
    },
    /// A product that sums more terms in all than an address space can number.
    #[error("more terms than can be numbered: {left:?} and {right:?}")]
    MatMulTerms {
        /// Shape of the left operand.
        left: Dims,
        /// Shape of the right operand.
        right: Dims,
    },
    /// The one value of an array that has none, or several.
    #[error("an array of one element is needed, this one has shape {shape:?}")]
    NotScalar {
        /// Shape of the array.
        shape: Dims,
    },
    /// Operands on two devices: nothing is copied silently.
    #[error("arrays on different devices ({left} and {right}); copy one with to_device")]
    DeviceMismatch {
        /// Device of the left operand.
        left: &'static str,
        /// Device of the right operand.
        right: &'static str,
    },
    /// A conversion to an element type that is not the array's.
    #[error("the array holds {actual}, not {wanted}")]
    DTypeMismatch {
        /// What the array holds.
        actual: DType,
        /// What was asked for.
        wanted: DType,
    },
    /// A loop of a vectorised function that took more turns than its function allows.
    #[error("a loop of `{function}` ({file}:{line}) {}", match limited {
        true => "took more turns than its `max_iterations`".to_string(),
        false => format!("had not ended after {} turns, when this engine gave up: others wait for ever", loop_limit()),
    })]
    LoopLimit {
        /// The function.
        function: &'static str,
        /// The file that it is in.
        file: &'static str,
        /// The line of the loop.
        line: u32,
        /// Does the function set a limit?
        limited: bool,
    },
    /// An index that an inner array of a generalised function does not have.
    #[error(
        "index {index} is out of range for axis {axis} of `{array}`, of length {len}, in `{function}` ({file}:{line})"
    )]
    InnerIndex {
        /// The function.
        function: &'static str,
        /// The file that it is in.
        file: &'static str,
        /// The line of the access.
        line: u32,
        /// The inner array.
        array: &'static str,
        /// Its axis.
        axis: usize,
        /// The index.
        index: i64,
        /// The extent of the axis.
        len: i64,
    },
    /// Memory that the system or the memory limit refuses. Nothing was computed or lost: the same
    /// evaluation can be tried again.
    #[error("out of memory: {bytes} bytes could not be had{limit}")]
    OutOfMemory {
        /// Bytes that were asked for.
        bytes: usize,
        /// Who refused, in words: the limit with the bytes in use, or a device with what it has free;
        /// empty for the system.
        limit: String,
    },
    /// The compiler refused a kernel.
    #[error("could not compile: {0}")]
    Compile(String),
    /// A device that is not there, or that failed.
    #[error("{0}")]
    Device(String),
    /// Any other argument that makes no sense.
    #[error("{0}")]
    InvalidArgument(String),
    /// A file could not be read or written.
    #[error("{0}")]
    Io(String),
    /// `verify` found a value that differs from the same computed op by op: which, and where.
    #[error("verification failed: {0}")]
    Verify(String),
    /// A defect of this library.
    #[error("internal error (please report it): {0}")]
    Internal(String),
}

/// An error with the operation and the place in the program that recorded it.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: String,
    location: Option<&'static Location<'static>>,
}

impl Error {
    /// An error of `operation`, recorded at `location`.
    pub fn new(kind: ErrorKind, operation: impl Into<String>, location: &'static Location<'static>) -> Error {
        Error(Arc::new(Inner { kind, operation: operation.into(), location: Some(location) }))
    }

    /// An error that belongs to no recorded operation.
    pub fn bare(kind: ErrorKind, operation: impl Into<String>) -> Error {
        Error(Arc::new(Inner { kind, operation: operation.into(), location: None }))
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The operation that failed, by its public name.
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// The line of the program that recorded the operation.
    pub fn location(&self) -> Option<&'static Location<'static>> {
        self.0.location
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.operation, self.0.kind)?;
        match self.0.location {
            Some(at) => write!(f, " (recorded at {}:{}:{})", at.file(), at.line(), at.column()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({self})")
    }
}

impl std::error::Error for Error {}
