//! Operations of single numbers, with the meaning and the bits that they have for arrays.
//!
//! The scalar expansion of a vectorised function calls these in place of Rust's operators and
//! methods. They are total: integers wrap, a division by zero gives 0, shifts by the width or more
//! shift everything out; elementary functions are Lazuli's own (`lazuli_backends::math`); 16-bit
//! floats are computed in f32 and rounded once. NUMERICS.md section 1 in code, for one number.

use crate::numbers::{Bitwise, Float, Integer, Number, Real};
use lazuli_backends::math::{Binary, Unary, scalar as math};
use lazuli_core::dtype::{Kind, Scalar};
use lazuli_core::{DType, Element, bf16, f16};

pub use super::traced::of_scalars::*;

/// What all numbers can do. Part of [`Number`].
pub trait Arithmetic: Element {
    fn add(self, b: Self) -> Self;
    fn sub(self, b: Self) -> Self;
    fn mul(self, b: Self) -> Self;
    fn div(self, b: Self) -> Self;
    fn rem(self, b: Self) -> Self;
    fn neg(self) -> Self;
    fn abs(self) -> Self;
    fn sign(self) -> Self;
    fn signum(self) -> Self;
    fn maximum(self, b: Self) -> Self;
    fn minimum(self, b: Self) -> Self;
    fn remainder(self, b: Self) -> Self;
    fn floor_div(self, b: Self) -> Self;
    fn powi(self, n: i32) -> Self;
    /// The whole part.
    fn whole(self) -> Self;
}

/// What integers and bools can do. Part of [`Bitwise`].
pub trait Logic: Element {
    fn and(self, b: Self) -> Self;
    fn or(self, b: Self) -> Self;
    fn xor(self, b: Self) -> Self;
    fn not(self) -> Self;
}

/// What integers alone can do. Part of [`Integer`].
pub trait Shifts: Element {
    fn shl(self, b: Self) -> Self;
    fn shr(self, b: Self) -> Self;
}

/// What floats alone can do. Part of [`Float`].
pub trait Analysis: Element {
    fn function(self, f: Unary) -> Self;
    fn function_of_two(self, f: Binary, y: Self) -> Self;
    fn mul_add(self, a: Self, b: Self) -> Self;
    fn sqrt(self) -> Self;
    fn recip(self) -> Self;
    fn rsqrt(self) -> Self;
    fn floor(self) -> Self;
    fn ceil(self) -> Self;
    fn trunc(self) -> Self;
    fn round_ties_even(self) -> Self;
    fn copysign(self, sign: Self) -> Self;
    fn is_nan(self) -> bool;
    fn is_inf(self) -> bool;
    fn is_finite(self) -> bool;
}

/// Square-and-multiply from the lowest bit of |n|; one over that for a negative n.
#[inline(always)]
fn powi_by<T: Copy>(x: T, n: i32, one: T, mul: impl Fn(T, T) -> T, div: impl Fn(T, T) -> T) -> T {
    let (mut left, mut square, mut result) = (n.unsigned_abs(), x, None);
    while left != 0 {
        if left & 1 != 0 {
            result = Some(match result {
                None => square,
                Some(r) => mul(r, square),
            });
        }
        left >>= 1;
        if left != 0 {
            square = mul(square, square);
        }
    }
    let result = result.unwrap_or(one);
    if n < 0 { div(one, result) } else { result }
}

