//! How long the steps of a plan took on the CPU, for `explain()`.
//!
//! Of all runs of a plan the shortest time of each step is kept: what it takes when nothing else disturbs it. Short
//! steps are not timed, since reading the clock twice takes some 50 ns; nor are the interpreter's runs of kernels
//! whose machine code is on its way, nor steps on GPUs, which are over later than their launch.

use super::cache::Runs;
use super::threads::WORTH_ASLEEP;
use lazuli_fusion::Launches;
use lazuli_fusion::bind::{Bound, Launch};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Kernels of less work than this, in nanoseconds of one thread, are not timed.
const SHORTEST: f64 = 5_000.0;
/// What nothing has taken.
const NEVER: u64 = u64::MAX;

/// The shortest times of a plan's steps, in nanoseconds.
pub struct Times(Box<[AtomicU64]>);

impl Times {
    /// Of a plan that has not run.
    pub fn new(launches: &Launches) -> Times {
        let steps = launches.launches.iter().filter(|launch| launch.is_first());
        Times(steps.map(|_| AtomicU64::new(NEVER)).collect())
    }

    /// The shortest time of a step, if it was timed.
    pub fn of(&self, step: usize) -> Option<Duration> {
        let shortest = self.0[step].load(Ordering::Relaxed);
        (shortest != NEVER).then(|| Duration::from_nanos(shortest))
    }
}

/// Times the steps of one run.
pub struct Stopwatch<'a> {
    times: &'a Times,
    /// How many steps have begun.
    begun: usize,
    /// When the step began that is being timed.
    since: Option<Instant>,
}

impl<'a> Stopwatch<'a> {
    /// Before the first step.
    pub fn new(times: &'a Times) -> Stopwatch<'a> {
        Stopwatch { times, begun: 0, since: None }
    }

    /// The launch begins; it may be another one of the same step.
    pub fn begins(&mut self, launch: &Launch, engine: &Runs<'_>) {
        if !launch.is_first() {
            return;
        }
        self.stop();
        self.begun += 1;
        let is_long = match launch {
            Launch::Kernel(bound) => bound.work >= SHORTEST,
            Launch::MatMul(_) | Launch::Call(_) => true,
        };
        if is_long && is_final(engine) {
            self.since = Some(Instant::now());
        }
    }

    /// The step that is being timed is over.
    pub fn stop(&mut self) {
        if let Some(since) = self.since.take() {
            let took = since.elapsed().as_nanos().min(u128::from(NEVER - 1)) as u64;
            self.times.0[self.begun - 1].fetch_min(took, Ordering::Relaxed);
        }
    }
}

/// Is this what the CPU will always run, before it comes back?
fn is_final(engine: &Runs<'_>) -> bool {
    match engine {
        Runs::Library | Runs::Compiled(_) => true,
        #[cfg(not(feature = "llvm"))]
        Runs::Portable(_) => true,
        #[cfg(feature = "llvm")]
        Runs::Portable(_) => !crate::llvm::available(),
        #[cfg(feature = "llvm")]
        Runs::Llvm(..) => true,
        #[cfg(feature = "llvm")]
        _ => false,
    }
}

/// What a kernel is expected to take on so many threads, all of its launches together.
pub fn expected<'a>(launches: impl Iterator<Item = &'a Bound>, threads: usize) -> Duration {
    let work: f64 = launches.map(|bound| bound.work).sum();
    let threads = if work >= WORTH_ASLEEP { threads.max(1) as f64 } else { 1.0 };
    Duration::from_secs_f64((work / threads).min(1e18) / 1e9)
}
