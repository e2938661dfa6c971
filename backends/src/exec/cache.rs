//! Plans and launches by key, so that an expression seen before is not planned again.
//!
//! Two levels: the structure key finds the plan (any sizes), the exact key finds the launches
//! (these sizes). Both caches are bounded by the size of
//! what they hold; the least recently used half goes when one is full.

use super::stats;
use super::timing::Times;
use crate::Stats;
use crate::portable::Program;
#[cfg(feature = "llvm")]
use crate::{
    grid::{self, simulator},
    threads::Bounds,
};
use lazuli_core::{Caps, DType, DeviceId, ErrorKind};
use lazuli_fusion::bind::{Bound, BoundCall, Launch};
use lazuli_fusion::{Launches, Plan, Trace, bind, plan};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::any::Any;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

/// A plan with its sizes settled, and the kernels that were loaded for it.
pub struct Prepared {
    /// The plan.
    pub plan: Arc<Plan>,
    /// The launches.
    pub launches: Launches,
    /// What running it counts for.
    pub totals: Totals,
    /// May a launch fail? Only one with loops can, or of a function that uses indices.
    pub may_fail: bool,
    /// How long its steps took.
    pub times: Times,
    cpu: OnceLock<Vec<Engine>>,
    portable: OnceLock<Vec<Engine>>,
    #[cfg(feature = "llvm")]
    simulator: OnceLock<Vec<Engine>>,
    #[cfg(feature = "cuda")]
    cuda: OnceLock<Box<[OnceLock<Vec<Engine>>]>>,
}

/// What one run of a plan adds to the counters.
#[derive(Default)]
pub struct Totals {
    /// Kernels.
    pub kernels: u64,
    /// Parallel regions and library calls.
    pub launches: u64,
    /// Bytes from memory.
    pub bytes_read: u64,
    /// Bytes written.
    pub bytes_written: u64,
    /// Bytes copied for reshapes.
    pub bytes_packed: u64,
}

/// What can run a launch, now or later.
pub enum Engine {
    /// A library call: nothing to load.
    Library,
    /// The program's own code; is it to be the patient one?
    Compiled(bool),
    /// A call of a generalised function on a grid.
    #[cfg(feature = "llvm")]
    Threads(Arc<grid::ThreadKernel>, DeviceId),
    /// A matrix product on a grid.
    #[cfg(feature = "llvm")]
    Product,
    /// The interpreter.
    Portable(Arc<Program>),
    /// Machine code.
    #[cfg(feature = "llvm")]
    Llvm(Arc<crate::llvm::Compiled>, Words),
    /// Machine code once it is there, the interpreter until then.
    #[cfg(feature = "llvm")]
    Tiers(Arc<Program>, crate::llvm::kernels::Awaited, Words),
    /// A grid on the simulator of a GPU.
    #[cfg(feature = "llvm")]
    Simulated(Arc<simulator::Program>, grid::Launches),
    /// A grid on a GPU.
    #[cfg(feature = "cuda")]
    Cuda(Arc<grid::cuda::Loaded>, grid::Launches),
}

/// The words of a launch's code: see [`crate::llvm::abi`].
#[cfg(feature = "llvm")]
type Words = Box<[u64]>;

