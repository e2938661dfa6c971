//! Bodies of maps that are printed once.
//!
//! The last vector of a row is not whole, and large results are written past the caches: a map prints its body for each
//! of the three cases. A short body is fastest so. But code generation is what a first call waits for, and of a long
//! body it takes long: that one is printed once, and branches around its reads and writes tell the cases apart.
//!
//! Measured on AVX2 with results in the L2 cache, code that is printed once takes 0.6 to 0.7 of the time to make. With three
//! elementary functions or with `pow` it runs as fast; with two it is 7 % slower, with `exp` alone 14 %.

use super::emit::V;
use super::frame::Frame;
use lazuli_fusion::kernel::{Inst, Val, price};

/// The prices of bodies, and of single instructions, from which on they are printed once.
const LONG: (usize, usize) = (40, 32);

impl<'e> Frame<'e> {
    /// Is a body to be printed once? (Functions that are called must know which lanes count, in whole vectors too: they
    /// are not.)
    pub fn is_printed_once(&self, body: &[Val]) -> bool {
        let insts = || body.iter().map(|&v| &self.b.kernel.body[v as usize].inst);
        let is_long = insts().map(price).sum::<usize>() >= LONG.0 || insts().any(|i| price(i) >= LONG.1);
        is_long && !insts().any(|inst| matches!(inst, Inst::Call(..)))
    }

    /// The accesses that a body reads.
    pub fn loads(&self, body: &[Val]) -> Vec<u16> {
        let load = |&v: &Val| match self.b.kernel.body[v as usize].inst {
            Inst::Load(a) | Inst::Index(a) => Some(a),
            _ => None,
        };
        let mut loads: Vec<u16> = body.iter().filter_map(load).collect();
        loads.sort_unstable();
        loads.dedup();
        loads
    }

    /// Prints writes to `stores` for vectors that are whole (past the caches and not) and for others.
    pub fn by_wholeness(&self, whole: V<'e>, stores: impl Iterator<Item = u16>, print: impl Fn(bool, bool)) {
        let then = || {
            self.by_streaming(stores, |past| print(true, past));
            vec![]
        };
        let other = || {
            print(false, false);
            vec![]
        };
        self.e.if_else(whole, then, other);
    }
}
