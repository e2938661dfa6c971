//! The numbers that all programs measure: made the same way, bit for bit, by each of them.
//!
//! Element `j` of input `i` of set `k` is a hash of `(seed, k, i, j)`, turned into a uniform or a bell-shaped number
//! by exact arithmetic in float64 and rounded once. Outputs are told by their sum, the sum of their magnitudes and 512
//! elements at fixed places, which the program that asks holds against float64. All of it is computed on the host, by
//! all of its cores, so that nothing here rests on the device that is measured.

use std::num::Wrapping;
use std::thread;

use lazuli::prelude::*;

/// An element type of the workloads.
pub trait Sample: Float + std::ops::Neg<Output = Self> {
    /// Bits of a hash that make a uniform number.
    const BITS: u32;
    /// Rounded as the peers round.
    fn near(value: f64) -> Self;
    /// Exact.
    fn wide(self) -> f64;
}

impl Sample for f32 {
    const BITS: u32 = 24;
    fn near(value: f64) -> f32 {
        value as f32
    }
    fn wide(self) -> f64 {
        self.into()
    }
}

impl Sample for f64 {
    const BITS: u32 = 40;
    fn near(value: f64) -> f64 {
        value
    }
    fn wide(self) -> f64 {
        self
    }
}

impl Sample for bf16 {
    const BITS: u32 = 24;
    fn near(value: f64) -> bf16 {
        bf16::from_f32(value as f32) // twice, as the peers do
    }
    fn wide(self) -> f64 {
        self.to_f64()
    }
}

/// How an input's numbers are spread.
#[derive(Clone, Copy)]
pub enum Spread {
    /// Evenly, from the first number on, over a range as wide as the second.
    Uniform(f64, f64),
    /// Like a normal distribution around 0, with about this deviation.
    Bell(f64),
}

const STEP: Wrapping<u64> = Wrapping(0x9E37_79B9_7F4A_7C15);

/// The finaliser of splitmix64.
fn mix(z: Wrapping<u64>) -> Wrapping<u64> {
    let z = (z ^ (z >> 30)) * Wrapping(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)) * Wrapping(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn element<T: Sample>(key: Wrapping<u64>, j: usize, spread: Spread) -> T {
    let z = mix(key + Wrapping(j as u64 + 1) * STEP).0;
    T::near(match spread {
        Spread::Uniform(low, width) => {
            let unit = (z >> (64 - T::BITS)) as f64 / (1u64 << T::BITS) as f64;
            unit * width + low
        }
        Spread::Bell(scale) => {
            let fields = (z & 0xFFFF) + (z >> 16 & 0xFFFF) + (z >> 32 & 0xFFFF) + (z >> 48);
            (fields as f64 - 131_070.0) * (7.0 / f64::from(1 << 18) * scale)
        }
    })
}

/// Input `input` of set `set`, with `n` elements.
pub fn generate<T: Sample>(n: usize, seed: u64, set: usize, input: usize, spread: Spread) -> Vec<T> {
    let key = mix((Wrapping(seed) << 32) + Wrapping((set * 256 + input) as u64));
    let mut data = vec![T::near(0.0); n];
    let piece = piece(n);
    thread::scope(|scope| {
        for (p, part) in data.chunks_mut(piece).enumerate() {
            scope.spawn(move || {
                for (j, value) in part.iter_mut().enumerate() {
                    *value = element(key, p * piece + j, spread);
                }
            });
        }
    });
    data
}

/// So many elements for each core.
fn piece(n: usize) -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    n.div_ceil(cores).max(1 << 14)
}

/// An output, as the program that asks wants to be told of it.
pub fn summary<T: Sample>(output: &Array<T>) -> Result<String, lazuli::Error> {
    let data = output.to_vec()?;
    let sums = |part: &[T]| part.iter().fold((0.0, 0.0), |(s, a), v| (s + v.wide(), a + v.wide().abs()));
    let (sum, magnitudes) = thread::scope(|scope| {
        let parts: Vec<_> =
            data.chunks(piece(data.len())).map(|part| scope.spawn(move || sums(part))).collect();
        let parts = parts.into_iter().map(|part| part.join().expect("sums do not panic"));
        parts.fold((0.0, 0.0), |(s, a), (t, b)| (s + t, a + b))
    });
    let samples = places(data.len()).into_iter().map(|j| number(data[j].wide()));
    let samples: Vec<String> = samples.collect();
    Ok(format!(
        r#"{{"n": {}, "sum": {}, "asum": {}, "samples": [{}]}}"#,
        data.len(),
        number(sum),
        number(magnitudes),
        samples.join(", ")
    ))
}

/// The indices of the elements that are told, of `n`.
fn places(n: usize) -> Vec<usize> {
    if n <= 512 {
        return (0..n).collect();
    }
    let hashed = (0..480).map(|i| (mix(Wrapping(0x5A17 + i)).0 % n as u64) as usize);
    (0..16).chain(n - 16..n).chain(hashed).collect()
}

/// As Python's JSON reads it.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else {
        format!("{value:e}")
    }
}
