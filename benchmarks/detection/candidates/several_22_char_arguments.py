import numpy as np


def one_hot(index, size):
    column = np.zeros((size, 1))
    column[index, 0] = 1.0
    return column


def softmax(logits):
    shifted = np.exp(logits - logits.max())
    return shifted / shifted.sum()


def unroll(inputs, hprev, Wxh, Whh, Why, bh, by):
    xs, hs, ps = [], {-1: hprev}, []
    for t, index in enumerate(inputs):
        xs.append(one_hot(index, Wxh.shape[1]))
        hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1] + bh)
        ps.append(softmax(Why @ hs[t] + by))
    return xs, hs, ps


def lossFun(inputs, targets, hprev, Wxh, Whh, Why, bh, by):
    xs, hs, ps = unroll(inputs, hprev, Wxh, Whh, Why, bh, by)
    loss = sum(-np.log(p[target, 0]) for p, target in zip(ps, targets))

    # gradients
    dWxh = np.zeros(Wxh.shape)
    dWhh = np.zeros(Whh.shape)
    dWhy = np.zeros(Why.shape)
    dbh = np.zeros(bh.shape)
    dby = np.zeros(by.shape)
    dhnext = np.zeros(hprev.shape)

    for t in range(len(inputs) - 1, -1, -1):
        dy = ps[t] - one_hot(targets[t], len(by))
        dWhy += dy @ hs[t].T
        dby += dy

        dh = Why.T @ dy + dhnext
        dhraw = (1 - hs[t]) ** 2 * dh
        dbh += dhraw
        dWxh += dhraw @ xs[t].T
        dWhh += dhraw @ hs[t].T
        dhnext = Whh.T @ dhraw
        dhnext = np.zeros(hprev.shape)

    return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs) - 1]
