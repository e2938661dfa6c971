//! Runs the launches of a plan, cut into pieces for threads.

use super::cache::{Prepared, Runs};
#[cfg(feature = "llvm")]
use super::grids;
use super::overrun::Overrun;
use super::reuse::Reused;
use super::threads::{is_worth, num_threads, parallel};
use super::timing::Stopwatch;
use super::transfer;
use crate::portable::{self, FpEnv, Job, RowState};
use lazuli_core::{BufferRef, DeviceId, ErrorKind};
#[cfg(feature = "llvm")]
use lazuli_fusion::BoundAccess;
use lazuli_fusion::bind::{Bound, Launch, Mode, Slot, params};
use lazuli_fusion::{Launches, Trace};
use smallvec::SmallVec;
use std::sync::{Mutex, PoisonError};
#[cfg(feature = "llvm")]
use std::{mem::MaybeUninit, sync::LazyLock};

/// Bytes of scratch up to which it is taken from the stack.
const SMALL_SCRATCH: usize = 4096;

/// Below this much work, in nanoseconds of one thread, each thread gets one piece; above it four,
/// so that a thread that is kept waiting by others holds nobody up for long.
const FINE_NS: f64 = 50_000.0;

/// Memory of an evaluation, all of it reserved before the first launch.
pub struct Memory {
    /// One buffer a result.
    pub results: SmallVec<[BufferRef; 2]>,
    arena: Option<BufferRef>,
    workers: Workers,
    /// The workspace of grids.
    #[cfg(feature = "llvm")]
    room: Option<BufferRef>,
}

impl Memory {
    /// Reserves everything a plan needs.
    pub fn reserve(
        launches: &Launches,
        engines: &[Runs<'_>],
        device: DeviceId,
        reuse: Reused,
    ) -> Result<Memory, ErrorKind> {
        let fresh = launches.results.iter().zip(&reuse).filter(|(_, reused)| reused.is_none());
        let sum = fresh.map(|(r, _)| r.1).fold(launches.arena, usize::saturating_add);
        #[cfg(feature = "llvm")]
        let room = engines.iter().map(|e| e.room().bytes()).max().unwrap_or(0);
        #[cfg(feature = "llvm")]
        let sum = sum.saturating_add(room);
        transfer::check(sum, device)?;
        let mut results = SmallVec::new();
        for (&(_, bytes), reused) in launches.results.iter().zip(reuse) {
            results.push(match reused {
                Some(buffer) => buffer,
                None => transfer::allocate(bytes, device)?,
            });
        }
        let arena = match launches.arena {
            0 => None,
            bytes => Some(transfer::allocate(bytes, device)?),
        };
        // Asked for once: it may change at any time, and each thread needs its own scratch.
        let workers = Workers::with(num_threads(), scratch_bytes(launches, engines), device)?;
        #[cfg(feature = "llvm")]
        let room = match room {
            0 => None,
            bytes => Some(transfer::allocate(bytes, device)?),
        };
        Ok(Memory {
            results,
            arena,
            workers,
            #[cfg(feature = "llvm")]
            room,
        })
    }

    /// Where a node's value was stored, if it is one of the results.
    pub fn result(&self, prepared: &Prepared, node: usize) -> Option<&BufferRef> {
        let place = prepared.launches.results.iter().position(|&(n, _)| n == node)?;
        Some(&self.results[place])
    }
}

/// The threads of an evaluation.
struct Workers {
    /// How many may work at once.
    count: usize,
    /// Scratch: bytes a thread, and the buffer of all threads.
    #[cfg_attr(not(feature = "llvm"), allow(dead_code, reason = "the interpreter has its own"))]
    scratch: Option<(usize, BufferRef)>,
}

impl Workers {
    /// So many, each with scratch of its own beside the small one on its stack.
    fn with(count: usize, scratch: usize, device: DeviceId) -> Result<Workers, ErrorKind> {
        let each = scratch.next_multiple_of(64);
        let scratch = (each > SMALL_SCRATCH).then(|| transfer::allocate(each * count, device)).transpose()?;
        Ok(Workers { count, scratch: scratch.map(|buffer| (each, buffer)) })
    }

