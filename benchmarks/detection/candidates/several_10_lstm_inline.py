import numpy as np


def lstm_backward(da, caches):
    steps, x = caches
    n_a, m, T_x = da.shape
    Wf, Wi, Wc, Wo = [steps[0][9][k] for k in ("Wf", "Wi", "Wc", "Wo")]

    dWf, dWi, dWc, dWo = 0, 0, 0, 0
    dbf, dbi, dbc, dbo = 0, 0, 0, 0
    dx_list = []
    da_later = np.zeros((n_a, m))
    dc_later = np.zeros((n_a, m))

    for t in reversed(range(T_x)):
        (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, _) = steps[t]
        concat_T = np.vstack([a_prev, xt]).T

        da_t = da[:, :, t] + da_later
        dc_t = dc_later + da_t * ot * (1 - np.tanh(c_next) ** 2)

        # through the gates
        do = da_t * np.tanh(c_next) * ot * (1 - ot)
        dcand = dc_t * it * (1 - cct ** 2)
        di = dc_t * cct * it * (1 - it)
        df = dc_t * c_next * ft * (1 - ft)

        dWf = dWf + df @ concat_T
        dWi = dWi + di @ concat_T
        dWc = dWc + dcand @ concat_T
        dWo = dWo + do @ concat_T
        dbf = dbf + df.sum(axis=1, keepdims=True)
        dbi = dbi + di.sum(axis=1, keepdims=True)
        dbc = dbc + dcand.sum(axis=1, keepdims=True)
        dbo = dbo + do.sum(axis=1, keepdims=True)

        dconcat = Wf.T @ df + Wi.T @ di + Wc.T @ dcand + Wo.T @ do
        da_later = dconcat[:n_a, :]
        dc_later = dc_t
        dx_list.append(dconcat[n_a:, :])

    dx_list.reverse()
    gradients = {"dx": np.stack(dx_list, axis=2), "da0": da_later}
    gradients.update(dWf=dWf, dbf=dbf, dWi=dWi, dbi=dbi, dWc=dWc, dbc=dbc, dWo=dWo, dbo=dbo)
    return gradients
