//! `exp`, `exp2` and `sigmoid` in single precision; `exp_m1` by way of double precision.
//!
//! The method of the double-precision module with the constants of this precision: `e^x = 2^k (1 + u)`, `u` by a
//! polynomial, the exponent added as an integer, subnormal results built as integers in a cold path.

use super::coef;
use crate::math::real::{Lanes, Real32, Real64, horner};

/// 1.5 * 2^23.
pub(super) const MAGIC: f64 = 12582912.0;
const MAGIC_BITS: i64 = 0x4b40_0000;
const LN2_HI: f64 = 0.6931471824645996;
const LN2_LO: f64 = -1.904_654_299_957_767_8e-9;

/// `(r, t)`: `x = k ln 2 + r`, `|r|` at most half of `ln 2` or a trifle more, `t` the bits of `k + MAGIC`.
#[inline(always)]
pub(super) fn parts<R: Real32>(x: R) -> (R, R::Int) {
    let t = x.mul_add(x.lit(std::f64::consts::LOG2_E), x.lit(MAGIC));
    let n = t - x.lit(MAGIC);
    let r = n.mul_add(x.lit(-LN2_HI), x);
    (n.mul_add(x.lit(-LN2_LO), r), t.to_bits())
}

/// `p * 2^k` where `t` is the bits of `k + MAGIC` and the result is normal, `p` in [1/2, 2].
#[inline(always)]
pub(super) fn scale<R: Real32>(p: R, t: R::Int) -> R {
    R::from_bits(p.to_bits().add(t.shl(23)))
}

/// As [`scale`], for every `k` between -2^20 and 128: rounds subnormal results once, without arithmetic on subnormals.
#[inline(always)]
fn scale_low<R: Real32>(p: R, t: R::Int) -> R {
    let k = t.sub(t.lit(MAGIC_BITS));
    let k = R::Int::select(k.lt(k.lit(-152)), k.lit(-152), k);
    let bits = p.to_bits().add(k.shl(23));
    // The result in units of the smallest subnormal, rounded to an integer by adding 2^23.
    let units = R::from_bits(p.to_bits().add(k.add(k.lit(149)).shl(23)));
    let two23 = p.lit(8388608.0);
    let low = (units + two23).to_bits().sub(two23.to_bits());
    R::from_bits(R::Int::select(k.lt(k.lit(-125)) & bits.lt(k.lit(0x0080_0000)), low, bits))
}

/// `e^x`, at most 0.91 ULP off.
#[inline(always)]
pub fn exp<R: Real32>(x: R) -> R {
    let (r, t) = parts(x);
    let one = x.lit(1.0);
    let p = horner(r, &coef::EXP).mul_add(r, one).mul_add(r, one);
    R::cold(!x.abs().le(x.lit(87.0)), scale(p, t), || {
        let y = scale_low(p, t);
        let y = R::select(x.lt(x.lit(-104.0)), x.lit(0.0), y);
        let y = R::select(x.gt(x.lit(88.72283)), x.lit(f64::INFINITY), y);
        R::select(x.is_nan(), x, y)
    })
}

/// `2^x`, at most 0.87 ULP off; exact for integers.
#[inline(always)]
pub fn exp2<R: Real32>(x: R) -> R {
    let t = x + x.lit(MAGIC);
    let r = x - (t - x.lit(MAGIC));
    let t = t.to_bits();
    let p = horner(r, &coef::EXP2).mul_add(r, x.lit(1.0));
    R::cold(!x.abs().le(x.lit(125.0)), scale(p, t), || {
        let y = scale_low(p, t);
        let y = R::select(x.lt(x.lit(-151.0)), x.lit(0.0), y);
        let y = R::select(x.ge(x.lit(128.0)), x.lit(f64::INFINITY), y);
        R::select(x.is_nan(), x, y)
    })
}

/// `1 / (1 + e^-x)`, at most 0.94 ULP off.
///
/// With `e = e^-|x|`, both `e` and `1 + e` as sums of two numbers, the quotient `1/(1+e)` or `e/(1+e)` is corrected by
/// its remainder.
#[inline(always)]
pub fn sigmoid<R: Real32>(x: R) -> R {
    let one = x.lit(1.0);
    let ax = x.abs();
    let y = -R::select(ax.gt(x.lit(87.0)), x.lit(87.0), ax);
    // `parts`, with what rounding r left over.
    let t = y.mul_add(x.lit(std::f64::consts::LOG2_E), x.lit(MAGIC));
    let n = t - x.lit(MAGIC);
    let a = n.mul_add(x.lit(-LN2_HI), y);
    let r = n.mul_add(x.lit(-LN2_LO), a);
    let lo = n.mul_add(x.lit(-LN2_LO), a - r);
    let t = t.to_bits();
    let u = horner(r, &coef::EXP).mul_add(r * r, r);
    let h = one + u;
    let s = scale(one, t);
    let e = s * h;
    let el = s * ((u - (h - one)) + lo);
    let d = one + e;
    let dl = (e - (d - one)) + el;
    let neg = x.lt(x.lit(0.0));
    let num = R::select(neg, e, one);
    let num_lo = R::select(neg, el, x.lit(0.0));
    let inv = one / d;
    let q = num * inv;
    let rest = (-q).mul_add(d, num) + (-q).mul_add(dl, num_lo);
    // Below -87 the denominator rounds to 1, and the result may be subnormal.
    R::cold(!x.ge(x.lit(-87.0)), rest.mul_add(inv, q), || exp(x))
}

/// `e^x - 1`, at most 0.51 ULP off.
#[inline(always)]
pub fn exp_m1<R: Real32>(x: R) -> R {
    crate::math::f64::exp_m1(x.widen()).narrow()
}
