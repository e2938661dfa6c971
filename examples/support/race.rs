//! Fused, op by op and `ndarray`: who takes how long, and how far apart the results are.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Runs the three by turns, after one turn that is not timed, and tells their median times: 3 to 25 turns of together
/// about 3 seconds, or a single one where it must be `quick`.
pub fn race<T, U>(
    quick: bool,
    ours: impl Fn() -> Result<T, lazuli::Error>,
    theirs: impl Fn() -> U,
) -> Result<String, lazuli::Error> {
    let turn = || -> Result<[f64; 3], lazuli::Error> {
        let start = Instant::now();
        black_box(ours()?);
        let fused = start.elapsed();
        black_box(lazuli::fusion(false, &ours)?);
        let single = start.elapsed() - fused;
        black_box(theirs());
        let rest = start.elapsed() - fused - single;
        Ok([fused, single, rest].map(|time| time.as_secs_f64() * 1e3))
    };
    turn()?;
    let (begun, mut turns) = (Instant::now(), Vec::new());
    let most = if quick { 1 } else { 25 };
    while turns.len() < most && (turns.len() < 3 || begun.elapsed() < Duration::from_secs(3)) {
        turns.push(turn()?);
    }
    let median = |which: usize| {
        let mut times: Vec<f64> = turns.iter().map(|turn| turn[which]).collect();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let [fused, single, rest] = [0, 1, 2].map(median);
    let count = turns.len();
    Ok(format!(
        "time (median of {count}): fused {fused:.3} ms, op by op {single:.3} ms, ndarray {rest:.3} ms"
    ))
}

/// The largest absolute difference; not a number on both sides is none, on one side it is infinite.
pub fn largest_difference<'a>(ours: &[f64], theirs: impl Iterator<Item = &'a f64>) -> f64 {
    let differences = ours.iter().zip(theirs).map(|(a, b)| match (a.is_nan(), b.is_nan()) {
        (true, true) => 0.0,
        (false, false) if a == b => 0.0,
        (false, false) => (a - b).abs(),
        _ => f64::INFINITY,
    });
    differences.fold(0.0, f64::max)
}
