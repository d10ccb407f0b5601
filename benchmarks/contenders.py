"""What is measured: forward and backward of a sequence with respect to everything, by the functions of this repository.

A contender takes a Problem and returns a Runner.  `run` computes outputs and all gradients from arrays that lie as the
contender likes them best; `read` gives its results their names and the layout of the time-major functions.  The peers
are in peers.py.
"""

import math
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # manual/ is here, whatever is installed
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
# By an array's largest element: rounding grows with T and with the terms of a product.
TOLERANCES = {"float32": 2e-5, "float64": 1e-13}


class Size(NamedTuple):
    T: int
    N: int  # examples
    D: int  # inputs
    H: int  # hidden units

    def __str__(self):
        return ",".join(map(str, self))


class Problem(NamedTuple):
    net: str
    size: Size
    x: np.ndarray  # (T, D, N)
    da: np.ndarray  # (T, H, N)
    states: tuple[np.ndarray, ...]  # a0, and c0 of an LSTM: (H, N)
    parameters: dict[str, np.ndarray]

    @property
    def dtype(self):
        return str(self.x.dtype)


class Runner(NamedTuple):
    run: Callable[[], Any]
    read: Callable[[Any], dict[str, np.ndarray]]
    compile_seconds: float | None = None


def draw(net, size, dtype, seed=0):
    """A problem of the same numbers in float32 and float64.  The GRU is torch's: reset after the product."""
    generator = np.random.default_rng(seed)
    T, N, D, H = size

    def array(*shape):
        return generator.standard_normal(shape, np.float32).astype(dtype, copy=False)

    module = import_module(f"manual.{net}")
    shapes = module.RESET_AFTER_PARAMETERS if net == "gru" else module.PARAMETERS
    lengths = {"n_x": D, "n_a": H, "n_a+n_x": H + D, "n_y": 1, "1": 1}
    parameters = {name: array(*(lengths[one] for one in of)) for name, of in shapes.items()}
    for name in parameters:
        if name.startswith("W"):
            parameters[name] *= parameters[name].dtype.type(1 / math.sqrt(H + D))
    states = tuple(array(H, N) for _ in range(2 if net == "lstm" else 1))
    return Problem(net, size, array(T, D, N), array(T, H, N), states, parameters)


def textbook(problem):
    """manual/rnn.py, lstm.py, gru.py; the predictions, which have no part in the gradients, are of one class."""
    return _of_module(problem, f"manual.{problem.net}", "", {})


def drop_in(problem):
    """manual/fused with the textbook's signature, so with transposes, and without a workspace that is kept."""
    return _of_module(problem, f"manual.fused.{problem.net}", "", {})


def fused(problem, checkpoint=None, keep=True):
    """manual/fused, time-major; a Workspace is kept from call to call, or not."""
    workspace = import_module("manual.fused.workspace").Workspace() if keep else None
    return _of_module(
        problem,
        f"manual.fused.{problem.net}",
        "_time_major",
        {"checkpoint": checkpoint, "workspace": workspace},
    )


def checkpointed(problem):
    return fused(problem, checkpoint=True)


def streamed(problem):
    """manual/fused in windows of sqrt(T) steps, with what is kept of them, and dx, on disk; a is not returned."""
    stream = vars(import_module(f"manual.fused.{problem.net}"))[f"{problem.net}_stream"]
    steps = math.isqrt(problem.size.T)
    a0, more = problem.states[0], _more(problem)

    def of_windows(array):
        return (array[start : start + steps] for start in range(0, len(array), steps))

    def run():
        das = of_windows(problem.da)
        with TemporaryDirectory() as directory:
            return stream(
                of_windows(problem.x), lambda a: next(das), a0, problem.parameters, *more, directory=directory
            )

    return Runner(run, dict)


def _more(problem):
    """Arguments after a0 and the parameters: c0 of an LSTM, reset_after of a GRU."""
    return {"lstm": problem.states[1:], "gru": (True,)}.get(problem.net, ())


def _of_module(problem, module, ending, options):
    functions = vars(import_module(module))
    forward, backward = (functions[f"{problem.net}_{way}{ending}"] for way in ("forward", "backward"))
    a0, more = problem.states[0], _more(problem)
    x, da = (array if ending else _canonical(array) for array in (problem.x, problem.da))

    def run():
        returned = forward(x, a0, problem.parameters, *more, **options)
        return returned[0], backward(da, returned[-1])

    def read(returned):
        a, gradients = returned
        dx = gradients["dx"]
        a, dx = (a, dx) if ending else (a.transpose(2, 0, 1), dx.transpose(2, 0, 1))
        return {"a": a, **gradients, "dx": dx}

    return Runner(run, read)


def _canonical(array):
    """(T, rows, N) as (rows, N, T), in one block."""
    return np.ascontiguousarray(array.transpose(1, 2, 0))


def products(problem):
    """The GEMM-only bound: the matrix products of a forward and a backward, of arrays that are there already.

    For G gates, each step (G H, H + D) times (H + D, N), and back (H, G H) times (G H, N); then one product for dx and
    one for the gradients of all weights.
    """
    (T, N, D, H), G = problem.size, GATES[problem.net]
    like, generator = problem.x, np.random.default_rng(1)

    def array(*shape):
        return generator.standard_normal(shape, np.float32).astype(like.dtype, copy=False)

    W, u, dz, inputs = array(G * H, H + D), array(H + D, N), array(G * H, T * N), array(H + D, T * N)
    z, da, dx, dW = (np.empty_like(like, shape=of) for of in ((G * H, N), (H, N), (D, T * N), (G * H, H + D)))
    U, V = np.ascontiguousarray(W[:, :H]), np.ascontiguousarray(W[:, H:])
    # BLAS multiplies one column fastest by rows as they lie, several by a transpose that was copied.
    UT, VT = (U.T, V.T) if N == 1 else (np.ascontiguousarray(U.T), np.ascontiguousarray(V.T))
    dot = np.dot

    def run():
        for _ in range(T):
            dot(W, u, z)
        for _ in range(T):
            dot(UT, z, da)
        dot(VT, dz, dx)
        dot(dz, inputs.T, dW)

    return Runner(run, lambda _: {})


def check(name, actual, expected, dtype):
    """Stop where results of a contender are not those of the textbook in float64, within TOLERANCES."""
    if set(actual) != set(expected):
        raise SystemExit(f"{name}: returns {sorted(actual)}; expected {sorted(expected)}")
    for key, truth in expected.items():
        array = actual[key]
        if array.shape != truth.shape or str(array.dtype) != dtype:
            raise SystemExit(f"{name}: {key} is {array.shape} {array.dtype}; expected {truth.shape} {dtype}")
        error, allowed = np.abs(array - truth).max(), TOLERANCES[dtype] * np.abs(truth).max()
        if not error <= allowed:
            raise SystemExit(f"{name}: {key} is off by {error:.2g}; {dtype} is allowed {allowed:.2g}")
