//! Finding the driver: each case in a process of its own, which is this test binary once more.

use std::process::Command;

/// Names the test that a parent has asked for.
const ASKED_FOR: &str = "LAZULI_TEST_LOADING";

/// Is this a process that was made for `test`? Elsewhere such a test has nothing to do.
fn is_asked_for(test: &str) -> bool {
    std::env::var(ASKED_FOR).is_ok_and(|asked| asked == test)
}

/// Runs `test` (of this module) with some variables set, and gives what it prints.
fn elsewhere(test: &str, variables: &[(&str, &str)]) -> String {
    let out = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("cuda::tests::loading::{test}"), "--nocapture"])
        .env(ASKED_FOR, test)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{text}{}", String::from_utf8_lossy(&out.stderr));
    text
}

/// Run by others.
#[test]
fn without() {
    if !is_asked_for("without") {
        return;
    }
    println!("count {}: {}", crate::cuda::count(), super::message(crate::cuda::device(0)));
}

/// Run by others.
#[test]
fn with_fake() {
    if !is_asked_for("with_fake") {
        return;
    }
    super::fake();
    println!("count {}: {}", crate::cuda::count(), super::message(crate::cuda::device(0)));
}

/// Run by others.
#[test]
fn with_fork() {
    if !is_asked_for("with_fork") {
        return;
    }
    let device = super::device(0);
    // SAFETY: the child calls what it needs and exits.
    let child = unsafe { libc::fork() };
    if child == 0 {
        super::fake().fail("cuCtxSynchronize", 3, 0);
        let told = super::message(device.synchronize()).contains("forked");
        // SAFETY: ends the child without the test harness.
        unsafe { libc::_exit(if told { 7 } else { 1 }) };
    }
    let mut status = 0;
    // SAFETY: our own child.
    unsafe { libc::waitpid(child, &mut status, 0) };
    assert_eq!(libc::WEXITSTATUS(status), 7);
}

/// Is there a library that the system's loader knows?
fn real_driver() -> bool {
    // SAFETY: loading the driver is what every test of a GPU does.
    !unsafe { libc::dlopen(c"libcuda.so.1".as_ptr(), libc::RTLD_LAZY) }.is_null()
}

#[test]
fn no_driver_is_an_error_that_says_what_was_tried() {
    if real_driver() {
        return;
    }
    let said = elsewhere("without", &[]);
    assert!(
        said.contains("count 0: no NVIDIA driver: libcuda.so.1 was not found (nor libcuda.so,"),
        "{said}"
    );
}

#[test]
fn an_old_driver_is_refused() {
    let said = elsewhere("with_fake", &[("FAKE_CUDA_VERSION", "11080")]);
    assert!(
        said.contains("count 0: the NVIDIA driver is too old: it is made for CUDA 11.8, and 12.0"),
        "{said}"
    );
}

#[test]
fn a_driver_without_devices_says_so() {
    let said = elsewhere("with_fake", &[("FAKE_CUDA_DEVICES", "0")]);
    assert!(said.contains("count 0: there is an NVIDIA driver, but no device"), "{said}");
}

#[test]
fn a_forked_child_is_told() {
    elsewhere("with_fork", &[]);
}
