//! Chunks of arrays that cannot be read straight through, for the row code.
//!
//! A row reduction takes its elements in logical order, 256 at a time, as vectors of neighbours.
//! An array whose inner axes do not merge, or that is read with another step than 1, has them
//! elsewhere. Where generated code cannot help itself (`rows/packed.rs`) it has [`pack`] find them:
//! what is neighbours in the array is read there, and everything else is put run by run into a
//! small buffer. [`unpack`] is the way back, for stores.
//!
//! Axes that follow each other in one array are one run there, even if they do not in others.
//!
//! Only steps other than 1 and 0 come here chunk by chunk, so the loops over those are what
//! counts: those of the usual steps, -1 and 2, are vectorised, and ask memory early for what comes
//! later: float32 backwards takes a third less with it, float64 about as long as without.

use lazuli_fusion::bind::{Bound, BoundAccess, Slot};
use smallvec::SmallVec;

/// Bytes of the longest step with which memory is asked for what comes later.
const SHORT_STEP: usize = 16;
/// Bytes ahead at which it is.
const AHEAD: usize = 8192;

/// Asks for a cache line. Any address is allowed.
#[inline(always)]
fn prefetch<T>(at: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which cannot fault.
    unsafe {
        std::arch::x86_64::_mm_prefetch(at.cast(), std::arch::x86_64::_MM_HINT_T0);
    }
    let _ = at;
}

/// Visits the runs that elements `from .. from + n` of some axes consist of: the number of
/// elements before a run, the position of its first, its length. Inside a run each element is
/// the last axis's step after the one before.
#[inline(always)]
fn runs(
    extents: &[usize],
    steps: &[isize],
    from: usize,
    n: usize,
    mut visit: impl FnMut(usize, isize, usize),
) {
    let mut outer = steps.len() - 1;
    let (step, mut long) = (steps[outer], extents[outer]);
    while outer > 0 && steps[outer - 1] == step.wrapping_mul(long as isize) {
        outer -= 1;
        long *= extents[outer];
    }
    let mut within = from % long;
    let mut rest = from / long;
    let mut at = within as isize * step;
    let mut index: SmallVec<[usize; 8]> = SmallVec::from_elem(0, outer);
    for d in (0..outer).rev() {
        // The outermost index is what is left: there is always one more division saved.
        (rest, index[d]) = if d == 0 { (0, rest) } else { (rest / extents[d], rest % extents[d]) };
        at += index[d] as isize * steps[d];
    }
    let mut done = 0;
    while done < n {
        let length = (long - within).min(n - done);
        visit(done, at, length);
        done += length;
        // To the beginning of the next run.
        at -= within as isize * step;
        within = 0;
        for d in (0..outer).rev() {
            index[d] += 1;
            at += steps[d];
            if index[d] < extents[d] {
                break;
            }
            at -= steps[d] * extents[d] as isize;
            index[d] = 0;
        }
    }
}

/// Elements `from .. from + n` of the inner axes in their logical order: where they follow each
/// other, in the array or in `buffer`. Positions are written as int64.
///
/// # Safety
/// The CPU has AVX2, as all have that generated code runs on. `row` is the access's address (or
/// position) at the current row, the elements are in its array, and `buffer`, aligned to 8
/// bytes, has room for `n`.
#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2"))]
pub(super) unsafe extern "C" fn pack(
    bound: &Bound,
    access: i64,
    row: *const u8,
    from: i64,
    n: i64,
    buffer: *mut u8,
) -> *const u8 {
    let a = &bound.accesses[access as usize];
    let (from, n) = (from as usize, n as usize);
    if a.slot == Slot::Iota {
        let (to, step) = (buffer.cast::<i64>(), a.inner[a.inner.len() - 1] as i64);
        runs(&bound.inner, &a.inner, from, n, |i, at, length| {
            let first = row as i64 + at as i64;
            // SAFETY: a run lies within the `n` elements.
            (0..length).for_each(|k| unsafe { to.add(i + k).write(first + k as i64 * step) });
        });
        return buffer;
    }
    // SAFETY: as the caller promises; elements are aligned to their size.
    unsafe {
        match a.dtype.size() {
            1 => gather::<u8>(bound, a, row.cast(), from, n, buffer.cast()).cast(),
            2 => gather::<u16>(bound, a, row.cast(), from, n, buffer.cast()).cast(),
            4 => gather::<u32>(bound, a, row.cast(), from, n, buffer.cast()).cast(),
            _ => gather::<u64>(bound, a, row.cast(), from, n, buffer.cast()).cast(),
        }
    }
}

