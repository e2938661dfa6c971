//! Machine code for this CPU: an L1 kernel becomes IR text, an object in memory, a function.
//!
//! * [`emit`] prints IR, [`lanes`] lets the math library be printed, [`body`] gives each L1
//!   instruction its meaning, [`reduce`] each reduction its accumulators;
//! * [`map`], [`tiles`], [`rows`] and [`columns`] are the loops around a body, [`frame`] what they share,
//!   [`abi`] how a launch hands them its numbers;
//! * [`target`], [`jit`] and [`blob`] compile and load, without a linker; [`exit`] lets a process
//!   end meanwhile.
//!
//! Compiled kernels are cached by the kernel key that `fusion::bind` writes: a hit prints
//! nothing and never touches LLVM.

pub mod abi;
pub mod blob;
mod body;
mod columns;
pub mod emit;
pub mod error;
mod exit;
mod frame;
pub mod jit;
mod lanes;
mod map;
mod reduce;
mod rows;
pub mod target;
#[cfg(test)]
mod test_kernels;
#[cfg(test)]
mod tests;
mod tiles;

pub use blob::{Code, Image};
pub use error::JitError;
pub use jit::{Jit, Timings};
pub use target::TargetCpu;

use crate::Stats;
use emit::Emitter;
use frame::Frame;
use lazuli_core::ErrorKind;
use lazuli_fusion::bind::{Bound, Mode};
use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

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
    /// Bytes of scratch that one thread needs for rows of `count` elements.
    pub fn scratch_bytes(&self, count: usize) -> usize {
        self.scratch + if self.kept == 0 { 0 } else { self.kept * (count + 64) + 64 }
    }

    /// Calls function `entry` (`run`, or the sweeps of a split kernel and then `finish`).
    ///
    /// # Safety
    /// `words` are those of a launch of this kernel whose memory is valid and large enough,
    /// `scratch` has [`Compiled::scratch_bytes`] bytes for this thread alone, `state` and `out`
    /// hold a word a reduction and three a reduction; the ranges lie within the launch.
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

/// Compiles a kernel, without the cache.
pub fn compile(bound: &Bound, jit: &mut Jit) -> Result<Compiled, ErrorKind> {
    let printed = print(bound, jit.target().vector_bits()).map_err(ErrorKind::Compile)?;
    let names: Vec<&str> = printed.entries.iter().map(String::as_str).collect();
    let code = jit
        .compile(&printed.text, &names)
        .map_err(|error| ErrorKind::Compile(format!("{error} (kernel {})", bound.kernel)))?;
    let kept = |v: &u32| bound.kernel.body[*v as usize].ty.size();
    Ok(Compiled {
        code,
        scratch: printed.scratch as usize,
        kept: if bound.keep { bound.stages.kept.iter().map(kept).sum() } else { 0 },
        lanes: printed.lanes as usize,
    })
}

/// The most kernels kept as machine code. Each is a mapping of a few pages.
const CAPACITY: usize = 4096;

type Cell = Arc<OnceLock<Result<Arc<Compiled>, ErrorKind>>>;
static KERNELS: LazyLock<Mutex<HashMap<Arc<[u64]>, Cell>>> = LazyLock::new(Mutex::default);
static COMPILER: Mutex<Option<Jit>> = Mutex::new(None);

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

/// The machine code of a kernel, from the cache or from the compiler. Threads that ask for one
/// kernel at once compile it once.
pub fn compiled(bound: &Bound) -> Result<Arc<Compiled>, ErrorKind> {
    let cell = {
        let mut kernels = KERNELS.lock().unwrap_or_else(PoisonError::into_inner);
        if kernels.len() >= CAPACITY && !kernels.contains_key(&bound.key) {
            // Code in use lives on in the plans that hold it.
            kernels.clear();
        }
        kernels.entry(bound.key.clone()).or_default().clone()
    };
    let mut hit = true;
    let result = cell.get_or_init(|| {
        hit = false;
        crate::exec::stats::count(&Stats { kernels_compiled: 1, ..Stats::default() });
        compile_now(bound).map(Arc::new)
    });
    if hit {
        crate::exec::stats::count(&Stats { cache_hits: 1, ..Stats::default() });
    }
    if result.is_err() {
        // A failure is not remembered: the next call may have more luck.
        KERNELS.lock().unwrap_or_else(PoisonError::into_inner).remove(&bound.key);
    }
    result.clone()
}

/// The compiler and the cache, locked.
pub(crate) fn lock_all() -> [Box<dyn Any>; 2] {
    let compiler = COMPILER.lock().unwrap_or_else(PoisonError::into_inner);
    let kernels = KERNELS.lock().unwrap_or_else(PoisonError::into_inner);
    [Box::new(compiler), Box::new(kernels)]
}

/// Forgets kernels that are not compiled yet: who was about to may not be there any more.
pub(crate) fn forget_unfinished() {
    let mut kernels = KERNELS.lock().unwrap_or_else(PoisonError::into_inner);
    kernels.retain(|_, cell| cell.get().is_some());
}

fn compile_now(bound: &Bound) -> Result<Compiled, ErrorKind> {
    let _compiling = exit::compiling();
    let mut slot = COMPILER.lock().unwrap_or_else(PoisonError::into_inner);
    if slot.is_none() {
        let mut jit = Jit::new(TargetCpu::host()).map_err(|e| ErrorKind::Compile(e.to_string()))?;
        jit.warm_up().map_err(|e| ErrorKind::Compile(e.to_string()))?;
        *slot = Some(jit);
    }
    let start = std::time::Instant::now();
    let compiled = compile(bound, slot.as_mut().expect("made above"));
    tracing::debug!(kernel = %bound.kernel, milliseconds = start.elapsed().as_secs_f64() * 1e3, "compiled");
    compiled
}
