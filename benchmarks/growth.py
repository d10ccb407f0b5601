"""How CPU time and memory of the fused functions grow with T and with H, whole and checkpointed.

    python benchmarks/growth.py [--net lstm] [--seconds S] [--output [FOLDER]]

One thread on one core; time is the median of rounds in which whole and checkpointed take turns.  Memory is the peak
that tracemalloc sees, to which NumPy reports its buffers: the same in every run.  The outputs a and dx, which grow with
T whatever is done, are subtracted from it.  An exponent is the slope of least squares through the logarithms of the
points from FROM on, where costs of a call and buffers that have one size at any length no longer count.
"""

import argparse
import gc
import math
import time
import tracemalloc
from statistics import linear_regression, median

import contenders
import machine
import plot
from report import Report, add_output, number, verdict

VARIANTS = {"whole": None, "checkpointed": True}
AXES = {"T": [100, 300, 1000, 3000, 10_000, 20_000, 50_000, 100_000], "H": [16, 32, 64, 128, 256, 512]}
FIXED = {"T": {"N": 16, "D": 64, "H": 64}, "H": {"T": 200, "N": 16, "D": 64}}
FROM = {("T", "seconds"): 1000, ("T", "bytes"): 10_000, ("H", "seconds"): 128, ("H", "bytes"): 128}
LEAST, MOST = 3, 15  # rounds
KINDS = {"seconds": ("CPU time", "milliseconds", 1e-3), "bytes": ("memory", "MB, beyond a and dx", 1e6)}
TARGETS = {  # exponents: must, aim
    ("T", "seconds", "whole"): (1.05, 1.0),
    ("T", "seconds", "checkpointed"): (1.05, 1.0),
    ("T", "bytes", "checkpointed"): (0.6, 0.5),
}


def measure(job):
    """The machine; then of every axis, value and variant the CPU time and the memory."""
    yield {"machine": machine.description()}
    for axis, values in AXES.items():
        for value in values:
            problem = contenders.draw(job["net"], contenders.Size(**FIXED[axis] | {axis: value}), "float32")
            runs = {name: contenders.fused(problem, every, keep=False).run for name, every in VARIANTS.items()}
            for name, seconds in rounds(runs, job["seconds"]).items():
                at = {"axis": axis, "value": value, "variant": name}
                yield {**at, "seconds": seconds, "bytes": beyond(runs[name])}


def rounds(runs, seconds):
    """{variant: median CPU time of a call}."""
    times = {name: [] for name in runs}
    end = time.monotonic() + seconds
    for done in range(MOST):
        if done >= LEAST and time.monotonic() > end:
            break
        for name, run in runs.items():
            times[name].append(machine.cpu_seconds(run))
    return {name: median(of) for name, of in times.items()}


def beyond(run):
    """Bytes at the peak beyond the outputs a and dx."""
    gc.collect()
    tracemalloc.start()
    a, gradients = run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak - a.nbytes - gradients["dx"].nbytes


def points(records, axis, kind, variant):
    return [(one["value"], one[kind]) for one in records if (one["axis"], one["variant"]) == (axis, variant)]


def exponent(of, axis, kind):
    """The slope of the last points, from FROM on, on log axes."""
    last = [(math.log(x), math.log(y)) for x, y in of if x >= FROM[axis, kind]]
    return linear_regression(*zip(*last, strict=True)).slope


def fixed(axis):
    return ", ".join(f"{name}={value}" for name, value in FIXED[axis].items())


def table(report, net, axis, records):
    report.title(f"{net.upper()} float32, {fixed(axis)}: with {axis}")
    widths = (16, 12, 13, 13, 13, 13)
    report.row(widths, "", "ms whole", "checkpointed", "by whole", "MB whole", "checkpointed")
    of = {(kind, variant): points(records, axis, kind, variant) for kind in KINDS for variant in VARIANTS}
    for values in zip(*of.values(), strict=True):
        told = [y / KINDS[kind][2] for (kind, _), (_, y) in zip(of, values, strict=True)]
        told.insert(2, told[1] / told[0])
        report.row(widths, f"{axis}={values[0][0]:,}", *map(number, told))
    told = [f"{exponent(one, axis, kind):.2f}" for (kind, _), one in of.items()]
    report.row(widths, "exponent", *told[:2], "", *told[2:])
    first = [f"{FROM[axis, kind]:,}" for kind in KINDS]
    report.say(f"exponent: fitted from {axis}={first[0]} on for time, from {axis}={first[1]} on for memory")


def summary(report, records):
    report.title("Targets: exponents")
    widths = (36, 8, 8, 14)
    report.row(widths, "", "must", "aim", "")
    for (axis, kind, variant), (must, aim) in TARGETS.items():
        measured = exponent(points(records, axis, kind, variant), axis, kind)
        told = f"{measured:.2f} {verdict(measured, must, aim):<8}"
        report.row(widths, f"{KINDS[kind][0]} in {axis}, {variant}", f"{must:.2f}", f"{aim:.2f}", told)


def figure(net, records):
    panels = []
    for axis in AXES:
        for kind, (name, unit, factor) in KINDS.items():
            of = {variant: points(records, axis, kind, variant) for variant in VARIANTS}
            powers = {variant: exponent(one, axis, kind) for variant, one in of.items()}
            notes = tuple(f"{variant}: {axis} to the power {power:.2f}" for variant, power in powers.items())
            series = {variant: [(x, y / factor) for x, y in one] for variant, one in of.items()}
            panels.append(plot.Lines(f"{name}, {fixed(axis)}", axis, unit, series, notes))
    return plot.figure(f"Growth of forward and backward, fused {net.upper()}, float32", panels)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--net", choices=tuple(contenders.GATES), default="lstm")
    parser.add_argument("--seconds", type=float, default=3.0, help=f"wall time of a size; {LEAST} rounds in any case")
    add_output(parser)
    options = parser.parse_args()
    report, records = Report(), []
    count = len(VARIANTS) * sum(map(len, AXES.values()))
    job = {"net": options.net, "seconds": options.seconds}
    for record in machine.measured(__file__, job, machine.ONE_THREAD | machine.KEPT_HEAP):
        if "machine" in record:
            report.wrapped(*record["machine"])
        else:
            records.append(record)
            report.progress(f"{len(records)} of {count}")
    for axis in AXES:
        table(report, options.net, axis, records)
    summary(report, records)
    if options.output:
        report.write(options.output, "growth", {"growth": figure(options.net, records)})


if __name__ == "__main__":
    machine.run(main, measure)
