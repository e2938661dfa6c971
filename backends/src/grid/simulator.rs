//! The simulator of a GPU: its kernels as machine code for this CPU.
//!
//! The module that becomes PTX is printed with its few intrinsics bound to [`crate::sim`], compiled
//! by the compiler of the CPU, and run thread by thread. The bits are those of a card. The *checked*
//! mode has every access announced before it is done, which finds accesses out of bounds, reads of
//! what nobody wrote, and races.

use super::Launches;
use crate::Stats;
use crate::exec::stats;
use crate::llvm::emit::Dialect;
use crate::llvm::grid::{self, BLOCK, Geometry};
use crate::llvm::{Code, kernels};
use crate::sim;
use lazuli_core::ErrorKind;
use lazuli_fusion::Bound;
use std::collections::HashMap;
use std::panic::Location;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// A kernel as machine code for threads of a grid.
pub struct Program {
    code: Code,
    entries: usize,
    shared: u32,
    cooperative: bool,
    sites: Vec<grid::Site>,
    checked: bool,
}

/// What a kernel's code depends on: its key, its geometry, and whether accesses are announced.
type Key = (Arc<[u64]>, Geometry, bool);

static KNOWN: LazyLock<Mutex<HashMap<Key, Arc<Program>>>> = LazyLock::new(Mutex::default);

/// The most kernels kept. The simulator is for tests: they are forgotten all at once.
const CAPACITY: usize = 4096;

fn known() -> MutexGuard<'static, HashMap<Key, Arc<Program>>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The code of a kernel, compiled if it is not known.
pub fn program(b: &Bound, geometry: Geometry, checked: bool) -> Result<Arc<Program>, ErrorKind> {
    let key = (b.key.clone(), geometry, checked);
    if let Some(found) = known().get(&key) {
        stats::count(&Stats { cache_hits: 1, ..Stats::default() });
        return Ok(found.clone());
    }
    stats::count(&Stats { kernels_compiled: 1, ..Stats::default() });
    let dialect = if checked { Dialect::Checked } else { Dialect::Simulated };
    let printed = grid::print(b, geometry, dialect).map_err(ErrorKind::Compile)?;
    let names: Vec<&str> = printed.entries.iter().map(String::as_str).collect();
    let code = kernels::with_compiler(|jit| {
        jit.compile(&printed.text, &names)
            .map_err(|error| ErrorKind::Compile(format!("{error} (kernel {})", b.kernel)))
    })?;
    let program = Arc::new(Program {
        code,
        entries: names.len(),
        shared: printed.shared as u32,
        cooperative: printed.cooperative,
        sites: printed.sites,
        checked,
    });
    let mut known = known();
    if known.len() >= CAPACITY {
        known.clear();
    }
    known.insert(key, program.clone());
    Ok(program)
}

/// Memory that a checked launch may touch.
pub struct Region {
    /// First byte.
    pub address: u64,
    /// Bytes.
    pub bytes: usize,
    /// Has all of it been written?
    pub initialised: bool,
    /// May it be written?
    pub writable: bool,
    /// What messages call it.
    pub name: String,
}

/// One run of a kernel.
pub struct Run<'a> {
    /// The kernel.
    pub bound: &'a Bound,
    /// Its launches.
    pub launches: &'a Launches,
    /// The words of this run (see [`Launches::words`]).
    pub words: &'a [u64],
    /// For checked code: all memory that it may touch.
    pub regions: &'a [Region],
    /// The line that recorded what an access reads or writes, if it is known.
    pub line: &'a dyn Fn(u16) -> Option<&'static Location<'static>>,
}

/// Runs all launches of a kernel on up to `workers` threads.
///
/// # Safety
/// The words are those of arrays that have the layout of the kernel's accesses, with a workspace of
/// [`super::Room`] whose tickets are 0. Nobody else writes to them meanwhile.
pub unsafe fn run(program: &Program, run: &Run<'_>, workers: usize) -> Result<(), ErrorKind> {
    let site = |&(what, access): &grid::Site| sim::Site {
        what: what.to_string(),
        at: access.and_then(|a| (run.line)(a)),
    };
    let sites: Vec<sim::Site> = program.sites.iter().map(site).collect();
    let mut memory = sim::Memory::default();
    for r in run.regions {
        memory.add(r.address, r.bytes, r.initialised, r.writable, &r.name);
    }
    debug_assert_eq!(program.entries, run.launches.blocks.len());
    for (entry, &grid) in run.launches.blocks.iter().enumerate() {
        // SAFETY: the code was generated with this signature.
        let kernel = unsafe { std::mem::transmute::<*const u8, sim::Kernel>(program.code.entry(entry)) };
        let launch = sim::Launch {
            shared: program.shared,
            cooperative: program.cooperative,
            sites: &sites,
            ..sim::Launch::new(kernel, run.words, grid, BLOCK as u32)
        };
        // SAFETY: by the contract of this function.
        let result = unsafe {
            match program.checked {
                true => sim::run_checked(&launch, &memory),
                false => sim::run(&launch, workers),
            }
        };
        result.map_err(|fault| ErrorKind::Device(format!("a kernel failed: {fault}")))?;
    }
    Ok(())
}
