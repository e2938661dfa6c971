//! Windows: an array seen from each of its places at a fixed distance, also across its edges.
//!
//! A window has the shape of its source. Along each axis its element `i` is that at position
//! `i + shift` of the source, and an [`Edge`] says which element stands in for a position that the axis does
//! not have. So the positions of an axis fall into runs along which the source is walked evenly
//! ([`WindowPart::run`]): inside of the array by one at a time, beyond its ends as the edge wants. Whoever
//! computes with windows cuts its space where runs end, and has slices of the source in each part.

/// Which element stands beyond the ends of an axis. Of `a b c d`:
///
/// | edge | beyond the start | | beyond the end |
/// |---|---|---|---|
/// | nearest | `a a a` | `a b c d` | `d d d` |
/// | reflect | `c b a` | `a b c d` | `d c b` |
/// | mirror | `d c b` | `a b c d` | `c b a` |
/// | wrap | `b c d` | `a b c d` | `a b c` |
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Edge {
    /// The element at the end.
    Nearest,
    /// The elements before the end in opposite order, that at the end again.
    Reflect,
    /// The same, but that at the end not again.
    Mirror,
    /// Those from the other end.
    Wrap,
}

/// One axis of a window.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct WindowPart {
    /// How far away its elements are in the source.
    pub shift: isize,
    /// What stands beyond the ends of the source.
    pub edge: Edge,
}

/// Positions of a window's axis along which its source is walked evenly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Run {
    /// Where the first is in the source.
    pub index: usize,
    /// From one to the next in the source: 1, 0 or -1.
    pub step: isize,
    /// How many, at least one; the axis may end before.
    pub length: usize,
}

impl WindowPart {
    /// The run that begins at position `i` of an axis of `n` (at least 1) elements.
    pub fn run(self, i: usize, n: usize) -> Run {
        let n = n as isize;
        let at = (i as isize).saturating_add(self.shift);
        let run = |index: isize, step: isize, length: isize| Run {
            index: index as usize,
            step,
            length: length as usize,
        };
        if (0..n).contains(&at) {
            return run(at, 1, n - at);
        }
        match self.edge {
            Edge::Nearest if at < 0 => run(0, 0, at.saturating_neg()),
            Edge::Nearest => run(n - 1, 0, isize::MAX),
            Edge::Wrap => {
                let at = at.rem_euclid(n);
                run(at, 1, n - at)
            }
            Edge::Reflect => match at.rem_euclid(2 * n) {
                at if at < n => run(at, 1, n - at),
                at => run(2 * n - 1 - at, -1, 2 * n - at),
            },
            Edge::Mirror if n == 1 => run(0, 0, isize::MAX),
            Edge::Mirror => match at.rem_euclid(2 * n - 2) {
                at if at < n - 1 => run(at, 1, n - 1 - at),
                at => run(2 * n - 2 - at, -1, 2 * n - 2 - at),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The window element by element, as runs give it.
    fn walk(edge: Edge, shift: isize, n: usize, count: usize) -> Vec<usize> {
        let part = WindowPart { shift, edge };
        let mut out = Vec::new();
        while out.len() < count {
            let run = part.run(out.len(), n);
            assert!(run.length > 0);
            for k in 0..run.length.min(count - out.len()) {
                out.push((run.index as isize + k as isize * run.step) as usize);
            }
        }
        out
    }

    #[test]
    fn edges_are_those_of_the_table() {
        let seen = |edge| walk(edge, -3, 4, 10);
        assert_eq!(seen(Edge::Nearest), [0, 0, 0, 0, 1, 2, 3, 3, 3, 3]);
        assert_eq!(seen(Edge::Reflect), [2, 1, 0, 0, 1, 2, 3, 3, 2, 1]);
        assert_eq!(seen(Edge::Mirror), [3, 2, 1, 0, 1, 2, 3, 2, 1, 0]);
        assert_eq!(seen(Edge::Wrap), [1, 2, 3, 0, 1, 2, 3, 0, 1, 2]);
    }

    #[test]
    fn runs_and_single_positions_agree_at_any_distance() {
        for edge in [Edge::Nearest, Edge::Reflect, Edge::Mirror, Edge::Wrap] {
            for n in 1..6 {
                for shift in (-25..25).chain([isize::MIN / 2, isize::MAX / 2]) {
                    let part = WindowPart { shift, edge };
                    let single: Vec<usize> = (0..n).map(|i| part.run(i, n).index).collect();
                    assert_eq!(walk(edge, shift, n, n), single, "{edge:?} {shift} of {n}");
                    assert!(single.iter().all(|&i| i < n));
                }
            }
        }
    }
}
