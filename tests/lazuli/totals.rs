//! Elementwise results to the bit: the table of `docs/NUMERICS.md` section 1, row by row.
//!
//! Each operation has a result for every input. The expected one is written down here in plain
//! Rust, from the table, and compared on both engines, fused and op by op, over all pairs of
//! special values and thousands of random ones: long enough for vector code and for its tails.
//! The 16-bit floats and conversions are in `halves`; what must not matter (neighbouring lanes,
//! the caller's floating-point environment) is in `lanes`.

use crate::engines::*;
use crate::for_types;
use lazuli::prelude::*;

#[test]
fn integers_wrap_and_divide_totally() {
    for_types!(T in [i32 i64 u8 u64] {
        let data = T::pairs(500);
        let div = |a: T, b: T| if b == 0 { 0 } else { a.wrapping_div(b) };
        let rem = |a: T, b: T| if b == 0 { 0 } else { a.wrapping_rem(b) };
        check2("+", &data, |x, y| x + y, T::wrapping_add);
        check2("-", &data, |x, y| x - y, T::wrapping_sub);
        check2("*", &data, |x, y| x * y, T::wrapping_mul);
        check2("/", &data, |x, y| x / y, div);
        check2("%", &data, |x, y| x % y, rem);
        // Divisors that are constants of the program.
        for d in T::special() {
            check1(&format!("/ {d}"), &data.0, |x| x / d, |a| div(a, d));
            check1(&format!("% {d}"), &data.0, |x| x % d, |a| rem(a, d));
        }
        for n in [0, 1, 100].map(|n: T| n) {
            check1(&format!("{n} /"), &data.0, |x| n / x, |a| div(n, a));
            check1(&format!("{n} %"), &data.0, |x| n % x, |a| rem(n, a));
        }
    });
}

#[test]
fn integer_division_rounded_down() {
    // In 128 bits nothing overflows: the floor of the quotient, wrapped.
    for_types!(T in [i32 i64 u8 u64] {
        let data = T::pairs(500);
        let floor = |a: T, b: T| {
            let (a, b) = (a as i128, b as i128);
            if b == 0 { 0 } else { (a.div_euclid(b) - (b < 0 && a.rem_euclid(b) != 0) as i128) as T }
        };
        let modulo = |a: T, b: T| if b == 0 { 0 } else { a.wrapping_sub(floor(a, b).wrapping_mul(b)) };
        check2("floor_div", &data, |x, y| x.floor_div(y), floor);
        check2("remainder", &data, |x, y| x.remainder(y), modulo);
        for d in T::special() {
            check1(&format!("floor_div {d}"), &data.0, |x| x.floor_div(d), |a| floor(a, d));
            check1(&format!("remainder {d}"), &data.0, |x| x.remainder(d), |a| modulo(a, d));
        }
    });
    assert_bits("-7 // 2", &on(&Device::cpu(), &[-7i32, 7]).floor_div(2), &[-4, 3], |i| i.to_string());
}

/// Shifts in which the width or more shifts everything out. A negative number of bits counts as
/// the large unsigned one it is.
macro_rules! shifts {
    ($($t:ty)*) => {$({
        let data = <$t>::pairs(300);
        let width = |b: $t| u32::try_from(b).ok().filter(|&b| b < <$t>::BITS);
        let out = |a: $t| a >> (<$t>::BITS - 1) >> (if <$t>::MIN == 0 { 1 } else { 0 });
        let left = |a: $t, b: $t| width(b).map_or(0, |b| a << b);
        let right = |a: $t, b: $t| width(b).map_or(out(a), |b| a >> b);
        check2("<<", &data, |x, y| x << y, left);
        check2(">>", &data, |x, y| x >> y, right);
        for b in <$t>::special() {
            check1(&format!("<< {b}"), &data.0, |x| x << b, |a| left(a, b));
            check1(&format!(">> {b}"), &data.0, |x| x >> b, |a| right(a, b));
        }
    })*};
}

#[test]
fn shifts_by_any_number_of_bits() {
    shifts!(i32 i64 u8 u64);
}

