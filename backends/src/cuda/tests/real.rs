//! The same promises on a GPU: what a fake cannot tell. Where there is none these tests say so, and are
//! over:
//!
//! ```text
//! cargo nextest run -p lazuli-backends --lib --success-output immediate -E 'test(cuda::tests::real)'
//! ```
//!
//! Each runs in a process of its own: a driver that was found stays, and so does a fake one, or a fault.

use super::message;
use crate::cuda::{Buffer, Device, Function, Graph, Note, PinnedBuffer, Result, Stream, device};
use std::fmt::Write;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// `fill(address, count, value)`; `late(address, value, cycles)` writes after that many cycles of the
/// clock; `mix(address, 39 words)` writes the exclusive or of the words, each rotated by its number.
fn kernels() -> String {
    let mut text = String::from(
        ".version 8.0
.target sm_75
.address_size 64
.visible .entry fill(.param .align 8 .b8 p[24]) {
  .reg .pred %q; .reg .b32 %r<5>; .reg .b64 %d<7>;
  ld.param.u64 %d1, [p]; ld.param.u64 %d2, [p+8]; ld.param.u64 %d3, [p+16];
  mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x; mov.u32 %r3, %tid.x;
  mad.lo.u32 %r4, %r1, %r2, %r3; cvt.u64.u32 %d4, %r4;
  setp.ge.u64 %q, %d4, %d2; @%q bra DONE;
  shl.b64 %d5, %d4, 3; add.u64 %d6, %d1, %d5; st.global.u64 [%d6], %d3;
DONE:
  ret;
}
.visible .entry late(.param .align 8 .b8 p[24]) {
  .reg .pred %q; .reg .b64 %d<7>;
  ld.param.u64 %d1, [p]; ld.param.u64 %d2, [p+8]; ld.param.u64 %d3, [p+16];
  mov.u64 %d4, %clock64;
WAIT:
  mov.u64 %d5, %clock64; sub.u64 %d6, %d5, %d4; setp.lt.u64 %q, %d6, %d3; @%q bra WAIT;
  st.global.u64 [%d1], %d2; ret;
}
.visible .entry mix(.param .align 8 .b8 p[320]) {
  .reg .b64 %d<6>;
  ld.param.u64 %d1, [p]; mov.u64 %d2, 0;
",
    );
    for word in 1..40 {
        let _ = writeln!(text, "  ld.param.u64 %d3, [p+{}]; shl.b64 %d4, %d3, {word};", word * 8);
        let _ =
            writeln!(text, "  shr.u64 %d5, %d3, {}; or.b64 %d4, %d4, %d5; xor.b64 %d2, %d2, %d4;", 64 - word);
    }
    text + "  st.global.u64 [%d1], %d2; ret;\n}\n"
}

/// Runs a test of this module in a process of its own. True in there, if it has a GPU.
fn alone(test: &str) -> bool {
    const ALONE: &str = "LAZULI_TEST_GPU";
    if std::env::var(ALONE).is_ok_and(|asked| asked == test) {
        let found = crate::cuda::count() > 0;
        if !found {
            eprintln!("{test}: not tested, there is no GPU");
        }
        return found;
    }
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("cuda::tests::real::{test}"), "--nocapture"])
        .env(ALONE, test)
        .output()
        .unwrap();
    let said = [run.stdout, run.stderr].concat();
    eprintln!("{}", String::from_utf8_lossy(&said));
    assert!(run.status.success(), "{test}: {}", run.status);
    false
}

fn gpu() -> &'static Device {
    device(0).expect("the tests have asked whether there is a GPU")
}

fn function(name: &str) -> Function {
    gpu().load_module(kernels().as_bytes()).unwrap().function(name).unwrap()
}

fn launch(stream: &Stream, function: &Function, words: &[u64]) -> Result<()> {
    // SAFETY: the kernels are as described, and the tests give them memory that is there, but for one.
    unsafe { stream.launch(function, [1; 3], 1, 0, words, Note::here("sum")) }
}

fn first_word(buffer: &Buffer, stream: &Stream) -> u64 {
    let mut bytes = [0; 8];
    gpu().download(buffer, 0, &mut bytes, stream).unwrap();
    u64::from_le_bytes(bytes)
}

#[test]
fn properties() {
    if !alone("properties") {
        return;
    }
    let gpu = gpu();
    println!("{gpu:?}, capability {:?}, driver {:?}", gpu.compute_capability(), gpu.driver_version());
    println!("{} x {:?} cores", gpu.multiprocessors(), gpu.cores_per_multiprocessor());
    println!("L2 {}, shared {}", gpu.l2_bytes(), gpu.max_shared_per_block());
    println!("memory {:?} of {}", gpu.memory_info(), gpu.memory_total());
    assert!(gpu.cores_per_multiprocessor().is_some(), "a GPU that the table lacks");
    assert_eq!(gpu.warp_size(), 32);
}

