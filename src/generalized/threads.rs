//! Generalised functions written down as kernels of threads, one for each point.
//!
//! A thread finds its point by its number, and the first element of each operand from that. The expansion of
//! a function reads and writes elements through [`load`] and [`store`], whose indices are looked at axis
//! by axis ([`Effect::Within`]): a thread whose index is not there ends. `lazuli_core::generalized` says
//! in which order a kernel takes its numbers.

use crate::function::thread::{self, KernelElement, Memory};
use crate::function::traced::{self, Expr, lit};
use lazuli_core::function::Effect;
use lazuli_core::generalized::Dim;
use smallvec::SmallVec;

/// An inner array of a kernel that is being written.
#[derive(Clone, Copy)]
pub struct View<T: KernelElement, const R: usize> {
    memory: Memory<T>,
    start: Expr<i64>,
    steps: [Expr<i64>; R],
    extents: [Expr<i64>; R],
}

/// What the operands are found with.
pub struct Prologue {
    /// The index of the point along each outer axis.
    point: SmallVec<[Expr<i64>; 4]>,
    /// Extents of the named dimensions.
    named: Vec<Expr<i64>>,
}

fn number() -> Expr<i64> {
    thread::scalar()
}

impl Prologue {
    /// Begins a kernel of points along so many axes: a thread beyond the last point ends.
    pub fn begin(axes: usize, names: usize) -> Prologue {
        let count = number();
        let outer: SmallVec<[Expr<i64>; 4]> = (0..axes).map(|_| number()).collect();
        let named = (0..names).map(|_| number()).collect();
        let first = traced::mul(thread::block_idx_x(), thread::block_dim_x());
        let mut rest = traced::add(first, thread::thread_idx_x());
        traced::begin_if(traced::ge(rest, count));
        thread::leave();
        traced::end_if();
        let mut point: SmallVec<[Expr<i64>; 4]> = SmallVec::from_elem(rest, axes);
        for d in (1..axes).rev() {
            point[d] = traced::rem(rest, outer[d]);
            rest = traced::div(rest, outer[d]);
        }
        if let Some(first) = point.first_mut() {
            *first = rest;
        }
        Prologue { point, named }
    }

    /// Extents of the named dimensions.
    pub fn named(&self) -> &[Expr<i64>] {
        &self.named
    }

    /// The next operand.
    pub fn operand<T: KernelElement, const R: usize>(
        &mut self,
        name: &'static str,
        dims: &'static [Dim],
        writable: bool,
    ) -> View<T, R> {
        let memory = Memory::argument(name, writable);
        let mut start = number();
        for &i in &self.point {
            start = traced::add(start, traced::mul(i, number()));
        }
        let steps = std::array::from_fn(|_| number());
        let extents = std::array::from_fn(|d| match dims[d] {
            Dim::Named(n) => self.named[usize::from(n)],
            Dim::Fixed(n) => lit(i64::from(n)),
        });
        View { memory, start, steps, extents }
    }
}

impl<T: KernelElement, const R: usize> View<T, R> {
    /// The position of an element. The thread ends if it is not there.
    #[track_caller]
    fn place(self, index: [Expr<i64>; R]) -> Expr<i64> {
        let mut at = self.start;
        for (d, i) in index.into_iter().enumerate() {
            let within = self.memory.ask(|place| Effect::Within(place, d as u8), &[i, self.extents[d]]);
            traced::begin_if(traced::not(within));
            thread::leave();
            traced::end_if();
            at = traced::add(at, traced::mul(i, self.steps[d]));
        }
        at
    }
}

pub fn index<I: thread::Index>(i: I) -> Expr<i64> {
    i.index()
}

#[track_caller]
pub fn load<T: KernelElement, const R: usize>(x: View<T, R>, index: [Expr<i64>; R]) -> Expr<T> {
    let at = x.place(index);
    thread::load(x.memory, at)
}

#[track_caller]
pub fn store<T: KernelElement, const R: usize>(y: View<T, R>, index: [Expr<i64>; R], value: Expr<T>) {
    let at = y.place(index);
    thread::store(y.memory, at, value);
}

pub fn length<T: KernelElement, const R: usize>(x: View<T, R>) -> Expr<i64> {
    x.extents[0]
}

/// Writes zeros to a result, whose elements are row-major and without gaps.
pub fn clear<T: KernelElement, const R: usize>(y: View<T, R>) {
    let zero = || lit(T::default());
    if R == 0 {
        return thread::store(y.memory, y.start, zero());
    }
    let count = y.extents.into_iter().reduce(traced::mul).expect("an axis");
    let counter = traced::range(lit(0), count, false, false, 1, false);
    let turns = traced::begin_while(None);
    let at = counter.next(turns);
    thread::store(y.memory, traced::add(y.start, at), zero());
    traced::end_loop();
}
