//! Tests of the front door, in one binary: what programs see of `lazuli`.
//!
//! Bit-for-bit comparisons of engines and of fusion are in the corpus of `lazuli-backends`; here
//! results are compared with plain Rust and ndarray.

mod creation;
mod elementwise;
mod errors;
mod limits;
mod printing;
mod recording;
mod reductions;
mod support;
mod views;
