//! Elementary functions: Lazuli's own, the same to the bit on every engine.
//!
//! * [`real`]: the traits every function is written over, with the native implementations.
//! * [`f32`](mod@f32), [`f64`](mod@f64): the functions, generic over [`real::Real32`] and [`real::Real64`].
//! * [`block`]: the functions over slices, vectorised by the compiler for the CPU at hand.
//! * [`scalar`]: the functions of one number.
//!
//! Promise: the bits depend on the argument alone; at most 1 ULP off for `f32` (1.5 for `pow` and `atan2`), 2 for
//! `f64`, over the whole range, with infinities, NaNs, signed zeros and subnormals as in C99's Annex F.
//! Every formula here, with its order of operations, is part of that promise: changing one changes users' results.

pub mod block;
pub mod f32;
pub mod f64;
pub mod real;
pub mod scalar;

/// Functions of one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unary {
    /// `e^x`
    Exp,
    /// `2^x`
    Exp2,
    /// `e^x - 1`
    ExpM1,
    /// Natural logarithm.
    Ln,
    /// `ln(1 + x)`
    Ln1p,
    /// Logarithm to base 2.
    Log2,
    /// Logarithm to base 10.
    Log10,
    /// Sine.
    Sin,
    /// Cosine.
    Cos,
    /// Tangent.
    Tan,
    /// Hyperbolic tangent.
    Tanh,
    /// Hyperbolic sine.
    Sinh,
    /// Hyperbolic cosine.
    Cosh,
    /// Arcsine.
    Asin,
    /// Arccosine.
    Acos,
    /// Arctangent.
    Atan,
    /// Inverse hyperbolic sine.
    Asinh,
    /// Inverse hyperbolic cosine.
    Acosh,
    /// Inverse hyperbolic tangent.
    Atanh,
    /// Error function.
    Erf,
    /// Complementary error function.
    Erfc,
    /// Cube root.
    Cbrt,
    /// `1 / (1 + e^-x)`
    Sigmoid,
}

/// Functions of two arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binary {
    /// `x^y`
    Pow,
    /// The angle of the point `(y, x)`: the first argument is the ordinate.
    Atan2,
    /// `sqrt(x^2 + y^2)`
    Hypot,
}

impl Unary {
    /// Every function, in the order of declaration.
    pub const ALL: &'static [Unary] = &[
        Unary::Exp,
        Unary::Exp2,
        Unary::ExpM1,
        Unary::Ln,
        Unary::Ln1p,
        Unary::Log2,
        Unary::Log10,
        Unary::Sin,
        Unary::Cos,
        Unary::Tan,
        Unary::Tanh,
        Unary::Sinh,
        Unary::Cosh,
        Unary::Asin,
        Unary::Acos,
        Unary::Atan,
        Unary::Asinh,
        Unary::Acosh,
        Unary::Atanh,
        Unary::Erf,
        Unary::Erfc,
        Unary::Cbrt,
        Unary::Sigmoid,
    ];

    /// The name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Unary::Exp => "exp",
            Unary::Exp2 => "exp2",
            Unary::ExpM1 => "exp_m1",
            Unary::Ln => "ln",
            Unary::Ln1p => "ln_1p",
            Unary::Log2 => "log2",
            Unary::Log10 => "log10",
            Unary::Sin => "sin",
            Unary::Cos => "cos",
            Unary::Tan => "tan",
            Unary::Tanh => "tanh",
            Unary::Sinh => "sinh",
            Unary::Cosh => "cosh",
            Unary::Asin => "asin",
            Unary::Acos => "acos",
            Unary::Atan => "atan",
            Unary::Asinh => "asinh",
            Unary::Acosh => "acosh",
            Unary::Atanh => "atanh",
            Unary::Erf => "erf",
            Unary::Erfc => "erfc",
            Unary::Cbrt => "cbrt",
            Unary::Sigmoid => "sigmoid",
        }
    }

    /// A range of everyday arguments, for tests and timing.
    pub fn usual(self) -> (f64, f64) {
        match self {
            Unary::Ln | Unary::Log2 | Unary::Log10 => (0.01, 12.0),
            Unary::Ln1p => (-0.9, 12.0),
            Unary::Asin | Unary::Acos | Unary::Atanh => (-1.0, 1.0),
            Unary::Acosh => (1.0, 12.0),
            Unary::Erf | Unary::Erfc => (-6.0, 6.0),
            _ => (-10.0, 10.0),
        }
    }
}

impl Binary {
    /// Every function, in the order of declaration.
    pub const ALL: &'static [Binary] = &[Binary::Pow, Binary::Atan2, Binary::Hypot];

    /// The name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Binary::Pow => "pow",
            Binary::Atan2 => "atan2",
            Binary::Hypot => "hypot",
        }
    }
}
