//! What follows from sizes: strides, merged axes, schedule, arena, bytes.
//!
//! `bind` is pure: a plan and the sizes and layouts of a trace give the launches. Results are
//! cached under the trace's exact key. Axes of length 1 disappear here and axes that follow each
//! other in every array merge, so a contiguous kernel of any rank runs as one of rank 1. The
//! *kernel key* written here names everything that generated code depends on; it holds no
//! extents, pointers or values.

use crate::arena::{self, Temporary};
use crate::boxes::{self, Window};
pub use crate::calls::BoundCall;
use crate::kernel::{Access, Def, Guard, Inst, Kernel, Store, Target};
use crate::plan::{Plan, Step};
use crate::schedule::schedule;
use crate::stages::Stages;
use crate::trace::Trace;
use lazuli_core::layout::Strides;
use lazuli_core::shape::Dims;
use lazuli_core::{Caps, DType, Layout, Op, View, WindowPart};
use smallvec::SmallVec;
use std::sync::Arc;

/// Where the memory of an access is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Slot {
    /// The value of this node of the trace.
    Leaf(usize),
    /// Entry of [`Launches::results`].
    Result(usize),
    /// Byte offset in the arena.
    Arena(usize),
    /// No memory: positions of the virtual array 0, 1, 2, ...
    Iota,
}

/// An access with its strides settled. All in elements.
#[derive(Clone, Debug)]
pub struct BoundAccess {
    /// The memory.
    pub slot: Slot,
    /// Type in memory.
    pub dtype: DType,
    /// Position of the element at index 0 of all axes.
    pub offset: isize,
    /// Step along each row axis of the launch.
    pub rows: Strides,
    /// Step along each inner axis of the launch.
    pub inner: Strides,
    /// Is it written?
    pub write: bool,
    /// Is it reached at every point, or once a row?
    pub full: bool,
    /// How it steps along the lanes of the launch.
    pub lane: Lane,
}

impl BoundAccess {
    /// How a packed access steps along the last inner axis; any other as it does everywhere.
    pub fn run(&self) -> Lane {
        match self.inner.last() {
            Some(&step) if self.lane == Lane::Packed => Lane::of_step(step),
            _ => self.lane,
        }
    }

    /// Do its elements have to be brought together for lanes along the inner axes?
    pub fn is_packed(&self) -> bool {
        match self.lane {
            Lane::Packed => true,
            Lane::Strided => self.slot != Slot::Iota,
            _ => false,
        }
    }
}

/// How an access steps from lane to lane.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Lane {
    /// The same element in every lane.
    Same,
    /// Neighbours in memory.
    Unit,
    /// Any other step along one axis.
    Strided,
    /// Neighbours along the row axis before that of the lanes (in `Map` only): tiles of these
    /// two axes are read along that one and transposed.
    Across,
    /// Lanes run along several axes that do not merge in this array: only within a run of the
    /// last one do they step as [`BoundAccess::run`] says. Elements are packed where that is not
    /// enough.
    Packed,
}

impl Lane {
    /// How lanes step along one axis.
    pub(crate) fn of_step(step: isize) -> Lane {
        match step {
            0 => Lane::Same,
            1 => Lane::Unit,
            _ => Lane::Strided,
        }
    }
}

/// The direction of a kernel's vector lanes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mode {
    /// No reduction: lanes run along the last row axis.
    Map,
    /// Lanes run along the inner axes; one row after another.
    Rows,
    /// Lanes run along the last row axis; each lane reduces its own row.
    Columns,
}

