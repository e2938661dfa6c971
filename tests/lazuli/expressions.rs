//! Kernels made of closures over expressions, while the program runs.

use crate::engines::*;
use crate::support::*;
use lazuli::prelude::*;
use lazuli::{ElementwiseKernel, Expr, if_else, while_loop};

const N: usize = 131;

fn points() -> Vec<f64> {
    (0..N).map(|i| i as f64 * 0.21 - 11.0).collect()
}

#[test]
fn closures_become_kernels() {
    for degree in [0, 1, 5] {
        let power =
            ElementwiseKernel::new("power", |x: Expr<f64>| (0..degree).fold(Expr::from(1.0), |p, _| p * x));
        let expected: Vec<f64> = points().iter().map(|x| (0..degree).fold(1.0, |p, _| p * x)).collect();
        everywhere(|d, engine| {
            let what = format!("degree {degree} on {engine}");
            assert_bits(&what, &power.call(on(d, &points())), &expected, |i| format!("element {i}"));
        });
    }
}

#[test]
fn expressions_have_operators_and_methods() {
    let k = ElementwiseKernel::new("all", |(x, y, n): (Expr<f64>, Expr<f64>, Expr<i64>)| {
        let a = 2.0 * x - y / 3.0 + -x % 4.0 + (1.0 - y);
        let b =
            x.exp().mul_add(y, 0.5).max(-1.0).minimum(x) + x.atan2(y).powi(2) + y.round().clamp(-3.0, 3.0);
        let c = !((n & 12) | (n ^ 5)) + (n << 2) - (3 >> n) + (1 | n);
        let d = x.lt(y) & !x.gt(0.0) | n.eq(3);
        (a + b, c, d, d.select(x, 7.0), n.cast::<f64>())
    });
    #[vectorize]
    #[allow(clippy::precedence)]
    fn all(x: f64, y: f64, n: i64) -> (f64, i64, bool, f64, f64) {
        let a = 2.0 * x - y / 3.0 + -x % 4.0 + (1.0 - y);
        let b =
            x.exp().mul_add(y, 0.5).max(-1.0).minimum(x) + x.atan2(y).powi(2) + y.round().clamp(-3.0, 3.0);
        let c = !((n & 12) | (n ^ 5)) + (n << 2) - (3 >> n) + (1 | n);
        let d = (x < y) & !(x > 0.0) | (n == 3);
        (a + b, c, d, d.select(x, 7.0), n as f64)
    }
    let n: Vec<i64> = (0..N as i64).collect();
    let each: Vec<_> = points().iter().zip(&n).map(|(&x, &n)| all(x, 1.25, n)).collect();
    fn check<T: Element>(engine: &str, result: usize, got: &Array<T>, expected: Vec<T>) {
        let describe = |i| format!("result {result} of element {i}");
        assert_bits(engine, got, &expected, describe);
    }
    everywhere(|d, engine| {
        let got = k.call((on(d, &points()), 1.25, on(d, &n)));
        check(engine, 0, &got.0, each.iter().map(|e| e.0).collect());
        check(engine, 1, &got.1, each.iter().map(|e| e.1).collect());
        check(engine, 2, &got.2, each.iter().map(|e| e.2).collect());
        check(engine, 3, &got.3, each.iter().map(|e| e.3).collect());
        check(engine, 4, &got.4, each.iter().map(|e| e.4).collect());
    });
}

#[vectorize]
fn halve(n: i64) -> i64 {
    if n % 2 != 0 {
        return n;
    }
    n / 2
}

#[test]
fn elements_go_their_own_ways() {
    let odd = ElementwiseKernel::new("odd", |n: Expr<i64>| {
        // Vectorised functions take expressions.
        let (n, turns) = while_loop(
            (n, Expr::from(0)),
            |(n, turns)| n.ne(0) & halve(n).ne(n) & turns.lt(100),
            |(n, turns)| (halve(n), turns + 1),
        );
        if_else(n.lt(0), || (-n, turns), || (n, turns * 10))
    });
    let x: Vec<i64> = (0..N as i64).map(|i| (i - 60) << (i % 9)).collect();
    let expected = |n: i64| match n {
        0 => (0, 0),
        n => {
            let zeros = n.trailing_zeros() as i64;
            ((n >> zeros).abs(), if n < 0 { zeros } else { zeros * 10 })
        }
    };
    let first: Vec<i64> = x.iter().map(|&n| expected(n).0).collect();
    let second: Vec<i64> = x.iter().map(|&n| expected(n).1).collect();
    everywhere(|d, engine| {
        let (n, turns) = odd.call(on(d, &x));
        assert_bits(engine, &n, &first, |i| format!("{}", x[i]));
        assert_bits(engine, &turns, &second, |i| format!("turns of {}", x[i]));
    });
}

