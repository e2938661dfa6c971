//! Kernels of named patterns as PTX: what the assembler says of each.
//!
//! `ptxas` comes from NVIDIA's package `nvidia-cuda-nvcc` on PyPI (`scripts/install` puts it where these
//! tests look, and says so to them in `LAZULI_PTXAS`); on a machine without it the text is linted only.

use crate::llvm::emit::Dialect;
use crate::llvm::grid::{Geometry, print};
use crate::llvm::nvptx::{Architecture, compiler, lint};
use crate::portable::tests::fusion::{normalised, softmax};
use crate::portable::tests::*;
use lazuli_core::{BinaryOp, Caps, DType, NodeRef, ReduceOp, UnaryOp};
use lazuli_fusion::bind::{Bound, Launch};
use lazuli_fusion::{Trace, bind, plan};
use std::sync::Arc;

/// All kernels of some roots.
pub fn kernels(roots: &[NodeRef]) -> Vec<Arc<Bound>> {
    let trace = Trace::collect(roots, &[]).expect("no poison");
    let launches = bind(&plan(&trace, &Caps::CPU), &trace, &Caps::CPU);
    let kernels = launches.launches.into_iter().filter_map(|launch| match launch {
        Launch::Kernel(bound) => Some(bound),
        Launch::MatMul(_) => None,
    });
    kernels.collect()
}

/// The PTX of a kernel.
pub fn ptx(bound: &Bound, architecture: Architecture) -> String {
    let printed =
        print(bound, Geometry::of(bound), Dialect::Ptx).unwrap_or_else(|e| panic!("{e}: {}", bound.kernel));
    if std::env::var_os("LAZULI_TRACE").is_some() {
        eprintln!("{:?}\n{}\n{}", Geometry::of(bound), bound.kernel, printed.text);
    }
    let text = compiler(architecture).unwrap().assembly(&printed.text);
    let text = text.unwrap_or_else(|e| panic!("{e} of {}", bound.kernel));
    if let Some((line, why)) = lint(&text) {
        panic!("{why}: {line} of {}", bound.kernel);
    }
    text
}

#[test]
fn named_patterns() {
    let mut random = Random(1);
    let mut leaf = |dtype, shape: &[usize]| random.leaf(dtype, shape);
    let x = leaf(DType::F32, &[64, 1024]);
    let square = |x: &NodeRef| binary(BinaryOp::Mul, x, x);
    let gauss = |x: &NodeRef| unary(UnaryOp::Exp, &unary(UnaryOp::Neg, &square(x)));
    let long = leaf(DType::F32, &[40_000]);
    let patterns: Vec<(&str, Vec<NodeRef>)> = vec![
        ("gauss", vec![gauss(&x)]),
        ("sum of squares", vec![reduce(ReduceOp::Sum, &square(&long), &[0])]),
        ("row sums", vec![reduce(ReduceOp::Sum, &x, &[1])]),
        ("column sums", vec![reduce(ReduceOp::Sum, &leaf(DType::F32, &[1024, 64]), &[0])]),
        ("softmax", vec![softmax(&x, 1)]),
        ("layer norm", vec![normalised(&x, 1)]),
    ];
    for (name, roots) in patterns {
        for bound in kernels(&roots) {
            let text = ptx(&bound, Architecture::of(9, 0).unwrap());
            println!("{name}: {} lines", text.lines().count());
            std::fs::write(format!("/tmp/ptx_{}.ptx", name.replace(' ', "_")), text).unwrap();
        }
    }
}
