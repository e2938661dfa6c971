//! Kernels that a program writes at thread level: their code, and their launches.
//!
//! On the simulator a launch is checked: accesses out of bounds, races between threads, barriers that
//! not all threads reach, reads of shared memory that nobody wrote, loops that do not end. Each is an
//! error that names the thread, the index and the line. On a card indices are looked at. What is
//! launched without checks is as fast as it can be, and the program answers for it.

use crate::exec::buffers::SliceArgument;
use crate::exec::streams::Stream;
use crate::exec::{stats, threads::num_threads};
use crate::llvm::emit::Dialect;
use crate::llvm::grid;
use crate::llvm::grid::threads::{self, Bounds, Printed, Site};
use crate::llvm::{Code, kernels};
pub use crate::threads::Shape;
use crate::{Stats, sim};
use lazuli_core::function::Memory;
use lazuli_core::{DeviceId, ErrorKind, FastMath, Function};
use lazuli_fusion::Callee;
use std::sync::{Arc, OnceLock};

type Result<T> = std::result::Result<T, ErrorKind>;

/// The most threads of a block along z, and blocks of a grid along y and z: those of all cards.
const MOST_Z_THREADS: u32 = 64;
const MOST_YZ_BLOCKS: u32 = 65_535;

/// Why a launch failed.
pub enum Failure {
    /// Something in the kernel: what, the index that was used or the turns that were taken, and all of it
    /// in words.
    At(Site, i64, String),
    /// Something else.
    Other(ErrorKind),
}

impl From<ErrorKind> for Failure {
    fn from(kind: ErrorKind) -> Failure {
        Failure::Other(kind)
    }
}

impl Failure {
    fn kind(self) -> ErrorKind {
        match self {
            Failure::At(_, _, text) => ErrorKind::Device(text),
            Failure::Other(kind) => kind,
        }
    }
}

/// A kernel at thread level.
pub struct ThreadKernel {
    callee: Callee,
    memory: Memory,
    checked: OnceLock<Result<Arc<Simulated>>>,
    trusted: OnceLock<Result<Arc<Simulated>>>,
    #[cfg(feature = "cuda")]
    cards: on_card::Cards,
}

/// Machine code for the simulator.
struct Simulated {
    code: Code,
    cooperative: bool,
    sites: Vec<sim::Site>,
    known: Vec<Site>,
}

impl ThreadKernel {
    /// A kernel from its function.
    pub fn new(function: &Arc<Function>) -> Result<ThreadKernel> {
        let Some(memory) = function.memory.clone() else {
            return Err(ErrorKind::Internal(format!("`{}` is no kernel", function.name)));
        };
        Ok(ThreadKernel {
            callee: Callee::new(function, FastMath::empty()),
            memory,
            checked: OnceLock::new(),
            trusted: OnceLock::new(),
            #[cfg(feature = "cuda")]
            cards: on_card::Cards::default(),
        })
    }

