//! `#[stencil]`: a function of an element and of its neighbours.
//!
//! The language is that of vectorised functions, and what only stencils have: arguments `u: &[[f32]]`, one
//! pair of brackets for each axis, of which elements are read by their distance: `u[-1][0]` is the one
//! before along the first axis. A distance is a constant of the program, so what is read is known when the
//! function is written down.
//!
//! As with kernels ([`mod@crate::kernel`]), no element is computed by compiled Rust: one expansion is for
//! the compiler to check, the other counts. What is written for `fn f(u: &[f32], k: f32) -> f32` has the shape
//!
//! ```text
//! #[track_caller]
//! fn f<A0: Arg<f32, Kind = Arrays>, A1: Arg<f32, Kind: Valued>>(u: A0, k: A1) -> Array<f32> {
//!     struct Body;
//!     fn lazuli_scalar(u: check::Window<f32, 1>, k: f32) -> f32 { .. }
//!     impl Stencil for Body { types, name, place, edges, `traced`, cache }
//!     call::<Body>(&[window(u), plain(k)]).0
//! }
//! ```

use crate::ast::{Expr, Function, Kind, Type};
use crate::body::{Name, Reader};
use crate::item::{results, tail};
use crate::refuse::{self, at};
use crate::scalar::Scalar;
use crate::signature::{signature, turns};
use crate::traced::Traced;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, FnArg, GenericParam, ItemFn, Pat, Result};

/// The most axes of a window.
const AXES: usize = 6;

/// What stands beyond the edges of an axis.
#[derive(Clone)]
pub enum Edge {
    /// One of the array's own elements, by the name of the rule.
    Element(Ident),
    /// This value.
    Constant(Box<syn::Expr>),
}

/// The rules: what is written, and their names as types.
const RULES: [(&str, &str); 4] =
    [("nearest", "Nearest"), ("reflect", "Reflect"), ("mirror", "Mirror"), ("wrap", "Wrap")];

/// What others call them.
fn elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "edge" | "replicate" | "clamp" => "nearest",
        "symmetric" => "reflect",
        "reflect101" => "mirror",
        "periodic" | "circular" | "grid_wrap" | "grid" => "wrap",
        "zero" | "zeros" | "fill" | "pad" => "constant(0.0)",
        _ => return None,
    })
}

/// The attribute: its options and the item below it.
pub fn stencil(attribute: TokenStream, item: TokenStream) -> TokenStream {
    match read_item(attribute, item) {
        Ok(stencil) => write(&stencil),
        Err(errors) => errors.to_compile_error(),
    }
}

/// A stencil, read.
struct Stencil {
    /// The function, whose arguments are those that are no windows.
    function: Function,
    /// All arguments, in order.
    parameters: Vec<Parameter>,
    /// Axes of the windows.
    rank: usize,
    /// For each of them.
    edges: Vec<Edge>,
    /// For each window, and each axis: the constant beyond the edges.
    beyond: Vec<Vec<Option<Expr>>>,
}

/// An argument.
enum Parameter {
    /// A window: its number among them, name, type of the elements.
    Window(u16, Ident, Box<syn::Type>),
    /// One of the others: its number among them.
    Plain(usize),
}

/// What stands between the brackets of the attribute.
fn options(tokens: TokenStream) -> Result<(Vec<Edge>, Option<Literal>)> {
    let (mut edges, mut limit) = (Vec::new(), None);
    let parser = syn::meta::parser(|meta| {
        if meta.path.is_ident("max_iterations") {
            limit = Some(turns(&meta)?);
            return Ok(());
        }
        if meta.path.is_ident("constant") {
            if !meta.input.peek(syn::token::Paren) {
                return Err(meta.error("write the value: `constant(0.0)`"));
            }
            let value;
            syn::parenthesized!(value in meta.input);
            edges.push(Edge::Constant(value.parse()?));
            return Ok(());
        }
        let name = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
        if let Some((_, rule)) = RULES.iter().find(|(written, _)| *written == name) {
            edges.push(Edge::Element(Ident::new(rule, meta.path.span())));
            return Ok(());
        }
        Err(match elsewhere(&name) {
            Some(here) => meta.error(format!("write `{here}`")),
            None => meta.error("known are `nearest`, `reflect`, `mirror`, `wrap`, `constant(value)` and `max_iterations = N`"),
        })
    });
    syn::parse::Parser::parse2(parser, tokens)?;
    Ok((edges, limit))
}

