//! Orders of reductions, against the definition written out.

use super::*;

pub(crate) const LENGTHS: [usize; 22] =
    [0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255, 256, 257, 511, 513, 1000, 2048, 2049, 5000];

pub(crate) fn ops(n: usize, dtype: DType) -> Vec<ReduceOp> {
    use ReduceOp::*;
    let mut list = vec![];
    if dtype == DType::Bool {
        list.extend([Any, All]);
    } else {
        list.extend([Sum, Prod]);
    }
    if n > 0 {
        list.extend([Min, Max, ArgMin, ArgMax]);
    }
    if dtype.is_float() {
        list.push(Moment2);
    }
    list
}

pub(crate) const REGISTERS: [DType; 7] =
    [DType::Bool, DType::I32, DType::I64, DType::U8, DType::U64, DType::F32, DType::F64];

#[test]
fn rows_and_columns_of_every_length_and_type() {
    let mut random = Random(1);
    for dtype in REGISTERS {
        for n in LENGTHS {
            let rows = if n < 300 { 5 } else { 2 };
            let x = random.leaf(dtype, &[rows, n]);
            let t = transpose(&random.leaf(dtype, &[n, rows]));
            for op in ops(n, dtype) {
                eval(&reduce(op, &x, &[1]));
                eval(&reduce(op, &x, &[0, 1]));
                eval(&reduce(op, &t, &[1]));
                if rows > 0 {
                    eval(&reduce(op, &x, &[0]));
                }
            }
        }
    }
}

#[test]
fn many_columns() {
    let mut random = Random(2);
    for (n, rows) in [(3, 5000), (16, 700), (40, 1030), (257, 1500), (1000, 300), (600, 20)] {
        for dtype in [DType::F32, DType::F64, DType::U8] {
            let x = random.leaf(dtype, &[n, rows]);
            let roots: Vec<NodeRef> = ops(n, dtype).iter().map(|&op| reduce(op, &x, &[0])).collect();
            eval_all(&roots);
            for r in &roots {
                eval(r);
            }
        }
    }
}

#[test]
fn tiny_rows_run_across() {
    let mut random = Random(3);
    let x = random.leaf(DType::F32, &[5000, 3]);
    let e = unary(UnaryOp::Exp, &x);
    let sum = reduce_keep(ReduceOp::Sum, &e, &[1]);
    eval_all(&[binary(BinaryOp::Div, &e, &sum), reduce(ReduceOp::Max, &x, &[1])]);
    eval(&reduce(ReduceOp::Moment2, &x, &[1]));
}

#[test]
fn sums_by_hand() {
    // 1 + 2^-25 is 1 in f32, so the order shows.
    let mut x = vec![f32::EPSILON / 4.0; 5000];
    x[0] = 1.0;
    let sum = eval(&reduce(ReduceOp::Sum, &leaf(&[5000], &x), &[0])).f32()[0];
    // Partial 0 stays 1; all other partials are exact, and so is what they add up to; it rounds once.
    let rest = (5000 - 8) as f64 * (f32::EPSILON / 4.0) as f64;
    assert!((sum as f64 - 1.0 - rest).abs() <= f32::EPSILON as f64 * 2.0);
    assert_eq!(eval(&reduce(ReduceOp::Sum, &leaf::<f32>(&[0], &[]), &[0])).bits, [0]);
    assert_eq!(eval(&reduce(ReduceOp::Sum, &leaf(&[2], &[-0.0f32, -0.0]), &[0])).bits, [0x8000_0000]);
    assert_eq!(eval(&reduce(ReduceOp::Prod, &leaf::<f64>(&[0], &[]), &[0])).bits, [1.0f64.to_bits()]);
}

#[test]
fn a_transposed_sum_has_the_same_bits() {
    let mut random = Random(4);
    for (n, m) in [(300, 257), (64, 1000), (1000, 33), (5, 700)] {
        for dtype in [DType::F32, DType::F64] {
            let x = random.leaf(dtype, &[n, m]);
            for op in [ReduceOp::Sum, ReduceOp::Moment2, ReduceOp::Prod] {
                let rows = eval(&reduce(op, &x, &[1]));
                let columns = eval(&reduce(op, &transpose(&x), &[0]));
                assert_eq!(rows, columns);
            }
        }
    }
}

#[test]
fn several_axes_of_a_permuted_array() {
    let mut random = Random(5);
    let x = random.leaf(DType::F32, &[7, 9, 11, 5]);
    for axes in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        let p = permute(&x, &axes);
        for over in [&[0, 1][..], &[1, 2], &[0, 2, 3], &[0, 1, 2, 3], &[1, 3], &[0], &[3]] {
            for op in [ReduceOp::Sum, ReduceOp::ArgMax, ReduceOp::Moment2] {
                let r = reduce(op, &p, over);
                let packed = eval(&r);
                // The same from a copy in row-major order.
                let copy = eval(&p);
                assert_eq!(packed, eval(&reduce(op, &leaf_of(copy.dtype, &copy.shape, &copy.bits), over)));
            }
        }
    }
}

