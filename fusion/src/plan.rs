//! Which values are stored, and by which kernels.
//!
//! Starting from the roots, each stored value grows a kernel that computes as much as it can in
//! place ([`crate::grow`]); what it cannot is stored by a kernel of its own, with a named
//! [`Break`]. Then: a value computed in place by several kernels is stored after all where that
//! is cheaper than computing it again, and kernels of one iteration space that read the same
//! arrays are merged, the pair that saves most reads first. All of it looks at structure only,
//! never at sizes, so one plan serves every size.

use crate::grow::{Grown, Rules, grow};
use crate::kernel::{Kernel, Target, price};
use crate::trace::Trace;
use lazuli_core::{Caps, Op};
use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Why a value was not computed inside the kernel that uses it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Reason {
    /// The reduction runs over other axes than those of the kernel.
    Axes,
    /// A slice or reshape stands between the reduction and its use.
    ViewOfReduction,
    /// The kernel has reached its longest body.
    Length,
    /// The kernel has reached its most arrays.
    Arrays,
    /// A library computes it.
    Library,
    /// Several kernels use it, and computing it again would cost more than storing it.
    Shared,
    /// Merging the kernels would make them wait for each other.
    Cycle,
}

impl Reason {
    /// One line for people.
    pub fn text(self) -> &'static str {
        match self {
            Reason::Axes => "it reduces over other axes than the kernel that uses it",
            Reason::ViewOfReduction => "a slice or reshape stands between the reduction and its use",
            Reason::Length => "the kernel has reached its longest body",
            Reason::Arrays => "the kernel has reached the most arrays that it may use",
            Reason::Library => "a library computes it",
            Reason::Shared => "several kernels use it, and computing it again would cost more",
            Reason::Cycle => "merging would make kernels wait for each other",
        }
    }
}

/// A refusal to fuse.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Break {
    /// The node that is stored because of it.
    pub node: usize,
    /// Why.
    pub reason: Reason,
}

/// One thing to run.
#[derive(Clone, Debug)]
pub enum Step {
    /// A fused kernel.
    Kernel(Arc<Kernel>),
    /// A matrix product by a library: this MatMul node.
    MatMul(usize),
}

/// Kernels and library calls in an order that works, for every graph of one structure.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What to run, in order.
    pub steps: Vec<Step>,
    /// Nodes whose values stay when the plan is done: those that the roots show, and held
    /// reductions stored on the way.
    pub results: Vec<usize>,
    /// Every refusal to fuse.
    pub breaks: Vec<Break>,
}

/// Plans the evaluation of a trace.
pub fn plan(trace: &Trace, caps: &Caps) -> Plan {
    let mut planner = Planner::new(trace, caps);
    planner.settle();
    planner.order()
}

struct Planner<'a> {
    trace: &'a Trace,
    caps: &'a Caps,
    /// Nodes that the roots show and that need computing.
    asked: BTreeSet<usize>,
    /// Those, and held reductions: may be stored by any kernel that meets them.
    wanted: HashSet<usize>,
    /// Nodes that get a kernel of their own.
    stored: HashSet<usize>,
    kernels: Vec<Grown>,
    libraries: BTreeSet<usize>,
    breaks: BTreeSet<Break>,
}

