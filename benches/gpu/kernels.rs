//! Kernels of threads beside the same kernels in CUDA C++ (`kernels.cu`): saxpy, sums of blocks, a tiled product.
//!
//! Both are launched without checks, on memory of their own, and their launches take turns, so that whatever happens to
//! the card happens to both. A sample is the time between two events around some launches; what counts is the median of
//! samples. CUDA C++ is compiled by `nvcc -ptx -O3` where that is installed, else by NVRTC; where there is neither, or no
//! card, only Lazuli's are measured, and the answer says why.
//!
//! `nvcc` contracts a product and a sum to one operation that rounds once, so these kernels say `mul_add`. Inputs are
//! small integers: sums and products are exact in any order, and answers are held against them element by element.

use std::process::Command;

use lazuli::prelude::*;
use lazuli::{DeviceBuffer, Error, Event, RawKernel, Stream};

use super::escaped;
use super::works::smoke;

const BLOCK: i64 = 256;
const TILE: i64 = 32;

#[lazuli::kernel]
fn saxpy(a: f32, x: &[f32], y: &mut [f32]) {
    let i = block_idx().x * block_dim().x + thread_idx().x;
    if i < x.len() {
        y[i] = a.mul_add(x[i], y[i]);
    }
}

#[lazuli::kernel]
fn block_sums(x: &[f32], sums: &mut [f32]) {
    let part = shared::<f32, BLOCK>();
    let t = thread_idx().x;
    let mut sum = 0.0;
    let mut i = block_idx().x * BLOCK + t;
    while i < x.len() {
        sum += x[i];
        i += grid_dim().x * BLOCK;
    }
    part[t] = sum;
    barrier();
    let mut half = BLOCK / 2;
    while half > 0 {
        if t < half {
            part[t] += part[t + half];
        }
        barrier();
        half /= 2;
    }
    if t == 0 {
        sums[block_idx().x] = part[0];
    }
}

/// `n` is a multiple of `TILE`.
#[lazuli::kernel]
fn matmul(n: i64, a: &[f32], b: &[f32], c: &mut [f32]) {
    let tile_a = shared::<f32, { TILE * TILE }>();
    let tile_b = shared::<f32, { TILE * TILE }>();
    let (x, y) = (thread_idx().x, thread_idx().y);
    let (row, column) = (block_idx().y * TILE + y, block_idx().x * TILE + x);
    let mut sum = 0.0;
    for tile in 0..n / TILE {
        let first = tile * TILE;
        tile_a[y * TILE + x] = a[row * n + first + x];
        tile_b[y * TILE + x] = b[(first + y) * n + column];
        barrier();
        for t in 0..TILE {
            sum = tile_a[y * TILE + t].mul_add(tile_b[t * TILE + x], sum);
        }
        barrier();
    }
    c[row * n + column] = sum;
}

