//! NVRTC: NVIDIA's compiler of CUDA C++, where it is installed.
//!
//! It comes with the CUDA toolkit and as a Python package, not with the driver, so it is looked for when
//! the first source is to be compiled, and may well be missing. Several versions may be there; the newest is
//! taken. `cudarc` knows the names of up to CUDA 12 only, so the library is loaded here.
//!
//! Promise: what is wrong with a source is an error with the compiler's words, lines included; a library
//! that is missing is one that says where it was looked for.

use super::Result;
use lazuli_core::ErrorKind;
use libloading::Library;
use std::env;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

type Code = u32;
type Program = *mut c_void;
type Size = unsafe extern "C" fn(Program, *mut usize) -> Code;
type Text = unsafe extern "C" fn(Program, *mut c_char) -> Code;

/// The name that sources have in messages.
const SOURCE: &CStr = c"source.cu";

/// The library's functions, as `nvrtc.h` declares them.
struct Nvrtc {
    error_string: unsafe extern "C" fn(Code) -> *const c_char,
    count_architectures: unsafe extern "C" fn(*mut c_int) -> Code,
    architectures: unsafe extern "C" fn(*mut c_int) -> Code,
    create: unsafe extern "C" fn(
        *mut Program,
        *const c_char,
        *const c_char,
        c_int,
        *const *const c_char,
        *const *const c_char,
    ) -> Code,
    destroy: unsafe extern "C" fn(*mut Program) -> Code,
    name: unsafe extern "C" fn(Program, *const c_char) -> Code,
    lowered: unsafe extern "C" fn(Program, *const c_char, *mut *const c_char) -> Code,
    compile: unsafe extern "C" fn(Program, c_int, *const *const c_char) -> Code,
    log_size: Size,
    log: Text,
    ptx_size: Size,
    ptx: Text,
}

/// The library, looked for by the first call that finds it.
fn nvrtc() -> Result<&'static Nvrtc> {
    static FOUND: OnceLock<Nvrtc> = OnceLock::new();
    if let Some(found) = FOUND.get() {
        return Ok(found);
    }
    let names = names();
    // SAFETY: loads NVIDIA's library, whose initialisers are the system's business.
    let library = names.iter().find_map(|name| unsafe { Library::new(name) }.ok());
    let Some(library) = library else {
        return Err(ErrorKind::Compile(format!(
            "CUDA C++ is compiled by NVRTC, which is not installed: {} was not found (nor {} others of its names); \
             install it (in the CUDA toolkit, or `pip install nvidia-cuda-nvrtc` with its folder in \
             LD_LIBRARY_PATH), name the library in LAZULI_NVRTC, or give PTX",
            names.first().map_or_else(String::new, |name| name.display().to_string()),
            names.len() - 1
        )));
    };
    // Never closed: what was compiled is text, but its threads may live on.
    let library: &'static Library = Box::leak(Box::new(library));
    macro_rules! find {
        ($name:literal) => {{
            // SAFETY: the types are those of `nvrtc.h`, a C `enum` being a number.
            let found = unsafe { library.get($name) };
            *found.map_err(|_| {
                let name = $name.escape_ascii();
                ErrorKind::Compile(format!("the NVRTC that was found is too old: it has no function {name}"))
            })?
        }};
    }
    let functions = Nvrtc {
        error_string: find!(b"nvrtcGetErrorString"),
        count_architectures: find!(b"nvrtcGetNumSupportedArchs"),
        architectures: find!(b"nvrtcGetSupportedArchs"),
        create: find!(b"nvrtcCreateProgram"),
        destroy: find!(b"nvrtcDestroyProgram"),
        name: find!(b"nvrtcAddNameExpression"),
        lowered: find!(b"nvrtcGetLoweredName"),
        compile: find!(b"nvrtcCompileProgram"),
        log_size: find!(b"nvrtcGetProgramLogSize"),
        log: find!(b"nvrtcGetProgramLog"),
        ptx_size: find!(b"nvrtcGetPTXSize"),
        ptx: find!(b"nvrtcGetPTX"),
    };
    Ok(FOUND.get_or_init(|| functions))
}

/// Where the library may be, the likeliest first.
fn names() -> Vec<PathBuf> {
    if let Some(named) = env::var_os("LAZULI_NVRTC") {
        return vec![named.into()];
    }
    let files: &[&str] = if cfg!(windows) {
        &["nvrtc64_130_0.dll", "nvrtc64_120_0.dll"]
    } else {
        &["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"]
    };
    let homes = ["CUDA_HOME", "CUDA_PATH"].into_iter().filter_map(env::var_os).map(PathBuf::from);
    let homes = homes.chain([PathBuf::from("/usr/local/cuda")]);
    let folders: Vec<PathBuf> = homes.flat_map(|home| [home.join("lib64"), home.join("bin")]).collect();
    let here = files.iter().map(PathBuf::from);
    here.chain(folders.iter().flat_map(|folder| files.iter().map(|f| Path::new(folder).join(f)))).collect()
}

