//! [`Stream`] and [`Event`]: order and time of work on a device.
//!
//! A GPU works while the program goes on. What it is given on one stream it does in that order; what it is
//! given on two it may do at once. An event is a point in the order of a stream: a program waits for
//! it, another stream waits for it, and the time between two of them is that of the device.
//!
//! Arrays need no such care. One that was evaluated on one stream and is read on another is there
//! first, and its memory stays until both are done with it: the buffers know who uses them. Streams
//! are for speed (two evaluations at once, copies beside them), and events for measuring it.
//!
//! On devices that compute when they are called, a stream has done everything and an event is a
//! moment: programs with streams run everywhere. What a GPU finds wrong is told by whoever waits for
//! it (here, or by reading elements), and names the lines that recorded what was pending.

use crate::eval::Roots;
use crate::record::Call;
use crate::{Array, Device, Element};
use lazuli_core::{Error, ErrorKind};
use std::fmt;
use std::time::Duration;

/// A queue of work for one device: what it is given runs in that order. Clones are the same queue,
/// which any thread may use.
///
/// ```
/// # use lazuli::prelude::*;
/// # use lazuli::{Event, Stream};
/// let gpu = Device::cuda(0).unwrap_or_default(); // the CPU where there is no GPU
/// let x = Array::from_vec(vec![1.0f32, 2.0, 3.0]).to_device(&gpu);
/// let (one, two) = (Stream::new(&gpu)?, Stream::new(&gpu)?);
/// let (squares, cubes) = (&x * &x, &x * &x * &x);
/// squares.eval_on(&one)?; // these two at once, where the device can
/// let done = cubes.eval_on(&two)?;
/// one.wait(&done)?; // what `one` is given from now on comes after both
/// assert_eq!((squares + cubes).sum(..).item()?, 50.0);
/// # Ok::<(), lazuli::Error>(())
/// ```
#[derive(Clone)]
pub struct Stream(pub(crate) lazuli_backends::Stream);

impl Stream {
    /// A new stream of a device.
    ///
    /// Errors: the device is lost, or has no memory for it.
    ///
    /// ```
    /// # use lazuli::{Device, Stream};
    /// let stream = Stream::new(&Device::cpu())?;
    /// assert!(stream.is_done()?);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn new(device: &Device) -> Result<Stream, Error> {
        let call = Call::new("Stream::new");
        lazuli_backends::Stream::new(device.id()).map(Stream).map_err(|kind| call.error(kind))
    }

    /// The stream that a device's work goes to when no other is named. It is not the driver's "default
    /// stream", and waits for no other.
    ///
    /// Errors: the device is lost.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// # use lazuli::Stream;
    /// let x = Array::arange(0, 4, 1) * 2;
    /// x.eval()?;
    /// Stream::default_of(&x.device())?.synchronize()?; // now it is certainly there
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn default_of(device: &Device) -> Result<Stream, Error> {
        let call = Call::new("Stream::default_of");
        lazuli_backends::Stream::default_of(device.id()).map(Stream).map_err(|kind| call.error(kind))
    }

    /// The device that works it off.
    pub fn device(&self) -> Device {
        Device::from_id(self.0.device())
    }

    /// Waits until all is done that the stream was given so far.
    ///
    /// Errors: what went wrong on the device and was not told yet, with the lines that recorded what
    /// was pending. The device is then lost to the process.
    #[track_caller]
    pub fn synchronize(&self) -> Result<(), Error> {
        let call = Call::new("Stream::synchronize");
        self.0.synchronize().map_err(|kind| call.error(kind))
    }

    /// Is all done that the stream was given so far? Does not wait.
    ///
    /// Errors: as [`synchronize`](Stream::synchronize).
    #[track_caller]
    pub fn is_done(&self) -> Result<bool, Error> {
        let call = Call::new("Stream::is_done");
        self.0.is_done().map_err(|kind| call.error(kind))
    }

    /// Has all that the stream is given from now on wait for an event, which may be of another stream
    /// or device. The caller does not wait, unless one of the two is no GPU's.
    ///
    /// Errors: the device is lost.
    #[track_caller]
    pub fn wait(&self, event: &Event) -> Result<(), Error> {
        let call = Call::new("Stream::wait");
        self.0.wait(&event.0).map_err(|kind| call.error(kind))
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stream of {}", self.device())
    }
}

/// A point in the order of a stream: what the stream had been given when the event was recorded.
///
/// ```
/// # use lazuli::prelude::*;
/// # use lazuli::{Event, Stream};
/// let x = Array::linspace(0.0f64, 1.0, 1000);
/// let stream = Stream::new(&x.device())?;
/// let before = Event::record(&stream)?;
/// let after = x.exp().sum(..).eval_on(&stream)?;
/// println!("{:?} on {}", after.elapsed(&before)?, x.device());
/// # Ok::<(), lazuli::Error>(())
/// ```
pub struct Event(lazuli_backends::Event);

