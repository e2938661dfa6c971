//! Streams, events and buffers on all devices there are: where there is a GPU, on it too.

use lazuli::prelude::*;
use lazuli::{DeviceBuffer, Event, HostBuffer, Stream};

#[test]
fn evaluations_on_streams_have_the_same_bits() {
    for device in Device::all() {
        let x = Array::linspace(-2.0f32, 2.0, 10_007).to_device(&device);
        let (one, two) = (Stream::new(&device).unwrap(), Stream::new(&device).unwrap());
        assert_eq!(one.device(), device);
        let start = Event::record(&one).unwrap();
        let y = &x * &x + 1.0;
        let done = y.eval_on(&one).unwrap();
        // Read on another stream, then by this thread, which names none.
        let z = y.exp() - &y;
        let (sum, largest) = (z.sum(..), z.max(..));
        let also = lazuli::eval_on(&two, (&sum, &largest, &z)).unwrap();
        one.wait(&also).unwrap();
        let all = Event::record(&one).unwrap();
        assert!(all.elapsed(&start).unwrap() >= done.elapsed(&start).unwrap());
        two.synchronize().unwrap();
        assert!(also.is_done().unwrap() && two.is_done().unwrap());

        let x = Array::linspace(-2.0f32, 2.0, 10_007).to_device(&Device::portable());
        let y = &x * &x + 1.0;
        let expected = y.exp() - &y;
        assert_eq!(z.to_vec().unwrap(), expected.to_vec().unwrap(), "{device}");
        assert_eq!(sum.item().unwrap(), expected.sum(..).item().unwrap());
        assert_eq!(largest.item().unwrap(), expected.max(..).item().unwrap());
        // There already: the event passes.
        z.eval_on(&one).unwrap().synchronize().unwrap();
    }
}

#[test]
fn streams_and_arrays_of_two_devices_are_refused() {
    let (x, stream) = (Array::linspace(0.0f64, 1.0, 5), Stream::new(&Device::portable()).unwrap());
    let line = line!() + 1;
    let error = (&x + 1.0).eval_on(&stream).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "eval_on: a stream of portable cannot evaluate an array on cpu (recorded at {}:{line}:{})",
            file!(),
            error.location().unwrap().column()
        )
    );
    // What was poisoned before says so.
    let bad = &x + Array::zeros([2]);
    assert!(bad.eval_on(&stream).unwrap_err().to_string().contains("[5] and [2]"));
    let mut buffer = DeviceBuffer::<f64>::new(&Device::cpu(), 2).unwrap();
    let error = buffer.copy_from(&vec![1.0, 2.0].into(), &stream).unwrap_err();
    assert!(error.to_string().contains("a stream of portable cannot work on memory of cpu"), "{error}");
    let stream = Stream::default_of(&Device::cpu()).unwrap();
    let error = buffer.copy_to(&mut vec![0.0].into(), &stream).unwrap_err();
    assert!(error.to_string().contains("1 elements on the host, 2 on the device"), "{error}");
    let host = HostBuffer::new(3).unwrap();
    assert!(
        buffer.start_copy_from(host, &stream).unwrap_err().to_string().contains("3 elements on the host")
    );
}

#[test]
fn the_older_event_is_told() {
    let stream = Stream::new(&Device::cpu()).unwrap();
    let first = Event::record(&stream).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(2));
    let second = Event::record(&stream).unwrap();
    assert!(second.elapsed(&first).unwrap().as_millis() >= 2);
    assert!(first.elapsed(&second).unwrap_err().to_string().contains("ms older than the other"));
}

