//! Helpers.

use lazuli::prelude::*;

/// The elements, or a panic with the error.
#[track_caller]
pub fn values<T: Element>(x: &Array<T>) -> Vec<T> {
    x.to_vec().unwrap_or_else(|e| panic!("{e}"))
}

/// Asserts shape and elements. NaN equals NaN.
#[track_caller]
pub fn assert_array<T: Element>(x: &Array<T>, shape: &[usize], expected: &[T]) {
    let got = values(x);
    assert_eq!(x.shape(), shape);
    #[allow(clippy::eq_op)]
    let same = |a: &T, b: &T| a == b || (a != a && b != b);
    assert!(
        got.len() == expected.len() && got.iter().zip(expected).all(|(a, b)| same(a, b)),
        "got {got:?}, expected {expected:?}"
    );
}

/// Asserts shape, and elements within a relative error.
#[track_caller]
pub fn assert_close(x: &Array<f64>, shape: &[usize], expected: &[f64], relative: f64) {
    let got = values(x);
    assert_eq!(x.shape(), shape);
    assert_eq!(got.len(), expected.len());
    for (i, (a, b)) in got.iter().zip(expected).enumerate() {
        let near = a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= relative * b.abs();
        assert!(near, "element {i}: got {a:?}, expected {b:?}");
    }
}

/// The message of a poisoned array.
#[track_caller]
pub fn message<T: Element>(x: &Array<T>) -> String {
    let error = x.error().expect("the array should be poisoned");
    assert_eq!(x.shape(), [0]);
    assert_eq!(x.to_vec().unwrap_err().to_string(), error.to_string());
    error.to_string()
}

/// Runs the test `name` in a process of its own, where memory can be measured. True in there;
/// elsewhere false, after it has succeeded.
pub fn alone(name: &str) -> bool {
    if inner().is_some() {
        return true;
    }
    alone_with(name, "alone", &[]);
    false
}

const INNER: &str = "LAZULI_TEST_ALONE";

/// What `alone_with` called this process; `None` in the first one.
pub fn inner() -> Option<String> {
    std::env::var(INNER).ok()
}

/// Runs the test `name` in a process of its own, which [`inner`] calls `what`, in this environment.
#[track_caller]
pub fn alone_with(name: &str, what: &str, environment: &[(&str, &str)]) {
    let program = std::env::current_exe().expect("the test program");
    let run = std::process::Command::new(program)
        .args(["--exact", name, "--test-threads", "1"])
        .env(INNER, what)
        .envs(environment.iter().copied())
        .output()
        .expect("the test program runs");
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success() && out.contains("1 passed"), "{what}: {}\n{out}\n{err}", run.status);
}
