//! What a thread of a grid can do that a thread of a CPU cannot: know its number, wait for its
//! block, exchange values with its warp, draw a ticket.
//!
//! Each is printed for a GPU as an NVVM intrinsic, and for the simulator as a look into (or a call
//! through) the record that its threads are given; the rest of the module is the same text.
//! The record's layout is that of [`crate::sim::Thread`].

pub use crate::llvm::body::{from_word, to_word};
use crate::llvm::emit::{Dialect, Elem, Emitter, I64, PTR, Ty, V};
use lazuli_core::function::{Shuffle, Vote};

/// The 32-bit integer, type of thread numbers.
pub const I32: Ty = Ty { elem: Elem::I32, lanes: 1 };

/// Threads of a warp.
pub const WARP: i64 = 32;

/// Where the record of a simulated thread has what.
mod record {
    pub const TID: i64 = 0;
    pub const BID: i64 = 8;
    pub const SHARED: i64 = 16;
    pub const BARRIER: i64 = 24;
    pub const SHUFFLE: i64 = 32;
    pub const CHECK: i64 = 40;
    pub const REPORT: i64 = 48;
}

/// What an access to memory does: the flags of a check.
pub const READ: i64 = 0;
/// It writes.
pub const WRITE: i64 = 1;
/// It is to shared memory.
pub const IN_SHARED: i64 = 2;
/// It cannot be torn, and orders what blocks do.
pub const ATOMIC: i64 = 4;

/// The simulated thread's record.
fn thread(e: &Emitter) -> V<'_> {
    e.named("%thread", PTR)
}

fn field<'e>(e: &'e Emitter, ty: Ty, at: i64) -> V<'e> {
    e.load(ty, e.offset(thread(e), e.i64(at)), ty.elem.bits() / 8)
}

fn register<'e>(e: &'e Emitter, name: &str, at: i64) -> V<'e> {
    match e.dialect {
        Dialect::Ptx => special(e, name, 0),
        _ => e.convert("zext", field(e, I32, at), I64),
    }
}

/// A special register of a GPU along an axis (0 is x), as a 64-bit number.
pub fn special<'e>(e: &'e Emitter, name: &str, axis: u8) -> V<'e> {
    let axis = ['x', 'y', 'z'][usize::from(axis)];
    e.convert("zext", e.call(&format!("llvm.nvvm.read.ptx.sreg.{name}.{axis}"), I32, &[]), I64)
}

/// Number of this thread in its block.
pub fn thread_index(e: &Emitter) -> V<'_> {
    register(e, "tid", record::TID)
}

/// Number of this block in the grid.
pub fn block_index(e: &Emitter) -> V<'_> {
    register(e, "ctaid", record::BID)
}

/// Waits until all threads of the block are here; what they wrote to memory is then seen.
pub fn barrier(e: &Emitter, site: u32) {
    match e.dialect {
        Dialect::Ptx => e.call_void("llvm.nvvm.barrier.cta.sync.aligned.all", &[e.int(I32, 0)]),
        _ => {
            let function = field(e, PTR, record::BARRIER);
            e.call_host(function, &[thread(e), e.int(I32, site.into())]);
        }
    }
}

/// The value that thread `lane ^ xor` of the warp has. All threads of the warp must be here.
pub fn exchange<'e>(v: V<'e>, xor: i64, site: u32) -> V<'e> {
    shuffle(Shuffle::Xor, v, v.e.int(I32, xor), site)
}

/// The value of another thread of the warp, which a 32-bit number tells. All threads of the warp must
/// be here.
pub fn shuffle<'e>(kind: Shuffle, v: V<'e>, which: V<'e>, site: u32) -> V<'e> {
    let e = v.e;
    let word = to_word(v);
    let other = match e.dialect {
        Dialect::Ptx if v.ty.elem.bits() <= 32 => {
            let low = e.convert("trunc", word, I32);
            e.convert("zext", shuffle32(kind, low, which), I64)
        }
        Dialect::Ptx => {
            let low = e.convert("trunc", word, I32);
            let high = e.convert("trunc", e.binary("lshr", word, e.i64(32)), I32);
            let low = e.convert("zext", shuffle32(kind, low, which), I64);
            let high = e.convert("zext", shuffle32(kind, high, which), I64);
            e.binary("or", low, e.binary("shl", high, e.i64(32)))
        }
        _ => {
            let function = field(e, PTR, record::SHUFFLE);
            let args = [thread(e), word, xor_of(kind, which), e.int(I32, site.into())];
            e.call_indirect(function, I64, &args)
        }
    };
    // A card looks at five bits of a distance. From 32 on there is no such lane.
    let other = match (e.dialect, kind) {
        (Dialect::Ptx, Shuffle::Down | Shuffle::Up) => {
            e.select(e.compare("icmp ult", which, e.int(I32, WARP)), other, word)
        }
        _ => other,
    };
    from_word(other, v.ty)
}

