//! All integration tests of `lazuli`, in one binary (LLVM is linked statically: each is large).
//!
//! Results are compared with plain Rust, with ndarray, with the rules of `docs/NUMERICS.md`
//! written out naively, and between engines and fusion on and off, bit for bit.

// Operations are spelled out as they are meant: a rewritten reference would prove less.
#![allow(
    clippy::manual_is_multiple_of,
    clippy::neg_cmp_op_on_partial_ord,
    clippy::neg_multiply,
    clippy::nonminimal_bool,
    clippy::precedence,
    clippy::unnecessary_cast
)]

mod compile_everything;
mod creation;
mod elementwise;
mod endless;
mod engines;
mod errors;
mod examples;
mod expressions;
mod fast_math;
mod functions;
#[cfg(all(feature = "cuda", target_os = "linux"))]
mod gpu;
mod guvectorize;
mod guvectorize_bodies;
mod guvectorize_errors;
mod halves;
mod inspection;
mod kernel_counts;
#[cfg(feature = "llvm")]
mod kernels;
#[cfg(not(feature = "llvm"))]
mod kernels_without_llvm;
mod lanes;
mod large;
mod limits;
mod memory;
mod plans;
mod printing;
mod processes;
mod programs;
mod random_graphs;
mod random_programs;
mod raw_kernels;
mod recipe_functions;
mod recipes;
mod recording;
mod reduction_kernels;
mod reduction_order;
mod reductions;
#[cfg(feature = "llvm")]
mod simulator;
mod stencil_ranks;
mod stencils;
mod streams;
mod support;
mod threads;
#[cfg(feature = "llvm")]
mod tiers;
mod totals;
mod vectorize;
mod vectorize_calls;
mod vectorize_exits;
mod vectorize_methods;
mod views;
