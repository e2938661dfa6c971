//! Elementwise operations, against plain Rust.

use crate::support::*;
use lazuli::prelude::*;

const SPECIAL: [f64; 22] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    0.1,
    3.7,
    -3.7,
    12.25,
    -100.5,
    1e-8,
    -1e-300,
    700.0,
    1e18,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    5e-324,
];

fn special() -> Array<f64> {
    Array::from_vec(SPECIAL.to_vec())
}

#[track_caller]
fn exact(x: Array<f64>, f: impl Fn(f64) -> f64) {
    let bits = |v: f64| if v.is_nan() { f64::NAN.to_bits() } else { v.to_bits() };
    for (&v, got) in SPECIAL.iter().zip(values(&x)) {
        assert_eq!(bits(got), bits(f(v)), "of {v:?}: got {got:?}, expected {:?}", f(v));
    }
}

#[track_caller]
fn close(x: Array<f64>, f: impl Fn(f64) -> f64) {
    assert_close(&x, &[SPECIAL.len()], &SPECIAL.map(f), 1e-15);
}

#[test]
fn exact_functions() {
    let x = special();
    exact(-&x, |v| -v);
    exact(x.abs(), f64::abs);
    exact(x.sqrt(), f64::sqrt);
    exact(x.recip(), |v| 1.0 / v);
    exact(x.rsqrt(), |v| 1.0 / v.sqrt());
    exact(x.floor(), f64::floor);
    exact(x.ceil(), f64::ceil);
    exact(x.round(), f64::round_ties_even);
    exact(x.trunc(), f64::trunc);
    exact(x.signum(), f64::signum);
    exact(x.sign(), |v| if v == 0.0 || v.is_nan() { v } else { v.signum() });
    exact(x.square(), |v| v * v);
    exact(x.powi(3), |v| v * (v * v));
    exact(x.powi(-1), |v| 1.0 / v);
    exact(x.powi(0), |_| 1.0);
    exact(&x + 0.1, |v| v + 0.1);
    exact(0.1 - &x, |v| 0.1 - v);
    exact(&x * 3.0, |v| v * 3.0);
    exact(3.0 / &x, |v| 3.0 / v);
    exact(&x % 0.75, |v| v % 0.75);
    exact(x.mul_add(0.1, &x), |v| v.mul_add(0.1, v));
    exact(x.copysign(-1.0), |v| -v.abs());
    exact(x.clamp(-1.0, 2.0), |v| v.clamp(-1.0, 2.0));
    exact(x.to_degrees(), |v| v * (180.0 / std::f64::consts::PI));
    exact(x.to_radians(), |v| v * (std::f64::consts::PI / 180.0));
}

#[test]
fn mathematical_functions() {
    let x = special();
    close(x.exp(), f64::exp);
    close(x.exp2(), f64::exp2);
    close(x.exp_m1(), f64::exp_m1);
    close(x.ln(), f64::ln);
    close(x.ln_1p(), f64::ln_1p);
    close(x.log2(), f64::log2);
    close(x.log10(), f64::log10);
    close(x.sin(), f64::sin);
    close(x.cos(), f64::cos);
    close(x.tan(), f64::tan);
    close(x.asin(), f64::asin);
    close(x.acos(), f64::acos);
    close(x.atan(), f64::atan);
    close(x.sinh(), f64::sinh);
    close(x.cosh(), f64::cosh);
    close(x.tanh(), f64::tanh);
    close(x.cbrt(), f64::cbrt);
    close(x.sigmoid(), |v| 1.0 / (1.0 + (-v).exp()));
    close(x.atan2(0.3), |v| v.atan2(0.3));
    close(x.hypot(0.3), |v| v.hypot(0.3));
    close(x.powf(1.7), |v| v.powf(1.7));
    close(x.abs().pow(&x), |v| v.abs().powf(v));
    // Rust's own inverse hyperbolic functions lose digits; these values are exact.
    let y = Array::from_vec(vec![0.0, 1.0, -0.5]);
    assert_close(&y.asinh(), &[3], &[0.0, 0.881373587019543, -0.48121182505960347], 1e-15);
    assert_close(&(&y + 1.0).acosh(), &[3], &[0.0, 1.3169578969248167, f64::NAN], 1e-15);
    assert_close(&y.atanh(), &[3], &[0.0, f64::INFINITY, -0.5493061443340549], 1e-15);
    assert_close(&y.erf(), &[3], &[0.0, 0.8427007929497148, -0.5204998778130465], 1e-15);
    assert_close(&y.erfc(), &[3], &[1.0, 0.15729920705028513, 1.5204998778130465], 1e-15);
}

