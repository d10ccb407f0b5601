import numpy as np


def sigmoid(x): return 1/(1+np.exp(-x))


def softmax(x):
    e = np.exp(x-np.max(x, axis=0)); return e/np.sum(e, axis=0)


def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    P = parameters
    v = np.vstack((a_prev, xt))
    ft, it, ot = [sigmoid(P["W"+k]@v + P["b"+k]) for k in "fio"]
    cct = np.tanh(P["Wc"]@v + P["bc"])
    c_next = ft*c_prev + it*cct
    a_next = ot*np.tanh(c_next)
    return a_next, c_next, softmax(P["Wy"]@a_next + P["by"]), (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, P)


def lstm_forward(x, a0, parameters):
    n_y, n_a = parameters["Wy"].shape
    _, m, T_x = x.shape
    a = np.zeros((n_a, m, T_x)); y = np.zeros((n_y, m, T_x)); c = np.zeros((n_a, m, T_x))
    caches = []
    a_prev, c_prev = a0, c[:, :, T_x-1]
    for t in range(T_x):
        a[:, :, t], c[:, :, t], y[:, :, t], cache = lstm_cell_forward(x[:, :, t], a_prev, c_prev, parameters)
        a_prev, c_prev = cache[0], cache[1]
        caches.append(cache)
    return a, y, c, (caches, x)


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, P = cache
    n_a = a_prev.shape[0]; v = np.vstack((a_prev, xt)); th = np.tanh(c_next)
    ds = da_next*ot*(1-th**2) + dc_next
    dz = {"f": ds*c_prev*ft*(1-ft), "i": ds*cct*it*(1-it), "o": da_next*th*ot*(1-ot), "c": ds*it*(1-cct**2)}
    dv = sum(P["W"+k].T@dz[k] for k in dz)
    g = {"da_prev": dv[:n_a], "dxt": dv[n_a:], "dc_prev": ds*ft}
    for k in dz: g["dW"+k] = dz[k]@v.T; g["db"+k] = dz[k].sum(axis=1, keepdims=True)
    return g


def lstm_backward(da, caches):
    cs, x = caches
    n_a, m, T_x = da.shape
    dx = np.zeros((x.shape[0], m, T_x))
    dh = np.zeros((n_a, m)); dc = np.zeros((n_a, m))
    tot = {}
    for t in range(T_x-1, -1, -1):
        g = lstm_cell_backward(da[:, :, t]+dh, dc, cs[t])
        dh, dc, dx[:, :, t] = g["da_prev"], g["dc_prev"], g["dxt"]
        for k in g:
            if k[:2] in ("dW", "db"): tot[k] = tot.get(k, 0) + g[k]
    return {"dx": dx, "da0": dh, **tot}
