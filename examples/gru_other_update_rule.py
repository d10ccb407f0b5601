# z keeps the old state here, where in the exercise it lets the new one in.  Both are called a GRU.
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


def gru_cell_forward(xt, a_prev, parameters):
    p = parameters
    concat = np.vstack((a_prev, xt))
    zt = sigmoid(p["Wz"] @ concat + p["bz"])
    rt = sigmoid(p["Wr"] @ concat + p["br"])
    ht = np.tanh(p["Wh"] @ np.vstack((rt * a_prev, xt)) + p["bh"])
    a_next = zt * a_prev + (1 - zt) * ht
    yt_pred = softmax(p["Wy"] @ a_next + p["by"])
    return a_next, yt_pred, (a_prev, xt, zt, rt, ht, parameters)


def gru_cell_backward(da_next, cache):
    a_prev, xt, zt, rt, ht, p = cache
    n_a = a_prev.shape[0]
    dz = da_next * (a_prev - ht) * zt * (1 - zt)
    dh = da_next * (1 - zt) * (1 - ht ** 2)
    below_h = p["Wh"].T @ dh
    dr = below_h[:n_a] * a_prev * rt * (1 - rt)
    below = p["Wz"].T @ dz + p["Wr"].T @ dr

    concat = np.vstack((a_prev, xt))
    return {
        "dxt": below[n_a:] + below_h[n_a:],
        "da_prev": da_next * zt + below[:n_a] + below_h[:n_a] * rt,
        "dWz": dz @ concat.T, "dbz": dz.sum(axis=1, keepdims=True),
        "dWr": dr @ concat.T, "dbr": dr.sum(axis=1, keepdims=True),
        "dWh": dh @ np.vstack((rt * a_prev, xt)).T, "dbh": dh.sum(axis=1, keepdims=True),
    }
