//! The skeleton of a map that reads arrays across its lanes, such as `x + y.t()`.
//!
//! An element at a time such an array costs a cache line and a page each. So the kernel runs in
//! square tiles of the last two row axes, a vector long and a vector wide: of each array that lies
//! along the other axis a tile is read vector by vector, transposed in registers, and put into
//! scratch, from where the rows of the tile read it. Tiles follow each other down a strip of rows,
//! then to the next lanes, so that whole runs of those arrays are read and each line once.
//! (A strip of 256 rows was fastest where it was measured; 16 and 32 are much slower.)
//!
//! Rows and lanes that fill no tile are read an element at a time.

use super::body;
use super::emit::{PTR, Ty, V};
use super::frame::Frame;
use super::map::{Row, whole_vectors};
use lazuli_fusion::bind::Lane;

/// Rows of a strip.
const STRIP: i64 = 256;
/// Bytes ahead at which arrays along the lanes are prefetched: the next lanes come a strip later.
const AHEAD: i64 = 256;

/// Prints the body of `run`: outer rows `b0..e0`, lanes `b1..e1`.
pub fn run<'e>(f: &Frame<'e>) -> Result<(), String> {
    let e = f.e;
    let [b0, e0, b1, e1] = f.ranges();
    let across = f.b.rows.len() - 2;
    let lanes = i64::from(f.lanes);
    let tiles: Vec<Tile<'_, 'e>> = (0..f.b.accesses.len() as u16)
        .filter(|&a| f.access(a).lane == Lane::Across)
        .map(|a| Tile::new(f, a))
        .collect();
    let (end, rest) = whole_vectors(f, b1, e1);
    let mut failed = Ok(());
    let mut note = |result: Result<(), String>| failed = std::mem::replace(&mut failed, Ok(())).and(result);
    let smaller = |a: V<'e>, b: V<'e>| e.select(e.compare("icmp slt", a, b), a, b);
    e.while_loop(
        &[b0],
        |v| e.compare("icmp slt", v[0], e0),
        |v| {
            let index = f.row_index(v[0], across + 1);
            let here = |r: V<'e>| {
                let mut index = index.clone();
                index[across] = e.add(index[across], r);
                index
            };
            // A strip ends where the axis, the range or its length does.
            let left =
                smaller(e.binary("sub", f.row_extent(across), index[across]), e.binary("sub", e0, v[0]));
            let rows = smaller(left, e.i64(STRIP));
            let whole = e.binary("and", rows, e.i64(-lanes));
            f.by_streaming(f.b.kernel.stores.iter().map(|s| s.access), |streaming| {
                e.for_loop(b1, end, lanes, &[], |i, _| {
                    e.for_loop(e.i64(0), whole, lanes, &[], |t, _| {
                        tiles.iter().for_each(|tile| tile.fill(&here(t), i));
                        e.for_loop(e.i64(0), e.i64(lanes), 1, &[], |r, _| {
                            let mut row = Row::new(f, &here(e.add(t, r)), AHEAD);
                            tiles.iter().for_each(|tile| row.set(tile.access, tile.row(r)));
                            note(row.point(i, None, streaming));
                            vec![]
                        });
                        vec![]
                    });
                    vec![]
                });
            });
            e.for_loop(e.i64(0), rows, 1, &[], |r, _| {
                let row = Row::new(f, &here(r), AHEAD);
                let tiled = e.compare("icmp slt", r, whole);
                e.for_loop(e.select(tiled, end, b1), end, lanes, &[], |i, _| {
                    note(row.point(i, None, false));
                    vec![]
                });
                note(row.tail(end, rest));
                vec![]
            });
            vec![e.add(v[0], rows)]
        },
    );
    failed
}

/// A tile of one array, transposed, in scratch.
struct Tile<'f, 'e> {
    f: &'f Frame<'e>,
    access: u16,
    /// Type of one of its rows in memory.
    ty: Ty,
    place: V<'e>,
}

impl<'f, 'e> Tile<'f, 'e> {
    fn new(f: &'f Frame<'e>, access: u16) -> Tile<'f, 'e> {
        let ty = Ty::new(body::memory_elem(f.access(access).dtype), f.lanes);
        let place = f.reserve(u64::from(f.lanes) * u64::from(f.lanes) * f.unit(access) as u64);
        Tile { f, access, ty, place }
    }

    /// Reads and transposes the tile that begins at a row's index and at lane `i`.
    fn fill(&self, index: &[V<'e>], i: V<'e>) {
        let (f, e, lanes) = (self.f, self.f.e, self.f.lanes);
        let (unit, step) = (f.unit(self.access), f.lane_stride(self.access));
        let first = e.add(f.row_address(self.access, index), e.mul(i, step));
        let mut vectors: Vec<V<'e>> = (0..i64::from(lanes))
            .map(|k| {
                let at = e.add(first, e.mul(e.i64(k), step));
                let next = e.add(at, e.mul(e.i64(lanes.into()), step));
                e.prefetch(e.convert("inttoptr", next, PTR));
                e.load(self.ty, e.convert("inttoptr", at, PTR), unit as u32)
            })
            .collect();
        // Blocks of 1, 2, 4, ... elements change places with those across the diagonal.
        let mut block = 1;
        while block < lanes {
            for a in (0..lanes).filter(|a| a & block == 0) {
                let (x, y) = (vectors[a as usize], vectors[(a + block) as usize]);
                let upper = |l: u32| if l & block == 0 { l } else { lanes + l - block };
                let lower = |l: u32| if l & block == 0 { l + block } else { lanes + l };
                let pick = |lane: &dyn Fn(u32) -> u32| (0..lanes).map(lane).collect::<Vec<u32>>();
                vectors[a as usize] = e.shuffle(x, y, &pick(&upper));
                vectors[(a + block) as usize] = e.shuffle(x, y, &pick(&lower));
            }
            block *= 2;
        }
        for (r, &v) in vectors.iter().enumerate() {
            e.store(v, e.offset(self.place, e.i64(r as i64 * self.bytes())), unit as u32);
        }
    }

    fn bytes(&self) -> i64 {
        i64::from(self.f.lanes) * self.f.unit(self.access)
    }

    /// Row `r` of the tile, in register form.
    fn row(&self, r: V<'e>) -> V<'e> {
        let e = self.f.e;
        let at = e.offset(self.place, e.mul(r, e.i64(self.bytes())));
        let v = e.load(self.ty, at, self.f.unit(self.access) as u32);
        body::extend(v, self.f.access(self.access).dtype)
    }
}
