//! `#[lazuli::guvectorize]`: generalised functions beside plain Rust loops, on every engine, bit for bit, in
//! all layouts and kinds of plans.

use crate::engines::*;
use crate::support::*;
use lazuli::prelude::*;

// page: matvec
#[lazuli::guvectorize("(m,n),(n)->(m)")]
fn matvec(a: &[[f32]], x: &[f32], y: &mut [f32]) {
    for i in 0..m {
        let mut sum = 0.0;
        for j in 0..n {
            sum += a[i][j] * x[j];
        }
        y[i] = sum;
    }
}
// end

#[lazuli::guvectorize("(m,k),(k,n)->(m,n)")]
pub fn product(a: &[[f64]], b: &[[f64]], c: &mut [[f64]]) {
    for i in 0..m {
        for l in 0..k {
            for j in 0..n {
                c[i][j] += a[i][l] * b[l][j];
            }
        }
    }
}

/// The inner product.
#[lazuli::guvectorize("(n),(n)->()")]
pub fn inner(x: &[f64], y: &[f64], s: &mut f64) {
    for i in 0..x.len() {
        *s += x[i] * y[i];
    }
}

// page: move_mean
#[lazuli::guvectorize("(n),()->(n)")]
fn move_mean(a: &[f64], window: i64, out: &mut [f64]) {
    let mut sum = 0.0;
    for i in 0..n {
        sum += a[i];
        if i >= window {
            sum -= a[i - window];
        }
        out[i] = sum / (i + 1).minimum(window) as f64;
    }
}
// end

#[lazuli::guvectorize("(3),(3)->(3)")]
pub fn cross(a: &[f32], b: &[f32], c: &mut [f32]) {
    c[0] = a[1] * b[2] - a[2] * b[1];
    c[1] = a[2] * b[0] - a[0] * b[2];
    c[2] = a[0] * b[1] - a[1] * b[0];
}

#[lazuli::guvectorize("(n)->(n)")]
fn running(x: &[i32], y: &mut [i32]) {
    let mut sum = 0;
    for i in 0..n {
        sum += x[i];
        y[i] = sum;
    }
}

/// Thomas' algorithm: `a`, `b`, `c` are the diagonals, from below to above. The second result is what it
/// remembers on the way down.
#[lazuli::guvectorize("(n),(n),(n),(n)->(n),(n)")]
fn thomas(a: &[f64], b: &[f64], c: &[f64], d: &[f64], x: &mut [f64], upper: &mut [f64]) {
    if n == 0 {
        return;
    }
    upper[0] = c[0] / b[0];
    x[0] = d[0] / b[0];
    for i in 1..n {
        let pivot = b[i] - a[i] * upper[i - 1];
        upper[i] = c[i] / pivot;
        x[i] = (d[i] - a[i] * x[i - 1]) / pivot;
    }
    for i in (0..n - 1).rev() {
        x[i] -= upper[i] * x[i + 1];
    }
}

#[lazuli::guvectorize("(n)->(),()")]
pub fn extremes(x: &[f32], low: &mut f32, high: &mut f32) {
    *low = f32::INFINITY;
    *high = f32::NEG_INFINITY;
    for i in 0..n {
        *low = (*low).minimum(x[i]);
        *high = (*high).maximum(x[i]);
    }
}

// What follows are references: the same loops over vectors.

/// Inner arrays of `x` at the points of `outer`, row-major.
fn inner_arrays<T: Element>(x: &Array<T>, outer: &[usize], axes: usize) -> Vec<Vec<T>> {
    let own = &x.shape()[x.ndim() - axes..];
    let shape: Vec<usize> = outer.iter().chain(own).copied().collect();
    let all = values(&x.broadcast_to(&shape[..]));
    let (points, each): (usize, usize) = (outer.iter().product(), own.iter().product());
    (0..points).map(|p| all[p * each..(p + 1) * each].to_vec()).collect()
}

