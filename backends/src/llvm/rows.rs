//! The skeleton of a row reduction: lanes along the inner axes.
//!
//! One row after another; a row is swept once for each stage. A full chunk of 256 elements is 8
//! steps over 32 partials held in vectors; a shorter last chunk goes through memory, masked.
//! Elements that are not neighbours in memory are packed a chunk at a time. The same code, cut
//! at sweeps and run over a range of chunks, serves few long rows (`split`).

use super::emit::{Elem, Emitter, I64, PTR, Ty, V};
use super::frame::{Env, Frame};
use super::reduce::{Reduction, tree};
use lazuli_core::DType;
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
    /// Accumulators of a partly filled chunk.
    partials: V<'e>,
    /// Totals of chunks, by level.
    stack: V<'e>,
}

/// Room in scratch: places that hold for the whole function.
struct Room<'e> {
    packed: HashMap<u16, V<'e>>,
    partials: V<'e>,
    stack: V<'e>,
}

impl<'e> Room<'e> {
    fn new(f: &Frame<'e>) -> Room<'e> {
        let packed = (0..f.b.accesses.len() as u16)
            .filter(|&a| f.access(a).full && is_packed(f, a))
            .map(|a| (a, f.reserve(CHUNK as u64 * 8)))
            .collect();
        let widest = f.b.stages.sweeps.iter().map(|s| s.reduces.len()).max().unwrap_or(0) as u64;
        let partials = f.reserve(widest * 3 * u64::from(PARTIALS) * 8);
        let stack = f.reserve(widest * 3 * LEVELS * 8);
        Room { packed, partials, stack }
    }
}

/// Goes through a chunk buffer: several inner axes, or any step but 1.
fn is_packed(f: &Frame<'_>, a: u16) -> bool {
    match f.access(a).lane {
        Lane::Packed => true,
        Lane::Strided => f.access(a).slot != Slot::Iota,
        _ => false,
    }
}

/// The reductions of a sweep.
fn reductions(f: &Frame<'_>, sweep: &Sweep) -> Vec<(Val, Val, Reduction)> {
    sweep
        .reduces
        .iter()
        .map(|&r| match f.b.kernel.body[r as usize].inst {
            Inst::Reduce(op, arg) => (r, arg, Reduction { op, dtype: f.b.kernel.body[arg as usize].ty }),
            _ => unreachable!("sweeps list reductions"),
        })
        .collect()
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
        for ((r, _, reduction), total) in reductions(f, sweep).into_iter().zip(totals) {
            env.set(r, reduction.finish(&total, f.count()));
        }
        row.scalars(s as u8 + 1, &mut env)?;
    }
    row.store_scalars(&env);
    Ok(())
}

/// Prints `sweep{s}` of a split kernel: row `b0`, elements `b1..e1`. Results of earlier sweeps
/// are read from `state` (a word a reduction, in body order); totals go to `%out`.
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
            store_word(e, v, e.offset(out, e.i64((k * 3 + c) as i64 * 8)));
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
    let bits = match v.ty.elem {
        Elem::F32 => e.convert("bitcast", v, Ty::new(Elem::I32, 1)),
        Elem::F64 => e.convert("bitcast", v, I64),
        _ => v,
    };
    let word = if bits.ty.elem.bits() < 64 { e.convert("zext", bits, I64) } else { bits };
    e.store(word, at, 8);
}

