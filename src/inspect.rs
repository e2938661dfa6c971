//! [`inspect`]: the code of the kernels that would compute arrays, to be read.
//!
//! `explain()` says what is fused and what it costs; this shows the kernels themselves, at every level
//! that they pass: Lazuli's own text, LLVM IR, the assembly of this CPU, PTX for any card, and what a
//! card is asked for. Nothing is computed and nothing kept: texts are made when they are asked for, by
//! the steps that make the code that runs. A function compiled by [`compile`](crate::compile) has the
//! kernels of the expression that it records.
//!
//! The plan does not depend on the device, so an array on the CPU can be inspected for a GPU that is not
//! there, and one on a GPU for the CPU.

use crate::eval::Roots;
use crate::record::Call;
use crate::{Array, Device, Element};
use lazuli_backends::inspect::{self as code, Inspected};
use lazuli_core::{Error, ErrorKind};
use lazuli_fusion::explain::ExplainedStep;
use std::fmt;

pub use lazuli_backends::inspect::Resources;

/// The kernels by which [`eval`](crate::eval()) would compute these arrays; see [`Array::inspect`].
///
/// Errors: of the first poisoned array, or of planning.
///
/// ```
/// # use lazuli::prelude::*;
/// let x = Array::from_vec(vec![1.0f64; 1000]);
/// let found = lazuli::inspect((x.mean(..), x.max(..)))?;
/// assert_eq!(found.kernels().len(), 1); // one pass over x
/// # Ok::<(), lazuli::Error>(())
/// ```
pub fn inspect(roots: impl Roots) -> Result<Inspection, Error> {
    let mut nodes = Vec::new();
    roots.collect_nodes(&mut nodes);
    let kernels = code::inspect(&nodes)?.into_iter().map(KernelCode).collect();
    Ok(Inspection { kernels })
}

/// # Inspection
impl<T: Element> Array<T> {
    /// The kernels by which the array would be computed, with their code. Does not evaluate; of an
    /// array that is there already there are none.
    ///
    /// Errors: what poisoned the array.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::linspace(-3.0f32, 3.0, 1000);
    /// let y = (-&x * &x).exp();
    /// let found = y.inspect()?;
    /// println!("{found}"); // what each kernel computes
    /// # #[cfg(feature = "llvm")]
    /// for kernel in found.kernels() {
    ///     println!("{}", kernel.llvm_ir()?);
    ///     println!("{}", kernel.asm()?); // of this CPU
    ///     println!("{}", kernel.ptx("sm_90")?); // of any GPU, also of one that is not there
    ///     match kernel.resources((9, 0)) {
    ///         Ok(entries) => println!("{} registers", entries[0].registers),
    ///         Err(error) => println!("{error}"), // NVIDIA's assembler is not installed
    ///     }
    /// }
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    pub fn inspect(&self) -> Result<Inspection, Error> {
        inspect(self)
    }
}

/// The kernels of a plan, in order. `Display` prints what each of them computes, in Lazuli's own notation:
/// an instruction a line, with its type, whether it is done for every element (`full`) or once a row, and how many
/// reductions stand below it.
///
/// ```
/// # use lazuli::prelude::*;
/// let x = Array::from_vec(vec![1.0f32, 2.0]);
/// let text = (&x * &x).sum(..).inspect()?.to_string();
/// assert!(text.contains("mul %0 %0") && text.contains("reduce sum %1"));
/// # Ok::<(), lazuli::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Inspection {
    kernels: Vec<KernelCode>,
}

impl Inspection {
    /// Each kernel, and each matrix product and call of a generalised function: on the CPU a library and the
    /// program itself compute these, on a GPU, and on the simulator of one, kernels.
    pub fn kernels(&self) -> std::slice::Iter<'_, KernelCode> {
        self.kernels.iter()
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, kernel) in self.kernels.iter().enumerate() {
            let step = kernel.description();
            writeln!(f, "{i}: {} - {}", step.kind, step.schedule)?;
            for operation in &step.operations {
                writeln!(f, "     {operation}")?;
            }
            write!(f, "{kernel}")?;
        }
        Ok(())
    }
}

/// One kernel of a plan: see [`Array::inspect`]. `Display` prints what it computes.
#[derive(Clone, Debug)]
pub struct KernelCode(Inspected);

impl KernelCode {
    /// What it is for and what it moves, as [`Explain`](crate::Explain) has it.
    pub fn description(&self) -> &ExplainedStep {
        self.0.step()
    }

