//! [`ReductionKernel`]: reductions made while the program runs, of closures over expressions.

use super::args::Input;
use super::expr::{Expr, give};
use super::inputs;
use super::kernel::{Given, Inputs, Outputs};
use super::tracer;
use crate::record::Call;
use crate::rows::Rows;
use crate::{Axes, Element};
use lazuli_core::graph::Inputs as Nodes;
use lazuli_core::shape::Dims;
use lazuli_core::{DType, Error, ErrorKind, Fold, Function, Node, NodeRef, Scalar};
use smallvec::{SmallVec, smallvec};
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

/// A reduction that is made while the program runs, of four parts: `map` makes a state of an element,
/// `combine` makes one state of two, `finish` makes results of the state of all elements, and the identity is
/// the state of no element. A state is an [`Expr`] or a tuple of up to eight, of any types.
///
/// Results are what [`sum`](crate::Array::sum) gives for sums: `map` fuses with what makes the arguments,
/// `finish` with what is done with the results, a state is accumulated once whatever its number of values is, and
/// bits depend neither on engines nor on threads. They are those of one fixed tree (NUMERICS.md, section 2)
/// over the elements in row-major order of the reduced axes: `combine` always gets a left state and a right
/// one, so it need not be commutative, and where it is associative but for rounding, rounding is that of the tree.
///
/// Nothing is ever combined with the identity: an element that is missing from the tree is left out. So it
/// need not be neutral to the bit (0.0 is not, for sums: `-0.0 + 0.0` is `0.0`), and matters only
/// where there are no elements: there the result is `finish(identity)`. A state of 16-bit floats is rounded by
/// each operation of `combine`; `sum` keeps f32 meanwhile, as a `map` to `f32` does.
///
/// The closures run once, when the kernel is made. `combine` may branch, but not loop.
///
/// ```
/// # use lazuli::prelude::*;
/// use lazuli::{Expr, ReductionKernel};
///
/// let l2 = ReductionKernel::new("l2", |x: Expr<f32>| x * x, 0.0, |a, b| a + b, |s| s.sqrt());
/// let x = Array::from_shape_vec([2, 2], vec![3.0, 4.0, 0.0, 2.0])?;
/// assert_eq!(l2.call(&x, -1).to_vec()?, [5.0, 2.0]);
///
/// // Several arguments, a state of several values, several results: where a mass has its centre.
/// let centre = ReductionKernel::new(
///     "centre",
///     |(m, x): (Expr<f64>, Expr<f64>)| (m * x, m),
///     (0.0, 0.0),
///     |(a, b), (c, d)| (a + c, b + d),
///     |(moment, mass)| (moment / mass, mass),
/// );
/// let (at, mass) = centre.call((&Array::from_vec(vec![1.0, 3.0]), &Array::from_vec(vec![0.0, 4.0])), ..);
/// assert_eq!((at.item()?, mass.item()?), (3.0, 4.0));
/// # Ok::<(), lazuli::Error>(())
/// ```
pub struct ReductionKernel<I, O> {
    name: &'static str,
    written: Result<Arc<Parts>, String>,
    types: PhantomData<fn(I) -> O>,
}

/// What the closures wrote down.
struct Parts {
    map: Arc<Function>,
    fold: Arc<Fold>,
    finish: Arc<Function>,
}

impl<I: Inputs, O: Outputs> ReductionKernel<I, O> {
    /// The kernel of these closures. One that makes no sense (a `combine` that loops, an expression of another
    /// kernel) poisons what calls give.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// use lazuli::{Expr, ReductionKernel, while_loop};
    /// let k = ReductionKernel::new(
    ///     "gcd",
    ///     |x: Expr<u64>| x,
    ///     0,
    ///     |a, b| while_loop((a, b), |(_, b)| b.ne(0), |(a, b)| (b, a % b)).0,
    ///     |s| s,
    /// );
    /// let problem = k.call(&Array::from_vec(vec![12u64, 18]), ..).to_vec().unwrap_err();
    /// assert!(problem.to_string().contains("loops"));
    /// ```
    #[track_caller]
    pub fn new<S: State>(
        name: &'static str,
        map: impl FnOnce(I) -> S,
        identity: S::Values,
        combine: impl FnOnce(S, S) -> S,
        finish: impl FnOnce(S) -> O,
    ) -> ReductionKernel<I, O> {
        let at = Location::caller();
        let map = written(name, at, || give(map(I::inputs())));
        let combine = written(name, at, || {
            let (left, right) = (S::inputs(), S::inputs());
            give(combine(left, right));
        });
        let finish = written(name, at, || give(finish(S::inputs())));
        let parts = || {
            let fold = Fold::new(combine?, S::identity(identity).into_vec())?;
            Ok(Arc::new(Parts { map: map?, fold, finish: finish? }))
        };
        ReductionKernel { name, written: parts(), types: PhantomData }
    }

