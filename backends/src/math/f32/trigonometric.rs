//! `sin` and `cos` in single precision.
//!
//! `|x|` is reduced modulo pi/2 to `r + lo`, pi/2 being a sum of three numbers: the first two products are subtracted
//! without error (the second constant is short, so that its multiples are exact), and `lo` is what rounding `r` left over.
//! Sine and cosine polynomials are both computed. Beyond [`LIMIT`], and for infinities and NaNs, the double-precision
//! functions take over.
//!
//! Both functions work on `|x|`, so they are exactly odd and even, and sin(-0) is -0.

use super::coef;
use super::exponential::MAGIC;
use crate::math::real::{Lanes, Real32, Real64, horner};

/// Where the cold path begins.
const LIMIT: f64 = 6000.0;
/// pi/2: 24 bits, then 10 bits, then the rest.
const FRAC_PI_2: [f64; 3] = [1.5707963705062866, -4.371395334601402e-8, 2.5633440682570896e-12];
const SIGN: i64 = i32::MIN as i64;

/// `sin(ax + turn pi/2)`, `ax` positive or zero.
#[inline(always)]
fn quarter<R: Real32>(ax: R, turn: i64, from: R) -> R {
    let t = ax.mul_add(ax.lit(std::f64::consts::FRAC_2_PI), ax.lit(MAGIC));
    let n = t - ax.lit(MAGIC);
    let a = n.mul_add(ax.lit(-FRAC_PI_2[0]), ax);
    let mid = ax.lit(-FRAC_PI_2[1]);
    let r = n.mul_add(mid, a);
    let lo = n.mul_add(mid, a - r);
    let lo = n.mul_add(ax.lit(-FRAC_PI_2[2]), lo);
    let z = r.mul_add(r, (r + r) * lo);
    let s = r + (r * z).mul_add(horner(z, &coef::SIN), lo);
    let c = horner(z, &coef::COS).mul_add(z, ax.lit(1.0));
    let q = t.to_bits();
    let q = if turn == 0 { q } else { q.add(q.lit(turn)) };
    let odd = q.and(q.lit(1)).eq(q.lit(1));
    let y = R::select(odd, c, s).to_bits();
    let sign = q.shl(30);
    let sign = if turn == 0 { sign.xor(from.to_bits()) } else { sign };
    R::from_bits(y.xor(sign.and(y.lit(SIGN))))
}

/// Sine, at most 0.89 ULP off.
#[inline(always)]
pub fn sin<R: Real32>(x: R) -> R {
    let ax = x.abs();
    R::cold(!ax.le(x.lit(LIMIT)), quarter(ax, 0, x), || crate::math::f64::sin_single(x.widen()).narrow())
}

/// Cosine, at most 0.89 ULP off.
#[inline(always)]
pub fn cos<R: Real32>(x: R) -> R {
    let ax = x.abs();
    R::cold(!ax.le(x.lit(LIMIT)), quarter(ax, 1, x), || crate::math::f64::cos_single(x.widen()).narrow())
}

/// Tangent, at most 0.51 ULP off.
#[inline(always)]
pub fn tan<R: Real32>(x: R) -> R {
    crate::math::f64::tan_single(x.widen()).narrow()
}
