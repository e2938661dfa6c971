//! Calls of functions with loops and branches, for many points at once.
//!
//! A call is interpreted for [`CHUNK`] points at a time. Its values are registers of that many
//! elements; every value of a block is computed for all of them, and *masks* say for which points
//! it counts. A block that no point asks for is not run, and a loop ends when all points have left.
//! Points beyond the last one of a tile are in no mask: what stands there might loop for ever.

use super::Job;
use super::blocks::{BLOCK, Operand, fill, get};
use super::exec::compute;
use super::isa::Isa;
use super::program::step_of;
use super::step::{Reg, Step};
use lazuli_core::function::{self, Join, LoopKind, State, loop_limit};
use lazuli_fusion::Callee;
use lazuli_fusion::kernel::{Inst, Val};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Points of a chunk: a few blocks, so that the registers of a long function stay in the cache.
const CHUNK: usize = 4 * BLOCK;

type Mask = [bool; CHUNK];

/// A call of a kernel, ready to be interpreted.
#[derive(Debug)]
pub(super) struct Call {
    callee: Arc<Callee>,
    result: Val,
    arguments: Vec<Reg>,
    /// Position of the first loop of this call among those of its kernel.
    first_loop: usize,
    /// Byte offset of each value's register.
    offsets: Vec<usize>,
    bytes: usize,
    /// A number that no other call of this process has.
    id: u64,
}

/// Memory for the registers of a call, and whose they are: what another call left there may be no
/// value of the type that a register has.
#[derive(Default)]
struct Registers {
    memory: Vec<[u64; 8]>,
    owner: u64,
}

thread_local! {
    static REGISTERS: Cell<Registers> = const { Cell::new(Registers { memory: Vec::new(), owner: 0 }) };
}

impl Call {
    pub fn new(callee: &Arc<Callee>, result: u16, arguments: Vec<Reg>, first_loop: usize) -> Call {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let mut bytes = 0;
        let offsets = callee
            .defs
            .iter()
            .map(|def| {
                let at = bytes;
                bytes += def.ty.size() * CHUNK;
                at
            })
            .collect();
        Call {
            callee: callee.clone(),
            result: callee.results[result as usize],
            arguments,
            first_loop,
            offsets,
            bytes,
            id: NEXT.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// The registers that the call reads.
    pub fn arguments(&self) -> &[Reg] {
        &self.arguments
    }

    fn size(&self, v: Val) -> usize {
        self.callee.ty(v).size()
    }

    /// Computes the call for `points` points (whole blocks if the result is a block of equals).
    ///
    /// # Safety
    ///
    /// The arguments' registers hold that many elements in whole blocks, and `dst` has room for them.
    pub unsafe fn run(&self, job: &Job<'_>, points: usize, regs: &[Operand], dst: *mut u8) {
        let mut registers = REGISTERS.take();
        if registers.memory.len() * 64 < self.bytes {
            registers.memory = vec![[0; 8]; self.bytes.div_ceil(64)];
        } else if registers.owner != self.id {
            registers.memory[..self.bytes.div_ceil(64)].iter_mut().for_each(|line| *line = [0; 8]);
        }
        registers.owner = self.id;
        let memory: *mut u8 = registers.memory.as_mut_ptr().cast();
        let home = |v: usize| Operand { ptr: memory.wrapping_add(self.offsets[v]), step: BLOCK };
        let mut run = Run {
            call: self,
            job,
            isa: job.program.isa,
            regs: (0..self.callee.defs.len()).map(home).collect(),
            blocks: 0,
        };
        // SAFETY: the memory has room for the registers of a chunk; arguments are registers of the
        // caller, and chunks begin at whole blocks.
        unsafe {
            run.literals();
            for at in (0..points).step_by(CHUNK) {
                let n = CHUNK.min(points - at);
                run.blocks = n.div_ceil(BLOCK);
                for (v, &r) in self.arguments.iter().enumerate() {
                    let from = regs[r as usize];
                    let skip = if from.step == 0 { 0 } else { at * self.size(v as Val) };
                    run.regs[v] = Operand { ptr: from.ptr.wrapping_add(skip), step: from.step };
                }
                let mask: Mask = std::array::from_fn(|i| i < n);
                run.block(&self.callee.body, &mask);
                let (size, result) = (self.size(self.result), run.regs[self.result as usize]);
                let to = dst.add(at * size);
                for block in 0..run.blocks {
                    let from = result.ptr.add(block * result.step * size);
                    std::ptr::copy_nonoverlapping(from, to.add(block * BLOCK * size), BLOCK * size);
                }
            }
        }
        REGISTERS.set(registers);
    }
}

/// One thread at work on a chunk of a call.
struct Run<'a> {
    call: &'a Call,
    job: &'a Job<'a>,
    isa: Isa,
    regs: Vec<Operand>,
    blocks: usize,
}

impl Run<'_> {
    /// Constants are written once.
    ///
    /// # Safety
    ///
    /// The registers have room for a chunk.
    unsafe fn literals(&mut self) {
        for (v, def) in self.call.callee.defs.iter().enumerate() {
            if let Inst::Literal(value) = def.inst {
                // SAFETY: the caller's promise.
                unsafe { fill(self.regs[v].ptr, def.ty.size(), value.register_bits(), CHUNK) };
            }
        }
    }

