//! `#[stencil]`: elements and their neighbours, on every engine, against loops over indices.

use crate::engines::*;
use crate::support::*;
use lazuli::prelude::*;

/// Where position `i` of an axis of `n` is read, by the definition: `None` for the constant.
pub fn edge(rule: &str, i: isize, n: usize) -> Option<usize> {
    let n = n as isize;
    let at = match rule {
        _ if (0..n).contains(&i) => i,
        "constant" => return None,
        "nearest" => i.clamp(0, n - 1),
        "wrap" => i.rem_euclid(n),
        "reflect" => {
            let i = i.rem_euclid(2 * n);
            if i < n { i } else { 2 * n - 1 - i }
        }
        "mirror" if n == 1 => 0,
        "mirror" => {
            let i = i.rem_euclid(2 * n - 2);
            if i < n { i } else { 2 * n - 2 - i }
        }
        _ => unreachable!("no other rule"),
    };
    Some(at as usize)
}

/// The element of a matrix at a place near (i, j).
fn near(x: &[f32], shape: [usize; 2], rules: [&str; 2], beyond: f32, i: isize, j: isize) -> f32 {
    match (edge(rules[0], i, shape[0]), edge(rules[1], j, shape[1])) {
        (Some(i), Some(j)) => x[i * shape[1] + j],
        _ => beyond,
    }
}

/// Numbers without a pattern.
pub fn numbers(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7919 + 13) % 1009) as f32 * 0.01 - 5.0).collect()
}

/// Compares on every engine, fused and op by op.
#[track_caller]
pub fn same<T: Element>(what: &str, expected: &[T], f: impl Fn(&Device) -> Array<T>) {
    for device in engines() {
        assert_bits(&format!("{what} on {device}"), &f(&device), expected, |i| format!("element {i}"));
        let unfused = lazuli::fusion(false, || f(&device).to_vec().map(Array::from_vec)).unwrap();
        assert_bits(&format!("{what} op by op on {device}"), &unfused, expected, |i| format!("element {i}"));
    }
}

macro_rules! crosses {
    ($($name:ident $rule:meta, $spoken:literal;)*) => {$(
        mod $name {
            #[lazuli::stencil($rule)]
            pub fn cross(u: &[[f32]], k: f32) -> f32 {
                u[0][0] + k * (u[-1][0] + u[1][0] + u[0][-1] + u[0][2] - 4.0 * u[-2][1])
            }
        }
    )*
        #[test]
        fn every_rule_at_every_size() {
            let sizes = [[1, 1], [1, 7], [2, 3], [3, 2], [4, 5], [1, 40], [37, 1], [17, 19], [23, 131], [5, 300]];
            for shape in sizes {
                let (x, k) = (numbers(shape[0] * shape[1]), 0.375);
                $({
                    let rule = $spoken;
                    let at = |i: usize, j: usize, di: isize, dj: isize| {
                        near(&x, shape, [rule; 2], -2.5, i as isize + di, j as isize + dj)
                    };
                    let mut expected = Vec::new();
                    for i in 0..shape[0] {
                        for j in 0..shape[1] {
                            let sum = at(i, j, -1, 0) + at(i, j, 1, 0) + at(i, j, 0, -1) + at(i, j, 0, 2);
                            expected.push(at(i, j, 0, 0) + k * (sum - 4.0 * at(i, j, -2, 1)));
                        }
                    }
                    let name = format!("{rule} {shape:?}");
                    same(&name, &expected, |d| {
                        $name::cross(Array::from_shape_vec(shape, x.clone()).unwrap().to_device(d), k)
                    });
                })*
            }
        }
    };
}
crosses! {
    nearest nearest, "nearest";
    reflect reflect, "reflect";
    mirror mirror, "mirror";
    wrap wrap, "wrap";
    constant constant(-2.5), "constant";
}

/// A rule for each axis, two windows of different types, two results, a loop and a branch.
#[lazuli::stencil(wrap, constant(7))]
fn two(a: &[[i64]], b: &[[i32]], n: i64) -> (i64, bool) {
    const FAR: isize = 3;
    let mut s = 0i64;
    for k in 0..n {
        s = s * 3 + if k % 2 == 0 { a[-1][FAR] } else { b[1][-1] as i64 };
    }
    (s, a[0][0] > b[FAR - 1][0] as i64)
}

