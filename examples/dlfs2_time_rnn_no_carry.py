# A chain of cells forwards, and a heap of cells backwards.
import numpy as np


class RNN:
    def __init__(self, Wx, Wh, b):
        self.params = Wx, Wh, b
        self.grads = [np.empty_like(p) for p in self.params]

    def forward(self, x, h_prev):
        Wx, Wh, b = self.params
        self.seen = x, h_prev
        self.out = np.tanh(x @ Wx + h_prev @ Wh + b)
        return self.out

    def backward(self, dh_next):
        delta = dh_next - dh_next * self.out * self.out
        for place, seen in zip(self.grads, self.seen):
            np.matmul(seen.T, delta, out=place)
        delta.sum(axis=0, out=self.grads[2])
        Wx, Wh, _ = self.params
        return delta @ Wx.T, delta @ Wh.T


class TimeRNN:
    def __init__(self, Wx, Wh, b, stateful=False):
        self.params = Wx, Wh, b
        self.grads = [np.empty_like(p) for p in self.params]
        self.keeps, self.h = stateful, None

    def set_state(self, h):
        self.h = h

    def forward(self, xs):
        if self.h is None or not self.keeps:
            self.h = np.zeros((len(xs), len(self.params[1])))
        self.cells, hs = [], []
        for x in xs.swapaxes(0, 1):
            cell = RNN(*self.params)
            self.h = cell.forward(x, self.h)
            self.cells.append(cell)
            hs.append(self.h)
        return np.stack(hs, axis=1)

    def backward(self, dhs):
        pairs = [cell.backward(dh) for cell, dh in zip(self.cells, dhs.swapaxes(0, 1))]
        for k, place in enumerate(self.grads):
            place[...] = sum(cell.grads[k] for cell in self.cells)
        self.dh = pairs[0][1]
        return np.stack([dx for dx, _ in pairs], axis=1)
