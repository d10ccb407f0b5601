import numpy as np


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    """One time step of a vanilla RNN with tanh."""
    next_h = np.tanh(np.dot(x, Wx) + np.dot(prev_h, Wh) + b)
    cache = (x, prev_h, Wx, Wh, next_h)
    return next_h, cache


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache

    # through tanh
    dtanh = dnext_h * (1 - next_h * next_h)      # (N, H)

    dx = np.dot(dtanh, Wx.T)                     # (N, D)
    dprev_h = np.dot(dtanh, Wh.T)                # (N, H)
    dWx = np.dot(x.T, dtanh)                     # (D, H)
    dWh = np.dot(prev_h.T, dtanh)                # (H, H)
    db = np.sum(dtanh, axis=0)                   # (H,)

    return dx, dprev_h, dWx, dWh, db


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    _, H = h0.shape
    h = np.zeros((N, T, H))
    cache = []

    h_t = h0
    for t in range(T):
        h_t, cache_t = rnn_step_forward(x[:, t, :], h_t, Wx, Wh, b)
        h[:, t, :] = h_t
        cache.append(cache_t)

    return h, cache


def rnn_backward(dh, cache):
    N, T, H = dh.shape
    D = cache[0][0].shape[1]

    dx = np.zeros((N, T, H))
    dWx = np.zeros((D, H))
    dWh = np.zeros((H, H))
    db = np.zeros(H)
    dh_t = np.zeros((N, H))

    # walk backwards in time
    for t in range(T - 1, -1, -1):
        dh_t = dh_t + dh[:, t, :]
        dx_t, dh_t, dWx_t, dWh_t, db_t = rnn_step_backward(dh_t, cache[t])
        dx[:, t, :] = dx_t
        dWx += dWx_t
        dWh += dWh_t
        db = db_t

    dh0 = dh_t
    return dx, dh0, dWx, dWh, db
