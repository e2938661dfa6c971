//! What can go wrong, as a value.
//!
//! An [`Error`] names the operation, what was wrong with it (with the shapes), and the file and
//! line of the program that recorded it. It is cheap to clone, because a poisoned node hands its
//! error on to everything that is recorded on top of it.

use crate::DType;
use crate::shape::Dims;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// `std::result::Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum ErrorKind {
    #[error("shapes {left:?} and {right:?} cannot be broadcast together")]
    ShapeMismatch { left: Dims, right: Dims },
    #[error("cannot broadcast shape {from:?} to {to:?}")]
    Broadcast { from: Dims, to: Dims },
    #[error("cannot reshape {from:?} ({count} elements) to {to:?}")]
    Reshape { from: Dims, count: usize, to: Vec<isize> },
    #[error("axis {axis} is out of range for an array of {ndim} dimensions")]
    AxisOutOfRange { axis: isize, ndim: usize },
    #[error("axis {axis} is named twice")]
    AxisTwice { axis: isize },
    #[error("{expected} axes are needed, {got} were given")]
    AxisCount { expected: usize, got: usize },
    #[error("index {index} is out of range for axis {axis} of length {len}")]
    IndexOutOfRange { index: isize, axis: usize, len: usize },
    #[error("shape {shape:?} needs {expected} elements, the vector holds {got}")]
    LengthMismatch { shape: Dims, expected: usize, got: usize },
    #[error("{size} elements cannot be squeezed from axis {axis} of shape {shape:?}")]
    Squeeze { shape: Dims, axis: usize, size: usize },
    #[error("a shape of {shape:?} has more elements than memory can address")]
    ShapeOverflow { shape: Vec<isize> },
    #[error("no value to reduce: shape {shape:?} is empty along the reduced axes")]
    EmptyReduction { shape: Dims },
    #[error("inner extents differ: {left:?} and {right:?}")]
    MatMul { left: Dims, right: Dims },
    #[error("an array of one element is needed, this one has shape {shape:?}")]
    NotScalar { shape: Dims },
    #[error("arrays on different devices ({left} and {right}); copy one with to_device")]
    DeviceMismatch { left: &'static str, right: &'static str },
    #[error("the array holds {actual}, not {wanted}")]
    DTypeMismatch { actual: DType, wanted: DType },
    #[error("out of memory: {bytes} bytes could not be had{limit}")]
    OutOfMemory { bytes: usize, limit: String },
    #[error("could not compile: {0}")]
    Compile(String),
    #[error("{0}")]
    InvalidArgument(String),
    #[error("{0}")]
    Io(String),
    #[error("verification failed: {0}")]
    Verify(String),
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
