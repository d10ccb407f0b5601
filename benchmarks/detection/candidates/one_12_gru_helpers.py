# GRU from the blog post, in plain NumPy.  Update gate u, reset gate r, candidate c.
import numpy as np

sigmoid = lambda v: 1.0 / (1.0 + np.exp(-v))
dsigmoid = lambda v: v * (1.0 - v)
tanh = np.tanh
dtanh = lambda v: 1.0 - np.tanh(v) ** 2


def gru_cell_forward(xt, a_prev, parameters):
    ax = np.vstack((a_prev, xt))
    u = sigmoid(np.dot(parameters["Wu"], ax) + parameters["bu"])
    r = sigmoid(np.dot(parameters["Wr"], ax) + parameters["br"])
    rax = np.vstack((r * a_prev, xt))
    c = tanh(np.dot(parameters["Wc"], rax) + parameters["bc"])
    a_next = u * c + (1.0 - u) * a_prev
    return a_next, (a_prev, xt, u, r, c, ax, rax, parameters)


def gru_forward(x, a0, parameters):
    caches = []
    a = np.zeros(a0.shape + (x.shape[2],))
    a_t = a0
    for t in range(x.shape[2]):
        a_t, cache = gru_cell_forward(x[:, :, t], a_t, parameters)
        a[:, :, t] = a_t
        caches.append(cache)
    return a, caches


def gru_cell_backward(da_next, cache):
    a_prev, xt, u, r, c, ax, rax, parameters = cache
    n = a_prev.shape[0]

    dc = da_next * u * dtanh(c)
    du = da_next * (c - a_prev) * dsigmoid(u)
    drax = np.dot(parameters["Wc"].T, dc)
    dr = drax[:n] * a_prev * dsigmoid(r)
    dax = np.dot(parameters["Wu"].T, du) + np.dot(parameters["Wr"].T, dr)

    grads = {}
    grads["dWc"], grads["dbc"] = np.dot(dc, rax.T), np.sum(dc, axis=1, keepdims=True)
    grads["dWu"], grads["dbu"] = np.dot(du, ax.T), np.sum(du, axis=1, keepdims=True)
    grads["dWr"], grads["dbr"] = np.dot(dr, ax.T), np.sum(dr, axis=1, keepdims=True)
    grads["da_prev"] = da_next * (1.0 - u) + drax[:n] * r + dax[:n]
    grads["dxt"] = drax[n:] + dax[n:]
    return grads
