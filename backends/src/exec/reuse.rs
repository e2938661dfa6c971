//! In-place reuse: a result takes the memory of an array that dies with the evaluation.
//!
//! Allowed only where nobody can tell. The array must be one that nobody holds and that only
//! nodes of this evaluation refer to, all of which are finished by it or die with it themselves;
//! its buffer must have no other owner; and the kernel that writes the result must read the
//! array, element for element at the place it writes, as the last to read it. Counting
//! references here is safe because all these nodes are claimed: whoever else comes across them
//! has to wait, and then finds them finished.

use lazuli_core::BufferRef;
use lazuli_fusion::bind::{Bound, BoundAccess, Lane, Launch, Mode, Slot};
use lazuli_fusion::{Launches, Trace};
use smallvec::SmallVec;
use std::sync::Arc;

/// Smaller results are not worth the search.
const SMALLEST: usize = 64 << 10;

/// For each result: the buffer that it may take over, if there is one.
pub type Reused = SmallVec<[Option<BufferRef>; 2]>;

/// Finds what can be taken over.
pub fn reusable(trace: &Trace, launches: &Launches) -> Reused {
    let mut found = Reused::from_elem(None, launches.results.len());
    if launches.results.iter().all(|&(_, bytes)| bytes < SMALLEST) {
        return found;
    }
    let dying = dying(trace, launches);
    let mut taken: Vec<usize> = Vec::new();
    for (position, launch) in launches.launches.iter().enumerate() {
        let Launch::Kernel(bound) = launch else { continue };
        // Boxes of one kernel read what others of them write.
        let boxes = launches.launches.get(position + 1).is_some_and(|next| !next.is_first());
        if bound.mode != Mode::Map || bound.part > 0 || boxes {
            continue;
        }
        for store in bound.accesses.iter().filter(|a| a.write) {
            let Slot::Result(r) = store.slot else { continue };
            let bytes = launches.results[r].1;
            if bytes < SMALLEST || found[r].is_some() {
                continue;
            }
            let candidate = bound.accesses.iter().find_map(|a| match a.slot {
                Slot::Leaf(n) if dying[n] && !taken.contains(&n) && same_place(a, store) => Some(n),
                _ => None,
            });
            let Some(n) = candidate else { continue };
            let Some(value) = trace.value(n) else { continue };
            // The one owner of the buffer is the node.
            let alone = Arc::strong_count(&value.buffer) == 1 && value.buffer.bytes() == bytes;
            let only_here = bound.accesses.iter().all(|a| a.slot != Slot::Leaf(n) || same_place(a, store));
            if alone && only_here && !read_later(&launches.launches[position + 1..], n) {
                taken.push(n);
                found[r] = Some(value.buffer.clone());
            }
        }
    }
    found
}

/// Do two accesses touch the same element at every point?
fn same_place(a: &BoundAccess, b: &BoundAccess) -> bool {
    a.dtype.size() == b.dtype.size()
        && a.offset == b.offset
        && a.rows == b.rows
        && a.lane == Lane::Unit
        && b.lane == Lane::Unit
}

fn read_later(launches: &[Launch], n: usize) -> bool {
    let reads = |b: &Bound| b.accesses.iter().any(|a| a.slot == Slot::Leaf(n));
    launches.iter().any(|launch| match launch {
        Launch::Kernel(b) => reads(b),
        Launch::MatMul(m) => m.operands.iter().any(|o| o.0 == Slot::Leaf(n)),
        Launch::Call(call) => call.slots.contains(&Slot::Leaf(n)),
    })
}

/// Which nodes nobody can reach once the evaluation is finished.
fn dying(trace: &Trace, launches: &Launches) -> Vec<bool> {
    let count = trace.items.len();
    let finished = |n: usize| trace.roots.contains(&n) || launches.results.iter().any(|r| r.0 == n);
    let mut edges = vec![0usize; count];
    let mut all_readers_go = vec![true; count];
    let mut dying = vec![false; count];
    // A root that shows an array through views goes on needing its memory.
    for r in 0..trace.roots.len() {
        all_readers_go[trace.base(r).0] = false;
    }
    for n in (0..count).rev() {
        let node = &trace.items[n].node;
        // One reference is the trace's own.
        dying[n] = !node.is_held() && all_readers_go[n] && Arc::strong_count(node) == edges[n] + 1;
        let Some((_, inputs)) = trace.op(n) else { continue };
        let goes = dying[n] || finished(n);
        for &i in inputs {
            edges[i] += 1;
            all_readers_go[i] &= goes;
        }
    }
    dying
}
