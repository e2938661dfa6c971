//! The numbers that elementary functions are written over.
//!
//! Every function of this library is written once, generic over [`Real32`] or [`Real64`]. Three kinds of values
//! implement these traits: plain `f32`/`f64`; [`Main`], which computes only the common path and records whether it
//! sufficed, so that a loop over it has no branches and the compiler can vectorise it; and, in the code generator,
//! handles of vector values in the IR being printed. All of them must give the same bits, so the operations are the
//! ones whose result IEEE 754 or two's complement arithmetic fixes to the bit, and nothing else:
//!
//! * `+ - * /`, [`Real::sqrt`], [`Real::mul_add`]: rounded once, to nearest even. Nothing may be contracted,
//!   reassociated or flushed to zero. `Neg` flips the sign bit, also of zeros and NaNs.
//! * sign and payload of a NaN result are not fixed; no function here lets one depend on them.
//! * integers wrap; shift counts are below the width.
//!
//! Constructors take a value as context (`x.lit(0.5)`), because the code generator's values carry their generator.
//!
//! [`Real::cold`] marks a rarely needed path. Its result is always selected lane by lane, so that no lane's bits
//! depend on its neighbours; whether and how the slow path is skipped is the implementation's business. The condition
//! must hold in every lane whose fast result is not the right one; a slow path must be right only where it holds.

use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

/// A truth value per lane.
pub trait Mask: Copy + BitAnd<Output = Self> + BitOr<Output = Self> + Not<Output = Self> {}

/// Signed two's complement integers, as wide as the floating-point type they belong to. All arithmetic wraps.
pub trait Lanes: Copy {
    /// What comparisons give.
    type Mask: Mask;
    /// The constant `v` (which fits the width) in every lane.
    fn lit(self, v: i64) -> Self;
    /// Sum.
    fn add(self, o: Self) -> Self;
    /// Difference.
    fn sub(self, o: Self) -> Self;
    /// Low half of the product.
    fn mul(self, o: Self) -> Self;
    /// Bitwise and.
    fn and(self, o: Self) -> Self;
    /// Bitwise or.
    fn or(self, o: Self) -> Self;
    /// Bitwise exclusive or.
    fn xor(self, o: Self) -> Self;
    /// Shift left by a constant below the width.
    fn shl(self, n: u32) -> Self;
    /// Arithmetic shift right by a constant below the width.
    fn shr(self, n: u32) -> Self;
    /// Logical shift right by a constant below the width.
    fn shr_u(self, n: u32) -> Self;
    /// Shift left by a count per lane; counts outside of `0..width` may give anything, but must not trap.
    fn shl_by(self, n: Self) -> Self;
    /// Logical shift right by a count per lane; counts as for [`Lanes::shl_by`].
    fn shr_u_by(self, n: Self) -> Self;
    /// Signed less-than.
    fn lt(self, o: Self) -> Self::Mask;
    /// Signed greater-than.
    fn gt(self, o: Self) -> Self::Mask;
    /// Equality.
    fn eq(self, o: Self) -> Self::Mask;
    /// `a` where the mask holds, else `b`.
    fn select(mask: Self::Mask, a: Self, b: Self) -> Self;
}

/// What `f32` and `f64` have in common.
pub trait Real:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// Integers of the same width.
    type Int: Lanes<Mask = Self::Mask>;
    /// What comparisons give.
    type Mask: Mask;
    /// The constant `v`, rounded once to the type, in every lane.
    fn lit(self, v: f64) -> Self;
    /// `self * a + b`, rounded once.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// Clears the sign bit.
    fn abs(self) -> Self;
    /// Square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// Nearest integral value, ties to even; keeps the sign of zeros.
    fn round_even(self) -> Self;
    /// Largest integral value not above.
    fn floor(self) -> Self;
    /// Integral part.
    fn trunc(self) -> Self;
    /// Ordered less-than: false for NaNs, like the others but `ne`.
    fn lt(self, o: Self) -> Self::Mask;
    /// Ordered less-or-equal.
    fn le(self, o: Self) -> Self::Mask;
    /// Ordered greater-than.
    fn gt(self, o: Self) -> Self::Mask;
    /// Ordered greater-or-equal.
    fn ge(self, o: Self) -> Self::Mask;
    /// Ordered equality.
    fn eq(self, o: Self) -> Self::Mask;
    /// Unordered inequality: true for NaNs.
    fn ne(self, o: Self) -> Self::Mask;
    /// Whether this is a NaN.
    fn is_nan(self) -> Self::Mask;
    /// `a` where the mask holds, else `b`.
    fn select(mask: Self::Mask, a: Self, b: Self) -> Self;
    /// The bits.
    fn to_bits(self) -> Self::Int;
    /// The value with these bits.
    fn from_bits(bits: Self::Int) -> Self;
    /// Rounds toward zero; saturates, NaN gives 0 (Rust's `as`).
    fn to_int(self) -> Self::Int;
    /// Converts, rounding to nearest even.
    fn from_int(i: Self::Int) -> Self;
    /// `slow()` where the mask holds, else `fast`; the mask is expected to hold in few lanes or none.
    fn cold(mask: Self::Mask, fast: Self, slow: impl FnOnce() -> Self) -> Self;
}

