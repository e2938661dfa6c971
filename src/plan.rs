//! [`compile`]: a function of arrays whose plan is made once.

use crate::array::Handle;
use crate::eval::Roots;
use crate::record::Call;
use crate::{Array, Element};
use lazuli_backends::exec::function::Function;
use lazuli_core::shape::Dims;
use lazuli_core::{DType, DeviceId, Error, ErrorKind, Node, NodeRef, Op, Value};
use smallvec::SmallVec;
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};

type Nodes<'a> = SmallVec<[&'a NodeRef; 4]>;

mod sealed {
    use super::*;
    pub trait Inputs {
        fn dtypes() -> SmallVec<[DType; 4]>;
    }
    pub trait Outputs {}
}

/// The arguments of a compiled function: an element type, or a tuple of up to eight.
pub trait Arguments: sealed::Inputs {
    /// What the function gets: `Array<T>`, or a tuple of arrays.
    type Arrays;
    /// What a call takes: `&Array<T>`, or a tuple of references to arrays.
    type Borrowed<'a>;
    #[doc(hidden)]
    fn nodes<'a>(arrays: &Self::Borrowed<'a>) -> Nodes<'a>;
    #[doc(hidden)]
    fn arrays(nodes: &[NodeRef]) -> Self::Arrays;
}

/// What a compiled function may give: an array, or a tuple of up to eight.
pub trait Results: Roots + sealed::Outputs {
    #[doc(hidden)]
    fn of(nodes: &mut dyn Iterator<Item = NodeRef>) -> Self;
}

impl<T: Element> sealed::Outputs for Array<T> {}
impl<T: Element> Results for Array<T> {
    fn of(nodes: &mut dyn Iterator<Item = NodeRef>) -> Array<T> {
        Array::of_handle(Handle::new(nodes.next().expect("a node for each array")))
    }
}

macro_rules! elements {
    ($($t:ty)*) => {$(
        impl sealed::Inputs for $t {
            fn dtypes() -> SmallVec<[DType; 4]> {
                SmallVec::from_slice(&[<$t>::DTYPE])
            }
        }
        impl Arguments for $t {
            type Arrays = Array<$t>;
            type Borrowed<'a> = &'a Array<$t>;
            fn nodes<'a>(array: &Self::Borrowed<'a>) -> Nodes<'a> {
                SmallVec::from_slice(&[array.node()])
            }
            fn arrays(nodes: &[NodeRef]) -> Array<$t> {
                Array::of(nodes[0].clone())
            }
        }
    )*};
}
elements! { bool i32 i64 u8 u64 crate::f16 crate::bf16 f32 f64 }

macro_rules! tuples {
    ($($($name:ident $n:tt)+;)*) => {$(
        impl<$($name: Element),+> sealed::Inputs for ($($name,)+) {
            fn dtypes() -> SmallVec<[DType; 4]> {
                SmallVec::from_slice(&[$($name::DTYPE),+])
            }
        }
        impl<$($name: Element),+> Arguments for ($($name,)+) {
            type Arrays = ($(Array<$name>,)+);
            type Borrowed<'a> = ($(&'a Array<$name>,)+);
            fn nodes<'a>(arrays: &Self::Borrowed<'a>) -> Nodes<'a> {
                SmallVec::from_slice(&[$(arrays.$n.node()),+])
            }
            fn arrays(nodes: &[NodeRef]) -> Self::Arrays {
                ($(Array::<$name>::of(nodes[$n].clone()),)+)
            }
        }
        impl<$($name: Element),+> sealed::Outputs for ($(Array<$name>,)+) {}
        impl<$($name: Element),+> Results for ($(Array<$name>,)+) {
            fn of(nodes: &mut dyn Iterator<Item = NodeRef>) -> Self {
                ($(Array::<$name>::of(nodes.next().expect("a node for each array")),)+)
            }
        }
    )*};
}
tuples! {
    A 0;
    A 0 B 1;
    A 0 B 1 C 2;
    A 0 B 1 C 2 D 3;
    A 0 B 1 C 2 D 3 E 4;
    A 0 B 1 C 2 D 3 E 4 F 5;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7;
}

