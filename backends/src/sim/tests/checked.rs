//! The checked mode: what is right passes, and each kind of wrong access is told, with its place.

use super::*;
use std::panic::Location;

/// Access to an element of an array, announced as generated code does.
unsafe fn announce<T>(thread: *mut Thread, at: *mut T, flags: u32, site: u32) {
    // SAFETY: the thread is the running one.
    unsafe { ((*thread).check)(thread, at as u64, size_of::<T>() as u32, flags, site) }
}

pub(super) unsafe fn load<T: Copy>(thread: *mut Thread, at: *mut T, flags: u32, site: u32) -> T {
    // SAFETY: it goes on only if the access may be done.
    unsafe {
        announce(thread, at, flags, site);
        *at
    }
}

pub(super) unsafe fn store<T>(thread: *mut Thread, at: *mut T, value: T, flags: u32, site: u32) {
    // SAFETY: it goes on only if the access may be done.
    unsafe {
        announce(thread, at, flags | WRITE, site);
        *at = value;
    }
}

pub(super) unsafe fn add_atomic(thread: *mut Thread, at: *mut u32, value: u32, flags: u32, site: u32) -> u32 {
    // SAFETY: it goes on only if the access may be done.
    unsafe {
        announce(thread, at, flags | WRITE | ATOMIC, site);
        AtomicU32::from_ptr(at).fetch_add(value, Ordering::AcqRel)
    }
}

/// The arrays of a test: `x` read-only, `y` to be written, both of 100 elements, and a counter.
pub(super) struct Arrays {
    x: Vec<u32>,
    pub(super) y: Vec<u32>,
    pub(super) counter: [u32; 1],
}

impl Arrays {
    pub(super) fn new() -> Arrays {
        Arrays { x: (0..100).collect(), y: vec![0; 100], counter: [0] }
    }

    fn memory(&mut self) -> Memory {
        let mut memory = Memory::new();
        memory.add(word(&mut self.x), 400, true, false, "`x`");
        memory.add(word(&mut self.y), 400, false, true, "`y`");
        memory.add(word(&mut self.counter), 4, true, true, "the counter");
        memory
    }

    pub(super) fn words(&mut self, what: u64) -> [u64; 4] {
        [word(&mut self.x), word(&mut self.y), word(&mut self.counter), what]
    }
}

/// Runs `kernel` on fresh arrays, with the last word `what`.
fn check(kernel: Kernel, grid: u32, block: u32, what: u64) -> Result<Arrays, Fault> {
    let mut arrays = Arrays::new();
    let (memory, words) = (arrays.memory(), arrays.words(what));
    let mut names = sites(&["load", "store", "ticket", "load back"]);
    names[0].at = Some(Location::caller());
    let launch = Launch { limit: 100_000, ..cooperative(kernel, &words, grid, block, &names) };
    // SAFETY: the kernels here announce what they touch.
    unsafe { run_checked(&launch, &memory) }.map(|()| arrays)
}

fn told(kernel: Kernel, grid: u32, block: u32, what: u64) -> String {
    let message = check(kernel, grid, block, what).map(|_| ()).unwrap_err().to_string();
    // What went before leaves no trace.
    sums_are_right(3, 64, 1);
    message
}

/// y[i] = x[i + what] for all threads.
unsafe extern "C" fn copy(words: *const u64, thread: *mut Thread) {
    // SAFETY: see `load`.
    unsafe {
        let i = ((*thread).bid * (*thread).ntid + (*thread).tid) as usize;
        let from = arg::<u32>(words, 0).wrapping_add(i).wrapping_add(*words.add(3) as usize);
        let value = load(thread, from, 0, 0);
        store(thread, arg::<u32>(words, 1).wrapping_add(i), value, 0, 1);
    }
}

