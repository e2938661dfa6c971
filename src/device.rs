//! Devices: where arrays live and what computes them.
//!
//! Operations never mix devices silently. `cpu` and `portable` are two engines of one memory, so
//! moving an array between them shares its buffer.

use crate::record::Call;
use crate::{Array, Element, MemoryUse};
use lazuli_core::{DeviceId, Error, ErrorKind, Node};
use std::fmt;
use std::sync::atomic::{AtomicU16, Ordering};

/// A device that arrays live on and are computed by.
///
/// ```
/// # use lazuli::prelude::*;
/// let x = Array::from_vec(vec![1.0f32, 2.0]);
/// assert_eq!(x.device(), Device::default());
/// let y = x.to_device(&Device::portable());
/// assert_eq!(y.device().name(), "portable");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Device(DeviceId);

const FIRST_GPU: u16 = 3;

/// The default device, as [`Device::code`] has it: asked for with every new array.
static DEFAULT: AtomicU16 = AtomicU16::new(Device::cpu().code());

impl Device {
    pub(crate) fn from_id(id: DeviceId) -> Device {
        Device(id)
    }

    pub(crate) fn id(self) -> DeviceId {
        self.0
    }

    /// The device as a number.
    const fn code(self) -> u16 {
        match self.0 {
            DeviceId::Cpu => 0,
            DeviceId::Portable => 1,
            DeviceId::CudaSimulator => 2,
            DeviceId::Cuda(index) => FIRST_GPU + index as u16,
        }
    }

    /// The device of a number that [`Device::code`] gave.
    fn of_code(code: u16) -> Device {
        Device(match code {
            0 => DeviceId::Cpu,
            1 => DeviceId::Portable,
            2 => DeviceId::CudaSimulator,
            gpu => DeviceId::Cuda((gpu - FIRST_GPU) as u8),
        })
    }

    /// The CPU, through machine code made by LLVM; through the portable engine in a build
    /// without LLVM.
    pub const fn cpu() -> Device {
        Device(DeviceId::Cpu)
    }

    /// The CPU, through the portable interpreter: no compiler, any machine, the same bits.
    pub fn portable() -> Device {
        Device(DeviceId::Portable)
    }

    /// The NVIDIA GPU number `index`, from 0, as the driver counts them. Nothing but the driver need
    /// be installed.
    ///
    /// Errors: there is no driver, or one older than CUDA 12.0; there is no GPU of this number; a
    /// build without the feature `cuda`.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// match Device::cuda(0) {
    ///     Ok(gpu) => println!("{}", gpu.info()),
    ///     Err(error) => println!("{error}"),
    /// }
    /// ```
    #[track_caller]
    pub fn cuda(index: usize) -> Result<Device, Error> {
        let call = Call::new("Device::cuda");
        match lazuli_backends::open_cuda(index) {
            Ok(id) => Ok(Device(id)),
            Err(kind) => Err(call.error(kind)),
        }
    }

    /// The simulator of a GPU: the kernels that GPUs run, thread by thread on the CPU, bit for bit.
    /// Slow; for tests on machines without a GPU. While [`verify`](crate::verify) is on it also
    /// checks every access to memory: out of bounds, races between threads, what nobody wrote.
    ///
    /// Errors: a build without the feature `llvm`.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// # #[cfg(feature = "llvm")] {
    /// let x = Array::from_vec(vec![1.0f32, 2.0]).to_device(&Device::cuda_simulator()?);
    /// assert_eq!((&x * &x).sum(..).item()?, 5.0);
    /// # }
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn cuda_simulator() -> Result<Device, Error> {
        let call = Call::new("Device::cuda_simulator");
        match cfg!(feature = "llvm") {
            true => Ok(Device(DeviceId::CudaSimulator)),
            false => Err(call.error(ErrorKind::Device("this build has no LLVM, and so no simulator".into()))),
        }
    }

    /// All devices of this machine and build.
    pub fn all() -> Vec<Device> {
        lazuli_backends::devices().into_iter().map(Device).collect()
    }

    /// Makes `device` the one that new arrays of the process belong to. It is `cpu` at first.
    pub fn set_default(device: &Device) {
        DEFAULT.store(device.code(), Ordering::Relaxed);
    }

    /// The name that messages and plans use.
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// What arrays take of the device's memory, now and at most. Devices other than GPUs share the
    /// memory of the machine.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![1.0f64; 1000]);
    /// assert!(x.device().memory_use().live >= 8000);
    /// ```
    pub fn memory_use(&self) -> MemoryUse {
        lazuli_backends::memory_use(self.0)
    }

