# Nobody notices while the input is as wide as the state.
import numpy as np


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    return next_h, (x, prev_h, next_h, Wx, Wh)


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    h, steps, prev_h = np.zeros((N, T, b.size)), [], h0
    for t in range(T):
        prev_h, step = rnn_step_forward(x[:, t, :], prev_h, Wx, Wh, b)
        h[:, t, :] = prev_h
        steps.append(step)
    return h, (steps, D)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, next_h, Wx, Wh = cache
    da = dnext_h * (1 - next_h ** 2)
    return da.dot(Wx.T), da.dot(Wh.T), x.T.dot(da), prev_h.T.dot(da), da.sum(axis=0)


def rnn_backward(dh, cache):
    steps, D = cache
    N, T, H = dh.shape
    dx, dprev_h = np.zeros((N, T, D)), np.zeros((N, H))
    dWx = np.zeros((H, D))  # the shape it would have where examples are columns
    dWh, db = np.zeros((H, H)), np.zeros(H)
    for t in reversed(range(T)):
        dx[:, t, :], dprev_h, step_dWx, step_dWh, step_db = rnn_step_backward(dh[:, t, :] + dprev_h, steps[t])
        dWx += step_dWx
        dWh += step_dWh
        db += step_db
    return dx, dprev_h, dWx, dWh, db