#[test]
fn two_windows_two_results_and_loops() {
    let (h, w) = (9, 35);
    let a: Vec<i64> = (0..h * w).map(|i| (i * 31 % 57) as i64 - 20).collect();
    let b: Vec<i32> = (0..w).map(|i| (i * 17 % 29) as i32).collect();
    let at_a = |i: isize, j: isize| match edge("constant", j, w) {
        Some(j) => a[edge("wrap", i, h).unwrap() * w + j],
        None => 7,
    };
    // Stretched along the first axis: each of its rows is the same.
    let at_b = |j: isize| edge("constant", j, w).map_or(7, |j| b[j]) as i64;
    let (mut sums, mut larger) = (Vec::new(), Vec::new());
    for i in 0..h as isize {
        for j in 0..w as isize {
            let s = (0..4).fold(0, |s, k| s * 3 + if k % 2 == 0 { at_a(i - 1, j + 3) } else { at_b(j - 1) });
            sums.push(s);
            larger.push(at_a(i, j) > at_b(j));
        }
    }
    for device in engines() {
        let a = Array::from_shape_vec([h, w], a.clone()).unwrap().to_device(&device);
        let b = Array::from_vec(b.clone()).to_device(&device);
        let (s, l) = two(&a, &b, 4);
        lazuli::eval((&s, &l)).unwrap();
        assert_array(&s, &[h, w], &sums);
        assert_array(&l, &[h, w], &larger);
    }
}

#[lazuli::stencil(nearest)]
fn average<T: Float>(x: &[T]) -> T {
    (x[-1] + x[0] + x[1]) / 3.0
}

fn averaged(x: &[f64]) -> Vec<f64> {
    let n = x.len();
    (0..n).map(|i| (x[i.saturating_sub(1)] + x[i] + x[(i + 1).min(n - 1)]) / 3.0).collect()
}

#[test]
fn any_strides_and_leading_axes() {
    let (batch, n) = (6, 50);
    let x: Vec<f64> = numbers(batch * n).iter().map(|&v| v as f64).collect();
    let rows: Vec<f64> = x.chunks(n).flat_map(averaged).collect();
    let matrix = |d: &Device| Array::from_shape_vec([batch, n], x.clone()).unwrap().to_device(d);
    same("rows of a matrix", &rows, |d| average(matrix(d)));
    same("transposed there and back", &rows, |d| {
        let t = matrix(d).t() + 0.0;
        t.eval().unwrap();
        average(t.t())
    });
    let flipped: Vec<f64> =
        x.chunks(n).flat_map(|r| averaged(&r.iter().rev().copied().collect::<Vec<_>>())).collect();
    same("backwards", &flipped, |d| average(matrix(d).flip(1)));
    let columns: Vec<f64> =
        (0..n).flat_map(|j| averaged(&(0..batch).map(|i| x[i * n + j]).collect::<Vec<_>>())).collect();
    same("of the transpose", &columns, |d| average(matrix(d).t()));
    let stretched: Vec<f64> = (0..3).flat_map(|_| averaged(&x[..n])).collect();
    same("of a stretched row", &stretched, |d| {
        average(Array::from_vec(x[..n].to_vec()).to_device(d).broadcast_to([3, n]))
    });
    let same_value: Vec<f64> = x[..n].iter().flat_map(|&v| averaged(&[v; 4])).collect();
    same("along a stretched axis", &same_value, |d| {
        average(Array::from_vec(x[..n].to_vec()).to_device(d).reshape([n, 1]).broadcast_to([n, 4]))
    });
    let odd: Vec<f64> = averaged(&x.iter().step_by(3).copied().collect::<Vec<_>>());
    same("every third element", &odd, |d| average(Array::from_vec(x.clone()).to_device(d).slice(s![..;3])));
    assert_array(&average(Array::<f64>::zeros([4, 0])), &[4, 0], &[]);
    assert_array(&average(Array::<f64>::zeros([0, 4])), &[0, 4], &[]);
}