/// What runs a launch this time.
#[derive(Clone, Copy)]
pub enum Runs<'a> {
    /// A library.
    Library,
    /// The program's own code; is it to be the patient one?
    Compiled(bool),
    /// A call of a generalised function on a grid.
    #[cfg(feature = "llvm")]
    Threads(&'a grid::ThreadKernel, DeviceId),
    /// A matrix product on a grid.
    #[cfg(feature = "llvm")]
    Product,
    /// The interpreter.
    Portable(&'a Program),
    /// The interpreter, until there is machine code.
    #[cfg(feature = "llvm")]
    Waiting(&'a Program, &'a crate::llvm::kernels::Awaited, &'a [u64]),
    /// Machine code, and the words of its launches.
    #[cfg(feature = "llvm")]
    Llvm(&'a crate::llvm::Compiled, &'a [u64]),
    /// A grid on the simulator of a GPU.
    #[cfg(feature = "llvm")]
    Simulated(&'a simulator::Program, &'a grid::Launches),
    /// A grid on a GPU.
    #[cfg(feature = "cuda")]
    Cuda(&'a grid::cuda::Loaded, &'a grid::Launches),
}

impl Runs<'_> {
    /// Does the interpreter begin?
    pub fn is_interpreted(&self) -> bool {
        match self {
            Runs::Portable(_) => true,
            #[cfg(feature = "llvm")]
            Runs::Waiting(..) => true,
            _ => false,
        }
    }

    /// The workspace that a grid needs beside its arrays.
    #[cfg(feature = "llvm")]
    pub fn room(&self) -> grid::Room {
        match self {
            Runs::Simulated(_, launches) => launches.room,
            #[cfg(feature = "cuda")]
            Runs::Cuda(_, launches) => launches.room,
            _ => grid::Room::default(),
        }
    }
}

impl Engine {
    /// The fastest that is there. Asked once an evaluation, since it may change at any time.
    pub fn now(&self) -> Runs<'_> {
        match self {
            Engine::Library => Runs::Library,
            Engine::Compiled(patient) => Runs::Compiled(*patient),
            #[cfg(feature = "llvm")]
            Engine::Threads(kernel, device) => Runs::Threads(kernel, *device),
            #[cfg(feature = "llvm")]
            Engine::Product => Runs::Product,
            Engine::Portable(program) => Runs::Portable(program),
            #[cfg(feature = "llvm")]
            Engine::Llvm(code, words) => Runs::Llvm(code, words),
            #[cfg(feature = "llvm")]
            Engine::Tiers(program, awaited, words) => match awaited.code() {
                Some(code) => Runs::Llvm(code, words),
                None => Runs::Waiting(program, awaited, words),
            },
            #[cfg(feature = "llvm")]
            Engine::Simulated(program, launches) => Runs::Simulated(program, launches),
            #[cfg(feature = "cuda")]
            Engine::Cuda(loaded, launches) => Runs::Cuda(loaded, launches),
        }
    }

    /// The engine of a kernel on a device.
    fn of(bound: &Arc<Bound>, device: DeviceId) -> Result<Engine, ErrorKind> {
        #[cfg(feature = "llvm")]
        if device == DeviceId::Cpu && crate::llvm::available() {
            use crate::llvm::{abi, kernels};
            let words = abi::template(bound);
            // How long loops take is not known: they are interpreted only if their code comes soon.
            let is_late = bound.kernel.loops() && kernels::is_busy();
            if !kernels::in_background() || bound.work > LONG_NS || is_late {
                return Ok(Engine::Llvm(kernels::compiled(bound)?, words));
            }
            return Ok(match kernels::find(bound) {
                Some(code) => Engine::Llvm(code, words),
                None => Engine::Tiers(Arc::new(Program::new(bound)), kernels::enqueue(bound), words),
            });
        }
        #[cfg(feature = "llvm")]
        if device == DeviceId::CudaSimulator {
            let launches = grid::Launches::of(bound)?;
            return Ok(Engine::Simulated(simulator::program(bound, launches.geometry, false)?, launches));
        }
        #[cfg(feature = "cuda")]
        if let DeviceId::Cuda(index) = device {
            let launches = grid::Launches::of(bound)?;
            let device = crate::cuda::device(index.into())?;
            return Ok(Engine::Cuda(grid::cuda::load(bound, launches.geometry, device)?, launches));
        }
        let _ = device;
        Ok(Engine::Portable(Arc::new(Program::new(bound))))
    }

    /// The engine of matrix products of a type on a device.
    fn of_product(dtype: DType, device: DeviceId) -> Result<Engine, ErrorKind> {
        #[cfg(feature = "cuda")]
        if let DeviceId::Cuda(index) = device {
            grid::product::load(dtype, crate::cuda::device(index.into())?)?;
        }
        #[cfg(feature = "llvm")]
        if !device.is_host() {
            return Ok(Engine::Product);
        }
        let _ = (dtype, device);
        Ok(Engine::Library)
    }

    /// The engine of a call of a generalised function.
    fn of_call(call: &BoundCall, device: DeviceId) -> Result<Engine, ErrorKind> {
        #[cfg(feature = "llvm")]
        if !device.is_host() {
            let kernel = grid::calls::kernel(call)?;
            kernel.load(device, Bounds::of_call(device))?;
            return Ok(Engine::Threads(kernel, device));
        }
        let _ = call;
        Ok(Engine::Compiled(device == DeviceId::Portable))
    }
}

