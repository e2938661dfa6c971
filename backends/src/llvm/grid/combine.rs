//! From block to block: totals in memory, a ticket, and the tree of all by the block that is last.
//!
//! Each block writes the totals of its piece and draws a ticket; that of the last says that all
//! others have written. Its threads then take a range of pieces each, an aligned power of two
//! of them, and their trees meet in shared memory: the same tree as everywhere, since a piece
//! is a complete subtree. The ticket is put back to 0, ready for the next launch.
//!
//! Threads of a block stand `side` by side across columns and in some `depth` along the
//! pieces; a row has one side.

use super::points::clamp;
use super::stack::{Items, Stack};
use super::team::{finished, merge, nothing};
use super::{BLOCK, Grid, I1, Word, simt};
use crate::llvm::body::register;
use crate::llvm::emit::{I64, Ty, V};
use crate::llvm::reduce::{Entry, Reduction};
use lazuli_fusion::kernel::Val;

/// Pieces that a thread reads at once.
const AT_ONCE: i64 = 8;

type List<'e> = [Entry<'e>];

/// Where a block stands among those that share its rows, and a thread in its block.
pub struct Place<'e> {
    /// The first row (or column) of this thread, of how many.
    pub lane: V<'e>,
    /// How many there are, rounded up to whole blocks.
    pub lanes: V<'e>,
    /// How many neighbours this thread has.
    pub width: u32,
    /// Number of the block's piece.
    pub piece: V<'e>,
    /// How many pieces there are.
    pub pieces: V<'e>,
    /// Number of the counter that the blocks of these rows share.
    pub ticket: V<'e>,
    /// Number of this thread among those side by side.
    pub side: V<'e>,
    /// How many of those.
    pub sides: V<'e>,
    /// Number of this thread in the other direction.
    pub depth: V<'e>,
    /// How many of those.
    pub depths: V<'e>,
    /// Elements of a piece.
    pub unit: V<'e>,
    /// Are this thread's rows there?
    pub valid: V<'e>,
}

/// Room for [`Place::combine`]. Call it in the entry block.
pub fn room<'e>(g: &Grid<'e>) -> Stack<'e> {
    Stack::new(g, if matches!(g.geometry.shape, super::Shape::Split) { 1 } else { g.width })
}

/// Results of the reductions of one depth, from the launches before.
pub fn results<'e>(g: &Grid<'e>, depth: u8, lane: V<'e>, lanes: V<'e>, width: u32) -> Vec<(Val, V<'e>)> {
    let body = &g.b.kernel.body;
    let mut out = Vec::new();
    for (k, v) in all(g).enumerate() {
        if depth > 0 && body[v as usize].depth == depth {
            let ty = register(body[v as usize].ty, width);
            let at = address(g, Word::State, slot_of(g, k as i64, lane, lanes));
            simt::announce(g.e, at, 8 * width, simt::READ, g.site("read of earlier results", None));
            let word = g.e.load(Ty { lanes: width, ..I64 }, simt::global(at), 8);
            out.push((v, simt::from_word(word, ty)));
        }
    }
    out
}

/// All reductions, in body order.
fn all<'g>(g: &'g Grid<'_>) -> impl Iterator<Item = Val> + 'g {
    g.b.kernel.reductions()
}

fn slot_of<'e>(g: &Grid<'e>, k: i64, lane: V<'e>, lanes: V<'e>) -> V<'e> {
    g.e.add(g.e.mul(g.e.i64(k), lanes), lane)
}

fn address<'e>(g: &Grid<'e>, word: Word, index: V<'e>) -> V<'e> {
    g.e.add(g.word(word), g.e.mul(index, g.e.i64(8)))
}

impl<'e> Place<'e> {
    fn slots(list: &List<'e>) -> usize {
        list.iter().map(|x| x.reduction.slots()).sum()
    }