impl Event {
    /// Stands for all that a stream was given so far.
    ///
    /// Errors: the device is lost.
    #[track_caller]
    #[must_use = "an event that nobody looks at does nothing"]
    pub fn record(stream: &Stream) -> Result<Event, Error> {
        Event::of(Call::new("Event::record"), stream)
    }

    fn of(call: Call, stream: &Stream) -> Result<Event, Error> {
        lazuli_backends::Event::record(&stream.0).map(Event).map_err(|kind| call.error(kind))
    }

    /// Waits until the stream has got there.
    ///
    /// Errors: as [`Stream::synchronize`].
    #[track_caller]
    pub fn synchronize(&self) -> Result<(), Error> {
        let call = Call::new("Event::synchronize");
        self.0.synchronize().map_err(|kind| call.error(kind))
    }

    /// Has the stream got there? Does not wait.
    ///
    /// Errors: as [`Stream::synchronize`].
    #[track_caller]
    pub fn is_done(&self) -> Result<bool, Error> {
        let call = Call::new("Event::is_done");
        self.0.is_done().map_err(|kind| call.error(kind))
    }

    /// The time that passed on the device between `since` and this event; on a GPU to about half a
    /// microsecond. Waits for both.
    ///
    /// Errors: `since` came later; events of two devices, which have no common clock; as
    /// [`Stream::synchronize`].
    ///
    /// ```
    /// # use lazuli::{Device, Event, Stream};
    /// let stream = Stream::new(&Device::cpu())?;
    /// let (first, second) = (Event::record(&stream)?, Event::record(&stream)?);
    /// assert!(second.elapsed(&first)?.as_secs() < 60);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn elapsed(&self, since: &Event) -> Result<Duration, Error> {
        let call = Call::new("Event::elapsed");
        self.0.elapsed(&since.0).map_err(|kind| call.error(kind))
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.is_done() {
            Ok(true) => f.write_str("Event (passed)"),
            Ok(false) => f.write_str("Event (pending)"),
            Err(_) => f.write_str("Event (failed)"),
        }
    }
}

const _: () = {
    const fn send_and_sync<A: Send + Sync>() {}
    send_and_sync::<Stream>();
    send_and_sync::<Event>();
};

/// Evaluates several arrays by one joint plan, as [`eval`](crate::eval) does, on a stream. On a GPU this
/// returns when the stream has been given the work; the event passes when all of the arrays are
/// there.
///
/// Errors: as [`eval`](crate::eval); an array of another device than the stream's. What goes wrong on
/// a GPU is told by whoever waits for it; an evaluation of a function with `max_iterations` waits itself, since values of
/// loops that were cut short are none.
///
/// ```
/// # use lazuli::prelude::*;
/// # use lazuli::Stream;
/// let x = Array::from_vec(vec![1.0f32, 2.0, 6.0]);
/// let stream = Stream::new(&x.device())?;
/// let (mean, largest) = (x.mean(..), x.max(..));
/// lazuli::eval_on(&stream, (&mean, &largest))?.synchronize()?;
/// assert_eq!((mean.item()?, largest.item()?), (3.0, 6.0));
/// # Ok::<(), lazuli::Error>(())
/// ```
#[track_caller]
pub fn eval_on(stream: &Stream, roots: impl Roots) -> Result<Event, Error> {
    let call = Call::new("eval_on");
    let mut nodes = Vec::new();
    roots.collect_nodes(&mut nodes);
    if let Some(error) = nodes.iter().find_map(|n| n.error()) {
        return Err(error.clone());
    }
    let of = stream.0.device();
    if let Some(other) = nodes.iter().find(|n| n.device() != of) {
        let (array, stream) = (other.device().name(), of.name());
        let why = format!("a stream of {stream} cannot evaluate an array on {array}");
        return Err(call.error(ErrorKind::InvalidArgument(why)));
    }
    stream.0.run(|| crate::eval(roots))?;
    // They may have been given to other streams before.
    for value in nodes.iter().filter_map(|n| n.value()) {
        stream.0.uses(value).map_err(|kind| call.error(kind))?;
    }
    Event::of(call, stream)
}

/// # Evaluation on a stream
impl<T: Element> Array<T> {
    /// Computes the array on a stream of its device, and keeps the value. On a GPU this returns when
    /// the stream has been given the work; the event passes when the array is there. Nobody need wait
    /// for it to go on: whatever reads the array comes after.
    ///
    /// Errors: as [`eval`](Array::eval); a stream of another device. What goes wrong on a GPU is told
    /// by whoever waits for it.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// # use lazuli::Stream;
    /// let x = Array::from_vec(vec![1.0f64, 2.0, 3.0]);
    /// let stream = Stream::new(&x.device())?;
    /// let y = &x * 2.0;
    /// let done = y.eval_on(&stream)?;
    /// done.synchronize()?;
    /// assert_eq!(y.to_vec()?, [2.0, 4.0, 6.0]);
    /// let other = Stream::new(&Device::portable())?;
    /// assert!((&x + 1.0).eval_on(&other).is_err());
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn eval_on(&self, stream: &Stream) -> Result<Event, Error> {
        eval_on(stream, self)
    }
}
