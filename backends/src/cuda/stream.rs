//! Streams: what a device is given, in order.
//!
//! What is given to one [`Stream`] runs in that order; what is given to two runs in any order, or at
//! once, unless one waits for an event of the other. Any thread may use any stream. A launch costs
//! one call of the driver beside the one that makes the device current, and no memory.
//!
//! What goes wrong on the device shows in a later call, so a stream keeps notes of what is pending
//! (`notes.rs`) and its errors name them. A stream is never the driver's default stream, which waits
//! for others behind one's back.
//!
//! A stream may be *recording* for a [`Graph`](super::Graph): then launches are all that it takes.

use super::driver::{Code, NOT_READY, SUCCESS};
use super::event::Raw;
use super::graph::Node;
use super::notes::Pending;
use super::{Device, Event, Function, Note, Result};
use cudarc::driver::sys::{self, CUstream_flags_enum as flag};
use lazuli_core::ErrorKind;
use smallvec::SmallVec;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Most blocks along each axis of a grid, on every GPU there is.
const MAX_GRID: [i64; 3] = [i32::MAX as i64, 65_535, 65_535];
/// Most threads along each axis of a block, likewise.
const MAX_BLOCK: [i64; 3] = [1024, 1024, 64];

/// A queue of work for one device. Clones are the same queue.
#[derive(Clone)]
pub struct Stream(Arc<Inner>);

pub(super) struct Inner {
    device: &'static Device,
    handle: sys::CUstream,
    state: Mutex<State>,
}

// Nearly all streams are running.
#[allow(clippy::large_enum_variant)]
pub(super) enum State {
    /// The usual one.
    Running(Pending),
    /// What is launched becomes nodes of a graph.
    Recording(Vec<Node>),
    /// A recording that is over: good for nothing.
    Ended,
}

// SAFETY: the handle may be used by any thread; the state is behind a lock.
unsafe impl Send for Inner {}
// SAFETY: as above.
unsafe impl Sync for Inner {}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Ok(api) = self.device.enter() {
            // What is pending still runs: the driver keeps its queue until then.
            // SAFETY: nobody has the handle after this.
            unsafe { (api.cuStreamDestroy_v2)(self.handle) };
        }
    }
}

impl Stream {
    /// A new stream of a device.
    pub fn new(device: &'static Device) -> Result<Stream> {
        Stream::with(device, State::Running(Pending::default()))
    }

    pub(super) fn with(device: &'static Device, state: State) -> Result<Stream> {
        let api = device.enter()?;
        let mut handle = std::ptr::null_mut();
        // SAFETY: the address is that of a variable; the context is current.
        let code = unsafe { (api.cuStreamCreate)(&mut handle, flag::CU_STREAM_NON_BLOCKING as u32) };
        device.check("cuStreamCreate", code)?;
        let stream = Stream(Arc::new(Inner { device, handle, state: Mutex::new(state) }));
        device.add(&stream);
        Ok(stream)
    }

