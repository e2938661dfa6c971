//! The NVIDIA driver, found at run time.
//!
//! `cudarc` finds the library and knows its types; the entry points are looked up here, all of
//! them at once, into one table. Its own wrappers will not do: they panic where a function is
//! missing, and they read every result as a Rust `enum`, which a newer driver may hand a value that
//! the `enum` does not have. So a result is a number here ([`Code`]). That the signatures below are
//! those of `cudarc` is checked when this is compiled.
//!
//! Promises: looking for the driver fails with one error that says what is missing, never with a
//! panic, and happens once in the life of a process; a table is complete.

use super::Result;
use cudarc::driver::sys;
use lazuli_core::ErrorKind;
use std::ffi::{CStr, c_char, c_int, c_uint, c_ulonglong, c_void};
use std::sync::OnceLock;

/// What an entry point returns: zero, or what went wrong.
pub(super) type Code = u32;

pub(super) const SUCCESS: Code = 0;
pub(super) const OUT_OF_MEMORY: Code = 2;
pub(super) const NO_DEVICE: Code = 100;
pub(super) const NOT_READY: Code = 600;

/// The oldest driver that will do, as it numbers itself: 1000 * major + 10 * minor.
const OLDEST: c_int = 12_000;

macro_rules! entry_points {
    ($($name:ident($($argument:ty),*);)*) => {
        /// The driver's functions.
        #[allow(non_snake_case)]
        pub(super) struct Api {
            $(pub $name: unsafe extern "C" fn($($argument),*) -> Code,)*
            get_error_name: unsafe extern "C" fn(Code, *mut *const c_char) -> Code,
            get_error_string: unsafe extern "C" fn(Code, *mut *const c_char) -> Code,
            /// Since version 12.4 only.
            pub parameter_info: Option<ParameterInfo>,
            /// As the driver numbers itself.
            pub version: c_int,
            /// Who looked: a forked child has no use of the parent's driver.
            process: u32,
        }

        $(const _: unsafe fn($($argument),*) -> sys::CUresult = sys::$name;)*

        impl Api {
            fn all(version: c_int) -> Result<Api> {
                Ok(Api {
                    $($name: find(stringify!($name), |name| {
                        // SAFETY: the signature is that of `cudarc`'s bindings (checked above).
                        unsafe { sys::culib().get(name).ok().map(|f| *f) }
                    })?,)*
                    get_error_name: find("cuGetErrorName", |name| {
                        // SAFETY: the signature is that of `cuda.h`, a C `enum` being a number.
                        unsafe { sys::culib().get(name).ok().map(|f| *f) }
                    })?,
                    get_error_string: find("cuGetErrorString", |name| {
                        // SAFETY: as above.
                        unsafe { sys::culib().get(name).ok().map(|f| *f) }
                    })?,
                    parameter_info: find("cuFuncGetParamInfo", |name| {
                        // SAFETY: the signature is that of `cuda.h` since 12.4.
                        unsafe { sys::culib().get(name).ok().map(|f| *f) }
                    })
                    .ok(),
                    version,
                    process: std::process::id(),
                })
            }
        }
    };
}

/// `cuFuncGetParamInfo(function, index, offset, size)`.
pub(super) type ParameterInfo = unsafe extern "C" fn(sys::CUfunction, usize, *mut usize, *mut usize) -> Code;

/// A list of options for the assembler: how many, which, and their values.
type Options = *mut sys::CUjit_option;
type Values = *mut *mut c_void;

