//! Generalised functions as compiled code: inner arrays, and the loop over points.
//!
//! The expansion of a function reads and writes elements of a [`View`] through [`load`] and [`store`], which
//! look at each index. An index that is not there ends the point with a [`Fault`]: nothing panics. The loop
//! over points is compiled for each [`Mode`], and for CPUs with AVX2 besides; none rounds differently.
//!
//! What makes it safe: a [`View`] is made by [`Operands`] alone, of the types that its memory has; only
//! results can be written, and their memory is no input's.

use super::threads::{self, Prologue};
use crate::KernelElement;
use lazuli_core::DType;
use lazuli_core::function::loop_limit;
use lazuli_core::generalized::{Dim, Fault, NAMES, OPERANDS, Points, Strided};
use std::marker::PhantomData;
use std::ops::Range;

/// How a loop over points is compiled.
pub trait Mode: Copy + 'static {
    /// Are elements along the last axis neighbours?
    const UNIT: bool;
    /// Are loops given up that have no limit of their own, and do not end?
    const PATIENT: bool;
}

macro_rules! modes {
    ($($(#[$doc:meta])* $name:ident $unit:literal $patient:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub enum $name {}
        impl Mode for $name {
            const UNIT: bool = $unit;
            const PATIENT: bool = $patient;
        }
    )*};
}
modes! {
    /// For neighbours along the last axes.
    Unit true false;
    /// For any steps.
    Stepped false false;
    /// For any steps, and it gives up loops that do not end: as the interpreter does.
    Patient false true;
}

/// An inner array, or, with no axes, an element. `W`: may it be written?
#[derive(Clone, Copy)]
pub struct View<T, M, const R: usize, const W: bool> {
    at: *mut T,
    extents: [i64; R],
    steps: [isize; R],
    mode: PhantomData<M>,
}

impl<T: KernelElement, M: Mode, const R: usize, const W: bool> View<T, M, R, W> {
    /// # Safety
    /// Elements are there at all indices below `extents`, for as long as the view is used.
    #[inline(always)]
    unsafe fn new(at: *mut u8, steps: [isize; R], extents: [i64; R]) -> Self {
        View { at: at.cast(), extents, steps, mode: PhantomData }
    }

    /// Where an element is, if it is there.
    #[inline(always)]
    fn place(&self, index: [i64; R]) -> Option<*mut T> {
        let mut offset = 0isize;
        for (d, i) in index.into_iter().enumerate() {
            if i as u64 >= self.extents[d] as u64 {
                return None;
            }
            let step = if M::UNIT && d + 1 == R { 1 } else { self.steps[d] };
            offset = offset.wrapping_add((i as isize).wrapping_mul(step));
        }
        // SAFETY: the index is within the array.
        Some(unsafe { self.at.offset(offset) })
    }
}

/// What an index can be.
#[diagnostic::on_unimplemented(
    message = "an index cannot be a `{Self}`",
    label = "indices are `i64`, or `i32`",
    note = "convert it: `i as i64`"
)]
pub trait Index: Copy {
    /// The index.
    fn index(self) -> i64;
}
impl Index for i64 {
    #[inline(always)]
    fn index(self) -> i64 {
        self
    }
}
impl Index for i32 {
    #[inline(always)]
    fn index(self) -> i64 {
        self.into()
    }
}

#[inline(always)]
pub fn index<I: Index>(i: I) -> i64 {
    i.index()
}

/// An element, if it is there.
#[inline(always)]
pub fn load<T: KernelElement, M: Mode, const R: usize, const W: bool>(
    x: View<T, M, R, W>,
    index: [i64; R],
) -> Option<T> {
    // SAFETY: the element is there.
    x.place(index).map(|at| unsafe { at.read() })
}

/// Writes an element. Is it there?
#[inline(always)]
pub fn store<T: KernelElement, M: Mode, const R: usize>(
    y: View<T, M, R, true>,
    index: [i64; R],
    value: T,
) -> bool {
    match y.place(index) {
        // SAFETY: the element is there, and ours to write.
        Some(at) => unsafe {
            at.write(value);
            true
        },
        None => false,
    }
}

/// The extent of the first axis.
#[inline(always)]
pub fn length<T: KernelElement, M: Mode, const R: usize, const W: bool>(x: View<T, M, R, W>) -> i64 {
    x.extents[0]
}

/// What is wrong with an index.
#[cold]
#[inline(never)]
#[track_caller]
pub fn outside<T: KernelElement, M: Mode, const R: usize, const W: bool>(
    x: View<T, M, R, W>,
    index: [i64; R],
    array: &'static str,
) -> Fault {
    let axis = (0..R).find(|&d| index[d] as u64 >= x.extents[d] as u64).unwrap_or(0);
    Fault::Index { array, axis, index: index[axis], len: x.extents[axis], line: super::line() }
}

/// Counts a turn of a loop. Were there too many?
#[inline(always)]
pub fn turn<M: Mode>(turns: &mut u64, limit: Option<u64>) -> bool {
    match limit.or_else(|| M::PATIENT.then(loop_limit)) {
        None => false,
        Some(most) => {
            *turns += 1;
            *turns > most
        }
    }
}

