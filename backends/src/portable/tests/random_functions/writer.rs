//! Writes a random function with the core's [`Builder`], as users' functions are written.
//!
//! Arguments, variables and results are of any types, and an operation is one of those that its type has
//! ([`binary_ops`], [`unary_ops`]). `break`, `continue` and `return` stand anywhere, also those that leave outer
//! loops, and what was assigned before is kept. Every loop counts its turns in a variable that nothing else assigns,
//! so it ends; where it has a limit, that is just enough.

use super::random_bits;
use crate::portable::tests::ops::{ALL, binary_ops, unary_ops};
use crate::portable::tests::*;
use lazuli_core::Function;
use lazuli_core::function::{Builder, Val, Variable};
use lazuli_fusion::kernel::is_elementary;

/// Turns of a loop, at most.
const TURNS: u64 = 7;

/// A random function of these types, of so many statements at most.
pub(crate) fn random_function(
    random: &mut Random,
    most: usize,
    arguments: &[DType],
    results: &[DType],
) -> Arc<Function> {
    let mut b = Builder::new("random", Location::caller());
    let arguments: Vec<Val> = arguments.iter().map(|&dtype| b.argument(dtype)).collect();
    let (variables, conditions, loops) = (vec![], vec![], vec![]);
    let mut w = Writer { b, random, results, variables, conditions, loops, left: most };
    arguments.into_iter().for_each(|v| w.declare(v, true));
    for &dtype in results {
        let first = w.expression(dtype);
        w.declare(first, true);
    }
    for _ in 0..2 {
        let condition = w.condition();
        w.conditions.push(condition);
    }
    while w.left > 0 {
        w.statements(0);
    }
    w.give();
    w.b.finish().expect("statements that fit")
}

struct Writer<'r> {
    b: Builder,
    random: &'r mut Random,
    results: &'r [DType],
    /// What can be read here.
    variables: Vec<Named>,
    /// What was asked at the beginning.
    conditions: Vec<Val>,
    /// The loops around.
    loops: Vec<usize>,
    /// How many statements are still to come.
    left: usize,
}

#[derive(Clone, Copy)]
struct Named {
    variable: Variable,
    dtype: DType,
    /// May it be assigned? Not if it counts turns.
    free: bool,
}

