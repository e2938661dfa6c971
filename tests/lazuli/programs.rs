//! The programs of `docs/from_numba.md`: each gives the same bits as scalar Rust, on every engine.
//!
//! What stands between the marks `page` is on the page to the letter; a test sees to that.

use crate::engines::*;
use lazuli::prelude::*;

/// Runs `f` on every engine; each must give `expected`.
#[track_caller]
fn same<T: Element>(name: &str, expected: &[T], f: impl Fn(&Device) -> Array<T>) {
    for device in engines() {
        let what = format!("{name} on {device}");
        assert_bits(&what, &f(&device), expected, |i| format!("element {i}"));
    }
}

/// Arguments of a few hundred elements, between two numbers.
fn between(from: f64, to: f64, n: usize) -> Vec<f64> {
    (0..n).map(|i| from + (to - from) * ((i * 7919) % n) as f64 / n as f64).collect()
}

mod sum_of_squares {
    use super::*;
    use crate::reduction_kernels::fold;
    // page: sum_of_squares
    fn sum_of_squares(x: &Array<f64>) -> Array<f64> {
        (x * x).sum(..)
    }
    // end

    /// The sum of section 2 of `docs/NUMERICS.md`, one element after another.
    fn reference(x: &[f64]) -> f64 {
        fold(x.iter().map(|x| x * x), |a, b| a + b).unwrap_or(0.0)
    }

    #[test]
    fn everywhere() {
        for n in [0, 1, 333, 20_001] {
            let x = between(-3.0, 5.0, n);
            same("sum of squares", &[reference(&x)], |d| sum_of_squares(&on(d, &x)));
        }
    }

    #[test]
    fn with_any_number_of_threads() {
        // Long enough to be shared, and no multiple of what a thread takes.
        let x = between(-3.0, 5.0, 400_009);
        let expected = reference(&x);
        assert_ne!(expected, x.iter().map(|x| x * x).sum(), "another order should give other bits");
        for device in [Device::cpu(), Device::portable()] {
            for threads in [1, 2, 7] {
                lazuli::set_num_threads(threads);
                let what = format!("sum of squares on {device}, {threads} threads");
                assert_bits(&what, &sum_of_squares(&on(&device, &x)), &[expected], |_| "the sum".into());
            }
        }
        lazuli::set_num_threads(0);
    }
}

mod gauss {
    use super::*;
    // page: gauss
    #[lazuli::vectorize]
    fn gauss(x: f32) -> f32 {
        (-x * x).exp()
    }
    // end

    #[test]
    fn everywhere() {
        let x: Vec<f32> = between(-3.0, 3.0, 333).iter().map(|&x| x as f32).collect();
        let expected: Vec<f32> = x.iter().map(|&x| gauss(x)).collect();
        same("gauss", &expected, |d| gauss(on(d, &x)));
    }
}

mod sincos {
    use super::*;
    // page: sincos
    #[lazuli::vectorize]
    fn sincos(x: f64) -> (f64, f64) {
        (x.sin(), x.cos())
    }
    // end

    #[test]
    fn everywhere() {
        let x = between(-30.0, 30.0, 333);
        let (sines, cosines): (Vec<f64>, Vec<f64>) = x.iter().map(|&x| sincos(x)).unzip();
        for device in engines() {
            let (sin, cos) = sincos(on(&device, &x));
            lazuli::eval((&sin, &cos)).unwrap();
            for (what, y, expected) in [("sin", sin, &sines), ("cos", cos, &cosines)] {
                assert_bits(&format!("{what} on {device}"), &y, expected, |i| format!("{:?}", x[i]));
            }
        }
    }
}

mod black_scholes {
    use super::*;
    // page: black_scholes
    #[lazuli::vectorize]
    fn cumulative(x: f64) -> f64 {
        0.5 * (-x * std::f64::consts::FRAC_1_SQRT_2).erfc()
    }

    #[lazuli::vectorize]
    fn black_scholes(price: f64, strike: f64, years: f64, rate: f64, volatility: f64) -> (f64, f64) {
        let spread = volatility * years.sqrt();
        let d1 = ((price / strike).ln() + (rate + 0.5 * volatility * volatility) * years) / spread;
        let d2 = d1 - spread;
        let discounted = strike * (-rate * years).exp();
        let call = price * cumulative(d1) - discounted * cumulative(d2);
        (call, call - price + discounted)
    }
    // end

