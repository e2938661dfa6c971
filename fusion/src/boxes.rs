//! Kernels that look through windows: their space is divided into boxes, one launch each.
//!
//! Along each axis the windows of a kernel are walked evenly but for a few places, where one of them meets
//! an edge of its array ([`lazuli_core::window`]). Cut there, the space falls into boxes, and in each box
//! every access is a plain one of even steps. All boxes but odd ones step as the array does and differ in
//! extents and offsets alone: they share one schedule and one kernel key, so what stands beyond an edge
//! costs no instruction inside of the array, and no engine knows of windows.
//!
//! Odd are boxes in which something long is not walked element by element, as what lies beyond the end of an
//! axis by more than [`SHORT`]: they are scheduled by themselves.

use crate::bind::{Bound, BoundAccess};
use crate::kernel::Kernel;
use crate::schedule::schedule;
use lazuli_core::shape::Dims;
use lazuli_core::window::Run;
use lazuli_core::{Caps, Layout, WindowPart};
use std::sync::Arc;

/// Up to here, positions that are not walked one by one become boxes of their own.
const SHORT: usize = 8;
/// Boxes of at least this many elements begin at multiples of [`LINE`] along the lanes, because only
/// what fills whole lines is written past the caches.
const LARGE: usize = 1 << 20;
/// Elements: no fewer than a cache line has, whatever the type.
const LINE: usize = 64;

/// A window through which a kernel reads.
pub(crate) struct Window<'a> {
    /// The access.
    pub access: usize,
    /// For each axis of the array.
    pub parts: &'a [WindowPart],
    /// The array behind it.
    pub layout: Layout,
}

/// Positions of an axis in which each window is walked evenly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Span {
    start: usize,
    length: usize,
    /// Element by element?
    even: bool,
}

/// The launches of a kernel without a reduction; that of the largest box is the first. `rows` are the extents
/// of its axes, none 0; accesses through windows are those of the arrays behind.
pub(crate) fn divide(
    kernel: &Arc<Kernel>,
    rows: &Dims,
    accesses: &[BoundAccess],
    windows: &[Window<'_>],
    caps: &Caps,
) -> Vec<Bound> {
    debug_assert!(kernel.inner.is_empty() && !kernel.reduces(), "windows are not reduced over");
    let large = rows.iter().product::<usize>() >= LARGE;
    let spans: Vec<Vec<Span>> = (0..rows.len())
        .map(|j| {
            let spans = spans(rows[j], &parts_along(kernel, j, windows));
            if large && j + 1 == rows.len() { at_lines(spans) } else { spans }
        })
        .collect();
    // What all even boxes have in common follows from one of them. An axis that is cut stays one: it must
    // neither be dropped for a length of 1 nor merge with others, so its stand-in is never as long as it is.
    let like = spans.iter().zip(rows).map(|(spans, &n)| match spans[..] {
        [Span { even: true, .. }] => n,
        _ => match spans.iter().filter(|s| s.even).map(|s| s.length).max() {
            Some(length) if length > 1 => length,
            _ => n + 1,
        },
    });
    let like: Dims = like.collect();
    let (common, merged) = schedule(kernel.clone(), like.clone(), Dims::new(), accesses.to_vec(), caps);
    let share = |of: usize, points: usize| {
        (of as f64 * points as f64 / like.iter().product::<usize>() as f64).round() as usize
    };

    let mut boxes = product(&spans);
    let points = |b: &[Span]| b.iter().map(|s| s.length).product::<usize>();
    if let Some(largest) = (0..boxes.len()).max_by_key(|&b| points(&boxes[b])) {
        boxes.swap(0, largest);
    }
    let place = |part: usize, spans: Vec<Span>| {
        let extents: Dims = spans.iter().map(|s| s.length).collect();
        let moved = moved(kernel, rows, accesses, windows, &spans);
        if spans.iter().all(|s| s.even) {
            let mut bound = common.clone();
            bound.rows = merged.iter().map(|axes| extents[axes.clone()].iter().product()).collect();
            bound.accesses.iter_mut().zip(&moved).for_each(|(a, m)| a.offset = m.offset);
            let points = points(&spans);
            bound.bytes_read = share(bound.bytes_read, points);
            bound.bytes_written = share(bound.bytes_written, points);
            bound.work *= points as f64 / like.iter().product::<usize>() as f64;
            return Bound { part: part as u32, ..bound };
        }
        Bound { part: part as u32, ..schedule(kernel.clone(), extents, Dims::new(), moved, caps).0 }
    };
    boxes.into_iter().enumerate().map(|(part, spans)| place(part, spans)).collect()
}

/// What windows do along row axis number `j`, each once.
fn parts_along(kernel: &Kernel, j: usize, windows: &[Window<'_>]) -> Vec<WindowPart> {
    let mut out = Vec::new();
    for w in windows {
        let axes = &kernel.accesses[w.access].axes;
        let along = axes.iter().zip(w.parts).filter(|&(&axis, _)| axis == Some(kernel.rows[j]));
        for (_, part) in along {
            if !out.contains(part) {
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
        let even = runs().all(|r: Run| r.step == 1);
        if even || length > SHORT {
            out.push(Span { start, length, even });
        } else {
            out.extend((start..start + length).map(|start| Span { start, length: 1, even: true }));
        }
        start += length;
    }
    out
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
