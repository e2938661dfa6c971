//! Kernels that are not ours: from PTX or CUDA C++, launched as they are.
//!
//! What a kernel does with its arguments nobody can know; that they are what it takes, that the launch is
//! possible and that memory is there until it has run is seen to here. The order of work is kept by the
//! buffers: what a kernel reads comes after all that wrote it, what it writes after all that used it, on
//! whatever streams ([`launch`](RawKernel::launch)).

pub mod signature;

use crate::Stream;
use crate::exec::buffers::DeviceMemory;
use lazuli_core::{BufferRef, DeviceId, Element, ErrorKind};
use signature::{Kind, Signature};
use smallvec::SmallVec;
use std::panic::Location;

#[cfg(feature = "cuda")]
use crate::{cuda, grid, llvm::exit};

type Result<T> = std::result::Result<T, ErrorKind>;

/// An argument of a launch.
#[cfg_attr(not(feature = "cuda"), allow(dead_code, reason = "nothing is launched without it"))]
pub struct Argument<'a> {
    kind: Kind,
    what: &'a str,
    value: Passed<'a>,
}

#[cfg_attr(not(feature = "cuda"), allow(dead_code, reason = "nothing is launched without it"))]
enum Passed<'a> {
    /// By value, aligned for anything.
    Bits(SmallVec<[u64; 2]>),
    /// Memory of a device, and whether it is written.
    Memory(&'a BufferRef, bool),
}

