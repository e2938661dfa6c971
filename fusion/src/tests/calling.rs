//! Functions of a program within kernels: short ones leave no trace, others are one instruction.

use super::*;
use lazuli_core::Function;
use lazuli_core::function::Builder;

fn builder() -> Builder {
    Builder::new("f", Location::caller())
}

fn call(f: &Arc<Function>, result: u16, inputs: &[&NodeRef]) -> NodeRef {
    let op = Op::Call { function: f.clone(), result };
    node(op, inputs, f.result(result.into()), inputs[0].shape())
}

fn text(roots: &[&NodeRef]) -> String {
    let (_, plan, _) = planned(roots);
    let texts: Vec<String> = kernels(&plan).iter().map(|k| k.to_string()).collect();
    assert_eq!(texts.len(), 1, "{}", texts.concat());
    texts.concat()
}

/// `if x < y { x * y } else { exp(x) }`: computed both, and picked.
fn branching() -> Arc<Function> {
    let mut b = builder();
    let (x, y) = (b.argument(DType::F32), b.argument(DType::F32));
    let less = b.map(MapOp::Binary(BinaryOp::Lt), DType::Bool, &[x, y]);
    b.begin_if(less);
    let product = b.map(MapOp::Binary(BinaryOp::Mul), DType::F32, &[x, y]);
    b.return_(&[product]);
    b.end_if();
    let e = b.map(MapOp::Unary(UnaryOp::Exp), DType::F32, &[x]);
    b.return_(&[e]);
    b.finish().unwrap()
}

/// `while x < 100 { x = x * y }`
fn looping() -> Arc<Function> {
    let mut b = builder();
    let (x, y) = (b.argument(DType::F32), b.argument(DType::F32));
    let v = b.variable(x);
    let l = b.begin_loop(None, 10);
    let (now, most) = (b.get(v), b.constant(Scalar::new(100.0f32)));
    let go = b.map(MapOp::Binary(BinaryOp::Lt), DType::Bool, &[now, most]);
    b.begin_if(go);
    b.begin_else();
    b.break_(l);
    b.end_if();
    let next = b.map(MapOp::Binary(BinaryOp::Mul), DType::F32, &[now, y]);
    b.set(v, next);
    b.end_loop();
    let x = b.get(v);
    b.return_(&[x]);
    b.finish().unwrap()
}

#[test]
fn a_short_function_is_what_it_computes() {
    let (x, y) = (array(&[100]), array(&[100]));
    let called = call(&branching(), 0, &[&x, &y]);
    let less = node(Op::Map(MapOp::Binary(BinaryOp::Lt)), &[&x, &y], DType::Bool, &[100]);
    let (product, e) = (mul(&x, &y), exp(&x));
    let written = node(Op::Map(MapOp::Select), &[&less, &product, &e], DType::F32, &[100]);
    // Numbers of nodes differ, instructions do not.
    let body = |root: &NodeRef| {
        let (_, plan, _) = planned(&[root]);
        kernels(&plan)[0].body.clone()
    };
    assert_eq!(body(&called), body(&written));
}

#[test]
fn a_loop_is_one_instruction_among_its_neighbours() {
    let (x, y) = (array(&[30, 40]), array(&[30, 40]));
    let grown = call(&looping(), 0, &[&add(&x, &y), &y]);
    let root = sum(&mul(&grown, &x), 1);
    let text = text(&[&root]);
    let expected = "
        kernel rows (a0) inner (a1)
        %0: float32 full 0 = load #0[a0, a1]: float32
        %1: float32 full 0 = load #1[a0, a1]: float32
        %2: float32 full 0 = add %0 %1
        %3: float32 full 0 = call f.0 %2 %1
        %4: float32 full 0 = mul %3 %0
        %5: float32 row 1 = reduce sum %4
        store row out #5[a0]: float32 <- %5
        function f
        loop
        %2: float32 = %0, then %6
        %3: float32 = literal 100
        %4: bool = lt %2 %3
        %5: bool = not %4
        leave if %5
        %6: float32 = mul %2 %1
        return %2";
    let lines = |s: &str| s.trim().lines().map(str::trim).collect::<Vec<_>>().join("\n");
    assert_eq!(lines(&text), lines(expected), "\n{text}");
}

/// Kernels are known by what functions compute, plans by which functions they are.
#[test]
fn keys_of_functions() {
    let (f, g) = (looping(), looping());
    let bound_key = |f: &Arc<Function>| {
        let (x, y) = (array(&[100]), array(&[100]));
        let (_, _, launches) = planned(&[&call(f, 0, &[&x, &y])]);
        let bound = launches.launches.into_iter().next().expect("a kernel");
        let crate::bind::Launch::Kernel(bound) = bound else { panic!("no product here") };
        bound.key.clone()
    };
    assert_eq!(bound_key(&f), bound_key(&g));
    assert_ne!(f.id(), g.id());
}

/// A dear function is not computed twice for two readers that share no kernel.
#[test]
fn a_loop_is_not_repeated() {
    let (x, y) = (array(&[300, 40]), array(&[300, 40]));
    let grown = call(&looping(), 0, &[&x, &y]);
    let (a, b) = (sum(&grown, 0), sum(&grown, 1));
    let (_, plan, _) = planned(&[&a, &b]);
    let calls = kernels(&plan)
        .iter()
        .map(|k| k.body.iter().filter(|d| matches!(d.inst, crate::Inst::Call(..))).count())
        .sum::<usize>();
    assert_eq!(calls, 1);
}
