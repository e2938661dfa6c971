//! Runs one kernel of a plan as a grid: on a GPU, or on the simulator of one.

use super::cache::Runs;
use super::overrun::Overrun;
use super::verify;
use crate::grid::{Launches, product, simulator};
use crate::llvm::abi::Words;
use lazuli_core::{BufferRef, DeviceId, ErrorKind};
use lazuli_fusion::Trace;
use lazuli_fusion::bind::{Bound, BoundMatMul};
use lazuli_fusion::kernel::Target;
use std::panic::Location;

/// A kernel with its memory.
pub struct Job<'j> {
    /// What is evaluated.
    pub trace: &'j Trace,
    /// The kernel.
    pub bound: &'j Bound,
    /// Address of each access's memory.
    pub bases: &'j [*mut u8],
    /// Values of the parameters.
    pub params: &'j [u64],
    /// The memory of an access; positions have none.
    pub buffers: &'j dyn Fn(usize) -> Option<&'j BufferRef>,
    /// Memory for the workspace, if one is needed.
    pub room: Option<&'j BufferRef>,
    /// Threads of the host that may work for the simulator.
    pub workers: usize,
    /// Where a loop that passes its limit is noted, on a card from what was noted there.
    pub overrun: &'j Overrun,
}

impl Job<'_> {
    /// Runs it; on a GPU: puts it on the stream, and waits for it if it limits its loops.
    pub fn run(&self, engine: &Runs<'_>) -> Result<(), ErrorKind> {
        match engine {
            Runs::Simulated(program, launches) => self.simulate(program, launches),
            #[cfg(feature = "cuda")]
            Runs::Cuda(loaded, launches) => self.launch(loaded, launches),
            _ => Err(ErrorKind::Internal("a kernel of a grid without its engine".into())),
        }
    }

    fn words(&self, launches: &Launches, overrun: u64) -> Words {
        let room = self.room.map_or(0, |room| room.ptr() as u64);
        launches.words(self.bound, self.bases, self.params, room, overrun)
    }

    /// The node that an access reads or writes.
    fn node(&self, access: usize) -> Option<usize> {
        match self.bound.kernel.accesses.get(access)?.target {
            Target::Read(n) | Target::Iota(n) | Target::Write(n) => Some(n),
        }
    }

    fn line(&self, access: u16) -> Option<&'static Location<'static>> {
        self.node(access.into()).map(|n| self.trace.items[n].node.location())
    }

    fn simulate(&self, program: &simulator::Program, launches: &Launches) -> Result<(), ErrorKind> {
        if launches.room.zeroed() > 0
            && let Some(room) = self.room
        {
            // SAFETY: the workspace is ours, and as large as the launches asked for.
            unsafe { std::ptr::write_bytes(room.ptr(), 0, launches.room.zeroed()) };
        }
        let words = self.words(launches, self.overrun.address());
        let line = |a: u16| self.line(a);
        let checked = match verify::is_on() {
            true => Some(simulator::program(self.bound, launches.geometry, true)?),
            false => None,
        };
        let regions = if checked.is_some() { self.regions(launches) } else { Vec::new() };
        let program = checked.as_deref().unwrap_or(program);
        // SAFETY: the words are those of this launch, whose memory the evaluation holds.
        unsafe { simulator::launch(program, &launches.blocks, &words, &regions, &line, self.workers) }
    }

    /// All memory that the kernel may touch. Arrays are taken to be written, whole: what is not is
    /// found by the comparison with the other engines.
    fn regions(&self, launches: &Launches) -> Vec<simulator::Region> {
        let mut out: Vec<simulator::Region> = Vec::new();
        for (a, access) in self.bound.accesses.iter().enumerate() {
            let Some(buffer) = (self.buffers)(a) else { continue };
            let address = buffer.ptr() as u64;
            if let Some(known) = out.iter_mut().find(|r| r.address == address) {
                known.writable |= access.write;
                known.initialised |= !access.write;
                continue;
            }
            let name = self.node(a).map_or("?", |n| self.trace.items[n].node.name());
            out.push(simulator::Region {
                address,
                bytes: buffer.bytes(),
                initialised: !access.write,
                writable: access.write,
                name: name.to_string(),
            });
        }
        if let Some(room) = self.room {
            let (address, tickets) = (room.ptr() as u64, launches.room.zeroed());
            let region = |address, bytes, initialised, name: &str| simulator::Region {
                address,
                bytes,
                initialised,
                writable: true,
                name: name.into(),
            };
            out.push(region(address, tickets, true, "counters of blocks"));
            let rest = launches.room.bytes() - tickets;
            out.push(region(address + tickets as u64, rest, false, "totals of blocks"));
        }
        out
    }

    #[cfg(feature = "cuda")]
    fn launch(&self, loaded: &crate::grid::cuda::Loaded, launches: &Launches) -> Result<(), ErrorKind> {
        use crate::cuda::{Note, device};
        use crate::grid::cuda;
        let written = self.bound.accesses.iter().position(|a| a.write);
        let memory = written.and_then(|a| (self.buffers)(a));
        let missing = || ErrorKind::Internal("a kernel without a result".into());
        let buffer = cuda::buffer(memory.ok_or_else(missing)?)?;
        let stream = cuda::stream(device(buffer.place().index())?)?;
        for a in 0..self.bound.accesses.len() {
            if let Some(memory) = (self.buffers)(a) {
                cuda::buffer(memory)?.used_on(&stream)?;
            }
        }
        let (zeroed, limited) = (launches.room.zeroed(), launches.room.overrun > 0);
        let room = self.room.filter(|_| zeroed > 0).map(cuda::buffer).transpose()?;
        if let Some(room) = room {
            buffer.place().fill_zero(room, zeroed, &stream)?;
        }
        let note = match written.and_then(|a| self.node(a)).map(|n| &self.trace.items[n].node) {
            Some(node) => Note { operation: node.name(), location: Some(node.location()) },
            None => Note::here("kernel"),
        };
        let at = launches.room.tickets;
        let overrun = room.filter(|_| limited).map_or(0, |room| room.address() + at as u64);
        // SAFETY: the words are those of this launch; the evaluation holds its memory, which goes back
        // in the order of the stream.
        unsafe { cuda::run(loaded, launches, &self.words(launches, overrun), &stream, note)? };
        // A result of a loop that was cut short is none, so nobody gets it: the evaluation fails, and for that it
        // must wait.
        if let Some(room) = room.filter(|_| limited) {
            let mut word = [0u8; 8];
            buffer.place().download(room, at, &mut word, &stream)?;
            self.overrun.take(u64::from_le_bytes(word));
        }
        Ok(())
    }
}

