//! Whole graphs: what is fused equals what is not, whatever the strides are.

use super::*;

pub(crate) fn softmax(x: &NodeRef, axis: usize) -> NodeRef {
    let max = reduce_keep(ReduceOp::Max, x, &[axis]);
    let e = unary(UnaryOp::Exp, &binary(BinaryOp::Sub, x, &max));
    let sum = reduce_keep(ReduceOp::Sum, &e, &[axis]);
    binary(BinaryOp::Div, &e, &sum)
}

/// (x - mean) / sqrt(var + eps)
pub(crate) fn normalised(x: &NodeRef, axis: usize) -> NodeRef {
    let n = constant(x.shape()[axis] as f32);
    let mean = binary(BinaryOp::Div, &reduce_keep(ReduceOp::Sum, x, &[axis]), &n);
    let var = binary(BinaryOp::Div, &reduce_keep(ReduceOp::Moment2, x, &[axis]), &n);
    let deviation = unary(UnaryOp::Sqrt, &binary(BinaryOp::Add, &var, &constant(1e-5f32)));
    binary(BinaryOp::Div, &binary(BinaryOp::Sub, x, &mean), &deviation)
}

#[test]
fn softmax_over_either_axis() {
    let mut random = Random(11);
    for (n, m) in [(1000, 3), (3, 1000), (40, 64), (33, 300), (300, 257), (20, 3000), (3000, 20), (2, 9000)] {
        let x = random.leaf(DType::F32, &[n, m]);
        for axis in [0, 1] {
            let y = softmax(&x, axis);
            eval(&y);
            eval(&normalised(&x, axis));
            let t = eval(&transpose(&softmax(&transpose(&x), 1 - axis)));
            assert_eq!(t, eval(&y));
        }
    }
}

#[test]
fn rows_kept_in_scratch() {
    let mut random = Random(12);
    let x = random.leaf(DType::F32, &[12, 9000]);
    let y = softmax(&x, 1);
    let trace = Trace::collect(std::slice::from_ref(&y), &[]).unwrap();
    let launches = bind(&plan(&trace, &Caps::CPU), &trace, &Caps::CPU);
    let Launch::Kernel(bound) = &launches.launches[0] else { unreachable!("a kernel") };
    assert!(bound.keep && launches.launches.len() == 1);
    assert_eq!(Program::new(bound).kept.len(), 1);
    eval(&y);
}

#[test]
fn strides_of_all_kinds() {
    let mut random = Random(13);
    let bits: Vec<u64> = (0..4000).map(|_| random.bits(DType::F32)).collect();
    let layouts: [(&[usize], &[isize], isize); 7] = [
        (&[30, 40], &[40, 1], 100),
        (&[30, 40], &[1, 30], 0),
        (&[30, 40], &[-80, 2], 3000),
        (&[30, 40], &[80, -1], 60),
        (&[30, 40], &[0, 3], 5),
        (&[30, 40], &[7, 0], 5),
        (&[30, 40], &[0, 0], 9),
    ];
    let one = random.leaf(DType::F32, &[30, 40]);
    for (shape, strides, offset) in layouts {
        let layout = Layout { shape: Dims::from_slice(shape), strides: strides.into(), offset };
        let x = strided_leaf(DType::F32, &bits, layout);
        eval(&binary(BinaryOp::Mul, &x, &one));
        eval(&binary(BinaryOp::Add, &transpose(&x), &constant(1.5f32)));
        eval(&transpose(&unary(UnaryOp::Neg, &x)));
        eval(&reduce(ReduceOp::Sum, &x, &[0]));
        eval(&reduce(ReduceOp::Sum, &x, &[1]));
        eval(&reduce(ReduceOp::Sum, &x, &[0, 1]));
        eval(&softmax(&x, 0));
        eval(&softmax(&binary(BinaryOp::Add, &x, &one), 1));
        eval(&slice(&x, &[(29, -2, 15), (3, 5, 7)]));
        eval(&reshape(&x, &[1200]));
        eval(&unary(UnaryOp::Neg, &reshape(&x, &[12, 100])));
    }
}

#[test]
fn transposed_copies() {
    let mut random = Random(14);
    for dtype in [DType::U8, DType::F16, DType::F32, DType::F64] {
        let x = random.leaf(dtype, &[300, 170]);
        let y = random.leaf(dtype, &[170, 300]);
        let t = unary(UnaryOp::Neg, &transpose(&x));
        eval_all(&[binary(BinaryOp::Add, &t, &y)]);
        let z = random.leaf(dtype, &[6, 70, 130]);
        for axes in [[0, 2, 1], [1, 0, 2], [2, 1, 0], [2, 0, 1], [1, 2, 0]] {
            eval(&unary(UnaryOp::Neg, &permute(&z, &axes)));
        }
    }
}

