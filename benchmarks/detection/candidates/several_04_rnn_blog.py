"""A vanilla RNN from scratch, with all the calculus done by hand."""
import numpy as np


def softmax(scores):
    exponentials = np.exp(scores - np.max(scores, axis=0))
    return exponentials / exponentials.sum(axis=0)


def rnn_cell_forward(xt, a_prev, parameters):
    pre_activation = parameters["Wax"] @ xt + parameters["Waa"] @ a_prev + parameters["ba"]
    a_next = np.tanh(pre_activation)
    yt_pred = softmax(parameters["Wya"] @ a_next + parameters["by"])
    return a_next, yt_pred, (a_next, a_prev, xt, parameters)


def rnn_forward(x, a0, parameters):
    number_of_steps = x.shape[2]
    hidden_states = []
    predictions = []
    cell_caches = []
    current_state = a0
    for step in range(number_of_steps):
        current_state, prediction, cell_cache = rnn_cell_forward(x[:, :, step], current_state, parameters)
        hidden_states.append(current_state)
        predictions.append(prediction)
        cell_caches.append(cell_cache)
    return np.stack(hidden_states, axis=2), np.stack(predictions, axis=2), (cell_caches, x)


def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache

    # d tanh(z) / dz = 1 - tanh(z)^2
    tanh_gradient = 1 - np.tanh(a_next) ** 2
    pre_activation_gradient = tanh_gradient * da_next

    input_gradient = parameters["Wax"].T @ pre_activation_gradient
    input_weight_gradient = pre_activation_gradient @ xt.T
    previous_state_gradient = parameters["Waa"].T @ pre_activation_gradient
    recurrent_weight_gradient = pre_activation_gradient @ a_prev.T
    bias_gradient = pre_activation_gradient.sum(axis=1, keepdims=True)

    return {
        "dxt": input_gradient,
        "da_prev": previous_state_gradient,
        "dWax": input_weight_gradient,
        "dWaa": recurrent_weight_gradient,
        "dba": bias_gradient,
    }


def rnn_backward(da, caches):
    cell_caches, x = caches
    hidden_size, batch_size, number_of_steps = da.shape
    parameters = cell_caches[0][3]

    input_gradients = np.zeros((x.shape[0], batch_size, number_of_steps))
    total_input_weight_gradient = np.zeros_like(parameters["Wax"])
    total_recurrent_weight_gradient = np.zeros_like(parameters["Waa"])
    total_bias_gradient = np.zeros_like(parameters["ba"])
    previous_state_gradient = np.zeros((hidden_size, batch_size))

    for step in reversed(range(number_of_steps)):
        cell_gradients = rnn_cell_backward(da[:, :, step], cell_caches[step])
        previous_state_gradient = cell_gradients["da_prev"]
        input_gradients[:, :, step] = cell_gradients["dxt"]
        total_input_weight_gradient += cell_gradients["dWax"]
        total_recurrent_weight_gradient += cell_gradients["dWaa"]
        total_bias_gradient += cell_gradients["dba"]

    return {
        "dx": input_gradients,
        "da0": previous_state_gradient,
        "dWax": total_input_weight_gradient,
        "dWaa": total_recurrent_weight_gradient,
        "dba": total_bias_gradient,
    }
