//! One name for scalars and for arrays: the kinds of arguments, and what is made of each.
//!
//! A vectorised function is generic in what its arguments are. Each has a *kind*: scalars are
//! computed, arrays are recorded, expressions are written into the function that is being written
//! down. Kinds are joined: a scalar beside an array becomes a constant, so its value is in no key.

use super::expr::{Bundle, Expr, give};
use super::tracer;
use super::{Vectorized, inputs};
use crate::Array;
use crate::record::Call;
use lazuli_core::{DType, Element, NodeRef, Scalar};
use smallvec::SmallVec;
use std::any::TypeId;

/// What a vectorised function takes for an argument of type `T`: a scalar, an array or a reference
/// to one, or, in other vectorised functions, an expression.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot be an argument of type `{T}`",
    label = "expected `{T}`, `Array<{T}>` or `&Array<{T}>`"
)]
pub trait Arg<T: Element> {
    /// The kind of the argument.
    type Kind: Kind;
    /// The argument itself.
    #[doc(hidden)]
    fn operand(self) -> Argument<T>;
}

/// An argument.
pub enum Argument<T: Element> {
    /// A scalar.
    Scalar(T),
    /// An array.
    Array(NodeRef),
    /// A value of the function that is being written.
    Expr(Expr<T>),
}

impl<T: Element> Arg<T> for T {
    type Kind = Scalars;
    #[inline(always)]
    fn operand(self) -> Argument<T> {
        Argument::Scalar(self)
    }
}

impl<T: Element> Arg<T> for Array<T> {
    type Kind = Arrays;
    #[inline]
    fn operand(self) -> Argument<T> {
        Argument::Array(self.into_node())
    }
}

impl<T: Element> Arg<T> for &Array<T> {
    type Kind = Arrays;
    #[inline]
    fn operand(self) -> Argument<T> {
        Argument::Array(self.node().clone())
    }
}

impl<T: Element> Arg<T> for Expr<T> {
    type Kind = Exprs;
    #[inline]
    fn operand(self) -> Argument<T> {
        Argument::Expr(self)
    }
}

/// All arguments are scalars: Rust computes.
pub enum Scalars {}
/// At least one argument is an array: the call is recorded.
pub enum Arrays {}
/// At least one argument is an expression: the body is written down in place of the call.
pub enum Exprs {}

/// What a call does, and what it gives.
pub trait Kind: Sized {
    /// What it gives for a result of type `T`.
    type Of<T: Element>;
    /// The call.
    #[doc(hidden)]
    #[track_caller]
    fn call<V: Vectorized>(
        arguments: <V::Arguments as Arguments>::Given,
    ) -> <V::Results as Results>::Of<Self>;
}

impl Kind for Scalars {
    type Of<T: Element> = T;
    #[inline(always)]
    fn call<V: Vectorized>(
        arguments: <V::Arguments as Arguments>::Given,
    ) -> <V::Results as Results>::Of<Scalars> {
        V::scalar(<V::Arguments as Arguments>::scalars(arguments)).scalars()
    }
}

impl Kind for Arrays {
    type Of<T: Element> = Array<T>;
    #[track_caller]
    fn call<V: Vectorized>(
        arguments: <V::Arguments as Arguments>::Given,
    ) -> <V::Results as Results>::Of<Arrays> {
        let call = Call::new(V::NAME);
        let function = V::traces().get(TypeId::of::<V>(), super::write::<V>);
        let dtypes = <V::Results as Results>::dtypes();
        let given = <V::Arguments as Arguments>::inputs(arguments);
        <V::Results as Results>::arrays(&mut inputs::record(call, &function, given, &dtypes).into_iter())
    }
}

impl Kind for Exprs {
    type Of<T: Element> = Expr<T>;
    fn call<V: Vectorized>(
        arguments: <V::Arguments as Arguments>::Given,
    ) -> <V::Results as Results>::Of<Exprs> {
        let arguments = <V::Arguments as Arguments>::exprs(arguments);
        if !tracer::enter(TypeId::of::<V>(), V::NAME) {
            return <V::Results as Results>::dead();
        }
        let results = V::traced(false, arguments);
        tracer::leave();
        results
    }
}

/// Two kinds together.
#[diagnostic::on_unimplemented(
    message = "arrays and expressions cannot meet in one call",
    note = "an expression has no value yet: pass the array as an argument of the kernel"
)]
pub trait Join<K>: Kind {
    /// The kind of both.
    type Kind: Kind;
}