macro_rules! integers {
    ($($t:ident $unsigned:ident |$x:ident| $abs:expr, $below:expr, $fill:expr;)*) => {$(
        impl Arithmetic for $t {
            #[inline(always)]
            fn add(self, b: $t) -> $t { self.wrapping_add(b) }
            #[inline(always)]
            fn sub(self, b: $t) -> $t { self.wrapping_sub(b) }
            #[inline(always)]
            fn mul(self, b: $t) -> $t { self.wrapping_mul(b) }
            #[inline(always)]
            fn div(self, b: $t) -> $t { if b == 0 { 0 } else { self.wrapping_div(b) } }
            #[inline(always)]
            fn rem(self, b: $t) -> $t { if b == 0 { 0 } else { self.wrapping_rem(b) } }
            #[inline(always)]
            fn neg(self) -> $t { self.wrapping_neg() }
            #[inline(always)]
            fn abs(self) -> $t { let $x = self; $abs }
            #[inline(always)]
            fn sign(self) -> $t {
                let $x = self;
                if $below { (0 as $t).wrapping_sub(1) } else { (self != 0) as $t }
            }
            #[inline(always)]
            fn signum(self) -> $t { Arithmetic::sign(self) }
            #[inline(always)]
            fn maximum(self, b: $t) -> $t { if self > b { self } else { b } }
            #[inline(always)]
            fn minimum(self, b: $t) -> $t { if self < b { self } else { b } }
            #[inline(always)]
            fn remainder(self, b: $t) -> $t {
                let r = Arithmetic::rem(self, b);
                if wrong_sign(r, b) { r.wrapping_add(b) } else { r }
            }
            #[inline(always)]
            fn floor_div(self, b: $t) -> $t {
                let (q, r) = (Arithmetic::div(self, b), Arithmetic::rem(self, b));
                if wrong_sign(r, b) { q.wrapping_sub(1) } else { q }
            }
            #[inline(always)]
            fn powi(self, n: i32) -> $t { powi_by(self, n, 1, Arithmetic::mul, Arithmetic::div) }
            #[inline(always)]
            fn whole(self) -> $t { self }
        }
        impl Logic for $t {
            #[inline(always)]
            fn and(self, b: $t) -> $t { self & b }
            #[inline(always)]
            fn or(self, b: $t) -> $t { self | b }
            #[inline(always)]
            fn xor(self, b: $t) -> $t { self ^ b }
            #[inline(always)]
            fn not(self) -> $t { !self }
        }
        impl Shifts for $t {
            #[inline(always)]
            fn shl(self, b: $t) -> $t {
                if (b as $unsigned) < <$t>::BITS as $unsigned { self << b } else { 0 }
            }
            #[inline(always)]
            fn shr(self, b: $t) -> $t {
                let $x = self;
                if (b as $unsigned) < <$t>::BITS as $unsigned { self >> b } else { $fill }
            }
        }
    )*};
}
integers! {
    i32 u32 |x| x.wrapping_abs(), x < 0, x >> 31;
    i64 u64 |x| x.wrapping_abs(), x < 0, x >> 63;
    u8 u8 |x| x, { let _ = x; false }, { let _ = x; 0 };
    u64 u64 |x| x, { let _ = x; false }, { let _ = x; 0 };
}

impl Logic for bool {
    #[inline(always)]
    fn and(self, b: bool) -> bool {
        self & b
    }
    #[inline(always)]
    fn or(self, b: bool) -> bool {
        self | b
    }
    #[inline(always)]
    fn xor(self, b: bool) -> bool {
        self ^ b
    }
    #[inline(always)]
    fn not(self) -> bool {
        !self
    }
}

/// Has a remainder not the sign of the divisor?
#[inline(always)]
fn wrong_sign<T: Copy + PartialOrd + Default>(r: T, y: T) -> bool {
    let zero = T::default();
    r != zero && (r < zero) != (y < zero)
}

