//! Each operation on each type, at the edges of its domain. The launch is checked against the
//! definitions of [`super::naive`]; a few results are also written down here.

use super::*;

/// Values at the edges of a type, and some others.
pub(crate) fn edges(dtype: DType) -> Vec<u64> {
    let ints = [0i128, 1, 2, 3, 7, 31, 32, 33, 63, 64, 100, -1, -2, -3, -7, -64, -100];
    let range = match dtype {
        DType::Bool => return vec![0, 1, 1, 0],
        DType::I32 => (i32::MIN as i128, i32::MAX as i128),
        DType::I64 => (i64::MIN as i128, i64::MAX as i128),
        DType::U8 => (0, 255),
        DType::U64 => (0, u64::MAX as i128),
        _ => {
            let list = [
                0.0,
                0.5,
                1.0,
                1.5,
                2.5,
                0.1,
                1e-3,
                3.0,
                7.25,
                255.0,
                256.5,
                65504.0,
                65520.0,
                2147483647.5,
                9.3e18,
                1.9e19,
                1e-40,
                1e-310,
                3.4e38,
                1e39,
                1e300,
                f64::INFINITY,
                f64::NAN,
            ];
            let both = list.iter().flat_map(|&x| [x, -x]);
            return both.map(|x| Scalar::from_f64(dtype, x).bits).collect();
        }
    };
    let mask = if dtype.size() == 8 { u64::MAX } else { (1 << (8 * dtype.size())) - 1 };
    let near = [range.0, range.0 + 1, range.0 + 2, range.1, range.1 - 1, range.1 / 2, range.1 / 2 + 1];
    ints.iter().chain(&near).map(|&v| v as u64 & mask).collect()
}

pub(crate) const ALL: [DType; 9] = [
    DType::Bool,
    DType::I32,
    DType::I64,
    DType::U8,
    DType::U64,
    DType::F16,
    DType::BF16,
    DType::F32,
    DType::F64,
];

/// All pairs of edges, as two arrays.
pub(crate) fn pairs(dtype: DType) -> (NodeRef, NodeRef) {
    let e = edges(dtype);
    let n = e.len() * e.len();
    let a: Vec<u64> = (0..n).map(|i| e[i / e.len()]).collect();
    let b: Vec<u64> = (0..n).map(|i| e[i % e.len()]).collect();
    (leaf_of(dtype, &[n], &a), leaf_of(dtype, &[n], &b))
}

/// The operations of two values that a type has.
pub(crate) fn binary_ops(dtype: DType) -> Vec<BinaryOp> {
    use BinaryOp::*;
    let mut list = vec![Maximum, Minimum, Eq, Ne, Lt, Le, Gt, Ge];
    match dtype {
        DType::Bool => list.extend([And, Or, Xor]),
        t if t.is_int() => {
            list.extend([Add, Sub, Mul, Div, Rem, Remainder, FloorDiv, And, Or, Xor, Shl, Shr])
        }
        _ => list.extend([Add, Sub, Mul, Div, Rem, Remainder, FloorDiv, Copysign, Pow, Atan2, Hypot]),
    }
    list
}

/// The operations of one value that a type has. Those that ask something of a float give a bool.
pub(crate) fn unary_ops(dtype: DType) -> Vec<UnaryOp> {
    use UnaryOp::*;
    match dtype {
        DType::Bool => vec![Not],
        t if t.is_int() => vec![Neg, Abs, Not, Sign, Signum, Floor, Powi(3)],
        _ => vec![
            Neg,
            Abs,
            Sqrt,
            Recip,
            Rsqrt,
            Floor,
            Ceil,
            Round,
            Trunc,
            Sign,
            Signum,
            IsNan,
            IsInf,
            IsFinite,
            Powi(-3),
            Powi(7),
            Exp,
            Exp2,
            ExpM1,
            Ln,
            Ln1p,
            Log2,
            Log10,
            Sin,
            Cos,
            Tan,
            Asin,
            Acos,
            Atan,
            Sinh,
            Cosh,
            Tanh,
            Asinh,
            Acosh,
            Atanh,
            Erf,
            Erfc,
            Cbrt,
            Sigmoid,
        ],
    }
}