/// Reads it back.
fn load_word<'e>(e: &'e Emitter, ty: Ty, at: V<'e>) -> V<'e> {
    let word = e.load(I64, at, 8);
    match ty.elem {
        Elem::I64 => word,
        Elem::F64 => e.convert("bitcast", word, ty),
        Elem::F32 => {
            let low = e.convert("trunc", word, Ty::new(Elem::I32, 1));
            e.convert("bitcast", low, ty)
        }
        _ => e.convert("trunc", word, ty),
    }
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
        Row {
            f,
            bases,
            kept,
            packed: room.packed.clone(),
            fixed: HashMap::new(),
            partials: room.partials,
            stack: room.stack,
        }
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
        let all: Vec<usize> = (0..body.len()).filter(|&v| matches!(body[v].inst, Inst::Reduce(..))).collect();
        for depth in 0..=s as u8 {
            for (k, &v) in all.iter().enumerate() {
                if depth > 0 && body[v].depth == depth {
                    let ty = super::body::register(body[v].ty, 1);
                    env.set(v as Val, load_word(e, ty, e.offset(state, e.i64(k as i64 * 8))));
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
        let list = reductions(self.f, sweep);
        if list.is_empty() {
            self.store_only(sweep, begin, end, scalars)?;
            return Ok(Vec::new());
        }
        let mut failed = Ok(());
        let length = e.binary("sub", end, begin);
        let full_chunks = e.binary("lshr", length, e.i64(8));
        let full_end = e.add(begin, e.binary("shl", full_chunks, e.i64(8)));
        e.for_loop(begin, full_end, CHUNK, &[], |base, _| {
            match self.full_chunk(sweep, &list, base, scalars) {
                Ok(totals) => self.push(&list, totals, base, begin, e.i64(CHUNK)),
                Err(error) => failed = Err(error),
            }
            vec![]
        });
        let left = e.binary("sub", end, full_end);
        let some = e.compare("icmp sgt", left, e.i64(0));
        e.if_then(some, || match self.short_chunk(sweep, &list, full_end, left, scalars) {
            Ok(totals) => self.push(&list, totals, full_end, begin, left),
            Err(error) => failed = Err(error),
        });
        failed?;
        Ok(self.fold(&list, begin, end))
    }

    /// The number of parts and where they start: `(first value, count)` for each reduction.
    fn spans(list: &[(Val, Val, Reduction)], total: bool) -> Vec<(usize, usize)> {
        let mut at = 0;
        list.iter()
            .map(|(_, _, r)| {
                let n = if total { r.total_types(1).len() } else { r.part_types(1).len() };
                at += n;
                (at - n, n)
            })
            .collect()
    }

    /// A chunk of 256: 8 steps over 32 partials in vectors.
    fn full_chunk(
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
    fn short_chunk(
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
    fn store_lanes(&self, v: V<'e>, at: V<'e>) {
        let e = self.f.e;
        let v = if v.ty.elem == Elem::I1 { e.convert("zext", v, v.ty.of(Elem::I8)) } else { v };
        e.store(v, at, 1);
    }

    fn load_lanes(&self, ty: Ty, at: V<'e>) -> V<'e> {
        let e = self.f.e;
        if ty.elem == Elem::I1 {
            return e.convert("trunc", e.load(ty.of(Elem::I8), at, 1), ty);
        }
        e.load(ty, at, 1)
    }

    /// Numbers of the elements of a vector at `r`.
    fn positions(&self, r: V<'e>, lanes: u32) -> V<'e> {
        let e = self.f.e;
        e.add(e.splat(r, lanes), e.lane_numbers(Ty::new(Elem::I64, lanes)))
    }

    /// The pivot of each reduction that has one: the mean of the chunk's first elements.
    fn pivots(
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
    fn point<'p>(
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
                let ty = super::body::register(f.b.kernel.body[*v as usize].ty, lanes);
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

    fn kept_at(&self, v: Val, r: V<'e>) -> V<'e> {
        let e = self.f.e;
        let size = self.f.slot_bytes(self.f.b.kernel.body[v as usize].ty) as i64;
        e.offset(self.kept[&v], e.mul(r, e.i64(size)))
    }

    /// Packed accesses that a sweep reads (or writes), in a fixed order.
    fn packed_of(&self, sweep: &Sweep, write: bool) -> Vec<u16> {
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

    fn fill_packed(&self, sweep: &Sweep, base: V<'e>, n: V<'e>) {
        for a in self.packed_of(sweep, false) {
            self.f.pack(a, self.bases[a as usize], base, n, self.packed[&a], false);
        }
    }

    fn drain_packed(&self, sweep: &Sweep, base: V<'e>, n: V<'e>) {
        for a in self.packed_of(sweep, true) {
            self.f.pack(a, self.bases[a as usize], base, n, self.packed[&a], true);
        }
    }

    /// A sweep without reductions.
    fn store_only(
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

    fn stack_at(&self, slot: usize, level: V<'e>) -> V<'e> {
        let e = self.f.e;
        let word = e.add(level, e.i64((slot as u64 * LEVELS) as i64));
        e.offset(self.stack, e.mul(word, e.i64(8)))
    }

    /// Puts the totals of a chunk on the stack, merging with the neighbours that are complete.
    fn push(
        &self,
        list: &[(Val, Val, Reduction)],
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
    fn merged(
        &self,
        list: &[(Val, Val, Reduction)],
        spans: &[(usize, usize)],
        level: V<'e>,
        now: &[V<'e>],
        left: V<'e>,
        right: V<'e>,
    ) -> Vec<V<'e>> {
        let e = self.f.e;
        let mut out = Vec::new();
        for (k, (_, _, reduction)) in list.iter().enumerate() {
            let (first, n) = spans[k];
            let older: Vec<V<'e>> = (first..first + n)
                .map(|slot| load_word(e, now[slot].ty, self.stack_at(slot, level)))
                .collect();
            out.extend(reduction.merge(&older, &now[first..first + n], left, right));
        }
        out
    }

    /// What is left on the stack, merged from the newest to the oldest.
    fn fold(&self, list: &[(Val, Val, Reduction)], begin: V<'e>, end: V<'e>) -> Vec<Vec<V<'e>>> {
        let e = self.f.e;
        let length = e.binary("sub", end, begin);
        let chunks = e.binary("lshr", e.add(length, e.i64(CHUNK - 1)), e.i64(8));
        let none = e.compare("icmp eq", chunks, e.i64(0));
        let spans = Self::spans(list, true);
        let types: Vec<Ty> = list.iter().flat_map(|(_, _, r)| r.total_types(1)).collect();
        let done = e.if_else(
            none,
            || {
                list.iter()
                    .flat_map(|(_, _, r)| {
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
