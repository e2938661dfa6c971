//! `RawKernel`: PTX and CUDA C++ of others. What is refused, in which order things happen, and, where there is a
//! GPU, what comes out.
//!
//! On the fake driver (see `gpu.rs`) `saxpy` is computed, with as many threads as were launched. Each test that
//! needs a driver, or none, runs in a process of its own.

use crate::support::{alone_with, inner};
use lazuli::prelude::*;
use lazuli::{Dim3, RawKernel};

/// `y += a * x`, and others that do less.
const PTX: &str = "\
.version 8.0
.target sm_75
.address_size 64
.visible .entry saxpy(.param .u32 n, .param .f32 a, .param .u64 .ptr .global .align 4 x, .param .u64 y)
{
  .reg .pred %p;
  .reg .b32 %r<6>;
  .reg .f32 %f<5>;
  .reg .b64 %d<6>;
  ld.param.u32 %r1, [n];
  ld.param.f32 %f1, [a];
  ld.param.u64 %d1, [x];
  ld.param.u64 %d2, [y];
  mov.u32 %r2, %ctaid.x;
  mov.u32 %r3, %ntid.x;
  mov.u32 %r4, %tid.x;
  mad.lo.s32 %r5, %r2, %r3, %r4;
  setp.ge.u32 %p, %r5, %r1;
  @%p bra DONE;
  mul.wide.u32 %d3, %r5, 4;
  add.s64 %d4, %d1, %d3;
  add.s64 %d5, %d2, %d3;
  ld.global.f32 %f2, [%d4];
  ld.global.f32 %f3, [%d5];
  fma.rn.f32 %f4, %f1, %f2, %f3;
  st.global.f32 [%d5], %f4;
DONE:
  ret;
}
.visible .entry many(.param .u8 a, .param .u16 b, .param .align 8 .b8 c[24], .param .f64 d, .param .b16 e) { ret; }
.visible .entry trap(.param .u64 x) { trap; }
.visible .entry none() { ret; }
";

const CUDA: &str = r#"
template <typename T> __global__ void saxpy(unsigned n, T a, const T *x, T *y) {
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] += a * x[i];
}
extern "C" __global__ void scale(float *x) { x[threadIdx.x] *= FACTOR; }
"#;

#[test]
fn sizes_are_written_as_they_come() {
    let all =
        [Dim3::from(7), Dim3::from(7u32), Dim3::from(7usize), Dim3::from((7, 1)), Dim3::from([7usize, 1, 1])];
    assert!(all.iter().all(|d| *d == all[0]));
    assert_ne!(Dim3::from((7u32, 1, 2)), all[0]);
    // What no GPU has stays apart from what one has.
    assert_ne!(Dim3::from(usize::MAX), Dim3::from(u32::MAX));
}

#[test]
fn without_a_driver_one_clear_error() {
    if inner().is_none() {
        return alone_with("raw_kernels::without_a_driver_one_clear_error", "alone", &[]);
    }
    let Err(error) = Device::cuda(0) else {
        return eprintln!("not tested: there is a GPU");
    };
    let cause = error.kind().to_string();
    assert!(cause.contains("NVIDIA driver") || cause.contains("this build has no CUDA"), "{cause}");
    for device in Device::all() {
        let line = line!() + 1;
        let ptx = RawKernel::from_ptx(&device, PTX, "saxpy").unwrap_err();
        let cuda = RawKernel::from_cuda_source(&device, CUDA, "scale", &[]).unwrap_err();
        assert!(ptx.to_string().starts_with(&format!("RawKernel::from_ptx: {cause}")), "{ptx}");
        assert!(cuda.to_string().starts_with(&format!("RawKernel::from_cuda_source: {cause}")), "{cuda}");
        assert_eq!(ptx.location().unwrap().line(), line);
    }
}

