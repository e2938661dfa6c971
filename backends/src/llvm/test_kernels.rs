//! IR of realistic kernels, written out by hand: for the tests of the compiler and for measuring it.
//!
//! All come for any number of lanes, so that one text serves every target. They are what the emitter is
//! expected to write: explicit vectors, constants as splats, no fast-math flags, a masked tail where there
//! is one.

use std::fmt::Write;

/// `float`'s bits as LLVM writes them: a double in hexadecimal.
pub fn f(x: f32) -> String {
    format!("0x{:016X}", f64::from(x).to_bits())
}

/// A vector constant with the same value in every lane.
fn splat(x: f32) -> String {
    format!("splat (float {})", f(x))
}

/// The steps of an `exp` on `%x`, ending in `%y`; names carry `tag` (written `~` below). A clamp, a split
/// into `k*ln2 + r`, a polynomial of degree 6 in `r`, and the exponent put together from bits. `fma` or
/// separate multiplications and additions.
fn exp_body(lanes: usize, tag: &str, fma: bool) -> String {
    let v = format!("<{lanes} x float>");
    let i = format!("<{lanes} x i32>");
    let mut s = String::new();
    let mut op = |line: String| writeln!(s, "  {}", line.replace('~', tag)).unwrap();
    op(format!("%lo~ = fcmp olt {v} %x~, {}", splat(-87.0)));
    op(format!("%c0~ = select <{lanes} x i1> %lo~, {v} {}, {v} %x~", splat(-87.0)));
    op(format!("%hi~ = fcmp ogt {v} %c0~, {}", splat(88.0)));
    op(format!("%c~ = select <{lanes} x i1> %hi~, {v} {}, {v} %c0~", splat(88.0)));
    op(format!("%m~ = fmul {v} %c~, {}", splat(std::f32::consts::LOG2_E)));
    op(format!("%t~ = fadd {v} %m~, {}", splat(12_582_912.0)));
    op(format!("%k~ = fsub {v} %t~, {}", splat(12_582_912.0)));
    op(format!("%h~ = fmul {v} %k~, {}", splat(0.693_359_4)));
    op(format!("%r0~ = fsub {v} %c~, %h~"));
    op(format!("%l~ = fmul {v} %k~, {}", splat(-2.121_944_4e-4)));
    op(format!("%r~ = fsub {v} %r0~, %l~"));
    op(format!("%p0~ = fadd {v} {}, zeroinitializer", splat(1.0 / 720.0)));
    for (n, c) in [1.0f32 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0].into_iter().enumerate() {
        let (old, new, c) = (format!("%p{n}~"), format!("%p{}~", n + 1), splat(c));
        if fma {
            op(format!("{new} = call {v} @llvm.fma.v{lanes}f32({v} {old}, {v} %r~, {v} {c})"));
        } else {
            op(format!("%q{n}~ = fmul {v} {old}, %r~"));
            op(format!("{new} = fadd {v} %q{n}~, {c}"));
        }
    }
    op(format!("%ki~ = fptosi {v} %k~ to {i}"));
    op(format!("%e0~ = add {i} %ki~, splat (i32 127)"));
    op(format!("%e1~ = shl {i} %e0~, splat (i32 23)"));
    op(format!("%e~ = bitcast {i} %e1~ to {v}"));
    op(format!("%y~ = fmul {v} %p6~, %e~"));
    s
}

/// `void exp(float const *in, float *out, i64 n)`: a loop over vectors and a masked tail.
pub fn exp(lanes: usize, fma: bool) -> String {
    let v = format!("<{lanes} x float>");
    let m = format!("<{lanes} x i1>");
    let (body, tail_body) = (exp_body(lanes, ".b", fma), exp_body(lanes, ".t", fma));
    format!(
        "define void @exp(ptr noalias readonly %in, ptr noalias %out, i64 %n) {{
entry:
  %whole = and i64 %n, -{lanes}
  %some = icmp ne i64 %whole, 0
  br i1 %some, label %body, label %after
body:
  %i = phi i64 [ 0, %entry ], [ %next, %body ]
  %pi = getelementptr float, ptr %in, i64 %i
  %x.b = load {v}, ptr %pi, align 4
{body}  %po = getelementptr float, ptr %out, i64 %i
  store {v} %y.b, ptr %po, align 4
  %next = add i64 %i, {lanes}
  %more = icmp ult i64 %next, %whole
  br i1 %more, label %body, label %after
after:
  %rest = icmp ult i64 %whole, %n
  br i1 %rest, label %tail, label %done
tail:
  %mask = call {m} @llvm.get.active.lane.mask.v{lanes}i1.i64(i64 %whole, i64 %n)
  %ti = getelementptr float, ptr %in, i64 %whole
  %x.t = call {v} @llvm.masked.load.v{lanes}f32.p0(ptr align 4 %ti, {m} %mask, {v} zeroinitializer)
{tail_body}  %to = getelementptr float, ptr %out, i64 %whole
  call void @llvm.masked.store.v{lanes}f32.p0({v} %y.t, ptr align 4 %to, {m} %mask)
  br label %done
done:
  ret void
}}
declare {v} @llvm.fma.v{lanes}f32({v}, {v}, {v})
declare {m} @llvm.get.active.lane.mask.v{lanes}i1.i64(i64, i64)
declare {v} @llvm.masked.load.v{lanes}f32.p0(ptr, {m}, {v})
declare void @llvm.masked.store.v{lanes}f32.p0({v}, ptr, {m})
"
    )
}

