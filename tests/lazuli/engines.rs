//! Helpers for the tests that hold all engines to the same bits.
//!
//! [`everywhere`] runs a check on each engine, fused and op by op. [`assert_bits`] compares with
//! what the rules of `docs/NUMERICS.md` give, computed in plain Rust by the caller: every bit
//! counts, but all NaNs are equal. [`Sample`] has, for each element type, the values at which
//! arithmetic goes wrong, and random ones. [`Rng`] is a small generator, the same on every run.

use lazuli::prelude::*;
use std::fmt::Debug;

/// All engines: of the CPU (in a build without LLVM one under two names), the simulator of a GPU,
/// and the first GPU where there is one.
pub fn engines() -> Vec<Device> {
    let mut all = vec![Device::cpu(), Device::portable()];
    all.extend(grids());
    all
}

/// All engines but the interpreter, which the others are held against.
pub fn others() -> Vec<Device> {
    engines().into_iter().filter(|d| *d != Device::portable()).collect()
}

/// The engines that run kernels as grids of threads; where `LAZULI_TEST_GRIDS` names one, `cuda` or
/// `simulator`, that one alone, which must be there then.
pub fn grids() -> Vec<Device> {
    let must = |device: Result<Device, lazuli::Error>| vec![device.unwrap_or_else(|e| panic!("{e}"))];
    match std::env::var("LAZULI_TEST_GRIDS").as_deref() {
        Ok("cuda") => must(Device::cuda(0)),
        Ok("simulator") => must(Device::cuda_simulator()),
        Ok(other) => panic!("LAZULI_TEST_GRIDS is {other:?}: it must be cuda or simulator"),
        Err(_) => [Device::cuda_simulator(), Device::cuda(0)].into_iter().flatten().collect(),
    }
}

/// Runs `f` for each engine, fused and op by op. `f` gets a name for messages.
pub fn everywhere(f: impl Fn(&Device, &str)) {
    for device in engines() {
        f(&device, &format!("{device}, fused"));
        lazuli::fusion(false, || f(&device, &format!("{device}, op by op")));
    }
}

/// The vector on a device.
#[track_caller]
pub fn on<T: Element>(device: &Device, data: &[T]) -> Array<T> {
    Array::from_vec(data.to_vec()).to_device(device)
}

/// The vector in this shape on a device.
#[track_caller]
pub fn shaped<T: Element>(device: &Device, shape: &[usize], data: &[T]) -> Array<T> {
    on(device, data).reshape(shape)
}

/// The same bits, or both NaN.
#[allow(clippy::eq_op)]
pub fn same_bits<T: Element>(a: T, b: T) -> bool {
    a.to_bits64() == b.to_bits64() || (a != a && b != b)
}

/// Asserts the bits of all elements. `describe` tells of what element `i` was made.
#[track_caller]
pub fn assert_bits<T: Element>(what: &str, x: &Array<T>, expected: &[T], describe: impl Fn(usize) -> String) {
    assert_same(what, x, expected, &describe);
}

#[track_caller]
fn assert_same<T: Element>(what: &str, x: &Array<T>, expected: &[T], describe: &dyn Fn(usize) -> String) {
    let got = x.to_vec().unwrap_or_else(|e| panic!("{what}: {e}"));
    assert_eq!(got.len(), expected.len(), "{what}: number of elements");
    let wrong: Vec<usize> = (0..got.len()).filter(|&i| !same_bits(got[i], expected[i])).collect();
    if let Some(&i) = wrong.first() {
        let (g, e) = (got[i], expected[i]);
        panic!(
            "{what}: {} of {} elements differ; [{i}] of {}: got {g:?} ({:#x}), expected {e:?} ({:#x})",
            wrong.len(),
            got.len(),
            describe(i),
            g.to_bits64(),
            e.to_bits64()
        );
    }
}

