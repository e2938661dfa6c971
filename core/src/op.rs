//! Every operation that can be recorded.
//!
//! An [`Op`] is what a graph node does to its inputs. Elementwise operations take inputs of equal
//! shape (broadcasting is a [`View`] of its own); views change the layout only; a reduction keeps
//! the axes that it was recorded with, because `NUMERICS.md` defines its bits by their order.

use crate::dtype::{DType, Scalar};
use smallvec::SmallVec;

/// Elementwise operations with one input.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum UnaryOp {
    Neg,
    Abs,
    /// Logical not of bools, bitwise not of integers.
    Not,
    Sqrt,
    Recip,
    Rsqrt,
    Exp,
    Exp2,
    ExpM1,
    Ln,
    Ln1p,
    Log2,
    Log10,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Acosh,
    Atanh,
    Erf,
    Erfc,
    Cbrt,
    Sigmoid,
    /// NumPy's sign: -1, 0 or 1; NaN stays.
    Sign,
    /// Rust's signum: -1 or 1 by the sign bit; NaN stays.
    Signum,
    Floor,
    Ceil,
    /// Half to even, as NumPy's `round`.
    Round,
    Trunc,
    IsNan,
    IsInf,
    IsFinite,
    /// Integer power, by square-and-multiply; the exponent is structure, not a value.
    Powi(i32),
    /// Conversion to another dtype.
    Cast(DType),
}

/// Elementwise operations with two inputs of one dtype.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    /// Rust's `%`: sign of the dividend.
    Rem,
    /// NumPy's `remainder`: sign of the divisor.
    Remainder,
    /// NumPy's `floor_divide`.
    FloorDiv,
    Pow,
    Atan2,
    Hypot,
    /// Larger of two; NaN propagates, +0 > -0.
    Maximum,
    /// Smaller of two; NaN propagates, -0 < +0.
    Minimum,
    Copysign,
    And,
    Or,
    Xor,
    Shl,
    Shr,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl BinaryOp {
    /// Does it give a bool whatever its inputs are?
    pub fn is_comparison(self) -> bool {
        use BinaryOp::*;
        matches!(self, Eq | Ne | Lt | Le | Gt | Ge)
    }
}

/// Elementwise operations of any number of inputs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MapOp {
    /// One input.
    Unary(UnaryOp),
    /// Two inputs.
    Binary(BinaryOp),
    /// `inputs[0]` (bool) ? `inputs[1]` : `inputs[2]`.
    Select,
    /// `inputs[0] * inputs[1] + inputs[2]`, rounded once.
    MulAdd,
}

/// Reductions. Their order is that of NUMERICS.md section 2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum ReduceOp {
    Sum,
    Prod,
    Min,
    Max,
    /// Position (in reduction order) of the first smallest element; NaN first.
    ArgMin,
    /// Position (in reduction order) of the first largest element; NaN first.
    ArgMax,
    Any,
    All,
    /// The sum of squared deviations from the mean (NUMERICS.md section 3), from which `var`
    /// and `std` divide.
    Moment2,
}

/// One axis of a slice: where it starts in the source and by how much it steps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SlicePart {
    /// Index in the source of element 0 of the result.
    pub start: usize,
    /// Step in the source; negative steps walk backwards.
    pub step: isize,
}

/// A change of layout. Never a copy by itself.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum View {
    /// Axis `d` of the result is axis `axes[d]` of the source.
    Permute(SmallVec<[usize; 4]>),
    /// Stretches axes of length 1 and adds axes in front, as NumPy broadcasts.
    Broadcast,
    /// The same elements, row-major, in another shape.
    Reshape,
    /// A start and a step for each axis.
    Slice(Box<[SlicePart]>),
}

/// What a graph node does.
#[derive(Clone, PartialEq, Debug)]
pub enum Op {
    /// One value everywhere. No inputs; the value is a parameter of kernels, never part of a key.
    Const(Scalar),
    /// `0, 1, 2, ...` as int64 along one axis. No inputs.
    Iota,
    /// An elementwise operation.
    Map(MapOp),
    /// A layout change of the one input.
    View(View),
    /// A reduction of the one input over `axes` (ascending), which disappear from the shape.
    Reduce {
        /// Which reduction.
        op: ReduceOp,
        /// The reduced axes of the input, ascending.
        axes: SmallVec<[usize; 4]>,
    },
    /// Matrix product of two inputs `[.., m, k]` and `[.., k, n]` with equal leading axes.
    /// A library call: outside promise P1 (NUMERICS.md section 5).
    MatMul,
}

impl Op {
    /// A short lower-case name, as messages and plans print it.
    pub fn name(&self) -> String {
        match self {
            Op::Const(v) => format!("const {v:?}"),
            Op::Iota => "iota".into(),
            Op::Map(MapOp::Unary(UnaryOp::Cast(t))) => format!("cast to {t}"),
            Op::Map(MapOp::Unary(UnaryOp::Powi(n))) => format!("powi {n}"),
            Op::Map(MapOp::Unary(u)) => snake(&format!("{u:?}")),
            Op::Map(MapOp::Binary(b)) => snake(&format!("{b:?}")),
            Op::Map(MapOp::Select) => "select".into(),
            Op::Map(MapOp::MulAdd) => "mul_add".into(),
            Op::View(View::Permute(_)) => "permute".into(),
            Op::View(View::Broadcast) => "broadcast".into(),
            Op::View(View::Reshape) => "reshape".into(),
            Op::View(View::Slice(_)) => "slice".into(),
            Op::Reduce { op, .. } => format!("{op:?}").to_lowercase(),
            Op::MatMul => "matmul".into(),
        }
    }
}

fn snake(camel: &str) -> String {
    let mut out = String::new();
    for (i, c) in camel.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