/// Single precision.
pub trait Real32: Real {
    /// The double-precision type with as many lanes.
    type Wide: Real64<Narrow = Self>;
    /// Converts; exact.
    fn widen(self) -> Self::Wide;
}

/// Double precision.
pub trait Real64: Real {
    /// The single-precision type with as many lanes.
    type Narrow;
    /// Converts, rounding once to nearest even, subnormal results included.
    fn narrow(self) -> Self::Narrow;
    /// `table[index]` per lane. An index outside of the table (negative, or too large: possible in lanes whose result
    /// is not used) gives some element of the table or 0, and must not trap.
    fn table(index: Self::Int, table: &'static [i64]) -> Self::Int;
}

impl Mask for bool {}

macro_rules! native {
    ($f:ty, $i:ty, $u:ty) => {
        impl Lanes for $i {
            type Mask = bool;
            #[inline(always)]
            fn lit(self, v: i64) -> Self {
                v as $i
            }
            #[inline(always)]
            fn add(self, o: Self) -> Self {
                self.wrapping_add(o)
            }
            #[inline(always)]
            fn sub(self, o: Self) -> Self {
                self.wrapping_sub(o)
            }
            #[inline(always)]
            fn mul(self, o: Self) -> Self {
                self.wrapping_mul(o)
            }
            #[inline(always)]
            fn and(self, o: Self) -> Self {
                self & o
            }
            #[inline(always)]
            fn or(self, o: Self) -> Self {
                self | o
            }
            #[inline(always)]
            fn xor(self, o: Self) -> Self {
                self ^ o
            }
            #[inline(always)]
            fn shl(self, n: u32) -> Self {
                self << n
            }
            #[inline(always)]
            fn shr(self, n: u32) -> Self {
                self >> n
            }
            #[inline(always)]
            fn shr_u(self, n: u32) -> Self {
                (self as $u >> n) as $i
            }
            #[inline(always)]
            fn shl_by(self, n: Self) -> Self {
                self.wrapping_shl(n as u32)
            }
            #[inline(always)]
            fn shr_u_by(self, n: Self) -> Self {
                (self as $u).wrapping_shr(n as u32) as $i
            }
            #[inline(always)]
            fn lt(self, o: Self) -> bool {
                self < o
            }
            #[inline(always)]
            fn gt(self, o: Self) -> bool {
                self > o
            }
            #[inline(always)]
            fn eq(self, o: Self) -> bool {
                self == o
            }
            #[inline(always)]
            fn select(mask: bool, a: Self, b: Self) -> Self {
                if mask { a } else { b }
            }
        }

        impl Real for $f {
            type Int = $i;
            type Mask = bool;
            #[inline(always)]
            fn lit(self, v: f64) -> Self {
                v as $f
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                <$f>::mul_add(self, a, b)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                <$f>::abs(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                <$f>::sqrt(self)
            }
            #[inline(always)]
            fn round_even(self) -> Self {
                <$f>::round_ties_even(self)
            }
            #[inline(always)]
            fn floor(self) -> Self {
                <$f>::floor(self)
            }
            #[inline(always)]
            fn trunc(self) -> Self {
                <$f>::trunc(self)
            }
            #[inline(always)]
            fn lt(self, o: Self) -> bool {
                self < o
            }
            #[inline(always)]
            fn le(self, o: Self) -> bool {
                self <= o
            }
            #[inline(always)]
            fn gt(self, o: Self) -> bool {
                self > o
            }
            #[inline(always)]
            fn ge(self, o: Self) -> bool {
                self >= o
            }
            #[inline(always)]
            fn eq(self, o: Self) -> bool {
                self == o
            }
            #[inline(always)]
            fn ne(self, o: Self) -> bool {
                self != o
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                <$f>::is_nan(self)
            }
            #[inline(always)]
            fn select(mask: bool, a: Self, b: Self) -> Self {
                if mask { a } else { b }
            }
            #[inline(always)]
            fn to_bits(self) -> $i {
                <$f>::to_bits(self) as $i
            }
            #[inline(always)]
            fn from_bits(bits: $i) -> Self {
                <$f>::from_bits(bits as $u)
            }
            #[inline(always)]
            fn to_int(self) -> $i {
                self as $i
            }
            #[inline(always)]
            fn from_int(i: $i) -> Self {
                i as $f
            }
            #[inline(always)]
            fn cold(mask: bool, fast: Self, slow: impl FnOnce() -> Self) -> Self {
                if mask { slow() } else { fast }
            }
        }
    };
}
native!(f32, i32, u32);
native!(f64, i64, u64);

impl Real32 for f32 {
    type Wide = f64;
    #[inline(always)]
    fn widen(self) -> f64 {
        f64::from(self)
    }
}

impl Real64 for f64 {
    type Narrow = f32;
    #[inline(always)]
    fn narrow(self) -> f32 {
        self as f32
    }
    #[inline(always)]
    fn table(index: i64, table: &'static [i64]) -> i64 {
        table[(index as u64).min(table.len() as u64 - 1) as usize]
    }
}

/// A value on its common path: `f32`, `f64`, an integer or a mask, with the record of whether a cold path was wanted.
///
/// [`Real::cold`] returns the fast value and notes its condition, which every value computed from this one inherits.
/// Where the note of the final result is unset, the result has the bits of the plain type; where it is set, evaluate
/// that element again with the plain type.
#[derive(Clone, Copy, Debug)]
pub struct Main<T> {
    /// The value of the common path.
    pub value: T,
    /// Whether `value` is to be thrown away.
    pub cold: bool,
}

impl<T> Main<T> {
    /// A value that needs no cold path yet.
    #[inline(always)]
    pub fn new(value: T) -> Self {
        Main { value, cold: false }
    }
    #[inline(always)]
    fn map<U>(self, f: impl FnOnce(T) -> U) -> Main<U> {
        Main { value: f(self.value), cold: self.cold }
    }
    #[inline(always)]
    fn zip<V, U>(self, o: Main<V>, f: impl FnOnce(T, V) -> U) -> Main<U> {
        Main { value: f(self.value, o.value), cold: self.cold | o.cold }
    }
    #[inline(always)]
    fn zip3<V, W, U>(self, o: Main<V>, p: Main<W>, f: impl FnOnce(T, V, W) -> U) -> Main<U> {
        Main { value: f(self.value, o.value, p.value), cold: self.cold | o.cold | p.cold }
    }
}

impl BitAnd for Main<bool> {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, o: Self) -> Self {
        self.zip(o, |a, b| a & b)
    }
}
impl BitOr for Main<bool> {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, o: Self) -> Self {
        self.zip(o, |a, b| a | b)
    }
}
impl Not for Main<bool> {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        self.map(|a| !a)
    }
}
impl Mask for Main<bool> {}

