//! The math library's numbers, as IR values: what lets one source of `exp` serve all engines.

use super::emit::{Elem, Emitter, Ty, V};
use crate::math::real::{Lanes, Mask, Real, Real32, Real64};
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Sub};

/// A truth value a lane.
#[derive(Clone, Copy)]
pub struct M<'e>(pub V<'e>);
/// Integers as wide as an `F<BITS>`.
#[derive(Clone, Copy)]
pub struct I<'e, const BITS: u32>(pub V<'e>);
/// Floating-point numbers of 32 or 64 bits.
#[derive(Clone, Copy)]
pub struct F<'e, const BITS: u32>(pub V<'e>);

impl<'e> BitAnd for M<'e> {
    type Output = M<'e>;
    fn bitand(self, o: M<'e>) -> M<'e> {
        M(self.0.e.binary("and", self.0, o.0))
    }
}
impl<'e> BitOr for M<'e> {
    type Output = M<'e>;
    fn bitor(self, o: M<'e>) -> M<'e> {
        M(self.0.e.binary("or", self.0, o.0))
    }
}
impl<'e> Not for M<'e> {
    type Output = M<'e>;
    fn not(self) -> M<'e> {
        M(self.0.e.binary("xor", self.0, self.0.e.int(self.0.ty, 1)))
    }
}
impl Mask for M<'_> {}

impl<'e, const BITS: u32> I<'e, BITS> {
    fn op(self, op: &str, o: I<'e, BITS>) -> Self {
        I(self.0.e.binary(op, self.0, o.0))
    }
    fn count(self, n: i64) -> Self {
        I(self.0.e.int(self.0.ty, n))
    }
}

impl<'e, const BITS: u32> Lanes for I<'e, BITS> {
    type Mask = M<'e>;
    fn lit(self, v: i64) -> Self {
        self.count(v)
    }
    fn add(self, o: Self) -> Self {
        self.op("add", o)
    }
    fn sub(self, o: Self) -> Self {
        self.op("sub", o)
    }
    fn mul(self, o: Self) -> Self {
        self.op("mul", o)
    }
    fn and(self, o: Self) -> Self {
        self.op("and", o)
    }
    fn or(self, o: Self) -> Self {
        self.op("or", o)
    }
    fn xor(self, o: Self) -> Self {
        self.op("xor", o)
    }
    fn shl(self, n: u32) -> Self {
        self.op("shl", self.count(n.into()))
    }
    fn shr(self, n: u32) -> Self {
        self.op("ashr", self.count(n.into()))
    }
    fn shr_u(self, n: u32) -> Self {
        self.op("lshr", self.count(n.into()))
    }
    // A count out of range would be poison; such lanes are not used, but must be something.
    fn shl_by(self, n: Self) -> Self {
        self.op("shl", n.and(self.count(i64::from(BITS) - 1)))
    }
    fn shr_u_by(self, n: Self) -> Self {
        self.op("lshr", n.and(self.count(i64::from(BITS) - 1)))
    }
    fn lt(self, o: Self) -> M<'e> {
        M(self.0.e.compare("icmp slt", self.0, o.0))
    }
    fn gt(self, o: Self) -> M<'e> {
        M(self.0.e.compare("icmp sgt", self.0, o.0))
    }
    fn eq(self, o: Self) -> M<'e> {
        M(self.0.e.compare("icmp eq", self.0, o.0))
    }
    fn select(mask: M<'e>, a: Self, b: Self) -> Self {
        I(a.0.e.select(mask.0, a.0, b.0))
    }
}

macro_rules! operator {
    ($($trait:ident $method:ident $op:literal;)*) => {$(
        impl<'e, const BITS: u32> $trait for F<'e, BITS> {
            type Output = Self;
            fn $method(self, o: Self) -> Self {
                F(self.0.e.binary($op, self.0, o.0))
            }
        }
    )*};
}
operator! { Add add "fadd"; Sub sub "fsub"; Mul mul "fmul"; Div div "fdiv"; }

impl<const BITS: u32> Neg for F<'_, BITS> {
    type Output = Self;
    fn neg(self) -> Self {
        F(self.0.e.negate(self.0))
    }
}

impl<'e, const BITS: u32> F<'e, BITS> {
    fn compare(self, op: &str, o: Self) -> M<'e> {
        M(self.0.e.compare(op, self.0, o.0))
    }
    fn intrinsic(self, name: &str) -> Self {
        F(self.0.e.intrinsic(name, &[self.0]))
    }
    fn ints() -> Elem {
        if BITS == 32 { Elem::I32 } else { Elem::I64 }
    }
    fn floats() -> Elem {
        if BITS == 32 { Elem::F32 } else { Elem::F64 }
    }
}

