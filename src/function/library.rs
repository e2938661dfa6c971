//! Methods that are made of operations, written in the language itself: so both expansions agree.
//!
//! Without branches, so that a function which uses them stays a straight line.

use crate::{Float, Integer, Real};
use lazuli_macros::vectorize;

/// The larger of two; a NaN only if both are. (`f64::max`.)
#[vectorize]
pub fn max<T: Real>(a: T, b: T) -> T {
    (a != a).select(b, (b != b).select(a, a.maximum(b)))
}

/// The smaller of two; a NaN only if both are. (`f64::min`.)
#[vectorize]
pub fn min<T: Real>(a: T, b: T) -> T {
    (a != a).select(b, (b != b).select(a, a.minimum(b)))
}

/// As `Array::clamp`: total, whatever the bounds are.
#[vectorize]
pub fn clamp<T: Real>(x: T, low: T, high: T) -> T {
    x.maximum(low).minimum(high)
}

/// The nearest whole number, half away from zero. (`f64::round`.)
#[vectorize]
pub fn round<T: Float>(x: T) -> T {
    let whole = x.trunc();
    // What is cut off is exact, and so is the next whole number where anything is cut off.
    let next = whole + (1.0).copysign(x);
    ((x - whole).abs() >= 0.5).select(next, whole)
}

/// What `trunc` cuts off.
#[vectorize]
pub fn fract<T: Float>(x: T) -> T {
    x - x.trunc()
}

/// The logarithm to any base.
#[vectorize]
pub fn log<T: Float>(x: T, base: T) -> T {
    x.ln() / base.ln()
}

/// Radians to degrees: times 180 / pi, rounded to T.
#[vectorize]
pub fn to_degrees<T: Float>(x: T) -> T {
    x * 57.29577951308232
}

/// Degrees to radians: times pi / 180, rounded to T.
#[vectorize]
pub fn to_radians<T: Float>(x: T) -> T {
    x * 0.017453292519943295
}

/// Both.
#[vectorize]
pub fn sin_cos<T: Float>(x: T) -> (T, T) {
    (x.sin(), x.cos())
}

/// Has it the sign bit? A NaN counts as positive.
#[vectorize]
pub fn is_sign_negative<T: Float>(x: T) -> bool {
    (1.0).copysign(x) < 0.0
}

/// Has it no sign bit? A NaN counts as positive.
#[vectorize]
pub fn is_sign_positive<T: Float>(x: T) -> bool {
    (1.0).copysign(x) > 0.0
}

/// Above 0?
#[vectorize]
pub fn is_positive<T: Integer>(x: T) -> bool {
    x > T::default()
}

/// Below 0?
#[vectorize]
pub fn is_negative<T: Integer>(x: T) -> bool {
    x < T::default()
}

/// Is the remainder 0? For a divisor of 0: is x?
#[vectorize]
pub fn is_multiple_of<T: Integer>(x: T, y: T) -> bool {
    // x % 0 is 0 here.
    (y == T::default()).select(x == y, x % y == T::default())
}

/// The remainder that is not negative. (`f64::rem_euclid`; by an integer 0 it is 0.)
#[vectorize]
pub fn rem_euclid<T: Real>(x: T, y: T) -> T {
    let r = x % y;
    (r < T::default()).select(r + y.abs(), r)
}
