//! What only threads do, written down: what the expansion of a kernel calls beside [`traced`].
//!
//! An effect notes the line that it is called from, which is that of the user's tokens: errors name it.
//! [`check`] has the same functions in the types that were written, for the compiler alone.
//!
//! [`traced`]: super::traced

use super::expr::Expr;
use super::{traced, tracer};
use lazuli_core::function::{Atomic, Effect, Fact, Place, Shared, Shuffle, Slice, Vote};
use lazuli_core::{DType, Element};
use std::marker::PhantomData;
use std::panic::Location;

/// What a kernel's arrays and scalars can be: `bool`, `i32`, `i64`, `u8`, `u64`, `f32` and `f64`.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot be an element of a kernel's array",
    label = "known are `bool`, `i32`, `i64`, `u8`, `u64`, `f32` and `f64`"
)]
pub trait KernelElement: Element {}

/// What can be changed atomically.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot be changed atomically",
    label = "a card does this with `i32`, `i64`, `u64`, `f32` and `f64`"
)]
pub trait AtomicElement: KernelElement {}

/// What can be changed bit by bit, atomically.
#[diagnostic::on_unimplemented(
    message = "the bits of a `{Self}` cannot be changed atomically",
    label = "a card does this with `i32`, `i64` and `u64`"
)]
pub trait AtomicInteger: AtomicElement {}

macro_rules! implement {
    ($($name:ident: $($t:ty)*;)*) => {$($(
        impl $name for $t {}
    )*)*};
}
implement! {
    KernelElement: bool i32 i64 u8 u64 f32 f64;
    AtomicElement: i32 i64 u64 f32 f64;
    AtomicInteger: i32 i64 u64;
}

/// An array that a kernel reaches.
pub struct Memory<T: KernelElement> {
    /// None where no kernel is being written.
    place: Option<Place>,
    element: PhantomData<*const T>,
}

impl<T: KernelElement> Clone for Memory<T> {
    fn clone(&self) -> Memory<T> {
        *self
    }
}
impl<T: KernelElement> Copy for Memory<T> {}

impl<T: KernelElement> Memory<T> {
    fn at(place: Option<Place>) -> Memory<T> {
        Memory { place, element: PhantomData }
    }

    /// The next argument of the kernel, an array.
    pub(crate) fn argument(name: &'static str, writable: bool) -> Memory<T> {
        Memory::at(tracer::slice(Slice { dtype: T::DTYPE, writable, name }))
    }

    /// Asks something about the array and numbers.
    #[track_caller]
    pub(crate) fn ask(self, effect: impl FnOnce(Place) -> Effect, numbers: &[Expr<i64>]) -> Expr<bool> {
        let operands: Vec<(tracer::Traced, DType)> = numbers.iter().map(|n| n.part()).collect();
        given(self.act(effect, &operands, Some(DType::Bool), line()))
    }

    /// Does something with an element; gives what that gives.
    fn act(
        self,
        effect: impl FnOnce(Place) -> Effect,
        operands: &[(tracer::Traced, DType)],
        gives: Option<DType>,
        line: u32,
    ) -> Option<tracer::Traced> {
        tracer::act(effect(self.place?), operands, gives, line)
    }
}

/// A scalar of the kernel, its next argument.
pub(crate) fn scalar<T: KernelElement>() -> Expr<T> {
    Expr::argument()
}

fn given<T: Element>(traced: Option<tracer::Traced>) -> Expr<T> {
    traced.map_or_else(traced::dead, Expr::of)
}

/// An array, and what its elements are. (So that an expected result says nothing about the array.)
pub trait Array: Copy {
    /// Type of the elements.
    type Element: KernelElement;
    /// The array.
    fn memory(self) -> Memory<Self::Element>;
}
impl<T: KernelElement> Array for Memory<T> {
    type Element = T;
    fn memory(self) -> Memory<T> {
        self
    }
}

