//! What one operation does to one value: NUMERICS.md section 1 in code.
//!
//! Every function here is total and branch-free where that lets loops over it vectorise. A bool
//! is held as the byte 0 or 1 and shares the operations of `u8` that mean the same for it.

use lazuli_core::DType;

/// Numbers that registers hold.
pub(super) trait Num: Copy + PartialEq + PartialOrd + Send + Sync + 'static {
    const ZERO: Self;
    const ONE: Self;
    /// Start of a sum: x + this = x for every x.
    const SUM_START: Self;
    /// Below or equal to every number.
    const LOWEST: Self;
    /// Above or equal to every number.
    const HIGHEST: Self;
    fn add(self, b: Self) -> Self;
    fn sub(self, b: Self) -> Self;
    fn mul(self, b: Self) -> Self;
    fn div(self, b: Self) -> Self;
    fn rem(self, b: Self) -> Self;
    fn neg(self) -> Self;
    fn abs(self) -> Self;
    /// Larger; NaN propagates, +0 > -0.
    fn larger(self, b: Self) -> Self;
    /// Smaller; NaN propagates, -0 < +0.
    fn smaller(self, b: Self) -> Self;
    fn is_nan(self) -> bool;
    /// The bits, zero-extended.
    fn bits(self) -> u64;
    fn of_bits(bits: u64) -> Self;
}

/// Integers.
pub(super) trait Int: Num {
    fn and(self, b: Self) -> Self;
    fn or(self, b: Self) -> Self;
    fn xor(self, b: Self) -> Self;
    fn not(self) -> Self;
    /// 0 where the count is negative or not below the width.
    fn shl(self, b: Self) -> Self;
    /// As `shl`; of signed numbers the sign is left over.
    fn shr(self, b: Self) -> Self;
}

/// Floats.
pub(super) trait Float: Num {
    fn fused(self, b: Self, c: Self) -> Self;
    fn sqrt(self) -> Self;
    fn floor(self) -> Self;
    fn ceil(self) -> Self;
    fn trunc(self) -> Self;
    /// Half to even.
    fn round(self) -> Self;
    /// The magnitude of `self` with the sign bit of `s`, where a NaN counts as positive.
    fn with_sign_of(self, s: Self) -> Self;
    /// Rounded to nearest even.
    fn of_f64(v: f64) -> Self;
}

macro_rules! ints {
    ($($t:ty, $unsigned:ty, |$x:ident| $abs:expr, $fill:expr;)*) => {$(
        impl Num for $t {
            const ZERO: $t = 0;
            const ONE: $t = 1;
            const SUM_START: $t = 0;
            const LOWEST: $t = <$t>::MIN;
            const HIGHEST: $t = <$t>::MAX;
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
            fn larger(self, b: $t) -> $t { if self > b { self } else { b } }
            #[inline(always)]
            fn smaller(self, b: $t) -> $t { if self < b { self } else { b } }
            #[inline(always)]
            fn is_nan(self) -> bool { false }
            #[inline(always)]
            fn bits(self) -> u64 { self as $unsigned as u64 }
            #[inline(always)]
            fn of_bits(bits: u64) -> $t { bits as $t }
        }
        impl Int for $t {
            #[inline(always)]
            fn and(self, b: $t) -> $t { self & b }
            #[inline(always)]
            fn or(self, b: $t) -> $t { self | b }
            #[inline(always)]
            fn xor(self, b: $t) -> $t { self ^ b }
            #[inline(always)]
            fn not(self) -> $t { !self }
            #[inline(always)]
            fn shl(self, b: $t) -> $t {
                let shifted = self.wrapping_shl(b as u32);
                if (b as $unsigned) < <$t>::BITS as $unsigned { shifted } else { 0 }
            }
            #[inline(always)]
            fn shr(self, b: $t) -> $t {
                let shifted = self.wrapping_shr(b as u32);
                let $x = self;
                if (b as $unsigned) < <$t>::BITS as $unsigned { shifted } else { $fill }
            }
        }
    )*};
}

ints! {
    i8, u8, |x| x.wrapping_abs(), x >> 7;
    i16, u16, |x| x.wrapping_abs(), x >> 15;
    i32, u32, |x| x.wrapping_abs(), x >> 31;
    i64, u64, |x| x.wrapping_abs(), x >> 63;
    u8, u8, |x| x, { let _ = x; 0 };
    u16, u16, |x| x, { let _ = x; 0 };
    u32, u32, |x| x, { let _ = x; 0 };
    u64, u64, |x| x, { let _ = x; 0 };
}

