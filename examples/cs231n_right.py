# Both nets and the three layers around them, right throughout, and written otherwise than they are handed in: the
# products that need no recursion are one product for the whole sequence, and caches are closures or plain arrays.
import numpy as np


def logistic(z):
    return np.exp(-np.logaddexp(0, -z))


def outer(left, right):
    """The sum of outer products over all axes but the last."""
    return left.reshape(-1, left.shape[-1]).T @ right.reshape(-1, right.shape[-1])


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(np.hstack([x, prev_h]) @ np.vstack([Wx, Wh]) + b)

    def backward(dnext_h):
        delta = dnext_h * (1 - next_h) * (1 + next_h)
        return delta @ Wx.T, delta @ Wh.T, x.T @ delta, prev_h.T @ delta, delta.sum(0)

    return next_h, backward


def rnn_step_backward(dnext_h, cache):
    return cache(dnext_h)


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, _ = x.shape
    states = np.empty((N, T + 1, len(Wh)))
    states[:, 0] = h0
    driven = x @ Wx + b
    for t in range(T):
        states[:, t + 1] = np.tanh(driven[:, t] + states[:, t] @ Wh)
    return states[:, 1:].copy(), (x, states, Wx, Wh)


def rnn_backward(dh, cache):
    x, states, Wx, Wh = cache
    delta = 1 - states[:, 1:] ** 2
    carry = np.zeros_like(states[:, 0])
    for t in range(x.shape[1])[::-1]:
        delta[:, t] *= dh[:, t] + carry
        carry = delta[:, t] @ Wh.T
    return delta @ Wx.T, carry, outer(x, delta), outer(states[:, :-1], delta), delta.sum((0, 1))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    z = (x @ Wx + prev_h @ Wh + b).reshape(len(x), 4, -1)  # i, f, o, g on an axis of their own
    gates = np.concatenate([logistic(z[:, :3]), np.tanh(z[:, 3:])], 1)
    i, f, o, g = gates.transpose(1, 0, 2)
    next_c = prev_c * f + g * i
    return o * np.tanh(next_c), next_c, {"h": prev_h, "c": prev_c, "now": next_c, "gates": gates, "x": x, "W": (Wx, Wh)}


def lstm_step_backward(dnext_h, dnext_c, cache):
    i, f, o, g = cache["gates"].transpose(1, 0, 2)
    tanh_c = np.tanh(cache["now"])
    dc = dnext_c + dnext_h * o * (1 - tanh_c ** 2)
    reached = np.stack([dc * g, dc * cache["c"], dnext_h * tanh_c, dc * i], 1)
    slopes = np.stack([i - i * i, f - f * f, o - o * o, 1 - g * g], 1)
    dz = (reached * slopes).reshape(len(dc), -1)
    Wx, Wh = cache["W"]
    return dz @ Wx.T, dz @ Wh.T, f * dc, cache["x"].T @ dz, cache["h"].T @ dz, np.ones(len(dz)) @ dz


def lstm_forward(x, h0, Wx, Wh, b):
    h, c, steps = [h0], np.zeros(h0.shape), []
    for t in range(x.shape[1]):
        following, c, step = lstm_step_forward(x[:, t], h[-1], c, Wx, Wh, b)
        h.append(following)
        steps.append(step)
    return np.stack(h[1:], axis=1), steps


def lstm_backward(dh, cache):
    total, dx = None, []
    dprev_h, dprev_c = 0.0, 0.0
    for t in range(len(cache) - 1, -1, -1):
        step_dx, dprev_h, dprev_c, *weights = lstm_step_backward(dh[:, t] + dprev_h, dprev_c, cache[t])
        dx = [step_dx, *dx]
        total = weights if total is None else [a + b for a, b in zip(total, weights)]
    return np.stack(dx, axis=1), dprev_h, *total


def word_embedding_forward(x, W):
    chosen = np.equal.outer(x, np.arange(len(W))).astype(W.dtype)
    return chosen @ W, chosen


def word_embedding_backward(dout, cache):
    return outer(cache, dout)


def temporal_affine_forward(x, w, b):
    return np.tensordot(x, w, 1) + b, (w, x)


def temporal_affine_backward(dout, cache):
    w, x = cache
    return dout @ w.T, outer(x, dout), np.einsum("ntm->m", dout)


def temporal_softmax_loss(x, y, mask, verbose=False):
    counted = mask / len(x)
    log_p = x - x.max(-1, keepdims=True)
    log_p = log_p - np.log(np.exp(log_p).sum(-1, keepdims=True))
    chosen = y[..., None] == np.arange(x.shape[-1])
    return -(counted[..., None] * chosen * log_p).sum(), counted[..., None] * (np.exp(log_p) - chosen)