macro_rules! floats {
    ($($t:ident $bits:ident $unary:ident $binary:ident;)*) => {$(
        impl Arithmetic for $t {
            #[inline(always)]
            fn add(self, b: $t) -> $t { self + b }
            #[inline(always)]
            fn sub(self, b: $t) -> $t { self - b }
            #[inline(always)]
            fn mul(self, b: $t) -> $t { self * b }
            #[inline(always)]
            fn div(self, b: $t) -> $t { self / b }
            #[inline(always)]
            fn rem(self, b: $t) -> $t { self % b }
            #[inline(always)]
            fn neg(self) -> $t { -self }
            #[inline(always)]
            fn abs(self) -> $t { $t::abs(self) }
            #[inline(always)]
            fn sign(self) -> $t { if self > 0.0 { 1.0 } else if self < 0.0 { -1.0 } else { self } }
            #[inline(always)]
            fn signum(self) -> $t { if self.is_nan() { self } else { (1.0 as $t).copysign(self) } }
            #[inline(always)]
            fn maximum(self, b: $t) -> $t {
                // Equal values differ at most in the sign of a zero.
                let same = $t::from_bits(self.to_bits() & b.to_bits());
                let most = if self > b { self } else if self < b { b } else { same };
                if self.is_nan() { self } else if b.is_nan() { b } else { most }
            }
            #[inline(always)]
            fn minimum(self, b: $t) -> $t {
                let same = $t::from_bits(self.to_bits() | b.to_bits());
                let least = if self < b { self } else if self > b { b } else { same };
                if self.is_nan() { self } else if b.is_nan() { b } else { least }
            }
            #[inline]
            fn remainder(self, b: $t) -> $t {
                let r = self % b;
                let moved = if wrong_sign(r, b) { r + b } else { r };
                if r == 0.0 { Analysis::copysign(0.0, b) } else { moved }
            }
            #[inline]
            fn floor_div(self, b: $t) -> $t {
                let r = self % b;
                let quotient = (self - r) / b;
                let quotient = if wrong_sign(r, b) { quotient - 1.0 } else { quotient };
                let floor = quotient.floor();
                let snapped = if quotient - floor > 0.5 { floor + 1.0 } else { floor };
                let ratio = self / b;
                if b == 0.0 {
                    ratio
                } else if quotient == 0.0 {
                    Analysis::copysign(0.0, ratio)
                } else {
                    snapped
                }
            }
            #[inline(always)]
            fn powi(self, n: i32) -> $t { powi_by(self, n, 1.0, Arithmetic::mul, Arithmetic::div) }
            #[inline(always)]
            fn whole(self) -> $t { self.trunc() }
        }
        impl Analysis for $t {
            #[inline(always)]
            fn function(self, f: Unary) -> $t { math::$unary(f, self) }
            #[inline(always)]
            fn function_of_two(self, f: Binary, y: $t) -> $t { math::$binary(f, self, y) }
            #[inline(always)]
            fn mul_add(self, a: $t, b: $t) -> $t { $t::mul_add(self, a, b) }
            #[inline(always)]
            fn sqrt(self) -> $t { $t::sqrt(self) }
            #[inline(always)]
            fn recip(self) -> $t { 1.0 / self }
            #[inline(always)]
            fn rsqrt(self) -> $t { 1.0 / $t::sqrt(self) }
            #[inline(always)]
            fn floor(self) -> $t { $t::floor(self) }
            #[inline(always)]
            fn ceil(self) -> $t { $t::ceil(self) }
            #[inline(always)]
            fn trunc(self) -> $t { $t::trunc(self) }
            #[inline(always)]
            fn round_ties_even(self) -> $t { $t::round_ties_even(self) }
            #[inline(always)]
            fn copysign(self, sign: $t) -> $t {
                // A NaN counts as positive.
                if sign.is_nan() { $t::abs(self) } else { $t::copysign(self, sign) }
            }
            #[inline(always)]
            fn is_nan(self) -> bool { $t::is_nan(self) }
            #[inline(always)]
            fn is_inf(self) -> bool { self.is_infinite() }
            #[inline(always)]
            fn is_finite(self) -> bool { $t::is_finite(self) }
        }
    )*};
}
floats! {
    f32 u32 unary_f32 binary_f32;
    f64 u64 unary_f64 binary_f64;
}

// Computed in f32, rounded once.
macro_rules! halves {
    ($($t:ident)*) => {$(
        impl Arithmetic for $t {
            halves! { $t Arithmetic: neg() abs() sign() signum() whole() }
            halves! { $t Arithmetic: add(b) sub(b) mul(b) div(b) rem(b) maximum(b) minimum(b) remainder(b) floor_div(b) }
            #[inline]
            fn powi(self, n: i32) -> $t { $t::from_f32(Arithmetic::powi(self.to_f32(), n)) }
        }
        impl Analysis for $t {
            halves! { $t Analysis: sqrt() recip() rsqrt() floor() ceil() trunc() round_ties_even() }
            halves! { $t Analysis: copysign(sign) mul_add(a b) }
            #[inline]
            fn function(self, f: Unary) -> $t { $t::from_f32(Analysis::function(self.to_f32(), f)) }
            #[inline]
            fn function_of_two(self, f: Binary, y: $t) -> $t {
                $t::from_f32(Analysis::function_of_two(self.to_f32(), f, y.to_f32()))
            }
            #[inline]
            fn is_nan(self) -> bool { $t::is_nan(self) }
            #[inline]
            fn is_inf(self) -> bool { self.is_infinite() }
            #[inline]
            fn is_finite(self) -> bool { $t::is_finite(self) }
        }
    )*};
    ($t:ident $trait:ident: $($name:ident($($a:ident)*))*) => {$(
        #[inline]
        fn $name(self, $($a: $t),*) -> $t {
            $t::from_f32($trait::$name(self.to_f32(), $($a.to_f32()),*))
        }
    )*};
}
halves!(f16 bf16);

// What the expansion calls: one function for each operation, with the bound that arrays have.

