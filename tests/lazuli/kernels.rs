//! `#[lazuli::kernel]`: kernels of threads beside plain Rust, and what the simulator finds wrong with
//! them. On a card, too, where there is one.

use crate::engines::{assert_bits, grids};
use lazuli::prelude::*;
use lazuli::{DeviceBuffer, Error, Stream};

mod faults;
mod warps;

pub fn buffer<T: Element>(device: &Device, data: &[T]) -> DeviceBuffer<T> {
    Array::from_vec(data.to_vec()).to_device(device).into_device_buffer().unwrap()
}

pub fn elements<T: Element>(buffer: DeviceBuffer<T>) -> Vec<T> {
    let len = buffer.len();
    Array::from_device_buffer(buffer, [len]).unwrap().to_vec().unwrap()
}

/// Asserts the bits of all elements.
#[track_caller]
pub fn assert_elements<T: Element>(buffer: DeviceBuffer<T>, expected: &[T]) {
    let len = buffer.len();
    let x = Array::from_device_buffer(buffer, [len]).unwrap();
    assert_bits("a buffer", &x, expected, |i| format!("element {i}"));
}

/// On each device, checked and not.
pub fn everywhere(f: impl Fn(&Device, &Stream, bool)) {
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

pub(crate) use run;

/// The simulator, which finds everything.
pub fn simulator() -> (Device, Stream) {
    let device = Device::cuda_simulator().unwrap();
    let stream = Stream::default_of(&device).unwrap();
    (device, stream)
}

#[track_caller]
pub fn refused(result: Result<(), Error>, words: &[&str]) {
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
        assert_elements(y, &expected);
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
        assert_elements(counts, &expected);
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
        assert_elements(out, &blocks);
        let mut out = buffer(device, &[0.0; 32]);
        run!(checked, warp_sums, stream, 4, 256, (&x, &mut out));
        assert_elements(out, &warps);
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
        assert_elements(c, &expected);
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
        assert_elements(x, &expected);
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
        assert_elements(now, &u);
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
        assert_elements(out, &expected);
        assert_elements(seen, &flags.iter().map(|f| !f).collect::<Vec<_>>());
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
        assert_elements(out, &expected);
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
            warps::together.resources(card),
            places.resources(card),
            faults::lines.resources(card),
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
