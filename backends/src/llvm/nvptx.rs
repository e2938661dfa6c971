//! The compiler for NVIDIA GPUs: LLVM IR text to PTX.
//!
//! The version of PTX is the lowest that has what an architecture needs, so that the oldest
//! drivers read it: 8.0 (CUDA 12.0) up to compute capability 9.0, 8.7 (CUDA 12.8) from 10.0 on.
//! An architecture newer than this LLVM knows is served by the newest that it does, which the
//! driver carries over.
//!
//! **Numbers.** LLVM prints every float operation with its rounding (`add.rn.f32`), which keeps the
//! assembler from fusing; subnormals are kept, division and square root are the exact ones.
//! [`lint`] holds the text to that.

use super::compiler::Compiler;
use super::error::JitError;
use inkwell::OptimizationLevel;
use inkwell::targets::{InitializationConfig, Target};
use std::sync::Once;

const TRIPLE: &str = "nvptx64-nvidia-cuda";

/// An architecture: ten times the compute capability.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Architecture(u32);

/// Architectures that code is generated for, the oldest first, with the PTX version of each.
const KNOWN: [(u32, u32); 8] =
    [(75, 80), (80, 80), (86, 80), (87, 80), (89, 80), (90, 80), (100, 87), (120, 87)];

impl Architecture {
    /// The newest that serves a device of this compute capability; `None` below 7.5.
    pub fn of(major: u32, minor: u32) -> Option<Architecture> {
        let have = major * 10 + minor;
        // Code for one generation's members is no code for those of another with a smaller number.
        KNOWN.iter().rev().map(|k| k.0).find(|&k| k <= have).map(Architecture)
    }

    /// As the assembler names it.
    pub fn name(self) -> String {
        format!("sm_{}", self.0)
    }

    fn features(self) -> String {
        let ptx = KNOWN.iter().find(|k| k.0 == self.0).map_or(80, |k| k.1);
        format!("+ptx{ptx}")
    }
}

/// A compiler to PTX for one architecture. The first one in a process also initialises LLVM's part.
pub fn compiler(architecture: Architecture) -> Result<Compiler, JitError> {
    static INIT: Once = Once::new();
    INIT.call_once(|| {
        Target::initialize_nvptx(&InitializationConfig {
            disassembler: false,
            ..InitializationConfig::default()
        });
    });
    Compiler::new(TRIPLE, &architecture.name(), &architecture.features(), OptimizationLevel::Default)
}

/// The first line of the PTX of a kernel of ours that is wrong, and why: one that is [`loose`], or an
/// atomic operation by which blocks tell each other something that nothing orders.
pub fn lint(ptx: &str) -> Option<(&str, &'static str)> {
    let atomic = ptx.lines().find(|line| line.contains("atom.") && !line.contains(".acq_rel"));
    if let Some(line) = atomic
        && !ptx.contains("fence.")
    {
        return Some((line, "nothing orders what blocks tell each other by it"));
    }
    loose(ptx)
}

/// The first line of a PTX text that would let an assembler change a result, and why: a float
/// operation without its rounding, one that flushes subnormals, or an approximation.
pub fn loose(ptx: &str) -> Option<(&str, &'static str)> {
    ptx.lines().find_map(|line| {
        let instruction = line.trim_start();
        // A read-modify-write in memory rounds as it does.
        if instruction.contains("atom.") || instruction.contains("red.") {
            return None;
        }
        // Past a guard, as in `@%p1 add.rn.f32`.
        let instruction = match instruction.strip_prefix('@') {
            Some(guarded) => guarded.split_once(char::is_whitespace)?.1.trim_start(),
            None => instruction,
        };
        let name = instruction.split([' ', '\t', ';']).next()?;
        let parts: Vec<&str> = name.split('.').collect();
        if parts.contains(&"ftz") {
            return Some((line, "it flushes subnormals"));
        }
        if parts.contains(&"approx") {
            return Some((line, "it is an approximation"));
        }
        let rounds = matches!(parts[0], "add" | "sub" | "mul" | "fma" | "mad" | "div" | "sqrt" | "rcp");
        let float =
            parts.iter().any(|p| matches!(*p, "f32" | "f64" | "f16" | "bf16" | "f32x2" | "f16x2" | "bf16x2"));
        let rounded = parts.iter().any(|p| matches!(*p, "rn" | "rz" | "rm" | "rp"));
        (rounds && float && !rounded).then_some((line, "its rounding is left open"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn architectures_are_the_newest_that_serve() {
        assert_eq!(Architecture::of(9, 0).unwrap().name(), "sm_90");
        assert_eq!(Architecture::of(8, 8).unwrap().name(), "sm_87");
        assert_eq!(Architecture::of(12, 1).unwrap().name(), "sm_120");
        assert_eq!(Architecture::of(7, 0), None);
    }

    #[test]
    fn loose_operations_are_found() {
        assert_eq!(lint("\tadd.rn.f32 \t%r1, %r2, %r3;\n\tadd.s32 \t%r1, %r1, 1;"), None);
        for line in
            ["\tmul.f32 %r1, %r2, %r3;", "\t@%p1 add.ftz.rn.f32 %r1, %r1, %r2;", "sqrt.approx.f32 %r1, %r2;"]
        {
            assert_eq!(lint(line).map(|l| l.0), Some(line));
        }
    }
}
