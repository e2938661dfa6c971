//! The kernels that Lazuli keeps on disk: shows them, clears them, or copies them elsewhere.
//!
//! ```text
//! cache [show] | clear | copy FOLDER
//! ```
//!
//! Copied to another machine, and named there by `LAZULI_CACHE_DIR`, they spare a program its
//! first compilations. What was compiled by another build, or for another kind of processor, is
//! not found there: nothing wrong can come of it.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("cache: {why}");
            ExitCode::from(2)
        }
    }
}

/// Does what the words ask for, and says what was done.
pub fn run(words: &[&str]) -> Result<String, String> {
    let cache = lazuli::kernel_cache();
    let Some(folder) = &cache.folder else {
        return Ok("no kernels are kept on disk".into());
    };
    let what =
        format!("{} kernels, {} KiB, in {}", cache.kernels, cache.bytes.div_ceil(1024), folder.display());
    match words {
        [] | ["show"] => Ok(what),
        ["clear"] => match lazuli::clear_kernel_cache() {
            Ok(()) => Ok(format!("cleared: {what}")),
            Err(error) => Err(format!("{}: {error}", folder.display())),
        },
        ["copy", to] => {
            let count = copy(folder, Path::new(to)).map_err(|error| format!("{to}: {error}"))?;
            Ok(format!("copied {count} kernels to {to}"))
        }
        other => Err(format!("cannot do {:?}; there are show, clear and copy FOLDER", other.join(" "))),
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<usize> {
    std::fs::create_dir_all(to)?;
    let mut count = 0;
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "kernel") {
            std::fs::copy(&path, to.join(path.file_name().expect("a file of the folder")))?;
            count += 1;
        }
    }
    Ok(count)
}
