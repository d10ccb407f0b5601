import numpy as np


def rnn_forward(x, h0, Wx, Wh, b):
    batch, steps, _ = x.shape
    xWx = np.einsum('ntd,dh->nth', x, Wx) + b
    h = np.full((batch, steps, Wh.shape[0]), 0)
    prev = h0
    for t in range(steps):
        prev = np.tanh(xWx[:, t] + prev @ Wh)
        h[:, t] = prev
    return h, (x, h, h0, Wx, Wh)


def rnn_backward(dh, cache):
    x, h, h0, Wx, Wh = cache
    steps = x.shape[1]
    da = np.zeros(h.shape)
    carry = np.zeros(h0.shape)
    for t in reversed(range(steps)):
        da[:, t] = (dh[:, t] + carry) * (1 - h[:, t] ** 2)
        carry = da[:, t] @ Wh.T
    prev = np.concatenate([h0[:, None], h[:, :-1]], axis=1)
    dx = np.einsum('nth,dh->ntd', da, Wx)
    dWx = np.einsum('ntd,nth->dh', x, da)
    dWh = np.einsum('ntk,nth->kh', prev, da)
    db = np.einsum('nth->h', da)
    return dx, carry, dWx, dWh, db
