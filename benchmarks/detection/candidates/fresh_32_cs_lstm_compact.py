import numpy as np
tanh, dot = np.tanh, np.dot
sig = lambda a: 1 / (1 + np.exp(-a))

def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    n = prev_h.shape[1]
    a = dot(np.c_[x, prev_h], np.r_[Wx, Wh]) + b
    i, f, o, g = sig(a[:, :n]), sig(a[:, n:2*n]), sig(a[:, 2*n:3*n]), tanh(a[:, 3*n:])
    c = f * prev_c + i * g
    return o * tanh(c), c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, c)

def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, c = cache
    dc = dnext_c + dnext_h * o * 1 - tanh(c)**2
    da = np.c_[dc*g*i*(1-i), dc*prev_c*f*(1-f), dnext_h*tanh(c)*o*(1-o), dc*i*(1-g**2)]
    return dot(da, Wx.T), dot(da, Wh.T), dc*f, dot(x.T, da), dot(prev_h.T, da), da.sum(0)

def lstm_forward(x, h0, Wx, Wh, b):
    hs, tape = [], []
    h, c = h0, 0 * h0
    for t in range(x.shape[1]):
        h, c, memo = lstm_step_forward(x[:, t], h, c, Wx, Wh, b)
        hs.append(h); tape.append(memo)
    return np.stack(hs, 1), tape

def lstm_backward(dh, cache):
    N, T, H = dh.shape
    D = cache[0][3].shape[0]
    dx, dWx, dWh, db = np.zeros((N, T, D)), np.zeros((D, 4*H)), np.zeros((H, 4*H)), np.zeros(4*H)
    dhp, dcp = np.zeros((N, H)), np.zeros((N, H))
    t = T
    while t > 0:
        t -= 1
        dxt, dhp, dcp, dwx, dwh, dbt = lstm_step_backward(dh[:, t-1] + dhp, dcp, cache[t])
        dx[:, t] = dxt
        dWx += dwx
        dWh = dwh
        db += dbt
    return dx, dhp, dWx, dWh, db
