//! The skeleton of a column reduction: lanes along the last row axis, each reducing its own row.
//!
//! A tile of up to [`TILE`] lanes is swept once for each stage, in wide passes along memory: for
//! each of the 32 partials of a chunk its 8 elements are read as 8 streams, and the partial is
//! pushed on a stack of vectors (the neighbour tree, as a binary counter). All accumulators live
//! in scratch; only memory accesses are masked at the tile's edge, since no lane looks at
//! another.

mod chunk;
mod stack;

use super::emit::{Elem, I64, PTR, Ty, V};
use super::frame::{Env, Frame};
use super::reduce::{Begins, Entry, entries, most_slots};
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

type List<'e> = [Entry<'e>];

/// What becomes of a sweep's full stores at a point.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stores {
    Left,
    Done,
    PastCaches,
}

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
        let slots = most_slots(f.b, false) as u64;
        let unit = u64::from(f.vector_bytes() / f.lanes);
        let stack = f.reserve(slots * LEVELS * TILE * unit);
        let pivots = f.reserve(widest * TILE * unit);
        // Row values that cross from one loop over lanes into another.
        let mut crossing: BTreeSet<Val> = BTreeSet::new();
        for (v, d) in body.iter().enumerate() {
            if d.inst.reduces() {
                crossing.insert(v as Val);
            }
            for o in d.inst.operands() {
                let from = &body[o as usize];
                let constant = matches!(from.inst, Inst::Param(..) | Inst::Literal(_));
                let up = d.full || d.inst.reduces() || from.depth < d.depth;
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
            let list = entries(f.b, sweep, false);
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
        let ty = crate::llvm::body::register(self.f.b.kernel.body[v as usize].ty, self.f.lanes);
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
            let mut env = self.row_env(&self.row_inputs(&list, &[], i)).only(Some(mask));
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
        mask: Option<V<'e>>,
        stores: Stores,
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
        mask: Option<V<'e>>,
        stores: Stores,
    ) -> Result<Env<'e, 'e>, String> {
        let f = self.f;
        let e = f.e;
        let stored: Vec<Val> = sweep.stores.iter().map(|&s| f.b.kernel.stores[s].value).collect();
        let args: Vec<Val> = sweep
            .reduces
            .iter()
            .flat_map(|&r| f.b.kernel.body[r as usize].inst.operands())
            .chain(stored)
            .collect();
        let mut env = self.row_env(&self.row_inputs(&sweep.body, &args, i)).only(mask);
        let at = |a: u16| e.add(place(a), e.mul(i, f.lane_stride(a)));
        f.compute(&sweep.body, &mut env, &mut |a, _| {
            let (place, lane) = (at(a), f.access(a).lane);
            if lane == Lane::Unit && f.access(a).slot != Slot::Iota {
                e.prefetch(e.convert("inttoptr", e.add(place, e.i64(AHEAD)), PTR));
            }
            f.read(a, lane, place, f.lane_stride(a), f.lanes, mask)
        })?;
        if stores != Stores::Left {
            for &s in &sweep.stores {
                let store = f.b.kernel.stores[s];
                let (lane, stride) = (f.access(store.access).lane, f.lane_stride(store.access));
                let value = f.value(store.value, &env);
                let past = stores == Stores::PastCaches && f.fills_lines(store.access);
                f.write(store.access, lane, at(store.access), stride, value, mask, past);
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

    /// A sweep without reductions: whole vectors, past the caches if the launch wants that, and
    /// a masked last one.
    fn store_only(&self, sweep: &Sweep) -> Result<(), String> {
        let f = self.f;
        let e = f.e;
        let touched = self.touched(sweep);
        let zero = e.i64(0);
        let lanes = i64::from(f.lanes);
        let rest = e.binary("and", self.width, e.i64(lanes - 1));
        let whole = e.binary("sub", self.width, rest);
        let mut result = Ok(());
        e.for_loop(zero, f.count(), 1, &[], |r, _| {
            self.place(&touched, r, zero);
            let mut point = |i: V<'e>, mask: Option<V<'e>>, stores: Stores| {
                let done = self.point(sweep, zero, i, mask, stores).map(|_| ());
                result = std::mem::replace(&mut result, Ok(())).and(done);
            };
            f.by_streaming(sweep.stores.iter().map(|&s| f.b.kernel.stores[s].access), |past| {
                let stores = if past { Stores::PastCaches } else { Stores::Done };
                e.for_loop(zero, whole, lanes, &[], |i, _| {
                    point(i, None, stores);
                    vec![]
                });
            });
            e.if_then(e.compare("icmp ne", rest, zero), || {
                point(whole, Some(f.below(rest, f.lanes)), Stores::Done);
            });
            vec![]
        });
        result
    }
}
