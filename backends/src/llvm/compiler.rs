//! From IR text to an emitted file, for any target that LLVM has.
//!
//! The steps are parse, verify, a short list of passes, code generation; they are the same for the
//! CPU ([`jit`](super::jit)) and for GPUs ([`nvptx`](super::nvptx)). There is no `default<O3>`: the IR arrives with
//! its vectors, its unrolling and its masks written out, so that what is left to do is common
//! subexpressions, dead code and moving what does not change out of loops ([`PASSES`]).
//!
//! **Numbers.** The compiler adds no licence of its own. No fast-math flag is set, the passes keep IEEE
//! semantics, and LLVM's `AllowFPOpFusion` stands at `Standard` (the value in `TargetOptions` that the C
//! interface never changes), with which a multiplication and an addition are fused only if both carry
//! `contract`, or if `llvm.fmuladd` asks for it. The tests hold this against targets with FMA.
//!
//! **Memory.** Each compilation has an `LLVMContext` of its own (some microseconds) and drops it: types,
//! constants and attributes live as long as their context, so one that is kept grows with every constant
//! ever compiled. Only the target machine, which holds no reference to any context, is kept.
//!
//! **Errors.** Whatever LLVM lets be checked comes back as a value. A diagnostic handler records the errors
//! that the code generator reports; without it LLVM would print them and exit. What stays out of reach is
//! `report_fatal_error` ("cannot select"), which ends the process: the emitter must not write what the
//! target cannot lower, and a test has to compile every operation on every target.
//!
//! **What costs time.** Code generation is four fifths and more. In a loop with more different vector
//! constants than there are registers (32 with AVX-512, otherwise 16) its register allocation alone takes
//! longer than everything else together: few constants in a kernel are worth more than any choice of
//! passes.

use std::ffi::{CStr, c_char, c_void};
use std::time::{Duration, Instant};

use inkwell::OptimizationLevel;
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::context::Context;
use inkwell::memory_buffer::MemoryBuffer;
use inkwell::module::Module;
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::{CodeModel, FileType, RelocMode, Target, TargetMachine, TargetTriple};
use llvm_sys::LLVMDiagnosticSeverity;
use llvm_sys::core::{
    LLVMContextSetDiagnosticHandler, LLVMDisposeMessage, LLVMGetDiagInfoDescription, LLVMGetDiagInfoSeverity,
};
use llvm_sys::ir_reader::LLVMParseIRInContext2;
use llvm_sys::prelude::LLVMDiagnosticInfoRef;

use super::error::JitError;

/// The passes, in LLVM's notation. `instcombine` is left out with reason: the passes take two to five times
/// as long with it, it gains nothing on IR as it is emitted here, and it makes new constants (`x - c` becomes
/// `x + -c`) that cost register allocation more.
pub const PASSES: &str = "function(early-cse<memssa>,loop-mssa(licm),simplifycfg)";

/// How long the steps of one compilation took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// Making a context and reading the text.
    pub parse: Duration,
    /// Checking the module.
    pub verify: Duration,
    /// Running [`PASSES`].
    pub passes: Duration,
    /// Generating machine code.
    pub codegen: Duration,
    /// Reading the object, relocating and mapping it.
    pub load: Duration,
}

impl Timings {
    /// All steps together.
    pub fn total(&self) -> Duration {
        self.parse + self.verify + self.passes + self.codegen + self.load
    }
}

/// A code generator for one target. One per compiling thread.
pub struct Compiler {
    machine: TargetMachine,
    /// What is put before the text: LLVM gives loads and stores without an explicit alignment that of the
    /// data layout at the time of reading, so that the layout has to be there first. One line without its
    /// end: the numbers of the lines stay what they were.
    prefix: String,
    /// Do frames larger than a page touch each of their pages, so that a stack that is too small ends at its guard page and
    /// not beyond it?
    pub probes: bool,
    /// The list of passes: [`PASSES`], or that of an experiment.
    pub passes: String,
    /// How long the steps of the last compilation took.
    pub timings: Timings,
}

