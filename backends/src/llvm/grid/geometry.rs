//! Which skeleton treats a kernel at its sizes, and how many points a thread has.
//!
//! The numbers are those of cards from Turing to Blackwell and of NVIDIA's assembler: bytes in flight against
//! registers against the length of code. They change no result.

use super::{BLOCK, BYTES, CHUNK, PARTIALS, STEPS, points, simt, tiles};
use lazuli_fusion::bind::{Bound, BoundAccess, Lane, Mode, Slot};
use lazuli_fusion::kernel::{Inst, is_elementary, price};

/// Bytes that each thread of a map asks for at once: with 1024 threads a multiprocessor, more than the 48 KiB
/// that keep an H200's memory busy (CUB's tuning for it, see the design's notes).
const IN_FLIGHT: usize = 64;
/// Instructions that a thread's points may take, roughly: of a map, and of 8 steps of a reduction.
const MOST_OF_MAP: usize = 2400;
const MOST: usize = 4096;
/// Bodies of sums, of squares too.
const SMALL: usize = 8;
/// So many rows keep a whole card busy with a block each; and so many with several.
const MANY_ROWS: usize = 96;
const VERY_MANY_ROWS: usize = 512;

/// How a grid treats a kernel: what the generated code depends on beside the kernel's key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Shape {
    /// No reduction.
    Map,
    /// No reduction, with arrays that lie across the lanes.
    Tiles,
    /// A row a team of `threads`.
    Team {
        /// Threads that share a row.
        threads: usize,
    },
    /// A row a block, piece by piece.
    Long,
    /// A row many blocks, a launch a sweep.
    Split,
    /// A column a thread.
    Columns,
    /// A column many threads, a launch a sweep.
    SplitColumns,
}

/// The shape of a launch, with what else the code depends on. A kernel has at most seven: rows of up to 64, 128,
/// 256 and 1024 elements, of a block, and longer ones that are few or many; twice that where numbers beyond 2^31 occur.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Geometry {
    /// The skeleton.
    pub shape: Shape,
    /// Lanes of a vector of points.
    pub width: usize,
    /// Vectors that are computed at once: of a map a thread's, of a reduction as many as a partial has elements,
    /// or 1 if the body is long.
    pub steps: usize,
    /// All numbers of elements fit 31 bits: indices are split by 32-bit divisions.
    pub narrow: bool,
}

