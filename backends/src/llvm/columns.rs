//! The skeleton of a column reduction: lanes along the last row axis, each reducing its own row.
//!
//! A tile of up to [`TILE`] lanes is swept once for each stage, in wide passes along memory: for
//! each of the 32 partials of a chunk its 8 elements are read as 8 streams, and the partial is
//! pushed on a stack of vectors (the neighbour tree, as a binary counter). All accumulators live
//! in scratch; only memory accesses are masked at the tile's edge, since no lane looks at
//! another.

use super::emit::{Elem, I64, PTR, Ty, V};
use super::frame::{Env, Frame};
use super::reduce::Reduction;
use lazuli_core::DType;
use lazuli_fusion::bind::{Lane, Slot};
use lazuli_fusion::kernel::{Inst, Val};
use lazuli_fusion::stages::Sweep;
use std::collections::{BTreeSet, HashMap};

/// Lanes of a tile.
pub const TILE: u64 = 2048;
const CHUNK: i64 = 256;
const STEPS: i64 = 8;
const PARTIALS: i64 = 32;
/// Levels inside a chunk (0 to 5), then those of chunks.
const INSIDE: u64 = 6;
const LEVELS: u64 = INSIDE + 42;
const AHEAD: i64 = 1024;
const FIRST: i64 = 16;
/// Bodies up to this length are written out for all 8 steps.
const SMALL: usize = 6;

struct Tile<'f, 'e> {
    f: &'f Frame<'e>,
    /// Address of each access at lane 0 of the tile and inner element 0.
    bases: Vec<V<'e>>,
    /// Lanes of this tile.
    width: V<'e>,
    room: &'f Room<'e>,
}

/// Places in scratch.
struct Room<'e> {
    /// Stacks: component, level, lane.
    stack: V<'e>,
    /// Pivots: reduction, lane.
    pivots: V<'e>,
    /// Row values that full instructions use, and results of reductions.
    rows: HashMap<Val, V<'e>>,
    /// Offsets of each access at the 8 elements of a partial.
    offsets: V<'e>,
    /// Bytes of a lane in these arrays: those of the widest type.
    unit: i64,
}

type List = [(Val, Val, Reduction)];

/// Prints `run`: outer rows `b0..e0`, lanes `b1..e1`.
pub fn run(f: &Frame<'_>) -> Result<(), String> {
    let e = f.e;
    let [b0, e0, b1, e1] = f.ranges();
    let room = Room::new(f);
    let mut failed = Ok(());
    e.for_loop(b0, e0, 1, &[], |outer, _| {
        let index = f.row_index(outer, f.b.rows.len() - 1);
        e.for_loop(b1, e1, TILE as i64, &[], |first, _| {
            let bases = (0..f.b.accesses.len() as u16)
                .map(|a| e.add(f.row_address(a, &index), e.mul(first, f.lane_stride(a))))
                .collect();
            let left = e.binary("sub", e1, first);
            let width = e.call("llvm.smin.i64", I64, &[left, e.i64(TILE as i64)]);
            let tile = Tile { f, bases, width, room: &room };
            failed = std::mem::replace(&mut failed, Ok(())).and_then(|()| tile.all());
            vec![]
        });
        vec![]
    });
    failed
}