#[test]
fn loops_and_branches_nest() {
    // A loop in a loop, a branch in it, and branches in a branch after it.
    let k = ElementwiseKernel::new("nested", |(x, n): (Expr<f64>, Expr<i64>)| {
        let (sum, left) = while_loop(
            (Expr::from(0.0), n),
            |(sum, left)| left.gt(0) & sum.lt(40.0),
            |(sum, left)| {
                let (y, _) = while_loop(
                    (x, left),
                    |(y, k)| k.gt(0) & y.abs().lt(8.0),
                    |(y, k)| (y * 1.5 + 0.25, k - 2),
                );
                (if_else((left % 2).eq(0), || sum + y, || sum - y), left - 1)
            },
        );
        if_else(
            sum.gt(0.0),
            || (sum, left),
            || (sum.exp(), if_else(left.eq(0), || n, || if_else(x.lt(0.0), || left * 3, || -left))),
        )
    });
    #[vectorize]
    fn nested(x: f64, n: i64) -> (f64, i64) {
        let (mut sum, mut left) = (0.0, n);
        while left > 0 && sum < 40.0 {
            let (mut y, mut k) = (x, left);
            while k > 0 && y.abs() < 8.0 {
                (y, k) = (y * 1.5 + 0.25, k - 2);
            }
            sum = if left % 2 == 0 { sum + y } else { sum - y };
            left -= 1;
        }
        if sum > 0.0 {
            (sum, left)
        } else if left == 0 {
            (sum.exp(), n)
        } else if x < 0.0 {
            (sum.exp(), left * 3)
        } else {
            (sum.exp(), -left)
        }
    }
    let n: Vec<i64> = (0..N as i64).map(|i| i * 7 % 23 - 3).collect();
    let each: Vec<_> = points().iter().zip(&n).map(|(&x, &n)| nested(x, n)).collect();
    let (sums, lefts): (Vec<f64>, Vec<i64>) = each.into_iter().unzip();
    everywhere(|d, engine| {
        let (sum, left) = k.call((on(d, &points()), on(d, &n)));
        assert_bits(engine, &sum, &sums, |i| format!("the sum of element {i}"));
        assert_bits(engine, &left, &lefts, |i| format!("what is left of element {i}"));
    });
    let count = Array::from_vec(n);
    assert_eq!(k.call((Array::from_vec(points()), &count)).0.sum(..).explain().kernels(), 1);
}

#[test]
fn calls_broadcast_and_fuse() {
    let k = ElementwiseKernel::new("scaled", |(x, y): (Expr<f64>, Expr<f64>)| x * y + 1.0);
    let (x, y) = (Array::from_vec(points()), Array::linspace(0.0, 1.0, 3).reshape([3, 1]));
    let sum = k.call((&x, &y)).sum(-1);
    assert_eq!(sum.explain().kernels(), 1);
    assert_array(&sum, &[3], &values(&(&x * &y + 1.0).sum(-1)));
    // Scalars alone have no axes.
    assert_array(&k.call((2.0, 3.0)), &[], &[7.0]);
    assert_array(&k.clone().call((&Array::zeros([0]), 3.0)), &[0], &[]);
    assert_eq!((k.name(), format!("{k:?}").contains("scaled")), ("scaled", true));
}

#[test]
fn errors_are_values() {
    let k = ElementwiseKernel::new("pair", |(x, y): (Expr<f32>, Expr<f32>)| x - y);
    let line = line!() + 1;
    let told = message(&k.call((&Array::zeros([3]), &Array::zeros([4]))));
    assert!(told.starts_with("pair: shapes [3] and [4] cannot be broadcast together"), "{told}");
    assert!(told.contains(&format!("expressions.rs:{line}:")), "{told}");

    // Arrays of two devices do not meet in a kernel.
    let elsewhere = Array::from_vec(vec![1.0f32; 3]).to_device(&Device::portable());
    let line = line!() + 1;
    let told = message(&k.call((Array::from_vec(vec![1.0; 3]), &elsewhere)));
    assert!(told.starts_with("pair: ") && told.contains("portable"), "{told}");
    assert!(told.contains(&format!("expressions.rs:{line}:")), "{told}");
    assert_array(&elsewhere, &[3], &[1.0; 3]);

    // An expression means something in its own function alone.
    let mut kept = None;
    let _ = ElementwiseKernel::new("first", |x: Expr<f32>| {
        kept = Some(x);
        x
    });
    let kept = kept.unwrap();
    let outside = kept + 1.0;
    for stolen in [kept, outside] {
        let second = ElementwiseKernel::new("second", |x: Expr<f32>| x + stolen);
        let told = message(&second.call(Array::zeros([3])));
        let start = "second: an expression is used outside of the function that it was made for";
        assert!(told.starts_with(start), "{told}");
    }

    // Arrays in a closure are no part of the kernel, and record as ever.
    let noted = ElementwiseKernel::new("noted", |x: Expr<i64>| {
        let y = values(&halve(&Array::from_vec(vec![8; 70])));
        x + y[69]
    });
    assert_array(&noted.call(Array::from_vec(vec![1; 70])), &[70], &[5; 70]);

    // A panic of a closure is the program's own, and leaves nothing behind.
    let panics = std::panic::catch_unwind(|| {
        ElementwiseKernel::new("panics", |x: Expr<f32>| if N > 1 { panic!("no") } else { x });
    });
    assert!(panics.is_err());
    assert_array(&k.call((2.0, 0.5)), &[], &[1.5]);

    // Without bound.
    let long = ElementwiseKernel::new("long", |x: Expr<f32>| (0..300_000).fold(x, |y, _| y + 1.0));
    let told = message(&long.call(Array::zeros([3])));
    assert!(told.starts_with("long: the function has more than 16384 operations"), "{told}");
}
