//! Machine code by kernel key: from memory, from disk, or from the compiler.
//!
//! A kernel is looked for in memory and then on disk, neither of which touches LLVM. What nobody
//! has is compiled once, however many threads ask for it: by the thread that asks
//! ([`compiled`]), or by one in the background ([`enqueue`]) while the caller goes on with the
//! interpreter. Whoever finds the code in the [`Cell`] uses it: the bits are the same.
//!
//! The background thread starts LLVM too, which takes longer than most compilations. It ends with
//! the process, at any moment (see [`exit`]).

use super::{Compiled, Image, Jit, JitError, TargetCpu, compile, disk, exit};
use crate::Stats;
use crate::exec::stats;
use lazuli_core::ErrorKind;
use lazuli_fusion::Bound;
use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

/// Where the code of a kernel will be, or why there is none.
pub type Cell = Arc<OnceLock<Result<Arc<Compiled>, ErrorKind>>>;

/// The most kernels kept as machine code. Each is a mapping of a few pages.
const CAPACITY: usize = 4096;

/// Known kernels, each with the time of its last use.
#[derive(Default)]
struct Known {
    kernels: HashMap<Arc<[u64]>, (Cell, u64)>,
    clock: u64,
}

static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
static COMPILER: Mutex<Option<Jit>> = Mutex::new(None);
/// The same for code of the simulator.
static QUICK: Mutex<Option<Jit>> = Mutex::new(None);
static QUEUE: Mutex<Queue> = Mutex::new(Queue { waiting: VecDeque::new(), started: false });
static WORK: Condvar = Condvar::new();

struct Queue {
    waiting: VecDeque<(Arc<Bound>, Cell)>,
    /// Is there a thread that empties it?
    started: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Switches compilation in the background on or off for the process. Off: an evaluation waits
/// for the machine code of its kernels. On (as at the start, unless the environment has
/// `LAZULI_BACKGROUND_COMPILATION=0`): short kernels, and loops, are interpreted meanwhile. No bit of
/// any result differs.
pub fn set_background_compilation(on: bool) {
    BACKGROUND.store(on as u8, Ordering::Relaxed);
}

const UNKNOWN: u8 = 2;
static BACKGROUND: AtomicU8 = AtomicU8::new(UNKNOWN);

/// Is compilation in the background on?
pub fn in_background() -> bool {
    match BACKGROUND.load(Ordering::Relaxed) {
        UNKNOWN => {
            let on = std::env::var_os("LAZULI_BACKGROUND_COMPILATION").is_none_or(|v| v != "0");
            set_background_compilation(on);
            on
        }
        on => on != 0,
    }
}

/// The cell of a kernel, which may be empty.
fn cell(bound: &Bound) -> Cell {
    let known = &mut *lock(&KNOWN);
    known.clock += 1;
    let now = known.clock;
    if let Some((cell, used)) = known.kernels.get_mut(&bound.key) {
        *used = now;
        return cell.clone();
    }
    if known.kernels.len() >= CAPACITY {
        // The half that was not used for longest goes. Code in use lives on in the plans that
        // hold it.
        let mut times: Vec<u64> = known.kernels.values().map(|k| k.1).collect();
        let middle = times.len() / 2;
        let (_, &mut median, _) = times.select_nth_unstable(middle);
        known.kernels.retain(|_, k| k.1 > median);
    }
    let cell = Cell::default();
    known.kernels.insert(bound.key.clone(), (cell.clone(), now));
    cell
}

/// The code of a kernel if memory or the disk has it.
pub fn find(bound: &Bound) -> Option<Arc<Compiled>> {
    let cell = cell(bound);
    if let Some(result) = cell.get() {
        let code = result.as_ref().ok()?.clone();
        stats::count(&Stats { cache_hits: 1, ..Stats::default() });
        return Some(code);
    }
    let code = Arc::new(from_disk(bound, &TargetCpu::host())?);
    stats::count(&Stats { disk_hits: 1, ..Stats::default() });
    cell.get_or_init(|| Ok(code)).clone().ok()
}

fn identity(bound: &Bound, target: &TargetCpu) -> Vec<u8> {
    disk::identity(&[target.name(), target.features()], &bound.key)
}

/// Code that another process has left: scratch, lanes and the image.
fn from_disk(bound: &Bound, target: &TargetCpu) -> Option<Compiled> {
    let kept = disk::read(&identity(bound, target))?;
    let (scratch, rest) = kept.split_first_chunk::<8>()?;
    let (lanes, rest) = rest.split_first_chunk::<8>()?;
    let [scratch, lanes] = [scratch, lanes].map(|word| u64::from_le_bytes(*word) as usize);
    Compiled::new(bound, &Image::from_bytes(rest)?, scratch, lanes).ok()
}

/// The code of a kernel; this thread compiles it if nobody has.
pub fn compiled(bound: &Bound) -> Result<Arc<Compiled>, ErrorKind> {
    if let Some(code) = find(bound) {
        return Ok(code);
    }
    let cell = cell(bound);
    let result = cell.get_or_init(|| {
        stats::count(&Stats { kernels_compiled: 1, ..Stats::default() });
        compile_now(bound).map(Arc::new)
    });
    if result.is_err() {
        // A failure is not remembered: the next call may have more luck.
        lock(&KNOWN).kernels.remove(&bound.key);
    }
    result.clone()
}

/// Has a kernel compiled in the background. The code appears in the cell, or the error.
pub fn enqueue(bound: &Arc<Bound>) -> Awaited {
    let cell = cell(bound);
    let awaited = Awaited { cell: cell.clone(), forks: FORKS.load(Ordering::Relaxed) };
    let mut queue = lock(&QUEUE);
    if cell.get().is_some() || queue.waiting.iter().any(|(_, waiting)| Arc::ptr_eq(waiting, &cell)) {
        return awaited;
    }
    stats::count(&Stats { kernels_compiled: 1, ..Stats::default() });
    exit::watch();
    queue.waiting.push_back((bound.clone(), cell.clone()));
    if !queue.started {
        let thread = std::thread::Builder::new().name("lazuli-compiler".into());
        queue.started = thread.spawn(work).is_ok();
    }
    if !queue.started {
        // No thread to be had: then here.
        let waiting = std::mem::take(&mut queue.waiting);
        drop(queue);
        waiting.into_iter().for_each(|(bound, cell)| fill(&bound, &cell));
        return awaited;
    }
    WORK.notify_one();
    awaited
}

/// Code that the background makes.
pub struct Awaited {
    cell: Cell,
    /// The process that was asked for it, by the number of forks before it.
    forks: usize,
}

impl Awaited {
    /// The code, once it is there.
    pub fn code(&self) -> Option<&Arc<Compiled>> {
        self.cell.get()?.as_ref().ok()
    }

