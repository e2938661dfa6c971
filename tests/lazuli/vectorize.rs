//! `#[vectorize]`: programs with branches and loops, for which scalars and arrays give the same bits.

use crate::engines::{engines, same_bits};
use crate::support::*;
use lazuli::prelude::*;

/// More elements than a block of the interpreter, and no whole number of vectors.
pub const N: usize = 203;

/// Lanes whose loops run very differently: 0, 1, 2, ..., mixed up, some of them far out.
pub fn mixed(n: usize) -> Vec<i64> {
    (0..n as i64).map(|i| if i % 17 == 3 { i * i } else { (i * 37) % 101 - 20 }).collect()
}

/// Compares a function of one argument on all elements of `x`: scalar Rust with every engine.
#[track_caller]
pub fn lanes<T: Element, U: Element>(
    x: Vec<T>,
    scalar: impl Fn(T) -> U,
    array: impl Fn(Array<T>) -> Array<U>,
) {
    let expected: Vec<U> = x.iter().map(|&x| scalar(x)).collect();
    lanes_of(&x, &expected, &array);
}

/// The same of what is computed already.
#[track_caller]
fn lanes_of<T: Element, U: Element>(x: &[T], expected: &[U], array: &dyn Fn(Array<T>) -> Array<U>) {
    for device in engines() {
        let y = array(Array::from_vec(x.to_vec()).to_device(&device));
        let got = values(&y);
        assert_eq!((y.shape(), got.len()), (&[x.len()][..], x.len()));
        for (i, (&a, &b)) in got.iter().zip(expected).enumerate() {
            assert!(same_bits(a, b), "{device}: of {:?}: array {a:?}, scalar {b:?}", x[i]);
        }
    }
}

#[vectorize]
pub fn gauss(x: f32) -> f32 {
    (-x * x).exp()
}

#[test]
fn one_name_for_scalars_and_arrays() {
    let x = Array::from_vec((0..N).map(|i| i as f32 * 0.03 - 3.0).collect::<Vec<_>>());
    let scalars: Vec<f32> = values(&x).iter().map(|&x| gauss(x)).collect();
    assert_array(&gauss(&x), &[N], &scalars);
    assert_array(&gauss(x.clone()), &[N], &scalars);
    assert_array(&gauss(&x), &[N], &values(&(-&x * &x).exp()));
    assert_eq!(gauss(0.0), 1.0);
    let f: fn(f32) -> f32 = gauss;
    assert_eq!(f(0.0), 1.0);
    assert_eq!([0.0, 1.0].map(gauss), [1.0, gauss(1.0)]);
}

/// Escape times.
#[vectorize]
fn mandelbrot(cr: f64, ci: f64, limit: i32) -> i32 {
    let mut zr = 0.0;
    let mut zi = 0.0;
    for n in 0..limit {
        let (rr, ii) = (zr * zr, zi * zi);
        if rr + ii > 4.0 {
            return n;
        }
        zi = 2.0 * zr * zi + ci;
        zr = rr - ii + cr;
    }
    limit
}

#[test]
fn mandelbrot_diverges_lane_by_lane() {
    let cr = Array::linspace(-2.0, 0.6, 101);
    let ci = Array::linspace(-1.2, 1.2, 37).reshape([37, 1]);
    let set = mandelbrot(&cr, &ci, 80);
    let (re, im) = (values(&cr), values(&ci));
    let expected: Vec<i32> =
        im.iter().flat_map(|&ci| re.iter().map(move |&cr| mandelbrot(cr, ci, 80))).collect();
    assert!(expected.contains(&80) && expected.iter().min() < Some(&3));
    assert_array(&set, &[37, 101], &expected);
}

/// Steps to 1, and the highest number on the way.
#[vectorize]
pub fn collatz(n: i64) -> (i32, i64) {
    let (mut n, mut steps, mut top) = (n, 0, n);
    while n > 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        if n > top {
            top = n;
        }
        steps += 1;
    }
    (steps, top)
}

