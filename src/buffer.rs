//! [`HostBuffer`], [`DeviceBuffer`] and [`Transfer`]: memory that a program holds by name.
//!
//! Arrays are immutable values whose memory is Lazuli's business. A program that feeds a GPU again and
//! again wants more: memory that a GPU fetches from by itself (*pinned*, which is dear to make and
//! made once), memory on the device that is written again, and copies that run while it computes.
//!
//! A copy in the background owns both of its ends until it is waited for, so nobody can read, change
//! or free them meanwhile. What a device's buffer is used for next comes after all that was asked of it
//! before, on whatever stream. On devices without a memory of their own all of this is plain memory,
//! copied when asked.

use crate::array::Handle;
use crate::record::Call;
use crate::{Array, Device, Element, IntoDims, Stream};
use lazuli_backends::{Copying, DeviceMemory, HostMemory};
use lazuli_core::shape::checked_dims;
use lazuli_core::{Error, ErrorKind, Node, UnaryOp};
use std::fmt;
use std::ops::{Deref, DerefMut};

/// Elements in host memory, to copy from and to a device. Read and written as a slice.
///
/// ```
/// # use lazuli::prelude::*;
/// # use lazuli::{DeviceBuffer, HostBuffer, Stream};
/// let device = Device::cuda(0).unwrap_or_default(); // the CPU where there is no GPU
/// let stream = Stream::new(&device)?;
/// let mut host = HostBuffer::pinned(&device, 3)?;
/// host.copy_from_slice(&[1.0f32, 2.0, 3.0]);
/// let copy = DeviceBuffer::new(&device, 3)?.start_copy_from(host, &stream)?;
/// // .. something else meanwhile ..
/// let (mut host, buffer) = copy.wait()?;
/// host[0] = 7.0; // is ours again
/// let x = Array::from_device_buffer(buffer, [3, 1])?;
/// assert_eq!(x.to_vec()?, [1.0, 2.0, 3.0]);
/// # Ok::<(), lazuli::Error>(())
/// ```
pub struct HostBuffer<T: Element>(HostMemory<T>);

impl<T: Element> HostBuffer<T> {
    /// `len` zeros in ordinary memory.
    ///
    /// Errors: memory that cannot be had.
    ///
    /// ```
    /// # use lazuli::HostBuffer;
    /// assert_eq!(*HostBuffer::<i32>::new(2)?, [0, 0]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn new(len: usize) -> Result<HostBuffer<T>, Error> {
        let call = Call::new("HostBuffer::new");
        HostMemory::zeros(len).map(HostBuffer).map_err(|kind| call.error(kind))
    }

    /// `len` zeros in memory that cannot be paged out, from which and to which a GPU copies by itself,
    /// at full speed and in the background. Dear: for what is copied again and again. Ordinary memory
    /// where the device is no GPU.
    ///
    /// Errors: memory that cannot be had.
    #[track_caller]
    pub fn pinned(device: &Device, len: usize) -> Result<HostBuffer<T>, Error> {
        let call = Call::new("HostBuffer::pinned");
        HostMemory::pinned(len, device.id()).map(HostBuffer).map_err(|kind| call.error(kind))
    }

    /// Is it memory that cannot be paged out?
    pub fn is_pinned(&self) -> bool {
        self.0.is_pinned()
    }
}

/// The vector's memory, without a copy.
impl<T: Element> From<Vec<T>> for HostBuffer<T> {
    fn from(data: Vec<T>) -> HostBuffer<T> {
        HostBuffer(data.into())
    }
}

impl<T: Element> Deref for HostBuffer<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Element> DerefMut for HostBuffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T: Element> fmt::Debug for HostBuffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pinned = if self.is_pinned() { ", pinned" } else { "" };
        write!(f, "HostBuffer of {} {}{pinned}", self.len(), T::DTYPE)
    }
}

