//! The skeletons of a GPU: a kernel as what one thread of a grid does.
//!
//! The body of a kernel is printed by the same code as for a CPU ([`Frame`]); here are the loops
//! around it, or rather what stands in their place. Threads are many and have no vectors, so each
//! treats a few [`points`]; a reduction is what a *team* of threads does ([`team`]): each adds 8
//! elements to each of its partials, and the neighbour tree of NUMERICS.md section 2 goes on
//! within the thread, then from thread to thread by shuffles, then from warp to warp through
//! shared memory, and, where a row has many blocks, from block to block through the device's
//! memory: the block that comes last, as a ticket tells, combines them all ([`combine`]).
//!
//! | [`Shape`] | for | a launch's blocks |
//! |---|---|---|
//! | `Map` | no reduction | 256 threads of a few vectors each |
//! | `Tiles` | no reduction, arrays that lie across the lanes | tiles of two axes |
//! | `Team` | rows that 8 to 256 threads hold in registers, from sweep to sweep | rows |
//! | `Long` | longer rows, if they are many and swept more than once | rows |
//! | `Split` | all other long rows: a launch a sweep | pieces of rows |
//! | `Columns` | reductions across the memory's rows, of up to 256 elements | columns |
//! | `SplitColumns` | the same, of more: a launch a sweep | columns x pieces |
//!
//! Kernels that a program writes for single threads are in [`threads`].
//!
//! The same text but for a few intrinsics ([`simt`]) is PTX on a GPU and a function of the host
//! in the simulator, so what is tested there is what runs on a card.

mod columns;
mod combine;
mod geometry;
mod map;
pub mod matmul;
mod points;
mod simt;
mod stack;
mod team;
pub mod threads;
pub mod tiles;

use super::emit::{Dialect, Elem, Emitter, I64, Ty, V};
use super::frame::Frame;
use super::reduce::{self, Entry};
pub use geometry::{Geometry, Shape};
use lazuli_fusion::bind::{Bound, Lane, Mode};
use lazuli_fusion::kernel::{Inst, Val};
use lazuli_fusion::stages::Sweep;
use points::Reach;
use std::cell::{Cell, RefCell};
use std::ops::Deref;

/// Threads of every block.
pub const BLOCK: usize = 256;
/// Elements of a chunk, its partials, and the elements of each.
const CHUNK: i64 = 256;
const PARTIALS: i64 = 32;
const STEPS: usize = 8;
/// Bytes of a read that keeps a memory busiest.
const BYTES: usize = 16;
const I1: Ty = Ty { elem: Elem::I1, lanes: 1 };

/// Words of a launch after those of every kernel (see [`super::abi`]).
#[derive(Clone, Copy)]
#[repr(usize)]
pub enum Word {
    /// 1 if arrays that lie along vectors are aligned to them wherever a vector may begin.
    Aligned,
    /// 1 if moreover no vector is there in part.
    Whole,
    /// Address of the totals of blocks.
    Totals,
    /// Address of the counters of finished blocks.
    Tickets,
    /// Address of the results of earlier sweeps.
    State,
    /// Blocks that share a row, or columns.
    Pieces,
    /// Vectors of all points (`Map`), of all columns.
    Groups,
    /// Base-2 logarithm of the threads of a block that lie side by side across columns.
    Shift,
}

/// How many words a grid has of its own.
pub const WORDS: usize = 8;

/// An operation that the simulator can name: what it does, and to which access.
pub type Site = (&'static str, Option<u16>);

/// A kernel printed for a grid.
pub struct Printed {
    /// The module.
    pub text: String,
    /// Its functions: one, or one a sweep.
    pub entries: Vec<String>,
    /// Bytes of shared memory of a block.
    pub shared: usize,
    /// Do threads wait for each other?
    pub cooperative: bool,
    /// The operations that checks name.
    pub sites: Vec<Site>,
}

/// What every function of a grid has: the module, its shared memory, and names for the simulator.
struct Tools<'e> {
    e: &'e Emitter,
    sites: RefCell<Vec<Site>>,
    /// Bytes of shared memory that are used.
    bytes: Cell<usize>,
}

/// The kernel being printed.
struct Grid<'e> {
    tools: &'e Tools<'e>,
    f: Frame<'e>,
    b: &'e Bound,
    geometry: Geometry,
    width: u32,
}

impl<'e> Deref for Grid<'e> {
    type Target = Tools<'e>;
    fn deref(&self) -> &Tools<'e> {
        self.tools
    }
}

