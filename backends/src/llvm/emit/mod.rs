//! Prints LLVM IR: values, blocks, loops.
//!
//! IR is printed as text and read by LLVM's own parser, so that what is generated can be looked
//! at, tested without LLVM, and a mistake is an error with a line in place of a crash. A [`V`]
//! is a small copyable handle of a value with its type; a type is an element and a number of
//! lanes, and every operation works on any number of lanes. No fast-math flag and no `nsw`,
//! `nuw` or `exact` is ever printed (NUMERICS.md section 1).

mod flow;
pub use flow::Exits;
mod memory;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;

/// Element of a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Elem {
    I1,
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
    Ptr,
    /// An address in the memory of a GPU.
    Global,
    /// An address in the memory that the threads of a block share.
    Shared,
}

impl Elem {
    fn name(self) -> &'static str {
        match self {
            Elem::I1 => "i1",
            Elem::I8 => "i8",
            Elem::I16 => "i16",
            Elem::I32 => "i32",
            Elem::I64 => "i64",
            Elem::F32 => "float",
            Elem::F64 => "double",
            Elem::Ptr => "ptr",
            Elem::Global => "ptr addrspace(1)",
            Elem::Shared => "ptr addrspace(3)",
        }
    }

    fn mangled(self) -> &'static str {
        match self {
            Elem::F32 => "f32",
            Elem::F64 => "f64",
            Elem::Ptr => "p0",
            Elem::Global => "p1",
            Elem::Shared => "p3",
            other => other.name(),
        }
    }

    /// Bits of one element.
    pub fn bits(self) -> u32 {
        match self {
            Elem::I1 => 1,
            Elem::I8 => 8,
            Elem::I16 => 16,
            Elem::I32 | Elem::F32 => 32,
            Elem::I64 | Elem::F64 | Elem::Ptr | Elem::Global | Elem::Shared => 64,
        }
    }
}

/// Type of a register: one lane is a scalar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ty {
    /// The element.
    pub elem: Elem,
    /// How many of them.
    pub lanes: u32,
}

impl Ty {
    /// `lanes` elements.
    pub fn new(elem: Elem, lanes: u32) -> Ty {
        Ty { elem, lanes }
    }

    /// The same number of lanes of another element.
    pub fn of(self, elem: Elem) -> Ty {
        Ty { elem, ..self }
    }

    /// As LLVM writes it in the names of intrinsics.
    pub fn mangled(self) -> String {
        match self.lanes {
            1 => self.elem.mangled().to_string(),
            n => format!("v{n}{}", self.elem.mangled()),
        }
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.lanes {
            1 => f.write_str(self.elem.name()),
            n => write!(f, "<{n} x {}>", self.elem.name()),
        }
    }
}

/// The 64-bit scalar integer, type of all sizes and offsets.
pub const I64: Ty = Ty { elem: Elem::I64, lanes: 1 };
/// An address.
pub const PTR: Ty = Ty { elem: Elem::Ptr, lanes: 1 };

/// For whom a module is printed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Dialect {
    /// Functions of a CPU, over ranges.
    #[default]
    Cpu,
    /// Kernels of an NVIDIA GPU.
    Ptx,
    /// The same kernels as functions of a CPU, one call a thread: for the simulator.
    Simulated,
    /// The same with every access to memory announced before it is done.
    Checked,
}

impl Dialect {
    /// Is it code for one thread of many, without functions of the host?
    pub fn is_grid(self) -> bool {
        self != Dialect::Cpu
    }

    /// Does the simulator run it?
    pub fn is_simulated(self) -> bool {
        matches!(self, Dialect::Simulated | Dialect::Checked)
    }
}

/// A module being printed.
#[derive(Default)]
pub struct Emitter {
    /// For whom.
    pub dialect: Dialect,
    code: RefCell<String>,
    names: RefCell<Vec<String>>,
    label: RefCell<String>,
    labels: Cell<u32>,
    declared: RefCell<BTreeMap<String, String>>,
    globals: RefCell<Vec<(*const i64, usize)>>,
    /// While cold paths are left out: the masks of those met so far.
    left_out: RefCell<Option<Vec<(u32, Ty)>>>,
}

/// A value: which emitter, which register or constant, which type.
#[derive(Clone, Copy)]
pub struct V<'e> {
    /// The module that it belongs to.
    pub e: &'e Emitter,
    id: u32,
    /// Its type.
    pub ty: Ty,
}

impl fmt::Display for V<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.e.names.borrow()[self.id as usize])
    }
}

impl Emitter {
    /// An empty module in a dialect.
    pub fn new(dialect: Dialect) -> Emitter {
        Emitter { dialect, ..Emitter::default() }
    }

