"""LSTM, forward only; arguments and equation numbers as in notes/lstm.md."""

import jax
import jax.numpy as jnp


def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    concat = jnp.concatenate((a_prev, xt))  # (L1)
    ft = jax.nn.sigmoid(parameters["Wf"] @ concat + parameters["bf"])  # (L2)
    it = jax.nn.sigmoid(parameters["Wi"] @ concat + parameters["bi"])  # (L3)
    cct = jnp.tanh(parameters["Wc"] @ concat + parameters["bc"])  # (L4)
    ot = jax.nn.sigmoid(parameters["Wo"] @ concat + parameters["bo"])  # (L5)
    c_next = ft * c_prev + it * cct  # (L6)
    a_next = ot * jnp.tanh(c_next)  # (L7)
    return a_next, c_next, jax.nn.softmax(parameters["Wy"] @ a_next + parameters["by"], axis=0)  # (L8)


def lstm_forward(x, a0, parameters, c0):
    def step(state, xt):
        a_prev, c_prev = state
        a_next, c_next, yt_pred = lstm_cell_forward(xt, a_prev, c_prev, parameters)
        return (a_next, c_next), (a_next, yt_pred, c_next)

    _, (a, y, c) = jax.lax.scan(step, (a0, c0), jnp.moveaxis(x, 2, 0))  # (L9)
    return jnp.moveaxis(a, 0, 2), jnp.moveaxis(y, 0, 2), jnp.moveaxis(c, 0, 2)
