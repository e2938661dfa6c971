//! Level L1: a kernel is one pass over memory, whatever the target.
//!
//! Its iteration space is `rows x inner`. The inner axes are the reduced ones, in the order in
//! which their reductions were recorded (the order that NUMERICS.md section 2 numbers them by);
//! a kernel without a reduction has no inner axes. Its body is a list of instructions in SSA
//! form, each at one of two *levels*: **row** (one value a row) or **full** (one value a point).
//! A [`Inst::Reduce`] turns full values into a row value, and so does an [`Inst::Fold`].
//!
//! *Stages* are not stored but follow from the body: the depth of a value is the number of
//! reductions below it, and everything of depth `d` belongs to sweep `d` over the inner axes.
//! So softmax is one kernel of three sweeps, whichever axes it runs over.
//!
//! Invariants (checked by [`Kernel::verify`]): operands come before their users; a `Reduce` has a
//! full operand unless the kernel reduces over no axes at all; only primitive operations occur
//! (see [`is_primitive`]); 16-bit floats live in registers as f32.

use crate::callee::Callee;
use crate::fold::Combine;
use lazuli_core::op::{BinaryOp, ReduceOp, UnaryOp};
use lazuli_core::{DType, Scalar};
use smallvec::SmallVec;
use std::fmt;
use std::sync::Arc;

/// Position of an instruction; stands for its value.
pub type Val = u32;

/// One scalar instruction.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Inst {
    /// The element that an access points at, extended to its register type.
    Load(u16),
    /// The position (int64) that an access to the virtual array 0, 1, 2, ... points at.
    Index(u16),
    /// A value given at launch; never part of a key. `(slot, register type)`.
    Param(u16, DType),
    /// A constant that belongs to the structure (from an expansion, never from the user).
    Literal(Scalar),
    /// A primitive operation of one operand.
    Unary(UnaryOp, Val),
    /// A primitive operation of two operands.
    Binary(BinaryOp, Val, Val),
    /// `cond ? a : b`.
    Select(Val, Val, Val),
    /// `a * b + c`, rounded once.
    MulAdd(Val, Val, Val),
    /// Conversion between register types; float to integer saturates, NaN to 0; to bool: `!= 0`.
    Convert(DType, Val),
    /// Rounds an f32 to the nearest f16 or bf16 value, and keeps it as f32.
    Round16(DType, Val),
    /// f64 to f32, rounded to odd: so that a further rounding to 16 bits is a single one.
    NarrowOdd(Val),
    /// Combines the values of all points of a row.
    Reduce(ReduceOp, Val),
    /// One value of the state in which the states of all points of a row are combined.
    Fold(Arc<Combine>, u16, SmallVec<[Val; 4]>),
    /// A result of a function with loops or long branches, of these arguments.
    Call(Arc<Callee>, u16, SmallVec<[Val; 4]>),
    /// Within a [`Callee`]: the argument of this number.
    Argument(u16),
    /// Within a [`Callee`]: a value that its structure gives.
    Joined,
}

impl Inst {
    /// The operands.
    pub fn operands(&self) -> SmallVec<[Val; 4]> {
        use Inst::*;
        match *self {
            Load(_) | Index(_) | Param(..) | Literal(_) | Argument(_) | Joined => SmallVec::new(),
            Call(_, _, ref arguments) | Fold(_, _, ref arguments) => arguments.clone(),
            Unary(_, a) | Convert(_, a) | Round16(_, a) | NarrowOdd(a) | Reduce(_, a) => {
                SmallVec::from_slice(&[a])
            }
            Binary(_, a, b) => SmallVec::from_slice(&[a, b]),
            Select(a, b, c) | MulAdd(a, b, c) => SmallVec::from_slice(&[a, b, c]),
        }
    }

    /// Does it turn full values into a row value?
    pub fn reduces(&self) -> bool {
        matches!(self, Inst::Reduce(..) | Inst::Fold(..))
    }
}

/// An instruction with what is known about its value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Def {
    /// What to compute.
    pub inst: Inst,
    /// Register type: bool, an integer, f32 or f64.
    pub ty: DType,
    /// One value a point (true) or a row (false)?
    pub full: bool,
    /// Number of reductions below: the sweep in which it can be computed first.
    pub depth: u8,
}

