//! The runtime layer against a driver of our own (`fake.c`).
//!
//! How the fake is made and found is in `fake.rs`. What has to do with finding the driver is tested in
//! processes of their own (`loading.rs`).
//!
//! Tests may share a process, so each has a device of its own: faults, limits and logs are by device.

mod copies;
mod devices;
mod fake;
mod graphs;
mod launches;
mod loading;
mod memory;
mod real;

use super::{Device, Function, Note, Result, Stream};
use fake::Fake;

/// Kernels that the fake knows how to run, and one that it only logs.
const KERNELS: &str = "
.version 8.0
.target sm_90
.visible .entry fill(.param .align 8 .b8 p[24]) {}
.visible .entry touch(.param .align 8 .b8 p[8]) {}
.visible .entry trap(.param .align 8 .b8 p[8]) {}
.visible .entry many(.param .align 8 .b8 p[320]) {}
.visible .entry spill(.param .align 8 .b8 p[8]) {}
.visible .entry two(.param .u64 a, .param .u64 b) {}
";

const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<Device>();
    shared::<super::Buffer>();
    shared::<Stream>();
    shared::<super::Event>();
    shared::<super::Module>();
    shared::<Function>();
    shared::<super::Graph>();
    shared::<super::PinnedBuffer>();
    shared::<super::Transfer>();
};

/// The fake, in this process.
fn fake() -> &'static Fake {
    Fake::get()
}

/// A device of the fake. Each test takes another.
fn device(index: usize) -> &'static Device {
    fake();
    super::device(index).unwrap()
}

fn function(device: &'static Device, name: &str) -> Function {
    device.load_module(KERNELS.as_bytes()).unwrap().function(name).unwrap()
}

/// Launches one block of 32 threads.
fn launch(stream: &Stream, function: &Function, words: &[u64], note: Note) -> Result<()> {
    // SAFETY: the fake checks what its kernels touch.
    unsafe { stream.launch(function, [1; 3], 32, 0, words, note) }
}

/// The message of an error.
fn message<T>(result: Result<T>) -> String {
    result.err().expect("an error").to_string()
}
