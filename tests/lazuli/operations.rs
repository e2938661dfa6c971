//! Operations by number, on arrays whose element type is known at run time.
//!
//! The vocabulary of `recipes`: each function takes an operation's number, modulo how many the
//! element type has, records it through the public interface, and gives the result with the
//! operation's name. The first few of each table are those that keep values finite: random
//! programs pick them more often.

use crate::engines::{Rng, Sample};
use lazuli::prelude::*;
use ndarray::SliceInfoElem;
use std::ops::Neg;

const CONSTANTS: [f64; 14] =
    [2.0, 1.0, 0.5, -1.0, 3.0, 0.1, 1e-3, 0.0, -0.0, -7.0, 100.0, f64::INFINITY, f64::NAN, 1e30];

/// Runs an expression for the element type of a [`DType`].
macro_rules! typed {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            DType::Bool => { type $t = bool; $body }
            d => numbers!(d, $t => $body),
        }
    };
}
macro_rules! numbers {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            DType::I32 => { type $t = i32; $body }
            DType::I64 => { type $t = i64; $body }
            DType::U8 => { type $t = u8; $body }
            DType::U64 => { type $t = u64; $body }
            d => floats!(d, $t => $body),
        }
    };
}
macro_rules! floats {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            DType::F16 => {
                type $t = f16;
                $body
            }
            DType::BF16 => {
                type $t = bf16;
                $body
            }
            DType::F32 => {
                type $t = f32;
                $body
            }
            DType::F64 => {
                type $t = f64;
                $body
            }
            other => unreachable!("{other}"),
        }
    };
}
pub(crate) use {floats, numbers, typed};

/// The value as an array of its own type.
pub fn array<T: Element>(x: &DynArray) -> Array<T> {
    x.clone().try_into().unwrap()
}

/// One of several named functions.
macro_rules! pick {
    ($op:expr, $f:ty: $($name:ident)*) => {{
        let all: &[(&str, $f)] = &[$((stringify!($name), Array::$name)),*];
        all[$op as usize % all.len()]
    }};
}

fn unary_float<T: Float + Neg<Output = T>>(op: u8, x: &Array<T>) -> (DynArray, &'static str) {
    fn neg<T: Float + Neg<Output = T>>(x: &Array<T>) -> Array<T> {
        -x
    }
    if op == 0 {
        return (neg(x).into(), "neg");
    }
    let (name, f) = pick!(op, fn(&Array<T>) -> Array<T>:
        abs exp sin square tanh sigmoid atan floor sqrt ln sign recip rsqrt cbrt exp2 exp_m1 ln_1p log2 log10 cos tan asin acos
        sinh cosh asinh acosh atanh erf erfc ceil round trunc signum to_degrees to_radians);
    (f(x).into(), name)
}

fn unary_integer<T: Integer>(op: u8, x: &Array<T>) -> (DynArray, &'static str) {
    if op % 4 == 0 {
        return ((!x).into(), "not");
    }
    let (name, f) = pick!(op, fn(&Array<T>) -> Array<T>: abs square sign signum);
    (f(x).into(), name)
}

type Two<T> = fn(&Array<T>, &Array<T>) -> Array<T>;

fn binary_float<T: Float>(op: u8) -> (&'static str, Two<T>) {
    let all: &[(&str, Two<T>)] = &[
        ("+", |x, y| x + y),
        ("*", |x, y| x * y),
        ("-", |x, y| x - y),
        ("maximum", |x, y| x.maximum(y)),
        ("minimum", |x, y| x.minimum(y)),
        ("/", |x, y| x / y),
        ("%", |x, y| x % y),
        ("remainder", |x, y| x.remainder(y)),
        ("floor_div", |x, y| x.floor_div(y)),
        ("copysign", |x, y| x.copysign(y)),
        ("pow", |x, y| x.pow(y)),
        ("atan2", |x, y| x.atan2(y)),
        ("hypot", |x, y| x.hypot(y)),
    ];
    all[op as usize % all.len()]
}

