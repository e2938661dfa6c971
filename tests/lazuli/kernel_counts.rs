//! What fusion has to achieve, in numbers: kernels, bytes, compilations, memory.
//!
//! Each count is asked for twice: of the plan (`explain`) before the evaluation, and of the counters
//! (`stats_scope`) after it, which have to agree. The second part holds the kernel keys to their
//! promise: no other size of a schedule class and no other constant compiles anything, and all sizes
//! together compile at most four times the kernels of one. The last part is about what never ends:
//! long chains, endless recording, many threads on one graph.

use crate::engines::*;
use lazuli::prelude::*;
use lazuli::{RecordingLimit, Roots, Stats, stats_scope, with_recording_limit};
use std::sync::Barrier;
use std::thread;

fn ramp(device: &Device, shape: &[usize]) -> Array<f64> {
    let n: usize = shape.iter().product();
    let v: Vec<f64> = (0..n).map(|i| ((i * 7919 + 13) % 1009) as f64 / 500.0 - 1.0).collect();
    shaped(device, shape, &v)
}

/// What an evaluation of `roots` takes. The plan and the counters have to agree.
struct Cost {
    kernels: usize,
    read: usize,
    written: usize,
    text: String,
}

#[track_caller]
fn cost(roots: impl Roots + Copy) -> Cost {
    let plan = lazuli::explain(roots).unwrap();
    let text = plan.to_string();
    let (done, stats) = stats_scope(|| lazuli::eval(roots));
    done.unwrap();
    assert_eq!(plan.kernels() as u64, stats.kernels_run, "planned and run kernels differ\n{text}");
    assert_eq!(plan.bytes_read() as u64, stats.bytes_read, "planned and counted bytes read differ\n{text}");
    assert_eq!(plan.bytes_written() as u64, stats.bytes_written, "bytes written differ\n{text}");
    assert_eq!(stats.bytes_copied, 0, "something was copied\n{text}");
    assert_eq!(plan.packed, 0, "something is packed\n{text}");
    Cost { kernels: plan.kernels(), read: plan.bytes_read(), written: plan.bytes_written(), text }
}

/// The kernels that `roots` take, on both engines.
#[track_caller]
fn kernels(expected: usize, name: &str, f: impl Fn(&Device) -> Array<f64>) {
    for device in engines() {
        let x = f(&device);
        let cost = cost(&x);
        assert_eq!(cost.kernels, expected, "kernels of {name} on {device}\n{}", cost.text);
    }
}

#[test]
fn a_chain_is_one_kernel() {
    let chain = |d: &Device| {
        let (x, y) = (ramp(d, &[1000]), ramp(d, &[1000]));
        let z = ((&x * 2.0 + &y).abs() + 1.0).sqrt().exp();
        (((z / 4.0).sin() * &x).tanh() + 0.5) * &y
    };
    kernels(1, "a chain of 12 operations", chain);
    lazuli::fusion(false, || kernels(12, "a chain of 12 operations, op by op", chain));
}

#[test]
fn maps_fuse_into_reductions() {
    kernels(1, "(x * x).sum(..)", |d| {
        let x = ramp(d, &[10_000]);
        (&x * &x).sum(..)
    });
    for axis in [0, 1] {
        kernels(1, "(x * x).sum(axis)", |d| {
            let x = ramp(d, &[300, 100]);
            (&x * &x).sum(axis)
        });
        kernels(1, "a reduction and what follows it", |d| {
            let x = ramp(d, &[300, 100]);
            ((&x * 2.0).exp().sum(axis) + 1.0).ln() * 0.5
        });
    }
}

#[test]
fn mean_and_variance_together_are_one_kernel() {
    for device in engines() {
        for shape in [&[10_000usize][..], &[200, 300]] {
            let x = ramp(&device, shape);
            let (mean, var) = (x.mean(-1), x.var(-1));
            let cost = cost((&mean, &var));
            assert_eq!(cost.kernels, 1, "on {device}\n{}", cost.text);
            assert!(cost.read <= x.len() * 8, "{} bytes read on {device}\n{}", cost.read, cost.text);
            let (mean, std, max) = (x.mean(0), x.std(0), (&x * &x).max(0));
            assert_eq!(self::cost((&mean, &std, &max)).kernels, 1, "three siblings on {device}");
        }
    }
}