/// `saxpy` on a GPU, real or not, by each way to get it.
#[cfg(feature = "cuda")]
fn saxpy_on(gpu: &Device, saxpy: &RawKernel) {
    use lazuli::{HostBuffer, Stream};
    let n = 1000usize;
    let stream = Stream::new(gpu).unwrap();
    let data: Vec<f32> = (0..n).map(|i| i as f32).collect();
    let x = Array::from_vec(data.clone()).to_device(gpu).into_device_buffer().unwrap();
    let mut y = Array::from_vec(vec![1.0f32; n]).to_device(gpu).into_device_buffer().unwrap();
    let block = saxpy.suggest_block_size(0).unwrap().threads;
    assert!((32..=1024).contains(&block), "{block}");
    let grid = (n as u32).div_ceil(block);
    // SAFETY: the kernel reads as many floats of `x` as it is told, and writes as many of `y`.
    unsafe { saxpy.launch(&stream, grid, block, 0, (n as u32, 2.0f32, &x, &mut y)).unwrap() };
    // Fewer than there are threads, or elements.
    // SAFETY: as above.
    unsafe { saxpy.launch(&stream, (1, 1), [32usize, 1, 1], 0, (10u32, 100.0f32, &x, &mut y)).unwrap() };
    drop(x);
    let mut host = HostBuffer::new(n).unwrap();
    // On another stream: it comes after.
    y.copy_to(&mut host, &Stream::new(gpu).unwrap()).unwrap();
    for (i, (&got, x)) in host.iter().zip(&data).enumerate() {
        let expected = 1.0 + 2.0 * x + if i < 10 { 100.0 * x } else { 0.0 };
        assert_eq!(got, expected, "element {i}");
    }
    let y = Array::from_device_buffer(y, [n]).unwrap();
    assert_eq!((y.slice(s![..3]) + 0.0).shape(), [3]);
}

/// On the first card, if there is one.
#[cfg(feature = "cuda")]
#[test]
fn kernels_run_on_a_card() {
    if inner().is_none() {
        return alone_with("raw_kernels::kernels_run_on_a_card", "alone", &[]);
    }
    let Ok(gpu) = Device::cuda(0) else {
        return eprintln!("not tested: there is no GPU");
    };
    saxpy_on(&gpu, &RawKernel::from_ptx(&gpu, PTX, "saxpy").unwrap());
    let wrong = PTX.replace("fma.rn.f32", "fma.rn.q32");
    let error = RawKernel::from_ptx(&gpu, &wrong, "saxpy").unwrap_err().to_string();
    assert!(error.contains("line 25"), "{error}");
    for (entry, options) in [("saxpy<float>", vec![]), ("scale", vec!["-DFACTOR=3"])] {
        match RawKernel::from_cuda_source(&gpu, CUDA, entry, &options) {
            Ok(kernel) if entry == "scale" => println!("{kernel:?}"),
            Ok(kernel) => saxpy_on(&gpu, &kernel),
            Err(error) => {
                assert!(error.to_string().contains("NVRTC, which is not installed"), "{error}");
                eprintln!("not tested: {error}");
            }
        }
    }
}

#[cfg(all(feature = "cuda", target_os = "linux"))]
mod on_the_fake {
    use super::*;
    use crate::gpu::fake::Fake;
    use lazuli::{DeviceBuffer, Element, HostBuffer, KernelArgs, Stream};

