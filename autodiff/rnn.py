"""Elman RNN, forward only; arguments and equation numbers as in notes/rnn.md."""

import jax
import jax.numpy as jnp


def rnn_cell_forward(xt, a_prev, parameters):
    a_next = jnp.tanh(parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"])  # (R1)
    return a_next, jax.nn.softmax(parameters["Wya"] @ a_next + parameters["by"], axis=0)  # (R2)


def rnn_forward(x, a0, parameters):
    def step(a_prev, xt):
        a_next, yt_pred = rnn_cell_forward(xt, a_prev, parameters)
        return a_next, (a_next, yt_pred)

    _, (a, y_pred) = jax.lax.scan(step, a0, jnp.moveaxis(x, 2, 0))  # (R3)
    return jnp.moveaxis(a, 0, 2), jnp.moveaxis(y_pred, 0, 2)
