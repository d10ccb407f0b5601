"""Keras 3: keras.layers.LSTM and GRU with return_sequences=True and return_state=True.

sequences (N, T, I); the initial states (N, H), which Keras takes as a list.  kernel (I, G) and recurrent_kernel (H, G),
where G is 4H or 3H: the blocks of the gates lie side by side.
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


def keras_lstm(sequences, h, c, kernel, recurrent_kernel, bias):
    """Gates i, f, c, o; one bias (4H,), whose block of f starts at one by default (unit_forget_bias).

    Returns outputs (N, T, H), the last h and c (N, H).
    """
    parameters = lstm_parameters(kernel, recurrent_kernel, bias, "ifgo")
    outputs, h, c = lstm_over_time(swap_batch_and_time(sequences), h, c, parameters)
    return swap_batch_and_time(outputs), h, c


def keras_gru(sequences, h, kernel, recurrent_kernel, bias, reset_after=True):
    """Gates z, r, h; h = z h_prev + (1 - z) h~.  Returns outputs (N, T, H) and the last h (N, H).

    reset_after=True, the default: bias (2, 3H), the input side's and then the hidden side's, whose candidate r
    multiplies.  reset_after=False: one bias (3H,), and r multiplies h_prev before the product.
    """
    if reset_after:
        bx, bh = (jnp.squeeze(row, 0) for row in jnp.split(bias, 2))
        parameters = gru_parameters_of_two_biases(kernel, recurrent_kernel, bx, bh, "zrh")
    else:
        parameters = gru_parameters(kernel, recurrent_kernel, bias, "zrh", update="old")
    outputs, h = gru_over_time(swap_batch_and_time(sequences), h, parameters, reset_after)
    return swap_batch_and_time(outputs), h
