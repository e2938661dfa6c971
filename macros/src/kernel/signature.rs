//! What stands before a kernel's body: its name, its scalars and its arrays.

use crate::ast::{Argument, Signature as Common, Type};
use crate::refuse::{self, at};
use proc_macro2::{Ident, Literal, Span};
use syn::spanned::Spanned;
use syn::{Error, FnArg, ItemFn, Pat, Result, ReturnType};

/// The most arguments that a kernel can have.
const ARGUMENTS: usize = 16;

/// What stands before the body.
pub struct Signature {
    /// What kernels and vectorised functions have in common.
    pub common: Common,
    /// The arguments.
    pub parameters: Vec<Parameter>,
}

/// An argument: a scalar, or an array of the device.
pub struct Parameter {
    /// Name.
    pub name: Ident,
    /// Is the scalar assigned?
    pub mutable: bool,
    /// Type of the scalar, or of the elements.
    pub element: syn::Type,
    /// Is it an array, and may it be written?
    pub array: Option<bool>,
    /// The type as written.
    pub span: Span,
}

/// Reads the signature. All that is wrong in it is told at once.
pub fn signature(f: &ItemFn, limit: Option<Literal>) -> Result<Signature> {
    let sig = &f.sig;
    let mut errors: Option<Error> = None;
    let mut told = |r: Result<()>| {
        if let Err(e) = r {
            match &mut errors {
                Some(all) => all.combine(e),
                None => errors = Some(e),
            }
        }
    };
    let words = refuse::Keywords {
        constant: "a kernel runs on a device: leave `const` out",
        waiting: "threads wait at a `barrier()`: leave `async` out",
        dangerous: "a kernel is checked: leave `unsafe` out (`launch_unchecked` is where it belongs)",
        foreign: "a kernel is launched by its name: leave `extern` out",
    };
    words.refuse(sig, &mut told);
    if let Some(parameter) = sig.generics.params.first() {
        told(match parameter {
            syn::GenericParam::Lifetime(_) => {
                at(parameter, "memory is there while the kernel runs: leave lifetimes out")
            }
            _ => at(parameter, "a kernel is for one type: write the type, and a kernel for each"),
        });
    }
    if let Some(clause) = &sig.generics.where_clause {
        told(at(&clause.where_token, "a kernel is for one type: leave `where` out"));
    }
    if let ReturnType::Type(arrow, ty) = &sig.output
        && !matches!(&**ty, syn::Type::Tuple(t) if t.elems.is_empty())
    {
        told(at(arrow, "a kernel gives no value: write what it finds to an argument, `y: &mut [T]`"));
    }
    let mut parameters = Vec::new();
    for (n, argument) in sig.inputs.iter().enumerate() {
        match argument {
            FnArg::Receiver(r) => {
                told(at(&r.self_token, "there is no `self`: pass what is needed as an argument"))
            }
            FnArg::Typed(typed) => match parameter(typed, n, &sig.ident) {
                Ok(parameter) => parameters.push(parameter),
                Err(e) => told(Err(e)),
            },
        }
    }
    if sig.inputs.is_empty() {
        told(at(
            &sig.ident,
            "a kernel without arguments does nothing: give it an array to write, `y: &mut [T]`",
        ));
    }
    if sig.inputs.len() > ARGUMENTS {
        told(at(&sig.inputs[ARGUMENTS], format!("there are {ARGUMENTS} arguments at most")));
    }
    if let Some(errors) = errors {
        return Err(errors);
    }
    let scalars = parameters.iter().filter(|p| p.array.is_none());
    let arguments =
        scalars.map(|p| Argument { name: p.name.clone(), mutable: p.mutable, ty: p.element.clone() });
    let common = Common {
        attributes: f.attrs.clone(),
        visibility: f.vis.clone(),
        name: sig.ident.clone(),
        generics: syn::Generics::default(),
        arguments: arguments.collect(),
        output: Type::Infer(sig.ident.span()),
        limit,
    };
    Ok(Signature { common, parameters })
}

