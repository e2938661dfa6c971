//! The functions over slices, as fast as the compiler's vectoriser makes them on the CPU at hand.
//!
//! Each function is compiled three times: for AVX-512, for AVX2 with FMA, and for any CPU of the architecture; the
//! best one is chosen at run time. The vector loops evaluate the common path ([`Main`]) of 64 elements and look once
//! whether any wanted a cold path; if so those elements alone are done again with the plain type. All forms give
//! the same bits.

use super::real::Main;
use super::{Binary, Unary, f32 as single, f64 as double};

const BLOCK: usize = 64;

macro_rules! each_unary {
    ($f:expr, $go:ident) => {
        match $f {
            Unary::Exp => $go!(Unary::Exp),
            Unary::Exp2 => $go!(Unary::Exp2),
            Unary::ExpM1 => $go!(Unary::ExpM1),
            Unary::Ln => $go!(Unary::Ln),
            Unary::Ln1p => $go!(Unary::Ln1p),
            Unary::Log2 => $go!(Unary::Log2),
            Unary::Log10 => $go!(Unary::Log10),
            Unary::Sin => $go!(Unary::Sin),
            Unary::Cos => $go!(Unary::Cos),
            Unary::Tan => $go!(Unary::Tan),
            Unary::Tanh => $go!(Unary::Tanh),
            Unary::Sinh => $go!(Unary::Sinh),
            Unary::Cosh => $go!(Unary::Cosh),
            Unary::Asin => $go!(Unary::Asin),
            Unary::Acos => $go!(Unary::Acos),
            Unary::Atan => $go!(Unary::Atan),
            Unary::Asinh => $go!(Unary::Asinh),
            Unary::Acosh => $go!(Unary::Acosh),
            Unary::Atanh => $go!(Unary::Atanh),
            Unary::Erf => $go!(Unary::Erf),
            Unary::Erfc => $go!(Unary::Erfc),
            Unary::Cbrt => $go!(Unary::Cbrt),
            Unary::Sigmoid => $go!(Unary::Sigmoid),
        }
    };
}

macro_rules! each_binary {
    ($f:expr, $go:ident) => {
        match $f {
            Binary::Pow => $go!(Binary::Pow),
            Binary::Atan2 => $go!(Binary::Atan2),
            Binary::Hypot => $go!(Binary::Hypot),
        }
    };
}

/// An argument, block by block; the last one is filled up with copies of its first element.
struct Blocks<'a, T> {
    all: &'a [T],
    spare: [T; BLOCK],
}

impl<T: Copy> Blocks<'_, T> {
    #[inline(always)]
    fn at(&mut self, start: usize) -> &[T; BLOCK] {
        let rest = &self.all[start..];
        if let Some(b) = rest.first_chunk() {
            return b;
        }
        self.spare = [rest[0]; BLOCK];
        self.spare[..rest.len()].copy_from_slice(rest);
        &self.spare
    }
}

