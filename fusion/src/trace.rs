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

use lazuli_core::op::MapOp;
use lazuli_core::shape::Dims;
use lazuli_core::{DType, Error, FastMath, Layout, NodeRef, Op, UnaryOp, Value, View};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use std::cell::Cell;
use std::hash::{Hash, Hasher};

/// One node of a trace.
pub struct Item {
    /// The graph's node.
    pub node: NodeRef,
    /// Numbers of the inputs of an operation that is to be computed; `None`: a leaf, whose value
    /// is there, or an argument.
    inputs: Option<SmallVec<[usize; 3]>>,
}

/// Words of a key. On the heap: traces are moved, and a key is long.
type Key = Vec<u64>;
/// A stored node and the views that give a root, for each root.
type Bases = SmallVec<[(usize, SmallVec<[usize; 2]>); 2]>;

/// Everything below some roots: see the module.
pub struct Trace {
    /// The nodes, inputs before readers.
    pub items: Vec<Item>,
    /// Number of each root, in the order asked for.
    pub roots: Vec<usize>,
    /// The nodes that are arguments of a function.
    pub arguments: SmallVec<[usize; 2]>,
    /// For each root: the node to store, and the views (innermost first) that give the root.
    bases: Bases,
    key: Key,
    /// Words of `key` that are the structure key.
    structure: usize,
}

impl Trace {
    /// Lists what has to be computed for `roots`. The first failed node found is the error. Keys
    /// begin with the words of `prefix`.
    pub fn collect(roots: &[NodeRef], prefix: &[u64]) -> Result<Trace, Error> {
        let mut items: Vec<Item> = Vec::with_capacity(16);
        let mut seen = Seen::new();
        // Counting references is dear: only what is new is taken along.
        let mut work: SmallVec<[NodeRef; 16]> = SmallVec::new();
        let visit = |node: &NodeRef, seen: &mut Seen, work: &mut SmallVec<[NodeRef; 16]>| {
            if seen.insert(node.id()) {
                work.push(node.clone());
            }
        };
        roots.iter().for_each(|root| visit(root, &mut seen, &mut work));
        while let Some(node) = work.pop() {
            // Their ids for now: numbers are given when all nodes are known. (Here and below, elements are pushed one by
            // one where an iterator would be shorter: for so few, its calls take longer than all else.)
            let inputs = node.with_inputs(|inputs| {
                let mut ids: SmallVec<[usize; 3]> = SmallVec::new();
                for input in inputs {
                    ids.push(input.id() as usize);
                    visit(input, &mut seen, &mut work);
                }
                ids
            });
            if inputs.is_none()
                && let Some(error) = node.error()
            {
                return Err(error.clone());
            }
            let argument = matches!(node.op(), Some(Op::Argument(_)));
            items.push(Item { node, inputs: inputs.filter(|_| !argument) });
        }
        // Found from the roots down, so this is nearly the order of ids.
        items.reverse();
        items.sort_unstable_by_key(|item| item.node.id());
        let mut ids: SmallVec<[u64; 32]> = SmallVec::new();
        let mut arguments: SmallVec<[usize; 2]> = SmallVec::new();
        for (n, item) in items.iter().enumerate() {
            ids.push(item.node.id());
            if matches!(item.node.op(), Some(Op::Argument(_))) {
                arguments.push(n);
            }
        }
        let number = |id: u64| ids.binary_search(&id).expect("all inputs were listed");
        for inputs in items.iter_mut().filter_map(|item| item.inputs.as_mut()) {
            inputs.iter_mut().for_each(|input| *input = number(*input as u64));
        }
        let roots: Vec<usize> = roots.iter().map(|n| number(n.id())).collect();
        let key = Key::with_capacity(128);
        let mut trace = Trace { arguments, items, roots, bases: Bases::new(), key, structure: 0 };
        trace.key.extend_from_slice(prefix);
        for r in 0..trace.roots.len() {
            let base = trace.base_of(trace.roots[r]);
            trace.bases.push(base);
        }
        trace.write_key();
        Ok(trace)
    }

