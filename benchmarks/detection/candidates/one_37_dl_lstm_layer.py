import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class LSTM:
    '''One step of an LSTM, the four affine transformations at once.'''

    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(param) for param in self.params]
        self.cache = None

    def forward(self, x, h_prev, c_prev):
        Wx, Wh, b = self.params
        affine = np.matmul(x, Wx) + np.matmul(h_prev, Wh) + b
        f, g, i, o = np.split(affine, 4, axis=1)

        f = sigmoid(f)
        g = np.tanh(g)
        i = sigmoid(i)
        o = sigmoid(o)

        c_next = f * c_prev + g * i
        h_next = o * np.tanh(c_next)

        self.cache = (x, h_prev, c_prev, i, f, g, o, c_next)
        return h_next, c_next

    def backward(self, dh_next, dc_next):
        Wx, Wh, b = self.params
        x, h_prev, c_prev, i, f, g, o, c_next = self.cache
        tanh_c_next = np.tanh(c_next)

        ds = dc_next + (dh_next * o) * (1 - tanh_c_next ** 2)
        dc_prev = ds * f

        di = ds * g
        df = ds * c_prev
        do = dh_next * tanh_c_next
        dg = ds * i

        di *= i * (1 - i)
        df *= f * (1 - f)
        do *= o * (1 - o)
        dg *= g * (1 - g)

        dA = np.hstack((df, dg, di, do))

        self.grads[0][:] = np.matmul(x.T, dA)
        self.grads[1][:] = np.matmul(h_prev.T, dA)
        self.grads[2][:] = dA.sum(axis=0)

        dx = np.matmul(dA, Wx.T)
        dh_prev = np.matmul(dA, Wh.T)
        return dx, dh_prev, dc_prev