fn binary_integer<T: Integer>(op: u8) -> (&'static str, Two<T>) {
    let all: &[(&str, Two<T>)] = &[
        ("+", |x, y| x + y),
        ("*", |x, y| x * y),
        ("-", |x, y| x - y),
        ("maximum", |x, y| x.maximum(y)),
        ("minimum", |x, y| x.minimum(y)),
        ("/", |x, y| x / y),
        ("%", |x, y| x % y),
        ("remainder", |x, y| x.remainder(y)),
        ("floor_div", |x, y| x.floor_div(y)),
        ("&", |x, y| x & y),
        ("|", |x, y| x | y),
        ("^", |x, y| x ^ y),
        ("<<", |x, y| x << y),
        (">>", |x, y| x >> y),
    ];
    all[op as usize % all.len()]
}

pub fn binary(op: u8, x: &DynArray, y: &DynArray) -> (DynArray, &'static str) {
    macro_rules! go {
        ($t:ty, $table:expr) => {{
            let (name, f): (&str, Two<$t>) = $table;
            (f(&array(x), &array(y)).into(), name)
        }};
    }
    match x.dtype() {
        DType::Bool => {
            let all: [(&str, Two<bool>); 3] = [("&", |x, y| x & y), ("|", |x, y| x | y), ("^", |x, y| x ^ y)];
            go!(bool, all[op as usize % 3])
        }
        DType::I32 => go!(i32, binary_integer(op)),
        DType::I64 => go!(i64, binary_integer(op)),
        DType::U8 => go!(u8, binary_integer(op)),
        DType::U64 => go!(u64, binary_integer(op)),
        float => floats!(float, T => go!(T, binary_float(op))),
    }
}

pub fn unary(op: u8, x: &DynArray) -> (DynArray, &'static str) {
    match x.dtype() {
        DType::Bool => ((!array::<bool>(x)).into(), "not"),
        DType::I32 if op % 3 == 0 => ((-array::<i32>(x)).into(), "neg"),
        DType::I64 if op % 3 == 0 => ((-array::<i64>(x)).into(), "neg"),
        DType::I32 => unary_integer::<i32>(op, &array(x)),
        DType::I64 => unary_integer::<i64>(op, &array(x)),
        DType::U8 => unary_integer::<u8>(op, &array(x)),
        DType::U64 => unary_integer::<u64>(op, &array(x)),
        float => floats!(float, T => unary_float::<T>(op, &array(x))),
    }
}

pub fn compare(op: u8, x: &DynArray, y: &DynArray) -> (DynArray, &'static str) {
    let any = |x: DynArray| x;
    if x.dtype() == DType::Bool || op % 6 < 2 {
        let name = if op % 2 == 0 { "eq" } else { "ne" };
        let f = |ne: bool| {
            typed!(x.dtype(), T => {
                let (x, y): (Array<T>, Array<T>) = (array(x), array(y));
                if ne { x.ne(&y) } else { x.eq(&y) }.into()
            })
        };
        return (any(f(name == "ne")), name);
    }
    let name = ["lt", "le", "gt", "ge"][op as usize % 4];
    let z: Array<bool> = numbers!(x.dtype(), T => {
        let (x, y): (Array<T>, Array<T>) = (array(x), array(y));
        match name { "lt" => x.lt(&y), "le" => x.le(&y), "gt" => x.gt(&y), _ => x.ge(&y) }
    });
    (z.into(), name)
}

