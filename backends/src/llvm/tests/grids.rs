//! Kernels of named patterns as PTX: what the assembler says of each.
//!
//! `ptxas` comes from NVIDIA's package `nvidia-cuda-nvcc` on PyPI (`scripts/ptxas` fetches it into the
//! folder `target`; `LAZULI_PTXAS` names another). On a machine without it the text is linted only.

use crate::llvm::compiler::Compiler;
use crate::llvm::emit::Dialect;
use crate::llvm::grid::{Geometry, Printed, Shape, matmul, print};
use crate::llvm::nvptx::{Architecture, compiler, lint, loose};
use crate::portable::tests::fusion::{normalised, softmax};
use crate::portable::tests::*;
use lazuli_core::{BinaryOp, Caps, DType, NodeRef, ReduceOp, UnaryOp};
use lazuli_fusion::bind::{Bound, Launch};
use lazuli_fusion::{Trace, bind, plan};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock};

/// All kernels of some roots.
pub fn kernels(roots: &[NodeRef]) -> Vec<Arc<Bound>> {
    let trace = Trace::collect(roots, &[]).expect("no poison");
    let launches = bind(&plan(&trace, &Caps::CPU), &trace, &Caps::CPU);
    let kernels = launches.launches.into_iter().filter_map(|launch| match launch {
        Launch::Kernel(bound) => Some(bound),
        Launch::MatMul(_) | Launch::Call(_) => None,
    });
    kernels.collect()
}

/// The oldest architecture that is supported, and the generations since.
const ARCHITECTURES: [(u32, u32); 4] = [(7, 5), (8, 0), (9, 0), (10, 0)];

/// The PTX of a kernel.
fn ptx(bound: &Bound, architecture: Architecture) -> String {
    let what = || format!("{architecture:?} {:?}\n{}", Geometry::of(bound), bound.kernel);
    let printed =
        print(bound, Geometry::of(bound), Dialect::Ptx).unwrap_or_else(|e| panic!("{e} of {}", what()));
    // A kernel that LLVM cannot select ends the process: with this, the output says which.
    if std::env::var_os("LAZULI_TRACE").is_some() {
        eprintln!("{}", what());
    }
    linted(&printed, architecture).unwrap_or_else(|e| panic!("{e} of {}", what()))
}

fn printed_ptx(printed: &Printed, architecture: Architecture) -> Result<String, String> {
    COMPILERS.with_borrow_mut(|compilers| {
        let compiler = compilers.entry(architecture).or_insert_with(|| compiler(architecture).unwrap());
        compiler.assembly(&printed.text).map_err(|e| e.to_string())
    })
}

/// The PTX of a module, or what is wrong with it.
fn linted(printed: &Printed, architecture: Architecture) -> Result<String, String> {
    let text = printed_ptx(printed, architecture)?;
    match lint(&text) {
        Some((line, why)) => Err(format!("{why}: {line}")),
        None => Ok(text),
    }
}

#[test]
fn products_do_not_spill() {
    for double in [false, true] {
        let printed = matmul::print(double, Dialect::Ptx);
        for (major, minor) in ARCHITECTURES {
            let architecture = Architecture::of(major, minor).unwrap();
            let text = linted(&printed, architecture).unwrap();
            assert!(text.contains(if double { "fma.rn.f64" } else { "fma.rn.f32" }));
            assert!(text.contains("ld.shared.v"), "vectors of shared memory are read whole");
            let Some(program) = &*PTXAS else { continue };
            let report = assemble(program, &text, architecture).unwrap();
            println!("product, double {double}, {}: {report:?}", architecture.name());
            assert_eq!(report.spills, 0, "{report:?}");
        }
    }
}

thread_local! {
    static COMPILERS: RefCell<HashMap<Architecture, Compiler>> = RefCell::default();
    /// Kernels that were assembled: those of one key and geometry are one text.
    static SEEN: RefCell<HashSet<(Arc<[u64]>, Geometry)>> = RefCell::default();
}

/// Makes PTX of a kernel for the oldest architecture and one of the others in turn, and has the latter
/// assembled, if there is an assembler.
pub fn assembled(bound: &Bound) {
    let number = SEEN
        .with_borrow_mut(|seen| seen.insert((bound.key.clone(), Geometry::of(bound))).then_some(seen.len()));
    let Some(number) = number else { return };
    let (major, minor) = ARCHITECTURES[number % ARCHITECTURES.len()];
    let (oldest, other) = (Architecture::of(7, 5).unwrap(), Architecture::of(major, minor).unwrap());
    if other != oldest {
        ptx(bound, oldest);
    }
    let text = ptx(bound, other);
    if let Some(program) = &*PTXAS {
        assemble(program, &text, other).unwrap_or_else(|e| panic!("{e} of {}", bound.kernel));
    }
}

/// Makes PTX of a module for each architecture, and has it assembled, if there is an assembler.
pub fn assemble_text(module: &str) {
    let module = Printed {
        text: module.into(),
        entries: vec!["run".into()],
        shared: 0,
        cooperative: true,
        sites: vec![],
    };
    for (major, minor) in ARCHITECTURES {
        let architecture = Architecture::of(major, minor).unwrap();
        let text = printed_ptx(&module, architecture).unwrap_or_else(|e| panic!("{e} of {}", module.text));
        assert_eq!(loose(&text), None);
        if let Some(program) = &*PTXAS {
            assemble(program, &text, architecture).unwrap_or_else(|e| panic!("{e} of {text}"));
        }
    }
}

