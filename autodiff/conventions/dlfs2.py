"""Deep Learning from Scratch 2: rows are examples, gates packed f, g, i, o and z, r, h."""

import jax
import jax.numpy as jnp

from .. import gru, lstm
from .cs231n import (
    cs231n_lstm_step_forward,
    cs231n_rnn_forward,
    cs231n_rnn_step_forward,
    cs231n_temporal_affine_forward,
    cs231n_word_embedding_forward,
)
from .layouts import (
    examples_first,
    features_first,
    gru_parameters,
    lstm_parameters,
)


def dlfs2_rnn(x, h_prev, Wx, Wh, b):
    return cs231n_rnn_step_forward(x, h_prev, Wx, Wh, b)


def dlfs2_time_rnn(xs, h, Wx, Wh, b):
    return cs231n_rnn_forward(xs, h, Wx, Wh, b)


def dlfs2_lstm(x, h_prev, c_prev, Wx, Wh, b, gates="fgio"):
    return cs231n_lstm_step_forward(x, h_prev, c_prev, Wx, Wh, b, gates)


def dlfs2_time_lstm(xs, h, c, Wx, Wh, b, gates="fgio"):
    hs, _, _ = lstm.lstm_forward(features_first(xs), h.T, lstm_parameters(Wx, Wh, b, gates), c.T)
    return (examples_first(hs),)


def dlfs2_gru(x, h_prev, Wx, Wh, b, gates="zrh", update="new", reset_after=False):
    h_next, _ = gru.gru_cell_forward(x.T, h_prev.T, gru_parameters(Wx, Wh, b, gates, update), reset_after)
    return (h_next.T,)


def dlfs2_time_gru(xs, h, Wx, Wh, b, gates="zrh", update="new", reset_after=False):
    hs, _ = gru.gru_forward(features_first(xs), h.T, gru_parameters(Wx, Wh, b, gates, update), reset_after)
    return (examples_first(hs),)


def dlfs2_time_embedding(xs, W):
    return cs231n_word_embedding_forward(xs, W)


def dlfs2_time_affine(x, W, b):
    return cs231n_temporal_affine_forward(x, W, b)


def dlfs2_time_softmax_with_loss(xs, ts, mask):
    """As `cs231n_temporal_softmax_loss`, but averaged over the words that the mask leaves."""
    return (-jnp.sum(mask[:, :, None] * ts * jax.nn.log_softmax(xs, axis=2)) / jnp.sum(mask),)
