"""CPU time of forward and backward over a sequence: textbook, fused, jax.jit, torch, and the matrix products alone.

    python benchmarks/speed.py [--nets lstm ...] [--sizes T,N,D,H ...] [--dtypes float32 ...] [--output [FOLDER]]

One thread on one core.  Contenders take turns, round by round, and a ratio is that of the times of one round.  Before
they are timed, outputs and all gradients of every contender are compared with those of the textbook in float64.

OPENBLAS_CORETYPE names the processor for which OpenBLAS, so NumPy and no peer, chooses its code.  Where it is set, all
is measured twice, in two processes: as it is set, and unset, when OpenBLAS chooses by itself.

What a contender pays for memory is in its time.  glibc hands large arrays back and asks for them anew, or does not, as
the heap happens to lie: torch and jax, which make new ones in every call, then pay up to 40% of their time for pages,
or nothing; a Workspace always nothing.  With --heap kept nobody does.
"""

import argparse
import gc
import math
import os
import time
from statistics import median, quantiles
from typing import NamedTuple

import contenders
import machine
import peers
import plot
from report import WIDTH, Report, add_output, number, verdict, whole_number, whole_numbers

CORETYPE = "OPENBLAS_CORETYPE"
SIZES = ("10,10,3,5", "25,1,65,100", "20,32,64,128", "50,64,128,256", "1000,16,64,64", "100,32,256,512")
DTYPES = ("float32", "float64")
LONG = 100  # steps: checkpoints are of use from here on, a loop of torch operations is timed up to here
TURN = 0.05  # CPU seconds, at least, of a contender in a round
LEAST, MOST = 4, 21  # rounds
ALL = {
    "textbook": contenders.textbook,
    "fused": contenders.fused,
    "drop-in": contenders.drop_in,
    "checkpointed": contenders.checkpointed,
    "jax.jit": peers.jax_jit,
    "torch": peers.torch_module,
    "torch loop": peers.torch_loop,
    "GEMM only": contenders.products,
}
NEEDS = {"jax.jit": "jax", "torch": "torch", "torch loop": "torch"}
RATIOS = (("fused", "textbook"), ("fused", "jax.jit"), ("fused", "torch"), ("GEMM only", "fused"))
ENVIRONMENTS = ("as set", "unset")
SHORT = {"checkpointed": "checkpt", "torch loop": "loop", "GEMM only": "GEMM"}
LEGEND = """fused: manual/fused, time-major, with a Workspace that is kept. drop-in: manual/fused with the textbook's
signature. checkpt: fused with checkpoint=True. jax.jit: jax.vjp of a lax.scan, all products inside. torch: nn.RNN,
nn.LSTM, nn.GRU with torch.autograd.grad. loop: a loop of torch operations. GEMM: the matrix products alone. The GRU
resets after the product, as torch does."""


class Row(NamedTuple):
    """A target: a ratio at one size, or the worst of several."""

    net: str
    dtype: str
    of: str
    to: str
    sizes: tuple[str, ...]
    must: float
    aim: float
    most: bool = True  # at most, or at least
    anywhere: bool = True  # or only where OpenBLAS chooses by itself


def of_lstm(of, to, must, aim, *sizes, **options):
    return [Row("lstm", "float32", of, to, (size,), must, aim, **options) for size in sizes]


TINY, ONE, SMALL, BATCHED, LONGEST, LARGE = SIZES
TARGETS = [
    *of_lstm("fused", "jax.jit", 1.2, 0.9, TINY, ONE),
    *of_lstm("fused", "jax.jit", 1.15, 1.0, SMALL),
    *of_lstm("fused", "jax.jit", 0.95, 0.8, BATCHED, LONGEST, LARGE),
    *of_lstm("fused", "torch", 0.6, 0.3, TINY, ONE),
    *of_lstm("fused", "torch", 1.15, 1.0, SMALL, BATCHED, LONGEST, LARGE, anywhere=False),
    Row("lstm", "float64", "fused", "torch", SIZES, 0.8, 0.7),
    *(Row(net, dtype, "fused", "torch", SIZES, 0.9, 0.75) for net in ("rnn", "gru") for dtype in DTYPES),
    *of_lstm("GEMM only", "fused", 0.75, 0.85, SMALL, BATCHED, LARGE, most=False),
    *of_lstm("GEMM only", "fused", 0.55, 0.70, LONGEST, most=False),
    *of_lstm("GEMM only", "fused", 0.40, 0.50, ONE, most=False),
    *of_lstm("checkpointed", "fused", 1.6, 1.4, LONGEST, LARGE),
]


