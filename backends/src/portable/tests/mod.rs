//! Tests of the portable engine: graphs are planned and bound as users' are, and run by a small
//! single-threaded executor.
//!
//! * [`naive`] evaluates a bound kernel point by point, by definition; every launch of every test
//!   is checked against it, on every instruction set, in several ranges and by the split path.
//! * [`ops`]: each operation on each type at the edges of its domain.
//! * [`reductions`]: orders, empties, moments, positions.
//! * [`calls`]: functions with loops and branches, of which [`random_functions`] writes many;
//! * [`folds`]: reductions of one's own;
//! * [`fusion`]: fused against op by op on random graphs; strides of all kinds.
//!
//! The graphs, and what runs the launches of a plan ([`run_with`]), also serve the tests of other
//! engines.

pub(crate) mod calls;
pub(crate) mod folds;
pub(crate) mod fusion;
mod naive;
pub(crate) mod ops;
pub(crate) mod random_functions;
pub(crate) mod reductions;

pub(crate) use super::isa::Isa;
use super::{Job, Overrun, Program, RowState, combine, finish_row, run_rows, sweep_range};
use lazuli_core::layout::row_major;
use lazuli_core::op::{MapOp, SlicePart};
use lazuli_core::shape::Dims;
use lazuli_core::{
    BinaryOp, Buffer, Caps, DType, DeviceId, Element, Layout, Node, NodeRef, Op, ReduceOp, Scalar, UnaryOp,
    Value, View,
};
use lazuli_fusion::bind::{Launch, params};
use lazuli_fusion::{Bound, Slot, Trace, bind, plan};
use std::any::Any;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Memory of a test array.
pub(crate) struct Memory {
    words: Vec<u64>,
    bytes: usize,
}

impl Memory {
    fn new(bytes: usize) -> Memory {
        Memory { words: vec![0xAAAA_AAAA_AAAA_AAAA; bytes.div_ceil(8) + 1], bytes }
    }
}

impl Buffer for Memory {
    fn ptr(&self) -> *mut u8 {
        self.words.as_ptr().cast_mut().cast()
    }
    fn bytes(&self) -> usize {
        self.bytes
    }
    fn device(&self) -> DeviceId {
        DeviceId::Portable
    }
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

/// An array of a test: its type, shape and memory bits, row-major.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Data {
    pub(crate) dtype: DType,
    pub(crate) shape: Vec<usize>,
    pub(crate) bits: Vec<u64>,
}

impl Data {
    fn f32(&self) -> Vec<f32> {
        self.bits.iter().map(|&b| f32::from_bits(b as u32)).collect()
    }

    /// The same bits, where all NaNs are the same.
    pub(crate) fn canonical(&self) -> Data {
        let nan = |b: &u64| match self.dtype {
            DType::F32 if f32::from_bits(*b as u32).is_nan() => 0x7FC0_0000,
            DType::F64 if f64::from_bits(*b).is_nan() => 0x7FF8_0000_0000_0000,
            DType::F16 if lazuli_core::f16::from_bits(*b as u16).is_nan() => 0x7E00,
            DType::BF16 if lazuli_core::bf16::from_bits(*b as u16).is_nan() => 0x7FC0,
            _ => *b,
        };
        Data { bits: self.bits.iter().map(nan).collect(), ..self.clone() }
    }
}

pub(crate) fn leaf_of(dtype: DType, shape: &[usize], bits: &[u64]) -> NodeRef {
    strided_leaf(dtype, bits, Layout::contiguous(shape))
}

/// An array whose buffer holds `bits` and whose elements are those of `layout`.
pub(crate) fn strided_leaf(dtype: DType, bits: &[u64], layout: Layout) -> NodeRef {
    let memory = Memory::new(bits.len() * dtype.size());
    for (i, &b) in bits.iter().enumerate() {
        // SAFETY: within the memory just made, aligned to 8.
        unsafe { super::blocks::fill(memory.ptr().add(i * dtype.size()), dtype.size(), b, 1) };
    }
    Node::ready(dtype, Value { buffer: Arc::new(memory), layout }, Location::caller())
}

