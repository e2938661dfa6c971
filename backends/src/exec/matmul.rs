//! Matrix products, by the crate `gemm` (outside promise P1: NUMERICS.md section 5).

use super::threads::num_threads;
use lazuli_core::{DType, Layout};
use lazuli_fusion::bind::BoundMatMul;

/// Runs a batched product. `bases` are the addresses of element 0 of the three buffers.
///
/// # Safety
/// The buffers must hold what the layouts of `m` reach, and the result's must not be shared.
pub unsafe fn run(m: &BoundMatMul, bases: [*mut u8; 3]) {
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
            (unsafe { bases[i].offset(at * size) }, layout.strides[lead + 1], layout.strides[lead])
        };
        let (left, right, out) = (place(0), place(1), place(2));
        // SAFETY: as above.
        unsafe {
            match m.dtype {
                DType::F32 => one::<f32>(m.extents, left, right, out),
                DType::F64 => one::<f64>(m.extents, left, right, out),
                other => unreachable!("matmul of {other} is recorded as a reduction"),
            }
        }
    }
}

type Matrix = (*mut u8, isize, isize);

/// # Safety
/// As [`run`]. A matrix is `(address, step along columns, step along rows)`.
unsafe fn one<T: Zero + 'static>(
    (rows, inner, columns): (usize, usize, usize),
    left: Matrix,
    right: Matrix,
    out: Matrix,
) {
    let work = rows.saturating_mul(inner).saturating_mul(columns);
    let parallelism = match num_threads() {
        1 => gemm::Parallelism::None,
        n if work > 1 << 18 => gemm::Parallelism::Rayon(n),
        _ => gemm::Parallelism::None,
    };
    // SAFETY: as the caller promises.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            inner,
            out.0.cast::<T>(),
            out.1,
            out.2,
            false,
            left.0.cast::<T>(),
            left.1,
            left.2,
            right.0.cast::<T>(),
            right.1,
            right.2,
            T::ZERO,
            T::ONE,
            false,
            false,
            false,
            parallelism,
        );
    }
}

trait Zero {
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
