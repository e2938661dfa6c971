//! What a thread does by itself: the body at its points, and the partials of its chunk.

use super::*;

impl<'e> Team<'_, 'e> {
    /// The body of a sweep at points, and its full stores if they are wanted. What `held` has is not
    /// read or computed again.
    fn body(
        &self,
        sweep: &Sweep,
        points: &Points<'e>,
        firsts: &[V<'e>],
        held: &mut Held<'e>,
        stores: bool,
    ) -> Result<(), String> {
        let (g, e) = (self.g, self.g.e);
        let place = |a: u16, k: usize, v: u32| {
            let r = e.add(firsts[k], e.i64(v.into()));
            e.add(self.bases[a as usize], g.inner_offset(a, r))
        };
        let fresh: Vec<(u16, Reach)> = g
            .loads(&sweep.body)
            .into_iter()
            .filter(|a| !held.read.contains_key(a) && !self.fixed.contains_key(a))
            .map(|a| (a, g.reach(a)))
            .collect();
        held.read.extend(g.read(points, &fresh, &place));
        let find = |a: u16| self.fixed.get(&a).or_else(|| held.read.get(&a)).copied();
        held.wide.set_live(g.live(points));
        g.f.compute(&sweep.body, &mut held.wide, &mut |a, _| find(a).expect("read above"))?;
        for &s in sweep.stores.iter().filter(|_| stores) {
            let s = &g.b.kernel.stores[s];
            let value = g.f.value(s.value, &held.wide);
            g.write(points, s.access, g.reach(s.access), value, &place);
        }
        Ok(())
    }

    /// Pivots and partials of this thread's chunk, all 8 steps in one wide value.
    pub(super) fn partials_at_once(
        &self,
        sweep: &Sweep,
        list: &List<'e>,
        piece: &Piece<'e>,
        held: &mut Held<'e>,
        n: V<'e>,
    ) -> Result<(Vec<Option<V<'e>>>, Vec<Vec<V<'e>>>), String> {
        let g = self.g;
        let (points, firsts) = self.points(piece, None);
        self.body(sweep, &points, &firsts, held, true)?;
        let there = points.mask(g.e);
        let (mut pivots, mut partials) = (Vec::new(), Vec::new());
        for entry in list {
            let reduction = entry.reduction;
            let values = entry.values(&g.f, &held.wide, points.lanes());
            let first = step_of(values[0], 0, g.width);
            let pivot =
                reduction.has_pivot().then(|| self.pivot(reduction, first, step_of(there, 0, g.width), n));
            let element = self.elements(reduction, &values, &firsts, there, pivot);
            let step = |k: usize| -> Vec<V<'e>> { element.iter().map(|&v| step_of(v, k, g.width)).collect() };
            partials.push((1..points.steps).fold(step(0), |sum, k| reduction.combine(&sum, &step(k))));
            pivots.push(pivot);
        }
        Ok((pivots, partials))
    }

    /// The same step by step, for bodies that are too long to be printed for all.
    pub(super) fn partials_by_step(
        &self,
        sweep: &Sweep,
        list: &List<'e>,
        piece: &Piece<'e>,
        rows: &Env<'e, '_>,
        n: V<'e>,
    ) -> Result<(Vec<Option<V<'e>>>, Vec<Vec<V<'e>>>), String> {
        let (g, e) = (self.g, self.g.e);
        let at = |k: V<'e>, stores: bool| {
            let (points, firsts) = self.points(piece, Some(k));
            let mut held = Held { wide: rows.widened(g.width), read: HashMap::new() };
            self.body(sweep, &points, &firsts, &mut held, stores)?;
            Ok::<_, String>((firsts, points.mask(g.e), held.wide))
        };
        let mut pivots = vec![None; list.len()];
        if list.iter().any(|x| x.reduction.has_pivot()) {
            let (_, there, env) = at(e.i64(0), false)?;
            for (pivot, entry) in pivots.iter_mut().zip(list).filter(|(_, x)| x.reduction.has_pivot()) {
                let first = entry.values(&g.f, &env, g.width)[0];
                *pivot = Some(self.pivot(entry.reduction, first, there, n));
            }
        }
        let init: Vec<V<'e>> = list.iter().flat_map(|x| x.reduction.identity(e, g.width)).collect();
        let mut result = Ok(());
        let sums = e.for_loop(e.i64(0), e.i64(g.geometry.partial() as i64), 1, &init, |k, sums| {
            let mut next = Vec::with_capacity(sums.len());
            match at(k, true) {
                Ok((firsts, there, env)) => {
                    for (entry, &pivot) in list.iter().zip(&pivots) {
                        let values = entry.values(&g.f, &env, g.width);
                        let element = self.elements(entry.reduction, &values, &firsts, there, pivot);
                        let from = next.len();
                        next.extend(entry.reduction.combine(&sums[from..from + element.len()], &element));
                    }
                }
                Err(error) => {
                    result = Err(error);
                    next.extend_from_slice(sums);
                }
            }
            next
        });
        result?;
        let mut at = 1;
        let part = |x: &Entry<'e>| {
            let from = at;
            at += x.reduction.part_types(1).len();
            sums[from..at].to_vec()
        };
        Ok((pivots, list.iter().map(part).collect()))
    }

    /// Parts of the elements at points; the identity where none is there.
    fn elements(
        &self,
        reduction: Reduction<'e>,
        values: &[V<'e>],
        firsts: &[V<'e>],
        there: V<'e>,
        pivot: Option<V<'e>>,
    ) -> Vec<V<'e>> {
        let (g, e) = (self.g, self.g.e);
        let lanes = there.ty.lanes;
        let numbers = Ty::new(Elem::I64, g.width);
        let position = |&first: &V<'e>| e.binary("add", e.splat(first, g.width), e.lane_numbers(numbers));
        let positions = match reduction.is_positional() {
            true => e.concat(&firsts.iter().map(position).collect::<Vec<_>>()),
            false => e.int(Ty::new(Elem::I64, lanes), 0),
        };
        let element = reduction.element(values, positions, pivot);
        let identity = reduction.identity(e, lanes);
        element.iter().zip(&identity).map(|(&v, &i)| e.select(there, v, i)).collect()
    }

    /// The mean of a chunk's first elements, by the neighbour tree; `value` are those of step 0.
    fn pivot(&self, reduction: Reduction<'e>, value: V<'e>, there: V<'e>, n: V<'e>) -> V<'e> {
        let (g, e) = (self.g, self.g.e);
        let (sum, dtype) = reduction.pivot_sum();
        let first = e.select(there, value, sum.identity(e, g.width)[0]);
        let mut total = tree(sum, vec![vec![first]]);
        let half = FIRST / i64::from(g.width);
        let mut xor = 1;
        while xor < half {
            total = self.meet(sum, &total, xor, None);
            xor *= 2;
        }
        // The threads with the later half of the partials take it from the others.
        let other = g.exchange(total[0], half);
        let later = e.compare("icmp ne", e.binary("and", self.thread, e.i64(half)), e.i64(0));
        let total = e.select(later, other, total[0]);
        let wide = e.convert("uitofp", clamp(n, e.i64(FIRST)), Ty::new(Elem::F64, 1));
        let count = match dtype {
            DType::F32 => e.convert("fptrunc", wide, Ty::new(Elem::F32, 1)),
            _ => wide,
        };
        e.binary("fdiv", total, count)
    }
}
