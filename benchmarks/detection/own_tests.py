"""Would the project's own tests notice a mistake in manual/?  Mutants of four of its files against their tests.

    python benchmarks/detection/own_tests.py [--only NET] [--every N] [--jobs N] [--output [FILE]]

One process collects the tests of a file and runs them once, in a copy of the repository, so that all twins are traced.
Each mutant then has a fork of it, in which the code of the functions is exchanged in memory, whoever holds them, and in
which only those tests run that reach the mutated function, first those that have killed most of its mutants.  The first
test that fails kills.  Hypothesis draws FEW examples, always the same; what survives them runs again with those of CI.

What survives that is in EQUIVALENT, with the reason, or shows that a test is missing: then the exit status is 1.  Where
a reason is a matter of numbers, an audit by gradproof decides it, in exact arithmetic.
The 830 mutants of manual/rnn.py take 130 CPU seconds; a survivor takes up to ten.  --every 6 leaves 780 of all 4,675.
"""

import argparse
import gc
import importlib
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import warnings
from collections import Counter, defaultdict
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from types import FunctionType

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from detection.own_mutants import ARGUED, ROOT, mutants

RESULTS = ROOT / "benchmarks" / "results" / "own_tests.txt"
TESTS = {
    "rnn": ("test_rnn.py", "test_shapes.py"),
    "lstm": ("test_lstm.py", "test_shapes.py"),
    "gru": ("test_gru.py",),
    "losses": ("test_losses.py", "test_shapes.py"),
}
FEW = 10  # examples
LIMIT = 30, 120  # CPU seconds that a mutant may take, with few examples and with all


def plant(mutant):
    """Exchange the code of the functions, so that everybody who holds one has the mutated one."""
    module = importlib.import_module(f"manual.{mutant.net}")
    names = {"__name__": module.__name__, "__package__": module.__package__}
    exec(compile(mutant.source, f"<{mutant.net}>", "exec"), names)
    for name, new in names.items():
        old = vars(module).get(name)
        if isinstance(old, FunctionType) and old.__module__ == module.__name__:
            old.__code__, old.__defaults__ = new.__code__, new.__defaults__
        elif not name.startswith("__"):
            setattr(module, name, new)