/// Reads a stencil; all that is wrong in its signature and body is told at once.
fn read_item(attribute: TokenStream, item: TokenStream) -> Result<Stencil> {
    let named = !attribute.is_empty();
    let (mut edges, limit) = options(attribute)?;
    let mut f: ItemFn = syn::parse2(item.clone()).map_err(|e| match syn::parse2::<syn::Item>(item) {
        Ok(other) => Error::new_spanned(other, "`#[stencil]` stands on functions"),
        Err(_) => e,
    })?;
    if edges.is_empty() {
        let span = if named { f.sig.ident.span() } else { Span::call_site() };
        let words = "say what stands beyond the edges of the array: `#[stencil(nearest)]`, `reflect`, `mirror`, \
                     `wrap` or `constant(0.0)`; one for all axes, or one for each";
        return Err(Error::new(span, words));
    }
    let mut errors: Option<Error> = None;
    let generics: Vec<String> = f.sig.generics.type_params().map(|t| t.ident.to_string()).collect();
    let (mut parameters, mut plain) = (Vec::new(), syn::punctuated::Punctuated::new());
    let mut windows: Vec<(Ident, usize, Span)> = Vec::new();
    for argument in &f.sig.inputs {
        let FnArg::Typed(typed) = argument else {
            plain.push(argument.clone());
            continue;
        };
        match window(typed) {
            Ok(Some((name, element, rank))) => {
                parameters.push(Parameter::Window(windows.len() as u16, name.clone(), Box::new(element)));
                windows.push((name, rank, typed.ty.span()));
            }
            Ok(None) => {
                parameters.push(Parameter::Plain(plain.len()));
                plain.push(argument.clone());
            }
            Err(e) => refuse::also(&mut errors, e),
        }
    }
    f.sig.inputs = plain;
    let rank = windows.first().map_or(0, |w| w.1);
    if windows.is_empty() && errors.is_none() {
        let words = "a stencil sees an array's other elements: write it as `u: &[f32]`, or `u: &[[f32]]` for two axes";
        return Err(Error::new_spanned(&f.sig.ident, words));
    }
    if let Some((_, _, span)) = windows.iter().find(|w| w.1 != rank) {
        refuse::also(&mut errors, Error::new(*span, "all windows of a stencil have as many axes"));
    }
    match edges.len() {
        1 => edges = vec![edges.remove(0); rank],
        n if n != rank => {
            let words = format!("there are {n} rules for the edges, and {rank} axes");
            refuse::also(&mut errors, Error::new(Span::call_site(), words));
        }
        _ => {}
    }
    // A body says little about what its arguments should have been.
    if let Some(errors) = errors {
        return Err(errors);
    }
    let signature = signature(&f, limit);
    let mut reader = Reader::new(&f.sig.ident, &generics);
    for argument in &f.sig.inputs {
        if let FnArg::Typed(t) = argument
            && let Pat::Ident(p) = &*t.pat
        {
            reader.declare(&p.ident, p.mutability.is_some());
        }
    }
    // Before windows have names: a constant is no element of one.
    let mut beyond = Vec::new();
    for _ in &windows {
        let value = |edge: &Edge| match edge {
            Edge::Constant(value) => reader.expr(value).map(Some),
            Edge::Element(_) => Ok(None),
        };
        beyond.push(edges.iter().map(value).collect::<Result<Vec<_>>>()?);
    }
    reader.edges = Some(edges.iter().map(|edge| matches!(edge, Edge::Constant(_))).collect());
    for (number, (name, ..)) in windows.iter().enumerate() {
        reader.declare_as(name, Name::Window(number));
    }
    let body = reader.block(&f.block);
    match (signature, body) {
        (Ok(signature), Ok(mut body)) => {
            let returns = reader.returns - tail(&mut body) as usize;
            let function = Function { signature, body, early: returns > 0 };
            Ok(Stencil { function, parameters, rank, edges, beyond })
        }
        (Err(mut one), Err(other)) => {
            one.combine(other);
            Err(one)
        }
        (Err(e), _) | (_, Err(e)) => Err(e),
    }
}

