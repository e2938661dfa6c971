//! The functions of one number, for compiled Rust: the bits of [`block`](super::block), without its blocks.
//!
//! The formulas are full of fused multiply-adds, which the compiler makes calls of a library where it may not assume
//! the instruction. So each function is compiled twice, and the CPU is asked (an answer that the standard library keeps).

use super::{Binary, Unary, f32 as single, f64 as double};

macro_rules! entry {
    ($(#[$doc:meta])* $name:ident, $fused:ident, $plain:ident, $module:ident::$apply:ident, $f:ty, $t:ty, $($a:ident),+) => {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        fn $fused(f: $f, $($a: $t),+) -> $t {
            $module::$apply(f, $($a),+)
        }

        fn $plain(f: $f, $($a: $t),+) -> $t {
            $module::$apply(f, $($a),+)
        }

        $(#[$doc])*
        pub fn $name(f: $f, $($a: $t),+) -> $t {
            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                // SAFETY: the CPU has the features that the function is compiled for.
                return unsafe { $fused(f, $($a),+) };
            }
            $plain(f, $($a),+)
        }
    };
}

entry! {
    /// `f(x)`
    unary_f32, unary_f32_fused, unary_f32_plain, single::unary, Unary, f32, x
}
entry! {
    /// `f(x)`
    unary_f64, unary_f64_fused, unary_f64_plain, double::unary, Unary, f64, x
}
entry! {
    /// `f(x, y)`
    binary_f32, binary_f32_fused, binary_f32_plain, single::binary, Binary, f32, x, y
}
entry! {
    /// `f(x, y)`
    binary_f64, binary_f64_fused, binary_f64_plain, double::binary, Binary, f64, x, y
}

#[cfg(test)]
mod tests {
    use super::super::block;
    use super::*;

    #[test]
    fn numbers_have_the_bits_of_slices() {
        let points: Vec<f64> =
            (0..4000).map(|i| (i as f64 - 2000.0) * 0.017).chain([1e30, -1e-40, 0.0]).collect();
        let narrow: Vec<f32> = points.iter().map(|&x| x as f32).collect();
        let (mut wide, mut small) = (points.clone(), narrow.clone());
        for &f in Unary::ALL {
            block::unary_f64(f, &points, &mut wide);
            block::unary_f32(f, &narrow, &mut small);
            for i in 0..points.len() {
                let (a, b) = (unary_f64(f, points[i]), unary_f32(f, narrow[i]));
                assert!(
                    a.to_bits() == wide[i].to_bits() || a.is_nan() && wide[i].is_nan(),
                    "{f:?} {}",
                    points[i]
                );
                assert!(
                    b.to_bits() == small[i].to_bits() || b.is_nan() && small[i].is_nan(),
                    "{f:?} {}",
                    narrow[i]
                );
            }
        }
    }
}
