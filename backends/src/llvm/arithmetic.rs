//! An instruction that reads no memory, on the CPU, whose host takes long ways, or on a grid.

use super::emit::{Emitter, V};
use super::frame::Frame;
use super::{abi, body};
use lazuli_core::DType;
use lazuli_fusion::kernel::{Inst, Val};

/// Lanes for which a function is printed at once on a grid.
const SLICE: u32 = 8;

/// An instruction whose operands `get` gives, all of as many lanes; `dtype_of` tells their types.
/// Without a host there is nobody to take the long ways of some functions: they are printed.
pub fn arithmetic<'e>(
    e: &'e Emitter,
    host: Option<&Frame<'e>>,
    inst: &Inst,
    get: impl Fn(Val) -> V<'e>,
    dtype_of: impl Fn(Val) -> DType,
) -> Result<V<'e>, String> {
    Ok(match *inst {
        Inst::Unary(op, a) => match (abi::exceptional_code(op), host) {
            (Some(code), Some(host)) => host.with_exceptions(code, op, get(a), dtype_of(a))?,
            _ => in_slices(e, &[get(a)], |x| body::unary(op, x[0], dtype_of(a)))?,
        },
        Inst::Binary(op, a, b) => {
            let rem = |x, y| match host {
                Some(host) => host.remainder(x, y),
                None => super::remainder::remainder(x, y),
            };
            in_slices(e, &[get(a), get(b)], |x| body::binary(op, x[0], x[1], dtype_of(a), rem))?
        }
        Inst::Select(c, a, b) => e.select(get(c), get(a), get(b)),
        Inst::MulAdd(a, b, c) => e.intrinsic("llvm.fma", &[get(a), get(b), get(c)]),
        Inst::Convert(to, a) => body::convert(get(a), dtype_of(a), to),
        Inst::Round16(to, a) => body::round16(get(a), to),
        Inst::NarrowOdd(a) => body::narrow_odd(get(a)),
        ref other => return Err(format!("{other:?} is not arithmetic")),
    })
}

/// An operation of wide values, on a grid a few lanes after the other: what a function holds on to
/// across the branch to its cold path is then few registers.
fn in_slices<'e>(
    e: &'e Emitter,
    operands: &[V<'e>],
    f: impl Fn(&[V<'e>]) -> Result<V<'e>, String>,
) -> Result<V<'e>, String> {
    let lanes = operands[0].ty.lanes;
    if !e.dialect.is_grid() || lanes <= SLICE {
        return f(operands);
    }
    let slice = |first: u32| {
        let picks: Vec<u32> = (first..first + SLICE).collect();
        f(&operands.iter().map(|&v| e.shuffle(v, v, &picks)).collect::<Vec<_>>())
    };
    let slices = (0..lanes).step_by(SLICE as usize).map(slice);
    Ok(e.concat(&slices.collect::<Result<Vec<_>, _>>()?))
}
