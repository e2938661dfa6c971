//! What was planned, and why, for people.

use crate::bind::{Bound, BoundCall, Launch, Launches, Mode, Slot, stored_nodes};
use crate::kernel::{Kernel, Target};
use crate::plan::Plan;
use crate::trace::Trace;
use std::fmt::{self, Write as _};
use std::time::Duration;

/// One kernel or library call of a plan.
#[derive(Clone, Debug)]
pub struct ExplainedStep {
    /// `kernel` or the library's operation.
    pub kind: String,
    /// Operations that it runs, in order, each once.
    pub operations: Vec<String>,
    /// What it reads and writes, e.g. `reads #3 float64[1000]`.
    pub arrays: Vec<String>,
    /// How it runs: direction of lanes, sweeps, what is kept.
    pub schedule: String,
    /// Parallel regions.
    pub launches: usize,
    /// Bytes from memory.
    pub bytes_read: usize,
    /// Bytes read again from the cache.
    pub bytes_cached: usize,
    /// Bytes written.
    pub bytes_written: usize,
    /// Nodes stored.
    pub stores: Vec<usize>,
    /// Nodes read that another step stores.
    pub reads: Vec<usize>,
    /// What a kernel is expected to take on the CPU, on all threads: a rough estimate from its operations and bytes, the
    /// one by which work is shared among threads.
    pub expected: Option<Duration>,
    /// The shortest time that the step has taken in this process, if its plan has run on the CPU, and took more than
    /// some microseconds.
    pub shortest: Option<Duration>,
}

impl ExplainedStep {
    /// Bytes a second that the step read and wrote in its shortest time.
    pub fn bandwidth(&self) -> Option<f64> {
        let seconds = self.shortest?.as_secs_f64();
        (seconds > 0.0).then(|| (self.bytes_read + self.bytes_written) as f64 / seconds)
    }

