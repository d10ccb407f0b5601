"""Which mistakes in backward functions each gradient checker misses, what it says of right ones, and what it costs.

    python benchmarks/detection/score.py [--every N] [--seeds N] [--jobs N] [--output [FILE]]

A sample of a minute or two: --every 50 --seeds 1.  Checkers whose package is not installed are left out.

gradproof's answer is that of a whole audit, `gradproof.audit(FILE::FUNCTION)`, at a fraction of its price: what float64
shows to be wrong on the first case needs no other case, and what it shows on any case needs no exact arithmetic.  Only
what survives both is audited in full; so is every right function.
"""

import argparse
import importlib
import multiprocessing
import os
import resource
import statistics
import sys
import textwrap
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from detection.alive import EQUIVALENT, RAISES, fate
from detection.checkers import CHECKERS, FINDING, catches
from detection.subjects import CLASSES, SUBJECTS, Candidate

RESULTS = Path(__file__).resolve().parents[1] / "results" / "detection.txt"
SCALES = (1.0, 2.0, 3.0, 10.0)
WIDTH = 80


def cpu_seconds():
    """User and system time of this process and of all that it has waited for."""
    mine, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return mine.ru_utime + mine.ru_stime + children.ru_utime + children.ru_stime


def candidates(every):
    """Each N-th mutant of every class, of which those of one operator stand together."""
    found = {kind: [] for kind in CLASSES}
    for subject in SUBJECTS:
        for kind, mutant in subject.mutants():
            found[kind].append(Candidate(subject, subject.text(mutant.source), kind, mutant))
    for of in found.values():
        of.sort(key=lambda one: one.mutant.operator)
    return [one for kind in CLASSES for one in found[kind][::every]]


def timed(name, candidate, seed=0, scale=1.0):
    started = cpu_seconds()
    caught = catches(CHECKERS[name], candidate, seed, scale)
    return caught, cpu_seconds() - started


def judged(job):
    """{checker: (caught, CPU seconds)} of a candidate at a seed and a scale."""
    candidate, seed, scale = job
    return {name: timed(name, candidate, seed, scale) for name in installed()}


def installed():
    return [name for name, checker in CHECKERS.items() if checker.installed]


def warm():
    """In a process of a pool: what first calls cost is told apart."""
    warnings.simplefilter("ignore")
    for subject in SUBJECTS:
        for name in installed():
            if subject is SUBJECTS[0] or not CHECKERS[name].apart:
                timed(name, subject.right)


def first_calls(job):
    """CPU seconds of importing a checker's package, and of its first call on a mutant of each function."""
    name, mutants = job
    warnings.simplefilter("ignore")
    started = cpu_seconds()
    importlib.import_module(CHECKERS[name].needs)
    return cpu_seconds() - started, [timed(name, one)[1] for one in mutants]


def cold(live):
    """`first_calls` of every checker, each in a fresh process."""
    mutants = list({(one.subject.net, one.subject.function): one for one in reversed(live)}.values())
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as pool:
        return dict(zip(installed(), pool.map(first_calls, [(name, mutants) for name in installed()]), strict=True))


class Lines:
    """What is printed, and written at the end."""

    def __init__(self):
        self.all = []

    def say(self, text=""):
        self.all.append(text)
        print(text, flush=True)

    def title(self, text):
        self.say(f"\n{text}\n{'-' * WIDTH}")

    def row(self, first, *others, widths):
        self.say(
            first.ljust(widths[0])
            + "".join(str(one).rjust(width) for one, width in zip(others, widths[1:], strict=True))
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="take each N-th mutant of every class")
    parser.add_argument("--seeds", type=int, default=3, help="how often right functions are checked at each scale")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--output", nargs="?", const=RESULTS, type=Path, help=f"also write to a file ({RESULTS.name})")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # of overflow in candidates
    lines, started = Lines(), cpu_seconds()
    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=False) as progress:
        made = candidates(options.every)
        fates = run(progress, "which are mistakes", fate, made, options.jobs)
        live = [one for one, found in zip(made, fates, strict=True) if found not in (RAISES, EQUIVALENT)]
        firsts = cold(live)
        found = run(progress, "mistakes", judged, [(one, 0, 1.0) for one in live], options.jobs, warm)
        right = [(one.right, seed, scale) for scale in SCALES for seed in range(options.seeds) for one in SUBJECTS]
        alarms = run(progress, "right functions", judged, right, options.jobs, warm)
    heading(lines, options)
    counted(lines, live, Counter(fates))
    missed(lines, live, found)
    alarmed(lines, right, alarms)
    priced(lines, firsts, found)
    named(lines, live, found)
    lines.say(f"\n{cpu_seconds() - started:.0f} CPU seconds in all")
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text("\n".join(lines.all) + "\n", encoding="utf-8")