impl<'e> Room<'e> {
    fn new(f: &Frame<'e>) -> Room<'e> {
        let body = &f.b.kernel.body;
        let widest = f.b.stages.sweeps.iter().map(|s| s.reduces.len()).max().unwrap_or(0) as u64;
        let unit = u64::from(f.vector_bytes() / f.lanes);
        let stack = f.reserve(widest * 3 * LEVELS * TILE * unit);
        let pivots = f.reserve(widest * TILE * unit);
        // Row values that cross from one loop over lanes into another.
        let mut crossing: BTreeSet<Val> = BTreeSet::new();
        for (v, d) in body.iter().enumerate() {
            if matches!(d.inst, Inst::Reduce(..)) {
                crossing.insert(v as Val);
            }
            for o in d.inst.operands() {
                let from = &body[o as usize];
                let constant = matches!(from.inst, Inst::Param(..) | Inst::Literal(_));
                let up = d.full || matches!(d.inst, Inst::Reduce(..)) || from.depth < d.depth;
                if !from.full && !constant && up {
                    crossing.insert(o);
                }
            }
        }
        for s in &f.b.kernel.stores {
            let d = &body[s.value as usize];
            if !d.full && !matches!(d.inst, Inst::Param(..) | Inst::Literal(_)) {
                crossing.insert(s.value);
            }
        }
        let rows = crossing.into_iter().map(|v| (v, f.reserve(TILE * unit))).collect();
        let offsets = f.reserve(f.b.accesses.len() as u64 * STEPS as u64 * 8);
        Room { stack, pivots, rows, offsets, unit: unit as i64 }
    }
}

impl<'e> Tile<'_, 'e> {
    fn all(&self) -> Result<(), String> {
        let f = self.f;
        self.row_phase(0)?;
        for (s, sweep) in f.b.stages.sweeps.iter().enumerate() {
            let list: Vec<(Val, Val, Reduction)> = sweep
                .reduces
                .iter()
                .map(|&r| match f.b.kernel.body[r as usize].inst {
                    Inst::Reduce(op, arg) => {
                        (r, arg, Reduction { op, dtype: f.b.kernel.body[arg as usize].ty })
                    }
                    _ => unreachable!("sweeps list reductions"),
                })
                .collect();
            if list.is_empty() {
                self.store_only(sweep)?;
            } else {
                self.reduce(sweep, &list)?;
            }
            self.row_phase(s as u8 + 1)?;
        }
        // Row-level stores.
        self.lanes(|i, mask| {
            for s in f.b.kernel.stores.iter().filter(|s| !s.full) {
                let value = match f.constant(s.value) {
                    Some(c) => f.e.splat(c, f.lanes),
                    None => self.row_value(s.value, i),
                };
                let stride = f.lane_stride(s.access);
                let at = f.e.add(self.bases[s.access as usize], f.e.mul(i, stride));
                f.write(s.access, f.access(s.access).lane, at, stride, value, Some(mask), false);
            }
            Ok(())
        })
    }

    /// Loops over the vectors of the tile with the mask of lanes that exist.
    fn lanes(&self, mut body: impl FnMut(V<'e>, V<'e>) -> Result<(), String>) -> Result<(), String> {
        let e = self.f.e;
        let mut result = Ok(());
        e.for_loop(e.i64(0), self.width, self.f.lanes.into(), &[], |i, _| {
            let mask = self.f.below(e.binary("sub", self.width, i), self.f.lanes);
            result = body(i, mask);
            vec![]
        });
        result
    }

