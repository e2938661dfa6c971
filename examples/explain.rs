//! What Lazuli does with an expression, before it does it.
//!
//! Prints the plans of a few expressions: their kernels and stages, the bytes they move, and where and why something
//! was not fused; of the first one the code too; then, when all have run, what each step was expected to take and took.
//! Writes the last plan as a picture.
//!
//! `cargo run --release --example explain [PICTURE, without its ending]`

use std::error::Error;

use lazuli::prelude::*;

#[path = "support/plot.rs"]
mod plot;

/// Named expressions over one matrix, none of them evaluated.
pub fn expressions(x: &Array<f32>) -> Vec<(&'static str, Array<f32>)> {
    let row = x.index_axis(0, 0);
    let z = (x - x.mean(keep(0))) / x.std(keep(0));
    let product = z.t().matmul(&z);
    vec![
        ("a chain: one kernel", (x * 2.0 + 1.0).sqrt().minimum(3.0)),
        ("views cost nothing: x.t() + x.t()", x.t() + x.t()),
        ("reductions beside each other: x.mean(1) / x.std(1)", x.mean(1) / x.std(1)),
        ("every pair: exp(-(a - b)²) summed, without the matrix of pairs", pairs(&row)),
        ("columns standardised", z),
        ("and multiplied: a matrix product is a call of a library", product),
    ]
}

fn pairs(a: &Array<f32>) -> Array<f32> {
    let d = a.expand_dims(1) - a.expand_dims(0);
    (-&d * &d).exp().sum(1)
}

/// What each kernel computes, how long its assembly and its PTX are, and what it takes of a GPU, as far as that is known here.
pub fn code(x: &Array<f32>) -> Result<String, lazuli::Error> {
    let mut text = String::new();
    for kernel in x.inspect()?.kernels() {
        text.push_str(&kernel.to_string());
        let lines = |code: Result<String, lazuli::Error>| code.map(|code| code.lines().count());
        for (what, code) in [("assembly", kernel.asm()), ("PTX for sm_90", kernel.ptx("sm_90"))] {
            match lines(code) {
                Ok(lines) => text.push_str(&format!("{what}: {lines} lines\n")),
                Err(error) => text.push_str(&format!("{error}\n")),
            }
        }
        match kernel.resources("sm_90") {
            Ok(entries) => entries.iter().for_each(|e| text.push_str(&format!("{e:?}\n"))),
            Err(error) => text.push_str(&format!("{error}\n")),
        }
    }
    Ok(text)
}

/// What the steps of each expression were expected to take, and took: it is run, and recorded again. Its plan is found
/// again, with the times of its runs.
pub fn times(x: &Array<f32>) -> Result<Vec<(&'static str, String)>, lazuli::Error> {
    for _ in 0..3 {
        for (_, expression) in expressions(x) {
            expression.eval()?;
        }
        lazuli::wait_for_compiler();
    }
    let text = |expression: &Array<f32>| {
        let steps = expression.explain().steps;
        let known = |time: Option<std::time::Duration>| time.map_or("-".into(), |time| format!("{time:.1?}"));
        let line = |s: &lazuli::ExplainedStep| {
            let rate = s.bandwidth().map_or("-".into(), |rate| format!("{:.1}", rate / 1e9));
            format!(
                "  {}: {} expected, {} measured, {rate} GB/s",
                s.kind,
                known(s.expected),
                known(s.shortest)
            )
        };
        steps.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    Ok(expressions(x).iter().map(|(name, expression)| (*name, text(expression))).collect())
}

fn main() -> Result<(), Box<dyn Error>> {
    let x = Array::from_shape_vec([500, 400], (0..500 * 400).map(|i| (i % 977) as f32).collect())?;
    let expressions = expressions(&x);
    for (name, expression) in &expressions {
        println!("--- {name}\n{}", expression.explain());
    }
    if let Some((name, first)) = expressions.first() {
        println!("--- {name}: its code\n{}", code(first)?);
    }
    println!("--- times");
    for (name, steps) in times(&x)? {
        println!("{name}\n{steps}");
    }
    if let Some((_, last)) = expressions.last() {
        let path = plot::path_or_default("explain.svg").with_extension("svg");
        std::fs::write(&path, last.explain().to_svg())?;
        println!("{}", path.display());
    }
    Ok(())
}
