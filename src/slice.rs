//! `x.slice(s![.., 1..-1;2])`: sub-arrays, written with ndarray's `s!`.
//!
//! What the macro's parts mean is ndarray's: a range (negative ends count from the end), with a
//! step if one follows after `;` (a negative step walks the same range backwards), a number
//! (picks one index; the axis disappears), or `NewAxis`. Where ndarray would panic, the array is
//! poisoned. Axes that are not mentioned are taken whole.

use crate::record::Call;
use crate::views::resolve_index;
use crate::{Array, Element};
use lazuli_core::op::SlicePart;
use lazuli_core::shape::Dims;
use lazuli_core::{ErrorKind, NodeRef};
use ndarray::SliceInfoElem;
use smallvec::SmallVec;

impl<T: Element> Array<T> {
    /// A sub-array, as a view: `x.slice(s![.., 1..-1;2])` with ndarray's `s!`.
    ///
    /// Each part is a range (negative ends count from the end; after `;` a step, which walks the
    /// range backwards if negative), an index (the axis disappears), or `NewAxis`. Axes that are
    /// not mentioned are taken whole.
    ///
    /// Errors: an index or an end out of range; more parts than axes; a step of 0.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::arange(0, 12, 1).reshape([3, 4]);
    /// assert_eq!(x.slice(s![1, ..]).to_vec()?, [4, 5, 6, 7]);
    /// assert_eq!(x.slice(s![..;-2, 1..-1]).to_vec()?, [9, 10, 1, 2]);
    /// assert_eq!(x.slice(s![7, ..]).error().unwrap().to_string().split(" (").next(),
    ///     Some("slice: index 7 is out of range for axis 0 of length 3"));
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn slice(&self, parts: impl AsRef<[SliceInfoElem]>) -> Array<T> {
        let call = Call::new("slice");
        self.view(call, |x| sliced(call, x, parts.as_ref()))
    }
}

fn sliced(call: Call, x: &NodeRef, parts: &[SliceInfoElem]) -> Result<NodeRef, ErrorKind> {
    let shape = x.shape();
    let given = parts.iter().filter(|p| !p.is_new_axis()).count();
    if given > shape.len() {
        return Err(ErrorKind::AxisCount { expected: shape.len(), got: given });
    }
    let mut cut: SmallVec<[SlicePart; 4]> = SmallVec::new();
    // The shape of the slice, which still has every axis, and that of the result.
    let (mut lengths, mut result) = (Dims::new(), Dims::new());
    for part in parts {
        let axis = cut.len();
        match *part {
            SliceInfoElem::NewAxis => result.push(1),
            SliceInfoElem::Index(index) => {
                cut.push(SlicePart { start: resolve_index(index, axis, shape[axis])?, step: 1 });
                lengths.push(1);
            }
            SliceInfoElem::Slice { start, end, step } => {
                let (part, n) = range(start, end, step, axis, shape[axis])?;
                cut.push(part);
                lengths.push(n);
                result.push(n);
            }
        }
    }
    for &n in &shape[cut.len()..] {
        cut.push(SlicePart { start: 0, step: 1 });
        lengths.push(n);
        result.push(n);
    }
    Ok(call.reshape(call.slice(x.clone(), cut, lengths), result))
}

/// A range of an axis of length `len`: where it starts, how it steps, how long it is.
fn range(
    start: isize,
    end: Option<isize>,
    step: isize,
    axis: usize,
    len: usize,
) -> Result<(SlicePart, usize), ErrorKind> {
    if step == 0 {
        return Err(ErrorKind::InvalidArgument(format!("a step of 0 along axis {axis}")));
    }
    let resolve = |end: isize| {
        let i = if end < 0 { end.saturating_add(len as isize) } else { end };
        match usize::try_from(i) {
            Ok(i) if i <= len => Ok(i),
            _ => Err(ErrorKind::IndexOutOfRange { index: end, axis, len }),
        }
    };
    let start = resolve(start)?;
    let end = end.map_or(Ok(len), resolve)?;
    if end <= start {
        return Ok((SlicePart { start: 0, step: 1 }, 0));
    }
    let n = (end - start).div_ceil(step.unsigned_abs());
    // A single element needs no step, which might be too large for a stride.
    let first = if step < 0 { end - 1 } else { start };
    Ok((SlicePart { start: first, step: if n == 1 { 1 } else { step } }, n))
}
