use lazuli_macros::guvectorize;

#[guvectorize("(m,n),(n),()->(m),()")]
fn arrays_are_no_values(a: &[[f32]], x: &[f32], s: f32, y: &mut [f32], t: &mut f32) {
    x[0] = 1.0;
    x[n] += 1.0;
    a[0][1] = 1.0;
    s = 1.0;
    (y[0], x[1]) = (1.0, 2.0);
    let z = x;
    other(y, 1.0);
    y = x;
    t = 1.0;
    y[0] = t;
    *y = 1.0;
    *s = 1.0;
    y[0] = a[0];
    y[0] = a[0][1][2];
    y[0] = a[(0, 1)][0];
    y[0] = x[0..2];
    y[0] = x[n as usize];
    y[0] = n[0];
    n = 3;
    for v in x.iter() {}
    y.swap(0, 1);
    y.get(0);
    a.shape();
    a.first();
    t.sqrt();
    x.len(1);
    x.len::<f32>();
    y[0] = x.sum();
    &x[0];
    let k = n as usize;
}

#[guvectorize("(n)->(n)")]
fn words(x: &[f32], y: &mut [f32]) {
    let i = thread_idx().x;
    barrier();
    let tile = shared::<f32, 4>();
    panic!("no");
    let v = vec![0.0; 3];
    println!("{}", n);
    if n > 3 {
        return n;
    }
    if let Some(v) = x[0] {}
    let f = |x: f32| x;
}

#[guvectorize("(n),(m,n)->(n)")]
fn as_in_rust(x: &[f32], a: &[[f32]], y: &mut [f32]) {
    y = 1.0;
    y += 1.0;
    y[0] = x.last();
    y[0] = a.last();
    if x.is_empty() {
        return;
    }
    y.fill(0.0);
    assert!(n > 0);
    assert_eq!(x.len(), n);
    let large = debug_assert!(n < 100);
    todo!()
}

fn main() {}
