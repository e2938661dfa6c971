//! Views: the same elements in another arrangement. Nothing is copied, and views fuse into
//! whatever reads them.

use crate::nodes::overflow;
use crate::record::Call;
use crate::{Array, Axes, Element, IntoDims};
use lazuli_core::op::SlicePart;
use lazuli_core::shape::{self, DimInt, Dims, checked_dims, resolve_axis};
use lazuli_core::{Edge, ErrorKind, NodeRef, WindowPart};
use smallvec::SmallVec;

/// # Views
///
/// Arguments out of range, and shapes that do not fit, give a poisoned array that says so.
impl<T: Element> Array<T> {
    /// A view recorded by `f`, if the array is healthy.
    pub(crate) fn view(
        &self,
        call: Call,
        f: impl FnOnce(&NodeRef) -> Result<NodeRef, ErrorKind>,
    ) -> Array<T> {
        Array::of(call.guard(T::DTYPE, &[self.node()], || f(self.node())))
    }

    /// The same elements, in row-major order, in another shape. One extent may be -1: it is
    /// inferred.
    ///
    /// Errors: another number of elements; more than one -1.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::arange(0, 6, 1);
    /// assert_eq!(x.reshape((2, -1)).shape(), [2, 3]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn reshape(&self, shape: impl IntoDims) -> Array<T> {
        let (call, dims) = (Call::new("reshape"), shape.into_dims());
        self.view(call, |x| Ok(call.reshape(x.clone(), infer(&dims, x)?)))
    }

    /// The transpose: all axes in opposite order.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::arange(0, 6, 1).reshape([2, 3]);
    /// assert_eq!(x.t().shape(), [3, 2]);
    /// assert_eq!(x.t().to_vec()?, [0, 3, 1, 4, 2, 5]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn t(&self) -> Array<T> {
        let call = Call::new("t");
        self.view(call, |x| Ok(call.permute(x.clone(), (0..x.shape().len()).rev().collect())))
    }

    /// The axes in another order: axis `d` of the result is axis `axes[d]` of the array.
    ///
    /// Errors: not each axis named exactly once.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::<f32>::zeros([2, 3, 4]);
    /// assert_eq!(x.permute([2, 0, 1]).shape(), [4, 2, 3]);
    /// ```
    #[track_caller]
    pub fn permute(&self, axes: impl IntoDims) -> Array<T> {
        let (call, axes) = (Call::new("permute"), axes.into_dims());
        self.view(call, |x| {
            let ndim = x.shape().len();
            let order = distinct(&axes, ndim)?;
            if order.len() != ndim {
                return Err(ErrorKind::AxisCount { expected: ndim, got: order.len() });
            }
            Ok(call.permute(x.clone(), order))
        })
    }

    /// The array with two axes exchanged.
    ///
    /// Errors: an axis out of range.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::<f32>::zeros([2, 3, 4]);
    /// assert_eq!(x.swap_axes(0, -1).shape(), [4, 3, 2]);
    /// ```
    #[track_caller]
    pub fn swap_axes(&self, a: impl DimInt, b: impl DimInt) -> Array<T> {
        let call = Call::new("swap_axes");
        self.view(call, |x| {
            let ndim = x.shape().len();
            let mut order: Dims = (0..ndim).collect();
            order.swap(resolve_axis(a.dim(), ndim)?, resolve_axis(b.dim(), ndim)?);
            Ok(call.permute(x.clone(), order))
        })
    }

    /// The array stretched to `shape`, as NumPy broadcasts: axes of length 1 are repeated, axes
    /// in front are added.
    ///
    /// Errors: an extent that is neither 1 nor that of `shape`; too many elements.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![1, 2]);
    /// assert_eq!(x.broadcast_to([3, 2]).to_vec()?, [1, 2, 1, 2, 1, 2]);
    /// assert!(x.broadcast_to([3]).error().is_some());
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn broadcast_to(&self, shape: impl IntoDims) -> Array<T> {
        let (call, dims) = (Call::new("broadcast_to"), shape.into_dims());
        self.view(call, |x| {
            let to = checked_dims(&dims)?;
            match shape::broadcast(x.shape(), &to) {
                Some(both) if both == to => Ok(call.broadcast(x.clone(), &to)),
                _ => Err(ErrorKind::Broadcast { from: x.shape().clone(), to }),
            }
        })
    }

    /// The array with axes of length 1 inserted, at these positions of the result.
    ///
    /// Errors: a position out of range, or named twice.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::<f32>::zeros([3]);
    /// assert_eq!(x.expand_dims(-1).shape(), [3, 1]);
    /// assert_eq!(x.expand_dims([0, 2]).shape(), [1, 3, 1]);
    /// ```
    #[track_caller]
    pub fn expand_dims(&self, axes: impl IntoDims) -> Array<T> {
        let (call, axes) = (Call::new("expand_dims"), axes.into_dims());
        self.view(call, |x| {
            let mut at = distinct(&axes, x.shape().len() + axes.len())?;
            at.sort_unstable();
            Ok(call.insert_axes(x.clone(), &at))
        })
    }

    /// The array without these axes, which have length 1; `..` drops all that have.
    ///
    /// Errors: an axis of another length, out of range, or named twice.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::<f32>::zeros([1, 3, 1]);
    /// assert_eq!(x.squeeze(..).shape(), [3]);
    /// assert_eq!(x.squeeze(-1).shape(), [1, 3]);
    /// ```
    #[track_caller]
    pub fn squeeze(&self, axes: impl Into<Axes>) -> Array<T> {
        let (call, axes) = (Call::new("squeeze"), axes.into());
        self.view(call, |x| {
            let old = x.shape();
            let mut drop = axes.resolve(old.len())?;
            if axes == Axes::from(..) {
                drop.retain(|d| old[*d] == 1);
            }
            if let Some(&axis) = drop.iter().find(|&&d| old[d] != 1) {
                return Err(ErrorKind::Squeeze { shape: old.clone(), axis, size: old[axis] });
            }
            let left = old.iter().enumerate().filter(|(d, _)| !drop.contains(d)).map(|(_, &n)| n);
            Ok(call.reshape(x.clone(), left.collect()))
        })
    }

    /// The array with the order of elements reversed along these axes.
    ///
    /// Errors: an axis out of range, or named twice.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::arange(0, 6, 1).reshape([2, 3]);
    /// assert_eq!(x.flip(1).to_vec()?, [2, 1, 0, 5, 4, 3]);
    /// assert_eq!(x.flip(..).to_vec()?, [5, 4, 3, 2, 1, 0]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn flip(&self, axes: impl Into<Axes>) -> Array<T> {
        let (call, axes) = (Call::new("flip"), axes.into());
        self.view(call, |x| {
            let axes = axes.resolve(x.shape().len())?;
            let flip = |(d, &n): (usize, &usize)| match axes.contains(&d) && n > 0 {
                true => SlicePart { start: n - 1, step: -1 },
                false => SlicePart { start: 0, step: 1 },
            };
            let parts = x.shape().iter().enumerate().map(flip).collect();
            Ok(call.slice(x.clone(), parts, x.shape().clone()))
        })
    }

    /// The elements moved along an axis by `shift` places, as NumPy's `roll`: those that leave it at one end come in at
    /// the other.
    ///
    /// Errors: an axis out of range.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::arange(0, 5, 1);
    /// assert_eq!(x.roll(2, 0).to_vec()?, [3, 4, 0, 1, 2]);
    /// assert_eq!(x.roll(-1, 0).to_vec()?, [1, 2, 3, 4, 0]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn roll(&self, shift: impl DimInt, axis: impl DimInt) -> Array<T> {
        let call = Call::new("roll");
        self.view(call, |x| {
            let axis = resolve_axis(axis.dim(), x.shape().len())?;
            let back = match x.shape()[axis] {
                0 => 0,
                n => -shift.dim().rem_euclid(n as isize),
            };
            let part = |d| WindowPart { shift: if d == axis { back } else { 0 }, edge: Edge::Wrap };
            Ok(call.window(x.clone(), (0..x.shape().len()).map(part)))
        })
    }

    /// The elements at one index of an axis, which disappears. Negative indices count from the
    /// end.
    ///
    /// Errors: axis or index out of range.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::arange(0, 6, 1).reshape([2, 3]);
    /// assert_eq!(x.index_axis(0, 1).to_vec()?, [3, 4, 5]);
    /// assert_eq!(x.index_axis(1, -1).to_vec()?, [2, 5]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn index_axis(&self, axis: impl DimInt, index: impl DimInt) -> Array<T> {
        let call = Call::new("index_axis");
        self.view(call, |x| {
            let axis = resolve_axis(axis.dim(), x.shape().len())?;
            let len = x.shape()[axis];
            let start = resolve_index(index.dim(), axis, len)?;
            let mut parts: SmallVec<[SlicePart; 4]> =
                x.shape().iter().map(|_| SlicePart { start: 0, step: 1 }).collect();
            parts[axis].start = start;
            let mut shape = x.shape().clone();
            shape[axis] = 1;
            let one = call.slice(x.clone(), parts, shape.clone());
            shape.remove(axis);
            Ok(call.reshape(one, shape))
        })
    }
}

