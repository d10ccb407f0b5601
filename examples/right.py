# Right throughout, and written as nobody else writes it: gates packed, one outer product for the whole sequence.
import numpy as np


def rnn_backward(da, caches):
    steps, x = caches
    T_x = da.shape[2]
    Wax, Waa = steps[0][3]["Wax"], steps[0][3]["Waa"]
    deltas = np.empty(da.shape)
    carry = 0
    for t in range(T_x)[::-1]:
        deltas[..., t] = (da[..., t] + carry) * (1 - steps[t][0] ** 2)
        carry = Waa.T @ deltas[..., t]
    previous = np.stack([step[1] for step in steps[:T_x]], axis=2)
    return {
        "dx": np.einsum("ax,amt->xmt", Wax, deltas),
        "da0": carry,
        "dWax": np.tensordot(deltas, x[..., :T_x], ((1, 2), (1, 2))),
        "dWaa": np.tensordot(deltas, previous, ((1, 2), (1, 2))),
        "dba": deltas.sum((1, 2))[:, None],
    }


def lstm_backward(da, caches):
    steps, x = caches
    n_a, m, T_x = da.shape
    parameters = steps[0][9]
    W = np.vstack([parameters["W" + gate] for gate in "fico"])
    packed = np.empty((4 * n_a, m, T_x))
    read = np.empty((n_a + x.shape[0], m, T_x))
    da_later = dc_later = np.zeros((n_a, m))
    for t in range(T_x)[::-1]:
        _, c, a_prev, c_prev, f, i, candidate, o, xt, _ = steps[t]
        upstream, tanh_c = da[..., t] + da_later, np.tanh(c)
        dc = dc_later + upstream * o * (1 - tanh_c) * (1 + tanh_c)
        packed[..., t] = np.vstack([
            dc * c_prev * f * (1 - f),
            dc * candidate * i * (1 - i),
            dc * i * (1 - candidate) * (1 + candidate),
            upstream * tanh_c * o * (1 - o),
        ])
        read[..., t] = np.vstack([a_prev, xt])
        da_later, dc_later = W[:, :n_a].T @ packed[..., t], dc * f
    dW = np.tensordot(packed, read, ((1, 2), (1, 2)))
    db = packed.sum((1, 2))[:, None]
    gradients = {"dx": np.tensordot(W[:, n_a:].T, packed, 1), "da0": da_later}
    for k, gate in enumerate("fico"):
        gradients["dW" + gate], gradients["db" + gate] = dW[k * n_a:(k + 1) * n_a], db[k * n_a:(k + 1) * n_a]
    return gradients
