//! What Lazuli does with an expression, before it does it.
//!
//! Prints the plans of a few expressions: their kernels and stages, the bytes they move, and where and why something
//! was not fused. Writes the last plan as a picture.
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

fn main() -> Result<(), Box<dyn Error>> {
    let x = Array::from_shape_vec([500, 400], (0..500 * 400).map(|i| (i % 977) as f32).collect())?;
    let expressions = expressions(&x);
    for (name, expression) in &expressions {
        println!("--- {name}\n{}", expression.explain());
    }
    if let Some((_, last)) = expressions.last() {
        let path = plot::path_or_default("explain.svg").with_extension("svg");
        std::fs::write(&path, last.explain().to_svg())?;
        println!("{}", path.display());
    }
    Ok(())
}
