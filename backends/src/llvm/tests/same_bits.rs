//! The same bits from the code of each target and from the portable engine.
//!
//! Users of a processor with AVX-512 never run the code for AVX2, nor do the machines that run the
//! tests; so it is run here, beside the other, on graphs whose results depend on the order of
//! every addition. Kernels are compiled once a key, so lengths cost nothing.

use super::engine::{Cut, Engine, Simulated};
use crate::portable::tests::fusion::{normalised, random_graph, softmax};
use crate::portable::tests::ops::{ALL, binary_ops, edges, pairs, unary_ops};
use crate::portable::tests::reductions::{LENGTHS, REGISTERS, ops};
use crate::portable::tests::*;
use lazuli_core::{BinaryOp, Caps, DType, NodeRef, ReduceOp, UnaryOp};

/// The engines that run here, and what they have in common.
pub(super) struct Engines(Vec<Engine>);

impl Engines {
    pub(super) fn new() -> Engines {
        Engines(Engine::that_run_here())
    }

    /// Evaluates roots on every engine, and compares with the portable one.
    #[track_caller]
    pub(super) fn same(&mut self, roots: &[NodeRef]) {
        self.same_with(roots, &Caps::CPU);
    }

    /// The same of what the portable engine has computed by definition, in every way that it has.
    #[track_caller]
    pub(super) fn same_by_definition(&mut self, roots: &[NodeRef]) {
        self.agree(eval_all(roots), roots, &Caps::CPU);
    }

    /// Forgets the kernels, where no other graph needs the same ones.
    pub(super) fn forget(&mut self) {
        self.0.iter_mut().for_each(Engine::forget);
    }

    #[track_caller]
    fn same_with(&mut self, roots: &[NodeRef], caps: &Caps) {
        self.agree(run(roots, caps, Isa::best(), Way::Whole, false), roots, caps);
    }

    #[track_caller]
    fn agree(&mut self, expected: Vec<Data>, roots: &[NodeRef], caps: &Caps) {
        for engine in &mut self.0 {
            for cut in [Cut::Whole, Cut::Pieces] {
                compare(&expected, engine.run(roots, caps, cut), &format!("{} {cut:?}", engine.name()));
            }
        }
        compare(&expected, Simulated.run(roots, caps), "simulator");
    }
}

#[track_caller]
fn compare(expected: &[Data], got: Vec<Data>, engine: &str) {
    for (e, g) in expected.iter().zip(got) {
        let (e, g) = (e.canonical(), g.canonical());
        assert_eq!((e.dtype, &e.shape), (g.dtype, &g.shape));
        if let Some(i) = (0..e.bits.len()).find(|&i| e.bits[i] != g.bits[i]) {
            panic!(
                "{engine}: element {i} of {} {:?} is {:x}, and {:x} on the portable engine",
                e.dtype, e.shape, g.bits[i], e.bits[i]
            );
        }
    }
}

#[test]
fn reductions_of_every_length_and_type() {
    let (mut engines, mut random) = (Engines::new(), Random(31));
    for dtype in REGISTERS {
        for n in LENGTHS {
            let x = random.leaf(dtype, &[5, n]);
            let t = random.leaf(dtype, &[n, 37]);
            for op in ops(n, dtype) {
                engines.same(&[reduce(op, &x, &[1])]);
                engines.same(&[reduce(op, &x, &[0, 1])]);
                engines.same(&[reduce(op, &t, &[0])]);
            }
        }
    }
}

#[test]
fn reductions_of_split_rows() {
    let (mut engines, mut random) = (Engines::new(), Random(32));
    for (rows, n) in [(1, 65_536), (3, 40_001), (2, 100_256)] {
        for dtype in [DType::F32, DType::F64, DType::I32] {
            let x = random.leaf(dtype, &[rows, n]);
            let roots: Vec<NodeRef> = ops(n, dtype).iter().map(|&op| reduce(op, &x, &[1])).collect();
            engines.same(&roots);
            roots.iter().for_each(|r| engines.same(std::slice::from_ref(r)));
        }
        let x = random.leaf(DType::F32, &[rows, n]);
        engines.same(&[softmax(&x, 1)]);
        engines.same(&[normalised(&x, 1)]);
    }
}

