//! Where intermediate values lie in the arena: first fit over lifetimes, in 64-byte steps.
//!
//! Values are placed in the order in which they come to life, so at any time only those still
//! alive matter, and all other ranges are *gaps*. A value goes into the first gap that is long
//! enough. Gaps are filed by the power of two in their length: those of a higher one all fit, and
//! of those of the same one (which may be too short) only the first few are tried. So ten
//! thousand values are placed as quickly as their number says.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// An intermediate value.
pub(crate) struct Temporary {
    /// Its size.
    pub bytes: usize,
    /// The first launch that touches it. Ascending from value to value.
    pub first: usize,
    /// The last launch that does.
    pub last: usize,
}

/// Gaps of the size class of a value that are tried for it.
const TRIED: usize = 64;

/// Positions of all values, and the bytes that they need together.
pub(crate) fn place(temporaries: &[Temporary]) -> (Vec<usize>, usize) {
    let mut space = Space::default();
    let mut arena = 0;
    let mut alive: BinaryHeap<Reverse<(usize, usize, usize)>> = BinaryHeap::new();
    let place = |t: &Temporary| {
        while let Some(&Reverse((last, at, size))) = alive.peek()
            && last < t.first
        {
            alive.pop();
            space.free(at, size);
        }
        let size = t.bytes.next_multiple_of(64).max(64);
        let at = space.first_fit(size);
        alive.push(Reverse((t.last, at, size)));
        arena = arena.max(at + size);
        at
    };
    let placed = temporaries.iter().map(place).collect();
    (placed, arena)
}

/// Ranges in use lie below `end`; between them are gaps, no two of which touch.
#[derive(Default)]
struct Space {
    end: usize,
    /// Lengths by position.
    gaps: BTreeMap<usize, usize>,
    /// Positions by the power of two in the length.
    classes: BTreeMap<u32, BTreeSet<usize>>,
}

impl Space {
    fn first_fit(&mut self, size: usize) -> usize {
        let class = size.ilog2();
        let same = self.classes.get(&class).into_iter().flatten().take(TRIED);
        let same = same.filter(|at| self.gaps[at] >= size);
        let longer = self.classes.range(class + 1..).filter_map(|(_, gaps)| gaps.first());
        let Some(&at) = same.chain(longer).min() else {
            self.end += size;
            return self.end - size;
        };
        let length = self.remove(at);
        if length > size {
            self.insert(at + size, length - size);
        }
        at
    }

    fn free(&mut self, mut at: usize, mut length: usize) {
        let before = self.gaps.range(..at).next_back().map(|(&start, &n)| (start, n));
        if let Some((start, n)) = before.filter(|(start, n)| start + n == at) {
            self.remove(start);
            (at, length) = (start, length + n);
        }
        if self.gaps.contains_key(&(at + length)) {
            length += self.remove(at + length);
        }
        if at + length == self.end { self.end = at } else { self.insert(at, length) }
    }

    fn insert(&mut self, at: usize, length: usize) {
        self.gaps.insert(at, length);
        self.classes.entry(length.ilog2()).or_default().insert(at);
    }

    fn remove(&mut self, at: usize) -> usize {
        let length = self.gaps.remove(&at).expect("a gap starts here");
        self.classes.entry(length.ilog2()).or_default().remove(&at);
        length
    }
}
