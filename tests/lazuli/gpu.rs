//! GPUs from the front door, on a driver without one (`backends/src/cuda/tests/fake.c`).
//!
//! The fake's memory, copies, streams and events are real; kernels it only logs, and nothing runs
//! before somebody waits for it. So results are not looked at here, but what is launched, in which
//! order, what is copied, and what happens when something fails. Each test runs in a process of its
//! own, for a driver that was found stays.

use crate::support::{alone_with, inner};
use fake::{Fake, Ran};
use lazuli::prelude::*;
use lazuli::{DeviceBuffer, Event, HostBuffer, Stream};
use std::time::Duration;

#[allow(dead_code, reason = "shared with the tests of the layer below")]
#[path = "../../backends/src/cuda/tests/fake.rs"]
pub mod fake;

/// Runs the test `name` with the fake driver, in a process of its own: `Some` in there.
fn with_fake(name: &str) -> Option<&'static Fake> {
    if inner().is_some() {
        return Some(Fake::get());
    }
    // No kernels on disk: all are made, and none is left.
    alone_with(&format!("gpu::{name}"), "fake", &[("LAZULI_CACHE_DIR", "")]);
    None
}

fn gpu(index: usize) -> Device {
    Device::cuda(index).unwrap()
}

/// A failure of the driver that loses the device ("an illegal memory access").
const FAULT: u32 = 700;

#[test]
fn a_gpu_says_what_it_is() {
    let Some(_) = with_fake("a_gpu_says_what_it_is") else { return };
    let info = gpu(1).info();
    assert_eq!((info.name, info.model.as_deref()), ("cuda:1", Some("Fake GPU 1")));
    assert_eq!((info.compute_capability, info.driver_version), (Some((9, 0)), Some((12, 4))));
    assert_eq!((info.multiprocessors, info.cores_per_multiprocessor), (Some(132), Some(128)));
    assert_eq!((info.memory_total, info.memory_available), (Some(1 << 30), Some(1 << 30)));
    assert_eq!(info.threads, 132 * 2048);
    assert_eq!(
        info.to_string(),
        "cuda:1: Fake GPU 1, PTX by LLVM, nvptx64, compute capability 9.0, 132 multiprocessors of 128 cores, \
         270336 threads, driver for CUDA 12.4, 1024 of 1024 MiB available"
    );
    let all = Device::all();
    assert_eq!(all.iter().filter(|device| device.name().starts_with("cuda:")).count(), 20);
    assert_eq!((all.len(), all[3]), (23, gpu(0)));
    let cpu = Device::cpu().info();
    assert_eq!((cpu.compute_capability, cpu.model), (None, None));

    let line = line!() + 1;
    let error = Device::cuda(20).unwrap_err();
    assert!(
        error.to_string().contains("no device cuda:20: there are 20 devices, numbered from 0"),
        "{error}"
    );
    assert_eq!(error.location().unwrap().line(), line);
    assert!(Device::cuda(usize::MAX).is_err());
}

#[test]
fn without_a_driver_one_clear_error() {
    if inner().is_none() {
        return alone_with("gpu::without_a_driver_one_clear_error", "alone", &[]);
    }
    let line = line!() + 1;
    let Err(error) = Device::cuda(0) else {
        return eprintln!("not tested: there is a GPU");
    };
    assert_eq!(error.location().unwrap().line(), line);
    assert!(error.to_string().contains("NVIDIA driver"), "{error}");
    assert_eq!(Device::all().len(), 3);
    lazuli::set_memory_limit(1 << 30);
    lazuli::clear_memory();
    lazuli::set_memory_limit(None);
}

/// There and back, and over a second GPU, by the bits.
fn trips<T: Element>(data: Vec<T>) {
    let n = data.len() / 6;
    let x = Array::from_shape_vec([n, 2, 3], data).unwrap();
    let views = [
        x.clone(),
        x.permute([2, 0, 1]),
        x.slice(s![..;-1, 1.., ..]),
        x.slice(s![n / 2.., .., ..;2]),
        x.slice(s![..0, .., ..]),
        x.slice(s![0, 1, ..]).broadcast_to([4, 3]),
    ];
    let bits = |x: &Array<T>| x.to_vec().unwrap().iter().map(|v| v.to_bits64()).collect::<Vec<_>>();
    for view in views {
        view.eval().unwrap();
        let there = view.to_device(&gpu(0));
        assert_eq!((there.device(), there.shape()), (gpu(0), view.shape()));
        assert_eq!(bits(&there), bits(&view));
        let further = there.to_device(&gpu(1));
        drop(there);
        let back = further.to_device(&Device::cuda_simulator().unwrap()).to_device(&Device::cpu());
        drop(further);
        assert_eq!(bits(&back), bits(&view));
    }
}

