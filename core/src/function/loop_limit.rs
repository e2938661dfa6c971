//! How long an engine waits for a loop that may never end.
//!
//! A `while` or a `loop` of a function without `max_iterations` goes on for as long as it likes where it is machine code
//! of a CPU or of a card. The engines on which a program is tried out, the portable one and the simulator of a GPU, count
//! its turns instead and give it up after [`loop_limit`], so that a mistake is an error with a line. A `for` ends by
//! itself, and is never given up.

use std::sync::LazyLock;

/// Turns of a loop that nobody else limits, if `LAZULI_LOOP_LIMIT` does not say otherwise.
///
/// As many as programs have use for, and few enough to be waited for. Measured with a quarter of it, on two busy cores, of
/// a loop that only counts: on the portable engine 2 to 4 seconds for one element and 11 to 19 for 100,000, on the
/// simulator 0.03 seconds for one element. So all of it takes the one 8 seconds to a minute or so, the other 0.1 seconds.
const DEFAULT: u64 = 1 << 24;

/// The most turns that the portable engine and the simulator give a loop that may not end and has no limit of its own:
/// `LAZULI_LOOP_LIMIT` in the environment, read once, if that is a positive number.
#[inline]
pub fn loop_limit() -> u64 {
    static LIMIT: LazyLock<u64> =
        LazyLock::new(|| parsed(std::env::var("LAZULI_LOOP_LIMIT").ok().as_deref()));
    *LIMIT
}

fn parsed(text: Option<&str>) -> u64 {
    text.and_then(|text| text.trim().parse().ok()).filter(|&turns| turns > 0).unwrap_or(DEFAULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_of_turns_is_not_there() {
        assert_eq!([Some("1"), Some(" 5000 ")].map(parsed), [1, 5000]);
        for text in [None, Some(""), Some("0"), Some("-1"), Some("many"), Some("1e6")] {
            assert_eq!(parsed(text), DEFAULT, "{text:?}");
        }
    }
}