#[test]
fn classification() {
    let x = special();
    assert_array(&x.is_nan(), &[22], &SPECIAL.map(f64::is_nan));
    assert_array(&x.is_inf(), &[22], &SPECIAL.map(f64::is_infinite));
    assert_array(&x.is_finite(), &[22], &SPECIAL.map(f64::is_finite));
}

#[test]
fn larger_and_smaller() {
    let pairs =
        [(1.0, 2.0), (0.0, -0.0), (-0.0, 0.0), (f64::NAN, 1.0), (1.0, f64::NAN), (-1.0, f64::NEG_INFINITY)];
    let x = Array::from_vec(pairs.iter().map(|p| p.0).collect());
    let y = Array::from_vec(pairs.iter().map(|p| p.1).collect());
    let text = |v: Array<f64>| format!("{:?}", values(&v));
    assert_eq!(text(x.maximum(&y)), "[2.0, 0.0, 0.0, NaN, NaN, -1.0]");
    assert_eq!(text(x.minimum(&y)), "[1.0, -0.0, -0.0, NaN, NaN, -inf]");
}

#[test]
fn remainders_as_numpy_has_them() {
    let x = Array::from_vec(vec![7.5f64, -7.5, 7.5, -7.5, 6.0, -6.0, 1.0]);
    let y = Array::from_vec(vec![2.0, 2.0, -2.0, -2.0, 3.0, 3.0, f64::INFINITY]);
    assert_array(&x.remainder(&y), &[7], &[1.5, 0.5, -0.5, -1.5, 0.0, 0.0, 1.0]);
    assert_array(&x.floor_div(&y), &[7], &[3.0, -4.0, -4.0, 3.0, 2.0, -2.0, 0.0]);
    assert_array(&(&x % &y), &[7], &[1.5, -1.5, 1.5, -1.5, 0.0, 0.0, 1.0]);
    let (i, j) = (Array::from_vec(vec![7, -7, 7, -7]), Array::from_vec(vec![2, 2, -2, -2]));
    assert_array(&i.remainder(&j), &[4], &[1, 1, -1, -1]);
    assert_array(&i.floor_div(&j), &[4], &[3, -4, -4, 3]);
    assert_array(&(&i % &j), &[4], &[1, -1, 1, -1]);
    assert_array(&(&i / &j), &[4], &[3, -3, -3, 3]);
}

#[test]
fn integers_wrap() {
    let x = Array::from_vec(vec![i32::MAX, i32::MIN, -5, 0]);
    assert_array(&(&x + 1), &[4], &[i32::MIN, i32::MIN + 1, -4, 1]);
    assert_array(&(&x * &x), &[4], &[1, 0, 25, 0]);
    assert_array(&-&x, &[4], &[-i32::MAX, i32::MIN, 5, 0]);
    assert_array(&x.abs(), &[4], &[i32::MAX, i32::MIN, 5, 0]);
    assert_array(&x.sign(), &[4], &[1, -1, -1, 0]);
    assert_array(&x.signum(), &[4], &[1, -1, -1, 0]);
    let y = Array::from_vec(vec![200u8, 3]);
    assert_array(&(&y + &y), &[2], &[144, 6]);
    assert_array(&(3 - &y), &[2], &[59, 0]);
    assert_array(&y.powi(2), &[2], &[64, 9]);
    assert_array(&Array::from_vec(vec![u64::MAX]).maximum(3), &[1], &[u64::MAX]);
    assert_array(&(Array::from_vec(vec![i64::MIN]) / -1), &[1], &[i64::MIN]);
}

