//! Memory that arrays live in, seen from the graph.
//!
//! The graph holds buffers but never looks inside. A [`Value`] is a buffer with the [`Layout`]
//! that says where each element stands; several values may share one buffer.

use crate::{DeviceId, Layout};
use std::any::Any;
use std::sync::Arc;

/// A piece of memory on some device. It lives as long as somebody holds its [`BufferRef`].
pub trait Buffer: Any + Send + Sync {
    /// Address of the first byte (a host address for host devices).
    fn ptr(&self) -> *mut u8;
    /// Size in bytes.
    fn bytes(&self) -> usize;
    /// The device whose memory this is.
    fn device(&self) -> DeviceId;
    /// For getting the concrete type back, as when a vector is handed out again without a copy.
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

/// A shared reference to a buffer.
pub type BufferRef = Arc<dyn Buffer>;

/// The elements of an evaluated array: a buffer and where in it they are.
#[derive(Clone)]
pub struct Value {
    /// The memory.
    pub buffer: BufferRef,
    /// Where each element stands in it, in elements.
    pub layout: Layout,
}