#[test]
fn tuples_come_out() {
    lanes(mixed(N), |n| collatz(n).0, |n| collatz(n).0);
    lanes(mixed(N), |n| collatz(n).1, |n| collatz(n).1);
    // Both in one evaluation.
    let (steps, top) = collatz(&Array::from_vec(mixed(N)));
    lazuli::eval((&steps, &top)).unwrap();
    assert_array(&steps, &[N], &mixed(N).iter().map(|&n| collatz(n).0).collect::<Vec<_>>());
    assert_array(&top, &[N], &mixed(N).iter().map(|&n| collatz(n).1).collect::<Vec<_>>());
    assert_eq!(collatz(27), (111, 9232));
}

/// Newton's square root: generic, and left from within.
#[vectorize]
fn newton<T: Float>(x: T, accuracy: T) -> T {
    if x <= 0.0 {
        return 0.0;
    }
    let mut guess = x;
    loop {
        let next = 0.5 * (guess + x / guess);
        if (next - guess).abs() <= accuracy * next {
            break next;
        }
        guess = next;
    }
}

#[test]
fn generic_over_floats() {
    let x: Vec<f64> = mixed(N).iter().map(|&n| n as f64 * 0.37).collect();
    let narrow: Vec<f32> = x.iter().map(|&x| x as f32).collect();
    lanes(x, |x| newton(x, 1e-12), |x| newton(x, 1e-12));
    lanes(narrow, |x| newton(x, 1e-5), |x| newton(x, 1e-5));
    assert_eq!(newton(9.0, 1e-15), 3.0);
    assert_eq!(newton::<f32, _, _>(9.0, 1e-6), 3.0);
}

#[vectorize]
pub fn gcd(mut a: i64, mut b: i64) -> i64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.abs()
}

#[test]
fn arguments_can_be_variables() {
    let x = mixed(N);
    lanes(x, |x| gcd(x, 36), |x| gcd(x, 36));
    assert_eq!(gcd(48, -36), 12);
}

#[vectorize]
fn name(n: i64, flag: bool) -> i32 {
    const TEN: i64 = 10;
    match n % 16 {
        i64::MIN..=-9 => -2,
        -8..0 => -1,
        0 => 100,
        1 | 3 | 5 => match flag {
            true => 1,
            false => 2,
        },
        TEN => 10,
        odd if odd % 2 == 1 && odd > 10 => odd as i32 * 7,
        small @ 2..=8 => {
            let double = small * 2;
            (double + 1) as i32
        }
        _ => 0,
    }
}

#[test]
fn matches() {
    for flag in [false, true] {
        lanes(mixed(N), |n| name(n, flag), |n| name(n, flag));
    }
    assert_eq!((name(0, true), name(3, false), name(4, true), name(13, true)), (100, 2, 9, 91));
}

#[vectorize]
fn pairs(a: i64, b: bool) -> i64 {
    match (a % 3, b) {
        (0, true) => 1,
        (n, true) if n > 1 => 2,
        (n, _) => n - 10,
    }
}

#[test]
fn tuples_are_matched() {
    for b in [false, true] {
        lanes(mixed(N), |n| pairs(n, b), |n| pairs(n, b));
    }
}

/// The first pair whose product is n, by loops left from within.
#[vectorize]
fn factors(n: i64) -> (i64, i64, i32) {
    let mut turns = 0;
    let mut found = (0, 0);
    'outer: for a in 2..=12 {
        let mut b = a;
        loop {
            turns += 1;
            if a * b > n {
                continue 'outer;
            }
            if a * b == n {
                found = (a, b);
                break 'outer;
            }
            b += 1;
            if b > 40 {
                break;
            }
        }
        if turns > 300 {
            return (-1, -1, turns);
        }
        found.1 -= 1;
    }
    (found.0, found.1, turns)
}

#[test]
fn labels_lead_out_of_nested_loops() {
    lanes(mixed(N), |n| factors(n).0, |n| factors(n).0);
    lanes(mixed(N), |n| factors(n).1, |n| factors(n).1);
    lanes(mixed(N), |n| factors(n).2, |n| factors(n).2);
    assert_eq!((factors(35).0, factors(35).1), (5, 7));
}

/// Returns out of loops in loops, in a function that is called.
#[vectorize]
fn search(n: i64, limit: i64) -> i64 {
    for a in (0..limit).rev() {
        for b in (a..=limit).step_by(3) {
            if a * a + b == n {
                return a * 1000 + b;
            }
        }
        if a == n {
            return -2;
        }
    }
    -1
}