fn plain_matvec(a: &[f32], x: &[f32]) -> Vec<f32> {
    let n = x.len();
    let row = |i: usize| (0..n).fold(0.0, |sum, j| sum + a[i * n + j] * x[j]);
    (0..a.len().checked_div(n).unwrap_or(0)).map(row).collect()
}

fn plain_product(a: &[f64], b: &[f64], (m, k, n): (usize, usize, usize)) -> Vec<f64> {
    let element = |i: usize, j: usize| (0..k).fold(0.0, |sum, l| sum + a[i * k + l] * b[l * n + j]);
    (0..m * n).map(|p| element(p / n, p % n)).collect()
}

fn plain_thomas(a: &[f64], b: &[f64], c: &[f64], d: &[f64]) -> Vec<f64> {
    let n = b.len();
    let (mut upper, mut x) = (vec![0.0; n], vec![0.0; n]);
    for i in 0..n {
        let (above, before) = if i == 0 { (0.0, 0.0) } else { (upper[i - 1], x[i - 1]) };
        let pivot = if i == 0 { b[0] } else { b[i] - a[i] * above };
        upper[i] = c[i] / pivot;
        x[i] = if i == 0 { d[0] / pivot } else { (d[i] - a[i] * before) / pivot };
    }
    for i in (0..n.saturating_sub(1)).rev() {
        x[i] -= upper[i] * x[i + 1];
    }
    x
}

fn floats(rng: &mut Rng, n: usize) -> Vec<f64> {
    (0..n).map(|_| rng.bits() as i16 as f64 / 256.0).collect()
}

fn array(device: &Device, rng: &mut Rng, shape: &[usize]) -> Array<f64> {
    let n = shape.iter().product();
    shaped(device, shape, &floats(rng, n))
}

fn single(device: &Device, rng: &mut Rng, shape: &[usize]) -> Array<f32> {
    array(device, rng, shape).cast::<f32>()
}

/// The same elements, in memory that is transposed, turned around, every other of more, or stretched.
fn layouts(x: &Array<f64>) -> Vec<(&'static str, Array<f64>)> {
    let evaluated = |x: Array<f64>| {
        x.eval().unwrap();
        x
    };
    let n = x.ndim();
    let order: Vec<usize> = (0..n).rev().collect();
    let turned = evaluated(x.permute(&order[..])).permute(&order[..]);
    let flipped = evaluated(x.flip(-1)).flip(-1);
    let pairs = x.expand_dims(n as isize) * on(&x.device(), &[1.0, 3.0]);
    let wide = evaluated(pairs).index_axis(n as isize, 0);
    vec![
        ("as it is", evaluated(x.clone())),
        ("pending", x + 0.0),
        ("transposed", turned),
        ("turned around", flipped),
        ("every other", wide),
    ]
}

#[test]
fn matrix_times_vector() {
    everywhere(|device, what| {
        let mut rng = Rng(1);
        // (outer, m, n) of the matrices, and the outer axes of the vectors.
        let cases: [(&[usize], usize, usize, &[usize]); 6] = [
            (&[], 3, 4, &[]),
            (&[5], 3, 4, &[]),
            (&[], 2, 7, &[3, 2]),
            (&[4, 1], 2, 3, &[1, 5]),
            (&[1], 1, 1, &[1]),
            (&[2, 3], 4, 0, &[3]),
        ];
        for (outer, m, n, of_vector) in cases {
            let shape = |outer: &[usize], own: &[usize]| [outer, own].concat();
            let a = single(device, &mut rng, &shape(outer, &[m, n]));
            let x = single(device, &mut rng, &shape(of_vector, &[n]));
            let y = matvec(&a, &x);
            let points = &y.shape()[..y.ndim() - 1];
            let (a, x) = (inner_arrays(&a, points, 2), inner_arrays(&x, points, 1));
            let expected: Vec<f32> = match n {
                0 => vec![0.0; m * a.len()],
                _ => a.iter().zip(&x).flat_map(|(a, x)| plain_matvec(a, x)).collect(),
            };
            assert_bits(what, &y, &expected, |i| format!("{outer:?} {m} {n} {of_vector:?}, {i}"));
        }
    });
}

