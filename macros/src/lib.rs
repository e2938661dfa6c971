//! `#[vectorize]`: a Rust function of scalars that takes arrays too; `#[stencil]` ([`mod@stencil`]): one that also
//! sees an array's other elements nearby; `#[guvectorize]` ([`mod@generalized`]): one of inner arrays; and
//! `#[kernel]` ([`mod@kernel`]): one that each thread of a grid runs.
//!
//! Use them as `lazuli::vectorize` and so on, whose pages say what they do. This crate knows syntax alone. It
//! reads a function ([`mod@body`], [`calls`], [`loops`], [`signature`], [`pattern`]) into [`ast`], in which what the language
//! leaves out has been refused ([`refuse`]), and writes it down twice: as the scalar function that it
//! is, with Lazuli's operations in place of Rust's ([`scalar`]), and as a program that records what
//! the function does ([`traced`]). [`item`] puts both into the one function that users call.
//!
//! Promises: what is written means in both what it means in Rust, but that operators and methods
//! are total; whatever cannot be taken is an error at the token that it is about, in words that say
//! what to write instead; the compiler's own errors are about the user's tokens.

mod ast;
mod body;
mod calls;
mod generalized;
mod item;
mod kernel;
mod loops;
mod methods;
mod pattern;
mod refuse;
mod scalar;
mod signature;
mod stencil;
mod traced;

use proc_macro::TokenStream;

/// See `lazuli::vectorize`.
#[proc_macro_attribute]
pub fn vectorize(attribute: TokenStream, item: TokenStream) -> TokenStream {
    item::vectorize(attribute.into(), item.into()).into()
}

/// See `lazuli::guvectorize`.
#[proc_macro_attribute]
pub fn guvectorize(attribute: TokenStream, item: TokenStream) -> TokenStream {
    generalized::guvectorize(attribute.into(), item.into()).into()
}

/// See `lazuli::kernel`.
#[proc_macro_attribute]
pub fn kernel(attribute: TokenStream, item: TokenStream) -> TokenStream {
    kernel::kernel(attribute.into(), item.into()).into()
}

/// See `lazuli::stencil`.
#[proc_macro_attribute]
pub fn stencil(attribute: TokenStream, item: TokenStream) -> TokenStream {
    stencil::stencil(attribute.into(), item.into()).into()
}
