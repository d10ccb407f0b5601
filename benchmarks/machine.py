"""The machine that a benchmark runs on: one thread on one core, and what is told of it."""

import ctypes
import importlib
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ONE_THREAD = {
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
MEASURE = "measure"
# For glibc to keep freed memory, of which it else hands large arrays back, and has to ask for them, page by page, anew.
KEPT_HEAP = {
    "GLIBC_TUNABLES": "glibc.malloc.trim_threshold=17179869184:glibc.malloc.mmap_max=0:glibc.malloc.arena_max=1"
}
PEERS = ("jax", "torch")
CORE_NAMES = [f"{prefix}openblas_get_corename{suffix}" for prefix in ("scipy_", "") for suffix in ("64_", "")]


def measured(script, job, settings, without=()):
    """Records of `measure(job)`, a generator of that script, which runs in a process of its own.

    settings: environment variables for it, as ONE_THREAD; without: those that it shall not see.
    """
    environment = {name: value for name, value in os.environ.items() if name not in without} | settings
    command = [sys.executable, script, MEASURE, json.dumps(job)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            yield json.loads(line)
    if child.returncode:
        raise SystemExit(f"{Path(script).name}: no measurement, exit code {child.returncode}")


def run(main, measure):
    """What a benchmark does as a script: `main`, or in a process that `measured` has started, `measure` on one core."""
    if sys.argv[1:2] != [MEASURE]:
        main()
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    for record in measure(json.loads(sys.argv[2])):
        print(json.dumps(record), flush=True)


def installed(package):
    return importlib.util.find_spec(package) is not None


def absent():
    """What is told of packages that are not installed, or nothing."""
    names = [name for name in PEERS if not installed(name)]
    return f'not installed, and told as -: {" and ".join(names)}; pip install -e ".[peers]"' if names else ""


def cpu_seconds(function, repeats=1):
    """CPU time of a call, in all threads of the process."""
    before = time.process_time()
    for _ in range(repeats):
        function()
    return (time.process_time() - before) / repeats


def description():
    """Processor, packages and BLAS of this process, in sentences."""
    packages = [f"{name} {importlib.import_module(name).__version__}" for name in ("numpy", *filter(installed, PEERS))]
    settings = [
        f"{name}={value}"
        for name, value in sorted(os.environ.items())
        if name.startswith("OPENBLAS_") and name not in ONE_THREAD
    ]
    return [
        f"{_processor()}; {os.cpu_count()} cores, of which one is used, by one thread",
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {', '.join(packages)}",
        f"malloc: {'keeps freed memory' if KEPT_HEAP.items() <= os.environ.items() else 'as the system has it'}",
        f"NumPy's BLAS: {_blas()}; {', '.join(settings) or 'no OPENBLAS_ variable is set'}",
    ]


def _processor():
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0]
    except OSError:
        return platform.processor() or platform.machine()
    told = dict(map(str.strip, line.split(":", 1)) for line in text.splitlines() if ":" in line)
    numbers = [f"{name} {told[key]}" for name, key in (("family", "cpu family"), ("model", "model")) if key in told]
    wide = ["AVX-512"] if "avx512f" in told.get("flags", "").split() else []
    return ", ".join([told.get("model name", platform.machine()), *numbers, *wide])


def _blas():
    """What NumPy was built with, and the processor whose code OpenBLAS chose."""
    import numpy as np

    built = np.show_config("dicts")["Build Dependencies"]["blas"]
    return f"{built['name']} {built['version']}, with the code for {_openblas_core()}"


def _openblas_core():
    try:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "an unknown processor"
    for path in sorted({line.split(maxsplit=5)[5] for line in lines if "openblas" in line}):
        library = ctypes.CDLL(path)
        for name in CORE_NAMES:
            if hasattr(library, name):
                core = getattr(library, name)
                core.restype = ctypes.c_char_p
                return core().decode()
    return "an unknown processor"
