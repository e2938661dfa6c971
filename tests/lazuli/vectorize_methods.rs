//! Every operator and method of vectorised functions: scalars and arrays have the same bits, on special
//! values above all; and where Rust or `Array` knows the method too, theirs.

use crate::engines::{engines, same_bits};
use crate::support::*;
use lazuli::prelude::*;

/// Elements with values that are special to them.
trait Special: Element {
    fn specials() -> Vec<Self>;
}

macro_rules! floats {
    ($($t:ident $of:expr;)*) => {$(
        impl Special for $t {
            fn specials() -> Vec<$t> {
                let (of, t) = ($of, |v: $t| v);
                let positive = [
                    0.0, 0.1, 0.25, 0.4999, 0.5, 0.7, 0.999, 1.0, 1.0001, 1.5, 2.0, 2.5, 3.0, 3.5, 4.5, 7.0, 10.0,
                    57.3, 88.5, 100.25, 127.0, 255.5, 256.0, 300.7, 1000.5, 2048.0, 8191.5, 65504.0,
                ];
                let own = [$t::MAX, $t::MIN_POSITIVE, $t::EPSILON, $t::INFINITY, $t::NAN];
                let small = [t($t::from_bits(1)), $t::from_bits(5)];
                let large = [4194303.5, 4194304.5, 2147483648.0, 4294967296.0, 9223372036854775808.0, 1e30, 1e-30];
                let all: Vec<$t> = positive.iter().chain(&large).map(|&v: &f64| of(v)).chain(own).chain(small).collect();
                all.iter().flat_map(|&v| [v, -v]).collect()
            }
        }
    )*};
}
floats! {
    f32 |v| v as f32;
    f64 |v| v;
    f16 |v| f16::from_f64(v);
    bf16 |v| bf16::from_f64(v);
}

macro_rules! integers {
    ($($t:ident)*) => {$(
        impl Special for $t {
            fn specials() -> Vec<$t> {
                let small = (0..12).chain([15, 16, 31, 32, 33, 63, 64, 65, 100, 127]);
                let all: Vec<$t> = small.chain([$t::MAX, $t::MAX - 1, $t::MIN, $t::MIN.wrapping_add(1), $t::MAX / 2]).collect();
                all.iter().flat_map(|&v| [v, v.wrapping_neg()]).chain(0..20).collect()
            }
        }
    )*};
}
integers! { i32 i64 u8 u64 }

impl Special for bool {
    fn specials() -> Vec<bool> {
        (0..70).map(|i| i % 3 == 0).collect()
    }
}

#[track_caller]
fn same<T: Element>(name: &str, got: &Array<T>, expected: &[T], of: &dyn Fn(usize) -> String) {
    let (device, got) = (got.device(), values(got));
    assert_eq!(got.len(), expected.len(), "{name}");
    for (i, (&a, &b)) in got.iter().zip(expected).enumerate() {
        assert!(same_bits(a, b), "{name}({}) on {device}: array {a:?}, scalar {b:?}", of(i));
    }
}

/// The engines to compare with. 16-bit floats are f32 with a rounding: what is added to that is the same for all
/// methods, so `halves_on_every_engine` has a few of them on grids.
fn devices<T: Element>() -> Vec<Device> {
    if T::DTYPE.size() == 2 { vec![Device::cpu(), Device::portable()] } else { engines() }
}

/// Compares on all special values, on every engine.
fn one<T: Special, U: Element>(name: &str, scalar: fn(T) -> U, array: fn(Array<T>) -> Array<U>) {
    let x = T::specials();
    let expected: Vec<U> = x.iter().map(|&x| scalar(x)).collect();
    let name = format!("{name} of {}", T::DTYPE);
    for device in devices::<T>() {
        let y = array(Array::from_vec(x.clone()).to_device(&device));
        same(&name, &y, &expected, &|i| format!("{:?}", x[i]));
    }
}

/// Compares on all pairs of special values, on every engine.
fn two<T: Special, U: Element>(name: &str, scalar: fn(T, T) -> U, array: fn(Array<T>, Array<T>) -> Array<U>) {
    let x = T::specials();
    let n = x.len();
    let expected: Vec<U> = (0..n * n).map(|i| scalar(x[i / n], x[i % n])).collect();
    let name = format!("{name} of {}", T::DTYPE);
    for device in devices::<T>() {
        let columns = Array::from_vec(x.clone()).to_device(&device);
        let y = array(columns.reshape([n, 1]), columns).reshape([n * n]);
        same(&name, &y, &expected, &|i| format!("{:?}, {:?}", x[i / n], x[i % n]));
    }
}

macro_rules! on_types {
    ($compare:ident $name:ident [$($t:ident)*]) => {
        $($compare::<$t, _>(stringify!($name), $name, $name);)*
    };
}

