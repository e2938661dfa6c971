//! Host memory: a pool of aligned blocks, and vectors lent by the program.
//!
//! Fresh pages cost more than most kernels (a first touch of 80 MB takes several times as long
//! as computing it), so freed blocks are kept by size class and handed out again. Promises:
//! blocks are aligned to 64 bytes; nothing is initialised; a request that cannot be met, or that
//! would pass the limit, is an error and changes nothing; the pool never keeps more than its
//! share of the limit.

use lazuli_core::{Buffer, BufferRef, DeviceId, Element, ErrorKind};
use rustc_hash::FxHashMap;
use std::alloc::Layout;
use std::any::Any;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

const ALIGN: usize = 64;
/// Blocks from here on ask the kernel for huge pages and are aligned to them.
const HUGE: usize = 2 << 20;

/// Bytes in use by arrays (not counting blocks that lie in the pool).
static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static LIMIT: LazyLock<AtomicUsize> = LazyLock::new(|| AtomicUsize::new(default_limit()));
static POOL: LazyLock<Mutex<Pool>> = LazyLock::new(Mutex::default);

#[derive(Default)]
pub(super) struct Pool {
    free: FxHashMap<usize, Vec<Block>>,
    kept: usize,
}

/// A block of raw memory of some size class.
struct Block(NonNull<u8>);

// SAFETY: a block is plain memory with one owner; nothing in it is tied to a thread.
unsafe impl Send for Block {}

pub(super) fn pool() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Nine tenths of the machine's memory, or half the address space where that is unknown.
fn default_limit() -> usize {
    let total = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|l| l.starts_with("MemTotal:"))?;
        line.split_whitespace().nth(1)?.parse::<usize>().ok()
    });
    total.map_or(usize::MAX / 2, |kib| kib / 10 * 9 * 1024)
}

/// Sizes are rounded up to a power of two below 1 MiB and to an eighth of one above.
fn class(bytes: usize) -> usize {
    let bytes = bytes.max(ALIGN);
    if bytes <= 1 << 20 {
        return bytes.next_power_of_two();
    }
    let step = (bytes.next_power_of_two() >> 4).max(4096);
    bytes.next_multiple_of(step)
}

fn layout(class: usize) -> Layout {
    let align = if class >= HUGE { HUGE } else { ALIGN };
    Layout::from_size_align(class, align).expect("classes are far below isize::MAX")
}

/// A pooled block of host memory.
struct HostBuffer {
    block: NonNull<u8>,
    bytes: usize,
    class: usize,
    device: DeviceId,
}

// SAFETY: the buffer is plain memory. Writers are the evaluation that made it, before anybody
// else can see it; afterwards it is only read.
unsafe impl Send for HostBuffer {}
// SAFETY: as above.
unsafe impl Sync for HostBuffer {}