/// All there is of a buffer, on any device.
pub fn through<T: Element>(device: &Device, data: &[T]) {
    let stream = Stream::new(device).unwrap();
    for pinned in [false, true] {
        let host = || match pinned {
            true => HostBuffer::pinned(device, data.len()).unwrap(),
            false => HostBuffer::new(data.len()).unwrap(),
        };
        let mut first = host();
        assert!(first.iter().all(|v| *v == T::default()));
        first.copy_from_slice(data);
        // In the background, there and back.
        let buffer = DeviceBuffer::new(device, data.len()).unwrap();
        let (first, buffer) = buffer.start_copy_from(first, &stream).unwrap().wait().unwrap();
        assert!(*first == *data);
        let copy = buffer.start_copy_to(host(), &stream).unwrap();
        while !copy.is_done().unwrap() {}
        let (second, mut buffer) = copy.wait().unwrap();
        assert!(*second == *data);
        // Waiting for each.
        let zeros = host();
        buffer.copy_from(&zeros, &stream).unwrap();
        let mut third = first;
        buffer.copy_to(&mut third, &stream).unwrap();
        assert!(*third == *zeros);
        buffer.copy_from(&second, &stream).unwrap();
        // As an array, and as a buffer again.
        assert_eq!(
            (buffer.len(), buffer.device(), buffer.is_empty()),
            (data.len(), *device, data.is_empty())
        );
        let x = Array::from_device_buffer(buffer, [data.len(), 1]).unwrap();
        assert!(x.device() == *device && x.to_vec().unwrap() == data);
        let (kept, copied) = (x.clone(), x.to_device_buffer().unwrap());
        let mut owned = x.into_device_buffer().unwrap(); // a copy: `kept` needs its memory
        owned.copy_from(&zeros, &stream).unwrap();
        assert!(kept.to_vec().unwrap() == data);
        copied.copy_to(&mut third, &stream).unwrap();
        assert!(*third == *data);
        let taken = kept.into_device_buffer().unwrap();
        drop(taken.start_copy_to(host(), &stream).unwrap());
    }
}

#[test]
fn buffers_go_there_and_back() {
    for device in Device::all() {
        through(&device, &[1.0f32, -0.0, f32::MAX]);
        through(&device, &[true, false, true]);
        through(&device, &[u8::MAX; 70_001]);
        through::<f64>(&device, &[]);
        through(&device, &(0..300_000i64).collect::<Vec<_>>());
    }
}

#[test]
fn buffers_of_views_are_in_row_major_order() {
    for device in Device::all() {
        let x = Array::arange(0, 12, 1).reshape([3, 4]).to_device(&device);
        let stream = Stream::new(&device).unwrap();
        let mut host = HostBuffer::new(6).unwrap();
        let view = x.t().slice(s![..;2, ..]);
        view.to_device_buffer().unwrap().copy_to(&mut host, &stream).unwrap();
        assert_eq!(*host, [0, 4, 8, 2, 6, 10], "{device}");
        let part = x.slice(s![1.., ..]).slice(s![.., ..]).eval().unwrap().clone();
        drop(x);
        let mut host = HostBuffer::new(8).unwrap();
        part.into_device_buffer().unwrap().copy_to(&mut host, &stream).unwrap();
        assert_eq!(*host, [4, 5, 6, 7, 8, 9, 10, 11], "{device}");
        view.into_device_buffer().unwrap();
    }
}

#[test]
fn buffers_and_shapes_that_do_not_fit_are_refused() {
    let buffer = |len| DeviceBuffer::<f32>::new(&Device::cpu(), len).unwrap();
    let said = |error: lazuli::Error| error.to_string();
    let error = said(Array::from_device_buffer(buffer(6), [4]).unwrap_err());
    assert!(error.contains("shape [4] needs 4 elements, the vector holds 6"), "{error}");
    assert!(Array::from_device_buffer(buffer(6), [-2, -3]).is_err());
    assert!(
        said(DeviceBuffer::<f64>::new(&Device::cpu(), usize::MAX / 2).unwrap_err()).contains("out of memory")
    );
    assert!(said(HostBuffer::<f64>::new(usize::MAX / 16).unwrap_err()).contains("out of memory"));
    let bad = Array::<f32>::zeros([2]) + Array::zeros([3]);
    assert!(bad.to_device_buffer().is_err() && bad.into_device_buffer().is_err());
    assert_eq!(format!("{:?}", buffer(6)), "DeviceBuffer of 6 float32 on cpu");
}
