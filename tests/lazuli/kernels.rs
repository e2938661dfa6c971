//! `#[lazuli::kernel]`: kernels of threads beside plain Rust, and what the simulator finds wrong with
//! them. On a card, too, where there is one.

use crate::engines::grids;
use lazuli::prelude::*;
use lazuli::{DeviceBuffer, Error, Stream};

fn buffer<T: Element>(device: &Device, data: &[T]) -> DeviceBuffer<T> {
    Array::from_vec(data.to_vec()).to_device(device).into_device_buffer().unwrap()
}

fn elements<T: Element>(buffer: DeviceBuffer<T>) -> Vec<T> {
    let len = buffer.len();
    Array::from_device_buffer(buffer, [len]).unwrap().to_vec().unwrap()
}

/// On each device, checked and not.
fn everywhere(f: impl Fn(&Device, &Stream, bool)) {
    for device in grids() {
        let stream = Stream::new(&device).unwrap();
        for checked in [true, false] {
            f(&device, &stream, checked);
        }
    }
}

/// Launches one way or the other.
macro_rules! run {
    ($checked:expr, $kernel:expr, $($argument:expr),+ $(,)?) => {
        if $checked {
            $kernel.launch($($argument),+).unwrap()
        } else {
            // SAFETY: the same launch passes the checks.
            unsafe { $kernel.launch_unchecked($($argument),+).unwrap() }
        }
    };
}

/// The simulator, which finds everything.
fn simulator() -> (Device, Stream) {
    let device = Device::cuda_simulator().unwrap();
    let stream = Stream::default_of(&device).unwrap();
    (device, stream)
}