/// What an index can be.
pub trait Index {
    /// The index.
    #[doc(hidden)]
    fn index(self) -> Expr<i64>;
}
impl Index for Expr<i64> {
    fn index(self) -> Expr<i64> {
        self
    }
}
impl Index for Expr<i32> {
    fn index(self) -> Expr<i64> {
        traced::cast(self)
    }
}

#[track_caller]
pub fn load<M: Array, I: Index>(x: M, i: I) -> Expr<M::Element> {
    given(x.memory().act(Effect::Load, &[i.index().part()], Some(M::Element::DTYPE), line()))
}

#[track_caller]
pub fn store<M: Array, I: Index>(x: M, i: I, v: Expr<M::Element>) {
    x.memory().act(Effect::Store, &[i.index().part(), v.part()], None, line());
}

pub fn length<T: KernelElement>(x: Memory<T>) -> Expr<i64> {
    x.place.map_or_else(traced::dead, |place| Expr::of(tracer::fact(Fact::Length(place))))
}

/// `N` elements that the threads of a block share.
pub fn shared<T: KernelElement, const N: i64>(name: &'static str) -> Memory<T> {
    const { assert!(N >= 0 && N <= u32::MAX as i64, "no block shares an array of this length") };
    Memory::at(tracer::shared(Shared { dtype: T::DTYPE, len: Some(N as u32), name }))
}

/// As many as the launch says.
pub fn shared_dynamic<T: KernelElement>(name: &'static str) -> Memory<T> {
    Memory::at(tracer::shared(Shared { dtype: T::DTYPE, len: None, name }))
}

macro_rules! facts {
    ($($fact:ident: $($name:ident $axis:literal)*;)*) => {$($(
        pub fn $name() -> Expr<i64> {
            Expr::of(tracer::fact(Fact::$fact($axis)))
        }
    )*)*};
}
facts! {
    ThreadIndex: thread_idx_x 0 thread_idx_y 1 thread_idx_z 2;
    BlockIndex: block_idx_x 0 block_idx_y 1 block_idx_z 2;
    BlockExtent: block_dim_x 0 block_dim_y 1 block_dim_z 2;
    GridExtent: grid_dim_x 0 grid_dim_y 1 grid_dim_z 2;
}

macro_rules! atomics {
    ($($bound:ident: $($name:ident $op:ident)*;)*) => {$($(
        #[track_caller]
        pub fn $name<M: Array<Element: $bound>, I: Index>(x: M, i: I, v: Expr<M::Element>) -> Expr<M::Element> {
            let effect = |place| Effect::Atomic(Atomic::$op, place);
            let operands = [i.index().part(), v.part()];
            given(x.memory().act(effect, &operands, Some(M::Element::DTYPE), line()))
        }
    )*)*};
}
atomics! {
    AtomicElement: atomic_add Add atomic_min Min atomic_max Max atomic_exchange Exchange;
    AtomicInteger: atomic_and And atomic_or Or atomic_xor Xor;
}

#[track_caller]
pub fn atomic_compare_exchange<M: Array<Element: AtomicElement>, I: Index>(
    x: M,
    i: I,
    expected: Expr<M::Element>,
    new: Expr<M::Element>,
) -> Expr<M::Element> {
    let operands = [i.index().part(), expected.part(), new.part()];
    let effect = |place| Effect::Atomic(Atomic::CompareExchange, place);
    given(x.memory().act(effect, &operands, Some(M::Element::DTYPE), line()))
}

#[track_caller]
pub fn barrier() {
    tracer::act(Effect::Barrier, &[], None, line());
}

/// `return`
pub fn leave() {
    tracer::return_(&[]);
}

macro_rules! shuffles {
    ($($name:ident $kind:ident)*) => {$(
        #[track_caller]
        pub fn $name<T: KernelElement, I: Index>(v: Expr<T>, which: I) -> Expr<T> {
            let operands = [v.part(), which.index().part()];
            given(tracer::act(Effect::Shuffle(Shuffle::$kind), &operands, Some(T::DTYPE), line()))
        }
    )*};
}
shuffles! { shuffle Lane shuffle_xor Xor shuffle_down Down shuffle_up Up }

