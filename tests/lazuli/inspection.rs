//! `inspect`: the code of kernels is there at every level, and is that of the kernels that run.

use lazuli::prelude::*;

fn points() -> Array<f32> {
    Array::linspace(-3.0, 3.0, 100_000)
}

fn gauss(x: &Array<f32>) -> Array<f32> {
    (-x * x).exp()
}

/// The same as a function of one's own, which has no loops.
#[lazuli::vectorize]
fn bell(x: f32) -> f32 {
    (-x * x).exp()
}

/// One with a loop.
#[lazuli::vectorize]
fn escape(re: f32, im: f32, turns: i32) -> i32 {
    let (mut x, mut y) = (0.0, 0.0);
    for turn in 0..turns {
        let (xx, yy) = (x * x, y * y);
        if xx + yy > 4.0 {
            return turn;
        }
        y = 2.0 * x * y + im;
        x = xx - yy + re;
    }
    turns
}

/// A function of a part of the plane.
fn of_the_plane(f: impl Fn(Array<f32>, Array<f32>) -> Array<i32>) -> Array<i32> {
    let (re, im) = (Array::linspace(-2.0f32, 0.5, 90), Array::linspace(-1.25f32, 1.25, 31));
    f(re, im.reshape((-1, 1)))
}

fn escapes() -> Array<i32> {
    of_the_plane(|re, im| escape(re, im, 50))
}

#[test]
fn lazulis_own_text_says_what_is_computed() {
    let y = gauss(&points()).sum(..);
    let found = y.inspect().unwrap();
    let [kernel] = found.kernels().as_slice() else { panic!("one kernel, not {found}") };
    for text in [found.to_string(), kernel.to_string()] {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for wanted in ["= neg %", "= mul %", "= exp %", "= reduce sum %", "store row out #"] {
            assert!(lines.iter().any(|line| line.contains(wanted)), "{wanted} in {text}");
        }
    }
    assert!(found.to_string().contains("inspection.rs:"), "the lines that recorded it: {found}");
    assert_eq!(kernel.description().kind, "kernel");
    assert_eq!(kernel.description().bytes_read, y.explain().bytes_read());
}

#[test]
fn functions_of_ones_own_are_told() {
    // Without loops one is written out, and cannot be told from operations.
    let steps = |y: Array<f32>| {
        let text = y.inspect().unwrap().kernels().next().unwrap().to_string();
        // Where results are stored has a number that is not the same.
        let steps = text.lines().filter(|line| !line.trim_start().starts_with("store "));
        steps.map(str::to_string).collect::<Vec<_>>()
    };
    assert!(steps(bell(&points())).iter().any(|line| line.contains("= exp %")));
    assert_eq!(steps(bell(&points())), steps(gauss(&points())));
    // With one it is called, and is shown beside the kernel that calls it.
    let y = escapes().sum(..);
    assert_eq!(y.explain().kernels(), 1, "{}", y.explain());
    let found = y.inspect().unwrap();
    let [kernel] = found.kernels().as_slice() else { panic!("one kernel, not {found}") };
    let text = kernel.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for wanted in [
        "function escape",
        "loop",
        "leave if %",
        "= mul %",
        "return %",
        "= call escape.0 %",
        "= reduce sum %",
    ] {
        assert!(lines.iter().any(|line| line.contains(wanted)), "{wanted} in {text}");
    }
}

#[test]
fn there_are_as_many_as_explain_says() {
    let x = points();
    let (a, b) = (x.cumulative(), gauss(&x).mean(..));
    assert_eq!(
        lazuli::inspect((&a, &b)).unwrap().kernels().len(),
        lazuli::explain((&a, &b)).unwrap().steps.len()
    );
    // Op by op there are more of them.
    let split = lazuli::fusion(false, || (gauss(&x).inspect().unwrap(), gauss(&x).explain()));
    assert_eq!(split.0.kernels().len(), split.1.kernels());
    assert!(split.1.kernels() > 1);
    let done = gauss(&x);
    done.eval().unwrap();
    assert_eq!(done.inspect().unwrap().kernels().len(), 0);
    assert_eq!(done.inspect().unwrap().to_string(), "");
}