#[track_caller]
fn refused(result: Result<(), Error>, words: &[&str]) {
    let text = result.unwrap_err().to_string();
    for word in words {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
}

// page: saxpy
#[lazuli::kernel]
fn saxpy(a: f32, x: &[f32], y: &mut [f32]) {
    let i = block_idx().x * block_dim().x + thread_idx().x;
    if i < x.len() {
        y[i] = a * x[i] + y[i];
    }
}
// end

#[test]
fn saxpy_beside_rust() {
    let x: Vec<f32> = (0..1000).map(|i| (i as f32 * 0.37).sin()).collect();
    let y: Vec<f32> = (0..1000).map(|i| i as f32 / 7.0).collect();
    let expected: Vec<f32> = x.iter().zip(&y).map(|(x, y)| 1.5 * x + y).collect();
    everywhere(|device, stream, checked| {
        let (x, mut y) = (buffer(device, &x), buffer(device, &y));
        run!(checked, saxpy, stream, 8, 128, (1.5, &x, &mut y));
        assert_eq!(elements(y), expected);
    });
    assert_eq!(saxpy.name(), "saxpy");
    assert!(format!("{saxpy:?}").starts_with("Kernel `saxpy` at tests/lazuli/kernels.rs:"));
}

// page: histogram
const BINS: i64 = 16;

/// Counts in shared memory first.
#[lazuli::kernel]
fn histogram(x: &[u8], counts: &mut [i64]) {
    let tile = shared::<i64, BINS>();
    let t = thread_idx().x;
    if t < BINS {
        tile[t] = 0;
    }
    barrier();
    let mut i = block_idx().x * block_dim().x + t;
    while i < x.len() {
        tile.atomic_add(x[i] as i64 % BINS, 1);
        i += grid_dim().x * block_dim().x;
    }
    barrier();
    if t < tile.len() {
        counts.atomic_add(t, tile[t]);
    }
}
// end

#[test]
fn histogram_in_shared_memory() {
    let x: Vec<u8> = (0..5000u32).map(|i| (i * i % 251) as u8).collect();
    let mut expected = [0i64; BINS as usize];
    x.iter().for_each(|&v| expected[v as usize % BINS as usize] += 1);
    everywhere(|device, stream, checked| {
        let (x, mut counts) = (buffer(device, &x), buffer(device, &[0; BINS as usize]));
        run!(checked, histogram, stream, 5, 96, (&x, &mut counts));
        assert_eq!(elements(counts), expected);
    });
}

// page: sums
/// A sum for each block, halved again and again.
#[lazuli::kernel]
fn sums(x: &[f64], out: &mut [f64]) {
    let part = shared_dynamic::<f64>();
    let t = thread_idx().x;
    let i = block_idx().x * block_dim().x + t;
    part[t] = if i < x.len() { x[i] } else { 0.0 };
    barrier();
    let mut half = block_dim().x / 2;
    while half > 0 {
        if t < half {
            part[t] += part[t + half];
        }
        barrier();
        half /= 2;
    }
    if t == 0 {
        out[block_idx().x] = part[0];
    }
}
// end

/// The same in one warp, without memory.
#[lazuli::kernel]
fn warp_sums(x: &[f64], out: &mut [f64]) {
    let warp = block_idx().x * (block_dim().x / 32) + thread_idx().x / 32;
    let lane = thread_idx().x % 32;
    let i = warp * 32 + lane;
    let mut sum = if i < x.len() { x[i] } else { 0.0 };
    let mut half = 16;
    while half > 0 {
        sum += shuffle_down(sum, half);
        half /= 2;
    }
    if lane == 0 && warp < out.len() {
        out[warp] = sum;
    }
}

/// A sum of `n` in the order of the kernels.
fn halving(x: &[f64], n: usize) -> f64 {
    let mut part = x.to_vec();
    part.resize(n, 0.0);
    let mut half = n / 2;
    while half > 0 {
        for t in 0..half {
            part[t] += part[t + half];
        }
        half /= 2;
    }
    part[0]
}

#[test]
fn sums_of_blocks_and_of_warps() {
    let x: Vec<f64> = (0..1000).map(|i| (i as f64 * 0.7).cos() * 1e3).collect();
    let blocks: Vec<f64> = x.chunks(128).map(|part| halving(part, 128)).collect();
    let warps: Vec<f64> = x.chunks(32).map(|part| halving(part, 32)).collect();
    everywhere(|device, stream, checked| {
        let (x, mut out) = (buffer(device, &x), buffer(device, &[0.0; 8]));
        run!(checked, sums.shared(128), stream, 8, 128, (&x, &mut out));
        assert_eq!(elements(out), blocks);
        let mut out = buffer(device, &[0.0; 32]);
        run!(checked, warp_sums, stream, 4, 256, (&x, &mut out));
        assert_eq!(elements(out), warps);
    });
}

// page: matmul
const TILE: i64 = 8;

/// Tiles of both matrices in shared memory; sizes need not be multiples.
#[lazuli::kernel]
fn matmul(m: i64, k: i64, n: i64, a: &[f32], b: &[f32], c: &mut [f32]) {
    let own = shared_index(thread_idx().y, thread_idx().x);
    let tile_a = shared::<f32, { TILE * TILE }>();
    let tile_b = shared::<f32, { TILE * TILE }>();
    let (row, column) = (block_idx().y * TILE + thread_idx().y, block_idx().x * TILE + thread_idx().x);
    let mut sum = 0.0;
    for tile in 0..(k + TILE - 1) / TILE {
        let (inner_a, inner_b) = (tile * TILE + thread_idx().x, tile * TILE + thread_idx().y);
        tile_a[own] = if row < m && inner_a < k { a[row * k + inner_a] } else { 0.0 };
        tile_b[own] = if column < n && inner_b < k { b[inner_b * n + column] } else { 0.0 };
        barrier();
        for t in 0..TILE {
            sum += tile_a[thread_idx().y * TILE + t] * tile_b[t * TILE + thread_idx().x];
        }
        barrier();
    }
    if row < m && column < n {
        c[row * n + column] = sum;
    }
}
// end

// page: shared_index
/// Where an element of a tile is: kernels call vectorised functions.
#[vectorize]
fn shared_index(row: i64, column: i64) -> i64 {
    row * TILE + column
}
// end

#[test]
fn tiled_matmul() {
    let (m, k, n) = (19usize, 13, 22);
    let a: Vec<f32> = (0..m * k).map(|i| ((i * 37 % 101) as f32 - 50.0) / 7.0).collect();
    let b: Vec<f32> = (0..k * n).map(|i| ((i * 53 % 97) as f32 - 48.0) / 5.0).collect();
    let mut expected = vec![0.0f32; m * n];
    for (i, sum) in expected.iter_mut().enumerate() {
        for t in 0..k.next_multiple_of(TILE as usize) {
            *sum += if t < k { a[i / n * k + t] * b[t * n + i % n] } else { 0.0 };
        }
    }
    everywhere(|device, stream, checked| {
        let (a, b, mut c) = (buffer(device, &a), buffer(device, &b), buffer(device, &vec![0.0; m * n]));
        let grid = (n.div_ceil(TILE as usize), m.div_ceil(TILE as usize));
        let arguments = (m as i64, k as i64, n as i64, &a, &b, &mut c);
        run!(checked, matmul, stream, grid, (TILE as usize, TILE as usize), arguments);
        assert_eq!(elements(c), expected);
    });
}

// page: bitonic
/// Sorts the elements of one block.
#[lazuli::kernel]
fn bitonic(x: &mut [i32]) {
    let tile = shared::<i32, 256>();
    let i = thread_idx().x;
    tile[i] = x[i];
    barrier();
    let mut k = 2;
    while k <= block_dim().x {
        let mut j = k / 2;
        while j > 0 {
            let other = i ^ j;
            if other > i && (tile[i] > tile[other]) == (i & k == 0) {
                (tile[i], tile[other]) = (tile[other], tile[i]);
            }
            barrier();
            j /= 2;
        }
        k *= 2;
    }
    x[i] = tile[i];
}
// end

#[test]
fn bitonic_sort() {
    let x: Vec<i32> = (0..256).map(|i: i32| i.wrapping_mul(1_103_515_245) >> 7).collect();
    let mut expected = x.clone();
    expected.sort();
    everywhere(|device, stream, checked| {
        let mut x = buffer(device, &x);
        run!(checked, bitonic, stream, 1, 256, (&mut x,));
        assert_eq!(elements(x), expected);
    });
}

// page: heat_by_threads
/// A step of the heat equation; the edge stays as it is.
#[lazuli::kernel]
fn heat(rows: i64, columns: i64, u: &[f64], next: &mut [f64]) {
    let row = block_idx().y * block_dim().y + thread_idx().y;
    let column = block_idx().x * block_dim().x + thread_idx().x;
    if row < rows && column < columns {
        let i = row * columns + column;
        let edge = row == 0 || row == rows - 1 || column == 0 || column == columns - 1;
        next[i] = if edge {
            u[i]
        } else {
            u[i] + 0.2 * (u[i - columns] + u[i + columns] + u[i - 1] + u[i + 1] - 4.0 * u[i])
        };
    }
}
// end

#[test]
fn heat_equation() {
    let (rows, columns) = (21usize, 37);
    let mut u: Vec<f64> = (0..rows * columns).map(|i| ((i * 31 % 17) as f64 - 8.0) / 3.0).collect();
    let start = u.clone();
    for _ in 0..3 {
        let old = u.clone();
        for i in 0..u.len() {
            let (row, column) = (i / columns, i % columns);
            if row > 0 && row < rows - 1 && column > 0 && column < columns - 1 {
                u[i] = old[i]
                    + 0.2 * (old[i - columns] + old[i + columns] + old[i - 1] + old[i + 1] - 4.0 * old[i]);
            }
        }
    }
    everywhere(|device, stream, checked| {
        let (mut now, mut next) = (buffer(device, &start), buffer(device, &start));
        for _ in 0..3 {
            let grid = (columns.div_ceil(16), rows.div_ceil(8));
            run!(checked, heat, stream, grid, (16, 8), (rows as i64, columns as i64, &now, &mut next));
            std::mem::swap(&mut now, &mut next);
        }
        assert_eq!(elements(now), u);
    });
}

/// All of the language at once: `return`, labels, `match`, loops that give values, conditions with
/// effects, elements of other types, `i32` indices.
#[lazuli::kernel]
fn everything(mut steps: i32, x: &[i64], flags: &[bool], out: &mut [u64], seen: &mut [bool]) {
    let i = block_idx().x * block_dim().x + thread_idx().x;
    if i >= x.len() {
        return;
    }
    if flags[i] && out.atomic_add(0, 1) < 1_000_000 {
        seen[i] = !seen[i];
    }
    steps += 1;
    let class = match x[i] {
        0 => 10,
        1..=9 => 20,
        n if n < 0 => 30,
        _ => 40,
    };
    let mut sum = 0;
    'outer: for a in 0..steps {
        for b in (0..3).rev() {
            if a == 2 && b == 1 {
                continue 'outer;
            }
            if a > 4 {
                break 'outer;
            }
            sum += x[a % 3] * b as i64;
        }
    }
    let mut n = 0i32;
    let found = loop {
        if n as i64 * n as i64 >= x[i] {
            break n;
        }
        n += 1;
    };
    let k = i as i32 + 1;
    out[k] ^= (class + sum) as u64 + found as u64;
}

