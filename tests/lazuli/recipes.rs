//! Programs as data, for `random_graphs`: a [`Recipe`] is a list of steps, each of which makes one
//! array from earlier ones through the public interface.
//!
//! Every list of steps is a valid program. Operands are counted backwards from the newest value,
//! modulo how many there are; operations are numbered within what the element type has; a second
//! operand is converted to the type of the first; and where shapes do not broadcast, or the result
//! would be too large, both are cut to what they have in common. So proptest may remove and
//! simplify steps as it likes. The same recipe always gives the same program, on any device; as
//! `Debug` it is printed as that program, line by line.

use crate::engines::{Rng, Sample};
use crate::recipe_functions::{call, fold, near};
use lazuli::prelude::*;
use ndarray::SliceInfoElem;
use std::fmt;
use std::ops::Neg;

/// One step. The numbers are taken modulo what there is to choose from.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Step {
    Leaf {
        dtype: u8,
        shape: u8,
        data: u8,
    },
    Unary {
        op: u8,
        x: u8,
    },
    Powi {
        x: u8,
        n: u8,
    },
    Scalar {
        op: u8,
        x: u8,
        c: u8,
        left: bool,
    },
    Binary {
        op: u8,
        x: u8,
        y: u8,
    },
    MulAdd {
        x: u8,
        y: u8,
        z: u8,
    },
    Compare {
        op: u8,
        x: u8,
        y: u8,
    },
    Select {
        m: u8,
        x: u8,
        y: u8,
    },
    Cast {
        dtype: u8,
        x: u8,
    },
    View {
        op: u8,
        x: u8,
        by: u16,
    },
    Reduce {
        op: u8,
        x: u8,
        axes: u8,
        keep: bool,
    },
    /// `x op x.reduce(keep(axes))`.
    Back {
        op: u8,
        x: u8,
        reduce: u8,
        axes: u8,
    },
    Rows {
        op: u8,
        x: u8,
        axes: u8,
    },
    /// A reduction of the program's own, one or both results of which are used.
    Fold {
        op: u8,
        x: u8,
        axes: u8,
        keep: bool,
    },
    /// A vectorised function of two values, one or both results of which are used.
    Call {
        op: u8,
        x: u8,
        y: u8,
    },
    Dot {
        x: u8,
        y: u8,
    },
    /// Evaluates a value in the middle of recording.
    Eval {
        x: u8,
    },
    /// The program lets go of a value.
    Forget {
        x: u8,
    },
}

/// A program.
#[derive(Clone)]
pub struct Recipe {
    /// The element types that leaves and casts choose from.
    pub dtypes: &'static [DType],
    /// No array gets larger.
    pub largest: usize,
    /// What shapes are made of.
    pub extents: [usize; 3],
    pub steps: Vec<Step>,
    /// What is evaluated together.
    pub roots: Vec<u8>,
    /// Does the program hold its intermediate values while the roots are evaluated?
    pub hold: bool,
}

/// What a recipe recorded.
#[derive(Default)]
pub struct Built {
    /// The program, line by line.
    pub lines: Vec<String>,
    /// Named values, oldest first.
    pub values: Vec<Named>,
    /// Kinds of the errors on the way.
    pub errors: Vec<String>,
}

/// Extents to build shapes from: around the widths of vectors, the partials and the chunks of sums.
pub const EXTENTS: [usize; 20] =
    [3, 5, 16, 17, 33, 256, 257, 300, 2, 32, 255, 7, 1, 64, 31, 40, 100, 513, 1000, 1300];

/// The shape of a leaf, made of the extents of the program, so that most leaves broadcast.
fn leaf_shape(k: u8, [a, b, c]: [usize; 3]) -> Vec<usize> {
    match k % 24 {
        0..=4 => vec![a, b],
        5 | 6 => vec![b],
        7 | 8 => vec![a, 1],
        9 => vec![1, b],
        10 => vec![],
        11..=13 => vec![c, a, b],
        14 => vec![c, 1, b],
        15 => vec![c, a, 1],
        16 => vec![a],
        17 => vec![b, a],
        18 => vec![a * b],
        19 => vec![1],
        20 => vec![c],
        21 => vec![0],
        22 => vec![a, 0],
        _ => vec![2, 1, a, 1, 2],
    }
}

/// The axes that a number names: all, the last, the first, or any set.
fn chosen(k: u8, ndim: usize) -> Vec<usize> {
    match k % 4 {
        0 if ndim > 0 => vec![ndim - 1],
        1 if ndim > 0 => vec![0],
        2 => (0..ndim).collect(),
        _ => (0..ndim).filter(|d| (k / 4) >> d & 1 == 0).collect(),
    }
}

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

