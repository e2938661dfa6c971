//! The neighbour tree of items that come one after the other, as a binary counter in a thread's
//! own memory: level `l` holds the tree of `2^l` items when bit `l` of their number is set.

use super::Grid;
use crate::llvm::emit::{Elem, I64, Ty, V};
use crate::llvm::reduce::Reduction;

/// Levels: 2^16 items, of one thread. The driver sets such memory aside for all threads of a card.
const LEVELS: i64 = 16;

/// Room for trees of vectors.
pub struct Stack<'e> {
    at: V<'e>,
    width: u32,
}

/// What the items are.
#[derive(Clone, Copy)]
pub enum Items<'e> {
    /// Partials of a chunk: they combine as such.
    Parts,
    /// Totals of so many elements each, but for the last.
    Totals(V<'e>),
}

impl Items<'_> {
    /// Values of one item.
    fn slots(self, reduction: Reduction<'_>) -> usize {
        match self {
            Items::Parts => reduction.part_types(1).len(),
            Items::Totals(_) => reduction.total_types(1).len(),
        }
    }
}

impl<'e> Stack<'e> {
    /// Sets room aside for the reductions of any one sweep, as vectors of some lanes. Call it in
    /// the entry block.
    pub fn new(g: &Grid<'e>, width: u32) -> Stack<'e> {
        let most = super::most_slots(g.b);
        Stack { at: g.e.stack(I64, (most as i64 * LEVELS) as u32 * width), width }
    }

    fn place(&self, slot: usize, level: V<'e>) -> V<'e> {
        let e = level.e;
        let word = e.add(level, e.i64(slot as i64 * LEVELS));
        e.offset(self.at, e.mul(word, e.i64(8 * i64::from(self.width))))
    }

    fn save(&self, v: V<'e>, at: V<'e>) {
        let e = v.e;
        let v = if v.ty.elem == Elem::I1 { e.convert("zext", v, v.ty.of(Elem::I8)) } else { v };
        e.store(v, at, 8);
    }

    fn fetch(&self, ty: Ty, at: V<'e>) -> V<'e> {
        let e = at.e;
        match ty.elem {
            Elem::I1 => e.convert("trunc", e.load(ty.of(Elem::I8), at, 8), ty),
            _ => e.load(ty, at, 8),
        }
    }

    /// The tree at `level`, combined with the values to its right, which stand for `right`
    /// elements; and how many elements that is.
    fn join(
        &self,
        list: &[Reduction<'e>],
        items: Items<'e>,
        level: V<'e>,
        right: V<'e>,
        now: &[V<'e>],
    ) -> (V<'e>, Vec<V<'e>>) {
        let e = level.e;
        let older: Vec<V<'e>> =
            now.iter().enumerate().map(|(slot, v)| self.fetch(v.ty, self.place(slot, level))).collect();
        let left = match items {
            Items::Parts => None,
            Items::Totals(unit) => Some(e.binary("shl", unit, level)),
        };
        let mut at = 0;
        let mut joined = Vec::with_capacity(now.len());
        for reduction in list {
            let n = items.slots(*reduction);
            let (a, b) = (&older[at..at + n], &now[at..at + n]);
            joined.extend(match left {
                None => reduction.combine(a, b),
                Some(left) => reduction.merge(a, b, left, right),
            });
            at += n;
        }
        (left.map_or(right, |left| e.add(left, right)), joined)
    }

    /// Adds item number `index`, which stands for `n` elements.
    pub fn push(&self, list: &[Reduction<'e>], items: Items<'e>, index: V<'e>, n: V<'e>, values: &[V<'e>]) {
        let e = index.e;
        let mut init = vec![e.i64(0), n];
        init.extend_from_slice(values);
        let done = e.while_loop(
            &init,
            |v| e.compare("icmp ne", bit(index, v[0]), e.i64(0)),
            |v| {
                let (count, values) = self.join(list, items, v[0], v[1], &v[2..]);
                let mut next = vec![e.add(v[0], e.i64(1)), count];
                next.extend(values);
                next
            },
        );
        for (slot, &v) in done[2..].iter().enumerate() {
            self.save(v, self.place(slot, done[0]));
        }
    }

    /// The tree of `items` items, of `n` elements altogether; what `none` says if there are none.
    pub fn fold(
        &self,
        list: &[Reduction<'e>],
        kind: Items<'e>,
        items: V<'e>,
        n: V<'e>,
        none: &[V<'e>],
    ) -> Vec<V<'e>> {
        let e = items.e;
        let empty = e.compare("icmp sle", items, e.i64(0));
        e.if_else(
            empty,
            || none.to_vec(),
            || {
                let low = e.binary("and", items, e.binary("sub", e.i64(0), items));
                let zeros = e.call("llvm.cttz.i64", I64, &[low, e.int(super::I1, 1)]);
                let fetch = |(slot, v): (usize, &V<'e>)| self.fetch(v.ty, self.place(slot, zeros));
                let start: Vec<V<'e>> = none.iter().enumerate().map(fetch).collect();
                let right = match kind {
                    Items::Parts => n,
                    Items::Totals(unit) => e.binary("sub", n, e.mul(e.binary("sub", items, low), unit)),
                };
                let mut init = vec![e.add(zeros, e.i64(1)), right];
                init.extend(start);
                let done = e.while_loop(
                    &init,
                    |v| e.compare("icmp ne", e.binary("lshr", items, v[0]), e.i64(0)),
                    |v| {
                        let set = e.compare("icmp ne", bit(items, v[0]), e.i64(0));
                        let joined = e.if_else(
                            set,
                            || {
                                let (count, values) = self.join(list, kind, v[0], v[1], &v[2..]);
                                [vec![count], values].concat()
                            },
                            || v[1..].to_vec(),
                        );
                        [vec![e.add(v[0], e.i64(1))], joined].concat()
                    },
                );
                done[2..].to_vec()
            },
        )
    }
}

fn bit<'e>(v: V<'e>, n: V<'e>) -> V<'e> {
    let e = v.e;
    e.binary("and", e.binary("lshr", v, n), e.i64(1))
}
