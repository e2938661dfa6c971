//! Chunks of a tile: pivots, partials (8 streams each), one after another.

use super::*;

impl<'e> Tile<'_, 'e> {
    /// A sweep with reductions.
    pub(super) fn reduce(&self, sweep: &Sweep, list: &List<'e>) -> Result<(), String> {
        let f = self.f;
        let e = f.e;
        let touched = self.touched(sweep);
        let zero = e.i64(0);
        let mut result = Ok(());
        let pivoting = list.iter().any(|x| x.reduction.has_pivot());
        let chunks = e.binary("lshr", e.add(f.count(), e.i64(CHUNK - 1)), e.i64(8));
        e.for_loop(zero, chunks, 1, &[], |chunk, _| {
            result = self.one_chunk(sweep, list, &touched, chunk, pivoting);
            vec![]
        });
        result?;
        self.end(list, chunks)
    }

    /// Chunk number `chunk`: its pivots, its partials, its totals.
    pub(super) fn one_chunk(
        &self,
        sweep: &Sweep,
        list: &List<'e>,
        touched: &[u16],
        chunk: V<'e>,
        pivoting: bool,
    ) -> Result<(), String> {
        let e = self.f.e;
        let base = e.mul(chunk, e.i64(CHUNK));
        let left = e.binary("sub", self.f.count(), base);
        let n = e.call("llvm.smin.i64", I64, &[left, e.i64(CHUNK)]);
        if pivoting {
            self.pivots(sweep, list, touched, base, n)?;
        }
        let partials = e.call("llvm.smin.i64", I64, &[n, e.i64(PARTIALS)]);
        let mut result = Ok(());
        e.for_loop(e.i64(0), partials, 1, &[], |l, _| {
            result = self.partial(sweep, list, touched, base, n, l);
            vec![]
        });
        result?;
        self.end_chunk(list, chunk, partials, n)
    }

    /// Partial `l` of a chunk: its elements l, l + 32, ... in order, pushed on the stack.
    pub(super) fn partial(
        &self,
        sweep: &Sweep,
        list: &List<'e>,
        touched: &[u16],
        base: V<'e>,
        n: V<'e>,
        l: V<'e>,
    ) -> Result<(), String> {
        let e = self.f.e;
        let first = e.add(base, l);
        let beyond = e.add(e.binary("sub", n, l), e.i64(PARTIALS - 1));
        let steps = e.binary("lshr", beyond, e.i64(5));
        let mut result = Ok(());
        if sweep.body.len() > SMALL {
            return self.partial_steps(sweep, list, touched, first, steps, l);
        }
        // A whole chunk: 8 streams side by side, without a loop.
        e.if_else(
            e.compare("icmp eq", steps, e.i64(STEPS)),
            || {
                result = self.partial_whole(sweep, list, touched, first, l);
                vec![]
            },
            Vec::new,
        );
        result?;
        let mut result = Ok(());
        e.if_then(e.compare("icmp ne", steps, e.i64(STEPS)), || {
            result = self.partial_steps(sweep, list, touched, first, steps, l);
        });
        result
    }

    /// Pivots of the chunk at lanes `i`, for reductions that have one.
    pub(super) fn pivots_at(&self, list: &List<'e>, i: V<'e>) -> Vec<Option<V<'e>>> {
        let pivot = |(k, Entry { reduction: r, .. }): (usize, &Entry<'e>)| {
            let ty = r.part_types(self.f.lanes)[0];
            r.has_pivot().then(|| self.fetch(ty, self.pivot_slot(k, i)))
        };
        list.iter().enumerate().map(pivot).collect()
    }

    /// Adds the element at position `r` to parts.
    pub(super) fn accumulate(
        &self,
        list: &List<'e>,
        env: &Env<'e, 'e>,
        r: V<'e>,
        pivots: &[Option<V<'e>>],
        parts: &[V<'e>],
        begins: Begins<'e>,
    ) -> Vec<V<'e>> {
        let mut next = Vec::with_capacity(parts.len());
        let position = self.f.e.splat(r, self.f.lanes);
        for (entry, &pivot) in list.iter().zip(pivots) {
            let values = entry.values(self.f, env, self.f.lanes);
            let element = entry.reduction.element(&values, position, pivot);
            let parts = &parts[next.len()..next.len() + element.len()];
            next.extend(entry.reduction.add(parts, element, None, begins));
        }
        next
    }

    pub(super) fn identities(&self, list: &List<'e>) -> Vec<V<'e>> {
        list.iter().flat_map(|x| x.reduction.identity(self.f.e, self.f.lanes)).collect()
    }

    pub(super) fn partial_whole(
        &self,
        sweep: &Sweep,
        list: &List<'e>,
        touched: &[u16],
        first: V<'e>,
        l: V<'e>,
    ) -> Result<(), String> {
        let e = self.f.e;
        let places: Vec<(V<'e>, HashMap<u16, V<'e>>)> = (0..STEPS)
            .map(|k| {
                let r = e.add(first, e.i64(k * PARTIALS));
                let at = |a: u16| e.add(self.bases[a as usize], self.f.inner_offset(a, r));
                (r, touched.iter().map(|&a| (a, at(a))).collect())
            })
            .collect();
        self.lanes(|i, mask| {
            let pivots = self.pivots_at(list, i);
            let mut parts = self.identities(list);
            for (k, (r, place)) in places.iter().enumerate() {
                let env = self.point_at(sweep, &|a| place[&a], i, Some(mask), Stores::Done)?;
                let begins = if k == 0 { Begins::Yes } else { Begins::No };
                parts = self.accumulate(list, &env, *r, &pivots, &parts, begins);
            }
            self.push_parts(list, l, &parts, i);
            Ok(())
        })
    }

    pub(super) fn partial_steps(
        &self,
        sweep: &Sweep,
        list: &List<'e>,
        touched: &[u16],
        first: V<'e>,
        steps: V<'e>,
        l: V<'e>,
    ) -> Result<(), String> {
        let e = self.f.e;
        let zero = e.i64(0);
        let element = |k: V<'e>| e.add(first, e.mul(k, e.i64(PARTIALS)));
        e.for_loop(zero, steps, 1, &[], |k, _| {
            self.place(touched, element(k), k);
            vec![]
        });
        self.lanes(|i, mask| {
            let pivots = self.pivots_at(list, i);
            let mut result = Ok(());
            let done = e.for_loop(zero, steps, 1, &self.identities(list), |k, carried| {
                match self.point(sweep, k, i, Some(mask), Stores::Done) {
                    Ok(env) => {
                        let begins = Begins::If(e.compare("icmp eq", k, zero));
                        self.accumulate(list, &env, element(k), &pivots, carried, begins)
                    }
                    Err(error) => {
                        result = Err(error);
                        carried.to_vec()
                    }
                }
            });
            result?;
            self.push_parts(list, l, &done[1..], i);
            Ok(())
        })
    }

    /// The pivots of a chunk: the mean of its first elements, by the neighbour tree.
    pub(super) fn pivots(
        &self,
        sweep: &Sweep,
        list: &List<'e>,
        touched: &[u16],
        base: V<'e>,
        n: V<'e>,
    ) -> Result<(), String> {
        let f = self.f;
        let e = f.e;
        let zero = e.i64(0);
        // Reductions without a pivot take no part; those of other types would not be sums.
        let pivoted = || list.iter().filter(|x| x.reduction.has_pivot());
        let sums: Vec<Entry<'e>> =
            pivoted().map(|x| Entry { reduction: x.reduction.pivot_sum().0, ..x.clone() }).collect();
        let count = e.call("llvm.smin.i64", I64, &[n, e.i64(FIRST)]);
        let mut result = Ok(());
        e.for_loop(zero, count, 1, &[], |p, _| {
            self.place(touched, e.add(base, p), zero);
            result = self.lanes(|i, mask| {
                let env = self.point(sweep, zero, i, Some(mask), Stores::Left)?;
                let parts: Vec<V<'e>> = sums.iter().map(|x| f.value(x.operands[0], &env)).collect();
                self.push_parts(&sums, p, &parts, i);
                Ok(())
            });
            vec![]
        });
        result?;
        let wide = e.convert("uitofp", count, Ty::new(Elem::F64, 1));
        self.lanes(|i, _| {
            let totals = self.fold_parts(&sums, count, i);
            let mut at = 0;
            for (k, Entry { reduction, .. }) in list.iter().enumerate() {
                if !reduction.has_pivot() {
                    continue;
                }
                let total = totals[at];
                at += 1;
                let number = match reduction.pivot_sum().1 {
                    DType::F32 => e.convert("fptrunc", wide, Ty::new(Elem::F32, 1)),
                    _ => wide,
                };
                let pivot = e.binary("fdiv", total, e.splat(number, f.lanes));
                self.save(pivot, self.pivot_slot(k, i));
            }
            Ok(())
        })
    }
}
