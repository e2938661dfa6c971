//! A function as the two expansions need it: names resolved, methods known, ways out explicit.
//!
//! What stands here is in the language; what is not was refused on the way (see [`crate::refuse`]).
//! Every part keeps the span of what was written, because that is where the compiler's words about
//! types belong.

use proc_macro2::{Ident, Literal, Span, TokenStream};

/// A function.
pub struct Function {
    /// Attributes, visibility, name, generics: as written.
    pub signature: Signature,
    /// What it does.
    pub body: Block,
    /// Is there a `return` before its end?
    pub early: bool,
}

/// What stands before the body.
pub struct Signature {
    /// Attributes that stay with the function: docs, lints, `inline`.
    pub attributes: Vec<syn::Attribute>,
    /// Visibility.
    pub visibility: syn::Visibility,
    /// Name.
    pub name: Ident,
    /// Type and constant parameters, with their bounds.
    pub generics: syn::Generics,
    /// Arguments.
    pub arguments: Vec<Argument>,
    /// The result as written.
    pub output: Type,
    /// The most turns of any loop.
    pub limit: Option<Literal>,
}

/// An argument.
pub struct Argument {
    /// Name.
    pub name: Ident,
    /// Is it assigned?
    pub mutable: bool,
    /// Type.
    pub ty: syn::Type,
}

/// A type as annotations write it.
#[derive(Clone)]
pub enum Type {
    /// Of a scalar.
    Scalar(syn::Type),
    /// Of several values.
    Tuple(Vec<Type>, Span),
    /// To be found by the compiler.
    Infer(Span),
}

/// Statements, and the value at their end.
pub struct Block {
    /// Statements.
    pub statements: Vec<Statement>,
    /// The expression without a semicolon.
    pub value: Option<Box<Expr>>,
    /// Does nobody reach its end?
    pub diverges: bool,
    /// The braces.
    pub span: Span,
}

/// A statement.
#[allow(clippy::large_enum_variant)] // mostly the large ones
pub enum Statement {
    /// `let`.
    Let {
        /// What is bound.
        pattern: Pattern,
        /// As annotated.
        ty: Option<Type>,
        /// None if assigned later.
        value: Option<Expr>,
    },
    /// An expression whose value nobody asks for; was there a semicolon?
    Expr(Expr, bool),
    /// `const` and `use`, as written.
    Item(TokenStream),
    /// An array that the threads of a block share: its name, the function that makes it, type and
    /// length as written.
    Shared(Ident, &'static str, TokenStream),
}

/// What binds values.
pub enum Pattern {
    /// `_`
    Wild(Span),
    /// A name.
    Bind(Ident, bool),
    /// Several.
    Tuple(Vec<Pattern>, Span),
}

/// What a `match` asks.
pub enum Test {
    /// Anything.
    Wild(Span),
    /// Anything, which gets a name.
    Bind(Ident, bool, Option<Box<Test>>),
    /// This value.
    Equal(TokenStream, Span),
    /// From the first to the second; is the second in?
    Range(Option<TokenStream>, Option<TokenStream>, bool, Span),
    /// One of these.
    Any(Vec<Test>, Span),
    /// All parts.
    Tuple(Vec<Test>, Span),
}

/// An arm of a `match`.
pub struct Arm {
    /// Its pattern.
    pub test: Test,
    /// What must hold too.
    pub guard: Option<Expr>,
    /// What it gives.
    pub body: Expr,
}

/// A loop.
pub struct Loop {
    /// A number of its own in the function.
    pub number: usize,
    /// The keyword.
    pub span: Span,
    /// Which kind.
    pub kind: LoopKind,
    /// A turn.
    pub body: Block,
    /// Does somebody `break` it with a value?
    pub gives: bool,
}

/// Kinds of loops.
pub enum LoopKind {
    /// `loop`.
    Forever,
    /// `while`.
    While(Box<Expr>),
    /// `for`.
    For(Box<Counting>),
    /// A labelled block: a loop of one turn.
    Once,
}

/// What a `for` counts.
pub struct Counting {
    /// The name that has the count.
    pub pattern: Pattern,
    /// From here,
    pub from: Expr,
    /// to there,
    pub to: Expr,
    /// which is in or not,
    pub inclusive: bool,
    /// downwards or not,
    pub reversed: bool,
    /// by this step.
    pub step: Option<TokenStream>,
    /// Is `to` a small literal, so that counting beyond it cannot wrap?
    pub small: bool,
    /// The range.
    pub span: Span,
}

/// An expression.
pub struct Expr {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Span,
    /// Does nobody reach its end?
    pub diverges: bool,
}

/// Kinds of expressions.
pub enum Kind {
    /// A literal whose type Rust knows or finds.
    Literal(TokenStream),
    /// A float literal of a generic function.
    Number(TokenStream),
    /// Something constant with a name.
    Constant(TokenStream),
    /// A local name; is it a variable?
    Local(Ident, bool),
    /// A function of Lazuli's: operator, method, comparison.
    Function(&'static str, Vec<Expr>),
    /// The same with constants at its end: `powi`.
    Power(Box<Expr>, TokenStream),
    /// `&&` (true) and `||`, whose right side may have effects.
    Logic(bool, Box<Expr>, Box<Expr>),
    /// Another vectorised function.
    Call(TokenStream, Vec<Expr>),
    /// `as`.
    Cast(Box<Expr>, syn::Type),
    /// Something of this very type: `x` in `f32::max(x, y)`.
    Typed(Box<Expr>, syn::Type),
    /// A constant of a type that arrays have not, converted: `N as i64`.
    ConstantCast(TokenStream, syn::Type),
    /// `if`.
    If(Box<Expr>, Block, Option<Box<Expr>>),
    /// `match`.
    Match(Box<Expr>, Vec<Arm>),
    /// A block.
    Block(Block),
    /// A loop.
    Loop(Box<Loop>),
    /// Several values.
    Tuple(Vec<Expr>),
    /// One of several.
    Field(Box<Expr>, syn::Index),
    /// `=`.
    Assign(Place, Box<Expr>),
    /// `+=` and its like.
    Compound(&'static str, Place, Box<Expr>),
    /// `break`.
    Break(usize, Option<Box<Expr>>),
    /// `continue`.
    Continue(usize),
    /// `return`.
    Return(Box<Expr>),
    /// What only kernels have ([`crate::kernel`]): a function, the array that it is about, operands.
    Thread(&'static str, Option<Ident>, Vec<Expr>),
    /// An element of an inner array of a generalised function.
    Inner(Ident, Vec<Expr>),
    /// The first extent of one.
    Extent(Ident),
    /// `return` of a kernel, or of a generalised function.
    Leave,
    /// An element of a stencil's window: its name, the distance along each axis, and the name of what stands
    /// beyond the edges of an axis, where this is a constant.
    Window(Ident, Vec<TokenStream>, Vec<Option<Ident>>),
}

/// What can be assigned.
pub enum Place {
    /// A variable, or a field of it.
    Variable(Ident, Vec<syn::Index>),
    /// Several.
    Tuple(Vec<Place>),
    /// An element of a kernel's array.
    Element(Ident, Box<Expr>),
    /// An element of an inner array of a generalised function.
    Inner(Ident, Vec<Expr>),
    /// Nothing: `_`.
    Wild,
}
