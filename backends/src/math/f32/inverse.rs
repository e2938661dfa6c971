//! `asin`, `acos`, `atan` and `atan2` in single precision, by way of double precision.

use crate::math::real::{Real32, Real64};

/// Arcsine, at most 0.51 ULP off.
#[inline(always)]
pub fn asin<R: Real32>(x: R) -> R {
    crate::math::f64::asin_single(x.widen()).narrow()
}

/// Arccosine, at most 0.51 ULP off.
#[inline(always)]
pub fn acos<R: Real32>(x: R) -> R {
    crate::math::f64::acos_single(x.widen()).narrow()
}

/// Arctangent, at most 0.51 ULP off.
#[inline(always)]
pub fn atan<R: Real32>(x: R) -> R {
    crate::math::f64::atan_single(x.widen()).narrow()
}

/// The angle of the point `(x, y)`, at most 0.51 ULP off.
#[inline(always)]
pub fn atan2<R: Real32>(y: R, x: R) -> R {
    crate::math::f64::atan2_single(y.widen(), x.widen()).narrow()
}
