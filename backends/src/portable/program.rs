//! A kernel made ready for the interpreter.
//!
//! Made once for a [`Bound`] (it depends on sizes and strides, not on pointers or values), and
//! shared by all threads that run it. It holds the steps of each level in order, and a place in
//! scratch memory for each register: registers whose uses do not overlap share a place, so that
//! a long body needs little more memory than its widest point.

use super::blocks::BLOCK;
use super::call::Call;
use super::columns;
use super::combine::{Combiner, FoldColumn};
use super::isa::Isa;
use super::shape::Shape;
use super::step::{Level, Reg, Step};
use lazuli_core::DType;
use lazuli_core::op::{BinaryOp, ReduceOp};
use lazuli_fusion::kernel::{Def, Val, is_elementary};
use lazuli_fusion::{Bound, How, Inst, Mode};
use std::collections::HashMap;

/// A kernel of one [`Bound`], ready to run.
#[derive(Debug)]
pub struct Program {
    pub(super) isa: Isa,
    pub(super) shape: Shape,
    /// Steps of uniform registers.
    pub(super) uniform: Vec<Step>,
    /// Steps of row registers, by depth: those at `d` run before sweep `d`.
    pub(super) rows: Vec<Vec<Step>>,
    /// The sweeps. A map is one sweep without reductions.
    pub(super) sweeps: Vec<SweepPlan>,
    /// Stores of row values.
    pub(super) row_stores: Vec<Step>,
    /// Calls of functions.
    pub(super) calls: Vec<Call>,
    /// All registers.
    pub(super) homes: Vec<Home>,
    /// Registers that keep the elements of a whole row between sweeps.
    pub(super) kept: Vec<Reg>,
    /// Bytes of scratch memory.
    pub(super) bytes: usize,
}

/// Where a register is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Home {
    /// Byte offset in scratch memory.
    pub offset: usize,
    /// Bytes of an element.
    pub size: usize,
    /// 0 where all blocks are the same one.
    pub step: usize,
}

/// One sweep over the inner axes.
#[derive(Debug, Default)]
pub(super) struct SweepPlan {
    /// Row or uniform registers to be repeated for each point: `(copy, original)`.
    pub expand: Vec<(Reg, Reg)>,
    /// Steps of a tile.
    pub body: Vec<Step>,
    /// Registers that may be computed in place: where their store goes, if that is dense.
    pub direct: Vec<(Reg, u16)>,
    /// Reductions.
    pub reduces: Vec<ReducePlan>,
    /// Reductions of one's own, which come after those.
    pub folds: Vec<FoldPlan>,
}

/// One reduction of a sweep.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReducePlan {
    pub op: ReduceOp,
    /// Register type of the operand.
    pub ty: DType,
    /// Its bytes.
    pub size: usize,
    /// The operand, a full register.
    pub src: Reg,
    /// The result, a row register.
    pub dst: Reg,
    /// Lists of a column reduction: byte offset in scratch memory.
    pub lists: usize,
}

/// One fold of a sweep.
#[derive(Debug)]
pub(super) struct FoldPlan {
    pub combiner: Combiner,
    /// The operands, full registers.
    pub srcs: Vec<Reg>,
    /// The results, row registers, and which value of the state each is.
    pub results: Vec<(Reg, usize)>,
    /// Lists of a column reduction: byte offset in scratch memory.
    pub lists: usize,
}

impl Program {
    /// Prepares a kernel.
    pub fn new(bound: &Bound) -> Program {
        Program::for_isa(bound, Isa::best())
    }

    pub(super) fn for_isa(bound: &Bound, isa: Isa) -> Program {
        let mut b = Builder::new(bound, isa);
        b.levels();
        b.uniform_steps();
        if b.shape.mode == Mode::Map {
            let all: Vec<Val> = (0..bound.kernel.body.len() as Val).collect();
            let stores: Vec<usize> = (0..bound.kernel.stores.len()).collect();
            b.sweep(&all, &[], &stores);
        } else {
            b.stages();
        }
        b.finish()
    }

