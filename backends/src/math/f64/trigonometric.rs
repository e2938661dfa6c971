//! `sin`, `cos` and `tan` in double precision.
//!
//! Up to 2^22, `|x|` is reduced modulo pi (for `cos` by half-integers) with pi as a sum of three numbers; the first
//! step is exact. One odd polynomial then serves on [-pi/2, pi/2]. Beyond, a cold path multiplies the 53 bits of `x` with
//! the 192 bits of 2/pi that matter (Payne and Hanek), in integers: every finite argument is right.
//!
//! Both functions work on `|x|`, so they are exactly odd and even, and sin(-0) is -0.

use super::coef;
use super::exponential::MAGIC;
use crate::math::real::{Lanes, Real64, horner};

/// Where the cold path begins.
const LIMIT: f64 = 4194304.0;
const PI: [f64; 3] = [std::f64::consts::PI, 1.224_646_799_147_353_2e-16, -2.994_769_809_718_339_7e-33];
const FRAC_PI_2: [f64; 2] = [std::f64::consts::FRAC_PI_2, 6.123_233_995_736_766e-17];
const SIGN: i64 = i64::MIN;

/// `sin(ax - n pi)`; rounding can carry it past 1 by a last bit, hence the last step.
#[inline(always)]
fn odd_part<R: Real64>(ax: R, n: R) -> R {
    let r = n.mul_add(ax.lit(-PI[0]), ax);
    let r = n.mul_add(ax.lit(-PI[1]), r);
    let r = n.mul_add(ax.lit(-PI[2]), r);
    let z = r * r;
    let y = (r * z).mul_add(horner(z, &coef::SIN), r);
    let (one, minus) = (ax.lit(1.0), ax.lit(-1.0));
    let y = R::select(y.lt(one), y, one);
    R::select(y.gt(minus), y, minus)
}

/// Sine, at most 1.7 ULP off.
#[inline(always)]
pub fn sin<R: Real64>(x: R) -> R {
    sin_by(x, |ax| large(ax, 0))
}

/// [`sin`] with its cold path out of line, for use inside of another cold path.
#[inline(always)]
pub(in crate::math) fn sin_single<R: Real64>(x: R) -> R {
    sin_by(x, |ax| large_apart(ax, 0))
}

#[inline(always)]
fn sin_by<R: Real64>(x: R, large: impl FnOnce(R) -> R) -> R {
    let ax = x.abs();
    let t = ax.mul_add(x.lit(std::f64::consts::FRAC_1_PI), x.lit(MAGIC));
    let y = odd_part(ax, t - x.lit(MAGIC));
    let sign = t.to_bits().shl(63).xor(x.to_bits().and(t.to_bits().lit(SIGN)));
    let fast = R::from_bits(y.to_bits().xor(sign));
    R::cold(!ax.le(x.lit(LIMIT)), fast, || {
        let y = large(ax).to_bits();
        R::from_bits(y.xor(x.to_bits().and(y.lit(SIGN))))
    })
}

/// Cosine, at most 1.8 ULP off.
#[inline(always)]
pub fn cos<R: Real64>(x: R) -> R {
    cos_by(x, |ax| large(ax, 1))
}

/// [`cos`] with its cold path out of line.
#[inline(always)]
pub(in crate::math) fn cos_single<R: Real64>(x: R) -> R {
    cos_by(x, |ax| large_apart(ax, 1))
}

#[inline(always)]
fn cos_by<R: Real64>(x: R, large: impl FnOnce(R) -> R) -> R {
    let ax = x.abs();
    let t = ax.mul_add(x.lit(std::f64::consts::FRAC_1_PI), x.lit(0.5)) + x.lit(MAGIC);
    let y = odd_part(ax, (t - x.lit(MAGIC)) - x.lit(0.5));
    let fast = R::from_bits(y.to_bits().xor(t.to_bits().shl(63)));
    R::cold(!ax.le(x.lit(LIMIT)), fast, || large(ax))
}

/// `sin(ax + turn pi/2)` for `ax` above [`LIMIT`].
#[inline(always)]
fn large<R: Real64>(ax: R, turn: i64) -> R {
    let (q, r, lo) = reduce_large(ax);
    quadrant(q.add(q.lit(turn)), r, lo)
}

