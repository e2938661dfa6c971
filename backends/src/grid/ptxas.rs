//! NVIDIA's assembler, where it is at hand: what a kernel takes of a multiprocessor.
//!
//! Kernels reach a card through the assembler in its driver, which says nothing of registers. The
//! program `ptxas` of the CUDA toolkit is the same assembler with a voice. It is never needed, only
//! asked: [`find`] says where it is looked for, and [`resources`] reads its report.

use crate::inspect::Resources;
use lazuli_core::ErrorKind;
use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The assembler: `LAZULI_PTXAS`, else on the `PATH`, else below `CUDA_HOME` or `CUDA_PATH`, else where the
/// toolkit is usually installed, else where `scripts/ptxas` puts it.
pub fn find() -> Option<PathBuf> {
    if let Some(named) = env::var_os("LAZULI_PTXAS") {
        return Some(named.into());
    }
    let below = |name: &str| env::var_os(name).map(|home| Path::new(&home).join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .chain(["CUDA_HOME", "CUDA_PATH"].into_iter().filter_map(below))
        .chain([
            PathBuf::from("/usr/local/cuda/bin"),
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"),
        ]);
    folders.map(|folder| folder.join("ptxas")).find(|program| program.is_file())
}

/// Has a PTX text assembled for cards of a compute capability, and gives what each of its functions takes.
pub fn resources(ptx: &str, (major, minor): (u32, u32)) -> Result<Vec<Resources>, ErrorKind> {
    let program = find().ok_or_else(|| {
        ErrorKind::Compile(
            "registers are known to NVIDIA's assembler only, and no `ptxas` was found: install the CUDA toolkit, \
             or name the program in LAZULI_PTXAS"
                .into(),
        )
    })?;
    let failed = |why: std::io::Error| ErrorKind::Compile(format!("{}: {why}", program.display()));
    let mut child = Command::new(&program)
        .args(["-v", "--output-file", "/dev/null", "-arch", &format!("sm_{major}{minor}"), "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    // If it takes no text, its own words say why.
    let _ = child.stdin.take().expect("piped").write_all(ptx.as_bytes());
    let output = child.wait_with_output().map_err(failed)?;
    let said = [output.stderr, output.stdout].concat();
    let said = String::from_utf8_lossy(&said);
    match output.status.success() {
        true => Ok(read(&said)),
        false => Err(ErrorKind::Compile(format!("{}: {}", program.display(), said.trim()))),
    }
}

/// Reads what `ptxas -v` says, one function after the other.
fn read(said: &str) -> Vec<Resources> {
    let mut all: Vec<Resources> = Vec::new();
    for line in said.lines() {
        if let Some((_, rest)) = line.split_once("Compiling entry function '") {
            let entry = rest.split('\'').next().unwrap_or_default().to_owned();
            all.push(Resources { entry, ..Resources::default() });
        }
        let Some(last) = all.last_mut() else { continue };
        // "0 bytes stack frame, 8 bytes spill stores, 4 bytes spill loads"; "Used 44 registers, 64 bytes smem"
        let words: Vec<&str> = line.split([' ', ',']).filter(|w| !w.is_empty()).collect();
        for (i, word) in words.iter().enumerate() {
            let Ok(number) = word.parse() else { continue };
            match words[i + 1..] {
                ["bytes", "spill", "stores", ..] => last.spill_stores = number,
                ["bytes", "spill", "loads", ..] => last.spill_loads = number,
                ["bytes", "smem", ..] => last.shared = number,
                ["registers", ..] => last.registers = number,
                _ => {}
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_read() {
        let said = "\
ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'sweep0' for 'sm_90'
ptxas info    : Function properties for sweep0
    16 bytes stack frame, 12 bytes spill stores, 8 bytes spill loads
ptxas info    : Used 44 registers, used 1 barriers, 2048 bytes smem, 400 bytes cmem[0]
ptxas info    : Compile time = 12.000 ms
ptxas info    : Compiling entry function 'sweep1' for 'sm_90'
ptxas info    : Function properties for sweep1
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 7 registers
";
        let one = |entry: &str, registers, spill_stores, spill_loads, shared| Resources {
            entry: entry.into(),
            registers,
            spill_stores,
            spill_loads,
            shared,
        };
        assert_eq!(read(said), [one("sweep0", 44, 12, 8, 2048), one("sweep1", 7, 0, 0, 0)]);
    }
}
