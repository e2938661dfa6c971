//! Calls of generalised functions on grids: a kernel of threads, one for each point.
//!
//! The function writes itself down once for each number of outer axes. What a point does wrong is known by the
//! site of the access, so errors are those of the CPU.

use super::thread_level::{Failure, ThreadKernel};
use crate::exec::buffers::SliceArgument;
use crate::llvm::grid::threads::Site;
use crate::threads::{Bounds, Shape};
use lazuli_core::function::{Effect, Place};
use lazuli_core::generalized::{Fault, Generalized};
use lazuli_core::{BufferRef, DeviceId, ErrorKind};
use lazuli_fusion::bind::BoundCall;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Threads of a block: those of a card are not all busy with fewer.
const BLOCK: u32 = 128;

static KNOWN: LazyLock<Mutex<HashMap<(u64, usize), Arc<ThreadKernel>>>> = LazyLock::new(Mutex::default);

/// The kernel of a call.
pub fn kernel(call: &BoundCall) -> Result<Arc<ThreadKernel>, ErrorKind> {
    let (function, axes) = (call.function, call.outer.len());
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known().get(&(function.id(), axes)) {
        return Ok(found.clone());
    }
    let written = (function.write)(axes).map_err(ErrorKind::InvalidArgument)?;
    let made = Arc::new(ThreadKernel::new(&written)?);
    Ok(known().entry((function.id(), axes)).or_insert(made).clone())
}

/// Runs a call; on a GPU this waits for it.
///
/// # Safety
/// The memory at `bases`, which belongs to `buffers`, holds what the operands reach, and that of the results is
/// used by nobody else.
pub unsafe fn run(
    call: &BoundCall,
    kernel: &ThreadKernel,
    bases: &[*mut u8],
    buffers: &[&BufferRef],
    device: DeviceId,
    checked: bool,
) -> Result<(), ErrorKind> {
    let scalars = crate::exec::calls::points(call, bases, true).words();
    let slices: Vec<SliceArgument<'_>> = (0..bases.len())
        .map(|k| SliceArgument {
            buffer: buffers[k],
            address: bases[k] as u64,
            len: call.reach[k],
            dtype: call.function.operands[k].dtype,
            device,
        })
        .collect();
    let block = BLOCK.min(call.points().next_multiple_of(32).min(BLOCK as usize) as u32);
    let blocks = call.points().div_ceil(block as usize);
    let grid = u32::try_from(blocks).unwrap_or(u32::MAX);
    let shape = Shape { grid: [grid, 1, 1], block: [block, 1, 1], shared: 0 };
    // To verify, the simulator looks at every access.
    let bounds = if checked { Bounds::Checked } else { Bounds::of_call(device) };
    // SAFETY: by the contract of this function, and each access was found to be within its inner array.
    let result = unsafe { kernel.run(device, shape, &scalars, &slices, bounds) };
    result.map_err(|failure| match failure {
        Failure::Other(kind) => kind,
        Failure::At(site, value, text) => match fault(call, kernel, &site, value) {
            Some(fault) => call.function.error(fault),
            None => ErrorKind::Device(text),
        },
    })
}

/// What went wrong at a site of the kernel.
fn fault(call: &BoundCall, kernel: &ThreadKernel, site: &Site, value: i64) -> Option<Fault> {
    let line = site.line;
    match site.effect {
        Some(Effect::Within(Place::Slice(s), axis)) => {
            let (inner, axis) = (call.function.operands.get(usize::from(s))?, usize::from(axis));
            let len = Generalized::extent(*inner.dims.get(axis)?, &call.named) as i64;
            Some(Fault::Index { array: inner.name, axis, index: value, len, line })
        }
        None => {
            let limited = kernel.callee().loops().iter().any(|l| l.line == line && l.limit.is_some());
            Some(Fault::Turns { line, limited })
        }
        _ => None,
    }
}