macro_rules! check {
    ($test:ident: $bound:ident, $types:tt; $($name:ident($x:ident) -> $out:ty: $body:expr;)*) => {
        #[test]
        fn $test() {
            $({
                #[vectorize]
                fn $name<T: $bound>($x: T) -> $out {
                    $body
                }
                on_types!(one $name $types);
            })*
        }
    };
}

macro_rules! check_pairs {
    ($test:ident: $bound:ident, $types:tt; $($name:ident($x:ident, $y:ident) -> $out:ty: $body:expr;)*) => {
        #[test]
        fn $test() {
            $({
                #[vectorize]
                fn $name<T: $bound>($x: T, $y: T) -> $out {
                    $body
                }
                on_types!(two $name $types);
            })*
        }
    };
}

check! { functions_of_floats: Float, [f32 f64 f16 bf16];
    sqrt(x) -> T: x.sqrt();
    recip(x) -> T: x.recip();
    rsqrt(x) -> T: x.rsqrt();
    cbrt(x) -> T: x.cbrt();
    exp(x) -> T: x.exp();
    exp2(x) -> T: x.exp2();
    exp_m1(x) -> T: x.exp_m1();
    ln(x) -> T: x.ln();
    ln_1p(x) -> T: x.ln_1p();
    log2(x) -> T: x.log2();
    log10(x) -> T: x.log10();
    log(x) -> T: x.log(3.0);
    sin(x) -> T: x.sin();
    cos(x) -> T: x.cos();
    tan(x) -> T: x.tan();
    asin(x) -> T: x.asin();
    acos(x) -> T: x.acos();
    atan(x) -> T: x.atan();
    sinh(x) -> T: x.sinh();
    cosh(x) -> T: x.cosh();
    tanh(x) -> T: x.tanh();
    asinh(x) -> T: x.asinh();
    acosh(x) -> T: x.acosh();
    atanh(x) -> T: x.atanh();
    erf(x) -> T: x.erf();
    erfc(x) -> T: x.erfc();
    sigmoid(x) -> T: x.sigmoid();
    floor(x) -> T: x.floor();
    ceil(x) -> T: x.ceil();
    round(x) -> T: x.round();
    round_ties_even(x) -> T: x.round_ties_even();
    trunc(x) -> T: x.trunc();
    fract(x) -> T: x.fract();
    to_degrees(x) -> T: x.to_degrees();
    to_radians(x) -> T: x.to_radians();
    sin_cos(x) -> T: { let (s, c) = x.sin_cos(); s * 2.0 + c };
    is_nan(x) -> bool: x.is_nan();
    is_finite(x) -> bool: x.is_finite();
    is_infinite(x) -> bool: x.is_infinite() | x.is_inf() & false;
    is_sign_negative(x) -> bool: x.is_sign_negative();
    is_sign_positive(x) -> bool: x.is_sign_positive();
    literal(x) -> T: x + 0.1;
}

check! { functions_of_numbers: Real, [f32 f64 f16 bf16 i32 i64 u8 u64];
    neg(x) -> T: -x;
    abs(x) -> T: x.abs();
    sign(x) -> T: x.sign();
    signum(x) -> T: x.signum();
    square(x) -> T: x.square();
    cube(x) -> T: x.powi(3);
    inverse(x) -> T: x.powi(-2);
    nothing(x) -> T: x.powi(0);
    to_f32(x) -> f32: x as f32;
    to_f64(x) -> f64: x as f64;
    to_f16(x) -> f16: x as f16;
    to_bf16(x) -> bf16: x as bf16;
    to_i32(x) -> i32: x as i32;
    to_i64(x) -> i64: x as i64;
    to_u8(x) -> u8: x as u8;
    to_u64(x) -> u64: x as u64;
    to_bool(x) -> bool: x as bool;
}

check! { functions_of_integers: Integer, [i32 i64 u8 u64];
    not(x) -> T: !x;
    pow(x) -> T: x.pow(5);
    wrapping_neg(x) -> T: x.wrapping_neg();
    is_positive(x) -> bool: x.is_positive();
    is_negative(x) -> bool: x.is_negative();
}

