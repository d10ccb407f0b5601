import numpy as np


# goes through the minibatch one example after the other, which is slow but easy to check by hand
def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a, m = a_next.shape
    n_x, _ = xt.shape

    gradients = {"dxt": np.zeros((n_x, m)), "da_prev": np.zeros((n_a, m)), "dc_prev": np.zeros((n_a, m))}
    for gate in ["f", "i", "c", "o"]:
        gradients["dW" + gate] = np.zeros((n_a, n_a + n_x))
        gradients["db" + gate] = np.zeros((n_a, 1))

    for ex in range(m):
        f, i, c, o = ft[:, ex], it[:, ex], cct[:, ex], ot[:, ex]
        da, dc = da_next[:, ex], dc_next[:, ex]
        tanh_c = np.tanh(c_next[:, ex])

        dc = dc + da * o * (1 - tanh_c ** 2)
        d_o = da * tanh_c
        d_f = dc * c_prev[:, ex] * f * (1 - f)
        d_i = dc * c * i * (1 - i)
        d_c = dc * i * (1 - c ** 2)
        gradients["dc_prev"][:, ex] = dc * f

        concat = np.append(a_prev[:, ex], xt[:, ex])
        d_concat = np.zeros(n_a + n_x)
        for gate, d in [("f", d_f), ("i", d_i), ("c", d_c), ("o", d_o)]:
            gradients["dW" + gate] += np.outer(d, concat)
            gradients["db" + gate][:, 0] += d
            d_concat += d @ parameters["W" + gate]

        gradients["da_prev"][:, ex] = d_concat[:n_a]
        gradients["dxt"][:, ex] = d_concat[n_a:]

    return gradients
