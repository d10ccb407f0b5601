"""CPU time of a whole audit from the shell, cold: the command, its candidate's process, and everything they import.

    python benchmarks/audit_time.py [FILE ...] [--runs N]

Without files: the example of eight right functions; one whose sequence function is wrong; and the eight functions with
three mistakes in them, which are shrunk, searched and repaired.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "examples"
# what right.py says, and what it says with a mistake: a term without its factor, another variable, a forgotten carry
MISTAKES = (
    ('"c": dc * i - dc * i * candidate ** 2', '"c": dc * i - dc * candidate ** 2'),
    ("dc * c_prev * (f - f ** 2)", "dc * c_next * (f - f ** 2)"),
    ("W[:, :n_a].T @ packed[..., t], dc * f", "W[:, :n_a].T @ packed[..., t], dc"),
)


def cpu_seconds(file: Path) -> float:
    """User and system time of one audit and all the processes that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "gradproof", "audit", str(file)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{file}: exit code {done.returncode}\n{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def with_mistakes(folder: Path) -> Path:
    """The eight functions with mistakes, in a file of their own."""
    source = (EXAMPLES / "right.py").read_text(encoding="utf-8")
    for right, wrong in MISTAKES:
        assert source.count(right) == 1, right
        source = source.replace(right, wrong)
    path = folder / "three_mistakes.py"
    path.write_text(source, encoding="utf-8")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    folder = tempfile.TemporaryDirectory(prefix="gradproof-")
    files = options.files or [
        EXAMPLES / "right.py",
        EXAMPLES / "lstm_severed_bptt.py",
        with_mistakes(Path(folder.name)),
    ]
    set_to = {name: os.environ[name] for name in ("OPENBLAS_CORETYPE", "OMP_NUM_THREADS") if name in os.environ}
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {set_to or 'no BLAS settings'}")
    print(f"{'file':<40} {'median':>9} {'least':>9} {'most':>9}   CPU seconds of {options.runs} runs")
    for file in files:
        times = [cpu_seconds(file) for _ in range(options.runs)]
        print(f"{file.name:<40} {statistics.median(times):>9.2f} {min(times):>9.2f} {max(times):>9.2f}")


if __name__ == "__main__":
    main()
