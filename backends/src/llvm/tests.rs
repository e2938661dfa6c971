//! Tests of the compiler from text to running code, on every target that this processor has.
//!
//! Below are those that start from IR text written by hand. Those that start from graphs:
//!
//! * [`everything`] compiles each operation on each type in each skeleton for each target;
//! * [`same_bits`] runs the code of each target and compares it with the portable engine;
//! * [`grids`] makes PTX of named patterns, and holds it against the assembler;
//! * [`calls`] does so for functions with loops and branches;
//! * [`threads`] has kernels at thread level;
//! * [`packed`] does the same for arrays that cannot be read straight through.

mod calls;
mod engine;
mod everything;
mod folds;
mod grids;
mod packed;
mod same_bits;
mod threads;

use super::test_kernels::{chain, chain_step, exp, sumsq};
use super::{Code, Image, Jit, JitError, TargetCpu};

type Map = unsafe extern "C" fn(*const f32, *mut f32, i64);
type Sum = unsafe extern "C" fn(*const f64, i64) -> f64;
type Unary = unsafe extern "C" fn(i64) -> i64;

fn targets() -> impl Iterator<Item = TargetCpu> {
    [TargetCpu::avx512(), TargetCpu::avx2(), TargetCpu::baseline()].into_iter().filter(TargetCpu::runs_here)
}

fn f32_lanes(target: &TargetCpu) -> usize {
    target.vector_bits() as usize / 32
}

fn compile(ir: &str, entries: &[&str]) -> Result<Code, JitError> {
    Jit::new(TargetCpu::host()).unwrap().compile(ir, entries)
}

fn map(code: &Code, input: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; input.len()];
    // SAFETY: entry 0 is a function of this type, and reads and writes `n` elements.
    unsafe {
        let f: Map = std::mem::transmute(code.entry(0));
        f(input.as_ptr(), out.as_mut_ptr(), input.len() as i64);
    }
    out
}

fn call(code: &Code, i: usize, x: i64) -> i64 {
    // SAFETY: the callers compile functions of this type only.
    unsafe { std::mem::transmute::<*const u8, Unary>(code.entry(i))(x) }
}

#[test]
fn exp_with_a_masked_tail_on_every_target() {
    for target in targets() {
        let lanes = f32_lanes(&target);
        let code =
            Jit::new(target.clone()).unwrap().compile(&exp(lanes, target.has_fma()), &["exp"]).unwrap();
        for n in (0..70).chain([1000, 1003]) {
            let input: Vec<f32> = (0..n).map(|i| i as f32 * 0.37 - 20.0).collect();
            for (x, y) in input.iter().zip(map(&code, &input)) {
                let want = x.clamp(-87.0, 88.0).exp();
                assert!((y - want).abs() <= want * 1e-5, "{} exp({x}) = {y}, not {want}", target.name());
            }
        }
    }
}

#[test]
fn a_tail_touches_nothing_beyond_it() {
    for target in targets() {
        let lanes = f32_lanes(&target);
        let code =
            Jit::new(target.clone()).unwrap().compile(&exp(lanes, target.has_fma()), &["exp"]).unwrap();
        let input = vec![0.0f32; lanes + 3];
        let mut out = vec![-7.0f32; 2 * lanes];
        // SAFETY: both have room for the elements asked for.
        unsafe {
            std::mem::transmute::<*const u8, Map>(code.entry(0))(
                input.as_ptr(),
                out.as_mut_ptr(),
                input.len() as i64,
            )
        };
        assert!(out[..lanes + 3].iter().all(|&y| y == 1.0), "{out:?}");
        assert!(out[lanes + 3..].iter().all(|&y| y == -7.0), "{out:?}");
    }
}

#[test]
fn sum_of_squares_on_every_target() {
    for target in targets() {
        let lanes = target.vector_bits() as usize / 64;
        let code = Jit::new(target).unwrap().compile(&sumsq(lanes), &["sumsq"]).unwrap();
        let input: Vec<f64> = (0..256).map(f64::from).collect();
        // SAFETY: the function has this type, and 256 is a multiple of four vectors.
        let sum = unsafe { std::mem::transmute::<*const u8, Sum>(code.entry(0))(input.as_ptr(), 256) };
        assert_eq!(sum, (255 * 256 * 511 / 6) as f64);
    }
}

