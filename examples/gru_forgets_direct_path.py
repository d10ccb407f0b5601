# The old state reaches the new one by two gates, by the candidate, and by itself.
import numpy as np


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(0))
    return e / e.sum(0)


def gru_cell_forward(xt, a_prev, parameters):
    stacked = np.vstack([a_prev, xt])
    zt = sigmoid(parameters["Wz"].dot(stacked) + parameters["bz"])
    rt = sigmoid(parameters["Wr"].dot(stacked) + parameters["br"])
    stacked_r = np.vstack([rt * a_prev, xt])
    cct = np.tanh(parameters["Wh"].dot(stacked_r) + parameters["bh"])
    a_next = zt * cct + (1 - zt) * a_prev
    yt = softmax(parameters["Wy"].dot(a_next) + parameters["by"])
    return a_next, yt, (stacked, stacked_r, zt, rt, cct, parameters)


def gru_forward(x, a0, parameters):
    a, y, caches, a_next = [], [], [], a0
    for t in range(x.shape[2]):
        a_next, yt, cache = gru_cell_forward(x[:, :, t], a_next, parameters)
        a.append(a_next)
        y.append(yt)
        caches.append(cache)
    return np.stack(a, axis=2), np.stack(y, axis=2), caches


def gru_cell_backward(da_next, cache):
    stacked, stacked_r, zt, rt, cct, parameters = cache
    n_a = zt.shape[0]
    a_prev = stacked[:n_a]

    dcct = da_next * zt * (1 - cct ** 2)
    d_stacked_r = parameters["Wh"].T.dot(dcct)
    dzt = da_next * (cct - a_prev) * zt * (1 - zt)
    drt = d_stacked_r[:n_a] * a_prev * rt * (1 - rt)
    d_stacked = parameters["Wz"].T.dot(dzt) + parameters["Wr"].T.dot(drt)
    return {
        "dxt": d_stacked[n_a:] + d_stacked_r[n_a:],
        "da_prev": d_stacked[:n_a] + rt * d_stacked_r[:n_a],  # and (1 - zt) * da_next
        "dWz": dzt.dot(stacked.T), "dbz": dzt.sum(1, keepdims=True),
        "dWr": drt.dot(stacked.T), "dbr": drt.sum(1, keepdims=True),
        "dWh": dcct.dot(stacked_r.T), "dbh": dcct.sum(1, keepdims=True),
    }


def gru_backward(da, caches):
    n_a, m, T_x = da.shape
    steps, carry = [], 0
    for t in range(T_x - 1, -1, -1):
        steps.insert(0, gru_cell_backward(da[:, :, t] + carry, caches[t]))
        carry = steps[0]["da_prev"]
    sums = {k: sum(step[k] for step in steps) for k in steps[0] if k[1] in "Wb"}
    return {"dx": np.stack([step["dxt"] for step in steps], axis=2), "da0": carry, **sums}