impl Buffer for HostBuffer {
    fn ptr(&self) -> *mut u8 {
        self.block.as_ptr()
    }
    fn bytes(&self) -> usize {
        self.bytes
    }
    fn device(&self) -> DeviceId {
        self.device
    }
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

impl Drop for HostBuffer {
    fn drop(&mut self) {
        LIVE.fetch_sub(self.class, Ordering::Relaxed);
        let mut pool = pool();
        if pool.kept + self.class <= LIMIT.load(Ordering::Relaxed) / 4 {
            pool.kept += self.class;
            pool.free.entry(self.class).or_default().push(Block(self.block));
        } else {
            drop(pool);
            // SAFETY: allocated with this very layout, and nobody else has it.
            unsafe { std::alloc::dealloc(self.block.as_ptr(), layout(self.class)) };
        }
    }
}

/// A buffer of `bytes` uninitialised bytes.
pub fn allocate(bytes: usize, device: DeviceId) -> Result<BufferRef, ErrorKind> {
    let fail = |limit: String| ErrorKind::OutOfMemory { bytes, limit };
    if bytes > isize::MAX as usize / 2 {
        return Err(fail(String::new()));
    }
    let class = class(bytes);
    let limit = LIMIT.load(Ordering::Relaxed);
    let live = LIVE.fetch_add(class, Ordering::Relaxed) + class;
    if live > limit {
        LIVE.fetch_sub(class, Ordering::Relaxed);
        return Err(fail(format!(" (the limit is {limit} bytes, {} are in use)", live - class)));
    }
    let reused = {
        let mut pool = pool();
        let block = pool.free.get_mut(&class).and_then(Vec::pop);
        if block.is_some() {
            pool.kept -= class;
        }
        block
    };
    let block = match reused {
        Some(block) => block.0,
        None => match fresh(class) {
            Some(block) => block,
            None => {
                LIVE.fetch_sub(class, Ordering::Relaxed);
                return Err(fail(String::new()));
            }
        },
    };
    PEAK.fetch_max(live, Ordering::Relaxed);
    Ok(Arc::new(HostBuffer { block, bytes, class, device }))
}

/// Memory from the system; gives the pool back and tries once more before it fails.
fn fresh(class: usize) -> Option<NonNull<u8>> {
    for attempt in 0..2 {
        // SAFETY: the layout has a size above zero.
        if let Some(block) = NonNull::new(unsafe { std::alloc::alloc(layout(class)) }) {
            if class >= HUGE {
                advise_huge(block, class);
            }
            return Some(block);
        }
        if attempt == 0 {
            clear();
        }
    }
    None
}

#[cfg(target_os = "linux")]
fn advise_huge(block: NonNull<u8>, class: usize) {
    // SAFETY: the range is ours; the advice changes no contents. Failure does not matter.
    unsafe { libc::madvise(block.as_ptr().cast(), class, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn advise_huge(_: NonNull<u8>, _: usize) {}

/// Gives all pooled blocks back to the system.
pub fn clear() {
    let free = {
        let mut pool = pool();
        pool.kept = 0;
        std::mem::take(&mut pool.free)
    };
    for (class, blocks) in free {
        for block in blocks {
            // SAFETY: pooled blocks were allocated with the layout of their class.
            unsafe { std::alloc::dealloc(block.0.as_ptr(), layout(class)) };
        }
    }
}

/// Sets the most bytes that arrays may use together; `None` goes back to the default.
pub fn set_limit(bytes: Option<usize>) {
    LIMIT.store(bytes.unwrap_or_else(default_limit), Ordering::Relaxed);
}

/// Would `bytes` more fit under the limit?
pub fn check(bytes: usize) -> Result<(), ErrorKind> {
    let (limit, live) = (LIMIT.load(Ordering::Relaxed), LIVE.load(Ordering::Relaxed));
    if live.saturating_add(bytes) > limit {
        let limit = format!(" (the limit is {limit} bytes, {live} are in use)");
        return Err(ErrorKind::OutOfMemory { bytes, limit });
    }
    Ok(())
}

/// Most bytes that were in use at once.
pub fn peak() -> usize {
    PEAK.load(Ordering::Relaxed)
}

/// Bytes in use now.
pub fn live() -> usize {
    LIVE.load(Ordering::Relaxed)
}

/// A vector that the program gave, kept as it is.
struct VecBuffer<T> {
    vec: Vec<T>,
    device: DeviceId,
}

impl<T: Element> Buffer for VecBuffer<T> {
    fn ptr(&self) -> *mut u8 {
        self.vec.as_ptr() as *mut u8
    }
    fn bytes(&self) -> usize {
        std::mem::size_of_val(self.vec.as_slice())
    }
    fn device(&self) -> DeviceId {
        self.device
    }
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

/// Takes a vector as a buffer, without a copy.
pub fn from_vec<T: Element>(vec: Vec<T>, device: DeviceId) -> BufferRef {
    Arc::new(VecBuffer { vec, device })
}

/// Gives the vector back without a copy, if the buffer was made from one of this type and
/// nobody else holds it.
pub fn try_into_vec<T: Element>(buffer: BufferRef) -> Result<Vec<T>, BufferRef> {
    let kept = buffer.clone();
    match buffer.into_any().downcast::<VecBuffer<T>>() {
        Ok(typed) => {
            drop(kept);
            Arc::try_unwrap(typed).map(|b| b.vec).map_err(|shared| shared as BufferRef)
        }
        Err(_) => Err(kept),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_come_back_without_a_copy() {
        let v = vec![1.0f64, 2.0];
        let at = v.as_ptr();
        let back: Vec<f64> = try_into_vec(from_vec(v, DeviceId::Cpu)).ok().unwrap();
        assert_eq!(back.as_ptr(), at);
        let shared = from_vec(back, DeviceId::Cpu);
        let other = shared.clone();
        assert!(try_into_vec::<f64>(shared).is_err());
        assert!(try_into_vec::<f32>(other).is_err());
    }

    #[test]
    fn absurd_sizes_are_errors() {
        assert!(matches!(allocate(usize::MAX / 4, DeviceId::Cpu), Err(ErrorKind::OutOfMemory { .. })));
        assert!(allocate(0, DeviceId::Cpu).is_ok());
    }
}
