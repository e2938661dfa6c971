//! Kernels of threads: what warps exchange and what atomics change, for every type of element.
//! On the simulator, and on a card where there is one.

use super::*;
use crate::engines::{Rng, Sample};

/// Each way to change an element atomically, and what a warp finds out.
#[lazuli::kernel]
pub fn together(ints: &mut [i32], bits: &mut [u64], floats: &mut [f32], votes: &mut [i64]) {
    let (t, lane) = (thread_idx().x as i32, thread_idx().x % 32);
    ints.atomic_add(0, t);
    ints.atomic_min(1, t);
    ints.atomic_max(2, t);
    ints.atomic_exchange(3, 5);
    // The first one to come takes the ticket.
    if ints.atomic_compare_exchange(4, -1, 77) == -1 {
        ints.atomic_add(5, 1);
    }
    let bit = 1 << thread_idx().x as u64;
    bits.atomic_or(0, bit);
    bits.atomic_and(1, !bit);
    bits.atomic_xor(2, bit);
    floats.atomic_add(0, 0.5);
    floats.atomic_max(1, t as f32);
    floats.atomic_min(2, -t as f32);
    let odd = lane % 2 == 1;
    let (any, all, which) = (vote_any(odd), vote_all(odd), ballot(odd));
    let first = shuffle(t * 10, 3);
    let pair = shuffle_xor(t, 1);
    let above = shuffle_up(odd, 1);
    if t == 6 {
        votes[0] = any as i64;
        votes[1] = all as i64;
        votes[2] = which;
        votes[3] = first as i64;
        votes[4] = pair as i64;
        votes[5] = above as i64;
    }
}

#[test]
fn atomics_and_warps() {
    everywhere(|device, stream, checked| {
        let mut ints = buffer(device, &[0, 100, 0, 0, -1, 0]);
        let mut bits = buffer(device, &[0u64, u64::MAX, u64::MAX]);
        let (mut floats, mut votes) = (buffer(device, &[0.25f32, 0.0, 0.0]), buffer(device, &[9i64; 6]));
        run!(checked, together, stream, 1, 64, (&mut ints, &mut bits, &mut floats, &mut votes));
        assert_elements(ints, &[2016, 0, 63, 5, 77, 1]);
        assert_elements(bits, &[u64::MAX, 0, 0]);
        assert_elements(floats, &[32.25, 63.0, -63.0]);
        assert_elements(votes, &[1, 0, 0xaaaa_aaaa, 30, 7, 1]);
    });
}

/// Each kind of shuffle, of elements of a type: with the thread's own value where there is no other.
macro_rules! shuffles {
    ($($kernel:ident $t:ident;)*) => {
        $(
            #[lazuli::kernel]
            fn $kernel(x: &[$t], out: &mut [$t]) {
                let (t, n) = (thread_idx().x, block_dim().x);
                out[t] = shuffle(x[t], (t * 7 + 3) % 32);
                out[n + t] = shuffle_xor(x[t], 9);
                out[2 * n + t] = shuffle_down(x[t], 5);
                out[3 * n + t] = shuffle_up(x[t], 30);
            }
        )*

        #[test]
        fn shuffles_of_all_types() {
            $({
                let special = <$t as Sample>::special();
                let mut rng = Rng(17);
                let any = |i: usize| special.get(i).copied().unwrap_or_else(|| <$t as Sample>::any(&mut rng));
                let x: Vec<$t> = (0..64).map(any).collect();
                let from = |f: fn(usize) -> usize| {
                    let x = &x;
                    (0..64).map(move |t| {
                        let (warp, lane) = (t / 32 * 32, f(t % 32));
                        x[if lane < 32 { warp + lane } else { t }]
                    })
                };
                let expected: Vec<$t> = from(|lane| (lane * 7 + 3) % 32)
                    .chain(from(|lane| lane ^ 9))
                    .chain(from(|lane| lane + 5))
                    .chain(from(|lane| lane.wrapping_sub(30)))
                    .collect();
                everywhere(|device, stream, checked| {
                    let (x, mut out) = (buffer(device, &x), buffer(device, &vec![<$t>::default(); 256]));
                    run!(checked, $kernel, stream, 1, 64, (&x, &mut out));
                    assert_elements(out, &expected);
                });
            })*
        }
    };
}
shuffles! {
    of_bool bool;
    of_u8 u8;
    of_i32 i32;
    of_i64 i64;
    of_u64 u64;
    of_f32 f32;
    of_f64 f64;
}

/// Bits that threads change together, of slices and of shared arrays; and what each change found there.
macro_rules! bits {
    ($($kernel:ident $t:ident;)*) => {
        $(
            #[lazuli::kernel]
            fn $kernel(x: &[$t], out: &mut [$t], found: &mut [$t]) {
                let tile = shared::<$t, 3>();
                let t = thread_idx().x;
                if t < 3 {
                    tile[t] = out[t];
                }
                barrier();
                tile.atomic_and(0, x[t] | 85);
                tile.atomic_or(1, x[t] & 58);
                tile.atomic_xor(2, x[t]);
                out.atomic_and(3, x[t] | 85);
                out.atomic_or(4, x[t] & 58);
                out.atomic_xor(5, x[t]);
                barrier();
                if t < 3 {
                    out[t] = tile[t];
                }
                barrier();
                if t == 0 {
                    found[0] = out.atomic_and(3, 12);
                    found[1] = out.atomic_or(4, 12);
                    found[2] = out.atomic_xor(5, 12);
                    found[3] = tile.atomic_and(0, 12);
                    found[4] = tile.atomic_or(1, 12);
                    found[5] = tile.atomic_xor(2, 12);
                }
            }
        )*

        #[test]
        fn bits_change_together() {
            $({
                let mut rng = Rng(23);
                let x: Vec<$t> = (0..96).map(|_| <$t as Sample>::any(&mut rng)).collect();
                let before: Vec<$t> = [!0, 1 << 5, 77, !0 ^ 3, 0, 1 << (<$t>::BITS - 1)].to_vec();
                let fold = |first: $t, f: fn($t, $t) -> $t| x.iter().fold(first, |a, &b| f(a, b));
                let after: Vec<$t> = (0..6).map(|k| match k % 3 {
                    0 => fold(before[k], |a, b| a & (b | 85)),
                    1 => fold(before[k], |a, b| a | (b & 58)),
                    _ => fold(before[k], |a, b| a ^ b),
                }).collect();
                let found = [after[3], after[4], after[5], after[0], after[1], after[2]];
                let last = [after[0], after[1], after[2], after[3] & 12, after[4] | 12, after[5] ^ 12];
                everywhere(|device, stream, checked| {
                    let (x, mut out) = (buffer(device, &x), buffer(device, &before));
                    let mut seen = buffer(device, &[0 as $t; 6]);
                    run!(checked, $kernel, stream, 1, 96, (&x, &mut out, &mut seen));
                    assert_elements(out, &last);
                    assert_elements(seen, &found);
                });
            })*
        }
    };
}
bits! {
    bits_of_i32 i32;
    bits_of_i64 i64;
    bits_of_u64 u64;
}
