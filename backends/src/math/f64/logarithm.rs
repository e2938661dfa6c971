//! `ln`, `ln_1p`, `log2` and `log10` in double precision.
//!
//! `x = 2^k (1 + f)` with `1 + f` in [sqrt(1/2), sqrt 2], split by integer arithmetic on the bits; `ln(1+f) = f - f^2/2 +
//! f^3 p(f)` by one polynomial without division or table, so that `x` near 1 needs no case of its own. `k ln2 + f` is
//! kept as a sum of two numbers. Zero, subnormal, negative, infinite and NaN arguments take the cold path.

use super::coef;
use super::exponential::{MAGIC, MAGIC_BITS};
use crate::math::real::{Lanes, Real64, even_odd};

/// The bits of sqrt(1/2).
const OFFSET: i64 = 0x3fe6_a09e_667f_3bcd;
/// 42 bits of ln 2, so that `k` times it is exact.
const LN2_HI: f64 = 0.6931471805598903;
const LN2_LO: f64 = 5.497_923_018_708_371e-14;

/// `(f, k)`: `x = 2^k (1 + f)` for positive normal `x`, `k` as a number of the same type.
#[inline(always)]
pub(super) fn split<R: Real64>(x: R) -> (R, R) {
    let bits = x.to_bits();
    let i = bits.sub(bits.lit(OFFSET));
    let k = R::from_bits(i.shr(52).add(bits.lit(MAGIC_BITS))) - x.lit(MAGIC);
    let m = R::from_bits(bits.sub(i.and(bits.lit(!0xf_ffff_ffff_ffff))));
    (m - x.lit(1.0), k)
}

/// `ln(1+f) - f` for `1 + f` in [sqrt(1/2), sqrt 2], plus `lo`; `c` is [`coef::LN`] or [`coef::LN_S`].
#[inline(always)]
pub(super) fn tail<R: Real64, const N: usize>(f: R, lo: R, c: &[f64; N]) -> R {
    let f2 = f * f;
    let w = even_odd(f, f2, c).mul_add(f, f.lit(-0.5));
    f2.mul_add(w, lo)
}

#[inline(always)]
fn ln_of<R: Real64, const N: usize>(f: R, k: R, corr: Option<R>, c: &[f64; N]) -> R {
    let a = k * f.lit(LN2_HI);
    let s = a + f;
    let lo = k.mul_add(f.lit(LN2_LO), f - (s - a));
    s + tail(f, corr.map_or(lo, |v| lo + v), c)
}

/// `ln(x) + corr` for positive normal `x`, with one rounding for the sum.
#[inline(always)]
pub(super) fn ln_plus<R: Real64, const N: usize>(x: R, corr: R, c: &[f64; N]) -> R {
    let (f, k) = split(x);
    ln_of(f, k, Some(corr), c)
}

/// Whether `x` is zero, negative, subnormal, infinite or NaN.
#[inline(always)]
pub(super) fn odd<R: Real64>(x: R) -> R::Mask {
    let bits = x.to_bits();
    // [2^-1022, inf) shifted to the bottom of the signed range: one comparison.
    let shifted = bits.sub(bits.lit(0x0010_0000_0000_0000)).xor(bits.lit(i64::MIN));
    shifted.gt(bits.lit(0x7fdf_ffff_ffff_ffff ^ i64::MIN))
}

/// `(x, 0)`, or `(2^54 x, -54)` where `x` is subnormal.
#[inline(always)]
pub(super) fn lift<R: Real64>(x: R) -> (R, R) {
    let low = x.lt(x.lit(f64::MIN_POSITIVE));
    (R::select(low, x * x.lit(18014398509481984.0), x), R::select(low, x.lit(-54.0), x.lit(0.0)))
}

/// The values of a logarithm for zero, negative numbers, infinity and NaN; `y` for the others.
#[inline(always)]
pub(super) fn special<R: Real64>(x: R, y: R) -> R {
    let zero = x.lit(0.0);
    let y = R::select(x.gt(zero) & x.lt(x.lit(f64::INFINITY)), y, x);
    let y = R::select(x.lt(zero), x.lit(f64::NAN), y);
    R::select(x.eq(zero), x.lit(f64::NEG_INFINITY), y)
}

