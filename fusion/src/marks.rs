//! What a plan in the making does with each node of its trace.
//!
//! One byte a node, set and taken back in place: a kernel is grown for every stored value and
//! for every attempt to merge, so copying sets for each of them would make planning quadratic.

const STORED: u8 = 1;
const WANTED: u8 = 2;
const TAKEN: u8 = 4;

/// The state of every node of a trace.
pub struct Marks(Vec<u8>);

impl Marks {
    /// Nothing is known of `count` nodes.
    pub fn new(count: usize) -> Marks {
        Marks(vec![0; count])
    }

    fn has(&self, n: usize, mark: u8) -> bool {
        self.0[n] & mark != 0
    }

    /// The node gets a kernel of its own. Is that news?
    pub fn store(&mut self, n: usize) -> bool {
        !self.is_stored(n) && {
            self.0[n] |= STORED;
            true
        }
    }

    /// Does the node get a kernel of its own?
    pub fn is_stored(&self, n: usize) -> bool {
        self.has(n, STORED)
    }

    /// The node may be stored by any kernel that meets it, and is not computed in place.
    pub fn want(&mut self, n: usize) {
        self.0[n] |= WANTED;
    }

    /// That is over.
    pub fn unwant(&mut self, n: usize) {
        self.0[n] &= !WANTED;
    }

    /// Is it so?
    pub fn is_wanted(&self, n: usize) -> bool {
        self.has(n, WANTED)
    }

    /// A kernel or library call of the plan stores the node.
    pub fn take(&mut self, n: usize) {
        self.0[n] |= TAKEN;
    }

    /// It does so no longer.
    pub fn give_back(&mut self, n: usize) {
        self.0[n] &= !TAKEN;
    }

    /// No kernel and no library call stores anything.
    pub fn give_back_all(&mut self) {
        self.0.iter_mut().for_each(|m| *m &= !TAKEN);
    }

    /// Does a kernel or library call store the node?
    pub fn is_taken(&self, n: usize) -> bool {
        self.has(n, TAKEN)
    }

    /// May a kernel that meets the node store it?
    pub fn may_store(&self, n: usize) -> bool {
        self.0[n] & (WANTED | TAKEN) == WANTED
    }

    /// Does a kernel that meets the node, and does not store it, have to read it?
    pub fn is_somewhere(&self, n: usize) -> bool {
        self.0[n] != 0
    }
}
