//! Fusion never changes a result: random programs, computed in several ways, to the same bits.
//!
//! proptest grows recipes (see `recipes`): any operations over any shapes and element types, shared
//! subexpressions, views of views, reductions broadcast back, several roots, values evaluated or
//! dropped on the way. Each is recorded anew for each way and evaluated fused and op by op,
//! by machine code, by the portable interpreter, and as the grid of a GPU. Shapes, element types, errors and all bits
//! have to be the same (NaNs count as equal). A failure shrinks, and is printed as a program.
//!
//! The cases are the same on every run. `LAZULI_CASES` sets how many each test tries, `LAZULI_SEED`
//! which; with `LAZULI_TRACE` each program is printed before it is tried.

use crate::engines::grids;
use crate::recipes::*;
use DType::*;
use lazuli::prelude::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const ALL: &[DType] = &[F32, F64, I32, I64, U8, U64, Bool, F16, BF16, F32, F64];

/// Everything that a program gave.
#[derive(PartialEq)]
struct Outcome {
    errors: Vec<String>,
    values: Vec<Value>,
}

/// An evaluated array: its bits, with one NaN for all.
#[derive(PartialEq)]
struct Value {
    name: String,
    dtype: DType,
    shape: Vec<usize>,
    bits: Vec<u64>,
}

#[allow(clippy::eq_op)]
fn read(name: &str, x: &DynArray) -> Result<Value, lazuli::Error> {
    let bits = typed!(x.dtype(), T => {
        array::<T>(x).to_vec()?.into_iter().map(|v| if v != v { u64::MAX } else { v.to_bits64() }).collect()
    });
    Ok(Value { name: name.into(), dtype: x.dtype(), shape: x.shape().into(), bits })
}

fn run(recipe: &Recipe, device: &Device, fused: bool) -> Outcome {
    lazuli::fusion(fused, || {
        let mut built = recipe.build(device, true);
        let roots: Vec<(String, DynArray)> = recipe.roots.iter().map(|&r| built.value(r)).collect();
        let mut values = std::mem::take(&mut built.values);
        if !recipe.hold {
            values.clear();
        }
        let mut outcome = Outcome { errors: built.errors, values: Vec::new() };
        // The roots, then whatever the program still holds, of which some may be computed by now.
        for together in [&roots, &values] {
            let arrays: Vec<&DynArray> = together.iter().map(|v| &v.1).collect();
            if let Err(error) = lazuli::eval(&arrays[..]) {
                outcome.errors.push(kind(&error));
            }
        }
        for (name, x) in roots.iter().chain(&values) {
            match read(name, x) {
                Ok(value) => outcome.values.push(value),
                Err(error) => outcome.errors.push(kind(&error)),
            }
        }
        outcome
    })
}

/// Where two outcomes differ, in words.
fn difference(expected: &Outcome, got: &Outcome) -> Option<String> {
    if expected.errors != got.errors {
        return Some(format!("errors {:?}, expected {:?}", got.errors, expected.errors));
    }
    for (e, g) in expected.values.iter().zip(&got.values) {
        if (&e.shape, e.dtype) != (&g.shape, g.dtype) {
            return Some(format!(
                "{} is {} {:?}, expected {} {:?}",
                g.name, g.dtype, g.shape, e.dtype, e.shape
            ));
        }
        let wrong: Vec<usize> = (0..e.bits.len()).filter(|&i| e.bits[i] != g.bits[i]).collect();
        if let Some(&i) = wrong.first() {
            let (n, all) = (wrong.len(), e.bits.len());
            let show = |bits: u64| typed!(e.dtype, T => format!("{:?} ({bits:#x})", T::from_bits64(bits)));
            let (g, e) = (
                show(g.bits[i]),
                format!("{}: {n} of {all} differ; [{i}] expected {}", e.name, show(e.bits[i])),
            );
            return Some(format!("{e}, got {g}"));
        }
    }
    None
}

