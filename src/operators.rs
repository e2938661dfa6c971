//! Rust's operators: `+ - * / %` of numbers, `& | ^ << >>` and `!` of integers and bools, `-` of
//! signed numbers, and the compound assignments.
//!
//! Both sides may be values or references, and one side may be a scalar of the element type.
//! Operators mean what they mean in Rust (integer `/` and `%` truncate), but for every input:
//! integers wrap, a division by zero gives 0, and shifting by the width or more shifts
//! everything out. Shapes are broadcast as NumPy does.

use crate::numbers::{Bitwise, Integer, Number};
use crate::operand::{IntoOperand, Use};
use crate::record::Call;
use crate::{Array, Element};
use lazuli_core::{BinaryOp, NodeRef, UnaryOp, bf16, f16};
use std::ops::*;

impl<T: Element> Array<T> {
    /// Records a binary operation that gives `U`.
    #[inline]
    pub(crate) fn binary<U: Element>(
        &self,
        call: Call,
        op: BinaryOp,
        other: impl IntoOperand<T>,
    ) -> Array<U> {
        binary(call, op, self.node().clone(), other)
    }
}

#[inline]
fn binary<T: Element, U: Element>(
    call: Call,
    op: BinaryOp,
    left: NodeRef,
    right: impl IntoOperand<T>,
) -> Array<U> {
    let right = right.operand(Use(call), &left);
    Array::of(call.binary(op, left, right))
}

/// A scalar on the left.
#[inline]
fn reversed<T: Element>(call: Call, op: BinaryOp, left: T, right: NodeRef) -> Array<T> {
    let left = left.operand(Use(call), &right);
    Array::of(call.binary(op, left, right))
}

macro_rules! operator {
    ($bound:ident: $trait:ident $method:ident, $assign:ident $assign_method:ident, $op:ident;
     scalars $($s:ty)*) => {
        operator!(@right $bound $trait $method $op, T);
        operator!(@right $bound $trait $method $op, Array<T>);
        operator!(@right $bound $trait $method $op, &Array<T>);
        operator!(@assign $bound $assign $assign_method $method $op, T);
        operator!(@assign $bound $assign $assign_method $method $op, Array<T>);
        operator!(@assign $bound $assign $assign_method $method $op, &Array<T>);
        $(
            impl $trait<Array<$s>> for $s {
                type Output = Array<$s>;
                #[track_caller]
                fn $method(self, right: Array<$s>) -> Array<$s> {
                    reversed(Call::new(stringify!($method)), BinaryOp::$op, self, right.into_node())
                }
            }
            impl $trait<&Array<$s>> for $s {
                type Output = Array<$s>;
                #[track_caller]
                fn $method(self, right: &Array<$s>) -> Array<$s> {
                    reversed(Call::new(stringify!($method)), BinaryOp::$op, self, right.node().clone())
                }
            }
        )*
    };
    (@right $bound:ident $trait:ident $method:ident $op:ident, $right:ty) => {
        impl<T: $bound> $trait<$right> for Array<T> {
            type Output = Array<T>;
            #[track_caller]
            fn $method(self, right: $right) -> Array<T> {
                binary(Call::new(stringify!($method)), BinaryOp::$op, self.into_node(), right)
            }
        }
        impl<T: $bound> $trait<$right> for &Array<T> {
            type Output = Array<T>;
            #[track_caller]
            fn $method(self, right: $right) -> Array<T> {
                self.binary(Call::new(stringify!($method)), BinaryOp::$op, right)
            }
        }
    };
    (@assign $bound:ident $assign:ident $assign_method:ident $method:ident $op:ident, $right:ty) => {
        impl<T: $bound> $assign<$right> for Array<T> {
            #[track_caller]
            fn $assign_method(&mut self, right: $right) {
                *self = self.binary(Call::new(stringify!($method)), BinaryOp::$op, right);
            }
        }
    };
}

macro_rules! for_numbers {
    ($($trait:ident $method:ident, $assign:ident $assign_method:ident, $op:ident;)*) => {$(
        operator!(Number: $trait $method, $assign $assign_method, $op;
                  scalars i32 i64 u8 u64 f16 bf16 f32 f64);
    )*};
}
for_numbers! {
    Add add, AddAssign add_assign, Add;
    Sub sub, SubAssign sub_assign, Sub;
    Mul mul, MulAssign mul_assign, Mul;
    Div div, DivAssign div_assign, Div;
    Rem rem, RemAssign rem_assign, Rem;
}

macro_rules! for_bits {
    ($($trait:ident $method:ident, $assign:ident $assign_method:ident, $op:ident;)*) => {$(
        operator!(Bitwise: $trait $method, $assign $assign_method, $op; scalars bool i32 i64 u8 u64);
    )*};
}
for_bits! {
    BitAnd bitand, BitAndAssign bitand_assign, And;
    BitOr bitor, BitOrAssign bitor_assign, Or;
    BitXor bitxor, BitXorAssign bitxor_assign, Xor;
}

macro_rules! for_shifts {
    ($($trait:ident $method:ident, $assign:ident $assign_method:ident, $op:ident;)*) => {$(
        operator!(Integer: $trait $method, $assign $assign_method, $op; scalars i32 i64 u8 u64);
    )*};
}
for_shifts! {
    Shl shl, ShlAssign shl_assign, Shl;
    Shr shr, ShrAssign shr_assign, Shr;
}

macro_rules! prefix {
    ($($trait:ident $method:ident $op:ident [$($bound:tt)*];)*) => {$(
        impl<T: $($bound)*> $trait for Array<T> {
            type Output = Array<T>;
            #[track_caller]
            fn $method(self) -> Array<T> {
                Array::of(Call::new(stringify!($method)).unary(UnaryOp::$op, self.into_node()))
            }
        }
        impl<T: $($bound)*> $trait for &Array<T> {
            type Output = Array<T>;
            #[track_caller]
            fn $method(self) -> Array<T> {
                Array::of(Call::new(stringify!($method)).unary(UnaryOp::$op, self.node().clone()))
            }
        }
    )*};
}
prefix! {
    Neg neg Neg [Number + Neg<Output = T>];
    Not not Not [Bitwise];
}
