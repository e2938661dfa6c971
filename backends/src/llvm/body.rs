//! One L1 instruction, as IR: the meaning that NUMERICS.md gives it, for any number of lanes.

use super::emit::{Elem, Ty, V};
use super::lanes::{F, saturating};
use crate::math::{self, Binary, Unary};
use lazuli_core::dtype::Kind;
use lazuli_core::{BinaryOp, DType, UnaryOp};

/// Register element of a dtype.
pub fn elem(dtype: DType) -> Elem {
    match dtype {
        DType::Bool => Elem::I1,
        DType::I8 | DType::U8 => Elem::I8,
        DType::I16 | DType::U16 => Elem::I16,
        DType::I32 | DType::U32 => Elem::I32,
        DType::I64 | DType::U64 => Elem::I64,
        DType::F16 | DType::BF16 | DType::F32 | DType::Complex64 => Elem::F32,
        DType::F64 | DType::Complex128 => Elem::F64,
    }
}

/// Memory element of a dtype.
pub fn memory_elem(dtype: DType) -> Elem {
    match dtype {
        DType::Bool => Elem::I8,
        DType::F16 | DType::BF16 => Elem::I16,
        other => elem(other),
    }
}

fn is_signed(dtype: DType) -> bool {
    dtype.kind() == Kind::Signed
}

/// From the memory form of a dtype to its register form.
pub fn extend<'e>(v: V<'e>, dtype: DType) -> V<'e> {
    let e = v.e;
    match dtype {
        DType::Bool => e.compare("icmp ne", v, e.int(v.ty, 0)),
        DType::BF16 => {
            let wide = e.convert("zext", v, v.ty.of(Elem::I32));
            let high = e.binary("shl", wide, e.int(wide.ty, 16));
            e.convert("bitcast", high, v.ty.of(Elem::F32))
        }
        DType::F16 => {
            // The magnitude's bits, moved to where f32 has them, are the value times 2^-112;
            // infinities and NaNs get the largest exponent instead.
            let wide = e.convert("zext", v, v.ty.of(Elem::I32));
            let int = |n: i64| e.int(wide.ty, n);
            let sign = e.binary("shl", e.binary("and", wide, int(0x8000)), int(16));
            let size = e.binary("and", wide, int(0x7fff));
            let moved = e.binary("shl", size, int(13));
            let scaled = e.binary(
                "fmul",
                e.convert("bitcast", moved, v.ty.of(Elem::F32)),
                e.float(v.ty.of(Elem::F32), 2f64.powi(112)),
            );
            let finite = e.convert("bitcast", scaled, wide.ty);
            let special = e.binary("or", moved, int(0x7f80_0000));
            let is_special = e.compare("icmp uge", size, int(0x7c00));
            let bits = e.binary("or", e.select(is_special, special, finite), sign);
            e.convert("bitcast", bits, v.ty.of(Elem::F32))
        }
        _ => v,
    }
}

/// From the register form of a dtype to its memory form. 16-bit floats are representable
/// already (they were rounded when they were computed).
pub fn shrink<'e>(v: V<'e>, dtype: DType) -> V<'e> {
    let e = v.e;
    match dtype {
        DType::Bool => e.convert("zext", v, v.ty.of(Elem::I8)),
        DType::BF16 => {
            let bits = e.convert("bitcast", v, v.ty.of(Elem::I32));
            let nan = e.compare("fcmp uno", v, v);
            let quiet = e.binary("or", bits, e.int(bits.ty, 0x40_0000));
            let high = e.binary("lshr", e.select(nan, quiet, bits), e.int(bits.ty, 16));
            e.convert("trunc", high, v.ty.of(Elem::I16))
        }
        DType::F16 => {
            let bits = e.convert("bitcast", v, v.ty.of(Elem::I32));
            let int = |n: i64| e.int(bits.ty, n);
            let sign = e.binary("and", e.binary("lshr", bits, int(16)), int(0x8000));
            let size = e.binary("and", bits, int(0x7fff_ffff));
            let scaled = e.binary("fmul", e.convert("bitcast", size, v.ty), e.float(v.ty, 2f64.powi(-112)));
            let finite = e.binary("lshr", e.convert("bitcast", scaled, bits.ty), int(13));
            let nan = e.compare("icmp ugt", size, int(0x7f80_0000));
            let special = e.select(nan, int(0x7e00), int(0x7c00));
            let is_special = e.compare("icmp uge", size, int(0x7f80_0000));
            let low = e.binary("or", e.select(is_special, special, finite), sign);
            e.convert("trunc", low, v.ty.of(Elem::I16))
        }
        _ => v,
    }
}

