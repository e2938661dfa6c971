//! What sort of number an element is: [`Number`], [`Integer`], [`Float`], [`Real`], [`Bitwise`].
//!
//! The traits keep meaningless programs from compiling (the sine of an array of integers), and
//! carry the operators of scalars with arrays as supertraits, so that generic code can write
//! `two * &x` for any `T: Number`. They are sealed, as [`Element`] is.

use crate::Array;
use crate::function::scalar;
use lazuli_core::Element;
use std::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Rem, Shl, Shr, Sub};

/// Elements that can be calculated with: all but `bool`.
///
/// ```
/// # use lazuli::prelude::*;
/// fn poly<T: Number>(x: &Array<T>, a: T) -> Array<T> {
///     a * x * x + a
/// }
/// assert_eq!(poly(&Array::from_vec(vec![1, 2, 3]), 2).to_vec()?, [4, 10, 20]);
/// assert_eq!(poly(&Array::from_vec(vec![0.5f32]), 2.0).to_vec()?, [2.5]);
/// # Ok::<(), lazuli::Error>(())
/// ```
pub trait Number:
    Element
    + scalar::Arithmetic
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Rem<Output = Self>
    + Add<Array<Self>, Output = Array<Self>>
    + Sub<Array<Self>, Output = Array<Self>>
    + Mul<Array<Self>, Output = Array<Self>>
    + Div<Array<Self>, Output = Array<Self>>
    + Rem<Array<Self>, Output = Array<Self>>
    + for<'a> Add<&'a Array<Self>, Output = Array<Self>>
    + for<'a> Sub<&'a Array<Self>, Output = Array<Self>>
    + for<'a> Mul<&'a Array<Self>, Output = Array<Self>>
    + for<'a> Div<&'a Array<Self>, Output = Array<Self>>
    + for<'a> Rem<&'a Array<Self>, Output = Array<Self>>
{
}

/// Numbers with an order: the integers and the real floating-point types.
pub trait Real: Number {}

/// Signed and unsigned integers.
pub trait Integer:
    Real
    + Bitwise
    + scalar::Shifts
    + BitAnd<Array<Self>, Output = Array<Self>>
    + BitOr<Array<Self>, Output = Array<Self>>
    + BitXor<Array<Self>, Output = Array<Self>>
    + Shl<Array<Self>, Output = Array<Self>>
    + Shr<Array<Self>, Output = Array<Self>>
    + for<'a> BitAnd<&'a Array<Self>, Output = Array<Self>>
    + for<'a> BitOr<&'a Array<Self>, Output = Array<Self>>
    + for<'a> BitXor<&'a Array<Self>, Output = Array<Self>>
    + for<'a> Shl<&'a Array<Self>, Output = Array<Self>>
    + for<'a> Shr<&'a Array<Self>, Output = Array<Self>>
{
}

/// Floating-point numbers. Their sums and means are of their own type, so generic code can
/// write `x - x.mean(..)`.
///
/// ```compile_fail
/// # use lazuli::prelude::*;
/// let _ = Array::from_vec(vec![1, 2, 3]).sin(); // no sine of integers
/// ```
pub trait Float: Real + scalar::Analysis + Element<Sum = Self, Mean = Self> {}

/// Elements with `&`, `|`, `^` and `!`: integers bit by bit, and `bool`.
pub trait Bitwise: Element + scalar::Logic {}

macro_rules! integers {
    ($($t:ty)*) => {$(
        impl Number for $t {}
        impl Real for $t {}
        impl Integer for $t {}
        impl Bitwise for $t {}
    )*};
}
macro_rules! floats {
    ($($t:ty)*) => {$(
        impl Number for $t {}
        impl Real for $t {}
        impl Float for $t {}
    )*};
}

integers!(i32 i64 u8 u64);
floats!(lazuli_core::f16 lazuli_core::bf16 f32 f64);
impl Bitwise for bool {}
