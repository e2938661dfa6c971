//! How a bound kernel runs: merged axes, direction of lanes, what is kept, bytes, and its key.
//!
//! Everything here follows from strides and sizes. The kernel key names what generated code
//! depends on - the body, classes of strides, ranks, the schedule - and holds no extent, pointer
//! or value, so a kernel has at most a handful of keys whatever sizes it meets.

use crate::bind::{Bound, BoundAccess, Lane, Mode, Slot};
use crate::kernel::{Inst, Kernel, price};
use crate::stages::Stages;
use crate::trace::words_of;
use lazuli_core::layout::Strides;
use lazuli_core::shape::Dims;
use lazuli_core::{Caps, DType};
use smallvec::SmallVec;
use std::ops::Range;
use std::sync::Arc;

/// Rows at most for a kernel to be split along its inner axes.
const FEW_ROWS: usize = 8;
/// Points at least for that.
const SPLIT_POINTS: usize = 1 << 16;
/// Shortest axes that tiles are worth.
const TILE: usize = 16;
/// Below this many reduced elements a row, lanes run across rows whatever the strides are.
const TINY_ROW: usize = 16;

/// Nanoseconds of one thread for a unit of price of one element (of 4 bytes; 8 bytes take twice
/// as long), for a byte in a cache, and for a byte in memory.
const NS_PER_UNIT: f64 = 0.015;
const NS_PER_CACHED_BYTE: f64 = 0.01;
const NS_PER_BYTE: f64 = 0.04;
/// Arrays of a kernel up to this size together are taken to be in a cache.
const CACHED: usize = 2 << 20;

/// For each row axis of a launch: the row axes of its kernel that were merged into it.
pub(crate) type Merged = SmallVec<[Range<usize>; 4]>;

/// Merges axes, picks the direction of lanes, counts bytes and writes the key.
pub(crate) fn schedule(
    kernel: Arc<Kernel>,
    rows: Dims,
    inner: Dims,
    mut accesses: Vec<BoundAccess>,
    caps: &Caps,
) -> (Bound, Merged) {
    let stages = Arc::new(Stages::of(&kernel));
    let reduces = kernel.reduces();
    let points: usize = rows.iter().chain(&inner).product();
    let (bytes_read, again, bytes_written) = bytes(&kernel, &stages, &accesses, &rows, &inner);
    let (mut rows, mut merged) = merge(rows, &mut accesses, |a| &mut a.rows);
    let (inner, _) = merge(inner, &mut accesses, |a| &mut a.inner);
    let length: usize = inner.iter().product();

    let lane = if reduces { lane_axis(&accesses, &rows, &inner, length) } else { Some(rows.len()) };
    let mode = match (reduces, lane) {
        (false, _) => Mode::Map,
        (true, Some(axis)) => {
            let n = rows.remove(axis);
            rows.push(n);
            let axes = merged.remove(axis);
            merged.push(axes);
            for a in &mut accesses {
                let s = a.rows.remove(axis);
                a.rows.push(s);
            }
            Mode::Columns
        }
        (true, None) => Mode::Rows,
    };
    if mode == Mode::Map && rows.is_empty() {
        rows.push(1);
        merged.push(0..0);
        accesses.iter_mut().for_each(|a| a.rows.push(0));
    }
    if mode == Mode::Map
        && let Some(axis) = tile_axis(&accesses, &rows)
    {
        let before = rows.len() - 2;
        rows[axis..=before].rotate_left(1);
        merged[axis..=before].rotate_left(1);
        accesses.iter_mut().for_each(|a| a.rows[axis..=before].rotate_left(1));
    }
    let count: usize = rows.iter().product();
    let split = mode == Mode::Rows && count < FEW_ROWS && points >= SPLIT_POINTS;
    let widest = stages.kept.iter().map(|&v| kernel.body[v as usize].ty.size()).sum::<usize>();
    let fits = length.saturating_mul(widest) <= caps.row_scratch;
    let keep = mode == Mode::Rows && !split && !stages.kept.is_empty() && fits;
    // A later sweep over a row that is still in the cache reads no memory.
    let row_bytes = bytes_read / count.max(1);
    let cached = mode != Mode::Map && !split && row_bytes <= caps.row_scratch;
    let (bytes_read, bytes_cached) = if cached { (bytes_read, again) } else { (bytes_read + again, 0) };

    for a in &mut accesses {
        a.lane = lane_of(a, mode, &rows, &inner);
    }
    let class = |a: &BoundAccess| (a.lane, a.run(), a.dtype, a.write, a.full, a.slot == Slot::Iota);
    let classes: Vec<(Lane, Lane, DType, bool, bool, bool)> = accesses.iter().map(class).collect();
    let shape = (mode, split, keep, rows.len(), inner.len());
    let key = words_of(&(shape, classes, &kernel.body, &kernel.stores, kernel.params.len())).into();
    let ops: usize = kernel.body.iter().map(|d| price(&d.inst)).sum();
    let moved: usize = accesses.iter().filter(|a| a.full || inner.is_empty()).map(|a| a.dtype.size()).sum();
    let wide = kernel.body.iter().any(|d| d.ty.size() == 8) as usize + 1;
    let per_byte = if bytes_read + bytes_written <= CACHED { NS_PER_CACHED_BYTE } else { NS_PER_BYTE };
    let work = points as f64 * ((ops * wide) as f64 * NS_PER_UNIT + moved as f64 * per_byte);
    let bound = Bound {
        kernel,
        stages,
        mode,
        split,
        keep,
        rows,
        inner,
        accesses,
        key,
        part: 0,
        band: 0,
        guards: SmallVec::new(),
        bytes_read,
        bytes_cached,
        bytes_written,
        kernel_writes: bytes_written,
        work,
    };
    (bound, merged)
}

