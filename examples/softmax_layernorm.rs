//! Two row operations of neural networks, written out by hand: softmax, and layer norm with scale and bias.
//!
//! Shows that several reductions over a row and what follows them are one kernel: a row is read, reduced, changed and
//! written while it is in the cache. Either works along any axis.
//!
//! `cargo run --release --example softmax_layernorm`

use std::error::Error;

use lazuli::prelude::*;

/// exp(x - max) / sum of the same, along `axis`.
pub fn softmax(x: &Array<f32>, axis: isize) -> Array<f32> {
    let e = (x - x.max(keep(axis))).exp();
    &e / e.sum(keep(axis))
}

/// (x - mean) / sqrt(var + 1e-5) * scale + bias, along the last axis.
pub fn layer_norm(x: &Array<f32>, scale: &Array<f32>, bias: &Array<f32>) -> Array<f32> {
    let centred = x - x.mean(keep(-1));
    centred / (x.var(keep(-1)) + 1e-5).sqrt() * scale + bias
}

fn main() -> Result<(), Box<dyn Error>> {
    let (rows, columns) = (2048_usize, 1024_usize);
    let wave = |i: usize| ((i % 9973) as f32 * 0.37).sin() * 3.0;
    let x = Array::from_shape_vec([rows, columns], (0..rows * columns).map(wave).collect())?;
    let scale = Array::from_vec((0..columns).map(|i| 0.5 + i as f32 / columns as f32).collect());
    let bias = Array::from_vec((0..columns).map(|i| i as f32 / columns as f32 - 0.5).collect());

    for (name, axis) in [("softmax over the rows", -1), ("softmax over the columns", 0)] {
        let p = softmax(&x, axis);
        println!("{name}:\n{}", p.explain());
        let sums = p.sum(axis);
        println!("the sums lie between {} and {}\n", sums.min(..).item()?, sums.max(..).item()?);
    }
    let y = layer_norm(&x, &scale, &bias);
    println!("layer norm:\n{}", y.explain());
    println!("{y}");
    Ok(())
}
