//! From thread to thread: by shuffles within a warp, through shared memory within a block.

use super::*;

impl<'e> Team<'_, 'e> {
    /// How many elements are in this thread's span of `span` elements and in its partner's: left
    /// and right.
    pub(super) fn counts(&self, piece: &Piece<'e>, span: i64) -> (V<'e>, V<'e>) {
        let (g, e) = (self.g, self.g.e);
        let begin = e.binary("sub", piece.chunk, piece.start);
        let left = e.add(piece.start, e.binary("and", begin, e.i64(!(2 * span - 1))));
        let count = |at: V<'e>| clamp(e.binary("sub", g.f.count(), at), e.i64(span));
        (count(left), count(e.add(left, e.i64(span))))
    }

    /// Combines what this thread and its partner have, whose number differs in bit `xor`: as
    /// parts of a chunk, or as totals of the numbers of elements given.
    pub(super) fn meet(
        &self,
        reduction: Reduction<'e>,
        mine: &[V<'e>],
        xor: i64,
        counts: Option<(V<'e>, V<'e>)>,
    ) -> Vec<V<'e>> {
        let (g, e) = (self.g, self.g.e);
        let other: Vec<V<'e>> = mine.iter().map(|&v| g.exchange(v, xor)).collect();
        let ordered = reduction.is_fold() || (counts.is_some() && reduction.has_pivot());
        if !ordered {
            // Both sides may be taken in either order: no bit depends on it.
            return reduction.combine(mine, &other);
        }
        let right = e.compare("icmp ne", e.binary("and", self.thread, e.i64(xor)), e.i64(0));
        let pick = |a: &[V<'e>], b: &[V<'e>]| -> Vec<V<'e>> {
            a.iter().zip(b).map(|(&a, &b)| e.select(right, a, b)).collect()
        };
        let (a, b) = (pick(&other, mine), pick(mine, &other));
        match counts {
            Some((na, nb)) => merge(reduction, &a, &b, na, nb),
            None => reduction.combine(&a, &b),
        }
    }

    /// From warp to warp: each leaves its totals in shared memory, all combine them.
    pub(super) fn through_shared(
        &self,
        list: &List<'e>,
        piece: &Piece<'e>,
        totals: &[Vec<V<'e>>],
    ) -> Vec<Vec<V<'e>>> {
        let (g, e) = (self.g, self.g.e);
        let warps = BLOCK as i64 / simt::WARP;
        let room = super::super::most_slots(g.b) as i64 * warps * WORD;
        // Two places in turn: whoever writes one knows that all have read it two sweeps ago.
        let place = e.mul(e.binary("and", piece.turn, e.i64(1)), e.i64(room));
        let at = |slot: usize, warp: V<'e>| {
            let offset = e.mul(e.add(e.i64(slot as i64 * warps), warp), e.i64(WORD));
            g.shared(e.add(offset, place), 2 * room as usize)
        };
        let warp = e.binary("lshr", self.thread, e.i64(5));
        let leads = e.compare("icmp eq", e.binary("and", self.thread, e.i64(simt::WARP - 1)), e.i64(0));
        e.if_then(leads, || {
            for (slot, &v) in totals.iter().flatten().enumerate() {
                g.store_shared(simt::to_word(v), at(slot, warp));
            }
        });
        g.barrier();
        let span = CHUNK * simt::WARP * i64::from(g.width) / PARTIALS;
        let mut slot = 0;
        let mut out = Vec::new();
        for Entry { reduction, .. } in list {
            let types = reduction.total_types(1);
            let mut level: Vec<Vec<V<'e>>> = (0..warps)
                .map(|w| {
                    let read = |(c, &ty): (usize, &Ty)| {
                        simt::from_word(g.load_shared(I64, at(slot + c, e.i64(w))), ty)
                    };
                    types.iter().enumerate().map(read).collect()
                })
                .collect();
            slot += types.len();
            let mut size = span;
            while level.len() > 1 {
                let count = |i: usize| {
                    let at = e.add(piece.start, e.i64(i as i64 * size));
                    clamp(e.binary("sub", g.f.count(), at), e.i64(size))
                };
                level = (0..level.len() / 2)
                    .map(|i| {
                        let (a, b) = (&level[2 * i], &level[2 * i + 1]);
                        merge(*reduction, a, b, count(2 * i), count(2 * i + 1))
                    })
                    .collect();
                size *= 2;
            }
            out.push(level.pop().expect("one"));
        }
        out
    }
}
