//! Takes out of a lowered function what no result needs.

use super::lower::Lowered;
use super::{Act, Block, Join, Source, State, Step, Val, Value};

const NONE: Val = Val::MAX;

/// Takes out what no result needs, and numbers the rest in the order of the text.
pub(super) fn prune(values: Vec<Value>, body: Block, results: Vec<Val>) -> Lowered {
    let mut wanted = vec![false; values.len()];
    results.iter().for_each(|&r| wanted[r as usize] = true);
    // Loops want what they carry, so this goes around until nothing is new.
    while want(&values, &body, &mut wanted) {}
    let new = vec![NONE; values.len()];
    let mut p = Prune { old: &values, wanted: &wanted, new, values: Vec::new() };
    for v in 0..p.old.len() {
        // Arguments stay, so that their numbers do.
        if let Source::Argument(_) = p.old[v].source {
            p.number(v as Val);
        }
    }
    let body = p.block(&body);
    let results = results.iter().map(|&r| p.new[r as usize]).collect();
    Lowered { values: p.values, body, results }
}

/// Marks what the marked values of a block are made of. Was anything new?
fn want(values: &[Value], block: &Block, wanted: &mut [bool]) -> bool {
    let mut new = false;
    for step in block.iter().rev() {
        let mut mark = |v: Val, wanted: &mut [bool]| new |= !std::mem::replace(&mut wanted[v as usize], true);
        match step {
            Step::Run(range) => {
                for v in range.clone().rev().filter(|&v| wanted[v as usize]).collect::<Vec<_>>() {
                    if let Source::Map(_, args) = &values[v as usize].source {
                        args.iter().for_each(|&a| mark(a, wanted));
                    }
                }
            }
            Step::If { cond, then, other, joins } => {
                for join in joins.iter().filter(|j| wanted[j.value as usize]).collect::<Vec<_>>() {
                    join.then.into_iter().chain(join.other).for_each(|v| mark(v, wanted));
                }
                if is_wanted(step, wanted) {
                    mark(*cond, wanted);
                }
                let (a, b) = (want(values, then, wanted), want(values, other, wanted));
                new |= a | b;
            }
            Step::Loop { states, body, .. } => {
                for state in states.iter().filter(|s| wanted[s.value as usize]).collect::<Vec<_>>() {
                    mark(state.first, wanted);
                    mark(state.next, wanted);
                }
                if is_wanted(step, wanted) {
                    for exit in body {
                        let Step::Exit { cond, keep } = exit else { continue };
                        mark(*cond, wanted);
                        for &(at, v) in keep {
                            if wanted[states[at as usize].value as usize] {
                                mark(v, wanted);
                            }
                        }
                    }
                }
                new |= want(values, body, wanted);
            }
            Step::Exit { .. } => {}
            Step::Do(act) => act.operands.iter().for_each(|&v| mark(v, wanted)),
        }
    }
    new
}

/// Does a step give anything that is wanted? (Exits belong to their loop.)
fn is_wanted(step: &Step, wanted: &[bool]) -> bool {
    let has = |v: Val| wanted[v as usize];
    match step {
        Step::Run(range) => range.clone().any(has),
        Step::If { joins, then, other, .. } => {
            joins.iter().any(|j| has(j.value)) || then.iter().chain(other).any(|s| is_wanted(s, wanted))
        }
        // That a loop passes its limit is something to be told.
        Step::Loop { limit: Some(_), .. } => true,
        Step::Loop { states, body, .. } => {
            let acts = |s: &Step| !matches!(s, Step::Exit { .. }) && is_wanted(s, wanted);
            states.iter().any(|s| has(s.value)) || body.iter().any(acts)
        }
        Step::Exit { .. } | Step::Do(_) => true,
    }
}

struct Prune<'a> {
    old: &'a [Value],
    wanted: &'a [bool],
    new: Vec<Val>,
    values: Vec<Value>,
}

impl Prune<'_> {
    fn number(&mut self, v: Val) -> Val {
        let mut value = self.old[v as usize].clone();
        if let Source::Map(_, args) = &mut value.source {
            args.iter_mut().for_each(|a| *a = self.new[*a as usize]);
        }
        self.values.push(value);
        self.new[v as usize] = self.values.len() as Val - 1;
        self.new[v as usize]
    }

    fn block(&mut self, block: &Block) -> Block {
        let mut out = Block::new();
        for step in block.iter().filter(|s| is_wanted(s, self.wanted)) {
            match step {
                Step::Run(range) => {
                    for v in range.clone() {
                        if !self.wanted[v as usize] {
                            continue;
                        }
                        let v = self.number(v);
                        match out.last_mut() {
                            Some(Step::Run(range)) if range.end == v => range.end += 1,
                            _ => out.push(Step::Run(v..v + 1)),
                        }
                    }
                }
                Step::If { cond, then, other, joins } => {
                    let (then, other) = (self.block(then), self.block(other));
                    let mut kept = Vec::new();
                    for join in joins.iter().filter(|j| self.wanted[j.value as usize]) {
                        let side = |v: Option<Val>| v.map(|v| self.new[v as usize]);
                        let (then, other) = (side(join.then), side(join.other));
                        kept.push(Join { value: self.number(join.value), then, other });
                    }
                    out.push(Step::If { cond: self.new[*cond as usize], then, other, joins: kept });
                }
                Step::Loop { states, body, limit, kind, line, number } => {
                    let mut positions = vec![None; states.len()];
                    let mut kept = Vec::new();
                    for (at, state) in states.iter().enumerate() {
                        if self.wanted[state.value as usize] {
                            positions[at] = Some(kept.len() as u16);
                            let first = self.new[state.first as usize];
                            let value = self.number(state.value);
                            kept.push((State { value, first, ..*state }, state.next));
                        }
                    }
                    let mut body = self.block(body);
                    for step in &mut body {
                        if let Step::Exit { keep, .. } = step {
                            keep.retain_mut(|(at, v)| {
                                let kept = positions[*at as usize];
                                *at = kept.unwrap_or(0);
                                *v = self.new.get(*v as usize).copied().unwrap_or(NONE);
                                kept.is_some()
                            });
                        }
                    }
                    let states =
                        kept.into_iter().map(|(s, next)| State { next: self.new[next as usize], ..s });
                    let (limit, kind, line, number) = (*limit, *kind, *line, *number);
                    out.push(Step::Loop { states: states.collect(), body, limit, kind, line, number });
                }
                Step::Do(act) => {
                    let operands = act.operands.iter().map(|&v| self.new[v as usize]).collect();
                    let result = act.result.map(|v| self.number(v));
                    out.push(Step::Do(Act { operands, result, ..act.clone() }));
                }
                Step::Exit { cond, keep } => {
                    out.push(Step::Exit { cond: self.new[*cond as usize], keep: keep.clone() });
                }
            }
        }
        out
    }
}
