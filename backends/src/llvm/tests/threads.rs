//! Kernels at thread level, built by hand: what they compute on the simulator, what it finds wrong with
//! them, and whether the assembler takes them for every card.

use super::grids::assemble_text;
use crate::exec::buffers::{DeviceMemory, SliceArgument};
use crate::exec::streams::Stream;
use crate::grid::thread_level::{Shape, ThreadKernel};
use crate::llvm::emit::Dialect;
use crate::llvm::grid::threads::Bounds;
use lazuli_core::function::{Atomic, Builder, Effect, Fact, Place, Shared, Shuffle, Slice, Val, Vote};
use lazuli_core::op::MapOp;
use lazuli_core::{BinaryOp, DType, DeviceId, Element, Scalar};
use std::panic::Location;

const SIMULATOR: Stream = Stream::Host(DeviceId::CudaSimulator);

/// A kernel being written.
struct Writer(Builder);

impl Writer {
    fn new(name: &'static str) -> Writer {
        Writer(Builder::kernel(name, Location::caller()))
    }
    fn slice<T: Element>(&mut self, name: &'static str, writable: bool) -> Place {
        self.0.slice(Slice { dtype: T::DTYPE, writable, name })
    }
    fn shared<T: Element>(&mut self, len: Option<u32>) -> Place {
        self.0.shared(Shared { dtype: T::DTYPE, len, name: "tile" })
    }
    fn int(&mut self, v: i64) -> Val {
        self.0.constant(Scalar::new(v))
    }
    fn op(&mut self, op: BinaryOp, a: Val, b: Val) -> Val {
        let dtype = if op.is_comparison() { DType::Bool } else { self.0.dtype(a) };
        self.0.map(MapOp::Binary(op), dtype, &[a, b])
    }
    fn fact(&mut self, fact: Fact) -> Val {
        self.0.fact(fact)
    }
    /// `block_idx.x * block_dim.x + thread_idx.x`
    fn index(&mut self) -> Val {
        let (block, extent) = (self.fact(Fact::BlockIndex(0)), self.fact(Fact::BlockExtent(0)));
        let before = self.op(BinaryOp::Mul, block, extent);
        let thread = self.fact(Fact::ThreadIndex(0));
        self.op(BinaryOp::Add, before, thread)
    }
    fn load(&mut self, dtype: DType, place: Place, index: Val, line: u32) -> Val {
        self.0.act(Effect::Load(place), &[index], Some(dtype), line).expect("a value")
    }
    fn store(&mut self, place: Place, index: Val, value: Val, line: u32) {
        self.0.act(Effect::Store(place), &[index, value], None, line);
    }
    fn barrier(&mut self, line: u32) {
        self.0.act(Effect::Barrier, &[], None, line);
    }
    fn finish(self) -> ThreadKernel {
        let kernel = ThreadKernel::new(&self.0.finish().unwrap()).unwrap();
        for bounds in [Bounds::Checked, Bounds::Trusted] {
            assemble_text(&kernel.print(Dialect::Ptx, bounds).unwrap().text);
        }
        kernel
    }
}

fn memory<T: Element>(data: &[T]) -> DeviceMemory<T> {
    let mut memory = DeviceMemory::zeros(data.len(), DeviceId::CudaSimulator).unwrap();
    memory.upload(data, &SIMULATOR).unwrap();
    memory
}

fn elements<T: Element>(memory: &DeviceMemory<T>) -> Vec<T> {
    let mut out = vec![T::default(); memory.len()];
    memory.download(&mut out, &SIMULATOR).unwrap();
    out
}

