#![doc = include_str!("lib.md")]
#![deny(missing_docs)]

mod array;
mod compare;
mod control;
mod create;
mod device;
mod display;
mod dynamic;
mod elementwise;
mod eval;
mod interop;
mod limit;
mod linalg;
mod nodes;
mod numbers;
mod numerals;
mod operand;
mod operators;
mod read;
mod record;
mod reduce;
mod rows;
mod slice;
mod views;

pub use array::Array;
pub use control::set_memory_limit;
pub use device::{Device, DeviceInfo};
pub use dynamic::DynArray;
pub use eval::{Roots, eval, explain};
pub use limit::{RecordingLimit, set_recording_limit, with_recording_limit};
pub use numbers::{Bitwise, Float, Integer, Number, Real};
pub use operand::Operand;

pub use lazuli_backends::{
    Stats, clear_memory, fusion_scope as fusion, set_num_threads, stats, stats_scope, verify,
};
pub use lazuli_core::dtype::{DType, Element, bf16, f16};
pub use lazuli_core::error::{Error, ErrorKind};
pub use lazuli_core::shape::{Axes, DimInt, IntoDims, keep};
pub use lazuli_fusion::Explain;
pub use ndarray::{NewAxis, s};

/// What ordinary programs need: `use lazuli::prelude::*;`.
///
/// `Result` is not in it; the error type is [`lazuli::Error`](crate::Error).
pub mod prelude {
    pub use crate::{
        Array, Axes, Bitwise, DType, Device, DynArray, Element, Float, Integer, IntoDims, NewAxis, Number,
        Real, bf16, f16, keep, s,
    };
}
