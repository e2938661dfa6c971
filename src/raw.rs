//! [`RawKernel`]: kernels in PTX or CUDA C++, run as they are.
//!
//! For kernels that exist already, and for what Lazuli does not do yet. They work on [`DeviceBuffer`]s,
//! which arrays become and are made of without a copy, and run in the order of a [`Stream`]. What can be
//! checked is: that the arguments are those that the text asks for, that grid and block are possible, that
//! everything is on one GPU; and memory stays until the kernel has run, and is used by others in the
//! order in which the program asked for it. What the kernel does with its arguments nobody can check,
//! so [`launch`](RawKernel::launch) is `unsafe`.

use crate::record::Call;
use crate::{Device, DeviceBuffer, Element, Stream, bf16, f16};
use lazuli_backends::raw::signature::Kind;
use lazuli_backends::raw::{Argument, RawKernel as Loaded};
use lazuli_core::Error;
use smallvec::SmallVec;
use std::fmt;

/// A kernel on a GPU, from PTX or CUDA C++.
///
/// ```
/// # use lazuli::prelude::*;
/// # use lazuli::{RawKernel, Stream};
/// let source = r#"
///     extern "C" __global__ void saxpy(unsigned n, float a, const float *x, float *y) {
///         unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
///         if (i < n) y[i] += a * x[i];
///     }"#;
/// fn run(gpu: &Device, source: &str) -> Result<Array<f32>, lazuli::Error> {
///     let saxpy = RawKernel::from_cuda_source(gpu, source, "saxpy", &[])?;
///     let x = Array::from_vec(vec![1.0f32; 1000]).to_device(gpu).into_device_buffer()?;
///     let mut y = Array::from_vec(vec![0.5f32; 1000]).to_device(gpu).into_device_buffer()?;
///     let block = saxpy.suggest_block_size(0)?.threads;
///     let (grid, stream) = (1000u32.div_ceil(block), Stream::default_of(gpu)?);
///     // SAFETY: the kernel reads 1000 floats of `x`, and writes as many of `y`.
///     unsafe { saxpy.launch(&stream, grid, block, 0, (1000u32, 2.0f32, &x, &mut y))? };
///     Array::from_device_buffer(y, [1000])
/// }
/// match Device::cuda(0).and_then(|gpu| run(&gpu, source)) {
///     Ok(y) => assert_eq!(y.to_vec()?, [2.5; 1000]),
///     Err(error) => println!("{error}"), // no GPU, or no NVRTC
/// }
/// # Ok::<(), lazuli::Error>(())
/// ```
pub struct RawKernel(Loaded);

impl RawKernel {
    /// The kernel that a PTX text calls `entry`, assembled by the driver for a GPU.
    ///
    /// Errors: the device is no GPU, or there is none; the text does not assemble (the assembler's words,
    /// with the line, are in the error); it has no such kernel.
    ///
    /// ```
    /// # use lazuli::{Device, RawKernel};
    /// let ptx = "
    ///     .version 8.0
    ///     .target sm_75
    ///     .address_size 64
    ///     .visible .entry nothing(.param .u32 n) { ret; }";
    /// match Device::cuda(0).and_then(|gpu| RawKernel::from_ptx(&gpu, ptx, "nothing")) {
    ///     Ok(kernel) => println!("{kernel:?}"),
    ///     Err(error) => println!("{error}"),
    /// }
    /// ```
    #[track_caller]
    pub fn from_ptx(device: &Device, ptx: &str, entry: &str) -> Result<RawKernel, Error> {
        let call = Call::new("RawKernel::from_ptx");
        Loaded::from_ptx(device.id(), ptx, entry).map(RawKernel).map_err(|kind| call.error(kind))
    }

    /// The kernel that a text of CUDA C++ calls `entry`: a name (declared `extern "C"` or not), or an
    /// instance of a template, as in `"scale<float>"`. It is compiled by NVRTC, which comes with the CUDA
    /// toolkit (or as a Python package) and is looked for at run time. `options` are those of NVRTC, as in
    /// `"--use_fast_math"`; the GPU's architecture need not be named.
    ///
    /// Errors: as [`from_ptx`](RawKernel::from_ptx); NVRTC is not installed; the text does not compile
    /// (the compiler's words, with the lines, are in the error).
    #[track_caller]
    pub fn from_cuda_source(
        device: &Device,
        source: &str,
        entry: &str,
        options: &[&str],
    ) -> Result<RawKernel, Error> {
        let call = Call::new("RawKernel::from_cuda_source");
        let loaded = Loaded::from_cuda_source(device.id(), source, entry, options);
        loaded.map(RawKernel).map_err(|kind| call.error(kind))
    }

