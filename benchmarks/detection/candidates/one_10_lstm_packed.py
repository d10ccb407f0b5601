"""LSTM with the four gates in one matrix: f, i, o, and the candidate last."""
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    z = z - z.max(axis=0)
    e = np.exp(z)
    return e / e.sum(axis=0)


def pack(parameters):
    W = np.concatenate([parameters["Wf"], parameters["Wi"], parameters["Wo"], parameters["Wc"]], axis=0)
    b = np.concatenate([parameters["bf"], parameters["bi"], parameters["bo"], parameters["bc"]], axis=0)
    return W, b


def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    n_a = a_prev.shape[0]
    W, b = pack(parameters)
    z = W @ np.concatenate([a_prev, xt], axis=0) + b
    ft, it, ot = np.split(sigmoid(z[:3 * n_a]), 3)
    cct = np.tanh(z[3 * n_a:])
    c_next = ft * c_prev + it * cct
    a_next = ot * np.tanh(c_next)
    yt_pred = softmax(parameters["Wy"] @ a_next + parameters["by"])
    return a_next, c_next, yt_pred, (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = a_prev.shape[0]
    W, _ = pack(parameters)

    dc = dc_next + da_next * ot * (1 - np.tanh(c_next) ** 2)
    df = dc * c_prev * ft * (1 - ft)
    di = dc * cct * it * (1 - it)
    do = da_next * np.tanh(c_next) * ot * (1 - ot)
    dg = dc * it * (1 - cct ** 2)

    dz = np.concatenate([df, di, dg, do], axis=0)
    dW = dz @ np.concatenate([a_prev, xt], axis=0).T
    db = dz.sum(axis=1, keepdims=True)
    d_concat = W.T @ dz

    dWf, dWi, dWo, dWc = np.split(dW, 4)
    dbf, dbi, dbo, dbc = np.split(db, 4)
    return {
        "dxt": d_concat[n_a:], "da_prev": d_concat[:n_a], "dc_prev": dc * ft,
        "dWf": dWf, "dWi": dWi, "dWo": dWo, "dWc": dWc,
        "dbf": dbf, "dbi": dbi, "dbo": dbo, "dbc": dbc,
    }
