//! Views, against ndarray.

use crate::support::*;
use lazuli::prelude::*;
use lazuli::{RecordingLimit, stats_scope, with_recording_limit};
use ndarray::{ArrayD, Axis, IxDyn};
use proptest::prelude::*;

fn both(shape: &[usize]) -> (Array<i64>, ArrayD<i64>) {
    let n = shape.iter().product::<usize>() as i64;
    let data: Vec<i64> = (0..n).collect();
    let a = ArrayD::from_shape_vec(IxDyn(shape), data.clone()).unwrap();
    (Array::from_shape_vec(shape, data).unwrap(), a)
}

#[track_caller]
fn same(x: &Array<i64>, a: &ndarray::ArrayViewD<i64>) {
    assert_array(x, a.shape(), &a.iter().copied().collect::<Vec<_>>());
    // And the same when something is computed from it.
    assert_array(&(x + 1), a.shape(), &a.iter().map(|v| v + 1).collect::<Vec<_>>());
}

#[test]
fn transposes_and_permutations() {
    let (x, a) = both(&[2, 3, 4]);
    same(&x.t(), &a.t().view());
    same(&x.permute([2, 0, 1]), &a.view().permuted_axes(IxDyn(&[2, 0, 1])));
    same(&x.permute((1, -1, 0)), &a.view().permuted_axes(IxDyn(&[1, 2, 0])));
    same(&x.permute(vec![0usize, 1, 2]), &a.view());
    let mut b = a.view();
    b.swap_axes(0, 2);
    same(&x.swap_axes(0, -1), &b);
    let (v, w) = both(&[5]);
    same(&v.t(), &w.view());
    same(&x.t().t(), &a.view());
}

#[test]
fn reshapes() {
    let (x, a) = both(&[2, 3, 4]);
    let reshaped = |shape: &[usize]| a.to_shape(IxDyn(shape)).unwrap().into_owned();
    same(&x.reshape([6, 4]), &reshaped(&[6, 4]).view());
    same(&x.reshape((-1, 8)), &reshaped(&[3, 8]).view());
    same(&x.reshape(-1), &reshaped(&[24]).view());
    same(&x.reshape([2, 1, 3, 1, 4]), &reshaped(&[2, 1, 3, 1, 4]).view());
    // Row-major order of the transposed array: no strides can express this.
    let t = a.t().iter().copied().collect::<Vec<_>>();
    assert_array(&x.t().reshape(-1), &[24], &t);
    assert_array(&x.t().reshape((-1, 6)), &[4, 6], &t);
    assert_array(&x.t().reshape(-1).sum(0), &[], &[276]);
    let empty = Array::<i64>::zeros([0, 3]);
    assert_array(&empty.reshape([3, 0, 7]), &[3, 0, 7], &[]);
    assert_array(&empty.reshape((5, -1)), &[5, 0], &[]);
    assert_array(&Array::scalar(3i64).reshape([1, 1]), &[1, 1], &[3]);
    assert_array(&Array::<i64>::ones([1, 1]).reshape(()), &[], &[1]);
}

#[test]
fn broadcasts() {
    let (x, a) = both(&[3, 1]);
    same(&x.broadcast_to([2, 3, 4]), &a.broadcast(IxDyn(&[2, 3, 4])).unwrap());
    same(&x.broadcast_to([3, 1]), &a.view());
    same(&x.broadcast_to([3, 0]), &a.broadcast(IxDyn(&[3, 0])).unwrap());
    assert_array(&Array::scalar(7i64).broadcast_to([2, 2]), &[2, 2], &[7; 4]);
    let (y, _) = both(&[4]);
    assert_array(&(&x * &y).slice(s![2, ..]), &[4], &[0, 2, 4, 6]);
    assert_eq!((Array::<f32>::zeros([0]) + Array::ones([1])).shape(), [0]);
    assert_eq!((Array::<f32>::zeros([0]) + 1.0).shape(), [0]);
}

#[test]
fn axes_of_length_one() {
    let (x, _) = both(&[2, 3]);
    assert_eq!(x.expand_dims(0).shape(), [1, 2, 3]);
    assert_eq!(x.expand_dims(-1).shape(), [2, 3, 1]);
    assert_eq!(x.expand_dims([0, 2, 4]).shape(), [1, 2, 1, 3, 1]);
    assert_eq!(x.expand_dims((-1, 0)).shape(), [1, 2, 3, 1]);
    let y = x.expand_dims([0, 2]);
    assert_eq!(y.squeeze(..).shape(), [2, 3]);
    assert_eq!(y.squeeze(2).shape(), [1, 2, 3]);
    assert_eq!(y.squeeze([0, -2]).shape(), [2, 3]);
    assert_eq!(x.squeeze(..).shape(), [2, 3]);
    assert_eq!(Array::<i64>::ones([1, 1]).squeeze(..).ndim(), 0);
}

#[test]
fn flips() {
    let (x, mut a) = both(&[2, 3]);
    a.invert_axis(Axis(1));
    same(&x.flip(1), &a.view());
    a.invert_axis(Axis(0));
    same(&x.flip(..), &a.view());
    same(&x.flip(..).flip([0, 1]), &both(&[2, 3]).1.view());
    assert_array(&Array::<i64>::zeros([0]).flip(0), &[0], &[]);
}

