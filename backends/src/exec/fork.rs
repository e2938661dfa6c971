//! Forks: a child process has one thread, and a copy of every lock as it happened to be.
//!
//! So the forking thread takes all locks of this package first, outermost first, and both
//! processes let go of them afterwards: no other thread can have been inside. The child then
//! forgets what belonged to threads that it does not have: the helpers of parallel regions, and
//! kernels that one of them was about to compile. Values that another thread was computing are
//! lost to the child: there, whoever asks for them waits for ever.

use super::{cache, memory, stats, threads};
use std::any::Any;
use std::cell::RefCell;
use std::sync::Once;

thread_local! {
    static HELD: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// Has the process watch for forks from now on.
pub fn watch() {
    static ONCE: Once = Once::new();
    // SAFETY: the handlers are plain functions that do not unwind: they take locks, let go of
    // them, and change what those locks guard.
    ONCE.call_once(|| unsafe {
        libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child));
    });
}

extern "C" fn before() {
    let mut locks: Vec<Box<dyn Any>> = Vec::new();
    // A running compilation is waited for.
    #[cfg(feature = "llvm")]
    locks.extend(crate::llvm::kernels::lock_all());
    locks.extend(cache::lock_all());
    locks.push(Box::new(threads::lock_team()));
    locks.push(Box::new(memory::pool()));
    locks.push(Box::new(stats::lock()));
    let _ = HELD.try_with(|held| *held.borrow_mut() = locks);
}

extern "C" fn in_parent() {
    let _ = HELD.try_with(|held| held.borrow_mut().clear());
}

extern "C" fn in_child() {
    in_parent();
    threads::forget();
    #[cfg(feature = "llvm")]
    {
        cache::forget();
        crate::llvm::kernels::forget_unfinished();
    }
}
