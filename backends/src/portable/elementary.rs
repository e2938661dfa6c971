//! The one place where this engine meets the math library.

use super::blocks::{BLOCK, Operand, Out};
use super::isa::Isa;
use crate::math::block::{Version, binary_f32_by, binary_f64_by, unary_f32_by, unary_f64_by};
use crate::math::{Binary, Unary};
use lazuli_core::{BinaryOp, DType, UnaryOp};

/// `dst = op(a)` for whole blocks, where `op` is a function of the math library.
///
/// # Safety
///
/// As `blocks::map1`; the elements at `dst` are initialised.
pub(super) unsafe fn unary(isa: Isa, op: UnaryOp, ty: DType, blocks: usize, dst: Out<'_>, a: Operand) {
    let (f, v) = (unary_of(op), version(isa));
    // SAFETY: the caller's promise.
    unsafe {
        match ty {
            DType::F32 => runs(blocks, dst, a, a, |x, _, out| unary_f32_by(v, f, x, out)),
            _ => runs(blocks, dst, a, a, |x, _, out| unary_f64_by(v, f, x, out)),
        }
    }
}

/// `dst = op(a, b)` for whole blocks, where `op` is a function of the math library.
///
/// # Safety
///
/// As [`unary`].
pub(super) unsafe fn binary(
    isa: Isa,
    op: BinaryOp,
    ty: DType,
    blocks: usize,
    dst: Out<'_>,
    a: Operand,
    b: Operand,
) {
    let (f, v) = (binary_of(op), version(isa));
    // SAFETY: the caller's promise.
    unsafe {
        match ty {
            DType::F32 => runs(blocks, dst, a, b, |x, y, out| binary_f32_by(v, f, x, y, out)),
            _ => runs(blocks, dst, a, b, |x, y, out| binary_f64_by(v, f, x, y, out)),
        }
    }
}

/// Calls `f` for all blocks at once, or (where an operand is one block again and again) for each.
///
/// # Safety
///
/// As [`unary`], with elements of `T`.
unsafe fn runs<T>(blocks: usize, dst: Out<'_>, a: Operand, b: Operand, f: impl Fn(&[T], &[T], &mut [T])) {
    let dst: *mut u8 = dst.as_mut_ptr().cast();
    let whole = a.step != 0 && b.step != 0;
    let (count, n) = if whole { (1, blocks * BLOCK) } else { (blocks, BLOCK) };
    for k in 0..count {
        // SAFETY: the caller's promise.
        unsafe {
            let x = std::slice::from_raw_parts(a.ptr.cast::<T>().add(k * a.step), n);
            let y = std::slice::from_raw_parts(b.ptr.cast::<T>().add(k * b.step), n);
            f(x, y, std::slice::from_raw_parts_mut(dst.cast::<T>().add(k * BLOCK), n));
        }
    }
}

fn version(isa: Isa) -> Version {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => Version::Avx512,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => Version::Avx2,
        Isa::Baseline => Version::Plain,
    }
}

/// The library's name of a function.
fn unary_of(op: UnaryOp) -> Unary {
    macro_rules! same {
        ($($name:ident)*) => {
            match op {
                $(UnaryOp::$name => Unary::$name,)*
                other => unreachable!("{other:?} is no function of the math library"),
            }
        };
    }
    same!(Exp Exp2 ExpM1 Ln Ln1p Log2 Log10 Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Asinh Acosh Atanh
        Erf Erfc Cbrt Sigmoid)
}

/// The library's name of a function.
fn binary_of(op: BinaryOp) -> Binary {
    match op {
        BinaryOp::Pow => Binary::Pow,
        BinaryOp::Atan2 => Binary::Atan2,
        BinaryOp::Hypot => Binary::Hypot,
        other => unreachable!("{other:?} is no function of the math library"),
    }
}
