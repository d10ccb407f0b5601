"""The recurrent layers of cs231n, assignment 3, in that course's signatures: the canonical functions, rearranged.

A step is that of manual/rnn.py or manual/lstm.py, a sequence that of the same file in manual/fused/.

Shapes: N examples (rows), T time steps, D inputs, H hidden units, V words, M outputs.
Gates: packed as i input, f forget, o output, g candidate: Wx (D, 4H), Wh (H, 4H), b (4H,).
`d<name>` is the gradient of the loss with respect to <name> and has its shape.  Nothing is written into an argument.
The layers that are no nets have no canonical function of their own; their tags (P1)... are those of notes/losses.md.
Floating arrays are float32 or float64, all of one dtype, and results have that dtype.  Every function raises ValueError
or TypeError when a shape or dtype disagrees, naming the array.
Source: Stanford cs231n, assignment 3; the nets' own sources are named in manual/rnn.py and manual/lstm.py.
"""

from typing import Any, NamedTuple

import numpy as np

from . import lstm, rnn
from .activations import softmax
from .fused.lstm import lstm_backward_time_major, lstm_forward_time_major
from .fused.rnn import rnn_backward_time_major, rnn_forward_time_major
from .rows import (
    LSTM_WEIGHTS,
    RNN_WEIGHTS,
    check_kind,
    check_words,
    examples_first,
    features_first,
    features_last,
    gated_gradients,
    gated_parameters,
    rnn_gradients,
    rnn_parameters,
    time_first,
)
from .shapes import Array, check_arrays, check_cache

__all__ = [
    "lstm_backward",
    "lstm_forward",
    "lstm_step_backward",
    "lstm_step_forward",
    "rnn_backward",
    "rnn_forward",
    "rnn_step_backward",
    "rnn_step_forward",
    "temporal_affine_backward",
    "temporal_affine_forward",
    "temporal_softmax_loss",
    "word_embedding_backward",
    "word_embedding_forward",
]
GATES = "ifoc"  # the canonical LSTM calls the candidate c


class Cache(NamedTuple):
    """Of a step or a sequence: the hidden states that it returned, and the canonical cache or caches."""

    h: Array
    canonical: Any


class WordEmbeddingCache(NamedTuple):
    x: Array
    W: Array


class TemporalAffineCache(NamedTuple):
    x: Array
    w: Array


def rnn_step_forward(x: Array, prev_h: Array, Wx: Array, Wh: Array, b: Array) -> tuple[Array, Cache]:
    """One step.

    x (N, D); prev_h (N, H); Wx (D, H); Wh (H, H); b (H,).
    Returns next_h (N, H), and the cache that `rnn_step_backward` reads.
    """
    check_arrays(
        {"x": ("N", "D"), "prev_h": ("N", "H"), **RNN_WEIGHTS},
        {"x": x, "prev_h": prev_h, "Wx": Wx, "Wh": Wh, "b": b},
    )
    a_next, _, cache = rnn.rnn_cell_forward(features_first(x), features_first(prev_h), rnn_parameters(Wx, Wh, b))
    next_h = features_last(a_next)
    return next_h, Cache(next_h, cache)


def rnn_step_backward(dnext_h: Array, cache: Cache) -> tuple[Array, Array, Array, Array, Array]:
    """Gradients of ``sum(dnext_h * next_h)``.

    dnext_h (N, H).  Returns dx (N, D), dprev_h (N, H), dWx (D, H), dWh (H, H), db (H,).
    """
    check_cache(Cache._fields, cache)
    next_h, canonical = cache
    check_arrays({"next_h": ("N", "H"), "dnext_h": ("N", "H")}, {"next_h": next_h, "dnext_h": dnext_h})
    gradients = rnn.rnn_cell_backward(features_first(dnext_h), canonical)
    return features_last(gradients["dxt"]), features_last(gradients["da_prev"]), *rnn_gradients(gradients)


def rnn_forward(x: Array, h0: Array, Wx: Array, Wh: Array, b: Array) -> tuple[Array, Cache]:
    """The step over every time step of x.

    x (N, T, D); h0 (N, H); Wx (D, H); Wh (H, H); b (H,).
    Returns h (N, T, H), and the cache that `rnn_backward` reads.
    """
    check_arrays(
        {"x": ("N", "T", "D"), "h0": ("N", "H"), **RNN_WEIGHTS},
        {"x": x, "h0": h0, "Wx": Wx, "Wh": Wh, "b": b},
    )
    a, caches = rnn_forward_time_major(time_first(x), features_first(h0), rnn_parameters(Wx, Wh, b))
    h = examples_first(a)
    return h, Cache(h, caches)


