import numpy as np


def temporal_softmax_loss(x, y, mask, verbose=False):
    N, T, V = x.shape

    shifted = x - x.max(axis=2, keepdims=True)
    exps = np.exp(shifted)
    probs = exps / exps.sum(axis=2, keepdims=True)

    one_hot = np.zeros((N, T, V))
    for n in range(N):
        for t in range(T):
            one_hot[n, t, y[n, t]] = 1

    log_likelihood = (one_hot * (shifted - np.log(exps.sum(axis=2, keepdims=True)))).sum(axis=2)
    loss = -(mask * log_likelihood).sum() / N

    dx = probs - one_hot
    dx = dx * mask[:, :, None]

    return loss, dx