def run(progress, name, function, jobs, processes, initializer=None):
    """function of every job, in their order."""
    task = progress.add_task(name, total=len(jobs))
    if processes == 1:
        return [(function(job), progress.advance(task))[0] for job in jobs]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer) as pool:
        return [(one, progress.advance(task))[0] for one in pool.map(function, jobs, chunksize=4)]


def heading(lines, options):
    packages = [
        "numpy",
        *(name for name in ("jax", "torch") if any(CHECKERS[one].needs == name for one in installed())),
    ]
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    blas = ", ".join(
        f"{name}={os.environ[name]}" for name in ("OPENBLAS_CORETYPE", "OMP_NUM_THREADS") if name in os.environ
    )
    lines.say(f"Python {sys.version.split()[0]}, {versions}; {os.cpu_count()} cores{f'; {blas}' if blas else ''}")
    if options.every > 1:
        lines.say(f"a sample: one mutant in {options.every} of every class")
    absent = [name for name, checker in CHECKERS.items() if not checker.installed]
    if absent:
        lines.say(f"not installed, and left out: {', '.join(absent)}")


def counted(lines, live, fates):
    lines.title("Mutants, by function, style and class of the mistake")
    widths = (36, 11, 6, 9, 13, 5)
    lines.row("function, style", *CLASSES, "all", widths=widths)
    for subject in SUBJECTS:
        kinds = Counter(one.kind for one in live if one.subject == subject)
        row = [kinds[kind] for kind in CLASSES]
        lines.row(f"{subject}, {subject.style}", *row, sum(row), widths=widths)
    kinds = Counter(one.kind for one in live)
    lines.row("all", *(kinds[kind] for kind in CLASSES), len(live), widths=widths)
    lines.say(f"not counted: {fates[RAISES]} that raise on every call, {fates[EQUIVALENT]} that change nothing")


def missed(lines, live, found):
    lines.title("Missed, of how many")
    widths = (27, 12, 9, 9, 12, 11)
    lines.row("checker", *CLASSES, "all", widths=widths)
    for name in installed():
        row = []
        for kinds in (*((kind,) for kind in CLASSES), CLASSES):
            said = [one[name][0] for candidate, one in zip(live, found, strict=True) if candidate.kind in kinds]
            row.append(f"{sum(not caught for caught in said)}/{len(said)}")
        lines.row(name, *row, widths=widths)
    alone = sum(one["gradproof"][0] == FINDING for one in found)
    lines.say(f"{alone} of gradproof's are verified with a finding: float32 results, writes, memory")


def alarmed(lines, right, alarms):
    of = len(right) // len(SCALES)
    lines.title(f"False alarms on right functions, inputs scaled: of {of} runs each")
    widths = (30, *[10] * len(SCALES))
    lines.row("checker", *(f"x {scale:g}" for scale in SCALES), widths=widths)
    for name in installed():
        said = {
            scale: [one[name][0] for job, one in zip(right, alarms, strict=True) if job[2] == scale] for scale in SCALES
        }
        lines.row(name, *(sum(map(bool, said[scale])) for scale in SCALES), widths=widths)


def priced(lines, firsts, found):
    lines.title("CPU seconds: import; first call of all, and on a function; median; all mutants")
    widths = (27, 9, 9, 13, 13, 9)
    lines.row("checker", "import", "first", "function's", "median", "all", widths=widths)
    for name in installed():
        imported, (first, *others) = firsts[name]
        times = [one[name][1] for one in found]
        numbers = imported, first, statistics.median(others), statistics.median(times)
        lines.row(name, *(f"{number:.3f}" for number in numbers), f"{sum(times):.0f}", widths=widths)
    lines.say("gradproof imports jax in its first call")


def named(lines, live, found):
    through = [one for one, said in zip(live, found, strict=True) if not said["gradproof"][0]]
    lines.title(f"Missed by gradproof: {len(through)}")
    for one in through:
        told = f"{one.kind}: {one.subject}, {one.subject.style}: {one.mutant.operator}"
        lines.say(
            "\n".join([told, *textwrap.wrap(one.mutant.line, WIDTH, initial_indent="    ", subsequent_indent="    ")])
        )


if __name__ == "__main__":
    main()
