//! Each workload fused, op by op, and in `ndarray`.
//!
//! `cargo bench --bench fused_vs_unfused [-- W3]`; `LAZULI_BENCH_SCALE=0.1` takes a tenth of the data. Before anything
//! is timed, the fused result must equal the one op by op to the bit, and `ndarray`'s within its own error.
#![allow(missing_docs)] // criterion's macros make public items

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};

mod workloads;

use workloads::{Owned, WORKLOADS, inputs, largest_error};

fn scale() -> f64 {
    match std::env::var("LAZULI_BENCH_SCALE") {
        Ok(text) => text.parse().expect("LAZULI_BENCH_SCALE is a number"),
        Err(_) => 1.0,
    }
}

fn fused_vs_unfused(criterion: &mut Criterion) {
    let filter = std::env::args().skip(1).find(|arg| arg.starts_with('W'));
    let scale = scale();
    for (work, case) in
        WORKLOADS.iter().flat_map(|(work, cases)| cases.iter().map(move |case| (*work, *case)))
    {
        let name = format!("{work}/{case}");
        if filter.as_ref().is_some_and(|filter| !name.contains(filter.as_str())) {
            continue; // criterion would filter too, but only after the data were made
        }
        let hosts = inputs(work, case, scale).expect("a workload of the list");
        let ours = workloads::lazuli(work, case, &hosts, Owned::Caller).expect("a workload of the list");
        let theirs = workloads::ndarray(work, case, &hosts).expect("a workload of the list");
        drop(hosts);

        let fused = ours().and_then(|answer| answer.numbers()).expect("fused");
        let single = lazuli::fusion(false, || ours().and_then(|answer| answer.numbers())).expect("op by op");
        let expected = theirs().and_then(|answer| answer.numbers()).expect("ndarray");
        let bits = |all: &[Vec<f64>]| all.iter().flatten().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert!(bits(&fused) == bits(&single), "{name}: fused and op by op differ");
        let (error, most) = (largest_error(&fused, &expected), if case == "f64" { 1e-9 } else { 1e-3 });
        assert!(error < most, "{name}: differs from ndarray by {error:e} of the largest value");
        drop((fused, single, expected));

        let mut group = criterion.benchmark_group(work);
        group
            .sample_size(10)
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_secs(1));
        group.sampling_mode(if work == "W13" { SamplingMode::Auto } else { SamplingMode::Flat });
        group.bench_function(BenchmarkId::new("fused", case), |b| b.iter(|| black_box(ours())));
        group.bench_function(BenchmarkId::new("op by op", case), |b| {
            lazuli::fusion(false, || b.iter(|| black_box(ours())));
        });
        group.bench_function(BenchmarkId::new("ndarray", case), |b| b.iter(|| black_box(theirs())));
        group.finish();
    }
}

criterion_group!(benches, fused_vs_unfused);
criterion_main!(benches);
