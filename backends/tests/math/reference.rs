// Correct results and error measures; shared by the tests and the example `ulp`, neither of which uses all.
#![allow(dead_code)]

use super::*;
use core_math as cm;
use lazuli_backends::math::{f32 as single, f64 as double};

/// The largest error seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Worst {
    pub err: f64,
    pub at: f64,
    pub got: f64,
    pub want: f64,
    pub bad: u64,
}

impl Worst {
    pub fn merge(&mut self, o: Worst) {
        let bad = self.bad + o.bad;
        if o.err > self.err {
            *self = o;
        }
        self.bad = bad;
    }
    fn note(&mut self, err: f64, at: f64, got: f64, want: f64) {
        if err > self.err || err.is_nan() {
            *self = Worst { err, at, got, want, bad: self.bad };
        }
    }
}

pub fn right_f32(f: Unary, x: f32) -> f32 {
    match f {
        Unary::Exp => cm::expf(x),
        Unary::Exp2 => cm::exp2f(x),
        Unary::ExpM1 => cm::expm1f(x),
        Unary::Ln => cm::logf(x),
        Unary::Ln1p => cm::log1pf(x),
        Unary::Log2 => cm::log2f(x),
        Unary::Log10 => cm::log10f(x),
        Unary::Sin => cm::sinf(x),
        Unary::Cos => cm::cosf(x),
        Unary::Tan => cm::tanf(x),
        Unary::Tanh => cm::tanhf(x),
        Unary::Sinh => cm::sinhf(x),
        Unary::Cosh => cm::coshf(x),
        Unary::Asin => cm::asinf(x),
        Unary::Acos => cm::acosf(x),
        Unary::Atan => cm::atanf(x),
        Unary::Asinh => cm::asinhf(x),
        Unary::Acosh => cm::acoshf(x),
        Unary::Atanh => cm::atanhf(x),
        Unary::Erf => cm::erff(x),
        Unary::Erfc => cm::erfcf(x),
        Unary::Cbrt => cm::cbrtf(x),
        Unary::Sigmoid => right_f64(f, x as f64) as f32,
    }
}

pub fn right_f64(f: Unary, x: f64) -> f64 {
    match f {
        Unary::Exp => cm::exp(x),
        Unary::Exp2 => cm::exp2(x),
        Unary::ExpM1 => cm::expm1(x),
        Unary::Ln => cm::log(x),
        Unary::Ln1p => cm::log1p(x),
        Unary::Log2 => cm::log2(x),
        Unary::Log10 => cm::log10(x),
        Unary::Sin => cm::sin(x),
        Unary::Cos => cm::cos(x),
        Unary::Tan => cm::tan(x),
        Unary::Tanh => cm::tanh(x),
        Unary::Sinh => cm::sinh(x),
        Unary::Cosh => cm::cosh(x),
        Unary::Asin => cm::asin(x),
        Unary::Acos => cm::acos(x),
        Unary::Atan => cm::atan(x),
        Unary::Asinh => cm::asinh(x),
        Unary::Acosh => cm::acosh(x),
        Unary::Atanh => cm::atanh(x),
        Unary::Erf => cm::erf(x),
        Unary::Erfc => cm::erfc(x),
        Unary::Cbrt => cm::cbrt(x),
        // Not correctly rounded, but near enough as a reference for f32, and good to a step for f64.
        Unary::Sigmoid => {
            let e = cm::exp(-x.abs());
            if x.is_nan() {
                x
            } else if x < -700.0 {
                cm::exp(x)
            } else if x < 0.0 {
                e / (1.0 + e)
            } else {
                1.0 / (1.0 + e)
            }
        }
    }
}

pub fn right2_f32(f: Binary, x: f32, y: f32) -> f32 {
    match f {
        Binary::Pow => cm::powf(x, y),
        Binary::Atan2 => cm::atan2f(x, y),
        Binary::Hypot => cm::hypotf(x, y),
    }
}

pub fn right2_f64(f: Binary, x: f64, y: f64) -> f64 {
    match f {
        Binary::Pow => cm::pow(x, y),
        Binary::Atan2 => cm::atan2(x, y),
        Binary::Hypot => cm::hypot(x, y),
    }
}

/// The spacing of floats around `y`.
pub fn ulp32(y: f64) -> f64 {
    let e = ((y.abs().to_bits() >> 52) as i32 - 1023).clamp(-126, 127);
    2f64.powi(e - 23)
}