/// Vectors in shared memory lie at multiples of 16 bytes.
fn alignment(ty: Ty) -> u32 {
    if ty.lanes > 1 { BYTES as u32 } else { ty.elem.bits() / 8 }
}

/// The functions of a kernel, in the order in which they are launched: one, or one a sweep.
pub fn entries(b: &Bound, geometry: Geometry) -> Vec<String> {
    match geometry.shape {
        Shape::Split | Shape::SplitColumns => {
            (0..b.stages.sweeps.len()).map(|s| format!("sweep{s}")).collect()
        }
        _ => vec!["run".into()],
    }
}

/// Bytes of parameters that a launch may have, whatever the card (PTX ISA 8.0, section 5.1.6.1).
const PARAMETERS: usize = 4096;

/// Prints a kernel for a grid.
pub fn print(b: &Bound, geometry: Geometry, dialect: Dialect) -> Result<Printed, String> {
    let e = Emitter::new(dialect);
    let tools = Tools::new(&e);
    let mut result = Ok(());
    let words = super::abi::Abi::of(b).len(b.kernel.params.len()) + WORDS;
    if dialect == Dialect::Ptx && words * 8 > PARAMETERS {
        let n = b.accesses.len();
        return Err(format!(
            "a launch on a card passes {PARAMETERS} bytes at most, and {n} arrays take more"
        ));
    }
    let entries = entries(b, geometry);
    for (s, name) in entries.iter().enumerate() {
        e.define_function(&head(dialect, name, words, geometry.blocks(b)), || {
            let f = Frame::new(&e, b, geometry.width as u32);
            let width = geometry.width as u32;
            let g = Grid { tools: &tools, f, b, geometry, width };
            result = std::mem::replace(&mut result, Ok(())).and_then(|()| match geometry.shape {
                Shape::Map => map::run(&g),
                Shape::Tiles => tiles::run(&g),
                Shape::Team { threads } => team::run(&g, threads),
                Shape::Long => team::long(&g),
                Shape::Columns => columns::run(&g),
                Shape::Split => team::sweep(&g, s),
                Shape::SplitColumns => columns::sweep(&g, s),
            });
        });
    }
    result?;
    let cooperative = !matches!(geometry.shape, Shape::Map | Shape::Columns);
    Ok(tools.printed(entries, cooperative))
}

/// What stands before the body of a kernel whose argument is an array of words.
fn head(dialect: Dialect, name: &str, words: usize, blocks: usize) -> String {
    match dialect {
        Dialect::Ptx => format!(
            "ptx_kernel void @{name}(ptr byval([{words} x i64]) align 8 %args) nounwind \
             \"nvvm.maxntid\"=\"{BLOCK}\" \"nvvm.minctasm\"=\"{blocks}\""
        ),
        _ => format!("void @{name}(ptr noalias %args, ptr %thread) nounwind"),
    }
}

