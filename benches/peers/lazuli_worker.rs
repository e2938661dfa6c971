//! Lazuli among its peers: a worker that is told on its standard input what to measure.
//!
//! It says `{"ready": true}`, then answers each line with one line of JSON: `setup W CASE` reads the data, runs once and
//! checks the result; `run SECONDS FLAG` makes two untimed calls, then at least three timed ones until the time is up
//! (FLAG 1: first touch and release 400 MB, so that page faults are nobody's luck); `drop` forgets the workload; `quit`.
//! A call records the expression, evaluates it and drops the result of the call before, as the other workers do.
//!
//! `LAZULI_PEERS_DATA` names a folder with the inputs `W_CASE_in0.npy`, ... and the float64 results `W_CASE_out0.npy`, ...
//! that `rounds.py` writes; all programs measure the same numbers.

use std::hint::black_box;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use ndarray::ArrayD;
use ndarray_npy::{ReadNpyError, read_npy};

#[path = "../workloads/mod.rs"]
mod workloads;

use workloads::{Host, Owned, Runner, largest_error};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let mut say = |line: String| {
        writeln!(out, "{line}")?;
        out.flush()
    };
    if let Some(threads) = std::env::var("LAZULI_PEERS_THREADS").ok().and_then(|text| text.parse().ok()) {
        lazuli::set_num_threads(threads);
    }
    say(r#"{"ready": true}"#.to_owned())?;
    let mut runner: Option<Runner> = None;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let answer = match words.as_slice() {
            ["setup", work, case] => {
                runner = None;
                setup(work, case).map(|(made, first, error)| {
                    runner = Some(made);
                    format!(r#"{{"ok": true, "first_s": {first:e}, "err": {error:e}}}"#)
                })
            }
            ["run", seconds, flag] => match (&runner, seconds.parse()) {
                (Some(runner), Ok(seconds)) => run(runner, seconds, *flag == "1").map(|times| {
                    let times: Vec<String> = times.iter().map(|t| format!("{t:e}")).collect();
                    format!(r#"{{"ts": [{}]}}"#, times.join(", "))
                }),
                (None, _) => Err("nothing is set up".to_owned()),
                (_, Err(_)) => Err(format!("{seconds:?} is no number of seconds")),
            },
            ["drop"] => {
                runner = None;
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

fn setup(work: &str, case: &str) -> Result<(Runner, f64, f64), String> {
    let folder = std::env::var_os("LAZULI_PEERS_DATA").ok_or("LAZULI_PEERS_DATA is not set")?;
    let path =
        |kind: &str, i: usize| -> PathBuf { Path::new(&folder).join(format!("{work}_{case}_{kind}{i}.npy")) };
    let inputs: Result<Vec<Host>, String> =
        (0..).map(|i| path("in", i)).take_while(|p| p.exists()).map(|p| input(&p)).collect();
    let runner =
        workloads::lazuli(work, case, &inputs?, Owned::Lazuli).ok_or("not written, or no data for it")?;

    let start = Instant::now();
    let answer = runner().map_err(|e| e.to_string())?;
    let first = start.elapsed().as_secs_f64();

    let expected: Result<Vec<Vec<f64>>, String> =
        (0..).map(|i| path("out", i)).take_while(|p| p.exists()).map(|p| output(&p)).collect();
    let error = largest_error(&answer.numbers().map_err(|e| e.to_string())?, &expected?);
    if error.is_finite() { Ok((runner, first, error)) } else { Err("the result is wrong".to_owned()) }
}

fn input(path: &Path) -> Result<Host, String> {
    match read_npy::<_, ArrayD<f32>>(path) {
        Ok(array) => Ok(Host::F32(array)),
        Err(ReadNpyError::WrongDescriptor(_)) => read_npy(path).map(Host::F64).map_err(|e| e.to_string()),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

fn output(path: &Path) -> Result<Vec<f64>, String> {
    let array: ArrayD<f64> = read_npy(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(array.iter().copied().collect())
}

/// Seconds a call. Short calls are timed in groups of about 0.2 ms.
fn run(runner: &Runner, seconds: f64, prewarm: bool) -> Result<Vec<f64>, String> {
    if prewarm {
        touch(400 << 20);
    }
    let call = || runner().map_err(|e| e.to_string());
    let mut kept = call()?;
    let start = Instant::now();
    kept = black_box(replaced(kept, call()?));
    let once = start.elapsed().as_secs_f64();
    let group = if once > 2e-4 { 1 } else { (2e-4 / once.max(1e-7)) as usize };
    let count = ((seconds / (once * group as f64).max(1e-9)) as usize).clamp(3, 400);
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let start = Instant::now();
        for _ in 0..group {
            kept = black_box(replaced(kept, call()?));
        }
        times.push(start.elapsed().as_secs_f64() / group as f64);
    }
    Ok(times)
}

/// The new result in the place of the old one, which is dropped now.
fn replaced<T>(old: T, new: T) -> T {
    drop(old);
    new
}

fn touch(bytes: usize) {
    let mut memory = vec![0u8; bytes];
    memory.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    black_box(&memory);
}

fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            if c == '"' || c == '\\' {
                vec!['\\', c]
            } else if c < ' ' {
                vec![' ']
            } else {
                vec![c]
            }
        })
        .collect()
}
