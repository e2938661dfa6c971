//! What the language leaves out, in words that say what to write instead.

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Error, Expr, Result, Type};

/// An error at some tokens.
pub fn at<T>(tokens: &impl ToTokens, words: impl std::fmt::Display) -> Result<T> {
    // The first token alone where several cannot be joined.
    Err(Error::new(tokens.span(), words))
}

/// An error at a place.
pub fn here<T>(span: Span, words: impl std::fmt::Display) -> Result<T> {
    Err(Error::new(span, words))
}

/// Notes one more error.
pub fn also(errors: &mut Option<Error>, e: Error) {
    match errors {
        Some(all) => all.combine(e),
        None => *errors = Some(e),
    }
}

/// The types that values can have.
const SCALARS: &str = "`bool`, `i32`, `i64`, `u8`, `u64`, `f32` and `f64`";

/// Names of the types whose associated functions are methods: `f32::max(x, y)`.
pub fn is_scalar_name(name: &str) -> bool {
    matches!(name, "bool" | "i32" | "i64" | "u8" | "u64" | "f16" | "bf16" | "f32" | "f64")
}

/// Refuses types that cannot be those of elements.
pub fn scalar_type(ty: &Type) -> Result<()> {
    match ty {
        Type::Path(path) if path.qself.is_none() => {
            let Some(last) = path.path.segments.last() else { return Ok(()) };
            let words = match last.ident.to_string().as_str() {
                "usize" => "`usize` differs from machine to machine: write `u64`".into(),
                "isize" => "`isize` differs from machine to machine: write `i64`".into(),
                "i8" | "i16" => "arrays have no elements of this type yet: write `i32`".into(),
                "u16" | "u32" => "arrays have no elements of this type yet: write `u64` or `i64`".into(),
                "i128" | "u128" => "integers have 64 bits at most: write `i64` or `u64`".into(),
                "f128" => "floats have 64 bits at most: write `f64`".into(),
                "char" => "characters are no elements of arrays: write `u8` or `u64`".into(),
                "str" | "String" => "there are no strings here: number the cases, as `i64`".into(),
                "Array" => {
                    "write the type of an element: the function takes arrays of that type anyway".into()
                }
                "Option" | "Result" => {
                    "write a tuple of the value and a `bool` that says if it is there".into()
                }
                "Vec" | "Box" | "HashMap" | "Rc" | "Arc" => format!("only scalars are known here: {SCALARS}"),
                "Self" => "write the type's name in place of `Self`".into(),
                _ => return Ok(()),
            };
            at(ty, words)
        }
        Type::Paren(inner) => scalar_type(&inner.elem),
        Type::Group(inner) => scalar_type(&inner.elem),
        Type::Reference(r) => at(&r.and_token, "scalars are passed by value: leave the `&` out"),
        Type::Array(_) => at(ty, "there are no arrays in here: use a tuple, or a variable for each value"),
        Type::Slice(_) => at(ty, "there are no slices in here: use a tuple, or pass each value"),
        Type::Tuple(t) if t.elems.is_empty() => at(ty, "`()` is no value"),
        Type::Tuple(_) => at(ty, "a tuple is not allowed here: write an argument for each value"),
        Type::ImplTrait(_) | Type::TraitObject(_) => at(
            ty,
            format!("write the type of a scalar ({SCALARS}), or a type parameter: `fn f<T: Real>(x: T)`"),
        ),
        Type::Never(_) => at(ty, "a function gives a value for each element: write its type, `-> f32`"),
        Type::BareFn(_) => at(ty, "functions cannot be passed: call a vectorised function by its name"),
        Type::Ptr(_) => at(ty, "there are no pointers in here: scalars are passed by value"),
        Type::Macro(_) => at(ty, format!("macros are not known in here: write the type ({SCALARS})")),
        _ => at(ty, format!("this is no type of a scalar: {SCALARS}")),
    }
}

