//! Reductions of one's own, against the tree of `docs/NUMERICS.md` section 2 written naively, bit for bit.
//!
//! Every engine, fused and op by op; rows, columns, axes in the middle and everything; arrays that lie
//! otherwise in memory than they are read; lengths around every boundary of the tree. The states are
//! those that tell orders apart: sums of ill-conditioned numbers, products of complex numbers and of
//! matrices (of which no two commute), merged moments. A state that is missing must be left out, so the
//! identities here are not neutral.

use crate::engines::*;
use crate::reduction_order::{rows, tree};
use lazuli::prelude::*;
use lazuli::{Axes, Expr, ReductionKernel, Roots, if_else, while_loop};

/// Section 2: element r goes to partial 32 * (r div 256) + (r mod 32), then neighbours combine.
pub fn fold<S: Clone>(elements: impl Iterator<Item = S>, combine: impl Fn(&S, &S) -> S) -> Option<S> {
    let mut partials: Vec<Option<S>> = Vec::new();
    for (r, x) in elements.enumerate() {
        let p = 32 * (r / 256) + r % 32;
        partials.resize(partials.len().max(p + 1), None);
        partials[p] = Some(match &partials[p] {
            None => x,
            Some(s) => combine(s, &x),
        });
    }
    tree(partials.into_iter().flatten().collect(), &combine)
}

/// Bits in which all NaNs are equal.
#[allow(clippy::eq_op)]
fn bits<T: Element>(v: T) -> u64 {
    if v != v { u64::MAX } else { v.to_bits64() }
}

fn all<T: Element>(x: &Array<T>) -> Vec<u64> {
    x.to_vec().unwrap_or_else(|e| panic!("{e}")).into_iter().map(bits).collect()
}

/// A kernel: what it gives for an array (the bits of each result), and what it should give for elements
/// that stand at these places of the array.
struct Case<T: Element> {
    name: &'static str,
    call: Box<dyn Fn(&Array<T>, Axes) -> Vec<Vec<u64>>>,
    expected: Box<dyn Fn(&[usize], &[T]) -> Vec<u64>>,
}

/// The evaluation of several results is one: they share what is accumulated.
fn together(roots: impl Roots) {
    lazuli::eval(roots).unwrap_or_else(|e| panic!("{e}"));
}

fn sum() -> Case<f32> {
    let k = ReductionKernel::new("sum", |x: Expr<f32>| x, 0.0, |a, b| a + b, |s| s);
    Case {
        name: "sum",
        call: Box::new(move |x, axes| vec![all(&k.call(x, axes))]),
        expected: Box::new(|_, x| vec![bits(fold(x.iter().copied(), |a, b| a + b).unwrap_or(0.0))]),
    }
}

/// A state of two types, and two arguments.
fn argmax() -> Case<f32> {
    let k = ReductionKernel::new(
        "argmax",
        |(x, i): (Expr<f32>, Expr<i64>)| (x, i),
        (f32::NEG_INFINITY, -1),
        |(x, i), (y, j)| {
            let right = y.gt(x) | (y.is_nan() & !x.is_nan());
            (right.select(y, x), right.select(j, i))
        },
        |(x, i)| (i, x),
    );
    Case {
        name: "argmax",
        call: Box::new(move |x, axes| {
            let numbers = Array::from_vec((0..x.len() as i64).collect::<Vec<_>>()).to_device(&x.device());
            let (i, v) = k.call((x, &numbers.reshape(x.shape())), axes);
            together((&i, &v));
            vec![all(&i), all(&v)]
        }),
        expected: Box::new(|places, x| {
            let best = fold(x.iter().copied().zip(places), |&a, &b| {
                if b.0 > a.0 || (b.0.is_nan() && !a.0.is_nan()) { b } else { a }
            });
            let (v, i) = best.map_or((f32::NEG_INFINITY, -1), |(v, &i)| (v, i as i64));
            vec![bits(i), bits(v)]
        }),
    }
}

