//! `ln` in single precision.
//!
//! The method of the double-precision module: `x = 2^k (1 + f)`, one polynomial, `k ln 2 + f` as a sum of two numbers.

use super::coef;
use crate::math::real::{Lanes, Real32, Real64, even_odd};

/// The bits of sqrt(1/2).
const OFFSET: i64 = 0x3f35_04f3;
/// 16 bits of ln 2, so that `k` times it is exact.
const LN2_HI: f64 = 0.693_145_751_953_125;
const LN2_LO: f64 = 1.428_606_820_309_417_3e-6;

#[inline(always)]
fn ln_normal<R: Real32>(x: R, shift: i64) -> R {
    let bits = x.to_bits();
    let i = bits.sub(bits.lit(OFFSET));
    let k = i.shr(23);
    let k = R::from_int(if shift == 0 { k } else { k.add(k.lit(shift)) });
    let f = R::from_bits(bits.sub(i.and(bits.lit(!0x7f_ffff)))) - x.lit(1.0);
    let f2 = f * f;
    let w = even_odd(f, f2, &coef::LN).mul_add(f, f.lit(-0.5));
    let a = k * x.lit(LN2_HI);
    let s = a + f;
    let lo = k.mul_add(x.lit(LN2_LO), f - (s - a));
    s + f2.mul_add(w, lo)
}

/// Natural logarithm, at most 0.88 ULP off.
#[inline(always)]
pub fn ln<R: Real32>(x: R) -> R {
    let bits = x.to_bits();
    // Positive normal numbers, shifted to the bottom of the signed range: one comparison.
    let shifted = bits.sub(bits.lit(0x0080_0000)).xor(bits.lit(i64::from(i32::MIN)));
    let odd = shifted.gt(bits.lit(i64::from(0x7eff_ffff ^ i32::MIN)));
    R::cold(odd, ln_normal(x, 0), || {
        let zero = x.lit(0.0);
        let y = ln_normal(x * x.lit(8388608.0), -23);
        let y = R::select(x.gt(zero) & x.lt(x.lit(f64::INFINITY)), y, x);
        let y = R::select(x.lt(zero), x.lit(f64::NAN), y);
        R::select(x.eq(zero), x.lit(f64::NEG_INFINITY), y)
    })
}

/// `ln(1 + x)`, at most 0.51 ULP off.
#[inline(always)]
pub fn ln_1p<R: Real32>(x: R) -> R {
    crate::math::f64::ln_1p_single(x.widen()).narrow()
}

/// Logarithm to base 2, at most 0.51 ULP off.
#[inline(always)]
pub fn log2<R: Real32>(x: R) -> R {
    crate::math::f64::log2_single(x.widen()).narrow()
}

/// Logarithm to base 10, at most 0.51 ULP off.
#[inline(always)]
pub fn log10<R: Real32>(x: R) -> R {
    crate::math::f64::log10_single(x.widen()).narrow()
}
