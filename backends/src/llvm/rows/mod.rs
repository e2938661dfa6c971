//! The skeleton of a row reduction: lanes along the inner axes.
//!
//! One row after another; a row is swept once for each stage. A chunk of 256 elements is 8 steps
//! over 32 partials held in vectors; in a shorter last chunk the last step is masked. Elements
//! that are not neighbours in memory are packed a chunk at a time ([`packed`]). The same code, cut at sweeps
//! and run over a range of chunks, serves few long rows (`split`).

mod chunk;
mod packed;
mod stack;

use super::body::{from_word, to_word};
use super::emit::{Elem, Emitter, I64, PTR, Ty, V};
use super::frame::{Env, Frame};
use super::reduce::{Begins, Entry, entries, most_slots, tree, tree_of};
use crate::portable::WORDS;
use lazuli_fusion::bind::{Lane, Slot};
use lazuli_fusion::kernel::{Inst, Val};
use lazuli_fusion::stages::Sweep;
use std::collections::HashMap;

const CHUNK: i64 = 256;
const PARTIALS: u32 = 32;
/// Levels of the stack of chunk totals: rows of up to 256 * 2^47 elements.
const LEVELS: u64 = 48;
/// Bytes ahead at which streams are prefetched.
const AHEAD: i64 = 4096;
/// Bytes beyond that up to which the next row is worth asking for: two rows then fit a L2 cache.
const LONGEST_AHEAD: i64 = 256 << 10;

/// A row being printed.
struct Row<'f, 'e> {
    f: &'f Frame<'e>,
    /// Address of each access at this row.
    bases: Vec<V<'e>>,
    /// Scratch rows of kept values.
    kept: HashMap<Val, V<'e>>,
    /// Chunk buffers of packed accesses.
    packed: HashMap<u16, V<'e>>,
    /// Loads that are the same along the row.
    fixed: HashMap<u16, V<'e>>,
    /// Totals of chunks, by level.
    stack: V<'e>,
}

/// Room in scratch: places that hold for the whole function.
struct Room<'e> {
    packed: HashMap<u16, V<'e>>,
    stack: V<'e>,
}

impl<'e> Room<'e> {
    fn new(f: &Frame<'e>) -> Room<'e> {
        let packed = (0..f.b.accesses.len() as u16)
            .filter(|&a| f.access(a).full && f.access(a).is_packed())
            .map(|a| (a, f.reserve(CHUNK as u64 * 8)))
            .collect();
        let stack = f.reserve(most_slots(f.b, false) as u64 * LEVELS * 8);
        Room { packed, stack }
    }
}

/// Prints `run`: rows `b0..e0`, each with all its sweeps.
pub fn run(f: &Frame<'_>) -> Result<(), String> {
    let [b0, e0, ..] = f.ranges();
    let room = Room::new(f);
    let rest = f.reserve_rest();
    let mut failed = Ok(());
    f.e.for_loop(b0, e0, 1, &[], |row, _| {
        failed = std::mem::replace(&mut failed, Ok(())).and_then(|()| one_row(f, row, &room, rest));
        vec![]
    });
    failed
}

fn one_row<'e>(f: &Frame<'e>, linear: V<'e>, room: &Room<'e>, rest: V<'e>) -> Result<(), String> {
    let row = Row::new(f, linear, room, rest);
    let mut env = Env::new(1, None);
    row.scalars(0, &mut env)?;
    let (begin, end) = (f.e.i64(0), f.count());
    for (s, sweep) in f.b.stages.sweeps.iter().enumerate() {
        let totals = row.sweep(sweep, begin, end, &env)?;
        for (entry, total) in entries(f.b, sweep, false).iter().zip(totals) {
            entry.finished(&total, f.count()).into_iter().for_each(|(r, v)| env.set(r, v));
        }
        row.scalars(s as u8 + 1, &mut env)?;
    }
    row.store_scalars(&env);
    Ok(())
}

/// Prints `sweep{s}` of a split kernel: row `b0`, elements `b1..e1`. Results of earlier sweeps
/// are read from `state` (a word a reduction, in body order); totals go to `%out`, [`WORDS`] for each
/// accumulation.
pub fn sweep(f: &Frame<'_>, s: usize) -> Result<(), String> {
    let e = f.e;
    let [b0, _, b1, e1] = f.ranges();
    let room = Room::new(f);
    let row = Row::new(f, b0, &room, f.reserve_rest());
    let mut env = Env::new(1, None);
    row.resume(s, &mut env)?;
    let sweep = &f.b.stages.sweeps[s];
    let totals = row.sweep(sweep, b1, e1, &env)?;
    let out = e.named("%out", PTR);
    for (k, total) in totals.iter().enumerate() {
        for (c, &v) in total.iter().enumerate() {
            store_word(e, v, e.offset(out, e.i64((k * WORDS + c) as i64 * 8)));
        }
    }
    Ok(())
}

