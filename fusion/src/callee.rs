//! Functions of scalars within kernels.
//!
//! A function without loops, and whose branches are short, becomes instructions of the kernel like
//! any others: calling it costs what writing the expression out would. Every operation is total, so
//! a short branch is computed whether it is taken or not, and a select picks. Any other function
//! becomes a [`Callee`], its values in primitive instructions under their own numbers and the
//! structure of [`lazuli_core::function`] around them; one instruction of the kernel
//! ([`Inst::Call`]) stands for it.

use crate::expand::Body;
use crate::kernel::{Def, Inst, Kernel, Val, price};
use lazuli_core::function::{Act, Block, Function, Join, Source, State, Step};
use lazuli_core::op::MapOp;
use lazuli_core::{DType, FastMath};
use smallvec::SmallVec;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Branches up to this price together are computed both.
const SHORT: usize = 24;
/// What the turns of a loop are taken to be, for want of anything better.
const TURNS: usize = 32;

/// A function with structure, as engines run it.
///
/// Values are numbered in the order of `defs`; the first ones are the arguments
/// ([`Inst::Argument`]). Those that structure gives are [`Inst::Joined`]. Levels and depths of the
/// definitions mean nothing here.
#[derive(Clone, Debug)]
pub struct Callee {
    /// Name and place of the function: what errors name.
    pub function: Arc<Function>,
    /// The values.
    pub defs: Vec<Def>,
    /// What to do.
    pub body: Block,
    /// The results.
    pub results: Vec<Val>,
}

/// What it computes, not where it stands: kernels that call equal functions are equal.
impl PartialEq for Callee {
    fn eq(&self, o: &Callee) -> bool {
        (&self.defs, &self.body, &self.results) == (&o.defs, &o.body, &o.results)
    }
}

impl Eq for Callee {}

impl Hash for Callee {
    fn hash<H: Hasher>(&self, h: &mut H) {
        (&self.defs, &self.body, &self.results).hash(h);
    }
}

impl Callee {
    /// A function in primitive instructions.
    pub fn new(function: &Arc<Function>, fast: FastMath) -> Callee {
        Callee::with_branches(function, fast, SHORT)
    }

    /// A function without loops, all branches of which are computed and selected from.
    pub fn flat(function: &Arc<Function>, fast: FastMath) -> Callee {
        Callee::with_branches(function, fast, usize::MAX)
    }

    /// Branches up to the price `longest` together leave no structure.
    fn with_branches(function: &Arc<Function>, fast: FastMath, longest: usize) -> Callee {
        let mut body = Body::default();
        body.fast = fast;
        let arguments: Vec<Val> = (0..function.arguments.len())
            .map(|a| body.leaf(Inst::Argument(a as u16), function.arguments[a].compute(), false))
            .collect();
        let mut expand = Expand::new(function, body, &arguments);
        expand.longest = longest;
        let block = expand.block(&function.body);
        let results = expand.values(&function.results);
        Callee { function: function.clone(), defs: expand.body.defs, body: block, results }
    }

    /// Number of arguments.
    pub fn arguments(&self) -> usize {
        self.function.arguments.len()
    }

    /// Type of a value.
    pub fn ty(&self, v: Val) -> DType {
        self.defs[v as usize].ty
    }

    /// Roughly what a call costs, in additions.
    pub fn price(&self) -> usize {
        fn of(callee: &Callee, block: &Block) -> usize {
            let step = |step: &Step| match step {
                Step::Run(range) => range.clone().map(|v| price(&callee.defs[v as usize].inst)).sum(),
                Step::If { then, other, .. } => of(callee, then) + of(callee, other),
                Step::Loop { body, .. } => TURNS.saturating_mul(of(callee, body)),
                Step::Exit { .. } | Step::Do(_) => 1,
            };
            block.iter().map(step).fold(0, usize::saturating_add)
        }
        of(self, &self.body)
    }
}

/// What is known of a loop of a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LoopFacts {
    /// Its number in the function.
    pub number: u32,
    /// Its line.
    pub line: u32,
    /// The most turns, if there is a limit.
    pub limit: Option<u64>,
}

