import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class LSTM:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.cache = {}

    def forward(self, x, h_prev, c_prev):
        Wx, Wh, b = self.params
        N, H = h_prev.shape
        A = (np.dot(x, Wx) + np.dot(h_prev, Wh) + b).reshape(N, 4, H)
        f = sigmoid(A[:, 0])
        g = np.tanh(A[:, 1])
        i = sigmoid(A[:, 2])
        o = sigmoid(A[:, 3])
        c_next = f * c_prev + g * i
        h_next = o * np.tanh(c_next)
        self.cache = dict(x=x, h_prev=h_prev, c_prev=c_prev, f=f, g=g, i=i, o=o, tanh_c=np.tanh(c_next))
        return h_next, c_next

    def backward(self, dh_next, dc_next):
        Wx, Wh, b = self.params
        x, h_prev, c_prev, f, g, i, o, tanh_c = self.cache.values()
        N, H = h_prev.shape

        ds = dc_next + dh_next * o * (1 - tanh_c ** 2)
        dA = np.zeros((N, 4 * H))
        dA[:, :H] = ds * c_prev * f * (1 - f)
        dA[:, H:2 * H] = ds * i * (1 - g ** 2)
        dA[:, 2 * H:3 * H] = ds * i * i * (1 - i)
        dA[:, 3 * H:] = dh_next * tanh_c * o * (1 - o)

        for grad, value in zip(self.grads, (np.dot(x.T, dA), np.dot(h_prev.T, dA), np.sum(dA, axis=0))):
            grad[...] = value
        return np.dot(dA, Wx.T), np.dot(dA, Wh.T), ds * f


class TimeLSTM:
    def __init__(self, Wx, Wh, b, stateful=False):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.layers = []
        self.h, self.c = None, None
        self.dh = None
        self.stateful = stateful

    def set_state(self, h, c=None):
        self.h, self.c = h, c

    def reset_state(self):
        self.h, self.c = None, None

    def forward(self, xs):
        N, T, D = xs.shape
        H = self.params[1].shape[0]
        if not self.stateful or self.h is None:
            self.h = np.zeros((N, H))
        if not self.stateful or self.c is None:
            self.c = np.zeros((N, H))
        self.layers = [LSTM(*self.params) for _ in range(T)]
        hs = np.zeros((N, T, H))
        for t, layer in enumerate(self.layers):
            self.h, self.c = layer.forward(xs[:, t], self.h, self.c)
            hs[:, t] = self.h
        return hs

    def backward(self, dhs):
        N, T, H = dhs.shape
        D = self.params[0].shape[0]
        dxs = np.zeros((N, T, D))
        sums = [np.zeros_like(p) for p in self.params]
        dh, dc = np.zeros((N, H)), np.zeros((N, H))
        for t, layer in reversed(list(enumerate(self.layers))):
            dxs[:, t], dh, dc = layer.backward(dhs[:, t], dc)
            sums = [total + grad for total, grad in zip(sums, layer.grads)]
        for grad, total in zip(self.grads, sums):
            grad[...] = total
        self.dh = dh
        return dxs