    fn name(&self, name: String, ty: Ty) -> V<'_> {
        let mut names = self.names.borrow_mut();
        names.push(name);
        V { e: self, id: names.len() as u32 - 1, ty }
    }

    fn fresh(&self, ty: Ty) -> V<'_> {
        let n = self.names.borrow().len();
        self.name(format!("%v{n}"), ty)
    }

    fn line(&self, text: impl fmt::Display) {
        let mut code = self.code.borrow_mut();
        code.push_str("  ");
        code.push_str(&text.to_string());
        code.push('\n');
    }

    /// `%new = text`
    fn define(&self, ty: Ty, text: impl fmt::Display) -> V<'_> {
        let v = self.fresh(ty);
        self.line(format_args!("{v} = {text}"));
        v
    }

    // ---- constants

    /// An integer in every lane.
    pub fn int(&self, ty: Ty, v: i64) -> V<'_> {
        let text = if ty.elem == Elem::I1 { (v & 1 != 0).to_string() } else { v.to_string() };
        self.splat_text(ty, text)
    }

    /// A scalar i64.
    pub fn i64(&self, v: i64) -> V<'_> {
        self.int(I64, v)
    }

    /// A number in every lane, rounded once to the element.
    pub fn float(&self, ty: Ty, v: f64) -> V<'_> {
        // LLVM writes a float as the double of the same value.
        let v = if ty.elem == Elem::F32 { v as f32 as f64 } else { v };
        self.splat_text(ty, format!("0x{:016X}", v.to_bits()))
    }

    /// A value given by its bits, in every lane.
    pub fn bits(&self, ty: Ty, bits: u64) -> V<'_> {
        match ty.elem {
            Elem::F32 => self.float(ty, f32::from_bits(bits as u32) as f64),
            Elem::F64 => self.splat_text(ty, format!("0x{bits:016X}")),
            Elem::I8 => self.int(ty, bits as i8 as i64),
            Elem::I16 => self.int(ty, bits as i16 as i64),
            Elem::I32 => self.int(ty, bits as i32 as i64),
            _ => self.int(ty, bits as i64),
        }
    }

    fn splat_text(&self, ty: Ty, text: String) -> V<'_> {
        let name = if ty.lanes == 1 { text } else { format!("splat ({} {text})", ty.elem.name()) };
        self.name(name, ty)
    }

    /// `0, 1, 2, ...`
    pub fn lane_numbers(&self, ty: Ty) -> V<'_> {
        if ty.lanes == 1 {
            return self.int(ty, 0);
        }
        let list: Vec<String> = (0..ty.lanes).map(|i| format!("{} {i}", ty.elem.name())).collect();
        self.name(format!("<{}>", list.join(", ")), ty)
    }

    /// Scalar constants as the lanes of a vector.
    pub fn constants<'e>(&'e self, lanes: &[V<'e>]) -> V<'e> {
        if let [one] = lanes {
            return *one;
        }
        let ty = Ty::new(lanes[0].ty.elem, lanes.len() as u32);
        let list: Vec<String> = lanes.iter().map(|v| format!("{} {v}", v.ty)).collect();
        self.name(format!("<{}>", list.join(", ")), ty)
    }

    /// A parameter or other name that exists already.
    pub fn named(&self, name: &str, ty: Ty) -> V<'_> {
        self.name(name.to_string(), ty)
    }

    // ---- instructions

    /// A two-operand instruction such as `fadd`.
    pub fn binary<'e>(&'e self, op: &str, a: V<'e>, b: V<'e>) -> V<'e> {
        debug_assert_eq!(a.ty, b.ty, "{op}");
        self.define(a.ty, format_args!("{op} {} {a}, {b}", a.ty))
    }

    /// Scalar sum of sizes.
    pub fn add<'e>(&'e self, a: V<'e>, b: V<'e>) -> V<'e> {
        self.binary("add", a, b)
    }

    /// Scalar product of sizes.
    pub fn mul<'e>(&'e self, a: V<'e>, b: V<'e>) -> V<'e> {
        self.binary("mul", a, b)
    }

    /// A comparison: `icmp slt`, `fcmp oeq`, ...
    pub fn compare<'e>(&'e self, op: &str, a: V<'e>, b: V<'e>) -> V<'e> {
        debug_assert_eq!(a.ty, b.ty, "{op}");
        self.define(a.ty.of(Elem::I1), format_args!("{op} {} {a}, {b}", a.ty))
    }

    /// `mask ? a : b`
    pub fn select<'e>(&'e self, mask: V<'e>, a: V<'e>, b: V<'e>) -> V<'e> {
        debug_assert_eq!(a.ty, b.ty);
        self.define(a.ty, format_args!("select {} {mask}, {} {a}, {} {b}", mask.ty, a.ty, b.ty))
    }

    /// A conversion instruction such as `fptrunc`.
    pub fn convert<'e>(&'e self, op: &str, a: V<'e>, to: Ty) -> V<'e> {
        self.define(to, format_args!("{op} {} {a} to {to}", a.ty))
    }

    /// `fneg`
    pub fn negate<'e>(&'e self, a: V<'e>) -> V<'e> {
        self.define(a.ty, format_args!("fneg {} {a}", a.ty))
    }

    /// Calls an intrinsic whose name (with its suffix) and arguments are given.
    pub fn call<'e>(&'e self, name: &str, ty: Ty, args: &[V<'e>]) -> V<'e> {
        let v = self.fresh(ty);
        let list = self.arguments(name, &ty.to_string(), args);
        self.line(format_args!("{v} = call {ty} @{name}({list})"));
        v
    }

    /// The same for one without a result.
    pub fn call_void<'e>(&'e self, name: &str, args: &[V<'e>]) {
        let list = self.arguments(name, "void", args);
        self.line(format_args!("call void @{name}({list})"));
    }

    fn arguments(&self, name: &str, ret: &str, args: &[V<'_>]) -> String {
        let types: Vec<String> = args.iter().map(|a| a.ty.to_string()).collect();
        self.declare(name, format!("declare {ret} @{name}({})", types.join(", ")));
        let list: Vec<String> = args.iter().map(|a| format!("{} {a}", a.ty)).collect();
        list.join(", ")
    }

    fn declare(&self, name: &str, text: String) {
        self.declared.borrow_mut().entry(name.to_string()).or_insert(text);
    }

    /// An intrinsic of one type, such as `llvm.sqrt`, suffixed by that type.
    pub fn intrinsic<'e>(&'e self, name: &str, args: &[V<'e>]) -> V<'e> {
        let ty = args[0].ty;
        self.call(&format!("{name}.{}", ty.mangled()), ty, args)
    }

    /// Calls a function of the host that gives an address, by its own.
    pub fn ask_host<'e>(&'e self, function: V<'e>, args: &[V<'e>]) -> V<'e> {
        self.call_indirect(function, PTR, args)
    }

    /// Calls a function with a result by its address.
    pub fn call_indirect<'e>(&'e self, function: V<'e>, ty: Ty, args: &[V<'e>]) -> V<'e> {
        let list: Vec<String> = args.iter().map(|a| format!("{} {a}", a.ty)).collect();
        self.define(ty, format_args!("call {ty} {function}({})", list.join(", ")))
    }

    /// Calls a function of the host, by its address.
    pub fn call_host<'e>(&'e self, function: V<'e>, args: &[V<'e>]) {
        let list: Vec<String> = args.iter().map(|a| format!("{} {a}", a.ty)).collect();
        self.line(format_args!("call void {function}({})", list.join(", ")));
    }

    /// The same scalar in every lane.
    pub fn splat<'e>(&'e self, a: V<'e>, lanes: u32) -> V<'e> {
        if a.ty.lanes == lanes {
            return a;
        }
        debug_assert_eq!(a.ty.lanes, 1);
        let text = a.to_string();
        let ty = Ty::new(a.ty.elem, lanes);
        if !text.starts_with('%') {
            return self.splat_text(ty, text);
        }
        let first = self.define(ty, format_args!("insertelement {ty} poison, {} {a}, i64 0", a.ty));
        self.define(
            ty,
            format_args!("shufflevector {ty} {first}, {ty} poison, <{lanes} x i32> zeroinitializer"),
        )
    }

    /// Lanes of `a` followed by those of `b`, picked by number.
    pub fn shuffle<'e>(&'e self, a: V<'e>, b: V<'e>, picks: &[u32]) -> V<'e> {
        let ty = Ty::new(a.ty.elem, picks.len() as u32);
        if ty.lanes == 1 {
            let (from, lane) = if picks[0] < a.ty.lanes { (a, picks[0]) } else { (b, picks[0] - a.ty.lanes) };
            return self.extract(from, lane);
        }
        let list: Vec<String> = picks.iter().map(|p| format!("i32 {p}")).collect();
        self.define(
            ty,
            format_args!(
                "shufflevector {} {a}, {} {b}, <{} x i32> <{}>",
                a.ty,
                b.ty,
                picks.len(),
                list.join(", ")
            ),
        )
    }

    /// Vectors of one type, one after the other.
    pub fn concat<'e>(&'e self, parts: &[V<'e>]) -> V<'e> {
        if let [one] = parts {
            return *one;
        }
        if parts[0].ty.lanes == 1 {
            return self.vector(parts);
        }
        let pairs = parts.chunks(2).map(|pair| {
            let lanes = pair[0].ty.lanes * pair.len() as u32;
            let picks: Vec<u32> = (0..lanes).collect();
            if pair.len() == 2 { self.shuffle(pair[0], pair[1], &picks) } else { pair[0] }
        });
        debug_assert!(parts.len().is_power_of_two());
        self.concat(&pairs.collect::<Vec<_>>())
    }

    /// Scalars as the lanes of a vector.
    pub fn vector<'e>(&'e self, lanes: &[V<'e>]) -> V<'e> {
        if let [one] = lanes {
            return *one;
        }
        let ty = Ty::new(lanes[0].ty.elem, lanes.len() as u32);
        let mut all = self.name("poison".into(), ty);
        for (i, v) in lanes.iter().enumerate() {
            all = self.define(ty, format_args!("insertelement {ty} {all}, {} {v}, i64 {i}", v.ty));
        }
        all
    }

    /// One lane.
    pub fn extract<'e>(&'e self, a: V<'e>, lane: u32) -> V<'e> {
        if a.ty.lanes == 1 {
            return a;
        }
        self.define(Ty::new(a.ty.elem, 1), format_args!("extractelement {} {a}, i64 {lane}", a.ty))
    }
}
