//! Columns: each thread reduces a vector of neighbouring columns by itself.
//!
//! The elements of a reduction lie across the memory's rows, so a warp reads neighbouring columns
//! of one row after the other. A chunk is gone through partial by partial, each of whose
//! 8 elements are read at once; the partials meet on a [`Stack`]. Reductions of one chunk are done by
//! one thread, all sweeps in one launch; of longer ones a thread takes one chunk, those of a
//! block meet in shared memory, and blocks as [`super::combine`] says.

use super::points::{self, Count, Points, Reach, clamp, each_step, step_of};
use super::stack::{Items, Stack};
use super::team::{finished, last_reducing};
use super::{BLOCK, CHUNK, Grid, PARTIALS, Word, combine, simt};
use crate::llvm::emit::{Elem, Ty, V};
use crate::llvm::frame::Env;
use crate::llvm::reduce::{Entry, Reduction};
use lazuli_core::DType;
use lazuli_fusion::bind::Lane;
use lazuli_fusion::kernel::Val;
use lazuli_fusion::stages::Sweep;

/// The elements that make a chunk's pivot.
const FIRST: i64 = 16;

type List<'e> = [Entry<'e>];

/// A thread at its columns.
struct Columns<'g, 'e> {
    g: &'g Grid<'e>,
    /// Lanes of the thread's vector that are there.
    lanes: Count<'e>,
    /// Address of each access at the first column and inner element 0.
    bases: Vec<V<'e>>,
    stack: &'g Stack<'e>,
}

/// Prints `run`: all sweeps of reductions of at most one chunk.
pub fn run(g: &Grid<'_>) -> Result<(), String> {
    let e = g.e;
    let stack = Stack::new(g, g.width);
    let group = e.mul(simt::block_index(e), e.i64(BLOCK as i64));
    let columns = Columns::new(g, e.add(group, simt::thread_index(e)), &stack);
    let mut env = Env::new(g.width, None);
    columns.scalars(0, &mut env)?;
    let (start, n) = (e.i64(0), g.f.count());
    for (s, sweep) in g.b.stages.sweeps.iter().enumerate() {
        let list = g.reductions(sweep);
        let totals = columns.chunk(sweep, &list, &env, start, n)?;
        for (entry, total) in list.iter().zip(totals) {
            finished(g, entry, &total).into_iter().for_each(|(r, v)| env.set(r, v));
        }
        columns.scalars(s as u8 + 1, &mut env)?;
    }
    columns.store_scalars(&env);
    Ok(())
}

/// Prints sweep `s` of longer reductions: block = strip * pieces + piece.
pub fn sweep(g: &Grid<'_>, s: usize) -> Result<(), String> {
    let e = g.e;
    let stack = Stack::new(g, g.width);
    let (thread, shift) = (simt::thread_index(e), g.word(Word::Shift));
    let sides = e.binary("shl", e.i64(1), shift);
    let depths = e.binary("lshr", e.i64(BLOCK as i64), shift);
    let side = e.binary("and", thread, e.add(sides, e.i64(-1)));
    let depth = e.binary("lshr", thread, shift);
    let pieces = g.word(Word::Pieces);
    let (strip, piece) = g.divide(simt::block_index(e), pieces);
    let group = e.add(e.mul(strip, sides), side);
    let columns = Columns::new(g, group, &stack);
    let width = e.i64(g.width.into());
    let strips = e.binary("udiv", e.add(g.word(Word::Groups), e.add(sides, e.i64(-1))), sides);
    let unit = e.mul(depths, e.i64(CHUNK));
    let place = combine::Place {
        lane: e.mul(group, width),
        lanes: e.mul(e.mul(strips, sides), width),
        width: g.width,
        piece,
        pieces,
        ticket: strip,
        side,
        sides,
        depth,
        depths,
        unit,
        valid: columns.lanes.has(0),
    };
    let mut env = Env::new(g.width, None);
    columns.resume(s, &place, &mut env)?;
    let sweep = &g.b.stages.sweeps[s];
    let list = g.reductions(sweep);
    let begin = e.mul(piece, unit);
    let start = e.add(begin, e.mul(depth, e.i64(CHUNK)));
    let n = clamp(e.binary("sub", g.f.count(), start), e.i64(CHUNK));
    let totals = columns.chunk(sweep, &list, &env, start, n)?;
    if list.is_empty() {
        return Ok(());
    }
    let totals: Vec<Vec<V<'_>>> = list
        .iter()
        .zip(totals)
        .map(|(entry, total)| place.meet_spans(g, entry.reduction, total, begin, e.i64(CHUNK)))
        .collect();
    e.if_then(e.compare("icmp eq", depth, e.i64(0)), || place.write(g, &list, &totals));
    let mut result = Ok(());
    place.combine(g, &list, &stack, |results| {
        let mut env = Env::new(g.width, None);
        result = columns.resume(s, &place, &mut env).and_then(|()| {
            for &(r, v) in results {
                env.set(r, v);
            }
            columns.scalars(s as u8 + 1, &mut env)?;
            if s + 1 == last_reducing(g) {
                columns.store_scalars(&env);
            }
            Ok(())
        });
    });
    result
}

