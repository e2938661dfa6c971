//! Making arrays, and getting them out again.

use crate::support::*;
use lazuli::prelude::*;

#[test]
fn from_data() {
    assert_array(&Array::from_vec(vec![1.5f64, 2.0]), &[2], &[1.5, 2.0]);
    assert_array(&Array::from_vec(Vec::<f32>::new()), &[0], &[]);
    assert_array(&Array::from_shape_vec((2, 2), vec![1u8, 2, 3, 4]).unwrap(), &[2, 2], &[1, 2, 3, 4]);
    assert_array(&Array::from_shape_vec((), vec![1u8]).unwrap(), &[], &[1]);
    assert_array(&Array::from_shape_vec([0, 5], Vec::<i64>::new()).unwrap(), &[0, 5], &[]);
    assert_array(&Array::from(vec![true, false]), &[2], &[true, false]);
    assert_array(&Array::from([1, 2, 3]), &[3], &[1, 2, 3]);
    assert_array(&Array::from_fn([2, 2], |i| (i[0] * 2 + i[1]) as u64), &[2, 2], &[0, 1, 2, 3]);
    assert_array(&Array::from_fn((), |i| i.len() as u8), &[], &[0]);
    assert_array(&Array::from_fn([3, 0], |_| 1u8), &[3, 0], &[]);
}

#[test]
fn constants() {
    assert_array(&Array::<f32>::zeros([2, 2]), &[2, 2], &[0.0; 4]);
    assert_array(&Array::<bool>::ones(3), &[3], &[true; 3]);
    assert_array(&Array::full((1, 2), -0.5), &[1, 2], &[-0.5; 2]);
    assert_array(&Array::scalar(f16::ONE), &[], &[f16::ONE]);
    let x = Array::<i64>::zeros([2, 1]);
    assert_array(&x.full_like(9), &[2, 1], &[9, 9]);
    assert_array(&x.ones_like(), &[2, 1], &[1, 1]);
    assert_array(&x.zeros_like(), &[2, 1], &[0, 0]);
    assert_array(&Array::<f32>::eye(2), &[2, 2], &[1.0, 0.0, 0.0, 1.0]);
    assert_array(&Array::<i32>::eye(0), &[0, 0], &[]);
    assert_array(&Array::<i32>::eye(1), &[1, 1], &[1]);
}

#[test]
fn shapes_and_axes_of_mixed_integers() {
    let (n, m): (usize, isize) = (3, 4);
    let x = Array::<f32>::zeros((n, 2, m));
    assert_eq!(x.shape(), [3, 2, 4]);
    assert_eq!(Array::full((2i32, n), 1u8).shape(), [2, 3]);
    assert_array(&Array::from_shape_vec((1, n), vec![1, 2, 3]).unwrap(), &[1, 3], &[1, 2, 3]);
    assert_eq!(Array::from_fn((n, 1, m), |_| true).shape(), [3, 1, 4]);
    assert_eq!(x.reshape((n, -1)).shape(), [3, 8]);
    assert_eq!(x.reshape((-1, m, n)).shape(), [2, 4, 3]);
    assert_eq!(x.broadcast_to((5, n, 2, m)).shape(), [5, 3, 2, 4]);
    assert_eq!(x.permute((2usize, -3, 1isize)).shape(), [4, 3, 2]);
    assert_eq!(x.sum((0usize, -1)).shape(), [2]);
    assert_eq!(x.max(keep((0usize, -1isize))).shape(), [1, 2, 1]);
    assert_eq!(x.expand_dims((0, -1isize)).shape(), [1, 3, 2, 4, 1]);
    assert_eq!(x.swap_axes(0usize, -1).shape(), [4, 2, 3]);
    assert_eq!(x.index_axis(2isize, n).shape(), [3, 2]);
    assert_eq!(x.slice(s![..n - 1, 1, ..m - 1]).shape(), [2, 3]);
    assert_eq!(x.reshape(vec![m, -1]).shape(), x.reshape(&[m, -1][..]).shape());
}

#[test]
fn numbers_in_order() {
    assert_array(&Array::arange(0, 10, 3), &[4], &[0, 3, 6, 9]);
    assert_array(&Array::arange(5, 0, -2), &[3], &[5, 3, 1]);
    assert_array(&Array::arange(0i64, 0, 1), &[0], &[]);
    assert_array(&Array::arange(0u8, 255, 50), &[6], &[0, 50, 100, 150, 200, 250]);
    assert_array(&Array::arange(3u64, 1, 1), &[0], &[]);
    assert_array(&Array::arange(i64::MAX - 2, i64::MAX, 1), &[2], &[i64::MAX - 2, i64::MAX - 1]);
    assert_array(&Array::arange(i32::MIN, i32::MAX, 1 << 30), &[4], &[i32::MIN, -1 << 30, 0, 1 << 30]);
    let x = Array::arange(1.0f64, 2.0, 0.1);
    assert_array(&x, &[10], &(0..10).map(|i| 1.0 + i as f64 * 0.1).collect::<Vec<_>>());
    assert_array(
        &Array::arange(f16::ZERO, f16::from_f32(3.0), f16::ONE),
        &[3],
        &[0.0, 1.0, 2.0].map(f16::from_f32),
    );
    let y = Array::linspace(-1.0f64, 1.0, 7);
    let step = 2.0 / 6.0;
    assert_array(&y.slice(s![..6]), &[6], &(0..6).map(|i| -1.0 + i as f64 * step).collect::<Vec<_>>());
    assert_array(&y.slice(s![-1]), &[], &[1.0]);
    // The formula alone would miss the end.
    for n in 2..50 {
        assert_eq!(values(&Array::linspace(0.1f32, 0.7, n)).last(), Some(&0.7));
    }
    assert_array(&Array::linspace(3.0f32, 9.0, 1), &[1], &[3.0]);
    assert_array(&Array::linspace(3.0f32, 9.0, 0), &[0], &[]);
    assert_array(&Array::linspace(2.0f64, 2.0, 3), &[3], &[2.0; 3]);
}