/// A program, destroyed in the end.
struct Owned<'n>(&'n Nvrtc, Program);

impl Drop for Owned<'_> {
    fn drop(&mut self) {
        // SAFETY: alive, and nobody has it after this.
        unsafe { (self.0.destroy)(&mut self.1) };
    }
}

impl Nvrtc {
    fn check(&self, call: &str, code: Code) -> Result<()> {
        if code == 0 {
            return Ok(());
        }
        // SAFETY: any number may be asked about; the texts are static.
        let text = unsafe { CStr::from_ptr((self.error_string)(code)) }.to_string_lossy();
        Err(ErrorKind::Compile(format!("NVRTC: {call}: {text}")))
    }

    /// The newest architecture that it compiles for and that a card of a compute capability runs.
    fn architecture(&self, (major, minor): (u32, u32)) -> Result<c_int> {
        let mut count = 0;
        // SAFETY: the address is that of a variable.
        self.check("architectures", unsafe { (self.count_architectures)(&mut count) })?;
        let mut all: Vec<c_int> = vec![0; usize::try_from(count).unwrap_or(0)];
        // SAFETY: as many are written as were counted.
        self.check("architectures", unsafe { (self.architectures)(all.as_mut_ptr()) })?;
        let card = (major * 10 + minor) as c_int;
        all.iter().copied().filter(|&a| a <= card).max().ok_or_else(|| {
            ErrorKind::Compile(format!(
                "NVRTC: the one that was found does not know compute capability {major}.{minor}"
            ))
        })
    }

    /// A text of a program.
    fn text(&self, call: &str, program: &Owned<'_>, size: Size, text: Text) -> Result<String> {
        let mut len = 0;
        // SAFETY: the program is alive, the address that of a variable.
        self.check(call, unsafe { size(program.1, &mut len) })?;
        let mut bytes = vec![0u8; len.max(1)];
        // SAFETY: as many bytes are written as were told, the last of them a zero.
        self.check(call, unsafe { text(program.1, bytes.as_mut_ptr().cast()) })?;
        let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
        Ok(String::from_utf8_lossy(&bytes[..end]).into_owned())
    }
}

/// Compiles CUDA C++ for cards of a compute capability. Gives the PTX, and the name in it of the kernel that
/// the source calls `entry`: a name, or an instance of a template.
pub fn compile(
    source: &str,
    entry: &str,
    options: &[&str],
    capability: (u32, u32),
) -> Result<(String, String)> {
    let zero = |what: &str| ErrorKind::InvalidArgument(format!("{what} with a zero in it"));
    let text = CString::new(source).map_err(|_| zero("a source"))?;
    let name = CString::new(entry).map_err(|_| zero("a name"))?;
    let nvrtc = nvrtc()?;
    let names_architecture =
        |o: &&str| ["-arch", "--gpu-architecture", "-gpu-architecture"].iter().any(|a| o.starts_with(a));
    let mut all = Vec::new();
    if !options.iter().any(names_architecture) {
        all.push(format!("--gpu-architecture=compute_{}", nvrtc.architecture(capability)?));
    }
    all.extend(options.iter().map(|&o| o.to_owned()));
    let all: Vec<CString> =
        all.into_iter().map(CString::new).collect::<Result<_, _>>().map_err(|_| zero("an option"))?;
    let pointers: Vec<*const c_char> = all.iter().map(|o| o.as_ptr()).collect();

    let mut program = std::ptr::null_mut();
    // SAFETY: both texts end in a zero; there are no headers; the address is that of a variable.
    let code = unsafe {
        (nvrtc.create)(&mut program, text.as_ptr(), SOURCE.as_ptr(), 0, std::ptr::null(), std::ptr::null())
    };
    nvrtc.check("a new program", code)?;
    let program = Owned(nvrtc, program);
    // SAFETY: the program is alive, the name ends in a zero.
    nvrtc.check("the kernel's name", unsafe { (nvrtc.name)(program.1, name.as_ptr()) })?;
    // SAFETY: as many options as are counted, each ended by a zero.
    let code = unsafe { (nvrtc.compile)(program.1, pointers.len() as c_int, pointers.as_ptr()) };
    if code != 0 {
        let said = nvrtc.text("log", &program, nvrtc.log_size, nvrtc.log).unwrap_or_default();
        let Err(ErrorKind::Compile(why)) = nvrtc.check("compile", code) else {
            return Err(ErrorKind::Compile(said));
        };
        return Err(ErrorKind::Compile(format!("{why}: {}", said.trim())));
    }
    let mut lowered = std::ptr::null();
    // SAFETY: the program is alive, the name is the one from before, the address that of a variable.
    nvrtc.check("the kernel's name", unsafe { (nvrtc.lowered)(program.1, name.as_ptr(), &mut lowered) })?;
    // SAFETY: it ends in a zero, and is alive as long as the program.
    let lowered = unsafe { CStr::from_ptr(lowered) }.to_string_lossy().into_owned();
    Ok((nvrtc.text("PTX", &program, nvrtc.ptx_size, nvrtc.ptx)?, lowered))
}
