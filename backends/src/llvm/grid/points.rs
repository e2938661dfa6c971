//! The points that a thread treats at once, and how it reads and writes arrays there.
//!
//! Points are `steps` vectors of `width` lanes. What a body computes it computes for all of them
//! in one wide value; a GPU has no vectors, so the code generator takes it apart again, but all
//! reads of a thread come before the first use of any: that keeps enough bytes in flight for the
//! memory. Reads have three forms, chosen at run time for the whole thread: all vectors whole;
//! each vector whole or absent; lane by lane.

use super::simt;
use super::{Grid, I1};
use crate::llvm::body;
use crate::llvm::emit::{Emitter, I64, Ty, V};
use lazuli_core::DType;
use lazuli_fusion::bind::Slot;
use std::collections::HashMap;

/// How the points of a thread lie in an array.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// One element for all points.
    Fixed,
    /// One element for each step.
    EachStep,
    /// The lanes of a step are neighbours in memory.
    Unit,
    /// Anything else.
    Apart,
}

/// Points, and which of them are there.
pub struct Points<'e> {
    /// Vectors.
    pub steps: usize,
    /// Lanes of each.
    pub width: u32,
    /// All vectors are there whole, and aligned where arrays are neighbours.
    pub all: V<'e>,
    /// Each vector is there whole, and aligned, or absent.
    pub whole: V<'e>,
    /// For each step: how many of its lanes are there (none if it is not above 0).
    pub count: Vec<Count<'e>>,
}

/// A number of lanes: one that is known at run time, less one that is known now. So the steps of a
/// thread can share a register.
#[derive(Clone, Copy)]
pub struct Count<'e> {
    n: V<'e>,
    less: i64,
}

impl<'e> Count<'e> {
    /// That many lanes (a 64-bit number).
    pub fn of(n: V<'e>) -> Count<'e> {
        let e = n.e;
        // It is compared with small numbers only.
        let low = e.call("llvm.smax.i64", I64, &[n, e.i64(-1)]);
        let low = e.call("llvm.smin.i64", I64, &[low, e.i64(1 << 20)]);
        Count { n: e.convert("trunc", low, simt::I32), less: 0 }
    }

    /// So many fewer.
    pub fn less(self, less: i64) -> Count<'e> {
        Count { n: self.n, less: self.less + less }
    }

    /// All of them if `condition` holds, and none otherwise.
    pub fn only_if(self, condition: V<'e>) -> Count<'e> {
        let e = condition.e;
        Count { n: e.select(condition, self.n, e.int(simt::I32, 0)), ..self }
    }

    /// Is lane `v` there?
    pub fn has(self, v: u32) -> V<'e> {
        let e = self.n.e;
        e.compare("icmp sgt", self.n, e.int(simt::I32, self.less + i64::from(v)))
    }

    /// Which of `width` lanes are there?
    fn mask(self, width: u32) -> V<'e> {
        let e = self.n.e;
        let numbers: Vec<V<'e>> = (0..width).map(|v| e.int(simt::I32, self.less + i64::from(v))).collect();
        e.compare("icmp sgt", e.splat(self.n, width), e.constants(&numbers))
    }
}

/// The address (or position) of an access at a step and a lane.
pub type Place<'p, 'e> = &'p dyn Fn(u16, usize, u32) -> V<'e>;

impl<'e> Points<'e> {
    /// Points altogether.
    pub fn lanes(&self) -> u32 {
        self.steps as u32 * self.width
    }

