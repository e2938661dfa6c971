//! A kernel by definition: point by point, one number at a time, with reductions written as
//! NUMERICS.md says them. Shares no code with the engine but the elementary functions and the
//! conversions of 16-bit floats, which have tests of their own.

use super::super::blocks::{BLOCK, Operand, get};
use super::super::isa::Isa;
use super::super::{Job, elementary, half};
use lazuli_core::{BinaryOp, DType, ReduceOp, UnaryOp, function};
use lazuli_fusion::kernel::{Def, Val, is_elementary};
use lazuli_fusion::{Callee, Combine, Inst, Slot};
use std::collections::HashMap;

/// Checks what the stores of a launch have written.
pub(super) fn check(job: &Job<'_>) {
    let bound = job.bound;
    let (rows, inner) = (bound.row_count(), bound.inner_count());
    // Big launches are looked at in places.
    let points = rows * inner.max(1);
    let stride = (points / 200_000).max(1);
    for row in (0..rows).step_by(if inner > 1 { stride.min(rows) } else { stride }) {
        let mut row_values = Row { job, row, known: HashMap::new() };
        for store in &bound.kernel.stores {
            let a = &bound.accesses[store.access as usize];
            let count = if store.full { inner } else { 1 };
            for r in (0..count).step_by(if store.full { 1 + count / 5000 } else { 1 }) {
                let mut bits = row_values.value(store.value, r);
                bits = match a.dtype {
                    DType::F16 => half::f32_to_f16(f32::from_bits(bits as u32)) as u64,
                    DType::BF16 => half::f32_to_bf16(f32::from_bits(bits as u32)) as u64,
                    _ => bits,
                };
                // SAFETY: a place that the launch wrote.
                let there = unsafe { get(row_values.address(store.access, r), a.dtype.size(), 0) };
                let same = bits == there || (is_nan(a.dtype, bits) && is_nan(a.dtype, there));
                assert!(
                    same,
                    "store of %{} at row {row}, element {r}: {there:x} but should be {bits:x}\n{:?} rows {:?} inner {:?}\n{}",
                    store.value, bound.mode, bound.rows, bound.inner, bound.kernel
                );
            }
        }
    }
}

fn is_nan(dtype: DType, bits: u64) -> bool {
    match dtype {
        DType::F32 => f32::from_bits(bits as u32).is_nan(),
        DType::F64 => f64::from_bits(bits).is_nan(),
        DType::F16 => half::f16_to_f32(bits as u16).is_nan(),
        DType::BF16 => half::bf16_to_f32(bits as u16).is_nan(),
        _ => false,
    }
}

struct Row<'a> {
    job: &'a Job<'a>,
    row: usize,
    /// Reductions, and (for each element) nothing else: definitions are slow.
    known: HashMap<Val, u64>,
}

impl Row<'_> {
    fn position(&self, access: u16, r: usize) -> isize {
        let b = self.job.bound;
        let a = &b.accesses[access as usize];
        let mut at = a.offset;
        for (extents, steps, mut i) in [(&b.rows, &a.rows, self.row), (&b.inner, &a.inner, r)] {
            for (&n, &s) in extents.iter().zip(steps).rev() {
                at += (i % n.max(1)) as isize * s;
                i /= n.max(1);
            }
        }
        at
    }

    fn address(&self, access: u16, r: usize) -> *const u8 {
        let size = self.job.bound.accesses[access as usize].dtype.size() as isize;
        self.job.bases[access as usize].wrapping_offset(self.position(access, r) * size)
    }

    fn value(&mut self, v: Val, r: usize) -> u64 {
        let kernel = &self.job.bound.kernel;
        let def = &kernel.body[v as usize];
        let ty = |v: Val| kernel.body[v as usize].ty;
        match def.inst {
            Inst::Load(a) => {
                let dtype = self.job.bound.accesses[a as usize].dtype;
                // SAFETY: a place that the launch reads.
                let bits = unsafe { get(self.address(a, r), dtype.size(), 0) };
                match dtype {
                    DType::F16 => half::f16_to_f32(bits as u16).to_bits() as u64,
                    DType::BF16 => half::bf16_to_f32(bits as u16).to_bits() as u64,
                    _ => bits,
                }
            }
            Inst::Index(a) => {
                assert_eq!(self.job.bound.accesses[a as usize].slot, Slot::Iota);
                self.position(a, r) as i64 as u64
            }
            Inst::Param(slot, _) => self.job.params[slot as usize],
            Inst::Reduce(op, a) => {
                if let Some(&known) = self.known.get(&v) {
                    return known;
                }
                let n = self.job.bound.inner_count();
                let elements: Vec<u64> = (0..n).map(|r| self.value(a, r)).collect();
                let result = define(op, ty(a), &elements);
                self.known.insert(v, result);
                result
            }
            Inst::Fold(ref combine, result, ref operands) => {
                if let Some(&known) = self.known.get(&v) {
                    return known;
                }
                let n = self.job.bound.inner_count();
                let state = |r: usize| operands.iter().map(|&v| self.value(v, r)).collect();
                let states: Vec<Vec<u64>> = (0..n).map(state).collect();
                let result = folded(combine, states)[result as usize];
                self.known.insert(v, result);
                result
            }
            Inst::Call(ref callee, result, ref arguments) => {
                let arguments: Vec<u64> = arguments.iter().map(|&a| self.value(a, r)).collect();
                call(callee, &arguments)[result as usize]
            }
            _ => arithmetic(def, ty, |v| self.value(v, r)),
        }
    }
}