#[test]
fn arrays_come_back_bit_for_bit() {
    let Some(_) = with_fake("arrays_come_back_bit_for_bit") else { return };
    let mut state = 1u64;
    let mut bits = |n: usize| -> Vec<u64> {
        let next = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state ^ (state >> 31)
        };
        (0..n * 6).map(next).collect()
    };
    fn of<T: Element>(bits: Vec<u64>) -> Vec<T> {
        bits.into_iter().map(T::from_bits64).collect()
    }
    trips::<bool>(of(bits(7)));
    trips::<u8>(of(bits(70_001)));
    trips::<i32>(of(bits(1)));
    trips::<i64>(of(bits(11)));
    trips::<u64>(of(bits(3000)));
    trips::<f16>(of(bits(50)));
    trips::<bf16>(of(bits(40_000)));
    trips::<f32>(of(bits(2_000)));
    trips::<f64>(of(bits(100_000)));
    let scalar = Array::scalar(f64::NAN).eval().unwrap().to_device(&gpu(0));
    assert!(scalar.item().unwrap().is_nan());
    let (_, stats) = lazuli::stats_scope(|| Array::from_vec(vec![1.0f32; 100]).to_device(&gpu(0)).to_vec());
    assert_eq!((stats.bytes_copied, stats.evaluations), (800, 0));
    assert_eq!((gpu(0).memory_use().live, gpu(1).memory_use().live), (8, 0));
    Device::set_default(&gpu(3));
    let x = Array::from_vec(vec![1i32, 2]);
    assert_eq!((x.device(), x.to_vec().unwrap()), (gpu(3), vec![1, 2]));
}

#[test]
fn a_limit_holds_for_each_device() {
    let Some(fake) = with_fake("a_limit_holds_for_each_device") else { return };
    let kept = Array::from_vec(vec![7.0f64; 1000]).to_device(&gpu(0));
    lazuli::set_memory_limit(1 << 20);
    let large = Array::from_vec(vec![1.0f64; 200_000]);
    // Also of a GPU that nobody has used before.
    for device in [gpu(0), gpu(1)] {
        let before = device.memory_use();
        let refused = large.to_device(&device);
        let error = refused.error().unwrap().to_string();
        assert!(error.contains("1600000 bytes could not be had (the limit is 1048576 bytes"), "{error}");
        assert_eq!(device.memory_use(), before);
    }
    // An evaluation is refused before it has begun, and can be tried again.
    let sum = kept.reshape([1000, 1]).broadcast_to([1000, 150]) + 1.0;
    let before = gpu(0).memory_use().live;
    assert!(sum.eval().unwrap_err().to_string().contains("the limit is"));
    assert!(DeviceBuffer::<u8>::new(&gpu(0), 2 << 20).is_err());
    assert_eq!(gpu(0).memory_use().live, before);
    assert!(fake.ran(0).is_empty());
    lazuli::set_memory_limit(None);
    sum.eval().unwrap();
    assert_eq!(gpu(0).memory_use().live, before + 1_200_000);
    drop(sum);
    assert_eq!(kept.to_vec().unwrap(), [7.0; 1000]);
    // What is kept for reuse goes back on demand, also if the device has not got there.
    assert!(fake.reserved(0) > 1_000_000);
    lazuli::clear_memory();
    assert_eq!(fake.reserved(0), 8000);
    assert_eq!(gpu(0).memory_use().live, 8000);
    assert!(gpu(0).memory_use().peak >= 1_208_000);
}

