//! Writes functions down while Rust runs them: a stack of functions under construction, a thread's own.
//!
//! An [`Expr`](crate::Expr) is a number that means something to the function in which it was made; it
//! carries that function's number too. What does not fit together (a value of another function, say)
//! is noted, and told when the function is finished: nothing here panics. A panic of the program's own
//! closures unwinds through [`Open`] and takes the unfinished function along.

use super::stencil::Sight;
use lazuli_core::function::{Builder, Effect, Fact, Function, Place as Memory, Shared, Slice, Val, Variable};
use lazuli_core::op::MapOp;
use lazuli_core::{DType, Element, Scalar};
use std::any::TypeId;
use std::cell::RefCell;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many values a function may have: calls are written out where they stand, so functions that
/// call functions could grow without bound.
const VALUES: usize = 1 << 14;

/// How many elements a stencil may see.
const SIGHTS: usize = 128;

struct Tracer {
    id: u32,
    builder: Builder,
    values: usize,
    problem: Option<String>,
    /// The functions whose bodies are being written, outermost first.
    inside: Vec<TypeId>,
    /// What a stencil sees beside its arguments, each an argument more.
    sights: Vec<(Sight, Traced)>,
}

thread_local! {
    static TRACERS: RefCell<Vec<Tracer>> = const { RefCell::new(Vec::new()) };
}

/// A value of the function of number `trace`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Traced {
    pub val: Val,
    pub trace: u32,
}

/// A variable of the function of number `trace`.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    variable: Option<Variable>,
    trace: u32,
}

/// A loop of the function of number `trace`.
#[derive(Clone, Copy, Debug)]
pub struct Turns {
    number: usize,
    trace: u32,
}

impl Tracer {
    fn wrong(&mut self, problem: impl Into<String>) {
        self.problem.get_or_insert_with(|| problem.into());
    }

    fn foreign(&mut self) {
        self.wrong("an expression is used outside of the function that it was made for");
    }

    /// Counts a value. False if there are too many.
    fn room(&mut self) -> bool {
        self.values += 1;
        if self.values > VALUES {
            self.wrong(format!("the function has more than {VALUES} operations, its calls written out"));
        }
        self.values <= VALUES
    }

    fn constant(&mut self, value: Scalar) -> Traced {
        Traced { val: self.builder.constant(value), trace: self.id }
    }

    /// The value's number in this function; that of a zero if it is not of this function.
    fn own(&mut self, v: Traced, dtype: DType) -> Val {
        if v.trace == self.id {
            return v.val;
        }
        self.foreign();
        self.builder.constant(Scalar { dtype, bits: 0 })
    }
}

/// Runs `f` with the function that is being written. Without one there is nobody to tell anything.
fn with<R>(f: impl FnOnce(&mut Tracer) -> R) -> Option<R> {
    TRACERS.with_borrow_mut(|all| all.last_mut().map(f))
}

const NOWHERE: Traced = Traced { val: 0, trace: 0 };

/// A function that is being written. Taken away when this is dropped, also by a panic.
pub(super) struct Open(u32);

/// Begins to write a function down: what is done with expressions from now on.
pub(super) fn open(name: &'static str, at: &'static Location<'static>) -> Open {
    open_with(Builder::new(name, at))
}

/// The same of a kernel of threads.
pub(super) fn open_kernel(name: &'static str, at: &'static Location<'static>) -> Open {
    open_with(Builder::kernel(name, at))
}

fn open_with(builder: Builder) -> Open {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    // 0 is nobody's number.
    let id = NEXT.fetch_add(1, Ordering::Relaxed).max(1);
    let tracer = Tracer { id, builder, values: 0, problem: None, inside: Vec::new(), sights: Vec::new() };
    TRACERS.with_borrow_mut(|all| all.push(tracer));
    Open(id)
}

impl Open {
    fn take(&self) -> Option<Tracer> {
        TRACERS.with_borrow_mut(|all| {
            let at = all.iter().position(|t| t.id == self.0)?;
            all.truncate(at + 1);
            all.pop()
        })
    }

