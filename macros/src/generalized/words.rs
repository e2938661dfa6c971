//! What generalised functions have beside the language of vectorised functions.
//!
//! ```text
//! x[i]  a[i][j]  y[i] = v  y[i] += v     elements, with `i64` or `i32` indices
//! *s  *s = v                             a result without axes
//! x.len()  n                             extents, `i64`: by the names of the signature
//! return
//! ```
//!
//! An array is known by its name: it is no value, so it cannot be passed, assigned or chosen.

use super::signature::no_usize;
use crate::ast::{Expr, Kind, Place};
use crate::body::{Name, Reader};
use crate::refuse::{self, at};
use proc_macro2::Ident;
use syn::{Result, UnOp};

/// What only the threads of a kernel have.
const THREADS: [&str; 15] = [
    "thread_idx",
    "block_idx",
    "block_dim",
    "grid_dim",
    "barrier",
    "shared",
    "shared_dynamic",
    "shuffle",
    "shuffle_xor",
    "shuffle_down",
    "shuffle_up",
    "vote_any",
    "vote_all",
    "ballot",
    "sync_threads",
];

impl Reader<'_> {
    /// An expression that only generalised functions have. None if it is one of the others.
    pub fn of_inner(&mut self, e: &syn::Expr) -> Result<Option<Kind>> {
        Ok(Some(match e {
            syn::Expr::Index(_) => {
                let (name, _, index) = self.inner_element(e)?;
                Kind::Inner(name, index)
            }
            syn::Expr::Unary(u) if matches!(u.op, UnOp::Deref(_)) => match self.inner_array(&u.expr) {
                Some(_) => {
                    let (name, _, index) = self.inner_element(e)?;
                    Kind::Inner(name, index)
                }
                None => return Ok(None),
            },
            syn::Expr::Path(p) => {
                let Some(name) = p.path.get_ident() else { return Ok(None) };
                match self.named(name) {
                    Some(Name::Inner { axes: 0, .. }) => {
                        return at(name, format!("`{name}` is a result: write `*{name}` for its value"));
                    }
                    Some(Name::Inner { axes, .. }) => {
                        let element = element(name, axes);
                        return at(
                            name,
                            format!("`{name}` is an array: write an element, `{element}`, or `{name}.len()`"),
                        );
                    }
                    _ => return Ok(None),
                }
            }
            syn::Expr::MethodCall(m) => match self.inner_array(&m.receiver) {
                Some((name, axes, _)) => self.of_inner_array(m, name, axes)?,
                None => return Ok(None),
            },
            syn::Expr::Call(c) => {
                let syn::Expr::Path(p) = &*c.func else { return Ok(None) };
                match p.path.segments.last() {
                    Some(last)
                        if p.path.segments.len() == 1
                            && self.named(&last.ident).is_none()
                            && THREADS.iter().any(|word| last.ident == word) =>
                    {
                        return at(&last.ident, "there are no threads in here: `#[lazuli::kernel]` has them");
                    }
                    _ => return Ok(None),
                }
            }
            syn::Expr::Cast(c) => {
                no_usize(&c.ty)?;
                return Ok(None);
            }
            syn::Expr::Return(r) => match &r.expr {
                None => Kind::Leave,
                Some(value) => {
                    return at(
                        value,
                        "the function gives no value: write `return;`, and the value to a result, `y: &mut [T]`",
                    );
                }
            },
            syn::Expr::Macro(m) => {
                let name = m.mac.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
                return at(&m.mac.path, macro_words(&name));
            }
            _ => return Ok(None),
        }))
    }

    /// The inner array that an expression names: with its number of axes, and whether it may be written.
    fn inner_array(&self, e: &syn::Expr) -> Option<(Ident, usize, bool)> {
        match e {
            syn::Expr::Paren(p) => self.inner_array(&p.expr),
            syn::Expr::Group(g) => self.inner_array(&g.expr),
            syn::Expr::Path(p) => {
                let name = p.path.get_ident()?;
                match self.named(name)? {
                    Name::Inner { axes, writable } => Some((name.clone(), axes, writable)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `a[i][j]` or `*s`: the array, whether it may be written, and the indices.
    fn inner_element(&mut self, e: &syn::Expr) -> Result<(Ident, bool, Vec<Expr>)> {
        let (mut base, mut indices) = (e, Vec::new());
        loop {
            base = match base {
                syn::Expr::Index(i) => {
                    indices.push(&*i.index);
                    &i.expr
                }
                syn::Expr::Unary(u) if indices.is_empty() && matches!(u.op, UnOp::Deref(_)) => &u.expr,
                syn::Expr::Paren(p) => &p.expr,
                syn::Expr::Group(g) => &g.expr,
                _ => break,
            };
        }
        indices.reverse();
        let Some((name, axes, writable)) = self.inner_array(base) else {
            return at(base, "only arguments that are arrays can be indexed: `x: &[T]`");
        };
        if indices.len() != axes {
            let element = element(&name, axes);
            let more = match indices.len() < axes {
                true => " (extents have names: those of the signature)",
                false => "",
            };
            let axes = if axes == 1 { "1 axis".into() } else { format!("{axes} axes") };
            return at(e, format!("`{name}` has {axes}: write `{element}`{more}"));
        }
        let index = indices.into_iter().map(|index| match index {
            syn::Expr::Cast(c) if no_usize(&c.ty).is_err() => {
                at(&c.as_token, "indices are `i64` here: leave `as usize` out")
            }
            syn::Expr::Range(r) => {
                at(r, format!("there are no parts of arrays in here: write elements of `{name}`"))
            }
            syn::Expr::Tuple(t) => at(t, format!("write `{}`", element(&name, axes))),
            index => self.expr(index),
        });
        let index = index.collect::<Result<_>>()?;
        Ok((name, writable, index))
    }

    /// An element to be assigned. None if it is something else.
    pub fn inner_place(&mut self, e: &syn::Expr) -> Result<Option<Place>> {
        match e {
            syn::Expr::Index(_) => {}
            syn::Expr::Unary(u) if matches!(u.op, UnOp::Deref(_)) && self.inner_array(&u.expr).is_some() => {}
            syn::Expr::Path(p) => match self.inner_array(e) {
                Some((name, 0, _)) => return at(p, format!("`{name}` is a result: write `*{name}`")),
                Some((name, axes, _)) => {
                    return at(
                        p,
                        format!("`{name}` is an array: write elements, `{}`", element(&name, axes)),
                    );
                }
                None => return Ok(None),
            },
            _ => return Ok(None),
        }
        let (name, writable, index) = self.inner_element(e)?;
        if !writable {
            return at(
                &name,
                format!("`{name}` is taken: only what the signature has after `->` can be written"),
            );
        }
        Ok(Some(Place::Inner(name, index)))
    }

    /// A method of an array.
    fn of_inner_array(&mut self, m: &syn::ExprMethodCall, name: Ident, axes: usize) -> Result<Kind> {
        let method = m.method.to_string();
        if let Some(turbofish) = &m.turbofish {
            return at(turbofish, format!("`{method}` has no type arguments: leave this out"));
        }
        if axes == 0 {
            return at(&name, format!("`{name}` is a result: write `(*{name}).{method}(..)`"));
        }
        if method != "len" {
            return at(&m.method, unknown(&name, axes, &method));
        }
        match m.args.first() {
            None => Ok(Kind::Extent(name)),
            Some(argument) => at(argument, "`len()` takes no arguments"),
        }
    }
}

/// How an element is written.
fn element(name: &Ident, axes: usize) -> String {
    let indices: String = ["i", "j", "k", "l"].iter().take(axes).map(|i| format!("[{i}]")).collect();
    match axes {
        0 => format!("*{name}"),
        1..=4 => format!("{name}{indices}"),
        _ => format!("{name}{indices}.."),
    }
}

/// What somebody may have meant with a method that inner arrays do not have.
fn unknown(name: &Ident, axes: usize, method: &str) -> String {
    let hint = match method {
        "iter" | "iter_mut" | "into_iter" | "chunks" | "windows" => {
            format!("count its indices: `for i in 0..{name}.len()`")
        }
        "get" | "get_mut" | "get_unchecked" | "get_unchecked_mut" => {
            format!("write `{}`", element(name, axes))
        }
        "first" if axes == 1 => format!("write `{name}[0]`"),
        "last" if axes == 1 => format!("write `{name}[{name}.len() - 1]`"),
        "first" | "last" => format!("write one of its elements, `{}`", element(name, axes)),
        "is_empty" => format!("write `{name}.len() == 0`"),
        "swap" if axes == 1 => format!("write `({name}[i], {name}[j]) = ({name}[j], {name}[i])`"),
        "shape" | "nrows" | "ncols" | "dim" => "extents have names: those of the signature".into(),
        "sum" | "dot" | "min" | "max" | "fill" => "write a loop over its elements".into(),
        _ => "there is `len`".into(),
    };
    format!("`{method}` is no method of inner arrays: {hint}")
}

/// Why a macro is not in the language.
pub fn macro_words(name: &str) -> &'static str {
    match name {
        "panic" | "todo" | "unimplemented" | "unreachable" => {
            "nothing panics in here: write a mark to a result, `y: &mut [T]`, and look at it outside"
        }
        "assert" | "assert_eq" | "assert_ne" | "debug_assert" | "debug_assert_eq" | "debug_assert_ne" => {
            "nothing is asserted in here: write a mark to a result, `y: &mut [T]`, and look at it outside"
        }
        "vec" => "there are no arrays of one's own in here: take an argument that is large enough",
        other => refuse::macro_words(other),
    }
}
