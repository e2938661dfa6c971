//! Reduces a run of neighbouring registers: the elements of one row.
//!
//! A run starts at a multiple of 256 of the row and holds at most 4,096 elements. Sums run over
//! 32 partials at a time, which is what vectors want; then the partials of a chunk are merged as
//! neighbours, then the chunks of the run. See NUMERICS.md sections 2 and 3.

use super::isa::per_isa;
use super::num::{Float, Num, with_any, with_float, with_int};
use super::reduce::{Acc, Triple, Weights, centred, merge_triples, neighbours};
use lazuli_core::DType;
use lazuli_core::op::ReduceOp;

/// Elements of a chunk.
pub(crate) const CHUNK: usize = 256;
/// Partials of a chunk.
pub(super) const PARTIALS: usize = 32;
/// Most elements of one run.
pub(super) const RUN: usize = 4096;
/// Elements that the pivot of a second moment is the mean of.
pub(super) const PIVOT: usize = 16;

per_isa! {
    /// The accumulator of `n` elements (`1 ..= RUN`) of type `ty` at `src`, of which the first is
    /// number `at` of the row.
    ///
    /// The elements are there, aligned.
    fold(op: ReduceOp, ty: DType, src: *const u8, n: usize, at: usize) -> Acc = fold_body;
}

#[inline(always)]
unsafe fn fold_body(op: ReduceOp, ty: DType, src: *const u8, n: usize, at: usize) -> Acc {
    macro_rules! elements {
        ($T:ty) => {
            // SAFETY: the caller's promise.
            unsafe { std::slice::from_raw_parts(src.cast::<$T>(), n) }
        };
    }
    let value = match op {
        ReduceOp::Sum if ty.is_float() => {
            with_float!(ty, T => tree(elements!(T), T::SUM_START, T::add).bits())
        }
        ReduceOp::Prod if ty.is_float() => with_float!(ty, T => tree(elements!(T), T::ONE, T::mul).bits()),
        ReduceOp::Sum => with_int!(ty, T => any_order(elements!(T), T::SUM_START, T::add).bits()),
        ReduceOp::Prod => with_int!(ty, T => any_order(elements!(T), T::ONE, T::mul).bits()),
        ReduceOp::Min => with_any!(ty, T => any_order(elements!(T), T::HIGHEST, T::smaller).bits()),
        ReduceOp::Max => with_any!(ty, T => any_order(elements!(T), T::LOWEST, T::larger).bits()),
        ReduceOp::Any => any_order(elements!(u8), 0, |a, b| a | b) as u64,
        ReduceOp::All => any_order(elements!(u8), 1, |a, b| a & b) as u64,
        ReduceOp::ArgMin => {
            return with_any!(ty, T => arg(elements!(T), at, T::HIGHEST, T::smaller));
        }
        ReduceOp::ArgMax => return with_any!(ty, T => arg(elements!(T), at, T::LOWEST, T::larger)),
        ReduceOp::Moment2 => {
            let t = with_float!(ty, T => {
                let t = moment(elements!(T));
                [t.p.bits(), t.s1.bits(), t.m.bits()]
            });
            return Acc::few(t, n as u64);
        }
    };
    Acc::value(value, n as u64)
}

/// Neighbours of a whole set of partials, merged level by level.
#[inline(always)]
fn tree32<T: Copy>(p: [T; PARTIALS], f: impl Fn(T, T) -> T) -> T {
    let a: [T; 16] = std::array::from_fn(|i| f(p[2 * i], p[2 * i + 1]));
    let a: [T; 8] = std::array::from_fn(|i| f(a[2 * i], a[2 * i + 1]));
    let a: [T; 4] = std::array::from_fn(|i| f(a[2 * i], a[2 * i + 1]));
    f(f(a[0], a[1]), f(a[2], a[3]))
}

