//! How single numbers are written, as NumPy writes them.
//!
//! A [`Decimal`] is a floating-point number with the shortest digits that name it among the
//! values of its own type. [`Words`] looks at all numbers that will be shown, decides what they
//! have in common (scientific or not, digits, widths), and then writes each.

use crate::nodes::{to_f64, to_i128};
use lazuli_core::{DType, Element, bf16, f16};

/// A floating-point number and its shortest digits: `d.ddd * 10^exponent`.
struct Decimal {
    value: f64,
    digits: String,
    exponent: i32,
}

impl Decimal {
    fn new<T: Element>(v: T) -> Decimal {
        let value = to_f64(v);
        let scientific = match T::DTYPE {
            DType::F32 => shortest(value.abs(), |x| x as f32 as f64),
            DType::F16 => shortest(value.abs(), |x| f16::from_f64(x).to_f64()),
            DType::BF16 => shortest(value.abs(), |x| bf16::from_f64(x).to_f64()),
            _ => shortest(value.abs(), |x| x),
        };
        let (digits, exponent) = parse(&scientific);
        Decimal { value, digits, exponent }
    }

    fn sign(&self) -> &'static str {
        if self.value.is_sign_negative() { "-" } else { "" }
    }

    /// The parts before and after the point, with at most `precision` digits after it.
    fn positional(&self, precision: usize) -> (String, String) {
        let after = (self.digits.len() as i32 - 1 - self.exponent).max(0) as usize;
        let (whole, fraction) = if after > precision {
            let text = format!("{:.precision$}", self.value.abs());
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            (whole.to_string(), fraction.trim_end_matches('0').to_string())
        } else if self.exponent < 0 {
            ("0".into(), "0".repeat((-self.exponent - 1) as usize) + &self.digits)
        } else {
            let whole = self.exponent as usize + 1;
            let digits = format!("{:0<whole$}", self.digits);
            (digits[..whole].into(), digits[whole..].into())
        };
        // A zero has no digits after the point.
        let fraction = if self.value == 0.0 { String::new() } else { fraction };
        (self.sign().to_string() + &whole, fraction)
    }

    /// The parts before and after the point, with at most `precision` digits after it, and the
    /// exponent.
    fn scientific(&self, precision: usize) -> (String, String, i32) {
        let (digits, exponent) = if self.digits.len() - 1 > precision {
            let (digits, exponent) = parse(&format!("{:.precision$e}", self.value.abs()));
            (digits.trim_end_matches('0').to_string(), exponent)
        } else {
            (self.digits.clone(), self.exponent)
        };
        let (first, rest) = digits.split_at(digits.len().min(1));
        (self.sign().to_string() + if first.is_empty() { "0" } else { first }, rest.into(), exponent)
    }
}

/// The fewest digits of `v` that `round` takes back to `v`; of those the nearest, a tie to even.
fn shortest(v: f64, round: impl Fn(f64) -> f64) -> String {
    // Not all digits that name a f64 are needed to name a value of a narrower type.
    let enough = format!("{v:e}");
    let most = parse(&enough).0.len();
    let first = if round(v + v * 1e-12) == v { 0 } else { most.saturating_sub(1) };
    let mut tries = (first..most).map(|p| format!("{v:.p$e}"));
    tries.find(|s| s.parse().is_ok_and(|x| round(x) == v)).unwrap_or(enough)
}

/// Digits and exponent of `d.ddde±x`.
fn parse(scientific: &str) -> (String, i32) {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    (mantissa.replace('.', ""), exponent.parse().unwrap_or(0))
}

/// An exponent with its sign and at least two digits.
fn exponent_text(exponent: i32, digits: usize) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("e{sign}{:0digits$}", exponent.unsigned_abs())
}

fn not_finite(v: f64) -> &'static str {
    match v {
        v if v.is_nan() => "nan",
        v if v > 0.0 => "inf",
        _ => "-inf",
    }
}

/// From here on whole numbers would look more exact than the type is: they get an exponent.
fn cutoff(dtype: DType) -> f64 {
    match dtype {
        DType::BF16 => 1e2,
        DType::F16 => 1e3,
        DType::F32 => 1e6,
        _ => 1e8,
    }
}

