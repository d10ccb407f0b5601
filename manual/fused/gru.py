"""GRU over a whole sequence, arranged for speed; equations and tags are those of notes/gru.md and manual/gru.py.

What is arranged otherwise, and why it gives the same:

- Time comes first, and step t of every array is one block (rows, m); columns are examples, as in manual/gru.py.
- The gates z and r and the candidate lie one below the other.  What the weights act on is u = [a_prev; 1; xt], with
  r * a_prev below it where the reset comes before the product: whatever a product reads, a bias's 1 included, are rows
  that lie together.  Both gates take one product.
- sigmoid(s) = tanh(s / 2) / 2 + 1 / 2, so that one tanh serves both gates; their weights are halved before the loop.
  The absolute error of a gate is that of one near 1, so that a nearly shut one loses digits (notes/fused.md).
- (G6) is a_prev + z (h - a_prev), one product less.
- (G9), (G10), (G12), (G13), (G15), (G16) are cotangents times factors in which there is no cotangent.  The factors are
  computed for a chunk of steps at once, before the loop.  Where the reset comes after the product, all are factors of
  da_next, and the only product of matrices in the loop is (G17) and (G20) in one.
- Sums over the steps of dz u^T, (G14), (G18), (G19), (G23), (G24), (G25), (G28), are products of the columns of all
  steps side by side; so is (G21).

Dimensions, gates, d<name> and dtypes as in manual/gru.py.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np

from ..activations import softmax
from ..gru import PARAMETERS, RESET_AFTER_PARAMETERS, GRUGradients, GRUParameters
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

Caches: TypeAlias = tuple[Kept, Array]


class Record(NamedTuple):
    gates: Array  # (T, 3 n_a, m): z, r, candidate; with reset_after (T, 4 n_a, m), below them what the reset scales
    steps: list[tuple[Array, ...]]  # views of it, for the loops over the steps and
    parts: list[tuple[Array, ...]]  # over the chunks


def _record(gates: Array, n_a: int) -> Record:
    blocks = [gates[:, start : start + n_a] for start in range(0, gates.shape[1], n_a)]
    parts = [tuple(block[part] for block in blocks) for part in chunks(len(gates), gates.shape[2])]
    return Record(gates, list(zip(gates[:, : 2 * n_a], *blocks, strict=True)), parts)


def _run_buffers(x: Array, n_a: int, reset_after: bool) -> tuple[Any, ...]:
    T, n_x, m = x.shape
    u = new(x, chunks(T, m)[0].stop + 1, n_a + 1 + n_x + (0 if reset_after else n_a), m)
    u[:, n_a] = 1
    before, above = u[:-1], n_a + 1 + n_x
    of_candidate = before[:, : n_a + 1] if reset_after else before[:, n_a:]
    steps = zip(before[:, :above], of_candidate, before[:, -n_a:], before[:, :n_a], u[1:, :n_a], strict=True)
    return u, u[:, n_a + 1 : above], list(steps), new(x, n_a, m), constant(x, 0.5)


def _run(x: Array, state: State, weights: Any, hidden: Array, workspace: Workspace) -> tuple[Window, State]:
    (T, n_x, m), (Wzr, Wh, Whx) = x.shape, weights
    reset_after, n_a = Whx is not None, len(Wh)
    key = (T, n_x, n_a, m, x.dtype, type(x), reset_after)
    blocks = 4 if reset_after else 3
    record = workspace.take("GRU record", key, lambda: _record(new(x, T, blocks * n_a, m), n_a))
    buffers = workspace.take("GRU run", key, lambda: _run_buffers(x, n_a, reset_after))
    u, of_x, u_steps, change, half = buffers
    (u[0, :n_a],) = state

    dot, tanh, multiply, add, subtract = np.dot, np.tanh, np.multiply, np.add, np.subtract
    for part in chunks(T, m):
        n = part.stop - part.start
        of_x[:n] = x[part]
        if reset_after:
            np.matmul(Whx, u[:n, n_a:], record.gates[part, 2 * n_a : 3 * n_a])
        steps = zip(u_steps, record.steps[part], strict=False)
        for (ut, u_candidate, r_a_prev, a_prev, a_next), (zr, zt, rt, hht, *scaled) in steps:
            dot(Wzr, ut, zr)  # (G1)
            tanh(zr, zr)
            multiply(zr, half, zr)
            add(zr, half, zr)  # (G2) (G3)
            if reset_after:
                dot(Wh, u_candidate, scaled[0])
                multiply(rt, scaled[0], change)
                add(hht, change, hht)
            else:
                multiply(rt, a_prev, r_a_prev)
                dot(Wh, u_candidate, hht)
            tanh(hht, hht)  # (G4) (G5)
            subtract(hht, a_prev, change)
            multiply(zt, change, change)
            add(a_prev, change, a_next)  # (G6)
        hidden[part.start + 1 : part.stop + 1] = u[1 : n + 1, :n_a]  # (G8)
        u[0, :n_a] = u[n, :n_a]
    return Window(x, hidden, record, weights), (hidden[T],)


def _back_before_buffers(x: Array, n_a: int) -> tuple[Any, ...]:
    T, n_x, m = x.shape
    parts = chunks(T, m)
    n = parts[0].stop
    # Five blocks of rows: what da_next reaches, a_prev as it is, z_h, z_z; what dreset reaches, z_r, a_prev.
    factors, products = new(x, 2, n, 5, n_a, m)
    da_next, terms, r_a_prev = new(x, 3, n, n_a, m)
    dz, ones = products.reshape(n, 5 * n_a, m)[:, n_a : 4 * n_a], np.ones_like(x, shape=(n, 1, m), order="C")
    of_da = (da_next, factors[:, :3], products[:, :3], products[:, 0], products[:, 1])
    of_dreset = (factors[:, 3:], products[:, 3:], dz[:, n_a:], products[:, 4])
    views = (*(factors[:, k] for k in range(5)), terms, r_a_prev, da_next, dz, ones)
    columns, u = (new(x, rows * n * m) for rows in (3 * n_a, 2 * n_a + 1 + n_x))
    U, Uh, V = new(x, n_a * 2 * n_a), new(x, n_a * n_a), new(x, n_x, 3 * n_a)
    return (
        list(zip(*of_da, *of_dreset, strict=True)),
        {n: tuple(view[:n] for view in views) for n in {part.stop - part.start for part in parts}},
        *(columns, u, U, Uh, V, new(x, n_a, m), constant(x, 1)),
    )


def _back_before(
    window: Window, cotangents: tuple[Array, None], carry: State, dx: Array, sums: Any, workspace: Workspace
) -> tuple[State, Any]:
    (x, hidden, record, (Wzr, Wh, _)), (da, _), (da_prev,) = window, cotangents, carry
    (T, n_x, m), n_a = dx.shape, len(Wh)
    if len(x) > T:
        record = _record(record.gates[:T], n_a)
    buffers = workspace.take("GRU back", (T, n_x, n_a, m, x.dtype, type(x)), lambda: _back_before_buffers(dx, n_a))
    steps, of_length, columns_buffer, u_buffer, U, Uh, V, dreset, one = buffers
    UT, WhaT = transposed(U, m, Wzr[:, :n_a]), transposed(Uh, m, Wh[:, -n_a:])
    UT *= 2
    V[:, :n_a], V[:, n_a:] = Wh[:, 1:-n_a].T, Wzr[:, n_a + 1 :].T
    V[:, n_a:] *= 2
    da_prev = da_prev.copy()
    sums_zr, sums_h = sums or (None, None)

    dot, multiply, add, subtract = np.dot, np.multiply, np.add, np.subtract
    for part, (z, r, hh) in reversed(list(zip(chunks(T, m), record.parts, strict=True))):
        n = part.stop - part.start
        kept, to_zh, to_zz, to_zr, by_r, terms, r_a_prev, da_next, dz, ones = of_length[n]
        a_prev = hidden[part]
        subtract(one, z, kept)
        multiply(z, hh, terms)
        subtract(z, multiply(terms, hh, to_zh), to_zh)  # z (1 - h^2)
        subtract(hh, a_prev, terms)
        multiply(terms, z, terms)
        subtract(terms, multiply(terms, z, to_zz), to_zz)  # (h - a_prev) z (1 - z)
        multiply(a_prev, r, r_a_prev)
        subtract(r_a_prev, multiply(r_a_prev, r, to_zr), to_zr)  # a_prev r (1 - r)
        by_r[...] = r
        da_next[...] = da[part]
        for dat, of_da, from_da, da_kept, dzh, of_dreset, from_dreset, dzz_dzr, da_candidate in reversed(steps[:n]):
            add(dat, da_prev, dat)  # (G26)
            multiply(of_da, dat, from_da)  # (G9) (G10)
            dot(WhaT, dzh, dreset)  # (G11)
            multiply(of_dreset, dreset, from_dreset)  # (G12) (G13)
            dot(UT, dzz_dzr, da_prev)  # (G20)
            add(da_prev, da_kept, da_prev)
            add(da_prev, da_candidate, da_prev)  # (G22)
        columns = side_by_side(columns_buffer, dz)
        dx[part] = dot(V, columns).reshape(n_x, n, m).transpose(1, 0, 2)  # (G21) (G27)
        u = side_by_side(u_buffer, a_prev, ones, x[part], r_a_prev)
        sums_zr = accumulate(workspace, "sums zr", sums_zr, columns[n_a:], u[:-n_a])  # (G23) (G24)
        sums_h = accumulate(workspace, "sums h", sums_h, columns[:n_a], u[n_a:])  # (G14) (G25) (G28)
    return (da_prev,), (sums_zr, sums_h)


def _back_after_buffers(x: Array, n_a: int) -> tuple[Any, ...]:
    T, n_x, m = x.shape
    parts = chunks(T, m)
    n = parts[0].stop
    # Five blocks of rows, all of what da_next reaches: a_prev as it is, what the reset scales, z_z, z_r, z_h.
    factors, products = new(x, 2, n, 5, n_a, m)
    da_next, terms = new(x, 2, n, n_a, m)
    dz, ones = products.reshape(n, 5 * n_a, m)[:, n_a:], np.ones_like(x, shape=(n, 1, m), order="C")
    steps = zip(da_next, factors, products, products[:, 0], dz[:, : 3 * n_a], strict=True)
    views = (*(factors[:, k] for k in range(5)), terms, da_next, dz, ones)
    columns, u = (new(x, rows * n * m) for rows in (4 * n_a, n_a + 1 + n_x))
    U, V = new(x, n_a, 3 * n_a), new(x, n_x, 3 * n_a)
    return (
        list(steps),
        {n: tuple(view[:n] for view in views) for n in {part.stop - part.start for part in parts}},
        *(columns, u, U, V, constant(x, 1)),
    )


def _back_after(
    window: Window, cotangents: tuple[Array, None], carry: State, dx: Array, sums: Any, workspace: Workspace
) -> tuple[State, Any]:
    (x, hidden, record, (Wzr, Wha, Whx)), (da, _), (da_prev,) = window, cotangents, carry
    (T, n_x, m), n_a = dx.shape, len(Wha)
    if len(x) > T:
        record = _record(record.gates[:T], n_a)
    buffers = workspace.take("GRU after back", (T, n_x, n_a, m, x.dtype, type(x)), lambda: _back_after_buffers(dx, n_a))
    steps, of_length, columns_buffer, u_buffer, U, V, one = buffers
    U[:, :n_a], U[:, n_a:] = Wha[:, :n_a].T, Wzr[:, :n_a].T
    V[:, : 2 * n_a], V[:, 2 * n_a :] = Wzr[:, n_a + 1 :].T, Whx[:, 1:].T
    U[:, n_a:] *= 2
    V[:, : 2 * n_a] *= 2
    da_prev = da_prev.copy()
    sums_zr, sums_ha, sums_hx = sums or (None, None, None)

    dot, multiply, add, subtract = np.dot, np.multiply, np.add, np.subtract
    for part, (z, r, hh, scaled) in reversed(list(zip(chunks(T, m), record.parts, strict=True))):
        n = part.stop - part.start
        kept, to_scaled, to_zz, to_zr, to_zh, terms, da_next, dz, ones = of_length[n]
        a_prev = hidden[part]
        subtract(one, z, kept)
        multiply(z, hh, terms)
        subtract(z, multiply(terms, hh, to_zh), to_zh)  # z (1 - h^2)
        multiply(to_zh, r, to_scaled)
        multiply(to_scaled, scaled, terms)
        subtract(terms, multiply(terms, r, to_zr), to_zr)  # z (1 - h^2) (Wha a_prev + bha) r (1 - r)
        subtract(hh, a_prev, terms)
        multiply(terms, z, terms)
        subtract(terms, multiply(terms, z, to_zz), to_zz)  # (h - a_prev) z (1 - z)
        da_next[...] = da[part]
        for dat, of_da, from_da, da_kept, dzt in reversed(steps[:n]):
            add(dat, da_prev, dat)  # (G26)
            multiply(of_da, dat, from_da)  # (G9) (G10) (G15) (G16)
            dot(U, dzt, da_prev)  # (G17) (G20)
            add(da_prev, da_kept, da_prev)  # (G22)
        columns = side_by_side(columns_buffer, dz)
        dx[part] = dot(V, columns[n_a:]).reshape(n_x, n, m).transpose(1, 0, 2)  # (G21) (G27)
        u = side_by_side(u_buffer, a_prev, ones, x[part])
        sums_zr = accumulate(workspace, "sums zr", sums_zr, columns[n_a : 3 * n_a], u)  # (G23) (G24)
        sums_ha = accumulate(workspace, "sums ha", sums_ha, columns[:n_a], u[: n_a + 1])  # (G18) (G19)
        sums_hx = accumulate(workspace, "sums hx", sums_hx, columns[3 * n_a :], u[n_a:])  # (G25) (G28)
    return (da_prev,), (sums_zr, sums_ha, sums_hx)


RESET_BEFORE = Net("GRU", _run, _back_before)
RESET_AFTER = Net("GRU with reset_after", _run, _back_after)


def gru_forward_time_major(
    x: Array,
    a0: Array,
    parameters: GRUParameters,
    reset_after: bool = False,
    *,
    checkpoint: int | bool | None = None,
    workspace: Workspace | None = None,
) -> tuple[Array, Caches]:
    """The GRU over every time step of x, without predictions and without a transpose.

    x (T, n_x, m); a0 (n_a, m); parameters and reset_after as in `gru_cell_forward`, Wy and by unused.
    checkpoint: None keeps the record of every step; True, or a number k, keeps the state before every ceil(sqrt(T))
    or k steps, and the backward computes the rest again.  workspace: buffers kept between calls.
    Returns a (T, n_a, m), read-only where the backward reads it too (without a checkpoint, or with one of T or more
    steps), and the caches for `gru_backward_time_major`.  They hold x itself, which must not change.
    Raises ValueError or TypeError when a shape, a dtype or `checkpoint` disagrees, naming it.
    """
    sizes = check_arrays({"x": ("T", "n_x", "m"), "a0": ("n_a", "m")}, {"x": x, "a0": a0})
    check_parameters(_expected(reset_after), parameters, x, sizes)
    a, kept = _forward(x, a0, parameters, reset_after, checkpoint, workspace)
    return a, (kept, x)


def gru_backward_time_major(da: Array, caches: Caches) -> GRUGradients:
    """Gradients of ``sum(da * a)`` for what `gru_forward_time_major` took.

    da (T, n_a, m); with fewer steps than x, the gradients are those of that prefix.
    Returns dx (T, n_x, m), and all others as `gru_backward` does.
    Raises ValueError when da has more steps than x, ValueError or TypeError when its shape or dtype disagrees.
    """
    kept = kept_of(caches, RESET_BEFORE, RESET_AFTER)
    check_arrays({"a0": ("n_a", "m"), "da": ("T", "n_a", "m")}, {"a0": kept.states[0][0], "da": da})
    return _gradients(*backward(kept, da))


def gru_forward(
    x: Array,
    a0: Array,
    parameters: GRUParameters,
    reset_after: bool = False,
    *,
    checkpoint: int | bool | None = None,
    workspace: Workspace | None = None,
) -> tuple[Array, Array, Caches]:
    """`manual.gru.gru_forward`: x (n_x, m, T), a (n_a, m, T), y_pred (n_y, m, T).

    a and dx are views of memory that is time-major; a is read-only where the backward reads it.  `checkpoint` and
    `workspace` as in `gru_forward_time_major`.
    """
    sizes = check_arrays({"x": ("n_x", "m", "T"), "a0": ("n_a", "m")}, {"x": x, "a0": a0})
    check_parameters(RESET_AFTER_PARAMETERS if reset_after else PARAMETERS, parameters, x, sizes)
    a, kept = _forward(x.transpose(2, 0, 1), a0, parameters, reset_after, checkpoint, workspace)
    y_pred = softmax((parameters["Wy"] @ a + parameters["by"]).transpose(1, 2, 0))  # (G7)
    return a.transpose(1, 2, 0), y_pred, (kept, x)


def gru_backward(da: Array, caches: Caches) -> GRUGradients:
    """`manual.gru.gru_backward` for the caches of this file's forwards: da (n_a, m, T), dx (n_x, m, T)."""
    kept = kept_of(caches, RESET_BEFORE, RESET_AFTER)
    check_arrays({"a0": ("n_a", "m"), "da": ("n_a", "m", "T")}, {"a0": kept.states[0][0], "da": da})
    gradients = _gradients(*backward(kept, da.transpose(2, 0, 1)))
    return {**gradients, "dx": gradients["dx"].transpose(1, 2, 0)}


