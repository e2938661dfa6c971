//! Machine code of a device: assembled from PTX text, loaded, and asked about.
//!
//! [`Device::assemble`] turns text into a *cubin*, which can be kept and loaded quickly later;
//! [`Device::load_module`] takes either. What the assembler says, with its line, is in the error.
//!
//! A kernel of ours has one parameter, an array of 64-bit words by value (`.param .align 8 .b8 p[N]`): so a
//! launch hands over one pointer, whatever the kernel does. Kernels of others are *foreign*: they have
//! what parameters they like.
//!
//! Promise: a [`Function`] keeps its module loaded. A module that is unloaded waits for the device, so
//! whoever uses one again keeps it.

use super::driver::{Api, Code, ParameterInfo, SUCCESS};
use super::{Device, Result};
use cudarc::driver::sys::{self, CUfunction_attribute_enum as attribute, CUjit_option_enum as option};
use lazuli_core::ErrorKind;
use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;

/// What the assembler may say.
const LOG: usize = 16 << 10;

/// Room for the assembler's messages, as the driver wants it.
struct Log {
    text: Vec<u8>,
    options: [sys::CUjit_option; 2],
    values: [*mut c_void; 2],
}

impl Log {
    fn new() -> Log {
        let mut text = vec![0u8; LOG];
        let options = [option::CU_JIT_ERROR_LOG_BUFFER, option::CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES];
        // A size is given in the place of a pointer.
        let values = [text.as_mut_ptr().cast(), std::ptr::without_provenance_mut(LOG - 1)];
        Log { text, options, values }
    }

    /// The error of a call, with what was said.
    fn error(&self, api: &Api, code: Code) -> ErrorKind {
        let end = self.text.iter().position(|byte| *byte == 0).unwrap_or(LOG);
        let said = String::from_utf8_lossy(&self.text[..end]);
        match said.trim() {
            "" => ErrorKind::Compile(format!("the driver's assembler: {}", api.describe(code))),
            said => ErrorKind::Compile(format!("the driver's assembler: {}: {said}", api.describe(code))),
        }
    }
}

/// An assembly under way.
struct Link {
    api: &'static Api,
    state: sys::CUlinkState,
}

impl Drop for Link {
    fn drop(&mut self) {
        // SAFETY: alive, and nobody has it after this.
        unsafe { (self.api.cuLinkDestroy)(self.state) };
    }
}

/// PTX as the driver wants it.
fn text(ptx: &[u8]) -> Result<CString> {
    CString::new(ptx).map_err(|_| ErrorKind::Compile("PTX text with a zero in it".into()))
}

impl Device {
    /// Assembles PTX text for this device.
    pub fn assemble(&self, ptx: &str) -> Result<Vec<u8>> {
        let ptx = text(ptx.as_bytes())?;
        let api = self.enter()?;
        let mut log = Log::new();
        let mut state = std::ptr::null_mut();
        // SAFETY: as many options as are counted, with values of their kinds; the log outlives the link.
        let code = unsafe {
            (api.cuLinkCreate_v2)(2, log.options.as_mut_ptr(), log.values.as_mut_ptr(), &mut state)
        };
        self.check("cuLinkCreate", code)?;
        let link = Link { api, state };
        // The zero is there for drivers that look for it, and not counted for those that would read it.
        let bytes = ptx.as_bytes();
        // SAFETY: the driver reads `len` bytes, perhaps the zero behind them, and writes none; no options.
        let code = unsafe {
            (api.cuLinkAddData_v2)(
                link.state,
                sys::CUjitInputType_enum::CU_JIT_INPUT_PTX,
                bytes.as_ptr().cast_mut().cast(),
                bytes.len(),
                c"lazuli.ptx".as_ptr(),
                0,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
            )
        };
        if code != SUCCESS {
            return Err(log.error(api, code));
        }
        let (mut image, mut len) = (std::ptr::null_mut(), 0);
        // SAFETY: the addresses are those of variables.
        let code = unsafe { (api.cuLinkComplete)(link.state, &mut image, &mut len) };
        if code != SUCCESS {
            return Err(log.error(api, code));
        }
        // SAFETY: the driver's image, alive until the link is dropped.
        Ok(unsafe { std::slice::from_raw_parts(image.cast::<u8>(), len) }.to_vec())
    }

