//! The inputs, made the same way every time: the distributions of the peers' programs, from a generator of our own.

use ndarray::ArrayD;

use super::Host;

/// The inputs of a workload; `scale` shortens (or lengthens) the first axis of what is large. `None`: no such workload.
pub fn inputs(work: &str, case: &str, scale: f64) -> Option<Vec<Host>> {
    let scaled = |n: usize| ((n as f64 * scale) as usize).max(2);
    let even = |n: usize| scaled(n) / 2 * 2;
    let n = scaled(10_000_000);
    let mut g = Generator(12345);
    Some(match (work, case) {
        ("W1", _) => {
            let n = case.parse::<f64>().ok()? as usize;
            vec![g.f64(&[if n > 100_000 { scaled(n) } else { n }], |g| g.uniform() - 0.3)]
        }
        ("W2", "f32") => vec![g.f32(&[n], Generator::normal)],
        ("W2", "f64") => vec![g.f64(&[n], Generator::normal)],
        ("W3", "f32") => g.twice(|g| g.f32(&[n], |g| g.uniform() * 20.0 - 10.0)),
        ("W3", "f64") => g.twice(|g| g.f64(&[n], |g| g.uniform() * 20.0 - 10.0)),
        ("W4", "x") => vec![g.f64(&[n], |g| g.uniform() * 3.0 + 1.0)],
        ("W4", "xy") => g.twice(|g| g.f64(&[n], |g| g.uniform() * 3.0 + 1.0)),
        ("W5", "f32") => (0..4).map(|_| g.f32(&[n], Generator::normal)).collect(),
        ("W6", "f64") => {
            let n = [scaled(4_000_000)];
            let mut prices = g.twice(|g| g.f64(&n, |g| g.uniform() * 90.0 + 10.0));
            prices.push(g.f64(&n, |g| g.uniform() * 2.0 + 0.1));
            prices
        }
        ("W7", "4096x4096") => vec![g.f32(&[scaled(4096), 4096], |g| g.normal() * 3.0)],
        ("W7", "200000x64") => vec![g.f32(&[scaled(200_000), 64], |g| g.normal() * 3.0)],
        ("W8", "f32") => vec![
            g.f32(&[scaled(8192), 1024], Generator::normal),
            g.f32(&[1024], |g| g.uniform() + 0.5),
            g.f32(&[1024], |g| g.uniform() - 0.5),
        ],
        ("W9", "sum0" | "sum1" | "colstd") => vec![g.f32(&[scaled(4096), 4096], Generator::uniform)],
        ("W10", "f32") => g.twice(|g| g.f32(&[scaled(8192)], |g| g.uniform() * 4.0)),
        ("W11", "f32") => {
            let rows = even(8192);
            let strided = g.f32(&[rows, 4098], Generator::uniform);
            vec![strided, g.f32(&[4096, rows / 2], Generator::uniform)]
        }
        ("W12", _) => {
            let [m, k, n] = if case.ends_with("_1024") { [1024; 3] } else { [4096, 4096, 64] };
            let m = scaled(m);
            let centred = |g: &mut Generator| g.uniform() - 0.5;
            match case.starts_with("f64") {
                true => vec![g.f64(&[m, k], centred), g.f64(&[k, n], centred)],
                false => vec![g.f32(&[m, k], centred), g.f32(&[k, n], centred)],
            }
        }
        ("W13", _) => {
            let n = [case.trim_start_matches("chain").parse().ok()?];
            g.twice(|g| g.f32(&n, Generator::uniform))
        }
        _ => return None,
    })
}

/// The splitmix64 generator.
struct Generator(u64);

impl Generator {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 up to 1.
    fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Mean 0, deviation 1, by the method of Box and Muller.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    fn f64(&mut self, shape: &[usize], draw: impl Fn(&mut Self) -> f64) -> Host {
        Host::F64(ArrayD::from_shape_simple_fn(shape, || draw(self)))
    }

    fn f32(&mut self, shape: &[usize], draw: impl Fn(&mut Self) -> f64) -> Host {
        Host::F32(ArrayD::from_shape_simple_fn(shape, || draw(self) as f32))
    }

    fn twice(&mut self, make: impl Fn(&mut Self) -> Host) -> Vec<Host> {
        vec![make(self), make(self)]
    }
}
