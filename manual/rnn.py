"""Elman RNN, derived in notes/rnn.md; the tags (R1)... are its equation numbers.

Dimensions: n_x inputs, n_a hidden units, n_y outputs, m examples (columns), T time steps.
`d<name>` is the gradient of the loss with respect to <name> and has its shape.
Arrays are float32 or float64, all of one dtype, and results have that dtype.
"""

from typing import NamedTuple, TypedDict

import numpy as np

from .activations import softmax
from .shapes import Array, check_arrays, check_cache, check_caches, check_parameters, check_steps

PARAMETERS = {
    "Wax": ("n_a", "n_x"),
    "Waa": ("n_a", "n_a"),
    "Wya": ("n_y", "n_a"),
    "ba": ("n_a", "1"),
    "by": ("n_y", "1"),
}


class RNNParameters(TypedDict):
    Wax: Array
    Waa: Array
    Wya: Array
    ba: Array
    by: Array


class RNNCache(NamedTuple):
    a_next: Array
    a_prev: Array
    xt: Array
    parameters: RNNParameters


class RNNCellGradients(TypedDict):
    dxt: Array
    da_prev: Array
    dWax: Array
    dWaa: Array
    dba: Array


class RNNGradients(TypedDict):
    dx: Array
    da0: Array
    dWax: Array
    dWaa: Array
    dba: Array


def rnn_cell_forward(xt: Array, a_prev: Array, parameters: RNNParameters) -> tuple[Array, Array, RNNCache]:
    """One step.

    xt (n_x, m); a_prev (n_a, m); parameters: Wax (n_a, n_x), Waa (n_a, n_a), Wya (n_y, n_a), ba (n_a, 1), by (n_y, 1).
    Returns a_next (n_a, m), yt_pred (n_y, m), and the cache that `rnn_cell_backward` reads.
    Raises ValueError or TypeError when a shape or dtype disagrees, naming the array.  Source: Elman (1990).
    """
    sizes = check_arrays({"xt": ("n_x", "m"), "a_prev": ("n_a", "m")}, {"xt": xt, "a_prev": a_prev})
    check_parameters(PARAMETERS, parameters, xt, sizes)

    a_next = np.tanh(parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"])  # (R1)
    yt_pred = softmax(parameters["Wya"] @ a_next + parameters["by"])  # (R2)
    return a_next, yt_pred, RNNCache(a_next, a_prev, xt, parameters)


def rnn_cell_backward(da_next: Array, cache: RNNCache) -> RNNCellGradients:
    """Gradients of ``sum(da_next * a_next)`` with respect to what `rnn_cell_forward` took.

    da_next (n_a, m).  Returns dxt (n_x, m), da_prev (n_a, m), dWax (n_a, n_x), dWaa (n_a, n_a), dba (n_a, 1).
    Raises ValueError or TypeError when da_next does not have the shape or dtype of a_next.
    """
    check_cache(RNNCache._fields, cache)
    a_next, a_prev, xt, parameters = cache
    sizes = check_arrays(
        {"a_next": ("n_a", "m"), "da_next": ("n_a", "m"), "a_prev": ("n_a", "m"), "xt": ("n_x", "m")},
        {"a_next": a_next, "da_next": da_next, "a_prev": a_prev, "xt": xt},
    )
    check_parameters({name: PARAMETERS[name] for name in ("Wax", "Waa")}, parameters, a_next, sizes)

    dz = (1 - a_next**2) * da_next  # (R4)
    return {
        "dxt": parameters["Wax"].T @ dz,  # (R5)
        "da_prev": parameters["Waa"].T @ dz,  # (R6)
        "dWax": dz @ xt.T,  # (R7)
        "dWaa": dz @ a_prev.T,  # (R8)
        "dba": dz.sum(axis=1, keepdims=True),  # (R9)
    }


def rnn_forward(x: Array, a0: Array, parameters: RNNParameters) -> tuple[Array, Array, tuple[list[RNNCache], Array]]:
    """The cell over every time step of x.

    x (n_x, m, T); a0 (n_a, m); parameters as in `rnn_cell_forward`.
    Returns a (n_a, m, T), y_pred (n_y, m, T), and caches = (list of T cell caches, x).
    Raises ValueError or TypeError when a shape or dtype disagrees, naming the array.
    """
    check_arrays({"x": ("n_x", "m", "T"), "a0": ("n_a", "m")}, {"x": x, "a0": a0})

    hidden, predictions, caches = [], [], []
    a_next = a0
    for t in range(x.shape[2]):
        a_next, yt_pred, cache = rnn_cell_forward(x[:, :, t], a_next, parameters)  # (R3)
        hidden.append(a_next)
        predictions.append(yt_pred)
        caches.append(cache)
    return np.stack(hidden, axis=2), np.stack(predictions, axis=2), (caches, x)


def rnn_backward(da: Array, caches: tuple[list[RNNCache], Array]) -> RNNGradients:
    """Backpropagation through time: gradients of ``sum(da * a)`` with respect to what `rnn_forward` took.

    da (n_a, m, T): what reaches every a<t> from outside the recurrence.  With fewer steps than x, the gradients are
    those of that prefix, and dx has as many steps as da.
    Returns dx (n_x, m, T), da0 (n_a, m), dWax (n_a, n_x), dWaa (n_a, n_a), dba (n_a, 1).
    Raises ValueError when da has more steps than x, ValueError or TypeError when its shape or dtype disagrees.
    Source: Werbos (1990).
    """
    check_caches(caches)
    steps, x = caches
    check_cache(RNNCache._fields, steps[0])
    a_next, _, xt, parameters = steps[0]
    check_arrays(
        {"a_next": ("n_a", "m"), "da": ("n_a", "m", "T"), "xt": ("n_x", "m"), "x": ("n_x", "m", "T_x")},
        {"a_next": a_next, "da": da, "xt": xt, "x": x},
    )
    T = da.shape[2]
    check_steps("da", T, len(steps))

    dx = np.empty((x.shape[0], x.shape[1], T), dtype=x.dtype)
    dWax, dWaa, dba = (np.zeros_like(parameters[name]) for name in ("Wax", "Waa", "ba"))
    da_prev = np.zeros_like(da[:, :, 0])
    for t in reversed(range(T)):
        cell = rnn_cell_backward(da[:, :, t] + da_prev, steps[t])  # (R10)
        dx[:, :, t] = cell["dxt"]  # (R11)
        dWax += cell["dWax"]  # (R12)
        dWaa += cell["dWaa"]
        dba += cell["dba"]
        da_prev = cell["da_prev"]
    return {"dx": dx, "da0": da_prev, "dWax": dWax, "dWaa": dWaa, "dba": dba}  # (R13)
