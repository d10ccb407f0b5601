"""Deep stacks and truncated BPTT, forward only; arguments and equation numbers as in notes/stacked.md."""

import jax
import jax.numpy as jnp

from . import gru, lstm, rnn


def layer_forward(cell, x, state, parameters):
    if cell == "lstm":
        a, _, c = lstm.lstm_forward(x, state[0], parameters, state[1])
        return a, (a[:, :, -1], c[:, :, -1])  # (S3)
    if cell == "rnn":
        a, _ = rnn.rnn_forward(x, state[0], parameters)
    else:
        a, _ = gru.gru_forward(x, state[0], parameters, reset_after=cell == "gru_reset_after")
    return a, (a[:, :, -1],)


def stacked_forward(x, layers, states):
    a, last = x, []  # (S1)
    for (cell, parameters), state in zip(layers, states, strict=True):
        a, state = layer_forward(cell, a, state, parameters)  # (S2)
        last.append(state)
    return a, last


def truncated_forward(x, layers, size, states):
    hidden = []
    for start in range(0, x.shape[2], size):  # (S7)
        a, last = stacked_forward(x[:, :, start : start + size], layers, states)
        hidden.append(a)
        states = jax.lax.stop_gradient(last)  # (S8) (S9)
    return jnp.concatenate(hidden, axis=2), states
