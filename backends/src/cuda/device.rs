//! A GPU: what it is, and whether it still works.
//!
//! There is one [`Device`] for each GPU that the process uses. It is made by the first [`device`] of
//! its index and lives as long as the process, so everything else refers to it plainly. It shares
//! the GPU's *primary context* with all other libraries of the process.
//!
//! A fault of a kernel (an address out of bounds, say) loses the context: the driver refuses
//! everything that comes after, with the same code and no word about the cause. So the first fault is
//! kept here, and each later call answers with it. It names what was pending on each stream of the
//! device, for the driver does not say whose fault it was.

use super::copy::Ring;
use super::driver::{self, Api, Code, SUCCESS, driver};
use super::memory::Pool;
use super::{Result, Stream, memory, stream};
use cudarc::driver::sys::{self, CUdevice_attribute_enum as attribute};
use lazuli_core::{DeviceId, ErrorKind};
use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, Weak};

/// Those that were made so far, by index.
fn made() -> MutexGuard<'static, Vec<Option<&'static Device>>> {
    static DEVICES: Mutex<Vec<Option<&'static Device>>> = Mutex::new(Vec::new());
    DEVICES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets the most bytes that buffers of one device may take together, for all devices, also those that
/// nobody has used yet. `None` is as much as there is.
pub fn set_memory_limit(bytes: Option<usize>) {
    memory::set_limits(bytes, &made());
}

/// Has all devices in use give back memory that they keep for reuse. Waits for their work, before which
/// what was freed is not free. A device that fails tells the next call.
pub fn clear_memory() {
    let devices: Vec<&Device> = made().iter().flatten().copied().collect();
    for device in devices {
        let cleared = device.synchronize().and_then(|()| device.clear_memory());
        if let Err(error) = cleared {
            tracing::debug!(%error, "memory kept for reuse is not given back");
        }
    }
}

/// The GPU of an index, as the driver numbers those that it shows to the process.
pub fn device(index: usize) -> Result<&'static Device> {
    let api = driver()?;
    let count = count_with(api)?;
    if index >= count {
        let there =
            if count == 1 { "there is 1 device".into() } else { format!("there are {count} devices") };
        return Err(ErrorKind::Device(format!("no device cuda:{index}: {there}, numbered from 0")));
    }
    // Held while a device is made: nobody makes it twice.
    let mut devices = made();
    if devices.len() <= index {
        devices.resize(index + 1, None);
    }
    if let Some(device) = devices[index] {
        return Ok(device);
    }
    let made: &'static Device = Box::leak(Box::new(Device::new(api, index)?));
    devices[index] = Some(made);
    Ok(made)
}

/// How many GPUs there are; none without a driver.
pub fn count() -> usize {
    driver().and_then(count_with).unwrap_or(0)
}

/// At most as many as [`DeviceId`] can number.
fn count_with(api: &'static Api) -> Result<usize> {
    let mut count = 0;
    // SAFETY: the address is that of a variable.
    api.check("cuDeviceGetCount", unsafe { (api.cuDeviceGetCount)(&mut count) })?;
    Ok(usize::try_from(count).unwrap_or(0).min(256))
}

/// A GPU.
pub struct Device {
    api: &'static Api,
    index: usize,
    context: sys::CUcontext,
    name: String,
    memory_total: usize,
    compute_capability: (u32, u32),
    multiprocessors: usize,
    warp_size: usize,
    max_threads_per_block: usize,
    max_threads_per_multiprocessor: usize,
    max_shared_per_block: usize,
    l2_bytes: usize,
    pub(super) pool: Pool,
    pub(super) up: Mutex<Ring>,
    pub(super) down: Mutex<Ring>,
    stream: OnceLock<Stream>,
    /// All that are alive, and some that were.
    streams: Mutex<Vec<Weak<stream::Inner>>>,
    fault: OnceLock<String>,
}

// SAFETY: the context and the pool are handles, which the driver lets any thread use; all else is
// plain, or guarded by locks.
unsafe impl Send for Device {}
// SAFETY: as above.
unsafe impl Sync for Device {}

