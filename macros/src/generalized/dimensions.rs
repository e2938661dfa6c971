//! The string that says which axes there are: NumPy's signatures of generalised ufuncs.
//!
//! ```text
//! signature = arguments "->" arguments        "(m,n),(n)->(m)"
//! arguments = argument { "," argument }
//! argument  = "(" [ dim { "," dim } ] ")"     "()" is a scalar
//! dim       = name | number                   "(3)" has 3 elements
//! ```

use proc_macro2::{Ident, Span};
use syn::{Error, LitStr, Result};

/// The most dimensions that have names: as `lazuli_core::generalized::NAMES`.
const NAMES: usize = 8;

/// The extent of an axis.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Dim {
    /// That of the dimension of this number.
    Named(usize),
    /// This one.
    Fixed(u32),
}

/// The axes of all operands.
pub struct Signature {
    /// As written.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    /// The names of the dimensions, as they first occur.
    pub names: Vec<Ident>,
    /// Of what is taken.
    pub inputs: Vec<Vec<Dim>>,
    /// Of what is given.
    pub outputs: Vec<Vec<Dim>>,
}

impl Signature {
    /// Reads it.
    pub fn read(literal: &LitStr) -> Result<Signature> {
        let (text, span) = (literal.value(), literal.span());
        let wrong = |words: String| Error::new(span, words);
        let Some((inputs, outputs)) = text.split_once("->") else {
            return Err(wrong(
                "a signature has `->` between what is taken and what is given: \"(m,n),(n)->(m)\"".into(),
            ));
        };
        let mut names: Vec<Ident> = Vec::new();
        let mut side = |text: &str, given: bool| -> Result<Vec<Vec<Dim>>> {
            let what = if given { "given" } else { "taken" };
            let mut all = Vec::new();
            let mut rest = text.trim();
            if rest.is_empty() {
                return Err(wrong(format!(
                    "nothing is {what}: write the axes of each operand, `()` for a scalar"
                )));
            }
            loop {
                let Some((inside, after)) = rest
                    .strip_prefix('(')
                    .and_then(|rest| rest.split_once(')'))
                    .filter(|(i, _)| !i.contains('('))
                else {
                    return Err(wrong(format!(
                        "each operand has its axes in brackets, `(m,n)`, which `{rest}` has not"
                    )));
                };
                let mut dims = Vec::new();
                if !inside.trim().is_empty() {
                    for part in inside.split(',') {
                        dims.push(dim(part.trim(), given, &mut names, span)?);
                    }
                }
                all.push(dims);
                rest = after.trim_start();
                if rest.is_empty() {
                    return Ok(all);
                }
                let Some(next) = rest.strip_prefix(',') else {
                    return Err(wrong(format!(
                        "operands are separated by `,`: there is `{rest}` after `({inside})`"
                    )));
                };
                rest = next.trim_start();
            }
        };
        let inputs = side(inputs, false)?;
        let outputs = side(outputs, true)?;
        if names.len() > NAMES {
            return Err(wrong(format!("there are {NAMES} names of dimensions at most")));
        }
        Ok(Signature { text, span, names, inputs, outputs })
    }

    /// How axes are written.
    pub fn show(&self, dims: &[Dim]) -> String {
        let dims = dims.iter().map(|dim| match dim {
            Dim::Named(n) => self.names[*n].to_string(),
            Dim::Fixed(n) => n.to_string(),
        });
        format!("({})", dims.collect::<Vec<_>>().join(","))
    }
}

fn dim(text: &str, given: bool, names: &mut Vec<Ident>, span: Span) -> Result<Dim> {
    let wrong = |words: String| Err(Error::new(span, words));
    if text.ends_with('?') {
        return wrong(format!(
            "dimensions that may be missing are not known: write two functions for `{text}`"
        ));
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return match text.parse() {
            Ok(n) if n > 0 => Ok(Dim::Fixed(n)),
            _ => wrong(format!("a fixed extent is a number from 1 to {}: `{text}` is not", u32::MAX)),
        };
    }
    let Ok(mut name) = syn::parse_str::<Ident>(text) else {
        return wrong(format!("a dimension is a name or a number: `{text}` is not"));
    };
    name.set_span(span);
    match names.iter().position(|known| *known == name) {
        Some(n) => Ok(Dim::Named(n)),
        None if given => wrong(format!(
            "`{name}` is in no input, so nobody knows its extent: write a number, or take an array that has it"
        )),
        None => {
            names.push(name);
            Ok(Dim::Named(names.len() - 1))
        }
    }
}
