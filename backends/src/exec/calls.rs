//! Calls of generalised functions on a CPU: the program's own compiled code, shared by threads.
//!
//! Threads take ranges of points. A point that fails stops its range, and those that come after it; the
//! evaluation fails with the first point that failed, whatever the number of threads.

use super::threads::{is_worth, parallel};
use crate::portable::FpEnv;
use lazuli_core::ErrorKind;
use lazuli_core::generalized::{Fault, Points};
use lazuli_fusion::bind::BoundCall;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The points of a call; `bases` are the addresses of its operands' memory.
pub fn points<'a>(call: &'a BoundCall, bases: &'a [*mut u8], patient: bool) -> Points<'a> {
    Points { named: &call.named, outer: &call.outer, operands: &call.operands, bases, patient }
}

/// What threads share.
struct Shared<'a>(Points<'a>);

// SAFETY: threads read the inputs, and write different points of the results.
unsafe impl Sync for Shared<'_> {}

/// Runs a call.
///
/// # Safety
/// The memory at `bases` holds what the operands reach, and that of the results is used by nobody else.
pub unsafe fn run(
    call: &BoundCall,
    bases: &[*mut u8],
    patient: bool,
    threads: usize,
) -> Result<(), ErrorKind> {
    let count = call.points();
    let pieces = if threads > 1 && is_worth(call.work) { threads * 4 } else { 1 };
    let step = count.div_ceil(pieces).max(1);
    let shared = &Shared(points(call, bases, patient));
    let first = AtomicUsize::new(usize::MAX);
    let failed: Mutex<Option<(usize, Fault)>> = Mutex::new(None);
    parallel(threads, count.div_ceil(step), &|_, piece| {
        let begin = piece * step;
        if begin > first.load(Ordering::Relaxed) {
            return;
        }
        let Shared(points) = shared;
        let _env = FpEnv::set();
        // SAFETY: by the contract; pieces do not overlap.
        let result = unsafe { (call.function.run)(points, begin..count.min(begin + step)) };
        if let Err((point, fault)) = result {
            let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
            if point < first.fetch_min(point, Ordering::Relaxed) {
                *failed = Some((point, fault));
            }
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        None => Ok(()),
        Some((_, fault)) => Err(call.function.error(fault)),
    }
}