impl<'e> Tools<'e> {
    fn new(e: &'e Emitter) -> Tools<'e> {
        Tools { e, sites: RefCell::default(), bytes: Cell::new(0) }
    }

    /// The finished module.
    fn printed(&self, entries: Vec<String>, cooperative: bool) -> Printed {
        let mut text = self.e.finish();
        let shared = self.bytes.get();
        if self.e.dialect == Dialect::Ptx && shared > 0 {
            text.push_str(&format!(
                "@shared = internal addrspace(3) global [{shared} x i8] undef, align 16\n"
            ));
        }
        Printed { text, entries, shared, cooperative, sites: self.sites.take() }
    }

    /// Names an operation for the simulator.
    fn site(&self, what: &'static str, access: Option<u16>) -> u32 {
        let mut sites = self.sites.borrow_mut();
        let site = (what, access);
        let found = sites.iter().position(|&s| s == site);
        found.unwrap_or_else(|| {
            sites.push(site);
            sites.len() - 1
        }) as u32
    }

    /// A new site for every use: threads that meet must meet at the same one.
    fn meeting(&self, what: &'static str) -> u32 {
        self.sites.borrow_mut().push((what, None));
        self.sites.borrow().len() as u32 - 1
    }

    fn barrier(&self) {
        simt::barrier(self.e, self.meeting("barrier"));
    }

    fn exchange(&self, v: V<'e>, xor: i64) -> V<'e> {
        simt::exchange(v, xor, self.meeting("shuffle"))
    }

    /// An address in shared memory, of which `bytes` at most are used altogether.
    fn shared(&self, offset: V<'e>, bytes: usize) -> V<'e> {
        self.bytes.set(self.bytes.get().max(bytes));
        self.e.offset(simt::shared(self.e), offset)
    }

    /// Reads a value from shared memory.
    fn load_shared(&self, ty: Ty, at: V<'e>) -> V<'e> {
        let bytes = ty.elem.bits().div_ceil(8) * ty.lanes;
        self.announce_shared(at, bytes, simt::READ, "read of shared memory");
        self.e.load(ty, at, alignment(ty))
    }

    fn store_shared(&self, v: V<'e>, at: V<'e>) {
        let bytes = v.ty.elem.bits().div_ceil(8) * v.ty.lanes;
        self.announce_shared(at, bytes, simt::WRITE, "write to shared memory");
        self.e.store(v, at, alignment(v.ty));
    }

    fn announce_shared(&self, at: V<'e>, bytes: u32, flags: i64, what: &'static str) {
        if self.e.dialect == Dialect::Checked {
            let address = self.e.convert("ptrtoint", at, I64);
            simt::announce(self.e, address, bytes, flags | simt::IN_SHARED, self.site(what, None));
        }
    }
}

impl<'e> Grid<'e> {
    /// A word of the launch that only grids have.
    fn word(&self, word: Word) -> V<'e> {
        self.f.extra_word(word as usize)
    }

    /// Quotient and remainder of numbers below 2^31 if the launch is narrow.
    fn divide(&self, a: V<'e>, b: V<'e>) -> (V<'e>, V<'e>) {
        let e = self.e;
        if !self.geometry.narrow {
            return (e.binary("udiv", a, b), e.binary("urem", a, b));
        }
        let low = |v: V<'e>| e.convert("trunc", v, simt::I32);
        let wide = |v: V<'e>| e.convert("zext", v, I64);
        let (a, b) = (low(a), low(b));
        (wide(e.binary("udiv", a, b)), wide(e.binary("urem", a, b)))
    }

    /// Splits a linear number over extents, the last of which runs fastest.
    fn split(&self, linear: V<'e>, extents: &[V<'e>]) -> Vec<V<'e>> {
        let mut index = vec![self.e.i64(0); extents.len()];
        let mut rest = linear;
        for d in (0..extents.len()).rev() {
            if d == 0 {
                index[0] = rest;
            } else {
                (rest, index[d]) = self.divide(rest, extents[d]);
            }
        }
        index
    }

    /// The index of a row along the first `axes` row axes.
    fn row_index(&self, linear: V<'e>, axes: usize) -> Vec<V<'e>> {
        self.split(linear, &(0..axes).map(|d| self.f.row_extent(d)).collect::<Vec<_>>())
    }

    /// Bytes (or positions) of inner element `r` of an access from the start of its row.
    fn inner_offset(&self, a: u16, r: V<'e>) -> V<'e> {
        if self.f.access(a).lane != Lane::Packed && self.b.mode == Mode::Rows {
            return self.e.mul(r, self.f.inner_stride(a));
        }
        let extents: Vec<V<'e>> = (0..self.b.inner.len()).map(|d| self.f.inner_extent(d)).collect();
        self.f.offset_of(a, &self.split(r, &extents))
    }

    /// What a sweep accumulates. Elements may be missing anywhere, so folds have flags.
    fn reductions(&self, sweep: &Sweep) -> Vec<Entry<'e>> {
        reduce::entries(self.b, sweep, true)
    }

    /// The accesses that instructions load from, each once.
    fn loads(&self, list: &[Val]) -> Vec<u16> {
        let mut out: Vec<u16> = list
            .iter()
            .filter_map(|&v| match self.b.kernel.body[v as usize].inst {
                Inst::Load(a) | Inst::Index(a) => Some(a),
                _ => None,
            })
            .collect();
        out.sort_unstable();
        out.dedup();
        out
    }

    /// How an access is reached along the lanes of a row.
    fn reach(&self, a: u16) -> Reach {
        match self.f.access(a).lane {
            Lane::Same => Reach::Fixed,
            Lane::Unit => Reach::Unit,
            _ => Reach::Apart,
        }
    }
}

/// The most components that the totals of a sweep have.
pub fn most_slots(b: &Bound) -> usize {
    reduce::most_slots(b, true)
}
