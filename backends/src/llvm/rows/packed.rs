//! Where a chunk's elements are, of arrays whose inner axes do not merge.
//!
//! A chunk that lies *inside* one run of the last axis, as most do where that axis is long, is read
//! from the array: neighbours by their address, one value for all by that value, positions by
//! counting. What begins in one run and ends in another is packed by the host into a buffer. Which
//! it is holds for all accesses of a chunk, and is asked once; both are read by the same code, since
//! they differ in an address, or in a value that is selected. Any other step is packed always.

use super::*;

/// How a packed access is read in a chunk inside one run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// By neighbours.
    Unit,
    /// The same element for all.
    Same,
    /// It has no memory: by counting.
    Positions,
    /// Not at all: it is packed.
    Apart,
}

fn kind(f: &Frame<'_>, a: u16) -> Kind {
    match f.access(a).run() {
        _ if f.access(a).slot == Slot::Iota => Kind::Positions,
        Lane::Unit => Kind::Unit,
        Lane::Same => Kind::Same,
        _ => Kind::Apart,
    }
}

/// Where the packed elements of a chunk are.
pub(super) struct Places<'e> {
    /// First element of the chunk.
    base: V<'e>,
    /// Does the chunk lie inside one run? `None` where no access wants to know.
    inside: Option<V<'e>>,
    /// Of each access: where its elements follow each other.
    neighbours: HashMap<u16, V<'e>>,
    /// The value that all have, or the position of the first, of a chunk inside a run.
    values: HashMap<u16, V<'e>>,
    /// Where the elements will be that are read some time later.
    ahead: HashMap<u16, V<'e>>,
}

impl<'e> Places<'e> {
    /// Those of no access.
    pub(super) fn none(base: V<'e>) -> Places<'e> {
        let (neighbours, values, ahead) = Default::default();
        Places { base, inside: None, neighbours, values, ahead }
    }

    /// Address of element `r` where elements of `size` bytes begin at `place`.
    fn at(&self, place: V<'e>, r: V<'e>, size: i64) -> V<'e> {
        let e = r.e;
        e.offset(place, e.mul(e.binary("sub", r, self.base), e.i64(size)))
    }

    /// Elements from `r` on of an access, in register form; `None` if it is not packed.
    pub(super) fn read(
        &self,
        f: &Frame<'e>,
        a: u16,
        r: V<'e>,
        lanes: u32,
        mask: Option<V<'e>>,
    ) -> Option<V<'e>> {
        let e = f.e;
        let place = *self.neighbours.get(&a)?;
        let (kind, zero) = (kind(f, a), e.i64(0));
        let packed = if kind == Kind::Positions {
            e.load(Ty::new(Elem::I64, lanes), self.at(place, r, 8), 8)
        } else {
            let at = e.convert("ptrtoint", self.at(place, r, f.unit(a)), I64);
            f.read(a, Lane::Packed, at, zero, lanes, mask)
        };
        let value = match (kind, self.values.get(&a)) {
            (Kind::Positions, Some(&first)) => {
                let step = f.inner_stride(a);
                let first = e.add(first, e.mul(e.binary("sub", r, self.base), step));
                f.read(a, Lane::Strided, first, step, lanes, None)
            }
            (_, Some(&value)) => e.splat(value, lanes),
            _ => return Some(packed),
        };
        Some(e.select(self.inside.expect("asked for values"), value, packed))
    }

    /// Writes elements from `r` on of an access. Is it packed?
    pub(super) fn write(&self, f: &Frame<'e>, a: u16, r: V<'e>, value: V<'e>, mask: Option<V<'e>>) -> bool {
        let Some(&place) = self.neighbours.get(&a) else { return false };
        let at = f.e.convert("ptrtoint", self.at(place, r, f.unit(a)), I64);
        f.write(a, Lane::Packed, at, f.e.i64(0), value, mask, false);
        true
    }

    /// Asks for what will be read some time after element `r`.
    pub(super) fn read_ahead(&self, f: &Frame<'e>, a: u16, r: V<'e>) {
        if let Some(&place) = self.ahead.get(&a) {
            f.e.prefetch(self.at(place, r, f.unit(a)));
        }
    }
}