/// The assembler, if it was installed (see `scripts/install`).
static PTXAS: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let here = std::env::var_os("LAZULI_PTXAS").map(PathBuf::from);
    let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/ptxas");
    let found = here.or(Some(known)).filter(|p| p.exists());
    if found.is_none() {
        eprintln!("no ptxas: PTX is linted, and not assembled");
    }
    found
});

/// What the assembler says of a kernel.
#[derive(Debug)]
struct Report {
    registers: usize,
    spills: usize,
}

fn assemble(program: &Path, text: &str, architecture: Architecture) -> Result<Report, String> {
    let mut child = Command::new(program)
        .args(["-v", "--output-file", "/dev/null", "-arch", &architecture.name(), "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    child.stdin.take().expect("piped").write_all(text.as_bytes()).map_err(|e| e.to_string())?;
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        return Err(said);
    }
    // "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads", "Used 44 registers"
    let number = |before: &str| -> usize {
        let words: Vec<&str> = said.split_whitespace().collect();
        let all = words
            .windows(4)
            .filter(|w| w[1..].join(" ").starts_with(before))
            .filter_map(|w| w[0].parse().ok());
        all.max().unwrap_or(0)
    };
    Ok(Report {
        registers: number("registers"),
        spills: number("bytes spill stores").max(number("bytes spill loads")),
    })
}

#[test]
fn named_patterns_do_not_spill() {
    let mut random = Random(1);
    let mut leaf = |dtype, shape: &[usize]| random.leaf(dtype, shape);
    let square = |x: &NodeRef| binary(BinaryOp::Mul, x, x);
    let gauss = |x: &NodeRef| unary(UnaryOp::Exp, &unary(UnaryOp::Neg, &square(x)));
    let sum = |x: &NodeRef, axis: usize| reduce(ReduceOp::Sum, x, &[axis]);
    let mut patterns: Vec<(String, Vec<NodeRef>)> = Vec::new();
    for dtype in [DType::F32, DType::F64, DType::BF16] {
        let mut add = |name: &str, root: NodeRef| patterns.push((format!("{name} {dtype}"), vec![root]));
        let (x, y) = (leaf(dtype, &[64, 1024]), leaf(dtype, &[64, 1024]));
        // 16-bit floats are computed as f32, and rounded once.
        let wide = |x: NodeRef| if dtype == DType::BF16 { cast(DType::F32, &x) } else { x };
        let round = |x: NodeRef| if dtype == DType::BF16 { cast(DType::BF16, &x) } else { x };
        let (x, y) = (wide(x), wide(y));
        let long = wide(leaf(dtype, &[40_000]));
        add("gauss", gauss(&x));
        add("sincos", binary(BinaryOp::Mul, &unary(UnaryOp::Sin, &x), &unary(UnaryOp::Cos, &y)));
        add("sum of squares", sum(&square(&long), 0));
        add("row sums", sum(&x, 1));
        add("column sums", sum(&wide(leaf(dtype, &[1024, 64])), 0));
        for n in [200, 1024] {
            let columns = wide(leaf(dtype, &[n, 64]));
            add(&format!("variances of columns of {n}"), reduce(ReduceOp::Moment2, &columns, &[0]));
        }
        for n in [128, 1024, 8192, 65_536] {
            add(&format!("softmax of {n}"), round(softmax(&wide(leaf(dtype, &[100, n])), 1)));
            if dtype != DType::F64 {
                add(&format!("layer norm of {n}"), round(normalised(&wide(leaf(dtype, &[100, n])), 1)));
            }
        }
        let mut chain = x.clone();
        for k in 0..12 {
            chain = binary(if k % 2 == 0 { BinaryOp::Mul } else { BinaryOp::Add }, &chain, &y);
        }
        add("chain", chain);
        let square = leaf(dtype, &[256, 256]);
        add("x + y.t()", binary(BinaryOp::Add, &leaf(dtype, &[256, 256]), &transpose(&square)));
    }
    for (name, roots) in patterns {
        for bound in kernels(&roots) {
            let geometry = Geometry::of(&bound);
            for (major, minor) in ARCHITECTURES {
                let architecture = Architecture::of(major, minor).unwrap();
                let text = ptx(&bound, architecture);
                let Some(program) = &*PTXAS else { continue };
                let report =
                    assemble(program, &text, architecture).unwrap_or_else(|e| panic!("{e} of {name}"));
                let what = format!("{name}, {geometry:?}, {}: {report:?}", architecture.name());
                println!("{what}");
                assert_eq!(report.spills, 0, "{what}");
                // Two blocks of 256 threads share the 65,536 registers of a multiprocessor, but for rows that
                // are swept by a block each.
                let alone = geometry.shape == Shape::Long || name.starts_with("variances");
                let most = if alone { 255 } else { 128 };
                assert!(report.registers <= most, "{what}");
            }
        }
    }
}
