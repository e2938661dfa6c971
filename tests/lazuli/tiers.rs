//! Interpreted first, compiled meanwhile, read from disk the next time: always the same bits.
//!
//! Each test runs in processes of its own, with their own folder for kernels.

use crate::support::{alone_with, inner};
use lazuli::prelude::*;
use std::path::Path;

#[allow(dead_code)]
#[path = "../../examples/cache.rs"]
mod cache;

const ON: (&str, &str) = ("LAZULI_BACKGROUND_COMPILATION", "1");
const OFF: (&str, &str) = ("LAZULI_BACKGROUND_COMPILATION", "0");
const NONE: (&str, &str) = ("LAZULI_CACHE_DIR", "");

/// A fresh folder, removed at the end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("lazuli-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Folder(path)
    }
    fn variable(&self) -> (&str, &str) {
        ("LAZULI_CACHE_DIR", self.0.to_str().unwrap())
    }
    fn files(&self) -> Vec<std::path::PathBuf> {
        std::fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Two kernels over rows and columns.
fn expression() -> Array<f64> {
    let x = Array::linspace(-2.0, 2.0, 6000).reshape([60, 100]);
    let y = (&x - x.mean(keep(1))).exp();
    (&y / y.sum(keep(0))).sin().sum(1)
}

fn bits(x: &Array<f64>) -> Vec<u64> {
    x.to_vec().unwrap().iter().map(|v| v.to_bits()).collect()
}

fn expected() -> Vec<u64> {
    lazuli::fusion(false, || {
        let x = Array::linspace(-2.0, 2.0, 6000).to_device(&Device::portable()).reshape([60, 100]);
        let y = (&x - x.mean(keep(1))).exp();
        bits(&(&y / y.sum(keep(0))).sin().sum(1))
    })
}

#[test]
fn the_first_call_is_interpreted_and_later_ones_are_not() {
    if inner().is_none() {
        let name = "tiers::the_first_call_is_interpreted_and_later_ones_are_not";
        return alone_with(name, "alone", &[ON, NONE]);
    }
    let (first, stats) = lazuli::stats_scope(|| bits(&expression()));
    assert_eq!(first, expected());
    assert!(stats.kernels_interpreted >= 1 && stats.kernels_interpreted == stats.kernels_run, "{stats:?}");
    assert_eq!(stats.kernels_compiled, stats.kernels_run);
    lazuli::wait_for_compiler();
    let (second, stats) = lazuli::stats_scope(|| bits(&expression()));
    assert_eq!(second, first);
    assert_eq!((stats.kernels_interpreted, stats.kernels_compiled), (0, 0), "{stats:?}");
    assert_eq!(lazuli::kernel_cache().folder, None);

    // What would take the interpreter long waits for its code.
    let x = Array::<f64>::ones([3_000_000]);
    let (_, stats) = lazuli::stats_scope(|| (x.sin().cos() + 1.0).exp().sum(..).item().unwrap());
    assert_eq!((stats.kernels_interpreted, stats.kernels_compiled), (0, 1));
}

/// Steps to 1, by which one lane keeps all others.
#[vectorize]
fn collatz(n: i64) -> i64 {
    let (mut n, mut steps) = (n, 0);
    while n > 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        steps += 1;
    }
    steps
}

/// Turns that take the interpreter minutes.
#[vectorize]
fn long(n: i64) -> i64 {
    let (mut x, mut turn) = (n, 0);
    while turn < 4_000_000 + n {
        x ^= x << 7;
        x ^= x >> 9;
        turn += 1;
    }
    x
}

#[test]
fn functions_with_loops_do_not_wait_for_the_compiler() {
    if inner().is_none() {
        let name = "tiers::functions_with_loops_do_not_wait_for_the_compiler";
        return alone_with(name, "alone", &[ON, NONE]);
    }
    let n = Array::from_vec((0..100).collect::<Vec<i64>>());
    let (first, stats) = lazuli::stats_scope(|| collatz(&n).to_vec().unwrap());
    assert_eq!((stats.kernels_interpreted, stats.kernels_compiled), (1, 1), "{stats:?}");
    lazuli::wait_for_compiler();
    let (second, stats) = lazuli::stats_scope(|| collatz(&n).to_vec().unwrap());
    assert_eq!((stats.kernels_interpreted, stats.kernels_compiled), (0, 0), "{stats:?}");
    let scalars: Vec<i64> = (0..100).map(collatz).collect();
    assert_eq!((&first, &second), (&scalars, &scalars));

    // What takes long goes on by machine code as soon as that is there, from the beginning: also a sum.
    let (sum, stats) = lazuli::stats_scope(|| long(&n).sum(..).item().unwrap());
    assert_eq!((stats.kernels_interpreted, stats.kernels_compiled), (1, 1), "{stats:?}");
    assert_eq!(sum, (0..100).map(long).fold(0, i64::wrapping_add));
}