impl<'a> Planner<'a> {
    fn new(trace: &'a Trace, caps: &'a Caps) -> Planner<'a> {
        let pending = |n: &usize| trace.op(*n).is_some();
        let asked: BTreeSet<usize> =
            (0..trace.roots.len()).map(|r| trace.base(r).0).filter(pending).collect();
        let held = (0..trace.items.len()).filter(|&n| {
            matches!(trace.op(n), Some((Op::Reduce { .. }, _))) && trace.items[n].node.is_held()
        });
        let wanted = asked.iter().copied().chain(held).collect();
        Planner {
            trace,
            caps,
            asked,
            wanted,
            stored: HashSet::default(),
            kernels: Vec::new(),
            libraries: BTreeSet::new(),
            breaks: BTreeSet::new(),
        }
    }

    fn grow(&self, outputs: &[usize], taken: &HashSet<usize>) -> Result<Grown, Reason> {
        let mut stored = self.stored.clone();
        stored.extend(taken.iter().copied().filter(|n| !outputs.contains(n)));
        let wanted = self.wanted.iter().copied().filter(|n| !taken.contains(n)).collect();
        grow(self.trace, outputs, &Rules { caps: self.caps, stored: &stored, wanted: &wanted })
    }

    /// Grows kernels until every value that one of them reads is stored by another, and nothing
    /// dear is computed twice.
    fn settle(&mut self) {
        // Each round stores at least one node more, or ends.
        loop {
            self.kernels.clear();
            self.libraries.clear();
            self.breaks.retain(|b| matches!(b.reason, Reason::Shared | Reason::Cycle));
            let mut taken: HashSet<usize> = HashSet::default();
            let mut work: BTreeSet<usize> = self.asked.clone();
            while let Some(node) = work.pop_last() {
                if taken.contains(&node) {
                    continue;
                }
                if let Some((Op::MatMul, inputs)) = self.trace.op(node) {
                    taken.insert(node);
                    self.libraries.insert(node);
                    work.extend(inputs.iter().filter_map(|&i| self.matmul_operand(i)));
                    continue;
                }
                let grown = self
                    .grow(&[node], &taken)
                    .unwrap_or_else(|reason| unreachable!("one output always fits: {reason:?}"));
                taken.extend(grown.outputs.iter().copied());
                work.extend(grown.reads.iter().copied());
                self.breaks.extend(grown.breaks.iter().copied());
                self.kernels.push(grown);
            }
            // Merged first: what two kernels compute in place, one of them may compute once.
            self.merge_siblings();
            if !self.store_shared() {
                return;
            }
        }
    }

    /// The node that has to be stored for a library to read operand `n`.
    fn matmul_operand(&self, n: usize) -> Option<usize> {
        let base = self.matmul_base(n);
        self.trace.op(base).is_some().then_some(base)
    }

    /// Below the views that a library can read through.
    fn matmul_base(&self, mut n: usize) -> usize {
        use lazuli_core::View;
        let top = n;
        while let Some((Op::View(view), inputs)) = self.trace.op(n) {
            if matches!(view, View::Reshape) && !self.trace.is_inserting_ones(n) {
                return top;
            }
            n = inputs[0];
        }
        n
    }

    /// Finds values computed in place more than once whose recomputation is dear.
    fn store_shared(&mut self) -> bool {
        let mut count: BTreeMap<usize, usize> = BTreeMap::new();
        for k in &self.kernels {
            for (&n, &times) in &k.inlined {
                *count.entry(n).or_default() += times;
            }
        }
        let mut cost = vec![0usize; self.trace.items.len()];
        let mut added = false;
        for n in 0..cost.len() {
            let Some((op, inputs)) = self.trace.op(n) else { continue };
            let below = inputs.iter().map(|&i| cost[i]).fold(0usize, |a, b| a.saturating_add(b));
            let repeated = count.get(&n).copied().unwrap_or(0).saturating_sub(1);
            match op {
                Op::Map(map) => cost[n] = below.saturating_add(price_of(map)),
                Op::View(_) => cost[n] = below,
                // Another sweep over an array: always dear.
                Op::Reduce { .. } => cost[n] = below.saturating_add(1 << 20),
                _ => {}
            }
            let dear = repeated.saturating_mul(cost[n]) > self.caps.max_recompute;
            let held = self.wanted.contains(&n) && !self.stored.contains(&n);
            if repeated > 0 && dear && (held || !self.wanted.contains(&n)) && self.stored.insert(n) {
                self.wanted.remove(&n);
                self.breaks.insert(Break { node: n, reason: Reason::Shared });
                added = true;
            }
            if self.stored.contains(&n) {
                cost[n] = 0;
            }
        }
        // A stored node that nobody reads any more is not stored: it is only asked for by reads.
        added
    }

    /// Merges kernels of one iteration space that read the same arrays, those that share most
    /// reads first.
    fn merge_siblings(&mut self) {
        if !self.caps.fuse {
            return;
        }
        let mut refused: HashSet<(Vec<usize>, Vec<usize>)> = HashSet::default();
        while let Some((i, j, merged)) = self.next_merge(&mut refused) {
            self.kernels.remove(j);
            self.kernels[i] = merged;
        }
    }

    /// The best pair that merges, and what it becomes.
    fn next_merge(&self, refused: &mut HashSet<(Vec<usize>, Vec<usize>)>) -> Option<(usize, usize, Grown)> {
        let limit = self.kernels.len().min(MERGE_LIMIT);
        let reads: Vec<Vec<usize>> = self.kernels[..limit].iter().map(|g| arrays_read(&g.kernel)).collect();
        let needs = self.needs(limit);
        let mut pairs: Vec<(usize, usize, usize)> = Vec::new();
        for i in 0..limit {
            for j in i + 1..limit {
                if (needs[i] >> j | needs[j] >> i) & 1 != 0 || !self.alike(i, j) {
                    continue;
                }
                let shared = reads[i].iter().filter(|n| reads[j].binary_search(n).is_ok()).count();
                if shared > 0 {
                    pairs.push((shared, i, j));
                }
            }
        }
        pairs.sort_by_key(|&(shared, i, j)| (std::cmp::Reverse(shared), i, j));
        for (_, i, j) in pairs {
            let pair = (self.kernels[i].outputs.clone(), self.kernels[j].outputs.clone());
            if refused.contains(&pair) {
                continue;
            }
            if let Some(merged) = self.try_merge(i, j) {
                return Some((i, j, merged));
            }
            refused.insert(pair);
        }
        None
    }

    /// For each of the first kernels, as bits: which of them it waits for, directly or through
    /// anything else, libraries too. All of them if there is a ring already: nothing is merged
    /// then, and [`Planner::order`] takes the ring apart.
    fn needs(&self, limit: usize) -> Vec<u64> {
        let waits = self.waits();
        let Some(order) = topological(&waits) else { return vec![u64::MAX; limit] };
        let mut needs = vec![0u64; waits.len()];
        for s in order {
            for &on in &waits[s] {
                needs[s] |= needs[on] | if on < limit { 1 << on } else { 0 };
            }
        }
        needs.truncate(limit);
        needs
    }

    /// For each kernel, and then for each library call in ascending order: which of these store
    /// what it reads.
    fn waits(&self) -> Vec<Vec<usize>> {
        let mut maker: HashMap<usize, usize> = HashMap::default();
        for (k, g) in self.kernels.iter().enumerate() {
            maker.extend(g.outputs.iter().map(|&n| (n, k)));
        }
        maker.extend(self.libraries.iter().enumerate().map(|(l, &n)| (n, self.kernels.len() + l)));
        let makers = |reads: &[usize]| reads.iter().filter_map(|n| maker.get(n).copied()).collect();
        let mut waits: Vec<Vec<usize>> = self.kernels.iter().map(|g| makers(&g.reads)).collect();
        waits.extend(self.libraries.iter().map(|&n| {
            let (_, inputs) = self.trace.op(n).expect("an operation");
            let operands: Vec<usize> = inputs.iter().filter_map(|&i| self.matmul_operand(i)).collect();
            makers(&operands)
        }));
        waits
    }

    /// Have the kernels outputs of one shape, and do both reduce or neither?
    fn alike(&self, i: usize, j: usize) -> bool {
        let (a, b) = (&self.kernels[i], &self.kernels[j]);
        self.trace.shape(a.outputs[0]) == self.trace.shape(b.outputs[0])
            && a.kernel.reduces() == b.kernel.reduces()
    }

    fn try_merge(&self, i: usize, j: usize) -> Option<Grown> {
        let (a, b) = (&self.kernels[i], &self.kernels[j]);
        let outputs: Vec<usize> = a.outputs.iter().chain(&b.outputs).copied().collect();
        if outputs.iter().any(|&n| self.trace.shape(n) != self.trace.shape(outputs[0])) {
            return None;
        }
        // Neither may wait for the other, directly or through anything stored between.
        for x in a.outputs.iter().chain(&b.outputs) {
            for r in a.reads.iter().chain(&b.reads) {
                if self.trace.depends(*r, *x) {
                    return None;
                }
            }
        }
        let others: HashSet<usize> = self
            .kernels
            .iter()
            .enumerate()
            .filter(|&(k, _)| k != i && k != j)
            .flat_map(|(_, g)| g.outputs.iter().copied())
            .collect();
        let merged = self.grow(&outputs, &others).ok()?;
        let few = merged.kernel.accesses.len() <= self.caps.max_accesses
            && merged.inlined.values().sum::<usize>() <= self.caps.max_insts;
        let known: HashSet<usize> = a.reads.iter().chain(&b.reads).copied().collect();
        (few && merged.reads.iter().all(|r| known.contains(r))).then_some(merged)
    }

    /// Puts kernels and library calls in an order in which everything read is there.
    fn order(mut self) -> Plan {
        let first_library = self.kernels.len();
        let libraries: Vec<usize> = self.libraries.iter().copied().collect();
        let Some(order) = topological(&self.waits()) else {
            // Kernels wait for each other in a ring: give every stored value its own kernel.
            for g in &self.kernels {
                let seed = g.outputs.iter().max();
                let met = g.outputs.iter().filter(|&n| Some(n) != seed);
                self.breaks.extend(met.map(|&node| Break { node, reason: Reason::Cycle }));
            }
            self.stored.extend(self.wanted.drain());
            self.settle();
            return self.order();
        };
        let mut results: BTreeSet<usize> = self.asked.clone();
        for g in &self.kernels {
            results.extend(g.outputs.iter().copied().filter(|n| {
                matches!(self.trace.op(*n), Some((Op::Reduce { .. }, _)))
                    && self.trace.items[*n].node.is_held()
            }));
        }
        let mut kernels: Vec<Option<Kernel>> = self.kernels.into_iter().map(|g| Some(g.kernel)).collect();
        let steps = order
            .into_iter()
            .map(|s| match kernels.get_mut(s) {
                Some(k) => Step::Kernel(Arc::new(k.take().expect("each step once"))),
                None => Step::MatMul(libraries[s - first_library]),
            })
            .collect();
        Plan { steps, results: results.into_iter().collect(), breaks: self.breaks.into_iter().collect() }
    }
}

