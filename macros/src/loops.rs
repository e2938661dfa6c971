//! Loops: what a `for` counts, and what `break` and `continue` mean.

use crate::ast::{Counting, Expr, Kind, Loop, LoopKind, Pattern};
use crate::body::Reader;
use crate::refuse::{at, here};
use proc_macro2::Span;
use quote::ToTokens;
use syn::Result;
use syn::spanned::Spanned;

/// A loop around what is read.
pub struct Around {
    label: Option<String>,
    pub number: usize,
    /// Of a labelled block, which `break` and `continue` without a label pass by.
    pub block: bool,
    pub gives: bool,
    pub broken: bool,
}

impl Reader<'_> {
    /// What a `for` goes over.
    pub fn counting(&mut self, e: &syn::Expr) -> Result<Counting> {
        match e {
            syn::Expr::Paren(p) => self.counting(&p.expr),
            syn::Expr::Range(r) => {
                let (Some(from), Some(to)) = (&r.start, &r.end) else {
                    return at(r, "a `for` needs both ends: `a..b`; without one, use `loop`");
                };
                let small = matches!(&**to, syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(i), .. })
                    if i.base10_parse::<u8>().is_ok_and(|n| n < 127));
                let inclusive = matches!(r.limits, syn::RangeLimits::Closed(_));
                let (from, to) = (self.expr(from)?, self.expr(to)?);
                let span = r.limits.span();
                Ok(Counting {
                    pattern: Pattern::Wild(span),
                    from,
                    to,
                    inclusive,
                    reversed: false,
                    step: None,
                    small,
                    span,
                })
            }
            syn::Expr::MethodCall(m) if m.method == "rev" && m.args.is_empty() => {
                let mut inner = self.counting(&m.receiver)?;
                if inner.step.is_some() {
                    return at(&m.method, "the other way around: `.rev().step_by(n)`, or use `while`");
                }
                inner.reversed = !inner.reversed;
                Ok(inner)
            }
            syn::Expr::MethodCall(m) if m.method == "step_by" && m.args.len() == 1 => {
                let mut inner = self.counting(&m.receiver)?;
                match &m.args[0] {
                    syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(i), .. })
                        if i.suffix().is_empty() && i.base10_parse::<u64>().is_ok_and(|n| n > 0) =>
                    {
                        if inner.step.is_some() {
                            return at(&m.method, "one step is enough: write the product of both");
                        }
                        inner.step = Some(i.to_token_stream());
                        Ok(inner)
                    }
                    other => at(other, "a step is a literal above 0 here: use `while` for others"),
                }
            }
            _ => at(
                e,
                "a `for` goes over ranges, `a..b` and `a..=b`, with `.rev()` and `.step_by(n)`: use `while` for others",
            ),
        }
    }

    /// A loop, whose body is read inside.
    pub fn turns(
        &mut self,
        label: Option<&syn::Label>,
        span: Span,
        mut kind: LoopKind,
        body: &syn::Block,
        counter: Option<&syn::Pat>,
    ) -> Result<Expr> {
        let number = self.loops;
        self.loops += 1;
        self.around.push(Around {
            label: label.map(|l| l.name.ident.to_string()),
            number,
            block: matches!(kind, LoopKind::Once),
            gives: false,
            broken: false,
        });
        let body = self.scoped(|r| {
            if let (LoopKind::For(counting), Some(pat)) = (&mut kind, counter) {
                counting.pattern = r.bindings(pat, false)?.0;
            }
            r.block(body)
        });
        let Around { gives, broken, .. } = self.around.pop().expect("pushed above");
        let body = body?;
        let diverges = match &kind {
            LoopKind::Forever => !broken,
            LoopKind::Once => !broken && body.diverges,
            LoopKind::While(_) | LoopKind::For(_) => false,
        };
        let l = Loop { number, span, kind, body, gives };
        Ok(Expr { kind: Kind::Loop(Box::new(l)), span, diverges })
    }

    /// The loop that a `break` or `continue` means.
    pub fn target(&mut self, label: Option<&syn::Lifetime>, span: Span) -> Result<&mut Around> {
        let found = match label {
            Some(label) => {
                let name = label.ident.to_string();
                self.around.iter_mut().rev().find(|a| a.label.as_deref() == Some(&name))
            }
            None => self.around.iter_mut().rev().find(|a| !a.block),
        };
        match found {
            Some(target) => Ok(target),
            None if label.is_some() => here(span, "there is no loop of this label around"),
            None => here(span, "there is no loop around"),
        }
    }
}
