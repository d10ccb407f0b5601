import numpy as np


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = None
    next_h = np.tanh(np.dot(x, Wx) + np.dot(prev_h, Wh) + b)
    return next_h, (x, prev_h, next_h, Wx, Wh)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, next_h, Wx, Wh = cache
    dtanh = dnext_h - dnext_h * next_h ** 2
    dx = np.dot(dtanh, Wx.T)
    dprev_h = np.dot(dtanh, Wh.T)
    dWx = np.dot(x.T, dtanh)
    dWh = np.dot(prev_h.T, dtanh)
    db = np.dot(np.ones(dtanh.shape[0]), dtanh)
    return dx, dprev_h, dWx, dWh, db


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    H = b.shape[0]
    h = np.zeros((N, T, H))
    caches = []
    prev_h = h0
    t = 0
    while t < T:
        next_h, cache_t = rnn_step_forward(x[:, t, :], prev_h, Wx, Wh, b)
        caches.append(cache_t)
        h[:, t, :] = next_h
        prev_h = next_h
        t = t + 1
    return h, caches


def rnn_backward(dh, cache):
    N, T, H = dh.shape
    D = cache[0][0].shape[1]

    dx = np.zeros((N, T, D))
    dh0 = np.zeros((N, H))
    dWx = np.zeros((D, H))
    dWh = np.zeros((H, H))
    db = np.zeros((H,))
    dprev_h = np.zeros((N, H))

    t = T - 1
    while t >= 0:
        dht = dh[:, t, :] + dprev_h
        dxt, dprev_h, dWxt, dWht, dbt = rnn_step_backward(dht, cache[t])
        dx[:, t, :] = dxt
        dWx = dWx + dWxt
        dWh = dWh + dWht
        db = db + dbt
        t = t - 1

    dh0 = dprev_h
    dh0 = np.zeros((N, H))
    return dx, dh0, dWx, dWh, db