def rnn_backward(dh: Array, cache: Cache) -> tuple[Array, Array, Array, Array, Array]:
    """Backpropagation through time: gradients of ``sum(dh * h)``.

    dh (N, T, H).  Returns dx (N, T, D), dh0 (N, H), dWx (D, H), dWh (H, H), db (H,).
    """
    check_cache(Cache._fields, cache)
    h, canonical = cache
    check_arrays({"h": ("N", "T", "H"), "dh": ("N", "T", "H")}, {"h": h, "dh": dh})
    gradients = rnn_backward_time_major(time_first(dh), canonical)
    return examples_first(gradients["dx"]), features_last(gradients["da0"]), *rnn_gradients(gradients)


def lstm_step_forward(
    x: Array, prev_h: Array, prev_c: Array, Wx: Array, Wh: Array, b: Array
) -> tuple[Array, Array, Cache]:
    """One step.

    x (N, D); prev_h and prev_c (N, H); Wx (D, 4H); Wh (H, 4H); b (4H,).
    Returns next_h (N, H), next_c (N, H), and the cache that `lstm_step_backward` reads.
    """
    check_arrays(
        {"x": ("N", "D"), "prev_h": ("N", "H"), "prev_c": ("N", "H"), **LSTM_WEIGHTS},
        {"x": x, "prev_h": prev_h, "prev_c": prev_c, "Wx": Wx, "Wh": Wh, "b": b},
    )
    a_next, c_next, _, cache = lstm.lstm_cell_forward(
        features_first(x), features_first(prev_h), features_first(prev_c), gated_parameters(Wx, Wh, b, GATES)
    )
    next_h = features_last(a_next)
    return next_h, features_last(c_next), Cache(next_h, cache)


