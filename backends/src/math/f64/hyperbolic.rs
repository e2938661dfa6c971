//! Hyperbolic functions and their inverses in double precision.
//!
//! Near 0 the odd functions are `x + x^3 p(x^2)`; `tanh` above 0.625 is `1 - 2/(e^2x + 1)`, `sinh` and `cosh` are
//! half of `e^x` plus or minus half its reciprocal. The inverses are logarithms of an argument kept as a sum of two
//! numbers. Both forms are computed and one is selected.

use super::coef;
use super::exponential::{parts, scale};
use super::logarithm::ln_plus;
use crate::math::real::{Lanes, Real64, horner};

/// `x + x^3 p(x^2)`.
#[inline(always)]
fn odd_poly<R: Real64, const N: usize>(x: R, c: &[f64; N]) -> R {
    let z = x * x;
    (x * z).mul_add(horner(z, c), x)
}

/// `y` with the sign bit of `x` or-ed in.
#[inline(always)]
fn with_sign<R: Real64>(y: R, x: R) -> R {
    let bits = x.to_bits();
    R::from_bits(y.to_bits().or(bits.and(bits.lit(i64::MIN))))
}

/// `(e^ax / 2, e^-ax / 2)` for `0 <= ax <= 710.4758`.
#[inline(always)]
fn halves<R: Real64>(ax: R) -> (R, R) {
    let (r, t) = parts(ax);
    let one = ax.lit(1.0);
    let p = horner(r, &coef::EXP).mul_add(r, one).mul_add(r, one);
    let h = scale(p, t.sub(t.lit(1)));
    (h, ax.lit(0.25) / h)
}

/// Hyperbolic sine, at most 1.6 ULP off.
#[inline(always)]
pub fn sinh<R: Real64>(x: R) -> R {
    let ax = x.abs();
    let small = odd_poly(ax, &coef::SINH);
    let (a, b) = halves(ax);
    let y = R::select(ax.ge(x.lit(1.0)), a - b, small);
    with_sign(R::cold(!ax.le(x.lit(710.0)), y, || overflow(ax, y)), x)
}

/// Hyperbolic cosine, at most 1.3 ULP off.
#[inline(always)]
pub fn cosh<R: Real64>(x: R) -> R {
    let ax = x.abs();
    let (a, b) = halves(ax);
    let y = a + b;
    R::cold(!ax.le(x.lit(710.0)), y, || overflow(ax, y))
}

/// `sinh` and `cosh` above 710.
#[inline(always)]
fn overflow<R: Real64>(ax: R, y: R) -> R {
    let y = R::select(ax.gt(ax.lit(710.475_860_073_943_9)), ax.lit(f64::INFINITY), y);
    R::select(ax.is_nan(), ax, y)
}

/// Inverse hyperbolic sine, at most 0.7 ULP off: `ln(x + sqrt(x^2 + 1))`.
#[inline(always)]
pub fn asinh<R: Real64>(x: R) -> R {
    let ax = x.abs();
    let one = x.lit(1.0);
    let small = odd_poly(ax, &coef::ASINH);
    let h = ax.mul_add(ax, one);
    let l = ax.mul_add(ax, one - h);
    let s = h.sqrt();
    let sl = ((-s).mul_add(s, h) + l) * (x.lit(0.5) / s);
    let a = s + ax;
    let al = (ax - (a - s)) + sl;
    // From 2^28 on, ln(2x).
    let big = ax.ge(x.lit(268435456.0));
    let a = R::select(big, ax, a);
    let corr = R::select(big, x.lit(std::f64::consts::LN_2), al / a);
    let y = ln_plus(a, corr, &coef::LN);
    let y = R::select(ax.ge(x.lit(0.5)), y, small);
    with_sign(R::cold(!ax.lt(x.lit(f64::INFINITY)), y, || ax), x)
}

/// Inverse hyperbolic cosine, at most 0.9 ULP off: `ln(x + sqrt(x^2 - 1))`; with `t = x - 1` that is
/// `ln(1 + t + sqrt(t^2 + 2t))`, the sum kept in two numbers.
#[inline(always)]
pub fn acosh<R: Real64>(x: R) -> R {
    let one = x.lit(1.0);
    let t = x - one;
    let t2 = t + t;
    let v = t.mul_add(t, t2);
    let vl = t.mul_add(t, t2 - v);
    let s = v.sqrt();
    let sl = ((-s).mul_add(s, v) + vl) * (x.lit(0.5) / s);
    let sl = R::select(v.gt(x.lit(0.0)), sl, v);
    // x + s, either of which may be the larger.
    let a = x + s;
    let al = (s - (a - x)) + sl;
    let big = x.ge(x.lit(268435456.0));
    let a = R::select(big, x, a);
    let corr = R::select(big, x.lit(std::f64::consts::LN_2), al / a);
    let y = ln_plus(a, corr, &coef::LN);
    R::cold(!(x.ge(one) & x.lt(x.lit(f64::INFINITY))), y, || R::select(x.lt(one), x.lit(f64::NAN), x))
}

/// Inverse hyperbolic tangent, at most 0.7 ULP off: half of `ln((1+x)/(1-x))`.
#[inline(always)]
pub fn atanh<R: Real64>(x: R) -> R {
    let ax = x.abs();
    let one = x.lit(1.0);
    let small = odd_poly(ax, &coef::ATANH);
    let n = one + ax;
    let nl = ax - (n - one);
    let d = one - ax;
    let q = n / d;
    let y = ln_plus(q, ((-q).mul_add(d, n) + nl) / n, &coef::LN) * x.lit(0.5);
    let y = R::select(ax.ge(x.lit(0.5)), y, small);
    let y = R::cold(!ax.lt(one), y, || R::select(ax.eq(one), x.lit(f64::INFINITY), x.lit(f64::NAN)));
    with_sign(y, x)
}

/// Hyperbolic tangent, at most 1.2 ULP off.
#[inline(always)]
pub fn tanh<R: Real64>(x: R) -> R {
    let one = x.lit(1.0);
    let ax = x.abs();
    let ax = R::select(ax.gt(x.lit(20.0)), x.lit(20.0), ax);
    let small = odd_poly(ax, &coef::TANH);
    let (r, t) = parts(ax + ax);
    let u = horner(r, &coef::EXP).mul_add(r * r, r);
    let s = scale(one, t);
    let large = one - x.lit(2.0) / s.mul_add(u, s + one);
    let y = R::select(ax.ge(x.lit(0.625)), large, small);
    with_sign(y, x)
}