/// Natural logarithm, at most 0.9 ULP off.
#[inline(always)]
pub fn ln<R: Real64>(x: R) -> R {
    let (f, k) = split(x);
    R::cold(odd(x), ln_of(f, k, None, &coef::LN), || {
        let (y, shift) = lift(x);
        let (f, k) = split(y);
        special(x, ln_of(f, k + shift, None, &coef::LN))
    })
}

/// `ln(1 + x)`, at most 0.9 ULP off.
///
/// `1 + x` is kept as a sum `y + c`, and `ln(y + c) = ln y + c/y`.
#[inline(always)]
pub fn ln_1p<R: Real64>(x: R) -> R {
    ln_1p_by(x, &coef::LN)
}

/// [`ln_1p`] with a relative error of 2^-36.
#[inline(always)]
pub(in crate::math) fn ln_1p_single<R: Real64>(x: R) -> R {
    ln_1p_by(x, &coef::LN_S)
}

#[inline(always)]
fn ln_1p_by<R: Real64, const N: usize>(x: R, c: &[f64; N]) -> R {
    let one = x.lit(1.0);
    let y = one + x;
    let fast = ln_plus(y, (x - (y - one)) / y, c);
    // The sign of the result is that of x, also for zeros.
    let fast = R::from_bits(fast.to_bits().or(x.to_bits().and(x.to_bits().lit(i64::MIN))));
    R::cold(odd(y), fast, || special(y, fast))
}

/// A base of logarithms: `1/ln(base)` and `ln(2)/ln(base)`, both as sums, the first part of the latter short enough
/// for exact multiples.
struct Base {
    scale: [f64; 2],
    two: [f64; 2],
}

/// 1 / ln 2.
pub(super) const LOG2_E: [f64; 2] = [std::f64::consts::LOG2_E, 2.0355273740931033e-17];
const TWO: Base = Base { scale: LOG2_E, two: [1.0, 0.0] };
const TEN: Base = Base {
    scale: [std::f64::consts::LOG10_E, 1.098319650216765e-17],
    two: [0.30102999566395283, 2.8363394551044964e-14],
};

impl Base {
    #[inline(always)]
    fn of<R: Real64, const N: usize>(&self, f: R, k: R, c: &[f64; N]) -> R {
        let p = f * f.lit(self.scale[0]);
        let pl = f.mul_add(f.lit(self.scale[0]), -p);
        let pl = f.mul_add(f.lit(self.scale[1]), pl);
        let a = k * f.lit(self.two[0]);
        let s = a + p;
        let lo = k.mul_add(f.lit(self.two[1]), (p - (s - a)) + pl);
        s + tail(f, f.lit(0.0), c).mul_add(f.lit(self.scale[0]), lo)
    }

    #[inline(always)]
    fn log<R: Real64, const N: usize>(&self, x: R, c: &[f64; N]) -> R {
        let (f, k) = split(x);
        R::cold(odd(x), self.of(f, k, c), || {
            let (y, shift) = lift(x);
            let (f, k) = split(y);
            special(x, self.of(f, k + shift, c))
        })
    }
}

/// Logarithm to base 2, at most 1 ULP off; exact for powers of 2.
#[inline(always)]
pub fn log2<R: Real64>(x: R) -> R {
    TWO.log(x, &coef::LN)
}

/// Logarithm to base 10, at most 0.9 ULP off; exact for powers of 10.
#[inline(always)]
pub fn log10<R: Real64>(x: R) -> R {
    TEN.log(x, &coef::LN)
}

/// [`log2`] with a relative error of 2^-36.
#[inline(always)]
pub(in crate::math) fn log2_single<R: Real64>(x: R) -> R {
    TWO.log(x, &coef::LN_S)
}

/// [`log10`] with a relative error of 2^-36.
#[inline(always)]
pub(in crate::math) fn log10_single<R: Real64>(x: R) -> R {
    TEN.log(x, &coef::LN_S)
}