#[test]
fn the_language() {
    let x: Vec<i64> = (0..100).map(|i| i * i % 61 - 9).collect();
    let flags: Vec<bool> = (0..100).map(|i| i % 3 == 0).collect();
    let mut expected = vec![34u64];
    for &v in &x {
        let class = match v {
            0 => 10,
            1..=9 => 20,
            n if n < 0 => 30,
            _ => 40,
        };
        let mut sum = 0;
        'outer: for a in 0..8i64 {
            for b in (0..3i64).rev() {
                if a == 2 && b == 1 {
                    continue 'outer;
                }
                if a > 4 {
                    break 'outer;
                }
                sum += x[a as usize % 3] * b;
            }
        }
        let found = (0i64..).find(|n| n * n >= v).unwrap();
        expected.push(7 ^ ((class + sum) as u64).wrapping_add(found as u64));
    }
    everywhere(|device, stream, checked| {
        let mut before = vec![7u64; 101];
        before[0] = 0;
        let (x, on) = (buffer(device, &x), buffer(device, &flags));
        let (mut out, mut seen) = (buffer(device, &before), buffer(device, &[true; 100]));
        run!(checked, everything, stream, 2, 64, (7, &x, &on, &mut out, &mut seen));
        assert_eq!(elements(out), expected);
        assert_eq!(elements(seen), flags.iter().map(|f| !f).collect::<Vec<_>>());
    });
}

