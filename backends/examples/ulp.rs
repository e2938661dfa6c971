//! Measures the error of the functions, and their time.
//!
//! `ulp NAME|all [--exhaustive] [--f64] [--f32] [--points N] [--time [--range LOW HIGH]] [--threads N]`
//!
//! f32: every float with `--exhaustive`, else N stratified ones, against the correctly rounded double-precision value.
//! f64: N points; the steps between the result and the correctly rounded one are counted (the error is within 1/2 ULP
//! of that), and with `--dump FILE` arguments and results that are not correctly rounded are written (all of two
//! steps or more, some of one step) for `scripts/math/ulp64.py`, which measures their errors exactly.

use lazuli_backends::math::{Binary, Unary, block};
use std::io::Write;
use std::sync::Mutex;
use std::time::Instant;

#[path = "../tests/math/reference.rs"]
mod reference;
use reference::*;

fn args() -> (Vec<String>, Vec<Unary>, usize, usize) {
    let a: Vec<String> = std::env::args().skip(1).collect();
    let get = |k: &str, d: usize| a.iter().position(|s| s == k).map_or(d, |i| a[i + 1].parse().unwrap());
    let fs = Unary::ALL
        .iter()
        .copied()
        .filter(|f| a[0] == "all" || a[0].split(',').any(|n| n == f.name()))
        .collect();
    let (n, t) = (get("--points", 4_000_000), get("--threads", 2));
    (a, fs, n, t)
}

