//! From recorded operations to values.

use crate::array::Handle;
use crate::read::{self, Elements};
use crate::record::Call;
use crate::{Array, DynArray, Element, Explain};
use lazuli_core::{Error, ErrorKind, NodeRef};

mod sealed {
    use super::*;
    pub trait Sealed {
        fn collect_nodes(&self, out: &mut Vec<NodeRef>);
    }
}
use sealed::Sealed;

/// What [`eval`] and [`explain`] take: arrays, references to them, slices, vectors and arrays of
/// them, and tuples of up to eight, whose element types may differ.
pub trait Roots: Sealed {}
impl<R: Sealed + ?Sized> Roots for R {}

impl<T: Element> Sealed for Array<T> {
    fn collect_nodes(&self, out: &mut Vec<NodeRef>) {
        out.push(self.node().clone());
    }
}
impl Sealed for DynArray {
    fn collect_nodes(&self, out: &mut Vec<NodeRef>) {
        out.push(self.node().clone());
    }
}
impl<R: Sealed + ?Sized> Sealed for &R {
    fn collect_nodes(&self, out: &mut Vec<NodeRef>) {
        (**self).collect_nodes(out);
    }
}
impl<R: Sealed> Sealed for [R] {
    fn collect_nodes(&self, out: &mut Vec<NodeRef>) {
        self.iter().for_each(|r| r.collect_nodes(out));
    }
}
impl<R: Sealed, const N: usize> Sealed for [R; N] {
    fn collect_nodes(&self, out: &mut Vec<NodeRef>) {
        self.as_slice().collect_nodes(out);
    }
}
impl<R: Sealed> Sealed for Vec<R> {
    fn collect_nodes(&self, out: &mut Vec<NodeRef>) {
        self.as_slice().collect_nodes(out);
    }
}
macro_rules! tuples {
    ($($($name:ident)+;)*) => {$(
        impl<$($name: Sealed),+> Sealed for ($($name,)+) {
            #[allow(non_snake_case)]
            fn collect_nodes(&self, out: &mut Vec<NodeRef>) {
                let ($($name,)+) = self;
                $($name.collect_nodes(out);)+
            }
        }
    )*};
}
tuples! { A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H; }

/// Evaluates several arrays by one joint plan, which shares what they have in common.
///
/// Errors: of the first poisoned array, or of the evaluation. Arrays stay usable after an error,
/// and evaluating them again tries again.
///
/// ```
/// # use lazuli::prelude::*;
/// let x = Array::from_vec(vec![1.0f32, 2.0, 6.0]);
/// let (mean, place) = (x.mean(..), x.argmax(..));
/// lazuli::eval((&mean, &place))?; // one pass over x
/// assert_eq!((mean.item()?, place.item()?), (3.0, 2));
/// # Ok::<(), lazuli::Error>(())
/// ```
pub fn eval(roots: impl Roots) -> Result<(), Error> {
    let mut nodes = Vec::new();
    roots.collect_nodes(&mut nodes);
    if let Some(error) = nodes.iter().find_map(|n| n.error()) {
        return Err(error.clone());
    }
    nodes.retain(|n| n.is_pending());
    if nodes.is_empty() {
        return Ok(());
    }
    lazuli_backends::evaluate(&nodes)?;
    match nodes.iter().find_map(|n| n.error()) {
        Some(error) => Err(error.clone()),
        None => Ok(()),
    }
}

/// The plan by which [`eval`] would evaluate these arrays; see [`Array::explain`].
///
/// Errors: of the first poisoned array, or of planning.
///
/// ```
/// # use lazuli::prelude::*;
/// let x = Array::from_vec(vec![1.0f64; 1000]);
/// let plan = lazuli::explain((x.mean(..), x.max(..)))?;
/// assert_eq!(plan.kernels(), 1); // one pass over x
/// # Ok::<(), lazuli::Error>(())
/// ```
pub fn explain(roots: impl Roots) -> Result<Explain, Error> {
    let mut nodes = Vec::new();
    roots.collect_nodes(&mut nodes);
    lazuli_backends::explain(&nodes)
}

