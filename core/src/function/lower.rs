//! From statements to structure: `break`, `continue` and `return` become conditions.
//!
//! Each way out has a *flag*: does this lane leave that way? Flags are values like others, and so
//! are the results that `return` gives. Directly in a loop's turn, flags that lead out of it become
//! an [`Exit`](Step::Exit), after which nobody who left is there; elsewhere, and for `continue`, what
//! follows is done only where no flag is set. Where one branch of an `if` always leaves, what
//! follows simply belongs to the other.
//!
//! A lane that left does not care about most values: [`Live`] says which it takes along. The joins
//! of the others have one side only, and cost nothing.

use super::builder::{LoopFacts, Statement, Variable};
use super::live::{Exit, Live, assigned, exits, never_falls};
use super::prune::prune;
use super::{Act, Block, Join, Source, State, Step, Val, Value};
use crate::dtype::{DType, Scalar};
use crate::op::{BinaryOp, MapOp, UnaryOp};
use smallvec::smallvec;
use std::collections::{BTreeMap, BTreeSet};

/// What lowering gives.
pub(super) struct Lowered {
    pub values: Vec<Value>,
    pub body: Block,
    pub results: Vec<Val>,
}

/// Something that has a value that changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Slot {
    Variable(Variable),
    /// What the function returns.
    Result(usize),
    /// The flag of a way out; not there while nobody took it.
    Flag(Exit),
}

type Env = BTreeMap<Slot, Val>;

/// How statements end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flow {
    /// At their end.
    Falls,
    /// At their end or, where flags are set, by a way out.
    Maybe,
    /// By a way out.
    Never,
}

/// The loop in whose turn statements stand directly.
struct Turn {
    number: usize,
    /// Its states, and the values that they have at the beginning of a turn.
    states: Vec<(Slot, Val)>,
}

/// Statements that follow each other, in pieces.
type Pieces<'s> = Vec<&'s [Statement]>;

struct Lower<'s> {
    old: &'s [Value],
    loops: &'s [LoopFacts],
    results: &'s [DType],
    live: Live,
    values: Vec<Value>,
    /// Old values under their new numbers.
    new: Vec<Val>,
}

const NONE: Val = Val::MAX;

pub(super) fn lower(
    statements: &[Statement],
    old: &[Value],
    loops: &[LoopFacts],
    results: &[DType],
) -> Result<Lowered, String> {
    let live = Live::new(statements);
    let mut l = Lower { old, loops, results, live, values: Vec::new(), new: vec![NONE; old.len()] };
    for (v, value) in old.iter().enumerate() {
        if let Source::Argument(_) = value.source {
            l.values.push(value.clone());
            l.new[v] = l.values.len() as Val - 1;
        }
    }
    let (mut env, mut body) = (Env::new(), Block::new());
    l.statements(vec![statements], &mut env, None, &mut body)?;
    let results = (0..results.len())
        .map(|r| env.get(&Slot::Result(r)).copied().ok_or("the function has no result"))
        .collect::<Result<Vec<Val>, _>>()?;
    Ok(prune(l.values, body, results))
}

impl<'s> Lower<'s> {
    fn joined(&mut self, dtype: DType) -> Val {
        self.values.push(Value { source: Source::Joined, dtype });
        self.values.len() as Val - 1
    }

    fn dtype(&self, v: Val) -> DType {
        self.values[v as usize].dtype
    }

    fn compute(&mut self, source: Source, dtype: DType, out: &mut Block) -> Val {
        self.values.push(Value { source, dtype });
        let v = self.values.len() as Val - 1;
        match out.last_mut() {
            Some(Step::Run(range)) if range.end == v => range.end += 1,
            _ => out.push(Step::Run(v..v + 1)),
        }
        v
    }

    fn truth(&mut self, truth: bool, out: &mut Block) -> Val {
        self.compute(Source::Constant(Scalar::new(truth)), DType::Bool, out)
    }

    fn is_truth(&self, v: Val, truth: bool) -> bool {
        self.values[v as usize].source == Source::Constant(Scalar::new(truth))
    }

    fn not(&mut self, v: Val, out: &mut Block) -> Val {
        let not = MapOp::Unary(UnaryOp::Not);
        match &self.values[v as usize].source {
            Source::Map(op, args) if *op == not => args[0],
            _ => self.compute(Source::Map(not, smallvec![v]), DType::Bool, out),
        }
    }

