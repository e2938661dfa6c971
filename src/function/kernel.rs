//! [`ElementwiseKernel`]: functions made while the program runs, of closures over expressions.

use super::args::{Arg, Argument, Arrays, Input, Kind, Scalars};
use super::expr::{Bundle, Expr, Var, give};
use super::inputs::{self, Written};
use super::{traced, tracer};
use crate::Array;
use crate::record::Call;
use lazuli_core::{DType, Element, NodeRef, Scalar};
use smallvec::{SmallVec, smallvec};
use std::marker::PhantomData;
use std::panic::Location;

/// A function of elements that is made while the program runs, of a closure over [`Expr`]s: where
/// what to compute is known only then. What is known before is better written as a
/// [`vectorize`](crate::vectorize)d function.
///
/// The closure runs once, when the kernel is made; calls record what it did, broadcast, and fuse with
/// their neighbours as any operation does. Rust's `if` and loops in the closure choose what is
/// written down; [`Expr::select`], [`if_else`], [`while_loop`] and [`while_loop_bounded`] choose for each
/// element.
///
/// ```
/// # use lazuli::prelude::*;
/// use lazuli::{ElementwiseKernel, Expr};
///
/// // A polynomial whose degree and coefficients come from elsewhere.
/// let coefficients = [1.0f32, -0.5, 0.25];
/// let poly = ElementwiseKernel::new("poly", |x: Expr<f32>| {
///     let (last, others) = coefficients.split_last().unwrap();
///     others.iter().rev().fold(Expr::from(*last), |p, &c| p * x + c)
/// });
/// let x = Array::from_vec(vec![0.0, 2.0]);
/// assert_eq!(poly.call(&x).to_vec()?, [1.0, 1.0]);
///
/// let clipped = ElementwiseKernel::new("clipped", |(x, y): (Expr<f64>, Expr<f64>)| {
///     (x.gt(y).select(y, x), x.gt(y))
/// });
/// let (values, were) = clipped.call((&Array::from_vec(vec![1.0, 5.0]), 3.0));
/// assert_eq!(values.to_vec()?, [1.0, 3.0]);
/// assert_eq!(were.to_vec()?, [false, true]);
/// # Ok::<(), lazuli::Error>(())
/// ```
pub struct ElementwiseKernel<I, O> {
    name: &'static str,
    written: Written,
    types: PhantomData<fn(I) -> O>,
}

impl<I: Inputs, O: Outputs> ElementwiseKernel<I, O> {
    /// The kernel that does what `body` does with its arguments. A body that makes no sense (one
    /// that uses an expression of another kernel, say) poisons what calls give.
    #[track_caller]
    pub fn new(name: &'static str, body: impl FnOnce(I) -> O) -> ElementwiseKernel<I, O> {
        let open = tracer::open(name, Location::caller());
        give(body(I::inputs()));
        let written = open.finish();
        ElementwiseKernel { name, written, types: PhantomData }
    }

    /// Its name, as errors and plans print it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Records a call: one array for each result. Arguments are arrays, references to arrays and
    /// scalars, which are broadcast; scalars alone give arrays of no axes.
    #[track_caller]
    pub fn call(&self, arguments: impl Given<I>) -> O::Arrays {
        let nodes = inputs::record(Call::new(self.name), &self.written, arguments.inputs(), &O::dtypes());
        O::arrays(&mut nodes.into_iter())
    }
}

impl<I, O> Clone for ElementwiseKernel<I, O> {
    fn clone(&self) -> Self {
        ElementwiseKernel { name: self.name, written: self.written.clone(), types: PhantomData }
    }
}

impl<I, O> std::fmt::Debug for ElementwiseKernel<I, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ElementwiseKernel").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a kernel's closure takes: an [`Expr`], or a tuple of up to eight.
pub trait Inputs: Bundle {
    #[doc(hidden)]
    fn inputs() -> Self;
}

/// What a kernel's closure gives: an [`Expr`], or a tuple of up to eight.
pub trait Outputs: Bundle {
    /// What a call gives: an array, or a tuple of arrays.
    type Arrays;
    #[doc(hidden)]
    fn dtypes() -> SmallVec<[DType; 2]>;
    #[doc(hidden)]
    fn arrays(nodes: &mut dyn Iterator<Item = NodeRef>) -> Self::Arrays;
}

/// What a call of a kernel takes where its closure takes `I`: an array, a reference to one, or a
/// scalar; or a tuple of these.
pub trait Given<I> {
    #[doc(hidden)]
    fn inputs(self) -> SmallVec<[Input; 3]>;
}

/// The kinds that have values.
pub trait Valued: Kind {}
impl Valued for Scalars {}
impl Valued for Arrays {}

/// What an array or a scalar is for a call.
pub fn input<T: Element>(argument: Argument<T>) -> Input {
    match argument {
        Argument::Scalar(v) => Input::Value(Scalar::new(v)),
        Argument::Array(node) => Input::Node(node),
        Argument::Expr(_) => unreachable!("expressions are not `Valued`"),
    }
}

impl<T: Element> Inputs for Expr<T> {
    fn inputs() -> Expr<T> {
        Expr::argument()
    }
}

impl<T: Element> Outputs for Expr<T> {
    type Arrays = Array<T>;
    fn dtypes() -> SmallVec<[DType; 2]> {
        smallvec![T::DTYPE]
    }
    fn arrays(nodes: &mut dyn Iterator<Item = NodeRef>) -> Array<T> {
        Array::of(nodes.next().expect("a node for each result"))
    }
}

impl<T: Element, X: Arg<T, Kind: Valued>> Given<Expr<T>> for X {
    fn inputs(self) -> SmallVec<[Input; 3]> {
        smallvec![input(self.operand())]
    }
}

