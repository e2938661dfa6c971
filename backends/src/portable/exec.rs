//! Runs a list of steps for one tile (or band, or the uniform block).

use super::blocks::{BLOCK, Operand, fill, get};
use super::isa::Isa;
use super::places::{Lanes, Outer, Places};
use super::program::Home;
use super::step::{Reg, Step};
use super::{Job, elementary, ops, transfer};
use lazuli_core::DType;

/// What the steps run on.
pub(super) struct Frame<'a> {
    /// Number of elements.
    pub points: usize,
    /// Outer positions of the points in memory.
    pub outer: &'a Outer,
    /// Lanes of the points in memory.
    pub lanes: &'a Lanes,
}

impl<'a> Frame<'a> {
    /// The points of these positions and lanes.
    pub fn new(outer: &'a Outer, lanes: &'a Lanes) -> Frame<'a> {
        Frame { points: outer.count * lanes.count, outer, lanes }
    }

    /// The address of the elements of an access, if registers may stand there: dense, whole
    /// blocks, of a type that registers have.
    pub fn in_place(&self, dtype: DType, base: *mut u8, access: u16) -> Option<*mut u8> {
        if !self.points.is_multiple_of(BLOCK) || dtype.compute() != dtype {
            return None;
        }
        let first = Places::of(self.outer, self.lanes, access as usize).contiguous()?;
        Some(base.wrapping_offset(first * dtype.size() as isize))
    }
}

/// Registers, and what steps need to reach memory.
pub(super) struct Context<'a> {
    pub job: &'a Job<'a>,
    /// Where registers are now.
    pub regs: &'a mut [Operand],
    /// Address of position 0 of each access.
    pub bases: &'a [*mut u8],
    /// Scratch memory.
    pub arena: *mut u8,
}

impl Context<'_> {
    fn home(&self, r: Reg) -> (Home, *mut u8) {
        let home = self.job.program.homes[r as usize];
        (home, self.arena.wrapping_add(home.offset))
    }

    /// Points registers that are stored densely at where they are stored.
    pub fn place_direct(&mut self, direct: &[(Reg, u16)], frame: &Frame<'_>) {
        for &(r, access) in direct {
            let dtype = self.job.bound.accesses[access as usize].dtype;
            let there = frame.in_place(dtype, self.bases[access as usize], access);
            self.regs[r as usize].ptr = there.unwrap_or_else(|| self.home(r).1);
        }
    }

    /// Runs steps.
    ///
    /// # Safety
    ///
    /// The places of the frame may be accessed as `run_rows` says; registers are at home or
    /// where the machine has put them, with the sources of the steps computed.
    pub unsafe fn run(&mut self, steps: &[Step], frame: &Frame<'_>) {
        let isa = self.job.program.isa;
        let n = frame.points.div_ceil(BLOCK);
        for step in steps {
            // SAFETY: the registers were laid out for these steps: no destination overlaps a
            // source, and each has room for the blocks of a frame.
            unsafe {
                match *step {
                    Step::Literal { dst, bits } => self.constant(dst, bits),
                    Step::Param { dst, slot } => self.constant(dst, self.job.params[slot as usize]),
                    Step::Load { dst, access } => self.load(dst, access, frame),
                    Step::Index { dst, access } => self.index(dst, access, frame),
                    Step::Store { src, access } => self.store(src, access, frame),
                    Step::Call { dst, call } => {
                        // A block of equals is one everywhere.
                        let same = self.home(dst).0.step == 0;
                        let points = if same { BLOCK } else { frame.points };
                        let to = self.regs[dst as usize].ptr;
                        self.job.program.calls[call as usize].run(self.job, points, self.regs, to);
                    }
                    _ => {
                        let homes = &self.job.program.homes;
                        compute(isa, step, n, self.regs, |r| homes[r as usize].size);
                    }
                }
            }
        }
    }

    unsafe fn constant(&mut self, dst: Reg, bits: u64) {
        let (home, ptr) = self.home(dst);
        // SAFETY: a uniform register is one block.
        unsafe { fill(ptr, home.size, bits, BLOCK) };
    }

    unsafe fn load(&mut self, dst: Reg, access: u16, frame: &Frame<'_>) {
        let a = &self.job.bound.accesses[access as usize];
        let base = self.bases[access as usize];
        let (home, ptr) = self.home(dst);
        if home.step != 0
            && let Some(there) = frame.in_place(a.dtype, base, access)
        {
            // No copy: the register is the array itself.
            self.regs[dst as usize].ptr = there;
            return;
        }
        self.regs[dst as usize].ptr = ptr;
        let places = Places::of(frame.outer, frame.lanes, access as usize);
        // SAFETY: the caller's promise for the places; the register has room for them.
        unsafe { transfer::load(self.job.program.isa, a.dtype, ptr, base, &places) };
        // SAFETY: one element was loaded, and the register is a block.
        unsafe { spread(home, ptr) };
    }

    unsafe fn index(&mut self, dst: Reg, access: u16, frame: &Frame<'_>) {
        let first = self.job.bound.accesses[access as usize].offset as i64;
        let (home, ptr) = self.home(dst);
        let places = Places::of(frame.outer, frame.lanes, access as usize);
        // SAFETY: the register has room for the places, and is a block if there is one.
        unsafe {
            transfer::positions(ptr, first, &places);
            spread(home, ptr);
        }
    }

    unsafe fn store(&mut self, src: Reg, access: u16, frame: &Frame<'_>) {
        let dtype = self.job.bound.accesses[access as usize].dtype;
        let base = self.bases[access as usize];
        let reg = self.regs[src as usize];
        if reg.step != 0 && frame.in_place(dtype, base, access) == Some(reg.ptr) {
            return;
        }
        let places = Places::of(frame.outer, frame.lanes, access as usize);
        let step = (reg.step != 0) as usize;
        // SAFETY: the caller's promise for the places; the register holds an element for each.
        unsafe { transfer::store(self.job.program.isa, dtype, base, reg.ptr, step, &places) };
    }
}

