//! The primitive operations over blocks: one function for each class of operations, in which the
//! match over operation and type stands outside the loops.
//!
//! Elementary functions are not here but in `elementary`. An operation on a type that recording
//! does not allow (the square root of an integer, say) is a bug of the front and panics.

use super::blocks::{Operand, Out, map1, map2, map3};
use super::half;
use super::isa::per_isa;
use super::num::{Float, Int, Num, with_any, with_float, with_int, with_number};
use lazuli_core::{BinaryOp, DType, UnaryOp};

per_isa! {
    /// `dst = op(a)`, all of type `ty`. Memory as for `blocks::map1`.
    unary(op: UnaryOp, ty: DType, blocks: usize, dst: Out<'_>, a: Operand) = unary_body;
    /// `dst = a op b`, where `ty` is the type of the operands. Memory as for `blocks::map1`.
    binary(op: BinaryOp, ty: DType, blocks: usize, dst: Out<'_>, a: Operand, b: Operand) = binary_body;
    /// `dst = cond ? a : b` of elements of `size` bytes. Memory as for `blocks::map1`.
    select(size: usize, blocks: usize, dst: Out<'_>, cond: Operand, a: Operand, b: Operand) = select_body;
    /// `dst = a * b + c`, rounded once. Memory as for `blocks::map1`.
    mul_add(ty: DType, blocks: usize, dst: Out<'_>, a: Operand, b: Operand, c: Operand) = mul_add_body;
    /// `dst = a` as another register type. Memory as for `blocks::map1`.
    convert(to: DType, from: DType, blocks: usize, dst: Out<'_>, a: Operand) = convert_body;
    /// f32 to the nearest value of a 16-bit float, as f32. Memory as for `blocks::map1`.
    round16(to: DType, blocks: usize, dst: Out<'_>, a: Operand) = round16_body;
    /// f64 to f32, rounded to odd. Memory as for `blocks::map1`.
    narrow_odd(blocks: usize, dst: Out<'_>, a: Operand) = narrow_odd_body;
}

fn foreign(op: impl std::fmt::Debug, ty: DType) -> ! {
    unreachable!("{op:?} of {ty}")
}

#[inline(always)]
unsafe fn unary_body(op: UnaryOp, ty: DType, n: usize, dst: Out<'_>, a: Operand) {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        match ty {
            DType::Bool => match op {
                UnaryOp::Not => map1(n, dst, a, |x: u8| x ^ 1),
                _ => foreign(op, ty),
            },
            DType::F32 | DType::F64 => with_float!(ty, T => unary_float::<T>(op, ty, n, dst, a)),
            _ => with_int!(ty, T => unary_int::<T>(op, ty, n, dst, a)),
        }
    }
}

#[inline(always)]
unsafe fn unary_float<T: Float>(op: UnaryOp, ty: DType, n: usize, dst: Out<'_>, a: Operand) {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        match op {
            UnaryOp::Neg => map1(n, dst, a, |x: T| x.neg()),
            UnaryOp::Abs => map1(n, dst, a, |x: T| x.abs()),
            UnaryOp::Sqrt => map1(n, dst, a, |x: T| x.sqrt()),
            UnaryOp::Floor => map1(n, dst, a, |x: T| x.floor()),
            UnaryOp::Ceil => map1(n, dst, a, |x: T| x.ceil()),
            UnaryOp::Round => map1(n, dst, a, |x: T| x.round()),
            UnaryOp::Trunc => map1(n, dst, a, |x: T| x.trunc()),
            _ => foreign(op, ty),
        }
    }
}

#[inline(always)]
unsafe fn unary_int<T: Int>(op: UnaryOp, ty: DType, n: usize, dst: Out<'_>, a: Operand) {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        match op {
            UnaryOp::Neg => map1(n, dst, a, |x: T| x.neg()),
            UnaryOp::Abs => map1(n, dst, a, |x: T| x.abs()),
            UnaryOp::Not => map1(n, dst, a, |x: T| x.not()),
            _ => foreign(op, ty),
        }
    }
}

#[inline(always)]
unsafe fn binary_body(op: BinaryOp, ty: DType, n: usize, dst: Out<'_>, a: Operand, b: Operand) {
    use BinaryOp::*;
    // SAFETY: the caller's promise, passed on.
    unsafe {
        match op {
            Eq | Ne | Lt | Le | Gt | Ge => with_any!(ty, T => compare::<T>(op, n, dst, a, b)),
            And | Or | Xor if ty == DType::Bool => bits::<u8>(op, ty, n, dst, a, b),
            And | Or | Xor | Shl | Shr => with_int!(ty, T => bits::<T>(op, ty, n, dst, a, b)),
            Maximum | Minimum => with_any!(ty, T => extremes::<T>(op, n, dst, a, b)),
            Copysign => with_float!(ty, T => signs::<T>(n, dst, a, b)),
            Add | Sub | Mul | Div | Rem => with_number!(ty, T => numbers::<T>(op, n, dst, a, b)),
            Remainder | FloorDiv | Pow | Atan2 | Hypot => foreign(op, ty),
        }
    }
}

#[inline(always)]
unsafe fn numbers<T: Num>(op: BinaryOp, n: usize, dst: Out<'_>, a: Operand, b: Operand) {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        match op {
            BinaryOp::Add => map2(n, dst, a, b, |x: T, y: T| x.add(y)),
            BinaryOp::Sub => map2(n, dst, a, b, |x: T, y: T| x.sub(y)),
            BinaryOp::Mul => map2(n, dst, a, b, |x: T, y: T| x.mul(y)),
            BinaryOp::Div => map2(n, dst, a, b, |x: T, y: T| x.div(y)),
            _ => map2(n, dst, a, b, |x: T, y: T| x.rem(y)),
        }
    }
}

