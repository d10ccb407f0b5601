"""Prediction layer and softmax cross-entropy over time, forward only; equation numbers as in notes/losses.md."""

import jax
import jax.numpy as jnp

from .lstm import lstm_forward
from .rnn import rnn_forward


def cross_entropy(a, y, W, b):
    z = jnp.einsum("ya,amt->ymt", W, a) + b[:, :, None]  # (P1)
    return -jnp.sum(y * jax.nn.log_softmax(z, axis=0))  # (P2) (P3)


def rnn_loss(x, y, a0, parameters):
    a, _ = rnn_forward(x, a0, parameters)
    return cross_entropy(a, y, parameters["Wya"], parameters["by"])


def lstm_loss(x, y, a0, parameters, c0):
    a, _, _ = lstm_forward(x, a0, parameters, c0)
    return cross_entropy(a, y, parameters["Wy"], parameters["by"])
