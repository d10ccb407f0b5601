"""The LSTM of cs231n, assignment 3, gate by gate in packed buffers, each gate with both of its ways to the loss."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    H = prev_h.shape[1]
    z = np.dot(x, Wx) + np.dot(prev_h, Wh) + b
    i, f = sigmoid(z[:, :H]), sigmoid(z[:, H : 2 * H])
    o, g = sigmoid(z[:, 2 * H : 3 * H]), np.tanh(z[:, 3 * H :])
    next_c = f * prev_c + i * g
    tanh_c = np.tanh(next_c)
    return o * tanh_c, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, tanh_c)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, tanh_c = cache
    N, H = prev_h.shape
    slope = 1 - np.square(tanh_c)
    dz = np.zeros((N, 4 * H))
    dz[:, :H] = (dnext_c * g + dnext_h * o * slope * g) * i * (1 - i)
    dz[:, H : 2 * H] = (dnext_c * prev_c + dnext_h * o * slope * prev_c) * f * (1 - f)
    dz[:, 2 * H : 3 * H] = dnext_h * tanh_c * o * (1 - o)
    dz[:, 3 * H :] = (dnext_c * i + dnext_h * o * slope * i) * (1 - np.square(g))
    dx = np.dot(dz, Wx.T)
    dprev_h = np.dot(dz, Wh.T)
    dprev_c = dnext_c * f + dnext_h * o * slope * f
    dWx = np.dot(x.T, dz)
    dWh = np.dot(prev_h.T, dz)
    db = np.sum(dz, axis=0)
    return dx, dprev_h, dprev_c, dWx, dWh, db


def lstm_forward(x, h0, Wx, Wh, b):
    N, T, _ = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    prev_h, prev_c, steps = h0, np.zeros(h0.shape), []
    for t in range(T):
        prev_h, prev_c, step = lstm_step_forward(x[:, t, :], prev_h, prev_c, Wx, Wh, b)
        h[:, t, :] = prev_h
        steps.append(step)
    return h, (x, Wx, Wh, steps)


def lstm_backward(dh, cache):
    x, Wx, Wh, steps = cache
    N, T, H = dh.shape
    D = x.shape[2]
    dz = np.zeros((N, T, 4 * H))
    read = np.zeros((N, T, H))
    dprev_h = np.zeros((N, H))
    dprev_c = np.zeros((N, H))
    for t in range(T - 1, -1, -1):
        prev_h, prev_c, i, f, o, g, tanh_c = steps[t][1], steps[t][2], *steps[t][5:]
        dnext_h = dh[:, t, :] + dprev_h
        slope = 1 - np.square(tanh_c)
        read[:, t, :] = prev_h
        dz[:, t, :H] = (dprev_c * g + dnext_h * o * slope * g) * i * (1 - i)
        dz[:, t, H : 2 * H] = (dprev_c * prev_c + dnext_h * o * slope * prev_c) * f * (1 - f)
        dz[:, t, 2 * H : 3 * H] = dnext_h * tanh_c * o * (1 - o)
        dz[:, t, 3 * H :] = (dprev_c * i + dnext_h * o * slope * i) * (1 - np.square(g))
        dprev_c = dprev_c * f + dnext_h * o * slope * f
        dprev_h = np.dot(dz[:, t, :], Wh.T)
    rows = dz.reshape(N * T, 4 * H)
    dx = np.dot(dz, Wx.T)
    dWx = np.dot(x.reshape(N * T, D).T, rows)
    dWh = np.dot(read.reshape(N * T, H).T, rows)
    db = np.sum(rows, axis=0)
    return dx, dprev_h, dWx, dWh, db