    /// The structure key.
    pub fn structure_key(&self) -> &[u64] {
        &self.key[..self.structure]
    }

    /// The exact key, which begins with the structure key.
    pub fn exact_key(&self) -> &[u64] {
        &self.key
    }

    /// Shape of a node.
    #[inline]
    pub fn shape(&self, n: usize) -> &Dims {
        self.items[n].node.shape()
    }

    /// Type of a node.
    #[inline]
    pub fn dtype(&self, n: usize) -> DType {
        self.items[n].node.dtype()
    }

    /// Operation and inputs of a node that is to be computed.
    #[inline]
    pub fn op(&self, n: usize) -> Option<(&Op, &[usize])> {
        let inputs = self.items[n].inputs.as_ref()?;
        Some((self.items[n].node.op().expect("only operations have inputs"), inputs))
    }

    /// May some results differ from what is written?
    pub fn is_fast(&self) -> bool {
        (0..self.items.len()).any(|n| !self.fast(n).is_empty())
    }

    /// What may be done differently from what is written where node `n` is computed.
    #[inline]
    pub(crate) fn fast(&self, n: usize) -> FastMath {
        match self.op(n) {
            Some((Op::Map(_) | Op::Call { .. } | Op::Fold { .. }, _)) => self.items[n].node.fast(),
            _ => FastMath::empty(),
        }
    }

    /// Is the node not to be computed, because its value is there or will be given?
    #[inline]
    pub fn is_leaf(&self, n: usize) -> bool {
        self.items[n].inputs.is_none()
    }

    /// The value of a node that was there already.
    #[inline]
    pub fn value(&self, n: usize) -> Option<&Value> {
        let item = &self.items[n];
        if item.inputs.is_some() { None } else { item.node.value() }
    }

    /// Where the elements of a node stand: in the value that is there, or row-major in the one
    /// that will be stored.
    pub fn layout(&self, n: usize) -> Layout {
        match self.value(n) {
            Some(value) => value.layout.clone(),
            None => Layout::contiguous(self.shape(n)),
        }
    }

    /// What has to be stored for root number `r`, and the views that then give the root itself.
    pub fn base(&self, r: usize) -> (usize, &[usize]) {
        let (node, views) = &self.bases[r];
        (*node, views)
    }

    /// Looks through views that cost nothing: any views of a value that is there, and views other
    /// than slices of one that will be stored row-major (of a slice, computing only what it shows
    /// is less work). Where the layouts do not allow a reshape, the root itself is stored.
    fn base_of(&self, root: usize) -> (usize, SmallVec<[usize; 2]>) {
        let (mut at, mut views, mut slices) = (root, SmallVec::<[usize; 2]>::new(), false);
        while let Some((Op::View(view), inputs)) = self.op(at) {
            slices |= matches!(view, View::Slice(_));
            views.push(at);
            at = inputs[0];
        }
        if views.is_empty() || (slices && !self.is_leaf(at)) {
            return (root, SmallVec::new());
        }
        views.reverse();
        match self.layout_through(at, &views) {
            Some(_) => (at, views),
            None => (root, SmallVec::new()),
        }
    }

    /// Layout of node `n` seen through views; `None` if one is a reshape that strides cannot do.
    fn layout_through(&self, n: usize, views: &[usize]) -> Option<Layout> {
        views.iter().try_fold(self.layout(n), |layout, &v| match self.op(v) {
            Some((Op::View(view), _)) => layout.view(view, self.shape(v)),
            _ => unreachable!("a chain of views"),
        })
    }

    /// Layout of root number `r` in its stored node.
    pub fn root_layout(&self, r: usize) -> Layout {
        let (base, views) = self.base(r);
        self.layout_through(base, views).expect("checked when the trace was made")
    }

