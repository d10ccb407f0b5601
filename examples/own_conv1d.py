# 1-D convolution (really cross-correlation, as everywhere in deep learning) with stride and zero padding.
from typing import NamedTuple

import numpy as np


class ConvCache(NamedTuple):
    x_pad: np.ndarray
    w: np.ndarray
    stride: int
    pad: int


def conv1d_forward(x, w, b, *, stride=1, pad=0):
    """
    x: input of shape (N, C, L)
    w: filters of shape (F, C, K), with K <= L + 2 * pad
    b: biases of shape (F,)
    stride: step between neighbouring windows
    pad: how many zeros to add at both ends

    Returns out of shape (N, F, L_out) with L_out = 1 + (L + 2 * pad - K) // stride, and a cache.
    """
    K = w.shape[2]
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad)))
    L_out = 1 + (x_pad.shape[2] - K) // stride
    out = np.zeros((x.shape[0], w.shape[0], L_out))
    for i in range(L_out):
        window = x_pad[:, :, i * stride:i * stride + K]
        out[:, :, i] = np.tensordot(window, w, axes=([1, 2], [1, 2])) + b
    return out, ConvCache(x_pad, w, stride, pad)


def conv1d_backward(dout, cache):
    """
    dout: upstream derivatives, shape (N, F, L_out)

    Returns a tuple (dx, dw, db) with the shapes of x, w and b.
    """
    w, stride, pad = cache.w, cache.stride, cache.pad
    K = w.shape[2]
    dx_pad, dw = np.zeros_like(cache.x_pad), np.zeros_like(w)
    for i in range(dout.shape[2]):
        window = slice(i * stride, i * stride + K)
        dw += np.einsum("nf,nck->fck", dout[:, :, i], cache.x_pad[:, :, window])
        dx_pad[:, :, window] += np.einsum("nf,fck->nck", dout[:, :, i], w)
    db = dout.sum(axis=(0, 2))
    return dx_pad[:, :, pad:dx_pad.shape[2] - pad], dw, db