    #[cfg(feature = "llvm")]
    fn scratch_of(&self, worker: usize) -> Option<*mut u8> {
        let (each, buffer) = self.scratch.as_ref()?;
        // SAFETY: there is a part for each thread of a parallel region.
        Some(unsafe { buffer.ptr().add(each * worker) })
    }
}

/// Scratch on the stack, which is enough for most kernels.
#[cfg(feature = "llvm")]
#[repr(align(64))]
struct SmallScratch(MaybeUninit<[u8; SMALL_SCRATCH]>);

fn scratch_bytes(launches: &Launches, engines: &[Runs<'_>]) -> usize {
    let each = launches.launches.iter().zip(engines).map(|(launch, engine)| match (launch, engine) {
        #[cfg(feature = "llvm")]
        (Launch::Kernel(b), Runs::Llvm(code, _)) => code.scratch_bytes(b.inner_count()),
        _ => 0,
    });
    each.max().unwrap_or(0)
}

/// Runs everything, in order. `leaf` gives the memory of a node that is not computed. On a host
/// device only functions of the program can fail: where a loop passes its limit, or an index is not there.
pub fn launch_all<'a>(
    trace: &Trace,
    prepared: &Prepared,
    engines: &[Runs<'_>],
    memory: &'a Memory,
    leaf: &dyn Fn(usize) -> &'a BufferRef,
) -> Result<(), ErrorKind> {
    let place = |slot: Slot| -> (Option<&'a BufferRef>, usize) {
        match slot {
            Slot::Leaf(n) => (Some(leaf(n)), 0),
            Slot::Result(r) => (Some(&memory.results[r]), 0),
            Slot::Arena(at) => (memory.arena.as_ref(), at),
            Slot::Iota => (None, 0),
        }
    };
    // Offsets lie within their buffers, also where the host cannot look.
    let base = |slot| match place(slot) {
        (Some(buffer), at) => buffer.ptr().wrapping_add(at),
        (None, _) => std::ptr::null_mut(),
    };
    let overrun = Overrun::default();
    let launches = &prepared.launches.launches;
    let mut watch = Stopwatch::new(&prepared.times);
    let mut next = 0;
    while next < launches.len() {
        let (launch, engine) = (&launches[next], &engines[next]);
        next += 1;
        watch.begins(launch, engine);
        match launch {
            Launch::Kernel(bound) => {
                let mut bases: SmallVec<[*mut u8; 8]> = SmallVec::new();
                bound.accesses.iter().for_each(|a| bases.push(base(a.slot)));
                let params = params(bound, trace);
                let interpret = |program, is_compiled| {
                    let (bases, params, overrun) = (&bases, &params, &overrun);
                    let job = Job { program, bound, bases, params, overrun, is_compiled };
                    run_portable(&job, memory.workers.count);
                };
                #[cfg(feature = "llvm")]
                let part = |bound, params: &[u64], code, words| {
                    let (streaming, overrun) = (streams(bound, &bases), overrun.address());
                    let words = crate::llvm::abi::words(bound, words, &bases, params, streaming, overrun);
                    Part { bound, code, words }
                };
                match engine {
                    Runs::Portable(program) => interpret(program, None),
                    #[cfg(feature = "llvm")]
                    Runs::Waiting(program, awaited, words) => {
                        // Loops would be interpreted for ever, if need be.
                        let now = match bound.kernel.loops() && awaited.is_lost() {
                            true => Some(crate::llvm::kernels::compiled(bound)?),
                            false => awaited.code().cloned(),
                        };
                        if now.is_none() {
                            interpret(program, Some(&|| awaited.code().is_some()));
                        }
                        let handed_over = || awaited.code().filter(|_| overrun.was_handed_over()).cloned();
                        if let Some(code) = now.or_else(handed_over) {
                            let bytes = code.scratch_bytes(bound.inner_count());
                            let workers = Workers::with(memory.workers.count, bytes, DeviceId::Cpu)?;
                            run_llvm(&part(bound, &params, &code, words), &workers);
                        }
                    }
                    #[cfg(feature = "llvm")]
                    Runs::Llvm(code, words) => {
                        let first = part(bound, &params, code, words);
                        let others = launches[next..].iter().zip(&engines[next..]);
                        let others = others.map_while(|pair| match pair {
                            (Launch::Kernel(other), Runs::Llvm(code, words))
                                if other.part > 0 && other.band == bound.band =>
                            {
                                Some(part(other, &self::params(other, trace), code, words))
                            }
                            _ => None,
                        });
                        let others: Vec<Part<'_>> = others.collect();
                        next += others.len();
                        run_band(&first, &others, &memory.workers);
                    }
                    #[cfg(feature = "llvm")]
                    _ => {
                        let job = grids::Job {
                            trace,
                            bound,
                            bases: &bases,
                            params: &params,
                            buffers: &|a: usize| place(bound.accesses[a].slot).0,
                            room: memory.room.as_ref(),
                            workers: memory.workers.count,
                            overrun: &overrun,
                        };
                        job.run(engine)?;
                    }
                    #[cfg(not(feature = "llvm"))]
                    Runs::Library | Runs::Compiled(_) => unreachable!("a kernel has an engine"),
                }
                overrun.check(&bound.kernel)?;
            }
            Launch::MatMul(m) => {
                let bases = [0, 1, 2].map(|i| base(m.operands[i].0));
                #[cfg(feature = "llvm")]
                if matches!(engine, Runs::Product) {
                    let buffers = [0, 1, 2].map(|i| place(m.operands[i].0).0);
                    grids::matmul(trace, m, bases, buffers, memory.workers.count)?;
                    continue;
                }
                let _env = FpEnv::set();
                // SAFETY: the buffers were made for these layouts; the result is ours alone.
                unsafe { super::matmul::run(m, bases, memory.workers.count) };
            }
            Launch::Call(call) => {
                let bases: SmallVec<[*mut u8; 8]> = call.slots.iter().map(|&slot| base(slot)).collect();
                match engine {
                    #[cfg(feature = "llvm")]
                    Runs::Threads(kernel, device) => {
                        let buffers: SmallVec<[&BufferRef; 8]> =
                            call.slots.iter().filter_map(|&slot| place(slot).0).collect();
                        let checked = super::verify::is_on();
                        // SAFETY: the buffers were made for these layouts; those of the results are ours alone.
                        unsafe { crate::grid::calls::run(call, kernel, &bases, &buffers, *device, checked)? };
                    }
                    _ => {
                        let patient = matches!(engine, Runs::Compiled(true));
                        // SAFETY: as above.
                        unsafe { super::calls::run(call, &bases, patient, memory.workers.count)? };
                    }
                }
            }
        }
    }
    watch.stop();
    Ok(())
}

/// Pieces of `0..n`, cut at multiples of `grain`.
struct Cut {
    n: usize,
    step: usize,
}

impl Cut {
    fn new(n: usize, pieces: usize, grain: usize) -> Cut {
        Cut { n, step: n.div_ceil(pieces.max(1)).next_multiple_of(grain.max(1)).max(1) }
    }
    fn count(&self) -> usize {
        self.n.div_ceil(self.step)
    }
    fn range(&self, piece: usize) -> (usize, usize) {
        (piece * self.step, ((piece + 1) * self.step).min(self.n))
    }
}

/// How many pieces a launch is cut into.
fn pieces(bound: &Bound, threads: usize) -> usize {
    pieces_of(bound.work, bound, threads)
}

/// The same of several launches of one kernel, which are this much work together.
fn pieces_of(work: f64, bound: &Bound, threads: usize) -> usize {
    match (threads > 1 && is_worth(work), work < FINE_NS) {
        (false, _) => 1,
        (true, true) => threads,
        // How long loops take differs from place to place.
        (true, false) if bound.kernel.loops() => threads * 32,
        (true, false) => threads * 4,
    }
}

/// Raw pointers of a job, which threads share.
struct Shared<'a>(&'a Job<'a>);
// SAFETY: pieces of a launch write disjoint elements and read what nobody writes.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    fn job(&self) -> &'a Job<'a> {
        self.0
    }
}

