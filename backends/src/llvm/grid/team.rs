//! A row by a team of threads.
//!
//! Thread `q` of a team has lanes `width * j ..` of chunk `c`, where `q = c * (32 / width) + j`:
//! `width` partials of that chunk, with all their 8 elements. So a chunk is 32 / width threads, and
//! a team of a chunk, a warp or a block holds its whole row in registers, from sweep to sweep:
//! every array is read once. A longer row is *split*: its pieces, of a block each, are
//! treated sweep by sweep, a launch each, and their totals meet in memory ([`super::combine`]).

use super::points::{self, Points, Reach, clamp, step_of};
use super::{BLOCK, CHUNK, Grid, PARTIALS, STEPS, Word, simt};
use crate::llvm::emit::{Elem, I64, Ty, V};
use crate::llvm::frame::Env;
use crate::llvm::reduce::{Reduction, tree};
use lazuli_core::{DType, ReduceOp};
use lazuli_fusion::bind::Lane;
use lazuli_fusion::kernel::{Inst, Val};
use lazuli_fusion::stages::Sweep;
use std::collections::HashMap;

/// Bytes of a component of a total in shared memory.
const WORD: i64 = 8;
/// The elements that make a chunk's pivot.
const FIRST: i64 = 16;

/// A team at its row.
struct Team<'g, 'e> {
    g: &'g Grid<'e>,
    threads: usize,
    /// Number of this thread in its block and in its team.
    thread: V<'e>,
    /// Address of each access at the row.
    bases: Vec<V<'e>>,
    /// Loads that are the same along the row.
    fixed: HashMap<u16, V<'e>>,
    points: Points<'e>,
    /// First element of the team's piece of the row, of this thread's chunk, and of this thread.
    start: V<'e>,
    chunk: V<'e>,
    first: V<'e>,
    /// Number of sweeps so far: each has shared memory of its own.
    sweeps: std::cell::Cell<usize>,
}

/// Prints `run`: a row a team.
pub fn run(g: &Grid<'_>, threads: usize) -> Result<(), String> {
    let e = g.e;
    let thread = simt::thread_index(e);
    let teams = (BLOCK / threads) as i64;
    let team = e.binary("lshr", thread, e.i64(threads.trailing_zeros().into()));
    let row = e.add(e.mul(simt::block_index(e), e.i64(teams)), team);
    let rows = g.word(Word::Groups);
    let valid = e.compare("icmp slt", row, rows);
    let row = e.select(valid, row, e.i64(0));
    let team = Team::new(g, threads, thread, row, valid, e.i64(0));
    let mut env = Env::new(1, None);
    let mut wide = Env::new(team.points.lanes(), None);
    team.scalars(0, &mut env, &mut wide)?;
    let mut read = HashMap::new();
    for (s, sweep) in g.b.stages.sweeps.iter().enumerate() {
        let totals = team.sweep(sweep, &mut wide, &mut read)?;
        for ((r, _, reduction), total) in g.reductions(sweep).into_iter().zip(totals) {
            set_row(&mut env, &mut wide, r, finished(g, reduction, &total));
        }
        team.scalars(s as u8 + 1, &mut env, &mut wide)?;
    }
    let one = e.compare("icmp eq", team.within(), e.i64(0));
    team.store_scalars(&env, e.binary("and", one, valid));
    Ok(())
}

/// Prints sweep `s` of a split row: block = row * pieces + piece.
pub fn sweep(g: &Grid<'_>, s: usize) -> Result<(), String> {
    let e = g.e;
    let thread = simt::thread_index(e);
    let pieces = g.word(Word::Pieces);
    let (row, piece) = g.divide(simt::block_index(e), pieces);
    let tile = g.geometry.tile() as i64;
    let always = e.compare("icmp eq", row, row);
    let team = Team::new(g, BLOCK, thread, row, always, e.mul(piece, e.i64(tile)));
    let stack = super::combine::room(g);
    let mut env = Env::new(1, None);
    let mut wide = Env::new(team.points.lanes(), None);
    team.resume(s, &mut env, &mut wide)?;
    let sweep = &g.b.stages.sweeps[s];
    let totals = team.sweep(sweep, &mut wide, &mut HashMap::new())?;
    let list = g.reductions(sweep);
    if list.is_empty() {
        return Ok(());
    }
    let place = super::combine::Place {
        lane: row,
        lanes: g.word(Word::Groups),
        width: 1,
        piece,
        pieces,
        ticket: row,
        side: e.i64(0),
        sides: e.i64(1),
        depth: thread,
        depths: e.i64(BLOCK as i64),
        unit: e.i64(tile),
        valid: always,
    };
    let one = e.compare("icmp eq", thread, e.i64(0));
    e.if_then(one, || place.write(g, &list, &totals));
    let mut result = Ok(());
    place.combine(g, &list, &stack, |results| {
        let mut env = Env::new(1, None);
        result = (|| {
            let mut wide = Env::new(1, None);
            team.resume(s, &mut env, &mut wide)?;
            for (&(r, ..), &v) in list.iter().zip(results) {
                set_row(&mut env, &mut wide, r, v);
            }
            team.scalars(s as u8 + 1, &mut env, &mut wide)?;
            if s + 1 == last_reducing(g) {
                team.store_scalars(&env, always);
            }
            Ok(())
        })();
    });
    result
}

