import numpy as np


class RNN:
    """Single step; the gradients are left in self.grads."""

    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.saved = None

    def forward(self, x, h_prev):
        Wx, Wh, b = self.params
        h_next = np.tanh(np.matmul(h_prev, Wh) + np.matmul(x, Wx) + b)
        self.saved = x, h_prev, h_next
        return h_next

    def backward(self, dh_next):
        Wx, Wh, _ = self.params
        x, h_prev, h_next = self.saved
        dt = dh_next - dh_next * h_next ** 2
        dWx, dWh, db = self.grads
        np.matmul(x.T, dt, out=dWx)
        np.matmul(h_prev.T, dt, out=dWh)
        np.sum(dt, axis=0, out=db)
        dx = np.matmul(dt, Wx.T)
        dh_prev = np.matmul(dt, Wh)
        return dx, dh_prev


class TimeRNN:
    """RNN unrolled over xs of shape (N, T, D)."""

    def __init__(self, Wx, Wh, b, stateful=False):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.stateful = stateful
        self.layers = None
        self.h = None
        self.dh = None

    def set_state(self, h):
        self.h = h

    def reset_state(self):
        self.h = None

    def forward(self, xs):
        N, T, _ = xs.shape
        H = self.params[1].shape[0]
        h = self.h if self.stateful and self.h is not None else np.zeros((N, H))
        hs = []
        self.layers = []
        for t in range(T):
            layer = RNN(*self.params)
            h = layer.forward(xs[:, t, :], h)
            hs.append(h)
            self.layers.append(layer)
        self.h = h
        return np.stack(hs, axis=1)

    def backward(self, dhs):
        dxs = []
        dh = 0.0
        for g in self.grads:
            g.fill(0.0)
        for t in range(len(self.layers) - 1, -1, -1):
            layer = self.layers[t]
            dx, dh = layer.backward(dhs[:, t, :] + dh)
            dxs.append(dx)
            for total, step in zip(self.grads, layer.grads):
                total[:] = step
        self.dh = dh
        return np.stack(dxs[::-1], axis=1)
