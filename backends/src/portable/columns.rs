//! Reduces many rows at once, one in each lane.
//!
//! Here the elements of a tile lie lane by lane: `n` lists of `lanes` neighbours. A chunk of 256
//! elements is visited partial by partial (elements p, p + 32, p + 64, ... of it), so that each
//! partial is complete when it is left and can go on a stack that merges neighbours, as
//! [`super::reduce::Stack`] does for whole subtrees. State is a few lists of lanes, which stay in
//! the first-level cache.

use super::fold::{CHUNK, PARTIALS, PIVOT};
use super::isa::per_isa;
use super::num::{Float, Num, with_any, with_float, with_number};
use super::reduce::{Triple, Weights, arg_wins, centred, merge_triples};
use lazuli_core::DType;
use lazuli_core::op::ReduceOp;

/// One reduction of all lanes of a band.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// Which reduction.
    pub op: ReduceOp,
    /// Register type of its operand.
    pub ty: DType,
    /// Its lists, `pitch` bytes apart.
    pub base: *mut u8,
    /// At least 8 bytes a lane.
    pub pitch: usize,
    /// Number of lanes.
    pub lanes: usize,
    /// Partials of this chunk so far.
    partials: usize,
    /// Whole chunks so far.
    chunks: usize,
    /// Elements so far that belong to chunks which have ended.
    count: usize,
}

/// A part of a chunk: the elements of some of its partials.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// The elements, list after list of lanes, partial after partial.
    pub src: *const u8,
    /// Number in the row of the chunk's first element.
    pub begin: usize,
    /// Number of elements of the whole chunk.
    pub length: usize,
    /// The partials that are here.
    pub first: usize,
    /// One beyond the last of them.
    pub end: usize,
}

impl Part {
    /// Number of elements of partial `p` of a chunk of `length`.
    pub fn elements(length: usize, p: usize) -> usize {
        (length - p).div_ceil(PARTIALS)
    }
}

/// Lists of the stack of partials: one for each level of 32, and the one on its way.
pub(super) const LEVELS: usize = 7;

/// Number of lists that a reduction of `inner` elements needs.
pub(super) fn lists(op: ReduceOp, ty: DType, inner: usize) -> usize {
    let chunks = inner.div_ceil(CHUNK).max(1);
    let levels = chunks.ilog2() as usize + 2;
    match op {
        ReduceOp::Moment2 => 1 + 2 * LEVELS + 3 * levels,
        ReduceOp::Sum | ReduceOp::Prod if ty.is_float() => LEVELS + levels,
        _ => 2,
    }
}

per_isa! {
    /// Begins: nothing reduced so far. The column's lists are memory of its own.
    start(c: &mut Column) = start_body;
    /// Takes the mean of the first elements of a chunk as its pivot: the lists with these numbers
    /// (at most 16, in the order of the elements) of those at `src`.
    pivot(c: &mut Column, src: *const u8, lists: &[usize]) = pivot_body;
    /// Takes a part of a chunk. Parts come in order.
    part(c: &mut Column, part: &Part) = part_body;
    /// Ends a chunk of `length` elements.
    end_chunk(c: &mut Column, length: usize) = end_chunk_body;
    /// Writes the results, one for each lane, to `dst`.
    finish(c: &mut Column, dst: *mut u8) = finish_body;
}

impl Column {
    /// A column with lists at `base`.
    pub fn new(op: ReduceOp, ty: DType, base: *mut u8, pitch: usize, lanes: usize) -> Column {
        Column { op, ty, base, pitch, lanes, partials: 0, chunks: 0, count: 0 }
    }

    /// Is it a sum or product whose order shows?
    fn ordered(&self) -> bool {
        self.ty.is_float() && matches!(self.op, ReduceOp::Sum | ReduceOp::Prod)
    }

