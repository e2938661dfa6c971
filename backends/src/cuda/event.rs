//! Events: points in the order of a stream.
//!
//! An [`Event`] is recorded when it is made and never again, so it always stands for one point: what
//! its stream had been given before. Any thread and any stream can wait for it. [`Raw`] is the
//! same without memory of its stream and without a clock, for the order that this module itself
//! keeps.

use super::driver::{NOT_READY, SUCCESS};
use super::{Device, Result, Stream};
use cudarc::driver::sys::{self, CUevent_flags_enum as flag};
use lazuli_core::ErrorKind;
use std::time::Duration;

/// A recorded event of the driver.
pub(super) struct Raw {
    device: &'static Device,
    pub handle: sys::CUevent,
}

// SAFETY: events are handles, which the driver lets any thread use.
unsafe impl Send for Raw {}
// SAFETY: as above.
unsafe impl Sync for Raw {}

impl Raw {
    /// Records an event on a stream; one without a clock is cheaper.
    pub fn record(stream: &Stream, clock: bool) -> Result<Raw> {
        let device = stream.device();
        let api = device.enter()?;
        let flags = if clock { flag::CU_EVENT_DEFAULT } else { flag::CU_EVENT_DISABLE_TIMING };
        let mut handle = std::ptr::null_mut();
        // SAFETY: the address is that of a variable; the context is current.
        device.check("cuEventCreate", unsafe { (api.cuEventCreate)(&mut handle, flags as u32) })?;
        let event = Raw { device, handle };
        // SAFETY: both are alive, and of this context.
        let code = unsafe { (api.cuEventRecord)(handle, stream.handle()) };
        if code != SUCCESS { Err(stream.error("cuEventRecord", code)) } else { Ok(event) }
    }

    /// Has the stream got there?
    pub fn is_done(&self) -> Result<bool> {
        let api = self.device.enter()?;
        // SAFETY: the event is alive.
        match unsafe { (api.cuEventQuery)(self.handle) } {
            SUCCESS => Ok(true),
            NOT_READY => Ok(false),
            code => Err(self.device.error("cuEventQuery", code, None)),
        }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Ok(api) = self.device.enter() {
            // The driver waits by itself where somebody still waits for the event.
            // SAFETY: the event is alive, and nobody has it after this.
            unsafe { (api.cuEventDestroy_v2)(self.handle) };
        }
    }
}

/// A point in the order of a stream.
pub struct Event {
    raw: Raw,
    /// Knows what was pending, if waiting finds a fault.
    stream: Stream,
}

impl Event {
    /// Stands for all that the stream was given so far.
    pub fn record(stream: &Stream) -> Result<Event> {
        stream.running("record")?;
        Ok(Event { raw: Raw::record(stream, true)?, stream: stream.clone() })
    }

    /// The same, cheaper, and of no use to [`Event::elapsed`].
    pub(super) fn without_clock(stream: &Stream) -> Result<Event> {
        Ok(Event { raw: Raw::record(stream, false)?, stream: stream.clone() })
    }

    /// Is it all done?
    pub fn is_done(&self) -> Result<bool> {
        let api = self.raw.device.enter()?;
        // SAFETY: the event is alive.
        match unsafe { (api.cuEventQuery)(self.raw.handle) } {
            SUCCESS => Ok(true),
            NOT_READY => Ok(false),
            code => Err(self.stream.error("cuEventQuery", code)),
        }
    }

    /// Waits until it is all done.
    pub fn synchronize(&self) -> Result<()> {
        let api = self.raw.device.enter()?;
        // SAFETY: the event is alive.
        match unsafe { (api.cuEventSynchronize)(self.raw.handle) } {
            SUCCESS => Ok(()),
            code => Err(self.stream.error("cuEventSynchronize", code)),
        }
    }

    /// The time that passed on the device between `since` and this event, to about half a
    /// microsecond. Waits for both.
    pub fn elapsed(&self, since: &Event) -> Result<Duration> {
        if self.raw.device != since.raw.device {
            return Err(ErrorKind::InvalidArgument("events of two devices have no common clock".into()));
        }
        since.synchronize()?;
        self.synchronize()?;
        let mut milliseconds = 0.0;
        let api = self.raw.device.enter()?;
        // SAFETY: both events are alive and were recorded with a clock.
        let code = unsafe { (api.cuEventElapsedTime)(&mut milliseconds, since.raw.handle, self.raw.handle) };
        self.raw.device.check("cuEventElapsedTime", code)?;
        Duration::try_from_secs_f64(f64::from(milliseconds) / 1000.0).map_err(|_| {
            ErrorKind::InvalidArgument(format!("the event is {} ms older than the other", -milliseconds))
        })
    }

    pub(super) fn raw(&self) -> &Raw {
        &self.raw
    }
}
