//! Reductions, rows, and products, against ndarray and plain Rust.

use crate::support::*;
use lazuli::prelude::*;
use ndarray::{ArrayD, Axis, IxDyn};

fn sample(shape: &[usize]) -> (Array<f64>, ArrayD<f64>) {
    let n: usize = shape.iter().product();
    let data: Vec<f64> = (0..n).map(|i| ((i * 7919 + 13) % 1009) as f64 / 100.0 - 4.0).collect();
    let a = ArrayD::from_shape_vec(IxDyn(shape), data.clone()).unwrap();
    (Array::from_shape_vec(shape, data).unwrap(), a)
}

/// Within 1e-12, of the element or of 1.
#[track_caller]
fn same(x: &Array<f64>, a: &ArrayD<f64>) {
    assert_eq!(x.shape(), a.shape());
    for (i, (got, expected)) in values(x).iter().zip(a).enumerate() {
        let near = (got - expected).abs() <= 1e-12 * expected.abs().max(1.0);
        assert!(near, "element {i}: got {got:?}, expected {expected:?}");
    }
}

#[test]
fn sums_over_any_axes() {
    let (x, a) = sample(&[3, 4, 5]);
    let over = |axes: &[usize]| axes.iter().rev().fold(a.clone(), |b, &d| b.sum_axis(Axis(d)));
    same(&x.sum(..), &over(&[0, 1, 2]));
    same(&x.sum(0), &over(&[0]));
    same(&x.sum(-1), &over(&[2]));
    same(&x.sum([0, 2]), &over(&[0, 2]));
    same(&x.sum((2, 1)), &over(&[1, 2]));
    same(&x.sum(vec![1usize]), &over(&[1]));
    same(&x.sum(()), &a);
    same(&x.t().sum(0), &over(&[2]).reversed_axes());
    same(&x.sum(keep(1)), &over(&[1]).insert_axis(Axis(1)));
    same(&x.sum(keep(..)), &over(&[0, 1, 2]).into_shape_with_order(IxDyn(&[1, 1, 1])).unwrap());
    same(
        &x.slice(s![.., ..;-2, 1..]).sum(1),
        &a.slice(ndarray::s![.., ..;-2, 1..]).sum_axis(Axis(1)).into_dyn(),
    );
    same(&x.mean(1), &a.mean_axis(Axis(1)).unwrap());
    same(
        &(&x + &x.sum(keep(-1))).prod(0),
        &(&a + &a.sum_axis(Axis(2)).insert_axis(Axis(2))).product_axis(Axis(0)),
    );
}

#[test]
fn sums_of_integers_and_bools_are_wide() {
    let x = Array::from_vec(vec![200u8, 100, 56]);
    let s: Array<u64> = x.sum(..);
    assert_array(&s, &[], &[356]);
    let p: Array<i64> = Array::from_vec(vec![i32::MAX, 2]).prod(..);
    assert_array(&p, &[], &[i32::MAX as i64 * 2]);
    let b = Array::from_vec(vec![true, false, true]);
    assert_array(&b.sum(..), &[], &[2]);
    assert_array(&b.mean(..), &[], &[2.0 / 3.0]);
    assert_array(&b.sum(()), &[3], &[1, 0, 1]);
    assert_array(&Array::from_vec(vec![1, 2]).mean(..), &[], &[1.5]);
    assert_array(&Array::from_vec(vec![3i64, 4]).norm(..), &[], &[5.0]);
    assert_array(&Array::from_vec(vec![1u8, 3]).std(..), &[], &[1.0]);
    assert_array(&Array::from_vec(vec![i64::MAX, 1]).sum(..), &[], &[i64::MIN]);
}

