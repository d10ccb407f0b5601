import numpy as np

rng = np.random.RandomState(1)
V, H = 7, 5
Wxh, Whh, Why = rng.randn(H, V) * .1, rng.randn(H, H) * .1, rng.randn(V, H) * .1
bh, by = np.zeros((H, 1)), np.zeros((V, 1))


def softmax(y):
    p = np.exp(y - y.max())
    return p / p.sum()


def lossFun(inputs, targets, hprev):
    steps = list(zip(inputs, targets))
    loss, h, memory = 0.0, hprev, []

    for ix, target in steps:
        h_before = h
        h = np.tanh(Wxh[:, [ix]] + Whh @ h_before + bh)
        p = softmax(Why @ h + by)
        loss -= np.log(p[target, 0])
        memory.append((ix, target, h_before, h, p))

    dWxh, dWhh, dWhy = (np.zeros(W.shape) for W in (Wxh, Whh, Why))
    dbh, dby = np.zeros(bh.shape), np.zeros(by.shape)
    dhnext = np.zeros(hprev.shape)

    while memory:
        ix, target, h_before, h_now, p = memory.pop()
        dy = p.copy()
        dy[target] -= 1
        dWhy += dy @ h_now.T
        dby += dy
        dh = Why.T @ dy + dhnext
        dhraw = (1 - h_now ** 2) * dh
        dWxh[:, [ix]] += dhraw
        dWhh += dhraw @ h_before.T
        dbh += dh
        dhnext = Whh.T @ dhraw

    return loss, dWxh, dWhh, dWhy, dbh, dby, h
