import numpy as np

# Both gates come out of one tanh: sigmoid(z) = (1 + tanh(z / 2)) / 2.  The cache keeps the tanh.


def gru_cell_forward(xt, a_prev, parameters):
    n_a = a_prev.shape[0]
    inp = np.concatenate((a_prev, xt))
    Wg = np.concatenate((parameters["Wz"], parameters["Wr"]))
    bg = np.concatenate((parameters["bz"], parameters["br"]))
    th = np.tanh((Wg.dot(inp) + bg) / 2)
    z, r = (1 + th[:n_a]) / 2, (1 + th[n_a:]) / 2
    inp_r = np.concatenate((r * a_prev, xt))
    hh = np.tanh(parameters["Wh"].dot(inp_r) + parameters["bh"])
    a_next = a_prev + z * (hh - a_prev)
    return a_next, (inp, inp_r, th, hh, Wg, parameters["Wh"])


def gru_forward(x, a0, parameters):
    n_x, m, T_x = x.shape
    a = np.empty((a0.shape[0], m, T_x))
    caches, prev = [], a0
    for t in range(T_x):
        prev, cache = gru_cell_forward(x[..., t], prev, parameters)
        a[..., t] = prev
        caches.append(cache)
    return a, caches


def gru_cell_backward(da_next, cache):
    inp, inp_r, th, hh, Wg, Wh = cache
    n_a = hh.shape[0]
    a_prev = inp[:n_a]
    z, r = (1 + th[:n_a]) / 2, (1 + th[n_a:]) / 2

    dhh = da_next * z * (1 - hh * hh)
    dinp_r = Wh.T.dot(dhh)
    dgates = np.concatenate((da_next * (hh - a_prev), dinp_r[:n_a] * a_prev))
    dgates = dgates * (1 - th * th) / 2
    dinp = Wg.T.dot(dgates)

    dWg = dgates.dot(inp.T)
    dbg = dgates.sum(axis=1, keepdims=True)
    return {
        "dxt": dinp[n_a:] + dinp_r[n_a:],
        "da_prev": dinp[:n_a] + dinp_r[:n_a] * r + da_next * (1 - z),
        "dWz": dWg[:n_a], "dWr": dWg[n_a:], "dWh": dhh.dot(inp_r.T),
        "dbz": dbg[:n_a], "dbr": dbg[n_a:], "dbh": dhh.sum(axis=1, keepdims=True),
    }


def gru_backward(da, caches):
    n_a, m, T_x = da.shape
    grads = [None] * T_x
    upstream = np.zeros((n_a, m))
    for t in range(T_x - 1, -1, -1):
        upstream = upstream + da[..., t]
        grads[t] = gru_cell_backward(upstream, caches[t])
        upstream = grads[t]["da_prev"]
    out = {k: sum(g[k] for g in grads) for k in ("dWz", "dWr", "dWh", "dbz", "dbr", "dbh")}
    out["dx"] = np.stack([g["dxt"] for g in grads], -1)
    out["da0"] = upstream
    return out
