//! Calls of functions with loops and branches.
//!
//! One lowering for any number of lanes. A value that is the same in all lanes stays a scalar, and
//! so does the control flow that depends on such values alone: it is branches, as it would be if
//! the function were compiled for one number. Where lanes differ there are masks: a block is run
//! if any lane wants it, and a loop until the last lane has left. Several vectors go through a loop
//! together, so that the processor has more than one chain of operations to work on.
//!
//! What a loop carries for a lane that has left is kept only if it is read afterwards; for other
//! states nothing is spent on masks. Lanes that are in no mask (beyond the end of a row) may hold
//! anything, and nothing waits for them.
//!
//! On a grid a thread's points are lanes too, but they are taken one after the other: threads of a
//! warp wait for each other already, and one chain is enough where there are so many warps.

use super::body;
use super::emit::{Elem, Emitter, Exits, I64, Ty, V};
use super::frame::{Env, Frame};
use super::uniform::uniform;
use lazuli_core::function::{Act, Block, Join, LoopKind, State, Step, loop_limit};
use lazuli_core::{BinaryOp, DType};
use lazuli_fusion::Callee;
use lazuli_fusion::kernel::{Inst, Val};
use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

/// What a function is printed in.
pub trait Surroundings<'e> {
    /// The module.
    fn emitter(&self) -> &'e Emitter;
    /// An instruction whose operands `get` gives; `dtype_of` tells their types.
    fn arithmetic(
        &self,
        inst: &Inst,
        get: &dyn Fn(Val) -> V<'e>,
        dtype_of: &dyn Fn(Val) -> DType,
    ) -> Result<V<'e>, String>;
    /// The loop of this number (within the function) passes its limit.
    fn overrun(&self, number: usize);
    /// Has a loop passed its limit before? (Asked by loops with limits; `outer` ones have loops in them.)
    fn given_up(&self, outer: bool) -> Option<V<'e>>;
    /// Something is done; the operands are scalars.
    fn act(&self, act: &Act, operands: &[V<'e>]) -> Option<V<'e>>;
}

/// A function within a kernel of arrays.
struct Within<'f, 'e> {
    f: &'f Frame<'e>,
    /// Number of its first loop among those of the kernel.
    first_loop: usize,
}

impl<'e> Surroundings<'e> for Within<'_, 'e> {
    fn emitter(&self) -> &'e Emitter {
        self.f.e
    }
    fn arithmetic(
        &self,
        inst: &Inst,
        get: &dyn Fn(Val) -> V<'e>,
        dtype_of: &dyn Fn(Val) -> DType,
    ) -> Result<V<'e>, String> {
        self.f.arithmetic(inst, get, dtype_of)
    }
    fn overrun(&self, number: usize) {
        self.f.note_overrun(self.first_loop + number);
    }
    fn given_up(&self, outer: bool) -> Option<V<'e>> {
        self.f.overrun_noted(outer)
    }
    fn act(&self, act: &Act, _: &[V<'e>]) -> Option<V<'e>> {
        unreachable!("{act:?} in a function that is no kernel")
    }
}

/// Computes the call `v` for each of `envs`: result `result` of a function.
pub fn call<'e>(
    f: &Frame<'e>,
    v: Val,
    callee: &Arc<Callee>,
    result: usize,
    arguments: &[Val],
    envs: &mut [Env<'e, '_>],
) -> Result<(), String> {
    let same = |other: Val| match &f.b.kernel.body[other as usize].inst {
        Inst::Call(c, _, a) => (Arc::ptr_eq(c, callee) || c == callee) && a.as_slice() == arguments,
        _ => false,
    };
    let known = envs[0].calls.iter().position(|(other, _)| same(*other));
    if let Some(known) = known {
        for env in envs {
            let value = env.calls[known].1[result];
            env.set(v, value);
        }
        return Ok(());
    }
    let within = Within { f, first_loop: f.b.kernel.first_loop(v) };
    let results = if f.e.dialect.is_grid() {
        envs.iter().map(|env| lane_by_lane(&within, callee, arguments, env)).collect::<Result<Vec<_>, _>>()?
    } else {
        let lanes = envs[0].lanes();
        let operands: Vec<Vec<V<'e>>> =
            envs.iter().map(|env| arguments.iter().map(|&a| env.scalar_or_vector(a)).collect()).collect();
        let live: Vec<Option<V<'e>>> = envs.iter().map(|env| env.live()).collect();
        run(&within, callee, lanes, &operands, &live)?
    };
    for (env, results) in envs.iter_mut().zip(results) {
        let wide = f.e.splat(results[result], env.lanes());
        env.calls.push((v, results));
        env.set(v, wide);
    }
    Ok(())
}

