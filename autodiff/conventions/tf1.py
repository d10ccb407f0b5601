"""TensorFlow 1: tf.nn.dynamic_rnn of a cell of tf.nn.rnn_cell, time_major=False.

inputs (N, T, I); c, h and state (N, H).  One kernel acts on [x; h]: its first I rows belong to the input.
"""

import jax
import jax.numpy as jnp

from .layouts import gru_over_time, gru_parameters, lstm_over_time, lstm_parameters, swap_batch_and_time


def tf1_lstm(inputs, c, h, kernel, bias, forget_bias=1.0):
    """BasicLSTMCell, and LSTMCell without peepholes: kernel (I + H, 4H), bias (4H,); gates i, j, f, o, j the candidate.

    forget_bias is added to the forget gate at every call and is not part of `bias`.
    Returns outputs (N, T, H), and the state as LSTMStateTuple has it: c, h.
    """
    Wx, Wh = jax.lax.split(kernel, (inputs.shape[2], h.shape[1]))
    parameters = lstm_parameters(Wx, Wh, bias, "igfo")
    parameters = {**parameters, "bf": parameters["bf"] + forget_bias}
    outputs, h, c = lstm_over_time(swap_batch_and_time(inputs), h, c, parameters)
    return swap_batch_and_time(outputs), c, h


def tf1_gru(inputs, state, gates_kernel, gates_bias, candidate_kernel, candidate_bias):
    """GRUCell: variables gates/kernel (I + H, 2H), gates/bias (2H,), packed r, u, and candidate/kernel (I + H, H),
    candidate/bias (H,).  h = u h_prev + (1 - u) c, and r multiplies h_prev before the product.

    gates/bias starts at one.  Returns outputs (N, T, H) and the last state (N, H).
    """
    kernel = jnp.concatenate((gates_kernel, candidate_kernel), axis=1)
    Wx, Wh = jax.lax.split(kernel, (inputs.shape[2], state.shape[1]))
    parameters = gru_parameters(Wx, Wh, jnp.concatenate((gates_bias, candidate_bias)), "rzh", update="old")
    outputs, state = gru_over_time(swap_batch_and_time(inputs), state, parameters, reset_after=False)
    return swap_batch_and_time(outputs), state
