# Layer normalization over the features of each example. The backward is the usual three-term formula.
import numpy as np


def layer_norm_forward(x, gamma, beta, eps=1e-5):
    """
    Normalize every row of x, then scale and shift.

    Inputs:
    - x: input data of shape (N, D)
    - gamma: scale of shape (D,)
    - beta: shift of shape (D,)
    - eps: small number for numerical stability

    Returns a tuple of:
    - out: output of shape (N, D)
    - cache: values needed in the backward pass
    """
    mu = x.mean(axis=1, keepdims=True)
    var = x.var(axis=1, keepdims=True)
    inv_std = 1.0 / np.sqrt(var + eps)
    x_hat = (x - mu) * inv_std
    out = gamma * x_hat + beta
    cache = (x_hat, inv_std, gamma)
    return out, cache


def layer_norm_backward(dout, cache):
    """
    Inputs:
    - dout: upstream gradients of shape (N, D)
    - cache: from layer_norm_forward

    Returns a tuple of:
    - dx: gradient with respect to x, of shape (N, D)
    - dgamma: gradient with respect to gamma, of shape (D,)
    - dbeta: gradient with respect to beta, of shape (D,)
    """
    x_hat, inv_std, gamma = cache
    N, D = dout.shape
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx_hat = dout * gamma
    dx = (inv_std / D) * (
        D * dx_hat
        - dx_hat.sum(axis=1, keepdims=True)
        - x_hat * (dx_hat * x_hat).sum(axis=1, keepdims=True)
    )
    return dx, dgamma, dbeta