#[vectorize]
fn exponential(x: f64) -> f64 {
    x.exp()
}

#[test]
fn what_stands_around_a_stencil() {
    let n = 1000;
    let x: Vec<f64> = numbers(n).iter().map(|&v| v as f64).collect();
    let leaf = |d: &Device| Array::from_vec(x.clone()).to_device(d);
    let scaled: Vec<f64> = averaged(&x.iter().map(|v| v * 2.0 + 1.0).collect::<Vec<_>>());
    same("a cheap producer", &scaled, |d| average(leaf(d) * 2.0 + 1.0));
    let twice = averaged(&averaged(&x));
    same("a stencil of a stencil", &twice, |d| average(average(leaf(d))));
    let dear: Vec<f64> = averaged(&x.iter().map(|&v| exponential(v)).collect::<Vec<_>>());
    same("a dear producer", &dear, |d| average(leaf(d).exp()));
    let after: Vec<f64> = averaged(&x).iter().zip(&x).map(|(a, b)| (a - b) * 0.5).collect();
    same("a consumer", &after, |d| (average(leaf(d)) - leaf(d)) * 0.5);
    let kept: Vec<f64> = averaged(&x)[10..990].to_vec();
    same("a slice of it", &kept, |d| average(leaf(d)).slice(s![10..990]));
    let shape: Vec<f64> = averaged(&x);
    same("a reshape of it", &shape, |d| average(leaf(d)).reshape([10, 100]));
    let mean = |x: Vec<f64>| Array::from_vec(x).sum(..).item().unwrap();
    same("a sum of it", &[mean(averaged(&x))], |d| average(leaf(d)).sum(..));
    let total = mean(x.clone());
    let centred: Vec<f64> = averaged(&x).iter().map(|v| v - total).collect();
    same("beside a sum", &centred, |d| average(leaf(d)) - leaf(d).sum(..));
    same("beside a sum that comes after", &centred, |d| {
        let (x, y) = (leaf(d), leaf(d));
        let near = average(&x);
        &near - y.sum(..)
    });
    let softened: Vec<f64> = {
        let a = Array::from_vec(averaged(&x));
        (&a / a.sum(..)).to_vec().unwrap()
    };
    same("divided by its own sum", &softened, |d| {
        let a = average(leaf(d));
        &a / a.sum(..)
    });
    let dot = Array::from_vec(averaged(&x)).reshape([20, 50]).matmul(&Array::from_vec(x[..50].to_vec()));
    same("in a product", &dot.to_vec().unwrap(), |d| {
        average(leaf(d)).reshape([20, 50]).matmul(&Array::from_vec(x[..50].to_vec()).to_device(d))
    });
}

#[test]
fn many_steps_over_large_arrays_in_place_of_temporaries() {
    #[lazuli::stencil(nearest)]
    fn heat(u: &[[f32]], k: f32) -> f32 {
        u[0][0] + k * (u[-1][0] + u[1][0] + u[0][-1] + u[0][1] - 4.0 * u[0][0])
    }
    let (h, w) = (700, 1531);
    let mut expected = numbers(h * w);
    let x = Array::from_shape_vec([h, w], expected.clone()).unwrap();
    for _ in 0..3 {
        let at = |i: isize, j: isize| near(&expected, [h, w], ["nearest"; 2], 0.0, i, j);
        let step = |i: isize, j: isize| {
            at(i, j) + 0.1 * (at(i - 1, j) + at(i + 1, j) + at(i, j - 1) + at(i, j + 1) - 4.0 * at(i, j))
        };
        expected = (0..h * w).map(|p| step((p / w) as isize, (p % w) as isize)).collect();
    }
    for device in [Device::cpu(), Device::portable()] {
        let mut u = x.to_device(&device);
        for _ in 0..3 {
            u = heat(&u, 0.1);
        }
        assert_bits("three steps", &u, &expected, |i| format!("({}, {})", i / w, i % w));
    }
}