/// Each way to change an element atomically, and what a warp finds out.
#[lazuli::kernel]
fn together(ints: &mut [i32], bits: &mut [u64], floats: &mut [f32], votes: &mut [i64]) {
    let (t, lane) = (thread_idx().x as i32, thread_idx().x % 32);
    ints.atomic_add(0, t);
    ints.atomic_min(1, t);
    ints.atomic_max(2, t);
    ints.atomic_exchange(3, 5);
    // The first one to come takes the ticket.
    if ints.atomic_compare_exchange(4, -1, 77) == -1 {
        ints.atomic_add(5, 1);
    }
    let bit = 1 << thread_idx().x as u64;
    bits.atomic_or(0, bit);
    bits.atomic_and(1, !bit);
    bits.atomic_xor(2, bit);
    floats.atomic_add(0, 0.5);
    floats.atomic_max(1, t as f32);
    floats.atomic_min(2, -t as f32);
    let odd = lane % 2 == 1;
    let (any, all, which) = (vote_any(odd), vote_all(odd), ballot(odd));
    let first = shuffle(t * 10, 3);
    let pair = shuffle_xor(t, 1);
    let above = shuffle_up(odd, 1);
    if t == 6 {
        votes[0] = any as i64;
        votes[1] = all as i64;
        votes[2] = which;
        votes[3] = first as i64;
        votes[4] = pair as i64;
        votes[5] = above as i64;
    }
}

#[test]
fn atomics_and_warps() {
    everywhere(|device, stream, checked| {
        let mut ints = buffer(device, &[0, 100, 0, 0, -1, 0]);
        let mut bits = buffer(device, &[0u64, u64::MAX, u64::MAX]);
        let (mut floats, mut votes) = (buffer(device, &[0.25f32, 0.0, 0.0]), buffer(device, &[9i64; 6]));
        run!(checked, together, stream, 1, 64, (&mut ints, &mut bits, &mut floats, &mut votes));
        assert_eq!(elements(ints), [2016, 0, 63, 5, 77, 1]);
        assert_eq!(elements(bits), [u64::MAX, 0, 0]);
        assert_eq!(elements(floats), [32.25, 63.0, -63.0]);
        assert_eq!(elements(votes), [1, 0, 0xaaaa_aaaa, 30, 7, 1]);
    });
}

#[lazuli::kernel]
fn places(out: &mut [i64]) {
    let plane = block_dim().x * grid_dim().x * block_dim().y * grid_dim().y;
    let x = block_idx().x * block_dim().x + thread_idx().x;
    let y = block_idx().y * block_dim().y + thread_idx().y;
    let z = block_idx().z * block_dim().z + thread_idx().z;
    out[z * plane + y * block_dim().x * grid_dim().x + x] = x + 100 * y + 10_000 * z;
}

#[test]
fn three_axes() {
    let mut expected = Vec::new();
    for z in 0..6 {
        for y in 0..15 {
            (0..8).for_each(|x| expected.push(x + 100 * y + 10_000 * z));
        }
    }
    everywhere(|device, stream, checked| {
        let mut out = buffer(device, &vec![-1i64; expected.len()]);
        run!(checked, places, stream, (2, 3, 2), [4, 5, 3], (&mut out,));
        assert_eq!(elements(out), expected);
    });
}

/// One kernel from many threads: it is made once.
#[test]
fn kernels_are_made_once() {
    let (device, stream) = simulator();
    let ((), stats) = lazuli::stats_scope(|| {
        for _ in 0..3 {
            let mut x = buffer(&device, &(0..256).rev().collect::<Vec<i32>>());
            bitonic.launch(&stream, 1, 256, (&mut x,)).unwrap();
        }
    });
    assert_eq!(stats.launches, 3);
    assert_eq!(stats.kernels_compiled, 1);
}

