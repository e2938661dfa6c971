//! A row by a team of threads.
//!
//! Thread `q` of a team has lanes `width * j ..` of chunk `c`, where `q = c * (32 / width) + j`:
//! `width` partials of that chunk, with all their 8 elements. So a chunk is 32 / width threads, and
//! a team of a chunk, a warp or a block holds its whole row in registers, from sweep to sweep:
//! every array is read once. A longer row is *split*: its pieces, of a block each, are
//! treated sweep by sweep, a launch each, and their totals meet in memory ([`super::combine`]).

mod meet;
mod partials;

use super::points::{self, Count, Points, Reach, clamp, step_of};
use super::stack::{Items, Stack};
use super::{BLOCK, CHUNK, Grid, PARTIALS, Word, simt};
use crate::llvm::emit::{Elem, I64, Ty, V};
use crate::llvm::frame::Env;
use crate::llvm::reduce::{Entry, Reduction, tree};
use lazuli_core::DType;
use lazuli_fusion::bind::Lane;
use lazuli_fusion::kernel::{Inst, Val};
use lazuli_fusion::stages::Sweep;
use std::collections::HashMap;

/// Bytes of a component of a total in shared memory.
const WORD: i64 = 8;
/// The elements that make a chunk's pivot.
const FIRST: i64 = 16;

type List<'e> = [Entry<'e>];

/// A team at its row.
struct Team<'g, 'e> {
    g: &'g Grid<'e>,
    threads: usize,
    /// Number of this thread in its block.
    thread: V<'e>,
    /// Is there a row?
    valid: V<'e>,
    /// Address of each access at the row.
    bases: Vec<V<'e>>,
    /// Loads that are the same along the row.
    fixed: HashMap<u16, V<'e>>,
}

/// A piece of a row: as much as the team holds at once.
struct Piece<'e> {
    /// First element.
    start: V<'e>,
    /// First element of this thread's chunk, and of this thread.
    chunk: V<'e>,
    first: V<'e>,
    /// All points of the piece are there, and arrays aligned.
    all: V<'e>,
    /// How many elements there are from this thread's first on.
    left: Count<'e>,
    /// Number of the sweep over a piece: two in turn have shared memory of their own.
    turn: V<'e>,
}

/// What has been read and computed of a piece for earlier sweeps.
struct Held<'e> {
    wide: Env<'e, 'e>,
    read: HashMap<u16, V<'e>>,
}

/// Prints `run`: a row a team, held in registers from sweep to sweep.
pub fn run(g: &Grid<'_>, threads: usize) -> Result<(), String> {
    let (team, mut env) = at_row(g, threads);
    let mut held = Held { wide: Env::new(team.lanes(), None), read: HashMap::new() };
    team.scalars(0, &mut env, &mut held.wide)?;
    for (s, sweep) in g.b.stages.sweeps.iter().enumerate() {
        let totals = team.sweep(sweep, &team.piece(g.e.i64(0), g.e.i64(s as i64)), &mut held)?;
        for (entry, total) in g.reductions(sweep).iter().zip(totals) {
            for (r, v) in finished(g, entry, &total) {
                set_row(&mut env, &mut held.wide, r, v);
            }
        }
        team.scalars(s as u8 + 1, &mut env, &mut held.wide)?;
    }
    team.store_row(&env);
    Ok(())
}

/// Prints `run` for longer rows: a row a block, piece by piece in every sweep. What a later sweep reads
/// again is in the cache, if not too many rows are being worked on.
pub fn long(g: &Grid<'_>) -> Result<(), String> {
    let e = g.e;
    let stack = Stack::new(g, 1);
    let (team, mut env) = at_row(g, BLOCK);
    team.scalars(0, &mut env, &mut Env::new(1, None))?;
    let tile = g.geometry.tile() as i64;
    for (s, sweep) in g.b.stages.sweeps.iter().enumerate() {
        let list = g.reductions(sweep);
        let reductions: Vec<Reduction<'_>> = list.iter().map(|x| x.reduction).collect();
        let mut result = Ok(());
        let pieces = e.add(g.f.count(), e.i64(tile - 1));
        let pieces = e.binary("lshr", pieces, e.i64(tile.trailing_zeros().into()));
        e.for_loop(e.i64(0), pieces, 1, &[], |p, _| {
            let start = e.mul(p, e.i64(tile));
            let mut held = Held { wide: env.widened(team.lanes()), read: HashMap::new() };
            let turn = e.add(e.mul(e.i64(s as i64), pieces), p);
            match team.sweep(sweep, &team.piece(start, turn), &mut held) {
                Ok(totals) if !list.is_empty() => {
                    let n = clamp(e.binary("sub", g.f.count(), start), e.i64(tile));
                    stack.push(&reductions, Items::Totals(e.i64(tile)), p, n, &totals.concat());
                }
                Ok(_) => {}
                Err(error) => result = Err(error),
            }
            vec![]
        });
        result?;
        if list.is_empty() {
            continue;
        }
        let none: Vec<V<'_>> = reductions.iter().flat_map(|r| nothing(g, *r, 1)).collect();
        let all = stack.fold(&reductions, Items::Totals(e.i64(tile)), pieces, g.f.count(), &none);
        let mut at = 0;
        for entry in &list {
            let first = at;
            at += entry.reduction.slots();
            finished(g, entry, &all[first..at]).into_iter().for_each(|(r, v)| env.set(r, v));
        }
        team.scalars(s as u8 + 1, &mut env, &mut Env::new(1, None))?;
    }
    team.store_row(&env);
    Ok(())
}

