//! Evaluation: from roots of the graph to values in memory.
//!
//! ```text
//! collect -> claim -> plan and bind (cached) -> reserve memory -> load kernels -> run -> finish
//! ```
//!
//! Everything up to the first launch can fail without a trace: claims are given back, nothing is
//! consumed, and the same evaluation can be tried again. After that nothing is left that could
//! fail on a host device but functions of the program (loops that pass their limit, indices that are not
//! there), which leave the inputs as they are. Two threads may evaluate one graph: nodes are claimed in ascending id,
//! so claims never wait for each other in a ring, and whoever comes second parks and finds the
//! values ready.

pub mod buffers;
pub mod memory;
pub mod stats;
pub mod streams;
pub mod threads;
pub mod transfer;

mod cache;
pub(crate) mod calls;
#[cfg(unix)]
mod fork;
pub mod function;
#[cfg(feature = "llvm")]
mod grids;
mod matmul;
mod overrun;
mod reuse;
mod run;
mod timing;
mod verify;

use crate::Stats;
use cache::{Prepared, Runs};
use lazuli_core::graph::{Claim, notify_released};
use lazuli_core::{BufferRef, Caps, DeviceId, Error, ErrorKind, Layout, NodeRef, Value};
use lazuli_fusion::bind::Launch;
use lazuli_fusion::explain::ExplainedStep;
use lazuli_fusion::{Explain, Trace};
use reuse::Reused;
use run::Memory;
use std::cell::Cell;

pub use overrun::Overrun;
pub use verify::verify;

thread_local! {
    static FUSE: Cell<bool> = const { Cell::new(true) };
}

/// Runs `f` with fusion on or off for the evaluations of this thread. Off: every operation is a
/// kernel of its own. No bit of any result differs.
pub fn fusion_scope<R>(on: bool, f: impl FnOnce() -> R) -> R {
    struct Reset(bool);
    impl Drop for Reset {
        fn drop(&mut self) {
            FUSE.with(|fuse| fuse.set(self.0));
        }
    }
    let _reset = Reset(FUSE.with(|fuse| fuse.replace(on)));
    f()
}

/// The limits for what is asked of this thread.
fn caps(roots: &[NodeRef]) -> Caps {
    let is_host = roots.first().is_none_or(|root| root.device().is_host());
    let caps = if is_host { Caps::CPU } else { Caps::GRID };
    if FUSE.with(Cell::get) { caps } else { caps.op_by_op() }
}

/// Computes the values of `roots` in one joint plan. Values that are there already cost nothing.
pub fn evaluate(roots: &[NodeRef]) -> Result<(), Error> {
    loop {
        if roots.iter().all(|n| !n.is_pending()) {
            return match roots.iter().find_map(|n| n.error()) {
                Some(error) => Err(error.clone()),
                None => Ok(()),
            };
        }
        let caps = caps(roots);
        let trace = Trace::collect(roots, &caps.words())?;
        if let Some(&n) = trace.arguments.first() {
            let kind = "an argument of a function that is being compiled has no value yet";
            let root = &trace.items[*trace.roots.iter().max().unwrap_or(&n)].node;
            return Err(Error::new(ErrorKind::InvalidArgument(kind.into()), "eval", root.location()));
        }
        if let Some(claims) = Claims::take(&trace) {
            return run(&trace, &caps, claims);
        }
    }
}

/// Describes what evaluating `roots` would do, without doing it.
pub fn explain(roots: &[NodeRef]) -> Result<Explain, Error> {
    let caps = caps(roots);
    let trace = Trace::collect(roots, &caps.words())?;
    let prepared = cache::prepare(&trace, &caps);
    Ok(explained(&trace, &prepared))
}

/// A plan for people, with what its steps are expected to take and have taken.
fn explained(trace: &Trace, prepared: &Prepared) -> Explain {
    let mut explained = Explain::new(trace, &prepared.plan, &prepared.launches);
    if trace.roots.first().is_some_and(|&root| trace.items[root].node.device() == DeviceId::Cpu) {
        let threads = threads::num_threads();
        let mut launches = prepared.launches.launches.iter().peekable();
        for (n, step) in explained.steps.iter_mut().enumerate() {
            let mut kernel = Vec::new();
            let mut first = true;
            while let Some(launch) = launches.next_if(|launch| first || !launch.is_first()) {
                first = false;
                if let Launch::Kernel(bound) = launch {
                    kernel.push(&**bound);
                }
            }
            step.expected = (!kernel.is_empty()).then(|| timing::expected(kernel.into_iter(), threads));
            step.shortest = prepared.times.of(n);
        }
    }
    explained
}

/// What evaluating `roots` would launch, in order, each with its description.
pub fn launches(roots: &[NodeRef]) -> Result<Vec<(ExplainedStep, Launch)>, Error> {
    let caps = caps(roots);
    let trace = Trace::collect(roots, &caps.words())?;
    let prepared = cache::prepare(&trace, &caps);
    let explained = explained(&trace, &prepared);
    let first = prepared.launches.launches.iter().filter(|launch| launch.is_first()).cloned();
    Ok(explained.steps.into_iter().zip(first).collect())
}

/// The right to compute all pending nodes of a trace. Dropped without [`Claims::finish`], it
/// gives them back.
struct Claims<'a> {
    trace: &'a Trace,
    /// The pending nodes below this number are claimed.
    upto: usize,
}