impl Device {
    fn new(api: &'static Api, index: usize) -> Result<Device> {
        let mut handle: sys::CUdevice = 0;
        // SAFETY: the address is that of a variable, and the index is below the count.
        api.check("cuDeviceGet", unsafe { (api.cuDeviceGet)(&mut handle, index as i32) })?;
        let get = |which: sys::CUdevice_attribute| {
            let mut value = 0;
            // SAFETY: the address is that of a variable; the handle is the driver's.
            let code = unsafe { (api.cuDeviceGetAttribute)(&mut value, which, handle) };
            api.check("cuDeviceGetAttribute", code)?;
            Ok(usize::try_from(value).unwrap_or(0))
        };
        if get(attribute::CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED)? == 0 {
            return Err(ErrorKind::Device(format!("cuda:{index} has no memory pools, which are needed")));
        }
        let mut memory_total = 0;
        // SAFETY: as above.
        let code = unsafe { (api.cuDeviceTotalMem_v2)(&mut memory_total, handle) };
        api.check("cuDeviceTotalMem", code)?;
        let mut context = std::ptr::null_mut();
        // SAFETY: as above. The context is never released: the device lives as long as the process.
        let code = unsafe { (api.cuDevicePrimaryCtxRetain)(&mut context, handle) };
        api.check("cuDevicePrimaryCtxRetain", code)?;
        let major = get(attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?;
        let minor = get(attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?;
        Ok(Device {
            api,
            index,
            context,
            name: name(api, handle)?,
            memory_total,
            compute_capability: (major as u32, minor as u32),
            multiprocessors: get(attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?,
            warp_size: get(attribute::CU_DEVICE_ATTRIBUTE_WARP_SIZE)?,
            max_threads_per_block: get(attribute::CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK)?,
            max_threads_per_multiprocessor: get(
                attribute::CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR,
            )?,
            max_shared_per_block: get(attribute::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)?,
            l2_bytes: get(attribute::CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE)?,
            pool: Pool::of(api, handle)?,
            up: Mutex::default(),
            down: Mutex::default(),
            stream: OnceLock::new(),
            streams: Mutex::default(),
            fault: OnceLock::new(),
        })
    }

    /// The number by which the driver shows it.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its name in the graph.
    pub fn id(&self) -> DeviceId {
        DeviceId::Cuda(self.index as u8)
    }

    /// The maker's name of it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it can do, as a version: major and minor.
    pub fn compute_capability(&self) -> (u32, u32) {
        self.compute_capability
    }

    /// How many multiprocessors it has.
    pub fn multiprocessors(&self) -> usize {
        self.multiprocessors
    }

    /// `f32` lanes of a multiprocessor ("CUDA cores"), where they are known. The driver does not
    /// tell: the table is that of `_ConvertSMVer2Cores` in `helper_cuda.h` of NVIDIA's CUDA samples,
    /// which agrees with the throughput of `f32` additions in the CUDA C++ Programming Guide.
    pub fn cores_per_multiprocessor(&self) -> Option<usize> {
        match self.compute_capability {
            (7, 0 | 2 | 5) | (8, 0) => Some(64),
            (8, 6 | 7 | 9) | (9, 0) | (10, 0 | 1 | 3) | (11, 0) | (12, 0 | 1) => Some(128),
            _ => None,
        }
    }

    /// Bytes of its memory.
    pub fn memory_total(&self) -> usize {
        self.memory_total
    }

    /// Bytes of its memory that are free now, for all processes, and all bytes.
    pub fn memory_info(&self) -> Result<(usize, usize)> {
        let (mut free, mut total) = (0, 0);
        let api = self.enter()?;
        // SAFETY: the addresses are those of variables; the context is current.
        self.check("cuMemGetInfo", unsafe { (api.cuMemGetInfo_v2)(&mut free, &mut total) })?;
        Ok((free, total))
    }

    /// The newest CUDA that the driver knows: major and minor.
    pub fn driver_version(&self) -> (u32, u32) {
        let version = self.api.version as u32;
        (version / 1000, version % 1000 / 10)
    }

    /// Most bytes of shared memory that a block can have.
    pub fn max_shared_per_block(&self) -> usize {
        self.max_shared_per_block
    }

    /// Most threads that a block can have.
    pub fn max_threads_per_block(&self) -> usize {
        self.max_threads_per_block
    }

    /// Most threads that a multiprocessor runs at once.
    pub fn max_threads_per_multiprocessor(&self) -> usize {
        self.max_threads_per_multiprocessor
    }

    /// Bytes of the cache that all multiprocessors share.
    pub fn l2_bytes(&self) -> usize {
        self.l2_bytes
    }

    /// Threads of a warp.
    pub fn warp_size(&self) -> usize {
        self.warp_size
    }

    /// The stream for all that has no reason for one of its own.
    pub fn stream(&'static self) -> Result<&'static Stream> {
        if let Some(stream) = self.stream.get() {
            return Ok(stream);
        }
        // Two threads may both make one: the second is dropped.
        let stream = Stream::new(self)?;
        Ok(self.stream.get_or_init(|| stream))
    }

    /// Waits until all that was given to the device is done.
    pub fn synchronize(&self) -> Result<()> {
        let api = self.enter()?;
        // SAFETY: the context is current.
        self.check("cuCtxSynchronize", unsafe { (api.cuCtxSynchronize)() })
    }

    /// The fault that the device died of, in words.
    pub fn fault(&self) -> Option<&str> {
        self.fault.get().map(String::as_str)
    }

    pub(super) fn api(&self) -> &'static Api {
        self.api
    }

    pub(super) fn context(&self) -> sys::CUcontext {
        self.context
    }

    /// The driver's functions, with this device current in the thread: what each call begins with.
    pub(super) fn enter(&self) -> Result<&'static Api> {
        if self.fault.get().is_some() {
            return Err(self.lost());
        }
        // Not remembered by thread: other libraries change it too, and asking costs as much.
        // SAFETY: the context is never released.
        self.api.check("cuCtxSetCurrent", unsafe { (self.api.cuCtxSetCurrent)(self.context) })?;
        Ok(self.api)
    }

    /// `Ok`, or the error of a call.
    pub(super) fn check(&self, call: &str, code: Code) -> Result<()> {
        if code == SUCCESS { Ok(()) } else { Err(self.error(call, code, None)) }
    }

    /// The error of a call that returned `code`, on behalf of a stream or of none. A fatal one is kept.
    pub(super) fn error(&self, call: &str, code: Code, stream: Option<&Stream>) -> ErrorKind {
        let mut words = format!("cuda:{}: {}", self.index, self.api.describe(code));
        if !driver::is_fatal(code) {
            return ErrorKind::Device(format!("{words}, from {call}"));
        }
        match self.pending(stream) {
            Some(pending) => words.push_str(&format!(", in or after {pending}")),
            None => words.push_str(&format!(", found by {call}")),
        }
        if self.fault.set(words.clone()).is_err() {
            return self.lost();
        }
        ErrorKind::Device(format!("{words}; the device is lost to this process, with all arrays on it"))
    }

    /// Remembers a new stream.
    pub(super) fn add(&self, stream: &Stream) {
        let mut streams = self.streams();
        streams.retain(|stream| stream.strong_count() > 0);
        streams.push(stream.downgrade());
    }

    fn streams(&self) -> MutexGuard<'_, Vec<Weak<stream::Inner>>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is pending on all streams, in words, beginning with `first`.
    fn pending(&self, first: Option<&Stream>) -> Option<String> {
        // Taken out of the lock: the last of a stream may be dropped here.
        let all: Vec<Stream> = self.streams().iter().filter_map(Stream::upgrade).collect();
        let is_first = |stream: &Stream| first.is_some_and(|first| first.is(stream));
        let others = all.iter().filter(|stream| !is_first(stream));
        let words: Vec<String> = first.into_iter().chain(others).filter_map(Stream::pending_words).collect();
        (!words.is_empty()).then(|| words.join("; or, on another stream, in or after "))
    }

    /// The error of all that comes after the first fault.
    fn lost(&self) -> ErrorKind {
        let fault = self.fault().unwrap_or("a fault");
        ErrorKind::Device(format!(
            "cuda:{} is lost to this process since an earlier fault; start a new one (the fault was: {fault})",
            self.index
        ))
    }
}

fn name(api: &Api, handle: sys::CUdevice) -> Result<String> {
    let mut bytes = [0u8; 256];
    // SAFETY: the driver writes at most as many bytes as it is told, with a zero at the end.
    let code = unsafe { (api.cuDeviceGetName)(bytes.as_mut_ptr().cast(), bytes.len() as i32, handle) };
    api.check("cuDeviceGetName", code)?;
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    Ok(String::from_utf8_lossy(&bytes[..end]).into_owned())
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cuda:{} ({})", self.index, self.name)
    }
}

impl PartialEq for Device {
    fn eq(&self, other: &Device) -> bool {
        self.index == other.index
    }
}