/// # Safety
/// As [`pack`], for elements of the size of `T`.
#[inline(always)]
unsafe fn gather<T: Copy>(
    bound: &Bound,
    a: &BoundAccess,
    row: *const T,
    from: usize,
    n: usize,
    buffer: *mut T,
) -> *const T {
    let mut place = buffer.cast_const();
    let step = a.inner[a.inner.len() - 1];
    let bytes = step.unsigned_abs() * size_of::<T>();
    if !matches!(step, 0 | 1) && bytes <= SHORT_STEP {
        runs(&bound.inner, &a.inner, from + AHEAD / bytes, n, |_, at, length| {
            let lowest = if step < 0 { at.wrapping_add((length - 1) as isize * step) } else { at };
            let first = row.wrapping_offset(lowest);
            (0..length * bytes).step_by(64).for_each(|k| prefetch(first.wrapping_byte_add(k)));
        });
    }
    // SAFETY: the elements of a run are in the array, and `buffer` has room for all.
    runs(&bound.inner, &a.inner, from, n, |i, at, length| unsafe {
        let (first, to) = (row.offset(at), buffer.add(i));
        let copy = |s: isize| (0..length as isize).for_each(|k| *to.offset(k) = *first.offset(k * s));
        match step {
            1 if length == n => place = first,
            1 => std::ptr::copy_nonoverlapping(first, to, length),
            0 => std::slice::from_raw_parts_mut(to, length).fill(*first),
            // Loops of their own.
            -1 => copy(-1),
            2 => copy(2),
            s => copy(s),
        }
    });
    place
}

/// The way back from `buffer`, for stores.
///
/// # Safety
/// As [`pack`]; nobody else uses the elements meanwhile.
#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2"))]
pub(super) unsafe extern "C" fn unpack(
    bound: &Bound,
    access: i64,
    row: *mut u8,
    from: i64,
    n: i64,
    buffer: *const u8,
) {
    let a = &bound.accesses[access as usize];
    let (from, n) = (from as usize, n as usize);
    // SAFETY: as the caller promises; elements are aligned to their size.
    unsafe {
        match a.dtype.size() {
            1 => scatter::<u8>(bound, a, row.cast(), from, n, buffer.cast()),
            2 => scatter::<u16>(bound, a, row.cast(), from, n, buffer.cast()),
            4 => scatter::<u32>(bound, a, row.cast(), from, n, buffer.cast()),
            _ => scatter::<u64>(bound, a, row.cast(), from, n, buffer.cast()),
        }
    }
}

/// # Safety
/// As [`unpack`], for elements of the size of `T`.
#[inline(always)]
unsafe fn scatter<T: Copy>(
    bound: &Bound,
    a: &BoundAccess,
    row: *mut T,
    from: usize,
    n: usize,
    buffer: *const T,
) {
    let step = a.inner[a.inner.len() - 1];
    // SAFETY: the elements of a run are in the array, and `buffer` holds all.
    runs(&bound.inner, &a.inner, from, n, |i, at, length| unsafe {
        let (first, values) = (row.offset(at), buffer.add(i));
        match step {
            1 => std::ptr::copy_nonoverlapping(values, first, length),
            s => (0..length as isize).for_each(|k| *first.offset(k * s) = *values.offset(k)),
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Positions of all elements, in order.
    fn positions(extents: &[usize], steps: &[isize]) -> Vec<isize> {
        extents.iter().zip(steps).fold(vec![0], |all, (&n, &s)| {
            all.iter().flat_map(|&at| (0..n as isize).map(move |i| at + i * s)).collect()
        })
    }

    #[test]
    fn runs_make_up_all_elements_in_order() {
        let cases: [(&[usize], &[isize], usize); 9] = [
            (&[24], &[1], 24),
            (&[24], &[-2], 24),
            (&[4, 6], &[7, 1], 6),
            (&[4, 6], &[0, 1], 6),
            (&[4, 6], &[1, 0], 6),
            // Axes that follow each other here are one run.
            (&[4, 6], &[6, 1], 24),
            (&[2, 3, 4], &[100, 8, 2], 12),
            (&[2, 3, 4], &[1, 0, 0], 12),
            (&[2, 3, 4], &[-1, 9, 40], 4),
        ];
        for (extents, steps, longest) in cases {
            let expected = positions(extents, steps);
            let step = steps[steps.len() - 1];
            for from in 0..24 {
                for n in 1..=24 - from {
                    let (mut got, mut lengths) = (Vec::new(), Vec::new());
                    runs(extents, steps, from, n, |i, at, length| {
                        assert_eq!(i, got.len());
                        got.extend((0..length as isize).map(|k| at + k * step));
                        lengths.push(length);
                    });
                    assert_eq!(got, expected[from..from + n], "{extents:?} {steps:?} {from} {n}");
                    assert!(lengths.iter().all(|&l| 0 < l && l <= longest));
                    assert_eq!(lengths.len(), (from + n - 1) / longest - from / longest + 1);
                }
            }
        }
    }
}
