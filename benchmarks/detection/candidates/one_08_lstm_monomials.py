import numpy as np
from numpy import tanh

# Derivatives multiplied out, gate by gate.


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = len(a_next)
    X = np.r_[a_prev, xt]

    dft = (
        dc_next * c_prev * ft * (1 - ft)
        + da_next * ot * c_prev * ft * (1 - ft)
        - da_next * ot * tanh(c_next) ** 2 * c_prev * ft * (1 - ft)
    )
    dit = (
        dc_next * cct * it * (1 - it)
        + da_next * ot * cct * it * (1 - it)
        - da_next * ot * tanh(c_next) ** 2 * cct * it * (1 - it)
    )
    dcct = (
        da_next * ot * it * (1 - cct ** 2)
        - da_next * ot * tanh(c_next) ** 2 * it * (1 - cct ** 2)
    )
    dot = da_next * tanh(c_next) * ot - da_next * tanh(c_next) * ot ** 2

    dc_prev = dc_next * ft + da_next * ot * ft - da_next * ot * tanh(c_next) ** 2 * ft
    dX = parameters["Wf"].T @ dft + parameters["Wi"].T @ dit + parameters["Wc"].T @ dcct + parameters["Wo"].T @ dot

    return {
        "dxt": dX[n_a:], "da_prev": dX[:n_a], "dc_prev": dc_prev,
        "dWf": dft @ X.T, "dWi": dit @ X.T, "dWc": dcct @ X.T, "dWo": dot @ X.T,
        "dbf": dft.sum(1, keepdims=True), "dbi": dit.sum(1, keepdims=True),
        "dbc": dcct.sum(1, keepdims=True), "dbo": dot.sum(1, keepdims=True),
    }


def lstm_backward(da, caches):
    caches, x = caches
    n_a, m, T_x = da.shape
    da_later, dc_later = np.zeros((n_a, m)), np.zeros((n_a, m))
    dx, result = [], {}
    for cache, da_t in list(zip(caches, np.moveaxis(da, 2, 0)))[::-1]:
        g = lstm_cell_backward(da_t + da_later, dc_later, cache)
        da_later, dc_later = g.pop("da_prev"), g.pop("dc_prev")
        dx.insert(0, g.pop("dxt"))
        result = {name: result.get(name, 0) + value for name, value in g.items()}
    result["dx"] = np.stack(dx, axis=2)
    result["da0"] = da_later
    return result
