//! One task on two devices: normalise two vectors on the CPU, copy them to the GPU, and form their dot product there;
//! the same all on the CPU, and all on the GPU. Which is best depends on the size and on where the data are, so a table
//! says it for a range of sizes.
//!
//! Shows that only `to_device` moves data, that events tell the time of each step on the device that does it, and that
//! the result has the same bits wherever it is computed; a difference of one bit ends the program.
//!
//! `cargo run --release --example mixed_devices`; without a GPU, `-- --device simulator` runs the GPU's kernels on the
//! CPU (the times then say nothing about a GPU), and `--quick` takes small sizes.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use lazuli::prelude::*;
use lazuli::{Error, Event, Stream};

/// Mean 0, standard deviation 1.
pub fn norm(x: &Array<f64>) -> Array<f64> {
    (x - x.mean(..)) / x.std(..)
}

/// A result, the time of each step by events, and that of all by the host's clock: events of two devices have no clock
/// in common.
pub struct Outcome {
    /// The dot product.
    pub value: f64,
    /// One time for each step.
    pub steps: Vec<Duration>,
    /// From the call to the number.
    pub total: Duration,
}

/// Events around steps on a device.
struct Steps {
    stream: Stream,
    marks: Vec<Event>,
}

impl Steps {
    fn new(device: &Device) -> Result<Steps, Error> {
        let stream = Stream::default_of(device)?;
        let marks = vec![Event::record(&stream)?];
        Ok(Steps { stream, marks })
    }

    /// A step ends here.
    fn mark(&mut self) -> Result<(), Error> {
        self.marks.push(Event::record(&self.stream)?);
        Ok(())
    }

    fn times(&self) -> Result<Vec<Duration>, Error> {
        self.marks.windows(2).map(|two| two[1].elapsed(&two[0])).collect()
    }
}

/// All on the device where the vectors are.
pub fn there(x: &Array<f64>, y: &Array<f64>) -> Result<Outcome, Error> {
    let start = Instant::now();
    let mut steps = Steps::new(&x.device())?;
    let dot = norm(x).dot(&norm(y));
    dot.eval()?;
    steps.mark()?;
    let value = dot.item()?;
    let total = start.elapsed();
    Ok(Outcome { value, steps: steps.times()?, total })
}

/// Copied to `device`, then all there. Steps: the copies, the computation.
pub fn sent(x: &Array<f64>, y: &Array<f64>, device: &Device) -> Result<Outcome, Error> {
    let start = Instant::now();
    let mut steps = Steps::new(device)?;
    let (x, y) = (x.to_device(device), y.to_device(device));
    steps.mark()?;
    let dot = norm(&x).dot(&norm(&y));
    dot.eval()?;
    steps.mark()?;
    let value = dot.item()?;
    let total = start.elapsed();
    Ok(Outcome { value, steps: steps.times()?, total })
}

/// Normalised where the vectors are, the dot product on `device`. Steps: normalise, the copies, the product.
pub fn mixed(x: &Array<f64>, y: &Array<f64>, device: &Device) -> Result<Outcome, Error> {
    let start = Instant::now();
    let mut before = Steps::new(&x.device())?;
    let (x, y) = (norm(x), norm(y));
    lazuli::eval([&x, &y])?;
    before.mark()?;
    let mut after = Steps::new(device)?;
    let (x, y) = (x.to_device(device), y.to_device(device));
    after.mark()?;
    let dot = x.dot(&y);
    dot.eval()?;
    after.mark()?;
    let value = dot.item()?;
    let total = start.elapsed();
    Ok(Outcome { value, steps: [before.times()?, after.times()?].concat(), total })
}

/// The outcome with the median total, of several after one that is not counted.
fn median(count: usize, run: impl Fn() -> Result<Outcome, Error>) -> Result<Outcome, Error> {
    run()?;
    let mut all = (0..count).map(|_| run()).collect::<Result<Vec<_>, _>>()?;
    all.sort_by_key(|outcome| outcome.total);
    Ok(all.swap_remove(count / 2))
}

const NAMES: [&str; 3] = ["cpu", "mixed", "gpu"];

