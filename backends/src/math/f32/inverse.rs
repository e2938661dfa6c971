//! `asin`, `acos`, `atan` and `atan2` in single precision, by way of double precision.

use crate::math::real::{Real32, Real64};

/// Arcsine, correctly rounded but for rare ties.
#[inline(always)]
pub fn asin<R: Real32>(x: R) -> R {
    crate::math::f64::asin(x.widen()).narrow()
}

/// Arccosine, correctly rounded but for rare ties.
#[inline(always)]
pub fn acos<R: Real32>(x: R) -> R {
    crate::math::f64::acos(x.widen()).narrow()
}

/// Arctangent, correctly rounded but for rare ties.
#[inline(always)]
pub fn atan<R: Real32>(x: R) -> R {
    crate::math::f64::atan(x.widen()).narrow()
}

/// The angle of the point `(x, y)`, correctly rounded but for rare ties.
#[inline(always)]
pub fn atan2<R: Real32>(y: R, x: R) -> R {
    crate::math::f64::atan2(y.widen(), x.widen()).narrow()
}
