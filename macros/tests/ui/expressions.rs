use lazuli_macros::vectorize;

#[vectorize]
fn closures(x: f32) -> f32 {
    let f = |y: f32| y * 2.0;
    f(x)
}

#[vectorize]
fn references(x: f32) -> f32 {
    let y = &x;
    let z = *y;
    *z = 1.0;
    1.0
}

#[vectorize]
fn indices(x: f32) -> f32 {
    let a = [x, x];
    let b = [x; 4];
    let c = x[0];
    x[1..2]
}

#[vectorize]
fn strings(x: f32) -> f32 {
    let s = "text";
    let c = 'c';
    let b = b"bytes";
    x
}

#[vectorize]
fn structs(x: f32) -> f32 {
    let p = Point { x };
    p.x
}

#[vectorize]
fn options(x: f32) -> f32 {
    let a = Some(x);
    let b = None;
    let c = a?;
    if let Some(y) = a {
        return y;
    }
    while let Some(y) = a {}
    x
}

#[vectorize]
fn waiting(x: f32) -> f32 {
    let a = async { x };
    a.await
}

#[vectorize]
fn unsafety(x: f32) -> f32 {
    unsafe { x }
}

#[vectorize]
fn macros(x: f32) -> f32 {
    println!("{x}");
    assert!(x > 0.0);
    let a = format!("{x}");
    let b = matches!(x, _);
    let c = vec![x];
    let d = my_macro!(x);
    panic!("no")
}

#[vectorize]
fn items(x: f32) -> f32 {
    fn nested(x: f32) -> f32 {
        x
    }
    struct S;
    static COUNT: i64 = 0;
    x
}

#[vectorize]
fn recursion(n: i64) -> i64 {
    if n < 2 { 1 } else { n * recursion(n - 1) }
}

#[vectorize]
fn calls(x: f32) -> f32 {
    let a = now();
    let b = x(1.0);
    let c = (x)(2.0);
    let d = f32::from_bits(a);
    let e = f32::sqroot(a);
    a
}

#[vectorize]
fn unit(x: f32) -> f32 {
    let a = ();
    return;
}

#[vectorize]
fn types(x: f32) -> f32 {
    let a = x as usize;
    let b: u32 = 1;
    let c = 1usize;
    let c = 2isize;
    let d = x as char;
    let e: &f32 = x;
    let f: Vec<f32> = x;
    x
}

#[vectorize]
fn names(x: f32) -> f32 {
    let a = self.x;
    Self::ONE
}

#[vectorize]
fn constants(x: f32) -> f32 {
    let a = const { 1.0 };
    const { 2.0 };
    x
}

fn main() {}