/// Rounds an f32 to the nearest value of a 16-bit type, ties to even.
pub fn round16<'e>(v: V<'e>, to: DType) -> V<'e> {
    let e = v.e;
    let bits = e.convert("bitcast", v, v.ty.of(Elem::I32));
    let int = |n: i64| e.int(bits.ty, n);
    let drop = if to == DType::BF16 { 16 } else { 13 };
    // Adding half of the last kept place, less one if that place is even, carries as rounding does.
    let odd = e.binary("and", e.binary("lshr", bits, int(drop)), int(1));
    let half = e.binary("add", odd, int((1 << (drop - 1)) - 1));
    let carried = e.binary("add", bits, half);
    let kept = e.binary("and", carried, int(-(1 << drop)));
    let rounded = e.convert("bitcast", kept, v.ty);
    let nan = e.compare("fcmp uno", v, v);
    if to == DType::BF16 {
        return e.select(nan, v, rounded);
    }
    let size = e.intrinsic("llvm.fabs", &[v]);
    let sign = e.binary("and", bits, int(1 << 31));
    // Above 65504 and a half step: infinity. Below 2^-14: multiples of 2^-24, by adding 1/2.
    let large = e.compare("fcmp oge", size, e.float(v.ty, 65520.0));
    let small = e.compare("fcmp olt", size, e.float(v.ty, 2f64.powi(-14)));
    let half = e.float(v.ty, 0.5);
    let shifted = e.binary("fsub", e.binary("fadd", size, half), half);
    let with_sign = |x: V<'e>| {
        let b = e.convert("bitcast", x, bits.ty);
        e.convert("bitcast", e.binary("or", b, sign), v.ty)
    };
    let tiny = with_sign(shifted);
    let infinite = with_sign(e.float(v.ty, f64::INFINITY));
    let r = e.select(small, tiny, rounded);
    let r = e.select(large, infinite, r);
    e.select(nan, v, r)
}

/// f64 to f32, rounded to odd.
pub fn narrow_odd<'e>(v: V<'e>) -> V<'e> {
    let e = v.e;
    let near = e.convert("fptrunc", v, v.ty.of(Elem::F32));
    let back = e.convert("fpext", near, v.ty);
    let inexact = e.compare("fcmp one", back, v);
    let (size, back_size) = (e.intrinsic("llvm.fabs", &[v]), e.intrinsic("llvm.fabs", &[back]));
    let over = e.compare("fcmp ogt", back_size, size);
    let bits = e.convert("bitcast", near, v.ty.of(Elem::I32));
    let one = e.int(bits.ty, 1);
    let toward_zero = e.select(over, e.binary("sub", bits, one), bits);
    let odd = e.binary("or", toward_zero, one);
    e.convert("bitcast", e.select(inexact, odd, bits), near.ty)
}

/// A conversion between register types.
pub fn convert<'e>(v: V<'e>, from: DType, to: DType) -> V<'e> {
    let e = v.e;
    let ty = v.ty.of(elem(to));
    match (from.is_float(), to.is_float()) {
        _ if from == to => v,
        (true, _) if to == DType::Bool => e.compare("fcmp une", v, e.float(v.ty, 0.0)),
        (false, _) if to == DType::Bool => e.compare("icmp ne", v, e.int(v.ty, 0)),
        (true, true) => {
            let op = if ty.elem.bits() > v.ty.elem.bits() { "fpext" } else { "fptrunc" };
            e.convert(op, v, ty)
        }
        (true, false) => saturating(v, ty, is_signed(to)),
        (false, true) => e.convert(if is_signed(from) { "sitofp" } else { "uitofp" }, v, ty),
        (false, false) => {
            let (have, want) = (v.ty.elem.bits(), ty.elem.bits());
            match have.cmp(&want) {
                std::cmp::Ordering::Equal => v,
                std::cmp::Ordering::Greater => e.convert("trunc", v, ty),
                std::cmp::Ordering::Less => e.convert(if is_signed(from) { "sext" } else { "zext" }, v, ty),
            }
        }
    }
}