#[test]
fn out_of_memory_is_an_error_after_which_all_else_lives() {
    let Some(fake) = with_fake("out_of_memory_is_an_error_after_which_all_else_lives") else { return };
    let kept = Array::from_vec((0..1000i64).collect()).to_device(&gpu(0));
    fake.total(0, 100_000);
    let large = Array::from_vec(vec![1.0f32; 50_000]);
    let line = line!() + 1;
    let refused = large.to_device(&gpu(0));
    let error = refused.error().unwrap();
    assert!(
        error.to_string().contains("200000 bytes could not be had (cuda:0 has 92000 of 100000"),
        "{error}"
    );
    assert_eq!(error.location().unwrap().line(), line);
    // The second result does not fit: the first is given back.
    let (one, two) = (&kept + 1, kept.cast::<f64>() * 2.0);
    let wide = two.reshape([1000, 1]).broadcast_to([1000, 11]) + 0.5;
    assert!(lazuli::eval((&one, &wide)).unwrap_err().to_string().contains("out of memory"));
    assert_eq!(gpu(0).memory_use().live, 8000);
    assert!(fake.ran(0).is_empty());
    one.eval().unwrap();
    assert_eq!(gpu(0).memory_use().live, 16_000);
    assert_eq!(kept.to_vec().unwrap(), (0..1000).collect::<Vec<i64>>());
    // Freed memory serves what comes next, and what no longer fits beside it.
    drop((one, two, wide));
    let fits = Array::from_vec(vec![3u8; 90_000]).to_device(&gpu(0));
    assert_eq!(fits.to_vec().unwrap(), [3; 90_000]);
    // Pinned memory that is refused.
    fake.fail("cuMemAllocHost", 2, 0);
    let error = HostBuffer::<f32>::pinned(&gpu(0), 10).unwrap_err().to_string();
    assert!(error.contains("40 bytes could not be had (of memory that is not paged out)"), "{error}");
    assert_eq!(large.to_device(&gpu(1)).to_vec().unwrap(), [1.0; 50_000]);
}

#[test]
fn devices_are_not_mixed() {
    let Some(_) = with_fake("devices_are_not_mixed") else { return };
    let x = Array::from_vec(vec![1.0f32; 4]);
    let (a, b) = (x.to_device(&gpu(0)), x.to_device(&gpu(1)));
    let line = line!() + 1;
    let sum = &a + &b;
    let error = sum.eval().unwrap_err();
    assert!(error.to_string().contains("arrays on different devices (cuda:0 and cuda:1)"), "{error}");
    assert_eq!(error.location().unwrap().line(), line);
    assert!((&a * &x).eval().is_err());
    let plan = lazuli::compile::<(f32, f32), _>(|(x, y)| x + y);
    assert_eq!(plan.call((&a, &a)).unwrap().device(), gpu(0));
    for mixed in [(&a, &b), (&b, &a), (&x, &a), (&a, &x)] {
        let error = plan.call(mixed).map(|sum| sum.device()).unwrap_err();
        assert!(error.to_string().contains("arrays on different devices"), "{error}");
    }
    // Streams and buffers neither.
    let (stream, other) = (Stream::new(&gpu(0)).unwrap(), Stream::new(&gpu(1)).unwrap());
    let error = (&a + 1.0).eval_on(&other).unwrap_err().to_string();
    assert!(error.contains("a stream of cuda:1 cannot evaluate an array on cuda:0"), "{error}");
    assert!((&x + 1.0).eval_on(&other).is_err());
    let mut buffer = DeviceBuffer::new(&gpu(0), 4).unwrap();
    let host = HostBuffer::from(vec![1.0f32; 4]);
    let error = buffer.copy_from(&host, &other).unwrap_err().to_string();
    assert!(error.contains("a stream of cuda:1 cannot work on memory of cuda:0"), "{error}");
    let (here, there) = (Event::record(&stream).unwrap(), Event::record(&other).unwrap());
    assert!(here.elapsed(&there).unwrap_err().to_string().contains("no common clock"));
    let host = Event::record(&Stream::new(&Device::cpu()).unwrap()).unwrap();
    assert!(host.elapsed(&there).unwrap_err().to_string().contains("no common clock"));
    // But they wait for each other.
    stream.wait(&there).unwrap();
    stream.wait(&host).unwrap();
    Stream::new(&Device::cpu()).unwrap().wait(&there).unwrap();
    assert!(there.is_done().unwrap());
    // A product is a launch like any other.
    let square = a.reshape([2, 2]);
    square.matmul(&square).eval().unwrap();
}

/// The addresses among the words of a launch.
fn addresses(ran: &Ran) -> Vec<u64> {
    ran.words().iter().copied().filter(|word| (1 << 32..1 << 48).contains(word)).collect()
}

