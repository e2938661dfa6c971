//! What bodies of generalised functions can have: types, control flow, calls, elements that change places.

use crate::engines::{Rng, assert_bits, on, shaped};
use crate::support::*;
use lazuli::prelude::*;

#[vectorize]
fn halved(x: i64) -> i64 {
    if x % 2 == 0 { x / 2 } else { 3 * x + 1 }
}

#[lazuli::guvectorize("(n),(n),()->(n),(n),()", max_iterations = 1000)]
pub fn collatz(
    start: &[i64],
    take: &[bool],
    mut most: i32,
    steps: &mut [i32],
    top: &mut [u64],
    any: &mut bool,
) {
    const ONE: i64 = 1;
    'all: for i in 0..start.len() {
        if !take[i] || start[i] < 1 {
            continue;
        }
        let (mut x, mut count) = (start[i], 0i32);
        top[i] = x as u64;
        while x != ONE {
            if count == most {
                most -= 1;
                steps[i] = -1;
                continue 'all;
            }
            x = halved(x);
            count += 1;
            top[i] = top[i].maximum(x as u64);
        }
        *any = true;
        steps[i] = match count {
            0 => 0,
            c @ 1..=9 => c,
            c => c * 10,
        };
    }
}

fn plain(start: &[i64], take: &[bool], mut most: i32) -> (Vec<i32>, Vec<u64>, bool) {
    let (mut steps, mut top, mut any) = (vec![0; start.len()], vec![0; start.len()], false);
    'all: for i in 0..start.len() {
        if !take[i] || start[i] < 1 {
            continue;
        }
        let (mut x, mut count) = (start[i], 0);
        top[i] = x as u64;
        while x != 1 {
            if count == most {
                most -= 1;
                steps[i] = -1;
                continue 'all;
            }
            x = if x % 2 == 0 { x / 2 } else { 3 * x + 1 };
            count += 1;
            top[i] = top[i].max(x as u64);
        }
        any = true;
        steps[i] = if count > 9 { count * 10 } else { count };
    }
    (steps, top, any)
}

/// Sorts by insertion, in place in the result: elements change places.
#[lazuli::guvectorize("(n)->(n)")]
fn sorted(x: &[u8], y: &mut [u8]) {
    for i in 0..n {
        y[i] = x[i];
        let mut k = i;
        loop {
            if k == 0 || y[k - 1] <= y[k] {
                break;
            }
            (y[k - 1], y[k]) = (y[k], y[k - 1]);
            k -= 1;
        }
    }
}

/// A network of 19 comparisons: a long body, in which each access may be the last.
#[lazuli::guvectorize("(8)->(8)")]
fn network(x: &[f32], y: &mut [f32]) {
    for i in 0..8 {
        y[i] = x[i];
    }
    if y[0] > y[2] {
        (y[0], y[2]) = (y[2], y[0]);
    }
    if y[1] > y[3] {
        (y[1], y[3]) = (y[3], y[1]);
    }
    if y[4] > y[6] {
        (y[4], y[6]) = (y[6], y[4]);
    }
    if y[5] > y[7] {
        (y[5], y[7]) = (y[7], y[5]);
    }
    if y[0] > y[4] {
        (y[0], y[4]) = (y[4], y[0]);
    }
    if y[1] > y[5] {
        (y[1], y[5]) = (y[5], y[1]);
    }
    if y[2] > y[6] {
        (y[2], y[6]) = (y[6], y[2]);
    }
    if y[3] > y[7] {
        (y[3], y[7]) = (y[7], y[3]);
    }
    if y[0] > y[1] {
        (y[0], y[1]) = (y[1], y[0]);
    }
    if y[2] > y[3] {
        (y[2], y[3]) = (y[3], y[2]);
    }
    if y[4] > y[5] {
        (y[4], y[5]) = (y[5], y[4]);
    }
    if y[6] > y[7] {
        (y[6], y[7]) = (y[7], y[6]);
    }
    if y[2] > y[4] {
        (y[2], y[4]) = (y[4], y[2]);
    }
    if y[3] > y[5] {
        (y[3], y[5]) = (y[5], y[3]);
    }
    if y[1] > y[4] {
        (y[1], y[4]) = (y[4], y[1]);
    }
    if y[3] > y[6] {
        (y[3], y[6]) = (y[6], y[3]);
    }
    if y[1] > y[2] {
        (y[1], y[2]) = (y[2], y[1]);
    }
    if y[3] > y[4] {
        (y[3], y[4]) = (y[4], y[3]);
    }
    if y[5] > y[6] {
        (y[5], y[6]) = (y[6], y[5]);
    }
}

/// An index that changes something counts once.
#[lazuli::guvectorize("(n)->(n),()")]
fn places(x: &[i32], y: &mut [i32], count: &mut i32) {
    for _ in 0..n {
        let at = *count;
        y[{
            *count += 1;
            at
        }] += x[at] * 2;
    }
}

#[test]
fn everywhere() {
    crate::engines::everywhere(|device, what| {
        let mut rng = Rng(7);
        let start: Vec<i64> = (0..60).map(|_| rng.bits() as i64 % 100).collect();
        let take: Vec<bool> = (0..60).map(|_| rng.bits() % 4 != 0).collect();
        let most = [5, 30, 200];
        let (s, t) = (shaped(device, &[3, 20], &start), shaped(device, &[3, 20], &take));
        let (steps, top, any) = collatz(&s, &t, on(device, &most));
        lazuli::eval((&steps, &top, &any)).unwrap();
        let parts: Vec<_> =
            (0..3).map(|p| plain(&start[p * 20..][..20], &take[p * 20..][..20], most[p])).collect();
        let describe = |i: usize| i.to_string();
        assert_bits(what, &steps, &parts.iter().flat_map(|p| p.0.clone()).collect::<Vec<_>>(), describe);
        assert_bits(what, &top, &parts.iter().flat_map(|p| p.1.clone()).collect::<Vec<_>>(), describe);
        assert_bits(what, &any, &parts.iter().map(|p| p.2).collect::<Vec<_>>(), describe);

        let bytes: Vec<u8> = (0..90).map(|_| rng.bits() as u8).collect();
        let mut expected = bytes.clone();
        expected.chunks_mut(30).for_each(<[u8]>::sort);
        assert_bits(what, &sorted(shaped(device, &[3, 30], &bytes)), &expected, describe);

        let floats: Vec<f32> = (0..160).map(|_| (rng.bits() % 1000) as f32).collect();
        let mut expected = floats.clone();
        expected.chunks_mut(8).for_each(|part| part.sort_by(f32::total_cmp));
        assert_bits(what, &network(shaped(device, &[20, 8], &floats)), &expected, describe);

        let (y, count) = places(on(device, &[1, 2, 3]));
        assert_array(&y, &[3], &[2, 4, 6]);
        assert_array(&count, &[], &[3]);
    });
}
