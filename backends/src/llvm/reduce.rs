//! Accumulators of reductions, in IR, for any number of lanes (NUMERICS.md sections 2 and 3).
//!
//! A reduction's elements become *parts* (`sum`: the value; `moment2`: the deviation from the
//! chunk's pivot and its square; `argmax`: value and position). Parts combine inside a chunk; a
//! finished chunk is a *total* (`moment2`: pivot, S1, M), and totals combine across chunks, with
//! the numbers of elements on both sides. Parts and totals are lists of values.
//!
//! What the program brought along (a *fold*) has no parts that change nothing: a missing element is left
//! out. CPU code knows where elements may be missing ([`Reduction::add`], [`tree_of`]); grids, where they may be
//! missing anywhere, carry a *flag* as the last part, which says whether there is anything yet.

use super::body;
use super::emit::{Elem, Emitter, Ty, V};
use super::frame::{Env, Frame};
use lazuli_core::{DType, ReduceOp};
use lazuli_fusion::kernel::{Inst, Val};
use lazuli_fusion::stages::Sweep;
use lazuli_fusion::{Bound, Combine, How};
use smallvec::SmallVec;

/// What is accumulated.
#[derive(Clone, Copy, Debug)]
pub enum Reduction<'e> {
    /// A reduction that engines know.
    Known {
        /// The operation.
        op: ReduceOp,
        /// Register type of its elements.
        dtype: DType,
    },
    /// One that the program brought along.
    Fold {
        /// How two states become one.
        combine: &'e Combine,
        /// Is the last part a flag?
        flagged: bool,
    },
}

/// One accumulation of a sweep.
#[derive(Clone, Debug)]
pub struct Entry<'e> {
    /// What is done.
    pub reduction: Reduction<'e>,
    /// The instructions that make an element.
    pub operands: SmallVec<[Val; 4]>,
    /// The instructions that get a result, and which.
    pub results: SmallVec<[(Val, u16); 2]>,
}

/// The accumulations of a sweep.
pub fn entries<'e>(b: &'e Bound, sweep: &Sweep, flagged: bool) -> Vec<Entry<'e>> {
    let entry = |a: lazuli_fusion::Accumulation<'e>| {
        let reduction = match a.how {
            How::Op(op) => Reduction::Known { op, dtype: b.kernel.body[a.operands[0] as usize].ty },
            How::Fold(combine) => Reduction::Fold { combine, flagged },
        };
        Entry { reduction, operands: a.operands, results: a.results }
    };
    b.kernel.accumulations(&sweep.reduces).into_iter().map(entry).collect()
}

/// The most values that the totals of a sweep have.
pub fn most_slots(b: &Bound, flagged: bool) -> usize {
    let slots = |sweep| entries(b, sweep, flagged).iter().map(|x| x.reduction.slots()).sum();
    b.stages.sweeps.iter().map(slots).max().unwrap_or(0)
}