/// Something that needs more than one kernel.
trait Several {
    fn cumulative(&self) -> Array<f32>;
}
impl Several for Array<f32> {
    fn cumulative(&self) -> Array<f32> {
        let x = self.reshape([100, 1000]);
        (&x - x.mean(keep(0))).sum(1)
    }
}

#[test]
fn a_poisoned_array_has_no_kernels() {
    let bad = points() + Array::from_vec(vec![1.0f32, 2.0]);
    let error = bad.inspect().unwrap_err().to_string();
    assert_eq!(error, bad.error().unwrap().to_string());
}

#[test]
fn capabilities_are_read_and_refused() {
    let found = gauss(&points()).inspect().unwrap();
    let [kernel] = found.kernels().as_slice() else { panic!("one kernel") };
    for wrong in ["", "sm_", "sm_9x", "compute_90", "9.", "9.+1", "90", "sm_90a", "9.10", "sm_99999999999"] {
        let error = kernel.ptx(wrong).unwrap_err().to_string();
        assert!(error.contains(&format!("{wrong:?}")) || error.contains("9.10"), "{wrong}: {error}");
        assert!(error.contains("is no compute capability"), "{error}");
    }
    assert!(kernel.resources((u32::MAX, 0)).unwrap_err().to_string().contains("is no compute capability"));
    let error = kernel.ptx(&Device::cpu()).unwrap_err().to_string();
    assert!(error.contains("cpu is no GPU") && error.contains("inspection.rs"), "{error}");
}

#[cfg(not(feature = "llvm"))]
#[test]
fn without_llvm_there_is_no_code() {
    let found = gauss(&points()).inspect().unwrap();
    let [kernel] = found.kernels().as_slice() else { panic!("one kernel") };
    let errors = [
        kernel.llvm_ir().unwrap_err(),
        kernel.asm().unwrap_err(),
        kernel.ptx((9, 0)).unwrap_err(),
        kernel.resources("9.0").unwrap_err(),
    ];
    for (error, name) in errors.iter().zip(["llvm_ir", "asm", "ptx", "resources"]) {
        let text = error.to_string();
        assert!(text.starts_with(name) && text.contains("build with the feature `llvm`"), "{text}");
    }
}

#[cfg(feature = "llvm")]
mod code {
    use super::*;
    use crate::support::{alone_with, inner};

    /// A kernel of each skeleton: by name.
    fn patterns() -> Vec<(&'static str, Array<f32>)> {
        let x = Array::from_fn([300, 200], |i| (i[0] * 7 + i[1]) as f32 / 100.0);
        vec![
            ("map", gauss(&points())),
            ("tiles", &x.slice(s![..200, ..]) + x.slice(s![..200, ..]).t()),
            ("rows", x.softmax(1)),
            ("columns", x.sum(0)),
            ("a long row", points().sum(..)),
            ("a long column", Array::from_fn([5000, 3], |i| i[0] as f32).sum(0)),
        ]
    }

    const CAPABILITIES: [&str; 4] = ["sm_75", "sm_80", "sm_90", "sm_100"];

    #[test]
    fn assembly_has_the_vectors_of_this_cpu() {
        if !is_x86_feature_detected!("avx2") {
            return;
        }
        let wide = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
        for (name, y) in patterns() {
            for kernel in y.inspect().unwrap().kernels() {
                let text = kernel.asm().unwrap();
                let register = if wide { "%zmm" } else { "%ymm" };
                let lines = text.lines().filter(|line| line.contains(register));
                assert!(lines.count() > 3, "{name}: {text}");
            }
        }
        let text = gauss(&points()).inspect().unwrap().kernels().next().unwrap().asm().unwrap();
        let vectors = text.lines().filter(|line| line.trim_start().starts_with("vfmadd"));
        assert!(vectors.clone().count() > 3, "the polynomial of exp: {text}");
        assert!(vectors.clone().all(|line| line.contains("ps")), "of whole vectors: {text}");
        assert!(!text.contains("call"), "nothing of a library: {text}");
    }

