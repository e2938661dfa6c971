#![doc = include_str!("lib.md")]
#![deny(missing_docs)]

// What the attribute writes begins with `::lazuli`, in this crate too.
extern crate self as lazuli;

mod array;
mod benchmark;
mod buffer;
mod compare;
mod control;
mod create;
mod device;
mod display;
mod dynamic;
mod elementwise;
mod eval;
mod fast_math;
mod function;
mod generalized;
mod inspect;
mod interop;
mod kernel;
mod limit;
mod linalg;
mod nodes;
mod numbers;
mod numerals;
mod operand;
mod operators;
mod plan;
mod raw;
mod read;
mod record;
mod reduce;
mod rows;
mod slice;
mod stream;
mod views;

pub use array::Array;
pub use benchmark::{Benchmark, benchmark, memory_bandwidth};
pub use buffer::{DeviceBuffer, HostBuffer, Transfer};
pub use control::{
    clear_kernel_cache, clear_memory, fusion, kernel_cache, loop_limit, set_background_compilation,
    set_memory_limit, set_num_threads, stats, stats_scope, verify, wait_for_compiler,
};
pub use device::{Device, DeviceInfo};
pub use dynamic::DynArray;
pub use eval::{Roots, eval, explain};
pub use fast_math::{FastMath, fast_math};
pub use function::thread::KernelElement;
pub use function::{
    Arg, Bundle, ElementwiseKernel, Expr, Given as KernelArguments, Inputs as KernelInputs,
    Outputs as KernelOutputs, ReductionKernel, State as ReductionState, if_else, while_loop,
    while_loop_bounded,
};
pub use generalized::InnerArg;
pub use inspect::{Inspection, IntoCapability, KernelCode, Resources, inspect};
pub use kernel::{Kernel, KernelParameter, KernelParameters, KernelWithShared};
pub use limit::{RecordingLimit, set_recording_limit, with_recording_limit};
pub use numbers::{Bitwise, Float, Integer, Number, Real};
pub use operand::Operand;
pub use plan::{Arguments, Plan, Results, compile};
pub use raw::{BlockSize, Dim3, KernelArg, KernelArgs, RawKernel};
pub use stream::{Event, Stream, eval_on};

pub use lazuli_backends::{KernelCache, MemoryUse, Stats};
pub use lazuli_core::dtype::{DType, Element, bf16, f16};
pub use lazuli_core::error::{Error, ErrorKind};
pub use lazuli_core::shape::DimInt;
pub use lazuli_fusion::explain::ExplainedStep;
pub use ndarray::{NewAxis, s};

#[doc = include_str!("generalized/guvectorize.md")]
pub use lazuli_macros::guvectorize;

#[doc = include_str!("kernel/kernel.md")]
pub use lazuli_macros::kernel;

#[doc = include_str!("stencil.md")]
pub use lazuli_macros::stencil;

#[doc = include_str!("vectorize.md")]
pub use lazuli_macros::vectorize;

/// What the attributes of this crate write. Not for use by hand: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use crate::function::{
        Arg, Arrays, Join, Kind, Traces, Valued, Vectorized, call, here, scalar, stencil, thread, traced,
    };
    pub mod generalized {
        pub use crate::generalized::{Generalized, Made, call, result, scalar, threads, views};
    }
    pub use crate::kernel::Parameter;
    pub use lazuli_core::generalized::{Dim, Fault, NAMES};
}

#[doc = include_str!("../docs/from_numba.md")]
pub mod from_numba {}

// What is defined below the front door cannot have an example there that uses arrays.

/// Axes of an array, as reductions take them: `..`, a number, several numbers, or [`keep`] of
/// these.
///
/// ```
/// # use lazuli::prelude::*;
/// fn spread(x: &Array<f64>, axes: impl Into<Axes>) -> Array<f64> {
///     let axes = keep(axes);
///     x.max(axes.clone()) - x.min(axes)
/// }
/// let x = Array::arange(0.0, 24.0, 1.0).reshape([2, 3, 4]);
/// assert_eq!(spread(&x, [0, -1]).shape(), [1, 3, 1]);
/// assert_eq!(spread(&x, ..).item()?, 23.0);
/// # Ok::<(), lazuli::Error>(())
/// ```
pub use lazuli_core::shape::Axes;

/// Shapes and lists of axes, as they are written: arrays, slices, vectors and tuples.
///
/// ```
/// # use lazuli::prelude::*;
/// fn grid(shape: impl IntoDims) -> Array<f32> {
///     Array::zeros(shape)
/// }
/// let n: usize = 3;
/// assert_eq!(grid([2, 3]).shape(), grid((2, n)).shape()); // literals and sizes in one tuple
/// assert_eq!(grid(vec![n, n]).reshape((n, -1, 1)).shape(), [3, 3, 1]);
/// assert_eq!(grid(()).ndim(), 0);
/// ```
pub use lazuli_core::shape::IntoDims;

/// Axes that a reduction keeps at length 1, so that its result broadcasts against the array.
///
/// ```
/// # use lazuli::prelude::*;
/// let x = Array::from_shape_vec([2, 2], vec![1.0f32, 3.0, 5.0, 9.0])?;
/// assert_eq!(x.sum(-1).shape(), [2]);
/// assert_eq!(x.sum(keep(-1)).shape(), [2, 1]);
/// assert_eq!((&x - x.mean(keep(-1))).to_vec()?, [-1.0, 1.0, -2.0, 2.0]);
/// # Ok::<(), lazuli::Error>(())
/// ```
pub use lazuli_core::shape::keep;

/// How arrays would be computed: what [`explain`] and [`Array::explain`] give.
///
/// ```
/// # use lazuli::prelude::*;
/// let x = Array::from_vec(vec![0.5f64; 1000]);
/// let plan = x.softmax(..).explain();
/// for step in &plan.steps {
///     println!("{}: {} ({} bytes written)", step.kind, step.schedule, step.bytes_written);
/// }
/// assert_eq!((plan.kernels(), plan.arena), (1, 0)); // one kernel, no temporary
/// assert!(plan.to_svg().starts_with("<svg"));
/// ```
pub use lazuli_fusion::Explain;

/// What ordinary programs need: `use lazuli::prelude::*;`.
///
/// `Result` is not in it; the error type is [`lazuli::Error`](crate::Error).
pub mod prelude {
    pub use crate::{
        Array, Axes, Bitwise, DType, Device, DynArray, Element, Float, Integer, IntoDims, NewAxis, Number,
        Real, bf16, f16, keep, s, vectorize,
    };
}

/// The examples of the README, run with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