fn binary(op: u8, x: &DynArray, y: &DynArray) -> (DynArray, &'static str) {
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

fn unary(op: u8, x: &DynArray) -> (DynArray, &'static str) {
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

fn compare(op: u8, x: &DynArray, y: &DynArray) -> (DynArray, &'static str) {
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

fn reduce(op: u8, x: &DynArray, axes: Axes) -> (DynArray, &'static str) {
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

fn slice(x: &DynArray, parts: &[SliceInfoElem]) -> DynArray {
    typed!(x.dtype(), T => array::<T>(x).slice(parts).into())
}

pub fn cast(x: &DynArray, to: DType) -> DynArray {
    typed!(to, T => x.cast::<T>().into())
}

/// A constant, in the type of `x`.
fn scalar(op: u8, x: &DynArray, c: u8, left: bool) -> (DynArray, String) {
    let c = CONSTANTS[c as usize % CONSTANTS.len()];
    let y: DynArray = typed!(x.dtype(), T => {
        let x: Array<T> = array(x);
        x.full_like(T::near(c)).into()
    });
    let (z, name) = if left { binary(op, &y, x) } else { binary(op, x, &y) };
    (z, if left { format!("{c:?} {name} @") } else { format!("@ {name} {c:?}") })
}

fn view(op: u8, x: &DynArray, by: u16, largest: usize) -> (DynArray, String) {
    let (shape, n) = (x.shape().to_vec(), x.ndim());
    let digit = |k: u32, of: usize| (by as usize / 7usize.pow(k)) % of.max(1);
    macro_rules! on {
        ($x:ident => $body:expr) => {
            typed!(x.dtype(), T => { let $x: Array<T> = array(x); $body.into() })
        };
    }
    match op % 13 {
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
        9 => {
            let (shift, axis) = (by as isize % 50 - 20, digit(1, n));
            (on!(x => x.roll(shift, axis)), format!(".roll({shift}, {axis})"))
        }
        10 | 11 if x.dtype() != DType::Bool => near(by, x),
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

fn text(parts: &[SliceInfoElem]) -> String {
    let part = |p: &SliceInfoElem| match *p {
        SliceInfoElem::Slice { start, end, step: 1 } => format!("{start}..{}", end.unwrap_or(0)),
        SliceInfoElem::Slice { start, end, step } => format!("{start}..{};{step}", end.unwrap_or(0)),
        _ => String::new(),
    };
    parts.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// A value and how it is written.
type Named = (String, DynArray);

/// `x` without its elements beyond these extents.
fn cut((name, x): Named, to: &[usize]) -> Named {
    if x.shape() == to {
        return (name, x);
    }
    let part = |&n: &usize| SliceInfoElem::Slice { start: 0, end: Some(n as isize), step: 1 };
    let parts: Vec<SliceInfoElem> = to.iter().map(part).collect();
    (format!("{name}.slice({})", text(&parts)), slice(&x, &parts))
}

/// Makes two arrays that broadcast to no more than `largest` elements.
fn fit(x: Named, y: Named, largest: usize) -> [Named; 2] {
    let ndim = x.1.ndim().max(y.1.ndim());
    let extents = |v: &DynArray| [vec![1; ndim - v.ndim()], v.shape().to_vec()].concat();
    let (a, b) = (extents(&x.1), extents(&y.1));
    let clash = |d: &usize| a[*d] != b[*d] && a[*d] != 1 && b[*d] != 1;
    let clashes: Vec<usize> = (0..ndim).filter(clash).collect();
    let kept: usize = clashes.iter().map(|&d| a[d].max(b[d]) / a[d].min(b[d]).max(1)).product();
    if kept > 2 || clashes.iter().any(|&d| a[d] * b[d] == 0) {
        // They have little in common: one of them is summed up along those axes.
        let [(first, x), (second, y)] = [x, y];
        let axes: Vec<usize> = clashes.iter().map(|d| d + y.ndim() - ndim).collect();
        let sum = typed!(y.dtype(), T => {
            let sum = array::<T>(&y).sum(keep(axes.clone()));
            DynArray::from(sum.cast::<T>())
        });
        return fit((first, x), (format!("{second}.sum(keep {axes:?})"), sum), largest);
    }
    let mut limit: Vec<usize> =
        (0..ndim).map(|d| if clash(&d) { a[d].min(b[d]) } else { a[d].max(b[d]) }).collect();
    while limit.iter().product::<usize>() > largest {
        let widest = limit.iter_mut().max().unwrap();
        *widest = (*widest).div_ceil(2);
    }
    [x, y].map(|v| {
        let own = &limit[ndim - v.1.ndim()..];
        let to: Vec<usize> = v.1.shape().iter().zip(own).map(|(&n, &most)| n.min(most)).collect();
        cut(v, &to)
    })
}

fn leaf(device: &Device, dtype: DType, shape: &[usize], kind: u8) -> DynArray {
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

impl Recipe {
    /// Records the program on a device. Steps that evaluate do so only if `evaluate`.
    pub fn build(&self, device: &Device, evaluate: bool) -> Built {
        let mut built = Built::default();
        // There is always something to start from.
        let shape = &self.extents[..2];
        built.add(format!("leaf 0 of {shape:?}"), leaf(device, self.dtypes[0], shape, 0));
        for step in &self.steps {
            self.step(step, device, evaluate, &mut built);
        }
        built
    }

    fn dtype(&self, k: u8) -> DType {
        self.dtypes[k as usize % self.dtypes.len()]
    }

    fn step(&self, step: &Step, device: &Device, evaluate: bool, b: &mut Built) {
        // Two values of one type that broadcast.
        let pair = |b: &Built, x: u8, y: u8| {
            let ((name, x), (second, y)) = (b.value(x), b.value(y));
            let y = if x.dtype() == y.dtype() {
                (second, y)
            } else {
                (format!("{second} as {}", x.dtype()), cast(&y, x.dtype()))
            };
            fit((name, x), y, self.largest)
        };
        match *step {
            Step::Leaf { dtype, shape, data } => {
                let (dtype, shape) = (self.dtype(dtype), leaf_shape(shape, self.extents));
                b.add(format!("leaf {data} of {shape:?}"), leaf(device, dtype, &shape, data));
            }
            Step::Unary { op, x } => {
                let (name, x) = b.value(x);
                let (z, op) = unary(op, &x);
                b.add(format!("{name}.{op}()"), z);
            }
            Step::Powi { x, n } => {
                let ((name, x), n) = (b.value(x), n as i32 % 12 - 4);
                if x.dtype() != DType::Bool {
                    let z = numbers!(x.dtype(), T => array::<T>(&x).powi(n).into());
                    b.add(format!("{name}.powi({n})"), z);
                }
            }
            Step::Scalar { op, x, c, left } => {
                let (name, x) = b.value(x);
                let (z, form) = scalar(op, &x, c, left);
                b.add(form.replace('@', &name), z);
            }
            Step::Binary { op, x, y } => {
                let [(first, x), (second, y)] = pair(b, x, y);
                let (z, op) = binary(op, &x, &y);
                b.add(format!("{first} {op} {second}"), z);
            }
            Step::MulAdd { x, y, z } => {
                let [(first, x), (second, y)] = pair(b, x, y);
                let (third, z) = b.value(z);
                if x.dtype().is_float() {
                    let z = (format!("{third} as {}", x.dtype()), cast(&z, x.dtype()));
                    let [x, z] = fit((first, x), z, self.largest);
                    let [x, y] = fit(x, (second, y), self.largest);
                    let [x, z] = fit(x, z, self.largest);
                    let line = format!("{}.mul_add({}, {})", x.0, y.0, z.0);
                    let r = floats!(x.1.dtype(), T => {
                        array::<T>(&x.1).mul_add(array::<T>(&y.1), array::<T>(&z.1)).into()
                    });
                    b.add(line, r);
                }
            }
            Step::Compare { op, x, y } => {
                let [(first, x), (second, y)] = pair(b, x, y);
                let (z, op) = compare(op, &x, &y);
                b.add(format!("{first}.{op}({second})"), z);
            }
            Step::Select { m, x, y } => {
                let [x, y] = pair(b, x, y);
                let (mask, m) = b.value(m);
                let mask = (format!("{mask} as bool"), cast(&m, DType::Bool));
                let [x, m] = fit(x, mask, self.largest);
                let [y, m] = fit(y, m, self.largest);
                let [x, y] = fit(x, y, self.largest);
                let line = format!("({}).select({}, {})", m.0, x.0, y.0);
                let z = typed!(x.1.dtype(), T => {
                    array::<bool>(&m.1).select(array::<T>(&x.1), array::<T>(&y.1)).into()
                });
                b.add(line, z);
            }
            Step::Cast { dtype, x } => {
                let ((name, x), to) = (b.value(x), self.dtype(dtype));
                b.add(format!("{name}.cast::<{to}>()"), cast(&x, to));
            }
            Step::View { op, x, by } => {
                let (name, x) = b.value(x);
                let (z, form) = view(op, &x, by, self.largest);
                b.add(name + &form, z);
            }
            Step::Reduce { op, x, axes, keep } => {
                let (name, x) = b.value(x);
                let list = chosen(axes, x.ndim());
                let over = Axes::from(list.clone());
                let over = if keep { lazuli::keep(over) } else { over };
                let (z, op) = reduce(op, &x, over);
                b.add(format!("{name}.{op}({}{list:?})", if keep { "keep " } else { "" }), z);
            }
            Step::Back { op, x, reduce: by, axes } => {
                let (name, x) = b.value(x);
                let list = chosen(axes, x.ndim());
                let (row, by) = reduce(by, &x, keep(list.clone()));
                if row.error().is_some() {
                    return b.add(format!("{name}.{by}(keep {list:?})"), row);
                }
                let row = cast(&row, x.dtype());
                let (z, op) = binary(op, &x, &row);
                b.add(format!("{name} {op} {name}.{by}(keep {list:?})"), z);
            }
            Step::Rows { op, x, axes } => {
                let (name, x) = b.value(x);
                let list = chosen(axes, x.ndim());
                if x.dtype().is_float() {
                    let axes = Axes::from(list.clone());
                    let (z, op) = floats!(x.dtype(), T => {
                        let x: Array<T> = array(&x);
                        match op % 3 {
                            0 => (x.softmax(axes).into(), "softmax"),
                            1 => (x.layer_norm(axes, T::near(1e-3)).into(), "layer_norm"),
                            _ => (x.log_softmax(axes).into(), "log_softmax"),
                        }
                    });
                    b.add(format!("{name}.{op}({list:?})"), z);
                }
            }
            Step::Fold { op, x, axes, keep } => {
                let (name, x) = b.value(x);
                let list = chosen(axes, x.ndim());
                let over = Axes::from(list.clone());
                let over = if keep { lazuli::keep(over) } else { over };
                for (z, which) in fold(op, &x, over) {
                    b.add(format!("{name}.fold({which}, {}{list:?})", if keep { "keep " } else { "" }), z);
                }
            }
            Step::Call { op, x, y } => {
                let [(first, x), (second, y)] = pair(b, x, y);
                if x.dtype() != DType::Bool {
                    for (z, which) in call(op, &x, &y) {
                        b.add(format!("{which}({first}, {second})"), z);
                    }
                }
            }
            Step::Dot { x, y } => self.dot(pair(b, x, y), b),
            Step::Eval { x } => {
                let (name, x) = b.value(x);
                b.lines.push(format!("{name}.eval();"));
                if evaluate && let Err(error) = x.eval() {
                    b.errors.push(kind(&error));
                }
            }
            Step::Forget { x } => {
                if b.values.len() > 1 {
                    let at = b.values.len() - 1 - x as usize % b.values.len();
                    let (name, _) = b.values.remove(at);
                    b.lines.push(format!("drop({name});"));
                }
            }
        }
    }

    /// The inner product of the last axes: of vectors, or a matrix with a vector.
    fn dot(&self, [(first, x), (second, y)]: [Named; 2], b: &mut Built) {
        if x.dtype() == DType::Bool || x.ndim() == 0 || y.ndim() == 0 {
            return;
        }
        let n = (*x.shape().last().unwrap()).min(*y.shape().last().unwrap());
        let mut parts = vec![SliceInfoElem::Slice { start: 0, end: None, step: 1 }; x.ndim()];
        parts[x.ndim() - 1] = SliceInfoElem::Slice { start: 0, end: Some(n as isize), step: 1 };
        let x = slice(&x, &parts);
        let z = numbers!(x.dtype(), T => {
            let (x, y): (Array<T>, Array<T>) = (array(&x), array(&y));
            x.dot(&y.reshape(-1).slice([SliceInfoElem::Slice { start: 0, end: Some(n as isize), step: 1 }])).into()
        });
        b.add(format!("{first}[.., ..{n}].dot({second}.reshape(-1)[..{n}])"), z);
    }
}

impl Built {
    /// A value by its distance from the newest.
    pub fn value(&self, back: u8) -> Named {
        self.values[self.values.len() - 1 - back as usize % self.values.len()].clone()
    }

    fn add(&mut self, how: String, x: DynArray) {
        let name = format!("v{}", self.lines.len());
        match x.error() {
            None => {
                self.lines.push(format!("{name} = {how}; // {} {:?}", x.dtype(), x.shape()));
                self.values.push((name, x));
            }
            Some(error) => {
                self.lines.push(format!("{how}; // {error}"));
                self.errors.push(kind(error));
            }
        }
    }
}

/// The sort of error, without its details.
pub fn kind(error: &lazuli::Error) -> String {
    let text = format!("{:?}", error.kind());
    text.split([' ', '(']).next().unwrap_or_default().to_string()
}

impl fmt::Debug for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let built = self.build(&Device::portable(), false);
        writeln!(f)?;
        for line in &built.lines {
            writeln!(f, "    {line}")?;
        }
        let roots: Vec<String> = self.roots.iter().map(|&r| built.value(r).0).collect();
        writeln!(
            f,
            "    eval({}); // {}",
            roots.join(", "),
            if self.hold { "all held" } else { "others dropped" }
        )
    }
}
