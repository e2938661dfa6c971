//! The text of the kernels that well-known patterns become, whole: axes, levels, depths, order of
//! instructions, stores.
//!
//! A change that alters one of these texts alters what every engine runs. That may be what is
//! wanted; here it is seen.

use super::*;

/// The roots become one kernel with this text (whose margin does not matter).
#[track_caller]
fn one_kernel(roots: &[&NodeRef], expected: &str) {
    let (_, plan, _) = planned(roots);
    let texts: Vec<String> = kernels(&plan).iter().map(|k| k.to_string()).collect();
    let lines = |s: &str| s.trim().lines().map(str::trim).collect::<Vec<_>>().join("\n");
    assert_eq!(texts.len(), 1, "{}", texts.concat());
    assert!(plan.breaks.is_empty(), "{:?}", plan.breaks);
    assert_eq!(lines(&texts[0]), lines(expected), "\n{}", texts[0]);
}

#[test]
fn a_chain_of_twelve_operations() {
    let (x, y) = (array(&[1000]), array(&[1000]));
    let z = add(&mul(&x, &constant(2.0)), &y);
    let z = exp(&unary(UnaryOp::Sqrt, &add(&unary(UnaryOp::Abs, &z), &constant(1.0))));
    let z = mul(&unary(UnaryOp::Sin, &div(&z, &constant(4.0))), &x);
    let z = mul(&add(&unary(UnaryOp::Tanh, &z), &constant(0.5)), &y);
    one_kernel(
        &[&z],
        "
        kernel rows (a0) inner ()
          %0: float32 row 0 = load #0[a0]: float32
          %1: float32 row 0 = load #1[a0]: float32
          %2: float32 row 0 = param 0
          %3: float32 row 0 = mul %0 %2
          %4: float32 row 0 = add %3 %1
          %5: float32 row 0 = abs %4
          %6: float32 row 0 = param 1
          %7: float32 row 0 = add %5 %6
          %8: float32 row 0 = sqrt %7
          %9: float32 row 0 = exp %8
          %10: float32 row 0 = param 2
          %11: float32 row 0 = div %9 %10
          %12: float32 row 0 = sin %11
          %13: float32 row 0 = mul %12 %0
          %14: float32 row 0 = tanh %13
          %15: float32 row 0 = param 3
          %16: float32 row 0 = add %14 %15
          %17: float32 row 0 = mul %16 %1
          store row out #21[a0]: float32 <- %17",
    );
}

#[test]
fn a_sum_of_squares() {
    let x = array(&[30, 40]);
    one_kernel(
        &[&sum(&mul(&x, &x), 1)],
        "
        kernel rows (a0) inner (a1)
          %0: float32 full 0 = load #0[a0, a1]: float32
          %1: float32 full 0 = mul %0 %0
          %2: float32 row 1 = reduce sum %1
          store row out #2[a0]: float32 <- %2",
    );
    one_kernel(
        &[&reduce(ReduceOp::Sum, &mul(&x, &x), &[0, 1])],
        "
        kernel rows () inner (a0, a1)
          %0: float32 full 0 = load #0[a0, a1]: float32
          %1: float32 full 0 = mul %0 %0
          %2: float32 row 1 = reduce sum %1
          store row out #2[]: float32 <- %2",
    );
}

#[test]
fn mean_and_variance_together() {
    let x = array(&[30, 40]);
    let n = constant(40.0);
    let (mean, var) = (div(&sum(&x, 1), &n), div(&reduce(ReduceOp::Moment2, &x, &[1]), &n));
    one_kernel(
        &[&mean, &var],
        "
        kernel rows (a0) inner (a1)
          %0: float32 full 0 = load #0[a0, a1]: float32
          %1: float32 row 0 = param 0
          %2: float32 row 1 = reduce sum %0
          %3: float32 row 1 = div %2 %1
          %4: float32 row 1 = reduce moment2 %0
          %5: float32 row 1 = div %4 %1
          store row out #4[a0]: float32 <- %3
          store row out #7[a0]: float32 <- %5",
    );
}

#[test]
fn softmax_over_the_last_axis() {
    one_kernel(
        &[&softmax(&array(&[30, 40]), 1)],
        "
        kernel rows (a0) inner (a1)
          %0: float32 full 0 = load #0[a0, a1]: float32
          %1: float32 row 1 = reduce max %0
          %2: float32 full 1 = sub %0 %1
          %3: float32 full 1 = exp %2
          %4: float32 row 2 = reduce sum %3
          %5: float32 full 2 = div %3 %4
          store full out #9[a0, a1]: float32 <- %5",
    );
}

