//! Which variables are read after a loop, and which ways lead out of a statement.

use super::builder::{Statement, Variable};
use std::collections::{BTreeMap, BTreeSet};

/// A way out of statements other than falling off their end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Exit {
    /// Out of the loop of this number.
    Break(usize),
    /// To the next turn of the loop of this number.
    Continue(usize),
    /// Out of the function.
    Return,
}

/// All ways out of some statements.
pub(super) fn exits(statements: &[Statement]) -> BTreeSet<Exit> {
    let mut all = BTreeSet::new();
    for statement in statements {
        match statement {
            Statement::Break(l) => drop(all.insert(Exit::Break(*l))),
            Statement::Continue(l) => drop(all.insert(Exit::Continue(*l))),
            Statement::Return(_) => drop(all.insert(Exit::Return)),
            Statement::If(_, then, other) => all.extend(exits(then).into_iter().chain(exits(other))),
            Statement::Loop(l, body) => {
                let own = [Exit::Break(*l), Exit::Continue(*l)];
                all.extend(exits(body).into_iter().filter(|e| !own.contains(e)));
            }
            Statement::Compute(_) | Statement::Get(..) | Statement::Set(..) | Statement::Do(_) => {}
        }
    }
    all
}

/// Do the statements never fall off their end?
pub(super) fn never_falls(statements: &[Statement]) -> bool {
    statements.iter().any(|s| match s {
        Statement::Break(_) | Statement::Continue(_) | Statement::Return(_) => true,
        Statement::If(_, then, other) => never_falls(then) && never_falls(other),
        Statement::Loop(l, body) => !exits(body).contains(&Exit::Break(*l)),
        _ => false,
    })
}

/// The variables that some statements assign.
pub(super) fn assigned(statements: &[Statement]) -> BTreeSet<Variable> {
    let mut all = BTreeSet::new();
    for statement in statements {
        match statement {
            Statement::Set(variable, _) => drop(all.insert(*variable)),
            Statement::If(_, then, other) => all.extend(assigned(then).into_iter().chain(assigned(other))),
            Statement::Loop(_, body) => all.extend(assigned(body)),
            _ => {}
        }
    }
    all
}

/// Where loops and variables are in the text, by the number of the statement.
#[derive(Default)]
pub(super) struct Live {
    next: usize,
    /// First and last statement of a loop, and the loops around it.
    loops: BTreeMap<usize, (usize, usize, Vec<usize>)>,
    declared: BTreeMap<Variable, usize>,
    reads: BTreeMap<Variable, Vec<usize>>,
}

impl Live {
    pub fn new(statements: &[Statement]) -> Live {
        let mut live = Live::default();
        live.walk(statements, &mut Vec::new());
        live
    }

    fn walk(&mut self, statements: &[Statement], around: &mut Vec<usize>) {
        for statement in statements {
            let here = self.next;
            self.next += 1;
            match statement {
                Statement::Get(_, variable) => self.reads.entry(*variable).or_default().push(here),
                Statement::Set(variable, _) => drop(self.declared.entry(*variable).or_insert(here)),
                Statement::If(_, then, other) => {
                    self.walk(then, around);
                    self.walk(other, around);
                }
                Statement::Loop(l, body) => {
                    around.push(*l);
                    self.walk(body, around);
                    around.pop();
                    self.loops.insert(*l, (here, self.next, around.clone()));
                }
                _ => {}
            }
        }
    }

    /// May a variable's value at the end of a loop be read later? A loop around this one reads
    /// what it does not declare in its own turn.
    pub fn after(&self, l: usize, variable: Variable) -> bool {
        let (_, end, around) = &self.loops[&l];
        let Some(reads) = self.reads.get(&variable) else { return false };
        let declared = self.declared[&variable];
        reads.iter().any(|r| r >= end)
            || around.iter().any(|outer| {
                let (begin, end, _) = &self.loops[outer];
                declared < *begin && reads.iter().any(|r| (begin..end).contains(&r))
            })
    }
}