#[test]
fn bits_and_shifts() {
    let x = Array::from_vec(vec![0b1100i32, -1]);
    assert_array(&(&x & 0b1010), &[2], &[0b1000, 0b1010]);
    assert_array(&(0b1010 | &x), &[2], &[0b1110, -1]);
    assert_array(&(&x ^ &x), &[2], &[0, 0]);
    assert_array(&!&x, &[2], &[!0b1100, 0]);
    assert_array(&(&x << 2), &[2], &[0b110000, -4]);
    assert_array(&(&x >> 1), &[2], &[0b110, -1]);
    assert_array(&(&x << 32), &[2], &[0, 0]);
    assert_array(&(&x >> 99), &[2], &[0, -1]);
    assert_array(&(Array::from_vec(vec![255u8]) >> 8), &[1], &[0]);
    let (p, q) = (Array::from_vec(vec![true, true, false]), Array::from_vec(vec![true, false, false]));
    assert_array(&(&p & &q), &[3], &[true, false, false]);
    assert_array(&(&p | &q), &[3], &[true, true, false]);
    assert_array(&(&p ^ true), &[3], &[false, false, true]);
    assert_array(&!p, &[3], &[false, false, true]);
}

#[test]
fn comparisons_and_choices() {
    let x = Array::from_vec(vec![1.0f32, 2.0, f32::NAN]);
    assert_array(&x.eq(2.0), &[3], &[false, true, false]);
    assert_array(&x.ne(&x), &[3], &[false, false, true]);
    assert_array(&x.lt(2.0), &[3], &[true, false, false]);
    assert_array(&x.le(2.0), &[3], &[true, true, false]);
    assert_array(&x.gt(1.0), &[3], &[false, true, false]);
    assert_array(&x.ge(1.0), &[3], &[true, true, false]);
    assert_array(&x.is_nan().select(-1.0, &x), &[3], &[1.0, 2.0, -1.0]);
    assert_array(&x.gt(1.5).select(Array::scalar(1u8), 0), &[3], &[0, 1, 0]);
    let mask = Array::from_vec(vec![true, false]).expand_dims(1);
    assert_array(&mask.select(&x, 0.0), &[2, 3], &[1.0, 2.0, f32::NAN, 0.0, 0.0, 0.0]);
    let b = Array::from_vec(vec![true, false]);
    assert_array(&b.eq(Array::from_vec(vec![true, true])), &[2], &[true, false]);
    assert_array(&Array::from_vec(vec![u64::MAX]).gt(1), &[1], &[true]);
}

#[test]
fn casts() {
    let x = Array::from_vec(vec![-1.5f64, 0.0, 1e20, f64::NAN, 256.0, -0.1]);
    assert_array(&x.cast::<i32>(), &[6], &[-1, 0, i32::MAX, 0, 256, 0]);
    assert_array(&x.cast::<u8>(), &[6], &[0, 0, 255, 0, 255, 0]);
    assert_array(&x.cast::<u64>(), &[6], &[0, 0, u64::MAX, 0, 256, 0]);
    assert_array(&x.cast::<bool>(), &[6], &[true, false, true, true, true, true]);
    assert_array(&x.cast::<f32>(), &[6], &[-1.5, 0.0, 1e20, f32::NAN, 256.0, -0.1]);
    let i = Array::from_vec(vec![-1i64, 300, 1 << 40, (1 << 53) + 1]);
    assert_array(&i.cast::<u8>(), &[4], &[255, 44, 0, 1]);
    assert_array(&i.cast::<i32>(), &[4], &[-1, 300, 0, 1]);
    assert_array(&i.cast::<u64>(), &[4], &[u64::MAX, 300, 1 << 40, (1 << 53) + 1]);
    assert_array(&i.cast::<f64>(), &[4], &[-1.0, 300.0, (1u64 << 40) as f64, (1u64 << 53) as f64]);
    assert_array(&i.cast::<f32>(), &[4], &[-1.0, 300.0, (1u64 << 40) as f32, (1u64 << 53) as f32]);
    assert_array(&Array::from_vec(vec![true, false]).cast::<f16>(), &[2], &[f16::ONE, f16::ZERO]);
    assert_array(&Array::from_vec(vec![u64::MAX]).cast::<f32>(), &[1], &[u64::MAX as f32]);
}

