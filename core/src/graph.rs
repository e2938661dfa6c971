//! The lazy graph (level L0): what was recorded and is not yet computed.
//!
//! A node says what to compute, from which other nodes, with which dtype and shape, and which
//! line of the program asked for it. Nodes are immutable but for their state, which only moves
//! forward:
//!
//! ```text
//! Pending --claim--> Claimed --finish--> Ready | Failed
//!    ^------release-----'        (an evaluation that failed before its first launch)
//! ```
//!
//! A node's result is set once and never changes: it is read without a lock. A node that has one
//! lets go of its inputs, so memory is held only by what is still needed.
//! Ids grow with time: an input's id is always below that of its reader, which gives every walk
//! its order. Dropping never recurses.

use crate::buffer::Value;
use crate::error::Error;
use crate::op::Op;
use crate::shape::Dims;
use crate::{DType, DeviceId, FastMath};
use smallvec::SmallVec;
use std::panic::Location;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

/// A shared reference to a node.
pub type NodeRef = Arc<Node>;
/// The inputs of a node.
pub type Inputs = SmallVec<[NodeRef; 3]>;

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

const PENDING: u8 = 0;
const CLAIMED: u8 = 1;
const READY: u8 = 2;
const FAILED: u8 = 3;

/// Where a node comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// The public operation that recorded it: what errors name.
    pub name: &'static str,
    /// The line of the program that called that operation.
    pub at: &'static Location<'static>,
    /// What was allowed there.
    pub fast: FastMath,
}

impl Origin {
    /// An operation of this name, of which every bit counts.
    pub const fn new(name: &'static str, at: &'static Location<'static>) -> Origin {
        Origin { name, at, fast: FastMath::empty() }
    }
}

/// One recorded operation.
pub struct Node {
    id: u64,
    dtype: DType,
    shape: Dims,
    device: DeviceId,
    origin: Origin,
    /// How many `Array` handles the program holds. Not the reference count of the node: graph
    /// edges do not count here.
    handles: AtomicUsize,
    /// Length of the longest path of pending nodes below this one when it was recorded.
    depth: u32,
    tag: AtomicU8,
    /// What was recorded; `None` for values that were given, and for poison.
    op: Option<Op>,
    /// The inputs of a node without a result. They are taken out after the result was set, so
    /// whoever finds no result under the lock finds the inputs.
    inputs: Mutex<Inputs>,
    /// Boxed: most nodes are computed inside kernels and never have a value of their own.
    result: OnceLock<Result<Box<Value>, Error>>,
}

/// Parked threads wait here for claimed nodes of any graph. Claims are held for one evaluation,
/// so a single condition variable is enough.
static CLAIMS: Mutex<()> = Mutex::new(());
static RELEASED: Condvar = Condvar::new();
/// How many threads are parked there: waking is a system call, and mostly nobody waits.
static PARKED: AtomicUsize = AtomicUsize::new(0);

impl Node {
    /// A node whose result is there.
    fn finished(
        dtype: DType,
        shape: Dims,
        device: DeviceId,
        location: &'static Location<'static>,
        result: Result<Value, Error>,
    ) -> NodeRef {
        Arc::new(Node {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            dtype,
            shape,
            device,
            origin: Origin::new("array", location),
            handles: AtomicUsize::new(0),
            depth: 0,
            tag: AtomicU8::new(if result.is_ok() { READY } else { FAILED }),
            op: None,
            inputs: Mutex::default(),
            result: OnceLock::from(result.map(Box::new)),
        })
    }

    /// Records an operation. The caller has checked shapes and dtypes.
    #[inline]
    pub fn pending(
        op: Op,
        inputs: Inputs,
        dtype: DType,
        shape: Dims,
        device: DeviceId,
        origin: Origin,
    ) -> NodeRef {
        let below = inputs.iter().map(|n| if n.is_pending() { n.depth + 1 } else { 0 }).max();
        Arc::new(Node {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            dtype,
            shape,
            device,
            origin,
            handles: AtomicUsize::new(0),
            depth: below.unwrap_or(0),
            tag: AtomicU8::new(PENDING),
            op: Some(op),
            inputs: Mutex::new(inputs),
            result: OnceLock::new(),
        })
    }