    /// # Safety
    ///
    /// As [`Call::run`].
    unsafe fn block(&mut self, block: &function::Block, mask: &Mask) {
        for step in block {
            // SAFETY: the caller's promise.
            unsafe { self.step(step, mask) };
        }
    }

    /// # Safety
    ///
    /// As [`Call::run`]. What the step reads has been computed.
    unsafe fn step(&mut self, step: &function::Step, mask: &Mask) {
        let callee = &self.call.callee;
        // SAFETY: the caller's promise.
        unsafe {
            match step {
                function::Step::Run(range) => {
                    for v in range.clone() {
                        let def = &callee.defs[v as usize];
                        if !matches!(def.inst, Inst::Literal(_)) {
                            let step = step_of(def, |u| callee.ty(u), v, |u| u);
                            self.compute(&step);
                        }
                    }
                }
                function::Step::If { cond, then, other, joins } => {
                    let c = self.truths(*cond);
                    let yes: Mask = std::array::from_fn(|i| mask[i] & c[i]);
                    let no: Mask = std::array::from_fn(|i| mask[i] & !c[i]);
                    for (block, mask) in [(then, &yes), (other, &no)] {
                        if any(mask) {
                            self.block(block, mask);
                        }
                    }
                    for &Join { value, then, other } in joins {
                        then.into_iter().for_each(|v| self.give(value, v, &yes));
                        other.into_iter().for_each(|v| self.give(value, v, &no));
                    }
                }
                function::Step::Loop { states, body, limit, kind, number, .. } => {
                    let most = if kind.ends() { u64::MAX } else { loop_limit() };
                    self.run_loop(states, body, (limit.unwrap_or(most), *kind), *number, mask)
                }
                function::Step::Exit { .. } => unreachable!("exits stand in loops"),
                function::Step::Do(_) => unreachable!("an effect in a function that is no kernel"),
            }
        }
    }

    /// # Safety
    ///
    /// As [`Self::step`].
    unsafe fn run_loop(
        &mut self,
        states: &[State],
        body: &function::Block,
        (limit, kind): (u64, LoopKind),
        number: u32,
        mask: &Mask,
    ) {
        let mut active = *mask;
        // SAFETY: the caller's promise.
        unsafe {
            states.iter().for_each(|s| self.give(s.value, s.first, mask));
            for turn in 0.. {
                let mut counted = !kind.asks();
                if counted && self.gives_up(turn >= limit, number) {
                    return;
                }
                for step in body {
                    let function::Step::Exit { cond, keep } = step else {
                        self.step(step, &active);
                        continue;
                    };
                    let c = self.truths(*cond);
                    let leave: Mask = std::array::from_fn(|i| active[i] & c[i]);
                    self.assign(keep.iter().map(|&(at, v)| (states[at as usize].value, v)), &leave);
                    active.iter_mut().zip(&leave).for_each(|(a, l)| *a &= !l);
                    if !any(&active) {
                        return;
                    }
                    if !std::mem::replace(&mut counted, true) && self.gives_up(turn >= limit, number) {
                        return;
                    }
                }
                self.assign(states.iter().map(|s| (s.value, s.next)), &active);
            }
        }
    }

