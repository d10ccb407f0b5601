"""Peak memory of forward and backward over a long sequence, each contender in a process of its own.

    python benchmarks/memory.py [--steps T ...] [--contenders NAME ...] [--output [FOLDER]]

Resident memory at its highest, above what the process held when packages were imported, a short sequence had been
run, and the inputs x, da and parameters were made: outputs, gradients and all that is kept or used in between.  jax.jit
is compiled before.  A contender is left out where it would not fit into the memory that is available.
"""

import argparse
import contextlib
import ctypes
import gc
import re
import sys
from functools import partial
from pathlib import Path

import contenders
import machine
import peers
import plot
from report import Report, add_output, number, verdict, whole_number, whole_numbers

ALL = {  # name → contender, in the order of tables and bars
    "textbook": contenders.textbook,
    "fused": partial(contenders.fused, keep=False),
    "checkpointed": partial(contenders.fused, checkpoint=True, keep=False),
    "streamed": contenders.streamed,
    "torch": peers.torch_module,
    "jax.jit": peers.jax_jit,
}
NEEDS = {"jax.jit": "jax", "torch": "torch"}
TARGETS = {"fused": (0.5, 0.45), "checkpointed": (0.15, 0.13)}  # of torch's at TARGETS_AT steps: must, aim
TARGETS_AT = 10_000
STATUS = Path("/proc/self/status")
MB, SHARE = 1e6, 0.85  # of the available memory: what a contender may need


def measure(job):
    """The peak above the baseline, in bytes, of one contender."""
    T, N, D, H = job["size"]
    of = ALL[job["contender"]]
    warm = of(contenders.draw("lstm", contenders.Size(20, N, D, H), "float32"))
    warm.run()
    runner = of(contenders.draw("lstm", contenders.Size(T, N, D, H), "float32"))
    before = baseline()
    returned = runner.run()
    bytes_more = highest() - before
    del returned
    yield {"bytes": bytes_more}


def baseline():
    """Resident bytes now, from where the highest is counted again if the system can do so."""
    gc.collect()
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)  # freed memory that is still resident would be used again, and not be counted
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return highest()


def highest():
    if STATUS.exists():
        return 1024 * int(re.search(r"VmHWM:\s*(\d+)", STATUS.read_text(encoding="ascii"))[1])
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def available():
    """Bytes that are free for use, or None where the system does not tell."""
    try:
        told = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    return 1024 * int(re.search(r"MemAvailable:\s*(\d+)", told)[1])


def collected(report, names, steps, shape):
    """{(contender, T): bytes}, and what is told of those that were left out."""
    found, told = {}, []
    for T in steps:
        for name in names:
            report.progress(f"{name} at T={T:,}")
            needed = max((at * T / t for (one, t), at in found.items() if one == name), default=0)
            free = available()
            if free is not None and needed > SHARE * free:
                told.append(f"left out at T={T:,}: {name}, of {needed / MB:,.0f} MB; {free / MB:,.0f} MB are available")
                continue
            job = {"contender": name, "size": (T, *shape)}
            found[name, T] = next(machine.measured(__file__, job, machine.ONE_THREAD))["bytes"]
    return found, told


def table(report, names, steps, found):
    widths = (15, *(16, 12) * len(steps))
    report.row(widths, "", *(cell for T in steps for cell in (f"T={T:,}: MB", "of torch's")))
    for name in names:
        cells = []
        for T in steps:
            mine, of_torch = (found.get((one, T)) for one in (name, "torch"))
            share = mine / of_torch if mine and of_torch else None
            cells += [f"{mine / MB:,.0f}" if mine else "-", number(share)]
        report.row(widths, name, *cells)


def summary(report, found):
    of_torch = found.get(("torch", TARGETS_AT))
    shares = {name: found[name, TARGETS_AT] / of_torch for name in TARGETS if of_torch and (name, TARGETS_AT) in found}
    if not shares:
        return
    report.title(f"Targets: memory by torch's at T={TARGETS_AT:,}")
    widths = (15, 8, 8, 14)
    report.row(widths, "", "must", "aim", "")
    for name, share in shares.items():
        must, aim = TARGETS[name]
        report.row(widths, name, f"{must:.2f}", f"{aim:.2f}", f"{share:.2f} {verdict(share, must, aim):<8}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", nargs="+", type=whole_number, default=[10_000, 100_000], metavar="T")
    parser.add_argument("--contenders", nargs="+", choices=tuple(ALL), default=list(ALL))
    parser.add_argument("--shape", type=whole_numbers("N,D,H"), default="16,64,64", metavar="N,D,H", help="%(default)s")
    add_output(parser)
    options = parser.parse_args()
    report, steps = Report(), sorted(options.steps)
    shape = ",".join(map(str, options.shape))
    names = [name for name in options.contenders if machine.installed(NEEDS.get(name, "numpy"))]
    found, left_out = collected(report, names, steps, options.shape)
    report.wrapped(*machine.description(), machine.absent())
    report.title(f"LSTM float32, N,D,H={shape}: peak memory of forward and backward")
    table(report, options.contenders, steps, found)
    report.wrapped(*left_out)
    summary(report, found)
    if options.output:
        groups = [f"T={T:,}" for T in steps]
        of = {name: [(found[name, T],) * 3 if (name, T) in found else None for T in steps] for name in names}
        bars = {name: [bar and tuple(end / MB for end in bar) for bar in bars] for name, bars in of.items()}
        title = "Peak memory of forward and backward, above packages and inputs"
        panel = plot.Bars(f"LSTM float32, N,D,H={shape}", "MB; lower is better", groups, bars, values=True)
        report.write(options.output, "memory", {"memory": plot.figure(title, [panel], width=720, height=340)})


if __name__ == "__main__":
    machine.run(main, measure)
