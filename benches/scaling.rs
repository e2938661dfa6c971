//! Time per element from 1 to 10^8 elements, for three expressions: does cost grow as the work grows?
//!
//! `cargo bench --bench scaling [-- PICTURE.png]`
//!
//! Prints a table of nanoseconds an element (recorded anew and evaluated, medians), the steepest rise from one size to the next,
//! and draws both axes in powers of ten.

use lazuli::prelude::*;
use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[path = "../examples/support/plot.rs"]
mod plot;

/// An expression of `n` elements, evaluated.
type Workload = (&'static str, fn(usize) -> Box<dyn Fn()>);

fn data<T: Number>(n: usize, scale: f64) -> Array<T> {
    let x = Array::from_vec((0..n).map(|i| (i % 1021) as f64 * scale).collect()).cast::<T>();
    x.eval().expect("memory for the data");
    x
}

/// Drops the result at once, as a program does with a temporary.
fn run<T: Element>(expression: Array<T>) {
    expression.eval().expect("memory for the result");
}

const WORKLOADS: [Workload; 3] = [
    ("x * y + 1, float32", |n| {
        let (x, y) = (data::<f32>(n, 0.01), data::<f32>(n, 0.003));
        Box::new(move || run(&x * &y + 1.0))
    }),
    ("sum(x * x), float64", |n| {
        let x = data::<f64>(n, 0.01);
        Box::new(move || run((&x * &x).sum(..)))
    }),
    ("(x - mean) / std, float64", |n| {
        let x = data::<f64>(n, 0.01);
        Box::new(move || run((&x - x.mean(..)) / x.std(..)))
    }),
];

/// The median time of a call: of calls for a tenth of a second, three at least.
fn median(call: &dyn Fn()) -> Duration {
    call();
    lazuli::wait_for_compiler();
    call();
    let (begin, mut times) = (Instant::now(), Vec::new());
    // Short calls are timed together, since a clock takes a while too.
    let together = (Duration::from_micros(20).as_nanos() / time(call, 1).as_nanos().max(1)).max(1) as u32;
    while times.len() < 3 || begin.elapsed() < Duration::from_millis(100) {
        times.push(time(call, together));
    }
    times.sort_unstable();
    times[times.len() / 2]
}

fn time(call: &dyn Fn(), calls: u32) -> Duration {
    let begin = Instant::now();
    (0..calls).for_each(|_| call());
    begin.elapsed() / calls
}

fn main() -> Result<(), Box<dyn Error>> {
    let sizes: Vec<usize> =
        (0..8).flat_map(|k| [1, 2, 5].map(|m| m * 10usize.pow(k))).chain([10usize.pow(8)]).collect();
    print!("| elements |");
    WORKLOADS.iter().for_each(|(name, _)| print!(" {name} |"));
    println!("\n|---|---|---|---|");
    let mut times = vec![Vec::new(); WORKLOADS.len()];
    for &n in &sizes {
        print!("| {n} |");
        for ((_, make), times) in WORKLOADS.iter().zip(&mut times) {
            let each = median(&*make(n)).as_secs_f64() * 1e9 / n as f64;
            print!(" {each:.3} ns |");
            times.push(each);
        }
        println!();
    }
    for ((name, _), times) in WORKLOADS.iter().zip(&times) {
        let rises = (1..sizes.len()).map(|i| (times[i] / times[i - 1], i));
        let (rise, i) = rises.max_by(|a, b| a.0.total_cmp(&b.0)).expect("more than one size");
        println!("{name}: steepest rise {rise:.2}, from {} to {} elements", sizes[i - 1], sizes[i]);
    }
    let logs = |values: &[f64]| values.iter().map(|v| v.log10()).collect::<Vec<f64>>();
    let x = logs(&sizes.iter().map(|&n| n as f64).collect::<Vec<_>>());
    let y: Vec<Vec<f64>> = times.iter().map(|times| logs(times)).collect();
    let series: Vec<(&str, &[f64])> =
        WORKLOADS.iter().zip(&y).map(|(&(name, _), y)| (name, &y[..])).collect();
    // cargo passes options of its own, such as `--bench`.
    let path = std::env::args().skip(1).find(|a| !a.starts_with("--"));
    let path = path.map_or_else(|| plot::default_path("scaling.png"), PathBuf::from);
    plot::lines(&path, "ns an element, by the number of elements (log10 of both)", &x, &series)?;
    println!("{}", path.display());
    Ok(())
}
