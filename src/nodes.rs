//! The untyped layer: one function for each kind of node.
//!
//! Public methods are thin, typed wrappers around these, so there is one copy of each in a
//! program whatever types it uses. All are methods of [`Call`], because every node carries the
//! name and place of the public operation that it belongs to. They insert the broadcasts and
//! constants that graph nodes need, and leave out nodes that would do nothing (a cast to the
//! same type, a broadcast to the same shape).

use crate::record::Call;
use lazuli_core::dtype::{Element, Scalar};
use lazuli_core::graph::Inputs;
use lazuli_core::op::{MapOp, SlicePart};
use lazuli_core::shape::{self, Dims};
use lazuli_core::{
    BinaryOp, DType, DeviceId, Error, ErrorKind, Fold, Node, NodeRef, Op, ReduceOp, UnaryOp, View, WindowPart,
};
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;

impl Call {
    /// A 0-d constant.
    pub(crate) fn constant(self, value: Scalar, device: DeviceId) -> NodeRef {
        self.source(Op::Const(value), value.dtype, Dims::new(), device)
    }

    /// A constant with the shape and device of `like`, which it meets in an operation.
    pub(crate) fn constant_like(self, value: Scalar, like: &NodeRef) -> NodeRef {
        self.source(Op::Const(value), value.dtype, Dims::from_slice(like.shape()), like.device())
    }

    /// The number `v` as a constant of `like`'s type, shape and device.
    pub(crate) fn number(self, v: f64, like: &NodeRef) -> NodeRef {
        self.constant_like(Scalar::from_f64(like.dtype(), v), like)
    }

    /// An elementwise operation of one input that gives the same type, or a bool.
    pub(crate) fn unary(self, op: UnaryOp, x: NodeRef) -> NodeRef {
        let dtype = match op {
            UnaryOp::IsNan | UnaryOp::IsInf | UnaryOp::IsFinite => DType::Bool,
            UnaryOp::Cast(to) => to,
            _ => x.dtype(),
        };
        let shape = Dims::from_slice(x.shape());
        self.record(Op::Map(MapOp::Unary(op)), smallvec![x], dtype, shape)
    }

    /// Conversion to another type.
    pub(crate) fn cast(self, x: NodeRef, to: DType) -> NodeRef {
        if x.dtype() == to { x } else { self.unary(UnaryOp::Cast(to), x) }
    }

    /// An elementwise operation of two inputs of one type, broadcast against each other.
    pub(crate) fn binary(self, op: BinaryOp, x: NodeRef, y: NodeRef) -> NodeRef {
        debug_assert_eq!(x.dtype(), y.dtype());
        let dtype = if op.is_comparison() { DType::Bool } else { x.dtype() };
        self.map(MapOp::Binary(op), smallvec![x, y], dtype)
    }

    /// An elementwise operation, its inputs broadcast against each other.
    pub(crate) fn map(self, op: MapOp, mut inputs: Inputs, dtype: DType) -> NodeRef {
        match self.together(&mut inputs) {
            Ok(shape) => self.record(Op::Map(op), inputs, dtype, shape),
            Err(error) => Node::poisoned(dtype, error, inputs[0].device()),
        }
    }

    /// Broadcasts inputs, of which there is at least one, against each other; gives their shape.
    pub(crate) fn together(self, inputs: &mut Inputs) -> Result<Dims, Error> {
        let first = inputs[0].shape();
        if inputs.iter().all(|n| n.shape() == first) {
            // Poisoned inputs have a shape too; `record` looks at that.
            return Ok(Dims::from_slice(first));
        }
        // The first poisoned input speaks, not the shapes that poison made up.
        if let Some(error) = inputs.iter().find_map(|n| n.error()) {
            return Err(error.clone());
        }
        let mut shape = first.clone();
        for node in &inputs[1..] {
            match shape::broadcast(&shape, node.shape()) {
                Some(both) => shape = both,
                None => {
                    let kind = ErrorKind::ShapeMismatch { left: shape, right: node.shape().clone() };
                    return Err(self.error(kind));
                }
            }
        }
        if shape::element_count(&shape).is_none() {
            return Err(self.error(overflow(&shape)));
        }
        for node in inputs {
            if *node.shape() != shape {
                *node = self.broadcast(node.clone(), &shape);
            }
        }
        Ok(shape)
    }

    /// `mask ? x : y`.
    pub(crate) fn select(self, mask: NodeRef, x: NodeRef, y: NodeRef) -> NodeRef {
        debug_assert_eq!(x.dtype(), y.dtype());
        let dtype = x.dtype();
        self.map(MapOp::Select, smallvec![mask, x, y], dtype)
    }

    /// `mask ? v : x`.
    pub(crate) fn fill(self, mask: NodeRef, v: f64, x: NodeRef) -> NodeRef {
        let v = self.number(v, &x);
        self.select(mask, v, x)
    }

    /// The view of `x` stretched to `shape`, to which it must be known to broadcast. A constant
    /// has no memory to view: it is recorded in that shape, a node less.
    pub(crate) fn broadcast(self, x: NodeRef, shape: &[usize]) -> NodeRef {
        if x.shape().as_slice() == shape {
            return x;
        }
        if let Some(&Op::Const(value)) = x.op() {
            return self.source(Op::Const(value), value.dtype, Dims::from_slice(shape), x.device());
        }
        let dtype = x.dtype();
        self.record(Op::View(View::Broadcast), smallvec![x], dtype, Dims::from_slice(shape))
    }

    /// The view of `x` in another shape of as many elements.
    pub(crate) fn reshape(self, x: NodeRef, shape: Dims) -> NodeRef {
        if *x.shape() == shape {
            return x;
        }
        let dtype = x.dtype();
        self.record(Op::View(View::Reshape), smallvec![x], dtype, shape)
    }

