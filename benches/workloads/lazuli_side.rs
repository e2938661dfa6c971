//! The workloads as Lazuli expressions.

#![allow(clippy::reversed_empty_ranges)] // in s![], 1..-1 counts from the end

use std::f64::consts::FRAC_1_SQRT_2;

use lazuli::prelude::*;

use super::{Answer, Host, Numbers, Runner};

/// Whose memory the inputs lie in.
#[derive(Clone, Copy, PartialEq)]
pub enum Owned {
    /// The caller's vectors, taken as they are.
    Caller,
    /// Lazuli's own buffers, copied before anything is timed: the other programs align their inputs too.
    Lazuli,
}

/// The workload over `inputs`; `None`: there is none of that name, or the inputs do not fit it.
pub fn lazuli(work: &str, case: &str, inputs: &[Host], owned: Owned) -> Option<Runner> {
    let singles: Vec<Array<f32>> = inputs.iter().filter_map(|input| single(input, owned)).collect();
    let doubles: Vec<Array<f64>> = inputs.iter().filter_map(|input| double(input, owned)).collect();
    match (work, singles.as_slice(), doubles.as_slice()) {
        ("W1", [], [x]) => scalar(x, |x| (x * x).sum(..)),
        ("W2", [x], []) => array(x, |x| (-x * x).exp()),
        ("W2", [], [x]) => array(x, |x| (-x * x).exp()),
        ("W3", [x, y], []) => array(&(x.clone(), y.clone()), |(x, y)| x.sin() * y.cos()),
        ("W3", [], [x, y]) => array(&(x.clone(), y.clone()), |(x, y)| x.sin() * y.cos()),
        ("W4", [], [x]) => scalar(x, |x| {
            let z = standardise(x);
            z.dot(&z)
        }),
        ("W4", [], [x, y]) => scalar(&(x.clone(), y.clone()), |(x, y)| standardise(x).dot(&standardise(y))),
        ("W5", [a, b, x, y], []) => {
            array(&(a.clone(), b.clone(), x.clone(), y.clone()), |(a, b, x, y)| chain(a, b, x, y))
        }
        ("W6", [], [spot, strike, years]) => {
            let (spot, strike, years) = (spot.clone(), strike.clone(), years.clone());
            Some(Box::new(move || {
                let (call, put) = black_scholes(&spot, &strike, &years);
                lazuli::eval([&call, &put])?;
                Ok(Box::new((call, put)))
            }))
        }
        ("W7", [x], []) => array(x, |x| {
            let e = (x - x.max(keep(1))).exp();
            &e / e.sum(keep(1))
        }),
        ("W8", [x, scale, bias], []) => {
            array(&(x.clone(), scale.clone(), bias.clone()), |(x, scale, bias)| {
                (x - x.mean(keep(1))) / (x.var(keep(1)) + 1e-5).sqrt() * scale + bias
            })
        }
        ("W9", [x], []) => match case {
            "sum0" => array(x, |x| x.sum(0)),
            "sum1" => array(x, |x| x.sum(1)),
            "colstd" => array(x, |x| (x - x.mean(0)) / x.std(0)),
            _ => None,
        },
        ("W10", [x, y], []) => array(&(x.clone(), y.clone()), |(x, y)| {
            let d = x.expand_dims(1) - y.expand_dims(0);
            (-&d * &d).exp().sum(1)
        }),
        ("W11", [x, y], []) => {
            array(&(x.clone(), y.clone()), |(x, y)| x.slice(s![..;2, 1..-1]) * 2.0 + y.t())
        }
        ("W12", [x, y], []) if case.starts_with("norm") => {
            array(&(x.clone(), y.clone()), |(x, y)| (x / (x * x).sum(keep(1)).sqrt()).matmul(y))
        }
        ("W12", [x, y], []) => array(&(x.clone(), y.clone()), |(x, y)| x.matmul(y)),
        ("W12", [], [x, y]) => array(&(x.clone(), y.clone()), |(x, y)| x.matmul(y)),
        ("W13", [x, y], []) if case.starts_with("chain") => {
            array(&(x.clone(), y.clone()), |(x, y)| (0..4).fold(x * y + 1.0, |z, _| z * 0.5 + x))
        }
        ("W13", [x, y], []) => array(&(x.clone(), y.clone()), |(x, y)| x * y + 1.0),
        _ => None,
    }
}

