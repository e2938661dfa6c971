//! A graph for every reason not to fuse; and graphs whose kernels would wait for each other.

use super::*;
use crate::plan::{Break, Reason};

/// Where a node stands in the trace of these roots.
fn number(trace: &Trace, node: &NodeRef) -> usize {
    trace.items.iter().position(|item| item.node.id() == node.id()).expect("in the trace")
}

/// The plan of `roots` has just these refusals, in this order.
#[track_caller]
fn breaks(roots: &[&NodeRef], caps: &Caps, expected: &[(&NodeRef, Reason)]) -> (Trace, Plan) {
    let (trace, plan, _) = planned_with(roots, caps);
    let expected: Vec<Break> =
        expected.iter().map(|&(n, reason)| Break { node: number(&trace, n), reason }).collect();
    assert_eq!(plan.breaks, expected);
    assert_order(&trace, &plan);
    (trace, plan)
}

/// Whatever a step reads was there from the start, or is stored by an earlier step.
#[track_caller]
fn assert_order(trace: &Trace, plan: &Plan) {
    use crate::kernel::Target;
    let mut there: Vec<usize> = (0..trace.items.len()).filter(|&n| trace.op(n).is_none()).collect();
    for step in &plan.steps {
        let (mut reads, mut writes) = (Vec::new(), Vec::new());
        match step {
            Step::Kernel(kernel) => {
                for access in &kernel.accesses {
                    match access.target {
                        Target::Read(n) => reads.push(n),
                        Target::Write(n) => writes.push(n),
                        Target::Iota(_) => {}
                    }
                }
            }
            Step::MatMul(n) => {
                reads.extend(trace.op(*n).expect("a product").1);
                writes.push(*n);
            }
            Step::Call(nodes) => {
                let inputs = trace.op(nodes[0]).expect("a call").1;
                reads.extend(inputs.iter().map(|&n| trace.below_strided_views(n).0));
                writes.extend(nodes);
            }
        }
        assert!(reads.iter().all(|n| there.contains(n)), "{reads:?} but there is {there:?}");
        there.extend(writes);
    }
    assert!(plan.results.iter().all(|n| there.contains(n)));
}

#[test]
fn reductions_over_different_axes() {
    let x = array(&[30, 40]);
    let (columns, rows) = (keep(ReduceOp::Sum, &x, 0), keep(ReduceOp::Sum, &x, 1));
    let y = sub(&sub(&x, &columns), &rows);
    // The one recorded last joins; the other is stored.
    let (columns, _) = (below(&columns), below(&rows));
    let (_, plan) = breaks(&[&y], &Caps::CPU, &[(&columns, Reason::Axes)]);
    assert_eq!(plan.steps.len(), 2);
}

/// The input of a node.
fn below(x: &NodeRef) -> NodeRef {
    x.with_inputs(|inputs| inputs[0].clone()).expect("pending")
}

#[test]
fn a_view_of_a_reduction() {
    let x = array(&[30, 40]);
    let s = sum(&x, 0);
    let (_, plan) = breaks(&[&add(&x, &flip(&s))], &Caps::CPU, &[(&s, Reason::ViewOfReduction)]);
    assert_eq!(plan.steps.len(), 2);
    // A reshape that does more than add axes of length 1.
    let r = reshape(&s, &[5, 8]);
    breaks(&[&exp(&r)], &Caps::CPU, &[(&s, Reason::ViewOfReduction)]);
}

#[test]
fn the_longest_body() {
    let x = array(&[1000]);
    let chain: Vec<NodeRef> = (0..25)
        .scan(x, |x, _| {
            *x = unary(UnaryOp::Neg, x);
            Some(x.clone())
        })
        .collect();
    let caps = Caps { max_insts: 10, ..Caps::CPU };
    // Cut at fixed distances from the end: kernels of 10, 10 and 5 operations.
    let cuts = [(&chain[4], Reason::Length), (&chain[14], Reason::Length)];
    let (_, plan) = breaks(&[&chain[24]], &caps, &cuts);
    let lengths: Vec<usize> = kernels(&plan).iter().map(|k| k.body.len() - 1).collect();
    assert_eq!(lengths, [5, 10, 10]);
    breaks(&[&chain[24]], &Caps::CPU, &[]);
}

