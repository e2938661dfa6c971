//! Graph operations, written out in primitive instructions.
//!
//! Engines implement a small set (see [`crate::kernel::is_primitive`]); everything else is
//! defined here once, which is what makes its bits the same everywhere. 16-bit floats are
//! computed in f32 and rounded once after each operation (NUMERICS.md section 1).

use crate::kernel::{Def, Inst, Val};
use lazuli_core::dtype::Kind;
use lazuli_core::op::MapOp;
use lazuli_core::{BinaryOp, DType, FastMath, ReduceOp, Scalar, UnaryOp};
use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

/// A body under construction. Equal instructions are shared.
#[derive(Default)]
pub struct Body {
    /// The instructions so far.
    pub defs: Vec<Def>,
    known: HashMap<Inst, Val>,
    /// What is known, in the order in which it became so.
    order: Vec<Val>,
    /// What may be done differently from what is written, in the operations that come next.
    pub fast: FastMath,
    /// Products that need not be rounded by themselves.
    products: HashSet<Val>,
}

impl Body {
    /// Adds a leaf (load, index, parameter) whose level is given.
    pub fn leaf(&mut self, inst: Inst, ty: DType, full: bool) -> Val {
        self.add(inst, ty, full, 0)
    }

    /// Adds an instruction; its type, level and depth follow from its operands.
    pub fn push(&mut self, inst: Inst) -> Val {
        let (mut full, mut depth) = (false, 0);
        for v in inst.operands() {
            full |= self.defs[v as usize].full;
            depth = depth.max(self.defs[v as usize].depth);
        }
        let of = |v: Val| self.defs[v as usize].ty;
        let ty = match inst {
            Inst::Literal(s) => s.dtype,
            Inst::Unary(_, a) | Inst::MulAdd(a, ..) | Inst::Select(_, a, _) => of(a),
            Inst::Binary(op, a, _) => {
                if op.is_comparison() {
                    DType::Bool
                } else {
                    of(a)
                }
            }
            Inst::Convert(t, _) => t,
            Inst::Round16(..) | Inst::NarrowOdd(_) => DType::F32,
            Inst::Reduce(op, a) => match op {
                ReduceOp::ArgMin | ReduceOp::ArgMax => DType::I64,
                _ => of(a),
            },
            Inst::Call(ref callee, r, _) => callee.ty(callee.results[r as usize]),
            Inst::Fold(ref combine, r, _) => combine.callee.ty(combine.callee.results[r as usize]),
            Inst::Load(_) | Inst::Index(_) | Inst::Param(..) | Inst::Argument(_) | Inst::Joined => {
                unreachable!("leaves carry their type")
            }
        };
        if inst.reduces() {
            full = false;
            depth += 1;
        }
        self.add(inst, ty, full, depth)
    }

    fn add(&mut self, inst: Inst, ty: DType, full: bool, depth: u8) -> Val {
        if let Some(&v) = self.known.get(&inst) {
            return v;
        }
        let v = self.defs.len() as Val;
        self.known.insert(inst.clone(), v);
        self.order.push(v);
        self.defs.push(Def { inst, ty, full, depth });
        v
    }

    /// A value that the structure of a callee gives. It is like no other.
    pub fn joined(&mut self, ty: DType) -> Val {
        self.defs.push(Def { inst: Inst::Joined, ty, full: false, depth: 0 });
        self.defs.len() as Val - 1
    }

    /// Where the block of a callee begins; for [`forget`](Self::forget).
    pub fn mark(&self) -> usize {
        self.order.len()
    }

    /// Ends the block that began at `mark`: what it computes is not seen from outside.
    pub fn forget(&mut self, mark: usize) {
        for v in self.order.drain(mark..) {
            self.known.remove(&self.defs[v as usize].inst);
        }
    }

    fn ty(&self, v: Val) -> DType {
        self.defs[v as usize].ty
    }

    fn number(&mut self, ty: DType, v: f64) -> Val {
        self.push(Inst::Literal(Scalar::from_f64(ty, v)))
    }

    fn unary(&mut self, op: UnaryOp, a: Val) -> Val {
        self.push(Inst::Unary(op, a))
    }

    fn binary(&mut self, op: BinaryOp, a: Val, b: Val) -> Val {
        self.push(Inst::Binary(op, a, b))
    }

    fn select(&mut self, c: Val, a: Val, b: Val) -> Val {
        self.push(Inst::Select(c, a, b))
    }

