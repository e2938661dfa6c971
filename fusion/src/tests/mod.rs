//! Tests of the planner: graphs in, plans out. Nothing is computed here.
//!
//! * [`golden`]: the text of the kernels that named patterns become;
//! * [`breaks`]: a graph for every reason not to fuse;
//! * [`calling`]: functions with and without loops within kernels;
//! * [`keys`]: what is in the keys of plans and kernels, and what must not be;
//! * [`arena`]: which temporary values share memory;
//! * [`generalized`]: calls of generalised functions;
//! * [`explaining`]: what a plan says about itself;
//! * [`scaling`]: thousands of values at once.
//!
//! Planning never looks at the elements of an array, so the arrays here have no memory at all.

mod arena;
mod breaks;
mod calling;
mod explaining;
mod generalized;
mod golden;
mod keys;
mod scaling;

use crate::kernel::Kernel;
use crate::plan::Step;
use crate::{Bound, Launches, Plan, Trace, bind, plan};
use lazuli_core::op::{MapOp, SlicePart};
use lazuli_core::shape::Dims;
use lazuli_core::{
    BinaryOp, Buffer, Caps, DType, DeviceId, Layout, Node, NodeRef, Op, ReduceOp, Scalar, UnaryOp, Value,
    View,
};
use std::any::Any;
use std::panic::Location;
use std::sync::Arc;

/// Memory that is never looked at.
struct Nowhere;

