"""cs231n: rows are examples, gates packed i, f, o, g."""

import jax
import jax.numpy as jnp

from .. import lstm, rnn
from .layouts import (
    examples_first,
    features_first,
    lstm_parameters,
    rnn_parameters,
)


def cs231n_rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h, _ = rnn.rnn_cell_forward(x.T, prev_h.T, rnn_parameters(Wx, Wh, b))
    return (next_h.T,)


def cs231n_rnn_forward(x, h0, Wx, Wh, b):
    h, _ = rnn.rnn_forward(features_first(x), h0.T, rnn_parameters(Wx, Wh, b))
    return (examples_first(h),)


def cs231n_lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b, gates="ifog"):
    next_h, next_c, _ = lstm.lstm_cell_forward(x.T, prev_h.T, prev_c.T, lstm_parameters(Wx, Wh, b, gates))
    return next_h.T, next_c.T


def cs231n_lstm_forward(x, h0, Wx, Wh, b, gates="ifog"):
    h, _, _ = lstm.lstm_forward(features_first(x), h0.T, lstm_parameters(Wx, Wh, b, gates), jnp.zeros_like(h0.T))
    return (examples_first(h),)


def cs231n_word_embedding_forward(x, W):
    """x: one-hot words (N, T, V)."""
    return (jnp.einsum("ntv,vd->ntd", x, W),)


def cs231n_temporal_affine_forward(x, w, b):
    return (jnp.einsum("ntd,dm->ntm", x, w) + b,)


def cs231n_temporal_softmax_loss(x, y, mask):
    """x: scores (N, T, V); y: one-hot (N, T, V); mask (N, T).  Summed over time, averaged over examples."""
    return (-jnp.sum(mask[:, :, None] * y * jax.nn.log_softmax(x, axis=2)) / x.shape[0],)
