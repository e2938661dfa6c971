//! Calls of vectorised functions: where these stand, what they take, fuse with and refuse.

use crate::engines::*;
use crate::support::*;
use crate::vectorize::{N, collatz, gauss, gcd, lanes, mixed};
use lazuli::prelude::*;

/// Fuses with what is around it: straight lines are operations like others.
#[test]
fn straight_lines_fuse() {
    let x = Array::linspace(-1.0f32, 1.0, N);
    let sum = (gauss(&x + 1.0) * 2.0).sum(..);
    assert_eq!(sum.explain().kernels(), 1);
    let expected = (((-(&x + 1.0) * (&x + 1.0)).exp()) * 2.0).sum(..);
    assert_eq!(sum.item().unwrap(), expected.item().unwrap());
}

mod inner {
    use lazuli::prelude::*;

    pub struct Physics;
    impl Physics {
        /// A function of a type.
        #[vectorize]
        pub fn energy(m: f32, v: f32) -> f32 {
            const HALF: f32 = 0.5;
            HALF * m * v.powi(2)
        }
    }

    #[vectorize]
    pub fn scaled<const K: i64>(x: i64) -> i64 {
        x * K
    }

    #[vectorize]
    pub fn convert<A, B>(x: A) -> B
    where
        A: Real,
        B: Real,
    {
        (x + A::one()) as B
    }
}

#[test]
fn functions_stand_anywhere() {
    let v = Array::from_vec((0..N).map(|i| i as f32).collect::<Vec<_>>());
    assert_array(&inner::Physics::energy(2.0, &v), &[N], &values(&(&v * &v)));
    assert_eq!(inner::scaled::<3, _>(5), 15);
    lanes(mixed(N), |x| inner::scaled::<-7, _>(x), |x| inner::scaled::<-7, _>(x));
    lanes(mixed(N), |x| inner::convert::<i64, f32, _>(x), |x| inner::convert(x));
    lanes(mixed(N), |x| inner::convert::<i64, u8, _>(x), |x| inner::convert(x));
}

#[vectorize]
fn blend(a: f32, b: f32, t: f64, inside: bool) -> f64 {
    let t = if inside { t.clamp(0.0, 1.0) } else { t };
    a as f64 * (1.0 - t) + b as f64 * t
}

#[test]
fn arguments_broadcast() {
    let a = Array::linspace(0.0f32, 1.0, 67);
    let t = Array::linspace(-1.0, 2.0, 5).reshape([5, 1]);
    let inside = Array::from_shape_vec([2, 1, 1], vec![true, false]).unwrap();
    let y = blend(&a, 3.5, &t, &inside);
    let mut expected = Vec::new();
    for inside in [true, false] {
        for t in values(&t) {
            expected.extend(values(&a).iter().map(|&a| blend(a, 3.5, t, inside)));
        }
    }
    assert_array(&y, &[2, 5, 67], &expected);
    // No elements, no axes, and views.
    assert_array(&gauss(&Array::zeros([0, 3])), &[0, 3], &[]);
    assert_array(&blend(&Array::zeros([0]), 1.0, 0.5, true), &[0], &[]);
    assert_array(&gauss(&Array::scalar(1.0)), &[], &[gauss(1.0)]);
    assert_array(&collatz(&Array::scalar(27)).0, &[], &[111]);
    let turned = a.flip(0).slice(s![..;3]);
    assert_array(&gauss(&turned), &[23], &values(&turned).iter().map(|&x| gauss(x)).collect::<Vec<_>>());
}

/// The values of scalars are in no key: another one compiles nothing.
#[test]
fn scalars_are_no_structure() {
    let x = Array::from_vec(mixed(N));
    values(&gcd(&x, 12));
    let ((), stats) = lazuli::stats_scope(|| {
        values(&gcd(&x, 35));
    });
    assert_eq!(stats.kernels_compiled, 0);
}

#[test]
fn errors_are_values() {
    let (a, b) = (Array::<f32>::zeros([3, 4]), Array::<f32>::zeros([5]));
    let line = line!() + 1;
    let bad = blend(&a, &b, 0.0, true);
    let told = message(&bad);
    assert!(told.starts_with("blend: shapes [3, 4] and [5] cannot be broadcast together"), "{told}");
    assert!(told.contains(&format!("vectorize_calls.rs:{line}:")), "{told}");
    // Handed on, and by every result.
    let sum = &a + &b;
    assert_eq!(message(&gauss(&sum)), message(&sum));
    let (x, y) = collatz(&Array::zeros([2]).reshape([3]));
    assert!(message(&x).starts_with("reshape: ") && message(&x) == message(&y));
    let other = Array::<f32>::ones([3]).to_device(&Device::portable());
    if other.device() != Device::default() {
        let told = message(&blend(&Array::ones([3]), &other, 0.0, true));
        assert!(told.starts_with("blend: arrays on different devices"), "{told}");
    }
}