#[test]
fn a_plan_is_launched_as_it_should_be() {
    let Some(fake) = with_fake("a_plan_is_launched_as_it_should_be") else { return };
    let n = 100_003;
    let x = Array::from_vec(vec![1.5f32; n]).to_device(&gpu(0));
    let run = || {
        let y = &x * 3.25 + &x;
        let (_, stats) = lazuli::stats_scope(|| y.eval().unwrap().clone());
        (y, stats)
    };
    let (y, first) = run();
    assert_eq!((first.kernels_compiled, first.kernels_run, first.launches), (1, 1, 1));
    assert_eq!((first.bytes_read, first.bytes_written), (4 * n as u64, 4 * n as u64));
    assert!(fake.ran(0).is_empty(), "an evaluation does not wait");
    let (z, second) = run();
    assert_eq!((second.kernels_compiled, second.plans_made, second.cache_hits), (0, 0, 1));
    Stream::default_of(&gpu(0)).unwrap().synchronize().unwrap();
    let ran = fake.ran(0);
    assert_eq!(ran.len(), 2);
    for launch in &ran {
        assert_eq!(
            (launch.device, launch.block, launch.shared, launch.grid[1..] == [1, 1]),
            (0, 256, 0, true)
        );
        // One array to read: a thread asks for four vectors of four.
        assert_eq!(launch.grid[0] as usize, n.div_ceil(16).div_ceil(256));
        assert_eq!(launch.words().iter().filter(|&&word| word == u64::from(3.25f32.to_bits())).count(), 1);
        assert_eq!(addresses(launch).len(), 2, "the array and the result: {:x?}", launch.words());
    }
    assert_eq!(ran[0].name(), ran[1].name());
    // One word differs: where the result is.
    let differ = ran[0].words().iter().zip(ran[1].words()).filter(|(a, b)| a != b).count();
    assert_eq!((ran[0].words().len(), differ), (ran[1].words().len(), 1));
    drop((y, z));

    // Several kernels, in order: what one writes the next reads.
    let rows = x.slice(s![..100_000]).reshape([100, 1000]);
    let sums = rows.sum(-1);
    let scan = (&sums - sums.mean(..)) * 2.0;
    scan.eval().unwrap();
    Stream::default_of(&gpu(0)).unwrap().synchronize().unwrap();
    let ran = fake.ran(0).split_off(2);
    assert!(ran.len() > 1);
    for pair in ran.windows(2) {
        let before = addresses(&pair[0]);
        assert!(addresses(&pair[1]).iter().any(|address| before.contains(address)));
    }
    // A function compiled once is launched the same way.
    let plan = lazuli::compile::<f32, _>(|x| x.sum(..));
    let (sum, count) = (plan.call(&x).unwrap(), fake.ran(0).len());
    assert_eq!(sum.device(), gpu(0));
    sum.to_vec().unwrap();
    assert!(fake.ran(0).len() > count);
}

#[test]
fn what_is_read_on_another_stream_was_computed_before() {
    let Some(fake) = with_fake("what_is_read_on_another_stream_was_computed_before") else { return };
    let (one, two) = (Stream::new(&gpu(0)).unwrap(), Stream::new(&gpu(0)).unwrap());
    let x = Array::from_vec(vec![1.0f32; 1000]).to_device(&gpu(0));
    let y = &x + 1.0;
    let first = y.eval_on(&one).unwrap();
    assert!(!first.is_done().unwrap());
    let z = &y * &y;
    drop((x, y));
    let second = z.eval_on(&two).unwrap();
    // Nobody waits for the first stream but the second; the fake runs nothing else, and finds memory
    // that is read too early or freed too early.
    second.synchronize().unwrap();
    let ran = fake.ran(0);
    assert_eq!(ran.len(), 2);
    assert!(addresses(&ran[1]).iter().any(|address| addresses(&ran[0]).contains(address)));
    assert!(first.is_done().unwrap());

    // An array that was given to one stream, asked for on another.
    let y = &z + 5.0;
    y.eval_on(&one).unwrap();
    y.eval_on(&two).unwrap().synchronize().unwrap();
    assert_eq!(fake.ran(0).len(), 3);
    // To the host, to another device, and into a buffer: all of it comes after.
    for read in [
        |y: &Array<f32>| drop(y.to_vec().unwrap()),
        |y: &Array<f32>| drop(y.to_device(&gpu(1)).to_vec().unwrap()),
        |y: &Array<f32>| {
            let buffer = y.to_device_buffer().unwrap();
            let third = Stream::new(&gpu(0)).unwrap();
            let host = HostBuffer::pinned(&gpu(0), 1000).unwrap();
            buffer.start_copy_to(host, &third).unwrap().wait().unwrap();
        },
        |y: &Array<f32>| {
            let third = Stream::new(&gpu(0)).unwrap();
            let host = HostBuffer::new(1000).unwrap();
            y.clone().into_device_buffer().unwrap().start_copy_to(host, &third).unwrap().wait().unwrap();
        },
    ] {
        let (y, count) = (&z - 2.0, fake.ran(0).len());
        y.eval_on(&two).unwrap();
        assert_eq!(fake.ran(0).len(), count);
        read(&y);
        assert_eq!(fake.ran(0).len(), count + 1);
    }
    // Workspaces and temporaries: each evaluation on a stream of its own.
    let rows = z.broadcast_to([300, 1000]);
    let streams: Vec<Stream> = (0..4).map(|_| Stream::new(&gpu(0)).unwrap()).collect();
    let results: Vec<_> = streams
        .iter()
        .enumerate()
        .map(|(i, stream)| {
            let sums = (&rows * i as f32).sum(0);
            let result = (&sums - sums.max(..)).exp().sum(..);
            result.eval_on(stream).unwrap();
            result
        })
        .collect();
    for result in results.iter().rev() {
        result.item().unwrap();
    }
    drop((results, rows, z, y));
    Stream::default_of(&gpu(0)).unwrap().synchronize().unwrap();
    lazuli::clear_memory();
    assert_eq!(gpu(0).memory_use().live, 0);
    assert_eq!(fake.reserved(0), 0);
}

