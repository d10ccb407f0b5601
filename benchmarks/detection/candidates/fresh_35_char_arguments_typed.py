"""Character model: loss and gradients for one chunk of text."""
from typing import List

import numpy as np


def one_hot(index: int, size: int) -> np.ndarray:
    v = np.zeros((size, 1))
    v[index, 0] = 1.0
    return v


def lossFun(inputs: List[int], targets: List[int], hprev: np.ndarray, Wxh, Whh, Why, bh, by):
    vocab = Wxh.shape[1]
    T = len(inputs)
    xs = [one_hot(i, vocab) for i in inputs]

    # hs[t] is the state after step t, hs[-1] the one before the first
    hs = {-1: hprev}
    ps = {}
    loss = 0.0
    for t in range(T):
        hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1] + bh)
        logits = Why @ hs[t] + by
        logits = logits - np.max(logits)
        ps[t] = np.exp(logits) / np.sum(np.exp(logits))
        loss = loss - np.log(ps[t][targets[t], 0])

    grads = [np.zeros_like(p) for p in (Wxh, Whh, Why, bh, by)]
    dhnext = np.zeros_like(hprev)

    for t in range(T - 1, -1, -1):
        dy = ps[t] - one_hot(targets[t], vocab)
        dh = Why.T @ dy + dhnext
        dz = (hs[t] * hs[t] - 1) * dh
        dhnext = Whh.T @ dz
        step = [
            dz @ xs[t].T,
            dz @ hs[t - 1].T,
            dy @ hs[t - 1].T,
            dz,
            dy,
        ]
        grads = [total + g for total, g in zip(grads, step)]

    return (loss, *grads, hs[T - 1])
