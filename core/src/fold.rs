//! Reductions of one's own: how two states become one, and what no element at all gives.
//!
//! A state is one value or several. Elements are combined in the order and by the tree of NUMERICS.md
//! section 2, always a left one with a right one: `combine` need not be commutative, and what is not
//! associative to the bit has the bits of that tree. The identity takes no part in it: an element that is
//! missing is left out, so no bit depends on whether the identity is neutral. It is what an empty
//! reduction gives, and belongs to the operation as a constant does to the text of a function (an operation
//! has at most one neutral element).

use crate::dtype::{DType, Scalar};
use crate::function::Function;
use std::sync::Arc;

/// The most values of a state.
pub const MOST: usize = 8;

/// How states are combined.
#[derive(PartialEq, Debug)]
pub struct Fold {
    combine: Arc<Function>,
    identity: Box<[Scalar]>,
}

impl Fold {
    /// A fold of states of as many values as `identity` has, and of their types. `combine` takes two such
    /// states, the left one first, and gives one. `Err` says why it cannot.
    pub fn new(combine: Arc<Function>, identity: impl Into<Box<[Scalar]>>) -> Result<Arc<Fold>, String> {
        let identity = identity.into();
        let state: Vec<DType> = identity.iter().map(|v| v.dtype).collect();
        let given: Vec<DType> = (0..combine.results.len()).map(|r| combine.result(r)).collect();
        if state.is_empty() || state.len() > MOST {
            return Err(format!("a state of {} values: it has 1 to {MOST}", state.len()));
        }
        if state.iter().any(|t| matches!(t, DType::Complex64 | DType::Complex128)) {
            return Err("a state of complex numbers: take their parts".into());
        }
        if given != state || combine.arguments != [&state[..], &state[..]].concat() {
            let takes = &combine.arguments;
            return Err(format!("combining takes {takes:?} and gives {given:?}, of states {state:?}"));
        }
        if combine.loops() {
            return Err("combining loops: it may branch (`if_else`), but loops belong into the map".into());
        }
        Ok(Arc::new(Fold { combine, identity }))
    }

    /// Two states in, one out.
    pub fn combine(&self) -> &Arc<Function> {
        &self.combine
    }

    /// The state of no element.
    pub fn identity(&self) -> &[Scalar] {
        &self.identity
    }
}
