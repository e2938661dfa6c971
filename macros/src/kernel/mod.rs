//! `#[kernel]`: a function that each thread of a grid runs.
//!
//! The language is that of vectorised functions and what only threads have: elements of arrays, where a
//! thread is, shared memory, barriers, atomic changes, exchange within a warp. [`mod@signature`] reads what
//! stands before the body, [`words`] what kernels have beside the rest, which [`crate::body`] reads.
//!
//! No thread runs compiled Rust, so there is one expansion that counts, the traced one. The other is
//! written too: nobody calls it, and the compiler checks in it what only it can check (types, that a
//! `match` leaves nothing out, that names have values), in the types that were written.
//!
//! What is written for `fn f(a: f32, y: &mut [f32])` has the shape
//!
//! ```text
//! static f: Kernel<(f32, &'static mut [f32])> = {
//!     fn lazuli_check(a: f32, y: check::Memory<f32>) { .. }
//!     fn lazuli_traced(a: Expr<f32>, y: Memory<f32>) { .. }
//!     fn lazuli_write() { lazuli_traced(declare("a"), declare("y")) }
//!     Kernel::__new("f", place, lazuli_write)
//! };
//! ```

mod signature;
mod words;

use crate::ast::Block;
use crate::body::{Name, Reader};
use crate::scalar::Scalar;
use crate::signature::options;
use crate::traced::Traced;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use signature::{Parameter, Signature, signature};
use syn::{Error, ItemFn, Result};

pub use words::macro_words;

/// The attribute: its options and the item below it.
pub fn kernel(attribute: TokenStream, item: TokenStream) -> TokenStream {
    match read(attribute, item) {
        Ok((signature, body)) => write(&signature, &body),
        Err(errors) => errors.to_compile_error(),
    }
}

/// Reads a kernel; all that is wrong is told at once.
fn read(attribute: TokenStream, item: TokenStream) -> Result<(Signature, Block)> {
    let limit = options(attribute)?;
    let f: ItemFn = syn::parse2(item.clone()).map_err(|e| match syn::parse2::<syn::Item>(item) {
        Ok(other) => Error::new_spanned(other, "`#[kernel]` stands on functions"),
        Err(_) => e,
    })?;
    let signature = signature(&f, limit);
    let mut reader = Reader::new(&f.sig.ident, &[]);
    reader.kernel = true;
    for argument in &f.sig.inputs {
        if let syn::FnArg::Typed(t) = argument
            && let syn::Pat::Ident(p) = &*t.pat
        {
            let kind = match &*t.ty {
                syn::Type::Reference(r) => Name::Array(r.mutability.is_some()),
                _ if p.mutability.is_some() => Name::Variable,
                _ => Name::Value,
            };
            reader.declare_as(&p.ident, kind);
        }
    }
    match (signature, reader.block(&f.block)) {
        (Ok(signature), Ok(body)) => Ok((signature, body)),
        (Err(mut one), Err(other)) => {
            one.combine(other);
            Err(one)
        }
        (Err(e), _) | (_, Err(e)) => Err(e),
    }
}

fn write(signature: &Signature, body: &Block) -> TokenStream {
    let common = &signature.common;
    let (name, span) = (&common.name, common.name.span());
    let private = quote!(::lazuli::__private);
    let each = |make: &dyn Fn(&Parameter) -> TokenStream| -> Vec<TokenStream> {
        signature.parameters.iter().map(make).collect()
    };
    let types = each(&|p| {
        let element = &p.element;
        match p.array {
            None => quote!(#element),
            Some(false) => quote_spanned!(p.span=> &'static [#element]),
            Some(true) => quote_spanned!(p.span=> &'static mut [#element]),
        }
    });
    let checked = each(&|p| {
        let (name, element) = (&p.name, &p.element);
        match p.array {
            None if p.mutable => quote!(mut #name: #element),
            None => quote!(#name: #element),
            Some(_) => quote!(#name: #private::thread::check::Memory<#element>),
        }
    });
    let traced = each(&|p| {
        let (name, element) = (&p.name, &p.element);
        match p.array {
            None => quote!(#name: ::lazuli::Expr<#element>),
            Some(_) => quote!(#name: #private::thread::Memory<#element>),
        }
    });
    let labels = signature.parameters.iter().map(|p| p.name.to_string());
    let check = Scalar { signature: common, number: quote!(_), inner: false }.check(body, &checked);
    let traced = Traced { signature: common, number: quote!(_) }.kernel(body, &traced);
    let (attributes, visibility, label) = (&common.attributes, &common.visibility, name.to_string());
    let at = quote_spanned!(span=> #private::here());
    quote! {
        #(#attributes)*
        #[allow(non_upper_case_globals)]
        #visibility static #name: ::lazuli::Kernel<(#(#types,)*)> = {
            #[allow(dead_code, clippy::all, unused_parens, unused_braces)]
            #check

            #[allow(warnings, clippy::all)]
            #traced

            fn lazuli_write() {
                lazuli_traced(#(<#types as #private::Parameter>::declare(#labels),)*)
            }

            fn lazuli_at() -> &'static ::core::panic::Location<'static> {
                #at
            }

            ::lazuli::Kernel::__new(#label, lazuli_at, lazuli_write)
        };
    }
}
