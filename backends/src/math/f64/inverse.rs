//! `asin`, `acos`, `atan` and `atan2` in double precision.
//!
//! `atan t = t + t^3 p(t^2)` on [0, 1], with `t` the smaller of two numbers over the larger; then a multiple of
//! pi/2, known to more than 53 bits, plus or minus that. `asin x = x + x^3 p(x^2)` up to 1/2, beyond
//! `pi/2 - 2 asin(sqrt((1-x)/2))`, where `(1-x)/2` is exact.

use super::coef;
use crate::math::real::{Lanes, Real64, horner};

const FRAC_PI_2: [f64; 2] = [std::f64::consts::FRAC_PI_2, 6.123233995736766e-17];
const PI: [f64; 2] = [std::f64::consts::PI, 1.2246467991473532e-16];

/// `(s, t)`: `asin(|x|)` is `s + t` up to 1/2, else `pi/2 - 2(s + t)`.
#[inline(always)]
fn asin_parts<R: Real64, const N: usize>(ax: R, large: R::Mask, c: &[f64; N]) -> (R, R) {
    let half = ax.lit(0.5);
    let z = R::select(large, (-half).mul_add(ax, half), ax * ax);
    let s = R::select(large, z.sqrt(), ax);
    (s, s * z * horner(z, c))
}

/// Arcsine, at most 1.1 ULP off.
#[inline(always)]
pub fn asin<R: Real64>(x: R) -> R {
    asin_by(x, &coef::ASIN)
}

/// [`asin`] with a relative error of 2^-35.
#[inline(always)]
pub(in crate::math) fn asin_single<R: Real64>(x: R) -> R {
    asin_by(x, &coef::ASIN_S)
}

#[inline(always)]
fn asin_by<R: Real64, const N: usize>(x: R, c: &[f64; N]) -> R {
    let ax = x.abs();
    let large = ax.gt(x.lit(0.5));
    let (s, t) = asin_parts(ax, large, c);
    let hi = x.lit(FRAC_PI_2[0]);
    let s2 = s + s;
    let a = hi - s2;
    let al = ((hi - a) - s2) + x.lit(FRAC_PI_2[1]);
    let y = R::select(large, a + (al - (t + t)), s + t);
    R::from_bits(y.to_bits().or(x.to_bits().and(x.to_bits().lit(i64::MIN))))
}

/// Arccosine, at most 1.1 ULP off.
#[inline(always)]
pub fn acos<R: Real64>(x: R) -> R {
    acos_by(x, &coef::ASIN)
}

/// [`acos`] with a relative error of 2^-35.
#[inline(always)]
pub(in crate::math) fn acos_single<R: Real64>(x: R) -> R {
    acos_by(x, &coef::ASIN_S)
}

#[inline(always)]
fn acos_by<R: Real64, const N: usize>(x: R, c: &[f64; N]) -> R {
    let ax = x.abs();
    let large = ax.gt(x.lit(0.5));
    let (s, t) = asin_parts(ax, large, c);
    let neg = x.lt(x.lit(0.0));
    let s2 = s + s;
    let t2 = t + t;
    // pi - 2(s + t), or 2(s + t).
    let far = R::select(neg, x.lit(PI[0]) - (s2 + (t2 - x.lit(PI[1]))), s2 + t2);
    // pi/2 -+ (s + t).
    let lo = x.lit(FRAC_PI_2[1]);
    let near = x.lit(FRAC_PI_2[0]) - R::select(neg, -(s + (t + lo)), s + (t - lo));
    R::select(large, far, near)
}

/// `atan q - q` for `q` in [0, 1].
#[inline(always)]
fn atan_tail<R: Real64, const N: usize>(q: R, c: &[f64; N]) -> R {
    let z = q * q;
    q * z * horner(z, c)
}

/// Arctangent, at most 1.2 ULP off.
#[inline(always)]
pub fn atan<R: Real64>(x: R) -> R {
    atan_by(x, &coef::ATAN)
}

/// [`atan`] with a relative error of 2^-35.
#[inline(always)]
pub(in crate::math) fn atan_single<R: Real64>(x: R) -> R {
    atan_by(x, &coef::ATAN_S)
}

#[inline(always)]
fn atan_by<R: Real64, const N: usize>(x: R, c: &[f64; N]) -> R {
    let ax = x.abs();
    let one = x.lit(1.0);
    let large = ax.gt(one);
    let q = R::select(large, one, ax) / R::select(large, ax, one);
    let t = atan_tail(q, c);
    let far = x.lit(FRAC_PI_2[0]) - (q + (t - x.lit(FRAC_PI_2[1])));
    let y = R::select(large, far, q + t);
    R::from_bits(y.to_bits().or(x.to_bits().and(x.to_bits().lit(i64::MIN))))
}

/// The angle of the point `(x, y)`, at most 1.6 ULP off.
#[inline(always)]
pub fn atan2<R: Real64>(y: R, x: R) -> R {
    atan2_by(y, x, &coef::ATAN)
}

/// [`atan2`] with a relative error of 2^-35.
#[inline(always)]
pub(in crate::math) fn atan2_single<R: Real64>(y: R, x: R) -> R {
    atan2_by(y, x, &coef::ATAN_S)
}

#[inline(always)]
fn atan2_by<R: Real64, const N: usize>(y: R, x: R, c: &[f64; N]) -> R {
    let (ay, ax) = (y.abs(), x.abs());
    let steep = ay.gt(ax);
    let q = R::select(steep, ax, ay) / R::select(steep, ay, ax);
    let a = angle(y, x, steep, q, c);
    R::cold(q.is_nan(), a, || {
        // 0/0 counts as 0, inf/inf as 1.
        let inf = x.lit(f64::INFINITY);
        let both_inf = ay.eq(inf) & ax.eq(inf);
        let both_zero = ay.eq(x.lit(0.0)) & ax.eq(x.lit(0.0));
        let q = R::select(both_inf, x.lit(1.0), q);
        angle(y, x, steep, R::select(both_zero, x.lit(0.0), q), c)
    })
}

#[inline(always)]
fn angle<R: Real64, const N: usize>(y: R, x: R, steep: R::Mask, q: R, c: &[f64; N]) -> R {
    let (bx, sign) = (x.to_bits(), x.to_bits().lit(i64::MIN));
    let left = bx.lt(bx.lit(0));
    let zero = x.lit(0.0);
    let part = |i: usize| R::select(steep, x.lit(FRAC_PI_2[i]), R::select(left, x.lit(PI[i]), zero));
    // Minus q for exactly one of the two conditions.
    let down = R::Int::select(steep, sign, bx.lit(0)).xor(bx.and(sign));
    let t = atan_tail(q, c);
    let flip = |v: R| R::from_bits(v.to_bits().xor(down));
    let a = part(0) + (flip(q) + (flip(t) + part(1)));
    let a = R::select(steep | left, a, q + t);
    R::from_bits(a.to_bits().xor(y.to_bits().and(sign)))
}
