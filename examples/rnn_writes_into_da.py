# Every gradient is right, the first time: the carry is added into the caller's da.
import numpy as np


def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next ** 2) * da_next
    return {
        "dxt": parameters["Wax"].T @ dz,
        "da_prev": parameters["Waa"].T @ dz,
        "dWax": dz @ xt.T,
        "dWaa": dz @ a_prev.T,
        "dba": dz.sum(1, keepdims=True),
    }


def rnn_backward(da, caches):
    steps, x = caches
    n_a, m, T_x = da.shape
    dx = np.zeros((x.shape[0], m, T_x))
    grads = {"dWax": 0.0, "dWaa": 0.0, "dba": 0.0}
    for t in range(T_x - 1, -1, -1):
        g = rnn_cell_backward(da[:, :, t], steps[t])
        if t > 0:
            da[:, :, t - 1] += g["da_prev"]
        dx[:, :, t] = g["dxt"]
        for k in grads:
            grads[k] = grads[k] + g[k]
    return {"dx": dx, "da0": g["da_prev"], **grads}