    #[test]
    fn everywhere() {
        let (price, strike) = (between(10.0, 50.0, 257), between(10.0, 60.0, 257));
        let scalar = |i: usize| black_scholes(price[i], strike[i], 0.75, 0.02, 0.3);
        let calls: Vec<f64> = (0..257).map(|i| scalar(i).0).collect();
        let puts: Vec<f64> = (0..257).map(|i| scalar(i).1).collect();
        assert!(calls.iter().chain(&puts).all(|&v| v > -1e-9 && v < 60.0));
        let priced = |d: &Device| black_scholes(on(d, &price), on(d, &strike), 0.75, 0.02, 0.3);
        same("calls", &calls, |d| priced(d).0);
        same("puts", &puts, |d| priced(d).1);
    }
}

mod mandelbrot {
    use super::*;
    // page: mandelbrot
    #[lazuli::vectorize]
    fn mandelbrot(re: f32, im: f32, turns: i32) -> i32 {
        let (mut x, mut y) = (0.0, 0.0);
        for turn in 0..turns {
            let (xx, yy) = (x * x, y * y);
            if xx + yy > 4.0 {
                return turn;
            }
            y = 2.0 * x * y + im;
            x = xx - yy + re;
        }
        turns
    }
    // end

    #[test]
    fn everywhere() {
        let re: Vec<f32> = (0..90).map(|i| -2.0 + 2.5 * i as f32 / 90.0).collect();
        let im: Vec<f32> = (0..31).map(|i| -1.25 + 2.5 * i as f32 / 31.0).collect();
        let rows = im.iter().flat_map(|&im| re.iter().map(move |&re| mandelbrot(re, im, 200)));
        let expected: Vec<i32> = rows.collect();
        assert!(expected.contains(&200) && expected.contains(&1));
        same("mandelbrot", &expected, |d| mandelbrot(on(d, &re), on(d, &im).reshape((-1, 1)), 200));
    }
}

mod pi {
    use super::*;
    // page: pi
    /// The random number at a position of a stream (SplitMix64: Steele, Lea and Flood 2014).
    #[lazuli::vectorize]
    fn uniform(stream: u64, position: u64) -> f64 {
        let mut z = stream + position * 0x9E37_79B9_7F4A_7C15;
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0
    }

    #[lazuli::vectorize]
    fn hit(sample: u64) -> bool {
        let (x, y) = (uniform(1, sample), uniform(2, sample));
        x * x + y * y < 1.0
    }
    // end

    #[test]
    fn everywhere() {
        let n = 20_000u64;
        let hits = (0..n).filter(|&sample| hit(sample)).count();
        let pi = 4.0 * hits as f64 / n as f64;
        assert!((pi - std::f64::consts::PI).abs() < 0.05, "{pi}");
        let samples: Vec<u64> = (0..n).collect();
        same("pi", &[hits as i64], |d| hit(on(d, &samples)).sum(..));
    }
}

mod collatz {
    use super::*;
    // page: collatz
    #[lazuli::vectorize]
    fn collatz(start: i64) -> i64 {
        let (mut n, mut steps) = (start, 0);
        while n != 1 {
            n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
            steps += 1;
        }
        steps
    }
    // end

    #[test]
    fn everywhere() {
        let starts: Vec<i64> = (1..400).collect();
        let expected: Vec<i64> = starts.iter().map(|&n| collatz(n)).collect();
        assert_eq!((expected[0], expected[26]), (0, 111));
        same("collatz", &expected, |d| collatz(on(d, &starts)));
    }
}

mod newton {
    use super::*;
    // page: newton
    #[lazuli::vectorize(max_iterations = 100)]
    fn cube_root(a: f64) -> f64 {
        let mut x = if a.abs() > 1.0 { a } else { a.signum() };
        loop {
            let next = x - (x * x * x - a) / (3.0 * x * x);
            if (next - x).abs() <= 1e-15 * next.abs() {
                return next;
            }
            x = next;
        }
    }
    // end

