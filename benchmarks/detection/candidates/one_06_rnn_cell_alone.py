import numpy as np

def rnn_cell_backward(da_next, cache):
    """Backward pass for one step of the RNN.

    da_next: gradient of the loss with respect to the next hidden state, (n_a, m)
    cache: what rnn_cell_forward() has stored

    Returns the gradients in a dict.
    """
    # Retrieve values from cache
    (a_next, a_prev, xt, parameters) = cache

    # Retrieve values from parameters
    Wax = parameters["Wax"]
    Waa = parameters["Waa"]
    ba = parameters["ba"]

    # compute the gradient of tanh with respect to a_next
    dtanh = (1 - np.tanh(a_next) ** 2) * da_next

    # compute the gradient of the loss with respect to Wax
    dxt = np.dot(Wax.T, dtanh)
    dWax = np.dot(dtanh, xt.T)

    # compute the gradient with respect to Waa
    da_prev = np.dot(Waa.T, dtanh)
    dWaa = np.dot(dtanh, a_prev.T)

    # compute the gradient with respect to b
    dba = np.sum(dtanh, keepdims=True, axis=-1)

    gradients = {"dxt": dxt, "da_prev": da_prev, "dWax": dWax, "dWaa": dWaa, "dba": dba}

    return gradients
