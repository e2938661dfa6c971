//! Devices that run kernels as grids of threads: NVIDIA GPUs, and the simulator of one.
//!
//! [`launch`] settles how many blocks a kernel is and what numbers they get, the same for both, [`product`] what matrix products are;
//! [`thread_level`] is for kernels that programs write themselves, [`calls`] for those that generalised functions are;
//! [`cuda`] runs the blocks on a GPU, [`simulator`] on the CPU; [`ptxas`] says what they take of a card.

pub mod calls;
#[cfg(feature = "cuda")]
pub mod cuda;
pub mod launch;
pub mod product;
pub mod ptxas;
pub mod simulator;
pub mod thread_level;

use crate::llvm::exit::Compiling;
use crate::llvm::{grid::Printed, nvptx};
pub use launch::{Launches, Room};
use lazuli_core::ErrorKind;
pub use thread_level::ThreadKernel;

/// PTX of what was printed, for cards of a compute capability.
pub fn ptx(printed: &Printed, (major, minor): (u32, u32), _: &Compiling) -> Result<String, ErrorKind> {
    let architecture = nvptx::Architecture::of(major, minor).ok_or_else(|| {
        ErrorKind::Device(format!("compute capability {major}.{minor}: 7.5 is the least that is supported"))
    })?;
    let text = nvptx::compiler(architecture).and_then(|mut c| c.assembly(&printed.text));
    text.map_err(|error| ErrorKind::Compile(error.to_string()))
}
