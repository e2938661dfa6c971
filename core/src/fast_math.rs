//! Permissions to compute differently from what is written.
//!
//! Without them, every operation is rounded as `NUMERICS.md` says and fusion changes no bit. With them, results
//! depend on what was fused; but they are still the same on every engine, because what is done with a
//! permission is decided when a kernel is planned, and not by a compiler.

bitflags::bitflags! {
    /// What may be done differently from what is written: the front door has a scope for it.
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    pub struct FastMath: u8 {
        /// A product that is added to something, or subtracted, in the same kernel or function need not be
        /// rounded by itself: `a * b + c` becomes `a.mul_add(b, c)`. Of two products the right one.
        const CONTRACT = 1;
    }
}
