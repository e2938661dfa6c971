//! Which values of a function are the same in all lanes: these stay scalars.
//!
//! All are taken to be until that is disproved, and what depends on a disproved one is disproved in turn.

use lazuli_core::function::{Block, Step};
use lazuli_fusion::Callee;
use lazuli_fusion::kernel::Val;
use std::cell::Cell;

/// Which values are the same in all lanes that compute them together? Loops go round with the
/// lanes that have not left, so a counter is; but not after a loop that lanes leave one by one.
pub fn uniform(callee: &Callee, lanes: u32, scalar: &[bool]) -> Vec<bool> {
    let mut same = vec![true; callee.defs.len()];
    if lanes > 1 {
        same[..scalar.len()].copy_from_slice(scalar);
        // What has once been found to differ stays so: it ends.
        while disprove(callee, &callee.body, &mut same) {}
    }
    same
}

fn disprove(callee: &Callee, block: &Block, same: &mut [bool]) -> bool {
    let changed = Cell::new(false);
    let set = |v: Val, now: bool, same: &mut [bool]| {
        changed.set(changed.get() | (same[v as usize] && !now));
        same[v as usize] &= now;
    };
    for step in block {
        match step {
            Step::Run(range) => {
                for v in range.clone() {
                    let operands = callee.defs[v as usize].inst.operands();
                    let now = operands.iter().all(|&o| same[o as usize]);
                    set(v, now, same);
                }
            }
            Step::If { cond, then, other, joins } => {
                let inner = disprove(callee, then, same) | disprove(callee, other, same);
                for join in joins {
                    let sides = join.then.into_iter().chain(join.other);
                    let now = same[*cond as usize] && sides.into_iter().all(|v| same[v as usize]);
                    set(join.value, now, same);
                }
                changed.set(changed.get() | inner);
            }
            Step::Loop { states, body, .. } => {
                let inner = disprove(callee, body, same);
                let together = body.iter().all(|step| match step {
                    Step::Exit { cond, .. } => same[*cond as usize],
                    _ => true,
                });
                for (at, state) in states.iter().enumerate() {
                    let kept = body.iter().filter_map(|step| match step {
                        Step::Exit { keep, .. } => Some(keep),
                        _ => None,
                    });
                    let kept = kept.flatten().filter(|k| k.0 as usize == at).map(|k| k.1);
                    let now = [state.first, state.next].into_iter().chain(kept).all(|v| same[v as usize])
                        && (together || !state.live);
                    set(state.value, now, same);
                }
                changed.set(changed.get() | inner);
            }
            // Kernels are printed for one lane.
            Step::Exit { .. } | Step::Do(_) => {}
        }
    }
    changed.get()
}