/// All results, each lane computed by itself.
fn lane_by_lane<'e>(
    within: &Within<'_, 'e>,
    callee: &Callee,
    arguments: &[Val],
    env: &Env<'e, '_>,
) -> Result<Vec<V<'e>>, String> {
    let e = within.emitter();
    let mut lanes: Vec<Vec<V<'e>>> = vec![Vec::new(); callee.results.len()];
    for lane in 0..env.lanes() {
        let operands: Vec<V<'e>> = arguments.iter().map(|&a| e.extract(env.get(a), lane)).collect();
        let mut failed = Ok(());
        let mut compute = || {
            run(within, callee, 1, std::slice::from_ref(&operands), &[None])
                .map_err(|error| failed = Err(error))
                .map_or_else(|()| nothing(e, callee), |mut results| results.remove(0))
        };
        let results = match env.live() {
            Some(live) => e.if_else(e.extract(live, lane), &mut compute, || nothing(e, callee)),
            None => compute(),
        };
        failed?;
        lanes.iter_mut().zip(results).for_each(|(all, one)| all.push(one));
    }
    Ok(lanes.iter().map(|all| e.vector(all)).collect())
}

/// Results where nobody asks for any.
fn nothing<'e>(e: &'e Emitter, callee: &Callee) -> Vec<V<'e>> {
    callee.results.iter().map(|&r| zero(e, body::register(callee.ty(r), 1))).collect()
}

fn zero(e: &Emitter, ty: Ty) -> V<'_> {
    e.splat(e.bits(Ty::new(ty.elem, 1), 0), ty.lanes)
}

/// Runs a function for several vectors; gives all results of each (scalars where all lanes agree).
pub fn run<'e>(
    around: &dyn Surroundings<'e>,
    callee: &Callee,
    lanes: u32,
    operands: &[Vec<V<'e>>],
    live: &[Option<V<'e>>],
) -> Result<Vec<Vec<V<'e>>>, String> {
    let scalar: Vec<bool> =
        (0..callee.arguments()).map(|a| operands.iter().all(|o| o[a].ty.lanes == 1)).collect();
    let printer = Printer {
        around,
        e: around.emitter(),
        callee,
        lanes,
        uniform: uniform(callee, lanes, &scalar),
        values: RefCell::new(operands.iter().map(|_| vec![None; callee.defs.len()]).collect()),
        failed: RefCell::new(Ok(())),
    };
    for (k, operands) in operands.iter().enumerate() {
        for (a, &v) in operands.iter().enumerate() {
            printer.set(k, a as Val, v);
        }
    }
    printer.block(&callee.body, live);
    printer.failed.replace(Ok(()))?;
    // A result may be a literal, which is nowhere computed.
    let results = |k: usize| callee.results.iter().map(|&r| printer.get(k, r)).collect();
    Ok((0..operands.len()).map(results).collect())
}

/// A function being printed.
struct Printer<'f, 'e> {
    around: &'f dyn Surroundings<'e>,
    e: &'e Emitter,
    callee: &'f Callee,
    lanes: u32,
    uniform: Vec<bool>,
    /// For each vector, the values so far.
    values: RefCell<Vec<Vec<Option<V<'e>>>>>,
    failed: RefCell<Result<(), String>>,
}

/// For each vector: the lanes that are here, if not all are.
type Masks<'e> = [Option<V<'e>>];

