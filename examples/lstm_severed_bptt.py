# LSTM backward pass, "cell test passes but my sequence is wrong".
import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = a_next.shape[0]
    stacked = np.vstack([a_prev, xt])

    tanh_c = np.tanh(c_next)
    dc = dc_next + da_next * ot * (1 - tanh_c ** 2)
    dot = da_next * tanh_c * ot * (1 - ot)
    dft = dc * c_prev * ft * (1 - ft)
    dit = dc * cct * it * (1 - it)
    dcct = dc * it * (1 - cct ** 2)

    gradients = {"dc_prev": dc * ft}
    below = np.zeros_like(stacked)
    for gate, d in (("f", dft), ("i", dit), ("c", dcct), ("o", dot)):
        gradients["dW" + gate] = d @ stacked.T
        gradients["db" + gate] = d.sum(axis=1, keepdims=True)
        below += parameters["W" + gate].T @ d
    gradients["da_prev"], gradients["dxt"] = below[:n_a], below[n_a:]
    return gradients


def lstm_backward(da, caches):
    cells, x = caches
    n_x, m, _ = x.shape
    n_a, _, T_x = da.shape

    total = {}
    dx = np.zeros((n_x, m, T_x))
    da_prevt = np.zeros((n_a, m))
    dc_prevt = np.zeros((n_a, m))
    for t in reversed(range(T_x)):
        step = lstm_cell_backward(da[:, :, t] + da_prevt, dc_prevt, cells[t])
        dx[:, :, t] = step["dxt"]
        for name in ("dWf", "dbf", "dWi", "dbi", "dWc", "dbc", "dWo", "dbo"):
            total[name] = total.get(name, 0) + step[name]
        # da_prevt and dc_prevt stay zero: nothing is carried from step t to step t - 1
    return {"dx": dx, "da0": step["da_prev"], **total}