#[test]
fn variances() {
    let (x, a) = sample(&[6, 50]);
    same(&x.var(1), &a.var_axis(Axis(1), 0.0));
    same(&x.std(0), &a.std_axis(Axis(0), 0.0));
    same(&x.var_ddof(1, 1), &a.var_axis(Axis(1), 1.0));
    same(&x.std_ddof(1, 2), &a.std_axis(Axis(1), 2.0));
    let big = &x + 1e9;
    assert_close(&big.var(1), &[6], &values(&x.var(1)), 1e-6);
    assert_array(&Array::scalar(5.0).var(..), &[], &[0.0]);
    assert_array(&Array::scalar(5.0).var_ddof(.., 1), &[], &[f64::NAN]);
    assert_array(&Array::from_vec(vec![1.0, 2.0]).var_ddof(.., 2), &[], &[f64::INFINITY]);
    assert_array(&Array::from_vec(vec![1.0, 2.0]).var_ddof(.., 9), &[], &[f64::INFINITY]);
    assert_array(&Array::scalar(f64::INFINITY).var(()), &[], &[f64::NAN]);
    assert_array(&Array::<f64>::full([1000], 0.1).var(..), &[], &[0.0]);
}

#[test]
fn extremes_and_their_positions() {
    let x = Array::from_shape_vec([2, 4], vec![3.0f32, 1.0, 4.0, 1.0, -5.0, 9.0, f32::NAN, 9.0]).unwrap();
    assert_array(&x.max(1), &[2], &[4.0, f32::NAN]);
    assert_array(&x.min(0), &[4], &[-5.0, 1.0, f32::NAN, 1.0]);
    assert_array(&x.argmin(1), &[2], &[1, 2]);
    assert_array(&x.argmax(keep(1)), &[2, 1], &[2, 2]);
    assert_array(&x.argmax(0), &[4], &[0, 1, 1, 1]);
    assert_array(&x.argmax(..), &[], &[6]);
    assert_array(&x.slice(s![.., ..2]).argmin(..), &[], &[2]);
    assert_array(&x.slice(s![.., ..2]).t().argmin(..), &[], &[1]);
    assert_array(&x.argmax(()), &[2, 4], &[0; 8]);
    let i = Array::from_vec(vec![3i64, -7, 9, 9]);
    assert_array(&i.max(..), &[], &[9]);
    assert_array(&i.argmax(..), &[], &[2]);
    assert_array(&Array::from_vec(vec![u64::MAX, 1]).min(..), &[], &[1]);
    assert_array(&Array::from_vec(vec![false, true, true]).argmax(..), &[], &[1]);
    let zeros = Array::from_vec(vec![-0.0f64, 0.0]);
    assert!(zeros.max(..).item().unwrap().is_sign_positive());
    assert!(zeros.min(..).item().unwrap().is_sign_negative());
    let h = Array::from_vec(vec![f16::from_f32(1.5), f16::from_f32(-2.0)]);
    assert_array(&h.min(..), &[], &[f16::from_f32(-2.0)]);
}

#[test]
fn truth() {
    let x = Array::from_shape_vec([2, 2], vec![0.0f64, 0.0, f64::NAN, 1.0]).unwrap();
    assert_array(&x.any(1), &[2], &[false, true]);
    assert_array(&x.all(1), &[2], &[false, true]);
    assert_array(&x.gt(0.5).any(..), &[], &[true]);
    assert_array(&Array::from_vec(vec![2, 0]).all(keep(..)), &[1], &[false]);
    assert_array(&Array::<u8>::ones([2]).any(()), &[2], &[true, true]);
}

#[test]
fn sixteen_bit_floats_are_summed_in_f32() {
    let x = Array::from_vec(vec![f16::from_f32(0.1); 5000]);
    let exact = f16::from_f32(0.1).to_f64() * 5000.0;
    assert_array(&x.sum(..), &[], &[f16::from_f64(exact)]);
    assert_array(&x.mean(..), &[], &[f16::from_f32(0.1)]);
    assert_array(&x.var(..), &[], &[f16::ZERO]);
    let y = Array::from_vec(vec![f16::from_f32(200.0); 4]);
    // The squares alone would overflow.
    assert_array(&y.norm(..), &[], &[f16::from_f32(400.0)]);
    let z = Array::from_vec(vec![bf16::from_f32(1.0); 1000]);
    assert_array(&z.sum(..), &[], &[bf16::from_f32(1000.0)]);
}

