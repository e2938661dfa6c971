//! A map: each thread treats a few vectors of points along the last row axis.
//!
//! Vectors are numbered through all rows; neighbouring threads have neighbouring vectors, so that
//! a warp reads a piece of memory in one go.

use super::points::{Count, Points, Reach};
use super::{BLOCK, Grid, Word, points, simt};
use crate::llvm::emit::V;
use crate::llvm::frame::Env;
use lazuli_fusion::bind::Lane;

/// Prints `run`.
pub fn run(g: &Grid<'_>) -> Result<(), String> {
    let (e, f, steps) = (g.e, &g.f, g.geometry.steps);
    let last = g.b.rows.len() - 1;
    let total = g.word(Word::Groups);
    let first = e.mul(simt::block_index(e), e.i64((BLOCK * steps) as i64));
    let first = e.add(first, simt::thread_index(e));
    let width = e.i64(g.width.into());
    // For each step: the index of its row, its first lane, how many lanes are there.
    let at: Vec<(Vec<V<'_>>, V<'_>, V<'_>)> = (0..steps)
        .map(|k| {
            let group = e.add(first, e.i64((k * BLOCK) as i64));
            let inside = e.compare("icmp slt", group, total);
            let group = e.select(inside, group, e.i64(0));
            let (outer, lane) =
                if last == 0 { (e.i64(0), group) } else { g.divide(group, g.word(Word::Pieces)) };
            let lane = e.mul(lane, width);
            let left = e.binary("sub", f.row_extent(last), lane);
            (g.row_index(outer, last), lane, e.select(inside, left, e.i64(0)))
        })
        .collect();
    let count: Vec<Count<'_>> = at.iter().map(|(_, _, n)| Count::of(*n)).collect();
    let aligned = points::flag(g.word(Word::Aligned));
    let all = count.iter().map(|c| c.has(g.width - 1)).fold(aligned, |a, b| e.binary("and", a, b));
    let points = Points { steps, width: g.width, all, whole: points::flag(g.word(Word::Whole)), count };
    let place = |a: u16, k: usize, v: u32| {
        let (index, lane, _) = &at[k];
        let lane = e.add(*lane, e.i64(v.into()));
        e.add(f.row_address(a, index), e.mul(lane, f.lane_stride(a)))
    };
    let reach = |a: u16| match f.access(a).lane {
        Lane::Same if last == 0 => Reach::Fixed,
        Lane::Same => Reach::EachStep,
        Lane::Unit => Reach::Unit,
        _ => Reach::Apart,
    };
    let list = f.row_values(0);
    let accesses: Vec<(u16, Reach)> = g.loads(&list).into_iter().map(|a| (a, reach(a))).collect();
    let read = g.read(&points, &accesses, &place);
    let mut env = Env::new(points.lanes(), None).only(g.live(&points));
    f.compute(&list, &mut env, &mut |a, _| read[&a])?;
    for s in &g.b.kernel.stores {
        g.write(&points, s.access, reach(s.access), f.value(s.value, &env), &place);
    }
    Ok(())
}
