"""PyTorch: torch.nn.RNN, LSTM and GRU of one layer and one direction, batch_first=False.

input (T, N, I); h_0 and c_0 (1, N, H), the leading axis counting layers; weight_ih_l0 (G, I), weight_hh_l0 (G, H),
bias_ih_l0 and bias_hh_l0 (G,), where G is H, 4H or 3H: the blocks of the gates lie below each other.
"""

import jax.numpy as jnp

from .layouts import (
    gru_over_time,
    gru_parameters_of_two_biases,
    lstm_over_time,
    lstm_parameters,
    rnn_over_time,
    rnn_parameters,
)


def pytorch_rnn(input, h_0, weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0):
    """nonlinearity="tanh".  Returns output (T, N, H) and h_n (1, N, H).

    Only the sum of the two biases matters, so their gradients are equal.
    """
    parameters = rnn_parameters(weight_ih_l0.T, weight_hh_l0.T, bias_ih_l0 + bias_hh_l0)
    output, h_n = rnn_over_time(input, jnp.squeeze(h_0, 0), parameters)
    return output, h_n[None]


def pytorch_lstm(input, h_0, c_0, weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0):
    """Gates i, f, g, o.  Returns output (T, N, H), h_n and c_n (1, N, H), which PyTorch nests: output, (h_n, c_n).

    Only the sum of the two biases matters, so their gradients are equal.
    """
    parameters = lstm_parameters(weight_ih_l0.T, weight_hh_l0.T, bias_ih_l0 + bias_hh_l0, "ifgo")
    output, h_n, c_n = lstm_over_time(input, jnp.squeeze(h_0, 0), jnp.squeeze(c_0, 0), parameters)
    return output, h_n[None], c_n[None]


def pytorch_gru(input, h_0, weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0):
    """Gates r, z, n; h = (1 - z) n + z h_prev, with n = tanh(W_in x + b_in + r (W_hn h_prev + b_hn)).

    Returns output (T, N, H) and h_n (1, N, H).  r multiplies b_hn, so the gradients of the two biases differ in the
    block of n, and only there.
    """
    parameters = gru_parameters_of_two_biases(weight_ih_l0.T, weight_hh_l0.T, bias_ih_l0, bias_hh_l0, "rzh")
    output, h_n = gru_over_time(input, jnp.squeeze(h_0, 0), parameters, reset_after=True)
    return output, h_n[None]