    /// The device that works it off.
    pub fn device(&self) -> &'static Device {
        self.0.device
    }

    /// Waits until all is done that the stream was given so far. Errors of the device that nobody has
    /// seen yet are told here.
    pub fn synchronize(&self) -> Result<()> {
        let launched = self.running("synchronize")?;
        let api = self.device().enter()?;
        // SAFETY: the stream is alive, and the context current.
        match unsafe { (api.cuStreamSynchronize)(self.handle()) } {
            SUCCESS => {
                self.done(launched);
                Ok(())
            }
            code => Err(self.error("cuStreamSynchronize", code)),
        }
    }

    /// Is all done that the stream was given so far?
    pub fn is_done(&self) -> Result<bool> {
        let launched = self.running("is_done")?;
        let api = self.device().enter()?;
        // SAFETY: the stream is alive, and the context current.
        match unsafe { (api.cuStreamQuery)(self.handle()) } {
            SUCCESS => {
                self.done(launched);
                Ok(true)
            }
            NOT_READY => Ok(false),
            code => Err(self.error("cuStreamQuery", code)),
        }
    }

    /// Stands for all that the stream was given so far.
    pub fn record(&self) -> Result<Event> {
        Event::record(self)
    }

    /// Has all that the stream is given from now on wait for an event, which may be of another stream
    /// or device. The caller does not wait.
    pub fn wait(&self, event: &Event) -> Result<()> {
        self.wait_raw(event.raw())
    }

    pub(super) fn wait_raw(&self, event: &Raw) -> Result<()> {
        self.running("wait")?;
        let api = self.device().enter()?;
        // SAFETY: both are alive; the driver keeps what it needs of the event.
        match unsafe { (api.cuStreamWaitEvent)(self.handle(), event.handle, 0) } {
            SUCCESS => Ok(()),
            code => Err(self.error("cuStreamWaitEvent", code)),
        }
    }

    /// Runs a kernel: `grid` blocks of `block` threads, each block with `shared` bytes of shared
    /// memory beside what the kernel declares. The kernel's one parameter is the array `words`, which
    /// is copied before this returns.
    ///
    /// # Safety
    ///
    /// The kernel must take `words.len()` words and do with them only what is right: addresses
    /// among them must be of memory that is alive until it has run (see
    /// [`Buffer::used_on`](super::Buffer::used_on)), in reach of the device, and not used by others in
    /// a way that conflicts.
    pub unsafe fn launch(
        &self,
        function: &Function,
        grid: [u32; 3],
        block: u32,
        shared: u32,
        words: &[u64],
        note: Note,
    ) -> Result<()> {
        check_launch(self.device(), function, grid.map(i64::from), [block.into(), 1, 1], shared as usize)?;
        check_words(function, words)?;
        // The driver reads through both pointers before it returns, and writes nothing.
        let mut parameters = [words.as_ptr().cast::<c_void>().cast_mut()];
        let block = [block, 1, 1];
        // SAFETY: the parameter is as long as the kernel's (the caller's promise, checked where the driver
        // tells); what the kernel does is the caller's promise.
        let recording = unsafe { self.hand_over(function, grid, block, shared, &mut parameters, note)? };
        if let Some(mut state) = recording
            && let State::Recording(nodes) = &mut *state
        {
            nodes.push(Node::last_of(self, function, grid, block[0], shared, words.len(), note)?);
        }
        Ok(())
    }

    /// Refuses what [`Stream::launch_foreign`] would refuse.
    pub fn check_foreign(
        &self,
        function: &Function,
        grid: [i64; 3],
        block: [i64; 3],
        shared: usize,
    ) -> Result<()> {
        self.running("launch of a kernel that is not ours")?;
        check_launch(self.device(), function, grid, block, shared)
    }

    /// Runs a kernel that has any parameters, each in words of its own, which are copied before this
    /// returns. Not for a stream that is recording.
    ///
    /// # Safety
    ///
    /// There must be as many parameters as the kernel takes, each of at least as many bytes; else as
    /// for [`Stream::launch`].
    pub unsafe fn launch_foreign(
        &self,
        function: &Function,
        grid: [i64; 3],
        block: [i64; 3],
        shared: usize,
        parameters: &[SmallVec<[u64; 2]>],
        note: Note,
    ) -> Result<()> {
        self.check_foreign(function, grid, block, shared)?;
        let mut pointers: SmallVec<[*mut c_void; 8]> =
            parameters.iter().map(|words| words.as_ptr().cast_mut().cast()).collect();
        let narrow = |numbers: [i64; 3]| numbers.map(|n| n as u32);
        // SAFETY: by the caller's promise; the numbers are within limits that fit 32 bits.
        unsafe { self.hand_over(function, narrow(grid), narrow(block), shared as u32, &mut pointers, note)? };
        Ok(())
    }

    /// Calls the driver for a launch that was checked, and notes it. On a stream that is recording the note
    /// is to be that of a node instead: its state is given back, still locked.
    ///
    /// # Safety
    ///
    /// The parameters are as many as the kernel's, and as long; else as for [`Stream::launch`].
    unsafe fn hand_over(
        &self,
        function: &Function,
        grid: [u32; 3],
        block: [u32; 3],
        shared: u32,
        parameters: &mut [*mut c_void],
        note: Note,
    ) -> Result<Option<MutexGuard<'_, State>>> {
        let api = self.device().enter()?;
        let mut state = self.state();
        if matches!(*state, State::Ended) {
            return Err(ended());
        }
        // SAFETY: all handles are alive; the parameters are the caller's promise.
        let code = unsafe {
            (api.cuLaunchKernel)(
                function.handle(),
                grid[0],
                grid[1],
                grid[2],
                block[0],
                block[1],
                block[2],
                shared,
                self.handle(),
                parameters.as_mut_ptr(),
                std::ptr::null_mut(),
            )
        };
        if code != SUCCESS {
            drop(state);
            return Err(self.error("cuLaunchKernel", code));
        }
        match &mut *state {
            State::Running(pending) => {
                let wants_mark = pending.push(note);
                drop(state);
                if wants_mark {
                    self.mark();
                }
                Ok(None)
            }
            State::Recording(_) => Ok(Some(state)),
            State::Ended => Err(ended()),
        }
    }

    /// Notes something that was given to the stream.
    pub(super) fn note(&self, note: Note) {
        let wants_mark = match &mut *self.state() {
            State::Running(pending) => pending.push(note),
            State::Recording(_) | State::Ended => false,
        };
        if wants_mark {
            self.mark();
        }
    }

    /// An event between two batches of notes. Without it they are kept longer, that is all.
    fn mark(&self) {
        if let (Ok(mark), State::Running(pending)) = (Raw::record(self, false), &mut *self.state()) {
            pending.mark(mark);
        }
    }

    pub(super) fn handle(&self) -> sys::CUstream {
        self.0.handle
    }

    pub(super) fn is(&self, other: &Stream) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many launches there were so far. A stream that is recording refuses `call`.
    pub(super) fn running(&self, call: &str) -> Result<u64> {
        match &*self.state() {
            State::Running(pending) => Ok(pending.launched()),
            State::Recording(_) => {
                Err(ErrorKind::Device(format!("{call}: a stream that records a graph takes launches only")))
            }
            State::Ended => Err(ended()),
        }
    }

    /// The first `launched` launches are done.
    fn done(&self, launched: u64) {
        if let State::Running(pending) = &mut *self.state() {
            pending.done(launched);
        }
    }

    /// The error of a call that returned `code`; a fault is told with what was pending.
    pub(super) fn error(&self, call: &str, code: Code) -> ErrorKind {
        self.device().error(call, code, Some(self))
    }

    /// What is pending, in words; nothing if somebody else has the lock, for this is asked by whoever
    /// comes upon a fault.
    pub(super) fn pending_words(&self) -> Option<String> {
        match &*self.0.state.try_lock().ok()? {
            State::Running(pending) => pending.words(),
            State::Recording(_) | State::Ended => None,
        }
    }

    pub(super) fn downgrade(&self) -> Weak<Inner> {
        Arc::downgrade(&self.0)
    }

    pub(super) fn upgrade(weak: &Weak<Inner>) -> Option<Stream> {
        weak.upgrade().map(Stream)
    }
}

