//! Functions with loops and branches: the same bits from the code of each target, from the simulator
//! of a GPU and from the portable engine; and PTX that the assembler takes.

use super::grids::assembled;
use super::same_bits::Engines;
use crate::portable::tests::calls::{call, random_calls, random_function, short_random_function};
use crate::portable::tests::*;
use lazuli_core::DType;

/// How many of them: `scripts/functions` asks for more.
fn count(usual: usize) -> usize {
    std::env::var("LAZULI_RANDOM_FUNCTIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

#[test]
fn random_functions() {
    let (mut engines, mut random) = (Engines::new(), Random(71));
    for _ in 0..count(300) {
        let f = random_function(&mut random);
        let n = 1 + random.below(500);
        let (x, k) = (random.leaf(DType::F32, &[n]), random.leaf(DType::I64, &[n]));
        engines.same(&[call(&f, 0, &[&x, &k]), call(&f, 1, &[&x, &k])]);
    }
}

/// Short ones are many more in the same time.
#[test]
fn short_random_functions() {
    let (mut engines, mut random) = (Engines::new(), Random(74));
    let mut loops = 0;
    for _ in 0..count(1700) {
        let f = short_random_function(&mut random);
        loops += f.loops() as usize;
        let n = 1 + random.below(70);
        let (x, k) = (random.leaf(DType::F32, &[n]), random.leaf(DType::I64, &[n]));
        engines.same(&[call(&f, 0, &[&x, &k]), call(&f, 1, &[&x, &k])]);
    }
    assert!(loops > 150, "{loops} functions loop");
}

#[test]
fn calls_among_other_operations() {
    let (mut engines, mut random) = (Engines::new(), Random(72));
    for _ in 0..count(60) / 2 {
        engines.same(&random_calls(&mut random));
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