#[test]
fn code_to_be_read() {
    let text = saxpy.llvm_ir().unwrap();
    assert!(text.contains("target triple") && text.contains("define void @run"), "{text}");
    let text = saxpy.asm().unwrap();
    assert!(text.contains("run:") && text.contains("ret"), "{text}");
    let text = saxpy.ptx("sm_80").unwrap();
    assert!(
        text.contains(".target sm_80") && text.contains("ctaid.x") && text.contains("mul.rn.f32"),
        "{text}"
    );
    assert!(histogram.ptx((9, 0)).unwrap().contains("bar.sync"));
    assert!(saxpy.ptx("sm_20").unwrap_err().to_string().contains("7.5"));
    assert!(saxpy.ptx("best").unwrap_err().to_string().contains("no compute capability"));
    match saxpy.resources("sm_90") {
        Ok(entries) => assert!(entries.len() == 1 && entries[0].registers > 4),
        Err(error) => without_ptxas(&error),
    }
}

/// The one error that the assembler may give: that it is not there. What it refuses is a failure.
#[track_caller]
fn without_ptxas(error: &Error) {
    assert!(error.to_string().contains("no `ptxas` was found"), "{error}");
    println!("no ptxas: registers were not looked at");
}

const UNASKED: u32 = line!() + 4;
#[lazuli::kernel]
fn unasked(x: &[f32], y: &mut [f32]) {
    let i = block_idx().x * block_dim().x + thread_idx().x;
    y[i] = x[i] * 2.0;
}

#[test]
fn out_of_bounds() {
    let (device, stream) = simulator();
    let (x, mut y) = (buffer(&device, &[1.0f32; 900]), buffer(&device, &[0.0f32; 1024]));
    let line = line!() + 1;
    let error = unasked.launch(&stream, 8, 128, (&x, &mut y)).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "Kernel::launch: kernel `unasked` failed: out of bounds: block 7, thread 4 (lane 4) uses index 900 where there \
             are 900 elements, in `read of x at {0}:{UNASKED}` (recorded at {0}:{line}:{1})",
            file!(),
            error.location().unwrap().column()
        )
    );
    // It goes on being usable, on this device too.
    unasked.launch(&stream, 9, 100, (&x, &mut y)).unwrap();
    let error = unasked.launch(&stream, 2, 1000, (&buffer(&device, &[1.0; 3000]), &mut y));
    refused(error, &["block 1, thread 24", "index 1024", "write to y"]);
}

const LINES: u32 = line!() + 5;
#[rustfmt::skip]
#[lazuli::kernel]
fn lines(which: i64, x: &[i32], y: &mut [i32]) {
    let tile = shared::<i32, 4>();
    match which {
        0 => y[9] += 1,
        1 => (y[0], y[9]) = (1, 2),
        2 => y[0] = x[0].max(
            x[9]
        ),
        3 => {
            y.atomic_add(
                0, y.atomic_exchange(9, 1));
        }
        4 => tile[9] = 1,
        5 => tile[0] *= tile[
            9],
        6 if which < 9 && x[9] == 1 => {}
        7 => y[0] = shuffle(
            1, 40i32,
        ),
        _ => loop {
            if vote_any(true) { break; }
        },
    }
}

#[test]
fn lines_of_what_is_wrong() {
    let (device, stream) = simulator();
    let (x, mut y) = (buffer(&device, &[1; 4]), buffer(&device, &[0; 4]));
    let whats = [
        "read of y",
        "write to y",
        "read of x",
        "atomic change of y",
        "write to tile",
        "read of tile",
        "read of x",
    ];
    for (which, (what, line)) in whats.iter().zip([1, 2, 4, 8, 10, 11, 13]).enumerate() {
        let at = format!("`{what} at {}:{}`", file!(), LINES + line);
        refused(lines.launch(&stream, 1, 1, (which as i64, &x, &mut y)), &["uses index 9", &at]);
    }
    let at = format!("shuffle at {}:{}", file!(), LINES + 14);
    refused(lines.launch(&stream, 1, 4, (7, &x, &mut y)), &["missing lane", &at]);
    lines.launch(&stream, 1, 32, (8, &x, &mut y)).unwrap();
}

