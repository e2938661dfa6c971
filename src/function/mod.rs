//! Functions of one's own: `#[lazuli::vectorize]`, and kernels made of expressions.
//!
//! The attribute (package `macros/`) knows syntax alone. It writes each function down twice: as the
//! scalar function that it is, calling [`scalar`]; and as a program that, run once, writes the function
//! down for arrays, calling [`traced`] on values of type [`Expr`]. What joins both under one name is in
//! [`args`]: an argument's type has a *kind*, and the kinds of all arguments choose what a call does.
//!
//! ```text
//! f(2.0)        all scalars: computed at once, by compiled Rust
//! f(&x, 2.0)    an array: `Op::Call` nodes are recorded, which fuse with their neighbours
//! f(e)          an expression: the body is written out in place of the call
//! ```
//!
//! Promises: all three have the same bits; recording never fails (what cannot be written down poisons
//! the result, [`inputs`]); a function is written down once for each combination of its type
//! parameters ([`Traces`]); values of scalars beside arrays are in no key of a cache.

mod args;
mod expr;
mod inputs;
mod kernel;
mod library;
mod methods;
mod reduction;
#[doc(hidden)]
pub mod scalar;
#[doc(hidden)]
pub mod stencil;
#[doc(hidden)]
pub mod thread;
#[doc(hidden)]
pub mod traced;
mod tracer;

pub use args::{Arg, Arguments, Arrays, Input, Join, Kind, Results};
pub use expr::{Bundle, Expr};
pub use kernel::{
    ElementwiseKernel, Given, Inputs, Outputs, Valued, if_else, input, while_loop, while_loop_bounded,
};
pub use reduction::{ReductionKernel, State};

pub(crate) use inputs::Written;
use std::any::TypeId;
use std::panic::Location;
use std::sync::{Mutex, OnceLock, PoisonError};

/// A function as the attribute writes it.
pub trait Vectorized: 'static {
    /// The types of the arguments.
    type Arguments: Arguments;
    /// The types of the results.
    type Results: Results;
    /// Its name.
    const NAME: &'static str;
    /// Computes.
    fn scalar(arguments: Self::Arguments) -> Self::Results;
    /// Writes down; `outer` if it is the function that is being written, and not called by it.
    fn traced(
        outer: bool,
        arguments: <Self::Arguments as Arguments>::Exprs,
    ) -> <Self::Results as Results>::Of<args::Exprs>;
    /// Where it stands.
    fn at() -> &'static Location<'static>;
    /// What was written.
    fn traces() -> &'static Traces;
}

/// The functions that one item of a program has been written down as: one for each combination of
/// its type parameters, of which there is mostly one.
pub struct Traces<W = Written> {
    first: OnceLock<(TypeId, W)>,
    others: Mutex<Vec<(TypeId, W)>>,
}

impl<W: Clone> Traces<W> {
    /// None yet.
    #[allow(clippy::new_without_default, reason = "it stands in statics")]
    pub const fn new() -> Traces<W> {
        Traces { first: OnceLock::new(), others: Mutex::new(Vec::new()) }
    }

    /// The function of these type parameters.
    fn get(&self, of: TypeId, write: fn() -> W) -> W {
        // Written outside of any lock: bodies call other functions.
        let (first, written) = match self.first.get() {
            Some(first) => (first, None),
            None => {
                let written = write();
                (self.first.get_or_init(|| (of, written.clone())), Some(written))
            }
        };
        if first.0 == of {
            return first.1.clone();
        }
        let find = |all: &[(TypeId, W)]| all.iter().find(|(id, _)| *id == of).map(|(_, w)| w.clone());
        let lock = || self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = find(&lock()) {
            return found;
        }
        let written = written.unwrap_or_else(write);
        let mut others = lock();
        if let Some(found) = find(&others) {
            return found;
        }
        others.push((of, written.clone()));
        written
    }
}

fn write<V: Vectorized>() -> Written {
    let open = tracer::open(V::NAME, V::at());
    let arguments = <V::Arguments as Arguments>::declare();
    tracer::enter(TypeId::of::<V>(), V::NAME);
    <V::Results as Results>::give(V::traced(true, arguments));
    open.finish()
}

/// Writes a kernel of threads down.
pub(crate) fn write_kernel(
    name: &'static str,
    at: &'static Location<'static>,
    body: impl FnOnce(),
) -> Written {
    let open = tracer::open_kernel(name, at);
    body();
    open.finish()
}

/// A call of a vectorised function.
#[inline(always)]
#[track_caller]
pub fn call<V: Vectorized, K: Kind>(
    arguments: <V::Arguments as Arguments>::Given,
) -> <V::Results as Results>::Of<K> {
    K::call::<V>(arguments)
}

/// The line that this is called from.
#[track_caller]
pub fn here() -> &'static Location<'static> {
    Location::caller()
}
