//! From and to `ndarray`.

use crate::create::leaf;
use crate::record::Call;
use crate::{Array, Element};
use lazuli_core::{Error, ErrorKind};
use ndarray::{ArrayBase, ArrayD, Data, Dimension, IxDyn};

impl<T: Element> Array<T> {
    /// The array as an `ndarray` of run-time rank. Evaluates, and copies.
    ///
    /// Errors: as [`to_vec`](Array::to_vec).
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let a: ndarray::ArrayD<f64> = Array::linspace(0.0, 1.0, 3).to_ndarray()?;
    /// assert_eq!(a[[1]], 0.5);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn to_ndarray(&self) -> Result<ArrayD<T>, Error> {
        let data = crate::read::to_vec(self.node(), "to_ndarray")?;
        ArrayD::from_shape_vec(IxDyn(self.shape()), data)
            .map_err(|e| Call::new("to_ndarray").error(ErrorKind::InvalidArgument(e.to_string())))
    }
}

/// Takes the memory of an owned array in standard (row-major) layout without a copy.
impl<T: Element, D: Dimension> From<ndarray::Array<T, D>> for Array<T> {
    #[track_caller]
    fn from(array: ndarray::Array<T, D>) -> Array<T> {
        let shape = array.shape().to_vec();
        if !array.is_standard_layout() {
            return Array::from(&array);
        }
        let count = array.len();
        let (mut data, offset) = array.into_raw_vec_and_offset();
        data.truncate(offset.unwrap_or(0) + count);
        data.drain(..offset.unwrap_or(0));
        Array::of(leaf(Call::new("from_ndarray"), &shape, data))
    }
}

/// Copies the elements of any `ndarray` array or view.
impl<T: Element, S: Data<Elem = T>, D: Dimension> From<&ArrayBase<S, D>> for Array<T> {
    #[track_caller]
    fn from(array: &ArrayBase<S, D>) -> Array<T> {
        Array::of(leaf(Call::new("from_ndarray"), array.shape(), array.iter().copied().collect()))
    }
}

impl<T: Element> From<Vec<T>> for Array<T> {
    #[track_caller]
    fn from(data: Vec<T>) -> Array<T> {
        Array::from_vec(data)
    }
}

impl<T: Element, const N: usize> From<[T; N]> for Array<T> {
    #[track_caller]
    fn from(data: [T; N]) -> Array<T> {
        Array::from_vec(data.to_vec())
    }
}

/// Evaluates and copies, as [`Array::to_ndarray`].
impl<T: Element> TryFrom<&Array<T>> for ArrayD<T> {
    type Error = Error;

    #[track_caller]
    fn try_from(array: &Array<T>) -> Result<ArrayD<T>, Error> {
        array.to_ndarray()
    }
}
