import numpy as np


def lstm_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    H = h0.shape[1]
    hs = np.zeros((T + 1, N, H)); hs[0] = h0
    cs = np.zeros((T + 1, N, H))
    gates = np.zeros((T, N, 4, H))
    for t in range(T):
        z = (x[:, t].dot(Wx) + hs[t].dot(Wh) + b).reshape(N, 4, H)
        gates[t, :, :3] = 1 / (1 + np.exp(-z[:, :3]))
        gates[t, :, 3] = np.tanh(z[:, 3])
        i, f, o, g = (gates[t, :, k] for k in range(4))
        cs[t + 1] = f * cs[t] + i * g
        hs[t + 1] = o * np.tanh(cs[t + 1])
    return hs[1:].transpose(1, 0, 2).copy(), (x, hs, cs, gates, Wx, Wh)


def lstm_backward(dh, cache):
    x, hs, cs, gates, Wx, Wh = cache
    N, T, D = x.shape
    H = Wh.shape[0]
    dx = np.zeros((N, T, D))
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(4 * H)
    dh_t, dc_t = np.zeros((N, H)), np.zeros((N, H))
    for t in range(T)[::-1]:
        i, f, o, g = (gates[t, :, k] for k in range(4))
        tc = np.tanh(cs[t + 1])
        dh_t = dh_t + dh[:, t]
        dc_t = dc_t + dh_t * o * (1 - tc * tc)
        dz = np.empty((N, 4, H), dtype=np.float32)
        dz[:, 0] = dc_t * g * i * (1 - i)
        dz[:, 1] = dc_t * cs[t] * f * (1 - f)
        dz[:, 2] = dh_t * tc * o * (1 - o)
        dz[:, 3] = dc_t * i * (1 - g * g)
        dz = dz.reshape(N, 4 * H)
        dx[:, t] = dz.dot(Wx.T)
        dWx += x[:, t].T.dot(dz)
        dWh += hs[t].T.dot(dz)
        db += dz.sum(0)
        dh_t, dc_t = dz.dot(Wh.T), dc_t * f
    return dx, dh_t, dWx, dWh, db
