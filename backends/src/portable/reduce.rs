//! Accumulators of reductions, and how two of them become one.
//!
//! NUMERICS.md section 2 fixes one tree over the elements of a row. Every aligned range of
//! `256 * 2^m` elements is a subtree of it, and so is whatever is left at the end; the value of a
//! subtree is an [`Acc`], plain data that any engine can make. [`Stack`] takes the subtrees of
//! equal size in order and merges neighbours as soon as both are there, which is that tree.

use super::num::{Constant, Float, Num, bits_of, with_any, with_float, with_number};
use lazuli_core::DType;
use lazuli_core::op::ReduceOp;

/// Words of an accumulator.
pub const WORDS: usize = lazuli_core::fold::MOST;

/// The accumulator of one reduction over a subtree of its elements.
///
/// Layout of `words`, as register bits (see [`lazuli_core::Scalar`]: zero-extended):
///
/// | reduction | word 0 | word 1 | word 2 | others |
/// |---|---|---|---|---|
/// | sum, prod, min, max, any, all | value | - | - | - |
/// | argmin, argmax | value | its position in the row (int64) | - | - |
/// | second moment | pivot p | S1 | M | - |
/// | fold | value 0 of the state | value 1 | value 2 | ... |
///
/// Words that are not used are 0.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Acc {
    /// The values; see the table.
    pub words: [u64; WORDS],
    /// Number of elements below.
    pub count: u64,
}

impl Acc {
    /// An accumulator of one value.
    pub fn value(bits: u64, count: u64) -> Acc {
        Acc::few([bits, 0, 0], count)
    }

    /// An accumulator of up to three values.
    pub(super) fn few(words: [u64; 3], count: u64) -> Acc {
        let mut acc = Acc { count, ..Acc::default() };
        acc.words[..3].copy_from_slice(&words);
        acc
    }
}

/// The accumulator of no elements: merging it with another, on either side, gives the other.
/// `ty` is the register type of the reduction's operand.
pub fn identity(op: ReduceOp, ty: DType) -> Acc {
    let value = match op {
        ReduceOp::Sum => bits_of(ty, Constant::SumStart),
        ReduceOp::Prod => bits_of(ty, Constant::One),
        ReduceOp::Min | ReduceOp::ArgMin => bits_of(ty, Constant::Highest),
        ReduceOp::Max | ReduceOp::ArgMax => bits_of(ty, Constant::Lowest),
        ReduceOp::Any => 0,
        ReduceOp::All => 1,
        ReduceOp::Moment2 => return Acc::default(),
    };
    let position = if matches!(op, ReduceOp::ArgMin | ReduceOp::ArgMax) { i64::MAX as u64 } else { 0 };
    Acc::few([value, position, 0], 0)
}

/// Merges two neighbouring subtrees, `left` before `right`. `ty` is the register type of the
/// reduction's operand.
pub fn merge(op: ReduceOp, ty: DType, left: Acc, right: Acc) -> Acc {
    let count = left.count + right.count;
    if left.count == 0 || right.count == 0 {
        return if left.count == 0 { right } else { left };
    }
    let first = |acc: Acc| [acc.words[0], acc.words[1], acc.words[2]];
    let (a, b) = (first(left), first(right));
    let words = match op {
        ReduceOp::Sum => with_number!(ty, T => [T::of_bits(a[0]).add(T::of_bits(b[0])).bits(), 0, 0]),
        ReduceOp::Prod => with_number!(ty, T => [T::of_bits(a[0]).mul(T::of_bits(b[0])).bits(), 0, 0]),
        ReduceOp::Min => with_any!(ty, T => [T::of_bits(a[0]).smaller(T::of_bits(b[0])).bits(), 0, 0]),
        ReduceOp::Max => with_any!(ty, T => [T::of_bits(a[0]).larger(T::of_bits(b[0])).bits(), 0, 0]),
        ReduceOp::Any => [a[0] | b[0], 0, 0],
        ReduceOp::All => [a[0] & b[0], 0, 0],
        ReduceOp::ArgMin | ReduceOp::ArgMax => with_any!(ty, T => {
            let (x, y) = (T::of_bits(a[0]), T::of_bits(b[0]));
            let right_wins = arg_wins(op == ReduceOp::ArgMax, y, b[1] as i64, x, a[1] as i64);
            if right_wins { b } else { a }
        }),
        ReduceOp::Moment2 => with_float!(ty, T => {
            let triple = |w: [u64; 3]| Triple { p: T::of_bits(w[0]), s1: T::of_bits(w[1]), m: T::of_bits(w[2]) };
            let t = merge_triples(triple(a), triple(b), &Weights::of(left.count, right.count));
            [t.p.bits(), t.s1.bits(), t.m.bits()]
        }),
    };
    Acc::few(words, count)
}

/// The register bits of the result of a reduction whose elements are all in `acc`; `count` is
/// their number. Over no elements: 0 for sums and moments, 1 for products, false, true.
pub fn finish(op: ReduceOp, ty: DType, acc: Acc, count: u64) -> u64 {
    match op {
        ReduceOp::Sum | ReduceOp::Moment2 if count == 0 => bits_of(ty, Constant::Zero),
        ReduceOp::Prod if count == 0 => bits_of(ty, Constant::One),
        ReduceOp::Moment2 => acc.words[2],
        ReduceOp::ArgMin | ReduceOp::ArgMax => acc.words[1],
        _ => acc.words[0],
    }
}

/// Does `(y, j)` come before `(x, i)` in the order of argmax (or argmin)? A NaN wins over
/// numbers; among equals the lower position wins.
#[inline(always)]
pub(super) fn arg_wins<T: Num>(max: bool, y: T, j: i64, x: T, i: i64) -> bool {
    let beats = if max { y > x } else { y < x };
    let tie = (y == x) | (y.is_nan() & x.is_nan());
    beats | (y.is_nan() & !x.is_nan()) | (tie & (j < i))
}

