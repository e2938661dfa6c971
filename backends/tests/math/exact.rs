//! Errors in ULP, measured with some hundreds of bits.
//!
//! Steps from the correctly rounded result say an error within half an ULP only: two steps may be
//! 1.6 or 2.4 ULP. What looks near a bound is measured here. The bits come from the crate
//! `astro-float-num`, but for the error functions, whose series is written out.

use super::reference::{right_f64, right2_f64};
use astro_float_num::{BigFloat, Consts, RoundingMode::ToEven as RM};
use lazuli_backends::math::{Binary, Unary};

/// Constants that are kept between measurements.
pub struct Exact(Consts);

impl Exact {
    pub fn new() -> Exact {
        Exact(Consts::new().expect("constants"))
    }

    /// The error of `got` for `f(x)`.
    pub fn unary(&mut self, f: Unary, x: f64, got: f64) -> f64 {
        ulps(got, &self.value(f, x))
    }

    /// The error of `got` for `f(x, y)`.
    pub fn binary(&mut self, f: Binary, x: f64, y: f64, got: f64) -> f64 {
        ulps(got, &self.value2(f, x, y))
    }

    fn value(&mut self, f: Unary, x: f64) -> BigFloat {
        // Bits beyond those that cancel or vanish in a sum with 1.
        let p = 320 + 2 * exponent(x).unsigned_abs() as usize;
        let cc = &mut self.0;
        let (v, one) = (big(x, p), BigFloat::from_word(1, p));
        match f {
            Unary::Exp => v.exp(p, RM, cc),
            Unary::Exp2 => BigFloat::from_word(2, p).pow(&v, p, RM, cc),
            Unary::ExpM1 => v.exp(p, RM, cc).sub(&one, p, RM),
            Unary::Ln => v.ln(p, RM, cc),
            Unary::Ln1p => v.add(&one, p, RM).ln(p, RM, cc),
            Unary::Log2 => v.log2(p, RM, cc),
            Unary::Log10 => v.log10(p, RM, cc),
            Unary::Sin => v.sin(p, RM, cc),
            Unary::Cos => v.cos(p, RM, cc),
            Unary::Tan => v.tan(p, RM, cc),
            Unary::Tanh => v.tanh(p, RM, cc),
            Unary::Sinh => v.sinh(p, RM, cc),
            Unary::Cosh => v.cosh(p, RM, cc),
            Unary::Asin => v.asin(p, RM, cc),
            Unary::Acos => v.acos(p, RM, cc),
            Unary::Atan => v.atan(p, RM, cc),
            Unary::Asinh => v.asinh(p, RM, cc),
            Unary::Acosh => v.acosh(p, RM, cc),
            Unary::Atanh => v.atanh(p, RM, cc),
            Unary::Cbrt => v.cbrt(p, RM),
            Unary::Erf => self.erf(x, p),
            Unary::Erfc => {
                // For large x, 1 - erf(x) is near exp(-x * x).
                let p = p + (x.clamp(0.0, FAR).powi(2) * 1.5) as usize;
                BigFloat::from_word(1, p).sub(&self.erf(x, p), p, RM)
            }
            Unary::Sigmoid => {
                let e = big(-x.clamp(-2000.0, 2000.0), p).exp(p, RM, cc);
                one.div(&e.add(&one, p, RM), p, RM)
            }
        }
    }

    /// `2 x / sqrt(pi) * exp(-x * x) * sum((2 x * x)^n / (1 * 3 * .. * (2 n + 1)))`: all terms
    /// are positive.
    fn erf(&mut self, x: f64, p: usize) -> BigFloat {
        let v = big(x.clamp(-FAR, FAR), p);
        let square = v.mul(&v, p, RM);
        let twice = square.add(&square, p, RM);
        let mut term = BigFloat::from_word(1, p);
        let mut sum = term.clone();
        let mut odd = 1;
        while exponent_of(&term) > exponent_of(&sum) - p as i32 {
            odd += 2;
            term = term.mul(&twice, p, RM).div(&BigFloat::from_word(odd, p), p, RM);
            sum = sum.add(&term, p, RM);
        }
        let root = self.0.pi(p, RM).sqrt(p, RM);
        let scale = square.neg().exp(p, RM, &mut self.0).mul(&v.add(&v, p, RM), p, RM);
        sum.mul(&scale, p, RM).div(&root, p, RM)
    }

