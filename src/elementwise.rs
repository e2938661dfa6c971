//! Elementwise mathematics: a value from each value, or from each pair.
//!
//! Names and meanings are those of `f64`'s methods, or NumPy's where Rust has none. Each method
//! records one node (those that are made of others say so), gives an array of the broadcast
//! shape, and never fails: domain errors give NaN. Bits and error bounds: `docs/NUMERICS.md`.

use crate::nodes::to_f64;
use crate::numbers::{Float, Number, Real};
use crate::operand::{Operand, Use};
use crate::record::Call;
use crate::{Array, Element};
use lazuli_core::op::MapOp;
use lazuli_core::{BinaryOp, Scalar, UnaryOp};
use smallvec::smallvec;

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident $op:ident -> $out:ty;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $name(&self) -> Array<$out> {
            Array::of(Call::new(stringify!($name)).unary(UnaryOp::$op, self.node().clone()))
        }
    )*};
}

macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident $op:ident -> $out:ty;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $name(&self, other: impl Operand<T>) -> Array<$out> {
            self.binary(Call::new(stringify!($name)), BinaryOp::$op, other)
        }
    )*};
}

/// # Elementwise functions of floating-point numbers
impl<T: Float> Array<T> {
    unary! {
        /// The square root; NaN below zero.
        sqrt Sqrt -> T;
        /// `1 / x`.
        recip Recip -> T;
        /// `1 / x.sqrt()`, rounded twice as written.
        rsqrt Rsqrt -> T;
        /// The cube root.
        cbrt Cbrt -> T;
        /// e to the power of x.
        exp Exp -> T;
        /// 2 to the power of x.
        exp2 Exp2 -> T;
        /// `exp(x) - 1`, accurate for small x.
        exp_m1 ExpM1 -> T;
        /// The natural logarithm.
        ln Ln -> T;
        /// `ln(1 + x)`, accurate for small x.
        ln_1p Ln1p -> T;
        /// The logarithm to base 2.
        log2 Log2 -> T;
        /// The logarithm to base 10.
        log10 Log10 -> T;
        /// The sine, of any argument in radians.
        sin Sin -> T;
        /// The cosine, of any argument in radians.
        cos Cos -> T;
        /// The tangent, of any argument in radians.
        tan Tan -> T;
        /// The arc sine; NaN outside -1..=1.
        asin Asin -> T;
        /// The arc cosine; NaN outside -1..=1.
        acos Acos -> T;
        /// The arc tangent.
        atan Atan -> T;
        /// The hyperbolic sine.
        sinh Sinh -> T;
        /// The hyperbolic cosine.
        cosh Cosh -> T;
        /// The hyperbolic tangent.
        tanh Tanh -> T;
        /// The inverse hyperbolic sine.
        asinh Asinh -> T;
        /// The inverse hyperbolic cosine; NaN below 1.
        acosh Acosh -> T;
        /// The inverse hyperbolic tangent; NaN outside -1..=1.
        atanh Atanh -> T;
        /// The error function.
        erf Erf -> T;
        /// `1 - erf(x)`, accurate for large x.
        erfc Erfc -> T;
        /// The logistic function `1 / (1 + exp(-x))`.
        sigmoid Sigmoid -> T;
        /// The largest whole number that is not above x.
        floor Floor -> T;
        /// The smallest whole number that is not below x.
        ceil Ceil -> T;
        /// The nearest whole number, half to even as NumPy rounds (`f64::round` rounds half away
        /// from zero).
        ///
        /// ```
        /// # use lazuli::prelude::*;
        /// assert_eq!(Array::from_vec(vec![0.5, 1.5, -2.5]).round().to_vec()?, [0.0, 2.0, -2.0]);
        /// # Ok::<(), lazuli::Error>(())
        /// ```
        round Round -> T;
        /// The whole part.
        trunc Trunc -> T;
        /// Is it not a number?
        is_nan IsNan -> bool;
        /// Is it an infinity?
        is_inf IsInf -> bool;
        /// Is it neither infinite nor NaN?
        is_finite IsFinite -> bool;
    }

    binary! {
        /// x to the power of `other`, which is an array or a scalar.
        pow Pow -> T;
        /// The angle of the point (`other`, x), as `f64::atan2`.
        atan2 Atan2 -> T;
        /// `sqrt(x * x + other * other)` without overflow on the way.
        hypot Hypot -> T;
        /// The magnitude of x with the sign of `other`. A NaN counts as positive.
        copysign Copysign -> T;
    }