pub(crate) fn leaf<T: Element>(shape: &[usize], values: &[T]) -> NodeRef {
    leaf_of(T::DTYPE, shape, &values.iter().map(|v| v.to_bits64()).collect::<Vec<_>>())
}

pub(crate) fn node(op: Op, inputs: &[&NodeRef], dtype: DType, shape: &[usize]) -> NodeRef {
    let inputs = inputs.iter().map(|&n| n.clone()).collect();
    Node::pending(
        op,
        inputs,
        dtype,
        Dims::from_slice(shape),
        DeviceId::Portable,
        lazuli_core::graph::Origin::new("test", Location::caller()),
    )
}

pub(crate) fn unary(op: UnaryOp, x: &NodeRef) -> NodeRef {
    let dtype = match op {
        UnaryOp::Cast(to) => to,
        UnaryOp::IsNan | UnaryOp::IsInf | UnaryOp::IsFinite => DType::Bool,
        _ => x.dtype(),
    };
    node(Op::Map(MapOp::Unary(op)), &[x], dtype, x.shape())
}

pub(crate) fn cast(to: DType, x: &NodeRef) -> NodeRef {
    unary(UnaryOp::Cast(to), x)
}

/// With NumPy's broadcasting.
pub(crate) fn binary(op: BinaryOp, x: &NodeRef, y: &NodeRef) -> NodeRef {
    let shape = lazuli_core::shape::broadcast(x.shape(), y.shape()).expect("shapes that fit");
    let (x, y) = (broadcast(x, &shape), broadcast(y, &shape));
    let dtype = if op.is_comparison() { DType::Bool } else { x.dtype() };
    node(Op::Map(MapOp::Binary(op)), &[&x, &y], dtype, &shape)
}

pub(crate) fn select(c: &NodeRef, x: &NodeRef, y: &NodeRef) -> NodeRef {
    node(Op::Map(MapOp::Select), &[c, x, y], x.dtype(), x.shape())
}

pub(crate) fn mul_add(x: &NodeRef, y: &NodeRef, z: &NodeRef) -> NodeRef {
    node(Op::Map(MapOp::MulAdd), &[x, y, z], x.dtype(), x.shape())
}

pub(crate) fn constant<T: Element>(v: T) -> NodeRef {
    node(Op::Const(Scalar::new(v)), &[], T::DTYPE, &[])
}

pub(crate) fn broadcast(x: &NodeRef, shape: &[usize]) -> NodeRef {
    if x.shape().as_slice() == shape {
        return x.clone();
    }
    node(Op::View(View::Broadcast), &[x], x.dtype(), shape)
}

pub(crate) fn permute(x: &NodeRef, axes: &[usize]) -> NodeRef {
    let shape: Vec<usize> = axes.iter().map(|&a| x.shape()[a]).collect();
    node(Op::View(View::Permute(axes.into())), &[x], x.dtype(), &shape)
}

pub(crate) fn transpose(x: &NodeRef) -> NodeRef {
    let axes: Vec<usize> = (0..x.shape().len()).rev().collect();
    permute(x, &axes)
}

pub(crate) fn reshape(x: &NodeRef, shape: &[usize]) -> NodeRef {
    node(Op::View(View::Reshape), &[x], x.dtype(), shape)
}

/// `(start, step, length)` for each axis.
pub(crate) fn slice(x: &NodeRef, parts: &[(usize, isize, usize)]) -> NodeRef {
    let shape: Vec<usize> = parts.iter().map(|p| p.2).collect();
    let parts = parts.iter().map(|&(start, step, _)| SlicePart { start, step }).collect();
    node(Op::View(View::Slice(parts)), &[x], x.dtype(), &shape)
}

pub(crate) fn reduce(op: ReduceOp, x: &NodeRef, axes: &[usize]) -> NodeRef {
    let kept = (0..x.shape().len()).filter(|d| !axes.contains(d));
    let shape: Vec<usize> = kept.map(|d| x.shape()[d]).collect();
    let dtype = match op {
        ReduceOp::ArgMin | ReduceOp::ArgMax => DType::I64,
        _ => x.dtype(),
    };
    node(Op::Reduce { op, axes: axes.into() }, &[x], dtype, &shape)
}

