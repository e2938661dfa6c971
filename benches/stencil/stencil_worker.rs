//! The heat equation by a stencil, beside code written by hand: the Rust side of `benches/stencil/run`.
//!
//! A square of N x N floats in a frame of zeros, 100 steps of `u + k * (sum of the four neighbours - 4 u)`. Reads `case N`
//! from standard input, runs it once, and answers with its seconds and a checksum. The cases:
//!
//! * `lazuli`: `#[lazuli::stencil(constant(0.0))]`, all steps recorded, then evaluated;
//! * `steps`: the same, each step evaluated;
//! * `nearest`: another rule for the edges (and so another sum);
//! * `hand`: AVX-512 by intrinsics, the frame in memory, written past the caches, threads that stay for all steps;
//! * `rust`: the plain loops, as rustc compiles them for this processor, by the same threads;
//! * `cube`: a cube of N x N x N floats, 10 steps with the six neighbours, each evaluated;
//! * `cube_rust`: the plain loops over the cube, plane by plane, as rustc compiles them for this processor.

use lazuli::prelude::*;
use std::io::BufRead;
use std::sync::Barrier;
use std::time::Instant;

const STEPS: usize = 100;
const K: f32 = 0.2;

#[lazuli::stencil(constant(0.0))]
fn heat(u: &[[f32]], k: f32) -> f32 {
    u[0][0] + k * ((u[-1][0] + u[1][0]) + (u[0][-1] + u[0][1]) - 4.0 * u[0][0])
}

#[lazuli::stencil(nearest)]
fn nearest(u: &[[f32]], k: f32) -> f32 {
    u[0][0] + k * ((u[-1][0] + u[1][0]) + (u[0][-1] + u[0][1]) - 4.0 * u[0][0])
}

#[lazuli::stencil(constant(0.0))]
fn heat3(u: &[[[f32]]], k: f32) -> f32 {
    let along = (u[-1][0][0] + u[1][0][0]) + (u[0][-1][0] + u[0][1][0]) + (u[0][0][-1] + u[0][0][1]);
    u[0][0][0] + k * (along - 6.0 * u[0][0][0])
}

/// Steps over a cube.
const CUBE_STEPS: usize = 10;

/// The cube at the beginning.
fn first_cube(n: usize) -> Vec<f32> {
    (0..n * n * n).map(|i| ((i / n / n * 31 + i / n % n * 17 + i % n * 7) % 101) as f32 * 0.01).collect()
}

/// The inner rows of some planes, from a cube in a frame of zeros.
type Planes = unsafe fn(from: &[f32], to: &mut [f32], wide: usize);

