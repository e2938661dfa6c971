//! The one way into the graph.
//!
//! Every node that a program records is made by [`Call::record`]. It hands errors on from
//! poisoned inputs, refuses to mix devices, and applies the recording limit (see
//! [`limit`](crate::limit)). A [`Call`] is the public operation that the program called, and the
//! line it called it from: both end up in errors and plans. It relies on its callers for shapes
//! and dtypes, which [`Call::guard`] lets them check with `?`.

use crate::{fast_math, limit};
use lazuli_core::graph::{Inputs, Origin};
use lazuli_core::shape::Dims;
use lazuli_core::{DType, DeviceId, Error, ErrorKind, Node, NodeRef, Op};
use std::panic::Location;

/// A public operation being recorded: its name and the caller's place in the program.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) at: &'static Location<'static>,
}

impl Call {
    /// The operation `name`, called from where the function that is `#[track_caller]` was.
    #[track_caller]
    #[inline]
    pub(crate) fn new(name: &'static str) -> Call {
        Call { name, at: Location::caller() }
    }

    #[inline]
    fn origin(self) -> Origin {
        Origin { name: self.name, at: self.at, fast: fast_math::allowed() }
    }

    /// An error of this call.
    #[cold]
    pub(crate) fn error(self, kind: ErrorKind) -> Error {
        Error::new(kind, self.name, self.at)
    }

    /// A node poisoned by this call.
    #[cold]
    pub(crate) fn poison(self, kind: ErrorKind, dtype: DType, device: DeviceId) -> NodeRef {
        Node::poisoned(dtype, self.error(kind), device)
    }

    /// Runs the checks and recordings of `f` if none of `inputs` is poisoned and all are on one
    /// device; gives a poisoned node of `dtype` otherwise, or if `f` fails.
    #[inline]
    pub(crate) fn guard(
        self,
        dtype: DType,
        inputs: &[&NodeRef],
        f: impl FnOnce() -> Result<NodeRef, ErrorKind>,
    ) -> NodeRef {
        let device = inputs[0].device();
        for node in inputs {
            if let Some(bad) = self.reject(node, dtype, device) {
                return bad;
            }
        }
        f().unwrap_or_else(|kind| self.poison(kind, dtype, device))
    }

    /// A poisoned node of `dtype` if `input` is poisoned or not on `device`.
    #[inline]
    fn reject(self, input: &NodeRef, dtype: DType, device: DeviceId) -> Option<NodeRef> {
        if let Some(error) = input.error() {
            return Some(Node::poisoned(dtype, error.clone(), device));
        }
        if input.device() != device {
            let kind = ErrorKind::DeviceMismatch { left: device.name(), right: input.device().name() };
            return Some(self.poison(kind, dtype, device));
        }
        None
    }

    /// Records `op` of `inputs`, of which there is at least one.
    #[inline]
    pub(crate) fn record(self, op: Op, inputs: Inputs, dtype: DType, shape: Dims) -> NodeRef {
        let device = inputs[0].device();
        for node in &inputs {
            if let Some(bad) = self.reject(node, dtype, device) {
                return bad;
            }
        }
        let pinned = limit::pinned_by(&inputs);
        let node = Node::pending(op, inputs, dtype, shape, device, self.origin());
        limit::note(&node, pinned);
        node
    }

    /// Records an operation without inputs. These are small, and reached through their readers,
    /// so the recording limit need not know them.
    #[inline]
    pub(crate) fn source(self, op: Op, dtype: DType, shape: Dims, device: DeviceId) -> NodeRef {
        Node::pending(op, Inputs::new(), dtype, shape, device, self.origin())
    }
}
