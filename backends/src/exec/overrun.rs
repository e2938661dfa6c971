//! Loops that pass the limit of their function, and interpreted ones whose machine code has come.
//!
//! A loop cannot raise an error where it runs, on some thread of some launch: it notes its number
//! here and ends. When the launch is over, the evaluation fails. A card notes it in its own memory, from
//! where it is fetched.

use lazuli_core::ErrorKind;
use lazuli_fusion::Kernel;
use std::sync::atomic::{AtomicU64, Ordering};

/// The loop of a launch that passed its limit, if one did. As generated code writes it: a word,
/// 0 or the number of the loop (see [`Kernel::loop_at`]) and 1.
#[derive(Default)]
#[repr(transparent)]
pub struct Overrun(AtomicU64);

/// In the word: no loop passed its limit, but what is interpreted ended because machine code can begin anew.
const HANDED_OVER: u64 = u64::MAX;

impl Overrun {
    /// Notes the loop of this number. Any of several will do.
    pub fn note(&self, number: usize) {
        self.0.store(number as u64 + 1, Ordering::Relaxed);
    }

    /// Ends all loops, for machine code to begin anew.
    pub fn hand_over(&self) {
        self.0.store(HANDED_OVER, Ordering::Relaxed);
    }

    /// Were loops ended so? Then what the launch reads is as it was.
    pub fn was_handed_over(&self) -> bool {
        self.0.compare_exchange(HANDED_OVER, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Takes over the word that was written elsewhere.
    #[cfg(feature = "cuda")]
    pub fn take(&self, word: u64) {
        self.0.store(word, Ordering::Relaxed);
    }

    /// Was one noted?
    pub fn is_noted(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Where generated code notes it.
    pub fn address(&self) -> u64 {
        self.0.as_ptr() as u64
    }

    /// The error, if a loop of this kernel was noted.
    pub fn check(&self, kernel: &Kernel) -> Result<(), ErrorKind> {
        let word = self.0.load(Ordering::Relaxed);
        match word.checked_sub(1).and_then(|number| kernel.loop_at(number as usize)) {
            None => Ok(()),
            Some((function, found)) => Err(ErrorKind::LoopLimit {
                function: function.name,
                file: function.at.file(),
                line: found.line,
                limited: found.limit.is_some(),
            }),
        }
    }
}
