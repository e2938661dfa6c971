//! The pending nodes below some roots, in a canonical numbering.
//!
//! Nodes are numbered in recording order (ids ascending), so an input's number is always below
//! its reader's. Two graphs of the same structure get the same numbers, which is what lets a
//! plan made for one be run for the other: a plan speaks of node numbers only.
//!
//! Two keys are written on the way, as words that are compared whole (a hash collision can never
//! pick a wrong plan). The *structure* key holds operations, dtypes, edges and which extents are
//! equal to each other, to 0 or to 1; never sizes, offsets or values. The *exact* key adds sizes,
//! slices and layouts.

use lazuli_core::graph::Peek;
use lazuli_core::op::MapOp;
use lazuli_core::shape::Dims;
use lazuli_core::{DType, Error, NodeRef, Op, UnaryOp, Value, View};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::hash::{Hash, Hasher};

/// One node of a trace.
pub struct Item {
    /// The graph's node.
    pub node: NodeRef,
    /// What it is.
    pub what: What,
}

/// A computed value or an operation to run.
pub enum What {
    /// The value is there.
    Value(Value),
    /// To be computed from other nodes of the trace.
    Op(Op, SmallVec<[usize; 3]>),
}

/// Words of a key.
pub type Key = SmallVec<[u64; 64]>;
/// A stored node and the views that give a root, for each root.
type Bases = SmallVec<[(usize, SmallVec<[usize; 2]>); 2]>;

/// Everything below some roots: see the module.
pub struct Trace {
    /// The nodes, inputs before readers.
    pub items: Vec<Item>,
    /// Number of each root, in the order asked for.
    pub roots: Vec<usize>,
    /// For each root: the node to store, and the views (innermost first) that give the root.
    bases: Bases,
    /// Structure key.
    pub structure: Key,
    /// Exact key (the structure key is not repeated in it).
    pub exact: Key,
}

impl Trace {
    /// Lists what has to be computed for `roots`. The first failed node found is the error.
    pub fn collect(roots: &[NodeRef]) -> Result<Trace, Error> {
        let mut seen = Numbers::default();
        let mut list: Vec<(NodeRef, Peek)> = Vec::with_capacity(8);
        let mut work: SmallVec<[NodeRef; 16]> = roots.iter().cloned().collect();
        while let Some(node) = work.pop() {
            if !seen.insert(node.id(), 0) {
                continue;
            }
            let peek = node.peek();
            match &peek {
                Peek::Failed(error) => return Err(error.clone()),
                Peek::Pending(_, inputs) => work.extend(inputs.iter().cloned()),
                Peek::Ready(_) => {}
            }
            list.push((node, peek));
        }
        list.sort_unstable_by_key(|(node, _)| node.id());
        let mut number = Numbers::default();
        for (i, (node, _)) in list.iter().enumerate() {
            number.insert(node.id(), i);
        }
        let items: Vec<Item> = list
            .into_iter()
            .map(|(node, peek)| {
                let what = match peek {
                    Peek::Ready(value) => What::Value(value),
                    Peek::Pending(op, inputs) => {
                        What::Op(op, inputs.iter().map(|n| number.get(n.id())).collect())
                    }
                    Peek::Failed(_) => unreachable!("returned above"),
                };
                Item { node, what }
            })
            .collect();
        let roots: Vec<usize> = roots.iter().map(|n| number.get(n.id())).collect();
        let bases: Bases = roots.iter().map(|&r| base_of(&items, r)).collect();
        let (structure, exact) = keys(&items, &bases);
        Ok(Trace { items, roots, bases, structure, exact })
    }

    /// Shape of a node.
    pub fn shape(&self, n: usize) -> &Dims {
        self.items[n].node.shape()
    }

    /// Type of a node.
    pub fn dtype(&self, n: usize) -> DType {
        self.items[n].node.dtype()
    }

    /// Operation and inputs of a node that is to be computed.
    pub fn op(&self, n: usize) -> Option<(&Op, &[usize])> {
        match &self.items[n].what {
            What::Op(op, inputs) => Some((op, inputs)),
            What::Value(_) => None,
        }
    }

    /// What has to be stored for root number `r`, and the views that then give the root itself.
    pub fn base(&self, r: usize) -> (usize, &[usize]) {
        let (node, views) = &self.bases[r];
        (*node, views)
    }

    /// Does node `n` need the value of node `on` (perhaps through others)?
    pub fn depends(&self, n: usize, on: usize) -> bool {
        let mut seen = vec![false; n + 1];
        let mut work = vec![n];
        while let Some(at) = work.pop() {
            if at == on {
                return true;
            }
            if at < on || std::mem::replace(&mut seen[at], true) {
                continue;
            }
            if let Some((_, inputs)) = self.op(at) {
                work.extend(inputs.iter().copied());
            }
        }
        false
    }
}

