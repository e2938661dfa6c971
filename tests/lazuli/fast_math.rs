//! Scopes in which products need not be rounded by themselves: the same bits on every engine, and those of a
//! `mul_add` written out.

use crate::engines::*;
use crate::support::*;
use lazuli::FastMath;
use lazuli::prelude::*;

fn data(k: usize) -> Vec<f32> {
    (0..203).map(|i| ((i * 7919 + k * 31) % 1009) as f32 * 0.013 - 6.0).collect()
}

/// On every engine, what `fast` records in the scope has the bits that `exact` has outside.
#[track_caller]
fn same<T: Element>(
    fast: impl Fn(&Array<f32>, &Array<f32>, &Array<f32>) -> Array<T>,
    exact: impl Fn(&Array<f32>, &Array<f32>, &Array<f32>) -> Array<T>,
) {
    let at = |d: &Device, k| on(d, &data(k));
    let portable = Device::portable();
    let expected = values(&exact(&at(&portable, 0), &at(&portable, 1), &at(&portable, 2)));
    for d in engines() {
        let y = lazuli::fast_math(FastMath::CONTRACT, || fast(&at(&d, 0), &at(&d, 1), &at(&d, 2)));
        assert_bits(&d.to_string(), &y, &expected, |i| format!("element {i}"));
    }
}

#[test]
fn products_are_taken_in() {
    same(|a, b, c| a * b + c, |a, b, c| a.mul_add(b, c));
    same(|a, b, c| c + a * b, |a, b, c| a.mul_add(b, c));
    same(|a, b, c| a * b - c, |a, b, c| a.mul_add(b, -c));
    same(|a, b, c| c - a * b, |a, b, c| (-a).mul_add(b, c));
    // Of two, the right one.
    same(|a, b, c| a * b + b * c, |a, b, c| b.mul_add(c, a * b));
    same(|a, b, c| a * b - b * c, |a, b, c| (-b).mul_add(c, a * b));
    // A product that is read elsewhere too keeps its own rounding there.
    same(|a, b, c| (a * b + c) / (a * b), |a, b, c| a.mul_add(b, c) / (a * b));
    same(|a, b, c| (a * b + c).lt(0.5), |a, b, c| a.mul_add(b, c).lt(0.5));
}

#[test]
fn what_is_written_outside_of_the_scope_stays() {
    let exact = |a: &Array<f32>, b: &Array<f32>, c: &Array<f32>| values(&(a * b + c));
    let [a, b, c] = [0, 1, 2].map(|k| Array::from_vec(data(k)));
    assert_eq!(values(&(&a * &b + &c)), exact(&a, &b, &c));
    // A product from outside is rounded, whoever adds it.
    let product = &a * &b;
    let sum = lazuli::fast_math(FastMath::CONTRACT, || &product + &c);
    assert_eq!(values(&sum), exact(&a, &b, &c));
    // So is one that is added outside.
    let product = lazuli::fast_math(FastMath::CONTRACT, || &a * &b);
    assert_eq!(values(&(product + &c)), exact(&a, &b, &c));
    let nested =
        lazuli::fast_math(FastMath::CONTRACT, || lazuli::fast_math(FastMath::empty(), || &a * &b + &c));
    assert_eq!(values(&nested), exact(&a, &b, &c));
    // A panic leaves the scope.
    let caught = std::panic::catch_unwind(|| lazuli::fast_math(FastMath::CONTRACT, || panic!("on purpose")));
    assert!(caught.is_err());
    assert_eq!(values(&(&a * &b + &c)), exact(&a, &b, &c));
    // Both in one plan.
    let fast = lazuli::fast_math(FastMath::CONTRACT, || &a * &b + &c);
    let both = values(&(fast - (&a * &b + &c)));
    assert!(both.iter().any(|&d| d != 0.0));
}

#[vectorize]
fn turns(x: f32, y: f32, c: f32) -> f32 {
    let (mut z, mut n) = (x, 0);
    while n < 20 && z * z + y * y < 40.0 {
        z = z * z - y * c;
        n += 1;
    }
    z
}

#[vectorize]
fn turns_by_hand(x: f32, y: f32, c: f32) -> f32 {
    let (mut z, mut n) = (x, 0);
    while n < 20 && y.mul_add(y, z * z) < 40.0 {
        z = (-y).mul_add(c, z * z);
        n += 1;
    }
    z
}

#[vectorize]
fn flat(x: f32, y: f32, c: f32) -> f32 {
    x * y + c
}

#[test]
fn functions_are_contracted_as_a_whole() {
    same(|a, b, c| flat(a, b, c), |a, b, c| a.mul_add(b, c));
    same(|a, b, c| turns(a, b, c), |a, b, c| turns_by_hand(a, b, c));
    // One function, both ways, in one plan.
    let [a, b, c] = [0, 1, 2].map(|k| Array::from_vec(data(k)));
    let exact = turns(&a, &b, &c);
    let fast = lazuli::fast_math(FastMath::CONTRACT, || turns(&a, &b, &c));
    lazuli::eval((&exact, &fast)).unwrap();
    assert_eq!(values(&fast), values(&turns_by_hand(&a, &b, &c)));
    assert_ne!(values(&fast), values(&exact));
    // Scalars are compiled Rust.
    assert_eq!(lazuli::fast_math(FastMath::CONTRACT, || flat(1.1, 1.3, -1.43)), flat(1.1, 1.3, -1.43));
    #[lazuli::stencil(wrap)]
    fn slope(u: &[f32], k: f32) -> f32 {
        u[0] + k * u[1]
    }
    let shifted = lazuli::fast_math(FastMath::CONTRACT, || slope(&a, 0.3));
    let [first, rest] = [a.slice(s![..1]), a.slice(s![1..])];
    let expected = rest.mul_add(0.3, a.slice(s![..202]));
    assert_eq!(values(&shifted)[..202], values(&expected));
    assert_eq!(values(&shifted)[202..], values(&first.mul_add(0.3, a.slice(s![202..]))));
}

#[test]
fn halves_and_integers_are_as_they_were() {
    let a = Array::from_vec((0..100).map(|i| f16::from_f32(i as f32 * 0.37)).collect::<Vec<_>>());
    let exact = values(&(&a * &a + &a));
    assert_eq!(values(&lazuli::fast_math(FastMath::all(), || &a * &a + &a)), exact);
    let n = Array::arange(0, 100, 1);
    assert_eq!(values(&lazuli::fast_math(FastMath::all(), || &n * &n - &n)), values(&(&n * &n - &n)));
}

#[test]
fn checked_as_it_was_planned() {
    if !alone("fast_math::checked_as_it_was_planned") {
        return;
    }
    lazuli::verify(true);
    let [a, b, c] = [0, 1, 2].map(|k| Array::from_vec(data(k)));
    let fast = || lazuli::fast_math(FastMath::CONTRACT, || &a * &b + &c);
    assert_eq!(values(&fast()), values(&a.mul_add(&b, &c)));
    let stepwise = lazuli::fusion(false, || values(&fast()));
    assert_eq!(stepwise, values(&(&a * &b + &c)));
}
