"""GRU cell whose cache is the function that takes it back."""
from typing import Callable, Dict, Tuple

import numpy as np

Array = np.ndarray
Grads = Dict[str, Array]


def logistic(v: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-v))


def gru_cell_forward(xt: Array, a_prev: Array, parameters: Grads) -> Tuple[Array, Array, Callable]:
    n_a, n_x = a_prev.shape[0], xt.shape[0]
    Wz, Wr, Wh = parameters["Wz"], parameters["Wr"], parameters["Wh"]
    ax = np.concatenate([a_prev, xt])
    z = logistic(Wz @ ax + parameters["bz"])
    r = logistic(Wr @ ax + parameters["br"])
    rax = np.concatenate([r * a_prev, xt])
    h = np.tanh(Wh @ rax + parameters["bh"])
    a_next = a_prev + z * (h - a_prev)
    logits = parameters["Wy"] @ a_next + parameters["by"]
    y = np.exp(logits - logits.max(axis=0))

    def backward(da_next: Array) -> Grads:
        dh = da_next * z * (1 - h**2)
        dra = Wh[:, :n_a].T @ dh
        dz = da_next * (h - a_prev) * z * (1 - z)
        dr = dra * a_prev * r * (1 - r)
        return {
            "dxt": Wz[:, n_a:].T @ dz + Wr[:, n_a:].T @ dr + Wh[:, :n_x].T @ dh,
            "da_prev": Wz[:, :n_a].T @ dz + Wr[:, :n_a].T @ dr + dra * r + da_next * (1 - z),
            "dWz": dz @ ax.T,
            "dWr": dr @ ax.T,
            "dWh": dh @ rax.T,
            "dbz": dz.sum(axis=1),
            "dbr": dr.sum(axis=1, keepdims=True),
            "dbh": dh.sum(axis=1, keepdims=True),
        }

    return a_next, y / y.sum(axis=0), backward


def gru_cell_backward(da_next: Array, cache: Callable) -> Grads:
    return cache(da_next)


def gru_forward(x: Array, a0: Array, parameters: Grads) -> Tuple[Array, Array, list]:
    a, y, caches = [a0], [], []
    for t in range(x.shape[2]):
        a_t, y_t, backward = gru_cell_forward(x[:, :, t], a[t], parameters)
        a.append(a_t)
        y.append(y_t)
        caches.append(backward)
    return np.stack(a[1:], 2), np.stack(y, 2), caches


def gru_backward(da: Array, caches: list) -> Grads:
    totals: Grads = {}
    dx: list = []
    carry: Array = np.zeros(da.shape[:2])
    for t in range(da.shape[2])[::-1]:
        step = gru_cell_backward(da[:, :, t] + carry, caches[t])
        carry = step.pop("da_prev")
        dx.append(step.pop("dxt"))
        for key in step:
            totals[key] = totals[key] + step[key] if key in totals else step[key]
    return {"dx": np.stack(dx[::-1], 2), "da0": carry, **totals}
