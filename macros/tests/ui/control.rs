use lazuli_macros::vectorize;

#[vectorize]
fn ranges(n: i64) -> i64 {
    for i in 0.. {}
    for i in n {}
    for i in (0..n).step_by(n) {}
    for i in (0..n).step_by(0) {}
    for i in (0..n).step_by(2).rev() {}
    for i in (0..n).map(f) {}
    for (i, j) in (0..n).enumerate() {}
    let r = 0..n;
    n
}

#[vectorize]
fn patterns(x: f32, n: i64) -> i64 {
    let a = match x {
        0.0 => 1,
        1.0..=2.0 => 2,
        "text" => 3,
        _ => 4,
    };
    let b = match n {
        Some(y) => 1,
        Point { x } => 2,
        &z => 3,
        [first, ..] => 4,
        1 | m => 5,
        ref k => 6,
    };
    let c = match (n, n) {
        (1, ..) => 1,
    };
    n
}

#[vectorize]
fn binding(n: i64) -> i64 {
    let Some(a) = n else { return 1 };
    let b = n else { return 1 };
    let &c = n;
    let ref d = n;
    let (e, f);
    let e @ (1, 2) = n;
    let (g, ..) = n;
    n
}

#[vectorize]
fn assigning(x: f32, n: i64) -> i64 {
    let y = x;
    y = 1.0;
    x += 1.0;
    N = 2;
    n.field = 3;
    a[1] = 4;
    f(x) = 5;
    (x, n) += 1;
    n
}

#[vectorize]
fn leaving(n: i64) -> i64 {
    break;
    'a: loop {
        break 'b;
        continue 'c;
    }
    'block: {
        continue 'block;
    }
    continue;
    n
}

#[vectorize]
fn attributes(n: i64) -> i64 {
    #[cfg(unix)]
    let a = 1;
    match n {
        #[cfg(unix)]
        _ => n,
    }
}

#[vectorize]
fn no_arms(n: i64) -> i64 {
    let a = match n {};
    match (n, a) {}
}

#[vectorize]
fn two_steps(n: i64) -> i64 {
    let mut sum = 0;
    for i in (0..n).step_by(2).step_by(3) {
        sum += i;
    }
    sum
}

#[vectorize]
fn taking_apart(n: i64) -> i64 {
    let Point { x } = n;
    let Pair(a, b) = n;
    let [first, second] = n;
    let 1 = n;
    n
}

fn main() {}
