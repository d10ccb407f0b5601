"""GRU, derived in notes/gru.md; the tags (G1)... are its equation numbers.

Dimensions: n_x inputs, n_a hidden units, n_y outputs, m examples (columns), T time steps.
Gates: z update, r reset, h candidate; the weights of z and r act on [a_prev; xt], those of h on [rt * a_prev; xt].
Here the update gate weighs the candidate: a_next = (1 - zt) * a_prev + zt * hht.  Cho et al. (2014) and many libraries
let it weigh the old state, z * h_prev + (1 - z) * h~, which is the same net with 1 - z for z.
The reset gate comes before the matrix product, as in Cho et al., or with reset_after=True after it, as in cuDNN,
PyTorch and Keras; the product then has a bias of its own, bha, inside the reset (PyTorch's b_hn).
`d<name>` is the gradient of the loss with respect to <name> and has its shape; `dzz` is that of the sum which the
update gate's sigmoid takes, and so on.
Arrays are float32 or float64, all of one dtype, and results have that dtype.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, NotRequired, TypedDict, cast, get_args

import numpy as np

from .activations import sigmoid, softmax
from .shapes import Array, check_arrays, check_cache, check_caches, check_parameters, check_steps

PARAMETERS = {
    "Wz": ("n_a", "n_a+n_x"),
    "bz": ("n_a", "1"),
    "Wr": ("n_a", "n_a+n_x"),
    "br": ("n_a", "1"),
    "Wh": ("n_a", "n_a+n_x"),
    "bh": ("n_a", "1"),
    "Wy": ("n_y", "n_a"),
    "by": ("n_y", "1"),
}
RESET_AFTER_PARAMETERS = {**PARAMETERS, "bha": ("n_a", "1")}
Gate = Literal["Wz", "bz", "Wr", "br", "Wh", "bh"]
GATES: tuple[Gate, ...] = get_args(Gate)


class GRUParameters(TypedDict):
    Wz: Array
    bz: Array
    Wr: Array
    br: Array
    Wh: Array
    bh: Array
    bha: NotRequired[Array]
    Wy: Array
    by: Array


class GRUCache(NamedTuple):
    a_next: Array
    a_prev: Array
    zt: Array
    rt: Array
    hht: Array
    xt: Array
    parameters: GRUParameters
    reset_after: bool


class GRUCellGradients(TypedDict):
    dxt: Array
    da_prev: Array
    dWz: Array
    dbz: Array
    dWr: Array
    dbr: Array
    dWh: Array
    dbh: Array
    dbha: NotRequired[Array]


class GRUGradients(TypedDict):
    dx: Array
    da0: Array
    dWz: Array
    dbz: Array
    dWr: Array
    dbr: Array
    dWh: Array
    dbh: Array
    dbha: NotRequired[Array]


def gru_cell_forward(
    xt: Array, a_prev: Array, parameters: GRUParameters, reset_after: bool = False
) -> tuple[Array, Array, GRUCache]:
    """One step.

    xt (n_x, m); a_prev (n_a, m); parameters: Wz, Wr, Wh (n_a, n_a + n_x), bz, br, bh (n_a, 1), Wy (n_y, n_a),
    by (n_y, 1), and bha (n_a, 1) when reset_after.
    Returns a_next (n_a, m), yt_pred (n_y, m), and the cache that `gru_cell_backward` reads.
    Raises ValueError or TypeError when a shape or dtype disagrees, naming the array.
    Source: Cho et al. (2014, arXiv:1406.1078), with 1 - z for z; reset_after is the rule of cuDNN.
    """
    sizes = check_arrays({"xt": ("n_x", "m"), "a_prev": ("n_a", "m")}, {"xt": xt, "a_prev": a_prev})
    check_parameters(RESET_AFTER_PARAMETERS if reset_after else PARAMETERS, parameters, xt, sizes)
    n_a = a_prev.shape[0]

    concat = np.concatenate((a_prev, xt), axis=0)  # (G1)
    zt = sigmoid(parameters["Wz"] @ concat + parameters["bz"])  # (G2)
    rt = sigmoid(parameters["Wr"] @ concat + parameters["br"])  # (G3)
    if reset_after:
        Wha, Whx = parameters["Wh"][:, :n_a], parameters["Wh"][:, n_a:]
        hht = np.tanh(rt * (Wha @ a_prev + parameters["bha"]) + Whx @ xt + parameters["bh"])  # (G5)
    else:
        hht = np.tanh(parameters["Wh"] @ np.concatenate((rt * a_prev, xt), axis=0) + parameters["bh"])  # (G4)
    a_next = (1 - zt) * a_prev + zt * hht  # (G6)
    yt_pred = softmax(parameters["Wy"] @ a_next + parameters["by"])  # (G7)
    return a_next, yt_pred, GRUCache(a_next, a_prev, zt, rt, hht, xt, parameters, reset_after)


def gru_cell_backward(da_next: Array, cache: GRUCache) -> GRUCellGradients:
    """Gradients of ``sum(da_next * a_next)`` with respect to what `gru_cell_forward` took.

    da_next (n_a, m).
    Returns dxt (n_x, m), da_prev (n_a, m), dWz, dWr, dWh (n_a, n_a + n_x), dbz, dbr, dbh (n_a, 1), and dbha (n_a, 1)
    when the cache is one of reset_after.
    Raises ValueError or TypeError when da_next does not have the shape or dtype of a_next.
    """
    check_cache(GRUCache._fields, cache)
    a_next, a_prev, zt, rt, hht, xt, parameters, reset_after = cache
    sizes = check_arrays(
        {"a_next": ("n_a", "m"), "da_next": ("n_a", "m"), "a_prev": ("n_a", "m"), "xt": ("n_x", "m")},
        {"a_next": a_next, "da_next": da_next, "a_prev": a_prev, "xt": xt},
    )
    read = ("Wz", "Wr", "Wh", "bha") if reset_after else ("Wz", "Wr", "Wh")
    check_parameters({name: RESET_AFTER_PARAMETERS[name] for name in read}, parameters, a_next, sizes)
    n_a = a_next.shape[0]
    concat = np.concatenate((a_prev, xt), axis=0)
    Wha, Whx = parameters["Wh"][:, :n_a], parameters["Wh"][:, n_a:]

    dzz = da_next * (hht - a_prev) * zt * (1 - zt)  # (G9)
    dzh = da_next * zt * (1 - hht**2)  # (G10)
    if reset_after:
        dhidden = dzh * rt  # (G15)
        dzr = dzh * (Wha @ a_prev + parameters["bha"]) * rt * (1 - rt)  # (G16)
        da_candidate = Wha.T @ dhidden  # (G17)
        dWha = dhidden @ a_prev.T  # (G18)
    else:
        dreset = Wha.T @ dzh  # (G11)
        dzr = dreset * a_prev * rt * (1 - rt)  # (G12)
        da_candidate = dreset * rt  # (G13)
        dWha = dzh @ (rt * a_prev).T  # (G14)
    dconcat = parameters["Wz"].T @ dzz + parameters["Wr"].T @ dzr  # (G20)
    gradients: GRUCellGradients = {
        "dxt": dconcat[n_a:] + Whx.T @ dzh,  # (G21)
        "da_prev": da_next * (1 - zt) + dconcat[:n_a] + da_candidate,  # (G22)
        "dWz": dzz @ concat.T,  # (G23)
        "dbz": dzz.sum(axis=1, keepdims=True),  # (G24)
        "dWr": dzr @ concat.T,
        "dbr": dzr.sum(axis=1, keepdims=True),
        "dWh": np.concatenate((dWha, dzh @ xt.T), axis=1),  # (G25)
        "dbh": dzh.sum(axis=1, keepdims=True),
    }
    if reset_after:
        gradients["dbha"] = dhidden.sum(axis=1, keepdims=True)  # (G19)
    return gradients


def gru_forward(
    x: Array, a0: Array, parameters: GRUParameters, reset_after: bool = False
) -> tuple[Array, Array, tuple[list[GRUCache], Array]]:
    """The cell over every time step of x.

    x (n_x, m, T); a0 (n_a, m); parameters and reset_after as in `gru_cell_forward`.
    Returns a (n_a, m, T), y_pred (n_y, m, T), and caches = (list of T cell caches, x).
    Raises ValueError or TypeError when a shape or dtype disagrees, naming the array.
    """
    check_arrays({"x": ("n_x", "m", "T"), "a0": ("n_a", "m")}, {"x": x, "a0": a0})

    hidden, predictions, caches = [], [], []
    a_next = a0
    for t in range(x.shape[2]):
        a_next, yt_pred, cache = gru_cell_forward(x[:, :, t], a_next, parameters, reset_after)  # (G8)
        hidden.append(a_next)
        predictions.append(yt_pred)
        caches.append(cache)
    return np.stack(hidden, axis=2), np.stack(predictions, axis=2), (caches, x)


def gru_backward(da: Array, caches: tuple[list[GRUCache], Array]) -> GRUGradients:
    """Backpropagation through time: gradients of ``sum(da * a)`` with respect to what `gru_forward` took.

    da (n_a, m, T): what reaches every a<t> from outside the recurrence.  With fewer steps than x, the gradients are
    those of that prefix, and dx has as many steps as da.
    Returns dx (n_x, m, T), da0 (n_a, m), dWz, dWr, dWh (n_a, n_a + n_x), dbz, dbr, dbh (n_a, 1), and dbha (n_a, 1)
    when the caches are of reset_after.
    Raises ValueError when da has more steps than x, ValueError or TypeError when its shape or dtype disagrees.
    Source: Cho et al. (2014) for the cell, Werbos (1990) for the gradient through time.
    """
    check_caches(caches)
    steps, x = caches
    check_cache(GRUCache._fields, steps[0])
    a_next, _, _, _, _, xt, parameters, reset_after = steps[0]
    check_arrays(
        {"a_next": ("n_a", "m"), "da": ("n_a", "m", "T"), "xt": ("n_x", "m"), "x": ("n_x", "m", "T_x")},
        {"a_next": a_next, "da": da, "xt": xt, "x": x},
    )
    T = da.shape[2]
    check_steps("da", T, len(steps))

    dx = np.empty((x.shape[0], x.shape[1], T), dtype=x.dtype)
    summed: dict[str, Any] = {f"d{name}": np.zeros_like(parameters[name]) for name in GATES}
    if reset_after:
        summed["dbha"] = np.zeros_like(parameters["bha"])
    da_prev = np.zeros_like(da[:, :, 0])
    for t in reversed(range(T)):
        cell: Mapping[str, Any] = gru_cell_backward(da[:, :, t] + da_prev, steps[t])  # (G26)
        dx[:, :, t] = cell["dxt"]  # (G27)
        for name in summed:
            summed[name] += cell[name]  # (G28)
        da_prev = cell["da_prev"]
    return cast(GRUGradients, {"dx": dx, "da0": da_prev, **summed})  # (G29)
