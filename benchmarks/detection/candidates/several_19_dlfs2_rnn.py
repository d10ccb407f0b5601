import numpy as np


class RNN:
    """One step: h = tanh(x Wx + h_prev Wh + b)."""

    def __init__(self, Wx, Wh, b):
        self.Wx, self.Wh, self.b = Wx, Wh, b
        self.dWx, self.dWh, self.db = None, None, None

    def forward(self, x, h_prev):
        self.x = x
        self.h_prev = h_prev
        self.h_next = np.tanh(x.dot(self.Wx) + h_prev.dot(self.Wh) + self.b)
        return self.h_next

    def backward(self, dh_next):
        dz = (1 - self.h_prev ** 2) * dh_next
        self.dWx = self.x.T.dot(dz)
        self.dWh = self.h_prev.T.dot(dz)
        self.db = dz.sum(axis=0)
        dx = dz.dot(self.Wx.T)
        dh_prev = dz.dot(self.Wh.T)
        return dx, dh_prev


class TimeRNN:
    """T steps with the same weights."""

    def __init__(self, Wx, Wh, b, stateful=False):
        self.Wx, self.Wh, self.b = Wx, Wh, b
        self.dWx, self.dWh, self.db = None, None, None
        self.stateful = stateful
        self.h = None
        self.dh = None

    def set_state(self, h):
        self.h = h

    def reset_state(self):
        self.h = None

    def forward(self, xs):
        batch, T, D = xs.shape
        hidden = self.Wh.shape[0]
        if self.h is None or self.stateful is False:
            self.h = np.zeros((batch, hidden))

        self.steps = [RNN(self.Wx, self.Wh, self.b) for _ in range(T)]
        hs = np.zeros((batch, T, hidden))
        for t, step in enumerate(self.steps):
            self.h = step.forward(xs[:, t], self.h)
            hs[:, t] = self.h
        return hs

    def backward(self, dhs):
        batch, T, hidden = dhs.shape
        dxs = np.zeros((batch, T, self.Wx.shape[0]))
        self.dWx = np.zeros(self.Wx.shape)
        self.dWh = np.zeros(self.Wh.shape)
        self.db = np.zeros(self.b.shape)

        dh = np.zeros((batch, hidden))
        t = T
        for step in self.steps[::-1]:
            t -= 1
            dxs[:, t], dh = step.backward(dhs[:, t])
            self.dWx += step.dWx
            self.dWh = step.dWh
            self.db += step.db
        self.dh = dh
        return dxs