#[test]
fn nan_and_signed_zeros() {
    let nan = f32::NAN;
    for rows in [1, 40] {
        let row = [0.0f32, -0.0, 3.0, nan, -5.0, nan, 7.0].repeat(9);
        let x = leaf(&[rows, row.len()], &row.repeat(rows));
        let arg = eval(&reduce(ReduceOp::ArgMax, &x, &[1]));
        assert!(arg.bits.iter().all(|&i| i == 3));
        assert!(eval(&reduce(ReduceOp::Min, &x, &[1])).f32().iter().all(|v| v.is_nan()));
        let zeros = [-0.0f32, 0.0, -0.0, 0.0].repeat(20);
        let z = leaf(&[rows, 80], &zeros.repeat(rows));
        assert!(eval(&reduce(ReduceOp::ArgMax, &z, &[1])).bits.iter().all(|&i| i == 0));
        assert!(eval(&reduce(ReduceOp::Max, &z, &[1])).bits.iter().all(|&b| b == 0));
        assert!(eval(&reduce(ReduceOp::Min, &z, &[1])).bits.iter().all(|&b| b == 0x8000_0000));
        let zt = leaf(&[80, rows], &(0..80 * rows).map(|i| zeros[i / rows]).collect::<Vec<_>>());
        assert!(eval(&reduce(ReduceOp::ArgMin, &zt, &[0])).bits.iter().all(|&i| i == 0));
    }
}

#[test]
fn moments_of_data_with_an_offset() {
    let mut random = Random(6);
    for n in [4096, 70_000] {
        let x: Vec<f32> = (0..n).map(|_| 1.0e4 + random.real() as f32).collect();
        let mean = x.iter().map(|&v| v as f64).sum::<f64>() / n as f64;
        let exact: f64 = x.iter().map(|&v| (v as f64 - mean).powi(2)).sum();
        let m = eval(&reduce(ReduceOp::Moment2, &leaf(&[n], &x), &[0])).f32()[0];
        assert!((m as f64 / exact - 1.0).abs() < 1e-5, "{m} for {exact}");
    }
}

#[test]
fn constants_reduce_like_arrays() {
    let x = broadcast(&constant(0.1f32), &[3, 1000]);
    eval(&reduce(ReduceOp::Sum, &x, &[1]));
    eval(&reduce(ReduceOp::Moment2, &x, &[0]));
    let y = broadcast(&leaf(&[3, 1], &[0.1f32, 0.2, 0.3]), &[3, 1000]);
    eval(&reduce(ReduceOp::Sum, &y, &[1]));
    eval(&reduce(ReduceOp::Sum, &unary(UnaryOp::Exp, &y), &[0]));
    eval(&reduce(ReduceOp::Sum, &leaf(&[1, 1], &[5.0f64]), &[0]));
    eval(&reduce(ReduceOp::ArgMax, &leaf(&[4, 1], &[5i32, 1, 2, 3]), &[1]));
}

#[test]
fn empties() {
    let x = leaf::<f32>(&[4, 0], &[]);
    assert_eq!(eval(&reduce(ReduceOp::Sum, &x, &[1])).bits, [0; 4]);
    assert_eq!(eval(&reduce(ReduceOp::Moment2, &x, &[1])).bits, [0; 4]);
    assert_eq!(eval(&reduce(ReduceOp::Sum, &x, &[0])).bits, []);
    let b = leaf::<bool>(&[0, 3], &[]);
    assert_eq!(eval(&reduce(ReduceOp::Any, &b, &[0])).bits, [0; 3]);
    assert_eq!(eval(&reduce(ReduceOp::All, &b, &[0])).bits, [1; 3]);
}

#[test]
fn split_rows() {
    let mut random = Random(7);
    for (rows, n) in [(1, 70_000), (3, 40_001), (1, 1 << 17), (2, 100_256)] {
        for dtype in [DType::F32, DType::F64, DType::I32] {
            let x = random.leaf(dtype, &[rows, n]);
            let roots: Vec<NodeRef> = ops(n, dtype).iter().map(|&op| reduce(op, &x, &[1])).collect();
            eval_all(&roots);
            for &op in &ops(n, dtype) {
                eval(&reduce(op, &x, &[1]));
            }
        }
        let x = random.leaf(DType::F32, &[rows, n]);
        eval(&super::fusion::softmax(&x, 1));
        eval(&super::fusion::normalised(&x, 1));
    }
}
