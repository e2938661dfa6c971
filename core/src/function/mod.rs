//! Functions of scalars that a program brings along: bodies with control flow.
//!
//! Two forms. A [`Builder`] takes a function down as it was written: variables that are assigned,
//! `if`, loops, `break`, `continue`, `return`. [`Builder::finish`] turns that into a [`Function`],
//! which is what engines run: values in SSA form and *structure* around them.
//!
//! ```text
//! Run    computes values, in order
//! If     one of two blocks, whose values meet in the results
//! Loop   a block again and again, with states that are carried from turn to turn
//! Exit   lanes for which the condition holds leave the loop (only directly in a loop's block)
//! Do     an effect, in kernels at thread level ([`effect`])
//! ```
//!
//! So there is one way out of a loop and none out of a block: what the function wrote as `break`,
//! `continue` and `return` has become conditions (see [`lower`]). An engine that runs
//! many lanes at once needs nothing but masks, one that runs a single lane nothing but branches.
//!
//! Invariants (checked by [`Function::verify`]): a value is used only where every way to it goes
//! through its definition; the state of a loop that is not `live` is not used after the loop;
//! operations are total, so that computing what nobody asked for is harmless but for its time.

use crate::dtype::{DType, Scalar};
use crate::op::MapOp;
use smallvec::SmallVec;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

mod builder;
mod effect;
mod live;
mod loop_limit;
mod lower;
mod prune;
#[cfg(test)]
mod tests;

pub use builder::{Builder, Variable};
pub use effect::{Act, Atomic, Effect, Fact, Memory, Place, Shared, Shuffle, Slice, Vote};
pub use loop_limit::loop_limit;

/// Stands for a value of a function.
pub type Val = u32;
/// Steps, one after the other.
pub type Block = Vec<Step>;

/// How a value comes about.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Source {
    /// The argument of this number.
    Argument(u16),
    /// A constant of the function's text.
    Constant(Scalar),
    /// An elementwise operation of other values.
    Map(MapOp, SmallVec<[Val; 3]>),
    /// Given by structure: a result of an `If`, a state of a `Loop`, or what an effect gives.
    Joined,
}

/// A value of a function.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Value {
    /// How it comes about.
    pub source: Source,
    /// Its type.
    pub dtype: DType,
}

/// A value that two blocks give.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Join {
    /// The value after the blocks.
    pub value: Val,
    /// What it is where the condition holds; `None` if nobody asks there.
    pub then: Option<Val>,
    /// What it is elsewhere; `None` if nobody asks there.
    pub other: Option<Val>,
}

/// A value that a loop carries from turn to turn.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct State {
    /// The value at the beginning of a turn, and after the loop.
    pub value: Val,
    /// Its value before the first turn.
    pub first: Val,
    /// Its value after a turn, for the lanes that go on.
    pub next: Val,
    /// Is it used after the loop?
    pub live: bool,
}

/// How a loop was written, which says when a turn counts, and whether turns need be counted at all.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LoopKind {
    /// `loop`.
    Forever,
    /// `while`.
    While,
    /// `for`, over a range.
    For,
}

impl LoopKind {
    /// Does a turn count only when its first exit is behind it? (As it asks there whether to go on.)
    pub fn asks(self) -> bool {
        self != LoopKind::Forever
    }

    /// Does it end whatever is done in it?
    pub fn ends(self) -> bool {
        self == LoopKind::For
    }
}

/// Structure.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// Computes these values, in order.
    Run(Range<Val>),
    /// One of two blocks.
    If {
        /// A bool.
        cond: Val,
        /// Where it holds.
        then: Block,
        /// Where it does not.
        other: Block,
        /// The values that come out.
        joins: Vec<Join>,
    },
    /// A block until all lanes have left.
    Loop {
        /// What is carried.
        states: Vec<State>,
        /// A turn.
        body: Block,
        /// The most turns, if there is a limit; passing it is an error.
        limit: Option<u64>,
        /// How it was written.
        kind: LoopKind,
        /// The line of the loop.
        line: u32,
        /// Its number in the function as it was written.
        number: u32,
    },
    /// Lanes leave the loop in whose block this stands. Their states are those of the beginning of
    /// the turn but for those named.
    Exit {
        /// A bool: who leaves.
        cond: Val,
        /// States (by position) with the value that leaving lanes give them.
        keep: Vec<(u16, Val)>,
    },
    /// Something is done, in a kernel.
    Do(Act),
}

