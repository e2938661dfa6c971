//! `erf` in single precision; `erfc` by way of double precision.
//!
//! Below 1.125 `erf x = x + x p(x^2 - 81/128)` (shifted, so that the terms do not cancel), above `1 - e^(-x q(x))`;
//! both are computed and one is selected. No cold path.

use super::coef;
use super::exponential::{parts, scale};
use crate::math::real::{Lanes, Real32, Real64, horner};

/// Error function, at most 0.96 ULP off.
#[inline(always)]
pub fn erf<R: Real32>(x: R) -> R {
    let one = x.lit(1.0);
    let ax = x.abs();
    let ax = R::select(ax.gt(x.lit(4.0)), x.lit(4.0), ax);
    let w = ax.mul_add(ax, x.lit(-81.0 / 128.0));
    let small = ax.mul_add(horner(w, &coef::ERF), ax);
    let q = horner(ax, &coef::ERF_TAIL);
    let h = ax * q;
    // With what rounding x q left over.
    let (r, t) = parts(-h);
    let r = r - ax.mul_add(q, -h);
    let p = horner(r, &coef::EXP).mul_add(r, one).mul_add(r, one);
    let y = R::select(ax.ge(x.lit(1.125)), one - scale(p, t), small);
    R::from_bits(y.to_bits().or(x.to_bits().and(t.lit(i64::from(i32::MIN)))))
}

/// Complementary error function, at most 0.51 ULP off.
#[inline(always)]
pub fn erfc<R: Real32>(x: R) -> R {
    crate::math::f64::erfc(x.widen()).narrow()
}
