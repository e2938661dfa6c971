//! Operations of values that are being written down.
//!
//! The traced expansion of a vectorised function calls these, by the names and with the bounds of
//! [`scalar`](super::scalar).

pub use super::expr::Expr;
pub use super::expr::{Frame, Var};
use super::library;
use super::tracer::{self, Turns};
use crate::numbers::{Bitwise, Float, Integer, Number, Real};
use lazuli_core::{BinaryOp, Element, UnaryOp};
use std::panic::Location;

/// What a constant of a function can be.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot be a value of a vectorised function",
    label = "a `{Self}`, which no array holds",
    note = "convert a constant where it stands: `N as i64`; write other values as arguments"
)]
pub trait Constant: Element {}
impl<T: Element> Constant for T {}

/// What can be matched.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot be matched",
    label = "integers and `bool`s can be matched",
    note = "compare floats with `if`"
)]
pub trait Exact: Element {}
impl Exact for bool {}
impl Exact for i32 {}
impl Exact for i64 {}
impl Exact for u8 {}
impl Exact for u64 {}

pub fn lit<T: Constant>(v: T) -> Expr<T> {
    Expr::from(v)
}

pub fn typed<T: Element>(x: Expr<T>) -> Expr<T> {
    x
}

pub fn cast<U: Element, T: Element>(x: Expr<T>) -> Expr<U> {
    if U::DTYPE == T::DTYPE { Expr::of(x.part().0) } else { x.unary(UnaryOp::Cast(U::DTYPE)) }
}

macro_rules! unary {
    ($($bound:ident -> $out:ty: $($name:ident $op:ident)+;)*) => {$($(
        pub fn $name<T: $bound>(x: Expr<T>) -> Expr<$out> {
            x.unary(UnaryOp::$op)
        }
    )+)*};
}
unary! {
    Number -> T: neg Neg;
    Real -> T: abs Abs sign Sign;
    Bitwise -> T: not Not;
    Integer -> T: wrapping_neg Neg;
    Float -> T: sqrt Sqrt recip Recip rsqrt Rsqrt floor Floor ceil Ceil trunc Trunc round_ties_even Round
        cbrt Cbrt exp Exp exp2 Exp2 exp_m1 ExpM1 ln Ln ln_1p Ln1p log2 Log2 log10 Log10 sin Sin cos Cos
        tan Tan asin Asin acos Acos atan Atan sinh Sinh cosh Cosh tanh Tanh asinh Asinh acosh Acosh
        atanh Atanh erf Erf erfc Erfc sigmoid Sigmoid;
    Float -> bool: is_nan IsNan is_inf IsInf is_finite IsFinite;
}

macro_rules! binary {
    ($($bound:ident -> $out:ty: $($name:ident $op:ident)+;)*) => {$($(
        pub fn $name<T: $bound>(a: Expr<T>, b: Expr<T>) -> Expr<$out> {
            a.binary(BinaryOp::$op, b)
        }
    )+)*};
}
binary! {
    Number -> T: add Add sub Sub mul Mul div Div rem Rem;
    Real -> T: maximum Maximum minimum Minimum remainder Remainder floor_div FloorDiv;
    Bitwise -> T: and And or Or xor Xor;
    Integer -> T: shl Shl shr Shr wrapping_add Add wrapping_sub Sub wrapping_mul Mul;
    Float -> T: pow Pow atan2 Atan2 hypot Hypot copysign Copysign;
    Element -> bool: eq Eq ne Ne;
    Exact -> bool: matches Eq;
    Real -> bool: lt Lt le Le gt Gt ge Ge;
}

pub fn signum<T: Real>(x: Expr<T>) -> Expr<T> {
    x.unary(if T::DTYPE.is_float() { UnaryOp::Signum } else { UnaryOp::Sign })
}

pub fn square<T: Number>(x: Expr<T>) -> Expr<T> {
    x.binary(BinaryOp::Mul, x)
}

pub fn powi<T: Number>(x: Expr<T>, n: i32) -> Expr<T> {
    x.unary(UnaryOp::Powi(n))
}

pub fn mul_add<T: Float>(x: Expr<T>, a: Expr<T>, b: Expr<T>) -> Expr<T> {
    x.mul_add_(a, b)
}

pub fn select<T: Element>(c: Expr<bool>, a: Expr<T>, b: Expr<T>) -> Expr<T> {
    c.select_(a, b)
}

// What is written in the language itself, for both expansions.
macro_rules! composed {
    ($($bound:ident: $($name:ident($($a:ident)+) -> $out:ty,)+;)*) => {
        $($(
            pub fn $name<T: $bound>($($a: Expr<T>),+) -> Composed<$out> {
                library::$name($($a),+)
            }
        )+)*
        /// The same of scalars.
        pub mod of_scalars {
            use super::*;
            $($(
                #[inline]
                pub fn $name<T: $bound>($($a: T),+) -> $out {
                    library::$name($($a),+)
                }
            )+)*
        }
    };
}

