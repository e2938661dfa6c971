#!/usr/bin/env python3
"""Measures Lazuli's worker beside the peers' workers, in rounds that take turns, and prints a table.

Every program is one process for the whole run, stopped while another one runs. For each workload all of them get the
same data and check their result once; then each round asks every one, in an order shuffled anew, for a few timed
calls. What counts is the median over all rounds. `noise` is how far the medians of our own rounds lie apart.
"""
import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
from pathlib import Path

WORKS = {
    "W1": ["1e3", "1e5", "1e7"],
    "W2": ["f32", "f64"],
    "W3": ["f32", "f64"],
    "W4": ["x", "xy"],
    "W5": ["f32"],
    "W6": ["f64"],
    "W7": ["4096x4096", "200000x64"],
    "W8": ["f32"],
    "W9": ["sum0", "sum1", "colstd"],
    "W10": ["f32"],
    "W11": ["f32"],
    "W12": ["f32_1024", "f64_1024", "f32_4096x4096x64", "norm_4096x4096x64"],
    "W13": ["16", "1000", "chain16", "chain1000"],
}
# These give a fresh result on every call, as Lazuli does.
PEERS = ["numpy", "numexpr", "numba", "numba_svml", "jax", "drjit", "ndarray", "rust"]
# Upper bounds, for who asks by name: results written into memory kept from call to call.
PREALLOCATED = ["numpy_opt", "numba_out", "numba_svml_out", "rust_out", "rust_simd"]
NAMED = {"numpy", "ndarray", "numexpr", "jax"}  # the four that the first column of peers is about
SMALL = {("W1", "1e3"), ("W1", "1e5")} | {("W13", case) for case in WORKS["W13"]}
# Their loop over calls is compiled: no cost of a call is in their figure, so they are shown and not ranked.
LOOPED = {("rust", *small) for small in SMALL} | {("ndarray", "W13", case) for case in WORKS["W13"]}

MAKE_DATA = """
import sys, os
sys.path.insert(0, os.environ['PEERS_DIR'])
import numpy, bench
work, case, folder = sys.argv[1:]
data = bench.data(work, case)
for kind, arrays in ('in', data), ('out', bench.reff(work, case, data)):
    for i, array in enumerate(arrays):
        numpy.save(f'{folder}/{work}_{case}_{kind}{i}.npy', array)
"""


class Gone(Exception):
    """A worker that ended, or said something that is no answer."""


class Worker:
    """A process that answers one line with one line, and is stopped in between."""

    def __init__(self, name, command, env, log):
        self.name = name
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, env=env, stderr=open(log, "w"), text=True, **pipes)
        self.hear()

    def hear(self):
        line = self.process.stdout.readline()
        try:
            answer = json.loads(line)
        except ValueError:
            self.process.kill()
            raise Gone(f"ended, or said {line[:80]!r}") from None
        self.process.send_signal(signal.SIGSTOP)
        return answer

    def ask(self, line):
        self.process.send_signal(signal.SIGCONT)
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Gone("ended") from None
        return self.hear()

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            try:
                self.process.stdin.write("quit\n")
                self.process.stdin.flush()
                self.process.wait(20)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()


def start(name, options):
    home, env = options.peers_dir, dict(os.environ)
    for threads in "OMP MKL OPENBLAS NUMEXPR NUMEXPR_MAX NUMBA".split():
        env[f"{threads}_NUM_THREADS" if threads != "NUMEXPR_MAX" else "NUMEXPR_MAX_THREADS"] = "2"
    log = options.scratch / f"{name}.log"
    if name == "lazuli":
        env.update(LAZULI_PEERS_DATA=str(options.scratch), LAZULI_PEERS_THREADS="2")
        return Worker(name, [options.worker], env, log)
    env["PATH"] = f"{home}/venv/bin:{env['PATH']}"
    venv = "venv"
    if name.startswith("numba_svml"):
        venv, env["LD_LIBRARY_PATH"] = "venvsvml", f"{home}/venvsvml/lib"
    return Worker(name, [f"{home}/{venv}/bin/python", f"{home}/bench.py", "--peer", name, "--serve"], env, log)