/// What is wrong with a loop.
#[cold]
#[inline(never)]
#[track_caller]
pub fn endless(limit: Option<u64>) -> Fault {
    Fault::Turns { line: super::line(), limited: limit.is_some() }
}

/// What is known of an operand by its type.
pub trait Operand {
    /// Type of its elements.
    type Element: KernelElement;
    /// How many axes it has.
    const RANK: usize;
    /// Is it a result?
    const WRITES: bool;
    /// Its steps along its own axes.
    type Steps: Copy;
    /// What the body computes with.
    type Compiled<M: Mode>: Copy;
    /// What the body is written down with.
    type Traced: Copy;
    /// Its steps.
    fn steps(inner: &[isize]) -> Self::Steps;
    /// The operand of a point.
    ///
    /// # Safety
    /// Its elements are there, at these steps from the first.
    unsafe fn compiled<M: Mode>(
        at: *mut u8,
        steps: Self::Steps,
        dims: &'static [Dim],
        named: &[i64; NAMES],
    ) -> Self::Compiled<M>;
    /// The next operand of the kernel that is being written.
    fn traced(of: &mut Prologue, name: &'static str, dims: &'static [Dim]) -> Self::Traced;
}

#[inline(always)]
fn extents<const R: usize>(dims: &'static [Dim], named: &[i64; NAMES]) -> [i64; R] {
    std::array::from_fn(|d| match dims[d] {
        Dim::Named(n) => named[usize::from(n)],
        Dim::Fixed(n) => n.into(),
    })
}

/// A scalar that is taken.
pub struct Value<T>(PhantomData<T>);
/// An inner array that is taken.
pub struct Read<T, const R: usize>(PhantomData<T>);
/// An inner array that is given; with no axes, a scalar.
pub struct Write<T, const R: usize>(PhantomData<T>);

impl<T: KernelElement> Operand for Value<T> {
    type Element = T;
    const RANK: usize = 0;
    const WRITES: bool = false;
    type Steps = ();
    type Compiled<M: Mode> = T;
    type Traced = crate::Expr<T>;
    fn steps(_: &[isize]) {}
    #[inline(always)]
    unsafe fn compiled<M: Mode>(
        at: *mut u8,
        _: (),
        _: &'static [Dim],
        _: &[i64; NAMES],
    ) -> Self::Compiled<M> {
        // SAFETY: by the contract.
        unsafe { at.cast::<T>().read() }
    }
    fn traced(of: &mut Prologue, name: &'static str, dims: &'static [Dim]) -> Self::Traced {
        threads::load(of.operand::<T, 0>(name, dims, false), [])
    }
}

macro_rules! arrays {
    ($($name:ident $writes:literal;)*) => {$(
        impl<T: KernelElement, const R: usize> Operand for $name<T, R> {
            type Element = T;
            const RANK: usize = R;
            const WRITES: bool = $writes;
            type Steps = [isize; R];
            type Compiled<M: Mode> = View<T, M, R, $writes>;
            type Traced = threads::View<T, R>;
            fn steps(inner: &[isize]) -> [isize; R] {
                std::array::from_fn(|d| inner[d])
            }
            #[inline(always)]
            unsafe fn compiled<M: Mode>(
                at: *mut u8,
                steps: [isize; R],
                dims: &'static [Dim],
                named: &[i64; NAMES],
            ) -> Self::Compiled<M> {
                let extents = extents(dims, named);
                if $writes {
                    // Results are row-major and without gaps.
                    let count = extents.iter().product::<i64>() as usize;
                    for k in 0..count {
                        // SAFETY: by the contract; nobody else writes here.
                        unsafe { at.cast::<T>().add(k).write(T::default()) };
                    }
                }
                // SAFETY: by the contract.
                unsafe { View::new(at, steps, extents) }
            }
            fn traced(of: &mut Prologue, name: &'static str, dims: &'static [Dim]) -> Self::Traced {
                let view = of.operand(name, dims, $writes);
                if $writes {
                    threads::clear(view);
                }
                view
            }
        }
    )*};
}
arrays! { Read false; Write true; }

/// The types of a function's operands: a tuple of [`Operand`]s.
pub trait Operands {
    /// Bytes of an element of each.
    const SIZES: &'static [usize];
    /// Their steps along their own axes.
    type Steps: Copy;
    /// What the body computes with.
    type Compiled<M: Mode>;
    /// What the body is written down with.
    type Traced;
    /// For each: type, number of axes, and whether it is written.
    fn list() -> Vec<(DType, usize, bool)>;
    /// Their steps.
    fn steps(operands: &[Strided]) -> Self::Steps;
    /// The operands of a point.
    ///
    /// # Safety
    /// The elements of each are there, at its steps from the first.
    unsafe fn compiled<M: Mode>(
        at: &[*mut u8; OPERANDS],
        steps: Self::Steps,
        dims: &'static [&'static [Dim]],
        named: &[i64; NAMES],
    ) -> Self::Compiled<M>;
    /// The operands of the kernel that is being written.
    fn traced(
        of: &mut Prologue,
        names: &'static [&'static str],
        dims: &'static [&'static [Dim]],
    ) -> Self::Traced;
}

