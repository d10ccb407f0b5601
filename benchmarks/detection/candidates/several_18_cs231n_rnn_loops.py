import numpy as np


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return next_h, {"x": x, "prev_h": prev_h, "next_h": next_h, "Wx": Wx, "Wh": Wh}


def rnn_forward(x, h0, Wx, Wh, b):
    states, caches = [], []
    state = h0
    for t in range(x.shape[1]):
        state, cache = rnn_step_forward(x[:, t], state, Wx, Wh, b)
        states.append(state)
        caches.append(cache)
    return np.stack(states, axis=1), caches


def rnn_step_backward(dnext_h, cache):
    x, prev_h, next_h = cache["x"], cache["prev_h"], cache["next_h"]
    Wx, Wh = cache["Wx"], cache["Wh"]
    N = x.shape[0]

    dx = np.zeros_like(x)
    dprev_h = np.zeros_like(prev_h)
    dWx = np.zeros_like(Wx)
    dWh = np.zeros_like(Wh)
    db = np.zeros(Wh.shape[1])

    for n in range(N):
        delta = dnext_h[n] * (1 + next_h[n] ** 2)
        dx[n] = Wx @ delta
        dprev_h[n] = Wh.T @ delta
        dWx += np.outer(x[n], delta)
        dWh += np.outer(prev_h[n], delta)
        db += delta

    return dx, dprev_h, dWx, dWh, db


def rnn_backward(dh, cache):
    N, T, H = dh.shape
    grads = {"dWx": 0, "dWh": 0, "db": 0}
    dx = [None] * T
    upstream = np.zeros((N, H))
    for t in reversed(range(T)):
        dx[t], upstream, dWx, dWh, db = rnn_step_backward(dh[:, t] + upstream, cache[t])
        grads["dWx"] = grads["dWx"] + dWx
        grads["dWh"] = grads["dWh"] + dWh
        grads["db"] = grads["db"] + db
    return np.stack(dx, axis=1), upstream, grads["dWx"], grads["dWh"], grads["db"]
