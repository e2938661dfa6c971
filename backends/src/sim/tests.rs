//! Kernels written by hand against the record, in the exact mode; [`checked`] has the others, and
//! [`history`] what the checker remembers.

mod checked;
mod history;

use super::*;
use std::slice::from_raw_parts;
use std::sync::atomic::AtomicU32;

/// The parameter `i` as a pointer.
unsafe fn arg<T>(words: *const u64, i: usize) -> *mut T {
    // SAFETY: tests pass as many words as their kernels ask for.
    unsafe { *words.add(i) as *mut T }
}

fn word<T>(slice: &mut [T]) -> u64 {
    slice.as_mut_ptr() as u64
}

fn sites(names: &[&str]) -> Vec<Site> {
    names.iter().map(|name| Site { what: name.to_string(), at: None }).collect()
}

/// y += 2 x, for words = x, y, n.
unsafe extern "C" fn saxpy(words: *const u64, thread: *mut Thread) {
    // SAFETY: the parameters are arrays of n elements.
    unsafe {
        let i = ((*thread).bid * (*thread).ntid + (*thread).tid) as usize;
        if i < *words.add(2) as usize {
            *arg::<f32>(words, 1).add(i) += 2.0 * *arg::<f32>(words, 0).add(i);
        }
    }
}

#[test]
fn plain_threads_fill_an_array() {
    let n = 100_003;
    let mut x: Vec<f32> = (0..n).map(|i| i as f32).collect();
    let mut y = vec![1.0; n];
    let words = [word(&mut x), word(&mut y), n as u64];
    // SAFETY: each thread has an element of its own.
    unsafe { run(&Launch::new(saxpy, &words, n.div_ceil(256) as u32, 256), 4).unwrap() };
    assert!(y.iter().enumerate().all(|(i, &y)| y == 1.0 + 2.0 * i as f32));
}

/// The sum of a value over the warp.
unsafe fn warp_sum(thread: *mut Thread, mut value: u64, widest: u32, site: u32) -> u64 {
    let mut xor = widest;
    while xor > 0 {
        // SAFETY: the thread is the running one.
        value = value.wrapping_add(unsafe { ((*thread).shuffle)(thread, value, xor, site) });
        xor /= 2;
    }
    value
}

/// The sum over the block, in all its threads, for whole warps.
unsafe fn block_sum(thread: *mut Thread, value: u64) -> u64 {
    // SAFETY: the thread is the running one, and has 8 bytes of shared memory for each warp.
    unsafe {
        let (tid, ntid) = ((*thread).tid as usize, (*thread).ntid as usize);
        let partials = (*thread).shared.cast::<u64>();
        let sum = warp_sum(thread, value, 16, 0);
        if tid.is_multiple_of(WARP) {
            *partials.add(tid / WARP) = sum;
        }
        ((*thread).barrier)(thread, 1);
        let total = from_raw_parts(partials, ntid / WARP).iter().sum();
        ((*thread).barrier)(thread, 2);
        total
    }
}

/// out[thread of the grid] = the sum over the block of (thread of the grid + 1).
unsafe extern "C" fn block_sums(words: *const u64, thread: *mut Thread) {
    // SAFETY: the parameter is an array with an element a thread.
    unsafe {
        let i = ((*thread).bid * (*thread).ntid + (*thread).tid) as usize;
        let total = block_sum(thread, i as u64 + 1);
        *arg::<u64>(words, 0).add(i) = total;
    }
}

fn cooperative<'a>(kernel: Kernel, words: &'a [u64], grid: u32, block: u32, sites: &'a [Site]) -> Launch<'a> {
    Launch { shared: 1024, cooperative: true, sites, ..Launch::new(kernel, words, grid, block) }
}

fn sums_are_right(grid: u32, block: u32, workers: usize) {
    let mut out = vec![0u64; (grid * block) as usize];
    let words = [word(&mut out)];
    // SAFETY: each thread has an element of its own.
    unsafe { run(&cooperative(block_sums, &words, grid, block, &[]), workers).unwrap() };
    for (b, out) in out.chunks(block as usize).enumerate() {
        let first = b as u64 * u64::from(block) + 1;
        let expected = (first..first + u64::from(block)).sum();
        assert!(out.iter().all(|&sum| sum == expected));
    }
}

