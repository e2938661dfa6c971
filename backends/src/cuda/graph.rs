//! Graphs of the driver: launches recorded once and handed over together.
//!
//! A launch costs the host more than a short kernel costs the device. A [`Graph`] costs one call for all
//! of its kernels; their words can be changed between launches, so the same graph serves other
//! addresses and sizes.
//!
//! A recording has a stream of its own, so nobody else's work gets into it, and nothing but launches
//! can: memory must be there before. A graph that is dropped waits for the streams that it was launched
//! on.

use super::driver::{Api, SUCCESS};
use super::stream::{State, check_words};
use super::{Device, Function, Note, Result, Stream};
use cudarc::driver::sys;
use lazuli_core::ErrorKind;
use smallvec::SmallVec;
use std::ffi::c_void;

/// A recorded launch.
pub(super) struct Node {
    handle: sys::CUgraphNode,
    function: Function,
    grid: [u32; 3],
    block: u32,
    shared: u32,
    words: usize,
    note: Note,
}

// SAFETY: nodes are handles of a graph that is in one place with them.
unsafe impl Send for Node {}

impl Node {
    /// The node of the last launch on a recording stream: all that a next one would wait for.
    pub fn last_of(
        stream: &Stream,
        function: &Function,
        grid: [u32; 3],
        block: u32,
        shared: u32,
        words: usize,
        note: Note,
    ) -> Result<Node> {
        let device = stream.device();
        let api = device.enter()?;
        // Never read: a newer driver may know more states.
        let mut status = std::mem::MaybeUninit::uninit();
        let (mut id, mut graph) = (0, std::ptr::null_mut());
        let (mut nodes, mut count): (*const sys::CUgraphNode, usize) = (std::ptr::null(), 0);
        // SAFETY: the addresses are those of variables; the stream is alive.
        let code = unsafe {
            (api.cuStreamGetCaptureInfo_v2)(
                stream.handle(),
                status.as_mut_ptr(),
                &mut id,
                &mut graph,
                &mut nodes,
                &mut count,
            )
        };
        device.check("cuStreamGetCaptureInfo", code)?;
        if count != 1 || nodes.is_null() {
            return Err(ErrorKind::Device(format!("a recorded launch ended in {count} nodes")));
        }
        // SAFETY: the driver's list, of one node, is there until the next call on this stream.
        let handle = unsafe { *nodes };
        Ok(Node { handle, function: function.clone(), grid, block, shared, words, note })
    }
}

/// Launches that are handed over together.
pub struct Graph {
    device: &'static Device,
    graph: sys::CUgraph,
    executable: sys::CUgraphExec,
    nodes: Vec<Node>,
    launched_on: SmallVec<[Stream; 1]>,
}

// SAFETY: graphs are handles; the driver asks that one thread at a time uses them, and all that uses them
// takes `&mut self`.
unsafe impl Send for Graph {}
// SAFETY: as above.
unsafe impl Sync for Graph {}

/// Ends a recording, also if what is recorded panics.
struct Recording {
    api: &'static Api,
    stream: Stream,
    is_over: bool,
}

impl Recording {
    /// The graph, and how ending it went.
    fn end(&mut self) -> (sys::CUgraph, u32) {
        self.is_over = true;
        let mut graph = std::ptr::null_mut();
        // SAFETY: the stream is alive and recording, the address is that of a variable.
        let code = unsafe { (self.api.cuStreamEndCapture)(self.stream.handle(), &mut graph) };
        (graph, code)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let unfinished = !self.is_over && self.stream.device().enter().is_ok();
        if unfinished {
            let (graph, _) = self.end();
            if !graph.is_null() {
                // SAFETY: ours, and used by nobody.
                unsafe { (self.api.cuGraphDestroy)(graph) };
            }
        }
        *self.stream.state() = State::Ended;
    }
}

