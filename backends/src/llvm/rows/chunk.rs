//! Chunks of a row: the body at points, the partials of a chunk, packed elements, pivots.

use super::*;

impl<'e> Row<'_, 'e> {
    /// A chunk of 256: 8 steps over 32 partials in vectors.
    pub(super) fn full_chunk(
        &self,
        sweep: &Sweep,
        list: &[(Val, Val, Reduction)],
        base: V<'e>,
        scalars: &Env<'e, '_>,
    ) -> Result<Vec<Vec<V<'e>>>, String> {
        let e = self.f.e;
        let n = e.i64(CHUNK);
        self.fill_packed(sweep, base, n);
        let pivots = self.pivots(sweep, list, base, None, scalars)?;
        let lanes = self.f.lanes.min(PARTIALS);
        let vectors = (PARTIALS / lanes) as usize;
        let spans = Self::spans(list, false);
        let mut init = Vec::new();
        for _ in 0..vectors {
            for (_, _, r) in list {
                init.extend(r.identity(e, lanes));
            }
        }
        let width = init.len() / vectors;
        let end = e.add(base, n);
        let mut failed = Ok(());
        let done = e.for_loop(base, end, PARTIALS.into(), &init, |at, carried| {
            let mut next = carried.to_vec();
            for j in 0..vectors {
                let r = e.add(at, e.i64(j as i64 * i64::from(lanes)));
                match self.point(sweep, base, r, lanes, None, scalars) {
                    Ok(env) => {
                        for (k, (_, arg, reduction)) in list.iter().enumerate() {
                            let value = self.f.value(*arg, &env);
                            let parts = reduction.element(value, self.positions(r, lanes), pivots[k]);
                            let slot = j * width + spans[k].0..j * width + spans[k].0 + spans[k].1;
                            let sum = reduction.combine(&next[slot.clone()], &parts);
                            next[slot].copy_from_slice(&sum);
                        }
                    }
                    Err(error) => failed = Err(error),
                }
            }
            next
        });
        failed?;
        self.drain_packed(sweep, base, n);
        let done = &done[1..];
        Ok(list
            .iter()
            .enumerate()
            .map(|(k, (_, _, reduction))| {
                let parts = (0..vectors)
                    .map(|j| done[j * width + spans[k].0..j * width + spans[k].0 + spans[k].1].to_vec())
                    .collect();
                reduction.chunk(&tree(*reduction, parts), pivots[k], n)
            })
            .collect())
    }

    /// A last chunk of `n` < 256 elements: masked, with the partials in memory.
    pub(super) fn short_chunk(
        &self,
        sweep: &Sweep,
        list: &[(Val, Val, Reduction)],
        base: V<'e>,
        n: V<'e>,
        scalars: &Env<'e, '_>,
    ) -> Result<Vec<Vec<V<'e>>>, String> {
        let e = self.f.e;
        self.fill_packed(sweep, base, n);
        let pivots = self.pivots(sweep, list, base, Some(n), scalars)?;
        let lanes = self.f.lanes.min(PARTIALS);
        let vectors = (PARTIALS / lanes) as usize;
        let spans = Self::spans(list, false);
        // Partial `p` of component `c` stands at word c * 32 + p.
        let place = |c: usize, first: V<'e>| {
            let words = e.add(first, e.i64(c as i64 * i64::from(PARTIALS)));
            e.offset(self.partials, e.mul(words, e.i64(8)))
        };
        for j in 0..vectors {
            for (k, (_, _, reduction)) in list.iter().enumerate() {
                for (c, v) in reduction.identity(e, lanes).into_iter().enumerate() {
                    let first = e.i64(j as i64 * i64::from(lanes));
                    self.store_lanes(v, place(spans[k].0 + c, first));
                }
            }
        }
        let end = e.add(base, n);
        let mut failed = Ok(());
        e.for_loop(base, end, lanes.into(), &[], |r, _| {
            let mask = self.f.below(e.binary("sub", end, r), lanes);
            match self.point(sweep, base, r, lanes, Some(mask), scalars) {
                Ok(env) => {
                    let first = e.binary("and", e.binary("sub", r, base), e.i64(i64::from(PARTIALS) - 1));
                    for (k, (_, arg, reduction)) in list.iter().enumerate() {
                        let value = self.f.value(*arg, &env);
                        let parts = reduction.element(value, self.positions(r, lanes), pivots[k]);
                        let nothing = reduction.identity(e, lanes);
                        let types = reduction.part_types(lanes);
                        let old: Vec<V<'e>> = (0..parts.len())
                            .map(|c| self.load_lanes(types[c], place(spans[k].0 + c, first)))
                            .collect();
                        let new: Vec<V<'e>> =
                            parts.iter().zip(&nothing).map(|(&p, &i)| e.select(mask, p, i)).collect();
                        for (c, v) in reduction.combine(&old, &new).into_iter().enumerate() {
                            self.store_lanes(v, place(spans[k].0 + c, first));
                        }
                    }
                }
                Err(error) => failed = Err(error),
            }
            vec![]
        });
        failed?;
        self.drain_packed(sweep, base, n);
        Ok(list
            .iter()
            .enumerate()
            .map(|(k, (_, _, reduction))| {
                let types = reduction.part_types(lanes);
                let parts = (0..vectors)
                    .map(|j| {
                        let first = e.i64(j as i64 * i64::from(lanes));
                        (0..types.len())
                            .map(|c| self.load_lanes(types[c], place(spans[k].0 + c, first)))
                            .collect()
                    })
                    .collect();
                reduction.chunk(&tree(*reduction, parts), pivots[k], n)
            })
            .collect())
    }

    /// Vectors in scratch: bools as bytes, everything else as it is.
    pub(super) fn store_lanes(&self, v: V<'e>, at: V<'e>) {
        let e = self.f.e;
        let v = if v.ty.elem == Elem::I1 { e.convert("zext", v, v.ty.of(Elem::I8)) } else { v };
        e.store(v, at, 1);
    }

    pub(super) fn load_lanes(&self, ty: Ty, at: V<'e>) -> V<'e> {
        let e = self.f.e;
        if ty.elem == Elem::I1 {
            return e.convert("trunc", e.load(ty.of(Elem::I8), at, 1), ty);
        }
        e.load(ty, at, 1)
    }

    /// Numbers of the elements of a vector at `r`.
    pub(super) fn positions(&self, r: V<'e>, lanes: u32) -> V<'e> {
        let e = self.f.e;
        e.add(e.splat(r, lanes), e.lane_numbers(Ty::new(Elem::I64, lanes)))
    }

    /// The pivot of each reduction that has one: the mean of the chunk's first elements.
    pub(super) fn pivots(
        &self,
        sweep: &Sweep,
        list: &[(Val, Val, Reduction)],
        base: V<'e>,
        n: Option<V<'e>>,
        scalars: &Env<'e, '_>,
    ) -> Result<Vec<Option<V<'e>>>, String> {
        const FIRST: u32 = 16;
        let e = self.f.e;
        if !list.iter().any(|(_, _, r)| r.has_pivot()) {
            return Ok(vec![None; list.len()]);
        }
        let mask = n.map(|n| self.f.below(n, FIRST));
        let quiet = Sweep { stores: vec![], keeps: vec![], ..sweep.clone() };
        let env = self.point(&quiet, base, base, FIRST, mask, scalars)?;
        let count = match n {
            None => e.i64(FIRST.into()),
            Some(n) => e.call("llvm.smin.i64", I64, &[n, e.i64(FIRST.into())]),
        };
        let wide = e.convert("uitofp", count, Ty::new(Elem::F64, 1));
        Ok(list
            .iter()
            .map(|(_, arg, reduction)| {
                if !reduction.has_pivot() {
                    return None;
                }
                let value = self.f.value(*arg, &env);
                let nothing = e.float(value.ty, -0.0);
                let value = mask.map_or(value, |m| e.select(m, value, nothing));
                let sum = Reduction { op: lazuli_core::ReduceOp::Sum, ..*reduction };
                let total = tree(sum, vec![vec![value]])[0];
                let count = match reduction.dtype {
                    DType::F32 => e.convert("fptrunc", wide, total.ty),
                    _ => wide,
                };
                Some(e.binary("fdiv", total, count))
            })
            .collect())
    }

    /// The sweep's body at elements `r..r + lanes`, with its full stores and kept values.
    pub(super) fn point<'p>(
        &self,
        sweep: &Sweep,
        base: V<'e>,
        r: V<'e>,
        lanes: u32,
        mask: Option<V<'e>>,
        scalars: &'p Env<'e, 'p>,
    ) -> Result<Env<'e, 'p>, String> {
        let f = self.f;
        let e = f.e;
        let mut env = Env::new(lanes, Some(scalars));
        let list = if f.b.keep {
            for v in &sweep.fetched {
                let ty = crate::llvm::body::register(f.b.kernel.body[*v as usize].ty, lanes);
                env.set(*v, self.load_lanes(ty, self.kept_at(*v, r)));
            }
            &sweep.body_kept
        } else {
            &sweep.body
        };
        f.compute(list, &mut env, &mut |a, _| {
            if let Some(&v) = self.fixed.get(&a) {
                return v;
            }
            if let Some(&buffer) = self.packed.get(&a) {
                let size = if f.access(a).slot == Slot::Iota { 8 } else { f.unit(a) };
                let place = e.offset(buffer, e.mul(e.binary("sub", r, base), e.i64(size)));
                if f.access(a).slot == Slot::Iota {
                    return e.load(Ty::new(Elem::I64, lanes), place, 8);
                }
                let at = e.convert("ptrtoint", place, I64);
                return f.read(a, Lane::Packed, at, e.i64(0), lanes, mask);
            }
            let stride = f.inner_stride(a);
            let place = e.add(self.bases[a as usize], e.mul(r, stride));
            if mask.is_none() && f.access(a).lane == Lane::Unit && f.access(a).slot != Slot::Iota {
                let ahead = e.add(place, e.i64(AHEAD));
                e.prefetch(e.convert("inttoptr", ahead, PTR));
            }
            f.read(a, f.access(a).lane, place, stride, lanes, mask)
        })?;
        for &s in &sweep.stores {
            let store = f.b.kernel.stores[s];
            let a = store.access;
            let value = f.value(store.value, &env);
            if let Some(&buffer) = self.packed.get(&a) {
                let place = e.offset(buffer, e.mul(e.binary("sub", r, base), e.i64(f.unit(a))));
                let at = e.convert("ptrtoint", place, I64);
                f.write(a, Lane::Packed, at, e.i64(0), value, mask, false);
            } else {
                let stride = f.inner_stride(a);
                let place = e.add(self.bases[a as usize], e.mul(r, stride));
                f.write(a, f.access(a).lane, place, stride, value, mask, false);
            }
        }
        if f.b.keep {
            for &v in &sweep.keeps {
                self.store_lanes(env.get(v), self.kept_at(v, r));
            }
        }
        Ok(env)
    }

    pub(super) fn kept_at(&self, v: Val, r: V<'e>) -> V<'e> {
        let e = self.f.e;
        let size = self.f.slot_bytes(self.f.b.kernel.body[v as usize].ty) as i64;
        e.offset(self.kept[&v], e.mul(r, e.i64(size)))
    }

    /// Packed accesses that a sweep reads (or writes), in a fixed order.
    pub(super) fn packed_of(&self, sweep: &Sweep, write: bool) -> Vec<u16> {
        let f = self.f;
        let list = if f.b.keep { &sweep.body_kept } else { &sweep.body };
        let mut out: Vec<u16> = if write {
            sweep.stores.iter().map(|&s| f.b.kernel.stores[s].access).collect()
        } else {
            list.iter()
                .filter_map(|&v| match f.b.kernel.body[v as usize].inst {
                    Inst::Load(a) | Inst::Index(a) => Some(a),
                    _ => None,
                })
                .collect()
        };
        out.retain(|a| self.packed.contains_key(a));
        out.sort_unstable();
        out.dedup();
        out
    }

    pub(super) fn fill_packed(&self, sweep: &Sweep, base: V<'e>, n: V<'e>) {
        for a in self.packed_of(sweep, false) {
            self.f.pack(a, self.bases[a as usize], base, n, self.packed[&a], false);
        }
    }

    pub(super) fn drain_packed(&self, sweep: &Sweep, base: V<'e>, n: V<'e>) {
        for a in self.packed_of(sweep, true) {
            self.f.pack(a, self.bases[a as usize], base, n, self.packed[&a], true);
        }
    }

    /// A sweep without reductions.
    pub(super) fn store_only(
        &self,
        sweep: &Sweep,
        begin: V<'e>,
        end: V<'e>,
        scalars: &Env<'e, '_>,
    ) -> Result<(), String> {
        let e = self.f.e;
        let lanes = self.f.lanes;
        let mut failed = Ok(());
        let mut vectors = |base: V<'e>, stop: V<'e>| {
            let rest = e.binary("and", e.binary("sub", stop, base), e.i64(i64::from(lanes) - 1));
            let whole = e.binary("sub", stop, rest);
            e.for_loop(base, whole, lanes.into(), &[], |r, _| {
                if let Err(error) = self.point(sweep, base, r, lanes, None, scalars) {
                    failed = Err(error);
                }
                vec![]
            });
            let some = e.compare("icmp sgt", rest, e.i64(0));
            e.if_then(some, || {
                let mask = self.f.below(rest, lanes);
                if let Err(error) = self.point(sweep, base, whole, lanes, Some(mask), scalars) {
                    failed = Err(error);
                }
            });
        };
        let packs = !self.packed_of(sweep, false).is_empty() || !self.packed_of(sweep, true).is_empty();
        if packs {
            e.for_loop(begin, end, CHUNK, &[], |base, _| {
                let stop = e.call("llvm.smin.i64", I64, &[e.add(base, e.i64(CHUNK)), end]);
                let n = e.binary("sub", stop, base);
                self.fill_packed(sweep, base, n);
                vectors(base, stop);
                self.drain_packed(sweep, base, n);
                vec![]
            });
        } else {
            vectors(begin, end);
        }
        failed
    }
}
