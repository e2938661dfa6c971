use lazuli_macros::kernel;

#[kernel]
const unsafe extern "C" fn before<'a, T: Float>(x: &'a [T]) -> f32
where
    T: Copy,
{
    1.0
}

#[kernel]
fn generic<T: Float>(x: &mut [T]) {}

#[kernel]
async fn arguments(
    arguments: f32,
    a: &f32,
    b: &mut [f32; 4],
    c: &Vec<f32>,
    d: Array<f32>,
    e: [f32],
    f: [f32; 4],
    g: usize,
    h: &[usize],
    mut i: &mut [f32],
    j: *mut f32,
    k: &[f16],
    (l, m): (f32, f32),
    #[cold] o: f32,
    p: &[i16],
    q: String,
) {
}

#[kernel]
fn nothing() {}

#[kernel]
struct Structure;

#[kernel(fast)]
fn options(x: &mut [f32]) {}

fn main() {}
