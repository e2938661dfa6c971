//! What can go wrong between IR text and machine code.
//!
//! Every step of the compiler has its own variant, so that a caller can tell a mistake in the emitter
//! (`Parse`, `Verify`, `MissingEntry`) from a limit of the target (`External`, `Unsupported`, `Emit`) and
//! from the machine being out of memory (`Map`). Only the last can go away by itself.

/// A failed compilation. Nothing is left behind by one: no mapping, no LLVM state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JitError {
    /// LLVM could not be set up for the target.
    #[error("LLVM has no such target: {0}")]
    Target(String),
    /// The text is not LLVM IR.
    #[error("line {line}: {message}")]
    Parse {
        /// The line of the text, from 1; 0 if LLVM named none.
        line: u32,
        /// LLVM's words, with the line quoted and a caret below it.
        message: String,
    },
    /// The text is LLVM IR, but breaks a rule of it.
    #[error("invalid IR: {0}")]
    Verify(String),
    /// The module defines no function of this name that can be called from outside.
    #[error("the module defines no function `{0}`")]
    MissingEntry(String),
    /// A pass reported an error.
    #[error("optimisation failed: {0}")]
    Passes(String),
    /// The code generator reported an error.
    #[error("code generation failed: {0}")]
    Emit(String),
    /// The code calls, or names, something that the module does not define: `memset`, `fmodf`, `expf`.
    #[error("the code needs the external symbol `{0}`")]
    External(String),
    /// The object file holds something that the loader does not load: mutable globals, thread-locals, an
    /// unknown relocation.
    #[error("cannot load the object: {0}")]
    Unsupported(String),
    /// The operating system gave no memory, or did not let it become executable.
    #[error("cannot map executable memory: {0}")]
    Map(String),
}