const RACE: u32 = line!() + 5;
#[lazuli::kernel]
fn shift(x: &mut [i32], waits: bool) {
    let tile = shared::<i32, 64>();
    let i = thread_idx().x;
    tile[i] = x[i];
    if waits {
        barrier();
    }
    x[i] = tile[(i + 1) % 64];
}

#[test]
fn races() {
    let (device, stream) = simulator();
    let data: Vec<i32> = (0..64).collect();
    let mut x = buffer(&device, &data);
    shift.launch(&stream, 1, 64, (&mut x, true)).unwrap();
    assert_eq!(elements(x), (0..64).map(|i| (i + 1) % 64).collect::<Vec<i32>>());
    let mut x = buffer(&device, &data);
    let error = shift.launch(&stream, 1, 64, (&mut x, false));
    let at = |line: u32| format!("{}:{line}`", file!());
    let text = error.unwrap_err().to_string();
    // Which of the two is found depends on who runs first.
    let race = text.contains("race") && text.contains(&at(RACE)) && text.contains("nothing orders the two");
    let early = text.contains("read of what nobody wrote");
    assert!((race || early) && text.contains(&at(RACE + 4)), "{text}");
    // Either way it is the first thread's read of its neighbour's element.
    assert!(text.contains("element 1 of `tile`") && text.contains("thread 0 (lane 0)"), "{text}");
}

const MIRROR: u32 = line!() + 12;
/// Adds to each element of a square the opposite one, and does not wait before it writes.
#[lazuli::kernel]
fn mirror(x: &mut [f64], bias: &[i32]) {
    let few = shared::<i32, 5>();
    let tile = shared::<f64, 64>();
    let i = thread_idx().y * 8 + thread_idx().x;
    if i < 5 {
        few[i] = bias[i];
    }
    tile[i] = x[i];
    barrier();
    tile[i] += tile[63 - i] + few[4] as f64;
    x[i] = tile[i];
}

/// Messages count elements and not bytes, and threads as the kernel counts them.
#[test]
fn races_name_elements_and_threads() {
    let (device, stream) = simulator();
    let (mut x, bias) = (buffer(&device, &[0.0f64; 64]), buffer(&device, &[1; 5]));
    let error = mirror.launch(&stream, (1, 2), (8, 8), (&mut x, &bias));
    // The first one whose opposite has been there.
    let (at, with) =
        ("block (0, 0, 0), thread (0, 4, 0) (lane 0)", "block (0, 0, 0), thread (7, 3, 0) (lane 31)");
    let line = format!("{}:{MIRROR}", file!());
    let read = format!("race: {at} reads element 31 of `tile`, in `read of tile at {line}`");
    let write = format!("{with} writes it in `write to tile at {line}`, and nothing orders the two");
    refused(error, &[&read, &write]);
}

#[lazuli::kernel]
fn neighbours(x: &mut [i32]) {
    let i = block_idx().x * block_dim().x + thread_idx().x;
    if i > 0 {
        x[i] = x[i - 1];
    }
}

#[test]
fn races_in_the_memory_of_the_device() {
    let (device, stream) = simulator();
    let mut x = buffer(&device, &[1; 64]);
    let read = "race: block 0, thread 2 (lane 2) reads element 1 of `x`, in `read of x";
    let write = "block 0, thread 1 (lane 1) writes it in `write to x";
    refused(neighbours.launch(&stream, 2, 32, (&mut x,)), &[read, write, "nothing orders the two"]);
}

const BARRIER: u32 = line!() + 4;
#[lazuli::kernel]
fn some_wait(x: &mut [i32]) {
    if thread_idx().x < 10 {
        barrier();
    }
    x[thread_idx().x] = 1;
}

#[test]
fn divergent_barriers() {
    let (device, stream) = simulator();
    let mut x = buffer(&device, &[0; 64]);
    let line = format!("{}:{BARRIER}", file!());
    let words = ["divergence in block 0: threads 0-9 wait at barrier", &line, "threads 10-63 have returned"];
    refused(some_wait.launch(&stream, 1, 64, (&mut x,)), &words);
}

#[lazuli::kernel]
fn unwritten(x: &mut [f32]) {
    let tile = shared::<f32, 32>();
    if thread_idx().x > 0 {
        tile[thread_idx().x] = 1.0;
    }
    barrier();
    x[thread_idx().x] = tile[thread_idx().x];
}

#[lazuli::kernel]
fn half_written(x: &mut [f32]) {
    let tile = shared::<f32, 3>();
    let more = shared_dynamic::<i64>();
    let i = thread_idx().x;
    if i < 3 {
        (tile[i], more[i]) = (x[i], i);
    }
    barrier();
    x[i] = tile[i] + more[i + 1] as f32;
}

