//! The methods of scalars: their names, and what each is in Lazuli.
//!
//! Names and meanings are those of `f64` and `i64` where these have them, and those of
//! `lazuli::Array` else.

/// A method that is known.
pub struct Method {
    /// As written.
    pub name: &'static str,
    /// Number of arguments beside the receiver.
    pub arguments: usize,
    /// The function of Lazuli.
    pub function: &'static str,
}

const fn row(name: &'static str, arguments: usize, function: &'static str) -> Method {
    Method { name, arguments, function }
}

/// Every method but those that take a constant exponent (`powi`, and `pow` of integers).
pub const METHODS: &[Method] = &[
    row("abs", 0, "abs"),
    row("acos", 0, "acos"),
    row("acosh", 0, "acosh"),
    row("asin", 0, "asin"),
    row("asinh", 0, "asinh"),
    row("atan", 0, "atan"),
    row("atan2", 1, "atan2"),
    row("atanh", 0, "atanh"),
    row("cbrt", 0, "cbrt"),
    row("ceil", 0, "ceil"),
    row("clamp", 2, "clamp"),
    row("copysign", 1, "copysign"),
    row("cos", 0, "cos"),
    row("cosh", 0, "cosh"),
    row("div_euclid", 1, "div_euclid"),
    row("erf", 0, "erf"),
    row("erfc", 0, "erfc"),
    row("exp", 0, "exp"),
    row("exp2", 0, "exp2"),
    row("exp_m1", 0, "exp_m1"),
    row("floor", 0, "floor"),
    row("floor_div", 1, "floor_div"),
    row("fract", 0, "fract"),
    row("hypot", 1, "hypot"),
    row("is_finite", 0, "is_finite"),
    row("is_inf", 0, "is_inf"),
    row("is_infinite", 0, "is_inf"),
    row("is_multiple_of", 1, "is_multiple_of"),
    row("is_nan", 0, "is_nan"),
    row("is_negative", 0, "is_negative"),
    row("is_positive", 0, "is_positive"),
    row("is_sign_negative", 0, "is_sign_negative"),
    row("is_sign_positive", 0, "is_sign_positive"),
    row("ln", 0, "ln"),
    row("ln_1p", 0, "ln_1p"),
    row("log", 1, "log"),
    row("log10", 0, "log10"),
    row("log2", 0, "log2"),
    row("max", 1, "max"),
    row("maximum", 1, "maximum"),
    row("min", 1, "min"),
    row("minimum", 1, "minimum"),
    row("mul_add", 2, "mul_add"),
    row("powf", 1, "pow"),
    row("recip", 0, "recip"),
    row("rem_euclid", 1, "rem_euclid"),
    row("remainder", 1, "remainder"),
    row("round", 0, "round"),
    row("round_ties_even", 0, "round_ties_even"),
    row("rsqrt", 0, "rsqrt"),
    row("select", 2, "select"),
    row("sigmoid", 0, "sigmoid"),
    row("sign", 0, "sign"),
    row("signum", 0, "signum"),
    row("sin", 0, "sin"),
    row("sin_cos", 0, "sin_cos"),
    row("sinh", 0, "sinh"),
    row("sqrt", 0, "sqrt"),
    row("square", 0, "square"),
    row("tan", 0, "tan"),
    row("tanh", 0, "tanh"),
    row("to_degrees", 0, "to_degrees"),
    row("to_radians", 0, "to_radians"),
    row("trunc", 0, "trunc"),
    row("wrapping_abs", 0, "abs"),
    row("wrapping_add", 1, "wrapping_add"),
    row("wrapping_mul", 1, "wrapping_mul"),
    row("wrapping_neg", 0, "wrapping_neg"),
    row("wrapping_sub", 1, "wrapping_sub"),
];

/// The method of this name.
pub fn method(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|m| m.name == name)
}

/// What somebody who wrote `name` may want to know.
pub fn hint(name: &str) -> String {
    let known = match name {
        "abs_sub" | "abs_diff" => "(x - y).abs()",
        "add" => "x + y",
        "sub" => "x - y",
        "mul" => "x * y",
        "wrapping_div" | "div" => "x / y",
        "wrapping_rem" | "rem" => "x % y",
        "shl" => "x << y",
        "shr" => "x >> y",
        "neg" => "-x",
        "not" => "!x",
        "eq" => "x == y",
        "ne" => "x != y",
        "lt" => "x < y",
        "le" => "x <= y",
        "gt" => "x > y",
        "ge" => "x >= y",
        "is_power_of_two" => "x != 0 && x & (x - 1) == 0",
        "then" | "then_some" => "if c { x } else { y }",
        "clone" | "to_owned" | "borrow" => "x",
        "into" | "try_into" | "cast" | "to_int_unchecked" => "x as T",
        _ if ["checked_", "overflowing_", "saturating_", "strict_", "unchecked_"]
            .iter()
            .any(|p| name.starts_with(p)) =>
        {
            return ": integers wrap here, so compare first".into();
        }
        _ => match METHODS.iter().map(|m| (distance(name, m.name), m.name)).min() {
            Some((0..=2, near)) => near,
            _ => return String::new(),
        },
    };
    format!(": write `{known}`")
}

/// How many letters differ.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for letter in a {
        let mut corner = row[0];
        row[0] += 1;
        for j in 0..b.len() {
            let change = corner + (letter != b[j]) as usize;
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_found() {
        assert!(METHODS.is_sorted_by_key(|m| m.name));
        assert_eq!(method("is_infinite").map(|m| m.function), Some("is_inf"));
        assert_eq!(hint("hypotenus"), "");
        assert_eq!(hint("powff"), ": write `powf`");
        assert_eq!(hint("hypott"), ": write `hypot`");
        assert_eq!(hint("saturating_add"), ": integers wrap here, so compare first");
        assert_eq!(hint("count_ones"), "");
    }
}