def lstm_step_backward(dnext_h: Array, dnext_c: Array, cache: Cache) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Gradients of ``sum(dnext_h * next_h) + sum(dnext_c * next_c)``.

    dnext_h and dnext_c (N, H); dnext_c is what reaches next_c from later steps, without its way through next_h.
    Returns dx (N, D), dprev_h (N, H), dprev_c (N, H), dWx (D, 4H), dWh (H, 4H), db (4H,).
    """
    check_cache(Cache._fields, cache)
    next_h, canonical = cache
    check_arrays(
        {"next_h": ("N", "H"), "dnext_h": ("N", "H"), "dnext_c": ("N", "H")},
        {"next_h": next_h, "dnext_h": dnext_h, "dnext_c": dnext_c},
    )
    gradients = lstm.lstm_cell_backward(features_first(dnext_h), features_first(dnext_c), canonical)
    dx, dprev_h, dprev_c = (features_last(gradients[name]) for name in ("dxt", "da_prev", "dc_prev"))
    return dx, dprev_h, dprev_c, *gated_gradients(gradients, GATES)


def lstm_forward(x: Array, h0: Array, Wx: Array, Wh: Array, b: Array) -> tuple[Array, Cache]:
    """The step over every time step of x, from a cell state of zero.

    x (N, T, D); h0 (N, H); Wx (D, 4H); Wh (H, 4H); b (4H,).
    Returns h (N, T, H), and the cache that `lstm_backward` reads.
    """
    check_arrays(
        {"x": ("N", "T", "D"), "h0": ("N", "H"), **LSTM_WEIGHTS},
        {"x": x, "h0": h0, "Wx": Wx, "Wh": Wh, "b": b},
    )
    parameters = gated_parameters(Wx, Wh, b, GATES)
    a, _, caches = lstm_forward_time_major(time_first(x), features_first(h0), parameters)
    h = examples_first(a)
    return h, Cache(h, caches)


def lstm_backward(dh: Array, cache: Cache) -> tuple[Array, Array, Array, Array, Array]:
    """Backpropagation through time: gradients of ``sum(dh * h)``.

    dh (N, T, H).  Returns dx (N, T, D), dh0 (N, H), dWx (D, 4H), dWh (H, 4H), db (4H,).
    """
    check_cache(Cache._fields, cache)
    h, canonical = cache
    check_arrays({"h": ("N", "T", "H"), "dh": ("N", "T", "H")}, {"h": h, "dh": dh})
    gradients = lstm_backward_time_major(time_first(dh), canonical)
    return examples_first(gradients["dx"]), features_last(gradients["da0"]), *gated_gradients(gradients, GATES)


def word_embedding_forward(x: Array, W: Array) -> tuple[Array, WordEmbeddingCache]:
    """The row of W that each word names.

    x (N, T), integers from 0 to V-1; W (V, D).
    Returns out (N, T, D), and the cache that `word_embedding_backward` reads.
    """
    V = check_arrays({"W": ("V", "D")}, {"W": W})["V"]
    check_words("x", x, V)
    return W[x], WordEmbeddingCache(x, W)


def word_embedding_backward(dout: Array, cache: WordEmbeddingCache) -> Array:
    """Gradient dW (V, D) of ``sum(dout * out)``, dout (N, T, D).  What reaches a word at several places adds up."""
    check_cache(WordEmbeddingCache._fields, cache)
    x, W = cache
    N, T = x.shape
    check_arrays({"W": ("V", "D"), "dout": ("N", "T", "D")}, {"W": W, "dout": dout}, {"N": N, "T": T})
    dW = np.zeros_like(W)
    np.add.at(dW, x, dout)  # (P6) of one-hot words
    return dW


def temporal_affine_forward(x: Array, w: Array, b: Array) -> tuple[Array, TemporalAffineCache]:
    """The same affine layer at every time step.

    x (N, T, D); w (D, M); b (M,).  Returns out (N, T, M), and the cache that `temporal_affine_backward` reads.
    """
    check_arrays({"x": ("N", "T", "D"), "w": ("D", "M"), "b": ("M",)}, {"x": x, "w": w, "b": b})
    return x @ w + b, TemporalAffineCache(x, w)  # (P1)


def temporal_affine_backward(dout: Array, cache: TemporalAffineCache) -> tuple[Array, Array, Array]:
    """Gradients of ``sum(dout * out)``.  dout (N, T, M).  Returns dx (N, T, D), dw (D, M), db (M,)."""
    check_cache(TemporalAffineCache._fields, cache)
    x, w = cache
    check_arrays({"x": ("N", "T", "D"), "w": ("D", "M"), "dout": ("N", "T", "M")}, {"x": x, "w": w, "dout": dout})
    dx = dout @ w.T  # (P5)
    dw = np.tensordot(x, dout, axes=((0, 1), (0, 1)))  # (P6)
    db = dout.sum(axis=(0, 1))  # (P7)
    return dx, dw, db


def temporal_softmax_loss(x: Array, y: Array, mask: Array, verbose: bool = False) -> tuple[Any, Array]:
    """Softmax cross-entropy, summed over time and averaged over the N examples, and its gradient.

    x (N, T, V), scores; y (N, T), integers from 0 to V-1; mask (N, T), bool: the words that count.  Where it is False
    the gradient is zero and y may be any integer.  `verbose` prints the shape of dx.
    Returns the loss (a scalar) and dx (N, T, V).
    """
    sizes = check_arrays({"x": ("N", "T", "V")}, {"x": x})
    check_kind("mask", mask, "b", "bool", ("N", "T"), sizes)
    check_words("y", y, sizes["V"], sizes, counted=mask)
    one_hot = y[:, :, np.newaxis] == np.arange(sizes["V"])
    # losses.cross_entropy_forward makes its scores of hidden states itself.  To take them as they are, its W would be
    # an identity of V x V numbers; hence (P2) to (P4) once more, with one-hot y weighted by mask / N.
    weighted = (mask[:, :, np.newaxis] & one_hot) / x.dtype.type(sizes["N"])
    prediction = features_last(softmax(features_first(x)))  # (P2)
    shifted = x - x.max(axis=2, keepdims=True)
    loss = -np.sum(weighted * (shifted - np.log(np.exp(shifted).sum(axis=2, keepdims=True))))  # (P3)
    dx = prediction * weighted.sum(axis=2, keepdims=True) - weighted  # (P4)
    if verbose:
        print(f"dx: {dx.shape}")
    return loss, dx
