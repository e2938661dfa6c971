//! Reductions of one's own: the same bits from the code of each target, from the simulator of a GPU and
//! from the portable engine; and PTX that the assembler takes.

use super::grids::{assembled, kernels};
use super::same_bits::Engines;
use crate::portable::tests::folds::{STATES, random_fold};
use crate::portable::tests::*;
use lazuli_core::{BinaryOp, DType, ReduceOp};

#[test]
fn folds_of_every_length_and_type() {
    let (mut engines, mut random) = (Engines::new(), Random(93));
    for types in STATES {
        // The others are tried from the front door.
        for n in [0, 1, 17, 31, 32, 33, 255, 256, 257, 511, 2049] {
            engines.same(&random_fold(&mut random, types, &[5, n], &[1]));
            engines.same(&random_fold(&mut random, types, &[5, n], &[0, 1]));
            engines.same(&random_fold(&mut random, types, &[n, 37], &[0]));
        }
    }
}

#[test]
fn folds_of_split_rows_and_axes_that_do_not_merge() {
    let (mut engines, mut random) = (Engines::new(), Random(94));
    for types in [STATES[0], STATES[3], STATES[4], STATES[6]] {
        for (rows, n) in [(1, 65_536), (3, 40_001), (2, 100_256)] {
            let roots = random_fold(&mut random, types, &[rows, n], &[1]);
            engines.same(&roots);
            engines.same(&roots[types.len() - 1..]);
        }
        engines.same(&random_fold(&mut random, types, &[7, 40, 90], &[0, 2]));
        engines.same(&random_fold(&mut random, types, &[5000, 70], &[0]));
    }
}

#[test]
fn folds_are_assembled_for_every_card() {
    let mut random = Random(95);
    for types in STATES {
        for n in [100, 5000, 70_000] {
            for (shape, axis) in [([20, n], 1), ([n, 64], 0)] {
                let roots = random_fold(&mut random, types, &shape, &[axis]);
                kernels(&roots).iter().for_each(|bound| assembled(bound));
                // With what comes before and after, and a reduction beside it, in several sweeps.
                if types[0] == DType::F32 {
                    let x = random.leaf(DType::F32, &shape);
                    let y = binary(BinaryOp::Sub, &x, &reduce_keep(ReduceOp::Sum, &x, &[axis]));
                    let folded = random_fold_of(types, &y, axis);
                    kernels(&[binary(BinaryOp::Add, &folded, &reduce(ReduceOp::Max, &y, &[axis]))])
                        .iter()
                        .for_each(|bound| assembled(bound));
                }
            }
        }
    }
}

/// The first value of a fold all of whose values are made of `x`.
fn random_fold_of(types: &[DType], x: &lazuli_core::NodeRef, axis: usize) -> lazuli_core::NodeRef {
    use crate::portable::tests::folds::{fold, some_fold};
    let states: Vec<_> = types.iter().map(|&t| cast(t, x)).collect();
    fold(&some_fold(types), &states.iter().collect::<Vec<_>>(), &[axis]).remove(0)
}
