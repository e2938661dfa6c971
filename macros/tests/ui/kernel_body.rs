use lazuli_macros::kernel;

#[kernel]
fn arrays_are_no_values(n: i64, x: &[f32], y: &mut [f32]) {
    x[0] = 1.0;
    x[n] += 1.0;
    (y[0], x[1]) = (1.0, 2.0);
    x.atomic_add(0, 1.0);
    let z = x;
    other(y, 1.0);
    y = x;
    n[0] = 1.0;
    z[0];
    x[0..2];
    y[(1, 2)];
    y[n as usize] = x[n as usize];
    for v in x.iter() {}
    y.swap(0, 1);
    y.iter_mut();
    x.sum();
    &x[0];
    let x = 1.0;
    x = 2.0;
}

#[kernel]
fn words_of_threads(n: i64, y: &mut [f32]) {
    let i = thread_idx();
    let j = thread_idx().w;
    let k = thread_idx.x;
    let k = threadIdx.x;
    let l = block_idx(1).x;
    barrier(1);
    shuffle(1.0);
    vote_any::<bool>(true);
    __syncthreads();
    atomicAdd(y, 1.0);
    y.atomic_add(1.0);
    y.atomic_sub(0, 1.0);
    y.atomic_add(n as usize, 1.0);
    let m = n as usize;
    println!("{}", n);
    let v = assert!(n > 0);
    if n > 3 {
        return n;
    }
}

#[kernel]
fn shared_arrays(y: &mut [f32]) {
    let tile = shared();
    let tile = shared::<f32>();
    let mut tile = shared::<f32, 4>();
    let tile: f32 = shared::<f32, 4>();
    let (a, b) = shared::<f32, 4>();
    let tile = shared::<[f32; 4], 4>();
    let tile = shared::<usize, 4>();
    let tile = shared::<f32, 4>(0.0);
    y[0] = shared::<f32, 4>()[0];
    y[0] = shared::<f32, 4>();
    let a = shared_dynamic::<f32>();
    let b = shared::<f32, 4>();
    let c = shared_dynamic::<f32>();
}

fn main() {}