/// An instruction that reads no memory.
fn arithmetic(def: &Def, ty: impl Fn(Val) -> DType, mut get: impl FnMut(Val) -> u64) -> u64 {
    match def.inst {
        Inst::Literal(s) => s.register_bits(),
        Inst::Unary(op, a) => unary(op, ty(a), get(a)),
        Inst::Binary(op, a, b) => binary(op, ty(a), get(a), get(b)),
        Inst::Select(c, a, b) => {
            let chosen = if get(c) != 0 { a } else { b };
            get(chosen)
        }
        Inst::MulAdd(a, b, c) => {
            let (a, b, c) = (get(a), get(b), get(c));
            match def.ty {
                DType::F32 => {
                    let f = |x: u64| f32::from_bits(x as u32);
                    f(a).mul_add(f(b), f(c)).to_bits() as u64
                }
                _ => f64::from_bits(a).mul_add(f64::from_bits(b), f64::from_bits(c)).to_bits(),
            }
        }
        Inst::Convert(to, a) => convert(to, ty(a), get(a)),
        Inst::Round16(to, a) => {
            let x = f32::from_bits(get(a) as u32);
            let y = if to == DType::F16 { half::round_f16(x) } else { half::round_bf16(x) };
            y.to_bits() as u64
        }
        Inst::NarrowOdd(a) => half::narrow_odd(f64::from_bits(get(a))).to_bits() as u64,
        ref other => panic!("{other:?} is no arithmetic"),
    }
}

/// The results of a function.
pub(crate) fn call(callee: &Callee, arguments: &[u64]) -> Vec<u64> {
    let mut values = vec![0; callee.defs.len()];
    values[..arguments.len()].copy_from_slice(arguments);
    run_block(callee, &callee.body, &mut values);
    callee.results.iter().map(|&r| values[r as usize]).collect()
}

fn run_block(callee: &Callee, block: &function::Block, values: &mut Vec<u64>) {
    for step in block {
        run_step(callee, step, values);
    }
}

fn run_step(callee: &Callee, step: &function::Step, values: &mut Vec<u64>) {
    match step {
        function::Step::Run(range) => {
            for v in range.clone() {
                let def = &callee.defs[v as usize];
                values[v as usize] = arithmetic(def, |v| callee.ty(v), |v| values[v as usize]);
            }
        }
        function::Step::If { cond, then, other, joins } => {
            let yes = values[*cond as usize] != 0;
            run_block(callee, if yes { then } else { other }, values);
            for join in joins {
                if let Some(v) = if yes { join.then } else { join.other } {
                    values[join.value as usize] = values[v as usize];
                }
            }
        }
        function::Step::Loop { states, body, .. } => {
            for state in states {
                values[state.value as usize] = values[state.first as usize];
            }
            loop {
                for step in body {
                    let function::Step::Exit { cond, keep } = step else {
                        run_step(callee, step, values);
                        continue;
                    };
                    if values[*cond as usize] != 0 {
                        let kept: Vec<u64> = keep.iter().map(|&(_, v)| values[v as usize]).collect();
                        for (&(at, _), v) in keep.iter().zip(kept) {
                            values[states[at as usize].value as usize] = v;
                        }
                        return;
                    }
                }
                let next: Vec<u64> = states.iter().map(|s| values[s.next as usize]).collect();
                for (state, v) in states.iter().zip(next) {
                    values[state.value as usize] = v;
                }
            }
        }
        function::Step::Exit { .. } => panic!("an exit outside a loop"),
        function::Step::Do(_) => panic!("an effect in a function that is no kernel"),
    }
}

