//! The traced expansion: Rust that runs once, from top to bottom, and writes the body down.
//!
//! Each name is a value of the function being written (`Expr<T>`), or a variable of it (`Var`).
//! Control flow becomes calls: both branches of an `if` are run, one after the other. What follows a
//! way out is left away, because nobody gets there; where a value is needed there all the same,
//! `dead()` stands for it.

use crate::ast::*;
use crate::stencil;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

/// Writes the traced expansion.
pub struct Traced<'a> {
    pub signature: &'a Signature,
    /// The type of float literals, in generic functions.
    pub number: TokenStream,
}

fn of(name: &str, span: Span) -> TokenStream {
    let name = Ident::new(name, span);
    quote_spanned!(span=> ::lazuli::__private::traced::#name)
}

/// A function of kernels.
fn thread(name: &str, span: Span) -> TokenStream {
    let name = Ident::new(name, span);
    quote_spanned!(span=> ::lazuli::__private::thread::#name)
}

/// A function of inner arrays.
fn inner(name: &str, span: Span) -> TokenStream {
    let name = Ident::new(name, span);
    quote_spanned!(span=> ::lazuli::__private::generalized::threads::#name)
}

/// Temporaries, which the user's names cannot meet.
fn fresh(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The same, where the compiler's words about it belong.
fn fresh_at(name: &str, span: Span) -> Ident {
    Ident::new(name, Span::mixed_site().located_at(span))
}

fn handle(number: usize) -> Ident {
    format_ident!("loop{number}", span = Span::mixed_site())
}

fn result(number: usize) -> Ident {
    format_ident!("result{number}", span = Span::mixed_site())
}

impl Traced<'_> {
    /// The function.
    pub fn function(&self, f: &Function) -> TokenStream {
        let arguments: Vec<_> = f.signature.arguments.iter().map(|a| self.argument(a)).collect();
        self.function_of(f, &arguments, TokenStream::new())
    }

    /// An argument.
    pub fn argument(&self, a: &Argument) -> TokenStream {
        let (name, ty) = (&a.name, &a.ty);
        quote!(#name: ::lazuli::Expr<#ty>)
    }

    /// The function, of these arguments, with what stands before its body.
    pub fn function_of(&self, f: &Function, arguments: &[TokenStream], before: TokenStream) -> TokenStream {
        let (frame, outer) = (fresh("frame"), fresh("outer"));
        let signature = self.signature;
        let variables = self.variables();
        let (output, early) = (ty(&signature.output), f.early);
        let (generics, _, clause) = signature.generics.split_for_impl();
        let leave = if f.body.diverges {
            let body = self.unit_block(&f.body);
            quote!(#body #frame.never())
        } else {
            let body = self.block(&f.body);
            quote!(#frame.leave(#body))
        };
        quote! {
            fn lazuli_traced #generics (#outer: bool, #(#arguments),*) -> #output #clause {
                let #frame = ::lazuli::__private::traced::Frame::<#output>::enter(#outer, #early);
                #(#variables)*
                #before
                #leave
            }
        }
    }

    /// A kernel, which gives nothing.
    pub fn kernel(&self, body: &Block, parameters: &[TokenStream]) -> TokenStream {
        let variables = self.variables();
        let body = self.unit_block(body);
        quote!(fn lazuli_traced(#(#parameters),*) { #(#variables)* #body })
    }

    /// The body of a generalised function.
    pub fn inner(&self, body: &Block) -> TokenStream {
        let variables = self.variables();
        let body = self.unit_block(body);
        quote!(#(#variables)* #body)
    }

    /// The indices of an element: an array.
    fn indices(&self, array: &Ident, indices: &[Expr]) -> TokenStream {
        let indices = indices.iter().map(|i| {
            let (f, i, span) = (inner("index", i.span), self.value(i), i.span);
            quote_spanned!(span=> #f(#i))
        });
        quote_spanned!(array.span()=> [#(#indices),*])
    }

    /// Arguments that are assigned.
    fn variables(&self) -> impl Iterator<Item = TokenStream> {
        self.signature.arguments.iter().filter(|a| a.mutable).map(|a| {
            let name = &a.name;
            quote!(let #name = ::lazuli::__private::traced::Var::new(#name);)
        })
    }

    /// A block as a value.
    fn block(&self, block: &Block) -> TokenStream {
        let statements = self.statements(&block.statements);
        let span = block.span;
        match &block.value {
            _ if block.diverges => {
                let (statements, dead) = (self.unit_block(block), of("dead", span));
                quote_spanned!(span=> { #statements #dead() })
            }
            Some(value) => {
                let value = self.value(value);
                quote_spanned!(span=> { #statements #value })
            }
            // The scalar expansion has the compiler say that there is no value.
            None => quote_spanned!(span=> { #statements }),
        }
    }

    /// A block whose value nobody asks for.
    fn unit_block(&self, block: &Block) -> TokenStream {
        let mut statements = self.statements(&block.statements);
        let ended = block.statements.iter().any(ends);
        if let (Some(value), false) = (&block.value, ended) {
            statements.extend(self.unit(value));
        }
        quote_spanned!(block.span=> { #statements })
    }

    /// Statements, up to where nobody goes on.
    fn statements(&self, statements: &[Statement]) -> TokenStream {
        let mut all = TokenStream::new();
        for statement in statements {
            all.extend(self.statement(statement));
            if ends(statement) {
                break;
            }
        }
        all
    }

    fn statement(&self, statement: &Statement) -> TokenStream {
        match statement {
            Statement::Item(tokens) => tokens.clone(),
            Statement::Shared(name, f, types) => {
                let (f, label) = (thread(f, name.span()), name.to_string());
                quote!(let #name = #f #types(#label);)
            }
            Statement::Expr(e, _) => self.unit(e),
            Statement::Let { value: Some(value), .. } if value.diverges => self.unit(value),
            Statement::Let { pattern, ty: t, value: Some(value) } => {
                let (bound, value) = (self.value(value), fresh("value"));
                let bind = self.bind(pattern, quote!(#value));
                let t = t.as_ref().map(ty).map(|t| quote!(: #t));
                quote!(let #value #t = #bound; #bind)
            }
            Statement::Let { pattern, ty: t, value: None } => {
                let t = t.as_ref().map_or(quote!(_), ty);
                let mut all = TokenStream::new();
                if let Pattern::Bind(name, _) = pattern {
                    all.extend(quote!(let #name = ::lazuli::__private::traced::Var::<#t>::unset();));
                }
                all
            }
        }
    }

    /// Binds what a pattern names.
    fn bind(&self, pattern: &Pattern, value: TokenStream) -> TokenStream {
        match pattern {
            Pattern::Wild(_) => TokenStream::new(),
            Pattern::Bind(name, false) => quote!(let #name = #value;),
            Pattern::Bind(name, true) => quote!(let #name = ::lazuli::__private::traced::Var::new(#value);),
            Pattern::Tuple(parts, span) => {
                // Destructured, so that the compiler knows how many there are.
                let names: Vec<Ident> =
                    (0..parts.len()).map(|n| format_ident!("part{n}", span = Span::mixed_site())).collect();
                let all = parts.iter().zip(&names).map(|(p, name)| self.bind(p, quote!(#name)));
                quote_spanned!(*span=> let (#(#names,)*) = #value; #(#all)*)
            }
        }
    }

    /// An expression whose value nobody asks for, as statements.
    fn unit(&self, e: &Expr) -> TokenStream {
        let span = e.span;
        match &e.kind {
            Kind::If(cond, then, other) if !cond.diverges => {
                let cond = self.value(cond);
                let then = self.unit_block(then);
                let other = other.as_ref().map(|o| self.unit(o));
                self.choose(span, cond, then, other.unwrap_or_default())
            }
            Kind::Match(value, arms) if !value.diverges => {
                self.arms(value, arms, &|body: &Expr| self.unit(body))
            }
            // Nobody gets further than what is asked.
            Kind::If(head, ..) | Kind::Match(head, _) => self.unit(head),
            Kind::Block(b) => self.unit_block(b),
            Kind::Loop(l) => {
                let (result, turns) = (result(l.number), self.turns(l, l.gives));
                let declare = l.gives.then(|| self.declare(&result));
                quote!({ #declare #turns })
            }
            Kind::Assign(to, value) => {
                let (bound, value) = (self.value(value), fresh_at("value", value.span));
                let set = self.assign(to, quote!(#value));
                quote_spanned!(span=> { let #value = #bound; #set })
            }
            Kind::Compound(name, Place::Element(array, index), value) => {
                // The index is found once.
                let (load, store) = (thread("load", array.span()), thread("store", array.span()));
                let (right, at) = (fresh_at("right", value.span), fresh_at("at", index.span));
                let (f, bound, index) = (of(name, span), self.value(value), self.value(index));
                let change = quote_spanned!(span=> #f(#load(#array, #at), #right));
                quote_spanned!(array.span()=> { let #right = #bound; let #at = #index; #store(#array, #at, #change); })
            }
            Kind::Compound(name, Place::Inner(array, indices), value) => {
                let (load, store) = (inner("load", array.span()), inner("store", array.span()));
                let (right, at) = (fresh_at("right", value.span), fresh("at"));
                let (f, bound) = (of(name, span), self.value(value));
                let indices = self.indices(array, indices);
                let change = quote_spanned!(span=> #f(#load(#array, #at), #right));
                quote_spanned!(array.span()=> { let #right = #bound; let #at = #indices; #store(#array, #at, #change); })
            }
            Kind::Compound(name, to, value) => {
                let (f, bound, right) = (of(name, span), self.value(value), fresh("right"));
                let now = self.read(to);
                let set = self.assign(to, quote_spanned!(span=> #f(#now, #right)));
                quote_spanned!(span=> { let #right = #bound; #set })
            }
            Kind::Break(number, value) => {
                let (f, handle) = (of("break_", span), handle(*number));
                let set = value.as_ref().map(|v| {
                    let (result, v) = (result(*number), self.value(v));
                    quote!(#result.set(#v);)
                });
                quote_spanned!(span=> { #set #f(#handle); })
            }
            Kind::Continue(number) => {
                let (f, handle) = (of("continue_", span), handle(*number));
                quote_spanned!(span=> #f(#handle);)
            }
            Kind::Return(value) => {
                let (frame, value) = (fresh("frame"), self.value(value));
                quote_spanned!(span=> #frame.return_(#value);)
            }
            Kind::Leave => {
                let leave = thread("leave", span);
                quote_spanned!(span=> #leave();)
            }
            _ => {
                let value = self.strict(e);
                quote_spanned!(span=> let _ = #value;)
            }
        }
    }

    /// An expression as a value.
    pub fn value(&self, e: &Expr) -> TokenStream {
        if e.diverges {
            let (unit, dead) = (self.unit(e), of("dead", e.span));
            return quote!({ #unit #dead() });
        }
        self.strict(e)
    }

    /// The same, of one that is left at its end.
    fn strict(&self, e: &Expr) -> TokenStream {
        let span = e.span;
        match &e.kind {
            Kind::Literal(tokens) | Kind::Constant(tokens) => {
                let lit = of("lit", span);
                quote_spanned!(span=> #lit(#tokens))
            }
            Kind::Number(tokens) => {
                let (lit, ty) = (of("lit", span), &self.number);
                quote_spanned!(span=> #lit(::lazuli::__private::scalar::number::<#ty>(#tokens)))
            }
            Kind::Local(name, true) => quote_spanned!(name.span()=> #name.get()),
            Kind::Local(name, false) => quote!(#name),
            Kind::Function(name, arguments) => {
                let (f, arguments) = (of(name, span), arguments.iter().map(|a| self.value(a)));
                quote_spanned!(span=> #f(#(#arguments),*))
            }
            Kind::Power(x, n) => {
                let (f, x) = (of("powi", span), self.value(x));
                quote_spanned!(span=> #f(#x, #n))
            }
            Kind::Logic(and, left, right) => {
                let (left, right, result) = (self.value(left), self.arm(right), fresh("both"));
                let lit = of("lit", span);
                let shortcut = quote!(#result.set(#lit(!#and)););
                let right = right(&result);
                let (then, other) = if *and { (right, shortcut) } else { (shortcut, right) };
                let (declare, choose) = (self.declare(&result), self.choose(span, left, then, other));
                quote!({ #declare #choose #result.get() })
            }
            Kind::Call(path, arguments) => {
                let arguments = arguments.iter().map(|a| self.value(a));
                quote_spanned!(span=> #path(#(#arguments),*))
            }
            Kind::Cast(x, to) => {
                let (f, x) = (of("cast", span), self.value(x));
                quote_spanned!(span=> #f::<#to, _>(#x))
            }
            Kind::Typed(x, to) => {
                let (f, x) = (of("typed", span), self.value(x));
                quote_spanned!(span=> #f::<#to>(#x))
            }
            Kind::ConstantCast(path, to) => {
                let lit = of("lit", span);
                quote_spanned!(span=> #lit(#path as #to))
            }
            Kind::If(cond, then, Some(other)) => {
                let (cond, result) = (self.value(cond), fresh("chosen"));
                let then = if then.diverges {
                    self.unit_block(then)
                } else {
                    let then = self.block(then);
                    quote!(#result.set(#then);)
                };
                let other = self.arm(other)(&result);
                let (declare, choose) = (self.declare(&result), self.choose(span, cond, then, other));
                quote!({ #declare #choose #result.get() })
            }
            Kind::Match(value, arms) => {
                let result = fresh("chosen");
                let arms = self.arms(value, arms, &|body: &Expr| self.arm(body)(&result));
                let declare = self.declare(&result);
                quote!({ #declare #arms #result.get() })
            }
            Kind::Block(b) => self.block(b),
            Kind::Loop(l) => {
                // A labelled block has a value that no `break` may give.
                let (result, turns) = (result(l.number), self.turns(l, true));
                let declare = self.declare(&result);
                quote!({ #declare #turns #result.get() })
            }
            Kind::Tuple(parts) => {
                let parts = parts.iter().map(|p| self.value(p));
                quote_spanned!(span=> (#(#parts,)*))
            }
            Kind::Field(base, index) => {
                let base = self.value(base);
                quote!(#base.#index)
            }
            Kind::Inner(array, indices) => {
                let (load, indices) = (inner("load", array.span()), self.indices(array, indices));
                quote_spanned!(array.span()=> #load(#array, #indices))
            }
            Kind::Extent(array) => {
                let length = inner("length", span);
                quote_spanned!(span=> #length(#array))
            }
            Kind::Thread(name, array, arguments) => {
                let (f, arguments) = (thread(name, span), arguments.iter().map(|a| self.value(a)));
                let array = array.as_ref().map(|array| quote!(#array,));
                quote_spanned!(span=> #f(#array #(#arguments),*))
            }
            Kind::Window(name, offsets, beyond) => stencil::read(name, offsets, beyond, span, &quote!()),
            // What has no value: the scalar expansion has the compiler say so.
            _ => {
                let unit = self.unit(e);
                quote!({ #unit })
            }
        }
    }

    /// Sets `result` to an expression, if anybody gets there.
    fn arm<'e>(&'e self, e: &'e Expr) -> impl Fn(&Ident) -> TokenStream + 'e {
        move |result| {
            if e.diverges {
                self.unit(e)
            } else {
                let value = self.value(e);
                quote!(#result.set(#value);)
            }
        }
    }

    fn declare(&self, result: &Ident) -> TokenStream {
        quote!(let #result = ::lazuli::__private::traced::Var::unset();)
    }

    fn choose(&self, span: Span, cond: TokenStream, then: TokenStream, other: TokenStream) -> TokenStream {
        let (begin, end) = (of("begin_if", span), of("end_if", span));
        let other =
            (!other.is_empty()).then(|| quote!(::lazuli::__private::traced::begin_else(); { #other }));
        quote_spanned!(span=> #begin(#cond); { #then } #other #end();)
    }

    /// The arms of a `match`, each but the last behind its condition.
    fn arms(&self, value: &Expr, arms: &[Arm], body: &dyn Fn(&Expr) -> TokenStream) -> TokenStream {
        let (matched, bound) = (fresh("matched"), self.value(value));
        let mut all = TokenStream::new();
        for (n, arm) in arms.iter().enumerate().rev() {
            let names = self.names(&arm.test, quote!(#matched));
            let then = body(&arm.body);
            let then = quote!({ #names #then });
            // The compiler knows from the scalar expansion that one of the arms is right.
            if n + 1 == arms.len() && arm.guard.is_none() {
                all = then;
                continue;
            }
            let test = self.asks(&arm.test, quote!(#matched));
            let span = arm.body.span;
            let cond = match &arm.guard {
                None => test.unwrap_or_else(|| quote!(::lazuli::__private::traced::lit(true))),
                Some(guard) => {
                    let both = fresh("both");
                    let right = self.arm(guard)(&both);
                    let lit = quote!(::lazuli::__private::traced::lit);
                    match test {
                        None => {
                            let guard = self.value(guard);
                            quote!({ #names #guard })
                        }
                        Some(test) => {
                            let right = quote!(#names #right);
                            let choose =
                                self.choose(guard.span, test, right, quote!(#both.set(#lit(false));));
                            let declare = self.declare(&both);
                            quote!({ #declare #choose #both.get() })
                        }
                    }
                }
            };
            all = self.choose(span, cond, then, all);
        }
        quote!({ let #matched = #bound; #all })
    }

    /// The condition that a pattern stands for; none if it takes anything.
    fn asks(&self, test: &Test, value: TokenStream) -> Option<TokenStream> {
        let both = |name: &str, span: Span, all: Vec<TokenStream>| {
            let f = of(name, span);
            all.into_iter().reduce(|a, b| quote_spanned!(span=> #f(#a, #b)))
        };
        match test {
            Test::Wild(_) | Test::Bind(_, _, None) => None,
            Test::Bind(_, _, Some(inner)) => self.asks(inner, value),
            Test::Equal(tokens, span) => {
                let (f, lit) = (of("matches", *span), of("lit", *span));
                Some(quote_spanned!(*span=> #f(#value, #lit(#tokens))))
            }
            Test::Range(from, to, inclusive, span) => {
                let (lit, ge) = (of("lit", *span), of("ge", *span));
                let end = of(if *inclusive { "le" } else { "lt" }, *span);
                let from = from.as_ref().map(|from| quote_spanned!(*span=> #ge(#value, #lit(#from))));
                let to = to.as_ref().map(|to| quote_spanned!(*span=> #end(#value, #lit(#to))));
                both("and", *span, from.into_iter().chain(to).collect())
            }
            Test::Any(all, span) => {
                let all: Option<Vec<_>> = all.iter().map(|t| self.asks(t, value.clone())).collect();
                both("or", *span, all?)
            }
            Test::Tuple(parts, span) => {
                let index = (0..parts.len()).map(syn::Index::from);
                let all = parts.iter().zip(index).filter_map(|(t, i)| self.asks(t, quote!(#value.#i)));
                both("and", *span, all.collect())
            }
        }
    }

    /// Binds the names of a pattern.
    fn names(&self, test: &Test, value: TokenStream) -> TokenStream {
        match test {
            Test::Bind(name, mutable, inner) => {
                let bind = self.bind(&Pattern::Bind(name.clone(), *mutable), value.clone());
                let inner = inner.as_ref().map(|t| self.names(t, value));
                quote!(#bind #inner)
            }
            Test::Tuple(parts, _) => {
                let index = (0..parts.len()).map(syn::Index::from);
                parts.iter().zip(index).map(|(t, i)| self.names(t, quote!(#value.#i))).collect()
            }
            Test::Wild(_) | Test::Equal(..) | Test::Range(..) | Test::Any(..) => TokenStream::new(),
        }
    }

    /// A loop, and whether what it gives is wanted.
    fn turns(&self, l: &Loop, wanted: bool) -> TokenStream {
        let (span, handle, body) = (l.span, handle(l.number), self.unit_block(&l.body));
        // A `while` and a `for` may ask once more, in vain.
        let asks = matches!(l.kind, LoopKind::While(_) | LoopKind::For(_));
        let begin = of(if asks { "begin_while" } else { "begin_loop" }, span);
        let (end, break_) = (of("end_loop", span), of("break_", span));
        let limit = match (&self.signature.limit, &l.kind) {
            (None, _) | (_, LoopKind::Once) => quote!(::core::option::Option::None),
            (Some(n), _) => quote!(::core::option::Option::Some(#n)),
        };
        match &l.kind {
            LoopKind::Forever => quote_spanned!(span=> let #handle = #begin(#limit); #body #end();),
            LoopKind::While(cond) => {
                let (cond, not) = (self.value(cond), of("not", cond.span));
                let leave = self.choose(
                    span,
                    quote_spanned!(span=> #not(#cond)),
                    quote!(#break_(#handle);),
                    quote!(),
                );
                quote_spanned!(span=> let #handle = #begin(#limit); #leave #body #end();)
            }
            LoopKind::For(c) => {
                let (from, to, counter) = (self.value(&c.from), self.value(&c.to), fresh("counter"));
                let (inclusive, reversed, small) = (c.inclusive, c.reversed, c.small);
                let step = c.step.clone().unwrap_or_else(|| quote!(1));
                let (f, at) = (of("range", c.span), fresh("at"));
                let bind = self.bind(&c.pattern, quote!(#at));
                let range = quote_spanned!(c.span=> #f(#from, #to, #inclusive, #reversed, #step, #small));
                quote_spanned!(span=>
                    let #counter = #range;
                    let #handle = #begin(#limit);
                    { let #at = #counter.next(#handle); #bind #body }
                    #end();
                )
            }
            LoopKind::Once => {
                let body = if l.body.diverges {
                    body
                } else if let Some(value) = &l.body.value {
                    let (statements, result) = (self.statements(&l.body.statements), result(l.number));
                    if wanted {
                        let value = self.value(value);
                        quote!({ #statements #result.set(#value); })
                    } else {
                        body
                    }
                } else {
                    body
                };
                quote_spanned!(span=> let #handle = #begin(#limit); #body #break_(#handle); #end();)
            }
        }
    }

    /// Reads what is assigned.
    fn read(&self, place: &Place) -> TokenStream {
        match place {
            Place::Variable(name, path) => quote_spanned!(name.span()=> #name.get() #(.#path)*),
            _ => TokenStream::new(),
        }
    }

    /// Assigns.
    fn assign(&self, place: &Place, value: TokenStream) -> TokenStream {
        match place {
            Place::Wild => quote!(let _ = #value;),
            Place::Element(array, index) => {
                let (store, index) = (thread("store", array.span()), self.value(index));
                quote_spanned!(array.span()=> #store(#array, #index, #value);)
            }
            Place::Inner(array, indices) => {
                let (store, indices) = (inner("store", array.span()), self.indices(array, indices));
                quote_spanned!(array.span()=> #store(#array, #indices, #value);)
            }
            Place::Variable(name, path) if path.is_empty() => {
                quote_spanned!(name.span()=> #name.set(#value);)
            }
            Place::Variable(name, path) => {
                let whole = fresh("whole");
                quote_spanned!(name.span()=> { let mut #whole = #name.get(); #whole #(.#path)* = #value; #name.set(#whole); })
            }
            Place::Tuple(parts) => {
                let names: Vec<Ident> =
                    (0..parts.len()).map(|n| format_ident!("part{n}", span = Span::mixed_site())).collect();
                let all = parts.iter().zip(&names).map(|(p, name)| self.assign(p, quote!(#name)));
                quote!({ let (#(#names,)*) = #value; #(#all)* })
            }
        }
    }
}

/// Does nobody go on after a statement?
fn ends(statement: &Statement) -> bool {
    match statement {
        Statement::Let { value, .. } => value.as_ref().is_some_and(|v| v.diverges),
        Statement::Expr(e, _) => e.diverges,
        Statement::Item(_) | Statement::Shared(..) => false,
    }
}

/// A type, of values being traced.
pub fn ty(t: &Type) -> TokenStream {
    match t {
        Type::Scalar(t) => quote!(::lazuli::Expr<#t>),
        Type::Infer(span) => quote_spanned!(*span=> _),
        Type::Tuple(parts, span) => {
            let parts = parts.iter().map(ty);
            quote_spanned!(*span=> (#(#parts,)*))
        }
    }
}