/// Two sums; only one is asked for where `both` is false.
fn moments(both: bool) -> Case<f32> {
    let k = ReductionKernel::new(
        "moments",
        |x: Expr<f32>| (x, x * x),
        (1.0, 2.0),
        |(a, b), (c, d)| (a + c, b + d),
        |s| s,
    );
    Case {
        name: "moments",
        call: Box::new(move |x, axes| {
            let (s, q) = k.call(x, axes);
            if both {
                together((&s, &q));
                return vec![all(&s), all(&q)];
            }
            vec![all(&q)]
        }),
        expected: Box::new(move |_, x| {
            let (s, q) =
                fold(x.iter().map(|&x| (x, x * x)), |a, b| (a.0 + b.0, a.1 + b.1)).unwrap_or((1.0, 2.0));
            if both { vec![bits(s), bits(q)] } else { vec![bits(q)] }
        }),
    }
}

/// Mean and variance, by merging counts, means and squared deviations (Chan, Golub, LeVeque 1983).
fn variance() -> Case<f64> {
    let k = ReductionKernel::new(
        "variance",
        |x: Expr<f64>| (Expr::from(1i64), x, Expr::from(0.0)),
        (0, 0.0, 0.0),
        |(n, a, p), (m, b, q)| {
            let (count, d) = (n + m, b - a);
            let (n, m, all) = (n.cast::<f64>(), m.cast::<f64>(), count.cast::<f64>());
            (count, a + d * m / all, p + q + d * d * n * m / all)
        },
        |(n, mean, m2)| (mean, m2 / n.cast::<f64>()),
    );
    Case {
        name: "variance",
        call: Box::new(move |x, axes| {
            let (mean, var) = k.call(x, axes);
            together((&mean, &var));
            vec![all(&mean), all(&var)]
        }),
        expected: Box::new(|_, x| {
            let (n, mean, m2) = fold(x.iter().map(|&x| (1i64, x, 0.0f64)), |&(n, a, p), &(m, b, q)| {
                let (count, d) = (n + m, b - a);
                let (n, m, all) = (n as f64, m as f64, count as f64);
                (count, a + d * m / all, p + q + d * d * n * m / all)
            })
            .unwrap_or((0, 0.0, 0.0));
            vec![bits(mean), bits(m2 / n as f64)]
        }),
    }
}

/// The product of the complex numbers 1 + xi / 16: it commutes, but for rounding.
fn complex_product() -> Case<f64> {
    let k = ReductionKernel::new(
        "complex",
        |x: Expr<f64>| (Expr::from(1.0), x * 0.0625),
        (1.0, 0.0),
        |(a, b), (c, d)| (a * c - b * d, a * d + b * c),
        |s| s,
    );
    Case {
        name: "complex product",
        call: Box::new(move |x, axes| {
            let (re, im) = k.call(x, axes);
            together((&re, &im));
            vec![all(&re), all(&im)]
        }),
        expected: Box::new(|_, x| {
            let product =
                fold(x.iter().map(|&x| (1.0, x * 0.0625)), |&(a, b), &(c, d)| (a * c - b * d, a * d + b * c));
            let (re, im) = product.unwrap_or((1.0, 0.0));
            vec![bits(re), bits(im)]
        }),
    }
}

/// The product of rotations with a shear: no two commute.
fn matrices() -> Case<f32> {
    let k = ReductionKernel::new(
        "matrices",
        |x: Expr<f32>| (Expr::from(1.0), x * 0.03125, x * -0.0625, Expr::from(0.875)),
        (1.0, 0.0, 0.0, 1.0),
        |(a, b, c, d), (e, f, g, h)| (a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h),
        |s| s,
    );
    Case {
        name: "matrix product",
        call: Box::new(move |x, axes| {
            let (a, b, c, d) = k.call(x, axes);
            together((&a, &b, &c, &d));
            vec![all(&a), all(&b), all(&c), all(&d)]
        }),
        expected: Box::new(|_, x| {
            let states = x.iter().map(|&x| [1.0, x * 0.03125, x * -0.0625, 0.875f32]);
            let product = fold(states, |&[a, b, c, d], &[e, f, g, h]| {
                [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h]
            });
            product.unwrap_or([1.0, 0.0, 0.0, 1.0]).into_iter().map(bits).collect()
        }),
    }
}