#[test]
fn out_of_bounds() {
    assert_eq!(check(copy, 2, 50, 0).unwrap().y, Vec::from_iter(0..100));
    let message = told(copy, 2, 50, 1);
    assert!(message.contains("backends/src/sim/tests/checked.rs:"), "{message}");
    let start = "out of bounds: block 1, thread 49 (lane 17) reads 4 bytes at byte 400 of `x`, which has 400 bytes, in `load` (";
    assert!(message.starts_with(start), "{message}");
    let message = told(copy, 1, 1, u64::MAX);
    assert!(message.contains("reads 4 bytes at byte -4 of `x`"), "{message}");

    // With no buffer at all there is no nearest.
    let mut arrays = Arrays::new();
    let words = arrays.words(0);
    // SAFETY: the kernel announces what it touches.
    let fault = unsafe { run_checked(&Launch::new(copy, &words, 1, 1), &Memory::new()).unwrap_err() };
    assert!(fault.to_string().contains("where no buffer is, in `operation 0`"), "{fault}");
}

/// Wrong accesses without races, by `what`.
unsafe extern "C" fn stray(words: *const u64, thread: *mut Thread) {
    // SAFETY: see `load`.
    unsafe {
        let (x, y, tid) = (arg::<u32>(words, 0), arg::<u32>(words, 1), (*thread).tid as usize);
        let shared = (*thread).shared.cast::<u32>();
        match *words.add(3) {
            0 => store(thread, x.add(tid), 1, 0, 1),
            1 => {
                store(thread, y.add(tid).cast::<u16>(), 1, 0, 1);
                load(thread, y.add(tid), 0, 3);
            }
            // Written by block 0, but not in block 1.
            2 if (*thread).bid == 0 => store(thread, shared.add(tid), 1, SHARED, 1),
            2 => _ = load(thread, shared.add(tid), SHARED, 0),
            3 => store(thread, shared.add(250 + tid), 1, SHARED, 1),
            // A vector that begins inside and ends outside.
            4 => _ = load(thread, x.add(97).cast::<[u32; 4]>(), 0, 3),
            5 => _ = add_atomic(thread, y, 1, 0, 2),
            6 => loop {
                load(thread, x, 0, 0);
            },
            7 => {
                let byte = x.byte_add(2).cast::<u8>();
                load(thread, byte, 1 << ALIGNED, 0);
                load(thread, byte, 2 << ALIGNED, 3);
            }
            _ => {}
        }
    }
}

#[test]
fn stray_accesses() {
    let expected = [
        "write to read-only memory: block 0, thread 0 (lane 0) writes 4 bytes at byte 0 of `x`, in `store`",
        "read of what nobody wrote: block 0, thread 0 (lane 0) reads 4 bytes at byte 0 of `y`, of which byte 2 \
         is not written, in `load back`",
        "read of what nobody wrote: block 1, thread 0 (lane 0) reads 4 bytes at byte 0 of shared memory, of which \
         byte 0 is not written, in `load` (",
        "out of bounds: block 0, thread 6 (lane 6) writes 4 bytes at byte 1024 of shared memory, which has 1024 \
         bytes, in `store`",
        "out of bounds: block 0, thread 0 (lane 0) reads 16 bytes at byte 388 of `x`, which has 400 bytes, in \
         `load back`",
        "read of what nobody wrote: block 0, thread 0 (lane 0) atomically changes 4 bytes at byte 0 of `y`, of \
         which byte 0 is not written, in `ticket`",
        "endless kernel: block 0 did more than 100000 operations",
        "misaligned: block 0, thread 0 (lane 0) reads 1 byte at byte 2 of `x`, where a multiple of 4 is promised, in \
         `load back`",
    ];
    for (what, expected) in expected.iter().enumerate() {
        let message = told(stray, 2, 40, what as u64);
        assert!(message.starts_with(expected), "{message}\n{expected}");
    }
}

#[test]
fn what_a_launch_writes_the_next_may_read() {
    let mut arrays = Arrays::new();
    let mut memory = arrays.memory();
    memory.add(0, 0, true, true, "an empty buffer");
    let words = arrays.words(0);
    let back = [words[1], words[2]];
    unsafe extern "C" fn read(words: *const u64, thread: *mut Thread) {
        // SAFETY: see `load`.
        unsafe { _ = load(thread, arg::<u32>(words, 0).add((*thread).tid as usize), 0, 0) }
    }
    // SAFETY: the kernels announce what they touch.
    unsafe {
        run_checked(&Launch::new(read, &back, 1, 100), &memory).unwrap_err();
        run_checked(&Launch::new(copy, &words, 1, 99), &memory).unwrap();
        run_checked(&Launch::new(read, &back, 1, 99), &memory).unwrap();
        let fault = run_checked(&Launch::new(read, &back, 1, 100), &memory).unwrap_err();
        assert!(fault.to_string().contains("thread 99 (lane 3) reads 4 bytes at byte 396"), "{fault}");
    }
}

