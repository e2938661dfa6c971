//! Memory that programs hold by name: on the host, on a device, and copies between the two.
//!
//! [`HostMemory`] may be locked into main memory, where a GPU fetches from it by itself.
//! [`DeviceMemory`] is a device's, with one owner; so it may be written, unlike an array's. A copy in
//! the background ([`Copying`]) owns both until it is done. On all devices but GPUs copies are made when
//! they are asked for.
//!
//! Promise: what a device's memory is given up for (an array, another copy) comes after all that was
//! asked of it. Copies that do not own their ends return when they are done; those that do give them
//! back when they are done; kernels of others ([`raw`](crate::raw)) have the home stream wait for them where they
//! write. So what still writes to it is on its home stream, and every other stream waits for that when it
//! is told of the memory first (`cuda::Buffer::used_on`). Kernels may still read it on other streams:
//! whoever writes waits for those, too (`cuda::Buffer::settle`).

use super::streams::Stream;
use super::{stats, transfer};
use crate::Stats;
use lazuli_core::{BufferRef, DType, DeviceId, Element, ErrorKind, Layout, Value};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

#[cfg(feature = "cuda")]
use crate::{cuda, grid};
#[cfg(feature = "cuda")]
use std::sync::Arc;

type Result<T> = std::result::Result<T, ErrorKind>;

/// Elements in host memory.
pub struct HostMemory<T: Element>(Host<T>);

enum Host<T: Element> {
    Plain(Vec<T>),
    #[cfg(feature = "cuda")]
    Pinned(cuda::PinnedBuffer, PhantomData<T>),
}

fn bytes_of<T>(len: usize) -> Result<usize> {
    let refused = || ErrorKind::OutOfMemory { bytes: usize::MAX, limit: String::new() };
    len.checked_mul(size_of::<T>()).ok_or_else(refused)
}

impl<T: Element> HostMemory<T> {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Result<HostMemory<T>> {
        let bytes = bytes_of::<T>(len)?;
        let mut data = Vec::new();
        data.try_reserve_exact(len).map_err(|_| ErrorKind::OutOfMemory { bytes, limit: String::new() })?;
        data.resize(len, T::default());
        Ok(HostMemory(Host::Plain(data)))
    }

    /// `len` zeros that a device fetches by itself, where that means something.
    pub fn pinned(len: usize, device: DeviceId) -> Result<HostMemory<T>> {
        match device {
            #[cfg(feature = "cuda")]
            DeviceId::Cuda(index) => {
                let device = cuda::device(index.into())?;
                let memory = cuda::PinnedBuffer::new(device, bytes_of::<T>(len)?)?;
                Ok(HostMemory(Host::Pinned(memory, PhantomData)))
            }
            _ => HostMemory::zeros(len),
        }
    }

    /// Can it not be paged out?
    pub fn is_pinned(&self) -> bool {
        !matches!(self.0, Host::Plain(_))
    }
}

impl<T: Element> From<Vec<T>> for HostMemory<T> {
    fn from(data: Vec<T>) -> HostMemory<T> {
        HostMemory(Host::Plain(data))
    }
}

impl<T: Element> Deref for HostMemory<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        match &self.0 {
            Host::Plain(data) => data,
            #[cfg(feature = "cuda")]
            Host::Pinned(memory, _) => {
                // SAFETY: the driver aligns to pages; the bytes are zeros or those of elements.
                unsafe { std::slice::from_raw_parts(memory.as_ptr().cast(), memory.len() / size_of::<T>()) }
            }
        }
    }
}

impl<T: Element> DerefMut for HostMemory<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.0 {
            Host::Plain(data) => data,
            #[cfg(feature = "cuda")]
            Host::Pinned(memory, _) => {
                let len = memory.len() / size_of::<T>();
                // SAFETY: as above, and borrowed for this alone.
                unsafe { std::slice::from_raw_parts_mut(memory.as_mut_ptr().cast(), len) }
            }
        }
    }
}

/// A device's memory as the argument of a kernel at thread level.
#[derive(Clone, Copy)]
pub struct SliceArgument<'a> {
    /// The memory.
    pub buffer: &'a BufferRef,
    /// Where its elements begin.
    pub address: u64,
    /// How many they are.
    pub len: usize,
    /// Their type.
    pub dtype: DType,
    /// Whose memory it is.
    pub device: DeviceId,
}

/// Elements in a device's memory, with one owner.
pub struct DeviceMemory<T: Element> {
    buffer: BufferRef,
    len: usize,
    device: DeviceId,
    element: PhantomData<T>,
}

impl<T: Element> DeviceMemory<T> {
    /// Memory for `len` elements, which it does not have yet.
    fn uninitialised(len: usize, device: DeviceId) -> Result<DeviceMemory<T>> {
        let buffer = transfer::allocate(bytes_of::<T>(len)?, device)?;
        Ok(DeviceMemory { buffer, len, device, element: PhantomData })
    }

