//! Inner axes that do not merge: runs that end inside of chunks, at their ends, and never.
//!
//! Generated code reads a chunk from the array if it lies inside a run of neighbours, and from a
//! buffer otherwise; kernels here have arrays of several kinds, for which this differs.

use super::same_bits::Engines;
use crate::portable::tests::*;
use lazuli_core::{BinaryOp, Caps, DType, NodeRef, ReduceOp, UnaryOp};
use lazuli_fusion::bind::{Bound, Lane, Launch, Mode};
use lazuli_fusion::{Trace, bind, plan};
use std::sync::Arc;

/// Lengths of the last axis: around a chunk, around many, primes, and shorter than a vector.
const RUNS: [usize; 9] = [5, 31, 67, 255, 256, 257, 512, 1021, 4095];

/// How an array is read along its last axis.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    /// Rows of a wider array.
    Gaps,
    /// Every second element of its rows.
    Halves,
    /// Its rows from right to left.
    Flipped,
    /// A column, the same all along a row.
    Column,
    /// A row, the same for all others.
    Row,
    /// All of an array: one run.
    Whole,
}

const KINDS: [Kind; 6] = [Kind::Gaps, Kind::Halves, Kind::Flipped, Kind::Column, Kind::Row, Kind::Whole];

/// An array of `shape` that is read in some way.
fn array(random: &mut Random, dtype: DType, shape: &[usize], kind: Kind) -> NodeRef {
    let (&n, outer) = shape.split_last().expect("axes");
    let mut leaf = |last: usize, outer: &[usize]| random.leaf(dtype, &[outer, &[last]].concat());
    let cut = |x: &NodeRef, last: (usize, isize, usize)| {
        let mut parts: Vec<(usize, isize, usize)> = outer.iter().map(|&n| (0, 1, n)).collect();
        parts.push(last);
        slice(x, &parts)
    };
    match kind {
        Kind::Gaps => cut(&leaf(n + 3, outer), (2, 1, n)),
        Kind::Halves => cut(&leaf(2 * n + 1, outer), (1, 2, n)),
        Kind::Flipped => cut(&leaf(n, outer), (n - 1, -1, n)),
        Kind::Column => broadcast(&leaf(1, outer), shape),
        Kind::Row => broadcast(&leaf(n, &vec![1; outer.len()]), shape),
        Kind::Whole => leaf(n, outer),
    }
}

/// The kernels of some roots.
fn kernels(roots: &[NodeRef]) -> Vec<Arc<Bound>> {
    let trace = Trace::collect(roots, &[]).expect("no poison");
    let launches = bind(&plan(&trace, &Caps::CPU), &trace, &Caps::CPU);
    let kernel = |launch: Launch| match launch {
        Launch::Kernel(bound) => bound,
        Launch::MatMul(_) | Launch::Call(_) => unreachable!("no library calls here"),
    };
    launches.launches.into_iter().map(kernel).collect()
}

/// How the arrays of a row kernel step, those that are read and those that are written.
#[track_caller]
fn lanes(root: &NodeRef, write: bool) -> Vec<Lane> {
    let list = kernels(std::slice::from_ref(root));
    assert_eq!((list.len(), list[0].mode), (1, Mode::Rows));
    list[0].accesses.iter().filter(|a| a.full && a.write == write).map(|a| a.lane).collect()
}

fn sum(x: &NodeRef, axes: &[usize]) -> NodeRef {
    reduce(ReduceOp::Sum, x, axes)
}

fn mul(x: &NodeRef, y: &NodeRef) -> NodeRef {
    binary(BinaryOp::Mul, x, y)
}

/// Enough rows of `n` elements for a kernel that is split, or a few.
fn shape(n: usize, split: bool) -> [usize; 2] {
    [if split { (1usize << 16).div_ceil(n) } else { 7 }, n]
}

#[test]
fn kinds_are_what_they_are_called() {
    let mut random = Random(40);
    let whole = array(&mut random, DType::F32, &[7, 300], Kind::Whole);
    let row = array(&mut random, DType::F32, &[7, 300], Kind::Row);
    for kind in KINDS {
        let x = array(&mut random, DType::F32, &[7, 300], kind);
        let lane = if kind == Kind::Whole { Lane::Unit } else { Lane::Packed };
        // In the order in which the arrays were made.
        let got = lanes(&sum(&mul(&x, &mul(&whole, &row)), &[0, 1]), false);
        assert_eq!(got, [Lane::Unit, Lane::Packed, lane], "{kind:?}");
    }
    // One step for all axes is no reason for that.
    let x = slice(&random.leaf(DType::F32, &[7, 600]), &[(0, 1, 7), (0, 2, 300)]);
    assert_eq!(lanes(&sum(&mul(&x, &row), &[0, 1]), false), [Lane::Packed, Lane::Strided]);
}

#[test]
fn one_array_of_each_kind() {
    let (mut engines, mut random) = (Engines::new(), Random(41));
    for kind in KINDS {
        for n in RUNS {
            for split in [false, true] {
                let x = array(&mut random, DType::F64, &shape(n, split), kind);
                let y = array(&mut random, DType::F64, &shape(n, split), Kind::Gaps);
                engines.same(&[sum(&x, &[0, 1])]);
                engines.same(&[sum(&mul(&x, &y), &[0, 1])]);
            }
        }
    }
}