    /// Bytes between the lists of a column reduction.
    pub(super) fn pitch(&self) -> usize {
        pitch(&self.shape)
    }
}

fn pitch(shape: &Shape) -> usize {
    shape.band.next_multiple_of(8) * 8
}

/// One line of the order in which registers are written and read.
struct Event {
    writes: Option<Reg>,
    reads: Vec<Reg>,
}

struct Builder<'a> {
    bound: &'a Bound,
    isa: Isa,
    shape: Shape,
    /// Level of each register.
    level: Vec<Level>,
    /// Element size of each register.
    size: Vec<usize>,
    events: Vec<Event>,
    /// Event ranges that are run again and again.
    loops: Vec<std::ops::Range<usize>>,
    uniform: Vec<Step>,
    rows: Vec<Vec<Step>>,
    sweeps: Vec<SweepPlan>,
    row_stores: Vec<Step>,
    calls: Vec<Call>,
    kept: Vec<Reg>,
    /// Values that are in registers already.
    have: Vec<bool>,
    /// Values whose own register has been used.
    used: Vec<bool>,
}

impl<'a> Builder<'a> {
    fn new(bound: &'a Bound, isa: Isa) -> Builder<'a> {
        let body = &bound.kernel.body;
        let shape = Shape::of(bound);
        let keep = bound.keep && !shape.resident && shape.mode == Mode::Rows;
        Builder {
            bound,
            isa,
            shape,
            level: Vec::with_capacity(body.len()),
            size: body.iter().map(|d| d.ty.size()).collect(),
            events: Vec::new(),
            loops: Vec::new(),
            uniform: Vec::new(),
            rows: Vec::new(),
            sweeps: Vec::new(),
            row_stores: Vec::new(),
            calls: Vec::new(),
            kept: if keep { bound.stages.kept.clone() } else { Vec::new() },
            have: vec![false; body.len()],
            used: vec![false; body.len()],
        }
    }

    /// What is the same everywhere is computed once, whatever level the kernel has it at.
    fn levels(&mut self) {
        for def in &self.bound.kernel.body {
            let fixed = match def.inst {
                Inst::Load(a) | Inst::Index(a) => {
                    let access = &self.bound.accesses[a as usize];
                    access.rows.iter().chain(&access.inner).all(|&s| s == 0)
                }
                ref inst if inst.reduces() => false,
                ref other => other.operands().iter().all(|&v| self.level[v as usize] == Level::Uniform),
            };
            let high = if def.full || self.shape.mode == Mode::Map { Level::Full } else { Level::Row };
            self.level.push(if fixed { Level::Uniform } else { high });
        }
    }

    fn event(&mut self, writes: Option<Reg>, reads: &[Reg]) {
        self.events.push(Event { writes, reads: reads.to_vec() });
    }

    fn emit(&mut self, list: &mut Vec<Step>, step: Step) {
        let sources = step.sources(&self.calls);
        self.event(step.dst(), &sources);
        list.push(step);
    }

    fn uniform_steps(&mut self) {
        let mut list = Vec::new();
        for v in 0..self.bound.kernel.body.len() as Val {
            if self.level[v as usize] == Level::Uniform {
                let step = self.step(v, v, |u| u);
                self.emit(&mut list, step);
                self.have[v as usize] = true;
            }
        }
        self.uniform = list;
    }

    /// The row steps and sweeps of a kernel that reduces.
    fn stages(&mut self) {
        let (bound, kernel) = (self.bound, &self.bound.kernel);
        let stages = &bound.stages;
        for d in 0..=stages.sweeps.len() {
            let mut list = Vec::new();
            for (v, def) in kernel.body.iter().enumerate() {
                let mine = self.level[v] == Level::Row && def.depth as usize == d;
                if mine && !def.inst.reduces() {
                    let step = self.step(v as Val, v as Reg, |u| u);
                    self.emit(&mut list, step);
                }
            }
            self.rows.push(list);
            if let Some(s) = stages.sweeps.get(d) {
                let body = if self.kept.is_empty() { &s.body } else { &s.body_kept };
                self.sweep(body, &s.reduces, &s.stores);
            }
        }
        let mut list = Vec::new();
        for s in kernel.stores.iter().filter(|s| !s.full) {
            self.emit(&mut list, Step::Store { src: s.value, access: s.access });
        }
        self.row_stores = list;
    }

    fn sweep(&mut self, body: &[Val], reduces: &[Val], stores: &[usize]) {
        let kernel = self.bound.kernel.clone();
        let mut plan = SweepPlan::default();
        // Registers of this sweep that are not those of the values themselves.
        let mut names: HashMap<Val, Reg> = HashMap::new();
        let wanted: Vec<Val> = body.iter().copied().filter(|&v| !self.skips(v)).collect();
        for &v in &wanted {
            // What is computed again gets a register again, so that no place is held meanwhile.
            if std::mem::replace(&mut self.used[v as usize], true) && !self.kept.contains(&v) {
                let again = self.register(v);
                names.insert(v, again);
            }
        }
        // Copies of row values come first, outside the loop over tiles.
        let single = self.shape.single();
        let mut expand = |b: &mut Self, v: Val, dense: bool| {
            let needs = match b.level[v as usize] {
                Level::Full => false,
                Level::Row => dense || !single,
                Level::Uniform => dense,
            };
            if needs && !names.contains_key(&v) {
                let copy = b.register(v);
                names.insert(v, copy);
                b.event(Some(copy), &[v]);
                plan.expand.push((copy, v));
            }
        };
        for &v in &wanted {
            for u in kernel.body[v as usize].inst.operands() {
                expand(self, u, false);
            }
        }
        for &r in reduces {
            for u in kernel.body[r as usize].inst.operands() {
                expand(self, u, true);
            }
        }
        for &s in stores {
            let uniform = self.level[kernel.stores[s].value as usize] == Level::Uniform;
            if !uniform {
                expand(self, kernel.stores[s].value, false);
            }
        }
        let begin = self.events.len();
        let mut list = Vec::new();
        let mut stored = vec![false; stores.len()];
        let store_ready = |b: &mut Self, list: &mut Vec<Step>, stored: &mut [bool], v: Option<Val>| {
            for (i, &s) in stores.iter().enumerate() {
                let store = &kernel.stores[s];
                if !stored[i] && v.is_none_or(|v| v == store.value) {
                    let src = names.get(&store.value).copied().unwrap_or(store.value);
                    b.emit(list, Step::Store { src, access: store.access });
                    stored[i] = true;
                }
            }
        };
        for &v in &wanted {
            let name = |u: Val| names.get(&u).copied().unwrap_or(u);
            let step = self.step(v, name(v), name);
            self.emit(&mut list, step);
            self.have[v as usize] = true;
            if let Some(access) = self.direct_store(v, &step, stores) {
                plan.direct.push((name(v), access));
            }
            store_ready(self, &mut list, &mut stored, Some(v));
        }
        store_ready(self, &mut list, &mut stored, None);
        plan.body = list;
        let mut operands: Vec<Reg> = Vec::new();
        for a in kernel.accumulations(reduces) {
            let srcs: Vec<Reg> = a.operands.iter().map(|v| names.get(v).copied().unwrap_or(*v)).collect();
            self.event(None, &srcs);
            match a.how {
                How::Op(op) => {
                    let (src, dst, ty) = (srcs[0], a.results[0].0, kernel.body[a.operands[0] as usize].ty);
                    plan.reduces.push(ReducePlan { op, ty, size: ty.size(), src, dst, lists: 0 });
                }
                How::Fold(combine) => plan.folds.push(FoldPlan {
                    combiner: Combiner::new(combine, self.isa),
                    srcs: srcs.clone(),
                    results: a.results.iter().map(|&(r, c)| (r, c as usize)).collect(),
                    lists: 0,
                }),
            }
            operands.extend(srcs);
        }
        let end = self.events.len();
        if !self.shape.resident {
            self.loops.push(begin..end);
            // What a tile computed is gone when the next begins.
            body.iter().filter(|&&v| self.level[v as usize] == Level::Full).for_each(|&v| {
                self.have[v as usize] = false;
            });
        }
        for &r in reduces {
            self.event(Some(r), &[]);
        }
        // One result may be written before the next operand is read.
        self.event(None, &operands);
        self.sweeps.push(plan);
    }

    /// Is the value there already, or not of this level?
    fn skips(&self, v: Val) -> bool {
        self.have[v as usize] || self.level[v as usize] != Level::Full
    }

    /// A copy of a register, at full level.
    fn register(&mut self, of: Reg) -> Reg {
        self.level.push(Level::Full);
        self.size.push(self.size[of as usize]);
        (self.level.len() - 1) as Reg
    }

    /// The access that a computed value may be written to at once.
    fn direct_store(&self, v: Val, step: &Step, stores: &[usize]) -> Option<u16> {
        let kernel = &self.bound.kernel;
        // Loads choose their place themselves; the math library wants initialised memory, which
        // that of a result need not be.
        let moved = matches!(
            step,
            Step::Load { .. }
                | Step::Index { .. }
                | Step::Function { .. }
                | Step::Function2 { .. }
                | Step::Call { .. }
        );
        let store = stores.iter().map(|&s| &kernel.stores[s]).find(|s| s.value == v)?;
        let dtype = self.bound.accesses[store.access as usize].dtype;
        (!moved && !self.kept.contains(&v) && dtype.compute() == dtype).then_some(store.access)
    }

    /// The step of a value, into register `dst`; `r` names the registers of its operands.
    fn step(&mut self, v: Val, dst: Reg, r: impl Fn(Val) -> Reg) -> Step {
        let kernel = &self.bound.kernel;
        let def = &kernel.body[v as usize];
        if let Inst::Call(callee, result, arguments) = &def.inst {
            let arguments = arguments.iter().map(|&v| r(v)).collect();
            self.calls.push(Call::new(callee, *result, arguments, kernel.first_loop(v)));
            return Step::Call { dst, call: self.calls.len() as u16 - 1 };
        }
        step_of(def, |v| kernel.body[v as usize].ty, dst, r)
    }

    fn stride_of(&self, level: Level) -> usize {
        match level {
            Level::Uniform => 0,
            Level::Row if self.shape.single() => 0,
            _ => BLOCK,
        }
    }

    /// Finds a place for each register and puts everything together.
    fn finish(mut self) -> Program {
        let n = self.level.len();
        let mut last = vec![0usize; n];
        let mut written = vec![usize::MAX; n];
        for (t, e) in self.events.iter().enumerate() {
            for &r in &e.reads {
                last[r as usize] = last[r as usize].max(t);
            }
            if let Some(r) = e.writes {
                let first = &mut written[r as usize];
                *first = (*first).min(t);
                last[r as usize] = last[r as usize].max(t);
            }
        }
        // What a loop reads from outside has to last until it ends.
        for l in &self.loops {
            for e in &self.events[l.clone()] {
                for &r in &e.reads {
                    if !l.contains(&written[r as usize]) {
                        last[r as usize] = last[r as usize].max(l.end);
                    }
                }
            }
        }
        let elements = |b: &Self, r: Reg| match b.level[r as usize] {
            _ if b.kept.contains(&r) => b.shape.inner.next_multiple_of(BLOCK),
            Level::Uniform => BLOCK,
            Level::Row => b.shape.band.next_multiple_of(BLOCK),
            Level::Full => b.shape.points.next_multiple_of(BLOCK),
        };
        let mut homes: Vec<Home> = (0..n)
            .map(|r| Home { offset: 0, size: self.size[r], step: self.stride_of(self.level[r]) })
            .collect();
        let mut bytes = 0usize;
        let mut free: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut live: Vec<Reg> = Vec::new();
        let mut placed = vec![false; n];
        for t in 0..self.events.len() {
            if let Some(r) = self.events[t].writes
                && !placed[r as usize]
            {
                let need = elements(&self, r) * self.size[r as usize];
                let pinned = self.kept.contains(&r) || self.level[r as usize] == Level::Uniform;
                let reused = if pinned { None } else { free.entry(need).or_default().pop() };
                homes[r as usize].offset = reused.unwrap_or_else(|| {
                    bytes += need;
                    bytes - need
                });
                placed[r as usize] = true;
                if !pinned {
                    live.push(r);
                }
            }
            live.retain(|&r| {
                let over = last[r as usize] <= t;
                if over {
                    let need = elements(&self, r) * self.size[r as usize];
                    free.entry(need).or_default().push(homes[r as usize].offset);
                }
                !over
            });
        }
        if self.shape.mode == Mode::Columns {
            let pitch = pitch(&self.shape);
            for plan in self.sweeps.iter_mut().flat_map(|s| &mut s.reduces) {
                plan.lists = bytes;
                bytes += pitch * columns::lists(plan.op, plan.ty, self.shape.inner);
            }
            for plan in self.sweeps.iter_mut().flat_map(|s| &mut s.folds) {
                plan.lists = bytes;
                bytes += pitch * FoldColumn::lists(plan.combiner.width(), self.shape.inner);
            }
        }
        Program {
            isa: self.isa,
            shape: self.shape,
            uniform: self.uniform,
            rows: self.rows,
            sweeps: self.sweeps,
            row_stores: self.row_stores,
            calls: self.calls,
            homes,
            kept: self.kept,
            bytes,
        }
    }
}

/// The step of an instruction that is no call, into register `dst`; `ty` gives the types of its
/// operands and `r` names their registers.
pub(super) fn step_of(def: &Def, ty: impl Fn(Val) -> DType, dst: Reg, r: impl Fn(Val) -> Reg) -> Step {
    match def.inst {
        Inst::Load(access) => Step::Load { dst, access },
        Inst::Index(access) => Step::Index { dst, access },
        Inst::Param(slot, _) => Step::Param { dst, slot },
        Inst::Literal(value) => Step::Literal { dst, bits: value.register_bits() },
        Inst::Unary(op, a) if is_elementary(op) => Step::Function { op, ty: ty(a), dst, a: r(a) },
        Inst::Unary(op, a) => Step::Unary { op, ty: ty(a), dst, a: r(a) },
        Inst::Binary(op @ (BinaryOp::Pow | BinaryOp::Atan2 | BinaryOp::Hypot), a, b) => {
            Step::Function2 { op, ty: ty(a), dst, a: r(a), b: r(b) }
        }
        Inst::Binary(op, a, b) => Step::Binary { op, ty: ty(a), dst, a: r(a), b: r(b) },
        Inst::Select(c, a, b) => Step::Select { size: def.ty.size(), dst, cond: r(c), a: r(a), b: r(b) },
        Inst::MulAdd(a, b, c) => Step::MulAdd { ty: ty(a), dst, a: r(a), b: r(b), c: r(c) },
        Inst::Convert(to, a) => Step::Convert { to, ty: ty(a), dst, a: r(a) },
        Inst::Round16(to, a) => Step::Round16 { to, dst, a: r(a) },
        Inst::NarrowOdd(a) => Step::NarrowOdd { dst, a: r(a) },
        Inst::Reduce(..) | Inst::Fold(..) | Inst::Call(..) | Inst::Argument(_) | Inst::Joined => {
            unreachable!("{:?} is no step", def.inst)
        }
    }
}
