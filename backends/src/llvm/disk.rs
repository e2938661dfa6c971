//! Machine code on disk, for the next process.
//!
//! One file a kernel, named by a hash of everything that its code depends on: kernel key, target,
//! and the sources of this library (a build of other sources finds nothing). A file also holds
//! that in full, and a checksum: one that is cut, changed or of another kernel is not there.
//! Writers write aside and rename, so that any number of processes may share the folder. It must
//! be private: code is run from it, so a folder that another user owns or may write to is not
//! used. Beyond [`LIMIT`] the files that were written first go.
//!
//! The folder is `$LAZULI_CACHE_DIR`, or `lazuli` in `$XDG_CACHE_HOME` or `~/.cache`. An empty
//! `LAZULI_CACHE_DIR` means none. Nothing here can fail an evaluation: what cannot be read is
//! compiled, and what cannot be written is compiled again.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// Bytes of all files together.
pub const LIMIT: u64 = 64 << 20;
const MAGIC: &[u8; 8] = b"lazuli\x00\x02";
const EXTENSION: &str = "kernel";

static FOLDER: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let folder = wanted_folder()?;
    match make_private(&folder) {
        Ok(()) => Some(folder),
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "no kernels are kept on disk");
            None
        }
    }
});

/// The folder, if there is one to be used.
pub fn folder() -> Option<&'static Path> {
    FOLDER.as_deref()
}

fn wanted_folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("LAZULI_CACHE_DIR") {
        return (!folder.is_empty()).then(|| folder.into());
    }
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let caches =
        set("XDG_CACHE_HOME").filter(|p| p.is_absolute()).or_else(|| Some(set("HOME")?.join(".cache")))?;
    Some(caches.join("lazuli"))
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let about = fs::metadata(folder)?;
    // SAFETY: the call has no preconditions.
    let me = unsafe { libc::geteuid() };
    if about.uid() != me || about.mode() & 0o022 != 0 {
        return Err(io::Error::other("others may write to the folder"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_private(_: &Path) -> io::Result<()> {
    Err(io::Error::other("not on this system"))
}

/// Everything that the code of a kernel depends on: this build, what `target` says, and the key.
pub fn identity(target: &[&str], key: &[u64]) -> Vec<u8> {
    let mut id = Vec::with_capacity(64 + key.len() * 8);
    for text in [env!("LAZULI_SOURCES")].iter().chain(target) {
        id.extend_from_slice(text.as_bytes());
        id.push(0);
    }
    id.extend(key.iter().flat_map(|w| w.to_le_bytes()));
    id
}

fn path(id: &[u8]) -> Option<PathBuf> {
    Some(folder()?.join(format!("{:032x}.{EXTENSION}", xxh3_128(id))))
}

/// What was kept under an identity, if a file has it.
pub fn read(id: &[u8]) -> Option<Vec<u8>> {
    let file = fs::read(path(id)?).ok()?;
    let found = parse(&file, id);
    if found.is_none() {
        tracing::warn!(folder = ?folder(), "a kernel's file is damaged or of another kernel");
    }
    found.map(<[u8]>::to_vec)
}

/// `magic, checksum of the rest, length of the identity, identity, code`, numbers 64-bit and
/// little-endian.
fn file_of(id: &[u8], code: &[u8]) -> Vec<u8> {
    let rest = [&(id.len() as u64).to_le_bytes(), id, code].concat();
    [MAGIC, &xxh3_64(&rest).to_le_bytes()[..], &rest].concat()
}

fn parse<'f>(file: &'f [u8], id: &[u8]) -> Option<&'f [u8]> {
    let rest = file.strip_prefix(MAGIC)?;
    let (sum, rest) = rest.split_first_chunk::<8>()?;
    if u64::from_le_bytes(*sum) != xxh3_64(rest) {
        return None;
    }
    let (length, rest) = rest.split_first_chunk::<8>()?;
    let (found, code) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    (found == id).then_some(code)
}

/// Keeps code under an identity.
pub fn write(id: &[u8], code: &[u8]) {
    let Some(path) = path(id) else { return };
    if let Err(error) = put(&path, &file_of(id, code)) {
        tracing::warn!(file = %path.display(), %error, "a kernel is not kept on disk");
    }
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    if WRITTEN.fetch_add(1, Ordering::Relaxed).is_multiple_of(64) {
        prune();
    }
}

/// Writes a file aside and gives it its name.
fn put(path: &Path, file: &[u8]) -> io::Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let aside = path.with_extension(format!("{}-{number}.tmp", std::process::id()));
    let result = fs::File::create_new(&aside)
        .and_then(|mut out| out.write_all(file))
        .and_then(|()| fs::rename(&aside, path));
    if result.is_err() {
        let _ = fs::remove_file(&aside);
    }
    result
}

/// All files: when written, bytes, path.
fn files() -> Vec<(SystemTime, u64, PathBuf)> {
    let Some(entries) = folder().and_then(|f| fs::read_dir(f).ok()) else { return Vec::new() };
    entries
        .filter_map(|entry| {
            let (about, path) = (entry.as_ref().ok()?.metadata().ok()?, entry.ok()?.path());
            let ours = path.extension().is_some_and(|e| e == EXTENSION || e == "tmp");
            (ours && about.is_file()).then(|| Some((about.modified().ok()?, about.len(), path)))?
        })
        .collect()
}

/// Removes the oldest files beyond [`LIMIT`].
fn prune() {
    let mut files = files();
    files.sort_unstable_by_key(|file| std::cmp::Reverse(file.0));
    let mut sum = 0;
    for (_, bytes, path) in files {
        sum += bytes;
        if sum > LIMIT {
            let _ = fs::remove_file(path);
        }
    }
}

/// How many kernels there are on disk, and their bytes.
pub fn size() -> (usize, u64) {
    files().iter().fold((0, 0), |(n, sum), (_, bytes, _)| (n + 1, sum + bytes))
}

/// Removes all kernels from the disk.
pub fn clear() -> io::Result<()> {
    files().into_iter().try_for_each(|(_, _, path)| match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_back_and_damage_is_seen() {
        let file = file_of(b"kernel", &[0xc3; 100]);
        assert_eq!(parse(&file, b"kernel"), Some(&[0xc3; 100][..]));
        assert_eq!(parse(&file, b"other kernel"), None);
        for at in 0..file.len() {
            let mut damaged = file.clone();
            damaged[at] ^= 4;
            assert_eq!(parse(&damaged, b"kernel"), None, "byte {at}");
            assert_eq!(parse(&file[..at], b"kernel"), None, "cut at {at}");
        }
    }
}
