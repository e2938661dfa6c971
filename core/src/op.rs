//! Every operation that can be recorded.
//!
//! An [`Op`] is what a graph node does to its inputs. Elementwise operations take inputs of equal
//! shape (broadcasting is a [`View`] of its own); views change the layout only; a reduction keeps
//! the axes that it was recorded with, because `NUMERICS.md` defines its bits by their order.

use crate::dtype::{DType, Scalar};
use crate::fold::Fold;
use crate::function::Function;
use crate::generalized::GeneralizedRef;
use crate::window::WindowPart;
use smallvec::SmallVec;
use std::sync::Arc;

/// Elementwise operations with one input.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnaryOp {
    /// `-x`; integers wrap.
    Neg,
    /// Absolute value; the smallest integer wraps to itself.
    Abs,
    /// Logical not of bools, bitwise not of integers.
    Not,
    /// Square root, correctly rounded; NaN below zero.
    Sqrt,
    /// `1 / x`.
    Recip,
    /// `1 / sqrt(x)`, rounded twice.
    Rsqrt,
    /// e to the power of x.
    Exp,
    /// 2 to the power of x.
    Exp2,
    /// `exp(x) - 1`.
    ExpM1,
    /// Natural logarithm.
    Ln,
    /// `ln(1 + x)`.
    Ln1p,
    /// Logarithm to base 2.
    Log2,
    /// Logarithm to base 10.
    Log10,
    /// Sine, of radians.
    Sin,
    /// Cosine, of radians.
    Cos,
    /// Tangent, of radians.
    Tan,
    /// Arc sine.
    Asin,
    /// Arc cosine.
    Acos,
    /// Arc tangent.
    Atan,
    /// Hyperbolic sine.
    Sinh,
    /// Hyperbolic cosine.
    Cosh,
    /// Hyperbolic tangent.
    Tanh,
    /// Inverse hyperbolic sine.
    Asinh,
    /// Inverse hyperbolic cosine.
    Acosh,
    /// Inverse hyperbolic tangent.
    Atanh,
    /// Error function.
    Erf,
    /// `1 - erf(x)`.
    Erfc,
    /// Cube root.
    Cbrt,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// NumPy's sign: -1, 0 or 1; NaN stays.
    Sign,
    /// Rust's signum: -1 or 1 by the sign bit; NaN stays.
    Signum,
    /// The largest whole number not above x.
    Floor,
    /// The smallest whole number not below x.
    Ceil,
    /// Half to even, as NumPy's `round`.
    Round,
    /// The whole part.
    Trunc,
    /// Is it NaN? Gives a bool.
    IsNan,
    /// Is it an infinity? Gives a bool.
    IsInf,
    /// Is it neither infinite nor NaN? Gives a bool.
    IsFinite,
    /// Integer power, by square-and-multiply; the exponent is structure, not a value.
    Powi(i32),
    /// Conversion to another dtype.
    Cast(DType),
}

/// Elementwise operations with two inputs of one dtype.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BinaryOp {
    /// `x + y`; integers wrap.
    Add,
    /// `x - y`; integers wrap.
    Sub,
    /// `x * y`; integers wrap.
    Mul,
    /// `x / y`; integers truncate, and `x / 0` is 0.
    Div,
    /// Rust's `%`: sign of the dividend.
    Rem,
    /// NumPy's `remainder`: sign of the divisor.
    Remainder,
    /// NumPy's `floor_divide`.
    FloorDiv,
    /// x to the power of y.
    Pow,
    /// The angle of the point (y, x), as `f64::atan2`.
    Atan2,
    /// `sqrt(x * x + y * y)` without overflow on the way.
    Hypot,
    /// Larger of two; NaN propagates, +0 > -0.
    Maximum,
    /// Smaller of two; NaN propagates, -0 < +0.
    Minimum,
    /// The magnitude of x with the sign of y; a NaN counts as positive.
    Copysign,
    /// And, logical of bools, bitwise of integers.
    And,
    /// Or, as `And`.
    Or,
    /// Exclusive or, as `And`.
    Xor,
    /// Shift to the left; 0 by the width or more.
    Shl,
    /// Shift to the right, arithmetic if signed; only the sign is left by the width or more.
    Shr,
    /// Equal? Never with a NaN.
    Eq,
    /// Different? Always with a NaN.
    Ne,
    /// Less?
    Lt,
    /// Less or equal?
    Le,
    /// Greater?
    Gt,
    /// Greater or equal?
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
pub enum ReduceOp {
    /// Sum; of nothing 0.
    Sum,
    /// Product; of nothing 1.
    Prod,
    /// Smallest element; NaN propagates.
    Min,
    /// Largest element; NaN propagates.
    Max,
    /// Position (in reduction order) of the first smallest element; NaN first.
    ArgMin,
    /// Position (in reduction order) of the first largest element; NaN first.
    ArgMax,
    /// Is any element true? Of bools.
    Any,
    /// Are all elements true? Of bools.
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
    /// The elements at a fixed distance along each axis, also across the edges: the one view that is
    /// not of even steps, see [`crate::window`].
    Window(Box<[WindowPart]>),
}

