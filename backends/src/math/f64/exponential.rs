//! `exp`, `exp2`, and `sigmoid` in double precision.
//!
//! `e^x = 2^k (1 + u)` with `k = rint(x / ln 2)` found by adding 1.5 * 2^52, `r = x - k ln 2` in two fused steps (the
//! first is exact: `ln 2` has its last bit at 2^-53, and so has `r`), and `u = r + r^2 p(r)`. `2^k` is added to the
//! exponent field as an integer. Where that could leave the normal range, a cold path builds subnormal results as
//! integers in units of 2^-1074, so that there is one rounding and no arithmetic on subnormal numbers.
//!
//! Invariant: [`parts`] is good for `|x| < 2^20`; beyond, and for NaNs, it gives unspecified numbers without trapping.

use super::coef;
use crate::math::real::{Lanes, Real64, horner};

pub(super) const MAGIC: f64 = 6755399441055744.0;
pub(super) const MAGIC_BITS: i64 = 0x4338_0000_0000_0000;
const LN2_HI: f64 = std::f64::consts::LN_2;
const LN2_LO: f64 = 2.319_046_813_846_299_6e-17;

/// `(r, t)`: `x = k ln 2 + r`, `|r|` at most half of `ln 2` or a trifle more, `t` the bits of `k + MAGIC`.
#[inline(always)]
pub(super) fn parts<R: Real64>(x: R) -> (R, R::Int) {
    let t = x.mul_add(x.lit(std::f64::consts::LOG2_E), x.lit(MAGIC));
    let n = t - x.lit(MAGIC);
    let r = n.mul_add(x.lit(-LN2_HI), x);
    (n.mul_add(x.lit(-LN2_LO), r), t.to_bits())
}

/// [`parts`] with what rounding `r` left over: `x = k ln 2 + r + lo`; `(r, lo, t)`.
#[inline(always)]
pub(super) fn parts_lo<R: Real64>(x: R) -> (R, R, R::Int) {
    let t = x.mul_add(x.lit(std::f64::consts::LOG2_E), x.lit(MAGIC));
    let n = t - x.lit(MAGIC);
    let a = n.mul_add(x.lit(-LN2_HI), x);
    let r = n.mul_add(x.lit(-LN2_LO), a);
    (r, n.mul_add(x.lit(-LN2_LO), a - r), t.to_bits())
}

/// `p * 2^k` where `t` is the bits of `k + MAGIC` and the result is normal, `p` in [1/2, 2].
#[inline(always)]
pub(super) fn scale<R: Real64>(p: R, t: R::Int) -> R {
    R::from_bits(p.to_bits().add(t.shl(52)))
}

/// As [`scale`], for every `k` between -2^20 and 1024: rounds subnormal results once.
#[inline(always)]
pub(super) fn scale_low<R: Real64>(p: R, t: R::Int) -> R {
    let k = t.sub(t.lit(MAGIC_BITS));
    let k = R::Int::select(k.lt(k.lit(-1100)), k.lit(-1100), k);
    let bits = p.to_bits().add(k.shl(52));
    // The result in units of the smallest subnormal, rounded to an integer by adding 2^52.
    let units = R::from_bits(p.to_bits().add(k.add(k.lit(1074)).shl(52)));
    let two52 = p.lit(4503599627370496.0);
    let low = (units + two52).to_bits().sub(two52.to_bits());
    let low = R::Int::select(k.lt(k.lit(-1080)), k.lit(0), low);
    let k_low = k.lt(k.lit(-1021));
    R::from_bits(R::Int::select(k_low & bits.lt(k.lit(0x0010_0000_0000_0000)), low, bits))
}

/// `e^x`, at most 0.9 ULP off.
#[inline(always)]
pub fn exp<R: Real64>(x: R) -> R {
    let (r, t) = parts(x);
    let one = x.lit(1.0);
    let p = horner(r, &coef::EXP).mul_add(r, one).mul_add(r, one);
    R::cold(!x.abs().le(x.lit(708.0)), scale(p, t), || {
        let y = scale_low(p, t);
        let y = R::select(x.lt(x.lit(-746.0)), x.lit(0.0), y);
        let y = R::select(x.gt(x.lit(709.782712893384)), x.lit(f64::INFINITY), y);
        R::select(x.is_nan(), x, y)
    })
}

/// `2^x`, at most 0.9 ULP off; exact for integers.
#[inline(always)]
pub fn exp2<R: Real64>(x: R) -> R {
    let t = x + x.lit(MAGIC);
    let r = x - (t - x.lit(MAGIC));
    let t = t.to_bits();
    let p = horner(r, &coef::EXP2).mul_add(r, x.lit(1.0));
    R::cold(!x.abs().le(x.lit(1021.0)), scale(p, t), || {
        let y = scale_low(p, t);
        let y = R::select(x.lt(x.lit(-1076.0)), x.lit(0.0), y);
        let y = R::select(x.ge(x.lit(1024.0)), x.lit(f64::INFINITY), y);
        R::select(x.is_nan(), x, y)
    })
}

/// `1 / (1 + e^-x)`, at most 1 ULP off.
///
/// With `e = e^-|x|`, both `e` and `1 + e` as sums of two numbers, the quotient `1/(1+e)` or `e/(1+e)` is corrected by
/// its remainder.
#[inline(always)]
pub fn sigmoid<R: Real64>(x: R) -> R {
    let one = x.lit(1.0);
    let ax = x.abs();
    let (r, t) = parts(-R::select(ax.gt(x.lit(708.0)), x.lit(708.0), ax));
    let u = horner(r, &coef::EXP).mul_add(r * r, r);
    let h = one + u;
    let s = scale(one, t);
    let e = s * h;
    let el = s * (u - (h - one));
    let d = one + e;
    let dl = (e - (d - one)) + el;
    let neg = x.lt(x.lit(0.0));
    let num = R::select(neg, e, one);
    let num_lo = R::select(neg, el, x.lit(0.0));
    let inv = one / d;
    let q = num * inv;
    let rest = (-q).mul_add(d, num) + (-q).mul_add(dl, num_lo);
    // Below -708 the denominator rounds to 1, and the result may be subnormal.
    R::cold(!x.ge(x.lit(-708.0)), rest.mul_add(inv, q), || exp(x))
}

/// `e^x - 1`, at most 1.5 ULP off.
///
/// `2^k (1 + u) - 1 = 2^k u + (2^k - 1)`, one rounding; `u` includes what rounding `r` left over.
#[inline(always)]
pub fn exp_m1<R: Real64>(x: R) -> R {
    let y = R::select(x.lt(x.lit(-50.0)), x.lit(-50.0), x);
    let (r, lo, t) = parts_lo(y);
    let u = (r * r).mul_add(horner(r, &coef::EXP), lo) + r;
    let one = x.lit(1.0);
    let s = scale(one, t);
    let fast = s.mul_add(u, s - one);
    // The sign of the result is that of x, also for zeros.
    let fast = R::from_bits(fast.to_bits().or(x.to_bits().and(t.lit(i64::MIN))));
    R::cold(!x.le(x.lit(708.0)), fast, || exp(x))
}
