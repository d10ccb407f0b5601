import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    _, H = prev_h.shape
    A = np.dot(x, Wx) + np.dot(prev_h, Wh) + b
    gates = sigmoid(A[:, :3 * H])
    i, f, o = gates[:, :H], gates[:, H:2 * H], gates[:, 2 * H:]
    g = np.tanh(A[:, 3 * H:])
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return next_h, next_c, (i, f, o, g, x, prev_h, prev_c, next_c, Wx, Wh)


def lstm_step_backward(dnext_h, dnext_c, cache):
    i, f, o, g, x, prev_h, prev_c, next_c, Wx, Wh = cache
    tanh_c = np.tanh(next_c)
    dc = dnext_c + dnext_h * o * (1.0 - tanh_c ** 2)
    dA = np.concatenate(
        (
            dc * g * i * (1.0 - i),
            dc * prev_c * f * (1.0 - f),
            dnext_h * tanh_c * o * (1.0 - o),
            dc * i * (1.0 - g ** 2),
        ),
        axis=1,
    )
    return np.dot(dA, Wx.T), np.dot(dA, Wh.T), dc * f, np.dot(x.T, dA), np.dot(prev_h.T, dA), np.sum(dA, axis=0)


def lstm_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    cache = {}
    next_h, next_c = h0, np.zeros_like(h0)
    for t in range(T):
        next_h, next_c, cache[t] = lstm_step_forward(x[:, t, :], next_h, next_c, Wx, Wh, b)
        h[:, t, :] = next_h
    cache["D"] = D
    return h, cache


def lstm_backward(dh, cache):
    N, T, H = dh.shape
    D = cache["D"]
    dx = np.zeros((N, T, D))
    dWx = np.zeros((D, 4 * H))
    dWh = np.zeros((H, 4 * H))
    db = np.zeros(4 * H)
    dprev_h = dprev_c = np.zeros((N, H))

    for t in range(T - 1, -1, -1):
        dprev_h += dh[:, t, :]
        dx[:, t, :], dprev_h, dprev_c, dWx_t, dWh_t, db_t = lstm_step_backward(dprev_h, dprev_c, cache[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t

    return dx, dprev_h, dWx, dWh, db