#[vectorize]
fn search_twice(n: i64) -> i64 {
    let first = search(n, 9);
    let second = if first < 0 { search(n + 5, 7) } else { 1 };
    first * 1_000_000 + second
}

#[test]
fn functions_are_called_in_functions() {
    lanes(mixed(N), search_twice, search_twice);
    assert_eq!(search_twice(72), 8_008_000_001);
}

#[vectorize]
fn counts(n: i64) -> i64 {
    let mut sum = 0;
    for i in 0..n {
        if i % 5 == 4 {
            continue;
        }
        sum += i;
    }
    for i in (n..=20).rev() {
        sum = sum * 3 + i;
    }
    for _ in (0..=n).step_by(7) {
        sum ^= 5;
    }
    for i in (0..n).rev().step_by(4) {
        sum = sum * 7 - i;
    }
    for i in (-5..=n).rev().step_by(2) {
        sum = sum * 11 - i;
    }
    sum
}

/// Rust's own ranges, where the function has Lazuli's.
fn counts_in_rust(n: i64) -> i64 {
    let mut sum = 0i64;
    for i in 0..n {
        if i % 5 == 4 {
            continue;
        }
        sum = sum.wrapping_add(i);
    }
    for i in (n..=20).rev() {
        sum = sum.wrapping_mul(3).wrapping_add(i);
    }
    for _ in (0..=n).step_by(7) {
        sum ^= 5;
    }
    for i in (0..n).rev().step_by(4) {
        sum = sum.wrapping_mul(7).wrapping_sub(i);
    }
    for i in (-5..=n).rev().step_by(2) {
        sum = sum.wrapping_mul(11).wrapping_sub(i);
    }
    sum
}

#[test]
fn ranges_are_those_of_rust() {
    for n in mixed(N) {
        assert_eq!(counts(n), counts_in_rust(n), "{n}");
    }
    lanes(mixed(N), counts, counts);
}

/// Ranges that reach the ends of their type.
#[vectorize]
fn ends(from: u8, to: u8) -> u64 {
    let mut n = 0u64;
    for i in from..=to {
        n += i as u64 + 1;
    }
    for i in (from..=to).rev() {
        n = n * 3 + i as u64;
    }
    for i in (from..to).step_by(100) {
        n = n * 5 + i as u64;
    }
    for i in (from..=to).rev().step_by(77) {
        n = n * 5 + i as u64;
    }
    n
}

fn ends_in_rust(from: u8, to: u8) -> u64 {
    let mut n = 0u64;
    (from..=to).for_each(|i| n = n.wrapping_add(i as u64 + 1));
    (from..=to).rev().for_each(|i| n = n.wrapping_mul(3).wrapping_add(i as u64));
    (from..to).step_by(100).for_each(|i| n = n.wrapping_mul(5).wrapping_add(i as u64));
    (from..=to).rev().step_by(77).for_each(|i| n = n.wrapping_mul(5).wrapping_add(i as u64));
    n
}

#[test]
fn counting_stops_at_the_ends_of_a_type() {
    let x: Vec<u8> = (0..=255).step_by(3).chain(250..=255).collect();
    for to in [0, 1, 99, 254, 255] {
        for &from in &x {
            assert_eq!(ends(from, to), ends_in_rust(from, to), "{from} {to}");
        }
        lanes(x.clone(), |from| ends(from, to), |from| ends(from, to));
    }
}

/// Names that shadow each other, blocks with values, values given later.
#[vectorize]
#[allow(clippy::let_and_return, clippy::needless_late_init)]
fn shadows(x: f64, n: i64) -> f64 {
    let y = x + 1.0;
    let x = {
        let mut x = y * 2.0;
        x += 1.0;
        let y = x;
        y - 0.5
    };
    let late;
    let mut z: f64;
    if n > 3 {
        late = x * 3.0;
        z = 1.0;
    } else {
        z = x;
        late = if n > 0 { z } else { return y };
    }
    let t = (x, (late, z));
    let (a, (mut b, _)) = t;
    b -= t.1.1;
    z *= a;
    a + b / z
}

#[test]
fn names_are_resolved_as_in_rust() {
    let x: Vec<f64> = mixed(N).iter().map(|&n| n as f64 * 0.1).collect();
    for n in [-1, 1, 5] {
        lanes(x.clone(), |x| shadows(x, n), |x| shadows(x, n));
    }
    assert_eq!((shadows(1.0, 0), shadows(1.0, 5)), (2.0, 4.5 + 12.5 / 4.5));
}

