//! Random functions in the language of `#[vectorize]`: what compiled Rust gives, element by element, every engine
//! gives for arrays, to the bit.
//!
//! The functions stand in `functions.rs`, written by `scripts/random_programs`; another seed gives others
//! (`scripts/functions --source N`). They go the whole way from tokens to machine code. Many more, from the builder
//! on, are in `backends/src/llvm/tests/calls.rs`.

use crate::engines::*;
use lazuli::prelude::*;

/// Results: bits of each, element by element.
trait Results {
    fn bits(self) -> Vec<Vec<u64>>;
}

/// The results of scalars.
trait Scalars {
    fn bits(self) -> Vec<u64>;
}

/// All NaNs are one.
#[allow(clippy::eq_op)]
fn bits<T: Element>(v: T) -> u64 {
    if v != v { u64::MAX - 1 } else { v.to_bits64() }
}

fn column<T: Element>(x: &Array<T>) -> Vec<u64> {
    x.to_vec().unwrap_or_else(|e| panic!("{e}")).into_iter().map(bits).collect()
}

macro_rules! results {
    ($($name:ident $n:tt),+) => {
        impl<$($name: Element),+> Results for ($(Array<$name>,)+) {
            fn bits(self) -> Vec<Vec<u64>> {
                lazuli::eval(($(&self.$n,)+)).unwrap_or_else(|e| panic!("{e}"));
                vec![$(column(&self.$n)),+]
            }
        }
        impl<$($name: Element),+> Scalars for ($($name,)+) {
            fn bits(self) -> Vec<u64> {
                vec![$(bits(self.$n)),+]
            }
        }
    };
}
results!(A 0, B 1);
results!(A 0, B 1, C 2);

impl<T: Element> Results for Array<T> {
    fn bits(self) -> Vec<Vec<u64>> {
        vec![column(&self)]
    }
}

macro_rules! scalars {
    ($($t:ty)*) => {$(
        impl Scalars for $t {
            fn bits(self) -> Vec<u64> {
                vec![bits(self)]
            }
        }
    )*};
}
scalars!(bool i32 i64 u8 u64 f32 f64);

/// Arguments: half of them small, so that comparisons go either way, and all that is special.
fn arguments<T: Sample>(seed: usize) -> Vec<T> {
    let (special, mut rng) = (T::special(), Rng(seed as u64));
    let mut one = |_| match rng.below(6) {
        0 => special[rng.below(special.len())],
        1 => T::any(&mut rng),
        2 => T::near(rng.ill()),
        _ => T::near(rng.unit() * 8.0 - 2.0),
    };
    (0..83).map(&mut one).collect()
}

fn check<A: Sample, B: Sample, C: Sample, S: Scalars, R: Results>(
    (name, number): (&str, usize),
    scalar: impl Fn(A, B, C) -> S,
    array: impl Fn(&Array<A>, &Array<B>, &Array<C>) -> R,
) {
    let (a, b, c) = (arguments::<A>(number), arguments::<B>(number + 1000), arguments::<C>(number + 2000));
    let expected: Vec<Vec<u64>> = (0..a.len()).map(|i| scalar(a[i], b[i], c[i]).bits()).collect();
    for device in engines() {
        let got = array(&on(&device, &a), &on(&device, &b), &on(&device, &c)).bits();
        for (i, expected) in expected.iter().enumerate() {
            let got: Vec<u64> = got.iter().map(|column| column[i]).collect();
            let (a, b, c) = (a[i], b[i], c[i]);
            assert!(
                got == *expected,
                "{name}({a:?}, {b:?}, {c:?}) on {device}: {got:x?}, and by compiled Rust {expected:x?}"
            );
        }
    }
}

/// The functions, and a test of all.
macro_rules! programs {
    ($($f:ident: $a:ident $b:ident $c:ident => $($r:ident)+;)*) => {
        #[test]
        fn random_programs() {
            let mut number = 0;
            $(
                number += 1;
                super::check::<$a, $b, $c, _, _>((stringify!($f), number), |a, b, c| $f(a, b, c), |a, b, c| $f(a, b, c));
            )*
            assert!(number > 0);
        }
    };
}

#[allow(warnings, clippy::all)]
#[rustfmt::skip]
mod functions;