    /// Writes both keys.
    fn write_key(&mut self) {
        let mut s = Words(std::mem::take(&mut self.key));
        let mut exact: SmallVec<[u64; 64]> = SmallVec::new();
        // Extents by order of first appearance; 0 and 1 have numbers of their own.
        let mut extents = Extents { few: SmallVec::from_slice(&[0, 1]), many: FxHashMap::default() };
        for (n, item) in self.items.iter().enumerate() {
            let mut head = item.node.dtype() as u64;
            // Rare, and like no other word of a key.
            if !self.fast(n).is_empty() {
                s.0.push((1 << 63) | self.fast(n).bits() as u64);
            }
            match self.op(n) {
                None => {
                    head |= 1 << 8;
                    let made;
                    let layout = match self.value(n) {
                        Some(value) => &value.layout,
                        None => {
                            made = self.layout(n);
                            &made
                        }
                    };
                    exact.push(layout.offset as u64);
                    layout.strides.iter().for_each(|&s| exact.push(s as u64));
                }
                Some((op, inputs)) => {
                    match op {
                        Op::Const(_) => head |= 2 << 8,
                        Op::Iota => head |= 3 << 8,
                        Op::Within { axis, shift } => {
                            head |= (13 << 8) | ((*axis as u64) << 16);
                            exact.push(*shift as u64);
                        }
                        Op::Argument(_) => unreachable!("arguments are leaves"),
                        Op::Map(MapOp::Unary(UnaryOp::Powi(k))) => {
                            head |= (4 << 8) | ((*k as u32 as u64) << 32);
                        }
                        Op::Map(map) => {
                            head |= 5 << 8;
                            map.hash(&mut s);
                        }
                        Op::Call { function, result } => {
                            head |= (10 << 8) | ((*result as u64) << 16);
                            s.0.push(function.id());
                        }
                        Op::View(View::Slice(parts)) => {
                            head |= 6 << 8;
                            for p in parts.iter() {
                                exact.extend([p.start as u64, p.step as u64]);
                            }
                        }
                        Op::View(View::Window(parts)) => {
                            head |= 11 << 8;
                            for p in parts.iter() {
                                exact.extend([p.shift as u64, p.edge as u64]);
                            }
                        }
                        Op::View(view) => {
                            head |= 7 << 8;
                            view.hash(&mut s);
                            if matches!(view, View::Reshape) {
                                head |= (self.is_inserting_ones(n) as u64) << 16;
                            }
                        }
                        Op::Reduce { op, axes } => {
                            head |= (8 << 8) | ((item.node.is_held() as u64) << 16);
                            op.hash(&mut s);
                            axes.as_slice().hash(&mut s);
                        }
                        Op::Fold { fold, result, axes } => {
                            head |= (12 << 8) | ((item.node.is_held() as u64) << 16);
                            s.0.extend([fold.combine().id(), *result as u64]);
                            s.0.extend(fold.identity().iter().map(|v| v.bits));
                            axes.as_slice().hash(&mut s);
                        }
                        Op::MatMul => head |= 9 << 8,
                        Op::Generalized { function, result } => {
                            let held = item.node.is_held() as u64;
                            head |= (16 << 8) | ((*result as u64) << 16) | (held << 32);
                            s.0.push(function.0.id());
                        }
                    }
                    s.0.extend(inputs.iter().map(|&i| i as u64));
                }
            }
            s.0.push(head);
            let shape = item.node.shape();
            s.0.push(shape.len() as u64);
            for &x in shape {
                s.0.push(extents.number(x) as u64);
                exact.push(x as u64);
            }
        }
        s.0.push(u64::MAX);
        s.0.extend(self.bases.iter().map(|(base, _)| *base as u64));
        self.structure = s.0.len();
        s.0.extend_from_slice(&exact);
        self.key = s.0;
    }

    /// What a library reads for node `n`: a node below, through these views (innermost first). It cannot
    /// look through what may need a copy.
    pub(crate) fn below_views(&self, n: usize) -> (usize, SmallVec<[usize; 2]>) {
        let (mut at, mut views) = (n, SmallVec::new());
        while let Some((Op::View(view), inputs)) = self.op(at) {
            if matches!(view, View::Window(_))
                || (matches!(view, View::Reshape) && !self.is_inserting_ones(at))
            {
                return (n, SmallVec::new());
            }
            views.insert(0, at);
            at = inputs[0];
        }
        (at, views)
    }