/// Right sides with effects are left out where Rust leaves them out.
#[vectorize]
fn shortcuts(n: i64) -> i64 {
    let mut seen = 0;
    let both = n > 10 && {
        seen += 1;
        n % 2 == 0
    };
    let any = n > 50
        || {
            seen += 10;
            n < 0
        }
        || both;
    // Would never end for 0.
    let ends = n > 0 && collatz(n).0 > 5;
    seen + 100 * both as i64 + 1000 * any as i64 + 10_000 * (ends ^ both) as i64
}

#[test]
fn shortcuts_are_taken() {
    lanes(mixed(N), shortcuts, shortcuts);
    assert_eq!((shortcuts(12), shortcuts(60)), (1111, 1101));
}

#[vectorize(max_iterations = 50)]
fn bounded(n: i64) -> i64 {
    let mut i = 0;
    while i < n {
        i += 1;
    }
    i
}

#[vectorize(max_iterations = 50)]
fn bounded_loop(n: i64) -> i64 {
    let mut i = 0;
    loop {
        i += 1;
        if i >= n {
            break i;
        }
    }
}

#[vectorize(max_iterations = 50)]
fn bounded_for(n: i64) -> i64 {
    let mut sum = 0;
    for i in 1..=n {
        sum += i;
    }
    sum
}

#[test]
fn loops_can_be_bounded() {
    let most: Vec<i64> = (0..N as i64).map(|i| i % 51).collect();
    let more: Vec<i64> = (0..N as i64).map(|i| i % 52).collect();
    lanes(most.clone(), bounded, bounded);
    lanes(most.clone(), bounded_loop, bounded_loop);
    lanes(most, bounded_for, bounded_for);
    let line = line!() - 33;
    for (name, y) in [
        ("bounded", bounded(Array::from_vec(more.clone()))),
        ("bounded_loop", bounded_loop(Array::from_vec(more.clone()))),
        ("bounded_for", bounded_for(Array::from_vec(more))),
    ] {
        let error = y.to_vec().unwrap_err().to_string();
        let start = format!("{name}: a loop of `{name}` (");
        assert!(
            error.starts_with(&start) && error.contains("took more turns than its `max_iterations`"),
            "{error}"
        );
        if name == "bounded" {
            assert!(error.contains(&format!("vectorize.rs:{line})")), "{error} {line}");
        }
    }
    for f in [bounded::<i64>, bounded_loop, bounded_for] {
        let told = std::panic::catch_unwind(|| f(51)).unwrap_err();
        let told = told.downcast_ref::<String>().unwrap();
        assert!(told.ends_with(": a loop had not ended after 50 turns, its `max_iterations`"), "{told}");
    }
}

#[vectorize(max_iterations = 10)]
fn leaves_from_within(last: i64) -> i64 {
    let mut n = 0;
    while n < 100 {
        n += 1;
        if n == last {
            break;
        }
    }
    n
}

/// The turn in which a loop would leave counts like any other.
#[test]
fn the_last_turn_counts() {
    lanes((1..=10).cycle().take(N).collect(), leaves_from_within, leaves_from_within);
    for device in engines() {
        let one_more = (1..=11).cycle().take(N).collect::<Vec<i64>>();
        let error = leaves_from_within(Array::from_vec(one_more).to_device(&device)).to_vec().unwrap_err();
        assert!(error.to_string().contains("took more turns than its `max_iterations`"), "{device}: {error}");
    }
    assert!(std::panic::catch_unwind(|| leaves_from_within(11)).is_err());
}

#[vectorize]
#[allow(unused_labels)]
fn blocks(n: i64) -> i64 {
    let found = 'block: {
        if n < 0 {
            break 'block -1;
        }
        for i in 0..n {
            if i * i >= n {
                break 'block i;
            }
        }
        n
    };
    // Whose end alone gives the value.
    'unbroken: {
        let twice = found * 2;
        twice
    }
}

#[test]
fn blocks_have_labels() {
    lanes(mixed(N), blocks, blocks);
    assert_eq!((blocks(-3), blocks(10), blocks(0)), (-2, 8, 0));
}