    /// `len` zeros.
    pub fn zeros(len: usize, device: DeviceId) -> Result<DeviceMemory<T>> {
        let memory = DeviceMemory::uninitialised(len, device)?;
        match device {
            #[cfg(feature = "cuda")]
            DeviceId::Cuda(_) => {
                let buffer = grid::cuda::buffer(&memory.buffer)?;
                let (place, bytes) = (buffer.place(), len * size_of::<T>());
                if bytes > 0 {
                    place.fill_zero(buffer, bytes, &grid::cuda::stream(place)?)?;
                }
            }
            // SAFETY: the memory is ours, and this long.
            _ => unsafe { memory.buffer.ptr().write_bytes(0, len * size_of::<T>()) },
        }
        Ok(memory)
    }

    /// A copy of a value of row-major elements, in the memory of its device.
    pub fn copied(value: &Value, device: DeviceId) -> Result<DeviceMemory<T>> {
        let len = value.layout.shape.iter().product();
        let memory = DeviceMemory::uninitialised(len, device)?;
        let (start, bytes) = (value.layout.offset as usize * size_of::<T>(), len * size_of::<T>());
        if bytes == 0 {
            return Ok(memory);
        }
        if !value.layout.is_contiguous() || start + bytes > value.buffer.bytes() {
            return Err(ErrorKind::Internal("a copy of what is not in one piece".into()));
        }
        match device {
            #[cfg(feature = "cuda")]
            DeviceId::Cuda(_) => grid::cuda::copy(&value.buffer, start, &memory.buffer, bytes)?,
            // SAFETY: both have as many bytes (checked above), and the new ones are ours alone.
            _ => unsafe {
                value.buffer.ptr().add(start).copy_to_nonoverlapping(memory.buffer.ptr(), bytes);
            },
        }
        Ok(memory)
    }

    /// The memory of a value that nobody else has, without a copy where it is just that large.
    pub fn taken(value: Value, device: DeviceId) -> Result<DeviceMemory<T>> {
        let len = value.layout.shape.iter().product();
        let whole = value.layout.offset == 0
            && value.layout.is_contiguous()
            && value.buffer.bytes() == len * size_of::<T>();
        if !whole || std::sync::Arc::strong_count(&value.buffer) != 1 {
            return DeviceMemory::copied(&value, device);
        }
        #[cfg(feature = "cuda")]
        if let DeviceId::Cuda(_) = device {
            grid::cuda::buffer(&value.buffer)?.settle()?;
        }
        Ok(DeviceMemory { buffer: value.buffer, len, device, element: PhantomData })
    }

    /// The elements as a value of a shape of as many.
    pub fn into_value(self, shape: &[usize]) -> Value {
        debug_assert_eq!(shape.iter().product::<usize>(), self.len);
        Value { buffer: self.buffer, layout: Layout::contiguous(shape) }
    }

    /// The memory itself.
    pub(crate) fn buffer(&self) -> &BufferRef {
        &self.buffer
    }

