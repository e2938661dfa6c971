//! The 16-bit floats: exact widening, and rounding that happens once.
//!
//! Own integer code, for three reasons that NUMERICS.md section 1 gives: conversion instructions
//! flush subnormals on some CPUs (`vcvtneps2bf16`), libraries round twice where only f32 can be
//! converted in hardware, and every engine has to agree. All functions are branch-free.

/// The f32 with the value of an f16.
#[inline(always)]
pub(super) fn f16_to_f32(h: u16) -> f32 {
    let sign = (h as u32 & 0x8000) << 16;
    let rest = (h as u32 & 0x7FFF) << 13;
    // As f32 bits the exponent is 112 too low; the product is exact, for subnormals as well.
    let scaled = f32::from_bits(rest) * f32::from_bits((127 + 112) << 23);
    let special = (h & 0x7C00) == 0x7C00;
    let bits = if special { rest | 0x7F80_0000 } else { scaled.to_bits() };
    f32::from_bits(bits | sign)
}

/// The f32 with the value of a bf16.
#[inline(always)]
pub(super) fn bf16_to_f32(h: u16) -> f32 {
    f32::from_bits((h as u32) << 16)
}

/// The nearest f16 value (ties to even), as an f32.
#[inline(always)]
pub(super) fn round_f16(x: f32) -> f32 {
    let sign = x.to_bits() & 0x8000_0000;
    let size = x.to_bits() & 0x7FFF_FFFF;
    // Normal numbers of f16 lose 13 bits; a carry into the exponent is right.
    let even = (size >> 13) & 1;
    let normal = size.wrapping_add(0x0FFF + even) & !0x1FFF;
    // Below 2^-14 the steps are 2^-24, which is what f32 has next to 1/2.
    let small = ((f32::from_bits(size) + 0.5) - 0.5).to_bits();
    let mut bits = if size < 0x3880_0000 { small } else { normal };
    // From 65520 on it rounds to infinity.
    bits = if size >= 0x477F_F000 { 0x7F80_0000 } else { bits };
    bits = if size > 0x7F80_0000 { size | 0x0040_0000 } else { bits };
    f32::from_bits(bits | sign)
}

/// The nearest bf16 value (ties to even), as an f32.
#[inline(always)]
pub(super) fn round_bf16(x: f32) -> f32 {
    let b = x.to_bits();
    let rounded = b.wrapping_add(0x7FFF + ((b >> 16) & 1)) & 0xFFFF_0000;
    let nan = b & 0x7FFF_FFFF > 0x7F80_0000;
    f32::from_bits(if nan { (b & 0xFFFF_0000) | 0x0040_0000 } else { rounded })
}

/// The nearest f16 (ties to even).
#[inline(always)]
pub(super) fn f32_to_f16(x: f32) -> u16 {
    let sign = (x.to_bits() >> 16) & 0x8000;
    let size = x.to_bits() & 0x7FFF_FFFF;
    // As in `round_f16`; the bits of a small number are how many steps above 1/2 it ends.
    let even = (size >> 13) & 1;
    let normal = (size.wrapping_add(0x0FFF + even) >> 13).wrapping_sub(112 << 10);
    let small = (f32::from_bits(size) + 0.5).to_bits().wrapping_sub(0x3F00_0000);
    let mut h = if size < 0x3880_0000 { small } else { normal };
    h = if size >= 0x477F_F000 { 0x7C00 } else { h };
    h = if size > 0x7F80_0000 { 0x7E00 } else { h };
    (h | sign) as u16
}

/// The nearest bf16 (ties to even).
#[inline(always)]
pub(super) fn f32_to_bf16(x: f32) -> u16 {
    (round_bf16(x).to_bits() >> 16) as u16
}