#[test]
fn nans_are_skipped() {
    let x = Array::from_shape_vec([2, 3], vec![1.0, f64::NAN, 3.0, f64::NAN, f64::NAN, f64::NAN]).unwrap();
    assert_array(&x.nan_sum(1), &[2], &[4.0, 0.0]);
    assert_array(&x.nan_prod(1), &[2], &[3.0, 1.0]);
    assert_array(&x.nan_mean(1), &[2], &[2.0, f64::NAN]);
    assert_array(&x.nan_var(1), &[2], &[1.0, f64::NAN]);
    assert_array(&x.nan_std(keep(1)), &[2, 1], &[1.0, f64::NAN]);
    assert_array(&x.nan_min(1), &[2], &[1.0, f64::NAN]);
    assert_array(&x.nan_max(1), &[2], &[3.0, f64::NAN]);
    assert_array(&x.nan_max(..), &[], &[3.0]);
}

#[test]
fn rows() {
    let (x, a) = sample(&[4, 7]);
    let e = a.mapv(f64::exp);
    for d in 0..2 {
        let sums = e.sum_axis(Axis(d)).insert_axis(Axis(d));
        let softmax = &e / &sums;
        same(&x.softmax(d), &softmax);
        same(&x.log_softmax(d), &softmax.mapv(f64::ln));
        same(&x.logsumexp(d), &e.sum_axis(Axis(d)).mapv(f64::ln));
        same(&x.logsumexp(keep(d)), &sums.mapv(f64::ln));
        let mean = a.mean_axis(Axis(d)).unwrap().insert_axis(Axis(d));
        let var = a.var_axis(Axis(d), 0.0).insert_axis(Axis(d));
        same(&x.layer_norm(d, 1e-5), &((&a - &mean) / (var + 1e-5).mapv(f64::sqrt)));
    }
    same(&x.softmax(..), &(&e / e.sum()));
    same(&x.norm(1), &a.mapv(|v| v * v).sum_axis(Axis(1)).mapv(f64::sqrt));
    // Large numbers do not overflow.
    let big = Array::from_vec(vec![1000.0f32, 1000.0]);
    assert_array(&big.softmax(0), &[2], &[0.5, 0.5]);
    assert_array(&big.logsumexp(0), &[], &[1000.0 + 2f32.ln()]);
    // 16-bit floats are calculated in f32 throughout.
    let h = big.cast::<f16>();
    assert_array(&h.softmax(0), &[2], &[f16::from_f32(0.5); 2]);
    assert_array(&h.layer_norm(0, f16::from_f32(1e-5)), &[2], &[f16::ZERO; 2]);
    assert_eq!(Array::<f64>::zeros([0, 3]).softmax(1).shape(), [0, 3]);
}

#[test]
fn named_operations_are_their_formulas() {
    let (x, _) = sample(&[9, 300]);
    let e = (&x - x.max(keep(-1))).exp();
    assert_array(&x.softmax(-1), &[9, 300], &values(&(&e / e.sum(keep(-1)))));
    assert_array(&x.mean(-1), &[9], &values(&(x.sum(-1) / 300.0)));
    assert_array(&x.std(-1), &[9], &values(&x.var(-1).sqrt()));
    let (m, v) = (x.mean(keep(0)), x.var(keep(0)));
    assert_array(&x.layer_norm(0, 0.5), &[9, 300], &values(&((&x - m) / (v + 0.5).sqrt())));
    assert_array(&x.t().sum(0), &[9], &values(&x.sum(1)));
    assert_array(&x.reshape([9, 3, 100]).sum([1, 2]), &[9], &values(&x.sum(1)));
    let y = x.slice(s![0, ..]);
    assert_array(&y.dot(&y), &[], &values(&(&y * &y).sum(..)));
    assert_array(&x.dot(&y), &[9], &values(&(&x * &y).sum(1)));
    assert_array(&x.t().dot(&x.slice(s![.., 0])), &[300], &values(&(x.t() * x.slice(s![.., 0])).sum(1)));
}

