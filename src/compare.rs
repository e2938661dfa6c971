//! Comparisons, choices between values, and questions about whole arrays.

use crate::numbers::{Float, Real};
use crate::operand::{Operand, Use};
use crate::record::Call;
use crate::{Array, Element};
use lazuli_core::{BinaryOp, Error, UnaryOp};

macro_rules! comparison {
    ($($(#[$doc:meta])* $name:ident $op:ident;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $name(&self, other: impl Operand<T>) -> Array<bool> {
            self.binary(Call::new(stringify!($name)), BinaryOp::$op, other)
        }
    )*};
}

/// # Comparisons, elementwise, with an array or a scalar
impl<T: Element> Array<T> {
    comparison! {
        /// Is x equal to `other`? NaN is equal to nothing.
        ///
        /// ```
        /// # use lazuli::prelude::*;
        /// let x = Array::from_vec(vec![1, 2, 3]);
        /// assert_eq!(x.eq(2).to_vec()?, [false, true, false]);
        /// # Ok::<(), lazuli::Error>(())
        /// ```
        eq Eq;
        /// Is x different from `other`? NaN is different from everything.
        ne Ne;
    }
}

/// # Comparisons, elementwise, of numbers with an order
impl<T: Real> Array<T> {
    comparison! {
        /// Is x less than `other`? False if either is NaN.
        lt Lt;
        /// Is x less than or equal to `other`? False if either is NaN.
        le Le;
        /// Is x greater than `other`? False if either is NaN.
        gt Gt;
        /// Is x greater than or equal to `other`? False if either is NaN.
        ge Ge;
    }
}

/// # Masks
impl Array<bool> {
    /// `a` where the mask is true, `b` elsewhere; arrays or scalars, broadcast against the mask
    /// (NumPy's `where`).
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![-1.0f32, 4.0]);
    /// let y = x.gt(0.0).select(x.sqrt(), 0.0);
    /// assert_eq!(y.to_vec()?, [0.0, 2.0]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn select<T: Element>(&self, a: impl Operand<T>, b: impl Operand<T>) -> Array<T> {
        let (call, mask) = (Call::new("select"), self.node());
        let (a, b) = (a.operand(Use(call), mask), b.operand(Use(call), mask));
        Array::of(call.select(mask.clone(), a, b))
    }
}

/// # Questions about whole arrays
impl<T: Element> Array<T> {
    /// Have both arrays the same shape and equal elements? (NaN is equal to nothing.) Evaluates.
    ///
    /// Errors: whatever poisoned either array, or made evaluation fail.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::arange(0, 4, 1);
    /// assert!(x.array_equal(&Array::from_vec(vec![0, 1, 2, 3]))?);
    /// assert!(!x.array_equal(&x.reshape([2, 2]))?);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn array_equal(&self, other: &Array<T>) -> Result<bool, Error> {
        let call = Call::new("array_equal");
        self.check()?;
        other.check()?;
        if self.shape() != other.shape() {
            return Ok(false);
        }
        let equal: Array<bool> = self.binary(call, BinaryOp::Eq, other);
        equal.every(call)
    }
}

impl<T: Float> Array<T> {
    /// Is every `x` within `absolute + relative * |other|` of the element of `other` that it is
    /// broadcast against? Infinities must be equal, and NaN is close to nothing. Evaluates.
    /// NumPy's usual tolerances are `1e-5` and `1e-8`.
    ///
    /// Errors: shapes that do not broadcast; whatever poisoned either array or made evaluation
    /// fail.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![1.0f64, 1000.0]);
    /// assert!((&x * (1.0 + 1e-7)).allclose(&x, 1e-5, 1e-8)?);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn allclose(&self, other: impl Operand<T>, relative: f64, absolute: f64) -> Result<bool, Error> {
        let call = Call::new("allclose");
        let wide = T::DTYPE.compute();
        let y = call.cast(other.operand(Use(call), self.node()), wide);
        let x = call.cast(self.node().clone(), wide);
        let distance = call.unary(UnaryOp::Abs, call.binary(BinaryOp::Sub, x.clone(), y.clone()));
        let scale = call.unary(UnaryOp::Abs, y.clone());
        let scaled = call.binary(BinaryOp::Mul, call.number(relative, &scale), scale.clone());
        let bound = call.binary(BinaryOp::Add, call.number(absolute, &scale), scaled);
        let near = call.binary(BinaryOp::Le, distance, bound);
        // An infinite bound is near to everything: ask for a finite `other` there.
        let near = call.binary(BinaryOp::And, near, call.unary(UnaryOp::IsFinite, y.clone()));
        let close = call.binary(BinaryOp::Or, near, call.binary(BinaryOp::Eq, x, y));
        Array::<bool>::of(close).every(call)
    }
}

impl Array<bool> {
    /// Are all elements true? The value, for questions about whole arrays.
    fn every(&self, call: Call) -> Result<bool, Error> {
        let axes = (0..self.ndim()).collect();
        Array::<bool>::of(call.reduce(lazuli_core::ReduceOp::All, self.node().clone(), &axes)).item()
    }
}