/// Eight values of six types; branches; a result that mixes them.
fn mixed() -> Case<u8> {
    let k = ReductionKernel::new(
        "mixed",
        |x: Expr<u8>| {
            let even = (x & 1).eq(0);
            let f = x.cast::<f64>() / 7.0;
            (
                even,
                x,
                x.cast::<i64>() << 33,
                f,
                f.cast::<f32>(),
                x.cast::<i32>() - 100,
                x.cast::<f32>(),
                !even,
            )
        },
        (true, 3, -1, 0.5, 0.25, 7, -0.0, false),
        |(a, b, c, d, e, f, g, h), (i, j, k, l, m, n, o, p)| {
            let (q, r) = if_else(b.lt(j), || (d + l, e * 0.5 + m), || (d - l * l.abs().sqrt(), e.maximum(m)));
            (a & i, b ^ (j << 1), c * 3 + k, q, r, f.maximum(n), g - o, h | p)
        },
        |(a, b, c, d, e, f, g, h)| {
            let all = d + e.cast::<f64>() + c.cast::<f64>() * 1e-9;
            ((a | h).select(all, -all), b, c, d, e, f, g, a)
        },
    );
    type State = (bool, u8, i64, f64, f32, i32, f32, bool);
    let combine = |s: &State, t: &State| {
        let (a, b, c, d, e, f, g, h) = *s;
        let (i, j, k, l, m, n, o, p) = *t;
        let (q, r) = if b < j { (d + l, e * 0.5 + m) } else { (d - l * l.abs().sqrt(), e.max(m)) };
        (a & i, b ^ (j << 1), c.wrapping_mul(3).wrapping_add(k), q, r, f.max(n), g - o, h | p)
    };
    Case {
        name: "eight values",
        call: Box::new(move |x, axes| {
            let (a, b, c, d, e, f, g, h) = k.call(x, axes);
            together((&a, &b, &c, &d, &e, &f, &g, &h));
            vec![all(&a), all(&b), all(&c), all(&d), all(&e), all(&f), all(&g), all(&h)]
        }),
        expected: Box::new(move |_, x| {
            let states = x.iter().map(|&x| {
                let (even, f) = (x & 1 == 0, x as f64 / 7.0);
                (even, x, (x as i64) << 33, f, f as f32, x as i32 - 100, x as f32, !even)
            });
            let (a, b, c, d, e, f, g, h) =
                fold(states, combine).unwrap_or((true, 3, -1, 0.5, 0.25, 7, -0.0, false));
            let all = d + e as f64 + c as f64 * 1e-9;
            let first = if a | h { all } else { -all };
            vec![bits(first), bits(b), bits(c), bits(d), bits(e), bits(f), bits(g), bits(a)]
        }),
    }
}

/// The array on a device: as it is, turned round in memory, and with gaps.
fn layouts<T: Element>(device: &Device, shape: &[usize], data: &[T]) -> Vec<(&'static str, Array<T>)> {
    let plain = shaped(device, shape, data);
    let turned = plain.t();
    together(&turned);
    let copied = shaped(device, turned.shape(), &turned.to_vec().unwrap()).t();
    let last = *shape.last().unwrap();
    let wide: Vec<T> = data.iter().flat_map(|&v| [v, v]).collect();
    let mut double = shape.to_vec();
    *double.last_mut().unwrap() = 2 * last;
    let gaps = shaped(device, &double, &wide).slice(s![.., ..;2]);
    let mut all = vec![("plain", plain), ("turned", copied)];
    if shape.len() == 2 {
        all.push(("with gaps", gaps));
    }
    all
}