/// [`large`], out of line: keeps the code around it small enough to be inlined itself.
#[inline(never)]
fn large_apart<R: Real64>(ax: R, turn: i64) -> R {
    large(ax, turn)
}

/// `sin(r + lo)` for `|r| <= pi/4`, as an unevaluated sum whose first part is `r`.
#[inline(always)]
pub(super) fn sin_parts<R: Real64>(r: R, z: R, lo: R) -> (R, R) {
    (r, (r * z).mul_add(horner(z, &coef::SINQ), lo))
}

/// `cos(r + lo) - 1` for `|r| <= pi/4`.
#[inline(always)]
pub(super) fn cos_part<R: Real64>(r: R, z: R, lo: R) -> R {
    let q = horner(z, &coef::COSQ).mul_add(z, r.lit(-0.5));
    z.mul_add(q, -(r * lo))
}

/// The sine of quadrant `q` at `r + lo`: sin, cos, -sin, -cos for `q` modulo 4.
#[inline(always)]
fn quadrant<R: Real64>(q: R::Int, r: R, lo: R) -> R {
    let z = r * r;
    let (s, sl) = sin_parts(r, z, lo);
    let c = r.lit(1.0) + cos_part(r, z, lo);
    let odd = q.and(q.lit(1)).eq(q.lit(1));
    let y = R::select(odd, c, s + sl);
    R::from_bits(y.to_bits().xor(q.shl(62).and(q.lit(SIGN))))
}

/// pi/2: 53 bits, then 28 bits, so that multiples are exact, then the rest.
const TAN_PI_2: [f64; 3] = [std::f64::consts::FRAC_PI_2, 6.123234014771656e-17, -1.9034889620193266e-25];

/// The tangent of quadrant `q` at `r + lo`: sine and cosine as sums of two numbers, their quotient (or minus its
/// reciprocal) corrected by the remainder.
#[inline(always)]
fn tan_quadrant<R: Real64>(q: R::Int, r: R, lo: R) -> R {
    let z = r * r;
    let (r, t) = sin_parts(r, z, lo);
    let s = r + t;
    let sl = t - (s - r);
    let one = r.lit(1.0);
    let v = cos_part(r, z, lo);
    let c = one + v;
    let cl = v - (c - one);
    let odd = q.and(q.lit(1)).eq(q.lit(1));
    let (n, nl) = (R::select(odd, c, s), R::select(odd, cl, sl));
    let (d, dl) = (R::select(odd, s, c), R::select(odd, sl, cl));
    let inv = one / d;
    let y = n * inv;
    let rest = (-y).mul_add(d, n) + (-y).mul_add(dl, nl);
    let y = rest.mul_add(inv, y);
    R::from_bits(y.to_bits().xor(q.shl(63)))
}

/// `tan ax` for `ax` above [`LIMIT`].
#[inline(always)]
fn tan_large<R: Real64>(ax: R) -> R {
    let (q, r, lo) = reduce_large(ax);
    tan_quadrant(q, r, lo)
}

/// Tangent, at most 1.4 ULP off.
#[inline(always)]
pub fn tan<R: Real64>(x: R) -> R {
    let ax = x.abs();
    let t = ax.mul_add(x.lit(std::f64::consts::FRAC_2_PI), x.lit(MAGIC));
    let n = t - x.lit(MAGIC);
    let a = n.mul_add(x.lit(-TAN_PI_2[0]), ax);
    let mid = x.lit(-TAN_PI_2[1]);
    let r = n.mul_add(mid, a);
    let lo = n.mul_add(mid, a - r);
    let lo = n.mul_add(x.lit(-TAN_PI_2[2]), lo);
    let y = tan_quadrant(t.to_bits(), r, lo);
    let y = R::cold(!ax.le(x.lit(LIMIT)), y, || tan_large(ax));
    R::from_bits(y.to_bits().xor(x.to_bits().and(t.to_bits().lit(SIGN))))
}

