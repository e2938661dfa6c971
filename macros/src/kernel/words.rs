//! What kernels have beside the language of vectorised functions.
//!
//! ```text
//! x[i]  x[i] = v  x[i] += v  x.len()                      elements, with `i64` or `i32` indices
//! thread_idx().x  block_idx()  block_dim()  grid_dim()     `i64`
//! let tile = shared::<f32, 256>();  shared_dynamic::<f32>()
//! barrier()  return
//! y.atomic_add(i, v)  _min _max _and _or _xor _exchange  atomic_compare_exchange(i, expected, new)
//! shuffle(v, lane)  shuffle_xor _down _up  vote_any(c)  vote_all(c)  ballot(c)
//! ```
//!
//! An array is known by its name: it is no value, so it cannot be passed, assigned or chosen. That keeps
//! what may be written a matter of its declaration.

use super::signature;
use crate::ast::{Expr, Kind, Place, Statement};
use crate::body::{Name, Reader};
use crate::refuse::{self, at};
use proc_macro2::Ident;
use quote::ToTokens;
use syn::{Pat, Result};

/// Where a thread is: what is written, and the functions for the three axes.
const FACTS: [(&str, [&str; 3]); 4] = [
    ("thread_idx", ["thread_idx_x", "thread_idx_y", "thread_idx_z"]),
    ("block_idx", ["block_idx_x", "block_idx_y", "block_idx_z"]),
    ("block_dim", ["block_dim_x", "block_dim_y", "block_dim_z"]),
    ("grid_dim", ["grid_dim_x", "grid_dim_y", "grid_dim_z"]),
];

/// What threads do together: the name, and how many arguments there are.
const TOGETHER: [(&str, usize); 8] = [
    ("barrier", 0),
    ("shuffle", 2),
    ("shuffle_xor", 2),
    ("shuffle_down", 2),
    ("shuffle_up", 2),
    ("vote_any", 1),
    ("vote_all", 1),
    ("ballot", 1),
];

/// Atomic changes: the name, and how many arguments there are beside the index.
const ATOMICS: [(&str, usize); 8] = [
    ("atomic_add", 1),
    ("atomic_min", 1),
    ("atomic_max", 1),
    ("atomic_and", 1),
    ("atomic_or", 1),
    ("atomic_xor", 1),
    ("atomic_exchange", 1),
    ("atomic_compare_exchange", 2),
];

/// Names of CUDA, and what they are here.
fn in_cuda(name: &str) -> Option<&'static str> {
    Some(match name {
        "threadIdx" => "thread_idx()",
        "blockIdx" => "block_idx()",
        "blockDim" => "block_dim()",
        "gridDim" => "grid_dim()",
        "warpSize" => "32",
        "__syncthreads" | "syncthreads" | "sync_threads" => "barrier()",
        "__shfl_sync" => "shuffle(v, lane)",
        "__shfl_xor_sync" => "shuffle_xor(v, bits)",
        "__shfl_down_sync" => "shuffle_down(v, n)",
        "__shfl_up_sync" => "shuffle_up(v, n)",
        "__any_sync" => "vote_any(c)",
        "__all_sync" => "vote_all(c)",
        "__ballot_sync" => "ballot(c)",
        "atomicAdd" => "y.atomic_add(i, v)",
        "atomicSub" => "y.atomic_add(i, -v)",
        "atomicMin" => "y.atomic_min(i, v)",
        "atomicMax" => "y.atomic_max(i, v)",
        "atomicAnd" => "y.atomic_and(i, v)",
        "atomicOr" => "y.atomic_or(i, v)",
        "atomicXor" => "y.atomic_xor(i, v)",
        "atomicExch" => "y.atomic_exchange(i, v)",
        "atomicCAS" => "y.atomic_compare_exchange(i, expected, new)",
        _ => return None,
    })
}