fn standardise(x: &Array<f64>) -> Array<f64> {
    (x - x.mean(..)) / x.std(..)
}

fn chain(a: &Array<f32>, b: &Array<f32>, x: &Array<f32>, y: &Array<f32>) -> Array<f32> {
    let bent = (a * x + b).clamp(-1.0, 1.0);
    let root = y.abs().sqrt();
    let chosen = x.gt(y).select(&bent, &root);
    ((chosen * a + y) * 0.5).maximum(b) - &bent * &bent
}

fn black_scholes(spot: &Array<f64>, strike: &Array<f64>, years: &Array<f64>) -> (Array<f64>, Array<f64>) {
    let (rate, volatility) = (0.05, 0.2);
    let normal = |d: &Array<f64>| 0.5 + 0.5 * (d * FRAC_1_SQRT_2).erf();
    let deviation = volatility * years.sqrt();
    let d1 = ((spot / strike).ln() + (rate + 0.5 * volatility * volatility) * years) / &deviation;
    let d2 = &d1 - &deviation;
    let owed = strike * (-rate * years).exp();
    let call = spot * normal(&d1) - &owed * normal(&d2);
    let put = &call - spot + &owed;
    (call, put)
}

/// A runner whose expression is one array.
fn array<I: Clone + 'static, T: Element>(
    inputs: &I,
    record: impl Fn(&I) -> Array<T> + 'static,
) -> Option<Runner>
where
    Array<T>: Numbers,
{
    let inputs = inputs.clone();
    Some(Box::new(move || -> Answer {
        let result = record(&inputs);
        result.eval()?;
        Ok(Box::new(result))
    }))
}

/// A runner whose expression is one number.
fn scalar<I: Clone + 'static>(inputs: &I, record: impl Fn(&I) -> Array<f64> + 'static) -> Option<Runner> {
    let inputs = inputs.clone();
    Some(Box::new(move || -> Answer { Ok(Box::new(record(&inputs).item()?)) }))
}

fn single(input: &Host, owned: Owned) -> Option<Array<f32>> {
    match input {
        Host::F32(host) => settled(Array::from(host.clone()), 0.0, owned),
        Host::F64(_) => None,
    }
}

fn double(input: &Host, owned: Owned) -> Option<Array<f64>> {
    match input {
        Host::F64(host) => settled(Array::from(host.clone()), 0.0, owned),
        Host::F32(_) => None,
    }
}

fn settled<T: Real>(x: Array<T>, zero: T, owned: Owned) -> Option<Array<T>> {
    if owned == Owned::Caller {
        return Some(x);
    }
    let copy = x.maximum(zero) + x.minimum(zero);
    copy.eval().ok()?;
    Some(copy)
}

impl Numbers for f64 {
    fn numbers(&self) -> Result<Vec<Vec<f64>>, lazuli::Error> {
        Ok(vec![vec![*self]])
    }
}

impl Numbers for Array<f32> {
    fn numbers(&self) -> Result<Vec<Vec<f64>>, lazuli::Error> {
        Ok(vec![self.to_vec()?.into_iter().map(f64::from).collect()])
    }
}

impl Numbers for Array<f64> {
    fn numbers(&self) -> Result<Vec<Vec<f64>>, lazuli::Error> {
        Ok(vec![self.to_vec()?])
    }
}

impl Numbers for (Array<f64>, Array<f64>) {
    fn numbers(&self) -> Result<Vec<Vec<f64>>, lazuli::Error> {
        Ok(vec![self.0.to_vec()?, self.1.to_vec()?])
    }
}