    #[test]
    fn everywhere() {
        let a = between(0.5, 1000.0, 300);
        let expected: Vec<f64> = a.iter().map(|&a| cube_root(a)).collect();
        assert!(expected.iter().zip(&a).all(|(x, a)| (x * x * x / a - 1.0).abs() < 1e-14));
        for device in engines() {
            assert_bits(&format!("newton on {device}"), &cube_root(on(&device, &a)), &expected, |i| {
                format!("{i}")
            });
        }
    }

    #[test]
    fn what_does_not_converge_is_an_error() {
        for device in engines() {
            let a = on(&device, &[8.0, f64::NAN, 27.0]);
            let error = cube_root(&a).to_vec().unwrap_err().to_string();
            assert!(error.contains("cube_root"), "{error}");
            assert!(error.contains("max_iterations"), "{error}");
            assert!(error.contains("programs.rs"), "{error}");
            // Nothing is lost: the array is as it was, and other values can be asked for.
            assert_eq!(a.slice(s![..1]).to_vec().unwrap(), [8.0]);
        }
    }
}

mod moving_average {
    use super::*;
    // page: moving_average
    fn moving_average(x: &Array<f64>, window: usize) -> Array<f64> {
        let n = x.len() - window + 1;
        let shifted = (0..window).map(|k| x.slice(s![k..k + n]));
        shifted.reduce(|sum, x| sum + x).expect("a window") / window as f64
    }
    // end

    #[test]
    fn everywhere() {
        let x = between(-1.0, 1.0, 500);
        let average = |w: &[f64]| w[1..].iter().fold(w[0], |sum, x| sum + x) / w.len() as f64;
        let expected: Vec<f64> = x.windows(7).map(average).collect();
        same("moving average", &expected, |d| moving_average(&on(d, &x), 7));
        assert_eq!(moving_average(&Array::from_vec(x), 7).explain().kernels(), 1);
    }
}

mod heat {
    use super::*;
    // page: heat
    /// A step of the heat equation, between walls that let nothing through.
    #[lazuli::stencil(nearest)]
    fn heat(u: &[[f64]]) -> f64 {
        u[0][0] + 0.2 * (u[-1][0] + u[1][0] + u[0][-1] + u[0][1] - 4.0 * u[0][0])
    }
    // end

    #[test]
    fn everywhere() {
        let (rows, columns) = (23, 61);
        let mut expected = between(-1.0, 2.0, rows * columns);
        let first = expected.clone();
        for _ in 0..3 {
            let at = |i: usize, j: usize| expected[i.min(rows - 1) * columns + j.min(columns - 1)];
            let step = |i: usize, j: usize| {
                let (up, left) = (i.saturating_sub(1), j.saturating_sub(1));
                at(i, j) + 0.2 * (at(up, j) + at(i + 1, j) + at(i, left) + at(i, j + 1) - 4.0 * at(i, j))
            };
            expected = (0..rows * columns).map(|p| step(p / columns, p % columns)).collect();
        }
        same("heat", &expected, |d| {
            (0..3).fold(on(d, &first).reshape([rows, columns]), |u, _| heat(u)).reshape(-1)
        });
    }
}

mod elementwise {
    use super::*;
    use lazuli::{ElementwiseKernel, Expr};
    // page: elementwise
    fn power_or_other(power: i32) -> ElementwiseKernel<(Expr<f64>, Expr<f64>), Expr<f64>> {
        ElementwiseKernel::new("k", |(x, y): (Expr<f64>, Expr<f64>)| x.gt(0.0).select(x.powi(power), y))
    }
    // end

    /// The same in scalar Rust.
    #[lazuli::vectorize]
    fn cube_or_other(x: f64, y: f64) -> f64 {
        if x > 0.0 { x.powi(3) } else { y }
    }

