import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache
    Wf, Wi, Wc, Wo = [parameters[name] for name in ["Wf", "Wi", "Wc", "Wo"]]
    n_a = a_prev.shape[0]

    # derivative of tanh(c_next)
    dtc = 1 - np.tanh(c_next)**2

    # gates
    dot = np.tanh(c_next) * da_next * ot * (1 - ot)
    dcct = (it * dc_next + ot * dtc * it * da_next) * (1 - cct**2)
    dit = (cct * dc_next + ot * dtc * cct * da_next) * it * (1 - it)
    dft = (c_prev * dc_next + ot * dtc * c_prev * da_next) * ft * (1 - ft)

    # parameters, one half for a_prev and one half for xt
    dWf = np.hstack([np.dot(dft, a_prev.T), np.dot(dft, xt.T)])
    dWi = np.hstack([np.dot(dit, a_prev.T), np.dot(dit, xt.T)])
    dWc = np.hstack([np.dot(dcct, a_prev.T), np.dot(dcct, xt.T)])
    dWo = np.hstack([np.dot(dot, a_prev.T), np.dot(dot, xt.T)])
    dbf = np.sum(dft, axis=1).reshape(n_a, 1)
    dbi = np.sum(dit, axis=1).reshape(n_a, 1)
    dbc = np.sum(dcct, axis=1).reshape(n_a, 1)
    dbo = np.sum(dot, axis=1).reshape(n_a, 1)

    # previous states and input
    da_prev = np.dot(Wf[:, :n_a].T, dft) + np.dot(Wi[:, :n_a].T, dit) + np.dot(Wc[:, :n_a].T, dcct) + np.dot(Wo[:, :n_a].T, dot)
    dc_prev = ft * dc_next + ot * dtc * ft * da_next
    dxt = np.dot(Wf[:, n_a:].T, dft) + np.dot(Wi[:, n_a:].T, dit) + np.dot(Wc[:, n_a:].T, dcct) + np.dot(Wo[:, n_a:].T, dot)

    return {"dxt": dxt, "da_prev": da_prev, "dc_prev": dc_prev, "dWf": dWf, "dbf": dbf, "dWi": dWi, "dbi": dbi,
            "dWc": dWc, "dbc": dbc, "dWo": dWo, "dbo": dbo}


def lstm_backward(da, caches):
    (caches, x) = caches
    n_a, m, T_x = da.shape
    n_x = x.shape[0]

    dx = np.zeros((n_x, m, T_x))
    da_prevt = np.zeros((n_a, m))
    dc_prevt = np.zeros((n_a, m))
    dWf, dWi, dWc, dWo = [np.zeros((n_a, n_a + n_x)) for _ in range(4)]
    dbf, dbi, dbc, dbo = [np.zeros((n_a, 1)) for _ in range(4)]

    for t in reversed(range(T_x)):
        grads = lstm_cell_backward(da[:, :, t] + da_prevt, dc_prevt, caches[t])
        da_prev, dc_prev = grads["da_prev"], grads["dc_prev"]
        dx[:, :, t] = grads["dxt"]
        dWf = dWf + grads["dWf"]
        dWi = dWi + grads["dWi"]
        dWc = dWc + grads["dWc"]
        dWo = dWo + grads["dWo"]
        dbf = dbf + grads["dbf"]
        dbi = dbi + grads["dbi"]
        dbc = dbc + grads["dbc"]
        dbo = dbo + grads["dbo"]
    da0 = grads["da_prev"]

    return {"dx": dx, "da0": da0, "dWf": dWf, "dbf": dbf, "dWi": dWi, "dbi": dbi,
            "dWc": dWc, "dbc": dbc, "dWo": dWo, "dbo": dbo}
