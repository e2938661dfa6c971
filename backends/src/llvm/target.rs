//! Which instructions the code generator may use.
//!
//! A target is one of three closed levels, decided by what the processor says it can do and never by its
//! name: names are wrong under hypervisors, unknown for new processors, and carry preferences (256-bit
//! vectors on a machine with 512-bit ones) that Lazuli, which writes vectors out explicitly, does not want.
//! LLVM is always told `x86-64` plus a list of features.
//!
//! The levels are closed on purpose. Each can be tested on any machine that has it, machine code on disk is
//! keyed by three values instead of thousands, and an extension that computes differently cannot slip in:
//! `avx512bf16`, for one, would turn `fptrunc` to `bfloat` into an instruction that flushes subnormals.
//!
//! | level | vectors | what LLVM needs a library call for |
//! |---|---|---|
//! | [`TargetCpu::avx512`] | 512 bits | `frem`, `llvm.exp` and other functions, `fptrunc` to `bfloat` and from `double` to `half` |
//! | [`TargetCpu::avx2`] | 256 bits | the same |
//! | [`TargetCpu::baseline`] | 128 bits | also `llvm.fma`, `llvm.floor/ceil/trunc/rint/roundeven`, all `half` conversions |

/// SSE2 and nothing more: what every x86-64 processor has.
const BASELINE: &str = "+sse2";

/// What an x86-64-v3 processor has. `fast-gather` is left off: without it a gather becomes loads and
/// inserts, which is the faster way on most processors without AVX-512 (and all with the microcode that
/// makes gathers safe).
const AVX2: &str = "+sse2,+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+avx,+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt,+movbe,\
                    +fast-variable-crosslane-shuffle,+fast-variable-perlane-shuffle";

/// What an x86-64-v4 processor has, with 512-bit vectors as good as any.
const AVX512: &str = "+sse2,+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+avx,+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt,+movbe,\
                      +avx512f,+avx512vl,+avx512dq,+avx512bw,+avx512cd,-prefer-256-bit,\
                      +fast-variable-crosslane-shuffle,+fast-variable-perlane-shuffle";

/// What the code generator may use. Decided by feature flags, never by the CPU's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TargetCpu {
    level: Level,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Level {
    Baseline,
    Avx2,
    Avx512,
}

impl TargetCpu {
    /// The highest level that this processor has.
    pub fn host() -> TargetCpu {
        [Self::avx512(), Self::avx2()].into_iter().find(TargetCpu::runs_here).unwrap_or(Self::baseline())
    }

    /// 512-bit vectors: x86-64-v4 (AVX-512 F, VL, DQ, BW, CD).
    pub fn avx512() -> TargetCpu {
        TargetCpu { level: Level::Avx512 }
    }

    /// 256-bit vectors: x86-64-v3 (AVX2, FMA, F16C, BMI).
    pub fn avx2() -> TargetCpu {
        TargetCpu { level: Level::Avx2 }
    }

    /// 128-bit vectors: SSE2.
    pub fn baseline() -> TargetCpu {
        TargetCpu { level: Level::Baseline }
    }

    /// The level's name, for keys and messages: `avx512`, `avx2` or `baseline`.
    pub fn name(&self) -> &'static str {
        match self.level {
            Level::Avx512 => "avx512",
            Level::Avx2 => "avx2",
            Level::Baseline => "baseline",
        }
    }

    /// The processor that LLVM is told.
    pub fn cpu(&self) -> &'static str {
        "x86-64"
    }

    /// The features that LLVM is told, as in `+avx2,+fma`.
    pub fn features(&self) -> &'static str {
        match self.level {
            Level::Avx512 => AVX512,
            Level::Avx2 => AVX2,
            Level::Baseline => BASELINE,
        }
    }

    /// The width of a vector register: 128, 256 or 512.
    pub fn vector_bits(&self) -> u32 {
        match self.level {
            Level::Avx512 => 512,
            Level::Avx2 => 256,
            Level::Baseline => 128,
        }
    }

    /// Whether a fused multiply-add is one instruction. Where it is not, `llvm.fma` is a call and does not
    /// load.
    pub fn has_fma(&self) -> bool {
        self.level != Level::Baseline
    }

    /// Whether this processor, and the operating system under it, run code for the level.
    pub fn runs_here(&self) -> bool {
        match self.level {
            Level::Avx512 => detect::avx2() && detect::avx512(),
            Level::Avx2 => detect::avx2(),
            Level::Baseline => cfg!(target_arch = "x86_64"),
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod detect {
    use std::arch::is_x86_feature_detected as has;

    pub fn avx2() -> bool {
        has!("sse3")
            && has!("ssse3")
            && has!("sse4.1")
            && has!("sse4.2")
            && has!("popcnt")
            && has!("avx")
            && has!("avx2")
            && has!("fma")
            && has!("f16c")
            && has!("bmi1")
            && has!("bmi2")
            && has!("lzcnt")
            && has!("movbe")
    }

    pub fn avx512() -> bool {
        has!("avx512f") && has!("avx512vl") && has!("avx512dq") && has!("avx512bw") && has!("avx512cd")
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod detect {
    pub fn avx2() -> bool {
        false
    }

    pub fn avx512() -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_is_the_widest_level_that_runs() {
        let host = TargetCpu::host();
        assert!(host.runs_here() || !cfg!(target_arch = "x86_64"));
        for level in [TargetCpu::avx512(), TargetCpu::avx2(), TargetCpu::baseline()] {
            assert!(!level.runs_here() || level.vector_bits() <= host.vector_bits());
        }
    }

    #[test]
    fn levels_contain_each_other() {
        for flag in AVX2.split(',') {
            assert!(AVX512.split(',').any(|f| f == flag), "{flag}");
        }
        assert!(!AVX512.contains(' ') && !AVX2.contains(' '));
    }
}
