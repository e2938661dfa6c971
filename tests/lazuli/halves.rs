//! 16-bit floats and conversions, to the bit (`docs/NUMERICS.md` section 1).
//!
//! [`encode`] rounds an exact number to any binary format, once, in integer arithmetic: what every
//! conversion to a float has to give, whatever the machine's own instructions do (F16C rounds
//! f64 twice, `vcvtneps2bf16` flushes subnormals). 16-bit floats are stored only: each recorded
//! operation extends to f32, computes, and rounds once, whether it is fused with others or not.

use crate::engines::*;
use crate::for_types;
use lazuli::prelude::*;

/// A binary floating-point format: bits of the significand, exponents of the normal numbers.
#[derive(Clone, Copy)]
struct Format {
    precision: i32,
    least: i32,
    most: i32,
}

const F16: Format = Format { precision: 11, least: -14, most: 15 };
const BF16: Format = Format { precision: 8, least: -126, most: 127 };
const F32: Format = Format { precision: 24, least: -126, most: 127 };
const F64: Format = Format { precision: 53, least: -1022, most: 1023 };

/// The bits of `m * 2^e`, rounded to nearest even, without the sign.
fn encode(m: u128, e: i32, to: Format) -> u64 {
    if m == 0 {
        return 0;
    }
    let bottom = to.least - to.precision + 1;
    // The exponent of the last bit that is kept.
    let q = (127 - m.leading_zeros() as i32 + e - to.precision + 1).max(bottom);
    let shift = q - e;
    let n = match shift {
        ..=0 => m << -shift,
        1..=127 => {
            let (kept, rest, half) = (m >> shift, m & ((1 << shift) - 1), 1u128 << (shift - 1));
            kept + (rest > half || (rest == half && kept & 1 == 1)) as u128
        }
        _ => 0,
    };
    let infinity = ((to.most - to.least + 2) as u64) << (to.precision - 1);
    ((((q - bottom) as u64) << (to.precision - 1)) + n as u64).min(infinity)
}

/// The bits of `v` in another format, with its sign; a NaN of it for NaN.
fn round(v: f64, to: Format) -> u64 {
    let (bits, infinity) = (v.to_bits(), ((to.most - to.least + 2) as u64) << (to.precision - 1));
    let (exponent, fraction) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
    let magnitude = match exponent {
        0x7ff => infinity + (fraction != 0) as u64,
        0 => encode(fraction as u128, -1074, to),
        _ => encode((fraction | 1 << 52) as u128, exponent - 1075, to),
    };
    let width = 32 - ((to.most - to.least + 2) as u32).leading_zeros() as i32 + to.precision - 1;
    magnitude | (v.is_sign_negative() as u64) << width
}

fn to_f16(v: f64) -> f16 {
    f16::from_bits(round(v, F16) as u16)
}

fn to_bf16(v: f64) -> bf16 {
    bf16::from_bits(round(v, BF16) as u16)
}

fn to_f32(v: f64) -> f32 {
    f32::from_bits(round(v, F32) as u32)
}

#[test]
fn the_reference_is_right() {
    let mut rng = Rng(1);
    for _ in 0..100_000 {
        let v = f64::from_bits(rng.bits());
        assert!(same_bits(to_f32(v), v as f32), "{v:e}");
        let w = f32::from_bits(rng.bits() as u32);
        assert!(same_bits(to_bf16(w as f64), bf16::from_f32(w)), "{w:e}");
        assert!(same_bits(to_f16(w as f64), f16::from_f32(w)), "{w:e}");
        let i = rng.bits() >> rng.below(64);
        assert_eq!(encode(i as u128, 0, F32), (i as f32).to_bits() as u64);
        assert_eq!(encode(i as u128, 0, F64), (i as f64).to_bits());
    }
    assert_eq!(to_f16(65519.999).to_f64(), 65504.0);
    assert_eq!(to_f16(65520.0).to_f64(), f64::INFINITY);
    // Through f32 this would be a tie.
    assert_eq!(to_f16(1.0 + 2f64.powi(-11) + 2f64.powi(-40)).to_bits(), 0x3c01);
}