/// What an access reads or writes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Target {
    /// Reads the value of this node of the trace.
    Read(usize),
    /// Reads positions of the virtual array 0, 1, 2, ... that this Iota node stands for.
    Iota(usize),
    /// Writes the value of this node of the trace, row-major.
    Write(usize),
}

/// How a kernel reaches an array: through a chain of views, each remaining axis of which is one
/// axis of the kernel (or has length 1).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Access {
    /// What is reached.
    pub target: Target,
    /// Type in memory.
    pub dtype: DType,
    /// View nodes of the trace, applied in this order to the array's layout.
    pub views: SmallVec<[usize; 2]>,
    /// For each axis after the views: the kernel's axis, or `None` for length 1.
    pub axes: SmallVec<[Option<u8>; 4]>,
}

/// A value written to memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Store {
    /// What is written.
    pub value: Val,
    /// Where to.
    pub access: u16,
    /// At every point (true) or once a row?
    pub full: bool,
}

/// A parameter that tells whether there is an element at a distance along an axis: the same all over a
/// box (see [`crate::boxes`]), and so no matter of single elements.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Guard {
    /// The parameter.
    pub slot: u16,
    /// The Within node of the trace.
    pub node: usize,
    /// The kernel's axis; `None` for an axis of length 1.
    pub axis: Option<u8>,
}

/// One fused pass over memory. Extents are variables: `axes[a]` names a node and an axis of it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Kernel {
    /// Where the extent of each axis is read off: `(node of the trace, axis of its shape)`.
    pub axes: Vec<(usize, usize)>,
    /// The row axes, outermost first.
    pub rows: Vec<u8>,
    /// The reduced axes, in reduction order.
    pub inner: Vec<u8>,
    /// All arrays read and written.
    pub accesses: Vec<Access>,
    /// The Const node of the trace whose value each parameter slot takes; of guards, their own node.
    pub params: Vec<usize>,
    /// The parameters that boxes give values.
    pub guards: Vec<Guard>,
    /// The body.
    pub body: Vec<Def>,
    /// What is written.
    pub stores: Vec<Store>,
}

impl Kernel {
    /// Does it reduce (perhaps over no axes)?
    pub fn reduces(&self) -> bool {
        self.body.iter().any(|d| d.inst.reduces())
    }

    /// Checks the invariants of this level; the message says which is broken and where.
    pub fn verify(&self) -> Result<(), String> {
        for (i, def) in self.body.iter().enumerate() {
            for v in def.inst.operands() {
                if v as usize >= i {
                    return Err(format!("%{i} uses %{v} before it is defined"));
                }
                if self.body[v as usize].full && !def.full && !def.inst.reduces() {
                    return Err(format!("%{i} is a row value but uses the full value %{v}"));
                }
            }
            let primitive = match def.inst {
                Inst::Unary(op, _) => is_primitive(op),
                Inst::Binary(op, ..) => !matches!(op, BinaryOp::Remainder | BinaryOp::FloorDiv),
                Inst::Argument(_) | Inst::Joined => false,
                Inst::Call(ref callee, r, ref arguments) => {
                    (r as usize) < callee.results.len() && arguments.len() == callee.arguments()
                }
                Inst::Fold(ref combine, r, ref operands) => {
                    (r as usize) < combine.width() && operands.len() == combine.width()
                }
                _ => true,
            };
            if !primitive {
                return Err(format!("%{i}: {:?} is not primitive", def.inst));
            }
            if def.ty != def.ty.compute() {
                return Err(format!("%{i} is held as {}", def.ty));
            }
        }
        for s in &self.stores {
            if s.value as usize >= self.body.len() || s.access as usize >= self.accesses.len() {
                return Err("a store names what does not exist".into());
            }
        }
        Ok(())
    }
}

/// Is `op` one that engines implement? The others are expanded into these (see `expand`).
pub fn is_primitive(op: UnaryOp) -> bool {
    use UnaryOp::*;
    !matches!(op, Recip | Rsqrt | Sign | Signum | IsNan | IsInf | IsFinite | Powi(_) | Cast(_))
}

/// A rough price of an instruction, in additions: what recomputing it costs.
pub fn price(inst: &Inst) -> usize {
    match inst {
        Inst::Param(..) | Inst::Literal(_) => 0,
        Inst::Unary(op, _) if is_elementary(*op) => 16,
        Inst::Unary(UnaryOp::Sqrt, _) => 8,
        Inst::Binary(BinaryOp::Pow | BinaryOp::Atan2 | BinaryOp::Hypot, ..) => 32,
        Inst::Binary(BinaryOp::Div | BinaryOp::Rem, ..) => 8,
        Inst::Call(callee, ..) => callee.price(),
        Inst::Fold(combine, ..) => combine.callee.price(),
        _ => 1,
    }
}

