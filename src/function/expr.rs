//! [`Expr`]: a value of a function that is being written down, and variables of such functions.

use super::tracer::{self, Place, Traced, Turns};
use crate::Element;
use lazuli_core::op::MapOp;
use lazuli_core::{BinaryOp, DType, Scalar, UnaryOp};
use smallvec::SmallVec;
use std::marker::PhantomData;

/// A scalar `T` of a function that is being written down: what the closure of an
/// [`ElementwiseKernel`](crate::ElementwiseKernel) calculates with.
///
/// It has the operators of scalars, with other expressions and with numbers, and the methods of
/// `f64` and of [`Array`](crate::Array). Comparisons are methods ([`lt`](Expr::lt), [`eq`](Expr::eq)),
/// choices are [`select`](Expr::select) and [`if_else`](crate::if_else).
///
/// An expression means something only in the function for which it was made. Used elsewhere, it
/// makes that function an error.
pub struct Expr<T: Element> {
    traced: Traced,
    /// Neither `Send` nor `Sync`: functions are written on one thread.
    element: PhantomData<*const T>,
}

impl<T: Element> Clone for Expr<T> {
    fn clone(&self) -> Expr<T> {
        *self
    }
}
impl<T: Element> Copy for Expr<T> {}

impl<T: Element> std::fmt::Debug for Expr<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Expr<{}>", T::DTYPE)
    }
}

impl<T: Element> From<T> for Expr<T> {
    /// A constant of the function.
    fn from(v: T) -> Expr<T> {
        Expr::of(tracer::constant(Scalar::new(v)))
    }
}

impl<T: Element> Expr<T> {
    pub(super) fn of(traced: Traced) -> Expr<T> {
        Expr { traced, element: PhantomData }
    }

    /// The next argument of the function.
    pub(super) fn argument() -> Expr<T> {
        Expr::of(tracer::argument(T::DTYPE))
    }

    pub(super) fn part(self) -> (Traced, DType) {
        (self.traced, T::DTYPE)
    }

    pub(super) fn unary<U: Element>(self, op: UnaryOp) -> Expr<U> {
        Expr::of(tracer::map(MapOp::Unary(op), U::DTYPE, &[self.part()]))
    }

    pub(super) fn binary<U: Element>(self, op: BinaryOp, other: Expr<T>) -> Expr<U> {
        Expr::of(tracer::map(MapOp::Binary(op), U::DTYPE, &[self.part(), other.part()]))
    }

    pub(super) fn mul_add_(self, a: Expr<T>, b: Expr<T>) -> Expr<T> {
        Expr::of(tracer::map(MapOp::MulAdd, T::DTYPE, &[self.part(), a.part(), b.part()]))
    }
}

impl Expr<bool> {
    pub(super) fn select_<T: Element>(self, a: Expr<T>, b: Expr<T>) -> Expr<T> {
        Expr::of(tracer::map(MapOp::Select, T::DTYPE, &[self.part(), a.part(), b.part()]))
    }

    pub(super) fn begin_if(self) {
        tracer::begin_if(self.traced);
    }
}

/// One expression, or a tuple of them.
pub trait Bundle: Copy {
    /// Its variables.
    #[doc(hidden)]
    type Places: Copy;
    #[doc(hidden)]
    fn declare(self) -> Self::Places;
    #[doc(hidden)]
    fn get(places: Self::Places) -> Self;
    #[doc(hidden)]
    fn set(places: Self::Places, value: Self);
    /// Zeros, for where nobody arrives.
    #[doc(hidden)]
    fn dead() -> Self;
    #[doc(hidden)]
    fn parts(self, all: &mut SmallVec<[Part; 4]>);
}

/// What a tuple is made of.
#[derive(Clone, Copy)]
pub struct Part(pub(super) Traced, pub(super) DType);