    /// x to the power of a number. The exponent is a value, not structure: another one compiles
    /// nothing.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![4.0f64, 2.25]);
    /// assert_eq!(x.powf(0.5).to_vec()?, [2.0, 1.5]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn powf(&self, exponent: T) -> Array<T> {
        self.binary(Call::new("powf"), BinaryOp::Pow, exponent)
    }

    /// `x * a + b`, rounded once. Arrays or scalars.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![1.0f32, 2.0]);
    /// assert_eq!(x.mul_add(10.0, &x).to_vec()?, [11.0, 22.0]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn mul_add(&self, a: impl Operand<T>, b: impl Operand<T>) -> Array<T> {
        let (call, x) = (Call::new("mul_add"), self.node());
        let (a, b) = (a.operand(Use(call), x), b.operand(Use(call), x));
        Array::of(call.map(MapOp::MulAdd, smallvec![x.clone(), a, b], T::DTYPE))
    }

    /// Radians to degrees: `x * (180 / pi)`.
    #[track_caller]
    pub fn to_degrees(&self) -> Array<T> {
        self.scaled(Call::new("to_degrees"), 180.0 / std::f64::consts::PI)
    }

    /// Degrees to radians: `x * (pi / 180)`.
    #[track_caller]
    pub fn to_radians(&self) -> Array<T> {
        self.scaled(Call::new("to_radians"), std::f64::consts::PI / 180.0)
    }

    fn scaled(&self, call: Call, factor: f64) -> Array<T> {
        let factor = call.number(factor, self.node());
        Array::of(call.binary(BinaryOp::Mul, self.node().clone(), factor))
    }
}

/// # Elementwise functions of numbers with an order
impl<T: Real> Array<T> {
    unary! {
        /// The absolute value. The smallest signed integer stays, since its opposite is too large.
        abs Abs -> T;
        /// NumPy's sign: -1, 0 or 1; a zero keeps its sign, NaN stays NaN.
        sign Sign -> T;
    }

    /// Rust's `signum`: for floats -1 or 1 by the sign bit, so 1 for +0 (NaN stays NaN); for
    /// integers -1, 0 or 1.
    #[track_caller]
    pub fn signum(&self) -> Array<T> {
        let op = if T::DTYPE.is_float() { UnaryOp::Signum } else { UnaryOp::Sign };
        Array::of(Call::new("signum").unary(op, self.node().clone()))
    }

    binary! {
        /// The larger of two, elementwise. NaN propagates; +0 is larger than -0. (The largest
        /// element of an array is [`max`](Array::max).)
        ///
        /// ```
        /// # use lazuli::prelude::*;
        /// let x = Array::from_vec(vec![-1.0f32, 2.0]);
        /// assert_eq!(x.maximum(0.0).to_vec()?, [0.0, 2.0]);
        /// # Ok::<(), lazuli::Error>(())
        /// ```
        maximum Maximum -> T;
        /// The smaller of two, elementwise. NaN propagates; -0 is smaller than +0.
        minimum Minimum -> T;
        /// NumPy's remainder: has the sign of the divisor (Rust's `%` has that of the dividend).
        /// An integer divisor of 0 gives 0.
        ///
        /// ```
        /// # use lazuli::prelude::*;
        /// let x = Array::from_vec(vec![-7, 7]);
        /// assert_eq!(x.remainder(3).to_vec()?, [2, 1]);
        /// assert_eq!((&x % 3).to_vec()?, [-1, 1]);
        /// # Ok::<(), lazuli::Error>(())
        /// ```
        remainder Remainder -> T;
        /// NumPy's `floor_divide`: the quotient rounded down (Rust's integer `/` truncates). An
        /// integer divisor of 0 gives 0.
        floor_div FloorDiv -> T;
    }

    /// The nearest value between `low` and `high`: `minimum(maximum(x, low), high)`.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![-3, 1, 8]);
    /// assert_eq!(x.clamp(0, 5).to_vec()?, [0, 1, 5]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn clamp(&self, low: impl Operand<T>, high: impl Operand<T>) -> Array<T> {
        let call = Call::new("clamp");
        let raised: Array<T> = self.binary(call, BinaryOp::Maximum, low);
        raised.binary(call, BinaryOp::Minimum, high)
    }
}

/// # Elementwise functions of numbers
impl<T: Number> Array<T> {
    /// `x * x`.
    #[track_caller]
    pub fn square(&self) -> Array<T> {
        self.binary(Call::new("square"), BinaryOp::Mul, self)
    }

    /// x to an integer power, by repeated squaring; a negative power is one over the positive
    /// one. The exponent is part of the program's structure: each one compiles anew.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![2.0f32, -0.5]);
    /// assert_eq!(x.powi(3).to_vec()?, [8.0, -0.125]);
    /// assert_eq!(x.powi(-2).to_vec()?, [0.25, 4.0]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn powi(&self, exponent: i32) -> Array<T> {
        Array::of(Call::new("powi").unary(UnaryOp::Powi(exponent), self.node().clone()))
    }
}

/// The scalar `v` in the type that 16-bit floats are computed in.
pub(crate) fn in_compute_type<T: Element>(v: T) -> Scalar {
    if T::DTYPE.compute() == T::DTYPE {
        Scalar::new(v)
    } else {
        Scalar::from_f64(T::DTYPE.compute(), to_f64(v))
    }
}