#[test]
fn sixteen_bit_floats_round_once_after_each_operation() {
    let h = |v: &[f32]| Array::from_vec(v.iter().map(|&v| f16::from_f32(v)).collect());
    let x = h(&[2048.0, 1.0, 65504.0, 0.1]);
    // 2048 + 1 is a tie and rounds to even, twice.
    let y = &x + f16::ONE + f16::ONE;
    let expected = [2048.0f32, 3.0, 65504.0, 2.1].map(f16::from_f32);
    assert_array(&y.slice(s![..3]), &[3], &expected[..3]);
    let step = f16::from_f32(f16::from_f32(0.1).to_f32() + 1.0);
    assert_array(&y.slice(s![3]), &[], &[f16::from_f32(step.to_f32() + 1.0)]);
    let b = Array::from_vec(vec![bf16::from_f32(1.0), bf16::from_f32(256.0)]);
    assert_array(&(&b + bf16::from_f32(1.0)), &[2], &[bf16::from_f32(2.0), bf16::from_f32(256.0)]);
    assert_array(&(&x * &x).is_inf(), &[4], &[true, false, true, false]);
    // f64 to f16 rounds once: through f32 this would be a tie.
    let v = 1.0 + 2f64.powi(-11) + 2f64.powi(-40);
    assert_array(&Array::from_vec(vec![v]).cast::<f16>(), &[1], &[f16::from_bits(0x3c01)]);
}

#[test]
fn operators_in_all_forms() {
    let x = Array::from_vec(vec![1.0f32, 2.0]);
    let y = x.clone();
    let all = [&x + &y, &x + y.clone(), x.clone() + &y, x.clone() + y.clone()];
    for z in all {
        assert_array(&z, &[2], &[2.0, 4.0]);
    }
    assert_array(&(2.0 * &x + 1.0), &[2], &[3.0, 5.0]);
    assert_array(&(1.0 - x.clone() / 2.0), &[2], &[0.5, 0.0]);
    let mut z = x.clone();
    z += 1.0;
    z *= &x;
    z -= x.clone();
    z /= 2.0;
    z %= 1.0;
    assert_array(&z, &[2], &[0.5, 0.0]);
    assert_array(&x, &[2], &[1.0, 2.0]);
    let n = Array::from_vec(vec![1, 2]);
    assert_array(&(7 / &n), &[2], &[7, 3]);
    assert_array(&(1 << &n), &[2], &[2, 4]);
    let mut m = n.clone();
    m <<= 1;
    m |= 1;
    assert_array(&m, &[2], &[3, 5]);
}

#[test]
fn generic_code() {
    fn normalized<T: Float>(x: &Array<T>) -> Array<T> {
        (x - x.mean(..)) / x.std(..)
    }
    fn twice<T: Number>(x: &Array<T>, two: T) -> Array<T> {
        two * x + x * two - two * x.clone()
    }
    fn low_bits<T: Integer>(x: &Array<T>, mask: T) -> Array<T> {
        mask & x
    }
    fn positive<T: Real>(x: &Array<T>) -> Array<T> {
        x.maximum(T::default()).clamp(T::default(), T::one())
    }
    let x = Array::from_vec(vec![1.0f64, 3.0]);
    assert_array(&normalized(&x), &[2], &[-1.0, 1.0]);
    assert_array(&twice(&x, 2.0), &[2], &[2.0, 6.0]);
    assert_array(&low_bits(&Array::from_vec(vec![5u8, 8]), 4), &[2], &[4, 0]);
    assert_array(&positive(&Array::from_vec(vec![-3i64, 8])), &[2], &[0, 1]);
}

#[test]
fn equality_of_whole_arrays() {
    let x = Array::linspace(0.0f64, 1.0, 10);
    assert!(x.array_equal(&x).unwrap());
    assert!(!x.array_equal(&(&x + 1.0)).unwrap());
    assert!(!x.array_equal(&x.reshape([2, 5])).unwrap());
    assert!(Array::<f32>::zeros([0]).array_equal(&Array::zeros([0])).unwrap());
    let nan = Array::scalar(f64::NAN);
    assert!(!nan.array_equal(&nan).unwrap());
    assert!(x.allclose(&(&x * (1.0 + 1e-9)), 1e-8, 0.0).unwrap());
    assert!(!x.allclose(&(&x + 1e-3), 1e-8, 1e-8).unwrap());
    let inf = Array::from_vec(vec![f64::INFINITY, f64::NEG_INFINITY]);
    assert!(inf.allclose(&inf, 1e-5, 1e-8).unwrap());
    assert!(!inf.allclose(-&inf, 1e-5, 1e-8).unwrap());
    assert!(!Array::from_vec(vec![1.0]).allclose(f64::INFINITY, 1e-5, 1e-8).unwrap());
    assert!(!nan.allclose(f64::NAN, 1.0, 1.0).unwrap());
    assert!(x.allclose(Array::<f64>::zeros([3]), 1.0, 1.0).is_err());
}
