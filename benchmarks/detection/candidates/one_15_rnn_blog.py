import numpy as np


def softmax(logits):
    exps = np.exp(logits - np.max(logits, axis=0, keepdims=True))
    return exps / np.sum(exps, axis=0, keepdims=True)


def rnn_cell_forward(input_t, previous_hidden_state, parameters):
    hidden_state = np.tanh(
        np.matmul(parameters["Wax"], input_t)
        + np.matmul(parameters["Waa"], previous_hidden_state)
        + parameters["ba"]
    )
    prediction = softmax(np.matmul(parameters["Wya"], hidden_state) + parameters["by"])
    return hidden_state, prediction, (hidden_state, previous_hidden_state, input_t, parameters)


def rnn_forward(inputs, initial_hidden_state, parameters):
    hidden_states, predictions, caches = [], [], []
    hidden_state = initial_hidden_state
    for time_step in range(inputs.shape[2]):
        hidden_state, prediction, cache = rnn_cell_forward(inputs[:, :, time_step], hidden_state, parameters)
        hidden_states.append(hidden_state)
        predictions.append(prediction)
        caches.append(cache)
    return np.stack(hidden_states, axis=2), np.stack(predictions, axis=2), (caches, inputs)


def rnn_cell_backward(gradient_of_hidden_state, cache):
    hidden_state, previous_hidden_state, input_t, parameters = cache
    gradient_of_sum = gradient_of_hidden_state * (1 - np.power(hidden_state, 2))
    return {
        "dxt": np.matmul(parameters["Wax"].T, gradient_of_sum),
        "da_prev": np.matmul(parameters["Waa"].T, gradient_of_sum),
        "dWax": np.matmul(gradient_of_sum, input_t.T),
        "dWaa": np.matmul(gradient_of_sum, previous_hidden_state.T),
        "dba": np.sum(gradient_of_sum, axis=1, keepdims=True),
    }


def rnn_backward(gradients_of_hidden_states, caches):
    cell_caches, inputs = caches
    hidden_size, batch_size, number_of_steps = gradients_of_hidden_states.shape
    input_size = inputs.shape[0]

    gradient_of_inputs = np.zeros((input_size, batch_size, number_of_steps))
    gradient_of_Wax = np.zeros((hidden_size, input_size))
    gradient_of_Waa = np.zeros((hidden_size, hidden_size))
    gradient_of_ba = np.zeros((hidden_size, 1))
    gradient_from_the_future = np.zeros((hidden_size, batch_size))

    for time_step in reversed(range(number_of_steps)):
        gradients = rnn_cell_backward(
            gradients_of_hidden_states[:, :, time_step] + gradient_from_the_future, cell_caches[time_step]
        )
        gradient_of_inputs[:, :, time_step] = gradients["dxt"]
        gradient_of_Wax += gradients["dWax"]
        gradient_of_Waa += gradients["dWaa"]
        gradient_of_ba += gradients["dba"] / batch_size
        gradient_from_the_future = gradients["da_prev"]

    return {
        "dx": gradient_of_inputs,
        "da0": gradient_from_the_future,
        "dWax": gradient_of_Wax,
        "dWaa": gradient_of_Waa,
        "dba": gradient_of_ba,
    }
