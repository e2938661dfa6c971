//! An engine for one target, for tests: what `exec` does with machine code for the host, done for
//! a target of the test's choice, on one thread, with a cache of its own.
//!
//! Every text that it prints is scanned for flags that would let LLVM change a result.

use crate::exec::Overrun;
use crate::grid::{Launches, simulator};
use crate::llvm::{Compiled, Jit, TargetCpu, abi, compile, print};
use crate::portable::tests::{Data, run_with};
use crate::portable::{Acc, WORDS, combine};
use lazuli_core::{Caps, NodeRef};
use lazuli_fusion::bind::{Bound, Mode};
use std::collections::HashMap;
use std::sync::Arc;

/// A target and the kernels compiled for it so far.
pub struct Engine {
    jit: Jit,
    kernels: HashMap<Arc<[u64]>, Compiled>,
}

/// The simulator of a GPU as such an engine.
pub struct Simulated;

impl Simulated {
    /// Runs everything that `roots` need, and returns them.
    pub fn run(&mut self, roots: &[NodeRef], caps: &Caps) -> Vec<Data> {
        run_with(roots, caps, |bound, bases, params| {
            let launches = Launches::of(bound).unwrap();
            let program = simulator::program(bound, launches.geometry, false).unwrap();
            let mut room = vec![0u64; launches.room.bytes().div_ceil(8)];
            let words = launches.words(bound, bases, params, room.as_mut_ptr() as u64, 0);
            // SAFETY: `run_with` has reserved the memory of this launch, and the room is as asked for.
            unsafe { simulator::launch(&program, &launches.blocks, &words, &[], &|_| None, 2) }
                .unwrap_or_else(|e| panic!("{e} in {:?} {}", launches.geometry, bound.kernel));
            let tickets = launches.room.tickets / 8;
            assert!(room[..tickets].iter().all(|&t| t == 0), "tickets are left at 0");
        })
    }
}

/// How a launch is cut.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    /// Not at all; split rows in parts of 256 elements.
    Whole,
    /// Into some ranges of rows or lanes; split rows in parts of 4096.
    Pieces,
}

impl Engine {
    pub fn new(target: TargetCpu) -> Engine {
        Engine { jit: Jit::new(target).unwrap(), kernels: HashMap::new() }
    }

    /// One engine for each target that kernels are printed for.
    pub fn all() -> Vec<Engine> {
        [TargetCpu::avx512(), TargetCpu::avx2()].map(Engine::new).into()
    }

    /// Of these, the ones whose code this processor runs.
    pub fn that_run_here() -> Vec<Engine> {
        Engine::all().into_iter().filter(|e| e.jit.target().runs_here()).collect()
    }

