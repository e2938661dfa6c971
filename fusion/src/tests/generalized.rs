//! Calls of generalised functions in plans: which results are one call, what is read where it is, what is
//! merged.

use super::*;
use crate::bind::{BoundCall, Launch, Slot};
use lazuli_core::Generalized;
use lazuli_core::generalized::{Dim, Fault, GeneralizedRef, Inner, Points};
use std::ops::Range;
use std::sync::LazyLock;

unsafe fn never(_: &Points<'_>, _: Range<usize>) -> Result<(), (usize, Fault)> {
    unreachable!("nothing is computed here")
}

/// `(n,3)->(n),()`
static FUNCTION: LazyLock<Generalized> = LazyLock::new(|| {
    let inner = |name, dims| Inner { name, dtype: DType::F32, dims };
    Generalized {
        name: "f",
        at: Location::caller(),
        signature: "(n,3)->(n),()",
        names: &["n"],
        operands: vec![
            inner("x", &[Dim::Named(0), Dim::Fixed(3)]),
            inner("y", &[Dim::Named(0)]),
            inner("s", &[]),
        ],
        inputs: 1,
        run: never,
        write: |_| Err("nothing is written here".into()),
    }
});

/// The result of this number.
fn called(x: &NodeRef, result: u16) -> NodeRef {
    let lead = x.shape().len() - 2;
    let shape: Vec<usize> = x.shape()[..lead + usize::from(result == 0)].into();
    node(Op::Generalized { function: GeneralizedRef(&FUNCTION), result }, &[x], DType::F32, &shape)
}

/// A matrix with its axes in the other order.
fn turn(x: &NodeRef) -> NodeRef {
    let shape = [x.shape()[1], x.shape()[0]];
    node(Op::View(View::Permute([1, 0].as_slice().into())), &[x], x.dtype(), &shape)
}

fn calls(launches: &Launches) -> Vec<&BoundCall> {
    launches
        .launches
        .iter()
        .filter_map(|launch| match launch {
            Launch::Call(call) => Some(&**call),
            _ => None,
        })
        .collect()
}

#[test]
fn results_of_one_call_are_one_step() {
    let x = array(&[5, 4, 3]);
    let (y, s) = (called(&x, 0), called(&x, 1));
    let both = add(&y, &broadcast(&reshape(&s, &[5, 1]), &[5, 4]));
    let (_, plan, launches) = planned(&[&both]);
    assert_eq!((plan.steps.len(), kernels(&plan).len()), (2, 1));
    let call = calls(&launches)[0];
    assert_eq!((call.nodes.len(), call.points(), &call.named[..]), (2, 5, &[4][..]));
    assert_eq!((call.bytes_read, call.bytes_written), (5 * 4 * 3 * 4, (5 * 4 + 5) * 4));
    // The reasons are told for each.
    assert_eq!(plan.breaks.len(), 2, "{:?}", plan.breaks);
}

#[test]
fn a_result_that_nobody_asks_for_is_temporary() {
    let s = called(&array(&[5, 4, 3]), 1);
    let (_, plan, launches) = planned(&[&s]);
    let call = calls(&launches)[0];
    assert_eq!(plan.results.len(), 1);
    assert!(matches!(call.slots[..], [Slot::Leaf(_), Slot::Arena(0), Slot::Result(0)]), "{:?}", call.slots);
    assert_eq!(launches.arena.next_multiple_of(64), (5 * 4 * 4usize).next_multiple_of(64));
}

#[test]
fn one_result_twice_is_two_calls() {
    let x = array(&[5, 4, 3]);
    let (first, second) = (called(&x, 1), called(&x, 1));
    let (_, _, launches) = planned(&[&add(&first, &second)]);
    assert_eq!(calls(&launches).len(), 2);
    // Of other inputs it is another call anyway.
    let (_, _, launches) = planned(&[&add(&first, &called(&array(&[5, 4, 3]), 1))]);
    assert_eq!(calls(&launches).len(), 2);
}

#[test]
fn views_are_read_where_they_are() {
    // Transposed, turned around, stretched: no kernel.
    let x = array(&[3, 4]);
    let parts = [SlicePart { start: 2, step: -1 }, SlicePart { start: 0, step: 1 }];
    let upside_down = node(Op::View(View::Slice(parts.into())), &[&x], x.dtype(), x.shape());
    let stretched = broadcast(&turn(&upside_down), &[2, 5, 4, 3]);
    let (_, plan, launches) = planned(&[&called(&stretched, 0)]);
    assert_eq!(kernels(&plan).len(), 0);
    let call = calls(&launches)[0];
    assert_eq!(call.operands[0].inner[..], [1, -4]);
    assert_eq!((call.operands[0].start, call.reach[0]), (8, 12));
    // Stretched axes are read once, and the outer ones are one.
    assert_eq!((call.bytes_read, &call.outer[..]), (3 * 4 * 4, &[10][..]));
    // A reshape that strides cannot do is copied before.
    let turned = turn(&array(&[4, 6]));
    let (_, _, launches) = planned(&[&called(&reshape(&turned, &[8, 3]), 0)]);
    assert_eq!((launches.packed, launches.launches.len()), (1, 2));
    // What is computed is stored first.
    let (_, plan, _) = planned(&[&called(&turn(&exp(&x)), 0)]);
    assert_eq!(kernels(&plan).len(), 1);
}

#[test]
fn empty_calls_are_not_run() {
    let (_, _, launches) = planned(&[&called(&array(&[0, 4, 3]), 0)]);
    assert!(launches.launches.is_empty());
    // But those of no inner elements are: their results may have some.
    let (_, _, launches) = planned(&[&called(&array(&[5, 0, 3]), 1)]);
    assert_eq!(calls(&launches).len(), 1);
}
