use lazuli_macros::vectorize;

struct Point;

impl Point {
    #[vectorize]
    fn method(self, x: f32) -> f32 {
        x
    }
}

#[vectorize]
fn no_result(x: f32) {
    x;
}

#[vectorize]
fn empty_result(x: f32) -> () {
    x;
}

#[vectorize]
fn no_arguments() -> f32 {
    1.0
}

#[vectorize]
fn references(x: &f32) -> f32 {
    1.0
}

#[vectorize]
fn lifetimes<'a>(x: f32) -> f32 {
    x
}

#[vectorize]
fn slices(x: [f32; 3], y: [f32]) -> f32 {
    1.0
}

#[vectorize]
fn machine(x: usize, y: isize) -> usize {
    1
}

#[vectorize]
fn missing_types(a: i8, b: u16, c: u32, d: i128, e: char, f: String) -> f128 {
    1.0
}

#[vectorize]
fn containers(a: Vec<f32>, b: Option<f32>, c: Array<f32>) -> Result<f32, ()> {
    1.0
}

#[vectorize]
fn tuples_in((a, b): (f32, f32), c: (f32, f32)) -> ((f32, f32), f32) {
    1.0
}

#[vectorize]
async fn waits(x: f32) -> f32 {
    x
}

#[vectorize]
unsafe fn dangerous(x: f32) -> f32 {
    x
}

#[vectorize]
const fn constant(x: f32) -> f32 {
    x
}

#[vectorize]
extern "C" fn foreign(x: f32) -> f32 {
    x
}

#[vectorize]
fn unbounded<T>(x: T) -> T {
    x
}

#[vectorize]
fn clauses<T: Copy>(x: T) -> T
where
    Vec<T>: Copy,
{
    x
}

#[vectorize]
fn anything(x: impl Copy, f: fn(f32) -> f32, p: *const f32, d: dyn Copy) -> impl Copy {
    x
}

#[vectorize]
struct NoFunction;

#[vectorize(iterations = 3)]
fn option(x: f32) -> f32 {
    x
}

#[vectorize(max_iterations = 0)]
fn no_turns(x: f32) -> f32 {
    x
}

#[vectorize]
fn many(a: f32, b: f32, c: f32, d: f32, e: f32, f: f32, g: f32, h: f32, i: f32, j: f32, k: f32, l: f32, m: f32) -> f32 {
    a
}

#[vectorize]
fn never(x: f32) -> ! {
    loop {}
}

#[vectorize]
fn inferred(x: f32) -> _ {
    x
}

#[vectorize]
fn nine(x: f32) -> (f32, f32, f32, f32, f32, f32, f32, f32, f32) {
    (x, x, x, x, x, x, x, x, x)
}

#[vectorize]
fn default_type<T: Real = f32>(x: T) -> T {
    x
}

#[vectorize]
fn macro_types(x: element!(), y: f32) -> element!() {
    x
}

#[vectorize]
fn any_number(x: f32, _: ...) -> f32 {
    x
}

fn main() {}
