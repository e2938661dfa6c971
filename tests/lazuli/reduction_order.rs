//! The order of reductions, to the bit: `docs/NUMERICS.md` sections 2 and 3, written naively.
//!
//! [`fold`] and [`moment2`] are the definitions as the text gives them, over a vector of the
//! reduced elements in order. What lazuli computes is compared with them on both engines, fused
//! and op by op, with 1, 2 and 7 threads, for lengths around every boundary of the definition, over
//! every kind of axis and layout. The laws that follow from the definition (a transpose summed
//! over its first axis is the array summed over its last) are checked beside it, and so is what
//! the order was chosen for: its errors are no larger than those of NumPy's pairwise sum.

use crate::engines::*;
use crate::for_types;
use lazuli::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Combines neighbours level by level; an odd last one passes.
pub fn tree<A: Clone>(mut level: Vec<A>, combine: &impl Fn(&A, &A) -> A) -> Option<A> {
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| if let [a, b] = pair { combine(a, b) } else { pair[0].clone() })
            .collect();
    }
    level.pop()
}

/// Section 2: element r goes to partial 32 * (r div 256) + (r mod 32), then neighbours combine.
fn fold<T: Copy>(elements: &[T], identity: T, combine: impl Fn(T, T) -> T) -> Option<T> {
    let mut partials = Vec::new();
    for (r, &x) in elements.iter().enumerate() {
        let p = 32 * (r / 256) + r % 32;
        if p >= partials.len() {
            partials.resize(p + 1, identity);
        }
        partials[p] = combine(partials[p], x);
    }
    tree(partials, &|&a, &b| combine(a, b))
}

/// Floats that reductions are computed in.
trait Real64: Sample + Float {
    /// Rounded once.
    fn of(v: f64) -> Self;
    fn root(self) -> Self;
}
impl Real64 for f32 {
    fn of(v: f64) -> f32 {
        v as f32
    }
    fn root(self) -> f32 {
        self.sqrt()
    }
}
impl Real64 for f64 {
    fn of(v: f64) -> f64 {
        v
    }
    fn root(self) -> f64 {
        self.sqrt()
    }
}

fn sum<T: Real64>(x: &[T]) -> T {
    fold(x, T::of(-0.0), |a, b| a + b).unwrap_or(T::of(0.0))
}

fn prod<T: Real64>(x: &[T]) -> T {
    fold(x, T::of(1.0), |a, b| a * b).unwrap_or(T::of(1.0))
}

fn mean<T: Real64>(x: &[T]) -> T {
    sum(x) / T::of(x.len() as f64)
}

/// Section 3: squared deviations, summed. A chunk is (p, S1, M, n).
fn moment2<T: Real64>(x: &[T]) -> T {
    let chunk = |x: &[T]| {
        let w = x.len().min(16);
        let p = tree(x[..w].to_vec(), &|&a, &b| a + b).unwrap() / T::of(w as f64);
        let d: Vec<T> = x.iter().map(|&v| v - p).collect();
        let squares: Vec<T> = d.iter().map(|&d| d * d).collect();
        let (s1, s2) = (sum(&d), sum(&squares));
        let m = s2 - s1 * (s1 / T::of(x.len() as f64));
        (p, s1, if m < T::of(0.0) { T::of(0.0) } else { m }, x.len() as f64)
    };
    let merge = |a: &(T, T, T, f64), b: &(T, T, T, f64)| {
        let (n_a, n_b) = (a.3, b.3);
        let e = b.0 - a.0;
        let d = e + (b.1 / T::of(n_b) - a.1 / T::of(n_a));
        let f = T::of(n_a * n_b / (n_a + n_b));
        (a.0, a.1 + (b.1 + T::of(n_b) * e), (a.2 + b.2) + (d * d) * f, n_a + n_b)
    };
    tree(x.chunks(256).map(chunk).collect(), &merge).map_or(T::of(0.0), |t| t.2)
}

