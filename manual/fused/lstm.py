"""LSTM over a whole sequence, arranged for speed; equations and tags are those of notes/lstm.md and manual/lstm.py.

What is arranged otherwise, and why it gives the same:

- Time comes first, and step t of every array is one block (rows, m); columns are examples, as in manual/lstm.py.
- The gates lie one below the other, o, i, f and the candidate, and below them the cell state that the step reads.  The
  weights lie likewise, with the bias as a last column, and what they act on is u = [a_prev; xt; 1]: one product for
  (L2) to (L5), and backwards one for (L17).
- sigmoid(z) = tanh(z / 2) / 2 + 1 / 2, so that one tanh serves all four; the gates' weights are halved before the loop.
  The absolute error of a gate is that of one near 1, so that a nearly shut one loses digits (notes/fused.md).
- (L10) to (L14) and (L20) are cotangents times factors in which there is no cotangent.  The factors are computed for a
  chunk of steps at once, before the loop.  With a = o tanh(c), o (1 - tanh(c)^2) is o - a tanh(c); the others likewise.
- (L15), (L16) and (L24), a sum over the steps of dz u^T, is one product of the columns of all steps side by side; so is
  (L18).

Dimensions, gates, d<name> and dtypes as in manual/lstm.py.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np

from ..activations import softmax
from ..lstm import PARAMETERS, LSTMGradients, LSTMParameters
from ..shapes import Array, Dimensions, check_arrays, check_parameters
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

GATES = "oifc"  # from top to bottom
WEIGHTS = {name: PARAMETERS[name] for gate in GATES for name in (f"W{gate}", f"b{gate}")}
Caches: TypeAlias = tuple[Kept, Array]


class Record(NamedTuple):
    gates: Array  # (T + 1, 5 n_a, m): o, i, f, candidate, and the cell state before the step
    steps: list[tuple[Array, ...]]  # views of it, for the loops over the steps and
    parts: list[tuple[Array, ...]]  # over the chunks


def _record(gates: Array) -> Record:
    T, n_a, m = len(gates) - 1, gates.shape[1] // 5, gates.shape[2]
    of_step, c = gates[:-1].reshape(T, 5, n_a, m), gates[1:, 4 * n_a :]
    z, sigmoids, i_f, cct_c_prev = (gates[:-1, j * n_a : k * n_a] for j, k in ((0, 4), (0, 3), (1, 3), (3, 5)))
    steps = zip(z, sigmoids, i_f, cct_c_prev, of_step[:, 0], c, strict=True)
    views = (*(of_step[:, k] for k in range(4)), of_step[:, 1:3], of_step[:, 3:], c)
    return Record(gates, list(steps), [tuple(view[part] for view in views) for part in chunks(T, m)])


def _run_buffers(x: Array, n_a: int) -> tuple[Any, ...]:
    T, n_x, m = x.shape
    u = new(x, chunks(T, m)[0].stop + 1, n_a + n_x + 1, m)
    u[:, -1] = 1
    products, tanh_c = new(x, 2 * n_a, m), new(x, n_a, m)
    half = constant(x, 0.5)
    return u, list(zip(u[:-1], u[1:, :n_a], strict=True)), products, products[:n_a], products[n_a:], tanh_c, half


def _run(x: Array, state: State, weights: Array, hidden: Array, workspace: Workspace) -> tuple[Window, State]:
    (T, n_x, m), n_a = x.shape, len(state[0])
    key = (T, n_x, n_a, m, x.dtype, type(x))
    record = workspace.take("LSTM record", key, lambda: _record(new(x, T + 1, 5 * n_a, m)))
    buffers = workspace.take("LSTM run", key, lambda: _run_buffers(x, n_a))
    u, u_steps, products, i_cct, f_c_prev, tanh_c, half = buffers
    u[0, :n_a], record.gates[0, 4 * n_a :] = state

    dot, tanh, multiply, add = np.dot, np.tanh, np.multiply, np.add
    for part in chunks(T, m):
        n = part.stop - part.start
        u[:n, n_a:-1] = x[part]
        steps = zip(u_steps, record.steps[part], strict=False)
        for (ut, a_next), (zt, sigmoids, i_f, cct_c_prev, ot, c_next) in steps:
            dot(weights, ut, zt)  # (L1)
            tanh(zt, zt)  # (L4)
            multiply(sigmoids, half, sigmoids)
            add(sigmoids, half, sigmoids)  # (L2) (L3) (L5)
            multiply(i_f, cct_c_prev, products)
            add(i_cct, f_c_prev, c_next)  # (L6)
            tanh(c_next, tanh_c)
            multiply(ot, tanh_c, a_next)  # (L7)
        hidden[part.start + 1 : part.stop + 1] = u[1 : n + 1, :n_a]  # (L9)
        u[0, :n_a] = u[n, :n_a]
    return Window(x, hidden, record, weights), (hidden[T], record.gates[T, 4 * n_a :])


def _back_buffers(x: Array, n_a: int) -> tuple[Any, ...]:
    T, n_x, m = x.shape
    parts = chunks(T, m)
    n = parts[0].stop
    # Six blocks of rows: what da_next reaches, c_next by way of a_next and z_o; what dc reaches, z_i, z_f, z_c, c_prev.
    factors, products = new(x, 2, n, 6, n_a, m)
    da_next, tanh_c, a = new(x, 3, n, n_a, m)
    terms, ones = new(x, n, 2, n_a, m), np.ones_like(x, shape=(n, 1, m), order="C")
    dz = products.reshape(n, 6 * n_a, m)[:, n_a : 5 * n_a]
    of_da = (da_next, factors[:, 0], products[:, 0], factors[:, 1], products[:, 1])
    of_dc = (factors[:, 2:], products[:, 2:], dz, products[:, 5])
    of_factors = (factors[:, 0], factors[:, 1], factors[:, 2:4], factors[:, 4], factors[:, 5])
    views = (tanh_c, a, terms, terms[:, 0], *of_factors, da_next, dz, ones)
    lengths = {part.stop - part.start for part in parts}
    columns, u = (new(x, rows * n * m) for rows in (4 * n_a, n_a + n_x + 1))
    U, V = new(x, n_a * 4 * n_a), new(x, n_x * 4 * n_a)
    return (
        list(zip(*of_da, *of_dc, strict=True)),
        {n: tuple(view[:n] for view in views) for n in lengths},
        *(columns, u, U, V, new(x, n_a, m)),
    )


def _back(
    window: Window,
    cotangents: tuple[Array, Array | None],
    carry: State,
    dx: Array,
    sums: Array | None,
    workspace: Workspace,
) -> tuple[State, Array]:
    (x, hidden, record, weights), (da, dc), (da_prev, dc_prev) = window, cotangents, carry
    (T, n_x, m), n_a = dx.shape, len(da_prev)
    if len(x) > T:
        record = _record(record.gates[: T + 1])
    buffers = workspace.take("LSTM back", (T, n_x, n_a, m, x.dtype, type(x)), lambda: _back_buffers(dx, n_a))
    steps, of_length, columns_buffer, u_buffer, U, V, dct = buffers
    UT, VT = transposed(U, m, weights[:, :n_a]), transposed(V, m, weights[:, n_a:-1])
    UT[:, : 3 * n_a] *= 2
    VT[:, : 3 * n_a] *= 2
    da_prev = da_prev.copy()

    dot, multiply, add, subtract = np.dot, np.multiply, np.add, np.subtract
    for part, (o, i, f, cct, i_f, cct_c_prev, c) in reversed(list(zip(chunks(T, m), record.parts, strict=True))):
        n = part.stop - part.start
        tanh_c, a, terms, i_cct, to_c, to_zo, to_zi_zf, to_zc, to_c_prev, da_next, dz, ones = of_length[n]
        np.tanh(c, tanh_c)
        multiply(o, tanh_c, a)
        subtract(o, multiply(a, tanh_c, to_c), to_c)  # o (1 - tanh(c)^2)
        subtract(a, multiply(a, o, to_zo), to_zo)  # tanh(c) o (1 - o)
        multiply(i_f, cct_c_prev, terms)
        subtract(terms, multiply(terms, i_f, to_zi_zf), to_zi_zf)  # cct i (1 - i), c_prev f (1 - f)
        subtract(i, multiply(i_cct, cct, to_zc), to_zc)  # i (1 - cct^2)
        to_c_prev[...] = f
        da_next[...] = da[part]
        outside = [None] * n if dc is None else list(dc[part])
        of_steps = zip(reversed(steps[:n]), reversed(outside), strict=True)
        for (dat, by_a, through_a, to_zo_t, dzo, of_dc, from_dc, dzt, dct_prev), dct_outside in of_steps:
            add(dat, da_prev, dat)  # (L21)
            multiply(to_zo_t, dat, dzo)  # (L14)
            multiply(by_a, dat, through_a)
            add(through_a, dc_prev, dct)  # (L10)
            if dct_outside is not None:
                add(dct, dct_outside, dct)  # (L22)
            multiply(of_dc, dct, from_dc)  # (L11) (L12) (L13) (L20)
            dot(UT, dzt, da_prev)  # (L17) (L19)
            dc_prev = dct_prev
        dc_prev = dc_prev.copy()
        columns = side_by_side(columns_buffer, dz)
        dx[part] = dot(VT, columns).reshape(n_x, n, m).transpose(1, 0, 2)  # (L18) (L23)
        u = side_by_side(u_buffer, hidden[part], x[part], ones)
        sums = accumulate(workspace, "sums", sums, columns, u)  # (L15) (L16) (L24)
    assert sums is not None
    return (da_prev, dc_prev), sums


NET = Net("LSTM", _run, _back)


def lstm_forward_time_major(
    x: Array,
    a0: Array,
    parameters: LSTMParameters,
    c0: Array | None = None,
    *,
    checkpoint: int | bool | None = None,
    workspace: Workspace | None = None,
) -> tuple[Array, Array, Caches]:
    """The LSTM over every time step of x, without predictions and without a transpose.

    x (T, n_x, m); a0 and c0 (n_a, m), zeros when c0 is None; parameters as in `lstm_cell_forward`, Wy and by unused.
    checkpoint: None keeps the record of every step; True, or a number k, keeps the state before every ceil(sqrt(T))
    or k steps, and the backward computes the rest again.  workspace: buffers kept between calls.
    Returns a (T, n_a, m), read-only where the backward reads it too (without a checkpoint, or with one of T or more
    steps), the cell state after the last step (n_a, m), and the caches for `lstm_backward_time_major`.  They hold x
    itself, which must not change.
    Raises ValueError or TypeError when a shape, a dtype or `checkpoint` disagrees, naming it.
    """
    c0 = np.zeros_like(a0) if c0 is None else c0
    dimensions = {"x": ("T", "n_x", "m"), "a0": ("n_a", "m"), "c0": ("n_a", "m")}
    sizes = check_arrays(dimensions, {"x": x, "a0": a0, "c0": c0})
    check_parameters(WEIGHTS, parameters, x, sizes)
    a, (_, c_last), kept = forward(NET, x, (a0, c0), _packed(parameters, workspace), checkpoint, workspace)
    return a, c_last, (kept, x)


def lstm_backward_time_major(da: Array, caches: Caches, dc: Array | None = None) -> LSTMGradients:
    """Gradients of ``sum(da * a) + sum(dc * c)`` for what `lstm_forward_time_major` took.

    da and dc (T, n_a, m), for every hidden and every cell state, zeros when dc is None; with fewer steps than x, the
    gradients are those of that prefix.
    Returns dx (T, n_x, m), and all others as `lstm_backward` does.
    Raises ValueError when da has more steps than x, ValueError or TypeError when a shape or dtype disagrees.
    """
    kept = kept_of(caches, NET)
    _check_cotangents(("T", "n_a", "m"), kept, da, dc)
    return _gradients(*backward(kept, da, dc))


def lstm_forward(
    x: Array,
    a0: Array,
    parameters: LSTMParameters,
    c0: Array | None = None,
    *,
    checkpoint: int | bool | None = None,
    workspace: Workspace | None = None,
) -> tuple[Array, Array, Array, Caches]:
    """`manual.lstm.lstm_forward`: x (n_x, m, T), a (n_a, m, T), y (n_y, m, T), c (n_a, m, T).

    a and dx are views of memory that is time-major; a is read-only where the backward reads it.  `checkpoint` and
    `workspace` as in `lstm_forward_time_major`; c, which is returned for every step, is not checkpointed away.
    """
    c0 = np.zeros_like(a0) if c0 is None else c0
    dimensions = {"x": ("n_x", "m", "T"), "a0": ("n_a", "m"), "c0": ("n_a", "m")}
    sizes = check_arrays(dimensions, {"x": x, "a0": a0, "c0": c0})
    check_parameters(PARAMETERS, parameters, x, sizes)

    c = new(x, x.shape[2], *c0.shape)

    def keep(steps: slice, window: Window) -> None:
        c[steps] = window.record.gates[1:, 4 * len(a0) :]

    weights, time_major = _packed(parameters, workspace), x.transpose(2, 0, 1)
    a, _, kept = forward(NET, time_major, (a0, c0), weights, checkpoint, workspace, keep)
    y = softmax((parameters["Wy"] @ a + parameters["by"]).transpose(1, 2, 0))  # (L8)
    return a.transpose(1, 2, 0), y, c.transpose(1, 2, 0), (kept, x)


def lstm_backward(da: Array, caches: Caches, dc: Array | None = None) -> LSTMGradients:
    """`manual.lstm.lstm_backward` for the caches of this file's forwards: da and dc (n_a, m, T), dx (n_x, m, T)."""
    kept = kept_of(caches, NET)
    _check_cotangents(("n_a", "m", "T"), kept, da, dc)
    gradients = _gradients(*backward(kept, da.transpose(2, 0, 1), None if dc is None else dc.transpose(2, 0, 1)))
    return {**gradients, "dx": gradients["dx"].transpose(1, 2, 0)}