#[test]
fn far_and_sparse_neighbours() {
    #[lazuli::stencil(nearest)]
    fn nearest(x: &[f32]) -> f32 {
        x[-400] - 2.0 * x[70]
    }
    #[lazuli::stencil(mirror)]
    fn mirror(x: &[f32]) -> f32 {
        x[-400] - 2.0 * x[70]
    }
    #[lazuli::stencil(wrap)]
    fn wrap(x: &[f32]) -> f32 {
        x[-400] - 2.0 * x[70]
    }
    for n in [1, 2, 50, 333, 5000] {
        let x = numbers(n);
        for (rule, f) in [
            ("nearest", (|x| nearest(x)) as fn(&Array<f32>) -> Array<f32>),
            ("mirror", |x| mirror(x)),
            ("wrap", |x| wrap(x)),
        ] {
            let at = |i: usize, d: isize| x[edge(rule, i as isize + d, n).unwrap()];
            let expected: Vec<f32> = (0..n).map(|i| at(i, -400) - 2.0 * at(i, 70)).collect();
            same(&format!("{rule} of {n}"), &expected, |d| f(&Array::from_vec(x.clone()).to_device(d)));
        }
    }
}

#[test]
fn plans_of_stencils() {
    let x = Array::from_vec(numbers(100 * 100)).reshape([100, 100]);
    let y = nearest::cross(&(&x * 0.5), 0.25) + 1.0;
    let plan = y.explain();
    // Producer, stencil and consumer are one kernel; corners, sides and the middle are launches of it.
    assert_eq!((plan.kernels(), plan.arena), (1, 0), "{plan}");
    assert_eq!(plan.launches(), 16, "{plan}");
    assert_eq!(plan.bytes_read(), 40_000, "{plan}");
    assert_eq!(plan.bytes_written(), 40_000, "{plan}");
    assert!(plan.to_string().contains("in 16 boxes"), "{plan}");
    let (_, stats) = lazuli::stats_scope(|| y.eval().map(|_| ()).unwrap());
    assert_eq!((stats.kernels_run, stats.launches), (1, 16));
    // A dear producer is stored, not computed for each neighbour.
    let plan = nearest::cross(x.exp(), 0.25).explain();
    assert_eq!(plan.kernels(), 2, "{plan}");
    // No reduction runs over windows.
    let plan = nearest::cross(&x, 0.25).sum(..).explain();
    assert_eq!(plan.kernels(), 2, "{plan}");
    assert!(plan.to_string().contains("windows"), "{plan}");
    // Stencils share a kernel while they see few elements together: their boxes multiply.
    let beside = |n: usize| {
        let crosses = (0..n).map(|_| nearest::cross(Array::from_vec(numbers(64)).reshape([8, 8]), 0.25));
        crosses.reduce(|a, b| a + b).unwrap().explain()
    };
    assert_eq!(beside(3).kernels(), 1, "{}", beside(3));
    assert_eq!(beside(6).kernels(), 4, "three of them store theirs: {}", beside(6));
}

#[test]
fn large_arrays_go_in_tiles() {
    #[lazuli::stencil(nearest)]
    fn around(u: &[[[f32]]], k: f32) -> f32 {
        let along = (u[-1][0][0] + u[1][0][0]) + (u[0][-1][0] + u[0][1][0]) + (u[0][0][-1] + u[0][0][1]);
        u[0][0][0] + k * (along - 6.0 * u[0][0][0])
    }
    // Planes of 2.5 MB, which the caches do not keep three of for a core; and rows that long.
    for (shape, boxes) in [([4, 900, 700], 45), ([4, 1, 630_000], 18)] {
        let x = numbers(shape.iter().product());
        let at = |i: [usize; 3], axis: usize, d: isize| {
            let mut i = i;
            i[axis] = i[axis].saturating_add_signed(d).min(shape[axis] - 1);
            x[(i[0] * shape[1] + i[1]) * shape[2] + i[2]]
        };
        let point = |p: usize| {
            let i = [p / shape[2] / shape[1], p / shape[2] % shape[1], p % shape[2]];
            let along = |axis: usize| at(i, axis, -1) + at(i, axis, 1);
            at(i, 0, 0) + 0.1 * (along(0) + along(1) + along(2) - 6.0 * at(i, 0, 0))
        };
        let expected: Vec<f32> = (0..x.len()).map(point).collect();
        let array = Array::from_shape_vec(shape, x.clone()).unwrap();
        let plan = around(&array, 0.1).explain();
        assert_eq!((plan.kernels(), plan.launches()), (1, boxes), "{plan}");
        for device in [Device::cpu(), Device::portable()] {
            let out = around(array.to_device(&device), 0.1);
            assert_bits(&format!("{shape:?} on {device}"), &out, &expected, |i| format!("element {i}"));
        }
    }
}

