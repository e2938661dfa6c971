//! Random functions: what was written and what became of it give the same results.
//!
//! Statements are interpreted as they stand, with Rust's meaning; structure is interpreted lane by
//! lane and, with masks, for many lanes at once, as engines do.

use super::builder::Statement;
use super::*;
use crate::op::{BinaryOp, UnaryOp};
use std::collections::BTreeMap;

/// A generator of random numbers (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }
}

fn apply(source: &Source, args: &[i64], get: impl Fn(Val) -> i64) -> i64 {
    match source {
        Source::Argument(a) => args[*a as usize],
        Source::Constant(c) => c.bits as i64,
        Source::Map(MapOp::Binary(op), v) => {
            let (a, b) = (get(v[0]), get(v[1]));
            match op {
                BinaryOp::Add => a.wrapping_add(b),
                BinaryOp::Mul => a.wrapping_mul(b),
                BinaryOp::Lt => (a < b) as i64,
                BinaryOp::Or => a | b,
                BinaryOp::And => a & b,
                other => panic!("{other:?}"),
            }
        }
        Source::Map(MapOp::Unary(UnaryOp::Not), v) => 1 - get(v[0]),
        other => panic!("{other:?}"),
    }
}

/// The meaning of statements.
struct Direct<'a> {
    values: &'a [Value],
    args: &'a [i64],
    known: BTreeMap<Val, i64>,
    variables: BTreeMap<Variable, i64>,
    fuel: usize,
}

enum Out {
    Falls,
    Break(usize),
    Continue(usize),
    Return(Vec<i64>),
}

impl Direct<'_> {
    fn get(&self, v: Val) -> i64 {
        match self.values[v as usize].source {
            Source::Argument(a) => self.args[a as usize],
            _ => self.known[&v],
        }
    }

    fn run(&mut self, statements: &[Statement]) -> Out {
        for s in statements {
            self.fuel -= 1;
            let out = match s {
                Statement::Compute(v) => {
                    let value = apply(&self.values[*v as usize].source, self.args, |v| self.get(v));
                    self.known.insert(*v, value);
                    Out::Falls
                }
                Statement::Get(v, variable) => {
                    self.known.insert(*v, self.variables[variable]);
                    Out::Falls
                }
                Statement::Set(variable, v) => {
                    self.variables.insert(*variable, self.get(*v));
                    Out::Falls
                }
                Statement::If(c, then, other) => self.run(if self.get(*c) != 0 { then } else { other }),
                Statement::Loop(l, body) => loop {
                    match self.run(body) {
                        Out::Break(k) if k == *l => break Out::Falls,
                        Out::Continue(k) if k == *l => {}
                        Out::Falls => {}
                        out => break out,
                    }
                },
                Statement::Break(l) => Out::Break(*l),
                Statement::Continue(l) => Out::Continue(*l),
                Statement::Do(_) => panic!("no kernels here"),
                Statement::Return(values) => Out::Return(values.iter().map(|&v| self.get(v)).collect()),
            };
            if !matches!(out, Out::Falls) {
                return out;
            }
        }
        Out::Falls
    }
}

/// The meaning of structure, for many lanes. What has no value in a lane is a number that shows.
struct Masked<'a> {
    f: &'a Function,
    args: &'a [Vec<i64>],
    values: Vec<Vec<i64>>,
}

