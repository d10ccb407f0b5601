"""Character-level vanilla RNN, with notes to myself."""
import numpy as np

vocab_size = 7
hidden_size = 10
np.random.seed(0)
Wxh = np.random.randn(hidden_size, vocab_size) * 0.01    # input to hidden
Whh = np.random.randn(hidden_size, hidden_size) * 0.01   # hidden to hidden
Why = np.random.randn(vocab_size, hidden_size) * 0.01    # hidden to output
bh  = np.zeros((hidden_size, 1))
by  = np.zeros((vocab_size, 1))


def lossFun(inputs, targets, hprev):
    # inputs and targets are lists of integers
    T = len(inputs)
    X = np.zeros((vocab_size, T)); X[inputs, np.arange(T)] = 1
    H = np.zeros((hidden_size, T + 1)); H[:, :1] = hprev
    P = np.zeros((vocab_size, T))

    loss = 0.0
    for t in range(T):
        h = np.dot(Wxh, X[:, [t]]) + np.dot(Whh, H[:, [t]]) + bh
        H[:, [t + 1]] = np.tanh(h)
        y = np.dot(Why, H[:, [t + 1]]) + by
        y = y - y.max()                        # so that exp does not overflow
        p = np.exp(y) / np.exp(y).sum()
        P[:, [t]] = p
        loss -= np.log(p[targets[t], 0])

    dY = P.copy(); dY[targets, np.arange(T)] -= 1
    dWhy = np.dot(dY, H[:, 1:].T)              # all steps in one product
    dby = dY.sum(axis=1, keepdims=True)

    dWxh = np.zeros_like(Wxh); dWhh = np.zeros_like(Whh); dbh = np.zeros_like(bh)
    dhnext = np.zeros((hidden_size, 1))
    for t in range(T - 1, -1, -1):
        dh = np.dot(Why.T, dY[:, [t]]) + dhnext
        draw = dh * (1 - H[:, [t + 1]] ** 2)   # through tanh
        dbh += draw
        dWxh += np.dot(draw, X[:, [t]].T)
        dWhh += np.dot(draw, H[:, [t]].T)
        dhnext = np.dot(Whh, draw)             # to the step before
    return loss, dWxh, dWhh, dWhy, dbh, dby, H[:, [T]]