impl<'e> Entry<'e> {
    /// The values of an element, of so many lanes.
    pub fn values(&self, f: &Frame<'e>, env: &Env<'e, '_>, lanes: u32) -> Vec<V<'e>> {
        self.operands.iter().map(|&v| f.e.splat(f.value(v, env), lanes)).collect()
    }

    /// What the instructions get of a total over `count` elements.
    pub fn finished(&self, total: &[V<'e>], count: V<'e>) -> Vec<(Val, V<'e>)> {
        let values = self.reduction.finish(total, count);
        self.results.iter().map(|&(v, c)| (v, values[c as usize])).collect()
    }
}

/// Does an element begin a partial?
#[derive(Clone, Copy)]
pub enum Begins<'e> {
    /// There was none before.
    Yes,
    /// There was one before.
    No,
    /// If this holds.
    If(V<'e>),
}

impl<'e> Reduction<'e> {
    /// Does it need a pivot for each chunk?
    pub fn has_pivot(self) -> bool {
        matches!(self, Reduction::Known { op: ReduceOp::Moment2, .. })
    }

    /// Did the program bring it along?
    pub fn is_fold(self) -> bool {
        matches!(self, Reduction::Fold { .. })
    }

    /// Does it look at positions?
    pub fn is_positional(self) -> bool {
        matches!(self, Reduction::Known { op: ReduceOp::ArgMin | ReduceOp::ArgMax, .. })
    }

    /// The sum that a pivot is made of, and its type.
    pub fn pivot_sum(self) -> (Reduction<'e>, DType) {
        match self {
            Reduction::Known { dtype, .. } => (Reduction::Known { op: ReduceOp::Sum, dtype }, dtype),
            Reduction::Fold { .. } => unreachable!("a fold has no pivot"),
        }
    }

    /// Values of a total.
    pub fn slots(self) -> usize {
        self.total_types(1).len()
    }

    /// Register types of the parts.
    pub fn part_types(self, lanes: u32) -> Vec<Ty> {
        let (op, dtype) = match self {
            Reduction::Known { op, dtype } => (op, dtype),
            Reduction::Fold { combine, flagged } => {
                let state = combine.identity.iter().map(|v| body::register(v.dtype.compute(), lanes));
                return state.chain(flagged.then_some(Ty::new(Elem::I1, lanes))).collect();
            }
        };
        let ty = body::register(dtype, lanes);
        match op {
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

    /// Parts that change nothing; of a fold without flags, parts that nobody may look at.
    pub fn identity(self, e: &'e Emitter, lanes: u32) -> Vec<V<'e>> {
        let (op, dtype) = match self {
            Reduction::Known { op, dtype } => (op, dtype),
            Reduction::Fold { flagged, .. } => {
                let mut none = self.empty(e, lanes);
                none.extend(flagged.then(|| e.int(Ty::new(Elem::I1, lanes), 0)));
                return none;
            }
        };
        let ty = body::register(dtype, lanes);
        let float = dtype.is_float();
        let bits = u64::from(ty.elem.bits());
        let signed = dtype.kind() == lazuli_core::dtype::Kind::Signed;
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
        match op {
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

    /// The state of no element.
    fn empty(self, e: &'e Emitter, lanes: u32) -> Vec<V<'e>> {
        let Reduction::Fold { combine, .. } = self else { unreachable!("of a fold") };
        let value = |v: &lazuli_core::Scalar| {
            e.splat(e.bits(body::register(v.dtype.compute(), 1), v.register_bits()), lanes)
        };
        combine.identity.iter().map(value).collect()
    }

    /// Parts of one element. `position` is its number in reduction order.
    pub fn element(self, values: &[V<'e>], position: V<'e>, pivot: Option<V<'e>>) -> Vec<V<'e>> {
        let value = values[0];
        let e = value.e;
        let op = match self {
            Reduction::Known { op, .. } => op,
            Reduction::Fold { flagged, .. } => {
                let mut parts = values.to_vec();
                parts.extend(flagged.then(|| e.int(Ty::new(Elem::I1, value.ty.lanes), 1)));
                return parts;
            }
        };
        match op {
            ReduceOp::Moment2 => {
                let pivot = e.splat(pivot.expect("a pivot"), value.ty.lanes);
                let d = e.binary("fsub", value, pivot);
                vec![d, e.binary("fmul", d, d)]
            }
            ReduceOp::ArgMin | ReduceOp::ArgMax => vec![value, position],
            _ => vec![value],
        }
    }

    /// Adds an element to parts, where `mask` says that it is there. What comes of parts that have not
    /// begun, and of a fold's element that begins them but is not there, may be anything.
    pub fn add(
        self,
        parts: &[V<'e>],
        mut element: Vec<V<'e>>,
        mask: Option<V<'e>>,
        begins: Begins<'e>,
    ) -> Vec<V<'e>> {
        let e = parts[0].e;
        if !self.is_fold() {
            if let Some(mask) = mask {
                for (part, nothing) in element.iter_mut().zip(self.identity(e, mask.ty.lanes)) {
                    *part = e.select(mask, *part, nothing);
                }
            }
            return self.combine(parts, &element);
        }
        let pick = |c: V<'e>, a: &[V<'e>], b: &[V<'e>]| -> Vec<V<'e>> {
            a.iter().zip(b).map(|(&a, &b)| e.select(c, a, b)).collect()
        };
        let both = || {
            let both = self.combine(parts, &element);
            mask.map_or_else(|| both.clone(), |mask| pick(mask, &both, parts))
        };
        match begins {
            Begins::Yes => element,
            Begins::No => both(),
            Begins::If(first) => pick(first, &element, &both()),
        }
    }

    /// Combines parts, `a` before `b`.
    pub fn combine(self, a: &[V<'e>], b: &[V<'e>]) -> Vec<V<'e>> {
        let e = a[0].e;
        let (op, dtype) = match self {
            Reduction::Known { op, dtype } => (op, dtype),
            Reduction::Fold { combine, flagged: false } => return states(combine, a, b),
            Reduction::Fold { combine, flagged: true } => {
                let (left, right) = (a[a.len() - 1], b[b.len() - 1]);
                let both = states(combine, &a[..a.len() - 1], &b[..b.len() - 1]);
                let either = both.iter().zip(a.iter().zip(b));
                let either = either.map(|(&both, (&a, &b))| e.select(right, e.select(left, both, b), a));
                let mut out: Vec<V<'e>> = either.collect();
                out.push(e.binary("or", left, right));
                return out;
            }
        };
        let float = dtype.is_float();
        let two = |op: lazuli_core::BinaryOp| {
            vec![
                body::binary(op, a[0], b[0], dtype, |x, _| x)
                    .expect("reductions use operations of their type"),
            ]
        };
        use lazuli_core::BinaryOp::*;
        match op {
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
                let better = comparison(op == ReduceOp::ArgMax, float, dtype);
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
    pub fn chunk(self, parts: &[V<'e>], pivot: Option<V<'e>>, n: V<'e>) -> Vec<V<'e>> {
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
    fn number(self, n: V<'e>, lanes: u32) -> V<'e> {
        let e = n.e;
        let wide = e.convert("uitofp", n, Ty::new(Elem::F64, 1));
        e.splat(self.narrow(wide), lanes)
    }

    fn narrow(self, wide: V<'e>) -> V<'e> {
        match self.pivot_sum().1 {
            DType::F32 => wide.e.convert("fptrunc", wide, Ty::new(Elem::F32, 1)),
            _ => wide,
        }
    }

    /// Combines totals of `na` and `nb` elements, `a` before `b`.
    pub fn merge(self, a: &[V<'e>], b: &[V<'e>], na: V<'e>, nb: V<'e>) -> Vec<V<'e>> {
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

    /// The results of a total over `count` elements: of a fold, each value of the state.
    fn finish(self, total: &[V<'e>], count: V<'e>) -> Vec<V<'e>> {
        let e = count.e;
        let none = || e.compare("icmp eq", count, e.i64(0));
        let (op, dtype) = match self {
            Reduction::Known { op, dtype } => (op, dtype),
            Reduction::Fold { .. } => {
                let (none, empty) = (none(), self.empty(e, total[0].ty.lanes));
                return empty.iter().zip(total).map(|(&empty, &v)| e.select(none, empty, v)).collect();
            }
        };
        let value = match op {
            ReduceOp::ArgMin | ReduceOp::ArgMax => total[1],
            ReduceOp::Moment2 => total[2],
            _ => total[0],
        };
        if op == ReduceOp::Sum && dtype.is_float() {
            // The empty sum is +0, not the identity -0.
            return vec![e.select(none(), e.float(value.ty, 0.0), value)];
        }
        vec![value]
    }
}

/// Two states, `a` before `b`, by the program's function.
fn states<'e>(combine: &Combine, a: &[V<'e>], b: &[V<'e>]) -> Vec<V<'e>> {
    let (e, lanes) = (a[0].e, a[0].ty.lanes);
    let callee = &combine.callee;
    let mut values: Vec<V<'e>> = Vec::with_capacity(callee.defs.len());
    for def in &callee.defs {
        let value = match &def.inst {
            Inst::Argument(n) => *a.iter().chain(b).nth(usize::from(*n)).expect("two states"),
            Inst::Literal(v) => e.splat(e.bits(body::register(v.dtype, 1), v.bits), lanes),
            inst => {
                let (get, ty) = (|v: Val| values[v as usize], |v: Val| callee.ty(v));
                super::arithmetic::arithmetic(e, None, inst, get, ty)
                    .expect("functions use operations of their types")
            }
        };
        values.push(value);
    }
    callee.results.iter().map(|&r| values[r as usize]).collect()
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

/// The tree of the partials of a chunk of `n` elements. Those beyond `n` are missing.
pub fn tree_of<'e>(reduction: Reduction<'e>, parts: Vec<Vec<V<'e>>>, n: V<'e>) -> Vec<V<'e>> {
    if !reduction.is_fold() {
        return tree(reduction, parts);
    }
    let e = n.e;
    let all = e.compare("icmp sge", n, e.i64(i64::from(parts[0][0].ty.lanes) * parts.len() as i64));
    let some = || {
        neighbours(parts.clone(), |level, first, a, b| {
            // Pairs whose right side is there: those below a number that follows from `n`.
            let rest = e.binary("sub", n, e.i64((2 * first + 1) << level));
            let pairs = e.binary("ashr", e.add(rest, e.i64((2 << level) - 1)), e.i64(level + 1));
            let numbers = e.lane_numbers(Ty::new(Elem::I32, a[0].ty.lanes));
            let pairs = e.convert("trunc", pairs, Ty::new(Elem::I32, 1));
            let there = e.compare("icmp slt", numbers, e.splat(pairs, numbers.ty.lanes));
            let both = reduction.combine(a, b);
            both.iter().zip(a).map(|(&both, &a)| e.select(there, both, a)).collect()
        })
    };
    e.if_else(all, || tree(reduction, parts.clone()), some)
}

/// The neighbour tree of partials that stand in vectors, in order: (0,1), (2,3), ... level by
/// level, down to scalars.
pub fn tree<'e>(reduction: Reduction<'e>, parts: Vec<Vec<V<'e>>>) -> Vec<V<'e>> {
    neighbours(parts, |_, _, a, b| reduction.combine(a, b))
}

/// The same with what `two` makes of left and right sides; it is told the level and the number of the first
/// pair of a vector.
fn neighbours<'e>(
    mut parts: Vec<Vec<V<'e>>>,
    two: impl Fn(i64, i64, &[V<'e>], &[V<'e>]) -> Vec<V<'e>>,
) -> Vec<V<'e>> {
    for level in 0.. {
        let lanes = parts[0][0].ty.lanes;
        if parts.len() == 1 && lanes == 1 {
            break;
        }
        let evens_odds = |a: V<'e>, b: V<'e>| -> (V<'e>, V<'e>) {
            let e = a.e;
            let evens: Vec<u32> = (0..lanes).map(|i| 2 * i).collect();
            let odds: Vec<u32> = (0..lanes).map(|i| 2 * i + 1).collect();
            (e.shuffle(a, b, &evens), e.shuffle(a, b, &odds))
        };
        parts = if parts.len() > 1 {
            let pairs = parts.chunks(2).enumerate().map(|(k, pair)| {
                let split: Vec<(V<'e>, V<'e>)> =
                    pair[0].iter().zip(&pair[1]).map(|(&a, &b)| evens_odds(a, b)).collect();
                let left: Vec<V<'e>> = split.iter().map(|s| s.0).collect();
                let right: Vec<V<'e>> = split.iter().map(|s| s.1).collect();
                two(level, k as i64 * i64::from(lanes), &left, &right)
            });
            pairs.collect()
        } else {
            let half = lanes / 2;
            let e = parts[0][0].e;
            let pick = |odd: u32| -> Vec<V<'e>> {
                let list: Vec<u32> = (0..half).map(|i| 2 * i + odd).collect();
                parts[0].iter().map(|&v| e.shuffle(v, v, &list)).collect()
            };
            vec![two(level, 0, &pick(0), &pick(1))]
        };
    }
    parts.pop().expect("one")
}