#[test]
fn shared_memory_that_nobody_wrote() {
    let (device, stream) = simulator();
    let mut x = buffer(&device, &[0.0; 32]);
    let words = [
        "read of what nobody wrote: block 0, thread 0 (lane 0) reads element 0 of `tile`, in `read of tile at",
    ];
    refused(unwritten.launch(&stream, 1, 32, (&mut x,)), &words);
    // Of an array that the launch sizes, behind another.
    let words = ["block 0, thread 2 (lane 2) reads element 3 of `more`, in `read of more at"];
    refused(half_written.shared(4).launch(&stream, 1, 4, (&mut x,)), &words);
}

const ENDLESS: u32 = line!() + 5;
#[lazuli::kernel(max_iterations = 1000)]
fn collatz(x: &mut [i64]) {
    let i = thread_idx().x;
    let mut n = x[i];
    while n != 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
    }
    x[i] = n;
}

#[test]
fn endless_loops() {
    let (device, stream) = simulator();
    let mut x = buffer(&device, &[27i64, 6]);
    collatz.launch(&stream, 1, 2, (&mut x,)).unwrap();
    assert_eq!(elements(x), [1, 1]);
    let mut x = buffer(&device, &[27i64, 0]);
    let line = format!("{}:{ENDLESS}", file!());
    refused(collatz.launch(&stream, 1, 2, (&mut x,)), &["endless loop: block 0, thread 1", &line]);
}

const PLAIN: u32 = line!() + 5;
/// Goes round for ever where no number is 1.
#[lazuli::kernel]
fn until_one(x: &mut [i64]) {
    let mut n = x[0];
    while n != 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
    }
    x[0] = n;
}

/// More turns than a `while` is given.
#[lazuli::kernel]
fn patient(turns: i64, x: &mut [i64]) {
    let mut n = x[0];
    for _ in 0..turns {
        n = n * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407;
    }
    x[0] = n;
}

#[lazuli::guvectorize("(n)->()")]
fn patient_inner(x: &[i64], y: &mut i64) {
    let mut n = x[0];
    for _ in 0..x[1] {
        n = n * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407;
    }
    *y = n;
}

/// A loop that may not end has a limit on the simulator also where the kernel sets none, and it is the same for both
/// ways to launch it. A `for` ends by itself.
#[test]
fn loops_without_a_limit() {
    let (device, stream) = simulator();
    let line = format!("went round 268435456 times in `a loop at {}:{PLAIN}`", file!());
    // The low 28 bits go through all their values and begin again.
    let turn = |n: i64| n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let (turns, expected) = ((1 << 28) + 10, (0..10).fold(0, |n, _| turn(n)));
    let same = |found: i64| assert_eq!((found ^ expected) % (1 << 28), 0);
    for checked in [true, false] {
        let mut x = buffer(&device, &[0i64]);
        let error = match checked {
            true => until_one.launch(&stream, 1, 1, (&mut x,)),
            // SAFETY: it reaches the one element alone, and the simulator ends it.
            false => unsafe { until_one.launch_unchecked(&stream, 1, 1, (&mut x,)) },
        };
        refused(error, &["endless loop: block 0, thread 0", &line]);
        let mut x = buffer(&device, &[0i64]);
        run!(checked, patient, &stream, 1, 1, (turns, &mut x));
        same(elements(x)[0]);
    }
    let x = Array::from_vec(vec![0, turns]).to_device(&device);
    same(patient_inner(&x).item().unwrap());
}

#[test]
fn launches_that_cannot_be() {
    let (device, stream) = simulator();
    let (x, mut y) = (buffer(&device, &[1.0f32; 8]), buffer(&device, &[1.0f32; 8]));
    refused(saxpy.launch(&stream, 0, 32, (1.0, &x, &mut y)), &["no threads"]);
    refused(saxpy.launch(&stream, 1, 1025, (1.0, &x, &mut y)), &["1024"]);
    refused(saxpy.launch(&stream, (1, 70_000), 1, (1.0, &x, &mut y)), &["65535"]);
    refused(saxpy.launch(&stream, -1, 1, (1.0, &x, &mut y)), &["there is no grid of [-1, 1, 1]"]);
    refused(saxpy.launch(&stream, 1, usize::MAX, (1.0, &x, &mut y)), &["there is no block of"]);
    refused(saxpy.shared(4).launch(&stream, 1, 8, (1.0, &x, &mut y)), &["no shared array"]);
    let doubles = buffer(&device, &[1.0f64; 8]);
    let mut out = buffer(&device, &[0.0f64; 1]);
    refused(sums.shared(1 << 20).launch(&stream, 1, 8, (&doubles, &mut out)), &["bytes of shared memory"]);
    refused(sums.launch(&stream, 1, 8, (&doubles, &mut out)), &["uses index 0 where there are 0 elements"]);
}