/// `double sumsq(double const *in, i64 n)`: four accumulators; `n` is a positive multiple of four vectors.
pub fn sumsq(lanes: usize) -> String {
    let v = format!("<{lanes} x double>");
    let mut s = String::from(
        "define double @sumsq(ptr noalias readonly %in, i64 %n) {\nentry:\n  br label %body\nbody:\n",
    );
    let mut op = |line: String| writeln!(s, "  {line}").unwrap();
    op("%i = phi i64 [ 0, %entry ], [ %next, %body ]".to_owned());
    for a in 0..4 {
        op(format!("%a{a} = phi {v} [ zeroinitializer, %entry ], [ %s{a}, %body ]"));
    }
    for a in 0..4 {
        op(format!("%j{a} = add i64 %i, {}", a * lanes));
        op(format!("%p{a} = getelementptr double, ptr %in, i64 %j{a}"));
        op(format!("%x{a} = load {v}, ptr %p{a}, align 8"));
        op(format!("%q{a} = fmul {v} %x{a}, %x{a}"));
        op(format!("%s{a} = fadd {v} %a{a}, %q{a}"));
    }
    op(format!("%next = add i64 %i, {}", 4 * lanes));
    op("%more = icmp ult i64 %next, %n".to_owned());
    op("br i1 %more, label %body, label %done".to_owned());
    op("\ndone:".to_owned());
    op(format!("%t0 = fadd {v} %s0, %s1"));
    op(format!("%t1 = fadd {v} %s2, %s3"));
    op(format!("%t = fadd {v} %t0, %t1"));
    for k in 0..lanes {
        op(format!("%e{k} = extractelement {v} %t, i64 {k}"));
    }
    op("%r0 = fadd double %e0, 0.0".to_owned());
    for k in 1..lanes {
        op(format!("%r{k} = fadd double %r{}, %e{k}", k - 1));
    }
    op(format!("ret double %r{}", lanes - 1));
    s + "}\n"
}

/// `void chain(float const *in, float *out, i64 n)`: `length` operations in a row on each element, no tail,
/// with at most `constants` different constants.
pub fn chain(lanes: usize, length: usize, constants: usize) -> String {
    let v = format!("<{lanes} x float>");
    let mut s = format!(
        "define void @chain(ptr noalias readonly %in, ptr noalias %out, i64 %n) {{
entry:
  br label %body
body:
  %i = phi i64 [ 0, %entry ], [ %next, %body ]
  %pi = getelementptr float, ptr %in, i64 %i
  %v0 = load {v}, ptr %pi, align 4\n"
    );
    for k in 0..length {
        let (op, c) = chain_step(k, constants);
        writeln!(s, "  %v{} = {op} {v} %v{k}, {}", k + 1, splat(c)).unwrap();
    }
    writeln!(
        s,
        "  %po = getelementptr float, ptr %out, i64 %i
  store {v} %v{length}, ptr %po, align 4
  %next = add i64 %i, {lanes}
  %more = icmp ult i64 %next, %n
  br i1 %more, label %body, label %done
done:
  ret void
}}"
    )
    .unwrap();
    s
}

/// The `k`-th operation of [`chain`] and its constant.
pub fn chain_step(k: usize, constants: usize) -> (&'static str, f32) {
    let c = 1.0 + (k % constants) as f32 / 128.0;
    match k % 3 {
        0 => ("fmul", c),
        1 => ("fadd", c),
        _ => ("fsub", c),
    }
}
