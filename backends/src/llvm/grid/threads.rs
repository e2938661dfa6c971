//! Kernels that a program writes at thread level: each thread runs the function itself.
//!
//! The function is printed by [`call`] for one lane; here is what it finds around it. Its arrays are
//! pairs of words, an address and a number of elements, so an index can be looked at before it is
//! used ([`Bounds`]): the simulator tells which thread used which index in which line, a card notes the
//! first such access in a record, and neither does it.
//!
//! A launch has blocks and threads along three axes. A card tells a thread its index along each; the
//! simulator numbers threads through, and the index is computed from that.

use super::{Dialect, alignment, simt};
use crate::llvm::arithmetic::arithmetic;
use crate::llvm::body;
use crate::llvm::call::{self, Surroundings};
use crate::llvm::emit::{Elem, Emitter, I64, PTR, Ty, V};
pub use crate::threads::Bounds;
use lazuli_core::function::{Act, Atomic, Effect, Fact, Memory, Place};
use lazuli_core::{BinaryOp, DType};
use lazuli_fusion::Callee;
use lazuli_fusion::kernel::{Inst, Val};
use std::cell::{Cell, RefCell};

/// How the site of a loop begins.
const LOOP: &str = "a loop";

/// The words of a launch: the scalar arguments (those that are no facts), then two for each slice, then
/// these.
#[derive(Clone, Copy)]
#[repr(usize)]
pub enum Word {
    /// Threads of a block along x, y and z.
    Block,
    /// Blocks of the grid along x, y and z.
    Grid = 3,
    /// Elements of the shared array whose length the launch gives.
    Shared = 6,
    /// Where a card notes the first access out of bounds: four words, the first of which is 0 before.
    /// Then: 1 and the site; the index; the thread in the block, and the block, numbered through.
    Fault,
}

/// How many words follow the slices.
pub const WORDS: usize = 8;

/// A kernel printed for a grid.
pub struct Printed {
    /// The module, whose one function is `run`.
    pub text: String,
    /// Bytes of shared memory, without the array whose length the launch gives.
    pub shared: usize,
    /// Do threads wait for each other?
    pub cooperative: bool,
    /// What each access is, for messages.
    pub sites: Vec<Site>,
}

/// Something in a kernel that can go wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Site {
    /// What it is and where, in words.
    pub text: String,
    /// What is done there; none if it is a loop.
    pub effect: Option<Effect>,
    /// The line of the program.
    pub line: u32,
}

/// The scalar arguments of a kernel: their number among all arguments.
pub fn scalars(callee: &Callee, memory: &Memory) -> Vec<u16> {
    let is_fact = |a: u16| memory.facts.iter().any(|&(argument, _)| argument == a);
    (0..callee.arguments() as u16).filter(|&a| !is_fact(a)).collect()
}

/// How many words a launch has.
pub fn words(callee: &Callee, memory: &Memory) -> usize {
    scalars(callee, memory).len() + 2 * memory.slices.len() + WORDS
}

/// Where the shared arrays begin, and the bytes of all that have a length.
pub fn shared_layout(memory: &Memory) -> (Vec<usize>, usize) {
    let mut end = 0usize;
    let begins = memory
        .shared
        .iter()
        .map(|array| {
            let begin = end.next_multiple_of(16);
            end = begin.saturating_add(array.len.unwrap_or(0) as usize * array.dtype.size());
            begin
        })
        .collect();
    (begins, end)
}