/// Why an expression is not in the language.
pub fn expression<T>(e: &Expr) -> Result<T> {
    match e {
        Expr::Array(_) | Expr::Repeat(_) => {
            at(e, "there are no arrays in here: use a tuple, or a variable for each value")
        }
        Expr::Async(e) => at(&e.async_token, "nothing waits in here: leave `async` out"),
        Expr::Await(e) => at(&e.await_token, "nothing waits in here: leave `.await` out"),
        Expr::Closure(e) => {
            at(&e.or1_token, "closures cannot be compiled for arrays: write another vectorised function")
        }
        Expr::Const(e) => at(&e.const_token, "name it: `const K: f64 = ...;`"),
        Expr::Index(e) => here(
            e.bracket_token.span.open(),
            "nothing can be indexed in here: pass the element as an argument (`&table.take(..)`)",
        ),
        Expr::Let(e) => at(&e.let_token, "`if let` and `while let` are not known: use `match` or `if`"),
        Expr::Macro(e) => {
            let name = e.mac.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
            at(&e.mac.path, macro_words(&name))
        }
        Expr::Range(_) => at(e, "ranges are known in `for` and `match` only"),
        Expr::RawAddr(_) | Expr::Reference(_) => at(e, "there are no references in here: leave the `&` out"),
        Expr::Struct(_) => at(e, "there are no structs in here: use a tuple, or a variable for each value"),
        Expr::Try(e) => at(
            &e.question_token,
            "nothing fails in here: give some value (a NaN, say), or a `bool` beside it",
        ),
        Expr::TryBlock(_) => at(e, "nothing fails in here: leave `try` out"),
        Expr::Unsafe(e) => at(&e.unsafe_token, "nothing is unsafe in here: leave `unsafe` out"),
        Expr::Yield(_) => at(e, "a function gives one value for each element: `return` it"),
        Expr::Infer(_) => at(e, "`_` is no value"),
        _ => at(e, "this is not known in a vectorised function"),
    }
}

/// Why a macro is not in the language.
pub fn macro_words(name: &str) -> &'static str {
    match name {
        "panic" | "todo" | "unimplemented" | "unreachable" => {
            "nothing panics in here: give some value (a NaN, say), or a `bool` beside it"
        }
        "assert" | "assert_eq" | "assert_ne" | "debug_assert" | "debug_assert_eq" | "debug_assert_ne" => {
            "nothing is asserted in here: give a `bool` beside the value, and look at it outside"
        }
        "print" | "println" | "eprint" | "eprintln" | "dbg" | "write" | "writeln" => {
            "nothing is printed in here: give the value as one more result, and print that"
        }
        "format" => "there are no strings here: number the cases, as `i64`",
        "vec" => "there are no arrays in here: use a tuple, or a variable for each value",
        "matches" => "write a `match` that gives `true` and `false`",
        _ => "macros are not known in here: write out what they stand for",
    }
}

/// The words for a string.
pub const STRING: &str = "there are no strings here: number the cases, as `i64`";
/// The words for a nested function.
pub const NESTED: &str = "write this function outside, with `#[lazuli::vectorize]` of its own";

/// What to say of the keywords before `fn`, none of which any of the attributes takes.
pub struct Keywords {
    /// Of `const`.
    pub constant: &'static str,
    /// Of `async`.
    pub waiting: &'static str,
    /// Of `unsafe`.
    pub dangerous: &'static str,
    /// Of `extern`.
    pub foreign: &'static str,
}

impl Keywords {
    /// Tells of each keyword that is there.
    pub fn refuse(&self, sig: &syn::Signature, told: &mut impl FnMut(Result<()>)) {
        if let Some(t) = &sig.constness {
            told(at(t, self.constant));
        }
        if let Some(t) = &sig.asyncness {
            told(at(t, self.waiting));
        }
        if let Some(t) = &sig.unsafety {
            told(at(t, self.dangerous));
        }
        if let Some(t) = &sig.abi {
            told(at(t, self.foreign));
        }
        if let Some(t) = &sig.variadic {
            told(at(t, "write a name and a type for each argument"));
        }
    }
}
