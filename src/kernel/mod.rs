//! [`Kernel`]: what [`#[lazuli::kernel]`](crate::kernel) makes of a function, and its launches.
//!
//! The attribute (package `macros/`) makes a static of a function. The first launch writes the body down
//! ([`crate::function::thread`] has the words of it), and the engine below compiles that for a card or for
//! the simulator, once for each. What a launch is given is checked by the compiler, argument by argument
//! ([`parameters`]); what the threads do is checked while they run, unless the program says that it
//! answers for that.

mod parameters;

pub use parameters::{KernelParameter, KernelParameters, Parameter};

use crate::function::write_kernel;
use crate::inspect::{IntoCapability, Resources};
use crate::record::Call;
use crate::{Dim3, Stream};
use lazuli_backends::threads::{Bounds, Shape, ThreadKernel};
use lazuli_core::{Error, ErrorKind};
use parameters::{Given, Parameters};
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::OnceLock;

/// A kernel of threads, which [`#[lazuli::kernel]`](crate::kernel) makes of a function. `A` are the types
/// of its arguments, as they stand there; a launch gives a `&DeviceBuffer<T>` for `&[T]`, a
/// `&mut DeviceBuffer<T>` for `&mut [T]`, and scalars as they are.
///
/// ```
/// # use lazuli::prelude::*;
/// use lazuli::{DeviceBuffer, Stream};
///
/// #[lazuli::kernel]
/// fn saxpy(a: f32, x: &[f32], y: &mut [f32]) {
///     let i = block_idx().x * block_dim().x + thread_idx().x;
///     if i < x.len() {
///         y[i] = a * x[i] + y[i];
///     }
/// }
///
/// # #[cfg(feature = "llvm")] {
/// let device = Device::cuda(0).or_else(|_| Device::cuda_simulator())?;
/// let stream = Stream::default_of(&device)?;
/// let x = Array::arange(0.0f32, 1000.0, 1.0).to_device(&device).into_device_buffer()?;
/// let mut y = DeviceBuffer::<f32>::new(&device, 1000)?; // zeros
/// saxpy.launch(&stream, 8, 128, (2.0, &x, &mut y))?;
/// let y = Array::from_device_buffer(y, [1000])?;
/// assert_eq!(y.sum(..).item()?, 999000.0);
/// # }
/// # Ok::<(), lazuli::Error>(())
/// ```
pub struct Kernel<A> {
    name: &'static str,
    at: fn() -> &'static Location<'static>,
    write: fn(),
    made: OnceLock<Result<ThreadKernel, ErrorKind>>,
    arguments: PhantomData<fn(A)>,
}