// The loops are spelled out per function and version rather than given closures: what is not inlined into a
// function with `target_feature` is compiled without the features, and calls a library function for `mul_add`.
macro_rules! versions {
    ($name:ident, $t:ty, $f:ty, $each:ident, $module:ident :: $apply:ident, $($a:ident),+) => {
        mod $name {
            use super::*;

            #[inline(always)]
            fn vectors(f: $f, $($a: &[$t],)+ out: &mut [$t]) {
                macro_rules! go {
                    ($g:expr) => {{
                        let n = out.len();
                        let mut start = 0;
                        $(let mut $a = Blocks { all: $a, spare: [0.0; BLOCK] };)+
                        let mut spare = [0.0; BLOCK];
                        while start < n {
                            $(let $a = $a.at(start);)+
                            let whole = n - start >= BLOCK;
                            let o = if whole { out[start..].first_chunk_mut().unwrap() } else { &mut spare };
                            let mut any = false;
                            for i in 0..BLOCK {
                                let r = $module::$apply($g, $(Main::new($a[i])),+);
                                o[i] = r.value;
                                any |= r.cold;
                            }
                            if any {
                                let mut cold = [false; BLOCK];
                                for i in 0..BLOCK {
                                    cold[i] = $module::$apply($g, $(Main::new($a[i])),+).cold;
                                }
                                for i in 0..BLOCK {
                                    if cold[i] {
                                        o[i] = $module::$apply($g, $($a[i]),+);
                                    }
                                }
                            }
                            if !whole {
                                out[start..].copy_from_slice(&spare[..n - start]);
                            }
                            start += BLOCK;
                        }
                    }};
                }
                $each!(f, go)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
            pub(super) fn avx512(f: $f, $($a: &[$t],)+ out: &mut [$t]) {
                vectors(f, $($a,)+ out)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            pub(super) fn avx2(f: $f, $($a: &[$t],)+ out: &mut [$t]) {
                vectors(f, $($a,)+ out)
            }

            pub(super) fn plain(f: $f, $($a: &[$t],)+ out: &mut [$t]) {
                macro_rules! go {
                    ($g:expr) => {
                        for (i, o) in out.iter_mut().enumerate() {
                            *o = $module::$apply($g, $($a[i]),+);
                        }
                    };
                }
                $each!(f, go)
            }
        }
    };
}
versions!(unary32, f32, Unary, each_unary, single::unary, x);
versions!(unary64, f64, Unary, each_unary, double::unary, x);
versions!(binary32, f32, Binary, each_binary, single::binary, x, y);
versions!(binary64, f64, Binary, each_binary, double::binary, x, y);

/// The instruction sets the functions are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// AVX-512 F, VL, DQ and BW, with FMA.
    Avx512,
    /// AVX2 with FMA.
    Avx2,
    /// What every CPU of the architecture has.
    Plain,
}

impl Version {
    /// The best one for this CPU.
    pub fn best() -> Version {
        if Version::Avx512.runs() {
            Version::Avx512
        } else if Version::Avx2.runs() {
            Version::Avx2
        } else {
            Version::Plain
        }
    }

    /// Whether this CPU can run it. (The answer is cached by the standard library.)
    pub fn runs(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            let avx2 = has!("avx2") && has!("fma");
            match self {
                Version::Avx512 => {
                    avx2 && has!("avx512f") && has!("avx512vl") && has!("avx512dq") && has!("avx512bw")
                }
                Version::Avx2 => avx2,
                Version::Plain => true,
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            self == Version::Plain
        }
    }
}

macro_rules! entry {
    ($(#[$doc:meta])* $name:ident, $with:ident, $module:ident, $f:ty, $t:ty, $($a:ident),+) => {
        $(#[$doc])*
        pub fn $name(f: $f, $($a: &[$t],)+ out: &mut [$t]) {
            $with(Version::best(), f, $($a,)+ out)
        }

        /// The same by a given version; panics if this CPU cannot run it.
        pub fn $with(version: Version, f: $f, $($a: &[$t],)+ out: &mut [$t]) {
            $(assert_eq!($a.len(), out.len());)+
            assert!(version.runs());
            match version {
                // SAFETY: the CPU has the features this version is compiled for.
                #[cfg(target_arch = "x86_64")]
                Version::Avx512 => unsafe { $module::avx512(f, $($a,)+ out) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Version::Avx2 => unsafe { $module::avx2(f, $($a,)+ out) },
                _ => $module::plain(f, $($a,)+ out),
            }
        }
    };
}
entry! {
    /// `out[i] = f(x[i])`. Panics if the lengths differ.
    unary_f32, unary_f32_by, unary32, Unary, f32, x
}
entry! {
    /// `out[i] = f(x[i])`. Panics if the lengths differ.
    unary_f64, unary_f64_by, unary64, Unary, f64, x
}
entry! {
    /// `out[i] = f(x[i], y[i])`. Panics if the lengths differ.
    binary_f32, binary_f32_by, binary32, Binary, f32, x, y
}
entry! {
    /// `out[i] = f(x[i], y[i])`. Panics if the lengths differ.
    binary_f64, binary_f64_by, binary64, Binary, f64, x, y
}
