//! Patterns: what `let` and `for` bind, and what `match` asks.

use crate::ast::{Pattern, Test, Type};
use crate::body::Reader;
use crate::refuse::{self, at};
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Expr, Lit, Pat, RangeLimits, Result};

impl Reader<'_> {
    /// The pattern of a `let`, and the type behind it. Its names are in scope afterwards.
    pub fn bindings(&mut self, pat: &Pat, assigned: bool) -> Result<(Pattern, Option<Type>)> {
        match pat {
            Pat::Type(typed) => {
                let (pattern, _) = self.bindings(&typed.pat, assigned)?;
                Ok((pattern, Some(annotation(&typed.ty)?)))
            }
            Pat::Wild(_) => Ok((Pattern::Wild(pat.span()), None)),
            Pat::Ident(p) => {
                if let Some(by_ref) = &p.by_ref {
                    return at(by_ref, "there are no references in here: leave `ref` out");
                }
                if let Some((sign, _)) = &p.subpat {
                    return at(sign, "`@` is known in `match` only");
                }
                let mutable = assigned || p.mutability.is_some();
                self.declare(&p.ident, mutable);
                Ok((Pattern::Bind(p.ident.clone(), p.mutability.is_some()), None))
            }
            Pat::Tuple(t) => {
                let parts = t.elems.iter().map(|p| match p {
                    Pat::Rest(rest) => at(rest, "name each value, or write `_` for it"),
                    p => Ok(self.bindings(p, assigned)?.0),
                });
                Ok((Pattern::Tuple(parts.collect::<Result<_>>()?, t.span()), None))
            }
            Pat::Paren(p) => self.bindings(&p.pat, assigned),
            Pat::Reference(_) => at(pat, "there are no references in here: leave the `&` out"),
            Pat::Struct(_) | Pat::TupleStruct(_) => {
                at(pat, "there are no structs in here: bind a name, or a tuple of names")
            }
            Pat::Slice(_) => at(pat, "there are no slices in here: bind a tuple of names"),
            _ => at(pat, "only names, `_` and tuples of these can be bound: use `match` to choose"),
        }
    }

    /// The pattern of an arm. Its names are in scope afterwards.
    pub fn test(&mut self, pat: &Pat) -> Result<Test> {
        let span = pat.span();
        Ok(match pat {
            Pat::Wild(_) => Test::Wild(span),
            Pat::Paren(p) => self.test(&p.pat)?,
            Pat::Ident(p) => {
                if let Some(by_ref) = &p.by_ref {
                    return at(by_ref, "there are no references in here: leave `ref` out");
                }
                let inner = match &p.subpat {
                    Some((_, inner)) => Some(Box::new(self.test(inner)?)),
                    None => None,
                };
                let constant = p.ident.to_string().starts_with(|c: char| c.is_uppercase());
                if inner.is_none() && p.mutability.is_none() && constant {
                    return Ok(Test::Equal(p.ident.to_token_stream(), span));
                }
                self.declare(&p.ident, p.mutability.is_some());
                Test::Bind(p.ident.clone(), p.mutability.is_some(), inner)
            }
            Pat::Lit(l) => Test::Equal(self.bound(&Expr::Lit(l.clone()))?, span),
            Pat::Path(p) => Test::Equal(p.to_token_stream(), span),
            Pat::Range(r) => {
                let inclusive = matches!(r.limits, RangeLimits::Closed(_));
                let from = r.start.as_deref().map(|e| self.bound(e)).transpose()?;
                let to = r.end.as_deref().map(|e| self.bound(e)).transpose()?;
                Test::Range(from, to, inclusive, span)
            }
            Pat::Or(o) => {
                Test::Any(o.cases.iter().map(|p| self.alternative(p)).collect::<Result<_>>()?, span)
            }
            Pat::Tuple(t) => {
                let parts = t.elems.iter().map(|p| match p {
                    Pat::Rest(rest) => at(rest, "write a pattern for each value, or `_`"),
                    p => self.test(p),
                });
                Test::Tuple(parts.collect::<Result<_>>()?, span)
            }
            Pat::Reference(_) => return at(pat, "there are no references in here: leave the `&` out"),
            Pat::Slice(_) => return at(pat, "there are no slices in here: match a tuple"),
            Pat::Struct(_) | Pat::TupleStruct(_) => {
                return at(pat, "only integers, `bool`s and tuples of these can be matched");
            }
            Pat::Macro(m) => return at(&m.mac.path, refuse::macro_words("")),
            _ => return at(pat, "this pattern is not known in a vectorised function"),
        })
    }

    /// One of several patterns, which bind nothing.
    fn alternative(&mut self, pat: &Pat) -> Result<Test> {
        let test = self.test(pat)?;
        if binds(&test) {
            return at(pat, "a pattern with `|` cannot bind names: use a guard (`n if n == 1 || n == 2`)");
        }
        Ok(test)
    }

    /// A constant of a pattern.
    fn bound(&self, e: &Expr) -> Result<TokenStream> {
        if let Expr::Lit(l) = e {
            match &l.lit {
                Lit::Float(_) => return at(l, "floats cannot be matched: use `if`"),
                Lit::Str(_) | Lit::Char(_) | Lit::ByteStr(_) | Lit::CStr(_) => {
                    return at(l, refuse::STRING);
                }
                _ => {}
            }
        }
        Ok(e.to_token_stream())
    }
}

fn binds(test: &Test) -> bool {
    match test {
        Test::Bind(..) => true,
        Test::Any(all, _) | Test::Tuple(all, _) => all.iter().any(binds),
        Test::Wild(_) | Test::Equal(..) | Test::Range(..) => false,
    }
}

/// The type of an annotation.
pub fn annotation(ty: &syn::Type) -> Result<Type> {
    match ty {
        syn::Type::Infer(_) => Ok(Type::Infer(ty.span())),
        syn::Type::Paren(p) => annotation(&p.elem),
        syn::Type::Group(p) => annotation(&p.elem),
        syn::Type::Tuple(t) if !t.elems.is_empty() => {
            Ok(Type::Tuple(t.elems.iter().map(annotation).collect::<Result<_>>()?, ty.span()))
        }
        _ => {
            refuse::scalar_type(ty)?;
            Ok(Type::Scalar(ty.clone()))
        }
    }
}
