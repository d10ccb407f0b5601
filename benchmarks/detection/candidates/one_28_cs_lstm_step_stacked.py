import numpy as np

sig = lambda s: 1 / (1 + np.exp(-s))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    i, f, o, g = np.hsplit(x @ Wx + prev_h @ Wh + b, 4)
    i, f, o, g = sig(i), sig(f), sig(o), np.tanh(g)
    next_c = f*prev_c + i*g
    tc = np.tanh(next_c)
    return o*tc, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, tc)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, tc = cache
    dc = dnext_c + dnext_h*o*(1 - tc**2)
    da = np.hstack((
        dc*g      * i*(1 - i),
        dc*prev_c * f*(1 - f),
        dnext_h*tc* o*(1 - o),
        dc*i      * (1 - g**2),
    ))
    dx, dprev_h = da @ Wx.T, da @ Wh.T
    dWx, dWh = x.T @ da, prev_h.T @ da
    db = da.sum(axis=0)
    return dx, dprev_h, dc*f, dWh, dWx, db


def lstm_forward(x, h0, Wx, Wh, b):
    h, c, hs, cache = h0, np.zeros_like(h0), [], []
    for xt in x.transpose(1, 0, 2):
        h, c, step = lstm_step_forward(xt, h, c, Wx, Wh, b)
        hs.append(h)
        cache.append(step)
    return np.stack(hs, axis=1), cache
