//! The floating-point environment.
//!
//! Results must not depend on the rounding mode, flush-to-zero or denormals-are-zero bits that
//! the calling thread happens to have set (NUMERICS.md section 1). [`FpEnv::set`] saves them and
//! sets the defaults; dropping the guard puts them back. It costs a few nanoseconds.

/// Guard of the default floating-point environment: round to nearest even, subnormals kept, no
/// traps. The caller's environment comes back when it is dropped.
#[derive(Debug)]
#[must_use = "the environment lasts as long as the guard"]
pub struct FpEnv {
    saved: u32,
    /// The environment belongs to a thread, so the guard must not leave it.
    _thread: std::marker::PhantomData<*const ()>,
}

/// All exceptions masked, round to nearest even, no flushing.
#[cfg(target_arch = "x86_64")]
const DEFAULT: u32 = 0x1F80;

impl FpEnv {
    /// Saves the environment of this thread and sets the default one.
    #[inline]
    pub fn set() -> FpEnv {
        FpEnv { saved: enter(), _thread: std::marker::PhantomData }
    }
}

impl Drop for FpEnv {
    #[inline]
    fn drop(&mut self) {
        leave(self.saved);
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn enter() -> u32 {
    let mut saved = 0u32;
    // SAFETY: stores the control register into a word of ours.
    unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &mut saved, options(nostack, preserves_flags)) };
    // The six exception flags stick and mean nothing here.
    if saved & !0x3F != DEFAULT {
        load(DEFAULT);
    }
    saved
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn leave(saved: u32) {
    if saved & !0x3F != DEFAULT {
        load(saved);
    }
}

#[cfg(target_arch = "x86_64")]
fn load(word: u32) {
    // SAFETY: `word` is the default or was read from the register; no reserved bit is set. The
    // code between `set` and the drop is compiled for the default environment, which is what
    // this sets; the caller's own environment is put back before its code goes on.
    unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &word, options(nostack, preserves_flags)) };
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn enter() -> u32 {
    0
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn leave(_: u32) {}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn flushing_and_rounding_do_not_get_in() {
        let outer = FpEnv::set();
        // Round towards zero, flush to zero, denormals are zero.
        load(DEFAULT | 0x6000 | 0x8000 | 0x0040);
        {
            let _env = FpEnv::set();
            let tiny = black_box(f32::from_bits(3));
            assert_eq!((tiny * black_box(0.5f32)).to_bits(), 2);
            assert_eq!(black_box(1.0f32) + black_box(f32::EPSILON * 0.75), 1.0 + f32::EPSILON);
        }
        let product = black_box(f32::from_bits(3)) * black_box(0.5f32);
        let sum = black_box(1.0f32) + black_box(f32::EPSILON * 0.75);
        load(DEFAULT);
        assert_eq!((product.to_bits(), sum), (0, 1.0));
        drop(outer);
    }
}
