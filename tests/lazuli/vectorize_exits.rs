//! What lanes take along when they leave a loop one by one: the number of the turn, a number near it, or something
//! else; by one exit or by several. Each body is compiled twice, as a function of one's own and as plain Rust.

use crate::vectorize::{N, lanes, mixed};
use lazuli::prelude::*;

/// Is it so far? Some lanes leave at once, some late, some never.
#[vectorize]
fn far(n: i64, turn: i64) -> bool {
    (n * 7 + turn * turn) % 23 > 18
}

macro_rules! functions {
    ($($(#[$doc:meta])* fn $name:ident($n:ident) $body:block)*) => {$(
        $(#[$doc])*
        #[test]
        fn $name() {
            #[vectorize]
            fn vectorized($n: i64) -> i64 $body
            fn plain($n: i64) -> i64 $body
            lanes(mixed(N), plain, |x| vectorized(x));
            // Rows of one length and another, so that a turn is the same for all lanes and is not.
            lanes(vec![5; 70], plain, |x| vectorized(x));
        }
    )*};
}

functions! {
    fn the_turn(n) {
        for turn in 0..40 {
            if far(n, turn) {
                return turn;
            }
        }
        -1
    }
    fn the_turn_after(n) {
        for turn in 0..40 {
            if far(n, turn) {
                return turn + 1;
            }
        }
        0
    }
    fn turns_that_count_down(n) {
        for turn in (3..30).rev() {
            if far(n, turn) {
                return turn;
            }
        }
        n
    }
    fn turns_by_threes(n) {
        for turn in (5..60).step_by(3) {
            if far(n, turn) {
                return turn;
            }
        }
        1
    }
    /// Then it is no longer the same in all lanes.
    fn turns_from_an_argument(n) {
        for turn in n..n + 20 {
            if far(n, turn) {
                return turn;
            }
        }
        n - 1
    }
    fn turns_to_an_argument(n) {
        for turn in 0..n % 40 {
            if far(n, turn) {
                return turn;
            }
        }
        n * 2
    }
    /// What stood in the variable before is read on the way.
    fn a_variable_that_is_read(n) {
        let mut left = n;
        let mut sum = 0;
        for turn in 0..25 {
            sum += left;
            if far(n, turn) {
                left = turn;
                break;
            }
        }
        sum * 100 + left
    }
    fn a_variable_of_its_own(n) {
        let mut left = -7;
        let mut turn = 0;
        while turn < 33 {
            if far(n, turn) {
                left = turn;
                break;
            }
            turn += 2;
        }
        left * 64 + turn
    }
    fn two_exits_with_the_turn(n) {
        for turn in 0..40 {
            if far(n, turn) {
                return turn;
            }
            if far(n + 3, turn) {
                return turn;
            }
        }
        -2
    }
    fn two_exits_with_different_things(n) {
        for turn in 0..40 {
            if far(n, turn) {
                return turn;
            }
            if far(n + 3, turn) {
                return n;
            }
        }
        -3
    }
    fn one_exit_keeps_nothing(n) {
        let mut left = -4;
        for turn in 0..40 {
            if far(n, turn) {
                left = turn;
                break;
            }
            if far(n + 5, turn) {
                break;
            }
        }
        left
    }
    /// The second is the same for all lanes.
    fn all_leave_together_at_last(n) {
        let mut left = -5;
        for turn in 0..1000 {
            if far(n, turn) {
                left = turn;
                break;
            }
            if turn > 11 {
                left = turn * 1000;
                break;
            }
        }
        left
    }
    fn all_leave_together_without(n) {
        let mut left = -6;
        for turn in 0..1000 {
            if turn == 9 {
                break;
            }
            if far(n, turn) {
                left = turn;
                break;
            }
        }
        left
    }
    fn loops_in_loops(n) {
        let mut sum = 0;
        'around: for turn in 0..9 {
            let mut left = 50;
            for inner in 0..12 {
                if far(n + turn, inner) {
                    left = inner;
                    break;
                }
                if far(n * turn, inner + turn) {
                    sum += turn;
                    break 'around;
                }
            }
            sum = sum * 3 + left;
        }
        sum
    }
    fn beyond_what_the_turn_can_count(n) {
        let mut turn = 250u8;
        for _ in 0..20 {
            if far(n, turn as i64) {
                return turn as i64;
            }
            turn = turn.wrapping_add(1);
        }
        -8
    }
}
