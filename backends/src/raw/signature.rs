//! What a kernel of PTX takes, read from its text.
//!
//! The driver copies as many bytes for a parameter as the code says, from wherever it is pointed to, and
//! knows nothing of types: an `f64` for a `.f32` is no error there, just another number. The text says
//! what is meant, in the list behind `.entry`:
//!
//! ```text
//! .visible .entry saxpy(.param .u32 n, .param .f32 a, .param .u64 .ptr .global .align 4 x, .param .align 8 .b8 s[24])
//! ```
//!
//! An integer stands for signed and unsigned ones of its width (PTX has one type for both in practice), a
//! type of bits for anything as wide, and an address is an integer of 64 bits.

use lazuli_core::ErrorKind;
use std::fmt;

/// The parameters of a kernel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    /// The kernel's name.
    pub entry: String,
    /// In order.
    pub parameters: Vec<Parameter>,
}

/// One parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type, as written.
    pub written: String,
    /// What it is.
    pub kind: Kind,
}

/// What a parameter or an argument is; sizes in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// An integer.
    Integer(usize),
    /// A float.
    Float(usize),
    /// Bits of any meaning; of an argument: several values side by side.
    Bits(usize),
    /// An address of the device's memory.
    Address,
    /// A texture or the like, which no argument is.
    Handle,
}

impl Kind {
    /// Bytes.
    pub fn size(self) -> usize {
        match self {
            Kind::Integer(n) | Kind::Float(n) | Kind::Bits(n) => n,
            Kind::Address | Kind::Handle => 8,
        }
    }

    /// May an argument of kind `given` stand for a parameter of this kind?
    fn takes(self, given: Kind) -> bool {
        match (self, given) {
            (Kind::Handle, _) => false,
            (Kind::Bits(n), given) => n == given.size(),
            (Kind::Integer(8), Kind::Address) => true,
            (parameter, given) => parameter == given,
        }
    }
}

impl Signature {
    /// The parameters of a kernel in a PTX text. The text is one that an assembler has taken; of any other
    /// this may fail, or give nonsense.
    pub fn read(ptx: &str, entry: &str) -> Result<Signature, ErrorKind> {
        let tokens = tokens(ptx);
        let mut others = Vec::new();
        for (i, token) in tokens.iter().enumerate() {
            let Some(&name) = tokens.get(i + 1) else { break };
            if *token != ".entry" {
                continue;
            }
            if name != entry {
                others.push(format!("`{name}`"));
                continue;
            }
            let list = match tokens.get(i + 2) {
                Some(&"(") => &tokens[i + 3..],
                _ => &[],
            };
            let end = list.iter().position(|&t| t == ")").unwrap_or(0);
            let parameters = match end {
                0 => Vec::new(),
                _ => list[..end].split(|&t| t == ",").map(parameter).collect::<Result<_, _>>()?,
            };
            return Ok(Signature { entry: entry.into(), parameters });
        }
        let there = match others.len() {
            0 => "there is none".into(),
            _ => format!("there is {}", others.join(", ")),
        };
        Err(ErrorKind::InvalidArgument(format!("the PTX has no `.entry {entry}`: {there}")))
    }

    /// Refuses arguments that are not what the kernel takes. Each is its kind and its type in words.
    pub fn check<'a>(&self, given: impl ExactSizeIterator<Item = (Kind, &'a str)>) -> Result<(), ErrorKind> {
        let fail = |why: String| Err(ErrorKind::InvalidArgument(why));
        let (takes, count) = (self.parameters.len(), given.len());
        if count != takes {
            return fail(format!("{count} arguments; {self} takes {takes}"));
        }
        for (i, ((kind, what), parameter)) in given.zip(&self.parameters).enumerate() {
            if !parameter.kind.takes(kind) {
                let (name, wants) = (&parameter.name, parameter.wants());
                return fail(format!("argument {i} is {what}; `{name}` of {self} takes {wants}"));
            }
        }
        Ok(())
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.entry)?;
        for (i, p) in self.parameters.iter().enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            write!(f, "{comma}{} {}", p.written, p.name)?;
        }
        f.write_str(")")
    }
}

impl Parameter {
    /// What may stand for it.
    fn wants(&self) -> String {
        match self.kind {
            Kind::Integer(8) => "i64, u64 or a buffer".into(),
            Kind::Integer(n) => format!("i{0} or u{0}", 8 * n),
            Kind::Float(n) => format!("f{}", 8 * n),
            Kind::Bits(n) => format!("anything of {n} bytes"),
            Kind::Address => "a buffer".into(),
            Kind::Handle => format!("a {}, which cannot be passed", &self.written[1..]),
        }
    }
}

/// `.param .u64 .ptr .global .align 4 name`, `.param .align 8 .b8 name[24]`.
fn parameter(tokens: &[&str]) -> Result<Parameter, ErrorKind> {
    let fail = || ErrorKind::Compile(format!("a parameter that is not understood: {}", tokens.join(" ")));
    let (mut kind, mut written, mut name, mut bytes) = (None, "", "", None);
    let mut rest = tokens.iter().copied();
    while let Some(token) = rest.next() {
        match token {
            ".param" | ".ptr" | ".const" | ".global" | ".local" | ".shared" | ".generic" => {}
            ".align" => drop(rest.next()),
            "[" => bytes = Some(rest.next().and_then(|n| n.parse::<usize>().ok()).ok_or_else(fail)?),
            "]" => {}
            _ if token.starts_with('.') => (kind, written) = (Some(kind_of(token).ok_or_else(fail)?), token),
            _ => name = token,
        }
    }
    let (mut kind, mut written) = (kind.ok_or_else(fail)?, written.to_owned());
    if let Some(count) = bytes {
        kind = Kind::Bits(count * kind.size());
        written.push_str(&format!("[{count}]"));
    }
    if tokens.contains(&".ptr") && kind.size() == 8 {
        kind = Kind::Integer(8);
    }
    Ok(Parameter { name: name.into(), written, kind })
}

