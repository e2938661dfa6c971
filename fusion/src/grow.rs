//! Builds one kernel, backwards from the values that it has to store.
//!
//! The walk visits *instances*: a node of the trace together with how the kernel's axes map onto
//! its axes (and views still to be applied to arrays below it). It starts at the outputs and
//! goes down in descending node order, so every reader is seen before what it reads; the length
//! cap therefore cuts a chain at fixed distances from the output. At each instance the kernel
//! either computes the node in place or reads it from memory. A reduction is computed in place
//! where its rows are the kernel's rows; otherwise the refusal is a named [`Break`].

use crate::callee;
use crate::expand::Body;
use crate::fold::Combine;
use crate::kernel::{Access, Guard, Inst, Kernel, Store, Target, Val};
use crate::marks::Marks;
use crate::plan::{Break, Reason};
use crate::trace::Trace;
use lazuli_core::{Caps, FastMath, Fold, Op, View};
use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};
use smallvec::SmallVec;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a kernel under construction has to know about the rest of the plan.
pub struct Rules<'a> {
    /// The device's limits.
    pub caps: &'a Caps,
    /// Nodes that are stored elsewhere are read, never computed in place; those that must be
    /// stored somewhere may be stored by the kernel that meets them.
    pub marks: &'a Marks,
    /// Counts the instances visited: what planning costs.
    pub steps: &'a Cell<usize>,
}

/// A kernel and what was decided while it was built.
pub struct Grown {
    /// The kernel.
    pub kernel: Kernel,
    /// Nodes that it stores.
    pub outputs: Vec<usize>,
    /// Nodes that it computes in place, and in how many instances.
    pub inlined: BTreeMap<usize, usize>,
    /// Nodes that it needs stored by another kernel.
    pub reads: Vec<usize>,
    /// Why some of them could not be computed in place.
    pub breaks: Vec<Break>,
}

type AxisMap = SmallVec<[Option<u8>; 4]>;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Instance {
    node: usize,
    views: SmallVec<[usize; 2]>,
    axes: AxisMap,
}

#[derive(Clone, Copy)]
enum Choice {
    Read,
    Compute,
}

struct Walk<'a> {
    trace: &'a Trace,
    rules: &'a Rules<'a>,
    axes: Vec<(usize, usize)>,
    rows: Vec<u8>,
    inner: Vec<u8>,
    /// Does it reduce?
    fixed: bool,
    /// Does it look through windows? No kernel does both: a window's runs end where a reduction's
    /// chunks do not.
    windows: bool,
    /// Instances by descending node: `(node, order of discovery)`.
    queue: BTreeMap<(usize, usize), Instance>,
    seen: HashMap<Instance, Choice>,
    order: Vec<Instance>,
    discovered: HashSet<Instance>,
    outputs: Vec<Instance>,
    breaks: Vec<Break>,
    computed: usize,
    reads: HashSet<Instance>,
}

/// Builds the kernel that stores `outputs` (of equal shapes). `Err` if they cannot share one.
pub fn grow(trace: &Trace, outputs: &[usize], rules: &Rules<'_>) -> Result<Grown, Reason> {
    let mut forbidden: HashSet<usize> = HashSet::default();
    loop {
        let walk = Walk::run(trace, outputs, rules, &forbidden)?;
        // A value met on the way can be stored only where its axes are all rows, or all axes.
        let misplaced: Vec<usize> =
            walk.outputs.iter().filter(|o| !walk.is_whole(&o.axes)).map(|o| o.node).collect();
        if misplaced.is_empty() {
            let cyclic: Vec<usize> = walk.cyclic_outputs(outputs);
            if cyclic.is_empty() {
                return Ok(walk.finish());
            }
            forbidden.extend(cyclic);
            continue;
        }
        if misplaced.iter().any(|n| outputs.contains(n)) {
            return Err(Reason::Axes);
        }
        forbidden.extend(misplaced);
    }
}

