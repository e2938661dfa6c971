use lazuli_macros::guvectorize;

#[guvectorize]
fn no_signature(x: &[f32], y: &mut f32) {}

#[guvectorize(n)]
fn no_string(x: &[f32], y: &mut f32) {}

#[guvectorize("(n),(n)")]
fn no_arrow(x: &[f32], y: &[f32]) {}

#[guvectorize("->(3)")]
fn no_inputs(y: &mut [f32]) {}

#[guvectorize("(n)->")]
fn no_outputs(x: &[f32]) {}

#[guvectorize("n->(n)")]
fn no_brackets(x: &[f32], y: &mut [f32]) {}

#[guvectorize("(n->(n)")]
fn open_bracket(x: &[f32], y: &mut [f32]) {}

#[guvectorize("(n)(n)->()")]
fn no_comma(x: &[f32], y: &[f32], z: &mut f32) {}

#[guvectorize("(n),->()")]
fn comma_at_the_end(x: &[f32], z: &mut f32) {}

#[guvectorize("(n,)->()")]
fn empty_dimension(x: &[[f32]], z: &mut f32) {}

#[guvectorize("(n?)->()")]
fn optional_dimension(x: &[f32], z: &mut f32) {}

#[guvectorize("(0)->()")]
fn no_elements(x: &[f32], z: &mut f32) {}

#[guvectorize("(3x)->()")]
fn no_number(x: &[f32], z: &mut f32) {}

#[guvectorize("(n+1)->()")]
fn sums(x: &[f32], z: &mut f32) {}

#[guvectorize("(n)->(m)")]
fn unknown_extent(x: &[f32], y: &mut [f32]) {}

#[guvectorize("(a,b,c,d,e,f,g,h,i)->()")]
fn too_many_names(x: &[[[[[[[[[f32]]]]]]]]], z: &mut f32) {}

#[guvectorize("(n),()->()")]
fn too_few_arguments(x: &[f32], z: &mut f32) {}

#[guvectorize("(n)->()")]
fn too_many_arguments(x: &[f32], y: f32, z: &mut f32) {}

#[guvectorize("(n),(n),(n),(),(),(m,n),(n),(n),(n)->(n),(),()")]
fn arguments(
    a: &[[f32]],
    b: f32,
    c: &mut [f32],
    d: &f32,
    e: &[f32],
    f: &[f32],
    g: &[f32; 4],
    h: Vec<f32>,
    mut i: &[f32],
    j: &[f32],
    k: f32,
    n: &mut [f32],
) {
}

#[guvectorize("(n),(n),(n),(),()->()")]
fn types(a: &[usize], b: &[f16], c: &[u16], (d, e): f32, #[cold] f: f32, types: &mut String) {}

#[guvectorize("(n)->()")]
const unsafe extern "C" fn before<'a, T: Float>(x: &'a [T], y: &mut T) -> f32
where
    T: Copy,
{
}

#[guvectorize("(n),(m)->()")]
fn one_name_for_two(n: &[f32], x: &[f32], m: &mut f32) {}

#[guvectorize("(),(),(),(),(),(),(),(),(),(),(),()->()")]
fn too_many(
    a: f32,
    b: f32,
    c: f32,
    d: f32,
    e: f32,
    f: f32,
    g: f32,
    h: f32,
    i: f32,
    j: f32,
    k: f32,
    l: f32,
    y: &mut f32,
) {
}

#[guvectorize("(n)->()", fast)]
fn options(x: &[f32], y: &mut f32) {}

#[guvectorize("(n)->()")]
struct Structure;

#[guvectorize("(n)->()")]
async fn waits(x: &[f32], y: &mut f32) {}

#[guvectorize("(n)->()")]
fn generic<T: Float>(x: &[T], y: &mut T) {}

#[guvectorize("(n)->()")]
fn sized<const N: usize>(x: &[f32], y: &mut f32) {}

#[guvectorize("(n)->()")]
fn any_number(x: &[f32], y: &mut f32, _: ...) {}

fn main() {}