/// The result of a reduction, by NUMERICS.md.
pub(super) fn define(op: ReduceOp, ty: DType, x: &[u64]) -> u64 {
    use ReduceOp::*;
    let fold = |op: BinaryOp| x.iter().copied().reduce(|a, b| binary(op, ty, a, b));
    match op {
        Sum if x.is_empty() => 0,
        Sum => tree(x, number(ty, -0.0), |a, b| binary(BinaryOp::Add, ty, a, b)),
        Prod if x.is_empty() => number(ty, 1.0),
        Prod => tree(x, number(ty, 1.0), |a, b| binary(BinaryOp::Mul, ty, a, b)),
        Min => fold(BinaryOp::Minimum).expect("not empty"),
        Max => fold(BinaryOp::Maximum).expect("not empty"),
        Any => x.iter().any(|&b| b != 0) as u64,
        All => x.iter().all(|&b| b != 0) as u64,
        ArgMin | ArgMax => {
            let nan = x.iter().position(|&b| is_nan(ty, b));
            let best = fold(if op == ArgMin { BinaryOp::Minimum } else { BinaryOp::Maximum });
            let equal = |b: &u64| binary(BinaryOp::Eq, ty, *b, best.expect("not empty")) == 1;
            nan.or_else(|| x.iter().position(equal)).expect("not empty") as u64
        }
        Moment2 if x.is_empty() => 0,
        Moment2 => moment(ty, x),
    }
}

/// The state in which these are combined, in order.
fn folded(combine: &Combine, states: Vec<Vec<u64>>) -> Vec<u64> {
    let two = |a: &Vec<u64>, b: &Vec<u64>| call(&combine.callee, &[&a[..], &b[..]].concat());
    let mut partials: Vec<Vec<u64>> = Vec::new();
    for (r, x) in states.into_iter().enumerate() {
        let p = 32 * (r / 256) + r % 32;
        if p == partials.len() {
            partials.push(x);
        } else {
            partials[p] = two(&partials[p], &x);
        }
    }
    if partials.is_empty() {
        return combine.identity.iter().map(|v| v.register_bits()).collect();
    }
    levels(partials, two)
}

/// Level by level; an odd last one passes unchanged.
fn levels<X: Clone>(mut v: Vec<X>, f: impl Fn(&X, &X) -> X) -> X {
    while v.len() > 1 {
        v = v.chunks(2).map(|c| if c.len() == 2 { f(&c[0], &c[1]) } else { c[0].clone() }).collect();
    }
    v.remove(0)
}

fn partials(x: &[u64], start: u64, f: impl Fn(u64, u64) -> u64) -> Vec<u64> {
    let mut p = vec![start; x.len() / 256 * 32 + (x.len() % 256).min(32)];
    for (r, &v) in x.iter().enumerate() {
        let at = &mut p[32 * (r / 256) + r % 32];
        *at = f(*at, v);
    }
    p
}

fn tree(x: &[u64], start: u64, f: impl Fn(u64, u64) -> u64 + Copy) -> u64 {
    levels(partials(x, start, f), |&a, &b| f(a, b))
}

fn number(ty: DType, v: f64) -> u64 {
    lazuli_core::Scalar::from_f64(ty, v).bits
}

