"""LSTM, derived in notes/lstm.md; the tags (L1)... are its equation numbers.

Dimensions: n_x inputs, n_a hidden units, n_y outputs, m examples (columns), T time steps.
Gates: f forget, i input (the course says update), c candidate, o output; every gate's weights act on [a_prev; xt].
`d<name>` is the gradient of the loss with respect to <name> and has its shape; `dzf` is that of the sum which the
forget gate's sigmoid takes, and so on.
Arrays are float32 or float64, all of one dtype, and results have that dtype.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypedDict, cast, get_args

import numpy as np

from .activations import sigmoid, softmax
from .shapes import Array, check_arrays, check_cache, check_caches, check_parameters, check_steps

PARAMETERS = {
    "Wf": ("n_a", "n_a+n_x"),
    "bf": ("n_a", "1"),
    "Wi": ("n_a", "n_a+n_x"),
    "bi": ("n_a", "1"),
    "Wc": ("n_a", "n_a+n_x"),
    "bc": ("n_a", "1"),
    "Wo": ("n_a", "n_a+n_x"),
    "bo": ("n_a", "1"),
    "Wy": ("n_y", "n_a"),
    "by": ("n_y", "1"),
}
Gate = Literal["Wf", "bf", "Wi", "bi", "Wc", "bc", "Wo", "bo"]
GATES: tuple[Gate, ...] = get_args(Gate)


class LSTMParameters(TypedDict):
    Wf: Array
    bf: Array
    Wi: Array
    bi: Array
    Wc: Array
    bc: Array
    Wo: Array
    bo: Array
    Wy: Array
    by: Array


class LSTMCache(NamedTuple):
    a_next: Array
    c_next: Array
    a_prev: Array
    c_prev: Array
    ft: Array
    it: Array
    cct: Array
    ot: Array
    xt: Array
    parameters: LSTMParameters


class LSTMCellGradients(TypedDict):
    dxt: Array
    da_prev: Array
    dc_prev: Array
    dWf: Array
    dbf: Array
    dWi: Array
    dbi: Array
    dWc: Array
    dbc: Array
    dWo: Array
    dbo: Array


class LSTMGradients(TypedDict):
    dx: Array
    da0: Array
    dc0: Array
    dWf: Array
    dbf: Array
    dWi: Array
    dbi: Array
    dWc: Array
    dbc: Array
    dWo: Array
    dbo: Array


def lstm_cell_forward(
    xt: Array, a_prev: Array, c_prev: Array, parameters: LSTMParameters
) -> tuple[Array, Array, Array, LSTMCache]:
    """One step.

    xt (n_x, m); a_prev and c_prev (n_a, m); parameters: Wf, Wi, Wc, Wo (n_a, n_a + n_x), bf, bi, bc, bo (n_a, 1),
    Wy (n_y, n_a), by (n_y, 1).
    Returns a_next (n_a, m), c_next (n_a, m), yt_pred (n_y, m), and the cache that `lstm_cell_backward` reads.
    Raises ValueError or TypeError when a shape or dtype disagrees, naming the array.
    Source: Hochreiter & Schmidhuber (1997), with the forget gate of Gers, Schmidhuber & Cummins (2000).
    """
    sizes = check_arrays(
        {"xt": ("n_x", "m"), "a_prev": ("n_a", "m"), "c_prev": ("n_a", "m")},
        {"xt": xt, "a_prev": a_prev, "c_prev": c_prev},
    )
    check_parameters(PARAMETERS, parameters, xt, sizes)

    concat = np.concatenate((a_prev, xt), axis=0)  # (L1)
    ft = sigmoid(parameters["Wf"] @ concat + parameters["bf"])  # (L2)
    it = sigmoid(parameters["Wi"] @ concat + parameters["bi"])  # (L3)
    cct = np.tanh(parameters["Wc"] @ concat + parameters["bc"])  # (L4)
    ot = sigmoid(parameters["Wo"] @ concat + parameters["bo"])  # (L5)
    c_next = ft * c_prev + it * cct  # (L6)
    a_next = ot * np.tanh(c_next)  # (L7)
    yt_pred = softmax(parameters["Wy"] @ a_next + parameters["by"])  # (L8)
    return a_next, c_next, yt_pred, LSTMCache(a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)


def lstm_cell_backward(da_next: Array, dc_next: Array, cache: LSTMCache) -> LSTMCellGradients:
    """Gradients of ``sum(da_next * a_next) + sum(dc_next * c_next)`` with respect to what `lstm_cell_forward` took.

    da_next and dc_next (n_a, m); dc_next is what reaches c_next from later steps, without its way through a_next.
    Returns dxt (n_x, m), da_prev and dc_prev (n_a, m), and dW (n_a, n_a + n_x), db (n_a, 1) of every gate.
    Raises ValueError or TypeError when a cotangent does not have the shape or dtype of a_next.
    """
    check_cache(LSTMCache._fields, cache)
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    sizes = check_arrays(
        {"a_next": ("n_a", "m"), "da_next": ("n_a", "m"), "dc_next": ("n_a", "m"), "xt": ("n_x", "m")},
        {"a_next": a_next, "da_next": da_next, "dc_next": dc_next, "xt": xt},
    )
    check_parameters({name: PARAMETERS[name] for name in ("Wf", "Wi", "Wc", "Wo")}, parameters, a_next, sizes)
    n_a = a_next.shape[0]
    concat = np.concatenate((a_prev, xt), axis=0)

    dc = dc_next + da_next * ot * (1 - np.tanh(c_next) ** 2)  # (L10)
    dzf = dc * c_prev * ft * (1 - ft)  # (L11)
    dzi = dc * cct * it * (1 - it)  # (L12)
    dzc = dc * it * (1 - cct**2)  # (L13)
    dzo = da_next * np.tanh(c_next) * ot * (1 - ot)  # (L14)
    dconcat = (
        parameters["Wf"].T @ dzf + parameters["Wi"].T @ dzi + parameters["Wc"].T @ dzc + parameters["Wo"].T @ dzo
    )  # (L17)
    return {
        "dxt": dconcat[n_a:],  # (L18)
        "da_prev": dconcat[:n_a],  # (L19)
        "dc_prev": dc * ft,  # (L20)
        "dWf": dzf @ concat.T,  # (L15)
        "dbf": dzf.sum(axis=1, keepdims=True),  # (L16)
        "dWi": dzi @ concat.T,
        "dbi": dzi.sum(axis=1, keepdims=True),
        "dWc": dzc @ concat.T,
        "dbc": dzc.sum(axis=1, keepdims=True),
        "dWo": dzo @ concat.T,
        "dbo": dzo.sum(axis=1, keepdims=True),
    }


def lstm_forward(
    x: Array, a0: Array, parameters: LSTMParameters, c0: Array | None = None
) -> tuple[Array, Array, Array, tuple[list[LSTMCache], Array]]:
    """The cell over every time step of x.

    x (n_x, m, T); a0 (n_a, m); c0 (n_a, m), zeros when None; parameters as in `lstm_cell_forward`.
    Returns a (n_a, m, T), y (n_y, m, T), c (n_a, m, T), and caches = (list of T cell caches, x).
    Raises ValueError or TypeError when a shape or dtype disagrees, naming the array.
    """
    sizes = check_arrays({"x": ("n_x", "m", "T"), "a0": ("n_a", "m")}, {"x": x, "a0": a0})
    c_next = np.zeros_like(a0) if c0 is None else c0
    check_arrays({"a0": ("n_a", "m"), "c0": ("n_a", "m")}, {"a0": a0, "c0": c_next}, sizes)

    hidden, predictions, memory, caches = [], [], [], []
    a_next = a0
    for t in range(x.shape[2]):
        a_next, c_next, yt_pred, cache = lstm_cell_forward(x[:, :, t], a_next, c_next, parameters)  # (L9)
        hidden.append(a_next)
        predictions.append(yt_pred)
        memory.append(c_next)
        caches.append(cache)
    return np.stack(hidden, axis=2), np.stack(predictions, axis=2), np.stack(memory, axis=2), (caches, x)


def lstm_backward(da: Array, caches: tuple[list[LSTMCache], Array], dc: Array | None = None) -> LSTMGradients:
    """Backpropagation through time: gradients of ``sum(da * a) + sum(dc * c)`` for what `lstm_forward` took.

    da (n_a, m, T): what reaches every a<t> from outside the recurrence; dc (n_a, m, T): the same for every c<t>,
    zeros when None.  With fewer steps than x, the gradients are those of that prefix, and dx has as many steps as da.
    Returns dx (n_x, m, T), da0 and dc0 (n_a, m), and dW (n_a, n_a + n_x), db (n_a, 1) of every gate.
    Raises ValueError when da has more steps than x, ValueError or TypeError when a shape or dtype disagrees.
    Source: Gers, Schmidhuber & Cummins (2000) for the cell; the full gradient in time is Graves & Schmidhuber (2005).
    """
    check_caches(caches)
    steps, x = caches
    check_cache(LSTMCache._fields, steps[0])
    parameters = steps[0][9]
    dc = np.zeros_like(da) if dc is None else dc
    check_arrays(
        {
            "a_next": ("n_a", "m"),
            "da": ("n_a", "m", "T"),
            "dc": ("n_a", "m", "T"),
            "xt": ("n_x", "m"),
            "x": ("n_x", "m", "T_x"),
        },
        {"a_next": steps[0][0], "da": da, "dc": dc, "xt": steps[0][8], "x": x},
    )
    T = da.shape[2]
    check_steps("da", T, len(steps))

    dx = np.empty((x.shape[0], x.shape[1], T), dtype=x.dtype)
    summed: dict[str, Any] = {f"d{name}": np.zeros_like(parameters[name]) for name in GATES}
    da_prev = dc_prev = np.zeros_like(da[:, :, 0])
    for t in reversed(range(T)):
        cell: Mapping[str, Any] = lstm_cell_backward(
            da[:, :, t] + da_prev, dc[:, :, t] + dc_prev, steps[t]
        )  # (L21) (L22)
        dx[:, :, t] = cell["dxt"]  # (L23)
        for name in summed:
            summed[name] += cell[name]  # (L24)
        da_prev, dc_prev = cell["da_prev"], cell["dc_prev"]
    return cast(LSTMGradients, {"dx": dx, "da0": da_prev, "dc0": dc_prev, **summed})  # (L25)