/// Above this much work, in nanoseconds of one thread, a kernel waits for its machine code: the
/// interpreter would take longer than LLVM and the code together.
#[cfg(feature = "llvm")]
const LONG_NS: f64 = 2e6;

impl Prepared {
    fn slot(&self, device: DeviceId) -> &OnceLock<Vec<Engine>> {
        match device {
            DeviceId::Cpu => &self.cpu,
            #[cfg(feature = "llvm")]
            DeviceId::CudaSimulator => &self.simulator,
            #[cfg(feature = "cuda")]
            DeviceId::Cuda(index) => {
                let all = self.cuda.get_or_init(|| (0..=u8::MAX).map(|_| OnceLock::new()).collect());
                &all[usize::from(index)]
            }
            // What a build does not have is not made.
            _ => &self.portable,
        }
    }

    /// Have the engines been loaded before?
    pub fn is_loaded(&self, device: DeviceId) -> bool {
        self.slot(device).get().is_some()
    }

    /// What runs each launch this time; compiles what is not compiled yet.
    pub fn load(&self, device: DeviceId) -> Result<SmallVec<[Runs<'_>; 2]>, ErrorKind> {
        let mut now = SmallVec::new();
        self.engines(device)?.iter().for_each(|engine| now.push(engine.now()));
        Ok(now)
    }

    fn engines(&self, device: DeviceId) -> Result<&[Engine], ErrorKind> {
        let slot = self.slot(device);
        if let Some(engines) = slot.get() {
            return Ok(engines);
        }
        let engines: Vec<Engine> = self
            .launches
            .launches
            .iter()
            .map(|launch| match launch {
                Launch::Kernel(bound) => Engine::of(bound, device),
                Launch::MatMul(m) => Engine::of_product(m.dtype, device),
                Launch::Call(call) => Engine::of_call(call, device),
            })
            .collect::<Result<_, ErrorKind>>()?;
        // Another thread may have been first; its engines are as good.
        Ok(slot.get_or_init(|| engines))
    }
}

struct Cache<V> {
    entries: FxHashMap<Box<[u64]>, Entry<V>>,
    clock: u64,
    /// What all entries weigh.
    weight: usize,
}

struct Entry<V> {
    value: V,
    /// When it was asked for last.
    age: u64,
    /// Words of its key, which what is remembered mostly grows with, and more.
    weight: usize,
}

/// The most that the entries of a cache may weigh, in words of keys. A plan takes some ten times the memory of its key.
const CAPACITY: usize = 1 << 19;

impl<V: Clone> Cache<V> {
    fn new() -> Cache<V> {
        Cache { entries: FxHashMap::default(), clock: 0, weight: 0 }
    }

    fn get(&mut self, key: &[u64]) -> Option<V> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        entry.age = self.clock;
        Some(entry.value.clone())
    }

    /// Keeps a value that weighs `more` than its key, and gives those that go for it: they are to be dropped without
    /// the lock, as unloading what belongs to them may take long.
    #[must_use]
    fn put(&mut self, key: Box<[u64]>, more: usize, value: V) -> Vec<V> {
        let mut gone = Vec::new();
        let weight = key.len() + more;
        self.weight += weight;
        if self.weight > CAPACITY && !self.entries.is_empty() {
            let mut ages: Vec<u64> = self.entries.values().map(|e| e.age).collect();
            let middle = ages.len() / 2;
            let (_, &mut median, _) = ages.select_nth_unstable(middle);
            // At least one goes, also if there is only one.
            gone.extend(self.entries.extract_if(|_, e| e.age <= median).map(|(_, e)| e.value));
            self.weight = weight + self.entries.values().map(|e| e.weight).sum::<usize>();
        }
        self.clock += 1;
        let entry = Entry { value, age: self.clock, weight };
        if let Some(before) = self.entries.insert(key, entry) {
            self.weight -= before.weight;
            gone.push(before.value);
        }
        gone
    }
}

