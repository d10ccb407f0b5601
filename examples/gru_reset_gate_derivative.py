# The reset gate multiplies a_prev, so a_prev belongs into its derivative.
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - np.max(z, axis=0, keepdims=True))
    return e / np.sum(e, axis=0, keepdims=True)


def gru_cell_forward(xt, a_prev, parameters):
    Wz, Wr, Wh, Wy = (parameters["W" + k] for k in "zrhy")
    bz, br, bh, by = (parameters["b" + k] for k in "zrhy")
    both = np.concatenate((a_prev, xt), axis=0)
    z = sigmoid(np.dot(Wz, both) + bz)
    r = sigmoid(np.dot(Wr, both) + br)
    h = np.tanh(np.dot(Wh, np.concatenate((r * a_prev, xt), axis=0)) + bh)
    a_next = (1 - z) * a_prev + z * h
    return a_next, softmax(np.dot(Wy, a_next) + by), (a_next, a_prev, xt, z, r, h, parameters)


def gru_forward(x, a0, parameters):
    n_x, m, T_x = x.shape
    n_y, n_a = parameters["Wy"].shape
    a, y, caches = np.zeros((n_a, m, T_x)), np.zeros((n_y, m, T_x)), []
    a_next = a0
    for t in range(T_x):
        a_next, y[:, :, t], cache = gru_cell_forward(x[:, :, t], a_next, parameters)
        a[:, :, t] = a_next
        caches.append(cache)
    return a, y, (caches, x)


def gru_cell_backward(da_next, cache):
    a_next, a_prev, xt, z, r, h, parameters = cache
    Wz, Wr, Wh = parameters["Wz"], parameters["Wr"], parameters["Wh"]
    n_a = a_prev.shape[0]

    dz = da_next * (h - a_prev) * z * (1 - z)
    dh = da_next * z * (1 - h ** 2)
    dra = np.dot(Wh[:, :n_a].T, dh)  # of r * a_prev
    dr = dra * r * (1 - r)  # a_prev is missing

    both = np.concatenate((a_prev, xt), axis=0)
    out = {"dWz": np.dot(dz, both.T), "dWr": np.dot(dr, both.T)}
    out["dWh"] = np.dot(dh, np.concatenate((r * a_prev, xt), axis=0).T)
    for k, d in (("z", dz), ("r", dr), ("h", dh)):
        out["db" + k] = np.sum(d, axis=1, keepdims=True)
    out["dxt"] = np.dot(Wz[:, n_a:].T, dz) + np.dot(Wr[:, n_a:].T, dr) + np.dot(Wh[:, n_a:].T, dh)
    out["da_prev"] = (1 - z) * da_next + r * dra + np.dot(Wz[:, :n_a].T, dz) + np.dot(Wr[:, :n_a].T, dr)
    return out


def gru_backward(da, caches):
    caches, x = caches
    T_x = da.shape[2]
    dx = np.zeros((x.shape[0], x.shape[1], T_x))
    da_prev = np.zeros(da.shape[:2])
    total = {}
    for t in reversed(range(T_x)):
        step = gru_cell_backward(da[:, :, t] + da_prev, caches[t])
        dx[:, :, t], da_prev = step.pop("dxt"), step.pop("da_prev")
        for k in step:
            total[k] = total.get(k, 0) + step[k]
    return {"dx": dx, "da0": da_prev, **total}
