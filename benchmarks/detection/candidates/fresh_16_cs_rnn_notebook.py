import numpy as np


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    """One time step of a vanilla RNN with tanh."""
    a = prev_h @ Wh + x @ Wx + b
    next_h = np.tanh(a)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1 - next_h ** 2)    # N x H
    return da @ Wx.T, da @ Wh.T, x.T @ da, prev_h.T @ da, da.sum(axis=0)


def rnn_forward(x, h0, Wx, Wh, b):
    """x: (N, T, D), h0: (N, H)"""
    N, T, D = x.shape
    H = h0.shape[1]
    h, cache = np.zeros((N, T, H)), {}
    for t in range(T):
        prev = h[:, t - 1, :] if t else h0
        h[:, t, :], cache[t] = rnn_step_forward(x[:, t, :], prev, Wx, Wh, b)
    return h, cache


def rnn_backward(dh, cache):
    """dh: (N, T, H)"""
    N, T, H = dh.shape
    D = cache[0][0].shape[1]

    dx = np.zeros((N, T, D))
    dprev_h = np.zeros((N, H))
    dWx = np.zeros((D, H))
    dWh = np.zeros((H, H))
    db = np.zeros((D,))

    for t in range(T - 1, -1, -1):
        dh_t = dh[:, t, :] + dprev_h
        dx[:, t, :], dprev_h, dWx_t, dWh_t, db_t = rnn_step_backward(dh_t, cache[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t

    return dx, dprev_h, dWx, dWh, db