#[test]
fn sizes_around_blocks_and_tiles() {
    let mut random = Random(15);
    for n in [1, 2, 63, 64, 65, 127, 128, 1000, 1023, 1024, 1025, 2047, 2048, 2049, 4096, 10_000] {
        for dtype in [DType::F32, DType::F64, DType::BF16, DType::Bool] {
            let (x, y) = (random.leaf(dtype, &[n]), random.leaf(dtype, &[n]));
            let z = binary(BinaryOp::Maximum, &x, &y);
            let less = binary(BinaryOp::Lt, &x, &y);
            eval_all(&[select(&less, &z, &x), less, z]);
        }
    }
}

#[test]
fn iotas_and_broadcasts() {
    let i = reshape(&iota(70), &[70, 1]);
    let j = iota(90);
    let square = binary(BinaryOp::Add, &binary(BinaryOp::Mul, &i, &constant(1000i64)), &j);
    let data = eval(&square);
    assert_eq!(data.bits[90 * 3 + 5], 3005);
    eval(&reduce(ReduceOp::Sum, &square, &[0]));
    eval(&reduce(ReduceOp::ArgMax, &square, &[1]));
    let s = slice(&iota(100), &[(90, -3, 20)]);
    assert_eq!(eval(&cast(DType::F64, &s)).bits[2], 84f64.to_bits());
    eval(&broadcast(&constant(2.5f32), &[5000]));
    let b = broadcast(&leaf(&[1, 3], &[1i32, 2, 3]), &[500, 3]);
    eval(&binary(BinaryOp::Mul, &b, &broadcast(&leaf(&[500, 1], &[7i32; 500]), &[500, 3])));
}

#[test]
fn long_chains_need_few_registers() {
    let mut random = Random(16);
    let x = random.leaf(DType::F32, &[3000]);
    let mut y = x.clone();
    for i in 0..100 {
        y = binary(BinaryOp::Add, &binary(BinaryOp::Mul, &y, &x), &constant(i as f32));
    }
    let trace = Trace::collect(std::slice::from_ref(&y), &[]).unwrap();
    let launches = bind(&plan(&trace, &Caps::CPU), &trace, &Caps::CPU);
    let Launch::Kernel(bound) = &launches.launches[0] else { unreachable!("a kernel") };
    assert!(Program::new(bound).bytes < 60_000, "{}", Program::new(bound).bytes);
    eval(&y);
}

/// Random expressions over a few arrays, with reductions and views in between.
#[test]
fn random_graphs() {
    let mut random = Random(17);
    for _ in 0..150 {
        eval_all(&random_graph(&mut random));
    }
}

/// The roots of a random graph: mostly one, sometimes three.
pub(crate) fn random_graph(random: &mut Random) -> Vec<NodeRef> {
    let dtypes = [DType::F32, DType::F64, DType::I32, DType::I64, DType::F16, DType::BF16, DType::U8];
    let dtype = dtypes[random.below(dtypes.len())];
    let sizes = [1, 2, 5, 17, 40, 100, 300];
    let shape: Vec<usize> = (0..2).map(|_| sizes[random.below(sizes.len())]).collect();
    let mut pool: Vec<NodeRef> = vec![
        random.leaf(dtype, &shape),
        transpose(&random.leaf(dtype, &[shape[1], shape[0]])),
        broadcast(&random.leaf(dtype, &[1, shape[1]]), &shape),
        broadcast(&random.leaf(dtype, &[shape[0], 1]), &shape),
    ];
    for _ in 0..3 + random.below(12) {
        let (a, b) = (pool[random.below(pool.len())].clone(), pool[random.below(pool.len())].clone());
        let next = match random.below(10) {
            0 => unary(UnaryOp::Neg, &a),
            1 if dtype.is_float() => unary(UnaryOp::Exp, &unary(UnaryOp::Neg, &unary(UnaryOp::Abs, &a))),
            2 => binary(BinaryOp::Maximum, &a, &b),
            3 => binary(BinaryOp::Sub, &a, &b),
            4 => binary(BinaryOp::Mul, &a, &b),
            5 | 6 => {
                let axis = random.below(2);
                let ops = [ReduceOp::Max, ReduceOp::Sum, ReduceOp::Min];
                let op = ops[random.below(3)];
                // Sums of 16-bit floats are formed in f32, as recording does.
                let wide = if dtype.compute() == dtype { a.clone() } else { cast(dtype.compute(), &a) };
                let r = cast(dtype, &reduce_keep(op, &wide, &[axis]));
                binary(BinaryOp::Sub, &b, &r)
            }
            7 => select(&binary(BinaryOp::Lt, &a, &b), &b, &a),
            8 => {
                let r = slice(&a, &[(shape[0] - 1, -1, shape[0]), (0, 1, shape[1])]);
                binary(BinaryOp::Add, &r, &b)
            }
            _ => binary(BinaryOp::Add, &a, &constant_of(dtype, 2.0)),
        };
        pool.push(next);
    }
    let last = pool.len() - 1;
    let mut roots = vec![pool[last].clone()];
    if random.below(3) == 0 {
        roots.push(pool[last - 1].clone());
        roots.push(reduce(ReduceOp::Max, &pool[last], &[random.below(2)]));
    }
    roots
}

fn constant_of(dtype: DType, v: f64) -> NodeRef {
    node(Op::Const(Scalar::from_f64(dtype, v)), &[], dtype, &[])
}