#[test]
fn the_most_arrays() {
    let arrays: Vec<NodeRef> = (0..100).map(|_| array(&[1000])).collect();
    let mut sums = vec![arrays[0].clone()];
    for (i, x) in arrays[1..].iter().enumerate() {
        sums.push(add(&sums[i], x));
    }
    let (trace, plan, _) = planned(&[&sums[99]]);
    assert!(plan.breaks.len() >= 100 / Caps::CPU.max_accesses);
    for b in &plan.breaks {
        assert_eq!(b.reason, Reason::Arrays, "of {}", b.node);
    }
    assert_order(&trace, &plan);
    for kernel in kernels(&plan) {
        assert!(kernel.accesses.len() <= Caps::CPU.max_accesses + 3, "{kernel}");
    }
    // A balanced tree of as many arrays.
    let mut level = arrays;
    while level.len() > 1 {
        level =
            level.chunks(2).map(|c| if c.len() == 2 { add(&c[0], &c[1]) } else { c[0].clone() }).collect();
    }
    let (trace, plan, _) = planned(&[&level[0]]);
    assert!(!plan.breaks.is_empty() && plan.breaks.iter().all(|b| b.reason == Reason::Arrays));
    assert_order(&trace, &plan);
    for kernel in kernels(&plan) {
        assert!(kernel.accesses.len() <= Caps::CPU.max_accesses + 3, "{kernel}");
    }
}

#[test]
fn a_library_call() {
    let (x, y) = (array(&[30, 40]), array(&[40, 20]));
    let product = matmul(&x, &y);
    let (_, plan) = breaks(&[&exp(&product)], &Caps::CPU, &[(&product, Reason::Library)]);
    assert_eq!(plan.steps.len(), 2);
}

#[test]
fn dear_values_that_several_kernels_use() {
    let x = array(&[30, 40]);
    let e = exp(&exp(&x));
    let (rows, columns) = (sum(&e, 1), sum(&e, 0));
    let (_, plan) = breaks(&[&rows, &columns], &Caps::CPU, &[(&e, Reason::Shared)]);
    assert_eq!(plan.steps.len(), 3);
    // What is cheap is computed twice.
    let cheap = mul(&x, &x);
    let (_, plan) = breaks(&[&sum(&cheap, 1), &sum(&cheap, 0)], &Caps::CPU, &[]);
    assert_eq!(plan.steps.len(), 2);
}

/// Each of two kernels could store a reduction that the other one reads: together they would wait
/// for each other for ever, so both reductions get kernels of their own.
#[test]
fn kernels_that_would_wait_for_each_other() {
    let x = array(&[30, 40]);
    let (columns, rows) = (sum(&x, 0), sum(&x, 1));
    // `rows` joins here, and `columns` is read.
    let first = sub(&sub(&x, &reshape(&rows, &[30, 1])), &columns);
    // Here it is the other way round, since `rows` stands behind a slice.
    let second = add(&sub(&x, &columns), &reshape(&flip(&rows), &[30, 1]));
    let (trace, plan, _) = planned(&[&first, &second, &columns, &rows]);
    assert_order(&trace, &plan);
    for stored in [&columns, &rows] {
        let b = Break { node: number(&trace, stored), reason: Reason::Cycle };
        assert!(plan.breaks.contains(&b), "{:?}", plan.breaks);
    }
}

/// The same through a library: merging two pairs of kernels, each harmless alone, closes a ring
/// over the product that one of the first pair reads and one of the second makes the input of.
#[test]
fn merging_sees_through_libraries() {
    let [x, y, z] = [array(&[30, 30]), array(&[30, 30]), array(&[30, 30])];
    let operand = add(&x, &constant(1.0));
    let product = matmul(&operand, &y);
    let a = sum(&z, 0);
    let b = sum(&mul(&product, &z), 0);
    let c = mul(&x, &flip(&a));
    let (trace, plan, _) = planned(&[&b, &c]);
    assert_order(&trace, &plan);
    assert!(plan.steps.len() <= 5);
}
