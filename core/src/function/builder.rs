//! Takes a function down as it is written, statement by statement.
//!
//! Whoever builds calls in the order of the text: `begin_if`, what the branch does, `begin_else`,
//! what the other does, `end_if`. Structure that does not fit is an error of `finish`, not a panic.

use super::{Act, Effect, Fact, Function, LoopKind, Memory, Place, Shared, Slice, Source, Val, Value, lower};
use crate::dtype::{DType, Scalar};
use crate::op::MapOp;
use smallvec::SmallVec;
use std::panic::Location;
use std::sync::Arc;

/// Stands for a variable that is assigned.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Variable(pub(super) u32);

/// One statement.
#[derive(Debug)]
pub(super) enum Statement {
    /// Computes a value.
    Compute(Val),
    /// Reads a variable.
    Get(Val, Variable),
    /// Assigns a variable.
    Set(Variable, Val),
    /// One of two.
    If(Val, Vec<Statement>, Vec<Statement>),
    /// The loop of this number.
    Loop(usize, Vec<Statement>),
    /// Leaves the loop of this number.
    Break(usize),
    /// Goes on with the next turn of the loop of this number.
    Continue(usize),
    /// Leaves the function.
    Return(Vec<Val>),
    /// Does something.
    Do(Act),
}

/// What is known of a loop beside its statements.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoopFacts {
    pub limit: Option<u64>,
    pub kind: LoopKind,
    pub line: u32,
}

/// What is open.
enum Open {
    Then(Val, Vec<Statement>),
    Else(Val, Vec<Statement>, Vec<Statement>),
    Loop(usize, Vec<Statement>),
}

/// A function under construction.
pub struct Builder {
    name: &'static str,
    at: &'static Location<'static>,
    arguments: Vec<DType>,
    values: Vec<Value>,
    variables: Vec<DType>,
    loops: Vec<LoopFacts>,
    /// Where statements go now.
    here: Vec<Statement>,
    /// The structure around.
    open: Vec<Open>,
    results: Option<Vec<DType>>,
    memory: Option<Memory>,
    problem: Option<String>,
}

impl Builder {
    /// An empty function of this name, which stands at this line.
    pub fn new(name: &'static str, at: &'static Location<'static>) -> Builder {
        Builder {
            name,
            at,
            arguments: Vec::new(),
            values: Vec::new(),
            variables: Vec::new(),
            loops: Vec::new(),
            here: Vec::new(),
            open: Vec::new(),
            results: None,
            memory: None,
            problem: None,
        }
    }

    /// An empty kernel at thread level. Its `return`s give nothing.
    pub fn kernel(name: &'static str, at: &'static Location<'static>) -> Builder {
        Builder { memory: Some(Memory::default()), ..Builder::new(name, at) }
    }

    /// An argument of a kernel that is an array in the memory of the device.
    pub fn slice(&mut self, slice: Slice) -> Place {
        let slices = &mut self.kernel_memory().slices;
        slices.push(slice);
        Place::Slice(slices.len() as u16 - 1)
    }

    /// An array that the threads of a block share.
    pub fn shared(&mut self, array: Shared) -> Place {
        let shared = &mut self.kernel_memory().shared;
        let last = shared.last().is_some_and(|s| s.len.is_none());
        shared.push(array);
        let place = Place::Shared(shared.len() as u16 - 1);
        if last {
            self.wrong("the shared array whose length the launch gives must be the last one");
        }
        place
    }

    /// A number of the launch.
    pub fn fact(&mut self, fact: Fact) -> Val {
        if let Some(&(argument, _)) = self.kernel_memory().facts.iter().find(|(_, f)| *f == fact) {
            let same = |value: &Value| value.source == Source::Argument(argument);
            return self.values.iter().position(same).expect("an argument") as Val;
        }
        let v = self.argument(DType::I64);
        let argument = self.arguments.len() as u16 - 1;
        self.kernel_memory().facts.push((argument, fact));
        v
    }

    /// Does something, which may give a value of type `dtype`.
    pub fn act(&mut self, effect: Effect, operands: &[Val], dtype: Option<DType>, line: u32) -> Option<Val> {
        let result = dtype.map(|dtype| self.value(Source::Joined, dtype));
        let operands = SmallVec::from_slice(operands);
        self.here.push(Statement::Do(Act { effect, operands, result, line }));
        result
    }

    /// What makes it a kernel; one that is none has a problem.
    fn kernel_memory(&mut self) -> &mut Memory {
        if self.memory.is_none() {
            self.wrong("only kernels at thread level reach memory");
        }
        self.memory.get_or_insert_default()
    }

    fn value(&mut self, source: Source, dtype: DType) -> Val {
        self.values.push(Value { source, dtype });
        self.values.len() as Val - 1
    }

    fn wrong(&mut self, problem: &str) {
        self.problem.get_or_insert_with(|| problem.into());
    }

    /// Type of a value.
    pub fn dtype(&self, v: Val) -> DType {
        self.values[v as usize].dtype
    }

    /// One more argument.
    pub fn argument(&mut self, dtype: DType) -> Val {
        self.arguments.push(dtype);
        self.value(Source::Argument(self.arguments.len() as u16 - 1), dtype)
    }