#[test]
fn integers_bit_by_bit_and_in_order() {
    for_types!(T in [i32 i64 u8 u64] {
        let data = T::pairs(200);
        check2("&", &data, |x, y| x & y, |a, b| a & b);
        check2("|", &data, |x, y| x | y, |a, b| a | b);
        check2("^", &data, |x, y| x ^ y, |a, b| a ^ b);
        check1("!", &data.0, |x| !x, |a| !a);
        check2("maximum", &data, |x, y| x.maximum(y), |a, b| a.max(b));
        check2("minimum", &data, |x, y| x.minimum(y), |a, b| a.min(b));
        check2("lt", &data, |x, y| x.lt(y), |a, b| a < b);
        check2("le", &data, |x, y| x.le(y), |a, b| a <= b);
        check2("gt", &data, |x, y| x.gt(y), |a, b| a > b);
        check2("ge", &data, |x, y| x.ge(y), |a, b| a >= b);
        check2("eq", &data, |x, y| x.eq(y), |a, b| a == b);
        check2("ne", &data, |x, y| x.ne(y), |a, b| a != b);
        check2("select", &data, |x, y| x.lt(y).select(x, y), |a, b| a.min(b));
        check1("square", &data.0, |x| x.square(), |a| a.wrapping_mul(a));
    });
    for_types!(T in [i32 i64] {
        let data = T::pairs(200).0;
        check1("neg", &data, |x| -x, T::wrapping_neg);
        check1("abs", &data, |x| x.abs(), T::wrapping_abs);
        check1("sign", &data, |x| x.sign(), T::signum);
        check1("signum", &data, |x| x.signum(), T::signum);
    });
    for_types!(T in [u8 u64] {
        let data = T::pairs(200).0;
        check1("abs", &data, |x| x.abs(), |a| a);
        check1("sign", &data, |x| x.sign(), |a| (a > 0) as T);
        check1("signum", &data, |x| x.signum(), |a| (a > 0) as T);
    });
}

/// Square-and-multiply from the lowest bit, and 1/result for a negative exponent.
macro_rules! powi {
    ($x:expr, $n:expr, $one:expr, $mul:expr, $div:expr) => {{
        let (mut n, mut square, mut result) = (i32::unsigned_abs($n), $x, $one);
        while n != 0 {
            if n & 1 != 0 {
                result = $mul(result, square);
            }
            square = $mul(square, square);
            n >>= 1;
        }
        if $n < 0 { $div($one, result) } else { result }
    }};
}

const EXPONENTS: [i32; 22] =
    [0, 1, 2, 3, 4, 5, 6, 7, 10, 15, 31, 33, 100, 1000, i32::MAX, -1, -2, -3, -7, -30, -1001, i32::MIN];

#[test]
fn integer_powers_of_floats() {
    for_types!(T in [f32 f64] {
        let data = T::values(500);
        for n in EXPONENTS {
            let power = |a: T| powi!(a, n, 1.0 as T, |a: T, b: T| a * b, |a: T, b: T| a / b);
            check1(&format!("powi {n}"), &data, |x| x.powi(n), power);
        }
    });
}

#[test]
fn integer_powers_of_integers() {
    for_types!(T in [i32 i64 u8 u64] {
        let data = T::values(300);
        for n in EXPONENTS {
            let div = |a: T, b: T| if b == 0 { 0 } else { a.wrapping_div(b) };
            let power = |a: T| powi!(a, n, 1 as T, T::wrapping_mul, div);
            check1(&format!("powi {n}"), &data, |x| x.powi(n), power);
        }
    });
}

#[test]
fn float_arithmetic_is_ieee() {
    for_types!(T in [f32 f64] {
        let data = T::pairs(3000);
        check2("+", &data, |x, y| x + y, |a, b| a + b);
        check2("-", &data, |x, y| x - y, |a, b| a - b);
        check2("*", &data, |x, y| x * y, |a, b| a * b);
        check2("/", &data, |x, y| x / y, |a, b| a / b);
        check1("sqrt", &data.1, |x| x.sqrt(), T::sqrt);
        check1("recip", &data.1, |x| x.recip(), |a| 1.0 / a);
        check1("rsqrt", &data.1, |x| x.rsqrt(), |a| 1.0 / a.sqrt());
        check1("neg", &data.1, |x| -x, |a| -a);
        check1("abs", &data.1, |x| x.abs(), T::abs);
        check1("floor", &data.1, |x| x.floor(), T::floor);
        check1("ceil", &data.1, |x| x.ceil(), T::ceil);
        check1("trunc", &data.1, |x| x.trunc(), T::trunc);
        check1("round", &data.1, |x| x.round(), T::round_ties_even);
        check1("is_nan", &data.1, |x| x.is_nan(), T::is_nan);
        check1("is_inf", &data.1, |x| x.is_inf(), T::is_infinite);
        check1("is_finite", &data.1, |x| x.is_finite(), T::is_finite);
        check2("lt", &data, |x, y| x.lt(y), |a, b| a < b);
        check2("le", &data, |x, y| x.le(y), |a, b| a <= b);
        check2("gt", &data, |x, y| x.gt(y), |a, b| a > b);
        check2("ge", &data, |x, y| x.ge(y), |a, b| a >= b);
        check2("eq", &data, |x, y| x.eq(y), |a, b| a == b);
        check2("ne", &data, |x, y| x.ne(y), |a, b| a != b);
        check2("!lt", &data, |x, y| !x.lt(y), |a, b| !(a < b));
        check2("!ge", &data, |x, y| !x.ge(y), |a, b| !(a >= b));
    });
}