/// Runs a step that reads and writes registers only. `size` gives the bytes of an element.
///
/// # Safety
///
/// The sources hold `blocks` blocks, the destination has room for them, and it overlaps no source.
pub(super) unsafe fn compute(
    isa: Isa,
    step: &Step,
    blocks: usize,
    regs: &[Operand],
    size: impl Fn(Reg) -> usize,
) {
    let n = blocks;
    let r = |r: Reg| regs[r as usize];
    let to = |r: Reg| {
        let bytes = n * BLOCK * size(r);
        // SAFETY: a register has room for the blocks, and one that is written is not read by the
        // same step.
        unsafe { std::slice::from_raw_parts_mut(regs[r as usize].ptr.cast(), bytes) }
    };
    // SAFETY: the caller's promise.
    unsafe {
        match *step {
            Step::Unary { op, ty, dst, a } => ops::unary(isa, op, ty, n, to(dst), r(a)),
            Step::Function { op, ty, dst, a } => elementary::unary(isa, op, ty, n, to(dst), r(a)),
            Step::Binary { op, ty, dst, a, b } => ops::binary(isa, op, ty, n, to(dst), r(a), r(b)),
            Step::Function2 { op, ty, dst, a, b } => elementary::binary(isa, op, ty, n, to(dst), r(a), r(b)),
            Step::Select { size, dst, cond, a, b } => {
                ops::select(isa, size, n, to(dst), r(cond), r(a), r(b));
            }
            Step::MulAdd { ty, dst, a, b, c } => ops::mul_add(isa, ty, n, to(dst), r(a), r(b), r(c)),
            Step::Convert { to: ty, ty: from, dst, a } => ops::convert(isa, ty, from, n, to(dst), r(a)),
            Step::Round16 { to: ty, dst, a } => ops::round16(isa, ty, n, to(dst), r(a)),
            Step::NarrowOdd { dst, a } => ops::narrow_odd(isa, n, to(dst), r(a)),
            Step::Literal { .. }
            | Step::Param { .. }
            | Step::Load { .. }
            | Step::Index { .. }
            | Step::Store { .. }
            | Step::Call { .. } => unreachable!("{step:?} is not arithmetic"),
        }
    }
}

/// Repeats the first element of a register that is a block of equal elements.
///
/// # Safety
///
/// The first element is there.
pub(super) unsafe fn spread(home: Home, ptr: *mut u8) {
    if home.step == 0 {
        // SAFETY: the caller's promise, and such a register is a block.
        unsafe { fill(ptr, home.size, get(ptr, home.size, 0), BLOCK) };
    }
}
