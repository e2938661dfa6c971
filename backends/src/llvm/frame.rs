//! What the skeletons share: the launch's words as values, points, and the body at a point.

use super::abi::Abi;
use super::body;
use super::emit::{Elem, Emitter, I64, PTR, Ty, V};
use lazuli_core::{DType, UnaryOp};
use lazuli_fusion::bind::{Bound, BoundAccess, Lane, Mode, Slot};
use lazuli_fusion::kernel::{Def, Inst, Val};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// Lanes of one vector: as many as the widest register type of the kernel fits.
pub fn vector_lanes(bound: &Bound, vector_bits: u32) -> u32 {
    let own = bound.kernel.body.iter().map(|d| d.ty.size());
    let called = bound.kernel.body.iter().filter_map(|d| match &d.inst {
        Inst::Call(callee, ..) => callee.defs.iter().map(|d| d.ty.size()).max(),
        Inst::Fold(combine, ..) => combine.callee.defs.iter().map(|d| d.ty.size()).max(),
        _ => None,
    });
    let widest = own.chain(called).map(|size| size.max(4)).max().unwrap_or(8) as u32;
    (vector_bits / 8 / widest).max(4)
}

/// The function being printed, and the numbers of its launch.
pub struct Frame<'e> {
    /// The module.
    pub e: &'e Emitter,
    /// The kernel.
    pub b: &'e Bound,
    /// Lanes of a vector.
    pub lanes: u32,
    abi: Abi,
    words: RefCell<HashMap<usize, V<'e>>>,
    /// Scratch memory of the thread, beyond the part that remainders use.
    scratch: V<'e>,
    /// Bytes of scratch given out.
    used: Cell<u64>,
}

/// Values of instructions, at some number of lanes, over those of an outer scope.
pub struct Env<'e, 'p> {
    lanes: u32,
    values: HashMap<Val, V<'e>>,
    outer: Option<&'p Env<'e, 'p>>,
    /// The lanes that count, if not all do: what others hold may make a loop endless.
    live: Option<V<'e>>,
    /// All results of the functions called so far, each under one of its calls.
    pub(super) calls: Vec<(Val, Vec<V<'e>>)>,
}

impl<'e, 'p> Env<'e, 'p> {
    /// An empty scope.
    pub fn new(lanes: u32, outer: Option<&'p Env<'e, 'p>>) -> Env<'e, 'p> {
        Env { lanes, values: HashMap::new(), outer, live: None, calls: Vec::new() }
    }

    /// A scope of its own with the same values, for points of so many lanes.
    pub fn widened<'q>(&self, lanes: u32) -> Env<'e, 'q> {
        let mut values = self.outer.map(|o| o.widened(lanes).values).unwrap_or_default();
        values.extend(&self.values);
        Env { lanes, values, outer: None, live: None, calls: Vec::new() }
    }

    /// Only these lanes count, if not all do.
    pub fn only(mut self, live: Option<V<'e>>) -> Self {
        self.live = live;
        self
    }

    /// The same for what is computed from now on.
    pub fn set_live(&mut self, live: Option<V<'e>>) {
        self.live = live;
    }

    /// The lanes that count, if not all do.
    pub fn live(&self) -> Option<V<'e>> {
        self.live
    }

    /// Number of lanes.
    pub fn lanes(&self) -> u32 {
        self.lanes
    }

    /// Gives an instruction its value.
    pub fn set(&mut self, v: Val, value: V<'e>) {
        self.values.insert(v, value);
    }

    fn find(&self, v: Val) -> Option<V<'e>> {
        match self.values.get(&v) {
            Some(&value) => Some(value),
            None => self.outer.and_then(|o| o.find(v)),
        }
    }

    /// Is the value there?
    pub fn has(&self, v: Val) -> bool {
        self.find(v).is_some()
    }

    /// A value that has been computed; a scalar if it is the same in all lanes and was found so.
    pub fn scalar_or_vector(&self, v: Val) -> V<'e> {
        self.find(v).unwrap_or_else(|| panic!("%{v} has no value here"))
    }

    /// A value that has been computed, spread over this scope's lanes.
    pub fn get(&self, v: Val) -> V<'e> {
        let value = self.scalar_or_vector(v);
        value.e.splat(value, self.lanes)
    }
}

