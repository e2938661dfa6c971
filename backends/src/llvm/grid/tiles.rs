//! A map that reads arrays across its lanes, such as `x + y.t()`: tile by tile.
//!
//! A block treats 32 x 64 points of the last two row axes. Arrays that lie along the first of these
//! are read along it, a warp 32 neighbours at a time, into shared memory; from there the threads
//! take them as they go along the lanes. The rows of a tile lie 65 elements apart, so that neither
//! way makes threads of a warp wait for the same bank.

use super::points::{Count, Points, Reach};
use super::{BLOCK, Grid, Word, simt};
use crate::llvm::body::register;
use crate::llvm::emit::{Elem, Ty, V};
use crate::llvm::frame::Env;
use lazuli_fusion::bind::{Bound, Lane};
use std::collections::HashMap;

/// Rows of a tile.
pub const ROWS: usize = 32;
/// Lanes of a tile.
pub const LANES: usize = 64;
/// Points of a thread.
pub const STEPS: usize = ROWS * LANES / BLOCK;
/// Elements from one row of a tile to the next.
const PITCH: usize = LANES + 1;
/// Bytes of shared memory that every card has without being asked.
const SHARED: usize = 48 << 10;

fn across(b: &Bound) -> Vec<u16> {
    (0..b.accesses.len() as u16).filter(|&a| b.accesses[a as usize].lane == Lane::Across).collect()
}

/// Bytes of a tile in shared memory.
fn bytes(b: &Bound, a: u16) -> usize {
    ROWS * PITCH * b.accesses[a as usize].dtype.compute().size()
}

/// Do the tiles of all such arrays fit?
pub fn fits(b: &Bound) -> bool {
    across(b).iter().map(|&a| bytes(b, a)).sum::<usize>() <= SHARED
}

/// Prints `run`.
pub(super) fn run<'e>(g: &Grid<'e>) -> Result<(), String> {
    let (e, f) = (g.e, &g.f);
    let last = g.b.rows.len() - 1;
    let (rows, lanes) = (f.row_extent(last - 1), f.row_extent(last));
    let (rest, tile_lane) = g.divide(simt::block_index(e), g.word(Word::Pieces));
    let strips = e.binary("lshr", e.add(rows, e.i64(ROWS as i64 - 1)), e.i64(5));
    let (outer, tile_row) = g.divide(rest, strips);
    let index = g.row_index(outer, last - 1);
    let (row, lane) = (e.mul(tile_row, e.i64(ROWS as i64)), e.mul(tile_lane, e.i64(LANES as i64)));
    let ends = |from: V<'e>, n: usize, extent| e.compare("icmp sle", e.add(from, e.i64(n as i64)), extent);
    let all = e.binary("and", ends(row, ROWS, rows), ends(lane, LANES, lanes));
    let thread = simt::thread_index(e);
    let (x, y) = (e.binary("and", thread, e.i64(31)), e.binary("lshr", thread, e.i64(5)));
    let never = e.compare("icmp ne", x, x);
    // The points of a thread, as row and lane of the tile.
    let points = |at: &[(V<'e>, V<'e>)]| {
        let count = |&(r, l): &(V<'e>, V<'e>)| {
            let inside = e.binary(
                "and",
                e.compare("icmp slt", e.add(row, r), rows),
                e.compare("icmp slt", e.add(lane, l), lanes),
            );
            Count::of(e.convert("zext", inside, crate::llvm::emit::I64))
        };
        Points { steps: STEPS, width: 1, all, whole: never, count: at.iter().map(count).collect() }
    };
    let address = |a: u16, (r, l): (V<'e>, V<'e>)| {
        let mut index = index.clone();
        index.extend([e.add(row, r), e.add(lane, l)]);
        f.row_address(a, &index)
    };
    let places: HashMap<u16, usize> = across(g.b)
        .into_iter()
        .scan(0, |at, a| {
            *at += bytes(g.b, a);
            Some((a, *at - bytes(g.b, a)))
        })
        .collect();
    let total: usize = places.keys().map(|&a| bytes(g.b, a)).sum();
    let slot = |a: u16, (r, l): (V<'e>, V<'e>)| {
        let size = g.b.accesses[a as usize].dtype.compute().size() as i64;
        let element = e.add(e.mul(r, e.i64(PITCH as i64)), l);
        g.shared(e.add(e.mul(element, e.i64(size)), e.i64(places[&a] as i64)), total)
    };

    // Along the arrays that lie across.
    let at: Vec<_> = (0..STEPS as i64).map(|k| (x, e.add(y, e.i64(8 * k)))).collect();
    let reading: Vec<(u16, Reach)> = across(g.b).into_iter().map(|a| (a, Reach::Apart)).collect();
    let read = g.read(&points(&at), &reading, &|a, k, _| address(a, at[k]));
    for &(a, _) in &reading {
        for (k, &at) in at.iter().enumerate() {
            let v = e.extract(read[&a], k as u32);
            let v = if v.ty.elem == Elem::I1 { e.convert("zext", v, Ty::new(Elem::I8, 1)) } else { v };
            g.store_shared(v, slot(a, at));
        }
    }

    // Along the lanes. What is read there is asked for before anybody waits.
    let at: Vec<_> =
        (0..STEPS as i64).map(|k| (e.add(y, e.i64(8 * (k % 4))), e.add(x, e.i64(32 * (k / 4))))).collect();
    let points = points(&at);
    let reach = |a: u16| if f.access(a).lane == Lane::Same { Reach::EachStep } else { Reach::Apart };
    let list = f.row_values(0);
    let others: Vec<(u16, Reach)> =
        g.loads(&list).into_iter().filter(|a| !places.contains_key(a)).map(|a| (a, reach(a))).collect();
    let mut read = g.read(&points, &others, &|a, k, _| address(a, at[k]));
    g.barrier();
    for &(a, _) in &reading {
        let ty = register(f.access(a).dtype, 1);
        let one = |&at: &(V<'e>, V<'e>)| match ty.elem {
            Elem::I1 => e.convert("trunc", g.load_shared(Ty::new(Elem::I8, 1), slot(a, at)), ty),
            _ => g.load_shared(ty, slot(a, at)),
        };
        read.insert(a, e.vector(&at.iter().map(one).collect::<Vec<_>>()));
    }
    let mut env = Env::new(points.lanes(), None).only(g.live(&points));
    f.compute(&list, &mut env, &mut |a, _| read[&a])?;
    for s in &g.b.kernel.stores {
        let place = |a: u16, k: usize, _: u32| address(a, at[k]);
        g.write(&points, s.access, Reach::Apart, f.value(s.value, &env), &place);
    }
    Ok(())
}