macro_rules! functions {
    ($($bound:ident: $($name:ident($($a:ident)+) = $trait:ident::$method:ident,)+;)*) => {$($(
        #[inline(always)]
        pub fn $name<T: $bound>($($a: T),+) -> T {
            $trait::$method($($a),+)
        }
    )+)*};
}
functions! {
    Number: add(a b) = Arithmetic::add, sub(a b) = Arithmetic::sub, mul(a b) = Arithmetic::mul,
        div(a b) = Arithmetic::div, rem(a b) = Arithmetic::rem, neg(a) = Arithmetic::neg,;
    Real: abs(a) = Arithmetic::abs, sign(a) = Arithmetic::sign, signum(a) = Arithmetic::signum,
        maximum(a b) = Arithmetic::maximum, minimum(a b) = Arithmetic::minimum,
        remainder(a b) = Arithmetic::remainder, floor_div(a b) = Arithmetic::floor_div,;
    Bitwise: and(a b) = Logic::and, or(a b) = Logic::or, xor(a b) = Logic::xor, not(a) = Logic::not,;
    Integer: shl(a b) = Shifts::shl, shr(a b) = Shifts::shr, wrapping_neg(a) = Arithmetic::neg,
        wrapping_add(a b) = Arithmetic::add, wrapping_sub(a b) = Arithmetic::sub,
        wrapping_mul(a b) = Arithmetic::mul,;
    Float: sqrt(a) = Analysis::sqrt, recip(a) = Analysis::recip, rsqrt(a) = Analysis::rsqrt,
        floor(a) = Analysis::floor, ceil(a) = Analysis::ceil, trunc(a) = Analysis::trunc,
        round_ties_even(a) = Analysis::round_ties_even, copysign(a b) = Analysis::copysign,
        mul_add(x a b) = Analysis::mul_add,;
}

macro_rules! elementary {
    ($($name:ident $f:ident)*) => {$(
        #[inline(always)]
        pub fn $name<T: Float>(x: T) -> T {
            x.function(Unary::$f)
        }
    )*};
}
elementary! {
    cbrt Cbrt exp Exp exp2 Exp2 exp_m1 ExpM1 ln Ln ln_1p Ln1p log2 Log2 log10 Log10 sin Sin cos Cos tan Tan
    asin Asin acos Acos atan Atan sinh Sinh cosh Cosh tanh Tanh asinh Asinh acosh Acosh atanh Atanh
    erf Erf erfc Erfc sigmoid Sigmoid
}

#[inline(always)]
pub fn pow<T: Float>(x: T, y: T) -> T {
    x.function_of_two(Binary::Pow, y)
}

#[inline(always)]
pub fn atan2<T: Float>(y: T, x: T) -> T {
    y.function_of_two(Binary::Atan2, x)
}

#[inline(always)]
pub fn hypot<T: Float>(x: T, y: T) -> T {
    x.function_of_two(Binary::Hypot, y)
}

#[inline(always)]
pub fn powi<T: Number>(x: T, n: i32) -> T {
    Arithmetic::powi(x, n)
}

#[inline(always)]
pub fn square<T: Number>(x: T) -> T {
    Arithmetic::mul(x, x)
}

macro_rules! questions {
    ($($bound:ident: $($name:ident($($a:ident)+) = $answer:expr,)+;)*) => {$($(
        #[inline(always)]
        pub fn $name<T: $bound>($($a: T),+) -> bool {
            $answer
        }
    )+)*};
}
questions! {
    Element: eq(a b) = a == b, ne(a b) = a != b,;
    Real: lt(a b) = a < b, le(a b) = a <= b, gt(a b) = a > b, ge(a b) = a >= b,;
    Float: is_nan(a) = Analysis::is_nan(a), is_inf(a) = Analysis::is_inf(a),
        is_finite(a) = Analysis::is_finite(a),;
}

/// The quotient that belongs to `rem_euclid`.
#[inline]
pub fn div_euclid<T: Real>(x: T, y: T) -> T {
    let (q, step) = (div(x, y).whole(), if y > T::default() { T::one() } else { neg(T::one()) });
    if rem(x, y) < T::default() { sub(q, step) } else { q }
}

#[inline(always)]
pub fn sin_cos<T: Float>(x: T) -> (T, T) {
    (sin(x), cos(x))
}

#[inline(always)]
pub fn select<T: Element>(c: bool, a: T, b: T) -> T {
    if c { a } else { b }
}

