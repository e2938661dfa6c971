//! From a kernel's sizes to the launches of a grid and their numbers.
//!
//! One kernel is one launch, or one a sweep where rows are split over blocks. Beside the memory of
//! its arrays it then needs a *workspace*: totals of blocks, counters of finished blocks (zero
//! before every launch, and left so), results of earlier sweeps, and a word in which a card notes the
//! loop that passes its limit. All of it follows from sizes,
//! so it is settled once with the plan; what changes from run to run are addresses and
//! parameters.

use crate::llvm::abi::{self, Abi, Words};
use crate::llvm::grid::{BLOCK, Geometry, Shape, WORDS, Word, entries, tiles};
use lazuli_core::ErrorKind;
use lazuli_fusion::bind::{Bound, BoundAccess, Lane, Mode, Slot};

/// Elements of a chunk.
const CHUNK: usize = 256;
/// The most blocks of a launch.
const MOST_BLOCKS: usize = i32::MAX as usize;
/// Threads side by side across columns, if there are as many.
const SIDES: usize = 32;

/// The launches of a kernel at its sizes.
#[derive(Clone, Debug)]
pub struct Launches {
    /// What the code depends on.
    pub geometry: Geometry,
    /// Blocks of each launch, which are those of the functions in order.
    pub blocks: Vec<u32>,
    /// The workspace.
    pub room: Room,
    /// All words but addresses and parameters.
    template: Box<[u64]>,
    own: [u64; WORDS],
}

/// Bytes of the parts of a workspace, which lie in this order.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Room {
    /// Counters of finished blocks, of 4 bytes: zero before and after every launch.
    pub tickets: usize,
    /// Where a loop that passes its limit is noted: zero before a launch. None if no loop has a limit.
    pub overrun: usize,
    /// Results of earlier sweeps.
    pub state: usize,
    /// Totals of blocks.
    pub totals: usize,
}

impl Room {
    /// All of it.
    pub fn bytes(&self) -> usize {
        self.zeroed().saturating_add(self.state).saturating_add(self.totals)
    }

    /// What is zero before a launch, from the beginning on.
    pub fn zeroed(&self) -> usize {
        self.tickets.saturating_add(self.overrun)
    }
}

impl Launches {
    /// Settles the launches of a kernel. `Err` if there are more blocks than a launch can have.
    pub fn of(b: &Bound) -> Result<Launches, ErrorKind> {
        let geometry = Geometry::of(b);
        let width = geometry.width;
        let length = b.inner_count();
        let (rows, lanes) = (b.row_count(), b.rows.last().copied().unwrap_or(1));
        let vectors = (rows / lanes.max(1)).saturating_mul(lanes.div_ceil(width));
        let mut own = [0u64; WORDS];
        let mut set = |word: Word, value: usize| own[word as usize] = value as u64;
        let sums = || b.kernel.reductions().count();
        let (blocks, mut room) = match geometry.shape {
            Shape::Map => {
                set(Word::Groups, vectors);
                set(Word::Pieces, lanes.div_ceil(width));
                (vectors.div_ceil(BLOCK * geometry.steps), Room::default())
            }
            Shape::Tiles => {
                let across = b.rows[b.rows.len() - 2].div_ceil(tiles::ROWS);
                let pieces = lanes.div_ceil(tiles::LANES);
                let outer: usize = b.rows[..b.rows.len() - 2].iter().product();
                set(Word::Pieces, pieces);
                (outer.saturating_mul(across).saturating_mul(pieces), Room::default())
            }
            Shape::Columns => {
                set(Word::Groups, vectors);
                (vectors.div_ceil(BLOCK), Room::default())
            }
            Shape::Team { threads } => {
                set(Word::Groups, rows);
                (rows.div_ceil(BLOCK / threads), Room::default())
            }
            Shape::Long => {
                set(Word::Groups, rows);
                (rows, Room::default())
            }
            Shape::Split => {
                let pieces = length.div_ceil(geometry.tile());
                set(Word::Groups, rows);
                set(Word::Pieces, pieces);
                (rows.saturating_mul(pieces), room(b, rows, pieces, rows, sums()))
            }
            Shape::SplitColumns => {
                let sides = vectors.next_power_of_two().min(SIDES);
                let strips = vectors.div_ceil(sides);
                let pieces = length.div_ceil(CHUNK * BLOCK / sides);
                set(Word::Groups, vectors);
                set(Word::Pieces, pieces);
                set(Word::Shift, sides.trailing_zeros() as usize);
                let lanes = strips.saturating_mul(sides * width);
                (strips.saturating_mul(pieces), room(b, strips, pieces, lanes, sums()))
            }
        };
        if blocks > MOST_BLOCKS {
            let text = format!("a launch of {blocks} blocks: a grid has {MOST_BLOCKS} at most");
            return Err(ErrorKind::Device(text));
        }
        room.overrun = if b.kernel.has_limits() { 64 } else { 0 };
        let functions = entries(b, geometry).len();
        let blocks = vec![blocks as u32; functions];
        // A grid calls nothing of the host.
        let mut template = abi::template(b);
        template[Abi::of(b).host()].fill(0);
        Ok(Launches { geometry, blocks, room, template, own })
    }

    /// The words of a run: the arrays at `bases`, the workspace at `room`. Loops that pass their limit
    /// are noted at `overrun`, if that is not 0.
    pub fn words(&self, b: &Bound, bases: &[*mut u8], params: &[u64], room: u64, overrun: u64) -> Words {
        let mut words = abi::words(b, &self.template, bases, params, false, overrun);
        debug_assert_eq!(words.len(), Abi::of(b).len(params.len()));
        let mut own = self.own;
        let mut set = |word: Word, value: u64| own[word as usize] = value;
        let lanes = match b.mode {
            Mode::Rows => b.inner_count(),
            _ => b.rows.last().copied().unwrap_or(1),
        };
        let aligned = b.accesses.iter().zip(bases).all(|(a, &base)| is_aligned(b, a, base, &self.geometry));
        set(Word::Aligned, aligned.into());
        set(Word::Whole, (aligned && lanes % self.geometry.width == 0).into());
        set(Word::Tickets, room);
        let state = room.wrapping_add(self.room.zeroed() as u64);
        set(Word::State, state);
        set(Word::Totals, state.wrapping_add(self.room.state as u64));
        words.extend_from_slice(&own);
        words
    }
}

fn room(b: &Bound, tickets: usize, pieces: usize, lanes: usize, reductions: usize) -> Room {
    let most = crate::llvm::grid::most_slots(b);
    let product = |a: usize, b: usize| a.saturating_mul(b);
    Room {
        overrun: 0,
        tickets: product(tickets, 4).next_multiple_of(64),
        state: product(product(reductions, lanes), 8).next_multiple_of(64),
        totals: product(product(product(pieces, most), lanes), 8),
    }
}

/// Does an array that lies along vectors begin each of them at a multiple of their size?
fn is_aligned(b: &Bound, a: &BoundAccess, base: *mut u8, geometry: &Geometry) -> bool {
    let by_row = b.mode == Mode::Rows && !a.full;
    if a.slot == Slot::Iota || a.lane != Lane::Unit || by_row {
        return true;
    }
    let width = geometry.width as isize;
    let first = (base as usize).wrapping_add_signed(a.offset.wrapping_mul(a.dtype.size() as isize));
    let outer = &a.rows[..a.rows.len() - (b.mode != Mode::Rows) as usize];
    let inner = if b.mode == Mode::Columns { &a.inner[..] } else { &[] };
    first.is_multiple_of(geometry.width * a.dtype.size())
        && outer.iter().chain(inner).all(|step| step % width == 0)
}