macro_rules! tuples {
    ($($($name:ident $n:tt)*;)*) => {$(
        impl<$($name: Operand),*> Operands for ($($name,)*) {
            const SIZES: &'static [usize] = &[$(size_of::<$name::Element>()),*];
            type Steps = ($($name::Steps,)*);
            type Compiled<M: Mode> = ($($name::Compiled<M>,)*);
            type Traced = ($($name::Traced,)*);
            fn list() -> Vec<(DType, usize, bool)> {
                vec![$((<$name::Element as crate::Element>::DTYPE, $name::RANK, $name::WRITES)),*]
            }
            fn steps(operands: &[Strided]) -> Self::Steps {
                ($($name::steps(&operands[$n].inner),)*)
            }
            #[inline(always)]
            unsafe fn compiled<M: Mode>(
                at: &[*mut u8; OPERANDS],
                steps: Self::Steps,
                dims: &'static [&'static [Dim]],
                named: &[i64; NAMES],
            ) -> Self::Compiled<M> {
                // SAFETY: by the contract.
                unsafe { ($($name::compiled::<M>(at[$n], steps.$n, dims[$n], named),)*) }
            }
            fn traced(
                of: &mut Prologue,
                names: &'static [&'static str],
                dims: &'static [&'static [Dim]],
            ) -> Self::Traced {
                ($($name::traced(of, names[$n], dims[$n]),)*)
            }
        }
    )*};
}
tuples! {
    A 0 B 1;
    A 0 B 1 C 2;
    A 0 B 1 C 2 D 3;
    A 0 B 1 C 2 D 3 E 4;
    A 0 B 1 C 2 D 3 E 4 F 5;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10;
    A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11;
}

/// Computes a range of points: [`lazuli_core::generalized::Run`].
///
/// # Safety
/// As there; the operands have the types and axes that the function says.
pub unsafe fn run<B: super::Generalized>(
    points: &Points<'_>,
    range: Range<usize>,
) -> Result<(), (usize, Fault)> {
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma,bmi2")]
    unsafe fn wide<B: super::Generalized, M: Mode>(
        points: &Points<'_>,
        range: Range<usize>,
    ) -> Result<(), (usize, Fault)> {
        // SAFETY: the caller's promise.
        unsafe { each::<B, M>(points, range) }
    }
    unsafe fn plain<B: super::Generalized, M: Mode>(
        points: &Points<'_>,
        range: Range<usize>,
    ) -> Result<(), (usize, Fault)> {
        // SAFETY: the caller's promise.
        unsafe { each::<B, M>(points, range) }
    }
    let unit = points.operands.iter().all(|operand| operand.inner.last().is_none_or(|&step| step == 1));
    // SAFETY: by the contract; the CPU has these instructions where they are used.
    unsafe {
        if points.patient {
            return plain::<B, Patient>(points, range);
        }
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx2") && has!("fma") && has!("bmi2") {
                return match unit {
                    true => wide::<B, Unit>(points, range),
                    false => wide::<B, Stepped>(points, range),
                };
            }
        }
        match unit {
            true => plain::<B, Unit>(points, range),
            false => plain::<B, Stepped>(points, range),
        }
    }
}

/// The loop over points.
///
/// # Safety
/// As [`run`]; if `M::UNIT`, elements along the last axes are neighbours.
#[inline(always)]
unsafe fn each<B: super::Generalized, M: Mode>(
    points: &Points<'_>,
    range: Range<usize>,
) -> Result<(), (usize, Fault)> {
    let mut named = [0i64; NAMES];
    for (n, extent) in named.iter_mut().enumerate().take(B::NAMES.len()) {
        *extent = points.named[n] as i64;
    }
    let sizes = <B::Operands as Operands>::SIZES;
    let steps = B::Operands::steps(points.operands);
    let mut along = [0isize; OPERANDS];
    for k in 0..sizes.len() {
        along[k] = points.operands[k].outer.last().map_or(0, |step| step * sizes[k] as isize);
    }
    let last = points.outer.last().copied().unwrap_or(1);
    let mut next = range.start;
    while next < range.end {
        // As far as the last outer axis goes, operands are a step from one point to the next.
        let end = range.end.min(next + (last - next % last));
        let mut at = [std::ptr::null_mut::<u8>(); OPERANDS];
        for k in 0..sizes.len() {
            at[k] = points.bases[k].wrapping_offset(points.start(k, next) * sizes[k] as isize);
        }
        for point in next..end {
            // SAFETY: by the contract.
            let operands = unsafe { B::Operands::compiled::<M>(&at, steps, B::DIMS, &named) };
            B::compute::<M>(&named, operands).map_err(|fault| (point, fault))?;
            for k in 0..sizes.len() {
                at[k] = at[k].wrapping_offset(along[k]);
            }
        }
        next = end;
    }
    Ok(())
}