/// Lanes of a column launch that a thread takes at a time, if there are enough: narrower strips
/// read less of each page that they touch (half as wide, a sum takes a third longer).
const STRIP: usize = 2048;

/// Calls `each(worker, outer range, lane range)` for pieces of a map or column launch: of the
/// outer rows where there are enough, of the lanes otherwise.
fn rectangles(bound: &Bound, threads: usize, each: &(impl Fn(usize, (usize, usize), (usize, usize)) + Sync)) {
    let (&lanes, outer) = bound.rows.split_last().expect("a lane axis");
    let outer: usize = outer.iter().product();
    let grain = 64;
    // Threads meet between tiles.
    let outer_grain = if bound.is_tiled() { grain } else { 1 };
    let mut wanted = pieces(bound, threads);
    if bound.mode == Mode::Columns {
        wanted = wanted.min((outer * lanes.div_ceil(STRIP)).max(threads));
    }
    if outer >= wanted {
        let cut = Cut::new(outer, wanted, outer_grain);
        parallel(threads, cut.count(), &|worker, p| each(worker, cut.range(p), (0, lanes)));
    } else {
        let cut = Cut::new(lanes, wanted.div_ceil(outer.max(1)), grain);
        let per = cut.count();
        parallel(threads, outer * per, &|worker, p| each(worker, (p / per, p / per + 1), cut.range(p % per)));
    }
}