fn softmax(x: &Array<f64>, axes: impl Into<Axes> + Clone) -> Array<f64> {
    let e = (x - x.max(keep(axes.clone()))).exp();
    &e / e.sum(keep(axes))
}

#[test]
fn softmax_by_hand() {
    for shape in [[500, 40], [40, 500], [7, 20_000], [20_000, 7], [300, 300], [2, 3], [1000, 1025]] {
        for axis in [0, 1] {
            kernels(1, &format!("softmax of {shape:?} over axis {axis}"), |d| {
                softmax(&ramp(d, &shape), axis)
            });
            kernels(1, &format!("x.softmax({axis}) of {shape:?}"), |d| ramp(d, &shape).softmax(axis));
        }
    }
    for device in engines() {
        let x = ramp(&device, &[1000, 1000]);
        let cost = cost(&softmax(&x, ..));
        assert!(cost.kernels <= 3, "{} kernels over all axes on {device}\n{}", cost.kernels, cost.text);
        assert!(cost.read <= 3 * x.len() * 8 + 4096, "{} bytes read on {device}\n{}", cost.read, cost.text);
        assert!(cost.written <= x.len() * 8 + 4096, "{} bytes written\n{}", cost.written, cost.text);
    }
}

#[test]
fn layer_norm_with_scale_and_bias() {
    for shape in [[500, 40], [40, 500], [7, 20_000], [300, 300]] {
        kernels(1, &format!("layer norm of {shape:?} by hand"), |d| {
            let (x, scale, bias) = (ramp(d, &shape), ramp(d, &shape[1..]), ramp(d, &shape[1..]) + 0.5);
            let bias = bias.eval().unwrap().clone();
            (&x - x.mean(keep(-1))) / (x.var(keep(-1)) + 1e-5).sqrt() * scale + bias
        });
        kernels(1, &format!("x.layer_norm(-1) of {shape:?}"), |d| {
            ramp(d, &shape).layer_norm(-1, 1e-5) * 2.0 + 1.0
        });
        kernels(1, &format!("x.layer_norm(0) of {shape:?}"), |d| {
            ramp(d, &shape).layer_norm(0, 1e-5) * ramp(d, &shape[1..])
        });
    }
}

#[test]
fn normalise_then_dot() {
    for device in engines() {
        for n in [1000, 1_000_000] {
            let x = ramp(&device, &[n]);
            let norm = |x: &Array<f64>| (x - x.mean(..)) / x.std(..);
            let dot = norm(&x).dot(&norm(&x));
            let cost = cost(&dot);
            assert!(cost.kernels <= 2, "{} kernels on {device}\n{}", cost.kernels, cost.text);
            assert!(cost.read <= 2 * n * 8 + 4096, "{} bytes read on {device}\n{}", cost.read, cost.text);
            assert!((dot.item().unwrap() / n as f64 - 1.0).abs() < 1e-9);
        }
    }
}

#[test]
fn an_outer_product_that_is_summed_is_never_stored() {
    for device in engines() {
        let n = if device == Device::cpu() { 6000 } else { 1500 };
        let (x, y) = (ramp(&device, &[n]), ramp(&device, &[n + 1]));
        let d = x.expand_dims(1) - y.expand_dims(0);
        let sums = (-(&d * &d)).exp().sum(1);
        drop(d);
        // Asked before the evaluation: afterwards there is nothing left to plan.
        let arena = sums.explain().arena;
        assert!(arena < 8 * n, "{arena} bytes of temporaries on {device}");
        let cost = cost(&sums);
        assert_eq!(cost.kernels, 1, "on {device}\n{}", cost.text);
        assert!(cost.written <= 8 * n, "{} bytes written on {device}\n{}", cost.written, cost.text);
        let squares = (x.expand_dims(1) - y.expand_dims(0)).square();
        assert_eq!(self::cost(&(-squares).exp().sum(1)).kernels, 1, "with square() on {device}");
    }
}

#[test]
fn a_transpose_is_read_in_place() {
    kernels(1, "x.t() + y", |d| ramp(d, &[300, 200]).t() + ramp(d, &[200, 300]));
    kernels(1, "views of views", |d| {
        let x = ramp(d, &[30, 40, 50]);
        x.permute([2, 0, 1]).slice(s![..;-2, 1.., ..]) * 2.0 + x.t().slice(s![..25, .., 1..]).swap_axes(1, 2)
    });
    kernels(1, "a row and a column", |d| ramp(d, &[300, 1]) * ramp(d, &[200]) + 1.0);
}

