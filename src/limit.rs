//! The recording limit: unbounded recording holds constant memory.
//!
//! A program that loops over `x = &x * &a + &b` and never looks at `x` would record for ever. So
//! each thread keeps weak references to what it recorded. When many nodes are pending, or a
//! chain has grown long, or the pending nodes keep much memory alive that the program itself has
//! let go, the connected component of the newest node is evaluated, together with every other
//! component that is over the limit by itself.
//!
//! What is evaluated of a component, in one joint plan, are its *heads* (pending nodes that no
//! pending node reads) and the pending values that the program holds: with k coupled variables
//! those are the k variables, none of which may be left behind to be computed again from the
//! start. Held values that are not heads are taken newest first, up to the byte limit. For the sake of
//! memory nothing is evaluated whose heads take more than half of what it lets go, short of four times the limit: `x * a + b`
//! of a large `x` that the program has given away keeps no more memory than it had, and stays one kernel.
//!
//! Nothing here can fail a recording, and nothing is silent: `stats()` counts the evaluations. If the evaluation fails (out of memory), the nodes stay
//! pending, and the next attempt comes later. Recording pays a few nanoseconds: the graph is
//! walked only when a threshold is crossed, and thresholds move so that the walks stay a
//! constant cost for each recorded node. Walks use worklists, never recursion.

use lazuli_core::graph::Inputs;
use lazuli_core::{Node, NodeRef};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

/// How much may be recorded without being evaluated, for each thread. See
/// [`set_recording_limit`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecordingLimit {
    /// Pending operations, and the length of a chain of them. Default: 2,500.
    pub nodes: usize,
    /// Bytes of evaluated arrays that only pending operations still need. Default: 1 GiB; up to four times as much, as
    /// long as evaluating would take more than half of what it lets go.
    pub bytes: usize,
}

impl RecordingLimit {
    /// No limit: what is recorded stays recorded until a value is asked for.
    pub const NONE: RecordingLimit = RecordingLimit { nodes: usize::MAX, bytes: usize::MAX };
}

impl Default for RecordingLimit {
    fn default() -> RecordingLimit {
        RecordingLimit { nodes: NODE_LIMIT, bytes: BYTE_LIMIT }
    }
}

/// A plan of this size is still remembered by the plan cache, and kernels are shorter anyway, so
/// a larger one would save nothing: loops that run into the limit are faster with this one than
/// with 10,000.
const NODE_LIMIT: usize = 2_500;
const BYTE_LIMIT: usize = 1 << 30;

static NODES: AtomicUsize = AtomicUsize::new(NODE_LIMIT);
static BYTES: AtomicUsize = AtomicUsize::new(BYTE_LIMIT);

/// Sets how much may be recorded without being evaluated, for all threads of the process.
///
/// Beyond the limit, everything that is pending and connected with the newest operation is
/// evaluated at once. Results are the same; only when they are computed changes.
/// [`with_recording_limit`] does it for one thread and one closure.
pub fn set_recording_limit(limit: RecordingLimit) {
    NODES.store(limit.nodes.max(1), Ordering::Relaxed);
    BYTES.store(limit.bytes, Ordering::Relaxed);
}

/// Runs `f` with another recording limit on this thread.
///
/// ```
/// # use lazuli::{prelude::*, RecordingLimit};
/// let x = lazuli::with_recording_limit(RecordingLimit::NONE, || {
///     let mut x = Array::<f32>::zeros([8]);
///     for _ in 0..20_000 {
///         x = x + 1.0;
///     }
///     x
/// });
/// assert_eq!(x.to_vec()?, [20_000.0; 8]);
/// # Ok::<(), lazuli::Error>(())
/// ```
pub fn with_recording_limit<R>(limit: RecordingLimit, f: impl FnOnce() -> R) -> R {
    struct Restore(Option<RecordingLimit>);
    impl Drop for Restore {
        fn drop(&mut self) {
            let old = self.0;
            let _ = RECORDER.try_with(|r| r.borrow_mut().set_override(old));
        }
    }
    let old = RECORDER.with(|r| r.borrow_mut().set_override(Some(limit)));
    let _restore = Restore(old);
    f()
}

/// Entries of the table of inputs that were counted lately.
const SEEN: usize = 64;
/// After this many recordings, what was dropped among them is forgotten.
const PRUNE: usize = 128;
/// How often an evaluation is put off because its heads alone would exceed the byte limit: such
/// a head is likely the middle of an expression, as in `(x[:, None] - y[None, :]).sum(1)`.
const PATIENCE: u32 = 8;

thread_local! {
    static RECORDER: RefCell<Recorder> = RefCell::new(Recorder::new());
}

struct Recorder {
    nodes: Vec<Weak<Node>>,
    /// How many of `nodes` were looked through for dropped ones.
    pruned: usize,
    /// Ids of ready inputs counted in `pinned`, by their low bits.
    seen: [u64; SEEN],
    /// Bytes of ready inputs; an estimate from above.
    pinned: usize,
    over: Option<RecordingLimit>,
    /// The limit that the thresholds were made for.
    limit: RecordingLimit,
    at_nodes: usize,
    at_depth: usize,
    at_bytes: usize,
    patience: u32,
}