def gru_stream(
    windows: Iterable[Array],
    cotangent: Callable[[Array], Array],
    a0: Array,
    parameters: GRUParameters,
    reset_after: bool = False,
    *,
    directory: Directory | None = None,
) -> GRUGradients:
    """Gradients of the sum of the losses of all windows, by exact BPTT over a sequence that need not fit into memory.

    windows: an iterable of x (steps, n_x, m), in order, of any number of steps each; cotangent: from the hidden states
    a (steps, n_a, m) of a window to the gradient of the loss with respect to them.
    a0, parameters and reset_after as in `gru_forward_time_major`.
    directory: keep everything on disk, or in memory if None.  More in stream.py.
    Returns the gradients as `gru_backward_time_major` does.  Raises as `stream.stream` does.
    """
    sizes = check_arrays({"a0": ("n_a", "m")}, {"a0": a0})
    sizes["n_x"] = inputs_of(parameters, "Wh", len(a0), a0)
    check_parameters(_expected(reset_after), parameters, a0, sizes)
    net, weights = RESET_AFTER if reset_after else RESET_BEFORE, _packed(parameters, reset_after, Workspace())
    return _gradients(*stream(net, windows, cotangent, (a0,), sizes["n_x"], weights, directory))


def _expected(reset_after: bool) -> dict[str, Dimensions]:
    """The parameters without those of the prediction layer."""
    parameters = RESET_AFTER_PARAMETERS if reset_after else PARAMETERS
    return {name: parameters[name] for name in parameters if name not in ("Wy", "by")}