#[track_caller]
fn check<T: Element>(case: &Case<T>, shape: &[usize], axes: &[usize], data: &[T]) {
    let mut expected: Vec<Vec<u64>> = Vec::new();
    for places in rows(shape, axes) {
        let elements: Vec<T> = places.iter().map(|&i| data[i]).collect();
        let results = (case.expected)(&places, &elements);
        expected.resize(results.len(), Vec::new());
        expected.iter_mut().zip(results).for_each(|(e, r)| e.push(r));
    }
    everywhere(|device, what| {
        for (layout, x) in layouts(device, shape, data) {
            let axes: Vec<isize> = axes.iter().map(|&d| d as isize).collect();
            let got = (case.call)(&x, axes.into());
            for (r, (got, expected)) in got.iter().zip(&expected).enumerate() {
                let wrong = got.iter().zip(expected).position(|(g, e)| g != e);
                assert_eq!(got.len(), expected.len());
                assert!(
                    wrong.is_none(),
                    "{} of {shape:?} ({layout}) on {what}: result {r} of row {wrong:?}: {got:x?} but {expected:x?}",
                    case.name
                );
            }
        }
    });
}

/// Lengths around the boundaries of the tree.
const LENGTHS: [usize; 17] = [0, 1, 2, 5, 31, 32, 33, 63, 100, 255, 256, 257, 300, 511, 513, 1023, 4096 + 3];

/// These lengths, in rows and columns, and others between other axes.
fn check_lengths<T: Element>(case: &Case<T>, lengths: &[usize], value: impl Fn(&mut Rng) -> T) {
    let mut rng = Rng(7);
    let mut data = |n: usize| -> Vec<T> { (0..n).map(|_| value(&mut rng)).collect() };
    for &n in lengths {
        check(case, &[3, n], &[1], &data(3 * n));
        check(case, &[n, 3], &[0], &data(3 * n));
    }
    for n in [1, 7, 33, 257, 1100] {
        check(case, &[n, 70], &[0], &data(70 * n));
        check(case, &[2, n, 3], &[1], &data(6 * n));
        check(case, &[3, n, 2], &[0, 2], &data(6 * n));
        check(case, &[2, n], &[0, 1], &data(2 * n));
    }
}

fn check_shapes<T: Element>(case: &Case<T>, value: impl Fn(&mut Rng) -> T) {
    check_lengths(case, &LENGTHS, value);
}

fn ill(rng: &mut Rng) -> f32 {
    rng.ill() as f32
}

#[test]
fn sums_in_every_shape() {
    check_shapes(&sum(), ill);
}

#[test]
fn positions_in_every_shape() {
    // Many equal values, and some NaN.
    check_shapes(&argmax(), |rng| [1.0, 2.0, 3.0, -1.0, f32::NAN, 0.5, 2.5][rng.below(1000).min(6)]);
    check_shapes(&argmax(), |rng| rng.below(30) as f32);
}

#[test]
fn two_sums_in_every_shape() {
    check_shapes(&moments(true), ill);
}

#[test]
fn one_of_two_sums_in_every_shape() {
    check_shapes(&moments(false), ill);
}

#[test]
fn merged_moments_in_every_shape() {
    check_shapes(&variance(), |rng| 1e6 + rng.ill());
}

#[test]
fn complex_products_in_every_shape() {
    check_shapes(&complex_product(), |rng| rng.unit() - 0.5);
}

#[test]
fn products_of_matrices_in_every_shape() {
    check_shapes(&matrices(), |rng| rng.unit() as f32 * 2.0 - 1.0);
}

#[test]
fn eight_values_in_every_shape() {
    check_lengths(&mixed(), &[0, 1, 33, 257, 513], |rng| rng.below(256) as u8);
}