const STEPS: u32 = line!() + 4;
#[lazuli::vectorize(max_iterations = 50)]
fn steps(mut n: i64) -> i64 {
    let mut steps = 0;
    while n != 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        steps += 1;
    }
    steps
}

/// The kernel notes in a word of its workspace that a loop passed its limit. The fake does so in its place.
#[test]
fn a_loop_that_passes_its_limit_is_told() {
    let Some(fake) = with_fake("a_loop_that_passes_its_limit_is_told") else { return };
    let stream = Stream::new(&gpu(0)).unwrap();
    let x = Array::from_vec((1..=1000i64).collect()).to_device(&gpu(0));
    let kept = steps(&x);
    kept.eval_on(&stream).unwrap();
    // Whether the limit was kept is known when the kernel has run.
    assert_eq!(fake.ran(0).len(), 1);
    // Of an extent and a count, nine words about functions of the host come before it.
    let overrun = 10;
    let line = line!() + 1;
    let y = steps(&x) + 1;
    for attempt in 0..2 {
        fake.store(0, overrun, &[1]);
        let error = y.eval_on(&stream).unwrap_err();
        let place =
            format!("a loop of `steps` ({}:{STEPS}) took more turns than its `max_iterations`", file!());
        assert!(error.to_string().contains(&place), "{error}");
        assert_eq!(error.location().unwrap().line(), line, "{error}");
        assert_eq!(fake.ran(0).len(), 2 + attempt);
    }
    // The word is zero again before each launch, whatever memory it gets.
    y.eval_on(&stream).unwrap();
    let plain = &x + 1;
    plain.eval_on(&stream).unwrap();
    assert_eq!(fake.ran(0).len(), 4, "without a limit nobody waits");
    // In a reduction there are other things in the workspace.
    let large = Array::from_vec(vec![5i64; 1 << 20]).to_device(&gpu(0));
    let sum = steps(&large).sum(..);
    fake.store(0, overrun, &[1]);
    assert!(sum.item().unwrap_err().to_string().contains("a loop of `steps`"));
    sum.item().unwrap();
    drop((x, kept, y, plain, large, sum));
    stream.synchronize().unwrap();
    assert_eq!(gpu(0).memory_use().live, 0);
}

/// NVIDIA's assembler takes the loop with its note, in maps and in reductions.
#[test]
fn cards_take_loops_with_limits() {
    let x = Array::from_vec((1..=100i64).collect());
    for y in [steps(&x), steps(&x).sum(..), steps(&x).sum(..) * 2 + steps(&x)] {
        for kernel in y.inspect().unwrap().kernels() {
            match kernel.resources("sm_75").and_then(|_| kernel.resources("sm_90")) {
                Ok(entries) => assert!(!entries.is_empty()),
                Err(error) => assert!(error.to_string().contains("no `ptxas` was found"), "{error}"),
            }
        }
    }
}

