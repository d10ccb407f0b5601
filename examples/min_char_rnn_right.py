# The loss and its gradients as they are, to be clipped by whoever calls.  Steps are rows of one array, and a character
# chooses a column of Wxh where others multiply with a one-hot column.
import numpy as np

vocab_size, hidden_size = 5, 3
rng = np.random.default_rng(0)
Wxh, Whh, Why = (rng.normal(0, 0.01, shape) for shape in ((3, 5), (3, 3), (5, 3)))
bh, by = np.zeros((3, 1)), np.zeros((5, 1))


def lossFun(inputs, targets, hprev):
    T = len(inputs)
    h = np.empty((T + 1, hidden_size))
    h[0] = hprev[:, 0]
    driven = Wxh.T[inputs] + bh[:, 0]
    for t in range(T):
        h[t + 1] = np.tanh(driven[t] + Whh @ h[t])
    scores = h[1:] @ Why.T + by[:, 0]
    scores -= scores.max(axis=1, keepdims=True)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    steps = np.arange(T)

    dscores = np.exp(log_p)
    dscores[steps, targets] -= 1
    draw = dscores @ Why
    for t in range(T - 1, -1, -1):
        if t < T - 1:
            draw[t] += draw[t + 1] @ Whh
        draw[t] *= 1 - h[t + 1] ** 2
    dWxh = np.zeros(Wxh.shape)
    np.add.at(dWxh.T, inputs, draw)
    dbh, dby = draw.sum(0).reshape(-1, 1), dscores.sum(0).reshape(-1, 1)
    return -log_p[steps, targets].sum(), dWxh, draw.T @ h[:-1], dscores.T @ h[1:], dbh, dby, h[-1:].T
