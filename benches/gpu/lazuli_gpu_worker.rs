//! Lazuli among its peers on a GPU: a worker that is told on its standard input what to measure.
//!
//! It says `{"ready": true}`, then answers each line with one line of JSON: `setup G CASE SEED` makes the data, calls
//! once and tells the outputs of set 0; `run SECONDS` tells seconds a call; `drop` gives everything back; `quit`.
//! `kernels SECONDS` measures kernels of threads beside CUDA C++ (`kernels.rs`), which `scripts/gpu` asks for.
//! What cannot be done is `{"ok": false, "why": "..."}`. `README.md` beside this file says who asks.
//!
//! Times are the device's own: events around calls that are queued before anybody waits, as the peers are measured. A
//! call drops the outputs of the call before, computes from the next set of inputs, and its outputs are fresh memory.
//! Of G12 the host's time a call is told, the waiting not counted.
//!
//! `LAZULI_GPU_DEVICE` is `cuda` (the first GPU; so by default) or `simulator` (by default where `GPU_PEERS_SMOKE=1`).
//! With the argument `--plain` calls record anew instead of calling a compiled function, and softmax and layer norm are
//! written out in single operations.

use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::time::Instant;

use lazuli::prelude::*;
use lazuli::{Error, Event, Stream};

mod data;
mod kernels;
mod works;

use data::{Sample, number, summary};
use works::{Outputs, Typed, Work};