/// A float literal of a generic function.
#[inline(always)]
pub fn number<T: Number>(v: f64) -> T {
    T::from_bits64(Scalar::from_f64(T::DTYPE, v).bits)
}

/// Says what type something has.
#[inline(always)]
pub fn typed<T: Element>(x: T) -> T {
    x
}

/// Conversion as `as` of Rust.
#[inline(always)]
pub fn cast<U: Element, T: Element>(x: T) -> U {
    let bits = match T::DTYPE.kind() {
        Kind::Float => from_float(U::DTYPE, crate::nodes::to_f64(x)),
        _ => from_integer(U::DTYPE, crate::nodes::to_i128(x)),
    };
    U::from_bits64(bits)
}

#[inline(always)]
fn from_integer(to: DType, v: i128) -> u64 {
    match to {
        DType::Bool => (v != 0) as u64,
        DType::F16 | DType::BF16 => from_float(to, v as f64),
        DType::F32 => (v as f32).to_bits() as u64,
        DType::F64 => (v as f64).to_bits(),
        DType::I8 | DType::U8 => v as u8 as u64,
        DType::I16 | DType::U16 => v as u16 as u64,
        DType::I32 | DType::U32 => v as u32 as u64,
        _ => v as u64,
    }
}

#[inline(always)]
fn from_float(to: DType, v: f64) -> u64 {
    match to {
        DType::F16 => f16::from_f32(to_odd(v)).to_bits() as u64,
        DType::BF16 => bf16::from_f32(to_odd(v)).to_bits() as u64,
        _ => Scalar::from_f64(to, v).bits,
    }
}

/// f64 to f32, rounded to odd, so that rounding the result to 16 bits is the same as rounding `v`.
fn to_odd(v: f64) -> f32 {
    let near = v as f32;
    if near as f64 == v || v.is_nan() {
        return near;
    }
    let away = (near as f64).abs() > v.abs();
    f32::from_bits(near.to_bits().wrapping_sub(away as u32) | 1)
}

/// What a `for` goes over: Rust's ranges, of any integers.
pub struct Range<T> {
    at: T,
    last: T,
    more: bool,
    inclusive: bool,
    reversed: bool,
    step: T,
}

#[inline(always)]
pub fn range<T: Integer>(from: T, to: T, inclusive: bool, reversed: bool, step: T) -> Range<T> {
    let more = if inclusive { from <= to } else { from < to };
    let (at, last) = match (reversed, inclusive) {
        (false, _) => (from, to),
        (true, true) => (to, from),
        (true, false) => (Arithmetic::sub(to, T::one()), from),
    };
    Range { at, last, more, inclusive, reversed, step }
}

impl<T: Integer> Iterator for Range<T> {
    type Item = T;
    #[inline(always)]
    fn next(&mut self) -> Option<T> {
        if !self.more {
            return None;
        }
        let now = self.at;
        // A step beyond the ends of the type comes back on the other side.
        if self.reversed {
            self.at = Arithmetic::sub(now, self.step);
            self.more = self.at < now && self.at >= self.last;
        } else {
            self.at = Arithmetic::add(now, self.step);
            let within = if self.inclusive { self.at <= self.last } else { self.at < self.last };
            self.more = self.at > now && within;
        }
        Some(now)
    }
}

/// Rust's ranges by one, upwards and without the last: those that most loops go over.
pub struct Ascending<T> {
    at: T,
    last: T,
}

#[inline(always)]
pub fn ascending<T: Integer>(from: T, to: T) -> Ascending<T> {
    Ascending { at: from, last: to }
}

impl<T: Integer> Iterator for Ascending<T> {
    type Item = T;
    #[inline(always)]
    fn next(&mut self) -> Option<T> {
        let now = self.at;
        (now < self.last).then(|| {
            // Below the last one there is a next one.
            self.at = Arithmetic::add(now, T::one());
            now
        })
    }
}

/// Counts a turn of a loop, of which there are `limit` at most.
///
/// # Panics
///
/// Beyond the limit: a scalar result has no room for an error.
#[inline(always)]
#[track_caller]
pub fn turn(turns: &mut u64, limit: u64, name: &str) {
    *turns += 1;
    if *turns > limit {
        too_many(limit, name);
    }
}

#[cold]
#[track_caller]
fn too_many(limit: u64, name: &str) -> ! {
    panic!("{name}: a loop had not ended after {limit} turns, its `max_iterations`");
}