/// Every number of a 16-bit format, the midpoint to the next one, and numbers hardly beside it.
fn around_midpoints(value: impl Fn(u16) -> f64, infinity: u16) -> Vec<f64> {
    let mut out = Vec::new();
    for bits in 0..infinity {
        let (v, next) = (
            value(bits),
            if bits + 1 == infinity { 2.0 * value(bits) - value(bits - 1) } else { value(bits + 1) },
        );
        let m = v + (next - v) / 2.0;
        let sign = if bits % 2 == 0 { 1.0 } else { -1.0 };
        out.extend([v, m, m.next_up(), m.next_down(), m * (1.0 + 2f64.powi(-30))].map(|v| v * sign));
    }
    out.extend([f64::INFINITY, f64::NAN, f64::MAX, -f64::MAX, 5e-324, -0.0]);
    out
}

#[test]
fn f64_to_16_bits_rounds_once() {
    let h = around_midpoints(|b| f16::from_bits(b).to_f64(), 0x7c00);
    check1("as f16", &h, |x| x.cast::<f16>(), to_f16);
    let b = around_midpoints(|b| bf16::from_bits(b).to_f64(), 0x7f80);
    check1("as bf16", &b, |x| x.cast::<bf16>(), to_bf16);
    let any = f64::values(20_000);
    check1("as f16", &any, |x| x.cast::<f16>(), to_f16);
    check1("as bf16", &any, |x| x.cast::<bf16>(), to_bf16);
    check1("as f32", &any, |x| x.cast::<f32>(), |v| v as f32);
    // After arithmetic, where the conversion is fused with it.
    check1("x * 3 as f16", &h, |x| (x * 3.0).cast::<f16>(), |v| to_f16(v * 3.0));
}

#[test]
fn f32_to_16_bits_rounds_once_and_keeps_subnormals() {
    let narrow = |v: Vec<f64>| v.into_iter().map(|v| v as f32).collect::<Vec<_>>();
    let both = |v: &[f32]| v.iter().flat_map(|&v| [v.next_down(), v, v.next_up()]).collect::<Vec<_>>();
    let h = both(&narrow(around_midpoints(|b| f16::from_bits(b).to_f64(), 0x7c00)));
    check1("as f16", &h, |x| x.cast::<f16>(), |v| to_f16(v as f64));
    let b = both(&narrow(around_midpoints(|b| bf16::from_bits(b).to_f64(), 0x7f80)));
    check1("as bf16", &b, |x| x.cast::<bf16>(), |v| to_bf16(v as f64));
    let any = f32::values(20_000);
    check1("as f16", &any, |x| x.cast::<f16>(), |v| to_f16(v as f64));
    check1("as bf16", &any, |x| x.cast::<bf16>(), |v| to_bf16(v as f64));
    check1("as f64", &any, |x| x.cast::<f64>(), |v| v as f64);
    check1("x + 1 as bf16", &b, |x| (x + 1.0).cast::<bf16>(), |v| to_bf16((v + 1.0) as f64));
}

#[test]
fn sixteen_bits_to_others() {
    let all: Vec<f16> = (0..=u16::MAX).map(f16::from_bits).collect();
    check1("as f32", &all, |x| x.cast::<f32>(), f16::to_f32);
    check1("as f64", &all, |x| x.cast::<f64>(), f16::to_f64);
    check1("as bf16", &all, |x| x.cast::<bf16>(), |v| to_bf16(v.to_f64()));
    check1("as i32", &all, |x| x.cast::<i32>(), |v| v.to_f32() as i32);
    check1("as u8", &all, |x| x.cast::<u8>(), |v| v.to_f32() as u8);
    check1("as bool", &all, |x| x.cast::<bool>(), |v| v != f16::ZERO);
    let all: Vec<bf16> = (0..=u16::MAX).map(bf16::from_bits).collect();
    check1("as f32", &all, |x| x.cast::<f32>(), bf16::to_f32);
    check1("as f64", &all, |x| x.cast::<f64>(), bf16::to_f64);
    check1("as f16", &all, |x| x.cast::<f16>(), |v| to_f16(v.to_f64()));
    check1("as i64", &all, |x| x.cast::<i64>(), |v| v.to_f32() as i64);
    check1("as u64", &all, |x| x.cast::<u64>(), |v| v.to_f32() as u64);
    check1("as bool", &all, |x| x.cast::<bool>(), |v| v != bf16::ZERO);
}