impl Recorder {
    fn new() -> Recorder {
        let mut r = Recorder {
            nodes: Vec::new(),
            pruned: 0,
            seen: [0; SEEN],
            pinned: 0,
            over: None,
            limit: RecordingLimit::default(),
            at_nodes: 0,
            at_depth: 0,
            at_bytes: 0,
            patience: PATIENCE,
        };
        r.reset();
        r
    }

    fn current(&self) -> RecordingLimit {
        self.over.unwrap_or(RecordingLimit {
            nodes: NODES.load(Ordering::Relaxed),
            bytes: BYTES.load(Ordering::Relaxed),
        })
    }

    fn set_override(&mut self, over: Option<RecordingLimit>) -> Option<RecordingLimit> {
        let old = std::mem::replace(&mut self.over, over);
        self.reset();
        old
    }

    /// Lets go of nodes that were dropped soon after they were recorded, while their memory is
    /// still in the cache for the next ones.
    fn prune(&mut self) {
        let mut kept = self.pruned;
        for i in self.pruned..self.nodes.len() {
            if self.nodes[i].strong_count() > 0 {
                self.nodes.swap(kept, i);
                kept += 1;
            }
        }
        self.nodes.truncate(kept);
        self.pruned = kept;
    }

    fn reset(&mut self) {
        self.limit = self.current();
        (self.at_nodes, self.at_depth) = (self.limit.nodes, self.limit.nodes);
        self.at_bytes = self.limit.bytes;
        self.patience = PATIENCE;
    }
}

/// Estimated bytes of ready inputs that were not counted lately. Asked before the node is made,
/// since making it takes the inputs.
#[inline]
pub(crate) fn pinned_by(inputs: &Inputs) -> usize {
    if inputs.iter().all(|n| n.is_pending()) {
        return 0;
    }
    let count = |r: &RefCell<Recorder>| {
        let r = &mut *r.borrow_mut();
        let mut bytes = 0usize;
        for node in inputs.iter().filter(|n| !n.is_pending()) {
            let slot = &mut r.seen[node.id() as usize % SEEN];
            if *slot != node.id() {
                *slot = node.id();
                bytes = bytes.saturating_add(node.len() * node.dtype().size());
            }
        }
        bytes
    };
    RECORDER.try_with(count).unwrap_or(0)
}

/// Takes note of a recorded node, and evaluates if a limit is exceeded.
#[inline]
pub(crate) fn note(node: &NodeRef, pinned: usize) {
    let exceeded = RECORDER.try_with(|r| {
        let r = &mut *r.borrow_mut();
        r.nodes.push(Arc::downgrade(node));
        if r.nodes.len() - r.pruned >= PRUNE {
            r.prune();
        }
        r.pinned = r.pinned.saturating_add(pinned);
        if NODES.load(Ordering::Relaxed) != r.limit.nodes && r.current() != r.limit {
            r.reset();
        }
        r.nodes.len() >= r.at_nodes || node.depth() as usize >= r.at_depth || r.pinned >= r.at_bytes
    });
    // An error means that the thread is ending: then it records no more.
    if exceeded == Ok(true) {
        relieve(node);
    }
}

/// Walks what is pending on this thread, and evaluates what is over the limit.
#[cold]
fn relieve(newest: &NodeRef) {
    let (list, limit) = RECORDER.with(|r| {
        let r = &mut *r.borrow_mut();
        r.pruned = 0;
        (std::mem::take(&mut r.nodes), r.limit)
    });
    let pending = list.iter().filter_map(Weak::upgrade).filter(|n| n.is_pending()).collect();
    drop(list);
    let graph = Components::find(pending);
    let mine = graph.index.get(&newest.id()).map(|&i| graph.component[i]);
    let (mut ok, mut patient) = (true, true);
    let mut flushed = vec![false; graph.nodes.len()];
    for c in graph.roots() {
        let (size, pinned) = (graph.size[c], graph.pinned[c]);
        let own = Some(c) == mine;
        let long =
            size >= limit.nodes || own && (size >= limit.nodes / 2 || newest.depth() as usize >= limit.nodes);
        let large = pinned >= if own { limit.bytes / 2 } else { limit.bytes };
        if !(long || large) {
            continue;
        }
        let (heads, bytes) = graph.evaluation(c, limit.bytes);
        // On paper: a view of what is there takes nothing.
        if !long && bytes > pinned / 2 && pinned < limit.bytes.saturating_mul(4) {
            continue;
        }
        if bytes > limit.bytes && RECORDER.with(|r| r.borrow().patience) > 0 {
            patient = false;
            continue;
        }
        match lazuli_backends::evaluate(&heads) {
            Ok(()) => {
                lazuli_backends::count_flush();
                flushed[c] = true;
            }
            Err(_) => ok = false,
        }
    }
    let left: Vec<Weak<Node>> = (0..graph.tracked)
        .filter(|&i| !flushed[graph.component[i]] && graph.nodes[i].is_pending())
        .map(|i| Arc::downgrade(&graph.nodes[i]))
        .collect();
    let pinned = graph.roots().into_iter().filter(|&c| !flushed[c]).map(|c| graph.pinned[c]).sum::<usize>();
    RECORDER.with(|r| {
        let r = &mut *r.borrow_mut();
        r.pruned = left.len();
        r.nodes = left;
        r.pinned = pinned;
        r.seen = [0; SEEN];
        let (depth, len) = (newest.depth() as usize, r.nodes.len());
        r.at_bytes = limit.bytes.max(pinned.saturating_add(limit.bytes / 2));
        if !patient {
            let wait = limit.nodes / 16 + 1;
            r.patience -= 1;
            (r.at_nodes, r.at_depth) = (len.saturating_add(wait), depth.saturating_add(wait));
        } else {
            r.patience = PATIENCE;
            r.at_nodes = limit.nodes.max(len.saturating_mul(2));
            r.at_depth = if ok { limit.nodes } else { depth.saturating_add(limit.nodes) };
        }
    });
}