impl<'e> Printer<'_, 'e> {
    fn vectors(&self) -> usize {
        self.values.borrow().len()
    }

    fn set(&self, k: usize, v: Val, value: V<'e>) {
        self.values.borrow_mut()[k][v as usize] = Some(value);
    }

    fn get(&self, k: usize, v: Val) -> V<'e> {
        if let Inst::Literal(value) = self.callee.defs[v as usize].inst {
            return self.e.bits(body::register(value.dtype, 1), value.bits);
        }
        self.values.borrow()[k][v as usize].expect("functions are verified when they are made")
    }

    /// The value as a scalar if it is the same in all lanes, as a vector otherwise.
    fn fitting(&self, k: usize, v: Val, like: Val) -> V<'e> {
        let value = self.get(k, v);
        if self.uniform[like as usize] { value } else { self.e.splat(value, self.lanes) }
    }

    fn ty(&self, v: Val) -> Ty {
        body::register(self.callee.ty(v), if self.uniform[v as usize] { 1 } else { self.lanes })
    }

    fn block(&self, block: &Block, masks: &Masks<'e>) {
        for step in block {
            self.step(step, masks);
        }
    }

    fn step(&self, step: &Step, masks: &Masks<'e>) {
        match step {
            Step::Run(range) => self.run(range.clone()),
            Step::If { cond, then, other, joins } if self.uniform[*cond as usize] => {
                self.branch(*cond, then, other, joins, masks);
            }
            Step::If { cond, then, other, joins } => self.masked(*cond, then, other, joins, masks),
            Step::Loop { states, body, limit, kind, number, .. } => {
                self.turns(states, body, (*limit, *kind), *number, masks)
            }
            Step::Exit { .. } => unreachable!("exits stand in loops"),
            Step::Do(act) => {
                let operands: Vec<V<'e>> = act.operands.iter().map(|&v| self.get(0, v)).collect();
                let value = self.around.act(act, &operands);
                if let Some((v, value)) = act.result.zip(value) {
                    self.set(0, v, value);
                }
            }
        }
    }

    /// Straight-line code: vector after vector, which is the order in which a processor has most to do at once.
    fn run(&self, range: Range<Val>) {
        let is_literal = |v: Val| matches!(self.callee.defs[v as usize].inst, Inst::Literal(_));
        for k in 0..self.vectors() {
            for v in range.clone().filter(|&v| !is_literal(v)) {
                // What is the same everywhere is the same in all vectors as well.
                let known = (k > 0 && self.uniform[v as usize]).then(|| self.get(0, v));
                self.set(k, v, known.unwrap_or_else(|| self.arithmetic(v, &|u| self.fitting(k, u, v))));
            }
        }
    }

    /// The value of an instruction whose operands `get` gives.
    fn arithmetic(&self, v: Val, get: &dyn Fn(Val) -> V<'e>) -> V<'e> {
        let inst = &self.callee.defs[v as usize].inst;
        self.around.arithmetic(inst, get, &|u| self.callee.ty(u)).unwrap_or_else(|error| {
            *self.failed.borrow_mut() = Err(error);
            zero(self.e, self.ty(v))
        })
    }

    /// One of two blocks, for all lanes.
    fn branch(&self, cond: Val, then: &Block, other: &Block, joins: &[Join], masks: &Masks<'e>) {
        let side = |block: &Block, of: fn(&Join) -> Option<Val>| {
            self.block(block, masks);
            self.joined(joins, of)
        };
        let values =
            self.e.if_else(self.get(0, cond), || side(then, |j| j.then), || side(other, |j| j.other));
        self.set_all(joins, &values);
    }

    /// What a side gives for each join, vector after vector.
    fn joined(&self, joins: &[Join], of: fn(&Join) -> Option<Val>) -> Vec<V<'e>> {
        let value = |k: usize, join: &Join| match of(join) {
            Some(v) => self.fitting(k, v, join.value),
            None => zero(self.e, self.ty(join.value)),
        };
        (0..self.vectors()).flat_map(|k| joins.iter().map(move |j| value(k, j))).collect()
    }

    fn set_all(&self, joins: &[Join], values: &[V<'e>]) {
        for (k, values) in values.chunks(joins.len().max(1)).enumerate() {
            joins.iter().zip(values).for_each(|(j, &v)| self.set(k, j.value, v));
        }
    }

    /// Both blocks, each for the lanes that want it, if there are any.
    fn masked(&self, cond: Val, then: &Block, other: &Block, joins: &[Join], masks: &Masks<'e>) {
        let e = self.e;
        let truths: Vec<V<'e>> =
            (0..self.vectors()).map(|k| e.splat(self.get(k, cond), self.lanes)).collect();
        let within = |truth: V<'e>, mask: Option<V<'e>>| match mask {
            Some(mask) => e.binary("and", mask, truth),
            None => truth,
        };
        let yes: Vec<Option<V<'e>>> = truths.iter().zip(masks).map(|(&t, &m)| Some(within(t, m))).collect();
        let no: Vec<Option<V<'e>>> =
            truths.iter().zip(masks).map(|(&t, &m)| Some(within(self.not(t), m))).collect();
        let side = |block: &Block, masks: &Masks<'e>, of: fn(&Join) -> Option<Val>| {
            if block.is_empty() {
                return self.joined(joins, of);
            }
            let types = self.joined_types(joins);
            e.if_else(
                self.any(masks),
                || {
                    self.block(block, masks);
                    self.joined(joins, of)
                },
                || types.into_iter().map(|ty| zero(e, ty)).collect(),
            )
        };
        let a = side(then, &yes, |j| j.then);
        let b = side(other, &no, |j| j.other);
        let width = joins.len().max(1);
        let values: Vec<V<'e>> = a
            .iter()
            .zip(&b)
            .enumerate()
            .map(|(at, (&a, &b))| match &joins[at % width] {
                Join { then: None, .. } => b,
                Join { other: None, .. } => a,
                _ => e.select(truths[at / width], a, b),
            })
            .collect();
        self.set_all(joins, &values);
    }

    fn joined_types(&self, joins: &[Join]) -> Vec<Ty> {
        (0..self.vectors()).flat_map(|_| joins.iter().map(|j| self.ty(j.value))).collect()
    }

    fn not(&self, mask: V<'e>) -> V<'e> {
        self.e.binary("xor", mask, self.e.int(mask.ty, 1))
    }

    /// Is any lane of any vector in its mask?
    fn any(&self, masks: &Masks<'e>) -> V<'e> {
        let all = masks.iter().map(|m| m.unwrap_or_else(|| self.e.int(Ty::new(Elem::I1, self.lanes), 1)));
        let together = all.reduce(|a, b| self.e.binary("or", a, b)).expect("a vector at least");
        self.e.any(together)
    }

    /// A loop, until all lanes have left.
    fn turns(
        &self,
        states: &[State],
        body: &Block,
        (limit, kind): (Option<u64>, LoopKind),
        number: u32,
        masks: &Masks<'e>,
    ) {
        let e = self.e;
        let limit = limit.or_else(|| turns(e).filter(|_| !kind.ends()));
        // Without an exit of their own, lanes need no mask beyond the one they come with.
        let alone =
            body.iter().any(|s| matches!(s, Step::Exit { cond, .. } if !self.uniform[*cond as usize]));
        let truth = Ty::new(Elem::I1, self.lanes);
        let told = self.told(states, body);
        let outer = has_loop(body);
        // What a lane that left is told by its mask alone is not carried, and what it left with may be counted.
        let all = states;
        let counters: Vec<Option<State>> =
            all.iter().zip(0..).map(|(_, at)| self.counter(at, all, body)).collect();
        let carried = |(s, counter): (&State, &Option<State>)| {
            let live = s.live && Some(s.value) != told;
            counter.map_or(State { live, ..*s }, |t| State { first: t.first, next: t.next, live, ..*s })
        };
        let states = &all.iter().zip(&counters).map(carried).collect::<Vec<_>>();
        let mut init = Vec::new();
        for (k, mask) in masks.iter().enumerate() {
            init.extend(states.iter().map(|s| self.fitting(k, s.first, s.value)));
            if alone {
                init.push(mask.unwrap_or_else(|| e.int(truth, 1)));
            }
        }
        init.extend(limit.map(|_| e.i64(0)));
        let width = states.len() + alone as usize;
        let finals = e.loop_with_exits(&init, |exits, carried| {
            let mut now = Now {
                states: carried
                    .chunks(width.max(1))
                    .take(masks.len())
                    .map(|c| c[..states.len()].to_vec())
                    .collect(),
                active: match alone {
                    true => carried.chunks(width).take(masks.len()).map(|c| Some(c[states.len()])).collect(),
                    false => masks.to_vec(),
                },
                told: told.is_some(),
            };
            if width == 0 {
                now.states = vec![Vec::new(); masks.len()];
            }
            for (k, values) in now.states.iter().enumerate() {
                for ((s, &v), (before, counter)) in states.iter().zip(values).zip(all.iter().zip(&counters)) {
                    // Whoever is here has not left with anything yet.
                    let here = counter.map(|_| self.fitting(k, before.first, s.value));
                    self.set(k, s.value, here.unwrap_or(v));
                }
            }
            let turn = limit.map(|_| *carried.last().expect("counted"));
            let count = |now: &Now<'e>| {
                let Some((limit, turn)) = limit.zip(turn) else { return };
                let over = e.compare("icmp uge", turn, e.int(I64, limit as i64));
                e.if_then(over, || self.around.overrun(self.callee.loop_position(number)));
                // Where a loop has passed its limit, those around it need not go on: there is an error.
                let given_up = self.around.given_up(outer);
                let over = given_up.map_or(over, |given_up| e.binary("or", over, given_up));
                exits.leave_if(over, now.finals(states));
            };
            let mut counted = !kind.asks();
            if counted {
                count(&now);
            }
            for step in body {
                match step {
                    Step::Exit { cond, keep } => {
                        let keep = self.kept(all, &counters, *cond, keep);
                        self.exit(states, *cond, &keep, &mut now, exits);
                        if !std::mem::replace(&mut counted, true) {
                            count(&now);
                        }
                    }
                    step => self.step(step, &now.active),
                }
            }
            let mut next = Vec::with_capacity(init.len());
            for k in 0..masks.len() {
                for (at, state) in states.iter().enumerate() {
                    let value = match &counters[at] {
                        Some(t) if self.is_sum_of(state.next, t.value) => {
                            let get = |u: Val| match u == t.value {
                                true => now.states[k][at],
                                false => self.fitting(k, u, state.value),
                            };
                            self.arithmetic(state.next, &get)
                        }
                        _ => self.fitting(k, state.next, state.value),
                    };
                    next.push(match now.active[k] {
                        // Only leaving changes it.
                        _ if state.next == state.value => now.states[k][at],
                        Some(active) if state.live && !self.uniform[state.value as usize] => {
                            e.select(active, value, now.states[k][at])
                        }
                        _ => value,
                    });
                }
                if alone {
                    next.extend(now.active[k]);
                }
            }
            next.extend(turn.map(|turn| e.add(turn, e.i64(1))));
            next
        });
        let live: Vec<Val> =
            all.iter().filter(|s| s.live && Some(s.value) != told).map(|s| s.value).collect();
        let live: Vec<Val> = live.into_iter().chain(told).collect();
        for (k, values) in finals.chunks(live.len().max(1)).enumerate() {
            live.iter().zip(values).for_each(|(&s, &v)| self.set(k, s, v));
        }
    }

    /// The state that says no more than that a lane left by the one exit by which lanes leave one by
    /// one: the flag of a `return`, mostly. It is read off the mask of those that are still there.
    fn told(&self, states: &[State], body: &Block) -> Option<Val> {
        let is = |v: Val, truth: bool| match self.callee.defs[v as usize].inst {
            Inst::Literal(s) => s == lazuli_core::Scalar::new(truth),
            _ => false,
        };
        let exits = || {
            body.iter().filter_map(|step| match step {
                Step::Exit { cond, keep } => Some((!self.uniform[*cond as usize], keep)),
                _ => None,
            })
        };
        let sets =
            |at: usize, keep: &[(u16, Val)]| keep.iter().find(|k| k.0 as usize == at).map(|k| is(k.1, true));
        if !exits().any(|(alone, _)| alone) {
            return None;
        }
        let told = |(at, state): (usize, &State)| {
            let flag = state.live && is(state.first, false) && state.next == state.value;
            let by_mask = exits().filter(|(alone, _)| *alone).all(|(_, keep)| sets(at, keep) == Some(true));
            let others = exits().filter(|(alone, _)| !alone).all(|(_, keep)| sets(at, keep).is_none());
            (flag && by_mask && others && !self.uniform[state.value as usize]).then_some(state.value)
        };
        states.iter().enumerate().find_map(told)
    }

    /// For the state at `at`, which is the number of the turn in which a lane left one by one: the state that counts
    /// turns, the same in all lanes. Lanes that stay then take the next number along, which spares the mask of those that
    /// leave.
    fn counter(&self, at: u16, states: &[State], body: &Block) -> Option<State> {
        let state = &states[at as usize];
        if !state.live || state.next != state.value || self.uniform[state.value as usize] {
            return None;
        }
        let mut given = body.iter().filter_map(|step| match step {
            Step::Exit { cond, keep } if !self.uniform[*cond as usize] => {
                Some(keep.iter().find(|k| k.0 == at).map(|k| k.1))
            }
            _ => None,
        });
        let value = given.next()??;
        let counts = |s: &&State| s.value == value && s.next != value && self.uniform[value as usize];
        let counter = states.iter().find(counts)?;
        given.all(|other| other == Some(value)).then_some(*counter)
    }

    /// Is `v` something added to `counter`? Then lanes that stay add it to their own, which takes one operation with a mask
    /// and no copies to all lanes.
    fn is_sum_of(&self, v: Val, counter: Val) -> bool {
        matches!(self.callee.defs[v as usize].inst, Inst::Binary(BinaryOp::Add, a, b) if a == counter || b == counter)
    }

    /// What an exit keeps, where counters stand for what lanes leave with one by one.
    fn kept(
        &self,
        all: &[State],
        counters: &[Option<State>],
        cond: Val,
        keep: &[(u16, Val)],
    ) -> Vec<(u16, Val)> {
        let counted = |at: u16| counters[at as usize].is_some();
        let together = self.uniform[cond as usize];
        let mut kept: Vec<(u16, Val)> =
            keep.iter().copied().filter(|&(at, _)| together || !counted(at)).collect();
        if together {
            let missing = (0..all.len() as u16).filter(|&at| counted(at) && keep.iter().all(|k| k.0 != at));
            kept.extend(missing.map(|at| (at, all[at as usize].first)));
        }
        kept
    }

    fn exit(&self, states: &[State], cond: Val, keep: &[(u16, Val)], now: &mut Now<'e>, exits: &Exits<'e>) {
        let e = self.e;
        let together = self.uniform[cond as usize];
        // What is kept is what stood in the registers before anybody left.
        let kept: Vec<Vec<V<'e>>> = (0..now.states.len())
            .map(|k| keep.iter().map(|&(at, v)| self.fitting(k, v, states[at as usize].value)).collect())
            .collect();
        if together {
            // Whoever is still here leaves; those that left before have their values.
            let mut last = now.clone();
            for (k, kept) in kept.iter().enumerate() {
                for (&(at, _), &value) in keep.iter().zip(kept) {
                    let place = &mut last.states[k][at as usize];
                    *place = match now.active[k] {
                        Some(active) if value.ty.lanes > 1 => e.select(active, value, *place),
                        _ => value,
                    };
                }
            }
            return exits.leave_if(self.get(0, cond), last.finals(states));
        }
        for (k, kept) in kept.iter().enumerate() {
            let cond = e.splat(self.get(k, cond), self.lanes);
            let active = now.active[k].expect("lanes leave one by one");
            if states.iter().zip(0..).all(|(s, at)| !s.live || keep.iter().all(|k| k.0 != at)) {
                now.active[k] = Some(e.binary("and", active, self.not(cond)));
                continue;
            }
            let leave = e.binary("and", active, cond);
            for (&(at, _), &value) in keep.iter().zip(kept).filter(|((at, _), _)| states[*at as usize].live) {
                let place = &mut now.states[k][at as usize];
                *place = e.select(leave, value, *place);
            }
            now.active[k] = Some(e.binary("xor", active, leave));
        }
        let some = self.any(&now.active);
        exits.leave_if(self.not(some), now.finals(states));
    }
}

