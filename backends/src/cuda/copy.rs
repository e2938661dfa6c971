//! Copies between a device and ordinary memory, and among devices.
//!
//! A GPU can fetch from host memory by itself only if that cannot be paged out. The driver's own way
//! around this is slow, so ordinary memory goes piece by piece through blocks that are locked: while
//! the device fetches one piece, the CPU fills the next. Each device has such a [`Ring`] for either
//! direction, made when first needed.
//!
//! Promises: [`Device::upload`] returns when the bytes may be changed again, which may be before they
//! have arrived; [`Device::download`] when they are there. Both come in the order of the stream. No
//! copy passes the end of a buffer. A ring is locked only while host memory is copied, so that a
//! download that waits for kernels stops nobody else's.

use super::driver::SUCCESS;
use super::{Buffer, Device, Event, PinnedBuffer, Result, Stream};
use cudarc::driver::sys;
use lazuli_core::ErrorKind;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of a locked block; a ring has two.
const BLOCK: usize = 8 << 20;
/// What is copied at once: little, so that the device soon has something to do, but enough to hide
/// what a copy costs beside the copying.
const PIECE: usize = 1 << 20;
const SLOTS: usize = 2 * BLOCK / PIECE;
/// Up to here a download goes without the ring: the driver has small locked blocks of its own.
const SMALL: usize = 64 << 10;

/// Two locked blocks, cut into slots that are used in turn.
#[derive(Default)]
pub(super) struct Ring {
    blocks: Vec<PinnedBuffer>,
    /// The device is done with a slot when its event has passed.
    events: [Option<Event>; SLOTS],
    next: usize,
}

impl Ring {
    fn of<'a>(ring: &'a Mutex<Ring>, device: &'static Device) -> Result<MutexGuard<'a, Ring>> {
        let mut ring = ring.lock().unwrap_or_else(PoisonError::into_inner);
        while ring.blocks.len() < 2 {
            ring.blocks.push(PinnedBuffer::new(device, BLOCK)?);
        }
        Ok(ring)
    }

    /// The next slot, in its turn.
    fn turn(&mut self) -> usize {
        self.next = (self.next + 1) % SLOTS;
        self.next
    }

    /// The memory of a slot, when the device is done with it.
    fn memory(&mut self, slot: usize) -> Result<&mut [u8]> {
        if let Some(event) = self.events[slot].take()
            && let Err(error) = event.synchronize()
        {
            self.events[slot] = Some(event);
            return Err(error);
        }
        let at = slot * PIECE % BLOCK;
        Ok(&mut self.blocks[slot * PIECE / BLOCK][at..at + PIECE])
    }

    /// The device is done with the slot when it has done all that `stream` was given.
    fn used(&mut self, slot: usize, stream: &Stream) -> Result<()> {
        self.events[slot] = match Event::without_clock(stream) {
            Ok(event) => Some(event),
            Err(error) => {
                let _ = stream.synchronize();
                return Err(error);
            }
        };
        Ok(())
    }

    /// Has the device send `len` bytes from `address` on to a slot.
    fn fetch(&mut self, address: sys::CUdeviceptr, len: usize, stream: &Stream) -> Result<usize> {
        let slot = self.turn();
        let to = self.memory(slot)?.as_mut_ptr();
        let api = stream.device().enter()?;
        // SAFETY: a slot is at least as long as a piece, locked, and not touched before its event; the
        // caller has checked the range.
        let code = unsafe { (api.cuMemcpyDtoHAsync_v2)(to.cast(), address, len, stream.handle()) };
        if code != SUCCESS {
            return Err(stream.error("cuMemcpyDtoHAsync", code));
        }
        self.used(slot, stream)?;
        Ok(slot)
    }

    fn download(&mut self, address: sys::CUdeviceptr, into: &mut [u8], stream: &Stream) -> Result<()> {
        let mut slots = [0; SLOTS];
        let (len, mut asked) = (into.len(), 0);
        for (at, piece) in into.chunks_mut(PIECE).enumerate() {
            // The device is kept as many pieces ahead as there are slots.
            while asked * PIECE < len && asked < at + SLOTS {
                let start = asked * PIECE;
                let address = address + start as u64;
                slots[asked % SLOTS] = self.fetch(address, PIECE.min(len - start), stream)?;
                asked += 1;
            }
            piece.copy_from_slice(&self.memory(slots[at % SLOTS])?[..piece.len()]);
        }
        Ok(())
    }
}

