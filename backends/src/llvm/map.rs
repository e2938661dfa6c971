//! The skeleton of a map: lanes along the last row axis, other row axes around it.
//!
//! A body is printed three times: for vectors that are whole, written into the caches or past them, and for the last
//! one, which is not. Or once, if it is long (see [`once`](super::once)).

use super::emit::V;
use super::frame::{Env, Frame};
use lazuli_fusion::bind::{BoundAccess, Lane, Slot};
use lazuli_fusion::kernel::Inst;
use std::collections::HashMap;

/// Bytes ahead of the current vector at which streams are prefetched.
const AHEAD: i64 = 4096;
/// Of more streams than this none is prefetched: they are windows of a stencil mostly, which find nearly all in a cache, and
/// reads are what such a kernel waits for (2-D heat equation within the caches: 0.7 of the time; from memory: the same).
const STREAMS: usize = 4;

/// Vectors that go through a loop of a function together: its operations wait for each other, four
/// chains of them keep a core busy. AVX2 has registers for two.
fn vectors(f: &Frame<'_>) -> i64 {
    if f.vector_bytes() >= 64 { 4 } else { 2 }
}

/// Prints the body of `run`: outer rows `b0..e0`, lanes `b1..e1`.
pub fn run<'e>(f: &Frame<'e>) -> Result<(), String> {
    let e = f.e;
    let [b0, e0, b1, e1] = f.ranges();
    let mut failed = Ok(());
    let (end, rest) = whole_vectors(f, b1, e1);
    e.for_loop(b0, e0, 1, &[], |outer, _| {
        let row = Row::new(f, &f.row_index(outer, f.b.rows.len() - 1), AHEAD);
        if f.b.kernel.loops() {
            failed = std::mem::replace(&mut failed, Ok(())).and(row.turning(b1, e1));
            return vec![];
        }
        if f.is_printed_once(&f.row_values(0)) {
            e.for_loop(b1, e1, f.lanes.into(), &[], |i, _| {
                failed = std::mem::replace(&mut failed, Ok(())).and(row.any_point(i, e1));
                vec![]
            });
            return vec![];
        }
        f.by_streaming(row.stores(), |streaming| {
            e.for_loop(b1, end, f.lanes.into(), &[], |i, _| {
                failed = std::mem::replace(&mut failed, Ok(())).and(row.point(i, None, streaming));
                vec![]
            });
        });
        failed = std::mem::replace(&mut failed, Ok(())).and(row.tail(end, rest));
        vec![]
    });
    failed
}

/// Where the last whole vector of lanes `begin..end` ends, and how many lanes are left.
pub fn whole_vectors<'e>(f: &Frame<'e>, begin: V<'e>, end: V<'e>) -> (V<'e>, V<'e>) {
    let e = f.e;
    let rest = e.binary("and", e.binary("sub", end, begin), e.i64(i64::from(f.lanes) - 1));
    (e.binary("sub", end, rest), rest)
}

/// One row of a map.
pub struct Row<'f, 'e> {
    f: &'f Frame<'e>,
    bases: Vec<V<'e>>,
    /// What is the same in every lane, read once; and vectors that were read otherwise.
    known: HashMap<u16, V<'e>>,
    ahead: Option<i64>,
}