/// Checks what `f` gives on all engines, fused and op by op, against `expected`.
#[track_caller]
fn check_all<T: Element>(
    name: &str,
    f: &dyn Fn(&Device) -> Array<T>,
    expected: &[T],
    describe: &dyn Fn(usize) -> String,
) {
    for device in engines() {
        for fused in [true, false] {
            let what = format!("{name} on {device}, {}", if fused { "fused" } else { "op by op" });
            lazuli::fusion(fused, || assert_bits(&what, &f(&device), expected, describe));
        }
    }
}

/// Checks a function of one array against a function of one value, on all engines.
#[track_caller]
pub fn check1<T: Element, U: Element>(
    name: &str,
    data: &[T],
    f: impl Fn(&Array<T>) -> Array<U>,
    g: impl Fn(T) -> U,
) {
    let expected: Vec<U> = data.iter().map(|&v| g(v)).collect();
    let name = format!("{name} of {}", T::DTYPE);
    check_all(&name, &|d| f(&on(d, data)), &expected, &|i| format!("{:?}", data[i]));
}

/// Checks a function of two arrays against a function of two values, on all engines.
#[track_caller]
pub fn check2<T: Element, U: Element>(
    name: &str,
    (a, b): &(Vec<T>, Vec<T>),
    f: impl Fn(&Array<T>, &Array<T>) -> Array<U>,
    g: impl Fn(T, T) -> U,
) {
    let expected: Vec<U> = a.iter().zip(b).map(|(&v, &w)| g(v, w)).collect();
    let name = format!("{name} of {}", T::DTYPE);
    let describe = |i: usize| format!("{:?}, {:?}", a[i], b[i]);
    check_all(&name, &|d| f(&on(d, a), &on(d, b)), &expected, &describe);
}

/// Checks a function of three arrays against a function of three values, on all engines.
#[track_caller]
pub fn check3<T: Element, U: Element>(
    name: &str,
    (a, b, c): &(Vec<T>, Vec<T>, Vec<T>),
    f: impl Fn(&Array<T>, &Array<T>, &Array<T>) -> Array<U>,
    g: impl Fn(T, T, T) -> U,
) {
    let expected: Vec<U> = (0..a.len()).map(|i| g(a[i], b[i], c[i])).collect();
    let name = format!("{name} of {}", T::DTYPE);
    let describe = |i: usize| format!("{:?}, {:?}, {:?}", a[i], b[i], c[i]);
    check_all(&name, &|d| f(&on(d, a), &on(d, b), &on(d, c)), &expected, &describe);
}

/// SplitMix64.
pub struct Rng(pub u64);

impl Rng {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.bits() >> 32) * n as u64 >> 32) as usize
    }

    /// In 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Either sign, magnitudes of six decades: sums of these depend on their order.
    pub fn ill(&mut self) -> f64 {
        (self.unit() - 0.5) * 10f64.powf(self.unit() * 6.0 - 3.0)
    }
}

/// Element types, with values to test them with.
pub trait Sample: Element + Debug {
    /// The values at which arithmetic goes wrong.
    fn special() -> Vec<Self>;
    /// The nearest value to a number; numbers out of range saturate.
    fn near(v: f64) -> Self;

    /// Any value, by its bits.
    fn any(rng: &mut Rng) -> Self {
        Self::from_bits64(rng.bits())
    }

    /// All pairs of special values, then random ones, and a tail that fills no vector.
    fn pairs(random: usize) -> (Vec<Self>, Vec<Self>) {
        let special = Self::special();
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for &v in &special {
            for &w in &special {
                a.push(v);
                b.push(w);
            }
        }
        let mut rng = Rng(random as u64);
        while a.len() % 64 != 13 || a.len() < special.len() * special.len() + random {
            a.push(Self::any(&mut rng));
            // Half of them of similar size, so that they interact.
            let scale = rng.unit() * 4.0 - 2.0;
            let other = if rng.below(2) == 0 { Self::any(&mut rng) } else { Self::near(scale) };
            b.push(other);
        }
        (a, b)
    }

