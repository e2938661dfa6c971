//! Kernels of threads in a build without LLVM: they compile, and say at the launch what is missing.

use lazuli::prelude::*;
use lazuli::{DeviceBuffer, Stream};

#[lazuli::kernel]
fn double(x: &mut [f32]) {
    let i = thread_idx().x;
    x[i] *= 2.0;
}

#[test]
fn a_launch_says_what_is_missing() {
    let stream = Stream::default_of(&Device::cpu()).unwrap();
    let mut x = DeviceBuffer::new(&Device::cpu(), 4).unwrap();
    let line = line!() + 1;
    let error = double.launch(&stream, 1, 4, (&mut x,)).unwrap_err();
    assert!(error.to_string().contains("build with the feature `llvm`"), "{error}");
    assert_eq!(error.location().unwrap().line(), line);
    assert!(double.asm().unwrap_err().to_string().contains("`llvm`"));
    assert!(double.ptx("sm_90").unwrap_err().to_string().contains("`llvm`"));
}