/// Name, type of the elements and number of axes, if an argument is a window.
fn window(typed: &syn::PatType) -> Result<Option<(Ident, syn::Type, usize)>> {
    let syn::Type::Reference(r) = bare(&typed.ty) else { return Ok(None) };
    if let Some(t) = &r.mutability {
        return at(t, "a stencil gives its value: leave `mut` out");
    }
    if let Some(lifetime) = &r.lifetime {
        return at(lifetime, "windows are no references that live anywhere: leave lifetimes out");
    }
    let (mut element, mut rank) = (bare(&r.elem), 0);
    while let syn::Type::Slice(inner) = element {
        (element, rank) = (bare(&inner.elem), rank + 1);
    }
    match (rank, element) {
        (0, syn::Type::Array(a)) => {
            return at(a, "arrays are of any size: write `&[f32]`, or `&[[f32]]` for two axes");
        }
        (0, other) => {
            return at(
                other,
                "scalars are passed by value; a window is written `&[f32]`, or `&[[f32]]` for two axes",
            );
        }
        (AXES.., _) if rank > AXES => return at(&typed.ty, format!("windows have {AXES} axes at most")),
        _ => refuse::scalar_type(element)?,
    }
    match &*typed.pat {
        Pat::Ident(p) if p.by_ref.is_none() && p.subpat.is_none() && p.mutability.is_none() => {
            Ok(Some((p.ident.clone(), element.clone(), rank)))
        }
        other => at(other, "a window is a name and a type: `u: &[f32]`"),
    }
}

/// A type without the brackets around it, of which macros leave some that nobody sees.
fn bare(ty: &syn::Type) -> &syn::Type {
    match ty {
        syn::Type::Group(g) => bare(&g.elem),
        syn::Type::Paren(p) => bare(&p.elem),
        other => other,
    }
}