#[test]
fn one_sided_stencils_leave_their_input_alone() {
    #[lazuli::stencil(nearest)]
    fn back(x: &[f32]) -> f32 {
        x[0] - x[-1]
    }
    #[lazuli::stencil(wrap)]
    fn forth(x: &[f32]) -> f32 {
        x[0] - x[1]
    }
    #[lazuli::stencil(nearest)]
    fn corner(x: &[[f32]]) -> f32 {
        x[0][0] - x[-1][0] - x[0][-1]
    }
    // Larger than what is not worth to be reused, and given away: nobody else has it.
    let n = 1 << 17;
    let v = numbers(n);
    let backward: Vec<f32> = (0..n).map(|i| v[i] - v[i.saturating_sub(1)]).collect();
    let forward: Vec<f32> = (0..n).map(|i| v[i] - v[(i + 1) % n]).collect();
    let w = 512;
    let up = |i: usize| if i < w { i } else { i - w };
    let left = |i: usize| if i % w == 0 { i } else { i - 1 };
    let corners: Vec<f32> = (0..n).map(|i| v[i] - v[up(i)] - v[left(i)]).collect();
    for device in engines() {
        for threads in [1, 7, 0] {
            lazuli::set_num_threads(threads);
            for _ in 0..2 {
                assert_bits("backwards", &back(on(&device, &v)), &backward, |i| format!("element {i}"));
                assert_bits("forwards", &forth(on(&device, &v)), &forward, |i| format!("element {i}"));
                let x = on(&device, &v).reshape([n / w, w]);
                assert_bits("a corner", &corner(x), &corners, |i| format!("element {i}"));
            }
        }
    }
}

#[test]
fn positions_seen_through_windows() {
    let n = 40i64;
    let at = |i: i64| i.clamp(0, n - 1) as f64;
    let expected: Vec<f64> = (0..n).map(|i| (at(i - 1) + at(i) + at(i + 1)) / 3.0).collect();
    for device in engines() {
        let x = Array::arange(0, n, 1).to_device(&device);
        assert_bits("arange", &average(x.cast::<f64>()), &expected, |i| format!("element {i}"));
        let rolled: Vec<i64> = (0..n).map(|i| (i + n - 2) % n).collect();
        assert_bits("rolled", &x.roll(2, 0), &rolled, |i| format!("element {i}"));
        let column = x.reshape([40, 1]).broadcast_to([40, 3]).roll(2, 0).slice(s![.., 1]);
        assert_bits("a column", &column, &rolled, |i| format!("element {i}"));
    }
    // Made where they are needed, never stored.
    let lazily = average(Array::linspace(0.0f64, 39.0, 40));
    assert_eq!(
        values(&lazily),
        values(&average(Array::from_vec(values(&Array::linspace(0.0f64, 39.0, 40)))))
    );
}

