//! `tanh` in single precision.
//!
//! Below 1 `tanh x = x + x^3 p(x^2)`, above `1 - 2/(e^2x + 1)`; both are computed and one is selected. No cold path.

use super::coef;
use super::exponential::{parts, scale};
use crate::math::real::{Lanes, Real32, Real64, horner};

/// Hyperbolic tangent, at most 0.93 ULP off.
#[inline(always)]
pub fn tanh<R: Real32>(x: R) -> R {
    let one = x.lit(1.0);
    let ax = x.abs();
    let ax = R::select(ax.gt(x.lit(10.0)), x.lit(10.0), ax);
    let z = ax * ax;
    let small = (ax * z).mul_add(horner(z, &coef::TANH), ax);
    let (r, t) = parts(ax + ax);
    let u = horner(r, &coef::EXP).mul_add(r * r, r);
    let s = scale(one, t);
    let large = one - x.lit(2.0) / s.mul_add(u, s + one);
    let y = R::select(ax.ge(one), large, small);
    R::from_bits(y.to_bits().or(x.to_bits().and(t.lit(i64::from(i32::MIN)))))
}

/// Hyperbolic sine, at most 0.51 ULP off.
#[inline(always)]
pub fn sinh<R: Real32>(x: R) -> R {
    crate::math::f64::sinh(x.widen()).narrow()
}

/// Hyperbolic cosine, at most 0.51 ULP off.
#[inline(always)]
pub fn cosh<R: Real32>(x: R) -> R {
    crate::math::f64::cosh(x.widen()).narrow()
}

/// Inverse hyperbolic sine, at most 0.51 ULP off.
#[inline(always)]
pub fn asinh<R: Real32>(x: R) -> R {
    crate::math::f64::asinh(x.widen()).narrow()
}

/// Inverse hyperbolic cosine, at most 0.51 ULP off.
#[inline(always)]
pub fn acosh<R: Real32>(x: R) -> R {
    crate::math::f64::acosh(x.widen()).narrow()
}

/// Inverse hyperbolic tangent, at most 0.51 ULP off.
#[inline(always)]
pub fn atanh<R: Real32>(x: R) -> R {
    crate::math::f64::atanh(x.widen()).narrow()
}
