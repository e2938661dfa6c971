//! Reductions of one's own, against the tree of NUMERICS.md section 2.
//!
//! The folds here are also what other engines are tried with.

use super::*;
use lazuli_core::Fold;
use lazuli_core::function::{Builder, Val};

/// A fold whose states have these types: the last value is combined with the one before it, so that
/// none stands alone, and left and right differ.
pub(crate) fn some_fold(types: &[DType]) -> Arc<Fold> {
    let mut b = Builder::new("some", Location::caller());
    let arguments: Vec<Val> = types.iter().chain(types).map(|&t| b.argument(t)).collect();
    let (left, right) = arguments.split_at(types.len());
    let mut results = Vec::new();
    let mut before: Option<(Val, DType)> = None;
    for (k, &t) in types.iter().enumerate() {
        let mut two = |op: BinaryOp, t: DType, x: Val, y: Val| b.map(MapOp::Binary(op), t, &[x, y]);
        let mut v = match (t, k % 3) {
            (DType::Bool, _) => two(BinaryOp::Xor, t, left[k], right[k]),
            (_, 0) => two(BinaryOp::Add, t, left[k], right[k]),
            (_, 1) => two(BinaryOp::Sub, t, left[k], right[k]),
            _ => two(BinaryOp::Maximum, t, left[k], right[k]),
        };
        if let Some((other, from)) = before {
            let other = b.map(MapOp::Unary(UnaryOp::Cast(t)), t, &[other]);
            let other = if from == t { before.expect("just seen").0 } else { other };
            let op = if t == DType::Bool { BinaryOp::And } else { BinaryOp::Add };
            v = b.map(MapOp::Binary(op), t, &[v, other]);
        }
        before = Some((right[k], t));
        results.push(v);
    }
    b.return_(&results);
    let identity: Vec<Scalar> = types.iter().map(|&t| Scalar::from_f64(t, 3.0)).collect();
    Fold::new(b.finish().expect("statements that fit"), identity).expect("two states in, one out")
}

/// All values of the state of a fold.
pub(crate) fn fold(fold: &Arc<Fold>, states: &[&NodeRef], axes: &[usize]) -> Vec<NodeRef> {
    let shape = states[0].shape();
    let shape: Vec<usize> = (0..shape.len()).filter(|d| !axes.contains(d)).map(|d| shape[d]).collect();
    let value = |result: usize| {
        let op = Op::Fold { fold: fold.clone(), result: result as u16, axes: axes.into() };
        node(op, states, states[result].dtype(), &shape)
    };
    (0..states.len()).map(value).collect()
}

/// Types of states: one value, several, of one type and of all.
pub(crate) const STATES: [&[DType]; 7] = [
    &[DType::F32],
    &[DType::Bool],
    &[DType::U8, DType::F64],
    &[DType::F32, DType::F32, DType::F32, DType::F32],
    &[DType::I64, DType::F32, DType::Bool],
    &[DType::F16, DType::BF16],
    &[DType::F64, DType::I32, DType::F32, DType::U64, DType::Bool, DType::U8, DType::F64, DType::F32],
];

/// A fold of random states of this shape.
pub(crate) fn random_fold(
    random: &mut Random,
    types: &[DType],
    shape: &[usize],
    axes: &[usize],
) -> Vec<NodeRef> {
    let states: Vec<NodeRef> = types.iter().map(|&t| random.leaf(t, shape)).collect();
    fold(&some_fold(types), &states.iter().collect::<Vec<_>>(), axes)
}

#[test]
fn folds_of_every_length_and_type() {
    let mut random = Random(91);
    for types in STATES {
        for n in super::reductions::LENGTHS {
            let rows = if n < 300 { 5 } else { 2 };
            for roots in [
                random_fold(&mut random, types, &[rows, n], &[1]),
                random_fold(&mut random, types, &[rows, n], &[0, 1]),
                random_fold(&mut random, types, &[n, rows], &[0]),
            ] {
                eval_all(&roots);
                eval(&roots[types.len() - 1]);
            }
        }
    }
}

#[test]
fn folds_of_split_rows_and_many_columns() {
    let mut random = Random(92);
    for types in [STATES[0], STATES[4], STATES[6]] {
        eval_all(&random_fold(&mut random, types, &[2, 40_001], &[1]));
        eval_all(&random_fold(&mut random, types, &[600, 700], &[0]));
        eval_all(&random_fold(&mut random, types, &[5, 7, 300], &[0, 2]));
    }
}