fn moment(ty: DType, x: &[u64]) -> u64 {
    let (add, sub) = (|a, b| binary(BinaryOp::Add, ty, a, b), |a, b| binary(BinaryOp::Sub, ty, a, b));
    let (mul, div) = (|a, b| binary(BinaryOp::Mul, ty, a, b), |a, b| binary(BinaryOp::Div, ty, a, b));
    let zero = number(ty, -0.0);
    let chunks = x.chunks(256).map(|c| {
        let w = c.len().min(16);
        let p = div(levels(c[..w].to_vec(), |&a, &b| add(a, b)), number(ty, w as f64));
        let d: Vec<u64> = c.iter().map(|&x| sub(x, p)).collect();
        let dd: Vec<u64> = d.iter().map(|&d| mul(d, d)).collect();
        let (s1, s2) = (tree(&d, zero, add), tree(&dd, zero, add));
        let m = sub(s2, mul(s1, div(s1, number(ty, c.len() as f64))));
        let m = if binary(BinaryOp::Lt, ty, m, 0) == 1 { 0 } else { m };
        (p, s1, m, c.len())
    });
    let merge = |a: &(u64, u64, u64, usize), b: &(u64, u64, u64, usize)| {
        let (na, nb) = (a.3 as f64, b.3 as f64);
        let e = sub(b.0, a.0);
        let d = add(e, sub(div(b.1, number(ty, nb)), div(a.1, number(ty, na))));
        let f = number(ty, na * nb / (na + nb));
        let m = add(add(a.2, b.2), mul(mul(d, d), f));
        let s1 = add(a.1, add(b.1, mul(number(ty, nb), e)));
        (a.0, s1, m, a.3 + b.3)
    };
    levels(chunks.collect(), merge).2
}

/// An elementary function of one number, by the library that the engine uses.
fn unary(op: UnaryOp, ty: DType, x: u64) -> u64 {
    if is_elementary(op) {
        let (mut a, mut out) = ([x; BLOCK], [0u64; BLOCK]);
        let narrow: [u32; BLOCK] = [x as u32; BLOCK];
        let ptr = if ty == DType::F32 { narrow.as_ptr().cast_mut().cast() } else { a.as_mut_ptr().cast() };
        let dst: *mut u8 = out.as_mut_ptr().cast();
        // SAFETY: one block of either type.
        unsafe {
            let to = std::slice::from_raw_parts_mut(dst.cast(), BLOCK * ty.size());
            elementary::unary(Isa::best(), op, ty, 1, to, Operand { ptr, step: BLOCK });
            return get(dst, ty.size(), 0);
        }
    }
    macro_rules! float {
        ($t:ty, $x:expr) => {{
            let x = <$t>::from_bits($x);
            let y = match op {
                UnaryOp::Neg => -x,
                UnaryOp::Abs => x.abs(),
                UnaryOp::Sqrt => x.sqrt(),
                UnaryOp::Floor => x.floor(),
                UnaryOp::Ceil => x.ceil(),
                UnaryOp::Round => x.round_ties_even(),
                UnaryOp::Trunc => x.trunc(),
                _ => unreachable!("{op:?}"),
            };
            y.to_bits() as u64
        }};
    }
    macro_rules! int {
        ($t:ty, $u:ty) => {{
            let x = x as $t;
            let y = match op {
                UnaryOp::Neg => (0 as $t).wrapping_sub(x),
                UnaryOp::Not => !x,
                UnaryOp::Abs => {
                    if (x as i128) < 0 {
                        (0 as $t).wrapping_sub(x)
                    } else {
                        x
                    }
                }
                _ => unreachable!("{op:?}"),
            };
            y as $u as u64
        }};
    }
    match ty {
        DType::Bool => (x == 0) as u64,
        DType::I32 => int!(i32, u32),
        DType::I64 => int!(i64, u64),
        DType::U8 => int!(u8, u8),
        DType::U64 => int!(u64, u64),
        DType::F32 => float!(f32, x as u32),
        DType::F64 => float!(f64, x),
        _ => unreachable!("{ty}"),
    }
}

