//! The functions in double precision, generic over [`Real64`]; the promise is 2 ULP.

use super::real::Real64;
use super::{Binary, Unary};

mod coef;
mod error;
mod exponential;
mod hyperbolic;
mod inverse;
mod logarithm;
mod power;
mod trigonometric;

pub use error::{erf, erfc};
pub use exponential::{exp, exp_m1, exp2, sigmoid};
pub use hyperbolic::{acosh, asinh, atanh, cosh, sinh, tanh};
pub use inverse::{acos, asin, atan, atan2};
pub(in crate::math) use inverse::{acos_single, asin_single, atan_single, atan2_single};
pub use logarithm::{ln, ln_1p, log2, log10};
pub(in crate::math) use logarithm::{ln_1p_single, log2_single, log10_single};
pub use power::{cbrt, hypot, pow, pow_single};
pub(in crate::math) use trigonometric::{cos_single, sin_single, tan_single};

pub use trigonometric::{cos, sin, tan};

/// Applies `f`.
#[inline(always)]
pub fn unary<R: Real64>(f: Unary, x: R) -> R {
    match f {
        Unary::Exp => exp(x),
        Unary::Exp2 => exp2(x),
        Unary::ExpM1 => exp_m1(x),
        Unary::Ln => ln(x),
        Unary::Ln1p => ln_1p(x),
        Unary::Log2 => log2(x),
        Unary::Log10 => log10(x),
        Unary::Sin => sin(x),
        Unary::Cos => cos(x),
        Unary::Tan => tan(x),
        Unary::Tanh => tanh(x),
        Unary::Sinh => sinh(x),
        Unary::Cosh => cosh(x),
        Unary::Asin => asin(x),
        Unary::Acos => acos(x),
        Unary::Atan => atan(x),
        Unary::Asinh => asinh(x),
        Unary::Acosh => acosh(x),
        Unary::Atanh => atanh(x),
        Unary::Erf => erf(x),
        Unary::Erfc => erfc(x),
        Unary::Cbrt => cbrt(x),
        Unary::Sigmoid => sigmoid(x),
    }
}

/// Applies `f`.
#[inline(always)]
pub fn binary<R: Real64>(f: Binary, x: R, y: R) -> R {
    match f {
        Binary::Pow => pow(x, y),
        Binary::Atan2 => atan2(x, y),
        Binary::Hypot => hypot(x, y),
    }
}