    /// List number `i`.
    ///
    /// # Safety
    ///
    /// It exists and is initialised (numbers have no invalid bits, but the memory must be ours),
    /// and no other reference to it is in use.
    #[inline(always)]
    unsafe fn list<'a, T>(&self, i: usize) -> &'a mut [T] {
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.base.add(i * self.pitch).cast(), self.lanes) }
    }

    /// Merges list `top` into the one below it, then that one, as often as `done` (the number of
    /// values that were on the stack before) ends in ones.
    ///
    /// # Safety
    ///
    /// Lists down to there are those of a stack.
    #[inline(always)]
    unsafe fn carry<T: Copy>(&self, mut top: usize, done: usize, f: impl Fn(T, T) -> T) {
        for _ in 0..done.trailing_ones() {
            // SAFETY: two different lists.
            let (a, b) = unsafe { (self.list::<T>(top - 1), self.list::<T>(top)) };
            for (a, &b) in a.iter_mut().zip(b.iter()) {
                *a = f(*a, b);
            }
            top -= 1;
        }
    }

    /// Merges a stack of `n` entries from list `bottom` on into its lowest list.
    ///
    /// # Safety
    ///
    /// The lists are those of a stack.
    #[inline(always)]
    unsafe fn collapse<T: Copy>(&self, bottom: usize, n: usize, f: impl Fn(T, T) -> T + Copy) {
        for top in (bottom + 1..bottom + n).rev() {
            // SAFETY: the caller's promise.
            unsafe { self.carry::<T>(top, 1, f) };
        }
    }
}

/// Height of a stack that `done` values went on.
pub(super) fn height(done: usize) -> usize {
    done.count_ones() as usize
}

/// `dst[lane] = f(f(x0, x1), x2) ...` over `n` lists at `src`.
///
/// # Safety
///
/// The lists are there.
#[inline(always)]
unsafe fn chain<T: Copy>(
    dst: &mut [T],
    src: *const T,
    n: usize,
    term: impl Fn(usize, T) -> T,
    f: impl Fn(T, T) -> T,
) {
    let lanes = dst.len();
    // SAFETY: the caller's promise.
    let list = |j: usize| unsafe { std::slice::from_raw_parts(src.add(j * lanes), lanes) };
    if n == CHUNK / PARTIALS {
        let x: [&[T]; CHUNK / PARTIALS] = std::array::from_fn(list);
        for i in 0..lanes {
            let mut v = term(i, x[0][i]);
            for x in &x[1..] {
                v = f(v, term(i, x[i]));
            }
            dst[i] = v;
        }
        return;
    }
    for (i, (d, &x)) in dst.iter_mut().zip(list(0)).enumerate() {
        *d = term(i, x);
    }
    for j in 1..n {
        for (i, (d, &x)) in dst.iter_mut().zip(list(j)).enumerate() {
            *d = f(*d, term(i, x));
        }
    }
}

/// # Safety
///
/// As its caller in this module, whose column and pointers it gets unchanged.
#[inline(always)]
unsafe fn start_body(c: &mut Column) {
    (c.partials, c.chunks, c.count) = (0, 0, 0);
    if c.ordered() || c.op == ReduceOp::Moment2 {
        return;
    }
    let (op, ty) = (c.op, c.ty);
    with_any!(ty, T => {
        let first = match op {
            ReduceOp::Sum | ReduceOp::Any => T::ZERO,
            ReduceOp::Prod | ReduceOp::All => T::ONE,
            ReduceOp::Min | ReduceOp::ArgMin => T::HIGHEST,
            _ => T::LOWEST,
        };
        // SAFETY: list 0 of this column.
        unsafe { c.list::<T>(0) }.fill(first);
    });
    if matches!(op, ReduceOp::ArgMin | ReduceOp::ArgMax) {
        // SAFETY: list 1 of this column.
        unsafe { c.list::<i64>(1) }.fill(i64::MAX);
    }
}