#[test]
fn all_layouts() {
    everywhere(|device, what| {
        let mut rng = Rng(2);
        let (a, b) = (array(device, &mut rng, &[2, 3, 4]), array(device, &mut rng, &[4, 5]));
        let points = inner_arrays(&a, &[2], 2);
        let b_plain = values(&b);
        let expected: Vec<f64> = points.iter().flat_map(|a| plain_product(a, &b_plain, (3, 4, 5))).collect();
        for (how_a, a) in layouts(&a) {
            for (how_b, b) in layouts(&b) {
                let c = product(&a, &b);
                assert_eq!(c.shape(), [2, 3, 5]);
                assert_bits(what, &c, &expected, |i| format!("{how_a}, {how_b}, {i}"));
                // Results are arrays like others.
                let twice = values(&(c.permute([0, 2, 1]) * 2.0));
                assert_eq!(twice[0], expected[0] * 2.0);
            }
        }
        // Strides of 0 within the inner arrays.
        let row = array(device, &mut rng, &[1, 4]);
        let c = product(row.broadcast_to([3, 4]), &b);
        let rows = [values(&row), values(&row), values(&row)].concat();
        assert_bits(what, &c, &plain_product(&rows, &b_plain, (3, 4, 5)), |i| i.to_string());
    });
}

#[test]
fn scalars_in_and_out() {
    everywhere(|device, what| {
        let mut rng = Rng(3);
        let (x, y) = (array(device, &mut rng, &[7, 1, 9]), array(device, &mut rng, &[5, 9]));
        let s = inner(&x, &y);
        assert_eq!(s.shape(), [7, 5]);
        let pairs = inner_arrays(&x, &[7, 5], 1).into_iter().zip(inner_arrays(&y, &[7, 5], 1));
        let expected: Vec<f64> =
            pairs.map(|(x, y)| x.iter().zip(&y).fold(0.0, |sum, (x, y)| sum + x * y)).collect();
        assert_bits(what, &s, &expected, |i| i.to_string());
        // Of no elements there are zeros.
        let none = array(device, &mut rng, &[4, 0]);
        assert_bits(what, &inner(&none, &none), &[0.0; 4], |i| i.to_string());
        assert_eq!(values(&inner(array(device, &mut rng, &[0, 3]), array(device, &mut rng, &[3]))), []);

        let mean = |a: &[f64], window: i64| -> Vec<f64> {
            let mut sum = 0.0;
            let turn = |i: usize| {
                sum += a[i];
                if i as i64 >= window {
                    sum -= a[i - window as usize];
                }
                sum / (i as i64 + 1).min(window) as f64
            };
            (0..a.len()).map(turn).collect()
        };
        let a = array(device, &mut rng, &[3, 20]);
        let windows = on(device, &[1i64, 4, 30]);
        let rows = inner_arrays(&a, &[3], 1);
        let each: Vec<f64> = rows.iter().zip([1, 4, 30]).flat_map(|(a, w)| mean(a, w)).collect();
        assert_bits(what, &move_mean(&a, &windows), &each, |i| i.to_string());
        let same: Vec<f64> = rows.iter().flat_map(|a| mean(a, 3)).collect();
        assert_bits(what, &move_mean(&a, 3), &same, |i| i.to_string());
        // A scalar takes no kernel, but on a card, where its memory is written in the order of the stream.
        a.eval().unwrap();
        if [Device::cpu(), Device::portable()].contains(device) {
            assert_eq!(move_mean(&a, 3).explain().launches(), 1);
        }
        // A window for each row and column of an outer product.
        assert_eq!(move_mean(&a, windows.reshape([3, 1])).shape(), [3, 3, 20]);
    });
}

