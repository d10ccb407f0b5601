"""The LSTM of cs231n, assignment 3, in the manner of manual/: the gradient of the cell state is shared by the gates."""

import numpy as np


def sigmoid(z):
    return 0.5 * np.tanh(0.5 * z) + 0.5


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    zi, zf, zo, zg = np.split(x @ Wx + prev_h @ Wh + b, 4, axis=1)
    i, f, o, g = sigmoid(zi), sigmoid(zf), sigmoid(zo), np.tanh(zg)
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return next_h, next_c, (x, prev_h, prev_c, i, f, o, g, next_c, Wx, Wh)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, i, f, o, g, next_c, Wx, Wh = cache
    dc = dnext_c + dnext_h * o * (1 - np.tanh(next_c) ** 2)
    di = dc * g * i * (1 - i)
    df = dc * prev_c * f * (1 - f)
    do = dnext_h * np.tanh(next_c) * o * (1 - o)
    dg = dc * i * (1 - g**2)
    dz = np.concatenate((di, df, do, dg), axis=1)
    dx = dz @ Wx.T
    dprev_h = dz @ Wh.T
    dprev_c = dc * f
    dWx = x.T @ dz
    dWh = prev_h.T @ dz
    db = dz.sum(axis=0)
    return dx, dprev_h, dprev_c, dWx, dWh, db


def lstm_forward(x, h0, Wx, Wh, b):
    next_h, next_c = h0, np.zeros_like(h0)
    hidden, steps = [], []
    for t in range(x.shape[1]):
        next_h, next_c, step = lstm_step_forward(x[:, t], next_h, next_c, Wx, Wh, b)
        hidden.append(next_h)
        steps.append(step)
    return np.stack(hidden, axis=1), (x, Wx, Wh, b, steps)


def lstm_backward(dh, cache):
    x, Wx, Wh, b, steps = cache
    T = dh.shape[1]
    dx = np.empty_like(x)
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
    dprev_h = dprev_c = np.zeros_like(dh[:, 0])
    for t in reversed(range(T)):
        step = lstm_step_backward(dh[:, t] + dprev_h, dprev_c, steps[t])
        dx[:, t] = step[0]
        dprev_h, dprev_c = step[1], step[2]
        dWx += step[3]
        dWh += step[4]
        db += step[5]
    return dx, dprev_h, dWx, dWh, db
