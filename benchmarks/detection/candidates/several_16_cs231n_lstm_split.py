import numpy as np
from scipy.special import expit


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    A = np.matmul(x, Wx) + np.matmul(prev_h, Wh) + b
    ai, af, ao, ag = np.split(A, 4, axis=1)
    i, f, o, g = expit(ai), expit(af), expit(ao), np.tanh(ag)
    next_c = f * prev_c + i * g
    tc = np.tanh(next_c)
    next_h = o * tc
    return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, (ai, af, ao, ag), (i, f, o, g), tc)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, (ai, af, ao, ag), (i, f, o, g), tc = cache

    dnc = dnext_h * o * (1 - tc ** 2)

    dai = dnc * g * i * (1 - i)
    daf = dnc * prev_c * f * (1 - f)
    dao = dnext_h * tc * o * (1 - o)
    dag = dnc * i * (1 - ag ** 2)
    dA = np.concatenate((dai, daf, dao, dag), axis=1)

    dx = np.matmul(dA, Wx.T)
    dWx = np.matmul(x.T, dA)
    dprev_h = np.matmul(dA, Wh.T)
    dWh = np.matmul(prev_h.T, dA)
    db = np.sum(dA, axis=0)
    dprev_c = dnc * f
    return dx, dprev_h, dprev_c, dWx, dWh, db


def lstm_forward(x, h0, Wx, Wh, b):
    T = x.shape[1]
    hs, caches = [], []
    h, c = h0, np.zeros(h0.shape)
    for t in range(T):
        h, c, cache = lstm_step_forward(x[:, t], h, c, Wx, Wh, b)
        hs.append(h)
        caches.append(cache)
    return np.stack(hs, axis=1), caches


def lstm_backward(dh, cache):
    N, T, H = dh.shape
    dxs = []
    dh_next, dc_next = np.zeros((N, H)), np.zeros((N, H))
    dWx, dWh, db = 0.0, 0.0, 0.0
    for t in reversed(range(T)):
        dht = dh[:, t]
        dxt, dh_next, dc_next, gWx, gWh, gb = lstm_step_backward(dht, dc_next, cache[t])
        dxs.append(dxt)
        dWx = dWx + gWx
        dWh = dWh + gWh
        db = db + gb
    return np.stack(dxs[::-1], axis=1), dh_next, dWx, dWh, db
