# All nine layers, right throughout, with attributes of other names: the gradients are left in a dict, in a list that is
# called something else, or one by one.  TimeRNN and TimeLSTM unroll themselves, without the cells.
import numpy as np


def sig(z):
    return np.where(z < 0, np.exp(np.minimum(z, 0)), 1) / (1 + np.exp(-np.abs(z)))


def flat(a):
    return np.reshape(a, (-1, np.shape(a)[-1]))


class RNN:
    def __init__(self, Wx, Wh, b):
        self.weights = (Wx, Wh, b)
        self.dWx = self.dWh = self.db = None

    def forward(self, x, h_prev):
        Wx, Wh, b = self.weights
        self.read = x, h_prev
        self.out = np.tanh(b + x @ Wx + h_prev @ Wh)
        return self.out

    def backward(self, dh_next):
        delta = dh_next - dh_next * self.out ** 2
        self.dWx, self.dWh = (array.T @ delta for array in self.read)
        self.db = delta.sum(0)
        return tuple(delta @ W.T for W in self.weights[:2])


class LSTM:
    def __init__(self, Wx, Wh, b):
        self.Wx, self.Wh, self.b = Wx, Wh, b
        self.gradients = {}

    def forward(self, x, h_prev, c_prev):
        f, g, i, o = np.split(x @ self.Wx + h_prev @ self.Wh + self.b, 4, axis=1)
        self.kept = f, g, i, o = sig(f), np.tanh(g), sig(i), sig(o)
        self.x, self.h, self.c, self.c_next = x, h_prev, c_prev, f * c_prev + g * i
        return o * np.tanh(self.c_next), self.c_next

    def backward(self, dh_next, dc_next):
        f, g, i, o = self.kept
        t = np.tanh(self.c_next)
        dc = dc_next + dh_next * o * (1 - t) * (1 + t)
        d_gates = dc * self.c * f * (1 - f), dc * i * (1 - g * g), dc * g * i * (1 - i), dh_next * t * o * (1 - o)
        dz = np.hstack(d_gates)
        self.gradients = {"Wx": self.x.T @ dz, "Wh": self.h.T @ dz, "b": dz.sum(0)}
        return dz @ self.Wx.T, dz @ self.Wh.T, dc * f


class GRU:
    def __init__(self, Wx, Wh, b):
        self.params, self.grads = [Wx, Wh, b], [np.empty_like(p) for p in (Wx, Wh, b)]

    def forward(self, x, h_prev):
        Wx, Wh, b = self.params
        n = h_prev.shape[1]
        driven = x @ Wx + b
        z, r = np.split(sig(driven[:, :2 * n] + h_prev @ Wh[:, :2 * n]), 2, 1)
        candidate = np.tanh(driven[:, 2 * n:] + (r * h_prev) @ Wh[:, 2 * n:])
        self.kept = x, h_prev, z, r, candidate
        return h_prev - z * (h_prev - candidate)

    def backward(self, dh_next):
        Wx, Wh, _ = self.params
        x, h_prev, z, r, candidate = self.kept
        n = h_prev.shape[1]
        d = np.zeros((len(x), 3 * n))
        d[:, 2 * n:] = dh_next * z * (1 - candidate ** 2)
        into_reset = d[:, 2 * n:] @ Wh[:, 2 * n:].T
        d[:, :n] = dh_next * (candidate - h_prev) * z * (1 - z)
        d[:, n:2 * n] = into_reset * h_prev * r * (1 - r)
        dWh = np.concatenate([h_prev.T @ d[:, :2 * n], (r * h_prev).T @ d[:, 2 * n:]], 1)
        for kept, new in zip(self.grads, (x.T @ d, dWh, d.sum(0))):
            np.copyto(kept, new)
        return d @ Wx.T, dh_next * (1 - z) + into_reset * r + d[:, :2 * n] @ Wh[:, :2 * n].T


class TimeRNN:
    def __init__(self, Wx, Wh, b, stateful=False):
        self.params, self.grads = [Wx, Wh, b], [np.zeros(p.shape) for p in (Wx, Wh, b)]
        self.stateful, self.h, self.dh = stateful, None, None

    def set_state(self, h):
        self.h = h

    def reset_state(self):
        self.h = None

    def forward(self, xs):
        Wx, Wh, b = self.params
        if self.h is None or not self.stateful:
            self.h = np.zeros((xs.shape[0], Wh.shape[0]))
        self.xs, self.states = xs, [self.h]
        for x in np.swapaxes(xs, 0, 1):
            self.h = np.tanh(x @ Wx + self.h @ Wh + b)
            self.states.append(self.h)
        return np.stack(self.states[1:], 1)

    def backward(self, dhs):
        Wx, Wh, b = self.params
        deltas, dh = np.zeros_like(dhs), 0
        for t in range(dhs.shape[1])[::-1]:
            deltas[:, t] = (1 - self.states[t + 1] ** 2) * (dhs[:, t] + dh)
            dh = deltas[:, t] @ Wh.T
        self.dh = dh
        before = np.stack(self.states[:-1], 1)
        self.grads[0][:] = flat(self.xs).T @ flat(deltas)
        self.grads[1][:] = flat(before).T @ flat(deltas)
        self.grads[2][:] = flat(deltas).sum(0)
        return deltas @ Wx.T


