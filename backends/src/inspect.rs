//! The code of a plan's kernels, to be read: LLVM IR, assembly, PTX, and what a GPU is asked for.
//!
//! Nothing is run, and no cache is looked into or filled: a text is made when it is asked for, by the very
//! steps that make the code. It depends on the kernel alone, so any kernel can be looked at for any
//! target: for cards that are not there, and for this CPU also where the arrays are on a GPU.

#[cfg(feature = "llvm")]
use crate::grid::{self, ptxas};
#[cfg(feature = "llvm")]
use crate::llvm::{self, Jit, JitError, emit::Dialect, exit, kernels};
#[cfg(feature = "llvm")]
use crate::threads::{Bounds, ThreadKernel};
#[cfg(feature = "llvm")]
use lazuli_core::DType;
use lazuli_core::{Error, ErrorKind, NodeRef};
use lazuli_fusion::bind::Launch;
use lazuli_fusion::explain::ExplainedStep;
use std::fmt;

/// What one function of a kernel takes of a GPU, as NVIDIA's assembler says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Resources {
    /// The function.
    pub entry: String,
    /// Registers of a thread.
    pub registers: usize,
    /// Bytes of registers that a thread writes to memory because there are too few.
    pub spill_stores: usize,
    /// Bytes of them that it reads back.
    pub spill_loads: usize,
    /// Bytes of shared memory of a block, but for what a launch adds.
    pub shared: usize,
}

/// What evaluating `roots` would launch, in order.
pub fn inspect(roots: &[NodeRef]) -> Result<Vec<Inspected>, Error> {
    let launches = crate::exec::launches(roots)?;
    let on_cpu = roots.first().is_none_or(|root| root.device().is_host());
    Ok(launches.into_iter().map(|(step, launch)| Inspected { step, launch, on_cpu }).collect())
}

/// A kernel of a plan, or a library call. `Display` prints what it computes.
#[derive(Clone, Debug)]
pub struct Inspected {
    step: ExplainedStep,
    launch: Launch,
    /// Are the arrays on the CPU? Then a library and the program itself compute what is no kernel.
    #[cfg_attr(not(feature = "llvm"), allow(dead_code))]
    on_cpu: bool,
}

impl Inspected {
    /// Its description.
    pub fn step(&self) -> &ExplainedStep {
        &self.step
    }
}

#[cfg(feature = "llvm")]
impl Inspected {
    /// The module that LLVM is given for this CPU.
    pub fn llvm_ir(&self) -> Result<String, ErrorKind> {
        self.for_cpu(|jit, text| jit.module(text))
    }

    /// The assembly of this CPU.
    pub fn asm(&self) -> Result<String, ErrorKind> {
        self.for_cpu(Jit::assembly)
    }

    /// The PTX for cards of a compute capability.
    pub fn ptx(&self, capability: (u32, u32)) -> Result<String, ErrorKind> {
        let printed = match &self.launch {
            Launch::Kernel(bound) => {
                let geometry = llvm::grid::Geometry::of(bound);
                llvm::grid::print(bound, geometry, Dialect::Ptx).map_err(ErrorKind::Compile)?
            }
            Launch::MatMul(m) => llvm::grid::matmul::print(m.dtype == DType::F64, Dialect::Ptx),
            Launch::Call(call) => grid::calls::kernel(call)?.for_card(Bounds::Checked)?.0,
        };
        grid::ptx(&printed, capability, &exit::compiling())
    }

    /// What each function of the PTX takes of a card, in the order in which they are launched.
    pub fn resources(&self, capability: (u32, u32)) -> Result<Vec<Resources>, ErrorKind> {
        ptxas::resources(&self.ptx(capability)?, capability)
    }

