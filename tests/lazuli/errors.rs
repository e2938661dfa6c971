//! Every bad input is an error value, whose message names the operation, what was wrong, and
//! the line of the program. Nothing panics, and arrays are usable after.

use crate::support::*;
use lazuli::prelude::*;
use lazuli::{Error, ErrorKind};

/// `operation: text (recorded at this file, line)`.
#[track_caller]
fn expect<E: std::borrow::Borrow<Error>>(error: Option<E>, text: &str, line: u32) {
    let error = error.expect("an error");
    let error = error.borrow();
    let message = error.to_string();
    let place = format!(" (recorded at {}:{line}:", file!());
    assert!(message.starts_with(&format!("{text}{place}")), "\n{message}\ninstead of\n{text}{place}");
    assert_eq!(error.location().unwrap().line(), line);
}

fn f32s(shape: [usize; 2]) -> Array<f32> {
    Array::zeros(shape)
}

#[test]
fn mismatched_shapes() {
    let (x, y) = (f32s([2, 3]), Array::<f32>::ones([4]));
    let text = |op: &str| format!("{op}: shapes [2, 3] and [4] cannot be broadcast together");
    expect((&x + &y).error(), &text("add"), line!());
    expect((&x * y.clone()).error(), &text("mul"), line!());
    expect(x.maximum(&y).error(), &text("maximum"), line!());
    expect(x.lt(&y).error(), &text("lt"), line!());
    expect(x.lt(0.0).select(&x, &y).error(), &text("select"), line!());
    expect(x.mul_add(&x, &y).error(), &text("mul_add"), line!());
    let mut z = x.clone();
    z += &y;
    expect(z.error(), &text("add"), line!() - 1);
    assert_array(&(&x + 1.0), &[2, 3], &[1.0; 6]);
}

#[test]
fn axes_out_of_range_or_twice() {
    let x = f32s([2, 3]);
    expect(x.sum(2).error(), "sum: axis 2 is out of range for an array of 2 dimensions", line!());
    expect(x.mean(-3).error(), "mean: axis -3 is out of range for an array of 2 dimensions", line!());
    expect(x.softmax(7).error(), "softmax: axis 7 is out of range for an array of 2 dimensions", line!());
    expect(x.max([0, -2]).error(), "max: axis -2 is named twice", line!());
    expect(x.permute([0, 0]).error(), "permute: axis 0 is named twice", line!());
    expect(x.permute([0]).error(), "permute: 2 axes are needed, 1 were given", line!());
    let text = "swap_axes: axis 5 is out of range for an array of 2 dimensions";
    expect(x.swap_axes(0, 5).error(), text, line!());
    expect(x.flip(2).error(), "flip: axis 2 is out of range for an array of 2 dimensions", line!());
    let text = "expand_dims: axis 4 is out of range for an array of 3 dimensions";
    expect(x.expand_dims(4).error(), text, line!());
    let text = "sum: axis 0 is out of range for an array of 0 dimensions";
    expect(Array::scalar(1.0f64).sum(0).error(), text, line!());
}

#[test]
fn wrong_vector_lengths() {
    let error = Array::from_shape_vec([2, 3], vec![1.0f32; 5]).err();
    expect(error, "from_shape_vec: shape [2, 3] needs 6 elements, the vector holds 5", line!() - 1);
    let error = Array::from_shape_vec((2, -1), vec![1.0f32; 4]).err();
    expect(error, "from_shape_vec: an extent of -1 in shape [2, -1]", line!() - 1);
}

#[test]
fn reshapes_that_do_not_fit() {
    let x = f32s([2, 3]);
    expect(x.reshape([4, 2]).error(), "reshape: cannot reshape [2, 3] (6 elements) to [4, 2]", line!());
    expect(x.reshape((-1, 4)).error(), "reshape: cannot reshape [2, 3] (6 elements) to [-1, 4]", line!());
    expect(x.reshape((-1, -1)).error(), "reshape: cannot reshape [2, 3] (6 elements) to [-1, -1]", line!());
    expect(x.reshape((-1, 0)).error(), "reshape: cannot reshape [2, 3] (6 elements) to [-1, 0]", line!());
    expect(x.broadcast_to([2, 4]).error(), "broadcast_to: cannot broadcast shape [2, 3] to [2, 4]", line!());
    expect(x.broadcast_to([3]).error(), "broadcast_to: cannot broadcast shape [2, 3] to [3]", line!());
    let text = "squeeze: 2 elements cannot be squeezed from axis 0 of shape [2, 3]";
    expect(x.squeeze(0).error(), text, line!());
}