impl Writer<'_> {
    fn declare(&mut self, first: Val, free: bool) {
        let (variable, dtype) = (self.b.variable(first), self.b.dtype(first));
        self.variables.push(Named { variable, dtype, free });
    }

    /// A type, mostly one that there are values of.
    fn dtype(&mut self) -> DType {
        if self.random.below(4) == 0 { self.random.of(&ALL) } else { self.random.of(&self.variables).dtype }
    }

    fn number(&mut self, dtype: DType, v: u64) -> Val {
        self.b.constant(Scalar::from_f64(dtype, v as f64))
    }

    fn cast(&mut self, v: Val, to: DType) -> Val {
        if self.b.dtype(v) == to {
            return v;
        }
        self.b.map(MapOp::Unary(UnaryOp::Cast(to)), to, &[v])
    }

    fn binary(&mut self, op: BinaryOp, x: Val, y: Val) -> Val {
        let dtype = if op.is_comparison() { DType::Bool } else { self.b.dtype(x) };
        self.b.map(MapOp::Binary(op), dtype, &[x, y])
    }

    /// A constant or a variable.
    fn value(&mut self, dtype: DType) -> Val {
        if self.random.below(4) == 0 {
            let bits = random_bits(self.random, dtype);
            return self.b.constant(Scalar { dtype, bits });
        }
        let of_this: Vec<Named> = self.variables.iter().filter(|n| n.dtype == dtype).copied().collect();
        let named = self.random.of(if of_this.is_empty() { &self.variables } else { &of_this });
        let v = self.b.get(named.variable);
        self.cast(v, dtype)
    }

    fn expression(&mut self, dtype: DType) -> Val {
        use BinaryOp::*;
        if dtype == DType::Bool {
            return self.condition();
        }
        let x = self.value(dtype);
        match self.random.below(20) {
            0 | 1 => {
                let from = self.dtype();
                let v = self.expression(from);
                self.cast(v, dtype)
            }
            2 | 3 => {
                let (c, y) = (self.condition(), self.value(dtype));
                self.b.map(MapOp::Select, dtype, &[c, x, y])
            }
            4 | 5 => {
                let (y, z) = (self.value(dtype), self.value(dtype));
                self.b.map(MapOp::MulAdd, dtype, &[x, y, z])
            }
            // Engines compile one that is elementary in the time of a whole short function.
            at @ 6..=9 => {
                let op = self.one(unary_ops(dtype), |op| !asks(op) && (at == 6 || !is_elementary(op)));
                self.b.map(MapOp::Unary(op), dtype, &[x])
            }
            10 | 11 => {
                let (op, y) = (self.one(binary_ops(dtype), |op| !op.is_comparison()), self.value(dtype));
                self.binary(op, x, y)
            }
            _ => {
                let (op, y) = (self.random.of(&[Add, Sub, Mul, Div]), self.value(dtype));
                self.binary(op, x, y)
            }
        }
    }

    fn condition(&mut self) -> Val {
        match self.random.below(8) {
            0 if !self.conditions.is_empty() => self.random.of(&self.conditions),
            1 => {
                let (op, x) = (self.one(binary_ops(DType::Bool), |_| true), self.value(DType::Bool));
                let y = self.value(DType::Bool);
                self.binary(op, x, y)
            }
            2 => {
                let x = self.value(DType::Bool);
                self.b.map(MapOp::Unary(UnaryOp::Not), DType::Bool, &[x])
            }
            3 => {
                let dtype = self.random.of(&[DType::F16, DType::BF16, DType::F32, DType::F64]);
                let (op, x) = (self.one(unary_ops(dtype), asks), self.expression(dtype));
                self.b.map(MapOp::Unary(op), DType::Bool, &[x])
            }
            _ => {
                let dtype = self.dtype();
                let op = self.one(binary_ops(dtype), BinaryOp::is_comparison);
                let (x, y) = (self.expression(dtype), self.value(dtype));
                self.binary(op, x, y)
            }
        }
    }

    /// One of a list that fits.
    fn one<T: Copy>(&mut self, mut list: Vec<T>, fits: impl Fn(T) -> bool) -> T {
        list.retain(|&t| fits(t));
        self.random.of(&list)
    }

    /// Returns values that show what variables are, so that little was computed for nothing.
    fn give(&mut self) {
        let mut results = vec![];
        for &dtype in self.results {
            let (v, from) = (self.expression(dtype), self.random.of(&self.variables));
            let other = self.b.get(from.variable);
            let other = self.cast(other, dtype);
            results.push(if dtype.is_float() {
                // A NaN would hide everything else.
                let fine = self.b.map(MapOp::Unary(UnaryOp::IsFinite), DType::Bool, &[other]);
                let sum = self.binary(BinaryOp::Add, v, other);
                self.b.map(MapOp::Select, dtype, &[fine, sum, v])
            } else {
                self.binary(BinaryOp::Xor, v, other)
            });
        }
        self.b.return_(&results);
    }

    fn statements(&mut self, depth: usize) {
        let scope = self.variables.len();
        for _ in 0..1 + self.random.below(4) {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            match self.random.below(12) {
                0 => {
                    let dtype = self.dtype();
                    let first = self.expression(dtype);
                    self.declare(first, true);
                }
                1 | 2 if depth < 4 => self.branches(depth),
                3 | 4 if depth < 4 && self.loops.len() < 3 => self.bounded_loop(depth),
                5 | 6 if !self.loops.is_empty() => {
                    let c = self.condition();
                    self.b.begin_if(c);
                    self.assign();
                    self.way_out();
                    self.b.end_if();
                }
                7 if depth > 1 => {
                    self.way_out();
                    break;
                }
                _ => self.assign(),
            }
        }
        self.variables.truncate(scope);
    }

    fn assign(&mut self) {
        let to = self.one(self.variables.clone(), |n| n.free);
        self.set(to);
    }

    fn set(&mut self, to: Named) {
        let v = self.expression(to.dtype);
        self.b.set(to.variable, v);
    }

    /// An `if`, half of the time one that gives a variable its value.
    fn branches(&mut self, depth: usize) {
        let c = self.condition();
        let given = (self.random.below(2) == 0).then(|| self.one(self.variables.clone(), |n| n.free));
        self.b.begin_if(c);
        given.into_iter().for_each(|to| self.set(to));
        self.statements(depth + 1);
        if self.random.below(4) > 0 {
            self.b.begin_else();
            given.into_iter().for_each(|to| self.set(to));
            self.statements(depth + 1);
        }
        self.b.end_if();
    }

    /// Leaves a loop, a turn of one, or the function.
    fn way_out(&mut self) {
        match self.random.below(5) {
            0 | 1 if !self.loops.is_empty() => self.b.break_(self.random.of(&self.loops)),
            2 | 3 if !self.loops.is_empty() => self.b.continue_(self.random.of(&self.loops)),
            _ => self.give(),
        }
    }

    /// A loop that counts up to some number, or down from it, which may depend on the element.
    fn bounded_loop(&mut self, depth: usize) {
        use DType::*;
        let (of, dtype) = (self.random.of(&[I32, I64, U8, U64]), self.random.of(&[I32, I64, U8, U64, F32]));
        let (bound, most) = (self.value(of), self.number(of, TURNS));
        let bound = self.binary(BinaryOp::And, bound, most);
        let bound = self.cast(bound, dtype);
        let (zero, one) = (self.number(dtype, 0), self.number(dtype, 1));
        let up = self.random.below(2) == 0;
        let kind = self.random.below(3);
        self.declare(if up { zero } else { bound }, false);
        let counter = self.variables.last().expect("just declared").variable;
        // The last turn of a `loop` is the one in which it finds that it has ended.
        let limit = (self.random.below(2) == 0).then_some(TURNS + (kind == 0) as u64);
        let l = match kind {
            0 => self.b.begin_loop(limit, line!()),
            _ => self.b.begin_while(limit, line!()),
        };
        if kind == 2 {
            self.b.ends(l);
        }
        let now = self.b.get(counter);
        let stop = match up {
            true => self.binary(BinaryOp::Ge, now, bound),
            false => self.binary(BinaryOp::Le, now, zero),
        };
        self.b.begin_if(stop);
        if kind == 0 {
            self.assign();
        }
        self.b.break_(l);
        self.b.end_if();
        let next = self.binary(if up { BinaryOp::Add } else { BinaryOp::Sub }, now, one);
        self.b.set(counter, next);
        self.loops.push(l);
        self.statements(depth + 1);
        self.loops.pop();
        self.b.end_loop();
        self.variables.pop();
    }
}

/// Does it ask something of a float?
fn asks(op: UnaryOp) -> bool {
    matches!(op, UnaryOp::IsNan | UnaryOp::IsInf | UnaryOp::IsFinite)
}
