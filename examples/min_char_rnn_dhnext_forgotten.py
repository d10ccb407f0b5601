# Every character's loss reaches the weights of its own step, and no earlier one.
import numpy as np


def lossFun(inputs, targets, hprev):
    T = len(inputs)
    chars, states = np.eye(vocab_size)[:, inputs], [hprev]
    for t in range(T):
        states.append(np.tanh(Wxh @ chars[:, [t]] + Whh @ states[-1] + bh))
    before, after = np.hstack(states[:-1]), np.hstack(states[1:])

    scores = Why @ after + by
    scores = scores - scores.max(axis=0)
    log_p = scores - np.log(np.exp(scores).sum(axis=0))
    loss = -log_p[targets, range(T)].sum()

    d_scores = np.exp(log_p)
    d_scores[targets, range(T)] -= 1
    d_sums = (Why.T @ d_scores) * (1 - after * after)  # all steps at once: it is only a matrix product
    return (
        loss,
        d_sums @ chars.T,
        d_sums @ before.T,
        d_scores @ after.T,
        d_sums.sum(axis=1, keepdims=True),
        d_scores.sum(axis=1, keepdims=True),
        states[-1],
    )