impl<'a> Claims<'a> {
    /// Claims in ascending id. `None` if somebody else has come first: the trace is out of date.
    fn take(trace: &'a Trace) -> Option<Claims<'a>> {
        let mut claims = Claims { trace, upto: 0 };
        for n in 0..trace.items.len() {
            claims.upto = n;
            if trace.op(n).is_none() {
                continue;
            }
            let node = &trace.items[n].node;
            loop {
                match node.try_claim() {
                    Claim::Mine => break,
                    Claim::Taken => node.wait_unclaimed(),
                    Claim::Done => return None,
                }
            }
        }
        claims.upto = trace.items.len();
        Some(claims)
    }

    /// Hands values to their nodes; all other claims are given back.
    fn finish(self, values: impl IntoIterator<Item = (usize, Value)>) {
        for (n, value) in values {
            let node = &self.trace.items[n].node;
            if node.is_pending() {
                node.finish(Ok(value));
            }
        }
    }
}

impl Drop for Claims<'_> {
    fn drop(&mut self) {
        for n in (0..self.upto).filter(|&n| self.trace.op(n).is_some()) {
            self.trace.items[n].node.release_claim();
        }
        notify_released();
    }
}

fn run(trace: &Trace, caps: &Caps, claims: Claims<'_>) -> Result<(), Error> {
    let _span = tracing::debug_span!("evaluate", nodes = trace.items.len()).entered();
    let root = &trace.items[trace.roots[0]].node;
    let fail = |kind: ErrorKind| Error::new(kind, root.name(), root.location());
    let prepared = cache::prepare(trace, caps);
    let fresh = !prepared.is_loaded(root.device());
    let engines = prepared.load(root.device()).map_err(fail)?;
    // The interpreter relies on outputs that overlap no input.
    let interpreted = interpreted(&prepared, &engines);
    // A grid's threads do not follow the order of elements either, and who fails in the middle
    // has to leave the inputs as they are.
    let may_fail = prepared.may_fail;
    let slow = engines.iter().any(Runs::is_interpreted);
    let reuse = match verify::is_on() || slow || may_fail || !root.device().is_host() {
        true => Reused::from_elem(None, prepared.launches.results.len()),
        false => reuse::reusable(trace, &prepared.launches),
    };
    let reused = reuse.iter().flatten().count() as u64;
    let memory = Memory::reserve(&prepared.launches, &engines, root.device(), reuse).map_err(fail)?;
    run::launch_all(trace, &prepared, &engines, &memory, &|n| leaf_of(trace, n)).map_err(fail)?;
    let is_cold = cfg!(feature = "llvm") && root.device() == DeviceId::Cpu;
    count(&prepared, fresh, reused, if is_cold { interpreted } else { 0 });
    verify::check(trace, caps, &prepared, &memory)?;

    let stored = stored(trace, &prepared, &memory);
    // Roots that show a stored value through views share its memory.
    let shown = (0..trace.roots.len()).filter_map(|r| {
        let (root, (base, _)) = (trace.roots[r], trace.base(r));
        if root == base {
            return None;
        }
        let buffer = match memory.result(&prepared, base) {
            Some(buffer) => buffer.clone(),
            None => trace.value(base)?.buffer.clone(),
        };
        Some((root, Value { buffer, layout: trace.root_layout(r) }))
    });
    claims.finish(shown.chain(stored));
    Ok(())
}

/// How many kernels the interpreter runs.
fn interpreted(prepared: &Prepared, engines: &[Runs<'_>]) -> usize {
    let launches = prepared.launches.launches.iter().zip(engines);
    launches.filter(|(launch, engine)| launch.is_first() && engine.is_interpreted()).count()
}

/// The memory of a leaf that has a value.
fn leaf_of(trace: &Trace, n: usize) -> &BufferRef {
    &trace.value(n).expect("only functions have leaves without a value").buffer
}

/// The values that a plan has stored, by node.
fn stored<'a>(
    trace: &'a Trace,
    prepared: &'a Prepared,
    memory: &'a Memory,
) -> impl Iterator<Item = (usize, Value)> + 'a {
    prepared.launches.results.iter().zip(&memory.results).map(|(&(n, _), buffer)| {
        (n, Value { buffer: buffer.clone(), layout: Layout::contiguous(trace.shape(n)) })
    })
}

fn count(prepared: &Prepared, compiled: bool, reused: u64, interpreted: usize) {
    let explained = &prepared.totals;
    stats::count(&Stats {
        evaluations: 1,
        buffers_reused: reused,
        cache_hits: if compiled { 0 } else { explained.kernels },
        kernels_run: explained.kernels,
        kernels_interpreted: interpreted as u64,
        launches: explained.launches,
        bytes_read: explained.bytes_read,
        bytes_written: explained.bytes_written,
        bytes_copied: explained.bytes_packed,
        ..Stats::default()
    });
}

/// The devices of this machine.
pub fn devices() -> Vec<DeviceId> {
    #[cfg_attr(not(feature = "llvm"), allow(unused_mut, reason = "more are added with it"))]
    let mut all = vec![DeviceId::Cpu, DeviceId::Portable];
    #[cfg(feature = "llvm")]
    all.push(DeviceId::CudaSimulator);
    #[cfg(feature = "cuda")]
    all.extend((0..crate::cuda::count().min(256)).map(|index| DeviceId::Cuda(index as u8)));
    all
}