/// The partials of a chunk. Missing ones stay at `start`, which changes nothing.
#[inline(always)]
fn partials<T: Copy>(x: &[T], start: T, f: impl Fn(T, T) -> T) -> [T; PARTIALS] {
    let (blocks, rest) = x.as_chunks::<PARTIALS>();
    let mut p = [start; PARTIALS];
    for block in blocks {
        for i in 0..PARTIALS {
            p[i] = f(p[i], block[i]);
        }
    }
    for (p, &v) in p.iter_mut().zip(rest) {
        *p = f(*p, v);
    }
    p
}

#[inline(always)]
fn tree<T: Copy>(x: &[T], start: T, f: impl Fn(T, T) -> T + Copy) -> T {
    let mut chunks = [start; RUN / CHUNK];
    let mut count = 0;
    for (c, x) in chunks.iter_mut().zip(x.chunks(CHUNK)) {
        // A whole chunk has a trip count that the compiler knows.
        *c = match <&[T; CHUNK]>::try_from(x) {
            Ok(x) => tree32(partials(x, start, f), f),
            Err(_) => tree32(partials(x, start, f), f),
        };
        count += 1;
    }
    neighbours(&mut chunks[..count], f)
}

#[inline(always)]
fn any_order<T: Copy>(x: &[T], start: T, f: impl Fn(T, T) -> T) -> T {
    const WIDTH: usize = 64;
    let (blocks, rest) = x.as_chunks::<WIDTH>();
    let mut p = [start; WIDTH];
    for block in blocks {
        for i in 0..WIDTH {
            p[i] = f(p[i], block[i]);
        }
    }
    for (p, &v) in p.iter_mut().zip(rest) {
        *p = f(*p, v);
    }
    let mut n = WIDTH;
    while n > 1 {
        n /= 2;
        for i in 0..n {
            p[i] = f(p[i], p[i + n]);
        }
    }
    p[0]
}

/// The extreme first, then where it stands.
#[inline(always)]
fn arg<T: Num>(x: &[T], at: usize, start: T, extreme: impl Fn(T, T) -> T) -> Acc {
    let best = any_order(x, start, extreme);
    let found =
        if best.is_nan() { x.iter().position(|v| v.is_nan()) } else { x.iter().position(|&v| v == best) };
    let first = found.expect("the extreme is one of the elements");
    Acc::few([x[first].bits(), (at + first) as u64, 0], x.len() as u64)
}

#[inline(always)]
fn moment<T: Float>(x: &[T]) -> Triple<T> {
    let zero = Triple { p: T::ZERO, s1: T::ZERO, m: T::ZERO };
    let mut chunks = [(zero, 0u64); RUN / CHUNK];
    let mut count = 0;
    for (c, x) in chunks.iter_mut().zip(x.chunks(CHUNK)) {
        *c = (chunk_moment(x), x.len() as u64);
        count += 1;
    }
    neighbours(&mut chunks[..count], |(a, na), (b, nb)| (merge_triples(a, b, &Weights::of(na, nb)), na + nb))
        .0
}

#[inline(always)]
fn chunk_moment<T: Float>(x: &[T]) -> Triple<T> {
    let n = T::of_f64(x.len() as f64);
    let w = x.len().min(PIVOT);
    let p = tree32(partials(&x[..w], T::SUM_START, T::add), T::add).div(T::of_f64(w as f64));
    let s1 = tree32(partials_of(x, |v| v.sub(p)), T::add);
    let s2 = tree32(partials_of(x, |v| v.sub(p).mul(v.sub(p))), T::add);
    Triple { p, s1, m: centred(s1, s2, n) }
}

#[inline(always)]
fn partials_of<T: Float>(x: &[T], term: impl Fn(T) -> T) -> [T; PARTIALS] {
    let (blocks, rest) = x.as_chunks::<PARTIALS>();
    let mut p = [T::SUM_START; PARTIALS];
    for block in blocks {
        for i in 0..PARTIALS {
            p[i] = p[i].add(term(block[i]));
        }
    }
    for (p, &v) in p.iter_mut().zip(rest) {
        *p = p.add(term(v));
    }
    p
}
