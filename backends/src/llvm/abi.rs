//! How launches hand their numbers to generated code: one array of 64-bit words.
//!
//! The order is fixed here once, for the code that writes the words and the code that is
//! generated to read them: extents, counts, addresses of host functions, then for each access its
//! base and its byte strides, then the parameters.

use super::packing::{pack, unpack};
use crate::math::{Unary, block};
use lazuli_core::UnaryOp;
use lazuli_fusion::bind::{Bound, BoundAccess, Slot};
use smallvec::SmallVec;

/// The words of one launch.
pub type Words = SmallVec<[u64; 48]>;

/// Positions of words for kernels of some ranks.
#[derive(Clone, Copy)]
pub struct Abi {
    rows: usize,
    inner: usize,
    accesses: usize,
}

impl Abi {
    /// The layout for a kernel.
    pub fn of(bound: &Bound) -> Abi {
        Abi { rows: bound.rows.len(), inner: bound.inner.len(), accesses: bound.accesses.len() }
    }
    /// Extent of a row axis.
    pub fn row_extent(self, d: usize) -> usize {
        d
    }
    /// Extent of an inner axis.
    pub fn inner_extent(self, d: usize) -> usize {
        self.rows + d
    }
    /// Number of reduced elements.
    pub fn count(self) -> usize {
        self.rows + self.inner
    }
    /// `fmod` on arrays of f32; the one on f64 follows.
    pub fn remainder(self) -> usize {
        self.count() + 1
    }
    /// `packing::pack`; `packing::unpack` follows.
    pub fn pack(self) -> usize {
        self.count() + 3
    }
    /// What the packing functions get: the bound kernel.
    pub fn context(self) -> usize {
        self.count() + 5
    }
    /// Are full-width streaming stores allowed and wanted?
    pub fn streaming(self) -> usize {
        self.count() + 6
    }
    /// [`exceptional`] on arrays of f32; the one on f64 follows.
    pub fn exceptional(self) -> usize {
        self.count() + 7
    }
    /// Where a loop that passes its limit is noted: see [`Overrun`](crate::exec::Overrun).
    pub fn overrun(self) -> usize {
        self.count() + 9
    }
    /// All words about functions of the host.
    pub fn host(self) -> std::ops::Range<usize> {
        self.remainder()..self.access(0)
    }
    fn access(self, a: usize) -> usize {
        self.count() + 10 + a * (1 + self.rows + self.inner)
    }
    /// Address of an access at index 0 of everything (a position for Iota).
    pub fn base(self, a: usize) -> usize {
        self.access(a)
    }
    /// Step along a row axis, in bytes (positions for Iota).
    pub fn row_stride(self, a: usize, d: usize) -> usize {
        self.access(a) + 1 + d
    }
    /// Step along an inner axis.
    pub fn inner_stride(self, a: usize, d: usize) -> usize {
        self.access(a) + 1 + self.rows + d
    }
    /// A parameter.
    pub fn param(self, p: usize) -> usize {
        self.access(self.accesses) + p
    }
    /// How many words there are.
    pub fn len(self, params: usize) -> usize {
        self.param(params)
    }
}

/// The words of all launches of a bound kernel: everything but addresses, parameters and whether
/// to stream. `b` must not move afterwards: its address is one of the words.
pub fn template(b: &Bound) -> Box<[u64]> {
    let mut w = Vec::new();
    w.extend(b.rows.iter().chain(&b.inner).map(|&n| n as u64));
    w.push(b.inner_count() as u64);
    w.push(remainder::<f32> as *const () as u64);
    w.push(remainder::<f64> as *const () as u64);
    w.push(pack as *const () as u64);
    w.push(unpack as *const () as u64);
    w.push(b as *const Bound as u64);
    w.push(0);
    w.push(exceptional::<f32> as *const () as u64);
    w.push(exceptional::<f64> as *const () as u64);
    w.push(0);
    for a in &b.accesses {
        w.push((a.offset as u64).wrapping_mul(unit(a)));
        w.extend(a.rows.iter().chain(&a.inner).map(|&s| (s as u64).wrapping_mul(unit(a))));
    }
    w.into()
}

/// Bytes of an element (1 for positions). Negative steps wrap, as addresses do.
fn unit(a: &BoundAccess) -> u64 {
    if a.slot == Slot::Iota { 1 } else { a.dtype.size() as u64 }
}

/// The words of a launch. `overrun` is the address that the word of that name tells.
pub fn words(
    b: &Bound,
    template: &[u64],
    bases: &[*mut u8],
    params: &[u64],
    streaming: bool,
    overrun: u64,
) -> Words {
    let mut w = Words::from_slice(template);
    let abi = Abi::of(b);
    w[abi.streaming()] = streaming as u64;
    w[abi.overrun()] = overrun;
    for (a, &base) in bases.iter().enumerate() {
        let at = &mut w[abi.base(a)];
        *at = at.wrapping_add(base as u64);
    }
    w.extend_from_slice(params);
    w
}

/// `out[i] = x[i] % y[i]`, exactly. (LLVM's `frem` would call a library, and is inexact on other
/// targets.)
///
/// # Safety
/// `n` elements at each address.
unsafe extern "C" fn remainder<T: std::ops::Rem<Output = T> + Copy>(
    x: *const T,
    y: *const T,
    out: *mut T,
    n: i64,
) {
    for i in 0..n as usize {
        // SAFETY: as the caller promises.
        unsafe { *out.add(i) = *x.add(i) % *y.add(i) };
    }
}

/// The functions whose cold paths are taken here, by their codes.
const EXCEPTIONAL: [(UnaryOp, Unary); 3] =
    [(UnaryOp::Sin, Unary::Sin), (UnaryOp::Cos, Unary::Cos), (UnaryOp::Tan, Unary::Tan)];

/// The code of a function whose cold path is taken by [`exceptional`].
pub fn exceptional_code(op: UnaryOp) -> Option<i64> {
    EXCEPTIONAL.iter().position(|&(o, _)| o == op).map(|code| code as i64)
}

/// `out[i] = f(x[i])`, by the source that the fast path was printed from.
///
/// # Safety
/// `n` elements at each address, which do not overlap; `code` is that of a function.
unsafe extern "C" fn exceptional<T: Scalar>(code: i64, x: *const T, out: *mut T, n: i64) {
    // SAFETY: as the caller promises.
    let (x, out) = unsafe {
        (std::slice::from_raw_parts(x, n as usize), std::slice::from_raw_parts_mut(out, n as usize))
    };
    T::unary(EXCEPTIONAL[code as usize].1, x, out);
}

trait Scalar: Sized {
    fn unary(function: Unary, x: &[Self], out: &mut [Self]);
}
impl Scalar for f32 {
    fn unary(function: Unary, x: &[f32], out: &mut [f32]) {
        block::unary_f32(function, x, out);
    }
}
impl Scalar for f64 {
    fn unary(function: Unary, x: &[f64], out: &mut [f64]) {
        block::unary_f64(function, x, out);
    }
}
