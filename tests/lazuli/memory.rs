//! Memory: results computed in place, limits, and what must never be overwritten.
//!
//! Reuse is an engine's business (LLVM only), so the counters are looked at only there; that no
//! value is ever lost is checked everywhere.

use lazuli::prelude::*;

/// `verify` is the process's and rules reuse out: tests that look at either take turns.
static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// Large enough for reuse to be tried.
const N: usize = 50_000;

fn ramp() -> Array<f64> {
    Array::from_vec((0..N).map(|i| i as f64).collect())
}

fn scaled(k: f64, plus: f64) -> Vec<f64> {
    (0..N).map(|i| i as f64 * k + plus).collect()
}

#[test]
fn a_dying_array_lends_its_memory() {
    let _turn = TURN.lock().unwrap_or_else(|e| e.into_inner());
    let ((), stats) = lazuli::stats_scope(|| {
        let mut x = ramp();
        for _ in 0..3 {
            x = &x * 2.0 + 1.0;
            x.eval().unwrap();
        }
        assert_eq!(x.to_vec().unwrap(), scaled(8.0, 7.0));
    });
    if cfg!(feature = "llvm") {
        assert_eq!(stats.buffers_reused, 3, "{stats:?}");
    }
}

#[test]
fn a_held_array_keeps_its_values() {
    let x = ramp();
    let ((), stats) = lazuli::stats_scope(|| {
        let y = &x + 1.0;
        assert_eq!(y.to_vec().unwrap(), scaled(1.0, 1.0));
    });
    assert_eq!(stats.buffers_reused, 0);
    assert_eq!(x.to_vec().unwrap(), scaled(1.0, 0.0));
}

#[test]
fn an_input_of_something_still_to_be_computed_keeps_its_values() {
    let x = ramp();
    let y = &x * 3.0;
    let z = &y + 1.0;
    drop(x);
    // `y` is held and pending: it will need the values of `x` later.
    let (values, stats) = lazuli::stats_scope(|| z.to_vec().unwrap());
    assert_eq!(values, scaled(3.0, 1.0));
    assert_eq!(stats.buffers_reused, 0);
    assert_eq!(y.to_vec().unwrap(), scaled(3.0, 0.0));
}

#[test]
fn a_view_of_it_that_is_asked_for_keeps_it() {
    let x = ramp();
    let (first, negative) = (x.slice(s![..3]), -&x);
    drop(x);
    lazuli::eval((&first, &negative)).unwrap();
    assert_eq!(first.to_vec().unwrap(), [0.0, 1.0, 2.0]);
    assert_eq!(negative.to_vec().unwrap(), scaled(-1.0, 0.0));
}

#[test]
fn a_shifted_read_is_never_overwritten() {
    let x = ramp();
    let y = x.flip(0) + x.clone();
    drop(x);
    assert_eq!(y.to_vec().unwrap(), vec![(N - 1) as f64; N]);
}

#[test]
fn two_readers_share_one_array() {
    let x = ramp();
    let (a, b) = (&x + 1.0, &x * 2.0);
    drop(x);
    lazuli::eval((&a, &b)).unwrap();
    assert_eq!(a.to_vec().unwrap(), scaled(1.0, 1.0));
    assert_eq!(b.to_vec().unwrap(), scaled(2.0, 0.0));
}

#[test]
fn checked_evaluation_agrees() {
    let _turn = TURN.lock().unwrap_or_else(|e| e.into_inner());
    lazuli::verify(true);
    let x = ramp();
    let z = (&x - x.mean(..)) / x.std(..);
    let result = (&z * &z).sum(..).item();
    lazuli::verify(false);
    let sum = result.unwrap();
    assert!((sum / N as f64 - 1.0).abs() < 1e-12, "{sum}");
}