    #[test]
    fn ir_is_a_module_of_this_cpu() {
        for (name, y) in patterns() {
            for kernel in y.inspect().unwrap().kernels() {
                let text = kernel.llvm_ir().unwrap();
                assert!(text.starts_with("target datalayout = \"e-"), "{name}: {text}");
                assert!(text.contains("\ntarget triple = \"x86_64-"), "{name}: {text}");
                let functions = text.lines().filter(|line| line.starts_with("define ")).count();
                // A long row is a sweep and its end.
                assert_eq!(functions, if name == "a long row" { 2 } else { 1 }, "{name}: {text}");
            }
        }
    }

    #[test]
    fn ptx_is_for_the_card_that_was_asked_for() {
        for (name, y) in patterns() {
            for kernel in y.inspect().unwrap().kernels() {
                for capability in CAPABILITIES {
                    let text = kernel.ptx(capability).unwrap();
                    assert!(text.contains(&format!(".target {capability}")), "{name}: {text}");
                    assert!(text.contains(".entry run") || text.contains(".entry sweep0"), "{name}: {text}");
                }
                assert_eq!(kernel.ptx((9, 0)).unwrap(), kernel.ptx("9.0").unwrap());
            }
        }
        let kernels = gauss(&points()).inspect().unwrap();
        let kernel = kernels.kernels().next().unwrap();
        // The newest known serves what came after it; what is too old is refused.
        assert!(kernel.ptx((10, 3)).unwrap().contains(".target sm_100"));
        let error = kernel.ptx((7, 0)).unwrap_err().to_string();
        assert!(error.contains("compute capability 7.0: 7.5 is the least"), "{error}");
    }

    /// Jumps to what comes before them: the loops of a program.
    fn loops(text: &str) -> usize {
        let mut labels = Vec::new();
        let mut back = 0;
        for line in text.lines().map(str::trim) {
            if let Some((label, _)) = line.split_once(':').filter(|(label, _)| !label.contains(' ')) {
                labels.push(label);
            }
            let mut words = line.split(|c: char| !(c.is_alphanumeric() || "_.$".contains(c)));
            let first = words.next().unwrap_or_default();
            let jumps = first.starts_with('j') || first == "br" || line.contains("bra");
            back += (jumps && words.any(|word| !word.is_empty() && labels.contains(&word))) as usize;
        }
        back
    }

