//! Accumulators of reductions, in IR, for any number of lanes (NUMERICS.md sections 2 and 3).
//!
//! A reduction's elements become *parts* (`sum`: the value; `moment2`: the deviation from the
//! chunk's pivot and its square; `argmax`: value and position). Parts combine inside a chunk; a
//! finished chunk is a *total* (`moment2`: pivot, S1, M), and totals combine across chunks, with
//! the numbers of elements on both sides. Parts and totals are lists of values.

use super::body;
use super::emit::{Elem, I64, Ty, V};
use lazuli_core::{DType, ReduceOp};

/// Which reduction, on which register type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reduction {
    /// The operation.
    pub op: ReduceOp,
    /// Type of its elements.
    pub dtype: DType,
}

impl Reduction {
    /// Does it need a pivot for each chunk?
    pub fn has_pivot(self) -> bool {
        self.op == ReduceOp::Moment2
    }

    /// Register types of the parts.
    pub fn part_types(self, lanes: u32) -> Vec<Ty> {
        let ty = body::register(self.dtype, lanes);
        match self.op {
            ReduceOp::Moment2 => vec![ty, ty],
            ReduceOp::ArgMin | ReduceOp::ArgMax => vec![ty, Ty::new(Elem::I64, lanes)],
            _ => vec![ty],
        }
    }

    /// Register types of a total.
    pub fn total_types(self, lanes: u32) -> Vec<Ty> {
        let mut types = self.part_types(lanes);
        if self.has_pivot() {
            types.push(types[0]);
        }
        types
    }

    /// Parts that change nothing.
    pub fn identity<'e>(self, e: &'e super::emit::Emitter, lanes: u32) -> Vec<V<'e>> {
        let ty = body::register(self.dtype, lanes);
        let float = self.dtype.is_float();
        let bits = u64::from(ty.elem.bits());
        let signed = self.dtype.kind() == lazuli_core::dtype::Kind::Signed;
        let lowest = || match (float, signed) {
            (true, _) => e.float(ty, f64::NEG_INFINITY),
            (_, true) => e.int(ty, i64::MIN >> (64 - bits)),
            _ => e.int(ty, 0),
        };
        let highest = || match (float, signed) {
            (true, _) => e.float(ty, f64::INFINITY),
            (_, true) => e.int(ty, i64::MAX >> (64 - bits)),
            _ => e.int(ty, -1),
        };
        let sum = || if float { e.float(ty, -0.0) } else { e.int(ty, 0) };
        let far = || e.int(Ty::new(Elem::I64, lanes), i64::MAX);
        match self.op {
            ReduceOp::Sum => vec![sum()],
            ReduceOp::Moment2 => vec![sum(), sum()],
            ReduceOp::Prod => vec![if float { e.float(ty, 1.0) } else { e.int(ty, 1) }],
            ReduceOp::Max => vec![lowest()],
            ReduceOp::Min => vec![highest()],
            ReduceOp::ArgMax => vec![lowest(), far()],
            ReduceOp::ArgMin => vec![highest(), far()],
            ReduceOp::Any => vec![e.int(ty, 0)],
            ReduceOp::All => vec![e.int(ty, 1)],
        }
    }

    /// Parts of one element. `position` is its number in reduction order.
    pub fn element<'e>(self, value: V<'e>, position: V<'e>, pivot: Option<V<'e>>) -> Vec<V<'e>> {
        let e = value.e;
        match self.op {
            ReduceOp::Moment2 => {
                let pivot = e.splat(pivot.expect("a pivot"), value.ty.lanes);
                let d = e.binary("fsub", value, pivot);
                vec![d, e.binary("fmul", d, d)]
            }
            ReduceOp::ArgMin | ReduceOp::ArgMax => vec![value, position],
            _ => vec![value],
        }
    }

    /// Combines parts, `a` before `b`.
    pub fn combine<'e>(self, a: &[V<'e>], b: &[V<'e>]) -> Vec<V<'e>> {
        let e = a[0].e;
        let float = self.dtype.is_float();
        let two = |op: lazuli_core::BinaryOp| {
            vec![
                body::binary(op, a[0], b[0], self.dtype, |x, _| x)
                    .expect("reductions use operations of their type"),
            ]
        };
        use lazuli_core::BinaryOp::*;
        match self.op {
            ReduceOp::Sum => two(Add),
            ReduceOp::Prod => two(Mul),
            ReduceOp::Max => two(Maximum),
            ReduceOp::Min => two(Minimum),
            ReduceOp::Any => two(Or),
            ReduceOp::All => two(And),
            ReduceOp::Moment2 => {
                vec![e.binary("fadd", a[0], b[0]), e.binary("fadd", a[1], b[1])]
            }
            ReduceOp::ArgMax | ReduceOp::ArgMin => {
                let better = comparison(self.op == ReduceOp::ArgMax, float, self.dtype);
                let beats = e.compare(better, b[0], a[0]);
                let equal = e.compare(if float { "fcmp oeq" } else { "icmp eq" }, a[0], b[0]);
                let lower = e.compare("icmp slt", b[1], a[1]);
                let mut take = e.binary("or", beats, e.binary("and", equal, lower));
                if float {
                    // A NaN beats every number; of two the first wins.
                    let nan_a = e.compare("fcmp uno", a[0], a[0]);
                    let nan_b = e.compare("fcmp uno", b[0], b[0]);
                    let first = e.select(nan_a, lower, e.int(lower.ty, 1));
                    let by_nan = e.binary("and", nan_b, first);
                    let numbers = e.select(nan_a, e.int(take.ty, 0), take);
                    take = e.select(nan_b, by_nan, numbers);
                }
                vec![e.select(take, b[0], a[0]), e.select(take, b[1], a[1])]
            }
        }
    }

    /// The total of a chunk of `n` elements (a scalar i64).
    pub fn chunk<'e>(self, parts: &[V<'e>], pivot: Option<V<'e>>, n: V<'e>) -> Vec<V<'e>> {
        if !self.has_pivot() {
            return parts.to_vec();
        }
        let e = parts[0].e;
        let ty = parts[0].ty;
        let (s1, s2) = (parts[0], parts[1]);
        let mean = e.binary("fdiv", s1, self.number(n, ty.lanes));
        let m = e.binary("fsub", s2, e.binary("fmul", s1, mean));
        // Below 0 becomes 0; a NaN stays.
        let zero = e.float(ty, 0.0);
        let m = e.select(e.compare("fcmp olt", m, zero), zero, m);
        vec![e.splat(pivot.expect("a pivot"), ty.lanes), s1, m]
    }

    /// A count, as the accumulator's type (formed in f64, rounded once).
    fn number<'e>(self, n: V<'e>, lanes: u32) -> V<'e> {
        let e = n.e;
        let wide = e.convert("uitofp", n, Ty::new(Elem::F64, 1));
        e.splat(self.narrow(wide), lanes)
    }

    fn narrow<'e>(self, wide: V<'e>) -> V<'e> {
        match self.dtype {
            DType::F32 => wide.e.convert("fptrunc", wide, Ty::new(Elem::F32, 1)),
            _ => wide,
        }
    }

    /// Combines totals of `na` and `nb` elements, `a` before `b`.
    pub fn merge<'e>(self, a: &[V<'e>], b: &[V<'e>], na: V<'e>, nb: V<'e>) -> Vec<V<'e>> {
        if !self.has_pivot() {
            return self.combine(a, b);
        }
        let e = na.e;
        let lanes = a[0].ty.lanes;
        let f = |op: &str, x: V<'e>, y: V<'e>| e.binary(op, x, y);
        let wide = |n: V<'e>| e.convert("uitofp", n, Ty::new(Elem::F64, 1));
        let (wa, wb) = (wide(na), wide(nb));
        let factor = f("fdiv", f("fmul", wa, wb), f("fadd", wa, wb));
        let factor = e.splat(self.narrow(factor), lanes);
        let (fa, fb) = (self.number(na, lanes), self.number(nb, lanes));
        let apart = f("fsub", b[0], a[0]);
        let means = f("fsub", f("fdiv", b[1], fb), f("fdiv", a[1], fa));
        let d = f("fadd", apart, means);
        let m = f("fadd", f("fadd", a[2], b[2]), f("fmul", f("fmul", d, d), factor));
        let s1 = f("fadd", a[1], f("fadd", b[1], f("fmul", fb, apart)));
        vec![a[0], s1, m]
    }

    /// The result of a total over `count` elements.
    pub fn finish<'e>(self, total: &[V<'e>], count: V<'e>) -> V<'e> {
        let e = count.e;
        let value = match self.op {
            ReduceOp::ArgMin | ReduceOp::ArgMax => total[1],
            ReduceOp::Moment2 => total[2],
            _ => total[0],
        };
        if self.op == ReduceOp::Sum && self.dtype.is_float() {
            // The empty sum is +0, not the identity -0.
            let empty = e.compare("icmp eq", count, e.int(I64, 0));
            return e.select(empty, e.float(value.ty, 0.0), value);
        }
        value
    }
}

