//! The compiler for this CPU: LLVM IR text to machine code in memory.
//!
//! What is special is what is left out. There is no MCJIT and no ORC: the object that the
//! [`Compiler`] emits is read by [`Image`], which makes it a position-independent run of bytes.
//!
//! **Threads and exit.** One `Jit` per compiling thread, or one behind a mutex. LLVM is linked statically
//! and has static destructors, which `exit` runs: of 100 processes whose `main` returned while two threads
//! compiled, 78 crashed. So whoever compiles holds a [`Compiling`](super::exit).

use std::sync::Once;
use std::time::Instant;

use inkwell::OptimizationLevel;
use inkwell::targets::{FileType, InitializationConfig, Target};

use super::blob::{Code, Image};
use super::compiler::{Compiler, Timings};
use super::error::JitError;
use super::target::TargetCpu;

/// The platform that code is generated for. Fixed: the loader reads ELF, whatever the host's own object
/// format is.
const TRIPLE: &str = "x86_64-unknown-linux-gnu";

/// A compiler for one target. One per compiling thread.
pub struct Jit {
    target: TargetCpu,
    compiler: Compiler,
}

impl Jit {
    /// A compiler for `target`. The first one in a process also initialises LLVM.
    pub fn new(target: TargetCpu) -> Result<Jit, JitError> {
        Jit::at(target, OptimizationLevel::Default)
    }

    /// A compiler for code that is run a few times, on little data: it takes less time, and its code runs slower. (Tests of
    /// many short kernels, all code compiled so, took 15 s in place of 26 s of CPU time.)
    pub fn quick(target: TargetCpu) -> Result<Jit, JitError> {
        Jit::at(target, OptimizationLevel::None)
    }

    fn at(target: TargetCpu, level: OptimizationLevel) -> Result<Jit, JitError> {
        static INIT: Once = Once::new();
        INIT.call_once(|| {
            Target::initialize_x86(&InitializationConfig {
                disassembler: false,
                ..InitializationConfig::default()
            });
        });
        let mut compiler = Compiler::new(TRIPLE, target.cpu(), target.features(), level)?;
        compiler.probes = true;
        Ok(Jit { target, compiler })
    }

    /// What this compiler generates code for.
    pub fn target(&self) -> &TargetCpu {
        &self.target
    }

    /// How long the steps of the last compilation took: of one that succeeded, or of as many steps as did.
    pub fn timings(&self) -> Timings {
        self.compiler.timings
    }

    /// Runs another list of passes than [`PASSES`](super::compiler::PASSES), in the notation of LLVM's `opt -passes`: for
    /// experiments. An unknown pass makes compilations fail with [`JitError::Passes`].
    pub fn set_passes(&mut self, passes: &str) {
        self.compiler.passes = passes.to_owned();
    }

    /// Compiles an empty function, so that what LLVM does only once in a process is done. For a thread in
    /// the background.
    pub fn warm_up(&mut self) -> Result<(), JitError> {
        self.compile("define void @lazuli_warm_up() { ret void }", &["lazuli_warm_up"]).map(drop)
    }

    /// Parses and verifies a module, generates code for it and loads it. `entries` are the functions
    /// wanted, in the order that [`Code::entry`] counts them.
    ///
    /// A `target` line in the text is only right if it is the one that LLVM prints for this target; best
    /// leave it out. Functions are taken as `nounwind`: nothing can unwind through them, there are no
    /// tables for it.
    pub fn compile(&mut self, ir: &str, entries: &[&str]) -> Result<Code, JitError> {
        let image = self.image(ir, entries)?;
        let start = Instant::now();
        let code = image.load()?;
        self.compiler.timings.load += start.elapsed();
        Ok(code)
    }

    /// Like [`Jit::compile`], but stops before the code gets an address: an [`Image`] can be written to a
    /// file.
    pub fn image(&mut self, ir: &str, entries: &[&str]) -> Result<Image, JitError> {
        let object = self.compiler.emit(ir, entries, FileType::Object)?;
        let start = Instant::now();
        let image = Image::from_object(object.as_slice(), entries)?;
        self.compiler.timings.load = start.elapsed();
        Ok(image)
    }

    /// The module as an assembler would print it, after the same passes and for the same target. For
    /// inspection.
    pub fn assembly(&mut self, ir: &str) -> Result<String, JitError> {
        self.compiler.assembly(ir)
    }

    /// The text as a file for LLVM's own tools, if it is a valid module. For inspection, too.
    pub fn module(&self, ir: &str) -> Result<String, JitError> {
        self.compiler.module(ir)
    }

    /// Reads a text, for the tests of reading.
    #[cfg(test)]
    pub(super) fn parse<'c>(
        &self,
        context: &'c inkwell::context::Context,
        ir: &str,
    ) -> Result<inkwell::module::Module<'c>, JitError> {
        self.compiler.parse(context, ir)
    }
}
