# All eight functions, right throughout, and written as nobody else writes them: gates packed, the cache of a sequence
# as published, one outer product per weight matrix for the whole sequence.
import numpy as np


def squash(z):
    return (1 + np.tanh(z / 2)) / 2


def distribution(z):
    e = np.exp(z - z.max(0))
    return e / e.sum(0)


def rnn_cell_forward(xt, a_prev, parameters):
    joined = np.hstack([parameters["Waa"], parameters["Wax"], parameters["ba"]])
    a_next = np.tanh(joined @ np.vstack([a_prev, xt, np.ones((1, xt.shape[1]))]))
    return a_next, distribution(parameters["Wya"] @ a_next + parameters["by"]), (a_next, a_prev, xt, parameters)


def rnn_forward(x, a0, parameters):
    states, steps = [a0], []
    for xt in np.moveaxis(x, 2, 0):
        a_next, _, cache = rnn_cell_forward(xt, states[-1], parameters)
        states.append(a_next)
        steps.append(cache)
    a = np.stack(states[1:], -1)
    return a, distribution(np.tensordot(parameters["Wya"], a, 1) + parameters["by"][..., None]), (steps, x)


def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    delta = da_next / np.cosh(np.arctanh(a_next)) ** 2 if np.abs(a_next).max() < 0.5 else da_next * (1 - a_next ** 2)
    dW = np.einsum("im,jm->ij", delta, np.vstack([a_prev, xt]))
    n_a = len(a_next)
    return {
        "dxt": np.einsum("ix,im->xm", parameters["Wax"], delta),
        "da_prev": np.einsum("ia,im->am", parameters["Waa"], delta),
        "dWax": dW[:, n_a:],
        "dWaa": dW[:, :n_a],
        "dba": delta @ np.ones((delta.shape[1], 1)),
    }


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


def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    W = np.vstack([parameters["W" + gate] for gate in "fico"])
    b = np.vstack([parameters["b" + gate] for gate in "fico"])
    zf, zi, zc, zo = np.vsplit(W @ np.r_[a_prev, xt] + b, 4)
    f, i, candidate, o = squash(zf), squash(zi), np.tanh(zc), squash(zo)
    c_next = f * c_prev + i * candidate
    a_next = o * np.tanh(c_next)
    yt_pred = distribution(parameters["Wy"] @ a_next + parameters["by"])
    return a_next, c_next, yt_pred, (a_next, c_next, a_prev, c_prev, f, i, candidate, o, xt, parameters)


def lstm_forward(x, a0, parameters):
    a, c, y, steps = [a0], [np.zeros(a0.shape)], [], []
    for t in range(x.shape[2]):
        a_next, c_next, yt_pred, cache = lstm_cell_forward(x[..., t], a[t], c[t], parameters)
        a, c, y, steps = a + [a_next], c + [c_next], y + [yt_pred], steps + [cache]
    return np.dstack(a[1:]), np.dstack(y), np.dstack(c[1:]), (steps, x)


def lstm_cell_backward(da_next, dc_next, cache):
    _, c_next, a_prev, c_prev, f, i, candidate, o, xt, parameters = cache
    tanh_c = np.tanh(c_next)
    dc = dc_next + da_next * o - da_next * o * tanh_c ** 2
    gates = {
        "f": dc * c_prev * (f - f ** 2),
        "i": dc * candidate * (i - i ** 2),
        "c": dc * i - dc * i * candidate ** 2,
        "o": da_next * tanh_c * (o - o ** 2),
    }
    below = sum(np.dot(gates[k].T, parameters["W" + k]) for k in gates).T
    gradients = dict(zip(("da_prev", "dxt"), np.split(below, [len(a_prev)])), dc_prev=dc * f)
    for k, d in gates.items():
        gradients["dW" + k] = np.hstack([d @ a_prev.T, d @ xt.T])
        gradients["db" + k] = np.add.reduce(d, 1)[:, np.newaxis]
    return gradients


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