fn comparison(larger: bool, float: bool, dtype: DType) -> &'static str {
    let signed = dtype.kind() == lazuli_core::dtype::Kind::Signed;
    match (larger, float, signed) {
        (true, true, _) => "fcmp ogt",
        (true, _, true) => "icmp sgt",
        (true, ..) => "icmp ugt",
        (false, true, _) => "fcmp olt",
        (false, _, true) => "icmp slt",
        (false, ..) => "icmp ult",
    }
}

/// The neighbour tree of partials that stand in vectors, in order: (0,1), (2,3), ... level by
/// level, down to scalars.
pub fn tree<'e>(reduction: Reduction, mut parts: Vec<Vec<V<'e>>>) -> Vec<V<'e>> {
    loop {
        let lanes = parts[0][0].ty.lanes;
        if parts.len() == 1 && lanes == 1 {
            return parts.pop().expect("one");
        }
        let evens_odds = |a: V<'e>, b: V<'e>| -> (V<'e>, V<'e>) {
            let e = a.e;
            let evens: Vec<u32> = (0..lanes).map(|i| 2 * i).collect();
            let odds: Vec<u32> = (0..lanes).map(|i| 2 * i + 1).collect();
            (e.shuffle(a, b, &evens), e.shuffle(a, b, &odds))
        };
        parts = if parts.len() > 1 {
            parts
                .chunks(2)
                .map(|pair| {
                    let split: Vec<(V<'e>, V<'e>)> =
                        pair[0].iter().zip(&pair[1]).map(|(&a, &b)| evens_odds(a, b)).collect();
                    let left: Vec<V<'e>> = split.iter().map(|s| s.0).collect();
                    let right: Vec<V<'e>> = split.iter().map(|s| s.1).collect();
                    reduction.combine(&left, &right)
                })
                .collect()
        } else {
            let half = lanes / 2;
            let e = parts[0][0].e;
            let pick = |odd: u32| -> Vec<V<'e>> {
                let list: Vec<u32> = (0..half).map(|i| 2 * i + odd).collect();
                parts[0].iter().map(|&v| e.shuffle(v, v, &list)).collect()
            };
            vec![reduction.combine(&pick(0), &pick(1))]
        };
    }
}