entry_points! {
    cuInit(c_uint);

    cuDeviceGetCount(*mut c_int);
    cuDeviceGet(*mut sys::CUdevice, c_int);
    cuDeviceGetName(*mut c_char, c_int, sys::CUdevice);
    cuDeviceGetAttribute(*mut c_int, sys::CUdevice_attribute, sys::CUdevice);
    cuDeviceTotalMem_v2(*mut usize, sys::CUdevice);
    cuDeviceGetDefaultMemPool(*mut sys::CUmemoryPool, sys::CUdevice);
    cuDevicePrimaryCtxRetain(*mut sys::CUcontext, sys::CUdevice);
    cuCtxSetCurrent(sys::CUcontext);
    cuCtxSynchronize();

    cuMemGetInfo_v2(*mut usize, *mut usize);
    cuMemPoolSetAttribute(sys::CUmemoryPool, sys::CUmemPool_attribute, *mut c_void);
    cuMemPoolTrimTo(sys::CUmemoryPool, usize);
    cuMemAllocFromPoolAsync(*mut sys::CUdeviceptr, usize, sys::CUmemoryPool, sys::CUstream);
    cuMemFreeAsync(sys::CUdeviceptr, sys::CUstream);
    cuMemAllocHost_v2(*mut *mut c_void, usize);
    cuMemFreeHost(*mut c_void);
    cuMemcpyHtoDAsync_v2(sys::CUdeviceptr, *const c_void, usize, sys::CUstream);
    cuMemcpyDtoHAsync_v2(*mut c_void, sys::CUdeviceptr, usize, sys::CUstream);
    cuMemcpyDtoDAsync_v2(sys::CUdeviceptr, sys::CUdeviceptr, usize, sys::CUstream);
    cuMemsetD8Async(sys::CUdeviceptr, std::ffi::c_uchar, usize, sys::CUstream);
    cuMemcpyPeerAsync(sys::CUdeviceptr, sys::CUcontext, sys::CUdeviceptr, sys::CUcontext, usize, sys::CUstream);

    cuStreamCreate(*mut sys::CUstream, c_uint);
    cuStreamDestroy_v2(sys::CUstream);
    cuStreamSynchronize(sys::CUstream);
    cuStreamQuery(sys::CUstream);
    cuStreamWaitEvent(sys::CUstream, sys::CUevent, c_uint);
    cuEventCreate(*mut sys::CUevent, c_uint);
    cuEventRecord(sys::CUevent, sys::CUstream);
    cuEventQuery(sys::CUevent);
    cuEventSynchronize(sys::CUevent);
    cuEventElapsedTime(*mut f32, sys::CUevent, sys::CUevent);
    cuEventDestroy_v2(sys::CUevent);

    cuLinkCreate_v2(c_uint, Options, Values, *mut sys::CUlinkState);
    cuLinkAddData_v2(
        sys::CUlinkState, sys::CUjitInputType, *mut c_void, usize, *const c_char, c_uint, Options, Values
    );
    cuLinkComplete(sys::CUlinkState, *mut *mut c_void, *mut usize);
    cuLinkDestroy(sys::CUlinkState);
    cuModuleLoadDataEx(*mut sys::CUmodule, *const c_void, c_uint, Options, Values);
    cuModuleUnload(sys::CUmodule);
    cuModuleGetFunction(*mut sys::CUfunction, sys::CUmodule, *const c_char);
    cuFuncGetAttribute(*mut c_int, sys::CUfunction_attribute, sys::CUfunction);
    cuFuncSetAttribute(sys::CUfunction, sys::CUfunction_attribute, c_int);
    cuOccupancyMaxActiveBlocksPerMultiprocessor(*mut c_int, sys::CUfunction, c_int, usize);
    cuOccupancyMaxPotentialBlockSize(
        *mut c_int, *mut c_int, sys::CUfunction, sys::CUoccupancyB2DSize, usize, c_int
    );
    cuLaunchKernel(
        sys::CUfunction, c_uint, c_uint, c_uint, c_uint, c_uint, c_uint, c_uint, sys::CUstream, *mut *mut c_void,
        *mut *mut c_void
    );

    cuStreamBeginCapture_v2(sys::CUstream, sys::CUstreamCaptureMode);
    cuStreamEndCapture(sys::CUstream, *mut sys::CUgraph);
    cuStreamGetCaptureInfo_v2(
        sys::CUstream, *mut sys::CUstreamCaptureStatus, *mut sys::cuuint64_t, *mut sys::CUgraph,
        *mut *const sys::CUgraphNode, *mut usize
    );
    cuGraphInstantiateWithFlags(*mut sys::CUgraphExec, sys::CUgraph, c_ulonglong);
    cuGraphExecKernelNodeSetParams_v2(sys::CUgraphExec, sys::CUgraphNode, *const sys::CUDA_KERNEL_NODE_PARAMS);
    cuGraphLaunch(sys::CUgraphExec, sys::CUstream);
    cuGraphExecDestroy(sys::CUgraphExec);
    cuGraphDestroy(sys::CUgraph);
}

/// The driver, looked for and initialised by the first call.
pub(super) fn driver() -> Result<&'static Api> {
    static DRIVER: OnceLock<Result<Api>> = OnceLock::new();
    DRIVER.get_or_init(load).as_ref().map_err(Clone::clone)
}

