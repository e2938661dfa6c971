//! Programs as data, for `random_graphs`: a [`Recipe`] is a list of steps, each of which makes one
//! array from earlier ones through the public interface.
//!
//! Every list of steps is a valid program. Operands are counted backwards from the newest value,
//! modulo how many there are; operations are numbered within what the element type has; a second
//! operand is converted to the type of the first; and where shapes do not broadcast, or the result
//! would be too large, both are cut to what they have in common. So proptest may remove and
//! simplify steps as it likes. The same recipe always gives the same program, on any device; as
//! `Debug` it is printed as that program, line by line.

use crate::engines::Sample;
use crate::operations::*;
use lazuli::prelude::*;
use ndarray::SliceInfoElem;
use std::fmt;

/// One step. The numbers are taken modulo what there is to choose from. `Back` is
/// `x op x.reduce(keep(axes))`; `Eval` evaluates a value in the middle of recording; at `Forget`
/// the program lets go of one.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Step {
    Leaf { dtype: u8, shape: u8, data: u8 },
    Unary { op: u8, x: u8 },
    Powi { x: u8, n: u8 },
    Scalar { op: u8, x: u8, c: u8, left: bool },
    Binary { op: u8, x: u8, y: u8 },
    MulAdd { x: u8, y: u8, z: u8 },
    Compare { op: u8, x: u8, y: u8 },
    Select { m: u8, x: u8, y: u8 },
    Cast { dtype: u8, x: u8 },
    View { op: u8, x: u8, by: u16 },
    Reduce { op: u8, x: u8, axes: u8, keep: bool },
    Back { op: u8, x: u8, reduce: u8, axes: u8 },
    Rows { op: u8, x: u8, axes: u8 },
    Dot { x: u8, y: u8 },
    Eval { x: u8 },
    Forget { x: u8 },
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
                self.errors.push(kind(&error));
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