impl<'a> Walk<'a> {
    fn run(
        trace: &'a Trace,
        outputs: &[usize],
        rules: &'a Rules<'a>,
        forbidden: &HashSet<usize>,
    ) -> Result<Walk<'a>, Reason> {
        let mut walk = Walk {
            trace,
            rules,
            axes: Vec::new(),
            rows: Vec::new(),
            inner: Vec::new(),
            fixed: false,
            windows: false,
            queue: BTreeMap::new(),
            seen: HashMap::default(),
            order: Vec::new(),
            discovered: HashSet::default(),
            outputs: Vec::new(),
            breaks: Vec::new(),
            computed: 0,
            reads: HashSet::default(),
        };
        let first = *outputs.iter().max().expect("a kernel stores something");
        let mut map = AxisMap::new();
        for (d, &n) in trace.shape(first).iter().enumerate() {
            map.push((n != 1).then(|| walk.new_axis(first, d)));
        }
        walk.rows = map.iter().flatten().copied().collect();
        for &node in outputs {
            if trace.shape(node) != trace.shape(first) {
                return Err(Reason::Axes);
            }
            walk.visit(Instance { node, views: SmallVec::new(), axes: map.clone() });
        }
        while let Some(((node, _), instance)) = walk.queue.pop_last() {
            rules.steps.set(rules.steps.get() + 1);
            let asked = outputs.contains(&node);
            let wanted = asked || (rules.marks.may_store(node) && !forbidden.contains(&node));
            let canonical = instance.views.is_empty() && walk.covers_node(&instance);
            let store = wanted && canonical && !walk.outputs.iter().any(|o| o.node == node);
            let must_read = rules.marks.is_somewhere(node) && !store && !(asked && canonical);
            let compute = !must_read && walk.try_compute(&instance, asked);
            if asked && !compute {
                return Err(Reason::Axes);
            }
            if compute && store {
                walk.outputs.push(instance.clone());
            }
            let choice = if compute { Choice::Compute } else { Choice::Read };
            if !compute {
                walk.reads.insert(instance.clone());
            }
            walk.seen.insert(instance, choice);
        }
        Ok(walk)
    }

    fn new_axis(&mut self, node: usize, d: usize) -> u8 {
        self.axes.push((node, d));
        (self.axes.len() - 1) as u8
    }

    fn extent(&self, axis: u8) -> usize {
        let (node, d) = self.axes[axis as usize];
        self.trace.shape(node)[d]
    }

    /// Does the instance map each axis of its node onto a different axis of the kernel?
    fn covers_node(&self, instance: &Instance) -> bool {
        let mut used: SmallVec<[u8; 8]> = SmallVec::new();
        instance.axes.iter().flatten().all(|&a| {
            let fresh = !used.contains(&a);
            used.push(a);
            fresh
        })
    }

    /// Are these exactly the row axes, or exactly all axes, of the kernel?
    fn is_whole(&self, map: &AxisMap) -> bool {
        let used: Vec<u8> = map.iter().flatten().copied().collect();
        let rows = self.rows.iter().all(|a| used.contains(a));
        let inner = self.inner.iter().filter(|a| used.contains(a)).count();
        rows && (inner == 0 || inner == self.inner.len()) && used.len() == self.rows.len() + inner
    }

    fn visit(&mut self, instance: Instance) {
        if self.discovered.insert(instance.clone()) {
            self.queue.insert((instance.node, self.order.len()), instance.clone());
            self.order.push(instance);
        }
    }

    /// Computes the instance in place if that is possible, by visiting what it needs.
    fn try_compute(&mut self, instance: &Instance, asked: bool) -> bool {
        let trace = self.trace;
        let Some((op, inputs)) = trace.op(instance.node) else { return false };
        match op {
            Op::Const(_) | Op::Iota => true,
            Op::Within { .. } => {
                let fits = self.takes_windows(instance);
                self.windows |= fits;
                fits
            }
            Op::Argument(_) => unreachable!("arguments are leaves"),
            Op::View(view) => {
                if matches!(view, View::Window(_)) {
                    if !self.takes_windows(instance) {
                        return false;
                    }
                    self.windows = true;
                }
                let below = self.through_view(instance, view, inputs[0]);
                self.visit(below);
                true
            }
            Op::Map(_) | Op::Call { .. } => {
                // Stored as a whole, in place of each window that it reads.
                let windows = trace.reads_windows(instance.node);
                if windows && !self.takes_windows(instance) {
                    return false;
                }
                // The boxes of two stencils in one kernel multiply ([`crate::boxes`]).
                let more = if windows && self.windows { inputs.len() } else { 0 };
                let full = self.full(more);
                if !asked && (full.is_some() || !self.rules.caps.fuse) {
                    if let Some(reason) = full {
                        self.refuse(instance.node, reason);
                    }
                    return false;
                }
                self.computed += match op {
                    Op::Call { function, .. } => function.len().max(1),
                    _ => 1,
                };
                for &input in inputs {
                    self.visit(Instance {
                        node: input,
                        views: instance.views.clone(),
                        axes: instance.axes.clone(),
                    });
                }
                true
            }
            Op::Reduce { axes, .. } | Op::Fold { axes, .. } => {
                if !asked && !self.rules.caps.fuse {
                    return false;
                }
                match self.join(instance, inputs[0], axes) {
                    Ok(()) => {
                        self.computed += match op {
                            Op::Fold { fold, .. } => fold.combine().len().max(1),
                            _ => 1,
                        };
                        for &input in inputs {
                            let below = self.refit(instance, input, axes);
                            self.visit(below);
                        }
                        true
                    }
                    Err(reason) => {
                        self.refuse(instance.node, reason);
                        false
                    }
                }
            }
            Op::MatMul => {
                self.refuse(instance.node, Reason::Library);
                false
            }
            Op::Generalized { .. } => {
                self.refuse(instance.node, Reason::Generalized);
                false
            }
        }
    }

    /// May a window stand here? It is the last of the views that an array is seen through.
    fn takes_windows(&mut self, instance: &Instance) -> bool {
        let fits = !self.fixed && instance.views.is_empty();
        if !fits {
            self.refuse(instance.node, Reason::Window);
        }
        fits
    }

    /// The limit that keeps the kernel from taking in another operation, which reads `more` arrays.
    fn full(&self, more: usize) -> Option<Reason> {
        let caps = self.rules.caps;
        if self.computed >= caps.max_insts {
            Some(Reason::Length)
        } else if self.reads.len() + self.queue.len() + more >= caps.max_accesses {
            Some(Reason::Arrays)
        } else {
            None
        }
    }

    fn refuse(&mut self, node: usize, reason: Reason) {
        self.breaks.push(Break { node, reason });
    }

    /// The instance below a view: the axis map is rewritten where the view is structure, and
    /// the view is left to the layouts where it has numbers in it.
    fn through_view(&self, instance: &Instance, view: &View, below: usize) -> Instance {
        let shape = self.trace.shape(below);
        let mut axes = AxisMap::new();
        if instance.views.is_empty() {
            match view {
                View::Permute(order) => {
                    axes = AxisMap::from_elem(None, order.len());
                    for (d, &a) in order.iter().enumerate() {
                        axes[a] = instance.axes[d];
                    }
                    return Instance { node: below, views: SmallVec::new(), axes };
                }
                View::Broadcast => {
                    let lead = instance.axes.len() - shape.len();
                    for (d, &n) in shape.iter().enumerate() {
                        axes.push(if n == 1 { None } else { instance.axes[lead + d] });
                    }
                    return Instance { node: below, views: SmallVec::new(), axes };
                }
                View::Reshape if self.trace.is_inserting_ones(instance.node) => {
                    let mut solid = instance
                        .axes
                        .iter()
                        .zip(self.trace.shape(instance.node))
                        .filter(|&(_, &n)| n != 1)
                        .map(|(&a, _)| a);
                    for &n in shape {
                        axes.push(if n == 1 { None } else { solid.next().flatten() });
                    }
                    return Instance { node: below, views: SmallVec::new(), axes };
                }
                _ => {}
            }
        }
        let mut views = instance.views.clone();
        views.insert(0, instance.node);
        Instance { node: below, views, axes: instance.axes.clone() }
    }

    /// Fits a reduction into the kernel: its kept axes must be the kernel's rows.
    fn join(&mut self, instance: &Instance, below: usize, reduced: &[usize]) -> Result<(), Reason> {
        if !instance.views.is_empty() {
            return Err(Reason::ViewOfReduction);
        }
        if self.windows {
            return Err(Reason::Window);
        }
        if !self.covers_node(instance) {
            return Err(Reason::Axes);
        }
        let mine: Vec<u8> = instance.axes.iter().flatten().copied().collect();
        let shape = self.trace.shape(below).clone();
        let long: Vec<usize> = reduced.iter().copied().filter(|&d| shape[d] != 1).collect();
        let fits = |walk: &Walk<'_>, axes: &[u8]| {
            axes.len() == long.len() && axes.iter().zip(&long).all(|(&a, &d)| walk.extent(a) == shape[d])
        };
        if self.fixed {
            let same_rows = mine.len() == self.rows.len() && mine.iter().all(|a| self.rows.contains(a));
            if !same_rows || !fits(self, &self.inner) {
                return Err(Reason::Axes);
            }
        } else {
            let rest: Vec<u8> = self.rows.iter().copied().filter(|a| !mine.contains(a)).collect();
            if rest.is_empty() {
                self.inner = long.iter().map(|&d| self.new_axis(below, d)).collect();
            } else if fits(self, &rest) {
                self.inner = rest;
            } else {
                return Err(Reason::Axes);
            }
            self.rows.retain(|a| mine.contains(a));
            self.fixed = true;
        }
        Ok(())
    }

    /// Outputs met on the way that something read by this kernel needs: storing them here would
    /// make the kernel wait for itself.
    fn cyclic_outputs(&self, asked: &[usize]) -> Vec<usize> {
        let mut met: Vec<usize> = self.outputs.iter().map(|o| o.node).collect();
        met.retain(|n| !asked.contains(n));
        let Some(&lowest) = met.iter().min() else { return met };
        let reads = self.reads.iter().map(|r| r.node);
        if let Some(below) = self.trace.needed(reads, lowest, self.rules.steps) {
            met.retain(|n| below.contains(n));
        }
        met
    }

    /// Writes the body, producers first.
    fn finish(mut self) -> Grown {
        self.order.sort_by_key(|i| i.node);
        let mut kernel = Kernel {
            axes: self.axes.clone(),
            rows: self.rows.clone(),
            inner: self.inner.clone(),
            ..Kernel::default()
        };
        let mut body = Body::default();
        let mut values: HashMap<&Instance, Val> = HashMap::default();
        let mut inlined: BTreeMap<usize, usize> = BTreeMap::new();
        let mut reads: Vec<usize> = Vec::new();
        let mut combines: Vec<(Arc<Fold>, FastMath, Arc<Combine>)> = Vec::new();
        for instance in &self.order {
            let node = instance.node;
            let full = instance.axes.iter().flatten().any(|a| self.inner.contains(a));
            let dtype = self.trace.dtype(node);
            let register = dtype.compute();
            let leaf = |kernel: &mut Kernel, body: &mut Body, target: Target| {
                let access =
                    Access { target, dtype, views: instance.views.clone(), axes: instance.axes.clone() };
                let known = kernel.accesses.iter().position(|a| *a == access);
                let at = known.unwrap_or_else(|| {
                    kernel.accesses.push(access);
                    kernel.accesses.len() - 1
                }) as u16;
                let inst = if matches!(target, Target::Iota(_)) { Inst::Index(at) } else { Inst::Load(at) };
                body.leaf(inst, register, full)
            };
            let value = match (self.seen[instance], self.trace.op(node)) {
                (Choice::Compute, Some((op, inputs))) => match op {
                    Op::Const(_) => {
                        let known = kernel.params.iter().position(|&p| p == node);
                        let slot = known.unwrap_or_else(|| {
                            kernel.params.push(node);
                            kernel.params.len() - 1
                        });
                        body.leaf(Inst::Param(slot as u16, register), register, false)
                    }
                    Op::Argument(_) => unreachable!("arguments are leaves"),
                    Op::Iota => leaf(&mut kernel, &mut body, Target::Iota(node)),
                    Op::Within { axis, .. } => {
                        let slot = kernel.params.len() as u16;
                        kernel.params.push(node);
                        kernel.guards.push(Guard { slot, node, axis: instance.axes[usize::from(*axis)] });
                        body.leaf(Inst::Param(slot, register), register, false)
                    }
                    Op::View(view) => values[&self.through_view(instance, view, inputs[0])],
                    Op::Map(_) | Op::Call { .. } => {
                        *inlined.entry(node).or_default() += 1;
                        let args: SmallVec<[Val; 4]> = inputs
                            .iter()
                            .map(|&input| {
                                values[&Instance {
                                    node: input,
                                    views: instance.views.clone(),
                                    axes: instance.axes.clone(),
                                }]
                            })
                            .collect();
                        body.fast = self.trace.fast(node);
                        match op {
                            Op::Map(map) => body.map(*map, dtype, self.trace.dtype(inputs[0]), &args),
                            Op::Call { function, result } => {
                                callee::call(&mut body, function, *result, &args)
                            }
                            _ => unreachable!("one of the two"),
                        }
                    }
                    Op::Reduce { op, axes } => {
                        *inlined.entry(node).or_default() += 1;
                        let below = self.refit(instance, inputs[0], axes);
                        let arg = values[&below];
                        body.push(Inst::Reduce(*op, arg))
                    }
                    Op::Fold { fold, result, axes } => {
                        *inlined.entry(node).or_default() += 1;
                        let operands = inputs.iter().map(|&i| values[&self.refit(instance, i, axes)]);
                        let operands: SmallVec<[Val; 4]> = operands.collect();
                        let fast = self.trace.fast(node);
                        let same = |(known, how, _): &&(Arc<Fold>, FastMath, Arc<Combine>)| {
                            Arc::ptr_eq(known, fold) && *how == fast
                        };
                        let combine = combines.iter().find(same).map(|(.., combine)| combine.clone());
                        let combine = combine.unwrap_or_else(|| {
                            let combine = Arc::new(Combine::new(fold, fast));
                            combines.push((fold.clone(), fast, combine.clone()));
                            combine
                        });
                        body.push(Inst::Fold(combine, *result, operands))
                    }
                    Op::MatMul | Op::Generalized { .. } => unreachable!("never computed in place"),
                },
                _ => {
                    if self.trace.op(node).is_some() && !reads.contains(&node) {
                        reads.push(node);
                    }
                    leaf(&mut kernel, &mut body, Target::Read(node))
                }
            };
            values.insert(instance, value);
        }
        self.outputs.sort_by_key(|o| o.node);
        for o in &self.outputs {
            let full = o.axes.iter().flatten().any(|a| self.inner.contains(a));
            kernel.stores.push(Store { value: values[o], access: kernel.accesses.len() as u16, full });
            kernel.accesses.push(Access {
                target: Target::Write(o.node),
                dtype: self.trace.dtype(o.node),
                views: SmallVec::new(),
                axes: o.axes.clone(),
            });
        }
        kernel.body = body.defs;
        debug_assert_eq!(kernel.verify(), Ok(()), "{kernel}");
        let outputs = self.outputs.iter().map(|o| o.node).collect();
        Grown { kernel, outputs, inlined, reads, breaks: self.breaks }
    }

    /// The operand instance of a reduction that has joined.
    fn refit(&self, instance: &Instance, below: usize, reduced: &[usize]) -> Instance {
        let mut kept = instance.axes.iter().copied();
        let mut inner = self.inner.iter().copied();
        let shape = self.trace.shape(below);
        let axes = (0..shape.len())
            .map(|d| match (reduced.contains(&d), shape[d]) {
                (false, _) => kept.next().flatten(),
                (true, 1) => None,
                (true, _) => inner.next(),
            })
            .collect();
        Instance { node: below, views: SmallVec::new(), axes }
    }
}