    /// Address of a component of a piece's totals.
    fn total(&self, g: &Grid<'e>, piece: V<'e>, slots: usize, slot: usize) -> V<'e> {
        let e = g.e;
        let row = e.add(e.mul(piece, e.i64(slots as i64)), e.i64(slot as i64));
        address(g, Word::Totals, e.add(e.mul(row, self.lanes), self.lane))
    }

    /// Writes the totals of this block's piece. One thread of each side calls it.
    pub fn write(&self, g: &Grid<'e>, list: &List<'e>, totals: &[Vec<V<'e>>]) {
        let e = g.e;
        let slots = Self::slots(list);
        for (slot, &v) in totals.iter().flatten().enumerate() {
            let words = simt::to_word(v);
            let at = self.total(g, self.piece, slots, slot);
            for lane in 0..self.width {
                let at = e.add(at, e.i64(8 * i64::from(lane)));
                simt::announce(e, at, 8, simt::WRITE, g.site("write of totals", None));
                simt::store_fresh(e.extract(words, lane), simt::global(at));
            }
        }
    }

    /// Elements in `size` pieces from piece `from` on.
    fn elements(&self, g: &Grid<'e>, from: V<'e>, size: V<'e>) -> V<'e> {
        let e = g.e;
        clamp(e.binary("sub", g.f.count(), e.mul(from, self.unit)), e.mul(size, self.unit))
    }

    /// In the block that comes last: combines all totals and writes the results for later
    /// launches. `done` is printed where one thread of each side has them, if its rows are there.
    pub fn combine(
        &self,
        g: &Grid<'e>,
        list: &List<'e>,
        stack: &Stack<'e>,
        done: impl FnOnce(&[(Val, V<'e>)]),
    ) {
        let e = g.e;
        // All that this block wrote comes before the ticket.
        g.barrier();
        let first = e.compare("icmp eq", simt::thread_index(e), e.i64(0));
        let counter = e.add(g.word(Word::Tickets), e.mul(self.ticket, e.i64(4)));
        let flag = || g.shared(e.i64(0), 8);
        let ticket_flags = simt::WRITE | simt::ATOMIC;
        e.if_then(first, || {
            simt::announce(e, counter, 4, ticket_flags, g.site("ticket", None));
            let number = e.convert("trunc", e.add(self.pieces, e.i64(-1)), simt::I32);
            let last = simt::draw(e, simt::global(counter), number);
            g.store_shared(e.convert("zext", last, I64), flag());
        });
        g.barrier();
        let last = e.compare("icmp ne", g.load_shared(I64, flag()), e.i64(0));
        e.if_then(last, || {
            let slots = Self::slots(list);
            let mut at = 0;
            let results: Vec<(Val, V<'e>)> = list
                .iter()
                .flat_map(|entry| {
                    let mine = self.range(g, entry.reduction, stack, slots, at);
                    at += mine.len();
                    finished(g, entry, &self.meet(g, entry.reduction, &mine))
                })
                .collect();
            let leads = e.compare("icmp eq", self.depth, e.i64(0));
            e.if_then(e.binary("and", leads, self.valid), || {
                for &(r, v) in &results {
                    let k = all(g).position(|x| x == r).expect("listed") as i64;
                    let place = address(g, Word::State, slot_of(g, k, self.lane, self.lanes));
                    let what = g.site("write of results", None);
                    simt::announce(e, place, 8 * self.width, simt::WRITE, what);
                    e.store(simt::to_word(v), simt::global(place), 8);
                }
                done(&results);
            });
            e.if_then(first, || {
                simt::announce(e, counter, 4, ticket_flags, g.site("ticket", None));
                let zero = e.int(simt::I32, 0);
                e.store_atomic(zero, simt::global(counter), "monotonic");
            });
        });
    }

    /// Pieces of this thread's range: the smallest power of two that serves all.
    fn span(&self, g: &Grid<'e>) -> V<'e> {
        let e = g.e;
        let each = e.binary("udiv", e.add(self.pieces, e.add(self.depths, e.i64(-1))), self.depths);
        let each = e.call("llvm.smax.i64", I64, &[each, e.i64(AT_ONCE)]);
        let zeros = e.call("llvm.ctlz.i64", I64, &[e.add(each, e.i64(-1)), e.int(I1, 0)]);
        e.binary("shl", e.i64(1), e.binary("sub", e.i64(64), zeros))
    }

    /// The tree of this thread's range of pieces.
    fn range(
        &self,
        g: &Grid<'e>,
        reduction: Reduction<'e>,
        stack: &Stack<'e>,
        slots: usize,
        slot: usize,
    ) -> Vec<V<'e>> {
        let e = g.e;
        let types = reduction.total_types(self.width);
        let none = nothing(g, reduction, self.width);
        let span = self.span(g);
        let begin = e.mul(self.depth, span);
        let here = clamp(e.binary("sub", self.pieces, begin), span);
        let items = e.binary("lshr", e.add(here, e.i64(AT_ONCE - 1)), e.i64(3));
        let kind = Items::Totals(e.mul(self.unit, e.i64(AT_ONCE)));
        e.for_loop(e.i64(0), items, 1, &[], |q, _| {
            let from = e.add(begin, e.mul(q, e.i64(AT_ONCE)));
            let piece = |i: i64| e.add(from, e.i64(i));
            let mut level: Vec<Vec<V<'e>>> = (0..AT_ONCE)
                .map(|i| {
                    let inside = e.compare("icmp slt", piece(i), self.pieces);
                    let read = || {
                        let one = |(c, &ty): (usize, &Ty)| {
                            simt::from_word(self.fresh(g, self.total(g, piece(i), slots, slot + c)), ty)
                        };
                        types.iter().enumerate().map(one).collect()
                    };
                    e.if_else(inside, read, || none.clone())
                })
                .collect();
            let mut size = 1;
            while level.len() > 1 {
                let count = |i: usize| self.elements(g, piece(i as i64 * size), e.i64(size));
                level = (0..level.len() / 2)
                    .map(|i| {
                        let (a, b) = (&level[2 * i], &level[2 * i + 1]);
                        merge(reduction, a, b, count(2 * i), count(2 * i + 1))
                    })
                    .collect();
                size *= 2;
            }
            stack.push(&[reduction], kind, q, self.elements(g, from, e.i64(AT_ONCE)), &level[0]);
            vec![]
        });
        stack.fold(&[reduction], kind, items, self.elements(g, begin, span), &none)
    }

    /// A component of another block, as words.
    fn fresh(&self, g: &Grid<'e>, at: V<'e>) -> V<'e> {
        let e = g.e;
        let lane = |i: u32| {
            let at = e.add(at, e.i64(8 * i64::from(i)));
            simt::announce(e, at, 8, simt::READ, g.site("read of totals", None));
            simt::load_fresh(e, simt::global(at))
        };
        e.vector(&(0..self.width).map(lane).collect::<Vec<_>>())
    }

    /// From thread to thread along the depth. The first one has the tree of all.
    fn meet(&self, g: &Grid<'e>, reduction: Reduction<'e>, mine: &[V<'e>]) -> Vec<V<'e>> {
        let (e, span) = (g.e, self.span(g));
        // Mostly the first thread has all.
        e.if_else(
            e.compare("icmp sgt", self.pieces, span),
            || self.meet_spans(g, reduction, mine.to_vec(), e.i64(0), e.mul(span, self.unit)),
            || mine.to_vec(),
        )
    }

    /// The same for threads that stand for `span` elements each, the first from `start` on.
    pub fn meet_spans(
        &self,
        g: &Grid<'e>,
        reduction: Reduction<'e>,
        mine: Vec<V<'e>>,
        start: V<'e>,
        span: V<'e>,
    ) -> Vec<V<'e>> {
        let e = g.e;
        let words = Ty { lanes: self.width, ..I64 };
        let bytes = BLOCK * mine.len() * 8 * self.width as usize;
        let at = |depth: V<'e>, slot: usize| {
            let plane = e.add(e.mul(e.i64(slot as i64), self.depths), depth);
            let word = e.mul(e.add(e.mul(plane, self.sides), self.side), e.i64(i64::from(self.width)));
            g.shared(e.mul(word, e.i64(8)), bytes)
        };
        let save = |values: &[V<'e>]| {
            for (slot, &v) in values.iter().enumerate() {
                g.store_shared(simt::to_word(v), at(self.depth, slot));
            }
        };
        // Whoever used this memory before is done.
        g.barrier();
        save(&mine);
        let site = g.meeting("barrier");
        let types: Vec<Ty> = mine.iter().map(|v| v.ty).collect();
        let init = [vec![e.i64(1)], mine].concat();
        let done = e.while_loop(
            &init,
            |v| e.compare("icmp slt", v[0], self.depths),
            |v| {
                let step = v[0];
                simt::barrier(e, site);
                let twice = e.binary("shl", step, e.i64(1));
                let mask = e.add(twice, e.i64(-1));
                let even = e.compare("icmp eq", e.binary("and", self.depth, mask), e.i64(0));
                let partner = e.add(self.depth, step);
                let there = e.compare("icmp slt", partner, self.depths);
                let next = e.if_else(
                    e.binary("and", even, there),
                    || {
                        let read = |(slot, &ty): (usize, &Ty)| {
                            simt::from_word(g.load_shared(words, at(partner, slot)), ty)
                        };
                        let right: Vec<V<'e>> = types.iter().enumerate().map(read).collect();
                        let count = |depth: V<'e>| {
                            let from = e.add(start, e.mul(depth, span));
                            clamp(e.binary("sub", g.f.count(), from), e.mul(step, span))
                        };
                        let (na, nb) = (count(self.depth), count(partner));
                        let merged = merge(reduction, &v[1..], &right, na, nb);
                        save(&merged);
                        merged
                    },
                    || v[1..].to_vec(),
                );
                [vec![twice], next].concat()
            },
        );
        done[1..].to_vec()
    }
}
