# The cell state's gradient goes back through time, the hidden state's does not.
import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache
    n_a, m = a_next.shape
    z = np.concatenate((a_prev, xt), axis=0)

    through_tanh = dc_next + ot * (1 - np.square(np.tanh(c_next))) * da_next
    d_f = through_tanh * c_prev * ft * (1 - ft)
    d_i = through_tanh * cct * it * (1 - it)
    d_c = through_tanh * it * (1 - np.square(cct))
    d_o = da_next * np.tanh(c_next) * ot * (1 - ot)

    # all gates at once: (4 n_a, m) against the stacked weights
    W = np.concatenate([parameters[k] for k in ("Wf", "Wi", "Wc", "Wo")])
    d = np.concatenate([d_f, d_i, d_c, d_o])
    dz = np.dot(W.T, d)
    dW = np.split(np.dot(d, z.T), 4)
    db = np.split(np.sum(d, axis=1, keepdims=True), 4)
    return {
        "dxt": dz[n_a:, :], "da_prev": dz[:n_a, :], "dc_prev": through_tanh * ft,
        "dWf": dW[0], "dbf": db[0], "dWi": dW[1], "dbi": db[1],
        "dWc": dW[2], "dbc": db[2], "dWo": dW[3], "dbo": db[3],
    }


def lstm_backward(da, caches):
    (caches, x) = caches
    n_a, m, T_x = da.shape
    n_x = x.shape[0]
    out = {k: 0 for k in ("dWf", "dbf", "dWi", "dbi", "dWc", "dbc", "dWo", "dbo")}
    out["dx"] = np.empty((n_x, m, T_x))
    dc = np.zeros((n_a, m))
    for t in range(T_x - 1, -1, -1):
        g = lstm_cell_backward(da[:, :, t], dc, caches[t])  # da_prev of step t + 1 is not added
        dc = g["dc_prev"]
        out["dx"][:, :, t] = g["dxt"]
        for k in out:
            if k != "dx":
                out[k] = out[k] + g[k]
    out["da0"] = g["da_prev"]
    return out
