//! Reductions of one's own: the function that combines two states, interpreted for many pairs at once,
//! and what accumulates with it.
//!
//! A state is several values, each in an array of its own. [`Combiner::run`] combines arrays of left states
//! with arrays of right ones; a run of one row ([`Combiner::fold`]), rows in lanes ([`FoldColumn`]) and
//! single states ([`Combiner::merge`]) are made of that. A missing element is left out: no state is combined with
//! the identity (NUMERICS.md section 2).

use super::blocks::{BLOCK, Operand, fill, get};
use super::columns::{LEVELS, Part, height};
use super::exec::compute;
use super::fold::{CHUNK, PARTIALS};
use super::isa::Isa;
use super::program::step_of;
use super::reduce::{Acc, Stack};
use super::step::Step;
use lazuli_core::fold::MOST;
use lazuli_fusion::Combine;
use lazuli_fusion::kernel::Inst;
use smallvec::SmallVec;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Pairs that are combined at once: a few blocks, so that registers stay in the cache.
const LANES: usize = 4 * BLOCK;

/// Where the values of states are, an array each.
pub(super) type States = SmallVec<[*mut u8; MOST]>;

/// A function that combines states, ready to be interpreted.
#[derive(Debug)]
pub struct Combiner {
    combine: Arc<Combine>,
    isa: Isa,
    steps: Vec<Step>,
    literals: Vec<(usize, u64)>,
    /// Bytes of each register's elements, and where the register is.
    sizes: Vec<usize>,
    offsets: Vec<usize>,
    bytes: usize,
    /// A number that no other one of this process has.
    id: u64,
}

/// Memory for registers, and whose they are: what another function left there may be no value of the
/// type that a register has.
#[derive(Default)]
struct Registers {
    memory: Vec<[u64; 8]>,
    owner: u64,
}

thread_local! {
    static REGISTERS: Cell<Registers> = const { Cell::new(Registers { memory: Vec::new(), owner: 0 }) };
}

impl Combiner {
    /// Prepares a function.
    pub(super) fn new(combine: &Arc<Combine>, isa: Isa) -> Combiner {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let defs = &combine.callee.defs;
        let sizes: Vec<usize> = defs.iter().map(|d| d.ty.size()).collect();
        let mut bytes = 0;
        let offsets = sizes.iter().map(|size| {
            bytes += size * LANES;
            bytes - size * LANES
        });
        let offsets = offsets.collect();
        let (mut steps, mut literals) = (Vec::new(), Vec::new());
        for (v, def) in defs.iter().enumerate() {
            match def.inst {
                Inst::Argument(_) => {}
                Inst::Literal(value) => literals.push((v, value.register_bits())),
                _ => steps.push(step_of(def, |u| combine.callee.ty(u), v as u32, |u| u)),
            }
        }
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Combiner { combine: combine.clone(), isa, steps, literals, sizes, offsets, bytes, id }
    }

    /// Number of values of a state.
    pub(super) fn width(&self) -> usize {
        self.combine.width()
    }

    /// Bytes of value `c` of a state.
    pub(super) fn size(&self, c: usize) -> usize {
        self.sizes[c]
    }

    /// The register bits of value `c` of the state of no element.
    pub(super) fn identity(&self, c: usize) -> u64 {
        self.combine.identity[c].register_bits()
    }

    /// `out[i] = combine(left[i], right[i])` for `n` states. `out` may be `left` or `right`.
    ///
    /// # Safety
    ///
    /// There are `n` initialised states at `left` and `right`, and room for them at `out`, aligned.
    pub(super) unsafe fn run(&self, n: usize, left: &States, right: &States, out: &States) {
        let mut registers = REGISTERS.take();
        if registers.memory.len() * 64 < self.bytes {
            registers.memory = vec![[0; 8]; self.bytes.div_ceil(64)];
            registers.owner = 0;
        }
        let memory: *mut u8 = registers.memory.as_mut_ptr().cast();
        let place = |v: usize| memory.wrapping_add(self.offsets[v]);
        if registers.owner != self.id {
            registers.memory[..self.bytes.div_ceil(64)].iter_mut().for_each(|line| *line = [0; 8]);
            for &(v, bits) in &self.literals {
                // SAFETY: a register has room for all lanes.
                unsafe { fill(place(v), self.sizes[v], bits, LANES) };
            }
            registers.owner = self.id;
        }
        let regs: SmallVec<[Operand; 32]> =
            (0..self.sizes.len()).map(|v| Operand { ptr: place(v), step: BLOCK }).collect();
        let width = self.width();
        for at in (0..n).step_by(LANES) {
            let m = LANES.min(n - at);
            // SAFETY: the caller's promise; registers are memory of our own with room for all lanes, of
            // which those beyond `m` hold older values of the same types.
            unsafe {
                for (v, &from) in left.iter().chain(right).enumerate() {
                    let size = self.sizes[v];
                    std::ptr::copy_nonoverlapping(from.add(at * size), place(v), m * size);
                }
                for step in &self.steps {
                    compute(self.isa, step, m.div_ceil(BLOCK), &regs, |r| self.sizes[r as usize]);
                }
                for c in 0..width {
                    let (from, size) = (place(self.combine.callee.results[c] as usize), self.sizes[c]);
                    std::ptr::copy_nonoverlapping(from, out[c].add(at * size), m * size);
                }
            }
        }
        REGISTERS.set(registers);
    }