/// Prints a kernel. The error names what has no meaning on a grid.
pub fn print(callee: &Callee, memory: &Memory, dialect: Dialect, bounds: Bounds) -> Result<Printed, String> {
    let e = Emitter::new(dialect);
    let words = words(callee, memory);
    let head = match dialect {
        Dialect::Ptx => format!(
            "ptx_kernel void @run(ptr byval([{words} x i64]) align 8 %args) nounwind \"nvvm.maxntid\"=\"1024\""
        ),
        _ => "void @run(ptr noalias %args, ptr %thread) nounwind".to_string(),
    };
    let (begins, shared) = shared_layout(memory);
    let mut result = Ok(());
    let (mut sites, mut cooperative) = (Vec::new(), false);
    e.define_function(&head, || {
        let args = e.named("%args", PTR);
        let word = |w: usize| e.load(I64, e.offset(args, e.i64(w as i64 * 8)), 8);
        let threads = Threads {
            e: &e,
            callee,
            memory,
            bounds,
            words: (0..words).map(word).collect(),
            scalars: scalars(callee, memory),
            begins,
            sites: RefCell::default(),
            cooperative: Cell::new(false),
        };
        let operands: Vec<V<'_>> = (0..callee.arguments() as u16).map(|a| threads.argument(a)).collect();
        result = call::run(&threads, callee, 1, &[operands], &[None]).map(|_| ());
        (sites, cooperative) = (threads.sites.take(), threads.cooperative.get());
    });
    result?;
    let mut text = e.finish();
    if dialect == Dialect::Ptx && !memory.shared.is_empty() {
        // Its size is the launch's: an array may have a length of the launch's.
        text.push_str("@shared = external addrspace(3) global [0 x i8], align 16\n");
    }
    Ok(Printed { text, shared, cooperative, sites })
}

/// The kernel being printed.
struct Threads<'k, 'e> {
    e: &'e Emitter,
    callee: &'k Callee,
    memory: &'k Memory,
    bounds: Bounds,
    words: Vec<V<'e>>,
    scalars: Vec<u16>,
    begins: Vec<usize>,
    sites: RefCell<Vec<Site>>,
    cooperative: Cell<bool>,
}

