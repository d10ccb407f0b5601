import numpy as np

GATES = ("f", "i", "c", "o")


def _stack(parameters, letter):
    return np.concatenate([parameters[letter + gate] for gate in GATES])


def lstm_cell_backward(da_next, dc_next, cache):
    _, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = a_prev.shape[0]
    W = _stack(parameters, "W")  # (4 n_a, n_a + n_x)

    tanh_c = np.tanh(c_next)
    dc = dc_next + da_next * ot * (1.0 - tanh_c**2)

    d_forget = dc * c_prev * ft * (1.0 - ft)
    d_input = dc * cct * it * (1.0 - it)
    d_candidate = dc * it * (1.0 - cct**2)
    d_output = da_next * tanh_c * ot * (1.0 - ot)
    dz = np.concatenate([d_forget, d_candidate, d_input, d_output])

    dW = dz @ np.concatenate([a_prev, xt]).T
    db = dz.sum(axis=1, keepdims=True)
    d_concat = W.T @ dz

    gradients = {"dxt": d_concat[n_a:], "da_prev": d_concat[:n_a], "dc_prev": dc * ft}
    for k, gate in enumerate(GATES):
        rows = slice(k * n_a, (k + 1) * n_a)
        gradients["dW" + gate] = dW[rows]
        gradients["db" + gate] = db[rows]
    return gradients


def lstm_backward(da, caches):
    cell_caches, x = caches
    n_a, m, T_x = da.shape
    n_x = x.shape[0]

    dx = np.empty((n_x, m, T_x))
    da_prev = np.zeros((n_a, m))
    dc_prev = np.zeros((n_a, m))
    totals = {}
    for gate in GATES:
        totals["dW" + gate] = np.zeros((n_a, n_a + n_x))
        totals["db" + gate] = np.zeros((n_a, 1))

    for t in range(T_x - 1, -1, -1):
        step = lstm_cell_backward(da[:, :, t] + da_prev, dc_prev, cell_caches[t])
        da_prev = step["da_prev"]
        dc_prev = step["dc_prev"]
        dc_prev = np.zeros((n_a, m))
        dx[:, :, t] = step["dxt"]
        for name in totals:
            totals[name] += step[name]

    return {"dx": dx, "da0": da_prev, **totals}
