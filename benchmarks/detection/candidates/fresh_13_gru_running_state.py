import numpy as np

def sig(v):
    return 1.0 / (1.0 + np.exp(-v))

def gru_cell_forward(xt, a_prev, parameters):
    Wz, Wr, Wh = parameters["Wz"], parameters["Wr"], parameters["Wh"]
    stacked = np.vstack([a_prev, xt])
    zt = sig(Wz @ stacked + parameters["bz"])
    rt = sig(Wr @ stacked + parameters["br"])
    hht = np.tanh(Wh @ np.vstack([rt * a_prev, xt]) + parameters["bh"])
    a_next = (1 - zt) * a_prev + zt * hht
    scores = parameters["Wy"] @ a_next + parameters["by"]
    scores = np.exp(scores - scores.max(axis=0))
    cache = {"a_prev": a_prev, "xt": xt, "zt": zt, "rt": rt, "hht": hht, "parameters": parameters}
    return a_next, scores / scores.sum(axis=0), cache

def gru_forward(x, a0, parameters):
    n_a, m = a0.shape
    T_x = x.shape[2]
    a = np.empty((n_a, m, T_x))
    y_pred = np.empty((parameters["by"].shape[0], m, T_x))
    caches = []
    state = a0.copy()
    for t in range(T_x):
        a_next, yt_pred, cache = gru_cell_forward(x[:, :, t], state, parameters)
        caches.append(cache)
        a[:, :, t] = a_next
        y_pred[:, :, t] = yt_pred
        state[:] = a_next
    return a, y_pred, (caches, x)

def gru_cell_backward(da_next, cache):
    a_prev, xt, zt, rt, hht, parameters = cache.values()
    n_a = a_prev.shape[0]
    Wz, Wr, Wh = parameters["Wz"], parameters["Wr"], parameters["Wh"]

    dht = da_next * zt * (1 - hht ** 2)
    dra = Wh[:, :n_a].T @ dht
    dzt = da_next * (hht - a_prev) * zt * (1 - zt)
    drt = dra * a_prev * rt * (1 - rt)

    stacked_T = np.vstack([a_prev, xt]).T
    return {
        "dxt": Wz[:, n_a:].T @ dzt + Wr[:, n_a:].T @ drt + Wh[:, n_a:].T @ dht,
        "da_prev": Wz[:, :n_a].T @ dzt + Wr[:, :n_a].T @ drt + rt * dra + (1 - zt) * da_next,
        "dWz": dzt @ stacked_T,
        "dWr": drt @ stacked_T,
        "dWh": dht @ np.vstack([rt * a_prev, xt]).T,
        "dbz": np.sum(dzt, axis=1, keepdims=True),
        "dbr": np.sum(drt, axis=1, keepdims=True),
        "dbh": np.sum(dht, axis=1, keepdims=True),
    }

def gru_backward(da, caches):
    caches, x = caches
    grads = {}
    dxs = []
    da_prev = np.zeros(da.shape[:2])
    for t in range(da.shape[2] - 1, -1, -1):
        step = gru_cell_backward(da[:, :, t] + da_prev, caches[t])
        da_prev = step.pop("da_prev")
        dxs.insert(0, step.pop("dxt"))
        grads = {k: grads.get(k, 0) + v for k, v in step.items()}
    return {"dx": np.stack(dxs, axis=2), "da0": da_prev, **grads}
