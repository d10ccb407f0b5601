import numpy as np

class LSTM:
    def __init__(self, Wx, Wh, b):
        self.Wx, self.Wh, self.b = Wx, Wh, b
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]

    @staticmethod
    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def forward(self, x, h_prev, c_prev):
        H = h_prev.shape[1]
        A = x @ self.Wx + h_prev @ self.Wh + self.b
        self.x = x
        self.h_prev = h_prev
        self.c_prev = c_prev
        self.f = self.sigmoid(A[:, 0*H:1*H])
        self.g = np.tanh(A[:, 1*H:2*H])
        self.i = self.sigmoid(A[:, 2*H:3*H])
        self.o = self.sigmoid(A[:, 3*H:4*H])
        self.c_next = self.f * c_prev + self.g * self.i
        self.tanh_c = np.tanh(self.c_next)
        return self.o * self.tanh_c, self.c_next

    def backward(self, dh_next, dc_next):
        dc = dh_next * self.o * (1 - self.tanh_c**2)

        dA = np.concatenate([
            dc * self.c_prev * self.f * (1 - self.f),
            dc * self.i * (1 - self.g**2),
            dc * self.g * self.i * (1 - self.i),
            dh_next * self.tanh_c * self.o * (1 - self.o),
        ], axis=1)

        self.grads[0][...] = self.x.T @ dA
        self.grads[1][...] = self.h_prev.T @ dA
        self.grads[2][...] = dA.sum(axis=0)

        return dA @ self.Wx.T, dA @ self.Wh.T, dc * self.f
