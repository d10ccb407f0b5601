import numpy as np

np.random.seed(1)
n_x, n_a, m = 3, 5, 10
xt = np.random.randn(n_x, m)
a_prev = np.random.randn(n_a, m)
c_prev = np.random.randn(n_a, m)
Wf = np.random.randn(n_a, n_a + n_x)
bf = np.random.randn(n_a, 1)
Wi = np.random.randn(n_a, n_a + n_x)
bi = np.random.randn(n_a, 1)
Wo = np.random.randn(n_a, n_a + n_x)
bo = np.random.randn(n_a, 1)
Wc = np.random.randn(n_a, n_a + n_x)
bc = np.random.randn(n_a, 1)
parameters = {"Wf": Wf, "Wi": Wi, "Wo": Wo, "Wc": Wc, "bf": bf, "bi": bi, "bo": bo, "bc": bc}


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = a_next.shape[0]
    tanh_c_next = np.tanh(c_next)

    dc_total = dc_next + ot * (1 - tanh_c_next ** 2) * da_next
    dgate_o = da_next * tanh_c_next * ot * (1 - ot)
    dgate_c = dc_total * it * (1 - cct ** 2)
    dgate_i = dc_total * cct * it * (1 - it)
    dgate_f = dc_total * c_prev * ft * (1 - ft)

    concat_T = np.vstack((a_prev, xt)).T
    dWo = dgate_o @ concat_T
    dWc = dgate_c @ concat_T
    dWi = dgate_i @ concat_T
    dWf = dgate_f @ concat_T

    dbo = np.sum(dgate_o, axis=1, keepdims=True)
    dbc = np.sum(dgate_c, axis=1, keepdims=True)
    dbi = np.sum(dgate_i, axis=1, keepdims=True)
    dbf = np.sum(dgate_f, axis=1, keepdims=True)

    da_prev = (
        parameters["Wf"][:, :n_a].T @ dgate_f
        + parameters["Wi"][:, :n_a].T @ dgate_i
        + parameters["Wc"][:, :n_a].T @ dgate_c
        + parameters["Wo"][:, :n_a].T @ dgate_o
    )
    dxt = (
        Wf[:, n_a:].T @ dgate_f
        + parameters["Wi"][:, n_a:].T @ dgate_i
        + parameters["Wc"][:, n_a:].T @ dgate_c
        + parameters["Wo"][:, n_a:].T @ dgate_o
    )
    dc_prev = dc_total * ft

    return {
        "dxt": dxt, "da_prev": da_prev, "dc_prev": dc_prev,
        "dWf": dWf, "dbf": dbf, "dWi": dWi, "dbi": dbi,
        "dWc": dWc, "dbc": dbc, "dWo": dWo, "dbo": dbo,
    }
