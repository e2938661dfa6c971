//! The simulator of a GPU: its kernels as machine code for this CPU.
//!
//! The module that becomes PTX is printed with its few intrinsics bound to [`crate::sim`], compiled
//! by the compiler of the CPU, and run thread by thread. The bits are those of a card. The *checked*
//! mode has every access announced before it is done, which finds accesses out of bounds, reads of
//! what nobody wrote, and races.

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
    let dialect = if checked { Dialect::Checked } else { Dialect::Simulated };
    let printed = grid::print(b, geometry, dialect).map_err(ErrorKind::Compile)?;
    let program = Arc::new(compiled(printed, dialect)?);
    let mut known = known();
    if known.len() >= CAPACITY {
        known.clear();
    }
    known.insert(key, program.clone());
    Ok(program)
}

/// Machine code of what was printed in a dialect of the simulator.
pub fn compiled(printed: grid::Printed, dialect: Dialect) -> Result<Program, ErrorKind> {
    stats::count(&Stats { kernels_compiled: 1, ..Stats::default() });
    let names: Vec<&str> = printed.entries.iter().map(String::as_str).collect();
    let code = kernels::with_quick_compiler(|jit| {
        jit.compile(&printed.text, &names).map_err(|error| ErrorKind::Compile(error.to_string()))
    })?;
    Ok(Program {
        code,
        entries: names.len(),
        shared: printed.shared as u32,
        cooperative: printed.cooperative,
        sites: printed.sites,
        checked: dialect == Dialect::Checked,
    })
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

/// Runs the launches of a program, of so many blocks each, on up to `workers` threads. Checked code
/// may touch `regions` alone; `line` is where what an access reads or writes was recorded.
///
/// # Safety
/// The words are such that the program touches only memory that it may, with a workspace of
/// [`super::Room`] whose tickets are 0. Nobody else writes there meanwhile.
pub unsafe fn launch(
    program: &Program,
    blocks: &[u32],
    words: &[u64],
    regions: &[Region],
    line: &dyn Fn(u16) -> Option<&'static Location<'static>>,
    workers: usize,
) -> Result<(), ErrorKind> {
    let site = |&(what, access): &grid::Site| sim::Site { what: what.to_string(), at: access.and_then(line) };
    let sites: Vec<sim::Site> = program.sites.iter().map(site).collect();
    let mut memory = sim::Memory::default();
    for r in regions {
        memory.add(r.address, r.bytes, r.initialised, r.writable, &r.name);
    }
    debug_assert_eq!(program.entries, blocks.len());
    for (entry, &grid) in blocks.iter().enumerate() {
        // SAFETY: the code was generated with this signature.
        let kernel = unsafe { std::mem::transmute::<*const u8, sim::Kernel>(program.code.entry(entry)) };
        let launch = sim::Launch {
            shared: program.shared,
            cooperative: program.cooperative,
            sites: &sites,
            ..sim::Launch::new(kernel, words, grid, BLOCK as u32)
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