fn plain3(from: &[f32], to: &mut [f32], wide: usize) {
    let plane = wide * wide;
    for i in 0..to.len() / plane {
        for j in 1..wide - 1 {
            let at = (i + 1) * plane + j * wide;
            let row = |d: isize| &from[at.wrapping_add_signed(d)..][..wide];
            let (here, rows) =
                (row(0), [-(plane as isize), plane as isize, -(wide as isize), wide as isize].map(row));
            let out = &mut to[i * plane + j * wide..][..wide];
            for k in 1..wide - 1 {
                let along =
                    (rows[0][k] + rows[1][k]) + (rows[2][k] + rows[3][k]) + (here[k - 1] + here[k + 1]);
                out[k] = here[k] + K * (along - 6.0 * here[k]);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq")]
fn compiled3_512(from: &[f32], to: &mut [f32], wide: usize) {
    plain3(from, to, wide);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn compiled3_256(from: &[f32], to: &mut [f32], wide: usize) {
    plain3(from, to, wide);
}

/// All steps over a cube, each with as many threads as there are cores.
fn by_planes(cube: &[f32], n: usize, planes: Planes) -> (f64, Vec<f32>) {
    let wide = n + 2;
    let plane = wide * wide;
    let mut buffers = [vec![0f32; plane * wide], vec![0f32; plane * wide]];
    let row = |i: usize| ((i / n + 1) * wide + i % n + 1) * wide + 1;
    for (i, line) in cube.chunks(n).enumerate() {
        buffers[0][row(i)..][..n].copy_from_slice(line);
        buffers[1][row(i)..][..n].fill(1.0);
    }
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let begin = Instant::now();
    let [mut from, mut to] = buffers;
    for _ in 0..CUBE_STEPS {
        std::thread::scope(|scope| {
            let (mut rest, from) = (&mut to[plane..plane * (n + 1)], &from);
            for t in 0..threads {
                let (first, end) = (n * t / threads, n * (t + 1) / threads);
                let (mine, others) = rest.split_at_mut((end - first) * plane);
                rest = others;
                // SAFETY: the caller looked what this processor has.
                scope.spawn(move || unsafe { planes(&from[first * plane..(end + 2) * plane], mine, wide) });
            }
        });
        std::mem::swap(&mut from, &mut to);
    }
    let seconds = begin.elapsed().as_secs_f64();
    (seconds, (0..n * n).flat_map(|i| from[row(i)..][..n].iter().copied()).collect())
}

/// One of the cases over a cube.
fn cubes(case: &str, n: usize) -> (f64, Vec<f32>) {
    let cube = first_cube(n);
    if case == "cube" {
        let mut u = Array::from_shape_vec([n, n, n], cube).expect("a cube");
        // Memory that was used before, as that of the plain loops.
        heat3(heat3(&u, K).eval().expect("memory"), K).eval().expect("memory");
        let begin = Instant::now();
        for _ in 0..CUBE_STEPS {
            u = heat3(u, K);
            u.eval().expect("memory");
        }
        return (begin.elapsed().as_secs_f64(), u.to_vec().expect("evaluated"));
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512dq") {
        return by_planes(&cube, n, compiled3_512);
    } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        return by_planes(&cube, n, compiled3_256);
    }
    by_planes(&cube, n, plain3)
}

/// The square at the beginning.
fn first(n: usize) -> Vec<f32> {
    (0..n * n).map(|i| ((i / n * 31 + i % n * 17) % 101) as f32 * 0.01).collect()
}

/// One row of the inner square, from three rows in the frame.
type Row = unsafe fn(above: &[f32], here: &[f32], below: &[f32], out: &mut [f32]);

fn plain(above: &[f32], here: &[f32], below: &[f32], out: &mut [f32]) {
    let n = out.len();
    let (above, here, below) = (&above[..n + 2], &here[..n + 2], &below[..n + 2]);
    for j in 0..n {
        let around = (above[j + 1] + below[j + 1]) + (here[j] + here[j + 2]);
        out[j] = here[j + 1] + K * (around - 4.0 * here[j + 1]);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq")]
fn compiled(above: &[f32], here: &[f32], below: &[f32], out: &mut [f32]) {
    plain(above, here, below, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq")]
fn hand(above: &[f32], here: &[f32], below: &[f32], out: &mut [f32]) {
    use std::arch::x86_64::*;
    let n = out.len();
    let head = (out.as_ptr().align_offset(64)).min(n);
    let whole = head + (n - head) / 16 * 16;
    let ends = |from: usize, to: usize, out: &mut [f32]| {
        plain(&above[from..], &here[from..], &below[from..], &mut out[from..to]);
    };
    ends(0, head, out);
    let (k, four) = (_mm512_set1_ps(K), _mm512_set1_ps(4.0));
    for j in (head..whole).step_by(16) {
        // SAFETY: rows in the frame are two longer than those of the square.
        unsafe {
            let at = |row: &[f32], j: usize| _mm512_loadu_ps(row.as_ptr().add(j));
            let (here_, a, b) = (at(here, j + 1), at(above, j + 1), at(below, j + 1));
            let around = _mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(at(here, j), at(here, j + 2)));
            let change = _mm512_sub_ps(around, _mm512_mul_ps(four, here_));
            _mm512_stream_ps(out.as_mut_ptr().add(j), _mm512_add_ps(here_, _mm512_mul_ps(k, change)));
        }
    }
    _mm_sfence();
    ends(whole, n, out);
}

/// All steps, by threads that stay. The frame is 16 wide to the left, so that rows begin at lines of memory.
fn by_rows(square: &[f32], n: usize, row: Row) -> (f64, Vec<f32>) {
    const LEFT: usize = 16;
    let wide = (n + LEFT + 16).next_multiple_of(16);
    let mut buffers = [vec![0f32; wide * (n + 2) + 16], vec![0f32; wide * (n + 2) + 16]];
    let starts = buffers.each_ref().map(|b| b.as_ptr().align_offset(64));
    for (i, line) in square.chunks(n).enumerate() {
        let at = starts[0] + (i + 1) * wide + LEFT;
        buffers[0][at..at + n].copy_from_slice(line);
    }
    let places = buffers.each_mut().map(|b| b.as_mut_ptr() as usize);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let barrier = Barrier::new(threads);
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for t in 0..threads {
            let barrier = &barrier;
            scope.spawn(move || {
                for step in 0..STEPS {
                    let (from, to) = (step % 2, (step + 1) % 2);
                    for i in n * t / threads..n * (t + 1) / threads {
                        let line = |i: usize| {
                            let at = starts[from] + i * wide + LEFT - 1;
                            // SAFETY: within the buffer; nobody writes this one during the step.
                            unsafe { std::slice::from_raw_parts((places[from] as *const f32).add(at), n + 2) }
                        };
                        let at = starts[to] + (i + 1) * wide + LEFT;
                        // SAFETY: within the buffer; each row is written by one thread.
                        unsafe {
                            let out = std::slice::from_raw_parts_mut((places[to] as *mut f32).add(at), n);
                            row(line(i), line(i + 1), line(i + 2), out);
                        }
                    }
                    barrier.wait();
                }
            });
        }
    });
    let seconds = begin.elapsed().as_secs_f64();
    let last = &buffers[STEPS % 2][starts[STEPS % 2]..];
    (seconds, (0..n).flat_map(|i| last[(i + 1) * wide + LEFT..][..n].iter().copied()).collect())
}

fn main() {
    let mut known: Option<(usize, Vec<f32>, Array<f32>)> = None;
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("lines of text");
        let (case, n) = line.split_once(' ').expect("a case and a size");
        let n: usize = n.parse().expect("a number");
        if let "cube" | "cube_rust" = case {
            let (seconds, out) = cubes(case, n);
            println!("{seconds} {}", out.iter().map(|&v| f64::from(v)).sum::<f64>());
            continue;
        }
        if known.as_ref().is_none_or(|k| k.0 != n) {
            let square = first(n);
            let array = Array::from_shape_vec([n, n], square.clone()).expect("a square");
            known = Some((n, square, array));
        }
        let (_, square, array) = known.as_ref().expect("just made");
        let begin = Instant::now();
        let (seconds, out) = match case {
            "lazuli" | "steps" | "nearest" => {
                let mut u = array.clone();
                for _ in 0..STEPS {
                    u = if case == "nearest" { nearest(u, K) } else { heat(u, K) };
                    if case == "steps" {
                        u.eval().expect("memory");
                    }
                }
                u.eval().expect("memory");
                (begin.elapsed().as_secs_f64(), u.to_vec().expect("evaluated"))
            }
            #[cfg(target_arch = "x86_64")]
            "hand" if is_x86_feature_detected!("avx512dq") => by_rows(square, n, hand),
            #[cfg(target_arch = "x86_64")]
            "rust" if is_x86_feature_detected!("avx512dq") => by_rows(square, n, compiled),
            "rust" => by_rows(square, n, plain),
            other => {
                println!("0 0 {other}: no such case here");
                continue;
            }
        };
        println!("{seconds} {}", out.iter().map(|&v| f64::from(v)).sum::<f64>());
    }
}