def lstm_stream(
    windows: Iterable[Array],
    cotangent: Callable[[Array], Array],
    a0: Array,
    parameters: LSTMParameters,
    c0: Array | None = None,
    *,
    directory: Directory | None = None,
) -> LSTMGradients:
    """Gradients of the sum of the losses of all windows, by exact BPTT over a sequence that need not fit into memory.

    windows: an iterable of x (steps, n_x, m), in order, of any number of steps each; cotangent: from the hidden states
    a (steps, n_a, m) of a window to the gradient of the loss with respect to them.
    a0, c0 and parameters as in `lstm_forward_time_major`.
    directory: keep everything on disk, or in memory if None.  More in stream.py.
    Returns the gradients as `lstm_backward_time_major` does.  Raises as `stream.stream` does.
    """
    c0 = np.zeros_like(a0) if c0 is None else c0
    sizes = check_arrays({"a0": ("n_a", "m"), "c0": ("n_a", "m")}, {"a0": a0, "c0": c0})
    sizes["n_x"] = inputs_of(parameters, "Wf", len(a0), a0)
    check_parameters(WEIGHTS, parameters, a0, sizes)
    weights = _packed(parameters, None)
    return _gradients(*stream(NET, windows, cotangent, (a0, c0), sizes["n_x"], weights, directory))


