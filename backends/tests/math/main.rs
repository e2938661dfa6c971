//! The functions' promises: accuracy against correctly rounded references, special values, and the same bits from
//! every version.

use lazuli_backends::math::block::{self, Version};
use lazuli_backends::math::{Binary, Unary, f32 as single, f64 as double};

mod exact;
mod reference;
use exact::Exact;
use reference::*;

/// The promise for f64, in ULP.
const PROMISE: f64 = 2.0;

/// Bounds on the error of the f32 form, in ULP, and of the f64 form, in steps from the correctly rounded result (one
/// step: up to 1.5 ULP; what is further off is measured).
fn bounds(f: Unary) -> (f64, f64) {
    use Unary::*;
    match f {
        Exp | Exp2 | Ln | Tanh => (0.95, 1.0),
        Sin | Cos => (0.9, 2.0),
        Erf => (0.97, 1.0),
        // The f64 reference of the sigmoid is itself off by a step.
        Sigmoid => (1.0, 2.0),
        Sinh | Erfc => (0.51, 2.0),
        _ => (0.51, 1.0),
    }
}

#[test]
fn f32_within_bounds() {
    for &f in Unary::ALL {
        let w = f32_range(f, 0, 1 << 20, false);
        assert!(w.err <= bounds(f).0 && w.bad == 0, "{}: {w:?}", f.name());
    }
}

#[test]
fn f64_within_bounds() {
    let mut exact = Exact::new();
    for &f in Unary::ALL {
        let w = f64_range(f, 0, 1 << 19, |steps, x, got| {
            // The reference of the sigmoid is itself off by a step.
            if exact::doubtful(steps, right_f64(f, x)) || f == Unary::Sigmoid {
                let error = exact.unary(f, x, got);
                assert!(error <= PROMISE, "{}({x:e}) = {got:e} is {error} ULP off", f.name());
            }
        });
        assert!(w.err <= bounds(f).1 && w.bad == 0, "{}: {w:?}", f.name());
    }
}

#[test]
fn binary_within_bounds() {
    let mut exact = Exact::new();
    for &f in Binary::ALL {
        let w = binary32_range(f, 0, 1 << 19);
        assert!(w.err <= 0.51 && w.bad == 0, "{}: {w:?}", f.name());
        let w = binary64_range(f, 0, 1 << 19, |steps, x, y, got| {
            if exact::doubtful(steps, right2_f64(f, x, y)) {
                let error = exact.binary(f, x, y, got);
                assert!(error <= PROMISE, "{}({x:e}, {y:e}) = {got:e} is {error} ULP off", f.name());
            }
        });
        assert!(w.err <= if f == Binary::Atan2 { 2.0 } else { 1.0 } && w.bad == 0, "{}: {w:?}", f.name());
    }
}

#[test]
fn versions_agree() {
    let versions = [Version::Avx512, Version::Avx2, Version::Plain];
    // A length that leaves a rest.
    let n = 20_011;
    for v in versions.into_iter().filter(|v| v.runs()) {
        for &f in Unary::ALL {
            let x: Vec<f32> = (0..n).map(|i| sample32(i * 7 + 1, false)).collect();
            let mut o = vec![0.0; x.len()];
            block::unary_f32_by(v, f, &x, &mut o);
            for (&x, &o) in x.iter().zip(&o) {
                assert!(same32(o, single::unary(f, x)), "{v:?} {f:?} f32 {x:e} {o:e}");
            }
            let x: Vec<f64> = (0..n).map(|i| sample64(f, i * 7 + 1)).collect();
            let mut o = vec![0.0; x.len()];
            block::unary_f64_by(v, f, &x, &mut o);
            for (&x, &o) in x.iter().zip(&o) {
                assert!(same64(o, double::unary(f, x)), "{v:?} {f:?} f64 {x:e} {o:e}");
            }
        }
        for &f in Binary::ALL {
            let (x, y): (Vec<f64>, Vec<f64>) = (0..n).map(|i| sample2(f, i)).unzip();
            let mut o = vec![0.0; x.len()];
            block::binary_f64_by(v, f, &x, &y, &mut o);
            let (xf, yf): (Vec<f32>, Vec<f32>) =
                x.iter().zip(&y).map(|(&x, &y)| (x as f32, y as f32)).unzip();
            let mut of = vec![0.0; x.len()];
            block::binary_f32_by(v, f, &xf, &yf, &mut of);
            for i in 0..x.len() {
                assert!(same64(o[i], double::binary(f, x[i], y[i])), "{v:?} {f:?} f64 {:e} {:e}", x[i], y[i]);
                assert!(
                    same32(of[i], single::binary(f, xf[i], yf[i])),
                    "{v:?} {f:?} f32 {:e} {:e}",
                    x[i],
                    y[i]
                );
            }
        }
    }
}

#[test]
fn short_slices() {
    for n in [0, 1, 63, 64, 65, 129] {
        let x: Vec<f64> = (0..n).map(|i| i as f64 * 0.3 - 2.0).collect();
        let mut o = vec![0.0; n];
        block::unary_f64(Unary::Ln, &x, &mut o);
        assert!(x.iter().zip(&o).all(|(&x, &o)| same64(o, double::ln(x))));
        block::binary_f64(Binary::Pow, &x, &x, &mut o);
        assert!(x.iter().zip(&o).all(|(&x, &o)| same64(o, double::pow(x, x))));
    }
}