    /// A node whose value is there already.
    pub fn ready(dtype: DType, value: Value, location: &'static Location<'static>) -> NodeRef {
        Node::ready_on(value.buffer.device(), dtype, value, location)
    }

    /// A ready node of a device that shares its memory with the buffer's own (as the engines of
    /// one host do).
    pub fn ready_on(
        device: DeviceId,
        dtype: DType,
        value: Value,
        location: &'static Location<'static>,
    ) -> NodeRef {
        Node::finished(dtype, value.layout.shape.clone(), device, location, Ok(value))
    }

    /// A poisoned node: everything that needs its value gets this error. Its shape is `[0]`.
    pub fn poisoned(dtype: DType, error: Error, device: DeviceId) -> NodeRef {
        let location = error.location().unwrap_or(Location::caller());
        Node::finished(dtype, Dims::from_slice(&[0]), device, location, Err(error))
    }

    /// Position in recording order. Inputs have lower ids than their readers.
    #[inline]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Type of the elements.
    #[inline]
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Extents.
    #[inline]
    pub fn shape(&self) -> &Dims {
        &self.shape
    }

    /// Number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Has it no elements?
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// The device that holds and computes it.
    #[inline]
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// The line of the program that recorded it.
    #[inline]
    pub fn location(&self) -> &'static Location<'static> {
        self.origin.at
    }

