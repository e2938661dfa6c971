//! Memory of temporary values: shared where lifetimes allow it, and nowhere else.

use super::*;
use crate::Slot;
use crate::bind::Launch;

/// A temporary value: its bytes in the arena, and the launches that write it first and touch it
/// last.
#[derive(Clone, Copy, Debug)]
struct Life {
    at: usize,
    bytes: usize,
    first: usize,
    last: usize,
}

impl Life {
    fn meets(&self, other: &Life) -> bool {
        self.first <= other.last && other.first <= self.last
    }
    fn overlaps(&self, other: &Life) -> bool {
        self.at < other.at + other.bytes && other.at < self.at + self.bytes
    }
}

/// Finds the lives of temporary values from what the launches do, checks that no two that are
/// alive at once share a byte, and that everything read was written.
#[track_caller]
fn lives(launches: &Launches) -> Vec<Life> {
    let mut lives: Vec<Life> = Vec::new();
    for (i, launch) in launches.launches.iter().enumerate() {
        // (offset, bytes, written)
        let mut touched: Vec<(usize, usize, bool)> = Vec::new();
        let mut touch = |slot: Slot, bytes: usize, write: bool| {
            if let Slot::Arena(at) = slot {
                touched.push((at, bytes, write));
            }
        };
        match launch {
            Launch::Kernel(b) => {
                for a in &b.accesses {
                    let inner = if a.full { b.inner_count() } else { 1 };
                    touch(a.slot, b.row_count() * inner * a.dtype.size(), a.write);
                }
            }
            Launch::MatMul(m) => {
                for (k, (slot, layout)) in m.operands.iter().enumerate() {
                    let count: usize = layout.shape.iter().product();
                    touch(*slot, count * m.dtype.size(), k == 2);
                }
            }
            Launch::Call(call) => {
                for (k, (slot, inner)) in call.slots.iter().zip(&call.function.operands).enumerate() {
                    touch(*slot, call.reach[k] * inner.dtype.size(), k >= call.function.inputs);
                }
            }
        }
        for &(at, ..) in touched.iter().filter(|t| !t.2) {
            let life = lives.iter_mut().rev().find(|l| l.at == at).expect("written before it is read");
            life.last = i;
        }
        for &(at, bytes, _) in touched.iter().filter(|t| t.2) {
            lives.push(Life { at, bytes, first: i, last: i });
        }
    }
    for (i, a) in lives.iter().enumerate() {
        assert!(a.at % 64 == 0 && a.at + a.bytes <= launches.arena, "{a:?} in {}", launches.arena);
        for b in &lives[..i] {
            assert!(!(a.meets(b) && a.overlaps(b)), "{a:?} and {b:?} at once");
        }
    }
    lives
}

#[test]
fn a_chain_of_products_takes_turns() {
    let (mut x, y) = (array(&[32, 32]), array(&[32, 32]));
    for _ in 0..10 {
        x = matmul(&x, &y);
    }
    let (.., launches) = planned(&[&x]);
    let lives = lives(&launches);
    assert_eq!((launches.launches.len(), lives.len()), (10, 9), "the last one is the result");
    // Two are alive at a time: the one read, the one written.
    assert_eq!(launches.arena, 2 * 32 * 32 * 4);
    for pair in lives.windows(2) {
        assert!(pair[0].meets(&pair[1]) && !pair[0].overlaps(&pair[1]));
    }
    for pair in lives.windows(3) {
        assert_eq!(pair[0].at, pair[2].at);
    }
}

#[test]
fn values_alive_at_once_are_apart() {
    let (x, y) = (array(&[32, 32]), array(&[32, 32]));
    let products: Vec<NodeRef> = (0..5).map(|k| matmul(&x, &add(&y, &constant(k as f32)))).collect();
    let all = products[1..].iter().fold(products[0].clone(), |a, b| matmul(&a, b));
    let (.., launches) = planned(&[&all]);
    assert!(lives(&launches).len() >= 9);
}

#[test]
fn a_temporary_beside_its_reader() {
    // The sums over columns are stored; what follows reads them together with x.
    let x = array(&[300, 400]);
    let y = sub(&sub(&x, &keep(ReduceOp::Sum, &x, 0)), &keep(ReduceOp::Sum, &x, 1));
    let (.., launches) = planned(&[&y]);
    let lives = lives(&launches);
    assert_eq!(lives.len(), 1);
    assert_eq!((lives[0].bytes, launches.arena), (1600, 1600));
}

#[test]
fn copies_for_reshapes_are_temporaries() {
    let (x, y) = (array(&[30, 40]), array(&[40, 30]));
    let flat = |x: &NodeRef| reshape(&transpose(x), &[1200]);
    let z = add(&flat(&x), &exp(&flat(&transpose(&flat_pair(&y)))));
    let (.., launches) = planned(&[&z]);
    assert_eq!(launches.packed, 2);
    assert_eq!(lives(&launches).len(), 2);
}

/// The same elements, the other way round once more.
fn flat_pair(y: &NodeRef) -> NodeRef {
    transpose(&add(y, &constant(1.0)))
}

/// Programs of many broken kernels, op by op too: nothing that is alive is overwritten.
#[test]
fn longer_programs() {
    let x = array(&[64, 64]);
    let mut y = x.clone();
    for k in 0..6 {
        let columns = keep(ReduceOp::Sum, &y, 0);
        let rows = keep(ReduceOp::Max, &y, 1);
        y = sub(&sub(&matmul(&y, &x), &columns), &mul(&rows, &constant(k as f32)));
    }
    for caps in [Caps::CPU, Caps::CPU.op_by_op()] {
        let (.., launches) = planned_with(&[&y], &caps);
        let lives = lives(&launches);
        let sum: usize = lives.iter().map(|l| l.bytes.next_multiple_of(64)).sum();
        assert!(lives.len() > 12 && launches.arena < sum / 2, "{} of {sum}", launches.arena);
    }
}
