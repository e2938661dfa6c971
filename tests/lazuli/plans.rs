//! `lazuli::compile`: the bits of the recorded expression, at each call, whatever the arguments.

use crate::engines::{Rng, assert_bits, engines, on, shaped};
use crate::support::{alone, assert_array};
use lazuli::prelude::*;

fn data(n: usize) -> Vec<f64> {
    let mut rng = Rng(n as u64);
    (0..n).map(|_| rng.ill()).collect()
}

#[test]
fn calls_have_the_bits_of_the_recorded_expression() {
    let record = |x: &Array<f64>, y: &Array<f64>| {
        let z = (x - x.mean(keep(1))) / x.std(keep(1)) + y;
        (z.exp().sum(1), z.t() * 2.0)
    };
    let plan = lazuli::compile::<(f64, f64), _>(move |(x, y)| record(&x, &y));
    // More shapes than are kept, twice.
    for _ in 0..2 {
        for n in 1..24 {
            for device in engines() {
                let x = shaped(&device, &[7, n], &data(7 * n));
                let y = on(&device, &data(n));
                let (sums, turned) = plan.call((&x, &y)).unwrap();
                let (a, b) = record(&x, &y);
                assert_eq!((sums.shape(), turned.shape()), (a.shape(), b.shape()));
                assert_bits("sums", &sums, &a.to_vec().unwrap(), |i| format!("row {i} of [7, {n}]"));
                assert_bits("turned", &turned, &b.to_vec().unwrap(), |i| format!("element {i} of [7, {n}]"));
            }
        }
    }
}

#[test]
fn a_second_call_plans_and_compiles_nothing() {
    if !alone("plans::a_second_call_plans_and_compiles_nothing") {
        return;
    }
    let plan = lazuli::compile::<f32, _>(|x| (x.clone() * 2.0 + 1.0).sqrt() - x);
    let x = Array::linspace(0.0f32, 4.0, 1000);
    let first = plan.call(&x).unwrap();
    let (second, stats) = lazuli::stats_scope(|| plan.call(&x).unwrap());
    assert_eq!((stats.evaluations, stats.kernels_run), (1, 1));
    assert_eq!((stats.plans_made, stats.kernels_compiled), (0, 0));
    assert_bits("second", &second, &first.to_vec().unwrap(), |i| format!("element {i}"));
}

#[test]
fn arguments_of_every_layout() {
    let plan = lazuli::compile::<(i64, bool), _>(|(x, mask)| mask.select(&x, -1).sum(0));
    let x = Array::arange(0i64, 24, 1).reshape([4, 6]);
    let views =
        [x.clone(), x.flip([0]), x.slice(s![..;2, 1..]), x.t(), x.index_axis(0, 1).broadcast_to([3, 6])];
    for view in views {
        let mask = view.gt(7);
        let expected = mask.select(&view, -1).sum(0).to_vec().unwrap();
        assert_array(&plan.call((&view, &mask)).unwrap(), &[view.shape()[1]], &expected);
    }
}

#[test]
fn what_is_captured_is_evaluated_once() {
    if !alone("plans::what_is_captured_is_evaluated_once") {
        return;
    }
    let weights = (Array::linspace(0.0f64, 1.0, 5) * 3.0).exp();
    let bias = Array::from_vec(vec![1.0, 2.0, 3.0, 4.0, 5.0]);
    let (w, b) = (weights.clone(), bias.clone());
    let plan = lazuli::compile::<f64, _>(move |x| (&x * &w + &b, b.clone(), x));
    let x = Array::<f64>::ones([5]);
    let first = plan.call(&x).unwrap();
    let (again, stats) = lazuli::stats_scope(|| plan.call(&x).unwrap());
    assert_eq!(stats.kernels_run, 1);
    let expected = (&x * &weights + &bias).to_vec().unwrap();
    for (sum, same, unchanged) in [first, again] {
        assert_array(&sum, &[5], &expected);
        assert_array(&same, &[5], &bias.to_vec().unwrap());
        assert_array(&unchanged, &[5], &[1.0; 5]);
    }
}

#[test]
fn what_cannot_be_computed_is_an_error() {
    let asks = lazuli::compile::<f32, _>(|x| match x.sum(..).item() {
        Ok(sum) => x * sum,
        Err(error) => {
            let said = error.to_string();
            assert!(
                said.contains("an argument of a function that is being compiled has no value yet"),
                "{said}"
            );
            x.reshape([999])
        }
    });
    let x = Array::<f32>::ones([3]);
    let said = asks.call(&x).unwrap_err().to_string();
    assert!(said.starts_with("reshape: ") && said.contains(file!()), "{said}");
    // The next call may have better arguments.
    assert!(asks.call(&Array::<f32>::ones([999])).is_ok());

    let add = lazuli::compile::<(f32, f32), _>(|(x, y)| x + y);
    let poisoned = x.reshape([7]);
    assert_eq!(add.call((&x, &poisoned)).unwrap_err().to_string(), poisoned.error().unwrap().to_string());
    let there = x.to_device(&Device::portable());
    let said = add.call((&x, &there)).unwrap_err().to_string();
    assert!(said.starts_with("compile: ") && said.contains("portable"), "{said}");
    assert_array(&add.call((&x, &x)).unwrap(), &[3], &[2.0; 3]);
}

/// Checked evaluation, and evaluation op by op, hold for calls too.
#[test]
fn scopes_hold_for_calls() {
    if !alone("plans::scopes_hold_for_calls") {
        return;
    }
    let plan = lazuli::compile::<f64, _>(|x| (x.sin() + 1.0).sum(..));
    let x = on(&Device::cpu(), &data(1000));
    let expected = plan.call(&x).unwrap().item().unwrap();
    let (one_by_one, stats) = lazuli::stats_scope(|| lazuli::fusion(false, || plan.call(&x).unwrap()));
    assert_eq!(stats.kernels_run, 3);
    assert_eq!(one_by_one.item().unwrap(), expected);
    lazuli::verify(true);
    assert_eq!(plan.call(&x).unwrap().item().unwrap(), expected);
}

#[test]
fn many_threads_call_one_plan() {
    let plan = lazuli::compile::<f64, _>(|x| (&x * &x).sum(..));
    std::thread::scope(|scope| {
        for t in 0..8 {
            let plan = &plan;
            scope.spawn(move || {
                for n in (1..200).chain(70_000..70_003) {
                    let x = on(&Device::cpu(), &data(n + t));
                    let expected = (&x * &x).sum(..).item().unwrap();
                    assert_eq!(plan.call(&x).unwrap().item().unwrap(), expected);
                }
            });
        }
    });
}
