//! Stencils: what their attribute, their arguments and their windows may be.

use lazuli_macros::stencil;

#[stencil]
fn no_rule(u: &[f32]) -> f32 {
    u[0]
}

#[stencil(edge)]
fn of_numpy(u: &[f32]) -> f32 {
    u[0]
}

#[stencil(somewhere)]
fn unknown(u: &[f32]) -> f32 {
    u[0]
}

#[stencil(constant)]
fn which(u: &[f32]) -> f32 {
    u[0]
}

#[stencil(max_iterations = 10)]
fn still_no_rule(u: &[f32]) -> f32 {
    u[0]
}

#[stencil(wrap, nearest, wrap)]
fn too_many_rules(u: &[[f32]]) -> f32 {
    u[0][0]
}

#[stencil(wrap)]
fn no_window(u: f32) -> f32 {
    u
}

#[stencil(wrap)]
fn different(u: &[f32], v: &[[f32]]) -> f32 {
    u[0] + v[0][0]
}

#[stencil(wrap)]
fn written(u: &mut [f32]) -> f32 {
    u[0]
}

#[stencil(wrap)]
fn sized(u: &[f32; 3]) -> f32 {
    u[0]
}

#[stencil(wrap)]
fn by_reference(u: &[f32], k: &f32) -> f32 {
    u[0]
}

#[stencil(wrap)]
fn lives<'a>(u: &'a [f32]) -> f32 {
    u[0]
}

#[stencil(wrap)]
fn strings(u: &[String]) -> f32 {
    0.0
}

#[stencil(wrap)]
fn deep(u: &[[[[[[[f32]]]]]]]) -> f32 {
    0.0
}

#[stencil(wrap)]
fn nothing(u: &[f32]) {}

#[stencil(wrap)]
struct NoFunction;

#[stencil(wrap)]
fn whole(u: &[[f32]]) -> f32 {
    let v = u;
    u[0] + u[0][0][0]
}

#[stencil(wrap)]
fn assigned(u: &[f32]) -> f32 {
    u[0] = 1.0;
    u.len() as f32
}

#[stencil(wrap)]
fn of_no_window(u: &[f32], k: f32) -> f32 {
    k[0]
}

#[stencil(constant(u[0]))]
fn no_constant(u: &[f32]) -> f32 {
    u[-1]
}

#[stencil(constant("a"))]
fn no_number(u: &[f32]) -> f32 {
    u[-1]
}

#[stencil(wrap)]
fn named((a, b): &[f32], mut c: &[f32], _: &[f32]) -> f32 {
    a[0] + b[0]
}

#[stencil(wrap)]
fn chosen(u: &[[f32]], k: i64) -> f32 {
    let one = 1;
    let mut sum = u[k][0];
    sum += u[0][-k];
    sum += u[one][0];
    sum += u[0][(2 * (k + 1)) as isize];
    for i in -1..=1 {
        sum += u[0][i];
    }
    sum + u[u[0][0]][0]
}

#[stencil(wrap)]
fn parts(u: &[f32]) -> f32 {
    u[0..2]
}

#[stencil(wrap)]
fn pairs(u: &[[f32]]) -> f32 {
    let a = u[(0, 1)];
    u[0][(0, 1)]
}

fn main() {}
