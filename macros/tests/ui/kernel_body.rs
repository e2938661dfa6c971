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

#[kernel]
fn as_in_rust(n: i64, y: &mut [f32]) {
    let v = vec![0.0; 4];
    vec![1.0];
    y[0] = y.last();
    if y.is_empty() {
        return;
    }
    y.fill(0.0);
    let a = y.atomic_swap(0, 1.0);
    let b = y.atomic_cas(0, 1.0, 2.0);
    assert_eq!(n, 1);
    dbg!(n);
    if n < 0 {
        panic!("no");
    }
    let c = unreachable!();
}

#[kernel]
fn as_in_cuda(n: i64, y: &mut [f32]) {
    let t = threadIdx.x + blockIdx.y * blockDim.z;
    let lane = t % warpSize;
    let a = __shfl_sync(-1, y[0], 0);
    let b = __shfl_xor_sync(-1, y[0], 1);
    let c = __shfl_down_sync(-1, y[0], 1);
    let d = __shfl_up_sync(-1, y[0], 1);
    let e = __any_sync(-1, a > b);
    let f = __all_sync(-1, a > b);
    let g = __ballot_sync(-1, a > b);
    atomicMin(y, 1.0);
    atomicMax(y, 1.0);
    atomicExch(y, 1.0);
    atomicCAS(y, 1.0, 2.0);
    atomicSub(y, 1.0);
    atomicAnd(y, 1);
    atomicOr(y, 1);
    atomicXor(y, 1);
}

fn main() {}