    /// What a generalised function reads for node `n`, likewise: it looks through reshapes too, of which the
    /// sizes say whether they need a copy.
    pub(crate) fn below_strided_views(&self, n: usize) -> (usize, SmallVec<[usize; 2]>) {
        let (mut at, mut views) = (n, SmallVec::new());
        while let Some((Op::View(view), inputs)) = self.op(at) {
            if matches!(view, View::Window(_)) {
                return (n, SmallVec::new());
            }
            views.insert(0, at);
            at = inputs[0];
        }
        (at, views)
    }

    /// Is node `n` an operation on arrays seen through windows?
    pub(crate) fn reads_windows(&self, n: usize) -> bool {
        let Some((Op::Map(_) | Op::Call { .. }, inputs)) = self.op(n) else { return false };
        let window = |op: &Op| matches!(op, Op::View(View::Window(_)) | Op::Within { .. });
        inputs.iter().any(|&i| self.op(i).is_some_and(|(op, _)| window(op)))
    }

    /// Is node `n` a reshape that only adds or removes axes of length 1? That is structure; see
    /// `grow`.
    pub(crate) fn is_inserting_ones(&self, n: usize) -> bool {
        let Some((_, inputs)) = self.op(n) else { return false };
        let solid = |s: &Dims| s.iter().copied().filter(|&x| x != 1).collect::<Dims>();
        solid(self.shape(n)) == solid(self.shape(inputs[0]))
    }

    /// The pending nodes from number `lowest` on that are among `nodes` or below them. `None` if
    /// they are too many to look at ([`REACH`]); `steps` counts those looked at.
    pub(crate) fn needed(
        &self,
        nodes: impl Iterator<Item = usize>,
        lowest: usize,
        steps: &Cell<usize>,
    ) -> Option<FxHashSet<usize>> {
        let mut seen = FxHashSet::default();
        let mut work: Vec<usize> = nodes.filter(|&n| n >= lowest).collect();
        while let Some(n) = work.pop() {
            if let Some((_, inputs)) = self.op(n)
                && seen.insert(n)
            {
                steps.set(steps.get() + 1);
                work.extend(inputs.iter().copied().filter(|&i| i >= lowest));
            }
            if seen.len() > REACH {
                return None;
            }
        }
        Some(seen)
    }
}

/// Whether a kernel would wait for itself is asked for each one; beyond this many nodes between
/// its outputs the answer is taken to be yes, and they are not stored together.
const REACH: usize = 4096;

/// The ids seen so far. The first ones stand in a table on the stack, each in the place of its
/// low bits (ids of one graph are mostly neighbours) or one of the next; the others in a set.
struct Seen {
    few: [u64; Seen::PLACES],
    many: FxHashSet<u64>,
}

impl Seen {
    const PLACES: usize = 64;

    fn new() -> Seen {
        Seen { few: [0; Seen::PLACES], many: FxHashSet::default() }
    }

    /// Is the id (never 0) new?
    fn insert(&mut self, id: u64) -> bool {
        for step in 0..4 {
            let place = &mut self.few[(id as usize + step) % Seen::PLACES];
            if *place == id {
                return false;
            }
            if *place == 0 {
                *place = id;
                return true;
            }
        }
        self.many.insert(id)
    }
}

/// Different extents, numbered: the first ones in a list, which is quickest for a few, the
/// others in a map.
struct Extents {
    few: SmallVec<[usize; 16]>,
    many: FxHashMap<usize, usize>,
}

impl Extents {
    fn number(&mut self, x: usize) -> usize {
        if let Some(k) = self.few.iter().position(|&y| y == x) {
            return k;
        }
        let next = self.few.len() + self.many.len();
        if next < self.few.inline_size() {
            self.few.push(x);
            return next;
        }
        *self.many.entry(x).or_insert(next)
    }
}

/// A hasher that collects words in place of mixing them.
#[derive(Default)]
struct Words(Key);

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
    words.0.into()
}