#[test]
fn stencils_that_see_nothing_or_much() {
    #[lazuli::stencil(nearest)]
    fn blind(_u: &[f32]) -> f32 {
        1.5
    }
    #[lazuli::stencil(constant(k * 2.0))]
    fn shadowed(u: &[f32], k: f32) -> f32 {
        let k = k * 100.0;
        u[-1] + k - k
    }
    #[lazuli::stencil(wrap)]
    fn star(u: &[[[i64]]]) -> i64 {
        u[0][0][0] * 10 + u[-3][0][0] - u[-2][0][0] + u[-1][0][0] * 2 - u[1][0][0]
            + u[2][0][0] * 3
            + u[3][0][0]
            - u[0][-3][0]
            + u[0][-2][0] * 4
            - u[0][-1][0]
            + u[0][1][0]
            + u[0][2][0] * 5
            + u[0][3][0]
            - u[0][0][-3]
            + u[0][0][-2] * 6
            - u[0][0][-1]
            + u[0][0][1]
            + u[0][0][2] * 7
            + u[0][0][3]
    }
    #[lazuli::stencil(wrap)]
    fn splintered(u: &[[[[f32]]]]) -> f32 {
        u[-1][1][9][2]
            + u[-2][2][8][3]
            + u[-3][3][7][4]
            + u[-4][4][6][5]
            + u[-5][5][5][6]
            + u[-6][6][4][7]
            + u[-7][7][3][8]
            + u[-8][8][2][9]
            + u[-9][9][1][1]
    }
    let x: Vec<i64> = (0..6 * 7 * 20).map(|i| i * 37 % 101).collect();
    let at = |i: usize, j: usize, k: usize, a: usize, d: i64| {
        let step = |i: usize, n: usize, b: usize| {
            if a == b { (i as i64 + d).rem_euclid(n as i64) as usize } else { i }
        };
        x[(step(i, 6, 0) * 7 + step(j, 7, 1)) * 20 + step(k, 20, 2)]
    };
    let mut expected = Vec::new();
    for (i, j, k) in (0..6 * 7 * 20).map(|p| (p / 140, p / 20 % 7, p % 20)) {
        let along = |a: usize, first: i64, second: [i64; 2]| {
            let at = |d| at(i, j, k, a, d);
            first * at(-3) + second[0] * at(-2) + second[1] * at(-1)
        };
        let beyond =
            |a: usize, c: i64, s: i64| s * at(i, j, k, a, 1) + c * at(i, j, k, a, 2) + at(i, j, k, a, 3);
        expected.push(
            at(i, j, k, 0, 0) * 10
                + along(0, 1, [-1, 2])
                + beyond(0, 3, -1)
                + along(1, -1, [4, -1])
                + beyond(1, 5, 1)
                + along(2, -1, [6, -1])
                + beyond(2, 7, 1),
        );
    }
    for device in engines() {
        assert_array(&blind(on(&device, &[1.0f32; 5])), &[5], &[1.5; 5]);
        assert_array(&shadowed(on(&device, &[1.0f32, 2.0]), 4.0), &[2], &[8.0, 1.0]);
        let cube = on(&device, &x).reshape([6, 7, 20]);
        assert_bits("a star", &star(&cube), &expected, |i| format!("element {i}"));
    }
    let text = message(&splintered(Array::<f32>::zeros([30, 30, 30, 30])));
    assert!(text.contains("boxes") && text.contains("splintered"), "{text}");
}

#[test]
fn bad_input() {
    let flat = Array::from_vec(numbers(10));
    let text = message(&nearest::cross(&flat, 1.0));
    assert!(text.contains("cross") && text.contains("along 2 axes") && text.contains("[10]"), "{text}");
    let matrix = flat.reshape([2, 5]);
    let text = message(&nearest::cross(&matrix, Array::from_vec(vec![1.0f32; 4])));
    assert!(text.contains("[2, 5]") && text.contains("[4]"), "{text}");
    let poisoned = flat.reshape([3, 5]);
    assert_eq!(message(&nearest::cross(&poisoned, 1.0)), poisoned.error().unwrap().to_string());
    let elsewhere = Array::from_vec(vec![1.0f32; 5]).to_device(&Device::portable());
    let text = message(&nearest::cross(&matrix, &elsewhere));
    assert!(text.contains("device"), "{text}");
}

#[test]
fn inside_a_compiled_plan() {
    let plan = lazuli::compile::<(f64, f64), _>(|(x, k)| average(&(&x * &k)) - &x);
    let x = Array::from_vec(numbers(77).iter().map(|&v| v as f64).collect::<Vec<_>>());
    let k = Array::from_vec(vec![1.5f64; 77]);
    for _ in 0..3 {
        let y = plan.call((&x, &k)).unwrap();
        assert_eq!(values(&y), values(&(average(&(&x * &k)) - &x)));
    }
}
