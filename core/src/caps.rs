//! What a planner may assume about a device: a plain struct of numbers.
//!
//! Planning is a pure function of the graph and of these limits, so every plan can be made and
//! tested on any machine, for any device.

/// Limits and sizes of a device, as the planner sees it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Caps {
    /// Longest kernel body, in scalar instructions. Longer chains are cut at this distance.
    pub max_insts: usize,
    /// Most arrays that one kernel may read or write.
    pub max_accesses: usize,
    /// A value recomputed by several kernels may cost at most this many units
    /// (one addition is one unit; see `fusion::cost`).
    pub max_recompute: usize,
    /// Bytes of one row that may be kept on the side between two stages.
    pub row_scratch: usize,
    /// Bytes that the caches are sure to keep for one core while a kernel takes a step along its outermost axis; 0
    /// where tiles of that size are not worth a launch each.
    pub kept: usize,
    /// Fuse at all? `false` runs every operation as a kernel of its own.
    pub fuse: bool,
}

impl Caps {
    /// Limits for CPUs: a body of a few hundred instructions still fits the L1 instruction
    /// cache, and a kept row of 256 KiB stays within half of a usual L2, of 1 MiB. With its share of the last
    /// cache, a core of a server has some 4 MiB. (Tiles of 512 KiB made seven-point stencils of cubes take up to 1.3
    /// times as long: more edges are read twice.)
    pub const CPU: Caps = Caps {
        max_insts: 256,
        max_accesses: 24,
        max_recompute: 24,
        row_scratch: 256 << 10,
        kept: 4 << 20,
        fuse: true,
    };

    /// Limits for the grids of GPUs: the same, without tiles for the cache of a core.
    pub const GRID: Caps = Caps { kept: 0, ..Caps::CPU };

    /// The limits as words of a cache key.
    pub fn words(&self) -> [u64; 3] {
        let small = (self.max_insts as u64) << 32 | (self.max_recompute as u64) << 1 | self.fuse as u64;
        [small, (self.row_scratch as u64) << 16 | self.max_accesses as u64, self.kept as u64]
    }

    /// The same limits without fusion.
    pub fn op_by_op(self) -> Caps {
        Caps { fuse: false, ..self }
    }
}
