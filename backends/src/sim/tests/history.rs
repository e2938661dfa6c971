//! What the checker remembers: it keeps little of each byte, and must forget nothing that matters.
//!
//! Random histories go to it and to an oracle that keeps all accesses and finds what comes before what
//! as paths in a graph.

use super::checked::{Arrays, add_atomic, load, store};
use super::*;
use crate::sim::shadow::Checker;

/// Numbers without order (a linear congruence; the low bits are no good).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// One access: bytes `start..end` of the buffer.
#[derive(Clone, Copy)]
struct Event {
    at: Place,
    phase: u32,
    start: u64,
    end: u64,
    does: Does,
}

/// All accesses so far, and for each those that come before it, as bits.
#[derive(Default)]
struct Oracle {
    events: Vec<Event>,
    before: Vec<u128>,
}

impl Oracle {
    /// Adds an access. Does it race with an earlier one?
    fn add(&mut self, now: Event) -> bool {
        let mut before = 0;
        for (i, then) in self.events.iter().enumerate() {
            let same_block = then.at.block == now.at.block;
            let edge = then.at == now.at
                || (same_block && then.phase < now.phase)
                || (then.does == Does::Atomic && now.does == Does::Atomic && then.start == now.start);
            if edge {
                before |= self.before[i] | 1 << i;
            }
        }
        let races = |(i, then): (usize, &Event)| {
            let ordered = if then.at.block == now.at.block {
                then.at == now.at || then.phase < now.phase
            } else {
                before >> i & 1 == 1
            };
            let meet = then.start < now.end && now.start < then.end;
            let harmless = then.does == now.does && now.does != Does::Write;
            meet && !harmless && !ordered
        };
        let race = self.events.iter().enumerate().any(races);
        self.events.push(now);
        self.before.push(before);
        race
    }
}

/// One history, until its first race. Did it have one?
fn history(random: &mut Random) -> bool {
    // Two bytes of data, and two words for atomics.
    let mut memory = Memory::new();
    let base = 4096;
    memory.add(base, 16, true, true, "memory");
    let launch = Launch::new(plain_nothing, &[], 1, 2);
    let mut checker = Checker::new(&launch, &memory, &mut memory.lock());
    let mut oracle = Oracle::default();
    for block in 0..1 + random.below(4) as u32 {
        checker.begin_block(block, std::ptr::null_mut());
        for phase in 0..1 + random.below(3) as u32 {
            for _ in 0..random.below(5) {
                let at = Place { block, thread: random.below(2) as u32 };
                let (start, bytes, does) = match random.below(12) {
                    0..=3 => (random.below(2), 1, Does::Read),
                    4 => (random.below(2), 1, Does::Write),
                    5 => (8 + 4 * random.below(2), 4, Does::Read),
                    6 if random.below(4) == 0 => (8 + 4 * random.below(2), 4, Does::Write),
                    _ => (8 + 4 * random.below(2), 4, Does::Atomic),
                };
                let flags = [0, WRITE, WRITE | ATOMIC][does as usize];
                let race = oracle.add(Event { at, phase, start, end: start + bytes, does });
                let allowed = checker.allows(at.thread, base + start, bytes as u32, flags, 0);
                assert_eq!(allowed, !race, "{:?}", checker.take_fault());
                if race {
                    return true;
                }
            }
            checker.barrier();
        }
    }
    false
}

unsafe extern "C" fn plain_nothing(_: *const u64, _: *mut Thread) {}

#[test]
fn the_checker_forgets_nothing_that_matters() {
    let mut random = Random(3);
    let races = (0..20_000).filter(|_| history(&mut random)).count();
    // Neither answer must be the rule, or this would show little.
    assert!((2_000..18_000).contains(&races), "{races}");
}

/// Reads of one element, and a write to it by the last block.
unsafe extern "C" fn broadcast(words: *const u64, thread: *mut Thread) {
    // SAFETY: see `load`.
    unsafe {
        let Thread { tid, bid, nbid, .. } = *thread;
        let (what, y, counter) = (*words.add(3), arg::<u32>(words, 1), arg::<u32>(words, 2));
        match what {
            // All threads of all blocks read. Block 3 alone forgets to say that it has.
            0 => {
                load(thread, y, 0, 3);
                ((*thread).barrier)(thread, 9);
                if tid == 0 && bid != 3 {
                    add_atomic(thread, counter, 1, 0, 2);
                }
            }
            // The last block's thread 0 reads before and after it knows of the others; thread 1 knows nothing.
            1 => {
                if tid == 0 {
                    load(thread, y, 0, 3);
                    add_atomic(thread, counter, 1, 0, 2);
                }
                if tid < 2 && bid == nbid - 1 {
                    load(thread, y, 0, 3);
                }
                ((*thread).shuffle)(thread, 0, 1, 8);
            }
            // Nobody reads.
            _ => {}
        }
        if bid == nbid - 1 && tid == 0 {
            store(thread, y, 1, 0, 1);
        }
    }
}

#[test]
fn no_reader_is_forgotten() {
    let run = |grid, what| {
        let mut arrays = Arrays::new();
        let mut memory = Memory::new();
        memory.add(word(&mut arrays.y), 400, true, true, "`y`");
        memory.add(word(&mut arrays.counter), 4, true, true, "the counter");
        let words = arrays.words(what);
        let names = sites(&["load", "store", "ticket", "load back"]);
        // SAFETY: the kernel announces what it touches.
        unsafe { run_checked(&cooperative(broadcast, &words, grid, 16, &names), &memory) }
    };
    let readers = [(12, "block 3, thread 0 (lane 0)"), (2, "block 1, thread 1 (lane 1)")];
    for (what, (grid, reader)) in readers.into_iter().enumerate() {
        let expected = format!(
            "race: block {}, thread 0 (lane 0) writes 4 bytes at byte 0 of `y`, in `store`\n  \
             {reader} reads byte 0 in `load back`, and nothing orders the two",
            grid - 1
        );
        assert_eq!(run(grid, what as u64).unwrap_err().to_string(), expected);
    }
    run(12, 2).unwrap();
}