/// Of a checked launch: what the kernel did wrong is in its record.
#[test]
fn what_threads_do_wrong_is_told() {
    #[lazuli::kernel(max_iterations = 9)]
    fn walk(x: &mut [f32]) {
        let mut i = thread_idx().y;
        while x[i] > 0.0 {
            i += 1;
        }
        x[i] = 1.0;
    }
    let Some(fake) = with_fake("what_threads_do_wrong_is_told") else { return };
    let stream = Stream::new(&gpu(0)).unwrap();
    let mut x = DeviceBuffer::<f32>::new(&gpu(0), 100).unwrap();
    walk.launch(&stream, 2, (4, 2), (&mut x,)).unwrap();
    let told: Vec<String> = (1..=3)
        .map(|site| {
            // The site, the index or the turns, the thread and the block.
            fake.store(0, -1, &[site, 109, 6, 1]);
            walk.launch(&stream, 2, (4, 2), (&mut x,)).unwrap_err().to_string()
        })
        .collect();
    let index = "out of bounds: block 1, thread (2, 1, 0) (lane 6) uses index 109 in";
    let turns = "endless loop: block 1, thread (2, 1, 0) (lane 6) went round 109 times in `a loop at";
    for words in [[index, "`read of x at"], [index, "`write to x at"], [turns, file!()]] {
        assert!(told.iter().any(|told| words.iter().all(|word| told.contains(word))), "{words:?}: {told:#?}");
    }
    walk.launch(&stream, 2, (4, 2), (&mut x,)).unwrap();
    // SAFETY: nothing runs on the fake.
    let error = unsafe { walk.launch_unchecked(&stream, 2, 4, (&mut x,)) }.unwrap_err();
    assert!(error.to_string().contains("only a checked launch can report"), "{error}");
}

#[test]
fn a_buffer_that_is_written_again_comes_after_its_readers() {
    let Some(_) = with_fake("a_buffer_that_is_written_again_comes_after_its_readers") else { return };
    let (one, two) = (Stream::new(&gpu(0)).unwrap(), Stream::new(&gpu(0)).unwrap());
    let x = Array::from_vec((0..1000i32).collect()).to_device(&gpu(0));
    let mut buffer = x.into_device_buffer().unwrap();
    for round in 0..3 {
        // A copy to another GPU is under way when the array becomes a buffer and is overwritten.
        let x = Array::from_device_buffer(buffer, [1000]).unwrap();
        let copy = x.to_device(&gpu(1));
        buffer = x.into_device_buffer().unwrap();
        let mut host = HostBuffer::pinned(&gpu(0), 1000).unwrap();
        host.fill(-round);
        buffer =
            buffer.start_copy_from(host, if round == 1 { &one } else { &two }).unwrap().wait().unwrap().1;
        let expected = if round == 0 { (0..1000).collect() } else { vec![1 - round; 1000] };
        assert_eq!(copy.to_vec().unwrap(), expected, "round {round}");
    }
    // A copy that nobody waits for.
    let transfer = buffer.start_copy_to(HostBuffer::pinned(&gpu(0), 1000).unwrap(), &one).unwrap();
    assert!(!transfer.is_done().unwrap());
    drop(transfer);
    drop(Stream::new(&gpu(1)).unwrap());
    assert_eq!(gpu(0).memory_use().live, 0);
}

#[test]
fn copies_that_return_are_done() {
    let Some(_) = with_fake("copies_that_return_are_done") else { return };
    let (one, two) = (Stream::new(&gpu(0)).unwrap(), Stream::new(&gpu(0)).unwrap());
    let mut buffer = DeviceBuffer::new(&gpu(0), 20_000).unwrap();
    let mut back = HostBuffer::new(20_000).unwrap();
    for value in 1..4i64 {
        let (up, down) = if value % 2 == 0 { (&one, &two) } else { (&two, &one) };
        buffer.copy_from(&vec![value; 20_000].into(), up).unwrap();
        buffer.copy_to(&mut back, down).unwrap();
        assert!(back.iter().all(|v| *v == value));
    }
    buffer.copy_from(&vec![-1; 20_000].into(), &two).unwrap();
    assert_eq!(Array::from_device_buffer(buffer, [20_000]).unwrap().to_vec().unwrap(), [-1; 20_000]);
    crate::streams::through(&gpu(0), &[1.0f32, -0.0, f32::MAX]);
    crate::streams::through(&gpu(0), &[u8::MAX; 70_001]);
    crate::streams::through::<bool>(&gpu(0), &[]);
    crate::streams::through(&gpu(0), &(0..300_000i64).collect::<Vec<_>>());
    assert_eq!(gpu(0).memory_use().live, 0);
}