#[test]
fn no_memory_is_an_error() {
    let mut memory = Memory::new();
    memory.add(0, 1 << 50, true, true, "`huge`");
    // SAFETY: nothing runs.
    let fault = unsafe { run_checked(&Launch::new(copy, &[], 1, 1), &memory).unwrap_err() };
    assert!(fault.to_string().starts_with("no memory for the history of `huge`: "), "{fault}");
}

/// Races within a block, and what is none, by `what`.
unsafe extern "C" fn neighbours(words: *const u64, thread: *mut Thread) {
    // SAFETY: see `load`.
    unsafe {
        let (tid, ntid) = ((*thread).tid as usize, (*thread).ntid as usize);
        let (y, counter) = (arg::<u32>(words, 1), arg::<u32>(words, 2));
        let shared = (*thread).shared.cast::<u32>();
        let (mine, next) = (shared.add(tid), shared.add((tid + 1) % ntid));
        let barrier = || ((*thread).barrier)(thread, 9);
        match *words.add(3) {
            // Right: write, barrier, read the neighbour's, barrier, write again.
            0 => {
                for i in 0..3 {
                    store(thread, mine, i, SHARED, 1);
                    barrier();
                    load(thread, next, SHARED, 0);
                    load(thread, shared, SHARED, 0);
                    barrier();
                }
            }
            // The second barrier is missing: thread 1 reads what thread 2 writes anew, ...
            1 => {
                store(thread, mine, 1, SHARED, 1);
                barrier();
                load(thread, next, SHARED, 0);
                store(thread, mine, 2, SHARED, 1);
            }
            // ... or the first, hidden by a shuffle.
            2 => {
                store(thread, mine, 1, SHARED, 1);
                ((*thread).shuffle)(thread, 0, 1, 8);
                load(thread, next, SHARED, 3);
            }
            // All write one element.
            3 => store(thread, y, 1, 0, 1),
            // One writes what all read, in the same phase.
            4 => {
                if tid == 0 {
                    store(thread, y, 1, 0, 1);
                }
                barrier();
                load(thread, y, 0, 3);
                if tid == 1 {
                    store(thread, y, 1, 0, 1);
                }
            }
            // Atomics do not race with each other ...
            5 => _ = add_atomic(thread, counter, 1, 0, 2),
            // ... but with a write.
            6 if tid == 3 => store(thread, counter, 1, 0, 1),
            6 => _ = add_atomic(thread, counter, 1, 0, 2),
            // A byte of what another thread writes.
            7 if tid == 1 => store(thread, y.cast::<u8>().add(3), 1, 0, 1),
            7 if tid == 2 => store(thread, y, 1, 0, 1),
            // Neighbouring bytes.
            8 => store(thread, y.cast::<u8>().add(tid), 1, 0, 1),
            _ => {}
        }
    }
}