impl Device {
    /// Copies bytes to a buffer, from its byte `offset` on, in the order of the stream. They may be
    /// changed when this returns.
    pub fn upload(&'static self, bytes: &[u8], to: &Buffer, offset: usize, stream: &Stream) -> Result<()> {
        let address = self.prepare(to, offset, bytes.len(), stream)?;
        if bytes.is_empty() {
            return Ok(());
        }
        let mut ring = Ring::of(&self.up, self)?;
        for (at, piece) in bytes.chunks(PIECE).enumerate() {
            let slot = ring.turn();
            let from = ring.memory(slot)?;
            from[..piece.len()].copy_from_slice(piece);
            let (from, to) = (from.as_ptr(), address + (at * PIECE) as u64);
            let api = self.enter()?;
            // SAFETY: the slot is locked and not touched before its event; the range was checked.
            let code = unsafe { (api.cuMemcpyHtoDAsync_v2)(to, from.cast(), piece.len(), stream.handle()) };
            if code != SUCCESS {
                return Err(stream.error("cuMemcpyHtoDAsync", code));
            }
            ring.used(slot, stream)?;
        }
        Ok(())
    }

    /// Sets the first `len` bytes of a buffer to zero, in the order of the stream.
    pub fn fill_zero(&'static self, buffer: &Buffer, len: usize, stream: &Stream) -> Result<()> {
        let address = self.prepare(buffer, 0, len, stream)?;
        let api = self.enter()?;
        // SAFETY: the range was checked, and the buffer is there for the stream.
        match unsafe { (api.cuMemsetD8Async)(address, 0, len, stream.handle()) } {
            SUCCESS => Ok(()),
            code => Err(stream.error("cuMemsetD8Async", code)),
        }
    }

    /// Copies bytes from a buffer, from its byte `offset` on, when the stream has got there.
    pub fn download(
        &'static self,
        from: &Buffer,
        offset: usize,
        into: &mut [u8],
        stream: &Stream,
    ) -> Result<()> {
        let address = self.prepare(from, offset, into.len(), stream)?;
        if into.is_empty() {
            return Ok(());
        }
        if into.len() <= SMALL {
            let (to, api) = (into.as_mut_ptr().cast(), self.enter()?);
            // SAFETY: the bytes are borrowed until the copy is over: a stream that cannot be waited for
            // belongs to a device that is lost, and does nothing any more.
            let code = unsafe { (api.cuMemcpyDtoHAsync_v2)(to, address, into.len(), stream.handle()) };
            if code != SUCCESS {
                return Err(stream.error("cuMemcpyDtoHAsync", code));
            }
            return stream.synchronize();
        }
        stream.synchronize()?;
        Ring::of(&self.down, self)?.download(address, into, stream)
    }

    /// Copies `len` bytes from a buffer to another, which may be on another device, in the order of a
    /// stream of one of their devices.
    pub fn copy(
        &'static self,
        from: &Buffer,
        from_offset: usize,
        to: &Buffer,
        to_offset: usize,
        len: usize,
        stream: &Stream,
    ) -> Result<()> {
        let (source, target) = (from.range(from_offset, len)?, to.range(to_offset, len)?);
        if from.place() != self && to.place() != self {
            return Err(ErrorKind::InvalidArgument(format!("neither buffer is on cuda:{}", self.index())));
        }
        self.owns(stream)?;
        from.used_on(stream)?;
        to.used_on(stream)?;
        if len == 0 {
            return Ok(());
        }
        let api = self.enter()?;
        let (source_context, target_context) = (from.place().context(), to.place().context());
        let (call, code) = if from.place() == to.place() {
            // SAFETY: the ranges were checked, and the memory is alive in the order of the stream.
            let code = unsafe { (api.cuMemcpyDtoDAsync_v2)(target, source, len, stream.handle()) };
            ("cuMemcpyDtoDAsync", code)
        } else {
            // SAFETY: as above.
            let code = unsafe {
                (api.cuMemcpyPeerAsync)(target, target_context, source, source_context, len, stream.handle())
            };
            ("cuMemcpyPeerAsync", code)
        };
        if code == SUCCESS { Ok(()) } else { Err(stream.error(call, code)) }
    }

    /// What each copy from or to the host begins with: gives the address of the range.
    pub(super) fn prepare(
        &self,
        buffer: &Buffer,
        offset: usize,
        len: usize,
        stream: &Stream,
    ) -> Result<sys::CUdeviceptr> {
        let address = buffer.range(offset, len)?;
        self.owns(stream)?;
        if buffer.place() != self {
            return Err(ErrorKind::InvalidArgument(format!("the buffer is not on cuda:{}", self.index())));
        }
        buffer.used_on(stream)?;
        Ok(address)
    }

    fn owns(&self, stream: &Stream) -> Result<()> {
        if stream.device() == self {
            return Ok(());
        }
        Err(ErrorKind::InvalidArgument(format!("the stream is not one of cuda:{}", self.index())))
    }
}
