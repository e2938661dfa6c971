//! Where the points of a tile are in memory.
//!
//! A tile is a product: a list of *outer* positions times a list of *lanes*, the fast direction
//! of its registers. Accesses are affine, so the element of outer position `o` and lane `l` stands
//! at `outer[o] + lane[l]`: two short lists for each access describe a whole tile. The lanes come
//! in runs of equal steps, since they go along one axis until that axis ends.

use smallvec::SmallVec;

/// Offsets of the outer positions of a tile, for each access, in elements.
#[derive(Default, Debug)]
pub(super) struct Outer {
    /// Number of positions.
    pub count: usize,
    /// Of access `a`: `at[a * count ..][.. count]`.
    at: Vec<isize>,
}

/// The lanes of a tile: runs along one axis.
#[derive(Default, Debug)]
pub(super) struct Lanes {
    /// Number of lanes.
    pub count: usize,
    /// Length of each run.
    pub lengths: Vec<usize>,
    /// Where the runs of access `a` begin: `starts[a * lengths.len() ..]`, in elements.
    starts: Vec<isize>,
    /// Step between the lanes of a run, for each access.
    steps: Vec<isize>,
}

/// One access's part of [`Outer`] and [`Lanes`].
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    /// Offsets of the outer positions.
    pub outer: &'a [isize],
    /// Offsets of the runs.
    pub starts: &'a [isize],
    /// Lengths of the runs.
    pub lengths: &'a [usize],
    /// Step within a run.
    pub step: isize,
    /// Number of lanes.
    pub lanes: usize,
}

/// Extents of some axes, and the step of each access along each of them.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    /// Extents, outermost first.
    pub extents: SmallVec<[usize; 4]>,
    /// Of access `a`: `steps[a * extents.len() ..][.. extents.len()]`, in elements.
    pub steps: Vec<isize>,
    /// Number of accesses.
    pub accesses: usize,
}

impl Grid {
    /// The grid of these axes.
    pub fn new<'a>(extents: &[usize], steps: impl Iterator<Item = &'a [isize]>) -> Grid {
        let mut grid = Grid { extents: extents.into(), steps: Vec::new(), accesses: 0 };
        for s in steps {
            debug_assert_eq!(s.len(), extents.len());
            grid.steps.extend_from_slice(s);
            grid.accesses += 1;
        }
        grid
    }

    /// Number of positions.
    pub fn count(&self) -> usize {
        self.extents.iter().product()
    }

    fn steps(&self, access: usize) -> &[isize] {
        let rank = self.extents.len();
        &self.steps[access * rank..][..rank]
    }

    /// The index of the linear position `at`.
    fn index(&self, mut at: usize) -> SmallVec<[usize; 4]> {
        let mut index = SmallVec::from_elem(0, self.extents.len());
        for d in (0..self.extents.len()).rev() {
            index[d] = at % self.extents[d];
            at /= self.extents[d];
        }
        index
    }

    fn offset(&self, access: usize, index: &[usize]) -> isize {
        self.steps(access).iter().zip(index).map(|(&s, &i)| s * i as isize).sum()
    }
}

impl Outer {
    /// The positions `begin .. begin + count` of a grid.
    pub fn range(&mut self, grid: &Grid, begin: usize, count: usize) {
        self.count = count;
        self.at.clear();
        let rank = grid.extents.len();
        let first = grid.index(begin);
        for a in 0..grid.accesses {
            let steps = grid.steps(a);
            let mut at = grid.offset(a, &first);
            if rank <= 1 {
                let step = steps.first().copied().unwrap_or(0);
                self.at.extend((0..count as isize).map(|i| at + i * step));
                continue;
            }
            let mut index = first.clone();
            for _ in 0..count {
                self.at.push(at);
                for d in (0..rank).rev() {
                    index[d] += 1;
                    at += steps[d];
                    if index[d] < grid.extents[d] {
                        break;
                    }
                    index[d] = 0;
                    at -= steps[d] * grid.extents[d] as isize;
                }
            }
        }
    }

    /// The listed positions of a grid.
    pub fn list(&mut self, grid: &Grid, positions: &[usize]) {
        self.count = positions.len();
        self.at.clear();
        for a in 0..grid.accesses {
            if let [step] = grid.steps(a) {
                self.at.extend(positions.iter().map(|&p| p as isize * step));
            } else {
                self.at.extend(positions.iter().map(|&p| grid.offset(a, &grid.index(p))));
            }
        }
    }