    /// Its name, as errors and plans print it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Records a call: one array for each result. Arguments are arrays, references to arrays and scalars,
    /// which are broadcast; the axes are as for [`sum`](crate::Array::sum) and say what is reduced.
    ///
    /// Errors, as poisoned arrays: shapes that do not broadcast, an axis out of range or named twice.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// use lazuli::{Expr, ReductionKernel};
    /// // The largest element and how often it is there.
    /// let most = ReductionKernel::new(
    ///     "most",
    ///     |x: Expr<i32>| (x, Expr::from(1i64)),
    ///     (i32::MIN, 0),
    ///     |(x, n), (y, m)| {
    ///         let both = x.eq(y).select(n + m, m);
    ///         (x.maximum(y), x.gt(y).select(n, both))
    ///     },
    ///     |s| s,
    /// );
    /// let (largest, times) = most.call(&Array::from_vec(vec![7, 3, 7]), keep(..));
    /// assert_eq!((largest.shape(), largest.to_vec()?, times.to_vec()?), (&[1usize][..], vec![7], vec![2]));
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn call(&self, arguments: impl Given<I>, axes: impl Into<Axes>) -> O::Arrays {
        let call = Call::new(self.name);
        let (given, dtypes) = (arguments.inputs(), O::dtypes());
        let nodes = record(call, &self.written, given, &axes.into(), &dtypes);
        O::arrays(&mut nodes.into_iter())
    }
}

impl<I, O> Clone for ReductionKernel<I, O> {
    fn clone(&self) -> Self {
        ReductionKernel { name: self.name, written: self.written.clone(), types: PhantomData }
    }
}

impl<I, O> std::fmt::Debug for ReductionKernel<I, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReductionKernel").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What `write` writes down.
fn written(
    name: &'static str,
    at: &'static Location<'static>,
    write: impl FnOnce(),
) -> Result<Arc<Function>, String> {
    let open = tracer::open(name, at);
    write();
    open.finish()
}

/// Records `finish(fold(map(given)))`, a node for each result.
fn record(
    call: Call,
    written: &Result<Arc<Parts>, String>,
    given: SmallVec<[Input; 3]>,
    axes: &Axes,
    dtypes: &[DType],
) -> SmallVec<[NodeRef; 2]> {
    let (mut inputs, device) = inputs::nodes(call, given);
    let mut reduced = || -> Result<SmallVec<[NodeRef; 2]>, Error> {
        let parts = written.as_ref().map_err(|p| call.error(ErrorKind::InvalidArgument(p.clone())))?;
        // A poisoned input speaks, not the shape that poison made up.
        if let Some(error) = inputs.iter().find_map(|n| n.error()) {
            return Err(error.clone());
        }
        let shape = call.together(&mut inputs)?;
        let rows = Rows::new(call, &shape, axes).map_err(|kind| call.error(kind))?;
        let state: SmallVec<[DType; 2]> = parts.fold.identity().iter().map(|v| v.dtype).collect();
        let states = apply(call, &parts.map, inputs.clone(), &state, &shape);
        let state = rows.fold(&parts.fold, states);
        let shape = state[0].shape().clone();
        let results = apply(call, &parts.finish, state, dtypes, &shape);
        Ok(results.into_iter().map(|y| if axes.keep { rows.keep(y) } else { y }).collect())
    };
    reduced().unwrap_or_else(|error| {
        dtypes.iter().map(|&dtype| Node::poisoned(dtype, error.clone(), device)).collect()
    })
}

/// Records a function, unless it gives its arguments.
fn apply(
    call: Call,
    function: &Arc<Function>,
    inputs: Nodes,
    dtypes: &[DType],
    shape: &Dims,
) -> SmallVec<[NodeRef; 2]> {
    match function.gives_arguments() {
        true => inputs.into_iter().collect(),
        false => inputs::apply(call, function, inputs, dtypes, shape),
    }
}

/// The state of a reduction: an [`Expr`], or a tuple of up to eight.
pub trait State: Inputs + Outputs {
    /// A state whose values are known: a scalar, or a tuple of scalars.
    type Values;
    #[doc(hidden)]
    fn identity(values: Self::Values) -> SmallVec<[Scalar; 4]>;
}

impl<T: Element> State for Expr<T> {
    type Values = T;
    fn identity(value: T) -> SmallVec<[Scalar; 4]> {
        smallvec![Scalar::new(value)]
    }
}

macro_rules! states {
    ($($($name:ident $n:tt)+;)*) => {$(
        impl<$($name: Element),+> State for ($(Expr<$name>,)+) {
            type Values = ($($name,)+);
            fn identity(values: Self::Values) -> SmallVec<[Scalar; 4]> {
                SmallVec::from_slice(&[$(Scalar::new(values.$n)),+])
            }
        }
    )*};
}
states! {
    A 0;
    A 0 B 1;
    A 0 B 1 C 2;
    A 0 B 1 C 2 D 3;
    A 0 B 1 C 2 D 3 E 4;
    A 0 B 1 C 2 D 3 E 4 F 5;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7;
}
