//! From a recorded graph to launches: pure functions, no device, no LLVM, no threads.
//!
//! ```text
//! roots --collect--> Trace --plan--> Plan (kernels, symbolic) --bind--> Launches (sizes settled)
//! ```
//!
//! * [`trace`] lists the pending nodes below the roots in a canonical numbering, with a *structure*
//!   key (no sizes, no values) and an *exact* key (sizes and layouts as well);
//! * [`kernel`] is level L1: one pass over memory, independent of any target;
//! * [`grow`] builds one kernel backwards from its outputs, [`expand`] turns graph operations
//!   into primitive instructions (and [`callee`] functions of the program, [`fold`] reductions of it), [`mod@plan`] decides which values are stored ([`marks`]), and
//!   `merge` which kernels merge;
//! * [`mod@bind`] settles what follows from sizes: strides, merged axes, schedule, arena, bytes;
//! * [`explain`] says what was decided and why.
//!
//! Fusion only *places* computation: it never rewrites one operation into another form, so no
//! decision made here can change a bit of a result (promise P1).

mod arena;
pub mod bind;
mod boxes;
pub mod callee;
mod calls;
pub mod expand;
pub mod explain;
pub mod fold;
pub mod grow;
pub mod kernel;
pub mod marks;
mod merge;
pub mod plan;
mod schedule;
pub mod stages;
#[cfg(test)]
mod tests;
pub mod trace;
mod waits;

pub use bind::{Bound, BoundAccess, Lane, Launches, Mode, Slot, bind};
pub use callee::Callee;
pub use explain::Explain;
pub use fold::{Accumulation, Combine, How};
pub use kernel::{Access, Inst, Kernel, Val};
pub use plan::{Break, Plan, Step, plan};
pub use stages::Stages;
pub use trace::Trace;