    #[test]
    fn functions_of_ones_own_at_every_level() {
        fn levels<T: Element>(y: Array<T>) -> [(&'static str, String); 3] {
            let found = y.inspect().unwrap();
            let [kernel] = found.kernels().as_slice() else { panic!("one kernel, not {found}") };
            [
                ("LLVM IR", kernel.llvm_ir().unwrap()),
                ("assembly", kernel.asm().unwrap()),
                ("PTX", kernel.ptx("sm_90").unwrap()),
            ]
        }
        // The code of one without loops is that of its operations.
        assert_eq!(levels(bell(&points())), levels(gauss(&points())));
        // A loop of one is a loop at every level, more than a kernel of the same arrays has without it.
        #[lazuli::vectorize]
        fn far(re: f32, im: f32, turns: i32) -> i32 {
            if re * re + im * im > 4.0 { 0 } else { turns }
        }
        let looping = levels(escapes());
        let without = levels(of_the_plane(|re, im| far(re, im, 50)));
        for ((level, text), (_, without)) in looping.iter().zip(&without) {
            // How often LLVM repeats loops in assembly is this CPU's matter.
            let more = if *level == "assembly" { 0 } else { loops(without) };
            assert!(loops(text) > more, "{level}: {} and {}", loops(text), loops(without));
        }
        let [ir, assembly, ptx] = looping.map(|(_, text)| text);
        for (text, wanted) in [
            (&ir, ["fmul <", " x float>", "fcmp ", "phi ", "br i1 "].as_slice()),
            (&assembly, ["mulps", "cmp"].as_slice()),
            (&ptx, [".target sm_90", ".entry run", "mul.rn.f32", "add.rn.f32", "setp.", "bra"].as_slice()),
        ] {
            for wanted in wanted {
                assert!(text.contains(wanted), "{wanted} in {text}");
            }
        }
        // The sum is one kernel with it.
        let [_, assembly, ptx] = levels(escapes().sum(..)).map(|(_, text)| text);
        assert!(assembly.contains("mulps") && assembly.contains("padd"), "{assembly}");
        assert!(ptx.contains("mul.rn.f32") && ptx.contains("add.s64"), "{ptx}");
    }

    #[test]
    fn products_are_kernels_of_gpus_alone() {
        let x = Array::from_fn([64, 64], |i| (i[0] + i[1]) as f64);
        let found = x.matmul(&x).inspect().unwrap();
        let [product] = found.kernels().as_slice() else { panic!("one product, not {found}") };
        assert_eq!(product.to_string(), "matmul float64 64 x 64 x 64, 1 time(s)\n");
        for result in [product.llvm_ir(), product.asm()] {
            let error = result.unwrap_err().to_string();
            assert!(error.contains("a library computes matrix products on the CPU"), "{error}");
        }
        assert!(product.ptx("sm_80").unwrap().contains("fma.rn.f64"));
        // The simulator is one.
        let x = x.to_device(&Device::cuda_simulator().unwrap());
        let found = x.matmul(&x).inspect().unwrap();
        let product = found.kernels().next().unwrap();
        let (ir, assembly) = (product.llvm_ir().unwrap(), product.asm().unwrap());
        assert!(ir.contains("target triple") && ir.contains("@llvm.fma."), "{ir}");
        assert!(assembly.contains("product:") && assembly.contains("fmadd"), "{assembly}");
    }

    #[test]
    fn nothing_is_computed_or_kept() {
        let y = gauss(&points());
        let ((), counted) = lazuli::stats_scope(|| {
            let found = y.inspect().unwrap();
            let kernel = found.kernels().next().unwrap();
            kernel.asm().unwrap();
            kernel.ptx((8, 6)).unwrap();
        });
        assert_eq!((counted.evaluations, counted.launches, counted.kernels_compiled), (0, 0, 0));
    }

    #[test]
    fn registers_are_known_where_the_assembler_is() {
        for (name, y) in patterns() {
            for kernel in y.inspect().unwrap().kernels() {
                for capability in CAPABILITIES {
                    let entries = match kernel.resources(capability) {
                        Ok(entries) => entries,
                        Err(error) => {
                            let text = error.to_string();
                            assert!(
                                text.contains("no `ptxas` was found") && text.contains("LAZULI_PTXAS"),
                                "{text}"
                            );
                            eprintln!("{text}");
                            return;
                        }
                    };
                    let entry = &entries[0];
                    assert!(["run", "sweep0"].contains(&entry.entry.as_str()), "{entries:?}");
                    for entry in &entries {
                        assert_eq!((entry.spill_stores, entry.spill_loads), (0, 0), "{name}: {entry:?}");
                        assert!((8..=128).contains(&entry.registers), "{name}: {entry:?}");
                    }
                    let meets = !["map", "rows"].contains(&name);
                    assert_eq!(entry.shared > 0, meets, "{name}: {entry:?}");
                }
            }
        }
    }

    #[test]
    fn what_the_assembler_refuses_is_told() {
        const NAME: &str = "inspection::code::what_the_assembler_refuses_is_told";
        let Some(what) = inner() else {
            alone_with(NAME, "none", &[("LAZULI_PTXAS", "/nowhere/ptxas")]);
            // A program that says it cannot, whatever it is given.
            alone_with(NAME, "refuses", &[("LAZULI_PTXAS", "/usr/bin/false")]);
            return;
        };
        let found = gauss(&points()).inspect().unwrap();
        let error = found.kernels().next().unwrap().resources("sm_90").unwrap_err().to_string();
        let wanted = if what == "none" { "/nowhere/ptxas: No such file" } else { "/usr/bin/false: " };
        assert!(error.contains(wanted), "{error}");
    }
}