    /// Its name in the program.
    pub fn name(&self) -> &'static str {
        self.callee.function.name
    }

    /// The function in primitive instructions: what all engines run.
    pub fn callee(&self) -> &Callee {
        &self.callee
    }

    /// Its module in LLVM IR, for a card or for the simulator.
    pub fn print(&self, dialect: Dialect, bounds: Bounds) -> Result<Printed> {
        threads::print(&self.callee, &self.memory, dialect, bounds).map_err(ErrorKind::Compile)
    }

    /// Its module for a card, and what each access in it is.
    pub(crate) fn for_card(&self, bounds: Bounds) -> Result<(grid::Printed, Vec<Site>)> {
        let printed = self.print(Dialect::Ptx, bounds)?;
        let module = grid::Printed {
            text: printed.text,
            entries: vec!["run".into()],
            shared: printed.shared,
            cooperative: printed.cooperative,
            sites: Vec::new(),
        };
        Ok((module, printed.sites))
    }

    /// Puts a launch on a stream. On the simulator it is done when this returns, and on a card if it is
    /// checked.
    ///
    /// # Safety
    /// Each slice's memory is there for the stream and used by nobody else in a way that conflicts. If
    /// bounds are trusted, all indices are in bounds and threads do not race.
    pub unsafe fn launch(
        &self,
        stream: &Stream,
        shape: Shape,
        scalars: &[u64],
        slices: &[SliceArgument<'_>],
        bounds: Bounds,
    ) -> Result<()> {
        let device = stream.device();
        if device.is_host() {
            let text = format!(
                "`{}` is a kernel of threads, which {} does not have: launch it on a GPU, or on `Device::cuda_simulator()`",
                self.name(),
                device.name()
            );
            return Err(ErrorKind::InvalidArgument(text));
        }
        self.check(shape, scalars, slices, device)?;
        let result = match stream {
            // SAFETY: by the contract of this function.
            Stream::Host(_) => unsafe { self.simulate(shape, scalars, slices, bounds) },
            #[cfg(feature = "cuda")]
            // SAFETY: by the contract of this function.
            Stream::Cuda(stream) => unsafe { self.on_card(stream, shape, scalars, slices, bounds) },
        };
        result.map_err(Failure::kind)
    }

    /// Compiles it for a device.
    pub(crate) fn load(&self, device: DeviceId, bounds: Bounds) -> Result<()> {
        match device {
            #[cfg(feature = "cuda")]
            DeviceId::Cuda(index) => self.loaded(crate::cuda::device(index.into())?, bounds).map(|_| ()),
            _ => self.simulated(bounds).map(|_| ()),
        }
    }

    /// Runs a launch as part of an evaluation: on a card, on the stream of that.
    ///
    /// # Safety
    /// As [`launch`](Self::launch).
    pub(crate) unsafe fn run(
        &self,
        device: DeviceId,
        shape: Shape,
        scalars: &[u64],
        slices: &[SliceArgument<'_>],
        bounds: Bounds,
    ) -> std::result::Result<(), Failure> {
        self.check(shape, scalars, slices, device)?;
        match device {
            #[cfg(feature = "cuda")]
            DeviceId::Cuda(index) => {
                let stream = crate::grid::cuda::stream(crate::cuda::device(index.into())?)?;
                // SAFETY: by the contract of this function.
                unsafe { self.on_card(&stream, shape, scalars, slices, bounds) }
            }
            // SAFETY: by the contract of this function.
            _ => unsafe { self.simulate(shape, scalars, slices, bounds) },
        }
    }

    /// Is it a launch of this kernel that a card could run?
    fn check(
        &self,
        shape: Shape,
        scalars: &[u64],
        slices: &[SliceArgument<'_>],
        device: DeviceId,
    ) -> Result<()> {
        let name = self.name();
        let wrong = |text: String| Err(ErrorKind::InvalidArgument(format!("`{name}`: {text}")));
        let Shape { grid, block, .. } = shape;
        if grid.contains(&0) || block.contains(&0) {
            return wrong(format!("a launch of {grid:?} blocks of {block:?} threads has no threads"));
        }
        let product = |n: [u32; 3]| n.iter().try_fold(1u32, |a, &b| a.checked_mul(b)).unwrap_or(u32::MAX);
        if product(block) > sim::MAX_BLOCK || block[2] > MOST_Z_THREADS {
            let most = sim::MAX_BLOCK;
            return wrong(format!(
                "a block of {block:?} threads: {most} in all, and {MOST_Z_THREADS} along z, are the most"
            ));
        }
        if product(grid) > sim::MAX_GRID || grid[1].max(grid[2]) > MOST_YZ_BLOCKS {
            let most = sim::MAX_GRID;
            return wrong(format!(
                "a grid of {grid:?} blocks: {most} in all, and {MOST_YZ_BLOCKS} along y and z, are the most"
            ));
        }
        let (have, want) = (scalars.len(), threads::scalars(&self.callee, &self.memory).len());
        if have != want || slices.len() != self.memory.slices.len() {
            return wrong("arguments of another kernel".into());
        }
        let dynamic = self.memory.shared.iter().any(|array| array.len.is_none());
        if shape.shared > 0 && !dynamic {
            return wrong("it has no shared array whose length the launch gives".into());
        }
        let bytes = self.shared_bytes(shape);
        if bytes > sim::MAX_SHARED as usize {
            return wrong(format!("{bytes} bytes of shared memory, where {} are the most", sim::MAX_SHARED));
        }
        for (slice, known) in slices.iter().zip(&self.memory.slices) {
            if slice.device != device {
                let (of, on) = (slice.device.name(), device.name());
                return wrong(format!(
                    "`{}` is in the memory of {of}, and the stream is one of {on}",
                    known.name
                ));
            }
            if slice.dtype != known.dtype {
                return wrong(format!(
                    "`{}` has elements of {}, not {}",
                    known.name, known.dtype, slice.dtype
                ));
            }
        }
        Ok(())
    }

    /// Bytes of shared memory of a block.
    fn shared_bytes(&self, shape: Shape) -> usize {
        let (begins, end) = threads::shared_layout(&self.memory);
        match self.memory.shared.last().zip(begins.last()) {
            Some((array, begin)) if array.len.is_none() => {
                begin.saturating_add(shape.shared.saturating_mul(array.dtype.size()))
            }
            _ => end,
        }
    }

    /// The words of a launch; a card notes accesses out of bounds at `fault`.
    fn words(&self, shape: Shape, scalars: &[u64], slices: &[SliceArgument<'_>], fault: u64) -> Vec<u64> {
        let mut words = scalars.to_vec();
        words.extend(slices.iter().flat_map(|s| [s.address, s.len as u64]));
        words.extend(shape.block.iter().chain(&shape.grid).map(|&n| u64::from(n)));
        words.extend([shape.shared as u64, fault]);
        debug_assert_eq!(words.len(), threads::words(&self.callee, &self.memory));
        words
    }

    /// How messages name the threads of a launch and its memory.
    fn names(&self, shape: Shape, slices: &[SliceArgument<'_>]) -> sim::Names {
        let array = |name: &str, buffer: String, begin: usize, len: usize, element: usize| {
            let [begin, bytes, element] = [begin, len * element, element].map(|n| n as u64);
            sim::Array { name: format!("`{name}`"), buffer, begin, bytes, element }
        };
        let slices = slices.iter().zip(&self.memory.slices).map(|(slice, known)| {
            array(known.name, format!("`{}`", known.name), 0, slice.len, known.dtype.size())
        });
        let (begins, _) = threads::shared_layout(&self.memory);
        let shared = self.memory.shared.iter().zip(begins).map(|(known, begin)| {
            let len = known.len.map_or(shape.shared, |len| len as usize);
            array(known.name, sim::SHARED_MEMORY.into(), begin, len, known.dtype.size())
        });
        sim::Names { grid: shape.grid, block: shape.block, arrays: slices.chain(shared).collect() }
    }

    fn simulated(&self, bounds: Bounds) -> Result<Arc<Simulated>> {
        let (slot, dialect) = match bounds {
            Bounds::Checked => (&self.checked, Dialect::Checked),
            Bounds::Trusted => (&self.trusted, Dialect::Simulated),
        };
        slot.get_or_init(|| {
            let printed = self.print(dialect, bounds)?;
            stats::count(&Stats { kernels_compiled: 1, ..Stats::default() });
            let code = kernels::with_compiler(|jit| {
                jit.compile(&printed.text, &["run"]).map_err(|error| ErrorKind::Compile(error.to_string()))
            })?;
            let site = |site: &Site| sim::Site { what: site.text.clone(), at: None };
            let sites = printed.sites.iter().map(site).collect();
            // A thread that goes round for ever is stopped in the middle: as a coroutine it can be.
            let cooperative = printed.cooperative || !self.callee.loops().is_empty();
            Ok(Arc::new(Simulated { code, cooperative, sites, known: printed.sites }))
        })
        .clone()
    }

    /// # Safety
    /// As [`launch`](Self::launch).
    unsafe fn simulate(
        &self,
        shape: Shape,
        scalars: &[u64],
        slices: &[SliceArgument<'_>],
        bounds: Bounds,
    ) -> std::result::Result<(), Failure> {
        let program = self.simulated(bounds)?;
        let words = self.words(shape, scalars, slices, 0);
        // SAFETY: the code was generated with this signature.
        let kernel = unsafe { std::mem::transmute::<*const u8, sim::Kernel>(program.code.entry(0)) };
        let launch = sim::Launch {
            shared: self.shared_bytes(shape) as u32,
            cooperative: program.cooperative,
            sites: &program.sites,
            ..sim::Launch::new(kernel, &words, shape.grid.iter().product(), shape.block.iter().product())
        };
        stats::count(&Stats { launches: 1, ..Stats::default() });
        // SAFETY: by the contract of this function; checked code asks before each access.
        let result = unsafe {
            match bounds {
                Bounds::Trusted => sim::run(&launch, num_threads()),
                Bounds::Checked => {
                    let mut memory = sim::Memory::new();
                    for (slice, known) in slices.iter().zip(&self.memory.slices) {
                        let bytes = slice.len * slice.dtype.size();
                        memory.add(slice.address, bytes, true, known.writable, format!("`{}`", known.name));
                    }
                    sim::run_checked(&launch, &memory)
                }
            }
        };
        result.map_err(|fault| {
            let text = format!("kernel `{}` failed: {}", self.name(), self.names(shape, slices).tell(&fault));
            let at = match &fault {
                sim::Fault::Index { index, site, .. } => Some((site, *index)),
                sim::Fault::Turns { turns, site, .. } => Some((site, *turns as i64)),
                _ => None,
            };
            let known = at.and_then(|(site, value)| {
                let known = program.known.iter().find(|known| known.text == site.what)?;
                Some((known.clone(), value))
            });
            match known {
                Some((site, value)) => Failure::At(site, value, text),
                None => Failure::Other(ErrorKind::Device(text)),
            }
        })
    }
}

#[cfg(feature = "cuda")]
mod on_card {
    use super::*;
    use crate::cuda::{Device, Note, Stream};
    use crate::exec::transfer;
    use crate::grid::cuda::{self, Loaded};
    use lazuli_core::BufferRef;
    use smallvec::SmallVec;
    use std::collections::HashMap;
    use std::sync::{Mutex, PoisonError};

    /// The code of a kernel by device and bounds.
    #[derive(Default)]
    pub struct Cards(Mutex<HashMap<(usize, Bounds), (Arc<Loaded>, Arc<[Site]>)>>);

    /// Bytes of the record of an access out of bounds.
    const RECORD: usize = 32;

    impl ThreadKernel {
        pub(super) fn loaded(
            &self,
            device: &'static Device,
            bounds: Bounds,
        ) -> Result<(Arc<Loaded>, Arc<[Site]>)> {
            let mut known = self.cards.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = known.get(&(device.index(), bounds)) {
                return Ok(found.clone());
            }
            let (module, sites) = self.for_card(bounds)?;
            let key = lazuli_fusion::trace::words_of(&(&self.callee, &self.memory, self.name()));
            let what = format!("threads {bounds:?}");
            let sites: Arc<[Site]> = sites.into();
            let loaded = cuda::loaded(&[&what], &key, device, &["run".into()], || Ok(module))?;
            known.insert((device.index(), bounds), (loaded.clone(), sites.clone()));
            Ok((loaded, sites))
        }

        /// # Safety
        /// As [`launch`](Self::launch).
        pub(super) unsafe fn on_card(
            &self,
            stream: &Stream,
            shape: Shape,
            scalars: &[u64],
            slices: &[SliceArgument<'_>],
            bounds: Bounds,
        ) -> std::result::Result<(), Failure> {
            let limited = self.callee.loops().iter().any(|l| l.limit.is_some());
            if limited && bounds == Bounds::Trusted {
                let text =
                    format!("`{}` limits its loops, which only a checked launch can report", self.name());
                return Err(ErrorKind::InvalidArgument(text).into());
            }
            let (loaded, sites) = self.loaded(stream.device(), bounds)?;
            for (slice, known) in slices.iter().zip(&self.memory.slices) {
                let buffer = cuda::buffer(slice.buffer)?;
                // Who writes comes after all who read, on whatever streams they do.
                if known.writable {
                    buffer.settle()?;
                }
                buffer.used_on(stream)?;
            }
            let record: Option<BufferRef> = match bounds {
                Bounds::Trusted => None,
                Bounds::Checked => {
                    let record = transfer::allocate(RECORD, stream.device().id())?;
                    let buffer = cuda::buffer(&record)?;
                    buffer.used_on(stream)?;
                    buffer.place().fill_zero(buffer, RECORD, stream)?;
                    Some(record)
                }
            };
            let fault = record.as_ref().map_or(0, |record| record.ptr() as u64);
            let words = self.words(shape, scalars, slices, fault);
            let note = Note { operation: self.name(), location: Some(self.callee.function.at) };
            let shared = self.shared_bytes(shape);
            let (grid, block) = (shape.grid.map(i64::from), shape.block.map(i64::from));
            let words = [SmallVec::from_vec(words)];
            // SAFETY: the kernel has one parameter, an array of as many words; the rest by the contract, and
            // the record is ours.
            unsafe { stream.launch_foreign(loaded.function(0), grid, block, shared, &words, note)? };
            for (slice, _) in slices.iter().zip(&self.memory.slices).filter(|(_, known)| known.writable) {
                cuda::buffer(slice.buffer)?.settle()?;
            }
            let Some(record) = record else { return Ok(()) };
            let mut bytes = [0u8; RECORD];
            let buffer = cuda::buffer(&record)?;
            stream.device().download(buffer, 0, &mut bytes, stream)?;
            let word = |k: usize| i64::from_le_bytes(bytes[k * 8..][..8].try_into().expect("8 bytes"));
            match word(0) {
                0 => Ok(()),
                site => {
                    let (name, [value, thread, block]) = (self.name(), [1, 2, 3].map(word));
                    let at = sim::Place { block: block as u32, thread: thread as u32 };
                    let at = self.names(shape, slices).place(at);
                    let known = sites.get(site as usize - 1);
                    let text = known.map_or("?", |site| &site.text);
                    let looped = known.is_some_and(|site| site.effect.is_none());
                    let text = match looped {
                        true => format!(
                            "kernel `{name}` failed: endless loop: {at} went round {value} times in `{text}`"
                        ),
                        false => format!(
                            "kernel `{name}` failed: out of bounds: {at} uses index {value} in `{text}`"
                        ),
                    };
                    Err(match known {
                        Some(site) => Failure::At(site.clone(), value, text),
                        None => Failure::Other(ErrorKind::Device(text)),
                    })
                }
            }
        }
    }
}
