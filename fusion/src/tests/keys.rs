//! What is in the keys of plans and kernels, and what must not be: sizes, constants and offsets,
//! so that a new one of these never plans or compiles anything.

use super::*;
use crate::Mode;
use lazuli_core::DType::*;

fn structure(root: &NodeRef) -> Vec<u64> {
    trace(&[root]).structure_key().to_vec()
}

/// `(x * 2 + y)`, a slice of it, summed: with everything that may differ.
fn sample(dtype: DType, n: usize, v: f32, start: usize, step: isize) -> NodeRef {
    let (x, y) = (typed(dtype, &[n]), typed(dtype, &[n]));
    let two = node(Op::Const(Scalar::from_f64(dtype, v.into())), &[], dtype, &[]);
    sum(&slice(&add(&mul(&x, &two), &y), start, step), 0)
}

#[test]
fn plans_know_no_sizes_no_constants_and_no_offsets() {
    let key = structure(&sample(F32, 1000, 2.0, 5, 1));
    assert_eq!(key, structure(&sample(F32, 1001, 2.0, 5, 1)), "another size");
    assert_eq!(key, structure(&sample(F32, 1 << 40, 2.0, 5, 1)), "a very different size");
    assert_eq!(key, structure(&sample(F32, 1000, -0.0, 5, 1)), "another constant");
    assert_eq!(key, structure(&sample(F32, 1000, f32::NAN, 5, 1)), "no number");
    assert_eq!(key, structure(&sample(F32, 1000, 2.0, 7, 1)), "another offset");
    assert_eq!(key, structure(&sample(F32, 1000, 2.0, 900, -1)), "another direction");
    let exact = |v, start| trace(&[&sample(F32, 1000, v, start, 1)]).exact_key().to_vec();
    assert_eq!(exact(2.0, 5), exact(3.0, 5), "no constant in the exact key either");
    assert_ne!(exact(2.0, 5), exact(2.0, 7), "but offsets");
}

#[test]
fn plans_know_which_extents_are_equal_or_0_or_1() {
    let key = |shape: &[usize]| structure(&exp(&array(shape)));
    assert_eq!(key(&[30, 40]), key(&[7, 9]));
    assert_ne!(key(&[30, 40]), key(&[30, 30]));
    assert_ne!(key(&[30, 40]), key(&[30, 1]));
    assert_ne!(key(&[30, 40]), key(&[30, 0]));
    assert_ne!(key(&[30, 1]), key(&[1, 30]));
    assert_ne!(key(&[30, 40]), key(&[30, 40, 50]));
    // Equal across arrays, too.
    let outer = |n, m| structure(&mul(&array(&[n, 1]), &array(&[1, m])));
    assert_eq!(outer(3, 4), outer(5, 6));
    assert_ne!(outer(3, 4), outer(5, 5));
}

#[test]
fn plans_know_operations_axes_types_and_exponents() {
    let x = array(&[30, 40]);
    assert_ne!(structure(&sum(&x, 0)), structure(&sum(&x, 1)));
    assert_ne!(structure(&sum(&x, 0)), structure(&reduce(ReduceOp::Max, &x, &[0])));
    assert_ne!(structure(&sum(&x, 0)), structure(&reduce(ReduceOp::Sum, &x, &[0, 1])));
    assert_ne!(structure(&exp(&x)), structure(&unary(UnaryOp::Sin, &x)));
    assert_ne!(structure(&exp(&x)), structure(&exp(&typed(F64, &[30, 40]))));
    let power = |k| structure(&unary(UnaryOp::Powi(k), &x));
    assert_ne!(power(2), power(3));
    assert_ne!(power(2), power(-2));
    let to = |t| structure(&node(Op::Map(MapOp::Unary(UnaryOp::Cast(t))), &[&x], t, &[30, 40]));
    assert_ne!(to(I32), to(I64));
    let y = array(&[30, 40]);
    assert_ne!(structure(&sub(&x, &y)), structure(&sub(&y, &x)), "which operand is which");
    assert_ne!(structure(&mul(&x, &x)), structure(&mul(&x, &y)), "how often an array is used");
}

/// Which roots are asked for, and which reductions the program holds, change what is stored.
#[test]
fn plans_know_what_is_asked_for_and_held() {
    let x = array(&[30, 40]);
    let (a, b) = (exp(&x), sum(&x, 0));
    let key = |roots: &[&NodeRef]| trace(roots).structure_key().to_vec();
    assert_ne!(key(&[&a, &b]), key(&[&b, &a]));
    let y = softmax(&x, 1);
    let max = trace(&[&y])
        .items
        .iter()
        .find(|i| matches!(i.node.op(), Some(Op::Reduce { .. })))
        .map(|i| i.node.clone());
    let before = key(&[&y]);
    lazuli_core::Node::retain_handle(max.as_ref().expect("a reduction"));
    assert_ne!(before, key(&[&y]));
}

