//! Streams and events of any device.
//!
//! On a GPU they are the driver's. Everything else computes when it is called, so a stream there has
//! nothing to wait for and an event is a time: programs that order their work by streams run on any
//! device, and mean the same.

use lazuli_core::{DeviceId, ErrorKind, Value};
use std::time::{Duration, Instant};

#[cfg(feature = "cuda")]
use crate::{cuda, grid};

type Result<T> = std::result::Result<T, ErrorKind>;

/// Work for a device, in order. Clones are the same stream.
#[derive(Clone)]
pub enum Stream {
    /// Of a device that computes when it is called.
    Host(DeviceId),
    /// Of a GPU.
    #[cfg(feature = "cuda")]
    Cuda(cuda::Stream),
}

/// A point in the order of a stream.
pub enum Event {
    /// When it was recorded: all before it was done by then.
    Host(Instant),
    /// Of a GPU.
    #[cfg(feature = "cuda")]
    Cuda(cuda::Event),
}

impl Stream {
    /// A new stream of a device.
    pub fn new(device: DeviceId) -> Result<Stream> {
        match device {
            #[cfg(feature = "cuda")]
            DeviceId::Cuda(index) => Ok(Stream::Cuda(cuda::Stream::new(cuda::device(index.into())?)?)),
            _ => Ok(Stream::Host(device)),
        }
    }

    /// The stream of a device for all that has no other.
    pub fn default_of(device: DeviceId) -> Result<Stream> {
        match device {
            #[cfg(feature = "cuda")]
            DeviceId::Cuda(index) => Ok(Stream::Cuda(cuda::device(index.into())?.stream()?.clone())),
            _ => Ok(Stream::Host(device)),
        }
    }

    /// The device that works it off.
    pub fn device(&self) -> DeviceId {
        match self {
            Stream::Host(device) => *device,
            #[cfg(feature = "cuda")]
            Stream::Cuda(stream) => stream.device().id(),
        }
    }

    /// Waits until all is done that the stream was given.
    pub fn synchronize(&self) -> Result<()> {
        match self {
            Stream::Host(_) => Ok(()),
            #[cfg(feature = "cuda")]
            Stream::Cuda(stream) => stream.synchronize(),
        }
    }

    /// Is all done that the stream was given?
    pub fn is_done(&self) -> Result<bool> {
        match self {
            Stream::Host(_) => Ok(true),
            #[cfg(feature = "cuda")]
            Stream::Cuda(stream) => stream.is_done(),
        }
    }

    /// Has all that the stream is given from now on wait for an event, of any device. The stream of a
    /// GPU waits for one of a GPU by itself; else the caller waits.
    pub fn wait(&self, event: &Event) -> Result<()> {
        match (self, event) {
            #[cfg(feature = "cuda")]
            (Stream::Cuda(stream), Event::Cuda(event)) => stream.wait(event),
            _ => event.synchronize(),
        }
    }

    /// Runs `f` with the evaluations and copies of this thread on this stream, where they are of its
    /// device.
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        match self {
            Stream::Host(_) => f(),
            #[cfg(feature = "cuda")]
            Stream::Cuda(stream) => grid::cuda::on_stream(stream, f),
        }
    }

    /// Has all that the stream is given from now on come after what computes a value, on whatever stream
    /// of its device that is.
    pub fn uses(&self, value: &Value) -> Result<()> {
        match (self, &value.buffer) {
            (Stream::Host(_), _) => Ok(()),
            #[cfg(feature = "cuda")]
            (Stream::Cuda(stream), buffer) => grid::cuda::buffer(buffer)?.used_on(stream),
        }
    }
}

impl Event {
    /// Stands for all that a stream was given so far.
    pub fn record(stream: &Stream) -> Result<Event> {
        match stream {
            Stream::Host(_) => Ok(Event::Host(Instant::now())),
            #[cfg(feature = "cuda")]
            Stream::Cuda(stream) => Ok(Event::Cuda(stream.record()?)),
        }
    }

    /// Waits until it is all done.
    pub fn synchronize(&self) -> Result<()> {
        match self {
            Event::Host(_) => Ok(()),
            #[cfg(feature = "cuda")]
            Event::Cuda(event) => event.synchronize(),
        }
    }

    /// Is it all done?
    pub fn is_done(&self) -> Result<bool> {
        match self {
            Event::Host(_) => Ok(true),
            #[cfg(feature = "cuda")]
            Event::Cuda(event) => event.is_done(),
        }
    }

    /// The time between `since` and this event. Waits for both.
    pub fn elapsed(&self, since: &Event) -> Result<Duration> {
        match (self, since) {
            (Event::Host(to), Event::Host(from)) => to.checked_duration_since(*from).ok_or_else(|| {
                let older = from.duration_since(*to).as_secs_f64() * 1e3;
                ErrorKind::InvalidArgument(format!("the event is {older} ms older than the other"))
            }),
            #[cfg(feature = "cuda")]
            (Event::Cuda(to), Event::Cuda(from)) => to.elapsed(from),
            #[cfg(feature = "cuda")]
            _ => Err(ErrorKind::InvalidArgument("events of two devices have no common clock".into())),
        }
    }
}