check_pairs! { pairs_of_numbers: Real, [f32 f64 f16 bf16 i32 i64 u8 u64];
    add(x, y) -> T: x + y;
    sub(x, y) -> T: x - y;
    mul(x, y) -> T: x * y;
    div(x, y) -> T: x / y;
    rem(x, y) -> T: x % y;
    maximum(x, y) -> T: x.maximum(y);
    minimum(x, y) -> T: x.minimum(y);
    max(x, y) -> T: x.max(y);
    min(x, y) -> T: x.min(y);
    clamp(x, y) -> T: x.clamp(y, x + y);
    remainder(x, y) -> T: x.remainder(y);
    floor_div(x, y) -> T: x.floor_div(y);
    rem_euclid(x, y) -> T: x.rem_euclid(y);
    div_euclid(x, y) -> T: x.div_euclid(y);
    eq(x, y) -> bool: x == y;
    ne(x, y) -> bool: x != y;
    lt(x, y) -> bool: x < y;
    le(x, y) -> bool: x <= y;
    gt(x, y) -> bool: x > y;
    ge(x, y) -> bool: x >= y;
    select(x, y) -> T: (x < y).select(x, y);
}

check_pairs! { pairs_of_floats: Float, [f32 f64 f16 bf16];
    powf(x, y) -> T: x.powf(y);
    pow(x, y) -> T: x.pow(y);
    atan2(x, y) -> T: x.atan2(y);
    hypot(x, y) -> T: x.hypot(y);
    copysign(x, y) -> T: x.copysign(y);
    mul_add(x, y) -> T: x.mul_add(y, x);
}

check_pairs! { pairs_of_bits: Bitwise, [bool i32 i64 u8 u64];
    and(x, y) -> T: x & y;
    or(x, y) -> T: x | y;
    xor(x, y) -> T: x ^ y;
    nand(x, y) -> T: !(x & y);
}

check_pairs! { pairs_of_integers: Integer, [i32 i64 u8 u64];
    shl(x, y) -> T: x << y;
    shr(x, y) -> T: x >> y;
    wrapping_add(x, y) -> T: x.wrapping_add(y);
    wrapping_sub(x, y) -> T: x.wrapping_sub(y);
    wrapping_mul(x, y) -> T: x.wrapping_mul(y);
    is_multiple_of(x, y) -> bool: x.is_multiple_of(y);
}

macro_rules! assigned {
    ($($name:ident $op:tt;)*) => {
        #[test]
        fn compound_assignments() {
            $({
                #[vectorize]
                fn $name(x: i64, y: i64) -> i64 {
                    let mut z = x;
                    z $op y;
                    z
                }
                two::<i64, _>(stringify!($name), $name, $name);
            })*
        }
    };
}
assigned! { add +=; sub -=; mul *=; div /=; rem %=; and &=; or |=; xor ^=; shl <<=; shr >>=; }

#[vectorize]
fn logic(a: bool, b: bool) -> bool {
    (a && !b) || (!a && b) == (a != b)
}

#[vectorize]
fn of_bool(a: bool, b: bool) -> i32 {
    a as i32 * 2 + i32::from(b) + (a as f64 * 4.0) as i32 + (b as u8 as i32)
}

#[test]
fn bools() {
    two::<bool, _>("logic", logic, logic);
    two::<bool, _>("of_bool", of_bool, of_bool);
}

/// What methods mean where Rust knows them.
macro_rules! rust {
    ($($name:ident $t:ident $x:ident $($y:ident)?: $body:expr;)*) => {
        #[test]
        fn methods_keep_the_meaning_of_rust() {
            $({
                #[vectorize]
                fn $name($x: $t $(, $y: $t)?) -> $t {
                    $body
                }
                rust!(@ $name $t $x $($y)?: $body);
            })*
        }
    };
    (@ $name:ident $t:ident $x:ident: $body:expr) => {
        for $x in $t::specials() {
            let (got, expected): ($t, $t) = ($name($x), $body);
            assert!(got.to_bits64() == expected.to_bits64() || got != got && expected != expected,
                "{} of {:?}: {got:?}, in Rust {expected:?}", stringify!($name), $x);
        }
    };
    (@ $name:ident $t:ident $x:ident $y:ident: $body:expr) => {
        for $x in $t::specials() {
            for $y in $t::specials() {
                let (got, expected): ($t, $t) = ($name($x, $y), $body);
                // Rust does not say which of two zeros is larger.
                assert!(got == expected || got != got && expected != expected,
                    "{} of {:?}, {:?}: {got:?}, in Rust {expected:?}", stringify!($name), $x, $y);
            }
        }
    };
}
#[allow(clippy::eq_op)]
mod meaning {
    use super::*;
    rust! {
        round64 f64 x: x.round();
        round32 f32 x: x.round();
        even f64 x: x.round_ties_even();
        trunc f32 x: x.trunc();
        fract f64 x: x.fract();
        signum f32 x: x.signum();
        recip f64 x: x.recip();
        max f64 x y: x.max(y);
        min f32 x y: x.min(y);
        rem f64 x y: x % y;
        rem_euclid f64 x y: x.rem_euclid(y);
        div_euclid f32 x y: x.div_euclid(y);
        copysign f64 x y: if y.is_nan() { x } else { x.copysign(y) };
        mul_add f32 x y: x.mul_add(y, y);
        wrapping i64 x y: x.wrapping_mul(y).wrapping_add(x).wrapping_sub(y);
        ints i32 x y: if y == 0 || y == -1 { x } else { x.rem_euclid(y).wrapping_add(x.div_euclid(y)) };
        signs i32 x: x.signum();
        power u8 x: if x < 6 { x.pow(3) } else { x };
    }
}