    /// Which points are there?
    pub fn mask(&self, e: &'e Emitter) -> V<'e> {
        e.concat(&self.count.iter().map(|c| c.mask(self.width)).collect::<Vec<_>>())
    }
}

impl<'e> Grid<'e> {
    /// The points that a loop may wait for: those that are there. (Nothing else asks.)
    pub fn live(&self, points: &Points<'e>) -> Option<V<'e>> {
        self.b.kernel.loops().then(|| points.mask(self.e))
    }

    /// Reads accesses at points, in register form.
    pub fn read(
        &self,
        points: &Points<'e>,
        accesses: &[(u16, Reach)],
        place: Place<'_, 'e>,
    ) -> HashMap<u16, V<'e>> {
        let e = self.e;
        let (positions, memory): (Vec<_>, Vec<_>) =
            accesses.iter().partition(|(a, _)| self.f.access(*a).slot == Slot::Iota);
        let mut out: HashMap<u16, V<'e>> =
            positions.into_iter().map(|&(a, reach)| (a, positions_at(points, a, reach, place))).collect();
        if memory.is_empty() {
            return out;
        }
        let form = |form: Form| memory.iter().map(|&&(a, r)| self.raw(points, a, r, place, form)).collect();
        // Without neighbours in memory there is nothing to read as a whole.
        let units = memory.iter().any(|(_, reach)| *reach == Reach::Unit);
        let raw = if units {
            e.if_else(
                points.all,
                || form(Form::All),
                || e.if_else(points.whole, || form(Form::Whole), || form(Form::Lanes)),
            )
        } else {
            e.if_else(points.all, || form(Form::All), || form(Form::Lanes))
        };
        for (&&(a, _), raw) in memory.iter().zip(raw) {
            out.insert(a, body::extend(raw, self.f.access(a).dtype));
        }
        out
    }

    /// One array at all points, in its memory form.
    fn raw(&self, points: &Points<'e>, a: u16, reach: Reach, place: Place<'_, 'e>, form: Form) -> V<'e> {
        let e = self.e;
        let one = Ty::new(body::memory_elem(self.f.access(a).dtype), 1);
        let vector = Ty::new(one.elem, points.width);
        let guarded = |inside: V<'e>, ty: Ty, at: &dyn Fn() -> V<'e>| {
            e.if_else(inside, || vec![self.load(a, ty, at())], || vec![e.bits(ty, 0)])[0]
        };
        let there = |k: usize, v: u32| points.count[k].has(v);
        let read = |k: usize, v: u32, ty: Ty| match form {
            Form::All => self.load(a, ty, place(a, k, v)),
            _ => guarded(there(k, v), ty, &|| place(a, k, v)),
        };
        match reach {
            Reach::Fixed => e.splat(read(0, 0, one), points.lanes()),
            Reach::EachStep => {
                let steps = (0..points.steps).map(|k| e.splat(read(k, 0, one), points.width));
                e.concat(&steps.collect::<Vec<_>>())
            }
            Reach::Unit if form != Form::Lanes => {
                e.concat(&(0..points.steps).map(|k| read(k, 0, vector)).collect::<Vec<_>>())
            }
            _ => {
                let all = (0..points.steps).flat_map(|k| (0..points.width).map(move |v| (k, v)));
                e.vector(&all.map(|(k, v)| read(k, v, one)).collect::<Vec<_>>())
            }
        }
    }

    /// Writes a value (register form, a lane for each point).
    pub fn write(&self, points: &Points<'e>, a: u16, reach: Reach, value: V<'e>, place: Place<'_, 'e>) {
        let e = self.e;
        let raw = body::shrink(value, self.f.access(a).dtype);
        let there = |k: usize, v: u32| points.count[k].has(v);
        let lane = |k: usize, v: u32| e.extract(raw, k as u32 * points.width + v);
        let step = |k: usize| {
            let first = k as u32 * points.width;
            e.shuffle(raw, raw, &(first..first + points.width).collect::<Vec<_>>())
        };
        let lanes = || {
            for k in 0..points.steps {
                for v in 0..points.width {
                    e.if_then(there(k, v), || self.store(a, lane(k, v), place(a, k, v)));
                }
            }
        };
        match reach {
            // One element for all: whoever has the first point writes it.
            Reach::Fixed | Reach::EachStep => {
                e.if_then(there(0, 0), || self.store(a, lane(0, 0), place(a, 0, 0)));
            }
            Reach::Apart => lanes(),
            Reach::Unit => {
                e.if_else(
                    points.all,
                    || {
                        (0..points.steps).for_each(|k| self.store(a, step(k), place(a, k, 0)));
                        vec![]
                    },
                    || {
                        e.if_else(
                            points.whole,
                            || {
                                for k in 0..points.steps {
                                    e.if_then(there(k, 0), || self.store(a, step(k), place(a, k, 0)));
                                }
                                vec![]
                            },
                            || {
                                lanes();
                                vec![]
                            },
                        );
                        vec![]
                    },
                );
            }
        }
    }

    /// Reads an element or a vector of an array, in memory form.
    fn load(&self, a: u16, ty: Ty, address: V<'e>) -> V<'e> {
        let bytes = self.f.access(a).dtype.size() as u32 * ty.lanes;
        simt::announce(self.e, address, bytes, simt::READ, self.site("read", Some(a)));
        self.e.load(ty, simt::global(address), bytes)
    }

    fn store(&self, a: u16, value: V<'e>, address: V<'e>) {
        let bytes = self.f.access(a).dtype.size() as u32 * value.ty.lanes;
        simt::announce(self.e, address, bytes, simt::WRITE, self.site("write", Some(a)));
        self.e.store(value, simt::global(address), bytes);
    }

    /// Reads one element, if `inside`, in register form (a position for an Iota).
    pub fn read_one(&self, a: u16, address: V<'e>, inside: V<'e>) -> V<'e> {
        let e = self.e;
        let access = self.f.access(a);
        if access.slot == Slot::Iota {
            return address;
        }
        let ty = Ty::new(body::memory_elem(access.dtype), 1);
        let raw = e.if_else(inside, || vec![self.load(a, ty, address)], || vec![e.bits(ty, 0)])[0];
        body::extend(raw, access.dtype)
    }

    /// Writes one element, if `inside`.
    pub fn write_one(&self, a: u16, address: V<'e>, value: V<'e>, inside: V<'e>) {
        let raw = body::shrink(value, self.f.access(a).dtype);
        self.e.if_then(inside, || self.store(a, raw, address));
    }
}

/// In which form a thread reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    All,
    Whole,
    Lanes,
}

/// The positions that an Iota has at points.
fn positions_at<'e>(points: &Points<'e>, a: u16, reach: Reach, place: Place<'_, 'e>) -> V<'e> {
    let e = points.all.e;
    match reach {
        Reach::Fixed => e.splat(place(a, 0, 0), points.lanes()),
        Reach::EachStep => {
            let steps = (0..points.steps).map(|k| e.splat(place(a, k, 0), points.width));
            e.concat(&steps.collect::<Vec<_>>())
        }
        Reach::Unit | Reach::Apart => {
            let all = (0..points.steps).flat_map(|k| (0..points.width).map(move |v| (k, v)));
            e.vector(&all.map(|(k, v)| place(a, k, v)).collect::<Vec<_>>())
        }
    }
}