#[test]
fn nothing_is_simplified_that_changes_a_bit() {
    for_types!(T in [f32 f64] {
        let data = T::values(1000);
        check1("x * 0", &data, |x| x * 0.0, |a| a * 0.0);
        check1("0 * x", &data, |x| 0.0 * x, |a| 0.0 * a);
        check1("x * -0", &data, |x| x * -0.0, |a| a * -0.0);
        check1("x + 0", &data, |x| x + 0.0, |a| a + 0.0);
        check1("x + -0", &data, |x| x + -0.0, |a| a + -0.0);
        check1("0 + x", &data, |x| 0.0 + x, |a| 0.0 + a);
        check1("-0 + x", &data, |x| -0.0 + x, |a| -0.0 + a);
        check1("x - 0", &data, |x| x - 0.0, |a| a - 0.0);
        check1("x - -0", &data, |x| x - -0.0, |a| a - -0.0);
        check1("0 - x", &data, |x| 0.0 - x, |a| 0.0 - a);
        check1("-0 - x", &data, |x| -0.0 - x, |a| -0.0 - a);
        check1("x * 1", &data, |x| x * 1.0, |a| a * 1.0);
        check1("x / 1", &data, |x| x / 1.0, |a| a / 1.0);
        check1("x * -1", &data, |x| x * -1.0, |a| a * -1.0);
        check1("x / -1", &data, |x| x / -1.0, |a| a / -1.0);
        check1("x * 2", &data, |x| x * 2.0, |a| a * 2.0);
        check1("x / 0", &data, |x| x / 0.0, |a| a / 0.0);
        check1("x / 3", &data, |x| x / 3.0, |a| a / 3.0);
        check1("x / 10", &data, |x| x / 10.0, |a| a / 10.0);
        check1("x - x", &data, |x| x - x, |a| a - a);
        check1("x / x", &data, |x| x / x, |a| a / a);
        check1("x + x", &data, |x| x + x, |a| a + a);
        check1("-(-x)", &data, |x| -(-x), |a| a);
        check1("1 / (1 / x)", &data, |x| 1.0 / (1.0 / x), |a| 1.0 / (1.0 / a));
        check1("x + 1e9 - 1e9", &data, |x| x + 1e9 - 1e9, |a| a + 1e9 - 1e9);
        check1("x * 3 / 3", &data, |x| x * 3.0 / 3.0, |a| a * 3.0 / 3.0);
        check1("sqrt(x) * sqrt(x)", &data, |x| x.sqrt() * x.sqrt(), |a| a.sqrt() * a.sqrt());
        check1("x / y as x * (1 / y)", &data, |x| x * (7.0 / x), |a| a * (7.0 / a));
    });
    // Arrays of ones and zeros, which a planner may see through.
    for_types!(T in [f32 f64] {
        let data = T::values(200);
        check1("x * zeros", &data, |x| x * x.zeros_like(), |a| a * 0.0);
        check1("x + zeros", &data, |x| x + x.zeros_like(), |a| a + 0.0);
        check1("zeros - x", &data, |x| x.zeros_like() - x, |a| 0.0 - a);
        check1("x * ones", &data, |x| x * x.ones_like(), |a| a);
        check1("select of one", &data, |x| x.eq(x).select(x, x), |a| a);
    });
}

