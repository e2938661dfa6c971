//! What a kernel takes: the types of its arguments, and what a launch gives for each.
//!
//! A kernel's type lists its arguments as its function does: `Kernel<(f32, &[f32], &mut [f32])>`. A scalar
//! is given as it is, an array as a buffer of the device: borrowed where the kernel reads it, borrowed
//! alone where it writes it. So two arguments of a launch are never the same memory unless both are read.

use crate::function::thread::{self, KernelElement, Memory};
use crate::{DeviceBuffer, Expr};
use lazuli_backends::SliceArgument;
use lazuli_core::Scalar;

/// The arguments of a launch, as the engines take them.
#[derive(Default)]
pub struct Given<'a> {
    pub scalars: Vec<u64>,
    pub slices: Vec<SliceArgument<'a>>,
}

/// What is known of an argument's type beside its name. Not for use by hand.
pub trait Parameter {
    /// What a launch gives.
    type Given<'a>;
    /// What the body is written down with.
    type Traced;
    /// The next argument of the kernel that is being written.
    fn declare(name: &'static str) -> Self::Traced;
    /// The argument of a launch.
    fn give<'a>(given: Self::Given<'a>, to: &mut Given<'a>);
}

macro_rules! scalars {
    ($($t:ty)*) => {$(
        impl Parameter for $t {
            type Given<'a> = $t;
            type Traced = Expr<$t>;
            fn declare(_: &'static str) -> Expr<$t> {
                thread::scalar()
            }
            fn give<'a>(given: $t, to: &mut Given<'a>) {
                to.scalars.push(Scalar::new(given).bits);
            }
        }
    )*};
}
scalars! { bool i32 i64 u8 u64 f32 f64 }

impl<T: KernelElement> Parameter for &'static [T] {
    type Given<'a> = &'a DeviceBuffer<T>;
    type Traced = Memory<T>;
    fn declare(name: &'static str) -> Memory<T> {
        Memory::argument(name, false)
    }
    fn give<'a>(given: &'a DeviceBuffer<T>, to: &mut Given<'a>) {
        to.slices.push(given.memory().argument());
    }
}

impl<T: KernelElement> Parameter for &'static mut [T] {
    type Given<'a> = &'a mut DeviceBuffer<T>;
    type Traced = Memory<T>;
    fn declare(name: &'static str) -> Memory<T> {
        Memory::argument(name, true)
    }
    fn give<'a>(given: &'a mut DeviceBuffer<T>, to: &mut Given<'a>) {
        to.slices.push(given.memory().argument());
    }
}

/// The type of a kernel's argument: a scalar, `&[T]`, or `&mut [T]`; a launch gives a scalar, a
/// `&DeviceBuffer<T>`, or a `&mut DeviceBuffer<T>` for it.
#[diagnostic::on_unimplemented(
    message = "a kernel cannot have an argument of type `{Self}`",
    label = "known are `bool`, `i32`, `i64`, `u8`, `u64`, `f32`, `f64`, and `&[T]` and `&mut [T]` of these"
)]
pub trait KernelParameter: Parameter {}
impl<P: Parameter> KernelParameter for P {}

mod sealed {
    use super::*;
    pub trait Parameters {
        type Given<'a>;
        fn give<'a>(given: Self::Given<'a>, to: &mut Given<'a>);
    }
}
pub(super) use sealed::Parameters;

/// The types of a kernel's arguments: a tuple of up to sixteen [`KernelParameter`]s.
pub trait KernelParameters: Parameters {}
impl<P: Parameters> KernelParameters for P {}

macro_rules! tuples {
    ($($($name:ident)*;)*) => {$(
        impl<$($name: Parameter),*> Parameters for ($($name,)*) {
            type Given<'a> = ($($name::Given<'a>,)*);
            #[allow(non_snake_case)]
            fn give<'a>(($($name,)*): Self::Given<'a>, to: &mut Given<'a>) {
                $(<$name as Parameter>::give($name, to);)*
            }
        }
    )*};
}
tuples! {
    A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H; A B C D E F G H I;
    A B C D E F G H I J; A B C D E F G H I J K; A B C D E F G H I J K L; A B C D E F G H I J K L M;
    A B C D E F G H I J K L M N; A B C D E F G H I J K L M N O; A B C D E F G H I J K L M N O P;
}