/// A function of scalars, ready for the engines.
#[derive(Debug)]
pub struct Function {
    /// Its name in the program.
    pub name: &'static str,
    /// Where it stands there.
    pub at: &'static Location<'static>,
    /// Types of the arguments.
    pub arguments: Vec<DType>,
    /// The values.
    pub values: Vec<Value>,
    /// What to do.
    pub body: Block,
    /// The values that it gives.
    pub results: Vec<Val>,
    /// What it has as a kernel at thread level.
    pub memory: Option<Memory>,
    /// A number that no other function of this process has.
    id: u64,
}

/// The same text is the same function, wherever it stands.
impl PartialEq for Function {
    fn eq(&self, o: &Function) -> bool {
        fn parts(f: &Function) -> (&[DType], &[Value], &Block, &[Val], &Option<Memory>) {
            (&f.arguments, &f.values, &f.body, &f.results, &f.memory)
        }
        self.id == o.id || parts(self) == parts(o)
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, h: &mut H) {
        (&self.arguments, &self.values, &self.body, &self.results, &self.memory).hash(h);
    }
}

impl Function {
    fn new(
        name: &'static str,
        at: &'static Location<'static>,
        arguments: Vec<DType>,
        values: Vec<Value>,
        body: Block,
        results: Vec<Val>,
        memory: Option<Memory>,
    ) -> Result<Arc<Function>, String> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let f = Function { name, at, arguments, values, body, results, memory, id };
        f.verify()?;
        Ok(Arc::new(f))
    }

    /// A number that no other function of this process has.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Type of result `r`.
    pub fn result(&self, r: usize) -> DType {
        self.values[self.results[r] as usize].dtype
    }

    /// Number of operations in its text.
    pub fn len(&self) -> usize {
        self.values.iter().filter(|v| matches!(v.source, Source::Map(..))).count()
    }

    /// Has it no operations?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Does it do nothing but give its arguments, in order?
    pub fn gives_arguments(&self) -> bool {
        let given = self.results.iter().map(|&r| &self.values[r as usize].source);
        given.eq((0..self.arguments.len() as u16).map(Source::Argument).collect::<Vec<_>>().iter())
    }

    /// Does it loop?
    pub fn loops(&self) -> bool {
        fn any(block: &Block) -> bool {
            block.iter().any(|step| match step {
                Step::Loop { .. } => true,
                Step::If { then, other, .. } => any(then) || any(other),
                Step::Run(_) | Step::Exit { .. } | Step::Do(_) => false,
            })
        }
        any(&self.body)
    }

    /// Checks the invariants; the message says which is broken and where.
    pub fn verify(&self) -> Result<(), String> {
        let mut known = vec![false; self.values.len()];
        for (v, value) in self.values.iter().enumerate() {
            known[v] = matches!(value.source, Source::Argument(_));
        }
        self.check(&self.body, &mut known, None)?;
        self.results.iter().try_for_each(|&r| check_known(&known, r, "a result"))
    }

    /// Checks a block; `known` has the values that may be used, before and after. Directly in a
    /// loop, `states` is how many it has.
    fn check(&self, block: &Block, known: &mut [bool], states: Option<usize>) -> Result<(), String> {
        for step in block {
            match step {
                Step::Run(range) => {
                    for v in range.clone() {
                        match &self.values[v as usize].source {
                            Source::Map(_, args) => {
                                args.iter().try_for_each(|&a| check_known(known, a, &format!("%{v}")))?
                            }
                            Source::Constant(_) => {}
                            other => return Err(format!("%{v} is {other:?}, which is not computed")),
                        }
                        known[v as usize] = true;
                    }
                }
                Step::If { cond, then, other, joins } => {
                    check_known(known, *cond, "if")?;
                    self.check_bool(*cond, "if")?;
                    let (mut yes, mut no) = (known.to_vec(), known.to_vec());
                    self.check(then, &mut yes, None)?;
                    self.check(other, &mut no, None)?;
                    for join in joins {
                        join.then.iter().try_for_each(|&v| check_known(&yes, v, "a join"))?;
                        join.other.iter().try_for_each(|&v| check_known(&no, v, "a join"))?;
                        known[join.value as usize] = true;
                    }
                }
                Step::Loop { states, body, .. } => {
                    let mut inside = known.to_vec();
                    for state in states {
                        check_known(known, state.first, "a state")?;
                        inside[state.value as usize] = true;
                    }
                    self.check(body, &mut inside, Some(states.len()))?;
                    for state in states {
                        check_known(&inside, state.next, "a state")?;
                        known[state.value as usize] = state.live;
                    }
                }
                Step::Do(act) => {
                    if self.memory.is_none() {
                        return Err(format!("{:?} in a function that is no kernel", act.effect));
                    }
                    act.operands.iter().try_for_each(|&v| check_known(known, v, "an effect"))?;
                    self.check_act(act)?;
                    act.result.into_iter().for_each(|v| known[v as usize] = true);
                }
                Step::Exit { cond, keep } => {
                    let Some(states) = states else { return Err("an exit outside a loop".into()) };
                    check_known(known, *cond, "an exit")?;
                    self.check_bool(*cond, "an exit")?;
                    for &(state, v) in keep {
                        check_known(known, v, "an exit")?;
                        if state as usize >= states {
                            return Err(format!("an exit keeps state {state} of {states}"));
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

impl Function {
    fn check_bool(&self, v: Val, user: &str) -> Result<(), String> {
        match self.values[v as usize].dtype {
            DType::Bool => Ok(()),
            other => Err(format!("{user} asks %{v}, which is {other} and no bool")),
        }
    }

    /// Has an effect the operands that it needs, and are they of types that engines reach memory with?
    fn check_act(&self, act: &Act) -> Result<(), String> {
        let memory = self.memory.as_ref().expect("a kernel");
        let wrong = |why: &str| Err(format!("{:?} {why}", act.effect));
        let of = |v: Val| self.values[v as usize].dtype;
        let element = |place: Place| match place {
            Place::Slice(s) => memory.slices.get(usize::from(s)).map(|s| s.dtype),
            Place::Shared(s) => memory.shared.get(usize::from(s)).map(|s| s.dtype),
        };
        let operands: SmallVec<[DType; 3]> = act.operands.iter().map(|&v| of(v)).collect();
        let expected: SmallVec<[DType; 3]> = match act.effect {
            Effect::Barrier => SmallVec::new(),
            Effect::Vote(_) => SmallVec::from_slice(&[DType::Bool]),
            Effect::Shuffle(_) => match operands.first() {
                Some(&dtype) => SmallVec::from_slice(&[dtype, DType::I64]),
                None => return wrong("of nothing"),
            },
            Effect::Within(place, _) if element(place).is_some() => {
                SmallVec::from_slice(&[DType::I64, DType::I64])
            }
            Effect::Within(..) => return wrong("of an array that there is not"),
            Effect::Load(place) | Effect::Store(place) | Effect::Atomic(_, place) => {
                let Some(dtype) = element(place) else { return wrong("of an array that there is not") };
                if dtype.compute() != dtype || dtype.size() == 16 {
                    return wrong(&format!("of {dtype}, which kernels at thread level have not"));
                }
                let bits = |op| matches!(op, Atomic::And | Atomic::Or | Atomic::Xor);
                match act.effect {
                    Effect::Load(_) => SmallVec::from_slice(&[DType::I64]),
                    Effect::Store(_) => SmallVec::from_slice(&[DType::I64, dtype]),
                    Effect::Atomic(..) if dtype == DType::Bool => return wrong("of bools"),
                    Effect::Atomic(op, _) if bits(op) && dtype.is_float() => return wrong("of floats"),
                    Effect::Atomic(Atomic::CompareExchange, _) => {
                        SmallVec::from_slice(&[DType::I64, dtype, dtype])
                    }
                    _ => SmallVec::from_slice(&[DType::I64, dtype]),
                }
            }
        };
        if operands != expected {
            return wrong(&format!("of {operands:?}, where {expected:?} are needed"));
        }
        match act.effect {
            Effect::Store(Place::Slice(s)) | Effect::Atomic(_, Place::Slice(s))
                if !memory.slices[usize::from(s)].writable =>
            {
                wrong("of a slice that is not to be written")
            }
            _ => Ok(()),
        }
    }
}

fn check_known(known: &[bool], v: Val, user: &str) -> Result<(), String> {
    match known.get(v as usize) {
        Some(true) => Ok(()),
        _ => Err(format!("{user} uses %{v}, which has no value there")),
    }
}
