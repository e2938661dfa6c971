//! Printing arrays as NumPy does: `Display` like `str`, `Debug` like `repr`.
//!
//! Brackets are aligned, all numbers share one width, lines are at most 75 characters, and of
//! more than 1,000 elements only three at both ends of each axis are shown (and read). Where
//! that is still more than [`MOST`], as it is with many axes, outer axes show less: first one
//! element at both ends, then the first one only (NumPy prints them all). `{:.3}` sets the number of digits after the point, which is 8 else. Printing evaluates; what cannot
//! be evaluated prints its error.

use crate::numerals::{Words, scalar};
use crate::read::Elements;
use crate::{Array, DynArray, Element};
use lazuli_core::{DType, NodeRef};
use std::fmt;

/// Longest line.
const WIDTH: usize = 75;
/// Above this many elements, arrays are elided.
const THRESHOLD: usize = 1000;
/// How many are shown at both ends of an elided axis.
const EDGE: usize = 3;

/// Never are more elements shown than this.
const MOST: usize = 1 << 13;

/// What is shown of an axis.
#[derive(Clone, Copy)]
struct Cut {
    /// How many elements: all, or some at both ends.
    shown: usize,
    /// If something is left out: how many come before that.
    gap: Option<usize>,
}

impl Cut {
    fn all(n: usize) -> Cut {
        Cut { shown: n, gap: None }
    }

    /// An axis of length `n` with so many elements at its ends.
    fn ends(n: usize, head: usize, tail: usize) -> Cut {
        if head + tail < n { Cut { shown: head + tail, gap: Some(head) } } else { Cut::all(n) }
    }
}

/// What is shown of an array of this shape.
fn cuts(shape: &[usize]) -> Vec<Cut> {
    if shape.iter().product::<usize>() <= THRESHOLD {
        return shape.iter().map(|&n| Cut::all(n)).collect();
    }
    let mut axes: Vec<Cut> = shape.iter().map(|&n| Cut::ends(n, EDGE, EDGE)).collect();
    let mut count: usize = axes.iter().map(|a| a.shown).product();
    for (head, tail) in [(1, 1), (1, 0)] {
        for (axis, &n) in axes.iter_mut().zip(shape) {
            if count <= MOST {
                return axes;
            }
            let less = Cut::ends(n, head, tail);
            count = count / axis.shown * less.shown;
            *axis = less;
        }
    }
    axes
}

/// The shown part of an array.
struct Shown<T> {
    axes: Vec<Cut>,
    /// The shown elements, row-major.
    numbers: Vec<T>,
}

impl<T: Element> Shown<T> {
    fn new(elements: &Elements<T>) -> Shown<T> {
        let shape = elements.shape();
        let axes = cuts(shape);
        let count = axes.iter().map(|a| a.shown).product();
        let mut index = vec![0; shape.len()];
        let numbers = (0..count).map(|i| {
            let mut rest = i;
            for (d, axis) in axes.iter().enumerate().rev() {
                let k = rest % axis.shown;
                rest /= axis.shown;
                index[d] = if axis.gap.is_some_and(|gap| k >= gap) { shape[d] - axis.shown + k } else { k };
            }
            elements.at(&index)
        });
        let numbers = numbers.collect();
        Shown { axes, numbers }
    }
}

/// Lays out words in brackets.
struct Layout<'a> {
    axes: &'a [Cut],
    words: Vec<String>,
    separator: &'static str,
}

impl Layout<'_> {
    /// The text of axes `d..` from the shown element `at` on. `indent` is that of the words, one
    /// more than that of their bracket.
    fn write(&self, d: usize, at: usize, indent: usize, width: usize) -> String {
        let Some(&Cut { shown, gap }) = self.axes.get(d) else { return self.words[at].clone() };
        let below: usize = self.axes[d + 1..].iter().map(|a| a.shown).product();
        let mut out = String::new();
        if d + 1 < self.axes.len() {
            let newlines = "\n".repeat(self.axes.len() - d - 1);
            let between = format!("{}{newlines}{}", self.separator.trim_end(), " ".repeat(indent));
            for i in 0..shown {
                if i > 0 {
                    out += &between;
                }
                if gap == Some(i) {
                    out += "...";
                    out += &between;
                }
                out += &self.write(d + 1, at + i * below, indent + 1, width.saturating_sub(1));
            }
            if gap == Some(shown) {
                out += &between;
                out += "...";
            }
            return format!("[{out}]");
        }
        let room = width.saturating_sub(self.separator.trim_end().len().max(1));
        let mut line = " ".repeat(indent);
        let mut put = |word: &str, last: bool| {
            if line.len() + word.len() > room && line.len() > indent {
                out += line.trim_end();
                out.push('\n');
                line = " ".repeat(indent);
            }
            line += word;
            if !last {
                line += self.separator;
            }
        };
        for i in 0..shown {
            if gap == Some(i) {
                put("...", false);
            }
            put(&self.words[at + i], i + 1 == shown && gap != Some(shown));
        }
        if gap == Some(shown) {
            put("...", true);
        }
        out += &line;
        format!("[{}]", &out[indent..])
    }
}

