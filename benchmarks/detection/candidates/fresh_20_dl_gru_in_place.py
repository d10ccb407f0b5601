import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class GRU:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(p) for p in self.params]
        self.cache = None

    def forward(self, x, h_prev):
        Wx, Wh, b = self.params
        H = Wh.shape[0]
        x_part = np.dot(x, Wx) + b
        h_part = np.dot(h_prev, Wh[:, :2 * H])

        z = sigmoid(x_part[:, :H] + h_part[:, :H])
        r = sigmoid(x_part[:, H:2 * H] + h_part[:, H:])
        h_hat = np.tanh(x_part[:, 2 * H:] + np.dot(r * h_prev, Wh[:, 2 * H:]))
        h_next = (1 - z) * h_prev + z * h_hat

        self.cache = (x, h_prev, z, r, h_hat)
        return h_next

    def backward(self, dh_next):
        Wx, Wh, b = self.params
        H = Wh.shape[0]
        x, h_prev, z, r, h_hat = self.cache

        dz = dh_next * (h_hat - h_prev)
        dz *= z * (1 - z)

        dh_hat = dh_next
        dh_hat *= z
        dh_hat *= 1 - h_hat ** 2

        drh = np.dot(dh_hat, Wh[:, 2 * H:].T)
        dr = drh * h_prev
        dr *= r * (1 - r)

        dh_prev = dh_next * (1 - z)
        dh_prev += drh * r
        dh_prev += np.dot(dz, Wh[:, :H].T)
        dh_prev += np.dot(dr, Wh[:, H:2 * H].T)

        dA = np.hstack((dz, dr, dh_hat))
        dx = np.dot(dA, Wx.T)

        self.grads[0][...] = np.dot(x.T, dA)
        self.grads[1][:, :2 * H] = np.dot(h_prev.T, dA[:, :2 * H])
        self.grads[1][:, 2 * H:] = np.dot((r * h_prev).T, dh_hat)
        self.grads[2][...] = dA.sum(axis=0)
        return dx, dh_prev
