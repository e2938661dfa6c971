//! Shapes and axes, and the many ways in which people write them.
//!
//! [`IntoDims`] takes arrays, slices, vectors and tuples of `usize`, `isize` and `i32` (literals
//! and computed sizes both work) and `()` for 0-d. [`Axes`] names axes: `..` for all, one number,
//! several; negative numbers count from the end; [`keep`] keeps reduced axes at length 1.

use crate::error::ErrorKind;
use smallvec::SmallVec;

/// Extents of an array, outermost first.
pub type Dims = SmallVec<[usize; 4]>;

/// Number of elements of a shape; `None` if more than an address space can hold.
///
/// Extents of 0 do not hide an overflow of the others: the byte size of every sub-shape must fit
/// `isize`, so that strides never overflow.
pub fn element_count(shape: &[usize]) -> Option<usize> {
    let mut count = 1usize;
    for &n in shape {
        if n != 0 {
            count = count.checked_mul(n).filter(|&c| c <= isize::MAX as usize / 16)?;
        }
    }
    Some(if shape.contains(&0) { 0 } else { count })
}

/// The shape that two shapes broadcast to, by NumPy's rule.
pub fn broadcast(left: &[usize], right: &[usize]) -> Option<Dims> {
    let ndim = left.len().max(right.len());
    let mut out = Dims::from_elem(1, ndim);
    for d in 0..ndim {
        let at = |s: &[usize]| if d + s.len() >= ndim { s[d + s.len() - ndim] } else { 1 };
        out[d] = match (at(left), at(right)) {
            (a, b) if a == b => a,
            (1, b) => b,
            (a, 1) => a,
            _ => return None,
        };
    }
    Some(out)
}

/// Something that can be read as a list of extents (or of axes, or of indices): see the module.
pub trait IntoDims {
    /// The numbers, as written; -1 may stand for an extent to be inferred.
    fn into_dims(self) -> SmallVec<[isize; 4]>;
}

/// An integer in which extents are written.
pub trait DimInt: Copy {
    /// As `isize`. Sizes beyond `isize::MAX` saturate, and fail later as too large.
    fn dim(self) -> isize;
}

impl DimInt for usize {
    fn dim(self) -> isize {
        isize::try_from(self).unwrap_or(isize::MAX)
    }
}
impl DimInt for isize {
    fn dim(self) -> isize {
        self
    }
}
impl DimInt for i32 {
    fn dim(self) -> isize {
        self as isize
    }
}

impl<T: DimInt, const N: usize> IntoDims for [T; N] {
    fn into_dims(self) -> SmallVec<[isize; 4]> {
        self.iter().map(|d| d.dim()).collect()
    }
}
impl<T: DimInt, const N: usize> IntoDims for &[T; N] {
    fn into_dims(self) -> SmallVec<[isize; 4]> {
        self.iter().map(|d| d.dim()).collect()
    }
}
impl<T: DimInt> IntoDims for &[T] {
    fn into_dims(self) -> SmallVec<[isize; 4]> {
        self.iter().map(|d| d.dim()).collect()
    }
}
impl<T: DimInt> IntoDims for Vec<T> {
    fn into_dims(self) -> SmallVec<[isize; 4]> {
        self.iter().map(|d| d.dim()).collect()
    }
}
impl<T: DimInt> IntoDims for &Vec<T> {
    fn into_dims(self) -> SmallVec<[isize; 4]> {
        self.iter().map(|d| d.dim()).collect()
    }
}
impl IntoDims for Dims {
    fn into_dims(self) -> SmallVec<[isize; 4]> {
        self.iter().map(|d| d.dim()).collect()
    }
}
impl IntoDims for () {
    fn into_dims(self) -> SmallVec<[isize; 4]> {
        SmallVec::new()
    }
}
macro_rules! numbers {
    ($($t:ty)*) => {$(
        impl IntoDims for $t {
            fn into_dims(self) -> SmallVec<[isize; 4]> {
                SmallVec::from_slice(&[self.dim()])
            }
        }
    )*};
}
macro_rules! tuples {
    ($($name:ident)+) => {
        impl<$($name: DimInt),+> IntoDims for ($($name,)+) {
            #[allow(non_snake_case)]
            fn into_dims(self) -> SmallVec<[isize; 4]> {
                let ($($name,)+) = self;
                [$($name.dim()),+].into_iter().collect()
            }
        }
    };
}
numbers!(usize isize i32);
tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);

