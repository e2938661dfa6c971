//! `#[guvectorize]`: a function of inner arrays, with the other axes broadcast.
//!
//! The language is that of vectorised functions and elements of inner arrays. [`dimensions`] reads the
//! string that says which axes there are, [`mod@signature`] what stands before the body and whether both
//! fit, [`words`] what these functions have beside the rest, which [`crate::body`] reads.
//!
//! Both expansions are run: the compiled one by CPUs, over views whose indices are looked at; the traced one
//! by grids. In the compiled one an index that is not there leaves the function with what is wrong, and so
//! does a loop that does not end.
//!
//! What is written for `#[guvectorize("(n),()->()")] fn f(x: &[f32], a: f32, y: &mut f32)` has the shape
//!
//! ```text
//! #[track_caller]
//! fn f<A0: InnerArg<f32>, A1: Arg<f32>>(x: A0, a: A1) -> Array<f32> {
//!     struct Body;
//!     impl Generalized for Body { types, names, axes, `compute`, `traced`, what is made once }
//!     result(call::<Body>([x.input(), scalar(a)]))
//! }
//! ```

mod dimensions;
mod signature;
mod words;

use crate::ast::Block;
use crate::body::{Name, Reader};
use crate::scalar::Scalar;
use crate::signature::options;
use crate::traced::Traced;
use dimensions::{Dim, Signature};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use signature::{Operand, Operands, operands};
use syn::parse::{Parse, ParseStream};
use syn::{Error, ItemFn, LitStr, Result, Token};

pub use words::macro_words;

/// The attribute: its signature, its options and the item below it.
pub fn guvectorize(attribute: TokenStream, item: TokenStream) -> TokenStream {
    match read(attribute, item) {
        Ok((operands, body)) => write(&operands, &body),
        Err(errors) => errors.to_compile_error(),
    }
}

/// What stands between the brackets: the signature, and options.
struct Attribute(LitStr, TokenStream);

impl Parse for Attribute {
    fn parse(input: ParseStream) -> Result<Attribute> {
        let example = "write the signature first: `#[guvectorize(\"(m,n),(n)->(m)\")]`";
        let text: LitStr = input.parse().map_err(|e| Error::new(e.span(), example))?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        Ok(Attribute(text, input.parse()?))
    }
}

/// Reads a function; all that is wrong is told at once.
fn read(attribute: TokenStream, item: TokenStream) -> Result<(Operands, Block)> {
    let Attribute(text, rest) = syn::parse2(attribute)?;
    let limit = options(rest)?;
    let f: ItemFn = syn::parse2(item.clone()).map_err(|e| match syn::parse2::<syn::Item>(item) {
        Ok(other) => Error::new_spanned(other, "`#[guvectorize]` stands on functions"),
        Err(_) => e,
    })?;
    let signature = Signature::read(&text)?;
    let operands = operands(&f, signature, limit)?;
    let mut reader = Reader::new(&f.sig.ident, &[]);
    reader.inner = true;
    for name in &operands.signature.names {
        reader.declare(name, false);
    }
    for operand in &operands.all {
        let kind = match (operand.given, operand.dims.len()) {
            (false, 0) if operand.mutable => Name::Variable,
            (false, 0) => Name::Value,
            (given, axes) => Name::Inner { axes, writable: given },
        };
        reader.declare_as(&operand.name, kind);
    }
    let body = reader.block(&f.block)?;
    Ok((operands, body))
}

