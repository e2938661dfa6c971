//! The fake driver: made once, put into the process, and told what to do.
//!
//! `fake.c` is compiled into the folder of the test binary. It calls itself `libcuda.so`, so once it is
//! in the process the system's loader hands it to whoever asks for that name, whether there is a real
//! driver or not. It must come before the first question for a GPU, whose answer is kept.
//!
//! Tests of the front door use this file too (`tests/lazuli/gpu.rs`).

use std::ffi::{CString, c_char, c_int, c_void};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// A launch that ran, as `fake.c` logs it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Ran {
    pub name: [u8; 64],
    pub device: c_int,
    pub grid: [u32; 3],
    pub block: u32,
    pub shared: u32,
    pub count: u32,
    pub words: [u64; 64],
    /// Threads of a block along the other two axes.
    pub deep: [u32; 2],
}

impl Ran {
    pub fn name(&self) -> &str {
        std::str::from_utf8(&self.name).unwrap().trim_end_matches('\0')
    }

    pub fn words(&self) -> &[u64] {
        &self.words[..self.count as usize]
    }
}

pub struct Fake {
    fail: unsafe extern "C" fn(*const c_char, u32, c_int),
    total: unsafe extern "C" fn(c_int, usize),
    store: unsafe extern "C" fn(c_int, c_int, *const u64, usize),
    reserved: unsafe extern "C" fn(c_int) -> usize,
    ran: unsafe extern "C" fn(c_int, usize, *mut Ran) -> c_int,
}

impl Fake {
    /// The fake, in this process from now on.
    pub fn get() -> &'static Fake {
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
                    store: std::mem::transmute::<
                        *mut c_void,
                        unsafe extern "C" fn(c_int, c_int, *const u64, usize),
                    >(find("fake_store")),
                    reserved: std::mem::transmute::<*mut c_void, unsafe extern "C" fn(c_int) -> usize>(find(
                        "fake_reserved",
                    )),
                    ran: std::mem::transmute::<
                        *mut c_void,
                        unsafe extern "C" fn(c_int, usize, *mut Ran) -> c_int,
                    >(find("fake_ran")),
                }
            }
        });
        &FAKE
    }

    /// This thread's next call of `name`, after `skip` of them, returns `code`.
    pub fn fail(&self, name: &str, code: u32, skip: usize) {
        let name = CString::new(name).unwrap();
        // SAFETY: the fake copies the name.
        unsafe { (self.fail)(name.as_ptr(), code, skip as c_int) };
    }

    /// Sets the memory of a device.
    pub fn total(&self, device: usize, bytes: usize) {
        // SAFETY: the index is that of a device of the fake.
        unsafe { (self.total)(device as c_int, bytes) };
    }

    /// Has the next kernel that runs on a device write up to eight numbers to where one of its words points; a
    /// negative word counts from the last.
    #[allow(dead_code, reason = "for the tests of the front door")]
    pub fn store(&self, device: usize, word: i32, values: &[u64]) {
        assert!(values.len() <= 8);
        // SAFETY: the fake copies the numbers, for which it has room.
        unsafe { (self.store)(device as c_int, word, values.as_ptr(), values.len()) };
    }

    /// What the pool of a device has of its memory, in use or kept.
    pub fn reserved(&self, device: usize) -> usize {
        // SAFETY: the index is that of a device of the fake.
        unsafe { (self.reserved)(device as c_int) }
    }

    /// All launches that ran on a device.
    pub fn ran(&self, device: usize) -> Vec<Ran> {
        let get = |number| {
            let mut ran = Ran {
                name: [0; 64],
                device: 0,
                grid: [0; 3],
                block: 0,
                shared: 0,
                count: 0,
                words: [0; 64],
                deep: [0; 2],
            };
            // SAFETY: the layout is that of `entry` in `fake.c`.
            (unsafe { (self.ran)(device as c_int, number, &mut ran) } != 0).then_some(ran)
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
