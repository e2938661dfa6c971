//! The instructions of the interpreter: a kernel's body with registers in place of values.
//!
//! A register belongs to one *level*. A full register has an element for each point of a tile, a
//! row register one for each row of a band; a uniform register is one block of equal elements,
//! computed once a launch.

use super::call::Call;
use lazuli_core::{BinaryOp, DType, UnaryOp};
use smallvec::SmallVec;

/// Number of a register. The first ones are the values of the body, under their own numbers.
pub(super) type Reg = u32;

/// How many elements a register has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Level {
    /// One block, all elements equal.
    Uniform,
    /// One a row.
    Row,
    /// One a point.
    Full,
}

/// One instruction. `ty` is the type of the operands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// The bits of a constant.
    Literal { dst: Reg, bits: u64 },
    /// The bits of a launch parameter.
    Param { dst: Reg, slot: u16 },
    /// Elements of an access.
    Load { dst: Reg, access: u16 },
    /// Positions of an access.
    Index { dst: Reg, access: u16 },
    /// An operation of the processor.
    Unary { op: UnaryOp, ty: DType, dst: Reg, a: Reg },
    /// A function of the math library.
    Function { op: UnaryOp, ty: DType, dst: Reg, a: Reg },
    /// An operation of the processor.
    Binary { op: BinaryOp, ty: DType, dst: Reg, a: Reg, b: Reg },
    /// A function of the math library.
    Function2 { op: BinaryOp, ty: DType, dst: Reg, a: Reg, b: Reg },
    /// `cond ? a : b`.
    Select { size: usize, dst: Reg, cond: Reg, a: Reg, b: Reg },
    /// `a * b + c`.
    MulAdd { ty: DType, dst: Reg, a: Reg, b: Reg, c: Reg },
    /// Another type.
    Convert { to: DType, ty: DType, dst: Reg, a: Reg },
    /// To the nearest 16-bit float.
    Round16 { to: DType, dst: Reg, a: Reg },
    /// f64 to f32, rounded to odd.
    NarrowOdd { dst: Reg, a: Reg },
    /// Elements to memory.
    Store { src: Reg, access: u16 },
    /// The call of this number; it knows its sources.
    Call { dst: Reg, call: u16 },
}

impl Step {
    /// The register that is written.
    pub fn dst(&self) -> Option<Reg> {
        use Step::*;
        match *self {
            Literal { dst, .. }
            | Param { dst, .. }
            | Load { dst, .. }
            | Index { dst, .. }
            | Unary { dst, .. }
            | Function { dst, .. }
            | Binary { dst, .. }
            | Function2 { dst, .. }
            | Select { dst, .. }
            | MulAdd { dst, .. }
            | Convert { dst, .. }
            | Round16 { dst, .. }
            | NarrowOdd { dst, .. }
            | Call { dst, .. } => Some(dst),
            Store { .. } => None,
        }
    }

    /// The registers that are read; `calls` are those of the program.
    pub fn sources(&self, calls: &[Call]) -> SmallVec<[Reg; 3]> {
        use Step::*;
        match *self {
            Call { call, .. } => SmallVec::from_slice(calls[call as usize].arguments()),
            Literal { .. } | Param { .. } | Load { .. } | Index { .. } => SmallVec::new(),
            Unary { a, .. }
            | Function { a, .. }
            | Convert { a, .. }
            | Round16 { a, .. }
            | NarrowOdd { a, .. } => SmallVec::from_slice(&[a]),
            Store { src, .. } => SmallVec::from_slice(&[src]),
            Binary { a, b, .. } | Function2 { a, b, .. } => SmallVec::from_slice(&[a, b]),
            Select { cond, a, b, .. } => SmallVec::from_slice(&[cond, a, b]),
            MulAdd { a, b, c, .. } => SmallVec::from_slice(&[a, b, c]),
        }
    }
}