/// Makes a reusable plan of a function of arrays. A [call](Plan::call) of it records nothing and
/// looks nothing up, so it costs a fraction of what recording and evaluating the same expression
/// costs: for small arrays, evaluated often.
///
/// The function is run once for each combination of shapes and devices that its plan meets, on
/// arrays that have no values: asking for one in it is an error, and what it computes must depend
/// on its arguments alone. Arrays that it captures are evaluated then, once. Results have the bits
/// of the recorded expression.
///
/// ```
/// # use lazuli::prelude::*;
/// let axpy = lazuli::compile::<(f32, f32), _>(|(x, y)| x * 2.0 + y);
/// let x = Array::from_vec(vec![1.0, 2.0]);
/// let y = Array::from_vec(vec![10.0, 20.0]);
/// assert_eq!(axpy.call((&x, &y))?.to_vec()?, [12.0, 24.0]);
///
/// let moments = lazuli::compile::<f64, _>(|x| (x.mean(..), x.var(..)));
/// let (mean, var) = moments.call(&Array::arange(0.0, 5.0, 1.0))?;
/// assert_eq!((mean.item()?, var.item()?), (2.0, 2.0));
/// # Ok::<(), lazuli::Error>(())
/// ```
#[track_caller]
pub fn compile<I: Arguments, R: Results>(
    function: impl Fn(I::Arrays) -> R + Send + Sync + 'static,
) -> Plan<I, R> {
    Plan { function: Box::new(function), at: Location::caller(), made: Mutex::default() }
}

/// A function of arrays with its plans: see [`compile`].
pub struct Plan<I: Arguments, R: Results> {
    function: Box<dyn Fn(I::Arrays) -> R + Send + Sync>,
    at: &'static Location<'static>,
    /// The latest first.
    made: Mutex<Vec<Arc<Made>>>,
}

/// The plan for some shapes.
struct Made {
    device: DeviceId,
    shapes: SmallVec<[Dims; 4]>,
    function: Function,
    /// Types of the results, and the lines that recorded them.
    results: SmallVec<[(DType, &'static Location<'static>); 2]>,
}

/// Plans of so many combinations of shapes are kept.
const KEPT: usize = 16;

impl<I: Arguments, R: Results> Plan<I, R> {
    /// Computes the results for these arguments.
    ///
    /// Errors: what poisoned an argument or the function's results, arguments on different
    /// devices, memory that cannot be had; a value asked for inside the function.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let f = lazuli::compile::<(f64, f64), _>(|(x, y)| x + y);
    /// let bad = f.call((&Array::zeros([2]), &Array::zeros([3])));
    /// assert!(bad.is_err_and(|e| e.to_string().contains("[2] and [3]")));
    /// ```
    pub fn call(&self, arguments: I::Borrowed<'_>) -> Result<R, Error> {
        let nodes = I::nodes(&arguments);
        let mut values: SmallVec<[&Value; 4]> = SmallVec::new();
        for node in &nodes {
            values.push(crate::read::force(node)?);
        }
        let plain = |v: &&Value| v.layout.offset == 0 && v.layout.is_contiguous();
        if !values.iter().all(plain) || !Function::applies() {
            let owned: SmallVec<[NodeRef; 4]> = nodes.iter().map(|&n| n.clone()).collect();
            let results = (self.function)(I::arrays(&owned));
            crate::eval(&results)?;
            return Ok(results);
        }
        let made = self.made(&nodes)?;
        let values = made.function.call(&values)?;
        let node = |(value, &(dtype, at)): (Value, &(DType, &'static Location<'static>))| {
            Node::ready_on(made.device, dtype, value, at)
        };
        Ok(R::of(&mut values.into_iter().zip(&made.results).map(node)))
    }

    /// The plan for arguments like these.
    fn made(&self, nodes: &[&NodeRef]) -> Result<Arc<Made>, Error> {
        let device = nodes[0].device();
        let same = |(shape, n): (&Dims, &&NodeRef)| shape == n.shape() && n.device() == device;
        let fits = |made: &Arc<Made>| made.device == device && made.shapes.iter().zip(nodes).all(same);
        let mut known = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = known.iter().position(fits) {
            known[..=at].rotate_right(1);
            return Ok(known[0].clone());
        }
        // The function may call this plan again: it runs without the lock.
        drop(known);
        let call = Call { name: "compile", at: self.at };
        for other in nodes {
            if other.device() != device {
                let (left, right) = (device.name(), other.device().name());
                return Err(call.error(ErrorKind::DeviceMismatch { left, right }));
            }
        }
        let arguments: SmallVec<[NodeRef; 4]> = (0..)
            .zip(nodes)
            .map(|(a, n)| call.source(Op::Argument(a), n.dtype(), Dims::from_slice(n.shape()), device))
            .collect();
        let results = (self.function)(I::arrays(&arguments));
        let mut roots = Vec::new();
        results.collect_nodes(&mut roots);
        if let Some(error) = roots.iter().find_map(|n| n.error()) {
            return Err(error.clone());
        }
        let made = Arc::new(Made {
            device,
            shapes: nodes.iter().map(|n| Dims::from_slice(n.shape())).collect(),
            function: Function::new(&roots, arguments[0].id())?,
            results: roots.iter().map(|n| (n.dtype(), n.location())).collect(),
        });
        let mut known = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(0, made.clone());
        known.truncate(KEPT);
        Ok(made)
    }
}

impl<I: Arguments, R: Results> std::fmt::Debug for Plan<I, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Plan of {:?}, compiled at {}", I::dtypes(), self.at)
    }
}
