"""Small right candidates in other courses' conventions, which tests spoil."""

CS231N = """
def sigmoid(z):
    return 0.5 * (1 + np.tanh(0.5 * z))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    i, f, o, g = np.split(x @ Wx + prev_h @ Wh + b, 4, axis=1)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    next_c = f * prev_c + i * g
    return o * np.tanh(next_c), next_c, [x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c]


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    t = np.tanh(next_c)
    dc = dnext_c + dnext_h * o * (1 - t * t)
    di, df = dc * g * i * (1 - i), dc * prev_c * f * (1 - f)
    do, dg = dnext_h * t * o * (1 - o), dc * i * (1 - g * g)
    dz = np.hstack([di, df, do, dg])
    return dz @ Wx.T, dz @ Wh.T, dc * f, x.T @ dz, prev_h.T @ dz, dz.sum(axis=0)


def lstm_forward(x, h0, Wx, Wh, b):
    h, c, hs, cache = h0, np.zeros_like(h0), [], []
    for t in range(x.shape[1]):
        h, c, step = lstm_step_forward(x[:, t], h, c, Wx, Wh, b)
        hs.append(h)
        cache.append(step)
    return np.stack(hs, axis=1), cache


def lstm_backward(dh, cache):
    carried_h = carried_c = 0
    dxs, sums = [], [0, 0, 0]
    for t in reversed(range(dh.shape[1])):
        dx, carried_h, carried_c, *grads = lstm_step_backward(dh[:, t] + carried_h, carried_c, cache[t])
        dxs.insert(0, dx)
        sums = [one + other for one, other in zip(sums, grads)]
    return np.stack(dxs, axis=1), carried_h, *sums
"""

DLFS2 = """
class RNN:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]

    def forward(self, x, h_prev):
        Wx, Wh, b = self.params
        h_next = np.tanh(x @ Wx + h_prev @ Wh + b)
        self.cache = x, h_prev, h_next
        return h_next

    def backward(self, dh_next):
        Wx, Wh, b = self.params
        x, h_prev, h_next = self.cache
        dz = dh_next * (1 - h_next ** 2)
        self.grads[0][...] = x.T @ dz
        self.grads[1][...] = h_prev.T @ dz
        self.grads[2][...] = dz.sum(axis=0)
        return dz @ Wx.T, dz @ Wh.T


class TimeRNN:
    def __init__(self, Wx, Wh, b, stateful=False):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.h, self.dh, self.stateful = None, None, stateful

    def set_state(self, h):
        self.h = h

    def forward(self, xs):
        N, T, D = xs.shape
        H = self.params[1].shape[0]
        if not self.stateful or self.h is None:
            self.h = np.zeros((N, H))
        hs, self.layers = np.empty((N, T, H)), []
        for t in range(T):
            self.layers.append(RNN(*self.params))
            self.h = self.layers[-1].forward(xs[:, t], self.h)
            hs[:, t] = self.h
        return hs

    def backward(self, dhs):
        N, T, H = dhs.shape
        dxs, dh, sums = np.empty((N, T, self.params[0].shape[0])), 0, [0, 0, 0]
        for t in reversed(range(T)):
            dxs[:, t], dh = self.layers[t].backward(dhs[:, t] + dh)
            sums = [one + other for one, other in zip(sums, self.layers[t].grads)]
        for kept, new in zip(self.grads, sums):
            kept[...] = new
        self.dh = dh
        return dxs
"""

GRU = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gru_cell_forward(xt, a_prev, parameters):
    z = np.concatenate([a_prev, xt])
    update = sigmoid(parameters["Wz"] @ z + parameters["bz"])
    reset = sigmoid(parameters["Wr"] @ z + parameters["br"])
    new = np.tanh(parameters["Wh"] @ np.concatenate([reset * a_prev, xt]) + parameters["bh"])
    a_next = (1 - update) * a_prev + update * new
    e = np.exp(parameters["Wy"] @ a_next + parameters["by"])
    return a_next, e / e.sum(axis=0), (a_prev, xt, update, reset, new, parameters)


def gru_cell_backward(da_next, cache):
    a_prev, xt, update, reset, new, parameters = cache
    n = len(a_prev)
    z, gated = np.concatenate([a_prev, xt]), np.concatenate([reset * a_prev, xt])
    dnew = da_next * update * (1 - new ** 2)
    dgated = parameters["Wh"].T @ dnew
    dupdate = da_next * (new - a_prev) * update * (1 - update)
    dreset = dgated[:n] * a_prev * reset * (1 - reset)
    dz = parameters["Wz"].T @ dupdate + parameters["Wr"].T @ dreset
    return {
        "dxt": dz[n:] + dgated[n:],
        "da_prev": dz[:n] + dgated[:n] * reset + da_next * (1 - update),
        "dWz": dupdate @ z.T, "dbz": dupdate.sum(axis=1, keepdims=True),
        "dWr": dreset @ z.T, "dbr": dreset.sum(axis=1, keepdims=True),
        "dWh": dnew @ gated.T, "dbh": dnew.sum(axis=1, keepdims=True),
    }
"""

LOSS_FUN = """
def lossFun(inputs, targets, hprev):
    xs, hs, ps, loss = {}, {-1: hprev}, {}, 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((vocab_size, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1] + bh)
        y = Why @ hs[t] + by
        e = np.exp(y - y.max())
        ps[t] = e / e.sum()
        loss -= np.log(ps[t][targets[t], 0])
    grads = [np.zeros_like(p) for p in (Wxh, Whh, Why, bh, by)]
    dhnext = np.zeros((hidden_size, 1))
    for t in reversed(range(len(inputs))):
        dy = ps[t].copy()
        dy[targets[t]] -= 1
        dz = (Why.T @ dy + dhnext) * (1 - hs[t] ** 2)
        for grad, step in zip(grads, (dz @ xs[t].T, dz @ hs[t - 1].T, dy @ hs[t].T, dz, dy)):
            grad += step
        dhnext = Whh.T @ dz
    return loss, *grads, hs[len(inputs) - 1]
"""