#[test]
fn all_kinds_in_one_kernel() {
    let (mut engines, mut random) = (Engines::new(), Random(42));
    for n in RUNS {
        for split in [false, true] {
            for dtype in [DType::F32, DType::I64] {
                let shape = shape(n, split);
                let all = KINDS.map(|kind| array(&mut random, dtype, &shape, kind));
                let x = all.iter().skip(1).fold(all[0].clone(), |x, y| {
                    // Neither all sums nor all products, which would lose digits or overflow.
                    binary(BinaryOp::Maximum, &binary(BinaryOp::Sub, &x, y), y)
                });
                assert_eq!(kernels(&[sum(&x, &[0, 1])])[0].split, split);
                let ops = [ReduceOp::Sum, ReduceOp::ArgMax, ReduceOp::Min, ReduceOp::Moment2];
                let ops = &ops[..if dtype == DType::F32 { 4 } else { 3 }];
                engines.same(&ops.iter().map(|&op| reduce(op, &x, &[0, 1])).collect::<Vec<_>>());
            }
        }
    }
}

/// Several rows, each of which is some axes that do not merge.
#[test]
fn rows_of_several_axes() {
    let (mut engines, mut random) = (Engines::new(), Random(43));
    for n in [3, 31, 85, 257, 700] {
        let shape = [9, 4, 3, n];
        let all = KINDS.map(|kind| array(&mut random, DType::F32, &shape, kind));
        for pair in all.windows(2) {
            let x = mul(&pair[0], &pair[1]);
            for axes in [&[1, 2, 3][..], &[2, 3], &[0, 3], &[0, 1, 3]] {
                engines.same(&[sum(&x, axes), reduce(ReduceOp::ArgMin, &x, axes)]);
            }
        }
    }
}

/// Kept values, and results that are written run by run, whose rows are not all neighbours.
#[test]
fn softmax_over_several_axes() {
    let (mut engines, mut random) = (Engines::new(), Random(44));
    let softmax = |x: &NodeRef, axes: &[usize]| {
        let max = reduce_keep(ReduceOp::Max, x, axes);
        let e = unary(UnaryOp::Exp, &binary(BinaryOp::Sub, x, &max));
        binary(BinaryOp::Div, &e, &reduce_keep(ReduceOp::Sum, &e, axes))
    };
    for n in [17, 67, 255, 256, 257, 1021] {
        for kind in KINDS {
            let x = array(&mut random, DType::F32, &[3, 12, n], kind);
            let (y, z) = (softmax(&x, &[0, 2]), softmax(&x, &[1, 2]));
            if n >= 64 {
                assert_eq!(lanes(&y, true), [Lane::Packed], "{kind:?}");
                assert_eq!(lanes(&z, true), [Lane::Unit], "{kind:?}");
                assert!(kernels(std::slice::from_ref(&y))[0].keep);
            }
            engines.same(&[y]);
            engines.same(&[z]);
        }
        // Split, and nothing kept.
        let x = array(&mut random, DType::F32, &shape(n, true), Kind::Gaps);
        engines.same(&[softmax(&x, &[0, 1])]);
    }
}

/// Elements of all sizes, also those that are of another size in registers; and positions.
#[test]
fn elements_of_all_sizes() {
    let (mut engines, mut random) = (Engines::new(), Random(45));
    for n in [31, 255, 257, 1021] {
        for split in [false, true] {
            let shape = shape(n, split);
            for dtype in [DType::F16, DType::BF16, DType::U8, DType::I32, DType::U64] {
                for kind in KINDS {
                    let x = array(&mut random, dtype, &shape, kind);
                    let y = array(&mut random, dtype, &shape, Kind::Flipped);
                    let wide = |x: &NodeRef| if dtype.is_float() { cast(DType::F32, x) } else { x.clone() };
                    engines.same(&[sum(&mul(&wide(&x), &wide(&y)), &[0, 1])]);
                }
            }
            for kind in KINDS {
                let x = array(&mut random, DType::Bool, &shape, kind);
                let y = array(&mut random, DType::Bool, &shape, Kind::Halves);
                let differ = binary(BinaryOp::Xor, &x, &y);
                engines.same(&[
                    reduce(ReduceOp::All, &differ, &[0, 1]),
                    sum(&cast(DType::I32, &differ), &[0, 1]),
                ]);
            }
            let [rows, n] = shape;
            let across = broadcast(&reshape(&iota(rows), &[rows, 1]), &shape);
            let along = slice(&broadcast(&iota(2 * n), &[rows, 2 * n]), &[(0, 1, rows), (2 * n - 1, -2, n)]);
            let whole = reshape(&iota(rows * n), &shape);
            let places = binary(BinaryOp::Sub, &mul(&across, &along), &whole);
            engines.same(&[sum(&places, &[0, 1]), reduce(ReduceOp::ArgMax, &places, &[0, 1])]);
        }
    }
}
