//! The loops around the steps: bands of rows, sweeps, tiles.
//!
//! A machine is one thread at work on one launch. Its scratch memory belongs to the thread and is
//! used again by later launches.

use super::blocks::{BLOCK, Operand, fill, get};
use super::columns::{self, Column, Part};
use super::combine::{FoldColumn, States};
use super::exec::{Context, Frame, spread};
use super::fold::{self, CHUNK, PARTIALS, PIVOT};
use super::places::{Lanes, Outer};
use super::program::{FoldPlan, Program};
use super::reduce::{self, Acc, Stack};
use super::step::Reg;
use super::{Job, RowState};
use lazuli_core::op::ReduceOp;
use lazuli_fusion::{Mode, Slot};
use std::cell::Cell;

/// Scratch memory that a thread holds on to between launches, at most.
const RETAINED: usize = 8 << 20;

/// A cache line of numbers.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u64; 8]);

/// What a thread keeps between launches.
#[derive(Default)]
struct Scratch {
    memory: Vec<Line>,
    regs: Vec<Operand>,
    bases: Vec<*mut u8>,
    band_outer: Outer,
    band_lanes: Lanes,
    tile_outer: Outer,
    tile_lanes: Lanes,
    stacks: Vec<Stack>,
    columns: Vec<Column>,
    folds: Vec<FoldColumn>,
    list: Vec<usize>,
}

thread_local! {
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// One thread at work on a launch.
pub(super) struct Machine<'a> {
    job: &'a Job<'a>,
    program: &'a Program,
    arena: *mut u8,
    s: Box<Scratch>,
}

