//! Stencils: functions of an element and of its neighbours, as `#[lazuli::stencil]` writes them.
//!
//! A stencil is a vectorised function of more arguments than it has: each element that it sees beside
//! another is one, and so is, where a constant stands beyond the edges, whether there is such an element. What these are ([`Sight`]) is found while the body is written down. A call records
//! a window of the array for each (`View::Window`), and a call of the function on them, so a stencil fuses as
//! any operation does, and no engine knows of it.

use super::args::{Argument, Arrays, Exprs, Input, Results};
use super::expr::Expr;
use super::kernel::input;
use super::{Traces, inputs, tracer};
use crate::record::Call;
use lazuli_core::graph::Inputs;
use lazuli_core::shape::Dims;
use lazuli_core::{DType, Element, ErrorKind, Function, Node, NodeRef, Op, WindowPart};
use smallvec::SmallVec;
use std::any::TypeId;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

pub use lazuli_core::Edge;

/// A stencil as the attribute writes it.
pub trait Stencil: 'static {
    /// The types of the results.
    type Results: Results;
    /// Its name.
    const NAME: &'static str;
    /// What stands beyond the edges, for each axis of its windows, which are the last ones of arrays.
    const EDGES: &'static [Edge];
    /// Writes down.
    fn traced() -> <Self::Results as Results>::Of<Exprs>;
    /// Where it stands.
    fn at() -> &'static Location<'static>;
    /// What was written.
    fn traces() -> &'static Traces<Sketched>;
}

/// What a stencil's function gets beside the arguments of the stencil. Axes are counted from the last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sight {
    /// The elements of window number `window` at these distances.
    Element { window: u16, offsets: SmallVec<[isize; 4]> },
    /// Whether there is an element at this distance along an axis.
    Within { axis: usize, shift: isize },
}

/// A stencil, written down.
#[derive(Clone)]
pub struct Sketch {
    function: Arc<Function>,
    sights: Arc<[Sight]>,
}

/// That, or what is wrong with it.
pub type Sketched = Result<Sketch, String>;

/// A window of the stencil that is being written down.
pub struct Window<T: Element, const N: usize> {
    number: u16,
    element: PhantomData<*const T>,
}

impl<T: Element, const N: usize> Clone for Window<T, N> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Element, const N: usize> Copy for Window<T, N> {}

/// Window number `number`.
pub fn window<T: Element, const N: usize>(number: u16) -> Window<T, N> {
    Window { number, element: PhantomData }
}

/// The next of the other arguments.
pub fn argument<T: Element>() -> Expr<T> {
    Expr::argument()
}

/// Sees the element itself if the stencil sees nothing: a call is of arrays.
pub fn look<T: Element, const N: usize>() {
    if tracer::sights().is_empty() {
        at(window::<T, N>(0), [0; N]);
    }
}

/// The element at these distances.
pub fn at<T: Element, const N: usize>(window: Window<T, N>, offsets: [isize; N]) -> Expr<T> {
    let offsets = SmallVec::from_slice(&offsets);
    Expr::of(tracer::sight(Sight::Element { window: window.number, offsets }, T::DTYPE))
}

/// `seen`, which is at these distances, where that is within the array along an axis of the window, and
/// `beyond` where it is not.
pub fn keep<T: Element, const N: usize>(
    offsets: [isize; N],
    axis: usize,
    seen: Expr<T>,
    beyond: Expr<T>,
) -> Expr<T> {
    if offsets[axis] == 0 {
        return seen;
    }
    let sight = Sight::Within { axis: N - 1 - axis, shift: offsets[axis] };
    Expr::<bool>::of(tracer::sight(sight, DType::Bool)).select(seen, beyond)
}

fn write<S: Stencil>() -> Sketched {
    let open = tracer::open(S::NAME, S::at());
    tracer::enter(TypeId::of::<S>(), S::NAME);
    <S::Results as Results>::give(S::traced());
    let sights = tracer::sights().into();
    Ok(Sketch { function: open.finish()?, sights })
}

/// An argument of a call.
pub enum Given {
    /// An array that is seen through a window.
    Window(NodeRef),
    /// Any other.
    Plain(Input),
}

impl Given {
    /// Of a window.
    pub fn window<T: Element>(argument: Argument<T>) -> Given {
        match argument {
            Argument::Array(node) => Given::Window(node),
            _ => unreachable!("the kind of windows is that of arrays"),
        }
    }

    /// Of another argument.
    pub fn plain<T: Element>(argument: Argument<T>) -> Given {
        Given::Plain(input(argument))
    }
}

/// A call of a stencil.
#[track_caller]
pub fn call<S: Stencil>(given: impl IntoIterator<Item = Given>) -> <S::Results as Results>::Of<Arrays> {
    let call = Call::new(S::NAME);
    let dtypes = <S::Results as Results>::dtypes();
    let sketched = S::traces().get(TypeId::of::<S>(), write::<S>);
    let nodes = record(call, sketched, S::EDGES, given.into_iter().collect(), &dtypes);
    <S::Results as Results>::arrays(&mut nodes.into_iter())
}