#[test]
fn few_long_rows_and_many_short_ones() {
    let mut rng = Rng(3);
    let mut data = |n: usize| -> Vec<f32> { (0..n).map(|_| ill(&mut rng)).collect() };
    for case in [sum(), moments(true), matrices()] {
        for (shape, axes) in [
            (vec![100_003], vec![0]),
            (vec![2, 70_001], vec![1]),
            (vec![70_001, 2], vec![0]),
            (vec![3001, 7], vec![1]),
            (vec![1024, 33], vec![1]),
            (vec![7, 3001], vec![0]),
            (vec![5, 9, 4003], vec![0, 2]),
        ] {
            check(&case, &shape, &axes, &data(shape.iter().product()));
        }
    }
}

/// A sum or maximum of one's own is that of the library, whose identities are other ones.
#[test]
fn the_library_could_have_been_written_so() {
    let sums = ReductionKernel::new("sums", |x: Expr<f32>| x, 0.0, |a, b| a + b, |s| s);
    let largest = ReductionKernel::new("largest", |x: Expr<f32>| x, f32::NAN, |a, b| a.maximum(b), |s| s);
    let halves = ReductionKernel::new(
        "halves",
        |x: Expr<f16>| x.cast::<f32>(),
        0.0,
        |a, b| a + b,
        |s| s.cast::<f16>(),
    );
    let mut rng = Rng(11);
    let special: Vec<f32> = vec![-0.0; 300];
    let ill: Vec<f32> = (0..40 * 257).map(|_| ill(&mut rng)).collect();
    everywhere(|device, what| {
        for (shape, data) in [(vec![3usize, 100], &special), (vec![40, 257], &ill), (vec![257, 40], &ill)] {
            let x = shaped(device, &shape, data);
            for axis in [0, 1] {
                assert_eq!(all(&sums.call(&x, axis)), all(&x.sum(axis)), "sum of {shape:?} on {what}");
                assert_eq!(all(&largest.call(&x, axis)), all(&x.max(axis)), "max of {shape:?} on {what}");
                let h = x.cast::<f16>();
                assert_eq!(all(&halves.call(&h, axis)), all(&h.sum(axis)), "f16 sum of {shape:?} on {what}");
            }
        }
    });
}

/// 16-bit states round after every operation, as everything does.
#[test]
fn states_of_16_bits_round() {
    let k = ReductionKernel::new(
        "sum16",
        |x: Expr<bf16>| x * bf16::from_f64(1.5),
        bf16::ZERO,
        |a, b| a + b,
        |s| s,
    );
    let mut rng = Rng(5);
    let data: Vec<bf16> = (0..1000).map(|_| bf16::from_f64(rng.ill())).collect();
    let round = |v: f32| bf16::from_f32(v);
    let expected = fold(data.iter().map(|&x| round(x.to_f32() * 1.5)), |a, b| round(a.to_f32() + b.to_f32()));
    everywhere(|device, what| {
        assert_bits(what, &k.call(on(device, &data), ..), &[expected.unwrap()], |_| String::new());
    });
}

/// Arguments are broadcast; a state may hold what is the same for all elements.
#[test]
fn arguments_broadcast() {
    let k = ReductionKernel::new(
        "weighted",
        |(x, w, c): (Expr<f64>, Expr<f64>, Expr<f64>)| (x * w * c, w, Expr::from(1i64)),
        (0.0, 0.0, 0),
        |(a, b, n), (c, d, m)| (a + c, b + d, n + m),
        |(s, w, n)| (s / w, n),
    );
    let mut rng = Rng(9);
    let x: Vec<f64> = (0..30 * 300).map(|_| rng.ill()).collect();
    let w: Vec<f64> = (0..300).map(|_| rng.unit()).collect();
    everywhere(|device, what| {
        let (mean, n) = k.call((&shaped(device, &[30, 300], &x), &on(device, &w), 2.0), 1);
        together((&mean, &n));
        let expected: Vec<f64> = (0..30)
            .map(|r| {
                let states = (0..300).map(|c| (x[300 * r + c] * w[c] * 2.0, w[c]));
                let (s, w) = fold(states, |a, b| (a.0 + b.0, a.1 + b.1)).unwrap();
                s / w
            })
            .collect();
        assert_bits(what, &mean, &expected, |r| format!("row {r}"));
        assert_eq!(n.to_vec().unwrap(), [300; 30], "{what}");
        // Over columns of a row that is broadcast: the same element again and again.
        let row = on(device, &w).broadcast_to([70, 300]);
        let (_, n) = k.call((&row, 1.0, 1.0), 0);
        assert_eq!(n.to_vec().unwrap(), [70; 300], "{what}");
        // Scalars, and arrays of no axes: a state without company.
        let (one, n) = k.call((3.0, 2.0, &Array::scalar(1.0).to_device(device)), ..);
        assert_eq!((one.item().unwrap(), n.item().unwrap()), (3.0, 1), "{what}");
    });
}

