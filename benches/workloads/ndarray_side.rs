//! The workloads in `ndarray` with its `rayon` feature: one pass an expression where `Zip` can, on all cores.

#![allow(clippy::reversed_empty_ranges)] // in s![], 1..-1 counts from the end

use std::f64::consts::FRAC_1_SQRT_2;

use ndarray::parallel::prelude::*;
use ndarray::{
    Array, Array1, Array2, ArrayView1, ArrayView2, ArrayViewD, Axis, Dimension, Ix1, Ix2, NdFloat, Zip, s,
};

use super::{Answer, Host, Numbers, Runner};

/// The workload over `inputs`; `None`: there is none of that name, or the inputs do not fit it.
pub fn ndarray(work: &str, case: &str, inputs: &[Host]) -> Option<Runner> {
    fn of(call: impl Fn() -> Box<dyn Numbers> + 'static) -> Option<Runner> {
        Some(Box::new(move || -> Answer { Ok(call()) }))
    }
    let case = case.to_owned();
    match (work, inputs.to_vec().as_slice()) {
        ("W1", [Host::F64(x)]) => {
            let x = flat(x.clone());
            of(move || Box::new(square_sum(&x)))
        }
        ("W2", [Host::F32(x)]) => {
            let x = flat(x.clone());
            of(move || Box::new(gauss(&x)))
        }
        ("W2", [Host::F64(x)]) => {
            let x = flat(x.clone());
            of(move || Box::new(gauss(&x)))
        }
        ("W3", [Host::F32(x), Host::F32(y)]) => {
            let (x, y) = (flat(x.clone()), flat(y.clone()));
            of(move || Box::new(sin_cos(&x, &y)))
        }
        ("W3", [Host::F64(x), Host::F64(y)]) => {
            let (x, y) = (flat(x.clone()), flat(y.clone()));
            of(move || Box::new(sin_cos(&x, &y)))
        }
        ("W4", [Host::F64(x)]) => {
            let x = flat(x.clone());
            of(move || {
                let z = standardise(x.view());
                Box::new(z.dot(&z))
            })
        }
        ("W4", [Host::F64(x), Host::F64(y)]) => {
            let (x, y) = (flat(x.clone()), flat(y.clone()));
            of(move || Box::new(standardise(x.view()).dot(&standardise(y.view()))))
        }
        ("W5", [Host::F32(a), Host::F32(b), Host::F32(x), Host::F32(y)]) => {
            let [a, b, x, y] = [a, b, x, y].map(|host| flat(host.clone()));
            of(move || Box::new(Zip::from(&a).and(&b).and(&x).and(&y).par_map_collect(chain)))
        }
        ("W6", [Host::F64(spot), Host::F64(strike), Host::F64(years)]) => {
            let [spot, strike, years] = [spot, strike, years].map(|host| flat(host.clone()));
            of(move || Box::new(black_scholes(spot.view(), strike.view(), years.view())))
        }
        ("W7", [Host::F32(x)]) => {
            let x = matrix(x.clone());
            of(move || Box::new(softmax(x.view())))
        }
        ("W8", [Host::F32(x), Host::F32(scale), Host::F32(bias)]) => {
            let (x, scale, bias) = (matrix(x.clone()), flat(scale.clone()), flat(bias.clone()));
            of(move || Box::new(layer_norm(x.view(), scale.view(), bias.view())))
        }
        ("W9", [Host::F32(x)]) => {
            let x = matrix(x.clone());
            of(move || match case.as_str() {
                "sum0" => Box::new(x.sum_axis(Axis(0))),
                "sum1" => Box::new(x.sum_axis(Axis(1))),
                _ => Box::new(standardise_columns(x.view())),
            })
        }
        ("W10", [Host::F32(x), Host::F32(y)]) => {
            let (x, y) = (flat(x.clone()), flat(y.clone()));
            of(move || Box::new(pairs(&x, &y)))
        }
        ("W11", [Host::F32(x), Host::F32(y)]) => {
            let (x, y) = (matrix(x.clone()), matrix(y.clone()));
            of(move || {
                let part = x.slice(s![..;2, 1..-1]);
                Box::new(Zip::from(part).and(y.t()).par_map_collect(|&x, &y| x * 2.0 + y))
            })
        }
        ("W12", [Host::F32(x), Host::F32(y)]) => {
            let (x, y, normed) = (matrix(x.clone()), matrix(y.clone()), case.starts_with("norm"));
            of(move || {
                if !normed {
                    return Box::new(x.dot(&y));
                }
                let lengths = (&x * &x).sum_axis(Axis(1)).sqrt().insert_axis(Axis(1));
                Box::new((&x / &lengths).dot(&y))
            })
        }
        ("W12", [Host::F64(x), Host::F64(y)]) => {
            let (x, y) = (matrix(x.clone()), matrix(y.clone()));
            of(move || Box::new(x.dot(&y)))
        }
        ("W13", [Host::F32(x), Host::F32(y)]) => {
            let (x, y) = (flat(x.clone()), flat(y.clone()));
            let links = if case.starts_with("chain") { 4 } else { 0 };
            of(move || Box::new((0..links).fold(&x * &y + 1.0, |z, _| z * 0.5 + &x)))
        }
        _ => None,
    }
}