pub fn same32(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

pub fn same64(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

/// The error of `got` for the exact result `want`, in ULP; `None` if special values disagree.
pub fn error32(got: f32, want: f64, right: f32) -> Option<f64> {
    if same32(got, right) && !right.is_finite() {
        return Some(0.0);
    }
    if got.is_nan() || right.is_nan() || want.is_infinite() || got == 0.0 && right == 0.0 {
        return same32(got, right).then_some(0.0);
    }
    // Infinity counts as 2^128.
    let g = if got.is_infinite() { 2f64.powi(128).copysign(got as f64) } else { got as f64 };
    Some((g - want).abs() / ulp32(want))
}

/// Steps between `got` and the correctly rounded result: the error is within 1/2 ULP of it. `None` if special values
/// disagree.
pub fn steps64(got: f64, right: f64) -> Option<u64> {
    if same64(got, right) {
        return Some(0);
    }
    if got.is_nan()
        || right.is_nan()
        || got == 0.0 && right == 0.0
        || got.is_sign_positive() != right.is_sign_positive()
    {
        return None;
    }
    Some(got.to_bits().abs_diff(right.to_bits()))
}

/// Float number `i` of 2^32 in an order that a prefix samples evenly: all, or stratified by exponent.
pub fn sample32(i: u64, all: bool) -> f32 {
    if all {
        return f32::from_bits(i as u32);
    }
    // Exponents and signs in turn, hashed mantissas; every eighth near a multiple of pi/2.
    let h = hash(i);
    if i % 8 == 7 {
        let k = 1 + (h >> 40) % (1 << (1 + h % 22));
        let x = (k as f64 * std::f64::consts::FRAC_PI_2) as f32;
        return f32::from_bits(x.to_bits().wrapping_add((h >> 32) as u32 % 5).wrapping_sub(2));
    }
    f32::from_bits(((i as u32 & 511) << 23) | (h >> 41) as u32)
}

pub fn hash(i: u64) -> u64 {
    let mut z = i.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678_9abc_def1);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Stratified doubles: by exponent, in the usual range of the function, near 1 and near multiples of pi/2.
pub fn sample64(f: Unary, i: u64) -> f64 {
    let h = hash(i);
    let unit = (hash(h) >> 11) as f64 / (1u64 << 53) as f64;
    let sign = if h & 1 == 0 { 1.0 } else { -1.0 };
    let (l, u) = f.usual();
    match i % 8 {
        0 => f64::from_bits(h),
        1 => sign * 2f64.powf(unit * 60.0 - 40.0),
        2 => 1.0 + sign * 2f64.powf(-unit * 30.0),
        3 => {
            let k = 1 + (h >> 20) % (1 << (1 + (h >> 8) % 40));
            let x = k as f64 * std::f64::consts::FRAC_PI_2;
            f64::from_bits(x.to_bits() + (h >> 32) % 3 - 1)
        }
        4 => sign * unit * 800.0,
        _ => l + (u - l) * unit,
    }
}

pub fn f32_range(f: Unary, lo: u64, hi: u64, all: bool) -> Worst {
    let mut w = Worst::default();
    let mut xs = [0f32; 1024];
    let mut os = [0f32; 1024];
    let mut i = lo;
    while i < hi {
        let n = (hi - i).min(1024) as usize;
        for (k, x) in xs[..n].iter_mut().enumerate() {
            *x = sample32(i + k as u64, all);
        }
        block::unary_f32(f, &xs[..n], &mut os[..n]);
        for (&x, &got) in xs[..n].iter().zip(&os[..n]) {
            // The plain form is slow where the compiler may not use FMA: compare some.
            if !all || x.to_bits().is_multiple_of(61) {
                let plain = single::unary(f, x);
                if !same32(plain, got) {
                    w.bad += 1;
                    w.note(1e30, x as f64, got as f64, plain as f64);
                }
            }
            let right = right_f32(f, x);
            if !same32(got, right) {
                let want = right_f64(f, x as f64);
                match error32(got, want, right) {
                    Some(e) => w.note(e, x as f64, got as f64, want),
                    None => {
                        w.bad += 1;
                        w.note(1e9, x as f64, got as f64, want);
                    }
                }
            }
        }
        i += n as u64;
    }
    w
}

pub fn f64_range(f: Unary, lo: u64, hi: u64, mut dump: impl FnMut(u64, f64, f64)) -> Worst {
    let mut w = Worst::default();
    let mut xs = [0f64; 1024];
    let mut os = [0f64; 1024];
    let mut i = lo;
    while i < hi {
        let n = (hi - i).min(1024) as usize;
        for (k, x) in xs[..n].iter_mut().enumerate() {
            *x = sample64(f, i + k as u64);
        }
        block::unary_f64(f, &xs[..n], &mut os[..n]);
        for (&x, &got) in xs[..n].iter().zip(&os[..n]) {
            let plain = double::unary(f, x);
            if !same64(plain, got) {
                w.bad += 1;
                w.note(1e30, x, got, plain);
            }
            let right = right_f64(f, x);
            match steps64(got, right) {
                Some(e) => {
                    w.note(e as f64, x, got, right);
                    if e > 0 {
                        dump(e, x, got);
                    }
                }
                None => {
                    w.bad += 1;
                    w.note(1e9, x, got, right);
                }
            }
        }
        i += n as u64;
    }
    w
}

/// Pairs of arguments: by exponent, in an everyday range, and where results are extreme.
pub fn sample2(f: Binary, i: u64) -> (f64, f64) {
    let (h, g) = (hash(i), hash(!i));
    let unit = |h: u64| (h >> 11) as f64 / (1u64 << 53) as f64;
    let sign = |h: u64| if h & 1 == 0 { 1.0 } else { -1.0 };
    if i.is_multiple_of(16) {
        return (SPECIAL[h as usize % SPECIAL.len()], SPECIAL[g as usize % SPECIAL.len()]);
    }
    match (f, i % 8) {
        (_, 0) => (f64::from_bits(h), f64::from_bits(g)),
        (_, 1) => (sign(h) * 2f64.powf(unit(h) * 40.0 - 20.0), sign(g) * 2f64.powf(unit(g) * 40.0 - 20.0)),
        (Binary::Pow, 2) => (1.0 + sign(h) * 2f64.powf(-unit(h) * 30.0), sign(g) * 2f64.powf(unit(g) * 40.0)),
        (Binary::Pow, 3) => {
            // Results all over the range.
            let x = 2f64.powf(unit(h) * 20.0 - 10.0);
            (x, (unit(g) * 2200.0 - 1100.0) / x.log2())
        }
        (Binary::Pow, 4) => {
            let x = 2f64.powf(unit(h) * 20.0 - 10.0);
            (x, (unit(g) * 300.0 - 150.0) / x.log2())
        }
        (Binary::Pow, 5) => ((unit(h) * 20.0 - 10.0).round(), (unit(g) * 40.0 - 20.0).round()),
        (Binary::Pow, _) => (unit(h) * 10.0, unit(g) * 20.0 - 10.0),
        (_, 2) => {
            let e = 2f64.powf(unit(hash(h)) * 2090.0 - 1072.0);
            (sign(h) * e * unit(h), sign(g) * e * unit(g))
        }
        (_, 3) => {
            let e = 2f64.powf(unit(hash(h)) * 270.0 - 145.0);
            (sign(h) * e * unit(h), sign(g) * e * unit(g))
        }
        _ => (unit(h) * 20.0 - 10.0, unit(g) * 20.0 - 10.0),
    }
}

/// Values worth meeting each other.
pub const SPECIAL: [f64; 26] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    -2.0,
    3.0,
    -3.0,
    1e-310,
    -1e-310,
    5e-324,
    f64::MIN_POSITIVE,
    f64::MAX,
    f64::MIN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    1e-40,
    -1e-40,
    3.4028234663852886e38,
    1.5,
    4503599627370497.0,
    -9007199254740993.0,
    1e300,
];

pub fn binary32_range(f: Binary, lo: u64, hi: u64) -> Worst2 {
    let mut w = Worst2::default();
    for start in (lo..hi).step_by(1024) {
        let (x, y): (Vec<f32>, Vec<f32>) =
            (start..hi.min(start + 1024)).map(|i| sample2(f, i)).map(|(x, y)| (x as f32, y as f32)).unzip();
        let mut o = vec![0.0; x.len()];
        block::binary_f32(f, &x, &y, &mut o);
        for i in 0..x.len() {
            let (x, y, got) = (x[i], y[i], o[i]);
            let right = right2_f32(f, x, y);
            let plain = single::binary(f, x, y);
            let e = if !same32(plain, got) {
                None
            } else {
                error32(got, right2_f64(f, x as f64, y as f64), right)
            };
            w.note(
                if same32(got, right) { Some(0.0) } else { e },
                x as f64,
                y as f64,
                got as f64,
                right as f64,
            );
        }
    }
    w
}

pub fn binary64_range(f: Binary, lo: u64, hi: u64, mut dump: impl FnMut(u64, f64, f64, f64)) -> Worst2 {
    let mut w = Worst2::default();
    for start in (lo..hi).step_by(1024) {
        let (x, y): (Vec<f64>, Vec<f64>) = (start..hi.min(start + 1024)).map(|i| sample2(f, i)).unzip();
        let mut o = vec![0.0; x.len()];
        block::binary_f64(f, &x, &y, &mut o);
        for i in 0..x.len() {
            let (x, y, got) = (x[i], y[i], o[i]);
            let right = right2_f64(f, x, y);
            let plain = double::binary(f, x, y);
            let e = if same64(plain, got) { steps64(got, right) } else { None };
            if e.is_some_and(|e| e > 0) {
                dump(e.unwrap(), x, y, got);
            }
            w.note(e.map(|e| e as f64), x, y, got, right);
        }
    }
    w
}

/// The largest error seen, of two arguments.
#[derive(Clone, Copy, Debug, Default)]
pub struct Worst2 {
    pub err: f64,
    pub at: (f64, f64),
    pub got: f64,
    pub want: f64,
    pub bad: u64,
}

impl Worst2 {
    pub fn merge(&mut self, o: Worst2) {
        let bad = self.bad + o.bad;
        if o.err > self.err {
            *self = o;
        }
        self.bad = bad;
    }
    fn note(&mut self, err: Option<f64>, x: f64, y: f64, got: f64, want: f64) {
        self.bad += u64::from(err.is_none());
        let err = err.unwrap_or(1e30);
        if err > self.err {
            *self = Worst2 { err, at: (x, y), got, want, bad: self.bad };
        }
    }
}