fn kind_of(token: &str) -> Option<Kind> {
    Some(match token {
        ".u8" | ".s8" => Kind::Integer(1),
        ".u16" | ".s16" => Kind::Integer(2),
        ".u32" | ".s32" => Kind::Integer(4),
        ".u64" | ".s64" => Kind::Integer(8),
        ".f16" => Kind::Float(2),
        ".f32" => Kind::Float(4),
        ".f64" => Kind::Float(8),
        ".b8" => Kind::Bits(1),
        ".b16" | ".bf16" => Kind::Bits(2),
        ".b32" | ".f16x2" | ".bf16x2" => Kind::Bits(4),
        ".b64" => Kind::Bits(8),
        ".b128" => Kind::Bits(16),
        ".texref" | ".samplerref" | ".surfref" => Kind::Handle,
        _ => return None,
    })
}

/// Names, directives, numbers and single signs; without comments and strings.
fn tokens(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_$%.".contains(c);
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped =
            |end: &str, from: usize| rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len());
        let len = match first {
            '/' if rest.starts_with("//") => skipped("\n", 2),
            '/' if rest.starts_with("/*") => skipped("*/", 2),
            '"' => skipped("\"", 1),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        let token = &rest[..len];
        if !(first.is_whitespace() || first == '"' || token.len() > 1 && first == '/') {
            tokens.push(token);
        }
        rest = &rest[len..];
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
// .entry commented(.param .u32 wrong)
.version 8.0 /* .entry too() { } */
.target sm_75
.file 1 \".entry quoted(\"
.visible .entry plain
(
    .param .u32 n, // how many
    .param .f32 plain_param_1,
    .param .u64 .ptr .global .align 4 x,
    .param .align 8 .b8 s[24],
    .param .b64 y, .param .f64 d[2]
)
.maxntid 256, 1, 1
{ ret; }
.func (.param .b32 out) helper(.param .b32 in) { ret; }
.entry _Z3nonv() { ret; }
.entry bare { ret; }
.entry textured(.param .texref t) { ret; }
";

    fn said<T: fmt::Debug>(result: Result<T, ErrorKind>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn lists_are_read() {
        let read = Signature::read(TEXT, "plain").unwrap();
        assert_eq!(
            read.to_string(),
            "plain(.u32 n, .f32 plain_param_1, .u64 x, .b8[24] s, .b64 y, .f64[2] d)"
        );
        use Kind::*;
        let kinds: Vec<Kind> = read.parameters.iter().map(|p| p.kind).collect();
        assert_eq!(kinds, [Integer(4), Float(4), Integer(8), Bits(24), Bits(8), Bits(16)]);
        for none in ["_Z3nonv", "bare"] {
            assert_eq!(Signature::read(TEXT, none).unwrap().parameters, []);
        }
    }

    #[test]
    fn what_is_not_there_is_told() {
        for wrong in ["commented", "too", "quoted", "helper", "plai", ""] {
            let wanted = format!("no `.entry {wrong}`: there is `plain`, `_Z3nonv`, `bare`, `textured`");
            assert!(said(Signature::read(TEXT, wrong)).contains(&wanted));
        }
        assert!(said(Signature::read("", "any")).contains("there is none"));
        assert!(said(Signature::read(".entry", "any")).contains("there is none"));
        assert!(
            said(Signature::read(".entry f(.param .q7 a)", "f")).contains("not understood: .param .q7 a")
        );
        assert!(said(Signature::read(".entry f(.param .b8 a[x])", "f")).contains("not understood"));
        // Cut off: nothing panics.
        for end in 0..TEXT.len() {
            let _ = Signature::read(&TEXT[..end], "plain");
        }
    }

    #[test]
    fn arguments_are_held_against_it() {
        let read = Signature::read(TEXT, "plain").unwrap();
        use Kind::*;
        let right = [
            (Integer(4), "i32"),
            (Float(4), "f32"),
            (Address, "a buffer"),
            (Bits(24), "[f64; 3]"),
            (Float(8), "f64"),
            (Bits(16), "[f64; 2]"),
        ];
        read.check(right.into_iter()).unwrap();
        let with = |i: usize, kind: Kind, what: &'static str| {
            let mut all = right;
            all[i] = (kind, what);
            read.check(all.into_iter()).map_err(|e| e.to_string())
        };
        for (i, kind) in [(4, Address), (4, Integer(8)), (2, Integer(8)), (3, Bits(24))] {
            with(i, kind, "right").unwrap();
        }
        let wrong = [
            (0, Float(4), "f32", "argument 0 is f32; `n` of plain(.u32 n, .f32"),
            (0, Integer(8), "u64", "takes i32 or u32"),
            (1, Integer(4), "i32", "`plain_param_1` of"),
            (1, Float(8), "f64", "takes f32"),
            (2, Float(8), "f64", "takes i64, u64 or a buffer"),
            (3, Bits(16), "[f64; 2]", "takes anything of 24 bytes"),
        ];
        for (i, kind, what, wanted) in wrong {
            let error = with(i, kind, what).unwrap_err();
            assert!(error.contains(wanted), "{error}");
        }
        let error = said(read.check(right[..5].iter().copied()));
        assert!(error.starts_with("5 arguments; plain(") && error.ends_with("takes 6"), "{error}");
        let textured = Signature::read(TEXT, "textured").unwrap();
        assert!(
            said(textured.check([(Address, "a buffer")].into_iter()))
                .contains("a texref, which cannot be passed")
        );
    }
}
