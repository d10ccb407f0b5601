"""GRU, forward only; arguments and equation numbers as in notes/gru.md."""

import jax
import jax.numpy as jnp


def gru_cell_forward(xt, a_prev, parameters, reset_after=False):
    concat = jnp.concatenate((a_prev, xt))  # (G1)
    zt = jax.nn.sigmoid(parameters["Wz"] @ concat + parameters["bz"])  # (G2)
    rt = jax.nn.sigmoid(parameters["Wr"] @ concat + parameters["br"])  # (G3)
    if reset_after:
        Wha, Whx = jax.lax.split(parameters["Wh"], (a_prev.shape[0], xt.shape[0]), axis=1)
        hht = jnp.tanh(rt * (Wha @ a_prev + parameters["bha"]) + Whx @ xt + parameters["bh"])  # (G5)
    else:
        hht = jnp.tanh(parameters["Wh"] @ jnp.concatenate((rt * a_prev, xt)) + parameters["bh"])  # (G4)
    a_next = (1 - zt) * a_prev + zt * hht  # (G6)
    return a_next, jax.nn.softmax(parameters["Wy"] @ a_next + parameters["by"], axis=0)  # (G7)


def gru_forward(x, a0, parameters, reset_after=False):
    def step(a_prev, xt):
        a_next, yt_pred = gru_cell_forward(xt, a_prev, parameters, reset_after)
        return a_next, (a_next, yt_pred)

    _, (a, y_pred) = jax.lax.scan(step, a0, jnp.moveaxis(x, 2, 0))  # (G8)
    return jnp.moveaxis(a, 0, 2), jnp.moveaxis(y_pred, 0, 2)
