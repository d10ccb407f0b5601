import numpy as np


def lstm_backward(da, caches):
    cell_caches, x = caches
    n_a, m, T_x = da.shape
    n_x = x.shape[0]
    parameters = cell_caches[0][9]
    Wf, Wi, Wc, Wo = (parameters[k] for k in ("Wf", "Wi", "Wc", "Wo"))

    dx = np.empty((n_x, m, T_x))
    dWf, dWi, dWc, dWo = (np.zeros((n_a, n_a + n_x)) for _ in range(4))
    dbf, dbi, dbc, dbo = (np.zeros((n_a, 1)) for _ in range(4))
    dh_next = np.zeros((n_a, m))
    dc_next = np.zeros((n_a, m))

    for t in reversed(range(T_x)):
        _, c, h_prev, c_prev, f, i, g, o, xt, _ = cell_caches[t]
        th = np.tanh(c)
        dh = da[:, :, t] + dh_next

        # output gate
        do = dh
        do *= th
        do *= o
        do *= 1 - o

        # cell state
        ds = dh * o
        ds *= 1 - th * th
        ds += dc_next

        # forget gate, input gate, candidate
        df = ds * c_prev
        df *= f * (1 - f)
        di = ds * g
        di *= i * (1 - i)
        dg = ds * i
        dg *= 1 - g * g

        both = np.concatenate((h_prev, xt))
        for dW, db, d in ((dWf, dbf, df), (dWi, dbi, di), (dWc, dbc, dg), (dWo, dbo, do)):
            dW += d @ both.T
            db += d.sum(axis=1, keepdims=True)

        dboth = Wf.T @ df
        dboth += Wi.T @ di
        dboth += Wc.T @ dg
        dboth += Wo.T @ do
        dh_next = dboth[:n_a]
        dx[:, :, t] = dboth[n_a:]
        dc_next = ds * f

    return {"dx": dx, "da0": dh_next, "dWf": dWf, "dbf": dbf, "dWi": dWi, "dbi": dbi, "dWc": dWc, "dbc": dbc,
            "dWo": dWo, "dbo": dbo}
