//! What recording promises: nothing is computed early, nothing twice, and everything from any
//! thread.

use crate::support::*;
use lazuli::prelude::*;
use lazuli::{eval, stats_scope};
use std::thread;

#[test]
fn an_evaluated_array_is_not_computed_again() {
    let x = Array::from_vec((0..1000).map(f64::from).collect());
    let y = (&x * 2.0).exp_m1();
    let (_, first) = stats_scope(|| y.eval().map(|_| ()).unwrap());
    let (_, second) = stats_scope(|| values(&y));
    assert!(first.launches > 0);
    assert_eq!(second.launches, 0);
}

#[test]
fn recording_computes_nothing() {
    let (_, stats) = stats_scope(|| {
        let x = Array::<f64>::zeros([1 << 20]);
        let y = ((&x + 1.0).ln() * x.softmax(0)).sum(..);
        assert_eq!(y.shape(), [0; 0]);
        assert_eq!(y.ndim(), 0);
    });
    assert_eq!(stats.launches, 0);
}

#[test]
fn joint_evaluation_takes_anything() {
    let x = Array::linspace(0.0f32, 1.0, 50);
    let (a, b, c) = (&x + 1.0, x.gt(0.5), x.cast::<i64>());
    let d: DynArray = (&x * 3.0).into();
    eval([&a, &x]).unwrap();
    eval((&a, &b, &c, &d)).unwrap();
    eval((a.clone(), vec![x.sum(..), x.mean(..)], [&x])).unwrap();
    eval(Vec::<Array<f32>>::new()).unwrap();
    eval(&[x.exp(), x.sin()][..]).unwrap();
    eval((&a, &a, &b, &b, &c, &c, &d, (&a, (&b,)))).unwrap();
    assert_array(&b.slice(s![-1]), &[], &[true]);
    assert!(!lazuli::explain((&x.exp(), &b)).unwrap().to_string().is_empty());
}

#[test]
fn evaluation_chains() {
    let x = Array::arange(0, 4, 1);
    let y: i64 = (&x * 2).eval().unwrap().sum(..).eval().unwrap().item().unwrap();
    assert_eq!(y, 12i64);
    assert_eq!(x.check().unwrap().len(), 4);
}

#[test]
fn clones_share_one_value() {
    let x = Array::from_vec(vec![1.0f64, 2.0]).exp();
    let y = x.clone();
    let (_, stats) = stats_scope(|| eval((&x, &y)).unwrap());
    let (_, again) = stats_scope(|| values(&y));
    assert_eq!(again.launches, 0);
    assert!(stats.launches > 0);
}

#[test]
fn fusion_changes_no_result() {
    let make = || {
        let x = Array::linspace(-3.0f64, 3.0, 1003).reshape([17, 59]);
        (((&x * 2.0).sin() + x.softmax(0)) / x.std(keep(1))).sum(0)
    };
    assert_array(&make(), &[59], &lazuli::fusion(false, || values(&make())));
}

#[test]
fn many_threads_evaluate_one_graph() {
    let x = Array::linspace(0.0f64, 1.0, 10_000);
    let shared: Vec<Array<f64>> = (0..8).map(|i| (&x * i as f64).sin()).collect();
    let total = shared.iter().fold(x.zeros_like(), |a, b| a + b);
    let expected = values(&lazuli::fusion(false, || {
        let again = (0..8).map(|i| (&x * i as f64).sin()).fold(x.zeros_like(), |a, b| a + b);
        again.eval().unwrap().clone()
    }));
    thread::scope(|s| {
        for t in 0..8 {
            let (shared, total, expected) = (&shared, &total, &expected);
            s.spawn(move || {
                assert_eq!(values(&shared[t]).len(), 10_000);
                assert_eq!(values(&(total + 0.0)), *expected);
                assert_eq!(values(total), *expected);
            });
        }
    });
}

#[test]
fn arrays_may_be_recorded_on_one_thread_and_used_on_another() {
    let x = Array::from_vec(vec![1.0f32, 2.0]);
    let y = thread::spawn(move || x * 2.0).join().unwrap();
    let z = thread::spawn(move || (&y + 1.0).to_vec()).join().unwrap();
    assert_eq!(z.unwrap(), [3.0, 5.0]);
}

#[test]
fn the_plan_tells_the_line() {
    let x = Array::from_vec(vec![1.0f64; 100]);
    let plan = (&x * 2.0).sum(..).explain();
    assert!(!plan.to_string().is_empty());
    assert!(plan.to_dot().contains("digraph"));
    assert!(plan.kernels() >= 1 && plan.launches() >= 1);
}
