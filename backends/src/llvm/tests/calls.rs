//! Functions with loops and branches: the same bits from the code of each target, from the simulator
//! of a GPU and from the portable engine; and PTX that the assembler takes.

use super::grids::assembled;
use super::same_bits::Engines;
use crate::portable::tests::Random;
use crate::portable::tests::calls::random_calls;
use crate::portable::tests::random_functions::each;

/// One of [`PARTS`](crate::portable::tests::random_functions::PARTS).
fn part(part: usize) {
    let mut engines = Engines::new();
    each(part, |roots| {
        engines.same_by_definition(roots);
        engines.forget();
    });
}

#[test]
fn random_functions_0() {
    part(0);
}

#[test]
fn random_functions_1() {
    part(1);
}

#[test]
fn random_functions_2() {
    part(2);
}

#[test]
fn random_functions_3() {
    part(3);
}

#[test]
fn calls_among_other_operations() {
    let (mut engines, mut random) = (Engines::new(), Random(72));
    for _ in 0..30 {
        engines.same_by_definition(&random_calls(&mut random));
    }
}

#[test]
fn calls_are_assembled_for_every_card() {
    let mut random = Random(73);
    for _ in 0..12 {
        let roots = random_calls(&mut random);
        super::grids::kernels(&roots).iter().for_each(|bound| assembled(bound));
    }
}