impl Reader<'_> {
    /// An expression that only stencils have. None if it is one of the others.
    pub fn of_windows(&mut self, e: &syn::Expr) -> Result<Option<Kind>> {
        match e {
            syn::Expr::Index(_) => {
                let (mut inner, mut offsets) = (e, Vec::new());
                while let syn::Expr::Index(i) = inner {
                    offsets.insert(0, &*i.index);
                    inner = &i.expr;
                }
                let Some((name, number)) = self.window(inner) else { return Ok(None) };
                let constant = self.edges.clone().unwrap_or_default();
                let rank = constant.len();
                if offsets.len() != rank {
                    let all = "[0]".repeat(rank);
                    let words =
                        format!("`{name}` has {rank} axes: write `{name}{all}` for the element itself");
                    return at(e, words);
                }
                for offset in &offsets {
                    self.distance(offset, &name)?;
                }
                let beyond = (0..rank).map(|axis| constant[axis].then(|| beyond(number, axis))).collect();
                let offsets = offsets.into_iter().map(|o| o.to_token_stream()).collect();
                Ok(Some(Kind::Window(name, offsets, beyond)))
            }
            syn::Expr::Path(_) => match self.window(e) {
                Some((name, _)) => {
                    let all = "[0]".repeat(self.edges.as_ref().map_or(1, Vec::len));
                    at(
                        e,
                        format!("`{name}` is a window: write an element of it, `{name}{all}` or one nearby"),
                    )
                }
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// Refuses a distance that is no constant, of which the compiler would only say that it is none.
    fn distance(&self, e: &syn::Expr, window: &Ident) -> Result<()> {
        match e {
            syn::Expr::Paren(p) => self.distance(&p.expr, window),
            syn::Expr::Group(g) => self.distance(&g.expr, window),
            syn::Expr::Unary(u) => self.distance(&u.expr, window),
            syn::Expr::Cast(c) => self.distance(&c.expr, window),
            syn::Expr::Binary(b) => {
                self.distance(&b.left, window)?;
                self.distance(&b.right, window)
            }
            syn::Expr::Path(p) => match p.path.get_ident().filter(|name| self.named(name).is_some()) {
                Some(name) => at(
                    name,
                    format!(
                        "`{name}` is no constant: a distance is a literal or a `const`; `if` and `match` choose among elements"
                    ),
                ),
                None => Ok(()),
            },
            syn::Expr::Index(i) => self.distance(&i.expr, window),
            syn::Expr::Range(r) => {
                at(r, format!("there are no parts of windows: write each element of `{window}`"))
            }
            syn::Expr::Tuple(t) => at(t, format!("each axis has its own brackets: `{window}[0][0]`")),
            _ => Ok(()),
        }
    }

    /// The window that an expression names, and its number.
    fn window(&self, e: &syn::Expr) -> Option<(Ident, usize)> {
        let p = match e {
            syn::Expr::Path(p) => p,
            syn::Expr::Paren(p) => return self.window(&p.expr),
            syn::Expr::Group(g) => return self.window(&g.expr),
            _ => return None,
        };
        let name = p.path.get_ident()?;
        match self.named(name)? {
            Name::Window(number) => Some((name.clone(), number)),
            _ => None,
        }
    }
}

/// The name of what stands beyond the edges of an axis of a window.
fn beyond(window: usize, axis: usize) -> Ident {
    format_ident!("beyond{window}x{axis}", span = Span::mixed_site())
}

/// An element of a window, for either expansion: `module` is where its functions are.
pub fn read(
    name: &Ident,
    offsets: &[TokenStream],
    beyond: &[Option<Ident>],
    span: Span,
    module: &TokenStream,
) -> TokenStream {
    let private = quote!(::lazuli::__private::stencil::#module);
    let (seen, at) = (Ident::new("seen", Span::mixed_site()), Ident::new("offsets", Span::mixed_site()));
    let rank = offsets.len();
    let read = quote_spanned!(span=> #private at(#name, #at));
    let kept = beyond.iter().enumerate().filter_map(|(axis, value)| {
        let value = value.as_ref()?;
        Some(quote!(let #seen = #private keep(#at, #axis, #seen, #value);))
    });
    quote! {{
        let #at: [isize; #rank] = const { [#(#offsets),*] };
        let #seen = #read;
        #(#kept)*
        #seen
    }}
}

fn write(stencil: &Stencil) -> TokenStream {
    let (f, s) = (&stencil.function, &stencil.function.signature);
    let (name, span) = (&s.name, s.name.span());
    let private = quote!(::lazuli::__private);
    let types: Vec<&Ident> = s.generics.type_params().map(|t| &t.ident).collect();
    let number = match &types[..] {
        [one] => one.to_token_stream(),
        _ => quote!(_),
    };
    let rank = stencil.rank;
    let scalar = Scalar { signature: s, number: number.clone(), inner: false };
    let traced = Traced { signature: s, number };
    let each = |make: &dyn Fn(&Parameter) -> TokenStream| -> Vec<TokenStream> {
        stencil.parameters.iter().map(make).collect()
    };
    let checked = each(&|p| match p {
        Parameter::Window(_, name, element) => {
            quote!(#name: #private::stencil::check::Window<#element, #rank>)
        }
        Parameter::Plain(n) => scalar.argument(&s.arguments[*n]),
    });
    let written = each(&|p| match p {
        Parameter::Window(_, name, element) => quote!(#name: #private::stencil::Window<#element, #rank>),
        Parameter::Plain(n) => traced.argument(&s.arguments[*n]),
    });
    let declared = each(&|p| match p {
        Parameter::Window(number, ..) => quote!(#private::stencil::window(#number)),
        Parameter::Plain(_) => quote!(#private::stencil::argument()),
    });
    let names = each(&|p| match p {
        Parameter::Window(_, name, _) => quote!(#name),
        Parameter::Plain(n) => s.arguments[*n].name.to_token_stream(),
    });
    let of = each(&|p| match p {
        Parameter::Window(_, _, element) => quote!(#element),
        Parameter::Plain(n) => s.arguments[*n].ty.to_token_stream(),
    });
    let kinds: Vec<Ident> = (0..of.len()).map(|n| format_ident!("LazuliArg{n}")).collect();
    let bounds = stencil.parameters.iter().zip(&kinds).zip(&of).map(|((p, k), t)| match p {
        Parameter::Window(..) => quote!(#k: #private::Arg<#t, Kind = #private::Arrays>),
        Parameter::Plain(_) => quote!(#k: #private::Arg<#t, Kind: #private::Valued>),
    });
    let given = stencil.parameters.iter().zip(&kinds).zip(&of).zip(&names).map(|(((p, k), t), name)| {
        let make = match p {
            Parameter::Window(..) => quote!(window),
            Parameter::Plain(_) => quote!(plain),
        };
        quote!(#private::stencil::Given::#make(<#k as #private::Arg<#t>>::operand(#name)))
    });
    let edges = stencil.edges.iter().map(|edge| match edge {
        Edge::Element(rule) => quote!(#private::stencil::Edge::#rule),
        Edge::Constant(_) => quote!(#private::stencil::Edge::Nearest),
    });
    let results = results(&s.output);
    let tuple = matches!(s.output, Type::Tuple(..));
    let output =
        if tuple { quote!((#(::lazuli::Array<#results>,)*)) } else { quote!(#(::lazuli::Array<#results>)*) };
    let unpack = if tuple { quote!() } else { quote!(.0) };
    let parameters: Vec<_> = s.generics.params.iter().collect();
    let clauses: Vec<_> = s.generics.where_clause.iter().flat_map(|w| &w.predicates).collect();
    let (generics, of_body, clause) = s.generics.split_for_impl();
    let turbofish = of_body.as_turbofish();
    let phantom = s.generics.params.iter().filter_map(|p| match p {
        GenericParam::Type(t) => Some(&t.ident),
        _ => None,
    });
    // The constants beyond the edges, for each window in its own type.
    let elements = stencil.parameters.iter().filter_map(|p| match p {
        Parameter::Window(number, _, element) => Some((usize::from(*number), element)),
        Parameter::Plain(_) => None,
    });
    let (mut before_check, mut before) = (TokenStream::new(), TokenStream::new());
    for (number, element) in elements {
        for (axis, value) in stencil.beyond[number].iter().enumerate() {
            let (Some(value), name) = (value, beyond(number, axis)) else { continue };
            let (checked, traced) = (scalar.expr(value), traced.value(value));
            before_check.extend(quote!(let #name: #element = #checked;));
            before.extend(quote!(let #name: ::lazuli::Expr<#element> = #traced;));
        }
    }
    let check = scalar.function_of(f, &checked, before_check);
    let trace = traced.function_of(f, &written, before);
    let first = stencil.parameters.iter().find_map(|p| match p {
        Parameter::Window(0, _, element) => Some(quote!(#private::stencil::look::<#element, #rank>();)),
        _ => None,
    });
    let body = quote!(lazuli_traced #turbofish (true, #(#declared),*));
    let body = if tuple { body } else { quote!((#body,)) };
    let (attributes, visibility, label) = (&s.attributes, &s.visibility, name.to_string());
    let at = quote_spanned!(span=> #private::here());
    quote! {
        #(#attributes)*
        #[track_caller]
        #visibility fn #name<#(#parameters,)* #(#bounds),*>(#(#names: #kinds),*) -> #output
        where #(#clauses,)*
        {
            #[allow(dead_code, clippy::all, unused_parens, unused_braces)]
            #check

            struct LazuliBody #generics (::core::marker::PhantomData<(#(#phantom,)*)>) #clause;

            impl #generics #private::stencil::Stencil for LazuliBody #of_body #clause {
                type Results = (#(#results,)*);
                const NAME: &'static str = #label;
                const EDGES: &'static [#private::stencil::Edge] = &[#(#edges),*];

                #[allow(warnings, clippy::all)]
                fn traced() -> (#(::lazuli::Expr<#results>,)*) {
                    #trace
                    let lazuli_results = #body;
                    #first
                    lazuli_results
                }

                fn at() -> &'static ::core::panic::Location<'static> {
                    #at
                }

                fn traces() -> &'static #private::Traces<#private::stencil::Sketched> {
                    static TRACES: #private::Traces<#private::stencil::Sketched> = #private::Traces::new();
                    &TRACES
                }
            }

            #private::stencil::call::<LazuliBody #of_body>([#(#given),*]) #unpack
        }
    }
}
