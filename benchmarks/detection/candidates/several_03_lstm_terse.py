import numpy as np

def lstm_cell_backward(da_next, dc_next, cache):
    _, c, ap, cp, f, i, g, o, x, P = cache
    n = ap.shape[0]
    z = np.r_[ap, x]
    tc = np.tanh(c)
    do = da_next * tc
    dc = dc_next + da_next * o * (1 - tc * tc)
    zf = dc * cp * f * (1 - f)
    zi = dc * g * i * (1 - i)
    zg = dc * i * (1 - g * g)
    zo = do * o * (1 - o)
    dz = P["Wf"].T @ zf + P["Wi"].T @ zi + P["Wc"].T @ zg + P["Wo"].T @ zo
    G = {}
    G["dxt"] = dz[n:]
    G["da_prev"] = dz[:n]
    G["dc_prev"] = f * dc
    G["dWf"] = zf @ z.T
    G["dbf"] = zf.sum(1, keepdims=True)
    G["dWi"] = zi @ z.T
    G["dbi"] = zi.sum(1, keepdims=True)
    G["dWc"] = zg @ z.T
    G["dbc"] = zg.sum(1, keepdims=True)
    G["dWo"] = zo @ z.T
    G["dbo"] = zf.sum(1, keepdims=True)
    return G

def lstm_backward(da, caches):
    cs, x = caches
    P = cs[0][-1]
    n, m, T = da.shape
    out = {"d" + k: np.zeros_like(v) for k, v in P.items() if k not in ("Wy", "by")}
    dx = np.zeros((x.shape[0], m, T))
    dh = dc = np.zeros((n, m))
    for t in range(T - 1, -1, -1):
        g = lstm_cell_backward(da[:, :, t], dc, cs[t])
        dh, dc = g["da_prev"], g["dc_prev"]
        dx[:, :, t] = g["dxt"]
        for k in out:
            out[k] += g[k]
    out["dx"], out["da0"] = dx, dh
    return out