    /// Its name in the PTX.
    pub fn name(&self) -> &str {
        &self.0.signature().entry
    }

    /// The GPU that it was loaded for.
    pub fn device(&self) -> Device {
        Device::from_id(self.0.device())
    }

    /// Its PTX: what was given, or what NVRTC made.
    pub fn ptx(&self) -> &str {
        self.0.ptx()
    }

    /// The block size with which the GPU is busiest, where each block has `shared_bytes` of shared memory
    /// beside what the kernel declares.
    ///
    /// Errors: more shared memory than there is; the device is lost.
    #[track_caller]
    pub fn suggest_block_size(&self, shared_bytes: usize) -> Result<BlockSize, Error> {
        let call = Call::new("RawKernel::suggest_block_size");
        let (threads, blocks) = self.0.suggest_block_size(shared_bytes).map_err(|kind| call.error(kind))?;
        Ok(BlockSize { threads, blocks })
    }

    /// Has a stream run the kernel, by `grid` blocks of `block` threads, each block with `shared_bytes` of
    /// shared memory beside what the kernel declares. Returns when the stream has been given it. The
    /// arguments are a tuple of scalars, arrays of scalars (for structures), `&DeviceBuffer`s and, for those
    /// that the kernel writes, `&mut DeviceBuffer`s.
    ///
    /// The kernel runs after all that the stream was given before, and after all that was asked of its
    /// buffers, on whatever streams; what is asked of them next comes after it. They may be dropped at
    /// once.
    ///
    /// Errors: arguments that the kernel does not take; a grid, a block or shared memory beyond what the
    /// device has; a stream or a buffer of another device. What the kernel does wrong on the device is told
    /// by whoever waits for it, and names the line of the launch.
    ///
    /// # Safety
    ///
    /// The kernel must do with the arguments only what is right: it reads and writes within the buffers
    /// that it is given, writes those alone that are given as `&mut`, and ends.
    #[track_caller]
    pub unsafe fn launch(
        &self,
        stream: &Stream,
        grid: impl Into<Dim3>,
        block: impl Into<Dim3>,
        shared_bytes: usize,
        args: impl KernelArgs,
    ) -> Result<(), Error> {
        let call = Call::new("RawKernel::launch");
        let (grid, block) = (grid.into(), block.into());
        let mut arguments = SmallVec::new();
        args.collect(&mut arguments);
        // SAFETY: by the contract of this function.
        let launched =
            unsafe { self.0.launch(&stream.0, grid.0, block.0, shared_bytes, &arguments, call.at) };
        launched.map_err(|kind| call.error(kind))
    }
}

/// Its signature.
impl fmt::Debug for RawKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawKernel {} on {}", self.0.signature(), self.device())
    }
}

const _: () = {
    const fn send_and_sync<A: Send + Sync>() {}
    send_and_sync::<RawKernel>();
};

/// What [`RawKernel::suggest_block_size`] says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct BlockSize {
    /// Threads of a block.
    pub threads: u32,
    /// How many blocks make the whole GPU busy.
    pub blocks: u32,
}

/// Numbers of blocks of a grid, or of threads of a block, along up to three axes: `256`, `(16, 16)`,
/// `[8, 8, 8]`, in `u32`, `usize` or `i32`. Numbers that no GPU has are refused by the launch.
///
/// ```
/// # use lazuli::Dim3;
/// let n: usize = 1000;
/// assert_eq!(Dim3::from(n.div_ceil(256)), Dim3::from([4, 1, 1]));
/// assert_eq!(Dim3::from((16u32, 8)), Dim3::from([16, 8, 1]));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Dim3(pub(crate) [i64; 3]);

