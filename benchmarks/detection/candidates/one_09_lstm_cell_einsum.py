import numpy as np


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, params = cache
    n_a = a_next.shape[0]

    tc = np.tanh(c_next)
    dc = dc_next + da_next * ot * (1 - tc**2)

    d_f = dc * c_next * ft * (1 - ft)
    d_i = dc * cct * it * (1 - it)
    d_c = dc * it * (1 - cct**2)
    d_o = da_next * tc * ot * (1 - ot)

    inputs = np.concatenate([a_prev, xt])
    grads = {}
    below = 0
    for letter, d in zip("fico", (d_f, d_i, d_c, d_o)):
        grads[f"dW{letter}"] = np.einsum("am,km->ak", d, inputs)
        grads[f"db{letter}"] = np.einsum("am->a", d)[:, None]
        below = below + np.einsum("ak,am->km", params[f"W{letter}"], d)

    grads["da_prev"], grads["dxt"] = below[:n_a, :], below[n_a:, :]
    grads["dc_prev"] = np.einsum("am,am->am", dc, ft)
    return grads