impl<'a> Machine<'a> {
    /// Sets a machine up for `f`.
    pub fn with<R>(job: &'a Job<'a>, f: impl FnOnce(&mut Machine<'a>) -> R) -> R {
        let program = job.program;
        let mut s = SCRATCH.take().unwrap_or_default();
        let lines = program.bytes.div_ceil(size_of::<Line>());
        if s.memory.len() < lines {
            s.memory.resize(lines, Line([0; 8]));
        }
        let arena: *mut u8 = s.memory.as_mut_ptr().cast();
        s.regs.clear();
        s.regs.extend(
            program.homes.iter().map(|h| Operand { ptr: arena.wrapping_add(h.offset), step: h.step }),
        );
        s.bases.clear();
        s.bases.extend(job.bound.accesses.iter().zip(job.bases).map(|(a, &base)| match a.slot {
            Slot::Iota => std::ptr::null_mut(),
            _ => base.wrapping_offset(a.offset * a.dtype.size() as isize),
        }));
        debug_assert_eq!(s.bases.len(), job.bound.accesses.len());
        let mut machine = Machine { job, program, arena, s };
        let result = f(&mut machine);
        let mut s = machine.s;
        if s.memory.len() * size_of::<Line>() > RETAINED {
            s.memory = Vec::new();
        }
        SCRATCH.set(Some(s));
        result
    }

    /// Runs rows `begin .. end`.
    ///
    /// # Safety
    ///
    /// As [`super::run_rows`].
    pub unsafe fn run(&mut self, begin: usize, end: usize) {
        if begin >= end {
            return;
        }
        let shape = &self.program.shape;
        // SAFETY: the caller's promise.
        unsafe {
            self.uniform();
            if shape.mode == Mode::Map {
                return self.points(begin, end);
            }
            for row in (begin..end).step_by(shape.band) {
                self.band(row, shape.band.min(end - row));
            }
        }
    }

    /// Runs a sweep over a part of a row; see [`super::sweep_range`].
    ///
    /// # Safety
    ///
    /// As there.
    pub unsafe fn sweep_range(
        &mut self,
        row: usize,
        sweep: usize,
        state: &RowState,
        begin: usize,
        end: usize,
    ) -> Vec<Acc> {
        assert!(self.job.bound.split, "only split kernels run in parts of a row");
        // SAFETY: the caller's promise.
        unsafe {
            self.restore(row, sweep, state);
            self.row_sweep(sweep, begin, end);
        }
        let plan = &self.program.sweeps[sweep];
        let (stacks, folds) = self.s.stacks.split_at_mut(plan.reduces.len());
        let known = stacks.iter_mut().zip(&plan.reduces).map(|(s, r)| {
            let total = s.total(|a, b| reduce::merge(r.op, r.ty, a, b));
            total.unwrap_or_else(|| reduce::identity(r.op, r.ty))
        });
        known.chain(folds.iter_mut().zip(&plan.folds).map(|(s, f)| f.combiner.total(s))).collect()
    }

    /// Does the row stores of a row; see [`super::finish_row`].
    ///
    /// # Safety
    ///
    /// As there.
    pub unsafe fn finish_row(&mut self, row: usize, state: &RowState) {
        // SAFETY: the caller's promise.
        unsafe {
            self.restore(row, self.program.sweeps.len(), state);
            self.row_stores();
        }
    }

    /// Brings the row registers to where sweep `sweep` begins, from the values of earlier sweeps.
    unsafe fn restore(&mut self, row: usize, sweep: usize, state: &RowState) {
        // SAFETY: the caller's promise.
        unsafe {
            self.uniform();
            self.place_band(row, 1);
            for d in 0..=sweep {
                self.row_steps(d);
                if d < sweep {
                    let plan = &self.program.sweeps[d];
                    let known = plan.reduces.iter().map(|r| r.dst);
                    let folds = plan.folds.iter().flat_map(|f| &f.results).map(|r| r.0);
                    for (dst, &bits) in known.chain(folds).zip(state.values(d)) {
                        self.give(dst, 0, bits);
                    }
                }
            }
        }
    }

    fn context(&mut self) -> (Context<'_>, Positions<'_>) {
        let s = &mut *self.s;
        let context = Context { job: self.job, regs: &mut s.regs, bases: &s.bases, arena: self.arena };
        let places = Positions {
            band_outer: &s.band_outer,
            band_lanes: &s.band_lanes,
            tile_outer: &s.tile_outer,
            tile_lanes: &s.tile_lanes,
        };
        (context, places)
    }

    unsafe fn uniform(&mut self) {
        let accesses = self.job.bound.accesses.len();
        self.s.band_outer.origin(accesses);
        self.s.band_lanes.origin(accesses);
        let program = self.program;
        let (mut context, p) = self.context();
        // SAFETY: uniform loads have one place, the access's position 0, which every row reaches.
        unsafe { context.run(&program.uniform, &Frame::new(p.band_outer, p.band_lanes)) };
    }

    /// Settles where the rows of a band are.
    fn place_band(&mut self, row: usize, n: usize) {
        let (shape, s) = (&self.program.shape, &mut *self.s);
        if shape.mode == Mode::Columns {
            s.band_outer.origin(shape.outer.accesses);
            s.band_lanes.range(&shape.lanes, row, n);
        } else {
            s.band_outer.range(&shape.outer, row, n);
            s.band_lanes.origin(shape.lanes.accesses);
        }
    }

    unsafe fn row_steps(&mut self, depth: usize) {
        let program = self.program;
        let (mut context, p) = self.context();
        // SAFETY: the caller's promise.
        unsafe { context.run(&program.rows[depth], &Frame::new(p.band_outer, p.band_lanes)) };
    }

    unsafe fn row_stores(&mut self) {
        let program = self.program;
        let (mut context, p) = self.context();
        // SAFETY: the caller's promise.
        unsafe { context.run(&program.row_stores, &Frame::new(p.band_outer, p.band_lanes)) };
    }

    /// Runs all sweeps of `n` rows.
    unsafe fn band(&mut self, row: usize, n: usize) {
        self.place_band(row, n);
        let program = self.program;
        // SAFETY: the caller's promise.
        unsafe {
            for d in 0..program.rows.len() {
                self.row_steps(d);
                if d == program.sweeps.len() {
                    break;
                }
                if program.shape.mode == Mode::Columns {
                    self.column_sweep(d);
                } else {
                    self.row_sweep(d, 0, program.shape.inner);
                    self.row_results(d);
                }
            }
            self.row_stores();
        }
    }

    /// Writes the value of a reduction for row `i` of the band.
    unsafe fn give(&mut self, dst: Reg, i: usize, bits: u64) {
        let home = self.program.homes[dst as usize];
        let (at, count) = if home.step == 0 { (0, BLOCK) } else { (i, 1) };
        // SAFETY: the register has an element for each row of a band, or is one block.
        unsafe { fill(self.arena.add(home.offset + at * home.size), home.size, bits, count) };
    }

    /// One sweep over elements `begin .. end` of the rows of a band. The reductions of a single
    /// row end on the stacks; those of several rows (whose elements are all in one tile) in
    /// their registers.
    unsafe fn row_sweep(&mut self, sweep: usize, begin: usize, end: usize) {
        let program = self.program;
        let (plan, shape) = (&program.sweeps[sweep], &program.shape);
        self.s.stacks.resize_with(plan.reduces.len() + plan.folds.len(), Stack::default);
        self.s.stacks.iter_mut().for_each(Stack::clear);
        // SAFETY: row registers are computed.
        unsafe { self.expand(sweep) };
        let rows = self.s.band_outer.count;
        for at in (begin..end).step_by(shape.width) {
            let n = shape.width.min(end - at);
            self.s.tile_lanes.range(&shape.lanes, at, n);
            for &r in &program.kept {
                let home = program.homes[r as usize];
                self.s.regs[r as usize].ptr = self.arena.wrapping_add(home.offset + at * home.size);
            }
            let (mut context, p) = self.context();
            let frame = Frame::new(p.band_outer, p.tile_lanes);
            context.place_direct(&plan.direct, &frame);
            // SAFETY: the caller's promise; this tile's registers are in place.
            unsafe { context.run(&plan.body, &frame) };
            for (i, r) in plan.reduces.iter().enumerate() {
                let src = self.s.regs[r.src as usize].ptr;
                for row in 0..rows {
                    // SAFETY: the operand has `n` elements for each row.
                    let acc =
                        unsafe { fold::fold(program.isa, r.op, r.ty, src.add(row * n * r.size), n, at) };
                    if shape.single() {
                        self.s.stacks[i].push(acc, |a, b| reduce::merge(r.op, r.ty, a, b));
                    } else {
                        // SAFETY: a row of this band.
                        unsafe { self.give(r.dst, row, reduce::finish(r.op, r.ty, acc, n as u64)) };
                    }
                }
            }
            for (i, f) in plan.folds.iter().enumerate() {
                for row in 0..rows {
                    let src = self.sources(f, row * n);
                    // SAFETY: the operands have `n` elements for each row.
                    let acc = unsafe { f.combiner.fold(&src, n) };
                    if shape.single() {
                        self.s.stacks[plan.reduces.len() + i].push(acc, |a, b| f.combiner.merge(a, b));
                    } else {
                        // SAFETY: a row of this band.
                        unsafe { self.give_state(f, row, &acc) };
                    }
                }
            }
        }
    }

    /// Brings the reductions of a sweep from the stacks to their registers.
    unsafe fn row_results(&mut self, sweep: usize) {
        let (program, rows) = (self.program, self.s.band_outer.count);
        let inner = program.shape.inner;
        if !program.shape.single() && inner > 0 {
            return;
        }
        for (i, r) in program.sweeps[sweep].reduces.iter().enumerate() {
            let total = self.s.stacks[i].total(|a, b| reduce::merge(r.op, r.ty, a, b));
            let acc = total.unwrap_or_else(|| reduce::identity(r.op, r.ty));
            let bits = reduce::finish(r.op, r.ty, acc, inner as u64);
            for row in 0..rows {
                // SAFETY: a row of this band.
                unsafe { self.give(r.dst, row, bits) };
            }
        }
        let known = program.sweeps[sweep].reduces.len();
        for (i, f) in program.sweeps[sweep].folds.iter().enumerate() {
            let acc = f.combiner.total(&mut self.s.stacks[known + i]);
            for row in 0..rows {
                // SAFETY: a row of this band.
                unsafe { self.give_state(f, row, &acc) };
            }
        }
    }

    /// Writes the results of a fold for row `i` of the band.
    unsafe fn give_state(&mut self, f: &FoldPlan, i: usize, acc: &Acc) {
        for &(dst, c) in &f.results {
            // SAFETY: the caller's promise.
            unsafe { self.give(dst, i, acc.words[c]) };
        }
    }

    /// Where a fold's operands are from element `at` of the tile on.
    fn sources(&self, f: &FoldPlan, at: usize) -> States {
        let place =
            |(c, &r): (usize, &Reg)| self.s.regs[r as usize].ptr.wrapping_add(at * f.combiner.size(c));
        f.srcs.iter().enumerate().map(place).collect()
    }

    /// Repeats row values for each point of a tile.
    unsafe fn expand(&mut self, sweep: usize) {
        let (program, shape) = (self.program, &self.program.shape);
        for &(copy, original) in &program.sweeps[sweep].expand {
            let (home, from) = (program.homes[copy as usize], self.s.regs[original as usize]);
            // SAFETY: registers of this arena. A full register has room for all points of a tile.
            unsafe {
                let dst = self.arena.add(home.offset);
                if from.step == 0 {
                    let points = shape.points.next_multiple_of(BLOCK);
                    fill(dst, home.size, get(from.ptr, home.size, 0), points);
                } else if shape.mode == Mode::Columns {
                    let lanes = self.s.band_lanes.count * home.size;
                    for j in 0..shape.points / shape.band {
                        std::ptr::copy_nonoverlapping(from.ptr, dst.add(j * lanes), lanes);
                    }
                } else {
                    for row in 0..self.s.band_outer.count {
                        let at = dst.add(row * shape.inner * home.size);
                        fill(at, home.size, get(from.ptr, home.size, row), shape.inner);
                    }
                }
            }
        }
    }

    /// One sweep with a row in each lane.
    unsafe fn column_sweep(&mut self, sweep: usize) {
        let program = self.program;
        let (plan, shape, isa) = (&program.sweeps[sweep], &program.shape, program.isa);
        let lanes = self.s.band_lanes.count;
        let mut columns = std::mem::take(&mut self.s.columns);
        columns.clear();
        for r in &plan.reduces {
            let lists = self.arena.wrapping_add(r.lists);
            columns.push(Column::new(r.op, r.ty, lists, program.pitch(), lanes));
        }
        let mut folds = std::mem::take(&mut self.s.folds);
        folds.clear();
        for f in &plan.folds {
            let lists = self.arena.wrapping_add(f.lists);
            folds.push(FoldColumn::new(lists, program.pitch(), lanes, shape.inner));
        }
        let moments = plan.reduces.iter().any(|r| r.op == ReduceOp::Moment2);
        // SAFETY: the lists of the columns, the registers of this arena, the caller's promise.
        unsafe {
            columns.iter_mut().for_each(|c| columns::start(isa, c));
            self.expand(sweep);
            for begin in (0..shape.inner).step_by(CHUNK) {
                let length = CHUNK.min(shape.inner - begin);
                let (partials, first) = (length.min(PARTIALS), length.min(PIVOT));
                // The pivot needs elements of many partials; if these are not all in the first
                // tile, it gets a tile of its own.
                let early = moments && shape.group < first;
                if early {
                    self.tile_of(sweep, begin..begin + first);
                    self.pivots(sweep, &mut columns, 0..first);
                }
                for p in (0..partials).step_by(shape.group) {
                    let end = partials.min(p + shape.group);
                    let count = |q: usize| Part::elements(length, q);
                    self.tile_of(
                        sweep,
                        (p..end).flat_map(|q| (0..count(q)).map(move |k| begin + q + k * PARTIALS)),
                    );
                    if moments && !early && p == 0 {
                        let mut at = 0;
                        self.pivots(
                            sweep,
                            &mut columns,
                            (0..first).map(|q| {
                                at += count(q);
                                at - count(q)
                            }),
                        );
                    }
                    for (c, r) in columns.iter_mut().zip(&plan.reduces) {
                        let src = self.s.regs[r.src as usize].ptr;
                        columns::part(isa, c, &Part { src, begin, length, first: p, end });
                    }
                    for (c, f) in folds.iter_mut().zip(&plan.folds) {
                        let src = self.sources(f, 0);
                        let part = Part { src: src[0], begin, length, first: p, end };
                        c.part(&f.combiner, &src, &part);
                    }
                }
                columns.iter_mut().for_each(|c| columns::end_chunk(isa, c, length));
                folds.iter_mut().zip(&plan.folds).for_each(|(c, f)| c.end_chunk(&f.combiner));
            }
            for (c, r) in columns.iter_mut().zip(&plan.reduces) {
                let home = program.homes[r.dst as usize];
                let dst = self.arena.add(home.offset);
                columns::finish(isa, c, dst);
                spread(home, dst);
            }
            for (column, f) in folds.iter_mut().zip(&plan.folds) {
                column.end(&f.combiner);
                for &(r, c) in &f.results {
                    let home = program.homes[r as usize];
                    let dst = self.arena.add(home.offset);
                    column.give(&f.combiner, c, dst);
                    spread(home, dst);
                }
            }
        }
        self.s.columns = columns;
        self.s.folds = folds;
    }

    /// Runs the body of a sweep for these inner positions of all lanes.
    unsafe fn tile_of(&mut self, sweep: usize, positions: impl Iterator<Item = usize>) {
        let program = self.program;
        let s = &mut *self.s;
        s.list.clear();
        s.list.extend(positions);
        s.tile_outer.list(&program.shape.outer, &s.list);
        let (mut context, p) = self.context();
        let frame = Frame::new(p.tile_outer, p.band_lanes);
        let plan = &program.sweeps[sweep];
        context.place_direct(&plan.direct, &frame);
        // SAFETY: the caller's promise.
        unsafe { context.run(&plan.body, &frame) };
    }

    unsafe fn pivots(&mut self, sweep: usize, columns: &mut [Column], lists: impl Iterator<Item = usize>) {
        let program = self.program;
        self.s.list.clear();
        self.s.list.extend(lists);
        for (c, r) in columns.iter_mut().zip(&program.sweeps[sweep].reduces) {
            if r.op == ReduceOp::Moment2 {
                let src = self.s.regs[r.src as usize].ptr;
                // SAFETY: the operand of the tile that was just run.
                unsafe { columns::pivot(program.isa, c, src, &self.s.list) };
            }
        }
    }

    /// Runs the points of a map. A range that is no rectangle is cut into some.
    unsafe fn points(&mut self, begin: usize, end: usize) {
        let extent = self.program.shape.lanes.count();
        let mut at = begin;
        while at < end {
            let (outer, lane) = (at / extent, at % extent);
            // SAFETY: the caller's promise.
            unsafe {
                if lane != 0 || end - at < extent {
                    let n = (extent - lane).min(end - at);
                    self.rectangle(outer..outer + 1, lane..lane + n);
                    at += n;
                } else {
                    let n = (end - at) / extent;
                    self.rectangle(outer..outer + n, 0..extent);
                    at += n * extent;
                }
            }
        }
    }

    unsafe fn rectangle(&mut self, outer: std::ops::Range<usize>, lanes: std::ops::Range<usize>) {
        let program = self.program;
        let (plan, shape) = (&program.sweeps[0], &program.shape);
        // SAFETY: uniform registers are computed.
        unsafe { self.expand(0) };
        for o in outer.clone().step_by(shape.band) {
            self.s.tile_outer.range(&shape.outer, o, shape.band.min(outer.end - o));
            for l in lanes.clone().step_by(shape.width) {
                self.s.tile_lanes.range(&shape.lanes, l, shape.width.min(lanes.end - l));
                let (mut context, p) = self.context();
                let frame = Frame::new(p.tile_outer, p.tile_lanes);
                context.place_direct(&plan.direct, &frame);
                // SAFETY: the caller's promise.
                unsafe { context.run(&plan.body, &frame) };
            }
        }
    }
}

/// Where the rows of the band and the points of the tile are.
struct Positions<'a> {
    band_outer: &'a Outer,
    band_lanes: &'a Lanes,
    tile_outer: &'a Outer,
    tile_lanes: &'a Lanes,
}
