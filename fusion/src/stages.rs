//! What each sweep of a kernel computes, and what it keeps for later ones.
//!
//! Sweep `d` runs over the inner axes once and evaluates every reduction whose operand has depth
//! `d`, and every full store of depth `d`. A full value needed by a later sweep is read or
//! computed again there (*reload*, *recompute*), unless it is dear enough to be *kept* in a row
//! of scratch memory, where the row is short enough for that.

use crate::fold::How;
use crate::kernel::{Kernel, Val, price};

/// A value is kept when recomputing it would cost at least this many additions.
const KEEP_ABOVE: usize = 12;

/// The sweeps of a kernel.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stages {
    /// One entry a sweep over the inner axes.
    pub sweeps: Vec<Sweep>,
    /// Full values that may be kept in scratch (each has a slot of `inner` elements).
    pub kept: Vec<Val>,
}

/// One sweep over the inner axes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sweep {
    /// Reductions evaluated here: those that engines know first, then those of each fold together.
    pub reduces: Vec<Val>,
    /// Positions in `kernel.stores` of the full stores done here.
    pub stores: Vec<usize>,
    /// Full values to compute if nothing is kept, in order.
    pub body: Vec<Val>,
    /// Full values to compute if the kept values are in scratch, in order; kept values of
    /// earlier sweeps are not in it but in `fetched`.
    pub body_kept: Vec<Val>,
    /// Kept values that this sweep writes to scratch.
    pub keeps: Vec<Val>,
    /// Kept values that this sweep reads from scratch.
    pub fetched: Vec<Val>,
    /// Is it the dearest sweep? It has time to ask memory for the next row.
    pub leads: bool,
}

impl Stages {
    /// Finds the sweeps of a kernel. A kernel without reductions has none.
    pub fn of(kernel: &Kernel) -> Stages {
        let body = &kernel.body;
        let mut sweeps: Vec<Sweep> = Vec::new();
        fn at(sweeps: &mut Vec<Sweep>, d: u8) -> &mut Sweep {
            while sweeps.len() <= d as usize {
                sweeps.push(Sweep::default());
            }
            &mut sweeps[d as usize]
        }
        for (i, def) in body.iter().enumerate() {
            if def.inst.reduces() {
                at(&mut sweeps, def.depth - 1).reduces.push(i as Val);
            }
        }
        for sweep in &mut sweeps {
            let accumulations = kernel.accumulations(&sweep.reduces);
            let (ours, brought): (Vec<_>, Vec<_>) =
                accumulations.iter().partition(|a| matches!(a.how, How::Op(_)));
            let results = ours.iter().chain(&brought).flat_map(|a| &a.results);
            sweep.reduces = results.map(|&(v, _)| v).collect();
        }
        for (i, s) in kernel.stores.iter().enumerate() {
            if s.full {
                at(&mut sweeps, body[s.value as usize].depth).stores.push(i);
            }
        }
        let mut kept: Vec<Val> = Vec::new();
        let mut computed_at: Vec<Option<usize>> = vec![None; body.len()];
        for s in 0..sweeps.len() {
            let roots: Vec<Val> = roots_of(kernel, &sweeps[s]);
            sweeps[s].body = below(kernel, &roots, |_| false);
            let fetched: Vec<Val> = {
                let mut list = Vec::new();
                below(kernel, &roots, |v| {
                    let earlier = computed_at[v as usize].is_some_and(|t| t < s);
                    let dear = earlier && (kept.contains(&v) || cost(kernel, v) >= KEEP_ABOVE);
                    if dear && !list.contains(&v) {
                        list.push(v);
                    }
                    dear
                });
                list
            };
            sweeps[s].body_kept = below(kernel, &roots, |v| fetched.contains(&v));
            for &v in &fetched {
                if !kept.contains(&v) {
                    kept.push(v);
                    let from = computed_at[v as usize].expect("computed earlier");
                    sweeps[from].keeps.push(v);
                }
            }
            for &v in &sweeps[s].body_kept {
                computed_at[v as usize].get_or_insert(s);
            }
            sweeps[s].fetched = fetched;
        }
        let work = |s: &Sweep| s.body_kept.iter().map(|&v| price(&body[v as usize].inst)).sum::<usize>();
        if let Some(dearest) = sweeps.iter_mut().max_by_key(|s| work(s)) {
            dearest.leads = true;
        }
        Stages { sweeps, kept }
    }
}

/// The full values that a sweep is for.
fn roots_of(kernel: &Kernel, sweep: &Sweep) -> Vec<Val> {
    let args = sweep.reduces.iter().flat_map(|&r| kernel.body[r as usize].inst.operands());
    let stored = sweep.stores.iter().map(|&s| kernel.stores[s].value);
    args.chain(stored).filter(|&v| kernel.body[v as usize].full).collect()
}

/// The full values below `roots` in order, not going into (and leaving out) those that `stop`.
fn below(kernel: &Kernel, roots: &[Val], mut stop: impl FnMut(Val) -> bool) -> Vec<Val> {
    let mut needed = vec![false; kernel.body.len()];
    let mut work: Vec<Val> = roots.to_vec();
    while let Some(v) = work.pop() {
        let def = &kernel.body[v as usize];
        if !def.full || needed[v as usize] || stop(v) {
            continue;
        }
        needed[v as usize] = true;
        work.extend(def.inst.operands());
    }
    (0..needed.len() as Val).filter(|&v| needed[v as usize]).collect()
}

/// What computing a full value costs, from loads and row values up.
fn cost(kernel: &Kernel, v: Val) -> usize {
    below(kernel, &[v], |_| false).iter().map(|&u| price(&kernel.body[u as usize].inst)).sum()
}