/// At most this many kernels are looked at for merging.
const MERGE_LIMIT: usize = 64;

/// The arrays that a kernel reads, ascending.
fn arrays_read(kernel: &Kernel) -> Vec<usize> {
    let read = |a: &crate::kernel::Access| match a.target {
        Target::Read(n) => Some(n),
        _ => None,
    };
    let mut list: Vec<usize> = kernel.accesses.iter().filter_map(read).collect();
    list.sort_unstable();
    list.dedup();
    list
}

fn price_of(map: &lazuli_core::op::MapOp) -> usize {
    use crate::kernel::Inst;
    use lazuli_core::op::MapOp;
    match *map {
        MapOp::Unary(op) => price(&Inst::Unary(op, 0)),
        MapOp::Binary(op) => price(&Inst::Binary(op, 0, 0)),
        _ => 1,
    }
}

/// An order in which each step comes after what it needs; `None` if they wait in a ring.
fn topological(needs: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut missing: Vec<usize> = Vec::with_capacity(needs.len());
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    for (s, list) in needs.iter().enumerate() {
        let unique: BTreeSet<usize> = list.iter().copied().collect();
        missing.push(unique.len());
        for n in unique {
            readers[n].push(s);
        }
    }
    let mut free: Vec<usize> = (0..needs.len()).filter(|&s| missing[s] == 0).rev().collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(s) = free.pop() {
        order.push(s);
        for &r in &readers[s] {
            missing[r] -= 1;
            if missing[r] == 0 {
                free.push(r);
            }
        }
    }
    (order.len() == needs.len()).then_some(order)
}
