use lazuli_macros::vectorize;

#[vectorize]
fn unknown(x: f32, n: i64) -> f32 {
    let a = x.sine();
    let b = x.floorr();
    let c = n.count_ones();
    let d = n.checked_add(1);
    let e = x.clone();
    let f = x.into();
    let g = x.to_bits();
    let h = n.saturating_sub(3);
    let i = x.partial_cmp(&x);
    x
}

#[vectorize]
fn arguments(x: f32) -> f32 {
    let a = x.exp(1.0);
    let b = x.atan2();
    x.clamp(0.0)
}

#[vectorize]
fn powers(x: f32, n: i32) -> f32 {
    let a = x.powi(n);
    x.powi(n + 1)
}

#[vectorize]
fn turbofish(x: f32) -> f32 {
    x.max::<f32>(1.0)
}

fn main() {}
