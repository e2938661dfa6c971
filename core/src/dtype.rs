//! Element types: the run-time tag [`DType`], the compile-time trait [`Element`], and [`Scalar`],
//! one value with its type known at run time.
//!
//! The table covers the whole set of the public interface; a dtype that has no [`Element`] impl
//! yet cannot be made, so engines need no row for it.

pub use half::{bf16, f16};

/// The type of an array's elements.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum DType {
    /// `bool`: one byte, 0 or 1.
    Bool,
    /// `i8`: signed, 1 byte. No [`Element`] yet.
    I8,
    /// `i16`: signed, 2 bytes. No [`Element`] yet.
    I16,
    /// `i32`: signed, 4 bytes.
    I32,
    /// `i64`: signed, 8 bytes.
    I64,
    /// `u8`: unsigned, 1 byte.
    U8,
    /// `u16`: unsigned, 2 bytes. No [`Element`] yet.
    U16,
    /// `u32`: unsigned, 4 bytes. No [`Element`] yet.
    U32,
    /// `u64`: unsigned, 8 bytes.
    U64,
    /// [`struct@f16`]: IEEE 754 binary16, 2 bytes; 11 bits of precision, to 65,504. Stored only: computed in `f32`.
    F16,
    /// [`bf16`]: the upper half of an `f32`, 2 bytes; 8 bits of precision. Stored only: computed in `f32`.
    BF16,
    /// `f32`: IEEE 754 binary32, 4 bytes.
    F32,
    /// `f64`: IEEE 754 binary64, 8 bytes.
    F64,
    /// Two `f32`, 8 bytes. No [`Element`] yet.
    Complex64,
    /// Two `f64`, 16 bytes. No [`Element`] yet.
    Complex128,
}

/// What sort of number a dtype is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// True or false.
    Bool,
    /// Integers with a sign, in two's complement.
    Signed,
    /// Integers from 0 on.
    Unsigned,
    /// Real floating-point numbers.
    Float,
    /// Pairs of floating-point numbers.
    Complex,
}

impl DType {
    /// NumPy's name of the type.
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// Bytes of one element in memory.
    pub const fn size(self) -> usize {
        self.row().1
    }

    /// What sort of number it is.
    pub const fn kind(self) -> Kind {
        self.row().2
    }

    /// The type that values of this one are computed in: f32 for the 16-bit floats, itself else.
    pub const fn compute(self) -> DType {
        match self {
            DType::F16 | DType::BF16 => DType::F32,
            other => other,
        }
    }

    /// Is it a real floating-point type?
    pub const fn is_float(self) -> bool {
        matches!(self.kind(), Kind::Float)
    }

    /// Is it a signed or unsigned integer type (not bool)?
    pub const fn is_int(self) -> bool {
        matches!(self.kind(), Kind::Signed | Kind::Unsigned)
    }

    const fn row(self) -> (&'static str, usize, Kind) {
        use DType::*;
        match self {
            Bool => ("bool", 1, Kind::Bool),
            I8 => ("int8", 1, Kind::Signed),
            I16 => ("int16", 2, Kind::Signed),
            I32 => ("int32", 4, Kind::Signed),
            I64 => ("int64", 8, Kind::Signed),
            U8 => ("uint8", 1, Kind::Unsigned),
            U16 => ("uint16", 2, Kind::Unsigned),
            U32 => ("uint32", 4, Kind::Unsigned),
            U64 => ("uint64", 8, Kind::Unsigned),
            F16 => ("float16", 2, Kind::Float),
            BF16 => ("bfloat16", 2, Kind::Float),
            F32 => ("float32", 4, Kind::Float),
            F64 => ("float64", 8, Kind::Float),
            Complex64 => ("complex64", 8, Kind::Complex),
            Complex128 => ("complex128", 16, Kind::Complex),
        }
    }
}

impl std::fmt::Display for DType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One value of a type known at run time: its bits, in the low bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scalar {
    /// The type.
    pub dtype: DType,
    /// The value's bits, zero-extended.
    pub bits: u64,
}

impl Scalar {
    /// The value of `v`, with its type.
    pub fn new<T: Element>(v: T) -> Scalar {
        Scalar { dtype: T::DTYPE, bits: v.to_bits64() }
    }