// SAFETY: a target machine is plain memory without ties to the thread that made it; LLVM only asks that no
// two threads use one at the same time, and `Compiler` is not `Sync`.
unsafe impl Send for Compiler {}

impl Compiler {
    /// A code generator for a target that has been initialised.
    pub fn new(
        triple: &str,
        cpu: &str,
        features: &str,
        level: OptimizationLevel,
    ) -> Result<Compiler, JitError> {
        let target = TargetTriple::create(triple);
        let machine = Target::from_triple(&target)
            .map_err(|e| JitError::Target(e.to_string()))?
            .create_target_machine(&target, cpu, features, level, RelocMode::PIC, CodeModel::Small)
            .ok_or_else(|| JitError::Target(format!("{triple} {features}")))?;
        let layout = machine.get_target_data().get_data_layout();
        let layout = layout.as_str().to_string_lossy();
        let prefix = format!("target datalayout = \"{layout}\" target triple = \"{triple}\" ");
        Ok(Compiler {
            machine,
            prefix,
            probes: false,
            passes: PASSES.to_owned(),
            timings: Timings::default(),
        })
    }

    /// The module as an assembler would print it, after the same passes and for the same target.
    pub fn assembly(&mut self, ir: &str) -> Result<String, JitError> {
        let text = self.emit(ir, &[], FileType::Assembly)?;
        Ok(String::from_utf8_lossy(text.as_slice()).trim_end_matches('\0').to_owned())
    }

    /// The text as a file for LLVM's own tools, headed by what the target is, if it is a valid module.
    pub fn module(&self, ir: &str) -> Result<String, JitError> {
        let diagnostics = Diagnostics::default();
        let context = Context::create();
        // SAFETY: the list was declared before the context, so it is dropped after it.
        unsafe { diagnostics.attach(&context) };
        self.parse(&context, ir)?.verify().map_err(|e| JitError::Verify(e.to_string()))?;
        diagnostics.check(JitError::Verify)?;
        let head = self.prefix.replace(" target triple", "\ntarget triple");
        Ok(format!("{}\n{ir}", head.trim_end()))
    }

    /// From text to the emitted file.
    pub fn emit(
        &mut self,
        ir: &str,
        entries: &[&str],
        file: FileType,
    ) -> Result<MemoryBuffer<'static>, JitError> {
        // Declared in this order because dropped in the reverse: the module before its context, the context
        // before the list that its handler writes to.
        let diagnostics = Diagnostics::default();
        let mut timings = Timings::default();
        let mut clock = Instant::now();
        let mut lap = || {
            let now = Instant::now();
            now - std::mem::replace(&mut clock, now)
        };

        let context = Context::create();
        // SAFETY: by that order.
        unsafe { diagnostics.attach(&context) };
        let module = self.parse(&context, ir)?;
        for &entry in entries {
            if module.get_function(entry).is_none_or(|f| f.count_basic_blocks() == 0) {
                return Err(JitError::MissingEntry(entry.to_owned()));
            }
        }
        timings.parse = lap();

        module.verify().map_err(|e| JitError::Verify(e.to_string()))?;
        diagnostics.check(JitError::Verify)?;
        timings.verify = lap();

        let nounwind = context.create_enum_attribute(Attribute::get_named_enum_kind_id("nounwind"), 0);
        for function in module.get_functions().filter(|f| f.count_basic_blocks() > 0) {
            function.add_attribute(AttributeLoc::Function, nounwind);
            if self.probes {
                function.add_attribute(
                    AttributeLoc::Function,
                    context.create_string_attribute("probe-stack", "inline-asm"),
                );
            }
        }
        module
            .run_passes(&self.passes, &self.machine, PassBuilderOptions::create())
            .map_err(|e| JitError::Passes(e.to_string()))?;
        diagnostics.check(JitError::Passes)?;
        timings.passes = lap();