/// The array's text: that of `str`, or, after a prefix, the inner part of `repr`.
fn text<T: Element>(elements: &Elements<T>, precision: usize, repr: bool) -> String {
    if elements.shape().contains(&0) {
        return "[]".into();
    }
    if elements.shape().is_empty() && !T::DTYPE.is_float() {
        return scalar(elements.at(&[]));
    }
    let shown = Shown::new(elements);
    let format = Words::new(&shown.numbers, precision);
    let words = shown.numbers.iter().map(|&v| format.write(v)).collect();
    let (separator, prefix, suffix) = if repr { (", ", "array(".len(), 1) } else { (" ", 0, 0) };
    Layout { axes: &shown.axes, words, separator }.write(0, 0, prefix + 1, WIDTH - suffix)
}

fn display<T: Element>(node: &NodeRef, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match Elements::<T>::of(node) {
        Err(error) => write!(f, "{error}"),
        Ok(elements) => match f.precision() {
            None if node.shape().is_empty() => f.write_str(&scalar(elements.at(&[]))),
            precision => f.write_str(&text(&elements, precision.unwrap_or(8), false)),
        },
    }
}

fn debug<T: Element>(node: &NodeRef, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let elements = match Elements::<T>::of(node) {
        Err(error) => return write!(f, "array(<{error}>, dtype={})", T::DTYPE),
        Ok(elements) => elements,
    };
    let (shape, count) = (node.shape(), node.len());
    let mut out = format!("array({}", text(&elements, f.precision().unwrap_or(8), true));
    let mut extras = Vec::new();
    if (count == 0 && shape.as_slice() != [0]) || count > THRESHOLD {
        let extents: Vec<String> = shape.iter().map(usize::to_string).collect();
        let comma = if extents.len() == 1 { "," } else { "" };
        extras.push(format!("shape=({}{comma})", extents.join(", ")));
    }
    if count == 0 || !matches!(T::DTYPE, DType::Bool | DType::I64 | DType::F64) {
        extras.push(format!("dtype={}", T::DTYPE));
    }
    if !extras.is_empty() {
        let extras = extras.join(", ");
        out.push(',');
        let last = out.len() - out.rfind('\n').map_or(0, |i| i + 1);
        out += if last + extras.len() + 2 > WIDTH { "\n      " } else { " " };
        out += &extras;
    }
    write!(f, "{out})")
}

/// Prints like NumPy's `str`; evaluates. What cannot be evaluated prints its error.
///
/// ```
/// # use lazuli::prelude::*;
/// let x = Array::linspace(0.0f64, 1.0, 3);
/// assert_eq!(x.to_string(), "[0.  0.5 1. ]");
/// # Ok::<(), lazuli::Error>(())
/// ```
impl<T: Element> fmt::Display for Array<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display::<T>(self.node(), f)
    }
}

/// Prints like NumPy's `repr`; evaluates.
///
/// ```
/// # use lazuli::prelude::*;
/// assert_eq!(format!("{:?}", Array::from_vec(vec![1, 2])), "array([1, 2], dtype=int32)");
/// ```
impl<T: Element> fmt::Debug for Array<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug::<T>(self.node(), f)
    }
}

/// As of [`Array`].
impl fmt::Display for DynArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::dynamic::with_element!(self.dtype(), T => display::<T>(self.node(), f), else f.write_str("?"))
    }
}

/// As of [`Array`].
impl fmt::Debug for DynArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::dynamic::with_element!(self.dtype(), T => debug::<T>(self.node(), f), else f.write_str("?"))
    }
}