    /// Special values, then random ones, and a tail that fills no vector.
    fn values(random: usize) -> Vec<Self> {
        let mut rng = Rng(random as u64 + 1);
        let mut a = Self::special();
        let n = a.len() + random;
        while a.len() % 64 != 13 || a.len() < n {
            a.push(if rng.below(2) == 0 { Self::any(&mut rng) } else { Self::near(rng.ill() * 10.0) });
        }
        a
    }

    /// Triples, most of them of special values.
    fn triples(n: usize) -> (Vec<Self>, Vec<Self>, Vec<Self>) {
        let (special, mut rng) = (Self::special(), Rng(n as u64 + 2));
        let mut one = || -> Vec<Self> {
            (0..n)
                .map(|_| match rng.below(3) {
                    0 => special[rng.below(special.len())],
                    1 => Self::any(&mut rng),
                    _ => Self::near(rng.ill()),
                })
                .collect()
        };
        (one(), one(), one())
    }
}

macro_rules! integer_samples {
    ($($t:ty)*) => {$(
        impl Sample for $t {
            #[allow(overflowing_literals)]
            fn special() -> Vec<$t> {
                let mut v: Vec<$t> = (0..=9).collect();
                v.extend([12, 15, 16, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 200, 254, 255 as $t]);
                for &top in &[<$t>::MAX, <$t>::MAX / 2, <$t>::MIN] {
                    v.extend([top.wrapping_sub(1), top, top.wrapping_add(1), top.wrapping_add(2)]);
                }
                v.extend((1..=8).map(|k: $t| (0 as $t).wrapping_sub(k)));
                v.sort_unstable();
                v.dedup();
                v
            }
            fn near(v: f64) -> $t {
                (v * 10.0) as $t
            }
            fn any(rng: &mut Rng) -> $t {
                // Of all sizes.
                (rng.bits() as $t) >> rng.below(<$t>::BITS as usize)
            }
        }
    )*};
}
integer_samples!(i32 i64 u8 u64);

impl Sample for bool {
    fn special() -> Vec<bool> {
        vec![false, true]
    }
    fn near(v: f64) -> bool {
        v > 0.5
    }
}

/// Values of either sign that mean something in every format, given its landmarks.
macro_rules! float_samples {
    ($($t:ty, $from:expr, $least:expr, $subnormal:expr, $normal:expr, $max:expr, $eps:expr;)*) => {$(
        impl Sample for $t {
            fn special() -> Vec<$t> {
                let f = $from;
                let mut v: Vec<$t> = [0.0, 1.0, 0.5, 1.5, 2.5, 2.0, 3.0, 7.0, 0.1, 1.0 / 3.0, 100.25, 4097.0, 1e-3]
                    .into_iter().map(f).collect();
                v.extend([$least, $subnormal, $normal, $max, f(1.0 + $eps), f(1.0 - $eps / 2.0)]);
                v.extend([f(0.5 / $eps), f(0.5 / $eps + 0.5), f(f64::INFINITY), f(f64::NAN)]);
                let minus: Vec<$t> = v.iter().map(|&v| -v).collect();
                v.extend(minus);
                v
            }
            fn near(v: f64) -> $t {
                ($from)(v)
            }
        }
    )*};
}
float_samples! {
    f32, |v| v as f32, f32::from_bits(1), f32::from_bits(0x7f_ffff), f32::MIN_POSITIVE, f32::MAX, f32::EPSILON as f64;
    f64, |v: f64| v, f64::from_bits(1), f64::from_bits((1 << 52) - 1), f64::MIN_POSITIVE, f64::MAX, f64::EPSILON;
    f16, f16::from_f64, f16::from_bits(1), f16::from_bits(0x3ff), f16::MIN_POSITIVE, f16::MAX, f16::EPSILON.to_f64();
    bf16, bf16::from_f64, bf16::from_bits(1), bf16::from_bits(0x7f), bf16::MIN_POSITIVE, bf16::MAX, bf16::EPSILON.to_f64();
}

/// Runs `f` once for each of these element types, named `$t`.
#[macro_export]
macro_rules! for_types {
    ($t:ident in [$($ty:ty)*] $body:block) => {$({ type $t = $ty; $body })*};
}
