//! The runtime layer against a driver of our own (`fake.c`).
//!
//! The fake is compiled once into the folder of the test binary. It calls itself `libcuda.so`, so once
//! it is in the process the system's loader hands it to whoever asks for that name, whether there is a
//! real driver or not. What has to do with finding the driver is tested in processes of their own
//! (`driver.rs`).
//!
//! Tests may share a process, so each has a device of its own: faults, limits and logs are by device.

mod copies;
mod devices;
mod graphs;
mod launches;
mod loading;
mod memory;
mod real;

use super::{Device, Function, Note, Result, Stream};
use std::ffi::{CString, c_char, c_int, c_void};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

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

/// A launch that ran, as `fake.c` logs it.
#[repr(C)]
#[derive(Clone, Copy)]
struct Ran {
    name: [u8; 64],
    device: c_int,
    grid: [u32; 3],
    block: u32,
    shared: u32,
    count: u32,
    words: [u64; 64],
}

impl Ran {
    fn name(&self) -> &str {
        std::str::from_utf8(&self.name).unwrap().trim_end_matches('\0')
    }

    fn words(&self) -> &[u64] {
        &self.words[..self.count as usize]
    }
}

struct Fake {
    fail: unsafe extern "C" fn(*const c_char, u32, c_int),
    total: unsafe extern "C" fn(c_int, usize),
    reserved: unsafe extern "C" fn(c_int) -> usize,
    ran: unsafe extern "C" fn(c_int, usize, *mut Ran) -> c_int,
}

impl Fake {
    /// This thread's next call of `name`, after `skip` of them, returns `code`.
    fn fail(&self, name: &str, code: u32, skip: usize) {
        let name = CString::new(name).unwrap();
        // SAFETY: the fake copies the name.
        unsafe { (self.fail)(name.as_ptr(), code, skip as c_int) };
    }

    /// Sets the memory of a device.
    fn total(&self, device: &Device, bytes: usize) {
        // SAFETY: the index is that of a device of the fake.
        unsafe { (self.total)(device.index() as c_int, bytes) };
    }

    /// What the pool of a device has of its memory, in use or kept.
    fn reserved(&self, device: &Device) -> usize {
        // SAFETY: the index is that of a device of the fake.
        unsafe { (self.reserved)(device.index() as c_int) }
    }

    /// All launches that ran on a device.
    fn ran(&self, device: &Device) -> Vec<Ran> {
        let get = |number| {
            let mut ran =
                Ran { name: [0; 64], device: 0, grid: [0; 3], block: 0, shared: 0, count: 0, words: [0; 64] };
            // SAFETY: the layout is that of `entry` in `fake.c`.
            (unsafe { (self.ran)(device.index() as c_int, number, &mut ran) } != 0).then_some(ran)
        };
        (0..).map_while(get).collect()
    }
}

/// Compiles the fake, unless that was done: for this very source, by this or another process.
fn library() -> PathBuf {
    let source = include_str!("fake.c");
    let mut hasher = DefaultHasher::new();
    source.hash(&mut hasher);
    let folder = std::env::current_exe().unwrap().parent().unwrap().to_path_buf();
    let name = format!("fake_cuda_{:016x}", hasher.finish());
    let library = folder.join(format!("{name}.so"));
    if !library.exists() {
        // Under a name of our own first: several processes may be at it.
        let fresh = folder.join(format!("{name}.{}.c", std::process::id()));
        std::fs::write(&fresh, source).unwrap();
        let made = fresh.with_extension("so.new");
        let done = Command::new("cc")
            .args([
                "-shared",
                "-fPIC",
                "-O1",
                "-fvisibility=hidden",
                "-Wl,-soname,libcuda.so",
                "-pthread",
                "-o",
            ])
            .args([&made, &fresh])
            .status()
            .expect("a C compiler called `cc` is needed to test without a GPU");
        assert!(done.success());
        std::fs::rename(&made, &library).unwrap();
        let _ = std::fs::remove_file(fresh);
    }
    library
}

/// The fake, in this process.
fn fake() -> &'static Fake {
    static FAKE: LazyLock<Fake> = LazyLock::new(|| {
        let path = CString::new(library().to_str().unwrap()).unwrap();
        // SAFETY: our own library, without initialisers.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW) };
        assert!(!handle.is_null());
        let find = |name: &str| {
            let name = CString::new(name).unwrap();
            // SAFETY: the library is never closed.
            let at = unsafe { libc::dlsym(handle, name.as_ptr()) };
            assert!(!at.is_null());
            at
        };
        // SAFETY: the types are those of `fake.c`.
        unsafe {
            Fake {
                fail: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(*const c_char, u32, c_int)>(
                    find("fake_fail"),
                ),
                total: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(c_int, usize)>(find(
                    "fake_total",
                )),
                reserved: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(c_int) -> usize>(find(
                    "fake_reserved",
                )),
                ran: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(c_int, usize, *mut Ran) -> c_int>(
                    find("fake_ran"),
                ),
            }
        }
    });
    &FAKE
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