#[test]
fn softmax_over_the_first_axis() {
    one_kernel(
        &[&softmax(&array(&[30, 40]), 0)],
        "
        kernel rows (a1) inner (a0)
          %0: float32 full 0 = load #0[a0, a1]: float32
          %1: float32 row 1 = reduce max %0
          %2: float32 full 1 = sub %0 %1
          %3: float32 full 1 = exp %2
          %4: float32 row 2 = reduce sum %3
          %5: float32 full 2 = div %3 %4
          store full out #9[a0, a1]: float32 <- %5",
    );
}

#[test]
fn layer_norm() {
    one_kernel(
        &[&normalised(&array(&[30, 40]))],
        "
        kernel rows (a0) inner (a1)
          %0: float32 full 0 = load #0[a0, a1]: float32
          %1: float32 row 0 = param 0
          %2: float32 row 1 = reduce sum %0
          %3: float32 row 1 = div %2 %1
          %4: float32 row 1 = reduce moment2 %0
          %5: float32 row 1 = div %4 %1
          %6: float32 full 1 = sub %0 %3
          %7: float32 row 0 = param 1
          %8: float32 row 1 = add %5 %7
          %9: float32 row 1 = sqrt %8
          %10: float32 full 1 = div %6 %9
          store full out #17[a0, a1]: float32 <- %10",
    );
}

/// No array of 30 x 40 elements anywhere.
#[test]
fn a_sum_over_outer_differences() {
    let (x, y) = (array(&[30, 1]), array(&[1, 40]));
    one_kernel(
        &[&sum(&exp(&sub(&x, &y)), 1)],
        "
        kernel rows (a0) inner (a1)
          %0: float32 row 0 = load #0[a0, 1]: float32
          %1: float32 full 0 = load #1[1, a1]: float32
          %2: float32 full 0 = sub %0 %1
          %3: float32 full 0 = exp %2
          %4: float32 row 1 = reduce sum %3
          store row out #6[a0]: float32 <- %4",
    );
}

#[test]
fn a_transposed_operand() {
    let (x, y) = (array(&[30, 40]), array(&[40, 30]));
    one_kernel(
        &[&add(&transpose(&x), &y)],
        "
        kernel rows (a0, a1) inner ()
          %0: float32 row 0 = load #0[a1, a0]: float32
          %1: float32 row 0 = load #1[a0, a1]: float32
          %2: float32 row 0 = add %0 %1
          store row out #3[a0, a1]: float32 <- %2",
    );
}

#[test]
fn normalising_and_then_a_product_with_a_vector() {
    let (x, w) = (array(&[30, 40]), array(&[40]));
    one_kernel(
        &[&sum(&mul(&normalised(&x), &w), 1)],
        "
        kernel rows (a0) inner (a1)
          %0: float32 full 0 = load #0[a0, a1]: float32
          %1: float32 full 0 = load #1[a1]: float32
          %2: float32 row 0 = param 0
          %3: float32 row 1 = reduce sum %0
          %4: float32 row 1 = div %3 %2
          %5: float32 row 1 = reduce moment2 %0
          %6: float32 row 1 = div %5 %2
          %7: float32 full 1 = sub %0 %4
          %8: float32 row 0 = param 1
          %9: float32 row 1 = add %6 %8
          %10: float32 row 1 = sqrt %9
          %11: float32 full 1 = div %7 %10
          %12: float32 full 1 = mul %11 %1
          %13: float32 row 2 = reduce sum %12
          store row out #21[a0]: float32 <- %13",
    );
}

/// 16-bit floats: computed in f32, rounded after each operation.
#[test]
fn half_precision() {
    let x = typed(DType::F16, &[1000]);
    one_kernel(
        &[&exp(&mul(&x, &x))],
        "
        kernel rows (a0) inner ()
          %0: float32 row 0 = load #0[a0]: float16
          %1: float32 row 0 = mul %0 %0
          %2: float32 row 0 = round %1 to float16
          %3: float32 row 0 = exp %2
          %4: float32 row 0 = round %3 to float16
          store row out #2[a0]: float16 <- %4",
    );
}