    /// Where lane `i` of an array of the tile stands.
    fn slot(&self, base: V<'e>, i: V<'e>) -> V<'e> {
        self.f.e.offset(base, self.f.e.mul(i, self.f.e.i64(self.room.unit)))
    }

    fn save(&self, v: V<'e>, at: V<'e>) {
        let e = self.f.e;
        let v = if v.ty.elem == Elem::I1 { e.convert("zext", v, v.ty.of(Elem::I8)) } else { v };
        e.store(v, at, 1);
    }

    fn fetch(&self, ty: Ty, at: V<'e>) -> V<'e> {
        let e = self.f.e;
        if ty.elem == Elem::I1 {
            return e.convert("trunc", e.load(ty.of(Elem::I8), at, 1), ty);
        }
        e.load(ty, at, 1)
    }

    fn row_value(&self, v: Val, i: V<'e>) -> V<'e> {
        let ty = super::body::register(self.f.b.kernel.body[v as usize].ty, self.f.lanes);
        self.fetch(ty, self.slot(self.room.rows[&v], i))
    }

    fn row_env(&self, list: &[(Val, V<'e>)]) -> Env<'e, 'e> {
        let mut env = Env::new(self.f.lanes, None);
        for &(v, value) in list {
            env.set(v, value);
        }
        env
    }

    /// The crossing row values that a list of instructions uses, read at lanes `i`.
    fn row_inputs(&self, list: &[Val], also: &[Val], i: V<'e>) -> Vec<(Val, V<'e>)> {
        let body = &self.f.b.kernel.body;
        let mut used: BTreeSet<Val> = also.iter().copied().collect();
        for &v in list {
            used.extend(body[v as usize].inst.operands());
        }
        used.into_iter()
            .filter(|v| !body[*v as usize].full && self.room.rows.contains_key(v) && !list.contains(v))
            .map(|v| (v, self.row_value(v, i)))
            .collect()
    }

    /// Computes the row-level values of one depth and saves those that are needed elsewhere.
    fn row_phase(&self, depth: u8) -> Result<(), String> {
        let f = self.f;
        let list = f.row_values(depth);
        if !list.iter().any(|v| self.room.rows.contains_key(v)) {
            return Ok(());
        }
        self.lanes(|i, mask| {
            let mut env = self.row_env(&self.row_inputs(&list, &[], i));
            f.compute(&list, &mut env, &mut |a, _| {
                let stride = f.lane_stride(a);
                let at = f.e.add(self.bases[a as usize], f.e.mul(i, stride));
                f.read(a, f.access(a).lane, at, stride, f.lanes, Some(mask))
            })?;
            for v in list.iter().filter(|v| self.room.rows.contains_key(v)) {
                self.save(env.get(*v), self.slot(self.room.rows[v], i));
            }
            Ok(())
        })
    }

    /// Full accesses that a sweep touches.
    fn touched(&self, sweep: &Sweep) -> Vec<u16> {
        let f = self.f;
        let mut out: Vec<u16> = sweep
            .body
            .iter()
            .filter_map(|&v| match f.b.kernel.body[v as usize].inst {
                Inst::Load(a) | Inst::Index(a) => Some(a),
                _ => None,
            })
            .chain(sweep.stores.iter().map(|&s| f.b.kernel.stores[s].access))
            .collect();
        out.sort_unstable();
        out.dedup();
        out
    }

    fn offset_slot(&self, a: u16, k: V<'e>) -> V<'e> {
        let e = self.f.e;
        let word = e.add(e.i64(i64::from(a) * STEPS), k);
        e.offset(self.room.offsets, e.mul(word, e.i64(8)))
    }

    /// The sweep's body at the inner element whose offsets are those of step `k`, lanes `i`.
    fn point(
        &self,
        sweep: &Sweep,
        k: V<'e>,
        i: V<'e>,
        mask: V<'e>,
        stores: bool,
    ) -> Result<Env<'e, 'e>, String> {
        let e = self.f.e;
        let place = |a: u16| e.add(self.bases[a as usize], e.load(I64, self.offset_slot(a, k), 8));
        self.point_at(sweep, &place, i, mask, stores)
    }

    /// The sweep's body at one inner element, lanes `i`; `place` gives the address of lane 0.
    fn point_at(
        &self,
        sweep: &Sweep,
        place: &dyn Fn(u16) -> V<'e>,
        i: V<'e>,
        mask: V<'e>,
        stores: bool,
    ) -> Result<Env<'e, 'e>, String> {
        let f = self.f;
        let e = f.e;
        let stored: Vec<Val> = sweep.stores.iter().map(|&s| f.b.kernel.stores[s].value).collect();
        let args: Vec<Val> = sweep
            .reduces
            .iter()
            .map(|&r| f.b.kernel.body[r as usize].inst.operands()[0])
            .chain(stored)
            .collect();
        let mut env = self.row_env(&self.row_inputs(&sweep.body, &args, i));
        let at = |a: u16| e.add(place(a), e.mul(i, f.lane_stride(a)));
        f.compute(&sweep.body, &mut env, &mut |a, _| {
            let (place, lane) = (at(a), f.access(a).lane);
            if lane == Lane::Unit && f.access(a).slot != Slot::Iota {
                e.prefetch(e.convert("inttoptr", e.add(place, e.i64(AHEAD)), PTR));
            }
            f.read(a, lane, place, f.lane_stride(a), f.lanes, Some(mask))
        })?;
        if stores {
            for &s in &sweep.stores {
                let store = f.b.kernel.stores[s];
                let (lane, stride) = (f.access(store.access).lane, f.lane_stride(store.access));
                let value = f.value(store.value, &env);
                f.write(store.access, lane, at(store.access), stride, value, Some(mask), false);
            }
        }
        Ok(env)
    }

    /// Offsets of the touched accesses at inner element `r`, for step `k`.
    fn place(&self, touched: &[u16], r: V<'e>, k: V<'e>) {
        for &a in touched {
            self.f.e.store(self.f.inner_offset(a, r), self.offset_slot(a, k), 8);
        }
    }

    fn store_only(&self, sweep: &Sweep) -> Result<(), String> {
        let e = self.f.e;
        let touched = self.touched(sweep);
        let zero = e.i64(0);
        let mut result = Ok(());
        e.for_loop(zero, self.f.count(), 1, &[], |r, _| {
            self.place(&touched, r, zero);
            result = self.lanes(|i, mask| self.point(sweep, zero, i, mask, true).map(|_| ()));
            vec![]
        });
        result
    }

    /// Component `slot` of the stack at `level`, lanes `i`.
    fn stack(&self, slot: usize, level: V<'e>, i: V<'e>) -> V<'e> {
        let e = self.f.e;
        let row = e.add(level, e.i64((slot as u64 * LEVELS) as i64));
        let word = e.add(e.mul(row, e.i64(TILE as i64)), i);
        e.offset(self.room.stack, e.mul(word, e.i64(self.room.unit)))
    }

    fn pivot_slot(&self, k: usize, i: V<'e>) -> V<'e> {
        let e = self.f.e;
        let word = e.add(e.i64((k as u64 * TILE) as i64), i);
        e.offset(self.room.pivots, e.mul(word, e.i64(self.room.unit)))
    }

    /// A sweep with reductions.
    fn reduce(&self, sweep: &Sweep, list: &List) -> Result<(), String> {
        let f = self.f;
        let e = f.e;
        let touched = self.touched(sweep);
        let zero = e.i64(0);
        let mut result = Ok(());
        let pivoting = list.iter().any(|(_, _, r)| r.has_pivot());
        let chunks = e.binary("lshr", e.add(f.count(), e.i64(CHUNK - 1)), e.i64(8));
        e.for_loop(zero, chunks, 1, &[], |chunk, _| {
            result = self.one_chunk(sweep, list, &touched, chunk, pivoting);
            vec![]
        });
        result?;
        self.end(list, chunks)
    }

    /// Chunk number `chunk`: its pivots, its partials, its totals.
    fn one_chunk(
        &self,
        sweep: &Sweep,
        list: &List,
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
    fn partial(
        &self,
        sweep: &Sweep,
        list: &List,
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
    fn pivots_at(&self, list: &List, i: V<'e>) -> Vec<Option<V<'e>>> {
        let pivot = |(k, (_, _, r)): (usize, &(Val, Val, Reduction))| {
            let ty = super::body::register(r.dtype, self.f.lanes);
            r.has_pivot().then(|| self.fetch(ty, self.pivot_slot(k, i)))
        };
        list.iter().enumerate().map(pivot).collect()
    }

    /// Adds the element at position `r` to parts.
    fn accumulate(
        &self,
        list: &List,
        env: &Env<'e, 'e>,
        r: V<'e>,
        pivots: &[Option<V<'e>>],
        parts: &[V<'e>],
    ) -> Vec<V<'e>> {
        let mut next = Vec::with_capacity(parts.len());
        let position = self.f.e.splat(r, self.f.lanes);
        for ((_, arg, reduction), &pivot) in list.iter().zip(pivots) {
            let element = reduction.element(self.f.value(*arg, env), position, pivot);
            let at = next.len();
            next.extend(reduction.combine(&parts[at..at + element.len()], &element));
        }
        next
    }

    fn identities(&self, list: &List) -> Vec<V<'e>> {
        list.iter().flat_map(|(_, _, r)| r.identity(self.f.e, self.f.lanes)).collect()
    }

    fn partial_whole(
        &self,
        sweep: &Sweep,
        list: &List,
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
            for (r, place) in &places {
                let env = self.point_at(sweep, &|a| place[&a], i, mask, true)?;
                parts = self.accumulate(list, &env, *r, &pivots, &parts);
            }
            self.push_parts(list, l, &parts, i);
            Ok(())
        })
    }

    fn partial_steps(
        &self,
        sweep: &Sweep,
        list: &List,
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
                match self.point(sweep, k, i, mask, true) {
                    Ok(env) => self.accumulate(list, &env, element(k), &pivots, carried),
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

    /// Pushes parts on the levels inside a chunk: `l` counts what was pushed before.
    fn push_parts(&self, list: &List, l: V<'e>, parts: &[V<'e>], i: V<'e>) {
        let e = self.f.e;
        let mut init = vec![e.i64(0)];
        init.extend_from_slice(parts);
        let done = e.while_loop(
            &init,
            |v| self.bit(l, v[0]),
            |v| {
                let mut next = vec![e.add(v[0], e.i64(1))];
                let mut at = 0;
                for (_, _, reduction) in list {
                    let types = reduction.part_types(self.f.lanes);
                    let older: Vec<V<'e>> = types
                        .iter()
                        .enumerate()
                        .map(|(c, &ty)| self.fetch(ty, self.stack(at + c, v[0], i)))
                        .collect();
                    next.extend(reduction.combine(&older, &v[1 + at..1 + at + types.len()]));
                    at += types.len();
                }
                next
            },
        );
        for (slot, &v) in done[1..].iter().enumerate() {
            self.save(v, self.stack(slot, done[0], i));
        }
    }

    fn bit(&self, number: V<'e>, level: V<'e>) -> V<'e> {
        let e = self.f.e;
        let bit = e.binary("and", e.binary("lshr", number, level), e.i64(1));
        e.compare("icmp ne", bit, e.i64(0))
    }

    /// The lowest set bit of a number above 0: its level.
    fn lowest(&self, number: V<'e>) -> V<'e> {
        let e = self.f.e;
        e.call("llvm.cttz.i64", I64, &[number, e.int(Ty::new(Elem::I1, 1), 1)])
    }

    /// Folds the parts of a chunk that has `count` partials, from the newest to the oldest.
    fn fold_parts(&self, list: &List, count: V<'e>, i: V<'e>) -> Vec<V<'e>> {
        let e = self.f.e;
        let types: Vec<Ty> = list.iter().flat_map(|(_, _, r)| r.part_types(self.f.lanes)).collect();
        let first = self.lowest(count);
        let mut init = vec![e.add(first, e.i64(1))];
        init.extend(types.iter().enumerate().map(|(s, &ty)| self.fetch(ty, self.stack(s, first, i))));
        let done = e.while_loop(
            &init,
            |v| e.compare("icmp ne", e.binary("lshr", count, v[0]), e.i64(0)),
            |v| {
                let mut next = vec![e.add(v[0], e.i64(1))];
                next.extend(e.if_else(
                    self.bit(count, v[0]),
                    || {
                        let mut out = Vec::new();
                        let mut at = 0;
                        for (_, _, reduction) in list {
                            let n = reduction.part_types(1).len();
                            let older: Vec<V<'e>> =
                                (at..at + n).map(|s| self.fetch(types[s], self.stack(s, v[0], i))).collect();
                            out.extend(reduction.combine(&older, &v[1 + at..1 + at + n]));
                            at += n;
                        }
                        out
                    },
                    || v[1..].to_vec(),
                ));
                next
            },
        );
        done[1..].to_vec()
    }

    /// Level of chunk totals on the stack.
    fn chunk_level(&self, level: V<'e>) -> V<'e> {
        self.f.e.add(level, self.f.e.i64(INSIDE as i64))
    }

    /// Totals on the stack at a chunk level, merged with `now` to their right.
    fn merged(&self, list: &List, level: V<'e>, now: &[V<'e>], right: V<'e>, i: V<'e>) -> Vec<V<'e>> {
        let e = self.f.e;
        let left = e.binary("shl", e.i64(CHUNK), level);
        let mut out = Vec::new();
        let mut at = 0;
        for (_, _, reduction) in list {
            let types = reduction.total_types(self.f.lanes);
            let older: Vec<V<'e>> = types
                .iter()
                .enumerate()
                .map(|(c, &ty)| self.fetch(ty, self.stack(at + c, self.chunk_level(level), i)))
                .collect();
            out.extend(reduction.merge(&older, &now[at..at + types.len()], left, right));
            at += types.len();
        }
        out
    }

    /// Finishes a chunk of `n` elements and pushes its totals; `chunk` counts those before it.
    fn end_chunk(&self, list: &List, chunk: V<'e>, partials: V<'e>, n: V<'e>) -> Result<(), String> {
        let f = self.f;
        let e = f.e;
        self.lanes(|i, _| {
            let parts = self.fold_parts(list, partials, i);
            let mut totals = vec![e.i64(0), n];
            let mut at = 0;
            for (k, (_, _, reduction)) in list.iter().enumerate() {
                let count = reduction.part_types(1).len();
                let ty = super::body::register(reduction.dtype, f.lanes);
                let pivot = reduction.has_pivot().then(|| self.fetch(ty, self.pivot_slot(k, i)));
                totals.extend(reduction.chunk(&parts[at..at + count], pivot, n));
                at += count;
            }
            let done = e.while_loop(
                &totals,
                |v| self.bit(chunk, v[0]),
                |v| {
                    let left = e.binary("shl", e.i64(CHUNK), v[0]);
                    let mut next = vec![e.add(v[0], e.i64(1)), e.add(left, v[1])];
                    next.extend(self.merged(list, v[0], &v[2..], v[1], i));
                    next
                },
            );
            let level = self.chunk_level(done[0]);
            for (slot, &v) in done[2..].iter().enumerate() {
                self.save(v, self.stack(slot, level, i));
            }
            Ok(())
        })
    }

    /// Merges what is left on the stack and saves the results of the reductions.
    fn end(&self, list: &List, chunks: V<'e>) -> Result<(), String> {
        let f = self.f;
        let e = f.e;
        let types: Vec<Ty> = list.iter().flat_map(|(_, _, r)| r.total_types(f.lanes)).collect();
        let none = e.compare("icmp eq", chunks, e.i64(0));
        self.lanes(|i, _| {
            let totals = e.if_else(
                none,
                || {
                    list.iter()
                        .flat_map(|(_, _, r)| {
                            let parts = r.identity(e, f.lanes);
                            if r.has_pivot() { vec![e.float(parts[0].ty, 0.0); 3] } else { parts }
                        })
                        .collect()
                },
                || {
                    let first = self.lowest(chunks);
                    let low = e.binary("shl", e.i64(1), first);
                    let before = e.mul(e.binary("sub", chunks, low), e.i64(CHUNK));
                    let mut init = vec![e.add(first, e.i64(1)), e.binary("sub", f.count(), before)];
                    let level = self.chunk_level(first);
                    init.extend(
                        types.iter().enumerate().map(|(s, &ty)| self.fetch(ty, self.stack(s, level, i))),
                    );
                    let done = e.while_loop(
                        &init,
                        |v| e.compare("icmp ne", e.binary("lshr", chunks, v[0]), e.i64(0)),
                        |v| {
                            let mut next = vec![e.add(v[0], e.i64(1))];
                            next.extend(e.if_else(
                                self.bit(chunks, v[0]),
                                || {
                                    let left = e.binary("shl", e.i64(CHUNK), v[0]);
                                    let mut out = vec![e.add(left, v[1])];
                                    out.extend(self.merged(list, v[0], &v[2..], v[1], i));
                                    out
                                },
                                || v[1..].to_vec(),
                            ));
                            next
                        },
                    );
                    done[2..].to_vec()
                },
            );
            let mut at = 0;
            for (r, _, reduction) in list {
                let n = reduction.total_types(1).len();
                let value = reduction.finish(&totals[at..at + n], f.count());
                self.save(value, self.slot(self.room.rows[r], i));
                at += n;
            }
            Ok(())
        })
    }

    /// The pivots of a chunk: the mean of its first elements, by the neighbour tree.
    fn pivots(
        &self,
        sweep: &Sweep,
        list: &List,
        touched: &[u16],
        base: V<'e>,
        n: V<'e>,
    ) -> Result<(), String> {
        let f = self.f;
        let e = f.e;
        let zero = e.i64(0);
        let sums: Vec<(Val, Val, Reduction)> = list
            .iter()
            .map(|&(r, arg, x)| (r, arg, Reduction { op: lazuli_core::ReduceOp::Sum, ..x }))
            .collect();
        // Reductions without a pivot take no part; those of other types would not be sums.
        let sums: Vec<(Val, Val, Reduction)> =
            sums.into_iter().zip(list).filter(|(_, l)| l.2.has_pivot()).map(|(s, _)| s).collect();
        let count = e.call("llvm.smin.i64", I64, &[n, e.i64(FIRST)]);
        let mut result = Ok(());
        e.for_loop(zero, count, 1, &[], |p, _| {
            self.place(touched, e.add(base, p), zero);
            result = self.lanes(|i, mask| {
                let env = self.point(sweep, zero, i, mask, false)?;
                let parts: Vec<V<'e>> = sums.iter().map(|(_, arg, _)| f.value(*arg, &env)).collect();
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
            for (k, (_, _, reduction)) in list.iter().enumerate() {
                if !reduction.has_pivot() {
                    continue;
                }
                let total = totals[at];
                at += 1;
                let number = match reduction.dtype {
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