/// Measures all, for about so many seconds together; the answer in JSON.
pub fn measure(device: &Device, stream: &Stream, seconds: f64) -> Result<String, Error> {
    let cuda = Cuda::of(device);
    let bench = Bench { device, stream, seconds: seconds / 3.0, cuda: &cuda };
    let told = [bench.saxpy()?, bench.block_sums()?, bench.matmul()?].join(", ");
    let compiler = match &cuda {
        Ok(cuda) => format!(r#""compiler": "{}""#, cuda.compiler),
        Err(why) => format!(r#""compiler": null, "why": "{}""#, escaped(why)),
    };
    Ok(format!(r#"{{"ok": true, {compiler}, "kernels": [{told}]}}"#))
}

/// The kernels in CUDA C++.
struct Cuda {
    compiler: &'static str,
    saxpy: RawKernel,
    block_sums: RawKernel,
    matmul: RawKernel,
}

impl Cuda {
    /// Compiles them, or says why that cannot be.
    fn of(device: &Device) -> Result<Cuda, String> {
        let source = include_str!("kernels.cu");
        let Some((major, minor)) = device.info().compute_capability else {
            return Err("CUDA C++ needs a GPU".to_owned());
        };
        let ptx = nvcc(source, &format!("compute_{major}{minor}"))?;
        let load = |entry: &str| {
            let loaded = match &ptx {
                Some(ptx) => RawKernel::from_ptx(device, ptx, entry),
                None => RawKernel::from_cuda_source(device, source, entry, &[]),
            };
            loaded.map_err(|e| e.to_string())
        };
        Ok(Cuda {
            compiler: if ptx.is_some() { "nvcc" } else { "nvrtc" },
            saxpy: load("saxpy")?,
            block_sums: load("block_sums")?,
            matmul: load("matmul")?,
        })
    }
}

/// The PTX that `nvcc` makes; none where it is not installed.
fn nvcc(source: &str, architecture: &str) -> Result<Option<String>, String> {
    let folder = std::env::temp_dir().join(format!("lazuli-kernels-{}", std::process::id()));
    let made = || -> std::io::Result<Option<Result<String, String>>> {
        std::fs::create_dir_all(&folder)?;
        let (from, to) = (folder.join("kernels.cu"), folder.join("kernels.ptx"));
        std::fs::write(&from, source)?;
        let mut command = Command::new("nvcc");
        let run = command.args(["-ptx", "-O3", "-arch", architecture, "-o"]).arg(&to).arg(&from).output();
        match run {
            Ok(run) if run.status.success() => Ok(Some(Ok(std::fs::read_to_string(&to)?))),
            Ok(run) => Ok(Some(Err(String::from_utf8_lossy(&run.stderr).into_owned()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    };
    let made = made();
    let _ = std::fs::remove_dir_all(&folder);
    match made {
        Ok(None) => Ok(None),
        Ok(Some(Ok(ptx))) => Ok(Some(ptx)),
        Ok(Some(Err(said))) => Err(format!("nvcc: {said}")),
        Err(error) => Err(format!("nvcc: {error}")),
    }
}

/// What all kernels are measured with.
struct Bench<'b> {
    device: &'b Device,
    stream: &'b Stream,
    seconds: f64,
    cuda: &'b Result<Cuda, String>,
}

/// A launch of Lazuli's kernel, or of that in CUDA C++.
type Launch<'l> = Box<dyn FnMut() -> Result<(), Error> + 'l>;

/// A kernel of both kinds with its results.
struct Pair {
    /// What it is called, and how large it is.
    name: &'static str,
    size: String,
    /// Bytes that it must move, and operations that it must do.
    bytes: f64,
    flops: f64,
    /// What both are to give.
    expected: Vec<f32>,
}

impl Bench<'_> {
    fn buffer(&self, data: &[f32]) -> Result<DeviceBuffer<f32>, Error> {
        Array::from_vec(data.to_vec()).to_device(self.device).into_device_buffer()
    }

    fn saxpy(&self) -> Result<String, Error> {
        let n: usize = if smoke() { 1000 } else { 1 << 26 };
        let (x, y): (Vec<f32>, Vec<f32>) = (0..n).map(|i| ((i % 7) as f32, (i % 1001) as f32)).unzip();
        let expected = x.iter().zip(&y).map(|(x, y)| 2.0 * x + y).collect();
        let (x, mut own, mut other) = (self.buffer(&x)?, self.buffer(&y)?, self.buffer(&y)?);
        let (grid, block) = (n.div_ceil(BLOCK as usize), BLOCK as usize);
        let pair = Pair {
            name: "saxpy",
            size: format!("{n}"),
            bytes: 12.0 * n as f64,
            flops: 2.0 * n as f64,
            expected,
        };
        self.compare(
            pair,
            &mut own,
            &mut other,
            // SAFETY: each thread looks whether it has elements, and has its own.
            |y| unsafe { saxpy.launch_unchecked(self.stream, grid, block, (2.0, &x, y)) },
            // SAFETY: as above.
            |cuda, y| unsafe { cuda.saxpy.launch(self.stream, grid, block, 0, (n as i32, 2.0f32, &x, y)) },
        )
    }

    fn block_sums(&self) -> Result<String, Error> {
        let (n, blocks): (usize, usize) = if smoke() { (1000, 3) } else { (1 << 26, 2048) };
        let x: Vec<f32> = (0..n).map(|i| (i % 5) as f32).collect();
        let mut expected = vec![0.0; blocks];
        x.chunks(BLOCK as usize)
            .enumerate()
            .for_each(|(i, part)| expected[i % blocks] += part.iter().sum::<f32>());
        let zeros = vec![0.0; blocks];
        let (x, mut own, mut other) = (self.buffer(&x)?, self.buffer(&zeros)?, self.buffer(&zeros)?);
        let pair = Pair {
            name: "block_sums",
            size: format!("{n} in {blocks} blocks"),
            bytes: 4.0 * n as f64,
            flops: n as f64,
            expected,
        };
        let block = BLOCK as usize;
        self.compare(
            pair,
            &mut own,
            &mut other,
            // SAFETY: each thread looks whether an element is there, and waits for the others before it reads theirs;
            // there is a sum for each block.
            |sums| unsafe { block_sums.launch_unchecked(self.stream, blocks, block, (&x, sums)) },
            // SAFETY: as above.
            |cuda, sums| unsafe {
                cuda.block_sums.launch(self.stream, blocks, block, 0, (n as i32, &x, sums))
            },
        )
    }

    fn matmul(&self) -> Result<String, Error> {
        let n: usize = if smoke() { 64 } else { 2048 };
        let side = |i: usize| (i % 5) as f32 - 2.0;
        let (a, b): (Vec<f32>, Vec<f32>) = (0..n * n).map(|i| (side(i / 3), side(i / 7))).unzip();
        let on_cpu = |data: &[f32]| Array::from_shape_vec([n, n], data.to_vec());
        let expected = on_cpu(&a)?.matmul(&on_cpu(&b)?).to_vec()?;
        let zeros = vec![0.0; n * n];
        let (a, b) = (self.buffer(&a)?, self.buffer(&b)?);
        let (mut own, mut other) = (self.buffer(&zeros)?, self.buffer(&zeros)?);
        let pair = Pair {
            name: "matmul",
            size: format!("{n} x {n} in tiles of {TILE} x {TILE}"),
            bytes: 12.0 * (n * n) as f64,
            flops: 2.0 * (n as f64).powi(3),
            expected,
        };
        let (grid, block) = ((n / TILE as usize, n / TILE as usize), (TILE as usize, TILE as usize));
        self.compare(
            pair,
            &mut own,
            &mut other,
            // SAFETY: the matrices are whole tiles, each of them computed by a block, whose threads wait for each other
            // before they read what the others wrote, and before they write again.
            |c| unsafe { matmul.launch_unchecked(self.stream, grid, block, (n as i64, &a, &b, c)) },
            // SAFETY: as above.
            |cuda, c| unsafe { cuda.matmul.launch(self.stream, grid, block, 0, (n as i32, &a, &b, c)) },
        )
    }

    /// Runs both once and looks at what they give, then measures them.
    fn compare(
        &self,
        pair: Pair,
        own: &mut DeviceBuffer<f32>,
        other: &mut DeviceBuffer<f32>,
        mut ours: impl FnMut(&mut DeviceBuffer<f32>) -> Result<(), Error>,
        mut theirs: impl FnMut(&Cuda, &mut DeviceBuffer<f32>) -> Result<(), Error>,
    ) -> Result<String, Error> {
        let right = |buffer: &DeviceBuffer<f32>| -> Result<bool, Error> {
            let mut host = lazuli::HostBuffer::new(pair.expected.len())?;
            buffer.copy_to(&mut host, self.stream)?;
            Ok(host[..] == pair.expected[..])
        };
        ours(own)?;
        let mut told = format!(
            r#""name": "{}", "size": "{}", "bytes": {:e}, "flops": {:e}, "right": {}"#,
            pair.name,
            pair.size,
            pair.bytes,
            pair.flops,
            right(own)?
        );
        let cuda = self.cuda.as_ref().ok();
        if let Some(cuda) = cuda {
            theirs(cuda, other)?;
            told += &format!(r#", "cuda_right": {}"#, right(other)?);
        }
        let mut launches: Vec<Launch<'_>> = vec![Box::new(|| ours(own))];
        if let Some(cuda) = cuda {
            launches.push(Box::new(|| theirs(cuda, other)));
        }
        let medians = self.medians(&mut launches)?;
        told += &format!(r#", "lazuli_ms": {:e}"#, medians[0] * 1e3);
        if let Some(cuda) = medians.get(1) {
            told += &format!(r#", "cuda_ms": {:e}, "ratio": {:e}"#, cuda * 1e3, medians[0] / cuda);
        }
        Ok(format!("{{{told}}}"))
    }

    /// The median of the seconds that each launch takes, of samples in turns.
    fn medians(&self, launches: &mut [Launch<'_>]) -> Result<Vec<f64>, Error> {
        let sample = |launch: &mut Launch<'_>, count: usize| -> Result<f64, Error> {
            let before = Event::record(self.stream)?;
            (0..count).try_for_each(|_| launch())?;
            Ok(Event::record(self.stream)?.elapsed(&before)?.as_secs_f64() / count as f64)
        };
        // Samples of a millisecond: events tell half a microsecond.
        let mut slowest = 0.0f64;
        for launch in &mut *launches {
            sample(launch, 3)?;
            slowest = slowest.max(sample(launch, 3)?);
        }
        let slowest = slowest.max(1e-6);
        let count = ((1e-3 / slowest).ceil() as usize).clamp(1, 1000);
        let rounds = (self.seconds / (slowest * (count * launches.len()) as f64)) as usize;
        let mut times = vec![Vec::new(); launches.len()];
        for round in 0..rounds.clamp(5, 500) {
            // Who is first changes from round to round.
            for turn in 0..launches.len() {
                let which = (round + turn) % launches.len();
                times[which].push(sample(&mut launches[which], count)?);
            }
        }
        let median = |times: &mut Vec<f64>| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        };
        Ok(times.iter_mut().map(median).collect())
    }
}
