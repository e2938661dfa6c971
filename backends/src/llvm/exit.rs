//! A process may exit while another thread compiles.
//!
//! `exit` runs the destructors of static objects, newest first, with all other threads still
//! running: a compilation that goes on meanwhile works with destroyed objects, and crashes. LLVM
//! has two kinds of them. Those that are made before `main` are destroyed last, so a handler
//! registered before the first compilation comes before: it waits for whoever compiles and lets
//! nobody begin. Those that LLVM makes inside functions, at first use, register themselves in the
//! middle of a compilation, so nothing of ours can come before them: their destructors are not
//! registered at all ([`__cxa_atexit`]). They own memory and nothing else, and the process is at
//! its end.

use std::sync::{Once, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

/// Held (shared) by whoever compiles, and taken for good at exit.
static ALIVE: RwLock<()> = RwLock::new(());

/// This thread may use LLVM while it holds this.
pub struct Compiling {
    _alive: RwLockReadGuard<'static, ()>,
}

/// Has the process's exit wait for whoever compiles. Called by the thread that wants something
/// compiled in the background: it cannot be on its way out itself.
pub fn watch() {
    extern "C" fn park() {
        // Nobody panics with the lock, and a poisoned one is held all the same.
        std::mem::forget(ALIVE.write().unwrap_or_else(PoisonError::into_inner));
    }
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: `park` is a plain function that does not unwind.
        let registered = unsafe { libc::atexit(park) } == 0;
        if !registered {
            // All handlers have run: the process has some microseconds left.
            park();
        }
    });
}

/// Waits for ever if the process is exiting.
pub fn compiling() -> Compiling {
    watch();
    // An exit of another thread that was on its way when the handler came calls it next, within
    // microseconds: what it has destroyed already must not be used.
    static GRACE: Once = Once::new();
    GRACE.call_once(|| std::thread::sleep(Duration::from_millis(1)));
    let _alive = ALIVE.read().unwrap_or_else(PoisonError::into_inner);
    destructors::ignored(true);
    Compiling { _alive }
}

impl Drop for Compiling {
    fn drop(&mut self) {
        destructors::ignored(false);
    }
}

/// Where libc is a shared library its function can be stood in for.
#[cfg(all(target_os = "linux", target_env = "gnu", not(target_feature = "crt-static")))]
mod destructors {
    use std::cell::Cell;
    use std::ffi::{c_int, c_void};
    use std::sync::atomic::{AtomicPtr, Ordering};

    thread_local! {
        static IGNORED: Cell<bool> = const { Cell::new(false) };
    }

    type Register = extern "C" fn(Option<extern "C" fn(*mut c_void)>, *mut c_void, *mut c_void) -> c_int;

    /// Are destructors that this thread registers to be forgotten?
    pub fn ignored(yes: bool) {
        // Names the function, so that the linker takes it from this library and not from libc.
        std::hint::black_box(__cxa_atexit as Register);
        IGNORED.set(yes);
    }

    /// Registers a destructor of a static object, for LLVM and for everything else that is linked
    /// into this program: as libc does, but for those of a thread that is compiling.
    ///
    /// The name and the arguments are those of the C++ ABI (Itanium, section 3.3.6.3).
    #[unsafe(no_mangle)]
    extern "C" fn __cxa_atexit(
        destructor: Option<extern "C" fn(*mut c_void)>,
        object: *mut c_void,
        library: *mut c_void,
    ) -> c_int {
        static REAL: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
        if IGNORED.get() {
            return 0;
        }
        let mut real = REAL.load(Ordering::Relaxed);
        if real.is_null() {
            // SAFETY: the name ends in a zero.
            real = unsafe { libc::dlsym(libc::RTLD_NEXT, c"__cxa_atexit".as_ptr()) };
            if real.is_null() {
                return -1;
            }
            REAL.store(real, Ordering::Relaxed);
        }
        // SAFETY: libc's function of that name has this signature.
        let real: Register = unsafe { std::mem::transmute(real) };
        real(destructor, object, library)
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu", not(target_feature = "crt-static"))))]
mod destructors {
    pub fn ignored(_: bool) {}
}