#[test]
fn an_evaluation_goes_to_the_stream_it_was_given() {
    let Some(fake) = with_fake("an_evaluation_goes_to_the_stream_it_was_given") else { return };
    let usual = Stream::default_of(&gpu(0)).unwrap();
    let stream = Stream::new(&gpu(0)).unwrap();
    let x = Array::from_vec(vec![1.0f32; 1000]).to_device(&gpu(0));
    let y = &x + 1.0;
    y.eval_on(&stream).unwrap();
    usual.synchronize().unwrap();
    assert!(fake.ran(0).is_empty());
    assert!(!stream.is_done().unwrap());
    stream.synchronize().unwrap();
    assert_eq!(fake.ran(0).len(), 1);
    assert!(stream.is_done().unwrap());
    (&y + 1.0).eval().unwrap();
    stream.synchronize().unwrap();
    assert_eq!(fake.ran(0).len(), 1);
    usual.synchronize().unwrap();
    assert_eq!(fake.ran(0).len(), 2);
}

#[test]
fn threads_with_streams_of_their_own_share_arrays() {
    let Some(fake) = with_fake("threads_with_streams_of_their_own_share_arrays") else { return };
    let x = Array::from_vec(vec![1.0f32; 5000]).to_device(&gpu(0));
    let shared = &x * 3.0;
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (x, shared) = (&x, &shared);
            scope.spawn(move || {
                let stream = Stream::new(&gpu(0)).unwrap();
                for round in 0..30 {
                    let y = shared + (thread * 100 + round) as f32;
                    y.eval_on(&stream).unwrap();
                    let sum = (&y * x).sum(..);
                    if round % 3 == 0 { sum.item().map(drop) } else { sum.eval_on(&stream).map(drop) }
                        .unwrap();
                    let buffer = y.into_device_buffer().unwrap();
                    let host = HostBuffer::pinned(&gpu(0), 5000).unwrap();
                    let (host, buffer) = buffer.start_copy_to(host, &stream).unwrap().wait().unwrap();
                    drop(buffer.start_copy_from(host, &stream).unwrap());
                }
            });
        }
    });
    drop((x, shared));
    lazuli::clear_memory();
    assert_eq!((gpu(0).memory_use().live, fake.reserved(0)), (0, 0));
    // Two kernels for each round; whoever came first has computed the shared array with its own.
    assert_eq!(fake.ran(0).len(), 2 * 4 * 30);
}

#[test]
fn events_tell_the_time_of_the_device() {
    let Some(_) = with_fake("events_tell_the_time_of_the_device") else { return };
    let stream = Stream::new(&gpu(0)).unwrap();
    let x = Array::from_vec(vec![1.0f64; 10]).to_device(&gpu(0));
    let before = Event::record(&stream).unwrap();
    before.synchronize().unwrap();
    std::thread::sleep(Duration::from_millis(5));
    let after = (&x + 1.0).eval_on(&stream).unwrap();
    let elapsed = after.elapsed(&before).unwrap();
    assert!(elapsed >= Duration::from_millis(5) && elapsed < Duration::from_secs(100), "{elapsed:?}");
    assert!(before.elapsed(&after).unwrap_err().to_string().contains("older than the other"));
    assert_eq!(format!("{after:?}, {stream:?}"), "Event (passed), Stream of cuda:0");
}