impl Callee {
    /// The position among all loops of the one of this number.
    pub fn loop_position(&self, number: u32) -> usize {
        self.loops().iter().position(|l| l.number == number).expect("a loop of the function")
    }

    /// The loops, in the order of the text.
    pub fn loops(&self) -> Vec<LoopFacts> {
        fn collect(block: &Block, out: &mut Vec<LoopFacts>) {
            for step in block {
                match step {
                    Step::If { then, other, .. } => {
                        collect(then, out);
                        collect(other, out);
                    }
                    Step::Loop { body, limit, line, number, .. } => {
                        out.push(LoopFacts { number: *number, line: *line, limit: *limit });
                        collect(body, out);
                    }
                    Step::Run(_) | Step::Exit { .. } | Step::Do(_) => {}
                }
            }
        }
        let mut out = Vec::new();
        collect(&self.body, &mut out);
        out
    }
}

impl Kernel {
    /// The calls of functions.
    fn calls(&self) -> impl Iterator<Item = (Val, &Arc<Callee>)> {
        self.body.iter().enumerate().filter_map(|(v, def)| match &def.inst {
            Inst::Call(callee, ..) => Some((v as Val, callee)),
            _ => None,
        })
    }

    /// Does it call functions with loops?
    pub fn loops(&self) -> bool {
        self.calls().any(|(_, callee)| !callee.loops().is_empty())
    }

    /// Does a function that it calls limit the turns of a loop?
    pub fn has_limits(&self) -> bool {
        self.calls().any(|(_, callee)| callee.loops().iter().any(|l| l.limit.is_some()))
    }

    /// Loops are numbered through a kernel: the number of the first one of the call `v`.
    pub fn first_loop(&self, v: Val) -> usize {
        self.calls().take_while(|(at, _)| *at < v).map(|(_, callee)| callee.loops().len()).sum()
    }

    /// The function and the loop of this number.
    pub fn loop_at(&self, number: usize) -> Option<(&Arc<Function>, LoopFacts)> {
        self.calls().flat_map(|(_, c)| c.loops().into_iter().map(move |l| (&c.function, l))).nth(number)
    }
}

/// Roughly what a call of a function costs, in additions.
pub fn price_of_call(function: &Function) -> usize {
    price_of_block(function, &function.body)
}

fn price_of_block(f: &Function, block: &Block) -> usize {
    let value = |v: Val| match &f.values[v as usize].source {
        Source::Map(op, _) => price_of(op),
        _ => 0,
    };
    let step = |step: &Step| match step {
        Step::Run(range) => range.clone().map(value).sum(),
        Step::If { then, other, .. } => price_of_block(f, then) + price_of_block(f, other),
        Step::Loop { body, .. } => TURNS.saturating_mul(price_of_block(f, body)),
        Step::Exit { .. } | Step::Do(_) => 1,
    };
    block.iter().map(step).fold(0, usize::saturating_add)
}

/// Roughly what an operation costs, in additions.
pub fn price_of(map: &MapOp) -> usize {
    match *map {
        MapOp::Unary(op) => price(&Inst::Unary(op, 0)),
        MapOp::Binary(op) => price(&Inst::Binary(op, 0, 0)),
        _ => 1,
    }
}

/// Is it a block that is computed whoever needs it?
fn is_short(f: &Function, then: &Block, other: &Block, longest: usize) -> bool {
    let price = price_of_block(f, then).saturating_add(price_of_block(f, other));
    is_flat(f, then, longest) && is_flat(f, other, longest) && price <= longest
}

/// Has it no structure that stays?
fn is_flat(f: &Function, block: &Block, longest: usize) -> bool {
    block.iter().all(|step| match step {
        Step::Run(_) => true,
        Step::If { then, other, .. } => is_short(f, then, other, longest),
        Step::Loop { .. } | Step::Exit { .. } | Step::Do(_) => false,
    })
}

