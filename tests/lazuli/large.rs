//! Results so large that they are written past the caches: the same bits, in every skeleton. And
//! arrays of more elements than 32 bits can count, which are never stored.
//!
//! Stores past the caches need whole, aligned cache lines, so there are shapes and views that have
//! them and some that do not.

use crate::engines::{Rng, Sample, assert_bits, engines, on};
use crate::support::*;
use lazuli::prelude::*;

/// Elements of float32 above any threshold for such stores (24 MiB).
const MANY: usize = (26 << 20) / 4;

fn check<T: Sample + Float>(columns: usize, name: &str, f: impl Fn(&Array<T>) -> Array<T>) {
    let rows = MANY * 4 / size_of::<T>() / columns;
    let mut rng = Rng(columns as u64);
    let data: Vec<T> = (0..rows * columns).map(|_| T::near(rng.ill())).collect();
    let run = |device: &Device| f(&on(device, &data).reshape([rows, columns]));
    let what = format!("{name} of [{rows}, {columns}]");
    let expected = run(&Device::portable()).to_vec().unwrap();
    assert_bits(&what, &run(&Device::cpu()), &expected, |i| format!("{}, {}", i / columns, i % columns));
}

#[test]
fn maps() {
    for columns in [4096, 1000, 999] {
        check::<f32>(columns, "x * 2 + 1", |x| x * 2.0 + 1.0);
        check::<f64>(columns, "x[:, 3:] - 1", |x| x.slice(s![.., 3..]) - 1.0);
        check::<f32>(columns, "x.t() + 1", |x| x.t() + 1.0);
    }
}

#[test]
fn rows() {
    for columns in [4096, 64, 48, 100, 17] {
        check::<f32>(columns, "softmax(1)", |x| x.softmax(1));
        check::<f64>(columns, "x - x.mean(1)", |x| x - x.mean(keep(1)));
    }
    // Of axes that do not merge where they are read.
    for gap in [16, 1] {
        check::<f32>(4096, "softmax((1, 2)) of a part", |x| {
            x.reshape([-1, 4, 4096]).slice(s![.., .., gap..]).softmax([1, 2])
        });
    }
}

#[test]
fn columns() {
    for columns in [4096, 2064, 1000, 3] {
        check::<f32>(columns, "softmax(0)", |x| x.softmax(0));
        check::<f64>(columns, "(x - x.mean(0)) / x.std(0)", |x| (x - x.mean(0)) / x.std(0));
    }
}

/// More than 32 bits count.
const VAST: i64 = 1 << 33;

#[test]
fn positions_beyond_32_bits() {
    let n = VAST as usize;
    let x = Array::arange(0, VAST, 1);
    assert_eq!((x.len(), x.shape()), (n, [n].as_slice()));
    assert_array(&x.slice(s![-3..]), &[3], &[VAST - 3, VAST - 2, VAST - 1]);
    assert_array(&x.slice(s![..;-1]).slice(s![..2]), &[2], &[VAST - 1, VAST - 2]);
    let step = 1isize << 31;
    assert_array(&(x.slice(s![1..;step]) * 2), &[4], &[0i64, 1, 2, 3].map(|k| (k << 32) + 2));
    let table = x.reshape((-1, 1 << 20));
    assert_array(&table.slice(s![-1, -2..]), &[2], &[VAST - 2, VAST - 1]);
    assert_array(&(table.index_axis(1, -1).slice(s![-2..]) + 1), &[2], &[VAST - (1 << 20), VAST]);
    assert_eq!(x.index_axis(0, -1).item().unwrap(), VAST - 1);
}

#[test]
fn stretched_beyond_32_bits() {
    for device in engines() {
        let x = on(&device, &[1.0f32, 2.0, 3.0]);
        let wide = x.expand_dims(0).broadcast_to([VAST as usize, 3]);
        assert_array(&wide.slice(s![-2.., 1..]), &[2, 2], &[2.0, 3.0, 2.0, 3.0]);
        assert_array(&(wide.slice(s![-1, ..]) * 2.0), &[3], &[2.0, 4.0, 6.0]);
        // Both ends of two axes, one of which steps by nothing.
        let outer = wide + Array::arange(0.0f32, 3.0, 1.0).to_device(&device);
        assert_array(&outer.slice(s![..; VAST as isize - 1, 2]), &[2], &[5.0, 5.0]);
    }
}

#[test]
#[cfg_attr(not(feature = "llvm"), ignore = "takes the interpreter many seconds")]
fn a_sum_of_more_than_32_bits_count() {
    let zeros = Array::from_vec(vec![0u8]).broadcast_to([(1usize << 32) + 1]);
    assert_eq!((zeros + 1).sum(..).item().unwrap(), (1 << 32) + 1);
}