/// What the other tests rely on when they compare machine code with the interpreter (see
/// `.cargo/config.toml`): without it they would compare the interpreter with itself.
#[test]
fn tests_get_machine_code_from_the_first_call() {
    let x = Array::linspace(0.0f64, 3.0, 77).to_device(&Device::cpu());
    let (_, stats) = lazuli::stats_scope(|| (x.cbrt() + 0.5).sum(..).item().unwrap());
    assert_eq!((stats.kernels_run, stats.kernels_interpreted, stats.disk_hits), (1, 0, 0));
}

#[test]
fn the_next_process_reads_the_code_from_disk() {
    let name = "tiers::the_next_process_reads_the_code_from_disk";
    let Some(what) = inner() else {
        let folder = Folder::new("disk");
        alone_with(name, "compiles", &[OFF, folder.variable()]);
        let files = folder.files();
        assert!(!files.is_empty());
        alone_with(name, "reads", &[OFF, folder.variable()]);
        alone_with(name, "reads", &[ON, folder.variable()]);
        // Damaged, cut, and swapped files are not there: compiled again and replaced.
        let bytes: Vec<Vec<u8>> = files.iter().map(|f| std::fs::read(f).unwrap()).collect();
        for damage in 0..3 {
            for (i, file) in files.iter().enumerate() {
                let mut changed = bytes[(i + (damage == 2) as usize) % files.len()].clone();
                match damage {
                    0 => changed[bytes[i].len() / 2] ^= 1,
                    1 => changed.truncate(bytes[i].len() / 2),
                    _ => {}
                }
                std::fs::write(file, changed).unwrap();
            }
            alone_with(name, "compiles", &[OFF, folder.variable()]);
            alone_with(name, "reads", &[OFF, folder.variable()]);
        }
        alone_with(name, "clears", &[OFF, folder.variable()]);
        assert_eq!(folder.files().len(), 0);
        return;
    };
    if what == "clears" {
        let cache = lazuli::kernel_cache();
        assert!(cache.kernels > 0 && cache.bytes > 0);
        let copy = cache.folder.unwrap().join("copy");
        let said = cache::run(&["copy", copy.to_str().unwrap()]).unwrap();
        assert!(said.starts_with(&format!("copied {} kernels to ", cache.kernels)), "{said}");
        assert_eq!(std::fs::read_dir(&copy).unwrap().count(), cache.kernels);
        std::fs::remove_dir_all(&copy).unwrap();
        assert!(cache::run(&[]).unwrap().starts_with(&format!("{} kernels, ", cache.kernels)));
        assert!(cache::run(&["burn"]).unwrap_err().starts_with("cannot do \"burn\""));
        lazuli::clear_kernel_cache().unwrap();
        assert_eq!(lazuli::kernel_cache().kernels, 0);
        return;
    }
    let (result, stats) = lazuli::stats_scope(|| bits(&expression()));
    assert_eq!(stats.kernels_interpreted, 0);
    let (compiled, read) = if what == "reads" { (0, stats.kernels_run) } else { (stats.kernels_run, 0) };
    assert_eq!((stats.kernels_compiled, stats.disk_hits), (compiled, read), "{what}: {stats:?}");
    assert_eq!(result, expected());
}

#[cfg(unix)]
#[test]
fn a_folder_that_others_may_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let name = "tiers::a_folder_that_others_may_write_to_is_not_used";
    if inner().is_none() {
        let folder = Folder::new("open");
        std::fs::create_dir(&folder.0).unwrap();
        std::fs::set_permissions(&folder.0, std::fs::Permissions::from_mode(0o777)).unwrap();
        alone_with(name, "alone", &[OFF, folder.variable()]);
        assert_eq!(folder.files().len(), 0);
        // Nor is one that cannot be: nothing fails.
        let file = folder.0.join("file");
        std::fs::write(&file, "no folder").unwrap();
        return alone_with(name, "alone", &[OFF, ("LAZULI_CACHE_DIR", file.to_str().unwrap())]);
    }
    assert_eq!(lazuli::kernel_cache().folder, None);
    assert_eq!(bits(&expression()), expected());
}

/// Many processes at once in one folder, which fills while they read.
#[test]
fn processes_share_a_folder() {
    let name = "tiers::processes_share_a_folder";
    if inner().is_none() {
        let folder = Folder::new("shared");
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| alone_with(name, "alone", &[OFF, folder.variable()]));
            }
        });
        let stray = |f: &Path| f.extension().is_some_and(|e| e == "tmp");
        assert!(folder.files().iter().all(|f| !stray(f)));
        return;
    }
    assert_eq!(bits(&expression()), expected());
}
