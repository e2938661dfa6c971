//! [`fast_math`]: a scope in which not every bit counts.

use std::cell::Cell;

/// What may be done differently from what is written, in the scope of [`fast_math()`].
///
/// | flag | what it permits |
/// |---|---|
/// | `CONTRACT` | a product that is added or subtracted in the same kernel need not be rounded by itself: `a * b + c` becomes `a.mul_add(b, c)`; of two products the right one, so `a * b - a * b` need not be 0 |
///
/// ```
/// # use lazuli::prelude::*;
/// use lazuli::FastMath;
/// assert_eq!(FastMath::default(), FastMath::empty());
/// assert!(FastMath::all().contains(FastMath::CONTRACT));
/// ```
pub use lazuli_core::FastMath;

thread_local! {
    static ALLOWED: Cell<FastMath> = const { Cell::new(FastMath::empty()) };
}

/// What is allowed where an operation is recorded.
#[inline]
pub(crate) fn allowed() -> FastMath {
    ALLOWED.get()
}

/// Marks what this thread records in `f`: there, what `flags` permit may be done, and bits of results depend on what is
/// fused with what. They are still the same on every engine. Scopes within scopes have their own flags. What is recorded
/// elsewhere is as it is written, unless the same kernel computes the same in the scope too.
///
/// Vectorised functions, kernels of expressions and stencils that are called in `f` are computed so as a whole.
/// Scalars are not: compiled Rust is as it is; nor are reductions, matrix products, 16-bit floats and
/// [`kernel`](macro@crate::kernel)s of threads.
///
/// ```
/// # use lazuli::prelude::*;
/// use lazuli::FastMath;
/// let x = Array::from_vec(vec![1.0f64 + 2f64.powi(-30)]);
/// let square = || &x * &x - 1.0;
/// let exact = &x.mul_add(&x, -1.0);
/// let fast = lazuli::fast_math(FastMath::CONTRACT, square);
/// assert_eq!(fast.to_vec()?, exact.to_vec()?);
/// assert_ne!(fast.to_vec()?, square().to_vec()?);
/// # Ok::<(), lazuli::Error>(())
/// ```
pub fn fast_math<R>(flags: FastMath, f: impl FnOnce() -> R) -> R {
    struct Reset(FastMath);
    impl Drop for Reset {
        fn drop(&mut self) {
            ALLOWED.set(self.0);
        }
    }
    let _reset = Reset(ALLOWED.replace(flags));
    f()
}
