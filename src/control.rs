//! What holds for the whole process or a whole scope, beyond single arrays: limits, threads,
//! checks and counters. The work is done in `lazuli_backends`; these are its handles.

use lazuli_backends::{KernelCache, Stats};

/// Sets the most bytes that arrays may use together of the machine's memory, and of each GPU's;
/// `None` goes back to the default, which is nine tenths of the machine's memory, and all of a
/// GPU's. The limit is hard: an evaluation that would exceed it fails before it has begun, and can
/// be tried again. [`Device::memory_use`](crate::Device::memory_use) tells what is used.
///
/// ```standalone_crate
/// # use lazuli::prelude::*;
/// lazuli::set_memory_limit(1 << 20);
/// assert!((Array::<f64>::zeros([1 << 20]) + 1.0).eval().is_err());
/// lazuli::set_memory_limit(None);
/// ```
pub fn set_memory_limit(bytes: impl Into<Option<usize>>) {
    lazuli_backends::set_memory_limit(bytes.into());
}

/// Gives memory that is kept for reuse back to the system. Freed arrays leave their memory to the
/// next ones; a program that is done with large arrays may want it back. Waits for the work of GPUs,
/// whose memory is free when they are done with it.
///
/// ```
/// # use lazuli::prelude::*;
/// let x = (Array::<f64>::zeros([1 << 20]) + 1.0).eval()?.clone();
/// drop(x); // 8 MiB, kept
/// lazuli::clear_memory();
/// # Ok::<(), lazuli::Error>(())
/// ```
pub fn clear_memory() {
    lazuli_backends::clear_memory();
}

/// Sets how many threads an evaluation may use, the calling one among them; 0, the default, means
/// all cores. Results do not depend on it.
///
/// ```standalone_crate
/// # use lazuli::prelude::*;
/// let x = Array::from_fn([1000, 1000], |i| (i[0] as f32 - i[1] as f32).sqrt());
/// lazuli::set_num_threads(1);
/// let alone = x.nan_sum(..).item()?;
/// lazuli::set_num_threads(0);
/// assert_eq!(x.nan_sum(..).item()?, alone); // to the bit
/// # Ok::<(), lazuli::Error>(())
/// ```
pub fn set_num_threads(n: usize) {
    lazuli_backends::set_num_threads(n);
}

/// Switches checking of all evaluations of the process on or off. While it is on, each evaluation
/// runs a second time, op by op and without machine code; the first bit that differs is an error
/// that names the operation, its line and the element. Slow: for tests and for finding defects.
/// Matrix products run by the same library both times, so they are not checked.
///
/// ```standalone_crate
/// # use lazuli::prelude::*;
/// lazuli::verify(true);
/// let x = Array::linspace(0.0f64, 1.0, 1000);
/// let total = (x.sin() * &x).exp().sum(..).item(); // an `Err` if a bit differed
/// lazuli::verify(false);
/// assert!(total? > 1000.0);
/// # Ok::<(), lazuli::Error>(())
/// ```
pub fn verify(on: bool) {
    lazuli_backends::verify(on);
}

/// Runs `f` with fusion on or off for the evaluations of this thread. Off: every operation is a
/// kernel of its own. No bit of any result differs.
///
/// ```
/// # use lazuli::prelude::*;
/// let x = Array::from_vec(vec![0.5f64; 1000]);
/// let y = || (x.exp() * 2.0).sum(..);
/// let fused = y().item()?;
/// let (stepwise, stats) = lazuli::stats_scope(|| lazuli::fusion(false, || y().item()));
/// assert_eq!(stats.kernels_run, 3);
/// assert_eq!(stepwise?, fused);
/// # Ok::<(), lazuli::Error>(())
/// ```
pub fn fusion<R>(on: bool, f: impl FnOnce() -> R) -> R {
    lazuli_backends::fusion_scope(on, f)
}

