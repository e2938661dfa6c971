//! Reductions of one's own within kernels, and which instructions share an accumulation.
//!
//! [`Inst::Fold`] gives one value of the state that a fold ends with; a fold of several values is as many
//! instructions with the same operands. They are one [`Accumulation`], which engines carry out once,
//! whichever of its values are asked for.

use crate::callee::Callee;
use crate::kernel::{Inst, Kernel, Val};
use lazuli_core::{FastMath, Fold, ReduceOp, Scalar};
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;

/// How states are combined, in primitive instructions without structure.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Combine {
    /// Two states in, one out: its block is at most one `Run`.
    pub callee: Callee,
    /// The state of no element.
    pub identity: Vec<Scalar>,
}

impl Combine {
    /// The instructions of a fold, recorded in a fast-math scope or not.
    pub fn new(fold: &Fold, fast: FastMath) -> Combine {
        Combine { callee: Callee::flat(fold.combine(), fast), identity: fold.identity().to_vec() }
    }

    /// Number of values of a state.
    pub fn width(&self) -> usize {
        self.identity.len()
    }
}

/// What is accumulated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How<'k> {
    /// A reduction that engines know.
    Op(ReduceOp),
    /// One that the program brought along.
    Fold(&'k Arc<Combine>),
}

/// What a sweep does once, for one or several instructions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accumulation<'k> {
    /// What is done.
    pub how: How<'k>,
    /// The operands, at full level if the kernel reduces over any axes.
    pub operands: SmallVec<[Val; 4]>,
    /// The instructions that it gives values to, and which of its values.
    pub results: SmallVec<[(Val, u16); 2]>,
}

impl Kernel {
    /// The accumulations behind these reductions. Their results, one after the other, are the
    /// reductions of a sweep in its order ([`crate::stages::Sweep::reduces`]).
    pub fn accumulations(&self, reduces: &[Val]) -> Vec<Accumulation<'_>> {
        let mut known: Vec<Accumulation<'_>> = Vec::new();
        for &r in reduces {
            match &self.body[r as usize].inst {
                Inst::Reduce(op, v) => known.push(Accumulation {
                    how: How::Op(*op),
                    operands: smallvec![*v],
                    results: smallvec![(r, 0)],
                }),
                Inst::Fold(combine, result, operands) => {
                    let how = How::Fold(combine);
                    let same = |a: &&mut Accumulation<'_>| a.how == how && a.operands == *operands;
                    match known.iter_mut().find(same) {
                        Some(a) => a.results.push((r, *result)),
                        None => {
                            let results = smallvec![(r, *result)];
                            known.push(Accumulation { how, operands: operands.clone(), results });
                        }
                    }
                }
                other => unreachable!("{other:?} is listed as a reduction"),
            }
        }
        known
    }

    /// All reductions, in the order of the body.
    pub fn reductions(&self) -> impl Iterator<Item = Val> + '_ {
        (0..self.body.len() as Val).filter(|&v| self.body[v as usize].inst.reduces())
    }
}