#[test]
fn binary_operations() {
    for dtype in ALL {
        let (a, b) = pairs(dtype);
        for op in binary_ops(dtype) {
            eval(&binary(op, &a, &b));
        }
    }
}

#[test]
fn unary_operations() {
    for dtype in ALL {
        let x = leaf_of(dtype, &[edges(dtype).len()], &edges(dtype));
        for op in unary_ops(dtype) {
            eval(&unary(op, &x));
        }
    }
}

#[test]
fn casts_between_all_types() {
    for from in ALL {
        let x = leaf_of(from, &[edges(from).len()], &edges(from));
        for to in ALL {
            eval(&cast(to, &x));
        }
    }
}

#[test]
fn select_and_mul_add() {
    for dtype in ALL {
        let (a, b) = pairs(dtype);
        let c = binary(BinaryOp::Le, &a, &b);
        eval(&select(&c, &b, &a));
        if dtype.is_float() {
            eval(&mul_add(&a, &b, &a));
            eval(&mul_add(&a, &broadcast(&b, a.shape()), &b));
        }
    }
}

#[test]
fn written_down() {
    let two = |a: i32, b: i32, op| eval(&binary(op, &leaf(&[1], &[a]), &leaf(&[1], &[b]))).bits[0] as i32;
    assert_eq!(two(i32::MIN, -1, BinaryOp::Div), i32::MIN);
    assert_eq!(two(i32::MIN, -1, BinaryOp::Rem), 0);
    assert_eq!((two(7, 0, BinaryOp::Div), two(7, 0, BinaryOp::Rem)), (0, 0));
    assert_eq!(
        (two(-8, 40, BinaryOp::Shr), two(-8, -1, BinaryOp::Shr), two(8, 40, BinaryOp::Shr)),
        (-1, -1, 0)
    );
    assert_eq!(
        (two(1, 31, BinaryOp::Shl), two(1, 32, BinaryOp::Shl), two(1, -1, BinaryOp::Shl)),
        (i32::MIN, 0, 0)
    );
    assert_eq!(two(i32::MAX, 1, BinaryOp::Add), i32::MIN);
    let f = |a: f32, b: f32, op| eval(&binary(op, &leaf(&[1], &[a]), &leaf(&[1], &[b]))).f32()[0];
    assert_eq!(f(-0.0, 0.0, BinaryOp::Maximum).to_bits(), 0);
    assert_eq!(f(0.0, -0.0, BinaryOp::Minimum).to_bits(), 0x8000_0000);
    assert!(f(f32::NAN, 1.0, BinaryOp::Maximum).is_nan() && f(1.0, f32::NAN, BinaryOp::Minimum).is_nan());
    assert_eq!(f(2.0, -f32::NAN, BinaryOp::Copysign), 2.0);
    assert_eq!(f(2.0, f32::from_bits(0xFFC0_0000), BinaryOp::Copysign), 2.0);
    assert_eq!(f(1e30, 3.0, BinaryOp::Rem), 1e30 % 3.0);
    let u = |x: f32, to| eval(&cast(to, &leaf(&[1], &[x]))).bits[0];
    assert_eq!((u(300.0, DType::U8), u(-1.0, DType::U8), u(f32::NAN, DType::I32)), (255, 0, 0));
    assert_eq!((u(f32::NAN, DType::Bool), u(-0.0, DType::Bool)), (1, 0));
    assert_eq!(u(3e10, DType::I32), i32::MAX as u64);
    // Rounding twice would give 1: above 1 + 2^-11 by less than f32 shows.
    let x = 1.0 + 2f64.powi(-11) + 2f64.powi(-40);
    let h = eval(&cast(DType::F16, &leaf(&[1], &[x]))).bits[0];
    assert_eq!(h, 0x3C01);
    let round = |x: f32| eval(&unary(UnaryOp::Round, &leaf(&[1], &[x]))).f32()[0];
    assert_eq!((round(2.5), round(3.5), round(-0.5).to_bits()), (2.0, 4.0, 0x8000_0000));
}
