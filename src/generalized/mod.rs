//! Generalised functions: what [`#[lazuli::guvectorize]`](crate::guvectorize) makes of a function, and its calls.
//!
//! The attribute (package `macros/`) writes a function down twice: as compiled Rust over strided views of the
//! operands of one point ([`views`]), which CPUs run, and as a program that writes it down as a kernel of
//! threads ([`threads`]), which grids run. Here is what joins both into the one
//! [`lazuli_core::Generalized`] of the function, and what a call does: look at the shapes, broadcast the
//! outer axes, record a node for each result.
//!
//! Promises: recording never fails (shapes that do not fit poison the results); both forms give the same
//! bits; what is wrong at a point is an error of the evaluation that names function, line and index.

#[doc(hidden)]
pub mod threads;
#[doc(hidden)]
pub mod views;

use crate::function::{Arg, Input, Valued, input, write_kernel};
use crate::nodes::overflow;
use crate::record::Call;
use crate::{Array, Element};
use lazuli_backends::memory;
use lazuli_core::function::Function;
use lazuli_core::generalized::{Dim, Fault, GeneralizedRef, Inner, NAMES};
use lazuli_core::graph::Inputs;
use lazuli_core::shape::{self, Dims};
use lazuli_core::{DeviceId, ErrorKind, Layout, Node, NodeRef, Op, Scalar, Value, View};
use smallvec::{SmallVec, smallvec};
use std::panic::Location;
use std::sync::{Arc, OnceLock};
use views::{Mode, Operands};

/// A function as the attribute writes it. Not for use by hand.
pub trait Generalized: 'static {
    /// The types of its operands: inputs, then results.
    type Operands: Operands;
    /// Its name.
    const NAME: &'static str;
    /// Its signature, as written.
    const SIGNATURE: &'static str;
    /// The names of its dimensions.
    const NAMES: &'static [&'static str];
    /// The names of its operands.
    const OPERANDS: &'static [&'static str];
    /// The axes of its operands.
    const DIMS: &'static [&'static [Dim]];
    /// Computes a point.
    fn compute<M: Mode>(
        named: &[i64; NAMES],
        operands: <Self::Operands as Operands>::Compiled<M>,
    ) -> Result<(), Fault>;
    /// Writes the body down.
    fn traced(named: &[crate::Expr<i64>], operands: <Self::Operands as Operands>::Traced);
    /// Where it stands.
    fn at() -> &'static Location<'static>;
    /// What is made of it once.
    fn made() -> &'static Made;
}

/// What is made of a function once.
pub struct Made(OnceLock<lazuli_core::Generalized>);

impl Made {
    /// Nothing yet.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Made {
        Made(OnceLock::new())
    }

    fn get<B: Generalized>(&'static self) -> &'static lazuli_core::Generalized {
        self.0.get_or_init(|| {
            let list = <B::Operands as Operands>::list();
            let inputs = list.iter().take_while(|(_, _, writes)| !writes).count();
            let operands: Vec<Inner> = list
                .iter()
                .zip(B::OPERANDS)
                .zip(B::DIMS)
                .map(|((&(dtype, _, _), &name), &dims)| Inner { name, dtype, dims })
                .collect();
            assert!(
                list.iter().zip(&operands).all(|(l, o)| l.1 == o.dims.len()),
                "axes by type and signature"
            );
            lazuli_core::Generalized {
                name: B::NAME,
                at: B::at(),
                signature: B::SIGNATURE,
                names: B::NAMES,
                operands,
                inputs,
                run: views::run::<B>,
                write: write::<B>,
            }
        })
    }
}

/// Writes a function down for threads.
fn write<B: Generalized>(axes: usize) -> Result<Arc<Function>, String> {
    write_kernel(B::NAME, B::at(), || {
        let mut prologue = threads::Prologue::begin(axes, B::NAMES.len());
        let operands = <B::Operands as Operands>::traced(&mut prologue, B::OPERANDS, B::DIMS);
        B::traced(prologue.named(), operands);
    })
}

/// What a generalised function takes for an inner array with axes: an array, or a reference to one. Its last
/// axes are those of the signature, the others are broadcast.
///
/// ```
/// # use lazuli::prelude::*;
/// use lazuli::InnerArg;
///
/// #[lazuli::guvectorize("(n)->()")]
/// fn first(x: &[f64], y: &mut f64) {
///     *y = x[0];
/// }
///
/// fn doubled(x: impl InnerArg<f64>) -> Array<f64> {
///     first(x) * 2.0
/// }
/// let x = Array::arange(0.0, 6.0, 1.0).reshape([3, 2]);
/// assert_eq!(doubled(&x).to_vec()?, [0.0, 4.0, 8.0]);
/// # Ok::<(), lazuli::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a `{Self}` has no inner arrays of `{T}`",
    label = "expected `&Array<{T}>` or `Array<{T}>`"
)]
pub trait InnerArg<T: Element> {
    #[doc(hidden)]
    fn input(self) -> Input;
}
impl<T: Element> InnerArg<T> for Array<T> {
    fn input(self) -> Input {
        Input::Node(self.into_node())
    }
}
impl<T: Element> InnerArg<T> for &Array<T> {
    fn input(self) -> Input {
        Input::Node(self.node().clone())
    }
}

/// The input that a scalar, or an array of them, is.
pub fn scalar<T: Element, A: Arg<T, Kind: Valued>>(given: A) -> Input {
    input(given.operand())
}

/// The array of the next result of a call.
pub fn result<T: Element>(nodes: &mut dyn Iterator<Item = NodeRef>) -> Array<T> {
    Array::of(nodes.next().expect("a node for each result"))
}