    /// An elementwise operation whose result has dtype `out` (in memory). `from` is the memory
    /// dtype of its first operand.
    pub fn map(&mut self, op: MapOp, out: DType, from: DType, args: &[Val]) -> Val {
        let v = match op {
            MapOp::Unary(UnaryOp::Cast(to)) => return self.cast(args[0], from, to),
            MapOp::Unary(op) => self.expand_unary(op, args[0]),
            MapOp::Binary(op) if self.fast.contains(FastMath::CONTRACT) => {
                self.contracted(op, args[0], args[1])
            }
            MapOp::Binary(op) => self.expand_binary(op, args[0], args[1]),
            MapOp::Select => self.select(args[0], args[1], args[2]),
            MapOp::MulAdd if self.ty(args[0]).is_float() => {
                self.push(Inst::MulAdd(args[0], args[1], args[2]))
            }
            MapOp::MulAdd => {
                let product = self.binary(BinaryOp::Mul, args[0], args[1]);
                self.binary(BinaryOp::Add, product, args[2])
            }
        };
        if out != out.compute() { self.push(Inst::Round16(out, v)) } else { v }
    }

    /// A conversion between memory dtypes, rounding once.
    fn cast(&mut self, v: Val, from: DType, to: DType) -> Val {
        let have = self.ty(v);
        if to == from {
            return v;
        }
        if to == to.compute() {
            return if have == to { v } else { self.push(Inst::Convert(to, v)) };
        }
        // To 16 bits. Integers of 64 bits go by f64, whose rounding to odd then makes one.
        let wide = match have {
            DType::F32 | DType::F64 => v,
            _ => self.push(Inst::Convert(DType::F64, v)),
        };
        let single = if self.ty(wide) == DType::F64 { self.push(Inst::NarrowOdd(wide)) } else { wide };
        self.push(Inst::Round16(to, single))
    }

    fn expand_unary(&mut self, op: UnaryOp, x: Val) -> Val {
        use BinaryOp::*;
        let ty = self.ty(x);
        match op {
            UnaryOp::Recip => {
                let one = self.number(ty, 1.0);
                self.binary(Div, one, x)
            }
            UnaryOp::Rsqrt => {
                let (one, root) = (self.number(ty, 1.0), self.unary(UnaryOp::Sqrt, x));
                self.binary(Div, one, root)
            }
            UnaryOp::IsNan => self.binary(Ne, x, x),
            UnaryOp::IsInf | UnaryOp::IsFinite => {
                let (size, inf) = (self.unary(UnaryOp::Abs, x), self.number(ty, f64::INFINITY));
                self.binary(if op == UnaryOp::IsInf { Eq } else { Lt }, size, inf)
            }
            UnaryOp::Signum if ty.is_float() => {
                // By the sign bit; a NaN stays.
                let one = self.number(ty, 1.0);
                let signed = self.binary(Copysign, one, x);
                let nan = self.binary(Ne, x, x);
                self.select(nan, x, signed)
            }
            UnaryOp::Sign | UnaryOp::Signum => {
                if ty == DType::Bool {
                    return x;
                }
                let (zero, one) = (self.number(ty, 0.0), self.number(ty, 1.0));
                let above = self.binary(Gt, x, zero);
                // Zeros and NaNs are their own sign.
                let low = if ty.kind() == Kind::Unsigned {
                    x
                } else {
                    let below = self.binary(Lt, x, zero);
                    let minus = self.number(ty, -1.0);
                    self.select(below, minus, x)
                };
                self.select(above, one, low)
            }
            UnaryOp::Powi(n) => self.powi(x, n),
            // Rounding functions do not change integers; neither do magnitudes of unsigned ones.
            UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round | UnaryOp::Trunc if !ty.is_float() => x,
            UnaryOp::Abs if matches!(ty.kind(), Kind::Unsigned | Kind::Bool) => x,
            other => self.unary(other, x),
        }
    }

    /// Square-and-multiply from the lowest bit of |n|: `r` starts at 1 (the first factor is
    /// taken as it is); for a negative n the reciprocal of the result.
    fn powi(&mut self, x: Val, n: i32) -> Val {
        let ty = self.ty(x);
        let (mut left, mut square, mut result) = (n.unsigned_abs(), x, None);
        while left != 0 {
            if left & 1 != 0 {
                result = Some(match result {
                    None => square,
                    Some(r) => self.binary(BinaryOp::Mul, r, square),
                });
            }
            left >>= 1;
            if left != 0 {
                square = self.binary(BinaryOp::Mul, square, square);
            }
        }
        let one = self.number(ty, 1.0);
        let result = result.unwrap_or(one);
        if n < 0 { self.binary(BinaryOp::Div, one, result) } else { result }
    }

