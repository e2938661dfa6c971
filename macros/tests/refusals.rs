//! What the language leaves out: each is an error at its token, in words that say what to write.
//!
//! The programs in `ui/` never get beyond the macro, so they need nothing of Lazuli but it: building
//! them takes seconds. `TRYBUILD=overwrite` writes what the compiler says anew; read it then.

#[test]
fn refusals() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