macro_rules! tuples {
    ($($($name:ident $given:ident $n:tt)+;)*) => {$(
        impl<$($name: Element),+> Inputs for ($(Expr<$name>,)+) {
            fn inputs() -> Self {
                ($(Expr::<$name>::argument(),)+)
            }
        }
        impl<$($name: Element),+> Outputs for ($(Expr<$name>,)+) {
            type Arrays = ($(Array<$name>,)+);
            fn dtypes() -> SmallVec<[DType; 2]> {
                SmallVec::from_slice(&[$($name::DTYPE),+])
            }
            fn arrays(nodes: &mut dyn Iterator<Item = NodeRef>) -> Self::Arrays {
                ($(Array::<$name>::of(nodes.next().expect("a node for each result")),)+)
            }
        }
        impl<$($name: Element, $given: Arg<$name, Kind: Valued>),+> Given<($(Expr<$name>,)+)> for ($($given,)+) {
            fn inputs(self) -> SmallVec<[Input; 3]> {
                let mut inputs = SmallVec::new();
                $(inputs.push(input(self.$n.operand()));)+
                inputs
            }
        }
    )*};
}
tuples! {
    A X0 0;
    A X0 0 B X1 1;
    A X0 0 B X1 1 C X2 2;
    A X0 0 B X1 1 C X2 2 D X3 3;
    A X0 0 B X1 1 C X2 2 D X3 3 E X4 4;
    A X0 0 B X1 1 C X2 2 D X3 3 E X4 4 F X5 5;
    A X0 0 B X1 1 C X2 2 D X3 3 E X4 4 F X5 5 G X6 6;
    A X0 0 B X1 1 C X2 2 D X3 3 E X4 4 F X5 5 G X6 6 H X7 7;
}

/// For each element one of two: `then` where the condition holds, `other` elsewhere. Unlike
/// [`Expr::select`], an element takes only the way that it needs.
///
/// ```
/// # use lazuli::prelude::*;
/// use lazuli::{ElementwiseKernel, Expr, if_else};
/// let k = ElementwiseKernel::new("k", |x: Expr<f32>| if_else(x.lt(0.0), || x.exp() - 1.0, || x));
/// assert_eq!(k.call(&Array::from_vec(vec![2.0, -0.0])).to_vec()?, [2.0, 0.0]);
/// # Ok::<(), lazuli::Error>(())
/// ```
#[track_caller]
pub fn if_else<B: Bundle>(condition: Expr<bool>, then: impl FnOnce() -> B, other: impl FnOnce() -> B) -> B {
    let chosen = Var::unset();
    traced::begin_if(condition);
    chosen.set(then());
    traced::begin_else();
    chosen.set(other());
    traced::end_if();
    chosen.get()
}

/// For each element, `turn` again and again while the condition holds: gives the state at the end. Where the condition
/// may hold for ever, [`while_loop_bounded`] says how often at most.
///
/// ```
/// # use lazuli::prelude::*;
/// use lazuli::{ElementwiseKernel, Expr, while_loop};
/// let gcd = ElementwiseKernel::new("gcd", |(a, b): (Expr<u64>, Expr<u64>)| {
///     while_loop((a, b), |(_, b)| b.ne(0), |(a, b)| (b, a % b)).0
/// });
/// assert_eq!(gcd.call((&Array::from_vec(vec![12, 35]), 21)).to_vec()?, [3, 7]);
/// # Ok::<(), lazuli::Error>(())
/// ```
#[track_caller]
pub fn while_loop<B: Bundle>(
    first: B,
    condition: impl FnOnce(B) -> Expr<bool>,
    turn: impl FnOnce(B) -> B,
) -> B {
    turns(None, first, condition, turn)
}

/// [`while_loop`] with the most turns that an element may take: what `max_iterations` is to the loops of a
/// [`vectorize`](crate::vectorize)d function. If an element wants more, evaluating is an `Err` that names the kernel and
/// the line of this call.
///
/// ```
/// # use lazuli::prelude::*;
/// use lazuli::{ElementwiseKernel, Expr, while_loop_bounded};
/// // Newton's method, which goes round for ever for some numbers.
/// let root = ElementwiseKernel::new("root", |a: Expr<f64>| {
///     let near = |x: Expr<f64>| (x * x - a).abs().le(a * 1e-15);
///     while_loop_bounded(100, a, |x| !near(x), |x| (x + a / x) * 0.5)
/// });
/// assert_eq!(root.call(&Array::from_vec(vec![4.0, 9.0])).to_vec()?, [2.0, 3.0]);
/// let error = root.call(&Array::from_vec(vec![4.0, -1.0])).to_vec().unwrap_err();
/// assert!(error.to_string().contains("took more turns than its `max_iterations`"));
/// # Ok::<(), lazuli::Error>(())
/// ```
#[track_caller]
pub fn while_loop_bounded<B: Bundle>(
    max_iterations: u64,
    first: B,
    condition: impl FnOnce(B) -> Expr<bool>,
    turn: impl FnOnce(B) -> B,
) -> B {
    turns(Some(max_iterations), first, condition, turn)
}

#[track_caller]
fn turns<B: Bundle>(
    limit: Option<u64>,
    first: B,
    condition: impl FnOnce(B) -> Expr<bool>,
    turn: impl FnOnce(B) -> B,
) -> B {
    let state = Var::new(first);
    // What asks, in vain, whether there is one more turn counts for none.
    let turns = traced::begin_while(limit);
    traced::begin_if(traced::not(condition(state.get())));
    traced::break_(turns);
    traced::end_if();
    state.set(turn(state.get()));
    traced::end_loop();
    state.get()
}
