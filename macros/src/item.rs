//! Puts the item together: the function that users call, around both expansions.
//!
//! What is written for `fn f(x: f32, y: f32) -> f32` has the shape
//!
//! ```text
//! #[track_caller]
//! fn f<A0: Arg<f32>, A1: Arg<f32>>(x: A0, y: A1) -> <J1 as Kind>::Of<f32>      J0 = A0's kind,
//! where J0: Join<A1's kind>                                                   J1 = J0 joined with A1's
//! {
//!     struct Body;
//!     impl Vectorized for Body { types, name, place, `scalar`, `traced`, cache }
//!     call::<Body, J1>((x.operand(), y.operand())).0
//! }
//! ```

use crate::ast::{Block, Expr, Function, Kind, Statement, Type};
use crate::body::Reader;
use crate::scalar::Scalar;
use crate::signature::{options, signature};
use crate::traced::{self, Traced};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Error, GenericParam, ItemFn, Result};

/// The attribute: its options and the item below it.
pub fn vectorize(attribute: TokenStream, item: TokenStream) -> TokenStream {
    match read(attribute, item.clone()) {
        Ok(f) => write(&f),
        Err(errors) => errors.to_compile_error(),
    }
}

/// Reads a function; all that is wrong is told at once.
fn read(attribute: TokenStream, item: TokenStream) -> Result<Function> {
    let limit = options(attribute)?;
    let f: ItemFn = syn::parse2(item.clone()).map_err(|e| {
        // What is no function at all has a better word than the parser's.
        match syn::parse2::<syn::Item>(item) {
            Ok(other) => Error::new_spanned(other, "`#[vectorize]` stands on functions"),
            Err(_) => e,
        }
    })?;
    if f.sig.inputs.is_empty() {
        let words = "a function of no arguments has no elements to take: write a constant";
        return Err(Error::new_spanned(&f.sig.ident, words));
    }
    let signature = signature(&f, limit);
    let generics: Vec<String> = f.sig.generics.type_params().map(|t| t.ident.to_string()).collect();
    let mut reader = Reader::new(&f.sig.ident, &generics);
    for argument in &f.sig.inputs {
        if let syn::FnArg::Typed(t) = argument
            && let syn::Pat::Ident(p) = &*t.pat
        {
            reader.declare(&p.ident, p.mutability.is_some());
        }
    }
    let body = reader.block(&f.block);
    match (signature, body) {
        (Ok(signature), Ok(mut body)) => {
            reader.returns -= tail(&mut body) as usize;
            Ok(Function { signature, body, early: reader.returns > 0 })
        }
        (Err(mut one), Err(other)) => {
            one.combine(other);
            Err(one)
        }
        (Err(e), _) | (_, Err(e)) => Err(e),
    }
}

/// Makes a `return` at the end of a body its value. Was there one?
pub fn tail(body: &mut Block) -> bool {
    if body.statements.iter().any(|s| matches!(s, Statement::Let { value: Some(v), .. } if v.diverges)) {
        return false;
    }
    let last = match body.value.take() {
        Some(e) => Some(*e),
        None => match body.statements.pop() {
            Some(Statement::Expr(e, true)) if matches!(e.kind, Kind::Return(_)) => Some(e),
            Some(other) => {
                body.statements.push(other);
                None
            }
            None => None,
        },
    };
    let before =
        |body: &Block| body.statements.iter().any(|s| matches!(s, Statement::Expr(e, _) if e.diverges));
    match last {
        Some(Expr { kind: Kind::Return(value), .. }) => {
            body.diverges = value.diverges || before(body);
            body.value = Some(value);
            true
        }
        other => {
            body.value = other.map(Box::new);
            false
        }
    }
}