/// Evaluates a recipe in all ways; in two if machine code (which LLVM has to make) is left out.
fn all_agree(recipe: &Recipe, machine_code: bool) -> Result<(), TestCaseError> {
    if std::env::var_os("LAZULI_TRACE").is_some() {
        eprintln!("{recipe:?}");
    }
    let expected = run(recipe, &Device::portable(), false);
    let mut wrong = Vec::new();
    let (cpu, portable) = (Device::cpu(), Device::portable());
    let mut ways =
        vec![(portable, true, 2, false), (cpu, true, 7, !machine_code), (cpu, false, 1, !machine_code)];
    ways.extend(grids().into_iter().map(|grid| (grid, true, 2, !machine_code)));
    for (device, fused, threads, skip) in ways {
        lazuli::set_num_threads(threads);
        if !skip && let Some(how) = difference(&expected, &run(recipe, &device, fused)) {
            let fused = if fused { "fused" } else { "op by op" };
            wrong.push(format!(
                "{device}, {fused}, {threads} threads, differs from portable, op by op: {how}"
            ));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(TestCaseError::fail(wrong.join("\n"))) }
}

fn step() -> impl Strategy<Value = Step> {
    let n = || any::<u8>();
    // Mostly recent values, so that programs grow deep; mostly tame operations, so that they do not
    // end in NaN.
    let x = || prop_oneof![3 => Just(0u8), 3 => 1..4u8, 2 => 0..8u8, 1 => n()];
    let y = || prop_oneof![1 => Just(0u8), 4 => 1..5u8, 2 => 0..9u8, 1 => n()];
    let op = || prop_oneof![3 => 0..6u8, 2 => n()];
    prop_oneof![
        3 => (n(), n(), n()).prop_map(|(dtype, shape, data)| Step::Leaf { dtype, shape, data }),
        4 => (op(), x()).prop_map(|(op, x)| Step::Unary { op, x }),
        1 => (x(), n()).prop_map(|(x, n)| Step::Powi { x, n }),
        3 => (op(), x(), op(), any::<bool>()).prop_map(|(op, x, c, left)| Step::Scalar { op, x, c, left }),
        8 => (op(), x(), y()).prop_map(|(op, x, y)| Step::Binary { op, x, y }),
        1 => (x(), y(), y()).prop_map(|(x, y, z)| Step::MulAdd { x, y, z }),
        1 => (n(), x(), y()).prop_map(|(op, x, y)| Step::Compare { op, x, y }),
        2 => (y(), x(), y()).prop_map(|(m, x, y)| Step::Select { m, x, y }),
        1 => (n(), x()).prop_map(|(dtype, x)| Step::Cast { dtype, x }),
        6 => (n(), x(), any::<u16>()).prop_map(|(op, x, by)| Step::View { op, x, by }),
        4 => (n(), x(), n(), any::<bool>()).prop_map(|(op, x, axes, keep)| Step::Reduce { op, x, axes, keep }),
        4 => (op(), x(), n(), n()).prop_map(|(op, x, reduce, axes)| Step::Back { op, x, reduce, axes }),
        1 => (n(), x(), n()).prop_map(|(op, x, axes)| Step::Rows { op, x, axes }),
        2 => (n(), x(), n(), any::<bool>()).prop_map(|(op, x, axes, keep)| Step::Fold { op, x, axes, keep }),
        2 => (n(), x(), y()).prop_map(|(op, x, y)| Step::Call { op, x, y }),
        1 => (x(), y()).prop_map(|(x, y)| Step::Dot { x, y }),
        1 => x().prop_map(|x| Step::Eval { x }),
        1 => x().prop_map(|x| Step::Forget { x }),
    ]
}

fn recipe(dtypes: &'static [DType], largest: usize, steps: usize) -> impl Strategy<Value = Recipe> {
    let roots = prop_oneof![
        2 => Just(vec![0u8]),
        3 => prop::collection::vec(0..6u8, 1..5),
        1 => prop::collection::vec(any::<u8>(), 4..12),
    ];
    let extents = (0..EXTENTS.len(), 0..EXTENTS.len(), prop_oneof![2usize..5, Just(1), Just(0)]);
    let all = (extents, prop::collection::vec(step(), 1..steps), roots, any::<bool>());
    all.prop_map(move |((a, b, c), steps, roots, hold)| {
        let mut extents = [EXTENTS[a], EXTENTS[b], c];
        while extents.iter().product::<usize>() > largest {
            *extents.iter_mut().max().unwrap() /= 2;
        }
        Recipe { dtypes, largest, extents, steps, roots, hold }
    })
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[track_caller]
fn check(stream: u64, cases: u32, machine_code: bool, recipes: impl Strategy<Value = Recipe>) {
    try_all(stream, cases, recipes, |recipe| all_agree(recipe, machine_code));
}

fn try_all(
    stream: u64,
    cases: u32,
    recipes: impl Strategy<Value = Recipe>,
    test: impl Fn(&Recipe) -> Result<(), TestCaseError>,
) {
    let cases = setting("LAZULI_CASES").map_or(cases, |n| n as u32);
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 3000,
        max_shrink_time: 120_000,
        ..Config::default()
    };
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&setting("LAZULI_SEED").unwrap_or(0).to_le_bytes());
    seed[8..16].copy_from_slice(&stream.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let result = TestRunner::new_with_rng(config, rng).run(&recipes, |recipe| test(&recipe));
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn graphs_of_f32() {
    check(1, 150, true, recipe(&[F32], 20_000, 14));
}

#[test]
fn graphs_of_f64() {
    check(2, 150, true, recipe(&[F64], 20_000, 14));
}

#[test]
fn graphs_of_all_types() {
    check(3, 250, true, recipe(ALL, 10_000, 16));
}

#[test]
fn graphs_of_integers() {
    check(4, 100, true, recipe(&[I64, I32, U8, U64, Bool], 10_000, 14));
}

#[test]
fn graphs_of_16_bit_floats() {
    check(5, 100, true, recipe(&[F16, BF16, F32], 10_000, 12));
}

#[test]
fn large_graphs() {
    check(6, 30, true, recipe(&[F32, F64, I32, Bool], 300_000, 60));
}

#[test]
fn small_graphs() {
    check(7, 500, true, recipe(&[F64, F32], 300, 5));
}

#[test]
fn interpreted_graphs_of_floats() {
    check(8, 1500, false, recipe(&[F64, F32], 10_000, 16));
}

#[test]
fn interpreted_graphs_of_all_types() {
    check(9, 1500, false, recipe(ALL, 5_000, 24));
}

/// On the simulator with every access to memory checked: an error there is a difference here.
#[cfg(feature = "llvm")]
#[test]
fn checked_graphs() {
    let simulator = Device::cuda_simulator().unwrap();
    try_all(10, 100, recipe(ALL, 5_000, 14), |recipe| {
        let expected = run(recipe, &Device::portable(), false);
        lazuli::verify(true);
        let got = run(recipe, &simulator, true);
        lazuli::verify(false);
        match difference(&expected, &got) {
            Some(how) => Err(TestCaseError::fail(how)),
            None => Ok(()),
        }
    });
}
