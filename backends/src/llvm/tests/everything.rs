//! Each operation on each type, in each skeleton, is compiled for each target.
//!
//! What LLVM cannot select ends the process (`report_fatal_error`), and no error value can be made
//! of it (nor of a module that the assembler of GPUs refuses). So every instruction that the emitter can print goes through the code generator here:
//! as vectors with masks and without, as the scalars of row values, for AVX-512 and AVX2, whether
//! this processor has them or not. With `LAZULI_TRACE` in the environment each kernel is printed
//! before it is compiled.

use super::engine::Engine;
use crate::portable::tests::ops::{ALL, binary_ops, unary_ops};
use crate::portable::tests::*;
use lazuli_core::{BinaryOp, Caps, DType, NodeRef, ReduceOp, UnaryOp};
use lazuli_fusion::bind::{Bound, Lane, Launch, Mode};
use lazuli_fusion::kernel::is_elementary;
use lazuli_fusion::{Trace, bind, plan};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The skeletons, as shapes and reduced axes that lead to them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Skeleton {
    Map,
    Rows,
    Columns,
    Split,
}

const SKELETONS: [Skeleton; 4] = [Skeleton::Map, Skeleton::Rows, Skeleton::Columns, Skeleton::Split];

impl Skeleton {
    fn shape(self) -> [usize; 2] {
        match self {
            Skeleton::Map => [1, 1000],
            Skeleton::Rows => [40, 300],
            Skeleton::Columns => [300, 40],
            Skeleton::Split => [2, 40_000],
        }
    }

    fn axis(self) -> usize {
        (self != Skeleton::Columns) as usize
    }
}

thread_local! {
    static ENGINES: RefCell<Vec<Engine>> = RefCell::new(Engine::all());
}

/// Compiles all kernels of some roots for all targets, and returns them.
fn compiled(roots: &[NodeRef]) -> Vec<Arc<Bound>> {
    let trace = Trace::collect(roots, &[]).expect("no poison");
    let launches = bind(&plan(&trace, &Caps::CPU), &trace, &Caps::CPU);
    let bounds = launches.launches.into_iter().map(|launch| match launch {
        Launch::Kernel(bound) => bound,
        Launch::MatMul(_) | Launch::Call(_) => unreachable!("no library calls here"),
    });
    let bounds: Vec<Arc<Bound>> = bounds.collect();
    ENGINES.with_borrow_mut(|engines| {
        for engine in engines {
            for bound in &bounds {
                engine.code(bound);
            }
        }
    });
    bounds.iter().for_each(|bound| super::grids::assembled(bound));
    bounds
}

/// Compiles all kernels of some roots for all targets, and returns how they run.
fn compile(roots: &[NodeRef]) -> BTreeSet<Skeleton> {
    let skeleton = |b: &Arc<Bound>| match (b.mode, b.split) {
        (Mode::Map, _) => Skeleton::Map,
        (Mode::Columns, _) => Skeleton::Columns,
        (Mode::Rows, true) => Skeleton::Split,
        (Mode::Rows, false) => Skeleton::Rows,
    };
    compiled(roots).iter().map(skeleton).collect()
}

/// An array without values that matter.
fn blank(dtype: DType, shape: &[usize]) -> NodeRef {
    leaf_of(dtype, shape, &vec![1; shape.iter().product()])
}

/// A reduction that makes one value of many, for any type; 16-bit floats by f32, as recorded.
fn total(x: &NodeRef, axis: usize) -> NodeRef {
    let op = if x.dtype() == DType::Bool { ReduceOp::Any } else { ReduceOp::Sum };
    let wide = if x.dtype().compute() == x.dtype() { x.clone() } else { cast(x.dtype().compute(), x) };
    reduce(op, &wide, &[axis])
}

/// An operation on arrays of one shape.
type Operation<'a> = Box<dyn Fn(&[NodeRef]) -> NodeRef + 'a>;