#[test]
fn a_fault_names_the_line_that_was_pending() {
    let Some(fake) = with_fake("a_fault_names_the_line_that_was_pending") else { return };
    let host = Array::from_vec(vec![1.0f64; 10]);
    // Found by a stream, by an event, and by reading.
    for (index, call) in
        ["cuStreamSynchronize", "cuEventSynchronize", "cuStreamSynchronize"].iter().enumerate()
    {
        let x = host.to_device(&gpu(index));
        let stream = Stream::new(&gpu(index)).unwrap();
        let line = line!() + 1;
        let y = x.exp();
        let event = y.eval_on(&stream).unwrap();
        fake.fail(call, FAULT, 0);
        let error = match index {
            0 => stream.synchronize().unwrap_err(),
            1 => event.synchronize().unwrap_err(),
            _ => y.to_vec().unwrap_err(),
        };
        let said = error.to_string();
        assert!(said.contains("an illegal memory access was encountered"), "{said}");
        assert!(said.contains(&format!("in or after `exp` ({}:{line}:", file!())), "{said}");
        assert!(said.contains("the device is lost to this process, with all arrays on it"), "{said}");
        // All that comes after says so, and names the cause.
        for error in [
            y.to_vec().unwrap_err(),
            (&x + 1.0).eval().unwrap_err(),
            host.to_device(&gpu(index)).error().unwrap().clone(),
            Stream::new(&gpu(index)).unwrap_err(),
            DeviceBuffer::<f32>::new(&gpu(index), 1).unwrap_err(),
        ] {
            let said = error.to_string();
            assert!(said.contains("is lost to this process since an earlier fault"), "{said}");
            assert!(said.contains(&format!("{}:{line}:", file!())), "{said}");
        }
        assert_eq!(gpu(index).info().memory_available, None);
        lazuli::clear_memory();
    }
    assert_eq!((&host + 1.0).to_vec().unwrap(), [2.0; 10]);
    assert_eq!(host.to_device(&gpu(3)).to_vec().unwrap(), [1.0; 10]);
}

#[test]
fn a_launch_that_fails_can_be_tried_again() {
    let Some(fake) = with_fake("a_launch_that_fails_can_be_tried_again") else { return };
    let x = Array::from_vec(vec![1.0f32; 100_000]).to_device(&gpu(0));
    let recorded = || {
        let sums = x.reshape([100, 1000]).sum(0);
        (&sums - sums.max(..)).exp()
    };
    let y = recorded();
    let before = gpu(0).memory_use().live;
    // How often a call can fail until the evaluation has enough of them.
    let fails = |y: &Array<f32>, call: &str, code: u32, what: &str| {
        for skip in 0.. {
            fake.fail(call, code, skip);
            let Err(error) = y.eval() else { return skip };
            let said = error.to_string();
            assert!(said.contains(what) && said.contains(file!()), "{call}: {said}");
            assert_eq!(gpu(0).memory_use().live, before, "{call}");
        }
        0
    };
    let once = |call: &str, code: u32, what: &str| {
        fake.fail(call, code, 0);
        let said = y.eval().expect_err("it fails").to_string();
        assert!(said.contains(what) && said.contains(file!()), "{call}: {said}");
        assert_eq!(gpu(0).memory_use().live, before, "{call}");
    };
    once("cuLinkCreate", 2, "out of memory");
    once("cuLinkAddData", 218, "could not compile: the driver's assembler: a PTX JIT compilation failed");
    once("cuLinkComplete", 2, "could not compile");
    once("cuModuleLoadDataEx", 1, "could not compile");
    once("cuModuleGetFunction", 500, "named symbol not found");
    let reserved = fails(&y, "cuMemAllocFromPoolAsync", 1, "invalid argument");
    drop(y);
    let y = recorded();
    let what = "invalid argument (CUDA_ERROR_INVALID_VALUE), from cuLaunchKernel";
    let launched = fails(&y, "cuLaunchKernel", 1, what);
    assert!(reserved >= 2 && launched >= 2, "{reserved} buffers, {launched} launches");
    Stream::default_of(&gpu(0)).unwrap().synchronize().unwrap();
    // Copies too, each way.
    fake.fail("cuMemcpyHtoDAsync", 1, 0);
    assert!(y.error().is_none() && Array::from_vec(vec![1u8]).to_device(&gpu(0)).error().is_some());
    fake.fail("cuMemcpyDtoHAsync", 1, 0);
    assert!(x.to_vec().is_err());
    assert_eq!(x.to_vec().unwrap(), [1.0; 100_000]);
}

#[test]
fn arrays_without_elements_need_no_launch() {
    let Some(fake) = with_fake("arrays_without_elements_need_no_launch") else { return };
    let empty = Array::<f32>::zeros([0, 3]).to_device(&gpu(0));
    assert_eq!((&empty * 2.0 + 1.0).to_vec().unwrap(), []);
    assert_eq!(empty.t().matmul(&Array::zeros([0, 2]).to_device(&gpu(0))).shape(), [3, 2]);
    let before = fake.ran(0).len();
    (&empty + 1.0).eval().unwrap();
    assert_eq!(fake.ran(0).len(), before);
}