#[test]
fn several_axes_that_do_not_merge() {
    let (mut engines, mut random) = (Engines::new(), Random(33));
    for dtype in [DType::F32, DType::F64, DType::U8] {
        let x = random.leaf(dtype, &[7, 9, 11, 5]);
        for axes in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
            let p = permute(&x, &axes);
            for over in [&[0, 1][..], &[1, 2], &[0, 2, 3], &[0, 1, 2, 3]] {
                let list: &[ReduceOp] = match dtype {
                    DType::U8 => &[ReduceOp::Sum, ReduceOp::ArgMax],
                    _ => &[ReduceOp::Sum, ReduceOp::ArgMax, ReduceOp::Moment2],
                };
                engines.same(&list.iter().map(|&op| reduce(op, &p, over)).collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn softmax_and_layer_norm() {
    let (mut engines, mut random) = (Engines::new(), Random(34));
    for (n, m) in [(40, 64), (33, 300), (257, 40), (20, 3000), (9, 20_000), (300, 5), (1, 1)] {
        let x = random.leaf(DType::F32, &[n, m]);
        for axis in [0, 1] {
            engines.same(&[softmax(&x, axis)]);
            engines.same(&[normalised(&x, axis)]);
            engines.same(&[transpose(&softmax(&transpose(&x), axis))]);
        }
        let x = random.leaf(DType::F64, &[n, m]);
        engines.same(&[softmax(&x, 0)]);
        engines.same(&[softmax(&x, 1)]);
        // Mean and squared deviations together, of f16 as it is recorded.
        let x = cast(DType::F32, &random.leaf(DType::F16, &[n, m]));
        let both = [ReduceOp::Sum, ReduceOp::Moment2].map(|op| cast(DType::F16, &reduce(op, &x, &[1])));
        engines.same(&both);
    }
}

/// Rows that a block of a GPU does not hold at once, and enough of them to be swept each by one.
#[test]
fn many_long_rows() {
    let (mut engines, mut random) = (Engines::new(), Random(38));
    let x = random.leaf(DType::F32, &[97, 16_500]);
    engines.same(&[softmax(&x, 1)]);
    engines.same(&[normalised(&x, 1)]);
    let x = random.leaf(DType::F64, &[96, 4_100]);
    engines.same(&[softmax(&x, 1)]);
}

#[test]
fn operands_in_other_orders() {
    let (mut engines, mut random) = (Engines::new(), Random(37));
    for dtype in ALL {
        for (n, m) in [(300, 170), (16, 16), (17, 33), (64, 200)] {
            let (x, y) = (random.leaf(dtype, &[n, m]), random.leaf(dtype, &[m, n]));
            engines.same(&[binary(BinaryOp::Maximum, &transpose(&x), &y)]);
            let back = slice(&y, &[(m - 1, -1, m), (n - 1, -1, n)]);
            engines.same(&[binary(BinaryOp::Minimum, &back, &y)]);
        }
        let z = random.leaf(dtype, &[6, 40, 70]);
        for axes in [[0, 2, 1], [1, 0, 2], [2, 1, 0], [2, 0, 1], [1, 2, 0]] {
            let p = permute(&z, &axes);
            engines.same(&[binary(BinaryOp::Maximum, &p, &random.leaf(dtype, p.shape()))]);
        }
    }
}

/// Values at the edges of each type, through one kernel an operation's kind.
#[test]
fn operations_at_the_edges() {
    let mut engines = Engines::new();
    for dtype in ALL {
        let (a, b) = pairs(dtype);
        for group in binary_ops(dtype).chunks(4) {
            engines.same(&group.iter().map(|&op| binary(op, &a, &b)).collect::<Vec<_>>());
        }
        let c = binary(BinaryOp::Le, &a, &b);
        let chosen = select(&c, &b, &a);
        engines.same(&if dtype == DType::Bool { vec![chosen] } else { vec![chosen, mul_add(&a, &b, &a)] });
        let x = leaf_of(dtype, &[edges(dtype).len()], &edges(dtype));
        if dtype != DType::Bool {
            let list = [UnaryOp::Neg, UnaryOp::Abs, UnaryOp::Sign, UnaryOp::Signum, UnaryOp::Powi(3)];
            engines.same(&list.map(|op| unary(op, &x)));
        }
        if !dtype.is_float() {
            engines.same(&[unary(UnaryOp::Not, &x)]);
        }
        for to in ALL.chunks(3) {
            engines.same(&to.iter().map(|&to| cast(to, &x)).collect::<Vec<_>>());
        }
    }
}

#[test]
fn functions_at_the_edges() {
    let mut engines = Engines::new();
    let mut random = Random(35);
    for dtype in [DType::F32, DType::F64, DType::F16, DType::BF16] {
        let mut bits = edges(dtype);
        bits.extend((0..500).map(|_| random.bits(dtype)));
        let x = leaf_of(dtype, &[bits.len()], &bits);
        for group in unary_ops(dtype).chunks(5) {
            engines.same(&group.iter().map(|&f| unary(f, &x)).collect::<Vec<_>>());
        }
    }
}

#[test]
fn random_graphs() {
    let (mut engines, mut random) = (Engines::new(), Random(36));
    for round in 0..50 {
        let roots = random_graph(&mut random);
        engines.same(&roots);
        if round % 8 == 0 {
            engines.same_with(&roots, &Caps::CPU.op_by_op());
        }
    }
}
