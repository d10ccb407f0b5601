import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class LSTM:
    def __init__(self, Wx, Wh, b):
        self.Wx, self.Wh, self.b = Wx, Wh, b
        self.dWx, self.dWh, self.db = (np.zeros_like(p) for p in (Wx, Wh, b))

    def forward(self, x, h_prev, c_prev):
        H = h_prev.shape[1]
        A = x @ self.Wx + h_prev @ self.Wh + self.b
        f = sigmoid(A[:, :H])
        g = np.tanh(A[:, H:2 * H])
        i = sigmoid(A[:, 2 * H:3 * H])
        o = sigmoid(A[:, 3 * H:])
        c_next = f * c_prev + g * i
        h_next = o * np.tanh(c_next)
        self.saved = x, h_prev, c_prev, i, f, g, o, c_next
        return h_next, c_next

    def backward(self, dh_next, dc_next):
        x, h_prev, c_prev, i, f, g, o, c_next = self.saved
        tanh_c_next = np.tanh(c_next)
        ds = dc_next + dh_next * o * (1 - tanh_c_next ** 2)
        dA = np.hstack((
            ds * c_prev * f * (1 - f),
            ds * i * (1 - g ** 2),
            ds * g * i * (1 - i),
            dh_next * tanh_c_next * o * (1 - o),
        ))
        self.dWx[...] = x.T @ dA
        self.dWh[...] = h_prev.T @ dA
        self.db[...] = dA.sum(axis=0)
        return dA @ self.Wx.T, dA @ self.Wh.T, ds * f


class TimeLSTM:
    def __init__(self, Wx, Wh, b, stateful=False):
        self.Wx, self.Wh, self.b = Wx, Wh, b
        self.dWx, self.dWh, self.db = (np.zeros_like(p) for p in (Wx, Wh, b))
        self.stateful = stateful
        self.layers = []
        self.h, self.c = None, None
        self.dh = None

    def set_state(self, h, c=None):
        self.h, self.c = h, c

    def reset_state(self):
        self.h, self.c = None, None

    def forward(self, xs):
        N, T, D = xs.shape
        H = self.Wh.shape[0]
        if not self.stateful or self.h is None:
            self.h = np.zeros((N, H))
        if not self.stateful or self.c is None:
            self.c = np.zeros((N, H))
        self.layers = [LSTM(self.Wx, self.Wh, self.b) for _ in range(T)]
        hs = np.empty((N, T, H))
        for t, layer in enumerate(self.layers):
            self.h, self.c = layer.forward(xs[:, t, :], self.h, self.c)
            hs[:, t, :] = self.h
        return hs

    def backward(self, dhs):
        N, T, H = dhs.shape
        dxs = np.empty((N, T, self.Wx.shape[0]))
        dh, dc = 0, 0
        for grad in (self.dWx, self.dWh, self.db):
            grad[...] = 0

        for t in reversed(range(T)):
            layer = self.layer[t]
            dx, dh, dc = layer.backward(dhs[:, t, :] + dh, dc)
            dxs[:, t, :] = dx
            self.dWx += layer.dWx
            self.dWh += layer.dWh
            self.db += layer.db

        self.dh = dh
        return dxs