/// An index of an axis, counted from the end if negative.
pub(crate) fn resolve_index(index: isize, axis: usize, len: usize) -> Result<usize, ErrorKind> {
    let i = if index < 0 { index.saturating_add(len as isize) } else { index };
    if i < 0 || i >= len as isize {
        return Err(ErrorKind::IndexOutOfRange { index, axis, len });
    }
    Ok(i as usize)
}

/// Axes of an array of `ndim` dimensions, in the order given, none twice.
fn distinct(axes: &[isize], ndim: usize) -> Result<Dims, ErrorKind> {
    let mut out = Dims::new();
    for &axis in axes {
        let d = resolve_axis(axis, ndim)?;
        if out.contains(&d) {
            return Err(ErrorKind::AxisTwice { axis });
        }
        out.push(d);
    }
    Ok(out)
}

/// The shape that `x` takes, with one -1 inferred.
fn infer(dims: &[isize], x: &NodeRef) -> Result<Dims, ErrorKind> {
    let count = x.len();
    let misfit = || ErrorKind::Reshape { from: x.shape().clone(), count, to: dims.to_vec() };
    let mut open = dims.iter().enumerate().filter(|&(_, &n)| n == -1).map(|(d, _)| d);
    let (unknown, more) = (open.next(), open.next());
    if more.is_some() || dims.iter().any(|&n| n < -1) {
        return Err(misfit());
    }
    let mut shape: Dims = dims.iter().map(|&n| n.max(0) as usize).collect();
    if let Some(d) = unknown {
        shape[d] = 1;
        let known = shape::element_count(&shape).ok_or_else(|| overflow(&shape))?;
        if known == 0 || !count.is_multiple_of(known) {
            return Err(misfit());
        }
        shape[d] = count / known;
    }
    match shape::element_count(&shape) {
        Some(n) if n == count => Ok(shape),
        Some(_) => Err(misfit()),
        None => Err(overflow(&shape)),
    }
}