impl Masked<'_> {
    fn lanes(&self) -> usize {
        self.args[0].len()
    }

    fn block(&mut self, block: &Block, mask: &[bool]) {
        for step in block {
            self.step(step, mask);
        }
    }

    fn step(&mut self, step: &Step, mask: &[bool]) {
        let lanes = self.lanes();
        match step {
            Step::Run(range) => {
                for v in range.clone() {
                    let source = &self.f.values[v as usize].source;
                    let lane = |i: usize| apply(source, &[], |v| self.values[v as usize][i]);
                    self.values[v as usize] = (0..lanes).map(lane).collect();
                }
            }
            Step::If { cond, then, other, joins } => {
                let c: Vec<bool> = self.values[*cond as usize].iter().map(|&c| c != 0).collect();
                let yes: Vec<bool> = (0..lanes).map(|i| mask[i] && c[i]).collect();
                let no: Vec<bool> = (0..lanes).map(|i| mask[i] && !c[i]).collect();
                self.block(then, &yes);
                self.block(other, &no);
                for join in joins {
                    let side = |v: Option<Val>, i: usize| v.map_or(-77, |v| self.values[v as usize][i]);
                    self.values[join.value as usize] = (0..lanes)
                        .map(|i| if c[i] { side(join.then, i) } else { side(join.other, i) })
                        .collect();
                }
            }
            Step::Loop { states, body, .. } => {
                let mut active = mask.to_vec();
                let mut now: Vec<Vec<i64>> =
                    states.iter().map(|s| self.values[s.first as usize].clone()).collect();
                'turns: loop {
                    for (s, now) in states.iter().zip(&now) {
                        self.values[s.value as usize] = now.clone();
                    }
                    for step in body {
                        let Step::Exit { cond, keep } = step else {
                            self.step(step, &active);
                            continue;
                        };
                        for i in 0..lanes {
                            if active[i] && self.values[*cond as usize][i] != 0 {
                                active[i] = false;
                                for &(at, v) in keep {
                                    now[at as usize][i] = self.values[v as usize][i];
                                }
                            }
                        }
                        if active.iter().all(|a| !a) {
                            break 'turns;
                        }
                    }
                    for (s, now) in states.iter().zip(&mut now) {
                        for i in 0..lanes {
                            if active[i] || !s.live {
                                now[i] = self.values[s.next as usize][i];
                            }
                        }
                    }
                }
                for (s, now) in states.iter().zip(now) {
                    self.values[s.value as usize] = if s.live { now } else { vec![-99; lanes] };
                }
            }
            Step::Exit { .. } => panic!("an exit outside a loop"),
            Step::Do(_) => panic!("no kernels here"),
        }
    }
}

fn masked(f: &Function, args: &[Vec<i64>]) -> Vec<Vec<i64>> {
    let values = vec![vec![-55; args[0].len()]; f.values.len()];
    let mut m = Masked { f, args, values };
    for (v, value) in f.values.iter().enumerate() {
        if let Source::Argument(a) = value.source {
            m.values[v] = m.args[a as usize].clone();
        }
    }
    m.block(&f.body, &vec![true; args[0].len()]);
    f.results.iter().map(|&r| m.values[r as usize].clone()).collect()
}

/// Writes random statements.
struct Writer {
    b: Builder,
    random: Random,
    args: Vec<Val>,
    variables: Vec<Variable>,
    conditions: Vec<Val>,
    loops: Vec<usize>,
    left: usize,
}

impl Writer {
    fn number(&mut self) -> Val {
        match self.random.below(4) {
            0 => {
                let n = self.random.below(7) as i64 - 2;
                self.b.constant(Scalar::new(n))
            }
            1 => self.args[self.random.below(self.args.len())],
            _ => {
                let at = self.random.below(self.variables.len());
                self.b.get(self.variables[at])
            }
        }
    }

    fn expression(&mut self) -> Val {
        let (a, b) = (self.number(), self.number());
        let op = if self.random.below(3) == 0 { BinaryOp::Mul } else { BinaryOp::Add };
        self.b.map(MapOp::Binary(op), DType::I64, &[a, b])
    }

    fn condition(&mut self) -> Val {
        // Also what was asked before, or its contrary: conditions that stand before what they decide.
        match self.random.below(4) {
            0 => self.conditions[self.random.below(self.conditions.len())],
            1 => {
                let old = self.conditions[self.random.below(self.conditions.len())];
                self.b.map(MapOp::Unary(UnaryOp::Not), DType::Bool, &[old])
            }
            _ => {
                let (a, b) = (self.expression(), self.number());
                self.b.map(MapOp::Binary(BinaryOp::Lt), DType::Bool, &[a, b])
            }
        }
    }