/// One number by itself, as NumPy prints a scalar: all digits that it takes.
pub(crate) fn scalar<T: Element>(v: T) -> String {
    match T::DTYPE.kind() {
        lazuli_core::dtype::Kind::Bool => if to_i128(v) == 0 { "False" } else { "True" }.into(),
        lazuli_core::dtype::Kind::Float => {
            let d = Decimal::new(v);
            let size = d.value.abs();
            if !d.value.is_finite() {
                return not_finite(d.value).into();
            }
            let most = if T::DTYPE == DType::F64 { 1e16 } else { cutoff(T::DTYPE) };
            if size == 0.0 || (1e-4..most).contains(&size) {
                let (whole, fraction) = d.positional(usize::MAX);
                return format!("{whole}.{}", if fraction.is_empty() { "0" } else { &fraction });
            }
            let (whole, fraction, exponent) = d.scientific(usize::MAX);
            let point = if fraction.is_empty() { "" } else { "." };
            format!("{whole}{point}{fraction}{}", exponent_text(exponent, 2))
        }
        _ => to_i128(v).to_string(),
    }
}

/// How to write the numbers of one array: all alike, in columns of one width.
pub(crate) enum Words {
    /// Right-aligned in this width.
    Plain { width: usize },
    /// `whole.fraction`, aligned at the point.
    Positional { precision: usize, left: usize, right: usize },
    /// `w.fractione±x`.
    Scientific { fraction: usize, left: usize, exponent: usize },
}

impl Words {
    /// For these numbers, with at most `precision` digits after the point.
    pub(crate) fn new<T: Element>(numbers: &[T], precision: usize) -> Words {
        if !T::DTYPE.is_float() {
            let width = numbers.iter().map(|&v| scalar(v).len()).max();
            // Columns of bools are all of one width.
            let least = if T::DTYPE == DType::Bool { "False".len() } else { 0 };
            return Words::Plain { width: width.unwrap_or(0).max(least) };
        }
        let all: Vec<Decimal> = numbers.iter().map(|&v| Decimal::new(v)).collect();
        let finite: Vec<&Decimal> = all.iter().filter(|d| d.value.is_finite()).collect();
        let sizes = finite.iter().map(|d| d.value.abs()).filter(|&v| v != 0.0);
        let (low, high) = sizes.fold((f64::INFINITY, 0.0f64), |(low, high), v| (low.min(v), high.max(v)));
        let cutoff = cutoff(T::DTYPE);
        let (mut words, right) = if high > 0.0 && (high >= cutoff || low < 1e-4 || high / low > 1000.0) {
            let parts: Vec<_> = finite.iter().map(|d| d.scientific(precision)).collect();
            let fraction = parts.iter().map(|p| p.1.len()).max().unwrap_or(0);
            let left = parts.iter().map(|p| p.0.len()).max().unwrap_or(0);
            let exponent = parts.iter().map(|p| p.2.unsigned_abs().to_string().len()).max().unwrap_or(2);
            let exponent = exponent.max(2);
            (Words::Scientific { fraction, left, exponent }, exponent + 2 + fraction)
        } else {
            let parts: Vec<_> = finite.iter().map(|d| d.positional(precision)).collect();
            let left = parts.iter().map(|p| p.0.len()).max().unwrap_or(0);
            let right = parts.iter().map(|p| p.1.len()).max().unwrap_or(0);
            (Words::Positional { precision, left, right }, right)
        };
        // Room for nan, inf and -inf, which take the whole width.
        let longest = all.iter().filter(|d| !d.value.is_finite()).map(|d| not_finite(d.value).len()).max();
        if let Some(longest) = longest
            && let Words::Positional { left, .. } | Words::Scientific { left, .. } = &mut words
        {
            *left = (*left).max(longest.saturating_sub(right + 1));
        }
        words
    }

    /// One of the numbers.
    pub(crate) fn write<T: Element>(&self, v: T) -> String {
        if let Words::Plain { width } = *self {
            return format!("{:>width$}", scalar(v));
        }
        let d = Decimal::new(v);
        if !d.value.is_finite() {
            let width = match *self {
                Words::Positional { left, right, .. } => left + right + 1,
                Words::Scientific { fraction, left, exponent } => left + exponent + fraction + 3,
                Words::Plain { width } => width,
            };
            return format!("{:>width$}", not_finite(d.value));
        }
        match *self {
            Words::Scientific { fraction, left, exponent } => {
                // Digits beyond the shortest are those of the exact value.
                let (digits, e) = parse(&format!("{:.fraction$e}", d.value.abs()));
                let whole = d.sign().to_string() + &digits[..1];
                format!("{whole:>left$}.{}{}", &digits[1..], exponent_text(e, exponent))
            }
            Words::Positional { precision, left, right } => {
                let (whole, digits) = d.positional(precision);
                format!("{whole:>left$}.{digits:<right$}")
            }
            Words::Plain { .. } => unreachable!("written above"),
        }
    }
}