impl Graph {
    /// Records what `record` launches on the stream that it is given. Nothing runs yet.
    pub fn record(device: &'static Device, record: impl FnOnce(&Stream) -> Result<()>) -> Result<Graph> {
        let api = device.enter()?;
        let stream = Stream::with(device, State::Recording(Vec::new()))?;
        // Other threads may do meanwhile what a recording forbids.
        let mode = sys::CUstreamCaptureMode_enum::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
        // SAFETY: the stream is alive and new.
        let code = unsafe { (api.cuStreamBeginCapture_v2)(stream.handle(), mode) };
        device.check("cuStreamBeginCapture", code)?;
        let mut recording = Recording { api, stream, is_over: false };
        record(&recording.stream)?;
        device.enter()?;
        let (graph, code) = recording.end();
        device.check("cuStreamEndCapture", code)?;
        let state = std::mem::replace(&mut *recording.stream.state(), State::Ended);
        let nodes = if let State::Recording(nodes) = state { nodes } else { Vec::new() };
        let executable = std::ptr::null_mut();
        let mut made = Graph { device, graph, executable, nodes, launched_on: SmallVec::new() };
        // SAFETY: the address is that of a variable; the graph is alive.
        let code = unsafe { (api.cuGraphInstantiateWithFlags)(&mut made.executable, made.graph, 0) };
        device.check("cuGraphInstantiate", code)?;
        Ok(made)
    }

    /// How many launches were recorded.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Was nothing recorded?
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Gives a recorded launch, by its number, other words from the next [`Graph::launch`] on.
    pub fn set_words(&mut self, launch: usize, words: &[u64]) -> Result<()> {
        let Some(node) = self.nodes.get(launch) else {
            let why = format!("launch {launch} of a graph of {}", self.nodes.len());
            return Err(ErrorKind::InvalidArgument(why));
        };
        if words.len() != node.words {
            let why = format!("{} words for a launch that was recorded with {}", words.len(), node.words);
            return Err(ErrorKind::InvalidArgument(why));
        }
        check_words(&node.function, words)?;
        let api = self.device.enter()?;
        let mut parameters = [words.as_ptr().cast::<c_void>().cast_mut()];
        let node_parameters = sys::CUDA_KERNEL_NODE_PARAMS {
            func: node.function.handle(),
            gridDimX: node.grid[0],
            gridDimY: node.grid[1],
            gridDimZ: node.grid[2],
            blockDimX: node.block,
            blockDimY: 1,
            blockDimZ: 1,
            sharedMemBytes: node.shared,
            kernelParams: parameters.as_mut_ptr(),
            extra: std::ptr::null_mut(),
            kern: std::ptr::null_mut(),
            ctx: std::ptr::null_mut(),
        };
        // SAFETY: the node is one of the graph; the words are as many as the kernel takes, and copied.
        let code = unsafe {
            (api.cuGraphExecKernelNodeSetParams_v2)(self.executable, node.handle, &node_parameters)
        };
        self.device.check("cuGraphExecKernelNodeSetParams", code)
    }

    /// Runs all launches, in the order of the stream.
    ///
    /// # Safety
    ///
    /// As for each [`Stream::launch`], with the words that it has now.
    pub unsafe fn launch(&mut self, stream: &Stream) -> Result<()> {
        stream.running("launch of a graph")?;
        if stream.device() != self.device {
            let why = format!("the graph was recorded for cuda:{}", self.device.index());
            return Err(ErrorKind::InvalidArgument(why));
        }
        let api = self.device.enter()?;
        // SAFETY: both are alive; what the kernels do is the caller's promise.
        let code = unsafe { (api.cuGraphLaunch)(self.executable, stream.handle()) };
        if code != SUCCESS {
            return Err(stream.error("cuGraphLaunch", code));
        }
        self.nodes.iter().for_each(|node| stream.note(node.note));
        if !self.launched_on.iter().any(|known| known.is(stream)) {
            self.launched_on.push(stream.clone());
        }
        Ok(())
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        for stream in self.launched_on.drain(..) {
            let _ = stream.synchronize();
        }
        let Ok(api) = self.device.enter() else { return };
        // SAFETY: ours, and used by nobody after this.
        unsafe {
            if !self.executable.is_null() {
                (api.cuGraphExecDestroy)(self.executable);
            }
            (api.cuGraphDestroy)(self.graph);
        }
    }
}
