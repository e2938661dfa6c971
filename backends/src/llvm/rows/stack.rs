//! The totals of a row's chunks: a binary counter of subtrees, in scratch.

use super::*;

impl<'e> Row<'_, 'e> {
    pub(super) fn stack_at(&self, slot: usize, level: V<'e>) -> V<'e> {
        let e = self.f.e;
        let word = e.add(level, e.i64((slot as u64 * LEVELS) as i64));
        e.offset(self.stack, e.mul(word, e.i64(8)))
    }

    /// Puts the totals of a chunk on the stack, merging with the neighbours that are complete.
    pub(super) fn push(
        &self,
        list: &[Entry<'e>],
        totals: Vec<Vec<V<'e>>>,
        base: V<'e>,
        begin: V<'e>,
        n: V<'e>,
    ) {
        let e = self.f.e;
        let chunk = e.binary("lshr", e.binary("sub", base, begin), e.i64(8));
        let mut init = vec![e.i64(0), n];
        init.extend(totals.iter().flatten());
        let spans = Self::spans(list, true);
        let done = e.while_loop(
            &init,
            |v| {
                let bit = e.binary("and", e.binary("lshr", chunk, v[0]), e.i64(1));
                e.compare("icmp ne", bit, e.i64(0))
            },
            |v| {
                let (level, right) = (v[0], v[1]);
                let left = e.binary("shl", e.i64(CHUNK), level);
                let mut next = vec![e.add(level, e.i64(1)), e.add(left, right)];
                next.extend(self.merged(list, &spans, level, &v[2..], left, right));
                next
            },
        );
        for (slot, &v) in done[2..].iter().enumerate() {
            store_word(e, v, self.stack_at(slot, done[0]));
        }
    }

    /// Totals on the stack at `level`, merged with `now` to their right.
    pub(super) fn merged(
        &self,
        list: &[Entry<'e>],
        spans: &[(usize, usize)],
        level: V<'e>,
        now: &[V<'e>],
        left: V<'e>,
        right: V<'e>,
    ) -> Vec<V<'e>> {
        let e = self.f.e;
        let mut out = Vec::new();
        for (k, Entry { reduction, .. }) in list.iter().enumerate() {
            let (first, n) = spans[k];
            let older: Vec<V<'e>> = (first..first + n)
                .map(|slot| load_word(e, now[slot].ty, self.stack_at(slot, level)))
                .collect();
            out.extend(reduction.merge(&older, &now[first..first + n], left, right));
        }
        out
    }

    /// What is left on the stack, merged from the newest to the oldest.
    pub(super) fn fold(&self, list: &[Entry<'e>], begin: V<'e>, end: V<'e>) -> Vec<Vec<V<'e>>> {
        let e = self.f.e;
        let length = e.binary("sub", end, begin);
        let chunks = e.binary("lshr", e.add(length, e.i64(CHUNK - 1)), e.i64(8));
        let none = e.compare("icmp eq", chunks, e.i64(0));
        let spans = Self::spans(list, true);
        let types: Vec<Ty> = list.iter().flat_map(|x| x.reduction.total_types(1)).collect();
        let done = e.if_else(
            none,
            || {
                list.iter()
                    .flat_map(|Entry { reduction: r, .. }| {
                        let mut parts = r.identity(e, 1);
                        if r.has_pivot() {
                            // No elements: no deviation.
                            parts = vec![e.float(parts[0].ty, 0.0); 3];
                        }
                        parts
                    })
                    .collect()
            },
            || {
                let low = e.binary("and", chunks, e.binary("sub", e.i64(0), chunks));
                let first = e.binary("sub", e.i64(63), ctlz(e, low));
                let start: Vec<V<'e>> = types
                    .iter()
                    .enumerate()
                    .map(|(slot, &ty)| load_word(e, ty, self.stack_at(slot, first)))
                    .collect();
                let before = e.binary("shl", e.binary("sub", chunks, low), e.i64(8));
                let mut init = vec![e.add(first, e.i64(1)), e.binary("sub", length, before)];
                init.extend(start);
                let done = e.while_loop(
                    &init,
                    |v| {
                        let rest = e.binary("lshr", chunks, v[0]);
                        e.compare("icmp ne", rest, e.i64(0))
                    },
                    |v| {
                        let (level, right) = (v[0], v[1]);
                        let bit = e.binary("and", e.binary("lshr", chunks, level), e.i64(1));
                        let set = e.compare("icmp ne", bit, e.i64(0));
                        let left = e.binary("shl", e.i64(CHUNK), level);
                        let mut next = vec![e.add(level, e.i64(1))];
                        next.extend(e.if_else(
                            set,
                            || {
                                let mut all = vec![e.add(left, right)];
                                all.extend(self.merged(list, &spans, level, &v[2..], left, right));
                                all
                            },
                            || v[1..].to_vec(),
                        ));
                        next
                    },
                );
                done[2..].to_vec()
            },
        );
        spans.iter().map(|&(first, n)| done[first..first + n].to_vec()).collect()
    }
}

fn ctlz<'e>(e: &'e Emitter, v: V<'e>) -> V<'e> {
    e.call("llvm.ctlz.i64", I64, &[v, e.int(Ty::new(Elem::I1, 1), 1)])
}