macro_rules! joins {
    ($($a:ident $b:ident -> $both:ident;)*) => {$(
        impl Join<$b> for $a {
            type Kind = $both;
        }
    )*};
}
joins! {
    Scalars Scalars -> Scalars;
    Scalars Arrays -> Arrays;
    Arrays Scalars -> Arrays;
    Arrays Arrays -> Arrays;
    Scalars Exprs -> Exprs;
    Exprs Scalars -> Exprs;
    Exprs Exprs -> Exprs;
}

/// What an argument is for arrays.
pub enum Input {
    /// An array.
    Node(NodeRef),
    /// A scalar beside one.
    Value(Scalar),
}

fn unlikely<T>() -> T {
    // The kinds say what the arguments are.
    unreachable!("an argument of another kind")
}

/// The types of a function's arguments: a tuple of elements.
pub trait Arguments {
    /// Any arguments of these types.
    type Given;
    /// Expressions of these types.
    type Exprs;
    #[doc(hidden)]
    fn scalars(given: Self::Given) -> Self;
    #[doc(hidden)]
    fn exprs(given: Self::Given) -> Self::Exprs;
    #[doc(hidden)]
    fn declare() -> Self::Exprs;
    #[doc(hidden)]
    fn inputs(given: Self::Given) -> SmallVec<[Input; 3]>;
}

/// The types of a function's results: a tuple of elements.
pub trait Results {
    /// Results of a kind.
    type Of<K: Kind>;
    #[doc(hidden)]
    fn scalars(self) -> Self::Of<Scalars>;
    #[doc(hidden)]
    fn arrays(nodes: &mut dyn Iterator<Item = NodeRef>) -> Self::Of<Arrays>;
    #[doc(hidden)]
    fn dead() -> Self::Of<Exprs>;
    #[doc(hidden)]
    fn give(results: Self::Of<Exprs>);
    #[doc(hidden)]
    fn dtypes() -> SmallVec<[DType; 2]>;
}

macro_rules! arguments {
    ($($($name:ident $n:tt)+;)*) => {$(
        impl<$($name: Element),+> Arguments for ($($name,)+) {
            type Given = ($(Argument<$name>,)+);
            type Exprs = ($(Expr<$name>,)+);
            #[inline(always)]
            fn scalars(given: Self::Given) -> Self {
                ($(match given.$n {
                    Argument::Scalar(v) => v,
                    _ => unlikely(),
                },)+)
            }
            fn exprs(given: Self::Given) -> Self::Exprs {
                ($(match given.$n {
                    Argument::Scalar(v) => Expr::from(v),
                    Argument::Expr(e) => e,
                    Argument::Array(_) => unlikely(),
                },)+)
            }
            fn declare() -> Self::Exprs {
                ($(Expr::<$name>::argument(),)+)
            }
            fn inputs(given: Self::Given) -> SmallVec<[Input; 3]> {
                let mut inputs = SmallVec::new();
                $(inputs.push(match given.$n {
                    Argument::Scalar(v) => Input::Value(Scalar::new(v)),
                    Argument::Array(node) => Input::Node(node),
                    Argument::Expr(_) => unlikely(),
                });)+
                inputs
            }
        }
    )*};
}
arguments! {
    A 0;
    A 0 B 1;
    A 0 B 1 C 2;
    A 0 B 1 C 2 D 3;
    A 0 B 1 C 2 D 3 E 4;
    A 0 B 1 C 2 D 3 E 4 F 5;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11;
}

macro_rules! results {
    ($($($name:ident $n:tt)+;)*) => {$(
        impl<$($name: Element),+> Results for ($($name,)+) {
            type Of<Q: Kind> = ($(Q::Of<$name>,)+);
            #[inline(always)]
            fn scalars(self) -> Self::Of<Scalars> {
                self
            }
            fn arrays(nodes: &mut dyn Iterator<Item = NodeRef>) -> Self::Of<Arrays> {
                ($(Array::<$name>::of(nodes.next().expect("a node for each result")),)+)
            }
            fn dead() -> Self::Of<Exprs> {
                Bundle::dead()
            }
            fn give(results: Self::Of<Exprs>) {
                give(results);
            }
            fn dtypes() -> SmallVec<[DType; 2]> {
                SmallVec::from_slice(&[$($name::DTYPE),+])
            }
        }
    )*};
}
results! {
    A 0;
    A 0 B 1;
    A 0 B 1 C 2;
    A 0 B 1 C 2 D 3;
    A 0 B 1 C 2 D 3 E 4;
    A 0 B 1 C 2 D 3 E 4 F 5;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7;
}