class TimeLSTM:
    def __init__(self, Wx, Wh, b, stateful=False):
        self.weights, self.stateful = (Wx, Wh, b), stateful
        self.derivatives = None
        self.reset_state()

    def set_state(self, h, c=None):
        self.h, self.c = h, c

    def reset_state(self):
        self.set_state(None)

    def forward(self, xs):
        Wx, Wh, b = self.weights
        nothing = np.zeros((len(xs), len(Wh)))
        h = self.h if self.stateful and self.h is not None else nothing
        c = self.c if self.stateful and self.c is not None else nothing
        self.xs, self.tape, hs = xs, [], []
        for t in range(xs.shape[1]):
            z = (xs[:, t] @ Wx + h @ Wh + b).reshape(len(xs), 4, -1)
            f, g, i, o = sig(z[:, 0]), np.tanh(z[:, 1]), sig(z[:, 2]), sig(z[:, 3])
            following = f * c + g * i
            self.tape.append((h, c, f, g, i, o, np.tanh(following)))
            h, c = o * np.tanh(following), following
            hs.append(h)
        self.h, self.c = h, c
        return np.array(hs).transpose(1, 0, 2)

    def backward(self, dhs):
        Wx, Wh, b = self.weights
        dxs, sums = [], [0, 0, 0]
        dh, dc = 0, 0
        for t, (h, c, f, g, i, o, tanh_c) in reversed(list(enumerate(self.tape))):
            dh = dh + dhs[:, t]
            dc = dc + dh * o * (1 - tanh_c ** 2)
            slopes = f * (1 - f), (1 - g) * (1 + g), i * (1 - i), o * (1 - o)
            dz = np.hstack([d * slope for d, slope in zip((dc * c, dc * i, dc * g, dh * tanh_c), slopes)])
            sums = [a + n for a, n in zip(sums, (self.xs[:, t].T @ dz, h.T @ dz, dz.sum(0)))]
            dxs.append(dz @ Wx.T)
            dh, dc = dz @ Wh.T, dc * f
        self.derivatives, self.dh = sums, dh
        return np.stack(dxs[::-1], axis=1)


class TimeGRU:
    def __init__(self, Wx, Wh, b, stateful=False):
        self.params, self.grads, self.stateful = [Wx, Wh, b], [0, 0, 0], stateful
        self.h = self.dh = None

    def set_state(self, h):
        self.h = h

    def reset_state(self):
        self.h = None

    def forward(self, xs):
        h = self.h if self.stateful else None
        h = np.zeros((len(xs), len(self.params[1]))) if h is None else h
        self.cells, hs = [], np.zeros((*xs.shape[:2], h.shape[1]))
        for t in range(xs.shape[1]):
            self.cells.append(GRU(*self.params))
            hs[:, t] = h = self.cells[t].forward(xs[:, t], h)
        self.h = h
        return hs

    def backward(self, dhs):
        found, self.dh = [], np.zeros_like(dhs[:, 0])
        for cell, dh in zip(self.cells[::-1], dhs.swapaxes(0, 1)[::-1]):
            dx, self.dh = cell.backward(dh + self.dh)
            found.insert(0, dx)
        self.grads = [sum(cell.grads[k] for cell in self.cells) for k in range(3)]
        return np.stack(found, 1)


class TimeEmbedding:
    def __init__(self, W):
        self.W, self.dW = W, None

    def forward(self, xs):
        self.xs = xs
        return np.take(self.W, xs, axis=0)

    def backward(self, dout):
        self.dW = np.zeros(self.W.shape)
        for word, gradient in zip(self.xs.ravel(), flat(dout)):
            self.dW[word] += gradient


class TimeAffine:
    def __init__(self, W, b):
        self.params = [W, b]

    def forward(self, x):
        self.x = x
        return np.einsum("ntd,dm->ntm", x, self.params[0]) + self.params[1]

    def backward(self, dout):
        self.grads = np.einsum("ntd,ntm->dm", self.x, dout), dout.sum(axis=(0, 1))
        return np.einsum("ntm,dm->ntd", dout, self.params[0])


class TimeSoftmaxWithLoss:
    ignore_label = -1

    def forward(self, xs, ts):
        counted = ts != self.ignore_label
        scores, words = xs[counted], ts[counted]
        scores = scores - scores.max(axis=1)[:, None]
        log_p = scores - np.log(np.exp(scores).sum(axis=1))[:, None]
        self.counted, self.delta = counted, np.exp(log_p)
        self.delta[np.arange(len(words)), words] -= 1
        return -np.mean(log_p[np.arange(len(words)), words])

    def backward(self, dout=1):
        dxs = np.zeros((*self.counted.shape, self.delta.shape[1]))
        dxs[self.counted] = dout * self.delta / len(self.delta)
        return dxs
