//! Reads a body: statements and expressions become [`crate::ast`], or an error at their tokens.
//!
//! Names are resolved here, because the traced expansion reads a variable by a call. Whether an
//! expression is ever left at its end is found here too, because there a value is needed only
//! where somebody arrives.

use crate::ast::*;
use crate::loops::Around;
use crate::refuse::{self, at};
use proc_macro2::{Ident, Span};
use quote::ToTokens;
use std::collections::HashMap;
use syn::spanned::Spanned;
use syn::{BinOp, Error, Result, UnOp};

/// What a local name stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// A value.
    Value,
    /// A variable.
    Variable,
    /// An array of a kernel; may it be written?
    Array(bool),
    /// The window of this number of a stencil.
    Window(usize),
    /// An inner array of a generalised function.
    Inner {
        /// How many axes it has.
        axes: usize,
        /// May it be written?
        writable: bool,
    },
}

/// Reads a body.
pub struct Reader<'a> {
    /// The function's name, which it must not call.
    pub name: &'a Ident,
    /// The type parameters, by name.
    pub generics: &'a [String],
    /// Is it a kernel, with what only these have?
    pub kernel: bool,
    /// If it is a stencil: for each axis of its windows, whether a constant stands beyond the edges.
    pub edges: Option<Vec<bool>>,
    /// Is it a generalised function, with inner arrays?
    pub inner: bool,
    /// Has the kernel a shared array whose length the launch gives?
    pub dynamic: bool,
    /// Names in scope.
    scopes: Vec<HashMap<String, Name>>,
    pub around: Vec<Around>,
    pub loops: usize,
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
            edges: None,
            inner: false,
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
    pub fn local(&self, name: &Ident) -> Option<bool> {
        self.named(name).map(|kind| kind == Name::Variable)
    }

    pub fn scoped<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
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
                let words = match (self.kernel, self.inner) {
                    (true, _) => crate::kernel::macro_words,
                    (_, true) => crate::generalized::macro_words,
                    _ => refuse::macro_words,
                };
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
    pub fn boxed(&mut self, e: &syn::Expr) -> Result<Box<Expr>> {
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
        if self.inner
            && let Some(kind) = self.of_inner(e)?
        {
            return Ok(expr(kind, span));
        }
        if self.edges.is_some()
            && let Some(kind) = self.of_windows(e)?
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
            if !matches!(place, Place::Variable(..) | Place::Element(..) | Place::Inner(..)) {
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
            return at(
                &m.match_token,
                "a `match` without arms: write one for each case, `_ => x` for the rest",
            );
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

    /// What stands to the left of `=`.
    fn place(&mut self, e: &syn::Expr) -> Result<Place> {
        if self.inner
            && let Some(place) = self.inner_place(e)?
        {
            return Ok(place);
        }
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
            syn::Expr::Index(_) if self.edges.is_some() => {
                at(e, "windows are only read: what a stencil gives is its value")
            }
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
pub fn expr(kind: Kind, span: Span) -> Expr {
    let diverges = match &kind {
        Kind::Literal(_) | Kind::Number(_) | Kind::Constant(_) | Kind::Local(..) => false,
        Kind::ConstantCast(..) | Kind::Loop(_) | Kind::Window(..) | Kind::Extent(_) => false,
        Kind::Function(_, all) | Kind::Call(_, all) | Kind::Tuple(all) => all.iter().any(|e| e.diverges),
        Kind::Thread(_, _, all) | Kind::Inner(_, all) => all.iter().any(|e| e.diverges),
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
