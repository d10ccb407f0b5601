"""Flax: flax.linen.RNN and flax.nnx.RNN of a cell, with initial_carry and return_carry=True.

params: the parameters of the cell as Flax nests them; inputs (N, T, I); c and h (N, H).  Returns the last carry and
then the outputs (N, T, H).  The carry of an LSTM is (c, h): the cell state comes first.
"""

import jax.numpy as jnp

from .layouts import (
    gru_over_time,
    gru_parameters,
    gru_parameters_of_two_biases,
    lstm_over_time,
    lstm_parameters,
    swap_batch_and_time,
)


def flax_linen_lstm(params, inputs, c, h):
    """linen.LSTMCell and OptimizedLSTMCell: {"ii", "if", "ig", "io"}: kernel (I, H); {"hi", "hf", "hg", "ho"}: kernel
    (H, H) and the only bias (H,).  Returns c, h, outputs.
    """
    return _lstm(
        _packed(params, "i", "ifgo"), _packed(params, "h", "ifgo"), _packed(params, "h", "ifgo", "bias"), inputs, c, h
    )


def flax_linen_gru(params, inputs, h):
    """linen.GRUCell: {"ir", "iz", "in"}: kernel (I, H) and bias (H,); {"hr", "hz", "hn"}: kernel (H, H), hn a bias too.

    h = (1 - z) n + z h_prev; r multiplies the bias of hn.  Returns h, outputs.
    """
    bx, b_hn = _packed(params, "i", "rzn", "bias"), params["hn"]["bias"]
    bh = jnp.concatenate([jnp.zeros_like(b_hn), jnp.zeros_like(b_hn), b_hn])
    parameters = gru_parameters_of_two_biases(_packed(params, "i", "rzn"), _packed(params, "h", "rzn"), bx, bh, "rzh")
    return _gru(parameters, inputs, h)


def flax_nnx_lstm(params, inputs, c, h):
    """nnx.LSTMCell: as `flax_linen_lstm`, but that the forget gate's input layer is called "if_"."""
    return flax_linen_lstm({**params, "if": params["if_"]}, inputs, c, h)


def flax_nnx_optimized_lstm(params, inputs, c, h):
    """nnx.OptimizedLSTMCell: {"dense_i"}: kernel (I, 4H); {"dense_h"}: kernel (H, 4H) and the only bias (4H,).

    Packed i, f, g, o.  Returns c, h, outputs.
    """
    return _lstm(params["dense_i"]["kernel"], params["dense_h"]["kernel"], params["dense_h"]["bias"], inputs, c, h)


def flax_nnx_gru(params, inputs, h):
    """nnx.GRUCell: {"dense_i"}: kernel (I, 3H) and the only bias (3H,); {"dense_h"}: kernel (H, 3H).  Packed r, z, n.

    h = (1 - z) n + z h_prev.  Its docstring writes a b_hn, and there is none.  Returns h, outputs.
    """
    dense_i, dense_h = params["dense_i"], params["dense_h"]
    return _gru(gru_parameters(dense_i["kernel"], dense_h["kernel"], dense_i["bias"], "rzh", update="old"), inputs, h)


def _packed(params, side, gates, name="kernel"):
    """The kernels or biases of the layers such as "ii", "if" ..., side by side."""
    return jnp.concatenate([params[side + gate][name] for gate in gates], axis=-1)


def _lstm(Wx, Wh, b, inputs, c, h):
    outputs, h, c = lstm_over_time(swap_batch_and_time(inputs), h, c, lstm_parameters(Wx, Wh, b, "ifgo"))
    return c, h, swap_batch_and_time(outputs)


def _gru(parameters, inputs, h):
    outputs, h = gru_over_time(swap_batch_and_time(inputs), h, parameters, reset_after=True)
    return h, swap_batch_and_time(outputs)