/// Prints `finish` of a split kernel: the row-level stores of row `b0`.
pub fn finish(f: &Frame<'_>) -> Result<(), String> {
    let [b0, ..] = f.ranges();
    let room = Room::new(f);
    let row = Row::new(f, b0, &room, f.reserve_rest());
    let mut env = Env::new(1, None);
    row.resume(f.b.stages.sweeps.len(), &mut env)?;
    row.store_scalars(&env);
    Ok(())
}

/// Writes a scalar as a word of 8 bytes.
fn store_word<'e>(e: &'e Emitter, v: V<'e>, at: V<'e>) {
    e.store(to_word(v), at, 8);
}

/// Reads it back.
fn load_word<'e>(e: &'e Emitter, ty: Ty, at: V<'e>) -> V<'e> {
    from_word(e.load(I64, at, 8), ty)
}

impl<'f, 'e> Row<'f, 'e> {
    fn new(f: &'f Frame<'e>, linear: V<'e>, room: &Room<'e>, rest: V<'e>) -> Row<'f, 'e> {
        let e = f.e;
        let index = f.row_index(linear, f.b.rows.len());
        let bases: Vec<V<'e>> = (0..f.b.accesses.len() as u16).map(|a| f.row_address(a, &index)).collect();
        let mut kept = HashMap::new();
        if f.b.keep {
            // Each kept value has room for the whole row and a vector more.
            let padded = e.add(f.count(), e.i64(64));
            let mut at = e.i64(0);
            for &v in &f.b.stages.kept {
                kept.insert(v, e.offset(rest, at));
                let size = f.slot_bytes(f.b.kernel.body[v as usize].ty) as i64;
                at = e.add(at, e.mul(padded, e.i64(size)));
            }
        }
        Row { f, bases, kept, packed: room.packed.clone(), fixed: HashMap::new(), stack: room.stack }
            .with_fixed()
    }

    /// Reads, once a row, what the whole row shares.
    fn with_fixed(mut self) -> Self {
        for def in &self.f.b.kernel.body {
            if let Inst::Load(a) | Inst::Index(a) = def.inst
                && (!def.full || self.f.access(a).lane == Lane::Same)
                && !self.fixed.contains_key(&a)
            {
                let zero = self.f.e.i64(0);
                let v = self.f.read(a, Lane::Same, self.bases[a as usize], zero, 1, None);
                self.fixed.insert(a, v);
            }
        }
        self
    }

    /// Row-level values of one depth.
    fn scalars(&self, depth: u8, env: &mut Env<'e, '_>) -> Result<(), String> {
        self.f.compute(&self.f.row_values(depth), env, &mut |a, _| self.fixed[&a])
    }

    /// Row-level values up to sweep `s`, with the results of earlier sweeps from memory.
    fn resume(&self, s: usize, env: &mut Env<'e, '_>) -> Result<(), String> {
        let e = self.f.e;
        let state = e.named("%state", PTR);
        let body = &self.f.b.kernel.body;
        let all: Vec<Val> = self.f.b.kernel.reductions().collect();
        for depth in 0..=s as u8 {
            for (k, &v) in all.iter().enumerate() {
                if depth > 0 && body[v as usize].depth == depth {
                    let ty = crate::llvm::body::register(body[v as usize].ty, 1);
                    env.set(v, load_word(e, ty, e.offset(state, e.i64(k as i64 * 8))));
                }
            }
            self.scalars(depth, env)?;
        }
        Ok(())
    }

    fn store_scalars(&self, env: &Env<'e, '_>) {
        let zero = self.f.e.i64(0);
        for s in self.f.b.kernel.stores.iter().filter(|s| !s.full) {
            let value = self.f.value(s.value, env);
            self.f.write(s.access, Lane::Same, self.bases[s.access as usize], zero, value, None, false);
        }
    }

    /// One sweep over elements `begin..end`: does its full stores, gives the totals of its
    /// reductions.
    fn sweep(
        &self,
        sweep: &Sweep,
        begin: V<'e>,
        end: V<'e>,
        scalars: &Env<'e, '_>,
    ) -> Result<Vec<Vec<V<'e>>>, String> {
        let e = self.f.e;
        let list = entries(self.f.b, sweep, false);
        if list.is_empty() {
            self.store_only(sweep, begin, end, scalars)?;
            return Ok(Vec::new());
        }
        let mut failed = Ok(());
        e.for_loop(begin, end, CHUNK, &[], |base, _| {
            let n = e.call("llvm.smin.i64", I64, &[e.binary("sub", end, base), e.i64(CHUNK)]);
            match self.chunk(sweep, &list, base, n, scalars) {
                Ok(totals) => self.push(&list, totals, base, begin, n),
                Err(error) => failed = Err(error),
            }
            vec![]
        });
        failed?;
        Ok(self.fold(&list, begin, end))
    }

    /// The number of parts and where they start: `(first value, count)` for each reduction.
    fn spans(list: &[Entry<'e>], total: bool) -> Vec<(usize, usize)> {
        let mut at = 0;
        list.iter()
            .map(|Entry { reduction: r, .. }| {
                let n = if total { r.slots() } else { r.part_types(1).len() };
                at += n;
                (at - n, n)
            })
            .collect()
    }
}