#[test]
fn blocks_reduce_by_shuffles_and_shared_memory() {
    sums_are_right(100, 256, 1);
    sums_are_right(101, 32, 3);
}

#[test]
fn the_largest_blocks_run() {
    sums_are_right(20, 1024, 2);
}

#[test]
fn many_blocks_are_quick() {
    sums_are_right(100_000, 32, 2);
}

#[test]
fn several_host_threads_run_at_once() {
    std::thread::scope(|scope| {
        for i in 0..6 {
            scope.spawn(move || (0..20).for_each(|j| sums_are_right(20 + j, 64 + 32 * i, 3)));
        }
    });
}

/// Sums of each warp, of which the last has 16 lanes.
unsafe extern "C" fn ragged(words: *const u64, thread: *mut Thread) {
    // SAFETY: the parameter is an array with an element a thread.
    unsafe {
        let tid = (*thread).tid;
        let widest = if tid < 32 { 16 } else { *words.add(1) as u32 };
        *arg::<u64>(words, 0).add(tid as usize) = warp_sum(thread, u64::from(tid), widest, 0);
        ((*thread).barrier)(thread, 1);
    }
}

#[test]
fn the_last_warp_may_be_ragged() {
    let mut out = vec![0; 48];
    let words = [word(&mut out), 8];
    let names = sites(&["sum"]);
    // SAFETY: each thread has an element of its own.
    unsafe { run(&cooperative(ragged, &words, 1, 48, &names), 1).unwrap() };
    assert_eq!(out[..32], [(0..32).sum::<u64>(); 32]);
    assert_eq!(out[32..], [(32..48).sum::<u64>(); 16]);

    let words = [words[0], 16];
    // SAFETY: as above.
    let fault = unsafe { run(&cooperative(ragged, &words, 1, 48, &names), 1).unwrap_err() };
    let expected =
        "missing lane: block 0, thread 32 (lane 0) asks lane 16, which its warp does not have, in `sum`";
    assert_eq!(fault.to_string(), expected);
}

/// The sum of 1 to all threads: partials of blocks, summed up by the one that comes last.
/// words = partials, counter, total.
unsafe extern "C" fn ticket(words: *const u64, thread: *mut Thread) {
    // SAFETY: the parameters are an array with an element a block, a counter and a result.
    unsafe {
        let Thread { tid, ntid, bid, nbid, .. } = *thread;
        let total = block_sum(thread, u64::from(bid * ntid + tid) + 1);
        let last = (*thread).shared.add(512);
        if tid == 0 {
            *arg::<u64>(words, 0).add(bid as usize) = total;
            let counter = AtomicU32::from_ptr(arg(words, 1));
            *last = (counter.fetch_add(1, Ordering::AcqRel) == nbid - 1).into();
        }
        ((*thread).barrier)(thread, 3);
        if *last == 1 && tid == 0 {
            *arg::<u64>(words, 2) = from_raw_parts(arg(words, 0), nbid as usize).iter().sum();
        }
    }
}

#[test]
fn the_last_block_combines() {
    for workers in [1, 2, 7] {
        let (mut partials, mut counter, mut total) = (vec![0u64; 500], [0u32], [0u64]);
        let words = [word(&mut partials), word(&mut counter), word(&mut total)];
        // SAFETY: blocks meet at the counter only.
        unsafe { run(&cooperative(ticket, &words, 500, 128, &[]), workers).unwrap() };
        assert_eq!(total, [64_000 * 64_001 / 2]);
    }
}

/// words = what to do wrong, and from which block on.
unsafe extern "C" fn wrong(words: *const u64, thread: *mut Thread) {
    // SAFETY: the thread is the running one.
    unsafe {
        let Thread { tid, bid, .. } = *thread;
        if u64::from(bid) < *words.add(1) {
            return;
        }
        match *words {
            // Half a warp shuffles, the other half has returned.
            0 if tid % 32 < 16 => _ = ((*thread).shuffle)(thread, 1, 1, 0),
            // One thread shuffles, the others are at a barrier.
            1 if tid == 5 => _ = ((*thread).shuffle)(thread, 1, 1, 0),
            // Two shuffles that are not the same.
            2 => _ = ((*thread).shuffle)(thread, 1, 1, tid % 2),
            // Two barriers that are not the same, by warps.
            3 => ((*thread).barrier)(thread, 2 + (tid / 32) % 2),
            // A barrier that some do not reach.
            4 if tid != 40 && tid != 42 => ((*thread).barrier)(thread, 2),
            1 => ((*thread).barrier)(thread, 2),
            5 => loop {
                ((*thread).barrier)(thread, 3);
            },
            _ => {}
        }
    }
}

