//! Merges kernels of one iteration space that read the same arrays.
//!
//! Of the pairs that could merge, the one that shares most reads goes first. Up to [`WINDOW`]
//! kernels are compared with each other. Of more, those that share no array with each other are
//! set apart first; a group that is still larger than the window passes through it: a kernel
//! enters for each one that was merged away, and when no pair merges any more, the next ones
//! have their turn.
//!
//! An attempt costs a kernel: the merged one is grown, and thrown away if it does not keep the
//! limits. What can be known without growing is looked at first; siblings that read just the same
//! arrays are grown together, as many as the limits allow; of many kernels each gets few
//! attempts; and when attempts have cost more than [`budget`], no more are made, since a plan is
//! right without them. So planning takes time in proportion to the trace.

use crate::grow::{Grown, Rules, grow};
use crate::kernel::{Kernel, Target};
use crate::marks::Marks;
use crate::trace::Trace;
use crate::waits::Waits;
use lazuli_core::Caps;
use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};
use smallvec::SmallVec;
use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// This many kernels are compared with each other.
pub(crate) const WINDOW: usize = 64;

/// Where there are more kernels than that: so many attempts to merge a kernel may fail.
const FAILURES: usize = 16;

/// What attempts may cost in a trace of this many nodes, in instances visited. A graph of a few
/// dozen kernels cannot spend it.
pub(crate) fn budget(nodes: usize) -> usize {
    (1 << 18) + 64 * nodes
}

/// What is known of a kernel that may merge.
struct Sibling {
    /// Kernels of one class have outputs of one shape, and reduce or do not. `None`: outputs of
    /// several shapes, which never merges.
    class: Option<usize>,
    /// The arrays that it reads, ascending.
    arrays: Vec<usize>,
    /// The same with the views through which it reads them, and virtual arrays; by number.
    loads: Vec<usize>,
    /// How many arrays it stores.
    outputs: usize,
    /// How often it has grown by merging.
    version: usize,
    /// How often an attempt to merge it failed.
    failures: usize,
    /// An attempt to merge it with several others failed: one by one from now on.
    singly: bool,
}

/// Reads shared, the kernels (first ones first), and the versions for which that is so.
type Pair = (usize, Reverse<usize>, Reverse<usize>, [usize; 2]);

/// Numbers of what kernels read, and through which views.
type Loads = HashMap<(Target, SmallVec<[usize; 2]>), usize>;

/// Everything merging needs.
pub(crate) struct Merging<'a> {
    trace: &'a Trace,
    caps: &'a Caps,
    marks: &'a mut Marks,
    steps: &'a Cell<usize>,
    waits: Waits,
    kernels: Vec<Option<Grown>>,
    siblings: Vec<Sibling>,
    loads: Loads,
    queue: BinaryHeap<Pair>,
    /// Attempts that may fail for one kernel.
    failures: usize,
    /// The number of steps at which to stop.
    stop: usize,
}