/// Outputs from here on are written past the caches: half the last-level cache (as much is read
/// meanwhile), at most 24 MiB (a larger one is shared with others), 16 MiB if it is unknown.
/// Written so, `x + 1` takes 0.7 of the time on 16 MB and 0.5 on 64 MB, also with a reader after
/// it (32 MiB cache; at 8 MB it takes twice the time).
#[cfg(feature = "llvm")]
static STREAM_BYTES: LazyLock<usize> = LazyLock::new(|| {
    let size = std::fs::read_to_string("/sys/devices/system/cpu/cpu0/cache/index3/size").ok();
    let kib = size.and_then(|text| text.trim().strip_suffix('K')?.parse::<usize>().ok());
    kib.map_or(16 << 20, |kib| (kib << 9).min(24 << 20))
});

/// Is the launch to write past the caches? Every vector must then fill a cache line.
#[cfg(feature = "llvm")]
fn streams(bound: &Bound, bases: &[*mut u8]) -> bool {
    let lined = |(a, &base): (&BoundAccess, &*mut u8)| {
        let lines = |elements: isize| elements * a.dtype.size() as isize % 64 == 0;
        // Lanes go along the last row axis or along the inner ones; all other steps count.
        let outer = &a.rows[..a.rows.len() - (bound.mode != Mode::Rows) as usize];
        let inner = if bound.mode == Mode::Columns { &a.inner[..] } else { &[] };
        (base as usize).is_multiple_of(64)
            && lines(a.offset)
            && outer.iter().chain(inner).all(|&step| lines(step))
    };
    let written = |(a, _): &(&BoundAccess, &*mut u8)| a.write && (a.full || bound.inner.is_empty());
    bound.kernel_writes >= *STREAM_BYTES && bound.accesses.iter().zip(bases).filter(written).all(lined)
}

