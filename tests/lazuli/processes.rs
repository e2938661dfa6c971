//! Ends and copies of processes: an exit in the middle of a compilation, and forks.

use lazuli::prelude::*;
use std::process::Command;
use std::time::Duration;

const WAIT: &str = "LAZULI_TEST_EXIT_AFTER_US";

/// A chain that no other call has recorded: its kernel is new.
fn new_expression(x: &Array<f64>, number: usize) -> Array<f64> {
    (0..number % 40).fold(x.sin(), |y, k| if (number >> (k % 8)) & 1 == 1 { y + x } else { y * x })
}

/// An exit waits for the compilation that is running, on whatever thread, and starts no other.
#[test]
fn an_exit_may_come_at_any_moment() {
    if let Ok(wait) = std::env::var(WAIT) {
        std::thread::spawn(|| {
            let x = Array::linspace(0.0, 1.0, 100);
            for number in 1.. {
                new_expression(&x, number * 7919).eval().unwrap();
            }
        });
        std::thread::sleep(Duration::from_micros(wait.parse().unwrap()));
        std::process::exit(0);
    }
    let program = std::env::current_exe().unwrap();
    for number in 0..150 {
        let run = Command::new(&program)
            .args(["--exact", "processes::an_exit_may_come_at_any_moment", "--test-threads", "1"])
            .env(WAIT, (number * 977 % 20_000).to_string())
            .env("LAZULI_BACKGROUND_COMPILATION", (number % 2).to_string())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "after {number}: {:?} {said}", run.status);
    }
}

/// A child has none of the threads of its parent, and takes its locks as they are.
#[cfg(unix)]
#[test]
fn a_forked_child_goes_on() {
    if !crate::support::alone("processes::a_forked_child_goes_on") {
        return;
    }
    let n = 3_000_000;
    let x = Array::linspace(0.0, 1.0, n);
    let expected = (&x * &x).sum(..).item().unwrap();
    // Another thread plans, compiles and allocates all the time.
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let other = std::thread::spawn({
        let stop = stop.clone();
        move || {
            let y = Array::linspace(0.0, 1.0, 200_000);
            for number in 1.. {
                if stop.load(std::sync::atomic::Ordering::Relaxed) {
                    return;
                }
                new_expression(&y, number * 31).eval().unwrap();
            }
        }
    });
    for round in 0..25 {
        std::thread::sleep(Duration::from_micros(round * 379 % 3000));
        // SAFETY: the child evaluates, which this test is about, and leaves without destructors.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let same = (&x * &x).sum(..).item().is_ok_and(|sum| sum == expected);
            let new = new_expression(&x, 1_000_003 + round as usize).sum(..).item().is_ok();
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(if same && new { 0 } else { 1 }) };
        }
        assert!(child > 0);
        assert_eq!(ended(child), Some(0), "round {round}");
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    other.join().unwrap();
    assert_eq!((&x * &x).sum(..).item().unwrap(), expected);
}

/// So many turns.
#[vectorize]
fn turns(n: i64) -> i64 {
    let (mut x, mut turn) = (n, 0);
    while turn < n {
        x ^= x << 7;
        x ^= x >> 9;
        turn += 1;
    }
    x
}

/// What a parent's compiler was asked for, a child compiles itself: a plan is not interpreted for ever.
#[cfg(unix)]
#[test]
fn a_forked_child_compiles_what_its_parent_waits_for() {
    if crate::support::inner().is_none() {
        let name = "processes::a_forked_child_compiles_what_its_parent_waits_for";
        let environment = [("LAZULI_BACKGROUND_COMPILATION", "1"), ("LAZULI_CACHE_DIR", "")];
        return crate::support::alone_with(name, "alone", &environment);
    }
    let plan = lazuli::compile::<i64, _>(|n| turns(&n));
    let call = |n: i64| plan.call(&Array::from_vec(vec![n; 9])).and_then(|x| x.to_vec());
    assert_eq!(call(5).unwrap(), [turns(5); 9]);
    // SAFETY: the child evaluates, which this test is about, and leaves without destructors.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let (found, stats) = lazuli::stats_scope(|| call(1_000_000));
        let compiled = stats.kernels_compiled == 1 || stats.kernels_interpreted == 0;
        let right = found.is_ok_and(|found| found == [turns(1_000_000); 9]);
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(if right && compiled { 0 } else { 1 }) };
    }
    assert!(child > 0);
    assert_eq!(ended(child), Some(0));
    assert_eq!(call(7).unwrap(), [turns(7); 9]);
}

/// The exit code of a child, which gets 30 seconds.
#[cfg(unix)]
fn ended(child: libc::pid_t) -> Option<i32> {
    for _ in 0..3000 {
        let mut status = 0;
        // SAFETY: `status` is ours; `child` is our child.
        if unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) } == child {
            return libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    // SAFETY: as above.
    unsafe { libc::kill(child, libc::SIGKILL) };
    None
}