    /// An operation that takes a product in before it is rounded, if there is one. A product that nobody
    /// else reads is then left for nothing, which no engine computes that compiles.
    fn contracted(&mut self, op: BinaryOp, x: Val, y: Val) -> Val {
        let factors = |body: &Body, v: Val| match body.defs[v as usize].inst {
            Inst::Binary(BinaryOp::Mul, a, b) if body.products.contains(&v) => Some((a, b)),
            _ => None,
        };
        // To change a sign rounds nothing.
        match (op, factors(self, x), factors(self, y)) {
            (BinaryOp::Mul, ..) if self.ty(x).is_float() => {
                let product = self.expand_binary(op, x, y);
                self.products.insert(product);
                product
            }
            (BinaryOp::Add, _, Some((a, b))) => self.push(Inst::MulAdd(a, b, x)),
            (BinaryOp::Add, Some((a, b)), _) => self.push(Inst::MulAdd(a, b, y)),
            (BinaryOp::Sub, _, Some((a, b))) => {
                let minus = self.unary(UnaryOp::Neg, a);
                self.push(Inst::MulAdd(minus, b, x))
            }
            (BinaryOp::Sub, Some((a, b)), _) => {
                let minus = self.unary(UnaryOp::Neg, y);
                self.push(Inst::MulAdd(a, b, minus))
            }
            _ => self.expand_binary(op, x, y),
        }
    }

    fn expand_binary(&mut self, op: BinaryOp, x: Val, y: Val) -> Val {
        use BinaryOp::*;
        let float = self.ty(x).is_float();
        match op {
            Remainder if float => self.float_remainder(x, y),
            FloorDiv if float => self.float_floor_div(x, y),
            Remainder => {
                // The truncated remainder, moved by y where its sign is not that of y.
                let r = self.binary(Rem, x, y);
                let wrong = self.wrong_sign(r, y);
                let moved = self.binary(Add, r, y);
                self.select(wrong, moved, r)
            }
            FloorDiv => {
                let (q, r) = (self.binary(Div, x, y), self.binary(Rem, x, y));
                let wrong = self.wrong_sign(r, y);
                let one = self.number(self.ty(x), 1.0);
                let less = self.binary(Sub, q, one);
                self.select(wrong, less, q)
            }
            other => self.binary(other, x, y),
        }
    }

    /// `r != 0 && (r < 0) != (y < 0)`
    fn wrong_sign(&mut self, r: Val, y: Val) -> Val {
        use BinaryOp::*;
        let zero = self.number(self.ty(r), 0.0);
        let (a, b) = (self.binary(Lt, r, zero), self.binary(Lt, y, zero));
        let (differ, some) = (self.binary(Xor, a, b), self.binary(Ne, r, zero));
        self.binary(And, differ, some)
    }

    /// As NumPy: the exact remainder, moved by y where its sign is not that of y; a zero gets
    /// the sign of y.
    fn float_remainder(&mut self, x: Val, y: Val) -> Val {
        use BinaryOp::*;
        let r = self.binary(Rem, x, y);
        let zero = self.number(self.ty(x), 0.0);
        let wrong = self.wrong_sign(r, y);
        let moved = self.binary(Add, r, y);
        let nonzero = self.select(wrong, moved, r);
        let is_zero = self.binary(Eq, r, zero);
        let signed = self.binary(Copysign, zero, y);
        self.select(is_zero, signed, nonzero)
    }

    /// As NumPy: (x - remainder) / y, which is whole but for rounding, snapped to the nearest
    /// whole number; x / y where y is 0.
    fn float_floor_div(&mut self, x: Val, y: Val) -> Val {
        use BinaryOp::*;
        let ty = self.ty(x);
        let (zero, one, half) = (self.number(ty, 0.0), self.number(ty, 1.0), self.number(ty, 0.5));
        let r = self.binary(Rem, x, y);
        let difference = self.binary(Sub, x, r);
        let quotient = self.binary(Div, difference, y);
        let wrong = self.wrong_sign(r, y);
        let less = self.binary(Sub, quotient, one);
        let quotient = self.select(wrong, less, quotient);
        let floor = self.unary(UnaryOp::Floor, quotient);
        let excess = self.binary(Sub, quotient, floor);
        let high = self.binary(Gt, excess, half);
        let next = self.binary(Add, floor, one);
        let snapped = self.select(high, next, floor);
        let ratio = self.binary(Div, x, y);
        let signed_zero = self.binary(Copysign, zero, ratio);
        let none = self.binary(Eq, quotient, zero);
        let result = self.select(none, signed_zero, snapped);
        let by_zero = self.binary(Eq, y, zero);
        self.select(by_zero, ratio, result)
    }
}
