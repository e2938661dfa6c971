//! G1 to G12: their inputs, and the programs that are measured.
//!
//! The sizes are those of the peers' program; `GPU_PEERS_SMOKE=1` shrinks them as it does there. A program is a function
//! of arrays: compiled once and called, as the peers' are (`torch.compile`, `jax.jit`), and with the row operations that
//! have names; or, when `plain` is asked for, recorded anew by every call and written out in single operations, each of
//! which rounds (in bf16, that shows).

use std::f64::consts::FRAC_1_SQRT_2;

use lazuli::Error;
use lazuli::prelude::*;

use super::data::{Sample, Spread, generate};
use Spread::{Bell, Uniform};

/// What a call gives: one array, or two.
pub type Outputs<T> = (Array<T>, Option<Array<T>>);

/// What is measured.
pub type Program<T> = Box<dyn Fn(&[Array<T>]) -> Result<Outputs<T>, Error>>;

/// A workload over elements of type `T`: the program, and the inputs' shapes and spreads.
pub struct Work<T: Element> {
    /// What is measured.
    pub program: Program<T>,
    inputs: Vec<(Vec<usize>, Spread)>,
}

/// A workload, by the type of its elements.
pub enum Typed {
    /// 32-bit floats.
    F32(Work<f32>),
    /// 64-bit floats.
    F64(Work<f64>),
    /// 16-bit floats of the machine learners.
    Bf16(Work<bf16>),
}

/// Tiny sizes, to try the programs on a machine without a GPU.
pub fn smoke() -> bool {
    std::env::var_os("GPU_PEERS_SMOKE").is_some_and(|value| value == "1")
}

fn size(large: usize, small: usize) -> usize {
    if smoke() { small } else { large }
}

impl<T: Sample> Work<T> {
    /// Sets of inputs on the device: so many that together they do not fit the L2, and two at least.
    pub fn sets(&self, device: &Device, seed: u64, single: bool) -> Result<Vec<Vec<Array<T>>>, Error> {
        let elements: usize = self.inputs.iter().map(|(shape, _)| shape.iter().product::<usize>()).sum();
        let rotated = size(256 << 20, 1 << 18);
        let count = if single { 1 } else { rotated.div_ceil(elements * size_of::<T>()).clamp(2, 64) };
        let input = |set: usize, (i, (shape, spread)): (usize, &(Vec<usize>, Spread))| {
            let data = generate(shape.iter().product(), seed, set, i, *spread);
            let x = Array::<T>::from_shape_vec(shape, data)?.to_device(device);
            x.eval()?;
            Ok(x)
        };
        (0..count).map(|set| self.inputs.iter().enumerate().map(|at| input(set, at)).collect()).collect()
    }
}

macro_rules! programs {
    ($($name:ident ($($x:ident: $t:ident $n:tt),+);)*) => {$(
        fn $name<T: Float>(plain: bool, function: impl Fn($(&Array<$t>),+) -> Array<T> + Send + Sync + 'static) -> Program<T> {
            if plain {
                return Box::new(move |x| {
                    let y = function($(&x[$n]),+);
                    y.eval()?;
                    Ok((y, None))
                });
            }
            let plan = lazuli::compile::<($($t,)+), _>(move |($($x,)+)| function($(&$x),+));
            Box::new(move |x| Ok((plan.call(($(&x[$n],)+))?, None)))
        }
    )*};
}
programs! {
    of1(x: T 0);
    of2(x: T 0, y: T 1);
    of3(x: T 0, y: T 1, z: T 2);
    of4(x: T 0, y: T 1, z: T 2, w: T 3);
}

/// The workload of this name, or why there is none.
pub fn work(name: &str, case: &str, plain: bool) -> Result<Typed, String> {
    let single = |program, inputs| Ok(Typed::F32(Work { program, inputs }));
    let big = size(1 << 28, 1 << 14);
    let side = size(16384, 64);
    let unit = Uniform(0.0, 1.0);
    match (name, case) {
        ("G1" | "G2" | "G5" | "G8", _) if case.contains("f32") => generic(name, case, plain).map(Typed::F32),
        ("G1" | "G2" | "G5" | "G8", _) if case.contains("f64") => generic(name, case, plain).map(Typed::F64),
        ("G3", "f32") => single(of4(plain, chain12), vec![(vec![big], Bell(1.0)); 4]),
        ("G4", "f64") => {
            let n = vec![size(1 << 26, 1 << 12)];
            let price = (n.clone(), Uniform(10.0, 90.0));
            let inputs = vec![price.clone(), price, (n, Uniform(0.1, 2.0))];
            Ok(Typed::F64(Work { program: options(plain), inputs }))
        }
        ("G6", _) => {
            let long = size(1 << 22, 1 << 10);
            let (axis, shape) = case.split_once('_').unwrap_or_default();
            let shape = match shape {
                "sq" => [side, side],
                "tall" => [long, 64],
                "wide" => [64, long],
                _ => return Err(missing(name, case)),
            };
            let axis = if axis == "row" { 1 } else { 0 };
            single(of1(plain, move |x| x.sum(axis)), vec![(shape.to_vec(), unit)])
        }
        ("G7", _) if case.contains("_f32_") => rows(case, plain).map(Typed::F32),
        ("G7", _) if case.contains("_bf16_") => rows(case, plain).map(Typed::Bf16),
        ("G9", "f32") => {
            let function = |x: &Array<f32>, y: &Array<f32>| {
                let d = x.expand_dims(1) - y.expand_dims(0);
                (-&d * &d).exp().sum(1)
            };
            single(of2(plain, function), vec![(vec![size(32768, 256)], Uniform(0.0, 4.0)); 2])
        }
        ("G10", "f32") => {
            let function = |x: &Array<f32>, y: &Array<f32>| x.slice(s![..;2, 1..-1]) * 2.0 + y.t();
            let inputs = vec![(vec![2 * side, side + 2], unit), (vec![side, side], unit)];
            single(of2(plain, function), inputs)
        }
        ("G11", "f32") => {
            let (n, centred) = (size(4096, 64), Uniform(-0.5, 1.0));
            let function = |a: &Array<f32>, b: &Array<f32>, bias: &Array<f32>| {
                let h = a.matmul(b) + bias;
                &h * 0.5 * ((&h * FRAC_1_SQRT_2 as f32).erf() + 1.0)
            };
            let inputs = vec![(vec![n, n], centred), (vec![n, n], centred), (vec![n], centred)];
            single(of3(plain, function), inputs)
        }
        ("G11", "tf32" | "bf16") => Err("no matrix products on tensor cores in this version".to_owned()),
        ("G12", "chain") => {
            let function = |x: &Array<f32>, y: &Array<f32>| (0..4).fold(x * y + 1.0, |z, _| z * 0.5 + x);
            single(of2(plain, function), vec![(vec![1 << 10], unit); 2])
        }
        ("G12", "one") => single(of2(plain, |x, y| x * y + 1.0), vec![(vec![1 << 10], unit); 2]),
        _ => Err(missing(name, case)),
    }
}