#[test]
fn nothing_is_contracted() {
    for_types!(T in [f32 f64] {
        let data = T::triples(4000);
        let differ = (0..4000).filter(|&i| {
            let (a, b, c) = (data.0[i], data.1[i], data.2[i]);
            !same_bits(a * b + c, a.mul_add(b, c))
        });
        assert!(differ.count() > 100, "too few of these values tell fma from its parts");
        check3("x * y + z", &data, |x, y, z| x * y + z, |a, b, c| a * b + c);
        check3("z + x * y", &data, |x, y, z| z + x * y, |a, b, c| c + a * b);
        check3("x * y - z", &data, |x, y, z| x * y - z, |a, b, c| a * b - c);
        check3("z - x * y", &data, |x, y, z| z - x * y, |a, b, c| c - a * b);
        check3("-(x * y) - z", &data, |x, y, z| -(x * y) - z, |a, b, c| -(a * b) - c);
        check3("x * y + y * z", &data, |x, y, z| x * y + y * z, |a, b, c| a * b + b * c);
        check3("x * 0.1 + y / z", &data, |x, y, z| x * 0.1 + y / z, |a, b, c| a * 0.1 + b / c);
        check3("x + y + z", &data, |x, y, z| x + y + z, |a, b, c| a + b + c);
        check3("x + (y + z)", &data, |x, y, z| x + (y + z), |a, b, c| a + (b + c));
        check3("x * y * z", &data, |x, y, z| x * y * z, |a, b, c| a * b * c);
        check3("x / z + y / z", &data, |x, y, z| x / z + y / z, |a, b, c| a / c + b / c);
        check3("mul_add", &data, |x, y, z| x.mul_add(y, z), |a, b, c| a.mul_add(b, c));
        check3("mul_add of -x", &data, |x, y, z| (-x).mul_add(y, -z), |a, b, c| (-a).mul_add(b, -c));
        check3("mul_add, constants", &data, |x, _, _| x.mul_add(0.1, 0.3), |a, _, _| a.mul_add(0.1, 0.3));
    });
}

#[test]
fn subnormals_are_kept() {
    // Both sides, all steps: numbers around the smallest normal one.
    for_types!(T in [f32 f64] {
        let mut rng = Rng(5);
        let mut small = || (0..1013).map(|_| T::MIN_POSITIVE * (rng.unit() * 4.0 - 2.0) as T).collect::<Vec<_>>();
        let data = (small(), small());
        check2("+", &data, |x, y| x + y, |a, b| a + b);
        check2("-", &data, |x, y| x - y, |a, b| a - b);
        check2("*", &data, |x, y| x * (y / T::MIN_POSITIVE), |a, b| a * (b / T::MIN_POSITIVE));
        check2("/", &data, |x, y| x / y, |a, b| a / b);
        check1("/ 1024", &data.0, |x| x / 1024.0, |a| a / 1024.0);
        check1("sqrt", &data.0, |x| x.sqrt(), T::sqrt);
        check2("maximum", &data, |x, y| x.maximum(y), |a, b| if a > b { a } else { b });
        check2("lt", &data, |x, y| x.lt(y), |a, b| a < b);
        check1("abs", &data.0, |x| x.abs(), T::abs);
        check1("ceil", &data.0, |x| x.ceil(), T::ceil);
        check1("eq 0", &data.0, |x| x.eq(0.0), |a| a == 0.0);
        check1("as bool", &data.0, |x| x.cast::<bool>(), |a| a != 0.0);
    });
}

#[test]
fn larger_smaller_and_signs() {
    for_types!(T in [f32 f64] {
        let data = T::pairs(1000);
        let or_nan = |a: T, b: T, v: T| if a.is_nan() || b.is_nan() { T::NAN } else { v };
        // +0 > -0: by value, then by sign.
        let first_larger = |a: T, b: T| a > b || (a == b && b.is_sign_negative());
        let max = |a: T, b: T| or_nan(a, b, if first_larger(a, b) { a } else { b });
        let min = |a: T, b: T| or_nan(a, b, if first_larger(a, b) { b } else { a });
        check2("maximum", &data, |x, y| x.maximum(y), max);
        check2("minimum", &data, |x, y| x.minimum(y), min);
        check2("clamp", &data, |x, y| x.clamp(-1.0, y), |a, b| min(max(a, -1.0), b));
        check1("maximum 0", &data.0, |x| x.maximum(0.0), |a| max(a, 0.0));
        check1("minimum -0", &data.0, |x| x.minimum(-0.0), |a| min(a, -0.0));
        check1("maximum NaN", &data.0, |x| x.maximum(T::NAN), |_| T::NAN);
        // A NaN counts as positive, whatever its bit says.
        let copysign = |a: T, b: T| a.copysign(if b.is_nan() { 1.0 } else { b });
        check2("copysign", &data, |x, y| x.copysign(y), copysign);
        check2("copysign of 0/0", &data, |x, y| x.copysign((y - y) / (y - y)), |a, _| a.abs());
        check1("signum", &data.0, |x| x.signum(), T::signum);
        check1("sign", &data.0, |x| x.sign(), |a| if a == 0.0 { a } else { a.signum() });
        check1("copysign of a constant", &data.0, |x| x.copysign(-T::NAN), T::abs);
    });
}