fn main() -> ExitCode {
    let plain = match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => false,
        [only] if only == "--plain" => true,
        _ => {
            eprintln!("lazuli_gpu_worker: the only argument is --plain");
            return ExitCode::from(2);
        }
    };
    let start = Instant::now();
    let mut worker = match Worker::new(plain) {
        Ok(worker) => worker,
        Err(why) => {
            println!(r#"{{"ready": false, "why": "{}"}}"#, escaped(&why));
            return ExitCode::FAILURE;
        }
    };
    let (took, device) = (start.elapsed().as_secs_f64(), escaped(&worker.device.info().to_string()));
    match worker
        .serve(format!(r#"{{"ready": true, "import_s": {took:e}, "info": {{"device": "{device}"}}}}"#))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE, // nobody listens any more
    }
}

struct Worker {
    device: Device,
    stream: Stream,
    plain: bool,
    /// What keeps the device busy for some milliseconds.
    stall: (Array<f32>, Array<f32>),
    case: Option<Box<dyn Case>>,
}

impl Worker {
    fn new(plain: bool) -> Result<Worker, String> {
        let asked = std::env::var("LAZULI_GPU_DEVICE").ok();
        let default = if works::smoke() { "simulator" } else { "cuda" };
        let device = match asked.as_deref().unwrap_or(default) {
            "cuda" => Device::cuda(0),
            "simulator" => Device::cuda_simulator(),
            other => return Err(format!("LAZULI_GPU_DEVICE is {other:?}: it must be cuda or simulator")),
        };
        let device = device.map_err(|e| e.to_string())?;
        let with = |device: Device| -> Result<Worker, Error> {
            let stream = Stream::default_of(&device)?;
            let n = if works::smoke() { 1 << 5 } else { 1 << 16 }; // n * n exponentials: about 3 ms of an H200
            let line = || Array::linspace(0.0f32, 1.0, n).to_device(&device);
            let stall = (line(), line());
            Ok(Worker { device, stream, plain, stall, case: None })
        };
        with(device).map_err(|e| e.to_string())
    }

    /// Answers until it is told to quit, or nobody asks any more.
    fn serve(&mut self, first: String) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        let mut say = |line: String| {
            writeln!(out, "{line}")?;
            out.flush()
        };
        say(first)?;
        for line in std::io::stdin().lock().lines() {
            let line = line?;
            let words: Vec<&str> = line.split_whitespace().collect();
            let answer = match words.as_slice() {
                ["setup", name, case, seed] => match seed.parse() {
                    Ok(seed) => self.setup(name, case, seed),
                    Err(_) => Err(format!("{seed:?} is no seed")),
                },
                ["run", seconds] => match seconds.parse() {
                    Ok(seconds) => self.run(seconds),
                    Err(_) => Err(format!("{seconds:?} is no number of seconds")),
                },
                ["kernels", seconds] => match seconds.parse() {
                    Ok(seconds) => self.kernels(seconds),
                    Err(_) => Err(format!("{seconds:?} is no number of seconds")),
                },
                ["drop"] => {
                    self.drop_all();
                    Ok(r#"{"ok": true}"#.to_owned())
                }
                ["quit"] => break,
                [] => continue,
                _ => Err(format!("cannot do {line:?}")),
            };
            say(answer.unwrap_or_else(|why| format!(r#"{{"ok": false, "why": "{}"}}"#, escaped(&why))))?;
        }
        Ok(())
    }

    fn kernels(&mut self, seconds: f64) -> Result<String, String> {
        self.drop_all();
        kernels::measure(&self.device, &self.stream, seconds).map_err(|e| e.to_string())
    }

    fn drop_all(&mut self) {
        self.case = None;
        lazuli::clear_memory(); // the peers need the device's memory next
    }

    fn setup(&mut self, name: &str, case: &str, seed: u64) -> Result<String, String> {
        self.drop_all();
        let single = name == "G12";
        let made: Box<dyn Case> = match works::work(name, case, self.plain)? {
            Typed::F32(work) => self.load(work, seed, single),
            Typed::F64(work) => self.load(work, seed, single),
            Typed::Bf16(work) => self.load(work, seed, single),
        }
        .map_err(|e| e.to_string())?;
        let case = self.case.insert(made);
        first_call(case.as_mut(), &self.stream).map_err(|e| e.to_string())
    }

    fn load<T: Sample>(&self, work: Work<T>, seed: u64, single: bool) -> Result<Box<dyn Case>, Error> {
        let sets = work.sets(&self.device, seed, single)?;
        self.stream.synchronize()?;
        Ok(Box::new(Loaded { work, sets, single, kept: None }))
    }

    fn run(&mut self, seconds: f64) -> Result<String, String> {
        let case = self.case.as_deref_mut().ok_or("nothing is set up")?;
        let times = if case.host() {
            host_times(case, &self.stream, seconds)
        } else {
            device_times(case, &self.stream, &self.stall, seconds)
        };
        times.map_err(|e| e.to_string())
    }
}

/// A workload with its data, whatever the type of its elements.
trait Case {
    /// Sets of inputs.
    fn sets(&self) -> usize;
    /// Is it the host's time that counts?
    fn host(&self) -> bool;
    /// Drops the last outputs, then computes those of a set.
    fn call(&mut self, set: usize) -> Result<(), Error>;
    /// The last outputs, as the program that asks wants them told.
    fn summaries(&self) -> Result<String, Error>;
}

struct Loaded<T: Sample> {
    work: Work<T>,
    sets: Vec<Vec<Array<T>>>,
    single: bool,
    kept: Option<Outputs<T>>,
}

impl<T: Sample> Case for Loaded<T> {
    fn sets(&self) -> usize {
        self.sets.len()
    }

    fn host(&self) -> bool {
        self.single
    }

    fn call(&mut self, set: usize) -> Result<(), Error> {
        self.kept = None;
        self.kept = Some((self.work.program)(&self.sets[set % self.sets.len()])?);
        Ok(())
    }

    fn summaries(&self) -> Result<String, Error> {
        let Some((one, other)) = &self.kept else { return Ok(String::new()) };
        let all: Result<Vec<String>, Error> =
            [Some(one), other.as_ref()].into_iter().flatten().map(summary).collect();
        Ok(all?.join(", "))
    }
}

fn first_call(case: &mut dyn Case, stream: &Stream) -> Result<String, Error> {
    let start = Instant::now();
    case.call(0)?;
    stream.synchronize()?;
    let first = start.elapsed().as_secs_f64();
    let (sets, outs) = (case.sets(), case.summaries()?);
    Ok(format!(r#"{{"ok": true, "first_s": {first:e}, "nsets": {sets}, "outs": [{outs}]}}"#))
}

/// Samples of `k` calls between two events, all queued before the one wait: `k` is 1 for calls of 0.3 ms or more. For
/// shorter ones also the device's time alone: ten calls that were queued while it was busy with something else.
fn device_times(
    case: &mut dyn Case,
    stream: &Stream,
    (x, y): &(Array<f32>, Array<f32>),
    seconds: f64,
) -> Result<String, Error> {
    for set in 0..4 {
        case.call(set)?;
    }
    stream.synchronize()?;
    let start = Instant::now();
    case.call(0)?;
    case.call(1)?;
    stream.synchronize()?;
    let once = (start.elapsed().as_secs_f64() / 2.0).max(1e-6);
    let k = if once >= 3e-4 { 1 } else { ((3e-4 / once).ceil() as usize).min(100) };
    let sample = once * k as f64;
    let mut count = ((seconds / sample) as usize).clamp(20, 400);
    if sample * count as f64 > 4.0 {
        count = ((4.0 / sample) as usize).max(5);
    }
    let mut next = 0;
    let mut calls = |n: usize| -> Result<(), Error> {
        for _ in 0..n {
            case.call(next)?;
            next += 1;
        }
        Ok(())
    };
    let mut events = Vec::with_capacity(count);
    for _ in 0..count {
        let before = Event::record(stream)?;
        calls(k)?;
        events.push((before, Event::record(stream)?));
    }
    stream.synchronize()?;
    let times: Result<Vec<f64>, Error> = events.iter().map(|(a, b)| between(a, b, k)).collect();
    let mut answer = format!(r#"{{"ts": [{}], "k": {k}"#, list(&times?));
    if k > 1 {
        let mut alone = Vec::new();
        for _ in 0..20 {
            let busy = (x.expand_dims(1) - y.expand_dims(0)).exp().sum(1);
            busy.eval_on(stream)?;
            let before = Event::record(stream)?;
            calls(10)?;
            let after = Event::record(stream)?;
            stream.synchronize()?;
            alone.push(between(&before, &after, 10)?);
        }
        answer += &format!(r#", "dev_ts": [{}]"#, list(&alone));
    }
    Ok(answer + "}")
}

fn between(before: &Event, after: &Event, calls: usize) -> Result<f64, Error> {
    Ok(after.elapsed(before)?.as_secs_f64() / calls as f64)
}

/// The host's time to queue a call, 50 at a time, and that of a call with the wait for it.
fn host_times(case: &mut dyn Case, stream: &Stream, seconds: f64) -> Result<String, Error> {
    for _ in 0..20 {
        case.call(0)?;
    }
    stream.synchronize()?;
    let (mut queued, mut waited) = (Vec::new(), Vec::new());
    let start = Instant::now();
    while queued.len() < 20 || (start.elapsed().as_secs_f64() < seconds / 2.0 && queued.len() < 400) {
        let begun = Instant::now();
        for _ in 0..50 {
            case.call(0)?;
        }
        queued.push(begun.elapsed().as_secs_f64() / 50.0);
        stream.synchronize()?;
    }
    let start = Instant::now();
    while waited.len() < 50 || (start.elapsed().as_secs_f64() < seconds / 2.0 && waited.len() < 2000) {
        let begun = Instant::now();
        case.call(0)?;
        stream.synchronize()?;
        waited.push(begun.elapsed().as_secs_f64());
    }
    Ok(format!(r#"{{"ts": [{}], "sync_ts": [{}], "k": 50}}"#, list(&queued), list(&waited)))
}

fn list(times: &[f64]) -> String {
    times.iter().map(|&t| number(t)).collect::<Vec<_>>().join(", ")
}

/// Fit for a string of JSON.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