/// No fusion: bit for bit what separate operations give, and no FMA instruction in the text.
#[test]
fn multiplication_and_addition_stay_apart() {
    for target in targets() {
        let lanes = f32_lanes(&target);
        let mut jit = Jit::new(target).unwrap();
        let ir = chain(lanes, 400, 20);
        let input: Vec<f32> = (0..lanes * 4).map(|i| 0.1 + i as f32 / 7.0).collect();
        let got = map(&jit.compile(&ir, &["chain"]).unwrap(), &input);
        for (x, y) in input.iter().zip(got) {
            let want = (0..400).fold(*x, |v, k| match chain_step(k, 20) {
                ("fmul", c) => v * c,
                ("fadd", c) => v + c,
                (_, c) => v - c,
            });
            assert_eq!(y.to_bits(), want.to_bits());
        }
        for text in [ir, sumsq(lanes / 2)] {
            let assembly = jit.assembly(&text).unwrap();
            assert!(!assembly.contains("vfm") && !assembly.contains("vfnm"), "{assembly}");
        }
    }
}

#[test]
fn vectors_are_as_wide_as_the_target_says() {
    for (target, register) in
        [(TargetCpu::avx512(), "%zmm"), (TargetCpu::avx2(), "%ymm"), (TargetCpu::baseline(), "%xmm")]
    {
        let mut jit = Jit::new(target.clone()).unwrap();
        let assembly = jit.assembly(&exp(f32_lanes(&target), target.has_fma())).unwrap();
        assert!(assembly.contains(register), "{assembly}");
        assert_eq!(assembly.contains("vzeroupper"), target.vector_bits() > 128, "{assembly}");
        assert_eq!(assembly.contains("vfm"), target.has_fma());
        assert!(!assembly.contains(".cfi_"), "{assembly}");
    }
}

/// A vector constant that is no splat lies in `.rodata` at its own alignment, and is loaded with an
/// instruction that faults on any other.
#[test]
fn constants_keep_their_alignment() {
    for target in targets() {
        let lanes = f32_lanes(&target);
        let values: Vec<String> = (0..lanes).map(|i| format!("float {i}.0")).collect();
        let (v, bytes) = (format!("<{lanes} x float>"), lanes * 4);
        let ir = format!(
            "@odd = private unnamed_addr constant [3 x i8] c\"abc\"
             @table = private unnamed_addr constant {v} <{}>, align {bytes}
             define i64 @chain(ptr %in, ptr %out, i64 %n) {{
               %i = srem i64 %n, 3
               %p = getelementptr i8, ptr @odd, i64 %i
               %b = load i8, ptr %p
               %x = load {v}, ptr %in, align 4
               %c = load volatile {v}, ptr @table, align {bytes}
               %y = fadd {v} %x, <{}>
               %z = fadd {v} %y, %c
               store {v} %z, ptr %out, align 4
               %r = zext i8 %b to i64
               ret i64 %r
             }}",
            values.join(", "),
            values.iter().rev().cloned().collect::<Vec<_>>().join(", "),
        );
        let code = Jit::new(target).unwrap().compile(&ir, &["chain"]).unwrap();
        let got = map(&code, &vec![0.5; lanes]);
        assert!(got.iter().all(|&y| y == lanes as f32 - 0.5), "{got:?}");
    }
}

const TWO: &str = "define i64 @f(i64 %x) { %y = add i64 %x, 1 ret i64 %y }
    define i64 @g(i64 %x) noinline {
      %a = call i64 @f(i64 %x)
      %b = mul i64 %a, 3
      %c = call i64 @f(i64 %b)
      ret i64 %c
    }";

#[test]
fn functions_of_one_module_call_each_other() {
    let code = compile(TWO, &["g", "f"]).unwrap();
    assert_eq!((call(&code, 0, 4), call(&code, 1, 4)), (16, 5));
    assert_eq!(code.entries(), 2);
    assert!(code.size() > 0 && code.size() < 4096);
}

