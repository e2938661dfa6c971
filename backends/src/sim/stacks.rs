//! Coroutines and their stacks.
//!
//! A pool [`Stacks`] maps stacks with a guard page each and lends them out as [`Span`]s: the last
//! that came back goes first, as it is in the cache. Creating a [`Fiber`] on one writes a few words
//! and maps nothing.
//!
//! A fiber that is dropped half-way is *forgotten*, never unwound: there are no unwind tables for
//! the machine code of kernels, and its frames own nothing. So a fault, or a panic of the
//! scheduler, leaves any number of suspended threads behind at no risk.

use super::thread::{Kernel, Thread};
use corosensei::stack::{DefaultStack, Stack, StackPointer};
use corosensei::{Coroutine, CoroutineResult};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The least that a stack holds. Kernels keep their arrays in registers and in shared memory, but code that is not
/// optimised has a place on the stack for each of its values. What is not touched takes no memory.
const SIZE: usize = 256 << 10;
/// Mapped stacks begin at the start of a page. If all were used from there, what threads touch
/// first would lie in the same few sets of the cache, so each begins elsewhere within a page.
const PAGE: usize = 4096;
const STEP: usize = 5 * 64;
/// How many stacks the blocks of a launch may use together, and how many may wait for the next. With
/// its guard page each takes two of the mappings of the process, of which Linux grants 65,530.
pub(super) const MANY: usize = 12 << 10;

/// How many stacks there are in all pools.
static MAPPED: AtomicUsize = AtomicUsize::new(0);

/// Are there so many stacks that none should be kept?
pub(super) fn are_many() -> bool {
    MAPPED.load(Ordering::Relaxed) > MANY
}

/// A pool. Stacks must not be used after it is dropped.
#[derive(Default)]
pub(super) struct Stacks {
    all: Vec<DefaultStack>,
    free: Vec<Span>,
}

impl Stacks {
    /// Takes a stack out of the pool, or maps one.
    pub(super) fn take(&mut self) -> std::io::Result<Span> {
        if let Some(span) = self.free.pop() {
            return Ok(span);
        }
        let stack = DefaultStack::new(SIZE + PAGE)?;
        let skip = self.all.len() * STEP % PAGE;
        let base = StackPointer::new(stack.base().get() - skip).expect("a stack is far from address 0");
        let span = Span { base, limit: stack.limit() };
        self.all.push(stack);
        MAPPED.fetch_add(1, Ordering::Relaxed);
        Ok(span)
    }

    /// Puts a stack back on which nothing runs any more.
    pub(super) fn put(&mut self, span: Span) {
        self.free.push(span);
    }
}

impl Drop for Stacks {
    fn drop(&mut self) {
        MAPPED.fetch_sub(self.all.len(), Ordering::Relaxed);
    }
}

/// A stack of a pool.
#[derive(Clone, Copy)]
pub(super) struct Span {
    base: StackPointer,
    limit: StackPointer,
}

// SAFETY: the span is a mapped stack without at most a page at its base: it has its guard page, more
// than the minimum of bytes, and a base at a multiple of 64.
unsafe impl Stack for Span {
    fn base(&self) -> StackPointer {
        self.base
    }

    fn limit(&self) -> StackPointer {
        self.limit
    }
}

/// One thread of a kernel as a coroutine.
pub(super) struct Fiber {
    coroutine: Coroutine<(), (), (), Span>,
    span: Span,
}

impl Fiber {
    /// A thread that has not begun.
    ///
    /// # Safety
    ///
    /// As long as the fiber is resumed, its stack is used for nothing else and its pool lives,
    /// `thread` and `words` stay where they are, and the kernel may be called with them.
    pub(super) unsafe fn new(span: Span, kernel: Kernel, words: *const u64, thread: *mut Thread) -> Fiber {
        // SAFETY: by the contract, all that the closure holds is valid while it runs.
        let coroutine = unsafe {
            Coroutine::with_stack_unchecked(span, move |yielder, ()| {
                (*thread).yielder = yielder;
                kernel(words, thread);
            })
        };
        Fiber { coroutine, span }
    }

    /// Lets the thread run until it waits or returns. Has it returned?
    #[inline]
    pub(super) fn resume(&mut self) -> bool {
        matches!(self.coroutine.resume(()), CoroutineResult::Return(()))
    }

    /// Forgets the thread, wherever it is, and gives back its stack.
    pub(super) fn into_span(self) -> Span {
        self.span
    }
}

impl Drop for Fiber {
    fn drop(&mut self) {
        // SAFETY: on the stack are frames of the kernel and of the entry points of `thread.rs`, which
        // own nothing, or the closure above, which owns nothing either.
        unsafe { self.coroutine.force_reset() };
    }
}
