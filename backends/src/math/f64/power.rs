//! `pow`, `cbrt` and `hypot` in double precision.
//!
//! `x^y = 2^(y log2 x)`, the logarithm and the product being sums of two numbers (about 66 bits): `ln m = 2s + 2/3 s^3 +
//! s^5 p(s^2)` with `s = (m-1)/(m+1)`, the first two terms in both numbers. For single precision ([`pow_single`]) a
//! logarithm of 38 bits does. C99's special cases are in the cold path, with negative bases.
//!
//! `cbrt` scales by a power of 8 to [1, 8), approximates `m^(-1/3)` and corrects the cube root by its exact residual.
//! `hypot` squares without scaling between 2^-480 and 2^500.

use super::coef;
use super::exponential::{MAGIC, MAGIC_BITS, scale, scale_low};
use super::logarithm::{LOG2_E, lift, odd, split, tail};
use crate::math::real::{Lanes, Real64, horner};

/// `log2(2^k (1+f))` as a sum of two numbers.
#[inline(always)]
fn log2_parts<R: Real64>(f: R, k: R) -> (R, R) {
    let one = f.lit(1.0);
    // s = f / (2 + f)
    let g = f + f.lit(2.0);
    let gl = f - (g - f.lit(2.0));
    let inv = one / g;
    let s = f * inv;
    let sl = ((-s).mul_add(g, f) - s * gl) * inv;
    let z = s * s;
    let zl = s.mul_add(s, -z) + (s + s) * sl;
    // s^3
    let c = s * z;
    let cl = s.mul_add(z, -c) + s.mul_add(zl, sl * z);
    let third = f.lit(2.0 / 3.0);
    let t = c * third;
    let tl = c.mul_add(third, -t) + c.mul_add(f.lit(3.700743415417188e-17), cl * third);
    let tl = (c * z).mul_add(horner(z, &coef::POW_LN), tl);
    let a = s + s;
    let b = a + t;
    let bl = (t - (b - a)) + (tl + (sl + sl));
    let l = b + bl;
    let ll = bl - (l - b);
    // Times log2(e), plus k.
    let e = f.lit(LOG2_E[0]);
    let h = l * e;
    let hl = l.mul_add(e, -h) + l.mul_add(f.lit(LOG2_E[1]), ll * e);
    let w = k + h;
    (w, (h - (w - k)) + hl)
}

/// `2^(p + pl)` as `m 2^k`: `m` and the bits of `k + MAGIC`; `|p| < 2^20`.
#[inline(always)]
fn exp2_parts<R: Real64>(p: R, pl: R) -> (R, R::Int) {
    let t = p + p.lit(MAGIC);
    let r = (p - (t - p.lit(MAGIC))) + pl;
    (horner(r, &coef::EXP2).mul_add(r, p.lit(1.0)), t.to_bits())
}

#[inline(always)]
fn pow_with<R: Real64>(x: R, y: R, full: bool) -> R {
    let product = |x: R, shift: R| {
        let (f, k) = split(x);
        let k = k + shift;
        if full {
            let (w, wl) = log2_parts(f, k);
            let p = y * w;
            (p, y.mul_add(wl, y.mul_add(w, -p)))
        } else {
            let e = x.lit(LOG2_E[0]);
            let w = (f + tail(f, x.lit(0.0), &coef::LN_S)).mul_add(e, k);
            (y * w, x.lit(0.0))
        }
    };
    let (p, pl) = product(x, x.lit(0.0));
    let (m, t) = exp2_parts(p, pl);
    R::cold(odd(x) | !p.abs().le(x.lit(1021.0)), scale(m, t), || {
        let ax = x.abs();
        let (one, zero, inf) = (x.lit(1.0), x.lit(0.0), x.lit(f64::INFINITY));
        let (lx, shift) = lift(ax);
        let (p, pl) = product(lx, shift);
        let over = p.gt(x.lit(1100.0));
        let under = p.lt(x.lit(-1100.0));
        let safe = !(over | under) & p.eq(p);
        let (m, t) = exp2_parts(R::select(safe, p, zero), R::select(safe, pl, zero));
        let k = t.sub(t.lit(MAGIC_BITS));
        let r = R::select(k.gt(k.lit(1024)), inf, scale_low(m, t));
        // 2^1024 and more: m 2^1024 is finite for m < 1 only.
        let r = R::select(k.eq(k.lit(1024)) & m.ge(one), inf, r);
        let r = R::select(over, inf, R::select(under, zero, r));
        // Zero and infinite bases and exponents: 0 or infinity, by whether |x| > 1 and y > 0.
        let extreme = ax.eq(zero) | ax.eq(inf) | y.abs().eq(inf);
        let grows = (ax.gt(one) & y.gt(zero)) | (ax.lt(one) & y.lt(zero));
        let r = R::select(extreme, R::select(grows, inf, zero), r);
        let r = R::select(ax.eq(one), one, r);
        // Negative bases. Infinite exponents count as even integers.
        let whole = y.trunc().eq(y);
        let half = y * x.lit(0.5);
        let odd_y = whole & half.trunc().ne(half);
        let neg = x.to_bits().lt(k.lit(0));
        let r = R::select(neg & odd_y, -r, r);
        let r = R::select(neg & !whole & x.lt(zero) & ax.lt(inf), x.lit(f64::NAN), r);
        let r = R::select(x.is_nan() | y.is_nan(), x.lit(f64::NAN), r);
        R::select(x.eq(one) | y.eq(zero), one, r)
    })
}