#[test]
fn no_elements_give_what_finish_makes_of_the_identity() {
    let k = ReductionKernel::new(
        "k",
        |x: Expr<f32>| (x, Expr::from(true)),
        (6.5, false),
        |(a, b), (c, d)| (a + c, b & d),
        |(s, b)| (b.select(s, s * 2.0), b),
    );
    everywhere(|device, what| {
        for (shape, axes, left) in [
            (vec![0], vec![0], 1),
            (vec![3, 0], vec![1], 3),
            (vec![0, 70], vec![0], 70),
            (vec![4, 0, 5], vec![0, 1], 5),
        ] {
            let (s, b) = k.call(Array::zeros(&shape[..]).to_device(device), axes);
            together((&s, &b));
            assert_eq!(s.to_vec().unwrap(), vec![13.0; left], "{shape:?} on {what}");
            assert_eq!(b.to_vec().unwrap(), vec![false; left], "{shape:?} on {what}");
        }
        // No rows at all.
        let (s, _) = k.call(Array::zeros([0, 3]).to_device(device), 1);
        assert_eq!(s.to_vec().unwrap(), [0.0; 0], "{what}");
    });
}

/// What makes the arguments and what is done with the results is one kernel with the reduction, whatever the
/// number of values of the state, and kept axes broadcast back.
#[test]
fn producers_and_consumers_fuse() {
    let norm = ReductionKernel::new(
        "norm",
        |x: Expr<f64>| (x * x, x.abs()),
        (0.0, 0.0),
        |(a, b), (c, d)| (a + c, b.maximum(d)),
        |(s, m)| (s.sqrt(), m),
    );
    let x: Vec<f64> = (0..12 * 500).map(|i| ((i * 7919) % 1009) as f64 / 100.0 - 5.0).collect();
    for device in engines() {
        let x = shaped(&device, &[12, 500], &x);
        let (n, m) = norm.call(&(&x * 0.5 + 1.0), keep(1));
        assert_eq!(n.shape(), [12, 1]);
        let scaled = (&x / n) * m.exp();
        assert_eq!(lazuli::explain(&scaled).unwrap().kernels(), 1, "{}", lazuli::explain(&scaled).unwrap());
        let (n, m) = norm.call(&(&x * 0.5 + 1.0), 0);
        let plan = lazuli::explain((&n, &m)).unwrap();
        assert_eq!(plan.kernels(), 1, "{plan}");
        assert_eq!(plan.bytes_read(), 12 * 500 * 8, "{plan}");
    }
}

/// Beside reductions of the library, in one kernel of several sweeps.
#[test]
fn folds_stand_beside_other_reductions() {
    let k = ReductionKernel::new(
        "sq",
        |x: Expr<f64>| (x * x, x),
        (0.0, 0.0),
        |(a, b), (c, d)| (a + c, b + d),
        |s| s,
    );
    let mut rng = Rng(23);
    let data: Vec<f64> = (0..20 * 700).map(|_| rng.ill()).collect();
    for device in engines() {
        for axis in [0, 1] {
            let x = shaped(&device, &[20, 700], &data);
            let build = || {
                let d = &x - x.mean(keep(axis));
                let (q, s) = k.call(&d, keep(axis));
                ((&d / q.sqrt()).max(axis) + d.var(axis)) * s.reshape([-1]) + x.sum(axis)
            };
            let y = build();
            assert_eq!(lazuli::explain(&y).unwrap().kernels(), 1);
            assert_eq!(all(&y), lazuli::fusion(false, || all(&build())), "axis {axis} on {device}");
        }
    }
}

