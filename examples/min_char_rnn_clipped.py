# As the script publishes it: what comes back is not the gradient, but the gradient cut off at 5.
import numpy as np


def lossFun(inputs, targets, hprev):
    xs, hs, ps, loss = [], {-1: hprev}, [], 0
    for t, (word, target) in enumerate(zip(inputs, targets)):
        xs.append(np.eye(vocab_size)[:, [word]])
        hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1] + bh)
        y = Why @ hs[t] + by
        e = np.exp(y - y.max())
        ps.append(e / e.sum())
        loss -= np.log(ps[t][target, 0])

    dWxh, dWhh, dWhy, dbh, dby = (np.zeros_like(p) for p in (Wxh, Whh, Why, bh, by))
    dhnext = np.zeros_like(bh)
    for t in reversed(range(len(inputs))):
        dy = ps[t].copy()
        dy[targets[t]] -= 1
        dWhy += dy @ hs[t].T
        dby += dy
        dhraw = (1 - hs[t] ** 2) * (Why.T @ dy + dhnext)
        dbh += dhraw
        dWxh += dhraw @ xs[t].T
        dWhh += dhraw @ hs[t - 1].T
        dhnext = Whh.T @ dhraw
    gradients = [np.clip(d, -5, 5) for d in (dWxh, dWhh, dWhy, dbh, dby)]
    return (loss, *gradients, hs[len(inputs) - 1])
