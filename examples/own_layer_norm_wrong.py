# Layer normalization, backward step by step. The variance is treated as if it did not depend on x: what reaches x through
# it is forgotten, only what comes through the mean is there.
import numpy as np


def layer_norm_forward(x, gamma, beta, eps=1e-5):
    """
    x: input, shape (N, D)
    gamma: scale, shape (D,)
    beta: shift, shape (D,)
    Returns out of shape (N, D), and the cache for the backward pass.
    """
    mu = np.mean(x, axis=1, keepdims=True)
    xmu = x - mu
    var = np.mean(xmu ** 2, axis=1, keepdims=True)
    std = np.sqrt(var + eps)
    xhat = xmu / std
    out = gamma * xhat + beta
    return out, (xhat, xmu, std, gamma)


def layer_norm_backward(dout, cache):
    """
    dout: upstream gradient, shape (N, D)
    Returns dx (N, D), dgamma (D,), dbeta (D,).
    """
    xhat, xmu, std, gamma = cache
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    dxmu = dxhat / std
    dmu = -np.sum(dxmu, axis=1, keepdims=True)
    dx = dxmu + dmu / dout.shape[1]
    return dx, dgamma, dbeta