/// Adds the call of a function to a kernel's body: result `result` of these arguments.
pub fn call(body: &mut Body, function: &Arc<Function>, result: u16, arguments: &[Val]) -> Val {
    if is_flat(function, &function.body, SHORT) {
        let mut expand = Expand::new(function, std::mem::take(body), arguments);
        expand.block(&function.body);
        let value = expand.values(&[function.results[result as usize]])[0];
        *body = expand.body;
        return value;
    }
    let callee = Arc::new(Callee::new(function, body.fast));
    body.push(Inst::Call(callee, result, SmallVec::from_slice(arguments)))
}

/// Turns a function's operations into primitive instructions.
struct Expand<'f> {
    f: &'f Function,
    body: Body,
    /// The function's values under their new numbers.
    new: Vec<Option<Val>>,
    /// Branches up to this price together are computed both.
    longest: usize,
}

impl<'f> Expand<'f> {
    fn new(f: &'f Function, body: Body, arguments: &[Val]) -> Expand<'f> {
        let mut new = vec![None; f.values.len()];
        for (v, value) in f.values.iter().enumerate() {
            if let Source::Argument(a) = value.source {
                new[v] = Some(arguments[a as usize]);
            }
        }
        Expand { f, body, new, longest: SHORT }
    }

    fn value(&self, v: Val) -> Val {
        self.new[v as usize].expect("functions are verified when they are made")
    }

    fn values(&self, list: &[Val]) -> Vec<Val> {
        list.iter().map(|&v| self.value(v)).collect()
    }

    fn joined(&mut self, v: Val) -> Val {
        let new = self.body.joined(self.f.values[v as usize].dtype.compute());
        self.new[v as usize] = Some(new);
        new
    }

    /// The steps of a block; straight ones are one `Run` of all that is new.
    fn block(&mut self, block: &Block) -> Block {
        let mut out = Block::new();
        let mut from = self.body.defs.len() as Val;
        for step in block {
            if self.straight(step) {
                continue;
            }
            self.run(&mut from, &mut out);
            match step {
                Step::If { cond, then, other, joins } => {
                    let cond = self.value(*cond);
                    let (then, other) = (self.scope(then), self.scope(other));
                    let sides = |e: &Self, j: &Join| {
                        let side = |v: Option<Val>| v.map(|v| e.value(v));
                        (side(j.then), side(j.other))
                    };
                    let joins = joins
                        .iter()
                        .map(|j| {
                            let (then, other) = sides(self, j);
                            Join { value: self.joined(j.value), then, other }
                        })
                        .collect();
                    out.push(Step::If { cond, then, other, joins });
                }
                Step::Loop { states, body, limit, kind, line, number } => {
                    let firsts: Vec<Val> = states.iter().map(|s| self.value(s.first)).collect();
                    let values: Vec<Val> = states.iter().map(|s| self.joined(s.value)).collect();
                    let mark = self.body.mark();
                    let body = self.block(body);
                    let states = states
                        .iter()
                        .zip(firsts.iter().zip(&values))
                        .map(|(s, (&first, &value))| State {
                            value,
                            first,
                            next: self.value(s.next),
                            live: s.live,
                        })
                        .collect();
                    self.body.forget(mark);
                    let (limit, kind, line, number) = (*limit, *kind, *line, *number);
                    out.push(Step::Loop { states, body, limit, kind, line, number });
                }
                Step::Exit { cond, keep } => {
                    let keep = keep.iter().map(|&(at, v)| (at, self.value(v))).collect();
                    out.push(Step::Exit { cond: self.value(*cond), keep });
                }
                Step::Do(act) => {
                    let operands = act.operands.iter().map(|&v| self.value(v)).collect();
                    let result = act.result.map(|v| self.joined(v));
                    out.push(Step::Do(Act { operands, result, ..act.clone() }));
                }
                Step::Run(_) => unreachable!("straight"),
            }
            from = self.body.defs.len() as Val;
        }
        self.run(&mut from, &mut out);
        out
    }

    /// A block whose values are seen in it only.
    fn scope(&mut self, block: &Block) -> Block {
        let mark = self.body.mark();
        let block = self.block(block);
        self.body.forget(mark);
        block
    }

    fn run(&self, from: &mut Val, out: &mut Block) {
        let end = self.body.defs.len() as Val;
        if *from < end {
            out.push(Step::Run(*from..end));
        }
        *from = end;
    }

    /// Writes a step out if it needs no structure.
    fn straight(&mut self, step: &Step) -> bool {
        match step {
            Step::Run(range) => {
                range.clone().for_each(|v| self.compute(v));
                true
            }
            Step::If { cond, then, other, joins } if is_short(self.f, then, other, self.longest) => {
                then.iter().chain(other).for_each(|step| assert!(self.straight(step), "short"));
                let cond = self.value(*cond);
                for join in joins {
                    let value = match (join.then, join.other) {
                        (Some(a), Some(b)) if self.value(a) == self.value(b) => self.value(a),
                        (Some(a), Some(b)) => {
                            let (a, b) = (self.value(a), self.value(b));
                            self.body.push(Inst::Select(cond, a, b))
                        }
                        // Nobody asks on the other side.
                        (one, other) => self.value(one.or(other).expect("a join has a side")),
                    };
                    self.new[join.value as usize] = Some(value);
                }
                true
            }
            _ => false,
        }
    }

    fn compute(&mut self, v: Val) {
        let value = &self.f.values[v as usize];
        let new = match &value.source {
            Source::Constant(scalar) => {
                let ty = scalar.dtype.compute();
                let bits = scalar.register_bits();
                self.body.push(Inst::Literal(lazuli_core::Scalar { dtype: ty, bits }))
            }
            Source::Map(op, operands) => {
                let from = self.f.values[operands[0] as usize].dtype;
                let operands: SmallVec<[Val; 3]> = operands.iter().map(|&v| self.value(v)).collect();
                self.body.map(*op, value.dtype, from, &operands)
            }
            Source::Argument(_) | Source::Joined => unreachable!("not computed"),
        };
        self.new[v as usize] = Some(new);
    }
}

impl fmt::Display for Callee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "function {}", self.function.name)?;
        self.show(f, &self.body, 1)?;
        let results: Vec<String> = self.results.iter().map(|v| format!("%{v}")).collect();
        writeln!(f, "  return {}", results.join(", "))
    }
}