/// A kernel with everything settled but pointers and parameter values.
#[derive(Clone, Debug)]
pub struct Bound {
    /// What to run.
    pub kernel: Arc<Kernel>,
    /// Its sweeps.
    pub stages: Arc<Stages>,
    /// Direction of lanes.
    pub mode: Mode,
    /// Few rows, each long: run sweep by sweep, each split along the inner axes.
    pub split: bool,
    /// Keep the dear values of a row in scratch between sweeps (else compute them again).
    pub keep: bool,
    /// Extents of the row axes, merged. At least one in `Map` and `Columns`; the last is the
    /// lane axis there, and the one before it the other axis of tiles where an access has one
    /// (see [`Lane::Across`]).
    pub rows: Dims,
    /// Extents of the inner axes, merged, in reduction order.
    pub inner: Dims,
    /// As `kernel.accesses`.
    pub accesses: Vec<BoundAccess>,
    /// Everything that generated code depends on.
    pub key: Arc<[u64]>,
    /// Number of this launch among those of its kernel: windows divide a space into boxes, each
    /// a launch (see [`crate::boxes`]). Of all others there is one.
    pub part: u32,
    /// Boxes of one band divide the lanes of the same rows, and follow each other: a thread had better take a row
    /// in all of them.
    pub band: u32,
    /// What the kernel's guards are here, by parameter slot.
    pub guards: SmallVec<[(u16, bool); 2]>,
    /// Bytes that must come from memory.
    pub bytes_read: usize,
    /// Bytes read again by later sweeps while they are still in the cache.
    pub bytes_cached: usize,
    /// Bytes written.
    pub bytes_written: usize,
    /// Bytes that all launches of the kernel write.
    pub kernel_writes: usize,
    /// What it takes one thread of a CPU, in nanoseconds, roughly.
    pub work: f64,
}

impl Bound {
    /// Does it run in tiles of the last two row axes?
    pub fn is_tiled(&self) -> bool {
        self.accesses.iter().any(|a| a.lane == Lane::Across)
    }

    /// Number of rows.
    pub fn row_count(&self) -> usize {
        self.rows.iter().product()
    }

    /// Number of reduced elements of a row (1 for a map).
    pub fn inner_count(&self) -> usize {
        self.inner.iter().product()
    }
}

/// A matrix product `out[b] = left[b] x right[b]`, strides in elements.
#[derive(Clone, Debug)]
pub struct BoundMatMul {
    /// The node.
    pub node: usize,
    /// Type of all three matrices.
    pub dtype: DType,
    /// Extents (m, k, n).
    pub extents: (usize, usize, usize),
    /// Extents of the leading axes.
    pub batch: Dims,
    /// Left, right and result: memory, and layout with the two matrix axes last.
    pub operands: [(Slot, Layout); 3],
}

impl BoundMatMul {
    /// Bytes read and written.
    pub fn bytes(&self) -> (usize, usize) {
        let (rows, inner, columns) = self.extents;
        let size = self.dtype.size() * self.batch.iter().product::<usize>();
        (size * (rows * inner + inner * columns), size * rows * columns)
    }
}

/// One thing to run.
#[derive(Clone, Debug)]
pub enum Launch {
    /// A kernel.
    Kernel(Arc<Bound>),
    /// A library call.
    MatMul(Box<BoundMatMul>),
    /// A call of a generalised function.
    Call(Box<BoundCall>),
}

impl Launch {
    /// Is it the only launch of its kernel or library call, or the first?
    pub fn is_first(&self) -> bool {
        !matches!(self, Launch::Kernel(bound) if bound.part > 0)
    }
}

/// All launches of an evaluation and the memory they need.
#[derive(Clone, Debug)]
pub struct Launches {
    /// In order.
    pub launches: Vec<Launch>,
    /// `(node, bytes)` of every value that stays; each is stored row-major.
    pub results: Vec<(usize, usize)>,
    /// Bytes of intermediate values, laid out by lifetime.
    pub arena: usize,
    /// Kernels that only copy elements into row-major order for a reshape.
    pub packed: usize,
    /// Bytes that these write.
    pub packed_bytes: usize,
}

pub(crate) struct Binder<'a> {
    pub(crate) trace: &'a Trace,
    caps: &'a Caps,
    results: Vec<(usize, usize)>,
    temporaries: Vec<Temporary>,
    /// For each node that is stored: the result or intermediate value that it is.
    slots: Vec<Option<Slot>>,
    pub(crate) launches: Vec<Launch>,
    packed: usize,
    packed_bytes: usize,
}