#[test]
fn black_scholes_call_and_put_are_one_kernel() {
    for device in engines() {
        let price = |k: f64| (ramp(&device, &[5000]) + k).eval().unwrap().clone();
        let (spot, strike, years) = (price(100.0), price(95.0), price(1.5));
        let (rate, volatility) = (0.02, 0.3);
        let cdf = |x: &Array<f64>| (x * std::f64::consts::FRAC_1_SQRT_2).erf() * 0.5 + 0.5;
        let root = years.sqrt() * volatility;
        let d1 = ((&spot / &strike).ln() + &years * (rate + volatility * volatility / 2.0)) / &root;
        let d2 = &d1 - &root;
        let discounted = &strike * (&years * -rate).exp();
        let call = &spot * cdf(&d1) - &discounted * cdf(&d2);
        let put = &discounted * cdf(&-&d2) - &spot * cdf(&-&d1);
        let cost = cost((&call, &put));
        assert_eq!(cost.kernels, 1, "on {device}\n{}", cost.text);
        assert_eq!(cost.written, 2 * 5000 * 8, "{}", cost.text);
        let parity = (call - put - (spot - discounted)).abs().max(..).item().unwrap();
        assert!(parity < 1e-11, "call - put = spot - discounted strike, but by {parity}");
    }
}

/// Compilations and plans of an evaluation.
fn compiled<T: Element>(f: impl FnOnce() -> Array<T>) -> Stats {
    let (done, stats) = stats_scope(|| f().eval().map(|_| ()));
    done.unwrap();
    stats
}

#[test]
fn other_sizes_and_constants_compile_nothing() {
    for device in engines() {
        let x = |shape: &[usize]| ramp(&device, shape);
        let programs: [(&str, &dyn Fn(usize, f64) -> Array<f64>); 6] = [
            ("map", &|n, c| (x(&[n]) * c + x(&[n])).sin() - c),
            ("sum", &|n, c| (x(&[n]) * c).cos().sum(..) + c),
            ("rows", &|n, c| softmax(&(x(&[n, n / 2]) * c), 1)),
            ("columns", &|n, c| (x(&[n, n / 2]) - c).var(0) * c),
            ("broadcast", &|n, c| (x(&[n, 1]).maximum(c) / (x(&[n + 3]) + c)).sum(1)),
            ("views", &|n, c| x(&[n, n + 1]).t().slice(s![..;-1, 1..;2]).clamp(-c, c) * c),
        ];
        for (name, program) in programs {
            compiled(|| program(400, 0.3));
            for n in [400, 401, 402, 409, 437, 390] {
                for c in [0.3, 0.0, -0.0, 1.0, -1.0, 2.0, f64::INFINITY, f64::NAN] {
                    let stats = compiled(|| program(n, c));
                    assert_eq!(stats.kernels_compiled, 0, "{name} of {n} with {c} compiled on {device}");
                    assert_eq!(stats.plans_made, 0, "{name} of {n} with {c} was planned anew on {device}");
                }
            }
        }
    }
}

