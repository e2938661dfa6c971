//! Host memory: a pool of aligned blocks, and vectors lent by the program.
//!
//! Fresh pages cost more than most kernels (a first touch of 80 MB takes several times as long
//! as computing it), so freed blocks are kept by size class and handed out again. Promises:
//! blocks are aligned to 64 bytes; nothing is initialised; a request that cannot be met, or that
//! would pass the limit, is an error and changes nothing; arrays and what the pool keeps stay below
//! the limit together, but for vectors that the program lends, which are counted and not refused.

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

/// Bytes in use by arrays, lent vectors among them (not counting blocks that lie in the pool).
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

/// Nine tenths of the memory that this process may use: of the machine, or of its control group
/// if that is less; half the address space where neither is known.
fn default_limit() -> usize {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let machine = read("/proc/meminfo").and_then(|text| {
        let line = text.lines().find(|l| l.starts_with("MemTotal:"))?;
        Some(line.split_whitespace().nth(1)?.parse::<usize>().ok()?.saturating_mul(1024))
    });
    // Versions 2 and 1; "max" and numbers beyond all memory mean no limit.
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let group = group.iter().find_map(|path| read(path)?.trim().parse::<usize>().ok());
    machine.into_iter().chain(group).min().map_or(usize::MAX / 2, |bytes| bytes / 10 * 9)
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
        let live = LIVE.fetch_sub(self.class, Ordering::Relaxed) - self.class;
        let limit = LIMIT.load(Ordering::Relaxed);
        let mut pool = pool();
        let kept = pool.kept + self.class;
        if kept <= limit / 4 && kept.saturating_add(live) <= limit {
            pool.kept = kept;
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
    let limit = LIMIT.load(Ordering::Relaxed);
    let mut class = class(bytes);
    if LIVE.load(Ordering::Relaxed).saturating_add(class) > limit {
        // Too large only by what it was rounded up?
        class = bytes.max(ALIGN).next_multiple_of(ALIGN);
    }
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
        None => match fresh(class, limit - live) {
            Some(block) => block,
            None => {
                LIVE.fetch_sub(class, Ordering::Relaxed);
                return Err(fail(String::new()));
            }
        },
    };
    note_peak(live);
    Ok(Arc::new(HostBuffer { block, bytes, class, device }))
}

/// Asked first: raising the peak is dear, and rare.
fn note_peak(live: usize) {
    if live > PEAK.load(Ordering::Relaxed) {
        PEAK.fetch_max(live, Ordering::Relaxed);
    }
}

/// Memory from the system. The pool may keep `left` bytes beside it, and is given back before
/// this fails.
fn fresh(class: usize, left: usize) -> Option<NonNull<u8>> {
    if pool().kept > left {
        clear();
    }
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
    let limit = bytes.unwrap_or_else(default_limit);
    LIMIT.store(limit, Ordering::Relaxed);
    if pool().kept > limit / 4 {
        clear();
    }
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

/// What arrays take of a device's memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct MemoryUse {
    /// Bytes in use.
    pub live: usize,
    /// Most bytes that were in use at once.
    pub peak: usize,
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

impl<T> VecBuffer<T> {
    fn size(&self) -> usize {
        std::mem::size_of_val(self.vec.as_slice())
    }
}

impl<T> Drop for VecBuffer<T> {
    fn drop(&mut self) {
        LIVE.fetch_sub(self.size(), Ordering::Relaxed);
    }
}

impl<T: Element> Buffer for VecBuffer<T> {
    fn ptr(&self) -> *mut u8 {
        self.vec.as_ptr() as *mut u8
    }
    fn bytes(&self) -> usize {
        self.size()
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
    let buffer = VecBuffer { vec, device };
    note_peak(LIVE.fetch_add(buffer.size(), Ordering::Relaxed) + buffer.size());
    Arc::new(buffer)
}

/// Gives the vector back without a copy, if the buffer was made from one of this type and
/// nobody else holds it.
pub fn try_into_vec<T: Element>(buffer: BufferRef) -> Result<Vec<T>, BufferRef> {
    let kept = buffer.clone();
    match buffer.into_any().downcast::<VecBuffer<T>>() {
        Ok(typed) => {
            drop(kept);
            match Arc::try_unwrap(typed) {
                Ok(mut buffer) => {
                    LIVE.fetch_sub(buffer.size(), Ordering::Relaxed);
                    Ok(std::mem::take(&mut buffer.vec))
                }
                Err(shared) => Err(shared as BufferRef),
            }
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
