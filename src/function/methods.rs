//! Operators and methods of [`Expr`].
//!
//! Names and meanings are those of scalars in a [`vectorize`](crate::vectorize)d function: Rust's where
//! it has them (`max` ignores NaN, `round` goes half away from zero), `Array`'s else.

use super::expr::Expr;
use super::traced;
use crate::numbers::{Bitwise, Float, Integer, Number, Real};
use lazuli_core::{Element, bf16, f16};
use std::ops::*;

macro_rules! methods {
    ($bound:ident: $($(#[$doc:meta])* $name:ident($($a:ident)*) -> $out:ty;)*) => {
        impl<T: $bound> Expr<T> {
            $(
                $(#[$doc])*
                pub fn $name(self $(, $a: impl Into<Expr<T>>)*) -> Expr<$out> {
                    traced::$name(self $(, $a.into())*)
                }
            )*
        }
    };
}

/// # Conversions
impl<T: Element> Expr<T> {
    /// Conversion to another type, as Rust's `as`.
    pub fn cast<U: Element>(self) -> Expr<U> {
        traced::cast(self)
    }
}

methods! { Element:
    /// Is it equal to `other`? NaN is equal to nothing.
    eq(other) -> bool;
    /// Is it different from `other`? NaN is different from everything.
    ne(other) -> bool;
}

methods! { Real:
    /// Is it less?
    lt(other) -> bool;
    /// Is it less or equal?
    le(other) -> bool;
    /// Is it greater?
    gt(other) -> bool;
    /// Is it greater or equal?
    ge(other) -> bool;
    /// The absolute value.
    abs() -> T;
    /// NumPy's sign: -1, 0 or 1.
    sign() -> T;
    /// Rust's `signum`: of floats by the sign bit.
    signum() -> T;
    /// The larger of two; NaN propagates.
    maximum(other) -> T;
    /// The smaller of two; NaN propagates.
    minimum(other) -> T;
    /// The larger of two, ignoring a NaN.
    max(other) -> T;
    /// The smaller of two, ignoring a NaN.
    min(other) -> T;
    /// The nearest value between two.
    clamp(low high) -> T;
    /// NumPy's remainder, of the divisor's sign.
    remainder(divisor) -> T;
    /// NumPy's `floor_divide`.
    floor_div(divisor) -> T;
    /// Rust's remainder that is not negative.
    rem_euclid(divisor) -> T;
    /// The quotient that belongs to it.
    div_euclid(divisor) -> T;
}

methods! { Number:
    /// `x * x`
    square() -> T;
}

impl<T: Number> Expr<T> {
    /// To an integer power, by repeated squaring.
    pub fn powi(self, exponent: i32) -> Expr<T> {
        traced::powi(self, exponent)
    }
}

methods! { Float:
    /// The square root.
    sqrt() -> T;
    /// `1 / x`
    recip() -> T;
    /// `1 / x.sqrt()`
    rsqrt() -> T;
    /// The cube root.
    cbrt() -> T;
    /// e to the power of x.
    exp() -> T;
    /// 2 to the power of x.
    exp2() -> T;
    /// `exp(x) - 1`, accurate for small x.
    exp_m1() -> T;
    /// The natural logarithm.
    ln() -> T;
    /// `ln(1 + x)`, accurate for small x.
    ln_1p() -> T;
    /// The logarithm to base 2.
    log2() -> T;
    /// The logarithm to base 10.
    log10() -> T;
    /// The logarithm to any base.
    log(base) -> T;
    /// The sine.
    sin() -> T;
    /// The cosine.
    cos() -> T;
    /// The tangent.
    tan() -> T;
    /// The arc sine.
    asin() -> T;
    /// The arc cosine.
    acos() -> T;
    /// The arc tangent.
    atan() -> T;
    /// The hyperbolic sine.
    sinh() -> T;
    /// The hyperbolic cosine.
    cosh() -> T;
    /// The hyperbolic tangent.
    tanh() -> T;
    /// The inverse hyperbolic sine.
    asinh() -> T;
    /// The inverse hyperbolic cosine.
    acosh() -> T;
    /// The inverse hyperbolic tangent.
    atanh() -> T;
    /// The error function.
    erf() -> T;
    /// `1 - erf(x)`, accurate for large x.
    erfc() -> T;
    /// The logistic function.
    sigmoid() -> T;
    /// The largest whole number not above x.
    floor() -> T;
    /// The smallest whole number not below x.
    ceil() -> T;
    /// The nearest whole number, half away from zero.
    round() -> T;
    /// The nearest whole number, half to even.
    round_ties_even() -> T;
    /// The whole part.
    trunc() -> T;
    /// What `trunc` cuts off.
    fract() -> T;
    /// Radians to degrees.
    to_degrees() -> T;
    /// Degrees to radians.
    to_radians() -> T;
    /// x to the power of `exponent`.
    pow(exponent) -> T;
    /// The angle of the point (`x`, self).
    atan2(x) -> T;
    /// The hypotenuse.
    hypot(other) -> T;
    /// The magnitude with another sign.
    copysign(sign) -> T;
    /// `x * a + b`, rounded once.
    mul_add(a b) -> T;
    /// Is it not a number?
    is_nan() -> bool;
    /// Is it an infinity?
    is_inf() -> bool;
    /// Is it neither infinite nor NaN?
    is_finite() -> bool;
}

impl Expr<bool> {
    /// `a` where it is true, `b` elsewhere; both are computed (see [`if_else`](crate::if_else)).
    pub fn select<T: Element>(self, a: impl Into<Expr<T>>, b: impl Into<Expr<T>>) -> Expr<T> {
        traced::select(self, a.into(), b.into())
    }
}

macro_rules! operators {
    ($($bound:ident: $trait:ident $method:ident $f:ident for $($s:ty)*;)*) => {$(
        impl<T: $bound> $trait for Expr<T> {
            type Output = Expr<T>;
            fn $method(self, other: Expr<T>) -> Expr<T> {
                traced::$f(self, other)
            }
        }
        impl<T: $bound> $trait<T> for Expr<T> {
            type Output = Expr<T>;
            fn $method(self, other: T) -> Expr<T> {
                traced::$f(self, traced::lit(other))
            }
        }
        $(
            impl $trait<Expr<$s>> for $s {
                type Output = Expr<$s>;
                fn $method(self, other: Expr<$s>) -> Expr<$s> {
                    traced::$f(traced::lit(self), other)
                }
            }
        )*
    )*};
}
operators! {
    Number: Add add add for i32 i64 u8 u64 f16 bf16 f32 f64;
    Number: Sub sub sub for i32 i64 u8 u64 f16 bf16 f32 f64;
    Number: Mul mul mul for i32 i64 u8 u64 f16 bf16 f32 f64;
    Number: Div div div for i32 i64 u8 u64 f16 bf16 f32 f64;
    Number: Rem rem rem for i32 i64 u8 u64 f16 bf16 f32 f64;
    Bitwise: BitAnd bitand and for bool i32 i64 u8 u64;
    Bitwise: BitOr bitor or for bool i32 i64 u8 u64;
    Bitwise: BitXor bitxor xor for bool i32 i64 u8 u64;
    Integer: Shl shl shl for i32 i64 u8 u64;
    Integer: Shr shr shr for i32 i64 u8 u64;
}

impl<T: Number + Neg<Output = T>> Neg for Expr<T> {
    type Output = Expr<T>;
    fn neg(self) -> Expr<T> {
        traced::neg(self)
    }
}

impl<T: Bitwise> Not for Expr<T> {
    type Output = Expr<T>;
    fn not(self) -> Expr<T> {
        traced::not(self)
    }
}