    /// Its times as a line of text; empty where nothing is known.
    fn times(&self) -> String {
        let expected = self.expected.map(|time| format!("{time:.2?} expected"));
        let shortest = self.shortest.map(|time| format!("{time:.2?} measured"));
        let bandwidth = self.bandwidth().map(|rate| format!("{:.1} GB/s", rate / 1e9));
        [expected, shortest, bandwidth].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// A plan that can be read: kernels, stages, launches, bytes, and each refusal to fuse with its
/// reason. `Display` prints it as text.
#[derive(Clone, Debug)]
pub struct Explain {
    /// The steps, in order.
    pub steps: Vec<ExplainedStep>,
    /// Refusals to fuse: operation, line that recorded it, reason.
    pub breaks: Vec<String>,
    /// Bytes of intermediate values.
    pub arena: usize,
    /// Copies made because a reshape needed row-major elements.
    pub packed: usize,
}

impl Explain {
    /// Describes a plan.
    pub fn new(trace: &Trace, plan: &Plan, launches: &Launches) -> Explain {
        let name = |n: usize| match trace.op(n) {
            Some((op, _)) => op.name(),
            None => "array".into(),
        };
        let at = |n: usize| {
            let l = trace.items[n].node.location();
            format!("{}:{}", l.file(), l.line())
        };
        let all = &launches.launches;
        let steps = all
            .iter()
            .enumerate()
            .filter(|(_, launch)| launch.is_first())
            .map(|(number, launch)| match launch {
                Launch::Kernel(b) => {
                    let others = all[number + 1..].iter().map_while(|l| match l {
                        Launch::Kernel(b) if b.part > 0 => Some(&**b),
                        _ => None,
                    });
                    kernel_step(trace, b, &others.collect::<Vec<_>>())
                }
                Launch::MatMul(m) => {
                    let (rows, k, n) = m.extents;
                    let (bytes_read, bytes_written) = m.bytes();
                    let (_, inputs) = trace.op(m.node).expect("a matrix product");
                    ExplainedStep {
                        kind: "matmul (library gemm)".into(),
                        operations: vec![format!("matmul ({})", at(m.node))],
                        arrays: inputs.iter().map(|&i| format!("reads {}", show(trace, i))).collect(),
                        schedule: format!("{rows} x {k} x {n}"),
                        launches: 1,
                        bytes_read,
                        bytes_cached: 0,
                        bytes_written,
                        stores: vec![m.node],
                        reads: inputs.to_vec(),
                        expected: None,
                        shortest: None,
                    }
                }
                Launch::Call(call) => call_step(trace, call, &at),
            })
            .collect();
        let breaks = plan
            .breaks
            .iter()
            .map(|b| format!("{} ({}) is stored: {}", name(b.node), at(b.node), b.reason.text()))
            .collect();
        Explain { steps, breaks, arena: launches.arena, packed: launches.packed }
    }

    /// Number of kernels (library calls are not kernels).
    pub fn kernels(&self) -> usize {
        self.steps.iter().filter(|s| s.kind == "kernel").count()
    }

    /// Number of parallel regions and library calls.
    pub fn launches(&self) -> usize {
        self.steps.iter().map(|s| s.launches).sum()
    }

    /// Bytes requested from memory, over all sweeps.
    pub fn bytes_read(&self) -> usize {
        self.steps.iter().map(|s| s.bytes_read).sum()
    }

    /// Bytes written to memory.
    pub fn bytes_written(&self) -> usize {
        self.steps.iter().map(|s| s.bytes_written).sum()
    }

    /// The plan as a Graphviz graph: a box for each step, an edge for each value handed on.
    pub fn to_dot(&self) -> String {
        let mut out = String::from("digraph plan {\n  node [shape=box, fontname=\"monospace\"];\n");
        for (i, s) in self.steps.iter().enumerate() {
            let label = format!("{} {i}\\n{}\\n{}", s.kind, s.operations.join("\\n"), s.schedule);
            let _ = writeln!(out, "  s{i} [label=\"{}\"];", label.replace('"', "'"));
        }
        for (i, s) in self.steps.iter().enumerate() {
            for (j, later) in self.steps.iter().enumerate().skip(i + 1) {
                if s.stores.iter().any(|n| later.reads.contains(n)) {
                    let _ = writeln!(out, "  s{i} -> s{j};");
                }
            }
        }
        out.push_str("}\n");
        out
    }

    /// The plan as a picture: a box for each step, from top to bottom, with its operations,
    /// schedule and bytes.
    pub fn to_svg(&self) -> String {
        const LINE: usize = 16;
        let texts: Vec<Vec<String>> = self
            .steps
            .iter()
            .enumerate()
            .map(|(i, s)| {
                let mut lines = vec![format!("{} {i}: {}", s.kind, s.schedule)];
                lines.extend(s.operations.iter().map(|o| format!("  {o}")));
                lines.push(format!("{} read, {} written", size(s.bytes_read), size(s.bytes_written)));
                lines.extend(Some(s.times()).filter(|times| !times.is_empty()));
                lines
            })
            .collect();
        let widest = texts.iter().flatten().map(String::len).max().unwrap_or(20);
        let width = widest * 8 + 40;
        let mut boxes = String::new();
        let mut y = 20;
        for (i, lines) in texts.iter().enumerate() {
            let height = lines.len() * LINE + 16;
            let _ = writeln!(
                boxes,
                "<rect x='20' y='{y}' width='{}' height='{height}' rx='6' fill='#eef3fb' stroke='#3b6db3'/>",
                width - 40
            );
            for (k, line) in lines.iter().enumerate() {
                let text = line.replace('&', "&amp;").replace('<', "&lt;");
                let _ = writeln!(boxes, "<text x='32' y='{}'>{text}</text>", y + 20 + k * LINE);
            }
            y += height;
            if i + 1 < texts.len() {
                let mid = width / 2;
                let _ = writeln!(
                    boxes,
                    "<path d='M{mid} {y} v20 m-4 -6 l4 6 l4 -6' fill='none' stroke='#3b6db3'/>"
                );
                y += 20;
            }
        }
        format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{}' \
             font-family='monospace' font-size='13' xml:space='preserve'>\n{boxes}</svg>\n",
            y + 20
        )
    }
}

fn kernel_step(trace: &Trace, b: &Bound, others: &[&Bound]) -> ExplainedStep {
    let kernel = &b.kernel;
    let mut stores = stored_nodes(kernel);
    stores.dedup();
    let reads: Vec<usize> = kernel
        .accesses
        .iter()
        .filter_map(|a| match a.target {
            Target::Read(n) => Some(n),
            _ => None,
        })
        .collect();
    let mut arrays: Vec<String> = reads.iter().map(|&n| format!("reads {}", show(trace, n))).collect();
    arrays.dedup();
    arrays.extend(stores.iter().map(|&n| format!("writes {}", show(trace, n))));
    let sweeps = b.stages.sweeps.len();
    let lanes = match b.mode {
        Mode::Map if b.is_tiled() => "elementwise, in transposed tiles".to_string(),
        Mode::Map => "elementwise".to_string(),
        Mode::Rows => format!("{} rows of {}, lanes along the row", b.row_count(), b.inner_count()),
        Mode::Columns => format!("{} rows of {}, lanes across rows", b.row_count(), b.inner_count()),
    };
    let mut schedule = lanes;
    if sweeps > 1 {
        let _ = write!(schedule, ", {sweeps} sweeps");
    }
    if b.keep {
        let _ = write!(schedule, ", {} value(s) a point kept", b.stages.kept.len());
    } else if sweeps > 1 && !b.stages.kept.is_empty() {
        schedule.push_str(", recomputing");
    }
    if b.split {
        schedule.push_str(", split along the row");
    }
    if !others.is_empty() {
        let _ = write!(schedule, ", in {} boxes", 1 + others.len());
    }
    let packed = b.accesses.iter().filter(|a| b.mode == Mode::Rows && a.full && a.is_packed());
    let packed = packed.filter(|a| a.slot != Slot::Iota).count();
    if packed > 0 {
        let _ = write!(schedule, ", {packed} array(s) packed");
    }
    ExplainedStep {
        kind: "kernel".into(),
        operations: operations(trace, kernel, &stores),
        arrays,
        schedule,
        launches: if b.split { sweeps.max(1) } else { 1 + others.len() },
        bytes_read: b.bytes_read + others.iter().map(|b| b.bytes_read).sum::<usize>(),
        bytes_cached: b.bytes_cached,
        bytes_written: b.bytes_written + others.iter().map(|b| b.bytes_written).sum::<usize>(),
        stores,
        reads,
        expected: None,
        shortest: None,
    }
}

fn call_step(trace: &Trace, call: &BoundCall, at: &dyn Fn(usize) -> String) -> ExplainedStep {
    let (_, inputs) = trace.op(call.nodes[0]).expect("a call");
    let function = call.function;
    let named = function.names.iter().zip(&call.named).map(|(name, n)| format!(", {name} = {n}"));
    let reads = inputs.iter().map(|&i| format!("reads {}", show(trace, i)));
    let writes = call.nodes.iter().map(|&n| format!("writes {}", show(trace, n)));
    ExplainedStep {
        kind: "generalised function".into(),
        operations: vec![format!("{} ({})", function.name, at(call.nodes[0]))],
        arrays: reads.chain(writes).collect(),
        schedule: format!("{} times {}{}", call.points(), function.signature, named.collect::<String>()),
        launches: 1,
        bytes_read: call.bytes_read,
        bytes_cached: 0,
        bytes_written: call.bytes_written,
        stores: call.nodes.clone(),
        // As the plan knows them: below their views.
        reads: inputs
            .iter()
            .map(|&i| trace.below_strided_views(i).0)
            .filter(|&n| !trace.is_leaf(n))
            .collect(),
        expected: None,
        shortest: None,
    }
}

/// The graph operations below what a kernel stores, down to what it reads, with their lines.
fn operations(trace: &Trace, kernel: &Kernel, stores: &[usize]) -> Vec<String> {
    let reads: Vec<usize> = kernel
        .accesses
        .iter()
        .filter_map(|a| if let Target::Read(n) = a.target { Some(n) } else { None })
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    let mut work: Vec<usize> = stores.to_vec();
    while let Some(n) = work.pop() {
        if let Some((_, inputs)) = trace.op(n)
            && (stores.contains(&n) || !reads.contains(&n))
            && seen.insert(n)
        {
            work.extend(inputs.iter().copied());
        }
    }
    seen.into_iter()
        .filter_map(|n| {
            let (op, _) = trace.op(n)?;
            if matches!(
                op,
                lazuli_core::Op::View(_) | lazuli_core::Op::Const(_) | lazuli_core::Op::Within { .. }
            ) {
                return None;
            }
            let l = trace.items[n].node.location();
            Some(format!("{} ({}:{})", op.name(), l.file(), l.line()))
        })
        .collect()
}

fn show(trace: &Trace, n: usize) -> String {
    let kind = if trace.is_leaf(n) { "array" } else { "value" };
    format!("{kind} #{n} {}{:?}", trace.dtype(n), trace.shape(n))
}

/// Bytes, for people.
fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

impl fmt::Display for Explain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "plan: {} kernel(s), {} launch(es), {} read, {} written, {} of temporaries",
            self.kernels(),
            self.launches(),
            size(self.bytes_read()),
            size(self.bytes_written()),
            size(self.arena)
        )?;
        for (i, s) in self.steps.iter().enumerate() {
            writeln!(f, "{i}: {} - {}", s.kind, s.schedule)?;
            for o in &s.operations {
                writeln!(f, "     {o}")?;
            }
            for a in &s.arrays {
                writeln!(f, "   {a}")?;
            }
            write!(f, "   {} from memory, {} written", size(s.bytes_read), size(s.bytes_written))?;
            if s.bytes_cached > 0 {
                write!(f, ", {} again from the cache", size(s.bytes_cached))?;
            }
            writeln!(f)?;
            match s.times() {
                times if times.is_empty() => {}
                times => writeln!(f, "   {times}")?,
            }
        }
        if self.packed > 0 {
            writeln!(f, "packed: {} array(s) copied into row-major order for a reshape", self.packed)?;
        }
        for b in &self.breaks {
            writeln!(f, "break: {b}")?;
        }
        Ok(())
    }
}