def _forward(
    x: Array,
    a0: Array,
    parameters: GRUParameters,
    reset_after: bool,
    checkpoint: int | bool | None,
    workspace: Workspace | None,
) -> tuple[Array, Kept]:
    weights = _packed(parameters, reset_after, given_or_new(workspace))
    a, _, kept = forward(RESET_AFTER if reset_after else RESET_BEFORE, x, (a0,), weights, checkpoint, workspace)
    return a, kept


def _packed(parameters: GRUParameters, reset_after: bool, workspace: Workspace) -> tuple[Array, Array, Array | None]:
    """The weights as `_run` wants them, those of the gates halved, each with its bias."""
    Wz, Wr, Wh = parameters["Wz"], parameters["Wr"], parameters["Wh"]
    n_a, n_x = len(Wh), Wh.shape[1] - len(Wh)
    Wzr = empty(workspace, "Wzr", Wh, 2 * n_a, n_a + 1 + n_x)
    for rows, W, b in ((Wzr[:n_a], Wz, parameters["bz"]), (Wzr[n_a:], Wr, parameters["br"])):
        rows[:, :n_a], rows[:, n_a : n_a + 1], rows[:, n_a + 1 :] = W[:, :n_a], b, W[:, n_a:]
    Wzr *= 0.5
    if reset_after:
        Wha, Whx = empty(workspace, "Wha", Wh, n_a, n_a + 1), empty(workspace, "Whx", Wh, n_a, 1 + n_x)
        Wha[:, :-1], Wha[:, -1:] = Wh[:, :n_a], parameters["bha"]
        Whx[:, :1], Whx[:, 1:] = parameters["bh"], Wh[:, n_a:]
        return Wzr, Wha, Whx
    candidate = empty(workspace, "Wh", Wh, n_a, 1 + n_x + n_a)
    candidate[:, :1], candidate[:, 1:-n_a], candidate[:, -n_a:] = parameters["bh"], Wh[:, n_a:], Wh[:, :n_a]
    return Wzr, candidate, None


def _gradients(dx: Array, state: State, sums: tuple[Array, ...]) -> GRUGradients:
    zr, *candidate = sums
    n_a = len(state[0])
    gradients = {"dx": dx, "da0": state[0]}
    for gate, rows in (("z", zr[:n_a]), ("r", zr[n_a:])):
        gradients[f"dW{gate}"] = np.concatenate((rows[:, :n_a], rows[:, n_a + 1 :]), axis=1)
        gradients[f"db{gate}"] = rows[:, n_a : n_a + 1]
    if len(candidate) == 2:
        ha, hx = candidate
        gradients |= {"dWh": np.concatenate((ha[:, :-1], hx[:, 1:]), axis=1), "dbh": hx[:, :1], "dbha": ha[:, -1:]}
    else:
        (h,) = candidate
        gradients |= {"dWh": np.concatenate((h[:, -n_a:], h[:, 1:-n_a]), axis=1), "dbh": h[:, :1]}
    return cast(GRUGradients, gradients)  # (G29)