    /// A number of any real dtype that holds (the nearest value to) `v`.
    pub fn from_f64(dtype: DType, v: f64) -> Scalar {
        let bits = match dtype {
            DType::Bool => (v != 0.0) as u64,
            DType::I8 => v as i8 as u8 as u64,
            DType::I16 => v as i16 as u16 as u64,
            DType::I32 => v as i32 as u32 as u64,
            DType::I64 => v as i64 as u64,
            DType::U8 => v as u8 as u64,
            DType::U16 => v as u16 as u64,
            DType::U32 => v as u32 as u64,
            DType::U64 => v as u64,
            DType::F16 => f16::from_f64_const(v).to_bits() as u64,
            DType::BF16 => bf16::from_f64_const(v).to_bits() as u64,
            DType::F32 | DType::Complex64 => (v as f32).to_bits() as u64,
            DType::F64 | DType::Complex128 => v.to_bits(),
        };
        Scalar { dtype, bits }
    }

    /// The bits that this value has in registers, where 16-bit floats are held as f32.
    pub fn register_bits(self) -> u64 {
        match self.dtype {
            DType::F16 => f16::from_bits(self.bits as u16).to_f32_const().to_bits() as u64,
            DType::BF16 => bf16::from_bits(self.bits as u16).to_f32_const().to_bits() as u64,
            _ => self.bits,
        }
    }
}

impl std::fmt::Debug for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.dtype {
            DType::Bool => write!(f, "{}", self.bits != 0),
            DType::F16 => write!(f, "{}", f16::from_bits(self.bits as u16)),
            DType::BF16 => write!(f, "{}", bf16::from_bits(self.bits as u16)),
            DType::F32 => write!(f, "{}", f32::from_bits(self.bits as u32)),
            DType::F64 => write!(f, "{}", f64::from_bits(self.bits)),
            DType::I32 => write!(f, "{}", self.bits as i32),
            DType::I64 => write!(f, "{}", self.bits as i64),
            _ => write!(f, "{}", self.bits),
        }
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A type that arrays can hold. Sealed: the set is fixed by the engines.
pub trait Element:
    sealed::Sealed
    + Copy
    + Default
    + PartialEq
    + PartialOrd
    + std::fmt::Debug
    + std::fmt::Display
    + Send
    + Sync
    + 'static
{
    /// The run-time tag.
    const DTYPE: DType;
    /// The type of `sum` and `prod`: 64 bits for integers and bools, itself for floats.
    type Sum: Element;
    /// The type of `mean`, `var` and `std`: f64 for integers and bools, itself for floats.
    type Mean: Element;
    /// The bits, zero-extended.
    fn to_bits64(self) -> u64;
    /// The value whose bits these are.
    fn from_bits64(bits: u64) -> Self;
    /// The number 1 (or true).
    fn one() -> Self;
}

macro_rules! element {
    ($($t:ty, $d:ident, $sum:ty, $mean:ty, |$v:ident| $to:expr, |$b:ident| $from:expr, $one:expr;)*) => {$(
        impl sealed::Sealed for $t {}
        impl Element for $t {
            const DTYPE: DType = DType::$d;
            type Sum = $sum;
            type Mean = $mean;
            #[inline]
            fn to_bits64(self) -> u64 { let $v = self; $to }
            #[inline]
            fn from_bits64($b: u64) -> Self { $from }
            #[inline]
            fn one() -> Self { $one }
        }
    )*};
}

element! {
    bool, Bool, i64, f64, |v| v as u64, |b| b & 1 != 0, true;
    i32, I32, i64, f64, |v| v as u32 as u64, |b| b as i32, 1;
    i64, I64, i64, f64, |v| v as u64, |b| b as i64, 1;
    u8, U8, u64, f64, |v| v as u64, |b| b as u8, 1;
    u64, U64, u64, f64, |v| v, |b| b, 1;
    f16, F16, f16, f16, |v| v.to_bits() as u64, |b| f16::from_bits(b as u16), f16::ONE;
    bf16, BF16, bf16, bf16, |v| v.to_bits() as u64, |b| bf16::from_bits(b as u16), bf16::ONE;
    f32, F32, f32, f32, |v| v.to_bits() as u64, |b| f32::from_bits(b as u32), 1.0;
    f64, F64, f64, f64, |v| v.to_bits(), |b| f64::from_bits(b), 1.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_round_trip() {
        assert_eq!(f64::from_bits64((-0.0f64).to_bits64()).to_bits(), (-0.0f64).to_bits());
        assert_eq!(i32::from_bits64((-7i32).to_bits64()), -7);
        assert_eq!(Scalar::from_f64(DType::F16, 1.5), Scalar::new(f16::from_f32(1.5)));
        assert_eq!(Scalar::new(bf16::from_f32(2.0)).register_bits(), 2.0f32.to_bits() as u64);
    }
}
