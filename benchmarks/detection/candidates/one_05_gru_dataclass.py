from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class GruCache:
    x: np.ndarray
    h_prev: np.ndarray
    z: np.ndarray
    r: np.ndarray
    h_cand: np.ndarray
    parameters: dict[str, np.ndarray]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


def softmax(x: np.ndarray) -> np.ndarray:
    shifted = np.exp(x - x.max(axis=0, keepdims=True))
    return shifted / shifted.sum(axis=0, keepdims=True)


def gru_cell_forward(xt: np.ndarray, a_prev: np.ndarray, parameters: dict):
    concat = np.vstack([a_prev, xt])
    z = sigmoid(parameters["Wz"] @ concat + parameters["bz"])
    r = sigmoid(parameters["Wr"] @ concat + parameters["br"])
    h_cand = np.tanh(parameters["Wh"] @ np.vstack([r * a_prev, xt]) + parameters["bh"])
    a_next = (1.0 - z) * a_prev + z * h_cand
    y = softmax(parameters["Wy"] @ a_next + parameters["by"])
    return a_next, y, GruCache(xt, a_prev, z, r, h_cand, parameters)


def gru_forward(x: np.ndarray, a0: np.ndarray, parameters: dict):
    a, y, caches = [], [], []
    state = a0
    for t in range(x.shape[-1]):
        state, prediction, cache = gru_cell_forward(x[:, :, t], state, parameters)
        a.append(state)
        y.append(prediction)
        caches.append(cache)
    return np.stack(a, axis=-1), np.stack(y, axis=-1), caches


def gru_cell_backward(da_next: np.ndarray, cache: GruCache) -> dict[str, np.ndarray]:
    n_a = cache.h_prev.shape[0]
    p = cache.parameters

    dh_pre = da_next * cache.z * (1.0 - cache.h_cand ** 2)
    d_reset_concat = p["Wh"].T @ dh_pre
    dz_pre = da_next * (cache.h_cand - cache.h_prev) * cache.z * (1.0 - cache.z)
    dr_pre = d_reset_concat[:n_a] * cache.h_prev * cache.r * (1.0 - cache.r)
    d_concat = p["Wz"].T @ dz_pre + p["Wr"].T @ dr_pre

    concat = np.vstack([cache.h_prev, cache.x])
    reset_concat = np.vstack([cache.r * cache.h_prev, cache.x])
    return {
        "dxt": d_concat[n_a:] + d_reset_concat[n_a:],
        "da_prev": (1.0 - cache.z) * da_next + d_concat[:n_a] + d_reset_concat[:n_a] * cache.r,
        "dWz": dz_pre @ concat.T,
        "dWr": dr_pre @ concat.T,
        "dWh": dh_pre @ reset_concat.T,
        "dbz": dz_pre.sum(axis=1, keepdims=True),
        "dbr": dr_pre.sum(axis=1, keepdims=True),
        "dbh": dh_pre.sum(axis=1, keepdims=True),
    }


def gru_backward(da: np.ndarray, caches: list[GruCache]) -> dict[str, np.ndarray]:
    n_a, m, T_x = da.shape
    n_x = caches[0].x.shape[0]

    dx = np.zeros((n_x, m, T_x))
    total = {f"d{name}": np.zeros_like(caches[0].parameters[name]) for name in ("Wz", "Wr", "Wh", "bz", "br", "bh")}
    da_prev = np.zeros((n_a, m))

    for t in reversed(range(T_x)):
        da_prev = np.zeros((n_a, m))
        grads = gru_cell_backward(da[:, :, t] + da_prev, caches[t])
        da_prev = grads["da_prev"]
        dx[:, :, t] = grads["dxt"]
        for name in total:
            total[name] += grads[name]

    return {"dx": dx, "da0": da_prev, **total}
