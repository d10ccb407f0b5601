from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def _tanh_slope(a: Array) -> Array:
    """Slope of tanh, given its value."""
    return 1.0 - a * a


def rnn_cell_backward(da_next: Array, cache: tuple[Any, ...]) -> dict[str, Array]:
    """Backpropagate through one cell."""
    a_next, a_prev, xt, parameters = cache

    dz: Array = da_next * _tanh_slope(a_next)

    dxt: Array = np.dot(parameters["Wax"].T, dz)
    da_prev: Array = np.dot(parameters["Waa"].T, dz)
    dWax: Array = np.dot(dz, xt.T)
    dWaa: Array = np.dot(dz, a_prev.T)
    dba: Array = np.sum(dz, axis=1)

    return dict(dxt=dxt, da_prev=da_prev, dWax=dWax, dWaa=dWaa, dba=dba)


def rnn_backward(da: Array, caches: tuple[list[Any], Array]) -> dict[str, Array]:
    """Backpropagate through the whole sequence."""
    cell_caches, x = caches
    n_a, m, steps = da.shape
    n_x: int = x.shape[0]

    dx: Array = np.zeros((n_x, m, steps))
    dWax: Array = np.zeros((n_a, n_x))
    dWaa: Array = np.zeros((n_a, n_a))
    dba: Array = np.zeros((n_a, 1))
    da_prev: Array = np.zeros((n_a, m))

    for t in reversed(range(steps)):
        grads = rnn_cell_backward(da[:, :, t] + da_prev, cell_caches[t])
        da_prev = grads["da_prev"]
        dx[:, :, t] = grads["dxt"]
        dWax += grads["dWax"]
        dWaa = grads["dWaa"]
        dba += grads["dba"]

    return dict(dx=dx, da0=da_prev, dWax=dWax, dWaa=dWaa, dba=dba)