/// The one kernel that a root becomes.
#[track_caller]
fn bound(root: &NodeRef) -> Arc<Bound> {
    let (_, _, launches) = planned(&[root]);
    let list = bounds(&launches);
    assert_eq!(list.len(), 1);
    list[0].clone()
}

/// One key for two roots; or two.
#[track_caller]
fn keys_are(equal: bool, a: &NodeRef, b: &NodeRef) {
    let (a, b) = (bound(a), bound(b));
    assert_eq!(a.key == b.key, equal, "{} and {}", a.kernel, b.kernel);
}

#[test]
fn kernels_know_no_sizes_and_no_constants() {
    let chain = |n: &[usize], v| exp(&mul(&array(n), &constant(v)));
    keys_are(true, &chain(&[1000], 2.0), &chain(&[1001], 2.0));
    keys_are(true, &chain(&[1000], 2.0), &chain(&[1 << 30], -0.5));
    // Axes that follow each other are one.
    keys_are(true, &chain(&[1000], 2.0), &chain(&[10, 20, 30], 2.0));
    let soft = |n, m, axis| softmax(&array(&[n, m]), axis);
    keys_are(true, &soft(100, 1000, 1), &soft(3000, 50, 1));
    keys_are(true, &soft(1000, 100, 0), &soft(50, 3000, 0));
    let offset = |start| exp(&slice(&array(&[1000]), start, 1));
    keys_are(true, &offset(1), &offset(500));
    // What looks like none of the small numbers that keys are made of is not in them.
    for (n, m) in [(12_347, 23_459), (3, 1_234_577)] {
        for axis in [0, 1] {
            let b = bound(&mul(&soft(n, m, axis), &constant(45.25)));
            let forbidden = [n, m, n * m, m * 4].map(|x| x as u64).into_iter().filter(|&x| x > 1000);
            for x in forbidden.chain([Scalar::new(45.25f32).bits]) {
                assert!(!b.key.contains(&x), "{x} in the key of {}", b.kernel);
            }
        }
    }
}

#[test]
fn kernels_know_their_schedule_and_their_types() {
    let soft = |n, m, axis| softmax(&array(&[n, m]), axis);
    let (rows, columns) = (bound(&soft(100, 1000, 1)), bound(&soft(1000, 100, 0)));
    assert_eq!((rows.mode, columns.mode), (Mode::Rows, Mode::Columns));
    assert_ne!(rows.key, columns.key);
    // Few long rows are split; rows too long for scratch are computed again.
    let (split, long) = (bound(&soft(2, 1 << 20, 1)), bound(&soft(100, 1 << 20, 1)));
    assert!(split.split && rows.keep && !rows.split && !long.keep && !long.split);
    assert!(rows.key != split.key && rows.key != long.key && split.key != long.key);
    let copy = |x: &NodeRef| exp(x);
    // Of inner axes that do not merge: how the last one steps.
    let scaled = |n, m, by: [usize; 2]| reduce(ReduceOp::Sum, &mul(&array(&[n, m]), &array(&by)), &[0, 1]);
    keys_are(true, &scaled(3000, 200, [3000, 1]), &scaled(70, 5000, [70, 1]));
    keys_are(false, &scaled(3000, 200, [3000, 1]), &scaled(3000, 200, [1, 200]));
    keys_are(false, &copy(&array(&[1000])), &copy(&typed(F64, &[1000])));
    keys_are(false, &copy(&array(&[1000])), &copy(&slice(&array(&[1000]), 999, -1)));
    keys_are(false, &copy(&array(&[300, 200])), &copy(&transpose(&array(&[300, 200]))));
    keys_are(false, &unary(UnaryOp::Powi(2), &array(&[9])), &unary(UnaryOp::Powi(3), &array(&[9])));
    keys_are(false, &sum(&array(&[30, 40]), 1), &reduce(ReduceOp::Max, &array(&[30, 40]), &[1]));
}

/// The kernels that one structure can ever need: a handful, whatever its sizes are.
#[test]
fn all_sizes_together_need_few_kernels() {
    let sizes = [2, 3, 7, 15, 16, 17, 40, 100, 255, 256, 257, 1000, 5000, 70_000, 1 << 20];
    for axis in [0, 1] {
        let mut seen: Vec<Arc<[u64]>> = Vec::new();
        for n in sizes {
            for m in sizes.into_iter().filter(|&m| m != n) {
                let key = bound(&softmax(&array(&[n, m]), axis)).key.clone();
                if !seen.contains(&key) {
                    seen.push(key);
                }
            }
        }
        assert!(seen.len() <= 4, "{} over axis {axis}", seen.len());
    }
}
