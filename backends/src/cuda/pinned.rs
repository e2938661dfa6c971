//! Host memory that cannot be paged out, and copies in the background.
//!
//! A device copies from and to a [`PinnedBuffer`] by itself, at the full speed of the bus, while the
//! program goes on. Such memory is dear (the system must do without it, and making it takes
//! milliseconds), so it is for what is copied again and again.
//!
//! Promise: a copy owns both of its ends. Nobody can read, change or free them before
//! [`Transfer::wait`]; a [`Transfer`] that is dropped waits too, and one that is forgotten leaks them.

use super::driver::{Code, OUT_OF_MEMORY, SUCCESS};
use super::{Buffer, Device, Event, Result, Stream};
use lazuli_core::ErrorKind;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::Arc;

/// Bytes of host memory that cannot be paged out; zero at first.
pub struct PinnedBuffer {
    device: &'static Device,
    memory: NonNull<u8>,
    bytes: usize,
}

// SAFETY: plain memory with one owner.
unsafe impl Send for PinnedBuffer {}
// SAFETY: as above.
unsafe impl Sync for PinnedBuffer {}

impl PinnedBuffer {
    /// `bytes` zeros, in reach of a device.
    pub fn new(device: &'static Device, bytes: usize) -> Result<PinnedBuffer> {
        let api = device.enter()?;
        let mut memory = std::ptr::null_mut();
        // SAFETY: the address is that of a variable; the context is current.
        let code = unsafe { (api.cuMemAllocHost_v2)(&mut memory, bytes.max(1)) };
        let refused = || ErrorKind::OutOfMemory { bytes, limit: " (of memory that is not paged out)".into() };
        match code {
            SUCCESS => {}
            OUT_OF_MEMORY => return Err(refused()),
            code => return Err(device.error("cuMemAllocHost", code, None)),
        }
        let memory = NonNull::new(memory.cast::<u8>()).ok_or_else(refused)?;
        // SAFETY: the memory is ours, and as long as this.
        unsafe { memory.write_bytes(0, bytes) };
        Ok(PinnedBuffer { device, memory, bytes })
    }

    /// Copies all of this to a device's buffer, from its byte `offset` on, in the order of the stream
    /// and in the background.
    pub fn upload(self, to: Arc<Buffer>, offset: usize, stream: &Stream) -> Result<Transfer> {
        let address = stream.device().prepare(&to, offset, self.bytes, stream)?;
        let api = stream.device().enter()?;
        let (from, len) = (self.memory.as_ptr().cast(), self.bytes);
        // SAFETY: the range was checked, and the transfer owns both ends.
        let copy = || unsafe { (api.cuMemcpyHtoDAsync_v2)(address, from, len, stream.handle()) };
        Transfer::start(self, to, stream, "cuMemcpyHtoDAsync", copy)
    }

    /// Fills all of this from a device's buffer, from its byte `offset` on, in the order of the stream
    /// and in the background.
    pub fn download(self, from: Arc<Buffer>, offset: usize, stream: &Stream) -> Result<Transfer> {
        let address = stream.device().prepare(&from, offset, self.bytes, stream)?;
        let api = stream.device().enter()?;
        let (to, len) = (self.memory.as_ptr().cast(), self.bytes);
        // SAFETY: the range was checked, and the transfer owns both ends.
        let copy = || unsafe { (api.cuMemcpyDtoHAsync_v2)(to, address, len, stream.handle()) };
        Transfer::start(self, from, stream, "cuMemcpyDtoHAsync", copy)
    }
}

impl Deref for PinnedBuffer {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        // SAFETY: the memory is ours, initialised, and this long; nobody writes to it meanwhile.
        unsafe { std::slice::from_raw_parts(self.memory.as_ptr(), self.bytes) }
    }
}

impl DerefMut for PinnedBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and borrowed for this alone.
        unsafe { std::slice::from_raw_parts_mut(self.memory.as_ptr(), self.bytes) }
    }
}

impl Drop for PinnedBuffer {
    fn drop(&mut self) {
        // On a device that is lost it leaks: the driver frees nothing there.
        if let Ok(api) = self.device.enter() {
            // SAFETY: the memory is ours, from the driver, and no copy uses it.
            unsafe { (api.cuMemFreeHost)(self.memory.as_ptr().cast()) };
        }
    }
}

/// A copy in the background, with both of its ends.
pub struct Transfer {
    /// Absent when they were given back.
    ends: Option<(PinnedBuffer, Arc<Buffer>)>,
    stream: Stream,
    /// Absent if it could not be recorded: then the whole stream is waited for.
    event: Option<Event>,
}

impl Transfer {
    fn start(
        pinned: PinnedBuffer,
        buffer: Arc<Buffer>,
        stream: &Stream,
        call: &str,
        copy: impl FnOnce() -> Code,
    ) -> Result<Transfer> {
        let code = if pinned.bytes > 0 { copy() } else { SUCCESS };
        if code != SUCCESS {
            return Err(stream.error(call, code));
        }
        let event = Event::without_clock(stream).ok();
        Ok(Transfer { ends: Some((pinned, buffer)), stream: stream.clone(), event })
    }

    /// Is the copy over?
    pub fn is_done(&self) -> Result<bool> {
        self.event.as_ref().map_or_else(|| self.stream.is_done(), Event::is_done)
    }

    /// Waits for the copy, and gives both ends back. After an error they are gone.
    pub fn wait(mut self) -> Result<(PinnedBuffer, Arc<Buffer>)> {
        self.finish()?;
        self.ends.take().ok_or_else(|| ErrorKind::Internal("a copy without ends".into()))
    }

    fn finish(&self) -> Result<()> {
        self.event.as_ref().map_or_else(|| self.stream.synchronize(), Event::synchronize)
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        if let Some((pinned, _buffer)) = self.ends.take()
            && self.finish().is_err()
        {
            // The device may still be at it. The buffer's memory is freed in the order of the stream.
            std::mem::forget(pinned);
        }
    }
}
