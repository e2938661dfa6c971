//! [`Array`]: the handle that programs hold.
//!
//! An array is a reference to a node of the lazy graph, with the element type known to the
//! compiler. Cloning it is cheap; it is an immutable value, so clones never see each other
//! change. [`Handle`] counts how many arrays of the program refer to a node, which the planner
//! needs to know and which is not the node's reference count (readers in the graph count there).

use crate::record::Call;
use lazuli_core::{DType, Element, Error, Node, NodeRef};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;

/// A node that the program holds. Counts itself in the node.
pub(crate) struct Handle(ManuallyDrop<NodeRef>);

impl Handle {
    #[inline]
    pub(crate) fn new(node: NodeRef) -> Handle {
        Node::retain_handle(&node);
        Handle(ManuallyDrop::new(node))
    }

    #[inline]
    pub(crate) fn node(&self) -> &NodeRef {
        &self.0
    }

    /// The node, no longer counted as held.
    #[inline]
    pub(crate) fn into_node(self) -> NodeRef {
        Node::release_handle(&self.0);
        let mut handle = ManuallyDrop::new(self);
        // SAFETY: the handle is never dropped, so its reference is taken once.
        unsafe { ManuallyDrop::take(&mut handle.0) }
    }
}

impl Clone for Handle {
    fn clone(&self) -> Handle {
        Handle::new(NodeRef::clone(&self.0))
    }
}

impl Drop for Handle {
    #[inline]
    fn drop(&mut self) {
        Node::release_handle(&self.0);
        // SAFETY: `into_node` forgets handles, so the reference is still there.
        unsafe { ManuallyDrop::drop(&mut self.0) };
    }
}

/// An N-dimensional array of `T`, computed when its value is asked for.
///
/// Operations on arrays are *recorded*: they check shapes, and return at once. Calls that need
/// values ([`eval`](Array::eval), [`to_vec`](Array::to_vec), [`item`](Array::item), printing)
/// compile what was recorded into as few passes over memory as possible, and run it. An array
/// that was evaluated once is never computed again.
///
/// The number of dimensions is known at run time only. Arrays are immutable values: `clone` is
/// cheap and shares everything, and arrays may be sent to and used from any thread.
///
/// An operation with bad arguments gives a *poisoned* array: its [`shape`](Array::shape) is
/// `[0]`, [`error`](Array::error) says what was wrong and where it was recorded, everything
/// recorded on top of it has the same error, and every call that needs a value returns it as
/// `Err`. Nothing panics.
///
/// `Array` implements none of `PartialEq`, `PartialOrd`, `Ord`, `Iterator` and `Deref`, so that
/// [`eq`](Array::eq), [`max`](Array::max), [`sum`](Array::sum) and [`clamp`](Array::clamp) mean
/// what they mean for arrays.
#[must_use = "operations on arrays are only recorded; nothing is computed until a value is asked for"]
pub struct Array<T: Element> {
    handle: Handle,
    element: PhantomData<T>,
}

const _: () = {
    const fn send_and_sync<A: Send + Sync>() {}
    send_and_sync::<Array<f64>>();
    send_and_sync::<Array<bool>>();
    send_and_sync::<crate::DynArray>();
};

impl<T: Element> Array<T> {
    /// The array of a node. The caller made sure that the node holds `T`.
    pub(crate) fn of(node: NodeRef) -> Array<T> {
        debug_assert_eq!(node.dtype(), T::DTYPE);
        Array { handle: Handle::new(node), element: PhantomData }
    }

    pub(crate) fn of_handle(handle: Handle) -> Array<T> {
        debug_assert_eq!(handle.node().dtype(), T::DTYPE);
        Array { handle, element: PhantomData }
    }

    pub(crate) fn node(&self) -> &NodeRef {
        self.handle.node()
    }

    pub(crate) fn into_handle(self) -> Handle {
        self.handle
    }

    /// The node, no longer counted as held.
    #[inline]
    pub(crate) fn into_node(self) -> NodeRef {
        self.handle.into_node()
    }

    /// The extents, outermost first; `[0]` if the array is poisoned.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// assert_eq!(Array::<f32>::zeros([2, 3]).shape(), [2, 3]);
    /// ```
    pub fn shape(&self) -> &[usize] {
        self.node().shape()
    }

    /// The number of dimensions.
    pub fn ndim(&self) -> usize {
        self.shape().len()
    }

    /// The number of elements: the product of the extents.
    pub fn len(&self) -> usize {
        self.node().len()
    }

    /// Has it no elements?
    pub fn is_empty(&self) -> bool {
        self.node().is_empty()
    }

    /// The type of the elements, as a value: `T::DTYPE`.
    pub fn dtype(&self) -> DType {
        T::DTYPE
    }

    /// The device that holds and computes the array.
    pub fn device(&self) -> crate::Device {
        crate::Device::from_id(self.node().device())
    }

    /// What went wrong, if the array is poisoned: recorded with bad arguments, on top of a
    /// poisoned array, or lost to a failure while computing.
    pub fn error(&self) -> Option<&Error> {
        self.node().error()
    }

    /// Reports a recorded error early, without evaluating.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let bad = Array::<f32>::zeros([2]) + Array::<f32>::zeros([3]);
    /// assert!(bad.check().is_err());
    /// ```
    pub fn check(&self) -> Result<&Array<T>, Error> {
        match self.error() {
            Some(error) => Err(error.clone()),
            None => Ok(self),
        }
    }

    /// The same values converted to another element type, as Rust's `as` does.
    ///
    /// Float to integer saturates, and NaN becomes 0; integers wrap to narrower ones; floats
    /// round to nearest even; anything but 0 (NaN too) is `true`; `true` is 1. Casting to the
    /// same type records nothing.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![-1.5f64, 300.0, f64::NAN]);
    /// assert_eq!(x.cast::<u8>().to_vec()?, [0, 255, 0]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn cast<U: Element>(&self) -> Array<U> {
        Array::of(Call::new("cast").cast(self.node().clone(), U::DTYPE))
    }
}

impl<T: Element> Clone for Array<T> {
    fn clone(&self) -> Array<T> {
        Array { handle: self.handle.clone(), element: PhantomData }
    }
}