impl<T: Element> Bundle for Expr<T> {
    type Places = Place;
    fn declare(self) -> Place {
        tracer::variable(self.traced, T::DTYPE)
    }
    fn get(place: Place) -> Expr<T> {
        Expr::of(tracer::get(place, T::DTYPE))
    }
    fn set(place: Place, value: Expr<T>) {
        tracer::set(place, value.traced, T::DTYPE);
    }
    fn dead() -> Expr<T> {
        Expr::of(tracer::zero::<T>())
    }
    fn parts(self, all: &mut SmallVec<[Part; 4]>) {
        all.push(Part(self.traced, T::DTYPE));
    }
}

macro_rules! bundles {
    ($($($name:ident $n:tt)+;)*) => {$(
        impl<$($name: Bundle),+> Bundle for ($($name,)+) {
            type Places = ($($name::Places,)+);
            fn declare(self) -> Self::Places {
                ($(self.$n.declare(),)+)
            }
            fn get(places: Self::Places) -> Self {
                ($($name::get(places.$n),)+)
            }
            fn set(places: Self::Places, value: Self) {
                $($name::set(places.$n, value.$n);)+
            }
            fn dead() -> Self {
                ($($name::dead(),)+)
            }
            fn parts(self, all: &mut SmallVec<[Part; 4]>) {
                $(self.$n.parts(all);)+
            }
        }
    )*};
}
bundles! {
    A 0;
    A 0 B 1;
    A 0 B 1 C 2;
    A 0 B 1 C 2 D 3;
    A 0 B 1 C 2 D 3 E 4;
    A 0 B 1 C 2 D 3 E 4 F 5;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7;
}

/// The function's results, where it ends.
pub(super) fn give<B: Bundle>(results: B) {
    let mut parts = SmallVec::new();
    results.parts(&mut parts);
    let parts: SmallVec<[(Traced, DType); 4]> = parts.iter().map(|p| (p.0, p.1)).collect();
    tracer::return_(&parts);
}

/// A variable of a function that is being written down.
pub struct Var<B: Bundle>(B::Places);

impl<B: Bundle> Clone for Var<B> {
    fn clone(&self) -> Var<B> {
        *self
    }
}
impl<B: Bundle> Copy for Var<B> {}

impl<B: Bundle> Var<B> {
    /// With its first value.
    pub fn new(first: B) -> Var<B> {
        Var(first.declare())
    }

    /// To be assigned before it is read. (Its zeros are needed by nobody, and left out.)
    pub fn unset() -> Var<B> {
        Var(B::dead().declare())
    }

    /// The value that it has here.
    pub fn get(self) -> B {
        B::get(self.0)
    }

    /// Assigns it.
    pub fn set(self, value: B) {
        B::set(self.0, value);
    }
}

/// How a function is left: the one that is being written, or one that is written out in place of a
/// call. There a `return` is the way out of a loop of one turn around the body.
pub struct Frame<B: Bundle> {
    around: Option<(Var<B>, Turns)>,
    outer: bool,
}

impl<B: Bundle> Clone for Frame<B> {
    fn clone(&self) -> Frame<B> {
        *self
    }
}
impl<B: Bundle> Copy for Frame<B> {}

impl<B: Bundle> Frame<B> {
    /// Begins a body, in which there are or are not `return`s before the end.
    #[track_caller]
    pub fn enter(outer: bool, early: bool) -> Frame<B> {
        let around = (early && !outer).then(|| {
            let result = Var::unset();
            (result, super::traced::begin_loop(None))
        });
        Frame { around, outer }
    }

    /// `return`
    pub fn return_(self, value: B) {
        match self.around {
            Some((result, turns)) => {
                result.set(value);
                tracer::break_(turns);
            }
            None if self.outer => give(value),
            None => {}
        }
    }

    /// The end of the body, with its value.
    pub fn leave(self, value: B) -> B {
        match self.around {
            Some((result, turns)) => {
                result.set(value);
                tracer::break_(turns);
                tracer::end_loop();
                result.get()
            }
            None => value,
        }
    }

    /// The end of a body at which nobody arrives.
    pub fn never(self) -> B {
        match self.around {
            Some((result, _)) => {
                tracer::end_loop();
                result.get()
            }
            None => B::dead(),
        }
    }
}