fn flat<T>(host: Array<T, ndarray::IxDyn>) -> Array1<T> {
    host.into_dimensionality::<Ix1>().expect("the workload has a vector here")
}

fn matrix<T>(host: Array<T, ndarray::IxDyn>) -> Array2<T> {
    host.into_dimensionality::<Ix2>().expect("the workload has a matrix here")
}

fn square_sum(x: &Array1<f64>) -> f64 {
    if x.len() <= 100_000 {
        return x.dot(x); // too little work to share
    }
    Zip::from(x).par_fold(|| 0.0, |sum, &v| sum + v * v, |a, b| a + b)
}

fn gauss<T: NdFloat>(x: &Array1<T>) -> Array1<T> {
    Zip::from(x).par_map_collect(|&v| (-v * v).exp())
}

fn sin_cos<T: NdFloat>(x: &Array1<T>, y: &Array1<T>) -> Array1<T> {
    Zip::from(x).and(y).par_map_collect(|&x, &y| x.sin() * y.cos())
}

fn standardise(x: ArrayView1<f64>) -> Array1<f64> {
    let (mean, deviation) = (x.mean().unwrap_or(f64::NAN), x.std(0.0));
    Zip::from(x).par_map_collect(|&v| (v - mean) / deviation)
}

fn chain(&a: &f32, &b: &f32, &x: &f32, &y: &f32) -> f32 {
    let bent = (a * x + b).clamp(-1.0, 1.0);
    let chosen = if x > y { bent } else { y.abs().sqrt() };
    ((chosen * a + y) * 0.5).max(b) - bent * bent
}

fn black_scholes(
    spot: ArrayView1<f64>,
    strike: ArrayView1<f64>,
    years: ArrayView1<f64>,
) -> (Array1<f64>, Array1<f64>) {
    let (rate, volatility) = (0.05f64, 0.2f64);
    let normal = |d: f64| 0.5 + 0.5 * libm::erf(d * FRAC_1_SQRT_2);
    let mut call = Array1::zeros(spot.len());
    let mut put = Array1::zeros(spot.len());
    let every = Zip::from(&mut call).and(&mut put).and(spot).and(strike).and(years);
    every.par_for_each(|call, put, &spot, &strike, &years| {
        let deviation = volatility * years.sqrt();
        let d1 = ((spot / strike).ln() + (rate + 0.5 * volatility * volatility) * years) / deviation;
        let owed = strike * (-rate * years).exp();
        *call = spot * normal(d1) - owed * normal(d1 - deviation);
        *put = *call - spot + owed;
    });
    (call, put)
}

fn softmax(x: ArrayView2<f32>) -> Array2<f32> {
    let mut rows = x.to_owned();
    rows.axis_iter_mut(Axis(0)).into_par_iter().for_each(|mut row| {
        let top = row.fold(f32::NEG_INFINITY, |top, &v| top.max(v));
        row.mapv_inplace(|v| (v - top).exp());
        let sum = row.sum();
        row /= sum;
    });
    rows
}

fn layer_norm(x: ArrayView2<f32>, scale: ArrayView1<f32>, bias: ArrayView1<f32>) -> Array2<f32> {
    let mut rows = x.to_owned();
    rows.axis_iter_mut(Axis(0)).into_par_iter().for_each(|mut row| {
        let (mean, root) = (row.mean().unwrap_or(f32::NAN), (row.var(0.0) + 1e-5).sqrt());
        Zip::from(&mut row)
            .and(scale)
            .and(bias)
            .for_each(|v, &scale, &bias| *v = (*v - mean) / root * scale + bias);
    });
    rows
}

fn standardise_columns(x: ArrayView2<f32>) -> Array2<f32> {
    let (mean, deviation) = (x.mean_axis(Axis(0)).expect("there is a row"), x.std_axis(Axis(0), 0.0));
    Zip::from(x).and_broadcast(&mean).and_broadcast(&deviation).par_map_collect(|&v, &m, &d| (v - m) / d)
}

fn pairs(x: &Array1<f32>, y: &Array1<f32>) -> Array1<f32> {
    Zip::from(x).par_map_collect(|&x| y.fold(0.0, |sum, &y| sum + (-(x - y) * (x - y)).exp()))
}

fn wide<T: Copy + Into<f64>>(x: ArrayViewD<T>) -> Vec<f64> {
    x.iter().map(|&v| v.into()).collect()
}

impl<T: Copy + Into<f64>, D: Dimension> Numbers for Array<T, D> {
    fn numbers(&self) -> Result<Vec<Vec<f64>>, lazuli::Error> {
        Ok(vec![wide(self.view().into_dyn())])
    }
}

impl Numbers for (Array1<f64>, Array1<f64>) {
    fn numbers(&self) -> Result<Vec<Vec<f64>>, lazuli::Error> {
        Ok(vec![self.0.to_vec(), self.1.to_vec()])
    }
}