impl<A> Kernel<A> {
    /// What the attribute writes. Not for use by hand.
    #[doc(hidden)]
    pub const fn __new(name: &'static str, at: fn() -> &'static Location<'static>, write: fn()) -> Kernel<A> {
        Kernel { name, at, write, made: OnceLock::new(), arguments: PhantomData }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The kernel, written down the first time.
    fn made(&self) -> Result<&ThreadKernel, ErrorKind> {
        let make = || {
            let written = write_kernel(self.name, (self.at)(), self.write);
            ThreadKernel::new(&written.map_err(ErrorKind::InvalidArgument)?)
        };
        self.made.get_or_init(make).as_ref().map_err(Clone::clone)
    }

    /// The LLVM IR of the kernel for the simulator on this CPU, without the checks: headed by its target, so
    /// that LLVM's own tools read it.
    ///
    /// Errors: a build without the feature `llvm`.
    #[track_caller]
    pub fn llvm_ir(&self) -> Result<String, Error> {
        let call = Call::new("Kernel::llvm_ir");
        self.made().and_then(ThreadKernel::llvm_ir).map_err(|kind| call.error(kind))
    }

    /// The assembly of that, as the simulator runs it on this CPU: a function of one thread, which other threads
    /// take turns with.
    ///
    /// Errors: a build without the feature `llvm`.
    ///
    /// ```
    /// #[lazuli::kernel]
    /// fn double(x: &mut [f64]) {
    ///     x[thread_idx().x] *= 2.0;
    /// }
    /// # #[cfg(feature = "llvm")]
    /// assert!(double.asm()?.contains("run:"));
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn asm(&self) -> Result<String, Error> {
        let call = Call::new("Kernel::asm");
        self.made().and_then(ThreadKernel::asm).map_err(|kind| call.error(kind))
    }

    /// The PTX of the kernel, as [`launch_unchecked`](Kernel::launch_unchecked) runs it, for GPUs of a compute
    /// capability: `(9, 0)`, `"9.0"`, `"sm_90"`, or a [`Device`](crate::Device) that is a GPU. None need be
    /// there.
    ///
    /// Errors: a compute capability below 7.5, or what is none; a build without the feature `llvm`.
    ///
    /// ```
    /// #[lazuli::kernel]
    /// fn count(hits: &mut [i32]) {
    ///     hits.atomic_add(0, 1);
    /// }
    /// # #[cfg(feature = "llvm")]
    /// assert!(count.ptx("sm_80")?.contains("atom"));
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn ptx(&self, capability: impl IntoCapability) -> Result<String, Error> {
        let call = Call::new("Kernel::ptx");
        let text = capability.capability().and_then(|c| self.made()?.ptx(c));
        text.map_err(|kind| call.error(kind))
    }

    /// What that takes of a GPU: registers, what of them is spilled, and shared memory, but for what a launch
    /// adds. NVIDIA's assembler says it; see [`KernelCode::resources`](crate::KernelCode::resources).
    ///
    /// Errors: as [`ptx`](Kernel::ptx); there is no `ptxas`, or it does not know the card.
    #[track_caller]
    pub fn resources(&self, capability: impl IntoCapability) -> Result<Vec<Resources>, Error> {
        let call = Call::new("Kernel::resources");
        let found = capability.capability().and_then(|c| self.made()?.resources(c));
        found.map_err(|kind| call.error(kind))
    }
}

impl<A: KernelParameters> Kernel<A> {
    /// Has a stream run the kernel, by `grid` blocks of `block` threads, and returns when it has run.
    ///
    /// It runs after all that the stream was given before and after all that was asked of its buffers, on
    /// whatever streams. Every index is looked at. An access out of bounds is not done, and is an error that
    /// names block, thread, index and line; so the kernel can do no harm beyond its buffers, whose contents
    /// are not to be relied upon after an error.
    ///
    /// On [`Device::cuda_simulator`](crate::Device::cuda_simulator) more is looked at: threads that reach the
    /// same element, at least one of them writing, without a barrier between; barriers that not all threads of
    /// a block reach; shared memory that is read and that nobody wrote; loops that do not end. What passes
    /// there does not depend on the order in which a card runs the threads, but for atomic changes whose order
    /// shows (sums of floats). On a card two
    /// threads that race leave one of their values, and a loop without a limit may not end.
    ///
    /// Errors: what the kernel did wrong; a grid or a block that no GPU has, or none; more shared memory
    /// than a block can have; a buffer of another device than the stream's; a device that has no threads
    /// (launch on a GPU, or on the simulator of one).
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// # use lazuli::{DeviceBuffer, Stream};
    /// #[lazuli::kernel]
    /// fn careless(y: &mut [i64]) {
    ///     let i = block_idx().x * block_dim().x + thread_idx().x;
    ///     y[i] = i;
    /// }
    /// # #[cfg(feature = "llvm")] {
    /// let device = Device::cuda_simulator()?;
    /// let (stream, mut y) = (Stream::default_of(&device)?, DeviceBuffer::new(&device, 100)?);
    /// careless.launch(&stream, 1, 100, (&mut y,))?;
    /// let error = careless.launch(&stream, 4, 32, (&mut y,)).unwrap_err();
    /// assert!(error.to_string().contains("uses index 100 where there are 100 elements"));
    /// # }
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn launch<'a>(
        &self,
        stream: &Stream,
        grid: impl Into<Dim3>,
        block: impl Into<Dim3>,
        arguments: A::Given<'a>,
    ) -> Result<(), Error> {
        self.shared(0).launch(stream, grid, block, arguments)
    }

