//! What is wrong with generalised functions: shapes, indices, loops; and the line that errors name.

use crate::engines::*;
use crate::guvectorize::{cross, extremes, product};
use crate::support::*;
use lazuli::prelude::*;

#[lazuli::guvectorize("(m,n),(n)->(m)")]
fn matvec(a: &[[f32]], x: &[f32], y: &mut [f32]) {
    for i in 0..m * n {
        y[i / n] += a[i / n][i % n] * x[i % n];
    }
}

#[lazuli::guvectorize("(n),()->()")]
fn picked(x: &[f64], at: i64, y: &mut f64) {
    *y = x[at];
}

#[lazuli::guvectorize("(m,n),()->(m)")]
fn beyond(x: &[[f32]], column: i32, y: &mut [f32]) {
    for i in 0..m {
        y[i] = x[i][column];
    }
}

#[lazuli::guvectorize("(n)->(n)")]
fn written_beyond(x: &[f32], y: &mut [f32]) {
    for i in 0..n {
        y[i + 1] += x[i];
    }
}

#[lazuli::guvectorize("()->()", max_iterations = 50)]
fn countdown(x: i64, y: &mut i64) {
    let mut left = x;
    while left != 0 {
        left -= 1;
        *y += 1;
    }
}

/// The error of an evaluation.
#[track_caller]
fn fails<T: Element>(x: &Array<T>, words: &[&str]) {
    let text = x.to_vec().unwrap_err().to_string();
    for word in words {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
    // Asked again it is the same: nothing is lost.
    assert_eq!(x.to_vec().unwrap_err().to_string(), text);
}

#[test]
fn indices_out_of_range() {
    let place = format!("guvectorize_errors.rs:{}", line_of("*y = x[at];"));
    for device in engines() {
        let x = Array::arange(0.0f64, 40.0, 1.0).reshape([8, 5]).to_device(&device);
        assert_eq!(values(&picked(&x, 4))[1], 9.0);
        for index in [5i64, -1, i64::MAX, i64::MIN] {
            let range = format!("index {index} is out of range for axis 0 of `x`, of length 5, in `picked`");
            fails(&picked(&x, index), &["picked: ", &range, &place]);
        }
        // The first point that fails speaks, whoever computes it.
        let indices: Vec<i64> = (0..4000).map(|i| if i < 1000 { i % 5 } else { i }).collect();
        let many = picked(x.slice(s![0, ..]), on(&device, &indices));
        fails(&many, &["index 1000 is out of range"]);
        let x = x.cast::<f32>();
        fails(&beyond(&x, 7), &["index 7 is out of range for axis 1 of `x`, of length 5, in `beyond`"]);
        fails(&beyond(&x, -1).sum(..), &["index -1 is out of range for axis 1 of `x`"]);
        fails(&written_beyond(&x), &["index 5 is out of range for axis 0 of `y`, of length 5"]);
        // An array of which there is nothing to take.
        let none = Array::<f64>::zeros([3, 0]).to_device(&device);
        fails(&picked(&none, 0), &["index 0 is out of range for axis 0 of `x`, of length 0"]);
    }
}

/// The line of this file where `text` stands first.
fn line_of(text: &str) -> usize {
    include_str!("guvectorize_errors.rs").lines().position(|line| line.contains(text)).expect("a line") + 1
}

#[test]
fn loops_that_do_not_end() {
    for device in engines() {
        let x = on(&device, &[3i64, 50, 0]);
        assert_array(&countdown(&x), &[3], &[3, 50, 0]);
        let error = countdown(on(&device, &[3i64, 51, -1])).to_vec().unwrap_err().to_string();
        let place = format!("guvectorize_errors.rs:{}", line_of("while left != 0"));
        for words in ["a loop of `countdown`", &place, "took more turns than its `max_iterations`"] {
            assert!(error.contains(words), "no {words:?} in {error}");
        }
    }
}

#[test]
fn shapes_that_do_not_fit() {
    let x = |shape: &[usize]| Array::<f32>::zeros(shape);
    let line = line!() + 1;
    let y = matvec(x(&[3, 4]), x(&[5]));
    let text = message(&y);
    for words in [
        "matvec: ",
        "`n` cannot be both 4 and 5",
        "`a` of shape [3, 4] and `x` of shape [5]",
        "(m,n),(n)->(m)",
        &format!("guvectorize_errors.rs:{line}:"),
    ] {
        assert!(text.contains(words), "no {words:?} in: {text}");
    }
    let wrong = |text: String, words: &str| assert!(text.contains(words), "no {words:?} in: {text}");
    wrong(message(&matvec(x(&[4]), x(&[4]))), "`a` of shape [4] has too few axes: 1, and 2 are its own");
    wrong(
        message(&matvec(x(&[2, 3, 4]), x(&[3, 4]))),
        "the outer axes do not broadcast: `a` of shape [2, 3, 4] and `x` of shape [3, 4]",
    );
    wrong(message(&cross(x(&[4]), x(&[3]))), "`a` of shape [4] has 4 elements where 3 are needed");
    // Inner axes are not broadcast.
    wrong(message(&matvec(x(&[3, 4]), x(&[1]))), "`n` cannot be both 4 and 1");
    // Of several results each tells.
    let bad = x(&[2, 3]).reshape([7]);
    let (low, high) = extremes(&bad);
    assert_eq!(message(&low), message(&high));
    wrong(message(&low), "reshape");
    // More elements than there can be.
    let n = 1usize << 40;
    let huge = Array::<f64>::zeros([1]).broadcast_to([n]);
    let all = product(huge.reshape([n, 1]), huge.reshape([1, n]));
    wrong(message(&all), "more elements than memory can address");
    let mixed = matvec(x(&[3, 4]), x(&[4]).to_device(&Device::portable()));
    wrong(message(&mixed), "arrays on different devices");
}