#[test]
fn what_makes_no_sense_is_an_error() {
    let x = Array::from_vec(vec![1.0f64, 2.0]);
    let looping = ReductionKernel::new(
        "looping",
        |x: Expr<f64>| x,
        0.0,
        |a, b| while_loop(a, |a| a.lt(b), |a| a + 1.0),
        |s| s,
    );
    let text = crate::support::message(&looping.call(&x, ..));
    assert!(text.contains("looping") && text.contains("loops belong into the map"), "{text}");
    let mut kept = None;
    let foreign = ReductionKernel::new(
        "foreign",
        |x: Expr<f64>| {
            kept = Some(x);
            x
        },
        0.0,
        |a, b| a + b,
        |s| s,
    );
    foreign.call(&x, ..).item().unwrap();
    let foreign = ReductionKernel::new("foreign", |x: Expr<f64>| x, 0.0, |a, b| a + b, |s| s + kept.unwrap());
    assert!(crate::support::message(&foreign.call(&x, ..)).contains("outside of the function"));
    let sum = ReductionKernel::new("sum", |(x, y): (Expr<f64>, Expr<f64>)| x * y, 0.0, |a, b| a + b, |s| s);
    assert!(crate::support::message(&sum.call((&x, 1.0), 1)).contains("axis"));
    assert!(crate::support::message(&sum.call((&x, 1.0), [0, 0])).contains("axis"));
    let other = Array::from_vec(vec![1.0; 3]);
    let text = crate::support::message(&sum.call((&x, &other), ..));
    assert!(text.contains("[2]") && text.contains("[3]"), "{text}");
    assert!(sum.call((&x.reshape([7]), &other), 5).error().unwrap().to_string().contains("reshape"));
    let there = x.to_device(&Device::portable());
    assert!(sum.call((&x, &there), ..).error().is_some());
    // A map may loop.
    let collatz = ReductionKernel::new(
        "collatz",
        |n: Expr<i64>| {
            let step = |n: Expr<i64>| (n & 1).eq(0).select(n / 2, 3 * n + 1);
            while_loop((n, Expr::from(0i64)), |(n, _)| n.gt(1), |(n, t)| (step(n), t + 1)).1
        },
        0,
        |a, b| a.maximum(b),
        |s| s,
    );
    everywhere(|device, what| {
        let n = on(device, &(1..100).collect::<Vec<i64>>());
        assert_eq!(collatz.call(&n, ..).item().unwrap(), 118, "{what}");
    });
}

/// One kernel of code for all sizes, and none for other elements; a compiled plan takes it too.
#[test]
fn kernels_are_compiled_once() {
    let k = ReductionKernel::new("once", |x: Expr<f64>| x, 0.0, |a, b| a + b * 1.0, |s| s);
    let again = k.clone();
    assert_eq!((k.name(), format!("{again:?}").contains("once")), ("once", true));
    let x = |n: usize| Array::from_vec((0..n).map(|i| i as f64).collect());
    k.call(x(1000), ..).item().unwrap();
    let (_, stats) = lazuli::stats_scope(|| {
        assert_eq!(again.call(x(1001), ..).item().unwrap(), 500_500.0);
        assert_eq!(k.call(x(2000), ..).item().unwrap(), 1_999_000.0);
    });
    assert_eq!(stats.kernels_compiled, 0);
    let plan = lazuli::compile::<f64, _>(move |x| k.call(&x, ..) * 2.0);
    assert_eq!(plan.call(&x(10)).unwrap().item().unwrap(), 90.0);
}