/// What the process has planned, compiled, run and moved since it started.
///
/// ```
/// # use lazuli::prelude::*;
/// let before = lazuli::stats();
/// (Array::arange(0, 10, 1) * 2).eval()?;
/// assert!(lazuli::stats().kernels_run > before.kernels_run);
/// # Ok::<(), lazuli::Error>(())
/// ```
pub fn stats() -> Stats {
    lazuli_backends::stats()
}

/// Runs `f`, and counts what the evaluations of this thread did meanwhile. (`peak_memory` is that
/// of the process.)
///
/// ```
/// # use lazuli::prelude::*;
/// let x = Array::from_vec(vec![1.0f32; 1000]);
/// let (y, stats) = lazuli::stats_scope(|| (&x * 2.0 + 1.0).to_vec());
/// assert_eq!(y?, [3.0; 1000]);
/// assert_eq!((stats.kernels_run, stats.bytes_read, stats.bytes_written), (1, 4000, 4000));
/// # Ok::<(), lazuli::Error>(())
/// ```
pub fn stats_scope<R>(f: impl FnOnce() -> R) -> (R, Stats) {
    lazuli_backends::stats_scope(f)
}

/// Switches compilation in the background on (the default) or off, for the process.
///
/// When it is on, a kernel that is not compiled yet and that is short is interpreted while LLVM
/// compiles it, and later evaluations use the machine code; long ones wait for it. When it is off
/// every evaluation waits for the machine code of its kernels. No bit of a result depends on it;
/// `stats().kernels_interpreted` counts. `LAZULI_BACKGROUND_COMPILATION=0` in the environment
/// switches it off from the start.
///
/// ```standalone_crate
/// # use lazuli::prelude::*;
/// lazuli::set_background_compilation(false);
/// assert_eq!((Array::arange(0, 4, 1) * 3).to_vec()?, [0, 3, 6, 9]);
/// assert_eq!(lazuli::stats().kernels_interpreted, 0);
/// # Ok::<(), lazuli::Error>(())
/// ```
pub fn set_background_compilation(on: bool) {
    lazuli_backends::set_background_compilation(on);
}

/// The most turns that [`Device::portable`](crate::Device::portable) and
/// [`Device::cuda_simulator`](crate::Device::cuda_simulator) give a `while` or a `loop` of a function that says no
/// `max_iterations`: an evaluation, or a launch, in which one takes more is an `Err` that names its line. So a loop that
/// never ends is told within a minute, where machine code of a CPU or of a GPU would never come back. A `for` ends by
/// itself, and takes as many turns as it likes.
///
/// It is 2^24, or what `LAZULI_LOOP_LIMIT` in the environment says; it does not change while the process runs.
///
/// ```
/// println!("given up after {} turns", lazuli::loop_limit());
/// # assert!(lazuli::loop_limit() > 0);
/// ```
pub fn loop_limit() -> u64 {
    lazuli_core::function::loop_limit()
}

/// Waits until nothing is being compiled in the background: from then on, all kernels met so far
/// run as machine code. For measurements.
pub fn wait_for_compiler() {
    lazuli_backends::wait_for_compiler();
}

/// What is kept of machine code on disk for the next process: folder, number of kernels, bytes.
///
/// The folder is `lazuli` in the user's cache folder (`$XDG_CACHE_HOME` or `~/.cache`), or
/// `$LAZULI_CACHE_DIR`, where an empty value means that nothing is kept. It holds at most 64 MiB,
/// and may be copied to another machine: what does not fit a processor or a build is not found.
///
/// ```
/// let cache = lazuli::kernel_cache();
/// println!("{} kernels, {} bytes, in {:?}", cache.kernels, cache.bytes, cache.folder);
/// ```
pub fn kernel_cache() -> KernelCache {
    lazuli_backends::kernel_cache()
}

/// Removes all machine code from the disk. What this process has loaded stays.
///
/// Errors: of the file system.
pub fn clear_kernel_cache() -> std::io::Result<()> {
    lazuli_backends::clear_kernel_cache()
}