impl<'e> Surroundings<'e> for Threads<'_, 'e> {
    fn emitter(&self) -> &'e Emitter {
        self.e
    }

    fn arithmetic(
        &self,
        inst: &Inst,
        get: &dyn Fn(Val) -> V<'e>,
        dtype_of: &dyn Fn(Val) -> DType,
    ) -> Result<V<'e>, String> {
        arithmetic(self.e, None, inst, get, dtype_of)
    }

    fn overrun(&self, number: usize) {
        let found = self.callee.loops()[number];
        let turns = self.e.i64(found.limit.or_else(|| call::turns(self.e)).unwrap_or(0) as i64);
        let site = self.site(LOOP.into(), None, found.line);
        match self.e.dialect {
            Dialect::Ptx if self.bounds == Bounds::Checked => self.note(turns, site),
            // Nobody would hear of it: `thread_level` launches no such kernel.
            Dialect::Ptx => {}
            _ => simt::report(self.e, turns, self.e.i64(crate::sim::ENDLESS), site),
        }
    }

    fn given_up(&self, _: bool) -> Option<V<'e>> {
        None
    }

    fn act(&self, act: &Act, operands: &[V<'e>]) -> Option<V<'e>> {
        let e = self.e;
        let low = |v: V<'e>| e.convert("trunc", v, simt::I32);
        let meet = |what: &str| {
            self.cooperative.set(true);
            self.site(what.into(), Some(act.effect), act.line)
        };
        match act.effect {
            Effect::Load(place) => {
                let (ty, dtype) = self.element(place);
                let raw = self.reach(act, place, operands[0], "read of", simt::READ, ty, &|at| {
                    e.load(ty, at, alignment(ty))
                });
                Some(body::extend(raw, dtype))
            }
            Effect::Store(place) => {
                let (ty, dtype) = self.element(place);
                let raw = body::shrink(operands[1], dtype);
                self.reach(act, place, operands[0], "write to", simt::WRITE, ty, &|at| {
                    e.store(raw, at, alignment(ty));
                    raw
                });
                None
            }
            Effect::Atomic(op, place) => {
                let (ty, dtype) = self.element(place);
                let flags = simt::WRITE | simt::ATOMIC;
                Some(self.reach(act, place, operands[0], "atomic change of", flags, ty, &|at| {
                    atomic(op, at, &operands[1..], dtype)
                }))
            }
            Effect::Within(place, axis) => {
                let (index, len) = (operands[0], operands[1]);
                let what = format!("index along axis {axis} of {}", self.memory.name(place));
                let site = self.site(what, Some(act.effect), act.line);
                let outside = e.compare("icmp uge", index, len);
                e.if_then(outside, || match (e.dialect, self.bounds) {
                    (Dialect::Ptx, Bounds::Checked) => self.note(index, site),
                    // There is no record to note it in.
                    (Dialect::Ptx, Bounds::Trusted) => {}
                    _ => simt::report(e, index, len, site),
                });
                Some(e.compare("icmp ult", index, len))
            }
            Effect::Barrier => {
                simt::barrier(e, meet("barrier"));
                None
            }
            Effect::Shuffle(kind) => {
                Some(simt::shuffle(kind, operands[0], low(operands[1]), meet("shuffle")))
            }
            Effect::Vote(kind) => Some(simt::vote(kind, operands[0], meet("vote"))),
        }
    }
}

impl<'e> Threads<'_, 'e> {
    fn word(&self, word: Word, axis: u8) -> V<'e> {
        self.words[self.words.len() - WORDS + word as usize + usize::from(axis)]
    }

    /// Address and number of elements of a slice.
    fn slice(&self, s: u16) -> (V<'e>, V<'e>) {
        let at = self.scalars.len() + 2 * usize::from(s);
        (self.words[at], self.words[at + 1])
    }

    fn argument(&self, a: u16) -> V<'e> {
        match self.memory.facts.iter().find(|(argument, _)| *argument == a) {
            Some(&(_, fact)) => self.fact(fact),
            None => {
                let at = self.scalars.iter().position(|&s| s == a).expect("a scalar if it is no fact");
                body::from_word(self.words[at], body::register(self.callee.ty(a.into()), 1))
            }
        }
    }

    fn fact(&self, fact: Fact) -> V<'e> {
        let e = self.e;
        let ptx = e.dialect == Dialect::Ptx;
        match fact {
            Fact::ThreadIndex(axis) if ptx => simt::special(e, "tid", axis),
            Fact::BlockIndex(axis) if ptx => simt::special(e, "ctaid", axis),
            Fact::ThreadIndex(axis) => self.along(simt::thread_index(e), Word::Block, axis),
            Fact::BlockIndex(axis) => self.along(simt::block_index(e), Word::Grid, axis),
            Fact::BlockExtent(axis) => self.word(Word::Block, axis),
            Fact::GridExtent(axis) => self.word(Word::Grid, axis),
            Fact::Length(place) => self.length(place),
        }
    }

    /// Index along an axis of what is numbered through, x running fastest.
    fn along(&self, number: V<'e>, extents: Word, axis: u8) -> V<'e> {
        let e = self.e;
        let before = (0..axis).fold(number, |n, a| e.binary("udiv", n, self.word(extents, a)));
        if axis == 2 { before } else { e.binary("urem", before, self.word(extents, axis)) }
    }

    fn length(&self, place: Place) -> V<'e> {
        match place {
            Place::Slice(s) => self.slice(s).1,
            Place::Shared(s) => match self.memory.shared[usize::from(s)].len {
                Some(len) => self.e.i64(len.into()),
                None => self.word(Word::Shared, 0),
            },
        }
    }

    fn element(&self, place: Place) -> (Ty, DType) {
        let dtype = self.memory.dtype(place);
        (Ty::new(body::memory_elem(dtype), 1), dtype)
    }

    /// A name for an access or a meeting, a new one each time: threads that meet must meet at the same.
    fn site(&self, what: String, effect: Option<Effect>, line: u32) -> u32 {
        let mut sites = self.sites.borrow_mut();
        let text = format!("{what} at {}:{line}", self.callee.function.at.file());
        sites.push(Site { text, effect, line });
        sites.len() as u32 - 1
    }

    /// Does something with an element, if it is there; gives what that gives, or zero.
    fn reach(
        &self,
        act: &Act,
        place: Place,
        index: V<'e>,
        what: &str,
        flags: i64,
        ty: Ty,
        access: &dyn Fn(V<'e>) -> V<'e>,
    ) -> V<'e> {
        let e = self.e;
        let site = self.site(format!("{what} {}", self.memory.name(place)), Some(act.effect), act.line);
        let bytes = ty.elem.bits() / 8;
        let offset = e.mul(index, e.i64(bytes.into()));
        let there = || {
            let (at, address, flags) = match place {
                Place::Slice(s) => {
                    let address = e.add(self.slice(s).0, offset);
                    (simt::global(address), address, flags)
                }
                Place::Shared(s) => {
                    let offset = e.add(offset, e.i64(self.begins[usize::from(s)] as i64));
                    let at = e.offset(simt::shared(e), offset);
                    let address =
                        if e.dialect == Dialect::Checked { e.convert("ptrtoint", at, I64) } else { offset };
                    (at, address, flags | simt::IN_SHARED)
                }
            };
            simt::announce(e, address, bytes, flags, site);
            access(at)
        };
        if self.bounds == Bounds::Trusted {
            return there();
        }
        let len = self.length(place);
        let result = e.if_else(
            e.compare("icmp ult", index, len),
            || vec![there()],
            || {
                match e.dialect {
                    Dialect::Ptx => self.note(index, site),
                    _ => simt::report(e, index, len, site),
                }
                vec![e.bits(ty, 0)]
            },
        );
        result[0]
    }

    /// On a card: the first access out of bounds is noted for the host.
    fn note(&self, index: V<'e>, site: u32) {
        let e = self.e;
        let record = self.word(Word::Fault, 0);
        let place = |k: i64| simt::global(e.add(record, e.i64(k * 8)));
        let old = e.compare_exchange(place(0), e.i64(0), e.i64(i64::from(site) + 1));
        e.if_then(e.compare("icmp eq", old, e.i64(0)), || {
            let through = |index: [V<'e>; 3], extents: Word| {
                let [x, y, z] = index;
                let plane = e.add(y, e.mul(z, self.word(extents, 1)));
                e.add(x, e.mul(plane, self.word(extents, 0)))
            };
            let threads = [0, 1, 2].map(|axis| self.fact(Fact::ThreadIndex(axis)));
            let blocks = [0, 1, 2].map(|axis| self.fact(Fact::BlockIndex(axis)));
            e.store(index, place(1), 8);
            e.store(through(threads, Word::Block), place(2), 8);
            e.store(through(blocks, Word::Grid), place(3), 8);
        });
    }
}