def takes_part(name, size):
    steps = {"checkpointed": size.T >= LONG, "torch loop": size.T <= LONG}
    return steps.get(name, True) and (name not in NEEDS or machine.installed(NEEDS[name]))


def measure(job):
    """First the machine; then of every net, size and dtype the times of all contenders in every round."""
    yield {"machine": machine.description()}
    for net in job["nets"]:
        for text in job["sizes"]:
            size = contenders.Size(*map(int, text.split(",")))
            right = contenders.textbook(contenders.draw(net, size, "float64"))
            expected = right.read(right.run())
            for dtype in job["dtypes"]:
                problem = contenders.draw(net, size, dtype)
                runners = {name: of(problem) for name, of in ALL.items() if takes_part(name, size)}
                for name, runner in runners.items():
                    if actual := runner.read(runner.run()):
                        contenders.check(f"{net} {dtype} at {text}, {name}", actual, expected, dtype)
                times = rounds(runners, job["seconds"], job["rounds"])
                compiling = runners["jax.jit"].compile_seconds if "jax.jit" in runners else None
                yield {"net": net, "size": text, "dtype": dtype, "times": times, "compiling": compiling}


def rounds(runners, seconds, count):
    """{contender: CPU time of a call in every round}; every second round goes backwards."""
    gc.collect()
    gc.freeze()  # what others left is no garbage of a contender's
    times, repeats = {name: [] for name in runners}, {}
    end = time.monotonic() + seconds
    done = 0
    while done < (count or LEAST) or (not count and done < MOST and time.monotonic() < end):
        for name in list(runners)[:: -1 if done % 2 else 1]:
            times[name].append(turn(name, runners[name].run, repeats))
        done += 1
    gc.unfreeze()
    return times


def turn(name, run, repeats):
    """CPU time of a call, of which there are as many as TURN asks for: how many is found in the first turn."""
    if name not in repeats:
        once = machine.cpu_seconds(run)
        repeats[name] = math.ceil(TURN / once)
        if repeats[name] == 1:
            return once
    return machine.cpu_seconds(run, repeats[name])


def ratio(record, of, to):
    """Median, 10th and 90th percentile of the ratio in each round; None where one was not measured."""
    times = record["times"]
    if of not in times or to not in times:
        return None
    each = [one / other for one, other in zip(times[of], times[to], strict=True)]
    tenths = quantiles(each, n=10, method="inclusive") if len(each) > 1 else each
    return median(each), tenths[0], tenths[-1]


def tables(report, net, dtype, records):
    """CPU times, and ratios, of one net and dtype at every size."""
    report.title(f"{net.upper()} {dtype}: CPU milliseconds, median")
    widths = (15, 9, 7, 8, 8, 8, 7, 6, 6, 6)
    report.row(widths, "T,N,D,H", *(SHORT.get(name, name) for name in ALL), "n")
    for record in records:
        times = {name: median(of) * 1e3 for name, of in record["times"].items()}
        done = len(record["times"]["fused"])
        report.row(widths, record["size"], *(number(times.get(name)) for name in ALL), done)
    report.say("n: rounds.  Ratios: median, 10th to 90th percentile.  jit: seconds of compiling")
    widths = (15, 15, 15, 15, 15, 5)
    report.row(widths, "T,N,D,H", *(f"{SHORT.get(of, of)}/{SHORT.get(to, to)}" for of, to in RATIOS), "jit")
    for record in records:
        told = [spread(ratio(record, of, to)) for of, to in RATIOS]
        report.row(widths, record["size"], *told, number(record["compiling"]))


def spread(found):
    if found is None:
        return "-"
    middle, low, high = (f"{value:.{1 if value >= 9.995 else 2}f}" for value in found)
    return f"{middle} {low}-{high}"


def summary(report, found):
    """Targets beside what was measured.  found: {environment: records}."""
    told = {row: [judged(row, found.get(name, []), name == "unset") for name in ENVIRONMENTS] for row in TARGETS}
    told = {row: cells for row, cells in told.items() if any(cells)}
    if not told:
        return
    report.title("Targets: median ratios of CPU times")
    widths = (24, 15, 6, 6, 14, 14)
    report.row(widths, "", "T,N,D,H", "must", "aim", *ENVIRONMENTS)
    for row, cells in told.items():
        at = row.sizes[0] if len(row.sizes) == 1 else "worst of all"
        what = f"{row.net.upper()} {row.dtype} {SHORT.get(row.of, row.of)}/{SHORT.get(row.to, row.to)}"
        bounds = f"{row.must:.2f}", f"{row.aim:.2f}"
        report.row(widths, what.replace("float", "f"), at, *bounds, *(cell or "-" for cell in cells))
    report.say("GEMM/fused at least, others at most; met: the aim, must met: what it must be.")
    if "as set" not in found:
        report.say(f"as set: {CORETYPE} was not set, or not measured.")


