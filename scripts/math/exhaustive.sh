#!/usr/bin/env bash
# Runs the f32 form of functions over all 2^32 inputs and prints the largest error of each:
# scripts/math/exhaustive.sh [names...] (all unary functions without names; about 30 s each on two free cores).
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build -q --release -p lazuli-backends --no-default-features --example ulp
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(exp exp2 exp_m1 ln ln_1p log2 log10 sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc cbrt sigmoid)
for name in "${names[@]}"; do
    nice -n 19 cargo run -q --release -p lazuli-backends --no-default-features --example ulp -- \
        "$name" --f32 --exhaustive --threads "$(nproc)"
done