/// # Safety
///
/// As its caller in this module, whose column and pointers it gets unchanged.
#[inline(always)]
unsafe fn pivot_body(c: &mut Column, src: *const u8, lists: &[usize]) {
    let n = lists.len();
    debug_assert!(c.op == ReduceOp::Moment2 && n <= PIVOT);
    // SAFETY: the lists of this column, and the caller's promise for `src`.
    with_float!(c.ty, T => unsafe {
        for (j, &list) in lists.iter().enumerate() {
            let at = 1 + height(j);
            let x = std::slice::from_raw_parts(src.cast::<T>().add(list * c.lanes), c.lanes);
            c.list::<T>(at).copy_from_slice(x);
            c.carry::<T>(at, j, T::add);
        }
        c.collapse::<T>(1, height(n), T::add);
        let w = T::of_f64(n as f64);
        for (p, &sum) in c.list::<T>(0).iter_mut().zip(c.list::<T>(1).iter()) {
            *p = sum.div(w);
        }
    });
}

/// # Safety
///
/// As its caller in this module, whose column and pointers it gets unchanged.
#[inline(always)]
unsafe fn part_body(c: &mut Column, part: &Part) {
    // SAFETY: the caller's promise.
    unsafe {
        match c.op {
            ReduceOp::Sum if c.ordered() => with_float!(c.ty, T => ordered_part::<T>(c, part, T::add)),
            ReduceOp::Prod if c.ordered() => with_float!(c.ty, T => ordered_part::<T>(c, part, T::mul)),
            ReduceOp::Sum => with_number!(c.ty, T => unordered_part::<T>(c, part, T::add)),
            ReduceOp::Prod => with_number!(c.ty, T => unordered_part::<T>(c, part, T::mul)),
            ReduceOp::Min => with_any!(c.ty, T => unordered_part::<T>(c, part, T::smaller)),
            ReduceOp::Max => with_any!(c.ty, T => unordered_part::<T>(c, part, T::larger)),
            ReduceOp::Any => unordered_part::<u8>(c, part, |a, b| a | b),
            ReduceOp::All => unordered_part::<u8>(c, part, |a, b| a & b),
            ReduceOp::ArgMin => with_any!(c.ty, T => arg_part::<T>(c, part, false)),
            ReduceOp::ArgMax => with_any!(c.ty, T => arg_part::<T>(c, part, true)),
            ReduceOp::Moment2 => with_float!(c.ty, T => moment_part::<T>(c, part)),
        }
    }
}

/// # Safety
///
/// As its caller in this module, whose column and pointers it gets unchanged.
#[inline(always)]
unsafe fn ordered_part<T: Num>(c: &mut Column, part: &Part, f: impl Fn(T, T) -> T + Copy) {
    let mut src = part.src.cast::<T>();
    for p in part.first..part.end {
        let n = Part::elements(part.length, p);
        let at = height(c.partials);
        // SAFETY: the lists of this column, and the caller's promise for the part.
        unsafe {
            chain(c.list::<T>(at), src, n, |_, x| x, f);
            c.carry(at, c.partials, f);
            src = src.add(n * c.lanes);
        }
        c.partials += 1;
    }
}

/// # Safety
///
/// As its caller in this module, whose column and pointers it gets unchanged.
#[inline(always)]
unsafe fn unordered_part<T: Copy>(c: &mut Column, part: &Part, f: impl Fn(T, T) -> T) {
    // SAFETY: list 0 of this column.
    let acc = unsafe { c.list::<T>(0) };
    let n: usize = (part.first..part.end).map(|p| Part::elements(part.length, p)).sum();
    for j in 0..n {
        // SAFETY: the caller's promise for the part.
        let x = unsafe { std::slice::from_raw_parts(part.src.cast::<T>().add(j * c.lanes), c.lanes) };
        for (a, &x) in acc.iter_mut().zip(x) {
            *a = f(*a, x);
        }
    }
}