/// Measures one size: a line of the table, and which of [`NAMES`] is best.
fn compare(n: usize, count: usize, device: &Device) -> Result<(String, usize), String> {
    let wave = |step: f64| Array::from_vec((0..n).map(|i| (i as f64 * step).sin() * 3.0 + 1.0).collect());
    let (x, y): (Array<f64>, Array<f64>) = (wave(0.37), wave(0.41));
    let measure = || -> Result<[Outcome; 4], Error> {
        let (far_x, far_y) = (x.to_device(device), y.to_device(device));
        Ok([
            median(count, || there(&x, &y))?,
            median(count, || mixed(&x, &y, device))?,
            median(count, || sent(&x, &y, device))?,
            median(count, || there(&far_x, &far_y))?,
        ])
    };
    let all = measure().map_err(|e| format!("{n} numbers: {e}"))?;
    let bits = all.each_ref().map(|outcome| outcome.value.to_bits());
    if bits.iter().any(|&other| other != bits[0]) {
        let values = all.each_ref().map(|outcome| outcome.value);
        return Err(format!("{n} numbers: the results differ: {values:?}"));
    }
    let best = (0..3).min_by_key(|&i| all[i].total).expect("there are three");
    let us = |time: Duration| format!("{:>9.1}", time.as_secs_f64() * 1e6);
    let [cpu, mixed, gpu, stays] = &all;
    let cells: Vec<String> = [cpu.total]
        .iter()
        .chain(&mixed.steps)
        .chain([&mixed.total])
        .chain(&gpu.steps)
        .chain([&gpu.total, &stays.total])
        .map(|&time| us(time))
        .collect();
    Ok((format!("{n:>10} {}  {}", cells.join(" "), NAMES[best]), best))
}

struct Options {
    simulator: bool,
    quick: bool,
}

fn options(args: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { simulator: false, quick: false };
    let mut args = args;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => options.quick = true,
            "--device" => match args.next().as_deref() {
                Some("cuda") => options.simulator = false,
                Some("simulator") => options.simulator = true,
                _ => return Err("--device is cuda or simulator".to_owned()),
            },
            other => {
                return Err(format!(
                    "unknown option {other:?}: there are --device cuda|simulator and --quick"
                ));
            }
        }
    }
    Ok(options)
}

fn run(options: &Options) -> Result<(), String> {
    let device = if options.simulator { Device::cuda_simulator() } else { Device::cuda(0) };
    let device = device.map_err(|e| format!("{e} (--device simulator runs this without a GPU)"))?;
    println!("cpu: {}\ngpu: {}", Device::cpu().info(), device.info());
    if options.simulator {
        println!("The simulator's times say nothing about a GPU.");
    }
    println!(
        "\nMicroseconds, medians. 'total' is from two vectors on the CPU to a number; 'there' is on the GPU with the\n\
         vectors there already; the others are the devices' own times of the steps.\n\n\
         {:>10} {:>9} {:>39} {:>29} {:>9}  best\n{:>10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "",
        "cpu",
        "mixed",
        "gpu",
        "there",
        "numbers",
        "total",
        "normalise",
        "copy",
        "dot",
        "total",
        "copy",
        "all",
        "total",
        "total",
    );
    let (last, count) = match (options.quick, options.simulator) {
        (true, _) => (12, 1),
        (false, true) => (18, 5),
        (false, false) => (26, 7),
    };
    let mut ranges: Vec<(usize, usize, usize)> = Vec::new();
    for n in (10..=last).step_by(2).map(|power| 1 << power) {
        let (line, best) = compare(n, count, &device)?;
        println!("{line}");
        match ranges.last_mut() {
            Some((of, _, to)) if *of == best => *to = n,
            _ => ranges.push((best, n, n)),
        }
    }
    println!("\nAll results have the same bits. The best choice from data on the CPU:");
    for (best, from, to) in ranges {
        println!("  {from} to {to} numbers: {}", NAMES[best]);
    }
    Ok(())
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(why) => {
            eprintln!("mixed_devices: {why}");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("mixed_devices: {why}");
            ExitCode::FAILURE
        }
    }
}