/// Looks through views that cost nothing: any views of a value that is there, and views other
/// than slices of one that will be stored row-major (of a slice, computing only what it shows is
/// less work). Where the layouts do not allow a reshape, the root itself is stored.
fn base_of(items: &[Item], root: usize) -> (usize, SmallVec<[usize; 2]>) {
    let (mut at, mut views, mut slices) = (root, SmallVec::<[usize; 2]>::new(), false);
    while let What::Op(Op::View(view), inputs) = &items[at].what {
        slices |= matches!(view, View::Slice(_));
        views.push(at);
        at = inputs[0];
    }
    views.reverse();
    let mut layout = match &items[at].what {
        What::Value(v) => v.layout.clone(),
        What::Op(..) if slices => return (root, SmallVec::new()),
        What::Op(..) => lazuli_core::Layout::contiguous(items[at].node.shape()),
    };
    for &v in &views {
        let What::Op(Op::View(view), _) = &items[v].what else { unreachable!("collected above") };
        match layout.view(view, items[v].node.shape()) {
            Some(next) => layout = next,
            None => return (root, SmallVec::new()),
        }
    }
    (at, views)
}

/// Numbers by node id: a list while there are few, a table when there are many.
#[derive(Default)]
struct Numbers {
    few: SmallVec<[(u64, usize); 24]>,
    many: FxHashMap<u64, usize>,
}

impl Numbers {
    /// Is the id new?
    fn insert(&mut self, id: u64, number: usize) -> bool {
        if self.many.is_empty() && self.few.len() < 24 {
            let new = self.few.iter().all(|&(known, _)| known != id);
            if new {
                self.few.push((id, number));
            }
            return new;
        }
        self.many.extend(self.few.drain(..));
        self.many.insert(id, number).is_none()
    }

    fn get(&self, id: u64) -> usize {
        match self.few.iter().find(|&&(known, _)| known == id) {
            Some(&(_, number)) => number,
            None => self.many[&id],
        }
    }
}

/// A hasher that collects words in place of mixing them.
#[derive(Default)]
struct Words(SmallVec<[u64; 64]>);

impl Hasher for Words {
    fn finish(&self) -> u64 {
        0
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0.push(u64::from_le_bytes(word));
        }
    }
    fn write_u64(&mut self, w: u64) {
        self.0.push(w);
    }
    fn write_usize(&mut self, w: usize) {
        self.0.push(w as u64);
    }
    fn write_isize(&mut self, w: isize) {
        self.0.push(w as u64);
    }
}

/// The words that a value hashes to: a key that is compared whole.
pub fn words_of(value: &impl Hash) -> Box<[u64]> {
    let mut words = Words::default();
    value.hash(&mut words);
    words.0.as_slice().into()
}

fn keys(items: &[Item], bases: &Bases) -> (Key, Key) {
    let mut s = Words::default();
    let mut e = Words::default();
    // Extents by order of first appearance; 0 and 1 have numbers of their own.
    let mut extents: SmallVec<[usize; 16]> = SmallVec::from_slice(&[0, 1]);
    for (n, item) in items.iter().enumerate() {
        let mut head = item.node.dtype() as u64;
        match &item.what {
            What::Value(value) => {
                head |= 1 << 8;
                e.0.push(value.layout.offset as u64);
                e.0.extend(value.layout.strides.iter().map(|&s| s as u64));
            }
            What::Op(op, inputs) => {
                match op {
                    Op::Const(_) => head |= 2 << 8,
                    Op::Iota => head |= 3 << 8,
                    Op::Map(MapOp::Unary(UnaryOp::Powi(k))) => head |= (4 << 8) | ((*k as u32 as u64) << 32),
                    Op::Map(map) => {
                        head |= 5 << 8;
                        map.hash(&mut s);
                    }
                    Op::View(View::Slice(parts)) => {
                        head |= 6 << 8;
                        for p in parts {
                            e.0.extend([p.start as u64, p.step as u64]);
                        }
                    }
                    Op::View(view) => {
                        head |= 7 << 8;
                        view.hash(&mut s);
                        if matches!(view, View::Reshape) {
                            head |= (is_inserting_ones(items, n) as u64) << 16;
                        }
                    }
                    Op::Reduce { op, axes } => {
                        head |= (8 << 8) | ((item.node.is_held() as u64) << 16);
                        op.hash(&mut s);
                        axes.as_slice().hash(&mut s);
                    }
                    Op::MatMul => head |= 9 << 8,
                }
                s.0.extend(inputs.iter().map(|&i| i as u64));
            }
        }
        s.0.push(head);
        let shape = item.node.shape();
        s.0.push(shape.len() as u64);
        for &x in shape {
            let id = extents.iter().position(|&y| y == x).unwrap_or_else(|| {
                extents.push(x);
                extents.len() - 1
            });
            s.0.push(id as u64);
            e.0.push(x as u64);
        }
    }
    s.0.push(u64::MAX);
    s.0.extend(bases.iter().map(|(base, _)| *base as u64));
    (s.0, e.0)
}

/// A reshape that only adds or removes axes of length 1 is structure; see `grow`.
pub(crate) fn is_inserting_ones(items: &[Item], n: usize) -> bool {
    let What::Op(_, inputs) = &items[n].what else { return false };
    let solid = |s: &Dims| s.iter().copied().filter(|&x| x != 1).collect::<Dims>();
    solid(items[n].node.shape()) == solid(items[inputs[0]].node.shape())
}