/// Sizes from 1 to 10^7, around everything that a schedule may turn on.
fn sizes(most: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (1..=40).collect();
    for k in 5..24 {
        let n = 1usize << k;
        all.extend([n - 1, n, n + 1, n + n / 2]);
    }
    all.extend([100, 255, 300, 1000, 10_000, 100_000, 1_000_000, 10_000_000]);
    all.retain(|&n| n <= most);
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn all_sizes_together_compile_at_most_four_times_the_kernels_of_one() {
    // What another test compiled first would not be counted, and what it pushed out of the cache twice.
    const NAME: &str = "all_sizes_together_compile_at_most_four_times_the_kernels_of_one";
    if !crate::support::alone(&format!("kernel_counts::{NAME}")) {
        return;
    }
    let d = Device::cpu();
    let data: Vec<f32> = (0..10_000_000).map(|i| (i % 1013) as f32 / 500.0 - 1.0).collect();
    let whole = on(&d, &data);
    let vector = |n: usize| whole.slice(s![..n]);
    let programs: [(&str, usize, &dyn Fn(usize) -> Array<f32>); 6] = [
        ("map", 10_000_000, &|n| (vector(n) * 1.25 - 0.5).abs() + vector(n)),
        ("sum", 10_000_000, &|n| (vector(n) * 1.25 - 0.5).abs().sum(..)),
        ("norm", 10_000_000, &|n| {
            let x = vector(n).abs();
            (&x - x.mean(..)) / x.std(..)
        }),
        ("rows", 3_000_000, &|n| vector(3 * n).reshape([3, n]).abs().softmax(1)),
        ("columns", 3_000_000, &|n| vector(3 * n).reshape([n, 3]).abs().softmax(0)),
        ("many rows", 600_000, &|n| vector(5 * n).reshape([n, 5]).abs().layer_norm(1, 0.25)),
    ];
    for (name, most, program) in programs {
        let one = program(most.min(4321)).explain().kernels() as u64;
        let mut total = 0;
        for n in sizes(most) {
            total += compiled(|| program(n)).kernels_compiled;
        }
        assert!(total <= 4 * one, "{name}: {total} kernels compiled for all sizes, {one} for one");
        println!("{name}: {total} kernels compiled for all sizes, {one} for one");
    }
}

#[test]
fn a_chain_of_100_000_mixed_operations() {
    for device in engines() {
        for limit in [RecordingLimit::NONE, RecordingLimit::default()] {
            with_recording_limit(limit, || {
                let data: Vec<f64> = (0..37).map(|i| i as f64).collect();
                let (mut x, mut expected) = (on(&device, &data), data.clone());
                for i in 0..100_000 {
                    x = match i % 4 {
                        0 => x * 0.5,
                        1 => x + 1.0,
                        2 => x.abs(),
                        _ => x.slice(s![..;-1]),
                    };
                }
                for _ in 0..25_000 {
                    expected = expected.iter().rev().map(|v| (v * 0.5 + 1.0).abs()).collect();
                }
                let (y, z) = (x.sum(..), &x + 1.0);
                assert_bits(&format!("chain on {device}"), &x, &expected, |i| i.to_string());
                assert_eq!(z.sum(..).item().unwrap(), y.item().unwrap() + 37.0);
            });
        }
    }
}

#[test]
fn a_sum_of_thousands_of_arrays() {
    for device in engines() {
        let parts: Vec<Array<f64>> = (0..3000).map(|i| on(&device, &[i as f64, 1.0, -1.0])).collect();
        let total = parts.iter().skip(1).fold(parts[0].clone(), |s, x| s + x);
        let expected = [2999.0 * 1500.0, 3000.0, -3000.0];
        assert_bits(&format!("fold on {device}"), &total, &expected, |i| i.to_string());
        // As a tree, whose every level is wide.
        let mut level = parts;
        while level.len() > 1 {
            level =
                level.chunks(2).map(|p| if p.len() == 2 { &p[0] + &p[1] } else { p[0].clone() }).collect();
        }
        assert_bits(&format!("tree on {device}"), &level[0], &expected, |i| i.to_string());
    }
}

/// KiB of memory that this process holds.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn a_million_steps_with_constants_hold_constant_memory() {
    if !crate::support::alone("kernel_counts::a_million_steps_with_constants_hold_constant_memory") {
        return;
    }
    let mut x = on(&Device::cpu(), &[1.0f32; 100]);
    let mut early = 0;
    for i in 0..1_000_000 {
        // Constants that all differ: none of them may be kept anywhere.
        x = x * (0.5 + i as f32 * 1e-9) + 1.0;
        if i == 200_000 {
            lazuli::clear_memory();
            early = resident();
        }
    }
    // Other tests run beside this one, so the bound is wide: 800,000 steps of two nodes with
    // constants would hold more than 300 MiB.
    lazuli::clear_memory();
    let grown = resident().saturating_sub(early);
    assert!(x.to_vec().unwrap().iter().all(|v| (v - 2.0).abs() < 0.01));
    assert!(grown < 200 << 10, "{grown} KiB more after a million steps than after 200,000");
}