/// Settles sizes. Fails only on sizes that no memory could hold.
pub fn bind(plan: &Plan, trace: &Trace, caps: &Caps) -> Launches {
    let bytes = |n: usize| trace.shape(n).iter().product::<usize>() * trace.dtype(n).size();
    let mut binder = Binder {
        trace,
        caps,
        results: plan.results.iter().map(|&n| (n, bytes(n))).collect(),
        temporaries: Vec::new(),
        slots: vec![None; trace.items.len()],
        launches: Vec::new(),
        packed: 0,
        packed_bytes: 0,
    };
    for (r, &n) in plan.results.iter().enumerate() {
        binder.slots[n] = Some(Slot::Result(r));
    }
    for step in &plan.steps {
        match step {
            Step::Kernel(kernel) => binder.kernel(kernel),
            Step::MatMul(node) => binder.matmul(*node),
            Step::Call(nodes) => binder.call(nodes),
        }
    }
    binder.finish()
}

/// Slots of temporaries stand in `Slot::Arena` as an index until all lifetimes are known.
impl<'a> Binder<'a> {
    pub(crate) fn slot(&mut self, node: usize) -> Slot {
        if self.trace.is_leaf(node) {
            return Slot::Leaf(node);
        }
        if let Some(slot) = self.slots[node] {
            self.touch(slot);
            return slot;
        }
        let bytes = self.trace.shape(node).iter().product::<usize>() * self.trace.dtype(node).size();
        let now = self.launches.len();
        let slot = self.temporary(bytes, now);
        self.slots[node] = Some(slot);
        slot
    }

    /// A new intermediate value, alive from the next launch until launch `last`.
    pub(crate) fn temporary(&mut self, bytes: usize, last: usize) -> Slot {
        self.temporaries.push(Temporary { bytes, first: self.launches.len(), last });
        Slot::Arena(self.temporaries.len() - 1)
    }

    /// The next launch reads or writes this.
    pub(crate) fn touch(&mut self, slot: Slot) {
        if let Slot::Arena(t) = slot {
            self.temporaries[t].last = self.launches.len();
        }
    }

    /// Slot and layout of an array seen through views. Where a reshape cannot be done by
    /// strides, what stands before it is copied into row-major order first.
    pub(crate) fn view(&mut self, node: usize, views: &[usize]) -> (Slot, Layout) {
        let mut layout = self.trace.layout(node);
        let mut slot = self.slot(node);
        for (k, &v) in views.iter().enumerate() {
            let Some((Op::View(view), _)) = self.trace.op(v) else { unreachable!("a chain of views") };
            layout = match layout.view(view, self.trace.shape(v)) {
                Some(next) => next,
                None => {
                    let before = if k == 0 { node } else { views[k - 1] };
                    slot = self.pack(node, &views[..k], before);
                    Layout::contiguous(self.trace.shape(v))
                }
            };
        }
        (slot, layout)
    }

    /// Launches a copy of `node` seen through `views` (whose result is node `shown`), row-major.
    /// A strided leaf is known under its own number, so its copy is kept under that of a view.
    fn pack(&mut self, node: usize, views: &[usize], shown: usize) -> Slot {
        let shape = self.trace.shape(shown).clone();
        let dtype = self.trace.dtype(node);
        let all: SmallVec<[Option<u8>; 4]> =
            shape.iter().enumerate().map(|(d, &n)| (n != 1).then_some(d as u8)).collect();
        let access = |target, views: &[usize]| Access {
            target,
            dtype,
            views: views.iter().copied().collect(),
            axes: all.clone(),
        };
        let load = Def { inst: Inst::Load(0), ty: dtype.compute(), full: false, depth: 0 };
        let kernel = Arc::new(Kernel {
            axes: (0..shape.len()).map(|d| (shown, d)).collect(),
            rows: all.iter().flatten().copied().collect(),
            accesses: vec![access(Target::Read(node), views), access(Target::Write(shown), &[])],
            body: vec![load],
            stores: vec![Store { value: 0, access: 1, full: false }],
            ..Kernel::default()
        });
        let bytes = shape.iter().product::<usize>() * dtype.size();
        let slot = self.temporary(bytes, self.launches.len() + 1);
        self.packed += 1;
        self.packed_bytes += bytes;
        let (from, layout) = self.view(node, views);
        let accesses = vec![
            self.access(&kernel, 0, from, &layout, false),
            self.access(&kernel, 1, slot, &Layout::contiguous(&shape), false),
        ];
        self.launch(&kernel, accesses);
        slot
    }

