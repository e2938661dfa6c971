//! Calls: methods of scalars, and other vectorised functions.

use crate::ast::{Expr, Kind};
use crate::body::{Reader, expr};
use crate::methods::{hint, method};
use crate::refuse::{self, at};
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Result, UnOp};

impl Reader<'_> {
    /// A method of a scalar.
    pub fn method(&mut self, m: &syn::ExprMethodCall) -> Result<Expr> {
        let (name, span) = (m.method.to_string(), m.method.span());
        if let Some(turbofish) = &m.turbofish {
            return at(turbofish, "methods of scalars have no type arguments: leave this out");
        }
        let power = name == "powi" || name == "pow";
        let x = self.expr(&m.receiver)?;
        if power && m.args.len() == 1 {
            if let Some(exponent) = self.exponent(&m.args[0]) {
                let exponent = if name == "powi" {
                    exponent
                } else {
                    // Of integers; Rust's type for it is `u32`.
                    quote::quote_spanned!(span=> { let n: u32 = #exponent; n as i32 })
                };
                return Ok(expr(Kind::Power(Box::new(x), exponent), span));
            }
            if name == "powi" {
                return at(
                    &m.args[0],
                    "the exponent of `powi` is part of the code, a literal or a constant: use `powf`, or a loop",
                );
            }
        }
        let (arguments, function) = match method(&name) {
            Some(m) => (m.arguments, m.function),
            None if name == "pow" => (1, "pow"),
            None if name == "powi" => (1, "powi"),
            None => {
                let hint = hint(&name);
                return at(&m.method, format!("`{name}` is no method of scalars that arrays have too{hint}"));
            }
        };
        if m.args.len() != arguments {
            let given = m.args.len();
            return at(&m.method, format!("`{name}` takes {arguments} arguments, not {given}"));
        }
        let mut all = vec![x];
        for argument in &m.args {
            all.push(self.expr(argument)?);
        }
        Ok(expr(Kind::Function(function, all), span))
    }

    /// The exponent of `powi`, if it is constant.
    fn exponent(&self, e: &syn::Expr) -> Option<TokenStream> {
        let constant = match e {
            syn::Expr::Lit(l) => matches!(l.lit, syn::Lit::Int(_)),
            syn::Expr::Unary(u) if matches!(u.op, UnOp::Neg(_)) => self.exponent(&u.expr).is_some(),
            syn::Expr::Paren(p) => self.exponent(&p.expr).is_some(),
            syn::Expr::Path(p) => p.path.get_ident().is_none_or(|name| self.local(name).is_none()),
            _ => false,
        };
        constant.then(|| e.to_token_stream())
    }

    /// A call of a function.
    pub fn call(&mut self, c: &syn::ExprCall) -> Result<Expr> {
        let syn::Expr::Path(f) = &*c.func else {
            return at(&c.func, "only functions with a name can be called");
        };
        let name = f.path.get_ident();
        if let Some(name) = name
            && self.local(name).is_some()
        {
            return at(name, "functions cannot be values here: call a vectorised function by its name");
        }
        if name.is_some_and(|name| name == self.name) {
            return at(&name, "a vectorised function cannot call itself: write a loop");
        }
        if let Some("Some" | "Ok" | "Err") = name.map(|n| n.to_string()).as_deref() {
            return at(&name, "there are no options here: give a tuple of a value and a `bool`");
        }
        let span = f.path.segments.last().map_or(c.span(), |s| s.ident.span());
        if let Some(e) = self.associated(c, &f.path, span)? {
            return Ok(e);
        }
        if c.args.is_empty() {
            return at(&c.func, "a function without arguments is a constant: write one");
        }
        let arguments: Vec<Expr> = c.args.iter().map(|a| self.expr(a)).collect::<Result<_>>()?;
        let mut path = f.clone();
        let last = path.path.segments.last_mut().map(|s| &mut s.arguments);
        if let Some(syn::PathArguments::AngleBracketed(types)) = last {
            // The kinds of the arguments are parameters too.
            types.args.extend(arguments.iter().map(|_| -> syn::GenericArgument { syn::parse_quote!(_) }));
        }
        Ok(expr(Kind::Call(path.to_token_stream(), arguments), span))
    }

    /// A call of a function that belongs to a type: `f64::from(x)`, `f32::max(x, y)`, `T::one()`.
    fn associated(&mut self, c: &syn::ExprCall, path: &syn::Path, span: Span) -> Result<Option<Expr>> {
        let [ty, function] = &path.segments.iter().collect::<Vec<_>>()[..] else { return Ok(None) };
        let (of, name) = (ty.ident.to_string(), function.ident.to_string());
        if !refuse::is_scalar_name(&of) && !self.generics.contains(&of) {
            return Ok(None);
        }
        let ty: syn::Type = syn::Type::Path(syn::TypePath { qself: None, path: ty.ident.clone().into() });
        if c.args.is_empty() && (name == "one" || name == "default") {
            return Ok(Some(expr(Kind::Constant(c.to_token_stream()), span)));
        }
        let mut arguments: Vec<Expr> = c.args.iter().map(|a| self.expr(a)).collect::<Result<_>>()?;
        if name == "from" && arguments.len() == 1 {
            let x = Box::new(arguments.remove(0));
            return Ok(Some(expr(Kind::Cast(x, ty), span)));
        }
        match method(&name) {
            Some(m) if m.arguments + 1 == arguments.len() => {
                // So that a literal there has this type.
                let first = arguments.remove(0);
                let at = first.span;
                arguments.insert(0, expr(Kind::Typed(Box::new(first), ty), at));
                Ok(Some(expr(Kind::Function(m.function, arguments), span)))
            }
            _ => {
                let hint = hint(&name);
                at(&function.ident, format!("`{of}::{name}` is not known in a vectorised function{hint}"))
            }
        }
    }
}
