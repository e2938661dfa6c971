//! Chunks of a row: the body at points, the partials of a chunk, packed elements, pivots.

use super::packed::Places;
use super::*;
use lazuli_core::DType;
use std::cell::Cell;

/// The elements of a row that one vector holds.
#[derive(Clone, Copy)]
pub(super) struct Span<'e, 'c> {
    /// The packed elements of its chunk.
    places: &'c Places<'e>,
    /// First element of the vector.
    r: V<'e>,
    lanes: u32,
    /// Which of them exist; `None`: all.
    mask: Option<V<'e>>,
    /// Are full stores to go past the caches?
    streaming: bool,
}

impl<'e> Row<'_, 'e> {
    /// The totals of the chunk of `n` elements at `base`: steps over 32 partials in vectors, of
    /// which the last is masked if it is not whole.
    pub(super) fn chunk(
        &self,
        sweep: &Sweep,
        list: &[Entry<'e>],
        base: V<'e>,
        n: V<'e>,
        scalars: &Env<'e, '_>,
    ) -> Result<Vec<Vec<V<'e>>>, String> {
        let e = self.f.e;
        let places = &self.fill_packed(sweep, base, n);
        let pivots = self.pivots(sweep, list, places, base, n, scalars)?;
        let lanes = self.f.lanes.min(PARTIALS);
        let vectors = (PARTIALS / lanes) as usize;
        let identity: Vec<V<'e>> = list.iter().flat_map(|x| x.reduction.identity(e, lanes)).collect();
        let width = identity.len();
        let end = e.add(base, n);
        let rest = e.binary("and", n, e.i64(i64::from(PARTIALS) - 1));
        let failed = Cell::new(None);
        // Elements at..at + 32 of the chunk; beyond `end` they are missing.
        let step = |at: V<'e>, carried: &[V<'e>], masked: bool, begins: Begins<'e>| -> Vec<V<'e>> {
            let mut next = Vec::with_capacity(carried.len());
            let spans: Vec<Span<'e, '_>> = (0..vectors as i64)
                .map(|j| {
                    let r = e.add(at, e.i64(j * i64::from(lanes)));
                    let mask = masked.then(|| self.f.below(e.binary("sub", end, r), lanes));
                    Span { places, r, lanes, mask, streaming: false }
                })
                .collect();
            // Vectors go round a function's loops together; without loops one after the other, which
            // holds fewer values at a time.
            let together = if self.f.b.kernel.loops() { vectors } else { 1 };
            for (spans, parts) in spans.chunks(together).zip(carried.chunks(width * together)) {
                match self.points(sweep, spans, scalars) {
                    Ok(envs) => {
                        for ((env, span), parts) in envs.iter().zip(spans).zip(parts.chunks(width)) {
                            next.extend(self.accumulate(list, env, *span, &pivots, parts, begins));
                        }
                    }
                    Err(error) => {
                        failed.set(Some(error));
                        next.extend_from_slice(parts);
                    }
                }
            }
            next
        };
        let whole = e.binary("sub", end, rest);
        let mut init = identity.repeat(vectors);
        let (mut first, mut last) = (base, Begins::No);
        if list.iter().any(|x| x.reduction.is_fold()) {
            // The partials of a fold begin with their first elements; in a chunk of less than 32 these are
            // the last.
            let some = e.compare("icmp sge", n, e.i64(PARTIALS.into()));
            init = e.if_else(some, || step(base, &init, false, Begins::Yes), || init.clone());
            first = e.add(base, e.i64(PARTIALS.into()));
            last = Begins::If(e.compare("icmp slt", n, e.i64(PARTIALS.into())));
        }
        let done = e.for_loop(first, whole, PARTIALS.into(), &init, |at, carried| {
            step(at, carried, false, Begins::No)
        });
        let done = e.if_else(
            e.compare("icmp ne", rest, e.i64(0)),
            || step(whole, &done[1..], true, last),
            || done[1..].to_vec(),
        );
        if let Some(error) = failed.take() {
            return Err(error);
        }
        self.drain_packed(sweep, places, n);
        let spans = Self::spans(list, false);
        Ok(list
            .iter()
            .zip(spans)
            .zip(&pivots)
            .map(|((Entry { reduction, .. }, (first, count)), &pivot)| {
                let parts = done.chunks(width).map(|all| all[first..first + count].to_vec()).collect();
                reduction.chunk(&tree_of(*reduction, parts, n), pivot, n)
            })
            .collect())
    }

    /// The parts of all reductions with the elements at `r` added.
    fn accumulate(
        &self,
        list: &[Entry<'e>],
        env: &Env<'e, '_>,
        span: Span<'e, '_>,
        pivots: &[Option<V<'e>>],
        parts: &[V<'e>],
        begins: Begins<'e>,
    ) -> Vec<V<'e>> {
        let lanes = span.lanes;
        let mut next = Vec::with_capacity(parts.len());
        for (entry, &pivot) in list.iter().zip(pivots) {
            let values = entry.values(self.f, env, lanes);
            let element = entry.reduction.element(&values, self.positions(span.r, lanes), pivot);
            let parts = &parts[next.len()..next.len() + element.len()];
            next.extend(entry.reduction.add(parts, element, span.mask, begins));
        }
        next
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
        list: &[Entry<'e>],
        places: &Places<'e>,
        base: V<'e>,
        n: V<'e>,
        scalars: &Env<'e, '_>,
    ) -> Result<Vec<Option<V<'e>>>, String> {
        const FIRST: u32 = 16;
        let e = self.f.e;
        if !list.iter().any(|x| x.reduction.has_pivot()) {
            return Ok(vec![None; list.len()]);
        }
        let mask = self.f.below(n, FIRST);
        let quiet = Sweep { stores: vec![], keeps: vec![], leads: false, ..sweep.clone() };
        let span = Span { places, r: base, lanes: FIRST, mask: Some(mask), streaming: false };
        let env = self.point(&quiet, span, scalars)?;
        let count = e.call("llvm.smin.i64", I64, &[n, e.i64(FIRST.into())]);
        let wide = e.convert("uitofp", count, Ty::new(Elem::F64, 1));
        Ok(list
            .iter()
            .map(|entry| {
                if !entry.reduction.has_pivot() {
                    return None;
                }
                let value = self.f.value(entry.operands[0], &env);
                let nothing = e.float(value.ty, -0.0);
                let value = e.select(mask, value, nothing);
                let (sum, dtype) = entry.reduction.pivot_sum();
                let total = tree(sum, vec![vec![value]])[0];
                let count = match dtype {
                    DType::F32 => e.convert("fptrunc", wide, total.ty),
                    _ => wide,
                };
                Some(e.binary("fdiv", total, count))
            })
            .collect())
    }

    /// The sweep's body at a span of elements, with its full stores and kept values.
    pub(super) fn point<'p>(
        &self,
        sweep: &Sweep,
        span: Span<'e, '_>,
        scalars: &'p Env<'e, 'p>,
    ) -> Result<Env<'e, 'p>, String> {
        Ok(self.points(sweep, &[span], scalars)?.remove(0))
    }

    /// The same at several spans together.
    fn points<'p>(
        &self,
        sweep: &Sweep,
        spans: &[Span<'e, '_>],
        scalars: &'p Env<'e, 'p>,
    ) -> Result<Vec<Env<'e, 'p>>, String> {
        let f = self.f;
        let begin = |&Span { places, r, lanes, mask, .. }: &Span<'e, '_>| {
            if mask.is_none() {
                self.read_ahead(sweep, places, r);
            }
            let mut env = Env::new(lanes, Some(scalars)).only(mask);
            for v in sweep.fetched.iter().filter(|_| f.b.keep) {
                let ty = crate::llvm::body::register(f.b.kernel.body[*v as usize].ty, lanes);
                env.set(*v, self.load_lanes(ty, self.kept_at(*v, r)));
            }
            env
        };
        let mut envs: Vec<Env<'e, 'p>> = spans.iter().map(begin).collect();
        f.compute_all(self.body(sweep), &mut envs, &mut |k, a, _| {
            let Span { places, r, lanes, mask, .. } = spans[k];
            if let Some(&v) = self.fixed.get(&a) {
                return v;
            }
            if let Some(v) = places.read(f, a, r, lanes, mask) {
                return v;
            }
            f.read(a, f.access(a).lane, self.element(a, r), f.inner_stride(a), lanes, mask)
        })?;
        for (env, &Span { places, r, mask, streaming, .. }) in envs.iter().zip(spans) {
            for &s in &sweep.stores {
                let store = f.b.kernel.stores[s];
                let a = store.access;
                let value = f.value(store.value, env);
                if !places.write(f, a, r, value, mask) {
                    let past = streaming && f.fills_lines(a);
                    f.write(a, f.access(a).lane, self.element(a, r), f.inner_stride(a), value, mask, past);
                }
            }
            for &v in sweep.keeps.iter().filter(|_| f.b.keep) {
                self.store_lanes(env.get(v), self.kept_at(v, r));
            }
        }
        Ok(envs)
    }

    /// What a sweep computes at every element.
    pub(super) fn body<'s>(&self, sweep: &'s Sweep) -> &'s [Val] {
        if self.f.b.keep { &sweep.body_kept } else { &sweep.body }
    }

    /// Address of element `r` of an access that is not packed.
    fn element(&self, a: u16, r: V<'e>) -> V<'e> {
        let e = self.f.e;
        e.add(self.bases[a as usize], e.mul(r, self.f.inner_stride(a)))
    }

    /// Asks for what comes later. A single sweep asks for its own elements further on. Of
    /// several, which find the row in the cache but for the first, the dearest asks for the next
    /// row: memory works while it computes.
    fn read_ahead(&self, sweep: &Sweep, places: &Places<'e>, r: V<'e>) {
        let f = self.f;
        let e = f.e;
        let next_row = f.b.stages.sweeps.len() > 1 && !f.b.split && !f.b.rows.is_empty();
        let loads = |v: &Val| match f.b.kernel.body[*v as usize].inst {
            Inst::Load(a) => Some(a),
            _ => None,
        };
        let mut list: Vec<u16> = match next_row {
            false => self.body(sweep).iter().filter_map(loads).collect(),
            true if sweep.leads => (0..f.b.kernel.body.len() as Val).filter_map(|v| loads(&v)).collect(),
            true => Vec::new(),
        };
        list.sort_unstable();
        list.dedup();
        if !next_row {
            list.iter().for_each(|&a| places.read_ahead(f, a, r));
        }
        list.retain(|a| f.access(*a).lane == Lane::Unit && !self.fixed.contains_key(a));
        for a in list {
            let distance = if next_row { self.to_next_row(a) } else { e.i64(AHEAD) };
            let place = e.add(self.element(a, r), distance);
            e.prefetch(e.convert("inttoptr", place, PTR));
        }
    }

    /// Bytes from an element to the same one of the next row, if rows are long and still fit the
    /// cache together; else as far as a stream is read ahead.
    fn to_next_row(&self, a: u16) -> V<'e> {
        let e = self.f.e;
        let step = self.f.lane_stride(a);
        let beyond = e.binary("sub", step, e.i64(AHEAD));
        let fits = e.compare("icmp ult", beyond, e.i64(LONGEST_AHEAD));
        e.select(fits, step, e.i64(AHEAD))
    }

    pub(super) fn kept_at(&self, v: Val, r: V<'e>) -> V<'e> {
        let e = self.f.e;
        let size = self.f.slot_bytes(self.f.b.kernel.body[v as usize].ty) as i64;
        e.offset(self.kept[&v], e.mul(r, e.i64(size)))
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
        let mut vectors = |places: &Places<'e>, base: V<'e>, stop: V<'e>| {
            let mut point = |r: V<'e>, mask: Option<V<'e>>, streaming: bool| {
                let span = Span { places, r, lanes, mask, streaming };
                if let Err(error) = self.point(sweep, span, scalars) {
                    failed = Err(error);
                }
            };
            let rest = e.binary("and", e.binary("sub", stop, base), e.i64(i64::from(lanes) - 1));
            let whole = e.binary("sub", stop, rest);
            self.f.by_streaming(sweep.stores.iter().map(|&s| self.f.b.kernel.stores[s].access), |past| {
                e.for_loop(base, whole, lanes.into(), &[], |r, _| {
                    point(r, None, past);
                    vec![]
                });
            });
            let some = e.compare("icmp sgt", rest, e.i64(0));
            e.if_then(some, || point(whole, Some(self.f.below(rest, lanes)), false));
        };
        if self.packs(sweep) {
            e.for_loop(begin, end, CHUNK, &[], |base, _| {
                let stop = e.call("llvm.smin.i64", I64, &[e.add(base, e.i64(CHUNK)), end]);
                let n = e.binary("sub", stop, base);
                let places = self.fill_packed(sweep, base, n);
                vectors(&places, base, stop);
                self.drain_packed(sweep, &places, n);
                vec![]
            });
        } else {
            vectors(&Places::none(begin), begin, end);
        }
        failed
    }
}
