//! Prices of European options by the formula of Black and Scholes: a call and a put for every stock.
//!
//! Shows two results of one recorded graph evaluated together: one kernel reads spot, strike and time once and writes
//! both prices.
//!
//! `cargo run --release --example black_scholes`

use std::error::Error;
use std::f64::consts::FRAC_1_SQRT_2;

use lazuli::prelude::*;

/// What a year's riskless interest and a year's standard deviation of the logarithm of the price are.
pub const RATE: f64 = 0.05;
/// See [`RATE`].
pub const VOLATILITY: f64 = 0.2;

/// The prices of a call and a put, elementwise.
pub fn black_scholes(spot: &Array<f64>, strike: &Array<f64>, years: &Array<f64>) -> (Array<f64>, Array<f64>) {
    let normal = |d: &Array<f64>| 0.5 + 0.5 * (d * FRAC_1_SQRT_2).erf();
    let deviation = VOLATILITY * years.sqrt();
    let drift = (RATE + 0.5 * VOLATILITY * VOLATILITY) * years;
    let d1 = ((spot / strike).ln() + drift) / &deviation;
    let d2 = &d1 - &deviation;
    let owed = strike * (-RATE * years).exp();
    let call = spot * normal(&d1) - &owed * normal(&d2);
    let put = &call - spot + &owed; // put-call parity
    (call, put)
}

fn main() -> Result<(), Box<dyn Error>> {
    let n = 1_000_000;
    let spread = |low: f64, high: f64, step: usize| {
        let at = move |i: usize| low + (high - low) * ((i * step) % n) as f64 / n as f64;
        Array::from_vec((0..n).map(at).collect())
    };
    let (spot, strike, years) =
        (spread(10.0, 100.0, 7919), spread(10.0, 100.0, 104_729), spread(0.1, 2.1, 1));

    let (call, put) = black_scholes(&spot, &strike, &years);
    let plan = lazuli::explain([&call, &put])?;
    println!("{plan}");
    println!("kernels for both prices: {}", plan.kernels());
    lazuli::eval([&call, &put])?;

    println!("   spot  strike  years    call     put");
    let rows = [&spot, &strike, &years, &call, &put].map(|column| column.to_vec());
    let [spot, strike, years, call, put] = rows;
    let (spot, strike, years, call, put) = (spot?, strike?, years?, call?, put?);
    for i in (0..n).step_by(170_003) {
        println!("{:7.2} {:7.2} {:6.2} {:7.3} {:7.3}", spot[i], strike[i], years[i], call[i], put[i]);
    }
    Ok(())
}