/// Bytes at the start of scratch that functions of the host get their operands in.
const REMAINDER_BYTES: i64 = 3 * 64 * 8;

impl<'e> Frame<'e> {
    /// Begins a function of the common signature: reads all words. Call it in the entry block.
    pub fn new(e: &'e Emitter, b: &'e Bound, lanes: u32) -> Frame<'e> {
        let scratch = e.named("%scratch", PTR);
        let frame = Frame {
            e,
            b,
            lanes,
            abi: Abi::of(b),
            words: RefCell::default(),
            scratch,
            used: Cell::new(REMAINDER_BYTES as u64),
        };
        let args = e.named("%args", PTR);
        let extra = if e.dialect.is_grid() { super::grid::WORDS } else { 0 };
        for w in 0..frame.abi.len(b.kernel.params.len()) + extra {
            let v = e.load(I64, e.offset(args, e.i64(w as i64 * 8)), 8);
            frame.words.borrow_mut().insert(w, v);
        }
        frame
    }

    /// Begin and end of the two ranges of the call.
    pub fn ranges(&self) -> [V<'e>; 4] {
        ["%b0", "%e0", "%b1", "%e1"].map(|n| self.e.named(n, I64))
    }

    fn word(&self, w: usize) -> V<'e> {
        self.words.borrow()[&w]
    }

    /// A word of a grid's own, behind those of every kernel.
    pub fn extra_word(&self, w: usize) -> V<'e> {
        self.word(self.abi.len(self.b.kernel.params.len()) + w)
    }

    fn word_ptr(&self, w: usize) -> V<'e> {
        self.e.convert("inttoptr", self.word(w), PTR)
    }

    /// Number of reduced elements.
    pub fn count(&self) -> V<'e> {
        self.word(self.abi.count())
    }

    /// Are streaming stores wanted (a word that is 0 or 1)?
    pub fn streaming(&self) -> V<'e> {
        self.word(self.abi.streaming())
    }

    /// Does a vector written to this access fill a cache line (so that it may go past the caches)?
    pub fn fills_lines(&self, a: u16) -> bool {
        let access = self.access(a);
        access.write && access.lane == Lane::Unit && access.dtype.size() as u32 * self.lanes == 64
    }

    /// Prints a loop that writes to `stores`; twice, if the launch may want its large outputs to
    /// go past the caches.
    pub fn by_streaming(&self, mut stores: impl Iterator<Item = u16>, mut print: impl FnMut(bool)) {
        if !stores.any(|a| self.fills_lines(a)) {
            return print(false);
        }
        let wanted = self.e.compare("icmp ne", self.streaming(), self.e.i64(0));
        // One after the other, since both branches need the printer.
        self.e.if_then(wanted, || print(true));
        let plain = self.e.compare("icmp eq", self.streaming(), self.e.i64(0));
        self.e.if_then(plain, || print(false));
    }

    /// Sets a piece of scratch aside; the address is aligned to 64 bytes.
    pub fn reserve(&self, bytes: u64) -> V<'e> {
        let at = self.used.get();
        self.used.set(at + bytes.next_multiple_of(64));
        self.e.offset(self.scratch, self.e.i64(at as i64))
    }

    /// The address of scratch from which on the launch has as much as it asked for at run time.
    pub fn reserve_rest(&self) -> V<'e> {
        self.e.offset(self.scratch, self.e.i64(self.used.get() as i64))
    }

    /// Bytes of scratch set aside so far.
    pub fn scratch_bytes(&self) -> u64 {
        self.used.get()
    }

    /// An access.
    pub fn access(&self, a: u16) -> &'e BoundAccess {
        &self.b.accesses[a as usize]
    }

    /// Bytes from one element to the next (1 for positions).
    pub fn unit(&self, a: u16) -> i64 {
        let access = self.access(a);
        if access.slot == Slot::Iota { 1 } else { access.dtype.size() as i64 }
    }

    /// Splits a linear row number over the first `axes` row axes.
    pub fn row_index(&self, linear: V<'e>, axes: usize) -> Vec<V<'e>> {
        self.split_index(linear, axes, |d| self.word(self.abi.row_extent(d)))
    }

    fn split_index(&self, linear: V<'e>, axes: usize, extent: impl Fn(usize) -> V<'e>) -> Vec<V<'e>> {
        let mut index = vec![self.e.i64(0); axes];
        let mut rest = linear;
        for d in (0..axes).rev() {
            if d == 0 {
                index[0] = rest;
            } else {
                index[d] = self.e.binary("urem", rest, extent(d));
                rest = self.e.binary("udiv", rest, extent(d));
            }
        }
        index
    }

    /// Extent of a row axis.
    pub fn row_extent(&self, d: usize) -> V<'e> {
        self.word(self.abi.row_extent(d))
    }

    /// Address (or position) of an access at a row.
    pub fn row_address(&self, a: u16, index: &[V<'e>]) -> V<'e> {
        let mut at = self.word(self.abi.base(a as usize));
        for (d, &i) in index.iter().enumerate() {
            at = self.e.add(at, self.e.mul(i, self.word(self.abi.row_stride(a as usize, d))));
        }
        at
    }

    /// Bytes (or positions) from one element to the next along the last row axis: from lane to lane in `Map` and
    /// `Columns`.
    pub fn lane_stride(&self, a: u16) -> V<'e> {
        let known = self.known_step(a).filter(|_| self.b.mode != Mode::Rows);
        known.unwrap_or_else(|| self.word(self.abi.row_stride(a as usize, self.b.rows.len() - 1)))
    }

    /// The step along the lanes, where it is part of the kernel's key: addresses then cost no multiplication.
    fn known_step(&self, a: u16) -> Option<V<'e>> {
        match self.access(a).lane {
            Lane::Same => Some(self.e.i64(0)),
            Lane::Unit => Some(self.e.i64(self.unit(a))),
            Lane::Strided | Lane::Across | Lane::Packed => None,
        }
    }

    /// Bytes (or positions) from one inner element to the next, for one inner axis.
    pub fn inner_stride(&self, a: u16) -> V<'e> {
        match self.b.inner.len() {
            0 => self.e.i64(0),
            last => {
                let known = self.known_step(a).filter(|_| self.b.mode == Mode::Rows);
                known.unwrap_or_else(|| self.word(self.abi.inner_stride(a as usize, last - 1)))
            }
        }
    }

    /// Extent of an inner axis.
    pub fn inner_extent(&self, d: usize) -> V<'e> {
        self.word(self.abi.inner_extent(d))
    }

    /// The index of inner element `r` along each inner axis.
    pub fn inner_index(&self, r: V<'e>) -> Vec<V<'e>> {
        self.split_index(r, self.b.inner.len(), |d| self.inner_extent(d))
    }

    /// Bytes (or positions) of inner element `r` from the start of the row.
    pub fn inner_offset(&self, a: u16, r: V<'e>) -> V<'e> {
        self.offset_of(a, &self.inner_index(r))
    }

    /// The same for the element whose index along the inner axes is given.
    pub fn offset_of(&self, a: u16, index: &[V<'e>]) -> V<'e> {
        let mut at = self.e.i64(0);
        for (d, &i) in index.iter().enumerate() {
            at = self.e.add(at, self.e.mul(i, self.word(self.abi.inner_stride(a as usize, d))));
        }
        at
    }

    /// Which lanes are below `n` (a scalar)?
    pub fn below(&self, n: V<'e>, lanes: u32) -> V<'e> {
        let ty = Ty::new(Elem::I64, lanes);
        self.e.compare("icmp slt", self.e.lane_numbers(ty), self.e.splat(n, lanes))
    }

    /// Element `at + lane * stride` of an access, in register form. `at` is the address (or
    /// position) of lane 0.
    pub fn read(
        &self,
        a: u16,
        lane: Lane,
        at: V<'e>,
        stride: V<'e>,
        lanes: u32,
        mask: Option<V<'e>>,
    ) -> V<'e> {
        let e = self.e;
        let access = self.access(a);
        if access.slot == Slot::Iota {
            let ty = Ty::new(Elem::I64, lanes);
            let steps = e.mul(e.splat(stride, lanes), e.lane_numbers(ty));
            let first = e.splat(at, lanes);
            return if lane == Lane::Same { first } else { e.add(first, steps) };
        }
        let dtype = access.dtype;
        let ty = Ty::new(body::memory_elem(dtype), lanes);
        let size = dtype.size() as u32;
        let address = e.convert("inttoptr", at, PTR);
        let raw = match lane {
            Lane::Same => {
                let one = e.load(Ty::new(ty.elem, 1), address, size);
                return e.splat(body::extend(one, dtype), lanes);
            }
            _ if lanes == 1 => e.load(ty, address, size),
            Lane::Unit | Lane::Packed => match mask {
                None => e.load(ty, address, size),
                Some(mask) => e.load_masked(ty, address, mask, size),
            },
            Lane::Strided | Lane::Across => {
                let places = self.places(address, stride, lanes);
                let all = e.int(Ty::new(Elem::I1, lanes), 1);
                e.gather(ty, places, mask.unwrap_or(all), size)
            }
        };
        body::extend(raw, dtype)
    }

    fn places(&self, address: V<'e>, stride: V<'e>, lanes: u32) -> V<'e> {
        let e = self.e;
        let ty = Ty::new(Elem::I64, lanes);
        e.offsets(address, e.mul(e.splat(stride, lanes), e.lane_numbers(ty)))
    }

    /// Writes a value (register form) to `at + lane * stride`.
    pub fn write(
        &self,
        a: u16,
        lane: Lane,
        at: V<'e>,
        stride: V<'e>,
        value: V<'e>,
        mask: Option<V<'e>>,
        streaming: bool,
    ) {
        let e = self.e;
        let dtype = self.access(a).dtype;
        let size = dtype.size() as u32;
        let raw = body::shrink(value, dtype);
        let address = e.convert("inttoptr", at, PTR);
        match lane {
            Lane::Same => e.store(e.extract(raw, 0), address, size),
            _ if raw.ty.lanes == 1 => e.store(raw, address, size),
            Lane::Unit | Lane::Packed => match mask {
                Some(mask) => e.store_masked(raw, address, mask, size),
                None if streaming => e.store_streaming(raw, address, size * raw.ty.lanes),
                None => e.store(raw, address, size),
            },
            Lane::Strided | Lane::Across => {
                let lanes = raw.ty.lanes;
                let places = self.places(address, stride, lanes);
                let all = e.int(Ty::new(Elem::I1, lanes), 1);
                e.scatter(raw, places, mask.unwrap_or(all), size);
            }
        }
    }

    /// Computes instructions in order into `env`; those that have a value already are skipped.
    /// `memory` gives loads and indices.
    pub fn compute(
        &self,
        list: &[Val],
        env: &mut Env<'e, '_>,
        memory: &mut dyn FnMut(u16, &Def) -> V<'e>,
    ) -> Result<(), String> {
        self.compute_all(list, std::slice::from_mut(env), &mut |_, a, def| memory(a, def))
    }

    /// The same for several vectors at once; `memory` is told which one. What calls of functions do
    /// for one vector does not wait for another.
    pub fn compute_all(
        &self,
        list: &[Val],
        envs: &mut [Env<'e, '_>],
        memory: &mut dyn FnMut(usize, u16, &Def) -> V<'e>,
    ) -> Result<(), String> {
        let body = &self.b.kernel.body;
        for &v in list {
            if envs[0].values.contains_key(&v) {
                continue;
            }
            envs.iter_mut().for_each(|env| self.constants_of(v, env));
            let def = &body[v as usize];
            if let Inst::Call(callee, result, arguments) = &def.inst {
                super::call::call(self, v, callee, *result as usize, arguments, envs)?;
                continue;
            }
            for (k, env) in envs.iter_mut().enumerate() {
                let value = match def.inst {
                    Inst::Load(a) | Inst::Index(a) => self.e.splat(memory(k, a, def), env.lanes),
                    _ => self.arithmetic(&def.inst, |v| env.get(v), |v| body[v as usize].ty)?,
                };
                env.set(v, value);
            }
        }
        Ok(())
    }

    /// Literals and parameters that an instruction uses, as scalars: they belong to no level.
    fn constants_of(&self, v: Val, env: &mut Env<'e, '_>) {
        for o in self.b.kernel.body[v as usize].inst.operands() {
            if !env.has(o)
                && let Some(c) = self.constant(o)
            {
                env.set(o, c);
            }
        }
    }

    /// The scalar value of a literal or parameter.
    pub fn constant(&self, v: Val) -> Option<V<'e>> {
        let e = self.e;
        let def = &self.b.kernel.body[v as usize];
        match &def.inst {
            Inst::Literal(s) => Some(e.bits(body::register(s.dtype, 1), s.bits)),
            Inst::Param(p, dtype) => {
                let word = self.word(self.abi.param(*p as usize));
                let ty = body::register(*dtype, 1);
                Some(match ty.elem {
                    Elem::I64 => word,
                    Elem::F64 => e.convert("bitcast", word, ty),
                    Elem::F32 => {
                        let low = e.convert("trunc", word, Ty::new(Elem::I32, 1));
                        e.convert("bitcast", low, ty)
                    }
                    _ => e.convert("trunc", word, ty),
                })
            }
            _ => None,
        }
    }

    /// A value of any level: what `env` has, or a constant.
    pub fn value(&self, v: Val, env: &Env<'e, '_>) -> V<'e> {
        match self.constant(v) {
            Some(c) if !env.has(v) => self.e.splat(c, env.lanes),
            _ => env.get(v),
        }
    }

    /// An instruction whose operands `get` gives, all of as many lanes; `dtype_of` tells their types.
    pub fn arithmetic(
        &self,
        inst: &Inst,
        get: impl Fn(Val) -> V<'e>,
        dtype_of: impl Fn(Val) -> DType,
    ) -> Result<V<'e>, String> {
        // There is no host to turn to on a grid.
        let host = (!self.e.dialect.is_grid()).then_some(self);
        super::arithmetic::arithmetic(self.e, host, inst, get, dtype_of)
    }

    /// Has a loop of this launch passed its limit? A thread of a card asks in the `outer` loops alone: that memory
    /// is far away. On the simulator all ask, for threads that would be given up come one after the other.
    pub fn overrun_noted(&self, outer: bool) -> Option<V<'e>> {
        let e = self.e;
        let noted = || {
            let word = e.load_atomic(I64, self.word_ptr(self.abi.overrun()), "monotonic");
            e.compare("icmp ne", word, e.i64(0))
        };
        if !e.dialect.is_grid() {
            return Some(noted());
        }
        let address = self.word(self.abi.overrun());
        let known = || e.compare("icmp ne", address, e.i64(0));
        let asks = outer || e.dialect.is_simulated();
        asks.then(|| e.if_else(known(), || vec![noted()], || vec![e.int(Ty::new(Elem::I1, 1), 0)])[0])
    }

    /// Notes that the loop of this number has passed its limit, for the host to see.
    pub fn note_overrun(&self, number: usize) {
        let e = self.e;
        let address = self.word(self.abi.overrun());
        let known = e.compare("icmp ne", address, e.i64(0));
        e.if_then(known, || {
            e.store(e.i64(number as i64 + 1), e.convert("inttoptr", address, PTR), 8);
        });
    }

    /// A function whose cold path is long, and rarely wanted: a function of the host takes it, so
    /// that it need not be compiled with every kernel (for sine, four fifths of the time).
    pub(super) fn with_exceptions(
        &self,
        code: i64,
        op: UnaryOp,
        x: V<'e>,
        dtype: DType,
    ) -> Result<V<'e>, String> {
        let e = self.e;
        let (fast, cold) = e.without_cold(|| body::unary(op, x, dtype));
        let (fast, Some(cold)) = (fast?, cold) else { return Err(format!("{op:?} has no cold path")) };
        let result = e.if_else(
            e.any(cold),
            || {
                let place = |k: i64| e.offset(self.scratch, e.i64(k * REMAINDER_BYTES / 3));
                e.store(x, place(0), 8);
                let wide = (x.ty.elem == Elem::F64) as usize;
                let function = self.word_ptr(self.abi.exceptional() + wide);
                e.call_host(function, &[e.i64(code), place(0), place(1), e.i64(x.ty.lanes.into())]);
                vec![e.select(cold, e.load(x.ty, place(1), 8), fast)]
            },
            || vec![fast],
        );
        Ok(result[0])
    }

    /// Exact float remainders, by a function of the host.
    pub(super) fn remainder(&self, x: V<'e>, y: V<'e>) -> V<'e> {
        let e = self.e;
        let step = REMAINDER_BYTES / 3;
        let place = |k: i64| e.offset(self.scratch, e.i64(k * step));
        e.store(x, place(0), 8);
        e.store(y, place(1), 8);
        let wide = (x.ty.elem == Elem::F64) as usize;
        let function = self.word_ptr(self.abi.remainder() + wide);
        e.call_host(function, &[place(0), place(1), place(2), e.i64(x.ty.lanes.into())]);
        e.load(x.ty, place(2), 8)
    }

    /// Where `n` elements from `from` on, of a row at `row`, follow each other: in the array, or
    /// in `buffer`.
    pub fn pack(&self, a: u16, row: V<'e>, from: V<'e>, n: V<'e>, buffer: V<'e>) -> V<'e> {
        let function = self.word_ptr(self.abi.pack());
        self.e.ask_host(function, &self.packing(a, row, from, n, buffer))
    }

    /// Puts `n` elements from `buffer` where they belong.
    pub fn unpack(&self, a: u16, row: V<'e>, from: V<'e>, n: V<'e>, buffer: V<'e>) {
        let function = self.word_ptr(self.abi.pack() + 1);
        self.e.call_host(function, &self.packing(a, row, from, n, buffer));
    }

    fn packing(&self, a: u16, row: V<'e>, from: V<'e>, n: V<'e>, buffer: V<'e>) -> [V<'e>; 6] {
        let context = self.word_ptr(self.abi.context());
        [context, self.e.i64(a.into()), self.e.convert("inttoptr", row, PTR), from, n, buffer]
    }

    /// The row-level instructions of one depth, in order (no reductions, no constants).
    pub fn row_values(&self, depth: u8) -> Vec<Val> {
        let body = &self.b.kernel.body;
        (0..body.len() as Val)
            .filter(|&v| {
                let d = &body[v as usize];
                let computed = !d.inst.reduces() && !matches!(d.inst, Inst::Param(..) | Inst::Literal(_));
                !d.full && d.depth == depth && computed
            })
            .collect()
    }

    /// Bytes of a vector of the widest type of the kernel.
    pub fn vector_bytes(&self) -> u32 {
        let widest = self.b.kernel.body.iter().map(|d| d.ty.size().max(4)).max().unwrap_or(8);
        self.lanes * widest as u32
    }

    /// Bytes of a register value in scratch: whole bytes, so that bools can be stored.
    pub fn slot_bytes(&self, dtype: DType) -> u64 {
        dtype.size() as u64
    }
}