#[test]
fn fixed_extents() {
    everywhere(|device, what| {
        let mut rng = Rng(4);
        let (a, b) = (single(device, &mut rng, &[50, 3]), single(device, &mut rng, &[3]));
        let (x, y) = (inner_arrays(&a, &[50], 1), values(&b));
        let each =
            |a: &Vec<f32>| [a[1] * y[2] - a[2] * y[1], a[2] * y[0] - a[0] * y[2], a[0] * y[1] - a[1] * y[0]];
        let expected: Vec<f32> = x.iter().flat_map(each).collect();
        assert_bits(what, &cross(&a, &b), &expected, |i| i.to_string());
        // Inner axes that are not the last ones in memory.
        let transposed = single(device, &mut rng, &[3, 50]);
        assert_array(&cross(transposed.t(), transposed.t()).abs().max(..), &[], &[0.0]);
    });
}

#[test]
fn sums_and_systems() {
    everywhere(|device, what| {
        let mut rng = Rng(5);
        let data: Vec<i32> = (0..600).map(|_| rng.bits() as i32).collect();
        let x = shaped(device, &[30, 20], &data);
        let expected: Vec<i32> = data
            .chunks(20)
            .flat_map(|row| {
                let mut sum = 0i32;
                row.iter().map(move |v| {
                    sum = sum.wrapping_add(*v);
                    sum
                })
            })
            .collect();
        assert_bits(what, &running(&x), &expected, |i| i.to_string());

        let (a, c) = (array(device, &mut rng, &[12]), array(device, &mut rng, &[12]));
        let (b, d) = (array(device, &mut rng, &[4, 12]) + 1000.0, array(device, &mut rng, &[6, 1, 12]));
        let (solved, _) = thomas(&a, &b, &c, &d);
        assert_eq!(solved.shape(), [6, 4, 12]);
        let all = [&a, &b, &c, &d].map(|x| inner_arrays(x, &[6, 4], 1));
        let expected: Vec<f64> =
            (0..24).flat_map(|p| plain_thomas(&all[0][p], &all[1][p], &all[2][p], &all[3][p])).collect();
        assert_bits(what, &solved, &expected, |i| i.to_string());
        // And it is a solution.
        let residual: f64 = (0..24)
            .map(|p| {
                let (a, b, c, d) = (&all[0][p], &all[1][p], &all[2][p], &all[3][p]);
                let x = &expected[p * 12..][..12];
                let left = |i: usize| if i > 0 { a[i] * x[i - 1] } else { 0.0 };
                let right = |i: usize| if i < 11 { c[i] * x[i + 1] } else { 0.0 };
                (0..12).map(|i| (left(i) + b[i] * x[i] + right(i) - d[i]).abs()).fold(0.0, f64::max)
            })
            .fold(0.0, f64::max);
        assert!(residual < 1e-9, "{residual}");
    });
}

