import numpy as np


def lossFun(inputs, targets, hprev, Wxh, Whh, Why, bh, by):
    steps = range(len(inputs))
    hs = [hprev]
    probabilities = []
    loss = 0.
    for t in steps:
        hs.append(np.tanh(Wxh[:, inputs[t]][:, None] + Whh.dot(hs[t]) + bh))
        scores = Why.dot(hs[t + 1]) + by
        log_p = scores - scores.max()
        log_p = log_p - np.log(np.exp(log_p).sum())
        probabilities.append(np.exp(log_p))
        loss = loss - log_p[targets[t], 0]

    grads = {name: np.zeros(w.shape) for name, w in dict(Wxh=Wxh, Whh=Whh, Why=Why, bh=bh, by=by).items()}
    carried = np.zeros(hprev.shape)
    for t in steps[::-1]:
        dscores = probabilities[t].copy()
        dscores[targets[t]] -= 1
        grads['Why'] += dscores.dot(hs[t + 1].T)
        grads['by'] += dscores

        dhidden = Why.T.dot(dscores) + carried
        draw = dhidden * (1 - hs[t + 1] ** 2)
        grads['Wxh'][:, inputs[t]] += draw[:, 0]
        grads['Whh'] += draw.dot(hs[t - 1].T)
        grads['bh'] += draw
        carried = Whh.T.dot(draw)

    return loss, grads['Wxh'], grads['Whh'], grads['Why'], grads['bh'], grads['by'], hs[-1]