fn write(f: &Function) -> TokenStream {
    let s = &f.signature;
    let name = &s.name;
    let span = name.span();
    // Hygienic, so that no argument has this name.
    let outer = Ident::new("outer", Span::mixed_site());
    let private = quote!(::lazuli::__private);
    let types: Vec<&Ident> = s.generics.type_params().map(|t| &t.ident).collect();
    // A float literal of a generic function has its type.
    let number = match &types[..] {
        [one] => one.to_token_stream(),
        _ => quote!(_),
    };
    let scalar = Scalar { signature: s, number: number.clone(), inner: false }.function(f);
    let traced = Traced { signature: s, number }.function(f);

    let arguments: Vec<_> = s.arguments.iter().map(|a| &a.name).collect();
    let of: Vec<_> = s.arguments.iter().map(|a| &a.ty).collect();
    let results = results(&s.output);
    let tuple = matches!(s.output, Type::Tuple(..));
    let pack = |values: TokenStream| if tuple { values } else { quote!((#values,)) };

    // The kinds of the arguments, and what they make together.
    let kinds: Vec<Ident> = (0..of.len()).map(|n| format_ident!("LazuliArg{n}")).collect();
    let own: Vec<_> = kinds.iter().zip(&of).map(|(k, t)| quote!(<#k as #private::Arg<#t>>::Kind)).collect();
    let mut joined = own[0].clone();
    let mut joins = Vec::new();
    for kind in &own[1..] {
        joins.push(quote!(#joined: #private::Join<#kind>));
        joined = quote!(<#joined as #private::Join<#kind>>::Kind);
    }
    let output = {
        let all = results.iter().map(|t| quote!(<#joined as #private::Kind>::Of<#t>));
        if tuple { quote!((#(#all,)*)) } else { quote!(#(#all)*) }
    };
    let unpack = if tuple { quote!() } else { quote!(.0) };

    let parameters = &s.generics.params;
    let parameters: Vec<_> = parameters.iter().collect();
    let clauses: Vec<_> = s.generics.where_clause.iter().flat_map(|w| &w.predicates).collect();
    let (generics, names, clause) = s.generics.split_for_impl();
    let turbofish = names.as_turbofish();
    let phantom = s.generics.params.iter().filter_map(|p| match p {
        GenericParam::Type(t) => Some(&t.ident),
        _ => None,
    });
    let scalar_call = pack(quote!(lazuli_scalar #turbofish (#(#arguments),*)));
    let traced_call = pack(quote!(lazuli_traced #turbofish (#outer, #(#arguments),*)));
    let traced_results = results.iter().map(|t| quote!(::lazuli::Expr<#t>));
    let (attributes, visibility) = (&s.attributes, &s.visibility);
    let label = name.to_string();
    let at = quote_spanned!(span=> #private::here());
    // The caller's arguments, under names that no generic parameter has.
    let operands = arguments
        .iter()
        .zip(&kinds)
        .zip(&of)
        .map(|((a, k), t)| quote!(<#k as #private::Arg<#t>>::operand(#a)));
    quote! {
        #(#attributes)*
        #[track_caller]
        #visibility fn #name<#(#parameters,)* #(#kinds: #private::Arg<#of>),*>(#(#arguments: #kinds),*) -> #output
        where #(#clauses,)* #(#joins,)*
        {
            struct LazuliBody #generics (::core::marker::PhantomData<(#(#phantom,)*)>) #clause;

            impl #generics #private::Vectorized for LazuliBody #names #clause {
                type Arguments = (#(#of,)*);
                type Results = (#(#results,)*);
                const NAME: &'static str = #label;

                #[inline]
                #[allow(clippy::all, unused_parens, unused_braces)]
                fn scalar((#(#arguments,)*): (#(#of,)*)) -> (#(#results,)*) {
                    #[inline]
                    #scalar
                    #scalar_call
                }

                #[allow(warnings, clippy::all)]
                fn traced(#outer: bool, (#(#arguments,)*): (#(::lazuli::Expr<#of>,)*)) -> (#(#traced_results,)*) {
                    #traced
                    #traced_call
                }

                fn at() -> &'static ::core::panic::Location<'static> {
                    #at
                }

                fn traces() -> &'static #private::Traces {
                    static TRACES: #private::Traces = #private::Traces::new();
                    &TRACES
                }
            }

            #private::call::<LazuliBody #names, #joined>((#(#operands,)*)) #unpack
        }
    }
}

/// The types of the results.
pub fn results(output: &Type) -> Vec<TokenStream> {
    match output {
        Type::Tuple(parts, _) => parts.iter().map(scalar_of).collect(),
        one => vec![scalar_of(one)],
    }
}

/// The type of one result.
fn scalar_of(t: &Type) -> TokenStream {
    match t {
        Type::Scalar(t) => t.to_token_stream(),
        other => traced::ty(other),
    }
}