pub fn reduce(op: u8, x: &DynArray, axes: Axes) -> (DynArray, &'static str) {
    fn any<T: Element>(op: u8, x: &Array<T>, axes: Axes) -> (DynArray, &'static str) {
        match op % 9 {
            0 => (x.sum(axes).into(), "sum"),
            1 => (x.mean(axes).into(), "mean"),
            2 => (x.var(axes).into(), "var"),
            3 => (x.std_ddof(axes, 1).into(), "std_ddof"),
            4 => (x.any(axes).into(), "any"),
            5 => (x.all(axes).into(), "all"),
            6 => (x.argmin(axes).into(), "argmin"),
            7 => (x.argmax(axes).into(), "argmax"),
            _ => (x.prod(axes).into(), "prod"),
        }
    }
    fn ordered<T: Real>(op: u8, x: &Array<T>, axes: Axes) -> (DynArray, &'static str) {
        match op % 2 {
            0 => (x.max(axes).into(), "max"),
            _ => (x.min(axes).into(), "min"),
        }
    }
    fn float<T: Float>(op: u8, x: &Array<T>, axes: Axes) -> (DynArray, &'static str) {
        match op % 6 {
            0 => (x.norm(axes).into(), "norm"),
            1 => (x.logsumexp(axes).into(), "logsumexp"),
            2 => (x.nan_sum(axes).into(), "nan_sum"),
            3 => (x.nan_mean(axes).into(), "nan_mean"),
            4 => (x.nan_max(axes).into(), "nan_max"),
            _ => (x.nan_std(axes).into(), "nan_std"),
        }
    }
    match (op % 16, x.dtype()) {
        (9..12, d) if d != DType::Bool => numbers!(d, T => ordered::<T>(op, &array(x), axes)),
        (12..16, d) if d.is_float() => floats!(d, T => float::<T>(op, &array(x), axes)),
        (_, d) => typed!(d, T => any::<T>(op, &array(x), axes)),
    }
}

pub fn slice(x: &DynArray, parts: &[SliceInfoElem]) -> DynArray {
    typed!(x.dtype(), T => array::<T>(x).slice(parts).into())
}

pub fn cast(x: &DynArray, to: DType) -> DynArray {
    typed!(to, T => x.cast::<T>().into())
}

/// A constant, in the type of `x`.
pub fn scalar(op: u8, x: &DynArray, c: u8, left: bool) -> (DynArray, String) {
    let c = CONSTANTS[c as usize % CONSTANTS.len()];
    let y: DynArray = typed!(x.dtype(), T => {
        let x: Array<T> = array(x);
        x.full_like(T::near(c)).into()
    });
    let (z, name) = if left { binary(op, &y, x) } else { binary(op, x, &y) };
    (z, if left { format!("{c:?} {name} @") } else { format!("@ {name} {c:?}") })
}

pub fn view(op: u8, x: &DynArray, by: u16, largest: usize) -> (DynArray, String) {
    let (shape, n) = (x.shape().to_vec(), x.ndim());
    let digit = |k: u32, of: usize| (by as usize / 7usize.pow(k)) % of.max(1);
    macro_rules! on {
        ($x:ident => $body:expr) => {
            typed!(x.dtype(), T => { let $x: Array<T> = array(x); $body.into() })
        };
    }
    match op % 10 {
        0 => (on!(x => x.t()), ".t()".into()),
        1 => {
            // A permutation, by the factorial digits of `by`.
            let (mut left, mut order): (Vec<usize>, Vec<usize>) = ((0..n).collect(), vec![]);
            let mut k = by as usize;
            while !left.is_empty() {
                order.push(left.remove(k % left.len()));
                k /= left.len() + 1;
            }
            (on!(x => x.permute(&order)), format!(".permute({order:?})"))
        }
        2 | 3 => {
            let part = |d: usize| {
                let (a, b) = (digit(d as u32, shape[d] + 1), digit(d as u32 + 1, shape[d] + 1));
                let (start, end) =
                    if by % 3 == 0 { (0, shape[d]) } else { (a.min(b), a.max(b).max((a + 1).min(shape[d]))) };
                let step = [1, -1, 2, -2, 3, 1, -1][digit(d as u32 + 2, 7)];
                SliceInfoElem::Slice { start: start as isize, end: Some(end as isize), step }
            };
            let parts: Vec<SliceInfoElem> = (0..n).map(part).collect();
            (slice(x, &parts), format!(".slice({})", text(&parts)))
        }
        4 => {
            let axes: Vec<usize> = chosen(by as u8, n);
            (on!(x => x.flip(axes.clone())), format!(".flip({axes:?})"))
        }
        5 => {
            let at = digit(0, n + 1);
            (on!(x => x.expand_dims(at)), format!(".expand_dims({at})"))
        }
        6 if by % 2 == 0 => (on!(x => x.squeeze(..)), ".squeeze(..)".into()),
        6 | 7 => {
            // Stretches all axes of length 1, and adds one in front.
            let k = [2, 3, 1, 5, 33, 300][digit(0, 6)];
            let len = x.len().max(1);
            let mut to = shape.clone();
            let mut grown = len;
            for d in to.iter_mut().filter(|d| **d == 1) {
                if grown * k <= largest {
                    *d = k;
                    grown *= k;
                }
            }
            if by % 5 != 0 && grown * 3 <= largest && n < 5 {
                to.insert(0, 3);
            }
            (on!(x => x.broadcast_to(&to)), format!(".broadcast_to({to:?})"))
        }
        8 => {
            let to = reshaped(&shape, by);
            (on!(x => x.reshape(&to)), format!(".reshape({to:?})"))
        }
        _ => {
            let axis = digit(0, n);
            match shape.get(axis) {
                Some(&len) if len > 0 => {
                    let i = by as usize % len;
                    (on!(x => x.index_axis(axis, i)), format!(".index_axis({axis}, {i})"))
                }
                _ => (on!(x => x.t()), ".t()".into()),
            }
        }
    }
}