/// Runs a matrix product on a device of grids. `buffers` are those of its operands and of its result.
pub fn matmul(
    trace: &Trace,
    m: &BoundMatMul,
    bases: [*mut u8; 3],
    buffers: [Option<&BufferRef>; 3],
    workers: usize,
) -> Result<(), ErrorKind> {
    let missing = || ErrorKind::Internal("a product without memory".into());
    let [left, right, out] = buffers;
    let buffers = [left.ok_or_else(missing)?, right.ok_or_else(missing)?, out.ok_or_else(missing)?];
    let node = &trace.items[m.node].node;
    match buffers[2].device() {
        DeviceId::CudaSimulator => {
            let region = |i: usize| simulator::Region {
                address: buffers[i].ptr() as u64,
                bytes: buffers[i].bytes(),
                initialised: i < 2,
                writable: i == 2,
                name: ["the left matrix", "the right matrix", "the product"][i].into(),
            };
            // One buffer may be both operands.
            let same = buffers[0].ptr() == buffers[1].ptr();
            let regions: Vec<_> = [0, 1, 2].into_iter().filter(|&i| i != 1 || !same).map(region).collect();
            // SAFETY: the buffers were made for these layouts; the result is ours alone.
            unsafe { product::simulate(m, bases, verify::is_on().then_some(&regions[..]), workers) }
        }
        #[cfg(feature = "cuda")]
        DeviceId::Cuda(index) => {
            use crate::cuda::{Note, device};
            use crate::grid::cuda;
            let stream = cuda::stream(device(index.into())?)?;
            for buffer in buffers {
                cuda::buffer(buffer)?.used_on(&stream)?;
            }
            let note = Note { operation: node.name(), location: Some(node.location()) };
            // SAFETY: as above; memory goes back in the order of the stream.
            unsafe { product::launch(m, bases, &stream, note) }
        }
        other => Err(ErrorKind::Internal(format!("{} on {}, which has no grids", node.name(), other.name()))),
    }
}