    /// Merges two neighbouring subtrees, `left` before `right`, neither of which is empty.
    pub fn merge(&self, left: Acc, right: Acc) -> Acc {
        let (mut a, mut b) = (left.words, right.words);
        let at = |words: &mut [u64; MOST]| -> States {
            let base = words.as_mut_ptr();
            (0..self.width()).map(|c| base.wrapping_add(c).cast()).collect()
        };
        // Words begin with their low bytes on every machine that this runs on: a value is at its word's address.
        let (left_at, right_at) = (at(&mut a), at(&mut b));
        // SAFETY: one state each.
        unsafe { self.run(1, &left_at, &right_at, &left_at) };
        let words = std::array::from_fn(|c| match c < self.width() {
            true => a[c] & (u64::MAX >> (64 - 8 * self.sizes[c])),
            false => 0,
        });
        Acc { words, count: left.count + right.count }
    }

    /// The whole of a stack; the state of no element if nothing was added.
    pub fn total(&self, stack: &mut Stack) -> Acc {
        let nothing = || Acc {
            words: std::array::from_fn(|c| if c < self.width() { self.identity(c) } else { 0 }),
            count: 0,
        };
        stack.total(|a, b| self.merge(a, b)).unwrap_or_else(nothing)
    }

    /// The accumulator of `n` states (at least one) of neighbouring elements, which begin a chunk.
    ///
    /// # Safety
    ///
    /// They are at `src`, initialised and aligned.
    pub(super) unsafe fn fold(&self, src: &States, n: usize) -> Acc {
        let (whole, rest) = (n / CHUNK, n % CHUNK);
        // Partials of all chunks, one after the other; only the last chunk may have fewer.
        let count = whole * PARTIALS + rest.min(PARTIALS);
        let mut rooms: [Vec<u64>; 2] = std::array::from_fn(|_| vec![0u64; count * self.width()]);
        let at = |room: &mut Vec<u64>| -> States {
            let base = room.as_mut_ptr();
            (0..self.width()).map(|c| base.wrapping_add(c * count).cast()).collect()
        };
        let (partials, other) = (at(&mut rooms[0]), at(&mut rooms[1]));
        // SAFETY: rooms have a word for each value of a state; the caller's promise for `src`.
        unsafe {
            for k in 0..CHUNK / PARTIALS {
                let last = rest.saturating_sub(k * PARTIALS).min(PARTIALS);
                let to = if k == 0 { &partials } else { &other };
                for (c, (&from, &to)) in src.iter().zip(to).enumerate() {
                    let size = self.sizes[c];
                    for chunk in 0..whole + (last > 0) as usize {
                        let lanes = if chunk < whole { PARTIALS } else { last };
                        let from = from.add((chunk * CHUNK + k * PARTIALS) * size);
                        std::ptr::copy_nonoverlapping(from, to.add(chunk * PARTIALS * size), lanes * size);
                    }
                }
                if k > 0 {
                    self.run(whole * PARTIALS + last, &partials, &other, &partials);
                }
            }
            let (mut left, mut right) = (partials, other);
            let mut m = count;
            while m > 1 {
                self.halve(&left, &right, m);
                m = m.div_ceil(2);
                std::mem::swap(&mut left, &mut right);
            }
            let words = std::array::from_fn(|c| match c < self.width() {
                true => get(left[c], self.sizes[c], 0),
                false => 0,
            });
            Acc { words, count: n as u64 }
        }
    }

    /// One level of the neighbour tree: from `m` states at `from` to half as many at `to`.
    ///
    /// # Safety
    ///
    /// There are as many words, for each value of a state, at both.
    unsafe fn halve(&self, from: &States, to: &States, m: usize) {
        let pairs = m / 2;
        // The left ones go to the first half of `to`, the right ones behind them.
        let behind: States =
            to.iter().enumerate().map(|(c, p)| p.wrapping_add(pairs * self.sizes[c])).collect();
        // SAFETY: the caller's promise.
        unsafe {
            for c in 0..self.width() {
                macro_rules! split {
                    ($t:ty) => {{
                        let (from, to) = (from[c].cast::<$t>(), to[c].cast::<$t>());
                        for i in 0..pairs {
                            *to.add(i) = *from.add(2 * i);
                            *to.add(pairs + i) = *from.add(2 * i + 1);
                        }
                    }};
                }
                match self.sizes[c] {
                    1 => split!(u8),
                    2 => split!(u16),
                    4 => split!(u32),
                    8 => split!(u64),
                    other => unreachable!("elements of {other} bytes"),
                }
            }
            self.run(pairs, to, &behind, to);
            if m % 2 == 1 {
                for c in 0..self.width() {
                    let size = self.sizes[c];
                    std::ptr::copy_nonoverlapping(from[c].add((m - 1) * size), to[c].add(pairs * size), size);
                }
            }
        }
    }
}