/// NumPy's `divmod` of floats, transcribed: quotient rounded down, and remainder with the sign of
/// the divisor.
macro_rules! numpy_divmod {
    ($a:expr, $b:expr) => {{
        let (a, b) = ($a, $b);
        let mut remainder = a % b;
        if b == 0.0 {
            (a / b, remainder)
        } else {
            let mut quotient = (a - remainder) / b;
            if remainder == 0.0 {
                remainder = (0.0 as T).copysign(b);
            } else if (b < 0.0) != (remainder < 0.0) {
                remainder += b;
                quotient -= 1.0;
            }
            let down = quotient.floor();
            let floor = if quotient == 0.0 {
                (0.0 as T).copysign(a / b)
            } else if quotient - down > 0.5 {
                down + 1.0
            } else {
                down
            };
            (floor, remainder)
        }
    }};
}

#[test]
fn remainders_of_floats() {
    for_types!(T in [f32 f64] {
        let data = T::pairs(3000);
        check2("%", &data, |x, y| x % y, |a, b| a % b);
        check2("remainder", &data, |x, y| x.remainder(y), |a, b| numpy_divmod!(a, b).1);
        for d in T::special() {
            check1(&format!("% {d:?}"), &data.1, |x| x % d, |a| a % d);
            check1(&format!("remainder {d:?}"), &data.1, |x| x.remainder(d), |a| numpy_divmod!(a, d).1);
        }
    });
}

#[test]
fn quotients_of_floats_rounded_down() {
    for_types!(T in [f32 f64] {
        // Of all sizes: small, beyond the whole numbers that the type holds, and too large for it.
        let (a, b) = T::pairs(3000);
        let size = |wanted: fn(T) -> bool| a.iter().zip(&b).filter(|&(&v, &w)| wanted((v / w).abs())).count();
        assert!(size(|q| q < 1e6) > 1000 && size(|q| q > 1e6 && q.is_finite()) > 500);
        let overflows = |(v, w): (&T, &T)| v.is_finite() && *w != 0.0 && (v / w).is_infinite();
        assert!(a.iter().zip(&b).filter(|&(v, w)| overflows((v, w))).count() > 50);
        check2("floor_div", &(a, b), |x, y| x.floor_div(y), |a, b| numpy_divmod!(a, b).0);
        // Quotients around the largest whole numbers with a half beside them, and around overflow.
        let mut rng = Rng(3);
        let (edge, top) = (0.5 / T::EPSILON, T::MAX);
        let mut pairs = (Vec::new(), Vec::new());
        for _ in 0..2000 {
            let w = (rng.unit() as T + 0.5) * if rng.below(2) == 0 { 1.0 } else { -1.0 };
            let scale = [edge / 2.0, edge, edge * 2.0, top / 2.0][rng.below(4)];
            pairs.0.push(w * scale * (rng.unit() as T + 0.5));
            pairs.1.push(if rng.below(4) == 0 { w * 0.5 } else { w });
        }
        check2("floor_div", &pairs, |x, y| x.floor_div(y), |a, b| numpy_divmod!(a, b).0);
        check2("remainder", &pairs, |x, y| x.remainder(y), |a, b| numpy_divmod!(a, b).1);
        // Multiples, and their neighbours, of numbers that no float has exactly.
        let mut pairs = (Vec::new(), Vec::new());
        for d in [0.1 as T, 0.3, 0.7, 1e-3, 3.3, 1e10, -0.1, -7.7] {
            for k in -60..=60 {
                let m = k as T * d;
                for v in [m, m.next_up(), m.next_down()] {
                    pairs.0.push(v);
                    pairs.1.push(d);
                }
            }
        }
        check2("floor_div", &pairs, |x, y| x.floor_div(y), |a, b| numpy_divmod!(a, b).0);
        check2("remainder", &pairs, |x, y| x.remainder(y), |a, b| numpy_divmod!(a, b).1);
    });
}

#[test]
fn bools() {
    let data = (vec![true, true, false, false, true], vec![true, false, true, false, true]);
    check2("&", &data, |x, y| x & y, |a, b| a & b);
    check2("|", &data, |x, y| x | y, |a, b| a | b);
    check2("^", &data, |x, y| x ^ y, |a, b| a ^ b);
    check2("eq", &data, |x, y| x.eq(y), |a, b| a == b);
    check2("ne", &data, |x, y| x.ne(y), |a, b| a != b);
    check2("select", &data, |x, y| x.select(y, true), |a, b| !a || b);
    check1("!", &data.0, |x| !x, |a| !a);
    for v in [true, false] {
        check1("a scalar & x", &data.0, |x| v & x, |a| v & a);
        check1("a scalar | x", &data.0, |x| v | x.clone(), |a| v | a);
        check1("a scalar ^ x", &data.0, |x| v ^ x, |a| v ^ a);
        check1("x ^ a scalar", &data.0, |x| x ^ v, |a| v ^ a);
    }
}
