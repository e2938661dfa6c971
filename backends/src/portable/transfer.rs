//! Between memory and registers: loads, stores and positions.
//!
//! Registers hold the elements of a tile densely, lanes fastest. Elements keep their bits on the
//! way, but for the 16-bit floats, which are held as f32 and rounded (once) when stored.

use super::half;
use super::isa::per_isa;
use super::places::Places;
use lazuli_core::DType;

per_isa! {
    /// Reads the elements of an access into `dst`.
    ///
    /// `base` points at the access's position 0; every place is a readable element of `dtype`,
    /// and `dst` has room for all.
    load(dtype: DType, dst: *mut u8, base: *const u8, places: &Places<'_>) = load_body;
    /// Writes elements from `src` to the places of an access; `src_step` is 1, or 0 to write the
    /// first element everywhere.
    ///
    /// `base` points at the access's position 0; every place is a writable element of `dtype`,
    /// and `src` holds as many elements as there are places (one, if `src_step` is 0).
    store(dtype: DType, base: *mut u8, src: *const u8, src_step: usize, places: &Places<'_>) = store_body;
}

#[inline(always)]
unsafe fn load_body(dtype: DType, dst: *mut u8, base: *const u8, places: &Places<'_>) {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        match dtype {
            DType::F16 => gather(dst, base, places, half::f16_to_f32),
            DType::BF16 => gather(dst, base, places, half::bf16_to_f32),
            _ => match dtype.size() {
                1 => gather(dst, base, places, |x: u8| x),
                2 => gather(dst, base, places, |x: u16| x),
                4 => gather(dst, base, places, |x: u32| x),
                8 => gather(dst, base, places, |x: u64| x),
                _ => unreachable!("no registers for {dtype}"),
            },
        }
    }
}

#[inline(always)]
unsafe fn gather<M: Copy, R: Copy>(dst: *mut u8, base: *const u8, p: &Places<'_>, f: impl Fn(M) -> R) {
    let (mut dst, base) = (dst.cast::<R>(), base.cast::<M>());
    if let Some(first) = p.contiguous() {
        // SAFETY: the caller's promise, for all places at once.
        unsafe {
            let from = base.offset(first);
            (0..p.count()).for_each(|i| dst.add(i).write(f(from.add(i).read())));
        }
        return;
    }
    for &outer in p.outer {
        for (&start, &length) in p.starts.iter().zip(p.lengths) {
            // SAFETY: the caller's promise: `length` places from here on, and room for them.
            unsafe {
                let from = base.offset(outer + start);
                match p.step {
                    1 => (0..length).for_each(|i| dst.add(i).write(f(from.add(i).read()))),
                    0 => {
                        let v = f(from.read());
                        (0..length).for_each(|i| dst.add(i).write(v));
                    }
                    s => (0..length).for_each(|i| dst.add(i).write(f(from.offset(i as isize * s).read()))),
                }
                dst = dst.add(length);
            }
        }
    }
}

#[inline(always)]
unsafe fn store_body(dtype: DType, base: *mut u8, src: *const u8, src_step: usize, places: &Places<'_>) {
    // SAFETY: the caller's promise, passed on.
    unsafe {
        match dtype {
            DType::F16 => scatter(base, src, src_step, places, half::f32_to_f16),
            DType::BF16 => scatter(base, src, src_step, places, half::f32_to_bf16),
            _ => match dtype.size() {
                1 => scatter(base, src, src_step, places, |x: u8| x),
                2 => scatter(base, src, src_step, places, |x: u16| x),
                4 => scatter(base, src, src_step, places, |x: u32| x),
                8 => scatter(base, src, src_step, places, |x: u64| x),
                _ => unreachable!("no registers for {dtype}"),
            },
        }
    }
}

#[inline(always)]
unsafe fn scatter<R: Copy, M: Copy>(
    base: *mut u8,
    src: *const u8,
    src_step: usize,
    p: &Places<'_>,
    f: impl Fn(R) -> M,
) {
    let (mut src, base) = (src.cast::<R>(), base.cast::<M>());
    if let (1, Some(first)) = (src_step, p.contiguous()) {
        // SAFETY: the caller's promise, for all places at once.
        unsafe {
            let to = base.offset(first);
            (0..p.count()).for_each(|i| to.add(i).write(f(src.add(i).read())));
        }
        return;
    }
    for &outer in p.outer {
        for (&start, &length) in p.starts.iter().zip(p.lengths) {
            // SAFETY: the caller's promise: `length` places from here on, and elements for them.
            unsafe {
                let to = base.offset(outer + start);
                match (src_step, p.step) {
                    (0, s) => {
                        let v = f(src.read());
                        (0..length).for_each(|i| to.offset(i as isize * s).write(v));
                    }
                    (_, 1) => (0..length).for_each(|i| to.add(i).write(f(src.add(i).read()))),
                    (_, s) => (0..length).for_each(|i| to.offset(i as isize * s).write(f(src.add(i).read()))),
                }
                src = src.add(length * src_step);
            }
        }
    }
}

/// Writes the positions themselves (plus `first`), as int64.
///
/// # Safety
///
/// `dst` has room for all places.
pub(super) unsafe fn positions(dst: *mut u8, first: i64, p: &Places<'_>) {
    let mut dst = dst.cast::<i64>();
    for &outer in p.outer {
        for (&start, &length) in p.starts.iter().zip(p.lengths) {
            let at = first + (outer + start) as i64;
            // SAFETY: the caller's promise.
            unsafe {
                (0..length).for_each(|i| dst.add(i).write(at + i as i64 * p.step as i64));
                dst = dst.add(length);
            }
        }
    }
}