#[test]
fn text_is_assembled_loaded_and_run() {
    if !alone("text_is_assembled_loaded_and_run") {
        return;
    }
    let stream = Stream::new(gpu()).unwrap();
    let cubin = gpu().assemble(&kernels()).unwrap();
    assert!(message(gpu().load_module(&cubin[..cubin.len() / 2])).contains("cut off"));
    let module = gpu().load_module(&cubin).unwrap();
    println!("{:?}", module.function("mix").unwrap().attributes());
    println!("{} blocks", module.function("fill").unwrap().blocks_per_multiprocessor(256, 0).unwrap());
    let buffer = gpu().allocate(8, &stream).unwrap();
    let mut words = vec![buffer.address()];
    words.extend((1..40).map(|i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    launch(&stream, &module.function("mix").unwrap(), &words).unwrap();
    let mixed = words.iter().enumerate().skip(1).fold(0, |all, (i, word)| all ^ word.rotate_left(i as u32));
    assert_eq!(first_word(&buffer, &stream), mixed);

    let said = message(gpu().assemble(&kernels().replace("ret;", "mistake;")));
    println!("{said}");
    assert!(said.contains("line"), "{said}");
    assert!(message(gpu().load_module(b".version 8.0\nnonsense")).contains("line"));
    assert!(message(module.function("nothing")).contains("nothing"));
}

#[test]
fn copies_come_back_bit_for_bit() {
    if !alone("copies_come_back_bit_for_bit") {
        return;
    }
    let stream = Stream::new(gpu()).unwrap();
    for len in [1, 65_536, 65_537, (1 << 20) + 1, 100_000_007] {
        let sent: Vec<u8> = (0..len as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let buffer = Arc::new(gpu().allocate(len, &stream).unwrap());
        let mut back = vec![0; len];
        let start = std::time::Instant::now();
        gpu().upload(&sent, &buffer, 0, &stream).unwrap();
        stream.synchronize().unwrap();
        let up = start.elapsed();
        gpu().download(&buffer, 0, &mut back, &stream).unwrap();
        println!("{len} bytes: up {up:?}, down {:?}", start.elapsed() - up);
        assert!(sent == back, "{len} bytes");
        let pinned = PinnedBuffer::new(gpu(), len).unwrap();
        let (pinned, _) = pinned.download(buffer, 0, &stream).unwrap().wait().unwrap();
        assert!(*pinned == sent);
    }
}

#[test]
fn memory_outlives_its_uses_on_other_streams() {
    if !alone("memory_outlives_its_uses_on_other_streams") {
        return;
    }
    let (home, other) = (Stream::new(gpu()).unwrap(), Stream::new(gpu()).unwrap());
    let (fill, late) = (function("fill"), function("late"));
    let buffer = gpu().allocate(1 << 20, &home).unwrap();
    let address = buffer.address();
    buffer.used_on(&other).unwrap();
    launch(&other, &late, &[address, 1, 200_000_000]).unwrap();
    drop(buffer);
    let next = gpu().allocate(1 << 20, &home).unwrap();
    println!("the same memory: {}", next.address() == address);
    launch(&home, &fill, &[next.address(), 1, 2]).unwrap();
    home.synchronize().unwrap();
    other.synchronize().unwrap();
    assert_eq!(first_word(&next, &home), 2);
}

#[test]
fn events_and_graphs() {
    if !alone("events_and_graphs") {
        return;
    }
    let stream = Stream::new(gpu()).unwrap();
    let (fill, late) = (function("fill"), function("late"));
    let buffer = gpu().allocate(8, &stream).unwrap();
    let before = stream.record().unwrap();
    launch(&stream, &late, &[buffer.address(), 5, 20_000_000]).unwrap();
    let after = stream.record().unwrap();
    assert!(!after.is_done().unwrap());
    let elapsed = after.elapsed(&before).unwrap();
    assert!(elapsed > Duration::from_millis(1) && elapsed < Duration::from_secs(1), "{elapsed:?}");
    let mut graph = Graph::record(gpu(), |stream| launch(stream, &fill, &[buffer.address(), 1, 10])).unwrap();
    for value in [10, 11] {
        graph.set_words(0, &[buffer.address(), 1, value]).unwrap();
        // SAFETY: the buffer is alive.
        unsafe { graph.launch(&stream).unwrap() };
        assert_eq!(first_word(&buffer, &stream), value);
    }
    let start = std::time::Instant::now();
    for _ in 0..1000 {
        launch(&stream, &fill, &[buffer.address(), 1, 3]).unwrap();
    }
    println!("a launch: {:?}", start.elapsed() / 1000);
    stream.synchronize().unwrap();
}

#[test]
fn too_much_memory_is_refused() {
    if !alone("too_much_memory_is_refused") {
        return;
    }
    let stream = Stream::new(gpu()).unwrap();
    let (free, _) = gpu().memory_info().unwrap();
    drop(gpu().allocate(free / 3 * 2, &stream).unwrap());
    // Fits only when what was just freed is given back.
    drop(gpu().allocate(free / 4 * 3, &stream).unwrap());
    let said = message(gpu().allocate(1 << 60, &stream));
    println!("{said}");
    assert!(said.starts_with("out of memory"), "{said}");
    stream.synchronize().unwrap();
}

#[test]
fn a_fault_names_what_was_pending() {
    if !alone("a_fault_names_what_was_pending") {
        return;
    }
    let stream = Stream::new(gpu()).unwrap();
    let fill = function("fill");
    let line = line!() + 2;
    // SAFETY: not at all; that is what is tested.
    unsafe { stream.launch(&fill, [1; 3], 1, 0, &[64, 1, 0], Note::here("sum")).unwrap() };
    let said = message(stream.synchronize());
    println!("{said}");
    assert!(said.contains("ILLEGAL_ADDRESS") && said.contains(&format!("{}:{line}:", file!())), "{said}");
    assert!(message(gpu().allocate(8, &stream)).contains("lost to this process"));
}
