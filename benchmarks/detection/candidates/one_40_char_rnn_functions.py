import numpy as np


def one_hot(index, size):
    v = np.zeros((size, 1))
    v[index] = 1.0
    return v


def softmax(scores):
    shifted = scores - scores.max()
    return np.exp(shifted) / np.exp(shifted).sum()


def forward(inputs, hprev, Wxh, Whh, Why, bh, by):
    h = hprev
    tape = []
    for index in inputs:
        x = one_hot(index, Wxh.shape[1])
        h_before, h = h, np.tanh(Wxh @ x + Whh @ h + bh)
        tape.append((x, h_before, h, softmax(Why @ h + by)))
    return tape, h


def lossFun(inputs, targets, hprev, Wxh, Whh, Why, bh, by):
    tape, h_last = forward(inputs, hprev, Wxh, Whh, Why, bh, by)
    loss = -sum(np.log(p[target, 0]) for (_, _, _, p), target in zip(tape, targets))

    dWxh, dWhh, dWhy, dbh, dby = [np.zeros_like(w) for w in (Wxh, Whh, Why, bh, by)]
    dh_next = np.zeros_like(hprev)
    for (x, h_before, h, p), target in zip(reversed(tape), reversed(list(targets))):
        d_scores = p - one_hot(target, len(p))
        dWhy += d_scores @ h.T
        dby += d_scores
        dh = Why.T @ d_scores + dh_next
        dz = (1 - h) * dh
        dWxh += dz @ x.T
        dWhh += dz @ h_before.T
        dbh += dz
        dh_next = Whh.T @ dz
    return loss, dWxh, dWhh, dWhy, dbh, dby, h_last