    #[test]
    fn everywhere() {
        let (mut x, y) = (between(-2.0, 3.0, 333), between(5.0, 6.0, 333));
        (x[7], x[8], x[9]) = (0.0, -0.0, f64::NAN);
        let expected: Vec<f64> = x.iter().zip(&y).map(|(&x, &y)| cube_or_other(x, y)).collect();
        let k = power_or_other(3);
        same("power or other", &expected, |d| k.call((on(d, &x), on(d, &y))));
        // Another power is another kernel, and a scalar is broadcast.
        let expected: Vec<f64> = x.iter().map(|&x| if x > 0.0 { 1.0 / x } else { 7.0 }).collect();
        let k = power_or_other(-1);
        same("inverse or 7", &expected, |d| k.call((on(d, &x), 7.0)));
    }
}

mod reduction {
    use super::*;
    use lazuli::{Expr, ReductionKernel};
    // page: reduction
    fn l2() -> ReductionKernel<Expr<f64>, Expr<f64>> {
        ReductionKernel::new("l2", |x: Expr<f64>| x * x, 0.0, |a, b| a + b, |s| s.sqrt())
    }

    /// Mean and variance in one pass: counts, means and squared deviations are merged.
    fn moments() -> ReductionKernel<Expr<f64>, (Expr<f64>, Expr<f64>)> {
        ReductionKernel::new(
            "moments",
            |x: Expr<f64>| (Expr::from(1.0), x, Expr::from(0.0)),
            (0.0, 0.0, 0.0),
            |(n, a, p), (m, b, q)| {
                let d = b - a;
                (n + m, a + d * m / (n + m), p + q + d * d * n * m / (n + m))
            },
            |(n, mean, deviations)| (mean, deviations / n),
        )
    }
    // end

    #[test]
    fn everywhere() {
        let x = between(-2.0, 9.0, 32);
        // Up to 32 elements the tree is that of neighbours.
        fn tree<S: Copy>(s: &[S], f: &impl Fn(S, S) -> S) -> S {
            match s.len() {
                1 => s[0],
                n => {
                    let half = n.next_power_of_two() / 2;
                    f(tree(&s[..half], f), tree(&s[half..], f))
                }
            }
        }
        let squares: Vec<f64> = x.iter().map(|&x| x * x).collect();
        same("l2", &[tree(&squares, &|a, b| a + b).sqrt()], |d| l2().call(on(d, &x), keep(..)));
        let states: Vec<(f64, f64, f64)> = x.iter().map(|&x| (1.0, x, 0.0)).collect();
        let (n, mean, deviations) = tree(&states, &|(n, a, p), (m, b, q)| {
            let d = b - a;
            (n + m, a + d * m / (n + m), p + q + d * d * n * m / (n + m))
        });
        for device in engines() {
            let (a, b) = moments().call(on(&device, &x), ..);
            lazuli::eval((&a, &b)).unwrap();
            assert_bits("moments", &a, &[mean], |_| "mean".into());
            assert_bits("moments", &b, &[deviations / n], |_| "variance".into());
        }
    }
}

/// A text whose lines begin where they do.
fn flush(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n").trim().into()
}

/// The marked programs: their names and texts.
fn marked() -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    let files = [include_str!("programs.rs"), include_str!("kernels.rs"), include_str!("guvectorize.rs")];
    for file in files {
        for part in file.split("// page: ").skip(1) {
            let Some((head, _)) = part.split_once("// end") else { continue };
            let (name, program) = head.split_once('\n').expect("a name and a program");
            // What follows the mark in this function itself is no name.
            if name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                all.push((name, flush(program)));
            }
        }
    }
    all
}

/// What the page shows is what is tested here.
#[test]
fn the_page_has_these_programs() {
    let page = flush(include_str!("../../docs/from_numba.md"));
    let programs = marked();
    for (name, program) in &programs {
        assert!(page.contains(program), "the page has another program for {name}");
    }
    assert!(programs.len() >= 21, "{} programs", programs.len());
    // And the other way around: each block has a program that is run by every engine here, beside
    // what the page does with it.
    let blocks: Vec<&str> = page.split("```rust\n").skip(1).collect();
    for block in &blocks {
        let (block, _) = block.split_once("```").expect("the end of a block");
        let tested = programs.iter().any(|(_, program)| block.contains(program));
        assert!(tested, "nothing of this is marked in a test:\n{block}");
    }
    assert!(blocks.len() >= 20, "{} blocks", blocks.len());
}
