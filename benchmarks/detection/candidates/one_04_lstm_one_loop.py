import numpy as np


def lstm_backward(da, caches):
    """Whole sequence in one loop, without the cell's function."""
    steps, x = caches
    H, m, T = da.shape
    p = steps[0][-1]
    W = np.vstack((p["Wf"], p["Wi"], p["Wc"], p["Wo"]))
    dW = np.zeros(W.shape)
    db = np.zeros((4 * H, 1))
    dx = np.zeros((x.shape[0], m, T))
    dh = np.zeros((H, m))
    dc = np.zeros((H, m))

    t = T
    while t > 0:
        t -= 1
        _, c, h_prev, c_prev, f, i, g, o, xt, _ = steps[t]
        u = np.tanh(c)
        dh = dh + da[:, :, t]
        ds = dc + dh * o * (1 - u * u)
        dz = np.vstack((ds * c_prev * f * (1 - f), ds * g * i * (1 - i), ds * i * (1 - g * g), dh * u * o * (1 - o)))
        dW += dz.dot(np.vstack((h_prev, xt)).T)
        db += dz.sum(axis=1).reshape(-1, 1)
        dhx = W.T.dot(dz)
        dh = dhx[:H]
        dx[:, :, t] = dhx[H:]

    out = {"dx": dx, "da0": dh}
    for k, gate in enumerate("fico"):
        out[f"dW{gate}"] = dW[k * H:(k + 1) * H]
        out[f"db{gate}"] = db[k * H:(k + 1) * H]
    return out
