//! The skeleton of a map: lanes along the last row axis, other row axes around it.

use super::emit::V;
use super::frame::{Env, Frame};
use lazuli_fusion::bind::{Lane, Slot};
use lazuli_fusion::kernel::Inst;
use std::collections::HashMap;

/// Bytes ahead of the current vector at which streams are prefetched.
const AHEAD: i64 = 4096;

/// Prints the body of `run`: outer rows `b0..e0`, lanes `b1..e1`.
pub fn run<'e>(f: &Frame<'e>) -> Result<(), String> {
    let e = f.e;
    let [b0, e0, b1, e1] = f.ranges();
    let mut failed = Ok(());
    e.for_loop(b0, e0, 1, &[], |outer, _| {
        let index = f.row_index(outer, f.b.rows.len() - 1);
        let bases: Vec<V<'e>> = (0..f.b.accesses.len() as u16).map(|a| f.row_address(a, &index)).collect();
        // What is the same in every lane is read once.
        let mut fixed: HashMap<u16, V<'e>> = HashMap::new();
        for def in &f.b.kernel.body {
            if let Inst::Load(a) | Inst::Index(a) = def.inst
                && f.access(a).lane == Lane::Same
            {
                fixed.insert(a, f.read(a, Lane::Same, bases[a as usize], e.i64(0), 1, None));
            }
        }
        let point = |i: V<'e>, mask: Option<V<'e>>, streaming: bool| -> Result<(), String> {
            let at = |a: u16| e.add(bases[a as usize], e.mul(i, f.lane_stride(a)));
            let mut env = Env::new(f.lanes, None);
            f.compute(&f.row_values(0), &mut env, &mut |a, _| {
                if let Some(&v) = fixed.get(&a) {
                    return v;
                }
                let (place, access) = (at(a), f.access(a));
                let whole = f.unit(a) * i64::from(f.lanes) >= 32;
                if mask.is_none() && access.lane == Lane::Unit && access.slot != Slot::Iota && whole {
                    let ahead = e.add(place, e.i64(AHEAD));
                    e.prefetch(e.convert("inttoptr", ahead, super::emit::PTR));
                }
                f.read(a, access.lane, place, f.lane_stride(a), f.lanes, mask)
            })?;
            for s in &f.b.kernel.stores {
                let (lane, stride) = (f.access(s.access).lane, f.lane_stride(s.access));
                let past = streaming && f.fills_lines(s.access);
                f.write(s.access, lane, at(s.access), stride, f.value(s.value, &env), mask, past);
            }
            Ok(())
        };
        let lanes = i64::from(f.lanes);
        let rest = e.binary("and", e.binary("sub", e1, b1), e.i64(lanes - 1));
        let end = e.binary("sub", e1, rest);
        f.by_streaming(f.b.kernel.stores.iter().map(|s| s.access), |streaming| {
            e.for_loop(b1, end, lanes, &[], |i, _| {
                failed = std::mem::replace(&mut failed, Ok(())).and(point(i, None, streaming));
                vec![]
            });
        });
        let some = e.compare("icmp sgt", rest, e.i64(0));
        e.if_then(some, || {
            failed =
                std::mem::replace(&mut failed, Ok(())).and(point(end, Some(f.below(rest, f.lanes)), false));
        });
        vec![]
    });
    failed
}
