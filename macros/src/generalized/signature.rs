//! What stands before a generalised function's body, and whether it fits the string above it.

use super::dimensions::{Dim, Signature};
use crate::ast::{Argument, Signature as Common, Type};
use crate::refuse::{self, at, here};
use proc_macro2::{Ident, Literal, Span};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Error, FnArg, ItemFn, Pat, Result, ReturnType};

/// The most operands.
const OPERANDS: usize = 12;

/// What stands before the body.
pub struct Operands {
    /// What all functions have.
    pub common: Common,
    /// The string.
    pub signature: Signature,
    /// What is taken, then what is given.
    pub all: Vec<Operand>,
}

/// An argument as written: something that is taken or given for a point.
pub struct Operand {
    /// Name.
    pub name: Ident,
    /// Is the scalar assigned?
    pub mutable: bool,
    /// Type of its elements.
    pub element: syn::Type,
    /// Its axes.
    pub dims: Vec<Dim>,
    /// Is it a result?
    pub given: bool,
    /// The type as written.
    pub span: Span,
}

/// Reads the signature. All that is wrong in it is told at once.
pub fn operands(f: &ItemFn, signature: Signature, limit: Option<Literal>) -> Result<Operands> {
    let sig = &f.sig;
    let mut errors: Option<Error> = None;
    let mut told = |r: Result<()>| {
        if let Err(e) = r {
            refuse::also(&mut errors, e);
        }
    };
    let words = refuse::Keywords {
        constant: "a generalised function cannot be `const`: leave this out",
        waiting: "nothing waits in a generalised function: leave `async` out",
        dangerous: "nothing is unsafe in a generalised function: leave `unsafe` out",
        foreign: "arrays are known to Rust alone: leave `extern` out",
    };
    words.refuse(sig, &mut told);
    if let Some(parameter) = sig.generics.params.first() {
        told(match parameter {
            syn::GenericParam::Lifetime(_) => {
                at(parameter, "arrays are there while the function runs: leave lifetimes out")
            }
            _ => at(
                parameter,
                "a generalised function is for one type: write the type, and a function for each",
            ),
        });
    }
    if let Some(clause) = &sig.generics.where_clause {
        told(at(&clause.where_token, "a generalised function is for one type: leave `where` out"));
    }
    if let ReturnType::Type(arrow, ty) = &sig.output
        && !matches!(&**ty, syn::Type::Tuple(t) if t.elems.is_empty())
    {
        told(at(
            arrow,
            "results are the last arguments, `y: &mut [T]` or `y: &mut T`: a call has them as its value",
        ));
    }
    let (inputs, outputs) = (&signature.inputs, &signature.outputs);
    let axes: Vec<(&Vec<Dim>, bool)> =
        inputs.iter().map(|d| (d, false)).chain(outputs.iter().map(|d| (d, true))).collect();
    if sig.inputs.len() != axes.len() {
        let (has, wants) = (sig.inputs.len(), axes.len());
        told(here(
            signature.span,
            format!(
                "the signature has {wants} operands, those that are given included, and the function {has} arguments"
            ),
        ));
    }
    if axes.len() > OPERANDS {
        told(here(signature.span, format!("there are {OPERANDS} operands at most")));
    }
    // Which is which is known only if they are as many.
    let axes = if sig.inputs.len() == axes.len() { axes } else { Vec::new() };
    let mut all: Vec<Operand> = Vec::new();
    for (n, argument) in sig.inputs.iter().enumerate() {
        match (argument, axes.get(n)) {
            (FnArg::Receiver(r), _) => {
                told(at(&r.self_token, "there is no `self`: pass what is needed as an argument"))
            }
            (FnArg::Typed(_), None) => {}
            (FnArg::Typed(typed), Some(&(dims, given))) => {
                match operand(typed, n, &sig.ident, &signature, dims, given) {
                    Ok(operand) => all.push(operand),
                    Err(e) => told(Err(e)),
                }
            }
        }
    }
    for operand in &all {
        if signature.names.contains(&operand.name) {
            told(at(
                &operand.name,
                format!("a dimension is called `{0}` too: find another name for one of them", operand.name),
            ));
        }
    }
    if let Some(errors) = errors {
        return Err(errors);
    }
    let scalars = all.iter().filter(|o| !o.given && o.dims.is_empty());
    let arguments =
        scalars.map(|o| Argument { name: o.name.clone(), mutable: o.mutable, ty: o.element.clone() });
    let common = Common {
        attributes: f.attrs.clone(),
        visibility: f.vis.clone(),
        name: sig.ident.clone(),
        generics: syn::Generics::default(),
        arguments: arguments.collect(),
        output: Type::Infer(sig.ident.span()),
        limit,
    };
    Ok(Operands { common, signature, all })
}

