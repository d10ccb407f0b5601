import numpy as np

def lstm_cell_backward(da_next, dc_next, cache):
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, p) = cache
    n_a = a_next.shape[0]
    dtan = 1 - np.square(np.tanh(c_next))
    d_c = dc_next + da_next*ot*dtan

    dot  = da_next*np.tanh(c_next)*ot*(1-ot)
    dcct = d_c*it*(1-np.square(cct))
    dit  = d_c*cct*it*(1-it)
    dft  = d_c*c_prev*ft*(1-ft)

    cat = np.concatenate((a_prev, xt), axis=0).T
    dWf, dWi, dWc, dWo = np.dot(dft, cat), np.dot(dit, cat), np.dot(dcct, cat), np.dot(dot, cat)
    dbf = np.sum(dft, axis=1, keepdims=True); dbi = np.sum(dit, axis=1, keepdims=True)
    dbc = np.sum(dcct, axis=1, keepdims=True); dbo = np.sum(dot, axis=1, keepdims=True)

    d = np.dot(p["Wf"].T, dft) + np.dot(p["Wi"].T, dit) + np.dot(p["Wc"].T, dcct) + np.dot(p["Wo"].T, dot)
    da_prev, dxt = d[:n_a, :], d[n_a:, :]
    dc_prev = d_c*ft
    return {"dxt": dxt, "da_prev": da_prev, "dc_prev": dc_prev, "dWf": dWf, "dbf": dbf, "dWi": dWi, "dbi": dbi,
            "dWc": dWc, "dbc": dbc, "dWo": dWo, "dbo": dbo}

def lstm_backward(da, caches):
    (caches, x) = caches
    n_a, m, T_x = da.shape
    n_x = x.shape[0]

    dx = np.zeros((n_x, m, T_x))
    da_prevt = np.zeros((n_a, m)); dc_prevt = np.zeros((n_a, m))
    dWf = np.zeros((n_a, n_a+n_x)); dWi = np.zeros((n_a, n_a+n_x))
    dWc = np.zeros((n_a, n_a+n_x)); dWo = np.zeros((n_a, n_a+n_x))
    dbf = np.zeros((n_a, 1)); dbi = np.zeros((n_a, 1))
    dbc = np.zeros((n_a, 1)); dbo = np.zeros((n_a, 1))

    for t in reversed(range(T_x)):
        g = lstm_cell_backward(da[:,:,t]+da_prevt, dc_prevt, caches[t])
        da_prevt, dc_prevt = g['da_prev'], g['dc_prev']
        dx[:,:,t] = g['dxt']
        dWf = dWf + g['dWf']
        dWi = dWi + g['dWi']
        dWc = dWc + g['dWc']
        dWo = g['dWo']
        dbf = dbf + g['dbf']
        dbi = dbi + g['dbi']
        dbc = dbc + g['dbc']
        dbo = dbo + g['dbo']
    da0 = da_prevt

    return {"dx": dx, "da0": da0, "dWf": dWf, "dbf": dbf, "dWi": dWi, "dbi": dbi,
            "dWc": dWc, "dbc": dbc, "dWo": dWo, "dbo": dbo}