/// f64 to f32, rounded to odd: what does not fit exactly gets a 1 as its lowest bit, so that
/// rounding the result to 16 bits is the same as rounding `x` itself.
#[inline(always)]
pub(super) fn narrow_odd(x: f64) -> f32 {
    let near = x as f32;
    let back = near as f64;
    let bits = near.to_bits();
    // Where the nearest lies further out, one step back in magnitude truncates (an infinity
    // that came from overflow becomes the largest number, which is odd).
    let away = back.abs() > x.abs();
    let truncated = bits.wrapping_sub(away as u32);
    let exact = back == x || x.is_nan();
    f32::from_bits(if exact { bits } else { truncated | 1 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lazuli_core::{bf16, f16};

    fn same(a: f32, b: f32) -> bool {
        a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
    }

    /// Rounding by search: the nearer of two neighbours among all values of the small type.
    fn reference(x: f64, values: &[f64], limit: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        let size = x.abs();
        if size >= limit {
            return f64::INFINITY.copysign(x);
        }
        let at = values.partition_point(|&v| v <= size) - 1;
        let low = values[at];
        let Some(&high) = values.get(at + 1) else { return low.copysign(x) };
        let (below, above) = (size - low, high - size);
        let up = above < below || (above == below && at % 2 == 1);
        (if up { high } else { low }).copysign(x)
    }

    fn samples() -> Vec<f64> {
        let mut list = vec![0.0, f64::INFINITY, f64::NAN, 65504.0, 65519.99, 65520.0, 1e300, 1e-300, 5e-324];
        let mut state = 1u64;
        for i in 0..400_000 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let exponent = 1023 - 160 + (state >> 33) % 300;
            let mantissa = match i % 4 {
                0 => state >> 12,
                1 => (state >> 60) << 48,
                2 => ((state >> 60) << 48) | 1,
                _ => ((state >> 60) << 48).wrapping_sub(1),
            };
            list.push(f64::from_bits((exponent << 52) | (mantissa & ((1 << 52) - 1))));
        }
        list.iter().flat_map(|&x| [x, -x]).collect()
    }

    #[test]
    fn all_16_bit_values_round_trip() {
        for h in 0..=u16::MAX {
            let (x, y) = (f16::from_bits(h).to_f32(), bf16::from_bits(h).to_f32());
            assert!(same(f16_to_f32(h), x) && same(bf16_to_f32(h), y), "{h:04x}");
            assert!(same(round_f16(x), x) && same(round_bf16(y), y), "{h:04x}");
            if !x.is_nan() {
                assert_eq!(f32_to_f16(x), h);
            } else {
                assert!(f16::from_bits(f32_to_f16(x)).is_nan());
            }
            if !y.is_nan() {
                assert_eq!(f32_to_bf16(y), h);
            } else {
                assert!(bf16::from_bits(f32_to_bf16(y)).is_nan());
            }
        }
    }

    #[test]
    fn roundings_are_single() {
        let f16s: Vec<f64> = (0..0x7C00u16).map(|h| f16::from_bits(h).to_f64()).collect();
        let bf16s: Vec<f64> = (0..0x7F80u16).map(|h| bf16::from_bits(h).to_f64()).collect();
        let bf16_limit = 2f64.powi(128) - 2f64.powi(119);
        for x in samples() {
            let y = x as f32;
            let (f, b) = (reference(y as f64, &f16s, 65520.0), reference(y as f64, &bf16s, bf16_limit));
            assert!(same(round_f16(y), f as f32) && same(f16_to_f32(f32_to_f16(y)), f as f32), "{y:e}");
            assert!(same(round_bf16(y), b as f32) && same(bf16_to_f32(f32_to_bf16(y)), b as f32), "{y:e}");
            let odd = narrow_odd(x);
            let (f, b) = (reference(x, &f16s, 65520.0), reference(x, &bf16s, bf16_limit));
            assert!(same(round_f16(odd), f as f32), "{x:e} by {odd:e}");
            assert!(same(round_bf16(odd), b as f32), "{x:e} by {odd:e}");
        }
    }
}