#[test]
fn memory_is_taken_and_handed_out_without_a_copy() {
    let data = vec![1.0f64; 1000];
    let address = data.as_ptr();
    let x = Array::from_vec(data);
    assert_eq!(x.to_vec().unwrap().len(), 1000);
    let back = x.into_vec().unwrap();
    assert_eq!(back.as_ptr(), address);

    let x = Array::from_shape_vec([10, 100], back).unwrap();
    let other = x.clone();
    let copied = x.into_vec().unwrap();
    assert_ne!(copied.as_ptr(), address);
    let back = other.into_vec().unwrap();
    assert_eq!(back.as_ptr(), address);

    // Something pending still needs it.
    let x = Array::from_vec(back);
    let y = &x + 1.0;
    let copied = x.into_vec().unwrap();
    assert_ne!(copied.as_ptr(), address);
    assert_eq!(y.sum(..).item().unwrap(), 2000.0);
}

#[test]
fn vectors_out_of_anything() {
    let x = Array::arange(0, 6, 1).reshape([2, 3]);
    assert_eq!(x.t().into_vec().unwrap(), [0, 3, 1, 4, 2, 5]);
    let leaf = Array::from_shape_vec([2, 3], vec![0, 1, 2, 3, 4, 5]).unwrap();
    assert_eq!(leaf.t().into_vec().unwrap(), [0, 3, 1, 4, 2, 5]);
    assert_eq!(leaf.slice(s![1, ..;-1]).into_vec().unwrap(), [5, 4, 3]);
    assert_eq!(leaf.slice(s![.., 1]).to_vec().unwrap(), [1, 4]);
    assert_eq!((leaf.clone() + 1).into_vec().unwrap(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(leaf.broadcast_to([2, 2, 3]).into_vec().unwrap().len(), 12);
    assert_eq!(Array::<f32>::zeros([0]).into_vec().unwrap(), [0f32; 0]);
    assert_eq!(Array::scalar(3u8).into_vec().unwrap(), [3]);
    assert_eq!(Array::full([3], true).into_vec().unwrap(), [true; 3]);
}

#[test]
fn ndarray_both_ways() {
    let a = ndarray::array![[1.0f64, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let address = a.as_ptr();
    let x = Array::from(a.clone());
    assert_array(&x, &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(x.to_ndarray().unwrap(), a.clone().into_dyn());
    let back = Array::from(a).into_vec().unwrap();
    assert_eq!(back.as_ptr(), address);
    // Not row-major, and not at the start of its memory.
    let b = ndarray::Array2::from_shape_vec((2, 3), back).unwrap();
    assert_array(&Array::from(b.t().to_owned()), &[3, 2], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    assert_array(&Array::from(&b.slice(ndarray::s![.., ..;-2])), &[2, 2], &[3.0, 1.0, 6.0, 4.0]);
    let row = b.clone().slice_move(ndarray::s![1.., ..]);
    assert_array(&Array::from(row), &[1, 3], &[4.0, 5.0, 6.0]);
    let flipped = b.slice_move(ndarray::s![..;-1, ..]);
    assert_array(&Array::from(flipped), &[2, 3], &[4.0, 5.0, 6.0, 1.0, 2.0, 3.0]);
    assert_array(&Array::from(ndarray::arr0(7u8)), &[], &[7]);
    let c: ndarray::ArrayD<i64> = (&Array::arange(0i64, 3, 1)).try_into().unwrap();
    assert_eq!(c.as_slice().unwrap(), [0, 1, 2]);
}

#[test]
fn dynamic_arrays() {
    let x: DynArray = (&Array::from_vec(vec![1.5f32, 2.0])).into();
    assert_eq!((x.dtype(), x.shape(), x.ndim(), x.len()), (DType::F32, [2].as_slice(), 1, 2));
    assert_array(&x.cast::<i64>(), &[2], &[1, 2]);
    assert_array(&Array::<f32>::try_from(x.clone()).unwrap(), &[2], &[1.5, 2.0]);
    let y: Array<f32> = (&x).try_into().unwrap();
    assert_array(&y, &[2], &[1.5, 2.0]);
    x.eval().unwrap().check().unwrap();
    assert_eq!(x.to_string(), "[1.5 2. ]");
    assert_eq!(format!("{x:?}"), "array([1.5, 2. ], dtype=float32)");
}

#[test]
fn devices() {
    assert_eq!(Device::cpu().name(), "cpu");
    assert_eq!(Device::portable().to_string(), "portable");
    assert!(Device::all().contains(&Device::portable()));
    let info = Device::cpu().info();
    assert!(info.threads >= 1 && info.to_string().starts_with("cpu: "));
    Device::set_default(&Device::cpu());
    let x = Array::from_vec(vec![1.0f32, 2.0]) * 2.0;
    let y = x.to_device(&Device::portable());
    assert_eq!(y.device(), Device::portable());
    assert_array(&(&y + 1.0).sum(..), &[], &[8.0]);
    assert_array(&(y.t().to_device(&Device::cpu()) - x), &[2], &[0.0; 2]);
}
