//! The bell curve: a vector, one expression, one kernel, a picture.
//!
//! Shows that `(-&x * &x).exp()` is recorded as three operations and runs as one pass over memory.
//!
//! `cargo run --release --example gauss [PICTURE.png]`

use std::error::Error;

use lazuli::prelude::*;

#[path = "support/plot.rs"]
mod plot;

/// exp(-x²) of every element.
pub fn gauss(x: &Array<f64>) -> Array<f64> {
    (-x * x).exp()
}

fn main() -> Result<(), Box<dyn Error>> {
    let points: Vec<f64> = (-300..=300).map(|i| f64::from(i) / 100.0).collect();
    let x = Array::from_vec(points);
    let y = gauss(&x);
    println!("{}", y.explain());

    let picture = plot::path_or_default("gauss.png");
    plot::lines(&picture, "exp(-x²)", &x.to_vec()?, &[("exp(-x²)", &y.to_vec()?)])?;
    println!("{}", picture.display());
    Ok(())
}
