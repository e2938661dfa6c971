//! A matrix product on a grid: `C = A B` in tiles, for cards without cuBLAS.
//!
//! A block makes a tile of the result, each of its 16 x 16 threads a part that it keeps in registers.
//! Along the summed axis, 8 elements at a time of the rows and columns that the tile needs are brought to shared
//! memory; the next ones are asked for before the product of these begins. Each element of the
//! result is a chain of fused multiply-adds in the order of the summed axis: the same bits in every run, but
//! not those of the CPU's products (NUMERICS.md section 5).

use super::{BLOCK, I1, Printed, Tools, head, simt};
use crate::llvm::emit::{Dialect, Elem, Emitter, I64, PTR, Ty, V};

/// The words of a launch; strides in bytes.
#[derive(Clone, Copy)]
#[repr(usize)]
pub enum Word {
    /// Rows of the result.
    Rows,
    /// Terms of a sum.
    Inner,
    /// Columns of the result.
    Columns,
    /// Address of the left matrix.
    Left,
    /// From row to row.
    LeftRow,
    /// From term to term.
    LeftInner,
    /// Address of the right matrix.
    Right,
    /// From term to term.
    RightInner,
    /// From column to column.
    RightColumn,
    /// Address of the result.
    Out,
    /// From row to row.
    OutRow,
    /// From column to column.
    OutColumn,
    /// 1 if terms of the left matrix are neighbours.
    LeftAlong,
    /// 1 if columns of the right matrix are neighbours.
    RightAlong,
}

/// How many words there are.
pub const WORDS: usize = 14;
/// Terms that are brought to shared memory at once.
const TERMS: i64 = 8;
/// Threads of a block along each axis of its tile.
const SIDE: i64 = 16;

/// Rows and columns of a block's tile.
pub fn tile(double: bool) -> usize {
    if double { 64 } else { 128 }
}

struct Product<'e> {
    t: &'e Tools<'e>,
    ty: Ty,
    words: Vec<V<'e>>,
    /// Rows and columns of the tile, and of a thread.
    tile: i64,
    part: usize,
    thread: V<'e>,
}

/// Prints the product of f32 or f64 matrices; the function is called `product`.
pub fn print(double: bool, dialect: Dialect) -> Printed {
    let e = Emitter::new(dialect);
    let tools = Tools::new(&e);
    e.define_function(&head(dialect, "product", WORDS, 1), || {
        let args = e.named("%args", PTR);
        let word = |w: usize| e.load(I64, e.offset(args, e.i64(8 * w as i64)), 8);
        let tile = tile(double) as i64;
        Product {
            t: &tools,
            ty: Ty::new(if double { Elem::F64 } else { Elem::F32 }, 1),
            words: (0..WORDS).map(word).collect(),
            tile,
            part: (tile / SIDE) as usize,
            thread: simt::thread_index(&e),
        }
        .run();
    });
    tools.printed(vec!["product".into()], true)
}

