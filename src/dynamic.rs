//! [`DynArray`]: an array whose element type is known at run time only.

use crate::array::Handle;
use crate::record::Call;
use crate::{Array, Element};
use lazuli_core::{DType, Error, ErrorKind, NodeRef};

/// An [`Array`] whose element type is known only at run time: for files, other languages, and
/// tools that take any array. Cheap to convert from and to `Array<T>`.
///
/// ```
/// # use lazuli::prelude::*;
/// let x: DynArray = Array::from_vec(vec![1.0f32, 2.0]).into();
/// assert_eq!(x.dtype(), DType::F32);
/// let y = Array::<f32>::try_from(&x)?;
/// let z: Array<f64> = x.cast();
/// assert!(Array::<i64>::try_from(x).is_err());
/// # Ok::<(), lazuli::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "operations on arrays are only recorded; nothing is computed until a value is asked for"]
pub struct DynArray {
    handle: Handle,
}

impl DynArray {
    pub(crate) fn node(&self) -> &NodeRef {
        self.handle.node()
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        self.node().dtype()
    }

    /// The extents, outermost first; `[0]` if the array is poisoned.
    pub fn shape(&self) -> &[usize] {
        self.node().shape()
    }

    /// The number of dimensions.
    pub fn ndim(&self) -> usize {
        self.shape().len()
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.node().len()
    }

    /// Has it no elements?
    pub fn is_empty(&self) -> bool {
        self.node().is_empty()
    }

    /// The device that holds and computes the array.
    pub fn device(&self) -> crate::Device {
        crate::Device::from_id(self.node().device())
    }

    /// What went wrong, if the array is poisoned.
    pub fn error(&self) -> Option<&Error> {
        self.node().error()
    }

    /// Reports a recorded error early, without evaluating.
    pub fn check(&self) -> Result<&DynArray, Error> {
        match self.error() {
            Some(error) => Err(error.clone()),
            None => Ok(self),
        }
    }

    /// Computes the array now, and keeps the value.
    ///
    /// Errors: as [`Array::eval`].
    pub fn eval(&self) -> Result<&DynArray, Error> {
        crate::read::force(self.node())?;
        Ok(self)
    }

    /// The values as an array of `U`, converted as by [`Array::cast`] if they are of another
    /// type.
    #[track_caller]
    pub fn cast<U: Element>(&self) -> Array<U> {
        Array::of(Call::new("cast").cast(self.node().clone(), U::DTYPE))
    }
}

impl<T: Element> From<Array<T>> for DynArray {
    fn from(array: Array<T>) -> DynArray {
        DynArray { handle: array.into_handle() }
    }
}

impl<T: Element> From<&Array<T>> for DynArray {
    fn from(array: &Array<T>) -> DynArray {
        array.clone().into()
    }
}

/// Fails if the array holds another type. A poisoned array converts to any type of its own.
impl<T: Element> TryFrom<DynArray> for Array<T> {
    type Error = Error;

    #[track_caller]
    fn try_from(array: DynArray) -> Result<Array<T>, Error> {
        if array.dtype() == T::DTYPE {
            return Ok(Array::of_handle(array.handle));
        }
        let kind = ErrorKind::DTypeMismatch { actual: array.dtype(), wanted: T::DTYPE };
        Err(Call::new("try_from").error(kind))
    }
}

/// As from the array itself, which is left to its owner.
impl<T: Element> TryFrom<&DynArray> for Array<T> {
    type Error = Error;

    #[track_caller]
    fn try_from(array: &DynArray) -> Result<Array<T>, Error> {
        Array::try_from(array.clone())
    }
}

/// Runs an expression with `T` as the element type of a [`DType`].
macro_rules! with_element {
    ($dtype:expr, $t:ident => $body:expr, else $other:expr) => {{
        use lazuli_core::{DType, bf16, f16};
        macro_rules! go {
            ($e:ty) => {{
                type $t = $e;
                $body
            }};
        }
        match $dtype {
            DType::Bool => go!(bool),
            DType::I32 => go!(i32),
            DType::I64 => go!(i64),
            DType::U8 => go!(u8),
            DType::U64 => go!(u64),
            DType::F16 => go!(f16),
            DType::BF16 => go!(bf16),
            DType::F32 => go!(f32),
            DType::F64 => go!(f64),
            // No element type has these yet, so no array has either.
            _ => $other,
        }
    }};
}
pub(crate) use with_element;