#[test]
fn divergence_is_told_and_survived() {
    let names = sites(&["max", "sum", "tile", "row"]);
    let expected = [
        "divergence in block 7: threads 0-15 wait at shuffle `max`, threads 16-31 have returned",
        "divergence in block 7: threads 0-4, 6-31 wait at barrier `tile`, thread 5 waits at shuffle `max`",
        "divergence in block 7: threads 0, 2, 4, 6, 8, 10, 12, 14, ... wait at shuffle `max`, \
         threads 1, 3, 5, 7, 9, 11, 13, 15, ... wait at shuffle `sum`",
        "divergence in block 7: threads 0-31 wait at barrier `tile`, threads 32-63 wait at barrier `row`",
        "divergence in block 7: threads 0-39, 41, 43-63 wait at barrier `tile`, threads 40, 42 have returned",
        "endless kernel: block 7 did more than 1000 operations",
    ];
    for (what, expected) in expected.iter().enumerate() {
        for workers in [1, 3] {
            let words = [what as u64, 7];
            let launch = Launch { limit: 1000, ..cooperative(wrong, &words, 300, 64, &names) };
            // SAFETY: the kernel touches no memory.
            let fault = unsafe { run(&launch, workers).unwrap_err() };
            assert_eq!(&fault.to_string(), expected);
            // SAFETY: as above.
            assert_eq!(unsafe { run_checked(&launch, &Memory::new()) }, Err(fault));
            sums_are_right(10, 64, workers);
        }
    }
}

#[test]
fn plain_threads_must_not_synchronise() {
    let words = [4, 3];
    let names = sites(&["max", "sum", "tile", "row"]);
    let launch = Launch { sites: &names, ..Launch::new(wrong, &words, 300, 64) };
    // SAFETY: the kernel touches no memory.
    let fault = unsafe { run(&launch, 2).unwrap_err() };
    let expected = "synchronisation in a kernel that should have none: block 3, thread 0 (lane 0) in `tile`";
    assert_eq!(fault.to_string(), expected);
    // SAFETY: as above.
    assert_eq!(unsafe { run_checked(&launch, &Memory::new()) }, Err(fault));
}

#[test]
fn what_no_card_can_do_is_refused() {
    let refused = |launch: Launch| {
        // SAFETY: nothing runs.
        unsafe {
            (run(&launch, 1).unwrap_err().to_string(), run_checked(&launch, &Memory::new()).unwrap_err())
        }
        .0
    };
    let launch = Launch::new(saxpy, &[], 1, 1);
    assert_eq!(
        refused(Launch { block: 1025, ..launch }),
        "impossible launch: 1025 threads a block, where 1 to 1024 are possible"
    );
    assert!(refused(Launch { block: 0, ..launch }).contains("0 threads a block"));
    assert!(refused(Launch { grid: 1 << 31, ..launch }).contains("2147483648 blocks"));
    assert!(refused(Launch { shared: 232_449, ..launch }).contains("232449 bytes of shared memory"));
    // SAFETY: nothing runs.
    unsafe { run(&Launch { grid: 0, ..launch }, 2).unwrap() };
}

/// Notes whether shared memory is as it should be when a block begins, and spoils it.
unsafe extern "C" fn fresh(words: *const u64, thread: *mut Thread) {
    // SAFETY: the block has 1024 bytes; the parameter is an array with a byte a block.
    unsafe {
        let shared = std::slice::from_raw_parts_mut((*thread).shared, 1024);
        let aligned = ((*thread).shared as usize).is_multiple_of(16);
        *arg::<bool>(words, 0).add((*thread).bid as usize) =
            aligned && shared.iter().all(|&byte| byte == 0xff);
        shared.fill(7);
    }
}

#[test]
fn shared_memory_is_the_same_for_each_block() {
    let mut out = vec![false; 50];
    let words = [word(&mut out)];
    // SAFETY: blocks of one thread, each with an element of its own.
    unsafe { run(&Launch { shared: 1024, ..Launch::new(fresh, &words, 50, 1) }, 2).unwrap() };
    assert!(out.iter().all(|&good| good));
}
