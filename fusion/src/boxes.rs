//! Kernels that look through windows: their space is divided into boxes, one launch each.
//!
//! Along each axis the windows of a kernel are walked evenly but for a few places, where one of them meets
//! an edge of its array ([`lazuli_core::window`]). Cut there, the space falls into boxes, and in each box
//! every access is a plain one of even steps. Nearly all boxes step as the array does and differ in
//! extents and offsets alone: they share one schedule and one kernel key, so no element of the array asks whether it is
//! at an edge, and no engine knows of windows.
//!
//! *Odd* are boxes in which more than one position in a row is not walked element by element, as what lies far beyond the
//! end of an axis. They share a schedule of their own, in which what is seen through windows has any steps. So a kernel has two keys at
//! most, whatever sizes and distances are.
//!
//! The same cuts make *tiles*: what a large array's element has around it along the outermost axis is met again one step later
//! along that axis, and so should still be in a core's share of the caches. Where whole planes (or rows) are too large for that, inner axes are cut until they are not.

use crate::bind::{Bound, BoundAccess, Slot};
use crate::kernel::{Guard, Kernel};
use crate::schedule::{Merged, schedule};
use lazuli_core::shape::Dims;
use lazuli_core::window::Run;
use lazuli_core::{Caps, Edge, Layout, WindowPart};
use std::sync::Arc;

/// Spaces of at least this many elements are cut at multiples of [`LINE`] along the lanes too, because only what begins
/// at a line of memory is written past the caches.
const LARGE: usize = 1 << 20;
/// Elements: no fewer than a line has, whatever the type.
const LINE: usize = 64;

/// The fewest lanes of a tile.
const SHORTEST: usize = 512;
/// The most tiles: each is a launch, or several.
const MOST: usize = 128;

/// A window through which a kernel reads.
pub(crate) struct Window<'a> {
    /// The access.
    pub access: usize,
    /// For each axis of the array.
    pub parts: &'a [WindowPart],
    /// The array behind it.
    pub layout: Layout,
}

/// A guard, and how far away it looks.
pub(crate) struct Guarded {
    /// The guard.
    pub guard: Guard,
    /// The distance along its axis.
    pub shift: isize,
}

impl Guarded {
    /// The window that meets edges where the guard does.
    fn part(&self) -> WindowPart {
        WindowPart { shift: self.shift, edge: Edge::Nearest }
    }

    /// Is there an element at the distance from position `i` of `n`?
    fn holds(&self, i: usize, n: usize) -> bool {
        (i as isize).checked_add(self.shift).is_some_and(|at| (0..n as isize).contains(&at))
    }
}

/// Positions of an axis in which each window is walked evenly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Span {
    start: usize,
    length: usize,
    /// Element by element?
    even: bool,
}

/// What boxes have in common: a launch like theirs, and which axes of the kernel became its own.
struct Common {
    bound: Bound,
    merged: Merged,
    points: usize,
}