/// The math library's name of an operation.
fn elementary(op: UnaryOp) -> Option<Unary> {
    use Unary as F;
    Some(match op {
        UnaryOp::Exp => F::Exp,
        UnaryOp::Exp2 => F::Exp2,
        UnaryOp::ExpM1 => F::ExpM1,
        UnaryOp::Ln => F::Ln,
        UnaryOp::Ln1p => F::Ln1p,
        UnaryOp::Log2 => F::Log2,
        UnaryOp::Log10 => F::Log10,
        UnaryOp::Sin => F::Sin,
        UnaryOp::Cos => F::Cos,
        UnaryOp::Tan => F::Tan,
        UnaryOp::Asin => F::Asin,
        UnaryOp::Acos => F::Acos,
        UnaryOp::Atan => F::Atan,
        UnaryOp::Sinh => F::Sinh,
        UnaryOp::Cosh => F::Cosh,
        UnaryOp::Tanh => F::Tanh,
        UnaryOp::Asinh => F::Asinh,
        UnaryOp::Acosh => F::Acosh,
        UnaryOp::Atanh => F::Atanh,
        UnaryOp::Erf => F::Erf,
        UnaryOp::Erfc => F::Erfc,
        UnaryOp::Cbrt => F::Cbrt,
        UnaryOp::Sigmoid => F::Sigmoid,
        _ => return None,
    })
}

/// A primitive operation of one operand.
pub fn unary<'e>(op: UnaryOp, x: V<'e>, dtype: DType) -> Result<V<'e>, String> {
    let e = x.e;
    if let Some(f) = elementary(op) {
        return match dtype {
            DType::F32 => Ok(math::f32::unary(f, F::<32>(x)).0),
            DType::F64 => Ok(math::f64::unary(f, F::<64>(x)).0),
            other => Err(format!("{op:?} of {other}")),
        };
    }
    let float = dtype.is_float();
    Ok(match op {
        UnaryOp::Neg if float => e.negate(x),
        UnaryOp::Neg => e.binary("sub", e.int(x.ty, 0), x),
        UnaryOp::Abs if float => e.intrinsic("llvm.fabs", &[x]),
        UnaryOp::Abs if is_signed(dtype) => {
            let zero = e.int(x.ty, 0);
            e.select(e.compare("icmp slt", x, zero), e.binary("sub", zero, x), x)
        }
        UnaryOp::Abs => x,
        UnaryOp::Not => e.binary("xor", x, e.int(x.ty, -1)),
        UnaryOp::Sqrt if float => e.intrinsic("llvm.sqrt", &[x]),
        UnaryOp::Floor if float => e.intrinsic("llvm.floor", &[x]),
        UnaryOp::Ceil if float => e.intrinsic("llvm.ceil", &[x]),
        UnaryOp::Round if float => e.intrinsic("llvm.roundeven", &[x]),
        UnaryOp::Trunc if float => e.intrinsic("llvm.trunc", &[x]),
        UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round | UnaryOp::Trunc => x,
        other => return Err(format!("{other:?} of {dtype}")),
    })
}

/// A primitive operation of two operands of one dtype. Exact float remainders are `rem`'s work.
pub fn binary<'e>(
    op: BinaryOp,
    x: V<'e>,
    y: V<'e>,
    dtype: DType,
    rem: impl FnOnce(V<'e>, V<'e>) -> V<'e>,
) -> Result<V<'e>, String> {
    use BinaryOp::*;
    let e = x.e;
    if let Some(predicate) = comparison(op, dtype) {
        return Ok(e.compare(predicate, x, y));
    }
    let signed = is_signed(dtype);
    if dtype.is_float() {
        let f = |op: &str| Ok(e.binary(op, x, y));
        let elementary = |f: Binary| match dtype {
            DType::F32 => math::f32::binary(f, F::<32>(x), F::<32>(y)).0,
            _ => math::f64::binary(f, F::<64>(x), F::<64>(y)).0,
        };
        return match op {
            Add => f("fadd"),
            Sub => f("fsub"),
            Mul => f("fmul"),
            Div => f("fdiv"),
            Rem => Ok(rem(x, y)),
            Maximum => Ok(e.intrinsic("llvm.maximum", &[x, y])),
            Minimum => Ok(e.intrinsic("llvm.minimum", &[x, y])),
            Copysign => {
                // A NaN counts as positive, whatever its sign bit is.
                let nan = e.compare("fcmp uno", y, y);
                let sign = e.select(nan, e.float(y.ty, 1.0), y);
                Ok(e.intrinsic("llvm.copysign", &[x, sign]))
            }
            Pow => Ok(elementary(Binary::Pow)),
            Atan2 => Ok(elementary(Binary::Atan2)),
            Hypot => Ok(elementary(Binary::Hypot)),
            other => Err(format!("{other:?} of {dtype}")),
        };
    }
    let bool_ = dtype == DType::Bool;
    Ok(match op {
        Add if !bool_ => e.binary("add", x, y),
        Sub if !bool_ => e.binary("sub", x, y),
        Mul if !bool_ => e.binary("mul", x, y),
        Div | Rem if !bool_ => divide(op, x, y, signed),
        And => e.binary("and", x, y),
        Or => e.binary("or", x, y),
        Xor => e.binary("xor", x, y),
        Maximum if bool_ => e.binary("or", x, y),
        Minimum if bool_ => e.binary("and", x, y),
        Maximum => e.intrinsic(if signed { "llvm.smax" } else { "llvm.umax" }, &[x, y]),
        Minimum => e.intrinsic(if signed { "llvm.smin" } else { "llvm.umin" }, &[x, y]),
        Shl | Shr if !bool_ => shift(op, x, y, signed),
        other => return Err(format!("{other:?} of {dtype}")),
    })
}

