//! Calls of functions as nodes of the graph.

use super::args::Input;
use crate::record::Call;
use lazuli_core::function::Function;
use lazuli_core::graph::Inputs;
use lazuli_core::shape::Dims;
use lazuli_core::{DType, DeviceId, ErrorKind, Node, NodeRef, Op};
use smallvec::SmallVec;
use std::sync::Arc;

/// What tracing gave: a function, or what is wrong with it.
pub type Written = Result<Arc<Function>, String>;

/// Records a call of a function, a node for each result. There is an array among the inputs, or
/// scalars are arrays of no axes.
pub(super) fn record(
    call: Call,
    function: &Written,
    given: SmallVec<[Input; 3]>,
    dtypes: &[DType],
) -> SmallVec<[NodeRef; 2]> {
    let (mut inputs, device) = nodes(call, given);
    let poisoned = |error: &lazuli_core::Error| {
        dtypes.iter().map(|&dtype| Node::poisoned(dtype, error.clone(), device)).collect()
    };
    let function = match function {
        Ok(function) => function,
        Err(problem) => {
            return poisoned(&call.error(ErrorKind::InvalidArgument(problem.clone())));
        }
    };
    match call.together(&mut inputs) {
        Ok(shape) => apply(call, function, inputs, dtypes, &shape),
        Err(error) => poisoned(&error),
    }
}

/// Records a function of inputs of this shape, a node for each result.
pub(super) fn apply(
    call: Call,
    function: &Arc<Function>,
    inputs: Inputs,
    dtypes: &[DType],
    shape: &Dims,
) -> SmallVec<[NodeRef; 2]> {
    let results = dtypes.iter().enumerate().map(|(result, &dtype)| {
        let op = Op::Call { function: function.clone(), result: result as u16 };
        call.record(op, inputs.clone(), dtype, shape.clone())
    });
    results.collect()
}

/// The arguments of a call as nodes, and their device. Scalars alone are arrays of no axes.
pub(super) fn nodes(call: Call, given: SmallVec<[Input; 3]>) -> (Inputs, DeviceId) {
    let like = given.iter().find_map(|input| match input {
        Input::Node(node) => Some(node.clone()),
        Input::Value(_) => None,
    });
    let device = like.as_ref().map_or(crate::Device::default().id(), |n| n.device());
    (given.into_iter().map(|input| node(call, input, like.as_ref(), device)).collect(), device)
}

fn node(call: Call, input: Input, like: Option<&NodeRef>, device: DeviceId) -> NodeRef {
    match (input, like) {
        (Input::Node(node), _) => node,
        (Input::Value(value), Some(like)) => call.constant_like(value, like),
        (Input::Value(value), None) => call.constant(value, device),
    }
}