/// The launches of a kernel without a reduction; that of the largest box is the first. `rows` are the extents
/// of its axes, none 0; accesses through windows are those of the arrays behind.
pub(crate) fn divide(
    kernel: &Arc<Kernel>,
    rows: &Dims,
    accesses: &[BoundAccess],
    windows: &[Window<'_>],
    guards: &[Guarded],
    caps: &Caps,
) -> Vec<Bound> {
    debug_assert!(kernel.inner.is_empty() && !kernel.reduces(), "windows are not reduced over");
    let large = rows.iter().product::<usize>() >= LARGE;
    let mut spans: Vec<Vec<Span>> = (0..rows.len())
        .map(|j| {
            let mut parts = parts_along(kernel, j, windows);
            let here = guards.iter().filter(|g| g.guard.axis == Some(kernel.rows[j]));
            parts.extend(here.map(Guarded::part));
            spans(rows[j], &parts)
        })
        .collect();
    if large {
        let last = spans.pop().map(at_lines);
        spans.extend(last);
        let tiles = tiles(kernel, rows, accesses, windows, caps.kept);
        spans = spans.into_iter().zip(tiles).map(|(spans, tile)| cut(spans, tile)).collect();
    }
    // An axis that is cut stays one: it must neither be dropped for a length of 1 nor merge with others, so
    // its stand-in is never as long as it is.
    let like = spans.iter().zip(rows).map(|(spans, &n)| match spans[..] {
        [Span { even: true, .. }] => n,
        _ => match spans.iter().map(|s| s.length).filter(|&length| length < n).max() {
            Some(length) if length > 1 => length,
            _ => n + 1,
        },
    });
    let like: Dims = like.collect();
    let common = |accesses: Vec<BoundAccess>| {
        let (bound, merged) = schedule(kernel.clone(), like.clone(), Dims::new(), accesses, caps);
        Common { bound, merged, points: like.iter().product() }
    };
    let mut boxes = product(&spans);
    let is_even = |spans: &[Span]| spans.iter().all(|s| s.even);
    let even = common(accesses.to_vec());
    let odd = boxes.iter().any(|b| !is_even(b)).then(|| common(with_any_steps(accesses, windows)));

    let points = |b: &[Span]| b.iter().map(|s| s.length).product::<usize>();
    // The band of the largest goes to the front, and it to the front of its band.
    let wide = spans.last().map_or(1, Vec::len);
    let largest = (0..boxes.len()).max_by_key(|&b| points(&boxes[b])).unwrap_or(0);
    boxes[..(largest / wide + 1) * wide].rotate_right(wide);
    boxes.swap(0, largest % wide);
    let place = |(part, spans): (usize, Vec<Span>)| {
        let moved = moved(kernel, rows, accesses, windows, &spans);
        let common = if is_even(&spans) { &even } else { odd.as_ref().expect("there are odd ones") };
        let mut bound = common.bound.clone();
        let over = |axes: &std::ops::Range<usize>| spans[axes.clone()].iter().map(|s| s.length).product();
        bound.rows = common.merged.iter().map(over).collect();
        for (a, moved) in bound.accesses.iter_mut().zip(&moved) {
            a.offset = moved.offset;
            // The step of merged axes is that of the last one. (Of none, for a single element, any will do.)
            for (step, axes) in a.rows.iter_mut().zip(&common.merged) {
                *step = axes.clone().last().map_or(0, |j| moved.rows[j]);
            }
        }
        bound.guards = guards.iter().map(|g| (g.guard.slot, holds(kernel, rows, &spans, g))).collect();
        let share = points(&spans) as f64 / common.points as f64;
        let part_of = |bytes: usize| (bytes as f64 * share).round() as usize;
        (bound.bytes_read, bound.bytes_written) = (part_of(bound.bytes_read), part_of(bound.bytes_written));
        bound.work *= share;
        Bound { part: part as u32, band: (part / wide) as u32, ..bound }
    };
    boxes.into_iter().enumerate().map(place).collect()
}

/// Does a guard hold in a box?
fn holds(kernel: &Kernel, rows: &[usize], spans: &[Span], guarded: &Guarded) -> bool {
    match guarded.guard.axis.and_then(|axis| kernel.rows.iter().position(|&x| x == axis)) {
        Some(j) => guarded.holds(spans[j].start, rows[j]),
        None => guarded.holds(0, 1),
    }
}

/// The accesses, with steps through windows that are like no other: what is scheduled so can run with any.
fn with_any_steps(accesses: &[BoundAccess], windows: &[Window<'_>]) -> Vec<BoundAccess> {
    let mut out = accesses.to_vec();
    windows.iter().for_each(|w| out[w.access].rows.fill(2));
    out
}

/// What windows do along row axis number `j`, each once, with the extents of their arrays.
fn parts_along(kernel: &Kernel, j: usize, windows: &[Window<'_>]) -> Vec<WindowPart> {
    let mut out = Vec::new();
    for w in windows {
        let axes = &kernel.accesses[w.access].axes;
        for ((&axis, part), &stride) in axes.iter().zip(w.parts).zip(&w.layout.strides) {
            // Along a stretched axis all elements are one.
            if axis == Some(kernel.rows[j]) && stride != 0 && !out.contains(part) {
                out.push(*part);
            }
        }
    }
    out
}

/// An axis of `n` positions, cut where one of the windows is not walked evenly.
fn spans(n: usize, parts: &[WindowPart]) -> Vec<Span> {
    let mut out = Vec::new();
    let mut start = 0;
    while start < n {
        let runs = || parts.iter().map(|p| p.run(start, n));
        let length = runs().map(|r| r.length).fold(n - start, usize::min);
        // In a single position any step will do.
        let even = length == 1 || runs().all(|r: Run| r.step == 1);
        out.push(Span { start, length, even });
        start += length;
    }
    out
}

/// For each row axis, how many positions are walked before the axis around it takes a step: the whole axis, or what
/// `kept` bytes have room for.
fn tiles(
    kernel: &Kernel,
    rows: &[usize],
    accesses: &[BoundAccess],
    windows: &[Window<'_>],
    kept: usize,
) -> Dims {
    let whole: Dims = rows.iter().copied().collect();
    // At how many distances a step along the axis looks: what stands there is read again later.
    let seen = |j: usize| 1 + parts_along(kernel, j, windows).iter().filter(|part| part.shift != 0).count();
    let Some(outer) = (0..rows.len()).find(|&j| seen(j) > 1 && rows[j] > seen(j)) else { return whole };
    // Each array once, and of those behind windows all that is kept.
    let first = |slot: Slot| accesses.iter().position(|a| a.slot == slot);
    let arrays = accesses.iter().enumerate().filter(|&(n, a)| first(a.slot) == Some(n));
    let is_seen = |slot: Slot| windows.iter().any(|w| accesses[w.access].slot == slot);
    let bytes = arrays.map(|(_, a)| a.dtype.size() * if is_seen(a.slot) { seen(outer) } else { 1 });
    let room = kept / bytes.sum::<usize>().max(1);
    if rows[outer + 1..].iter().product::<usize>() <= room {
        return whole;
    }
    // Long lanes are best. But of an axis between, a tile should have more than what it reads beyond its own edges.
    let mut lanes = rows[rows.len() - 1];
    while lanes >= SHORTEST {
        let mut tiles = whole.clone();
        let mut left = room;
        let fits = (outer + 1..rows.len()).rev().all(|j| {
            let last = j + 1 == rows.len();
            tiles[j] = rows[j].min(left).min(if last { lanes } else { usize::MAX });
            left /= tiles[j].max(1);
            tiles[j] == rows[j] || tiles[j] >= if last { SHORTEST } else { 2 * seen(j) }
        });
        let pieces = rows.iter().zip(&tiles).map(|(&n, &tile)| n.div_ceil(tile.max(1)));
        if fits && pieces.fold(1, usize::saturating_mul) <= MOST {
            return tiles;
        }
        lanes /= 2;
    }
    whole
}

/// Cuts long spans into pieces of nearly the same length, of at most `tile` positions each.
fn cut(spans: Vec<Span>, tile: usize) -> Vec<Span> {
    let pieces = |s: Span| {
        let count = if s.even { s.length.div_ceil(tile) } else { 1 };
        let length = s.length.div_ceil(count);
        let length = if length >= 16 * LINE { length.next_multiple_of(LINE) } else { length };
        let piece = move |p: usize| Span {
            start: s.start + p * length,
            length: length.min(s.length.saturating_sub(p * length)),
            even: s.even,
        };
        (0..count).map(piece).filter(|s| s.length > 0)
    };
    spans.into_iter().flat_map(pieces).collect()
}

/// Cuts the beginning off a long span, up to where a line of memory begins.
fn at_lines(spans: Vec<Span>) -> Vec<Span> {
    let mut out = Vec::with_capacity(spans.len() + 1);
    for s in spans {
        let head = s.start.next_multiple_of(LINE) - s.start;
        if s.even && head > 0 && s.length >= 16 * LINE {
            out.push(Span { length: head, ..s });
            out.push(Span { start: s.start + head, length: s.length - head, even: true });
        } else {
            out.push(s);
        }
    }
    out
}

/// All combinations of one span of each axis.
fn product(spans: &[Vec<Span>]) -> Vec<Vec<Span>> {
    spans.iter().fold(vec![Vec::new()], |boxes, axis| {
        let with = |b: &Vec<Span>, s: &Span| b.iter().chain([s]).copied().collect();
        boxes.iter().flat_map(|b| axis.iter().map(move |s| with(b, s))).collect()
    })
}

/// The accesses in one box.
fn moved(
    kernel: &Kernel,
    rows: &[usize],
    accesses: &[BoundAccess],
    windows: &[Window<'_>],
    spans: &[Span],
) -> Vec<BoundAccess> {
    let mut out = accesses.to_vec();
    for (a, access) in out.iter_mut().enumerate() {
        let Some(w) = windows.iter().find(|w| w.access == a) else {
            let steps = access.rows.iter().zip(spans);
            access.offset += steps.map(|(&step, s)| step * s.start as isize).sum::<isize>();
            continue;
        };
        access.rows.fill(0);
        let axes = &kernel.accesses[a].axes;
        for ((&axis, part), &stride) in axes.iter().zip(w.parts).zip(&w.layout.strides) {
            // Along an axis of length 1 there is one element, however far away.
            let Some(j) = axis.and_then(|axis| kernel.rows.iter().position(|&x| x == axis)) else { continue };
            let run = part.run(spans[j].start, rows[j]);
            access.offset += run.index as isize * stride;
            // In a single position any step will do: that of the even boxes.
            let step = if spans[j].even { 1 } else { run.step };
            access.rows[j] += step * stride;
        }
    }
    out
}