/// Is this array read across the lanes of a map, with its neighbours along row axis `d`?
fn is_across(a: &BoundAccess, rows: &[usize], d: usize) -> bool {
    let last = rows.len() - 1;
    let large = rows[d] >= TILE && rows[last] >= TILE;
    large && a.rows[d] == 1 && !matches!(a.rows[last], 0 | 1) && !a.write && a.slot != Slot::Iota
}

/// The axis along which most of those arrays lie that a map reads across its lanes.
fn tile_axis(accesses: &[BoundAccess], rows: &[usize]) -> Option<usize> {
    let across = |d: usize| accesses.iter().filter(|a| is_across(a, rows, d)).count();
    (0..rows.len() - 1).max_by_key(|&d| across(d)).filter(|&d| across(d) > 0)
}

fn lane_of(a: &BoundAccess, mode: Mode, rows: &[usize], inner: &[usize]) -> Lane {
    // Axes that follow each other in this array are one, whether they merge in others or not.
    let follows = |d: usize| a.inner[d - 1] == a.inner[d].wrapping_mul(inner[d] as isize);
    let step = match mode {
        Mode::Rows if !(1..inner.len()).all(follows) => return Lane::Packed,
        Mode::Rows => a.inner.last().copied().unwrap_or(0),
        Mode::Map | Mode::Columns => a.rows[a.rows.len() - 1],
    };
    match Lane::of_step(step) {
        Lane::Strided if mode == Mode::Map && rows.len() > 1 && is_across(a, rows, rows.len() - 2) => {
            Lane::Across
        }
        lane => lane,
    }
}

/// The row axis that lanes run along, or `None` if they run along the inner axes: whichever has
/// more arrays contiguous.
fn lane_axis(accesses: &[BoundAccess], rows: &[usize], inner: &[usize], length: usize) -> Option<usize> {
    if rows.is_empty() {
        return None;
    }
    let last = rows.len() - 1;
    if length < TINY_ROW || inner.is_empty() {
        return Some(last);
    }
    let full = || accesses.iter().filter(|a| a.full);
    let along_inner = full().filter(|a| a.inner.last() == Some(&1)).count();
    let along_rows = |d: usize| full().filter(|a| a.rows[d] == 1).count();
    let best = (0..rows.len()).rev().max_by_key(|&d| along_rows(d)).expect("not empty");
    let n = along_rows(best);
    if n > along_inner && rows[best] >= 2 {
        Some(best)
    } else if n == 0 && along_inner == 0 && rows[last] >= 8 {
        Some(last)
    } else {
        None
    }
}

/// Drops axes of length 1 and merges neighbours that follow each other in every array.
pub(crate) fn merge<A>(
    extents: Dims,
    accesses: &mut [A],
    pick: impl Fn(&mut A) -> &mut Strides,
) -> (Dims, Merged) {
    let (mut out, mut merged) = (Dims::new(), Merged::new());
    let mut strides: Vec<Strides> = vec![Strides::new(); accesses.len()];
    for (d, &n) in extents.iter().enumerate() {
        if n == 1 {
            continue;
        }
        let steps: SmallVec<[isize; 16]> = accesses.iter_mut().map(|a| pick(a)[d]).collect();
        let follows = !out.is_empty()
            && steps.iter().zip(&strides).all(|(&s, list)| {
                let before = *list.last().expect("one stride for each extent");
                before == s.wrapping_mul(n as isize)
            });
        if follows {
            *out.last_mut().expect("not empty") *= n;
            merged.last_mut().expect("not empty").end = d + 1;
            for (list, &s) in strides.iter_mut().zip(&steps) {
                *list.last_mut().expect("not empty") = s;
            }
        } else {
            out.push(n);
            merged.push(d..d + 1);
            for (list, &s) in strides.iter_mut().zip(&steps) {
                list.push(s);
            }
        }
    }
    for (a, list) in accesses.iter_mut().zip(strides) {
        *pick(a) = list;
    }
    (out, merged)
}

/// Bytes of a first read of everything, of reads by further sweeps, and of writes.
fn bytes(
    kernel: &Kernel,
    stages: &Stages,
    accesses: &[BoundAccess],
    rows: &[usize],
    inner: &[usize],
) -> (usize, usize, usize) {
    let (mut first, mut again, mut written) = (0, 0, 0);
    for (i, a) in accesses.iter().enumerate() {
        // Windows of one array read the same elements.
        let same = |b: &BoundAccess| {
            (b.slot, b.offset, &b.rows, &b.inner, b.write) == (a.slot, a.offset, &a.rows, &a.inner, a.write)
        };
        if a.slot == Slot::Iota || accesses[..i].iter().any(same) {
            continue;
        }
        let span = |extents: &[usize], steps: &Strides| -> usize {
            extents.iter().zip(steps).filter(|&(_, &s)| s != 0).map(|(&n, _)| n).product()
        };
        let size = span(rows, &a.rows) * span(inner, &a.inner) * a.dtype.size();
        if a.write {
            written += size;
            continue;
        }
        let loads = |v: &u32| matches!(kernel.body[*v as usize].inst, Inst::Load(x) if x as usize == i);
        let sweeps = stages.sweeps.iter().filter(|s| s.body_kept.iter().any(loads)).count().max(1);
        first += size;
        again += size * (sweeps - 1);
    }
    (first, again, written)
}
