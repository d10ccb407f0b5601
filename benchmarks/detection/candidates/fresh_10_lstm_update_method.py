import numpy as np


class Accumulator:
    """Sums of the gradients of all time steps."""

    def __init__(self, n_a, n_x):
        self.sums = {}
        for gate in 'fico':
            self.sums['dW' + gate] = np.zeros((n_a, n_a + n_x))
            self.sums['db' + gate] = np.zeros((n_a, 1))

    def update(self, gradients):
        for key in self.sums:
            self.sums[key] = gradients[key]


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = a_next.shape[0]
    concat = np.concatenate([a_prev, xt])
    gradients = {}
    dconcat = 0

    dc = dc_next + da_next * ot / np.cosh(c_next) ** 2
    upstream = {'f': dc * c_prev, 'i': dc * cct, 'c': dc * it, 'o': da_next * np.tanh(c_next)}
    local = {'f': ft * (1 - ft), 'i': it * (1 - it), 'c': 1 - cct ** 2, 'o': ot * (1 - ot)}

    for gate in 'fico':
        delta = upstream[gate] * local[gate]
        gradients['dW' + gate] = delta @ concat.T
        gradients['db' + gate] = delta @ np.ones((delta.shape[1], 1))
        dconcat = dconcat + parameters['W' + gate].T @ delta

    gradients['da_prev'], gradients['dxt'] = np.vsplit(dconcat, [n_a])
    gradients['dc_prev'] = dc * ft
    return gradients


def lstm_backward(da, caches):
    cell_caches, x = caches
    n_a, m, T_x = da.shape
    n_x = x.shape[0]
    acc = Accumulator(n_a, n_x)
    dx = np.zeros((n_x, m, T_x))
    da_prev = np.zeros((n_a, m))
    dc_prev = np.zeros((n_a, m))

    for t in range(T_x)[::-1]:
        gradients = lstm_cell_backward(da[:, :, t] + da_prev, dc_prev, cell_caches[t])
        da_prev = gradients['da_prev']
        dc_prev = gradients['dc_prev']
        dx[:, :, t] = gradients['dxt']
        acc.update(gradients)

    return {'dx': dx, 'da0': da_prev, **acc.sums}