/// What a graph node does.
#[derive(Clone, PartialEq, Debug)]
pub enum Op {
    /// One value everywhere. No inputs; the value is a parameter of kernels, never part of a key.
    Const(Scalar),
    /// `0, 1, 2, ...` as int64 along one axis. No inputs.
    Iota,
    /// Is there an element at this distance along an axis, or is that beyond an edge? A bool at each place. No
    /// inputs, and no memory: it is known for whole parts of an array, as what windows see is.
    Within {
        /// The axis.
        axis: u16,
        /// The distance.
        shift: isize,
    },
    /// The argument of this number of a function that is being compiled: row-major elements that
    /// are given at each call, so that there is no value to evaluate. No inputs.
    Argument(u16),
    /// An elementwise operation.
    Map(MapOp),
    /// One result of a function of scalars, applied to each element of inputs of equal shape.
    Call {
        /// The function.
        function: Arc<Function>,
        /// Which of its results.
        result: u16,
    },
    /// A layout change of the one input.
    View(View),
    /// A reduction of the one input over `axes` (ascending), which disappear from the shape.
    Reduce {
        /// Which reduction.
        op: ReduceOp,
        /// The reduced axes of the input, ascending.
        axes: SmallVec<[usize; 4]>,
    },
    /// One value of the state that a reduction of one's own over `axes` (ascending) ends with. The inputs,
    /// of equal shape, are the values of an element's state.
    Fold {
        /// How states are combined.
        fold: Arc<Fold>,
        /// Which value of the state.
        result: u16,
        /// The reduced axes of the inputs, ascending.
        axes: SmallVec<[usize; 4]>,
    },
    /// Matrix product of two inputs `[.., m, k]` and `[.., k, n]` with equal leading axes.
    /// A library call: outside promise P1 (NUMERICS.md section 5).
    MatMul,
    /// One result of a generalised function, of inputs whose leading axes are the outer ones, all equal.
    /// A call of its own: nothing fuses with it.
    Generalized {
        /// The function.
        function: GeneralizedRef,
        /// Which of its results.
        result: u16,
    },
}

impl Op {
    /// Is it a reduction, whose results are worth keeping?
    pub fn reduces(&self) -> bool {
        matches!(self, Op::Reduce { .. } | Op::Fold { .. })
    }

    /// A short lower-case name, as messages and plans print it.
    pub fn name(&self) -> String {
        match self {
            Op::Const(v) => format!("const {v:?}"),
            Op::Iota => "iota".into(),
            Op::Within { shift, .. } => format!("within {shift}"),
            Op::Argument(n) => format!("argument {n}"),
            Op::Map(MapOp::Unary(UnaryOp::Cast(t))) => format!("cast to {t}"),
            Op::Map(MapOp::Unary(UnaryOp::Powi(n))) => format!("powi {n}"),
            Op::Map(MapOp::Unary(u)) => snake(&format!("{u:?}")),
            Op::Map(MapOp::Binary(b)) => snake(&format!("{b:?}")),
            Op::Map(MapOp::Select) => "select".into(),
            Op::Map(MapOp::MulAdd) => "mul_add".into(),
            Op::Call { function, .. } => function.name.into(),
            Op::View(View::Permute(_)) => "permute".into(),
            Op::View(View::Broadcast) => "broadcast".into(),
            Op::View(View::Reshape) => "reshape".into(),
            Op::View(View::Slice(_)) => "slice".into(),
            Op::View(View::Window(_)) => "window".into(),
            Op::Reduce { op, .. } => format!("{op:?}").to_lowercase(),
            Op::Fold { fold, .. } => fold.combine().name.into(),
            Op::MatMul => "matmul".into(),
            Op::Generalized { function, .. } => function.0.name.into(),
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