#[test]
fn floats_to_integers_saturate() {
    for_types!(T in [f32 f64] {
        let mut data = T::values(3000);
        for k in [0, 7, 8, 15, 23, 24, 31, 32, 52, 53, 62, 63, 64, 65, 100] {
            let v = (2 as T).powi(k);
            for w in [v, v.next_up(), v.next_down(), v + 0.5, v - 0.5, v - 1.0, v + 1.0] {
                data.extend([w, -w]);
            }
        }
        check1("as i32", &data, |x| x.cast::<i32>(), |v| v as i32);
        check1("as i64", &data, |x| x.cast::<i64>(), |v| v as i64);
        check1("as u8", &data, |x| x.cast::<u8>(), |v| v as u8);
        check1("as u64", &data, |x| x.cast::<u64>(), |v| v as u64);
        check1("as bool", &data, |x| x.cast::<bool>(), |v| v != 0.0);
        check1("x + 0.5 as i32", &data, |x| (x + 0.5).cast::<i32>(), |v| (v + 0.5) as i32);
    });
}

#[test]
fn integers_to_all_others() {
    for_types!(T in [i32 i64 u8 u64] {
        let mut data = T::values(3000);
        // Ties and their neighbours at each size.
        for k in 1..T::BITS {
            for odd in [3u64, 5, 0x803, 0x805, 0x1000003, 0x1000005, 0x8000001, (1 << 54) + 2, (1 << 54) + 6] {
                let v = ((odd << (63 - odd.ilog2())) >> (k - 1)) as T;
                data.extend([v.wrapping_sub(1), v, v.wrapping_add(1)]);
            }
        }
        let exact = |v: T, to| {
            let (minus, m) = ((v as i128) < 0, (v as i128).unsigned_abs());
            (minus, encode(m, 0, to))
        };
        check1("as f16", &data, |x| x.cast::<f16>(), |v| {
            let (minus, bits) = exact(v, F16);
            f16::from_bits(bits as u16 | (minus as u16) << 15)
        });
        check1("as bf16", &data, |x| x.cast::<bf16>(), |v| {
            let (minus, bits) = exact(v, BF16);
            bf16::from_bits(bits as u16 | (minus as u16) << 15)
        });
        check1("as f32", &data, |x| x.cast::<f32>(), |v| v as f32);
        check1("as f64", &data, |x| x.cast::<f64>(), |v| v as f64);
        check1("as i32", &data, |x| x.cast::<i32>(), |v| v as i32);
        check1("as i64", &data, |x| x.cast::<i64>(), |v| v as i64);
        check1("as u8", &data, |x| x.cast::<u8>(), |v| v as u8);
        check1("as u64", &data, |x| x.cast::<u64>(), |v| v as u64);
        check1("as bool", &data, |x| x.cast::<bool>(), |v| v != 0);
    });
    let bools = vec![true, false, true];
    check1("as f16", &bools, |x| x.cast::<f16>(), |v| f16::from_f32(v as u8 as f32));
    check1("as f64", &bools, |x| x.cast::<f64>(), |v| v as u8 as f64);
    check1("as i64", &bools, |x| x.cast::<i64>(), |v| v as i64);
}