#[test]
fn products() {
    let m = |shape: &[usize]| {
        let (x, a) = sample(shape);
        let two = |n: &[usize]| a.clone().into_shape_with_order((n[0], n[1])).unwrap();
        (x, if shape.len() == 2 { two(shape) } else { two(&[1, shape.iter().product()]) })
    };
    let ((x, a), (y, b)) = (m(&[3, 5]), m(&[5, 4]));
    let ab = a.dot(&b);
    same(&x.dot(&y), &ab.clone().into_dyn());
    same(&x.matmul(&y), &ab.clone().into_dyn());
    same(&y.t().dot(&x.t()), &ab.t().to_owned().into_dyn());
    same(&x.slice(s![..1, ..]).dot(&y), &ab.slice(ndarray::s![..1, ..]).to_owned().into_dyn());
    same(&x.dot(&y.slice(s![.., 2..3])), &ab.slice(ndarray::s![.., 2..3]).to_owned().into_dyn());
    same(&x.slice(s![1, ..]).dot(&y), &ab.slice(ndarray::s![1, ..]).to_owned().into_dyn());
    same(&x.matmul(&y.slice(s![.., 3])), &ab.slice(ndarray::s![.., 3]).to_owned().into_dyn());
    assert_close(&x.slice(s![1, ..]).matmul(&y.slice(s![.., 3])), &[], &[ab[[1, 3]]], 1e-12);
    assert_close(&x.dot(&Array::scalar(2.0)), &[3, 5], &values(&(&x * 2.0)), 0.0);
    // Batches: [2, 1, 3, 5] x [4, 5, 4] gives [2, 4, 3, 4].
    let (p, q) = (sample(&[2, 1, 3, 5]).0, sample(&[4, 5, 4]).0);
    let r = p.matmul(&q);
    assert_eq!(r.shape(), [2, 4, 3, 4]);
    for i in 0..2 {
        for j in 0..4 {
            let one = p.slice(s![i, 0, .., ..]).matmul(&q.slice(s![j, .., ..]));
            assert_close(&r.slice(s![i, j, .., ..]), &[3, 4], &values(&one), 1e-12);
        }
    }
    assert_eq!(p.matmul(&sample(&[5]).0).shape(), [2, 1, 3]);
    assert_eq!(sample(&[5]).0.matmul(&q).shape(), [4, 4]);
    // dot of many axes: the last with the last but one.
    let d = p.dot(&q);
    assert_eq!(d.shape(), [2, 1, 3, 4, 4]);
    let one = p.slice(s![1, 0, 2, ..]).dot(&q.slice(s![3, .., ..]));
    assert_close(&d.slice(s![1, 0, 2, 3, ..]), &[4], &values(&one), 1e-12);
}

#[test]
fn products_of_nothing_and_of_other_types() {
    let e = Array::<f32>::zeros([3, 0]);
    assert_array(&e.matmul(&e.t()), &[3, 3], &[0.0; 9]);
    assert_array(&e.t().matmul(&e), &[0, 0], &[]);
    assert_array(&Array::<f32>::zeros([0, 2]).dot(&Array::zeros([2])), &[0], &[]);
    assert_array(&Array::<f32>::zeros([0]).dot(&Array::zeros([0])), &[], &[0.0]);
    let i = Array::arange(0, 6, 1).reshape([2, 3]);
    assert_array(&i.matmul(&i.t()), &[2, 2], &[5, 14, 14, 50]);
    assert_array(&i.dot(&Array::from_vec(vec![1, 1, 1])), &[2], &[3, 12]);
    let u = Array::from_vec(vec![16u8, 16, 1]);
    assert_array(&u.dot(&u), &[], &[1]);
    let h = Array::arange(f16::ZERO, f16::from_f32(6.0), f16::ONE).reshape([2, 3]);
    assert_array(&h.matmul(&h.t()), &[2, 2], &[5.0, 14.0, 14.0, 50.0].map(f16::from_f32));
    let f = Array::arange(0.0f32, 6.0, 1.0).reshape([2, 3]);
    assert_array(&f.matmul(&f.t()), &[2, 2], &[5.0, 14.0, 14.0, 50.0]);
    assert_array(&f.slice(s![.., ..;-1]).matmul(&f.t()), &[2, 2], &[1.0, 10.0, 10.0, 46.0]);
}