macro_rules! votes {
    ($($name:ident $kind:ident $t:ty;)*) => {$(
        #[track_caller]
        pub fn $name(c: Expr<bool>) -> Expr<$t> {
            let dtype = <$t as Element>::DTYPE;
            given(tracer::act(Effect::Vote(Vote::$kind), &[c.part()], Some(dtype), line()))
        }
    )*};
}
votes! { vote_any Any bool; vote_all All bool; ballot Ballot i64; }

#[track_caller]
fn line() -> u32 {
    Location::caller().line()
}

/// The same for the compiler, which checks types by these, and calls none.
pub mod check {
    use super::{AtomicElement, AtomicInteger, KernelElement, PhantomData};

    /// An array that a kernel reaches.
    pub struct Memory<T>(PhantomData<T>);

    impl<T> Clone for Memory<T> {
        fn clone(&self) -> Memory<T> {
            *self
        }
    }
    impl<T> Copy for Memory<T> {}

    /// An array, and what its elements are.
    pub trait Array: Copy {
        /// Type of the elements.
        type Element: KernelElement;
    }
    impl<T: KernelElement> Array for Memory<T> {
        type Element = T;
    }

    /// What an index can be.
    #[diagnostic::on_unimplemented(
        message = "an index cannot be a `{Self}`",
        label = "indices are `i64`, or `i32`",
        note = "convert it: `i as i64`"
    )]
    pub trait Index {}
    impl Index for i64 {}
    impl Index for i32 {}

    fn nothing<T: KernelElement>() -> T {
        T::default()
    }

    pub fn load<M: Array, I: Index>(_: M, _: I) -> M::Element {
        nothing()
    }

    /// What is assigned.
    pub fn element<M: Array, I: Index>(_: M, _: I) -> &'static mut M::Element {
        Box::leak(Box::new(nothing()))
    }

    pub fn length<T: KernelElement>(_: Memory<T>) -> i64 {
        nothing()
    }

    pub fn shared<T: KernelElement, const N: i64>() -> Memory<T> {
        Memory(PhantomData)
    }

    pub fn shared_dynamic<T: KernelElement>() -> Memory<T> {
        Memory(PhantomData)
    }

    pub fn barrier() {}

    macro_rules! facts {
        ($($name:ident)*) => {$(
            pub fn $name() -> i64 {
                nothing()
            }
        )*};
    }
    facts! {
        thread_idx_x thread_idx_y thread_idx_z block_idx_x block_idx_y block_idx_z
        block_dim_x block_dim_y block_dim_z grid_dim_x grid_dim_y grid_dim_z
    }

    macro_rules! atomics {
        ($($bound:ident: $($name:ident)*;)*) => {$($(
            pub fn $name<M: Array<Element: $bound>, I: Index>(_: M, _: I, _: M::Element) -> M::Element {
                nothing()
            }
        )*)*};
    }
    atomics! {
        AtomicElement: atomic_add atomic_min atomic_max atomic_exchange;
        AtomicInteger: atomic_and atomic_or atomic_xor;
    }

    pub fn atomic_compare_exchange<M: Array<Element: AtomicElement>, I: Index>(
        _: M,
        _: I,
        _: M::Element,
        _: M::Element,
    ) -> M::Element {
        nothing()
    }

    macro_rules! shuffles {
        ($($name:ident)*) => {$(
            pub fn $name<T: KernelElement, I: Index>(_: T, _: I) -> T {
                nothing()
            }
        )*};
    }
    shuffles! { shuffle shuffle_xor shuffle_down shuffle_up }

    pub fn vote_any(_: bool) -> bool {
        nothing()
    }

    pub fn vote_all(_: bool) -> bool {
        nothing()
    }

    pub fn ballot(_: bool) -> i64 {
        nothing()
    }
}
