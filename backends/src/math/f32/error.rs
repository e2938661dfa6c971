//! `erf` in single precision; `erfc` by way of double precision.
//!
//! Below 0.925 `erf x = x + x p(x^2)`, above `1 - e^(-x q(x))`; both are computed and one is selected. No cold path.

use super::coef;
use super::exponential::{parts, scale};
use crate::math::real::{Lanes, Real32, Real64, horner};

/// Error function, at most 1 ULP off.
#[inline(always)]
pub fn erf<R: Real32>(x: R) -> R {
    let one = x.lit(1.0);
    let ax = x.abs();
    let ax = R::select(ax.gt(x.lit(4.0)), x.lit(4.0), ax);
    let small = ax.mul_add(horner(ax * ax, &coef::ERF), ax);
    let (r, t) = parts(-(ax * horner(ax, &coef::ERF_TAIL)));
    let p = horner(r, &coef::EXP).mul_add(r, one).mul_add(r, one);
    let y = R::select(ax.ge(x.lit(0.925)), one - scale(p, t), small);
    R::from_bits(y.to_bits().or(x.to_bits().and(t.lit(i64::from(i32::MIN)))))
}

/// Complementary error function, correctly rounded but for rare ties.
#[inline(always)]
pub fn erfc<R: Real32>(x: R) -> R {
    crate::math::f64::erfc(x.widen()).narrow()
}
