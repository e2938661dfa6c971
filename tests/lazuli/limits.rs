//! Graphs of any depth, and recording without end.

use crate::support::*;
use lazuli::prelude::*;
use lazuli::{RecordingLimit, stats_scope, with_recording_limit};
use std::thread;

fn limit(nodes: usize) -> RecordingLimit {
    RecordingLimit { nodes, ..RecordingLimit::default() }
}

/// Bytes of memory that this process has touched and holds, in KiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4
}

#[test]
fn a_chain_of_100_000_operations_evaluates_and_drops() {
    with_recording_limit(RecordingLimit::NONE, || {
        let one = Array::from_vec(vec![1.0f64; 4]);
        let mut x = Array::from_vec(vec![0.0f64, 1.0, 2.0, 3.0]);
        for _ in 0..100_000 {
            x = &x + &one;
        }
        let dropped = &x * 2.0;
        drop(dropped);
        assert_array(&x, &[4], &[100_000.0, 100_001.0, 100_002.0, 100_003.0]);
        let mut y = x.clone();
        for _ in 0..100_000 {
            y = -y;
        }
        drop(y);
    });
}

#[test]
fn a_deep_chain_on_a_small_stack() {
    let run = || {
        with_recording_limit(RecordingLimit::NONE, || {
            let mut x = Array::from_vec(vec![1.0f64; 3]);
            for i in 0..50_000 {
                x = if i % 1000 == 999 { &x / x.sum(keep(..)) } else { x.abs() };
            }
            values(&x)
        })
    };
    let small = thread::Builder::new().stack_size(256 << 10).spawn(run).unwrap().join().unwrap();
    assert_eq!(small, [1.0 / 3.0; 3]);
}

#[test]
fn a_million_steps_hold_constant_memory() {
    if !alone("limits::a_million_steps_hold_constant_memory") {
        return;
    }
    let a = Array::from_vec(vec![0.5f64; 16]);
    let b = Array::from_vec(vec![1.0f64; 16]);
    let mut x = Array::<f64>::zeros([16]);
    let mut early = 0;
    for i in 0..1_000_000 {
        x = &x * &a + &b;
        if i == 100_000 {
            early = resident();
        }
    }
    let grown = resident().saturating_sub(early);
    assert_array(&x, &[16], &[2.0; 16]);
    assert!(grown < 8 << 10, "{grown} KiB more after a million steps than after 100,000");
}

#[test]
fn coupled_variables_are_evaluated_together() {
    // x_i' = (x_i + x_(i+1)) / 2, for k variables: if one were left behind, each evaluation
    // would go back to the start.
    let k = 20;
    let (steps, nodes) = (300, 500);
    let mut x: Vec<Array<f64>> = (0..k).map(|i| Array::from_vec(vec![i as f64; 8])).collect();
    let (_, stats) = stats_scope(|| {
        with_recording_limit(limit(nodes), || {
            for _ in 0..steps {
                x = (0..k).map(|i| (&x[i] + &x[(i + 1) % k]) * 0.5).collect();
            }
        })
    });
    // 4 nodes for each variable and step (a sum, a product, its constant and that broadcast).
    assert!(stats.launches > 0, "the limit was never applied");
    let recorded = (steps * k * 4) as u64;
    assert!(stats.launches <= recorded, "{} launches for {recorded} operations", stats.launches);
    let mut expected: Vec<f64> = (0..k).map(|i| i as f64).collect();
    for _ in 0..steps {
        expected = (0..k).map(|i| (expected[i] + expected[(i + 1) % k]) * 0.5).collect();
    }
    for (x, e) in x.iter().zip(expected) {
        assert_array(x, &[8], &[e; 8]);
    }
}

#[test]
fn what_is_evaluated_early_is_not_computed_again() {
    let a = Array::from_vec(vec![2.0f64; 64]);
    let (x, stats) = stats_scope(|| {
        with_recording_limit(limit(100), || {
            let (mut x, mut y) = (a.clone(), a.clone());
            for _ in 0..2_000 {
                (x, y) = (&x * 0.5 + &y, &y * 0.5 - &x);
            }
            lazuli::eval((&x, &y)).unwrap();
            x
        })
    });
    assert!(values(&x).iter().all(|v| v.is_finite()));
    // 16,000 nodes by 100s: some hundreds of evaluations, not thousands of steps each.
    assert!(stats.bytes_read < 64 * 8 * 16_000 * 4, "{} bytes read", stats.bytes_read);
}

#[test]
fn memory_that_only_the_graph_holds_is_limited() {
    let bytes = 1 << 20;
    let (x, stats) = stats_scope(|| {
        with_recording_limit(RecordingLimit { nodes: usize::MAX, bytes }, || {
            let mut x = Array::<f64>::zeros([1 << 14]);
            for i in 0..200 {
                // Each step brings 128 KiB that nobody else holds.
                x += Array::from_vec(vec![i as f64; 1 << 14]);
            }
            x
        })
    });
    assert!(stats.launches > 0, "200 * 128 KiB stayed pinned");
    assert_eq!(x.slice(s![0]).item().unwrap(), 19_900.0);
}

#[test]
fn large_arrays_given_away_are_not_evaluated_in_the_middle_of_an_expression() {
    let bytes = 1 << 20;
    let (_, stats) = stats_scope(|| {
        with_recording_limit(RecordingLimit { nodes: usize::MAX, bytes }, || {
            let mut x = Array::from_vec(vec![1.0f64; 1 << 17]);
            for _ in 0..3 {
                // 1 MiB that nobody else holds; to evaluate `x * 2` here would free nothing.
                x = (x * 2.0 + 1.0).sqrt();
                x.eval().unwrap();
            }
        })
    });
    assert_eq!(stats.launches, 3, "one kernel a step");
}

#[test]
fn separate_graphs_are_left_alone() {
    // Far more pending nodes than the limit, but each array depends on few of them.
    let a = Array::from_vec(vec![1.0f64; 4]);
    let (kept, stats) = stats_scope(|| {
        with_recording_limit(limit(1_000), || (0..5_000).map(|i| &a * i as f64).collect::<Vec<_>>())
    });
    assert_eq!(stats.launches, 0, "arrays that nobody asked for were computed");
    assert_eq!(values(&kept[4_999]), [4_999.0; 4]);
}

#[test]
fn a_failing_evaluation_fails_no_recording() {
    with_recording_limit(limit(20), || {
        let mut x = Array::<f64>::zeros([1usize << 50]);
        for _ in 0..60 {
            x += 1.0;
        }
        assert!(x.error().is_none());
        assert!(x.eval().is_err());
        assert_array(&x.slice(s![..2]), &[2], &[60.0; 2]);
    });
}

#[test]
fn threads_have_limits_of_their_own() {
    let totals: Vec<f64> = thread::scope(|s| {
        let run = |t: usize| {
            move || {
                with_recording_limit(limit(100 * (t + 1)), || {
                    let mut x = Array::from_vec(vec![t as f64; 10]);
                    for _ in 0..1_000 {
                        x += 1.0;
                    }
                    x.sum(..).item().unwrap()
                })
            }
        };
        let threads: Vec<_> = (0..4).map(|t| s.spawn(run(t))).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(totals, [10_000.0, 10_010.0, 10_020.0, 10_030.0]);
}