/// [`tan`] with a relative error of 2^-35 for arguments that come from single precision (whose multiples of pi/2 are not
/// as near).
#[inline(always)]
pub(in crate::math) fn tan_single<R: Real64>(x: R) -> R {
    let ax = x.abs();
    let t = ax.mul_add(x.lit(std::f64::consts::FRAC_2_PI), x.lit(MAGIC));
    let n = t - x.lit(MAGIC);
    let r = n.mul_add(x.lit(-FRAC_PI_2[0]), ax);
    let r = n.mul_add(x.lit(-FRAC_PI_2[1]), r);
    let z = r * r;
    let s = (r * z).mul_add(horner(z, &coef::SINQ_S), r);
    let c = horner(z, &coef::COSQ_S).mul_add(z, r.lit(-0.5)).mul_add(z, r.lit(1.0));
    let q = t.to_bits();
    let odd = q.and(q.lit(1)).eq(q.lit(1));
    let y = R::select(odd, c, s) / R::select(odd, s, c);
    let y = R::from_bits(y.to_bits().xor(q.shl(63)));
    let y = R::cold(!ax.le(x.lit(LIMIT)), y, || tan_large(ax));
    R::from_bits(y.to_bits().xor(x.to_bits().and(t.to_bits().lit(SIGN))))
}

/// High half of the unsigned 128-bit product.
#[inline(always)]
fn mul_high<I: Lanes>(a: I, b: I) -> I {
    let m = a.lit(0xffff_ffff);
    let (a0, a1, b0, b1) = (a.and(m), a.shr_u(32), b.and(m), b.shr_u(32));
    let (p00, p01, p10) = (a0.mul(b0), a0.mul(b1), a1.mul(b0));
    let mid = p00.shr_u(32).add(p01.and(m)).add(p10.and(m));
    a1.mul(b1).add(p01.shr_u(32)).add(p10.shr_u(32)).add(mid.shr_u(32))
}

/// `(q, r, lo)`: `x = q pi/2 + r + lo` up to multiples of 2 pi, `|r| <= pi/4`, for `x >= 2^22`; NaN for infinities and
/// NaNs.
#[inline(always)]
pub(super) fn reduce_large<R: Real64>(x: R) -> (R::Int, R, R) {
    let bits = x.to_bits();
    // x = m 2^e; bits of 2/pi of weight 2^(3-e) and more give multiples of 4.
    let e = bits.shr_u(52).sub(bits.lit(1075 - 62));
    let m = bits.and(bits.lit(0xf_ffff_ffff_ffff)).or(bits.lit(0x10_0000_0000_0000));
    let m = m.shl_by(e.and(e.lit(7)));
    let i = e.shr(3);
    let w0 = R::table(i, &coef::TWO_OVER_PI);
    let w1 = R::table(i.add(i.lit(8)), &coef::TWO_OVER_PI);
    let w2 = R::table(i.add(i.lit(16)), &coef::TWO_OVER_PI);
    // The upper two words of the 192-bit product: quarter turns in the top two bits.
    let mid = m.mul(w1);
    let low = mid.add(mul_high(m, w2));
    let min = m.lit(i64::MIN);
    let carry = R::Int::select(low.xor(min).lt(mid.xor(min)), m.lit(1), m.lit(0));
    let high = m.mul(w0).add(mul_high(m, w1)).add(carry);
    let q = high.add(high.lit(1 << 61)).shr_u(62);
    let f = high.sub(q.shl(62));
    let word = m.lit(0xffff_ffff);
    let part = |i: R::Int, weight: f64| R::from_int(i) * x.lit(weight);
    let a = part(f.shr(32), 2f64.powi(-30));
    let b = part(f.and(word), 2f64.powi(-62));
    let s = a + b;
    let c = ((a - s) + b) + (part(low.shr_u(32), 2f64.powi(-94)) + part(low.and(word), 2f64.powi(-126)));
    let hi = s + c;
    let lo = c - (hi - s);
    // Times pi/2.
    let p = hi * x.lit(FRAC_PI_2[0]);
    let pl = hi.mul_add(x.lit(FRAC_PI_2[0]), -p) + lo.mul_add(x.lit(FRAC_PI_2[0]), hi * x.lit(FRAC_PI_2[1]));
    let r = p + pl;
    let finite = x.lt(x.lit(f64::INFINITY));
    (q, R::select(finite, r, x.lit(f64::NAN)), pl - (r - p))
}