    /// The public operation that recorded it.
    #[inline]
    pub fn name(&self) -> &'static str {
        self.origin.name
    }

    /// What may be done differently from what is written.
    #[inline]
    pub fn fast(&self) -> FastMath {
        self.origin.fast
    }

    /// Length of the longest chain of pending nodes below it, when it was recorded.
    #[inline]
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// Counts one more `Array` handle. Every handle has a reference of its own, so whoever has
    /// the only reference need not count against others, which costs several times as much.
    #[inline]
    pub fn retain_handle(this: &NodeRef) {
        if Node::is_only(this) {
            this.handles.store(1, Ordering::Relaxed);
        } else {
            this.handles.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts one handle less: that of whoever has the reference `this`.
    #[inline]
    pub fn release_handle(this: &NodeRef) {
        if Node::is_only(this) {
            this.handles.store(0, Ordering::Relaxed);
        } else {
            this.handles.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Is this the only reference? What former holders did is then seen.
    #[inline]
    fn is_only(this: &NodeRef) -> bool {
        let only = Arc::strong_count(this) == 1;
        if only {
            fence(Ordering::Acquire);
        }
        only
    }

    /// Does the program still hold this value?
    #[inline]
    pub fn is_held(&self) -> bool {
        self.handles.load(Ordering::Relaxed) > 0
    }

    /// Is its value yet to be computed (claimed by somebody or not)?
    #[inline]
    pub fn is_pending(&self) -> bool {
        self.tag.load(Ordering::Acquire) <= CLAIMED
    }

    /// The lock of the inputs. They are replaced whole, so a panic elsewhere leaves nothing
    /// half-written: poisoning is ignored.
    #[inline]
    fn lock(&self) -> MutexGuard<'_, Inputs> {
        self.inputs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The recorded operation; `None` for values that were given, and for poison.
    #[inline]
    pub fn op(&self) -> Option<&Op> {
        self.op.as_ref()
    }

    /// Runs `f` on the inputs of a node without a result; `None` if it has one.
    #[inline]
    pub fn with_inputs<R>(&self, f: impl FnOnce(&Inputs) -> R) -> Option<R> {
        if !self.is_pending() {
            return None;
        }
        let inputs = self.lock();
        self.result.get().is_none().then(|| f(&inputs))
    }

    /// The value, if it is there.
    #[inline]
    pub fn value(&self) -> Option<&Value> {
        self.result.get()?.as_deref().ok()
    }

    /// The error, if it failed.
    #[inline]
    pub fn error(&self) -> Option<&Error> {
        if self.tag.load(Ordering::Acquire) != FAILED {
            return None;
        }
        self.result.get()?.as_ref().err()
    }

    /// Takes the right to compute a pending node. `Claim::Taken` if another evaluation has it.
    #[inline]
    pub fn try_claim(&self) -> Claim {
        match self.tag.compare_exchange(PENDING, CLAIMED, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Claim::Mine,
            Err(CLAIMED) => Claim::Taken,
            Err(_) => Claim::Done,
        }
    }

    /// Waits until nobody claims the node (it may then be pending, ready or failed).
    pub fn wait_unclaimed(&self) {
        let mut guard = CLAIMS.lock().unwrap_or_else(PoisonError::into_inner);
        // Counted before the state is looked at, as whoever releases looks at the count after
        // changing the state: one of the two sees the other.
        PARKED.fetch_add(1, Ordering::SeqCst);
        while self.tag.load(Ordering::SeqCst) == CLAIMED {
            guard = RELEASED.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
        PARKED.fetch_sub(1, Ordering::SeqCst);
    }

    /// Gives a claim back without a result. Call [`notify_released`] after the last one.
    #[inline]
    pub fn release_claim(&self) {
        let _ = self.tag.compare_exchange(CLAIMED, PENDING, Ordering::AcqRel, Ordering::Relaxed);
    }

    /// Ends a claim with a value; the inputs are let go. Call [`notify_released`] after the last.
    pub fn finish(&self, result: Result<Value, Error>) {
        let tag = if result.is_ok() { READY } else { FAILED };
        // Only the holder of the claim comes here, once.
        let _ = self.result.set(result.map(Box::new));
        self.tag.store(tag, Ordering::Release);
        let inputs = std::mem::take(&mut *self.lock());
        drop_iteratively(inputs);
    }

    /// Takes the value out of a node that nobody else refers to.
    pub fn into_value(self: Arc<Self>) -> Result<Value, Arc<Self>> {
        if self.value().is_none() {
            return Err(self);
        }
        let mut node = Arc::try_unwrap(self)?;
        let value = node.result.take().and_then(Result::ok);
        Ok(*value.expect("just seen, and nobody else has the node"))
    }
}

/// The answer of [`Node::try_claim`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Claim {
    /// The caller may compute the node, and must finish or release it.
    Mine,
    /// Another evaluation computes it.
    Taken,
    /// Nothing is left to compute.
    Done,
}

/// Wakes everybody who waits for a claimed node.
pub fn notify_released() {
    fence(Ordering::SeqCst);
    if PARKED.load(Ordering::SeqCst) == 0 {
        return;
    }
    drop(CLAIMS.lock().unwrap_or_else(PoisonError::into_inner));
    RELEASED.notify_all();
}

/// Drops nodes and whatever only they refer to, with a worklist in place of recursion.
fn drop_iteratively(inputs: Inputs) {
    // In place while it is short, as it nearly always is.
    let mut work = inputs;
    while let Some(node) = work.pop() {
        if let Some(mut last) = Arc::into_inner(node) {
            work.append(last.inputs.get_mut().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let inputs = self.inputs.get_mut().unwrap_or_else(PoisonError::into_inner);
        if !inputs.is_empty() {
            drop_iteratively(std::mem::take(inputs));
        }
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{} {}{:?}", self.id, self.dtype, self.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::Scalar;
    use crate::error::ErrorKind;
    use crate::op::{MapOp, UnaryOp};
    use smallvec::smallvec;

    const HERE: Origin = Origin::new("test", Location::caller());

    fn one() -> NodeRef {
        Node::pending(
            Op::Const(Scalar::new(1.0f32)),
            smallvec![],
            DType::F32,
            smallvec![],
            DeviceId::Cpu,
            HERE,
        )
    }

    fn neg(x: &NodeRef) -> NodeRef {
        let op = Op::Map(MapOp::Unary(UnaryOp::Neg));
        Node::pending(op, smallvec![x.clone()], x.dtype(), x.shape().clone(), x.device(), HERE)
    }

    #[test]
    fn deep_chains_drop_without_recursion() {
        let mut x = one();
        for _ in 0..1_000_000 {
            x = neg(&x);
        }
        assert_eq!(x.depth(), 1_000_000);
        drop(x);
    }

    #[test]
    fn claims_are_exclusive_and_can_be_given_back() {
        let x = neg(&one());
        assert_eq!(x.try_claim(), Claim::Mine);
        assert_eq!(x.try_claim(), Claim::Taken);
        x.release_claim();
        assert_eq!(x.try_claim(), Claim::Mine);
        x.finish(Err(Error::bare(ErrorKind::Internal("test".into()), "neg")));
        notify_released();
        assert_eq!(x.try_claim(), Claim::Done);
        assert!(x.error().is_some());
    }
}