class Plugin:
    """What pytest calls: in place of its loop over tests, ours over mutants."""

    def __init__(self, made, jobs, progress):
        self.made, self.jobs, self.progress = made, jobs, progress
        self.reached, self.failed, self.broken = {}, False, ""
        self.kills, self.found = defaultdict(Counter), {}

    def pytest_runtest_logreport(self, report):
        self.failed |= report.failed

    def pytest_runtestloop(self, session):
        self.items = {net: [one for one in session.items if one.path.name in files] for net, files in TESTS.items()}
        wanted = {one.net for one in self.made}
        for item in dict.fromkeys(item for net in wanted for item in self.items[net]):
            self._recorded(item)
            if self.failed:
                self.broken = f"{item.nodeid} fails on the right functions"
                return True
        gc.freeze()
        self._all()
        return True

    def _recorded(self, item):
        """Run a test, and see which functions of manual/ it reaches."""
        folder, reached = str(Path("manual").resolve()), set()

        def called(frame, event, _):
            if event == "call" and frame.f_code.co_filename.startswith(folder):
                reached.add((Path(frame.f_code.co_filename).stem, frame.f_code.co_name))

        sys.setprofile(called)
        try:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        finally:
            sys.setprofile(None)
        self.reached[item] = reached

    def _all(self):
        waiting, running = [(one, False) for one in reversed(self.made)], {}
        while waiting or running:
            while waiting and len(running) < self.jobs:
                mutant, thorough = waiting.pop()
                pid, pipe = self._fork(mutant, thorough)
                running[pid] = mutant, thorough, pipe
            pid, status = os.wait()
            mutant, thorough, pipe = running.pop(pid)
            with os.fdopen(pipe) as told:
                killer = told.read()
            if os.WIFSIGNALED(status):
                killer = "the time limit" if os.WTERMSIG(status) == signal.SIGPROF else f"signal {os.WTERMSIG(status)}"
            if not killer and not thorough and mutant.equivalent is None:
                waiting.append((mutant, True))
                continue
            self.kills[mutant.of][killer] += 1
            self.found[mutant] = killer, thorough
            self.progress(len(self.found), killer, mutant)

    def _fork(self, mutant, thorough):
        """(process, pipe) of a fork that writes which test fails, nothing if none does."""
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # JAX warns of threads; nothing of it runs here
            pid = os.fork()
        if pid:
            os.close(writing)
            return pid, reading
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(1, 2)
            signal.setitimer(signal.ITIMER_PROF, LIMIT[thorough])
            os.write(writing, self._killer(mutant, thorough).encode())
        finally:
            os._exit(0)

    def _killer(self, mutant, thorough):
        try:
            plant(mutant)
        except Exception:
            return "the import"
        function = any((mutant.net, mutant.of) in reached for reached in self.reached.values())
        items = [one for one in self.items[mutant.net] if not function or (mutant.net, mutant.of) in self.reached[one]]
        items.sort(key=lambda item: -self.kills[mutant.of][item.nodeid])
        if thorough:
            with_all_examples(items)
        self.failed = False
        for item, following in zip_longest(items, items[1:]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                return item.nodeid
        return ""


def with_all_examples(items):
    """Give tests as many examples as CI does."""
    from hypothesis import settings

    more = settings(settings.get_profile("few"), max_examples=settings.get_profile("ci").max_examples)
    for function in {item.function for item in items if hasattr(item.function, "hypothesis")}:
        more(function)


@contextmanager
def copy():
    """The repository's packages and tests in a folder of their own, from which they are imported."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("manual", "autodiff", "gradproof", "tests"):
            shutil.copytree(ROOT / name, Path(folder) / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        sys.path[:0], os.environ["PYTHONPATH"] = [folder], folder
        os.chdir(folder)
        yield
        os.chdir(ROOT)


def run(made, jobs, progress):
    """{mutant: (what killed it, "" if nothing did, whether with all examples)}."""
    import pytest
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile(
        "few",
        max_examples=FEW,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],  # which is the smallest example is of no interest
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    os.environ["HYPOTHESIS_PROFILE"] = "few"
    plugin = Plugin(made, jobs, progress)
    files = sorted({f"tests/{file}" for one in made for file in TESTS[one.net]})
    words = "-o addopts= -p no:terminal -p no:cacheprovider -s --assert=plain"
    status = pytest.main([*words.split(), *files], plugins=[plugin])
    if len(plugin.found) < len(made):
        sys.exit(plugin.broken or f"pytest ended with {status}")
    assert Path(importlib.import_module("manual").__file__).parents[1] == Path.cwd().resolve()
    return plugin.found


def verified(mutant):
    """Whether gradproof, in exact arithmetic, finds every gradient of the mutated function to be the right one."""
    import gradproof

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "candidate.py"
        file.write_text(mutant.source.replace("from .", "from manual."), encoding="utf-8")
        return bool(gradproof.audit(f"{file}::{mutant.of}", examples=0, repair_budget=0))


def report(found, lines):
    """Add what is to be said; whether every mutant that is a mistake was killed."""
    alive = [one for one, (killer, _) in found.items() if not killer]
    same = {one: one.equivalent for one in alive if one.equivalent and (one.equivalent[0] == ARGUED or verified(one))}
    missed = [one for one in alive if one not in same]
    wrong = [one for one, (killer, _) in found.items() if killer and one.equivalent]
    lines.append(f"{'file':<20}{'mutants':>9}{'killed':>9}{'equivalent':>12}{'survived':>10}{'score':>9}")
    for net in (*TESTS, ""):
        of = [one for one in found if net in ("", one.net)]
        equal, lost = (sum(net in ("", one.net) for one in some) for some in (same, missed))
        name = f"manual/{net}.py" if net else "all"
        killed = len(of) - equal - lost
        if of:
            score = f"{killed / max(1, len(of) - equal):.2%}"
            lines.append(f"{name:<20}{len(of):>9}{killed:>9}{equal:>12}{lost:>10}{score:>9}")
    by = Counter(re.sub(r".*::|\[.*", "", killer) for killer, _ in found.values() if killer)
    late = sum(bool(killer) and thorough for killer, thorough in found.values())
    lines.append(f"\n{late} killed by more than {FEW} examples alone.  What killed most:")
    lines.extend(f"{count:>6}  {name}" for name, count in by.most_common(12))
    lines.append(f"\nequivalent: {len(same)}")
    for (who, why), count in Counter(same.values()).most_common():
        lines.append(f"{count:>6}  {why} ({who})")
    for title, some in (("survived", missed), ("killed, though called equivalent", wrong)):
        lines.append(f"\n{title}: {len(some)}")
        lines.extend(f"  {one}" for one in some)
    return not missed and not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=TESTS, help="the file of manual/")
    parser.add_argument("--every", type=int, default=1, help="take each N-th mutant")
    parser.add_argument("--jobs", type=int, default=1, help="forks at a time")
    parser.add_argument("--output", nargs="?", const=RESULTS, type=Path, help=f"also write to a file ({RESULTS.name})")
    options = parser.parse_args()
    made = [one for net in TESTS if options.only in (None, net) for one in mutants(net)[:: options.every]]

    def progress(count, killer, mutant):
        if not killer and not mutant.equivalent:
            print(f"{count}/{len(made)} {mutant} [{mutant.operator}]", file=sys.stderr, flush=True)

    lines = []
    with copy():
        passed = report(run(made, options.jobs, progress), lines)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    lines.append(f"\n{sum(one.ru_utime + one.ru_stime for one in used):.0f} CPU seconds in all")
    print("\n".join(lines))
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
