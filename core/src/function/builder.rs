//! Takes a function down as it is written, statement by statement.
//!
//! Whoever builds calls in the order of the text: `begin_if`, what the branch does, `begin_else`,
//! what the other does, `end_if`. Structure that does not fit is an error of `finish`, not a panic.

use super::{Function, Source, Val, Value, lower};
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
}

/// What is known of a loop beside its statements.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoopFacts {
    pub limit: Option<u64>,
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
            problem: None,
        }
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
        let number = self.loops.len();
        self.loops.push(LoopFacts { limit, line });
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
        if !self.open.is_empty() {
            self.wrong("an `if` or a loop is not ended");
        }
        let Some(types) = &self.results else { return Err("the function has no result".into()) };
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let lowered = lower::lower(&self.here, &self.values, &self.loops, types)?;
        Function::new(self.name, self.at, self.arguments, lowered.values, lowered.body, lowered.results)
    }
}
