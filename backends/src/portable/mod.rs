//! The portable engine: runs a kernel without compiling it, on any machine.
//!
//! It takes one [`lazuli_fusion::Bound`] kernel and interprets it tile by tile: each step of the
//! body is done for some thousand points at once, by a loop that the Rust compiler has vectorised,
//! with everything between two steps in the first-level cache. So an operation costs about one
//! pass over cached data, and a launch reads and writes memory once, as compiled code does. It is
//! what a cold kernel runs on, what a build without LLVM runs on, and the oracle that every other
//! engine is compared with: its results are NUMERICS.md, to the bit.
//!
//! ```text
//! Bound --Program::new--> Program          once a kernel: steps, registers, tile shape
//! Program + pointers = Job --run_rows-->   any range of rows, from any thread
//!                          --sweep_range-> a part of one long row (split kernels)
//! ```
//!
//! A *split* kernel has few rows, each long. Its sweeps are run one after another, each in parallel
//! over ranges of elements that begin at multiples of `256 * 2^m`; the accumulators of the ranges
//! are merged by [`combine`], whose values every later sweep of the row is given in a [`RowState`]:
//!
//! ```text
//! for sweep in 0..sweeps { parts = par(sweep_range(..)); state.push(combine(bound, sweep, parts)) }
//! finish_row(..)
//! ```
//!
//! The parts: [`mod@program`] (steps, registers), [`shape`] (tiles), [`places`] and [`transfer`]
//! (memory), [`ops`] and [`elementary`] (arithmetic), [`call`]
//! (functions with loops and branches), [`reduce`], [`fold`], [`columns`] and
//! [`mod@combine`] (reductions), [`machine`] (the loops around it all).

mod blocks;
mod call;
mod columns;
mod combine;
mod elementary;
mod exec;
mod fold;
pub mod fpenv;
mod half;
mod isa;
mod machine;
mod num;
mod ops;
mod places;
pub mod program;
pub mod reduce;
mod shape;
mod step;
#[cfg(test)]
pub(crate) mod tests;
mod transfer;

pub use fpenv::FpEnv;
pub use program::Program;
pub use reduce::{Acc, WORDS, finish, identity, merge};

use crate::exec::Overrun;
use lazuli_fusion::{Bound, How};
use machine::Machine;

/// One launch: a prepared kernel with its pointers and parameter values.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The kernel, from [`Program::new`] of `bound`.
    pub program: &'a Program,
    /// What to run.
    pub bound: &'a Bound,
    /// For each access: the address of element position 0 of its buffer (the access's own offset
    /// is added here). Not looked at for `Slot::Iota`.
    pub bases: &'a [*mut u8],
    /// Register bits of each parameter slot.
    pub params: &'a [u64],
    /// Where a loop that passes its limit is noted.
    pub overrun: &'a Overrun,
    /// Is there machine code by now? Loops ask for it, as nobody knows how long they take.
    pub is_compiled: Option<&'a (dyn Fn() -> bool + Sync)>,
}

/// Runs rows `begin .. end` (numbered row-major over `bound.rows`).
///
/// # Safety
///
/// * Every element that an access of these rows reaches is inside memory that lives until the
///   call returns, aligned to its dtype; what is read is initialised (bools are 0 or 1).
/// * Nothing else writes what is read, or reads or writes what is written, meanwhile. What is
///   written overlaps nothing that is read, and no other access.
/// * `params` has a value for each slot of the kernel; `program` was made from `bound`.
pub unsafe fn run_rows(job: &Job<'_>, begin: usize, end: usize) {
    let _env = FpEnv::set();
    // SAFETY: the caller's promise.
    Machine::with(job, |m| unsafe { m.run(begin, end) });
}

/// Runs sweep number `sweep` of one row of a split kernel over the elements
/// `inner_begin .. inner_end`, and does its full stores there. `state` has the values of all
/// earlier sweeps. Returns an accumulator for each of the sweep's accumulations, in order
/// ([`lazuli_fusion::Kernel::accumulations`]).
///
/// The range is a subtree: `inner_begin` is a multiple of `256 * 2^m` and the range has that many
/// elements, or fewer where the row ends.
///
/// # Safety
///
/// As [`run_rows`], for the elements of this range.
pub unsafe fn sweep_range(
    job: &Job<'_>,
    row: usize,
    sweep: usize,
    state: &RowState,
    inner_begin: usize,
    inner_end: usize,
) -> Vec<Acc> {
    let _env = FpEnv::set();
    // SAFETY: the caller's promise.
    Machine::with(job, |m| unsafe { m.sweep_range(row, sweep, state, inner_begin, inner_end) })
}

/// Merges the accumulators of a row's ranges, which come in order and all but the last of which
/// cover the same `256 * 2^m` elements, into the values (register bits) of the sweep's reductions, in the
/// order of `bound.stages.sweeps[sweep].reduces`.
pub fn combine(bound: &Bound, sweep: usize, parts: &[Vec<Acc>]) -> Vec<u64> {
    let _env = FpEnv::set();
    let kernel = &bound.kernel;
    let mut values = Vec::new();
    for (i, a) in kernel.accumulations(&bound.stages.sweeps[sweep].reduces).iter().enumerate() {
        let parts = parts.iter().map(|p| p[i]);
        match a.how {
            How::Op(op) => {
                let ty = kernel.body[a.operands[0] as usize].ty;
                let mut stack = reduce::Stack::default();
                let merge = |a, b| merge(op, ty, a, b);
                parts.for_each(|acc| stack.push(acc, merge));
                let total = stack.total(merge).unwrap_or_else(|| identity(op, ty));
                values.push(finish(op, ty, total, bound.inner_count() as u64));
            }
            How::Fold(combine) => {
                let total = combine::combined(combine, parts);
                values.extend(a.results.iter().map(|&(_, c)| total.words[c as usize]));
            }
        }
    }
    values
}

/// Does what is left of a row of a split kernel when all sweeps are done: its row stores.
///
/// # Safety
///
/// As [`run_rows`], for this row.
pub unsafe fn finish_row(job: &Job<'_>, row: usize, state: &RowState) {
    let _env = FpEnv::set();
    // SAFETY: the caller's promise.
    Machine::with(job, |m| unsafe { m.finish_row(row, state) });
}

/// The values of the reductions of one row so far, sweep by sweep.
#[derive(Clone, Default, Debug)]
pub struct RowState {
    sweeps: Vec<Vec<u64>>,
}

impl RowState {
    /// No sweep done yet.
    pub fn new() -> RowState {
        RowState::default()
    }

    /// Adds the values of the next sweep, from [`combine`].
    pub fn push(&mut self, values: Vec<u64>) {
        self.sweeps.push(values);
    }

    /// The values of a sweep that is done: register bits, in the order of its reductions.
    pub fn values(&self, sweep: usize) -> &[u64] {
        &self.sweeps[sweep]
    }

    /// Number of sweeps done.
    pub fn done(&self) -> usize {
        self.sweeps.len()
    }
}
