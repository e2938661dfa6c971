//! Which values are stored, and by which kernels.
//!
//! Starting from the roots, each stored value grows a kernel that computes as much as it can in
//! place ([`crate::grow`]); what it cannot is stored by a kernel of its own, with a named
//! [`Break`]. Then: a value computed in place by several kernels is stored after all where that
//! is cheaper than computing it again, and kernels of one iteration space that read the same
//! arrays are merged ([`crate::merge`]). All of it looks at structure only, never at sizes, so
//! one plan serves every size; and it takes time in proportion to the trace, so thousands of
//! values may be asked for at once (the tests count the steps).

use crate::callee::{price_of, price_of_call};
use crate::calls::Calls;
use crate::grow::{Grown, Rules, grow};
use crate::kernel::Kernel;
use crate::marks::Marks;
use crate::merge::Merging;
use crate::trace::Trace;
use crate::waits::{Waits, topological};
use lazuli_core::{Caps, Op};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Why a value was not computed inside the kernel that uses it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Reason {
    /// The reduction runs over other axes than those of the kernel.
    Axes,
    /// A slice or reshape stands between the reduction and its use.
    ViewOfReduction,
    /// It reads its inputs at other places too, across their edges.
    Window,
    /// The kernel has reached its longest body.
    Length,
    /// The kernel has reached its most arrays.
    Arrays,
    /// A library computes it.
    Library,
    /// A generalised function computes it.
    Generalized,
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
            Reason::Window => {
                "windows are read at every place of a kernel that neither reduces nor slices them"
            }
            Reason::Length => "the kernel has reached its longest body",
            Reason::Arrays => "the kernel has reached the most arrays that it may use",
            Reason::Library => "a library computes it",
            Reason::Generalized => "a generalised function computes it",
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
    /// A call of a generalised function: its results that are asked for.
    Call(Vec<usize>),
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
    counted(trace, caps).0
}

/// The plan, and in how many steps it was made: instances visited while kernels grew, and nodes
/// and kernels looked at to merge them.
pub(crate) fn counted(trace: &Trace, caps: &Caps) -> (Plan, usize) {
    let steps = Cell::new(0);
    let mut planner = Planner::new(trace, caps, &steps);
    planner.settle();
    (planner.order(), steps.get())
}

struct Planner<'a> {
    trace: &'a Trace,
    caps: &'a Caps,
    /// Nodes that the roots show and that need computing.
    asked: BTreeSet<usize>,
    /// *Wanted* are those, and held reductions: they may be stored by any kernel that meets them.
    marks: Marks,
    steps: &'a Cell<usize>,
    kernels: Vec<Grown>,
    /// Library calls, and calls of generalised functions by their first result.
    libraries: BTreeSet<usize>,
    calls: Calls,
    breaks: BTreeSet<Break>,
}