fn parameter(typed: &syn::PatType, n: usize, kernel: &Ident) -> Result<Parameter> {
    if let Some(a) = typed.attrs.first() {
        return at(a, "attributes of arguments are not known");
    }
    let (element, array) = kind(&typed.ty)?;
    let (name, mutable) = match &*typed.pat {
        Pat::Ident(p) if p.by_ref.is_none() && p.subpat.is_none() => {
            if let (Some(t), Some(_)) = (&p.mutability, array) {
                let name = &p.ident;
                return at(
                    t,
                    format!("leave `mut` out: elements are written where `{name}` is a `&mut [T]`"),
                );
            }
            (p.ident.clone(), p.mutability.is_some())
        }
        Pat::Wild(w) => (quote::format_ident!("_unused{n}", span = w.span()), false),
        other => return at(other, "an argument is a name and a type: `x: &[f32]`"),
    };
    if name == *kernel {
        return at(&name, format!("the kernel itself is called `{name}`: find another name for one of them"));
    }
    Ok(Parameter { name, mutable, element, array, span: typed.ty.span() })
}

/// A scalar's type, or that of an array's elements and whether it may be written.
fn kind(ty: &syn::Type) -> Result<(syn::Type, Option<bool>)> {
    match ty {
        syn::Type::Paren(p) => kind(&p.elem),
        syn::Type::Group(g) => kind(&g.elem),
        syn::Type::Reference(r) => {
            let writes = if r.mutability.is_some() { "&mut " } else { "&" };
            if let Some(lifetime) = &r.lifetime {
                return at(lifetime, "memory is there while the kernel runs: leave lifetimes out");
            }
            match &*r.elem {
                syn::Type::Slice(s) => {
                    element(&s.elem)?;
                    Ok(((*s.elem).clone(), Some(r.mutability.is_some())))
                }
                syn::Type::Array(a) => {
                    let of = quote::ToTokens::to_token_stream(&a.elem);
                    at(a, format!("the launch says how long an array is: write `{writes}[{of}]`"))
                }
                inner if container(inner) => at(
                    inner,
                    format!("write `{writes}[T]`: a launch takes a `{writes}DeviceBuffer<T>` for it"),
                ),
                _ => at(
                    &r.and_token,
                    format!(
                        "scalars are passed by value: leave the `&` out, or write `{writes}[T]` for an array"
                    ),
                ),
            }
        }
        ty if container(ty) => {
            at(ty, "write `&[T]`, or `&mut [T]` for what is written: a launch takes a `DeviceBuffer` for it")
        }
        syn::Type::Slice(_) => at(ty, "write `&[T]`, or `&mut [T]` for what is written"),
        syn::Type::Array(_) => {
            at(ty, "write an argument for each value, or `&[T]` for an array of the device")
        }
        syn::Type::Ptr(_) => {
            at(ty, "there are no pointers in here: write `&[T]`, or `&mut [T]` for what is written")
        }
        _ => {
            element(ty)?;
            Ok((ty.clone(), None))
        }
    }
}

/// Types that hold arrays elsewhere.
fn container(ty: &syn::Type) -> bool {
    let syn::Type::Path(p) = ty else { return false };
    p.path.segments.last().is_some_and(|s| {
        ["Array", "DeviceBuffer", "HostBuffer", "Vec", "Box"].iter().any(|name| s.ident == name)
    })
}

/// Refuses the types that Rust has for indices.
pub fn no_usize(ty: &syn::Type) -> Result<()> {
    match ty {
        syn::Type::Path(p) if p.path.is_ident("usize") || p.path.is_ident("isize") => {
            at(ty, "lengths and indices are `i64` in a kernel: write that")
        }
        _ => Ok(()),
    }
}

/// Refuses types that cannot be those of elements, or of scalars.
pub fn element(ty: &syn::Type) -> Result<()> {
    no_usize(ty)?;
    if let syn::Type::Path(p) = ty
        && let Some(name) = p.path.get_ident()
        && (name == "f16" || name == "bf16")
    {
        return at(ty, format!("a kernel's arrays have no `{name}` yet: write `f32`"));
    }
    refuse::scalar_type(ty)
}
