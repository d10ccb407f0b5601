"""Elman RNN over a whole sequence, arranged for speed; equations and tags are those of notes/rnn.md and manual/rnn.py.

What is arranged otherwise, and why it gives the same:

- Time comes first, and step t of every array is one block (rows, m); columns are examples, as in manual/rnn.py.
- Waa, Wax and ba lie side by side, and what they act on is u = [a_prev; xt; 1]: one product for (R1).
- (R4) is a cotangent times a factor in which there is no cotangent, 1 - a^2, which is computed for a chunk of steps at
  once, before the loop.
- (R7), (R8), (R9) and (R12), sums over the steps of dz u^T, are one product of the columns of all steps side by side;
  so is (R5).

Dimensions, d<name> and dtypes as in manual/rnn.py.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np

from ..activations import softmax
from ..rnn import PARAMETERS, RNNGradients, RNNParameters
from ..shapes import Array, check_arrays, check_parameters
from .sequence import (
    Kept,
    Net,
    State,
    Window,
    accumulate,
    backward,
    chunks,
    constant,
    empty,
    forward,
    inputs_of,
    kept_of,
    new,
    side_by_side,
    transposed,
)
from .stream import Directory, stream
from .workspace import Workspace, given_or_new

WEIGHTS = {name: PARAMETERS[name] for name in ("Wax", "Waa", "ba")}
Caches: TypeAlias = tuple[Kept, Array]


def _run_buffers(x: Array, n_a: int) -> tuple[Any, ...]:
    T, n_x, m = x.shape
    u = new(x, chunks(T, m)[0].stop + 1, n_a + n_x + 1, m)
    u[:, -1] = 1
    return u, list(zip(u[:-1], u[1:, :n_a], strict=True))


def _run(x: Array, state: State, weights: Array, hidden: Array, workspace: Workspace) -> tuple[Window, State]:
    (T, n_x, m), n_a = x.shape, len(weights)
    key = (T, n_x, n_a, m, x.dtype, type(x))
    buffers = workspace.take("RNN run", key, lambda: _run_buffers(x, n_a))
    u, steps = buffers
    (u[0, :n_a],) = state

    dot, tanh = np.dot, np.tanh
    for part in chunks(T, m):
        n = part.stop - part.start
        u[:n, n_a:-1] = x[part]
        for ut, a_next in steps[:n]:
            dot(weights, ut, a_next)
            tanh(a_next, a_next)  # (R1)
        hidden[part.start + 1 : part.stop + 1] = u[1 : n + 1, :n_a]  # (R3)
        u[0, :n_a] = u[n, :n_a]
    return Window(x, hidden, None, weights), (hidden[T],)


def _back_buffers(x: Array, n_a: int) -> tuple[Any, ...]:
    T, n_x, m = x.shape
    n = chunks(T, m)[0].stop
    to_z, dz = new(x, 2, n, n_a, m)  # dz is da_next before the step is done
    columns, u = (new(x, rows * n * m) for rows in (n_a, n_a + n_x + 1))
    U, V = new(x, n_a * n_a), new(x, n_x * n_a)
    one, ones = constant(x, 1), np.ones_like(x, shape=(n, 1, m), order="C")
    return list(zip(to_z, dz, strict=True)), to_z, dz, columns, u, U, V, one, ones


def _back(
    window: Window, cotangents: tuple[Array, None], carry: State, dx: Array, sums: Array | None, workspace: Workspace
) -> tuple[State, Array]:
    (x, hidden, _, weights), (da, _), (da_prev,) = window, cotangents, carry
    (T, n_x, m), n_a = dx.shape, len(weights)
    buffers = workspace.take("RNN back", (T, n_x, n_a, m, x.dtype, type(x)), lambda: _back_buffers(dx, n_a))
    steps, to_zs, dzs, columns_buffer, u_buffer, U, V, one, ones = buffers
    UT, VT = transposed(U, m, weights[:, :n_a]), transposed(V, m, weights[:, n_a:-1])
    da_prev = da_prev.copy()

    dot, multiply, add = np.dot, np.multiply, np.add
    for part in reversed(chunks(T, m)):
        n = part.stop - part.start
        a, to_z, dz = hidden[part.start + 1 : part.stop + 1], to_zs[:n], dzs[:n]
        np.subtract(one, multiply(a, a, to_z), to_z)
        dz[...] = da[part]
        for to_zt, dzt in reversed(steps[:n]):
            add(dzt, da_prev, dzt)  # (R10)
            multiply(to_zt, dzt, dzt)  # (R4)
            dot(UT, dzt, da_prev)  # (R6)
        columns = side_by_side(columns_buffer, dz)
        dx[part] = dot(VT, columns).reshape(n_x, n, m).transpose(1, 0, 2)  # (R5) (R11)
        u = side_by_side(u_buffer, hidden[part], x[part], ones[:n])
        sums = accumulate(workspace, "sums", sums, columns, u)  # (R7) (R8) (R9) (R12)
    assert sums is not None
    return (da_prev,), sums


NET = Net("RNN", _run, _back)


def rnn_forward_time_major(
    x: Array,
    a0: Array,
    parameters: RNNParameters,
    *,
    checkpoint: int | bool | None = None,
    workspace: Workspace | None = None,
) -> tuple[Array, Caches]:
    """The RNN over every time step of x, without predictions and without a transpose.

    x (T, n_x, m); a0 (n_a, m); parameters as in `rnn_cell_forward`, Wya and by unused.
    checkpoint: None keeps the state of every step; True, or a number k, keeps that before every ceil(sqrt(T)) or k
    steps, and the backward computes the rest again.  workspace: buffers kept between calls.
    Returns a (T, n_a, m), read-only where the backward reads it too (without a checkpoint, or with one of T or more
    steps), and the caches for `rnn_backward_time_major`.  They hold x itself, which must not change.
    Raises ValueError or TypeError when a shape, a dtype or `checkpoint` disagrees, naming it.
    """
    sizes = check_arrays({"x": ("T", "n_x", "m"), "a0": ("n_a", "m")}, {"x": x, "a0": a0})
    check_parameters(WEIGHTS, parameters, x, sizes)
    a, _, kept = forward(NET, x, (a0,), _packed(parameters, workspace), checkpoint, workspace)
    return a, (kept, x)


def rnn_backward_time_major(da: Array, caches: Caches) -> RNNGradients:
    """Gradients of ``sum(da * a)`` for what `rnn_forward_time_major` took.

    da (T, n_a, m); with fewer steps than x, the gradients are those of that prefix.
    Returns dx (T, n_x, m), and all others as `rnn_backward` does.
    Raises ValueError when da has more steps than x, ValueError or TypeError when its shape or dtype disagrees.
    """
    kept = kept_of(caches, NET)
    check_arrays({"a0": ("n_a", "m"), "da": ("T", "n_a", "m")}, {"a0": kept.states[0][0], "da": da})
    return _gradients(*backward(kept, da))


def rnn_forward(
    x: Array,
    a0: Array,
    parameters: RNNParameters,
    *,
    checkpoint: int | bool | None = None,
    workspace: Workspace | None = None,
) -> tuple[Array, Array, Caches]:
    """`manual.rnn.rnn_forward`: x (n_x, m, T), a (n_a, m, T), y_pred (n_y, m, T).

    a and dx are views of memory that is time-major; a is read-only where the backward reads it.  `checkpoint` and
    `workspace` as in `rnn_forward_time_major`.
    """
    sizes = check_arrays({"x": ("n_x", "m", "T"), "a0": ("n_a", "m")}, {"x": x, "a0": a0})
    check_parameters(PARAMETERS, parameters, x, sizes)
    a, _, kept = forward(NET, x.transpose(2, 0, 1), (a0,), _packed(parameters, workspace), checkpoint, workspace)
    y_pred = softmax((parameters["Wya"] @ a + parameters["by"]).transpose(1, 2, 0))  # (R2)
    return a.transpose(1, 2, 0), y_pred, (kept, x)


def rnn_backward(da: Array, caches: Caches) -> RNNGradients:
    """`manual.rnn.rnn_backward` for the caches of this file's forwards: da (n_a, m, T), dx (n_x, m, T)."""
    kept = kept_of(caches, NET)
    check_arrays({"a0": ("n_a", "m"), "da": ("n_a", "m", "T")}, {"a0": kept.states[0][0], "da": da})
    gradients = _gradients(*backward(kept, da.transpose(2, 0, 1)))
    return {**gradients, "dx": gradients["dx"].transpose(1, 2, 0)}