static PREPARED: LazyLock<Mutex<Cache<Arc<Prepared>>>> = LazyLock::new(|| Mutex::new(Cache::new()));
static PLANS: LazyLock<Mutex<Cache<Arc<Plan>>>> = LazyLock::new(|| Mutex::new(Cache::new()));

/// Traces above this many nodes are not worth remembering: their keys alone are large.
const LARGEST: usize = 1 << 15;

/// The plan and launches of a trace, from the cache if they are there. The trace's keys begin
/// with the words of `caps`.
pub fn prepare(trace: &Trace, caps: &Caps) -> Arc<Prepared> {
    let small = trace.items.len() <= LARGEST;
    if small && let Some(found) = lock(&PREPARED).get(trace.exact_key()) {
        return found;
    }
    #[cfg(unix)]
    super::fork::watch();
    let known = if small { lock(&PLANS).get(trace.structure_key()) } else { None };
    let plan = known.unwrap_or_else(|| {
        stats::count(&Stats { plans_made: 1, ..Stats::default() });
        let made = Arc::new(plan(trace, caps));
        tracing::debug!(steps = made.steps.len(), breaks = made.breaks.len(), "planned");
        if small {
            let gone = lock(&PLANS).put(trace.structure_key().into(), 0, made.clone());
            drop(gone);
        }
        made
    });
    let launches = bind(&plan, trace, caps);
    if launches.packed > 0 {
        tracing::debug!(copies = launches.packed, "reshapes need their elements in row-major order");
    }
    let totals = totals(&launches);
    let may_fail = launches.launches.iter().any(|launch| match launch {
        Launch::Kernel(bound) => bound.kernel.loops(),
        Launch::Call(_) => true,
        Launch::MatMul(_) => false,
    });
    let prepared = Arc::new(Prepared {
        plan,
        times: Times::new(&launches),
        launches,
        totals,
        may_fail,
        cpu: OnceLock::new(),
        portable: OnceLock::new(),
        #[cfg(feature = "llvm")]
        simulator: OnceLock::new(),
        #[cfg(feature = "cuda")]
        cuda: OnceLock::new(),
    });
    if small {
        // Beyond one launch a kernel, which the key has paid for.
        let boxes = prepared.launches.launches.iter().map(|launch| match launch {
            Launch::Kernel(bound) if bound.part > 0 => 4 + 2 * bound.accesses.len(),
            _ => 0,
        });
        let gone = lock(&PREPARED).put(trace.exact_key().into(), boxes.sum(), prepared.clone());
        drop(gone);
    }
    prepared
}

/// Forgets all plans: a process that was forked off has no compiler that would go on with theirs.
#[cfg(all(unix, feature = "llvm"))]
pub fn forget() {
    lock(&PREPARED).entries.clear();
}

/// Both caches, locked.
pub fn lock_all() -> [Box<dyn Any>; 2] {
    [Box::new(lock(&PREPARED)), Box::new(lock(&PLANS))]
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn totals(launches: &Launches) -> Totals {
    let mut t = Totals { bytes_packed: launches.packed_bytes as u64, ..Totals::default() };
    for launch in &launches.launches {
        match launch {
            Launch::Kernel(b) => {
                t.kernels += (b.part == 0) as u64;
                t.launches += if b.split { b.stages.sweeps.len().max(1) as u64 } else { 1 };
                t.bytes_read += b.bytes_read as u64;
                t.bytes_written += b.bytes_written as u64;
            }
            Launch::MatMul(m) => {
                let (read, written) = m.bytes();
                t.launches += 1;
                t.bytes_read += read as u64;
                t.bytes_written += written as u64;
            }
            Launch::Call(call) => {
                t.launches += 1;
                t.bytes_read += call.bytes_read as u64;
                t.bytes_written += call.bytes_written as u64;
            }
        }
    }
    t
}
