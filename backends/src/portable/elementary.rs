//! The one place where this engine meets the math library.

use super::blocks::{BLOCK, Operand};
use lazuli_core::{BinaryOp, DType, UnaryOp};

/// `dst = op(a)` for whole blocks, where `op` is a function of the math library.
///
/// # Safety
///
/// As `blocks::map1`.
pub(super) unsafe fn unary(op: UnaryOp, ty: DType, blocks: usize, dst: *mut u8, a: Operand) {
    let n = if a.step == 0 { BLOCK } else { blocks * BLOCK };
    debug_assert!(a.step != 0 || blocks == 1);
    // SAFETY: the caller's promise.
    unsafe {
        match ty {
            DType::F32 => {
                let x = std::slice::from_raw_parts(a.ptr.cast::<f32>(), n);
                let out = std::slice::from_raw_parts_mut(dst.cast::<f32>(), n);
                x.iter().zip(out).for_each(|(&x, o)| *o = placeholder(op, x as f64) as f32);
            }
            _ => {
                let x = std::slice::from_raw_parts(a.ptr.cast::<f64>(), n);
                let out = std::slice::from_raw_parts_mut(dst.cast::<f64>(), n);
                x.iter().zip(out).for_each(|(&x, o)| *o = placeholder(op, x));
            }
        }
    }
}

/// `dst = op(a, b)` for whole blocks, where `op` is a function of the math library.
///
/// # Safety
///
/// As `blocks::map1`.
pub(super) unsafe fn binary(op: BinaryOp, ty: DType, blocks: usize, dst: *mut u8, a: Operand, b: Operand) {
    // SAFETY: the caller's promise.
    unsafe {
        for k in 0..blocks {
            for i in 0..BLOCK {
                let (ia, ib) = (k * a.step + i, k * b.step + i);
                if ty == DType::F32 {
                    let (x, y) = (*a.ptr.cast::<f32>().add(ia), *b.ptr.cast::<f32>().add(ib));
                    *dst.cast::<f32>().add(k * BLOCK + i) = placeholder2(op, x as f64, y as f64) as f32;
                } else {
                    let (x, y) = (*a.ptr.cast::<f64>().add(ia), *b.ptr.cast::<f64>().add(ib));
                    *dst.cast::<f64>().add(k * BLOCK + i) = placeholder2(op, x, y);
                }
            }
        }
    }
}

fn placeholder(op: UnaryOp, x: f64) -> f64 {
    use UnaryOp::*;
    match op {
        Exp => x.exp(),
        Exp2 => x.exp2(),
        ExpM1 => x.exp_m1(),
        Ln => x.ln(),
        Ln1p => x.ln_1p(),
        Log2 => x.log2(),
        Log10 => x.log10(),
        Sin => x.sin(),
        Cos => x.cos(),
        Tan => x.tan(),
        Asin => x.asin(),
        Acos => x.acos(),
        Atan => x.atan(),
        Sinh => x.sinh(),
        Cosh => x.cosh(),
        Tanh => x.tanh(),
        Asinh => x.asinh(),
        Acosh => x.acosh(),
        Atanh => x.atanh(),
        Erf | Erfc => x,
        Cbrt => x.cbrt(),
        Sigmoid => 1.0 / (1.0 + (-x).exp()),
        _ => unreachable!("{op:?} is no function of the math library"),
    }
}

fn placeholder2(op: BinaryOp, x: f64, y: f64) -> f64 {
    match op {
        BinaryOp::Pow => x.powf(y),
        BinaryOp::Atan2 => x.atan2(y),
        BinaryOp::Hypot => x.hypot(y),
        _ => unreachable!("{op:?} is no function of the math library"),
    }
}