/// Another shape of as many elements.
fn reshaped(shape: &[usize], by: u16) -> Vec<usize> {
    let count: usize = shape.iter().product();
    let k = by as usize / 4;
    match by % 4 {
        0 => vec![count],
        1 if shape.len() > 1 => {
            let mut to = shape.to_vec();
            let d = k % (shape.len() - 1);
            let right = to.remove(d + 1);
            to[d] *= right;
            to
        }
        2 if count > 0 => {
            // Two factors, whatever the axes were.
            let a = (2 + k % 9..=count).find(|a| count % a == 0).unwrap_or(1);
            vec![a, count / a]
        }
        _ => {
            // One axis in two.
            let mut to = shape.to_vec();
            if let Some(d) = k.checked_rem(to.len()) {
                let n = to[d];
                let a = (2..n).find(|a| n % a == 0).unwrap_or(1);
                to[d] = if n == 0 { 0 } else { n / a };
                to.insert(d, a);
            }
            to
        }
    }
}

pub fn text(parts: &[SliceInfoElem]) -> String {
    let part = |p: &SliceInfoElem| match *p {
        SliceInfoElem::Slice { start, end, step: 1 } => format!("{start}..{}", end.unwrap_or(0)),
        SliceInfoElem::Slice { start, end, step } => format!("{start}..{};{step}", end.unwrap_or(0)),
        _ => String::new(),
    };
    parts.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// An array of numbers of some kind: tame ones, special ones, of any bits.
pub fn leaf(device: &Device, dtype: DType, shape: &[usize], kind: u8) -> DynArray {
    let n: usize = shape.iter().product();
    let mut rng = Rng(kind as u64 * 1000 + n as u64);
    typed!(dtype, T => {
        let special = T::special();
        let v: Vec<T> = (0..n).map(|i| match kind % 8 {
            0 => T::near(rng.unit() * 4.0 - 2.0),
            1 => T::near((i % 7) as f64 - 3.0),
            2 => T::near(rng.ill()),
            3 => special[rng.below(special.len())],
            4 => T::any(&mut rng),
            5 => T::near(rng.unit()),
            6 if rng.below(9) == 0 => special[rng.below(special.len())],
            6 => T::near(rng.unit() * 6.0 - 3.0),
            _ => T::near(if rng.below(2) == 0 { rng.ill() * 1e-38 } else { rng.ill() * 1e35 }),
        }).collect();
        Array::from_shape_vec(shape, v).unwrap().to_device(device).into()
    })
}