#[test]
fn other_devices() {
    let (device, stream) = simulator();
    let (x, mut y) = (buffer(&device, &[1.0f32; 8]), buffer(&Device::cpu(), &[1.0f32; 8]));
    let error = saxpy.launch(&stream, 1, 8, (1.0, &x, &mut y));
    refused(error, &["`y` is in the memory of cpu, and the stream is one of cuda simulator"]);
    for device in [Device::cpu(), Device::portable()] {
        let stream = Stream::default_of(&device).unwrap();
        let (x, mut y) = (buffer(&device, &[1.0f32; 8]), buffer(&device, &[1.0f32; 8]));
        let words = ["`saxpy` is a kernel of threads, which", "Device::cuda_simulator()"];
        refused(saxpy.launch(&stream, 1, 8, (1.0, &x, &mut y)), &words);
    }
}

/// Everything in these pages, as NVIDIA's assembler takes it.
#[test]
fn cards_take_it() {
    let assemble = |found: Result<Vec<lazuli::Resources>, Error>| match found {
        Ok(entries) => assert_eq!(entries.len(), 1),
        Err(error) => without_ptxas(&error),
    };
    for card in ["sm_75", "sm_90"] {
        let all = [sums.resources(card), warp_sums.resources(card)];
        let more = [
            saxpy.resources(card),
            histogram.resources(card),
            matmul.resources(card),
            bitonic.resources(card),
        ];
        let rest = [
            everything.resources(card),
            together.resources(card),
            places.resources(card),
            lines.resources(card),
        ];
        all.into_iter().chain(more).chain(rest).for_each(assemble);
    }
}

/// On the driver without a GPU, which runs nothing that nobody waits for.
#[cfg(all(feature = "cuda", target_os = "linux"))]
#[test]
fn launches_come_in_the_order_of_their_buffers() {
    use crate::gpu::fake::Fake;
    use crate::support::{alone_with, inner};
    use lazuli::HostBuffer;
    if inner().is_none() {
        let environment = [("LAZULI_CACHE_DIR", "")];
        return alone_with("kernels::launches_come_in_the_order_of_their_buffers", "fake", &environment);
    }
    let (fake, gpu) = (Fake::get(), Device::cuda(0).unwrap());
    let streams: Vec<Stream> = (0..3).map(|_| Stream::new(&gpu).unwrap()).collect();
    let (x, mut y) = (buffer(&gpu, &[1.0f32; 8]), buffer(&gpu, &[2.0f32; 8]));
    // SAFETY: each thread asks for its index; nothing runs on the fake.
    unsafe { saxpy.launch_unchecked(&streams[0], 2, 4, (3.0, &x, &mut y)).unwrap() };
    assert_eq!(fake.ran(0).len(), 0, "nobody waits yet");
    y.copy_to(&mut HostBuffer::new(8).unwrap(), &streams[1]).unwrap();
    let ran = fake.ran(0);
    assert_eq!(ran.len(), 1, "another stream comes after");
    assert_eq!((ran[0].name(), ran[0].grid, ran[0].block), ("run", [2, 1, 1], 4));
    // Checked launches have run when they return; blocks have what memory the launch says.
    saxpy.launch(&streams[2], (1, 2), (4, 2), (3.0, &x, &mut y)).unwrap();
    assert_eq!((fake.ran(0).len(), fake.ran(0)[1].deep), (2, [2, 1]));
    let (x, mut out) = (buffer(&gpu, &[1.0f64; 64]), buffer(&gpu, &[0.0f64; 1]));
    sums.shared(64).launch(&streams[0], 1, 64, (&x, &mut out)).unwrap();
    assert_eq!(fake.ran(0)[2].shared, 64 * 8);
    let other = Stream::new(&Device::cuda(1).unwrap()).unwrap();
    refused(
        saxpy.launch(&other, 1, 4, (3.0, &buffer(&gpu, &[1.0]), &mut y)),
        &["`x` is in the memory of cuda:0"],
    );
    let cpu = Stream::default_of(&Device::cpu()).unwrap();
    refused(saxpy.launch(&cpu, 1, 4, (3.0, &buffer(&gpu, &[1.0]), &mut y)), &["kernel of threads"]);
}