/// The total of no elements.
pub fn nothing<'e>(g: &Grid<'e>, reduction: Reduction<'e>, width: u32) -> Vec<V<'e>> {
    let mut none = reduction.identity(g.e, width);
    none.resize(reduction.total_types(width).len(), none[0]);
    none
}

/// A team at the row that its number says.
fn at_row<'g, 'e>(g: &'g Grid<'e>, threads: usize) -> (Team<'g, 'e>, Env<'e, 'e>) {
    let e = g.e;
    let thread = simt::thread_index(e);
    let teams = (BLOCK / threads) as i64;
    let team = e.binary("lshr", thread, e.i64(threads.trailing_zeros().into()));
    let row = e.add(e.mul(simt::block_index(e), e.i64(teams)), team);
    let valid = e.compare("icmp slt", row, g.word(Word::Groups));
    let row = e.select(valid, row, e.i64(0));
    (Team::new(g, threads, thread, row, valid), Env::new(1, None))
}

/// Prints sweep `s` of a split row: block = row * pieces + piece.
pub fn sweep(g: &Grid<'_>, s: usize) -> Result<(), String> {
    let e = g.e;
    let thread = simt::thread_index(e);
    let pieces = g.word(Word::Pieces);
    let (row, piece) = g.divide(simt::block_index(e), pieces);
    let tile = g.geometry.tile() as i64;
    let always = e.compare("icmp eq", row, row);
    let team = Team::new(g, BLOCK, thread, row, always);
    let stack = super::combine::room(g);
    let mut env = Env::new(1, None);
    let mut held = Held { wide: Env::new(team.lanes(), None), read: HashMap::new() };
    team.resume(s, &mut env, &mut held.wide)?;
    let sweep = &g.b.stages.sweeps[s];
    let totals = team.sweep(sweep, &team.piece(e.mul(piece, e.i64(tile)), e.i64(0)), &mut held)?;
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
            for &(r, v) in results {
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

/// What the instructions get of a total.
pub fn finished<'e>(g: &Grid<'e>, entry: &Entry<'e>, total: &[V<'e>]) -> Vec<(Val, V<'e>)> {
    let mut results = entry.finished(total, g.f.count());
    if entry.reduction.has_pivot() {
        // No elements: no deviation.
        let e = g.e;
        let none = e.compare("icmp eq", g.f.count(), e.i64(0));
        for (_, value) in &mut results {
            *value = e.select(none, e.float(value.ty, 0.0), *value);
        }
    }
    results
}

impl<'g, 'e> Team<'g, 'e> {
    fn new(g: &'g Grid<'e>, threads: usize, thread: V<'e>, row: V<'e>, valid: V<'e>) -> Self {
        let (e, f) = (g.e, &g.f);
        let index = g.row_index(row, g.b.rows.len());
        let bases = (0..g.b.accesses.len() as u16).map(|a| f.row_address(a, &index)).collect();
        let mut team = Team { g, threads, thread, valid, bases, fixed: HashMap::new() };
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

    /// Points that are computed at once.
    fn lanes(&self) -> u32 {
        self.g.width * self.g.geometry.steps as u32
    }

    /// The piece that begins at an element, for a sweep of some number.
    fn piece(&self, start: V<'e>, turn: V<'e>) -> Piece<'e> {
        let (g, e) = (self.g, self.g.e);
        let width = i64::from(g.width);
        let chunk_team = PARTIALS / width;
        let within = self.within();
        let chunk = e.binary("lshr", within, e.i64(chunk_team.trailing_zeros().into()));
        let chunk = e.add(start, e.mul(chunk, e.i64(CHUNK)));
        let lane = e.mul(e.binary("and", within, e.i64(chunk_team - 1)), e.i64(width));
        let end = e.add(start, e.i64((self.threads * g.geometry.partial()) as i64 * width));
        let inside = e.binary("and", self.valid, e.compare("icmp sle", end, g.f.count()));
        let all = e.binary("and", inside, points::flag(g.word(Word::Aligned)));
        let first = e.add(chunk, lane);
        let left = Count::of(e.binary("sub", g.f.count(), first)).only_if(self.valid);
        Piece { start, chunk, first, all, left, turn }
    }

