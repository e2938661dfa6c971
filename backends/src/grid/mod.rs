//! Devices that run kernels as grids of threads: NVIDIA GPUs, and the simulator of one.
//!
//! [`launch`] settles how many blocks a kernel is and what numbers they get, the same for both, [`product`] what matrix products are;
//! [`cuda`] runs the blocks on a GPU, [`simulator`] on the CPU.

#[cfg(feature = "cuda")]
pub mod cuda;
pub mod launch;
pub mod product;
pub mod simulator;

pub use launch::{Launches, Room};