#[test]
fn empty_reductions() {
    let x = f32s([3, 0]);
    let text = |op: &str| format!("{op}: no value to reduce: shape [3, 0] is empty along the reduced axes");
    expect(x.max(1).error(), &text("max"), line!());
    expect(x.min(..).error(), &text("min"), line!());
    expect(x.argmax(-1).error(), &text("argmax"), line!());
    expect(x.argmin(-1).error(), &text("argmin"), line!());
    expect(x.logsumexp(1).error(), &text("logsumexp"), line!());
    expect(x.nan_max(1).error(), &text("nan_max"), line!());
    // No rows at all: no value is asked for.
    assert_array(&x.max(0), &[0], &[]);
    // Sums and the like have a value.
    assert_array(&x.sum(1), &[3], &[0.0; 3]);
    assert_array(&x.prod(1), &[3], &[1.0; 3]);
    assert_array(&x.any(1), &[3], &[false; 3]);
    assert_array(&x.all(1), &[3], &[true; 3]);
    assert_array(&x.mean(1), &[3], &[f32::NAN; 3]);
    assert_array(&x.var(1), &[3], &[f32::NAN; 3]);
}

#[test]
fn indices_out_of_range() {
    let x = f32s([3, 4]);
    expect(x.index_axis(0, 3).error(), "index_axis: index 3 is out of range for axis 0 of length 3", line!());
    let text = "index_axis: index -5 is out of range for axis 1 of length 4";
    expect(x.index_axis(1, -5).error(), text, line!());
    expect(x.slice(s![.., 4]).error(), "slice: index 4 is out of range for axis 1 of length 4", line!());
    expect(x.slice(s![1..5, ..]).error(), "slice: index 5 is out of range for axis 0 of length 3", line!());
    expect(x.slice(s![-4.., ..]).error(), "slice: index -4 is out of range for axis 0 of length 3", line!());
    expect(x.slice(s![0, 0, 0]).error(), "slice: 2 axes are needed, 3 were given", line!());
    let huge = x.slice(s![isize::MIN, ..]);
    assert!(matches!(huge.error().unwrap().kind(), ErrorKind::IndexOutOfRange { index: isize::MIN, .. }));
}

#[test]
fn integer_division_by_zero_is_defined() {
    let x = Array::from_vec(vec![7, -7, 0, i32::MIN]);
    assert_array(&(&x / 0), &[4], &[0; 4]);
    assert_array(&(&x % 0), &[4], &[0; 4]);
    assert_array(&x.floor_div(0), &[4], &[0; 4]);
    assert_array(&x.remainder(0), &[4], &[0; 4]);
    assert_array(&(&x / -1), &[4], &[-7, 7, 0, i32::MIN]);
    let minus_one = Array::scalar(-1);
    assert_array(&(&x % minus_one), &[4], &[0; 4]);
    let y = Array::from_vec(vec![7u64, 0]);
    assert_array(&(&y / &Array::zeros([2])), &[2], &[0, 0]);
}

#[test]
fn shapes_that_overflow() {
    let big = usize::MAX / 2;
    let text = |op: &str| format!("{op}: a shape of [{big}, 4] has more elements than memory can address");
    expect(Array::<f32>::zeros([big, 4]).error(), &text("zeros"), line!());
    expect(Array::<u8>::ones([big, 4]).error(), &text("ones"), line!());
    expect(Array::full([big, 4], true).error(), &text("full"), line!());
    expect(Array::scalar(1.0).broadcast_to([big, 4]).error(), &text("broadcast_to"), line!());
    expect(Array::from_shape_vec([big, 4], vec![0u8]).err(), &text("from_shape_vec"), line!());
    expect(Array::from_fn([big, 4], |_| 0u8).error(), &text("from_fn"), line!());
    // Through broadcasting, and through products.
    let wide = Array::<f32>::zeros([1usize << 40, 1]);
    let overflow = |x: &Array<f32>| matches!(x.error().unwrap().kind(), ErrorKind::ShapeOverflow { .. });
    assert!(overflow(&(&wide + wide.t())));
    assert!(overflow(&wide.matmul(&wide.t())));
    assert!(overflow(&Array::arange(0.0f32, f32::MAX, 1.0)));
    assert!(overflow(&Array::linspace(0.0f32, 1.0, usize::MAX)));
    assert!(overflow(&Array::eye(usize::MAX)));
    // An empty axis does not hide it.
    assert!(overflow(&Array::<f32>::zeros([0, usize::MAX / 2, 64])));
    assert!(Array::<f32>::zeros([-1]).error().is_some());
}