impl<'a> Planner<'a> {
    fn new(trace: &'a Trace, caps: &'a Caps, steps: &'a Cell<usize>) -> Planner<'a> {
        let pending = |n: &usize| trace.op(*n).is_some();
        let asked: BTreeSet<usize> =
            (0..trace.roots.len()).map(|r| trace.base(r).0).filter(pending).collect();
        let held = (0..trace.items.len())
            .filter(|&n| trace.op(n).is_some_and(|(op, _)| op.reduces()) && trace.items[n].node.is_held());
        let mut marks = Marks::new(trace.items.len());
        asked.iter().copied().chain(held).for_each(|n| marks.want(n));
        let (kernels, libraries, breaks) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        let calls = Calls::of(trace);
        Planner { trace, caps, asked, marks, steps, kernels, libraries, calls, breaks }
    }

    /// Grows kernels until every value that one of them reads is stored by another, and nothing
    /// dear is computed twice.
    fn settle(&mut self) {
        // Each round stores at least one node more, or ends.
        loop {
            self.kernels.clear();
            self.libraries.clear();
            self.breaks.retain(|b| matches!(b.reason, Reason::Shared | Reason::Cycle));
            self.marks.give_back_all();
            let mut work: BTreeSet<usize> = self.asked.clone();
            while let Some(node) = work.pop_last() {
                if self.marks.is_taken(node) {
                    continue;
                }
                if let Some((Op::MatMul, inputs)) = self.trace.op(node) {
                    self.marks.take(node);
                    self.libraries.insert(node);
                    work.extend(inputs.iter().filter_map(|&i| self.matmul_operand(i)));
                    continue;
                }
                if let Some((Op::Generalized { .. }, inputs)) = self.trace.op(node) {
                    let results = self.calls.results(node);
                    results.iter().for_each(|&n| self.marks.take(n));
                    self.libraries.insert(results[0]);
                    work.extend(inputs.iter().filter_map(|&i| self.call_operand(i)));
                    continue;
                }
                let rules = Rules { caps: self.caps, marks: &self.marks, steps: self.steps };
                let grown = grow(self.trace, &[node], &rules)
                    .unwrap_or_else(|reason| unreachable!("one output always fits: {reason:?}"));
                grown.outputs.iter().for_each(|&n| self.marks.take(n));
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
        let (base, _) = self.trace.below_views(n);
        self.trace.op(base).is_some().then_some(base)
    }

    /// The node that has to be stored for a generalised function to read operand `n`.
    fn call_operand(&self, n: usize) -> Option<usize> {
        let (base, _) = self.trace.below_strided_views(n);
        self.trace.op(base).is_some().then_some(base)
    }

    /// Finds values computed in place more than once whose recomputation is dear.
    fn store_shared(&mut self) -> bool {
        let mut count = vec![0usize; self.trace.items.len()];
        for k in &self.kernels {
            k.inlined.iter().for_each(|(&n, &times)| count[n] += times);
        }
        let mut cost = vec![0usize; count.len()];
        let mut added = false;
        for n in 0..cost.len() {
            let Some((op, inputs)) = self.trace.op(n) else { continue };
            let below = inputs.iter().map(|&i| cost[i]).fold(0usize, |a, b| a.saturating_add(b));
            let repeated = count[n].saturating_sub(1);
            match op {
                Op::Map(map) => cost[n] = below.saturating_add(price_of(map)),
                Op::Call { function, .. } => cost[n] = below.saturating_add(price_of_call(function)),
                Op::View(_) => cost[n] = below,
                // Another sweep over an array: always dear.
                Op::Reduce { .. } | Op::Fold { .. } => cost[n] = below.saturating_add(1 << 20),
                _ => {}
            }
            let dear = repeated.saturating_mul(cost[n]) > self.caps.max_recompute;
            if repeated > 0 && dear && self.marks.store(n) {
                self.marks.unwant(n);
                self.breaks.insert(Break { node: n, reason: Reason::Shared });
                added = true;
            }
            if self.marks.is_stored(n) {
                cost[n] = 0;
            }
        }
        // A stored node that nobody reads any more is not stored: it is only asked for by reads.
        added
    }

    /// Merges kernels of one iteration space that read the same arrays.
    fn merge_siblings(&mut self) {
        if !self.caps.fuse || self.kernels.len() < 2 {
            return;
        }
        // If there is a ring already, nothing is merged, and `order` takes it apart.
        let Some(waits) = Waits::new(self.waits()) else { return };
        let kernels = std::mem::take(&mut self.kernels);
        let merging = Merging::new(self.trace, self.caps, &mut self.marks, self.steps, waits, kernels);
        self.kernels = merging.run();
    }

    /// For each kernel, and then for each library call in ascending order: which of these store
    /// what it reads.
    fn waits(&self) -> Vec<Vec<usize>> {
        let mut maker: Vec<Option<usize>> = vec![None; self.trace.items.len()];
        for (k, g) in self.kernels.iter().enumerate() {
            g.outputs.iter().for_each(|&n| maker[n] = Some(k));
        }
        for (l, &n) in self.libraries.iter().enumerate() {
            maker[n] = Some(self.kernels.len() + l);
            self.calls.results(n).iter().for_each(|&n| maker[n] = Some(self.kernels.len() + l));
        }
        let makers = |reads: &[usize]| reads.iter().filter_map(|&n| maker[n]).collect();
        let mut waits: Vec<Vec<usize>> = self.kernels.iter().map(|g| makers(&g.reads)).collect();
        waits.extend(self.libraries.iter().map(|&n| {
            let (op, inputs) = self.trace.op(n).expect("an operation");
            let operand = |&i: &usize| match op {
                Op::MatMul => self.matmul_operand(i),
                _ => self.call_operand(i),
            };
            let operands: Vec<usize> = inputs.iter().filter_map(operand).collect();
            makers(&operands)
        }));
        waits
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
            for n in 0..self.trace.items.len() {
                if self.marks.is_wanted(n) {
                    self.marks.unwant(n);
                    self.marks.store(n);
                }
            }
            self.settle();
            return self.order();
        };
        let mut results: BTreeSet<usize> = self.asked.clone();
        for g in &self.kernels {
            results.extend(g.outputs.iter().copied().filter(|n| {
                self.trace.op(*n).is_some_and(|(op, _)| op.reduces()) && self.trace.items[*n].node.is_held()
            }));
        }
        // What a generalised function gives is stored anyway; what somebody holds is not computed again.
        let calls = &self.calls;
        let held = |n: &&usize| self.trace.items[**n].node.is_held();
        libraries.iter().for_each(|&n| results.extend(calls.results(n).iter().filter(held)));
        let mut kernels: Vec<Option<Kernel>> = self.kernels.into_iter().map(|g| Some(g.kernel)).collect();
        let steps = order
            .into_iter()
            .map(|s| match kernels.get_mut(s) {
                Some(k) => Step::Kernel(Arc::new(k.take().expect("each step once"))),
                None => match (libraries[s - first_library], calls.results(libraries[s - first_library])) {
                    (n, []) => Step::MatMul(n),
                    (_, results) => Step::Call(results.to_vec()),
                },
            })
            .collect();
        Plan { steps, results: results.into_iter().collect(), breaks: self.breaks.into_iter().collect() }
    }
}