/// The most turns of a loop that may not end and for which the function sets no limit.
pub fn turns(e: &Emitter) -> Option<u64> {
    e.dialect.is_simulated().then(loop_limit)
}

/// Where a loop stands: for each vector, its states (of lanes that left: what they left with) and
/// who is still there.
#[derive(Clone)]
struct Now<'e> {
    states: Vec<Vec<V<'e>>>,
    active: Vec<Option<V<'e>>>,
    /// Is "has it left one by one?" asked for after the loop?
    told: bool,
}

impl<'e> Now<'e> {
    /// What is read after the loop.
    fn finals(&self, states: &[State]) -> Vec<V<'e>> {
        let live = |(values, active): (&Vec<V<'e>>, &Option<V<'e>>)| -> Vec<V<'e>> {
            let told = active.filter(|_| self.told).map(|active| {
                let e = active.e;
                e.binary("xor", active, e.int(active.ty, 1))
            });
            states.iter().zip(values).filter(|(s, _)| s.live).map(|(_, &v)| v).chain(told).collect()
        };
        self.states.iter().zip(&self.active).flat_map(live).collect()
    }
}

/// Is there a loop in a block?
fn has_loop(block: &[Step]) -> bool {
    block.iter().any(|step| match step {
        Step::Loop { .. } => true,
        Step::If { then, other, .. } => has_loop(then) || has_loop(other),
        _ => false,
    })
}
