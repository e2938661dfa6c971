//! Memory: limits, counts, what happens when there is none left, and the order of frees.

use super::*;
use crate::cuda::MemoryUse;
use lazuli_core::{Buffer as _, DeviceId, ErrorKind};
use std::sync::Arc;

#[test]
fn buffers_are_counted_and_limited() {
    let device = device(5);
    let stream = device.stream().unwrap();
    let a = device.allocate(1000, stream).unwrap();
    let b = device.allocate(500, stream).unwrap();
    assert_eq!(device.memory_use(), MemoryUse { live: 1500, peak: 1500 });
    assert_eq!((a.bytes(), lazuli_core::Buffer::device(&a)), (1000, DeviceId::Cuda(5)));
    assert_eq!((a.ptr() as u64, a.address() % 256), (a.address(), 0));
    drop(b);
    assert_eq!(device.memory_use(), MemoryUse { live: 1000, peak: 1500 });

    device.set_memory_limit(Some(1200));
    assert!(device.check_memory(200).is_ok());
    let said = message(device.allocate(201, stream));
    assert_eq!(said, "out of memory: 201 bytes could not be had (the limit is 1200 bytes, 1000 are in use)");
    assert!(device.check_memory(201).is_err());
    assert!(device.allocate(usize::MAX, stream).is_err());
    assert_eq!(device.memory_use().live, 1000);
    device.set_memory_limit(None);
    let empty = device.allocate(0, stream).unwrap();
    assert_ne!(empty.address(), 0);

    // One limit for all devices, also those to come.
    crate::cuda::set_memory_limit(Some(1001));
    assert!(device.check_memory(2).is_err());
    assert!(super::device(18).check_memory(1002).is_err());
    crate::cuda::set_memory_limit(None);
    assert!(super::device(18).check_memory(1002).is_ok() && super::device(19).check_memory(1002).is_ok());

    // What is kept is given back on demand.
    drop((a, empty));
    stream.synchronize().unwrap();
    assert!(fake().reserved(device.index()) >= 1500);
    device.clear_memory().unwrap();
    assert_eq!(fake().reserved(device.index()), 0);
}

#[test]
fn other_devices_streams_are_refused() {
    let (device, other) = (device(5), device(0));
    assert!(message(device.allocate(8, other.stream().unwrap())).contains("cannot allocate on cuda:5"));
}

#[test]
fn a_full_pool_is_emptied_once_and_asked_again() {
    let device = device(6);
    let stream = Stream::new(device).unwrap();
    fake().total(device.index(), 1000);
    // Freed, but nothing has run yet: neither reusable nor to be given back without waiting.
    drop(device.allocate(600, &stream).unwrap());
    let whole = device.allocate(1000, &stream).unwrap();
    assert_eq!(fake().reserved(device.index()), 1000);
    let said = device.allocate(1, &stream).err().unwrap();
    let limit = " (cuda:6 has 0 of 1000 bytes free)".to_string();
    assert_eq!(said, ErrorKind::OutOfMemory { bytes: 1, limit });
    assert_eq!(device.memory_use(), MemoryUse { live: 1000, peak: 1001 });
    drop(whole);
    device.allocate(1, &stream).unwrap();

    // Any other failure is not tried again, and changes nothing.
    fake().fail("cuMemAllocFromPoolAsync", 1, 0);
    let said = message(device.allocate(1, &stream));
    assert_eq!(said, "cuda:6: invalid argument (CUDA_ERROR_INVALID_VALUE), from cuMemAllocFromPoolAsync");
    assert_eq!(device.memory_use().live, 0);
}

#[test]
fn freed_memory_serves_what_comes_later_in_its_stream() {
    let device = device(7);
    let stream = Stream::new(device).unwrap();
    let a = device.allocate(4096, &stream).unwrap();
    let (at, touch) = (a.address(), function(device, "touch"));
    launch(&stream, &touch, &[at], Note::here("sum")).unwrap();
    drop(a);
    stream.synchronize().unwrap();
    assert_eq!(device.allocate(4096, &stream).unwrap().address(), at);
    stream.synchronize().unwrap();
}

#[test]
fn memory_outlives_its_uses_on_other_streams() {
    let device = device(8);
    let (home, other, third) =
        (Stream::new(device).unwrap(), Stream::new(device).unwrap(), Stream::new(device).unwrap());
    let (fill, touch) = (function(device, "fill"), function(device, "touch"));
    let buffer = device.allocate(80, &home).unwrap();
    launch(&home, &fill, &[buffer.address(), 10, 7], Note::here("full")).unwrap();
    for stream in [&other, &third, &other] {
        buffer.used_on(stream).unwrap();
        launch(stream, &touch, &[buffer.address()], Note::here("sum")).unwrap();
    }
    drop(buffer);
    // The fake runs nothing that nobody waits for. Were the home stream not to wait for the others, their
    // kernels would find the memory gone.
    home.synchronize().unwrap();
    other.synchronize().unwrap();
    third.synchronize().unwrap();
}

#[test]
fn memory_is_there_before_its_uses_on_other_streams() {
    let device = device(8);
    let (home, other) = (Stream::new(device).unwrap(), Stream::new(device).unwrap());
    let (fill, touch) = (function(device, "fill"), function(device, "touch"));
    let buffer = device.allocate(8, &home).unwrap();
    launch(&home, &fill, &[buffer.address(), 1, 7], Note::here("full")).unwrap();
    buffer.used_on(&other).unwrap();
    launch(&other, &touch, &[buffer.address()], Note::here("sum")).unwrap();
    // Nothing of the home stream has run yet.
    other.synchronize().unwrap();
}

#[test]
fn memory_that_is_written_again_comes_after_all_uses() {
    let device = device(17);
    let [home, other, third] = [(); 3].map(|()| Stream::new(device).unwrap());
    let fill = function(device, "fill");
    let buffer = device.allocate(8, &home).unwrap();
    buffer.used_on(&third).unwrap();
    buffer.used_on(&other).unwrap();
    launch(&other, &fill, &[buffer.address(), 1, 7], Note::here("full")).unwrap();
    buffer.settle().unwrap();
    // Known to the third stream before, and yet it waits: it was forgotten.
    let mut back = [0; 8];
    device.download(&buffer, 0, &mut back, &third).unwrap();
    assert_eq!(u64::from_le_bytes(back), 7);
}

#[test]
fn a_use_that_nobody_was_told_of_is_what_the_fake_catches() {
    let device = device(9);
    let (home, other) = (Stream::new(device).unwrap(), Stream::new(device).unwrap());
    let buffer = device.allocate(8, &home).unwrap();
    let touch = function(device, "touch");
    launch(&other, &touch, &[buffer.address()], Note::here("sum")).unwrap();
    drop(buffer);
    home.synchronize().unwrap();
    assert!(message(other.synchronize()).contains("`sum`"));
}

#[test]
fn buffers_are_shared_among_threads() {
    let device = device(10);
    let stream = device.stream().unwrap();
    let buffer: lazuli_core::BufferRef = Arc::new(device.allocate(16, stream).unwrap());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let other = device.allocate(64, stream).unwrap();
                    launch(stream, &function(device, "touch"), &[other.address()], Note::here("abs"))
                        .unwrap();
                }
                stream.synchronize().unwrap();
            });
        }
    });
    let typed = buffer.into_any().downcast::<crate::cuda::Buffer>().unwrap();
    assert_eq!(typed.bytes(), 16);
    drop(typed);
    assert_eq!(device.memory_use().live, 0);
}
