from collections import defaultdict

import numpy as np

GATES = ("f", "i", "c", "o")


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = a_next.shape[0]
    tanh_c = np.tanh(c_next)
    stacked = np.concatenate([a_prev, xt], axis=0)

    dc = dc_next + da_next * ot * (1.0 - tanh_c ** 2)
    delta = {
        "f": dc * c_prev * ft * (1.0 - ft),
        "i": dc * cct * it * (1.0 - it),
        "c": dc * it * (1.0 - cct ** 2),
        "o": da_next * tanh_c * ot * (1.0 - ot),
    }

    grads = {"dc_prev": dc * ft}
    d_stacked = np.zeros_like(stacked)
    for g in GATES:
        grads["dW" + g] = delta[g] @ stacked.T
        grads["db" + g] = delta[g].sum(axis=1, keepdims=True)
        d_stacked += parameters["W" + g].T @ delta[g]
    grads["da_prev"] = d_stacked[:n_a]
    grads["dxt"] = d_stacked[n_a:]
    return grads


def lstm_backward(da, caches):
    cell_caches, x = caches
    n_a, m, T_x = da.shape
    dx = np.zeros((x.shape[0], m, T_x))
    totals = defaultdict(float)
    step = {"da_prev": np.zeros((n_a, m)), "dc_prev": np.zeros((n_a, m))}

    for t in range(T_x - 1, -1, -1):
        step = lstm_cell_backward(da[:, :, t], step["dc_prev"], cell_caches[t])
        dx[:, :, t] = step["dxt"]
        for g in GATES:
            totals["dW" + g] += step["dW" + g]
            totals["db" + g] += step["db" + g]

    return {"dx": dx, "da0": step["da_prev"], **totals}