#[test]
fn two_results() {
    everywhere(|device, what| {
        let mut rng = Rng(6);
        let x = single(device, &mut rng, &[40, 33]);
        let rows = inner_arrays(&x, &[40], 1);
        let lows: Vec<f32> = rows.iter().map(|r| r.iter().copied().fold(f32::INFINITY, f32::min)).collect();
        let highs: Vec<f32> =
            rows.iter().map(|r| r.iter().copied().fold(f32::NEG_INFINITY, f32::max)).collect();
        // Together: one step.
        let (low, high) = extremes(&x);
        assert_eq!(lazuli::explain((&low, &high)).unwrap().launches(), 1 + pending(&x));
        lazuli::eval((&low, &high)).unwrap();
        assert_bits(what, &low, &lows, |i| i.to_string());
        assert_bits(what, &high, &highs, |i| i.to_string());
        // One after the other, and one alone.
        let (low, high) = extremes(&x);
        assert_bits(what, &high, &highs, |i| i.to_string());
        assert_bits(what, &low, &lows, |i| i.to_string());
        let (_, high) = extremes(&x);
        assert_bits(what, &high, &highs, |i| i.to_string());
        // Both on the way to something else.
        let (low, high) = extremes(&x);
        let spread = &high - &low;
        let expected: Vec<f32> = lows.iter().zip(&highs).map(|(l, h)| h - l).collect();
        assert_bits(what, &spread, &expected, |i| i.to_string());
        // What is held was stored: nothing is left to compute.
        assert_eq!(high.explain().launches(), 0);
        // Two calls of the same: each has its results.
        let (first, second) = (extremes(&x).0, extremes(&x).0);
        assert_bits(what, &(first + second), &lows.iter().map(|l| l + l).collect::<Vec<_>>(), |i| {
            i.to_string()
        });
    });
}

/// How many launches the array itself takes.
fn pending(x: &Array<f32>) -> usize {
    x.explain().launches()
}

/// Many points, on several threads and on one, in all orders of the outer axes.
#[test]
fn many_points() {
    let mut rng = Rng(8);
    let cpu = Device::cpu();
    let (a, x) = (single(&cpu, &mut rng, &[40, 1, 8, 16]), single(&cpu, &mut rng, &[60, 16]));
    a.eval().unwrap();
    x.eval().unwrap();
    let y = matvec(&a, &x);
    assert_eq!(y.shape(), [40, 60, 8]);
    let (a, x) = (inner_arrays(&a, &[40, 60], 2), inner_arrays(&x, &[40, 60], 1));
    let expected: Vec<f32> = a.iter().zip(&x).flat_map(|(a, x)| plain_matvec(a, x)).collect();
    for threads in [1, 2, 3, 7] {
        lazuli::set_num_threads(threads);
        let (mut rng, device) = (Rng(8), Device::cpu());
        let (a, x) = (single(&device, &mut rng, &[40, 1, 8, 16]), single(&device, &mut rng, &[60, 16]));
        assert_bits("threads", &matvec(&a, &x), &expected, |i| format!("{threads} threads, {i}"));
        let turned = matvec(a.permute([1, 0, 2, 3]), x.reshape([60, 1, 16]));
        assert_bits("threads", &turned.permute([1, 0, 2]), &expected, |i| format!("{threads} threads, {i}"));
    }
    lazuli::set_num_threads(0);
    drop(y);
}

/// What feeds a call and what reads it is evaluated as ever.
#[test]
fn among_others() {
    everywhere(|device, what| {
        let mut rng = Rng(9);
        let (a, x) = (single(device, &mut rng, &[6, 5, 4]), single(device, &mut rng, &[4]));
        lazuli::eval((&a, &x)).unwrap();
        let scaled = &x * 2.0 + 1.0;
        let total = (matvec(&a, &scaled) - 1.0).exp().sum(-1);
        let plan = total.explain();
        let fused = what.ends_with("fused");
        if fused {
            // What feeds it, the call, what reads it.
            assert_eq!((plan.kernels(), plan.launches()), (2, 3), "{plan}");
        }
        let text = plan.to_string();
        for words in
            ["generalised function - 6 times (m,n),(n)->(m), m = 5, n = 4", "matvec (", "guvectorize.rs"]
        {
            assert!(text.contains(words), "no {words:?} in {text}");
        }
        let y: Vec<f32> =
            inner_arrays(&a, &[6], 2).iter().flat_map(|a| plain_matvec(a, &values(&scaled))).collect();
        let expected = values(&(shaped(device, &[6, 5], &y) - 1.0).exp().sum(-1));
        assert_bits(what, &total, &expected, |i| i.to_string());
        // Calls of calls, and of one array twice.
        let twice = inner(matvec(&a, &x).cast::<f64>(), matvec(&a, &x).cast::<f64>());
        let once = matvec(&a, &x).cast::<f64>();
        assert_bits(what, &twice, &values(&inner(&once, &once)), |i| i.to_string());
        // Constants and positions have no memory of their own.
        let ones = Array::<f64>::ones([3]).to_device(device);
        let count = Array::arange(0.0f64, 3.0, 1.0).to_device(device);
        assert_array(&inner(&ones, &count), &[], &[3.0]);
        // A view of a result.
        let part = matvec(&a, &x).slice(s![1..5;2, ..]).t();
        assert_eq!(
            values(&part),
            values(&(shaped(device, &[6, 5], &values(&matvec(&a, &x))).slice(s![1..5;2, ..]).t()))
        );
    });
}