#[test]
fn threads_evaluate_one_graph_at_once() {
    for device in engines() {
        for round in 0..30 {
            let x = ramp(&device, &[50, 40 + round]);
            let shared = (&x * 2.0).exp();
            let rows = shared.sum(1);
            let roots: Vec<Array<f64>> = (0..6)
                .map(|i| match i % 3 {
                    0 => &shared / rows.expand_dims(1),
                    1 => (&shared - i as f64).sum(0),
                    _ => rows.ln() + shared.max(1),
                })
                .collect();
            // The same, computed by one thread from another graph.
            let e = (ramp(&device, &[50, 40 + round]) * 2.0).exp().eval().unwrap().clone();
            let expected: Vec<Vec<f64>> = (0..6)
                .map(|i| match i % 3 {
                    0 => &e / e.sum(keep(1)),
                    1 => (&e - i as f64).sum(0),
                    _ => e.sum(1).ln() + e.max(1),
                })
                .map(|y| y.to_vec().unwrap())
                .collect();
            let barrier = Barrier::new(8);
            thread::scope(|scope| {
                for k in 0..8 {
                    let (barrier, roots, expected, shared) = (&barrier, &roots, &expected, &shared);
                    scope.spawn(move || {
                        barrier.wait();
                        for i in 0..6 {
                            let i = (i + k) % 6;
                            let what = format!("root {i} of thread {k} on {device}");
                            match k % 3 {
                                0 => lazuli::eval(roots).unwrap(),
                                1 => drop((shared + 1.0).sum(..).item().unwrap()),
                                _ => {}
                            }
                            assert_bits(&what, &roots[i], &expected[i], |i| i.to_string());
                        }
                    });
                }
            });
        }
    }
}

#[test]
fn what_many_threads_ask_for_is_computed_once() {
    for device in engines() {
        for _ in 0..20 {
            let x = ramp(&device, &[40_000]);
            let y = softmax(&(&x * 3.0), ..).cumulated();
            let planned = y.explain().kernels() as u64;
            let barrier = Barrier::new(6);
            let run: u64 = thread::scope(|scope| {
                let ask = || {
                    barrier.wait();
                    stats_scope(|| y.eval().map(|_| ()).unwrap()).1.kernels_run
                };
                let threads: Vec<_> = (0..6).map(|_| scope.spawn(ask)).collect();
                threads.into_iter().map(|t| t.join().unwrap()).sum()
            });
            assert_eq!(run, planned, "kernels run by six threads on {device}");
        }
    }
}

trait Cumulated {
    fn cumulated(&self) -> Self;
}

impl Cumulated for Array<f64> {
    /// Some more stages.
    fn cumulated(&self) -> Array<f64> {
        (self - self.mean(..)) / self.std(..)
    }
}

#[test]
fn a_plan_of_nothing() {
    let nothing = Vec::<Array<f32>>::new();
    let plan = lazuli::explain(&nothing[..]).unwrap();
    assert_eq!((plan.kernels(), plan.launches()), (0, 0), "{plan}");
    lazuli::eval(&nothing[..]).unwrap();
    assert_eq!(lazuli::inspect(&nothing[..]).unwrap().kernels().len(), 0);
}

#[test]
fn plans_know_what_they_took() {
    let (x, n) = (ramp(&Device::cpu(), &[500, 500]), 250_000.0);
    let record = |x: &Array<f64>| (x.matmul(x), (x * 2.5).exp() - 0.25);
    let before = lazuli::explain(record(&x)).unwrap();
    assert!(before.steps.iter().all(|step| step.shortest.is_none()), "{before}");
    for _ in 0..2 {
        lazuli::eval(record(&x)).unwrap();
        lazuli::wait_for_compiler();
    }
    let after = lazuli::explain(record(&x)).unwrap();
    assert!(after.steps.len() >= 2, "{after}");
    for step in &after.steps {
        let shortest = step.shortest.expect("it has run").as_secs_f64();
        assert!(shortest > 1e-7 && shortest < 10.0, "{after}");
        assert!(step.bandwidth().unwrap() > 8.0 * n / 10.0, "{after}");
        // Nothing is known about how long libraries take.
        assert_eq!(step.expected.is_some(), step.kind == "kernel", "{after}");
    }
    let text = after.to_string();
    assert!(text.contains("expected") && text.contains("measured") && text.contains("GB/s"), "{text}");
    assert!(after.to_svg().contains("measured"));
    // Another device has other times, and one that ends later than its launch has none.
    for device in engines().into_iter().filter(|d| *d != Device::cpu()) {
        let x = ramp(&device, &[20, 30]).dot(&ramp(&device, &[30, 20]));
        lazuli::eval(record(&x)).unwrap();
        let plan = lazuli::explain(record(&x)).unwrap();
        assert!(plan.steps.iter().all(|step| step.shortest.is_none()), "{device}: {plan}");
    }
}