    /// The LLVM IR of the kernel for this CPU, as LLVM is given it: checked, and headed by its target,
    /// so that LLVM's own tools read it.
    ///
    /// A matrix product and a call of a generalised function are no kernels of a CPU: a library computes the one, and the
    /// program itself, which rustc compiled, the other. They have IR where the arrays are on the simulator of a GPU, or on a
    /// GPU: that of the kernel which the simulator runs, as machine code of this CPU.
    ///
    /// Errors: a matrix product, or a call of a generalised function, of arrays on the CPU; a build without the feature
    /// `llvm`; a CPU without AVX2.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let y = Array::linspace(0.0f64, 1.0, 100).sqrt();
    /// for kernel in y.inspect()?.kernels() {
    ///     match kernel.llvm_ir() {
    ///         Ok(text) => assert!(text.contains("@llvm.sqrt")),
    ///         Err(error) => println!("{error}"),
    ///     }
    /// }
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn llvm_ir(&self) -> Result<String, Error> {
        let call = Call::new("llvm_ir");
        self.0.llvm_ir().map_err(|kind| call.error(kind))
    }

    /// The assembly of the kernel for this CPU: what runs there, or, of what has a kernel on GPUs alone, on the simulator.
    ///
    /// Errors: as [`llvm_ir`](KernelCode::llvm_ir).
    #[track_caller]
    pub fn asm(&self) -> Result<String, Error> {
        let call = Call::new("asm");
        self.0.asm().map_err(|kind| call.error(kind))
    }

    /// The PTX of the kernel for GPUs of a compute capability: `(9, 0)`, `"9.0"`, `"sm_90"`, or a
    /// [`Device`] that is a GPU. None need be there. The code is that for the sizes of the arrays.
    ///
    /// Errors: a compute capability below 7.5, or what is none; a build without the feature `llvm`.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// # #[cfg(feature = "llvm")] {
    /// let y = Array::linspace(0.0f64, 1.0, 100).sqrt();
    /// for kernel in y.inspect()?.kernels() {
    ///     assert!(kernel.ptx((7, 5))?.contains("sqrt.rn.f64"));
    ///     assert!(kernel.ptx("sm_20").is_err());
    /// }
    /// # }
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn ptx(&self, capability: impl IntoCapability) -> Result<String, Error> {
        let call = Call::new("ptx");
        capability.capability().and_then(|c| self.0.ptx(c)).map_err(|kind| call.error(kind))
    }

    /// What the kernel takes of a GPU of a compute capability: registers, what of them is spilled, and
    /// shared memory, for each function that it is on a GPU, in the order in which they are launched.
    /// NVIDIA's assembler says it: the program `ptxas`, which `LAZULI_PTXAS` may name, or which is on the
    /// `PATH`, below `CUDA_HOME`, or where `scripts/ptxas` puts it.
    ///
    /// Errors: as [`ptx`](KernelCode::ptx); there is no `ptxas`, or it does not know the card.
    #[track_caller]
    pub fn resources(&self, capability: impl IntoCapability) -> Result<Vec<Resources>, Error> {
        let call = Call::new("resources");
        capability.capability().and_then(|c| self.0.resources(c)).map_err(|kind| call.error(kind))
    }
}

impl fmt::Display for KernelCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

pub(crate) mod sealed {
    use super::*;
    pub trait Capability {
        fn capability(self) -> Result<(u32, u32), ErrorKind>;
    }
}
use sealed::Capability;

/// What a GPU can do, as [`KernelCode::ptx`] takes it: `(9, 0)`, `"9.0"`, `"sm_90"`, or a [`Device`] that is a
/// GPU.
pub trait IntoCapability: Capability {}
impl<C: Capability> IntoCapability for C {}

impl Capability for (u32, u32) {
    fn capability(self) -> Result<(u32, u32), ErrorKind> {
        match self {
            (0..1000, 0..10) => Ok(self),
            (major, minor) => Err(none(&format!("{major}.{minor}"))),
        }
    }
}

fn none(written: &str) -> ErrorKind {
    let why = format!("{written} is no compute capability: write \"9.0\", \"sm_90\" or (9, 0)");
    ErrorKind::InvalidArgument(why)
}

impl Capability for &str {
    fn capability(self) -> Result<(u32, u32), ErrorKind> {
        let number = |text: &str| match text.bytes().all(|b| b.is_ascii_digit()) {
            true => text.parse::<u32>().ok(),
            false => None,
        };
        let found = match (self.split_once('.'), self.strip_prefix("sm_")) {
            (Some((major, minor)), _) => number(major).zip(number(minor)),
            (None, Some(digits)) => number(digits).map(|n| (n / 10, n % 10)),
            (None, None) => None,
        };
        found.ok_or_else(|| none(&format!("{self:?}")))?.capability()
    }
}

impl Capability for &Device {
    fn capability(self) -> Result<(u32, u32), ErrorKind> {
        self.info().compute_capability.ok_or_else(|| {
            let why = format!("{self} is no GPU, and has no compute capability: write (9, 0), or \"sm_90\"");
            ErrorKind::InvalidArgument(why)
        })
    }
}