fn record(
    call: Call,
    sketched: Sketched,
    edges: &[Edge],
    given: SmallVec<[Given; 4]>,
    dtypes: &[DType],
) -> SmallVec<[NodeRef; 2]> {
    let like = given.iter().find_map(|g| if let Given::Window(node) = g { Some(node.clone()) } else { None });
    let like = like.expect("a stencil has a window");
    let all = || {
        let sketch = sketched.map_err(ErrorKind::InvalidArgument).map_err(|kind| call.error(kind))?;
        let is_window: SmallVec<[bool; 4]> = given.iter().map(|g| matches!(g, Given::Window(_))).collect();
        let nodes = given.into_iter().map(|g| match g {
            Given::Window(node) | Given::Plain(Input::Node(node)) => node,
            Given::Plain(Input::Value(value)) => call.constant_like(value, &like),
        });
        let mut nodes: Inputs = nodes.collect();
        // Stretched first: what a window shows of a stretched axis is what the array shows.
        let shape = call.together(&mut nodes)?;
        if let Some(error) = nodes.iter().find_map(|node| node.error()) {
            return Err(error.clone());
        }
        if shape.len() < edges.len() {
            let (n, shape) = (edges.len(), shape.as_slice());
            let text = format!("the stencil looks along {n} axes, but an array of shape {shape:?} has fewer");
            return Err(call.error(ErrorKind::InvalidArgument(text)));
        }
        let boxes = boxes(&sketch.sights, edges.len());
        if boxes > BOXES {
            let text = format!(
                "the elements that it sees divide an array into {boxes} boxes, of which there may be {BOXES}: \
                 see fewer along several axes at once"
            );
            return Err(call.error(ErrorKind::InvalidArgument(text)));
        }
        let kind = |window: bool| {
            nodes.iter().zip(&is_window).filter(move |&(_, &w)| w == window).map(|(node, _)| node)
        };
        let windows: SmallVec<[&NodeRef; 2]> = kind(true).collect();
        let mut inputs: SmallVec<[Input; 3]> = kind(false).cloned().map(Input::Node).collect();
        inputs.extend(sketch.sights.iter().map(|sight| see(call, sight, edges, &windows, &shape)));
        Ok((sketch.function, inputs))
    };
    match all() {
        Ok((function, inputs)) => inputs::record(call, &Ok(function), inputs, dtypes),
        Err(error) => {
            dtypes.iter().map(|&dtype| Node::poisoned(dtype, error.clone(), like.device())).collect()
        }
    }
}

/// Boxes that a kernel's space may be divided into: each is a launch, and memory of the plan.
const BOXES: usize = 8192;

/// Boxes into which what a stencil sees divides an array, nearly.
fn boxes(sights: &[Sight], rank: usize) -> usize {
    let along = |axis: usize| {
        let mut distances: Vec<isize> = sights
            .iter()
            .filter_map(|s| if let Sight::Element { offsets, .. } = s { Some(offsets[axis]) } else { None })
            .filter(|&offset| offset != 0)
            .collect();
        distances.sort_unstable();
        distances.dedup();
        distances.len() + 1
    };
    (0..rank).map(along).fold(1, usize::saturating_mul)
}

/// What a stencil sees, for arrays of this shape.
fn see(call: Call, sight: &Sight, edges: &[Edge], windows: &[&NodeRef], shape: &Dims) -> Input {
    match sight {
        Sight::Element { window, offsets } => {
            let still = WindowPart { shift: 0, edge: Edge::Nearest };
            let along = offsets.iter().zip(edges).map(|(&shift, &edge)| WindowPart { shift, edge });
            let parts = std::iter::repeat_n(still, shape.len() - edges.len()).chain(along);
            Input::Node(call.window(windows[usize::from(*window)].clone(), parts))
        }
        &Sight::Within { axis, shift } => {
            let op = Op::Within { axis: (shape.len() - 1 - axis) as u16, shift };
            Input::Node(call.source(op, DType::Bool, shape.clone(), windows[0].device()))
        }
    }
}

/// The same in the types that were written, for the compiler alone: nobody calls it.
pub mod check {
    use super::PhantomData;
    use lazuli_core::Element;

    #[derive(Clone, Copy)]
    pub struct Window<T: Element, const N: usize>(PhantomData<T>);

    pub fn at<T: Element, const N: usize>(_: Window<T, N>, _: [isize; N]) -> T {
        unreachable!("it is only checked")
    }

    pub fn keep<T: Element, const N: usize>(_: [isize; N], _: usize, seen: T, _: T) -> T {
        seen
    }
}