    /// What can be said about the device.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// for device in Device::all() {
    ///     println!("{}", device.info());
    /// }
    /// ```
    pub fn info(&self) -> DeviceInfo {
        let engine = match self.0 {
            DeviceId::Cpu if cfg!(feature = "llvm") => "machine code by LLVM",
            DeviceId::Cuda(_) => "PTX by LLVM",
            DeviceId::CudaSimulator => "kernels of GPUs by LLVM, thread by thread",
            _ => "portable interpreter",
        };
        let mut info = DeviceInfo {
            name: self.name(),
            model: None,
            engine,
            architecture: std::env::consts::ARCH,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            compute_capability: None,
            multiprocessors: None,
            cores_per_multiprocessor: None,
            driver_version: None,
            memory_total: memory_line("MemTotal:"),
            memory_available: memory_line("MemAvailable:"),
        };
        if let Some(gpu) = lazuli_backends::gpu(self.0) {
            info.model = Some(gpu.model);
            info.architecture = "nvptx64";
            info.threads = gpu.threads;
            info.compute_capability = Some(gpu.compute_capability);
            info.multiprocessors = Some(gpu.multiprocessors);
            info.cores_per_multiprocessor = gpu.cores_per_multiprocessor;
            info.driver_version = Some(gpu.driver_version);
            info.memory_total = Some(gpu.memory_total as u64);
            info.memory_available = gpu.memory_free.map(|bytes| bytes as u64);
        }
        info
    }
}

/// The device that new arrays belong to.
impl Default for Device {
    fn default() -> Device {
        Device::of_code(DEFAULT.load(Ordering::Relaxed))
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What [`Device::info`] says.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct DeviceInfo {
    /// The device's name.
    pub name: &'static str,
    /// The maker's name of a GPU.
    pub model: Option<String>,
    /// What runs kernels on it.
    pub engine: &'static str,
    /// The processor architecture.
    pub architecture: &'static str,
    /// How many threads it runs at once.
    pub threads: usize,
    /// What a GPU can do, as a version: major and minor.
    pub compute_capability: Option<(u32, u32)>,
    /// How many multiprocessors a GPU has.
    pub multiprocessors: Option<usize>,
    /// How many `f32` lanes a multiprocessor of a GPU has ("CUDA cores"), where that is known.
    pub cores_per_multiprocessor: Option<usize>,
    /// The newest CUDA that a GPU's driver knows: major and minor.
    pub driver_version: Option<(u32, u32)>,
    /// Bytes of memory, where the system tells.
    pub memory_total: Option<u64>,
    /// Bytes of memory that could be had now, where the system tells.
    pub memory_available: Option<u64>,
}

impl fmt::Display for DeviceInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        if let Some(model) = &self.model {
            write!(f, "{model}, ")?;
        }
        write!(f, "{}, {}, ", self.engine, self.architecture)?;
        if let Some((major, minor)) = self.compute_capability {
            write!(f, "compute capability {major}.{minor}, ")?;
        }
        match (self.multiprocessors, self.cores_per_multiprocessor) {
            (Some(n), Some(cores)) => write!(f, "{n} multiprocessors of {cores} cores, ")?,
            (Some(n), None) => write!(f, "{n} multiprocessors, ")?,
            _ => {}
        }
        write!(f, "{} threads", self.threads)?;
        if let Some((major, minor)) = self.driver_version {
            write!(f, ", driver for CUDA {major}.{minor}")?;
        }
        if let (Some(total), Some(available)) = (self.memory_total, self.memory_available) {
            write!(f, ", {} of {} MiB available", available >> 20, total >> 20)?;
        }
        Ok(())
    }
}

/// A line of /proc/meminfo, in bytes.
fn memory_line(name: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kb| kb << 10)
}

/// # Devices
impl<T: Element> Array<T> {
    /// The array on another device: the only way from one to another. Evaluates the array where
    /// it is. Devices that share a memory (`cpu` and `portable`) share the buffer; to the same
    /// device it is the same array; else its bytes are copied, and counted
    /// (`stats().bytes_copied`).
    ///
    /// Errors, as a poisoned array: of the evaluation; memory that cannot be had there; a device that
    /// is lost.
    #[track_caller]
    pub fn to_device(&self, device: &Device) -> Array<T> {
        let call = Call::new("to_device");
        if self.device() == *device {
            return self.clone();
        }
        Array::of(match crate::read::force(self.node()) {
            Ok(value) => match lazuli_backends::to_device(value, T::DTYPE, device.0) {
                Ok(value) => Node::ready_on(device.0, T::DTYPE, value, call.at),
                Err(kind) => call.poison(kind, T::DTYPE, device.0),
            },
            Err(error) => Node::poisoned(T::DTYPE, error, device.0),
        })
    }
}
