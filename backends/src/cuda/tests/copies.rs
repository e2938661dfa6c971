//! Copies: every size comes back bit for bit, in the order of streams.

use super::*;
use crate::cuda::{Buffer, PinnedBuffer};
use std::sync::Arc;

/// Bytes without a period that a ring could hide.
fn bytes(len: usize) -> Vec<u8> {
    let mut state = len as u32 | 1;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(next).collect()
}

fn read(device: &'static Device, buffer: &Buffer, offset: usize, len: usize, stream: &Stream) -> Vec<u8> {
    let mut into = vec![0; len];
    device.download(buffer, offset, &mut into, stream).unwrap();
    into
}

#[test]
fn odd_sizes_go_through_the_ring_bit_for_bit() {
    let device = device(11);
    let stream = Stream::new(device).unwrap();
    let mib = 1 << 20;
    for len in [0, 1, 7, 65_535, 65_536, 65_537, mib - 1, mib, mib + 1, 16 * mib, 35 * mib + 13] {
        let (sent, offset) = (bytes(len), len % 5);
        let buffer = device.allocate(len + 8, &stream).unwrap();
        device.upload(&sent, &buffer, offset, &stream).unwrap();
        assert!(read(device, &buffer, offset, len, &stream) == sent, "{len} bytes");
    }
}

#[test]
fn bytes_may_change_after_an_upload() {
    let device = device(11);
    let stream = Stream::new(device).unwrap();
    let buffer = device.allocate(40 * 1000, &stream).unwrap();
    // More uploads than slots, and nothing runs before the end.
    let mut sent = bytes(1000);
    for number in 0..40 {
        sent[0] = number;
        device.upload(&sent, &buffer, usize::from(number) * 1000, &stream).unwrap();
    }
    let back = read(device, &buffer, 0, 40 * 1000, &stream);
    for number in 0..40u8 {
        sent[0] = number;
        assert!(back[usize::from(number) * 1000..][..1000] == sent);
    }
}

#[test]
fn ranges_and_devices_are_checked() {
    let (device, other) = (device(11), device(0));
    let stream = device.stream().unwrap();
    let buffer = device.allocate(10, stream).unwrap();
    let said = message(device.upload(&[0; 8], &buffer, 3, stream));
    assert_eq!(said, "8 bytes from byte 3 on are beyond a buffer of 10 bytes");
    assert!(device.download(&buffer, usize::MAX, &mut [0; 2], stream).is_err());
    assert!(device.copy(&buffer, 0, &buffer, 8, 4, stream).is_err());
    assert!(message(device.upload(&[0], &buffer, 0, other.stream().unwrap())).contains("not one of cuda:11"));
    assert!(message(other.upload(&[0], &buffer, 0, other.stream().unwrap())).contains("not on cuda:0"));
}

#[test]
fn buffers_are_copied_on_and_across_devices() {
    let (one, two) = (device(11), device(0));
    let (here, there) = (Stream::new(one).unwrap(), Stream::new(two).unwrap());
    let sent = bytes(3001);
    let a = one.allocate(3001, &here).unwrap();
    let b = one.allocate(3005, &here).unwrap();
    let c = two.allocate(3001, &there).unwrap();
    one.upload(&sent, &a, 0, &here).unwrap();
    one.copy(&a, 0, &b, 4, 3001, &here).unwrap();
    // On the stream of the target, which must wait for the source.
    two.copy(&b, 4, &c, 0, 3001, &there).unwrap();
    drop((a, b));
    assert!(read(two, &c, 0, 3001, &there) == sent);
    one.copy(&c, 0, &one.allocate(3001, &here).unwrap(), 0, 3001, &here).unwrap();
    drop(c);
    there.synchronize().unwrap();
    here.synchronize().unwrap();
}

#[test]
fn pinned_buffers_are_copied_in_the_background() {
    let device = device(12);
    let stream = Stream::new(device).unwrap();
    let mut pinned = PinnedBuffer::new(device, 5000).unwrap();
    assert!(pinned.iter().all(|byte| *byte == 0));
    pinned.copy_from_slice(&bytes(5000));
    let buffer = Arc::new(device.allocate(5000, &stream).unwrap());
    let transfer = pinned.upload(buffer, 0, &stream).unwrap();
    assert!(!transfer.is_done().unwrap());
    let (mut pinned, buffer) = transfer.wait().unwrap();
    pinned.fill(0);
    let transfer = pinned.download(buffer.clone(), 0, &stream).unwrap();
    while !transfer.is_done().unwrap() {}
    let (pinned, buffer_again) = transfer.wait().unwrap();
    assert!(*pinned == bytes(5000) && Arc::ptr_eq(&buffer, &buffer_again));
    // Dropped while it is under way: waits.
    drop(pinned.upload(buffer, 0, &stream).unwrap());
    assert!(stream.is_done().unwrap());
    let small = PinnedBuffer::new(device, 0).unwrap();
    let nothing = Arc::new(device.allocate(0, &stream).unwrap());
    assert!(small.download(nothing, 0, &stream).unwrap().wait().is_ok());
}

#[test]
fn a_copy_that_fails_leaves_the_ring_in_order() {
    let device = device(13);
    let stream = Stream::new(device).unwrap();
    let sent = bytes(5 << 20);
    let buffer = device.allocate(5 << 20, &stream).unwrap();
    for (call, skip) in [("cuMemcpyHtoDAsync", 2), ("cuEventRecord", 3), ("cuEventCreate", 1)] {
        fake().fail(call, 1, skip);
        assert!(message(device.upload(&sent, &buffer, 0, &stream)).contains("invalid argument"));
    }
    device.upload(&sent, &buffer, 0, &stream).unwrap();
    for (call, skip) in [("cuMemcpyDtoHAsync", 2), ("cuEventRecord", 3), ("cuEventSynchronize", 1)] {
        fake().fail(call, 1, skip);
        let mut into = vec![0; 5 << 20];
        assert!(message(device.download(&buffer, 0, &mut into, &stream)).contains("invalid argument"));
    }
    assert!(read(device, &buffer, 0, 5 << 20, &stream) == sent);
}

#[test]
fn pinned_memory_can_be_refused() {
    let device = device(13);
    fake().fail("cuMemAllocHost", 2, 0);
    let said = message(PinnedBuffer::new(device, 10));
    assert_eq!(said, "out of memory: 10 bytes could not be had (of memory that is not paged out)");
}