def measure(work, case, workers, options):
    """Median milliseconds, noise and error by name; or why there is none."""
    result, times = {}, {}
    for name in options.names:
        try:
            if name not in workers:
                workers[name] = start(name, options)
            answer = workers[name].ask(f"setup {work} {case}")
        except Gone as gone:
            workers.pop(name, None)
            answer = {"why": str(gone)}
        if answer.get("ok"):
            times[name], result[name] = [], {"err": answer["err"], "first_ms": answer["first_s"] * 1e3}
        else:
            result[name] = {"why": str(answer.get("why"))[:200]}
    flag = 0 if (work, case) in SMALL else 1
    for turn in range(options.rounds):
        for name in random.sample(list(times), len(times)):
            spent = statistics.median([t for part in times[name] for t in part]) if times[name] else 0
            if turn >= 3 and spent > 0.3 and name != "lazuli":
                continue  # slow enough to be known by now
            try:
                answer = workers[name].ask(f"run {options.seconds} {flag}")
            except Gone as gone:
                workers.pop(name, None)
                answer = {"why": str(gone)}
            if "ts" in answer:
                times[name].append(answer["ts"])
            else:
                result[name] = {"why": str(answer.get("why"))[:200]}
                del times[name]
    for name, rounds in times.items():
        every = [t for part in rounds for t in part]
        if not every:
            continue
        middle, medians = statistics.median(every), [statistics.median(part) for part in rounds]
        result[name].update(
            ms=middle * 1e3, min_ms=min(every) * 1e3, noise=(max(medians) - min(medians)) / middle, calls=len(every)
        )
    for name in options.names:
        if name in workers:
            try:
                workers[name].ask("drop")
            except Gone:
                workers.pop(name, None)
    return result


def shown(ms):
    return f"{ms * 1e3:.3g} µs" if ms < 0.1 else f"{ms:.3g} ms"


def row(work, case, result):
    ours = result.get("lazuli", {})
    times = {n: r["ms"] for n, r in result.items() if n != "lazuli" and "ms" in r and (n, work, case) not in LOOPED}
    cells = [f"{work} {case}", shown(ours["ms"]) if "ms" in ours else f"none: {ours.get('why')}"]
    for ranked in ({n: t for n, t in times.items() if n in NAMED}, times):
        best = min(ranked, key=ranked.get, default=None)
        cells.append(f"{best} {shown(ranked[best])}" if best else "")
        cells.append(f"{ours['ms'] / ranked[best]:.2f}" if best and "ms" in ours else "")
    rest = sorted(((n, r["ms"]) for n, r in result.items() if n != "lazuli" and "ms" in r), key=lambda pair: pair[1])
    cells.append(f"{ours['noise'] * 100:.0f} %" if "ms" in ours else "")
    cells.append(f"{ours['err']:.0e}" if "err" in ours else "")
    loop = lambda n: " (loop compiled, not ranked)" if (n, work, case) in LOOPED else ""
    cells.append(", ".join(f"{n} {shown(t)}{loop(n)}" for n, t in rest))
    return "| " + " | ".join(cells) + " |"


def arguments():
    parser = argparse.ArgumentParser(prog="benches/peers/run", description=__doc__.split("\n")[0])
    parser.add_argument("works", nargs="*", metavar="W", help="workloads, such as W1 or W2/f32 (default: all)")
    parser.add_argument("--peers", default=",".join(PEERS), help=f"default: %(default)s; also {','.join(PREALLOCATED)}")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.12, help="timed seconds a program and round")
    parser.add_argument("--json", type=Path, help="where all figures go (default: results.json in the scratch folder)")
    parser.add_argument("--worker", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--scratch", required=True, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    known = {work for work in WORKS} | {f"{work}/{case}" for work, cases in WORKS.items() for case in cases}
    for work in set(options.works) - known:
        parser.error(f"there is no workload {work}; there are {' '.join(WORKS)}")
    options.names = ["lazuli"] + [name for name in options.peers.split(",") if name]
    options.peers_dir = Path(os.environ["PEERS_DIR"]).resolve()
    return options


def main():
    options = arguments()
    shutil.rmtree(options.scratch, ignore_errors=True)
    options.scratch.mkdir(parents=True)
    random.seed(1)
    everything, workers = {}, {}
    print("| workload | Lazuli | best of NumPy, ndarray, NumExpr, JAX | ratio | best of all | ratio | noise | error | all |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    try:
        for work, case in ((work, case) for work, cases in WORKS.items() for case in cases):
            if options.works and not {work, f"{work}/{case}"} & set(options.works):
                continue
            make = [sys.executable, "-c", MAKE_DATA, work, case, str(options.scratch)]
            subprocess.run(make, check=True, env=dict(os.environ, PEERS_DIR=str(options.peers_dir)))
            result = measure(work, case, workers, options)
            for data in options.scratch.glob("*.npy"):
                data.unlink()
            everything[f"{work}/{case}"] = result
            (options.json or options.scratch / "results.json").write_text(json.dumps(everything, indent=1))
            print(row(work, case, result), flush=True)
            for name, why in ((name, r["why"]) for name, r in result.items() if "why" in r):
                print(f"{work}/{case}: {name}: {why}", file=sys.stderr)
    finally:
        for worker in workers.values():
            worker.end()
    return 0 if all("ms" in result["lazuli"] for result in everything.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