/// Elements in the memory of a device, written by copies, and exchanged with arrays.
///
/// ```
/// # use lazuli::prelude::*;
/// # use lazuli::{DeviceBuffer, HostBuffer, Stream};
/// let device = Device::default();
/// let stream = Stream::default_of(&device)?;
/// let mut buffer = DeviceBuffer::<i64>::new(&device, 4)?; // zeros
/// buffer.copy_from(&HostBuffer::from(vec![1, 2, 3, 4]), &stream)?;
/// let x = Array::from_device_buffer(buffer, [2, 2])?;
/// let back = (x.t() * 10).to_device_buffer()?;
/// let mut host = HostBuffer::new(4)?;
/// back.copy_to(&mut host, &stream)?;
/// assert_eq!(*host, [10, 30, 20, 40]);
/// # Ok::<(), lazuli::Error>(())
/// ```
pub struct DeviceBuffer<T: Element>(DeviceMemory<T>);

impl<T: Element> DeviceBuffer<T> {
    /// `len` zeros.
    ///
    /// Errors: memory that cannot be had, or that would pass the limit.
    #[track_caller]
    pub fn new(device: &Device, len: usize) -> Result<DeviceBuffer<T>, Error> {
        let call = Call::new("DeviceBuffer::new");
        DeviceMemory::zeros(len, device.id()).map(DeviceBuffer).map_err(|kind| call.error(kind))
    }

    pub(crate) fn memory(&self) -> &DeviceMemory<T> {
        &self.0
    }

    /// How many elements it holds.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Does it hold none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The device whose memory it is.
    pub fn device(&self) -> Device {
        Device::from_id(self.0.device())
    }

    /// Copies all elements of `host` here, after what the stream was given so far. Returns when they are
    /// there.
    ///
    /// Errors: another number of elements; a stream of another device; what the stream found wrong.
    #[track_caller]
    pub fn copy_from(&mut self, host: &HostBuffer<T>, stream: &Stream) -> Result<(), Error> {
        let call = Call::new("DeviceBuffer::copy_from");
        self.0.upload(host, &stream.0).map_err(|kind| call.error(kind))
    }

    /// Copies all elements to `host`, after what the stream was given so far. Returns when they are
    /// there.
    ///
    /// Errors: as [`copy_from`](DeviceBuffer::copy_from).
    #[track_caller]
    pub fn copy_to(&self, host: &mut HostBuffer<T>, stream: &Stream) -> Result<(), Error> {
        let call = Call::new("DeviceBuffer::copy_to");
        self.0.download(host, &stream.0).map_err(|kind| call.error(kind))
    }

    /// Begins to copy all elements of `host` here, after what the stream was given so far. From pinned
    /// memory a GPU copies by itself; other memory is read before this returns.
    ///
    /// Errors: as [`copy_from`](DeviceBuffer::copy_from). Both buffers are dropped then.
    #[track_caller]
    pub fn start_copy_from(self, host: HostBuffer<T>, stream: &Stream) -> Result<Transfer<T>, Error> {
        let call = Call::new("DeviceBuffer::start_copy_from");
        self.0.start_upload(host.0, &stream.0).map(Transfer).map_err(|kind| call.error(kind))
    }

    /// Begins to copy all elements to `host`, after what the stream was given so far. To pinned memory a
    /// GPU copies by itself; to other memory the copy is done when this returns.
    ///
    /// Errors: as [`copy_from`](DeviceBuffer::copy_from). Both buffers are dropped then.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// # use lazuli::{HostBuffer, Stream};
    /// let x = Array::from_vec(vec![1u8, 2, 3]);
    /// let stream = Stream::default_of(&x.device())?;
    /// let copy = x.into_device_buffer()?.start_copy_to(HostBuffer::new(3)?, &stream)?;
    /// let (host, _buffer) = copy.wait()?;
    /// assert_eq!(*host, [1, 2, 3]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn start_copy_to(self, host: HostBuffer<T>, stream: &Stream) -> Result<Transfer<T>, Error> {
        let call = Call::new("DeviceBuffer::start_copy_to");
        self.0.start_download(host.0, &stream.0).map(Transfer).map_err(|kind| call.error(kind))
    }
}

impl<T: Element> fmt::Debug for DeviceBuffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceBuffer of {} {} on {}", self.len(), T::DTYPE, self.device())
    }
}

/// A copy in the background, with both of its ends. Dropped before it is done, it drops them when it is.
#[must_use = "the copy owns both buffers; `wait` gives them back"]
pub struct Transfer<T: Element>(Copying<T>);