#[inline(always)]
unsafe fn extremes<T: Num>(op: BinaryOp, n: usize, dst: Out<'_>, a: Operand, b: Operand) {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        match op {
            BinaryOp::Maximum => map2(n, dst, a, b, |x: T, y: T| x.larger(y)),
            _ => map2(n, dst, a, b, |x: T, y: T| x.smaller(y)),
        }
    }
}

#[inline(always)]
unsafe fn signs<T: Float>(n: usize, dst: Out<'_>, a: Operand, b: Operand) {
    // SAFETY: the caller's promise, passed on.
    unsafe { map2(n, dst, a, b, |x: T, y: T| x.with_sign_of(y)) }
}

#[inline(always)]
unsafe fn compare<T: Num>(op: BinaryOp, n: usize, dst: Out<'_>, a: Operand, b: Operand) {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        match op {
            BinaryOp::Eq => map2(n, dst, a, b, |x: T, y: T| (x == y) as u8),
            BinaryOp::Ne => map2(n, dst, a, b, |x: T, y: T| (x != y) as u8),
            BinaryOp::Lt => map2(n, dst, a, b, |x: T, y: T| (x < y) as u8),
            BinaryOp::Le => map2(n, dst, a, b, |x: T, y: T| (x <= y) as u8),
            BinaryOp::Gt => map2(n, dst, a, b, |x: T, y: T| (x > y) as u8),
            _ => map2(n, dst, a, b, |x: T, y: T| (x >= y) as u8),
        }
    }
}

#[inline(always)]
unsafe fn bits<T: Int>(op: BinaryOp, ty: DType, n: usize, dst: Out<'_>, a: Operand, b: Operand) {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        match op {
            BinaryOp::And => map2(n, dst, a, b, |x: T, y: T| x.and(y)),
            BinaryOp::Or => map2(n, dst, a, b, |x: T, y: T| x.or(y)),
            BinaryOp::Xor => map2(n, dst, a, b, |x: T, y: T| x.xor(y)),
            BinaryOp::Shl if ty != DType::Bool => map2(n, dst, a, b, |x: T, y: T| x.shl(y)),
            BinaryOp::Shr if ty != DType::Bool => map2(n, dst, a, b, |x: T, y: T| x.shr(y)),
            _ => foreign(op, ty),
        }
    }
}

#[inline(always)]
unsafe fn select_body(size: usize, n: usize, dst: Out<'_>, cond: Operand, a: Operand, b: Operand) {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        match size {
            1 => map3(n, dst, cond, a, b, |c: u8, x: u8, y: u8| if c != 0 { x } else { y }),
            2 => map3(n, dst, cond, a, b, |c: u8, x: u16, y: u16| if c != 0 { x } else { y }),
            4 => map3(n, dst, cond, a, b, |c: u8, x: u32, y: u32| if c != 0 { x } else { y }),
            _ => map3(n, dst, cond, a, b, |c: u8, x: u64, y: u64| if c != 0 { x } else { y }),
        }
    }
}

#[inline(always)]
unsafe fn mul_add_body(ty: DType, n: usize, dst: Out<'_>, a: Operand, b: Operand, c: Operand) {
    // SAFETY: the caller's promise, passed on.
    unsafe { with_float!(ty, T => fused::<T>(n, dst, a, b, c)) }
}

#[inline(always)]
unsafe fn fused<T: Float>(n: usize, dst: Out<'_>, a: Operand, b: Operand, c: Operand) {
    // SAFETY: the caller's promise, passed on.
    unsafe { map3(n, dst, a, b, c, |x: T, y: T, z: T| x.fused(y, z)) }
}

/// `as` of Rust: wraps between integers, saturates from floats with NaN to 0, rounds to nearest
/// even into floats. A bool is 0 or 1.
#[inline(always)]
unsafe fn convert_body(to: DType, from: DType, n: usize, dst: Out<'_>, a: Operand) {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        with_any!(from, A => match to {
            DType::Bool => map1(n, dst, a, |x: A| (x != A::ZERO) as u8),
            _ => with_number!(to, R => map1(n, dst, a, |x: A| x as R)),
        })
    }
}

#[inline(always)]
unsafe fn round16_body(to: DType, n: usize, dst: Out<'_>, a: Operand) {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        match to {
            DType::F16 => map1(n, dst, a, half::round_f16),
            _ => map1(n, dst, a, half::round_bf16),
        }
    }
}

#[inline(always)]
unsafe fn narrow_odd_body(n: usize, dst: Out<'_>, a: Operand) {
    // SAFETY: the caller's promise, passed on.
    unsafe { map1(n, dst, a, half::narrow_odd) }
}
