import numpy as np

KEYS = ["dWax", "dWaa", "dba"]


def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = da_next * (1 - a_next ** 2)
    pairs = {"dxt": parameters["Wax"].T, "da_prev": parameters["Waa"].T}
    out = {name: np.dot(W, dz) for name, W in pairs.items()}
    out.update({name: np.dot(dz, v.T) for name, v in (("dWax", xt), ("dWaa", a_prev))})
    out["dba"] = np.sum(dz, axis=1, keepdims=True)
    return out


def rnn_backward(da, caches):
    caches, x = caches
    n_a, m, T_x = da.shape
    n_x = x.shape[0]
    parameters = caches[0][3]

    dx = np.zeros((n_x, m, T_x))
    sums = {k: np.zeros(parameters[k[1:]].shape) for k in KEYS}
    da_prev = np.zeros((n_a, m))

    for t in range(T_x - 1, 0, -1):
        step = rnn_cell_backward(da[:, :, t] + da_prev, caches[t])
        dx[:, :, t] = step["dxt"]
        da_prev = step["da_prev"]
        sums = {k: v + step[k] for k, v in sums.items()}

    return dict(sums, dx=dx, da0=da_prev)