#[test]
fn slices() {
    let (x, a) = both(&[5, 6, 3]);
    let a3 = a.view().into_dimensionality::<ndarray::Ix3>().unwrap();
    macro_rules! check {
        ($($part:tt)*) => { same(&x.slice(s![$($part)*]), &a3.slice(s![$($part)*]).into_dyn()) };
    }
    check!(.., .., ..);
    check!(1..4, 2.., ..-1);
    check!(..;2, 1..;3, ..;-1);
    check!(-3..-1, ..;-2, 0);
    check!(4, -1, 2);
    check!(1..1, .., 0..0);
    let (low, high) = (2, 3);
    check!(high..low, .., ..);
    check!(NewAxis, 1, .., NewAxis, 1..3);
    check!(1..=2, ..=-2, ..;7);
    check!(..;isize::MAX, ..;isize::MIN + 1, 2);
    // Fewer parts than axes: the rest is whole.
    same(&x.slice(s![2]), &a3.slice(s![2, .., ..]).into_dyn());
    same(&x.slice(s![..;2]).slice(s![.., 1..;2]), &a3.slice(s![..;2, 1..;2, ..]).into_dyn());
    same(&x.slice(s![1..4, 2..5]).t().slice(s![.., ..;-1]), &a3.slice(s![1..4, 2..5;-1, ..]).t().into_dyn());
    same(&x.index_axis(1, -2), &a.index_axis(Axis(1), 4));
    assert_array(&Array::scalar(4i64).slice(s![NewAxis]), &[1], &[4]);
}

#[test]
fn overlapping_views_of_one_buffer() {
    let (x, _) = both(&[6]);
    let y = x.slice(s![1..]) + x.slice(s![..-1]) * 10 + x.slice(s![..;-1]).slice(s![1..]) * 100;
    assert_array(&y, &[5], &[401, 312, 223, 134, 45]);
}

#[test]
fn nothing_is_recorded_for_views_that_change_nothing() {
    // Each view that is recorded lengthens the chain, so that long ones run into the limit.
    let evaluations = |view: fn(Array<i64>) -> Array<i64>| {
        let limit = RecordingLimit { nodes: 100, ..RecordingLimit::default() };
        let (x, _) = both(&[2, 3]);
        let (y, stats) =
            stats_scope(|| with_recording_limit(limit, || (0..500).fold(&x + 0, |y, _| view(y))));
        assert_array(&y, &[2, 3], &[0, 1, 2, 3, 4, 5]);
        stats.flushes
    };
    let nothing = |y: Array<i64>| {
        let y = y.reshape([2, 3]).broadcast_to([2, 3]).permute([0, 1]).swap_axes(1, -1);
        y.slice(s![.., ..]).squeeze(..).expand_dims(()).cast()
    };
    assert_eq!(evaluations(nothing), 0);
    assert!(evaluations(|y| y.flip(..)) > 0, "the limit counts views");
}

fn dims() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0usize..5, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_slices_match_ndarray(
        shape in dims(),
        parts in prop::collection::vec((0usize..6, 0usize..6, -3isize..4, any::<bool>()), 4),
    ) {
        use ndarray::SliceInfoElem;
        let (x, a) = both(&shape);
        let info: Vec<SliceInfoElem> = shape.iter().zip(&parts).map(|(&n, &(start, end, step, whole))| {
            let (start, end) = (start.min(n) as isize, end.min(n) as isize);
            let end = if whole { None } else { Some(if end == n as isize { end } else { end - n as isize }) };
            SliceInfoElem::Slice { start, end, step: if step == 0 { 1 } else { step } }
        }).collect();
        let expected = a.slice(info.as_slice());
        same(&x.slice(&info), &expected);
        same(&x.slice(&info).t(), &expected.t());
    }

    #[test]
    fn random_reshapes_of_random_permutations(shape in dims(), seed in 0usize..24) {
        let (x, a) = both(&shape);
        let mut order: Vec<usize> = (0..shape.len()).collect();
        let mut k = seed;
        for i in (1..order.len()).rev() {
            order.swap(i, k % (i + 1));
            k /= i + 1;
        }
        let p = a.view().permuted_axes(IxDyn(&order));
        let data: Vec<i64> = p.iter().copied().collect();
        let flat = x.permute(&order).reshape([data.len()]);
        assert_array(&flat, &[data.len()], &data);
        let mut merged = p.shape().to_vec();
        if merged.len() > 1 {
            let last = merged.pop().unwrap();
            *merged.last_mut().unwrap() *= last;
        }
        assert_array(&x.permute(&order).reshape(&merged), &merged, &data);
    }
}

#[test]
fn roll_moves_elements_around_the_end() {
    let x: Vec<i64> = (0..35).collect();
    for device in crate::engines::engines() {
        let matrix = Array::from_shape_vec([5, 7], x.clone()).unwrap().to_device(&device);
        for shift in [-36isize, -7, -3, -1, 0, 1, 2, 6, 7, 8, 1000, isize::MIN, isize::MAX] {
            let at = |i: isize, n: isize| (i - shift.rem_euclid(n)).rem_euclid(n);
            let columns = (0..35).map(|p| x[(p / 7 * 7 + at(p % 7, 7)) as usize]).collect::<Vec<_>>();
            assert_array(&matrix.roll(shift, 1), &[5, 7], &columns);
            let rows = (0..35).map(|p| x[(at(p / 7, 5) * 7 + p % 7) as usize]).collect::<Vec<_>>();
            assert_array(&matrix.roll(shift, -2), &[5, 7], &rows);
            let difference = &matrix - matrix.roll(shift, 0);
            assert_eq!(difference.explain().kernels(), 1);
            assert_array(&difference, &[5, 7], &rows.iter().zip(&x).map(|(r, x)| x - r).collect::<Vec<_>>());
            let both = matrix.t().roll(shift, 0).roll(shift, 1);
            assert_array(&both.roll(0, 0), &[7, 5], &values(&matrix.roll(shift, 1).roll(shift, 0).t()));
        }
    }
    assert_array(&Array::<f32>::zeros([0, 3]).roll(5, 0), &[0, 3], &[]);
    assert!(message(&Array::<f32>::zeros([3]).roll(1, 1)).contains("roll"));
}