/// # Safety
///
/// As its caller in this module, whose column and pointers it gets unchanged.
#[inline(always)]
unsafe fn arg_part<T: Num>(c: &mut Column, part: &Part, max: bool) {
    // SAFETY: two lists of this column.
    let (best, place) = unsafe { (c.list::<T>(0), c.list::<i64>(1)) };
    let mut src = part.src.cast::<T>();
    for p in part.first..part.end {
        for k in 0..Part::elements(part.length, p) {
            let at = (part.begin + p + k * PARTIALS) as i64;
            // SAFETY: the caller's promise for the part.
            let x = unsafe { std::slice::from_raw_parts(src, c.lanes) };
            for i in 0..c.lanes {
                let wins = arg_wins(max, x[i], at, best[i], place[i]);
                best[i] = if wins { x[i] } else { best[i] };
                place[i] = if wins { at } else { place[i] };
            }
            // SAFETY: as above.
            src = unsafe { src.add(c.lanes) };
        }
    }
}

/// # Safety
///
/// As its caller in this module, whose column and pointers it gets unchanged.
#[inline(always)]
unsafe fn moment_part<T: Float>(c: &mut Column, part: &Part) {
    let mut src = part.src.cast::<T>();
    for p in part.first..part.end {
        let n = Part::elements(part.length, p);
        let at = height(c.partials);
        // SAFETY: different lists of this column, and the caller's promise for the part.
        unsafe {
            let pivot: &[T] = c.list::<T>(0);
            let square = |i: usize, x: T| {
                let d = x.sub(pivot[i]);
                d.mul(d)
            };
            chain(c.list::<T>(1 + at), src, n, |i, x| x.sub(pivot[i]), T::add);
            chain(c.list::<T>(1 + LEVELS + at), src, n, square, T::add);
            c.carry(1 + at, c.partials, T::add);
            c.carry(1 + LEVELS + at, c.partials, T::add);
            src = src.add(n * c.lanes);
        }
        c.partials += 1;
    }
}

/// # Safety
///
/// As its caller in this module, whose column and pointers it gets unchanged.
#[inline(always)]
unsafe fn end_chunk_body(c: &mut Column, length: usize) {
    // SAFETY: the lists of this column.
    unsafe {
        match c.op {
            ReduceOp::Sum if c.ordered() => with_float!(c.ty, T => ordered_chunk::<T>(c, T::add)),
            ReduceOp::Prod if c.ordered() => with_float!(c.ty, T => ordered_chunk::<T>(c, T::mul)),
            ReduceOp::Moment2 => with_float!(c.ty, T => moment_chunk::<T>(c, length)),
            _ => {}
        }
    }
    c.partials = 0;
    c.chunks += 1;
    c.count += length;
}

/// # Safety
///
/// As its caller in this module, whose column and pointers it gets unchanged.
#[inline(always)]
unsafe fn ordered_chunk<T: Num>(c: &Column, f: impl Fn(T, T) -> T + Copy) {
    let at = LEVELS + height(c.chunks);
    // SAFETY: the lists of this column; its two stacks share none.
    unsafe {
        c.collapse::<T>(0, height(c.partials), f);
        c.list::<T>(at).copy_from_slice(c.list::<T>(0));
        c.carry::<T>(at, c.chunks, f);
    }
}

/// The first of the three lists of entry `i` of the stack of chunks.
fn entry(i: usize) -> usize {
    1 + 2 * LEVELS + 3 * i
}

/// # Safety
///
/// As its caller in this module, whose column and pointers it gets unchanged.
#[inline(always)]
unsafe fn moment_chunk<T: Float>(c: &Column, length: usize) {
    let n = T::of_f64(length as f64);
    let top = height(c.chunks);
    // SAFETY: the lists of this column; those in use at one time are different ones.
    unsafe {
        c.collapse::<T>(1, height(c.partials), T::add);
        c.collapse::<T>(1 + LEVELS, height(c.partials), T::add);
        let (p, s1, s2) = (c.list::<T>(0), c.list::<T>(1), c.list::<T>(1 + LEVELS));
        let (tp, ts, tm) =
            (c.list::<T>(entry(top)), c.list::<T>(entry(top) + 1), c.list::<T>(entry(top) + 2));
        for i in 0..c.lanes {
            tp[i] = p[i];
            ts[i] = s1[i];
            tm[i] = centred(s1[i], s2[i], n);
        }
        let mut right = length as u64;
        for k in 0..c.chunks.trailing_ones() as usize {
            let left = (CHUNK as u64) << k;
            merge_entries::<T>(c, top - k - 1, left, right);
            right += left;
        }
    }
}