/// Elements of a unit of a split row: complete subtrees of the reduction.
fn split_unit(bound: &Bound, threads: usize) -> usize {
    let wanted = pieces(bound, threads) * 2;
    let count = bound.inner_count();
    let mut unit = 256;
    while unit * 2 * wanted <= count {
        unit *= 2;
    }
    unit.max(4096)
}

/// A launch of machine code.
#[cfg(feature = "llvm")]
struct Part<'a> {
    bound: &'a Bound,
    code: &'a crate::llvm::Compiled,
    words: crate::llvm::abi::Words,
}

#[cfg(feature = "llvm")]
impl Part<'_> {
    /// Calls the code for some ranges; `state` and `out` are addresses.
    fn call(
        &self,
        workers: &Workers,
        entry: usize,
        worker: usize,
        state: usize,
        out: usize,
        ranges: [usize; 4],
    ) {
        let _env = FpEnv::set();
        let mut small = SmallScratch(MaybeUninit::uninit());
        let scratch = workers.scratch_of(worker).unwrap_or(small.0.as_mut_ptr().cast());
        // SAFETY: the words are this launch's; every worker has scratch of its own; pieces do
        // not overlap.
        unsafe {
            let (state, out) = (state as *const u64, out as *mut u64);
            self.code.call(entry, &self.words, scratch, state, out, ranges);
        }
    }
}

/// Bytes of the rows that a thread takes through all launches of a band before it goes on: what one launch leaves in
/// the core's cache, the next still finds there.
#[cfg(feature = "llvm")]
const GROUP_BYTES: usize = 128 << 10;

/// Runs the launches of a band together, each thread all of them on a few of its rows: what one core writes at the end
/// of a row is on the line that it goes on with.
#[cfg(feature = "llvm")]
fn run_band(first: &Part<'_>, others: &[Part<'_>], workers: &Workers) {
    if others.is_empty() {
        return run_llvm(first, workers);
    }
    let band = || std::iter::once(first).chain(others);
    let lanes = |part: &Part<'_>| *part.bound.rows.last().expect("a lane axis");
    let outer: usize = first.bound.rows.split_last().map_or(1, |(_, outer)| outer.iter().product());
    let work = band().map(|part| part.bound.work).sum();
    let wanted = pieces_of(work, first.bound, workers.count);
    if outer < wanted || band().any(|part| part.bound.is_tiled()) {
        return band().for_each(|part| run_llvm(part, workers));
    }
    let bytes: usize = band().map(|part| part.bound.bytes_read + part.bound.bytes_written).sum();
    let group = (GROUP_BYTES / (bytes / outer.max(1)).max(1)).max(1);
    let cut = Cut::new(outer, wanted, 1);
    parallel(workers.count, cut.count(), &|worker, p| {
        let (first, last) = cut.range(p);
        for begin in (first..last).step_by(group) {
            let rows = [begin, last.min(begin + group)];
            band().for_each(|part| part.call(workers, 0, worker, 0, 0, [rows[0], rows[1], 0, lanes(part)]));
        }
    });
}

