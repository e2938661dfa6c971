//! Lazuli's threads beside those of the program.

use crate::support::alone;
use lazuli::prelude::*;
use rayon::prelude::*;

/// A worker of another pool waits for Lazuli's threads without taking up other work of its pool,
/// which could need what it is itself computing.
#[test]
fn evaluation_inside_another_pool() {
    if !alone("threads::evaluation_inside_another_pool") {
        return;
    }
    rayon::ThreadPoolBuilder::new().num_threads(2).build_global().unwrap();
    lazuli::set_num_threads(3);
    let x = Array::linspace(0.0f64, 1.0, 1_000_000);
    for round in 0..3 {
        let shared = (&x * round as f64).exp().sin();
        let square = x.slice(s![..90_000]).reshape([300, 300]);
        let product = square.matmul(&square);
        let sums: Vec<f64> = (0..32)
            .into_par_iter()
            .map(|i| (&shared + i as f64).sum(..).item().unwrap() + product.sum(..).item().unwrap())
            .collect();
        let alone: Vec<f64> = (0..32)
            .map(|i| (&shared + i as f64).sum(..).item().unwrap() + product.sum(..).item().unwrap())
            .collect();
        assert_eq!(sums, alone);
    }
}

/// The number of threads may change at any moment, and may be absurd.
#[test]
fn the_number_of_threads_changes_while_kernels_run() {
    if !alone("threads::the_number_of_threads_changes_while_kernels_run") {
        return;
    }
    let x = Array::linspace(0.0f64, 1.0, 64 * 10_000).reshape([64, 10_000]);
    let row = || x.softmax(-1).layer_norm(-1, 1e-5).to_vec().unwrap();
    lazuli::set_num_threads(usize::MAX);
    let expected = row();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                for n in [1, 32, 2, 7] {
                    lazuli::set_num_threads(n);
                    std::thread::yield_now();
                }
            }
        });
        for _ in 0..60 {
            assert!(row() == expected);
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

/// Many threads run large kernels at once: one at a time gets helpers.
#[test]
fn regions_of_several_threads() {
    let sum = |n: usize| Array::arange(0i64, n as i64, 1).sum(..).item().unwrap();
    std::thread::scope(|scope| {
        for t in 0..6 {
            scope.spawn(move || {
                for k in 0..10 {
                    let n = 400_000 + 1000 * t + k;
                    assert_eq!(sum(n), (n as i64 - 1) * n as i64 / 2);
                }
            });
        }
    });
}
