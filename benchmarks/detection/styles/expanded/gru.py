"""The GRU in the exercise's style, gate by gate, each matrix in its two halves."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gru_cell_forward(xt, a_prev, parameters):
    concat = np.vstack((a_prev, xt))
    zt = sigmoid(np.dot(parameters["Wz"], concat) + parameters["bz"])
    rt = sigmoid(np.dot(parameters["Wr"], concat) + parameters["br"])
    hht = np.tanh(np.dot(parameters["Wh"], np.vstack((rt * a_prev, xt))) + parameters["bh"])
    a_next = (1 - zt) * a_prev + zt * hht
    scores = np.dot(parameters["Wy"], a_next) + parameters["by"]
    e = np.exp(scores - np.max(scores, axis=0))
    return a_next, e / np.sum(e, axis=0), (a_next, a_prev, zt, rt, hht, xt, parameters)


def gru_cell_backward(da_next, cache):
    a_next, a_prev, zt, rt, hht, xt, parameters = cache
    n_a = a_next.shape[0]
    Wz, Wr, Wh = parameters["Wz"], parameters["Wr"], parameters["Wh"]
    dzt = (da_next * hht - da_next * a_prev) * zt * (1 - zt)
    dhht = da_next * zt * (1 - np.square(hht))
    dreset = np.dot(Wh[:, :n_a].T, dhht)
    drt = dreset * a_prev * rt * (1 - rt)
    dWz = np.concatenate((np.dot(dzt, a_prev.T), np.dot(dzt, xt.T)), axis=1)
    dWr = np.concatenate((np.dot(drt, a_prev.T), np.dot(drt, xt.T)), axis=1)
    dWh = np.concatenate((np.dot(dhht, (rt * a_prev).T), np.dot(dhht, xt.T)), axis=1)
    dbz = np.sum(dzt, axis=1, keepdims=True)
    dbr = np.sum(drt, axis=1, keepdims=True)
    dbh = np.sum(dhht, axis=1, keepdims=True)
    da_prev = da_next * (1 - zt) + dreset * rt
    da_prev += np.dot(Wz[:, :n_a].T, dzt) + np.dot(Wr[:, :n_a].T, drt)
    dxt = np.dot(Wz[:, n_a:].T, dzt) + np.dot(Wr[:, n_a:].T, drt) + np.dot(Wh[:, n_a:].T, dhht)
    gradients = {"dxt": dxt, "da_prev": da_prev, "dWz": dWz, "dWr": dWr, "dWh": dWh}
    gradients.update({"dbz": dbz, "dbr": dbr, "dbh": dbh})
    return gradients