    /// The memory as the argument of a kernel. One that writes it borrows it for that.
    pub fn argument(&self) -> SliceArgument<'_> {
        let address = self.buffer.ptr() as u64;
        SliceArgument { buffer: &self.buffer, address, len: self.len, dtype: T::DTYPE, device: self.device }
    }

    /// How many elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Has it no elements?
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whose memory it is.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// Refuses a copy from or to `len` elements by a stream.
    fn check(&self, len: usize, stream: &Stream) -> Result<()> {
        if stream.device() != self.device {
            return Err(other_device(stream, self.device));
        }
        if len == self.len {
            return Ok(());
        }
        Err(ErrorKind::InvalidArgument(format!("{len} elements on the host, {} on the device", self.len)))
    }

    fn count(&self) {
        let bytes_copied = (self.len * size_of::<T>()) as u64;
        stats::count(&Stats { bytes_copied, ..Stats::default() });
    }

    /// Copies elements to the device. They may be changed when this returns; on a GPU they arrive in the
    /// order of the stream.
    fn put(&mut self, from: &[T], stream: &Stream) -> Result<()> {
        self.check(from.len(), stream)?;
        self.count();
        match stream {
            Stream::Host(_) => {
                // SAFETY: as many elements (checked above), in memory of two owners.
                unsafe { from.as_ptr().copy_to_nonoverlapping(self.buffer.ptr().cast(), self.len) };
                Ok(())
            }
            #[cfg(feature = "cuda")]
            Stream::Cuda(stream) => {
                // SAFETY: plain elements without padding.
                let bytes = unsafe { std::slice::from_raw_parts(from.as_ptr().cast(), size_of_val(from)) };
                let buffer = grid::cuda::buffer(&self.buffer)?;
                buffer.settle()?;
                stream.device().upload(bytes, buffer, 0, stream)
            }
        }
    }

    /// Copies elements to the device, in the order of the stream. Returns when they are there.
    pub fn upload(&mut self, from: &[T], stream: &Stream) -> Result<()> {
        self.put(from, stream)?;
        stream.synchronize()
    }

    /// Copies all elements to the host, in the order of the stream. Returns when they are there.
    pub fn download(&self, into: &mut [T], stream: &Stream) -> Result<()> {
        self.check(into.len(), stream)?;
        self.count();
        match stream {
            Stream::Host(_) => {
                // SAFETY: as many elements (checked above), in memory of two owners.
                unsafe { into.as_mut_ptr().copy_from_nonoverlapping(self.buffer.ptr().cast(), self.len) };
                Ok(())
            }
            #[cfg(feature = "cuda")]
            Stream::Cuda(stream) => {
                // SAFETY: plain elements without padding, overwritten with such.
                let bytes =
                    unsafe { std::slice::from_raw_parts_mut(into.as_mut_ptr().cast(), size_of_val(into)) };
                stream.device().download(grid::cuda::buffer(&self.buffer)?, 0, bytes, stream)
            }
        }
    }

    /// Begins a copy of all of `from`. Memory that can be paged out is read before this returns.
    pub fn start_upload(mut self, from: HostMemory<T>, stream: &Stream) -> Result<Copying<T>> {
        self.check(from.len(), stream)?;
        match (stream, from) {
            #[cfg(feature = "cuda")]
            (Stream::Cuda(stream), HostMemory(Host::Pinned(pinned, _))) => {
                self.count();
                let (len, device, buffer) = (self.len, self.device, whole(self.buffer)?);
                buffer.settle()?;
                Ok(Copying(Ends::Pinned(pinned.upload(buffer, 0, stream)?, len, device)))
            }
            (stream, from) => {
                self.put(&from, stream)?;
                match stream {
                    Stream::Host(_) => Ok(Copying(Ends::Done(from, self))),
                    #[cfg(feature = "cuda")]
                    Stream::Cuda(stream) => Ok(Copying(Ends::Sent(stream.record()?, from, self))),
                }
            }
        }
    }

    /// Begins a copy to all of `into`. To memory that can be paged out it is done when this returns.
    pub fn start_download(self, mut into: HostMemory<T>, stream: &Stream) -> Result<Copying<T>> {
        self.check(into.len(), stream)?;
        match (stream, &mut into) {
            #[cfg(feature = "cuda")]
            (Stream::Cuda(_), HostMemory(Host::Pinned(..))) => {}
            (stream, into) => self.download(into, stream)?,
        }
        match (stream, into) {
            #[cfg(feature = "cuda")]
            (Stream::Cuda(stream), HostMemory(Host::Pinned(pinned, _))) => {
                self.count();
                let (len, device, buffer) = (self.len, self.device, whole(self.buffer)?);
                Ok(Copying(Ends::Pinned(pinned.download(buffer, 0, stream)?, len, device)))
            }
            (_, into) => Ok(Copying(Ends::Done(into, self))),
        }
    }
}

/// The error of a stream that is not one of `device`.
pub fn other_device(stream: &Stream, device: DeviceId) -> ErrorKind {
    let of = stream.device().name();
    ErrorKind::InvalidArgument(format!("a stream of {of} cannot work on memory of {}", device.name()))
}

#[cfg(feature = "cuda")]
fn whole(buffer: BufferRef) -> Result<Arc<cuda::Buffer>> {
    let other = |_| ErrorKind::Internal("a GPU's memory of another kind".into());
    buffer.into_any().downcast().map_err(other)
}

/// A copy, with both of its ends.
pub struct Copying<T: Element>(Ends<T>);

enum Ends<T: Element> {
    Done(HostMemory<T>, DeviceMemory<T>),
    /// The host's end was read; the device's memory is freed after the copy by itself.
    #[cfg(feature = "cuda")]
    Sent(cuda::Event, HostMemory<T>, DeviceMemory<T>),
    #[cfg(feature = "cuda")]
    Pinned(cuda::Transfer, usize, DeviceId),
}

impl<T: Element> Copying<T> {
    /// Is the copy over?
    pub fn is_done(&self) -> Result<bool> {
        match &self.0 {
            Ends::Done(..) => Ok(true),
            #[cfg(feature = "cuda")]
            Ends::Sent(event, ..) => event.is_done(),
            #[cfg(feature = "cuda")]
            Ends::Pinned(transfer, ..) => transfer.is_done(),
        }
    }

    /// Waits for the copy, and gives both ends back. After an error they are gone.
    pub fn wait(self) -> Result<(HostMemory<T>, DeviceMemory<T>)> {
        match self.0 {
            Ends::Done(host, device) => Ok((host, device)),
            #[cfg(feature = "cuda")]
            Ends::Sent(event, host, device) => event.synchronize().map(|()| (host, device)),
            #[cfg(feature = "cuda")]
            Ends::Pinned(transfer, len, device) => {
                let (pinned, buffer) = transfer.wait()?;
                let host = HostMemory(Host::Pinned(pinned, PhantomData));
                Ok((host, DeviceMemory { buffer, len, device, element: PhantomData }))
            }
        }
    }
}