    fn any(&mut self, flags: &[Val], out: &mut Block) -> Option<Val> {
        let mut flags = flags.iter().copied();
        let first = flags.next()?;
        let or = MapOp::Binary(BinaryOp::Or);
        Some(flags.fold(first, |a, b| self.compute(Source::Map(or, smallvec![a, b]), DType::Bool, out)))
    }

    /// A value of the old numbering.
    fn value(&self, old: Val) -> Result<Val, String> {
        match self.new.get(old as usize) {
            Some(&v) if v != NONE => Ok(v),
            _ => Err(format!("%{old} is used where it has no value")),
        }
    }

    /// Lowers statements into `out`. Directly in a loop, flags that lead out of it have become
    /// exits when this is done, and those of `continue` are gone.
    fn statements(
        &mut self,
        mut pieces: Pieces<'s>,
        env: &mut Env,
        turn: Option<&Turn>,
        out: &mut Block,
    ) -> Result<Flow, String> {
        loop {
            let Some(piece) = pieces.first_mut() else { return Ok(Flow::Falls) };
            let Some((statement, rest)) = piece.split_first() else {
                pieces.remove(0);
                continue;
            };
            *piece = rest;
            let flow = match statement {
                Statement::Compute(v) => {
                    let old = &self.old[*v as usize];
                    let source = match &old.source {
                        Source::Map(op, args) => {
                            let args = args.iter().map(|&a| self.value(a)).collect::<Result<_, _>>()?;
                            Source::Map(*op, args)
                        }
                        other => other.clone(),
                    };
                    self.new[*v as usize] = self.compute(source, old.dtype, out);
                    continue;
                }
                Statement::Get(v, variable) => {
                    let value = env.get(&Slot::Variable(*variable));
                    self.new[*v as usize] = *value.ok_or("a variable is read where it has no value")?;
                    continue;
                }
                Statement::Do(act) => {
                    let operands = act.operands.iter().map(|&v| self.value(v)).collect::<Result<_, _>>()?;
                    let result = act.result.map(|old| {
                        let v = self.joined(self.old[old as usize].dtype);
                        self.new[old as usize] = v;
                        v
                    });
                    out.push(Step::Do(Act { operands, result, ..act.clone() }));
                    continue;
                }
                Statement::Set(variable, v) => {
                    env.insert(Slot::Variable(*variable), self.value(*v)?);
                    continue;
                }
                Statement::Break(l) => self.leave(Exit::Break(*l), env, out),
                Statement::Continue(l) => self.leave(Exit::Continue(*l), env, out),
                Statement::Return(values) => {
                    for (r, &v) in values.iter().enumerate() {
                        env.insert(Slot::Result(r), self.value(v)?);
                    }
                    self.leave(Exit::Return, env, out)
                }
                Statement::If(cond, then, other) => {
                    let cond = self.value(*cond)?;
                    self.if_(cond, then, other, &mut pieces, env, turn, out)?
                }
                Statement::Loop(number, body) => self.loop_(*number, body, env, out)?,
            };
            if flow == Flow::Never && turn.is_none() {
                return Ok(Flow::Never);
            }
            // Who left?
            let guard = match turn {
                Some(turn) => self.exit(turn, env, out),
                None => {
                    let flags: Vec<Val> = flags(env).map(|(_, v)| v).collect();
                    self.any(&flags, out)
                }
            };
            if flow == Flow::Never {
                return Ok(Flow::Never);
            }
            let Some(left) = guard else { continue };
            // What follows is for the others, who have no flags yet.
            let (mut inside, mut then) = (env.clone(), Block::new());
            inside.retain(|slot, _| matches!(slot, Slot::Variable(_)));
            let mark = self.values.len() as Val;
            let stays = self.not(left, out);
            let flow = self.statements(pieces, &mut inside, None, &mut then)?;
            let sides = [(&inside, flow), (&*env, Flow::Maybe)];
            *env = self.join(env, stays, mark, sides, |_, _, _| true, then, Block::new(), out);
            if let Some(turn) = turn {
                self.exit(turn, env, out);
            }
            return Ok(Flow::Maybe);
        }
    }

    fn leave(&mut self, exit: Exit, env: &mut Env, out: &mut Block) -> Flow {
        let flag = self.truth(true, out);
        env.insert(Slot::Flag(exit), flag);
        Flow::Never
    }

