//! The scalar expansion: the body as it was written, in compiled Rust, but for its operators and
//! methods, which are Lazuli's own and total.
//!
//! Control flow stays Rust's. A `for` counts by hand, because Rust's ranges know no generic
//! integers; both expansions count alike.

use crate::ast::*;
use crate::stencil;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Lifetime;

/// Writes the scalar expansion.
pub struct Scalar<'a> {
    pub signature: &'a Signature,
    /// The type of float literals, in generic functions.
    pub number: TokenStream,
    /// Is it a generalised function? Those are left with what is wrong.
    pub inner: bool,
}

fn label(number: usize, span: Span) -> Lifetime {
    Lifetime::new(&format!("'lazuli{number}"), span.resolved_at(Span::mixed_site()))
}

fn fresh(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The same, where the compiler's words about it belong.
fn fresh_at(name: &str, span: Span) -> Ident {
    Ident::new(name, Span::mixed_site().located_at(span))
}

fn of(name: &str, span: Span) -> TokenStream {
    let name = Ident::new(name, span);
    quote_spanned!(span=> ::lazuli::__private::scalar::#name)
}

/// What stands for a kernel's own functions where its types are checked.
fn thread(name: &str, span: Span) -> TokenStream {
    let name = Ident::new(name, span);
    quote_spanned!(span=> ::lazuli::__private::thread::check::#name)
}

/// A function of views of inner arrays.
fn view(name: &str, span: Span) -> TokenStream {
    let name = Ident::new(name, span);
    quote_spanned!(span=> ::lazuli::__private::generalized::views::#name)
}

impl Scalar<'_> {
    /// The body of a generalised function, which is left with `Err` where something is wrong.
    pub fn inner(&self, body: &Block) -> TokenStream {
        self.block(body)
    }

    /// A kernel's body, for the compiler to check: nobody calls it.
    pub fn check(&self, body: &Block, parameters: &[TokenStream]) -> TokenStream {
        let body = self.block(body);
        quote!(fn lazuli_check(#(#parameters),*) #body)
    }

    /// The function.
    pub fn function(&self, f: &Function) -> TokenStream {
        let arguments: Vec<_> = f.signature.arguments.iter().map(|a| self.argument(a)).collect();
        self.function_of(f, &arguments, TokenStream::new())
    }

    /// An argument, as written.
    pub fn argument(&self, a: &Argument) -> TokenStream {
        let (name, ty) = (&a.name, &a.ty);
        let mutable = a.mutable.then(|| quote_spanned!(name.span()=> mut));
        quote!(#mutable #name: #ty)
    }

    /// The function, of these arguments, with what stands before its body.
    pub fn function_of(&self, f: &Function, arguments: &[TokenStream], before: TokenStream) -> TokenStream {
        let body = self.block(&f.body);
        let output = ty(&f.signature.output);
        let (generics, _, clause) = f.signature.generics.split_for_impl();
        quote!(fn lazuli_scalar #generics (#(#arguments),*) -> #output #clause { #before #body })
    }

    fn block(&self, block: &Block) -> TokenStream {
        let statements = block.statements.iter().map(|s| self.statement(s));
        let value = block.value.as_ref().map(|v| self.expr(v));
        quote_spanned!(block.span=> { #(#statements)* #value })
    }

    fn statement(&self, statement: &Statement) -> TokenStream {
        match statement {
            Statement::Item(tokens) => tokens.clone(),
            Statement::Shared(name, f, types) => {
                let f = thread(f, name.span());
                quote!(let #name = #f #types();)
            }
            Statement::Expr(e, semicolon) => {
                let e = self.expr(e);
                if *semicolon { quote!(#e;) } else { e }
            }
            Statement::Let { pattern: p, ty: t, value } => {
                let p = pattern(p);
                let t = t.as_ref().map(ty).map(|t| quote!(: #t));
                let value = value.as_ref().map(|v| self.expr(v)).map(|v| quote!(= #v));
                quote!(let #p #t #value;)
            }
        }
    }

    fn call(&self, name: &str, span: Span, arguments: &[Expr]) -> TokenStream {
        let (f, arguments) = (of(name, span), arguments.iter().map(|a| self.expr(a)));
        quote_spanned!(span=> #f(#(#arguments),*))
    }

    /// An expression.
    pub fn expr(&self, e: &Expr) -> TokenStream {
        let span = e.span;
        match &e.kind {
            Kind::Literal(tokens) | Kind::Constant(tokens) => tokens.clone(),
            Kind::Number(tokens) => {
                let (f, ty) = (of("number", span), &self.number);
                quote_spanned!(span=> #f::<#ty>(#tokens))
            }
            Kind::Local(name, _) => quote!(#name),
            Kind::Function(name, arguments) => self.call(name, span, arguments),
            Kind::Power(x, n) => {
                let (f, x) = (of("powi", span), self.expr(x));
                quote_spanned!(span=> #f(#x, #n))
            }
            Kind::Logic(and, left, right) => {
                let (left, right) = (self.expr(left), self.expr(right));
                if *and {
                    quote_spanned!(span=> (#left && #right))
                } else {
                    quote_spanned!(span=> (#left || #right))
                }
            }
            Kind::Call(path, arguments) => {
                let arguments = arguments.iter().map(|a| self.expr(a));
                quote_spanned!(span=> #path(#(#arguments),*))
            }
            Kind::Cast(x, to) => {
                let (f, x) = (of("cast", span), self.expr(x));
                quote_spanned!(span=> #f::<#to, _>(#x))
            }
            Kind::Typed(x, to) => {
                let (f, x) = (of("typed", span), self.expr(x));
                quote_spanned!(span=> #f::<#to>(#x))
            }
            Kind::ConstantCast(path, to) => quote_spanned!(span=> (#path as #to)),
            Kind::If(cond, then, other) => {
                let (cond, then) = (self.expr(cond), self.block(then));
                let other = other.as_ref().map(|o| match &o.kind {
                    Kind::If(..) | Kind::Block(_) => self.expr(o),
                    _ => {
                        let o = self.expr(o);
                        quote!({ #o })
                    }
                });
                let other = other.map(|o| quote!(else #o));
                quote_spanned!(span=> if #cond #then #other)
            }
            Kind::Match(value, arms) => {
                let value = self.expr(value);
                let arms = arms.iter().map(|arm| {
                    let (test, body) = (test(&arm.test), self.expr(&arm.body));
                    let guard = arm.guard.as_ref().map(|g| self.expr(g)).map(|g| quote!(if #g));
                    quote!(#test #guard => { #body })
                });
                quote_spanned!(span=> match #value { #(#arms)* })
            }
            Kind::Block(b) => self.block(b),
            Kind::Loop(l) => self.turns(l),
            Kind::Tuple(parts) => {
                let parts = parts.iter().map(|p| self.expr(p));
                quote_spanned!(span=> (#(#parts,)*))
            }
            Kind::Field(base, index) => {
                let base = self.expr(base);
                quote!(#base.#index)
            }
            Kind::Assign(to, value) if has_inner(to) => {
                let (bound, value) = (self.expr(value), fresh_at("value", value.span));
                let set = self.assign(to, quote!(#value));
                quote_spanned!(span=> { let #value = #bound; #set })
            }
            Kind::Compound(name, Place::Inner(array, indices), value) => {
                // The indices are found once, after the value: as Rust does.
                let (f, right, value) = (of(name, span), fresh_at("right", value.span), self.expr(value));
                let (find, at) = self.find(array, indices);
                let load = self.load(array, &at);
                let store = self.store(array, &at, quote!(#f(#load, #right)));
                quote_spanned!(span=> { let #right = #value; #find #store })
            }
            Kind::Inner(array, indices) => {
                let (find, at) = self.find(array, indices);
                let load = self.load(array, &at);
                quote_spanned!(span=> { #find #load })
            }
            Kind::Extent(array) => {
                let f = view("length", span);
                quote_spanned!(span=> #f(#array))
            }
            Kind::Assign(to, value) => {
                let (to, value) = (self.place(to), self.expr(value));
                quote_spanned!(span=> #to = #value)
            }
            Kind::Compound(name, to, value) => {
                let (f, to, value, temporary) =
                    (of(name, span), self.place(to), self.expr(value), fresh("right"));
                quote_spanned!(span=> { let #temporary = #value; #to = #f(#to, #temporary); })
            }
            Kind::Break(number, value) => {
                let (label, value) = (label(*number, span), value.as_ref().map(|v| self.expr(v)));
                quote_spanned!(span=> break #label #value)
            }
            Kind::Continue(number) => {
                let label = label(*number, span);
                quote_spanned!(span=> continue #label)
            }
            Kind::Return(value) => {
                let value = self.expr(value);
                quote_spanned!(span=> return #value)
            }
            Kind::Thread(name, array, arguments) => {
                let (f, arguments) = (thread(name, span), arguments.iter().map(|a| self.expr(a)));
                let array = array.as_ref().map(|array| quote!(#array,));
                quote_spanned!(span=> #f(#array #(#arguments),*))
            }
            Kind::Leave if self.inner => quote_spanned!(span=> return ::core::result::Result::Ok(())),
            Kind::Leave => quote_spanned!(span=> return),
            Kind::Window(name, offsets, beyond) => {
                stencil::read(name, offsets, beyond, span, &quote!(check::))
            }
        }
    }

    fn place(&self, p: &Place) -> TokenStream {
        match p {
            Place::Wild => quote!(_),
            Place::Variable(name, path) => quote!(#name #(.#path)*),
            Place::Element(name, index) => {
                let (f, index) = (thread("element", name.span()), self.expr(index));
                quote_spanned!(name.span()=> *#f(#name, #index))
            }
            Place::Tuple(parts) => {
                let parts = parts.iter().map(|p| self.place(p));
                quote!((#(#parts,)*))
            }
            Place::Inner(..) => unreachable!("written by `store`"),
        }
    }

    /// Finds the indices of an element: the statement, and their name.
    fn find(&self, array: &Ident, indices: &[Expr]) -> (TokenStream, Ident) {
        let at = fresh("at");
        let indices = indices.iter().map(|i| {
            let (f, i, span) = (view("index", i.span), self.expr(i), i.span);
            quote_spanned!(span=> #f(#i))
        });
        (quote_spanned!(array.span()=> let #at = [#(#indices),*];), at)
    }

    /// The element at `at`.
    fn load(&self, array: &Ident, at: &Ident) -> TokenStream {
        let (span, value) = (array.span(), fresh_at("value", array.span()));
        let (load, leave) = (view("load", span), self.outside(array, at));
        quote_spanned!(span=> match #load(#array, #at) {
            ::core::option::Option::Some(#value) => #value,
            ::core::option::Option::None => #leave,
        })
    }

    /// Writes the element at `at`: a statement.
    fn store(&self, array: &Ident, at: &Ident, value: TokenStream) -> TokenStream {
        let (span, stored) = (array.span(), fresh("stored"));
        let (store, leave) = (view("store", span), self.outside(array, at));
        quote_spanned!(span=> let #stored = #store(#array, #at, #value); if !#stored { #leave; })
    }

    fn outside(&self, array: &Ident, at: &Ident) -> TokenStream {
        let (outside, label) = (view("outside", array.span()), array.to_string());
        quote_spanned!(array.span()=> return ::core::result::Result::Err(#outside(#array, #at, #label)))
    }

    /// Assigns what has elements of inner arrays in it: statements.
    fn assign(&self, to: &Place, value: TokenStream) -> TokenStream {
        match to {
            Place::Inner(array, indices) => {
                let (find, at) = self.find(array, indices);
                let store = self.store(array, &at, value);
                quote!(#find #store)
            }
            Place::Tuple(parts) => {
                let names: Vec<Ident> = (0..parts.len())
                    .map(|n| quote::format_ident!("part{n}", span = Span::mixed_site()))
                    .collect();
                let all = parts.iter().zip(&names).map(|(p, name)| self.assign(p, quote!(#name)));
                quote!(let (#(#names,)*) = #value; #(#all)*)
            }
            other => {
                let to = self.place(other);
                quote!(#to = #value;)
            }
        }
    }

    fn turns(&self, l: &Loop) -> TokenStream {
        let (label, body, span) = (label(l.number, l.span), self.block(&l.body), l.span);
        let turns = fresh("turns");
        // A turn begins when it is known that there is one.
        let counted = self.signature.limit.is_some() || !matches!(l.kind, LoopKind::For(_));
        let (count, tick) = match &self.signature.limit {
            limit if self.inner && counted => {
                let (turn, endless) = (view("turn", span), view("endless", span));
                let limit = match limit {
                    Some(limit) => quote!(::core::option::Option::Some(#limit)),
                    None => quote!(::core::option::Option::None),
                };
                (
                    Some(quote!(let mut #turns = 0u64;)),
                    Some(quote_spanned!(span=> if #turn::<LazuliMode>(&mut #turns, #limit) {
                        return ::core::result::Result::Err(#endless(#limit));
                    })),
                )
            }
            None => (None, None),
            Some(limit) => {
                let (f, name) = (of("turn", span), self.signature.name.to_string());
                (
                    Some(quote!(let mut #turns = 0u64;)),
                    Some(quote_spanned!(span=> #f(&mut #turns, #limit, #name);)),
                )
            }
        };
        match &l.kind {
            LoopKind::Once => quote_spanned!(span=> #label: #body),
            LoopKind::Forever => quote_spanned!(span=> { #count #label: loop { #tick #body } }),
            LoopKind::While(cond) => {
                let cond = self.expr(cond);
                quote_spanned!(span=> { #count #label: while #cond { #tick #body } })
            }
            LoopKind::For(c) => {
                let (from, to, p) = (self.expr(&c.from), self.expr(&c.to), pattern(&c.pattern));
                let (f, inclusive, reversed) = (of("range", c.span), c.inclusive, c.reversed);
                let range = match &c.step {
                    None if !inclusive && !reversed => {
                        let f = of("ascending", c.span);
                        quote_spanned!(c.span=> #f(#from, #to))
                    }
                    step => {
                        let step = step.clone().unwrap_or_else(|| quote!(1));
                        quote_spanned!(c.span=> #f(#from, #to, #inclusive, #reversed, #step))
                    }
                };
                quote_spanned!(span=> { #count #label: for #p in #range { #tick #body } })
            }
        }
    }
}

/// Are there elements of inner arrays in it?
fn has_inner(place: &Place) -> bool {
    match place {
        Place::Inner(..) => true,
        Place::Tuple(parts) => parts.iter().any(has_inner),
        _ => false,
    }
}

/// A pattern of `let`, as written.
fn pattern(p: &Pattern) -> TokenStream {
    match p {
        Pattern::Wild(span) => quote_spanned!(*span=> _),
        // Where the name stands, so that the compiler tells of a `mut` that nobody needs.
        Pattern::Bind(name, true) => quote_spanned!(name.span()=> mut #name),
        Pattern::Bind(name, false) => quote!(#name),
        Pattern::Tuple(parts, span) => {
            let parts = parts.iter().map(pattern);
            quote_spanned!(*span=> (#(#parts,)*))
        }
    }
}

/// A type, as written.
fn ty(t: &Type) -> TokenStream {
    match t {
        Type::Scalar(t) => quote!(#t),
        Type::Infer(span) => quote_spanned!(*span=> _),
        Type::Tuple(parts, span) => {
            let parts = parts.iter().map(ty);
            quote_spanned!(*span=> (#(#parts,)*))
        }
    }
}

/// A pattern of `match`, as written.
fn test(t: &Test) -> TokenStream {
    match t {
        Test::Wild(span) => quote_spanned!(*span=> _),
        Test::Bind(name, mutable, inner) => {
            let mutable = mutable.then(|| quote_spanned!(name.span()=> mut));
            let inner = inner.as_ref().map(|t| test(t)).map(|t| quote!(@ #t));
            quote!(#mutable #name #inner)
        }
        Test::Equal(tokens, _) => tokens.clone(),
        Test::Range(from, to, inclusive, span) => {
            if *inclusive {
                quote_spanned!(*span=> #from..=#to)
            } else {
                quote_spanned!(*span=> #from..#to)
            }
        }
        Test::Any(all, span) => {
            let all = all.iter().map(test);
            quote_spanned!(*span=> (#(#all)|*))
        }
        Test::Tuple(parts, span) => {
            let parts = parts.iter().map(test);
            quote_spanned!(*span=> (#(#parts,)*))
        }
    }
}
