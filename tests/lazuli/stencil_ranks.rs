//! Stencils of many axes, and of as many elements as may be seen, against the definition.

use crate::engines::*;
use crate::stencils::{edge, numbers, same};
use crate::support::*;
use lazuli::prelude::*;

/// What is seen from place `p` of an array at a distance, by the definition.
fn seen<T: Copy>(x: &[T], shape: &[usize], rules: &[&str], beyond: T, mut p: usize, distance: &[isize]) -> T {
    let (mut place, mut step) = (0, 1);
    for axis in (0..shape.len()).rev() {
        let n = shape[axis];
        match edge(rules[axis], (p % n) as isize + distance[axis], n) {
            Some(i) => place += i * step,
            None => return beyond,
        }
        (p, step) = (p / n, step * n);
    }
    x[place]
}

macro_rules! cubes {
    ($($name:ident [$($rule:meta),*] $rules:expr;)*) => {$(
        mod $name {
            #[lazuli::stencil($($rule),*)]
            pub fn cube(u: &[[[f32]]], k: f32) -> f32 {
                let near = u[-1][0][0] + u[1][0][0] - u[0][-2][0] + u[0][1][1];
                u[0][0][0] + k * (near - u[1][0][-1] + u[0][0][2] - 2.0 * u[-1][1][-3])
            }
        }
    )*
        #[test]
        fn three_axes() {
            for shape in [[1, 1, 1], [2, 1, 3], [3, 4, 5], [1, 6, 33], [4, 5, 70]] {
                let (x, k) = (numbers(shape.iter().product()), 0.375);
                $({
                    let rules: [&str; 3] = $rules;
                    let point = |p: usize| {
                        let at = |i, j, l| seen(&x, &shape, &rules, -2.5, p, &[i, j, l]);
                        let near = at(-1, 0, 0) + at(1, 0, 0) - at(0, -2, 0) + at(0, 1, 1);
                        at(0, 0, 0) + k * (near - at(1, 0, -1) + at(0, 0, 2) - 2.0 * at(-1, 1, -3))
                    };
                    let expected: Vec<f32> = (0..x.len()).map(point).collect();
                    same(&format!("{rules:?} {shape:?}"), &expected, |d| {
                        $name::cube(shaped(d, &shape, &x), k)
                    });
                })*
            }
        }
    };
}
cubes! {
    nearest [nearest] ["nearest"; 3];
    constant [constant(-2.5)] ["constant"; 3];
    each [constant(-2.5), nearest, mirror] ["constant", "nearest", "mirror"];
}

#[test]
fn six_axes() {
    #[lazuli::stencil(nearest, wrap, constant(7), reflect, mirror, nearest)]
    fn ahead(u: &[[[[[[i64]]]]]]) -> i64 {
        u[0][0][0][0][0][0]
            + 2 * u[1][0][0][0][0][0]
            + 3 * u[0][-1][0][0][0][0]
            + 5 * u[0][0][1][0][0][0]
            + 7 * u[0][0][0][-1][0][0]
            + 11 * u[0][0][0][0][1][0]
            + 13 * u[0][0][0][0][0][-1]
    }
    let rules = ["nearest", "wrap", "constant", "reflect", "mirror", "nearest"];
    for shape in [[2, 3, 2, 2, 3, 4], [1, 2, 1, 1, 2, 19]] {
        let x: Vec<i64> = (0..shape.iter().product::<usize>() as i64).map(|i| i * 37 % 101).collect();
        let point = |p: usize| {
            let weighted = [(0, 1, 2), (1, -1, 3), (2, 1, 5), (3, -1, 7), (4, 1, 11), (5, -1, 13)];
            let one = |(axis, distance, weight): (usize, isize, i64)| {
                let mut along = [0; 6];
                along[axis] = distance;
                weight * seen(&x, &shape, &rules, 7, p, &along)
            };
            x[p] + weighted.map(one).iter().sum::<i64>()
        };
        let expected: Vec<i64> = (0..x.len()).map(point).collect();
        same(&format!("six axes of {shape:?}"), &expected, |d| ahead(shaped(d, &shape, &x)));
        // Behind as many axes of no window.
        let twice: Vec<i64> = expected.iter().chain(&expected).copied().collect();
        let stack: Vec<usize> = [2, 1].iter().chain(&shape).copied().collect();
        let both: Vec<i64> = x.iter().chain(&x).copied().collect();
        same("a stack of them", &twice, |d| ahead(shaped(d, &stack, &both)));
    }
}

macro_rules! seeing {
    ($($distance:literal)*) => {
        /// The distances.
        const DISTANCES: &[isize] = &[$($distance),*];

        #[lazuli::stencil(nearest)]
        fn most(u: &[i64]) -> i64 {
            $(u[$distance] +)* 0
        }
        #[lazuli::stencil(nearest)]
        fn one_more(u: &[i64]) -> i64 {
            $(u[$distance] +)* u[64]
        }
        /// Whether there is an element counts for none.
        #[lazuli::stencil(constant(3))]
        fn most_or_constants(u: &[i64]) -> i64 {
            $(u[$distance] +)* 0
        }
    };
}
seeing! {
    -64 -63 -62 -61 -60 -59 -58 -57 -56 -55 -54 -53 -52 -51 -50 -49 -48 -47 -46 -45 -44 -43 -42 -41 -40 -39 -38
    -37 -36 -35 -34 -33 -32 -31 -30 -29 -28 -27 -26 -25 -24 -23 -22 -21 -20 -19 -18 -17 -16 -15 -14 -13 -12 -11
    -10 -9 -8 -7 -6 -5 -4 -3 -2 -1 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28
    29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
}

#[test]
fn at_most_128_elements_are_seen() {
    assert_eq!(DISTANCES.len(), 128);
    let n = 150;
    let x: Vec<i64> = (0..n as i64).map(|i| i * 37 % 101).collect();
    let expected = |rule: &str| -> Vec<i64> {
        let point = |p| DISTANCES.iter().map(|&d| seen(&x, &[n], &[rule], 3, p, &[d])).sum();
        (0..n).map(point).collect()
    };
    let (nearest, constant) = (expected("nearest"), expected("constant"));
    for device in engines() {
        let what = format!("128 elements on {device}");
        assert_bits(&what, &most(on(&device, &x)), &nearest, |i| format!("element {i}"));
        assert_bits(&what, &most_or_constants(on(&device, &x)), &constant, |i| format!("element {i}"));
    }
    let line = line!() + 1;
    let text = message(&one_more(Array::from_vec(x)));
    assert!(text.starts_with("one_more: a stencil sees 128 elements at most"), "{text}");
    assert!(text.contains(&format!("stencil_ranks.rs:{line}:")), "{text}");
}
