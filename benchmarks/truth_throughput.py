"""Cases a second of the truth when every case has another shape: the derivative program, XLA, eager JAX, gradcheck.

    python benchmarks/truth_throughput.py [--cases N] [--seed N]

A case is an LSTM sequence with predictions in float64, sizes to 8 and up to 16 steps: its outputs and every gradient.
CPU time of one process with one thread for matrix products; what is paid once is listed by itself.
"""

import argparse
import importlib
import os
import platform
import time

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
os.environ["JAX_PLATFORMS"] = "cpu"
LARGEST = {"n_x": 8, "n_a": 8, "n_y": 8, "m": 8, "T": 16}
CHECKED = {"n_x": 8, "n_a": 4, "m": 4, "T": 4}  # by gradcheck: default mode takes too long for much more


def timed(function):
    """What it returns, and the CPU time of all threads until then, since XLA compiles in several."""
    before = time.process_time()
    returned = function()
    return returned, time.process_time() - before


def drawn(contract, cases, seed):
    """(sizes, inputs, cotangents) for different sizes."""
    import numpy as np

    from gradproof.cases import Case, inputs_of
    from gradproof.contracts import sizes_of

    generator = np.random.default_rng(seed)
    found = {}
    while len(found) < cases:
        sizes = {name: int(generator.integers(1, largest + 1)) for name, largest in LARGEST.items()}
        cotangents = {
            name: generator.standard_normal(sizes_of(dimensions, sizes))
            for name, dimensions in contract.outputs.items()
        }
        found[tuple(sizes.values())] = sizes, inputs_of(contract, Case(sizes), contract.optional), cotangents
    return list(found.values())


def row(name, function, cases):
    """Print what a case takes; returns cases a second."""
    _, taken = timed(lambda: [function(*case) for case in cases])
    print(f"{name:<54} {len(cases):>5} {taken / len(cases) * 1e3:>9.2f} {len(cases) / taken:>9.1f}")
    return len(cases) / taken


def gradchecks():
    """torch.autograd.gradcheck of an nn.LSTM: its inputs, both states and its four parameters."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    T, m, n_x, n_a = (CHECKED[name] for name in ("T", "m", "n_x", "n_a"))
    lstm = torch.nn.LSTM(n_x, n_a, dtype=torch.float64)
    arrays = [
        torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in [(T, m, n_x), *2 * [(1, m, n_a)]]
    ]

    def outputs(x, h, c, *parameters):  # which gradcheck changes in place
        a, (h, c) = lstm(x, (h, c))
        return a, h, c

    for fast, cases in ((False, 2), (True, 20)):
        mode = "fast mode" if fast else "default"
        arguments = cases * [(outputs, [*arrays, *lstm.parameters()], fast)]
        told = f"torch gradcheck, {mode}, {tuple(CHECKED.values())}"
        row(told, lambda *case: torch.autograd.gradcheck(case[0], case[1], fast_mode=case[2]), arguments)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=1000, help="for the program; XLA gets one in a hundred")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    jax, importing = timed(lambda: importlib.import_module("jax"))
    from autodiff import truth
    from gradproof import references
    from gradproof.arithmetic.program import trace
    from gradproof.contracts.coursera import LSTM_FORWARD as LSTM

    def forward(inputs):
        return references._forward(LSTM, inputs)

    def outputs_and_gradients(inputs, cotangents):
        outputs, pullback = jax.vjp(forward, inputs)
        return jax.tree.map(jax.numpy.asarray, (outputs, pullback(cotangents)))

    def program(sizes, inputs, cotangents):
        return references.outputs_and_gradients(LSTM, sizes, inputs, cotangents)

    def of_arrays(function):
        return lambda _, inputs, cotangents: jax.block_until_ready(function(inputs, cotangents))

    cases = drawn(LSTM, options.cases, options.seed)
    few = cases[: max(2, options.cases // 100)]
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, jax {jax.__version__}; CPU time")
    print(f"once: importing jax {importing:.2f} s, tracing {timed(lambda: trace(LSTM, forward))[1]:.2f} s, ", end="")
    print(f"tracing and asking XLA {timed(lambda: program(*cases[0]))[1]:.2f} s")
    print(f"\n{'':<54} {'cases':>5} {'ms each':>9} {'a second':>9}")
    ours = row("the derivative program, every case a new shape", program, cases)
    with jax.enable_x64(True):
        jit = row("jax.jit(vjp), every case a new shape", of_arrays(jax.jit(outputs_and_gradients)), few)
        row("  with the options of autodiff/truth.py", of_arrays(truth._jit(outputs_and_gradients)), few)
        row("eager jax.vjp, every case a new shape", of_arrays(outputs_and_gradients), few)
        same = of_arrays(jax.jit(outputs_and_gradients))
        same(*cases[0])
        row("jax.jit(vjp), every case the same shape", same, len(cases) * cases[:1])
    try:
        importlib.import_module("torch")
    except ModuleNotFoundError:
        print("torch.autograd.gradcheck: torch is not installed")
    else:
        gradchecks()
    print(f"\non new shapes the derivative program is {ours / jit:.0f} times as fast as jax.jit")


if __name__ == "__main__":
    main()
