//! The workloads that `fused_vs_unfused` and `peers/lazuli_worker` measure: W1 to W13, each with its data, as a
//! Lazuli expression, and in `ndarray`.
//!
//! A call does what a user would do: it records, evaluates into fresh memory, and gives its result to the caller, who
//! drops it.
#![allow(dead_code, unused_imports)] // each of the two programs uses a part

use ndarray::ArrayD;

mod data;
mod lazuli_side;
mod ndarray_side;

pub use data::inputs;
pub use lazuli_side::{Owned, lazuli};
pub use ndarray_side::ndarray;

/// Every workload with its cases, as the table of `RESULTS.md` names them.
pub const WORKLOADS: &[(&str, &[&str])] = &[
    ("W1", &["1e3", "1e5", "1e7"]),
    ("W2", &["f32", "f64"]),
    ("W3", &["f32", "f64"]),
    ("W4", &["x", "xy"]),
    ("W5", &["f32"]),
    ("W6", &["f64"]),
    ("W7", &["4096x4096", "200000x64"]),
    ("W8", &["f32"]),
    ("W9", &["sum0", "sum1", "colstd"]),
    ("W10", &["f32"]),
    ("W11", &["f32"]),
    ("W12", &["f32_1024", "f64_1024", "f32_4096x4096x64", "norm_4096x4096x64"]),
    ("W13", &["16", "1000", "chain16", "chain1000"]),
];

/// An input as it lies in the host's memory.
#[derive(Clone)]
pub enum Host {
    /// 32-bit floats.
    F32(ArrayD<f32>),
    /// 64-bit floats.
    F64(ArrayD<f64>),
}

/// What a call gave.
pub type Answer = Result<Box<dyn Numbers>, lazuli::Error>;

/// One workload in one library, over inputs that it holds.
pub type Runner = Box<dyn Fn() -> Answer>;

/// A result that can be read for checking.
pub trait Numbers {
    /// Each output in row-major order.
    fn numbers(&self) -> Result<Vec<Vec<f64>>, lazuli::Error>;
}

/// The largest difference over all outputs, each relative to the largest magnitude of what is `expected`.
/// Infinite where lengths differ or something is not a number on one side only.
pub fn largest_error(found: &[Vec<f64>], expected: &[Vec<f64>]) -> f64 {
    if found.len() != expected.len() || found.iter().zip(expected).any(|(a, b)| a.len() != b.len()) {
        return f64::INFINITY;
    }
    let outputs = found.iter().zip(expected).map(|(found, expected)| {
        let scale = expected.iter().fold(0.0f64, |top, v| top.max(v.abs()));
        let off = found.iter().zip(expected).map(|(a, b)| match (a.is_nan(), b.is_nan()) {
            (false, false) => (a - b).abs(),
            (true, true) => 0.0,
            _ => f64::INFINITY,
        });
        let off = off.fold(0.0, f64::max);
        if scale > 0.0 { off / scale } else { off }
    });
    outputs.fold(0.0, f64::max)
}