fn comparison(op: BinaryOp, dtype: DType) -> Option<&'static str> {
    use BinaryOp::*;
    let (float, signed) = (dtype.is_float(), is_signed(dtype));
    let pick = |f: &'static str, s: &'static str, u: &'static str| match (float, signed) {
        (true, _) => f,
        (_, true) => s,
        _ => u,
    };
    Some(match op {
        Eq => pick("fcmp oeq", "icmp eq", "icmp eq"),
        Ne => pick("fcmp une", "icmp ne", "icmp ne"),
        Lt => pick("fcmp olt", "icmp slt", "icmp ult"),
        Le => pick("fcmp ole", "icmp sle", "icmp ule"),
        Gt => pick("fcmp ogt", "icmp sgt", "icmp ugt"),
        Ge => pick("fcmp oge", "icmp sge", "icmp uge"),
        _ => return None,
    })
}

/// Total integer division: the divisor is made 1 where the machine would trap. That alone gives
/// MIN / -1 = MIN and all remainders; a quotient by 0 is then set to 0.
fn divide<'e>(op: BinaryOp, x: V<'e>, y: V<'e>, signed: bool) -> V<'e> {
    let e = x.e;
    let zero = e.compare("icmp eq", y, e.int(y.ty, 0));
    let mut bad = zero;
    if signed {
        let least = e.int(x.ty, i64::MIN >> (64 - x.ty.elem.bits()));
        let low = e.compare("icmp eq", x, least);
        let minus = e.compare("icmp eq", y, e.int(y.ty, -1));
        bad = e.binary("or", bad, e.binary("and", low, minus));
    }
    let safe = e.select(bad, e.int(y.ty, 1), y);
    if op == BinaryOp::Rem {
        return e.binary(if signed { "srem" } else { "urem" }, x, safe);
    }
    let quotient = e.binary(if signed { "sdiv" } else { "udiv" }, x, safe);
    e.select(zero, e.int(x.ty, 0), quotient)
}

/// Total shifts: by the width or more (or by a negative count) everything is shifted out.
fn shift<'e>(op: BinaryOp, x: V<'e>, y: V<'e>, signed: bool) -> V<'e> {
    let e = x.e;
    let width = i64::from(x.ty.elem.bits());
    let inside = e.compare("icmp ult", y, e.int(y.ty, width));
    let last = e.int(y.ty, width - 1);
    let count = e.select(inside, y, last);
    match (op, signed) {
        (BinaryOp::Shr, true) => e.binary("ashr", x, count),
        (BinaryOp::Shr, false) => e.select(inside, e.binary("lshr", x, count), e.int(x.ty, 0)),
        _ => e.select(inside, e.binary("shl", x, count), e.int(x.ty, 0)),
    }
}

/// Values as words of 64 bits.
pub fn to_word<'e>(v: V<'e>) -> V<'e> {
    let e = v.e;
    let word = v.ty.of(Elem::I64);
    let bits = match v.ty.elem {
        Elem::F32 => e.convert("bitcast", v, v.ty.of(Elem::I32)),
        Elem::F64 => e.convert("bitcast", v, word),
        _ => v,
    };
    if bits.ty.elem.bits() < 64 { e.convert("zext", bits, word) } else { bits }
}

/// Back from them.
pub fn from_word<'e>(word: V<'e>, ty: Ty) -> V<'e> {
    let e = word.e;
    match ty.elem {
        Elem::I64 => word,
        Elem::F64 => e.convert("bitcast", word, ty),
        Elem::F32 => {
            let low = e.convert("trunc", word, ty.of(Elem::I32));
            e.convert("bitcast", low, ty)
        }
        _ => e.convert("trunc", word, ty),
    }
}

/// Register type of a dtype with some lanes.
pub fn register(dtype: DType, lanes: u32) -> Ty {
    Ty::new(elem(dtype), lanes)
}