fn operand(
    typed: &syn::PatType,
    n: usize,
    function: &Ident,
    signature: &Signature,
    dims: &[Dim],
    given: bool,
) -> Result<Operand> {
    if let Some(a) = typed.attrs.first() {
        return at(a, "attributes of arguments are not known");
    }
    let (name, mutable) = match &*typed.pat {
        Pat::Ident(p) if p.by_ref.is_none() && p.subpat.is_none() => (p.ident.clone(), p.mutability),
        Pat::Wild(w) => (quote::format_ident!("_unused{n}", span = w.span()), None),
        other => return at(other, "an argument is a name and a type: `x: &[f32]`"),
    };
    if name == *function {
        return at(
            &name,
            format!("the function itself is called `{name}`: find another name for one of them"),
        );
    }
    let element = element_of(&typed.ty, &name, signature, dims, given)?;
    if let Some(t) = mutable
        && (given || !dims.is_empty())
    {
        return at(&t, "leave `mut` out: what is written is a `&mut` by its type");
    }
    let (dims, span) = (dims.to_vec(), typed.ty.span());
    Ok(Operand { name, mutable: mutable.is_some(), element, dims, given, span })
}

/// The type of an argument of these axes, whose elements are `of`.
fn wanted(of: &str, axes: usize, given: bool) -> String {
    let array = (0..axes).fold(of.to_string(), |inner, _| format!("[{inner}]"));
    match (given, axes) {
        (true, _) => format!("&mut {array}"),
        (false, 0) => array,
        (false, _) => format!("&{array}"),
    }
}

/// The type of the elements of an argument, which must have these axes.
fn element_of(
    ty: &syn::Type,
    name: &Ident,
    signature: &Signature,
    dims: &[Dim],
    given: bool,
) -> Result<syn::Type> {
    let (inner, reference) = match ty {
        syn::Type::Paren(p) => return element_of(&p.elem, name, signature, dims, given),
        syn::Type::Group(g) => return element_of(&g.elem, name, signature, dims, given),
        syn::Type::Reference(r) => {
            if let Some(lifetime) = &r.lifetime {
                return at(lifetime, "arrays are there while the function runs: leave lifetimes out");
            }
            (&*r.elem, Some(r.mutability.is_some()))
        }
        other => (other, None),
    };
    let (mut element, mut axes) = (inner, 0);
    while let syn::Type::Slice(s) = element {
        element = &s.elem;
        axes += 1;
    }
    let shape = signature.show(dims);
    let show = |element: &syn::Type| wanted(&element.to_token_stream().to_string(), dims.len(), given);
    match element {
        syn::Type::Array(a) => {
            return at(
                a,
                format!(
                    "extents stand in the signature, where `{name}` is {shape}: write `{name}: {}`",
                    show(&a.elem)
                ),
            );
        }
        ty if container(ty) => {
            let words = wanted("T", dims.len(), given);
            return at(
                ty,
                format!("write the inner array, `{name}: {words}`: a call takes an `Array<T>` for it"),
            );
        }
        _ => scalar(element)?,
    }
    let fits =
        axes == dims.len() && reference == if given { Some(true) } else { (axes > 0).then_some(false) };
    if fits {
        return Ok(element.clone());
    }
    let what = if given { "given" } else { "taken" };
    at(ty, format!("`{name}` is {what}, and is {shape} in the signature: write `{name}: {}`", show(element)))
}

/// Types that hold arrays elsewhere.
fn container(ty: &syn::Type) -> bool {
    let syn::Type::Path(p) = ty else { return false };
    p.path.segments.last().is_some_and(|s| {
        ["Array", "DeviceBuffer", "HostBuffer", "Vec", "Box"].iter().any(|name| s.ident == name)
    })
}

/// Refuses types that cannot be those of elements.
pub fn scalar(ty: &syn::Type) -> Result<()> {
    no_usize(ty)?;
    if let syn::Type::Path(p) = ty
        && let Some(name) = p.path.get_ident()
        && (name == "f16" || name == "bf16")
    {
        return at(ty, format!("inner arrays have no `{name}` yet: write `f32`, and `cast` the array"));
    }
    refuse::scalar_type(ty)
}

/// Refuses the types that Rust has for indices.
pub fn no_usize(ty: &syn::Type) -> Result<()> {
    match ty {
        syn::Type::Path(p) if p.path.is_ident("usize") || p.path.is_ident("isize") => {
            at(ty, "extents and indices are `i64` here: write that")
        }
        _ => Ok(()),
    }
}