#[test]
fn races_within_a_block() {
    for right in [0, 5, 8] {
        check(neighbours, 1, 64, right).unwrap();
    }
    let expected = [
        (
            1,
            "race: block 0, thread 1 (lane 1) writes 4 bytes at byte 4 of shared memory, in `store`\n  \
             block 0, thread 0 (lane 0) reads byte 4 in `load` (",
        ),
        (
            2,
            "race: block 0, thread 0 (lane 0) reads 4 bytes at byte 4 of shared memory, in `load back`\n  \
             block 0, thread 1 (lane 1) writes byte 4 in `store`, and nothing orders the two",
        ),
        (
            3,
            "race: block 0, thread 1 (lane 1) writes 4 bytes at byte 0 of `y`, in `store`\n  \
             block 0, thread 0 (lane 0) writes byte 0 in `store`, and nothing orders the two",
        ),
        (
            4,
            "race: block 0, thread 1 (lane 1) writes 4 bytes at byte 0 of `y`, in `store`\n  \
             block 0, thread 0 (lane 0) reads byte 0 in `load back`",
        ),
        (
            6,
            "race: block 0, thread 3 (lane 3) writes 4 bytes at byte 0 of the counter, in `store`\n  \
             block 0, thread 0 (lane 0) atomically changes byte 0 in `ticket`",
        ),
        (
            7,
            "race: block 0, thread 2 (lane 2) writes 4 bytes at byte 0 of `y`, in `store`\n  \
             block 0, thread 1 (lane 1) writes byte 3 in `store`",
        ),
    ];
    for (what, expected) in expected {
        let message = told(neighbours, 1, 64, what);
        assert!(message.starts_with(expected), "{message}\n{expected}");
    }
}

/// The ticket pattern, right and wrong, by `what`. Blocks of 8 threads, two elements of `y` for each.
unsafe extern "C" fn tickets(words: *const u64, thread: *mut Thread) {
    // SAFETY: see `load`.
    unsafe {
        let Thread { tid, bid, nbid, shared, .. } = *thread;
        let (what, y, counter) = (*words.add(3), arg::<u32>(words, 1), arg::<u32>(words, 2));
        let last = shared.cast::<u32>();
        let barrier = || ((*thread).barrier)(thread, 9);
        if tid < 2 {
            store(thread, y.add((bid * 2 + tid) as usize), 1, 0, 1);
        }
        // Without this, thread 0 does not release what thread 1 wrote.
        if what != 1 {
            barrier();
        }
        if tid == 0 {
            // Without an atomic nothing is released.
            let ticket = if what == 2 { bid } else { add_atomic(thread, counter, 1, 0, 2) };
            store(thread, last, (ticket == nbid - 1).into(), SHARED, 1);
        }
        // Without this, other threads than 0 have acquired nothing.
        if what == 3 {
            if tid == 1 && bid == nbid - 1 {
                load(thread, y, 0, 3);
            }
            return;
        }
        barrier();
        if load(thread, last, SHARED, 0) == 1 && tid < 2 {
            for i in 0..nbid * 2 {
                load(thread, y.add(i as usize), 0, 3);
            }
        }
        // The next launch finds the counter as this one did.
        if what == 4 && load(thread, last, SHARED, 0) == 1 && tid == 0 {
            store(thread, counter, 0, 0, 1);
        }
        // Written after it was released.
        if what == 5 && bid == 0 && tid == 0 {
            store(thread, y.add(2 * nbid as usize - 1), 1, 0, 1);
        }
    }
}

#[test]
fn races_between_blocks() {
    check(tickets, 10, 8, 0).unwrap();
    assert_eq!(check(tickets, 10, 8, 4).unwrap().counter, [0]);
    let expected = [
        (
            1,
            "race: block 9, thread 0 (lane 0) reads 4 bytes at byte 4 of `y`, in `load back`\n  \
             block 0, thread 1 (lane 1) writes byte 4 in `store`",
        ),
        (
            2,
            "race: block 9, thread 0 (lane 0) reads 4 bytes at byte 0 of `y`, in `load back`\n  \
             block 0, thread 0 (lane 0) writes byte 0 in `store`",
        ),
        (
            3,
            "race: block 9, thread 1 (lane 1) reads 4 bytes at byte 0 of `y`, in `load back`\n  \
             block 0, thread 0 (lane 0) writes byte 0 in `store`",
        ),
        (
            5,
            "race: block 9, thread 1 (lane 1) writes 4 bytes at byte 76 of `y`, in `store`\n  \
             block 0, thread 0 (lane 0) writes byte 76 in `store`",
        ),
    ];
    for (what, expected) in expected {
        let message = told(tickets, 10, 8, what);
        assert!(message.starts_with(expected), "{message}\n{expected}");
    }
    let message = told(neighbours, 2, 1, 3);
    assert!(message.starts_with("race: block 1, thread 0 (lane 0) writes"), "{message}");
}
