//! Stacks of vectors in scratch: the neighbour trees inside a chunk and of chunks.

use super::*;

impl<'e> Tile<'_, 'e> {
    /// Component `slot` of the stack at `level`, lanes `i`.
    pub(super) fn stack(&self, slot: usize, level: V<'e>, i: V<'e>) -> V<'e> {
        let e = self.f.e;
        let row = e.add(level, e.i64((slot as u64 * LEVELS) as i64));
        let word = e.add(e.mul(row, e.i64(TILE as i64)), i);
        e.offset(self.room.stack, e.mul(word, e.i64(self.room.unit)))
    }

    pub(super) fn pivot_slot(&self, k: usize, i: V<'e>) -> V<'e> {
        let e = self.f.e;
        let word = e.add(e.i64((k as u64 * TILE) as i64), i);
        e.offset(self.room.pivots, e.mul(word, e.i64(self.room.unit)))
    }

    /// Pushes parts on the levels inside a chunk: `l` counts what was pushed before.
    pub(super) fn push_parts(&self, list: &List<'e>, l: V<'e>, parts: &[V<'e>], i: V<'e>) {
        let e = self.f.e;
        let mut init = vec![e.i64(0)];
        init.extend_from_slice(parts);
        let done = e.while_loop(
            &init,
            |v| self.bit(l, v[0]),
            |v| {
                let mut next = vec![e.add(v[0], e.i64(1))];
                let mut at = 0;
                for Entry { reduction, .. } in list {
                    let types = reduction.part_types(self.f.lanes);
                    let older: Vec<V<'e>> = types
                        .iter()
                        .enumerate()
                        .map(|(c, &ty)| self.fetch(ty, self.stack(at + c, v[0], i)))
                        .collect();
                    next.extend(reduction.combine(&older, &v[1 + at..1 + at + types.len()]));
                    at += types.len();
                }
                next
            },
        );
        for (slot, &v) in done[1..].iter().enumerate() {
            self.save(v, self.stack(slot, done[0], i));
        }
    }

    pub(super) fn bit(&self, number: V<'e>, level: V<'e>) -> V<'e> {
        let e = self.f.e;
        let bit = e.binary("and", e.binary("lshr", number, level), e.i64(1));
        e.compare("icmp ne", bit, e.i64(0))
    }

    /// The lowest set bit of a number above 0: its level.
    pub(super) fn lowest(&self, number: V<'e>) -> V<'e> {
        let e = self.f.e;
        e.call("llvm.cttz.i64", I64, &[number, e.int(Ty::new(Elem::I1, 1), 1)])
    }

    /// Folds the parts of a chunk that has `count` partials, from the newest to the oldest.
    pub(super) fn fold_parts(&self, list: &List<'e>, count: V<'e>, i: V<'e>) -> Vec<V<'e>> {
        let e = self.f.e;
        let types: Vec<Ty> = list.iter().flat_map(|x| x.reduction.part_types(self.f.lanes)).collect();
        let first = self.lowest(count);
        let mut init = vec![e.add(first, e.i64(1))];
        init.extend(types.iter().enumerate().map(|(s, &ty)| self.fetch(ty, self.stack(s, first, i))));
        let done = e.while_loop(
            &init,
            |v| e.compare("icmp ne", e.binary("lshr", count, v[0]), e.i64(0)),
            |v| {
                let mut next = vec![e.add(v[0], e.i64(1))];
                next.extend(e.if_else(
                    self.bit(count, v[0]),
                    || {
                        let mut out = Vec::new();
                        let mut at = 0;
                        for Entry { reduction, .. } in list {
                            let n = reduction.part_types(1).len();
                            let older: Vec<V<'e>> =
                                (at..at + n).map(|s| self.fetch(types[s], self.stack(s, v[0], i))).collect();
                            out.extend(reduction.combine(&older, &v[1 + at..1 + at + n]));
                            at += n;
                        }
                        out
                    },
                    || v[1..].to_vec(),
                ));
                next
            },
        );
        done[1..].to_vec()
    }

    /// Level of chunk totals on the stack.
    pub(super) fn chunk_level(&self, level: V<'e>) -> V<'e> {
        self.f.e.add(level, self.f.e.i64(INSIDE as i64))
    }

    /// Totals on the stack at a chunk level, merged with `now` to their right.
    pub(super) fn merged(
        &self,
        list: &List<'e>,
        level: V<'e>,
        now: &[V<'e>],
        right: V<'e>,
        i: V<'e>,
    ) -> Vec<V<'e>> {
        let e = self.f.e;
        let left = e.binary("shl", e.i64(CHUNK), level);
        let mut out = Vec::new();
        let mut at = 0;
        for Entry { reduction, .. } in list {
            let types = reduction.total_types(self.f.lanes);
            let older: Vec<V<'e>> = types
                .iter()
                .enumerate()
                .map(|(c, &ty)| self.fetch(ty, self.stack(at + c, self.chunk_level(level), i)))
                .collect();
            out.extend(reduction.merge(&older, &now[at..at + types.len()], left, right));
            at += types.len();
        }
        out
    }

    /// Finishes a chunk of `n` elements and pushes its totals; `chunk` counts those before it.
    pub(super) fn end_chunk(
        &self,
        list: &List<'e>,
        chunk: V<'e>,
        partials: V<'e>,
        n: V<'e>,
    ) -> Result<(), String> {
        let f = self.f;
        let e = f.e;
        self.lanes(|i, _| {
            let parts = self.fold_parts(list, partials, i);
            let mut totals = vec![e.i64(0), n];
            let mut at = 0;
            for (k, Entry { reduction, .. }) in list.iter().enumerate() {
                let count = reduction.part_types(1).len();
                let ty = reduction.part_types(f.lanes)[0];
                let pivot = reduction.has_pivot().then(|| self.fetch(ty, self.pivot_slot(k, i)));
                totals.extend(reduction.chunk(&parts[at..at + count], pivot, n));
                at += count;
            }
            let done = e.while_loop(
                &totals,
                |v| self.bit(chunk, v[0]),
                |v| {
                    let left = e.binary("shl", e.i64(CHUNK), v[0]);
                    let mut next = vec![e.add(v[0], e.i64(1)), e.add(left, v[1])];
                    next.extend(self.merged(list, v[0], &v[2..], v[1], i));
                    next
                },
            );
            let level = self.chunk_level(done[0]);
            for (slot, &v) in done[2..].iter().enumerate() {
                self.save(v, self.stack(slot, level, i));
            }
            Ok(())
        })
    }

    /// Merges what is left on the stack and saves the results of the reductions.
    pub(super) fn end(&self, list: &List<'e>, chunks: V<'e>) -> Result<(), String> {
        let f = self.f;
        let e = f.e;
        let types: Vec<Ty> = list.iter().flat_map(|x| x.reduction.total_types(f.lanes)).collect();
        let none = e.compare("icmp eq", chunks, e.i64(0));
        self.lanes(|i, _| {
            let totals = e.if_else(
                none,
                || {
                    list.iter()
                        .flat_map(|Entry { reduction: r, .. }| {
                            let parts = r.identity(e, f.lanes);
                            if r.has_pivot() { vec![e.float(parts[0].ty, 0.0); 3] } else { parts }
                        })
                        .collect()
                },
                || {
                    let first = self.lowest(chunks);
                    let low = e.binary("shl", e.i64(1), first);
                    let before = e.mul(e.binary("sub", chunks, low), e.i64(CHUNK));
                    let mut init = vec![e.add(first, e.i64(1)), e.binary("sub", f.count(), before)];
                    let level = self.chunk_level(first);
                    init.extend(
                        types.iter().enumerate().map(|(s, &ty)| self.fetch(ty, self.stack(s, level, i))),
                    );
                    let done = e.while_loop(
                        &init,
                        |v| e.compare("icmp ne", e.binary("lshr", chunks, v[0]), e.i64(0)),
                        |v| {
                            let mut next = vec![e.add(v[0], e.i64(1))];
                            next.extend(e.if_else(
                                self.bit(chunks, v[0]),
                                || {
                                    let left = e.binary("shl", e.i64(CHUNK), v[0]);
                                    let mut out = vec![e.add(left, v[1])];
                                    out.extend(self.merged(list, v[0], &v[2..], v[1], i));
                                    out
                                },
                                || v[1..].to_vec(),
                            ));
                            next
                        },
                    );
                    done[2..].to_vec()
                },
            );
            let mut at = 0;
            for entry in list {
                let n = entry.reduction.slots();
                for (r, value) in entry.finished(&totals[at..at + n], f.count()) {
                    self.save(value, self.slot(self.room.rows[&r], i));
                }
                at += n;
            }
            Ok(())
        })
    }
}