    /// An `if`, and what follows it if that belongs to one of the branches: then `pieces` is taken.
    fn if_(
        &mut self,
        cond: Val,
        then: &'s [Statement],
        other: &'s [Statement],
        pieces: &mut Pieces<'s>,
        env: &mut Env,
        turn: Option<&Turn>,
        out: &mut Block,
    ) -> Result<Flow, String> {
        let mut ways = [exits(then), exits(other)];
        let never = [never_falls(then), never_falls(other)];
        // Directly in a turn, whoever leaves the loop does so here; what follows stays where it is.
        let here = |ways: &BTreeSet<Exit>| match turn {
            Some(turn) => !ways.contains(&Exit::Continue(turn.number)),
            None => false,
        };
        let (mut first, mut second) = (vec![then], vec![other]);
        if never[0] && ways[1].is_empty() && !here(&ways[0]) {
            second.append(pieces);
            ways[1] = second.iter().flat_map(|s| exits(s)).collect();
        } else if never[1] && ways[0].is_empty() && !here(&ways[1]) {
            first.append(pieces);
            ways[0] = first.iter().flat_map(|s| exits(s)).collect();
        }
        let mark = self.values.len() as Val;
        let (mut yes, mut then) = (env.clone(), Block::new());
        let flow_yes = self.statements(first, &mut yes, None, &mut then)?;
        let (mut no, mut other) = (env.clone(), Block::new());
        let flow_no = self.statements(second, &mut no, None, &mut other)?;
        let flow = match (flow_yes, flow_no) {
            (Flow::Never, Flow::Never) => Flow::Never,
            (Flow::Falls, Flow::Falls) => Flow::Falls,
            _ => Flow::Maybe,
        };
        let live = std::mem::take(&mut self.live);
        let cares = |slot: Slot, side: usize, flow: Flow| match (slot, flow) {
            (Slot::Variable(v), Flow::Never) => ways[side].iter().any(|exit| match exit {
                Exit::Break(l) => live.after(*l, v),
                Exit::Continue(_) => true,
                Exit::Return => false,
            }),
            _ => true,
        };
        let sides = [(&yes, flow_yes), (&no, flow_no)];
        *env = self.join(env, cond, mark, sides, cares, then, other, out);
        self.live = live;
        Ok(flow)
    }

    /// Puts an `If` together; gives the values after it. `cares` says whether lanes that come from
    /// a side that never falls take a slot along.
    fn join(
        &mut self,
        before: &Env,
        cond: Val,
        mark: Val,
        sides: [(&Env, Flow); 2],
        cares: impl Fn(Slot, usize, Flow) -> bool,
        then: Block,
        other: Block,
        out: &mut Block,
    ) -> Env {
        let [(yes, flow_yes), (no, flow_no)] = sides;
        let slots: BTreeSet<Slot> = yes.keys().chain(no.keys()).copied().collect();
        let (mut env, mut joins) = (Env::new(), Vec::new());
        for slot in slots {
            let a = yes.get(&slot).copied().filter(|_| cares(slot, 0, flow_yes));
            let b = no.get(&slot).copied().filter(|_| cares(slot, 1, flow_no));
            let value = match (a, b, slot) {
                (Some(a), Some(b), _) if a == b => a,
                // Set before: where the condition holds nobody had left.
                (None, Some(b), Slot::Flag(_)) if before.get(&slot) == Some(&b) => b,
                (Some(a), None, Slot::Flag(_)) if self.is_truth(a, true) => cond,
                (None, Some(b), Slot::Flag(_)) if self.is_truth(b, true) => self.not(cond, out),
                (a, b, Slot::Flag(_)) => {
                    let mut or_false = |v: Option<Val>| v.unwrap_or_else(|| self.truth(false, out));
                    let (then, other) = (or_false(a), or_false(b));
                    if self.is_truth(then, true) && self.is_truth(other, true) {
                        self.truth(true, out)
                    } else {
                        let value = self.joined(DType::Bool);
                        joins.push(Join { value, then: Some(then), other: Some(other) });
                        value
                    }
                }
                // Declared in a branch: out of scope now.
                (_, _, Slot::Variable(_)) if !before.contains_key(&slot) => continue,
                (Some(v), None, _) | (None, Some(v), _) if v < mark => v,
                (None, None, _) => continue,
                (a, b, _) => {
                    let dtype = self.dtype(a.or(b).expect("one side has a value"));
                    let value = self.joined(dtype);
                    joins.push(Join { value, then: a, other: b });
                    value
                }
            };
            env.insert(slot, value);
        }
        out.push(Step::If { cond, then, other, joins });
        env
    }