impl<'g, 'e> Columns<'g, 'e> {
    /// The columns of vector number `group`.
    fn new(g: &'g Grid<'e>, group: V<'e>, stack: &'g Stack<'e>) -> Self {
        let (e, f) = (g.e, &g.f);
        let last = g.b.rows.len() - 1;
        let inside = e.compare("icmp slt", group, g.word(Word::Groups));
        let group = e.select(inside, group, e.i64(0));
        let per_row = e.add(f.row_extent(last), e.i64(i64::from(g.width) - 1));
        let per_row = e.binary("lshr", per_row, e.i64(g.width.trailing_zeros().into()));
        let (outer, lane) = if last == 0 { (e.i64(0), group) } else { g.divide(group, per_row) };
        let lane = e.mul(lane, e.i64(g.width.into()));
        let index = g.row_index(outer, last);
        let base = |a: u16| e.add(f.row_address(a, &index), e.mul(lane, f.lane_stride(a)));
        let bases = (0..g.b.accesses.len() as u16).map(base).collect();
        let lanes = Count::of(e.binary("sub", f.row_extent(last), lane)).only_if(inside);
        Columns { g, lanes, bases, stack }
    }

    /// How an access is reached from lane to lane.
    fn reach(&self, a: u16) -> Reach {
        match self.g.f.access(a).lane {
            Lane::Same => Reach::EachStep,
            Lane::Unit => Reach::Unit,
            _ => Reach::Apart,
        }
    }

