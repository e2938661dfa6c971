//! Reads a body: statements and expressions become [`crate::ast`], or an error at their tokens.
//!
//! Names are resolved here, because the traced expansion reads a variable by a call. Whether an
//! expression is ever left at its end is found here too, because there a value is needed only
//! where somebody arrives.

use crate::ast::*;
use crate::methods::{hint, method};
use crate::refuse::{self, at, here};
use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use std::collections::HashMap;
use syn::spanned::Spanned;
use syn::{BinOp, Error, Result, UnOp};

/// A loop around what is read.
struct Around {
    label: Option<String>,
    number: usize,
    /// Of a labelled block, which `break` and `continue` without a label pass by.
    block: bool,
    gives: bool,
    broken: bool,
}

/// What a local name stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// A value.
    Value,
    /// A variable.
    Variable,
    /// An array of a kernel; may it be written?
    Array(bool),
}

/// Reads a body.
pub struct Reader<'a> {
    /// The function's name, which it must not call.
    name: &'a Ident,
    /// The type parameters, by name.
    generics: &'a [String],
    /// Is it a kernel, with what only these have?
    pub kernel: bool,
    /// Has the kernel a shared array whose length the launch gives?
    pub dynamic: bool,
    /// Names in scope.
    scopes: Vec<HashMap<String, Name>>,
    around: Vec<Around>,
    loops: usize,
    /// How many `return`s were there?
    pub returns: usize,
}