fn var<T: Real64>(x: &[T], ddof: usize) -> T {
    moment2(x) / T::of((x.len() - ddof) as f64)
}

/// For each index of the axes that stay: where the elements reduced there are, in order.
pub fn rows(shape: &[usize], axes: &[usize]) -> Vec<Vec<usize>> {
    let strides: Vec<usize> = (0..shape.len()).map(|d| shape[d + 1..].iter().product()).collect();
    let walk = |reduced: bool| {
        (0..shape.len()).filter(|d| axes.contains(d) == reduced).fold(vec![0], |at, d| {
            at.iter()
                .flat_map(|&p| (0..shape[d]).map(move |i| (p, i)))
                .map(|(p, i)| p + i * strides[d])
                .collect()
        })
    };
    let inner: Vec<usize> = walk(true);
    walk(false).into_iter().map(|p| inner.iter().map(|q| p + q).collect()).collect()
}

/// Compares every reduction of `x` over `axes` with the definitions.
fn check<T: Real64>(what: &str, x: &Array<T>, axes: &[usize]) {
    let data = x.to_vec().unwrap_or_else(|e| panic!("{what}: {e}"));
    let rows: Vec<Vec<T>> =
        rows(x.shape(), axes).iter().map(|r| r.iter().map(|&i| data[i]).collect()).collect();
    let on_rows = |f: &dyn Fn(&[T]) -> T| rows.iter().map(|r| f(r)).collect::<Vec<T>>();
    let name = |op: &str| format!("{op} of {} {:?} over {axes:?}, {what}", T::DTYPE, x.shape());
    let at = |i: usize| format!("row {i}");
    assert_bits(&name("sum"), &x.sum(axes), &on_rows(&sum), at);
    // Factors near 1, so that the product stays finite.
    let factor = |v: T| T::of(1.0) + v / T::of(4096.0);
    let factors = x / T::of(4096.0) + T::of(1.0);
    let products = |r: &[T]| prod(&r.iter().map(|&v| factor(v)).collect::<Vec<_>>());
    assert_bits(&name("prod"), &factors.prod(axes), &on_rows(&products), at);
    assert_bits(&name("sum of squares"), &(x * x).sum(axes), &on_rows(&|r| sum(&squares(r))), at);
    if rows.first().is_some_and(|r| !r.is_empty()) {
        assert_bits(&name("mean"), &x.mean(axes), &on_rows(&mean), at);
        assert_bits(&name("var"), &x.var(axes), &on_rows(&|r| var(r, 0)), at);
        assert_bits(&name("std"), &x.std(axes), &on_rows(&|r| var(r, 0).root()), at);
        if rows[0].len() > 1 {
            assert_bits(&name("var_ddof"), &x.var_ddof(axes, 1), &on_rows(&|r| var(r, 1)), at);
        }
    }
}

fn squares<T: Real64>(x: &[T]) -> Vec<T> {
    x.iter().map(|&v| v * v).collect()
}

/// Numbers of either sign and of six decades: nearly every other order gives other bits.
fn data<T: Real64>(n: usize) -> Vec<T> {
    let mut rng = Rng(n as u64);
    (0..n).map(|_| T::of(rng.ill())).collect()
}

