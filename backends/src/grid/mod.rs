//! Devices that run kernels as grids of threads: NVIDIA GPUs, and the simulator of one.
//!
//! [`launch`] settles how many blocks a kernel is and what numbers they get, the same for both;
//! [`simulator`] runs the blocks on the CPU.

pub mod launch;
pub mod simulator;

pub use launch::{Launches, Room};
