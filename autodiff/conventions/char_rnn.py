"""min-char-rnn: the character language model of one Python file that many have read (Karpathy 2015)."""

import jax
import jax.numpy as jnp

from .. import char_rnn


def min_char_rnn(inputs, targets, hprev, Wxh, Whh, Why, bh, by):
    """lossFun.  inputs and targets: T indices of characters; hprev (H, 1); Wxh (H, V), Whh (H, H), Why (V, H),
    bh (H, 1), by (V, 1).

    Returns the loss, summed over the characters, and the last hidden state (H, 1).  The published function clips its
    gradients to [-5, 5] and returns none for hprev, which it takes for a constant; `jax.vjp` does neither.
    """
    V = Wxh.shape[1]
    x, y = (jax.nn.one_hot(jnp.asarray(indices, int), V, dtype=Wxh.dtype) for indices in (inputs, targets))
    return char_rnn.loss_fun(x, y, hprev, Wxh, Whh, Why, bh, by)