/// A reduction that keeps its axes at length 1.
pub(crate) fn reduce_keep(op: ReduceOp, x: &NodeRef, axes: &[usize]) -> NodeRef {
    let shape: Vec<usize> =
        x.shape().iter().enumerate().map(|(d, &n)| if axes.contains(&d) { 1 } else { n }).collect();
    reshape(&reduce(op, x, axes), &shape)
}

pub(crate) fn iota(n: usize) -> NodeRef {
    node(Op::Iota, &[], DType::I64, &[n])
}

/// How launches are run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// Whole.
    Whole,
    /// In ranges of this many rows.
    Ranges(usize),
    /// Split kernels by the split path, in parts of `256 << m`; others whole.
    Split(u32),
}

/// Runs everything that `roots` need on the portable engine, and returns them.
pub(crate) fn run(roots: &[NodeRef], caps: &Caps, isa: Isa, way: Way, check: bool) -> Vec<Data> {
    run_with(roots, caps, |bound, bases, params| {
        let program = Program::for_isa(bound, isa);
        let overrun = Overrun::default();
        let job = Job { program: &program, bound, bases, params, overrun: &overrun, is_compiled: None };
        for asked in [1, 4, 30] {
            if check && bound.kernel.loops() {
                // Loops that end for machine code, at any turn, pass no limit.
                let left = AtomicUsize::new(asked);
                let is_compiled = || left.fetch_sub(1, Ordering::Relaxed) == 1;
                launch_one(&Job { is_compiled: Some(&is_compiled), ..job }, way);
                overrun.was_handed_over();
                overrun.check(&bound.kernel).expect("loops that end early");
            }
        }
        launch_one(&job, way);
        overrun.check(&bound.kernel).expect("loops that end");
        if check {
            naive::check(&job);
        }
    })
}

/// Plans and binds what `roots` need, has `each` run every launch (given the address of each
/// access's buffer and the parameters), and returns the roots.
pub(crate) fn run_with(
    roots: &[NodeRef],
    caps: &Caps,
    mut each: impl FnMut(&Bound, &[*mut u8], &[u64]),
) -> Vec<Data> {
    let trace = Trace::collect(roots, &[]).expect("no poison");
    let launches = bind(&plan(&trace, caps), &trace, caps);
    let results: Vec<Memory> = launches.results.iter().map(|&(_, bytes)| Memory::new(bytes)).collect();
    let arena = Memory::new(launches.arena + 64);
    let arena = arena.ptr().wrapping_add(arena.ptr().align_offset(64));
    for launch in &launches.launches {
        let Launch::Kernel(bound) = launch else { unreachable!("no library calls here") };
        let bases: Vec<*mut u8> = bound
            .accesses
            .iter()
            .map(|a| match a.slot {
                Slot::Leaf(n) => trace.items[n].node.value().expect("a value").buffer.ptr(),
                Slot::Result(r) => results[r].ptr(),
                Slot::Arena(at) => arena.wrapping_add(at),
                Slot::Iota => std::ptr::null_mut(),
            })
            .collect();
        each(bound, &bases, &params(bound, &trace));
    }
    (0..roots.len())
        .map(|r| {
            let (base, _) = trace.base(r);
            let ptr = match launches.results.iter().position(|&(n, _)| n == base) {
                Some(result) => results[result].ptr(),
                None => trace.value(base).expect("a value").buffer.ptr(),
            };
            read(roots[r].dtype(), &trace.root_layout(r), ptr)
        })
        .collect()
}