    pub fn name(&self) -> &'static str {
        self.jit.target().name()
    }

    /// Frees the machine code.
    pub fn forget(&mut self) {
        self.kernels.clear();
    }

    /// The machine code of a kernel, compiled if none with its key was.
    pub fn code(&mut self, bound: &Bound) -> &Compiled {
        let jit = &mut self.jit;
        self.kernels.entry(bound.key.clone()).or_insert_with(|| {
            let name = jit.target().name();
            let what = || format!("{name} {:?}\n{}", bound.mode, bound.kernel);
            let printed =
                print(bound, jit.target().vector_bits()).unwrap_or_else(|e| panic!("{e} of {}", what()));
            if let Some((line, flag)) = forbidden_flag(&printed.text) {
                panic!("{flag} in {line}\nof {}", what());
            }
            // A kernel that LLVM cannot select ends the process: with this, the output says which.
            if std::env::var_os("LAZULI_TRACE").is_some() {
                eprintln!("{}\n{}", what(), printed.text);
            }
            compile(bound, jit).unwrap_or_else(|e| panic!("{e:?} of {}", what())).0
        })
    }

    /// Runs everything that `roots` need, and returns them.
    pub fn run(&mut self, roots: &[NodeRef], caps: &Caps, cut: Cut) -> Vec<Data> {
        run_with(roots, caps, |bound, bases, params| self.launch(bound, bases, params, cut))
    }

    fn launch(&mut self, bound: &Bound, bases: &[*mut u8], params: &[u64], cut: Cut) {
        let code = self.code(bound);
        let overrun = Overrun::default();
        let words = abi::words(bound, &abi::template(bound), bases, params, false, overrun.address());
        let bytes = code.scratch_bytes(bound.inner_count()) + 64;
        let mut scratch = vec![0u8; bytes];
        let scratch = scratch.as_mut_ptr();
        let scratch = scratch.wrapping_add(scratch.align_offset(64));
        let call = |entry, state: &[u64], out: &mut [u64], ranges| {
            // SAFETY: the words are those of this launch, whose memory `run_with` has reserved;
            // scratch is as large as asked for, and so are `state` and `out`.
            unsafe { code.call(entry, &words, scratch, state.as_ptr(), out.as_mut_ptr(), ranges) };
        };
        match bound.mode {
            Mode::Map | Mode::Columns => {
                let (&lanes, outer) = bound.rows.split_last().expect("a lane axis");
                let outer: usize = outer.iter().product();
                let (rows, part) = match cut {
                    Cut::Whole => (outer, lanes),
                    // Lanes are cut at multiples of 64.
                    Cut::Pieces => (outer.div_ceil(3), lanes.div_ceil(3).next_multiple_of(64)),
                };
                for r in (0..outer).step_by(rows.max(1)) {
                    for l in (0..lanes).step_by(part.max(1)) {
                        call(0, &[], &mut [], [r, outer.min(r + rows), l, lanes.min(l + part)]);
                    }
                }
            }
            Mode::Rows if !bound.split => {
                let rows = bound.row_count();
                let step = if let Cut::Whole = cut { rows } else { 3 };
                for r in (0..rows).step_by(step.max(1)) {
                    call(0, &[], &mut [], [r, rows.min(r + step), 0, 0]);
                }
            }
            Mode::Rows => {
                let unit = if let Cut::Whole = cut { 256 } else { 4096 };
                for row in 0..bound.row_count() {
                    split_row(bound, row, unit, &call);
                }
            }
        }
        overrun.check(&bound.kernel).expect("loops that end");
    }
}

/// Runs one row of a split kernel, sweep by sweep, in parts of `unit` elements.
fn split_row(bound: &Bound, row: usize, unit: usize, call: &dyn Fn(usize, &[u64], &mut [u64], [usize; 4])) {
    let reduces: Vec<u32> = bound.kernel.reductions().collect();
    let mut state = vec![0u64; reduces.len()];
    let count = bound.inner_count();
    for (s, sweep) in bound.stages.sweeps.iter().enumerate() {
        let mut parts: Vec<Vec<Acc>> = Vec::new();
        for begin in (0..count).step_by(unit) {
            let end = count.min(begin + unit);
            let width = bound.kernel.accumulations(&sweep.reduces).len() * WORDS;
            let mut totals = vec![0u64; width];
            call(s, &state, &mut totals, [row, row + 1, begin, end]);
            let acc = |&words: &[u64; WORDS]| Acc { words, count: (end - begin) as u64 };
            parts.push(totals.as_chunks().0.iter().map(acc).collect());
        }
        for (r, value) in sweep.reduces.iter().zip(combine(bound, s, &parts)) {
            let place = reduces.iter().position(|v| v == r).expect("listed");
            state[place] = value;
        }
    }
    call(bound.stages.sweeps.len(), &state, &mut [], [row, row + 1, 0, 0]);
}

/// Flags that make a result undefined for some operands, or that allow another one.
const FLAGS: [&str; 10] =
    ["nsw", "nuw", "exact", "contract", "reassoc", "arcp", "nnan", "ninf", "afn", "fast"];

/// The first line of a text with one of these flags, and the flag.
pub fn forbidden_flag(text: &str) -> Option<(&str, &'static str)> {
    text.lines().find_map(|line| {
        let words = line.split(|c: char| !(c.is_alphanumeric() || "_.%@#".contains(c)));
        let flag = words.filter_map(|w| FLAGS.into_iter().find(|&f| f == w)).next()?;
        Some((line, flag))
    })
}

#[test]
fn flags_are_found() {
    for flag in FLAGS {
        let line = format!("  %x = add {flag} i32 %fast, 1");
        assert_eq!(forbidden_flag(&format!("ret void\n{line}\n")), Some((line.as_str(), flag)));
    }
    assert_eq!(forbidden_flag("%exact = fadd float %nsw, %fast.1 ; @contract"), None);
}
