//! Which vector instructions the CPU has, and functions compiled once for each set.
//!
//! The block loops of this engine are plain Rust that the compiler vectorises. [`per_isa!`] makes
//! three copies of a function: for AVX-512, for AVX2 with fused multiply-add, and for any CPU of
//! the architecture. Which one runs is decided once. No copy may round differently: the compiler
//! neither contracts nor reorders floating-point operations, whatever the set is.

use std::sync::OnceLock;

/// A set of vector instructions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Isa {
    /// AVX-512 F, BW, DQ and VL.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What every CPU of the architecture has.
    Baseline,
}

impl Isa {
    /// The best set of this CPU.
    pub fn best() -> Isa {
        static BEST: OnceLock<Isa> = OnceLock::new();
        *BEST.get_or_init(|| Isa::all()[0])
    }

    /// Every set that this CPU has, best first.
    pub fn all() -> Vec<Isa> {
        let mut list = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            let middle = has!("avx2") && has!("fma") && has!("bmi2");
            if middle && has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") {
                list.push(Isa::Avx512);
            }
            if middle {
                list.push(Isa::Avx2);
            }
        }
        list.push(Isa::Baseline);
        list
    }
}

/// Makes `name(isa, args..)` from an `#[inline(always)]` function: compiled for each [`Isa`].
macro_rules! per_isa {
    ($($(#[$doc:meta])* $name:ident ($($arg:ident : $ty:ty),* $(,)?) $(-> $ret:ty)? = $body:path;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        ///
        /// `isa` is a set of this CPU; for the rest see the function that this is made from.
        #[inline]
        pub(super) unsafe fn $name(isa: $crate::portable::isa::Isa, $($arg: $ty),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi2")]
                unsafe fn wide($($arg: $ty),*) $(-> $ret)? {
                    // SAFETY: the caller's promise.
                    unsafe { $body($($arg),*) }
                }
                #[target_feature(enable = "avx2,fma,bmi2")]
                unsafe fn middle($($arg: $ty),*) $(-> $ret)? {
                    // SAFETY: the caller's promise.
                    unsafe { $body($($arg),*) }
                }
                match isa {
                    // SAFETY: the CPU has these instructions; the rest is the caller's promise.
                    $crate::portable::isa::Isa::Avx512 => return unsafe { wide($($arg),*) },
                    // SAFETY: as above.
                    $crate::portable::isa::Isa::Avx2 => return unsafe { middle($($arg),*) },
                    $crate::portable::isa::Isa::Baseline => {}
                }
            }
            #[inline(never)]
            unsafe fn plain($($arg: $ty),*) $(-> $ret)? {
                // SAFETY: the caller's promise.
                unsafe { $body($($arg),*) }
            }
            let _ = isa;
            // SAFETY: the caller's promise.
            unsafe { plain($($arg),*) }
        }
    )*};
}
pub(super) use per_isa;