fn launch_one(job: &Job<'_>, way: Way) {
    let bound: &Bound = job.bound;
    let rows = bound.row_count();
    // SAFETY (all three): the memory of leaves, results and arena holds every access.
    match way {
        Way::Split(m) if bound.split => {
            for row in 0..rows {
                let mut state = RowState::new();
                for sweep in 0..bound.stages.sweeps.len() {
                    let unit = 256usize << m;
                    let inner = bound.inner_count();
                    let parts: Vec<_> = (0..inner)
                        .step_by(unit)
                        // SAFETY: as above.
                        .map(|b| unsafe { sweep_range(job, row, sweep, &state, b, inner.min(b + unit)) })
                        .collect();
                    state.push(combine(bound, sweep, &parts));
                }
                // SAFETY: as above.
                unsafe { finish_row(job, row, &state) };
            }
        }
        Way::Ranges(n) => {
            for begin in (0..rows).step_by(n) {
                // SAFETY: as above.
                unsafe { run_rows(job, begin, rows.min(begin + n)) };
            }
        }
        // SAFETY: as above.
        _ => unsafe { run_rows(job, 0, rows) },
    }
}

/// All elements of a layout, row-major.
pub(crate) fn read(dtype: DType, layout: &Layout, ptr: *const u8) -> Data {
    let count: usize = layout.shape.iter().product();
    let order = row_major(&layout.shape);
    let bits = (0..count)
        .map(|i| {
            let mut at = layout.offset;
            let mut left = i as isize;
            for (&s, &o) in layout.strides.iter().zip(&order) {
                at += left / o * s;
                left %= o;
            }
            // SAFETY: layouts stay within their buffers.
            unsafe { super::blocks::get(ptr, dtype.size(), at as usize) }
        })
        .collect();
    Data { dtype, shape: layout.shape.to_vec(), bits }
}

/// Evaluates roots in every way there is, checks that all agree, and returns the values.
pub(crate) fn eval_all(roots: &[NodeRef]) -> Vec<Data> {
    let fused = run(roots, &Caps::CPU, Isa::best(), Way::Whole, true);
    let canonical: Vec<Data> = fused.iter().map(Data::canonical).collect();
    let same = |caps: &Caps, isa: Isa, way: Way| {
        let other = run(roots, caps, isa, way, false);
        for (a, b) in canonical.iter().zip(&other) {
            let b = b.canonical();
            if *a != b {
                let at = a.bits.iter().zip(&b.bits).position(|(x, y)| x != y).unwrap();
                panic!(
                    "{isa:?} {way:?} {caps:?}: element {at} of {:?} {}: {:x} here, {:x} there",
                    a.shape, a.dtype, a.bits[at], b.bits[at]
                );
            }
        }
    };
    for isa in Isa::all() {
        same(&Caps::CPU, isa, Way::Whole);
        same(&Caps::CPU.op_by_op(), isa, Way::Whole);
    }
    for n in [1, 7, 1000] {
        if roots.iter().all(|r| r.len() < 20 * 1000 * n) {
            same(&Caps::CPU, Isa::best(), Way::Ranges(n));
        }
    }
    for m in [0, 1, 3, 6] {
        same(&Caps::CPU, Isa::best(), Way::Split(m));
    }
    fused
}

fn eval(root: &NodeRef) -> Data {
    eval_all(std::slice::from_ref(root)).remove(0)
}

/// A small random number generator.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let x = self.0 ^ (self.0 >> 29);
        x.wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 16
    }
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n
    }
    pub(crate) fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
    /// A number around 0, with two binary digits more than its type keeps in sums.
    fn real(&mut self) -> f64 {
        (self.next() % (1 << 30)) as f64 / (1 << 29) as f64 - 1.0
    }
    pub(crate) fn bits(&mut self, dtype: DType) -> u64 {
        let r = self.real();
        match dtype {
            DType::Bool => self.next() & 1,
            t if t.is_float() => Scalar::from_f64(t, r * 3.0).bits,
            t => Scalar::from_f64(t, (r * 100.0).round()).bits,
        }
    }
    pub(crate) fn leaf(&mut self, dtype: DType, shape: &[usize]) -> NodeRef {
        let n = shape.iter().product();
        let bits: Vec<u64> = (0..n).map(|_| self.bits(dtype)).collect();
        leaf_of(dtype, shape, &bits)
    }
}
