//! Functions with loops beside code written by hand: the Rust side of `benches/functions/run`.
//!
//! Reads names of cases from standard input, runs each once and answers with its seconds and a sum of
//! what it computed, so that whoever asks can see that all do the same. The cases:
//!
//! * `lazuli`: a vectorised function of arrays, as a program writes it; recorded anew each time;
//! * `hand`: AVX-512 by intrinsics, four vectors at a time, the same arithmetic;
//! * `lazuli-contract`, `hand-contract`: the same with products added before they are rounded;
//! * `rust`: the plain loop, as rustc compiles it;
//! * `function N` and `methods N`: `exp(-x * x)` of N elements by a vectorised function and by methods of
//!   arrays, recorded and evaluated each time: seconds of one evaluation.
//!
//! All use as many threads as the machine has, and rows in pieces that threads take as they come.

use lazuli::prelude::*;
use std::io::BufRead;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

const SIZE: usize = 2048;
const TURNS: i32 = 200;

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

#[lazuli::vectorize]
fn gauss(x: f32) -> f32 {
    (-x * x).exp()
}

/// Seconds that `f` takes once, from as many calls as take a while, and the number that it gives.
fn often(x: &Array<f32>, f: impl Fn(&Array<f32>) -> Array<f32>) -> (f64, i64) {
    let calls = (2_000_000 / x.len()).clamp(1, 20_000);
    let begin = Instant::now();
    for _ in 0..calls {
        f(x).eval().expect("memory");
    }
    let seconds = begin.elapsed().as_secs_f64() / calls as f64;
    (seconds, (f(x).slice(s![..1]).sum(..).item().expect("memory") * 1e6) as i64)
}

fn axes() -> (Vec<f32>, Vec<f32>) {
    let along = |from: f32, span: f32| (0..SIZE).map(|i| from + span * i as f32 / SIZE as f32).collect();
    (along(-2.0, 2.5), along(-1.25, 2.5))
}

/// Runs `row` for all rows, on all cores.
fn rows(out: &mut [i32], row: impl Fn(usize, &mut [i32]) + Sync) {
    let next = AtomicUsize::new(0);
    let rows: Vec<std::sync::Mutex<&mut [i32]>> = out.chunks_mut(SIZE).map(std::sync::Mutex::new).collect();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, |n| n.get()) {
            scope.spawn(|| {
                loop {
                    let r = next.fetch_add(1, Ordering::Relaxed);
                    let Some(out) = rows.get(r) else { return };
                    row(r, &mut out.lock().expect("nobody panics"));
                }
            });
        }
    });
}

fn plain(re: &[f32], im: f32, out: &mut [i32]) {
    for (out, &re) in out.iter_mut().zip(re) {
        let (mut x, mut y, mut turn) = (0.0f32, 0.0f32, 0);
        while turn < TURNS {
            let (xx, yy) = (x * x, y * y);
            if xx + yy > 4.0 {
                break;
            }
            y = 2.0 * x * y + im;
            x = xx - yy + re;
            turn += 1;
        }
        *out = turn;
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn hand<const CONTRACT: bool>(re: &[f32], im: f32, out: &mut [i32]) {
    use std::arch::x86_64::*;
    let (four, two, one) = (_mm512_set1_ps(4.0), _mm512_set1_ps(2.0), _mm512_set1_epi32(1));
    let im = _mm512_set1_ps(im);
    for (re, out) in re.chunks_exact(64).zip(out.chunks_exact_mut(64)) {
        // SAFETY: 16 floats from each place.
        let re: [__m512; 4] = std::array::from_fn(|k| unsafe { _mm512_loadu_ps(re[k * 16..].as_ptr()) });
        let (mut x, mut y) = ([_mm512_setzero_ps(); 4], [_mm512_setzero_ps(); 4]);
        let mut turns = [_mm512_setzero_si512(); 4];
        for _ in 0..TURNS {
            let mut any = 0;
            for k in 0..4 {
                let (xx, yy) = (_mm512_mul_ps(x[k], x[k]), _mm512_mul_ps(y[k], y[k]));
                let size = if CONTRACT { _mm512_fmadd_ps(y[k], y[k], xx) } else { _mm512_add_ps(xx, yy) };
                let inside = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(size, four);
                turns[k] = _mm512_mask_add_epi32(turns[k], inside, turns[k], one);
                any |= inside;
                let twice = _mm512_mul_ps(two, x[k]);
                let (before, difference) = if CONTRACT {
                    (_mm512_fmadd_ps(twice, y[k], im), _mm512_fnmadd_ps(y[k], y[k], xx))
                } else {
                    (_mm512_add_ps(_mm512_mul_ps(twice, y[k]), im), _mm512_sub_ps(xx, yy))
                };
                y[k] = before;
                x[k] = _mm512_add_ps(difference, re[k]);
            }
            if any == 0 {
                break;
            }
        }
        for (k, turns) in turns.into_iter().enumerate() {
            // SAFETY: 16 numbers to each place.
            unsafe { _mm512_storeu_si512(out[k * 16..].as_mut_ptr().cast(), turns) };
        }
    }
}

fn main() {
    let (re, im) = axes();
    let (x, y) = (Array::from_vec(re.clone()), Array::from_vec(im.clone()).reshape((-1, 1)));
    let mut out = vec![0i32; SIZE * SIZE];
    let sum = |all: &[i32]| all.iter().map(|&n| i64::from(n)).sum::<i64>();
    for case in std::io::stdin().lock().lines() {
        let case = case.expect("lines of text");
        let begin = Instant::now();
        let (name, n) = case.split_once(' ').unwrap_or((&case, "0"));
        let few =
            || Array::linspace(0.5f32, 2.0, n.parse().expect("a number")).eval().expect("memory").clone();
        match name {
            "function" | "methods" => {
                let (seconds, first) = match name {
                    "function" => often(&few(), |x| gauss(x)),
                    _ => often(&few(), |x| (-x * x).exp()),
                };
                println!("{seconds} {first}");
                continue;
            }
            "lazuli" | "lazuli-contract" => {
                let image = || mandelbrot(&x, &y, TURNS);
                let image = match case.as_str() {
                    "lazuli" => image(),
                    _ => lazuli::fast_math(lazuli::FastMath::CONTRACT, image),
                };
                image.eval().expect("memory");
                let seconds = begin.elapsed().as_secs_f64();
                println!("{seconds} {}", sum(&image.to_vec().expect("evaluated")));
                continue;
            }
            "rust" => rows(&mut out, |r, row| plain(&re, im[r], row)),
            #[cfg(target_arch = "x86_64")]
            "hand" | "hand-contract" if is_x86_feature_detected!("avx512f") => {
                let contract = name == "hand-contract";
                let row = if contract { hand::<true> } else { hand::<false> };
                // SAFETY: this processor has it.
                rows(&mut out, |r, out| unsafe { row(&re, im[r], out) });
            }
            other => {
                println!("0 0 {other}: no such case here");
                continue;
            }
        }
        println!("{} {}", begin.elapsed().as_secs_f64(), sum(&out));
    }
}