def rnn_stream(
    windows: Iterable[Array],
    cotangent: Callable[[Array], Array],
    a0: Array,
    parameters: RNNParameters,
    *,
    directory: Directory | None = None,
) -> RNNGradients:
    """Gradients of the sum of the losses of all windows, by exact BPTT over a sequence that need not fit into memory.

    windows: an iterable of x (steps, n_x, m), in order, of any number of steps each; cotangent: from the hidden states
    a (steps, n_a, m) of a window to the gradient of the loss with respect to them.
    a0 and parameters as in `rnn_forward_time_major`.
    directory: keep everything on disk, or in memory if None.  More in stream.py.
    Returns the gradients as `rnn_backward_time_major` does.  Raises as `stream.stream` does.
    """
    sizes = check_arrays({"a0": ("n_a", "m")}, {"a0": a0})
    sizes["n_x"] = inputs_of(parameters, "Wax", 0, a0)
    check_parameters(WEIGHTS, parameters, a0, sizes)
    weights = _packed(parameters, None)
    return _gradients(*stream(NET, windows, cotangent, (a0,), sizes["n_x"], weights, directory))


def _packed(parameters: RNNParameters, workspace: Workspace | None) -> Array:
    """The weights (n_a, n_a + n_x + 1) as `_run` wants them."""
    n_a, n_x = parameters["Wax"].shape
    weights = empty(given_or_new(workspace), "weights", parameters["Wax"], n_a, n_a + n_x + 1)
    weights[:, :n_a], weights[:, n_a:-1], weights[:, -1:] = parameters["Waa"], parameters["Wax"], parameters["ba"]
    return weights


def _gradients(dx: Array, state: State, sums: Array) -> RNNGradients:
    n_a = len(sums)
    return {"dx": dx, "da0": state[0], "dWax": sums[:, n_a:-1], "dWaa": sums[:, :n_a], "dba": sums[:, -1:]}  # (R13)
