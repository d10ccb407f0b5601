"""Prediction layer and softmax cross-entropy over time, derived in notes/losses.md; the tags (P1)... are its numbers.

The layer is the same for every net: a softmax of W a<t> + b at each time step.  An RNN calls its parameters Wya and by,
an LSTM Wy and by.  The loss is summed over outputs, examples and time steps; divide by what you average over.
"""

from typing import Any, NamedTuple, TypedDict

import numpy as np

from . import lstm, rnn
from .activations import softmax
from .shapes import Array, check_arrays, check_cache


class CrossEntropyCache(NamedTuple):
    a: Array
    y: Array
    y_pred: Array
    W: Array


class CrossEntropyGradients(TypedDict):
    da: Array
    dW: Array
    db: Array


class RNNLossGradients(rnn.RNNGradients):
    dWya: Array
    dby: Array


class LSTMLossGradients(lstm.LSTMGradients):
    dWy: Array
    dby: Array


def cross_entropy_forward(a: Array, y: Array, W: Array, b: Array) -> tuple[Any, Array, CrossEntropyCache]:
    """Predictions from the hidden states and their cross-entropy against the targets.

    a (n_a, m, T); y (n_y, m, T), one-hot columns or any weights; W (n_y, n_a); b (n_y, 1).
    Returns the loss (a scalar), y_pred (n_y, m, T), and the cache that `cross_entropy_backward` reads.
    The logarithm is taken of the shifted sum, so that a prediction that underflows to 0 costs a finite loss.
    Raises ValueError or TypeError when a shape or dtype disagrees, naming the array.
    """
    check_arrays(
        {"a": ("n_a", "m", "T"), "W": ("n_y", "n_a"), "b": ("n_y", "1"), "y": ("n_y", "m", "T")},
        {"a": a, "W": W, "b": b, "y": y},
    )
    z = np.tensordot(W, a, axes=1) + b[:, :, np.newaxis]  # (P1)
    y_pred = softmax(z)  # (P2)
    shifted = z - z.max(axis=0, keepdims=True)
    loss = -np.sum(y * (shifted - np.log(np.exp(shifted).sum(axis=0, keepdims=True))))  # (P3)
    return loss, y_pred, CrossEntropyCache(a, y, y_pred, W)


def cross_entropy_backward(cache: CrossEntropyCache) -> CrossEntropyGradients:
    """Gradients of the loss with respect to the hidden states and the layer's parameters.

    Returns da (n_a, m, T), from which BPTT starts, dW (n_y, n_a) and db (n_y, 1).
    """
    check_cache(CrossEntropyCache._fields, cache)
    a, y, y_pred, W = cache
    dz = y_pred * y.sum(axis=0, keepdims=True) - y  # (P4)
    return {
        "da": np.tensordot(W.T, dz, axes=1),  # (P5)
        "dW": np.tensordot(dz, a, axes=((1, 2), (1, 2))),  # (P6)
        "db": dz.sum(axis=(1, 2))[:, np.newaxis],  # (P7)
    }


def rnn_loss(x: Array, y: Array, a0: Array, parameters: rnn.RNNParameters) -> tuple[Any, RNNLossGradients]:
    """Loss of the RNN over a sequence, and its gradients dx, da0, dWax, dWaa, dba, dWya, dby.

    x (n_x, m, T); y (n_y, m, T); a0 (n_a, m); parameters as in `rnn.rnn_cell_forward`.
    """
    a, _, caches = rnn.rnn_forward(x, a0, parameters)
    loss, _, cache = cross_entropy_forward(a, y, parameters["Wya"], parameters["by"])
    layer = cross_entropy_backward(cache)
    return loss, {**rnn.rnn_backward(layer["da"], caches), "dWya": layer["dW"], "dby": layer["db"]}


def lstm_loss(
    x: Array, y: Array, a0: Array, parameters: lstm.LSTMParameters, c0: Array | None = None
) -> tuple[Any, LSTMLossGradients]:
    """Loss of the LSTM over a sequence, and its gradients dx, da0, dc0, dW and db of every gate, dWy, dby.

    x (n_x, m, T); y (n_y, m, T); a0 (n_a, m); c0 (n_a, m), zeros when None; parameters as in `lstm.lstm_cell_forward`.
    """
    a, _, _, caches = lstm.lstm_forward(x, a0, parameters, c0)
    loss, _, cache = cross_entropy_forward(a, y, parameters["Wy"], parameters["by"])
    layer = cross_entropy_backward(cache)
    return loss, {**lstm.lstm_backward(layer["da"], caches), "dWy": layer["dW"], "dby": layer["db"]}
