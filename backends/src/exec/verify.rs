//! `verify(true)`: every evaluation is run again, op by op, on the portable engine.
//!
//! Nothing is fused there and no machine code is involved, so a difference of one bit means a
//! defect in fusion, in an engine, or in the machine. NaNs count as equal (their payload is not
//! promised); matrix products run by the same library both times. What was recorded with permission
//! to be computed differently is run again as it was planned.

use super::cache::{self, Prepared};
use super::reuse::Reused;
use super::run::{self, Memory};
use super::transfer;
use lazuli_core::{Caps, DType, DeviceId, Error, ErrorKind, Layout, Value, bf16, f16};
use lazuli_fusion::Trace;
use lazuli_fusion::bind::Launch;
use std::sync::atomic::{AtomicBool, Ordering};

static ON: AtomicBool = AtomicBool::new(false);

/// Switches checking of all evaluations of the process on or off.
pub fn verify(on: bool) {
    ON.store(on, Ordering::Relaxed);
}

/// Is checking on? (Inputs must then outlive the evaluation: nothing is computed in place.)
pub fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Runs the trace again and compares all results, if checking is on.
pub fn check(trace: &Trace, caps: &Caps, prepared: &Prepared, memory: &Memory) -> Result<(), Error> {
    if !is_on() {
        return Ok(());
    }
    let root = &trace.items[trace.roots[0]].node;
    let products = prepared.launches.launches.iter().any(|l| matches!(l, Launch::MatMul(_)));
    if products && !root.device().is_host() {
        // Its products are another library's than the CPU's (NUMERICS.md section 5).
        tracing::info!(device = root.device().name(), "a plan with a matrix product is not compared");
        return Ok(());
    }
    // What is allowed to differ differs with what is fused, though not with the engine.
    let caps = if trace.is_fast() { *caps } else { Caps::CPU.op_by_op() };
    let roots: Vec<_> = trace.roots.iter().map(|&r| trace.items[r].node.clone()).collect();
    // All nodes are claimed, so this is the same trace, with keys for other limits.
    let again = cache::prepare(&Trace::collect(&roots, &caps.words())?, &caps);
    let fail = |kind| Error::new(kind, "verify", root.location());
    let engines = again.load(DeviceId::Portable).map_err(fail)?;
    let nothing = Reused::from_elem(None, again.launches.results.len());
    let other = Memory::reserve(&again.launches, &engines, DeviceId::Portable, nothing).map_err(fail)?;
    // Leaves and results of a GPU are brought to the host.
    let leaves: Vec<Option<Value>> = (0..trace.items.len())
        .map(|n| trace.value(n).map(|v| whole_on_host(v, trace.dtype(n))).transpose())
        .collect::<Result<_, _>>()
        .map_err(fail)?;
    let leaf = |n: usize| &leaves[n].as_ref().expect("leaves have values").buffer;
    run::launch_all(trace, &again, &engines, &other, &leaf).map_err(fail)?;
    for (&(n, bytes), buffer) in prepared.launches.results.iter().zip(&memory.results) {
        let Some(r) = again.launches.results.iter().position(|&(m, _)| m == n) else { continue };
        let dtype = trace.dtype(n);
        let count = bytes / dtype.size();
        let value = Value { buffer: buffer.clone(), layout: Layout::contiguous(&[count]) };
        let buffer = whole_on_host(&value, dtype).map_err(fail)?.buffer;
        // SAFETY: both buffers hold `bytes` bytes that were just written.
        let (a, b) = unsafe {
            (
                std::slice::from_raw_parts(buffer.ptr(), bytes),
                std::slice::from_raw_parts(other.results[r].ptr(), bytes),
            )
        };
        let element = |bytes: &[u8], i: usize| bytes[i * dtype.size()..(i + 1) * dtype.size()].to_vec();
        let differs = |i: &usize| {
            let (x, y) = (element(a, *i), element(b, *i));
            x != y && !(is_nan(&x, dtype) && is_nan(&y, dtype))
        };
        if let Some(i) = (0..count).find(differs) {
            let node = &trace.items[n].node;
            let name = node.name();
            let text = format!(
                "{name}, element {i} of {count}: bytes {:02x?}, op by op {:02x?}",
                element(a, i),
                element(b, i)
            );
            return Err(Error::new(ErrorKind::Verify(text), name, node.location()));
        }
    }
    Ok(())
}

/// A value with its whole buffer where the host can read it: plans know it by its layout.
fn whole_on_host(value: &Value, dtype: DType) -> Result<Value, ErrorKind> {
    let all = Layout::contiguous(&[value.buffer.bytes() / dtype.size()]);
    let all = transfer::to_host(&Value { buffer: value.buffer.clone(), layout: all }, dtype)?;
    Ok(Value { buffer: all.buffer, layout: value.layout.clone() })
}

fn is_nan(bytes: &[u8], dtype: DType) -> bool {
    match dtype {
        DType::F64 => f64::from_le_bytes(bytes.try_into().expect("8 bytes")).is_nan(),
        DType::F32 => f32::from_le_bytes(bytes.try_into().expect("4 bytes")).is_nan(),
        DType::F16 => f16::from_le_bytes(bytes.try_into().expect("2 bytes")).is_nan(),
        DType::BF16 => bf16::from_le_bytes(bytes.try_into().expect("2 bytes")).is_nan(),
        _ => false,
    }
}