fn load() -> Result<Api> {
    // SAFETY: loads the driver's library, whose initialisers are the system's business.
    if !unsafe { sys::is_culib_present() } {
        return Err(absent());
    }
    // An old driver lacks some entry points: first of all its number.
    let get_version: unsafe extern "C" fn(*mut c_int) -> Code = find("cuDriverGetVersion", |name| {
        // SAFETY: the signature is that of `cuda.h`.
        unsafe { sys::culib().get(name).ok().map(|f| *f) }
    })?;
    let mut version = 0;
    // SAFETY: may be called before `cuInit`; the address is that of a variable.
    let code = unsafe { get_version(&mut version) };
    if code != SUCCESS {
        return Err(ErrorKind::Device(format!("the NVIDIA driver does not tell its version (error {code})")));
    }
    if version < OLDEST {
        return Err(ErrorKind::Device(format!(
            "the NVIDIA driver is too old: it is made for CUDA {}, and {} is needed",
            words(version),
            words(OLDEST)
        )));
    }
    let api = Api::all(version)?;
    // SAFETY: zero is the only flag there is.
    match unsafe { (api.cuInit)(0) } {
        SUCCESS => Ok(api),
        NO_DEVICE => Err(ErrorKind::Device(
            "there is an NVIDIA driver, but no device (or CUDA_VISIBLE_DEVICES hides all of them)".into(),
        )),
        code => Err(api.error("cuInit", code)),
    }
}

/// An entry point. `get` takes its name, ended by a zero.
fn find<F>(name: &str, get: impl FnOnce(&[u8]) -> Option<F>) -> Result<F> {
    get(format!("{name}\0").as_bytes())
        .ok_or_else(|| ErrorKind::Device(format!("the NVIDIA driver's library has no function {name}")))
}

/// No library: under which names it was looked for.
fn absent() -> ErrorKind {
    let names = cudarc::get_lib_name_candidates("cuda");
    let (first, more) = (names.first().map_or("", String::as_str), names.len().saturating_sub(1));
    ErrorKind::Device(format!(
        "no NVIDIA driver: libcuda.so.1 was not found (nor {first}, nor {more} other names like these, in \
         LD_LIBRARY_PATH and the folders of the system)"
    ))
}

/// A version in words: 12040 is "12.4".
pub(super) fn words(version: c_int) -> String {
    format!("{}.{}", version / 1000, version % 1000 / 10)
}

impl Api {
    /// The error of a call that returned `code`.
    pub fn error(&self, call: &str, code: Code) -> ErrorKind {
        ErrorKind::Device(format!("{call}: {}", self.describe(code)))
    }

    /// `Ok`, or the error of a call.
    pub fn check(&self, call: &str, code: Code) -> Result<()> {
        if code == SUCCESS { Ok(()) } else { Err(self.error(call, code)) }
    }

    /// A code in the driver's words.
    pub fn describe(&self, code: Code) -> String {
        let text = |get: unsafe extern "C" fn(Code, *mut *const c_char) -> Code| {
            let mut text: *const c_char = std::ptr::null();
            // SAFETY: the address is that of a variable; any number may be asked about.
            if unsafe { get(code, &mut text) } != SUCCESS || text.is_null() {
                return None;
            }
            // SAFETY: the driver's texts are static and end in a zero.
            Some(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
        };
        let words = match (text(self.get_error_string), text(self.get_error_name)) {
            (Some(words), Some(name)) => format!("{words} ({name})"),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => format!("error {code}"),
        };
        if std::process::id() == self.process {
            return words;
        }
        format!("{words}; this process was forked from one that used CUDA, which cannot be used here")
    }
}

/// Errors after which the driver refuses everything: the context is lost, and with it all memory of
/// the device. (`cuda.h`: "leaves the process in an inconsistent state".)
pub(super) fn is_fatal(code: Code) -> bool {
    use sys::cudaError_enum::*;
    const FATAL: [sys::CUresult; 12] = [
        CUDA_ERROR_ECC_UNCORRECTABLE,
        CUDA_ERROR_NVLINK_UNCORRECTABLE,
        CUDA_ERROR_ILLEGAL_ADDRESS,
        CUDA_ERROR_LAUNCH_TIMEOUT,
        CUDA_ERROR_CONTEXT_IS_DESTROYED,
        CUDA_ERROR_ASSERT,
        CUDA_ERROR_HARDWARE_STACK_ERROR,
        CUDA_ERROR_ILLEGAL_INSTRUCTION,
        CUDA_ERROR_MISALIGNED_ADDRESS,
        CUDA_ERROR_INVALID_ADDRESS_SPACE,
        CUDA_ERROR_INVALID_PC,
        CUDA_ERROR_LAUNCH_FAILED,
    ];
    FATAL.iter().any(|fatal| *fatal as Code == code)
}
