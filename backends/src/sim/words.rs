//! Faults in words.
//!
//! The runtime numbers threads, blocks and bytes through. Who launches a kernel may know more: how many
//! threads there are along each axis, and which arrays lie in the memory. With these [`Names`] a message
//! says `thread (3, 1, 0)` and `element 9 of `tile``.

use super::fault::{Access, Does, Doing, Fault, Group, Place, Site, Wrong};
use std::fmt::{self, Display, Formatter};

/// The name of a block's shared memory in the place of a buffer's.
pub const SHARED_MEMORY: &str = "shared memory";

/// How messages name what a launch has. By default everything is numbered through.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Blocks of the grid along x, y and z, if they are more than a number.
    pub grid: [u32; 3],
    /// Threads of a block, likewise.
    pub block: [u32; 3],
    /// What lies in the buffers.
    pub arrays: Vec<Array>,
}

/// An array in a buffer.
#[derive(Clone, Debug)]
pub struct Array {
    /// Its name.
    pub name: String,
    /// The buffer, as [`Access::buffer`] names it.
    pub buffer: String,
    /// Its first byte there.
    pub begin: u64,
    /// Its bytes.
    pub bytes: u64,
    /// Bytes of an element.
    pub element: u64,
}

impl Names {
    /// A message for a fault.
    pub fn tell(&self, fault: &Fault) -> String {
        Told(self, fault).to_string()
    }

    /// A thread and its block.
    pub fn place(&self, at: Place) -> String {
        let (block, thread) = (along(self.grid, at.block), along(self.block, at.thread));
        format!("block {block}, thread {thread} (lane {})", at.lane())
    }

    /// The element that an access touches.
    fn element(&self, access: &Access) -> Option<String> {
        let offset = u64::try_from(access.offset).ok()?;
        let holds = |a: &&Array| {
            Some(&a.buffer) == access.buffer.as_ref() && offset >= a.begin && offset - a.begin < a.bytes
        };
        let array = self.arrays.iter().find(holds)?;
        Some(format!("element {} of {}", (offset - array.begin) / array.element, array.name))
    }

    fn access(&self, f: &mut Formatter, access: &Access) -> fmt::Result {
        let kind = match access.wrong {
            Wrong::OutOfBounds { .. } => "out of bounds",
            Wrong::Misaligned { .. } => "misaligned",
            Wrong::ReadOnly => "write to read-only memory",
            Wrong::Unwritten { .. } => "read of what nobody wrote",
            Wrong::Race { .. } => "race",
        };
        write!(f, "{kind}: {} {} ", self.place(access.at), access.does)?;
        let element = self.element(access);
        match (&element, &access.buffer) {
            (Some(element), _) => f.write_str(element)?,
            (None, buffer) => {
                let s = if access.bytes == 1 { "" } else { "s" };
                write!(f, "{} byte{s} at ", access.bytes)?;
                match buffer {
                    Some(name) => write!(f, "byte {} of {name}", access.offset)?,
                    None => write!(f, "address {:#x}, where no buffer is", access.address)?,
                }
            }
        }
        match &access.wrong {
            Wrong::OutOfBounds { len } if access.buffer.is_some() => write!(f, ", which has {len} bytes")?,
            Wrong::Misaligned { multiple } => write!(f, ", where a multiple of {multiple} is promised")?,
            Wrong::Unwritten { byte } if element.is_none() => {
                write!(f, ", of which byte {byte} is not written")?
            }
            _ => {}
        }
        write!(f, ", in {}", access.site)?;
        if let Wrong::Race { byte, with, does, site } = &access.wrong {
            let what = if element.is_some() { "it".into() } else { format!("byte {byte}") };
            write!(f, "\n  {} {does} {what} in {site}, and nothing orders the two", self.place(*with))?;
        }
        Ok(())
    }

    fn group(&self, f: &mut Formatter, group: &Group) -> fmt::Result {
        let many = group.threads.len() != 1;
        write!(f, "thread{} ", if many { "s" } else { "" })?;
        let runs: Vec<&[u32]> = group.threads.chunk_by(|a, b| a + 1 == *b).collect();
        let (name, to) =
            (|thread: u32| along(self.block, thread), if axes(self.block) { " to " } else { "-" });
        for (i, run) in runs.iter().take(8).enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            match run {
                [one] => write!(f, "{comma}{}", name(*one))?,
                [first, .., last] => write!(f, "{comma}{}{to}{}", name(*first), name(*last))?,
                [] => {}
            }
        }
        if runs.len() > 8 {
            write!(f, ", ...")?;
        }
        match &group.doing {
            Doing::Barrier(site) => write!(f, " wait{} at barrier {site}", if many { "" } else { "s" }),
            Doing::Shuffle(site) => write!(f, " wait{} at shuffle {site}", if many { "" } else { "s" }),
            Doing::Returned => write!(f, " {} returned", if many { "have" } else { "has" }),
        }
    }

    fn fault(&self, f: &mut Formatter, fault: &Fault) -> fmt::Result {
        match fault {
            Fault::Launch(what) => write!(f, "impossible launch: {what}"),
            Fault::Memory(what) => write!(f, "no memory for {what}"),
            Fault::NotCooperative { at, site } => {
                let at = self.place(*at);
                write!(f, "synchronisation in a kernel that should have none: {at} in {site}")
            }
            Fault::Endless { block, limit } => {
                let block = along(self.grid, *block);
                write!(f, "endless kernel: block {block} did more than {limit} operations")
            }
            Fault::Divergence { block, groups } => {
                write!(f, "divergence in block {}:", along(self.grid, *block))?;
                for (i, group) in groups.iter().enumerate() {
                    f.write_str(if i > 0 { ", " } else { " " })?;
                    self.group(f, group)?;
                }
                Ok(())
            }
            Fault::MissingLane { at, lane, site } => {
                let at = self.place(*at);
                write!(f, "missing lane: {at} asks lane {lane}, which its warp does not have, in {site}")
            }
            Fault::Access(access) => self.access(f, access),
            Fault::Index { at, index, len, site } => {
                let at = self.place(*at);
                write!(f, "out of bounds: {at} uses index {index} where there are {len} elements, in {site}")
            }
            Fault::Turns { at, turns, site } => {
                write!(f, "endless loop: {} went round {turns} times in {site}", self.place(*at))
            }
        }
    }
}

/// Is there more than one axis?
fn axes(extents: [u32; 3]) -> bool {
    extents[1].max(extents[2]) > 1
}

/// What is numbered through, along its axes if there are several.
fn along(extents: [u32; 3], number: u32) -> String {
    if !axes(extents) {
        return number.to_string();
    }
    let [x, y, _] = extents;
    format!("({}, {}, {})", number % x, number / x % y, number / x / y)
}

/// A fault with the names for it.
struct Told<'a>(&'a Names, &'a Fault);

impl Display for Told<'_> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        self.0.fault(f, self.1)
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        Names::default().fault(f, self)
    }
}

impl Display for Site {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        write!(f, "`{}`", self.what)?;
        self.at.map_or(Ok(()), |at| write!(f, " ({at})"))
    }
}

impl Display for Does {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.write_str(match self {
            Does::Read => "reads",
            Does::Write => "writes",
            Does::Atomic => "atomically changes",
        })
    }
}