fn main() {
    let (a, fs, points, threads) = args();
    let has = |s: &str| a.iter().any(|x| x == s);
    let dump = a.iter().position(|s| s == "--dump").map(|i| {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&a[i + 1]);
        Mutex::new(file.expect("the dump file can be written"))
    });
    for f in fs {
        if !has("--f64") {
            let all = has("--exhaustive");
            let n: u64 = if all { 1 << 32 } else { points as u64 };
            let w = parallel(threads, n, |lo, hi| f32_range(f, lo, hi, all));
            println!(
                "{:8} f32 {}  max {:.4} ULP at {:e} ({:#010x})  got {:e} want {:e}  wrong specials {}",
                f.name(),
                if all { "exhaustive" } else { "sampled" },
                w.err,
                w.at as f32,
                (w.at as f32).to_bits(),
                w.got,
                w.want,
                w.bad
            );
        }
        if !has("--f32") {
            let w = parallel(threads, points as u64, |lo, hi| {
                let mut left = 200;
                f64_range(f, lo, hi, |e, x, got| {
                    if left > 0 || e > 1 {
                        left -= i32::from(e == 1);
                        if let Some(d) = &dump {
                            writeln!(
                                d.lock().unwrap(),
                                "{} {:016x} {:016x}",
                                f.name(),
                                x.to_bits(),
                                got.to_bits()
                            )
                            .unwrap();
                        }
                    }
                })
            });
            println!(
                "{:8} f64 sampled  max {} steps at {:e} ({:#018x})  got {:e} want {:e}  wrong specials {}",
                f.name(),
                w.err,
                w.at,
                w.at.to_bits(),
                w.got,
                w.want,
                w.bad
            );
        }
        if has("--time") {
            let (l, h) = match a.iter().position(|s| s == "--range") {
                Some(i) => (a[i + 1].parse().unwrap(), a[i + 2].parse().unwrap()),
                None => f.usual(),
            };
            let x: Vec<f64> =
                (0..4096).map(|i| l + (h - l) * ((i * 1597 % 4096) as f64 + 0.37) / 4096.0).collect();
            let xf: Vec<f32> = x.iter().map(|&v| v as f32).collect();
            let (mut o, mut of) = (vec![0.0; 4096], vec![0f32; 4096]);
            let mut best = [f64::MAX; 2];
            for _ in 0..200 {
                let t = Instant::now();
                block::unary_f32(f, &xf, &mut of);
                best[0] = best[0].min(t.elapsed().as_secs_f64());
                let t = Instant::now();
                block::unary_f64(f, &x, &mut o);
                best[1] = best[1].min(t.elapsed().as_secs_f64());
            }
            println!(
                "{:8} time on [{l}, {h}]: f32 {:.2} ns, f64 {:.2} ns per element",
                f.name(),
                best[0] * 1e9 / 4096.0,
                best[1] * 1e9 / 4096.0
            );
        }
    }
    for &f in Binary::ALL.iter().filter(|f| a[0] == "all" || a[0].split(',').any(|n| n == f.name())) {
        let w = parallel(threads, points as u64, |lo, hi| binary32_range(f, lo, hi));
        println!(
            "{:8} f32 sampled  max {:.4} ULP at {:?}  got {:e} want {:e}  wrong {}",
            f.name(),
            w.err,
            w.at,
            w.got,
            w.want,
            w.bad
        );
        let w = parallel(threads, points as u64, |lo, hi| {
            let mut left = 200;
            binary64_range(f, lo, hi, |e, x, y, got| {
                if left > 0 || e > 1 {
                    left -= i32::from(e == 1);
                    if let Some(d) = &dump {
                        let (x, y, got) = (x.to_bits(), y.to_bits(), got.to_bits());
                        writeln!(d.lock().unwrap(), "{} {x:016x} {y:016x} {got:016x}", f.name()).unwrap();
                    }
                }
            })
        });
        println!(
            "{:8} f64 sampled  max {} steps at {:?}  got {:e} want {:e}  wrong {}",
            f.name(),
            w.err,
            w.at,
            w.got,
            w.want,
            w.bad
        );
        if has("--time") {
            let x: Vec<f64> =
                (0..4096).map(|i| 0.1 + 9.0 * ((i * 1597 % 4096) as f64 + 0.37) / 4096.0).collect();
            let y: Vec<f64> =
                (0..4096).map(|i| -9.0 + 18.0 * ((i * 2711 % 4096) as f64 + 0.37) / 4096.0).collect();
            let (xf, yf): (Vec<f32>, Vec<f32>) =
                x.iter().zip(&y).map(|(&x, &y)| (x as f32, y as f32)).unzip();
            let (mut o, mut of) = (vec![0.0; 4096], vec![0f32; 4096]);
            let mut best = [f64::MAX; 2];
            for _ in 0..200 {
                let t = Instant::now();
                block::binary_f32(f, &xf, &yf, &mut of);
                best[0] = best[0].min(t.elapsed().as_secs_f64());
                let t = Instant::now();
                block::binary_f64(f, &x, &y, &mut o);
                best[1] = best[1].min(t.elapsed().as_secs_f64());
            }
            let [s, d] = best.map(|t| t * 1e9 / 4096.0);
            println!("{:8} time on [0.1, 9.1] x [-9, 9]: f32 {s:.2} ns, f64 {d:.2} ns per element", f.name());
        }
    }
}

/// What [`parallel`] collects.
trait Collect: Default + Send {
    fn merge(&mut self, o: Self);
}
impl Collect for Worst {
    fn merge(&mut self, o: Self) {
        Worst::merge(self, o);
    }
}
impl Collect for Worst2 {
    fn merge(&mut self, o: Self) {
        Worst2::merge(self, o);
    }
}

fn parallel<W: Collect>(threads: usize, n: u64, f: impl Fn(u64, u64) -> W + Sync) -> W {
    let next = std::sync::atomic::AtomicU64::new(0);
    let step = (n / 256).max(1);
    let all = std::thread::scope(|s| {
        let hs: Vec<_> = (0..threads)
            .map(|_| {
                s.spawn(|| {
                    let mut w = W::default();
                    loop {
                        let lo = next.fetch_add(step, std::sync::atomic::Ordering::Relaxed);
                        if lo >= n {
                            break w;
                        }
                        w.merge(f(lo, (lo + step).min(n)));
                    }
                })
            })
            .collect();
        hs.into_iter().map(|h| h.join().unwrap()).collect::<Vec<_>>()
    });
    let mut w = W::default();
    all.into_iter().for_each(|x| w.merge(x));
    w
}