fn shuffle32<'e>(kind: Shuffle, v: V<'e>, which: V<'e>) -> V<'e> {
    let e = v.e;
    // The last operand is the lane that a shuffle up stops at, or the last one of the others.
    let (name, end) = match kind {
        Shuffle::Lane => ("idx", WARP - 1),
        Shuffle::Xor => ("bfly", WARP - 1),
        Shuffle::Down => ("down", WARP - 1),
        Shuffle::Up => ("up", 0),
    };
    let args = [e.int(I32, -1), v, which, e.int(I32, end)];
    e.call(&format!("llvm.nvvm.shfl.sync.{name}.i32"), I32, &args)
}

/// By which bits the number of the lane that is asked differs from that of a simulated thread.
fn xor_of<'e>(kind: Shuffle, which: V<'e>) -> V<'e> {
    let e = which.e;
    let last = e.int(I32, WARP - 1);
    let lane = e.binary("and", field(e, I32, record::TID), last);
    // Distances are not negative; where there is no such lane a thread asks itself.
    let there = |from: V<'e>| {
        let near = e.compare("icmp ult", which, e.int(I32, WARP));
        let within = e.binary("and", near, e.compare("icmp ule", from, last));
        e.select(within, from, lane)
    };
    let from = match kind {
        Shuffle::Xor => return e.binary("and", which, last),
        Shuffle::Lane => e.binary("and", which, last),
        Shuffle::Down => there(e.add(lane, which)),
        Shuffle::Up => there(e.binary("sub", lane, which)),
    };
    e.binary("xor", lane, from)
}

/// What a warp finds out about a bool together. All of its threads must be here.
pub fn vote<'e>(kind: Vote, truth: V<'e>, site: u32) -> V<'e> {
    let e = truth.e;
    let all = e.int(I32, -1);
    let bits = match e.dialect {
        Dialect::Ptx => match kind {
            Vote::Any => return e.call("llvm.nvvm.vote.any.sync", Ty::new(Elem::I1, 1), &[all, truth]),
            Vote::All => return e.call("llvm.nvvm.vote.all.sync", Ty::new(Elem::I1, 1), &[all, truth]),
            Vote::Ballot => e.call("llvm.nvvm.vote.ballot.sync", I32, &[all, truth]),
        },
        // Everybody's bit in its place, from lane to lane.
        _ => {
            let lane = e.binary("and", field(e, I32, record::TID), e.int(I32, WARP - 1));
            let own = e.binary("shl", e.convert("zext", truth, I32), lane);
            (0..5).fold(own, |bits, step| e.binary("or", bits, exchange(bits, 1 << step, site)))
        }
    };
    match kind {
        Vote::Any => e.compare("icmp ne", bits, e.int(I32, 0)),
        Vote::All => e.compare("icmp eq", bits, all),
        Vote::Ballot => e.convert("zext", bits, I64),
    }
}

/// Tells the simulator of an index that is not below a number of elements.
pub fn report<'e>(e: &'e Emitter, index: V<'e>, len: V<'e>, site: u32) {
    let function = field(e, PTR, record::REPORT);
    e.call_host(function, &[thread(e), index, len, e.int(I32, site.into())]);
}

/// An address in the device's memory, from its number.
pub fn global<'e>(address: V<'e>) -> V<'e> {
    let elem = if address.e.dialect == Dialect::Ptx { Elem::Global } else { Elem::Ptr };
    address.e.convert("inttoptr", address, Ty::new(elem, 1))
}

/// The block's shared memory.
pub fn shared(e: &Emitter) -> V<'_> {
    match e.dialect {
        Dialect::Ptx => e.named("@shared", Ty::new(Elem::Shared, 1)),
        _ => field(e, PTR, record::SHARED),
    }
}

/// In a checked module: says what is about to be done with memory. `address` is a number.
pub fn announce<'e>(e: &'e Emitter, address: V<'e>, bytes: u32, flags: i64, site: u32) {
    if e.dialect == Dialect::Checked {
        let function = field(e, PTR, record::CHECK);
        let number = |n: i64| e.int(I32, n);
        e.call_host(
            function,
            &[thread(e), address, number(bytes.into()), number(flags), number(site.into())],
        );
    }
}

/// Reads a word that another block may have written: from where all blocks see the same.
pub fn load_fresh<'e>(e: &'e Emitter, at: V<'e>) -> V<'e> {
    e.load_atomic(I64, at, "monotonic")
}

/// Writes a word that other blocks will read after a ticket.
pub fn store_fresh<'e>(value: V<'e>, at: V<'e>) {
    value.e.store_atomic(value, at, "monotonic");
}

/// Adds 1 to a 32-bit counter that all blocks share; tells whether it was `last`. All that this thread
/// has done or seen before is seen by the thread that finds it so.
pub fn draw<'e>(e: &'e Emitter, counter: V<'e>, last: V<'e>) -> V<'e> {
    e.fence("release");
    let is_last = e.compare("icmp eq", e.increment(counter), last);
    e.if_then(is_last, || e.fence("acquire"));
    is_last
}