macro_rules! dimensions {
    ($($t:ty)*) => {$(
        impl From<$t> for Dim3 {
            fn from(x: $t) -> Dim3 {
                Dim3::from([x, 1, 1])
            }
        }
        impl From<($t, $t)> for Dim3 {
            fn from((x, y): ($t, $t)) -> Dim3 {
                Dim3::from([x, y, 1])
            }
        }
        impl From<($t, $t, $t)> for Dim3 {
            fn from((x, y, z): ($t, $t, $t)) -> Dim3 {
                Dim3::from([x, y, z])
            }
        }
        impl From<[$t; 2]> for Dim3 {
            fn from([x, y]: [$t; 2]) -> Dim3 {
                Dim3::from([x, y, 1])
            }
        }
        impl From<[$t; 3]> for Dim3 {
            fn from(all: [$t; 3]) -> Dim3 {
                // What does not fit is more than any GPU has, and stays so.
                Dim3(all.map(|n| i64::try_from(n).unwrap_or(i64::MAX)))
            }
        }
    )*};
}
dimensions! { u32 usize i32 }

mod sealed {
    use super::*;
    pub trait Arg {
        fn argument(&self) -> Argument<'_>;
    }
    pub trait Args {
        fn collect<'a>(&'a self, out: &mut SmallVec<[Argument<'a>; 8]>);
    }
    /// Of which arrays may be passed by value, too.
    pub trait Scalar: Copy {
        const NAME: &'static str;
        const KIND: Kind;
        fn append(self, out: &mut SmallVec<[u8; 16]>);
    }
}
use sealed::{Arg, Args, Scalar};

/// What a kernel may be given: integers, floats, `bool`s, arrays of them by value (for structures: the
/// kernel's parameter has as many bytes), `&DeviceBuffer`, and `&mut DeviceBuffer` for what it writes.
pub trait KernelArg: Arg {}
impl<A: Arg> KernelArg for A {}

/// The arguments of a launch: tuples of up to sixteen [`KernelArg`]s.
pub trait KernelArgs: Args {}
impl<A: Args> KernelArgs for A {}

macro_rules! scalars {
    ($($kind:ident: $($t:ident)*;)*) => {$($(
        impl Scalar for $t {
            const NAME: &'static str = stringify!($t);
            const KIND: Kind = Kind::$kind(size_of::<$t>());
            fn append(self, out: &mut SmallVec<[u8; 16]>) {
                out.extend_from_slice(&self.to_ne_bytes());
            }
        }
        impl Arg for $t {
            fn argument(&self) -> Argument<'_> {
                Argument::bytes(<$t as Scalar>::KIND, <$t as Scalar>::NAME, &self.to_ne_bytes())
            }
        }
    )*)*};
}
scalars! {
    Integer: i8 i16 i32 i64 isize u8 u16 u32 u64 usize;
    Float: f16 f32 f64;
    Bits: bf16;
}

impl Arg for bool {
    fn argument(&self) -> Argument<'_> {
        Argument::bytes(Kind::Integer(1), "bool", &[u8::from(*self)])
    }
}

impl<T: Scalar, const N: usize> Arg for [T; N] {
    fn argument(&self) -> Argument<'_> {
        let mut bytes = SmallVec::new();
        self.iter().for_each(|value| value.append(&mut bytes));
        Argument::bytes(Kind::Bits(bytes.len()), std::any::type_name::<[T; N]>(), &bytes)
    }
}

impl<T: Element> Arg for &DeviceBuffer<T> {
    fn argument(&self) -> Argument<'_> {
        Argument::memory(self.memory(), false)
    }
}

impl<T: Element> Arg for &mut DeviceBuffer<T> {
    fn argument(&self) -> Argument<'_> {
        Argument::memory(self.memory(), true)
    }
}

macro_rules! tuples {
    ($($($name:ident)*;)*) => {$(
        impl<$($name: Arg),*> Args for ($($name,)*) {
            #[allow(non_snake_case, unused_variables)]
            fn collect<'a>(&'a self, out: &mut SmallVec<[Argument<'a>; 8]>) {
                let ($($name,)*) = self;
                $(out.push($name.argument());)*
            }
        }
    )*};
}
tuples! {
    ; A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H; A B C D E F G H I;
    A B C D E F G H I J; A B C D E F G H I J K; A B C D E F G H I J K L; A B C D E F G H I J K L M;
    A B C D E F G H I J K L M N; A B C D E F G H I J K L M N O; A B C D E F G H I J K L M N O P;
}