/// The accumulator of a second moment.
#[derive(Clone, Copy)]
pub(super) struct Triple<T> {
    /// Pivot.
    pub p: T,
    /// Sum of deviations from the pivot.
    pub s1: T,
    /// Sum of squared deviations from the mean.
    pub m: T,
}

/// What a merge of two triples takes from their element counts: formed in f64, rounded once.
pub(super) struct Weights<T> {
    na: T,
    nb: T,
    f: T,
}

impl<T: Float> Weights<T> {
    /// For `a` and `b` elements.
    #[inline(always)]
    pub fn of(a: u64, b: u64) -> Weights<T> {
        let (na, nb) = (a as f64, b as f64);
        Weights { na: T::of_f64(na), nb: T::of_f64(nb), f: T::of_f64(na * nb / (na + nb)) }
    }
}

/// The formula of NUMERICS.md section 3.
#[inline(always)]
pub(super) fn merge_triples<T: Float>(a: Triple<T>, b: Triple<T>, w: &Weights<T>) -> Triple<T> {
    let e = b.p.sub(a.p);
    let d = e.add(b.s1.div(w.nb).sub(a.s1.div(w.na)));
    let m = a.m.add(b.m).add(d.mul(d).mul(w.f));
    let s1 = a.s1.add(b.s1.add(w.nb.mul(e)));
    Triple { p: a.p, s1, m }
}

/// `S2 - S1 * (S1 / n)`, or 0 if that is negative; a NaN stays.
#[inline(always)]
pub(super) fn centred<T: Float>(s1: T, s2: T, n: T) -> T {
    let m = s2.sub(s1.mul(s1.div(n)));
    if m < T::ZERO { T::ZERO } else { m }
}

/// Merges neighbours level by level; an odd last one passes unchanged. `v` is not empty.
#[inline(always)]
pub(super) fn neighbours<X: Copy>(v: &mut [X], mut merge: impl FnMut(X, X) -> X) -> X {
    let mut n = v.len();
    while n > 1 {
        for i in 0..n / 2 {
            v[i] = merge(v[2 * i], v[2 * i + 1]);
        }
        if n % 2 == 1 {
            v[n / 2] = v[n - 1];
        }
        n = n.div_ceil(2);
    }
    v[0]
}

/// Merges subtrees of equal size as they come, in order; only the last may be smaller.
#[derive(Default, Debug)]
pub struct Stack {
    items: Vec<Acc>,
    units: u64,
}

impl Stack {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.items.clear();
        self.units = 0;
    }

    /// Adds the next subtree; `merge` merges neighbours.
    pub fn push(&mut self, mut acc: Acc, merge: impl Fn(Acc, Acc) -> Acc) {
        // As many merges as the number of units so far ends in ones: a binary counter.
        for _ in 0..self.units.trailing_ones() {
            let left = self.items.pop().expect("one item for each bit of the count");
            acc = merge(left, acc);
        }
        self.items.push(acc);
        self.units += 1;
    }

    /// The whole; `None` if nothing was added.
    pub fn total(&mut self, merge: impl Fn(Acc, Acc) -> Acc) -> Option<Acc> {
        let mut acc = self.items.pop()?;
        while let Some(left) = self.items.pop() {
            acc = merge(left, acc);
        }
        self.units = 0;
        Some(acc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_the_neighbour_tree() {
        let ty = DType::F32;
        for n in 1..70usize {
            let leaves: Vec<Acc> = (0..n)
                .map(|i| Acc::value(((i as f32 + 0.1) * 1.0e-3f32.powi(i as i32 % 3)).to_bits() as u64, 256))
                .collect();
            let mut stack = Stack::default();
            let sum = |a, b| merge(ReduceOp::Sum, ty, a, b);
            leaves.iter().for_each(|&a| stack.push(a, sum));
            let tree = neighbours(&mut leaves.clone(), sum);
            assert_eq!(stack.total(sum), Some(tree));
            assert_eq!(stack.total(sum), None);
        }
    }

    #[test]
    fn identities_change_nothing() {
        use ReduceOp::*;
        let some = Acc::few([(-0.0f64).to_bits(), 3, 0], 4);
        for op in [Sum, Prod, Min, Max, ArgMin, ArgMax] {
            let none = identity(op, DType::F64);
            assert_eq!(merge(op, DType::F64, none, some), some);
            assert_eq!(merge(op, DType::F64, some, none), some);
        }
        assert_eq!(finish(Sum, DType::F32, identity(Sum, DType::F32), 0), 0);
        assert_eq!(finish(Prod, DType::F32, identity(Prod, DType::F32), 0), 1.0f32.to_bits() as u64);
        assert_eq!(finish(Max, DType::Bool, identity(Max, DType::Bool), 0), 0);
    }

    #[test]
    fn nan_wins_and_ties_go_to_the_lower_position() {
        let acc = |v: f32, i: u64| Acc::few([v.to_bits() as u64, i, 0], 1);
        let pick = |op, a, b| merge(op, DType::F32, a, b).words[1];
        assert_eq!(pick(ReduceOp::ArgMax, acc(0.0, 4), acc(-0.0, 2)), 2);
        assert_eq!(pick(ReduceOp::ArgMax, acc(1.0, 4), acc(f32::NAN, 7)), 7);
        assert_eq!(pick(ReduceOp::ArgMin, acc(f32::NAN, 4), acc(f32::NAN, 7)), 4);
        assert_eq!(pick(ReduceOp::ArgMin, acc(1.0, 4), acc(-1.0, 7)), 7);
    }
}