/// Is it a function of the math library (as against a machine instruction or two)?
pub fn is_elementary(op: UnaryOp) -> bool {
    use UnaryOp::*;
    matches!(
        op,
        Exp | Exp2
            | ExpM1
            | Ln
            | Ln1p
            | Log2
            | Log10
            | Sin
            | Cos
            | Tan
            | Asin
            | Acos
            | Atan
            | Sinh
            | Cosh
            | Tanh
            | Asinh
            | Acosh
            | Atanh
            | Erf
            | Erfc
            | Cbrt
            | Sigmoid
    )
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let axes = |list: &[u8]| list.iter().map(|a| format!("a{a}")).collect::<Vec<_>>().join(", ");
        writeln!(f, "kernel rows ({}) inner ({})", axes(&self.rows), axes(&self.inner))?;
        for (i, d) in self.body.iter().enumerate() {
            let text = d.inst.text(|a| self.show(a));
            let level = if d.full { "full" } else { "row" };
            writeln!(f, "  %{i}: {} {level} {} = {text}", d.ty, d.depth)?;
        }
        for s in &self.stores {
            let level = if s.full { "full" } else { "row" };
            writeln!(f, "  store {level} {} <- %{}", self.show(s.access), s.value)?;
        }
        let mut shown: Vec<&Callee> = Vec::new();
        for def in &self.body {
            let callee = match &def.inst {
                Inst::Call(callee, ..) => &**callee,
                Inst::Fold(combine, ..) => &combine.callee,
                _ => continue,
            };
            if !shown.contains(&callee) {
                write!(f, "{callee}")?;
                shown.push(callee);
            }
        }
        Ok(())
    }
}

impl Inst {
    /// The instruction as a line of text; `access` shows what a load reads.
    pub(crate) fn text(&self, access: impl Fn(u16) -> String) -> String {
        let v = |v: &Val| format!("%{v}");
        match self {
            Inst::Load(a) => format!("load {}", access(*a)),
            Inst::Index(a) => format!("index {}", access(*a)),
            Inst::Param(p, _) => format!("param {p}"),
            Inst::Literal(s) => format!("literal {s:?}"),
            Inst::Unary(op, a) => format!("{op:?} {}", v(a)).to_lowercase(),
            Inst::Binary(op, a, b) => format!("{op:?} {} {}", v(a), v(b)).to_lowercase(),
            Inst::Select(c, a, b) => format!("select {} {} {}", v(c), v(a), v(b)),
            Inst::MulAdd(a, b, c) => format!("mul_add {} {} {}", v(a), v(b), v(c)),
            Inst::Convert(t, a) => format!("convert {} to {t}", v(a)),
            Inst::Round16(t, a) => format!("round {} to {t}", v(a)),
            Inst::NarrowOdd(a) => format!("narrow_odd {}", v(a)),
            Inst::Reduce(op, a) => format!("reduce {op:?} {}", v(a)).to_lowercase(),
            Inst::Call(callee, r, arguments) => {
                let arguments: Vec<String> = arguments.iter().map(v).collect();
                format!("call {}.{r} {}", callee.function.name, arguments.join(" "))
            }
            Inst::Fold(combine, r, operands) => {
                let operands: Vec<String> = operands.iter().map(v).collect();
                format!("fold {}.{r} {}", combine.callee.function.name, operands.join(" "))
            }
            Inst::Argument(a) => format!("argument {a}"),
            Inst::Joined => "joined".into(),
        }
    }
}

impl Kernel {
    fn show(&self, access: u16) -> String {
        let a = &self.accesses[access as usize];
        let axes: Vec<String> = a.axes.iter().map(|x| x.map_or("1".into(), |x| format!("a{x}"))).collect();
        let (mark, node) = match a.target {
            Target::Read(n) => ("", n),
            Target::Iota(n) => ("iota ", n),
            Target::Write(n) => ("out ", n),
        };
        let views = if a.views.is_empty() { "" } else { " viewed" };
        format!("{mark}#{node}{views}[{}]: {}", axes.join(", "), a.dtype)
    }
}