/// Values of one step of a wide value.
pub fn step_of<'e>(v: V<'e>, k: usize, width: u32) -> V<'e> {
    let first = k as u32 * width;
    v.e.shuffle(v, v, &(first..first + width).collect::<Vec<_>>())
}

/// The same vector for each of `steps` steps.
pub fn each_step<'e>(v: V<'e>, steps: usize) -> V<'e> {
    if v.ty.lanes == 1 {
        return v;
    }
    let picks: Vec<u32> = (0..steps).flat_map(|_| 0..v.ty.lanes).collect();
    v.e.shuffle(v, v, &picks)
}

/// `a` where it is above 0, at most `b`.
pub fn clamp<'e>(a: V<'e>, b: V<'e>) -> V<'e> {
    let e = a.e;
    let low = e.call("llvm.smax.i64", I64, &[a, e.i64(0)]);
    e.call("llvm.smin.i64", I64, &[low, b])
}

/// A flag of a launch.
pub fn flag<'e>(word: V<'e>) -> V<'e> {
    debug_assert_eq!(word.ty, I64);
    let v = word.e.compare("icmp ne", word, word.e.i64(0));
    debug_assert_eq!(v.ty, I1);
    v
}

/// Bytes of an element of the widest array that is read or written at points.
pub fn widest(dtypes: impl Iterator<Item = DType>) -> usize {
    dtypes.map(DType::size).max().unwrap_or(4)
}