macro_rules! main {
    ($f:ty, $i:ty) => {
        impl Lanes for Main<$i> {
            type Mask = Main<bool>;
            #[inline(always)]
            fn lit(self, v: i64) -> Self {
                Main::new(v as $i)
            }
            #[inline(always)]
            fn add(self, o: Self) -> Self {
                self.zip(o, Lanes::add)
            }
            #[inline(always)]
            fn sub(self, o: Self) -> Self {
                self.zip(o, Lanes::sub)
            }
            #[inline(always)]
            fn mul(self, o: Self) -> Self {
                self.zip(o, Lanes::mul)
            }
            #[inline(always)]
            fn and(self, o: Self) -> Self {
                self.zip(o, Lanes::and)
            }
            #[inline(always)]
            fn or(self, o: Self) -> Self {
                self.zip(o, Lanes::or)
            }
            #[inline(always)]
            fn xor(self, o: Self) -> Self {
                self.zip(o, Lanes::xor)
            }
            #[inline(always)]
            fn shl(self, n: u32) -> Self {
                self.map(|a| a.shl(n))
            }
            #[inline(always)]
            fn shr(self, n: u32) -> Self {
                self.map(|a| a.shr(n))
            }
            #[inline(always)]
            fn shr_u(self, n: u32) -> Self {
                self.map(|a| a.shr_u(n))
            }
            #[inline(always)]
            fn shl_by(self, n: Self) -> Self {
                self.zip(n, Lanes::shl_by)
            }
            #[inline(always)]
            fn shr_u_by(self, n: Self) -> Self {
                self.zip(n, Lanes::shr_u_by)
            }
            #[inline(always)]
            fn lt(self, o: Self) -> Main<bool> {
                self.zip(o, |a, b| a < b)
            }
            #[inline(always)]
            fn gt(self, o: Self) -> Main<bool> {
                self.zip(o, |a, b| a > b)
            }
            #[inline(always)]
            fn eq(self, o: Self) -> Main<bool> {
                self.zip(o, |a, b| a == b)
            }
            #[inline(always)]
            fn select(mask: Main<bool>, a: Self, b: Self) -> Self {
                mask.zip3(a, b, Lanes::select)
            }
        }
        impl Add for Main<$f> {
            type Output = Self;
            #[inline(always)]
            fn add(self, o: Self) -> Self {
                self.zip(o, |a, b| a + b)
            }
        }
        impl Sub for Main<$f> {
            type Output = Self;
            #[inline(always)]
            fn sub(self, o: Self) -> Self {
                self.zip(o, |a, b| a - b)
            }
        }
        impl Mul for Main<$f> {
            type Output = Self;
            #[inline(always)]
            fn mul(self, o: Self) -> Self {
                self.zip(o, |a, b| a * b)
            }
        }
        impl Div for Main<$f> {
            type Output = Self;
            #[inline(always)]
            fn div(self, o: Self) -> Self {
                self.zip(o, |a, b| a / b)
            }
        }
        impl Neg for Main<$f> {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                self.map(|a| -a)
            }
        }
        impl Real for Main<$f> {
            type Int = Main<$i>;
            type Mask = Main<bool>;
            #[inline(always)]
            fn lit(self, v: f64) -> Self {
                Main::new(v as $f)
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                self.zip3(a, b, Real::mul_add)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                self.map(Real::abs)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                self.map(Real::sqrt)
            }
            #[inline(always)]
            fn round_even(self) -> Self {
                self.map(Real::round_even)
            }
            #[inline(always)]
            fn floor(self) -> Self {
                self.map(Real::floor)
            }
            #[inline(always)]
            fn trunc(self) -> Self {
                self.map(Real::trunc)
            }
            #[inline(always)]
            fn lt(self, o: Self) -> Main<bool> {
                self.zip(o, |a, b| a < b)
            }
            #[inline(always)]
            fn le(self, o: Self) -> Main<bool> {
                self.zip(o, |a, b| a <= b)
            }
            #[inline(always)]
            fn gt(self, o: Self) -> Main<bool> {
                self.zip(o, |a, b| a > b)
            }
            #[inline(always)]
            fn ge(self, o: Self) -> Main<bool> {
                self.zip(o, |a, b| a >= b)
            }
            #[inline(always)]
            fn eq(self, o: Self) -> Main<bool> {
                self.zip(o, |a, b| a == b)
            }
            #[inline(always)]
            fn ne(self, o: Self) -> Main<bool> {
                self.zip(o, |a, b| a != b)
            }
            #[inline(always)]
            fn is_nan(self) -> Main<bool> {
                self.map(|a| a.is_nan())
            }
            #[inline(always)]
            fn select(mask: Main<bool>, a: Self, b: Self) -> Self {
                mask.zip3(a, b, Real::select)
            }
            #[inline(always)]
            fn to_bits(self) -> Main<$i> {
                self.map(Real::to_bits)
            }
            #[inline(always)]
            fn from_bits(bits: Main<$i>) -> Self {
                bits.map(<$f as Real>::from_bits)
            }
            #[inline(always)]
            fn to_int(self) -> Main<$i> {
                self.map(Real::to_int)
            }
            #[inline(always)]
            fn from_int(i: Main<$i>) -> Self {
                i.map(<$f as Real>::from_int)
            }
            #[inline(always)]
            fn cold(mask: Main<bool>, fast: Self, _: impl FnOnce() -> Self) -> Self {
                Main { value: fast.value, cold: fast.cold | mask.cold | mask.value }
            }
        }
    };
}
main!(f32, i32);
main!(f64, i64);