    /// The whole function.
    pub(super) fn finish(self) -> Result<Arc<Function>, String> {
        let tracer = self.take().ok_or("the function was lost while it was written")?;
        match tracer.problem {
            Some(problem) => Err(problem),
            None => tracer.builder.finish(),
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.take();
    }
}

/// Begins to write the body of a vectorised function. False if it is its own caller, or if there is a
/// problem already: who calls itself twice in each body would otherwise call for ever.
pub(super) fn enter(function: TypeId, name: &str) -> bool {
    let fresh = with(|t| {
        if t.problem.is_some() || !t.room() {
            return false;
        }
        let fresh = !t.inside.contains(&function);
        if fresh {
            t.inside.push(function);
        } else {
            t.wrong(format!("`{name}` calls itself, by way of others: write a loop"));
        }
        fresh
    });
    fresh != Some(false)
}

/// Ends the body that was entered last.
pub(super) fn leave() {
    with(|t| t.inside.pop());
}

pub(super) fn argument(dtype: DType) -> Traced {
    with(|t| Traced { val: t.builder.argument(dtype), trace: t.id }).unwrap_or(NOWHERE)
}

/// What a stencil sees, as an argument of its function.
pub(super) fn sight(sight: Sight, dtype: DType) -> Traced {
    with(|t| {
        if let Some((_, known)) = t.sights.iter().find(|(s, _)| *s == sight) {
            return *known;
        }
        let is_element = |s: &Sight| matches!(s, Sight::Element { .. });
        if is_element(&sight) && t.sights.iter().filter(|(s, _)| is_element(s)).count() == SIGHTS {
            t.wrong(format!("a stencil sees {SIGHTS} elements at most"));
            return t.constant(Scalar { dtype, bits: 0 });
        }
        let traced = Traced { val: t.builder.argument(dtype), trace: t.id };
        t.sights.push((sight, traced));
        traced
    })
    .unwrap_or(NOWHERE)
}

/// What the stencil that is being written sees so far.
pub(super) fn sights() -> Vec<Sight> {
    with(|t| t.sights.iter().map(|(s, _)| s.clone()).collect()).unwrap_or_default()
}

pub(super) fn constant(value: Scalar) -> Traced {
    with(|t| if t.room() { t.constant(value) } else { NOWHERE }).unwrap_or(NOWHERE)
}

/// An operation; `operands` with their types.
pub(super) fn map(op: MapOp, dtype: DType, operands: &[(Traced, DType)]) -> Traced {
    with(|t| {
        if !t.room() {
            // The function is lost; its values need not be right any more.
            return NOWHERE;
        }
        let operands: smallvec::SmallVec<[Val; 3]> =
            operands.iter().map(|&(v, dtype)| t.own(v, dtype)).collect();
        Traced { val: t.builder.map(op, dtype, &operands), trace: t.id }
    })
    .unwrap_or(NOWHERE)
}

pub(super) fn variable(first: Traced, dtype: DType) -> Place {
    with(|t| {
        let first = t.own(first, dtype);
        Place { variable: Some(t.builder.variable(first)), trace: t.id }
    })
    .unwrap_or(Place { variable: None, trace: 0 })
}

pub(super) fn get(place: Place, dtype: DType) -> Traced {
    with(|t| match place.variable {
        Some(variable) if place.trace == t.id && t.room() => {
            Traced { val: t.builder.get(variable), trace: t.id }
        }
        _ => {
            t.foreign();
            t.constant(Scalar { dtype, bits: 0 })
        }
    })
    .unwrap_or(NOWHERE)
}

pub(super) fn set(place: Place, v: Traced, dtype: DType) {
    with(|t| match place.variable {
        Some(variable) if place.trace == t.id => {
            let v = t.own(v, dtype);
            t.builder.set(variable, v);
        }
        _ => t.foreign(),
    });
}

pub(super) fn begin_if(cond: Traced) {
    with(|t| {
        let cond = t.own(cond, DType::Bool);
        t.builder.begin_if(cond);
    });
}

pub(super) fn begin_else() {
    with(|t| t.builder.begin_else());
}

pub(super) fn end_if() {
    with(|t| t.builder.end_if());
}

pub(super) fn begin_loop(limit: Option<u64>, asks: bool, line: u32) -> Turns {
    with(|t| {
        let number = match asks {
            true => t.builder.begin_while(limit, line),
            false => t.builder.begin_loop(limit, line),
        };
        Turns { number, trace: t.id }
    })
    .unwrap_or(Turns { number: 0, trace: 0 })
}

pub(super) fn ends(turns: Turns) {
    with(|t| if turns.trace == t.id { t.builder.ends(turns.number) } else { t.foreign() });
}

pub(super) fn end_loop() {
    with(|t| t.builder.end_loop());
}

pub(super) fn break_(turns: Turns) {
    with(|t| if turns.trace == t.id { t.builder.break_(turns.number) } else { t.foreign() });
}

pub(super) fn continue_(turns: Turns) {
    with(|t| if turns.trace == t.id { t.builder.continue_(turns.number) } else { t.foreign() });
}

pub(super) fn return_(values: &[(Traced, DType)]) {
    with(|t| {
        let values: Vec<Val> = values.iter().map(|&(v, dtype)| t.own(v, dtype)).collect();
        t.builder.return_(&values);
    });
}

/// A zero, where a value is needed and nobody arrives.
pub(super) fn zero<T: Element>() -> Traced {
    with(|t| t.constant(Scalar { dtype: T::DTYPE, bits: 0 })).unwrap_or(NOWHERE)
}

/// An array of the device, in a kernel of threads.
pub(super) fn slice(slice: Slice) -> Option<Memory> {
    with(|t| t.builder.slice(slice))
}

/// An array of the block, in a kernel of threads.
pub(super) fn shared(array: Shared) -> Option<Memory> {
    with(|t| t.builder.shared(array))
}

/// A number of the launch, in a kernel of threads.
pub(super) fn fact(fact: Fact) -> Traced {
    with(|t| Traced { val: t.builder.fact(fact), trace: t.id }).unwrap_or(NOWHERE)
}

/// Does something, in a kernel of threads; `operands` with their types.
pub(super) fn act(
    effect: Effect,
    operands: &[(Traced, DType)],
    dtype: Option<DType>,
    line: u32,
) -> Option<Traced> {
    with(|t| {
        let operands: smallvec::SmallVec<[Val; 3]> =
            operands.iter().map(|&(v, dtype)| t.own(v, dtype)).collect();
        if !t.room() {
            return Some(NOWHERE);
        }
        let val = t.builder.act(effect, &operands, dtype, line)?;
        Some(Traced { val, trace: t.id })
    })?
}
