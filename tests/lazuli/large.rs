//! Results so large that they are written past the caches: the same bits, in every skeleton.
//!
//! Such stores need whole, aligned cache lines, so there are shapes and views that have them and
//! some that do not.

use crate::engines::{Rng, Sample, assert_bits, on};
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
}

#[test]
fn columns() {
    for columns in [4096, 2064, 1000, 3] {
        check::<f32>(columns, "softmax(0)", |x| x.softmax(0));
        check::<f64>(columns, "(x - x.mean(0)) / x.std(0)", |x| (x - x.mean(0)) / x.std(0));
    }
}