        let output =
            self.machine.write_to_memory_buffer(&module, file).map_err(|e| JitError::Emit(e.to_string()))?;
        diagnostics.check(JitError::Emit)?;
        timings.codegen = lap();
        self.timings = timings;
        Ok(output)
    }

    /// Reads the text. Not inkwell's `create_module_from_ir`: with LLVM 22 that loses the buffer, which the
    /// function below it no longer consumes.
    pub(super) fn parse<'c>(&self, context: &'c Context, ir: &str) -> Result<Module<'c>, JitError> {
        let text = [self.prefix.as_str(), ir].concat();
        let buffer = MemoryBuffer::create_from_memory_range_copy(text.as_bytes(), "ir");
        let mut module = std::ptr::null_mut();
        let mut message = std::ptr::null_mut();
        // SAFETY: context and buffer are alive, and the copy above ends in the zero that the reader wants.
        // The buffer is only borrowed: the text is copied into the module.
        let failed =
            unsafe { LLVMParseIRInContext2(context.raw(), buffer.as_mut_ptr(), &mut module, &mut message) }
                != 0;
        if failed || module.is_null() {
            // SAFETY: a failed parse leaves a message, or null.
            let message = unsafe { take_message(message) };
            return Err(parse_error(&message, &self.prefix));
        }
        // SAFETY: the module is valid, nobody else owns it, and its lifetime is that of the context it was
        // made in.
        Ok(unsafe { Module::new(module) })
    }
}

/// The errors that LLVM has reported to the context's handler.
#[derive(Default)]
struct Diagnostics {
    errors: std::cell::RefCell<Vec<String>>,
}

impl Diagnostics {
    /// Makes `self` the place where the context's errors go.
    ///
    /// # Safety
    /// `self` stays where it is until the context is dropped.
    unsafe fn attach(&self, context: &Context) {
        // SAFETY: the handler reads what the pointer points to only while the context is in use.
        unsafe {
            LLVMContextSetDiagnosticHandler(
                context.raw(),
                Some(record),
                std::ptr::from_ref(self) as *mut c_void,
            );
        }
    }

    /// The errors so far as one `Err`.
    fn check(&self, kind: fn(String) -> JitError) -> Result<(), JitError> {
        let errors = self.errors.take();
        if errors.is_empty() { Ok(()) } else { Err(kind(errors.join("; "))) }
    }
}

/// The context's diagnostic handler: keeps errors, drops warnings and remarks.
extern "C" fn record(info: LLVMDiagnosticInfoRef, log: *mut c_void) {
    // SAFETY: LLVM calls the handler with a live diagnostic and with the pointer given to it in `attach`,
    // on the thread that uses the context: the only one that touches the list.
    unsafe {
        if LLVMGetDiagInfoSeverity(info) == LLVMDiagnosticSeverity::LLVMDSError {
            let text = take_message(LLVMGetDiagInfoDescription(info));
            (*log.cast_const().cast::<Diagnostics>()).errors.borrow_mut().push(text);
        }
    }
}

/// Copies and frees a message of LLVM.
///
/// # Safety
/// `message` is null, or a string made by LLVM that nobody else frees.
unsafe fn take_message(message: *mut c_char) -> String {
    if message.is_null() {
        return String::new();
    }
    // SAFETY: by the caller's word it is a zero-ended string, freed once, here.
    unsafe {
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        LLVMDisposeMessage(message);
        text
    }
}

/// Takes `ir:3:7: error: expected type` apart, and takes the prefix out of a quotation of line 1 (and as
/// many spaces out of the line with the caret below it).
fn parse_error(message: &str, prefix: &str) -> JitError {
    let message = message.replace(prefix, "").replace(&" ".repeat(prefix.len()), "");
    let rest = message.strip_prefix("ir:").unwrap_or(&message);
    let (line, rest) = rest.split_once(':').unwrap_or(("", rest));
    match line.parse() {
        Ok(line) => {
            let (_, text) = rest.split_once(": ").unwrap_or(("", rest));
            JitError::Parse { line, message: text.trim_end().to_owned() }
        }
        Err(_) => JitError::Parse { line: 0, message: message.trim_end().to_owned() },
    }
}
