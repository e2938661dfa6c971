//! What stands before a body: attributes, name, generics, arguments, result.

use crate::ast::{Argument, Signature, Type};
use crate::pattern::annotation;
use crate::refuse::{self, at};
use proc_macro2::{Literal, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Error, FnArg, GenericParam, ItemFn, Pat, Result, ReturnType};

/// The most arguments that a function can have.
const ARGUMENTS: usize = 12;
/// The most results.
const RESULTS: usize = 8;

/// Reads what stands between the brackets of `#[vectorize(...)]`: the most turns of a loop.
pub fn options(tokens: TokenStream) -> Result<Option<Literal>> {
    let mut limit = None;
    let parser = syn::meta::parser(|meta| {
        if !meta.path.is_ident("max_iterations") {
            return Err(meta.error("the one option is `max_iterations = N`"));
        }
        limit = Some(turns(&meta)?);
        Ok(())
    });
    syn::parse::Parser::parse2(parser, tokens)?;
    Ok(limit)
}

/// The number of `max_iterations = N`.
pub fn turns(meta: &syn::meta::ParseNestedMeta<'_>) -> Result<Literal> {
    let n: syn::LitInt = meta.value()?.parse()?;
    let turns: u64 = n.base10_parse()?;
    if turns == 0 || !n.suffix().is_empty() {
        return Err(Error::new(n.span(), "a number above 0"));
    }
    let mut literal = Literal::u64_suffixed(turns);
    literal.set_span(n.span());
    Ok(literal)
}

/// The signature of a function. All that is wrong in it is told at once.
pub fn signature(f: &ItemFn, limit: Option<Literal>) -> Result<Signature> {
    let sig = &f.sig;
    let mut errors: Option<Error> = None;
    let mut told = |r: Result<()>| {
        if let Err(e) = r {
            refuse::also(&mut errors, e);
        }
    };
    let words = refuse::Keywords {
        constant: "a vectorised function cannot be `const`: leave this out",
        waiting: "nothing waits in a vectorised function: leave `async` out",
        dangerous: "nothing is unsafe in a vectorised function: leave `unsafe` out",
        foreign: "arrays are known to Rust alone: leave `extern` out",
    };
    words.refuse(sig, &mut told);
    generics(&sig.generics, &mut told);
    let mut arguments = Vec::new();
    for (n, argument) in sig.inputs.iter().enumerate() {
        match argument {
            FnArg::Receiver(r) => {
                told(at(&r.self_token, "there is no `self`: pass what is needed as an argument"))
            }
            FnArg::Typed(typed) => {
                if let Some(a) = typed.attrs.first() {
                    told(at(a, "attributes of arguments are not known"));
                }
                told(refuse::scalar_type(&typed.ty));
                let (name, mutable) = match &*typed.pat {
                    Pat::Ident(p) if p.by_ref.is_none() && p.subpat.is_none() => {
                        (p.ident.clone(), p.mutability.is_some())
                    }
                    Pat::Wild(w) => (quote::format_ident!("_unused{n}", span = w.span()), false),
                    other => {
                        told(at(other, "an argument is a name and a type: `x: f32`"));
                        continue;
                    }
                };
                arguments.push(Argument { name, mutable, ty: (*typed.ty).clone() });
            }
        }
    }
    if sig.inputs.len() > ARGUMENTS {
        told(at(&sig.inputs[ARGUMENTS], format!("there are {ARGUMENTS} arguments at most")));
    }
    let output = match &sig.output {
        ReturnType::Default => {
            told(at(&sig.ident, "a vectorised function gives a value: write its type, `-> f32`"));
            Type::Infer(sig.ident.span())
        }
        ReturnType::Type(_, ty) => match output(ty) {
            Ok(ty) => ty,
            Err(e) => {
                told(Err(e));
                Type::Infer(ty.span())
            }
        },
    };
    match errors {
        Some(errors) => Err(errors),
        None => Ok(Signature {
            attributes: f.attrs.clone(),
            visibility: f.vis.clone(),
            name: sig.ident.clone(),
            generics: sig.generics.clone(),
            arguments,
            output,
            limit,
        }),
    }
}

fn generics(generics: &syn::Generics, told: &mut impl FnMut(Result<()>)) {
    for parameter in &generics.params {
        match parameter {
            GenericParam::Lifetime(l) => {
                told(at(&l.lifetime, "scalars are passed by value: leave lifetimes out"));
            }
            GenericParam::Type(t) => {
                let bounded = !t.bounds.is_empty() || generics.where_clause.is_some();
                if !bounded {
                    told(at(&t.ident, format!("say what `{0}` can do: `{0}: Real`", t.ident)));
                }
                if let Some(default) = &t.default {
                    told(at(default, "functions have no default types: leave this out"));
                }
            }
            GenericParam::Const(c) => told(refuse::scalar_type(&c.ty)),
        }
    }
    let Some(clause) = &generics.where_clause else { return };
    for predicate in &clause.predicates {
        let known = match predicate {
            syn::WherePredicate::Type(t) => {
                let ty = t.bounded_ty.to_token_stream().to_string();
                t.lifetimes.is_none() && generics.type_params().any(|p| p.ident == ty)
            }
            _ => false,
        };
        if !known {
            told(at(
                predicate,
                "only bounds of the function's own type parameters are known: `where T: Float`",
            ));
        }
    }
}

/// The type of a result: a scalar, or a tuple of scalars.
fn output(ty: &syn::Type) -> Result<Type> {
    match ty {
        syn::Type::Infer(_) => at(ty, "write the type of the result"),
        syn::Type::Tuple(t) if t.elems.is_empty() => {
            at(ty, "a vectorised function gives a value: write its type, `-> f32`")
        }
        syn::Type::Tuple(t) if t.elems.len() > RESULTS => at(
            &t.elems[RESULTS],
            format!("there are {RESULTS} results at most: give the others by a second function"),
        ),
        syn::Type::Tuple(t) => {
            for part in &t.elems {
                if let syn::Type::Tuple(_) = part {
                    return at(part, "results are one tuple of scalars, not tuples of tuples");
                }
                refuse::scalar_type(part)?;
            }
            annotation(ty)
        }
        _ => annotation(ty),
    }
}