fn write(f: &Operands, body: &Block) -> TokenStream {
    let common = &f.common;
    let (name, span) = (&common.name, common.name.span());
    let private = quote!(::lazuli::__private);
    let of = quote!(#private::generalized);
    // Hygienic, so that no argument has these names.
    let (named, nodes) = (Ident::new("named", Span::mixed_site()), Ident::new("nodes", Span::mixed_site()));

    let types = f.all.iter().map(|o| {
        let (element, axes) = (&o.element, o.dims.len());
        match (o.given, axes) {
            (false, 0) => quote_spanned!(o.span=> #of::views::Value<#element>),
            (false, _) => quote_spanned!(o.span=> #of::views::Read<#element, #axes>),
            (true, _) => quote_spanned!(o.span=> #of::views::Write<#element, #axes>),
        }
    });
    let names = f.signature.names.iter().map(|n| n.to_string());
    let labels = f.all.iter().map(|o| o.name.to_string());
    let dims = f.all.iter().map(|o| {
        let dims = o.dims.iter().map(|dim| match dim {
            Dim::Named(n) => {
                let n = *n as u8;
                quote!(#private::Dim::Named(#n))
            }
            Dim::Fixed(n) => quote!(#private::Dim::Fixed(#n)),
        });
        quote!(&[#(#dims),*])
    });
    let extents: Vec<TokenStream> = f
        .signature
        .names
        .iter()
        .enumerate()
        .map(|(n, name)| quote!(#[allow(unused_variables)] let #name = #named[#n];))
        .collect();
    let patterns = f.all.iter().map(|o| {
        let (name, mutable) = (&o.name, o.mutable.then(|| quote_spanned!(o.name.span()=> mut)));
        quote!(#mutable #name)
    });
    let values = f.all.iter().map(|o| &o.name);
    let compiled = Scalar { signature: common, number: quote!(_), inner: true }.inner(body);
    let traced = Traced { signature: common, number: quote!(_) }.inner(body);

    let inputs: Vec<&Operand> = f.all.iter().filter(|o| !o.given).collect();
    let kinds: Vec<Ident> = (0..inputs.len()).map(|n| format_ident!("LazuliArg{n}")).collect();
    let bounds = inputs.iter().map(|o| {
        let element = &o.element;
        match o.dims.len() {
            0 => quote!(#private::Arg<#element, Kind: #private::Valued>),
            _ => quote!(::lazuli::InnerArg<#element>),
        }
    });
    let arguments = inputs.iter().map(|o| &o.name);
    let given = inputs.iter().map(|o| {
        let (name, element) = (&o.name, &o.element);
        match o.dims.len() {
            0 => quote!(#of::scalar::<#element, _>(#name)),
            _ => quote!(::lazuli::InnerArg::<#element>::input(#name)),
        }
    });
    let outputs: Vec<&syn::Type> = f.all.iter().filter(|o| o.given).map(|o| &o.element).collect();
    let results = outputs.iter().map(|element| quote!(#of::result::<#element>(&mut #nodes)));
    let (output, results) = match &outputs[..] {
        [one] => (quote!(::lazuli::Array<#one>), quote!(#(#results)*)),
        _ => (quote!((#(::lazuli::Array<#outputs>,)*)), quote!((#(#results,)*))),
    };
    let (attributes, visibility, label) = (&common.attributes, &common.visibility, name.to_string());
    let text = &f.signature.text;
    let at = quote_spanned!(span=> #private::here());
    quote! {
        #(#attributes)*
        #[track_caller]
        #visibility fn #name<#(#kinds: #bounds),*>(#(#arguments: #kinds),*) -> #output {
            struct LazuliBody;

            impl #of::Generalized for LazuliBody {
                type Operands = (#(#types,)*);
                const NAME: &'static str = #label;
                const SIGNATURE: &'static str = #text;
                const NAMES: &'static [&'static str] = &[#(#names),*];
                const OPERANDS: &'static [&'static str] = &[#(#labels),*];
                const DIMS: &'static [&'static [#private::Dim]] = &[#(#dims),*];

                #[inline(always)]
                #[allow(clippy::all, unused_parens, unused_braces, unreachable_code)]
                fn compute<LazuliMode: #of::views::Mode>(
                    #named: &[i64; #private::NAMES],
                    (#(#patterns,)*): <Self::Operands as #of::views::Operands>::Compiled<LazuliMode>,
                ) -> ::core::result::Result<(), #private::Fault> {
                    #(#extents)*
                    #compiled
                    ::core::result::Result::Ok(())
                }

                #[allow(warnings, clippy::all)]
                fn traced(
                    #named: &[::lazuli::Expr<i64>],
                    (#(#values,)*): <Self::Operands as #of::views::Operands>::Traced,
                ) {
                    #(#extents)*
                    #traced
                }

                fn at() -> &'static ::core::panic::Location<'static> {
                    #at
                }

                fn made() -> &'static #of::Made {
                    static MADE: #of::Made = #of::Made::new();
                    &MADE
                }
            }

            let mut #nodes = #of::call::<LazuliBody>([#(#given),*]);
            #results
        }
    }
}