    /// The same, but that nothing is looked at. On a GPU this returns when the stream has been given the
    /// kernel; what is asked of the buffers next comes after it.
    ///
    /// Errors: of the launch, as [`launch`](Kernel::launch). What the kernel does wrong may be told by
    /// whoever waits for it, or not at all.
    ///
    /// # Safety
    ///
    /// Each index that a thread uses is within its array; no two threads reach the same element without a
    /// barrier between, unless both read or both change it atomically; all threads of a block reach the same
    /// barriers, and all threads of a warp the same exchanges and votes; shared memory is written before it
    /// is read; the kernel ends.
    #[track_caller]
    pub unsafe fn launch_unchecked<'a>(
        &self,
        stream: &Stream,
        grid: impl Into<Dim3>,
        block: impl Into<Dim3>,
        arguments: A::Given<'a>,
    ) -> Result<(), Error> {
        // SAFETY: by the contract of this function.
        unsafe { self.shared(0).launch_unchecked(stream, grid, block, arguments) }
    }

    /// The kernel with the length of the shared array whose length the launch gives
    /// (`let tile = shared_dynamic::<f32>();`), in elements.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// # use lazuli::Stream;
    /// /// Each block turns its part around.
    /// #[lazuli::kernel]
    /// fn turn(x: &mut [i32]) {
    ///     let tile = shared_dynamic::<i32>();
    ///     let (i, first) = (thread_idx().x, block_idx().x * block_dim().x);
    ///     tile[i] = x[first + i];
    ///     barrier();
    ///     x[first + i] = tile[block_dim().x - 1 - i];
    /// }
    /// # #[cfg(feature = "llvm")] {
    /// let device = Device::cuda_simulator()?;
    /// let mut x = Array::arange(0, 6, 1).to_device(&device).into_device_buffer()?;
    /// turn.shared(3).launch(&Stream::default_of(&device)?, 2, 3, (&mut x,))?;
    /// assert_eq!(Array::from_device_buffer(x, [6])?.to_vec()?, [2, 1, 0, 5, 4, 3]);
    /// # }
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    pub fn shared(&self, elements: usize) -> KernelWithShared<'_, A> {
        KernelWithShared { kernel: self, elements }
    }
}

impl<A> fmt::Debug for Kernel<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kernel `{}` at {}", self.name, (self.at)())
    }
}

/// A [`Kernel`] with the length of a shared array: see [`Kernel::shared`].
#[derive(Clone, Copy)]
pub struct KernelWithShared<'k, A> {
    kernel: &'k Kernel<A>,
    elements: usize,
}

impl<A: KernelParameters> KernelWithShared<'_, A> {
    /// As [`Kernel::launch`].
    ///
    /// Errors: as there; the kernel has no such array.
    #[track_caller]
    pub fn launch<'a>(
        &self,
        stream: &Stream,
        grid: impl Into<Dim3>,
        block: impl Into<Dim3>,
        arguments: A::Given<'a>,
    ) -> Result<(), Error> {
        let call = Call::new("Kernel::launch");
        // SAFETY: every access is checked.
        unsafe { self.run(call, stream, grid.into(), block.into(), arguments, Bounds::Checked) }
    }

    /// As [`Kernel::launch_unchecked`].
    ///
    /// Errors: as there; the kernel has no such array.
    ///
    /// # Safety
    ///
    /// As there.
    #[track_caller]
    pub unsafe fn launch_unchecked<'a>(
        &self,
        stream: &Stream,
        grid: impl Into<Dim3>,
        block: impl Into<Dim3>,
        arguments: A::Given<'a>,
    ) -> Result<(), Error> {
        let call = Call::new("Kernel::launch_unchecked");
        // SAFETY: by the contract of this function.
        unsafe { self.run(call, stream, grid.into(), block.into(), arguments, Bounds::Trusted) }
    }

    /// # Safety
    /// If bounds are trusted, as [`Kernel::launch_unchecked`].
    unsafe fn run(
        &self,
        call: Call,
        stream: &Stream,
        grid: Dim3,
        block: Dim3,
        arguments: A::Given<'_>,
        bounds: Bounds,
    ) -> Result<(), Error> {
        let mut given = Given::default();
        <A as Parameters>::give(arguments, &mut given);
        let launched = self.kernel.made().and_then(|kernel| {
            let extents = |what: &str, all: Dim3| match all.0.map(u32::try_from) {
                [Ok(x), Ok(y), Ok(z)] => Ok([x, y, z]),
                _ => {
                    let why = format!("`{}`: there is no {what} of {:?}", self.kernel.name, all.0);
                    Err(ErrorKind::InvalidArgument(why))
                }
            };
            let (grid, block) = (extents("grid", grid)?, extents("block", block)?);
            let shape = Shape { grid, block, shared: self.elements };
            // SAFETY: buffers are borrowed, those that are written for this alone, and belong to the stream's
            // device (checked below) for as long as it uses them; the rest by the contract of this function.
            unsafe { kernel.launch(&stream.0, shape, &given.scalars, &given.slices, bounds) }
        });
        launched.map_err(|kind| call.error(kind))
    }
}

const _: () = {
    const fn send_and_sync<A: Send + Sync>() {}
    send_and_sync::<Kernel<(f32, &'static mut [f64])>>();
};
