"""The loss of a character language model, forward only; equation numbers as in notes/char_rnn.md.

inputs and targets are one-hot rows (T, V); hprev (H, 1); Wxh (H, V), Whh (H, H), Why (V, H), bh (H, 1), by (V, 1).
"""

import jax
import jax.numpy as jnp


def loss_fun(inputs, targets, hprev, Wxh, Whh, Why, bh, by):
    """The loss, summed over the characters, and the last hidden state."""

    def step(h_prev, xt):
        h = jnp.tanh(Wxh @ xt[:, None] + Whh @ h_prev + bh)  # (C1)
        return h, jnp.squeeze(Why @ h + by, axis=1)  # (C2)

    h, scores = jax.lax.scan(step, hprev, inputs)
    return -jnp.sum(targets * jax.nn.log_softmax(scores, axis=1)), h  # (C3) (C4)