/// An atomic change; gives what was there.
fn atomic<'e>(op: Atomic, at: V<'e>, operands: &[V<'e>], dtype: DType) -> V<'e> {
    let e = at.e;
    let (float, signed) = (dtype.is_float(), dtype.kind() == lazuli_core::dtype::Kind::Signed);
    // Not all targets exchange floats: their bits are exchanged.
    let bits = |v: V<'e>| match v.ty.elem {
        Elem::F32 => e.convert("bitcast", v, Ty::new(Elem::I32, 1)),
        Elem::F64 => e.convert("bitcast", v, I64),
        _ => v,
    };
    let value = operands[operands.len() - 1];
    let from_bits = |v: V<'e>| if float { e.convert("bitcast", v, value.ty) } else { v };
    match op {
        Atomic::Add => e.atomic(if float { "fadd" } else { "add" }, at, value),
        Atomic::And => e.atomic("and", at, value),
        Atomic::Or => e.atomic("or", at, value),
        Atomic::Xor => e.atomic("xor", at, value),
        Atomic::Exchange => from_bits(e.atomic("xchg", at, bits(value))),
        Atomic::Min if !float => e.atomic(if signed { "min" } else { "umin" }, at, value),
        Atomic::Max if !float => e.atomic(if signed { "max" } else { "umax" }, at, value),
        Atomic::CompareExchange => from_bits(e.compare_exchange(at, bits(operands[0]), bits(value))),
        // Of floats, as NUMERICS.md has it: tried until nobody comes between.
        Atomic::Min | Atomic::Max => {
            let pick = if op == Atomic::Min { BinaryOp::Minimum } else { BinaryOp::Maximum };
            // Others may be changing it.
            let first = e.load_atomic(bits(value).ty, at, "monotonic");
            let none = e.compare("icmp ne", first, first);
            let done = e.while_loop(
                &[first, none],
                |now| e.compare("icmp eq", now[1], e.int(none.ty, 0)),
                |now| {
                    let new =
                        body::binary(pick, from_bits(now[0]), value, dtype, |x, _| x).expect("of floats");
                    let found = e.compare_exchange(at, now[0], bits(new));
                    vec![found, e.compare("icmp eq", found, now[0])]
                },
            );
            from_bits(done[0])
        }
    }
}
