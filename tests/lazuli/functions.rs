//! Every math function in machine code against the portable engine: the same bits, on some 200,000
//! points each.
//!
//! The points are stratified: every exponent of either sign (so subnormal and huge arguments, on
//! both sides of every bound), everyday ones, and the neighbours of one and of multiples of pi/2.
//! They come twice: shuffled, so that vectors need common and cold paths at once, and sorted, so
//! that whole vectors take one path.

use crate::engines::*;
use crate::for_types;
use lazuli::prelude::*;

const POINTS: usize = 100_000;

trait Points: Sample + Float {
    /// Bits of the exponent and the sign, and those below them.
    const STRATA: (u64, u32);
}
impl Points for f32 {
    const STRATA: (u64, u32) = (1 << 9, 23);
}
impl Points for f64 {
    const STRATA: (u64, u32) = (1 << 12, 52);
}

/// Shuffled points, then the same in order.
fn points<T: Points>(seed: u64) -> Vec<T> {
    let mut rng = Rng(seed);
    let (strata, below) = T::STRATA;
    let one = |_: usize| -> T {
        match rng.below(8) {
            0..4 => {
                // Half the mantissas are short: few bits, or almost all of them.
                let mantissa = rng.bits() >> (64 - below);
                let mantissa = match rng.below(4) {
                    0 => mantissa & (mantissa << (below / 2)),
                    1 => mantissa | (mantissa >> (below / 3)),
                    _ => mantissa,
                };
                T::from_bits64((rng.bits() % strata) << below | mantissa & ((1 << below) - 1))
            }
            4 => T::near(rng.unit() * 200.0 - 100.0),
            5 => T::near(rng.unit() * 8.0 - 4.0),
            6 => {
                let k = 1 + rng.bits() % (1 << (1 + rng.below(40)));
                let near = T::near(k as f64 * std::f64::consts::FRAC_PI_2).to_bits64();
                T::from_bits64(near + rng.bits() % 5 - 2)
            }
            _ => {
                T::from_bits64(T::near(1.0).to_bits64() + rng.bits() % (1 << (1 + rng.below(20))) - (1 << 10))
            }
        }
    };
    let mut all: Vec<T> = (0..POINTS - 7).map(one).collect();
    all.extend(T::special());
    let mut sorted = all.clone();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap_or_else(|| a.to_bits64().cmp(&b.to_bits64())));
    all.extend(sorted);
    all
}

#[track_caller]
fn same<T: Points>(name: &str, data: &[&[T]], f: impl Fn(&[Array<T>]) -> Array<T>) {
    let run = |device: &Device| f(&data.iter().map(|v| on(device, v)).collect::<Vec<_>>());
    let expected = run(&Device::portable()).to_vec().unwrap();
    let what = format!("{name} of {}", T::DTYPE);
    for device in others() {
        assert_bits(&format!("{what} on {device}"), &run(&device), &expected, |i| {
            data.iter().map(|v| format!("{:?} ({:#x}) ", v[i], v[i].to_bits64())).collect()
        });
    }
}

#[test]
fn of_one_argument() {
    for_types!(T in [f32 f64] {
        let data = points::<T>(1);
        macro_rules! check {
            ($($name:ident)*) => {$( same(stringify!($name), &[&data], |x| x[0].$name()); )*};
        }
        check!(
            exp exp2 exp_m1 ln ln_1p log2 log10 sqrt cbrt recip rsqrt sin cos tan asin acos atan sinh cosh tanh
            asinh acosh atanh erf erfc sigmoid abs sign signum floor ceil round trunc to_degrees to_radians
        );
        for n in [-7, -1, 0, 3, 10] {
            same(&format!("powi {n}"), &[&data], |x| x[0].powi(n));
        }
    });
}

#[test]
fn of_two_arguments() {
    for_types!(T in [f32 f64] {
        let (a, b) = (points::<T>(2), points::<T>(3));
        // And arguments of similar size, whose results are not all extreme.
        let mut rng = Rng(4);
        let mut close = || (0..POINTS).map(|_| T::near(rng.ill() * 10.0)).collect::<Vec<T>>();
        let (c, d) = (close(), close());
        for data in [[&a[..], &b], [&c, &d], [&d, &c]] {
            macro_rules! check {
                ($($name:ident)*) => {$( same(stringify!($name), &data, |x| x[0].$name(&x[1])); )*};
            }
            check!(pow atan2 hypot copysign maximum minimum remainder floor_div);
            same("pow of positive", &data, |x| x[0].abs().pow(&x[1]));
            same("%", &data, |x| &x[0] % &x[1]);
            same("/", &data, |x| &x[0] / &x[1]);
        }
    });
}