impl Geometry {
    /// The geometry of a kernel at its sizes.
    pub fn of(b: &Bound) -> Geometry {
        let lies = |a: &&BoundAccess| (a.full || b.mode != Mode::Rows) && a.slot != Slot::Iota;
        let memory = b.accesses.iter().filter(lies).map(|a| a.dtype);
        let registers = b.kernel.body.iter().map(|d| d.ty);
        let (memory, registers) = (points::widest(memory), points::widest(registers));
        // Reductions across rows share memory for a vector of every thread: 48 KiB at 4 lanes of three
        // values, or 2 lanes of nine.
        let most = match b.mode {
            Mode::Columns if folds(b) => 2,
            Mode::Columns => 4,
            _ if registers == 8 => 4,
            _ => 8,
        };
        let length = b.inner_count();
        let sweeps = b.stages.sweeps.len();
        // Long bodies are printed for fewer points: the code grows with each.
        let size: usize = b.kernel.body.iter().map(|d| size(&d.inst)).sum();
        let mut width = (BYTES / memory).clamp(2, most);
        let (wanted, limit) = match b.mode {
            Mode::Map => {
                let read = |a: &&BoundAccess| !a.write && a.lane == Lane::Unit && a.slot != Slot::Iota;
                let streams = b.accesses.iter().filter(read).count();
                (IN_FLIGHT / (BYTES * streams.max(1)), MOST_OF_MAP)
            }
            _ => (STEPS, MOST),
        };
        // What is held from sweep to sweep takes registers; 8 lanes are for single sweeps of few.
        while width > 4 && (sweeps > 1 || wanted * width * size > limit) {
            width /= 2;
        }
        let fits = |steps: usize| steps * width * size <= limit;
        let steps = match b.mode {
            Mode::Map => [4, 2].into_iter().find(|&n| n <= wanted && fits(n)).unwrap_or(1),
            _ if !fits(STEPS) => 1,
            // Partials of short rows and columns have fewer elements.
            _ if length <= CHUNK as usize / 4 => STEPS / 4,
            _ if length <= CHUNK as usize / 2 => STEPS / 2,
            _ => STEPS,
        };
        while width > 2 && width * size > MOST_OF_MAP {
            width /= 2;
        }
        let chunk_team = PARTIALS as usize / width;
        let warp = simt::WARP as usize * STEPS * width;
        let shape = match b.mode {
            Mode::Map if b.is_tiled() && tiles::fits(b) => {
                let points = b.row_count();
                return Geometry {
                    shape: Shape::Tiles,
                    width: 1,
                    steps: tiles::STEPS,
                    narrow: points < 1 << 31,
                };
            }
            Mode::Map => Shape::Map,
            Mode::Columns if length <= CHUNK as usize => Shape::Columns,
            Mode::Columns => Shape::SplitColumns,
            Mode::Rows if length <= CHUNK as usize => Shape::Team { threads: chunk_team },
            Mode::Rows if length <= warp => Shape::Team { threads: simt::WARP as usize },
            Mode::Rows if length <= BLOCK * STEPS * width => Shape::Team { threads: BLOCK },
            Mode::Rows if b.row_count() >= if sweeps > 1 { MANY_ROWS } else { VERY_MANY_ROWS } => Shape::Long,
            Mode::Rows => Shape::Split,
        };
        let points = b.row_count().saturating_mul(length.max(1));
        Geometry { shape, width, steps, narrow: points < 1 << 31 }
    }

    /// Blocks that a multiprocessor is to hold at least: the assembler gives a thread its registers by it
    /// (128 where there are two). Those of long rows are to be few, so that what they read again is still
    /// in the cache.
    pub(super) fn blocks(&self, b: &Bound) -> usize {
        let size: usize = b.kernel.body.iter().map(|d| size(&d.inst)).sum();
        let registers = b.kernel.body.iter().map(|d| d.ty);
        match self.shape {
            Shape::Long if b.stages.sweeps.len() > 1 => 1,
            // Moments of columns are three values a partial, more than 128 registers hold.
            Shape::Columns | Shape::SplitColumns if has_moments(b) || folds(b) => 1,
            Shape::Map | Shape::Tiles => 2,
            _ if b.stages.sweeps.len() == 1
                && size <= SMALL
                && points::widest(registers) < 8
                && self.steps * self.width <= 32 =>
            {
                4
            }
            _ => 2,
        }
    }

    /// The most elements that a partial has.
    pub(super) fn partial(&self) -> usize {
        if self.steps > 1 { self.steps } else { STEPS }
    }

    /// Elements of a row that a block treats.
    pub fn tile(&self) -> usize {
        BLOCK * STEPS * self.width
    }
}

fn has_moments(b: &Bound) -> bool {
    b.kernel.body.iter().any(|d| matches!(d.inst, Inst::Reduce(lazuli_core::ReduceOp::Moment2, _)))
}

/// Has it states of more values than any reduction that engines know?
fn folds(b: &Bound) -> bool {
    b.kernel.body.iter().any(|d| matches!(d.inst, Inst::Fold(..))) && super::most_slots(b) > 3
}

/// Roughly how many instructions one of a body's becomes.
fn size(inst: &Inst) -> usize {
    use lazuli_core::{BinaryOp, UnaryOp};
    match inst {
        Inst::Unary(UnaryOp::Sin | UnaryOp::Cos | UnaryOp::Tan, _) => 200,
        Inst::Binary(BinaryOp::Pow | BinaryOp::Atan2 | BinaryOp::Rem, ..) => 200,
        Inst::Unary(op, _) if is_elementary(*op) => 60,
        other => price(other),
    }
}
