//! Machine code for this CPU: an L1 kernel becomes IR text, an object in memory, a function.
//!
//! * [`emit`] prints IR, [`lanes`] lets the math library be printed, [`body`] gives each L1
//!   instruction its meaning, [`call`] functions with loops and branches, [`reduce`] each reduction its
//!   accumulators;
//! * [`map`], [`tiles`], [`rows`] and [`columns`] are the loops around a body, [`frame`] what they share,
//!   [`abi`] how a launch hands them its numbers, [`packing`] where they find what lies apart in
//!   memory;
//! * [`grid`] is what stands around a body on a GPU;
//! * [`compiler`] compiles for any target; [`target`], [`jit`] and [`blob`] compile and load for this CPU, without a
//!   linker, and [`nvptx`] makes PTX; [`exit`] lets a process
//!   end meanwhile.
//!
//! Compiled kernels are cached in memory and on disk by the kernel key that `fusion::bind` writes
//! ([`kernels`], [`disk`]): a hit prints nothing and never touches LLVM.

pub mod abi;
mod arithmetic;
pub mod blob;
mod body;
mod call;
mod columns;
pub mod compiler;
pub mod disk;
pub mod emit;
pub mod error;
pub(crate) mod exit;
mod frame;
pub mod grid;
pub mod jit;
pub mod kernels;
mod lanes;
mod map;
pub mod nvptx;
mod once;
mod packing;
mod reduce;
mod remainder;
mod rows;
pub mod target;
#[cfg(test)]
mod test_kernels;
#[cfg(test)]
mod tests;
mod tiles;
mod uniform;

pub use blob::{Code, Image};
pub use compiler::Timings;
pub use error::JitError;
pub use jit::Jit;
pub use target::TargetCpu;

use emit::Emitter;
use frame::Frame;
use lazuli_core::ErrorKind;
use lazuli_fusion::bind::{Bound, Mode};
use std::sync::LazyLock;

/// A kernel as machine code.
pub struct Compiled {
    code: Code,
    /// Bytes of scratch that a thread needs whatever the sizes are.
    scratch: usize,
    /// Bytes of scratch for each element of a row (kept values).
    kept: usize,
    /// Lanes of its vectors.
    pub lanes: usize,
}

/// One generated function: words, scratch, reduction state, totals, two ranges.
type Function = unsafe extern "C" fn(*const u64, *mut u8, *const u64, *mut u64, i64, i64, i64, i64);

const SIGNATURE: &str = "(ptr noalias %args, ptr noalias %scratch, ptr noalias %state, \
                         ptr noalias %out, i64 %b0, i64 %e0, i64 %b1, i64 %e1)";

impl Compiled {
    /// Gives the code of a kernel an address.
    fn new(bound: &Bound, image: &Image, scratch: usize, lanes: usize) -> Result<Compiled, JitError> {
        let kept = |v: &u32| bound.kernel.body[*v as usize].ty.size();
        Ok(Compiled {
            code: image.load()?,
            scratch,
            kept: if bound.keep { bound.stages.kept.iter().map(kept).sum() } else { 0 },
            lanes,
        })
    }

    /// Bytes of scratch that one thread needs for rows of `count` elements.
    pub fn scratch_bytes(&self, count: usize) -> usize {
        self.scratch + if self.kept == 0 { 0 } else { self.kept * (count + 64) + 64 }
    }

    /// Calls function `entry` (`run`, or the sweeps of a split kernel and then `finish`).
    ///
    /// # Safety
    /// `words` are those of a launch of this kernel whose memory is valid and large enough,
    /// `scratch` has [`Compiled::scratch_bytes`] bytes for this thread alone, `state` and `out`
    /// hold a word a reduction and [`WORDS`](crate::portable::WORDS) an accumulation; the ranges lie within the launch.
    pub unsafe fn call(
        &self,
        entry: usize,
        words: &[u64],
        scratch: *mut u8,
        state: *const u64,
        out: *mut u64,
        ranges: [usize; 4],
    ) {
        let [b0, e0, b1, e1] = ranges.map(|r| r as i64);
        // SAFETY: the code was generated with this signature.
        unsafe {
            let function: Function = std::mem::transmute(self.code.entry(entry));
            function(words.as_ptr(), scratch, state, out, b0, e0, b1, e1);
        }
    }
}

/// IR text of a kernel, the names of its functions, its lanes and bytes of scratch.
pub struct Printed {
    /// The module.
    pub text: String,
    /// Its functions, in the order of [`Compiled::call`]'s `entry`.
    pub entries: Vec<String>,
    lanes: u32,
    scratch: u64,
}

/// Prints the IR of a kernel for vectors of some width. The error names an operation that has no
/// meaning for its type: LLVM is never asked for what it cannot do.
pub fn print(bound: &Bound, vector_bits: u32) -> Result<Printed, String> {
    let e = Emitter::default();
    let lanes = frame::vector_lanes(bound, vector_bits);
    let mut entries = Vec::new();
    let mut scratch = 0;
    let mut result = Ok(());
    let mut function = |name: String, print: &dyn Fn(&Frame<'_>) -> Result<(), String>| {
        e.function(&format!("@{name}{SIGNATURE}"), || {
            let f = Frame::new(&e, bound, lanes);
            result = std::mem::replace(&mut result, Ok(())).and_then(|()| print(&f));
            scratch = scratch.max(f.scratch_bytes());
        });
        entries.push(name);
    };
    match (bound.mode, bound.split) {
        (Mode::Map, _) if bound.is_tiled() => function("run".into(), &tiles::run),
        (Mode::Map, _) => function("run".into(), &map::run),
        (Mode::Columns, _) => function("run".into(), &columns::run),
        (Mode::Rows, false) => function("run".into(), &rows::run),
        (Mode::Rows, true) => {
            for s in 0..bound.stages.sweeps.len() {
                function(format!("sweep{s}"), &|f| rows::sweep(f, s));
            }
            function("finish".into(), &rows::finish);
        }
    }
    result?;
    Ok(Printed { text: e.finish(), entries, lanes, scratch })
}

/// Compiles a kernel, without the caches. Gives what can be written to a file, too.
pub fn compile(bound: &Bound, jit: &mut Jit) -> Result<(Compiled, Image), ErrorKind> {
    let printed = print(bound, jit.target().vector_bits()).map_err(ErrorKind::Compile)?;
    let names: Vec<&str> = printed.entries.iter().map(String::as_str).collect();
    let failed = |error| ErrorKind::Compile(format!("{error} (kernel {})", bound.kernel));
    let image = jit.image(&printed.text, &names).map_err(failed)?;
    let compiled = Compiled::new(bound, &image, printed.scratch as usize, printed.lanes as usize);
    Ok((compiled.map_err(failed)?, image))
}

/// Can this CPU run what the generator prints? (It needs AVX2 and fused multiply-add; others are
/// served by the portable engine.)
pub fn available() -> bool {
    static FMA: LazyLock<bool> = LazyLock::new(|| {
        let found = TargetCpu::host().has_fma();
        if !found {
            tracing::info!("this CPU has no AVX2 and FMA: kernels are interpreted");
        }
        found
    });
    *FMA
}