/// # Evaluation
impl<T: Element> Array<T> {
    /// Computes the array now, and keeps the value. Gives the array back, to go on with. (On a GPU it
    /// returns when the work was given to the device's default stream; whatever needs the elements
    /// waits for them, and so does a function with `max_iterations`. See [`eval_on`](Array::eval_on).)
    ///
    /// Errors: what poisoned the array; memory that cannot be had; a failure of the engine.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = (Array::arange(0, 4, 1) * 2).eval()?.clone();
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    pub fn eval(&self) -> Result<&Array<T>, Error> {
        read::force(self.node())?;
        Ok(self)
    }

    /// The elements, in row-major order. Evaluates, and copies.
    ///
    /// Errors: as [`eval`](Array::eval), and memory for the vector.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::arange(0, 4, 1).reshape([2, 2]);
    /// assert_eq!(x.t().to_vec()?, [0, 2, 1, 3]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    pub fn to_vec(&self) -> Result<Vec<T>, Error> {
        read::to_vec(self.node(), "to_vec")
    }

    /// The elements, in row-major order. Evaluates; hands out the array's own memory, without a
    /// copy, if nobody else refers to it.
    ///
    /// Errors: as [`to_vec`](Array::to_vec).
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let data = vec![1.0f64, 2.0];
    /// let address = data.as_ptr();
    /// let back = Array::from_vec(data).into_vec()?;
    /// assert_eq!(back.as_ptr(), address);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    pub fn into_vec(self) -> Result<Vec<T>, Error> {
        read::force(self.node())?;
        into_vec(self.into_handle(), "into_vec")
    }

    /// The value of an array of one element, of any number of dimensions. Evaluates.
    ///
    /// Errors: another number of elements; as [`eval`](Array::eval).
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![1i64, 2, 3]);
    /// assert_eq!(x.sum(..).item()?, 6);
    /// assert!(x.item().is_err());
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn item(&self) -> Result<T, Error> {
        self.check()?;
        if self.len() != 1 {
            let kind = ErrorKind::NotScalar { shape: self.node().shape().clone() };
            return Err(Call::new("item").error(kind));
        }
        let elements = Elements::of(self.node())?;
        Ok(elements.at(&vec![0; self.ndim()]))
    }

    /// How the array would be computed: kernels, stages, launches and bytes, what was fused, and
    /// each break with its reason. `Display` gives it as text; `to_dot()` as a graph. Does not
    /// evaluate; of a poisoned array it tells the error.
    ///
    /// For each kernel it says what it is expected to take on the CPU, roughly, and, if the same expression was evaluated
    /// before (of arrays of the same sizes), the shortest time that it took, with its bandwidth. [`benchmark`](crate::benchmark)
    /// times a computation whole.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_fn([500, 40], |i| (i[0] * i[1]) as f64);
    /// let plan = ((&x - x.mean(keep(-1))) / x.std(keep(-1))).explain();
    /// assert_eq!(plan.kernels(), 1);
    /// assert_eq!(plan.bytes_read(), 500 * 40 * 8);
    /// assert_eq!(plan.bytes_written(), 500 * 40 * 8);
    /// assert!(plan.breaks.is_empty()); // nothing that could not be fused
    /// println!("{plan}");
    /// ```
    pub fn explain(&self) -> Explain {
        match lazuli_backends::explain(std::slice::from_ref(self.node())) {
            Ok(plan) => plan,
            Err(error) => Explain { steps: Vec::new(), breaks: vec![error.to_string()], arena: 0, packed: 0 },
        }
    }
}

/// The elements of an evaluated array, without a copy if possible.
fn into_vec<T: Element>(handle: Handle, operation: &str) -> Result<Vec<T>, Error> {
    let shared = |node: &NodeRef| read::to_vec(node, operation);
    let (location, dtype) = (handle.node().location(), handle.node().dtype());
    let value = match handle.into_node().into_value() {
        Ok(value) => value,
        Err(node) => return shared(&node),
    };
    let count: usize = value.layout.shape.iter().product();
    let (layout, device) = (value.layout, value.buffer.device());
    let mut buffer = value.buffer;
    if layout.offset == 0 && layout.is_contiguous() && count > 0 {
        match lazuli_backends::memory::try_into_vec::<T>(buffer) {
            Ok(mut data) => {
                data.truncate(count);
                return Ok(data);
            }
            Err(back) => buffer = back,
        }
    }
    let value = lazuli_core::Value { buffer, layout };
    shared(&lazuli_core::Node::ready_on(device, dtype, value, location))
}