/// Everything that is not a plain relative reference: a jump table, a global offset table slot, a table of
/// pointers.
#[test]
fn tables_of_addresses_are_relocated() {
    let arms: String = (0..12).map(|k| format!("i64 {k}, label %l{k} ")).collect();
    let blocks: String = (0..12)
        .map(|k| format!("l{k}: call void asm sideeffect \"nop\", \"\"() ret i64 {}\n", 100 + 7 * k * k))
        .collect();
    let ir = format!(
        "@shared = constant [4 x i64] [i64 10, i64 20, i64 30, i64 40]
         @table = private constant [2 x ptr] [ptr @f, ptr @g]
         define i64 @jump(i64 %x) {{ switch i64 %x, label %no [ {arms} ]\n{blocks}\nno: ret i64 -1 }}
         define i64 @got(i64 %x) {{
           %p = getelementptr i64, ptr @shared, i64 %x
           %r = load i64, ptr %p
           ret i64 %r
         }}
         define i64 @pointers(i64 %x) {{
           %i = and i64 %x, 1
           %p = getelementptr ptr, ptr @table, i64 %i
           %f = load ptr, ptr %p
           %r = call i64 %f(i64 %x)
           ret i64 %r
         }}
         {TWO}"
    );
    let mut jit = Jit::new(TargetCpu::host()).unwrap();
    let image = jit.image(&ir, &["jump", "got", "pointers"]).unwrap();
    assert_eq!(image.rebases().len(), 3, "a slot and two pointers");
    let copy = Image::from_parts(image.bytes().to_vec(), image.entries().to_vec(), image.rebases().to_vec())
        .unwrap();
    for code in [image.load().unwrap(), copy.load().unwrap(), image.load().unwrap()] {
        for k in 0..12 {
            assert_eq!(call(&code, 0, k), 100 + 7 * k * k);
        }
        assert_eq!(call(&code, 0, 12), -1);
        assert_eq!((0..4).map(|k| call(&code, 1, k)).collect::<Vec<_>>(), [10, 20, 30, 40]);
        assert_eq!((call(&code, 2, 4), call(&code, 2, 5)), (5, 19));
    }
    assert!(Image::from_parts(vec![0; 8], vec![8], vec![]).is_err());
    assert!(Image::from_parts(vec![0; 8], vec![0], vec![1]).is_err());
}

#[test]
fn bad_text_is_an_error_with_its_line() {
    let Err(JitError::Parse { line: 2, message }) =
        compile("define void @f() {\n  %x = fadd float 1.0, oops\n}", &[])
    else {
        panic!()
    };
    assert!(message.contains("expected value token") && message.contains("oops"), "{message}");
    let Err(JitError::Parse { line: 1, message }) = compile("define void @f()", &[]) else { panic!() };
    assert!(message.contains("define void") && !message.contains("datalayout"), "{message}");
    assert!(matches!(compile("define void @f() { ret void", &[]), Err(JitError::Parse { .. })));
    assert!(matches!(compile("BC\u{0}\u{1}", &[]), Err(JitError::Parse { .. })));
}

#[test]
fn broken_rules_are_an_error() {
    let dominance = "define i64 @f(i1 %c) {\n br i1 %c, label %a, label %b\na: %x = add i64 1, 2\n br label %b\nb: ret i64 %x\n}";
    let Err(JitError::Verify(message)) = compile(dominance, &["f"]) else { panic!() };
    assert!(message.contains("dominate"), "{message}");
    for missing in ["h", "llvm.fma.f32", "d"] {
        let ir = format!("{TWO}\ndeclare void @d()\ndeclare float @llvm.fma.f32(float, float, float)");
        assert_eq!(compile(&ir, &["f", missing]).unwrap_err(), JitError::MissingEntry(missing.to_owned()));
    }
    let private = "define private i64 @p(i64 %x) { ret i64 %x }";
    assert_eq!(compile(private, &["p"]).unwrap_err(), JitError::MissingEntry("p".to_owned()));
    let mut jit = Jit::new(TargetCpu::host()).unwrap();
    jit.set_passes("function(no-such-pass)");
    assert!(matches!(jit.compile(TWO, &["f"]), Err(JitError::Passes(_))));
}

#[test]
fn what_the_module_does_not_define_is_an_error() {
    let external = |ir: &str| match compile(ir, &["f"]) {
        Err(JitError::External(name)) => name,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        external("define float @f(float %x, float %y) { %r = frem float %x, %y ret float %r }"),
        "fmodf"
    );
    assert_eq!(
        external(
            "declare float @llvm.exp.f32(float)\ndefine float @f(float %x) { %r = call float @llvm.exp.f32(float %x) ret float %r }"
        ),
        "expf"
    );
    assert_eq!(
        external("@v = external global i64\ndefine i64 @f() { %r = load i64, ptr @v ret i64 %r }"),
        "v"
    );
    assert_eq!(
        external(
            "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)\ndefine void @f(ptr %p, i64 %n) { call void @llvm.memset.p0.i64(ptr %p, i8 0, i64 %n, i1 false) ret void }"
        ),
        "memset"
    );
    assert_eq!(
        external("define bfloat @f(float %x) { %r = fptrunc float %x to bfloat ret bfloat %r }"),
        "__truncsfbf2"
    );
    assert_eq!(
        external("define half @f(double %x) { %r = fptrunc double %x to half ret half %r }"),
        "__truncdfhf2"
    );
    let mutable = "@v = global i64 1\ndefine i64 @f() { store i64 2, ptr @v ret i64 0 }";
    assert!(matches!(compile(mutable, &["f"]), Err(JitError::Unsupported(_))));
    let local = "@v = thread_local global i64 0\ndefine i64 @f() { store i64 2, ptr @v ret i64 0 }";
    assert!(matches!(compile(local, &["f"]), Err(JitError::Unsupported(_) | JitError::External(_))));
}