#[vectorize]
fn constants(x: f64) -> f64 {
    use std::f64::consts::TAU;
    const SCALE: f32 = 2.5;
    const COUNT: usize = 3;
    x * std::f64::consts::PI + TAU - SCALE as f64 + f64::from(SCALE) * f64::max(x, 1.0) + COUNT as f64
        - f64::EPSILON
        + u64::MAX as f64
        + i64::default() as f64
}

#[test]
fn constants_have_names() {
    use std::f64::consts::{PI, TAU};
    one::<f64, _>("constants", constants, constants);
    let expected = 2.0 * PI + TAU - 2.5 + 2.5 * 2.0 + 3.0 - f64::EPSILON + u64::MAX as f64;
    assert_eq!(constants(2.0), expected);
}

#[vectorize]
fn literals(n: i64) -> i64 {
    let wide = -9223372036854775808 + 0xff + 0b1010 + 1_000i64;
    let narrow = -128i32 as u8 as i64 + b'a' as i64;
    wide + narrow + n + (3.9f32 as i64) + (-1i32) as u64 as i64
}

#[test]
fn literals_have_types() {
    one::<i64, _>("literals", literals, literals);
    assert_eq!(literals(0), i64::MIN + 255 + 10 + 1000 + 128 + 97 + 3 - 1);
}

/// The array's own methods have the bits of the same in a function.
#[test]
fn methods_are_those_of_arrays() {
    #[vectorize]
    fn all(x: f32, y: f32) -> f32 {
        x.exp().mul_add(y, x.sin()) / (1.0 + y.abs().sqrt()) - x.atan2(y).tanh()
    }
    let x = Array::from_vec(f32::specials());
    let y = x.flip(0);
    let expected = x.exp().mul_add(&y, x.sin()) / (1.0 + y.abs().sqrt()) - x.atan2(&y).tanh();
    let expected = values(&expected);
    same("all", &all(&x, &y), &expected, &|i| i.to_string());
}

#[test]
fn halves_on_every_engine() {
    #[vectorize]
    fn smooth<T: Float>(x: T, y: T) -> (T, T, bool) {
        let z = (x * y + 0.1).mul_add(x, y) / (y.abs() + 1.5);
        (z.tanh().minimum(x) - (x % y).sqrt(), (z as i32) as T + (x as f64 / 3.0f64) as T, z < x)
    }
    #[vectorize]
    fn halvings<T: Float>(x: T) -> (T, i32) {
        let (mut y, mut turns) = (x.abs(), 0);
        while y > 0.01 && turns < 40 {
            y = if turns % 3 == 0 { y * 0.5 - 0.001 } else { (y - 0.1).abs().sqrt() * 0.7 };
            turns += 1;
        }
        (y, turns)
    }
    fn check<T: Special + Float>() {
        let x = T::specials();
        let y: Vec<T> = x.iter().cycle().skip(7).take(x.len()).copied().collect();
        let of = |i: usize| format!("{:?}, {:?}", x[i], y[i]);
        let smoothed: Vec<_> = x.iter().zip(&y).map(|(&x, &y)| smooth(x, y)).collect();
        let halved: Vec<_> = x.iter().map(|&x| halvings(x)).collect();
        for device in engines() {
            let on = |v: &[T]| Array::from_vec(v.to_vec()).to_device(&device);
            let got = smooth(on(&x), on(&y));
            lazuli::eval((&got.0, &got.1, &got.2)).unwrap_or_else(|e| panic!("{e}"));
            same("smooth, methods", &got.0, &smoothed.iter().map(|v| v.0).collect::<Vec<_>>(), &of);
            same("smooth, casts", &got.1, &smoothed.iter().map(|v| v.1).collect::<Vec<_>>(), &of);
            same("smooth, comparison", &got.2, &smoothed.iter().map(|v| v.2).collect::<Vec<_>>(), &of);
            let (rest, turns) = halvings(on(&x));
            same("halvings", &rest, &halved.iter().map(|v| v.0).collect::<Vec<_>>(), &of);
            same("halvings, turns", &turns, &halved.iter().map(|v| v.1).collect::<Vec<_>>(), &of);
        }
    }
    check::<f16>();
    check::<bf16>();
}
