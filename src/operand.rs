//! Arguments that may be an array or a scalar.

use crate::Array;
use crate::record::Call;
use lazuli_core::{DeviceId, Element, NodeRef, Scalar};

mod sealed {
    use super::*;
    pub trait Sealed<T: Element> {
        /// The argument as a node; a scalar becomes a constant like `other`, which it meets.
        fn operand(self, call: super::Use, other: &NodeRef) -> NodeRef;
        /// The device that it is on, if it is an array.
        fn on(&self) -> Option<DeviceId>;
    }
}

/// What [`Call`] is to this module's sealed trait, whose methods have to be nameable.
#[derive(Clone, Copy)]
pub struct Use(pub(crate) Call);

pub(crate) use sealed::Sealed as IntoOperand;

/// An array of `T`, a reference to one, or a scalar `T`: what methods such as
/// [`maximum`](Array::maximum) and [`select`](Array::select) take. Arrays are broadcast.
pub trait Operand<T: Element>: IntoOperand<T> {}

impl<T: Element, A: IntoOperand<T>> Operand<T> for A {}

impl<T: Element> IntoOperand<T> for T {
    #[inline]
    fn operand(self, call: Use, other: &NodeRef) -> NodeRef {
        call.0.constant_like(Scalar::new(self), other)
    }
    fn on(&self) -> Option<DeviceId> {
        None
    }
}

impl<T: Element> IntoOperand<T> for Array<T> {
    #[inline]
    fn operand(self, _: Use, _: &NodeRef) -> NodeRef {
        self.into_node()
    }
    fn on(&self) -> Option<DeviceId> {
        Some(self.node().device())
    }
}

impl<T: Element> IntoOperand<T> for &Array<T> {
    #[inline]
    fn operand(self, _: Use, _: &NodeRef) -> NodeRef {
        self.node().clone()
    }
    fn on(&self) -> Option<DeviceId> {
        Some(self.node().device())
    }
}
