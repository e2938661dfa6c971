//! Functions: a plan kept with its kernels, run again and again on other arguments.
//!
//! A call records nothing, looks nothing up and claims nothing: it reserves memory, runs the
//! launches, and gives the values. What the function was recorded from holds arguments
//! ([`Op::Argument`]) in the place of arrays, and arrays that it captured, which stay alive with it.

use super::cache::{self, Prepared};
use super::reuse::Reused;
use super::run::{self, Memory};
use super::{caps, count, evaluate, interpreted, leaf_of, verify};
use lazuli_core::{DeviceId, Error, ErrorKind, NodeRef, Op, Value};
use lazuli_fusion::Trace;
use smallvec::SmallVec;
use std::sync::Arc;

/// The values of a call, one for each root.
pub type Values = SmallVec<[Value; 2]>;

/// A compiled function of some arguments.
pub struct Function {
    trace: Trace,
    prepared: Arc<Prepared>,
    device: DeviceId,
    /// For each node of the trace: the argument that it stands for.
    arguments: Vec<Option<u16>>,
}

impl Function {
    /// Plans `roots`, recorded over arguments whose first has the id `first`. Pending arrays that
    /// the recording captured from before are evaluated now, once for all calls.
    ///
    /// Errors: what poisoned a root; what evaluating captured arrays, or compiling, gives.
    pub fn new(roots: &[NodeRef], first: u64) -> Result<Function, Error> {
        let caps = caps(roots);
        let collected = Trace::collect(roots, &caps.words())?;
        let captured: Vec<NodeRef> = (0..collected.items.len())
            .filter(|&n| collected.items[n].node.id() > first)
            .filter_map(|n| collected.op(n))
            .flat_map(|(_, inputs)| inputs.iter().copied())
            .filter(|&n| collected.items[n].node.id() < first && !collected.is_leaf(n))
            .filter(|&n| !matches!(collected.op(n), Some((Op::Const(_) | Op::Iota | Op::Within { .. }, _))))
            .map(|n| collected.items[n].node.clone())
            .collect();
        let trace = if captured.is_empty() {
            collected
        } else {
            evaluate(&captured)?;
            Trace::collect(roots, &caps.words())?
        };
        let argument = |n: usize| match trace.items[n].node.op() {
            Some(&Op::Argument(a)) => Some(a),
            _ => None,
        };
        let arguments = (0..trace.items.len()).map(argument).collect();
        let prepared = cache::prepare(&trace, &caps);
        let device = roots[0].device();
        let function = Function { trace, prepared, device, arguments };
        function.prepared.load(device).map_err(|kind| function.error(kind))?;
        Ok(function)
    }

    /// Can a call on this thread be run as planned? (Not while every evaluation is checked, nor
    /// while this thread evaluates op by op.)
    pub fn applies() -> bool {
        !verify::is_on() && caps(&[]).fuse
    }

    fn error(&self, kind: ErrorKind) -> Error {
        let root = &self.trace.items[self.trace.roots[0]].node;
        Error::new(kind, root.name(), root.location())
    }

    /// Computes the roots of these arguments: values of the device, dtypes and shapes that the
    /// function was made for, row-major from the start of their buffers.
    pub fn call(&self, arguments: &[&Value]) -> Result<Values, Error> {
        let (trace, prepared) = (&self.trace, &*self.prepared);
        let fail = |kind| self.error(kind);
        let engines = prepared.load(self.device).map_err(fail)?;
        let fresh = Reused::from_elem(None, prepared.launches.results.len());
        let memory = Memory::reserve(&prepared.launches, &engines, self.device, fresh).map_err(fail)?;
        let leaf = |n: usize| match self.arguments[n] {
            Some(a) => &arguments[a as usize].buffer,
            None => leaf_of(trace, n),
        };
        run::launch_all(trace, prepared, &engines, &memory, &leaf).map_err(fail)?;
        let interpreted = interpreted(prepared, &engines);
        let is_cold = cfg!(feature = "llvm") && self.device == DeviceId::Cpu;
        count(prepared, false, 0, if is_cold { interpreted } else { 0 });
        let value = |r: usize| {
            let (base, _) = trace.base(r);
            let buffer = match (memory.result(prepared, base), self.arguments[base]) {
                (Some(buffer), _) => buffer.clone(),
                (None, Some(a)) => arguments[a as usize].buffer.clone(),
                (None, None) => trace.value(base).expect("stored or a leaf").buffer.clone(),
            };
            Value { buffer, layout: trace.root_layout(r) }
        };
        Ok((0..trace.roots.len()).map(value).collect())
    }
}
