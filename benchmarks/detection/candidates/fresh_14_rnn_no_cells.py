import numpy as np


def rnn_forward(x, a0, parameters):
    Wax, Waa, Wya, ba, by = [parameters[k] for k in ('Wax', 'Waa', 'Wya', 'ba', 'by')]
    n_x, m, T = x.shape
    n_a = Waa.shape[0]
    n_y = Wya.shape[0]
    a = np.zeros((n_a, m, T + 1))    # a[..., 0] is the initial state
    a[:, :, 0] = a0
    y = np.zeros((n_y, m, T))
    for t in range(T):
        a[:, :, t + 1] = np.tanh(np.dot(Waa, a[:, :, t]) + np.dot(Wax, x[:, :, t]) + ba)
        o = np.dot(Wya, a[:, :, t + 1]) + by
        o = np.exp(o - o.max(axis=0, keepdims=True))
        y[:, :, t] = o / o.sum(axis=0, keepdims=True)
    return a[:, :, 1:].copy(), y, (a, x, parameters)


def rnn_backward(da, caches):
    a, x, parameters = caches
    Wax, Waa = parameters['Wax'], parameters['Waa']
    n_a, m, T = da.shape
    dx = np.zeros((x.shape[0], m, T))
    dWax = np.zeros(Wax.shape)
    dWaa = np.zeros(Waa.shape)
    dba = np.zeros((n_a, 1))
    da_later = np.zeros((n_a, m))
    for t in reversed(range(T)):
        dz = (da[:, :, t] + da_later) * (1 - np.square(a[:, :, t]))
        dx[:, :, t] = np.dot(Wax.T, dz)
        dWax += np.dot(dz, x[:, :, t].T)
        dWaa += np.dot(dz, a[:, :, t].T)
        dba += dz.sum(axis=1, keepdims=True)
        da_later = np.dot(Waa.T, dz)
    return {'dx': dx, 'da0': da_later, 'dWax': dWax, 'dWaa': dWaa, 'dba': dba}