impl Real32 for Main<f32> {
    type Wide = Main<f64>;
    #[inline(always)]
    fn widen(self) -> Main<f64> {
        self.map(f64::from)
    }
}

impl Real64 for Main<f64> {
    type Narrow = Main<f32>;
    #[inline(always)]
    fn narrow(self) -> Main<f32> {
        self.map(|a| a as f32)
    }
    #[inline(always)]
    fn table(index: Main<i64>, table: &'static [i64]) -> Main<i64> {
        index.map(|i| f64::table(i, table))
    }
}

/// `c[0] + c[1] x + c[2] x^2 + ...` by Horner's rule in fused multiply-adds.
#[inline(always)]
pub fn horner<R: Real, const N: usize>(x: R, c: &[f64; N]) -> R {
    let mut p = x.lit(c[N - 1]);
    for k in (0..N - 1).rev() {
        p = p.mul_add(x, x.lit(c[k]));
    }
    p
}

/// The polynomial of [`horner`], its even and odd coefficients apart, in `x2 = x*x`: half the dependence chain for one
/// more fused multiply-add and other roundings. Needs two coefficients or more.
#[inline(always)]
pub fn even_odd<R: Real, const N: usize>(x: R, x2: R, c: &[f64; N]) -> R {
    let half = |top: usize| {
        let mut p = x.lit(c[top]);
        let mut k = top;
        while k >= 2 {
            k -= 2;
            p = p.mul_add(x2, x.lit(c[k]));
        }
        p
    };
    let odd = half(N - 1 - N % 2);
    odd.mul_add(x, half(N - 2 + N % 2))
}