impl<T: Element> Transfer<T> {
    /// Is the copy done? Does not wait.
    ///
    /// Errors: what the stream found wrong.
    #[track_caller]
    pub fn is_done(&self) -> Result<bool, Error> {
        let call = Call::new("Transfer::is_done");
        self.0.is_done().map_err(|kind| call.error(kind))
    }

    /// Waits for the copy, and gives both ends back.
    ///
    /// Errors: what the stream found wrong. Both buffers are dropped then.
    #[track_caller]
    pub fn wait(self) -> Result<(HostBuffer<T>, DeviceBuffer<T>), Error> {
        let call = Call::new("Transfer::wait");
        let ends = self.0.wait().map_err(|kind| call.error(kind))?;
        Ok((HostBuffer(ends.0), DeviceBuffer(ends.1)))
    }
}

impl<T: Element> fmt::Debug for Transfer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.is_done() {
            Ok(true) => f.write_str("Transfer (done)"),
            Ok(false) => f.write_str("Transfer (under way)"),
            Err(_) => f.write_str("Transfer (failed)"),
        }
    }
}

const _: () = {
    const fn send_and_sync<A: Send + Sync>() {}
    send_and_sync::<HostBuffer<f64>>();
    send_and_sync::<DeviceBuffer<f64>>();
    send_and_sync::<Transfer<f64>>();
};

/// # Arrays and buffers of devices
impl<T: Element> Array<T> {
    /// The elements of a buffer, in row-major order, as an array on its device. Takes its memory, without
    /// a copy.
    ///
    /// Errors: the shape needs another number of elements; an extent is negative.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// # use lazuli::DeviceBuffer;
    /// let x = Array::from_device_buffer(DeviceBuffer::<f32>::new(&Device::cpu(), 6)?, [2, 3])?;
    /// assert_eq!(x.to_vec()?, [0.0; 6]);
    /// assert!(Array::from_device_buffer(DeviceBuffer::<f32>::new(&Device::cpu(), 6)?, [4]).is_err());
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn from_device_buffer(buffer: DeviceBuffer<T>, shape: impl IntoDims) -> Result<Array<T>, Error> {
        let call = Call::new("from_device_buffer");
        let shape = checked_dims(&shape.into_dims()).map_err(|kind| call.error(kind))?;
        let (expected, got) = (shape.iter().product(), buffer.len());
        if expected != got {
            return Err(call.error(ErrorKind::LengthMismatch { shape, expected, got }));
        }
        let device = buffer.0.device();
        Ok(Array::of(Node::ready_on(device, T::DTYPE, buffer.0.into_value(&shape), call.at)))
    }

    /// The elements, in row-major order, copied to a buffer on the array's device. Evaluates.
    ///
    /// Errors: as [`eval`](Array::eval), and memory for the buffer.
    #[track_caller]
    pub fn to_device_buffer(&self) -> Result<DeviceBuffer<T>, Error> {
        let call = Call::new("to_device_buffer");
        let mut node = self.node().clone();
        if !crate::read::force(&node)?.layout.is_contiguous() {
            // A kernel that copies, element by element.
            node = call.unary(UnaryOp::Cast(T::DTYPE), node);
        }
        let value = crate::read::force(&node)?;
        DeviceMemory::copied(value, node.device()).map(DeviceBuffer).map_err(|kind| call.error(kind))
    }

    /// The elements, in row-major order, in a buffer on the array's device: the array's own memory, without
    /// a copy, if nobody else refers to it. Evaluates.
    ///
    /// Errors: as [`to_device_buffer`](Array::to_device_buffer).
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = (Array::arange(0, 5, 1) * 2).eval()?.clone();
    /// let buffer = x.into_device_buffer()?;
    /// assert_eq!((buffer.len(), buffer.device()), (5, Device::default()));
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn into_device_buffer(self) -> Result<DeviceBuffer<T>, Error> {
        let call = Call::new("into_device_buffer");
        if !crate::read::force(self.node())?.layout.is_contiguous() {
            return self.to_device_buffer();
        }
        let device = self.node().device();
        let handle: Handle = self.into_handle();
        let memory = match handle.into_node().into_value() {
            Ok(value) => DeviceMemory::taken(value, device),
            Err(node) => DeviceMemory::copied(crate::read::force(&node)?, device),
        };
        memory.map(DeviceBuffer).map_err(|kind| call.error(kind))
    }
}