    /// Some statements; do they end in a way out?
    fn statements(&mut self, depth: usize) {
        let scope = self.variables.len();
        for _ in 0..1 + self.random.below(4) {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            match self.random.below(10) {
                0 => {
                    let v = self.expression();
                    let variable = self.b.variable(v);
                    self.variables.push(variable);
                }
                1..=3 => {
                    let v = self.expression();
                    let at = self.random.below(self.variables.len());
                    self.b.set(self.variables[at], v);
                }
                4..=6 if depth < 4 => {
                    let c = self.condition();
                    self.b.begin_if(c);
                    self.statements(depth + 1);
                    if self.random.below(2) == 0 {
                        self.b.begin_else();
                        self.statements(depth + 1);
                    }
                    self.b.end_if();
                }
                7 if depth < 4 && self.loops.len() < 3 => self.bounded_loop(depth),
                8 if !self.loops.is_empty() => {
                    let at = self.random.below(self.loops.len());
                    match self.random.below(2) {
                        0 => self.b.break_(self.loops[at]),
                        _ => self.b.continue_(self.loops[at]),
                    }
                    break;
                }
                9 if depth > 0 => {
                    let (a, b) = (self.number(), self.expression());
                    self.b.return_(&[a, b]);
                    break;
                }
                _ => {}
            }
        }
        self.variables.truncate(scope);
    }

    /// A loop of at most four turns.
    fn bounded_loop(&mut self, depth: usize) {
        let zero = self.b.constant(Scalar::new(0i64));
        let turn = self.b.variable(zero);
        let l = self.b.begin_loop(None, 0);
        let (now, one, four) =
            (self.b.get(turn), self.b.constant(Scalar::new(1i64)), self.b.constant(Scalar::new(4i64)));
        let next = self.b.map(MapOp::Binary(BinaryOp::Add), DType::I64, &[now, one]);
        let go = self.b.map(MapOp::Binary(BinaryOp::Lt), DType::Bool, &[now, four]);
        self.b.begin_if(go);
        self.b.begin_else();
        self.b.break_(l);
        self.b.end_if();
        self.b.set(turn, next);
        self.loops.push(l);
        self.statements(depth + 1);
        self.loops.pop();
        self.b.end_loop();
    }
}

#[test]
fn structure_means_what_was_written() {
    let lanes: Vec<Vec<i64>> = vec![(-8..8).collect(), (0..16).map(|i| (i * 7) % 5 - 2).collect()];
    let (mut loops, mut sizes) = (0, 0);
    for seed in 1..=6000u64 {
        let mut w = Writer {
            b: Builder::new("random", Location::caller()),
            random: Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            args: Vec::new(),
            variables: Vec::new(),
            conditions: Vec::new(),
            loops: Vec::new(),
            left: 40,
        };
        w.args = vec![w.b.argument(DType::I64), w.b.argument(DType::I64)];
        for _ in 0..2 {
            let first = w.args[w.random.below(2)];
            let variable = w.b.variable(first);
            w.variables.push(variable);
        }
        let (a, b) = (w.args[0], w.args[1]);
        for (a, b) in [(a, b), (b, a)] {
            let less = w.b.map(MapOp::Binary(BinaryOp::Lt), DType::Bool, &[a, b]);
            w.conditions.push(less);
        }
        for _ in 0..3 {
            w.statements(0);
        }
        let results = [w.b.get(w.variables[0]), w.b.get(w.variables[1])];
        w.b.return_(&results);
        let written: Vec<Vec<i64>> = (0..16)
            .map(|i| {
                let args: Vec<i64> = lanes.iter().map(|lane| lane[i]).collect();
                let (values, args) = (w.b.values(), &args[..]);
                let mut d = Direct {
                    values,
                    args,
                    known: BTreeMap::new(),
                    variables: BTreeMap::new(),
                    fuel: 100_000,
                };
                match d.run(w.b.statements()) {
                    Out::Return(results) => results,
                    _ => panic!("seed {seed} returns nothing"),
                }
            })
            .collect();
        let f = w.b.finish().unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        loops += f.loops() as usize;
        sizes += f.len();
        let all = masked(&f, &lanes);
        for (i, want) in written.iter().enumerate() {
            let one: Vec<Vec<i64>> = lanes.iter().map(|lane| vec![lane[i]]).collect();
            let alone: Vec<i64> = masked(&f, &one).iter().map(|r| r[0]).collect();
            assert_eq!(&alone, want, "seed {seed}, lane {i} alone: {f:#?}");
            let among: Vec<i64> = all.iter().map(|r| r[i]).collect();
            assert_eq!(&among, want, "seed {seed}, lane {i}: {f:#?}");
        }
    }
    assert!(loops > 500 && sizes > 20_000, "{loops} functions loop, {sizes} operations in all");
}