/// The expression of a type.
type Composed<T> = Expr<T>;

composed! {
    Real: max(a b) -> T, min(a b) -> T, clamp(x low high) -> T, rem_euclid(x y) -> T,;
    Float: round(x) -> T, fract(x) -> T, log(x base) -> T, to_degrees(x) -> T, to_radians(x) -> T,
        is_sign_negative(x) -> bool, is_sign_positive(x) -> bool,;
    Integer: is_positive(x) -> bool, is_negative(x) -> bool, is_multiple_of(x y) -> bool,;
}

pub fn sin_cos<T: Float>(x: Expr<T>) -> (Expr<T>, Expr<T>) {
    library::sin_cos(x)
}

/// The quotient that belongs to `rem_euclid`.
pub fn div_euclid<T: Real>(x: Expr<T>, y: Expr<T>) -> Expr<T> {
    let (zero, one) = (lit(T::default()), lit(T::one()));
    let q = div(x, y);
    let q = if T::DTYPE.is_float() { q.unary(UnaryOp::Trunc) } else { q };
    let step = select(gt(y, zero), one, neg(one));
    select(lt(rem(x, y), zero), sub(q, step), q)
}

#[track_caller]
pub fn begin_if(cond: Expr<bool>) {
    cond.begin_if();
}

pub fn begin_else() {
    tracer::begin_else();
}

pub fn end_if() {
    tracer::end_if();
}

#[track_caller]
pub fn begin_loop(limit: Option<u64>) -> Turns {
    tracer::begin_loop(limit, false, Location::caller().line())
}

/// A loop whose turn begins by asking whether there is one.
#[track_caller]
pub fn begin_while(limit: Option<u64>) -> Turns {
    tracer::begin_loop(limit, true, Location::caller().line())
}

pub fn end_loop() {
    tracer::end_loop();
}

pub fn break_(turns: Turns) {
    tracer::break_(turns);
}

pub fn continue_(turns: Turns) {
    tracer::continue_(turns);
}

/// A value where nobody arrives.
pub fn dead<B: super::Bundle>() -> B {
    B::dead()
}

/// What a `for` counts. Advanced as soon as it is read, so that `continue` goes on.
#[derive(Clone, Copy)]
pub struct Counter<T: Integer> {
    at: Var<Expr<T>>,
    last: Expr<T>,
    /// Is there one more turn? Where counting beyond the end can wrap.
    more: Option<Var<Expr<bool>>>,
    inclusive: bool,
    reversed: bool,
    step: T,
}

pub fn range<T: Integer>(
    from: Expr<T>,
    to: Expr<T>,
    inclusive: bool,
    reversed: bool,
    step: T,
    small: bool,
) -> Counter<T> {
    let one = step == T::one();
    let simple = one && (!inclusive || (small && !reversed));
    let (at, last) = match (reversed, inclusive) {
        (false, _) => (from, to),
        (true, true) => (to, from),
        // Without `more` the count stands one above what is read next.
        (true, false) if simple => (to, from),
        (true, false) => (sub(to, lit(T::one())), from),
    };
    let more = (!simple).then(|| Var::new(if inclusive { le(from, to) } else { lt(from, to) }));
    Counter { at: Var::new(at), last, more, inclusive, reversed, step }
}

impl<T: Integer> Counter<T> {
    /// At the beginning of a turn: leaves the loop, or gives the count.
    pub fn next(self, turns: Turns) -> Expr<T> {
        tracer::ends(turns);
        let leave = |stays: Expr<bool>| {
            begin_if(not(stays));
            break_(turns);
            end_if();
        };
        let (now, step) = (self.at.get(), lit(self.step));
        let Some(more) = self.more else {
            let count = match (self.reversed, self.inclusive) {
                (false, false) => {
                    leave(lt(now, self.last));
                    now
                }
                (false, true) => {
                    leave(le(now, self.last));
                    now
                }
                (true, _) => {
                    leave(lt(self.last, now));
                    sub(now, step)
                }
            };
            self.at.set(if self.reversed { count } else { add(now, step) });
            return count;
        };
        leave(more.get());
        // A step beyond the ends of the type comes back on the other side.
        let next = if self.reversed { sub(now, step) } else { add(now, step) };
        let (onward, within) = match (self.reversed, self.inclusive) {
            (true, _) => (lt(next, now), ge(next, self.last)),
            (false, true) => (gt(next, now), le(next, self.last)),
            (false, false) => (gt(next, now), lt(next, self.last)),
        };
        self.at.set(next);
        more.set(and(onward, within));
        now
    }
}