    /// Loads PTX text, or a cubin for this device.
    pub fn load_module(&'static self, image: &[u8]) -> Result<Module> {
        let ptx;
        let image = if image.starts_with(b"\x7fELF") {
            check_cubin(image)?;
            image
        } else {
            ptx = text(image)?;
            ptx.as_bytes_with_nul()
        };
        let api = self.enter()?;
        let mut log = Log::new();
        let mut handle = std::ptr::null_mut();
        // SAFETY: text ends in a zero, a cubin says its own length and is at least as long; as many
        // options as are counted, with values of their kinds.
        let code = unsafe {
            (api.cuModuleLoadDataEx)(
                &mut handle,
                image.as_ptr().cast(),
                2,
                log.options.as_mut_ptr(),
                log.values.as_mut_ptr(),
            )
        };
        if code != SUCCESS {
            // A device that is lost says so itself.
            let error = self.error("cuModuleLoadDataEx", code, None);
            return Err(if self.fault().is_some() { error } else { log.error(api, code) });
        }
        Ok(Module(Arc::new(Loaded { device: self, handle })))
    }
}

/// The driver is not told how long a cubin is. It is an ELF file: the tables that its head names must be
/// there.
fn check_cubin(image: &[u8]) -> Result<()> {
    let number = |at: usize, len: usize| {
        let mut bytes = [0; 8];
        bytes[..len].copy_from_slice(image.get(at..at + len)?);
        Some(u64::from_le_bytes(bytes))
    };
    let end = |table: (usize, usize), entry: usize, entries: usize| {
        number(entry, 2)?.checked_mul(number(entries, 2)?)?.checked_add(number(table.0, table.1)?)
    };
    let whole = image.get(4) == Some(&2)
        && [end((32, 8), 54, 56), end((40, 8), 58, 60)]
            .iter()
            .all(|end| end.is_some_and(|end| end <= image.len() as u64));
    if whole { Ok(()) } else { Err(ErrorKind::Compile("a cubin that is cut off".into())) }
}

/// Machine code on a device. Clones are the same code.
#[derive(Clone)]
pub struct Module(Arc<Loaded>);

struct Loaded {
    device: &'static Device,
    handle: sys::CUmodule,
}

// SAFETY: modules are handles, which the driver lets any thread use.
unsafe impl Send for Loaded {}
// SAFETY: as above.
unsafe impl Sync for Loaded {}

impl Drop for Loaded {
    fn drop(&mut self) {
        // What runs of it must be over.
        if self.device.synchronize().is_ok() {
            // SAFETY: alive, and nobody has it after this.
            unsafe { (self.device.api().cuModuleUnload)(self.handle) };
        }
    }
}

/// What is known about a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attributes {
    /// Registers of a thread.
    pub registers: u32,
    /// Bytes of a thread's memory of its own: spilled registers, and arrays that are indexed.
    pub local_bytes: u32,
    /// Bytes of shared memory that the function declares.
    pub shared_bytes: u32,
    /// Most bytes of shared memory that a launch can add.
    pub max_dynamic_shared: u32,
    /// Most threads of a block.
    pub max_threads: u32,
    /// How many words it takes, where the driver tells (since 12.4).
    pub words: Option<usize>,
}

/// A kernel. Clones are the same one.
#[derive(Clone)]
pub struct Function(Arc<Entry>);

struct Entry {
    module: Module,
    handle: sys::CUfunction,
    name: String,
    attributes: Attributes,
}

// SAFETY: functions are handles, which the driver lets any thread use.
unsafe impl Send for Entry {}
// SAFETY: as above.
unsafe impl Sync for Entry {}

impl Module {
    /// The kernel of a name, with leave to use as much shared memory as the device has.
    pub fn function(&self, name: &str) -> Result<Function> {
        self.get(name, words)
    }

    /// A kernel with other parameters than one array of words.
    pub fn foreign_function(&self, name: &str) -> Result<Function> {
        self.get(name, |_, _| Ok(None))
    }

