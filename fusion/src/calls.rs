//! Calls of generalised functions: steps of their own between kernels.
//!
//! Like a matrix product by a library, a call reads arrays that are stored, through whatever views can
//! be had by strides, and stores its results. All results of a call that are asked for come from one step; a
//! result that nobody asked for is written to memory that goes when the step is done. Outer axes that follow
//! each other in every operand are merged, as those of kernels are.

use crate::bind::{Binder, Launch, Slot};
use crate::schedule::merge;
use crate::trace::Trace;
use lazuli_core::generalized::{Generalized, Strided};
use lazuli_core::shape::Dims;
use lazuli_core::{Layout, Op};
use rustc_hash::FxHashMap as HashMap;

/// Nanoseconds of one thread for an innermost turn, if each dimension is a loop within the others.
const NS_PER_TURN: f64 = 1.0;
/// Nanoseconds for a point without any.
const NS_PER_POINT: f64 = 10.0;

/// The calls in a trace. Results of one function of the same inputs are those of one call; of a result
/// that is there twice there are two calls.
#[derive(Default)]
pub(crate) struct Calls {
    all: Vec<Vec<usize>>,
    /// The call that a node is a result of.
    of: HashMap<usize, usize>,
}

impl Calls {
    pub(crate) fn of(trace: &Trace) -> Calls {
        let mut calls = Calls::default();
        let mut seen: HashMap<(u64, u16, &[usize]), usize> = HashMap::default();
        let mut known: HashMap<(u64, &[usize]), Vec<usize>> = HashMap::default();
        for n in 0..trace.items.len() {
            let Some((Op::Generalized { function, result }, inputs)) = trace.op(n) else { continue };
            let id = function.0.id();
            let seen = seen.entry((id, *result, inputs)).or_default();
            let same = known.entry((id, inputs)).or_default();
            if same.len() == *seen {
                same.push(calls.all.len());
                calls.all.push(Vec::new());
            }
            calls.all[same[*seen]].push(n);
            calls.of.insert(n, same[*seen]);
            *seen += 1;
        }
        calls
    }

    /// All results of the call that `n` is a result of; none if it is no such result.
    pub(crate) fn results(&self, n: usize) -> &[usize] {
        self.of.get(&n).map_or(&[], |&call| &self.all[call])
    }
}

/// A call with its memory.
#[derive(Clone, Debug)]
pub struct BoundCall {
    /// The function.
    pub function: &'static Generalized,
    /// Its results that are asked for: the nodes, ascending.
    pub nodes: Vec<usize>,
    /// Extents of the outer axes, merged.
    pub outer: Dims,
    /// Extents of the named dimensions.
    pub named: Dims,
    /// Memory of each operand.
    pub slots: Vec<Slot>,
    /// Where the elements of each operand are in it.
    pub operands: Vec<Strided>,
    /// How many elements of its memory each operand reaches.
    pub reach: Vec<usize>,
    /// Bytes read.
    pub bytes_read: usize,
    /// Bytes written.
    pub bytes_written: usize,
    /// Estimate, in nanoseconds of one thread.
    pub work: f64,
}

impl BoundCall {
    /// How many points there are.
    pub fn points(&self) -> usize {
        self.outer.iter().product()
    }
}

impl Binder<'_> {
    /// Binds the call with these results.
    pub(crate) fn call(&mut self, nodes: &[usize]) {
        let Some((Op::Generalized { function, .. }, inputs)) = self.trace.op(nodes[0]) else {
            unreachable!("a call")
        };
        let function = function.0;
        let shape = self.trace.shape(inputs[0]);
        let outer = Dims::from_slice(&shape[..shape.len() - function.operands[0].dims.len()]);
        let named = self.named(function, inputs);
        let mut seen: Vec<(Slot, Layout)> = Vec::with_capacity(function.operands.len());
        for &input in inputs {
            let (base, views) = self.trace.below_strided_views(input);
            // Where strides cannot do a reshape, a copy is launched before.
            seen.push(self.view(base, &views));
        }
        let shapes: Vec<Dims> = function
            .outputs()
            .iter()
            .map(|o| {
                outer.iter().copied().chain(o.dims.iter().map(|&d| Generalized::extent(d, &named))).collect()
            })
            .collect();
        for (r, (output, shape)) in function.outputs().iter().zip(&shapes).enumerate() {
            let asked = nodes.iter().copied().find(|&n| {
                matches!(self.trace.op(n), Some((Op::Generalized { result, .. }, _)) if usize::from(*result) == r)
            });
            let slot = match asked {
                Some(n) => self.slot(n),
                None => {
                    let bytes = shape.iter().product::<usize>() * output.dtype.size();
                    self.temporary(bytes, self.launches.len())
                }
            };
            seen.push((slot, Layout::contiguous(shape)));
        }
        seen.iter().for_each(|&(slot, _)| self.touch(slot));
        if outer.contains(&0) {
            return;
        }
        let bytes = |k: usize| {
            let distinct = |(&n, &step): (&usize, &isize)| if step == 0 { 1 } else { n };
            let layout = &seen[k].1;
            layout.shape.iter().zip(&layout.strides).map(distinct).product::<usize>()
                * function.operands[k].dtype.size()
        };
        let bytes_read = (0..function.inputs).map(bytes).sum();
        let bytes_written = (function.inputs..seen.len()).map(bytes).sum();
        let (slots, layouts): (Vec<Slot>, Vec<Layout>) = seen.into_iter().unzip();
        let reach = layouts.iter().map(|l| l.range().map_or(0, |(_, last)| last as usize + 1)).collect();
        let mut operands: Vec<Strided> = layouts
            .iter()
            .map(|layout| {
                let (outside, inside) = layout.strides.split_at(outer.len());
                let mut inner: lazuli_core::layout::Strides = inside.into();
                // Of an axis of one element any step will do: code is fastest for 1.
                if let (Some(step), Some(&(0 | 1))) = (inner.last_mut(), layout.shape.last()) {
                    *step = 1;
                }
                Strided { start: layout.offset, outer: outside.into(), inner }
            })
            .collect();
        let (outer, _) = merge(outer, &mut operands, |o| &mut o.outer);
        let turns: f64 = named.iter().map(|&n| n as f64).product();
        let work = outer.iter().product::<usize>() as f64 * (turns * NS_PER_TURN + NS_PER_POINT);
        self.launches.push(Launch::Call(Box::new(BoundCall {
            function,
            nodes: nodes.to_vec(),
            outer,
            named,
            slots,
            operands,
            reach,
            bytes_read,
            bytes_written,
            work,
        })));
    }

    /// The extents of the named dimensions, by the shapes of the inputs.
    fn named(&self, function: &Generalized, inputs: &[usize]) -> Dims {
        use lazuli_core::generalized::Dim;
        let mut named = Dims::from_elem(0, function.names.len());
        for (input, inner) in inputs.iter().zip(function.inputs()) {
            let shape = self.trace.shape(*input);
            let lead = shape.len() - inner.dims.len();
            for (dim, &n) in inner.dims.iter().zip(&shape[lead..]) {
                if let Dim::Named(d) = dim {
                    named[usize::from(*d)] = n;
                }
            }
        }
        named
    }
}