/// The accumulators of a row's parts, merged: register bits of each value of the state.
pub(super) fn combined(combine: &Arc<Combine>, parts: impl Iterator<Item = Acc>) -> Acc {
    let combiner = Combiner::new(combine, Isa::best());
    let mut stack = Stack::default();
    parts.for_each(|acc| stack.push(acc, |a, b| combiner.merge(a, b)));
    combiner.total(&mut stack)
}

/// One fold of all lanes of a band, as [`super::columns`] does with single values: the states of partials,
/// and those of chunks, each on a stack of lists.
#[derive(Debug)]
pub(super) struct FoldColumn {
    /// Its lists, `pitch` bytes apart.
    base: *mut u8,
    pitch: usize,
    lanes: usize,
    /// Lists of each value of a state.
    levels: usize,
    partials: usize,
    chunks: usize,
}

impl FoldColumn {
    /// Number of lists that a fold of `inner` elements needs.
    pub fn lists(width: usize, inner: usize) -> usize {
        width * FoldColumn::levels(inner)
    }

    fn levels(inner: usize) -> usize {
        LEVELS + inner.div_ceil(CHUNK).max(1).ilog2() as usize + 2
    }

    /// A column with lists at `base`, for `inner` elements.
    pub fn new(base: *mut u8, pitch: usize, lanes: usize, inner: usize) -> FoldColumn {
        FoldColumn { base, pitch, lanes, levels: FoldColumn::levels(inner), partials: 0, chunks: 0 }
    }

    /// Lists number `i` of all values.
    fn list(&self, f: &Combiner, i: usize) -> States {
        (0..f.width()).map(|c| self.base.wrapping_add((c * self.levels + i) * self.pitch)).collect()
    }

    /// Combines list `top` into the one below it, then that one, `times` times.
    ///
    /// # Safety
    ///
    /// The lists are there.
    unsafe fn carry(&self, f: &Combiner, top: usize, times: usize) {
        for top in (top + 1 - times..=top).rev() {
            let below = self.list(f, top - 1);
            // SAFETY: the caller's promise.
            unsafe { f.run(self.lanes, &below, &self.list(f, top), &below) };
        }
    }

    /// # Safety
    ///
    /// There are as many values as lanes at both.
    unsafe fn copy(&self, f: &Combiner, from: &States, to: &States) {
        for c in 0..f.width() {
            // SAFETY: the caller's promise.
            unsafe { std::ptr::copy_nonoverlapping(from[c], to[c], self.lanes * f.size(c)) };
        }
    }

    /// Takes a part of a chunk, whose states are at `src` in place of the part's own elements.
    ///
    /// # Safety
    ///
    /// The lists of this column are memory of its own, and `src` has the states of the part.
    pub unsafe fn part(&mut self, f: &Combiner, src: &States, part: &Part) {
        let mut at = 0;
        let element = |j: usize| {
            src.iter().enumerate().map(|(c, p)| p.wrapping_add(j * self.lanes * f.size(c))).collect()
        };
        for p in part.first..part.end {
            let n = Part::elements(part.length, p);
            let top = height(self.partials);
            let list = self.list(f, top);
            // SAFETY: the caller's promise.
            unsafe {
                self.copy(f, &element(at), &list);
                (1..n).for_each(|j| f.run(self.lanes, &list, &element(at + j), &list));
                self.carry(f, top, self.partials.trailing_ones() as usize);
            }
            at += n;
            self.partials += 1;
        }
    }

    /// Ends a chunk.
    ///
    /// # Safety
    ///
    /// As [`Self::part`], after the parts of the chunk.
    pub unsafe fn end_chunk(&mut self, f: &Combiner) {
        let (top, done) = (LEVELS + height(self.chunks), height(self.partials));
        // SAFETY: the caller's promise.
        unsafe {
            self.carry(f, done - 1, done - 1);
            self.copy(f, &self.list(f, 0), &self.list(f, top));
            self.carry(f, top, self.chunks.trailing_ones() as usize);
        }
        self.partials = 0;
        self.chunks += 1;
    }

    /// Merges what is on the stack: afterwards [`Self::give`] has the results.
    ///
    /// # Safety
    ///
    /// As [`Self::part`], after all chunks.
    pub unsafe fn end(&mut self, f: &Combiner) {
        let done = height(self.chunks);
        if done > 1 {
            // SAFETY: the caller's promise.
            unsafe { self.carry(f, LEVELS + done - 1, done - 1) };
        }
    }

    /// Writes value `c` of the results, one for each lane, to `dst`.
    ///
    /// # Safety
    ///
    /// There is room for them; after [`Self::end`].
    pub unsafe fn give(&self, f: &Combiner, c: usize, dst: *mut u8) {
        let size = f.size(c);
        // SAFETY: the caller's promise.
        unsafe {
            match self.chunks {
                0 => fill(dst, size, f.identity(c), self.lanes),
                _ => std::ptr::copy_nonoverlapping(self.list(f, LEVELS)[c], dst, self.lanes * size),
            }
        }
    }
}