    fn get(
        &self,
        name: &str,
        words: impl FnOnce(&Api, sys::CUfunction) -> Result<Option<usize>, String>,
    ) -> Result<Function> {
        let device = self.0.device;
        let fail =
            |why: String| ErrorKind::Device(format!("cuda:{}: kernel `{name}`: {why}", device.index()));
        let symbol = CString::new(name).map_err(|_| fail("a name with a zero in it".into()))?;
        let api = device.enter()?;
        let mut handle: sys::CUfunction = std::ptr::null_mut();
        let symbol: *const c_char = symbol.as_ptr();
        // SAFETY: the module is alive, the name ends in a zero, the address is that of a variable.
        match unsafe { (api.cuModuleGetFunction)(&mut handle, self.0.handle, symbol) } {
            SUCCESS => {}
            code => return Err(fail(api.describe(code))),
        }
        let get = |which: sys::CUfunction_attribute| {
            let mut value = 0;
            // SAFETY: the function is alive, the address is that of a variable.
            let code = unsafe { (api.cuFuncGetAttribute)(&mut value, which, handle) };
            device.check("cuFuncGetAttribute", code)?;
            Ok(u32::try_from(value).unwrap_or(0))
        };
        let dynamic = attribute::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        let shared_bytes = get(attribute::CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES)?;
        let most = device.max_shared_per_block().saturating_sub(shared_bytes as usize);
        // If this is refused, the attribute stays what it was, and is read below.
        // SAFETY: the function is alive.
        unsafe { (api.cuFuncSetAttribute)(handle, dynamic, most as i32) };
        let attributes = Attributes {
            registers: get(attribute::CU_FUNC_ATTRIBUTE_NUM_REGS)?,
            local_bytes: get(attribute::CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES)?,
            shared_bytes,
            max_dynamic_shared: get(dynamic)?,
            max_threads: get(attribute::CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK)?,
            words: words(api, handle).map_err(fail)?,
        };
        Ok(Function(Arc::new(Entry { module: self.clone(), handle, name: name.into(), attributes })))
    }
}

/// Bytes of a parameter, if there is one of this number.
fn parameter(parameter_info: ParameterInfo, handle: sys::CUfunction, number: usize) -> Option<usize> {
    let (mut offset, mut size) = (0, 0);
    // SAFETY: the function is alive, the addresses are those of variables.
    let code = unsafe { parameter_info(handle, number, &mut offset, &mut size) };
    (code == SUCCESS).then_some(size)
}

/// How many words a kernel takes, if the driver tells.
fn words(api: &Api, handle: sys::CUfunction) -> Result<Option<usize>, String> {
    let Some(parameter_info) = api.parameter_info else { return Ok(None) };
    let size_of = |number| parameter(parameter_info, handle, number);
    if size_of(1).is_some() {
        return Err("it has several parameters; one array of 64-bit words is possible".into());
    }
    Ok(size_of(0).filter(|size| size % 8 == 0).map(|size| size / 8))
}

impl Function {
    /// Its name in the module.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What is known about it.
    pub fn attributes(&self) -> &Attributes {
        &self.0.attributes
    }

    /// The device that it was loaded for.
    pub fn device(&self) -> &'static Device {
        self.0.module.0.device
    }

    /// How many blocks of `block` threads with `shared` bytes of added shared memory a multiprocessor
    /// runs at once.
    pub fn blocks_per_multiprocessor(&self, block: u32, shared: u32) -> Result<u32> {
        let device = self.device();
        let api = device.enter()?;
        let mut blocks = 0;
        let threads = i32::try_from(block).unwrap_or(i32::MAX);
        // SAFETY: the function is alive, the address is that of a variable.
        let code = unsafe {
            (api.cuOccupancyMaxActiveBlocksPerMultiprocessor)(
                &mut blocks,
                self.handle(),
                threads,
                shared as usize,
            )
        };
        device.check("cuOccupancyMaxActiveBlocksPerMultiprocessor", code)?;
        Ok(u32::try_from(blocks).unwrap_or(0))
    }

    /// Threads of a block with which the device is busiest, with `shared` bytes of added shared memory a
    /// block; and how many blocks make it so.
    pub fn best_block_size(&self, shared: usize) -> Result<(u32, u32)> {
        let most = self.attributes().max_dynamic_shared;
        if shared > most as usize {
            return Err(ErrorKind::InvalidArgument(format!(
                "{shared} bytes of shared memory a block; `{}` can have {most}",
                self.name()
            )));
        }
        let device = self.device();
        let api = device.enter()?;
        let (mut blocks, mut threads) = (0, 0);
        // SAFETY: the function is alive, the addresses are those of variables; 0 is no limit.
        let code = unsafe {
            (api.cuOccupancyMaxPotentialBlockSize)(&mut blocks, &mut threads, self.handle(), None, shared, 0)
        };
        device.check("cuOccupancyMaxPotentialBlockSize", code)?;
        Ok((u32::try_from(threads).unwrap_or(0), u32::try_from(blocks).unwrap_or(0)))
    }

    /// Bytes of each parameter, if the driver tells.
    pub fn parameter_sizes(&self) -> Result<Option<Vec<usize>>> {
        let Some(parameter_info) = self.device().enter()?.parameter_info else { return Ok(None) };
        Ok(Some((0..).map_while(|number| parameter(parameter_info, self.handle(), number)).collect()))
    }

    pub(super) fn handle(&self) -> sys::CUfunction {
        self.0.handle
    }
}
