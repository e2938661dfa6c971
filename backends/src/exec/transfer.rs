//! Memory of any device, and copies between devices.
//!
//! Host devices and the simulator have host memory, each its own; a GPU has memory that the host
//! cannot look into. Copies are of the bytes that a layout spans, so views stay views. They are
//! counted (promise P4), and nothing else moves data between devices.

use super::{memory, stats};
use crate::Stats;
use lazuli_core::{BufferRef, DType, DeviceId, ErrorKind, Layout, Value};

/// A buffer of `bytes` uninitialised bytes in the memory of a device.
pub fn allocate(bytes: usize, device: DeviceId) -> Result<BufferRef, ErrorKind> {
    match device {
        #[cfg(feature = "cuda")]
        DeviceId::Cuda(index) => crate::grid::cuda::allocate(bytes, index),
        _ => memory::allocate(bytes, device),
    }
}

/// Would `bytes` more fit under the limit of a device?
pub fn check(bytes: usize, device: DeviceId) -> Result<(), ErrorKind> {
    match device {
        #[cfg(feature = "cuda")]
        DeviceId::Cuda(index) => crate::cuda::device(index.into())?.check_memory(bytes),
        _ => memory::check(bytes),
    }
}

/// Can the host look into a device's memory?
fn is_seen(device: DeviceId) -> bool {
    !matches!(device, DeviceId::Cuda(_))
}

/// A value where the host can read it: the same one, or a copy. Waits for what computes it.
pub fn to_host(value: &Value, dtype: DType) -> Result<Value, ErrorKind> {
    if is_seen(value.buffer.device()) { Ok(value.clone()) } else { copied(value, dtype, DeviceId::Cpu) }
}

/// A value in the memory of another device. `Cpu` and `Portable` are one memory.
pub fn to_device(value: &Value, dtype: DType, device: DeviceId) -> Result<Value, ErrorKind> {
    let from = value.buffer.device();
    let shared = from == device || from.is_host() && device.is_host();
    if shared { Ok(value.clone()) } else { copied(value, dtype, device) }
}

/// Copies the bytes that a layout spans to a device.
fn copied(value: &Value, dtype: DType, device: DeviceId) -> Result<Value, ErrorKind> {
    let size = dtype.size();
    let Some((low, high)) = value.layout.range() else {
        return Ok(Value { buffer: allocate(0, device)?, layout: value.layout.clone() });
    };
    let (start, bytes) = (low as usize * size, (high - low + 1) as usize * size);
    let layout = Layout { offset: value.layout.offset - low, ..value.layout.clone() };
    let buffer = allocate(bytes, device)?;
    let (from, to) = (&value.buffer, &buffer);
    if start + bytes > from.bytes() {
        return Err(ErrorKind::Internal(format!("a layout beyond a buffer of {} bytes", from.bytes())));
    }
    match (is_seen(from.device()), is_seen(device)) {
        (true, true) => {
            // SAFETY: both are host memory of at least these bytes, and the new one is nobody else's.
            unsafe { std::ptr::copy_nonoverlapping(from.ptr().add(start), to.ptr(), bytes) };
        }
        #[cfg(feature = "cuda")]
        _ => crate::grid::cuda::copy(from, start, to, bytes)?,
        #[cfg(not(feature = "cuda"))]
        _ => return Err(ErrorKind::Internal("no build without CUDA has memory of a GPU".into())),
    }
    stats::count(&Stats { bytes_copied: bytes as u64, ..Stats::default() });
    Ok(Value { buffer, layout })
}
