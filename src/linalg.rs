//! Products of vectors and matrices.
//!
//! A product of two matrices with both outer extents above 1 is a library call
//! ([`Op::MatMul`]). Everything else (dot products, matrix times vector, one row or one column,
//! integers) is written as a multiplication and a sum, so that it fuses with its neighbours and
//! its bits are those of `(x * y).sum(..)`.

use crate::nodes::overflow;
use crate::numbers::Number;
use crate::record::Call;
use crate::{Array, Element};
use lazuli_core::shape::{self, Dims};
use lazuli_core::{BinaryOp, ErrorKind, NodeRef, Op, ReduceOp, Scalar};
use smallvec::smallvec;

/// # Products of vectors and matrices
impl<T: Number> Array<T> {
    /// The dot product, by NumPy's rules: of two vectors their inner product; of a matrix and a
    /// vector, or two matrices, the matrix product; with a 0-d array the multiple. In general the
    /// last axis of `self` is summed against the last axis of a vector, or the last but one.
    ///
    /// Errors: those extents differ; there are more terms than can be numbered.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![1.0f32, 2.0, 3.0]);
    /// assert_eq!(x.dot(&x).item()?, 14.0);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn dot(&self, other: &Array<T>) -> Array<T> {
        let call = Call::new("dot");
        let (x, y) = (self.node(), other.node());
        Array::of(call.guard(T::DTYPE, &[x, y], || {
            let (n, m) = (x.shape().len(), y.shape().len());
            if n == 0 || m == 0 {
                return Ok(call.binary(BinaryOp::Mul, x.clone(), y.clone()));
            }
            if m <= 2 {
                return product::<T>(call, x, y);
            }
            // The last axis of x with the last but one of y, all other axes side by side.
            let (a, b) = (x.shape(), y.shape());
            let k = a[n - 1];
            if k != b[m - 2] {
                return Err(ErrorKind::MatMul { left: a.clone(), right: b.clone() });
            }
            let rows: usize = a[..n - 1].iter().product();
            let columns: usize = b[..m - 2].iter().product::<usize>() * b[m - 1];
            let order: Dims = std::iter::once(m - 2).chain(0..m - 2).chain(std::iter::once(m - 1)).collect();
            let x2 = call.reshape(x.clone(), smallvec![rows, k]);
            let y2 = call.reshape(call.permute(y.clone(), order), smallvec![k, columns]);
            let mut shape = Dims::from_slice(&a[..n - 1]);
            shape.extend(b[..m - 2].iter().copied());
            shape.push(b[m - 1]);
            shape::element_count(&shape).ok_or_else(|| overflow(&shape))?;
            // Of what can be wrong, all but this was looked at; and it speaks of x and y.
            let terms = |_| ErrorKind::MatMulTerms { left: a.clone(), right: b.clone() };
            Ok(call.reshape(product::<T>(call, &x2, &y2).map_err(terms)?, shape))
        }))
    }

    /// The matrix product, by NumPy's rules: the last two axes are matrices, the others are
    /// broadcast; a vector on the left counts as one row, on the right as one column, which
    /// disappears from the result.
    ///
    /// Errors: the inner extents differ; other axes do not broadcast; an array is 0-d; there are
    /// more terms than can be numbered.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let a = Array::from_shape_vec([2, 2], vec![1.0f64, 2.0, 3.0, 4.0])?;
    /// assert_eq!(a.matmul(&a).to_vec()?, [7.0, 10.0, 15.0, 22.0]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn matmul(&self, other: &Array<T>) -> Array<T> {
        let call = Call::new("matmul");
        let (x, y) = (self.node(), other.node());
        Array::of(call.guard(T::DTYPE, &[x, y], || product::<T>(call, x, y)))
    }
}

/// `matmul` of healthy nodes.
fn product<T: Element>(call: Call, x: &NodeRef, y: &NodeRef) -> Result<NodeRef, ErrorKind> {
    let (sx, sy) = (x.shape(), y.shape());
    let (n, m) = (sx.len(), sy.len());
    let (left, right) = (|| sx.clone(), || sy.clone());
    if n == 0 || m == 0 {
        return Err(ErrorKind::MatMulScalar { left: left(), right: right() });
    }
    if sx[n - 1] != sy[m.saturating_sub(2)] {
        return Err(ErrorKind::MatMul { left: left(), right: right() });
    }
    // With a vector: terms in the shape of the other one, summed.
    if m == 1 {
        return Ok(sum_of_products::<T>(call, x.clone(), y.clone(), n - 1));
    }
    if n == 1 {
        return Ok(sum_of_products::<T>(call, call.insert_axes(x.clone(), &[1]), y.clone(), m - 2));
    }
    let (rows, k, columns) = (sx[n - 2], sx[n - 1], sy[m - 1]);
    let batch = shape::broadcast(&sx[..n - 2], &sy[..m - 2])
        .ok_or_else(|| ErrorKind::MatMulBatch { left: left(), right: right() })?;
    let with = |tail: &[usize]| batch.iter().chain(tail).copied().collect::<Dims>();
    let full = with(&[rows, columns]);
    shape::element_count(&full).ok_or_else(|| overflow(&full))?;
    // Shapes that occur on the way only: no user has heard of them.
    let inside = |tail: &[usize]| {
        let shape = with(tail);
        let terms = || ErrorKind::MatMulTerms { left: left(), right: right() };
        shape::element_count(&shape).ok_or_else(terms).map(|_| shape)
    };
    let compute = T::DTYPE.compute();
    if rows <= 1 || columns <= 1 || !compute.is_float() {
        // [.., rows, k, 1] * [.., 1, k, columns]
        inside(&[rows, k, columns])?;
        let (a, b) = (call.insert_axes(x.clone(), &[n]), call.insert_axes(y.clone(), &[m - 2]));
        return Ok(sum_of_products::<T>(call, a, b, full.len() - 1));
    }
    if k == 0 {
        let zero = call.constant(Scalar::from_f64(T::DTYPE, 0.0), x.device());
        return Ok(call.broadcast(zero, &full));
    }
    let a = call.broadcast(call.cast(x.clone(), compute), &inside(&[rows, k])?);
    let b = call.broadcast(call.cast(y.clone(), compute), &inside(&[k, columns])?);
    Ok(call.cast(call.record(Op::MatMul, smallvec![a, b], compute, full), T::DTYPE))
}

/// `(a * b).sum(axis)` in the element type: terms are rounded to it, and so is the sum.
fn sum_of_products<T: Element>(call: Call, a: NodeRef, b: NodeRef, axis: usize) -> NodeRef {
    let terms = call.binary(BinaryOp::Mul, a, b);
    if terms.error().is_some() {
        return terms;
    }
    let sum = call.reduce(ReduceOp::Sum, call.cast(terms, T::Sum::DTYPE.compute()), &smallvec![axis]);
    call.cast(sum, T::DTYPE)
}
