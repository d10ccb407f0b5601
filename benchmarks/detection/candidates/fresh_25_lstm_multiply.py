import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a, m = a_next.shape
    n_x = xt.shape[0]

    dct = dc_next + da_next * ot * (1 - np.power(np.tanh(c_next), 2))

    dft = np.multiply(np.multiply(dct, c_prev), np.multiply(ft, 1 - ft))
    dit = np.multiply(np.multiply(dct, cct), np.multiply(it, 1 - it))
    dcct = np.multiply(dct, it)
    dot = np.multiply(np.multiply(da_next, np.tanh(c_next)), np.multiply(ot, 1 - ot))

    grad = {}
    grad["dWf"] = np.zeros((n_a, n_a + n_x))
    grad["dWi"] = np.zeros((n_a, n_a + n_x))
    grad["dWc"] = np.zeros((n_a, n_a + n_x))
    grad["dWo"] = np.zeros((n_a, n_a + n_x))
    grad["dWf"][:, :n_a], grad["dWf"][:, n_a:] = dft.dot(a_prev.T), dft.dot(xt.T)
    grad["dWi"][:, :n_a], grad["dWi"][:, n_a:] = dit.dot(a_prev.T), dit.dot(xt.T)
    grad["dWc"][:, :n_a], grad["dWc"][:, n_a:] = dcct.dot(a_prev.T), dcct.dot(xt.T)
    grad["dWo"][:, :n_a], grad["dWo"][:, n_a:] = dot.dot(a_prev.T), dot.dot(xt.T)
    grad["dbf"] = dft.sum(axis=1, keepdims=True)
    grad["dbi"] = dit.sum(axis=1, keepdims=True)
    grad["dbc"] = dcct.sum(axis=1, keepdims=True)
    grad["dbo"] = dot.sum(axis=1, keepdims=True)

    pieces = [(parameters["Wf"], dft), (parameters["Wi"], dit), (parameters["Wc"], dcct), (parameters["Wo"], dot)]
    grad["da_prev"] = sum(W[:, :n_a].T.dot(d) for W, d in pieces)
    grad["dxt"] = sum(W[:, n_a:].T.dot(d) for W, d in pieces)
    grad["dc_prev"] = np.multiply(dct, ft)
    return grad


def lstm_backward(da, caches):
    caches, x = caches
    n_a, m, T_x = da.shape

    keys = ["dWf", "dWi", "dWc", "dWo", "dbf", "dbi", "dbc", "dbo"]
    grads = {key: 0 for key in keys}
    grads["dx"] = np.zeros((x.shape[0], m, T_x))

    da_prev = np.zeros((n_a, m))
    dc_prev = np.zeros((n_a, m))

    for t in range(T_x - 1, -1, -1):
        # one step back
        grad = lstm_cell_backward(da[:, :, t] + da_prev, dc_prev, caches[t])

        for key in keys:
            grads[key] = grads[key] + grad[key]
        grads["dx"][:, :, t] = grad["dxt"]
        da_prev = grad["da_prev"]

    grads["da0"] = da_prev
    return grads