    /// Runs the test `name` with the fake driver, in a process of its own: `Some` in there.
    fn with_fake(name: &str) -> Option<&'static Fake> {
        if inner().is_some() {
            return Some(Fake::get());
        }
        alone_with(&format!("raw_kernels::on_the_fake::{name}"), "fake", &[]);
        None
    }

    fn gpu(index: usize) -> Device {
        Device::cuda(index).unwrap()
    }

    fn kernel(entry: &str) -> RawKernel {
        RawKernel::from_ptx(&gpu(0), PTX, entry).unwrap()
    }

    fn buffer<T: Element>(data: Vec<T>, device: usize) -> DeviceBuffer<T> {
        Array::from_vec(data).to_device(&gpu(device)).into_device_buffer().unwrap()
    }

    fn elements<T: Element>(buffer: DeviceBuffer<T>) -> Vec<T> {
        let n = buffer.len();
        Array::from_device_buffer(buffer, [n]).unwrap().to_vec().unwrap()
    }

    #[test]
    fn saxpy_from_ptx() {
        let Some(fake) = with_fake("saxpy_from_ptx") else { return };
        let saxpy = kernel("saxpy");
        assert_eq!(format!("{saxpy:?}"), "RawKernel saxpy(.u32 n, .f32 a, .u64 x, .u64 y) on cuda:0");
        assert_eq!((saxpy.name(), saxpy.device(), saxpy.ptx()), ("saxpy", gpu(0), PTX));
        saxpy_on(&gpu(0), &saxpy);
        let suggested = [0, 1000].map(|shared| saxpy.suggest_block_size(shared).unwrap());
        assert_eq!(suggested.map(|s| (s.threads, s.blocks)), [(768, 264), (256, 264)]);
        let error = saxpy.suggest_block_size(300_000).unwrap_err().to_string();
        assert!(error.contains("300000 bytes of shared memory a block; `saxpy` can have 232448"), "{error}");
        let ran: Vec<_> = fake.ran(0).into_iter().filter(|ran| ran.name() == "saxpy").collect();
        assert_eq!((ran[0].grid, ran[0].block, ran[1].block), ([2, 1, 1], 768, 32));
    }

    #[test]
    fn arguments_arrive_exactly() {
        let Some(fake) = with_fake("arguments_arrive_exactly") else { return };
        let stream = Stream::new(&gpu(0)).unwrap();
        let (many, none) = (kernel("many"), kernel("none"));
        let args = (true, -2i16, [1.0f64, 2.0, -0.0], 0.5f64, bf16::from_f32(1.0));
        // SAFETY: the fake only logs these.
        unsafe {
            many.launch(&stream, (7u32, 65_535, 2), (8, 4, 2), 100_000, args).unwrap();
            none.launch(&stream, 1, 1024, 0, ()).unwrap();
        }
        stream.synchronize().unwrap();
        let ran = fake.ran(0);
        let floats = [1.0f64, 2.0, -0.0].map(f64::to_bits);
        let words = [1, 0xfffe, floats[0], floats[1], floats[2], 0.5f64.to_bits(), 0x3f80];
        assert_eq!(ran[0].words(), words);
        assert_eq!((ran[0].grid, ran[0].block, ran[0].deep), ([7, 65_535, 2], 8, [4, 2]));
        assert_eq!((ran[0].shared, ran[1].words().len(), ran[1].block), (100_000, 0, 1024));
    }

    /// The error of a launch that is refused.
    fn refused(
        kernel: &RawKernel,
        grid: impl Into<Dim3>,
        block: impl Into<Dim3>,
        shared: usize,
        args: impl KernelArgs,
    ) -> String {
        let stream = Stream::default_of(&gpu(0)).unwrap();
        // SAFETY: none of these gets as far as the device.
        let result = unsafe { kernel.launch(&stream, grid, block, shared, args) };
        let error = result.expect_err("it is refused");
        assert!(error.to_string().starts_with("RawKernel::launch: "), "{error}");
        error.to_string()
    }

    #[test]
    fn impossible_launches_are_refused() {
        let Some(fake) = with_fake("impossible_launches_are_refused") else { return };
        let none = kernel("none");
        for grid in [
            Dim3::from(0),
            Dim3::from(-1),
            Dim3::from((1, 65_536)),
            Dim3::from(usize::MAX),
            Dim3::from(1usize << 31),
        ] {
            let said = refused(&none, grid, 32, 0, ());
            assert!(said.contains("cannot launch `none`: a grid of ["), "{said}");
            assert!(said.contains("from 1 to [2147483647, 65535, 65535] are possible"), "{said}");
        }
        for (block, what) in
            [(Dim3::from(0), "0 threads; from 1 to 1024"), (Dim3::from(1025), "1025 threads; from 1 to 1024")]
        {
            let said = refused(&none, 1, block, 0, ());
            assert!(said.contains(what), "{said}");
        }
        for block in [
            Dim3::from((32, 33)),
            Dim3::from((1, 1, 65)),
            Dim3::from((1, 0)),
            Dim3::from((1, -5, 1)),
            Dim3::from((usize::MAX, usize::MAX)),
        ] {
            let said = refused(&none, 1, block, 0, ());
            assert!(said.contains("from 1 to [1024, 1024, 64] are possible, and 1024 together"), "{said}");
        }
        for shared in [300_000, usize::MAX] {
            let said = refused(&none, 1, 1, shared, ());
            assert!(said.contains("bytes of shared memory a block; 232448 are possible"), "{said}");
        }
        assert!(fake.ran(0).is_empty());
    }

    #[test]
    fn wrong_arguments_are_refused() {
        let Some(fake) = with_fake("wrong_arguments_are_refused") else { return };
        let saxpy = kernel("saxpy");
        let (x, mut y) = (buffer(vec![1.0f32; 4], 0), buffer(vec![1.0f32; 4], 0));
        let said = refused(&saxpy, 1, 4, 0, (4u32, 1.0f32, &x));
        assert!(said.contains("3 arguments; saxpy(.u32 n, .f32 a, .u64 x, .u64 y) takes 4"), "{said}");
        let said = refused(&saxpy, 1, 4, 0, (4u32, 1.0f64, &x, &mut y));
        assert!(said.contains("argument 1 is f64; `a` of saxpy(") && said.contains("takes f32"), "{said}");
        let said = refused(&saxpy, 1, 4, 0, (4u64, 1.0f32, &x, &mut y));
        assert!(said.contains("argument 0 is u64; `n` of") && said.contains("takes i32 or u32"), "{said}");
        let said = refused(&saxpy, 1, 4, 0, (4i32, 1.0f32, 2.0f64, &mut y));
        assert!(said.contains("takes i64, u64 or a buffer"), "{said}");
        assert!(refused(&saxpy, 1, 4, 0, (&x, 1.0f32, &x, &mut y)).contains("argument 0 is a buffer"));
        // Of another device.
        let other = buffer(vec![1.0f32; 4], 1);
        let said = refused(&saxpy, 1, 4, 0, (4u32, 1.0f32, &other, &mut y));
        assert!(said.contains("argument 2 is memory of cuda:1; `saxpy` was loaded for cuda:0"), "{said}");
        let host = DeviceBuffer::<f32>::new(&Device::cpu(), 4).unwrap();
        let said = refused(&saxpy, 1, 4, 0, (4u32, 1.0f32, &host, &mut y));
        assert!(said.contains("argument 2 is memory of cpu"), "{said}");
        for device in [gpu(1), Device::cpu()] {
            let stream = Stream::new(&device).unwrap();
            let line = line!() + 2;
            // SAFETY: it is refused.
            let error = unsafe { saxpy.launch(&stream, 1, 4, 0, (4u32, 1.0f32, &x, &mut y)) }.unwrap_err();
            let wanted = format!("a stream of {device} cannot run `saxpy`, which was loaded for cuda:0");
            assert!(error.to_string().contains(&wanted), "{error}");
            assert_eq!(error.location().unwrap().line(), line);
        }
        assert!(fake.ran(0).is_empty());
        assert_eq!(elements(y), [1.0; 4]);
    }

    #[test]
    fn what_is_wrong_with_a_text_is_told() {
        let Some(_) = with_fake("what_is_wrong_with_a_text_is_told") else { return };
        let wrong = PTX.replace("DONE:\n", "DONE:\n  mistake;\n");
        let error = RawKernel::from_ptx(&gpu(0), &wrong, "saxpy").unwrap_err().to_string();
        assert!(
            error.starts_with("RawKernel::from_ptx: could not compile: the driver's assembler"),
            "{error}"
        );
        assert!(error.contains("line 28; error   : Parsing error near 'mistake'"), "{error}");
        let error = RawKernel::from_ptx(&gpu(0), PTX, "sazpy").unwrap_err().to_string();
        assert!(
            error.contains("the PTX has no `.entry sazpy`: there is `saxpy`, `many`, `trap`, `none`"),
            "{error}"
        );
        assert!(RawKernel::from_ptx(&gpu(0), "a\0b", "a").unwrap_err().to_string().contains("a zero in it"));
        let error = RawKernel::from_ptx(&Device::cpu(), PTX, "saxpy").unwrap_err().to_string();
        assert!(error.contains("such kernels run on GPUs, and cpu is none"), "{error}");
        assert!(RawKernel::from_cuda_source(&Device::portable(), CUDA, "scale", &[]).is_err());
    }

    #[test]
    fn what_uses_a_buffer_comes_in_order() {
        let Some(fake) = with_fake("what_uses_a_buffer_comes_in_order") else { return };
        let saxpy = kernel("saxpy");
        let streams: Vec<Stream> = (0..3).map(|_| Stream::new(&gpu(0)).unwrap()).collect();
        let mut x = buffer(vec![1.0f32; 4], 0);
        let (mut y, mut z) = (buffer(vec![0.0f32; 4], 0), buffer(vec![0.0f32; 4], 0));
        let add = |on: usize, a: f32, x: &DeviceBuffer<f32>, y: &mut DeviceBuffer<f32>| {
            // SAFETY: four floats are read, and four written.
            unsafe { saxpy.launch(&streams[on], 1, 4, 0, (4u32, a, x, y)).unwrap() }
        };
        // Written on one stream and then on another, read on a third; the fake runs nothing that nobody waits
        // for, so whoever forgets to wait reads what was there before.
        add(0, 1.0, &x, &mut y); // y = 1
        add(1, 2.0, &y, &mut z); // z = 2
        add(0, 3.0, &z, &mut y); // y = 7: `y` is read on 1 before
        add(2, 1.0, &y, &mut z); // z = 9
        // Read on 0 and 1, and written on 2, by a copy: the readers come first.
        add(0, 1.0, &x, &mut y); // y = 8
        add(1, 1.0, &x, &mut z); // z = 10
        x.copy_from(&HostBuffer::from(vec![100.0f32; 4]), &streams[2]).unwrap();
        add(0, 1.0, &x, &mut y); // y = 108
        let x = x.start_copy_from(HostBuffer::from(vec![5.0f32; 4]), &streams[1]).unwrap();
        let (_, x) = x.wait().unwrap();
        add(2, 1.0, &x, &mut z); // z = 15
        // Into an array, which other streams read.
        let (y, z) = (Array::from_device_buffer(y, [4]).unwrap(), elements(z));
        drop(x);
        assert_eq!((y.to_vec().unwrap(), z), (vec![108.0; 4], vec![15.0; 4]));
        assert_eq!(fake.ran(0).len(), 8);
    }

    #[test]
    fn who_writes_waits_for_readers() {
        let Some(_) = with_fake("who_writes_waits_for_readers") else { return };
        let saxpy = kernel("saxpy");
        let one = Array::from_vec(vec![1.0f32; 4]).to_device(&gpu(0));
        let source = one.to_device_buffer().unwrap();
        for way in 0..3 {
            let (reads, writes) = (Stream::new(&gpu(0)).unwrap(), Stream::new(&gpu(0)).unwrap());
            let mut x = buffer(vec![1.0f32; 4], 0);
            // At home on the stream that reads `x`: nobody else need wait for that.
            let result = &one + way as f32;
            result.eval_on(&reads).unwrap();
            let mut result = result.into_device_buffer().unwrap();
            result.copy_from(&HostBuffer::from(vec![0.0f32; 4]), &reads).unwrap();
            // SAFETY: four floats are read, and four written.
            unsafe { saxpy.launch(&reads, 1, 4, 0, (4u32, 1.0f32, &x, &mut result)).unwrap() };
            match way {
                0 => x.copy_from(&HostBuffer::from(vec![100.0f32; 4]), &writes).unwrap(),
                1 => {
                    let mut host = HostBuffer::pinned(&gpu(0), 4).unwrap();
                    host.fill(100.0);
                    x = x.start_copy_from(host, &writes).unwrap().wait().unwrap().1;
                }
                // SAFETY: as above.
                _ => unsafe { saxpy.launch(&writes, 1, 4, 0, (4u32, 99.0f32, &source, &mut x)).unwrap() },
            }
            writes.synchronize().unwrap();
            assert_eq!((elements(x), elements(result)), (vec![100.0; 4], vec![1.0; 4]), "way {way}");
        }
    }

    #[test]
    fn buffers_live_until_the_kernel_has_run() {
        let Some(fake) = with_fake("buffers_live_until_the_kernel_has_run") else { return };
        let stream = Stream::new(&gpu(0)).unwrap();
        let kept = {
            let saxpy = kernel("saxpy");
            let (x, mut y) = (buffer(vec![1.0f32; 1000], 0), buffer(vec![2.0f32; 1000], 0));
            // SAFETY: a thousand floats are read, and as many written.
            unsafe { saxpy.launch(&stream, 1, 1000, 0, (1000u32, 1.0f32, &x, &mut y)).unwrap() };
            assert!(fake.ran(0).is_empty(), "a launch does not wait");
            // The same size: what the fake hands out next if it is free already.
            let next = buffer(vec![3.0f32; 1000], 0);
            drop((x, y));
            next
        };
        stream.synchronize().unwrap();
        assert_eq!(fake.ran(0).len(), 1);
        assert_eq!(elements(kept), [3.0; 1000]);
        lazuli::clear_memory();
        assert_eq!((gpu(0).memory_use().live, fake.reserved(0)), (0, 0));
    }

    #[test]
    fn a_fault_names_the_line_of_the_launch() {
        let Some(fake) = with_fake("a_fault_names_the_line_of_the_launch") else { return };
        let (trap, stream) = (kernel("trap"), Stream::new(&gpu(0)).unwrap());
        let mut x = buffer(vec![1u8], 0);
        // What the driver refuses can be tried again.
        fake.fail("cuLaunchKernel", 1, 0);
        let said = refused(&trap, 1, 1, 0, (&mut x,));
        assert!(said.contains("invalid argument"), "{said}");
        let line = line!() + 2;
        // SAFETY: the fake's kernel touches nothing.
        unsafe { trap.launch(&stream, 1, 1, 0, (&mut x,)).unwrap() };
        let said = stream.synchronize().unwrap_err().to_string();
        assert!(said.contains(&format!("in or after `RawKernel::launch` ({}:{line}:", file!())), "{said}");
        assert!(RawKernel::from_ptx(&gpu(0), PTX, "none").unwrap_err().to_string().contains("is lost"));
    }

    #[test]
    fn cuda_source_where_nvrtc_is() {
        let Some(_) = with_fake("cuda_source_where_nvrtc_is") else { return };
        let made = |entry: &str, source: &str, options: &[&str]| {
            RawKernel::from_cuda_source(&gpu(0), source, entry, options)
        };
        let scale = match made("scale", CUDA, &["-DFACTOR=3"]) {
            Ok(scale) => scale,
            Err(error) => {
                let said = error.to_string();
                assert!(
                    said.contains("NVRTC, which is not installed: ") && said.contains("LAZULI_NVRTC"),
                    "{said}"
                );
                return eprintln!("not tested: {said}");
            }
        };
        assert!(
            scale.ptx().contains(".target sm_90") && scale.ptx().contains(".entry scale("),
            "{}",
            scale.ptx()
        );
        let x = buffer(vec![1.0f32], 0);
        assert!(refused(&scale, 1, 1, 0, (1.0f32,)).contains("argument 0 is f32"));
        assert!(refused(&scale, 0, 1, 0, (&x,)).contains("a grid of"));
        // A name that is mangled, of an instance of a template.
        let saxpy = made("saxpy<float>", CUDA, &["-DFACTOR=1", "--fmad=false"]).unwrap();
        assert!(saxpy.name().starts_with("_Z5saxpyIfE"), "{}", saxpy.name());
        let said = refused(&saxpy, 1, 1, 0, (1u32, 1.0f64, &x, &x));
        assert!(said.contains("argument 1 is f64") && said.contains("takes f32"), "{said}");
        // As the fake knows it by name.
        let plain =
            CUDA.replace("template <typename T> __global__", "typedef float T; extern \"C\" __global__");
        saxpy_on(&gpu(0), &made("saxpy", &plain, &["-DFACTOR=1"]).unwrap());

        let said = made("scale", CUDA, &[]).unwrap_err().to_string();
        assert!(said.contains("source.cu(6): error: identifier \"FACTOR\" is undefined"), "{said}");
        assert!(said.starts_with("RawKernel::from_cuda_source: could not compile: NVRTC"), "{said}");
        let said = made("nothing", CUDA, &["-DFACTOR=1"]).unwrap_err().to_string();
        assert!(said.contains("nothing"), "{said}");
        assert!(
            made("scale", CUDA, &["--no-such-option"]).unwrap_err().to_string().contains("no-such-option")
        );
        assert!(made("scale", "a\0b", &[]).unwrap_err().to_string().contains("a zero in it"));
    }

    #[test]
    fn without_nvrtc_one_clear_error() {
        const NAME: &str = "raw_kernels::on_the_fake::without_nvrtc_one_clear_error";
        if inner().is_none() {
            return alone_with(NAME, "fake", &[("LAZULI_NVRTC", "/nowhere/libnvrtc.so")]);
        }
        Fake::get();
        let error = RawKernel::from_cuda_source(&gpu(0), CUDA, "scale", &[]).unwrap_err().to_string();
        let wanted =
            "CUDA C++ is compiled by NVRTC, which is not installed: /nowhere/libnvrtc.so was not found";
        assert!(error.contains(wanted), "{error}");
    }
}