def judged(row, records, unset):
    """A measured ratio with its verdict, where there is one; nothing where sizes are missing."""
    at = [one for one in records if (one["net"], one["dtype"]) == (row.net, row.dtype) and one["size"] in row.sizes]
    middles = [found[0] for one in at if (found := ratio(one, row.of, row.to))]
    if len(middles) < len(row.sizes):
        return None
    worst = (max if row.most else min)(middles)
    return f"{worst:.2f} {verdict(worst, row.must, row.aim, row.most) if unset or row.anywhere else '':<8}"


def figure(title, records):
    """Every contender's time by that of fused, as bars."""
    panels = []
    for net, dtype in dict.fromkeys((one["net"], one["dtype"]) for one in records):
        of = [one for one in records if (one["net"], one["dtype"]) == (net, dtype)]
        sizes = [contenders.Size(*map(int, one["size"].split(","))) for one in of]
        labels = [f"T={size.T} N={size.N}\nD={size.D} H={size.H}" for size in sizes]
        series = {name: [ratio(one, name, "fused") for one in of] for name in ALL if name != "fused"}
        series = {name: bars for name, bars in series.items() if any(bars)}
        panels.append(plot.Bars(f"{net.upper()} {dtype}", "times fused; lower is faster", labels, series, origin=1.0))
    return plot.figure(title, panels, width=620, height=290)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nets", nargs="+", choices=tuple(contenders.GATES), default=list(contenders.GATES))
    parser.add_argument("--sizes", nargs="+", type=size_of, default=list(SIZES), metavar="T,N,D,H")
    parser.add_argument("--dtypes", nargs="+", choices=DTYPES, default=list(DTYPES))
    parser.add_argument("--environments", nargs="+", choices=ENVIRONMENTS, default=list(ENVIRONMENTS), help=CORETYPE)
    parser.add_argument("--seconds", type=float, default=3.0, help="wall time of a net, size and dtype")
    parser.add_argument("--rounds", type=whole_number, help=f"instead of {LEAST} to {MOST} as the time allows")
    parser.add_argument("--heap", choices=("default", "kept"), default="default", help="what becomes of freed memory")
    add_output(parser)
    options = parser.parse_args()
    report, found, plots = Report(), {}, {}
    heap = machine.KEPT_HEAP if options.heap == "kept" else {}
    job = {name: getattr(options, name) for name in ("nets", "sizes", "dtypes", "seconds", "rounds")}
    environments = [one for one in options.environments if one == "unset" or CORETYPE in os.environ]
    if not environments:
        parser.error(f"{CORETYPE} is not set")
    for environment in environments:
        set_to = f"={os.environ[CORETYPE]}, as set" if environment == "as set" else " unset"
        told, *records = progressing(report, job, environment, heap)
        common, blas = told["machine"][:-1], told["machine"][-1]
        if not found:
            report.wrapped(LEGEND, *common, machine.absent())
        report.say("", f"{CORETYPE}{set_to}", "=" * WIDTH)
        report.wrapped(blas)
        found[environment] = records
        for net in options.nets:
            for dtype in options.dtypes:
                tables(report, net, dtype, [one for one in records if (one["net"], one["dtype"]) == (net, dtype)])
        name = f"speed-{environment.replace(' ', '-')}"
        plots[name] = figure(f"CPU time of forward and backward, fused = 1; {CORETYPE}{set_to}", records)
    summary(report, found)
    if options.output:
        report.write(options.output, "speed", plots)


def size_of(text):
    """The text of a size, as the tables have it."""
    return ",".join(map(str, whole_numbers("T,N,D,H")(text)))


def progressing(report, job, environment, heap):
    count = len(job["nets"]) * len(job["sizes"]) * len(job["dtypes"])
    records = []
    without = [CORETYPE] if environment == "unset" else []
    for record in machine.measured(__file__, job, machine.ONE_THREAD | heap, without):
        records.append(record)
        report.progress(f"{CORETYPE} {environment}: {len(records) - 1} of {count}")
    return records


if __name__ == "__main__":
    machine.run(main, measure)
