//! Functions with loops and branches, against their meaning for one number at a time.

use super::random_functions::random_function;
use super::*;
use lazuli_core::Function;
use lazuli_core::function::Builder;

/// A result of a function, applied to arrays of one shape.
pub(crate) fn call(f: &Arc<Function>, result: u16, inputs: &[&NodeRef]) -> NodeRef {
    let dtype = f.result(result.into());
    node(Op::Call { function: f.clone(), result }, inputs, dtype, inputs[0].shape())
}

/// Roots that call a random function: stored, between other operations, of row values and below
/// reductions along either axis.
pub(crate) fn random_calls(random: &mut Random) -> Vec<NodeRef> {
    let types = [DType::F32, DType::I64];
    let f = random_function(random, 10, &types, &types);
    let shape = [1 + random.below(70), 1 + random.below(600)];
    let (x, k) = (random.leaf(DType::F32, &shape), random.leaf(DType::I64, &shape));
    let (real, count) = (call(&f, 0, &[&x, &k]), call(&f, 1, &[&x, &k]));
    let twice = binary(BinaryOp::Mul, &real, &cast(DType::F32, &count));
    match random.below(4) {
        0 => vec![real, count],
        1 => vec![reduce(ReduceOp::Sum, &twice, &[1])],
        2 => vec![reduce(ReduceOp::Max, &twice, &[0]), reduce(ReduceOp::Sum, &count, &[0])],
        _ => {
            // The function at row level, and of a broadcast row.
            let (sums, counts) = (reduce_keep(ReduceOp::Sum, &x, &[1]), reduce_keep(ReduceOp::Sum, &k, &[1]));
            let row = call(&f, 0, &[&sums, &counts]);
            vec![binary(BinaryOp::Add, &twice, &row), reduce(ReduceOp::Sum, &row, &[0])]
        }
    }
}

/// Where machine code is compiled, its tests try these here too.
#[cfg(not(feature = "llvm"))]
#[test]
fn random_functions() {
    for part in 0..random_functions::PARTS {
        random_functions::each(part, |roots| drop(eval_all(roots)));
    }
}

/// As above.
#[cfg(not(feature = "llvm"))]
#[test]
fn calls_among_other_operations() {
    let mut random = Random(11);
    for _ in 0..30 {
        eval_all(&random_calls(&mut random));
    }
}

/// `while n != 1 { .. }` would never end for the zeros beyond the last element.
#[test]
fn what_stands_beyond_the_last_element_is_not_run() {
    let mut b = Builder::new("collatz", Location::caller());
    let n = b.argument(DType::I64);
    let (zero, one, two, three) = (0, 1, 2, 3);
    let [zero, one, two, three] = [zero, one, two, three].map(|v: i64| b.constant(Scalar::new(v)));
    let (left, steps) = (b.variable(n), b.variable(zero));
    let l = b.begin_loop(Some(1000), line!());
    let now = b.get(left);
    let done = b.map(MapOp::Binary(BinaryOp::Eq), DType::Bool, &[now, one]);
    b.begin_if(done);
    b.break_(l);
    b.end_if();
    let half = b.map(MapOp::Binary(BinaryOp::Div), DType::I64, &[now, two]);
    let rest = b.map(MapOp::Binary(BinaryOp::Rem), DType::I64, &[now, two]);
    let odd = b.map(MapOp::Binary(BinaryOp::Eq), DType::Bool, &[rest, one]);
    let more = b.map(MapOp::MulAdd, DType::I64, &[now, three, one]);
    let next = b.map(MapOp::Select, DType::I64, &[odd, more, half]);
    b.set(left, next);
    let count = b.get(steps);
    let count = b.map(MapOp::Binary(BinaryOp::Add), DType::I64, &[count, one]);
    b.set(steps, count);
    b.end_loop();
    let count = b.get(steps);
    b.return_(&[count]);
    let f = b.finish().unwrap();
    for n in [1, 27, 63, 64, 65, 300] {
        let x = leaf(&[n], &(1..=n as i64).collect::<Vec<_>>());
        let steps = eval(&call(&f, 0, &[&x]));
        let expected = |mut n: u64| {
            let mut steps = 0;
            while n != 1 {
                n = if n % 2 == 1 { 3 * n + 1 } else { n / 2 };
                steps += 1;
            }
            steps
        };
        assert_eq!(steps.bits, (1..=n as u64).map(expected).collect::<Vec<_>>());
    }
}
