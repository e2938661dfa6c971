//! Functions with loops and branches, against their meaning for one number at a time.
//!
//! The random functions here are also what other engines are tried with.

use super::*;
use lazuli_core::Function;
use lazuli_core::function::{Builder, Val, Variable};

/// A random function of an f32 and an int64 that gives one of each.
pub(crate) fn random_function(random: &mut Random) -> Arc<Function> {
    random_function_of(random, 30)
}

/// A shorter one, of which more can be tried.
pub(crate) fn short_random_function(random: &mut Random) -> Arc<Function> {
    random_function_of(random, 5)
}

/// One of so many statements at most.
fn random_function_of(random: &mut Random, most: usize) -> Arc<Function> {
    let mut b = Builder::new("random", Location::caller());
    let (x, k) = (b.argument(DType::F32), b.argument(DType::I64));
    let mut w =
        Writer { b, random, reals: vec![], counts: vec![], conditions: vec![], loops: vec![], left: most };
    for _ in 0..2 {
        let (real, count) = (w.b.variable(x), w.b.variable(k));
        w.reals.push(real);
        w.counts.push(count);
    }
    for _ in 0..2 {
        let condition = w.condition();
        w.conditions.push(condition);
    }
    for _ in 0..3 {
        w.statements(0);
    }
    w.give();
    w.b.finish().expect("statements that fit")
}

struct Writer<'r> {
    b: Builder,
    random: &'r mut Random,
    reals: Vec<Variable>,
    counts: Vec<Variable>,
    /// What was asked at the beginning.
    conditions: Vec<Val>,
    loops: Vec<usize>,
    left: usize,
}

impl Writer<'_> {
    fn real(&mut self) -> Val {
        if self.random.below(4) == 0 {
            let v = self.random.real() as f32 * 4.0;
            return self.b.constant(Scalar::new(v));
        }
        let at = self.random.below(self.reals.len());
        self.b.get(self.reals[at])
    }

    fn count(&mut self) -> Val {
        if self.random.below(4) == 0 {
            let v = self.random.below(9) as i64 - 3;
            return self.b.constant(Scalar::new(v));
        }
        let at = self.random.below(self.counts.len());
        self.b.get(self.counts[at])
    }

    fn real_expression(&mut self) -> Val {
        use BinaryOp::*;
        let x = self.real();
        match self.random.below(8) {
            0 => {
                let op = [UnaryOp::Exp, UnaryOp::Sin, UnaryOp::Sqrt, UnaryOp::Neg][self.random.below(4)];
                self.b.map(MapOp::Unary(op), DType::F32, &[x])
            }
            1 => {
                let k = self.count();
                self.b.map(MapOp::Unary(UnaryOp::Cast(DType::F32)), DType::F32, &[k])
            }
            2 => {
                let (y, z) = (self.real(), self.real());
                self.b.map(MapOp::MulAdd, DType::F32, &[x, y, z])
            }
            _ => {
                let y = self.real();
                let op = [Add, Sub, Mul, Div, Maximum][self.random.below(5)];
                self.b.map(MapOp::Binary(op), DType::F32, &[x, y])
            }
        }
    }

    fn count_expression(&mut self) -> Val {
        use BinaryOp::*;
        let (a, b) = (self.count(), self.count());
        let op = [Add, Sub, Mul, Div, Rem, Xor][self.random.below(6)];
        self.b.map(MapOp::Binary(op), DType::I64, &[a, b])
    }

    fn condition(&mut self) -> Val {
        if self.random.below(4) == 0 && !self.conditions.is_empty() {
            return self.conditions[self.random.below(self.conditions.len())];
        }
        let op = MapOp::Binary([BinaryOp::Lt, BinaryOp::Ge][self.random.below(2)]);
        if self.random.below(2) == 0 {
            let (x, y) = (self.real_expression(), self.real());
            return self.b.map(op, DType::Bool, &[x, y]);
        }
        let (x, y) = (self.count_expression(), self.count());
        self.b.map(op, DType::Bool, &[x, y])
    }

    fn give(&mut self) {
        let (x, k) = (self.real_expression(), self.count_expression());
        self.b.return_(&[x, k]);
    }

    fn statements(&mut self, depth: usize) {
        let (reals, counts) = (self.reals.len(), self.counts.len());
        for _ in 0..1 + self.random.below(4) {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            match self.random.below(12) {
                0 => {
                    let v = self.real_expression();
                    let variable = self.b.variable(v);
                    self.reals.push(variable);
                }
                1..=3 => {
                    let (v, at) = (self.real_expression(), self.random.below(self.reals.len()));
                    self.b.set(self.reals[at], v);
                }
                4 | 5 => {
                    let (v, at) = (self.count_expression(), self.random.below(self.counts.len()));
                    self.b.set(self.counts[at], v);
                }
                6..=8 if depth < 4 => {
                    let c = self.condition();
                    self.b.begin_if(c);
                    self.statements(depth + 1);
                    self.b.begin_else();
                    self.statements(depth + 1);
                    self.b.end_if();
                }
                9 if depth < 4 && self.loops.len() < 3 => self.bounded_loop(depth),
                10 if !self.loops.is_empty() => {
                    let to = self.loops[self.random.below(self.loops.len())];
                    if self.random.below(2) == 0 {
                        self.b.break_(to)
                    } else {
                        self.b.continue_(to)
                    }
                    break;
                }
                11 if depth > 1 => {
                    self.give();
                    break;
                }
                _ => {}
            }
        }
        self.reals.truncate(reals);
        self.counts.truncate(counts);
    }

    /// A loop of at most a few turns, how many depends on the element.
    fn bounded_loop(&mut self, depth: usize) {
        let bound = self.count();
        let mut number = |v: i64| self.b.constant(Scalar::new(v));
        let (zero, one, seven) = (number(0), number(1), number(7));
        let masked = self.b.map(MapOp::Binary(BinaryOp::And), DType::I64, &[bound, seven]);
        let turn = self.b.variable(zero);
        let l = self.b.begin_loop(Some(100), line!());
        let now = self.b.get(turn);
        let stop = self.b.map(MapOp::Binary(BinaryOp::Ge), DType::Bool, &[now, masked]);
        self.b.begin_if(stop);
        self.b.break_(l);
        self.b.end_if();
        let next = self.b.map(MapOp::Binary(BinaryOp::Add), DType::I64, &[now, one]);
        self.b.set(turn, next);
        self.loops.push(l);
        self.statements(depth + 1);
        self.loops.pop();
        self.b.end_loop();
    }
}

