//! Reductions over any set of axes.
//!
//! The axes are `impl Into<Axes>`: `..` for all, `1`, `-1`, `[0, 2]`, and `keep(-1)` to keep the
//! reduced axes at length 1. The order of addition is fixed by `docs/NUMERICS.md` section 2, so
//! results do not depend on engines, threads or fusion. 16-bit floats are reduced in f32 and
//! rounded once, integers and bools in 64 bits.

use crate::numbers::{Float, Real};
use crate::record::Call;
use crate::rows::Rows;
use crate::{Array, Axes, Element};
use lazuli_core::{BinaryOp, DType, ErrorKind, NodeRef, ReduceOp, UnaryOp};

impl<T: Element> Array<T> {
    /// Resolves the axes and runs `f`, which works on `self` converted to `acc`; its result is
    /// converted to `U`, and gets its kept axes.
    pub(crate) fn reduction<U: Element>(
        &self,
        call: Call,
        axes: impl Into<Axes>,
        acc: DType,
        f: impl FnOnce(&Rows, NodeRef) -> Result<NodeRef, ErrorKind>,
    ) -> Array<U> {
        let axes = axes.into();
        Array::of(call.guard(U::DTYPE, &[self.node()], || {
            let rows = Rows::new(call, self.shape(), &axes)?;
            let y = f(&rows, call.cast(self.node().clone(), acc))?;
            let y = call.cast(y, U::DTYPE);
            Ok(if axes.keep { rows.keep(y) } else { y })
        }))
    }
}

/// The type that sums of `T` are formed in.
fn sum_type<T: Element>() -> DType {
    T::Sum::DTYPE.compute()
}

/// The type that means of `T` are formed in.
fn mean_type<T: Element>() -> DType {
    T::Mean::DTYPE.compute()
}