/// One operation of two numbers.
pub(super) fn binary(op: BinaryOp, ty: DType, a: u64, b: u64) -> u64 {
    use BinaryOp::*;
    macro_rules! compare {
        ($a:expr, $b:expr) => {
            match op {
                Eq => Some($a == $b),
                Ne => Some($a != $b),
                Lt => Some($a < $b),
                Le => Some($a <= $b),
                Gt => Some($a > $b),
                Ge => Some($a >= $b),
                _ => None,
            }
        };
    }
    macro_rules! float {
        ($t:ty, $u:ty) => {{
            let (x, y) = (<$t>::from_bits(a as $u), <$t>::from_bits(b as $u));
            if let Some(bool) = compare!(x, y) {
                return bool as u64;
            }
            let key = |v: $t| (v, !v.is_sign_negative());
            let y_sign = if y.is_nan() { y.abs() } else { y };
            let r = match op {
                Add => x + y,
                Sub => x - y,
                Mul => x * y,
                Div => x / y,
                Rem => x % y,
                Maximum | Minimum if x.is_nan() || y.is_nan() => <$t>::NAN,
                Maximum => {
                    if key(x) > key(y) {
                        x
                    } else {
                        y
                    }
                }
                Minimum => {
                    if key(x) < key(y) {
                        x
                    } else {
                        y
                    }
                }
                Copysign => x.copysign(y_sign),
                _ => {
                    let (mut p, mut q, mut out) = ([x; BLOCK], [y; BLOCK], [x; BLOCK]);
                    let at = |v: &mut [$t; BLOCK]| Operand { ptr: v.as_mut_ptr().cast(), step: BLOCK };
                    // SAFETY: one block each.
                    unsafe {
                        let to = std::slice::from_raw_parts_mut(out.as_mut_ptr().cast(), BLOCK * ty.size());
                        elementary::binary(Isa::best(), op, ty, 1, to, at(&mut p), at(&mut q))
                    };
                    out[0]
                }
            };
            r.to_bits() as u64
        }};
    }
    macro_rules! int {
        ($t:ty, $u:ty) => {{
            let (x, y) = (a as $t, b as $t);
            if let Some(bool) = compare!(x, y) {
                return bool as u64;
            }
            let (xw, yw) = (x as i128, y as i128);
            let bits = <$t>::BITS as i128;
            let r = match op {
                Add => (xw + yw) as $t,
                Sub => (xw - yw) as $t,
                Mul => xw.wrapping_mul(yw) as $t,
                Div => {
                    if yw == 0 {
                        0
                    } else {
                        (xw / yw) as $t
                    }
                }
                Rem => {
                    if yw == 0 {
                        0
                    } else {
                        (xw % yw) as $t
                    }
                }
                Maximum => x.max(y),
                Minimum => x.min(y),
                And => x & y,
                Or => x | y,
                Xor => x ^ y,
                Shl => {
                    if (0..bits).contains(&yw) {
                        (xw << yw) as $t
                    } else {
                        0
                    }
                }
                Shr => {
                    if (0..bits).contains(&yw) {
                        (xw >> yw) as $t
                    } else if xw < 0 {
                        !0
                    } else {
                        0
                    }
                }
                _ => unreachable!("{op:?}"),
            };
            r as $u as u64
        }};
    }
    match ty {
        DType::Bool => int!(u8, u8),
        DType::I32 => int!(i32, u32),
        DType::I64 => int!(i64, u64),
        DType::U8 => int!(u8, u8),
        DType::U64 => int!(u64, u64),
        DType::F32 => float!(f32, u32),
        DType::F64 => float!(f64, u64),
        _ => unreachable!("{ty}"),
    }
}

fn convert(to: DType, from: DType, x: u64) -> u64 {
    macro_rules! to {
        ($v:expr) => {
            match to {
                DType::Bool => ($v != 0 as _) as u64,
                DType::I32 => ($v as i32) as u32 as u64,
                DType::I64 => ($v as i64) as u64,
                DType::U8 => ($v as u8) as u64,
                DType::U64 => $v as u64,
                DType::F32 => ($v as f32).to_bits() as u64,
                DType::F64 => ($v as f64).to_bits(),
                _ => unreachable!("{to}"),
            }
        };
    }
    match from {
        DType::Bool | DType::U8 => to!(x as u8),
        DType::I32 => to!(x as i32),
        DType::I64 => to!(x as i64),
        DType::U64 => to!(x),
        DType::F32 => to!(f32::from_bits(x as u32)),
        DType::F64 => to!(f64::from_bits(x)),
        _ => unreachable!("{from}"),
    }
}
