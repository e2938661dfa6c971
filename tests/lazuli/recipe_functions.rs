//! Functions of one's own among the steps of `recipes`: stencils, reductions, and vectorised functions.

use crate::recipes::{array, cast, floats, numbers};
use lazuli::prelude::*;
use lazuli::{Expr, ReductionKernel};

/// Branches, and a way out before the end.
#[lazuli::vectorize]
fn branching<T: Real>(x: T, y: T) -> T {
    if x > y {
        if y > T::one() {
            return x - y;
        }
        x * y
    } else if y == T::default() {
        x + T::one()
    } else {
        (x + y) * y - x
    }
}

/// Goes round as often as the elements say, 7 times at most, and is left in two ways.
#[lazuli::vectorize]
fn turning<T: Real>(x: T, y: T) -> (T, i32) {
    let (mut a, mut b) = (x, y);
    let mut turns = 0;
    while turns < 7 {
        if a == b {
            return (a + y, turns);
        }
        (a, b) = if a > b { (a - b, b) } else { (b - a, a) };
        turns += 1;
    }
    (if b > T::one() { branching(b, x) } else { a }, turns)
}

/// Results of a vectorised function of two arrays of one type, which broadcast.
pub fn call(op: u8, x: &DynArray, y: &DynArray) -> Vec<(DynArray, &'static str)> {
    numbers!(x.dtype(), T => {
        let (x, y): (Array<T>, Array<T>) = (array(x), array(y));
        if op % 4 == 0 {
            return vec![(branching(&x, &y).into(), "branching")];
        }
        let (value, turns) = turning(&x, &y);
        let (value, turns) = ((value.into(), "turning"), (turns.cast::<T>().into(), "turns"));
        match op % 4 {
            1 => vec![value],
            2 => vec![turns],
            _ => vec![value, turns],
        }
    })
}

/// Results of a reduction whose states are values of several types, and which does not commute.
pub fn fold(op: u8, x: &DynArray, axes: Axes) -> Vec<(DynArray, &'static str)> {
    let (one, other): (DynArray, DynArray) = if op % 2 == 0 {
        let k = ReductionKernel::new(
            "narrow",
            |x: Expr<f32>| (x, x.gt(0.0)),
            (0.5, true),
            |(a, p), (b, q)| (p.select(a - b * 0.5, a + b), q),
            |s| s,
        );
        let (a, p) = k.call(array::<f32>(&cast(x, DType::F32)), axes);
        (a.into(), p.into())
    } else {
        let k = ReductionKernel::new(
            "wide",
            |x: Expr<f64>| (x, Expr::from(1i32), x.cast::<i64>()),
            (0.0, 0, 7),
            |(a, n, i), (b, m, j)| (a.mul_add(0.75, b), n + m, (i << 1) ^ j),
            |(a, n, i)| (a / n.cast::<f64>(), i),
        );
        let (a, i) = k.call(array::<f64>(&cast(x, DType::F64)), axes);
        (a.into(), i.into())
    };
    let (one, other) = ((cast(&one, x.dtype()), "first"), (cast(&other, x.dtype()), "second"));
    match op / 2 % 3 {
        0 => vec![one],
        1 => vec![other],
        _ => vec![one, other],
    }
}

/// A stencil of the array.
pub fn near(by: u16, x: &DynArray) -> (DynArray, String) {
    macro_rules! stencils {
        ($($name:ident($rule:meta $(, $more:meta)?) $u:ident: $t:ty, $value:expr;)*) => {{
            $(
                #[lazuli::stencil($rule $(, $more)?)]
                fn $name<T: Real>($u: $t) -> T {
                    $value
                }
            )*
            let names = [$(stringify!($name)),*];
            let which = by as usize % names.len();
            let z = numbers!(x.dtype(), T => {
                let all: &[fn(&Array<T>) -> Array<T>] = &[$(|x| $name(x)),*];
                all[which](&array(x)).into()
            });
            (z, format!(" by {}", names[which]))
        }};
    }
    stencils! {
        nearest(nearest) u: &[T], u[-1] + u[0] - u[2];
        reflected(reflect) u: &[T], u[-2].max(u[1]);
        mirrored(mirror) u: &[[T]], u[-1][1] + u[1][-2];
        wrapped(wrap) u: &[[T]], u[1][0] - u[0][1];
        mixed(nearest, wrap) u: &[[T]], if u[0][1] > u[0][0] { u[-1][0] } else { u[0][-3] };
        outside(constant(T::one())) u: &[T], u[-1] + u[3];
        far(wrap) u: &[T], u[-31] + u[0];
        called(reflect) u: &[T], branching(u[-1], turning(u[0], u[2]).0);
    }
}