/// A result of a function, applied to arrays of one shape.
pub(crate) fn call(f: &Arc<Function>, result: u16, inputs: &[&NodeRef]) -> NodeRef {
    let dtype = f.result(result.into());
    node(Op::Call { function: f.clone(), result }, inputs, dtype, inputs[0].shape())
}

/// Roots that call a random function: stored, between other operations, of row values and below
/// reductions along either axis.
pub(crate) fn random_calls(random: &mut Random) -> Vec<NodeRef> {
    let f = random_function(random);
    let shape = [1 + random.below(70), 1 + random.below(600)];
    let (x, k) = (random.leaf(DType::F32, &shape), random.leaf(DType::I64, &shape));
    let (real, count) = (call(&f, 0, &[&x, &k]), call(&f, 1, &[&x, &k]));
    let twice = binary(BinaryOp::Mul, &real, &cast(DType::F32, &count));
    match random.below(4) {
        0 => vec![real, count],
        1 => vec![reduce(ReduceOp::Sum, &twice, &[1])],
        2 => vec![reduce(ReduceOp::Max, &twice, &[0]), reduce(ReduceOp::Sum, &count, &[0])],
        _ => {
            // The function at row level, and of a broadcast row.
            let (sums, counts) = (reduce_keep(ReduceOp::Sum, &x, &[1]), reduce_keep(ReduceOp::Sum, &k, &[1]));
            let row = call(&f, 0, &[&sums, &counts]);
            vec![binary(BinaryOp::Add, &twice, &row), reduce(ReduceOp::Sum, &row, &[0])]
        }
    }
}

#[test]
fn random_functions_by_definition() {
    let mut random = Random(7);
    let mut loops = 0;
    let count = std::env::var("LAZULI_RANDOM_FUNCTIONS").ok().and_then(|n| n.parse().ok());
    for _ in 0..count.unwrap_or(1500) {
        let f = random_function(&mut random);
        loops += f.loops() as usize;
        let n = 1 + random.below(700);
        let (x, k) = (random.leaf(DType::F32, &[n]), random.leaf(DType::I64, &[n]));
        eval_all(&[call(&f, 0, &[&x, &k]), call(&f, 1, &[&x, &k])]);
    }
    assert!(loops > 400, "{loops} functions loop");
}

#[test]
fn short_random_functions_by_definition() {
    let mut random = Random(8);
    for _ in 0..500 {
        let f = short_random_function(&mut random);
        let n = 1 + random.below(700);
        let (x, k) = (random.leaf(DType::F32, &[n]), random.leaf(DType::I64, &[n]));
        eval_all(&[call(&f, 0, &[&x, &k]), call(&f, 1, &[&x, &k])]);
    }
}

#[test]
fn calls_among_other_operations() {
    let mut random = Random(11);
    for _ in 0..60 {
        eval_all(&random_calls(&mut random));
    }
}

/// `while n != 1 { .. }` would never end for the zeros beyond the last element.
#[test]
fn what_stands_beyond_the_last_element_is_not_run() {
    let mut b = Builder::new("collatz", Location::caller());
    let n = b.argument(DType::I64);
    let (zero, one, two, three) = (0, 1, 2, 3);
    let [zero, one, two, three] = [zero, one, two, three].map(|v: i64| b.constant(Scalar::new(v)));
    let (left, steps) = (b.variable(n), b.variable(zero));
    let l = b.begin_loop(Some(1000), line!());
    let now = b.get(left);
    let done = b.map(MapOp::Binary(BinaryOp::Eq), DType::Bool, &[now, one]);
    b.begin_if(done);
    b.break_(l);
    b.end_if();
    let half = b.map(MapOp::Binary(BinaryOp::Div), DType::I64, &[now, two]);
    let rest = b.map(MapOp::Binary(BinaryOp::Rem), DType::I64, &[now, two]);
    let odd = b.map(MapOp::Binary(BinaryOp::Eq), DType::Bool, &[rest, one]);
    let more = b.map(MapOp::MulAdd, DType::I64, &[now, three, one]);
    let next = b.map(MapOp::Select, DType::I64, &[odd, more, half]);
    b.set(left, next);
    let count = b.get(steps);
    let count = b.map(MapOp::Binary(BinaryOp::Add), DType::I64, &[count, one]);
    b.set(steps, count);
    b.end_loop();
    let count = b.get(steps);
    b.return_(&[count]);
    let f = b.finish().unwrap();
    for n in [1, 27, 63, 64, 65, 300] {
        let x = leaf(&[n], &(1..=n as i64).collect::<Vec<_>>());
        let steps = eval(&call(&f, 0, &[&x]));
        let expected = |mut n: u64| {
            let mut steps = 0;
            while n != 1 {
                n = if n % 2 == 1 { 3 * n + 1 } else { n / 2 };
                steps += 1;
            }
            steps
        };
        assert_eq!(steps.bits, (1..=n as u64).map(expected).collect::<Vec<_>>());
    }
}