impl<'e> Product<'e> {
    fn e(&self) -> &'e Emitter {
        self.t.e
    }

    fn word(&self, word: Word) -> V<'e> {
        self.words[word as usize]
    }

    fn size(&self) -> i64 {
        i64::from(self.ty.elem.bits() / 8)
    }

    fn run(&self) {
        let e = self.e();
        let across = e.add(self.word(Word::Columns), e.i64(self.tile - 1));
        let across = e.binary("lshr", across, e.i64(self.tile.trailing_zeros().into()));
        let block = simt::block_index(e);
        let row = e.mul(e.binary("udiv", block, across), e.i64(self.tile));
        let column = e.mul(e.binary("urem", block, across), e.i64(self.tile));
        let x = e.binary("and", self.thread, e.i64(SIDE - 1));
        let y = e.binary("lshr", self.thread, e.i64(4));
        let zero = e.i64(0);
        let vector = Ty { lanes: self.part as u32, ..self.ty };
        let first = self.fetch(row, column, zero);
        let sums = (0..self.part).map(|_| e.float(vector, 0.0));
        let init: Vec<V<'e>> = [zero].into_iter().chain(first).chain(sums).collect();
        let fetched = init.len() - 1 - self.part;
        let [before, after] = [self.t.meeting("barrier"), self.t.meeting("barrier")];
        let done = e.while_loop(
            &init,
            |v| e.compare("icmp slt", v[0], self.word(Word::Inner)),
            |v| {
                self.put(&v[1..1 + fetched]);
                simt::barrier(e, before);
                let next = e.add(v[0], e.i64(TERMS));
                let ahead = self.fetch(row, column, next);
                let mut sums = v[1 + fetched..].to_vec();
                for k in 0..TERMS {
                    let (a, b) = (self.take(0, k, y), self.take(1, k, x));
                    for (i, sum) in sums.iter_mut().enumerate() {
                        let left = e.splat(e.extract(a, i as u32), vector.lanes);
                        *sum = e.intrinsic("llvm.fma", &[left, b, *sum]);
                    }
                }
                simt::barrier(e, after);
                [vec![next], ahead, sums].concat()
            },
        );
        self.write(row, column, x, y, &done[1 + fetched..]);
    }

    /// The place of this thread's element number `j` among those that a step needs of one operand:
    /// along the tile and along the terms. Neighbouring threads take neighbours in memory.
    fn place(&self, j: i64, terms_are_neighbours: V<'e>) -> (V<'e>, V<'e>) {
        let e = self.e();
        let number = e.add(self.thread, e.i64(j * BLOCK as i64));
        let along = e.compare("icmp ne", terms_are_neighbours, e.i64(0));
        let pick = |a: V<'e>, b: V<'e>| e.select(along, a, b);
        let shift = e.i64(self.tile.trailing_zeros().into());
        let tile = pick(e.binary("lshr", number, e.i64(3)), e.binary("and", number, e.i64(self.tile - 1)));
        let term = pick(e.binary("and", number, e.i64(TERMS - 1)), e.binary("lshr", number, shift));
        (tile, term)
    }

    /// Operand 0 is the left matrix, 1 the right one: where its terms are neighbours, in words.
    fn terms_are_neighbours(&self, operand: usize) -> V<'e> {
        let e = self.e();
        match operand {
            0 => self.word(Word::LeftAlong),
            _ => e.binary("xor", self.word(Word::RightAlong), e.i64(1)),
        }
    }

    /// Elements of an operand that a thread brings in a step.
    fn each(&self) -> i64 {
        self.tile * TERMS / BLOCK as i64
    }

    /// Reads what this thread brings for the step that begins at term `from`; zeros beyond the matrices.
    fn fetch(&self, row: V<'e>, column: V<'e>, from: V<'e>) -> Vec<V<'e>> {
        let e = self.e();
        let mut out = Vec::new();
        for operand in 0..2 {
            let (start, extent, base, step, inner) = match operand {
                0 => (row, Word::Rows, Word::Left, Word::LeftRow, Word::LeftInner),
                _ => (column, Word::Columns, Word::Right, Word::RightColumn, Word::RightInner),
            };
            for j in 0..self.each() {
                let (tile, term) = self.place(j, self.terms_are_neighbours(operand));
                let (at, term) = (e.add(start, tile), e.add(from, term));
                let inside = e.binary(
                    "and",
                    e.compare("icmp slt", at, self.word(extent)),
                    e.compare("icmp slt", term, self.word(Word::Inner)),
                );
                let read = || {
                    let offset = e.add(e.mul(at, self.word(step)), e.mul(term, self.word(inner)));
                    let address = e.add(self.word(base), offset);
                    let site = self
                        .t
                        .site(if operand == 0 { "read of the left" } else { "read of the right" }, None);
                    simt::announce(e, address, self.size() as u32, simt::READ, site);
                    vec![e.load(self.ty, simt::global(address), self.size() as u32)]
                };
                out.push(e.if_else(inside, read, || vec![e.float(self.ty, 0.0)])[0]);
            }
        }
        out
    }

    /// Where in shared memory an operand has an element. Rows are apart by a vector more than the tile.
    fn slot(&self, operand: usize, tile: V<'e>, term: V<'e>) -> V<'e> {
        let e = self.e();
        let pitch = self.tile + 4;
        let element = e.add(e.mul(term, e.i64(pitch)), tile);
        let element = e.add(element, e.i64(operand as i64 * pitch * TERMS));
        self.t.shared(e.mul(element, e.i64(self.size())), (2 * pitch * TERMS * self.size()) as usize)
    }

    /// Puts what was read into shared memory.
    fn put(&self, values: &[V<'e>]) {
        for (i, &v) in values.iter().enumerate() {
            let (operand, j) = (i as i64 / self.each(), i as i64 % self.each());
            let (tile, term) = self.place(j, self.terms_are_neighbours(operand as usize));
            self.t.store_shared(v, self.slot(operand as usize, tile, term));
        }
    }

    /// Which of the tile's rows (or columns) this thread has, from its number on that side: groups
    /// of four, 64 apart.
    fn mine(&self, side: V<'e>, group: usize) -> V<'e> {
        let e = self.e();
        e.add(e.mul(side, e.i64(4)), e.i64(64 * group as i64))
    }

    /// This thread's elements of an operand at one term.
    fn take(&self, operand: usize, term: i64, side: V<'e>) -> V<'e> {
        let e = self.e();
        let four = Ty { lanes: 4, ..self.ty };
        let group = |g: usize| self.t.load_shared(four, self.slot(operand, self.mine(side, g), e.i64(term)));
        e.concat(&(0..self.part / 4).map(group).collect::<Vec<_>>())
    }

    fn write(&self, row: V<'e>, column: V<'e>, x: V<'e>, y: V<'e>, sums: &[V<'e>]) {
        let e = self.e();
        let at = |start: V<'e>, side: V<'e>, i: usize| {
            e.add(start, e.add(self.mine(side, i / 4), e.i64(i as i64 % 4)))
        };
        for (i, &sum) in sums.iter().enumerate() {
            let r = at(row, y, i);
            let there = e.compare("icmp slt", r, self.word(Word::Rows));
            for j in 0..self.part {
                let c = at(column, x, j);
                let inside = e.compare("icmp slt", c, self.word(Word::Columns));
                debug_assert_eq!(inside.ty, I1);
                e.if_then(e.binary("and", there, inside), || {
                    let offset =
                        e.add(e.mul(r, self.word(Word::OutRow)), e.mul(c, self.word(Word::OutColumn)));
                    let address = e.add(self.word(Word::Out), offset);
                    let site = self.t.site("write of the product", None);
                    simt::announce(e, address, self.size() as u32, simt::WRITE, site);
                    e.store(e.extract(sum, j as u32), simt::global(address), self.size() as u32);
                });
            }
        }
    }
}