fn launch(
    kernel: &ThreadKernel,
    grid: [u32; 3],
    block: [u32; 3],
    scalars: &[u64],
    slices: &[SliceArgument<'_>],
    bounds: Bounds,
) -> Result<(), String> {
    let shape = Shape { grid, block, shared: 0 };
    // SAFETY: memory of this test; kernels that are trusted stay within it.
    unsafe { kernel.launch(&SIMULATOR, shape, scalars, slices, bounds) }.map_err(|e| e.to_string())
}

/// `if i < x.len() { y[i] = a * x[i] + y[i] }`, or without the question.
fn saxpy(asks: bool) -> ThreadKernel {
    let mut w = Writer::new("saxpy");
    let a = w.0.argument(DType::F32);
    let (x, y) = (w.slice::<f32>("x", false), w.slice::<f32>("y", true));
    let i = w.index();
    if asks {
        let len = w.fact(Fact::Length(x));
        let inside = w.op(BinaryOp::Lt, i, len);
        w.0.begin_if(inside);
    }
    let (from, to) = (w.load(DType::F32, x, i, 12), w.load(DType::F32, y, i, 12));
    let product = w.op(BinaryOp::Mul, a, from);
    let sum = w.op(BinaryOp::Add, product, to);
    w.store(y, i, sum, 13);
    if asks {
        w.0.end_if();
    }
    w.finish()
}

#[test]
fn saxpy_and_its_bounds() {
    let kernel = saxpy(true);
    let x = memory(&(0..1000).map(|i| i as f32).collect::<Vec<_>>());
    let a = 2.0f32.to_bits() as u64;
    for bounds in [Bounds::Checked, Bounds::Trusted] {
        let y = memory(&[1.0f32; 1000]);
        launch(&kernel, [8, 1, 1], [128, 1, 1], &[a], &[x.argument(), y.argument()], bounds).unwrap();
        assert_eq!(elements(&y), (0..1000).map(|i| 2.0 * i as f32 + 1.0).collect::<Vec<_>>());
    }
    // The shorter of the two decides, and nobody asked it.
    let y = memory(&[1.0f32; 900]);
    let slices = [x.argument(), y.argument()];
    let error = launch(&kernel, [8, 1, 1], [128, 1, 1], &[a], &slices, Bounds::Checked).unwrap_err();
    assert!(
        error.contains("block 7, thread 4 (lane 4) uses index 900 where there are 900 elements"),
        "{error}"
    );
    assert!(error.contains("read of y at") && error.contains(":12"), "{error}");
    let error =
        launch(&saxpy(false), [8, 1, 1], [128, 1, 1], &[a], &[x.argument(), x.argument()], Bounds::Checked);
    assert!(error.unwrap_err().contains("read of x"), "{:?}", elements(&x)[0]);
}

#[test]
fn launches_that_no_card_could_run() {
    let kernel = saxpy(true);
    let (x, y) = (memory(&[1.0f32; 8]), memory(&[1.0f32; 8]));
    let (slices, wide) = ([x.argument(), y.argument()], memory(&[1.0f64; 8]));
    let try_it = |grid, block| launch(&kernel, grid, block, &[0], &slices, Bounds::Checked).unwrap_err();
    assert!(try_it([0, 1, 1], [32, 1, 1]).contains("no threads"));
    assert!(try_it([1, 1, 1], [32, 0, 1]).contains("no threads"));
    assert!(try_it([1, 1, 1], [1025, 1, 1]).contains("1024"));
    assert!(try_it([1, 1, 1], [1, 1, 65]).contains("64"));
    assert!(try_it([1, 70_000, 1], [1, 1, 1]).contains("65535"));
    assert!(try_it([1 << 20, 1 << 15, 1], [1, 1, 1]).contains("2147483647"));
    let other = [x.argument(), wide.argument()];
    let error = launch(&kernel, [1; 3], [8, 1, 1], &[0], &other, Bounds::Checked).unwrap_err();
    assert!(error.contains("`y` has elements of float32, not float64"), "{error}");
    let elsewhere = DeviceMemory::<f32>::zeros(8, DeviceId::Cpu).unwrap();
    let other = [x.argument(), elsewhere.argument()];
    let error = launch(&kernel, [1; 3], [8, 1, 1], &[0], &other, Bounds::Checked).unwrap_err();
    assert!(error.contains("cpu"), "{error}");
    // SAFETY: memory of this test.
    let error = unsafe {
        let shape = Shape { grid: [1; 3], block: [8, 1, 1], shared: 0 };
        kernel.launch(&Stream::Host(DeviceId::Cpu), shape, &[0], &slices, Bounds::Checked).unwrap_err()
    };
    assert!(error.to_string().contains("cuda_simulator"), "{error}");
}

/// Counts in shared memory, then adds the block's counts to those of all.
fn histogram(barriers: bool) -> ThreadKernel {
    let mut w = Writer::new("histogram");
    let (x, counts) = (w.slice::<i32>("x", false), w.slice::<i64>("counts", true));
    let tile = w.shared::<i64>(Some(16));
    let (thread, sixteen, zero, one) = (w.fact(Fact::ThreadIndex(0)), w.int(16), w.int(0), w.int(1));
    let few = w.op(BinaryOp::Lt, thread, sixteen);
    w.0.begin_if(few);
    w.store(tile, thread, zero, 20);
    w.0.end_if();
    if barriers {
        w.barrier(21);
    }
    let (i, len) = (w.index(), w.fact(Fact::Length(x)));
    let inside = w.op(BinaryOp::Lt, i, len);
    w.0.begin_if(inside);
    let value = w.load(DType::I32, x, i, 23);
    let cast = MapOp::Unary(lazuli_core::UnaryOp::Cast(DType::I64));
    let bin = w.0.map(cast, DType::I64, &[value]);
    w.0.act(Effect::Atomic(Atomic::Add, tile), &[bin, one], Some(DType::I64), 24);
    w.0.end_if();
    if barriers {
        w.barrier(25);
    }
    w.0.begin_if(few);
    let mine = w.load(DType::I64, tile, thread, 27);
    w.0.act(Effect::Atomic(Atomic::Add, counts), &[thread, mine], Some(DType::I64), 28);
    w.0.end_if();
    w.finish()
}

#[test]
fn a_histogram_in_shared_memory_and_without_its_barriers() {
    let data: Vec<i32> = (0..5000).map(|i| (i * i) % 16).collect();
    let x = memory(&data);
    let mut expected = [0i64; 16];
    data.iter().for_each(|&v| expected[v as usize] += 1);
    for bounds in [Bounds::Checked, Bounds::Trusted] {
        let counts = memory(&[0i64; 16]);
        let slices = [x.argument(), counts.argument()];
        launch(&histogram(true), [20, 1, 1], [256, 1, 1], &[], &slices, bounds).unwrap();
        assert_eq!(elements(&counts), expected);
    }
    let counts = memory(&[0i64; 16]);
    let slices = [x.argument(), counts.argument()];
    let error =
        launch(&histogram(false), [20, 1, 1], [256, 1, 1], &[], &slices, Bounds::Checked).unwrap_err();
    assert!(error.contains("race") || error.contains("nobody wrote"), "{error}");
    let counts = memory(&[0i64; 16]);
    let bad = memory(&[3i32, 16]);
    let slices = [bad.argument(), counts.argument()];
    let error = launch(&histogram(true), [1, 1, 1], [32, 1, 1], &[], &slices, Bounds::Checked).unwrap_err();
    assert!(error.contains("thread 1 (lane 1) uses index 16 where there are 16 elements"), "{error}");
    assert!(error.contains("atomic change of tile at") && error.contains(":24"), "{error}");
}

#[test]
fn a_barrier_that_not_all_threads_reach() {
    let mut w = Writer::new("diverges");
    w.slice::<i32>("x", true);
    let (thread, ten) = (w.fact(Fact::ThreadIndex(0)), w.int(10));
    let few = w.op(BinaryOp::Lt, thread, ten);
    w.0.begin_if(few);
    w.barrier(31);
    w.0.end_if();
    let x = memory(&[0i32]);
    let error = launch(&w.finish(), [1; 3], [64, 1, 1], &[], &[x.argument()], Bounds::Checked).unwrap_err();
    assert!(error.contains("divergence") && error.contains("threads 0-9 wait at barrier"), "{error}");
    assert!(error.contains(":31") && error.contains("threads 10-63 have returned"), "{error}");
}

#[test]
fn a_loop_that_does_not_end() {
    for bounds in [Bounds::Checked, Bounds::Trusted] {
        let mut w = Writer::new("endless");
        let x = w.slice::<i32>("x", true);
        let (zero, never) = (w.int(0), w.int(1));
        // A loop in which nothing happens would be left out.
        let l = w.0.begin_loop(Some(1000), 41);
        w.load(DType::I32, x, zero, 42);
        let same = w.op(BinaryOp::Eq, zero, never);
        w.0.begin_if(same);
        w.0.break_(l);
        w.0.end_if();
        w.0.end_loop();
        let v = w.0.constant(Scalar::new(1i32));
        w.store(x, zero, v, 43);
        let x = memory(&[0i32]);
        let error = launch(&w.finish(), [2, 1, 1], [32, 1, 1], &[], &[x.argument()], bounds).unwrap_err();
        assert!(error.contains("endless loop: block 0, thread 0") && error.contains(":41"), "{error}");
    }
}

/// What shuffles, votes and atomics give, against their definition.
#[test]
fn warps_exchange_and_vote() {
    let kinds = [Shuffle::Lane, Shuffle::Xor, Shuffle::Down, Shuffle::Up];
    let mut w = Writer::new("exchange");
    let (x, out) = (w.slice::<f64>("x", false), w.slice::<f64>("out", true));
    let votes = w.slice::<i64>("votes", true);
    let thread = w.fact(Fact::ThreadIndex(0));
    let (value, five) = (w.load(DType::F64, x, thread, 1), w.int(5));
    let block = w.fact(Fact::BlockExtent(0));
    for (k, kind) in kinds.into_iter().enumerate() {
        let other = w.0.act(Effect::Shuffle(kind), &[value, five], Some(DType::F64), 2).unwrap();
        let k = w.int(k as i64);
        let row = w.op(BinaryOp::Mul, k, block);
        let at = w.op(BinaryOp::Add, row, thread);
        w.store(out, at, other, 3);
    }
    let three = w.0.constant(Scalar::new(3.0f64));
    let small = w.op(BinaryOp::Lt, value, three);
    // Of every other thread of a warp, and of all.
    let (two, one, zero) = (w.int(2), w.int(1), w.int(0));
    let half = w.op(BinaryOp::Rem, thread, two);
    let (half, all) = (w.op(BinaryOp::Eq, half, one), w.op(BinaryOp::Ge, thread, zero));
    let questions = [
        (Vote::Any, small),
        (Vote::All, small),
        (Vote::Ballot, small),
        (Vote::Any, half),
        (Vote::All, half),
        (Vote::Ballot, half),
        (Vote::Any, all),
        (Vote::All, all),
        (Vote::Ballot, all),
    ];
    for (k, (vote, asked)) in questions.into_iter().enumerate() {
        let dtype = if vote == Vote::Ballot { DType::I64 } else { DType::Bool };
        let result = w.0.act(Effect::Vote(vote), &[asked], Some(dtype), 4).unwrap();
        let cast = MapOp::Unary(lazuli_core::UnaryOp::Cast(DType::I64));
        let result = if dtype == DType::I64 { result } else { w.0.map(cast, DType::I64, &[result]) };
        let k = w.int(k as i64);
        let row = w.op(BinaryOp::Mul, k, block);
        let at = w.op(BinaryOp::Add, row, thread);
        w.store(votes, at, result, 5);
    }
    let kernel = w.finish();
    let data: Vec<f64> = (0..64).map(|i| i as f64 / 2.0).collect();
    let x = memory(&data);
    for bounds in [Bounds::Checked, Bounds::Trusted] {
        let (out, votes) = (memory(&[0.0f64; 256]), memory(&[-1i64; 9 * 64]));
        let slices = [x.argument(), out.argument(), votes.argument()];
        launch(&kernel, [1; 3], [64, 1, 1], &[], &slices, bounds).unwrap();
        let (out, votes) = (elements(&out), elements(&votes));
        for i in 0..64usize {
            let (warp, lane) = (i / 32 * 32, i % 32);
            let from = [
                5,
                lane ^ 5,
                if lane + 5 > 31 { lane } else { lane + 5 },
                if lane < 5 { lane } else { lane - 5 },
            ];
            for (k, from) in from.into_iter().enumerate() {
                assert_eq!(out[k * 64 + i], data[warp + from], "{:?} in thread {i}", kinds[k]);
            }
            let answers: Vec<i64> = (0..9).map(|k| votes[k * 64 + i]).collect();
            let few = if warp == 0 { [1, 0, 0b11_1111] } else { [0, 0, 0] };
            assert_eq!(answers[..3], few);
            assert_eq!(answers[3..], [1, 0, 0xaaaa_aaaa, 1, 1, 0xffff_ffff]);
        }
    }
}

/// What 64 threads do at once to twelve elements, and what comes of it in any order: each element's start and end.
fn atomics<T: Element + std::ops::Add<Output = T>>(number: fn(f64) -> T, within_block: bool) {
    let (dtype, float) = (T::DTYPE, T::DTYPE.is_float());
    let cases = [
        ("add", 100.0, 100.0 + 2016.0),
        ("min", 100.0, 0.0),
        (
            "min that is there",
            if dtype == DType::U64 { 0.0 } else { -3.0 },
            if dtype == DType::U64 { 0.0 } else { -3.0 },
        ),
        ("max", 5.0, 63.0),
        ("max that is there", 64.0, 64.0),
        ("exchange", 1.0, 7.0),
        ("compare-exchange, hit", 9.0, 70.0),
        ("compare-exchange, miss", 8.0, 8.0),
        ("compare-exchange of a zero with the other", -0.0, if float { -0.0 } else { 70.0 }),
        ("which one hit", 0.0, 1.0),
        // What exchanges give, with what is left: all that was put there.
        ("sum of exchanged", 0.0, 2016.0 + 500.0),
        ("exchanged", 500.0, 0.0),
    ];
    let mut w = Writer::new("atomics");
    let x = w.slice::<T>("x", true);
    let place = if within_block { w.shared::<T>(Some(cases.len() as u32)) } else { x };
    let at: Vec<Val> = (0..cases.len()).map(|k| w.int(k as i64)).collect();
    let thread = w.fact(Fact::ThreadIndex(0));
    let first = w.op(BinaryOp::Eq, thread, at[0]);
    let copy = |w: &mut Writer, from: Place, to: Place| {
        w.0.begin_if(first);
        for &k in &at {
            let value = w.load(dtype, from, k, 1);
            w.store(to, k, value, 2);
        }
        w.0.end_if();
    };
    if within_block {
        copy(&mut w, x, place);
        w.barrier(3);
    }
    let cast = MapOp::Unary(lazuli_core::UnaryOp::Cast(dtype));
    let own = if dtype == DType::I64 { thread } else { w.0.map(cast, dtype, &[thread]) };
    let change = |w: &mut Writer, op: Atomic, k: usize, operands: &[Val]| {
        let operands: Vec<Val> = [at[k]].iter().chain(operands).copied().collect();
        w.0.act(Effect::Atomic(op, place), &operands, Some(dtype), 4).unwrap()
    };
    let [zero, one, seven, nine, many] =
        [0.0, 1.0, 7.0, 9.0, 70.0].map(|v| w.0.constant(Scalar::from_f64(dtype, v)));
    for (k, op) in [Atomic::Add, Atomic::Min, Atomic::Min, Atomic::Max, Atomic::Max].into_iter().enumerate() {
        change(&mut w, op, k, &[own]);
    }
    change(&mut w, Atomic::Exchange, 5, &[seven]);
    let was = change(&mut w, Atomic::CompareExchange, 6, &[nine, many]);
    change(&mut w, Atomic::CompareExchange, 7, &[nine, many]);
    change(&mut w, Atomic::CompareExchange, 8, &[zero, many]);
    let hit = w.op(BinaryOp::Eq, was, nine);
    w.0.begin_if(hit);
    change(&mut w, Atomic::Add, 9, &[one]);
    w.0.end_if();
    let was = change(&mut w, Atomic::Exchange, 11, &[own]);
    change(&mut w, Atomic::Add, 10, &[was]);
    if within_block {
        w.barrier(5);
        copy(&mut w, place, x);
    }
    let kernel = w.finish();
    for bounds in [Bounds::Checked, Bounds::Trusted] {
        let memory = memory(&cases.map(|(_, start, _)| number(start)));
        launch(&kernel, [1; 3], [64, 1, 1], &[], &[memory.argument()], bounds).unwrap();
        let mut found = elements(&memory);
        // Which exchange was the last is open; all of them together are not.
        let last = found.pop().unwrap();
        found[10] = found[10] + last;
        for ((what, _, end), found) in cases.into_iter().zip(found) {
            assert_eq!(
                found.to_bits64(),
                number(end).to_bits64(),
                "{what} of {dtype}, {bounds:?}: {found:?}"
            );
        }
    }
}

#[test]
fn atomics_of_every_kind() {
    for within_block in [false, true] {
        atomics(|v| v as f32, within_block);
        atomics(|v| v, within_block);
        atomics(|v| v as i32, within_block);
        atomics(|v| v as i64, within_block);
        atomics(|v| v as u64, within_block);
    }
}

/// Axes: each thread writes where it is.
#[test]
fn threads_and_blocks_have_three_axes() {
    let mut w = Writer::new("places");
    let out = w.slice::<i64>("out", true);
    let mut all = Vec::new();
    for axis in 0..3 {
        all.push((w.fact(Fact::BlockIndex(axis)), w.fact(Fact::GridExtent(axis))));
    }
    for axis in 0..3 {
        all.push((w.fact(Fact::ThreadIndex(axis)), w.fact(Fact::BlockExtent(axis))));
    }
    // Mixed radix, the last axis fastest.
    let (mut at, thousand) = (w.int(0), w.int(1000));
    let mut code = w.int(0);
    for &(index, extent) in &all {
        let (scaled, shifted) = (w.op(BinaryOp::Mul, at, extent), w.op(BinaryOp::Mul, code, thousand));
        at = w.op(BinaryOp::Add, scaled, index);
        code = w.op(BinaryOp::Add, shifted, index);
    }
    w.store(out, at, code, 1);
    let kernel = w.finish();
    let extents = [2u32, 3, 4, 5, 2, 3];
    let out = memory(&vec![-1i64; extents.iter().product::<u32>() as usize]);
    for bounds in [Bounds::Checked, Bounds::Trusted] {
        launch(&kernel, [2, 3, 4], [5, 2, 3], &[], &[out.argument()], bounds).unwrap();
        for (i, &code) in elements(&out).iter().enumerate() {
            let (mut rest, mut expected, mut unit) = (i as i64, 0, 1);
            for &n in extents.iter().rev() {
                expected += rest % i64::from(n) * unit;
                rest /= i64::from(n);
                unit *= 1000;
            }
            assert_eq!(code, expected, "{i}");
        }
    }
}