/// `x^y`, at most 1.7 ULP off; special cases as in C99.
#[inline(always)]
pub fn pow<R: Real64>(x: R, y: R) -> R {
    pow_with(x, y, true)
}

/// `x^y` with a relative error below 2^-30, for arguments that come from single precision.
#[inline(always)]
pub fn pow_single<R: Real64>(x: R, y: R) -> R {
    pow_with(x, y, false)
}

/// Cube root, at most 0.51 ULP off.
#[inline(always)]
pub fn cbrt<R: Real64>(x: R) -> R {
    let ax = x.abs();
    let root = |a: R, shift: i64| {
        let bits = a.to_bits();
        // Exponent field divided by 3 (right below 2^15).
        let q = bits.shr_u(52).mul(bits.lit(0x5556)).shr_u(16);
        let m = R::from_bits(bits.sub(q.add(q.add(q)).sub(q.lit(1023)).shl(52)));
        // r = m^(-1/3), error 2^-8, then its fourth and third power.
        let c = |v: f64| a.lit(v);
        let r = horner(m, &coef::CBRT);
        let e = (-m).mul_add(r * r * r, c(1.0));
        let p = e.mul_add(c(14.0 / 81.0), c(2.0 / 9.0)).mul_add(e, c(1.0 / 3.0));
        let r = (r * e).mul_add(p, r);
        let e = (-m).mul_add(r * r * r, c(1.0));
        let r = (r * e).mul_add(e.mul_add(c(2.0 / 9.0), c(1.0 / 3.0)), r);
        let r2 = r * r;
        let y = m * r2;
        let y2 = y * y;
        let y2l = y.mul_add(y, -y2);
        let rest = (-y2).mul_add(y, m) - y2l * y;
        let y = (rest * r2).mul_add(c(1.0 / 3.0), y);
        R::from_bits(y.to_bits().add(q.sub(q.lit(341 + shift)).shl(52)))
    };
    let fast = root(ax, 0);
    let y = R::cold(odd(ax), fast, || {
        let low = ax.lt(x.lit(f64::MIN_POSITIVE)) & ax.gt(x.lit(0.0));
        R::select(low, root(ax * x.lit(18014398509481984.0), 18), ax)
    });
    R::from_bits(y.to_bits().or(x.to_bits().and(x.to_bits().lit(i64::MIN))))
}

/// `sqrt(x^2 + y^2)` without needless overflow, at most 1 ULP off.
#[inline(always)]
pub fn hypot<R: Real64>(x: R, y: R) -> R {
    let (ax, ay) = (x.abs(), y.abs());
    let swap = ay.gt(ax);
    let (a, b) = (R::select(swap, ay, ax), R::select(swap, ax, ay));
    let length = |a: R, b: R| a.mul_add(a, b * b).sqrt();
    let fine = a.lt(x.lit(2f64.powi(500))) & a.gt(x.lit(2f64.powi(-480)));
    R::cold(!fine | b.is_nan(), length(a, b), || {
        let (down, up) = (x.lit(2f64.powi(-600)), x.lit(2f64.powi(600)));
        let large = a.gt(x.lit(1.0));
        let s = R::select(large, down, up);
        let r = length(a * s, b * s) * R::select(large, up, down);
        let inf = x.lit(f64::INFINITY);
        R::select(ax.eq(inf) | ay.eq(inf), inf, r)
    })
}
