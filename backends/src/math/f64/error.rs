//! `erf` and `erfc` in double precision.
//!
//! `erf(r + d)` for the nearest multiple `r` of 1/128 (0 up to 1.5/128) is `erf r + 2/sqrt(pi) e^(-r^2) (d - r d^2 + ...)`, a
//! Taylor polynomial whose coefficients are polynomials in `r`; the two numbers come from a table, read once. (Without
//! a table it takes twice the instructions.) `erfc` is `1 - erf` below 0, the same expansion around a table of its own up
//! to 2, beyond `e^(-x^2)` over `x + K` times a polynomial, `x^2` and the factors being kept as sums of two numbers.

use super::coef;
use super::exponential::{MAGIC, MAGIC_BITS, parts_lo, scale, scale_low};
use crate::math::real::{Lanes, Real64, horner};

/// `(i, slope, q)` for `0 <= ax <= 6`: `erf ax = erf(i/128) + slope * q`.
#[inline(always)]
fn expand<R: Real64>(ax: R) -> (R::Int, R, R) {
    let c = |v: f64| ax.lit(v);
    let t = ax.mul_add(c(128.0), c(MAGIC));
    let t = R::select(ax.lt(c(1.5 / 128.0)), c(MAGIC), t);
    let r = (t - c(MAGIC)) * c(1.0 / 128.0);
    let i = t.to_bits().sub(t.to_bits().lit(MAGIC_BITS));
    let slope = R::from_bits(R::table(i.shl(1).add(i.lit(1)), &coef::ERF));
    let d = ax - r;
    let r2 = r * r;
    let c3 = r2.mul_add(c(2.0 / 3.0), c(-1.0 / 3.0));
    let c4 = r * r2.mul_add(c(-1.0 / 3.0), c(0.5));
    let c5 = r2.mul_add(c(2.0 / 15.0), c(-0.4)).mul_add(r2, c(0.1));
    let c6 = r * r2.mul_add(c(-2.0 / 45.0), c(2.0 / 9.0)).mul_add(r2, c(-1.0 / 6.0));
    let p = c(-1.0 / 42.0).mul_add(d, c6);
    let p = p.mul_add(d, c5).mul_add(d, c4).mul_add(d, c3).mul_add(d, -r);
    (i, slope, (d * d).mul_add(p, d))
}

/// `erf ax`.
#[inline(always)]
fn sum<R: Real64>((i, slope, q): (R::Int, R, R)) -> R {
    slope.mul_add(q, R::from_bits(R::table(i.shl(1), &coef::ERF)))
}

/// Error function, at most 1.2 ULP off.
#[inline(always)]
pub fn erf<R: Real64>(x: R) -> R {
    let ax = x.abs();
    let y = sum(expand(R::select(ax.gt(x.lit(6.0)), x.lit(6.0), ax)));
    R::from_bits(y.to_bits().or(x.to_bits().and(x.to_bits().lit(i64::MIN))))
}

const K: f64 = 197.0 / 64.0;
/// The coefficients but the first.
const ERFC_REST: [f64; coef::ERFC.len() - 1] = *coef::ERFC.last_chunk().unwrap();

/// `e^(-x^2)`'s factors and the rest for `x` in [2, 28]: `(p, t)` with the result `p * 2^k`, `t` the bits of `k + MAGIC`.
#[inline(always)]
fn erfc_parts<R: Real64>(x: R) -> (R, R::Int) {
    let one = x.lit(1.0);
    let h = x * x;
    let l = x.mul_add(x, -h);
    let (r, lo, t) = parts_lo(-h);
    let u = horner(r, &coef::EXP).mul_add(r * r, r);
    let e = one + u;
    let el = (lo - l).mul_add(e, u - (e - one));
    // p(t) / d with t = (x - K) / d.
    let d = x + x.lit(K);
    let dl = (x - d) + x.lit(K);
    let inv = one / d;
    let n = x - x.lit(K);
    let s = n * inv;
    let s = ((-s).mul_add(d, n) - s * dl).mul_add(inv, s);
    let p = horner(s, &ERFC_REST);
    let b = s * p;
    let c0 = x.lit(coef::ERFC[0]);
    let a = c0 + b;
    let al = ((c0 - a) + b) + s.mul_add(p, -b);
    // e a / d, corrected.
    let m = e * a;
    let ml = el.mul_add(a, e.mul_add(al, e.mul_add(a, -m)));
    let q = m * inv;
    let rest = (-q).mul_add(d, m) + (-q).mul_add(dl, ml);
    (rest.mul_add(inv, q), t)
}

/// Complementary error function, at most 1.6 ULP off.
#[inline(always)]
pub fn erfc<R: Real64>(x: R) -> R {
    let one = x.lit(1.0);
    let ax = x.abs();
    let (i, slope, q) = expand(R::select(ax.gt(x.lit(6.0)), x.lit(6.0), ax));
    let below = one + sum((i, slope, q));
    let near = (-slope).mul_add(q, R::from_bits(R::table(i, &coef::ERFC_NEAR)));
    let low = R::select(x.lt(x.lit(0.0)), below, near);
    let y = R::select(x.gt(x.lit(2.0)), x, x.lit(2.0));
    let y = R::select(y.gt(x.lit(28.0)), x.lit(28.0), y);
    let (p, t) = erfc_parts(y);
    // Subnormal results: p is near 2^-6 there.
    let edge = x.gt(x.lit(26.0)) & x.lt(x.lit(28.0));
    let high = R::cold(edge, scale(p, t), || scale_low(p * x.lit(64.0), t.sub(t.lit(6))));
    let high = R::select(x.ge(x.lit(28.0)), x.lit(0.0), high);
    let high = R::select(x.is_nan(), x, high);
    R::select(x.lt(x.lit(2.0)), low, high)
}