    /// A constant.
    pub fn constant(&mut self, scalar: Scalar) -> Val {
        let v = self.value(Source::Constant(scalar), scalar.dtype);
        self.here.push(Statement::Compute(v));
        v
    }

    /// An elementwise operation, whose result has type `dtype`.
    pub fn map(&mut self, op: MapOp, dtype: DType, operands: &[Val]) -> Val {
        let v = self.value(Source::Map(op, SmallVec::from_slice(operands)), dtype);
        self.here.push(Statement::Compute(v));
        v
    }

    /// A new variable, with its first value.
    pub fn variable(&mut self, first: Val) -> Variable {
        let dtype = self.dtype(first);
        self.variables.push(dtype);
        let variable = Variable(self.variables.len() as u32 - 1);
        self.set(variable, first);
        variable
    }

    /// Assigns a variable.
    pub fn set(&mut self, variable: Variable, v: Val) {
        self.here.push(Statement::Set(variable, v));
    }

    /// The value that a variable has here.
    pub fn get(&mut self, variable: Variable) -> Val {
        let v = self.value(Source::Joined, self.variables[variable.0 as usize]);
        self.here.push(Statement::Get(v, variable));
        v
    }

    /// What follows is done where `cond`, a bool, holds.
    pub fn begin_if(&mut self, cond: Val) {
        let before = std::mem::take(&mut self.here);
        self.open.push(Open::Then(cond, before));
    }

    /// What follows is done where the condition does not hold.
    pub fn begin_else(&mut self) {
        match self.open.pop() {
            Some(Open::Then(cond, before)) => {
                let then = std::mem::take(&mut self.here);
                self.open.push(Open::Else(cond, before, then));
            }
            _ => self.wrong("`else` without `if`"),
        }
    }

    /// Ends an `if`.
    pub fn end_if(&mut self) {
        let here = std::mem::take(&mut self.here);
        let (before, statement) = match self.open.pop() {
            Some(Open::Then(cond, before)) => (before, Statement::If(cond, here, Vec::new())),
            Some(Open::Else(cond, before, then)) => (before, Statement::If(cond, then, here)),
            _ => return self.wrong("the end of an `if` without one"),
        };
        self.here = before;
        self.here.push(statement);
    }

    /// What follows is done again and again; `limit` is the most turns. The answer names the loop.
    pub fn begin_loop(&mut self, limit: Option<u64>, line: u32) -> usize {
        self.begin_turns(LoopFacts { limit, kind: LoopKind::Forever, line })
    }

    /// The same of a loop that begins by asking whether to go on, as `while` does: the last time it asks
    /// counts for no turn.
    pub fn begin_while(&mut self, limit: Option<u64>, line: u32) -> usize {
        self.begin_turns(LoopFacts { limit, kind: LoopKind::While, line })
    }

    /// Such a loop is a `for`: it ends whatever is done in it.
    pub fn ends(&mut self, number: usize) {
        match self.loops.get_mut(number) {
            Some(facts) => facts.kind = LoopKind::For,
            None => self.wrong("a `for` that was not begun"),
        }
    }

    fn begin_turns(&mut self, facts: LoopFacts) -> usize {
        let number = self.loops.len();
        self.loops.push(facts);
        let before = std::mem::take(&mut self.here);
        self.open.push(Open::Loop(number, before));
        number
    }

    /// Ends a loop's turn.
    pub fn end_loop(&mut self) {
        match self.open.pop() {
            Some(Open::Loop(number, before)) => {
                let turn = std::mem::replace(&mut self.here, before);
                self.here.push(Statement::Loop(number, turn));
            }
            _ => self.wrong("the end of a loop without one"),
        }
    }

    fn is_inside(&self, target: usize) -> bool {
        self.open.iter().any(|open| matches!(open, Open::Loop(number, _) if *number == target))
    }

    /// Leaves a loop.
    pub fn break_(&mut self, target: usize) {
        if !self.is_inside(target) {
            return self.wrong("`break` outside its loop");
        }
        self.here.push(Statement::Break(target));
    }

    /// Goes on with the next turn of a loop.
    pub fn continue_(&mut self, target: usize) {
        if !self.is_inside(target) {
            return self.wrong("`continue` outside its loop");
        }
        self.here.push(Statement::Continue(target));
    }

    /// Leaves the function with these results. All of a function's are of the same types.
    pub fn return_(&mut self, results: &[Val]) {
        let types: Vec<DType> = results.iter().map(|&v| self.dtype(v)).collect();
        if *self.results.get_or_insert_with(|| types.clone()) != types {
            return self.wrong("two `return`s of different types");
        }
        self.here.push(Statement::Return(results.to_vec()));
    }

    #[cfg(test)]
    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }

    #[cfg(test)]
    pub(super) fn statements(&self) -> &[Statement] {
        &self.here
    }

    /// The whole function. Its last statement is a `return`, or never ends.
    pub fn finish(mut self) -> Result<Arc<Function>, String> {
        if self.memory.is_some() {
            self.return_(&[]);
        }
        if !self.open.is_empty() {
            self.wrong("an `if` or a loop is not ended");
        }
        let Some(types) = &self.results else { return Err("the function has no result".into()) };
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let lowered = lower::lower(&self.here, &self.values, &self.loops, types)?;
        let lower::Lowered { values, body, results } = lowered;
        Function::new(self.name, self.at, self.arguments, values, body, results, self.memory)
    }
}
