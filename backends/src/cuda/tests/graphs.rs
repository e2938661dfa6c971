//! Graphs: what was recorded runs, with the words that it has by then.

use super::*;
use crate::cuda::{Buffer, Graph};

fn filled(device: &'static Device, buffer: &Buffer, stream: &Stream) -> u64 {
    let mut back = [0; 8];
    device.download(buffer, 0, &mut back, stream).unwrap();
    u64::from_le_bytes(back)
}

#[test]
fn a_graph_runs_again_with_other_words() {
    let device = device(15);
    let stream = Stream::new(device).unwrap();
    let fill = function(device, "fill");
    let (a, b) = (device.allocate(8, &stream).unwrap(), device.allocate(8, &stream).unwrap());
    let mut graph = Graph::record(device, |stream| {
        launch(stream, &fill, &[a.address(), 1, 10], Note::here("full"))?;
        launch(stream, &fill, &[b.address(), 1, 20], Note::here("full"))
    })
    .unwrap();
    assert_eq!((graph.len(), graph.is_empty()), (2, false));
    // SAFETY: both buffers are alive.
    unsafe { graph.launch(&stream).unwrap() };
    assert_eq!((filled(device, &a, &stream), filled(device, &b, &stream)), (10, 20));
    graph.set_words(1, &[a.address(), 1, 30]).unwrap();
    // SAFETY: as above.
    unsafe { graph.launch(&stream).unwrap() };
    assert_eq!((filled(device, &a, &stream), filled(device, &b, &stream)), (30, 20));
    assert!(message(graph.set_words(2, &[0; 3])).contains("launch 2 of a graph of 2"));
    assert!(message(graph.set_words(0, &[0; 2])).contains("2 words for a launch that was recorded with 3"));
    // SAFETY: as above.
    unsafe { graph.launch(&stream).unwrap() };
    drop(graph);
    assert!(stream.is_done().unwrap(), "a graph that is dropped waits");
}

#[test]
fn recordings_take_launches_only_and_end() {
    let device = device(15);
    let fill = function(device, "fill");
    let buffer = device.allocate(8, device.stream().unwrap()).unwrap();
    let mut kept = None;
    let graph = Graph::record(device, |stream| {
        kept = Some(stream.clone());
        assert!(message(device.allocate(8, stream)).contains("takes launches only"));
        assert!(message(device.upload(&[0; 8], &buffer, 0, stream)).contains("takes launches only"));
        assert!(message(stream.synchronize()).contains("takes launches only"));
        assert!(message(stream.record()).contains("takes launches only"));
        launch(stream, &fill, &[0, 0, 0], Note::here("full"))
    });
    assert_eq!(graph.unwrap().len(), 1);
    let kept = kept.unwrap();
    assert!(message(launch(&kept, &fill, &[0, 0, 0], Note::here("full"))).contains("recording is over"));
    assert!(message(kept.synchronize()).contains("recording is over"));

    // An error ends a recording, and so does a panic.
    let failed = Graph::record(device, |stream| launch(stream, &fill, &[0], Note::here("full")));
    assert!(message(failed).contains("1 words; it takes 3"));
    let panicked = std::panic::catch_unwind(|| Graph::record(device, |_| panic!("on purpose")));
    assert!(panicked.is_err());
    assert_eq!(Graph::record(device, |_| Ok(())).unwrap().len(), 0);
}

#[test]
fn a_fault_of_a_graph_names_its_launches() {
    let device = device(17);
    let stream = Stream::new(device).unwrap();
    let trap = function(device, "trap");
    let mut graph =
        Graph::record(device, |stream| launch(stream, &trap, &[0], Note::here("argmax"))).unwrap();
    // SAFETY: the kernel is made to fail.
    unsafe { graph.launch(&stream).unwrap() };
    assert!(message(stream.synchronize()).contains("in or after `argmax`"));
}