/// The number of threads is the process's: one test at a time may set it.
fn with_threads(n: usize) -> impl Drop {
    static ONE: Mutex<()> = Mutex::new(());
    struct Reset(#[allow(dead_code)] MutexGuard<'static, ()>);
    impl Drop for Reset {
        fn drop(&mut self) {
            lazuli::set_num_threads(0);
        }
    }
    let guard = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    lazuli::set_num_threads(n);
    Reset(guard)
}

fn lengths() -> impl Iterator<Item = usize> {
    (0..=70).chain(255..=258).chain(511..=513).chain([300, 1000, 2047, 5000])
}

#[test]
fn vectors_and_rows() {
    for_types!(T in [f32 f64] {
        for n in lengths() {
            everywhere(|d, engine| {
                check(engine, &on(d, &data::<T>(n)), &[0]);
                check(engine, &shaped(d, &[3, n], &data::<T>(3 * n)), &[1]);
            });
        }
    });
}

#[test]
fn columns_and_middle_axes() {
    for_types!(T in [f32 f64] {
        for n in lengths() {
            everywhere(|d, engine| {
                check(engine, &shaped(d, &[n, 5], &data::<T>(5 * n)), &[0]);
                check(engine, &shaped(d, &[2, n, 3], &data::<T>(6 * n)), &[1]);
            });
        }
        // Enough columns for vectors, tiles and tails.
        for (n, columns) in [(40, 37), (300, 65), (513, 300), (33, 1025), (1000, 17)] {
            everywhere(|d, engine| {
                check(engine, &shaped(d, &[n, columns], &data::<T>(n * columns)), &[0]);
            });
        }
    });
}

#[test]
fn all_axes_of_views() {
    for_types!(T in [f32 f64] {
        for n in (1..=70).step_by(3).chain([85, 86, 128, 257, 1000]) {
            everywhere(|d, engine| {
                let x = shaped(d, &[2, n, 3], &data::<T>(6 * n));
                check(engine, &x.t(), &[0, 1, 2]);
                check(engine, &x.permute([1, 0, 2]), &[0, 1, 2]);
                check(engine, &x.permute([2, 0, 1]), &[0, 2]);
                check(engine, &x.t(), &[0, 1]);
                check(engine, &x.permute([1, 2, 0]).reshape(-1), &[0]);
                let y = on(d, &data::<T>(3 * n + 2));
                check(engine, &y.slice(s![..;-1]), &[0]);
                check(engine, &y.slice(s![1..;3]), &[0]);
                check(engine, &y.slice(s![..;-2]), &[0]);
                check(engine, &y.slice(s![1..1 + 3 * n]).reshape([n, 3]), &[0]);
                check(engine, &y.slice(s![2..]).reshape([3, n]).slice(s![..;-2, ..;-1]), &[1]);
                check(engine, &y.broadcast_to([2, 3 * n + 2]), &[0, 1]);
            });
        }
    });
}

#[test]
fn any_axes_of_four() {
    for_types!(T in [f32 f64] {
        let shape = [3, 5, 7, 11];
        for subset in 0..16 {
            let axes: Vec<usize> = (0..4).filter(|d| subset >> d & 1 == 1).collect();
            everywhere(|d, engine| {
                let x = shaped(d, &shape, &data::<T>(3 * 5 * 7 * 11));
                check(engine, &x, &axes);
                check(engine, &x.permute([2, 0, 3, 1]), &axes);
                check(engine, &x.slice(s![.., ..;2, ..;-1, 1..]), &axes);
            });
        }
    });
}

#[test]
fn threads_change_no_bit() {
    let big = data::<f64>(303_000);
    let small = data::<f32>(303_000);
    for threads in [1, 2, 7] {
        let _set = with_threads(threads);
        for device in engines() {
            let what = format!("{device}, {threads} threads");
            check(&what, &on(&device, &big[..100_003]), &[0]);
            check(&what, &on(&device, &small[..100_003]), &[0]);
            check(&what, &shaped(&device, &[2, 100_003], &small[..200_006]), &[1]);
            check(&what, &shaped(&device, &[100_003, 3], &big[..300_009]), &[0]);
            check(&what, &shaped(&device, &[1000, 303], &big), &[0]);
            check(&what, &shaped(&device, &[1000, 303], &big), &[1]);
            check(&what, &shaped(&device, &[1000, 303], &small).t(), &[0, 1]);
            check(&what, &shaped(&device, &[100, 3030], &big).slice(s![.., 1..]), &[0, 1]);
            check(&what, &on(&device, &small).slice(s![..;-3]), &[0]);
            check(&what, &shaped(&device, &[10, 3030, 10], &small), &[1]);
            check(&what, &shaped(&device, &[10, 3030, 10], &small), &[0, 2]);
        }
    }
}

#[test]
fn threads_change_no_bit_of_fused_rows() {
    let data = data::<f32>(300_000);
    let mut expected: Option<Vec<Vec<f32>>> = None;
    for threads in [1, 2, 7] {
        let _set = with_threads(threads);
        for device in engines() {
            let x = shaped(&device, &[300, 1000], &data);
            let all =
                [x.softmax(1), x.softmax(0), x.softmax(..), x.layer_norm(1, 1e-5), x.layer_norm(0, 1e-5)];
            lazuli::eval(&all).unwrap();
            let got: Vec<Vec<f32>> = all.iter().map(|y| y.to_vec().unwrap()).collect();
            let expected = &*expected.get_or_insert_with(|| got.clone());
            for (got, expected) in got.iter().zip(expected) {
                let what = format!("rows on {device}, {threads} threads");
                assert_bits(&what, &Array::from_vec(got.clone()), expected, |i| i.to_string());
            }
        }
    }
}

#[test]
fn dot_products_round_their_terms() {
    for_types!(T in [f32 f64] {
        for n in lengths().chain([100_003]) {
            let (a, b) = (data::<T>(n), data::<T>(n + 1)[1..].to_vec());
            let terms: Vec<T> = a.iter().zip(&b).map(|(x, y)| x * y).collect();
            everywhere(|d, engine| {
                let (x, y) = (on(d, &a), on(d, &b));
                let what = format!("dot of {n} {} on {engine}", T::DTYPE);
                assert_bits(&what, &x.dot(&y), &[sum(&terms)], |_| String::new());
                assert_bits(&what, &(&x * &y).sum(..), &[sum(&terms)], |_| String::new());
                let rows = x.expand_dims(0).broadcast_to([2, n]);
                assert_bits(&what, &rows.dot(&y), &[sum(&terms), sum(&terms)], |_| String::new());
                assert_bits(&what, &x.matmul(&rows.t()), &[sum(&squares(&a)); 2], |_| String::new());
            });
        }
    });
}

#[test]
fn signs_of_zero_and_empty_sums() {
    for_types!(T in [f32 f64] {
        everywhere(|d, engine| {
            for n in [0, 1, 2, 31, 33, 256, 257, 1000] {
                let expected: [T; 1] = [if n == 0 { 0.0 } else { -0.0 }];
                let zeros = on(d, &vec![-0.0 as T; n]);
                assert_bits(engine, &zeros.sum(..), &expected, |_| format!("{n} of -0"));
                assert_bits(engine, &zeros.reshape([n, 1]).sum(0), &expected, |_| format!("a column of {n} of -0"));
                assert_bits(engine, &zeros.prod(..), &[if n == 0 { 1.0 } else if n % 2 == 1 { -0.0 } else { 0.0 }], |_| n.to_string());
            }
            assert_bits(engine, &shaped(d, &[0, 3], &[] as &[T]).sum(0), &[0.0; 3], |i| i.to_string());
            assert_bits(engine, &shaped(d, &[0, 3], &[] as &[T]).mean(0), &[T::NAN; 3], |i| i.to_string());
            assert_bits(engine, &shaped(d, &[2, 0], &[] as &[T]).prod(1), &[1.0; 2], |i| i.to_string());
        });
    });
}

#[test]
fn special_values_are_summed_in_order_too() {
    for_types!(T in [f32 f64] {
        for n in [5, 40, 300, 1000] {
            let mut rng = Rng(n as u64);
            let (special, _) = T::triples(n).0.into_iter().fold((Vec::new(), 0), |(mut v, k), x| { v.push(x); (v, k + 1) });
            let huge: Vec<T> = (0..n).map(|_| if rng.below(2) == 0 { T::MAX } else { -T::MAX / 2.0 }).collect();
            let tiny: Vec<T> = (0..n).map(|_| T::of((rng.unit() - 0.5) * 8.0) * T::MIN_POSITIVE).collect();
            everywhere(|d, engine| {
                for (name, v) in [("special", &special), ("huge", &huge), ("tiny", &tiny)] {
                    let what = format!("{name} {} on {engine}", T::DTYPE);
                    assert_bits(&what, &on(d, v).sum(..), &[sum(v)], |_| format!("sum of {n}"));
                    assert_bits(&what, &on(d, v).prod(..), &[prod(v)], |_| format!("product of {n}"));
                }
            });
        }
    });
}

#[test]
fn sixteen_bit_floats_are_reduced_in_f32() {
    for_types!(T in [f16 bf16] {
        for n in [1, 31, 257, 1000, 5000] {
            let mut rng = Rng(n as u64);
            let v: Vec<T> = (0..n).map(|_| T::from_f64(rng.unit() * 8.0 - 4.0)).collect();
            let wide: Vec<f32> = v.iter().map(|v| v.to_f32()).collect();
            let terms: Vec<f32> = wide.iter().map(|v| T::from_f32(v * v).to_f32()).collect();
            everywhere(|d, engine| {
                let x = on(d, &v);
                let what = |op: &str| format!("{op} of {n} {} on {engine}", T::DTYPE);
                assert_bits(&what("sum"), &x.sum(..), &[T::from_f32(sum(&wide))], |_| String::new());
                assert_bits(&what("prod"), &x.slice(s![..n.min(20)]).prod(..), &[T::from_f32(prod(&wide[..n.min(20)]))], |_| String::new());
                assert_bits(&what("mean"), &x.mean(..), &[T::from_f32(mean(&wide))], |_| String::new());
                assert_bits(&what("var"), &x.var(..), &[T::from_f32(var(&wide, 0))], |_| String::new());
                assert_bits(&what("std"), &x.std(..), &[T::from_f32(var(&wide, 0).sqrt())], |_| String::new());
                // Recorded terms are rounded to the element type before they are added.
                assert_bits(&what("sum of squares"), &(&x * &x).sum(..), &[T::from_f32(sum(&terms))], |_| String::new());
                assert_bits(&what("dot"), &x.dot(&x), &[T::from_f32(sum(&terms))], |_| String::new());
                let columns = shaped(d, &[n, 2], &[v.clone(), v.clone()].concat());
                let c = |k: usize| T::from_f32(sum(&(0..n).map(|i| wide[(2 * i + k) % n]).collect::<Vec<_>>()));
                assert_bits(&what("columns"), &columns.sum(0), &[c(0), c(1)], |_| String::new());
            });
        }
    });
}

#[test]
fn integers_and_what_has_no_order() {
    for_types!(T in [i32 i64 u8 u64] {
        for n in [1, 7, 64, 300, 1000] {
            let v: Vec<T> = T::triples(n).0;
            type S<T> = <T as Element>::Sum;
            let (sum, prod) = v.iter().fold((0, 1), |(s, p): (S<T>, S<T>), &v| (s.wrapping_add(v as S<T>), p.wrapping_mul(v as S<T>)));
            let first = |of: T| v.iter().position(|&w| w == of).unwrap() as i64;
            let (min, max) = (*v.iter().min().unwrap(), *v.iter().max().unwrap());
            everywhere(|d, engine| {
                let x = on(d, &v);
                let what = format!("{} on {engine}", T::DTYPE);
                let at = |_: usize| format!("{n} elements");
                assert_bits(&what, &x.sum(..), &[sum], at);
                assert_bits(&what, &x.prod(..), &[prod], at);
                assert_bits(&what, &x.min(..), &[min], at);
                assert_bits(&what, &x.max(..), &[max], at);
                assert_bits(&what, &x.argmin(..), &[first(min)], at);
                assert_bits(&what, &x.argmax(..), &[first(max)], at);
                assert_bits(&what, &x.any(..), &[v.iter().any(|&v| v != 0)], at);
                assert_bits(&what, &x.all(..), &[v.iter().all(|&v| v != 0)], at);
                assert_bits(&what, &x.reshape([n, 1]).broadcast_to([n, 3]).max(0), &[max; 3], at);
                assert_bits(&what, &x.reshape([n, 1]).broadcast_to([n, 3]).argmin(0), &[first(min); 3], at);
            });
        }
    });
}

#[test]
fn extremes_of_floats() {
    for_types!(T in [f32 f64 f16 bf16] {
        for (n, nan) in [(1, false), (40, false), (40, true), (300, false), (1000, true), (1000, false)] {
            let mut rng = Rng(n as u64);
            // Few values, so that there are ties; never both zeros, whose order is by sign.
            let mut v: Vec<T> = (0..n).map(|_| T::near(rng.below(9) as f64 * 2.0 - 9.0)).collect();
            if nan {
                v[n * 2 / 3] = T::NAN;
                v[n - 1] = T::NAN;
            }
            let best = |better: fn(&T, &T) -> bool| {
                let first = v.iter().position(|v| v.is_nan());
                first.unwrap_or_else(|| (1..n).fold(0, |k, i| if better(&v[i], &v[k]) { i } else { k }))
            };
            let (low, high) = (best(T::lt), best(T::gt));
            everywhere(|d, engine| {
                let what = format!("{n} {} on {engine}", T::DTYPE);
                for (x, times) in [(on(d, &v), 1), (on(d, &v).reshape([n, 1]).broadcast_to([n, 5]), 5)] {
                    assert_bits(&what, &x.min(0), &vec![v[low]; times], |_| "min".into());
                    assert_bits(&what, &x.max(0), &vec![v[high]; times], |_| "max".into());
                    assert_bits(&what, &x.argmin(0), &vec![low as i64; times], |_| "argmin".into());
                    assert_bits(&what, &x.argmax(0), &vec![high as i64; times], |_| "argmax".into());
                }
            });
        }
        everywhere(|d, engine| {
            let (p, m) = (T::near(0.0), T::near(-0.0));
            for v in [[p, m, m], [m, p, m], [m, m, p]] {
                assert_bits(engine, &on(d, &v).max(..), &[p], |_| "max of zeros".into());
                assert_bits(engine, &(-on(d, &v)).min(..), &[m], |_| "min of zeros".into());
            }
        });
    });
}

#[test]
fn laws() {
    for_types!(T in [f32 f64] {
        for (i, &(n, m)) in [(1, 1), (3, 40), (40, 3), (257, 33), (31, 513), (1, 700), (100, 100)].iter().enumerate() {
            let v = data::<T>(n * m + i);
            everywhere(|d, engine| {
                let x = shaped(d, &[n, m], &v[i..]);
                let y = x.slice(s![..;-1, ..;-1]);
                let what = format!("{n} by {m} {} on {engine}", T::DTYPE);
                let equal = |law: &str, a: Array<T>, b: Array<T>| {
                    assert_bits(&format!("{law}, {what}"), &a, &b.to_vec().unwrap(), |i| i.to_string())
                };
                equal("x.t().sum(0) = x.sum(1)", x.t().sum(0), x.sum(1));
                equal("x.t().var(0) = x.var(1)", x.t().var(0), x.var(1));
                equal("x.t().prod(1) = x.prod(0)", x.t().prod(1), x.prod(0));
                equal("x.reshape(..).sum(..) = x.sum(..)", x.reshape(-1).sum(..), x.sum(..));
                equal("x.t().reshape(..).var(..) = x.t().var(..)", x.t().reshape(-1).var(..), x.t().var(..));
                equal("x.reshape([1, ..]).sum(1) = x.sum(..)", x.reshape([1, -1]).sum(1), x.sum(keep(..)));
                equal("dot(x, y) = (x * y).sum(..)", x.reshape(-1).dot(&y.reshape(-1)), (&x * &y).sum(..));
                equal("mean = sum / R", x.mean(1), x.sum(1) / m as T);
                equal("mean = sum / R", x.mean(..), x.sum(..) / (n * m) as T);
                equal("std = sqrt(var)", x.std(0), x.var(0).sqrt());
                equal("a copy has the sum of the view", (&y * 1.0).sum(..), y.sum(..));
                equal("evaluated first", x.exp().eval().unwrap().sum(0), x.exp().sum(0));
                let e = (&x - x.max(keep(1))).exp();
                equal("softmax", x.softmax(1), &e / e.sum(keep(1)));
                let l = (&x - x.mean(keep(0))) / (x.var(keep(0)) + 1e-3).sqrt();
                equal("layer_norm", x.layer_norm(0, 1e-3), l);
                let lse = (&x - x.max(keep(0))).exp().sum(0).ln() + x.max(0);
                equal("logsumexp", x.logsumexp(0), lse);
            });
        }
    });
}

/// NumPy's pairwise sum of contiguous data.
fn numpy(x: &[f32]) -> f32 {
    if x.len() < 8 {
        return x.iter().sum();
    }
    if x.len() <= 128 {
        let mut r: [f32; 8] = x[..8].try_into().unwrap();
        for block in x[8..].chunks_exact(8) {
            (0..8).for_each(|j| r[j] += block[j]);
        }
        let all = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
        return x[x.len() / 8 * 8..].iter().fold(all, |s, v| s + v);
    }
    let half = x.len() / 2 / 8 * 8;
    numpy(&x[..half]) + numpy(&x[half..])
}

#[test]
fn sums_are_as_accurate_as_numpys() {
    for (r, trials) in [(1000, 8000), (100_000, 500)] {
        for kind in ["ill", "positive"] {
            let (mut ours, mut theirs, mut rng) = (0.0, 0.0, Rng(r as u64));
            for _ in 0..trials / 100 {
                let v: Vec<f32> =
                    (0..100 * r).map(|_| if kind == "ill" { rng.ill() } else { rng.unit() } as f32).collect();
                let got = shaped(&Device::cpu(), &[100, r], &v).sum(1).to_vec().unwrap();
                for (row, got) in v.chunks(r).zip(got) {
                    let exact: f64 = row.iter().map(|&v| v as f64).sum();
                    let unit: f64 = row.iter().map(|&v| v.abs() as f64).sum::<f64>() * 2f64.powi(-24);
                    ours += (got as f64 - exact).abs() / unit;
                    theirs += (numpy(row) as f64 - exact).abs() / unit;
                }
            }
            let (ours, theirs) = (ours / trials as f64, theirs / trials as f64);
            println!("{r} {kind}: mean error {ours:.4}, NumPy's {theirs:.4}");
            assert!(ours <= 1.25 * theirs, "{r} {kind}: mean error {ours} against NumPy's {theirs}");
        }
    }
}

#[test]
fn variances_survive_an_offset() {
    // A merge of rounded means loses up to five digits here (docs/NUMERICS.md section 3).
    for (offset, scale) in [(0.0, 1.0), (1e4, 1.0), (1.0, 1e-6), (-3e5, 10.0)] {
        let mut rng = Rng(3);
        let mut normal = || (0..12).map(|_| rng.unit()).sum::<f64>() - 6.0;
        let v: Vec<f32> = (0..100 * 4096).map(|_| (offset + scale * normal()) as f32).collect();
        let got = shaped(&Device::cpu(), &[100, 4096], &v).var(1).to_vec().unwrap();
        for (row, got) in v.chunks(4096).zip(got) {
            let mean = row.iter().map(|&v| v as f64).sum::<f64>() / 4096.0;
            let exact = row.iter().map(|&v| (v as f64 - mean).powi(2)).sum::<f64>() / 4096.0;
            let error = (got as f64 - exact).abs() / exact;
            assert!(error < 4e-7, "offset {offset}, scale {scale}: relative error {error:e}");
        }
    }
}
