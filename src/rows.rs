//! Named operations over rows, and the pieces that they and the reductions are made of.
//!
//! [`Rows`] is an array's shape seen as many rows: the reduced axes make a row, the other axes
//! tell the rows apart. Softmax and its kin are recorded as the ordinary nodes of their
//! definitions (NUMERICS.md section 3), so each has the bits of the same formula written out by
//! the user, and fuses as that does.

use crate::elementwise::in_compute_type;
use crate::numbers::Float;
use crate::record::Call;
use crate::{Array, Axes};
use lazuli_core::graph::Inputs;
use lazuli_core::shape::Dims;
use lazuli_core::{BinaryOp, DType, ErrorKind, Fold, NodeRef, ReduceOp, UnaryOp};
use smallvec::SmallVec;
use std::sync::Arc;

/// A shape with the axes that are reduced. Values are nodes of the type that is calculated in.
pub(crate) struct Rows {
    call: Call,
    shape: Dims,
    axes: Dims,
}

impl Rows {
    pub(crate) fn new(call: Call, shape: &[usize], axes: &Axes) -> Result<Rows, ErrorKind> {
        let axes = axes.resolve(shape.len())?;
        Ok(Rows { call, shape: Dims::from_slice(shape), axes })
    }

    /// Elements in a row.
    fn count(&self) -> usize {
        self.axes.iter().map(|&d| self.shape[d]).product()
    }

    /// An error if there are rows, and they are empty: no element can be chosen from them.
    pub(crate) fn not_empty(&self) -> Result<(), ErrorKind> {
        let some_rows = self.shape.iter().enumerate().all(|(d, &n)| n != 0 || self.axes.contains(&d));
        if self.count() == 0 && some_rows {
            return Err(ErrorKind::EmptyReduction { shape: self.shape.clone() });
        }
        Ok(())
    }

    /// One value for each row.
    pub(crate) fn reduce(&self, op: ReduceOp, x: NodeRef) -> NodeRef {
        self.call.reduce(op, x, &self.axes)
    }

    /// The state of each row, of those of its elements.
    pub(crate) fn fold(&self, fold: &Arc<Fold>, states: SmallVec<[NodeRef; 2]>) -> Inputs {
        self.call.fold(fold, states.into_iter().collect(), &self.axes)
    }

    /// A value for each row, with the reduced axes back at length 1.
    pub(crate) fn keep(&self, row: NodeRef) -> NodeRef {
        let mut shape = self.shape.clone();
        for &d in &self.axes {
            shape[d] = 1;
        }
        self.call.reshape(row, shape)
    }

    fn reduce_keep(&self, op: ReduceOp, x: NodeRef) -> NodeRef {
        self.keep(self.reduce(op, x))
    }

    fn divide(&self, x: NodeRef, by: f64) -> NodeRef {
        let by = self.call.number(by, &x);
        self.call.binary(BinaryOp::Div, x, by)
    }

    pub(crate) fn mean(&self, x: NodeRef) -> NodeRef {
        self.divide(self.reduce(ReduceOp::Sum, x), self.count() as f64)
    }

    pub(crate) fn var(&self, x: NodeRef, ddof: usize) -> NodeRef {
        self.divide(self.reduce(ReduceOp::Moment2, x), self.count().saturating_sub(ddof) as f64)
    }

    /// The mean of what is not NaN, and how many that are.
    pub(crate) fn nan_mean(&self, x: NodeRef, nan: NodeRef) -> (NodeRef, NodeRef) {
        let call = self.call;
        let counted = call.cast(call.unary(UnaryOp::Not, nan.clone()), DType::I64);
        let count = call.cast(self.reduce(ReduceOp::Sum, counted), x.dtype());
        let sum = self.reduce(ReduceOp::Sum, call.fill(nan, 0.0, x));
        (call.binary(BinaryOp::Div, sum, count.clone()), count)
    }

    /// The mean squared deviation of what is not NaN.
    pub(crate) fn nan_var(&self, x: NodeRef, nan: NodeRef) -> NodeRef {
        let call = self.call;
        let (mean, count) = self.nan_mean(x.clone(), nan.clone());
        let d = call.fill(nan, 0.0, call.binary(BinaryOp::Sub, x, self.keep(mean)));
        let squares = call.binary(BinaryOp::Mul, d.clone(), d);
        call.binary(BinaryOp::Div, self.reduce(ReduceOp::Sum, squares), count)
    }