impl Callee {
    fn show(&self, f: &mut fmt::Formatter<'_>, block: &Block, depth: usize) -> fmt::Result {
        let pad = "  ".repeat(depth);
        for step in block {
            match step {
                Step::Run(range) => {
                    for v in range.clone() {
                        let def = &self.defs[v as usize];
                        writeln!(f, "{pad}%{v}: {} = {}", def.ty, def.inst.text(|a| a.to_string()))?;
                    }
                }
                Step::If { cond, then, other, joins } => {
                    writeln!(f, "{pad}if %{cond}")?;
                    self.show(f, then, depth + 1)?;
                    writeln!(f, "{pad}else")?;
                    self.show(f, other, depth + 1)?;
                    for j in joins {
                        let side = |v: Option<Val>| v.map_or("any".into(), |v| format!("%{v}"));
                        let ty = self.ty(j.value);
                        writeln!(f, "{pad}%{}: {ty} = {} or {}", j.value, side(j.then), side(j.other))?;
                    }
                }
                Step::Loop { states, body, limit, .. } => {
                    let limit = limit.map_or(String::new(), |n| format!(" at most {n} times"));
                    writeln!(f, "{pad}loop{limit}")?;
                    for s in states {
                        let live = if s.live { "" } else { ", not read later" };
                        let ty = self.ty(s.value);
                        writeln!(f, "{pad}  %{}: {ty} = %{}, then %{}{live}", s.value, s.first, s.next)?;
                    }
                    self.show(f, body, depth + 1)?;
                }
                Step::Do(act) => {
                    let operands: Vec<String> = act.operands.iter().map(|v| format!("%{v}")).collect();
                    let result = act.result.map_or(String::new(), |v| format!("%{v}: {} = ", self.ty(v)));
                    writeln!(f, "{pad}{result}{:?} {}", act.effect, operands.join(" "))?;
                }
                Step::Exit { cond, keep } => {
                    let keep: Vec<String> =
                        keep.iter().map(|(at, v)| format!(" state {at} <- %{v}")).collect();
                    writeln!(f, "{pad}leave if %{cond}{}", keep.join(","))?;
                }
            }
        }
        Ok(())
    }
}