impl Buffer for Nowhere {
    fn ptr(&self) -> *mut u8 {
        std::ptr::null_mut()
    }
    fn bytes(&self) -> usize {
        0
    }
    fn device(&self) -> DeviceId {
        DeviceId::Portable
    }
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

/// An array whose value is there, row-major.
#[track_caller]
fn typed(dtype: DType, shape: &[usize]) -> NodeRef {
    let value = Value { buffer: Arc::new(Nowhere), layout: Layout::contiguous(shape) };
    Node::ready(dtype, value, Location::caller())
}

#[track_caller]
fn array(shape: &[usize]) -> NodeRef {
    typed(DType::F32, shape)
}

#[track_caller]
fn node(op: Op, inputs: &[&NodeRef], dtype: DType, shape: &[usize]) -> NodeRef {
    let inputs = inputs.iter().map(|&n| n.clone()).collect();
    Node::pending(
        op,
        inputs,
        dtype,
        Dims::from_slice(shape),
        DeviceId::Portable,
        lazuli_core::graph::Origin::new("test", Location::caller()),
    )
}

#[track_caller]
fn unary(op: UnaryOp, x: &NodeRef) -> NodeRef {
    node(Op::Map(MapOp::Unary(op)), &[x], x.dtype(), x.shape())
}

/// With NumPy's broadcasting.
#[track_caller]
fn binary(op: BinaryOp, x: &NodeRef, y: &NodeRef) -> NodeRef {
    let shape = lazuli_core::shape::broadcast(x.shape(), y.shape()).expect("shapes that fit");
    let (x, y) = (broadcast(x, &shape), broadcast(y, &shape));
    node(Op::Map(MapOp::Binary(op)), &[&x, &y], x.dtype(), &shape)
}

/// One function for each operation that many tests use.
macro_rules! binaries {
    ($($name:ident $op:ident),*) => {$(
        #[track_caller]
        fn $name(x: &NodeRef, y: &NodeRef) -> NodeRef {
            binary(BinaryOp::$op, x, y)
        }
    )*};
}
binaries!(add Add, sub Sub, mul Mul, div Div);

#[track_caller]
fn exp(x: &NodeRef) -> NodeRef {
    unary(UnaryOp::Exp, x)
}

#[track_caller]
fn constant(v: f32) -> NodeRef {
    node(Op::Const(Scalar::new(v)), &[], DType::F32, &[])
}

#[track_caller]
fn broadcast(x: &NodeRef, shape: &[usize]) -> NodeRef {
    if x.shape().as_slice() == shape {
        return x.clone();
    }
    node(Op::View(View::Broadcast), &[x], x.dtype(), shape)
}

#[track_caller]
fn transpose(x: &NodeRef) -> NodeRef {
    let axes: Vec<usize> = (0..x.shape().len()).rev().collect();
    let shape: Vec<usize> = axes.iter().map(|&a| x.shape()[a]).collect();
    node(Op::View(View::Permute(axes.as_slice().into())), &[x], x.dtype(), &shape)
}

#[track_caller]
fn reshape(x: &NodeRef, shape: &[usize]) -> NodeRef {
    node(Op::View(View::Reshape), &[x], x.dtype(), shape)
}

/// Elements `start ..` of a vector, or all of them from the last to the first.
#[track_caller]
fn slice(x: &NodeRef, start: usize, step: isize) -> NodeRef {
    let n = if step < 0 { start + 1 } else { x.shape()[0] - start };
    node(Op::View(View::Slice([SlicePart { start, step }].into())), &[x], x.dtype(), &[n])
}

/// A vector from its last element to its first.
#[track_caller]
fn flip(x: &NodeRef) -> NodeRef {
    slice(x, x.shape()[0] - 1, -1)
}

#[track_caller]
fn reduce(op: ReduceOp, x: &NodeRef, axes: &[usize]) -> NodeRef {
    let kept = (0..x.shape().len()).filter(|d| !axes.contains(d));
    let shape: Vec<usize> = kept.map(|d| x.shape()[d]).collect();
    node(Op::Reduce { op, axes: axes.into() }, &[x], x.dtype(), &shape)
}

#[track_caller]
fn sum(x: &NodeRef, axis: usize) -> NodeRef {
    reduce(ReduceOp::Sum, x, &[axis])
}

/// A reduction that keeps its axis at length 1.
#[track_caller]
fn keep(op: ReduceOp, x: &NodeRef, axis: usize) -> NodeRef {
    let mut shape = x.shape().to_vec();
    shape[axis] = 1;
    reshape(&reduce(op, x, &[axis]), &shape)
}

#[track_caller]
fn matmul(x: &NodeRef, y: &NodeRef) -> NodeRef {
    node(Op::MatMul, &[x, y], x.dtype(), &[x.shape()[0], y.shape()[1]])
}

#[track_caller]
fn softmax(x: &NodeRef, axis: usize) -> NodeRef {
    let e = exp(&sub(x, &keep(ReduceOp::Max, x, axis)));
    div(&e, &keep(ReduceOp::Sum, &e, axis))
}

/// (x - mean) / sqrt(var + eps), over the last of two axes.
#[track_caller]
fn normalised(x: &NodeRef) -> NodeRef {
    let n = constant(x.shape()[1] as f32);
    let mean = div(&keep(ReduceOp::Sum, x, 1), &n);
    let var = div(&keep(ReduceOp::Moment2, x, 1), &n);
    div(&sub(x, &mean), &unary(UnaryOp::Sqrt, &add(&var, &constant(1e-5))))
}

fn trace(roots: &[&NodeRef]) -> Trace {
    let roots: Vec<NodeRef> = roots.iter().map(|&r| r.clone()).collect();
    Trace::collect(&roots, &[]).expect("no poison")
}

/// Trace, plan and launches of some roots.
fn planned(roots: &[&NodeRef]) -> (Trace, Plan, Launches) {
    planned_with(roots, &Caps::CPU)
}

fn planned_with(roots: &[&NodeRef], caps: &Caps) -> (Trace, Plan, Launches) {
    let trace = trace(roots);
    let plan = plan(&trace, caps);
    for kernel in kernels(&plan) {
        assert_eq!(kernel.verify(), Ok(()), "{kernel}");
    }
    let launches = bind(&plan, &trace, caps);
    (trace, plan, launches)
}

fn kernels(plan: &Plan) -> Vec<Arc<Kernel>> {
    let kernel = |step: &Step| match step {
        Step::Kernel(kernel) => Some(kernel.clone()),
        Step::MatMul(_) | Step::Call(_) => None,
    };
    plan.steps.iter().filter_map(kernel).collect()
}

/// The kernels among some launches.
fn bounds(launches: &Launches) -> Vec<Arc<Bound>> {
    let bound = |launch: &crate::bind::Launch| match launch {
        crate::bind::Launch::Kernel(bound) => Some(bound.clone()),
        crate::bind::Launch::MatMul(_) | crate::bind::Launch::Call(_) => None,
    };
    launches.launches.iter().filter_map(bound).collect()
}