impl Reader<'_> {
    /// An expression that only kernels have. None if it is one of the others.
    pub fn of_threads(&mut self, e: &syn::Expr) -> Result<Option<Kind>> {
        Ok(Some(match e {
            syn::Expr::Index(i) => {
                let (name, _, index) = self.indexed(i)?;
                Kind::Thread("load", Some(name), vec![index])
            }
            syn::Expr::Path(p) => {
                let Some(name) = p.path.get_ident() else { return Ok(None) };
                if let Some(Name::Array(_)) = self.named(name) {
                    return at(
                        name,
                        format!("`{name}` is an array: write an element, `{name}[i]`, or `{name}.len()`"),
                    );
                }
                match in_cuda(&name.to_string()) {
                    Some(here) if self.named(name).is_none() => return at(name, format!("write `{here}`")),
                    _ => return Ok(None),
                }
            }
            syn::Expr::Field(f) => return self.fact(f),
            syn::Expr::Call(c) => return self.word(c),
            syn::Expr::MethodCall(m) => match self.array(&m.receiver) {
                Some((name, writable)) => self.of_array(m, name, writable)?,
                None => return Ok(None),
            },
            syn::Expr::Cast(c) => {
                signature::no_usize(&c.ty)?;
                return Ok(None);
            }
            syn::Expr::Return(r) => match &r.expr {
                None => Kind::Leave,
                Some(value) => {
                    return at(
                        value,
                        "a kernel gives no value: write `return;`, and the value to an argument, `y: &mut [T]`",
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

    /// The array that an expression names, and whether it may be written.
    fn array(&self, e: &syn::Expr) -> Option<(Ident, bool)> {
        match e {
            syn::Expr::Paren(p) => self.array(&p.expr),
            syn::Expr::Group(g) => self.array(&g.expr),
            syn::Expr::Path(p) => {
                let name = p.path.get_ident()?;
                match self.named(name)? {
                    Name::Array(writable) => Some((name.clone(), writable)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `x[i]`: the array, whether it may be written, and the index.
    fn indexed(&mut self, i: &syn::ExprIndex) -> Result<(Ident, bool, Expr)> {
        let Some((name, writable)) = self.array(&i.expr) else {
            return at(
                &i.expr,
                "only arrays can be indexed: arguments `x: &[T]`, and `let tile = shared::<T, N>();`",
            );
        };
        match &*i.index {
            syn::Expr::Cast(c) if is_usize(&c.ty) => {
                at(&c.as_token, "indices are `i64` in a kernel: leave `as usize` out")
            }
            syn::Expr::Range(r) => {
                at(r, format!("there are no parts of arrays in here: write elements, `{name}[i]`"))
            }
            syn::Expr::Tuple(t) => {
                at(t, format!("arrays have one axis in here: write `{name}[row * columns + column]`"))
            }
            index => Ok((name, writable, self.expr(index)?)),
        }
    }

    /// An element to be assigned.
    pub fn element(&mut self, i: &syn::ExprIndex) -> Result<Place> {
        let (name, writable, index) = self.indexed(i)?;
        if !writable {
            return read_only(&name);
        }
        Ok(Place::Element(name, Box::new(index)))
    }

    /// `thread_idx().x`
    fn fact(&mut self, f: &syn::ExprField) -> Result<Option<Kind>> {
        match &*f.base {
            syn::Expr::Call(c) => {
                let Some(name) = self.free(&c.func) else { return Ok(None) };
                let Some((_, axes)) = FACTS.iter().find(|(fact, _)| name == fact) else { return Ok(None) };
                if let Some(argument) = c.args.first() {
                    return at(argument, format!("`{name}()` takes no arguments"));
                }
                let axis = match &f.member {
                    syn::Member::Named(axis) => ["x", "y", "z"].iter().position(|a| axis == a),
                    syn::Member::Unnamed(_) => None,
                };
                match axis {
                    Some(axis) => Ok(Some(Kind::Thread(axes[axis], None, Vec::new()))),
                    None => at(&f.member, format!("the axes are `{name}().x`, `.y` and `.z`")),
                }
            }
            syn::Expr::Path(p) => match (self.free(&f.base), &f.member) {
                (Some(name), syn::Member::Named(axis)) if FACTS.iter().any(|(fact, _)| name == fact) => {
                    at(p, format!("write `{name}().{axis}`"))
                }
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// The name of something that is no local.
    fn free(&self, e: &syn::Expr) -> Option<Ident> {
        let syn::Expr::Path(p) = e else { return None };
        let last = p.path.segments.last().filter(|_| p.path.segments.len() == 1)?;
        self.named(&last.ident).is_none().then(|| last.ident.clone())
    }

    /// A call of what kernels know.
    fn word(&mut self, c: &syn::ExprCall) -> Result<Option<Kind>> {
        let Some(name) = self.free(&c.func) else { return Ok(None) };
        let text = name.to_string();
        if FACTS.iter().any(|(fact, _)| *fact == text) {
            return at(&name, format!("name an axis: `{name}().x`"));
        }
        if text == "shared" || text == "shared_dynamic" {
            return at(&name, "give a shared array a name: `let tile = shared::<f32, 256>();`");
        }
        if let Some(here) = in_cuda(&text) {
            return at(&name, format!("write `{here}`"));
        }
        let Some(&(word, count)) = TOGETHER.iter().find(|(word, _)| *word == text) else { return Ok(None) };
        let syn::Expr::Path(p) = &*c.func else { return Ok(None) };
        if let syn::PathArguments::AngleBracketed(types) = &p.path.segments[0].arguments {
            return at(types, format!("`{name}` has no type arguments: leave this out"));
        }
        if c.args.len() != count {
            return at(&name, counted(&text, count, c.args.len()));
        }
        let arguments = c.args.iter().map(|a| self.expr(a)).collect::<Result<_>>()?;
        Ok(Some(Kind::Thread(word, None, arguments)))
    }

    /// A method of an array.
    fn of_array(&mut self, m: &syn::ExprMethodCall, name: Ident, writable: bool) -> Result<Kind> {
        let method = m.method.to_string();
        if let Some(turbofish) = &m.turbofish {
            return at(turbofish, format!("`{method}` has no type arguments: leave this out"));
        }
        if method == "len" {
            return match m.args.first() {
                None => Ok(Kind::Thread("length", Some(name), Vec::new())),
                Some(argument) => at(argument, "`len()` takes no arguments"),
            };
        }
        let Some(&(atomic, values)) = ATOMICS.iter().find(|(atomic, _)| *atomic == method) else {
            return at(&m.method, unknown(&name, &method));
        };
        if !writable {
            return read_only(&name);
        }
        if m.args.len() != values + 1 {
            return at(&m.method, counted(&method, values + 1, m.args.len()));
        }
        if let syn::Expr::Cast(c) = &m.args[0]
            && is_usize(&c.ty)
        {
            return at(&c.as_token, "indices are `i64` in a kernel: leave `as usize` out");
        }
        let arguments = m.args.iter().map(|a| self.expr(a)).collect::<Result<_>>()?;
        Ok(Kind::Thread(atomic, Some(name), arguments))
    }

    /// `let tile = shared::<f32, 256>();`. None if the `let` is another.
    pub fn shared_array(&mut self, local: &syn::Local) -> Result<Option<Statement>> {
        let Some(syn::Expr::Call(c)) = local.init.as_ref().map(|init| &*init.expr) else { return Ok(None) };
        let (function, example) = match self.free(&c.func) {
            Some(name) if name == "shared" => ("shared", "shared::<f32, 256>()"),
            Some(name) if name == "shared_dynamic" => ("shared_dynamic", "shared_dynamic::<f32>()"),
            _ => return Ok(None),
        };
        let name = match &local.pat {
            Pat::Ident(p) if p.by_ref.is_none() && p.subpat.is_none() => match &p.mutability {
                None => &p.ident,
                Some(t) => return at(t, "leave `mut` out: elements of shared arrays can be written anyway"),
            },
            Pat::Type(t) => return at(&t.ty, format!("the type stands in `{example}`: leave this one out")),
            other => return at(other, format!("a shared array has a name: `let tile = {example};`")),
        };
        if let Some(argument) = c.args.first() {
            return at(argument, "shared arrays begin without values: leave this out, and write elements");
        }
        let syn::Expr::Path(p) = &*c.func else { return Ok(None) };
        let types = match &p.path.segments[0].arguments {
            syn::PathArguments::AngleBracketed(types) => types,
            _ => return at(&p.path, format!("say what its elements are: `{example}`")),
        };
        let all: Vec<&syn::GenericArgument> = types.args.iter().collect();
        match (function, &all[..]) {
            ("shared", [syn::GenericArgument::Type(ty), _])
            | ("shared_dynamic", [syn::GenericArgument::Type(ty)]) => {
                if let syn::Type::Array(a) = ty {
                    return at(
                        a,
                        "shared arrays have one axis: `shared::<f32, 256>()`, with elements `tile[row * 16 + column]`",
                    );
                }
                signature::element(ty)?;
            }
            _ => return at(types, format!("write `{example}`")),
        }
        if self.dynamic {
            let words = match function {
                "shared" => "the shared array whose length the launch gives comes last: move this before it",
                _ => {
                    "one shared array can have its length from the launch: give this one a length, `shared::<f32, 256>()`"
                }
            };
            return at(&p.path.segments[0].ident, words);
        }
        self.dynamic = function == "shared_dynamic";
        self.declare_as(name, Name::Array(true));
        Ok(Some(Statement::Shared(name.clone(), function, types.to_token_stream())))
    }
}

fn is_usize(ty: &syn::Type) -> bool {
    matches!(ty, syn::Type::Path(p) if p.path.is_ident("usize"))
}

fn read_only<T>(name: &Ident) -> Result<T> {
    at(name, format!("`{name}` is read only: write `{name}: &mut [T]` among the arguments"))
}

fn counted(name: &str, wanted: usize, given: usize) -> String {
    format!("`{name}` takes {wanted} arguments, {given} are given")
}

/// What somebody may have meant with a method that arrays of kernels do not have.
fn unknown(name: &Ident, method: &str) -> String {
    let hint = match method {
        "iter" | "iter_mut" | "into_iter" | "chunks" | "windows" => {
            format!("count its indices: `for i in 0..{name}.len()`")
        }
        "get" | "get_mut" | "get_unchecked" | "get_unchecked_mut" => format!("write `{name}[i]`"),
        "first" => format!("write `{name}[0]`"),
        "last" => format!("write `{name}[{name}.len() - 1]`"),
        "is_empty" => format!("write `{name}.len() == 0`"),
        "swap" => format!("write `({name}[i], {name}[j]) = ({name}[j], {name}[i])`"),
        "fill" | "copy_from_slice" | "clone_from_slice" => {
            format!("each thread writes elements of its own: `{name}[i] = v`")
        }
        "atomic_sub" | "fetch_sub" => "write `atomic_add` of the negative".into(),
        "fetch_add" => "write `atomic_add`".into(),
        "swap_atomic" | "atomic_swap" | "atomic_store" => "write `atomic_exchange`".into(),
        "atomic_cas" | "compare_exchange" | "atomic_compare_and_swap" => {
            "write `atomic_compare_exchange(i, expected, new)`".into()
        }
        _ => "there are `len`, `atomic_add`, `_min`, `_max`, `_and`, `_or`, `_xor`, `_exchange` and `_compare_exchange`".into(),
    };
    format!("`{method}` is no method of a kernel's arrays: {hint}")
}

/// Why a macro is not in the language of kernels.
pub fn macro_words(name: &str) -> &'static str {
    match name {
        "panic" | "todo" | "unimplemented" | "unreachable" => {
            "nothing panics in a kernel: write a mark to an argument, `y: &mut [T]`, and look at it outside"
        }
        "assert" | "assert_eq" | "assert_ne" | "debug_assert" | "debug_assert_eq" | "debug_assert_ne" => {
            "nothing is asserted in a kernel: write a mark to an argument, `y: &mut [T]`, and look at it outside"
        }
        "print" | "println" | "eprint" | "eprintln" | "dbg" | "write" | "writeln" => {
            "nothing is printed in a kernel: write the value to an argument, `y: &mut [T]`, and print that"
        }
        "vec" => "write `let tile = shared::<f32, 256>();` for an array that a block shares",
        other => refuse::macro_words(other),
    }
}