macro_rules! floats {
    ($($t:ident, $bits:ty;)*) => {$(
        impl Num for $t {
            const ZERO: $t = 0.0;
            const ONE: $t = 1.0;
            const SUM_START: $t = -0.0;
            const LOWEST: $t = $t::NEG_INFINITY;
            const HIGHEST: $t = $t::INFINITY;
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
            fn abs(self) -> $t { $t::from_bits(self.to_bits() & (<$bits>::MAX >> 1)) }
            #[inline(always)]
            fn larger(self, b: $t) -> $t {
                // Equal values differ at most in the sign of a zero.
                let same = $t::from_bits(self.to_bits() & b.to_bits());
                let most = if self > b { self } else if self < b { b } else { same };
                let most = if b != b { b } else { most };
                if self != self { self } else { most }
            }
            #[inline(always)]
            fn smaller(self, b: $t) -> $t {
                let same = $t::from_bits(self.to_bits() | b.to_bits());
                let least = if self < b { self } else if self > b { b } else { same };
                let least = if b != b { b } else { least };
                if self != self { self } else { least }
            }
            #[inline(always)]
            fn is_nan(self) -> bool { self != self }
            #[inline(always)]
            fn bits(self) -> u64 { self.to_bits() as u64 }
            #[inline(always)]
            fn of_bits(bits: u64) -> $t { $t::from_bits(bits as $bits) }
        }
        impl Float for $t {
            #[inline(always)]
            fn fused(self, b: $t, c: $t) -> $t { $t::mul_add(self, b, c) }
            #[inline(always)]
            fn sqrt(self) -> $t { $t::sqrt(self) }
            #[inline(always)]
            fn floor(self) -> $t { $t::floor(self) }
            #[inline(always)]
            fn ceil(self) -> $t { $t::ceil(self) }
            #[inline(always)]
            fn trunc(self) -> $t { $t::trunc(self) }
            #[inline(always)]
            fn round(self) -> $t { $t::round_ties_even(self) }
            #[inline(always)]
            fn with_sign_of(self, s: $t) -> $t {
                let sign = s.to_bits() & !(<$bits>::MAX >> 1);
                let sign = if s != s { 0 } else { sign };
                $t::from_bits((self.to_bits() & (<$bits>::MAX >> 1)) | sign)
            }
            #[inline(always)]
            fn of_f64(v: f64) -> $t { v as $t }
        }
    )*};
}

floats! {
    f32, u32;
    f64, u64;
}

/// Runs a body with `$T` standing for the number type of a dtype. Bool is not in it.
macro_rules! with_number {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            DType::F32 | DType::F64 => $crate::portable::num::with_float!($dtype, $T => $body),
            _ => $crate::portable::num::with_int!($dtype, $T => $body),
        }
    };
}
/// As `with_number`, for floats.
macro_rules! with_float {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            DType::F32 => {
                type $T = f32;
                $body
            }
            DType::F64 => {
                type $T = f64;
                $body
            }
            other => unreachable!("{other} is no float of registers"),
        }
    };
}
/// As `with_number`, for integers. The table of integer types that arrays can have today.
macro_rules! with_int {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            DType::I32 => {
                type $T = i32;
                $body
            }
            DType::I64 => {
                type $T = i64;
                $body
            }
            DType::U8 => {
                type $T = u8;
                $body
            }
            DType::U64 => {
                type $T = u64;
                $body
            }
            other => unreachable!("{other} is no integer of registers"),
        }
    };
}
/// As `with_number`, with a bool as its byte.
macro_rules! with_any {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            DType::Bool => { type $T = u8; $body }
            _ => $crate::portable::num::with_number!($dtype, $T => $body),
        }
    };
}
pub(super) use {with_any, with_float, with_int, with_number};

/// Bits of the numbers that start or stand for something in a register of type `ty`.
pub(super) fn bits_of(ty: DType, pick: Constant) -> u64 {
    with_any!(ty, T => match pick {
        Constant::Zero => T::ZERO.bits(),
        Constant::One => T::ONE.bits(),
        Constant::SumStart => T::SUM_START.bits(),
        Constant::Lowest => if ty == DType::Bool { 0 } else { T::LOWEST.bits() },
        Constant::Highest => if ty == DType::Bool { 1 } else { T::HIGHEST.bits() },
    })
}

/// A constant that every type has; see [`Num`].
#[derive(Clone, Copy)]
pub(super) enum Constant {
    Zero,
    One,
    SumStart,
    Lowest,
    Highest,
}