/// # Reductions
impl<T: Element> Array<T> {
    /// The sum. Integers and bools give 64-bit results; over no elements it is 0.
    ///
    /// Errors (as a poisoned array, as for all reductions): an axis out of range, or named twice.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_shape_vec([2, 3], vec![1u8, 2, 3, 4, 5, 6])?;
    /// let rows: Array<u64> = x.sum(-1);
    /// assert_eq!(rows.to_vec()?, [6, 15]);
    /// assert_eq!(x.sum(keep(0)).shape(), [1, 3]);
    /// assert_eq!(x.sum(..).item()?, 21);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn sum(&self, axes: impl Into<Axes>) -> Array<T::Sum> {
        let call = Call::new("sum");
        self.reduction(call, axes, sum_type::<T>(), |rows, x| Ok(rows.reduce(ReduceOp::Sum, x)))
    }

    /// The product. Integers and bools give 64-bit results, which wrap; over no elements it is 1.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![2i32, 3, 7]);
    /// assert_eq!(x.prod(..).item()?, 42i64);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn prod(&self, axes: impl Into<Axes>) -> Array<T::Sum> {
        let call = Call::new("prod");
        self.reduction(call, axes, sum_type::<T>(), |rows, x| Ok(rows.reduce(ReduceOp::Prod, x)))
    }

    /// The mean: the sum divided by the number of elements. f64 for integers and bools; NaN over
    /// no elements.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_shape_vec([2, 2], vec![1u8, 2, 3, 5])?;
    /// assert_eq!(x.mean(..).item()?, 2.75f64);
    /// assert_eq!(x.mean(0).to_vec()?, [2.0, 3.5]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn mean(&self, axes: impl Into<Axes>) -> Array<T::Mean> {
        self.reduction(Call::new("mean"), axes, mean_type::<T>(), |rows, x| Ok(rows.mean(x)))
    }

    /// The population variance, `var_ddof(axes, 0)`.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![1.0f32, 2.0, 3.0, 4.0]);
    /// assert_eq!(x.var(..).item()?, 1.25);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn var(&self, axes: impl Into<Axes>) -> Array<T::Mean> {
        self.reduction(Call::new("var"), axes, mean_type::<T>(), |rows, x| Ok(rows.var(x, 0)))
    }

    /// The variance: squared deviations from the mean, summed, and divided by the number of
    /// elements less `ddof` (1 for the sample variance). A divisor of 0 or less gives NaN or
    /// infinity.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![1.0f64, 2.0, 3.0]);
    /// assert_eq!(x.var_ddof(.., 1).item()?, 1.0);
    /// assert!(x.var_ddof(.., 3).item()?.is_infinite());
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn var_ddof(&self, axes: impl Into<Axes>, ddof: usize) -> Array<T::Mean> {
        self.reduction(Call::new("var_ddof"), axes, mean_type::<T>(), |rows, x| Ok(rows.var(x, ddof)))
    }

    /// The population standard deviation, `std_ddof(axes, 0)`.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_shape_vec([2, 2], vec![1.0f64, 3.0, 10.0, 30.0])?;
    /// assert_eq!(x.std(-1).to_vec()?, [1.0, 10.0]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn std(&self, axes: impl Into<Axes>) -> Array<T::Mean> {
        self.std_of(Call::new("std"), axes, 0)
    }

    /// The standard deviation: the square root of [`var_ddof`](Array::var_ddof).
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![2.0f64, 4.0, 6.0]);
    /// assert_eq!(x.std_ddof(.., 1).item()?, 2.0);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn std_ddof(&self, axes: impl Into<Axes>, ddof: usize) -> Array<T::Mean> {
        self.std_of(Call::new("std_ddof"), axes, ddof)
    }

    fn std_of(&self, call: Call, axes: impl Into<Axes>, ddof: usize) -> Array<T::Mean> {
        let f = |rows: &Rows, x| Ok(call.unary(UnaryOp::Sqrt, rows.var(x, ddof)));
        self.reduction(call, axes, mean_type::<T>(), f)
    }

    /// The Euclidean norm: the square root of the sum of squares. f64 for integers and bools.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_shape_vec([2, 2], vec![3.0f32, 4.0, 0.0, 2.0])?;
    /// assert_eq!(x.norm(-1).to_vec()?, [5.0, 2.0]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn norm(&self, axes: impl Into<Axes>) -> Array<T::Mean> {
        let call = Call::new("norm");
        self.reduction(call, axes, mean_type::<T>(), |rows, x| {
            let squares = call.binary(BinaryOp::Mul, x.clone(), x);
            Ok(call.unary(UnaryOp::Sqrt, rows.reduce(ReduceOp::Sum, squares)))
        })
    }

    /// Is any element true (not zero)? Over no elements: false.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![-1.0f32, 0.5]);
    /// assert!(x.gt(0.0).any(..).item()?);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn any(&self, axes: impl Into<Axes>) -> Array<bool> {
        self.truth(Call::new("any"), axes, ReduceOp::Any)
    }

    /// Are all elements true (not zero)? Over no elements: true.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_shape_vec([2, 2], vec![1.0f64, 2.0, 0.0, 3.0])?;
    /// assert_eq!(x.all(1).to_vec()?, [true, false]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn all(&self, axes: impl Into<Axes>) -> Array<bool> {
        self.truth(Call::new("all"), axes, ReduceOp::All)
    }

    fn truth(&self, call: Call, axes: impl Into<Axes>, op: ReduceOp) -> Array<bool> {
        self.reduction(call, axes, T::DTYPE, |rows, mut x| {
            if T::DTYPE != DType::Bool {
                let zero = call.number(0.0, &x);
                x = call.binary(BinaryOp::Ne, x, zero);
            }
            Ok(rows.reduce(op, x))
        })
    }

    /// The position of the smallest element: its index along the reduced axis, or, over several
    /// axes, its row-major index within them. The first of equal ones; the first NaN if there is
    /// one.
    ///
    /// Errors: no elements to choose from.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_shape_vec([2, 3], vec![5, 1, 1, 0, 7, 7])?;
    /// assert_eq!(x.argmin(1).to_vec()?, [1, 0]);
    /// assert_eq!(x.argmin(..).item()?, 3);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn argmin(&self, axes: impl Into<Axes>) -> Array<i64> {
        self.position(Call::new("argmin"), axes, ReduceOp::ArgMin)
    }

    /// The position of the largest element; see [`argmin`](Array::argmin).
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![1.0f32, 9.0, 3.0]);
    /// assert_eq!(x.argmax(..).item()?, 1);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn argmax(&self, axes: impl Into<Axes>) -> Array<i64> {
        self.position(Call::new("argmax"), axes, ReduceOp::ArgMax)
    }

    fn position(&self, call: Call, axes: impl Into<Axes>, op: ReduceOp) -> Array<i64> {
        let acc = if T::DTYPE == DType::Bool { DType::U8 } else { T::DTYPE };
        self.reduction(call, axes, acc, |rows, x| {
            rows.not_empty()?;
            Ok(rows.reduce(op, x))
        })
    }
}

/// # Reductions of numbers with an order
impl<T: Real> Array<T> {
    /// The smallest element. NaN propagates; -0 is smaller than +0.
    ///
    /// Errors: no elements to choose from.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_shape_vec([2, 2], vec![4, -1, 7, 2])?;
    /// assert_eq!(x.min(0).to_vec()?, [4, -1]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn min(&self, axes: impl Into<Axes>) -> Array<T> {
        self.extreme(Call::new("min"), axes, ReduceOp::Min)
    }

    /// The largest element. NaN propagates; +0 is larger than -0.
    ///
    /// Errors: no elements to choose from.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_shape_vec([2, 2], vec![4.0f32, -1.0, f32::NAN, 2.0])?;
    /// assert_eq!(x.max(0).slice(s![1]).item()?, 2.0);
    /// assert!(x.max(..).item()?.is_nan());
    /// assert!(Array::<f32>::zeros([0]).max(..).error().is_some());
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn max(&self, axes: impl Into<Axes>) -> Array<T> {
        self.extreme(Call::new("max"), axes, ReduceOp::Max)
    }

    fn extreme(&self, call: Call, axes: impl Into<Axes>, op: ReduceOp) -> Array<T> {
        self.reduction(call, axes, T::DTYPE, |rows, x| {
            rows.not_empty()?;
            Ok(rows.reduce(op, x))
        })
    }
}