impl<'f, 'e> Row<'f, 'e> {
    /// The row at an index of all row axes but the last. Streams are prefetched `ahead` bytes
    /// before they are needed.
    pub fn new(f: &'f Frame<'e>, index: &[V<'e>], ahead: i64) -> Row<'f, 'e> {
        let bases: Vec<V<'e>> = (0..f.b.accesses.len() as u16).map(|a| f.row_address(a, index)).collect();
        let mut known = HashMap::new();
        for def in &f.b.kernel.body {
            if let Inst::Load(a) | Inst::Index(a) = def.inst
                && f.access(a).lane == Lane::Same
            {
                known.insert(a, f.read(a, Lane::Same, bases[a as usize], f.e.i64(0), 1, None));
            }
        }
        let is_stream = |a: &&BoundAccess| !a.write && a.lane == Lane::Unit && a.slot != Slot::Iota;
        let few = f.b.accesses.iter().filter(is_stream).count() <= STREAMS;
        Row { f, bases, known, ahead: few.then_some(ahead) }
    }

    /// Gives an access its vector at the next point.
    pub fn set(&mut self, a: u16, value: V<'e>) {
        self.known.insert(a, value);
    }

    /// What is written.
    fn stores(&self) -> impl Iterator<Item = u16> {
        self.f.b.kernel.stores.iter().map(|s| s.access)
    }

    /// Computes and stores the vector at lane `i`.
    pub fn point(&self, i: V<'e>, mask: Option<V<'e>>, streaming: bool) -> Result<(), String> {
        let f = self.f;
        let mut env = Env::new(f.lanes, None).only(mask);
        f.compute(&f.row_values(0), &mut env, &mut |a, _| {
            self.known.get(&a).copied().unwrap_or_else(|| self.read(a, i, mask))
        })?;
        self.write(&env, i, mask, streaming);
        Ok(())
    }

    /// The same, whole or not, where lanes end at `end`.
    fn any_point(&self, i: V<'e>, end: V<'e>) -> Result<(), String> {
        let (f, e) = (self.f, self.f.e);
        let rest = e.binary("sub", end, i);
        let whole = || e.compare("icmp sge", rest, e.i64(f.lanes.into()));
        let mut loads = f.loads(&f.row_values(0));
        loads.retain(|a| !self.known.contains_key(a));
        let read = |mask: Option<V<'e>>| loads.iter().map(|&a| self.read(a, i, mask)).collect();
        let values: Vec<V<'e>> = e.if_else(whole(), || read(None), || read(Some(f.below(rest, f.lanes))));
        let mut env = Env::new(f.lanes, None);
        f.compute(&f.row_values(0), &mut env, &mut |a, _| {
            self.known
                .get(&a)
                .copied()
                .unwrap_or_else(|| values[loads.binary_search(&a).expect("all loads were listed")])
        })?;
        f.by_wholeness(whole(), self.stores(), |is_whole, past| {
            self.write(&env, i, (!is_whole).then(|| f.below(rest, f.lanes)), past);
        });
        Ok(())
    }

    fn at(&self, a: u16, i: V<'e>) -> V<'e> {
        let (f, e) = (self.f, self.f.e);
        e.add(self.bases[a as usize], e.mul(i, f.lane_stride(a)))
    }

    /// The vector of an access at lane `i`; what follows a whole one in memory is asked for.
    fn read(&self, a: u16, i: V<'e>, mask: Option<V<'e>>) -> V<'e> {
        let (f, e) = (self.f, self.f.e);
        let (place, access) = (self.at(a, i), f.access(a));
        let whole = f.unit(a) * i64::from(f.lanes) >= 32;
        let ahead = self.ahead.filter(|_| mask.is_none() && whole);
        if let Some(ahead) = ahead.filter(|_| access.lane == Lane::Unit && access.slot != Slot::Iota) {
            let ahead = e.add(place, e.i64(ahead));
            e.prefetch(e.convert("inttoptr", ahead, super::emit::PTR));
        }
        f.read(a, access.lane, place, f.lane_stride(a), f.lanes, mask)
    }

    /// Writes the results at lane `i`.
    fn write(&self, env: &Env<'e, '_>, i: V<'e>, mask: Option<V<'e>>, streaming: bool) {
        let f = self.f;
        for s in &f.b.kernel.stores {
            let (lane, stride) = (f.access(s.access).lane, f.lane_stride(s.access));
            let past = streaming && f.fills_lines(s.access);
            f.write(s.access, lane, self.at(s.access, i), stride, f.value(s.value, env), mask, past);
        }
    }

    /// All lanes `begin..end` of a kernel with loops, several vectors at a time: they go round
    /// together. A last few that are not there are in no mask, which costs nothing beside a loop.
    fn turning(&self, begin: V<'e>, end: V<'e>) -> Result<(), String> {
        let (f, e) = (self.f, self.f.e);
        let lanes = i64::from(f.lanes);
        let mut result = Ok(());
        let vectors = vectors(f);
        e.for_loop(begin, end, lanes * vectors, &[], |i, _| {
            let firsts: Vec<V<'e>> = (0..vectors).map(|k| e.add(i, e.i64(k * lanes))).collect();
            let masks: Vec<V<'e>> =
                firsts.iter().map(|&first| f.below(e.binary("sub", end, first), f.lanes)).collect();
            let mut envs: Vec<Env<'e, '_>> =
                masks.iter().map(|&mask| Env::new(f.lanes, None).only(Some(mask))).collect();
            let at = |a: u16, k: usize| e.add(self.bases[a as usize], e.mul(firsts[k], f.lane_stride(a)));
            result = f.compute_all(&f.row_values(0), &mut envs, &mut |k, a, _| {
                self.known.get(&a).copied().unwrap_or_else(|| {
                    f.read(a, f.access(a).lane, at(a, k), f.lane_stride(a), f.lanes, Some(masks[k]))
                })
            });
            if result.is_err() {
                return vec![];
            }
            for s in &f.b.kernel.stores {
                let (lane, stride) = (f.access(s.access).lane, f.lane_stride(s.access));
                // One place for all lanes is that of the one lane there is.
                let count = if lane == Lane::Same { 1 } else { envs.len() };
                for (k, env) in envs.iter().enumerate().take(count) {
                    let value = f.value(s.value, env);
                    f.write(s.access, lane, at(s.access, k), stride, value, Some(masks[k]), false);
                }
            }
            vec![]
        });
        result
    }

    /// The `rest` lanes from `end` on, which fill no vector.
    pub fn tail(&self, end: V<'e>, rest: V<'e>) -> Result<(), String> {
        let e = self.f.e;
        let mut result = Ok(());
        e.if_then(e.compare("icmp sgt", rest, e.i64(0)), || {
            result = self.point(end, Some(self.f.below(rest, self.f.lanes)), false);
        });
        result
    }
}