impl<'e, const BITS: u32> Real for F<'e, BITS> {
    type Int = I<'e, BITS>;
    type Mask = M<'e>;
    fn lit(self, v: f64) -> Self {
        F(self.0.e.float(self.0.ty, v))
    }
    fn mul_add(self, a: Self, b: Self) -> Self {
        F(self.0.e.intrinsic("llvm.fma", &[self.0, a.0, b.0]))
    }
    fn abs(self) -> Self {
        self.intrinsic("llvm.fabs")
    }
    fn sqrt(self) -> Self {
        self.intrinsic("llvm.sqrt")
    }
    fn round_even(self) -> Self {
        self.intrinsic("llvm.roundeven")
    }
    fn floor(self) -> Self {
        self.intrinsic("llvm.floor")
    }
    fn trunc(self) -> Self {
        self.intrinsic("llvm.trunc")
    }
    fn lt(self, o: Self) -> M<'e> {
        self.compare("fcmp olt", o)
    }
    fn le(self, o: Self) -> M<'e> {
        self.compare("fcmp ole", o)
    }
    fn gt(self, o: Self) -> M<'e> {
        self.compare("fcmp ogt", o)
    }
    fn ge(self, o: Self) -> M<'e> {
        self.compare("fcmp oge", o)
    }
    fn eq(self, o: Self) -> M<'e> {
        self.compare("fcmp oeq", o)
    }
    fn ne(self, o: Self) -> M<'e> {
        self.compare("fcmp une", o)
    }
    fn is_nan(self) -> M<'e> {
        self.compare("fcmp uno", self)
    }
    fn select(mask: M<'e>, a: Self, b: Self) -> Self {
        F(a.0.e.select(mask.0, a.0, b.0))
    }
    fn to_bits(self) -> Self::Int {
        I(self.0.e.convert("bitcast", self.0, self.0.ty.of(Self::ints())))
    }
    fn from_bits(bits: Self::Int) -> Self {
        F(bits.0.e.convert("bitcast", bits.0, bits.0.ty.of(Self::floats())))
    }
    fn to_int(self) -> Self::Int {
        I(saturating(self.0, self.0.ty.of(Self::ints()), true))
    }
    fn from_int(i: Self::Int) -> Self {
        F(i.0.e.convert("sitofp", i.0, i.0.ty.of(Self::floats())))
    }
    fn cold(mask: M<'e>, fast: Self, slow: impl FnOnce() -> Self) -> Self {
        let e: &'e Emitter = fast.0.e;
        if e.leaves_out(mask.0) {
            return fast;
        }
        let some = e.any(mask.0);
        let result = e.if_else(some, || vec![e.select(mask.0, slow().0, fast.0)], || vec![fast.0]);
        F(result[0])
    }
}

/// Float to integer, saturating, NaN to 0.
pub fn saturating<'e>(v: V<'e>, to: Ty, signed: bool) -> V<'e> {
    let kind = if signed { "fptosi" } else { "fptoui" };
    v.e.call(&format!("llvm.{kind}.sat.{}.{}", to.mangled(), v.ty.mangled()), to, &[v])
}

impl<'e> Real32 for F<'e, 32> {
    type Wide = F<'e, 64>;
    fn widen(self) -> F<'e, 64> {
        F(self.0.e.convert("fpext", self.0, self.0.ty.of(Elem::F64)))
    }
}

impl<'e> Real64 for F<'e, 64> {
    type Narrow = F<'e, 32>;
    fn narrow(self) -> F<'e, 32> {
        F(self.0.e.convert("fptrunc", self.0, self.0.ty.of(Elem::F32)))
    }
    fn table(index: I<'e, 64>, table: &'static [i64]) -> I<'e, 64> {
        let e = index.0.e;
        let last = index.lit(table.len() as i64 - 1);
        let inside =
            I::<64>(e.call(&format!("llvm.umin.{}", index.0.ty.mangled()), index.0.ty, &[index.0, last.0]));
        let base = e.table(table);
        let bytes = inside.shl(3);
        if index.0.ty.lanes == 1 {
            return I(e.load(index.0.ty, e.offset(base, bytes.0), 8));
        }
        let mask = e.int(index.0.ty.of(Elem::I1), 1);
        I(e.gather(index.0.ty, e.offsets(base, bytes.0), mask, 8))
    }
}