    /// One position, at offset 0 of every access.
    pub fn origin(&mut self, accesses: usize) {
        self.count = 1;
        self.at.clear();
        self.at.resize(accesses, 0);
    }
}

impl Lanes {
    /// The positions `begin .. begin + count` of a grid, in runs along its last axis.
    pub fn range(&mut self, grid: &Grid, begin: usize, count: usize) {
        self.count = count;
        self.lengths.clear();
        self.starts.clear();
        self.steps.clear();
        let rank = grid.extents.len();
        let last = grid.extents.last().copied().unwrap_or(1);
        let mut left = count;
        let mut length = left.min(last - begin % last.max(1));
        while left > 0 {
            self.lengths.push(length);
            left -= length;
            length = left.min(last);
        }
        let first = grid.index(begin);
        for a in 0..grid.accesses {
            let steps = grid.steps(a);
            self.steps.push(steps.last().copied().unwrap_or(0));
            let mut at = grid.offset(a, &first);
            let mut index = first.clone();
            for (r, _) in self.lengths.iter().enumerate() {
                if r > 0 {
                    // To the beginning of the next run.
                    at -= steps[rank - 1] * index[rank - 1] as isize;
                    index[rank - 1] = 0;
                    for d in (0..rank - 1).rev() {
                        index[d] += 1;
                        at += steps[d];
                        if index[d] < grid.extents[d] {
                            break;
                        }
                        index[d] = 0;
                        at -= steps[d] * grid.extents[d] as isize;
                    }
                }
                self.starts.push(at);
            }
        }
    }

    /// One lane, at offset 0 of every access.
    pub fn origin(&mut self, accesses: usize) {
        self.count = 1;
        self.lengths.clear();
        self.lengths.push(1);
        self.starts.clear();
        self.starts.resize(accesses, 0);
        self.steps.clear();
        self.steps.resize(accesses, 0);
    }
}

impl<'a> Places<'a> {
    /// The part of access `a`.
    pub fn of(outer: &'a Outer, lanes: &'a Lanes, a: usize) -> Places<'a> {
        let runs = lanes.lengths.len();
        Places {
            outer: &outer.at[a * outer.count..][..outer.count],
            starts: &lanes.starts[a * runs..][..runs],
            lengths: &lanes.lengths,
            step: lanes.steps[a],
            lanes: lanes.count,
        }
    }

    /// The offset of the first element, if all elements follow each other in memory.
    pub fn contiguous(&self) -> Option<isize> {
        let first = *self.outer.first()? + *self.starts.first()?;
        let one_run = self.lengths.len() == 1 && (self.step == 1 || self.lanes == 1);
        let follow = |w: &[isize]| w[1] - w[0] == self.lanes as isize;
        (one_run && self.outer.windows(2).all(follow)).then_some(first)
    }

    /// Number of elements.
    pub fn count(&self) -> usize {
        self.outer.len() * self.lanes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        // Two accesses over 2 x 3 x 4: row-major, and with axes swapped and one flipped.
        let (a, b): (&[isize], &[isize]) = (&[12, 4, 1], &[1, -2, 6]);
        Grid::new(&[2, 3, 4], [a, b].into_iter())
    }

    #[test]
    fn lists_and_ranges_agree() {
        let grid = grid();
        for begin in 0..24 {
            for count in 1..=24 - begin {
                let (mut outer, mut listed, mut lanes, mut one) =
                    (Outer::default(), Outer::default(), Lanes::default(), Outer::default());
                outer.range(&grid, begin, count);
                listed.list(&grid, &(begin..begin + count).collect::<Vec<_>>());
                lanes.range(&grid, begin, count);
                one.origin(2);
                for a in 0..2 {
                    let expect: Vec<isize> =
                        (begin..begin + count).map(|p| grid.offset(a, &grid.index(p))).collect();
                    let p = Places::of(&outer, &lanes, a);
                    assert_eq!(p.outer, expect);
                    assert_eq!(Places::of(&listed, &lanes, a).outer, expect);
                    let runs: Vec<isize> = p
                        .starts
                        .iter()
                        .zip(p.lengths)
                        .flat_map(|(&s, &n)| (0..n as isize).map(move |i| s + i * p.step))
                        .collect();
                    assert_eq!(runs, expect);
                }
            }
        }
    }
}