/// Exact or special results; the same table for both precisions.
#[test]
fn special_values() {
    use Unary::*;
    const INF: f64 = f64::INFINITY;
    const NAN: f64 = f64::NAN;
    let table: &[(Unary, &[(f64, f64)])] = &[
        (Exp, &[(-INF, 0.0), (INF, INF), (0.0, 1.0), (-0.0, 1.0), (1e30, INF), (-1e30, 0.0)]),
        (
            Exp2,
            &[(-INF, 0.0), (INF, INF), (0.0, 1.0), (-0.0, 1.0), (10.0, 1024.0), (-3.0, 0.125), (-1e30, 0.0)],
        ),
        (ExpM1, &[(-INF, -1.0), (INF, INF), (0.0, 0.0), (-0.0, -0.0), (-1e30, -1.0)]),
        (Ln, &[(0.0, -INF), (-0.0, -INF), (1.0, 0.0), (INF, INF), (-1.0, NAN), (-INF, NAN)]),
        (Ln1p, &[(-1.0, -INF), (0.0, 0.0), (-0.0, -0.0), (INF, INF), (-2.0, NAN), (-INF, NAN)]),
        (Log2, &[(0.0, -INF), (-0.0, -INF), (1.0, 0.0), (8.0, 3.0), (0.25, -2.0), (INF, INF), (-1.0, NAN)]),
        (
            Log10,
            &[(0.0, -INF), (-0.0, -INF), (1.0, 0.0), (1000.0, 3.0), (1e10, 10.0), (INF, INF), (-1.0, NAN)],
        ),
        (Sin, &[(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN)]),
        (Cos, &[(0.0, 1.0), (-0.0, 1.0), (INF, NAN), (-INF, NAN)]),
        (Tan, &[(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN)]),
        (Tanh, &[(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0)]),
        (Sinh, &[(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF)]),
        (Cosh, &[(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, INF)]),
        (Asin, &[(0.0, 0.0), (-0.0, -0.0), (1.5, NAN), (-INF, NAN)]),
        (Acos, &[(1.0, 0.0), (1.5, NAN), (-1.5, NAN), (INF, NAN)]),
        (Atan, &[(0.0, 0.0), (-0.0, -0.0)]),
        (Asinh, &[(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF)]),
        (Acosh, &[(1.0, 0.0), (0.5, NAN), (-INF, NAN), (INF, INF)]),
        (Atanh, &[(0.0, 0.0), (-0.0, -0.0), (1.0, INF), (-1.0, -INF), (1.5, NAN), (INF, NAN)]),
        (Erf, &[(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0)]),
        (Erfc, &[(0.0, 1.0), (-0.0, 1.0), (INF, 0.0), (-INF, 2.0)]),
        (Cbrt, &[(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (27.0, 3.0), (-1e15, -1e5)]),
        (Sigmoid, &[(0.0, 0.5), (-0.0, 0.5), (INF, 1.0), (-INF, 0.0)]),
    ];
    assert_eq!(table.len(), Unary::ALL.len());
    for &(f, rows) in table {
        for &(x, want) in rows.iter().chain(&[(NAN, NAN)]) {
            let got = double::unary(f, x);
            assert!(same64(got, want), "{f:?} f64 {x:e}: {got:e}");
            let got = single::unary(f, x as f32);
            assert!(same32(got, want as f32), "{f:?} f32 {x:e}: {got:e}");
        }
    }
}

#[test]
fn exact_powers() {
    for k in -1074..1024 {
        let p = double::exp2(k as f64);
        assert_eq!(
            p,
            if k < -1022 {
                f64::from_bits(1 << (k + 1074))
            } else {
                f64::from_bits(((k + 1023) as u64) << 52)
            }
        );
        assert_eq!(double::log2(p), k as f64);
        assert_eq!(double::pow(2.0, k as f64), p);
    }
    for k in 0..=22 {
        assert_eq!(double::log10(10f64.powi(k)), k as f64);
    }
    for k in 1..200 {
        let k = k as f64;
        assert_eq!(double::cbrt(k * k * k), k);
        assert_eq!(double::pow(k, 3.0), k * k * k);
        assert_eq!(double::hypot(3.0 * k, 4.0 * k), 5.0 * k);
    }
}

/// Every pair of awkward values, by the correctly rounded library (which follows C99's tables).
#[test]
fn special_pairs() {
    for &f in Binary::ALL {
        for x in SPECIAL {
            for y in SPECIAL {
                let (got, want) = (double::binary(f, x, y), right2_f64(f, x, y));
                assert!(
                    steps64(got, want).is_some_and(|s| s <= 1),
                    "{f:?} f64 {x:e} {y:e}: {got:e} {want:e}"
                );
                let (a, b) = (x as f32, y as f32);
                let (got, want) = (single::binary(f, a, b), right2_f32(f, a, b));
                assert!(same32(got, want), "{f:?} f32 {a:e} {b:e}: {got:e} {want:e}");
            }
        }
    }
}

/// Odd and even functions are exactly so.
#[test]
fn symmetry() {
    use Unary::*;
    for i in 0..100_000 {
        for f in [Sin, Tan, Tanh, Sinh, Asin, Atan, Asinh, Atanh, Erf, Cbrt] {
            let x = sample64(f, i);
            assert!(same64(double::unary(f, -x), -double::unary(f, x)), "{f:?} {x:e}");
            let x = sample32(i, false);
            assert!(same32(single::unary(f, -x), -single::unary(f, x)), "{f:?} {x:e}");
        }
        for f in [Cos, Cosh] {
            let x = sample64(f, i);
            assert!(same64(double::unary(f, -x), double::unary(f, x)), "{f:?} {x:e}");
            let x = sample32(i, false);
            assert!(same32(single::unary(f, -x), single::unary(f, x)), "{f:?} {x:e}");
        }
    }
}