/// One more than the last sweep with a reduction: all row values are known after it.
pub fn last_reducing(g: &Grid<'_>) -> usize {
    g.b.stages.sweeps.iter().rposition(|s| !s.reduces.is_empty()).map_or(0, |s| s + 1)
}

/// A row value, for the row and for its points.
fn set_row<'e>(env: &mut Env<'e, '_>, wide: &mut Env<'e, '_>, v: Val, value: V<'e>) {
    env.set(v, value);
    wide.set(v, value);
}

/// The result of a total.
pub fn finished<'e>(g: &Grid<'e>, reduction: Reduction, total: &[V<'e>]) -> V<'e> {
    let value = reduction.finish(total, g.f.count());
    if !reduction.has_pivot() {
        return value;
    }
    // No elements: no deviation.
    let e = g.e;
    let none = e.compare("icmp eq", g.f.count(), e.i64(0));
    e.select(none, e.float(value.ty, 0.0), value)
}

impl<'g, 'e> Team<'g, 'e> {
    fn new(g: &'g Grid<'e>, threads: usize, thread: V<'e>, row: V<'e>, valid: V<'e>, start: V<'e>) -> Self {
        let (e, f) = (g.e, &g.f);
        let index = g.row_index(row, g.b.rows.len());
        let bases: Vec<V<'e>> = (0..g.b.accesses.len() as u16).map(|a| f.row_address(a, &index)).collect();
        let width = i64::from(g.width);
        let within = e.binary("and", thread, e.i64(threads as i64 - 1));
        let chunk_team = PARTIALS / width;
        let chunk = e.binary("lshr", within, e.i64(chunk_team.trailing_zeros().into()));
        let chunk = e.add(start, e.mul(chunk, e.i64(CHUNK)));
        let lane = e.mul(e.binary("and", within, e.i64(chunk_team - 1)), e.i64(width));
        let first = e.add(chunk, lane);
        let count = |k: usize| {
            let left = e.binary("sub", f.count(), e.add(first, e.i64(k as i64 * PARTIALS)));
            e.select(valid, left, e.i64(0))
        };
        let end = e.add(start, e.i64((threads * STEPS) as i64 * width));
        let all = e.binary("and", valid, e.compare("icmp sle", end, f.count()));
        let points = Points {
            steps: STEPS,
            width: g.width,
            all: e.binary("and", all, points::flag(g.word(Word::Aligned))),
            whole: points::flag(g.word(Word::Whole)),
            count: (0..STEPS).map(count).collect(),
        };
        let mut team = Team {
            g,
            threads,
            thread,
            bases,
            fixed: HashMap::new(),
            points,
            start,
            chunk,
            first,
            sweeps: Default::default(),
        };
        for def in &g.b.kernel.body {
            if let Inst::Load(a) | Inst::Index(a) = def.inst
                && (!def.full || f.access(a).lane == Lane::Same)
                && !team.fixed.contains_key(&a)
            {
                // An array without elements must not be looked at.
                let some = e.compare("icmp sgt", f.count(), e.i64(0));
                let inside = if def.full { e.binary("and", valid, some) } else { valid };
                let v = g.read_one(a, team.bases[a as usize], inside);
                team.fixed.insert(a, v);
            }
        }
        team
    }

    /// Number of this thread in its team.
    fn within(&self) -> V<'e> {
        self.g.e.binary("and", self.thread, self.g.e.i64(self.threads as i64 - 1))
    }

    /// Row-level values of one depth.
    fn scalars(&self, depth: u8, env: &mut Env<'e, '_>, wide: &mut Env<'e, '_>) -> Result<(), String> {
        let list = self.g.f.row_values(depth);
        self.g.f.compute(&list, env, &mut |a, _| self.fixed[&a])?;
        for v in list {
            wide.set(v, env.get(v));
        }
        Ok(())
    }

    /// Row-level values up to sweep `s`, with the results of earlier sweeps from memory.
    fn resume(&self, s: usize, env: &mut Env<'e, '_>, wide: &mut Env<'e, '_>) -> Result<(), String> {
        let (row, _) = self.g.divide(simt::block_index(self.g.e), self.g.word(Word::Pieces));
        for depth in 0..=s as u8 {
            for (v, value) in super::combine::results(self.g, depth, row, self.g.word(Word::Groups), 1) {
                set_row(env, wide, v, value);
            }
            self.scalars(depth, env, wide)?;
        }
        Ok(())
    }

    fn store_scalars(&self, env: &Env<'e, '_>, inside: V<'e>) {
        for s in self.g.b.kernel.stores.iter().filter(|s| !s.full) {
            let value = self.g.f.value(s.value, env);
            self.g.write_one(s.access, self.bases[s.access as usize], value, inside);
        }
    }

    /// Address (or position) of a point.
    fn place(&self, a: u16, k: usize, v: u32) -> V<'e> {
        let e = self.g.e;
        let r = e.add(self.first, e.i64(k as i64 * PARTIALS + i64::from(v)));
        e.add(self.bases[a as usize], self.g.inner_offset(a, r))
    }

    /// One sweep over the team's piece: does its full stores, gives the totals of its reductions
    /// to all threads of the team. What was read and computed for earlier sweeps is still there.
    fn sweep(
        &self,
        sweep: &Sweep,
        wide: &mut Env<'e, '_>,
        read: &mut HashMap<u16, V<'e>>,
    ) -> Result<Vec<Vec<V<'e>>>, String> {
        let (g, e) = (self.g, self.g.e);
        self.sweeps.set(self.sweeps.get() + 1);
        let fresh: Vec<(u16, Reach)> = g
            .loads(&sweep.body)
            .into_iter()
            .filter(|a| !read.contains_key(a) && !self.fixed.contains_key(a))
            .map(|a| (a, g.reach(a)))
            .collect();
        read.extend(g.read(&self.points, &fresh, &|a, k, v| self.place(a, k, v)));
        let find = |a: u16| self.fixed.get(&a).or_else(|| read.get(&a)).copied();
        g.f.compute(&sweep.body, wide, &mut |a, _| find(a).expect("read above"))?;
        for &s in &sweep.stores {
            let s = &g.b.kernel.stores[s];
            let value = g.f.value(s.value, wide);
            g.write(&self.points, s.access, g.reach(s.access), value, &|a, k, v| self.place(a, k, v));
        }
        let list = g.reductions(sweep);
        if list.is_empty() {
            return Ok(Vec::new());
        }
        let n = clamp(e.binary("sub", g.f.count(), self.chunk), e.i64(CHUNK));
        let mut totals: Vec<Vec<V<'e>>> = list
            .iter()
            .map(|&(_, arg, reduction)| self.chunk_total(reduction, g.f.value(arg, wide), n))
            .collect();
        // From chunk to chunk: within the warp, then within the block.
        let chunk_team = PARTIALS / i64::from(g.width);
        let mut xor = chunk_team;
        while xor < simt::WARP.min(self.threads as i64) {
            let span = xor / chunk_team * CHUNK;
            let counts = self.counts(span);
            for ((_, _, reduction), total) in list.iter().zip(&mut totals) {
                *total = self.meet(*reduction, total, xor, Some(counts));
            }
            xor *= 2;
        }
        if self.threads > simt::WARP as usize {
            totals = self.through_shared(&list, &totals);
        }
        Ok(totals)
    }

    /// The total of this thread's chunk, in all its threads.
    fn chunk_total(&self, reduction: Reduction, value: V<'e>, n: V<'e>) -> Vec<V<'e>> {
        let (g, e) = (self.g, self.g.e);
        let (width, lanes) = (i64::from(g.width), self.points.lanes());
        let value = e.splat(value, lanes);
        let there = self.points.mask(g);
        let pivot = reduction.has_pivot().then(|| self.pivot(reduction, value, there, n));
        let numbers = Ty::new(Elem::I64, g.width);
        let position = |k: usize| {
            let first = e.add(self.first, e.i64(k as i64 * PARTIALS));
            e.binary("add", e.splat(first, g.width), e.lane_numbers(numbers))
        };
        let positions = match reduction.op {
            ReduceOp::ArgMin | ReduceOp::ArgMax => e.concat(&(0..STEPS).map(position).collect::<Vec<_>>()),
            _ => e.int(Ty::new(Elem::I64, lanes), 0),
        };
        let element = reduction.element(value, positions, pivot);
        let identity = reduction.identity(e, lanes);
        let element: Vec<V<'e>> =
            element.iter().zip(&identity).map(|(&v, &i)| e.select(there, v, i)).collect();
        let step = |k: usize| -> Vec<V<'e>> { element.iter().map(|&v| step_of(v, k, g.width)).collect() };
        let partials = (1..STEPS).fold(step(0), |sum, k| reduction.combine(&sum, &step(k)));
        let mut parts = tree(reduction, vec![partials]);
        let mut xor = 1;
        while xor < PARTIALS / width {
            parts = self.meet(reduction, &parts, xor, None);
            xor *= 2;
        }
        reduction.chunk(&parts, pivot, n)
    }

    /// The mean of a chunk's first elements, by the neighbour tree.
    fn pivot(&self, reduction: Reduction, value: V<'e>, there: V<'e>, n: V<'e>) -> V<'e> {
        let (g, e) = (self.g, self.g.e);
        let sum = Reduction { op: ReduceOp::Sum, ..reduction };
        let first =
            e.select(step_of(there, 0, g.width), step_of(value, 0, g.width), sum.identity(e, g.width)[0]);
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
        let count = match reduction.dtype {
            DType::F32 => e.convert("fptrunc", wide, Ty::new(Elem::F32, 1)),
            _ => wide,
        };
        e.binary("fdiv", total, count)
    }

    /// How many elements are in this thread's span of `span` elements and in its partner's: left
    /// and right.
    fn counts(&self, span: i64) -> (V<'e>, V<'e>) {
        let (g, e) = (self.g, self.g.e);
        let begin = e.binary("sub", self.chunk, self.start);
        let left = e.add(self.start, e.binary("and", begin, e.i64(!(2 * span - 1))));
        let count = |at: V<'e>| clamp(e.binary("sub", g.f.count(), at), e.i64(span));
        (count(left), count(e.add(left, e.i64(span))))
    }

    /// Combines what this thread and its partner have, whose number differs in bit `xor`: as
    /// parts of a chunk, or as totals of the numbers of elements given.
    fn meet(
        &self,
        reduction: Reduction,
        mine: &[V<'e>],
        xor: i64,
        counts: Option<(V<'e>, V<'e>)>,
    ) -> Vec<V<'e>> {
        let (g, e) = (self.g, self.g.e);
        let other: Vec<V<'e>> = mine.iter().map(|&v| g.exchange(v, xor)).collect();
        let ordered = counts.is_some() && reduction.has_pivot();
        if !ordered {
            // Both sides may be taken in either order: no bit depends on it.
            return reduction.combine(mine, &other);
        }
        let right = e.compare("icmp ne", e.binary("and", self.thread, e.i64(xor)), e.i64(0));
        let pick = |a: &[V<'e>], b: &[V<'e>]| -> Vec<V<'e>> {
            a.iter().zip(b).map(|(&a, &b)| e.select(right, a, b)).collect()
        };
        let (a, b) = (pick(&other, mine), pick(mine, &other));
        let (na, nb) = counts.expect("just seen");
        merge(reduction, &a, &b, na, nb)
    }

    /// From warp to warp: each leaves its totals in shared memory, all combine them.
    fn through_shared(&self, list: &[(Val, Val, Reduction)], totals: &[Vec<V<'e>>]) -> Vec<Vec<V<'e>>> {
        let (g, e) = (self.g, self.g.e);
        let warps = BLOCK as i64 / simt::WARP;
        let widest = |s: &Sweep| g.reductions(s).iter().map(|r| r.2.total_types(1).len()).sum::<usize>();
        let room = g.b.stages.sweeps.iter().map(widest).max().unwrap_or(0) as i64 * warps * WORD;
        // Two places in turn: whoever writes one knows that all have read it two sweeps ago.
        let place = (self.sweeps.get() as i64 % 2) * room;
        let at = |slot: usize, warp: V<'e>| {
            let offset = e.mul(e.add(e.i64(slot as i64 * warps), warp), e.i64(WORD));
            g.shared(e.add(offset, e.i64(place)), 2 * room as usize)
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
        for (_, _, reduction) in list {
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
                    let at = e.add(self.start, e.i64(i as i64 * size));
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

/// Combines totals; a right side without elements changes nothing.
pub fn merge<'e>(reduction: Reduction, a: &[V<'e>], b: &[V<'e>], na: V<'e>, nb: V<'e>) -> Vec<V<'e>> {
    let merged = reduction.merge(a, b, na, nb);
    if !reduction.has_pivot() {
        return merged;
    }
    let e = na.e;
    let none = e.compare("icmp eq", nb, e.i64(0));
    merged.iter().zip(a).map(|(&m, &a)| e.select(none, a, m)).collect()
}
