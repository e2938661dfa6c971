//! Memory of a device, in the order of streams.
//!
//! The driver keeps a pool for each device: what is freed goes back to it, and is handed out again to
//! whatever comes later in the order of the stream, without anybody waiting. By default it returns
//! memory to the system at each synchronisation, which makes the next allocation dear; here it keeps
//! it until [`Device::clear_memory`], or until an allocation fails for want of it.
//!
//! Promises: a [`Buffer`] may be dropped while kernels that use it are pending, if it was told of their
//! streams ([`Buffer::used_on`]): it is free only after them. A limit is hard. An allocation that fails
//! changes nothing.

use super::driver::{Api, OUT_OF_MEMORY, SUCCESS};
use super::event::Raw;
use super::{Device, Result, Stream};
pub use crate::exec::memory::MemoryUse;
use cudarc::driver::sys;
use lazuli_core::{DeviceId, ErrorKind};
use smallvec::SmallVec;
use std::any::Any;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// The limit of devices that are not made yet.
static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Sets the most bytes that buffers of one device may take together, for each of `devices` and those
/// that come after. The caller sees to it that none comes meanwhile.
pub(super) fn set_limits(bytes: Option<usize>, devices: &[Option<&'static Device>]) {
    LIMIT.store(bytes.unwrap_or(usize::MAX), Relaxed);
    devices.iter().flatten().for_each(|device| device.set_memory_limit(bytes));
}

/// The driver's pool of a device, and our own count.
pub(super) struct Pool {
    handle: sys::CUmemoryPool,
    limit: AtomicUsize,
    live: AtomicUsize,
    peak: AtomicUsize,
}

impl Pool {
    pub fn of(api: &Api, device: sys::CUdevice) -> Result<Pool> {
        let mut handle = std::ptr::null_mut();
        // SAFETY: the address is that of a variable; the device is the driver's.
        let code = unsafe { (api.cuDeviceGetDefaultMemPool)(&mut handle, device) };
        api.check("cuDeviceGetDefaultMemPool", code)?;
        let mut keep = u64::MAX;
        // SAFETY: this attribute is read from a `u64`.
        let code = unsafe {
            (api.cuMemPoolSetAttribute)(
                handle,
                sys::CUmemPool_attribute_enum::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD,
                (&raw mut keep).cast(),
            )
        };
        api.check("cuMemPoolSetAttribute", code)?;
        let counter = AtomicUsize::new;
        Ok(Pool { handle, limit: counter(LIMIT.load(Relaxed)), live: counter(0), peak: counter(0) })
    }

    /// Counts `bytes` in, unless that passes the limit.
    fn charge(&self, bytes: usize) -> Result<()> {
        let limit = self.limit.load(Relaxed);
        let more = |live: usize| live.checked_add(bytes).filter(|live| *live <= limit);
        match self.live.fetch_update(Relaxed, Relaxed, more) {
            Ok(live) => {
                self.peak.fetch_max(live + bytes, Relaxed);
                Ok(())
            }
            Err(live) => Err(beyond(bytes, limit, live)),
        }
    }
}

fn beyond(bytes: usize, limit: usize, live: usize) -> ErrorKind {
    ErrorKind::OutOfMemory { bytes, limit: format!(" (the limit is {limit} bytes, {live} are in use)") }
}

impl Device {
    /// A buffer of `bytes` uninitialised bytes, aligned to 256, for work that `stream` is given from now
    /// on. If the device has no memory left, all its work is waited for, the pool is emptied, and the
    /// driver asked once more.
    pub fn allocate(&'static self, bytes: usize, stream: &Stream) -> Result<Buffer> {
        stream.running("allocate")?;
        if stream.device() != self {
            let of = stream.device().index();
            let why = format!("a stream of cuda:{of} cannot allocate on cuda:{}", self.index());
            return Err(ErrorKind::InvalidArgument(why));
        }
        self.pool.charge(bytes)?;
        match self.address(bytes, stream) {
            Ok(address) => {
                Ok(Buffer { device: self, address, bytes, home: stream.clone(), others: Mutex::default() })
            }
            Err(error) => {
                self.pool.live.fetch_sub(bytes, Relaxed);
                Err(error)
            }
        }
    }

    fn address(&self, bytes: usize, stream: &Stream) -> Result<sys::CUdeviceptr> {
        for attempt in 0..2 {
            let api = self.enter()?;
            let mut address = 0;
            // The driver refuses to allocate nothing; so an empty buffer has an address too.
            let (size, pool) = (bytes.max(1), self.pool.handle);
            // By name, as somebody else may have set another pool for the device.
            // SAFETY: the address is that of a variable, the stream is alive and of this context.
            match unsafe { (api.cuMemAllocFromPoolAsync)(&mut address, size, pool, stream.handle()) } {
                SUCCESS => return Ok(address),
                OUT_OF_MEMORY if attempt == 0 => {
                    tracing::debug!(bytes, "the device's pool is emptied: an allocation failed");
                    // Memory is free only when the streams have got there.
                    self.synchronize()?;
                    self.clear_memory()?;
                }
                OUT_OF_MEMORY => break,
                code => return Err(stream.error("cuMemAllocFromPoolAsync", code)),
            }
        }
        let limit = match self.memory_info() {
            Ok((free, total)) => format!(" (cuda:{} has {free} of {total} bytes free)", self.index()),
            Err(_) => format!(" (by cuda:{})", self.index()),
        };
        Err(ErrorKind::OutOfMemory { bytes, limit })
    }

    /// Sets the most bytes that buffers of this device may take together; `None` is as much as there is.
    pub fn set_memory_limit(&self, bytes: Option<usize>) {
        self.pool.limit.store(bytes.unwrap_or(usize::MAX), Relaxed);
    }

    /// Would `bytes` more fit under the limit?
    pub fn check_memory(&self, bytes: usize) -> Result<()> {
        let (limit, live) = (self.pool.limit.load(Relaxed), self.pool.live.load(Relaxed));
        if live.saturating_add(bytes) > limit { Err(beyond(bytes, limit, live)) } else { Ok(()) }
    }

    /// What buffers take now, and took at most.
    pub fn memory_use(&self) -> MemoryUse {
        MemoryUse { live: self.pool.live.load(Relaxed), peak: self.pool.peak.load(Relaxed) }
    }

    /// Gives memory that is kept for reuse back to the system: all that is free by now.
    pub fn clear_memory(&self) -> Result<()> {
        let api = self.enter()?;
        // SAFETY: the pool is the driver's.
        self.check("cuMemPoolTrimTo", unsafe { (api.cuMemPoolTrimTo)(self.pool.handle, 0) })
    }
}

/// Memory of a device.
///
/// It belongs to the stream that it was made on, its home: work that this stream is given may use it as
/// it is. Other streams must be told.
pub struct Buffer {
    device: &'static Device,
    address: sys::CUdeviceptr,
    bytes: usize,
    home: Stream,
    others: Mutex<SmallVec<[Stream; 2]>>,
}

impl Buffer {
    /// The device whose memory this is.
    pub fn place(&self) -> &'static Device {
        self.device
    }

    /// Address of the first byte, on the device.
    pub fn address(&self) -> u64 {
        self.address
    }

    /// Says that `stream` is about to be given work that uses the buffer. The first time, the stream is
    /// made to wait for all that the home stream was given so far, so that the memory is there; any
    /// further order among the streams is the caller's business. When the buffer is dropped, its memory
    /// becomes free after all that these streams were given until then.
    pub fn used_on(&self, stream: &Stream) -> Result<()> {
        stream.running("used_on")?;
        if stream.is(&self.home) {
            return Ok(());
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if !others.iter().any(|other| other.is(stream)) {
            stream.wait_raw(&Raw::record(&self.home, false)?)?;
            others.push(stream.clone());
        }
        Ok(())
    }

    /// Has the home stream wait for all other streams that use the buffer, and forgets them: whoever is
    /// told next comes after all uses so far. For memory that is written again.
    pub fn settle(&self) -> Result<()> {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        for other in others.iter() {
            self.home.wait_raw(&Raw::record(other, false)?)?;
        }
        others.clear();
        Ok(())
    }

    /// The address of `len` bytes from `offset` on, if there are as many.
    pub(super) fn range(&self, offset: usize, len: usize) -> Result<sys::CUdeviceptr> {
        match offset.checked_add(len) {
            Some(end) if end <= self.bytes => Ok(self.address + offset as u64),
            _ => Err(ErrorKind::InvalidArgument(format!(
                "{len} bytes from byte {offset} on are beyond a buffer of {} bytes",
                self.bytes
            ))),
        }
    }
}

impl lazuli_core::Buffer for Buffer {
    fn ptr(&self) -> *mut u8 {
        self.address as *mut u8
    }
    fn bytes(&self) -> usize {
        self.bytes
    }
    fn device(&self) -> DeviceId {
        self.device.id()
    }
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.device.pool.live.fetch_sub(self.bytes, Relaxed);
        let others = self.others.get_mut().unwrap_or_else(PoisonError::into_inner);
        for other in others.drain(..) {
            let waits = Raw::record(&other, false).and_then(|event| self.home.wait_raw(&event));
            // If the one stream cannot wait for the other, we must. A device that is lost uses nothing.
            if waits.is_err() {
                let _ = other.synchronize();
            }
        }
        if let Ok(api) = self.device.enter() {
            // SAFETY: the memory is ours, and whoever uses it comes before this in the home stream.
            unsafe { (api.cuMemFreeAsync)(self.address, self.home.handle()) };
        }
    }
}