    /// Makes a text of the module for this CPU.
    fn for_cpu(
        &self,
        make: impl FnOnce(&mut Jit, &str) -> Result<String, JitError>,
    ) -> Result<String, ErrorKind> {
        let none = |why: &str| Err(ErrorKind::Compile(why.into()));
        match &self.launch {
            Launch::Kernel(_) if !llvm::available() => {
                none("this CPU has no AVX2 and FMA: its kernels are interpreted, and have no machine code")
            }
            Launch::Kernel(bound) => compiled(make, |jit| {
                llvm::print(bound, jit.target().vector_bits()).map(|printed| printed.text)
            }),
            Launch::MatMul(_) if self.on_cpu => none(
                "a library computes matrix products on the CPU; only GPUs have a kernel for them: see `ptx`, \
                 or have the arrays on the simulator",
            ),
            Launch::MatMul(m) => {
                let printed = llvm::grid::matmul::print(m.dtype == DType::F64, Dialect::Simulated);
                compiled(make, |_| Ok(printed.text))
            }
            Launch::Call(_) if self.on_cpu => none(
                "on the CPU a generalised function is part of the program, which rustc compiled; only GPUs have a kernel \
                 for it: see `ptx`, or have the arrays on the simulator",
            ),
            Launch::Call(call) => grid::calls::kernel(call)?.for_simulator(make),
        }
    }
}

/// Has a text of a module made by the compiler of this CPU, of what is printed for it.
#[cfg(feature = "llvm")]
fn compiled(
    make: impl FnOnce(&mut Jit, &str) -> Result<String, JitError>,
    print: impl FnOnce(&Jit) -> Result<String, String>,
) -> Result<String, ErrorKind> {
    kernels::with_compiler(|jit| {
        let text = print(jit).map_err(ErrorKind::Compile)?;
        make(jit, &text).map_err(|error| ErrorKind::Compile(error.to_string()))
    })
}

/// Kernels at thread level, as they run without checks.
#[cfg(feature = "llvm")]
impl ThreadKernel {
    /// The module that LLVM is given for the simulator, on this CPU.
    pub fn llvm_ir(&self) -> Result<String, ErrorKind> {
        self.for_simulator(|jit, text| jit.module(text))
    }

    /// The assembly of that, which the simulator runs.
    pub fn asm(&self) -> Result<String, ErrorKind> {
        self.for_simulator(Jit::assembly)
    }

    /// The PTX for cards of a compute capability.
    pub fn ptx(&self, capability: (u32, u32)) -> Result<String, ErrorKind> {
        grid::ptx(&self.for_card(Bounds::Trusted)?.0, capability, &exit::compiling())
    }

    /// What the PTX takes of a card.
    pub fn resources(&self, capability: (u32, u32)) -> Result<Vec<Resources>, ErrorKind> {
        ptxas::resources(&self.ptx(capability)?, capability)
    }

    /// Makes a text of the module for the simulator.
    fn for_simulator(
        &self,
        make: impl FnOnce(&mut Jit, &str) -> Result<String, JitError>,
    ) -> Result<String, ErrorKind> {
        let printed = self.print(Dialect::Simulated, Bounds::Trusted)?;
        compiled(make, |_| Ok(printed.text))
    }
}

/// Without LLVM kernels are interpreted, and have no other text than their own.
#[cfg(not(feature = "llvm"))]
impl Inspected {
    /// An error.
    pub fn llvm_ir(&self) -> Result<String, ErrorKind> {
        Err(without_llvm())
    }

    /// An error.
    pub fn asm(&self) -> Result<String, ErrorKind> {
        Err(without_llvm())
    }

    /// An error.
    pub fn ptx(&self, _: (u32, u32)) -> Result<String, ErrorKind> {
        Err(without_llvm())
    }

    /// An error.
    pub fn resources(&self, _: (u32, u32)) -> Result<Vec<Resources>, ErrorKind> {
        Err(without_llvm())
    }
}

#[cfg(not(feature = "llvm"))]
fn without_llvm() -> ErrorKind {
    let why = "this build has no LLVM: its kernels are interpreted; build with the feature `llvm` to see their code";
    ErrorKind::Compile(why.into())
}

impl fmt::Display for Inspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.launch {
            Launch::Kernel(bound) => bound.kernel.fmt(f),
            Launch::MatMul(m) => {
                let (rows, inner, columns) = m.extents;
                let batch: usize = m.batch.iter().product();
                writeln!(f, "matmul {} {rows} x {inner} x {columns}, {batch} time(s)", m.dtype)
            }
            Launch::Call(call) => {
                let (name, signature) = (call.function.name, call.function.signature);
                writeln!(f, "{name} {signature}, {} time(s)", call.points())
            }
        }
    }
}
