//! Where the elements of an array stand in its buffer.
//!
//! A [`Layout`] maps an index to `offset + sum(index[d] * stride[d])`, in elements. Invariants:
//! `shape` and `strides` have the same length; every index within `shape` maps inside the buffer
//! it was made for (views only ever shrink that set); a stride may be 0 (broadcast) or negative
//! (flip). Views are arithmetic on layouts: nothing is copied.

use crate::op::View;
use crate::shape::{Dims, element_count};
use smallvec::SmallVec;

/// Strides, in elements.
pub type Strides = SmallVec<[isize; 4]>;

/// Shape, strides and offset of an array within a buffer.
#[derive(PartialEq, Eq, Hash, Debug)]
pub struct Layout {
    /// Extents.
    pub shape: Dims,
    /// Steps between neighbours, in elements.
    pub strides: Strides,
    /// Position of the first element, in elements.
    pub offset: isize,
}

/// Layouts are copied in every evaluation: by slices, which are copied whole.
impl Clone for Layout {
    #[inline]
    fn clone(&self) -> Layout {
        let (shape, strides) = (Dims::from_slice(&self.shape), Strides::from_slice(&self.strides));
        Layout { shape, strides, offset: self.offset }
    }
}

impl Layout {
    /// Row-major elements from the start of a buffer.
    pub fn contiguous(shape: &[usize]) -> Layout {
        Layout { shape: Dims::from_slice(shape), strides: row_major(shape), offset: 0 }
    }

    /// Are the elements row-major without gaps? (Axes of length 1 do not matter.)
    pub fn is_contiguous(&self) -> bool {
        let mut expect = 1isize;
        for (&n, &s) in self.shape.iter().zip(&self.strides).rev() {
            if n == 1 {
                continue;
            }
            if s != expect {
                return false;
            }
            expect *= n as isize;
        }
        true
    }

    /// The layout after a view, whose resulting shape is `shape`; `None` where it cannot be expressed
    /// by strides: of a reshape that would have to pack the elements first, and of a window.
    pub fn view(&self, view: &View, shape: &[usize]) -> Option<Layout> {
        let mut out = Layout { shape: Dims::from_slice(shape), strides: Strides::new(), offset: self.offset };
        match view {
            View::Permute(axes) => out.strides.extend(axes.iter().map(|&a| self.strides[a])),
            View::Broadcast => {
                let lead = shape.len() - self.shape.len();
                for (d, &n) in shape.iter().enumerate() {
                    let stretched = d < lead || (self.shape[d - lead] == 1 && n != 1);
                    out.strides.push(if stretched { 0 } else { self.strides[d - lead] });
                }
            }
            View::Slice(parts) => {
                for (d, p) in parts.iter().enumerate() {
                    out.offset += p.start as isize * self.strides[d];
                    out.strides.push(p.step * self.strides[d]);
                }
            }
            View::Reshape => return self.reshape(shape),
            View::Window(_) => return None,
        }
        Some(out)
    }

    fn reshape(&self, shape: &[usize]) -> Option<Layout> {
        if element_count(shape) == Some(0) || self.is_contiguous() {
            return Some(Layout { offset: self.offset, ..Layout::contiguous(shape) });
        }
        // Walk both shapes from the front in groups of equal products; a group of old axes can
        // be cut anew if its axes follow each other in memory.
        let old: Vec<(usize, isize)> =
            self.shape.iter().zip(&self.strides).filter(|&(&n, _)| n != 1).map(|(&n, &s)| (n, s)).collect();
        let mut strides = Strides::from_elem(0, shape.len());
        let (mut i, mut j) = (0, 0);
        while i < old.len() {
            let (i0, j0) = (i, j);
            let (mut a, mut b) = (old[i].0, 1);
            i += 1;
            while a != b {
                if a < b {
                    a *= old[i].0;
                    i += 1;
                } else {
                    b *= shape[j];
                    j += 1;
                }
            }
            if old[i0..i].windows(2).any(|w| w[0].1 != w[1].1 * w[1].0 as isize) {
                return None;
            }
            let mut step = old[i - 1].1;
            for d in (j0..j).rev() {
                strides[d] = step;
                step *= shape[d] as isize;
            }
        }
        Some(Layout { shape: Dims::from_slice(shape), strides, offset: self.offset })
    }

    /// The lowest and highest element position that the layout touches (inclusive), or `None`
    /// for an empty array.
    pub fn range(&self) -> Option<(isize, isize)> {
        let (mut low, mut high) = (self.offset, self.offset);
        for (&n, &s) in self.shape.iter().zip(&self.strides) {
            if n == 0 {
                return None;
            }
            let reach = (n as isize - 1) * s;
            if reach < 0 { low += reach } else { high += reach }
        }
        Some((low, high))
    }
}

/// Row-major strides of a shape.
pub fn row_major(shape: &[usize]) -> Strides {
    let mut strides = Strides::from_elem(1, shape.len());
    for d in (0..shape.len().saturating_sub(1)).rev() {
        strides[d] = strides[d + 1].saturating_mul(shape[d + 1].max(1) as isize);
    }
    strides
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::SlicePart;

    #[test]
    fn views_are_arithmetic() {
        let l = Layout::contiguous(&[2, 3, 4]);
        let t = l.view(&View::Permute([2, 0, 1].as_slice().into()), &[4, 2, 3]).unwrap();
        assert_eq!(t.strides.as_slice(), [1, 12, 4]);
        assert!(t.view(&View::Reshape, &[24]).is_none());
        assert_eq!(t.view(&View::Reshape, &[4, 6]).unwrap().strides.as_slice(), [1, 4]);
        assert_eq!(t.view(&View::Reshape, &[2, 2, 1, 6]).unwrap().strides.as_slice(), [2, 1, 24, 4]);
        let s = l
            .view(
                &View::Slice(Box::new([
                    SlicePart { start: 1, step: -1 },
                    SlicePart { start: 0, step: 1 },
                    SlicePart { start: 1, step: 2 },
                ])),
                &[2, 3, 2],
            )
            .unwrap();
        assert_eq!((s.offset, s.strides.as_slice()), (13, [-12, 4, 2].as_slice()));
        assert_eq!(s.range(), Some((1, 23)));
        let b = Layout::contiguous(&[3, 1]).view(&View::Broadcast, &[2, 3, 5]).unwrap();
        assert_eq!(b.strides.as_slice(), [0, 1, 0]);
    }

    #[test]
    fn reshape_of_ones_and_empties() {
        let l = Layout::contiguous(&[1, 5, 1]);
        assert_eq!(l.view(&View::Reshape, &[5]).unwrap().strides.as_slice(), [1]);
        let e = Layout::contiguous(&[0, 4]);
        assert_eq!(e.view(&View::Reshape, &[2, 0]).unwrap().shape.as_slice(), [2, 0]);
    }
}
