//! The checked memory: which bytes there are, who wrote them, and who touched them last.
//!
//! A caller lists in a [`Memory`] what a launch may touch. The [`Checker`] is asked before each access
//! of a kernel. It remembers for each byte that can be written whether anybody did, the last write, the
//! reads since then and the atomics since then, and finds at the first access that is wrong what is
//! wrong with it. When two accesses are ordered, `order.rs` says.
//!
//! Of reads (and atomics) that nothing orders, at most two of one block in one phase are kept. That is
//! enough to find a later write of the same phase, whoever does it, and it bounds the memory: 48 bytes
//! for each writable byte that is touched, and more only for those that several blocks read. What it
//! misses is a write of another block that has acquired from just these two readers, without a
//! barrier, and not from a third.

use super::fault::{Access, Does, Fault, Place, Site, Wrong};
use super::order::{Mark, Order};
use super::thread::{ALIGNED, ATOMIC, SHARED, WRITE};
use super::words::SHARED_MEMORY;
use super::{Launch, site};
use rustc_hash::FxHashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The buffers that launches may touch. What one launch writes is written for the next.
#[derive(Debug, Default)]
pub struct Memory {
    buffers: Vec<Buffer>,
    written: Mutex<Vec<Written>>,
}

#[derive(Clone, Debug)]
struct Buffer {
    name: String,
    start: u64,
    len: u64,
    writable: bool,
}

impl Memory {
    /// No memory yet.
    pub fn new() -> Memory {
        Memory::default()
    }

    /// Adds a buffer of `bytes` bytes at `address`. Where buffers overlap, the one added last counts.
    pub fn add(
        &mut self,
        address: u64,
        bytes: usize,
        initialised: bool,
        writable: bool,
        name: impl Into<String>,
    ) {
        self.buffers.push(Buffer { name: name.into(), start: address, len: bytes as u64, writable });
        let written = self.written.get_mut().unwrap_or_else(PoisonError::into_inner);
        written.push(if initialised { Written::All } else { Written::none(bytes as u64) });
    }

    /// Is there memory for the histories of all buffers? Looked at first, because a vector of zeros that
    /// cannot be had ends the process.
    pub(super) fn fits(&self) -> Result<(), Fault> {
        let mut all = Vec::new();
        for Buffer { name, len, .. } in self.buffers.iter().filter(|buffer| buffer.writable) {
            let mut cells: Vec<Cell> = Vec::new();
            let got = cells.try_reserve_exact(*len as usize);
            got.map_err(|error| Fault::Memory(format!("the history of {name}: {error}")))?;
            all.push(cells);
        }
        Ok(())
    }

    /// What is written, for the time of a launch: another that uses the same memory waits.
    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<Written>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which bytes of a buffer are written.
#[derive(Debug)]
pub(super) enum Written {
    All,
    /// A bit a byte.
    Some(Vec<u64>),
}

impl Written {
    fn none(bytes: u64) -> Written {
        Written::Some(vec![0; bytes.div_ceil(64) as usize])
    }

    /// The first byte of a range that is not written.
    fn missing(&self, start: u64, end: u64) -> Option<u64> {
        match self {
            Written::All => None,
            Written::Some(bits) => (start..end).find(|&i| bits[(i / 64) as usize] >> (i % 64) & 1 == 0),
        }
    }

    fn set(&mut self, start: u64, end: u64) {
        if let Written::Some(bits) = self {
            (start..end).for_each(|i| bits[(i / 64) as usize] |= 1 << (i % 64));
        }
    }
}

/// The history of a byte as numbers of [`Mark`]s: the last write, and two reads since then.
type Cell = [u128; 3];

/// What does not fit into a cell.
#[derive(Default)]
struct Crowd {
    reads: Vec<Mark>,
    atomics: Vec<Mark>,
}

/// A buffer and its history.
struct Region {
    buffer: Buffer,
    written: Written,
    /// One for each byte; none if nobody may write.
    cells: Vec<Cell>,
    /// For few bytes.
    crowds: FxHashMap<u64, Crowd>,
}

impl Region {
    fn new(buffer: Buffer, written: Written) -> Region {
        let cells = vec![[0; 3]; if buffer.writable { buffer.len as usize } else { 0 }];
        Region { buffer, written, cells, crowds: FxHashMap::default() }
    }

    fn holds(&self, address: u64, bytes: u32) -> bool {
        let Buffer { start, len, .. } = self.buffer;
        address >= start && address - start <= len && len - (address - start) >= u64::from(bytes)
    }

    /// How far an access lies outside.
    fn distance(&self, address: u64, bytes: u32) -> u64 {
        let Buffer { start, len, .. } = self.buffer;
        let beyond = address.saturating_add(bytes.into()).saturating_sub(start.saturating_add(len));
        start.saturating_sub(address).max(beyond)
    }

