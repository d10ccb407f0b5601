import numpy as np


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, _ = x.shape
    h = np.zeros((N, T, Wh.shape[0]))
    h_prev = h0
    for t in range(T):
        h_prev = np.tanh(np.dot(np.squeeze(x[:, t:t + 1, :]), Wx) + np.dot(h_prev, Wh) + b)
        h[:, t, :] = h_prev
    return h, (x, h0, h.copy(), Wx, Wh)


def rnn_backward(dh, cache):
    x, h0, h, Wx, Wh = cache
    N, T, D = x.shape

    dx, dWx, dWh = np.zeros_like(x), np.zeros_like(Wx), np.zeros_like(Wh)
    db = np.zeros(Wh.shape[0])
    dh_next = np.zeros_like(h0)

    for t in range(T - 1, -1, -1):
        h_t = h[:, t, :]
        h_before = h[:, t - 1, :] if t > 0 else h0

        ds = (dh[:, t, :] + dh_next) * (1 - h_t * h_t)
        dx[:, t, :] = np.dot(ds, Wx.T)
        dh_next = np.dot(ds, Wh.T)

        dWx += np.dot(x[:, t, :].T, ds)
        dWh += np.dot(h_t.T, ds)
        db += np.sum(ds, axis=0)

    return dx, dh_next, dWx, dWh, db
