import numpy as np


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return next_h, (x, prev_h, next_h, Wx, Wh)


def rnn_forward(x, h0, Wx, Wh, b):
    x = x.transpose(1, 0, 2)  # time first
    T, N, D = x.shape
    H = Wh.shape[0]
    h, cache = np.zeros((T, N, H)), []
    h_t = h0
    for t in range(T):
        h_t, c = rnn_step_forward(x[t], h0, Wx, Wh, b)
        h[t] = h_t
        cache.append(c)
    return h.transpose(1, 0, 2), cache


def rnn_step_backward(dnext_h, cache):
    x, prev_h, next_h, Wx, Wh = cache
    dz = (1 - next_h * next_h) * dnext_h
    return dz @ Wx.T, dz @ Wh.T, x.T @ dz, prev_h.T @ dz, dz.sum(0)


def rnn_backward(dh, cache):
    dh = dh.transpose(1, 0, 2)
    T, N, H = dh.shape
    Wx = cache[0][3]
    dx = np.zeros((T, N, Wx.shape[0]))
    dWx, dWh, db = np.zeros_like(Wx), np.zeros((H, H)), np.zeros(H)
    d = np.zeros((N, H))
    for t in range(T - 1, -1, -1):
        dx[t], d, wx, wh, bb = rnn_step_backward(dh[t] + d, cache[t])
        dWx += wx; dWh += wh; db += bb
    return dx.transpose(1, 0, 2), d, dWx, dWh, db