    fn value2(&mut self, f: Binary, x: f64, y: f64) -> BigFloat {
        let p = 320 + 2 * (exponent(x) - exponent(y)).unsigned_abs() as usize;
        let (v, w) = (big(x, p), big(y, p));
        match f {
            Binary::Pow if x < 0.0 => {
                let size = v.neg().pow(&w, p, RM, &mut self.0);
                if y.abs() < 2f64.powi(53) && y as i64 % 2 != 0 { size.neg() } else { size }
            }
            Binary::Pow => v.pow(&w, p, RM, &mut self.0),
            Binary::Hypot => v.mul(&v, p, RM).add(&w.mul(&w, p, RM), p, RM).sqrt(p, RM),
            Binary::Atan2 => {
                let angle = v.div(&w, p, RM).atan(p, RM, &mut self.0);
                match (y < 0.0, x < 0.0) {
                    (true, false) => angle.add(&self.0.pi(p, RM), p, RM),
                    (true, true) => angle.sub(&self.0.pi(p, RM), p, RM),
                    _ => angle,
                }
            }
        }
    }
}

/// Beyond this, `erfc` is far below the smallest number.
const FAR: f64 = 40.0;

/// A finite number, exactly. (The crate misreads subnormal ones.)
fn big(x: f64, p: usize) -> BigFloat {
    if x == 0.0 || x.abs() >= f64::MIN_POSITIVE {
        return BigFloat::from_f64(x, p);
    }
    let mut v = BigFloat::from_f64(x * 2f64.powi(100), p);
    v.set_exponent(exponent_of(&v) - 100);
    v
}

/// Of a finite number, where 1 has exponent 0.
fn exponent(x: f64) -> i32 {
    if x == 0.0 { 0 } else { x.abs().log2().floor() as i32 }
}

/// As `frexp` counts: 1/2 has exponent 0.
fn exponent_of(v: &BigFloat) -> i32 {
    v.exponent().unwrap_or(i32::MIN / 2)
}

/// The distance of `got` from `want`, in units of the last place that a number of `want`'s size
/// has. Infinity counts as 2^1024.
fn ulps(got: f64, want: &BigFloat) -> f64 {
    let p = want.precision().unwrap_or(64).max(64);
    let got = match got.is_infinite() {
        true => BigFloat::from_f64(2f64.powi(1023).copysign(got), p).mul(&BigFloat::from_word(2, p), p, RM),
        false => big(got, p),
    };
    let difference = got.sub(want, p, RM);
    assert!(!difference.is_nan(), "no reference");
    let Some((&top, distance)) =
        difference.mantissa_digits().and_then(|m| m.last()).zip(difference.exponent())
    else {
        return f64::INFINITY;
    };
    let unit = exponent_of(want).max(-1021) - 53;
    top as f64 * 2f64.powi((distance - 64 - unit).clamp(-1000, 900))
}

/// Is an error of `steps` perhaps above 2 ULP? Just below a power of two, numbers lie twice as
/// dense as above it, so that a step from there may count double.
pub fn doubtful(steps: u64, right: f64) -> bool {
    steps > 1 || steps == 1 && right.to_bits() << 12 == 0
}

#[test]
fn the_measure_agrees_with_correct_rounding() {
    let mut exact = Exact::new();
    let arguments = [0.3, -0.7, 1.5, 2.25, -3.0, 0.001, 26.0, 700.5, -1e-20, 5e-310, 1e10, -1e300];
    for &f in Unary::ALL.iter().filter(|&&f| f != Unary::Sigmoid) {
        for x in arguments {
            let right = right_f64(f, x);
            if right.is_finite() && right != 0.0 {
                let off = exact.unary(f, x, right);
                assert!(off <= 0.5, "{f:?} {x:e}: {off}");
                // One of the two numbers that are two steps away is more than 2 ULP away, if the
                // steps are of one size.
                if off > 0.001 && right.abs() > 1e-300 && (1.001..1.999).contains(&fraction(right)) {
                    let [a, b] = [-2, 2]
                        .map(|k| exact.unary(f, x, f64::from_bits(right.to_bits().wrapping_add_signed(k))));
                    assert!((a > 2.0) != (b > 2.0) && (a + b - 4.0).abs() < 1e-9, "{f:?} {x:e}: {a}, {b}");
                }
            }
        }
    }
    for &f in Binary::ALL {
        for (x, y) in [(0.3, 2.5), (1.7, -3.25), (-2.5, 3.0), (-0.1, -4.0), (1e10, 1e-10), (3e-300, -7e-301)]
        {
            let right = right2_f64(f, x, y);
            if right.is_finite() && right != 0.0 {
                let off = exact.binary(f, x, y, right);
                assert!(off <= 0.5, "{f:?} {x:e} {y:e}: {off}");
            }
        }
    }
}

/// Of a normal number: what its power of two is multiplied by.
fn fraction(x: f64) -> f64 {
    f64::from_bits(x.to_bits() & ((1 << 52) - 1) | 1.0f64.to_bits())
}
