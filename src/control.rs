//! What holds for the whole process, beyond single arrays.

/// Sets the most bytes that arrays may use together; `None` goes back to the default, which is
/// nine tenths of the machine's memory. The limit is hard: an evaluation that would exceed it
/// fails before it has begun, and can be tried again.
///
/// ```standalone_crate
/// # use lazuli::prelude::*;
/// lazuli::set_memory_limit(1 << 20);
/// assert!((Array::<f64>::zeros([1 << 20]) + 1.0).eval().is_err());
/// lazuli::set_memory_limit(None);
/// ```
pub fn set_memory_limit(bytes: impl Into<Option<usize>>) {
    lazuli_backends::set_memory_limit(bytes.into());
}
