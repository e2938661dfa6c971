//! Names the sources that machine code depends on: kernels on disk are found only by a build of
//! the same sources (`LAZULI_SOURCES`, see `src/llvm/disk.rs`).

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

fn main() {
    let mut hasher = DefaultHasher::new();
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    // Beside this package in the repository; versioned with it elsewhere.
    for folder in ["src", "../fusion/src", "../core/src"] {
        add(Path::new(folder), &mut hasher);
        println!("cargo:rerun-if-changed={folder}");
    }
    println!("cargo:rustc-env=LAZULI_SOURCES={:016x}", hasher.finish());
}

fn add(path: &Path, hasher: &mut DefaultHasher) {
    if let Ok(entries) = std::fs::read_dir(path) {
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths.iter().for_each(|path| add(path, hasher));
    } else if let Ok(bytes) = std::fs::read(path) {
        bytes.hash(hasher);
    }
}
