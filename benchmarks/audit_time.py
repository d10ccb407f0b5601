"""CPU time of a whole audit from the shell, cold: the command, its candidate's process, and everything they import.

    python benchmarks/audit_time.py [FILE ...] [--runs N]

Without files: the example of eight right functions, and one whose sequence function is wrong and is shrunk.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "examples"


def cpu_seconds(file: Path) -> float:
    """User and system time of one audit and all the processes that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "gradproof", "audit", str(file)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{file}: exit code {done.returncode}\n{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    files = options.files or [EXAMPLES / "right.py", EXAMPLES / "lstm_severed_bptt.py"]
    set_to = {name: os.environ[name] for name in ("OPENBLAS_CORETYPE", "OMP_NUM_THREADS") if name in os.environ}
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {set_to or 'no BLAS settings'}")
    print(f"{'file':<40} {'median':>9} {'least':>9} {'most':>9}   CPU seconds of {options.runs} runs")
    for file in files:
        times = [cpu_seconds(file) for _ in range(options.runs)]
        print(f"{file.name:<40} {statistics.median(times):>9.2f} {min(times):>9.2f} {max(times):>9.2f}")


if __name__ == "__main__":
    main()
