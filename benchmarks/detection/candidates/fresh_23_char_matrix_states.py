import numpy as np

text = "she sells sea shells"
chars = sorted(set(text))
vocab_size = len(chars)
hidden_size = 6

Wxh = np.random.normal(scale=0.05, size=(hidden_size, vocab_size))
Whh = np.random.normal(scale=0.05, size=(hidden_size, hidden_size))
Why = np.random.normal(scale=0.05, size=(vocab_size, hidden_size))
bh = np.zeros((hidden_size, 1))
by = np.zeros((vocab_size, 1))


def lossFun(inputs, targets, hprev):
    """
    inputs, targets: lists of integers
    hprev: hidden_size x 1
    """
    T = len(inputs)
    X = np.eye(vocab_size)[:, inputs]
    S = np.zeros((hidden_size, T + 1))     # S[:, 0] is hprev
    S[:, 0] = hprev[:, 0]
    for t in range(T):
        S[:, t + 1:t + 2] = np.tanh(np.matmul(Wxh, X[:, t:t + 1]) + np.matmul(Whh, S[:, t:t + 1]) + bh)

    logits = np.matmul(Why, S[:, 1:]) + by
    logits = logits - logits.max(axis=0)
    P = np.exp(logits) / np.exp(logits).sum(axis=0)
    loss = -np.log(P[targets, range(T)]).sum()

    dY = P.copy()
    dY[targets, range(T)] -= 1
    dWhy = np.matmul(dY, S[:, 1:].T)
    dby = dY.sum(axis=1, keepdims=True)

    dZ = np.zeros((hidden_size, T))
    dS = np.matmul(Why.T, dY)
    carry = np.zeros(hidden_size)
    for t in range(T - 1, 0, -1):
        dZ[:, t] = (dS[:, t] + carry) * (1 - S[:, t + 1] ** 2)
        carry = np.matmul(dZ[:, t], Whh)

    dWxh = np.matmul(dZ, X.T)
    dWhh = np.matmul(dZ, S[:, :-1].T)
    dbh = dZ.sum(axis=1, keepdims=True)
    return loss, dWxh, dWhh, dWhy, dbh, dby, S[:, T:]
