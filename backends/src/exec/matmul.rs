//! Matrix products, by the crate `gemm` (outside promise P1: NUMERICS.md section 5).
//!
//! Threads share a product by panels of the result, so that no thread pool but ours runs.

use super::threads::{is_worth, parallel};
use lazuli_core::{DType, Layout};
use lazuli_fusion::bind::BoundMatMul;

/// Runs a batched product. `bases` are the addresses of element 0 of the three buffers.
///
/// # Safety
/// The buffers must hold what the layouts of `m` reach, and the result's must not be shared.
pub unsafe fn run(m: &BoundMatMul, bases: [*mut u8; 3], threads: usize) {
    let size = m.dtype.size() as isize;
    let count: usize = m.batch.iter().product();
    for b in 0..count {
        let place = |i: usize| {
            let layout: &Layout = &m.operands[i].1;
            let lead = layout.shape.len() - 2;
            let (mut rest, mut at) = (b, layout.offset);
            for d in (0..lead).rev() {
                at += (rest % m.batch[d]) as isize * layout.strides[d];
                rest /= m.batch[d];
            }
            // SAFETY: within the buffer, as the caller promises.
            let at = unsafe { bases[i].offset(at * size) };
            Matrix { at, column: layout.strides[lead + 1], row: layout.strides[lead] }
        };
        let (left, right, out) = (place(0), place(1), place(2));
        // SAFETY: as above.
        unsafe {
            match m.dtype {
                DType::F32 => one::<f32>(m.extents, left, right, out, threads),
                DType::F64 => one::<f64>(m.extents, left, right, out, threads),
                other => unreachable!("matmul of {other} is recorded as a reduction"),
            }
        }
    }
}

/// A matrix in memory, with the steps between neighbours in elements.
#[derive(Clone, Copy)]
struct Matrix {
    at: *mut u8,
    column: isize,
    row: isize,
}

// SAFETY: threads read the operands and write different panels of the result.
unsafe impl Sync for Matrix {}

/// Nanoseconds of one thread for a multiplication and an addition.
const NS_PER_TERM: f64 = 0.01;
/// Panels begin at multiples of this many rows or columns, which kernels of `gemm` take at once.
const PANEL: usize = 48;

/// # Safety
/// As [`run`].
unsafe fn one<T: Zero + 'static>(
    (rows, inner, columns): (usize, usize, usize),
    left: Matrix,
    right: Matrix,
    out: Matrix,
    threads: usize,
) {
    let work = rows as f64 * inner as f64 * columns as f64 * NS_PER_TERM;
    let longer = rows.max(columns);
    let step = match threads > 1 && is_worth(work) {
        true => longer.div_ceil(threads).next_multiple_of(PANEL),
        false => longer.max(1),
    };
    let (left, right, out) = (&left, &right, &out);
    parallel(threads, longer.div_ceil(step), &|_, p| {
        let (begin, end) = (p * step, ((p + 1) * step).min(longer));
        let ((r0, r1), (c0, c1)) =
            if rows > columns { ((begin, end), (0, columns)) } else { ((0, rows), (begin, end)) };
        let part = |m: &Matrix, r: usize, c: usize| {
            // SAFETY: within the matrix.
            unsafe { m.at.cast::<T>().offset(r as isize * m.row + c as isize * m.column) }
        };
        // SAFETY: as the caller promises, and the panels of the result do not overlap.
        unsafe {
            gemm::gemm(
                r1 - r0,
                c1 - c0,
                inner,
                part(out, r0, c0),
                out.column,
                out.row,
                false,
                part(left, r0, 0),
                left.column,
                left.row,
                part(right, 0, c0),
                right.column,
                right.row,
                T::ZERO,
                T::ONE,
                false,
                false,
                false,
                gemm::Parallelism::None,
            );
        }
    });
}

trait Zero: Copy {
    const ZERO: Self;
    const ONE: Self;
}
impl Zero for f32 {
    const ZERO: f32 = 0.0;
    const ONE: f32 = 1.0;
}
impl Zero for f64 {
    const ZERO: f64 = 0.0;
    const ONE: f64 = 1.0;
}
