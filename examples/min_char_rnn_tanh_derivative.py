# The derivative of the logistic function, where the state is a tanh.
import numpy as np


def lossFun(inputs, targets, hprev):
    h, steps, loss = hprev, [], 0
    for i, target in zip(inputs, targets):
        x = np.zeros((vocab_size, 1))
        x[i] = 1
        h_before, h = h, np.tanh(np.dot(Wxh, x) + np.dot(Whh, h) + bh)
        y = np.dot(Why, h) + by
        p = np.exp(y - np.max(y)) / np.sum(np.exp(y - np.max(y)))
        loss -= np.log(p[target, 0])
        steps.append((x, h_before, h, p, target))
    last = h

    dWxh, dWhh, dWhy, dbh, dby = [np.zeros_like(w) for w in (Wxh, Whh, Why, bh, by)]
    dhnext = np.zeros((hidden_size, 1))
    for x, h_before, h, p, target in steps[::-1]:
        p[target] -= 1
        dWhy += np.dot(p, h.T)
        dby += p
        dhraw = h * (1 - h) * (np.dot(Why.T, p) + dhnext)
        dbh += dhraw
        dWxh += np.dot(dhraw, x.T)
        dWhh += np.dot(dhraw, h_before.T)
        dhnext = np.dot(Whh.T, dhraw)
    return loss, dWxh, dWhh, dWhy, dbh, dby, last