/// Extents as written, checked: none negative, the element count addressable.
pub fn checked_dims(dims: &[isize]) -> Result<Dims, ErrorKind> {
    let overflow = || ErrorKind::ShapeOverflow { shape: dims.to_vec() };
    if let Some(&bad) = dims.iter().find(|&&d| d < 0) {
        return Err(ErrorKind::InvalidArgument(format!("an extent of {bad} in shape {dims:?}")));
    }
    let shape: Dims = dims.iter().map(|&d| d as usize).collect();
    element_count(&shape).ok_or_else(overflow)?;
    Ok(shape)
}

/// A set of axes, and whether a reduction over them keeps them at length 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Axes {
    /// `None`: all.
    list: Option<SmallVec<[isize; 4]>>,
    /// Keep the reduced axes at length 1?
    pub keep: bool,
}

/// The same axes, kept at length 1 by the reduction: `x.sum(keep(-1))`.
pub fn keep(axes: impl Into<Axes>) -> Axes {
    Axes { keep: true, ..axes.into() }
}

impl Axes {
    /// The axes of an array of `ndim` dimensions, ascending, each once.
    pub fn resolve(&self, ndim: usize) -> Result<Dims, ErrorKind> {
        let Some(list) = &self.list else { return Ok((0..ndim).collect()) };
        let mut out = Dims::new();
        for &axis in list {
            let d = resolve_axis(axis, ndim)?;
            if out.contains(&d) {
                return Err(ErrorKind::AxisTwice { axis });
            }
            out.push(d);
        }
        out.sort_unstable();
        Ok(out)
    }
}

/// One axis, counted from the end if negative.
pub fn resolve_axis(axis: isize, ndim: usize) -> Result<usize, ErrorKind> {
    let d = if axis < 0 { axis + ndim as isize } else { axis };
    if d < 0 || d >= ndim as isize {
        return Err(ErrorKind::AxisOutOfRange { axis, ndim });
    }
    Ok(d as usize)
}

impl From<std::ops::RangeFull> for Axes {
    fn from(_: std::ops::RangeFull) -> Axes {
        Axes { list: None, keep: false }
    }
}
impl<T: IntoDims> From<T> for Axes {
    fn from(axes: T) -> Axes {
        Axes { list: Some(axes.into_dims()), keep: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_broadcasts() {
        assert_eq!(element_count(&[]), Some(1));
        assert_eq!(element_count(&[3, 0]), Some(0));
        assert_eq!(element_count(&[usize::MAX, 2]), None);
        assert_eq!(broadcast(&[3, 1], &[4]).unwrap().as_slice(), [3, 4]);
        assert_eq!(broadcast(&[3], &[4]), None);
        assert_eq!(broadcast(&[0], &[1]).unwrap().as_slice(), [0]);
    }

    #[test]
    fn axes_as_people_write_them() {
        assert_eq!(Axes::from(..).resolve(2).unwrap().as_slice(), [0, 1]);
        assert_eq!(Axes::from(-1).resolve(2).unwrap().as_slice(), [1]);
        assert_eq!(Axes::from([2usize, 0]).resolve(3).unwrap().as_slice(), [0, 2]);
        assert!(keep((0, -1)).keep);
        assert!(matches!(Axes::from([0, -2]).resolve(2), Err(ErrorKind::AxisTwice { axis: -2 })));
        assert!(matches!(Axes::from(2).resolve(2), Err(ErrorKind::AxisOutOfRange { .. })));
        assert_eq!((2usize, -1).into_dims().as_slice(), [2, -1]);
    }
}
