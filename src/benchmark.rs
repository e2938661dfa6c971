//! [`benchmark`]: how long a computation takes, and how near it comes to the memory's speed.

use crate::{Array, stats_scope, wait_for_compiler};
use std::fmt;
use std::hint::black_box;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Calls are repeated for this long, but at least [`FEWEST`] and at most [`MOST`] times.
const PATIENCE: Duration = Duration::from_millis(300);
const FEWEST: usize = 5;
const MOST: usize = 100_000;

/// What [`benchmark`] measured. `Display` gives it in a line.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Benchmark {
    /// The median time of a call.
    pub median: Duration,
    /// The shortest time of a call.
    pub shortest: Duration,
    /// Half the calls took at most this much less or more than the median, as a share of it.
    pub spread: f64,
    /// How many calls were timed.
    pub calls: usize,
    /// Bytes that the kernels of a call read and wrote.
    pub bytes: u64,
    /// Kernels and library calls of a call.
    pub launches: u64,
}

impl Benchmark {
    /// Bytes a second, in the median.
    pub fn bandwidth(&self) -> f64 {
        self.bytes as f64 / self.median.as_secs_f64().max(1e-9)
    }

    /// The bandwidth as a share of [`memory_bandwidth`]. Above 1: the arrays lie in a cache.
    pub fn share(&self) -> f64 {
        self.bandwidth() / memory_bandwidth()
    }
}

impl fmt::Display for Benchmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (calls, spread) = (self.calls, self.spread * 100.0);
        write!(
            f,
            "{:.3?} (shortest {:.3?}, spread {spread:.0} %, {calls} calls)",
            self.median, self.shortest
        )?;
        let (megabytes, gigabytes) = (self.bytes as f64 / 1e6, self.bandwidth() / 1e9);
        write!(f, ", {megabytes:.1} MB in {} launches, {gigabytes:.1} GB/s", self.launches)?;
        write!(f, ", {:.0} % of the memory's", self.share() * 100.0)
    }
}

/// Times what a closure records and evaluates: it is called until nothing is compiled any more,
/// then for 0.3 seconds.
///
/// A call is timed whole: recording, planning, running, and dropping the result of the call before. On
/// a GPU only a call that waits is timed so, by reading elements or by
/// [`Event::synchronize`](crate::Event::synchronize).
///
/// ```
/// # use lazuli::prelude::*;
/// let x = Array::from_vec(vec![0.5f32; 100_000]);
/// let result = lazuli::benchmark(|| (&x * &x).sum(..).item());
/// assert_eq!((result.launches, result.bytes), (1, 400_004)); // x, and its sum
/// println!("{result}");
/// ```
pub fn benchmark<R>(mut call: impl FnMut() -> R) -> Benchmark {
    let mut kept = call();
    wait_for_compiler();
    for _ in 0..2 {
        kept = black_box(call());
    }
    let (again, stats) = stats_scope(&mut call);
    kept = black_box({
        drop(kept);
        again
    });
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.len() < FEWEST || (start.elapsed() < PATIENCE && times.len() < MOST) {
        let begin = Instant::now();
        kept = black_box({
            drop(kept);
            call()
        });
        times.push(begin.elapsed());
    }
    drop(kept);
    times.sort_unstable();
    let median = times[times.len() / 2];
    let mut off: Vec<Duration> = times.iter().map(|t| t.abs_diff(median)).collect();
    off.sort_unstable();
    Benchmark {
        median,
        shortest: times[0],
        spread: off[off.len() / 2].as_secs_f64() / median.as_secs_f64().max(1e-9),
        calls: times.len(),
        bytes: stats.bytes_read + stats.bytes_written,
        launches: stats.launches,
    }
}

/// Bytes a second that this machine reads from memory: of the best of some sums over 256 MiB,
/// measured when first asked for (0.2 seconds).
pub fn memory_bandwidth() -> f64 {
    static MEASURED: OnceLock<f64> = OnceLock::new();
    *MEASURED.get_or_init(|| {
        const BYTES: usize = 256 << 20;
        let x = Array::<f32>::zeros([BYTES / 4]) + 0.0;
        let sum = || x.sum(..).item();
        let ready = x.eval().is_ok() && sum().is_ok();
        wait_for_compiler();
        let best = (0..8).filter_map(|_| {
            let start = Instant::now();
            sum().is_ok().then(|| start.elapsed())
        });
        match best.min() {
            Some(time) if ready => BYTES as f64 / time.as_secs_f64().max(1e-9),
            // No memory to measure with.
            _ => f64::NAN,
        }
    })
}
