//! Thousands of values asked for at once: planning takes time in proportion to the graph.
//!
//! Counted are steps (see [`crate::plan::counted`]), not time; the bounds are about twice what
//! was seen. Before they were kept, 1,000 siblings took 30 s.

use super::*;
use crate::arena::{self, Temporary};

/// Plans, and checks the number of steps for each node. The number of launches.
#[track_caller]
fn within(steps_per_node: usize, roots: &[NodeRef]) -> usize {
    let trace = Trace::collect(roots, &[]).expect("no poison");
    let (plan, steps) = crate::plan::counted(&trace, &Caps::CPU);
    let nodes = trace.items.len();
    assert!(steps <= steps_per_node * nodes, "{steps} steps for {nodes} nodes");
    bind(&plan, &trace, &Caps::CPU).launches.len()
}

fn number(i: usize) -> NodeRef {
    constant(i as f32)
}

/// All read one array: 23 results and that array are the most that a kernel takes.
#[test]
fn siblings() {
    for n in [100, 1_000, 4_000] {
        let y = unary(UnaryOp::Sqrt, &mul(&array(&[1000]), &constant(2.0)));
        let roots: Vec<NodeRef> = (0..n).map(|i| sum(&add(&y, &number(i)), 0)).collect();
        let launches = within(25, &roots);
        let fewest = 1 + n.div_ceil(Caps::CPU.max_accesses - 1);
        assert!((fewest..fewest + 10).contains(&launches), "{launches} for {n}");
    }
}

#[test]
fn strangers() {
    let roots: Vec<NodeRef> = (0..5_000).map(|i| add(&array(&[4]), &number(i))).collect();
    assert_eq!(within(2, &roots), 5_000);
}

/// Kernels that share an array find each other wherever they stand.
#[test]
fn siblings_among_strangers() {
    let arrays: Vec<NodeRef> = (0..300).map(|_| array(&[1000])).collect();
    let roots: Vec<NodeRef> = (0..3_000).map(|i| sum(&add(&arrays[i % 300], &number(i)), 0)).collect();
    assert_eq!(within(8, &roots), 300);
}

/// A chain, every link of which is asked for.
#[test]
fn links() {
    let mut x = array(&[1000]);
    let roots: Vec<NodeRef> = (0..5_000)
        .map(|i| {
            x = add(&x, &number(i));
            x.clone()
        })
        .collect();
    assert_eq!(within(2, &roots), 5_000usize.div_ceil(Caps::CPU.max_insts));
}

/// Attempts to merge these fail, in two ways.
#[test]
fn siblings_that_do_not_merge() {
    let x = array(&[30, 30]);
    let axes: Vec<NodeRef> = (0..3_000).map(|i| sum(&exp(&add(&x, &number(i))), i % 2)).collect();
    within(60, &axes);
    let x = array(&[1000]);
    let long = |i| (0..200).fold(add(&x, &number(i)), |y, _| exp(&y));
    assert_eq!(within(32, &(0..300).map(long).collect::<Vec<_>>()), 300);
}

/// Everything depends on everything, by sums over both axes; at random.
#[test]
fn thickets() {
    let mut state = 7u64;
    let mut below = |n: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % n
    };
    for near in [20, 1_000, 3_000] {
        let mut pool: Vec<NodeRef> = (0..20).map(|_| array(&[30, 30])).collect();
        for _ in 0..3_000 {
            let mut pick = || pool[pool.len() - 1 - below(pool.len().min(near))].clone();
            let (a, b) = (pick(), pick());
            pool.push(match below(8) {
                0 => exp(&a),
                1 => keep(ReduceOp::Sum, &a, below(2)),
                2 => transpose(&a),
                _ => add(&a, &b),
            });
        }
        for every in [1, 10, 1_000] {
            within(700, &pool.iter().skip(20).step_by(every).cloned().collect::<Vec<_>>());
        }
    }
}

/// First fit, as one would write it for a few values.
fn first_fit(temporaries: &[Temporary]) -> Vec<usize> {
    let mut placed: Vec<(usize, usize)> = Vec::new();
    for t in temporaries {
        let size = t.bytes.next_multiple_of(64).max(64);
        let alive = temporaries.iter().zip(&placed).filter(|(other, _)| other.last >= t.first);
        let mut busy: Vec<(usize, usize)> = alive.map(|(_, &place)| place).collect();
        busy.sort_unstable();
        let before = |at: usize, (start, len): (usize, usize)| {
            if at + size <= start { Err(at) } else { Ok(at.max(start + len)) }
        };
        let at = busy.into_iter().try_fold(0, before).unwrap_or_else(|at| at);
        placed.push((at, size));
    }
    placed.into_iter().map(|(at, _)| at).collect()
}

#[test]
fn temporaries_stand_where_they_first_fit() {
    let mut state = 11u64;
    let mut below = |n: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % n
    };
    for (count, longest, largest) in [(50, 5, 1_000), (400, 30, 100_000), (400, 300, 300)] {
        let life = |first: usize| {
            let first = first / 2;
            Temporary { bytes: below(largest), first, last: first + below(longest) }
        };
        let temporaries: Vec<Temporary> = (0..count).map(life).collect();
        assert_eq!(arena::place(&temporaries).0, first_fit(&temporaries));
    }
    // Many at once; looking at all pairs of them would take minutes.
    let life = |first| Temporary { bytes: below(10_000), first, last: first + below(100_000) };
    let many: Vec<Temporary> = (0..200_000).map(life).collect();
    let (placed, end) = arena::place(&many);
    assert!(placed.iter().zip(&many).all(|(at, t)| at + t.bytes <= end));
}
