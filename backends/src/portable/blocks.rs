//! Loops over blocks of 64 elements.
//!
//! Registers of a tile are buffers whose length is a multiple of [`BLOCK`]; a value that is the
//! same everywhere is one block that is used again and again (its step is 0). So one compiled
//! loop serves every mix of vectors and constants, and its inner trip count is known.

use std::mem::MaybeUninit;

/// Elements of a block.
pub(crate) const BLOCK: usize = 64;

/// Where the elements of a register are: block `k` begins `k * step` elements after `ptr`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand {
    /// First element.
    pub ptr: *mut u8,
    /// `BLOCK`, or 0 where every block is the same one.
    pub step: usize,
}

/// # Safety
///
/// Block `k` of the operand lies in initialised memory of elements of `T`, suitably aligned.
#[inline(always)]
unsafe fn read<'a, T>(a: Operand, k: usize) -> &'a [T; BLOCK] {
    // SAFETY: the caller's promise.
    unsafe { &*a.ptr.cast::<T>().add(k * a.step).cast() }
}

/// # Safety
///
/// Block `k` at `dst` is memory of ours for elements of `T`, aligned, and nothing else refers to it.
#[inline(always)]
unsafe fn write<'a, T>(dst: *mut u8, k: usize) -> &'a mut [MaybeUninit<T>; BLOCK] {
    // SAFETY: the caller's promise.
    unsafe { &mut *dst.cast::<MaybeUninit<T>>().add(k * BLOCK).cast() }
}

/// Memory that blocks are written to. A reference as a parameter of the compiled loops tells the
/// compiler that nothing else which they touch overlaps it.
pub(super) type Out<'a> = &'a mut [MaybeUninit<u8>];

/// `dst[i] = f(a[i])` for whole blocks.
///
/// # Safety
///
/// `dst` has room for `blocks` blocks of `R`, `a` holds as many of `A`, and they do not overlap.
#[inline(always)]
pub(super) unsafe fn map1<A: Copy, R: Copy>(blocks: usize, dst: Out<'_>, a: Operand, f: impl Fn(A) -> R) {
    let dst: *mut u8 = dst.as_mut_ptr().cast();
    for k in 0..blocks {
        // SAFETY: the caller's promise, for each block.
        let (d, a) = unsafe { (write::<R>(dst, k), read::<A>(a, k)) };
        for i in 0..BLOCK {
            d[i].write(f(a[i]));
        }
    }
}

/// `dst[i] = f(a[i], b[i])` for whole blocks.
///
/// # Safety
///
/// As [`map1`].
#[inline(always)]
pub(super) unsafe fn map2<A: Copy, B: Copy, R: Copy>(
    blocks: usize,
    dst: Out<'_>,
    a: Operand,
    b: Operand,
    f: impl Fn(A, B) -> R,
) {
    let dst: *mut u8 = dst.as_mut_ptr().cast();
    for k in 0..blocks {
        // SAFETY: the caller's promise, for each block.
        let (d, a, b) = unsafe { (write::<R>(dst, k), read::<A>(a, k), read::<B>(b, k)) };
        for i in 0..BLOCK {
            d[i].write(f(a[i], b[i]));
        }
    }
}

/// `dst[i] = f(a[i], b[i], c[i])` for whole blocks.
///
/// # Safety
///
/// As [`map1`].
#[inline(always)]
pub(super) unsafe fn map3<A: Copy, B: Copy, C: Copy, R: Copy>(
    blocks: usize,
    dst: Out<'_>,
    a: Operand,
    b: Operand,
    c: Operand,
    f: impl Fn(A, B, C) -> R,
) {
    let dst: *mut u8 = dst.as_mut_ptr().cast();
    for k in 0..blocks {
        // SAFETY: the caller's promise, for each block.
        let (d, a, b, c) = unsafe { (write::<R>(dst, k), read::<A>(a, k), read::<B>(b, k), read::<C>(c, k)) };
        for i in 0..BLOCK {
            d[i].write(f(a[i], b[i], c[i]));
        }
    }
}

/// Writes the same bits into `count` elements of `size` bytes.
///
/// # Safety
///
/// There is room for them at `dst`, aligned to `size`.
pub(super) unsafe fn fill(dst: *mut u8, size: usize, bits: u64, count: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        match size {
            1 => std::slice::from_raw_parts_mut(dst, count).fill(bits as u8),
            2 => std::slice::from_raw_parts_mut(dst.cast::<u16>(), count).fill(bits as u16),
            4 => std::slice::from_raw_parts_mut(dst.cast::<u32>(), count).fill(bits as u32),
            8 => std::slice::from_raw_parts_mut(dst.cast::<u64>(), count).fill(bits),
            _ => unreachable!("elements of {size} bytes"),
        }
    }
}

/// The bits of element `i` of `size` bytes at `src`.
///
/// # Safety
///
/// It is there, aligned to `size`.
pub(super) unsafe fn get(src: *const u8, size: usize, i: usize) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        match size {
            1 => *src.add(i) as u64,
            2 => *src.cast::<u16>().add(i) as u64,
            4 => *src.cast::<u32>().add(i) as u64,
            8 => *src.cast::<u64>().add(i),
            _ => unreachable!("elements of {size} bytes"),
        }
    }
}