fn missing(name: &str, case: &str) -> String {
    format!("there is no workload {name} {case}")
}

/// What is measured for float32 and for float64.
fn generic<T: Sample>(name: &str, case: &str, plain: bool) -> Result<Work<T>, String> {
    let big = size(1 << 28, 1 << 14);
    let n = if case.ends_with("_20") { size(1 << 20, 1 << 10) } else { big };
    let standard = |x: &Array<T>| (x - x.mean(..)) / x.std(..);
    let (program, count, spread) = match name {
        "G1" => (of1(plain, |x: &Array<T>| (-x * x).exp()), 1, Bell(1.0)),
        "G2" => (of2(plain, |x: &Array<T>, y: &Array<T>| x.sin() * y.cos()), 2, Uniform(-10.0, 20.0)),
        "G5" => (of1(plain, |x: &Array<T>| (x * x).sum(..)), 1, Uniform(-0.3, 1.0)),
        "G8" if case.starts_with("xy") => {
            (of2(plain, move |x, y| standard(x).dot(&standard(y))), 2, Uniform(1.0, 3.0))
        }
        "G8" => {
            let function = move |x: &Array<T>| {
                let z = standard(x);
                z.dot(&z)
            };
            (of1(plain, function), 1, Uniform(1.0, 3.0))
        }
        _ => return Err(missing(name, case)),
    };
    Ok(Work { program, inputs: vec![(vec![n], spread); count] })
}

/// Softmax and layer norm of rows.
fn rows<T: Sample>(case: &str, plain: bool) -> Result<Work<T>, String> {
    let length: usize = case.rsplit('_').next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let n = size(1 << 27, 1 << 17);
    if length == 0 || !n.is_multiple_of(length) {
        return Err(missing("G7", case));
    }
    let shape = vec![n / length, length];
    if case.starts_with("softmax") {
        let function = move |x: &Array<T>| {
            if !plain {
                return x.softmax(1);
            }
            let e = (x - x.max(keep(1))).exp();
            &e / e.sum(keep(1))
        };
        return Ok(Work { program: of1(plain, function), inputs: vec![(shape, Bell(3.0))] });
    }
    let function = move |x: &Array<T>, scale: &Array<T>, bias: &Array<T>| {
        let eps = T::near(1e-5);
        let rows =
            if plain { (x - x.mean(keep(1))) / (x.var(keep(1)) + eps).sqrt() } else { x.layer_norm(1, eps) };
        rows * scale + bias
    };
    let inputs =
        vec![(shape, Bell(1.0)), (vec![length], Uniform(0.5, 1.0)), (vec![length], Uniform(-0.5, 1.0))];
    Ok(Work { program: of3(plain, function), inputs })
}

/// Twelve operations on four arrays.
fn chain12(a: &Array<f32>, b: &Array<f32>, x: &Array<f32>, y: &Array<f32>) -> Array<f32> {
    let bent = (a * x + b).clamp(-1.0, 1.0);
    let chosen = x.gt(y).select(&bent, y.abs().sqrt());
    ((chosen * a + y) * 0.5).maximum(b) - &bent * &bent
}

/// Black and Scholes: two results of one kernel.
fn options(plain: bool) -> Program<f64> {
    let function = |spot: &Array<f64>, strike: &Array<f64>, years: &Array<f64>| {
        let (rate, volatility) = (0.05, 0.2);
        let normal = |d: &Array<f64>| 0.5 + 0.5 * (d * FRAC_1_SQRT_2).erf();
        let deviation = volatility * years.sqrt();
        let d1 = ((spot / strike).ln() + (rate + 0.5 * volatility * volatility) * years) / &deviation;
        let owed = strike * (-rate * years).exp();
        let call = spot * normal(&d1) - &owed * normal(&(&d1 - &deviation));
        let put = &call - spot + owed;
        (call, put)
    };
    if plain {
        return Box::new(move |x| {
            let (call, put) = function(&x[0], &x[1], &x[2]);
            lazuli::eval([&call, &put])?;
            Ok((call, Some(put)))
        });
    }
    let plan = lazuli::compile::<(f64, f64, f64), _>(move |(s, k, t)| function(&s, &k, &t));
    Box::new(move |x| {
        let (call, put) = plan.call((&x[0], &x[1], &x[2]))?;
        Ok((call, Some(put)))
    })
}