#[test]
fn memory_that_cannot_be_had() {
    let x = Array::<f64>::zeros([1usize << 50]);
    assert!(x.error().is_none());
    let y = &x + 1.0;
    let line = line!() - 1;
    let refused = |error: Error, operation: &str, line: u32| {
        let message = error.to_string();
        let (start, place) =
            (format!("{operation}: out of memory: {} bytes could not be had", 8u64 << 50), file!());
        assert!(message.starts_with(&start), "{message}");
        assert!(message.contains(&format!(" (recorded at {place}:{line}:")), "{message}");
        assert!(
            matches!(error.kind(), ErrorKind::OutOfMemory { bytes, .. } if *bytes == 8 << 50),
            "{message}"
        );
        assert_eq!(error.location().unwrap().line(), line);
    };
    refused(y.eval().err().unwrap(), "add", line);
    refused(y.eval().err().unwrap(), "add", line);
    assert!(matches!(x.to_vec().unwrap_err().kind(), ErrorKind::OutOfMemory { .. }));
    // The array is not lost: what can be computed from it still is.
    assert_array(&y.slice(s![..3]), &[3], &[1.0; 3]);
    let made = Array::from_fn([1usize << 50], |_| 0u64);
    refused(made.error().unwrap().clone(), "from_fn", line!() - 1);
}

#[test]
fn memory_beyond_the_limit() {
    if !alone("errors::memory_beyond_the_limit") {
        return;
    }
    let held = (Array::<f64>::zeros([1024]) + 1.0).eval().unwrap().clone();
    let y = (Array::<f64>::zeros([1 << 17]) + 2.0) * held.sum(..);
    let line = line!() - 1;
    lazuli::set_memory_limit(1 << 20);
    for _ in 0..2 {
        let error = y.eval().expect_err("a mebibyte beside what is held is too much");
        let message = error.to_string();
        let (start, end) = ("mul: out of memory: ", " bytes could not be had (the limit is 1048576 bytes, ");
        let bytes: usize = message.strip_prefix(start).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!((1 << 20..(1 << 20) + 4096).contains(&bytes), "{message}"); // and the sum
        let rest = message.strip_prefix(&format!("{start}{bytes}{end}")).expect(&message);
        let place = format!("8192 are in use) (recorded at {}:{line}:", file!());
        assert!(rest.starts_with(&place), "{message}");
        assert!(y.error().is_none(), "refused, not lost");
    }
    assert_eq!(held.sum(..).item().unwrap(), 1024.0);
    lazuli::set_memory_limit(4 << 20);
    assert_array(&y, &[1 << 17], &vec![2048.0; 1 << 17]);
    lazuli::set_memory_limit(None);
}

#[test]
fn matrix_products_that_do_not_fit() {
    let (x, y) = (f32s([2, 3]), f32s([2, 3]));
    expect(x.matmul(&y).error(), "matmul: inner extents differ: [2, 3] and [2, 3]", line!());
    expect(x.dot(&y).error(), "dot: inner extents differ: [2, 3] and [2, 3]", line!());
    let v = Array::<f32>::zeros([4]);
    expect(x.dot(&v).error(), "dot: inner extents differ: [2, 3] and [4]", line!());
    expect(v.dot(&x).error(), "dot: inner extents differ: [4] and [2, 3]", line!());
    expect(v.dot(&Array::zeros([5])).error(), "dot: inner extents differ: [4] and [5]", line!());
    let one = Array::<f32>::scalar(1.0);
    let needs_axes = "matmul: a matrix product needs axes on both sides";
    expect(v.matmul(&one).error(), &format!("{needs_axes}: [4] and []"), line!());
    expect(one.matmul(&one).error(), &format!("{needs_axes}: [] and []"), line!());
    let (a, b) = (Array::<f32>::zeros([2, 3, 4]), Array::<f32>::zeros([3, 4, 5]));
    let stacks = "matmul: the axes before the matrices do not broadcast: [2, 3, 4] and [3, 4, 5]";
    expect(a.matmul(&b).error(), stacks, line!());
    expect(a.cast::<i32>().matmul(&b.cast()).error(), stacks, line!());
    expect(a.matmul(&a).error(), "matmul: inner extents differ: [2, 3, 4] and [2, 3, 4]", line!());
}