impl<'a> Reader<'a> {
    /// A reader of the function of this name.
    pub fn new(name: &'a Ident, generics: &'a [String]) -> Reader<'a> {
        let scopes = vec![HashMap::new()];
        Reader {
            name,
            generics,
            kernel: false,
            dynamic: false,
            scopes,
            around: Vec::new(),
            loops: 0,
            returns: 0,
        }
    }

    /// Brings a name into scope.
    pub fn declare(&mut self, name: &Ident, mutable: bool) {
        self.declare_as(name, if mutable { Name::Variable } else { Name::Value });
    }

    /// Brings a name of any kind into scope.
    pub fn declare_as(&mut self, name: &Ident, kind: Name) {
        self.scopes.last_mut().expect("a scope").insert(name.to_string(), kind);
    }

    /// What a local name stands for.
    pub fn named(&self, name: &Ident) -> Option<Name> {
        let name = name.to_string();
        self.scopes.iter().rev().find_map(|scope| scope.get(&name).copied())
    }

    /// Is it a variable, if it is a local name?
    fn local(&self, name: &Ident) -> Option<bool> {
        self.named(name).map(|kind| kind == Name::Variable)
    }

    fn scoped<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.scopes.push(HashMap::new());
        let result = f(self);
        self.scopes.pop();
        result
    }

    /// A block. All that is wrong in it is told at once.
    pub fn block(&mut self, block: &syn::Block) -> Result<Block> {
        self.scoped(|r| {
            let (mut statements, mut value, mut errors) = (Vec::new(), None, None::<Error>);
            let mut diverges = false;
            for (n, statement) in block.stmts.iter().enumerate() {
                let last = n + 1 == block.stmts.len();
                match r.statement(statement) {
                    Ok(Statement::Expr(e, false)) if last => {
                        diverges |= e.diverges;
                        value = Some(Box::new(e));
                    }
                    Ok(statement) => {
                        diverges |= match &statement {
                            Statement::Let { value, .. } => value.as_ref().is_some_and(|v| v.diverges),
                            Statement::Expr(e, _) => e.diverges,
                            Statement::Item(_) | Statement::Shared(..) => false,
                        };
                        statements.push(statement);
                    }
                    Err(e) => refuse::also(&mut errors, e),
                }
            }
            match errors {
                Some(errors) => Err(errors),
                None => Ok(Block { statements, value, diverges, span: block.brace_token.span.join() }),
            }
        })
    }

    fn statement(&mut self, statement: &syn::Stmt) -> Result<Statement> {
        match statement {
            syn::Stmt::Local(local) => {
                attributes(&local.attrs)?;
                if self.kernel
                    && let Some(shared) = self.shared_array(local)?
                {
                    return Ok(shared);
                }
                let value = match &local.init {
                    None => None,
                    Some(init) => {
                        if let Some((or_else, _)) = &init.diverge {
                            return at(or_else, "`let ... else` is not known: use `match` or `if`");
                        }
                        Some(self.expr(&init.expr)?)
                    }
                };
                let (pattern, ty) = self.bindings(&local.pat, value.is_none())?;
                if value.is_none() && !matches!(pattern, Pattern::Bind(..)) {
                    return at(&local.pat, "a name alone can be given its value later");
                }
                Ok(Statement::Let { pattern, ty, value })
            }
            syn::Stmt::Expr(e, semicolon) => Ok(Statement::Expr(self.expr(e)?, semicolon.is_some())),
            syn::Stmt::Macro(m) => {
                let name = m.mac.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
                let words = if self.kernel { crate::kernel::macro_words } else { refuse::macro_words };
                at(&m.mac.path, words(&name))
            }
            syn::Stmt::Item(item) => match item {
                syn::Item::Const(_) | syn::Item::Use(_) => Ok(Statement::Item(item.to_token_stream())),
                syn::Item::Fn(f) => at(&f.sig.fn_token, refuse::NESTED),
                syn::Item::Static(s) => at(&s.static_token, "a `static` could change: write `const`"),
                syn::Item::Macro(m) => at(&m.mac.path, refuse::macro_words("")),
                _ => at(item, "only `const` and `use` can stand here: write other items outside"),
            },
        }
    }

    /// An expression in a scope of its own.
    fn boxed(&mut self, e: &syn::Expr) -> Result<Box<Expr>> {
        Ok(Box::new(self.expr(e)?))
    }

    /// An expression.
    pub fn expr(&mut self, e: &syn::Expr) -> Result<Expr> {
        let span = e.span();
        if self.kernel
            && let Some(kind) = self.of_threads(e)?
        {
            return Ok(expr(kind, span));
        }
        let kind = match e {
            syn::Expr::Lit(l) => self.literal(l)?,
            syn::Expr::Paren(p) => return self.expr(&p.expr),
            syn::Expr::Group(g) => return self.expr(&g.expr),
            syn::Expr::Path(p) => self.path(p)?,
            syn::Expr::Unary(u) => return self.unary(u),
            syn::Expr::Binary(b) => return self.binary(b),
            syn::Expr::MethodCall(m) => return self.method(m),
            syn::Expr::Call(c) => return self.call(c),
            syn::Expr::Cast(c) => {
                refuse::scalar_type(&c.ty)?;
                match self.expr(&c.expr)? {
                    Expr { kind: Kind::Constant(path), .. } if self.is_plain(&c.ty) => {
                        Kind::ConstantCast(path, (*c.ty).clone())
                    }
                    inner => Kind::Cast(Box::new(inner), (*c.ty).clone()),
                }
            }
            syn::Expr::If(i) => return self.if_(i),
            syn::Expr::Match(m) => return self.match_(m),
            syn::Expr::Block(b) => match &b.label {
                None => Kind::Block(self.block(&b.block)?),
                Some(label) => {
                    let (kind, body) = (LoopKind::Once, &b.block);
                    return self.turns(Some(label), label.name.ident.span(), kind, body, None);
                }
            },
            syn::Expr::Loop(l) => {
                let span = l.loop_token.span;
                return self.turns(l.label.as_ref(), span, LoopKind::Forever, &l.body, None);
            }
            syn::Expr::While(w) => {
                let (span, cond) = (w.while_token.span, self.boxed(&w.cond)?);
                return self.turns(w.label.as_ref(), span, LoopKind::While(cond), &w.body, None);
            }
            syn::Expr::ForLoop(f) => {
                let counting = Box::new(self.counting(&f.expr)?);
                let span = f.for_token.span;
                return self.turns(f.label.as_ref(), span, LoopKind::For(counting), &f.body, Some(&f.pat));
            }
            syn::Expr::Tuple(t) if t.elems.is_empty() => return at(e, "`()` is no value"),
            syn::Expr::Tuple(t) => Kind::Tuple(t.elems.iter().map(|e| self.expr(e)).collect::<Result<_>>()?),
            syn::Expr::Field(f) => match &f.member {
                syn::Member::Unnamed(index) => Kind::Field(self.boxed(&f.base)?, index.clone()),
                syn::Member::Named(name) => {
                    self.expr(&f.base)?;
                    return at(
                        name,
                        "there are no structs in here: use a tuple, or a variable for each value",
                    );
                }
            },
            syn::Expr::Assign(a) => {
                let value = self.boxed(&a.right)?;
                Kind::Assign(self.place(&a.left)?, value)
            }
            syn::Expr::Break(b) => {
                let value = b.expr.as_deref().map(|e| self.boxed(e)).transpose()?;
                let target = self.target(b.label.as_ref(), b.break_token.span)?;
                target.broken = true;
                target.gives |= value.is_some();
                Kind::Break(target.number, value)
            }
            syn::Expr::Continue(c) => {
                let target = self.target(c.label.as_ref(), c.continue_token.span)?;
                if target.block {
                    return at(c, "a labelled block has no next turn: `break` it");
                }
                Kind::Continue(target.number)
            }
            syn::Expr::Return(r) => {
                let Some(value) = &r.expr else { return at(r, "give a value: `return x;`") };
                self.returns += 1;
                Kind::Return(self.boxed(value)?)
            }
            _ => return refuse::expression(e),
        };
        Ok(expr(kind, span))
    }

    fn literal(&self, l: &syn::ExprLit) -> Result<Kind> {
        let suffix = match &l.lit {
            syn::Lit::Int(i) => i.suffix(),
            syn::Lit::Float(f) => f.suffix(),
            syn::Lit::Bool(_) | syn::Lit::Byte(_) => "",
            _ => return at(l, refuse::STRING),
        };
        if !suffix.is_empty() {
            refuse::scalar_type(&syn::parse_str(suffix)?).map_err(|e| Error::new(l.span(), e))?;
        }
        Ok(match &l.lit {
            syn::Lit::Float(_) if suffix.is_empty() && !self.generics.is_empty() => {
                Kind::Number(l.to_token_stream())
            }
            _ => Kind::Literal(l.to_token_stream()),
        })
    }

    fn path(&self, p: &syn::ExprPath) -> Result<Kind> {
        if let Some(name) = p.path.get_ident()
            && let Some(mutable) = self.local(name)
        {
            return Ok(Kind::Local(name.clone(), mutable));
        }
        match p.path.segments.first().map(|s| s.ident.to_string()).as_deref() {
            Some("self") => at(p, "there is no `self`: pass what is needed as an argument"),
            Some("Self") => at(p, "write the type's name in place of `Self`"),
            Some("None") => at(p, "there are no options here: give a tuple of a value and a `bool`"),
            _ => Ok(Kind::Constant(p.to_token_stream())),
        }
    }

    /// Is it a type that Rust's own `as` converts to?
    fn is_plain(&self, ty: &syn::Type) -> bool {
        matches!(ty, syn::Type::Path(p) if p.path.get_ident().is_some_and(|i| {
            refuse::is_scalar_name(&i.to_string()) && i != "bool" && i != "f16" && i != "bf16"
        }))
    }

    fn unary(&mut self, u: &syn::ExprUnary) -> Result<Expr> {
        let span = u.op.span();
        let name = match u.op {
            UnOp::Neg(_) => "neg",
            UnOp::Not(_) => "not",
            _ => return at(&u.op, "there are no references in here: leave the `*` out"),
        };
        // The smallest integer is a literal only with its sign.
        if let (UnOp::Neg(_), syn::Expr::Lit(l)) = (&u.op, &*u.expr)
            && matches!(&l.lit, syn::Lit::Int(_))
            && let Kind::Literal(digits) = self.literal(l)?
        {
            let minus = &u.op;
            return Ok(expr(Kind::Literal(quote::quote!(#minus #digits)), span));
        }
        let x = self.expr(&u.expr)?;
        Ok(expr(Kind::Function(name, vec![x]), span))
    }

    fn binary(&mut self, b: &syn::ExprBinary) -> Result<Expr> {
        let span = b.op.span();
        if let Some(name) = compound(&b.op) {
            let value = self.boxed(&b.right)?;
            let place = self.place(&b.left)?;
            if !matches!(place, Place::Variable(..) | Place::Element(..)) {
                return at(&b.left, "this cannot be assigned");
            }
            return Ok(expr(Kind::Compound(name, place, value), span));
        }
        let (left, right) = (self.expr(&b.left)?, self.expr(&b.right)?);
        let name = match b.op {
            BinOp::And(_) if is_plain(&b.right) => "and",
            BinOp::Or(_) if is_plain(&b.right) => "or",
            BinOp::And(_) | BinOp::Or(_) => {
                let and = matches!(b.op, BinOp::And(_));
                return Ok(expr(Kind::Logic(and, Box::new(left), Box::new(right)), span));
            }
            BinOp::Add(_) => "add",
            BinOp::Sub(_) => "sub",
            BinOp::Mul(_) => "mul",
            BinOp::Div(_) => "div",
            BinOp::Rem(_) => "rem",
            BinOp::BitAnd(_) => "and",
            BinOp::BitOr(_) => "or",
            BinOp::BitXor(_) => "xor",
            BinOp::Shl(_) => "shl",
            BinOp::Shr(_) => "shr",
            BinOp::Eq(_) => "eq",
            BinOp::Ne(_) => "ne",
            BinOp::Lt(_) => "lt",
            BinOp::Le(_) => "le",
            BinOp::Gt(_) => "gt",
            BinOp::Ge(_) => "ge",
            _ => return at(&b.op, "this operator is not known in a vectorised function"),
        };
        Ok(expr(Kind::Function(name, vec![left, right]), span))
    }

    fn method(&mut self, m: &syn::ExprMethodCall) -> Result<Expr> {
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

    fn call(&mut self, c: &syn::ExprCall) -> Result<Expr> {
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

    fn if_(&mut self, i: &syn::ExprIf) -> Result<Expr> {
        let cond = self.boxed(&i.cond)?;
        let then = self.block(&i.then_branch)?;
        let other = match &i.else_branch {
            None => None,
            Some((_, e)) => Some(self.boxed(e)?),
        };
        Ok(expr(Kind::If(cond, then, other), i.if_token.span))
    }

    fn match_(&mut self, m: &syn::ExprMatch) -> Result<Expr> {
        let value = self.boxed(&m.expr)?;
        if m.arms.is_empty() {
            return at(&m.match_token, "a `match` without arms");
        }
        let (mut arms, mut errors) = (Vec::new(), None::<Error>);
        for arm in &m.arms {
            let read = self.scoped(|r| {
                attributes(&arm.attrs)?;
                let test = r.test(&arm.pat)?;
                let guard = arm.guard.as_ref().map(|(_, g)| r.expr(g)).transpose()?;
                Ok(Arm { test, guard, body: r.expr(&arm.body)? })
            });
            match read {
                Ok(arm) => arms.push(arm),
                Err(e) => refuse::also(&mut errors, e),
            }
        }
        if let Some(errors) = errors {
            return Err(errors);
        }
        Ok(expr(Kind::Match(value, arms), m.match_token.span))
    }

    /// What a `for` goes over.
    fn counting(&mut self, e: &syn::Expr) -> Result<Counting> {
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
                            return at(&m.method, "one step is enough");
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
    fn turns(
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
    fn target(&mut self, label: Option<&syn::Lifetime>, span: Span) -> Result<&mut Around> {
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

    /// What stands to the left of `=`.
    fn place(&mut self, e: &syn::Expr) -> Result<Place> {
        match e {
            syn::Expr::Infer(_) => Ok(Place::Wild),
            syn::Expr::Paren(p) => self.place(&p.expr),
            syn::Expr::Tuple(t) => {
                Ok(Place::Tuple(t.elems.iter().map(|e| self.place(e)).collect::<Result<_>>()?))
            }
            syn::Expr::Field(f) => match (&f.member, self.place(&f.base)?) {
                (syn::Member::Unnamed(index), Place::Variable(name, mut path)) => {
                    path.push(index.clone());
                    Ok(Place::Variable(name, path))
                }
                _ => at(e, "this cannot be assigned"),
            },
            syn::Expr::Path(p) => match p.path.get_ident().map(|name| (name, self.local(name))) {
                Some((name, Some(true))) => Ok(Place::Variable(name.clone(), Vec::new())),
                Some((name, Some(false))) => {
                    at(name, format!("`{name}` cannot be assigned twice: write `let mut {name}`"))
                }
                _ => at(p, "only variables of the function can be assigned"),
            },
            syn::Expr::Index(i) if self.kernel => self.element(i),
            syn::Expr::Index(_) => refuse::expression(e),
            syn::Expr::Unary(u) => at(&u.op, "there are no references in here: leave the `*` out"),
            _ => at(e, "this cannot be assigned"),
        }
    }
}

/// Attributes inside of a body: lints alone.
fn attributes(attributes: &[syn::Attribute]) -> Result<()> {
    match attributes.iter().find(|a| !["allow", "expect", "warn"].iter().any(|n| a.path().is_ident(n))) {
        Some(a) => at(a, "attributes are not known inside of a vectorised function"),
        None => Ok(()),
    }
}

/// Can it be computed where Rust would not, because it changes nothing and always ends?
fn is_plain(e: &syn::Expr) -> bool {
    match e {
        syn::Expr::Lit(_) | syn::Expr::Path(_) => true,
        syn::Expr::Paren(p) => is_plain(&p.expr),
        syn::Expr::Group(g) => is_plain(&g.expr),
        syn::Expr::Unary(u) => is_plain(&u.expr),
        syn::Expr::Cast(c) => is_plain(&c.expr),
        syn::Expr::Field(f) => is_plain(&f.base),
        syn::Expr::Binary(b) => compound(&b.op).is_none() && is_plain(&b.left) && is_plain(&b.right),
        syn::Expr::MethodCall(m) => {
            let changes = m.method.to_string().starts_with("atomic_");
            !changes && is_plain(&m.receiver) && m.args.iter().all(is_plain)
        }
        _ => false,
    }
}

/// The function behind `+=` and its like.
fn compound(op: &BinOp) -> Option<&'static str> {
    Some(match op {
        BinOp::AddAssign(_) => "add",
        BinOp::SubAssign(_) => "sub",
        BinOp::MulAssign(_) => "mul",
        BinOp::DivAssign(_) => "div",
        BinOp::RemAssign(_) => "rem",
        BinOp::BitAndAssign(_) => "and",
        BinOp::BitOrAssign(_) => "or",
        BinOp::BitXorAssign(_) => "xor",
        BinOp::ShlAssign(_) => "shl",
        BinOp::ShrAssign(_) => "shr",
        _ => return None,
    })
}

/// An expression, which diverges where a part of it that is always evaluated does.
fn expr(kind: Kind, span: Span) -> Expr {
    let diverges = match &kind {
        Kind::Literal(_) | Kind::Number(_) | Kind::Constant(_) | Kind::Local(..) => false,
        Kind::ConstantCast(..) | Kind::Loop(_) => false,
        Kind::Function(_, all) | Kind::Call(_, all) | Kind::Tuple(all) | Kind::Thread(_, _, all) => {
            all.iter().any(|e| e.diverges)
        }
        Kind::Power(e, _) | Kind::Cast(e, _) | Kind::Typed(e, _) | Kind::Field(e, _) => e.diverges,
        Kind::Logic(_, left, _) => left.diverges,
        Kind::If(cond, then, other) => {
            cond.diverges || (then.diverges && other.as_ref().is_some_and(|e| e.diverges))
        }
        Kind::Match(value, arms) => value.diverges || arms.iter().all(|a| a.body.diverges),
        Kind::Block(b) => b.diverges,
        Kind::Assign(_, e) | Kind::Compound(_, _, e) => e.diverges,
        Kind::Break(..) | Kind::Continue(_) | Kind::Return(_) | Kind::Leave => true,
    };
    Expr { kind, span, diverges }
}
