//! How a launch is cut into tiles.
//!
//! A tile has one of two widths of points, so that the registers in use fit the first-level
//! cache. What a tile covers depends on the direction of lanes:
//!
//! * `Map`: a rectangle of the last axis (lanes) and the other axes (outer);
//! * `Rows`: a band of whole rows, if they are short; else up to `points` elements of one row;
//! * `Columns`: a band of rows (lanes), times some partials of a chunk (outer).
//!
//! A kernel whose rows fit a tile whole is *resident*: what one sweep has computed is still there
//! for the next.

use super::blocks::BLOCK;
use super::fold::{CHUNK, PARTIALS};
use super::places::Grid;
use lazuli_fusion::{Bound, Mode};

/// Points of a tile whose widest register type has up to four bytes.
const POINTS_NARROW: usize = 2048;
/// Points of a tile with eight-byte registers.
const POINTS_WIDE: usize = 1024;
/// Lanes of a tile that transposes.
const SQUARE: usize = 64;

/// The largest number up to `n` of lists of `width` elements that fill whole blocks (registers may
/// then stand in the arrays themselves), if there is one.
fn whole_blocks(n: usize, width: usize) -> usize {
    let unit = BLOCK >> width.trailing_zeros().min(BLOCK.ilog2());
    if n >= unit { n - n % unit } else { n }
}

/// The cut of a launch.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// Direction of lanes.
    pub mode: Mode,
    /// Axes that outer positions run over.
    pub outer: Grid,
    /// Axes that lanes run over.
    pub lanes: Grid,
    /// Number of reduced elements of a row.
    pub inner: usize,
    /// Most points of a tile.
    pub points: usize,
    /// Most lanes of a tile.
    pub width: usize,
    /// Rows of a band (`Rows`, `Columns`) or most outer positions of a tile (`Map`).
    pub band: usize,
    /// Most partials of a tile (`Columns`).
    pub group: usize,
    /// Do the elements of a row fit one tile?
    pub resident: bool,
}

impl Shape {
    /// Cuts a launch.
    pub fn of(bound: &Bound) -> Shape {
        let wide = bound.kernel.body.iter().any(|d| d.ty.size() == 8);
        let cap = if wide { POINTS_WIDE } else { POINTS_NARROW };
        let rank = bound.rows.len();
        let rows = |from: usize, to: usize| {
            Grid::new(&bound.rows[from..to], bound.accesses.iter().map(|a| &a.rows[from..to]))
        };
        let inner_grid = || Grid::new(&bound.inner, bound.accesses.iter().map(|a| a.inner.as_slice()));
        let (inner, count) = (bound.inner_count(), bound.row_count());
        let mut shape = match bound.mode {
            Mode::Map => {
                let (outer, lanes) = (rows(0, rank - 1), rows(rank - 1, rank));
                let extent = lanes.count();
                // An array that goes the other way is read in squares.
                let crosses = bound.accesses.iter().any(|a| {
                    a.rows[rank - 1].unsigned_abs() > 1
                        && a.rows[..rank - 1].iter().zip(&bound.rows).any(|(&s, &n)| s.abs() == 1 && n > 1)
                });
                let width = if crosses { extent.min(SQUARE) } else { extent.min(cap) };
                let band = whole_blocks(cap / width, width).clamp(1, outer.count().max(1));
                Shape { outer, lanes, width, band, ..Shape::empty(bound.mode) }
            }
            Mode::Rows => {
                let resident = inner <= cap && !bound.split;
                let width = inner.clamp(1, cap);
                let band = if resident { whole_blocks(cap / width, width) } else { 1 };
                let band = band.clamp(1, count.max(1));
                let (outer, lanes) = (rows(0, rank), inner_grid());
                Shape { outer, lanes, width, band, resident, ..Shape::empty(bound.mode) }
            }
            Mode::Columns => {
                let elements = inner.div_ceil(PARTIALS).clamp(1, CHUNK / PARTIALS);
                let short = if bound.stages.sweeps.len() > 1 { SQUARE } else { PARTIALS };
                let several = if inner <= short { inner.max(1) } else { elements };
                let band = (cap / several).min(count).max(1);
                let group = (cap / (band * elements)).clamp(1, PARTIALS);
                let resident = inner <= CHUNK && inner.min(PARTIALS) <= group;
                let (outer, lanes) = (inner_grid(), rows(0, rank));
                Shape { outer, lanes, width: band, band, group, resident, ..Shape::empty(bound.mode) }
            }
        };
        shape.inner = inner;
        shape.points = match bound.mode {
            Mode::Columns => {
                let elements = inner.div_ceil(PARTIALS).clamp(1, CHUNK / PARTIALS);
                // The pivot of a second moment looks at sixteen elements at once.
                shape.band * (shape.group * elements).max(super::fold::PIVOT).min(inner.max(1))
            }
            _ => shape.band * shape.width,
        };
        shape
    }

    fn empty(mode: Mode) -> Shape {
        let none = Grid::new(&[], std::iter::empty());
        Shape {
            mode,
            outer: none.clone(),
            lanes: none,
            inner: 0,
            points: 0,
            width: 1,
            band: 1,
            group: 1,
            resident: false,
        }
    }

    /// Are row values single numbers, the same for the whole tile?
    pub fn single(&self) -> bool {
        self.mode != Mode::Map && self.band == 1
    }
}