/// An error of the code generator that LLVM's default handler would print, and exit.
#[test]
fn an_error_while_emitting_does_not_end_the_process() {
    let impossible =
        "define i64 @f(i64 %x) { %r = call i64 asm \"no_such_instruction $0\", \"=r\"() ret i64 %r }";
    let Err(JitError::Emit(message)) = compile(impossible, &["f"]) else { panic!() };
    assert!(message.contains("no_such_instruction") || message.contains("mnemonic"), "{message}");
    let register = "define i64 @f(i64 %x) { %r = call i64 asm \"nop\", \"={nonesuch}\"() ret i64 %r }";
    assert!(matches!(compile(register, &["f"]), Err(JitError::Emit(_))));
    assert_eq!(call(&compile(TWO, &["f"]).unwrap(), 0, 1), 2);
}

/// The alignment of a load that names none is that of the target's data layout (8 for `i64`), not that of
/// an empty one.
#[test]
fn the_data_layout_is_there_before_the_text() {
    let ir = "define i64 @f(ptr %p) { %x = load i64, ptr %p ret i64 %x }";
    let jit = Jit::new(TargetCpu::host()).unwrap();
    let context = inkwell::context::Context::create();
    let text = jit.parse(&context, ir).unwrap().print_to_string().to_string();
    assert!(text.contains("align 8"), "{text}");
}

fn status(key: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|l| l.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn hundreds_of_compilations_leave_nothing_behind() {
    let mut jit = Jit::new(TargetCpu::host()).unwrap();
    let lanes = f32_lanes(jit.target());
    let mut round = |n: usize| {
        for k in 0..n {
            // Constants of its own for each: what a context that is kept would collect.
            let ir = chain(lanes, 60 + k % 20, 10 + k);
            let code = jit.compile(&ir, &["chain"]).unwrap();
            assert!(code.size() > 60);
            jit.compile("define void @f() {", &[]).unwrap_err();
        }
    };
    round(50);
    let before = status("VmRSS:");
    round(200);
    let grown = status("VmRSS:").saturating_sub(before);
    // Other tests run beside this one in the same process: the bound is what 200 kept modules would by far
    // exceed.
    assert!(grown < 24 * 1024, "{grown} KiB");
}

#[test]
fn dropped_code_is_unmapped() {
    let image = Jit::new(TargetCpu::host()).unwrap().image(TWO, &["f"]).unwrap();
    let mapped = |address: *const u8| {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        maps.lines().find_map(|line| {
            let (range, rest) = line.split_once(' ').unwrap();
            let (from, to) = range.split_once('-').unwrap();
            let parse = |s| usize::from_str_radix(s, 16).unwrap();
            (parse(from)..parse(to)).contains(&address.addr()).then(|| rest[..4].to_owned())
        })
    };
    let code = image.load().unwrap();
    assert_eq!(mapped(code.entry(0)).as_deref(), Some("r-xp"));
    // 70,000 mappings at once would be more than Linux allows a process.
    for _ in 0..70_000 {
        drop(image.load().unwrap());
    }
}

#[test]
fn four_threads_compile_at_once() {
    std::thread::scope(|scope| {
        for t in 0..4 {
            scope.spawn(move || {
                let target = targets().nth(t % targets().count()).unwrap();
                let lanes = f32_lanes(&target);
                let mut jit = Jit::new(target).unwrap();
                for length in 1..12 {
                    let code = jit.compile(&chain(lanes, length * 3, 37), &["chain"]).unwrap();
                    let got = map(&code, &vec![1.0; lanes * 2]);
                    assert!(got.iter().all(|y| y.is_finite()));
                }
            });
        }
    });
}

#[test]
fn a_compiler_and_its_code_move_between_threads() {
    let mut jit = Jit::new(TargetCpu::host()).unwrap();
    jit.warm_up().unwrap();
    let code = std::thread::spawn(move || jit.compile(TWO, &["g"]).unwrap()).join().unwrap();
    std::thread::scope(|s| {
        for _ in 0..2 {
            s.spawn(|| assert_eq!(call(&code, 0, 1), 7));
        }
    });
}