    /// This thread's points of a piece: all steps, or step `k`; and the first element of each.
    fn points(&self, piece: &Piece<'e>, k: Option<V<'e>>) -> (Points<'e>, Vec<V<'e>>) {
        let (g, e) = (self.g, self.g.e);
        let (firsts, count) = match k {
            Some(k) => {
                let first = e.add(piece.first, e.mul(k, e.i64(PARTIALS)));
                let left = Count::of(e.binary("sub", g.f.count(), first)).only_if(self.valid);
                (vec![first], vec![left])
            }
            None => (0..g.geometry.partial() as i64)
                .map(|k| (e.add(piece.first, e.i64(k * PARTIALS)), piece.left.less(k * PARTIALS)))
                .unzip(),
        };
        let whole = points::flag(g.word(Word::Whole));
        (Points { steps: firsts.len(), width: g.width, all: piece.all, whole, count }, firsts)
    }

    /// Number of this thread in its team.
    fn within(&self) -> V<'e> {
        self.g.e.binary("and", self.thread, self.g.e.i64(self.threads as i64 - 1))
    }

    /// Row-level values of one depth.
    fn scalars(&self, depth: u8, env: &mut Env<'e, '_>, wide: &mut Env<'e, '_>) -> Result<(), String> {
        let list = self.g.f.row_values(depth);
        // Threads beyond the last row hold nothing that a loop could end with.
        env.set_live(Some(self.valid));
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

    /// The row-level stores, by the first thread of the team.
    fn store_row(&self, env: &Env<'e, '_>) {
        let e = self.g.e;
        let one = e.compare("icmp eq", self.within(), e.i64(0));
        self.store_scalars(env, e.binary("and", one, self.valid));
    }

    fn store_scalars(&self, env: &Env<'e, '_>, inside: V<'e>) {
        for s in self.g.b.kernel.stores.iter().filter(|s| !s.full) {
            let value = self.g.f.value(s.value, env);
            self.g.write_one(s.access, self.bases[s.access as usize], value, inside);
        }
    }

    /// One sweep over a piece: does its full stores, gives the totals of its reductions to all
    /// threads of the team.
    fn sweep(
        &self,
        sweep: &Sweep,
        piece: &Piece<'e>,
        held: &mut Held<'e>,
    ) -> Result<Vec<Vec<V<'e>>>, String> {
        let (g, e) = (self.g, self.g.e);
        let list = g.reductions(sweep);
        let n = clamp(e.binary("sub", g.f.count(), piece.chunk), e.i64(CHUNK));
        let (pivots, partials) = match g.geometry.steps {
            1 => self.partials_by_step(sweep, &list, piece, &held.wide, n)?,
            _ => self.partials_at_once(sweep, &list, piece, held, n)?,
        };
        if list.is_empty() {
            return Ok(Vec::new());
        }
        let mut totals: Vec<Vec<V<'e>>> = list
            .iter()
            .zip(pivots.iter().zip(partials))
            .map(|(Entry { reduction, .. }, (&pivot, partials))| {
                let mut parts = tree(*reduction, vec![partials]);
                let mut xor = 1;
                while xor < PARTIALS / i64::from(g.width) {
                    parts = self.meet(*reduction, &parts, xor, None);
                    xor *= 2;
                }
                reduction.chunk(&parts, pivot, n)
            })
            .collect();
        // From chunk to chunk: within the warp, then within the block.
        let chunk_team = PARTIALS / i64::from(g.width);
        let mut xor = chunk_team;
        while xor < simt::WARP.min(self.threads as i64) {
            let counts = self.counts(piece, xor / chunk_team * CHUNK);
            for (Entry { reduction, .. }, total) in list.iter().zip(&mut totals) {
                *total = self.meet(*reduction, total, xor, Some(counts));
            }
            xor *= 2;
        }
        if self.threads > simt::WARP as usize {
            totals = self.through_shared(&list, piece, &totals);
        }
        Ok(totals)
    }
}

/// Combines totals; a right side without elements changes nothing.
pub fn merge<'e>(reduction: Reduction<'e>, a: &[V<'e>], b: &[V<'e>], na: V<'e>, nb: V<'e>) -> Vec<V<'e>> {
    let merged = reduction.merge(a, b, na, nb);
    if !reduction.has_pivot() {
        return merged;
    }
    let e = na.e;
    let none = e.compare("icmp eq", nb, e.i64(0));
    merged.iter().zip(a).map(|(&m, &a)| e.select(none, a, m)).collect()
}