    /// `x - max(x)` and `max(x)`.
    fn below_max(&self, x: NodeRef) -> Result<(NodeRef, NodeRef), ErrorKind> {
        self.not_empty()?;
        let max = self.reduce_keep(ReduceOp::Max, x.clone());
        Ok((self.call.binary(BinaryOp::Sub, x, max.clone()), max))
    }
}

/// # Operations over rows
///
/// Each gives an array of the same shape; the axes say what a row is, and are as for reductions.
impl<T: Float> Array<T> {
    fn by_rows(
        &self,
        call: Call,
        axes: impl Into<Axes>,
        f: impl FnOnce(&Rows, NodeRef) -> Result<NodeRef, ErrorKind>,
    ) -> Array<T> {
        let mut axes = axes.into();
        axes.keep = false;
        self.reduction(call, axes, T::DTYPE.compute(), f)
    }

    /// `exp(x - max) / sum(exp(x - max))`: positive numbers that add up to 1 in each row.
    ///
    /// Errors: an axis out of range or named twice; empty rows.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_shape_vec([2, 2], vec![0.0f64, 0.0, 1000.0, 0.0])?;
    /// assert_eq!(x.softmax(-1).to_vec()?, [0.5, 0.5, 1.0, 0.0]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn softmax(&self, axes: impl Into<Axes>) -> Array<T> {
        let call = Call::new("softmax");
        self.by_rows(call, axes, |rows, x| {
            let e = call.unary(UnaryOp::Exp, rows.below_max(x)?.0);
            let sum = rows.reduce_keep(ReduceOp::Sum, e.clone());
            Ok(call.binary(BinaryOp::Div, e, sum))
        })
    }

    /// `(x - max) - ln(sum(exp(x - max)))`: the logarithm of the softmax, without underflow.
    ///
    /// Errors: an axis out of range or named twice; empty rows.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![0.0f64, 0.0]);
    /// assert_eq!(x.log_softmax(..).to_vec()?, [-2f64.ln(); 2]);
    /// assert_eq!((x - 1000.0).log_softmax(..).to_vec()?, [-2f64.ln(); 2]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn log_softmax(&self, axes: impl Into<Axes>) -> Array<T> {
        let call = Call::new("log_softmax");
        self.by_rows(call, axes, |rows, x| {
            let (d, _) = rows.below_max(x)?;
            let sum = rows.reduce_keep(ReduceOp::Sum, call.unary(UnaryOp::Exp, d.clone()));
            Ok(call.binary(BinaryOp::Sub, d, call.unary(UnaryOp::Ln, sum)))
        })
    }

    /// `(x - mean) / sqrt(var + eps)`: rows of mean 0 and variance 1.
    ///
    /// Errors: an axis out of range or named twice.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_shape_vec([2, 2], vec![1.0f32, 3.0, -10.0, 10.0])?;
    /// assert_eq!(x.layer_norm(-1, 0.0).to_vec()?, [-1.0, 1.0, -1.0, 1.0]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn layer_norm(&self, axes: impl Into<Axes>, eps: T) -> Array<T> {
        let call = Call::new("layer_norm");
        self.by_rows(call, axes, |rows, x| {
            let mean = rows.keep(rows.mean(x.clone()));
            let var = rows.keep(rows.var(x.clone(), 0));
            let eps = call.constant(in_compute_type(eps), x.device());
            let std = call.unary(UnaryOp::Sqrt, call.binary(BinaryOp::Add, var, eps));
            Ok(call.binary(BinaryOp::Div, call.binary(BinaryOp::Sub, x, mean), std))
        })
    }

    /// `ln(sum(exp(x - max))) + max`: the logarithm of a sum of exponentials, without overflow.
    /// A reduction: the axes disappear, unless they are [kept](crate::keep).
    ///
    /// Errors: an axis out of range or named twice; empty rows.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![1000.0f64, 1000.0]);
    /// assert_eq!(x.logsumexp(..).item()?, 1000.0 + 2f64.ln());
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn logsumexp(&self, axes: impl Into<Axes>) -> Array<T> {
        let call = Call::new("logsumexp");
        self.reduction(call, axes, T::DTYPE.compute(), |rows, x| {
            rows.not_empty()?;
            let max = rows.reduce(ReduceOp::Max, x.clone());
            let d = call.binary(BinaryOp::Sub, x, rows.keep(max.clone()));
            let sum = rows.reduce(ReduceOp::Sum, call.unary(UnaryOp::Exp, d));
            Ok(call.binary(BinaryOp::Add, call.unary(UnaryOp::Ln, sum), max))
        })
    }
}