    fn access(&self, kernel: &Kernel, a: usize, slot: Slot, layout: &Layout, full: bool) -> BoundAccess {
        let access = &kernel.accesses[a];
        let step = |axis: u8| -> isize {
            let along = access.axes.iter().zip(&layout.strides).filter(|(x, _)| **x == Some(axis));
            along.map(|(_, &s)| s).sum()
        };
        BoundAccess {
            slot,
            dtype: access.dtype,
            offset: layout.offset,
            rows: kernel.rows.iter().map(|&x| step(x)).collect(),
            inner: kernel.inner.iter().map(|&x| step(x)).collect(),
            write: matches!(access.target, Target::Write(_)),
            full,
            lane: Lane::Same,
        }
    }

    /// The window that an access looks through, which is the last of its views (see `grow`).
    fn window(&self, access: &Access) -> Option<&'a [WindowPart]> {
        match self.trace.op(*access.views.last()?) {
            Some((Op::View(View::Window(parts)), _)) => Some(parts),
            _ => None,
        }
    }

    fn guarded(&self, guard: Guard) -> boxes::Guarded {
        let Some((&Op::Within { shift, .. }, _)) = self.trace.op(guard.node) else {
            unreachable!("guards ask what is within")
        };
        boxes::Guarded { guard, shift }
    }

    fn kernel(&mut self, kernel: &Arc<Kernel>) {
        let mut bound = Vec::with_capacity(kernel.accesses.len());
        // Copies for reshapes are launched first, so slots are asked for in two rounds.
        let mut seen: Vec<(Slot, Layout)> = Vec::new();
        let mut windows: Vec<Window> = Vec::new();
        for (a, access) in kernel.accesses.iter().enumerate() {
            let window = self.window(access);
            let strided = &access.views[..access.views.len() - window.is_some() as usize];
            let (slot, layout) = match access.target {
                Target::Read(n) => self.view(n, strided),
                Target::Iota(n) => {
                    let mut layout = Layout::contiguous(self.trace.shape(n));
                    for &v in strided {
                        let Some((Op::View(view), _)) = self.trace.op(v) else {
                            unreachable!("a chain of views")
                        };
                        // One axis, stride 1: after a slice every reshape of it still has strides.
                        layout = layout.view(view, self.trace.shape(v)).expect("one axis is affine");
                    }
                    (Slot::Iota, layout)
                }
                Target::Write(n) => (self.slot(n), Layout::contiguous(self.trace.shape(n))),
            };
            if let Some(parts) = window {
                windows.push(Window { access: a, parts, layout: layout.clone() });
            }
            seen.push((slot, layout));
        }
        for (a, (slot, layout)) in seen.iter().enumerate() {
            self.touch(*slot);
            let full = kernel.accesses[a].axes.iter().flatten().any(|x| kernel.inner.contains(x));
            bound.push(self.access(kernel, a, *slot, layout, full));
        }
        let guards: Vec<boxes::Guarded> = kernel.guards.iter().map(|&guard| self.guarded(guard)).collect();
        if windows.is_empty() && guards.is_empty() {
            self.launch(kernel, bound);
            return;
        }
        let rows = self.extents(kernel, &kernel.rows);
        if rows.contains(&0) {
            return;
        }
        for part in boxes::divide(kernel, &rows, &bound, &windows, &guards, self.caps) {
            self.launches.push(Launch::Kernel(Arc::new(part)));
        }
        // All parts read and write what the kernel does.
        let last = self.launches.len() - 1;
        for (slot, _) in seen {
            if let Slot::Arena(t) = slot {
                self.temporaries[t].last = last;
            }
        }
    }

    fn extents(&self, kernel: &Kernel, axes: &[u8]) -> Dims {
        let extent = |x: &u8| {
            let (node, d) = kernel.axes[*x as usize];
            self.trace.shape(node)[d]
        };
        axes.iter().map(extent).collect()
    }

    fn launch(&mut self, kernel: &Arc<Kernel>, accesses: Vec<BoundAccess>) {
        let rows = self.extents(kernel, &kernel.rows);
        let inner = self.extents(kernel, &kernel.inner);
        if rows.contains(&0) {
            return;
        }
        let (bound, _) = schedule(kernel.clone(), rows, inner, accesses, self.caps);
        self.launches.push(Launch::Kernel(Arc::new(bound)));
    }

    fn matmul(&mut self, node: usize) {
        let (_, inputs) = self.trace.op(node).expect("a matrix product");
        let mut operands = Vec::with_capacity(3);
        for &input in inputs {
            let (base, views) = self.trace.below_views(input);
            operands.push(self.view(base, &views));
        }
        let slot = self.slot(node);
        let shape = self.trace.shape(node);
        operands.push((slot, Layout::contiguous(shape)));
        operands.iter().for_each(|&(slot, _)| self.touch(slot));
        let k = operands[0].1.shape.last().copied().unwrap_or(1);
        let (m, n) = (shape[shape.len() - 2], shape[shape.len() - 1]);
        let batch: Dims = shape[..shape.len() - 2].iter().copied().collect();
        let operands: [(Slot, Layout); 3] = operands.try_into().expect("two operands and a result");
        self.launches.push(Launch::MatMul(Box::new(BoundMatMul {
            node,
            dtype: self.trace.dtype(node),
            extents: (m, k, n),
            batch,
            operands,
        })));
    }

    /// Lays the arena out.
    fn finish(self) -> Launches {
        let (placed, arena) = arena::place(&self.temporaries);
        let settle = |slot: &mut Slot| {
            if let Slot::Arena(t) = slot {
                *slot = Slot::Arena(placed[*t]);
            }
        };
        let launches = self
            .launches
            .into_iter()
            .map(|launch| match launch {
                Launch::Kernel(bound) => {
                    let mut bound = Arc::try_unwrap(bound).unwrap_or_else(|b| (*b).clone());
                    bound.accesses.iter_mut().for_each(|a| settle(&mut a.slot));
                    Launch::Kernel(Arc::new(bound))
                }
                Launch::MatMul(mut m) => {
                    m.operands.iter_mut().for_each(|o| settle(&mut o.0));
                    Launch::MatMul(m)
                }
                Launch::Call(mut call) => {
                    call.slots.iter_mut().for_each(settle);
                    Launch::Call(call)
                }
            })
            .collect();
        let (packed, packed_bytes) = (self.packed, self.packed_bytes);
        Launches { launches, results: self.results, arena, packed, packed_bytes }
    }
}

/// Groups launches' nodes for messages: which nodes a kernel stores.
pub fn stored_nodes(kernel: &Kernel) -> Vec<usize> {
    kernel
        .accesses
        .iter()
        .filter_map(|a| match a.target {
            Target::Write(n) => Some(n),
            _ => None,
        })
        .collect()
}

/// Register bits of each parameter of a launch, from the constants of this trace.
pub fn params(bound: &Bound, trace: &Trace) -> SmallVec<[u64; 8]> {
    let value = |&n: &usize| match trace.op(n) {
        Some((Op::Const(value), _)) => value.register_bits(),
        Some((Op::Within { .. }, _)) => 0,
        _ => unreachable!("parameters are constants"),
    };
    let mut params = SmallVec::new();
    bound.kernel.params.iter().for_each(|n| params.push(value(n)));
    bound.guards.iter().for_each(|&(slot, within)| params[usize::from(slot)] = within.into());
    params
}