/// Hashes ids, which are numbered one by one already.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("only ids are hashed")
    }
    fn write_u64(&mut self, id: u64) {
        self.0 = id.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

type ById<V> = HashMap<u64, V, BuildHasherDefault<IdHasher>>;

/// The connected components of what is pending.
struct Components {
    /// First the nodes that this thread recorded, then what they read from elsewhere.
    nodes: Vec<NodeRef>,
    tracked: usize,
    index: ById<usize>,
    /// Union-find while the graph is walked; after that, the node that stands for the component.
    component: Vec<usize>,
    /// Is it an input of a pending node?
    read: Vec<bool>,
    /// For the root of a component: how many tracked nodes it has.
    size: Vec<usize>,
    /// For the root of a component: bytes that only it keeps alive.
    pinned: Vec<usize>,
}

impl Components {
    fn find(pending: Vec<NodeRef>) -> Components {
        let tracked = pending.len();
        let index = pending.iter().enumerate().map(|(i, n)| (n.id(), i)).collect();
        let mut c = Components {
            tracked,
            index,
            component: (0..tracked).collect(),
            read: vec![false; tracked],
            nodes: pending,
            size: Vec::new(),
            pinned: Vec::new(),
        };
        let mut leaves: ById<(usize, usize)> = ById::default();
        let mut i = 0;
        while i < c.nodes.len() {
            let inputs = c.nodes[i].with_inputs(Inputs::clone).unwrap_or_default();
            for input in inputs {
                if input.is_pending() {
                    let j = c.add(input);
                    c.read[j] = true;
                    let (a, b) = (c.find_root(i), c.find_root(j));
                    c.component[a.max(b)] = a.min(b);
                } else if !input.is_held() {
                    let bytes = input.value().map_or(0, |v| v.buffer.bytes());
                    leaves.insert(input.id(), (i, bytes));
                }
            }
            i += 1;
        }
        c.size = vec![0; c.nodes.len()];
        c.pinned = vec![0; c.nodes.len()];
        for i in 0..c.nodes.len() {
            c.component[i] = c.find_root(i);
        }
        for i in 0..tracked {
            c.size[c.component[i]] += 1;
        }
        for (i, bytes) in leaves.into_values() {
            c.pinned[c.component[i]] += bytes;
        }
        c
    }

    fn add(&mut self, node: NodeRef) -> usize {
        let next = self.nodes.len();
        let i = *self.index.entry(node.id()).or_insert(next);
        if i == next {
            self.nodes.push(node);
            self.component.push(i);
            self.read.push(false);
        }
        i
    }

    fn find_root(&mut self, mut i: usize) -> usize {
        while self.component[i] != i {
            self.component[i] = self.component[self.component[i]];
            i = self.component[i];
        }
        i
    }

    fn roots(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|&i| self.component[i] == i).collect()
    }

    /// What to evaluate of component `c`: its heads, then held values up to `budget` bytes; and
    /// the bytes of the heads alone.
    fn evaluation(&self, c: usize, budget: usize) -> (Vec<NodeRef>, usize) {
        let (mut roots, mut held, mut head_bytes) = (Vec::new(), Vec::new(), 0usize);
        for i in 0..self.nodes.len() {
            if self.component[i] != c {
                continue;
            }
            let node = &self.nodes[i];
            if !self.read[i] {
                head_bytes = head_bytes.saturating_add(bytes_of(node));
                roots.push(node.clone());
            } else if node.is_held() {
                held.push(node.clone());
            }
        }
        held.sort_unstable_by_key(|n| std::cmp::Reverse(n.id()));
        let mut left = budget;
        for node in held {
            if let Some(rest) = left.checked_sub(bytes_of(&node)) {
                left = rest;
                roots.push(node);
            }
        }
        (roots, head_bytes)
    }
}

fn bytes_of(node: &NodeRef) -> usize {
    node.len().saturating_mul(node.dtype().size())
}