/// The result could be addressed, but not what is summed; shapes made on the way are not named.
#[test]
fn matrix_products_of_too_many_terms() {
    let x = Array::<i32>::zeros([1 << 21, 1 << 21]);
    let shape = "[2097152, 2097152]";
    let text = format!("more terms than can be numbered: {shape} and {shape}");
    expect(x.matmul(&x).error(), &format!("matmul: {text}"), line!());
    expect(x.dot(&x).error(), &format!("dot: {text}"), line!());
    let y = Array::<i32>::zeros([1, 1 << 21, 1 << 21]);
    let text = format!("dot: more terms than can be numbered: {shape} and [1, 2097152, 2097152]");
    expect(x.dot(&y).error(), &text, line!());
    // One matrix beside 16,384 of them: it would be repeated.
    let (x, y) = (Array::<f32>::zeros([1 << 20, 1 << 30]), Array::<f32>::zeros([1 << 14, 1 << 30, 2]));
    let shapes = "[1048576, 1073741824] and [16384, 1073741824, 2]";
    expect(x.matmul(&y).error(), &format!("matmul: more terms than can be numbered: {shapes}"), line!());
}

#[test]
fn not_one_element() {
    let x = f32s([2, 3]);
    let text = "item: an array of one element is needed, this one has shape [2, 3]";
    expect(x.item().err(), text, line!());
    assert_eq!(x.sum(..).item().unwrap(), 0.0);
    assert_eq!(Array::<i64>::ones([1, 1, 1]).item().unwrap(), 1);
}

#[test]
fn bad_steps() {
    expect(Array::arange(0, 5, 0).error(), "arange: a step of 0", line!());
    expect(Array::arange(0.0f64, 5.0, 0.0).error(), "arange: a step of 0", line!());
    assert!(Array::arange(0.0, 5.0, f64::NAN).error().is_some());
}

#[test]
fn devices_do_not_mix() {
    let x = f32s([2, 3]);
    let y = x.to_device(&Device::portable());
    let text = "add: arrays on different devices (cpu and portable); copy one with to_device";
    expect((&x + &y).error(), text, line!());
    assert_array(&(x.to_device(&y.device()) + &y), &[2, 3], &[0.0; 6]);
}

#[test]
fn dtypes_known_at_run_time() {
    let x: DynArray = f32s([1, 1]).into();
    let text = "try_from: the array holds float32, not int64";
    expect(Array::<i64>::try_from(&x).err(), text, line!());
    expect(Array::<i64>::try_from(x).err(), text, line!());
}

#[test]
fn poison_spreads_and_names_the_first_error() {
    let bad = f32s([2, 3]) + Array::ones([4]);
    let line = line!() - 1;
    let text = "add: shapes [2, 3] and [4] cannot be broadcast together";
    let good = f32s([2, 3]);
    expect((&bad + 1.0).exp().error(), text, line);
    expect((&good * &bad).error(), text, line);
    expect(bad.sum(5).error(), text, line);
    expect(bad.argmax(0).error(), text, line);
    expect(bad.reshape([9, 9]).slice(s![7, 7]).t().error(), text, line);
    expect(good.dot(&bad).error(), text, line);
    expect(bad.softmax(-1).cast::<i64>().error(), text, line);
    expect(bad.gt(0.0).select(1.0f32, 2.0).error(), text, line);
    expect(bad.ones_like().error(), text, line);
    expect(bad.to_device(&Device::portable()).error(), text, line);
    expect(bad.item().err(), text, line);
    expect(bad.clone().into_vec().err(), text, line);
    expect(bad.to_ndarray().err(), text, line);
    expect(bad.check().err(), text, line);
    expect(bad.eval().err(), text, line);
    expect(lazuli::eval((&good, &bad)).err(), text, line);
    expect(bad.array_equal(&good).err(), text, line);
    expect(bad.allclose(&good, 0.0, 0.0).err(), text, line);
    assert!(bad.to_string().starts_with(text) && format!("{bad:?}").contains(text));
    assert!(bad.explain().to_string().contains(text));
    assert_eq!((bad.shape(), bad.len(), bad.is_empty()), ([0].as_slice(), 0, true));
    assert!(message(&bad).contains("errors.rs"));
    // The other array is as good as before.
    assert_array(&good, &[2, 3], &[0.0; 6]);
}