    /// Points at `steps` elements, those that `there` says.
    fn points(&self, there: &[V<'e>]) -> Points<'e> {
        let (g, e) = (self.g, self.g.e);
        let whole = self.lanes.has(g.width - 1);
        let aligned = e.binary("and", whole, points::flag(g.word(Word::Aligned)));
        let all = there.iter().fold(aligned, |a, &b| e.binary("and", a, b));
        let count = there.iter().map(|&t| self.lanes.only_if(t)).collect();
        Points { steps: there.len(), width: g.width, all, whole: aligned, count }
    }

    fn place(&self, a: u16, r: V<'e>, v: u32) -> V<'e> {
        let e = self.g.e;
        let lane = e.mul(e.i64(v.into()), self.g.f.lane_stride(a));
        e.add(e.add(self.bases[a as usize], self.g.inner_offset(a, r)), lane)
    }

    /// Row-level values of one depth.
    fn scalars(&self, depth: u8, env: &mut Env<'e, '_>) -> Result<(), String> {
        let (g, e) = (self.g, self.g.e);
        let list = g.f.row_values(depth);
        let points = self.points(&[e.compare("icmp eq", e.i64(0), e.i64(0))]);
        let accesses: Vec<(u16, Reach)> = g.loads(&list).into_iter().map(|a| (a, self.reach(a))).collect();
        let read = g.read(&points, &accesses, &|a, _, v| {
            e.add(self.bases[a as usize], e.mul(e.i64(v.into()), g.f.lane_stride(a)))
        });
        env.set_live(g.live(&points));
        g.f.compute(&list, env, &mut |a, _| read[&a])
    }

    fn resume(&self, s: usize, place: &combine::Place<'e>, env: &mut Env<'e, '_>) -> Result<(), String> {
        // Columns that are not there have no results: they look at those of the first.
        let lane = self.g.e.select(place.valid, place.lane, self.g.e.i64(0));
        for depth in 0..=s as u8 {
            for (v, value) in combine::results(self.g, depth, lane, place.lanes, self.g.width) {
                env.set(v, value);
            }
            self.scalars(depth, env)?;
        }
        Ok(())
    }

    fn store_scalars(&self, env: &Env<'e, '_>) {
        let (g, e) = (self.g, self.g.e);
        let points = self.points(&[e.compare("icmp eq", e.i64(0), e.i64(0))]);
        for s in g.b.kernel.stores.iter().filter(|s| !s.full) {
            let value = g.f.value(s.value, env);
            let place = |a: u16, _: usize, v: u32| {
                e.add(self.bases[a as usize], e.mul(e.i64(v.into()), g.f.lane_stride(a)))
            };
            g.write(&points, s.access, self.reach(s.access), value, &place);
        }
    }

    /// The body of a sweep at elements `r`, one a step: full stores if wanted, and the values.
    fn at<'p>(
        &self,
        sweep: &Sweep,
        rows: &Env<'e, '_>,
        r: &[V<'e>],
        points: &Points<'e>,
        stores: bool,
    ) -> Result<Env<'e, 'p>, String> {
        let g = self.g;
        let accesses: Vec<(u16, Reach)> =
            g.loads(&sweep.body).into_iter().map(|a| (a, self.reach(a))).collect();
        let read = g.read(points, &accesses, &|a, k, v| self.place(a, r[k], v));
        let mut env = Env::new(points.lanes(), None).only(g.live(points));
        for v in 0..g.b.kernel.body.len() as Val {
            if !g.b.kernel.body[v as usize].full && rows.has(v) {
                env.set(v, each_step(rows.get(v), points.steps));
            }
        }
        g.f.compute(&sweep.body, &mut env, &mut |a, _| read[&a])?;
        if stores {
            for &s in &sweep.stores {
                let s = &g.b.kernel.stores[s];
                let value = g.f.value(s.value, &env);
                g.write(points, s.access, self.reach(s.access), value, &|a, k, v| self.place(a, r[k], v));
            }
        }
        Ok(env)
    }

    /// The chunk of `n` elements from `start` on: its full stores and its totals.
    fn chunk(
        &self,
        sweep: &Sweep,
        list: &List<'e>,
        rows: &Env<'e, '_>,
        start: V<'e>,
        n: V<'e>,
    ) -> Result<Vec<Vec<V<'e>>>, String> {
        let (g, e) = (self.g, self.g.e);
        let pivots = self.pivots(sweep, list, rows, start, n)?;
        let reductions: Vec<Reduction<'e>> = list.iter().map(|x| x.reduction).collect();
        let end = e.add(start, n);
        let partials = clamp(n, e.i64(PARTIALS));
        let mut result = Ok(());
        let steps = g.geometry.steps;
        e.for_loop(e.i64(0), partials, 1, &[], |l, _| {
            let first = e.add(start, l);
            let init: Vec<V<'e>> = reductions.iter().flat_map(|r| r.identity(e, g.width)).collect();
            let turns = e.i64((g.geometry.partial() / steps) as i64);
            let done = e.for_loop(e.i64(0), turns, 1, &init, |turn, sums| {
                let from = e.add(first, e.mul(turn, e.i64(steps as i64 * PARTIALS)));
                let at: Vec<V<'e>> = (0..steps as i64).map(|k| e.add(from, e.i64(k * PARTIALS))).collect();
                match self.add_steps(sweep, list, rows, &at, end, &pivots, sums) {
                    Ok(sums) => sums,
                    Err(error) => {
                        result = Err(error);
                        sums.to_vec()
                    }
                }
            });
            if !list.is_empty() {
                self.stack.push(&reductions, Items::Parts, l, n, &done[1..]);
            }
            vec![]
        });
        result?;
        let none: Vec<V<'e>> = reductions.iter().flat_map(|r| r.identity(e, g.width)).collect();
        if list.is_empty() {
            return Ok(Vec::new());
        }
        let parts = self.stack.fold(&reductions, Items::Parts, partials, n, &none);
        let mut at = 0;
        let total = |(&reduction, &pivot): (&Reduction<'e>, &Option<V<'e>>)| {
            let first = at;
            at += reduction.part_types(1).len();
            reduction.chunk(&parts[first..at], pivot, n)
        };
        Ok(reductions.iter().zip(&pivots).map(total).collect())
    }

    /// Adds the elements `at`, of those below `end`, to partials, in order; does the full stores there.
    fn add_steps(
        &self,
        sweep: &Sweep,
        list: &List<'e>,
        rows: &Env<'e, '_>,
        at: &[V<'e>],
        end: V<'e>,
        pivots: &[Option<V<'e>>],
        sums: &[V<'e>],
    ) -> Result<Vec<V<'e>>, String> {
        let (g, e) = (self.g, self.g.e);
        let there: Vec<V<'e>> = at.iter().map(|&r| e.compare("icmp slt", r, end)).collect();
        let points = self.points(&there);
        let env = self.at(sweep, rows, at, &points, true)?;
        let mut out = Vec::with_capacity(sums.len());
        for (entry, &pivot) in list.iter().zip(pivots) {
            let reduction = entry.reduction;
            let values = entry.values(&g.f, &env, points.lanes());
            let identity = reduction.identity(e, g.width);
            let from = out.len();
            let mut sum = sums[from..from + identity.len()].to_vec();
            for (k, &r) in at.iter().enumerate() {
                let position = e.splat(r, g.width);
                let values: Vec<V<'e>> = values.iter().map(|&v| step_of(v, k, g.width)).collect();
                let element = reduction.element(&values, position, pivot);
                let mask = e.splat(there[k], g.width);
                let element: Vec<V<'e>> =
                    element.iter().zip(&identity).map(|(&v, &i)| e.select(mask, v, i)).collect();
                sum = reduction.combine(&sum, &element);
            }
            out.extend(sum);
        }
        Ok(out)
    }

    /// The pivots of a chunk: the mean of its first elements, by the neighbour tree.
    fn pivots(
        &self,
        sweep: &Sweep,
        list: &List<'e>,
        rows: &Env<'e, '_>,
        start: V<'e>,
        n: V<'e>,
    ) -> Result<Vec<Option<V<'e>>>, String> {
        let (g, e) = (self.g, self.g.e);
        let pivoted: Vec<(Val, Reduction<'e>)> = list
            .iter()
            .filter(|x| x.reduction.has_pivot())
            .map(|x| (x.operands[0], x.reduction.pivot_sum().0))
            .collect();
        if pivoted.is_empty() {
            return Ok(vec![None; list.len()]);
        }
        let sums: Vec<Reduction<'e>> = pivoted.iter().map(|p| p.1).collect();
        let count = clamp(n, e.i64(FIRST));
        let mut result = Ok(());
        e.for_loop(e.i64(0), count, 1, &[], |p, _| {
            let points = self.points(&[e.compare("icmp eq", p, p)]);
            match self.at(sweep, rows, &[e.add(start, p)], &points, false) {
                Ok(env) => {
                    let value = |&(arg, _): &(Val, Reduction<'e>)| e.splat(g.f.value(arg, &env), g.width);
                    let values: Vec<V<'e>> = pivoted.iter().map(value).collect();
                    self.stack.push(&sums, Items::Parts, p, n, &values);
                }
                Err(error) => result = Err(error),
            }
            vec![]
        });
        result?;
        let none: Vec<V<'e>> = sums.iter().flat_map(|r| r.identity(e, g.width)).collect();
        let mut totals = self.stack.fold(&sums, Items::Parts, count, n, &none).into_iter();
        let wide = e.convert("uitofp", count, Ty::new(Elem::F64, 1));
        let pivot = |x: &Entry<'e>| {
            x.reduction.has_pivot().then(|| {
                let number = match x.reduction.pivot_sum().1 {
                    DType::F32 => e.convert("fptrunc", wide, Ty::new(Elem::F32, 1)),
                    _ => wide,
                };
                let total = totals.next().expect("one a reduction with a pivot");
                e.binary("fdiv", total, e.splat(number, g.width))
            })
        };
        Ok(list.iter().map(pivot).collect())
    }
}