/// Runs the checks for one 16-bit type.
macro_rules! rounded_after_each_operation {
    ($t:ty) => {{
        type T = $t;
        let r = |v: f32| T::from_f32(v);
        // Every value, for the functions of one.
        let all: Vec<T> = (0..=u16::MAX).map(T::from_bits).collect();
        check1("neg", &all, |x| -x, |a| -a);
        check1("abs", &all, |x| x.abs(), |a| r(a.to_f32().abs()));
        check1("sqrt", &all, |x| x.sqrt(), |a| r(a.to_f32().sqrt()));
        check1("recip", &all, |x| x.recip(), |a| r(1.0 / a.to_f32()));
        check1("rsqrt", &all, |x| x.rsqrt(), |a| r(1.0 / a.to_f32().sqrt()));
        check1("floor", &all, |x| x.floor(), |a| r(a.to_f32().floor()));
        check1("round", &all, |x| x.round(), |a| r(a.to_f32().round_ties_even()));
        check1("signum", &all, |x| x.signum(), |a| r(a.to_f32().signum()));
        check1("is_nan", &all, |x| x.is_nan(), |a| a.is_nan());
        check1("is_finite", &all, |x| x.is_finite(), |a| a.is_finite());
        check1("square", &all, |x| x.square(), |a| r(a.to_f32() * a.to_f32()));
        check1("x * 1 + 0", &all, |x| x * r(1.0) + r(0.0), |a| r(a.to_f32() + 0.0));
        // Powers are one operation: rounded at their end.
        check1("powi 3", &all, |x| x.powi(3), |a| r(a.to_f32() * (a.to_f32() * a.to_f32())));
        check1("powi -2", &all, |x| x.powi(-2), |a| r(1.0 / (a.to_f32() * a.to_f32())));
        let data = T::pairs(20_000);
        let f = |f: fn(f32, f32) -> f32| move |a: T, b: T| r(f(a.to_f32(), b.to_f32()));
        check2("+", &data, |x, y| x + y, f(|a, b| a + b));
        check2("-", &data, |x, y| x - y, f(|a, b| a - b));
        check2("*", &data, |x, y| x * y, f(|a, b| a * b));
        check2("/", &data, |x, y| x / y, f(|a, b| a / b));
        check2("%", &data, |x, y| x % y, f(|a, b| a % b));
        check2(
            "copysign",
            &data,
            |x, y| x.copysign(y),
            f(|a, b| a.copysign(if b.is_nan() { 1.0 } else { b })),
        );
        check2("lt", &data, |x, y| x.lt(y), |a, b| a < b);
        check2("eq", &data, |x, y| x.eq(y), |a, b| a == b);
        check2("select", &data, |x, y| x.lt(y).select(x, y), |a, b| if a < b { a } else { b });
        // Chains: rounded between any two operations.
        let data = T::triples(20_000);
        let (add, mul, div) = (f(|a, b| a + b), f(|a, b| a * b), f(|a, b| a / b));
        let one_rounding = (0..20_000).filter(|&i| {
            let (a, b, c) = (data.0[i], data.1[i], data.2[i]);
            !same_bits(add(mul(a, b), c), r(a.to_f32() * b.to_f32() + c.to_f32()))
        });
        assert!(one_rounding.count() > 100, "too few of these values tell");
        check3("x * y + z", &data, |x, y, z| x * y + z, |a, b, c| add(mul(a, b), c));
        check3("x + y + z", &data, |x, y, z| x + y + z, |a, b, c| add(add(a, b), c));
        check3("x * y * z", &data, |x, y, z| x * y * z, |a, b, c| mul(mul(a, b), c));
        check3("(x + y) / z", &data, |x, y, z| (x + y) / z, |a, b, c| div(add(a, b), c));
        check3("x * y < z", &data, |x, y, z| (x * y).lt(z), |a, b, c| mul(a, b) < c);
        check3(
            "mul_add",
            &data,
            |x, y, z| x.mul_add(y, z),
            |a, b, c| r(a.to_f32().mul_add(b.to_f32(), c.to_f32())),
        );
        check3(
            "x * y as f32 + z",
            &data,
            |x, y, z| (x * y).cast::<f32>() + z.cast::<f32>(),
            |a, b, c| mul(a, b).to_f32() + c.to_f32(),
        );
        check3("x / y as i32", &data, |x, y, _| (x / y).cast::<i32>(), |a, b, _| div(a, b).to_f32() as i32);
    }};
}

#[test]
fn f16_rounds_after_each_operation() {
    rounded_after_each_operation!(f16);
}

#[test]
fn bf16_rounds_after_each_operation() {
    rounded_after_each_operation!(bf16);
}

#[test]
fn functions_of_16_bits_are_those_of_f32_rounded() {
    macro_rules! check {
        ($t:ty: $($name:ident)*) => {$(
            let all: Vec<$t> = (0..=u16::MAX).map(<$t>::from_bits).collect();
            for device in engines() {
                let x = on(&device, &all);
                let wide = x.cast::<f32>().$name().to_vec().unwrap();
                let expected: Vec<$t> = wide.into_iter().map(<$t>::from_f32).collect();
                let what = format!("{} of {} on {device}", stringify!($name), <$t>::DTYPE);
                assert_bits(&what, &x.$name(), &expected, |i| format!("{:?}", all[i]));
            }
        )*};
    }
    check!(f16: exp exp2 exp_m1 ln ln_1p log2 log10 sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh);
    check!(f16: erf erfc cbrt sigmoid);
    check!(bf16: exp exp2 exp_m1 ln ln_1p log2 log10 sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh);
    check!(bf16: erf erfc cbrt sigmoid);
}