impl<'a> Merging<'a> {
    /// Kernels, and which of them (and of other steps, that follow them) wait for which.
    pub fn new(
        trace: &'a Trace,
        caps: &'a Caps,
        marks: &'a mut Marks,
        steps: &'a Cell<usize>,
        waits: Waits,
        kernels: Vec<Grown>,
    ) -> Merging<'a> {
        let failures = if kernels.len() <= WINDOW { usize::MAX } else { FAILURES };
        let stop = steps.get() + budget(trace.items.len());
        let mut loads = Loads::default();
        let mut classes: HashMap<(&[usize], bool), usize> = HashMap::default();
        let siblings = kernels.iter().map(|g| {
            let shape = trace.shape(g.outputs[0]);
            let even = g.outputs.iter().all(|&n| trace.shape(n) == shape);
            let next = classes.len();
            let class = *classes.entry((shape, g.kernel.reduces())).or_insert(next);
            let class = even.then_some(class);
            let (arrays, loads) = reads_of(&g.kernel, &mut loads);
            Sibling { class, arrays, loads, outputs: g.outputs.len(), version: 0, failures: 0, singly: false }
        });
        let siblings = siblings.collect();
        let kernels = kernels.into_iter().map(Some).collect();
        let queue = BinaryHeap::new();
        Merging { trace, caps, marks, steps, waits, kernels, siblings, loads, queue, failures, stop }
    }

    /// Merges what merges. The kernels stay in their order.
    pub fn run(mut self) -> Vec<Grown> {
        for group in self.groups() {
            let mut coming = group.into_iter();
            let mut window: Vec<usize> = Vec::with_capacity(WINDOW);
            loop {
                while window.len() < WINDOW
                    && let Some(k) = coming.next()
                {
                    window.iter().for_each(|&w| self.pair(w, k));
                    window.push(k);
                }
                if !self.merge_best(&mut window) {
                    self.queue.clear();
                    window.clear();
                    if coming.len() == 0 || self.steps.get() > self.stop {
                        break;
                    }
                }
            }
        }
        self.kernels.into_iter().flatten().collect()
    }

    /// Kernels that have to be compared with each other, in order.
    fn groups(&self) -> Vec<Vec<usize>> {
        let able = (0..self.kernels.len()).filter(|&k| self.siblings[k].class.is_some());
        if self.kernels.len() <= WINDOW {
            return vec![able.collect()];
        }
        // Kernels that read one array are of one group, and so are those of groups that meet.
        let mut group: Vec<usize> = (0..self.kernels.len()).collect();
        let find = |group: &mut Vec<usize>, mut k: usize| {
            while group[k] != k {
                group[k] = group[group[k]];
                k = group[k];
            }
            k
        };
        let mut first: HashMap<(Option<usize>, usize), usize> = HashMap::default();
        for k in able.clone() {
            for &array in &self.siblings[k].arrays {
                let other = *first.entry((self.siblings[k].class, array)).or_insert(k);
                let (a, b) = (find(&mut group, other), find(&mut group, k));
                group[a.max(b)] = a.min(b);
            }
        }
        let mut groups: Vec<Vec<usize>> = vec![Vec::new(); self.kernels.len()];
        for k in able {
            groups[find(&mut group, k)].push(k);
        }
        groups.retain(|g| g.len() > 1);
        groups
    }

    /// Queues a pair of kernels if they share reads, and have not too many arrays.
    fn pair(&mut self, a: usize, b: usize) {
        let (i, j) = (a.min(b), a.max(b));
        let (x, y) = (&self.siblings[i], &self.siblings[j]);
        let least = x.outputs + y.outputs + x.loads.len().max(y.loads.len());
        if x.class == y.class && least <= self.caps.max_accesses {
            let shared = x.arrays.len() + y.arrays.len() - union(&x.arrays, &y.arrays);
            if shared > 0 {
                self.queue.push((shared, Reverse(i), Reverse(j), [x.version, y.version]));
            }
        }
    }

    /// Merges the best pair that merges, and what merges with it at once. False: none does.
    fn merge_best(&mut self, window: &mut Vec<usize>) -> bool {
        while let Some(pair) = self.queue.pop() {
            let (_, Reverse(i), Reverse(j), _) = pair;
            if self.steps.get() > self.stop {
                return false;
            }
            let tried = |k: usize| self.siblings[k].failures >= self.failures;
            if !self.is_current(&pair) || tried(i) || tried(j) || self.waits.either(i, j, self.steps) {
                continue;
            }
            let (mut members, others) = self.with_equals(&pair);
            let mut merged = self.try_merge(&members);
            if merged.is_none() && !others.is_empty() {
                members.truncate(2);
                self.queue.extend(others);
                self.siblings[i].singly = true;
                merged = self.try_merge(&members);
            }
            let Some(merged) = merged else {
                self.siblings[i].failures += 1;
                self.siblings[j].failures += 1;
                continue;
            };
            for &j in &members[1..] {
                self.waits.join(i, j, self.steps);
                self.kernels[j] = None;
            }
            (self.siblings[i].arrays, self.siblings[i].loads) = reads_of(&merged.kernel, &mut self.loads);
            self.siblings[i].outputs = merged.outputs.len();
            self.siblings[i].version += 1;
            self.kernels[i] = Some(merged);
            window.retain(|&k| self.kernels[k].is_some());
            window.iter().filter(|&&k| k != i).for_each(|&k| self.pair(i, k));
            return true;
        }
        false
    }

    fn is_current(&self, &(_, Reverse(i), Reverse(j), [x, y]): &Pair) -> bool {
        let is = |k: usize, version| self.kernels[k].is_some() && self.siblings[k].version == version;
        is(i, x) && is(j, y)
    }

    fn grown(&self, k: usize) -> &Grown {
        self.kernels[k].as_ref().expect("it is still there")
    }

    /// The kernels of a pair, and those that would merge with the first one next if all of them
    /// read the same arrays, as far as limits surely allow; and the pairs taken for them.
    fn with_equals(&mut self, &(shared, Reverse(i), Reverse(j), _): &Pair) -> (Vec<usize>, Vec<Pair>) {
        let (mut members, mut others) = (vec![i, j], Vec::new());
        let work = |m: &Merging<'_>, k: usize| m.grown(k).inlined.values().sum::<usize>();
        let mut insts = work(self, i) + work(self, j);
        let mut outputs = self.grown(i).outputs.len() + self.grown(j).outputs.len();
        while !self.siblings[i].singly
            && self.siblings[i].arrays == self.siblings[j].arrays
            && let Some(&next) = self.queue.peek()
            && (next.0, next.1.0) == (shared, i)
        {
            let k = next.2.0;
            if self.is_current(&next) {
                insts += work(self, k);
                outputs += self.grown(k).outputs.len();
                let room = insts <= self.caps.max_insts
                    && outputs + self.siblings[i].loads.len() <= self.caps.max_accesses;
                let alike = self.siblings[k].arrays == self.siblings[i].arrays
                    && self.siblings[k].failures < self.failures;
                if !room || !alike || members.iter().any(|&m| self.waits.either(m, k, self.steps)) {
                    break;
                }
                members.push(k);
                others.push(next);
            }
            self.queue.pop();
        }
        (members, others)
    }

    /// The kernel that does the work of all of these, if there can be one.
    fn try_merge(&mut self, members: &[usize]) -> Option<Grown> {
        let all = || members.iter().map(|&k| self.grown(k));
        let outputs: Vec<usize> = all().flat_map(|g| &g.outputs).copied().collect();
        let known: HashSet<usize> = all().flat_map(|g| &g.reads).copied().collect();
        // Whatever they read has to be read, and whatever they compute has to be computed.
        let mut loads: Vec<usize> = members.iter().flat_map(|&k| &self.siblings[k].loads).copied().collect();
        loads.sort_unstable();
        loads.dedup();
        if outputs.len() + loads.len() > self.caps.max_accesses {
            return None;
        }
        if all().map(|g| g.inlined.len()).sum::<usize>() > self.caps.max_insts {
            let stored: HashSet<usize> = outputs.iter().copied().collect();
            let there = |n: &usize| !self.marks.is_taken(*n) || stored.contains(n);
            let inlined: HashSet<usize> = all().flat_map(|g| g.inlined.keys()).copied().collect();
            self.steps.set(self.steps.get() + inlined.len());
            if inlined.iter().filter(|n| there(n)).count() > self.caps.max_insts {
                return None;
            }
        }
        // None may wait for another, through anything at all.
        let lowest = *outputs.iter().min().expect("kernels store something");
        let below = self.trace.needed(known.iter().copied(), lowest, self.steps)?;
        if outputs.iter().any(|n| below.contains(n)) {
            return None;
        }
        outputs.iter().for_each(|&n| self.marks.give_back(n));
        let rules = Rules { caps: self.caps, marks: self.marks, steps: self.steps };
        let merged = grow(self.trace, &outputs, &rules);
        outputs.iter().for_each(|&n| self.marks.take(n));
        let merged = merged.ok()?;
        let few = merged.kernel.accesses.len() <= self.caps.max_accesses
            && merged.inlined.values().sum::<usize>() <= self.caps.max_insts;
        if !few || !merged.reads.iter().all(|r| known.contains(r)) {
            return None;
        }
        merged.outputs.iter().for_each(|&n| self.marks.take(n));
        Some(merged)
    }
}

/// What a kernel reads: arrays, and numbers for the ways in which it reads them; both ascending.
fn reads_of(kernel: &Kernel, numbers: &mut Loads) -> (Vec<usize>, Vec<usize>) {
    let (mut arrays, mut loads) = (Vec::new(), Vec::new());
    for access in &kernel.accesses {
        match access.target {
            Target::Read(n) => arrays.push(n),
            Target::Iota(_) => {}
            Target::Write(_) => continue,
        }
        let next = numbers.len();
        loads.push(*numbers.entry((access.target, access.views.clone())).or_insert(next));
    }
    for list in [&mut arrays, &mut loads] {
        list.sort_unstable();
        list.dedup();
    }
    (arrays, loads)
}

/// How many different numbers two ascending lists hold.
fn union(a: &[usize], b: &[usize]) -> usize {
    let (mut i, mut j, mut count) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        let (x, y) = (a[i], b[j]);
        i += (x <= y) as usize;
        j += (y <= x) as usize;
        count += 1;
    }
    count + (a.len() - i) + (b.len() - j)
}