    /// Will it never be? A compilation that failed is not tried again, and one that another process was asked for is
    /// not done in this.
    pub fn is_lost(&self) -> bool {
        match self.cell.get() {
            Some(result) => result.is_err(),
            None => self.forks != FORKS.load(Ordering::Relaxed),
        }
    }
}

/// How often this process and those that it comes from were forked off.
static FORKS: AtomicUsize = AtomicUsize::new(0);

/// Does the background have much to do already?
pub fn is_busy() -> bool {
    lock(&QUEUE).waiting.len() > 1
}

/// Waits until nothing is being compiled in the background.
pub fn wait_for_compiler() {
    let mut queue = lock(&QUEUE);
    while queue.waiting.iter().any(|(_, cell)| cell.get().is_none()) {
        queue = WORK.wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
}

/// The life of the background thread. What it works on stays at the front of the queue.
fn work() {
    let mut queue = lock(&QUEUE);
    loop {
        let Some((bound, cell)) = queue.waiting.front().cloned() else {
            queue = WORK.wait(queue).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        drop(queue);
        fill(&bound, &cell);
        queue = lock(&QUEUE);
        queue.waiting.pop_front();
        WORK.notify_all();
    }
}

fn fill(bound: &Bound, cell: &Cell) {
    let result = cell.get_or_init(|| compile_now(bound).map(Arc::new));
    if let Err(error) = result {
        tracing::warn!(%error, "a kernel stays interpreted");
    }
}

fn compile_now(bound: &Bound) -> Result<Compiled, ErrorKind> {
    with_compiler(|jit| {
        let start = Instant::now();
        let (compiled, image) = compile(bound, jit)?;
        tracing::debug!(kernel = %bound.kernel, milliseconds = start.elapsed().as_secs_f64() * 1e3, "compiled");
        let words = [compiled.scratch as u64, compiled.lanes as u64].map(u64::to_le_bytes);
        disk::write(&identity(bound, jit.target()), &[&words.concat(), &image.to_bytes()[..]].concat());
        Ok(compiled)
    })
}

/// Uses the compiler of this CPU, which is started if it was not.
pub fn with_compiler<R>(f: impl FnOnce(&mut Jit) -> Result<R, ErrorKind>) -> Result<R, ErrorKind> {
    with(&COMPILER, Jit::new, f)
}

/// Uses a compiler of this CPU for code that is run a few times.
pub fn with_quick_compiler<R>(f: impl FnOnce(&mut Jit) -> Result<R, ErrorKind>) -> Result<R, ErrorKind> {
    with(&QUICK, Jit::quick, f)
}

fn with<R>(
    compiler: &Mutex<Option<Jit>>,
    new: fn(TargetCpu) -> Result<Jit, JitError>,
    f: impl FnOnce(&mut Jit) -> Result<R, ErrorKind>,
) -> Result<R, ErrorKind> {
    // The lock first: a fork takes it, and then no thread is about to use LLVM.
    let mut slot = lock(compiler);
    let _compiling = exit::compiling();
    if slot.is_none() {
        let mut jit = new(TargetCpu::host()).map_err(|e| ErrorKind::Compile(e.to_string()))?;
        jit.warm_up().map_err(|e| ErrorKind::Compile(e.to_string()))?;
        *slot = Some(jit);
    }
    f(slot.as_mut().expect("made above"))
}

/// Everything here, locked: no compilation runs meanwhile.
pub(crate) fn lock_all() -> [Box<dyn Any>; 4] {
    // In the order in which others take them; the background thread holds none while it compiles
    // but the compiler's.
    [Box::new(lock(&COMPILER)), Box::new(lock(&QUICK)), Box::new(lock(&QUEUE)), Box::new(lock(&KNOWN))]
}

/// Forgets kernels that are not compiled yet, and the thread that was about to.
pub(crate) fn forget_unfinished() {
    let queue = &mut *lock(&QUEUE);
    (queue.waiting, queue.started) = (VecDeque::new(), false);
    FORKS.fetch_add(1, Ordering::Relaxed);
    lock(&KNOWN).kernels.retain(|_, (cell, _)| cell.get().is_some());
}