fn ended() -> ErrorKind {
    ErrorKind::Device("the stream recorded a graph, and the recording is over".into())
}

/// Refuses what the driver would refuse with "invalid argument", and says what is wrong.
fn check_launch(
    device: &Device,
    function: &Function,
    grid: [i64; 3],
    block: [i64; 3],
    shared: usize,
) -> Result<()> {
    let fail = |what: String| Err(ErrorKind::Device(format!("cannot launch `{}`: {what}", function.name())));
    if function.device() != device {
        return fail(format!("it was loaded for cuda:{}", function.device().index()));
    }
    let outside = |numbers: [i64; 3], most: [i64; 3]| (0..3).any(|d| !(1..=most[d]).contains(&numbers[d]));
    if outside(grid, MAX_GRID) {
        return fail(format!("a grid of {grid:?} blocks; from 1 to {MAX_GRID:?} are possible"));
    }
    let attributes = function.attributes();
    let most = attributes.max_threads;
    if let [threads, 1, 1] = block
        && !(1..=i64::from(most)).contains(&threads)
    {
        return fail(format!("blocks of {threads} threads; from 1 to {most} are possible"));
    }
    if outside(block, MAX_BLOCK) || block.iter().product::<i64>() > i64::from(most) {
        return fail(format!(
            "blocks of {block:?} threads; from 1 to {MAX_BLOCK:?} are possible, and {most} together"
        ));
    }
    if shared > attributes.max_dynamic_shared as usize {
        let most = attributes.max_dynamic_shared;
        return fail(format!("{shared} bytes of shared memory a block; {most} are possible"));
    }
    Ok(())
}

/// Refuses other words than a kernel takes, where the driver tells how many these are.
pub(super) fn check_words(function: &Function, words: &[u64]) -> Result<()> {
    match function.attributes().words {
        Some(takes) if takes != words.len() => Err(ErrorKind::Device(format!(
            "cannot launch `{}`: {} words; it takes {takes}",
            function.name(),
            words.len()
        ))),
        _ => Ok(()),
    }
}
