# Softmax regression with L2 regularization: a linear layer and the cross-entropy in one. The loss is a number, so the
# backward takes nothing but the cache.
import numpy as np


def softmax_regression_forward(X, W, b, y, reg=0.1):
    """
    Inputs:
    - X: N examples with D features, shape (N, D)
    - W: weights, shape (D, C)
    - b: biases, shape (C,)
    - y: labels, shape (N,), 0 <= y[i] < C
    - reg: regularization strength, a float

    Returns:
    - loss: the mean cross-entropy plus reg / 2 * sum(W ** 2), a scalar
    - cache: for softmax_regression_backward
    """
    N = X.shape[0]
    scores = X.dot(W) + b
    scores = scores - np.max(scores, axis=1, keepdims=True)
    log_probs = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
    loss = -np.mean(log_probs[np.arange(N), y]) + 0.5 * reg * np.sum(W * W)
    return loss, (X, W, y, reg, np.exp(log_probs))


def softmax_regression_backward(cache):
    """
    Returns:
    - dX: gradient of the loss with respect to X, shape (N, D)
    - dW: gradient of the loss with respect to W, shape (D, C)
    - db: gradient of the loss with respect to b, shape (C,)
    """
    X, W, y, reg, probs = cache
    N = X.shape[0]
    dscores = probs.copy()
    dscores[np.arange(N), y] -= 1
    dscores /= N
    dX = dscores.dot(W.T)
    dW = X.T.dot(dscores) + reg * W
    db = np.sum(dscores, axis=0)
    return dX, dW, db
