//! `pow`, `cbrt` and `hypot` in single precision, by way of double precision.

use crate::math::real::{Real32, Real64};

/// `x^y`, at most 0.51 ULP off. Special cases as in C99.
#[inline(always)]
pub fn pow<R: Real32>(x: R, y: R) -> R {
    crate::math::f64::pow_single(x.widen(), y.widen()).narrow()
}

/// Cube root, at most 0.51 ULP off.
#[inline(always)]
pub fn cbrt<R: Real32>(x: R) -> R {
    crate::math::f64::cbrt(x.widen()).narrow()
}

/// `sqrt(x^2 + y^2)`, at most 0.51 ULP off.
#[inline(always)]
pub fn hypot<R: Real32>(x: R, y: R) -> R {
    crate::math::f64::hypot(x.widen(), y.widen()).narrow()
}