/// Records a call: a node for each result.
#[track_caller]
pub fn call<B: Generalized>(given: impl IntoIterator<Item = Input>) -> impl Iterator<Item = NodeRef> {
    let function = B::made().get::<B>();
    let call = Call::new(function.name);
    let given: SmallVec<[Input; 4]> = given.into_iter().collect();
    let like = given.iter().find_map(|input| match input {
        Input::Node(node) => Some(node.device()),
        Input::Value(_) => None,
    });
    let device = like.unwrap_or_else(|| crate::Device::default().id());
    let node = |input| match input {
        Input::Node(node) => node,
        Input::Value(value) => constant(call, value, device),
    };
    let inputs: Inputs = given.into_iter().map(node).collect();
    let poisoned = inputs.iter().find_map(|n| n.error().cloned());
    let fitted = match poisoned {
        Some(error) => Err(error),
        None => fit(call, function, inputs).map_err(|kind| call.error(kind)),
    };
    let results = function.outputs().iter();
    let nodes: SmallVec<[NodeRef; 2]> = match fitted {
        Err(error) => results.map(|r| Node::poisoned(r.dtype, error.clone(), device)).collect(),
        Ok((inputs, shapes)) => results
            .zip(shapes)
            .enumerate()
            .map(|(n, (r, shape))| {
                let op = Op::Generalized { function: GeneralizedRef(function), result: n as u16 };
                call.record(op, inputs.clone(), r.dtype, shape)
            })
            .collect(),
    };
    nodes.into_iter()
}

/// A scalar as an array of no axes: one whose memory is there, so that no kernel has to write it. (In the
/// memory of a GPU a kernel does, in the order of its stream.)
fn constant(call: Call, value: Scalar, device: DeviceId) -> NodeRef {
    if matches!(device, DeviceId::Cuda(_)) {
        return call.constant(value, device);
    }
    // Of types of 8 bytes at most, the element is at the beginning.
    let buffer = memory::from_vec(vec![value.bits.to_le()], device);
    Node::ready_on(device, value.dtype, Value { buffer, layout: Layout::contiguous(&[]) }, call.at)
}

/// Looks at the shapes of healthy inputs. Gives the inputs broadcast along the outer axes, and the shapes of
/// the results.
fn fit(
    call: Call,
    function: &'static lazuli_core::Generalized,
    inputs: Inputs,
) -> Result<(Inputs, SmallVec<[Dims; 2]>), ErrorKind> {
    let wrong = |text: String| Err(ErrorKind::InvalidArgument(format!("{text} ({})", function.signature)));
    let name = |dim: Dim| match dim {
        Dim::Named(n) => function.names[usize::from(n)].to_string(),
        Dim::Fixed(n) => n.to_string(),
    };
    // The extent of each named dimension, and the input that said so.
    let mut known: SmallVec<[Option<(usize, usize)>; NAMES]> = smallvec![None; function.names.len()];
    let mut outer = Dims::new();
    let mut from = 0;
    for (k, (node, inner)) in inputs.iter().zip(function.inputs()).enumerate() {
        let (this, shape) = (inner.name, node.shape());
        let Some(lead) = shape.len().checked_sub(inner.dims.len()) else {
            let (have, want) = (shape.len(), inner.dims.len());
            return wrong(format!(
                "`{this}` of shape {shape:?} has too few axes: {have}, and {want} are its own"
            ));
        };
        for (&dim, &n) in inner.dims.iter().zip(&shape[lead..]) {
            match dim {
                Dim::Fixed(want) if n != want as usize => {
                    return wrong(format!(
                        "`{this}` of shape {shape:?} has {n} elements where {want} are needed"
                    ));
                }
                Dim::Fixed(_) => {}
                Dim::Named(d) => match &mut known[usize::from(d)] {
                    Some((before, other)) if *before != n => {
                        let (dim, that) = (name(dim), function.operands[*other].name);
                        let shapes = match *other == k {
                            true => format!("`{this}` of shape {shape:?}"),
                            false => format!(
                                "`{that}` of shape {:?} and `{this}` of shape {shape:?}",
                                inputs[*other].shape()
                            ),
                        };
                        return wrong(format!("`{dim}` cannot be both {before} and {n}: {shapes}"));
                    }
                    Some(_) => {}
                    unknown => *unknown = Some((n, k)),
                },
            }
        }
        outer = match shape::broadcast(&outer, &shape[..lead]) {
            Some(both) => {
                if both != outer {
                    from = k;
                }
                both
            }
            None => {
                let that = function.operands[from].name;
                return wrong(format!(
                    "the outer axes do not broadcast: `{that}` of shape {:?} and `{this}` of shape {shape:?}",
                    inputs[from].shape()
                ));
            }
        };
    }
    let named: Dims = known.iter().map(|k| k.map_or(0, |(n, _)| n)).collect();
    let full = |inner: &Inner| {
        let extents = inner.dims.iter().map(|&d| lazuli_core::Generalized::extent(d, &named));
        let shape: Dims = outer.iter().copied().chain(extents).collect();
        match shape::element_count(&shape) {
            Some(_) => Ok(shape),
            None => Err(overflow(&shape)),
        }
    };
    let shapes = function.outputs().iter().map(full).collect::<Result<_, _>>()?;
    let stretched = |(node, inner): (NodeRef, &Inner)| {
        let shape = full(inner)?;
        if *node.shape() == shape {
            return Ok(node);
        }
        let dtype = node.dtype();
        // Also of a constant, of which one element is stored.
        Ok(call.record(Op::View(View::Broadcast), smallvec![node], dtype, shape))
    };
    let inputs = inputs.into_iter().zip(function.inputs()).map(stretched).collect::<Result<_, _>>()?;
    Ok((inputs, shapes))
}

/// The line that this is called from.
#[track_caller]
fn line() -> u32 {
    Location::caller().line()
}