impl<'a> Argument<'a> {
    /// Bytes, handed over as they are. `what` is their type in words.
    pub fn bytes(kind: Kind, what: &'a str, bytes: &[u8]) -> Argument<'a> {
        debug_assert_eq!(kind.size(), bytes.len());
        let word = |part: &[u8]| {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            u64::from_ne_bytes(word)
        };
        Argument { kind, what, value: Passed::Bits(bytes.chunks(8).map(word).collect()) }
    }

    /// A device's memory, to be read only, or written too.
    pub fn memory<T: Element>(memory: &'a DeviceMemory<T>, is_written: bool) -> Argument<'a> {
        Argument { kind: Kind::Address, what: "a buffer", value: Passed::Memory(memory.buffer(), is_written) }
    }
}

/// A kernel on a GPU.
pub struct RawKernel {
    signature: Signature,
    ptx: String,
    #[cfg(feature = "cuda")]
    function: cuda::Function,
    #[cfg(not(feature = "cuda"))]
    never: std::convert::Infallible,
}

impl RawKernel {
    /// What it takes.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Its text, with whatever else was in it.
    pub fn ptx(&self) -> &str {
        &self.ptx
    }
}

/// A build without CUDA has no kernels: [`RawKernel::from_ptx`] and its like say so.
#[cfg(not(feature = "cuda"))]
impl RawKernel {
    /// An error.
    pub fn from_ptx(_: DeviceId, _: &str, _: &str) -> Result<RawKernel> {
        crate::open_cuda(0).and_then(|_| Err(ErrorKind::Internal("a GPU in a build without CUDA".into())))
    }

    /// An error.
    pub fn from_cuda_source(device: DeviceId, _: &str, entry: &str, _: &[&str]) -> Result<RawKernel> {
        RawKernel::from_ptx(device, "", entry)
    }

    /// Never called.
    pub fn device(&self) -> DeviceId {
        match self.never {}
    }

    /// Never called.
    pub fn suggest_block_size(&self, _: usize) -> Result<(u32, u32)> {
        match self.never {}
    }

    /// Never called.
    ///
    /// # Safety
    /// Nothing is launched.
    pub unsafe fn launch(
        &self,
        _: &Stream,
        _: [i64; 3],
        _: [i64; 3],
        _: usize,
        _: &[Argument<'_>],
        _: &'static Location<'static>,
    ) -> Result<()> {
        match self.never {}
    }
}

#[cfg(feature = "cuda")]
impl RawKernel {
    /// The kernel of a name in a PTX text, assembled by the driver of a GPU.
    pub fn from_ptx(device: DeviceId, ptx: &str, entry: &str) -> Result<RawKernel> {
        let card = card(device)?;
        let _compiling = exit::compiling();
        RawKernel::load(card, ptx.into(), entry)
    }

    /// The kernel of a name in a text of CUDA C++, compiled by NVRTC for the very GPU.
    pub fn from_cuda_source(
        device: DeviceId,
        source: &str,
        entry: &str,
        options: &[&str],
    ) -> Result<RawKernel> {
        let card = card(device)?;
        let _compiling = exit::compiling();
        let (ptx, name) = cuda::nvrtc::compile(source, entry, options, card.compute_capability())?;
        RawKernel::load(card, ptx, &name)
    }

    fn load(card: &'static cuda::Device, ptx: String, entry: &str) -> Result<RawKernel> {
        // The assembler first: what is wrong with the text it says best.
        let module = card.load_module(ptx.as_bytes())?;
        let signature = Signature::read(&ptx, entry)?;
        let function = module.foreign_function(entry)?;
        let sizes = signature.parameters.iter().map(|p| p.kind.size());
        match function.parameter_sizes()? {
            Some(told) if !told.iter().copied().eq(sizes) => Err(ErrorKind::Internal(format!(
                "{signature} was read, and the driver has parameters of {told:?} bytes"
            ))),
            _ => Ok(RawKernel { signature, ptx, function }),
        }
    }

    /// The GPU that it was loaded for.
    pub fn device(&self) -> DeviceId {
        self.function.device().id()
    }

    /// Threads of a block with which the GPU is busiest, where each block has so many bytes of shared
    /// memory beside what the kernel declares; and how many blocks make it so.
    pub fn suggest_block_size(&self, shared: usize) -> Result<(u32, u32)> {
        self.function.best_block_size(shared)
    }

    /// Runs the kernel in the order of a stream, and after all that was asked of its buffers before.
    ///
    /// # Safety
    /// The kernel does with its arguments only what is right: it stays within the buffers, and writes only
    /// those that are said to be written.
    pub unsafe fn launch(
        &self,
        stream: &Stream,
        grid: [i64; 3],
        block: [i64; 3],
        shared: usize,
        arguments: &[Argument<'_>],
        at: &'static Location<'static>,
    ) -> Result<()> {
        let fail = |why: String| Err(ErrorKind::InvalidArgument(why));
        let (own, name) = (self.device(), &self.signature.entry);
        let stream = match stream {
            Stream::Cuda(cuda) if stream.device() == own => cuda,
            _ => {
                let of = stream.device().name();
                return fail(format!(
                    "a stream of {of} cannot run `{name}`, which was loaded for {}",
                    own.name()
                ));
            }
        };
        self.signature.check(arguments.iter().map(|a| (a.kind, a.what)))?;
        for (i, argument) in arguments.iter().enumerate() {
            if let Passed::Memory(memory, _) = argument.value
                && memory.device() != own
            {
                let of = memory.device().name();
                return fail(format!(
                    "argument {i} is memory of {of}; `{name}` was loaded for {}",
                    own.name()
                ));
            }
        }
        stream.check_foreign(&self.function, grid, block, shared)?;
        let memories = || {
            arguments.iter().filter_map(|a| match a.value {
                Passed::Memory(memory, is_written) => Some((grid::cuda::buffer(memory), is_written)),
                Passed::Bits(_) => None,
            })
        };
        for (buffer, is_written) in memories() {
            let buffer = buffer?;
            if is_written {
                buffer.settle()?;
            }
            buffer.used_on(stream)?;
        }
        let words = arguments.iter().map(|a| match &a.value {
            Passed::Bits(words) => words.clone(),
            Passed::Memory(memory, _) => SmallVec::from_slice(&[memory.ptr() as u64]),
        });
        let words: SmallVec<[SmallVec<[u64; 2]>; 8]> = words.collect();
        let note = cuda::Note { operation: "RawKernel::launch", location: Some(at) };
        // SAFETY: the arguments are as many and as large as the kernel's parameters (checked above); the memory
        // among them is there for the stream; what the kernel does is the caller's promise.
        unsafe { stream.launch_foreign(&self.function, grid, block, shared, &words, note)? };
        for (buffer, is_written) in memories() {
            if is_written {
                buffer?.settle()?;
            }
        }
        Ok(())
    }
}

/// The GPU that a device is.
#[cfg(feature = "cuda")]
fn card(device: DeviceId) -> Result<&'static cuda::Device> {
    if let DeviceId::Cuda(index) = device {
        return cuda::device(index.into());
    }
    // Where there is no GPU at all, this is what has to be said.
    crate::open_cuda(0)?;
    let why = format!("such kernels run on GPUs, and {} is none: give one of Device::cuda", device.name());
    Err(ErrorKind::InvalidArgument(why))
}
