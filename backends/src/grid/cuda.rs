//! Kernels on NVIDIA GPUs: their machine code, their launches, and memory for them.
//!
//! A kernel's code is looked for in memory, then on disk, neither of which touches LLVM or the
//! driver's assembler; what nobody has is printed as PTX and assembled by the driver for the very
//! card. Everything an evaluation does goes to one stream: the thread's own choice ([`on_stream`]),
//! or the device's default. Memory is had and given back in the order of that stream, and buffers
//! of other streams make it wait for them.

use super::{Launches, ptx};
use crate::Stats;
use crate::cuda::{Buffer, Device, Function, Note, Stream, device};
use crate::exec::stats;
use crate::llvm::emit::Dialect;
use crate::llvm::grid::{self, BLOCK, Geometry};
use crate::llvm::{disk, exit};
use lazuli_core::{BufferRef, DeviceId, ErrorKind};
use lazuli_fusion::Bound;
use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

thread_local! {
    /// Streams that this thread's evaluations go to, the innermost last.
    static STREAMS: RefCell<Vec<Stream>> = const { RefCell::new(Vec::new()) };
}

/// Runs `f` with the evaluations of this thread on a stream.
pub fn on_stream<R>(stream: &Stream, f: impl FnOnce() -> R) -> R {
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            STREAMS.with_borrow_mut(Vec::pop);
        }
    }
    STREAMS.with_borrow_mut(|streams| streams.push(stream.clone()));
    let _reset = Reset;
    f()
}

/// The stream of this thread's evaluations on a device.
pub fn stream(device: &'static Device) -> Result<Stream, ErrorKind> {
    let chosen = STREAMS.with_borrow(|streams| streams.iter().rfind(|s| s.device() == device).cloned());
    chosen.map_or_else(|| device.stream().cloned(), Ok)
}

/// A buffer on a GPU.
pub fn allocate(bytes: usize, index: u8) -> Result<BufferRef, ErrorKind> {
    let device = device(index.into())?;
    Ok(Arc::new(device.allocate(bytes, &stream(device)?)?))
}

/// The buffer as one of a GPU.
pub fn buffer(buffer: &BufferRef) -> Result<&Buffer, ErrorKind> {
    let any: &dyn Any = &**buffer;
    any.downcast_ref().ok_or_else(|| ErrorKind::Internal("a GPU's array in memory of another kind".into()))
}

/// Copies `bytes` bytes from byte `start` of a buffer to the beginning of another, one or both of which
/// are on a GPU. Waits until what is copied from host memory may change, and what is copied to
/// it is there.
pub fn copy(from: &BufferRef, start: usize, to: &BufferRef, bytes: usize) -> Result<(), ErrorKind> {
    match (from.device(), to.device()) {
        (DeviceId::Cuda(_), DeviceId::Cuda(_)) => {
            let (from, to) = (buffer(from)?, buffer(to)?);
            let stream = stream(to.place())?;
            to.used_on(&stream)?;
            to.place().copy(from, start, to, 0, bytes, &stream)
        }
        (DeviceId::Cuda(_), _) => {
            let from = buffer(from)?;
            let stream = stream(from.place())?;
            // SAFETY: the new buffer has that many bytes, which nobody else has seen.
            let into = unsafe { std::slice::from_raw_parts_mut(to.ptr(), bytes) };
            from.place().download(from, start, into, &stream)
        }
        _ => {
            let to = buffer(to)?;
            let stream = stream(to.place())?;
            // SAFETY: the caller has checked the range; nobody writes to a value's memory.
            let bytes = unsafe { std::slice::from_raw_parts(from.ptr().add(start), bytes) };
            to.place().upload(bytes, to, 0, &stream)
        }
    }
}

/// A kernel on one GPU.
pub struct Loaded {
    functions: Vec<Function>,
}

impl Loaded {
    /// Function number `i` of those asked for.
    pub fn function(&self, i: usize) -> &Function {
        &self.functions[i]
    }
}

/// What a kernel's code on a card depends on, beside this build.
type Key = (Arc<[u64]>, Geometry, usize);

static KNOWN: LazyLock<Mutex<HashMap<Key, Arc<Loaded>>>> = LazyLock::new(Mutex::default);

/// The most kernels kept; then all are forgotten (plans keep theirs).
const CAPACITY: usize = 4096;

fn known() -> MutexGuard<'static, HashMap<Key, Arc<Loaded>>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The code of a kernel on a GPU.
pub fn load(b: &Bound, geometry: Geometry, device: &'static Device) -> Result<Arc<Loaded>, ErrorKind> {
    let key = (b.key.clone(), geometry, device.index());
    if let Some(found) = known().get(&key) {
        stats::count(&Stats { cache_hits: 1, ..Stats::default() });
        return Ok(found.clone());
    }
    let shape = format!("{geometry:?}");
    let printed = || grid::print(b, geometry, Dialect::Ptx).map_err(ErrorKind::Compile);
    let loaded = loaded(&[&shape], &b.key, device, &grid::entries(b, geometry), printed)?;
    let mut known = known();
    let old = if known.len() >= CAPACITY { std::mem::take(&mut *known) } else { HashMap::new() };
    known.insert(key, loaded.clone());
    drop(known);
    // Unloading a module waits for its device: without the lock.
    drop(old);
    Ok(loaded)
}

/// The functions of a module on a card: from disk, or from LLVM and the driver's assembler. `what` and
/// `key` are all that its text depends on.
pub fn loaded(
    what: &[&str],
    key: &[u64],
    device: &'static Device,
    functions: &[String],
    print: impl FnOnce() -> Result<grid::Printed, ErrorKind>,
) -> Result<Arc<Loaded>, ErrorKind> {
    // The driver's compiler is no more fit for an exit of the process meanwhile than LLVM is.
    exit::watch();
    let compiling = exit::compiling();
    let (major, minor) = device.compute_capability();
    let (newer, version) = device.driver_version();
    let target = format!("sm_{major}{minor} driver {newer}.{version}");
    let id = disk::identity(&[&["cuda", &target], what].concat(), key);
    let cubin = match disk::read(&id) {
        Some(cubin) => {
            stats::count(&Stats { disk_hits: 1, ..Stats::default() });
            cubin
        }
        None => {
            stats::count(&Stats { kernels_compiled: 1, ..Stats::default() });
            let start = Instant::now();
            let cubin = device.assemble(&ptx(&print()?, (major, minor), &compiling)?)?;
            tracing::debug!(?what, milliseconds = start.elapsed().as_secs_f64() * 1e3, "compiled for a GPU");
            disk::write(&id, &cubin);
            cubin
        }
    };
    let module = device.load_module(&cubin)?;
    let functions = functions.iter().map(|name| module.function(name)).collect::<Result<_, _>>()?;
    Ok(Arc::new(Loaded { functions }))
}

/// Launches a kernel on a stream.
///
/// # Safety
/// The words are those of arrays on the stream's device that have the layout of the kernel's accesses,
/// with a workspace of [`super::Room`] whose tickets are 0, and all of it is there for this stream.
pub unsafe fn run(
    loaded: &Loaded,
    launches: &Launches,
    words: &[u64],
    stream: &Stream,
    note: Note,
) -> Result<(), ErrorKind> {
    for (function, &blocks) in loaded.functions.iter().zip(&launches.blocks) {
        // No elements, no blocks: a card refuses such a launch.
        if blocks == 0 {
            continue;
        }
        // SAFETY: by the contract of this function.
        unsafe { stream.launch(function, [blocks, 1, 1], BLOCK as u32, 0, words, note)? };
    }
    Ok(())
}