/// Merges entry `i + 1` of the stack of chunks into entry `i`.
///
/// # Safety
///
/// Both are there.
#[inline(always)]
unsafe fn merge_entries<T: Float>(c: &Column, i: usize, left: u64, right: u64) {
    let w = Weights::<T>::of(left, right);
    let (a, b) = (entry(i), entry(i + 1));
    // SAFETY: six different lists of this column.
    unsafe {
        let (ap, as1, am) = (c.list::<T>(a), c.list::<T>(a + 1), c.list::<T>(a + 2));
        let (bp, bs1, bm) = (c.list::<T>(b), c.list::<T>(b + 1), c.list::<T>(b + 2));
        for l in 0..c.lanes {
            let t = merge_triples(
                Triple { p: ap[l], s1: as1[l], m: am[l] },
                Triple { p: bp[l], s1: bs1[l], m: bm[l] },
                &w,
            );
            (ap[l], as1[l], am[l]) = (t.p, t.s1, t.m);
        }
    }
}

/// # Safety
///
/// As its caller in this module, whose column and pointers it gets unchanged.
#[inline(always)]
unsafe fn finish_body(c: &mut Column, dst: *mut u8) {
    let done = c.chunks;
    // SAFETY: the lists of this column, and the caller's promise for `dst`.
    unsafe {
        match c.op {
            _ if c.count == 0 => with_any!(c.ty, T => {
                // Minima and maxima of nothing are refused when they are recorded.
                let empty = if matches!(c.op, ReduceOp::Prod | ReduceOp::All) { T::ONE } else { T::ZERO };
                std::slice::from_raw_parts_mut(dst.cast::<T>(), c.lanes).fill(empty)
            }),
            ReduceOp::Sum if c.ordered() => with_float!(c.ty, T => {
                c.collapse::<T>(LEVELS, height(done), T::add);
                give(c.list::<T>(LEVELS), dst)
            }),
            ReduceOp::Prod if c.ordered() => with_float!(c.ty, T => {
                c.collapse::<T>(LEVELS, height(done), T::mul);
                give(c.list::<T>(LEVELS), dst)
            }),
            ReduceOp::Moment2 => with_float!(c.ty, T => {
                let mut right = entry_count(c, height(done) - 1);
                for i in (0..height(done) - 1).rev() {
                    let left = entry_count(c, i);
                    merge_entries::<T>(c, i, left, right);
                    right += left;
                }
                give(c.list::<T>(entry(0) + 2), dst)
            }),
            ReduceOp::ArgMin | ReduceOp::ArgMax => give(c.list::<i64>(1), dst),
            _ => with_any!(c.ty, T => give(c.list::<T>(0), dst)),
        }
    }
}

/// Elements below entry `i` of the stack of chunks when all chunks are on it: the bits of the
/// number of chunks, highest first; the last entry has what is left.
fn entry_count(c: &Column, i: usize) -> u64 {
    let (mut rest, mut before) = (c.chunks, 0);
    for _ in 0..i {
        let bit = 1 << rest.ilog2();
        before += bit * CHUNK;
        rest -= bit;
    }
    let bit: usize = 1 << rest.ilog2();
    (bit * CHUNK).min(c.count - before) as u64
}

/// # Safety
///
/// There is room for the list at `dst`.
#[inline(always)]
unsafe fn give<T: Copy>(list: &[T], dst: *mut u8) {
    // SAFETY: the caller's promise; lists are memory of the column alone.
    unsafe { std::ptr::copy_nonoverlapping(list.as_ptr(), dst.cast(), list.len()) }
}
