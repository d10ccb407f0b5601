import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    """Backward of one cell.  Shapes: states (n_a, m), input (n_x, m)."""

    # 1. unpack
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    Wf, Wi, Wc, Wo = parameters["Wf"], parameters["Wi"], parameters["Wc"], parameters["Wo"]
    n_x, m = xt.shape
    n_a = a_next.shape[0]

    # 2. through a_next = ot * tanh(c_next)
    d_ot = da_next * np.tanh(c_next)
    d_c = dc_next + da_next * ot * (1 - np.tanh(c_next) ** 2)

    # 3. through c_next = ft * c_prev + it * cct
    d_ft = d_c * c_prev
    d_it = d_c * cct
    d_cct = d_c * it
    d_c_prev = d_c * ft

    # 4. through the activations
    d_zf = d_ft * ft * (1 - ft)
    d_zi = d_it * it * (1 - it)
    d_zc = d_cct * (1 - cct ** 2)
    d_zo = d_ot * ot * (1 - ot)

    # 5. the weights, both halves
    dWf = np.zeros((n_a, n_a + n_x))
    dWi = np.zeros((n_a, n_a + n_x))
    dWc = np.zeros((n_a, n_a + n_x))
    dWo = np.zeros((n_a, n_a + n_x))
    dWf[:, :n_a], dWf[:, n_a:] = d_zf @ a_prev.T, d_zf @ xt.T
    dWi[:, :n_a], dWi[:, n_a:] = d_zi @ a_prev.T, d_zi @ xt.T
    dWc[:, :n_a], dWc[:, n_a:] = d_zc @ a_prev.T, d_zc @ xt.T
    dWo[:, :n_a], dWo[:, n_a:] = d_zo @ a_prev.T, d_zo @ xt.T

    # 6. the biases
    dbf = d_zf.sum(axis=1, keepdims=True)
    dbi = d_zi.sum(axis=1, keepdims=True)
    dbc = d_zc.sum(axis=1)
    dbo = d_zo.sum(axis=1, keepdims=True)

    # 7. what goes further down
    d_a_prev = np.zeros((n_a, m))
    dxt = np.zeros((n_x, m))
    for W, d_z in [(Wf, d_zf), (Wi, d_zi), (Wc, d_zc), (Wo, d_zo)]:
        d_a_prev += W[:, :n_a].T @ d_z
        dxt += W[:, n_a:].T @ d_z

    return {
        "dxt": dxt,
        "da_prev": d_a_prev,
        "dc_prev": d_c_prev,
        "dWf": dWf,
        "dbf": dbf,
        "dWi": dWi,
        "dbi": dbi,
        "dWc": dWc,
        "dbc": dbc,
        "dWo": dWo,
        "dbo": dbo,
    }
