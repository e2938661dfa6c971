//! Random functions: a sample of the language, the same for every engine.
//!
//! [`writer`] writes them. A function is known by its number, whoever asks: [`each`] says which one failed, and
//! `LAZULI_RANDOM_FUNCTIONS=4711..4712` tries that one alone (see `scripts/functions`).

use super::calls::call;
use super::ops::edges;
use super::*;
use std::ops::Range;

mod writer;

pub(crate) use writer::random_function;

/// As many tests share the functions, so that they run at the same time.
pub(crate) const PARTS: usize = 4;
/// Statements of a long function, at most. There are few of these: engines compile one in the time of several short ones.
const LONG: usize = 30;
/// Statements of a short one.
const SHORT: usize = 4;
/// What arguments and results are: mostly what most programs use.
const TYPES: [DType; 13] = {
    use DType::*;
    [F32, F32, F64, F64, I32, I32, I64, I64, U8, U64, Bool, F16, BF16]
};

/// Tries this part of the functions, each on some values: as many as the environment asks for (`N`, or the numbers
/// `A..B`), or of the first 2,000.
pub(crate) fn each(part: usize, mut check: impl FnMut(&[NodeRef])) {
    let (mut tried, mut long, mut loops) = (0, 0, 0);
    for number in asked().unwrap_or(0..2000).filter(|n| n % PARTS == part) {
        let at_work = AtWork::new(number);
        let mut random = Random((number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        // An odd number, so that each part has its share.
        let is_long = number % 17 == 0;
        let (most, longest) = if is_long { (LONG, 500) } else { (SHORT, 70) };
        let arguments: Vec<DType> = (0..2 + random.below(2)).map(|_| random.of(&TYPES)).collect();
        let results: Vec<DType> = (0..1 + random.below(2)).map(|_| random.of(&TYPES)).collect();
        let f = random_function(&mut random, most, &arguments, &results);
        let n = 1 + random.below(longest);
        let inputs: Vec<NodeRef> = arguments.iter().map(|&dtype| values(&mut random, dtype, n)).collect();
        let inputs: Vec<&NodeRef> = inputs.iter().collect();
        check(&(0..results.len()).map(|r| call(&f, r as u16, &inputs)).collect::<Vec<_>>());
        (tried, long, loops) = (tried + 1, long + is_long as usize, loops + f.loops() as usize);
        drop(at_work);
    }
    println!("part {part}: {tried} functions, {long} of them long, {loops} with loops");
    assert!(tried < 100 || loops * 4 > tried, "{loops} functions loop");
}

/// The numbers that the environment asks for.
fn asked() -> Option<Range<usize>> {
    let text = std::env::var("LAZULI_RANDOM_FUNCTIONS").ok()?;
    let (from, to) = text.split_once("..").unwrap_or(("0", &text));
    let number = |s: &str| s.parse().expect("LAZULI_RANDOM_FUNCTIONS is `N` or `A..B`");
    Some(number(from)..number(to))
}

/// The function that is tried now. Says which it was when a test fails, and with `LAZULI_TRACE` before it is tried,
/// as LLVM may end the process.
struct AtWork(usize);

impl AtWork {
    fn new(number: usize) -> AtWork {
        if std::env::var_os("LAZULI_TRACE").is_some() {
            eprintln!("function {number}");
        }
        AtWork(number)
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("this was function {0}: LAZULI_RANDOM_FUNCTIONS={0}..{1}", self.0, self.0 + 1);
        }
    }
}

/// Values of a type; now and then one value everywhere, whose loops and branches no engine needs masks for.
fn values(random: &mut Random, dtype: DType, n: usize) -> NodeRef {
    if random.below(4) == 0 {
        let bits = random_bits(random, dtype);
        return broadcast(&node(Op::Const(Scalar { dtype, bits }), &[], dtype, &[]), &[n]);
    }
    let bits: Vec<u64> = (0..n).map(|_| random_bits(random, dtype)).collect();
    leaf_of(dtype, &[n], &bits)
}

/// A value of a type, now and then at the edges of its domain.
fn random_bits(random: &mut Random, dtype: DType) -> u64 {
    if random.below(8) == 0 { random.of(&edges(dtype)) } else { random.bits(dtype) }
}
