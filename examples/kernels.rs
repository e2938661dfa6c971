//! Kernels of one's own, thread by thread: on a GPU where there is one, else on the simulator of one.
//!
//! Shows a kernel of one line, one with shared memory, barriers and atomic changes, and what the
//! simulator says to one with a mistake.
//!
//! `cargo run --release --example kernels`

use std::error::Error;

use lazuli::prelude::*;
use lazuli::{DeviceBuffer, Stream};

/// y = a x + y, an element a thread.
#[lazuli::kernel]
pub fn saxpy(a: f32, x: &[f32], y: &mut [f32]) {
    let i = block_idx().x * block_dim().x + thread_idx().x;
    if i < x.len() {
        y[i] = a * x[i] + y[i];
    }
}

const BINS: i64 = 8;

/// How many elements of 0..1 are in each eighth: each block counts in memory of its own first.
#[lazuli::kernel]
pub fn histogram(x: &[f32], counts: &mut [i64]) {
    let mine = shared::<i64, BINS>();
    let t = thread_idx().x;
    if t < BINS {
        mine[t] = 0;
    }
    barrier();
    let mut i = block_idx().x * block_dim().x + t;
    while i < x.len() {
        mine.atomic_add((x[i] * BINS as f32) as i64, 1);
        i += grid_dim().x * block_dim().x;
    }
    barrier();
    if t < BINS {
        counts.atomic_add(t, mine[t]);
    }
}

/// Turns 64 elements around, but for what stands in the comment.
#[lazuli::kernel]
pub fn mistaken(x: &mut [f32]) {
    let tile = shared::<f32, 64>();
    let t = thread_idx().x;
    tile[t] = x[t];
    // A thread reads what another wrote: barrier();
    x[t] = tile[63 - t];
}

/// What the examples find on a device, and what the simulator says to the mistake.
pub fn run(device: &Device) -> Result<(Vec<f32>, Vec<i64>, String), lazuli::Error> {
    let stream = Stream::new(device)?;
    let buffer = |x: Array<f32>| x.to_device(device).into_device_buffer();

    let (x, mut y) = (buffer(Array::arange(0.0, 1000.0, 1.0))?, buffer(Array::ones([1000]))?);
    saxpy.launch(&stream, 1000usize.div_ceil(256), 256, (2.0, &x, &mut y))?;
    let sums = Array::from_device_buffer(y, [1000])?.to_vec()?;

    let waves = (Array::arange(0.0, 100_000.0, 1.0).sin() + 1.0) * 0.499;
    let mut counts = DeviceBuffer::new(device, BINS as usize)?;
    histogram.launch(&stream, 16, 128, (&buffer(waves)?, &mut counts))?;
    let counts = Array::from_device_buffer(counts, [BINS as usize])?.to_vec()?;

    let simulator = Device::cuda_simulator()?;
    let mut x = Array::arange(0.0f32, 64.0, 1.0).to_device(&simulator).into_device_buffer()?;
    let found = mistaken.launch(&Stream::new(&simulator)?, 1, 64, (&mut x,));
    Ok((sums, counts, found.err().map(|error| error.to_string()).unwrap_or_default()))
}

fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::cuda(0).or_else(|_| Device::cuda_simulator())?;
    let (sums, counts, found) = run(&device)?;
    println!("on {device}: 2 * 999 + 1 = {}", sums[999]);
    for (bin, count) in counts.iter().enumerate() {
        println!("{:.3}.. {count:6} {}", bin as f64 / BINS as f64, "#".repeat(*count as usize / 800));
    }
    println!("\nand the mistake:\n{found}");
    Ok(())
}
