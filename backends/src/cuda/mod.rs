//! NVIDIA GPUs through their driver: devices, memory, streams, copies, modules and launches.
//!
//! Nothing of CUDA is needed to build this, or to run it where there is no GPU: the driver is looked
//! for by the first call that wants one ([`device`]), and its absence is an error like any other.
//! Nothing here knows arrays or kernels of ours; it is the driver made safe to hold and cheap to
//! call:
//!
//! * `driver`: the library, its functions, its errors;
//! * [`Device`]: one GPU, its properties, and the fault that it died of;
//! * [`Buffer`]: memory, handed out and taken back in the order of streams;
//! * [`Stream`], [`Event`]: order and time. A fault names what was pending ([`Note`]);
//! * `copy`: from and to memory that may be paged out, through a ring that may not;
//! * [`PinnedBuffer`], [`Transfer`]: copies in the background that own both of their ends;
//! * [`Module`], [`Function`]: machine code, and what is known about it;
//! * [`Graph`]: many launches recorded once, launched together;
//! * [`nvrtc`]: NVIDIA's compiler of CUDA C++, where it is installed.
//!
//! Promises: every failure is an `Err`; no call but a launch can touch memory that is not its own;
//! memory is free only after its last use. A call makes its device the current one of the thread and
//! leaves it so, as the driver's own runtime does.

mod copy;
mod device;
mod driver;
mod event;
mod graph;
mod memory;
mod module;
mod notes;
pub mod nvrtc;
mod pinned;
mod stream;

#[cfg(all(test, target_os = "linux"))]
mod tests;

pub use device::{Device, clear_memory, count, device, set_memory_limit};
pub use event::Event;
pub use graph::Graph;
pub use memory::{Buffer, MemoryUse};
pub use module::{Attributes, Function, Module};
pub use notes::Note;
pub use pinned::{PinnedBuffer, Transfer};
pub use stream::Stream;

/// What calls of this module return.
pub type Result<T, E = lazuli_core::ErrorKind> = std::result::Result<T, E>;
