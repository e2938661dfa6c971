//! Devices, events, and the fault that a device dies of.

use super::*;
use crate::cuda::count;
use lazuli_core::DeviceId;
use std::time::Duration;

#[test]
fn properties_are_those_of_the_driver() {
    let device = device(0);
    assert_eq!(count(), 20);
    assert_eq!((device.index(), device.id(), device.id().name()), (0, DeviceId::Cuda(0), "cuda:0"));
    assert_eq!(
        (device.name(), device.compute_capability(), device.driver_version()),
        ("Fake GPU 0", (9, 0), (12, 4))
    );
    assert_eq!((device.multiprocessors(), device.cores_per_multiprocessor()), (132, Some(128)));
    assert_eq!((device.warp_size(), device.max_threads_per_block()), (32, 1024));
    assert_eq!((device.max_threads_per_multiprocessor(), device.l2_bytes()), (2048, 50 << 20));
    assert_eq!((device.max_shared_per_block(), device.memory_total()), (227 << 10, 1 << 30));
    let (free, total) = device.memory_info().unwrap();
    assert!(free <= total && total == 1 << 30);
    assert!(std::ptr::eq(device, super::device(0)), "a device is made once");
}

#[test]
fn an_index_out_of_range_says_how_many_there_are() {
    fake();
    let said = message(crate::cuda::device(20));
    assert_eq!(said, "no device cuda:20: there are 20 devices, numbered from 0");
}

#[test]
fn events_have_an_order_and_a_clock() {
    let device = device(1);
    let (a, b) = (Stream::new(device).unwrap(), Stream::new(device).unwrap());
    let many = function(device, "touch");
    let first = a.record().unwrap();
    first.synchronize().unwrap();
    std::thread::sleep(Duration::from_millis(5));
    let memory = device.allocate(8, &a).unwrap();
    launch(&a, &many, &[memory.address()], Note::here("sum")).unwrap();
    let second = a.record().unwrap();
    assert!(!second.is_done().unwrap(), "nothing ran yet");
    assert!(!a.is_done().unwrap());
    let elapsed = second.elapsed(&first).unwrap();
    assert!(elapsed >= Duration::from_millis(5), "{elapsed:?}");
    assert!(second.is_done().unwrap());
    assert!(message(first.elapsed(&second)).contains("older"));

    // What waits for an event waits for all before it.
    launch(&a, &many, &[memory.address()], Note::here("sum")).unwrap();
    b.wait(&a.record().unwrap()).unwrap();
    b.synchronize().unwrap();
    assert_eq!(fake().ran(device.index()).len(), 2);
    while !a.is_done().unwrap() {}
}

#[test]
fn clocks_of_two_devices_are_not_compared() {
    let (a, b) = (device(1).stream().unwrap(), device(0).stream().unwrap());
    let (a, b) = (a.record().unwrap(), b.record().unwrap());
    assert!(message(a.elapsed(&b)).contains("no common clock"));
}

#[test]
fn a_fault_names_what_was_pending_and_stays() {
    let device = device(2);
    let stream = Stream::new(device).unwrap();
    let (touch, trap) = (function(device, "touch"), function(device, "trap"));
    let memory = device.allocate(8, &stream).unwrap();
    launch(&stream, &touch, &[memory.address()], Note::here("exp")).unwrap();
    stream.synchronize().unwrap();
    let line = line!() + 1;
    launch(&stream, &trap, &[0], Note::here("sum")).unwrap();
    for _ in 0..4 {
        launch(&stream, &touch, &[memory.address()], Note { operation: "add", location: None }).unwrap();
    }
    let said = message(stream.synchronize());
    assert!(
        said.starts_with("cuda:2: an illegal memory access was encountered (CUDA_ERROR_ILLEGAL_ADDRESS)"),
        "{said}"
    );
    assert!(said.contains(&format!("in or after `sum` ({}:{line}:", file!())), "{said}");
    assert!(said.contains(", `add`, `add` and 2 more launches; the device is lost"), "{said}");
    assert!(!said.contains("exp"), "what is done is not named: {said}");

    // Everything else answers with that fault, and drops are quiet.
    for said in [
        message(stream.synchronize()),
        message(device.allocate(8, &stream)),
        message(launch(&stream, &touch, &[0], Note::here("add"))),
        message(Stream::new(device)),
        message(device.download(&memory, 0, &mut [0; 8], &stream)),
        message(device.load_module(KERNELS.as_bytes())),
    ] {
        assert!(said.starts_with("cuda:2 is lost to this process since an earlier fault"), "{said}");
        assert!(said.contains("`sum`"), "{said}");
    }
    assert!(device.fault().is_some());
    // Other devices go on.
    super::device(0).stream().unwrap().synchronize().unwrap();
}

#[test]
fn a_fault_found_by_an_event_names_what_was_pending() {
    let device = device(3);
    let stream = Stream::new(device).unwrap();
    let trap = function(device, "trap");
    launch(&stream, &trap, &[0], Note::here("cumsum")).unwrap();
    let said = message(stream.record().unwrap().synchronize());
    assert!(said.contains("in or after `cumsum`"), "{said}");
}

#[test]
fn a_fault_names_what_was_pending_on_all_streams() {
    let device = device(16);
    let (one, two) = (Stream::new(device).unwrap(), Stream::new(device).unwrap());
    let trap = function(device, "trap");
    launch(&one, &trap, &[0], Note { operation: "tan", location: None }).unwrap();
    launch(&two, &trap, &[0], Note { operation: "cos", location: None }).unwrap();
    // Found by a call that has no stream.
    let said = message(device.synchronize());
    assert!(said.contains("in or after `tan`; or, on another stream, in or after `cos`"), "{said}");
}

#[test]
fn notes_are_bounded_and_forget_what_is_done() {
    let device = device(4);
    let stream = Stream::new(device).unwrap();
    let (touch, trap) = (function(device, "touch"), function(device, "trap"));
    let memory = device.allocate(8, &stream).unwrap();
    // Two batches and an event between them, and more: the oldest stay.
    for number in 0..200 {
        let operation = if number == 0 { "first" } else { "next" };
        launch(&stream, &touch, &[memory.address()], Note { operation, location: None }).unwrap();
    }
    let words = |stream: &Stream| stream.pending_words().unwrap();
    assert_eq!(words(&stream), "`first`, `next`, `next` and 197 more launches");
    // The device goes on by itself (each query lets one step happen): the first batch is over.
    while fake().ran(device.index()).len() < 100 {
        assert!(!stream.is_done().unwrap());
    }
    for _ in 0..64 {
        launch(&stream, &touch, &[memory.address()], Note { operation: "last", location: None }).unwrap();
    }
    assert!(!words(&stream).contains("first"), "{}", words(&stream));
    launch(&stream, &trap, &[0], Note::here("sort")).unwrap();
    assert!(message(stream.synchronize()).contains("more launches"));
}