    /// Is a loop to be left because it, or one before, has passed its limit, or because machine code does the rest? The
    /// loops around it need not go on either.
    fn gives_up(&self, over: bool, number: u32) -> bool {
        if self.job.overrun.is_noted() {
            // After that nothing counts: a loop that was ended half-way may keep those around it going too long.
            return true;
        }
        if over {
            let position = self.call.callee.loop_position(number);
            self.job.overrun.note(self.call.first_loop + position);
        } else if self.job.is_compiled.is_some_and(|is_compiled| is_compiled()) {
            self.job.overrun.hand_over();
        }
        self.job.overrun.is_noted()
    }

    /// Gives several registers new values at once: what is read is what stood there before.
    ///
    /// # Safety
    ///
    /// As [`Self::step`].
    unsafe fn assign(&mut self, pairs: impl Iterator<Item = (Val, Val)> + Clone, mask: &Mask) {
        if !any(mask) {
            return;
        }
        let written = |v: Val, upto: usize| pairs.clone().take(upto).any(|(to, _)| to == v);
        let mut saved: Vec<(Val, Vec<u64>)> = Vec::new();
        for (k, (_, from)) in pairs.clone().enumerate() {
            if written(from, k) && !saved.iter().any(|(v, _)| *v == from) {
                let size = self.call.size(from);
                let place = self.regs[from as usize].ptr;
                // SAFETY: a register of a chunk (a state: no argument).
                saved.push((from, (0..CHUNK).map(|i| unsafe { get(place, size, i) }).collect()));
            }
        }
        for (k, (to, from)) in pairs.clone().enumerate() {
            match saved.iter().find(|(v, _)| *v == from && written(from, k)) {
                Some((_, words)) => {
                    let (size, place) = (self.call.size(to), self.regs[to as usize].ptr);
                    for i in (0..CHUNK).filter(|&i| mask[i]) {
                        // SAFETY: an element of a register.
                        unsafe { fill(place.add(i * size), size, words[i], 1) };
                    }
                }
                // SAFETY: the caller's promise.
                None => unsafe { self.give(to, from, mask) },
            }
        }
    }

    /// # Safety
    ///
    /// A bool of the callee, computed.
    unsafe fn truths(&self, v: Val) -> Mask {
        let r = self.regs[v as usize];
        let known = self.blocks * BLOCK;
        // Blocks that this chunk does not have count for nobody.
        // SAFETY: the caller's promise.
        std::array::from_fn(|i| i < known && unsafe { *r.ptr.add(i / BLOCK * r.step + i % BLOCK) != 0 })
    }

    /// Copies elements of one register to another where the mask is set.
    ///
    /// # Safety
    ///
    /// Registers of the same type, the source computed.
    unsafe fn give(&mut self, to: Val, from: Val, mask: &Mask) {
        let (to_size, to, from) = (self.call.size(to), self.regs[to as usize], self.regs[from as usize]);
        // SAFETY: the caller's promise.
        unsafe {
            match to_size {
                1 => masked::<u8>(self.blocks, to, from, mask),
                2 => masked::<u16>(self.blocks, to, from, mask),
                4 => masked::<u32>(self.blocks, to, from, mask),
                8 => masked::<u64>(self.blocks, to, from, mask),
                other => unreachable!("elements of {other} bytes"),
            }
        }
    }

    /// # Safety
    ///
    /// As [`Self::step`].
    unsafe fn compute(&mut self, step: &Step) {
        let size = |r: Reg| self.call.size(r);
        // SAFETY: registers of a chunk that do not overlap.
        unsafe { compute(self.isa, step, self.blocks, &self.regs, size) };
    }
}

fn any(mask: &Mask) -> bool {
    mask.iter().fold(false, |a, &b| a | b)
}

/// # Safety
///
/// Both have `blocks` blocks of `T`, and are the same or do not overlap.
unsafe fn masked<T: Copy>(blocks: usize, to: Operand, from: Operand, mask: &Mask) {
    for (i, &wanted) in mask.iter().enumerate().take(blocks * BLOCK) {
        if wanted {
            let at = |r: Operand| i / BLOCK * r.step + i % BLOCK;
            // SAFETY: the caller's promise.
            unsafe { *to.ptr.cast::<T>().add(at(to)) = *from.ptr.cast::<T>().add(at(from)) };
        }
    }
}