def _check_cotangents(dimensions: Dimensions, kept: Kept, da: Array, dc: Array | None) -> None:
    given = {"da": da} if dc is None else {"da": da, "dc": dc}
    check_arrays({"a0": ("n_a", "m"), **dict.fromkeys(given, dimensions)}, {"a0": kept.states[0][0], **given})


def _packed(parameters: LSTMParameters, workspace: Workspace | None) -> Array:
    """The weights (4 n_a, n_a + n_x + 1), those of the gates halved, as `_run` wants them."""
    n_a, columns = parameters["Wf"].shape
    weights = empty(given_or_new(workspace), "weights", parameters["Wf"], 4 * n_a, columns + 1)
    for k, gate in enumerate(GATES):
        rows = weights[k * n_a : (k + 1) * n_a]
        rows[:, :-1], rows[:, -1:] = parameters[f"W{gate}"], parameters[f"b{gate}"]  # type: ignore[literal-required]
    weights[: 3 * n_a] *= 0.5
    return weights


def _gradients(dx: Array, state: State, sums: Array) -> LSTMGradients:
    gradients = {"dx": dx, "da0": state[0], "dc0": state[1]}
    n_a = len(state[0])
    for k, gate in enumerate(GATES):
        rows = sums[k * n_a : (k + 1) * n_a]
        gradients[f"dW{gate}"], gradients[f"db{gate}"] = rows[:, :-1], rows[:, -1:]
    return cast(LSTMGradients, gradients)  # (L25)