    /// Adds an access to the history of a byte, unless it is not ordered with another, which is returned.
    fn touch(&mut self, byte: u64, now: Mark, order: &Order) -> Result<(), Mark> {
        let cell = &mut self.cells[byte as usize];
        let [write, reads @ ..] = cell.map(Mark);
        let crowd = if self.crowds.is_empty() { None } else { self.crowds.get(&byte) };
        let (more_reads, atomics) = crowd.map_or((&[][..], &[][..]), |crowd| (&crowd.reads, &crowd.atomics));
        let free = |mark: &Mark| mark.is_none() || order.before(*mark, now);
        let check = |marks: &[Mark]| marks.iter().find(|mark| !free(mark)).map_or(Ok(()), |mark| Err(*mark));
        check(&[write])?;
        if now.does() != Does::Read {
            check(&reads)?;
            check(more_reads)?;
        }
        if now.does() != Does::Atomic {
            check(atomics)?;
        }
        match now.does() {
            Does::Write => {
                if crowd.is_some() {
                    self.crowds.remove(&byte);
                }
                *cell = [now.0, 0, 0];
            }
            Does::Atomic => note(&mut self.crowds.entry(byte).or_default().atomics, now, order),
            Does::Read => {
                // A mark that comes before this one says nothing that this one does not. That of the same
                // thread goes first: two marks must tell of two threads.
                let twin = |mark: &Mark| !mark.is_none() && mark.at() == now.at();
                let slot = reads.iter().position(twin).or_else(|| reads.iter().position(free));
                if let Some(slot) = slot {
                    cell[1 + slot] = now.0;
                } else if !reads.iter().all(|&mark| order.same_phase(mark, now)) {
                    note(&mut self.crowds.entry(byte).or_default().reads, now, order);
                }
            }
        }
        Ok(())
    }
}

/// Adds an access to a list, and drops those that come before it.
fn note(marks: &mut Vec<Mark>, now: Mark, order: &Order) {
    marks.retain(|&mark| !order.before(mark, now));
    if marks.iter().filter(|&&mark| order.same_phase(mark, now)).count() < 2 {
        marks.push(now);
    }
}

/// Decides about the accesses of a launch.
pub(super) struct Checker {
    regions: Vec<Region>,
    shared: Region,
    order: Order,
    sites: Vec<Site>,
    block: u32,
    /// How many accesses the block may do.
    limit: u64,
    left: u64,
    fault: Option<Fault>,
}

impl Checker {
    /// Takes what is written out of `memory`; [`Checker::finish`] gives it back.
    pub(super) fn new(launch: &Launch, memory: &Memory, written: &mut Vec<Written>) -> Checker {
        let regions = memory.buffers.iter().cloned().zip(written.drain(..));
        Checker {
            regions: regions.map(|(buffer, written)| Region::new(buffer, written)).collect(),
            shared: shared_memory(launch.shared.into(), 0),
            order: Order::default(),
            sites: launch.sites.to_vec(),
            block: 0,
            limit: launch.limit,
            left: 0,
            fault: None,
        }
    }

    pub(super) fn finish(self, written: &mut Vec<Written>) {
        written.extend(self.regions.into_iter().map(|region| region.written));
    }

    /// A block begins. Nobody has written to its shared memory.
    pub(super) fn begin_block(&mut self, block: u32, shared: *mut u8) {
        self.block = block;
        self.left = self.limit;
        self.order.begin_block(block);
        self.shared = shared_memory(self.shared.buffer.len, shared as u64);
    }

    /// All threads of the block have met.
    pub(super) fn barrier(&mut self) {
        self.order.barrier();
    }

    pub(super) fn take_fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }

    /// May this access be done? If not, the fault is kept.
    pub(super) fn allows(&mut self, thread: u32, address: u64, bytes: u32, flags: u32, site: u32) -> bool {
        let result = self.look(thread, address, bytes, flags, site);
        self.fault = result.err();
        self.fault.is_none()
    }

    fn look(&mut self, thread: u32, address: u64, bytes: u32, flags: u32, number: u32) -> Result<(), Fault> {
        if self.left == 0 {
            return Err(Fault::Endless { block: self.block, limit: self.limit });
        }
        self.left -= 1;
        let does = match (flags & ATOMIC != 0, flags & WRITE != 0) {
            (true, _) => Does::Atomic,
            (false, true) => Does::Write,
            (false, false) => Does::Read,
        };
        let is_shared = flags & SHARED != 0;
        let (at, sites) = (Place { block: self.block, thread }, &self.sites);
        let wrong = |region: Option<&Region>, wrong: Wrong| {
            let offset = address.wrapping_sub(region.map_or(0, |region| region.buffer.start)) as i64;
            let buffer = region.map(|region| region.buffer.name.clone());
            let site = site(sites, number);
            Err(Fault::Access(Box::new(Access { wrong, at, does, bytes, address, buffer, offset, site })))
        };

        let regions = if is_shared { std::slice::from_mut(&mut self.shared) } else { &mut self.regions[..] };
        let Some(index) = regions.iter().rposition(|region| region.holds(address, bytes)) else {
            let nearest = regions.iter().min_by_key(|region| region.distance(address, bytes));
            return wrong(nearest, Wrong::OutOfBounds { len: nearest.map_or(0, |region| region.buffer.len) });
        };
        let region = &mut regions[index];
        let multiple = 1 << (flags >> ALIGNED & 7);
        if !address.is_multiple_of(multiple) {
            return wrong(Some(region), Wrong::Misaligned { multiple });
        }
        if does != Does::Read && !region.buffer.writable {
            return wrong(Some(region), Wrong::ReadOnly);
        }
        let start = address - region.buffer.start;
        let end = start + u64::from(bytes);
        if does != Does::Write
            && let Some(byte) = region.written.missing(start, end)
        {
            return wrong(Some(region), Wrong::Unwritten { byte });
        }
        let meets = does == Does::Atomic && !is_shared;
        if meets {
            self.order.acquire(thread, address);
        }
        if region.buffer.writable {
            let now = self.order.mark(thread, does, number);
            for byte in start..end {
                if let Err(other) = region.touch(byte, now, &self.order) {
                    let (with, does, site) = (other.at(), other.does(), site(sites, other.site()));
                    return wrong(Some(region), Wrong::Race { byte, with, does, site });
                }
            }
        }
        if does != Does::Read {
            region.written.set(start, end);
        }
        if meets {
            self.order.release(thread, address);
        }
        Ok(())
    }
}

fn shared_memory(len: u64, start: u64) -> Region {
    Region::new(Buffer { name: SHARED_MEMORY.into(), start, len, writable: true }, Written::none(len))
}