/// Compiles operations in each skeleton: before a reduction, and after one, on row values. Several
/// share a kernel, since most of the time that a kernel takes to compile goes to what is around
/// its body.
#[track_caller]
fn everywhere(inputs: &[DType], operations: &[Operation<'_>]) {
    for skeleton in SKELETONS {
        let leaves: Vec<NodeRef> = inputs.iter().map(|&t| blank(t, &skeleton.shape())).collect();
        let mut roots = together(&leaves, operations);
        if skeleton != Skeleton::Map {
            roots = roots.iter().map(|x| total(x, skeleton.axis())).collect();
            let row = |x: &NodeRef| cast(x.dtype(), &total(x, skeleton.axis()));
            // The values of a split row are finished as those of any other.
            if skeleton != Skeleton::Split {
                roots.extend(together(&leaves.iter().map(row).collect::<Vec<_>>(), operations));
            }
        }
        assert_eq!(compile(&roots), [skeleton].into());
    }
}

/// The results of all operations, those of one type combined into one.
fn together(inputs: &[NodeRef], operations: &[Operation<'_>]) -> Vec<NodeRef> {
    let mut results: Vec<NodeRef> = Vec::new();
    for next in operations.iter().map(|op| op(inputs)) {
        match results.iter_mut().find(|x| x.dtype() == next.dtype()) {
            Some(x) => {
                let or_add = if x.dtype() == DType::Bool { BinaryOp::Xor } else { BinaryOp::Add };
                *x = binary(or_add, x, &next);
            }
            None => results.push(next),
        }
    }
    results
}

/// The operations of one value; of integers also those that leave them as they are.
fn unaries(dtype: DType) -> Vec<UnaryOp> {
    let mut all = unary_ops(dtype);
    if dtype.is_int() {
        all.extend([UnaryOp::Ceil, UnaryOp::Round, UnaryOp::Trunc]);
    }
    all
}

/// Types that can share a kernel without making its vectors shorter.
const ALIKE: [&[DType]; 3] = [
    &[DType::Bool, DType::I32, DType::U8, DType::F32],
    &[DType::F16, DType::BF16],
    &[DType::I64, DType::U64, DType::F64],
];

fn operations(dtype: DType) {
    let elementary = |op: &UnaryOp| is_elementary(*op);
    let (dear, cheap): (Vec<_>, Vec<_>) = unaries(dtype).into_iter().partition(elementary);
    let one = |op| -> Operation<'_> { Box::new(move |x| unary(op, &x[0])) };
    let two = |op| -> Operation<'_> { Box::new(move |x| binary(op, &x[0], &x[1])) };
    for group in dear.chunks(4).chain(cheap.chunks(8)) {
        everywhere(&[dtype], &group.iter().map(|&op| one(op)).collect::<Vec<_>>());
    }
    let dear = |op: &BinaryOp| matches!(op, BinaryOp::Pow | BinaryOp::Atan2 | BinaryOp::Hypot);
    let (dear, cheap): (Vec<_>, Vec<_>) = binary_ops(dtype).into_iter().partition(dear);
    for group in dear.chunks(2).chain(cheap.chunks(7)) {
        everywhere(&[dtype; 2], &group.iter().map(|&op| two(op)).collect::<Vec<_>>());
    }
    everywhere(&[DType::Bool, dtype, dtype], &[Box::new(|x| select(&x[0], &x[1], &x[2]))]);
    if dtype != DType::Bool {
        everywhere(&[dtype; 3], &[Box::new(|x| mul_add(&x[0], &x[1], &x[2]))]);
    }
    for group in ALIKE {
        let casts = group.iter().map(|&to| -> Operation<'_> { Box::new(move |x| cast(to, &x[0])) });
        everywhere(&[dtype], &casts.collect::<Vec<_>>());
    }
}

macro_rules! operations {
    ($($name:ident $dtype:ident)*) => {$(
        #[test]
        fn $name() {
            operations(DType::$dtype);
        }
    )*};
}
operations! {
    operations_on_bool Bool
    operations_on_i32 I32
    operations_on_i64 I64
    operations_on_u8 U8
    operations_on_u64 U64
    operations_on_f16 F16
    operations_on_bf16 BF16
    operations_on_f32 F32
    operations_on_f64 F64
}

#[test]
fn reductions() {
    use crate::portable::tests::reductions::{REGISTERS, ops};
    for dtype in REGISTERS {
        for skeleton in &SKELETONS[1..] {
            let x = blank(dtype, &skeleton.shape());
            let mut list = ops(300, dtype);
            list.extend([ReduceOp::Any, ReduceOp::All].iter().filter(|_| dtype == DType::Bool));
            for group in list.chunks(4) {
                let roots: Vec<NodeRef> =
                    group.iter().map(|&op| reduce(op, &x, &[skeleton.axis()])).collect();
                assert_eq!(compile(&roots), [*skeleton].into());
            }
        }
    }
}

/// Every way to step from lane to lane, for loads and stores of every type in memory: by
/// neighbours, by strides (gathers and scatters), in tiles, through packing, and the same element in all.
#[test]
fn steps_between_lanes() {
    for dtype in ALL {
        // The larger of each element and the largest of the last axes.
        let top = |x: &NodeRef, axes: usize| {
            let wide = cast(if dtype == DType::Bool { DType::U8 } else { dtype.compute() }, x);
            let rank = x.shape().len();
            let max = reduce_keep(ReduceOp::Max, &wide, &(rank - axes..rank).collect::<Vec<_>>());
            binary(BinaryOp::Maximum, x, &cast(dtype, &max))
        };
        let x = || blank(dtype, &[300, 200]);
        let pair = binary(BinaryOp::Maximum, &transpose(&x()), &transpose(&x()));
        let cube = permute(&blank(dtype, &[30, 20, 40]), &[2, 1, 0]);
        let column = broadcast(&blank(dtype, &[300, 1]), &[300, 200]);
        let mut steps = Vec::new();
        for root in [
            // An operand read in tiles, one backwards, and one that is the same all along the row.
            binary(BinaryOp::Maximum, &transpose(&x()), &blank(dtype, &[200, 300])),
            binary(BinaryOp::Maximum, &slice(&x(), &[(0, 1, 300), (199, -1, 200)]), &x()),
            binary(BinaryOp::Maximum, &column, &x()),
            // Lanes along rows, by neighbours and by strides; across rows, to a strided result.
            top(&x(), 1),
            top(&transpose(&x()), 1),
            top(&pair, 1),
            // Inner axes that do not merge.
            top(&cube, 2),
        ] {
            for b in compiled(&[root]) {
                let in_memory =
                    b.accesses.iter().filter(|a| a.dtype == dtype && a.full == (b.mode != Mode::Map));
                steps.extend(in_memory.map(|a| (b.mode, a.lane, a.write)));
            }
        }
        for step in [
            (Mode::Map, Lane::Same, false),
            (Mode::Map, Lane::Unit, false),
            (Mode::Map, Lane::Unit, true),
            (Mode::Map, Lane::Strided, false),
            (Mode::Map, Lane::Across, false),
            (Mode::Rows, Lane::Unit, false),
            (Mode::Rows, Lane::Unit, true),
            (Mode::Rows, Lane::Strided, false),
            (Mode::Rows, Lane::Packed, false),
            (Mode::Columns, Lane::Unit, false),
            (Mode::Columns, Lane::Strided, true),
        ] {
            assert!(steps.contains(&step), "{step:?} of {dtype} is not in {steps:?}");
        }
    }
    // Positions.
    for skeleton in SKELETONS {
        let [n, m] = skeleton.shape();
        let places = reshape(&iota(n * m), &[n, m]);
        let x = binary(BinaryOp::Add, &places, &blank(DType::I64, &[n, m]));
        let roots = if skeleton == Skeleton::Map { vec![x] } else { vec![total(&x, skeleton.axis())] };
        assert_eq!(compile(&roots), [skeleton].into());
    }
}
