//! The vocabulary of Lazuli, shared by every other package.
//!
//! What an array *is* (dtype, shape, layout), what can be done to it (operations), how that is
//! written down before it is run (the lazy graph), and what can go wrong (errors). Nothing here
//! computes a value: this package knows no LLVM, no CUDA and no threads. It promises that
//! recording never panics and never fails - a bad shape poisons the node instead - and that no
//! walk over a graph recurses, so graphs may be as deep as memory allows.
//!
//! Read in this order: [`dtype`], [`shape`], [`layout`], [`op`], [`function`], [`fold`], [`graph`], [`error`].

pub mod buffer;
pub mod caps;
pub mod device;
pub mod dtype;
pub mod error;
pub mod fast_math;
pub mod fold;
pub mod function;
pub mod generalized;
pub mod graph;
pub mod layout;
pub mod op;
pub mod shape;
pub mod window;

pub use buffer::{Buffer, BufferRef, Value};
pub use caps::Caps;
pub use device::DeviceId;
pub use dtype::{DType, Element, Scalar, bf16, f16};
pub use error::{Error, ErrorKind, Result};
pub use fast_math::FastMath;
pub use fold::Fold;
pub use function::Function;
pub use generalized::Generalized;
pub use graph::{Node, NodeRef};
pub use layout::Layout;
pub use op::{BinaryOp, Op, ReduceOp, UnaryOp, View};
pub use shape::{Axes, Dims, IntoDims};
pub use window::{Edge, WindowPart};
