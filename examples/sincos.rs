//! A fast wave inside a slow one: `sin(x) * cos(12 x)`.
//!
//! Shows one expression with two functions and a constant becoming one kernel, and two results asked for at once:
//! the product and the slow wave around it share their sine.
//!
//! `cargo run --release --example sincos [PICTURE.png]`

use std::error::Error;

use lazuli::prelude::*;

#[path = "support/plot.rs"]
mod plot;

/// sin(x)·cos(12x), and sin(x).
pub fn waves(x: &Array<f64>) -> (Array<f64>, Array<f64>) {
    let slow = x.sin();
    let product = &slow * (12.0 * x).cos();
    (product, slow)
}

fn main() -> Result<(), Box<dyn Error>> {
    let points: Vec<f64> = (0..=1200).map(|i| f64::from(i) / 1200.0 * std::f64::consts::TAU).collect();
    let x = Array::from_vec(points);
    let (product, slow) = waves(&x);
    println!("{}", product.explain());

    lazuli::eval([&product, &slow])?;
    let picture = plot::path_or_default("sincos.png");
    let series = [("sin(x) cos(12x)", &*product.to_vec()?), ("sin(x)", &*slow.to_vec()?)];
    plot::lines(&picture, "sin(x) cos(12x)", &x.to_vec()?, &series)?;
    println!("{}", picture.display());
    Ok(())
}