/// `if c1 { r = 2 } else if c2 { return 7 } r`, with both conditions known before: the way out of the
/// inner branch is one of the outer's other side only.
#[test]
fn a_way_out_belongs_to_its_branch() {
    let mut b = Builder::new("f", Location::caller());
    let (c1, c2) = (b.argument(DType::Bool), b.argument(DType::Bool));
    let [one, two, seven] = [1i64, 2, 7].map(|v| b.constant(Scalar::new(v)));
    let r = b.variable(one);
    b.begin_if(c1);
    b.set(r, two);
    b.begin_else();
    b.begin_if(c2);
    b.return_(&[seven]);
    b.end_if();
    b.end_if();
    let last = b.get(r);
    b.return_(&[last]);
    let f = b.finish().unwrap();
    assert_eq!(masked(&f, &[vec![0, 0, 1, 1], vec![0, 1, 0, 1]]), [[1, 7, 2, 2]]);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let new = || Builder::new("f", Location::caller());
    assert!(new().finish().is_err());
    let mut b = new();
    let x = b.argument(DType::F32);
    b.return_(&[x]);
    b.end_if();
    assert!(b.finish().unwrap_err().contains("if"));
    let mut b = new();
    let x = b.argument(DType::F32);
    b.return_(&[x]);
    b.return_(&[x, x]);
    assert!(b.finish().is_err());
    let mut b = new();
    let x = b.argument(DType::F32);
    let l = b.begin_loop(None, 1);
    b.break_(l);
    b.end_loop();
    b.break_(l);
    b.return_(&[x]);
    assert!(b.finish().is_err());
}

/// A loop whose first step is its condition keeps nothing but what is read later.
#[test]
fn a_counting_loop_is_small() {
    let mut b = Builder::new("count", Location::caller());
    let x = b.argument(DType::I64);
    let (zero, one, ten) = (0, 1, 10);
    let (zero, one, ten) = (
        b.constant(Scalar::new(zero as i64)),
        b.constant(Scalar::new(one as i64)),
        b.constant(Scalar::new(ten as i64)),
    );
    let i = b.variable(zero);
    let l = b.begin_loop(None, 7);
    let now = b.get(i);
    let stop = b.map(MapOp::Binary(BinaryOp::Lt), DType::Bool, &[ten, now]);
    b.begin_if(stop);
    b.break_(l);
    b.end_if();
    let next = b.map(MapOp::Binary(BinaryOp::Add), DType::I64, &[now, one]);
    b.set(i, next);
    let found = b.map(MapOp::Binary(BinaryOp::Lt), DType::Bool, &[x, now]);
    b.begin_if(found);
    b.return_(&[now]);
    b.end_if();
    b.end_loop();
    b.return_(&[x]);
    let f = b.finish().unwrap();
    let Some(Step::Loop { states, body, .. }) = f.body.iter().find(|s| matches!(s, Step::Loop { .. })) else {
        panic!("{f:#?}")
    };
    // The counter, the result and the flag of `return`.
    assert_eq!(states.len(), 3, "{f:#?}");
    assert_eq!(states.iter().filter(|s| s.live).count(), 2, "{f:#?}");
    assert_eq!(body.iter().filter(|s| matches!(s, Step::Exit { .. })).count(), 2, "{f:#?}");
    assert_eq!(masked(&f, &[vec![3, 50]]), [[4, 50]]);
}