    /// Directly in a turn: whoever has a flag that leads out of the loop leaves it. Gives the flag
    /// of `continue`, if there is one.
    fn exit(&mut self, turn: &Turn, env: &mut Env, out: &mut Block) -> Option<Val> {
        let next = Slot::Flag(Exit::Continue(turn.number));
        let taken: Vec<Val> = flags(env).filter(|(slot, _)| *slot != next).map(|(_, v)| v).collect();
        if let Some(cond) = self.any(&taken, out) {
            let mut keep = Vec::new();
            for (at, (slot, start)) in turn.states.iter().enumerate() {
                let wanted = match slot {
                    Slot::Variable(v) => self.live.after(turn.number, *v),
                    Slot::Result(_) | Slot::Flag(_) => true,
                };
                match env.get(slot) {
                    Some(v) if wanted && v != start => {
                        // Whoever leaves by the only way there is has its flag.
                        let v = if *v == cond { self.truth(true, out) } else { *v };
                        keep.push((at as u16, v));
                    }
                    _ => {}
                }
            }
            out.push(Step::Exit { cond, keep });
            // Who is still here has left by no way and returned nothing.
            env.retain(|slot, _| *slot == next || matches!(slot, Slot::Variable(_)));
        }
        env.remove(&next)
    }

    /// A loop: what it carries, its turn, and what its states are afterwards.
    fn loop_(
        &mut self,
        number: usize,
        body: &'s [Statement],
        env: &mut Env,
        out: &mut Block,
    ) -> Result<Flow, String> {
        let ways = exits(body);
        let own = [Exit::Break(number), Exit::Continue(number)];
        let outer: Vec<Exit> = ways.iter().copied().filter(|e| !own.contains(e)).collect();
        let mut slots: Vec<Slot> =
            assigned(body).into_iter().map(Slot::Variable).filter(|slot| env.contains_key(slot)).collect();
        if ways.contains(&Exit::Return) {
            slots.extend((0..self.results.len()).map(Slot::Result));
        }
        slots.extend(outer.iter().copied().map(Slot::Flag));
        let mut states = Vec::new();
        let mut inside = env.clone();
        // Within a turn, who is there has not left.
        inside.retain(|slot, _| matches!(slot, Slot::Variable(_)));
        for &slot in &slots {
            let first = match (env.get(&slot), slot) {
                (Some(&v), _) => v,
                (None, Slot::Result(r)) => {
                    let zero = Scalar { dtype: self.results[r], bits: 0 };
                    self.compute(Source::Constant(zero), self.results[r], out)
                }
                (None, _) => self.truth(false, out),
            };
            let live = match slot {
                Slot::Variable(v) => self.live.after(number, v),
                _ => true,
            };
            let value = self.joined(self.dtype(first));
            if matches!(slot, Slot::Variable(_)) {
                inside.insert(slot, value);
            }
            states.push(State { value, first, next: value, live });
        }
        let turn =
            Turn { number, states: slots.iter().zip(&states).map(|(&slot, s)| (slot, s.value)).collect() };
        let mut block = Block::new();
        self.statements(vec![body], &mut inside, Some(&turn), &mut block)?;
        for (state, slot) in states.iter_mut().zip(&slots) {
            state.next = inside.get(slot).copied().unwrap_or(state.value);
        }
        for (state, slot) in states.iter().zip(&slots) {
            if state.live {
                env.insert(*slot, state.value);
            } else {
                env.remove(slot);
            }
        }
        let LoopFacts { limit, kind, line } = self.loops[number];
        let number = number as u32;
        out.push(Step::Loop { states, body: block, limit, kind, line, number });
        Ok(match (ways.contains(&own[0]), outer.is_empty()) {
            (true, true) => Flow::Falls,
            (true, false) => Flow::Maybe,
            (false, _) => Flow::Never,
        })
    }
}

fn flags(env: &Env) -> impl Iterator<Item = (Slot, Val)> + '_ {
    env.iter().filter(|(slot, _)| matches!(slot, Slot::Flag(_))).map(|(&slot, &v)| (slot, v))
}