/// # Reductions that skip NaN
impl<T: Float> Array<T> {
    /// A reduction of `x` and of where it is NaN.
    fn skipping(
        &self,
        call: Call,
        axes: impl Into<Axes>,
        f: impl FnOnce(&Rows, NodeRef, NodeRef) -> Result<NodeRef, ErrorKind>,
    ) -> Array<T> {
        self.reduction(call, axes, T::DTYPE.compute(), |rows, x| {
            let nan = call.unary(UnaryOp::IsNan, x.clone());
            f(rows, x, nan)
        })
    }

    /// The sum of the elements that are not NaN.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![1.0f64, f64::NAN, 2.0]);
    /// assert_eq!(x.nan_sum(..).item()?, 3.0);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn nan_sum(&self, axes: impl Into<Axes>) -> Array<T> {
        let call = Call::new("nan_sum");
        self.skipping(call, axes, |rows, x, nan| Ok(rows.reduce(ReduceOp::Sum, call.fill(nan, 0.0, x))))
    }

    /// The product of the elements that are not NaN.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![3.0f64, f64::NAN, 2.0]);
    /// assert_eq!(x.nan_prod(..).item()?, 6.0);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn nan_prod(&self, axes: impl Into<Axes>) -> Array<T> {
        let call = Call::new("nan_prod");
        self.skipping(call, axes, |rows, x, nan| Ok(rows.reduce(ReduceOp::Prod, call.fill(nan, 1.0, x))))
    }

    /// The mean of the elements that are not NaN; NaN where there are none.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_shape_vec([2, 2], vec![1.0f32, f32::NAN, 4.0, 6.0])?;
    /// assert_eq!(x.nan_mean(1).to_vec()?, [1.0, 5.0]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn nan_mean(&self, axes: impl Into<Axes>) -> Array<T> {
        self.skipping(Call::new("nan_mean"), axes, |rows, x, nan| Ok(rows.nan_mean(x, nan).0))
    }

    /// The population variance of the elements that are not NaN, in two passes: the mean, then
    /// the squared deviations from it. NaN where there are none.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![1.0f64, f64::NAN, 3.0]);
    /// assert_eq!(x.nan_var(..).item()?, 1.0);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn nan_var(&self, axes: impl Into<Axes>) -> Array<T> {
        self.skipping(Call::new("nan_var"), axes, |rows, x, nan| Ok(rows.nan_var(x, nan)))
    }

    /// The square root of [`nan_var`](Array::nan_var).
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![2.0f64, f64::NAN, 8.0]);
    /// assert_eq!(x.nan_std(..).item()?, 3.0);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn nan_std(&self, axes: impl Into<Axes>) -> Array<T> {
        let call = Call::new("nan_std");
        self.skipping(call, axes, |rows, x, nan| Ok(call.unary(UnaryOp::Sqrt, rows.nan_var(x, nan))))
    }

    /// The smallest element that is not NaN; NaN where there is none.
    ///
    /// Errors: no elements to choose from.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![f64::NAN, 2.0, 1.0]);
    /// assert_eq!(x.nan_min(..).item()?, 1.0);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn nan_min(&self, axes: impl Into<Axes>) -> Array<T> {
        self.nan_extreme(Call::new("nan_min"), axes, ReduceOp::Min, f64::INFINITY)
    }

    /// The largest element that is not NaN; NaN where there is none.
    ///
    /// Errors: no elements to choose from.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![f64::NAN, 2.0, 1.0]);
    /// assert_eq!(x.nan_max(..).item()?, 2.0);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn nan_max(&self, axes: impl Into<Axes>) -> Array<T> {
        self.nan_extreme(Call::new("nan_max"), axes, ReduceOp::Max, f64::NEG_INFINITY)
    }

    fn nan_extreme(&self, call: Call, axes: impl Into<Axes>, op: ReduceOp, never: f64) -> Array<T> {
        self.skipping(call, axes, |rows, x, nan| {
            rows.not_empty()?;
            let best = rows.reduce(op, call.fill(nan.clone(), never, x));
            Ok(call.fill(rows.reduce(ReduceOp::All, nan), f64::NAN, best))
        })
    }
}