mod circle {
    use lazuli::prelude::*;

    #[vectorize]
    pub fn even(n: i64) -> bool {
        if n == 0 { true } else { odd(n - 1) }
    }

    #[vectorize]
    pub fn odd(n: i64) -> bool {
        if n == 0 { false } else { even(n - 1) }
    }
}

#[test]
fn functions_that_call_each_other_in_a_circle_are_refused() {
    assert!(circle::even(10));
    let told = message(&circle::even(&Array::from_vec(mixed(N))));
    assert!(told.starts_with("even: `even` calls itself, by way of others: write a loop"), "{told}");
}

#[test]
fn functions_are_written_once_on_many_threads() {
    let x = Array::from_vec(mixed(N));
    let expected: Vec<i64> = mixed(N).iter().map(|&n| gcd(n, 21)).collect();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_array(&gcd(&x, 21), &[N], &expected));
        }
    });
}

/// The compiler's words about a function are about what was written, and about nothing else.
#[deny(warnings)]
mod words {
    use lazuli::prelude::*;

    #[vectorize]
    #[expect(unused_variables, unused_mut, unused_assignments)]
    pub fn careless(x: f32, unused: f32) -> f32 {
        let mut never = 1.0f32;
        let nobody = 2.0f32;
        let mut late = x;
        late = 3.0;
        x + never
    }

    #[vectorize]
    #[expect(non_snake_case, reason = "names stay as they are")]
    pub fn parentheses(X: f32, _: i64) -> (f32, bool) {
        let y = (X + 1.0) * (2.0);
        let (a, _) = if (y > 1.0) && (X < 2.0) { (y, 1) } else { (X, 2) };
        (a, (a > 0.0) || (a < -1.0))
    }

    #[vectorize]
    pub fn endless(n: i64) -> i64 {
        let mut i = n;
        loop {
            i += 1;
            if i % 7 == 0 {
                return i;
            }
        }
    }
}

#[test]
fn careless_functions_work() {
    assert_eq!(words::careless(1.0, 2.0), 2.0);
    assert_array(&words::careless(&Array::ones([N]), 1.0), &[N], &[2.0; N]);
    assert_array(&words::parentheses(&Array::ones([N]), 1).0, &[N], &[4.0; N]);
    lanes(mixed(N), words::endless, words::endless);
}

/// Goes round as long as it can halve, and leaves when it was enough.
#[vectorize]
fn halvings(x: i64, most: i64) -> (i64, i64) {
    let (mut n, mut turns) = (x, 0);
    while n % 2 == 0 {
        if turns == most {
            return (-n, turns);
        }
        n /= 2;
        turns += 1;
    }
    (n, turns)
}

/// Calls it for its neighbours, and in a branch for itself.
#[lazuli::stencil(reflect)]
fn halved(u: &[i64], most: i64) -> (i64, i64) {
    let (near, turns) = halvings(u[-1] + u[2], most);
    if turns > 1 {
        return (near, turns);
    }
    let own = halvings(u[0], turns + 3);
    (own.0 - near, own.1 * 10)
}

#[test]
fn stencils_call_vectorised_functions() {
    let x: Vec<i64> = (0..997).map(|i| (i * 37 % 101 + 1) << (i % 5)).collect();
    let at = |i: usize, d: isize| x[crate::stencils::edge("reflect", i as isize + d, x.len()).unwrap()];
    let each = |i: usize| {
        let (near, turns) = halvings(at(i, -1) + at(i, 2), 6);
        if turns > 1 {
            return (near, turns);
        }
        let own = halvings(at(i, 0), turns + 3);
        (own.0 - near, own.1 * 10)
    };
    let (first, second): (Vec<i64>, Vec<i64>) = (0..x.len()).map(each).unzip();
    assert!(second.contains(&6) && second.contains(&30) && second.contains(&0));
    everywhere(|device, engine| {
        let (a, b) = halved(on(device, &x), 6);
        assert_bits(engine, &a, &first, |i| format!("the value of element {i}"));
        assert_bits(engine, &b, &second, |i| format!("the turns of element {i}"));
    });
}