    /// The view of `x` with its axes in another order.
    pub(crate) fn permute(self, x: NodeRef, axes: Dims) -> NodeRef {
        if axes.iter().enumerate().all(|(d, &a)| d == a) {
            return x;
        }
        let shape = axes.iter().map(|&a| x.shape()[a]).collect();
        let dtype = x.dtype();
        self.record(Op::View(View::Permute(axes)), smallvec![x], dtype, shape)
    }

    /// The view of `x` with a start, a step and a length for each axis.
    pub(crate) fn slice(self, x: NodeRef, parts: SmallVec<[SlicePart; 4]>, shape: Dims) -> NodeRef {
        let whole = |(p, n): (&SlicePart, &usize)| p.start == 0 && (p.step == 1 || *n <= 1);
        if *x.shape() == shape && parts.iter().zip(&shape).all(whole) {
            return x;
        }
        let dtype = x.dtype();
        self.record(Op::View(View::Slice(parts.into_boxed_slice())), smallvec![x], dtype, shape)
    }

    /// `x` seen from each place at a distance along each axis: see [`lazuli_core::window`].
    pub(crate) fn window(self, x: NodeRef, parts: impl IntoIterator<Item = WindowPart>) -> NodeRef {
        // From an axis of one element, that one is seen.
        let part = |(p, &n): (WindowPart, &usize)| WindowPart { shift: if n > 1 { p.shift } else { 0 }, ..p };
        let parts: Box<[WindowPart]> = parts.into_iter().zip(x.shape()).map(part).collect();
        if parts.iter().all(|p| p.shift == 0) {
            return x;
        }
        let (dtype, shape) = (x.dtype(), x.shape().clone());
        self.record(Op::View(View::Window(parts)), smallvec![x], dtype, shape)
    }

    /// `x` with axes of length 1 inserted at `at` (ascending positions in the result).
    pub(crate) fn insert_axes(self, x: NodeRef, at: &[usize]) -> NodeRef {
        let mut shape = x.shape().clone();
        for &d in at {
            shape.insert(d, 1);
        }
        self.reshape(x, shape)
    }

    /// A reduction over `axes` (ascending), as recorded: no casts, no kept axes. Over no axes at
    /// all it is the same of single elements.
    pub(crate) fn reduce(self, op: ReduceOp, x: NodeRef, axes: &Dims) -> NodeRef {
        if axes.is_empty() {
            return match op {
                ReduceOp::ArgMin | ReduceOp::ArgMax => {
                    let zero = self.constant(Scalar::new(0i64), x.device());
                    let shape = x.shape().clone();
                    self.broadcast(zero, &shape)
                }
                ReduceOp::Moment2 => self.binary(BinaryOp::Sub, x.clone(), x),
                _ => x,
            };
        }
        let dtype = match op {
            ReduceOp::ArgMin | ReduceOp::ArgMax => DType::I64,
            _ => x.dtype(),
        };
        let shape =
            x.shape().iter().enumerate().filter(|(d, _)| !axes.contains(d)).map(|(_, &n)| n).collect();
        self.record(Op::Reduce { op, axes: axes.clone() }, smallvec![x], dtype, shape)
    }

    /// A reduction of the program's own over `axes` (ascending), a node for each value of the state. Over
    /// no axes at all it is the state of single elements.
    pub(crate) fn fold(self, fold: &Arc<Fold>, states: Inputs, axes: &Dims) -> Inputs {
        if axes.is_empty() {
            return states;
        }
        let kept = states[0].shape().iter().enumerate().filter(|(d, _)| !axes.contains(d));
        let shape: Dims = kept.map(|(_, &n)| n).collect();
        let value = |(result, v): (usize, &Scalar)| {
            let op = Op::Fold { fold: fold.clone(), result: result as u16, axes: axes.clone() };
            self.record(op, states.clone(), v.dtype, shape.clone())
        };
        fold.identity().iter().enumerate().map(value).collect()
    }

    /// `0, 1, .., n - 1` as int64.
    pub(crate) fn iota(self, n: usize, device: DeviceId) -> NodeRef {
        self.source(Op::Iota, DType::I64, smallvec![n], device)
    }

    /// One value everywhere.
    pub(crate) fn full<T: Element>(self, value: T, shape: Dims, device: DeviceId) -> NodeRef {
        self.source(Op::Const(Scalar::new(value)), T::DTYPE, shape, device)
    }
}

/// The error of a shape with too many elements.
pub(crate) fn overflow(shape: &[usize]) -> ErrorKind {
    ErrorKind::ShapeOverflow {
        shape: shape.iter().map(|&n| isize::try_from(n).unwrap_or(isize::MAX)).collect(),
    }
}

/// A real number of any type as f64.
pub(crate) fn to_f64<T: Element>(v: T) -> f64 {
    let bits = v.to_bits64();
    match T::DTYPE {
        DType::F64 => f64::from_bits(bits),
        DType::F32 => f32::from_bits(bits as u32) as f64,
        DType::F16 => lazuli_core::f16::from_bits(bits as u16).to_f64(),
        DType::BF16 => lazuli_core::bf16::from_bits(bits as u16).to_f64(),
        _ => to_i128(v) as f64,
    }
}

/// An integer or bool of any type.
pub(crate) fn to_i128<T: Element>(v: T) -> i128 {
    let bits = v.to_bits64();
    match T::DTYPE {
        DType::I8 => bits as u8 as i8 as i128,
        DType::I16 => bits as u16 as i16 as i128,
        DType::I32 => bits as u32 as i32 as i128,
        DType::I64 => bits as i64 as i128,
        _ => bits as i128,
    }
}