/// In a compiled plan, with other values each time.
#[test]
fn compiled() {
    for device in engines() {
        let mut rng = Rng(10);
        let (a, x) = (single(&device, &mut rng, &[3, 5, 4]), single(&device, &mut rng, &[4]));
        lazuli::eval((&a, &x)).unwrap();
        let plan = lazuli::compile::<(f32, f32), _>(|(a, x)| matvec(&a, &(x + 1.0)) * 2.0);
        for _ in 0..3 {
            let x = single(&device, &mut rng, &[4]);
            let expected = matvec(&a, &x + 1.0) * 2.0;
            assert_bits("compiled", &plan.call((&a, &x)).unwrap(), &values(&expected), |i| {
                format!("{device}, {i}")
            });
        }
    }
}

/// The code for a card is there to be read.
#[cfg(feature = "llvm")]
#[test]
fn inspected() {
    let found = matvec(Array::<f32>::ones([2, 3, 4]), Array::<f32>::ones([4])).inspect().unwrap();
    let call = found.kernels().next_back().unwrap();
    assert_eq!(call.to_string(), "matvec (m,n),(n)->(m), 2 time(s)\n");
    for capability in ["sm_75", "sm_90"] {
        let ptx = call.ptx(capability).unwrap();
        for words in [".entry run", "mul.rn.f32", "add.rn.f32", "st.global"] {
            assert!(ptx.contains(words), "no {words:?} in {ptx}");
        }
        assert!(!ptx.contains("fma.rn.f32"), "{ptx}");
    }
    for result in [call.llvm_ir(), call.asm()] {
        let error = result.unwrap_err().to_string();
        assert!(error.contains("rustc"), "{error}");
    }
    // On the simulator it is a kernel of threads, like any.
    let Ok(simulator) = Device::cuda_simulator() else { return };
    let ones = Array::<f32>::ones([4]).to_device(&simulator);
    let found = matvec(Array::<f32>::ones([2, 3, 4]).to_device(&simulator), ones).inspect().unwrap();
    let call = found.kernels().next_back().unwrap();
    let (ir, assembly) = (call.llvm_ir().unwrap(), call.asm().unwrap());
    for words in ["target triple", "define void @run", "fmul float", "fadd float"] {
        assert!(ir.contains(words), "no {words:?} in {ir}");
    }
    assert!(assembly.contains("run:") && assembly.contains("mulss"), "{assembly}");
}

#[test]
fn verified() {
    if !alone("guvectorize::verified") {
        return;
    }
    lazuli::verify(true);
    for device in engines() {
        let mut rng = Rng(11);
        let (a, x) = (single(&device, &mut rng, &[3, 5, 4]), single(&device, &mut rng, &[2, 1, 4]));
        let (low, high) = extremes(matvec(&a, &x).exp());
        lazuli::eval((&low, &high)).unwrap();
        assert!(values(&low).iter().zip(values(&high)).all(|(l, h)| *l <= h));
        let (b, d) = (array(&device, &mut rng, &[4, 12]) + 1000.0, array(&device, &mut rng, &[12]));
        thomas(&d, &b, &d, &d).0.eval().unwrap();
    }
}