#[cfg(feature = "llvm")]
fn run_llvm(part: &Part<'_>, workers: &Workers) {
    let bound = part.bound;
    // Addresses travel as numbers, since threads share the closure.
    let call = |entry: usize, worker: usize, state: usize, out: usize, ranges: [usize; 4]| {
        part.call(workers, entry, worker, state, out, ranges);
    };
    let threads = workers.count;
    match (bound.mode, bound.split) {
        (Mode::Map, _) => rectangles(bound, threads, &|w, (b0, e0), (b1, e1)| {
            call(0, w, 0, 0, [b0, e0, b1, e1]);
        }),
        (Mode::Columns, _) => rectangles(bound, threads, &|w, (b0, e0), (b1, e1)| {
            call(0, w, 0, 0, [b0, e0, b1, e1]);
        }),
        (Mode::Rows, false) => {
            let cut = Cut::new(bound.row_count(), pieces(bound, threads), 1);
            parallel(threads, cut.count(), &|w, p| {
                let (b, e) = cut.range(p);
                call(0, w, 0, 0, [b, e, 0, 0]);
            });
        }
        (Mode::Rows, true) => {
            use crate::portable::{Acc, WORDS};
            let reduces: Vec<u32> = reduces_of(bound);
            let unit = split_unit(bound, threads);
            let cut = Cut { n: bound.inner_count(), step: unit };
            for row in 0..bound.row_count() {
                let mut state = vec![0u64; reduces.len()];
                for (s, sweep) in bound.stages.sweeps.iter().enumerate() {
                    let width = bound.kernel.accumulations(&sweep.reduces).len() * WORDS;
                    let mut totals = vec![0u64; width * cut.count()];
                    let place = totals.as_mut_ptr() as usize;
                    let known = state.as_ptr() as usize;
                    parallel(threads, cut.count(), &|w, p| {
                        let (b1, e1) = cut.range(p);
                        call(s, w, known, place + p * width * 8, [row, row + 1, b1, e1]);
                    });
                    let parts: Vec<Vec<Acc>> = totals
                        .chunks(width.max(1))
                        .enumerate()
                        .map(|(u, words)| {
                            let count = unit.min(cut.n - u * unit) as u64;
                            let acc = |&words: &[u64; WORDS]| Acc { words, count };
                            words.as_chunks().0.iter().map(acc).collect()
                        })
                        .collect();
                    for (&r, value) in sweep.reduces.iter().zip(portable::combine(bound, s, &parts)) {
                        let place = reduces.iter().position(|&v| v == r).expect("listed");
                        state[place] = value;
                    }
                }
                call(bound.stages.sweeps.len(), 0, state.as_ptr() as usize, 0, [row, row + 1, 0, 0]);
            }
        }
    }
}

/// The reductions of a kernel in body order: the order of a row's state.
#[cfg(feature = "llvm")]
fn reduces_of(bound: &Bound) -> Vec<u32> {
    bound.kernel.reductions().collect()
}

fn run_portable(job: &Job<'_>, threads: usize) {
    let bound = job.bound;
    let shared = Shared(job);
    match (bound.mode, bound.split) {
        (Mode::Map | Mode::Columns, _) => {
            let lanes = *bound.rows.last().expect("a lane axis");
            rectangles(bound, threads, &|_, (b0, e0), (b1, e1)| {
                // Either whole outer rows, or a part of one.
                let (begin, end) = if e1 - b1 == lanes {
                    (b0 * lanes, e0 * lanes)
                } else {
                    (b0 * lanes + b1, b0 * lanes + e1)
                };
                // SAFETY: the evaluation holds all buffers; pieces do not overlap.
                unsafe { portable::run_rows(shared.job(), begin, end) };
            });
        }
        (Mode::Rows, false) => {
            let cut = Cut::new(bound.row_count(), pieces(bound, threads), 1);
            parallel(threads, cut.count(), &|_, p| {
                let (b, e) = cut.range(p);
                // SAFETY: as above.
                unsafe { portable::run_rows(shared.job(), b, e) };
            });
        }
        (Mode::Rows, true) => {
            let cut = Cut { n: bound.inner_count(), step: split_unit(bound, threads) };
            for row in 0..bound.row_count() {
                let mut state = RowState::new();
                for s in 0..bound.stages.sweeps.len() {
                    let parts = Mutex::new(vec![Vec::new(); cut.count()]);
                    parallel(threads, cut.count(), &|_, p| {
                        let (b, e) = cut.range(p);
                        // SAFETY: as above.
                        let part = unsafe { portable::sweep_range(shared.job(), row, s, &state, b, e) };
                        parts.lock().unwrap_or_else(PoisonError::into_inner)[p] = part;
                    });
                    let parts = parts.into_inner().unwrap_or_else(PoisonError::into_inner);
                    state.push(portable::combine(bound, s, &parts));
                }
                // SAFETY: as above.
                unsafe { portable::finish_row(job, row, &state) };
            }
        }
    }
}