impl<'e> Row<'_, 'e> {
    /// Packed accesses that a sweep reads (or writes), in a fixed order.
    fn packed_of(&self, sweep: &Sweep, write: bool) -> Vec<u16> {
        let f = self.f;
        let mut out: Vec<u16> = if write {
            sweep.stores.iter().map(|&s| f.b.kernel.stores[s].access).collect()
        } else {
            let loads = self.body(sweep).iter().filter_map(|&v| match f.b.kernel.body[v as usize].inst {
                Inst::Load(a) | Inst::Index(a) => Some(a),
                _ => None,
            });
            loads.collect()
        };
        out.retain(|a| self.packed.contains_key(a));
        out.sort_unstable();
        out.dedup();
        out
    }

    /// Does a sweep read or write anything packed?
    pub(super) fn packs(&self, sweep: &Sweep) -> bool {
        [false, true].iter().any(|&write| !self.packed_of(sweep, write).is_empty())
    }

    /// Address (or position) of element `r` of an access, whose index along the inner axes is given.
    fn apart(&self, a: u16, index: &[V<'e>]) -> V<'e> {
        self.f.e.add(self.bases[a as usize], self.f.offset_of(a, index))
    }

    /// Finds the elements of a chunk of `n` from `base` on, and packs them where that is necessary.
    pub(super) fn fill_packed(&self, sweep: &Sweep, base: V<'e>, n: V<'e>) -> Places<'e> {
        let (f, e) = (self.f, self.f.e);
        let mut places = Places::none(base);
        let (read, written) = (self.packed_of(sweep, false), self.packed_of(sweep, true));
        let pack = |a: u16| f.pack(a, self.bases[a as usize], base, n, self.packed[&a]);
        let all: Vec<(u16, Kind)> = read.iter().chain(&written).map(|&a| (a, kind(f, a))).collect();
        let (apart, runs): (Vec<_>, Vec<_>) = all.into_iter().partition(|&(_, kind)| kind == Kind::Apart);
        for (a, _) in apart {
            places.neighbours.insert(a, if f.access(a).write { self.packed[&a] } else { pack(a) });
        }
        if runs.is_empty() {
            return places;
        }
        let index = f.inner_index(base);
        let within = *index.last().expect("an inner axis");
        let inside = e.compare("icmp sle", e.add(within, n), f.inner_extent(index.len() - 1));
        let pointer = |at: V<'e>| e.convert("inttoptr", at, PTR);
        let found = e.if_else(
            inside,
            || {
                let one = |&(a, kind): &(u16, Kind)| {
                    let at = self.apart(a, &index);
                    match kind {
                        Kind::Unit | Kind::Apart => pointer(at),
                        Kind::Same => f.read(a, Lane::Same, at, e.i64(0), 1, None),
                        Kind::Positions => at,
                    }
                };
                runs.iter().map(one).collect()
            },
            || {
                let one = |&(a, kind): &(u16, Kind)| {
                    if f.access(a).write {
                        return self.packed[&a];
                    }
                    let place = pack(a);
                    let none = |ty: Ty| e.bits(ty, 0);
                    match kind {
                        Kind::Unit | Kind::Apart => place,
                        Kind::Same => none(crate::llvm::body::register(f.access(a).dtype, 1)),
                        Kind::Positions => none(I64),
                    }
                };
                runs.iter().map(one).collect()
            },
        );
        places.inside = Some(inside);
        for (&(a, kind), v) in runs.iter().zip(found) {
            if kind == Kind::Unit {
                places.neighbours.insert(a, v);
            } else {
                places.neighbours.insert(a, self.packed[&a]);
                places.values.insert(a, v);
            }
        }
        // As many elements ahead as are in the bytes by which streams are prefetched.
        let mut later: HashMap<i64, Vec<V<'e>>> = HashMap::new();
        for &(a, _) in runs.iter().filter(|&&(a, kind)| kind == Kind::Unit && !f.access(a).write) {
            let distance = AHEAD / f.unit(a);
            let index = later.entry(distance).or_insert_with(|| f.inner_index(e.add(base, e.i64(distance))));
            places.ahead.insert(a, pointer(self.apart(a, index)));
        }
        places
    }

    /// Puts what a chunk has written in place.
    pub(super) fn drain_packed(&self, sweep: &Sweep, places: &Places<'e>, n: V<'e>) {
        let (f, e) = (self.f, self.f.e);
        for a in self.packed_of(sweep, true) {
            let unpack = || f.unpack(a, self.bases[a as usize], places.base, n, self.packed[&a]);
            match places.inside {
                Some(inside) if kind(f, a) == Kind::Unit => {
                    e.if_else(inside, Vec::new, || {
                        unpack();
                        Vec::new()
                    });
                }
                _ => unpack(),
            }
        }
    }
}
